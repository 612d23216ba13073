/* Every wait can be cut: each kind × a deadline that has passed, in 1 ms, in 100 ms, and a cancel, on one
 * thread and on eight; each is followed by a wait that ends well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wasi/network.h"

#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

/* What waits for nobody: an empty pipe, a full one, both ends open; a FIFO that nobody opens. */
typedef struct World {
    Engine *engine;
    Store *store;
    WasiState *state;
    int empty[2], full[2], sockets[2];
    char fifo[64];
} World;

static void fill(int fd) {
    static const char data[4096];
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    while (write(fd, data, sizeof data) > 0) {
    }
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0); /* as what a process is given: it blocks */
}

static void world_make(World *w, Engine *engine) {
    sg_error err;
    *w = (World){.engine = engine};
    w->store = sgi_store_new(engine, NULL, &err);
    assert_non_null(w->store);
    w->state = sgi_wasi_state(w->store);
    assert_non_null(w->state);
    assert_int_equal(pipe(w->empty), 0);
    assert_int_equal(pipe(w->full), 0);
    fill(w->full[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->sockets), 0);
    snprintf(w->fifo, sizeof w->fifo, "/tmp/sandglass-test-%ld-%p", (long)getpid(), (void *)w->store);
    assert_int_equal(mkfifo(w->fifo, 0600), 0);
}

static void world_end(World *w) {
    sgi_store_delete(w->store);
    for (int i = 0; i < 2; i++) {
        close(w->empty[i]);
        close(w->full[i]);
        close(w->sockets[i]);
    }
    unlink(w->fifo);
}

static WasiStream *stream_of(World *w, WasiKind kind, int fd) {
    static const sg_wasi_stream none = {.size = sizeof none};
    WasiStream *stream = sgi_wasi_stream_new(w->state, kind, sizeof *stream, &none, NULL);
    assert_non_null(stream);
    sgi_wasi_stream_use(stream, fd);
    return stream;
}

/* ---- the waits ---- */

static sg_trap read_from(World *w, int fd) {
    WasiStream *stream = stream_of(w, WASI_INPUT_STREAM, fd);
    char buffer[16];
    size_t count;
    sg_wasi_errno error;
    sg_trap trap = sgi_wasi_stream_read(stream, buffer, sizeof buffer, true, &count, &error);
    sgi_wasi_release(&stream->object);
    return trap;
}

static sg_trap read_pipe(World *w) {
    return read_from(w, w->empty[0]);
}

static sg_trap read_socket(World *w) {
    return read_from(w, w->sockets[0]);
}

static sg_trap write_pipe(World *w) {
    static const char data[1 << 20];
    WasiStream *stream = stream_of(w, WASI_OUTPUT_STREAM, w->full[1]);
    size_t count;
    sg_wasi_errno error;
    sg_trap trap = sgi_wasi_stream_write(stream, data, sizeof data, true, &count, &error);
    sgi_wasi_release(&stream->object);
    return trap;
}

static sg_trap sleep_long(World *w) {
    return sgi_sleep_until(w->store, UINT64_MAX);
}

static sg_trap poll_time(World *w) {
    WasiWait wait = {.fd = -1, .has_time = true, .time = UINT64_MAX - 1};
    return sgi_wasi_wait(w->state, &wait, 1);
}

static sg_trap poll_many(World *w) {
    WasiWait waits[1000];
    for (int i = 0; i < 1000; i++)
        waits[i] = i % 3 == 0   ? (WasiWait){.fd = w->empty[0]}
                   : i % 3 == 1 ? (WasiWait){.fd = w->full[1], .is_write = true}
                                : (WasiWait){.fd = -1, .has_time = true, .time = UINT64_MAX / 2};
    return sgi_wasi_wait(w->state, waits, 1000);
}

typedef struct OpenJob {
    char path[64];
    int fd;
} OpenJob;

static void open_run(void *job) {
    OpenJob *open_job = job;
    open_job->fd = open(open_job->path, O_RDONLY | O_CLOEXEC);
}

static void open_release(void *job) {
    close(((OpenJob *)job)->fd);
    free(job);
}

/* The kernel keeps whoever opens it until somebody opens the other end. */
static sg_trap open_fifo(World *w) {
    OpenJob *job = calloc(1, sizeof *job);
    assert_non_null(job);
    memcpy(job->path, w->fifo, sizeof job->path);
    sg_trap trap = sgi_offload(w->store, open_run, job, open_release);
    if (trap == SG_TRAP_NONE)
        open_release(job);
    return trap;
}

/* Lets go of threads that still wait for the FIFO. */
static void release_fifo(const World *w) {
    int fd = open(w->fifo, O_RDWR | O_CLOEXEC);
    struct timespec pause = {.tv_nsec = 2000000};
    nanosleep(&pause, NULL);
    close(fd);
}

