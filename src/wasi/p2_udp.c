/* WASI 0.2: wasi:sockets/udp and udp-create-socket. */
#include "wasi/p2_sockets.h"

#include <string.h>

typedef enum UdpStage { UDP_UNBOUND, UDP_BINDING, UDP_BOUND } UdpStage;

/* How many datagrams one call takes or gives at most. */
enum { DATAGRAMS_MAX = 16 };

/* Either half of what `stream` made; out of order once it was made again. */
typedef struct DatagramStream {
    WasiObject object; /* WASI_INCOMING_DATAGRAMS or WASI_OUTGOING_DATAGRAMS */
    WasiSocket *socket;
    uint32_t generation; /* of socket->streams */
    uint64_t permitted;  /* to be sent by the next call */
} DatagramStream;

static WasiSocket *self_of(const P2Call *call) {
    return sgi_p2_object(&call->arguments[0]);
}

static sg_status create_udp_socket(P2Call *call) {
    bool is_v6 = sgi_p2_is(call->arguments[0].of.enumeration, "ipv6");
    WasiSocket *socket;
    sg_wasi_errno error = sgi_wasi_socket_new(call->state, true, is_v6, &socket);
    if (error != SG_WASI_SUCCESS)
        return sgi_p2_net_error(call, error);
    sg_value own = sgi_p2_own(socket);
    return sgi_p2_ok(call, &own);
}

static sg_status start_bind(P2Call *call) {
    WasiSocket *socket = self_of(call);
    sg_address address = sgi_p2_read_address(&call->arguments[2]);
    if (socket->stage == UDP_BINDING)
        return sgi_p2_net_error(call, SG_WASI_ALREADY);
    if (socket->stage != UDP_UNBOUND)
        return sgi_p2_net_fail(call, "invalid-state");
    sg_wasi_errno error = sgi_wasi_socket_bind(socket, &address);
    if (error == SG_WASI_SUCCESS)
        socket->stage = UDP_BINDING;
    return sgi_p2_net_done(call, error);
}

static sg_status finish_bind(P2Call *call) {
    WasiSocket *socket = self_of(call);
    if (socket->stage != UDP_BINDING)
        return sgi_p2_net_fail(call, "not-in-progress");
    socket->stage = UDP_BOUND;
    return sgi_p2_ok(call, NULL);
}

static void stream_destroy(WasiObject *self) {
    sgi_wasi_release(&((DatagramStream *)(void *)self)->socket->object);
}

static DatagramStream *stream_of(WasiSocket *socket, WasiKind kind) {
    DatagramStream *made = sgi_wasi_object_new(socket->object.state, kind, sizeof *made, stream_destroy);
    if (made == NULL)
        return NULL;
    made->socket = socket;
    made->generation = socket->streams;
    sgi_wasi_retain(&socket->object);
    return made;
}

static sg_status stream(P2Call *call) {
    WasiSocket *socket = self_of(call);
    const sg_value *option = call->arguments[1].of.option;
    sg_address remote = option ? sgi_p2_read_address(option) : (sg_address){0};
    if (socket->stage != UDP_BOUND)
        return sgi_p2_net_fail(call, "invalid-state");
    sg_wasi_errno error = sgi_wasi_socket_pair(socket, option ? &remote : NULL);
    if (error != SG_WASI_SUCCESS)
        return sgi_p2_net_error(call, error);
    socket->streams++;
    DatagramStream *incoming = stream_of(socket, WASI_INCOMING_DATAGRAMS);
    DatagramStream *outgoing = incoming ? stream_of(socket, WASI_OUTGOING_DATAGRAMS) : NULL;
    if (outgoing == NULL) {
        if (incoming)
            sgi_wasi_release(&incoming->object);
        return sgi_p2_no_memory(call);
    }
    return sgi_p2_give_tuple(call, (sg_value[]){sgi_p2_own(incoming), sgi_p2_own(outgoing)}, 2);
}

static sg_status local_address(P2Call *call) {
    const WasiSocket *socket = self_of(call);
    if (socket->stage != UDP_BOUND)
        return sgi_p2_net_fail(call, "invalid-state");
    return sgi_p2_give_address(call, socket, false);
}

static sg_status remote_address(P2Call *call) {
    const WasiSocket *socket = self_of(call);
    if (!socket->has_remote)
        return sgi_p2_net_fail(call, "invalid-state");
    return sgi_p2_give_address(call, socket, true);
}

static sg_status address_family(P2Call *call) {
    *call->result = sgi_p2_family(self_of(call)->is_v6);
    return SG_OK;
}

static void ask_nothing(const WasiPollable *self, WasiWait *wait) {
    (void)self;
    wait->is_ready = true;
}

static sg_status subscribe(P2Call *call) {
    return sgi_p2_subscribe(call, sgi_p2_object(&call->arguments[0]), ask_nothing);
}

/* --- datagrams --- */

