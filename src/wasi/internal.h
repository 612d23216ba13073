/* Inside the wasi room.
 *
 *   p1_*.c (preview 1)   p2_*.c (0.2)         thin faces: memory or values in, errno or results out
 *          └──────┬──────────┘
 *   clock  random  stream  poll  file  ...    one implementation of each facility
 *          └──────┴── WasiState (of the store), os/, the one place that waits (run/block.c)
 *
 * What a guest holds (streams, pollables, descriptors, errors) is a WasiObject, counted: by the guest's
 * handles and descriptors, and by other objects that need it. The number that 0.2's handles stand for is its
 * address: the linker checks that what a component takes for one of our resource types is that type. */
#ifndef SGI_WASI_INTERNAL_H
#define SGI_WASI_INTERNAL_H

#include "wasi/wasi.h"

typedef struct WasiState WasiState;
typedef struct WasiStream WasiStream;

/* ---- errors.c ---- */

/* What a number of <errno.h> is called in WASI; 0 is SG_WASI_SUCCESS. */
sg_wasi_errno sgi_wasi_errno(int code);
/* "no-entry": the case of error-code in 0.2's wasi:filesystem and wasi:sockets. */
sg_string sgi_wasi_filesystem_error(sg_wasi_errno error);
sg_string sgi_wasi_sockets_error(sg_wasi_errno error);
/* "NOENT" */
const char *sgi_wasi_error_name(sg_wasi_errno error);

/* ---- grants.c ---- */

/* A table of the embedder's; of an earlier version it has fewer fields. False: `size` is not one that it had.
 */
#define COPY_TABLE(to, from) sgi_wasi_copy_table(&(to), sizeof(to), (from), (from)->size)
bool sgi_wasi_copy_table(void *to, size_t room, const void *from, size_t size);

typedef enum WasiKind {
    WASI_IO_ERROR,
    WASI_POLLABLE,
    WASI_INPUT_STREAM,
    WASI_OUTPUT_STREAM,
    WASI_TERMINAL_INPUT,
    WASI_TERMINAL_OUTPUT,
    WASI_DESCRIPTOR,
    WASI_DIRECTORY_STREAM,
    WASI_NETWORK,
    WASI_TCP_SOCKET,
    WASI_UDP_SOCKET,
    WASI_INCOMING_DATAGRAMS,
    WASI_OUTGOING_DATAGRAMS,
    WASI_RESOLVE_ADDRESS_STREAM,
} WasiKind;

/* First in what it is the head of. */
typedef struct WasiObject {
    WasiKind kind;
    uint32_t references;
    size_t size; /* of the whole */
    WasiState *state;
    struct WasiObject *next, *previous;       /* all of the state's */
    void (*destroy)(struct WasiObject *self); /* gives back what it holds, but itself; may be NULL */
} WasiObject;

/* Zeroed, with one reference; `size` includes the head. NULL: sgi_store_no_memory tells why. */
void *sgi_wasi_object_new(WasiState *state, WasiKind kind, size_t size, void (*destroy)(WasiObject *self));
void sgi_wasi_retain(WasiObject *object);
/* NULL allowed. */
void sgi_wasi_release(WasiObject *object);

/* A directory that was granted. */
typedef struct WasiDir {
    int fd; /* the state's own; -1 for a virtual one */
    Bytes name;
    bool read_only;
    sg_wasi_files files; /* `size` 0: the system's */
    uint64_t root;       /* the handle of a virtual one */
    uint64_t device;     /* the number that sets its files apart from all others */
} WasiDir;

typedef struct WasiVariable {
    Bytes name, value;
} WasiVariable;

/* What may be talked to (network.c). */
typedef struct WasiRule {
    Bytes text; /* what it was read from, and `name` is in */
    bool listens;
    bool is_any, is_address; /* else it is by name */
    Bytes name;
    bool is_suffix; /* of "*.name" */
    sg_address address;
    uint32_t bits; /* of `address` that count */
    uint16_t first_port, last_port;
} WasiRule;

typedef Vec(WasiRule) WasiRules;

/* An address that the guest was given for a name. */
typedef struct WasiResolved {
    Bytes name;
    sg_address address;
} WasiResolved;

/* What is granted: sg_wasi's, and a store's copy. Texts end with a NUL that is not counted. */
typedef struct WasiGrants {
    Vec(Bytes) arguments;
    Vec(WasiVariable) environment;
    Vec(WasiDir) dirs;
    WasiRules tcp, udp, dns;
    sg_wasi_network network;
    sg_wasi_stream stdio[3]; /* `size` 0: closed */
    bool inherits_stdio[3];
    bool exits_on_closed_pipe;
    sg_wasi_clock clock;   /* `size` 0: the system's */
    sg_wasi_random random; /* the same */
    bool has_virtual_clock, has_seed;
    uint64_t virtual_wall_ns, seed;
    sg_wasi_limits limits; /* resolved: no zeros, no SG_ZERO */
} WasiGrants;

