/* Sockets of WASI 0.2, called through a component that exports what it imports: what works, who may talk to
 * whom, what may be asked when, and that waiting ends. */
#include "net.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- grants ---- */

static const sg_wasi *grant_loopback(sg_wasi *wasi) {
    static const char *const rules[] = {"127.0.0.0/8", "[::1]", "listen:127.0.0.1", "localhost:1-65535"};
    sg_error error;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        assert_ok(sg_wasi_allow_tcp(wasi, rules[i], &error), error);
        assert_ok(sg_wasi_allow_udp(wasi, rules[i], &error), error);
    }
    return wasi;
}

/* A port of the host's where nobody listens: it was just closed. */
static uint16_t free_port(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
    close(fd);
    return ntohs(here.sin_port);
}

/* ---- tests ---- */

static void tcp_speaks(void **state) {
    (void)state;
    Net net = open_net(grant_loopback, (sg_limits){.timeout_ns = 10000 * MS});
    uint16_t port;
    Address address;
    sg_value server = listener(&net, &port), client = tcp_socket(&net);
    assert_true(CALL(&net, "tcp#[method]tcp-socket.is-listening", BORROW(server)).of.boolean);
    assert_error(CALL(&net, "tcp#[method]tcp-socket.accept", BORROW(server)), "would-block");
    ok_of(CALL(&net, "tcp#[method]tcp-socket.start-connect", BORROW(client), BORROW(net.network),
               v4(&address, 127, 0, 0, 1, port)));
    block_on(&net, "tcp#[method]tcp-socket.subscribe", client);
    sg_value near = ok_of(CALL(&net, "tcp#[method]tcp-socket.finish-connect", BORROW(client)));
    sg_value near_in = near.of.list.items[0], near_out = near.of.list.items[1];
    block_on(&net, "tcp#[method]tcp-socket.subscribe", server);
    sg_value far = ok_of(CALL(&net, "tcp#[method]tcp-socket.accept", BORROW(server)));
    sg_value accepted = far.of.list.items[0], far_in = far.of.list.items[1], far_out = far.of.list.items[2];
    assert_int_equal(port_of(ok_of(CALL(&net, "tcp#[method]tcp-socket.remote-address", BORROW(client)))),
                     port);

    ok_of(CALL(&net, "streams#[method]output-stream.blocking-write-and-flush", BORROW(near_out),
               bytes_of("ping")));
    sg_value got =
        ok_of(CALL(&net, "streams#[method]input-stream.blocking-read", BORROW(far_in), u64_of(100)));
    assert_int_equal(got.of.bytes.size, 4);
    assert_memory_equal(got.of.bytes.data, "ping", 4);
    ok_of(CALL(&net, "streams#[method]output-stream.blocking-write-and-flush", BORROW(far_out),
               bytes_of("pong!")));
    got = ok_of(CALL(&net, "streams#[method]input-stream.blocking-read", BORROW(near_in), u64_of(100)));
    assert_memory_equal(got.of.bytes.data, "pong!", 5);

    /* What is shut down is at its end on the other side. */
    sg_value send = {.kind = SG_ENUM, .of.enumeration = {"send", 4}};
    ok_of(CALL(&net, "tcp#[method]tcp-socket.shutdown", BORROW(accepted), send));
    got = CALL(&net, "streams#[method]input-stream.blocking-read", BORROW(near_in), u64_of(100));
    assert_true(got.of.result.is_error);
    assert_memory_equal(got.of.result.payload->of.variant.name.data, "closed", 6);
    close_net(&net);
}

