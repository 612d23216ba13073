/* WASI: what a guest is granted of the outside world, and the functions that it reaches it by.
 *
 * An sg_wasi describes grants; nothing is granted that was not named, but clocks and randomness. It is
 * attached to a store before anything runs there; a store without one has no arguments, environment,
 * directories or network, reads the end of its standard input, and what it prints vanishes. Each facility is
 * a table of functions that the embedder can replace. They are called on the store's thread, inside the
 * guest's call, and must not use the store; their contexts must live as long as the stores that use them.
 * Tables are copied. Their `size` is always to be set: sg_wasi_attach tells of one that was not (SG_MISUSE).
 *
 *   sg_wasi *wasi = sg_wasi_new(engine, &error);
 *   sg_wasi_inherit_stdio(wasi);
 *   sg_wasi_add_dir(wasi, "/srv/data", "/data", true, &error);
 *   sg_wasi_attach(wasi, store, &error);
 *   sg_wasi_delete(wasi);
 *   sg_wasi_define(linker, &error);            for components: WASI 0.2
 *   sg_wasi_import(store, module, name, &item, &error);   for core modules: preview 1 */
#ifndef SANDGLASS_WASI_H
#define SANDGLASS_WASI_H

#include <sandglass/address.h>
#include <sandglass/linker.h>
#include <sandglass/module.h>
#include <sandglass/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Errors of facilities, by POSIX's names. */
typedef enum sg_wasi_errno {
#define WASI_ERRNO(name, filesystem, sockets) SG_WASI_##name,
#include <sandglass/wasi_errors.def>
#undef WASI_ERRNO
    SG_WASI_ERRNO_COUNT
} sg_wasi_errno;

typedef struct sg_wasi sg_wasi;

/* Grants nothing. Free with sg_wasi_delete; stores keep what they were attached. NULL: no memory. One thread
 * at a time. */
SG_API sg_wasi *sg_wasi_new(sg_engine *engine, sg_error *error);
SG_API void sg_wasi_delete(sg_wasi *wasi);

/* ---- arguments and environment: UTF-8, else SG_BAD_VALUE ---- */

/* The first argument is by custom the program's name. */
SG_API sg_status sg_wasi_add_argument(sg_wasi *wasi, const char *argument, sg_error *error);
/* `name` is not empty and has no '='. A variable that is there already gets the new value. */
SG_API sg_status sg_wasi_add_env(sg_wasi *wasi, const char *name, const char *value, sg_error *error);
/* Adds all of the process's environment that is UTF-8. */
SG_API sg_status sg_wasi_inherit_env(sg_wasi *wasi, sg_error *error);

/* ---- streams ---- */

/* Bytes that come or go. Functions never wait: they answer SG_WASI_AGAIN, and `descriptor` tells which file
 * descriptor becomes readable (or writable) when there is more. */
typedef struct sg_wasi_stream {
    size_t size; /* sizeof(sg_wasi_stream) */
    void *context;
    /* At most `size` bytes, which is not 0; 0 at the end. NULL: at the end. */
    sg_wasi_errno (*read)(void *context, void *buffer, size_t size, size_t *count);
    /* At least one byte of `size`, which is not 0. SG_WASI_PIPE: nobody will read any more. NULL: what is
     * written vanishes. */
    sg_wasi_errno (*write)(void *context, const void *data, size_t size, size_t *count);
    /* NULL, or -1: never answers SG_WASI_AGAIN. */
    int (*descriptor)(void *context);
    bool is_terminal;
} sg_wasi_stream;

typedef enum sg_wasi_stdio { SG_WASI_STDIN, SG_WASI_STDOUT, SG_WASI_STDERR } sg_wasi_stdio;

/* The process's standard streams, unbuffered. */
SG_API void sg_wasi_inherit_stdio(sg_wasi *wasi);
SG_API void sg_wasi_set_stream(sg_wasi *wasi, sg_wasi_stdio which, const sg_wasi_stream *stream);
/* Writing to a standard stream that nobody reads any more ends the guest, as if it had exited with 141, which
 * is what shells call a program ended by SIGPIPE. Else the guest gets an error. */
SG_API void sg_wasi_exit_on_closed_pipe(sg_wasi *wasi, bool on);

/* ---- directories ---- */

