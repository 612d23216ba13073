/* A component that exports what it imports of wasi:sockets, so that tests call the functions themselves; and
 * the values that they take and give. */
#ifndef TEST_NET_H
#define TEST_NET_H

#include "world.h"

/* ---- the component ---- */

#define OUTER(name) "(alias outer 1 $" name " (type $" name ")) (export \"" name "\" (type (eq $" name ")))"
#define RESULT(ok)  "(result " ok "(error $error-code))"
#define V4          "(tuple u8 u8 u8 u8)"
#define V6          "(tuple u16 u16 u16 u16 u16 u16 u16 u16)"

#define TYPE(name, definition)                                                                               \
    "(type $" name "' " definition ") (export \"" name "\" (type $" name " (eq $" name "')))"
#define ALIAS(instance, name) "(alias export $" instance " \"" name "\" (type $" name "))"
#define METHOD(name, params, result)                                                                         \
    "(export \"[method]" name "\" (func (param \"self\" (borrow $self)) " params " (result " result ")))"

static const char component_text[] =
    "(component"
    "(import \"wasi:io/poll@0.2.0\" (instance $poll (export \"pollable\" (type $self (sub resource)))"
    "  (export \"[method]pollable.block\" (func (param \"self\" (borrow $self))))"
    "  (export \"[method]pollable.ready\" (func (param \"self\" (borrow $self)) (result bool)))))" ALIAS(
        "poll", "pollable") //
    "(import \"wasi:io/error@0.2.0\" (instance $ioerror (export \"error\" (type (sub resource)))))" ALIAS(
        "ioerror", "error") //
    "(import \"wasi:io/streams@0.2.0\" (instance $streams"
    "  (alias outer 1 $error (type $error))"
    "  (export \"error\" (type $e (eq $error)))"
    "  (type $stream-error' (variant (case \"last-operation-failed\" (own $e)) (case \"closed\")))"
    "  (export \"stream-error\" (type $stream-error (eq $stream-error')))"
    "  (export \"input-stream\" (type $in (sub resource))) (export \"output-stream\" (type $out (sub "
    "resource)))"
    "  (export \"[method]input-stream.blocking-read\" (func (param \"self\" (borrow $in)) (param \"len\" u64)"
    "    (result (result (list u8) (error $stream-error)))))"
    "  (export \"[method]output-stream.blocking-write-and-flush\" (func (param \"self\" (borrow $out))"
    "    (param \"contents\" (list u8)) (result (result (error $stream-error)))))))" ALIAS(
        "streams", "input-stream") ALIAS("streams", "output-stream") //
    "(import \"wasi:sockets/network@0.2.0\" (instance $network"
    "  (export \"network\" (type (sub resource)))" TYPE(
        "error-code",
        "(enum \"unknown\" \"access-denied\" \"not-supported\" \"invalid-argument\" \"out-of-memory\" "
        "\"timeout\" \"concurrency-conflict\" \"not-in-progress\" \"would-block\" \"invalid-state\" "
        "\"new-socket-limit\" \"address-not-bindable\" \"address-in-use\" \"remote-unreachable\" "
        "\"connection-refused\" \"connection-reset\" \"connection-aborted\" \"datagram-too-large\" "
        "\"name-unresolvable\" \"temporary-resolver-failure\" \"permanent-resolver-failure\")") //
    TYPE("ip-address-family", "(enum \"ipv4\" \"ipv6\")")                                       //
    TYPE("ip-address", "(variant (case \"ipv4\" " V4 ") (case \"ipv6\" " V6 "))")               //
    TYPE("ipv4-socket-address", "(record (field \"port\" u16) (field \"address\" " V4 "))")     //
    TYPE("ipv6-socket-address",
         "(record (field \"port\" u16) (field \"flow-info\" u32) (field \"address\" " V6
         ") (field \"scope-id\" u32))") //
    TYPE("ip-socket-address",
         "(variant (case \"ipv4\" $ipv4-socket-address) (case \"ipv6\" $ipv6-socket-address))") //
    "))" ALIAS("network", "network") ALIAS("network", "error-code") ALIAS("network", "ip-address-family")
        ALIAS("network", "ip-address") ALIAS("network", "ip-socket-address")                       //
    "(import \"wasi:sockets/instance-network@0.2.0\" (instance $instance-network" OUTER("network") //
    "  (export \"instance-network\" (func (result (own $network))))))"
    "(import \"wasi:sockets/ip-name-lookup@0.2.0\" (instance $lookup" OUTER("pollable") OUTER("network")
        OUTER("error-code") OUTER("ip-address") //
    "  (export \"resolve-address-stream\" (type $self (sub resource)))"
    "  (export \"resolve-addresses\" (func (param \"network\" (borrow $network)) (param \"name\" string)"
    "    (result (result (own $self) (error $error-code)))))"                                 //
    METHOD("resolve-address-stream.resolve-next-address", "", RESULT("(option $ip-address)")) //
    METHOD("resolve-address-stream.subscribe", "",
           "(own $pollable)") "))" //
                              "(import \"wasi:sockets/tcp@0.2.0\" (instance $tcp" OUTER("pollable")
                                  OUTER("network") OUTER("error-code") OUTER("ip-address-family")
                                      OUTER("ip-socket-address") OUTER("input-stream")
                                          OUTER("output-stream") //
    "  (type $shutdown-type' (enum \"receive\" \"send\" \"both\"))"
    "  (export \"shutdown-type\" (type $shutdown-type (eq $shutdown-type')))"
    "  (export \"tcp-socket\" (type $self (sub resource)))" //
    METHOD("tcp-socket.start-bind", "(param \"network\" (borrow $network)) (param \"a\" $ip-socket-address)",
           RESULT(""))                               //
    METHOD("tcp-socket.finish-bind", "", RESULT("")) //
    METHOD("tcp-socket.start-connect",
           "(param \"network\" (borrow $network)) (param \"a\" $ip-socket-address)",
           RESULT(""))                                                                                      //
    METHOD("tcp-socket.finish-connect", "", RESULT("(tuple (own $input-stream) (own $output-stream))"))     //
    METHOD("tcp-socket.start-listen", "", RESULT(""))                                                       //
    METHOD("tcp-socket.finish-listen", "", RESULT(""))                                                      //
    METHOD("tcp-socket.accept", "", RESULT("(tuple (own $self) (own $input-stream) (own $output-stream))")) //
    METHOD("tcp-socket.local-address", "", RESULT("$ip-socket-address"))                                    //
    METHOD("tcp-socket.remote-address", "", RESULT("$ip-socket-address"))                                   //
    METHOD("tcp-socket.is-listening", "", "bool")                                                           //
    METHOD("tcp-socket.set-listen-backlog-size", "(param \"value\" u64)", RESULT(""))                       //
    METHOD("tcp-socket.keep-alive-enabled", "", RESULT("bool"))                                             //
    METHOD("tcp-socket.set-keep-alive-enabled", "(param \"value\" bool)", RESULT(""))                       //
    METHOD("tcp-socket.keep-alive-idle-time", "", RESULT("u64"))                                            //
    METHOD("tcp-socket.set-keep-alive-idle-time", "(param \"value\" u64)", RESULT(""))                      //
    METHOD("tcp-socket.keep-alive-count", "", RESULT("u32"))                                                //
    METHOD("tcp-socket.set-keep-alive-count", "(param \"value\" u32)", RESULT(""))                          //
    METHOD("tcp-socket.hop-limit", "", RESULT("u8"))                                                        //
    METHOD("tcp-socket.set-hop-limit", "(param \"value\" u8)", RESULT(""))                                  //
    METHOD("tcp-socket.receive-buffer-size", "", RESULT("u64"))                                             //
    METHOD("tcp-socket.set-receive-buffer-size", "(param \"value\" u64)", RESULT(""))                       //
    METHOD("tcp-socket.subscribe", "", "(own $pollable)")                                                   //
    METHOD("tcp-socket.shutdown", "(param \"how\" $shutdown-type)", RESULT("")) "))"                        //
    ALIAS("tcp", "tcp-socket")                                                                              //
    "(import \"wasi:sockets/tcp-create-socket@0.2.0\" (instance $tcp-create" OUTER("error-code")
        OUTER("ip-address-family") OUTER("tcp-socket") //
    "  (export \"create-tcp-socket\" (func (param \"family\" $ip-address-family)"
    "    (result (result (own $tcp-socket) (error $error-code)))))))"
    "(import \"wasi:sockets/udp@0.2.0\" (instance $udp" OUTER("pollable") OUTER("network") OUTER("error-code")
        OUTER("ip-socket-address") //
    "  (type $in' (record (field \"data\" (list u8)) (field \"remote-address\" $ip-socket-address)))"
    "  (export \"incoming-datagram\" (type $in (eq $in')))"
    "  (type $out' (record (field \"data\" (list u8)) (field \"remote-address\" (option "
    "$ip-socket-address))))"
    "  (export \"outgoing-datagram\" (type $out (eq $out')))"
    "  (export \"udp-socket\" (type $self (sub resource)))"
    "  (export \"incoming-datagram-stream\" (type $incoming (sub resource)))"
    "  (export \"outgoing-datagram-stream\" (type $outgoing (sub resource)))" //
    METHOD("udp-socket.start-bind", "(param \"network\" (borrow $network)) (param \"a\" $ip-socket-address)",
           RESULT(""))                               //
    METHOD("udp-socket.finish-bind", "", RESULT("")) //
    METHOD("udp-socket.stream", "(param \"remote\" (option $ip-socket-address))",
           RESULT("(tuple (own $incoming) (own $outgoing))"))             //
    METHOD("udp-socket.local-address", "", RESULT("$ip-socket-address"))  //
    METHOD("udp-socket.remote-address", "", RESULT("$ip-socket-address")) //
    "  (export \"[method]incoming-datagram-stream.receive\" (func (param \"self\" (borrow $incoming))"
    "    (param \"max\" u64) (result (result (list $in) (error $error-code)))))"
    "  (export \"[method]incoming-datagram-stream.subscribe\" (func (param \"self\" (borrow $incoming))"
    "    (result (own $pollable))))"
    "  (export \"[method]outgoing-datagram-stream.check-send\" (func (param \"self\" (borrow $outgoing))"
    "    (result (result u64 (error $error-code)))))"
    "  (export \"[method]outgoing-datagram-stream.send\" (func (param \"self\" (borrow $outgoing))"
    "    (param \"datagrams\" (list $out)) (result (result u64 (error $error-code)))))))" ALIAS(
        "udp", "udp-socket") //
    "(import \"wasi:sockets/udp-create-socket@0.2.0\" (instance $udp-create" OUTER("error-code")
        OUTER("ip-address-family") OUTER("udp-socket") //
    "  (export \"create-udp-socket\" (func (param \"family\" $ip-address-family)"
    "    (result (result (own $udp-socket) (error $error-code)))))))"
    "(export \"poll\" (instance $poll)) (export \"streams\" (instance $streams))"
    "(export \"instance-network\" (instance $instance-network)) (export \"lookup\" (instance $lookup))"
    "(export \"tcp\" (instance $tcp)) (export \"tcp-create\" (instance $tcp-create))"
    "(export \"udp\" (instance $udp)) (export \"udp-create\" (instance $udp-create)))";

