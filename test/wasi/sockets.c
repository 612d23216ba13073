/* The guest of the cases of wasi:sockets: each of its functions, by its name (sockets.def, steps.h); and
 * tcp.block and incoming.block, which wait by a pollable that ends with the step. Ports are the system's
 * choice and never told, but as whose they are. An address:
 *
 *   127.0.0.1:80, [fe80::1%2]:80       @3    where the socket 3 is bound       127.0.0.1:@3    its port
 * elsewhere */
#include "steps.h"

typedef steps_network_ip_socket_address Address;

static const char *const error_codes[] = {"unknown",
                                          "access-denied",
                                          "not-supported",
                                          "invalid-argument",
                                          "out-of-memory",
                                          "timeout",
                                          "concurrency-conflict",
                                          "not-in-progress",
                                          "would-block",
                                          "invalid-state",
                                          "new-socket-limit",
                                          "address-not-bindable",
                                          "address-in-use",
                                          "remote-unreachable",
                                          "connection-refused",
                                          "connection-reset",
                                          "connection-aborted",
                                          "datagram-too-large",
                                          "name-unresolvable",
                                          "temporary-resolver-failure",
                                          "permanent-resolver-failure"};
static const char *const families[] = {"ipv4", "ipv6"};
static const char *const directions[] = {"receive", "send", "both"};

static void tell_code(steps_network_error_code code) {
    tell(error_codes[code]);
}

/* What network-error-code would say is not yet stable. */
void tell_failure(steps_borrow_error_error error) {
    (void)error;
}

static steps_borrow_network_network network(void) {
    static steps_own_network_network own;
    if (own.handle == 0)
        own = steps_instance_network_instance_network();
    return steps_own_network_network_borrow(own);
}

/* ---- sockets: whose port it is ---- */

typedef struct Socket {
    size_t place; /* in the table of handles */
    int32_t handle;
    bool is_udp;
} Socket;

static Socket sockets[64];
static size_t socket_count;

static void forget(int32_t handle) {
    size_t i = 0;
    while (sockets[i].handle != handle)
        i++;
    memmove(sockets + i, sockets + i + 1, (--socket_count - i) * sizeof *sockets);
}

static void drop_tcp(int32_t handle) {
    forget(handle);
    steps_own_tcp_tcp_socket_drop((steps_own_tcp_tcp_socket){handle});
}
static void drop_udp(int32_t handle) {
    forget(handle);
    steps_own_udp_udp_socket_drop((steps_own_udp_udp_socket){handle});
}

static void tell_socket(bool is_udp, int32_t handle) {
    if (socket_count == COUNT(sockets))
        __builtin_trap();
    sockets[socket_count++] = (Socket){tell_handle(handle, is_udp ? drop_udp : drop_tcp), handle, is_udp};
}

static bool is_bound(const Socket *socket, Address *address) {
    steps_result_network_ip_socket_address_network_error_code result =
        socket->is_udp ? steps_udp_udp_socket_local_address((steps_borrow_udp_udp_socket){socket->handle})
                       : steps_tcp_tcp_socket_local_address((steps_borrow_tcp_tcp_socket){socket->handle});
    *address = result.of.ok;
    return !result.is_error;
}

static uint16_t *port_of(Address *address) {
    return address->tag == STEPS_NETWORK_IP_SOCKET_ADDRESS_IPV6 ? &address->of.ipv6.port
                                                                : &address->of.ipv4.port;
}

/* ---- addresses as text ---- */

typedef steps_network_ipv4_address V4;
typedef steps_network_ipv6_address V6;

static char *put_number(char *to, uint64_t number, unsigned base) {
    char digits[24];
    int at = 24;
    do
        digits[--at] = "0123456789abcdef"[number % base];
    while (number /= base);
    memcpy(to, digits + at, (size_t)(24 - at));
    return to + 24 - at;
}

static char *put_v4(char *to, V4 address) {
    const uint8_t parts[] = {address.f0, address.f1, address.f2, address.f3};
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (i)
            *to++ = '.';
        to = put_number(to, parts[i], 10);
    }
    return to;
}