static void tcp_stages(void **state) {
    (void)state;
    Net net = open_net(grant_loopback, (sg_limits){.timeout_ns = 10000 * MS});
    Address address;
    uint16_t port;
    sg_value server = listener(&net, &port), socket = tcp_socket(&net);
    static const char *const not_begun[] = {"finish-bind", "finish-connect", "finish-listen"};
    static const char *const not_yet[] = {"accept", "local-address", "remote-address", "start-listen"};
    char name[80];
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "tcp#[method]tcp-socket.%s", not_begun[i]);
        assert_error(CALL(&net, name, BORROW(socket)), "not-in-progress");
    }
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "tcp#[method]tcp-socket.%s", not_yet[i]);
        assert_error(CALL(&net, name, BORROW(socket)), "invalid-state");
    }
    sg_value here = v4(&address, 127, 0, 0, 1, 0);
    assert_error(CALL(&net, "tcp#[method]tcp-socket.start-bind", BORROW(server), BORROW(net.network), here),
                 "invalid-state");
    ok_of(CALL(&net, "tcp#[method]tcp-socket.start-bind", BORROW(socket), BORROW(net.network), here));
    assert_error(CALL(&net, "tcp#[method]tcp-socket.start-bind", BORROW(socket), BORROW(net.network), here),
                 "concurrency-conflict");

    port = free_port();
    sg_value lost = tcp_socket(&net);
    ok_of(CALL(&net, "tcp#[method]tcp-socket.start-connect", BORROW(lost), BORROW(net.network),
               v4(&address, 127, 0, 0, 1, port)));
    block_on(&net, "tcp#[method]tcp-socket.subscribe", lost);
    assert_error(CALL(&net, "tcp#[method]tcp-socket.finish-connect", BORROW(lost)), "connection-refused");
    assert_error(CALL(&net, "tcp#[method]tcp-socket.local-address", BORROW(lost)), "invalid-state");
    close_net(&net);
}

static void tcp_options(void **state) {
    (void)state;
    static const struct {
        const char *name;
        sg_value value, zero;
    } options[] = {
        {"keep-alive-idle-time", {.kind = SG_U64, .of.u64 = 30000000000}, {.kind = SG_U64}},
        {"keep-alive-count", {.kind = SG_U32, .of.u32 = 5}, {.kind = SG_U32}},
        {"hop-limit", {.kind = SG_U8, .of.u8 = 42}, {.kind = SG_U8}},
        {"receive-buffer-size", {.kind = SG_U64, .of.u64 = 65536}, {.kind = SG_U64}},
    };
    Net net = open_net(grant_loopback, (sg_limits){0});
    sg_value socket = tcp_socket(&net);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char get[80], set[80];
        snprintf(get, sizeof get, "tcp#[method]tcp-socket.%s", options[i].name);
        snprintf(set, sizeof set, "tcp#[method]tcp-socket.set-%s", options[i].name);
        assert_error(CALL(&net, set, BORROW(socket), options[i].zero), "invalid-argument");
        ok_of(CALL(&net, set, BORROW(socket), options[i].value));
        sg_value got = ok_of(CALL(&net, get, BORROW(socket)));
        assert_true(sg_value_equal(&got, &options[i].value));
        /* Whatever the number, it is taken, or cut. */
        sg_value most = {.kind = options[i].value.kind};
        most.of.u64 = most.kind == SG_U64 ? UINT64_MAX : most.kind == SG_U32 ? UINT32_MAX : UINT8_MAX;
        ok_of(CALL(&net, set, BORROW(socket), most));
    }
    sg_value on = {.kind = SG_BOOL, .of.boolean = true};
    ok_of(CALL(&net, "tcp#[method]tcp-socket.set-keep-alive-enabled", BORROW(socket), on));
    assert_true(ok_of(CALL(&net, "tcp#[method]tcp-socket.keep-alive-enabled", BORROW(socket))).of.boolean);
    assert_error(CALL(&net, "tcp#[method]tcp-socket.set-listen-backlog-size", BORROW(socket), u64_of(0)),
                 "invalid-argument");
    ok_of(CALL(&net, "tcp#[method]tcp-socket.set-listen-backlog-size", BORROW(socket), u64_of(UINT64_MAX)));
    close_net(&net);
}

static void nothing_is_granted(void **state) {
    (void)state;
    Net net = open_net(NULL, (sg_limits){0});
    assert_error(CALL(&net, "tcp-create#create-tcp-socket", family(false)), "access-denied");
    assert_error(CALL(&net, "udp-create#create-udp-socket", family(true)), "access-denied");
    assert_error(CALL(&net, "lookup#resolve-addresses", BORROW(net.network), sg_value_string("localhost")),
                 "access-denied");
    close_net(&net);
}

static sg_value connect_to(Net *net, sg_value address) {
    sg_value socket = tcp_socket(net);
    return CALL(net, "tcp#[method]tcp-socket.start-connect", BORROW(socket), BORROW(net->network), address);
}

static sg_value bind_at(Net *net, sg_value address) {
    sg_value socket = tcp_socket(net);
    return CALL(net, "tcp#[method]tcp-socket.start-bind", BORROW(socket), BORROW(net->network), address);
}