/* ---- the net: a world with grants ---- */

typedef struct Net {
    World world;
    sg_value network;
} Net;

static inline sg_value own_or_borrow(sg_kind kind, uint64_t handle) {
    return (sg_value){.kind = kind, .of.handle = handle};
}

#define BORROW(value) own_or_borrow(SG_BORROW, (value).of.handle)
#define CALL(net, name, ...)                                                                                 \
    must_call(net, name, (sg_value[]){__VA_ARGS__}, sizeof((sg_value[]){__VA_ARGS__}) / sizeof(sg_value))

static inline sg_value must_call(Net *net, const char *name, const sg_value *arguments, size_t count) {
    sg_error error;
    sg_value result = {0};
    assert_ok(invoke(&net->world, name, arguments, count, &result, &error), error);
    return result;
}

static inline Net open_net(const sg_wasi *(*grant)(sg_wasi *wasi), sg_limits limits) {
    Net net = {.world = begin(limits)};
    sg_error error;
    sg_wasi *wasi = sg_wasi_new(net.world.engine, &error);
    assert_made(wasi, error);
    if (grant)
        grant(wasi);
    assert_ok(sg_wasi_attach(wasi, net.world.store, &error), error);
    sg_wasi_delete(wasi);
    assert_ok(sg_wasi_define(net.world.linker, &error), error);
    start(&net.world, component_text);
    net.network = must_call(&net, "instance-network#instance-network", NULL, 0);
    return net;
}

