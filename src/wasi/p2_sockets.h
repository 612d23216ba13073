/* What the faces of 0.2's wasi:sockets share (p2_network.c): addresses, error codes and their signatures. */
#ifndef SGI_WASI_P2_SOCKETS_H
#define SGI_WASI_P2_SOCKETS_H

#include "wasi/network.h"

#define P2_NET_ERROR                                                                                         \
    "enum{unknown,access-denied,not-supported,invalid-argument,out-of-memory,timeout,concurrency-conflict,"  \
    "not-in-progress,would-block,invalid-state,new-socket-limit,address-not-bindable,address-in-use,"        \
    "remote-unreachable,connection-refused,connection-reset,connection-aborted,datagram-too-large,"          \
    "name-unresolvable,temporary-resolver-failure,permanent-resolver-failure}"
#define P2_FAMILY     "enum{ipv4,ipv6}"
#define P2_V4         "tuple<u8,u8,u8,u8>"
#define P2_V6         "tuple<u16,u16,u16,u16,u16,u16,u16,u16>"
#define P2_IP_ADDRESS "variant{ipv4:" P2_V4 ",ipv6:" P2_V6 "}"
#define P2_ADDRESS                                                                                           \
    "variant{ipv4:record{port:u16,address:" P2_V4 "},ipv6:record{port:u16,flow-info:u32,address:" P2_V6      \
    ",scope-id:u32}}"
#define P2_NET_RESULT(ok) "result<" ok "," P2_NET_ERROR ">"

/* result<..., error-code>, err. */
sg_status sgi_p2_net_error(const P2Call *call, sg_wasi_errno error);
/* The same by the case's name: those that no system has a number for. */
sg_status sgi_p2_net_fail(const P2Call *call, const char *code);
/* result<_, error-code> of an operation. */
sg_status sgi_p2_net_done(const P2Call *call, sg_wasi_errno error);

/* Of an ip-socket-address. */
sg_address sgi_p2_read_address(const sg_value *value);
/* The other way round; false: no memory. */
bool sgi_p2_write_address(const P2Call *call, const sg_address *address, sg_value *value);
bool sgi_p2_write_ip(const P2Call *call, const sg_address *address, sg_value *value);
sg_value sgi_p2_family(bool is_v6);
/* result<ip-socket-address, error-code>: sgi_wasi_socket_address. */
sg_status sgi_p2_give_address(const P2Call *call, const WasiSocket *socket, bool of_peer);

/* result<tuple<a, b, ...>, error-code>, ok. */
sg_status sgi_p2_give_tuple(const P2Call *call, const sg_value *items, size_t count);
/* The pollable of `subject`. */
sg_status sgi_p2_subscribe(const P2Call *call, WasiObject *subject,
                           void (*ask)(const WasiPollable *self, WasiWait *wait));

/* Getters and setters of what both kinds have: result<T, error-code>. */
sg_status sgi_p2_option_get(const P2Call *call, OsSocketOption option, sg_kind kind, uint64_t scale);
/* 0 is no value. */
sg_status sgi_p2_option_set(const P2Call *call, OsSocketOption option, uint64_t value, uint64_t scale);

/* Functions of both kinds of socket. */
sg_status sgi_p2_hop_limit(P2Call *call);
sg_status sgi_p2_set_hop_limit(P2Call *call);
sg_status sgi_p2_receive_buffer_size(P2Call *call);
sg_status sgi_p2_set_receive_buffer_size(P2Call *call);
sg_status sgi_p2_send_buffer_size(P2Call *call);
sg_status sgi_p2_set_send_buffer_size(P2Call *call);

#endif
