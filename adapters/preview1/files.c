/* Files: their attributes and contents as a whole. */
#include "preview1.h"

PREVIEW1("fd_advise") fd_advise(u32 number, u64 offset, u64 size, u32 advice) {
    Done result;
    if (advice > 5)
        return INVAL;
    NEED(fd, number, FILE);
    file_advise(fd->handle, offset, size, advice, &result);
    return done(&result);
}

PREVIEW1("fd_allocate") fd_allocate(u32 number, u64 offset, u64 size) {
    (void)offset, (void)size;
    NEED(fd, number, FILE);
    (void)fd;
    return NOTSUP;
}

PREVIEW1("fd_datasync") fd_datasync(u32 number) {
    Done result;
    NEED(fd, number, FREE);
    if (fd->kind != FILE && fd->kind != DIRECTORY)
        return BADF;
    file_sync_data(fd->handle, &result);
    return done(&result);
}

PREVIEW1("fd_sync") fd_sync(u32 number) {
    Done result;
    NEED(fd, number, FREE);
    if (fd->kind != FILE && fd->kind != DIRECTORY)
        return BADF;
    file_sync(fd->handle, &result);
    return done(&result);
}

PREVIEW1("fd_filestat_set_size") fd_filestat_set_size(u32 number, u64 size) {
    Done result;
    NEED(fd, number, FILE);
    file_set_size(fd->handle, size, &result);
    return done(&result);
}

static void put_filestat(Ptr to, uint8_t type, const Stat *stat, const Hashed *hash) {
    struct {
        u64 device, inode, type, links, size, times[3];
    } filestat = {1, hash->is_error ? 0 : hash->as.hash[0], type, stat->link_count, stat->size, {0}};
    for (int i = 0; i < 3; i++)
        filestat.times[i] = stat->times[i].is_some ? nanoseconds(&stat->times[i].time) : 0;
    put(to, &filestat, sizeof filestat);
}

PREVIEW1("fd_filestat_get") fd_filestat_get(u32 number, Ptr to) {
    Statted result = {0};
    Hashed hash = {.is_error = 1};
    NEED(fd, number, FREE);
    if (fd->kind == FILE || fd->kind == DIRECTORY) {
        file_stat(fd->handle, &result);
        if (result.is_error)
            return errno_of(result.as.error);
        file_hash(fd->handle, &hash);
    }
    put_filestat(to, fd->type, &result.as.stat, &hash);
    return SUCCESS;
}

PREVIEW1("path_filestat_get") path_filestat_get(u32 number, u32 flags, Ptr path, u32 size, Ptr to) {
    Statted result;
    Hashed hash;
    NEED_DIRECTORY(fd, number);
    if (flags > ALL_LOOKUPFLAGS)
        return INVAL;
    NEED_PATH(name, path, size);
    dir_stat(fd->handle, flags & 1, name, size, &result);
    if (result.is_error)
        return errno_of(result.as.error);
    dir_hash(fd->handle, flags & 1, name, size, &hash);
    put_filestat(to, filetype_of(result.as.stat.type), &result.as.stat, &hash);
    return SUCCESS;
}

/* new-timestamp */
typedef struct NewTime {
    u32 tag;
    u64 seconds;
    u32 nanoseconds;
} NewTime;

/* fstflags: 1 and 2 for the time of access, 4 and 8 for that of modification. False when both are set. */
static int new_time(u32 flags, u64 time, NewTime *result) {
    enum { NO_CHANGE, NOW, TIMESTAMP };
    u32 tag = flags & 1 ? TIMESTAMP : flags & 2 ? NOW : NO_CHANGE;
    *result = (NewTime){tag, time / 1000000000u, (u32)(time % 1000000000u)};
    return (flags & 3) != 3;
}

PREVIEW1("fd_filestat_set_times") fd_filestat_set_times(u32 number, u64 atime, u64 mtime, u32 flags) {
    Done result;
    NewTime a, m;
    NEED(fd, number, FREE);
    if (fd->kind != FILE && fd->kind != DIRECTORY)
        return BADF;
    if (flags > ALL_FSTFLAGS || !new_time(flags, atime, &a) || !new_time(flags >> 2, mtime, &m))
        return INVAL;
    file_set_times(fd->handle, a.tag, a.seconds, a.nanoseconds, m.tag, m.seconds, m.nanoseconds, &result);
    return done(&result);
}

PREVIEW1("path_filestat_set_times")
path_filestat_set_times(u32 number, u32 lookup, Ptr path, u32 size, u64 atime, u64 mtime, u32 flags) {
    Done result;
    NewTime a, m;
    NEED_DIRECTORY(fd, number);
    if (lookup > ALL_LOOKUPFLAGS || flags > ALL_FSTFLAGS || !new_time(flags, atime, &a) ||
        !new_time(flags >> 2, mtime, &m))
        return INVAL;
    NEED_PATH(name, path, size);
    dir_set_times(fd->handle, lookup & 1, name, size, a.tag, a.seconds, a.nanoseconds, m.tag, m.seconds,
                  m.nanoseconds, &result);
    return done(&result);
}
