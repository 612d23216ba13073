/* os/net.h for Linux. */
#include "os/os.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union Address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} Address;

static socklen_t to_system(const sg_address *from, Address *to) {
    memset(to, 0, sizeof *to);
    if (!from->is_v6) {
        to->v4.sin_family = AF_INET;
        to->v4.sin_port = htons(from->port);
        memcpy(&to->v4.sin_addr, from->bytes, sizeof to->v4.sin_addr);
        return sizeof to->v4;
    }
    to->v6.sin6_family = AF_INET6;
    to->v6.sin6_port = htons(from->port);
    to->v6.sin6_flowinfo = htonl(from->flow_info);
    to->v6.sin6_scope_id = from->scope_id;
    memcpy(&to->v6.sin6_addr, from->bytes, sizeof to->v6.sin6_addr);
    return sizeof to->v6;
}

static sg_address from_system(const Address *from) {
    sg_address to = {.is_v6 = from->any.sa_family == AF_INET6};
    if (to.is_v6) {
        memcpy(to.bytes, &from->v6.sin6_addr, sizeof from->v6.sin6_addr);
        to.port = ntohs(from->v6.sin6_port);
        to.flow_info = ntohl(from->v6.sin6_flowinfo);
        to.scope_id = from->v6.sin6_scope_id;
    } else if (from->any.sa_family == AF_INET) { /* else none of the internet's: an embedder's */
        memcpy(to.bytes, &from->v4.sin_addr, sizeof from->v4.sin_addr);
        to.port = ntohs(from->v4.sin_port);
    }
    return to;
}

static int error_if(bool failed) {
    return failed ? errno : 0;
}

/* --- sockets --- */

