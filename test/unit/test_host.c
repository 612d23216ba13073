/* What a guest does must not hurt its host: signals that system calls raise; forks. Each test runs in a
 * process of its own, which signals may kill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT = 4096 };

static char top[] = "/tmp/sandglass-host-XXXXXX";

/* `test` answers the line that it fails at, or 0. */
static void in_child(int (*test)(void)) {
    pid_t child = fork();
    if (child == 0)
        _exit(test() & 0x7f);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        fail_msg("killed by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        fail_msg("failed at a line that is %d modulo 128", WEXITSTATUS(status));
}

#define EXPECT(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return (__LINE__ & 0x7f) ? __LINE__ : 1;                                                         \
    } while (0)

static bool is_pending(int signal) {
    sigset_t set;
    return sigpending(&set) == 0 && sigismember(&set, signal);
}

/* Everything that makes a file longer, at the limit, across it and beyond. */
static int grow_files(void) {
    static const char data[2 * LIMIT];
    const struct rlimit limit = {LIMIT, LIMIT};
    size_t put;
    int fd;
    EXPECT(sgi_os_open("grown", OS_OPEN_CREATE | OS_OPEN_READ | OS_OPEN_WRITE, &fd) == 0);
    EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    EXPECT(sgi_os_write_at(fd, data, sizeof data, 1000, 0, &put) == 0 && put == LIMIT - 1000);
    EXPECT(sgi_os_write_at(fd, data, 1, LIMIT, 0, &put) == EFBIG && put == 0);
    EXPECT(sgi_os_write_at(fd, data, 1, 0, OS_WRITE_APPEND, &put) == EFBIG && put == 0);
    EXPECT(sgi_os_write_at(fd, data, 1, INT64_MAX, 0, &put) == EFBIG);
    EXPECT(sgi_os_write_at(fd, data, 1, UINT64_MAX, 0, &put) == EFBIG);
    EXPECT(sgi_os_set_size(fd, LIMIT + 1) == EFBIG);
    EXPECT(sgi_os_set_size(fd, UINT64_MAX) == EFBIG);
    EXPECT(sgi_os_set_size(fd, LIMIT) == 0);
    EXPECT(sgi_os_allocate(fd, LIMIT, 1) != 0);
    EXPECT(sgi_os_allocate(fd, 1, UINT64_MAX) == EFBIG);
    /* A standard stream that is a file has an offset of its own. */
    EXPECT(lseek(fd, LIMIT - 2, SEEK_SET) == LIMIT - 2);
    EXPECT(sgi_os_stream_write(fd, data, 5, &put) == 0 && put == 2);
    EXPECT(sgi_os_stream_write(fd, data, 5, &put) == EFBIG && put == 0);
    EXPECT(!is_pending(SIGXFSZ));
    sgi_os_close(fd);
    return 0;
}

static int block(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* A signal that the host blocks is not left pending; one that was pending stays. */
static int grow_while_blocked(void) {
    EXPECT(block(SIGXFSZ) == 0);
    EXPECT(grow_files() == 0);
    EXPECT(raise(SIGXFSZ) == 0 && is_pending(SIGXFSZ));
    int fd;
    size_t put;
    EXPECT(sgi_os_open("grown", OS_OPEN_WRITE, &fd) == 0);
    EXPECT(sgi_os_write_at(fd, "x", 1, LIMIT, 0, &put) == EFBIG);
    EXPECT(is_pending(SIGXFSZ));
    return 0;
}

static int write_to_nobody(void) {
    int pipes[2];
    size_t put;
    EXPECT(pipe(pipes) == 0 && close(pipes[0]) == 0);
    EXPECT(sgi_os_stream_write(pipes[1], "x", 1, &put) == EPIPE && put == 0);
    EXPECT(!is_pending(SIGPIPE));
    EXPECT(block(SIGPIPE) == 0);
    EXPECT(sgi_os_stream_write(pipes[1], "x", 1, &put) == EPIPE && !is_pending(SIGPIPE));
    EXPECT(raise(SIGPIPE) == 0);
    EXPECT(sgi_os_stream_write(pipes[1], "x", 1, &put) == EPIPE && is_pending(SIGPIPE));
    return 0;
}

/* ---- forks ---- */

static atomic_int hanging;

static void hang(void *job) {
    char byte;
    atomic_fetch_add(&hanging, 1);
    ssize_t got = read(*(int *)job, &byte, 1);
    (void)got;
}

static void keep(void *job) {
    (void)job;
}

static sg_trap offload(Store *store, void (*work)(void *job), void *job, uint64_t timeout_ns) {
    sg_error err = {.status = SG_OK};
    CallScope scope;
    store->is_tightened = true;
    store->tighter = sgi_limits_of_call((sg_limits){.timeout_ns = timeout_ns});
    sg_status status = sgi_call_begin(store, &scope, &err);
    if (status == SG_OK) {
        sg_trap trap = sgi_offload(store, work, job, keep);
        status = sgi_call_end(store, &scope, trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(&err, trap), &err);
    }
    return status == SG_OK ? SG_TRAP_NONE : err.trap;
}

/* All helper threads hang; a child has none of them, and may have as many of its own. */
static int fork_while_all_hang(void) {
    enum { HELPERS = 64 };
    int pipes[2];
    sg_error err;
    EXPECT(pipe(pipes) == 0);
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, &err);
    Store *store = sgi_store_new(engine, NULL, &err);
    EXPECT(store != NULL);
    while (atomic_load(&hanging) < HELPERS)
        EXPECT(offload(store, hang, &pipes[0], 1000000) == SG_TRAP_DEADLINE);
    EXPECT(offload(store, keep, NULL, 20000000) == SG_TRAP_DEADLINE); /* no room */
    pid_t child = fork();
    if (child == 0) {
        sg_trap trap = offload(store, keep, NULL, UINT64_C(20000000000));
        sgi_store_delete(store);
        sgi_engine_release(engine);
        _exit(trap == SG_TRAP_NONE ? 0 : 1);
    }
    int status = -1;
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    EXPECT(close(pipes[1]) == 0); /* lets go of all */
    EXPECT(offload(store, keep, NULL, UINT64_C(20000000000)) == SG_TRAP_NONE);
    sgi_store_delete(store);
    sgi_engine_release(engine);
    return 0;
}

static void test_forks(void **state) {
    (void)state;
    in_child(fork_while_all_hang);
}

static void test_signals(void **state) {
    (void)state;
    in_child(grow_files);
    in_child(grow_while_blocked);
    in_child(write_to_nobody);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_forks),
    };
    if (mkdtemp(top) == NULL || chdir(top) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink("grown");
    if (chdir("/") == 0)
        rmdir(top);
    return failed;
}
