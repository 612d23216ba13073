/* Preview 1: fd_*. */
#include "wasi/p1.h"

#include <string.h>

/* ---- flags and attributes ---- */

void sgi_p1_set_flags(P1Fd *fd, unsigned flags) {
    fd->flags = flags;
    if (fd->file == NULL)
        return;
    fd->file->is_nonblocking = (flags & FDFLAGS_NONBLOCK) != 0;
    fd->file->write_flags = (flags & FDFLAGS_APPEND ? (unsigned)OS_WRITE_APPEND : 0) |
                            (flags & FDFLAGS_DSYNC ? (unsigned)OS_WRITE_DSYNC : 0) |
                            (flags & (FDFLAGS_SYNC | FDFLAGS_RSYNC) ? (unsigned)OS_WRITE_SYNC : 0);
}

enum { FILETYPE_UNKNOWN, FILETYPE_CHARACTER_DEVICE = 2 };

uint8_t sgi_p1_filetype(OsFileType type) {
    static const uint8_t types[] = {
        [OS_FILE_UNKNOWN] = FILETYPE_UNKNOWN,
        [OS_FILE_BLOCK_DEVICE] = 1,
        [OS_FILE_CHARACTER_DEVICE] = 2,
        [OS_FILE_DIRECTORY] = 3,
        [OS_FILE_FIFO] = 0,
        [OS_FILE_LINK] = 7,
        [OS_FILE_REGULAR] = 4,
        [OS_FILE_SOCKET] = 6,
    };
    return types[type];
}

static uint8_t filetype_of(const P1Fd *fd) {
    if (fd->file)
        return sgi_p1_filetype(fd->file->type);
    return fd->stream->ops.is_terminal ? FILETYPE_CHARACTER_DEVICE : FILETYPE_UNKNOWN;
}

void sgi_p1_put_filestat(const P1 *p, uint8_t *to, const OsStat *stat) {
    const uint64_t numbers[] = {stat->device,
                                stat->inode,
                                sgi_p1_filetype(stat->type),
                                stat->links,
                                stat->size,
                                sgi_file_ns(stat->accessed),
                                sgi_file_ns(stat->modified),
                                sgi_file_ns(stat->changed)};
    for (size_t i = 0; i < SGI_COUNT(numbers); i++)
        sgi_p1_put(p, to + 8 * i, numbers[i], 8);
}

enum {
    FSTFLAGS_ATIM = 1,
    FSTFLAGS_ATIM_NOW = 2,
    FSTFLAGS_MTIM = 4,
    FSTFLAGS_MTIM_NOW = 8,
    FSTFLAGS_ALL = 15
};

static OsTime time_of(uint64_t ns) {
    const uint64_t second = 1000000000;
    return (OsTime){(int64_t)(ns / second), (uint32_t)(ns % second)};
}

sg_wasi_errno sgi_p1_times(P1 *p, uint64_t accessed, uint64_t modified, uint32_t flags, P1Times *times) {
    if ((flags & ~(uint32_t)FSTFLAGS_ALL) || ((flags & FSTFLAGS_ATIM) && (flags & FSTFLAGS_ATIM_NOW)) ||
        ((flags & FSTFLAGS_MTIM) && (flags & FSTFLAGS_MTIM_NOW)))
        return SG_WASI_INVAL;
    OsTime now = time_of(flags & (FSTFLAGS_ATIM_NOW | FSTFLAGS_MTIM_NOW) ? sgi_wasi_wall(p->state) : 0);
    times->values[0] = flags & FSTFLAGS_ATIM_NOW ? now : time_of(accessed);
    times->values[1] = flags & FSTFLAGS_MTIM_NOW ? now : time_of(modified);
    times->accessed = flags & (FSTFLAGS_ATIM | FSTFLAGS_ATIM_NOW) ? &times->values[0] : NULL;
    times->modified = flags & (FSTFLAGS_MTIM | FSTFLAGS_MTIM_NOW) ? &times->values[1] : NULL;
    return SG_WASI_SUCCESS;
}