/* Zeros are left out where it begins with them. */
static char *put_v6(char *to, V6 address) {
    const uint16_t parts[] = {address.f0, address.f1, address.f2, address.f3,
                              address.f4, address.f5, address.f6, address.f7};
    size_t first = 0;
    while (first < COUNT(parts) && parts[first] == 0)
        first++;
    if (first < 2)
        first = 0;
    if (first)
        *to++ = ':';
    if (first == COUNT(parts))
        *to++ = ':';
    for (size_t i = first; i < COUNT(parts); i++) {
        if (i)
            *to++ = ':';
        to = put_number(to, parts[i], 16);
    }
    return to;
}

/* The number of the first socket of that family that has it. */
static char *put_port(char *to, bool is_udp, Address *address) {
    Address other;
    *to++ = ':';
    for (size_t i = 0; *port_of(address) && i < socket_count; i++)
        if (sockets[i].is_udp == is_udp && is_bound(&sockets[i], &other) && other.tag == address->tag &&
            *port_of(&other) == *port_of(address)) {
            *to++ = '@';
            return put_number(to, sockets[i].place, 10);
        }
    *to++ = *port_of(address) ? '?' : '0';
    return to;
}

static void tell_address(bool is_udp, Address *address) {
    char text[80], *to = text;
    if (address->tag == STEPS_NETWORK_IP_SOCKET_ADDRESS_IPV4) {
        to = put_v4(to, address->of.ipv4.address);
    } else {
        *to++ = '[';
        to = put_v6(to, address->of.ipv6.address);
        if (address->of.ipv6.scope_id) {
            *to++ = '%';
            to = put_number(to, address->of.ipv6.scope_id, 10);
        }
        *to++ = ']';
    }
    *put_port(to, is_udp, address) = '\0';
    tell(text);
}

/* ---- addresses of steps ---- */

typedef struct Text {
    const char *at, *end;
} Text;

static bool take(Text *text, char c) {
    if (text->at == text->end || *text->at != c)
        return false;
    text->at++;
    return true;
}

static uint32_t take_number(Text *text, unsigned base) {
    uint32_t number = 0;
    for (; text->at < text->end; text->at++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = memchr(digits, *text->at, base);
        if (digit == NULL)
            break;
        number = number * base + (uint32_t)(digit - digits);
    }
    return number;
}

/* Of the socket; all zero if it is not bound. */
static Address take_socket(Text *text) {
    size_t place = take_number(text, 10);
    Address address = {0};
    for (size_t i = 0; i < socket_count; i++)
        if (sockets[i].place == place && !is_bound(&sockets[i], &address))
            return (Address){0};
    return address;
}

static uint16_t take_port(Text *text) {
    take(text, ':');
    if (!take(text, '@'))
        return (uint16_t)take_number(text, 10);
    Address address = take_socket(text);
    return *port_of(&address);
}

static Address take_v4(Text *text) {
    uint8_t parts[4];
    for (size_t i = 0; i < COUNT(parts); i++) {
        parts[i] = (uint8_t)take_number(text, 10);
        take(text, '.');
    }
    return (Address){STEPS_NETWORK_IP_SOCKET_ADDRESS_IPV4,
                     {.ipv4 = {take_port(text), {parts[0], parts[1], parts[2], parts[3]}}}};
}

static Address take_v6(Text *text) {
    uint16_t parts[8] = {0};
    size_t count = 0, zeros = COUNT(parts);
    uint32_t scope = 0;
    while (text->at < text->end && !take(text, ']') && count < COUNT(parts)) {
        if (take(text, '%')) {
            scope = take_number(text, 10);
            continue;
        }
        bool follows = take(text, ':');
        if (follows && take(text, ':'))
            zeros = count;
        if (text->at < text->end && *text->at != ']')
            parts[count++] = (uint16_t)take_number(text, 16);
    }
    take(text, ']');
    if (zeros < count) {
        size_t after = count - zeros, moved = COUNT(parts) - count;
        memmove(parts + zeros + moved, parts + zeros, after * sizeof *parts);
        memset(parts + zeros, 0, moved * sizeof *parts);
    }
    Address address = {STEPS_NETWORK_IP_SOCKET_ADDRESS_IPV6, {.ipv6 = {.scope_id = scope}}};
    memcpy(&address.of.ipv6.address, parts, sizeof parts);
    address.of.ipv6.port = take_port(text);
    return address;
}

