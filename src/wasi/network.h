/* Inside the wasi room: rules (network.c) and sockets (socket.c, resolve.c). */
#ifndef SGI_WASI_NETWORK_H
#define SGI_WASI_NETWORK_H

#include "wasi/internal.h"

/* ---- network.c ---- */

/* "example.org": letters, digits, '-' and '_' between single dots, the last of them not only digits. */
bool sgi_wasi_is_host_name(Bytes name);
/* The rule that `text` is, which it goes on pointing into; false if it is none. */
bool sgi_wasi_parse_rule(Bytes text, WasiRule *rule);
bool sgi_wasi_parse_name_rule(Bytes text, WasiRule *rule);

/* Is there any rule for the protocol? */
bool sgi_wasi_may_use(const WasiState *state, bool is_udp);
bool sgi_wasi_allows(const WasiState *state, sg_wasi_network_use use, const sg_address *address);
bool sgi_wasi_may_resolve(const WasiState *state, Bytes name);
/* The guest is given `address` for `name`. False: no memory. */
bool sgi_wasi_note_resolved(WasiState *state, Bytes name, const sg_address *address);

/* ---- socket.c ---- */

enum { HEARD_MAX = 64, DATAGRAM_SIZE_MAX = 65535 };

/* A socket of TCP or UDP. */
typedef struct WasiSocket {
    WasiObject object; /* WASI_TCP_SOCKET or WASI_UDP_SOCKET */
    int fd;
    bool is_v6;
    bool listens;                            /* UDP: bound where a rule lets it hear anyone */
    bool is_receiving_over, is_sending_over; /* shut down */
    uint8_t stage;                           /* of 0.2's TcpStage or UdpStage */
    bool has_remote;                         /* UDP: streams to one peer */
    uint32_t streams;                        /* UDP: how often they were made; older ones are out of order */
    uint32_t backlog;
    sg_address *heard; /* UDP where `listens`: the last HEARD_MAX senders, who may be answered */
    uint32_t heard_count;
    sg_wasi_errno outcome; /* of what was started and is not finished */
} WasiSocket;

/* One reference for the caller. MFILE: the store may have no more; NOTCAPABLE: no rule at all; NOMEM. */
sg_wasi_errno sgi_wasi_socket_new(WasiState *state, bool is_udp, bool is_v6, WasiSocket **socket);
/* ::ffff:a.b.c.d */
bool sgi_wasi_is_v4_in_v6(const sg_address *address);
/* INVAL: another family, an IPv4 address inside IPv6, with TCP no unicast address. */
sg_wasi_errno sgi_wasi_socket_bind(WasiSocket *socket, const sg_address *address);
/* TCP: INPROGRESS until the descriptor is writable; sgi_wasi_socket_connected tells. */
sg_wasi_errno sgi_wasi_socket_connect(WasiSocket *socket, const sg_address *address);
sg_wasi_errno sgi_wasi_socket_connected(WasiSocket *socket);
sg_wasi_errno sgi_wasi_socket_listen(WasiSocket *socket);
/* Where it is, or with `of_peer` what it is connected to. */
sg_wasi_errno sgi_wasi_socket_address(const WasiSocket *socket, bool of_peer, sg_address *address);
/* AGAIN when nobody waits. */
sg_wasi_errno sgi_wasi_socket_accept(WasiSocket *socket, WasiSocket **accepted);
/* Streams hold the socket. NOMEM. */
sg_wasi_errno sgi_wasi_socket_streams(WasiSocket *socket, WasiStream **input, WasiStream **output);
sg_wasi_errno sgi_wasi_socket_shutdown(WasiSocket *socket, bool receiving, bool sending);
/* UDP: only that peer from then on; NULL: anyone. */
sg_wasi_errno sgi_wasi_socket_pair(WasiSocket *socket, const sg_address *remote);
/* May a datagram of this sender be given to the guest? If so it is noted. */
bool sgi_wasi_socket_hears(WasiSocket *socket, const sg_address *sender);
/* Room that the next datagram needs, and the datagram. AGAIN: there is none. */
sg_wasi_errno sgi_wasi_socket_peek(const WasiSocket *socket, size_t *size);
sg_wasi_errno sgi_wasi_socket_receive(const WasiSocket *socket, void *buffer, size_t size, size_t *count,
                                      sg_address *sender);
/* `remote` NULL: the one it is paired with. */
sg_wasi_errno sgi_wasi_socket_send(WasiSocket *socket, const void *data, size_t size,
                                   const sg_address *remote);

/* ---- resolve.c ---- */

/* A name that is being looked up, or was. */
typedef struct WasiLookup WasiLookup;

/* WASI_RESOLVE_ADDRESS_STREAM, with one reference for the caller. INVAL: no name and no address; NOTCAPABLE;
 * AGAIN: too many are going on. */
sg_wasi_errno sgi_wasi_lookup_new(WasiState *state, Bytes name, WasiLookup **lookup);
/* The next address; `outcome` OS_RESOLVED with *address NULL at the end. False: not known yet. */
bool sgi_wasi_lookup_next(WasiLookup *lookup, enum OsResolved *outcome, const sg_address **address);
/* `ask` of its pollables. */
void sgi_wasi_ask_lookup(const WasiPollable *self, WasiWait *wait);

#endif
