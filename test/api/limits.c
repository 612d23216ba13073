/* Fuel, memory, tables, instances, host bytes and the stack: each limit, its report, and what works after it.
 */
#include "core_world.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

static const char guest[] =
    "(module (memory (export \"memory\") 1) (table (export \"table\") 1 funcref)"
    "  (func (export \"sum\") (param $n i32) (result i32) (local $s i32)"
    "    (loop $l (local.set $s (i32.add (local.get $s) (local.get $n)))"
    "      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
    "    (local.get $s))"
    "  (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"
    "  (func (export \"grow-table\") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))"
    "  (func (export \"fill\") (param i32) (result i32)"
    "    (memory.fill (i32.const 0) (i32.const 7) (local.get 0)) (i32.load8_u (i32.const 65535)))"
    "  (func $deep (export \"deep\") (param i32) (result i32)"
    "    (if (result i32) (local.get 0)"
    "      (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))"
    "      (else (i32.const 0)))))";

static sg_status try_i32(sg_core_instance *instance, const char *name, int32_t argument, sg_error *error) {
    sg_core_value value = {.kind = SG_CORE_I32, .of.i32 = argument}, result;
    return sg_core_func_call(find_func(instance, name), &value, 1, &result, 1, error);
}

/* --- fuel --- */

/* Entry: 0, the loop's body: 9 an iteration, the end: 1. */
static uint64_t sum_cost(uint64_t n) {
    return 9 * n + 1;
}

static void fuel_exceeded(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.fuel = 10000});
    assert_trap(SG_TRAP_FUEL, try_i32(w.instance, "sum", 1000000, &error), error);
    uint64_t used = sg_store_usage(w.store).fuel;
    assert_true(used > 10000 && used <= 10009);
    assert_trap(SG_TRAP_INSTANCE_ENDED, try_i32(w.instance, "sum", 1, &error), error);
    /* With more fuel a fresh instance goes on. */
    assert_ok(sg_store_add_fuel(w.store, 1000, &error), error);
    w.instance = instantiate(w.store, w.module);
    assert_int_equal(call_i32(w.instance, "sum", 10), 55);
    assert_int_equal(sg_store_usage(w.store).fuel, used + sum_cost(10));
    end_world(&w);
}

static void fuel_exact(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.fuel = sum_cost(100)});
    assert_int_equal(call_i32(w.instance, "sum", 100), 5050);
    assert_int_equal(sg_store_usage(w.store).fuel, sum_cost(100));
    assert_ok(sg_store_add_fuel(w.store, sum_cost(100) - 1, &error), error);
    /* One unit short: straight-line code at the end runs, and the return to the host tells. */
    assert_trap(SG_TRAP_FUEL, try_i32(w.instance, "sum", 100, &error), error);
    assert_int_equal(sg_store_usage(w.store).fuel, 2 * sum_cost(100));
    end_world(&w);
}

static void fuel_zero(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.fuel = SG_ZERO});
    assert_trap(SG_TRAP_FUEL, try_i32(w.instance, "sum", 1, &error), error);
    end_world(&w);
}

static void fuel_tightened(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.fuel = 1000000});
    sg_limits tighter = {.size = sizeof tighter, .fuel = 50};
    assert_ok(sg_store_tighten(w.store, &tighter, &error), error);
    assert_trap(SG_TRAP_FUEL, try_i32(w.instance, "sum", 1000, &error), error);
    uint64_t used = sg_store_usage(w.store).fuel;
    assert_true(used > 50 && used <= 59);
    w.instance = instantiate(w.store, w.module);
    assert_int_equal(call_i32(w.instance, "sum", 1000), 500500);
    assert_int_equal(sg_store_usage(w.store).fuel, used + sum_cost(1000));
    end_world(&w);
}

static void fuel_bulk(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.fuel = 1024 + 100});
    assert_int_equal(call_i32(w.instance, "fill", 65536), 7);
    assert_int_equal(sg_store_usage(w.store).fuel, 1024 + 6);
    sg_extern memory;
    assert_ok(sg_core_instance_find(w.instance, "memory", 6, &memory, &error), error);
    size_t size;
    uint8_t *data = sg_core_memory_data(memory.of.memory, &size);
    memset(data, 0, size);
    /* Charged as a whole before anything moves. */
    assert_trap(SG_TRAP_FUEL, try_i32(w.instance, "fill", 65536, &error), error);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(data[i], 0);
    assert_int_equal(sg_store_usage(w.store).fuel, 1024 + 100);
    end_world(&w);
}

