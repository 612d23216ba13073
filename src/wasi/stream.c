/* Streams of bytes. A stream's functions never wait; whoever wants to wait does so here, for its descriptor.
 */
#include "wasi/internal.h"

/* ---- streams that a descriptor of the process is ---- */

static sg_wasi_errno read_fd(void *context, void *buffer, size_t size, size_t *count) {
    return sgi_wasi_errno(sgi_os_stream_read(((WasiStream *)context)->fd, buffer, size, count));
}

static sg_wasi_errno write_fd(void *context, const void *data, size_t size, size_t *count) {
    return sgi_wasi_errno(sgi_os_stream_write(((WasiStream *)context)->fd, data, size, count));
}

static int descriptor_of(void *context) {
    return ((WasiStream *)context)->fd;
}

void sgi_wasi_stream_use(WasiStream *stream, int fd) {
    stream->fd = fd;
    stream->ops = (sg_wasi_stream){.size = sizeof stream->ops,
                                   .context = stream,
                                   .read = read_fd,
                                   .write = write_fd,
                                   .descriptor = sgi_os_may_wait(fd) ? descriptor_of : NULL,
                                   .is_terminal = sgi_os_is_terminal(fd)};
}

WasiStream *sgi_wasi_stdio(WasiState *state, sg_wasi_stdio which) {
    if (state->stdio[which])
        return state->stdio[which];
    WasiStream *stream =
        sgi_wasi_stream_new(state, which == SG_WASI_STDIN ? WASI_INPUT_STREAM : WASI_OUTPUT_STREAM,
                            sizeof *stream, &state->grants.stdio[which], NULL);
    if (stream == NULL)
        return NULL;
    stream->is_stdio = true;
    if (state->grants.inherits_stdio[which])
        sgi_wasi_stream_use(stream, (int)which);
    return state->stdio[which] = stream;
}

/* ---- any stream ---- */

void *sgi_wasi_stream_new(WasiState *state, WasiKind kind, size_t size, const sg_wasi_stream *ops,
                          void (*destroy)(WasiObject *self)) {
    WasiStream *stream = sgi_wasi_object_new(state, kind, size, destroy);
    if (stream) {
        stream->ops = *ops;
        stream->fd = -1;
    }
    return stream;
}

int sgi_wasi_stream_descriptor(const WasiStream *stream) {
    return stream->ops.descriptor ? stream->ops.descriptor(stream->ops.context) : -1;
}

/* After SG_WASI_AGAIN. */
static sg_trap wait_for(WasiStream *stream, bool is_write, sg_wasi_errno *error) {
    WasiWait wait = {.fd = sgi_wasi_stream_descriptor(stream), .is_write = is_write};
    if (wait.fd >= 0)
        return sgi_wasi_wait(stream->object.state, &wait, 1);
    *error = SG_WASI_IO; /* it said that it never makes anybody wait */
    return SG_TRAP_NONE;
}

sg_trap sgi_wasi_stream_read(WasiStream *stream, void *buffer, size_t size, bool waits, size_t *count,
                             sg_wasi_errno *error) {
    *count = 0;
    *error = SG_WASI_SUCCESS;
    if (stream->ops.read == NULL || size == 0)
        return SG_TRAP_NONE;
    for (;;) {
        *error = stream->ops.read(stream->ops.context, buffer, size, count);
        if (*error == SG_WASI_SUCCESS && *count > size)
            *error = SG_WASI_IO; /* an embedder's mistake must not become memory that is none */
        if (*error != SG_WASI_SUCCESS)
            *count = 0;
        if (*error != SG_WASI_AGAIN || !waits)
            return SG_TRAP_NONE;
        sg_trap trap = wait_for(stream, false, error);
        if (trap != SG_TRAP_NONE || *error == SG_WASI_IO)
            return trap;
    }
}

sg_trap sgi_wasi_stream_write(WasiStream *stream, const void *data, size_t size, bool waits, size_t *count,
                              sg_wasi_errno *error) {
    const uint8_t *from = data;
    *count = stream->ops.write ? 0 : size;
    *error = SG_WASI_SUCCESS;
    while (*count < size) {
        size_t left = size - *count, piece = left < STREAM_PIECE_FREE ? left : STREAM_PIECE_FREE, put = 0;
        *error = stream->ops.write(stream->ops.context, from + *count, piece, &put);
        if (*error == SG_WASI_SUCCESS && (put == 0 || put > piece))
            *error = SG_WASI_IO;
        if (*error == SG_WASI_SUCCESS)
            *count += put;
        if (*error == SG_WASI_PIPE && stream->is_stdio && stream->object.state->grants.exits_on_closed_pipe)
            return sgi_wasi_exit(stream->object.state, 128 + 13 /* SIGPIPE, as shells tell */);
        if (!waits || (*error != SG_WASI_SUCCESS && *error != SG_WASI_AGAIN))
            return SG_TRAP_NONE;
        sg_trap trap = *error == SG_WASI_AGAIN ? wait_for(stream, true, error)
                                               : sgi_poll(&stream->object.state->store->cx);
        if (trap != SG_TRAP_NONE || *error == SG_WASI_IO)
            return trap;
    }
    return SG_TRAP_NONE;
}
