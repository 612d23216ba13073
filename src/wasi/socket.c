/* Sockets of TCP and UDP: what the rules allow is done by the system, or by the embedder's functions in its
 * place. Nothing here waits. */
#include "wasi/network.h"

#include <errno.h>
#include <string.h>

enum { BACKLOG_DEFAULT = 128 };

static const sg_wasi_network *network_of(const WasiSocket *socket) {
    return &socket->object.state->grants.network;
}

static bool is_udp(const WasiSocket *socket) {
    return socket->object.kind == WASI_UDP_SOCKET;
}

/* Room for one more in the store's limits. */
static bool count_socket(WasiState *state) {
    if (!sgi_counter_add(&state->sockets, 1))
        return false;
    if (sgi_counter_add(&state->descriptors, 1))
        return true;
    sgi_counter_sub(&state->sockets, 1);
    return false;
}

static void uncount_socket(WasiState *state) {
    sgi_counter_sub(&state->sockets, 1);
    sgi_counter_sub(&state->descriptors, 1);
}

static void socket_destroy(WasiObject *self) {
    WasiSocket *socket = (WasiSocket *)(void *)self;
    sgi_os_socket_close(socket->fd);
    sgi_free(&self->state->store->alloc, socket->heard, HEARD_MAX * sizeof *socket->heard);
    uncount_socket(self->state);
}