typedef struct WaitCase {
    const char *name;
    sg_trap (*wait)(World *w);
} WaitCase;

static const WaitCase cases[] = {
    {"read of an empty pipe", read_pipe}, {"read of a socket", read_socket},
    {"write to a full pipe", write_pipe}, {"sleep", sleep_long},
    {"poll of a time", poll_time},        {"poll of 1,000 things", poll_many},
    {"open of a FIFO", open_fifo},
};

/* ---- what must cut them ---- */

static sg_trap run_case(World *w, const WaitCase *c, uint64_t deadline_ns, uint64_t *over_ns) {
    sg_error err = {.status = SG_OK};
    CallScope scope;
    w->store->is_tightened = true;
    w->store->tighter = sgi_limits_of_call((sg_limits){.deadline_ns = deadline_ns});
    sg_status status = sgi_call_begin(w->store, &scope, &err);
    if (status == SG_OK) {
        sg_trap trap = c->wait(w);
        status = trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(&err, trap);
        status = sgi_call_end(w->store, &scope, status, &err);
    }
    uint64_t now = sgi_os_now();
    *over_ns = now > deadline_ns ? now - deadline_ns : 0;
    return status == SG_TRAP ? err.trap : SG_TRAP_NONE;
}

static sg_trap sleep_short(World *w) {
    return sgi_sleep_until(w->store, sgi_os_now() + MS / 10);
}

static void healthy(World *w) {
    static const WaitCase c = {"short sleep", sleep_short};
    uint64_t over;
    assert_int_equal(run_case(w, &c, sgi_os_now() + 10000 * MS, &over), SG_TRAP_NONE);
}

static void *all_deadlines(void *argument) {
    World *w = argument;
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        for (int ms = 0; ms <= 100; ms = ms ? ms * 100 : 1) {
            uint64_t over, deadline = sgi_os_now() + (uint64_t)ms * MS;
            assert_int_equal(run_case(w, &cases[i], deadline, &over), SG_TRAP_DEADLINE);
            assert_true(over < 1000 * MS); /* on however busy a machine */
            healthy(w);
        }
    release_fifo(w);
    return NULL;
}

static void deadlines(void **state) {
    (void)state;
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    World w;
    world_make(&w, engine);
    all_deadlines(&w);
    world_end(&w);
    sgi_engine_release(engine);
}

static void deadlines_on_8_threads(void **state) {
    (void)state;
    enum { THREADS = 8 };
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    World w[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        world_make(&w[i], engine);
        assert_int_equal(pthread_create(&threads[i], NULL, all_deadlines, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        world_end(&w[i]);
    }
    sgi_engine_release(engine);
}

/* Cancels until a call was there to be cancelled, `after_ns` from when it was asked to. */
typedef struct Cancel {
    Canceller *canceller;
    uint64_t after_ns;
} Cancel;

static void *cancel(void *argument) {
    const Cancel *c = argument;
    const struct timespec pause = {.tv_nsec = (long)c->after_ns};
    do
        nanosleep(&pause, NULL);
    while (!sgi_canceller_cancel(c->canceller));
    return NULL;
}

static void cancels(void **state) {
    (void)state;
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    World w;
    world_make(&w, engine);
    Canceller *canceller = sgi_store_canceller(w.store);
    assert_non_null(canceller);
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        for (uint64_t after = MS / 50; after <= 20 * MS; after *= 1000) {
            Cancel c = {canceller, after};
            pthread_t thread;
            uint64_t over, began = sgi_os_now();
            assert_int_equal(pthread_create(&thread, NULL, cancel, &c), 0);
            assert_int_equal(run_case(&w, &cases[i], began + 60000 * MS, &over), SG_TRAP_CANCELLED);
            assert_true(sgi_os_now() - began < 2000 * MS);
            pthread_join(thread, NULL);
            healthy(&w);
        }
    release_fifo(&w);
    sgi_canceller_release(canceller);
    world_end(&w);
    sgi_engine_release(engine);
}

/* ---- what waits end well by ---- */

static void *write_later(void *argument) {
    const struct timespec pause = {.tv_nsec = 5000000};
    nanosleep(&pause, NULL);
    assert_int_equal(write(*(int *)argument, "abc", 3), 3);
    return NULL;
}

static sg_trap read_abc(World *w) {
    WasiStream *stream = stream_of(w, WASI_INPUT_STREAM, w->empty[0]);
    char buffer[16];
    size_t count;
    sg_wasi_errno error;
    assert_int_equal(sgi_wasi_stream_read(stream, buffer, 16, false, &count, &error), SG_TRAP_NONE);
    assert_int_equal(error, SG_WASI_AGAIN);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_later, &w->empty[1]), 0);
    sg_trap trap = sgi_wasi_stream_read(stream, buffer, 16, true, &count, &error);
    pthread_join(thread, NULL);
    assert_int_equal(error, SG_WASI_SUCCESS);
    assert_int_equal(count, 3);
    assert_memory_equal(buffer, "abc", 3);
    sgi_wasi_release(&stream->object);
    return trap;
}