/* The host's directory `host`, under the name `guest`. It is opened now: SG_NOT_FOUND, SG_IO. Nothing outside
 * of it can be reached through it. No two have one name: SG_BAD_VALUE. `read_only` allows nothing that
 * changes anything in it. What is mounted below it is in it: a directory with /proc in it gives the guest the
 * host process itself. A link whose text leads out of it cannot be made; but links that are moved upwards, or
 * go through others, may lead anywhere: the guest cannot follow them out, and others should not follow what
 * they find there. */
SG_API sg_status sg_wasi_add_dir(sg_wasi *wasi, const char *host, const char *guest, bool read_only,
                                 sg_error *error);

/* ---- virtual directories ---- */

typedef enum sg_wasi_file_type { SG_WASI_REGULAR_FILE = 1, SG_WASI_DIRECTORY } sg_wasi_file_type;

/* How to open, or'ed. */
enum {
    SG_WASI_OPEN_READ = 1 << 0,
    SG_WASI_OPEN_WRITE = 1 << 1,
    SG_WASI_OPEN_CREATE = 1 << 2,    /* an empty file where there is nothing */
    SG_WASI_OPEN_EXCLUSIVE = 1 << 3, /* with CREATE: SG_WASI_EXIST where there is something */
    SG_WASI_OPEN_TRUNCATE = 1 << 4,  /* SG_WASI_ISDIR for a directory */
    SG_WASI_OPEN_DIRECTORY = 1 << 5  /* SG_WASI_NOTDIR for anything else; the library looks, too */
};

/* Times in nanoseconds since 1970. */
typedef struct sg_wasi_file_stat {
    sg_wasi_file_type type;
    uint64_t inode; /* the same for the same file only */
    uint64_t size;
    uint64_t accessed, modified, changed;
} sg_wasi_file_stat;

typedef struct sg_wasi_file_entry {
    sg_string name; /* one component, UTF-8, at most 255 bytes, not "." or ".."; kept until the next call */
    sg_wasi_file_type type;
    uint64_t inode;
    uint64_t next; /* the position of the entry after it, whatever is made or removed meanwhile; not 0 */
} sg_wasi_file_entry;

/* A tree of files and directories that the embedder keeps. A handle is any number that it chose for what it
 * opened; a path leads from the directory `dir` downwards: UTF-8, its components separated by one slash, none
 * of them "." or ".."; or it is "." alone, for `dir` itself (which only `open` is asked for). Functions never
 * wait, and never answer SG_WASI_AGAIN. What they answer is checked: what cannot be is SG_WASI_IO to the
 * guest. Rights and the limits of sg_wasi_limits are looked after by the library; how large files and trees
 * get is the embedder's to bound. NULL functions: SG_WASI_ROFS, but where something else is said. Stores on
 * several threads call them at once. */
typedef struct sg_wasi_files {
    size_t size; /* sizeof(sg_wasi_files) */
    void *context;
    /* Any number of handles of one file can be open. Needed. */
    sg_wasi_errno (*open)(void *context, uint64_t dir, const char *path, unsigned flags, uint64_t *handle);
    /* Each handle once, the last ones when the store is deleted. NULL: handles need no closing. */
    void (*close)(void *context, uint64_t handle);
    /* Needed; `stat` comes zeroed. */
    sg_wasi_errno (*stat)(void *context, uint64_t handle, sg_wasi_file_stat *stat);
    /* At most `size` bytes, which is not 0; fewer, or 0, only at the end. Needed. */
    sg_wasi_errno (*read)(void *context, uint64_t handle, void *buffer, size_t size, uint64_t offset,
                          size_t *count);
    /* At least one byte of `size`, which is not 0. `offset` may be far behind the end: SG_WASI_FBIG,
     * SG_WASI_NOSPC; what is between becomes zeros. NULL: nothing can be opened to write,
     * made or truncated, either. */
    sg_wasi_errno (*write)(void *context, uint64_t handle, const void *data, size_t size, uint64_t offset,
                           size_t *count);
    sg_wasi_errno (*set_size)(void *context, uint64_t handle, uint64_t size);
    /* Of any handle, however it was opened. A NULL time is left alone. */
    sg_wasi_errno (*set_times)(void *context, uint64_t handle, const uint64_t *accessed,
                               const uint64_t *modified);
    /* The entry at `position`: 0 for the first, else `next` of one before. SG_WASI_NOENT at the end. `entry`
     * comes zeroed. Needed. */
    sg_wasi_errno (*read_directory)(void *context, uint64_t handle, uint64_t position,
                                    sg_wasi_file_entry *entry);
    sg_wasi_errno (*make_directory)(void *context, uint64_t dir, const char *path);
    /* SG_WASI_NOTEMPTY, SG_WASI_NOTDIR */
    sg_wasi_errno (*remove_directory)(void *context, uint64_t dir, const char *path);
    /* A file, whose open handles stay good: SG_WASI_ISDIR for a directory. */
    sg_wasi_errno (*unlink)(void *context, uint64_t dir, const char *path);
    /* What is at `to_path` is replaced, if it is a file, or an empty directory that a directory replaces.
     * SG_WASI_INVAL: a directory into itself. */
    sg_wasi_errno (*rename)(void *context, uint64_t from, const char *from_path, uint64_t to,
                            const char *to_path);
} sg_wasi_files;