static void addresses_are_checked(void **state) {
    (void)state;
    static const uint16_t mapped[8] = {0, 0, 0, 0, 0, 0xffff, 0x7f00, 1}, loopback[8] = {[7] = 1};
    Net net = open_net(grant_loopback, (sg_limits){0});
    Address a;
    assert_error(connect_to(&net, v4(&a, 10, 0, 0, 1, 80)), "access-denied");
    assert_error(connect_to(&net, v4(&a, 128, 0, 0, 1, 80)), "access-denied");
    assert_error(connect_to(&net, v4(&a, 0, 0, 0, 0, 80)), "invalid-argument");
    assert_error(connect_to(&net, v4(&a, 127, 0, 0, 1, 0)), "invalid-argument");
    assert_error(connect_to(&net, v4(&a, 224, 0, 0, 1, 80)), "invalid-argument");
    assert_error(connect_to(&net, v4(&a, 255, 255, 255, 255, 80)), "invalid-argument");
    assert_error(connect_to(&net, v6(&a, loopback, 80)), "invalid-argument");
    assert_error(bind_at(&net, v4(&a, 0, 0, 0, 0, 8080)), "access-denied");
    assert_error(bind_at(&net, v4(&a, 127, 0, 0, 2, 8080)), "access-denied");
    assert_error(bind_at(&net, v4(&a, 224, 0, 0, 1, 0)), "invalid-argument");
    sg_value six = CALL(&net, "tcp-create#create-tcp-socket", family(true));
    if (!six.of.result.is_error) { /* a machine without IPv6 has no such sockets */
        six = *six.of.result.payload;
        assert_error(CALL(&net, "tcp#[method]tcp-socket.start-connect", BORROW(six), BORROW(net.network),
                          v6(&a, mapped, 80)),
                     "invalid-argument");
        assert_error(CALL(&net, "tcp#[method]tcp-socket.start-bind", BORROW(six), BORROW(net.network),
                          v4(&a, 127, 0, 0, 1, 0)),
                     "invalid-argument");
    }
    /* Bound where any port will do, it may not listen where no rule lets it. */
    sg_value socket = tcp_socket(&net);
    ok_of(CALL(&net, "tcp#[method]tcp-socket.start-bind", BORROW(socket), BORROW(net.network),
               v4(&a, 127, 0, 0, 2, 0)));
    ok_of(CALL(&net, "tcp#[method]tcp-socket.finish-bind", BORROW(socket)));
    assert_error(CALL(&net, "tcp#[method]tcp-socket.start-listen", BORROW(socket)), "access-denied");
    close_net(&net);
}

static void rules_are_read(void **state) {
    (void)state;
    static const char *const good[] = {"*",
                                       "*:80",
                                       "10.0.0.1",
                                       "10.0.0.1:80",
                                       "10.0.0.0/8:80-90",
                                       "[::1]:443",
                                       "[fe80::/10]",
                                       "::1",
                                       "example.org:443",
                                       "*.example.org",
                                       "listen:0.0.0.0:80",
                                       "listen:*:*",
                                       "listen:[::]:80",
                                       "localhost:0-65535"};
    static const char *const bad[] = {"",
                                      ":",
                                      ":80",
                                      "*:",
                                      "10.0.0.1:65536",
                                      "10.0.0.1:9-8",
                                      "10.0.0.0/33",
                                      "[::1",
                                      "[::1]x",
                                      "[10.0.0.1]",
                                      "a..b",
                                      ".a",
                                      "a b",
                                      "listen:",
                                      "listen:example.org:80",
                                      "10.0.0.1:80:90",
                                      "*.*",
                                      "10.0.0.0/",
                                      "[fe80::/129]",
                                      "http://a",
                                      "a:80-",
                                      "a:-80"};
    sg_error error;
    sg_engine *engine = make_engine();
    sg_wasi *wasi = sg_wasi_new(engine, &error);
    assert_made(wasi, error);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_ok(sg_wasi_allow_tcp(wasi, good[i], &error), error);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sg_wasi_allow_udp(wasi, bad[i], &error) != SG_BAD_VALUE)
            fail_msg("\"%s\" is no rule", bad[i]);
    assert_int_equal(sg_wasi_allow_dns(wasi, "10.0.0.0/8", &error), SG_BAD_VALUE);
    assert_ok(sg_wasi_allow_dns(wasi, "*.example.org", &error), error);
    sg_wasi_delete(wasi);
    sg_engine_delete(engine);
}