static inline void close_net(Net *net) {
    end(&net->world);
}

static inline sg_value ok_of(sg_value result) {
    assert_int_equal(result.kind, SG_RESULT);
    if (result.of.result.is_error)
        fail_msg("error %.*s", (int)result.of.result.payload->of.enumeration.size,
                 result.of.result.payload->of.enumeration.data);
    return result.of.result.payload ? *result.of.result.payload : (sg_value){0};
}

static inline void assert_error(sg_value result, const char *code) {
    assert_int_equal(result.kind, SG_RESULT);
    assert_true(result.of.result.is_error);
    sg_string got = result.of.result.payload->of.enumeration;
    assert_int_equal(got.size, strlen(code));
    assert_memory_equal(got.data, code, got.size);
}

/* An ip-socket-address; its parts are kept here. */
typedef struct Address {
    sg_value parts[8], record, value;
    sg_field fields[4];
} Address;

static inline sg_value v4(Address *to, uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
    uint8_t bytes[] = {a, b, c, d};
    for (size_t i = 0; i < 4; i++)
        to->parts[i] = (sg_value){.kind = SG_U8, .of.u8 = bytes[i]};
    to->fields[0] = (sg_field){{"port", 4}, {.kind = SG_U16, .of.u16 = port}};
    to->fields[1] = (sg_field){{"address", 7}, {.kind = SG_TUPLE, .of.list = {to->parts, 4}}};
    to->record = (sg_value){.kind = SG_RECORD, .of.record = {to->fields, 2}};
    to->value = (sg_value){.kind = SG_VARIANT, .of.variant = {{"ipv4", 4}, &to->record}};
    return to->value;
}