static Address read_address(void) {
    steps_string item = read_item();
    Text text = {item.data, item.data + item.size};
    return take(&text, '@') ? take_socket(&text) : take(&text, '[') ? take_v6(&text) : take_v4(&text);
}

static steps_option_network_ip_socket_address read_option(void) {
    static const char *const none[] = {"none"};
    if (read_case(none, 1) == 0)
        return (steps_option_network_ip_socket_address){0};
    return (steps_option_network_ip_socket_address){true, read_address()};
}

/* "text" none "text" 127.0.0.1:80 ... */
static steps_list_udp_outgoing_datagram read_datagrams(void) {
    static steps_udp_outgoing_datagram items[40];
    size_t count = 0;
    for (; count < COUNT(items) && has_more(); count++) {
        items[count].data = read_bytes();
        items[count].remote_address = read_option();
    }
    return (steps_list_udp_outgoing_datagram){items, count};
}

/* ---- what results are told as ---- */

static void drop_incoming(int32_t handle) {
    steps_own_udp_incoming_datagram_stream_drop((steps_own_udp_incoming_datagram_stream){handle});
}
static void drop_outgoing(int32_t handle) {
    steps_own_udp_outgoing_datagram_stream_drop((steps_own_udp_outgoing_datagram_stream){handle});
}
static void drop_lookup(int32_t handle) {
    steps_own_ip_name_lookup_resolve_address_stream_drop(
        (steps_own_ip_name_lookup_resolve_address_stream){handle});
}

static void tell_streams(steps_own_streams_input_stream input, steps_own_streams_output_stream output) {
    tell_input(input);
    tell_output(output);
}

static void tell_datagrams(const steps_list_udp_incoming_datagram *list) {
    for (size_t i = 0; i < list->count; i++) {
        tell_bytes(list->items[i].data.items, list->items[i].data.count);
        tell_address(true, &list->items[i].remote_address);
    }
}

static void tell_ip(const steps_option_network_ip_address *address) {
    char text[48], *to = text;
    if (!address->is_some) {
        tell("none");
        return;
    }
    to = address->value.tag == STEPS_NETWORK_IP_ADDRESS_IPV4 ? put_v4(to, address->value.of.ipv4)
                                                             : put_v6(to, address->value.of.ipv6);
    *to = '\0';
    tell(text);
}

/* What a system has of itself is told less exactly than what the cases set. */
static void tell_size(uint64_t size) {
    enum { SET = 40000 };
    if (size == SET)
        tell_number(size);
    else
        tell(size ? "some" : "none");
}

#define TELL_RESULT(call, told) TELL(call, told, tell_code)
#define TELL_VOID(call)         TELL_RESULT(call, (void)0)
#define TELL_NUMBER(call)       TELL_RESULT(call, tell_number(result.of.ok))
#define TELL_SIZE(call)         TELL_RESULT(call, tell_size(result.of.ok))
#define TELL_PERMIT(call)       TELL_RESULT(call, tell(result.of.ok ? "some" : "none"))
#define TELL_TCP_ADDRESS(call)  TELL_RESULT(call, tell_address(false, &result.of.ok))
#define TELL_UDP_ADDRESS(call)  TELL_RESULT(call, tell_address(true, &result.of.ok))
#define TELL_STREAMS(call)      TELL_RESULT(call, tell_streams(result.of.ok.f0, result.of.ok.f1))
#define TELL_ACCEPTED(call)                                                                                  \
    TELL_RESULT(                                                                                             \
        call, (tell_socket(false, result.of.ok.f0.handle), tell_streams(result.of.ok.f1, result.of.ok.f2)))