/* `fd` is open and counted: it ends here if there is no memory for its socket. */
static sg_wasi_errno adopt(WasiState *state, bool of_udp, bool is_v6, int fd, WasiSocket **socket) {
    WasiSocket *made =
        sgi_wasi_object_new(state, of_udp ? WASI_UDP_SOCKET : WASI_TCP_SOCKET, sizeof *made, socket_destroy);
    if (made == NULL) {
        sgi_os_socket_close(fd);
        uncount_socket(state);
        return SG_WASI_NOMEM;
    }
    made->fd = fd;
    made->is_v6 = is_v6;
    made->backlog = BACKLOG_DEFAULT;
    *socket = made;
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_wasi_socket_new(WasiState *state, bool of_udp, bool is_v6, WasiSocket **socket) {
    const sg_wasi_network *network = &state->grants.network;
    if (!sgi_wasi_may_use(state, of_udp))
        return SG_WASI_NOTCAPABLE;
    if (!count_socket(state))
        return SG_WASI_MFILE;
    int fd = -1;
    sg_wasi_errno error = network->open ? network->open(network->context, of_udp, is_v6, &fd)
                                        : sgi_wasi_errno(sgi_os_socket_new(of_udp, is_v6, &fd));
    if (error != SG_WASI_SUCCESS) {
        uncount_socket(state);
        return error;
    }
    return adopt(state, of_udp, is_v6, fd, socket);
}

/* --- addresses --- */

static bool is_zero(const sg_address *address) {
    static const uint8_t zeros[16];
    return memcmp(address->bytes, zeros, address->is_v6 ? 16 : 4) == 0;
}

bool sgi_wasi_is_v4_in_v6(const sg_address *address) {
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return address->is_v6 && memcmp(address->bytes, prefix, sizeof prefix) == 0;
}

/* Multicast and broadcast are not: only datagrams may go there, where a rule says so. */
static bool is_unicast(const sg_address *address) {
    static const uint8_t broadcast[4] = {255, 255, 255, 255};
    if (address->is_v6)
        return address->bytes[0] != 0xff;
    return address->bytes[0] >> 4 != 14 && memcmp(address->bytes, broadcast, 4) != 0;
}

static bool is_usable(const WasiSocket *socket, const sg_address *address) {
    return socket->is_v6 == address->is_v6 && (is_udp(socket) || is_unicast(address)) &&
           !sgi_wasi_is_v4_in_v6(address);
}

static bool is_destination(const WasiSocket *socket, const sg_address *address) {
    return is_usable(socket, address) && !is_zero(address) && address->port != 0;
}

/* --- operations --- */

sg_wasi_errno sgi_wasi_socket_bind(WasiSocket *socket, const sg_address *address) {
    const sg_wasi_network *network = network_of(socket);
    const WasiState *state = socket->object.state;
    if (!is_usable(socket, address))
        return SG_WASI_INVAL;
    bool hears_all = is_udp(socket) && sgi_wasi_allows(state, SG_WASI_UDP_RECEIVE, address);
    if (hears_all && socket->heard == NULL) {
        Alloc *alloc = &state->store->alloc;
        socket->heard = sgi_alloc(alloc, HEARD_MAX * sizeof *socket->heard);
        if (socket->heard == NULL)
            return SG_WASI_NOMEM;
    }
    socket->listens = hears_all;
    /* Any port will do: nobody knows it, and what listens there is asked for again. */
    if (address->port != 0 && !socket->listens &&
        (is_udp(socket) || !sgi_wasi_allows(state, SG_WASI_TCP_LISTEN, address)))
        return SG_WASI_NOTCAPABLE;
    return network->bind ? network->bind(network->context, socket->fd, address)
                         : sgi_wasi_errno(sgi_os_socket_bind(socket->fd, address));
}

sg_wasi_errno sgi_wasi_socket_connect(WasiSocket *socket, const sg_address *address) {
    const sg_wasi_network *network = network_of(socket);
    if (!is_destination(socket, address))
        return SG_WASI_INVAL;
    if (!sgi_wasi_allows(socket->object.state, SG_WASI_TCP_CONNECT, address))
        return SG_WASI_NOTCAPABLE;
    if (network->connect)
        return network->connect(network->context, socket->fd, address);
    int code = sgi_os_socket_connect(socket->fd, address);
    return code == EADDRNOTAVAIL ? SG_WASI_ADDRINUSE /* no port left for this end */ : sgi_wasi_errno(code);
}

sg_wasi_errno sgi_wasi_socket_connected(WasiSocket *socket) {
    OsPoll item = {.fd = socket->fd, .asked = OS_POLL_WRITE};
    int code = sgi_os_poll(&item, 1, 0);
    if (code != 0)
        return sgi_wasi_errno(code);
    return item.found ? sgi_wasi_errno(sgi_os_socket_error(socket->fd)) : SG_WASI_AGAIN;
}

sg_wasi_errno sgi_wasi_socket_address(const WasiSocket *socket, bool of_peer, sg_address *address) {
    const sg_wasi_network *network = network_of(socket);
    *address = (sg_address){0};
    if (network->address) {
        sg_wasi_errno error = network->address(network->context, socket->fd, of_peer, address);
        return error == SG_WASI_SUCCESS && address->is_v6 != socket->is_v6 ? SG_WASI_IO : error;
    }
    return sgi_wasi_errno(of_peer ? sgi_os_socket_remote(socket->fd, address)
                                  : sgi_os_socket_local(socket->fd, address));
}

sg_wasi_errno sgi_wasi_socket_listen(WasiSocket *socket) {
    const sg_wasi_network *network = network_of(socket);
    sg_address local;
    sg_wasi_errno error = sgi_wasi_socket_address(socket, false, &local);
    if (error != SG_WASI_SUCCESS)
        return error;
    if (!sgi_wasi_allows(socket->object.state, SG_WASI_TCP_LISTEN, &local))
        return SG_WASI_NOTCAPABLE;
    return network->listen ? network->listen(network->context, socket->fd, socket->backlog)
                           : sgi_wasi_errno(sgi_os_socket_listen(socket->fd, socket->backlog));
}

sg_wasi_errno sgi_wasi_socket_accept(WasiSocket *socket, WasiSocket **accepted) {
    const sg_wasi_network *network = network_of(socket);
    WasiState *state = socket->object.state;
    if (!count_socket(state))
        return SG_WASI_MFILE;
    int fd = -1;
    sg_address remote;
    sg_wasi_errno error = network->accept ? network->accept(network->context, socket->fd, &fd)
                                          : sgi_wasi_errno(sgi_os_socket_accept(socket->fd, &fd, &remote));
    if (error != SG_WASI_SUCCESS) {
        uncount_socket(state);
        return error;
    }
    return adopt(state, false, socket->is_v6, fd, accepted);
}

sg_wasi_errno sgi_wasi_socket_shutdown(WasiSocket *socket, bool receiving, bool sending) {
    socket->is_receiving_over |= receiving;
    socket->is_sending_over |= sending;
    return sgi_wasi_errno(sgi_os_socket_shutdown(socket->fd, receiving, sending));
}

/* --- streams of TCP --- */

typedef struct SocketStream {
    WasiStream stream;
    WasiSocket *socket;
} SocketStream;

static sg_wasi_errno stream_read(void *context, void *buffer, size_t size, size_t *count) {
    WasiSocket *socket = context;
    *count = 0;
    return socket->is_receiving_over ? SG_WASI_SUCCESS
                                     : sgi_wasi_errno(sgi_os_stream_read(socket->fd, buffer, size, count));
}

static sg_wasi_errno stream_write(void *context, const void *data, size_t size, size_t *count) {
    WasiSocket *socket = context;
    *count = 0;
    return socket->is_sending_over ? SG_WASI_PIPE
                                   : sgi_wasi_errno(sgi_os_stream_write(socket->fd, data, size, count));
}

static int stream_descriptor(void *context) {
    return ((const WasiSocket *)context)->fd;
}

static void stream_destroy(WasiObject *self) {
    sgi_wasi_release(&((SocketStream *)(void *)self)->socket->object);
}

static WasiStream *stream_of(WasiSocket *socket, WasiKind kind) {
    const sg_wasi_stream ops = {.size = sizeof ops,
                                .context = socket,
                                .read = stream_read,
                                .write = stream_write,
                                .descriptor = stream_descriptor};
    SocketStream *made = sgi_wasi_stream_new(socket->object.state, kind, sizeof *made, &ops, stream_destroy);
    if (made == NULL)
        return NULL;
    made->socket = socket;
    sgi_wasi_retain(&socket->object);
    return &made->stream;
}

sg_wasi_errno sgi_wasi_socket_streams(WasiSocket *socket, WasiStream **input, WasiStream **output) {
    *input = stream_of(socket, WASI_INPUT_STREAM);
    *output = *input ? stream_of(socket, WASI_OUTPUT_STREAM) : NULL;
    if (*output)
        return SG_WASI_SUCCESS;
    if (*input)
        sgi_wasi_release(&(*input)->object);
    return SG_WASI_NOMEM;
}

/* --- datagrams --- */

static sg_wasi_errno connect_datagrams(const WasiSocket *socket, const sg_address *remote) {
    const sg_wasi_network *network = network_of(socket);
    return network->connect ? network->connect(network->context, socket->fd, remote)
                            : sgi_wasi_errno(sgi_os_socket_connect(socket->fd, remote));
}

sg_wasi_errno sgi_wasi_socket_pair(WasiSocket *socket, const sg_address *remote) {
    if (remote && !is_destination(socket, remote))
        return SG_WASI_INVAL;
    if (remote && !sgi_wasi_allows(socket->object.state, SG_WASI_UDP_SEND, remote))
        return SG_WASI_NOTCAPABLE;
    if (socket->has_remote) {
        sg_wasi_errno error = connect_datagrams(socket, NULL);
        if (error != SG_WASI_SUCCESS)
            return error;
        socket->has_remote = false;
    }
    if (remote == NULL)
        return SG_WASI_SUCCESS;
    sg_wasi_errno error = connect_datagrams(socket, remote);
    socket->has_remote = error == SG_WASI_SUCCESS;
    return error;
}

static bool is_same_peer(const sg_address *a, const sg_address *b) {
    return a->is_v6 == b->is_v6 && a->port == b->port && memcmp(a->bytes, b->bytes, a->is_v6 ? 16 : 4) == 0;
}

static bool was_heard(const WasiSocket *socket, const sg_address *peer) {
    uint32_t known = socket->heard_count < HEARD_MAX ? socket->heard_count : HEARD_MAX;
    for (uint32_t i = 0; i < known; i++)
        if (is_same_peer(&socket->heard[i], peer))
            return true;
    return false;
}

bool sgi_wasi_socket_hears(WasiSocket *socket, const sg_address *sender) {
    if (!socket->listens)
        return socket->has_remote || sgi_wasi_allows(socket->object.state, SG_WASI_UDP_SEND, sender);
    if (!was_heard(socket, sender))
        socket->heard[socket->heard_count++ % HEARD_MAX] = *sender;
    if (socket->heard_count == 2 * HEARD_MAX)
        socket->heard_count = HEARD_MAX;
    return true;
}

sg_wasi_errno sgi_wasi_socket_send(WasiSocket *socket, const void *data, size_t size,
                                   const sg_address *remote) {
    if (remote && !is_destination(socket, remote))
        return SG_WASI_INVAL;
    if (remote && !was_heard(socket, remote) &&
        !sgi_wasi_allows(socket->object.state, SG_WASI_UDP_SEND, remote))
        return SG_WASI_NOTCAPABLE;
    const sg_wasi_network *network = network_of(socket);
    remote = socket->has_remote ? NULL : remote;
    return network->send ? network->send(network->context, socket->fd, data, size, remote)
                         : sgi_wasi_errno(sgi_os_datagram_send(socket->fd, data, size, remote));
}

sg_wasi_errno sgi_wasi_socket_peek(const WasiSocket *socket, size_t *size) {
    *size = DATAGRAM_SIZE_MAX; /* the embedder's are not known before */
    return network_of(socket)->receive ? SG_WASI_SUCCESS
                                       : sgi_wasi_errno(sgi_os_datagram_size(socket->fd, size));
}

sg_wasi_errno sgi_wasi_socket_receive(const WasiSocket *socket, void *buffer, size_t size, size_t *count,
                                      sg_address *sender) {
    const sg_wasi_network *network = network_of(socket);
    if (network->receive == NULL)
        return sgi_wasi_errno(sgi_os_datagram_receive(socket->fd, buffer, size, count, sender));
    *count = 0;
    *sender = (sg_address){0};
    sg_wasi_errno error = network->receive(network->context, socket->fd, buffer, size, count, sender);
    bool is_odd = *count > size || sender->is_v6 != socket->is_v6;
    return error == SG_WASI_SUCCESS && is_odd ? SG_WASI_IO : error;
}
