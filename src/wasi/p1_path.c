/* Preview 1: path_*. */
#include "wasi/p1.h"

/* $oflags */
enum { OFLAGS_CREAT = 1, OFLAGS_DIRECTORY = 2, OFLAGS_EXCL = 4, OFLAGS_TRUNC = 8, OFLAGS_ALL = 15 };

/* A directory and a path below it. */
typedef struct P1Path {
    P1Fd *dir;
    Bytes path;
    uint8_t buffer[P1_PATH_MAX];
} P1Path;

static sg_wasi_errno get_path(P1 *p, uint32_t number, uint64_t rights, uint32_t at, uint32_t size,
                              P1Path *path) {
    P1_TRY(sgi_p1_path(p, at, size, path->buffer, &path->path));
    return sgi_p1_dir(p, number, rights, &path->dir);
}

/* The rights of what was opened with `rights` below a directory that hands `inheriting` on. Of those that are
 * asked for, reading and writing count: programs ask for these and go on to seek and stat, as no engine keeps
 * them from it. The others come from the directory, as far as they apply. */
static uint64_t rights_of(const WasiFile *file, uint64_t rights, uint64_t inheriting) {
    const uint64_t of_directories =
        RIGHT(PATH_CREATE_DIRECTORY) | RIGHT(PATH_CREATE_FILE) | RIGHT(PATH_LINK_SOURCE) |
        RIGHT(PATH_LINK_TARGET) | RIGHT(PATH_OPEN) | RIGHT(FD_READDIR) | RIGHT(PATH_READLINK) |
        RIGHT(PATH_RENAME_SOURCE) | RIGHT(PATH_RENAME_TARGET) | RIGHT(PATH_FILESTAT_GET) |
        RIGHT(PATH_FILESTAT_SET_SIZE) | RIGHT(PATH_FILESTAT_SET_TIMES) | RIGHT(PATH_SYMLINK) |
        RIGHT(PATH_REMOVE_DIRECTORY) | RIGHT(PATH_UNLINK_FILE);
    const uint64_t of_files =
        RIGHT(FD_SEEK) | RIGHT(FD_TELL) | RIGHT(FD_ALLOCATE) | RIGHT(FD_FILESTAT_SET_SIZE);
    const uint64_t counting = RIGHT(FD_READ) | RIGHT(FD_WRITE);
    uint64_t refused = RIGHT(SOCK_SHUTDOWN) | RIGHT(SOCK_ACCEPT) | (counting & ~rights);
    refused |= file->type == OS_FILE_DIRECTORY ? of_files | counting : of_directories;
    if (!sgi_file_has_offset(file))
        refused |= of_files;
    return inheriting & ~refused;
}