/* A file that is no directory; BADF. */
static sg_wasi_errno no_directory(P1 *p, uint32_t number, uint64_t rights, P1Fd **fd) {
    P1_TRY(sgi_p1_file(p, number, 0, fd));
    return (*fd)->file->type == OS_FILE_DIRECTORY ? SG_WASI_BADF
           : rights & ~(*fd)->rights              ? SG_WASI_NOTCAPABLE
                                                  : SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_fdstat_get(P1 *p, const Slot *a) {
    P1Fd *fd;
    uint8_t *to;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &fd));
    P1_AT(to, a[1].u32, 24, 8);
    sgi_p1_put(p, to, filetype_of(fd) | (uint64_t)fd->flags << 16, 8);
    sgi_p1_put(p, to + 8, fd->rights, 8);
    sgi_p1_put(p, to + 16, fd->inheriting, 8);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_fdstat_set_flags(P1 *p, const Slot *a) {
    P1Fd *fd;
    if (a[1].u32 & ~(uint32_t)FDFLAGS_ALL)
        return SG_WASI_INVAL;
    P1_TRY(no_directory(p, a[0].u32, RIGHT(FD_FDSTAT_SET_FLAGS), &fd));
    /* As where the system does it: how a file is synchronized is settled when it is opened. */
    const unsigned sync = FDFLAGS_DSYNC | FDFLAGS_RSYNC | FDFLAGS_SYNC;
    if (a[1].u32 & sync & ~fd->flags)
        return SG_WASI_INVAL;
    sgi_p1_set_flags(fd, a[1].u32);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_fdstat_set_rights(P1 *p, const Slot *a) {
    P1Fd *fd;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &fd));
    if ((a[1].u64 & ~fd->rights) || (a[2].u64 & ~fd->inheriting))
        return SG_WASI_NOTCAPABLE;
    fd->rights = a[1].u64;
    fd->inheriting = a[2].u64;
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_filestat_get(P1 *p, const Slot *a) {
    P1Fd *fd;
    uint8_t *to;
    OsStat stat = {0};
    P1_TRY(sgi_p1_fd(p, a[0].u32, RIGHT(FD_FILESTAT_GET), &fd));
    P1_AT(to, a[1].u32, FILESTAT_SIZE, 8);
    if (fd->file)
        P1_TRY(sgi_file_stat(fd->file, &stat));
    else if (fd->stream->ops.is_terminal)
        stat.type = OS_FILE_CHARACTER_DEVICE;
    sgi_p1_put_filestat(p, to, &stat);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_filestat_set_size(P1 *p, const Slot *a) {
    P1Fd *fd;
    P1_TRY(no_directory(p, a[0].u32, RIGHT(FD_FILESTAT_SET_SIZE), &fd));
    return sgi_file_set_size(fd->file, a[1].u64);
}

sg_wasi_errno sgi_p1_fd_filestat_set_times(P1 *p, const Slot *a) {
    P1Fd *fd;
    P1Times times;
    P1_TRY(sgi_p1_file(p, a[0].u32, RIGHT(FD_FILESTAT_SET_TIMES), &fd));
    P1_TRY(sgi_p1_times(p, a[1].u64, a[2].u64, a[3].u32, &times));
    return sgi_file_set_times(fd->file, times.accessed, times.modified);
}

sg_wasi_errno sgi_p1_fd_advise(P1 *p, const Slot *a) {
    enum { ADVICE_COUNT = 6 };
    P1Fd *fd;
    if (a[3].u32 >= ADVICE_COUNT)
        return SG_WASI_INVAL;
    P1_TRY(sgi_p1_file(p, a[0].u32, RIGHT(FD_ADVISE), &fd));
    return sgi_file_advise(fd->file, a[1].u64, a[2].u64, a[3].u32);
}

sg_wasi_errno sgi_p1_fd_allocate(P1 *p, const Slot *a) {
    P1Fd *fd;
    sg_wasi_errno error;
    P1_TRY(no_directory(p, a[0].u32, RIGHT(FD_ALLOCATE), &fd));
    P1_TRAP(sgi_file_allocate(fd->file, a[1].u64, a[2].u64, &error));
    return error;
}

/* ---- the table ---- */

sg_wasi_errno sgi_p1_fd_close(P1 *p, const Slot *a) {
    P1Fd *fd;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &fd));
    sgi_p1_free_fd(p, fd);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_renumber(P1 *p, const Slot *a) {
    P1Fd *from, *to;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &from));
    P1_TRY(sgi_p1_fd(p, a[1].u32, 0, &to));
    if (from == to)
        return SG_WASI_SUCCESS;
    P1Fd moved = *from;
    *from = (P1Fd){0};
    sgi_p1_free_fd(p, from);
    sgi_p1_free_fd(p, to);
    *to = moved;
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_prestat_get(P1 *p, const Slot *a) {
    enum { PREOPENTYPE_DIR };
    P1Fd *fd;
    uint8_t *to;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &fd));
    if (fd->preopen == NULL)
        return SG_WASI_BADF;
    P1_AT(to, a[1].u32, 8, 4);
    sgi_p1_put(p, to, PREOPENTYPE_DIR, 4);
    sgi_p1_put(p, to + 4, fd->preopen->name.size, 4);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_prestat_dir_name(P1 *p, const Slot *a) {
    P1Fd *fd;
    uint8_t *to;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &fd));
    if (fd->preopen == NULL)
        return SG_WASI_NOTDIR;
    Bytes name = fd->preopen->name;
    if (a[2].u32 < name.size)
        return SG_WASI_NAMETOOLONG;
    P1_AT(to, a[1].u32, name.size, 1);
    P1_TRAP(sgi_p1_pay(p, name.size));
    memcpy(to, name.data, name.size);
    return SG_WASI_SUCCESS;
}

