/* Sockets: there are none. */
#include "preview1.h"

PREVIEW1("sock_accept") sock_accept(u32 number, u32 flags, Ptr result) {
    (void)flags, (void)result;
    NEED_ONE(number);
    return NOTSOCK;
}

PREVIEW1("sock_recv") sock_recv(u32 number, Ptr iovs, u32 count, u32 flags, Ptr size, Ptr flags_out) {
    (void)iovs, (void)count, (void)flags, (void)size, (void)flags_out;
    NEED_ONE(number);
    return NOTSOCK;
}

PREVIEW1("sock_send") sock_send(u32 number, Ptr iovs, u32 count, u32 flags, Ptr size) {
    (void)iovs, (void)count, (void)flags, (void)size;
    NEED_ONE(number);
    return NOTSOCK;
}

PREVIEW1("sock_shutdown") sock_shutdown(u32 number, u32 how) {
    (void)how;
    NEED_ONE(number);
    return NOTSOCK;
}
