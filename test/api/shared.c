/* Shared memories: stores on several threads, waiting and waking, and what ends a wait. */
#include "api.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 8, ROUNDS = 500 };

/* At 0: a lock (0 free, 1 taken, 2 taken and waited for). At 8: a counter. At 16: what waiters wait on; at
 * 20: how many have come that far. */
static const char guest[] =
    "(module (memory (import \"m\" \"memory\") 1 4 shared)"
    "  (func $lock"
    "    (block $got"
    "      (br_if $got (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))"
    "      (loop $again"
    "        (br_if $got (i32.eqz (i32.atomic.rmw.xchg (i32.const 0) (i32.const 2))))"
    "        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 2) (i64.const -1)))"
    "        (br $again))))"
    "  (func $unlock"
    "    (if (i32.eq (i32.atomic.rmw.xchg (i32.const 0) (i32.const 0)) (i32.const 2))"
    "      (then (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))))"
    "  (func (export \"count\") (param i32) (result i32)"
    "    (loop $again"
    "      (call $lock)"
    "      (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))"
    "      (call $unlock)"
    "      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
    "    (i32.const 0))"
    "  (func (export \"wait\") (param $milliseconds i32) (result i32)"
    "    (drop (i32.atomic.rmw.add (i32.const 20) (i32.const 1)))"
    "    (memory.atomic.wait32 (i32.const 16) (i32.const 0)"
    "      (i64.mul (i64.extend_i32_s (local.get $milliseconds)) (i64.const 1000000))))"
    "  (func (export \"notify\") (param i32) (result i32)"
    "    (memory.atomic.notify (i32.const 16) (local.get 0)))"
    "  (func (export \"set\") (param i32) (result i32)"
    "    (i32.atomic.rmw.xchg (i32.const 16) (local.get 0)))"
    "  (func (export \"churn\") (param i32) (result i32)"
    "    (loop $again"
    "      (memory.fill (i32.const 1001) (local.get 0) (i32.const 777))"
    "      (memory.copy (i32.const 1003) (i32.const 1001) (i32.const 900))"
    "      (i64.store (i32.const 1005) (i64.load (i32.const 1011)))"
    "      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
    "    (i32.load8_u (i32.const 1001)))"
    "  (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"
    "  (func (export \"size\") (param i32) (result i32) (memory.size)))";

typedef struct World {
    sg_engine *engine;
    sg_module *module;
    sg_shared_memory *memory;
} World;

static World make_world(void) {
    sg_error error;
    World w = {.engine = make_engine()};
    assert_ok(sg_engine_set_feature(w.engine, "threads", true, &error), error);
    w.module = load_module(w.engine, guest);
    sg_core_memory_type type = {.minimum = 1, .maximum = 4};
    w.memory = sg_shared_memory_new(w.engine, &type, &error);
    assert_made(w.memory, error);
    return w;
}

static void end_world(World *w) {
    sg_shared_memory_delete(w->memory);
    sg_module_delete(w->module);
    sg_engine_delete(w->engine);
}

static sg_core_instance *enter(sg_store *store, const World *w) {
    sg_error error;
    sg_extern import = {SG_EXTERN_MEMORY, {.memory = sg_core_memory_of_shared(store, w->memory, &error)}};
    assert_made(import.of.memory, error);
    sg_core_instance *instance = sg_core_instance_new(store, w->module, &import, 1, &error);
    assert_made(instance, error);
    return instance;
}

/* A guest on a thread of its own: calls an export from i32 to i32. */
typedef struct Guest {
    sg_store *store;
    sg_core_instance *instance;
    const char *function;
    int32_t argument;
    pthread_t thread;
    sg_status status;
    sg_error error;
    int32_t result;
} Guest;

static void *guest_main(void *argument) {
    Guest *g = argument;
    sg_core_value value = {.kind = SG_CORE_I32, .of.i32 = g->argument}, result = {.of.i32 = -99};
    g->status = sg_core_func_call(find_func(g->instance, g->function), &value, 1, &result, 1, &g->error);
    g->result = result.of.i32;
    return NULL;
}

