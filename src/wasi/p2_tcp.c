/* WASI 0.2: wasi:sockets/tcp and tcp-create-socket. What the specification starts and finishes is done when
 * it starts, but for connecting; the outcome waits for the finish. */
#include "wasi/p2_sockets.h"

typedef enum TcpStage {
    TCP_UNBOUND,
    TCP_BINDING,
    TCP_BOUND,
    TCP_STARTS_LISTENING,
    TCP_LISTENING,
    TCP_CONNECTING,
    TCP_CONNECTED,
    TCP_CLOSED,
} TcpStage;

static const uint64_t second_ns = 1000000000;

static WasiSocket *self_of(const P2Call *call) {
    return sgi_p2_object(&call->arguments[0]);
}

static sg_status create_tcp_socket(P2Call *call) {
    bool is_v6 = sgi_p2_is(call->arguments[0].of.enumeration, "ipv6");
    WasiSocket *socket;
    sg_wasi_errno error = sgi_wasi_socket_new(call->state, false, is_v6, &socket);
    if (error != SG_WASI_SUCCESS)
        return sgi_p2_net_error(call, error);
    sg_value own = sgi_p2_own(socket);
    return sgi_p2_ok(call, &own);
}

/* Something else is going on, or the socket is past it. */
static sg_status wrong_stage(const P2Call *call, const WasiSocket *socket) {
    switch ((TcpStage)socket->stage) {
    case TCP_BINDING:
    case TCP_STARTS_LISTENING:
    case TCP_CONNECTING: return sgi_p2_net_error(call, SG_WASI_ALREADY);
    default: return sgi_p2_net_fail(call, "invalid-state");
    }
}

static sg_status start_bind(P2Call *call) {
    WasiSocket *socket = self_of(call);
    sg_address address = sgi_p2_read_address(&call->arguments[2]);
    if (socket->stage != TCP_UNBOUND)
        return wrong_stage(call, socket);
    sg_wasi_errno error = sgi_wasi_socket_bind(socket, &address);
    if (error == SG_WASI_SUCCESS)
        socket->stage = TCP_BINDING;
    return sgi_p2_net_done(call, error);
}

static sg_status finish(P2Call *call, TcpStage from, TcpStage to) {
    WasiSocket *socket = self_of(call);
    if (socket->stage != from)
        return sgi_p2_net_fail(call, "not-in-progress");
    socket->stage = (uint8_t)to;
    return sgi_p2_ok(call, NULL);
}

static sg_status finish_bind(P2Call *call) {
    return finish(call, TCP_BINDING, TCP_BOUND);
}

static sg_status start_connect(P2Call *call) {
    WasiSocket *socket = self_of(call);
    sg_address address = sgi_p2_read_address(&call->arguments[2]);
    if (socket->stage != TCP_UNBOUND && socket->stage != TCP_BOUND)
        return wrong_stage(call, socket);
    sg_wasi_errno error = sgi_wasi_socket_connect(socket, &address);
    if (error == SG_WASI_INVAL || error == SG_WASI_NOTCAPABLE)
        return sgi_p2_net_error(call, error);
    socket->stage = TCP_CONNECTING;
    socket->outcome = error;
    return sgi_p2_ok(call, NULL);
}

static sg_status give_streams(const P2Call *call, WasiSocket *socket, WasiSocket *accepted) {
    WasiStream *input, *output;
    if (sgi_wasi_socket_streams(socket, &input, &output) != SG_WASI_SUCCESS) {
        if (accepted)
            sgi_wasi_release(&accepted->object);
        return sgi_p2_no_memory(call);
    }
    sg_value items[] = {sgi_p2_own(accepted), sgi_p2_own(input), sgi_p2_own(output)};
    return accepted ? sgi_p2_give_tuple(call, items, 3) : sgi_p2_give_tuple(call, items + 1, 2);
}

static sg_status finish_connect(P2Call *call) {
    WasiSocket *socket = self_of(call);
    if (socket->stage != TCP_CONNECTING)
        return sgi_p2_net_fail(call, "not-in-progress");
    sg_wasi_errno error = socket->outcome;
    if (error == SG_WASI_INPROGRESS)
        error = sgi_wasi_socket_connected(socket);
    if (error == SG_WASI_AGAIN)
        return sgi_p2_net_error(call, error);
    socket->stage = error == SG_WASI_SUCCESS ? TCP_CONNECTED : TCP_CLOSED;
    return error == SG_WASI_SUCCESS ? give_streams(call, socket, NULL) : sgi_p2_net_error(call, error);
}

