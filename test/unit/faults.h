/* System calls that fail: the functions of libc that src/os calls, each of which fails when it is its turn.
 */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
    atomic_bool is_armed;
    atomic_uint calls; /* since it was armed */
    unsigned at;       /* the first one that fails; UINT_MAX: none */
    bool persists;     /* all that follow, too */
    int code;          /* errno */
} faults;

static bool fault_is_due(void) {
    if (!atomic_load(&faults.is_armed))
        return false;
    unsigned call = atomic_fetch_add(&faults.calls, 1);
    if (call < faults.at || (call > faults.at && !faults.persists))
        return false;
    errno = faults.code;
    return true;
}

#define REAL(type, name, params)                                                                             \
    static type(*real) params;                                                                               \
    if (real == NULL)                                                                                        \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

#define FAULTY(type, name, params, arguments)                                                                \
    type name params {                                                                                       \
        REAL(type, name, params);                                                                            \
        return fault_is_due() ? (type) - 1 : real arguments;                                                 \
    }

FAULTY(int, fstat, (int fd, struct stat *to), (fd, to))
FAULTY(int, fstatat, (int fd, const char *restrict name, struct stat *restrict to, int flags),
       (fd, name, to, flags))
FAULTY(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
FAULTY(ssize_t, pwritev2, (int fd, const struct iovec *from, int count, off_t at, int flags),
       (fd, from, count, at, flags))
FAULTY(ssize_t, preadv2, (int fd, const struct iovec *to, int count, off_t at, int flags),
       (fd, to, count, at, flags))
FAULTY(int, ftruncate, (int fd, off_t size), (fd, size))
FAULTY(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
FAULTY(int, fsync, (int fd), (fd))
FAULTY(int, fdatasync, (int fd), (fd))
FAULTY(int, mkdirat, (int fd, const char *name, mode_t mode), (fd, name, mode))
FAULTY(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags))
FAULTY(int, renameat, (int from, const char *old, int to, const char *new), (from, old, to, new))
FAULTY(int, linkat, (int from, const char *old, int to, const char *new, int flags),
       (from, old, to, new, flags))
FAULTY(int, symlinkat, (const char *target, int fd, const char *name), (target, fd, name))
FAULTY(ssize_t, readlinkat, (int fd, const char *restrict name, char *restrict to, size_t size),
       (fd, name, to, size))
FAULTY(int, utimensat, (int fd, const char *name, const struct timespec times[2], int flags),
       (fd, name, times, flags))
FAULTY(off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence))
FAULTY(int, ppoll, (struct pollfd * items, nfds_t count, const struct timespec *time, const sigset_t *mask),
       (items, count, time, mask))
FAULTY(int, eventfd, (unsigned count, int flags), (count, flags))
FAULTY(ssize_t, getrandom, (void *to, size_t size, unsigned flags), (to, size, flags))
FAULTY(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
FAULTY(int, listen, (int fd, int backlog), (fd, backlog))
FAULTY(int, shutdown, (int fd, int how), (fd, how))
FAULTY(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
       (fd, level, name, value, size))
FAULTY(int, getsockopt, (int fd, int level, int name, void *restrict value, socklen_t *restrict size),
       (fd, level, name, value, size))
FAULTY(ssize_t, recv, (int fd, void *to, size_t size, int flags), (fd, to, size, flags))
FAULTY(ssize_t, send, (int fd, const void *from, size_t size, int flags), (fd, from, size, flags))

FAULTY(int, bind, (int fd, __CONST_SOCKADDR_ARG address, socklen_t size), (fd, address, size))
FAULTY(int, connect, (int fd, __CONST_SOCKADDR_ARG address, socklen_t size), (fd, address, size))
FAULTY(int, accept4, (int fd, __SOCKADDR_ARG address, socklen_t *restrict size, int flags),
       (fd, address, size, flags))
FAULTY(int, getsockname, (int fd, __SOCKADDR_ARG address, socklen_t *restrict size), (fd, address, size))
FAULTY(int, getpeername, (int fd, __SOCKADDR_ARG address, socklen_t *restrict size), (fd, address, size))
FAULTY(ssize_t, recvfrom,
       (int fd, void *restrict to, size_t size, int flags, __SOCKADDR_ARG from,
        socklen_t *restrict from_size),
       (fd, to, size, flags, from, from_size))
FAULTY(ssize_t, sendto,
       (int fd, const void *from, size_t size, int flags, __CONST_SOCKADDR_ARG to, socklen_t to_size),
       (fd, from, size, flags, to, to_size))

/* With arguments that are not in their types. */
int openat(int fd, const char *name, int flags, ...) {
    REAL(int, openat, (int, const char *, int, ...));
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return fault_is_due() ? -1 : real(fd, name, flags, mode);
}

int fcntl(int fd, int command, ...) {
    REAL(int, fcntl, (int, int, ...));
    va_list rest;
    va_start(rest, command);
    long argument = va_arg(rest, long);
    va_end(rest);
    return fault_is_due() ? -1 : real(fd, command, argument);
}

/* openat2 and getdents64 */
long syscall(long number, ...) {
    REAL(long, syscall, (long, ...));
    long a[4];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    return fault_is_due() ? -1 : real(number, a[0], a[1], a[2], a[3]);
}

#endif