/* ---- reading and writing ---- */

/* What one call of read or write moves. */
typedef struct Transfer {
    P1Fd *fd;
    bool is_write;
    uint64_t offset;
    uint64_t done;
} Transfer;

static sg_trap move(P1 *p, Transfer *transfer, uint8_t *data, uint32_t size, size_t *count,
                    sg_wasi_errno *error) {
    P1Fd *fd = transfer->fd;
    uint64_t offset = transfer->offset + transfer->done;
    if (fd->file) {
        return transfer->is_write ? sgi_file_write(fd->file, data, size, offset, count, error)
                                  : sgi_file_read(fd->file, data, size, offset, count, error);
    }
    sg_trap trap = sgi_p1_pay(p, size);
    if (trap != SG_TRAP_NONE)
        return trap;
    bool waits = !(fd->flags & FDFLAGS_NONBLOCK);
    if (transfer->is_write)
        return sgi_wasi_stream_write(fd->stream, data, size, waits, count, error);
    trap = sgi_wasi_stream_read(fd->stream, data, size, waits, count, error);
    if (*error == SG_WASI_PIPE) { /* the end */
        *count = 0;
        *error = SG_WASI_SUCCESS;
    }
    return trap;
}

/* Vectors that are small together are written at once, so that a line that a program puts together from
 * pieces stays one. */
enum { GATHER_MAX = 4096 };

