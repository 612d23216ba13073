/* os.h for Linux: waiting for descriptors, and reading and writing streams of bytes without waiting.
 *
 * A descriptor that the process was given may be shared with other processes, so its flags are not ours to
 * change. Most kinds take RWF_NOWAIT or MSG_DONTWAIT; terminals do not: they are polled, and then take what a
 * poll promises. */
#include "os/os.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* --- waiting --- */

_Static_assert((int)OS_POLL_READ == POLLIN && (int)OS_POLL_WRITE == POLLOUT, "the kernel's bits");
_Static_assert(sizeof(OsPoll) == sizeof(struct pollfd) &&
                   offsetof(OsPoll, asked) == offsetof(struct pollfd, events) &&
                   offsetof(OsPoll, found) == offsetof(struct pollfd, revents),
               "an OsPoll is a pollfd");

int sgi_os_poll(OsPoll *items, size_t count, uint64_t end_ns) {
    const uint64_t second = 1000000000;
    uint64_t now = sgi_os_now(), left = end_ns > now ? end_ns - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / second), .tv_nsec = (long)(left % second)};
    int code = ppoll((struct pollfd *)(void *)items, count, end_ns == UINT64_MAX ? NULL : &timeout, NULL);
    if (code >= 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        items[i].found = 0;
    return errno == EINTR ? 0 : errno;
}

int sgi_os_event_new(int *fd) {
    *fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return *fd < 0 ? errno : 0;
}

void sgi_os_event_delete(int fd) {
    close(fd);
}

void sgi_os_event_set(int fd) {
    uint64_t one = 1;
    /* It fails only where the count is at its end, so that the descriptor is readable already. */
    ssize_t written = write(fd, &one, sizeof one);
    (void)written;
}

void sgi_os_event_clear(int fd) {
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

/* --- streams --- */

static bool is_ready(int fd, short asked) {
    struct pollfd item = {.fd = fd, .events = asked};
    return poll(&item, 1, 0) > 0;
}

bool sgi_os_may_wait(int fd) {
    struct stat stat;
    return fstat(fd, &stat) != 0 || !(S_ISREG(stat.st_mode) || S_ISBLK(stat.st_mode));
}

bool sgi_os_is_terminal(int fd) {
    return isatty(fd);
}

static int answer(ssize_t done, size_t *count) {
    *count = done < 0 ? 0 : (size_t)done;
    return done < 0 ? errno : 0;
}

/* EINTR comes from descriptors that wait, which these do not: once more is enough. */
int sgi_os_stream_read(int fd, void *buffer, size_t size, size_t *count) {
    struct iovec vector = {buffer, size};
    if (!sgi_os_may_wait(fd))
        return answer(read(fd, buffer, size), count);
    ssize_t got = preadv2(fd, &vector, 1, -1, RWF_NOWAIT);
    if (got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)) {
        got = recv(fd, buffer, size, MSG_DONTWAIT);
        if (got < 0 && errno == ENOTSOCK) {
            if (!is_ready(fd, POLLIN))
                return EAGAIN;
            got = read(fd, buffer, size);
        }
    }
    return answer(got, count);
}

static ssize_t write_now(int fd, const void *data, size_t size) {
    struct iovec vector = {(void *)(uintptr_t)data, size};
    if (!sgi_os_may_wait(fd))
        return write(fd, data, size);
    ssize_t put = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put >= 0 || errno != ENOTSOCK)
        return put;
    put = pwritev2(fd, &vector, 1, -1, RWF_NOWAIT);
    if (put >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
        return put;
    if (!is_ready(fd, POLLOUT)) {
        errno = EAGAIN;
        return -1;
    }
    /* A pipe that is ready takes so much at once, and a terminal that it is little to wait for. */
    return write(fd, data, size < 512 ? size : 512);
}

/* SIGPIPE is raised for the thread that writes: it is kept from being delivered, and taken away. */
int sgi_os_stream_write(int fd, const void *data, size_t size, size_t *count) {
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t put = write_now(fd, data, size);
    int code = answer(put, count);
    if (code == EPIPE && !sigismember(&pending, SIGPIPE)) {
        const struct timespec now = {0};
        sigtimedwait(&pipe_signal, NULL, &now);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* --- random numbers and the environment --- */

bool sgi_os_random(void *buffer, size_t size) {
    uint8_t *at = buffer;
    while (size) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

const char *sgi_os_environment(size_t index) {
    for (size_t i = 0; environ && environ[i]; i++)
        if (i == index)
            return environ[i];
    return NULL;
}