static inline sg_value v6(Address *to, const uint16_t parts[8], uint16_t port) {
    for (size_t i = 0; i < 8; i++)
        to->parts[i] = (sg_value){.kind = SG_U16, .of.u16 = parts[i]};
    to->fields[0] = (sg_field){{"port", 4}, {.kind = SG_U16, .of.u16 = port}};
    to->fields[1] = (sg_field){{"flow-info", 9}, {.kind = SG_U32}};
    to->fields[2] = (sg_field){{"address", 7}, {.kind = SG_TUPLE, .of.list = {to->parts, 8}}};
    to->fields[3] = (sg_field){{"scope-id", 8}, {.kind = SG_U32}};
    to->record = (sg_value){.kind = SG_RECORD, .of.record = {to->fields, 4}};
    to->value = (sg_value){.kind = SG_VARIANT, .of.variant = {{"ipv6", 4}, &to->record}};
    return to->value;
}

static inline uint16_t port_of(sg_value address) {
    return address.of.variant.payload->of.record.fields[0].value.of.u16;
}

static inline sg_value family(bool is_v6) {
    return (sg_value){.kind = SG_ENUM, .of.enumeration = {is_v6 ? "ipv6" : "ipv4", 4}};
}

static inline sg_value bytes_of(const char *text) {
    return (sg_value){.kind = SG_BYTES, .of.bytes = {(const uint8_t *)text, strlen(text)}};
}

static inline sg_value u64_of(uint64_t number) {
    return (sg_value){.kind = SG_U64, .of.u64 = number};
}

static inline sg_value tcp_socket(Net *net) {
    return ok_of(CALL(net, "tcp-create#create-tcp-socket", family(false)));
}

static inline void block_on(Net *net, const char *subscribe, sg_value subject) {
    sg_value pollable = CALL(net, subscribe, BORROW(subject));
    CALL(net, "poll#[method]pollable.block", BORROW(pollable));
}

/* A socket that listens at a port of 127.0.0.1 that the system chose. */
static inline sg_value listener(Net *net, uint16_t *port) {
    Address address;
    sg_value socket = tcp_socket(net);
    ok_of(CALL(net, "tcp#[method]tcp-socket.start-bind", BORROW(socket), BORROW(net->network),
               v4(&address, 127, 0, 0, 1, 0)));
    ok_of(CALL(net, "tcp#[method]tcp-socket.finish-bind", BORROW(socket)));
    ok_of(CALL(net, "tcp#[method]tcp-socket.start-listen", BORROW(socket)));
    ok_of(CALL(net, "tcp#[method]tcp-socket.finish-listen", BORROW(socket)));
    *port = port_of(ok_of(CALL(net, "tcp#[method]tcp-socket.local-address", BORROW(socket))));
    return socket;
}

#endif
