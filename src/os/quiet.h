/* Inside os for Linux: system calls that raise a signal for the thread that makes them, made without it. */
#ifndef SGI_OS_QUIET_H
#define SGI_OS_QUIET_H

#include <signal.h>
#include <stdbool.h>

typedef struct OsQuiet {
    int signal;
    bool was_blocked, was_pending;
    sigset_t before;
} OsQuiet;

/* The signal is not delivered to this thread from begin to end. 0: nothing is done. */
void sgi_os_quiet_begin(OsQuiet *quiet, int signal);
/* Keeps <errno.h>'s errno. `is_raised`: the call between has raised it. */
void sgi_os_quiet_end(const OsQuiet *quiet, bool is_raised);

/* What growing a file may raise: SIGXFSZ where the process has a limit (RLIMIT_FSIZE), else 0. */
int sgi_os_growth_signal(void);

#endif
