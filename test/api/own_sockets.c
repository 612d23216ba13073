/* Sockets that are the embedder's (sg_wasi_network): who allows, opens, binds, connects, accepts, resolves,
 * sends and hears; and answers that cannot be. */
#include "net.h"

#include <sys/socket.h>
#include <unistd.h>

/* ---- pairs of sockets that the rules know nothing of ---- */

typedef struct Pair {
    int far;
    unsigned asked;
} Pair;

static bool pair_allows(void *context, sg_wasi_network_use use, const sg_address *address) {
    ((Pair *)context)->asked++;
    return use == SG_WASI_TCP_CONNECT && address->port == 7;
}

static sg_wasi_errno pair_open(void *context, bool is_udp, bool is_v6, int *descriptor) {
    int pair[2];
    (void)is_v6;
    if (is_udp || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
        return SG_WASI_NOTSUP;
    *descriptor = pair[0];
    ((Pair *)context)->far = pair[1];
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno pair_connect(void *context, int descriptor, const sg_address *address) {
    (void)context, (void)descriptor, (void)address;
    return SG_WASI_SUCCESS;
}

static Pair pair;

static const sg_wasi *grant_pair(sg_wasi *wasi) {
    sg_wasi_network network = {.size = sizeof network,
                               .context = &pair,
                               .allows = pair_allows,
                               .open = pair_open,
                               .connect = pair_connect};
    sg_wasi_set_network(wasi, &network);
    return wasi;
}

static void embedders_network(void **state) {
    (void)state;
    Net net = open_net(grant_pair, (sg_limits){.timeout_ns = 10000 * MS});
    Address address;
    sg_value socket = tcp_socket(&net);
    assert_error(CALL(&net, "tcp#[method]tcp-socket.start-connect", BORROW(socket), BORROW(net.network),
                      v4(&address, 10, 0, 0, 1, 8)),
                 "access-denied");
    ok_of(CALL(&net, "tcp#[method]tcp-socket.start-connect", BORROW(socket), BORROW(net.network),
               v4(&address, 10, 0, 0, 1, 7)));
    sg_value streams = ok_of(CALL(&net, "tcp#[method]tcp-socket.finish-connect", BORROW(socket)));
    ok_of(CALL(&net, "streams#[method]output-stream.blocking-write-and-flush",
               BORROW(streams.of.list.items[1]), bytes_of("hello")));
    char got[5];
    assert_int_equal(read(pair.far, got, sizeof got), 5);
    assert_memory_equal(got, "hello", 5);
    assert_int_equal(pair.asked, 2);
    close(pair.far);
    close_net(&net);
}

/* ---- a network that is nowhere ---- */

/* Every socket is one end of a pair, addresses are what was asked for. */
typedef struct Nowhere {
    int near, far; /* the socket that was made last, and its other end */
    int caller;    /* the other end of what was accepted last */
    sg_address bound, peer, sent_to;
    bool is_paired, lies;
    char sent[16];
    size_t waiting; /* datagrams to be heard */
} Nowhere;

static sg_wasi_errno nowhere_open(void *context, bool is_udp, bool is_v6, int *descriptor) {
    Nowhere *nowhere = context;
    int ends[2];
    (void)is_v6;
    assert_int_equal(socketpair(AF_UNIX, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0, ends), 0);
    *descriptor = nowhere->near = ends[0];
    nowhere->far = ends[1];
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno nowhere_bind(void *context, int descriptor, const sg_address *address) {
    Nowhere *nowhere = context;
    assert_int_equal(descriptor, nowhere->near);
    nowhere->bound = *address;
    return address->port == 1 ? SG_WASI_ADDRINUSE : SG_WASI_SUCCESS;
}

static sg_wasi_errno nowhere_connect(void *context, int descriptor, const sg_address *address) {
    Nowhere *nowhere = context;
    assert_int_equal(descriptor, nowhere->near);
    nowhere->is_paired = address != NULL;
    nowhere->peer = address ? *address : (sg_address){0};
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno nowhere_listen(void *context, int descriptor, uint32_t backlog) {
    assert_int_equal(descriptor, ((Nowhere *)context)->near);
    return backlog ? SG_WASI_SUCCESS : SG_WASI_INVAL;
}

/* Whoever calls writes a byte to the other end. */
static sg_wasi_errno nowhere_accept(void *context, int descriptor, int *accepted) {
    Nowhere *nowhere = context;
    char byte;
    if (read(descriptor, &byte, 1) != 1)
        return SG_WASI_AGAIN;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    *accepted = ends[0];
    nowhere->caller = ends[1];
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno nowhere_resolve(void *context, const char *name, sg_address *addresses, size_t max,
                                     size_t *count) {
    (void)context;
    assert_true(max > 0);
    *count = strcmp(name, "service.internal") == 0;
    addresses[0] = (sg_address){.bytes = {10, 1, 2, 3}};
    return *count ? SG_WASI_SUCCESS : SG_WASI_NOENT;
}

static sg_wasi_errno nowhere_address(void *context, int descriptor, bool of_peer, sg_address *address) {
    const Nowhere *nowhere = context;
    (void)descriptor;
    *address = of_peer ? nowhere->peer : nowhere->bound;
    address->is_v6 = nowhere->lies;
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno nowhere_send(void *context, int descriptor, const void *data, size_t size,
                                  const sg_address *remote) {
    Nowhere *nowhere = context;
    assert_int_equal(descriptor, nowhere->near);
    assert_true(size < sizeof nowhere->sent && nowhere->is_paired == (remote == NULL));
    memcpy(nowhere->sent, data, size);
    nowhere->sent_to = remote ? *remote : nowhere->peer;
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno nowhere_receive(void *context, int descriptor, void *buffer, size_t size, size_t *count,
                                     sg_address *remote) {
    Nowhere *nowhere = context;
    assert_int_equal(descriptor, nowhere->near);
    if (nowhere->waiting == 0)
        return SG_WASI_AGAIN;
    nowhere->waiting--;
    memcpy(buffer, "heard", 5);
    *count = nowhere->lies ? size + 1 : 5;
    *remote = (sg_address){.bytes = {10, 1, 2, 3}, .port = (uint16_t)(9 + nowhere->waiting)};
    return SG_WASI_SUCCESS;
}

static Nowhere place;

static const sg_wasi *grant_nowhere(sg_wasi *wasi) {
    static const char *const rules[] = {"service.internal:9", "listen:10.0.0.0/8"};
    sg_error error;
    sg_wasi_network network = {.size = sizeof network,
                               .context = &place,
                               .open = nowhere_open,
                               .bind = nowhere_bind,
                               .connect = nowhere_connect,
                               .listen = nowhere_listen,
                               .accept = nowhere_accept,
                               .resolve = nowhere_resolve,
                               .address = nowhere_address,
                               .send = nowhere_send,
                               .receive = nowhere_receive};
    place = (Nowhere){.near = -1};
    sg_wasi_set_network(wasi, &network);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        assert_ok(sg_wasi_allow_tcp(wasi, rules[i], &error), error);
    assert_ok(sg_wasi_allow_udp(wasi, "service.internal:9", &error), error);
    return wasi;
}

static void resolve_service(Net *net) {
    sg_value lookup = ok_of(
        CALL(net, "lookup#resolve-addresses", BORROW(net->network), sg_value_string("service.internal")));
    sg_value next =
        ok_of(CALL(net, "lookup#[method]resolve-address-stream.resolve-next-address", BORROW(lookup)));
    assert_int_equal(next.of.option->of.variant.payload->of.list.items[3].of.u8, 3);
}

static void embedders_tcp(void **state) {
    (void)state;
    Net net = open_net(grant_nowhere, (sg_limits){.timeout_ns = 10000 * MS});
    Address address;
    sg_value server = tcp_socket(&net);
    int door = place.far;
    assert_error(CALL(&net, "lookup#resolve-addresses", BORROW(net.network), sg_value_string("example.org")),
                 "access-denied");
    assert_error(CALL(&net, "tcp#[method]tcp-socket.start-bind", BORROW(server), BORROW(net.network),
                      v4(&address, 11, 0, 0, 1, 80)),
                 "access-denied");
    ok_of(CALL(&net, "tcp#[method]tcp-socket.start-bind", BORROW(server), BORROW(net.network),
               v4(&address, 10, 0, 0, 1, 80)));
    ok_of(CALL(&net, "tcp#[method]tcp-socket.finish-bind", BORROW(server)));
    assert_int_equal(port_of(ok_of(CALL(&net, "tcp#[method]tcp-socket.local-address", BORROW(server)))), 80);
    ok_of(CALL(&net, "tcp#[method]tcp-socket.start-listen", BORROW(server)));
    ok_of(CALL(&net, "tcp#[method]tcp-socket.finish-listen", BORROW(server)));
    assert_error(CALL(&net, "tcp#[method]tcp-socket.accept", BORROW(server)), "would-block");
    assert_int_equal(write(door, "c", 1), 1);
    block_on(&net, "tcp#[method]tcp-socket.subscribe", server);
    sg_value accepted = ok_of(CALL(&net, "tcp#[method]tcp-socket.accept", BORROW(server)));
    assert_int_equal(write(place.caller, "hello", 5), 5);
    sg_value got = ok_of(CALL(&net, "streams#[method]input-stream.blocking-read",
                              BORROW(accepted.of.list.items[1]), u64_of(100)));
    assert_int_equal(got.of.bytes.size, 5);
    close(place.caller);
    close(door);

    sg_value client = tcp_socket(&net);
    assert_error(CALL(&net, "tcp#[method]tcp-socket.start-connect", BORROW(client), BORROW(net.network),
                      v4(&address, 10, 1, 2, 3, 9)),
                 "access-denied"); /* not looked up yet */
    resolve_service(&net);
    ok_of(CALL(&net, "tcp#[method]tcp-socket.start-connect", BORROW(client), BORROW(net.network),
               v4(&address, 10, 1, 2, 3, 9)));
    ok_of(CALL(&net, "tcp#[method]tcp-socket.finish-connect", BORROW(client)));
    assert_int_equal(port_of(ok_of(CALL(&net, "tcp#[method]tcp-socket.remote-address", BORROW(client)))), 9);
    place.lies = true;
    assert_error(CALL(&net, "tcp#[method]tcp-socket.remote-address", BORROW(client)), "unknown");
    close(place.far);
    close_net(&net);
}

static void embedders_udp(void **state) {
    (void)state;
    Net net = open_net(grant_nowhere, (sg_limits){.timeout_ns = 10000 * MS});
    resolve_service(&net);
    Address address;
    sg_value socket = ok_of(CALL(&net, "udp-create#create-udp-socket", family(false)));
    ok_of(CALL(&net, "udp#[method]udp-socket.start-bind", BORROW(socket), BORROW(net.network),
               v4(&address, 10, 0, 0, 1, 0)));
    ok_of(CALL(&net, "udp#[method]udp-socket.finish-bind", BORROW(socket)));
    sg_value remote = v4(&address, 10, 1, 2, 3, 9);
    for (int paired = 0; paired < 3; paired++) { /* to anyone, to one, to anyone again */
        sg_value option = {.kind = SG_OPTION, .of.option = paired == 1 ? &remote : NULL};
        sg_value streams = ok_of(CALL(&net, "udp#[method]udp-socket.stream", BORROW(socket), option));
        sg_value in = streams.of.list.items[0], out = streams.of.list.items[1];
        assert_int_equal(place.is_paired, paired == 1);
        ok_of(CALL(&net, "udp#[method]outgoing-datagram-stream.check-send", BORROW(out)));
        sg_value to = {.kind = SG_OPTION, .of.option = &remote};
        sg_field fields[] = {{{"data", 4}, bytes_of("said")}, {{"remote-address", 14}, to}};
        sg_value datagram = {.kind = SG_RECORD, .of.record = {fields, 2}};
        ok_of(CALL(&net, "udp#[method]outgoing-datagram-stream.send", BORROW(out),
                   (sg_value){.kind = SG_LIST, .of.list = {&datagram, 1}}));
        assert_string_equal(place.sent, "said");
        assert_int_equal(place.sent_to.port, 9);
        /* Of two the first comes from where no rule is, but for what is paired. */
        place.waiting = 2;
        sg_value heard =
            ok_of(CALL(&net, "udp#[method]incoming-datagram-stream.receive", BORROW(in), u64_of(10)));
        assert_int_equal(heard.of.list.count, paired == 1 ? 2 : 1);
        place.waiting = 1;
        place.lies = true;
        assert_error(CALL(&net, "udp#[method]incoming-datagram-stream.receive", BORROW(in), u64_of(10)),
                     "unknown");
        place.lies = false;
    }
    close(place.far);
    close_net(&net);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"an embedder's network", embedders_network, NULL, NULL, NULL},
        {"an embedder's tcp", embedders_tcp, NULL, NULL, NULL},
        {"an embedder's udp", embedders_udp, NULL, NULL, NULL},
    };
    return run_named(tests, sizeof tests / sizeof *tests, argc, argv);
}