/* The directory `root`, a handle that stays the embedder's (each store opens it by "."), under the name
 * `guest`, as sg_wasi_add_dir. The table is copied. There are no links in it: to make one is unsupported
 * (SG_WASI_NOTSUP), to read one invalid. SG_BAD_VALUE: a needed function is NULL. */
SG_API sg_status sg_wasi_add_virtual_dir(sg_wasi *wasi, const sg_wasi_files *files, uint64_t root,
                                         const char *guest, bool read_only, sg_error *error);

/* ---- network ---- */

/* A rule is "HOST", "HOST:PORTS" or "listen:HOST:PORTS". HOST is "*", an address ("10.0.0.1", "[::1]"), a
 * range of them ("10.0.0.0/8"), or a name ("example.org", "*.example.org"), which then may be resolved, too,
 * to addresses that may be used. PORTS is "443", "8000-8999" or "*". With "listen:" the guest may be
 * connected to at that address of the host's ("0.0.0.0" and "[::]" are addresses like others), without it it
 * may connect to it, or with UDP send to it and hear from it. SG_BAD_VALUE for what is no rule. */
SG_API sg_status sg_wasi_allow_tcp(sg_wasi *wasi, const char *rule, sg_error *error);
SG_API sg_status sg_wasi_allow_udp(sg_wasi *wasi, const char *rule, sg_error *error);
/* Names that may be resolved: "example.org", "*.example.org", "*". Names are ASCII, here and where a guest
 * looks them up: those of other letters are written as IDNA does, "xn--...". */
SG_API sg_status sg_wasi_allow_dns(sg_wasi *wasi, const char *name, sg_error *error);

typedef enum sg_wasi_network_use {
    SG_WASI_TCP_CONNECT, /* to the address */
    SG_WASI_TCP_LISTEN,  /* at the address */
    SG_WASI_UDP_SEND,    /* to the address, and hear from it */
    SG_WASI_UDP_RECEIVE, /* at the address, from anyone */
} sg_wasi_network_use;

/* What stands in for the rules and the system. Sockets are file descriptors that are read from and written to
 * without waiting, closed by the library: the system's, or one end of a socket pair, which then needs
 * `address`, and for datagrams `send` and `receive`. NULL functions: what the rules and the system say.
 * Functions never wait. */
typedef struct sg_wasi_network {
    size_t size; /* sizeof(sg_wasi_network) */
    void *context;
    bool (*allows)(void *context, sg_wasi_network_use use, const sg_address *address);
    sg_wasi_errno (*open)(void *context, bool is_udp, bool is_v6, int *descriptor);
    sg_wasi_errno (*bind)(void *context, int descriptor, const sg_address *address);
    /* SG_WASI_INPROGRESS: once the descriptor is writable, its SO_ERROR tells. Datagrams: to hear that
     * address only, at once; or, NULL, anyone again. */
    sg_wasi_errno (*connect)(void *context, int descriptor, const sg_address *address);
    sg_wasi_errno (*listen)(void *context, int descriptor, uint32_t backlog);
    sg_wasi_errno (*accept)(void *context, int descriptor, int *accepted);
    /* At most `max` addresses of a name that the rules allow: SG_WASI_NOENT, SG_WASI_AGAIN. */
    sg_wasi_errno (*resolve)(void *context, const char *name, sg_address *addresses, size_t max,
                             size_t *count);
    /* Where the socket is, or with `of_peer` what it is connected to; of the socket's family. */
    sg_wasi_errno (*address)(void *context, int descriptor, bool of_peer, sg_address *address);
    /* One datagram, whole, to `remote`; NULL: to what the socket is connected to. */
    sg_wasi_errno (*send)(void *context, int descriptor, const void *data, size_t size,
                          const sg_address *remote);
    /* One datagram, cut to `size`, and who sent it. SG_WASI_AGAIN: there is none, and the descriptor will be
     * readable when there is. */
    sg_wasi_errno (*receive)(void *context, int descriptor, void *buffer, size_t size, size_t *count,
                             sg_address *remote);
} sg_wasi_network;