static sg_trap write_closed(World *w) {
    WasiStream *stream = stream_of(w, WASI_OUTPUT_STREAM, w->empty[1]);
    size_t count;
    sg_wasi_errno error;
    close(w->empty[0]);
    w->empty[0] = -1;
    /* No signal ends the process. */
    assert_int_equal(sgi_wasi_stream_write(stream, "x", 1, true, &count, &error), SG_TRAP_NONE);
    assert_int_equal(error, SG_WASI_PIPE);
    stream->is_stdio = true;
    w->state->grants.exits_on_closed_pipe = true;
    sg_trap trap = sgi_wasi_stream_write(stream, "x", 1, true, &count, &error);
    sgi_wasi_release(&stream->object);
    int code = 0;
    assert_true(sgi_wasi_exit_code(w->store, &code));
    assert_int_equal(code, 141);
    return trap;
}

static sg_trap sleep_virtual(World *w) {
    w->state->grants.has_virtual_clock = true;
    uint64_t before = sgi_wasi_monotonic(w->state), hour = 3600 * 1000 * MS;
    WasiWait waits[2] = {{.fd = w->empty[0]}, {.fd = -1, .has_time = true, .time = before + hour}};
    sg_trap trap = sgi_wasi_wait(w->state, waits, 2);
    assert_false(waits[0].is_ready);
    assert_true(waits[1].is_ready);
    assert_true(sgi_wasi_monotonic(w->state) >= before + hour);
    return trap;
}

static void outcomes(void **state) {
    (void)state;
    static const struct {
        WaitCase c;
        sg_trap trap;
    } good[] = {{{"read", read_abc}, SG_TRAP_NONE},
                {{"virtual sleep", sleep_virtual}, SG_TRAP_NONE},
                {{"closed pipe", write_closed}, SG_TRAP_EXIT}};
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    for (size_t i = 0; i < SGI_COUNT(good); i++) {
        World w;
        uint64_t over;
        world_make(&w, engine);
        assert_int_equal(run_case(&w, &good[i].c, sgi_os_now() + 10000 * MS, &over), good[i].trap);
        world_end(&w);
    }
    sgi_engine_release(engine);
}

/* More than may hang at once: the next ones wait for their turn, and are cut there. */
static void many_hang(void **state) {
    (void)state;
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    World w;
    world_make(&w, engine);
    for (int i = 0; i < 70; i++) {
        uint64_t over;
        assert_int_equal(run_case(&w, &cases[6], sgi_os_now() + MS, &over), SG_TRAP_DEADLINE);
        assert_true(over < 1000 * MS);
    }
    /* The engine goes before what hangs. */
    int fd = open(w.fifo, O_RDWR | O_CLOEXEC);
    world_end(&w);
    sgi_engine_release(engine);
    const struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    close(fd);
}

/* A resolver that hangs until it is let go; what hangs outlives lookup, store and engine. */
static atomic_bool resolver_hangs;
static atomic_uint resolving;

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict list) {
    const struct timespec pause = {.tv_nsec = 1000000};
    (void)name, (void)service, (void)hints, (void)list;
    atomic_fetch_add(&resolving, 1);
    while (atomic_load(&resolver_hangs))
        nanosleep(&pause, NULL);
    atomic_fetch_sub(&resolving, 1);
    return EAI_AGAIN;
}

static void abandoned_lookups(void **state) {
    (void)state;
    enum { LOOKUPS = 40, AT_ONCE = 32 };
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    World w;
    sg_error err;
    const struct timespec pause = {.tv_nsec = 1000000};
    world_make(&w, engine);
    sgi_store_delete(w.store);
    w.store = sgi_store_new(engine, NULL, &err);
    Wasi *wasi = sgi_wasi_new(engine, &err);
    assert_int_equal(sgi_wasi_allow_dns(wasi, "*", &err), SG_OK);
    assert_int_equal(sgi_wasi_attach(wasi, w.store, &err), SG_OK);
    sgi_wasi_delete(wasi);
    w.state = sgi_wasi_state(w.store);
    atomic_store(&resolver_hangs, true);
    WasiLookup *lookups[LOOKUPS];
    for (int i = 0; i < LOOKUPS; i++) {
        sg_wasi_errno error = sgi_wasi_lookup_new(w.state, BYTES_OF("example.org"), &lookups[i]);
        assert_int_equal(error, i < AT_ONCE ? SG_WASI_SUCCESS : SG_WASI_AGAIN);
    }
    sgi_wasi_release((WasiObject *)(void *)lookups[0]);
    healthy(&w); /* others still wait for their own */
    world_end(&w);
    sgi_engine_release(engine);
    while (atomic_load(&resolving) < AT_ONCE)
        nanosleep(&pause, NULL);
    atomic_store(&resolver_hangs, false);
    while (atomic_load(&resolving) > 0)
        nanosleep(&pause, NULL);
}

