/* Streams over files, for 0.2: from an offset on, or at the end. */
#include "wasi/file.h"

typedef struct FileStream {
    WasiStream stream; /* first */
    WasiFile *file;    /* one reference */
    uint64_t offset;
    unsigned flags; /* OS_WRITE_… */
} FileStream;

static void destroy(WasiObject *self) {
    sgi_wasi_release(&((FileStream *)(void *)self)->file->object);
}

static int descriptor_of(void *context) {
    return ((FileStream *)context)->file->fd;
}

/* A FIFO that nobody has opened to write reads as if it were at its end, but is not ready. */
static bool is_pending(const WasiFile *file) {
    OsPoll item = {.fd = file->fd, .asked = OS_POLL_READ};
    return file->type == OS_FILE_FIFO && sgi_os_poll(&item, 1, 0) == 0 && item.found == 0;
}

static sg_wasi_errno read_file(void *context, void *buffer, size_t size, size_t *count) {
    FileStream *self = context;
    sg_wasi_errno error = sgi_file_read_now(self->file, buffer, size, self->offset, count);
    self->offset += *count;
    return error == SG_WASI_SUCCESS && *count == 0 && is_pending(self->file) ? SG_WASI_AGAIN : error;
}

static sg_wasi_errno write_file(void *context, const void *data, size_t size, size_t *count) {
    FileStream *self = context;
    sg_wasi_errno error = sgi_file_write_now(self->file, data, size, self->offset, self->flags, count);
    self->offset += *count;
    return error;
}

WasiStream *sgi_file_stream_new(WasiFile *file, WasiKind kind, uint64_t offset, bool appends) {
    sg_wasi_stream ops = {.size = sizeof ops, .read = read_file, .write = write_file};
    FileStream *self = sgi_wasi_stream_new(file->object.state, kind, sizeof *self, &ops, destroy);
    if (self == NULL)
        return NULL;
    self->stream.ops.context = self;
    self->stream.ops.descriptor = sgi_file_has_offset(file) ? NULL : descriptor_of;
    self->file = file;
    self->offset = offset;
    self->flags = file->write_flags | (appends ? (unsigned)OS_WRITE_APPEND : 0);
    sgi_wasi_retain(&file->object);
    return &self->stream;
}
