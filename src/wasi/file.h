/* Open files and directories, as both faces have them. */
#ifndef SGI_WASI_FILE_H
#define SGI_WASI_FILE_H

#include "wasi/internal.h"

/* Buffered entries of a directory. */
typedef struct FileEntries {
    uint64_t position; /* that the next entry of the buffer has; OsEntry.next */
    size_t got, at;
    void *buffer; /* ENTRIES_SIZE bytes; NULL: none yet */
} FileEntries;

enum { ENTRIES_SIZE = 8192 };

typedef struct WasiFile {
    WasiObject object;         /* WASI_DESCRIPTOR */
    const struct FileOps *ops; /* file_ops.h: what is behind it */
    const WasiDir *grant;      /* that it was reached through */
    int fd;                    /* the system's; else -1 */
    uint64_t handle;           /* the embedder's */
    OsFileType type;
    bool can_read;
    bool can_write; /* of a directory: things in it may be changed */
    bool is_nonblocking;
    unsigned write_flags; /* OS_WRITE_… */
    FileEntries entries;
} WasiFile;

/* Where there is both: a trap ends the call; else *error tells how it went. */

/* A file for a granted directory. NULL with *error when the system or the budget refuses. */
WasiFile *sgi_file_of_dir(WasiState *state, const WasiDir *dir, sg_wasi_errno *error);

/* Opens a path below `dir`; `flags` of OS_OPEN. A FIFO without a reader is waited for when it is opened to
 * write, unless `is_nonblocking`. */
sg_trap sgi_file_open(WasiFile *dir, Bytes path, unsigned flags, bool is_nonblocking, WasiFile **file,
                      sg_wasi_errno *error);

/* Does it have an offset? Else it is read and written as a stream, and what it is told of offsets is ignored.
 */
bool sgi_file_has_offset(const WasiFile *file);
/* What there is, at least one byte but at the end. Pays fuel. */
sg_trap sgi_file_read(WasiFile *file, void *buffer, size_t size, uint64_t offset, size_t *got,
                      sg_wasi_errno *error);
/* All, unless an error comes after a part. Pays fuel. */
sg_trap sgi_file_write(WasiFile *file, const void *data, size_t size, uint64_t offset, size_t *put,
                       sg_wasi_errno *error);
/* One piece, without waiting; written as far as the limit allows. */
sg_wasi_errno sgi_file_read_now(WasiFile *file, void *buffer, size_t size, uint64_t offset, size_t *got);
sg_wasi_errno sgi_file_write_now(WasiFile *file, const void *data, size_t size, uint64_t offset,
                                 unsigned flags, size_t *put);
/* On a helper thread. */
sg_trap sgi_file_sync(WasiFile *file, bool data_only, sg_wasi_errno *error);

sg_wasi_errno sgi_file_stat(const WasiFile *file, OsStat *stat);
sg_wasi_errno sgi_file_set_size(WasiFile *file, uint64_t size);
sg_trap sgi_file_allocate(WasiFile *file, uint64_t offset, uint64_t size, sg_wasi_errno *error);
sg_wasi_errno sgi_file_advise(WasiFile *file, uint64_t offset, uint64_t size, unsigned advice);
sg_wasi_errno sgi_file_set_times(WasiFile *file, const OsTime *accessed, const OsTime *modified);

/* The entry at `position` (0: the first; else OsEntry.next of one before), valid until the next call. NOENT
 * at the end. */
sg_wasi_errno sgi_file_next_entry(WasiFile *dir, uint64_t position, OsEntry *entry);

sg_wasi_errno sgi_file_stat_at(WasiFile *dir, Bytes path, bool follow, OsStat *stat);
sg_wasi_errno sgi_file_set_times_at(WasiFile *dir, Bytes path, bool follow, const OsTime *accessed,
                                    const OsTime *modified);
sg_wasi_errno sgi_file_make_directory(WasiFile *dir, Bytes path);
sg_wasi_errno sgi_file_remove_directory(WasiFile *dir, Bytes path);
sg_wasi_errno sgi_file_unlink(WasiFile *dir, Bytes path);
sg_wasi_errno sgi_file_rename(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path);
sg_wasi_errno sgi_file_link(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path);
sg_wasi_errno sgi_file_symlink(WasiFile *dir, Bytes target, Bytes path);
sg_wasi_errno sgi_file_read_link(WasiFile *dir, Bytes path, char *target, size_t size, size_t *got);

/* WASI_INPUT_STREAM or WASI_OUTPUT_STREAM, from `offset` on or (output) always at the end. NULL: no memory.
 * Retains the file. */
WasiStream *sgi_file_stream_new(WasiFile *file, WasiKind kind, uint64_t offset, bool appends);

/* Nanoseconds since 1970; 0 before. */
static inline uint64_t sgi_file_ns(OsTime time) {
    uint64_t ns;
    if (time.seconds < 0 || !sgi_mul((uint64_t)time.seconds, UINT64_C(1000000000), &ns) ||
        !sgi_add(ns, time.nanoseconds, &ns))
        return 0;
    return ns;
}

#endif
