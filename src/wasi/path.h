/* Paths of a guest's, resolved below a directory descriptor: nothing here ever reaches what is not in it.
 * Every function answers 0 or an error number of <errno.h>; a path that leads out is EPERM. */
#ifndef SGI_WASI_PATH_H
#define SGI_WASI_PATH_H

#include "run/run.h"

/* Where resolution begins, and what it never leaves. */
typedef struct PathBase {
    int fd;
    bool walks;      /* component by component, as where the kernel has no openat2: for tests */
    ExecContext *cx; /* its interrupt ends a long walk, by EINTR; NULL: none does */
} PathBase;

/* What the guest gave is one: not empty (ENOENT), UTF-8 (EILSEQ), without NUL (EINVAL), short enough
 * (ENAMETOOLONG), relative (EPERM). The functions below look themselves. */
int sgi_path_check(Bytes path);

/* `flags` of OS_OPEN; the last component's link is followed but for OS_OPEN_NOFOLLOW. */
int sgi_path_open(PathBase base, Bytes path, unsigned flags, int *fd);

int sgi_path_stat(PathBase base, Bytes path, bool follow, OsStat *stat);
int sgi_path_set_times(PathBase base, Bytes path, bool follow, const OsTime *accessed,
                       const OsTime *modified);

/* These never follow the last component's link. */
int sgi_path_make_directory(PathBase base, Bytes path);
int sgi_path_remove_directory(PathBase base, Bytes path);
int sgi_path_unlink(PathBase base, Bytes path);
int sgi_path_rename(PathBase from, Bytes from_path, PathBase to, Bytes to_path);
int sgi_path_link(PathBase from, Bytes from_path, PathBase to, Bytes to_path);
/* EPERM when the link would point out of `base`, as it is written. */
int sgi_path_symlink(PathBase base, Bytes target, Bytes path);
/* Cut off at `size`. */
int sgi_path_read_link(PathBase base, Bytes path, char *target, size_t size, size_t *got);

#endif
