/* What the adapter imports: of WASI 0.2, laid out as the canonical ABI has it, and of the program. */
#ifndef WASI_H
#define WASI_H

#include <stddef.h>
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name)         __attribute__((export_name(name)))
#define STREAMS(name)        IMPORT("wasi:io/streams@0.2.0", name)
#define POLL(name)           IMPORT("wasi:io/poll@0.2.0", name)
#define FILES(name)          IMPORT("wasi:filesystem/types@0.2.0", name)
#define DESCRIPTOR(name)     FILES("[method]descriptor." name)

typedef uint32_t u32;
typedef uint64_t u64;
typedef u32 Ptr; /* in the program's memory */

/* ---- the program ---- */

IMPORT("program", "get") void get(void *to, Ptr from, u32 size);
IMPORT("program", "put") void put(Ptr to, const void *from, u32 size);
IMPORT("program", "_start") void program_start(void);

static inline void put_u32(Ptr to, u32 value) {
    put(to, &value, 4);
}

static inline void put_u64(Ptr to, u64 value) {
    put(to, &value, 8);
}

/* ---- WASI 0.2 ---- */

typedef struct List {
    char *data;
    u32 count;
} List;

IMPORT("wasi:cli/environment@0.2.0", "get-environment") void get_environment(List *list);
IMPORT("wasi:cli/environment@0.2.0", "get-arguments") void get_arguments(List *list);
IMPORT("wasi:cli/exit@0.2.0", "exit") void exit_with(u32 is_error);
IMPORT("wasi:cli/stdin@0.2.0", "get-stdin") u32 get_stdin(void);
IMPORT("wasi:cli/stdout@0.2.0", "get-stdout") u32 get_stdout(void);
IMPORT("wasi:cli/stderr@0.2.0", "get-stderr") u32 get_stderr(void);

/* option<own<terminal-input>>, option<own<terminal-output>> */
typedef struct Terminal {
    uint8_t is_some;
    u32 handle;
} Terminal;

IMPORT("wasi:cli/terminal-stdin@0.2.0", "get-terminal-stdin") void get_terminal_stdin(Terminal *terminal);
IMPORT("wasi:cli/terminal-stdout@0.2.0", "get-terminal-stdout") void get_terminal_stdout(Terminal *terminal);
IMPORT("wasi:cli/terminal-stderr@0.2.0", "get-terminal-stderr") void get_terminal_stderr(Terminal *terminal);
IMPORT("wasi:cli/terminal-input@0.2.0", "[resource-drop]terminal-input")
void terminal_input_drop(u32 terminal);
IMPORT("wasi:cli/terminal-output@0.2.0", "[resource-drop]terminal-output")
void terminal_output_drop(u32 terminal);
IMPORT("wasi:clocks/monotonic-clock@0.2.0", "now") u64 monotonic_now(void);
IMPORT("wasi:clocks/monotonic-clock@0.2.0", "resolution") u64 monotonic_resolution(void);
IMPORT("wasi:clocks/monotonic-clock@0.2.0", "subscribe-instant") u32 subscribe_instant(u64 when);
IMPORT("wasi:clocks/monotonic-clock@0.2.0", "subscribe-duration") u32 subscribe_duration(u64 duration);
IMPORT("wasi:random/random@0.2.0", "get-random-bytes") void get_random_bytes(u64 size, List *list);

typedef struct Datetime {
    u64 seconds;
    u32 nanoseconds;
} Datetime;

IMPORT("wasi:clocks/wall-clock@0.2.0", "now") void wall_now(Datetime *now);
IMPORT("wasi:clocks/wall-clock@0.2.0", "resolution") void wall_resolution(Datetime *resolution);

/* result<list<u8>, stream-error>, result<_, stream-error> */
typedef struct Streamed {
    uint8_t is_error;
    union {
        List list;
        struct {
            uint8_t is_closed;
            u32 error;
        } failure;
    } as;
} Streamed;

STREAMS("[method]input-stream.blocking-read") void stream_read(u32 stream, u64 size, Streamed *result);
STREAMS("[method]input-stream.subscribe") u32 stream_subscribe_read(u32 stream);
STREAMS("[method]output-stream.blocking-write-and-flush")
void stream_write(u32 stream, const char *data, u32 size, Streamed *result);
STREAMS("[method]output-stream.subscribe") u32 stream_subscribe_write(u32 stream);
IMPORT("wasi:io/error@0.2.0", "[resource-drop]error") void error_drop(u32 error);
POLL("poll") void poll(const u32 *pollables, u32 count, List *ready);
POLL("[resource-drop]pollable") void pollable_drop(u32 pollable);

