/* files.h for Linux. */
#include "os/os.h"
#include "os/quiet.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* --- opening --- */

static const struct {
    unsigned flag;
    int native;
} open_flags[] = {
    {OS_OPEN_CREATE, O_CREAT},        {OS_OPEN_EXCLUSIVE, O_EXCL},    {OS_OPEN_TRUNCATE, O_TRUNC},
    {OS_OPEN_DIRECTORY, O_DIRECTORY}, {OS_OPEN_NOFOLLOW, O_NOFOLLOW}, {OS_OPEN_PATH, O_PATH},
};

/* A FIFO or a device must not block the open: who uses it waits where waits can be cut. */
static int native_flags(unsigned flags) {
    int native = O_CLOEXEC;
    if (!(flags & OS_OPEN_PATH))
        native |= O_NOCTTY | O_NONBLOCK |
                  ((flags & OS_OPEN_WRITE) ? (flags & OS_OPEN_READ) ? O_RDWR : O_WRONLY : O_RDONLY);
    for (size_t i = 0; i < SGI_COUNT(open_flags); i++)
        if (flags & open_flags[i].flag)
            native |= open_flags[i].native;
    return native;
}

enum { NEW_FILE_MODE = 0666, NEW_DIRECTORY_MODE = 0777 };

static int answer(int fd, int *out) {
    *out = fd;
    return fd < 0 ? errno : 0;
}

int sgi_os_open(const char *path, unsigned flags, int *fd) {
    return sgi_os_open_at(AT_FDCWD, path, flags, fd);
}

int sgi_os_open_at(int dir, const char *name, unsigned flags, int *fd) {
    int code;
    do
        code = answer(openat(dir, name, native_flags(flags), NEW_FILE_MODE), fd);
    while (code == EINTR);
    return code;
}

int sgi_os_open_beneath(int dir, const char *path, unsigned flags, int *fd) {
    struct open_how how = {.flags = (uint64_t)(unsigned)native_flags(flags),
                           .mode = flags & OS_OPEN_CREATE ? NEW_FILE_MODE : 0,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int code;
    do
        code = answer((int)syscall(SYS_openat2, dir, path, &how, sizeof how), fd);
    while (code == EINTR);
    return code;
}

void sgi_os_close(int fd) {
    close(fd);
}

int sgi_os_dup(int fd, int *copy) {
    return answer(fcntl(fd, F_DUPFD_CLOEXEC, 0), copy);
}

/* --- attributes --- */

static OsFileType type_of_mode(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFBLK: return OS_FILE_BLOCK_DEVICE;
    case S_IFCHR: return OS_FILE_CHARACTER_DEVICE;
    case S_IFDIR: return OS_FILE_DIRECTORY;
    case S_IFIFO: return OS_FILE_FIFO;
    case S_IFLNK: return OS_FILE_LINK;
    case S_IFREG: return OS_FILE_REGULAR;
    case S_IFSOCK: return OS_FILE_SOCKET;
    default: return OS_FILE_UNKNOWN;
    }
}

static OsTime time_of(struct timespec time) {
    return (OsTime){time.tv_sec, (uint32_t)time.tv_nsec};
}

static int stat_answer(int result, const struct stat *native, OsStat *stat) {
    if (result != 0)
        return errno;
    *stat = (OsStat){.device = native->st_dev,
                     .inode = native->st_ino,
                     .links = native->st_nlink,
                     .size = (uint64_t)native->st_size,
                     .type = type_of_mode(native->st_mode),
                     .accessed = time_of(native->st_atim),
                     .modified = time_of(native->st_mtim),
                     .changed = time_of(native->st_ctim)};
    return 0;
}

int sgi_os_stat(int fd, OsStat *stat) {
    struct stat native;
    return stat_answer(fstat(fd, &native), &native, stat);
}

int sgi_os_stat_at(int dir, const char *name, OsStat *stat) {
    struct stat native;
    return stat_answer(fstatat(dir, name, &native, AT_SYMLINK_NOFOLLOW), &native, stat);
}

int sgi_os_set_times(int fd, const OsTime *accessed, const OsTime *modified) {
    const OsTime *given[] = {accessed, modified};
    struct timespec times[2];
    for (int i = 0; i < 2; i++) {
        if (given[i] && given[i]->nanoseconds > 999999999)
            return EINVAL; /* the values beyond mean something else to the kernel */
        times[i] = given[i] ? (struct timespec){given[i]->seconds, (long)given[i]->nanoseconds}
                            : (struct timespec){0, UTIME_OMIT};
    }
    return utimensat(fd, "", times, AT_EMPTY_PATH) == 0 ? 0 : errno;
}

OsTime sgi_os_wall_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time_of(time);
}

/* --- contents --- */

static int moved(ssize_t count, size_t *done) {
    *done = count < 0 ? 0 : (size_t)count;
    return count < 0 ? errno : 0;
}

