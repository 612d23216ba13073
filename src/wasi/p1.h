/* Preview 1, inside: its table of descriptors, and how its functions reach the guest's memory.
 *
 * Pointers are checked where they are used, and again after everything that may wait. As witx has it, one
 * that is out of bounds or not aligned is a trap, where it is needed, and all else an errno. */
#ifndef SGI_WASI_P1_H
#define SGI_WASI_P1_H

#include "wasi/file.h"

/* Of $rights, in its order. */
#define RIGHT(name) (UINT64_C(1) << RIGHT_##name)
enum {
    RIGHT_FD_DATASYNC,
    RIGHT_FD_READ,
    RIGHT_FD_SEEK,
    RIGHT_FD_FDSTAT_SET_FLAGS,
    RIGHT_FD_SYNC,
    RIGHT_FD_TELL,
    RIGHT_FD_WRITE,
    RIGHT_FD_ADVISE,
    RIGHT_FD_ALLOCATE,
    RIGHT_PATH_CREATE_DIRECTORY,
    RIGHT_PATH_CREATE_FILE,
    RIGHT_PATH_LINK_SOURCE,
    RIGHT_PATH_LINK_TARGET,
    RIGHT_PATH_OPEN,
    RIGHT_FD_READDIR,
    RIGHT_PATH_READLINK,
    RIGHT_PATH_RENAME_SOURCE,
    RIGHT_PATH_RENAME_TARGET,
    RIGHT_PATH_FILESTAT_GET,
    RIGHT_PATH_FILESTAT_SET_SIZE,
    RIGHT_PATH_FILESTAT_SET_TIMES,
    RIGHT_FD_FILESTAT_GET,
    RIGHT_FD_FILESTAT_SET_SIZE,
    RIGHT_FD_FILESTAT_SET_TIMES,
    RIGHT_PATH_SYMLINK,
    RIGHT_PATH_REMOVE_DIRECTORY,
    RIGHT_PATH_UNLINK_FILE,
    RIGHT_POLL_FD_READWRITE,
    RIGHT_SOCK_SHUTDOWN,
    RIGHT_SOCK_ACCEPT,
    RIGHT_COUNT
};

/* Of $fdflags. */
enum {
    FDFLAGS_APPEND = 1 << 0,
    FDFLAGS_DSYNC = 1 << 1,
    FDFLAGS_NONBLOCK = 1 << 2,
    FDFLAGS_RSYNC = 1 << 3,
    FDFLAGS_SYNC = 1 << 4,
    FDFLAGS_ALL = (1 << 5) - 1
};

/* Of $lookupflags. */
enum { LOOKUP_SYMLINK_FOLLOW = 1 << 0 };

typedef struct P1Fd {
    WasiStream *stream; /* standard streams; their reference is the state's */
    WasiFile *file;     /* one reference. Neither: free */
    uint64_t position;
    uint64_t rights, inheriting;
    unsigned flags;         /* FDFLAGS_… */
    const WasiDir *preopen; /* what it was granted as */
} P1Fd;

typedef struct P1Table {
    Vec(P1Fd) fds;
    size_t first_free; /* none is below */
    /* Of the caller that was there last. */
    const Instance *caller;
    MemoryInst *memory;
} P1Table;

/* One running call. */
typedef struct P1 {
    WasiState *state;
    Store *store;
    MemoryInst *memory; /* NULL: the caller exports none */
    sg_trap trap;       /* instead of the errno */
} P1;

#define P1_FUNC(name, parameters, in_unstable) sg_wasi_errno sgi_p1_##name(P1 *p, const Slot *a);
#include "wasi/p1.def"
#undef P1_FUNC

/* Goes on only without an error. */
#define P1_TRY(expression)                                                                                   \
    do {                                                                                                     \
        sg_wasi_errno error_of_try_ = (expression);                                                          \
        if (error_of_try_ != SG_WASI_SUCCESS)                                                                \
            return error_of_try_;                                                                            \
    } while (0)
/* Ends the call by a trap, if there is one: no errno gets to the guest then. */
#define P1_TRAP(expression)                                                                                  \
    do {                                                                                                     \
        p->trap = (expression);                                                                              \
        if (p->trap != SG_TRAP_NONE)                                                                         \
            return SG_WASI_FAULT;                                                                            \
    } while (0)

/* The guest's memory at `at`; NULL: the call traps. Valid until something waits or runs the guest. */
uint8_t *sgi_p1_at(P1 *p, uint32_t at, uint64_t size, unsigned alignment);
/* *pointer = memory at `at`, or the call ends. */
#define P1_AT(pointer, at, size, alignment)                                                                  \
    do {                                                                                                     \
        (pointer) = sgi_p1_at(p, (at), (size), (alignment));                                                 \
        if ((pointer) == NULL)                                                                               \
            return SG_WASI_FAULT;                                                                            \
    } while (0)

/* Numbers there, little-endian. */
static inline void sgi_p1_put(const P1 *p, uint8_t *to, uint64_t value, unsigned size) {
    sgi_memory_store(p->memory->shared != NULL, to, &value, size);
}
static inline uint64_t sgi_p1_get(const P1 *p, const uint8_t *from, unsigned size) {
    uint64_t value = 0;
    sgi_memory_load(p->memory->shared != NULL, &value, from, size);
    return value;
}

/* Charges for `size` bytes that the guest has moved, and looks at the interrupt. */
sg_trap sgi_p1_pay(P1 *p, uint64_t size);

/* A path of the guest's, copied, so that other threads cannot change it after it was checked. What is too
 * long for a path stays too long. */
enum { P1_PATH_MAX = 4097 };
sg_wasi_errno sgi_p1_path(P1 *p, uint32_t at, uint32_t size, uint8_t buffer[P1_PATH_MAX], Bytes *path);

/* The descriptor; BADF if there is none, NOTCAPABLE if it lacks one of `rights`. */
sg_wasi_errno sgi_p1_fd(P1 *p, uint32_t number, uint64_t rights, P1Fd **fd);
/* The same, and it is a file or directory; BADF. */
sg_wasi_errno sgi_p1_file(P1 *p, uint32_t number, uint64_t rights, P1Fd **fd);
/* The same, and it is a directory; NOTDIR. */
sg_wasi_errno sgi_p1_dir(P1 *p, uint32_t number, uint64_t rights, P1Fd **fd);
/* The lowest free number for a file, whose reference goes there (or is released: NOMEM). */
sg_wasi_errno sgi_p1_add_fd(P1 *p, WasiFile *file, uint64_t rights, uint64_t inheriting, unsigned flags,
                            uint32_t *number);
void sgi_p1_free_fd(P1 *p, P1Fd *fd);

/* $fdflags → what a file keeps of them. */
void sgi_p1_set_flags(P1Fd *fd, unsigned flags);
/* $filetype */
uint8_t sgi_p1_filetype(OsFileType type);
/* $filestat */
enum { FILESTAT_SIZE = 64 };
void sgi_p1_put_filestat(const P1 *p, uint8_t *to, const OsStat *stat);
/* $fstflags with their times; INVAL. Times that are to stay are NULL. */
typedef struct P1Times {
    OsTime values[2];
    const OsTime *accessed, *modified;
} P1Times;
sg_wasi_errno sgi_p1_times(P1 *p, uint64_t accessed, uint64_t modified, uint32_t flags, P1Times *times);

#endif