/* Of one store; in its arena, finalized after all handle tables. */
struct WasiState {
    Owned owned;
    Store *store;
    WasiGrants grants;
    WasiObject *objects;
    WasiStream *stdio[3]; /* each made when first asked for */
    uint64_t clock_base;  /* the system's monotonic clock when the state was made */
    uint64_t virtual_now; /* nanoseconds that virtual time has passed */
    uint64_t random[4];   /* of the seeded generator */
    Counter descriptors, sockets, written;
    Vec(WasiResolved) resolved;
    struct P1Table *p1; /* preview 1's descriptors; NULL: none yet */
    bool has_exited;
    int exit_code;
};

struct sg_wasi {
    Engine *engine; /* retained */
    Alloc alloc;
    Arena arena; /* of the texts */
    WasiGrants grants;
    const char *misused; /* the table whose size was none */
};

/* The store's, made with no grants if there is none. NULL: sgi_store_no_memory tells why. */
WasiState *sgi_wasi_state(Store *store);
/* Notes the exit code, and answers the trap that ends the call. */
sg_trap sgi_wasi_exit(WasiState *state, int code);

/* ---- clock.c ---- */

uint64_t sgi_wasi_monotonic(WasiState *state);
uint64_t sgi_wasi_wall(WasiState *state); /* nanoseconds since 1970 */
uint64_t sgi_wasi_clock_resolution(const WasiState *state);
/* Instead of sleeping until `until` of the monotonic clock, where time is virtual; false where it is not. */
bool sgi_wasi_clock_skip(WasiState *state, uint64_t until);

/* ---- random.c ---- */

void sgi_wasi_random_start(WasiState *state);
/* Looks at the interrupt between pieces. */
sg_trap sgi_wasi_random(WasiState *state, void *buffer, size_t size);

/* ---- stream.c ---- */

/* One direction of bytes: a standard stream, or the head of a file's, a socket's. `ops` as the embedder's
 * tables; their functions never wait. */
struct WasiStream {
    WasiObject object; /* WASI_INPUT_STREAM or WASI_OUTPUT_STREAM */
    sg_wasi_stream ops;
    int fd;         /* of a standard stream of ours, else -1 */
    bool is_stdio;  /* a closed pipe may end the guest */
    bool is_closed; /* it was at the end, or failed, before */
};

/* How much one call of write is given at most, and what check-write answers: what a pipe or socket that is
 * ready takes without waiting, and what never waits. */
enum { STREAM_PIECE_READY = 4096, STREAM_PIECE_FREE = 65536 };

/* The standard stream, whose reference stays the state's. NULL: no memory. */
WasiStream *sgi_wasi_stdio(WasiState *state, sg_wasi_stdio which);
/* A stream of the kind; `size` includes the WasiStream that it begins with. NULL: no memory. */
void *sgi_wasi_stream_new(WasiState *state, WasiKind kind, size_t size, const sg_wasi_stream *ops,
                          void (*destroy)(WasiObject *self));
/* It is what can be read from and written to `fd`, which stays the caller's. */
void sgi_wasi_stream_use(WasiStream *stream, int fd);
/* -1: it never makes anybody wait. */
int sgi_wasi_stream_descriptor(const WasiStream *stream);
/* Reads at most `size` bytes, waiting for the first if `waits`. *error: SUCCESS with *count 0 at the end;
 * AGAIN. The trap: the call is to end. */
sg_trap sgi_wasi_stream_read(WasiStream *stream, void *buffer, size_t size, bool waits, size_t *count,
                             sg_wasi_errno *error);
/* The same; one write of what is ready, or, if `waits`, all of it. */
sg_trap sgi_wasi_stream_write(WasiStream *stream, const void *data, size_t size, bool waits, size_t *count,
                              sg_wasi_errno *error);

/* 0.2's error. */
typedef struct WasiIoError {
    WasiObject object;
    sg_wasi_errno error;
} WasiIoError;

/* ---- poll.c ---- */

/* What one thing that is waited for needs now. */
typedef struct WasiWait {
    int fd;        /* -1: none */
    bool is_write; /* `fd` is to become writable, not readable */
    bool has_time; /* `time` counts */
    uint64_t time; /* of the monotonic clock */
    bool is_ready; /* in: without waiting; out */
} WasiWait;

/* Waits until one or more are ready. The trap: the call is to end. */
sg_trap sgi_wasi_wait(WasiState *state, WasiWait *waits, size_t count);