SG_API void sg_wasi_set_network(sg_wasi *wasi, const sg_wasi_network *network);

/* ---- clocks ---- */

/* Times in nanoseconds. */
typedef struct sg_wasi_clock {
    size_t size; /* sizeof(sg_wasi_clock) */
    void *context;
    uint64_t (*monotonic)(void *context); /* since any moment; never goes back */
    uint64_t (*wall)(void *context);      /* since 1970 */
    uint64_t resolution_ns;
    /* Virtual time: called instead of sleeping, to let time pass until `monotonic` is `until`. NULL: time
     * passes by itself, as fast as the host's. */
    void (*sleep)(void *context, uint64_t until);
} sg_wasi_clock;

SG_API void sg_wasi_set_clock(sg_wasi *wasi, const sg_wasi_clock *clock);
/* In each store time begins at `wall_ns` and passes only when the guest sleeps, and by a microsecond each
 * time that it looks. Times of files in the system's directories stay the system's. */
SG_API void sg_wasi_virtual_clock(sg_wasi *wasi, uint64_t wall_ns);

/* ---- randomness ---- */

typedef struct sg_wasi_random {
    size_t size; /* sizeof(sg_wasi_random) */
    void *context;
    void (*fill)(void *context, void *buffer, size_t size);
} sg_wasi_random;

SG_API void sg_wasi_set_random(sg_wasi *wasi, const sg_wasi_random *random);
/* The same numbers in each store. */
SG_API void sg_wasi_seed_random(sg_wasi *wasi, uint64_t seed);

/* ---- limits ---- */

/* In every field: 0 takes the default, which stands in brackets; SG_UNLIMITED and SG_ZERO as in sg_limits.
 * All that is buffered counts as host bytes of the store. */
typedef struct sg_wasi_limits {
    size_t size;          /* sizeof(sg_wasi_limits) */
    uint64_t descriptors; /* open files, directories and sockets [1,024] */
    uint64_t sockets;     /* of these [256] */
    uint64_t written;     /* bytes written to files, over the store's life [unlimited] */
} sg_wasi_limits;

SG_API void sg_wasi_set_limits(sg_wasi *wasi, const sg_wasi_limits *limits);

/* ---- use ---- */

/* Gives the store a copy of the grants, charged to its host bytes. SG_MISUSE if it has some already, is
 * inside a call, or a table's size was not set. */
SG_API sg_status sg_wasi_attach(const sg_wasi *wasi, sg_store *store, sg_error *error);

/* Defines the interfaces of WASI 0.2 for components linked by `linker`, of all versions 0.2.x: each store's
 * own grants decide what they reach. What the embedder defined is replaced; what it defines later, replaces.
 * What WASI has as unstable is there if the engine's feature of that name is on: "clocks-timezone",
 * "network-error-code". */
SG_API sg_status sg_wasi_define(sg_linker *linker, sg_error *error);

/* The function of preview 1 that a core module imports as `name` of `module` ("wasi_snapshot_preview1").
 * SG_NOT_FOUND if there is none. The guest's memory is the one that the calling instance exports as "memory".
 */
SG_API sg_status sg_wasi_import(sg_store *store, sg_string module, sg_string name, sg_extern *item,
                                sg_error *error);

/* Did the guest exit? Calls that end so fail with SG_TRAP_EXIT. */
SG_API bool sg_wasi_exit_code(const sg_store *store, int *code);

#ifdef __cplusplus
}
#endif

#endif
