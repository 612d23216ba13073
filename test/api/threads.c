/* Cancelling, many deadlines on many threads, and forks. */
#include "api.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char guest[] = "(module (import \"host\" \"call\" (func $host))"
                            "  (func (export \"spin\") (loop (br 0)))"
                            "  (func (export \"host-then-spin\") (call $host) (loop (br 0)))"
                            "  (func (export \"fine\")))";

static sg_core_instance *instantiate_with(sg_store *store, const sg_module *module, sg_core_host_fn *host,
                                          void *context) {
    sg_error error;
    sg_extern import = {.kind = SG_EXTERN_FUNC};
    import.of.func = sg_core_func_new(store, NULL, 0, NULL, 0, host, context, NULL, &error);
    assert_made(import.of.func, error);
    sg_core_instance *instance = sg_core_instance_new(store, module, &import, 1, &error);
    assert_made(instance, error);
    return instance;
}

#define HOST_PARAMETERS                                                                                      \
    void *context, sg_call *running, const sg_core_value *arguments, size_t argument_count,                  \
        sg_core_value *results, size_t result_count, sg_error *error

static sg_status no_host(HOST_PARAMETERS) {
    (void)context, (void)running, (void)arguments, (void)argument_count, (void)results, (void)result_count;
    (void)error;
    return SG_OK;
}

/* --- cancelling --- */

static sg_status raise_flag(HOST_PARAMETERS) {
    (void)running, (void)arguments, (void)argument_count, (void)results, (void)result_count, (void)error;
    atomic_store((atomic_bool *)context, true);
    return SG_OK;
}

typedef struct Cancel {
    sg_canceller *canceller;
    atomic_bool runs;
    bool hit;
} Cancel;

static void *cancel_when_running(void *argument) {
    Cancel *c = argument;
    while (!atomic_load(&c->runs))
        sched_yield();
    c->hit = sg_canceller_cancel(c->canceller);
    return NULL;
}

static void cancel(void **state) {
    (void)state;
    sg_error error;
    sg_engine *engine = make_engine();
    sg_module *module = load_module(engine, guest);
    sg_store *store = make_store(engine, (sg_limits){0});
    Cancel c = {.canceller = sg_store_canceller(store, &error)};
    assert_made(c.canceller, error);
    for (int i = 0; i < 20; i++) {
        sg_core_instance *instance = instantiate_with(store, module, raise_flag, &c.runs);
        /* Nothing runs: no effect on what comes. */
        assert_false(sg_canceller_cancel(c.canceller));
        assert_ok(call(instance, "fine", &error), error);
        atomic_store(&c.runs, false);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, cancel_when_running, &c), 0);
        assert_trap(SG_TRAP_CANCELLED, call(instance, "host-then-spin", &error), error);
        pthread_join(thread, NULL);
        assert_true(c.hit);
        assert_trap(SG_TRAP_INSTANCE_ENDED, call(instance, "fine", &error), error);
    }
    sg_store_delete(store);
    assert_false(sg_canceller_cancel(c.canceller));
    sg_canceller_delete(c.canceller);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

/* Cancels as fast as it can while the other side makes calls: every call that was hit says so, and no other.
 */
typedef struct Storm {
    sg_canceller *canceller;
    atomic_bool stop;
    unsigned hits;
} Storm;

static void *cancel_all_the_time(void *argument) {
    Storm *s = argument;
    while (!atomic_load(&s->stop)) {
        s->hits += sg_canceller_cancel(s->canceller);
        sched_yield();
    }
    return NULL;
}

static void late_cancel(void **state) {
    (void)state;
    sg_error error;
    sg_engine *engine = make_engine();
    sg_module *module = load_module(engine, guest);
    sg_store *store = make_store(engine, (sg_limits){0});
    Storm s = {.canceller = sg_store_canceller(store, &error)};
    sg_core_instance *instance = instantiate_with(store, module, no_host, NULL);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_all_the_time, &s), 0);
    unsigned cancelled = 0;
    for (int i = 0; i < 20000; i++) {
        sg_status status = call(instance, "fine", &error);
        if (status == SG_OK)
            continue;
        assert_trap(SG_TRAP_CANCELLED, status, error);
        cancelled++;
        /* Killed inside the guest, the instance is gone; instantiation may be hit as well. */
        sg_extern import = {.kind = SG_EXTERN_FUNC};
        import.of.func = sg_core_func_new(store, NULL, 0, NULL, 0, no_host, NULL, NULL, &error);
        if (sg_store_usage(store).instances > 9000)
            break;
        while ((instance = sg_core_instance_new(store, module, &import, 1, &error)) == NULL) {
            assert_trap(SG_TRAP_CANCELLED, error.status, error);
            cancelled++;
        }
    }
    atomic_store(&s.stop, true);
    pthread_join(thread, NULL);
    /* One call may be hit more than once, but not one was cancelled without a hit. */
    assert_true(cancelled <= s.hits);
    sg_canceller_delete(s.canceller);
    sg_store_delete(store);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

/* --- a thousand deadlines --- */

enum { THREADS = 8, DEEP = 125 };

typedef struct Worker {
    sg_engine *engine;
    const sg_module *module;
    unsigned index, level;
    uint64_t base; /* the first of all deadlines */
    unsigned killed;
} Worker;

static void nest(Worker *w);

static sg_status nest_in_host(HOST_PARAMETERS) {
    (void)running, (void)arguments, (void)argument_count, (void)results, (void)result_count, (void)error;
    nest(context);
    return SG_OK;
}