static bool is_in_order(const DatagramStream *datagrams) {
    return datagrams->generation == datagrams->socket->streams;
}

/* Takes the next datagram off: *is_taken for the guest, or dropped if it comes from whom no rule names. */
static sg_status receive_next(const P2Call *call, WasiSocket *socket, sg_value *value, bool *is_taken,
                              sg_wasi_errno *error) {
    size_t size, count;
    sg_address sender;
    *is_taken = false;
    *error = sgi_wasi_socket_peek(socket, &size);
    if (*error != SG_WASI_SUCCESS)
        return SG_OK;
    uint8_t *data = sgi_p2_alloc(call, size + 1, 1);
    sg_field *fields = data ? sgi_p2_alloc(call, 2, sizeof *fields) : NULL;
    if (fields == NULL)
        return sgi_p2_no_memory(call);
    *error = sgi_wasi_socket_receive(socket, data, size, &count, &sender);
    if (*error != SG_WASI_SUCCESS || !sgi_wasi_socket_hears(socket, &sender))
        return SG_OK;
    fields[0] = (sg_field){{"data", 4}, {.kind = SG_BYTES, .of.bytes = {data, count}}};
    fields[1].name = (sg_string){"remote-address", 14};
    if (!sgi_p2_write_address(call, &sender, &fields[1].value))
        return sgi_p2_no_memory(call);
    *value = (sg_value){.kind = SG_RECORD, .of.record = {fields, 2}};
    *is_taken = true;
    return SG_OK;
}

static sg_status receive(P2Call *call) {
    DatagramStream *incoming = sgi_p2_object(&call->arguments[0]);
    uint64_t wanted = call->arguments[1].of.u64;
    size_t most = wanted < DATAGRAMS_MAX ? (size_t)wanted : DATAGRAMS_MAX, count = 0;
    if (!is_in_order(incoming))
        return sgi_p2_net_fail(call, "invalid-state");
    sg_value *items = sgi_p2_alloc(call, DATAGRAMS_MAX, sizeof *items);
    if (items == NULL)
        return sgi_p2_no_memory(call);
    for (unsigned tries = 0; count < most && tries < 2 * DATAGRAMS_MAX; tries++) {
        bool is_taken;
        sg_wasi_errno error;
        SGI_TRY(receive_next(call, incoming->socket, &items[count], &is_taken, &error));
        if (error != SG_WASI_SUCCESS) {
            if (error != SG_WASI_AGAIN && count == 0)
                return sgi_p2_net_error(call, error);
            break;
        }
        count += is_taken;
    }
    sg_value list = {.kind = SG_LIST, .of.list = {items, count}};
    return sgi_p2_ok(call, &list);
}

static void ask_readable(const WasiPollable *self, WasiWait *wait) {
    wait->fd = ((const DatagramStream *)(const void *)self->subject)->socket->fd;
}

static sg_status incoming_subscribe(P2Call *call) {
    return sgi_p2_subscribe(call, sgi_p2_object(&call->arguments[0]), ask_readable);
}

static sg_status check_send(P2Call *call) {
    DatagramStream *outgoing = sgi_p2_object(&call->arguments[0]);
    if (!is_in_order(outgoing))
        return sgi_p2_net_fail(call, "invalid-state");
    OsPoll item = {.fd = outgoing->socket->fd, .asked = OS_POLL_WRITE};
    int code = sgi_os_poll(&item, 1, 0);
    if (code != 0)
        return sgi_p2_net_error(call, sgi_wasi_errno(code));
    outgoing->permitted = item.found ? DATAGRAMS_MAX : 0;
    sg_value value = sgi_p2_u64(outgoing->permitted);
    return sgi_p2_ok(call, &value);
}

static sg_wasi_errno send_one(const P2Call *call, WasiSocket *socket, const sg_value *datagram,
                              sg_trap *trap) {
    const sg_value *data = &datagram->of.record.fields[0].value;
    const sg_value *option = datagram->of.record.fields[1].value.of.option;
    sg_address remote = option ? sgi_p2_read_address(option) : (sg_address){0};
    if (!option && !socket->has_remote)
        return SG_WASI_INVAL;
    if (option && socket->has_remote) {
        sg_address peer;
        if (sgi_wasi_socket_address(socket, true, &peer) != SG_WASI_SUCCESS ||
            memcmp(&peer.bytes, &remote.bytes, sizeof peer.bytes) != 0 || peer.port != remote.port)
            return SG_WASI_INVAL;
    }
    *trap = sgi_fuel_charge(&call->store->cx, sgi_fuel_steps(data->of.bytes.size, FUEL_STEP_BYTES));
    if (*trap != SG_TRAP_NONE)
        return SG_WASI_CANCELED;
    if (data->of.bytes.size > DATAGRAM_SIZE_MAX)
        return SG_WASI_MSGSIZE;
    return sgi_wasi_socket_send(socket, data->of.bytes.data, data->of.bytes.size, option ? &remote : NULL);
}

