/* A part of the door of os: sockets and names of the internet. All sockets are non-blocking. Functions answer
 * an error number of <errno.h>, or 0. */
#ifndef SGI_OS_NET_H
#define SGI_OS_NET_H

#include "base/base.h"

#include <sandglass/address.h>

/* An IPv6 socket takes IPv6 only. */
int sgi_os_socket_new(bool is_udp, bool is_v6, int *fd);
void sgi_os_socket_close(int fd);
/* A port that a closed connection lingers at may be bound again. */
int sgi_os_socket_bind(int fd, const sg_address *address);
/* TCP: EINPROGRESS until the descriptor is writable; then sgi_os_socket_error tells. UDP: from then on that
 * peer alone; NULL: anyone again. */
int sgi_os_socket_connect(int fd, const sg_address *address);
int sgi_os_socket_error(int fd);
int sgi_os_socket_listen(int fd, uint32_t backlog);
/* EAGAIN when nobody waits to be accepted. */
int sgi_os_socket_accept(int fd, int *accepted, sg_address *remote);
int sgi_os_socket_local(int fd, sg_address *address);
int sgi_os_socket_remote(int fd, sg_address *address);
/* ENOTCONN where there is nothing to shut down. */
int sgi_os_socket_shutdown(int fd, bool receiving, bool sending);

/* What both kinds of socket can be asked for and told. Times in seconds, sizes in bytes. */
typedef enum OsSocketOption {
    OS_KEEP_ALIVE,
    OS_KEEP_ALIVE_IDLE,
    OS_KEEP_ALIVE_INTERVAL,
    OS_KEEP_ALIVE_COUNT,
    OS_HOP_LIMIT,
    OS_RECEIVE_BUFFER,
    OS_SEND_BUFFER,
} OsSocketOption;
int sgi_os_socket_get(int fd, bool is_v6, OsSocketOption option, uint32_t *value);
int sgi_os_socket_set(int fd, bool is_v6, OsSocketOption option, uint32_t value);

/* The size of the datagram that comes next; EAGAIN when there is none. */
int sgi_os_datagram_size(int fd, size_t *size);
/* Takes it off, whatever its size. */
int sgi_os_datagram_receive(int fd, void *buffer, size_t size, size_t *count, sg_address *remote);
/* `remote` NULL: the one connected to. */
int sgi_os_datagram_send(int fd, const void *data, size_t size, const sg_address *remote);

/* "127.0.0.1", "::1": the port stays. False for what is no address. */
bool sgi_os_address_parse(const char *text, sg_address *address);

enum OsResolved { OS_RESOLVED, OS_RESOLVE_UNKNOWN, OS_RESOLVE_AGAIN, OS_RESOLVE_FAILED };
/* The addresses of a host, at most `max`, without ports, IPv4-mapped ones left out. May take as long as the
 * network likes. */
enum OsResolved sgi_os_resolve(const char *name, sg_address *addresses, size_t max, size_t *count);

#endif