/* The limits are the call's alone: what comes before it has the time that a busy machine takes. */
static void start(Guest *g, const World *w, sg_limits limits, const char *function, int32_t argument) {
    sg_error error;
    *g = (Guest){.store = make_store(w->engine, (sg_limits){0}), .function = function, .argument = argument};
    g->instance = enter(g->store, w);
    limits.size = sizeof limits;
    assert_ok(sg_store_tighten(g->store, &limits, &error), error);
    assert_int_equal(pthread_create(&g->thread, NULL, guest_main, g), 0);
}

static void finish(Guest *g) {
    pthread_join(g->thread, NULL);
    sg_store_delete(g->store);
}

static _Atomic(uint32_t) *cell(const World *w, size_t at) {
    size_t size;
    return (_Atomic(uint32_t) *)(void *)(sg_shared_memory_data(w->memory, &size) + at);
}

static void await_waiters(const World *w, uint32_t count) {
    while (atomic_load(cell(w, 20)) < count)
        sched_yield();
}

/* --- tests --- */

static void locks(void **state) {
    (void)state;
    World w = make_world();
    Guest guests[THREADS];
    for (int i = 0; i < THREADS; i++)
        start(&guests[i], &w, (sg_limits){.timeout_ns = 60000 * MS}, "count", ROUNDS);
    for (int i = 0; i < THREADS; i++) {
        finish(&guests[i]);
        assert_ok(guests[i].status, guests[i].error);
    }
    assert_int_equal(atomic_load(cell(&w, 8)), THREADS * ROUNDS);
    end_world(&w);
}

/* All waiters are woken, each once, in portions. */
static void wakes(void **state) {
    (void)state;
    World w = make_world();
    Guest guests[THREADS];
    sg_store *store = make_store(w.engine, (sg_limits){0});
    sg_core_instance *waker = enter(store, &w);
    assert_int_equal(call_i32(waker, "notify", -1), 0);
    for (int i = 0; i < THREADS; i++)
        start(&guests[i], &w, (sg_limits){.timeout_ns = 60000 * MS}, "wait", -1);
    for (int woken = 0; woken < THREADS;) {
        int32_t portion = call_i32(waker, "notify", 3);
        assert_in_range(portion, 0, 3);
        woken += portion;
        sched_yield();
    }
    for (int i = 0; i < THREADS; i++) {
        finish(&guests[i]);
        assert_ok(guests[i].status, guests[i].error);
        assert_int_equal(guests[i].result, 0);
    }
    assert_int_equal(call_i32(waker, "notify", -1), 0);
    /* Another value: no wait. A timeout: one of its own. Each is paid for. */
    call_i32(waker, "set", 1);
    uint64_t fuel = sg_store_usage(store).fuel;
    assert_int_equal(call_i32(waker, "wait", -1), 1);
    assert_true(sg_store_usage(store).fuel - fuel >= 256);
    call_i32(waker, "set", 0);
    uint64_t before = now_ns();
    assert_int_equal(call_i32(waker, "wait", 20), 2);
    assert_true(now_ns() - before >= 20 * MS);
    assert_int_equal(call_i32(waker, "wait", 0), 2);
    sg_store_delete(store);
    end_world(&w);
}

static void deadline(void **state) {
    (void)state;
    World w = make_world();
    Guest guests[THREADS];
    for (int i = 0; i < THREADS; i++)
        start(&guests[i], &w, (sg_limits){.timeout_ns = (uint64_t)(5 + i) * MS}, "wait", i % 2 ? -1 : 60000);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(guests[i].thread, NULL);
        assert_trap(SG_TRAP_DEADLINE, guests[i].status, guests[i].error);
        sg_store_delete(guests[i].store);
    }
    /* None of them is left in the queue. */
    sg_store *store = make_store(w.engine, (sg_limits){0});
    assert_int_equal(call_i32(enter(store, &w), "notify", -1), 0);
    sg_store_delete(store);
    end_world(&w);
}

static void cancel(void **state) {
    (void)state;
    sg_error error;
    World w = make_world();
    for (uint32_t i = 0; i < 50; i++) {
        Guest g = {.store = make_store(w.engine, (sg_limits){0}), .function = "wait", .argument = -1};
        sg_canceller *canceller = sg_store_canceller(g.store, &error);
        assert_made(canceller, error);
        g.instance = enter(g.store, &w);
        assert_int_equal(pthread_create(&g.thread, NULL, guest_main, &g), 0);
        await_waiters(&w, i + 1);
        assert_true(sg_canceller_cancel(canceller));
        pthread_join(g.thread, NULL);
        assert_trap(SG_TRAP_CANCELLED, g.status, g.error);
        sg_canceller_delete(canceller);
        sg_store_delete(g.store);
    }
    end_world(&w);
}