int sgi_os_socket_new(bool is_udp, bool is_v6, int *fd) {
    *fd = socket(is_v6 ? AF_INET6 : AF_INET,
                 (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    const int on = 1;
    if (!is_v6 || setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0)
        return 0;
    int code = errno;
    close(*fd);
    return code;
}

void sgi_os_socket_close(int fd) {
    close(fd);
}

int sgi_os_socket_bind(int fd, const sg_address *address) {
    const int on = 1;
    int type = 0;
    socklen_t size = sizeof type;
    /* To datagrams it would mean that two sockets may share a port. */
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    Address to;
    size = to_system(address, &to);
    return error_if(bind(fd, &to.any, size) != 0);
}

int sgi_os_socket_connect(int fd, const sg_address *address) {
    Address to = {.any.sa_family = AF_UNSPEC};
    socklen_t size = address ? to_system(address, &to) : (socklen_t)sizeof to.any;
    return error_if(connect(fd, &to.any, size) != 0);
}

int sgi_os_socket_error(int fd) {
    int code = 0;
    socklen_t size = sizeof code;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

int sgi_os_socket_listen(int fd, uint32_t backlog) {
    return error_if(listen(fd, backlog > INT_MAX ? INT_MAX : (int)backlog) != 0);
}

int sgi_os_socket_accept(int fd, int *accepted, sg_address *remote) {
    Address from = {0};
    socklen_t size = sizeof from;
    *accepted = accept4(fd, &from.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (*accepted < 0)
        return errno;
    *remote = from_system(&from);
    return 0;
}

int sgi_os_socket_local(int fd, sg_address *address) {
    Address from = {0};
    socklen_t size = sizeof from;
    int code = error_if(getsockname(fd, &from.any, &size) != 0);
    *address = from_system(&from);
    return code;
}

int sgi_os_socket_remote(int fd, sg_address *address) {
    Address from = {0};
    socklen_t size = sizeof from;
    int code = error_if(getpeername(fd, &from.any, &size) != 0);
    *address = from_system(&from);
    return code;
}

int sgi_os_socket_shutdown(int fd, bool receiving, bool sending) {
    return error_if(shutdown(fd, receiving && sending ? SHUT_RDWR : receiving ? SHUT_RD : SHUT_WR) != 0);
}

/* --- options --- */

static void name_option(bool is_v6, OsSocketOption option, int *level, int *name) {
    static const struct {
        int level, name;
    } names[] = {
        [OS_KEEP_ALIVE] = {SOL_SOCKET, SO_KEEPALIVE},
        [OS_KEEP_ALIVE_IDLE] = {IPPROTO_TCP, TCP_KEEPIDLE},
        [OS_KEEP_ALIVE_INTERVAL] = {IPPROTO_TCP, TCP_KEEPINTVL},
        [OS_KEEP_ALIVE_COUNT] = {IPPROTO_TCP, TCP_KEEPCNT},
        [OS_HOP_LIMIT] = {IPPROTO_IP, IP_TTL},
        [OS_RECEIVE_BUFFER] = {SOL_SOCKET, SO_RCVBUF},
        [OS_SEND_BUFFER] = {SOL_SOCKET, SO_SNDBUF},
    };
    bool is_hops = option == OS_HOP_LIMIT && is_v6;
    *level = is_hops ? IPPROTO_IPV6 : names[option].level;
    *name = is_hops ? IPV6_UNICAST_HOPS : names[option].name;
}

/* Linux keeps twice the buffer that it was asked for, for its own needs. */
static bool is_doubled(OsSocketOption option) {
    return option == OS_RECEIVE_BUFFER || option == OS_SEND_BUFFER;
}

int sgi_os_socket_get(int fd, bool is_v6, OsSocketOption option, uint32_t *value) {
    int level, name, got = 0;
    socklen_t size = sizeof got;
    name_option(is_v6, option, &level, &name);
    int code = error_if(getsockopt(fd, level, name, &got, &size) != 0);
    *value = (uint32_t)got / (is_doubled(option) ? 2 : 1);
    return code;
}

int sgi_os_socket_set(int fd, bool is_v6, OsSocketOption option, uint32_t value) {
    int level, name, wanted = value > INT_MAX / 2 ? INT_MAX / 2 : (int)value;
    name_option(is_v6, option, &level, &name);
    return error_if(setsockopt(fd, level, name, &wanted, sizeof wanted) != 0);
}

/* --- datagrams --- */

int sgi_os_datagram_size(int fd, size_t *size) {
    uint8_t first;
    ssize_t got = recv(fd, &first, sizeof first, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    *size = got < 0 ? 0 : (size_t)got;
    return error_if(got < 0);
}

int sgi_os_datagram_receive(int fd, void *buffer, size_t size, size_t *count, sg_address *remote) {
    Address from = {0};
    socklen_t from_size = sizeof from;
    ssize_t got = recvfrom(fd, buffer, size, MSG_DONTWAIT, &from.any, &from_size);
    *count = got < 0 ? 0 : (size_t)got;
    *remote = from_system(&from);
    return error_if(got < 0);
}

int sgi_os_datagram_send(int fd, const void *data, size_t size, const sg_address *remote) {
    Address to;
    socklen_t to_size = remote ? to_system(remote, &to) : 0;
    return error_if(sendto(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, remote ? &to.any : NULL, to_size) <
                    0);
}

/* --- names --- */

bool sgi_os_address_parse(const char *text, sg_address *address) {
    address->is_v6 = inet_pton(AF_INET, text, address->bytes) != 1;
    return !address->is_v6 || inet_pton(AF_INET6, text, address->bytes) == 1;
}

enum OsResolved sgi_os_resolve(const char *name, sg_address *addresses, size_t max, size_t *count) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    *count = 0;
    int code = getaddrinfo(name, NULL, &hints, &list);
    if (code != 0)
        return code == EAI_NONAME || code == EAI_NODATA ? OS_RESOLVE_UNKNOWN
               : code == EAI_AGAIN                      ? OS_RESOLVE_AGAIN
                                                        : OS_RESOLVE_FAILED;
    for (const struct addrinfo *at = list; at && *count < max; at = at->ai_next) {
        Address from = {0};
        if ((at->ai_family != AF_INET && at->ai_family != AF_INET6) || at->ai_addrlen > sizeof from)
            continue;
        memcpy(&from, at->ai_addr, at->ai_addrlen);
        if (at->ai_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&from.v6.sin6_addr))
            continue;
        addresses[(*count)++] = from_system(&from);
    }
    freeaddrinfo(list);
    return *count ? OS_RESOLVED : OS_RESOLVE_UNKNOWN;
}