/* The pieces from *index on that fit, joined in `buffer`; at least one. *next is behind them. */
static sg_wasi_errno gather(P1 *p, const Slot *a, uint32_t index, uint8_t *buffer, uint32_t *size,
                            uint32_t *next) {
    *size = 0;
    for (*next = index; *next < a[2].u32; ++*next) {
        const uint8_t *vector, *from;
        P1_TRAP(sgi_poll(&p->store->cx)); /* any number of them may be empty */
        P1_AT(vector, a[1].u32 + *next * 8, 8, 4);
        uint64_t count = sgi_p1_get(p, vector + 4, 4);
        if (count > GATHER_MAX - *size)
            break;
        P1_AT(from, (uint32_t)sgi_p1_get(p, vector, 4), count, 1);
        memcpy(buffer + *size, from, (size_t)count);
        *size += (uint32_t)count;
    }
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno transfer_all(P1 *p, const Slot *a, Transfer *transfer) {
    uint8_t *vector, *data, buffer[GATHER_MAX];
    uint32_t size = 0, next;
    P1_AT(vector, a[1].u32, (uint64_t)a[2].u32 * 8, 4);
    P1_TRAP(sgi_p1_pay(p, (uint64_t)a[2].u32 * 8));
    for (uint32_t i = 0; i < a[2].u32; i = next) {
        next = i;
        if (transfer->is_write)
            P1_TRY(gather(p, a, i, buffer, &size, &next));
        data = buffer;
        if (next == i) {
            P1_AT(vector, a[1].u32 + i * 8, 8, 4);
            size = (uint32_t)sgi_p1_get(p, vector + 4, 4);
            P1_AT(data, (uint32_t)sgi_p1_get(p, vector, 4), size, 1);
            next = i + 1;
        }
        size_t count;
        sg_wasi_errno error;
        P1_TRAP(move(p, transfer, data, size, &count, &error));
        transfer->done += count;
        if (error != SG_WASI_SUCCESS)
            return transfer->done ? SG_WASI_SUCCESS : error;
        /* What is there has been read: nobody should wait for more. */
        if (count < size || (!transfer->is_write && count &&
                             !(transfer->fd->file && sgi_file_has_offset(transfer->fd->file))))
            break;
        P1_TRAP(sgi_poll(&p->store->cx));
    }
    return SG_WASI_SUCCESS;
}

/* `result`: which argument says where the count goes. */
static sg_wasi_errno transfer(P1 *p, const Slot *a, Transfer *transfer, unsigned result) {
    uint8_t *to;
    P1_AT(to, a[result].u32, 4, 4);
    P1_TRY(transfer_all(p, a, transfer));
    P1_AT(to, a[result].u32, 4, 4);
    sgi_p1_put(p, to, transfer->done, 4);
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno transfer_at_position(P1 *p, const Slot *a, bool is_write) {
    P1Fd *fd;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &fd));
    if (!(fd->rights & (is_write ? RIGHT(FD_WRITE) : RIGHT(FD_READ))) ||
        (fd->file && fd->file->type == OS_FILE_DIRECTORY))
        return SG_WASI_BADF;
    Transfer moved = {.fd = fd, .is_write = is_write, .offset = fd->position};
    P1_TRY(transfer(p, a, &moved, 3));
    OsStat stat;
    fd->position += moved.done;
    if (is_write && moved.done && (fd->flags & FDFLAGS_APPEND) && fd->file &&
        sgi_file_stat(fd->file, &stat) == SG_WASI_SUCCESS)
        fd->position = stat.size;
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno transfer_at_offset(P1 *p, const Slot *a, bool is_write) {
    P1Fd *fd;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &fd));
    if (fd->file == NULL || (fd->file->type != OS_FILE_DIRECTORY && !sgi_file_has_offset(fd->file)))
        return SG_WASI_SPIPE;
    if (!(fd->rights & (is_write ? RIGHT(FD_WRITE) : RIGHT(FD_READ))) || fd->file->type == OS_FILE_DIRECTORY)
        return SG_WASI_BADF;
    if (!(fd->rights & RIGHT(FD_SEEK)))
        return SG_WASI_NOTCAPABLE;
    Transfer moved = {.fd = fd, .is_write = is_write, .offset = a[3].u64};
    return transfer(p, a, &moved, 4);
}

sg_wasi_errno sgi_p1_fd_read(P1 *p, const Slot *a) {
    return transfer_at_position(p, a, false);
}

sg_wasi_errno sgi_p1_fd_write(P1 *p, const Slot *a) {
    return transfer_at_position(p, a, true);
}

sg_wasi_errno sgi_p1_fd_pread(P1 *p, const Slot *a) {
    return transfer_at_offset(p, a, false);
}

/* In append mode it appends, wherever it says, as on Linux. */
sg_wasi_errno sgi_p1_fd_pwrite(P1 *p, const Slot *a) {
    return transfer_at_offset(p, a, true);
}

/* ---- offsets ---- */