/* The store whose module made the memory goes while others wait. */
static void maker_goes(void **state) {
    (void)state;
    sg_error error;
    World w = make_world();
    sg_shared_memory_delete(w.memory);
    sg_module *maker = load_module(w.engine, "(module (memory (export \"m\") 2 4 shared))");
    sg_store *store = make_store(w.engine, (sg_limits){0});
    sg_extern item;
    assert_ok(sg_core_instance_find(instantiate(store, maker), "m", 1, &item, &error), error);
    w.memory = sg_core_memory_shared(item.of.memory);
    assert_non_null(w.memory);
    Guest guests[THREADS];
    for (int i = 0; i < THREADS; i++)
        start(&guests[i], &w, (sg_limits){.timeout_ns = 60000 * MS}, "wait", -1);
    await_waiters(&w, THREADS);
    sg_store_delete(store);
    store = make_store(w.engine, (sg_limits){0});
    sg_core_instance *waker = enter(store, &w);
    for (int woken = 0; woken < THREADS;)
        woken += call_i32(waker, "notify", -1);
    for (int i = 0; i < THREADS; i++) {
        finish(&guests[i]);
        assert_int_equal(guests[i].result, 0);
    }
    sg_store_delete(store);
    sg_module_delete(maker);
    end_world(&w);
}

/* Plain accesses race, in the guest alone. */
static void races(void **state) {
    (void)state;
    World w = make_world();
    Guest guests[THREADS];
    for (int i = 0; i < THREADS; i++)
        start(&guests[i], &w, (sg_limits){.timeout_ns = 60000 * MS}, i == 0 ? "grow" : "churn",
              i == 0 ? 1 : 20);
    for (int i = 0; i < THREADS; i++) {
        finish(&guests[i]);
        assert_ok(guests[i].status, guests[i].error);
    }
    end_world(&w);
}

/* The store that grows it pays, up to its budget, and all see it. */
static void growth(void **state) {
    (void)state;
    sg_error error;
    World w = make_world();
    sg_store *rich = make_store(w.engine, (sg_limits){0});
    sg_store *poor = make_store(w.engine, (sg_limits){.memory_bytes = 300000, .stack_bytes = 65536});
    sg_core_instance *a = enter(rich, &w), *b = enter(poor, &w);
    call_i32(a, "size", 0);
    call_i32(b, "size", 0);
    uint64_t before_a = sg_store_usage(rich).memory_bytes, before_b = sg_store_usage(poor).memory_bytes;
    assert_int_equal(call_i32(b, "grow", 1), 1);
    assert_int_equal(call_i32(a, "size", 0), 2);
    assert_int_equal(sg_store_usage(rich).memory_bytes, before_a);
    assert_int_equal(sg_store_usage(poor).memory_bytes, before_b + 65536);
    assert_int_equal(call_i32(a, "grow", 1), 2);
    sg_store_delete(poor);
    assert_int_equal(call_i32(a, "size", 0), 3);
    assert_int_equal(call_i32(a, "grow", 2), -1);
    assert_int_equal(call_i32(a, "grow", 1), 3);
    assert_int_equal(sg_store_usage(rich).memory_bytes, before_a + 2 * 65536);
    size_t size;
    sg_shared_memory_data(w.memory, &size);
    assert_int_equal(size, 4 * 65536);
    sg_core_memory_type type = {.minimum = 1, .maximum = SG_UNLIMITED};
    assert_null(sg_shared_memory_new(w.engine, &type, &error));
    assert_int_equal(error.status, SG_BAD_VALUE);
    sg_store_delete(rich);
    end_world(&w);
}

static const struct CMUnitTest tests[] = {
    {"a lock of a guest's on 8 threads", locks, NULL, NULL, NULL},
    {"8 waiting threads are woken", wakes, NULL, NULL, NULL},
    {"a deadline ends a wait", deadline, NULL, NULL, NULL},
    {"a cancel ends a wait", cancel, NULL, NULL, NULL},
    {"a shared memory outlives its maker", maker_goes, NULL, NULL, NULL},
    {"races of guests are none of ours", races, NULL, NULL, NULL},
    {"growth of a shared memory", growth, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