/* What a wait costs depends on what is waited for, not on the numbers of the host's descriptors. */
static sg_trap poll_far(World *w) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    int high = limit.rlim_max < 20000 ? (int)limit.rlim_max - 1 : 19999;
    WasiWait waits[2] = {{.fd = fcntl(w->full[0], F_DUPFD_CLOEXEC, high)}, {.fd = w->empty[0]}};
    assert_int_equal(waits[0].fd, high);
    sg_trap trap = sgi_wasi_wait(w->state, waits, 2);
    assert_true(waits[0].is_ready && !waits[1].is_ready);
    close(waits[0].fd);
    return trap;
}

static void far_descriptors(void **state) {
    (void)state;
    static const WaitCase c = {"poll of a high number", poll_far};
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    World w;
    uint64_t over;
    sg_error err;
    world_make(&w, engine);
    sgi_store_delete(w.store);
    const sg_limits limits = {.size = sizeof limits, .host_bytes = 24000};
    w.store = sgi_store_new(engine, &limits, &err);
    assert_non_null(w.store);
    w.state = sgi_wasi_state(w.store);
    assert_non_null(w.state);
    assert_int_equal(run_case(&w, &c, sgi_os_now() + 10000 * MS, &over), SG_TRAP_NONE);
    world_end(&w);
    sgi_engine_release(engine);
}

/* Where the system refuses a thread, nobody waits for one. */
static void no_more_threads(void **state) {
    (void)state;
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    World w;
    uint64_t over;
    pthread_attr_t before, huge;
    world_make(&w, engine);
    healthy(&w); /* the engine's clock has its thread */
    assert_int_equal(pthread_getattr_default_np(&before), 0);
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, (size_t)1 << 47); /* all addresses */
    assert_int_equal(pthread_setattr_default_np(&huge), 0);
    assert_int_equal(run_case(&w, &cases[6], sgi_os_now() + 10000 * MS, &over), SG_TRAP_HOST_BYTES_LIMIT);
    assert_int_equal(pthread_setattr_default_np(&before), 0);
    pthread_attr_destroy(&huge);
    pthread_attr_destroy(&before);
    healthy(&w);
    world_end(&w);
    sgi_engine_release(engine);
}

/* Work ends about when the call that waits for it is cut, while others go on cancelling. */
typedef struct Hail {
    Canceller *canceller;
    atomic_bool is_over;
} Hail;

static void *cancel_always(void *argument) {
    Hail *hail = argument;
    const struct timespec pause = {.tv_nsec = 20000};
    for (; !atomic_load(&hail->is_over); nanosleep(&pause, NULL))
        sgi_canceller_cancel(hail->canceller);
    return NULL;
}

static void nap(void *job) {
    const struct timespec pause = {.tv_nsec = *(long *)job};
    nanosleep(&pause, NULL);
}

static sg_trap offload_nap(World *w) {
    static long round;
    long *job = malloc(sizeof *job);
    assert_non_null(job);
    *job = ++round % 64 * 2000;
    sg_trap trap = sgi_offload(w->store, nap, job, free);
    if (trap == SG_TRAP_NONE)
        free(job);
    return trap;
}

static void cancelled_while_abandoned(void **state) {
    (void)state;
    enum { ROUNDS = 2000, THREADS = 2 };
    static const WaitCase c = {"a nap", offload_nap};
    Engine *engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, NULL);
    World w;
    pthread_t threads[THREADS];
    world_make(&w, engine);
    Hail hail = {.canceller = sgi_store_canceller(w.store)};
    assert_non_null(hail.canceller);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, cancel_always, &hail), 0);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t over;
        sg_trap trap = run_case(&w, &c, sgi_os_now() + MS / 16, &over);
        assert_true(trap == SG_TRAP_NONE || trap == SG_TRAP_CANCELLED || trap == SG_TRAP_DEADLINE);
    }
    atomic_store(&hail.is_over, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    sgi_canceller_release(hail.canceller);
    world_end(&w);
    sgi_engine_release(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines),         cmocka_unit_test(deadlines_on_8_threads),
        cmocka_unit_test(cancels),           cmocka_unit_test(outcomes),
        cmocka_unit_test(many_hang),         cmocka_unit_test(no_more_threads),
        cmocka_unit_test(abandoned_lookups), cmocka_unit_test(cancelled_while_abandoned),
        cmocka_unit_test(far_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