/* ---- datagrams ---- */

typedef struct Datagrams {
    sg_value socket, in, out;
    uint16_t port;
} Datagrams;

static Datagrams datagrams(Net *net, uint8_t last) {
    Address address;
    Datagrams made = {.socket = ok_of(CALL(net, "udp-create#create-udp-socket", family(false)))};
    ok_of(CALL(net, "udp#[method]udp-socket.start-bind", BORROW(made.socket), BORROW(net->network),
               v4(&address, 127, 0, 0, last, 0)));
    ok_of(CALL(net, "udp#[method]udp-socket.finish-bind", BORROW(made.socket)));
    sg_value streams =
        ok_of(CALL(net, "udp#[method]udp-socket.stream", BORROW(made.socket), (sg_value){.kind = SG_OPTION}));
    made.in = streams.of.list.items[0];
    made.out = streams.of.list.items[1];
    made.port = port_of(ok_of(CALL(net, "udp#[method]udp-socket.local-address", BORROW(made.socket))));
    return made;
}

static sg_value send_to(Net *net, const Datagrams *from, const char *text, sg_value address) {
    sg_field fields[] = {{{"data", 4}, bytes_of(text)},
                         {{"remote-address", 14}, {.kind = SG_OPTION, .of.option = &address}}};
    sg_value datagram = {.kind = SG_RECORD, .of.record = {fields, 2}};
    sg_value list = {.kind = SG_LIST, .of.list = {&datagram, 1}};
    assert_int_equal(
        ok_of(CALL(net, "udp#[method]outgoing-datagram-stream.check-send", BORROW(from->out))).of.u64 > 0, 1);
    return CALL(net, "udp#[method]outgoing-datagram-stream.send", BORROW(from->out), list);
}

static void udp_speaks(void **state) {
    (void)state;
    Net net = open_net(grant_loopback, (sg_limits){.timeout_ns = 10000 * MS});
    Datagrams a = datagrams(&net, 1), b = datagrams(&net, 1);
    Address address;
    assert_int_equal(
        ok_of(CALL(&net, "udp#[method]incoming-datagram-stream.receive", BORROW(b.in), u64_of(9)))
            .of.list.count,
        0);
    assert_int_equal(ok_of(send_to(&net, &a, "one", v4(&address, 127, 0, 0, 1, b.port))).of.u64, 1);
    assert_int_equal(ok_of(send_to(&net, &a, "two!", v4(&address, 127, 0, 0, 1, b.port))).of.u64, 1);
    block_on(&net, "udp#[method]incoming-datagram-stream.subscribe", b.in);
    sg_value got =
        ok_of(CALL(&net, "udp#[method]incoming-datagram-stream.receive", BORROW(b.in), u64_of(UINT64_MAX)));
    assert_int_equal(got.of.list.count, 2);
    const sg_field *first = got.of.list.items[0].of.record.fields;
    assert_memory_equal(first[0].value.of.bytes.data, "one", 3);
    assert_int_equal(port_of(first[1].value), a.port);
    assert_error(send_to(&net, &a, "out", v4(&address, 10, 0, 0, 1, 53)), "access-denied");

    /* Streams of before are out of order. */
    ok_of(CALL(&net, "udp#[method]udp-socket.stream", BORROW(a.socket), (sg_value){.kind = SG_OPTION}));
    assert_error(CALL(&net, "udp#[method]outgoing-datagram-stream.check-send", BORROW(a.out)),
                 "invalid-state");
    close_net(&net);
}

static void udp_sends_what_was_permitted(void **state) {
    (void)state;
    Net net = open_net(grant_loopback, (sg_limits){0});
    Datagrams a = datagrams(&net, 1);
    sg_error error;
    sg_field fields[] = {{{"data", 4}, bytes_of("x")}, {{"remote-address", 14}, {.kind = SG_OPTION}}};
    sg_value datagram = {.kind = SG_RECORD, .of.record = {fields, 2}}, result;
    sg_value arguments[] = {BORROW(a.out), {.kind = SG_LIST, .of.list = {&datagram, 1}}};
    assert_trap(
        SG_TRAP_HOST_FUNCTION,
        invoke(&net.world, "udp#[method]outgoing-datagram-stream.send", arguments, 2, &result, &error),
        error);
    close_net(&net);
}

