/* Files and directories, below descriptors: part of the door of os. Linux implements it in files.c.
 *
 * Every function answers 0 or an error number of <errno.h>, and nothing of it blocks without bound but sync:
 * what is opened is opened without blocking. Names are C strings, taken as they are: only open_beneath
 * resolves a path, all others are for one component. */
#ifndef SGI_OS_FILES_H
#define SGI_OS_FILES_H

#include "base/base.h"

typedef enum OsFileType {
    OS_FILE_UNKNOWN,
    OS_FILE_BLOCK_DEVICE,
    OS_FILE_CHARACTER_DEVICE,
    OS_FILE_DIRECTORY,
    OS_FILE_FIFO,
    OS_FILE_LINK,
    OS_FILE_REGULAR,
    OS_FILE_SOCKET
} OsFileType;

typedef struct OsTime {
    int64_t seconds;
    uint32_t nanoseconds;
} OsTime;

typedef struct OsStat {
    uint64_t device, inode, links, size;
    OsFileType type;
    OsTime accessed, modified, changed;
} OsStat;

/* How to open. PATH: only to look at, or to find names below; no other access. */
enum {
    OS_OPEN_READ = 1 << 0,
    OS_OPEN_WRITE = 1 << 1,
    OS_OPEN_CREATE = 1 << 2,
    OS_OPEN_EXCLUSIVE = 1 << 3,
    OS_OPEN_TRUNCATE = 1 << 4,
    OS_OPEN_DIRECTORY = 1 << 5,
    OS_OPEN_NOFOLLOW = 1 << 6,
    OS_OPEN_PATH = 1 << 7
};

/* A path of the host's, trusted. */
int sgi_os_open(const char *path, unsigned flags, int *fd);
/* One name in the directory `dir`. */
int sgi_os_open_at(int dir, const char *name, unsigned flags, int *fd);
/* `path` resolved below `dir`, by the kernel: EXDEV when it leads out, EAGAIN when something was renamed
 * meanwhile, ENOSYS where the kernel cannot do it. */
int sgi_os_open_beneath(int dir, const char *path, unsigned flags, int *fd);
void sgi_os_close(int fd);
/* Another descriptor of the same open file. */
int sgi_os_dup(int fd, int *copy);

int sgi_os_stat(int fd, OsStat *stat);
/* Of a name, links not followed. */
int sgi_os_stat_at(int dir, const char *name, OsStat *stat);

/* One piece of a regular file or block device, which may be short. No signal is raised. */
int sgi_os_read_at(int fd, void *data, size_t size, uint64_t offset, size_t *got);
enum { OS_WRITE_APPEND = 1 << 0, OS_WRITE_DSYNC = 1 << 1, OS_WRITE_SYNC = 1 << 2 };
/* OS_WRITE_APPEND: to the end, wherever that is, not at `offset`. */
int sgi_os_write_at(int fd, const void *data, size_t size, uint64_t offset, unsigned flags, size_t *put);

int sgi_os_set_size(int fd, uint64_t size);
int sgi_os_allocate(int fd, uint64_t offset, uint64_t size);
/* In the order of preview 1 and 0.2: normal, sequential, random, will need, will not, no reuse. */
int sgi_os_advise(int fd, uint64_t offset, uint64_t size, unsigned advice);
/* May block as long as the disk likes. */
int sgi_os_sync(int fd, bool data_only);
/* A NULL time is left alone. `fd` may be one of OS_OPEN_PATH. */
int sgi_os_set_times(int fd, const OsTime *accessed, const OsTime *modified);
/* CLOCK_REALTIME. */
OsTime sgi_os_wall_time(void);

int sgi_os_make_directory(int dir, const char *name);
int sgi_os_unlink(int dir, const char *name, bool is_directory);
int sgi_os_rename(int from, const char *from_name, int to, const char *to_name);
/* A link itself, not what it points to. */
int sgi_os_link(int from, const char *from_name, int to, const char *to_name);
int sgi_os_symlink(const char *target, int dir, const char *name);
/* Of a name, or with "" of `dir`, opened as a PATH. Cut off at `size`; not terminated. */
int sgi_os_read_link(int dir, const char *name, char *target, size_t size, size_t *got);

typedef struct OsEntry {
    uint64_t inode, next; /* `next`: where the entry after it is */
    OsFileType type;
    Bytes name; /* in the buffer */
} OsEntry;

/* As many entries of a directory as `buffer` holds (8-aligned), from `position` on (0: the first; else
 * OsEntry.next of one before). *got 0: the end. */
int sgi_os_read_directory(int fd, uint64_t position, void *buffer, size_t size, size_t *got);
/* The entry at *at of what read_directory got; *at is moved past it. False at the end. */
bool sgi_os_next_entry(const void *buffer, size_t got, size_t *at, OsEntry *entry);

#endif