static void fuel_before_timeout(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.fuel = 10000, .timeout_ns = 60000 * MS});
    uint64_t start = now_ns();
    assert_trap(SG_TRAP_FUEL, try_i32(w.instance, "sum", -1, &error), error);
    assert_true(now_ns() - start < 30000 * MS);
    end_world(&w);
}

static void identical_fuel(void **state) {
    (void)state;
    uint64_t used[2];
    for (int i = 0; i < 2; i++) {
        World w = make_world(guest, (sg_limits){.fuel = 10000000, .timeout_ns = i ? 60000 * MS : 0});
        call_i32(w.instance, "sum", 4321);
        call_i32(w.instance, "fill", 12345);
        call_i32(w.instance, "grow", 3);
        call_i32(w.instance, "deep", 100);
        call_i32(w.instance, "grow-table", 99);
        used[i] = sg_store_usage(w.store).fuel;
        end_world(&w);
    }
    assert_true(used[0] > 40000);
    assert_int_equal(used[0], used[1]);
}

static void within_all(void **state) {
    (void)state;
    World w = make_world(guest, (sg_limits){.fuel = 1000000,
                                            .timeout_ns = 60000 * MS,
                                            .memory_bytes = 4 << 20,
                                            .table_elements = 100,
                                            .instances = 1,
                                            .handles = 1,
                                            .host_bytes = 1 << 20,
                                            .stack_bytes = 1 << 16});
    assert_int_equal(call_i32(w.instance, "sum", 100), 5050);
    assert_int_equal(call_i32(w.instance, "grow", 1), 1);
    assert_int_equal(call_i32(w.instance, "grow-table", 10), 1);
    assert_int_equal(call_i32(w.instance, "deep", 100), 100);
    sg_usage usage = sg_store_usage(w.store);
    assert_int_equal(usage.table_elements, 11);
    assert_int_equal(usage.instances, 1);
    assert_true(usage.memory_bytes >= 2 * 65536 + (1 << 16) && usage.memory_bytes <= 4 << 20);
    assert_true(usage.peak_memory_bytes >= usage.memory_bytes);
    assert_true(usage.host_bytes > 0 && usage.peak_host_bytes >= usage.host_bytes);
    assert_true(usage.peak_stack_bytes > 0 && usage.peak_stack_bytes <= 1 << 16);
    assert_true(usage.wall_ns > 0 && usage.cpu_ns > 0 && usage.fuel > 0);
    end_world(&w);
}

/* --- what takes room --- */

static void memory_limit(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.memory_bytes = 4 << 20});
    assert_int_equal(call_i32(w.instance, "grow", 64), -1);
    assert_int_equal(call_i32(w.instance, "grow", 16), 1);
    assert_int_equal(call_i32(w.instance, "grow", 32), -1);
    end_world(&w);
    w = make_world(guest, (sg_limits){.memory_bytes = 4 << 20, .on_grow_failure = SG_GROW_TRAP});
    assert_int_equal(call_i32(w.instance, "grow", 16), 1);
    /* More than the memory may have by its type is no limit's business. */
    assert_int_equal(call_i32(w.instance, "grow", 65536), -1);
    assert_trap(SG_TRAP_MEMORY_LIMIT, try_i32(w.instance, "grow", 64, &error), error);
    assert_trap(SG_TRAP_INSTANCE_ENDED, try_i32(w.instance, "grow", 0, &error), error);
    end_world(&w);

    sg_engine *engine = make_engine();
    sg_module *module = load_module(engine, "(module (memory 100))");
    sg_store *store = make_store(engine, (sg_limits){.memory_bytes = 4 << 20});
    assert_null(sg_core_instance_new(store, module, NULL, 0, &error));
    assert_trap(SG_TRAP_MEMORY_LIMIT, error.status, error);
    sg_store_delete(store);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

static void table_limit(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.table_elements = 1000});
    assert_int_equal(call_i32(w.instance, "grow-table", 999), 1);
    assert_int_equal(call_i32(w.instance, "grow-table", 1), -1);
    sg_core_instance *second = sg_core_instance_new(w.store, w.module, NULL, 0, &error);
    assert_null(second);
    assert_trap(SG_TRAP_TABLE_LIMIT, error.status, error);
    end_world(&w);
    w = make_world(guest, (sg_limits){.table_elements = 1000, .on_grow_failure = SG_GROW_TRAP});
    assert_trap(SG_TRAP_TABLE_LIMIT, try_i32(w.instance, "grow-table", 1000, &error), error);
    end_world(&w);
}