sg_wasi_errno sgi_p1_path_open(P1 *p, const Slot *a) {
    uint32_t lookup = a[1].u32, oflags = a[4].u32, fdflags = a[7].u32, number;
    uint64_t needed = RIGHT(PATH_OPEN);
    uint8_t *to;
    P1Path path;
    if ((lookup & ~(uint32_t)LOOKUP_SYMLINK_FOLLOW) || (oflags & ~(uint32_t)OFLAGS_ALL) ||
        (fdflags & ~(uint32_t)FDFLAGS_ALL))
        return SG_WASI_INVAL;
    if (oflags & OFLAGS_CREAT)
        needed |= RIGHT(PATH_CREATE_FILE);
    if (oflags & OFLAGS_TRUNC)
        needed |= RIGHT(PATH_FILESTAT_SET_SIZE);
    P1_TRY(get_path(p, a[0].u32, needed, a[2].u32, a[3].u32, &path));
    P1_AT(to, a[8].u32, 4, 4);
    unsigned flags = lookup & LOOKUP_SYMLINK_FOLLOW ? 0 : (unsigned)OS_OPEN_NOFOLLOW;
    flags |= (oflags & OFLAGS_CREAT ? (unsigned)OS_OPEN_CREATE : 0) |
             (oflags & OFLAGS_EXCL ? (unsigned)OS_OPEN_EXCLUSIVE : 0) |
             (oflags & OFLAGS_TRUNC ? (unsigned)OS_OPEN_TRUNCATE : 0) |
             (oflags & OFLAGS_DIRECTORY ? (unsigned)OS_OPEN_DIRECTORY : 0);
    uint64_t rights = a[5].u64 & path.dir->inheriting, inheriting = path.dir->inheriting;
    if (rights & RIGHT(FD_WRITE))
        flags |= OS_OPEN_WRITE;
    /* What is opened neither to read nor to write is opened all the same, for its attributes. */
    if ((rights & RIGHT(FD_READ)) || !(flags & OS_OPEN_WRITE))
        flags |= OS_OPEN_READ;
    WasiFile *file;
    sg_wasi_errno error;
    P1_TRAP(
        sgi_file_open(path.dir->file, path.path, flags, (fdflags & FDFLAGS_NONBLOCK) != 0, &file, &error));
    P1_TRY(error);
    P1_TRY(sgi_p1_add_fd(p, file, rights_of(file, rights, inheriting), inheriting, fdflags, &number));
    P1_AT(to, a[8].u32, 4, 4); /* opening may have waited */
    sgi_p1_put(p, to, number, 4);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_path_filestat_get(P1 *p, const Slot *a) {
    uint8_t *to;
    P1Path path;
    OsStat stat;
    if (a[1].u32 & ~(uint32_t)LOOKUP_SYMLINK_FOLLOW)
        return SG_WASI_INVAL;
    P1_TRY(get_path(p, a[0].u32, RIGHT(PATH_FILESTAT_GET), a[2].u32, a[3].u32, &path));
    P1_AT(to, a[4].u32, FILESTAT_SIZE, 8);
    P1_TRY(sgi_file_stat_at(path.dir->file, path.path, a[1].u32 & LOOKUP_SYMLINK_FOLLOW, &stat));
    sgi_p1_put_filestat(p, to, &stat);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_path_filestat_set_times(P1 *p, const Slot *a) {
    P1Path path;
    P1Times times;
    if (a[1].u32 & ~(uint32_t)LOOKUP_SYMLINK_FOLLOW)
        return SG_WASI_INVAL;
    P1_TRY(get_path(p, a[0].u32, RIGHT(PATH_FILESTAT_SET_TIMES), a[2].u32, a[3].u32, &path));
    P1_TRY(sgi_p1_times(p, a[4].u64, a[5].u64, a[6].u32, &times));
    return sgi_file_set_times_at(path.dir->file, path.path, a[1].u32 & LOOKUP_SYMLINK_FOLLOW, times.accessed,
                                 times.modified);
}

sg_wasi_errno sgi_p1_path_create_directory(P1 *p, const Slot *a) {
    P1Path path;
    P1_TRY(get_path(p, a[0].u32, RIGHT(PATH_CREATE_DIRECTORY), a[1].u32, a[2].u32, &path));
    return sgi_file_make_directory(path.dir->file, path.path);
}

sg_wasi_errno sgi_p1_path_remove_directory(P1 *p, const Slot *a) {
    P1Path path;
    P1_TRY(get_path(p, a[0].u32, RIGHT(PATH_REMOVE_DIRECTORY), a[1].u32, a[2].u32, &path));
    return sgi_file_remove_directory(path.dir->file, path.path);
}

sg_wasi_errno sgi_p1_path_unlink_file(P1 *p, const Slot *a) {
    P1Path path;
    P1_TRY(get_path(p, a[0].u32, RIGHT(PATH_UNLINK_FILE), a[1].u32, a[2].u32, &path));
    return sgi_file_unlink(path.dir->file, path.path);
}

sg_wasi_errno sgi_p1_path_link(P1 *p, const Slot *a) {
    P1Path from, to;
    if (a[1].u32 & ~(uint32_t)LOOKUP_SYMLINK_FOLLOW)
        return SG_WASI_INVAL;
    P1_TRY(get_path(p, a[0].u32, RIGHT(PATH_LINK_SOURCE), a[2].u32, a[3].u32, &from));
    P1_TRY(get_path(p, a[4].u32, RIGHT(PATH_LINK_TARGET), a[5].u32, a[6].u32, &to));
    /* The link itself gets another name, not what it leads to. */
    if (a[1].u32 & LOOKUP_SYMLINK_FOLLOW)
        return SG_WASI_INVAL;
    return sgi_file_link(from.dir->file, from.path, to.dir->file, to.path);
}

sg_wasi_errno sgi_p1_path_rename(P1 *p, const Slot *a) {
    P1Path from, to;
    P1_TRY(get_path(p, a[0].u32, RIGHT(PATH_RENAME_SOURCE), a[1].u32, a[2].u32, &from));
    P1_TRY(get_path(p, a[3].u32, RIGHT(PATH_RENAME_TARGET), a[4].u32, a[5].u32, &to));
    return sgi_file_rename(from.dir->file, from.path, to.dir->file, to.path);
}

sg_wasi_errno sgi_p1_path_symlink(P1 *p, const Slot *a) {
    uint8_t buffer[P1_PATH_MAX];
    Bytes target;
    P1Path path;
    P1_TRY(sgi_p1_path(p, a[0].u32, a[1].u32, buffer, &target));
    P1_TRY(get_path(p, a[2].u32, RIGHT(PATH_SYMLINK), a[3].u32, a[4].u32, &path));
    return sgi_file_symlink(path.dir->file, target, path.path);
}

sg_wasi_errno sgi_p1_path_readlink(P1 *p, const Slot *a) {
    uint8_t *to, *count_at;
    size_t count;
    P1Path path;
    P1_TRY(get_path(p, a[0].u32, RIGHT(PATH_READLINK), a[1].u32, a[2].u32, &path));
    P1_AT(to, a[3].u32, a[4].u32, 1);
    P1_AT(count_at, a[5].u32, 4, 4);
    P1_TRAP(sgi_p1_pay(p, a[4].u32 < P1_PATH_MAX ? a[4].u32 : P1_PATH_MAX));
    P1_TRY(sgi_file_read_link(path.dir->file, path.path, (char *)to, a[4].u32, &count));
    sgi_p1_put(p, count_at, count, 4);
    return SG_WASI_SUCCESS;
}