int sgi_os_read_at(int fd, void *data, size_t size, uint64_t offset, size_t *got) {
    *got = 0;
    if (offset > INT64_MAX)
        return EINVAL;
    int code;
    do
        code = moved(pread(fd, data, size, (off_t)offset), got);
    while (code == EINTR);
    return code;
}

/* Does the range end where the kernel can still count? */
static bool is_range(uint64_t offset, uint64_t size) {
    return offset <= INT64_MAX && size <= (uint64_t)INT64_MAX - offset;
}

int sgi_os_write_at(int fd, const void *data, size_t size, uint64_t offset, unsigned flags, size_t *put) {
    bool appends = (flags & OS_WRITE_APPEND) != 0;
    *put = 0;
    if (!appends && !is_range(offset, size))
        return EFBIG;
    struct iovec piece = {(void *)(uintptr_t)data, size};
    int code, how = (appends ? RWF_APPEND : 0) | (flags & OS_WRITE_DSYNC ? RWF_DSYNC : 0) |
                    (flags & OS_WRITE_SYNC ? RWF_SYNC : 0);
    OsQuiet quiet;
    sgi_os_quiet_begin(&quiet, sgi_os_growth_signal());
    do
        code = moved(pwritev2(fd, &piece, 1, appends ? 0 : (off_t)offset, how), put);
    while (code == EINTR);
    sgi_os_quiet_end(&quiet, code == EFBIG);
    return code;
}

/* After begin: ends it, and answers for a call that gave `result`. */
static int grown(const OsQuiet *quiet, int result) {
    int code = result == 0 ? 0 : errno;
    sgi_os_quiet_end(quiet, code == EFBIG);
    return code;
}

int sgi_os_set_size(int fd, uint64_t size) {
    OsQuiet quiet;
    if (!is_range(size, 0))
        return EFBIG;
    sgi_os_quiet_begin(&quiet, sgi_os_growth_signal());
    return grown(&quiet, ftruncate(fd, (off_t)size));
}

int sgi_os_allocate(int fd, uint64_t offset, uint64_t size) {
    OsQuiet quiet;
    if (size == 0)
        return EINVAL;
    if (!is_range(offset, size))
        return EFBIG;
    sgi_os_quiet_begin(&quiet, sgi_os_growth_signal());
    return grown(&quiet, fallocate(fd, 0, (off_t)offset, (off_t)size));
}

int sgi_os_advise(int fd, uint64_t offset, uint64_t size, unsigned advice) {
    static const int native[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                 POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    if (advice >= SGI_COUNT(native) || offset > INT64_MAX || size > INT64_MAX)
        return EINVAL;
    return posix_fadvise(fd, (off_t)offset, (off_t)size, native[advice]);
}

int sgi_os_sync(int fd, bool data_only) {
    return (data_only ? fdatasync(fd) : fsync(fd)) == 0 ? 0 : errno;
}

/* --- names --- */

int sgi_os_make_directory(int dir, const char *name) {
    return mkdirat(dir, name, NEW_DIRECTORY_MODE) == 0 ? 0 : errno;
}

int sgi_os_unlink(int dir, const char *name, bool is_directory) {
    return unlinkat(dir, name, is_directory ? AT_REMOVEDIR : 0) == 0 ? 0 : errno;
}

int sgi_os_rename(int from, const char *from_name, int to, const char *to_name) {
    return renameat(from, from_name, to, to_name) == 0 ? 0 : errno;
}

int sgi_os_link(int from, const char *from_name, int to, const char *to_name) {
    return linkat(from, from_name, to, to_name, 0) == 0 ? 0 : errno;
}

int sgi_os_symlink(const char *target, int dir, const char *name) {
    return symlinkat(target, dir, name) == 0 ? 0 : errno;
}

int sgi_os_read_link(int dir, const char *name, char *target, size_t size, size_t *got) {
    return moved(readlinkat(dir, name, target, size), got);
}

/* As the kernel writes them. */
typedef struct NativeEntry {
    uint64_t inode;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
} NativeEntry;

int sgi_os_read_directory(int fd, uint64_t position, void *buffer, size_t size, size_t *got) {
    *got = 0;
    if (lseek(fd, (off_t)position, SEEK_SET) < 0)
        return errno;
    return moved(syscall(SYS_getdents64, fd, buffer, size), got);
}

bool sgi_os_next_entry(const void *buffer, size_t got, size_t *at, OsEntry *entry) {
    if (*at >= got)
        return false;
    const NativeEntry *native = (const void *)((const uint8_t *)buffer + *at);
    *at += native->size;
    *entry = (OsEntry){.inode = native->inode,
                       .next = (uint64_t)native->next,
                       .type = type_of_mode(DTTOIF((mode_t)native->type)),
                       .name = sgi_bytes_of(native->name)};
    return true;
}
