/* quiet.h. The signal is blocked for the thread, and taken away again if the call raised it, unless one was
 * pending before, which is somebody else's. */
#include "os/quiet.h"

#include <errno.h>
#include <sys/resource.h>
#include <time.h>

void sgi_os_quiet_begin(OsQuiet *quiet, int signal) {
    sigset_t set;
    *quiet = (OsQuiet){.signal = signal};
    if (signal == 0)
        return;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &quiet->before);
    quiet->was_blocked = sigismember(&quiet->before, signal);
    if (quiet->was_blocked && sigpending(&set) == 0)
        quiet->was_pending = sigismember(&set, signal);
}

void sgi_os_quiet_end(const OsQuiet *quiet, bool is_raised) {
    if (quiet->signal == 0)
        return;
    int code = errno;
    if (is_raised && !quiet->was_pending) {
        const struct timespec now = {0};
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, quiet->signal);
        sigtimedwait(&set, NULL, &now);
    }
    if (!quiet->was_blocked)
        pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
    errno = code;
}

int sgi_os_growth_signal(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? SIGXFSZ : 0;
}