static sg_wasi_errno seek(P1 *p, uint32_t number, int64_t delta, uint32_t whence, uint64_t right,
                          uint32_t result) {
    enum { WHENCE_SET, WHENCE_CUR, WHENCE_END };
    P1Fd *fd;
    uint8_t *to;
    OsStat stat;
    if (whence > WHENCE_END)
        return SG_WASI_INVAL;
    P1_TRY(sgi_p1_fd(p, number, 0, &fd));
    if (fd->file && fd->file->type == OS_FILE_DIRECTORY)
        return SG_WASI_BADF;
    if (fd->file == NULL || !sgi_file_has_offset(fd->file))
        return SG_WASI_SPIPE;
    if (right & ~fd->rights)
        return SG_WASI_NOTCAPABLE;
    P1_AT(to, result, 8, 8);
    int64_t base = whence == WHENCE_CUR ? (int64_t)fd->position : 0;
    if (whence == WHENCE_END) {
        P1_TRY(sgi_file_stat(fd->file, &stat));
        base = (int64_t)stat.size;
    }
    int64_t position;
    if (!sgi_add(base, delta, &position) || position < 0)
        return SG_WASI_INVAL;
    fd->position = (uint64_t)position;
    sgi_p1_put(p, to, fd->position, 8);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_fd_seek(P1 *p, const Slot *a) {
    /* Not moving is telling. */
    bool tells = a[1].s64 == 0 && a[2].u32 == 1;
    return seek(p, a[0].u32, a[1].s64, a[2].u32, tells ? RIGHT(FD_TELL) : RIGHT(FD_SEEK), a[3].u32);
}

sg_wasi_errno sgi_p1_fd_tell(P1 *p, const Slot *a) {
    return seek(p, a[0].u32, 0, 1, RIGHT(FD_TELL), a[1].u32);
}

static sg_wasi_errno sync_file(P1 *p, uint32_t number, uint64_t right, bool data_only) {
    P1Fd *fd;
    sg_wasi_errno error;
    P1_TRY(sgi_p1_file(p, number, right, &fd));
    P1_TRAP(sgi_file_sync(fd->file, data_only, &error));
    return error;
}

sg_wasi_errno sgi_p1_fd_sync(P1 *p, const Slot *a) {
    return sync_file(p, a[0].u32, RIGHT(FD_SYNC), false);
}

sg_wasi_errno sgi_p1_fd_datasync(P1 *p, const Slot *a) {
    return sync_file(p, a[0].u32, RIGHT(FD_DATASYNC), true);
}

/* ---- directories ---- */

/* As much of an entry as fits. */
static void put_entry(P1 *p, uint8_t *to, uint32_t size, const OsEntry *entry) {
    enum { DIRENT_SIZE = 24 };
    const struct {
        uint64_t next, inode;
        uint32_t name_size;
        uint8_t type, padding[3];
    } head = {entry->next, entry->inode, (uint32_t)entry->name.size, sgi_p1_filetype(entry->type), {0}};
    _Static_assert(sizeof head == DIRENT_SIZE, "$dirent");
    (void)p;
    memcpy(to, &head, size < DIRENT_SIZE ? size : DIRENT_SIZE);
    if (size > DIRENT_SIZE) {
        size -= DIRENT_SIZE;
        memcpy(to + DIRENT_SIZE, entry->name.data, size < entry->name.size ? size : entry->name.size);
    }
}

sg_wasi_errno sgi_p1_fd_readdir(P1 *p, const Slot *a) {
    enum { DIRENT_SIZE = 24 };
    P1Fd *fd;
    uint8_t *to, *used_at;
    uint32_t size = a[2].u32, used = 0;
    uint64_t cookie = a[3].u64;
    P1_TRY(sgi_p1_dir(p, a[0].u32, RIGHT(FD_READDIR), &fd));
    P1_AT(to, a[1].u32, size, 1);
    P1_AT(used_at, a[4].u32, 4, 4);
    while (used < size) {
        OsEntry entry;
        sg_wasi_errno error = sgi_file_next_entry(fd->file, cookie, &entry);
        if (error == SG_WASI_NOENT)
            break;
        P1_TRY(error);
        uint64_t whole = DIRENT_SIZE + entry.name.size;
        uint32_t fits = whole < size - used ? (uint32_t)whole : size - used;
        P1_TRAP(sgi_p1_pay(p, fits));
        put_entry(p, to + used, fits, &entry);
        used += fits;
        cookie = entry.next;
    }
    sgi_p1_put(p, used_at, used, 4);
    return SG_WASI_SUCCESS;
}
