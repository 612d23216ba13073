/* wasi_snapshot_preview1 over WASI 0.2: the core module that stands beside a program of preview 1 when it
 * becomes a component. It has a memory of its own; what lies in the program's is copied with `get` and `put`,
 * which a third module with both memories exports. Offsets of structures are preview 1's (witx) and the
 * canonical ABI's.
 *
 * This is what the parts of it share. Each function of preview 1 begins with begin(), or one of the NEED
 * macros, unless it needs neither descriptors nor memory. */
#ifndef PREVIEW1_H
#define PREVIEW1_H

#include "wasi.h"

#define PREVIEW1(name) EXPORT(name) uint32_t

enum {
    SUCCESS = 0,
    BADF = 8,
    ILSEQ = 25,
    INVAL = 28,
    IO = 29,
    ISDIR = 31,
    MFILE = 33,
    NAMETOOLONG = 37,
    NOSYS = 52,
    NOTDIR = 54,
    NOTSOCK = 57,
    NOTSUP = 58,
    PIPE = 64,
    SPIPE = 70,
    ALL_LOOKUPFLAGS = 1,
    ALL_OFLAGS = 15,
    ALL_FSTFLAGS = 15,
    ALL_FDFLAGS = 31,
    FDFLAG_APPEND = 1,
    FDFLAG_DSYNC = 2,
    FDFLAG_RSYNC = 8,
    FDFLAG_SYNC = 16,
};

/* error-code → errno */
u32 errno_of(uint8_t error);
u32 done(const Done *result);
u32 stream_errno(const Streamed *result);

/* ---- memory, a heap that begins anew with each call ---- */

enum { PIECE = 65536 }; /* of what goes through it at once */
void heap_begin(void);
void *allocate(u32 size);
char *get_bytes(Ptr from, u32 size);
/* A path, which is UTF-8, as strings of 0.2 must be: NULL if it is not. */
const char *get_path(Ptr from, u32 size);
/* Gets one, or ends the function. */
#define NEED_PATH(path, from, size)                                                                          \
    const char *path = get_path(from, size);                                                                 \
    if (path == NULL)                                                                                        \
    return ILSEQ

/* ---- descriptors ---- */

typedef enum Kind { FREE, INPUT, OUTPUT, FILE, DIRECTORY } Kind;

typedef struct Fd {
    Kind kind;
    u32 handle; /* a stream or a descriptor */
    u64 position;
    uint8_t flags, type;
    char *name; /* of what was there from the start */
    u32 name_size;
} Fd;

enum { TYPE_CHARACTER = 2, TYPE_DIRECTORY = 3 };

/* NULL if there is none of the kind; FREE stands for any. */
Fd *fd_of(u32 number, Kind kind);
/* NULL if there are too many. */
Fd *add_fd(Kind kind, u32 handle, uint8_t type, u32 *number);
/* descriptor-type → filetype */
uint8_t filetype_of(uint8_t type);

void begin(void);

/* Finds a descriptor, or ends the function. */
#define NEED(fd, number, kind)                                                                               \
    begin();                                                                                                 \
    Fd *fd = fd_of(number, kind);                                                                            \
    if (fd == NULL)                                                                                          \
    return BADF
#define NEED_ONE(number)                                                                                     \
    begin();                                                                                                 \
    if (fd_of(number, FREE) == NULL)                                                                         \
    return BADF
#define NEED_DIRECTORY(fd, number)                                                                           \
    NEED(fd, number, FREE);                                                                                  \
    if (fd->kind != DIRECTORY)                                                                               \
    return NOTDIR

/* ---- clocks ---- */

enum { REALTIME, MONOTONIC };
u64 nanoseconds(const Datetime *time);
u64 wall_nanoseconds(void);

#endif