static sg_status start_listen(P2Call *call) {
    WasiSocket *socket = self_of(call);
    if (socket->stage != TCP_BOUND)
        return wrong_stage(call, socket);
    sg_wasi_errno error = sgi_wasi_socket_listen(socket);
    if (error == SG_WASI_SUCCESS)
        socket->stage = TCP_STARTS_LISTENING;
    return sgi_p2_net_done(call, error);
}

static sg_status finish_listen(P2Call *call) {
    return finish(call, TCP_STARTS_LISTENING, TCP_LISTENING);
}

static sg_status accept(P2Call *call) {
    WasiSocket *socket = self_of(call), *accepted;
    if (socket->stage != TCP_LISTENING)
        return sgi_p2_net_fail(call, "invalid-state");
    sg_wasi_errno error = sgi_wasi_socket_accept(socket, &accepted);
    if (error != SG_WASI_SUCCESS)
        return sgi_p2_net_error(call, error);
    accepted->stage = TCP_CONNECTED;
    return give_streams(call, accepted, accepted);
}

static sg_status local_address(P2Call *call) {
    const WasiSocket *socket = self_of(call);
    if (socket->stage == TCP_UNBOUND || socket->stage == TCP_BINDING || socket->stage == TCP_CLOSED)
        return sgi_p2_net_fail(call, "invalid-state");
    return sgi_p2_give_address(call, socket, false);
}

static sg_status remote_address(P2Call *call) {
    const WasiSocket *socket = self_of(call);
    if (socket->stage != TCP_CONNECTED)
        return sgi_p2_net_fail(call, "invalid-state");
    return sgi_p2_give_address(call, socket, true);
}

static sg_status is_listening(P2Call *call) {
    *call->result = (sg_value){.kind = SG_BOOL, .of.boolean = self_of(call)->stage == TCP_LISTENING};
    return SG_OK;
}

static sg_status address_family(P2Call *call) {
    *call->result = sgi_p2_family(self_of(call)->is_v6);
    return SG_OK;
}

static sg_status set_listen_backlog_size(P2Call *call) {
    WasiSocket *socket = self_of(call);
    uint64_t size = call->arguments[1].of.u64;
    if (size == 0)
        return sgi_p2_net_error(call, SG_WASI_INVAL);
    if (socket->stage == TCP_CONNECTING || socket->stage == TCP_CONNECTED || socket->stage == TCP_CLOSED)
        return sgi_p2_net_fail(call, "invalid-state");
    socket->backlog = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
    return sgi_p2_net_done(call,
                           socket->stage == TCP_LISTENING ? sgi_wasi_socket_listen(socket) : SG_WASI_SUCCESS);
}

static sg_status keep_alive_enabled(P2Call *call) {
    return sgi_p2_option_get(call, OS_KEEP_ALIVE, SG_BOOL, 1);
}

static sg_status set_keep_alive_enabled(P2Call *call) {
    const WasiSocket *socket = self_of(call);
    return sgi_p2_net_done(call, sgi_wasi_errno(sgi_os_socket_set(socket->fd, socket->is_v6, OS_KEEP_ALIVE,
                                                                  call->arguments[1].of.boolean)));
}

static sg_status keep_alive_idle_time(P2Call *call) {
    return sgi_p2_option_get(call, OS_KEEP_ALIVE_IDLE, SG_U64, second_ns);
}

static sg_status set_keep_alive_idle_time(P2Call *call) {
    return sgi_p2_option_set(call, OS_KEEP_ALIVE_IDLE, call->arguments[1].of.u64, second_ns);
}

static sg_status keep_alive_interval(P2Call *call) {
    return sgi_p2_option_get(call, OS_KEEP_ALIVE_INTERVAL, SG_U64, second_ns);
}

static sg_status set_keep_alive_interval(P2Call *call) {
    return sgi_p2_option_set(call, OS_KEEP_ALIVE_INTERVAL, call->arguments[1].of.u64, second_ns);
}

static sg_status keep_alive_count(P2Call *call) {
    return sgi_p2_option_get(call, OS_KEEP_ALIVE_COUNT, SG_U32, 1);
}

static sg_status set_keep_alive_count(P2Call *call) {
    return sgi_p2_option_set(call, OS_KEEP_ALIVE_COUNT, call->arguments[1].of.u32, 1);
}

static void ask_socket(const WasiPollable *self, WasiWait *wait) {
    const WasiSocket *socket = (const WasiSocket *)(const void *)self->subject;
    bool connects = socket->stage == TCP_CONNECTING && socket->outcome == SG_WASI_INPROGRESS;
    wait->is_ready = !connects && socket->stage != TCP_LISTENING;
    wait->fd = socket->fd;
    wait->is_write = connects;
}