static void instance_limit(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.instances = 2});
    instantiate(w.store, w.module);
    assert_null(sg_core_instance_new(w.store, w.module, NULL, 0, &error));
    assert_trap(SG_TRAP_INSTANCE_LIMIT, error.status, error);
    /* The others go on. */
    assert_int_equal(call_i32(w.instance, "sum", 3), 6);
    end_world(&w);
}

static sg_status take_bytes(void *context, sg_call *running, const sg_core_value *arguments,
                            size_t argument_count, sg_core_value *results, size_t result_count,
                            sg_error *error) {
    (void)context, (void)argument_count, (void)result_count, (void)error;
    results[0] = (sg_core_value){.kind = SG_CORE_I32,
                                 .of.i32 = sg_call_alloc(running, (size_t)arguments[0].of.i32) != NULL};
    return SG_OK;
}

static void host_byte_limit(void **state) {
    (void)state;
    sg_error error;
    sg_engine *engine = make_engine();
    sg_store *store = make_store(engine, (sg_limits){.host_bytes = 100000});
    sg_core_kind kind = SG_CORE_I32;
    sg_core_func *take = sg_core_func_new(store, &kind, 1, &kind, 1, take_bytes, NULL, NULL, &error);
    assert_made(take, error);
    sg_core_value argument = {.kind = SG_CORE_I32}, result;
    for (int i = 0; i < 10; i++) {
        /* What a call took is given back before the next. */
        argument.of.i32 = 60000;
        assert_ok(sg_core_func_call(take, &argument, 1, &result, 1, &error), error);
        assert_int_equal(result.of.i32, 1);
    }
    argument.of.i32 = 200000;
    assert_ok(sg_core_func_call(take, &argument, 1, &result, 1, &error), error);
    assert_int_equal(result.of.i32, 0);
    assert_true(sg_store_usage(store).peak_host_bytes <= 100000);
    sg_store_delete(store);

    /* A guest that asks again and again does not use it up. */
    store = make_store(engine, (sg_limits){.host_bytes = 100000});
    sg_module *module = load_module(
        engine, "(module (import \"\" \"take\" (func $t (param i32) (result i32)))"
                "  (func (export \"run\") (param i32) (result i32) (local $i i32)"
                "    (loop $l (if (i32.eqz (call $t (i32.const 50000))) (then (return (i32.const 0))))"
                "      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
                "    (i32.const 1)))");
    sg_extern import = {.kind = SG_EXTERN_FUNC};
    import.of.func = sg_core_func_new(store, &kind, 1, &kind, 1, take_bytes, NULL, NULL, &error);
    sg_core_instance *instance = sg_core_instance_new(store, module, &import, 1, &error);
    assert_made(instance, error);
    assert_int_equal(call_i32(instance, "run", 1000), 1);
    sg_store_delete(store);
    sg_module_delete(module);

    store = make_store(engine, (sg_limits){.host_bytes = 100});
    module = load_module(engine, guest);
    assert_null(sg_core_instance_new(store, module, NULL, 0, &error));
    assert_trap(SG_TRAP_HOST_BYTES_LIMIT, error.status, error);
    sg_store_delete(store);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

static void stack_limit(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.stack_bytes = 1 << 16});
    assert_int_equal(call_i32(w.instance, "deep", 500), 500);
    assert_trap(SG_TRAP_STACK_EXHAUSTED, try_i32(w.instance, "deep", 1000000, &error), error);
    assert_true(sg_store_usage(w.store).peak_stack_bytes <= 1 << 16);
    sg_frame frame;
    assert_true(sg_store_frame(w.store, 31, &frame));
    assert_false(sg_store_frame(w.store, 32, &frame));
    /* The guest's own fault: the instance stays usable. */
    assert_int_equal(call_i32(w.instance, "deep", 10), 10);
    sg_limits tighter = {.size = sizeof tighter, .stack_bytes = 1024};
    assert_ok(sg_store_tighten(w.store, &tighter, &error), error);
    assert_trap(SG_TRAP_STACK_EXHAUSTED, try_i32(w.instance, "deep", 500, &error), error);
    assert_int_equal(call_i32(w.instance, "deep", 500), 500);
    end_world(&w);
}