/* 0.2's pollable. `ask` fills what `subject`, which it holds a reference of, needs to become ready. */
typedef struct WasiPollable {
    WasiObject object;
    WasiObject *subject; /* may be NULL */
    void (*ask)(const struct WasiPollable *self, WasiWait *wait);
    uint64_t time;
} WasiPollable;

/* NULL: no memory. Retains `subject`. */
WasiPollable *sgi_wasi_pollable_new(WasiState *state, WasiObject *subject,
                                    void (*ask)(const WasiPollable *self, WasiWait *wait));
/* `ask` of streams and of times. */
void sgi_wasi_ask_stream(const WasiPollable *self, WasiWait *wait);
void sgi_wasi_ask_time(const WasiPollable *self, WasiWait *wait);

/* ---- dirs.c; files are in file.h ---- */

/* Copies the directories that are granted to a state whose list has none; closes those of a list. */
sg_status sgi_wasi_dirs_copy(const Wasi *wasi, WasiState *state, sg_error *err);
void sgi_wasi_dirs_close(WasiGrants *grants);

/* ---- p1.c, the face of preview 1 ---- */

/* Closes what its descriptors hold. */
void sgi_p1_free(WasiState *state);

/* ---- p2.c, the face of 0.2 ---- */

/* The running call of a 0.2 function. */
typedef struct P2Call {
    WasiState *state;
    Store *store;
    const sg_value *arguments;
    sg_value *result; /* to be set if the function has one */
    sg_error *err;
} P2Call;

typedef struct P2Func {
    const char *name;      /* "[method]input-stream.read" */
    const char *signature; /* as sgi_linker_define_func_typed */
    sg_status (*run)(P2Call *call);
} P2Func;

typedef struct P2Interface {
    const char *name; /* "wasi:io/streams@0.2.12" */
    const P2Func *funcs;
    size_t func_count;
    const char *resources[4]; /* those that it introduces */
    Feature feature;          /* without which it is not there; FEATURE_MVP: always */
} P2Interface;

#define P2_INTERFACE(interface, table, ...)                                                                  \
    {                                                                                                        \
        .name = interface, .funcs = table, .func_count = SGI_COUNT(table), .resources = { __VA_ARGS__ }      \
    }
/* What WASI has as unstable. */
#define P2_GATED(interface, table, gate)                                                                     \
    {.name = interface, .funcs = table, .func_count = SGI_COUNT(table), .feature = (gate)}

/* The tables, one a file. */
extern const P2Interface sgi_p2_io[], sgi_p2_clocks[], sgi_p2_random[], sgi_p2_cli[], sgi_p2_network[],
    sgi_p2_tcp[], sgi_p2_udp[], sgi_p2_filesystem[];
extern const size_t sgi_p2_io_count, sgi_p2_clocks_count, sgi_p2_random_count, sgi_p2_cli_count,
    sgi_p2_network_count, sgi_p2_tcp_count, sgi_p2_udp_count, sgi_p2_filesystem_count;

/* Memory for results. NULL: p2_no_memory. */
void *sgi_p2_alloc(const P2Call *call, size_t count, size_t size);
sg_status sgi_p2_no_memory(const P2Call *call);
sg_status sgi_p2_trap(const P2Call *call, sg_trap trap);

/* The object that a handle argument stands for. */
static inline void *sgi_p2_object(const sg_value *value) {
    return (void *)(uintptr_t)value->of.handle;
}
/* The guest gets a handle for `object`, with the caller's reference. */
static inline sg_value sgi_p2_own(void *object) {
    return (sg_value){.kind = SG_OWN, .of.handle = (uintptr_t)object};
}
static inline bool sgi_p2_is(sg_string text, const char *name) {
    return sgi_bytes_is((Bytes){(const uint8_t *)text.data, text.size}, name);
}
static inline sg_value sgi_p2_enum(sg_string name) {
    return (sg_value){.kind = SG_ENUM, .of.enumeration = name};
}
static inline sg_value sgi_p2_u32(uint32_t number) {
    return (sg_value){.kind = SG_U32, .of.u32 = number};
}
static inline sg_value sgi_p2_u64(uint64_t number) {
    return (sg_value){.kind = SG_U64, .of.u64 = number};
}
/* result<ok, ...>, its value copied; `value` NULL for a side without one. */
sg_status sgi_p2_ok(const P2Call *call, const sg_value *value);
sg_status sgi_p2_err(const P2Call *call, const sg_value *value);
/* option<...>; NULL: none. */
sg_status sgi_p2_some(const P2Call *call, sg_value *option, const sg_value *value);
/* result<..., stream-error>: last-operation-failed, or closed. */
sg_status sgi_p2_stream_error(const P2Call *call, sg_wasi_errno error);

#define P2_DATETIME     "record{seconds:u64,nanoseconds:u32}"
#define P2_STREAM_ERROR "variant{last-operation-failed:own<error>,closed}"

#endif