#define TELL_DATAGRAM_STREAMS(call)                                                                          \
    TELL_RESULT(call, (tell_handle(result.of.ok.f0.handle, drop_incoming),                                   \
                       tell_handle(result.of.ok.f1.handle, drop_outgoing)))
#define TELL_DATAGRAMS(call)    TELL_RESULT(call, tell_datagrams(&result.of.ok))
#define TELL_NEXT_ADDRESS(call) TELL_RESULT(call, tell_ip(&result.of.ok))
#define TELL_BOOL(call)         tell(call ? "true" : "false")
#define TELL_FAMILY(call)       tell(families[call])
#define TELL_POLLABLE(call)     (tell("ok"), tell_pollable(call))

/* ---- functions ---- */

static void create_tcp_socket(void) {
    TELL_RESULT(steps_tcp_create_socket_create_tcp_socket(read_case(families, COUNT(families))),
                tell_socket(false, result.of.ok.handle));
}

static void create_udp_socket(void) {
    TELL_RESULT(steps_udp_create_socket_create_udp_socket(read_case(families, COUNT(families))),
                tell_socket(true, result.of.ok.handle));
}

static void resolve_addresses(void) {
    TELL_RESULT(steps_ip_name_lookup_resolve_addresses(network(), read_text()),
                tell_handle(result.of.ok.handle, drop_lookup));
}

static void wait_for(steps_own_poll_pollable pollable) {
    steps_poll_pollable_block(steps_own_poll_pollable_borrow(pollable));
    steps_own_poll_pollable_drop(pollable);
}

static void tcp_block(void) {
    wait_for(steps_tcp_tcp_socket_subscribe((steps_borrow_tcp_tcp_socket){read_handle()}));
    tell("ok");
}

static void incoming_block(void) {
    const steps_borrow_udp_incoming_datagram_stream self = {read_handle()};
    wait_for(steps_udp_incoming_datagram_stream_subscribe(self));
    tell("ok");
}

static bool is_loopback(const steps_network_ip_address *address) {
    static const V6 loopback = {.f7 = 1};
    return address->tag == STEPS_NETWORK_IP_ADDRESS_IPV4
               ? address->of.ipv4.f0 == 127
               : memcmp(&address->of.ipv6, &loopback, sizeof loopback) == 0;
}

/* Until there are no more; how many a name has is the machine's to say. */
static void resolve_all_addresses(void) {
    const steps_borrow_ip_name_lookup_resolve_address_stream self = {read_handle()};
    wait_for(steps_ip_name_lookup_resolve_address_stream_subscribe(self));
    const char *found = "none";
    for (;;) {
        steps_result_option_network_ip_address_network_error_code next =
            steps_ip_name_lookup_resolve_address_stream_resolve_next_address(self);
        if (next.is_error) {
            tell_code(next.of.error);
            return;
        }
        if (!next.of.ok.is_some)
            break;
        found = is_loopback(&next.of.ok.value) ? "loopback" : "others";
    }
    tell("ok");
    tell(found);
}

#define METHOD(interface, resource, name, method, told, ...)                                                 \
    static void resource##_##method(void) {                                                                  \
        const steps_borrow_##interface##_##resource self = {read_handle()};                                  \
        TELL_##told(steps_##interface##_##resource##_##method(self __VA_OPT__(, ) __VA_ARGS__));             \
    }
#include "sockets.def"
#undef METHOD

const Function functions[] = {{"create-tcp-socket", create_tcp_socket},
                              {"create-udp-socket", create_udp_socket},
                              {"resolve-addresses", resolve_addresses},
                              {"resolve-all-addresses", resolve_all_addresses},
                              {"tcp.block", tcp_block},
                              {"incoming.block", incoming_block},
#define METHOD(interface, resource, name, method, told, ...) {name, resource##_##method},
#include "sockets.def"
#undef METHOD
                              {NULL, NULL}};