/* A guest that calls the host that calls the guest, for ever. */
static sg_status call_back(void *context, sg_call *running, const sg_core_value *arguments,
                           size_t argument_count, sg_core_value *results, size_t result_count,
                           sg_error *error) {
    (void)running, (void)arguments, (void)argument_count, (void)results, (void)result_count;
    return sg_core_func_call(*(sg_core_func **)context, NULL, 0, NULL, 0, error);
}

typedef struct Run {
    sg_core_func *func;
    sg_status status;
    sg_error error;
} Run;

static void *run(void *argument) {
    Run *r = argument;
    r->status = sg_core_func_call(r->func, NULL, 0, NULL, 0, &r->error);
    return NULL;
}

/* On a stack of its own size: sanitizers make frames of the interpreter many times as large. */
static void run_on_large_stack(Run *r) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)64 << 20);
    assert_int_equal(pthread_create(&thread, &attributes, run, r), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

static void host_recursion(void **state) {
    (void)state;
    sg_error error;
    sg_engine *engine = make_engine();
    sg_store *store = make_store(engine, (sg_limits){0});
    sg_module *module =
        load_module(engine, "(module (import \"\" \"back\" (func $b)) (func (export \"run\") (call $b)))");
    Run r = {0};
    sg_extern import = {.kind = SG_EXTERN_FUNC};
    import.of.func = sg_core_func_new(store, NULL, 0, NULL, 0, call_back, &r.func, NULL, &error);
    sg_core_instance *instance = sg_core_instance_new(store, module, &import, 1, &error);
    assert_made(instance, error);
    r.func = find_func(instance, "run");
    run_on_large_stack(&r);
    assert_trap(SG_TRAP_STACK_EXHAUSTED, r.status, r.error);
    sg_store_delete(store);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

/* --- loading --- */

/* Loads `guest` under `options`, which must refuse with `status`; the engine is as good as before. */
static void load_refused(sg_engine_options options, sg_status status, sg_trap trap) {
    sg_error error;
    options.size = sizeof options;
    sg_engine *engine = sg_engine_new(&options, &error);
    assert_made(engine, error);
    for (int i = 0; i < 2; i++) {
        assert_null(sg_module_load(engine, guest, strlen(guest), &error));
        assert_int_equal(error.status, status);
        assert_int_equal(error.trap, trap);
    }
    sg_engine_delete(engine);
}

static void load_budget(void **state) {
    (void)state;
    load_refused((sg_engine_options){.load_bytes = 200}, SG_TOO_LARGE, SG_TRAP_NONE);
    load_refused((sg_engine_options){.load_timeout_ns = SG_ZERO}, SG_TRAP, SG_TRAP_DEADLINE);
    sg_error error;
    sg_engine_options ample = {.size = sizeof ample, .load_bytes = 1 << 20, .load_timeout_ns = 60000 * MS};
    sg_engine *engine = sg_engine_new(&ample, &error);
    sg_module_delete(load_module(engine, guest));
    sg_engine_delete(engine);
}

/* --- lifetimes and misuse --- */

static void any_order(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(guest, (sg_limits){.timeout_ns = 60000 * MS});
    sg_canceller *canceller = sg_store_canceller(w.store, &error);
    assert_made(canceller, error);
    sg_engine_delete(w.engine);
    assert_int_equal(call_i32(w.instance, "sum", 10), 55);
    sg_module_delete(w.module);
    assert_int_equal(call_i32(w.instance, "sum", 10), 55);
    sg_store_delete(w.store);
    assert_false(sg_canceller_cancel(canceller));
    sg_canceller_delete(canceller);

    sg_store_delete(NULL);
    sg_module_delete(NULL);
    sg_engine_delete(NULL);
    sg_canceller_delete(NULL);
}

static sg_status misuse(void *context, sg_call *running, const sg_core_value *arguments,
                        size_t argument_count, sg_core_value *results, size_t result_count, sg_error *error) {
    (void)context, (void)arguments, (void)argument_count, (void)results, (void)result_count;
    sg_store *store = sg_call_store(running);
    sg_limits limits = {.size = sizeof limits, .fuel = 1};
    sg_error local;
    if (sg_store_tighten(store, &limits, &local) != SG_MISUSE ||
        sg_store_add_fuel(store, 1, &local) != SG_MISUSE)
        return SG_BAD_VALUE;
    sg_store_delete(store); /* refused */
    return sg_call_charge(running, 100, error);
}

static void misused(void **state) {
    (void)state;
    sg_error error;
    sg_engine *engine = make_engine();
    sg_store *store = make_store(engine, (sg_limits){.fuel = 150});
    sg_core_func *func = sg_core_func_new(store, NULL, 0, NULL, 0, misuse, NULL, NULL, &error);
    assert_made(func, error);
    assert_ok(sg_core_func_call(func, NULL, 0, NULL, 0, &error), error);
    assert_int_equal(sg_store_usage(store).fuel, 100);
    sg_status status = sg_core_func_call(func, NULL, 0, NULL, 0, &error);
    assert_trap(SG_TRAP_FUEL, status, error);
    sg_core_value value = {.kind = SG_CORE_I64};
    assert_int_equal(sg_core_func_call(func, &value, 1, NULL, 0, &error), SG_BAD_VALUE);
    sg_store_delete(store);

    sg_limits no_size = {.fuel = 1};
    assert_null(sg_store_new(engine, &no_size, &error));
    assert_int_equal(error.status, SG_MISUSE);
    sg_engine_options no_options = {.size = 0};
    assert_null(sg_engine_new(&no_options, &error));
    assert_int_equal(error.status, SG_MISUSE);
    assert_int_equal(sg_engine_set_feature(engine, "no such", true, &error), SG_NOT_FOUND);
    sg_engine_delete(engine);
}

/* --- out of memory --- */

static const char rich[] =
    "(module $rich (type $f (func (param i32) (result i32)))"
    "  (import \"host\" \"double\" (func $double (type $f)))"
    "  (memory (export \"memory\") 1 10) (table $t 4 funcref) (elem (i32.const 1) $double $inc)"
    "  (elem $p func $inc $double) (data (i32.const 8) \"bytes\") (data $d \"passive\")"
    "  (global $g (mut i32) (i32.add (i32.const 20) (i32.const 1)))"
    "  (func $inc (type $f) (i32.add (local.get 0) (i32.const 1)))"
    "  (func $start (memory.init $d (i32.const 16) (i32.const 0) (i32.const 7))"
    "    (table.init $t $p (i32.const 2) (i32.const 0) (i32.const 2)))"
    "  (start $start)"
    "  (func (export \"run\") (param i32) (result i32)"
    "    (drop (memory.grow (i32.const 1))) (drop (table.grow $t (ref.null func) (i32.const 100)))"
    "    (call_indirect $t (type $f) (call_indirect $t (type $f) (local.get 0) (i32.const 1)) (i32.const "
    "2))))";

static sg_status twice(void *context, sg_call *running, const sg_core_value *arguments, size_t argument_count,
                       sg_core_value *results, size_t result_count, sg_error *error) {
    (void)context, (void)argument_count, (void)result_count;
    int32_t *kept = sg_call_alloc(running, sizeof *kept);
    if (kept == NULL) {
        *error = (sg_error){.status = SG_NO_MEMORY, .message = "out of memory"};
        return SG_NO_MEMORY;
    }
    *kept = arguments[0].of.i32 * 2;
    results[0] = (sg_core_value){.kind = SG_CORE_I32, .of.i32 = *kept};
    return SG_OK;
}

/* Everything from instantiation on, in one store. */
static sg_status use_store(sg_store *store, const sg_module *module, sg_error *error) {
    sg_core_kind kind = SG_CORE_I32;
    sg_extern import = {.kind = SG_EXTERN_FUNC}, run;
    import.of.func = sg_core_func_new(store, &kind, 1, &kind, 1, twice, NULL, NULL, error);
    if (import.of.func == NULL)
        return error->status;
    sg_canceller *canceller = sg_store_canceller(store, error);
    if (canceller == NULL)
        return error->status;
    sg_canceller_delete(canceller);
    sg_core_instance *instance = sg_core_instance_new(store, module, &import, 1, error);
    if (instance == NULL)
        return error->status;
    sg_status status = sg_core_instance_find(instance, "run", 3, &run, error);
    sg_core_value argument = {.kind = SG_CORE_I32, .of.i32 = 5}, result;
    if (status == SG_OK)
        status = sg_core_func_call(run.of.func, &argument, 1, &result, 1, error);
    if (status == SG_OK)
        assert_int_equal(result.of.i32, 11);
    return status;
}

static sg_status use_engine(sg_engine *engine, sg_error *error) {
    sg_module *module = sg_module_load(engine, rich, strlen(rich), error);
    if (module == NULL)
        return error->status;
    sg_limits limits = {.size = sizeof limits, .timeout_ns = 60000 * MS};
    sg_store *store = sg_store_new(engine, &limits, error);
    sg_status status = store ? use_store(store, module, error) : error->status;
    sg_store_delete(store);
    sg_module_delete(module);
    return status;
}

static void out_of_memory(void **state) {
    (void)state;
    assert_true(refuse_each(use_engine) > 20);
}

/* Ten thousand instructions that no function has. */
static void fuel_of_initialisers(void **state) {
    (void)state;
    static char text[200000];
    char *at = text + sprintf(text, "(module (global i32 (i32.const 0)");
    for (int i = 0; i < 4999; i++)
        at += sprintf(at, " i32.const 1 i32.add");
    sprintf(at, "))");
    sg_engine *engine = make_engine();
    sg_module *module = load_module(engine, text);
    for (uint64_t fuel = 9 * 1024 - 1; fuel <= 9 * 1024; fuel++) {
        sg_error error = {.status = SG_OK};
        sg_store *store = make_store(engine, (sg_limits){.fuel = fuel});
        sg_core_instance_new(store, module, NULL, 0, &error);
        if (fuel < 9 * 1024)
            assert_trap(SG_TRAP_FUEL, error.status, error);
        else
            assert_ok(error.status, error);
        sg_store_delete(store);
    }
    sg_module_delete(module);
    sg_engine_delete(engine);
}

/* 100,000 memories in 200 KB: addresses and mappings are the host's too. */
static void many_memories(void **state) {
    (void)state;
    enum { COUNT = 100000, HEAD = 8 + 1 + 3 + 3 };
    static uint8_t bytes[HEAD + 2 * COUNT] = "\0asm\1\0\0\0" /* a section of 3 + 2 * COUNT bytes */
                                             "\5\xc3\x9a\x0c\xa0\x8d\6";
    sg_engine *engine = make_engine();
    sg_error error;
    sg_module *module = sg_module_load(engine, bytes, sizeof bytes, &error);
    assert_made(module, error);
    sg_store *stores[4];
    for (size_t i = 0; i < 4; i++) {
        stores[i] = make_store(engine, (sg_limits){0});
        assert_null(sg_core_instance_new(stores[i], module, NULL, 0, &error));
        assert_trap(SG_TRAP_MEMORY_LIMIT, error.status, error);
    }
    size_t terabyte = (size_t)1 << 40;
    void *at = mmap(NULL, terabyte, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(at != MAP_FAILED);
    munmap(at, terabyte);
    for (size_t i = 0; i < 4; i++)
        sg_store_delete(stores[i]);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

static const struct CMUnitTest tests[] = {
    {"fuel exceeded", fuel_exceeded, NULL, NULL, NULL},
    {"fuel is exact", fuel_exact, NULL, NULL, NULL},
    {"fuel of zero", fuel_zero, NULL, NULL, NULL},
    {"fuel of one call", fuel_tightened, NULL, NULL, NULL},
    {"fuel of bulk operations", fuel_bulk, NULL, NULL, NULL},
    {"fuel before timeout", fuel_before_timeout, NULL, NULL, NULL},
    {"identical fuel twice", identical_fuel, NULL, NULL, NULL},
    {"within all limits", within_all, NULL, NULL, NULL},
    {"memory limit", memory_limit, NULL, NULL, NULL},
    {"table element limit", table_limit, NULL, NULL, NULL},
    {"fuel of long initialisers", fuel_of_initialisers, NULL, NULL, NULL},
    {"memories without number", many_memories, NULL, NULL, NULL},
    {"instance limit", instance_limit, NULL, NULL, NULL},
    {"host byte limit", host_byte_limit, NULL, NULL, NULL},
    {"stack limit", stack_limit, NULL, NULL, NULL},
    {"calls between host and guest nest to a limit", host_recursion, NULL, NULL, NULL},
    {"load budget", load_budget, NULL, NULL, NULL},
    {"handles in any order", any_order, NULL, NULL, NULL},
    {"misuse is refused", misused, NULL, NULL, NULL},
    {"out of memory at every allocation", out_of_memory, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