static sg_status subscribe(P2Call *call) {
    return sgi_p2_subscribe(call, sgi_p2_object(&call->arguments[0]), ask_socket);
}

static sg_status shutdown(P2Call *call) {
    WasiSocket *socket = self_of(call);
    sg_string how = call->arguments[1].of.enumeration;
    bool is_both = sgi_p2_is(how, "both");
    if (socket->stage != TCP_CONNECTED)
        return sgi_p2_net_fail(call, "invalid-state");
    return sgi_p2_net_done(call, sgi_wasi_socket_shutdown(socket, is_both || sgi_p2_is(how, "receive"),
                                                          is_both || sgi_p2_is(how, "send")));
}

#define SELF      "borrow<tcp-socket>"
#define DONE      P2_NET_RESULT("_")
#define STREAMS   "own<input-stream>,own<output-stream>"
#define GET(type) "(" SELF ")->" P2_NET_RESULT(type)
#define SET(type) "(" SELF "," type ")->" DONE

static const P2Func create_funcs[] = {
    {"create-tcp-socket", "(" P2_FAMILY ")->" P2_NET_RESULT("own<tcp-socket>"), create_tcp_socket},
};

static const P2Func funcs[] = {
    {"[method]tcp-socket.start-bind", "(" SELF ",borrow<network>," P2_ADDRESS ")->" DONE, start_bind},
    {"[method]tcp-socket.finish-bind", "(" SELF ")->" DONE, finish_bind},
    {"[method]tcp-socket.start-connect", "(" SELF ",borrow<network>," P2_ADDRESS ")->" DONE, start_connect},
    {"[method]tcp-socket.finish-connect", GET("tuple<" STREAMS ">"), finish_connect},
    {"[method]tcp-socket.start-listen", "(" SELF ")->" DONE, start_listen},
    {"[method]tcp-socket.finish-listen", "(" SELF ")->" DONE, finish_listen},
    {"[method]tcp-socket.accept", GET("tuple<own<tcp-socket>," STREAMS ">"), accept},
    {"[method]tcp-socket.local-address", GET(P2_ADDRESS), local_address},
    {"[method]tcp-socket.remote-address", GET(P2_ADDRESS), remote_address},
    {"[method]tcp-socket.is-listening", "(" SELF ")->bool", is_listening},
    {"[method]tcp-socket.address-family", "(" SELF ")->" P2_FAMILY, address_family},
    {"[method]tcp-socket.set-listen-backlog-size", SET("u64"), set_listen_backlog_size},
    {"[method]tcp-socket.keep-alive-enabled", GET("bool"), keep_alive_enabled},
    {"[method]tcp-socket.set-keep-alive-enabled", SET("bool"), set_keep_alive_enabled},
    {"[method]tcp-socket.keep-alive-idle-time", GET("u64"), keep_alive_idle_time},
    {"[method]tcp-socket.set-keep-alive-idle-time", SET("u64"), set_keep_alive_idle_time},
    {"[method]tcp-socket.keep-alive-interval", GET("u64"), keep_alive_interval},
    {"[method]tcp-socket.set-keep-alive-interval", SET("u64"), set_keep_alive_interval},
    {"[method]tcp-socket.keep-alive-count", GET("u32"), keep_alive_count},
    {"[method]tcp-socket.set-keep-alive-count", SET("u32"), set_keep_alive_count},
    {"[method]tcp-socket.hop-limit", GET("u8"), sgi_p2_hop_limit},
    {"[method]tcp-socket.set-hop-limit", SET("u8"), sgi_p2_set_hop_limit},
    {"[method]tcp-socket.receive-buffer-size", GET("u64"), sgi_p2_receive_buffer_size},
    {"[method]tcp-socket.set-receive-buffer-size", SET("u64"), sgi_p2_set_receive_buffer_size},
    {"[method]tcp-socket.send-buffer-size", GET("u64"), sgi_p2_send_buffer_size},
    {"[method]tcp-socket.set-send-buffer-size", SET("u64"), sgi_p2_set_send_buffer_size},
    {"[method]tcp-socket.subscribe", "(" SELF ")->own<pollable>", subscribe},
    {"[method]tcp-socket.shutdown", SET("enum{receive,send,both}"), shutdown},
};

const P2Interface sgi_p2_tcp[] = {
    P2_INTERFACE("wasi:sockets/tcp@0.2.12", funcs, "tcp-socket"),
    P2_INTERFACE("wasi:sockets/tcp-create-socket@0.2.12", create_funcs, NULL),
};
const size_t sgi_p2_tcp_count = SGI_COUNT(sgi_p2_tcp);
