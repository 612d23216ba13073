/* What is behind a WasiFile: the system's files, or an embedder's. file.c has looked at rights and types
 * before, and pays; paths come as the guest gave them. */
#ifndef SGI_WASI_FILE_OPS_H
#define SGI_WASI_FILE_OPS_H

#include "wasi/file.h"

typedef struct FileOps {
    /* Fill `fd` or `handle`, and the type, of `opened`, whose `ops` and `grant` are set; it is no object yet,
     * and on failure holds nothing. */
    sg_wasi_errno (*open_grant)(WasiFile *opened);
    sg_trap (*open)(WasiFile *dir, Bytes path, unsigned flags, bool is_nonblocking, WasiFile *opened,
                    sg_wasi_errno *error);
    void (*close)(const WasiFile *file);

    sg_wasi_errno (*stat)(const WasiFile *file, OsStat *stat);
    /* One piece, which may be short, without waiting. */
    sg_wasi_errno (*read)(WasiFile *file, void *buffer, size_t size, uint64_t offset, size_t *got);
    sg_wasi_errno (*write)(WasiFile *file, const void *data, size_t size, uint64_t offset, unsigned flags,
                           size_t *put);
    sg_wasi_errno (*set_size)(WasiFile *file, uint64_t size);
    sg_wasi_errno (*allocate)(WasiFile *file, uint64_t offset, uint64_t size);
    sg_wasi_errno (*advise)(WasiFile *file, uint64_t offset, uint64_t size, unsigned advice);
    sg_wasi_errno (*set_times)(WasiFile *file, const OsTime *accessed, const OsTime *modified);
    sg_trap (*sync)(WasiFile *file, bool data_only, sg_wasi_errno *error);
    sg_wasi_errno (*next_entry)(WasiFile *dir, uint64_t position, OsEntry *entry);

    sg_wasi_errno (*stat_at)(WasiFile *dir, Bytes path, bool follow, OsStat *stat);
    sg_wasi_errno (*set_times_at)(WasiFile *dir, Bytes path, bool follow, const OsTime *accessed,
                                  const OsTime *modified);
    sg_wasi_errno (*make_directory)(WasiFile *dir, Bytes path);
    sg_wasi_errno (*remove_directory)(WasiFile *dir, Bytes path);
    sg_wasi_errno (*unlink)(WasiFile *dir, Bytes path);
    /* Both ends have the same ops. */
    sg_wasi_errno (*rename)(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path);
    sg_wasi_errno (*link)(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path);
    sg_wasi_errno (*symlink)(WasiFile *dir, Bytes target, Bytes path);
    sg_wasi_errno (*read_link)(WasiFile *dir, Bytes path, char *target, size_t size, size_t *got);
} FileOps;

/* Those of a file that has them all, as statics of these names. */
#define FILE_OPS                                                                                             \
    {                                                                                                        \
        .open_grant = open_grant,                                                                            \
        .open = open_file,                                                                                   \
        .close = close_file,                                                                                 \
        .stat = stat_file,                                                                                   \
        .read = read_file,                                                                                   \
        .write = write_file,                                                                                 \
        .set_size = set_size,                                                                                \
        .allocate = allocate,                                                                                \
        .advise = advise,                                                                                    \
        .set_times = set_times,                                                                              \
        .sync = sync_file,                                                                                   \
        .next_entry = next_entry,                                                                            \
        .stat_at = stat_at,                                                                                  \
        .set_times_at = set_times_at,                                                                        \
        .make_directory = make_directory,                                                                    \
        .remove_directory = remove_directory,                                                                \
        .unlink = unlink_file,                                                                               \
        .rename = rename_file,                                                                               \
        .link = link_file,                                                                                   \
        .symlink = make_symlink,                                                                             \
        .read_link = read_link,                                                                              \
    }

extern const FileOps sgi_file_system, sgi_file_virtual;

#endif