static sg_status send(P2Call *call) {
    DatagramStream *outgoing = sgi_p2_object(&call->arguments[0]);
    const sg_value *datagrams = call->arguments[1].of.list.items;
    size_t count = call->arguments[1].of.list.count, sent = 0;
    if (!is_in_order(outgoing))
        return sgi_p2_net_fail(call, "invalid-state");
    if (count > outgoing->permitted)
        return sgi_fail(call->err, SG_TRAP, SG_NO_OFFSET, "more datagrams sent than check-send permitted",
                        "%s", "");
    outgoing->permitted = 0;
    for (; sent < count; sent++) {
        sg_trap trap = SG_TRAP_NONE;
        sg_wasi_errno error = send_one(call, outgoing->socket, &datagrams[sent], &trap);
        SGI_TRY(sgi_p2_trap(call, trap));
        if (error == SG_WASI_SUCCESS)
            continue;
        if (sent == 0 && error != SG_WASI_AGAIN)
            return sgi_p2_net_error(call, error);
        break;
    }
    sg_value value = sgi_p2_u64(sent);
    return sgi_p2_ok(call, &value);
}

static void ask_writable(const WasiPollable *self, WasiWait *wait) {
    ask_readable(self, wait);
    wait->is_write = true;
}

static sg_status outgoing_subscribe(P2Call *call) {
    return sgi_p2_subscribe(call, sgi_p2_object(&call->arguments[0]), ask_writable);
}

#define SELF      "borrow<udp-socket>"
#define DONE      P2_NET_RESULT("_")
#define GET(type) "(" SELF ")->" P2_NET_RESULT(type)
#define SET(type) "(" SELF "," type ")->" DONE

static const P2Func create_funcs[] = {
    {"create-udp-socket", "(" P2_FAMILY ")->" P2_NET_RESULT("own<udp-socket>"), create_udp_socket},
};

static const P2Func funcs[] = {
    {"[method]udp-socket.start-bind", "(" SELF ",borrow<network>," P2_ADDRESS ")->" DONE, start_bind},
    {"[method]udp-socket.finish-bind", "(" SELF ")->" DONE, finish_bind},
    {"[method]udp-socket.stream",
     "(" SELF ",option<" P2_ADDRESS
     ">)->" P2_NET_RESULT("tuple<own<incoming-datagram-stream>,own<outgoing-datagram-stream>>"),
     stream},
    {"[method]udp-socket.local-address", GET(P2_ADDRESS), local_address},
    {"[method]udp-socket.remote-address", GET(P2_ADDRESS), remote_address},
    {"[method]udp-socket.address-family", "(" SELF ")->" P2_FAMILY, address_family},
    {"[method]udp-socket.unicast-hop-limit", GET("u8"), sgi_p2_hop_limit},
    {"[method]udp-socket.set-unicast-hop-limit", SET("u8"), sgi_p2_set_hop_limit},
    {"[method]udp-socket.receive-buffer-size", GET("u64"), sgi_p2_receive_buffer_size},
    {"[method]udp-socket.set-receive-buffer-size", SET("u64"), sgi_p2_set_receive_buffer_size},
    {"[method]udp-socket.send-buffer-size", GET("u64"), sgi_p2_send_buffer_size},
    {"[method]udp-socket.set-send-buffer-size", SET("u64"), sgi_p2_set_send_buffer_size},
    {"[method]udp-socket.subscribe", "(" SELF ")->own<pollable>", subscribe},
    {"[method]incoming-datagram-stream.receive",
     "(borrow<incoming-datagram-stream>,u64)->" P2_NET_RESULT(
         "list<record{data:list<u8>,remote-address:" P2_ADDRESS "}>"),
     receive},
    {"[method]incoming-datagram-stream.subscribe", "(borrow<incoming-datagram-stream>)->own<pollable>",
     incoming_subscribe},
    {"[method]outgoing-datagram-stream.check-send",
     "(borrow<outgoing-datagram-stream>)->" P2_NET_RESULT("u64"), check_send},
    {"[method]outgoing-datagram-stream.send",
     "(borrow<outgoing-datagram-stream>,list<record{data:list<u8>,remote-address:option<" P2_ADDRESS
     ">}>)->" P2_NET_RESULT("u64"),
     send},
    {"[method]outgoing-datagram-stream.subscribe", "(borrow<outgoing-datagram-stream>)->own<pollable>",
     outgoing_subscribe},
};

const P2Interface sgi_p2_udp[] = {
    P2_INTERFACE("wasi:sockets/udp@0.2.12", funcs, "udp-socket", "incoming-datagram-stream",
                 "outgoing-datagram-stream"),
    P2_INTERFACE("wasi:sockets/udp-create-socket@0.2.12", create_funcs, NULL),
};
const size_t sgi_p2_udp_count = SGI_COUNT(sgi_p2_udp);
