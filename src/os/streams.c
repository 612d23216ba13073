/* os.h for Linux: waiting for descriptors, and reading and writing streams of bytes without waiting.
 *
 * A descriptor that the process was given may be shared with other processes, so its flags are not ours to
 * change. Most kinds take RWF_NOWAIT or MSG_DONTWAIT; terminals do not: they are polled, and then take what a
 * poll promises. */
#include "os/os.h"
#include "os/quiet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
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

static mode_t type_of(int fd) {
    struct stat stat;
    return fstat(fd, &stat) == 0 ? stat.st_mode & S_IFMT : S_IFCHR;
}

static bool never_waits(mode_t type) {
    return type == S_IFREG || type == S_IFBLK;
}

bool sgi_os_may_wait(int fd) {
    return !never_waits(type_of(fd));
}

bool sgi_os_is_terminal(int fd) {
    return isatty(fd);
}

static int answer(ssize_t done, size_t *count) {
    *count = done < 0 ? 0 : (size_t)done;
    return done < 0 ? errno : 0;
}

/* After a call with RWF_NOWAIT. */
static bool knows_no_nowait(ssize_t done) {
    return done < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL);
}

static ssize_t fail_again(void) {
    errno = EAGAIN;
    return -1;
}

static ssize_t read_now(int fd, mode_t type, void *buffer, size_t size) {
    struct iovec vector = {buffer, size};
    if (type == S_IFSOCK)
        return recv(fd, buffer, size, MSG_DONTWAIT);
    ssize_t got = never_waits(type) ? read(fd, buffer, size) : preadv2(fd, &vector, 1, -1, RWF_NOWAIT);
    if (never_waits(type) || !knows_no_nowait(got))
        return got;
    return is_ready(fd, POLLIN) ? read(fd, buffer, size) : fail_again();
}

int sgi_os_stream_read(int fd, void *buffer, size_t size, size_t *count) {
    mode_t type = type_of(fd);
    ssize_t got;
    do
        got = read_now(fd, type, buffer, size);
    while (got < 0 && errno == EINTR);
    return answer(got, count);
}

static ssize_t write_now(int fd, mode_t type, const void *data, size_t size) {
    /* What a pipe that is ready takes at once, and of a terminal little to wait for. */
    const size_t piece = type == S_IFIFO ? PIPE_BUF : 512;
    struct iovec vector = {(void *)(uintptr_t)data, size};
    if (type == S_IFSOCK)
        return send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    ssize_t put = never_waits(type) ? write(fd, data, size) : pwritev2(fd, &vector, 1, -1, RWF_NOWAIT);
    if (never_waits(type) || !knows_no_nowait(put))
        return put;
    return is_ready(fd, POLLOUT) ? write(fd, data, size < piece ? size : piece) : fail_again();
}

int sgi_os_stream_write(int fd, const void *data, size_t size, size_t *count) {
    mode_t type = type_of(fd);
    ssize_t put;
    OsQuiet quiet;
    sgi_os_quiet_begin(&quiet, type == S_IFIFO ? SIGPIPE : type == S_IFREG ? sgi_os_growth_signal() : 0);
    do
        put = write_now(fd, type, data, size);
    while (put < 0 && errno == EINTR);
    sgi_os_quiet_end(&quiet, put < 0 && (errno == EPIPE || errno == EFBIG));
    return answer(put, count);
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