typedef struct Stat {
    uint8_t type;
    u64 link_count, size;
    struct {
        uint8_t is_some;
        Datetime time;
    } times[3]; /* access, modification, change */
} Stat;

/* result<T, error-code> for each T; of the error, one byte where the payload begins. */
typedef struct Done {
    uint8_t is_error, error;
} Done;
typedef struct Opened {
    uint8_t is_error;
    union {
        uint8_t error;
        u32 handle;
    } as;
} Opened;
typedef struct Content {
    uint8_t is_error;
    union {
        uint8_t error;
        List list;
    } as;
    uint8_t is_end;
} Content;
typedef struct Written {
    uint8_t is_error;
    union {
        uint8_t error;
        u64 size;
    } as;
} Written;
typedef struct Statted {
    uint8_t is_error;
    union {
        uint8_t error;
        Stat stat;
    } as;
} Statted;
typedef struct Hashed {
    uint8_t is_error;
    union {
        uint8_t error;
        u64 hash[2];
    } as;
} Hashed;
typedef struct NextEntry {
    uint8_t is_error;
    union {
        uint8_t error;
        struct {
            uint8_t is_some;
            struct {
                uint8_t type;
                List name;
            } entry;
        } option;
    } as;
} NextEntry;

IMPORT("wasi:filesystem/preopens@0.2.0", "get-directories") void get_directories(List *list);
DESCRIPTOR("advise") void file_advise(u32 self, u64 offset, u64 size, u32 advice, Done *result);
DESCRIPTOR("sync-data") void file_sync_data(u32 self, Done *result);
DESCRIPTOR("sync") void file_sync(u32 self, Done *result);
DESCRIPTOR("get-flags") void file_get_flags(u32 self, Done *result);
DESCRIPTOR("get-type") void file_get_type(u32 self, Done *result);
DESCRIPTOR("set-size") void file_set_size(u32 self, u64 size, Done *result);
DESCRIPTOR("set-times")
void file_set_times(u32 self, u32 atime, u64 aseconds, u32 ananoseconds, u32 mtime, u64 mseconds,
                    u32 mnanoseconds, Done *result);
DESCRIPTOR("read") void file_read(u32 self, u64 size, u64 offset, Content *result);
DESCRIPTOR("write") void file_write(u32 self, const char *data, u32 size, u64 offset, Written *result);
DESCRIPTOR("read-directory") void dir_read(u32 self, Opened *result);
DESCRIPTOR("create-directory-at") void dir_create(u32 self, const char *path, u32 size, Done *result);
DESCRIPTOR("stat") void file_stat(u32 self, Statted *result);
DESCRIPTOR("stat-at") void dir_stat(u32 self, u32 flags, const char *path, u32 size, Statted *result);
DESCRIPTOR("set-times-at")
void dir_set_times(u32 self, u32 flags, const char *path, u32 size, u32 atime, u64 aseconds, u32 ananoseconds,
                   u32 mtime, u64 mseconds, u32 mnanoseconds, Done *result);
DESCRIPTOR("link-at")
void dir_link(u32 self, u32 flags, const char *path, u32 size, u32 to, const char *new_path, u32 new_size,
              Done *result);
DESCRIPTOR("open-at")
void dir_open(u32 self, u32 path_flags, const char *path, u32 size, u32 open_flags, u32 flags,
              Opened *result);
DESCRIPTOR("readlink-at") void dir_readlink(u32 self, const char *path, u32 size, Content *result);
DESCRIPTOR("remove-directory-at") void dir_remove(u32 self, const char *path, u32 size, Done *result);
DESCRIPTOR("rename-at")
void dir_rename(u32 self, const char *path, u32 size, u32 to, const char *new_path, u32 new_size,
                Done *result);
DESCRIPTOR("symlink-at")
void dir_symlink(u32 self, const char *path, u32 size, const char *new_path, u32 new_size, Done *result);
DESCRIPTOR("unlink-file-at") void dir_unlink(u32 self, const char *path, u32 size, Done *result);
DESCRIPTOR("metadata-hash") void file_hash(u32 self, Hashed *result);
DESCRIPTOR("metadata-hash-at") void dir_hash(u32 self, u32 flags, const char *path, u32 size, Hashed *result);
FILES("[method]directory-entry-stream.read-directory-entry") void entries_next(u32 self, NextEntry *result);
FILES("[resource-drop]directory-entry-stream") void entries_drop(u32 self);
FILES("[resource-drop]descriptor") void file_drop(u32 self);

#endif