/* Each level has a store and a deadline of its own, so that all of a thread's deadlines are armed at once;
 * the deepest spins first, and each other one when what it called has been killed. */
static void nest(Worker *w) {
    if (w->level == DEEP)
        return;
    unsigned level = w->level++;
    sg_error error;
    uint64_t deadline = w->base + (level * 7919 % DEEP * THREADS + w->index) * 100000;
    sg_store *store = make_store(w->engine, (sg_limits){0});
    sg_limits tighter = {.size = sizeof tighter, .deadline_ns = deadline};
    sg_core_instance *instance = instantiate_with(store, w->module, nest_in_host, w);
    assert_ok(sg_store_tighten(store, &tighter, &error), error);
    sg_status status = call(instance, "host-then-spin", &error);
    if (status == SG_TRAP && error.trap == SG_TRAP_DEADLINE && now_ns() >= deadline)
        w->killed++;
    /* On a machine too slow to get here in time the call was refused before it called the host. */
    if (w->level == level + 1)
        nest(w);
    sg_store_delete(store);
}

static void *work(void *argument) {
    nest(argument);
    return NULL;
}

static void thousand(void **state) {
    (void)state;
    sg_engine *engine = make_engine();
    sg_module *module = load_module(engine, guest);
    pthread_t threads[THREADS];
    Worker workers[THREADS];
    /* Sanitizers make frames of the interpreter many times as large. */
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)64 << 20);
    uint64_t start = now_ns();
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (Worker){.engine = engine, .module = module, .index = i, .base = start + 300 * MS};
        assert_int_equal(pthread_create(&threads[i], &attributes, work, &workers[i]), 0);
    }
    pthread_attr_destroy(&attributes);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].killed, DEEP);
    }
    assert_true(now_ns() - start < 30000 * MS);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

/* Short calls on many threads: deadlines that never strike, armed and taken back. */
static void *call_shortly(void *argument) {
    Worker *w = argument;
    sg_error error;
    sg_store *store = make_store(w->engine, (sg_limits){.timeout_ns = (600 + w->index) * 1000 * MS});
    sg_core_instance *instance = instantiate_with(store, w->module, no_host, NULL);
    for (int i = 0; i < 5000; i++)
        w->killed += call(instance, "fine", &error) != SG_OK;
    sg_store_delete(store);
    return NULL;
}

static void disarmed(void **state) {
    (void)state;
    sg_engine *engine = make_engine();
    sg_module *module = load_module(engine, guest);
    pthread_t threads[THREADS];
    Worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (Worker){.engine = engine, .module = module, .index = i};
        assert_int_equal(pthread_create(&threads[i], NULL, call_shortly, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].killed, 0);
    }
    sg_module_delete(module);
    sg_engine_delete(engine);
}

/* --- forks --- */

/* Waits for a child that must end by itself, with success; it is killed if it does not. */
static void assert_child(pid_t child) {
    uint64_t start = now_ns();
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (now_ns() - start > 20000 * MS) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            fail_msg("%s", "the child did not stop");
        }
        sched_yield();
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool spins_to_deadline(sg_engine *engine, const sg_module *module) {
    sg_error error;
    sg_store *store = make_store(engine, (sg_limits){.timeout_ns = 50 * MS});
    sg_core_instance *instance = instantiate_with(store, module, no_host, NULL);
    sg_status status = call(instance, "spin", &error);
    sg_store_delete(store);
    return status == SG_TRAP && error.trap == SG_TRAP_DEADLINE;
}

static sg_status fork_in_host(HOST_PARAMETERS) {
    (void)running, (void)arguments, (void)argument_count, (void)results, (void)result_count, (void)error;
    *(pid_t *)context = fork();
    return SG_OK;
}

/* A call running in the parent is a call running in the child. */
static void fork_inside_call(sg_engine *engine, const sg_module *module) {
    sg_error error;
    pid_t child = -1;
    sg_store *store = make_store(engine, (sg_limits){.timeout_ns = 100 * MS});
    sg_core_instance *instance = instantiate_with(store, module, fork_in_host, &child);
    sg_status status = call(instance, "host-then-spin", &error);
    bool killed = status == SG_TRAP && error.trap == SG_TRAP_DEADLINE;
    if (child == 0)
        _exit(killed ? 0 : 1);
    assert_true(killed);
    assert_child(child);
    sg_store_delete(store);
}

static void fork_armed(void **state) {
    (void)state;
    sg_engine *engine = make_engine();
    sg_module *module = load_module(engine, guest);
    /* The clock thread is there, and lingers. */
    assert_true(spins_to_deadline(engine, module));
    pid_t child = fork();
    if (child == 0) {
        bool killed = spins_to_deadline(engine, module) && spins_to_deadline(engine, module);
        sg_module_delete(module);
        sg_engine_delete(engine);
        _exit(killed ? 0 : 1);
    }
    assert_true(spins_to_deadline(engine, module));
    assert_child(child);
    fork_inside_call(engine, module);

    /* A child that has nothing left to do but go. */
    child = fork();
    if (child == 0) {
        sg_module_delete(module);
        sg_engine_delete(engine);
        _exit(0);
    }
    assert_child(child);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

static const struct CMUnitTest tests[] = {
    {"cancel from another thread", cancel, NULL, NULL, NULL},
    {"a late cancel hits no other call", late_cancel, NULL, NULL, NULL},
    {"1,000 concurrent deadlines on 8 threads", thousand, NULL, NULL, NULL},
    {"deadlines taken back on 8 threads", disarmed, NULL, NULL, NULL},
    {"fork with an armed clock", fork_armed, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
