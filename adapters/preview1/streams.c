/* Reading and writing, of files and standard streams. */
#include "preview1.h"

typedef struct Iovec {
    Ptr data;
    u32 size;
} Iovec;

static u32 read_piece(Fd *fd, Ptr to, u32 size, u64 offset, u32 *count) {
    List list;
    size = size < PIECE ? size : PIECE;
    if (fd->kind == INPUT) {
        Streamed result;
        stream_read(fd->handle, size, &result);
        *count = 0;
        if (result.is_error)
            return result.as.failure.is_closed ? SUCCESS : stream_errno(&result);
        list = result.as.list;
    } else {
        Content result;
        file_read(fd->handle, size, offset, &result);
        if (result.is_error)
            return errno_of(result.as.error);
        list = result.as.list;
    }
    *count = list.count;
    put(to, list.data, list.count);
    return SUCCESS;
}

static u32 write_piece(Fd *fd, Ptr from, u32 size, u64 offset, u32 *count) {
    enum { STREAM_PIECE = 4096 }; /* what a stream takes at once */
    u32 most = fd->kind == OUTPUT ? STREAM_PIECE : PIECE;
    size = size < most ? size : most;
    const char *data = get_bytes(from, size);
    *count = size;
    if (fd->kind == OUTPUT) {
        Streamed result;
        stream_write(fd->handle, data, size, &result);
        return result.is_error ? stream_errno(&result) : SUCCESS;
    }
    Written result;
    file_write(fd->handle, data, size, offset, &result);
    *count = result.is_error ? 0 : (u32)result.as.size;
    return result.is_error ? errno_of(result.as.error) : SUCCESS;
}

/* Until all is done or a piece is short; an error after the first piece is the next call's. */
static u32 transfer(Fd *fd, Ptr iovs, u32 count, u64 offset, int is_write, Ptr total_at, u32 *total) {
    *total = 0;
    for (u32 i = 0; i < count; i++) {
        Iovec iov;
        get(&iov, iovs + i * 8, 8);
        while (iov.size > 0) {
            u32 piece = 0, wanted = iov.size < PIECE ? iov.size : PIECE;
            heap_begin();
            u32 error = is_write ? write_piece(fd, iov.data, iov.size, offset + *total, &piece)
                                 : read_piece(fd, iov.data, iov.size, offset + *total, &piece);
            if (error && *total == 0)
                return error;
            *total += piece;
            iov.data += piece;
            iov.size -= piece;
            int is_short = fd->kind == INPUT || piece == 0 || (fd->kind == FILE && piece < wanted);
            if (error || is_short) {
                put_u32(total_at, *total);
                return SUCCESS;
            }
        }
    }
    put_u32(total_at, *total);
    return SUCCESS;
}

static u32 end_of_file(const Fd *fd, u64 *end) {
    Statted result;
    file_stat(fd->handle, &result);
    if (result.is_error)
        return errno_of(result.as.error);
    *end = result.as.stat.size;
    return SUCCESS;
}

static u32 transfer_here(u32 number, Ptr iovs, u32 count, int is_write, Ptr total_at) {
    u32 total;
    NEED(fd, number, FREE);
    if (fd->kind == DIRECTORY || fd->kind == (is_write ? INPUT : OUTPUT))
        return BADF;
    if (fd->kind == FILE && is_write && (fd->flags & FDFLAG_APPEND)) {
        u32 error = end_of_file(fd, &fd->position);
        if (error)
            return error;
    }
    u32 error = transfer(fd, iovs, count, fd->position, is_write, total_at, &total);
    if (error == SUCCESS)
        fd->position += total;
    return error;
}

static u32 transfer_at(u32 number, Ptr iovs, u32 count, u64 offset, int is_write, Ptr total_at) {
    u32 total;
    NEED(fd, number, FREE);
    if (fd->kind != FILE)
        return fd->kind == DIRECTORY ? BADF : SPIPE;
    /* In append mode it appends, wherever it says, as on Linux. */
    u32 error = is_write && (fd->flags & FDFLAG_APPEND) ? end_of_file(fd, &offset) : SUCCESS;
    return error ? error : transfer(fd, iovs, count, offset, is_write, total_at, &total);
}

PREVIEW1("fd_read") fd_read(u32 fd, Ptr iovs, u32 count, Ptr total) {
    return transfer_here(fd, iovs, count, 0, total);
}

PREVIEW1("fd_write") fd_write(u32 fd, Ptr iovs, u32 count, Ptr total) {
    return transfer_here(fd, iovs, count, 1, total);
}

PREVIEW1("fd_pread") fd_pread(u32 fd, Ptr iovs, u32 count, u64 offset, Ptr total) {
    return transfer_at(fd, iovs, count, offset, 0, total);
}

PREVIEW1("fd_pwrite") fd_pwrite(u32 fd, Ptr iovs, u32 count, u64 offset, Ptr total) {
    return transfer_at(fd, iovs, count, offset, 1, total);
}

PREVIEW1("fd_seek") fd_seek(u32 number, int64_t offset, u32 whence, Ptr result) {
    enum { SET, CURRENT, END };
    u64 base = 0;
    if (whence > END)
        return INVAL;
    NEED(fd, number, FREE);
    if (fd->kind != FILE)
        return fd->kind == DIRECTORY ? BADF : SPIPE;
    if (whence == END) {
        u32 error = end_of_file(fd, &base);
        if (error)
            return error;
    } else if (whence == CURRENT) {
        base = fd->position;
    }
    if (offset < 0 ? base < -(u64)offset : base > INT64_MAX - (u64)offset)
        return INVAL;
    fd->position = base + (u64)offset;
    put_u64(result, fd->position);
    return SUCCESS;
}

PREVIEW1("fd_tell") fd_tell(u32 number, Ptr result) {
    NEED(fd, number, FREE);
    if (fd->kind != FILE)
        return fd->kind == DIRECTORY ? BADF : SPIPE;
    put_u64(result, fd->position);
    return SUCCESS;
}