/* ---- names ---- */

static void names_are_looked_up(void **state) {
    (void)state;
    Net net = open_net(grant_loopback, (sg_limits){.timeout_ns = 10000 * MS});
    assert_error(CALL(&net, "lookup#resolve-addresses", BORROW(net.network), sg_value_string("example.org")),
                 "access-denied");
    assert_error(CALL(&net, "lookup#resolve-addresses", BORROW(net.network),
                      sg_value_string("b\xc3\xbc"
                                      "cher.example")),
                 "invalid-argument");
    assert_error(CALL(&net, "lookup#resolve-addresses", BORROW(net.network), sg_value_string("")),
                 "invalid-argument");
    assert_error(CALL(&net, "lookup#resolve-addresses", BORROW(net.network), sg_value_string("10.0.0.256")),
                 "invalid-argument");
    ok_of(CALL(&net, "lookup#resolve-addresses", BORROW(net.network), sg_value_string("10.0.0.1")));
    sg_value lookup =
        ok_of(CALL(&net, "lookup#resolve-addresses", BORROW(net.network), sg_value_string("localhost")));
    block_on(&net, "lookup#[method]resolve-address-stream.subscribe", lookup);
    bool found = false;
    for (;;) {
        sg_value next =
            ok_of(CALL(&net, "lookup#[method]resolve-address-stream.resolve-next-address", BORROW(lookup)));
        if (next.of.option == NULL)
            break;
        const sg_value *parts = next.of.option->of.variant.payload->of.list.items;
        found = found || parts[0].kind == SG_U16 || parts[0].of.u8 == 127;
    }
    assert_true(found);
    close_net(&net);
}

/* ---- limits ---- */

static const sg_wasi *grant_two(sg_wasi *wasi) {
    sg_wasi_limits limits = {.size = sizeof limits, .sockets = 2};
    sg_wasi_set_limits(wasi, &limits);
    return grant_loopback(wasi);
}

static void sockets_are_limited(void **state) {
    (void)state;
    Net net = open_net(grant_two, (sg_limits){0});
    tcp_socket(&net);
    tcp_socket(&net);
    assert_error(CALL(&net, "tcp-create#create-tcp-socket", family(false)), "new-socket-limit");
    close_net(&net);
}

static void waits_for_the_network_end(void **state) {
    (void)state;
    static const uint64_t timeouts[] = {1 * MS, 100 * MS};
    for (size_t i = 0; i < 2; i++) {
        Net net = open_net(grant_loopback, (sg_limits){0});
        uint16_t port;
        sg_error error;
        sg_value server = listener(&net, &port);
        sg_value pollable = CALL(&net, "tcp#[method]tcp-socket.subscribe", BORROW(server)),
                 argument = BORROW(pollable);
        sg_limits tight = {.size = sizeof tight, .timeout_ns = timeouts[i]};
        assert_ok(sg_store_tighten(net.world.store, &tight, &error), error);
        uint64_t started = now_ns();
        sg_status status = invoke(&net.world, "poll#[method]pollable.block", &argument, 1, NULL, &error);
        uint64_t took = now_ns() - started;
        assert_trap(SG_TRAP_DEADLINE, status, error);
        assert_true(took >= timeouts[i] && took < timeouts[i] + 1000 * MS);
        close_net(&net);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"tcp speaks over loopback", tcp_speaks, NULL, NULL, NULL},
        {"tcp sockets go through their stages", tcp_stages, NULL, NULL, NULL},
        {"tcp sockets have options", tcp_options, NULL, NULL, NULL},
        {"no network is granted by default", nothing_is_granted, NULL, NULL, NULL},
        {"addresses of sockets are checked", addresses_are_checked, NULL, NULL, NULL},
        {"rules for the network are read", rules_are_read, NULL, NULL, NULL},
        {"udp speaks over loopback", udp_speaks, NULL, NULL, NULL},
        {"udp sends what was permitted", udp_sends_what_was_permitted, NULL, NULL, NULL},
        {"names of hosts are looked up", names_are_looked_up, NULL, NULL, NULL},
        {"sockets are limited", sockets_are_limited, NULL, NULL, NULL},
        {"waits for the network end", waits_for_the_network_end, NULL, NULL, NULL},
    };
    return run_named(tests, sizeof tests / sizeof *tests, argc, argv);
}
