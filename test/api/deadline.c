/* Deadlines: each way a guest may spin, stopped in time. Core modules here; the same through components in
 * component.c. */
#include "core_world.h"

/* What stops within this after a deadline of 50 ms was stopped by it, on however busy a machine. */
#define SOON (2000 * MS)

static const sg_limits short_time = {.timeout_ns = 50 * MS};

/* Instantiates `text` and calls "run", one of which must end at the deadline. */
static void killed(const char *text) {
    sg_engine *engine = make_engine();
    sg_module *module = load_module(engine, text);
    sg_store *store = make_store(engine, short_time);
    sg_error error;
    uint64_t start = now_ns();
    sg_core_instance *instance = sg_core_instance_new(store, module, NULL, 0, &error);
    sg_status status = instance ? call(instance, "run", &error) : error.status;
    uint64_t took = now_ns() - start;
    assert_trap(SG_TRAP_DEADLINE, status, error);
    assert_true(took >= 50 * MS);
    assert_true(took < SOON);
    assert_true(sg_store_usage(store).last_wall_ns >= 50 * MS);
    sg_store_delete(store);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

static void infinite_loop(void **state) {
    (void)state;
    killed("(module (func (export \"run\") (loop (br 0))))");
}

static void tail_call_cycle(void **state) {
    (void)state;
    killed("(module (func $a (export \"run\") (return_call $b)) (func $b (return_call $a)))");
    killed("(module (type $t (func)) (table funcref (elem $a)) (elem declare func $a)"
           "  (func $a (export \"run\") (return_call_indirect (type $t) (i32.const 0))))");
}

static void br_table_loop(void **state) {
    (void)state;
    killed("(module (func (export \"run\") (local $i i32)"
           "  (loop $l (block $b (br_table $l $b $l (local.tee $i (i32.and (i32.add (local.get $i) "
           "(i32.const 1))"
           "    (i32.const 1))))) (br $l))))");
}

/* As deep as 64, but 2^64 calls. */
static void recursion(void **state) {
    (void)state;
    killed("(module (func $f (param i32) (if (local.get 0) (then"
           "    (call $f (i32.sub (local.get 0) (i32.const 1))) (call $g (i32.sub (local.get 0) (i32.const "
           "1))))))"
           "  (func $g (param i32) (call $f (local.get 0)))"
           "  (func (export \"run\") (call $f (i32.const 64))))");
}

/* One fill of 1 GiB takes longer than the deadline by the pages alone; in a loop it does on any machine. */
static void fill(void **state) {
    (void)state;
    killed("(module (memory 15000) (func (export \"run\")"
           "  (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 983040000)) (br 0))))");
}

/* Upwards and downwards, over itself. */
static void copy(void **state) {
    (void)state;
    killed("(module (memory 15000) (func (export \"run\")"
           "  (loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 983039999))"
           "        (memory.copy (i32.const 0) (i32.const 1) (i32.const 983039999)) (br 0))))");
}

static void table_operations(void **state) {
    (void)state;
    killed("(module (table $t 9000000 funcref) (func (export \"run\")"
           "  (loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 9000000))"
           "        (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 8999999)) (br 0))))");
}

static void growth(void **state) {
    (void)state;
    killed("(module (memory 0 65536) (table 0 funcref) (func (export \"run\")"
           "  (loop (drop (memory.grow (i32.const 16))) (drop (table.grow (ref.null func) (i32.const 1000))) "
           "(br 0))))");
}

static void start_function(void **state) {
    (void)state;
    killed("(module (func $s (loop (br 0))) (start $s) (func (export \"run\")))");
}

/* The guest returns at once; only the host function is slow, and looks. */
static sg_status wait_for_poll(void *context, sg_call *running, const sg_core_value *arguments,
                               size_t argument_count, sg_core_value *results, size_t result_count,
                               sg_error *error) {
    (void)context, (void)arguments, (void)argument_count, (void)results, (void)result_count;
    assert_true(sg_call_deadline(running) <= now_ns() + 50 * MS);
    while (sg_call_poll(running, error) == SG_OK)
        ;
    return SG_TRAP;
}

static void host_function(void **state) {
    (void)state;
    sg_engine *engine = make_engine();
    sg_module *module =
        load_module(engine, "(module (import \"\" \"wait\" (func $w)) (func (export \"run\") (call $w)))");
    sg_store *store = make_store(engine, short_time);
    sg_error error;
    sg_extern import = {.kind = SG_EXTERN_FUNC};
    import.of.func = sg_core_func_new(store, NULL, 0, NULL, 0, wait_for_poll, NULL, NULL, &error);
    assert_made(import.of.func, error);
    sg_core_instance *instance = sg_core_instance_new(store, module, &import, 1, &error);
    assert_made(instance, error);
    uint64_t start = now_ns();
    sg_status status = call(instance, "run", &error);
    assert_trap(SG_TRAP_DEADLINE, status, error);
    assert_true(now_ns() - start < SOON);
    sg_store_delete(store);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

static const char counting[] =
    "(module (global $n (mut i32) (i32.const 0))"
    "  (func (export \"count\") (param i32) (result i32) (local $i i32)"
    "    (global.set $n (i32.add (global.get $n) (i32.const 1)))"
    "    (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
    "      (local.get 0))))"
    "    (global.get $n))"
    "  (func (export \"spin\") (loop (br 0))))";

static void within_timeout(void **state) {
    (void)state;
    World w = make_world(counting, (sg_limits){.timeout_ns = 60000 * MS});
    for (int32_t i = 1; i <= 100; i++)
        assert_int_equal(call_i32(w.instance, "count", 1000), i);
    end_world(&w);
}

static void no_deadline_set(void **state) {
    (void)state;
    World w = make_world(counting, (sg_limits){0});
    assert_int_equal(call_i32(w.instance, "count", 20000000), 1);
    end_world(&w);
}

static void fuel_without_deadline(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(counting, (sg_limits){.fuel = 1000000});
    assert_int_equal(call_i32(w.instance, "count", 1000), 1);
    assert_trap(SG_TRAP_FUEL, call(w.instance, "spin", &error), error);
    end_world(&w);
}

static void deadline_without_fuel(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(counting, (sg_limits){.timeout_ns = 50 * MS});
    assert_trap(SG_TRAP_DEADLINE, call(w.instance, "spin", &error), error);
    assert_true(sg_store_usage(w.store).fuel > 0);
    end_world(&w);
}

static void timeout_before_fuel(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(counting, (sg_limits){.timeout_ns = 50 * MS, .fuel = UINT64_C(1) << 60});
    uint64_t start = now_ns();
    assert_trap(SG_TRAP_DEADLINE, call(w.instance, "spin", &error), error);
    assert_true(now_ns() - start < SOON);
    assert_true(sg_store_usage(w.store).fuel < UINT64_C(1) << 60);
    end_world(&w);
}

static void already_expired(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(counting, (sg_limits){0});
    sg_limits past = {.size = sizeof past, .deadline_ns = now_ns() - 1};
    assert_ok(sg_store_tighten(w.store, &past, &error), error);
    sg_core_value argument = {.kind = SG_CORE_I32}, result;
    sg_status status = sg_core_func_call(find_func(w.instance, "count"), &argument, 1, &result, 1, &error);
    assert_trap(SG_TRAP_DEADLINE, status, error);
    assert_int_equal(sg_store_usage(w.store).fuel, 0);
    /* Nothing ran, and the next call is not under it. */
    assert_int_equal(call_i32(w.instance, "count", 1), 1);

    sg_store *late = make_store(w.engine, (sg_limits){.deadline_ns = 1});
    assert_null(sg_core_instance_new(late, w.module, NULL, 0, &error));
    assert_trap(SG_TRAP_DEADLINE, error.status, error);
    sg_store_delete(late);
    sg_store *zero = make_store(w.engine, (sg_limits){.timeout_ns = SG_ZERO});
    assert_null(sg_core_instance_new(zero, w.module, NULL, 0, &error));
    assert_trap(SG_TRAP_DEADLINE, error.status, error);
    sg_store_delete(zero);
    end_world(&w);
}

static void tightened(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(counting, (sg_limits){.timeout_ns = 3600 * 1000 * MS});
    sg_limits tighter = {.size = sizeof tighter, .timeout_ns = 50 * MS};
    assert_ok(sg_store_tighten(w.store, &tighter, &error), error);
    assert_int_equal(call_i32(w.instance, "count", 1), 1);
    /* For one call only; the limits of the store cannot be widened. */
    assert_ok(sg_store_tighten(w.store, &tighter, &error), error);
    assert_trap(SG_TRAP_DEADLINE, call(w.instance, "spin", &error), error);
    tighter = (sg_limits){.size = sizeof tighter, .memory_bytes = 1};
    assert_int_equal(sg_store_tighten(w.store, &tighter, &error), SG_MISUSE);
    end_world(&w);
}

static void refused_after_kill(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(counting, (sg_limits){.timeout_ns = 50 * MS});
    assert_trap(SG_TRAP_DEADLINE, call(w.instance, "spin", &error), error);
    sg_frame frame;
    assert_true(sg_store_frame(w.store, 0, &frame));
    assert_int_equal(frame.function_index, 1);
    assert_false(sg_store_frame(w.store, 1, &frame));
    sg_core_value argument = {.kind = SG_CORE_I32}, result;
    for (int i = 0; i < 2; i++) {
        sg_status status =
            sg_core_func_call(find_func(w.instance, "count"), &argument, 1, &result, 1, &error);
        assert_trap(SG_TRAP_INSTANCE_ENDED, status, error);
    }
    end_world(&w);
}

static void fresh_after_kill(void **state) {
    (void)state;
    sg_error error;
    World w = make_world(counting, (sg_limits){.timeout_ns = 50 * MS});
    for (int i = 0; i < 3; i++) {
        assert_trap(SG_TRAP_DEADLINE, call(w.instance, "spin", &error), error);
        w.instance = instantiate(w.store, w.module);
        assert_int_equal(call_i32(w.instance, "count", 1), 1);
    }
    sg_store *other = make_store(w.engine, (sg_limits){.timeout_ns = 60000 * MS});
    assert_int_equal(call_i32(instantiate(other, w.module), "count", 1), 1);
    sg_store_delete(other);
    end_world(&w);
}

static const struct CMUnitTest tests[] = {
    {"timeout exceeded: infinite loop", infinite_loop, NULL, NULL, NULL},
    {"timeout exceeded: tail-call cycle", tail_call_cycle, NULL, NULL, NULL},
    {"timeout exceeded: br_table loop", br_table_loop, NULL, NULL, NULL},
    {"timeout exceeded: recursion", recursion, NULL, NULL, NULL},
    {"timeout exceeded: 1 GiB fill", fill, NULL, NULL, NULL},
    {"timeout exceeded: 1 GiB copy over itself", copy, NULL, NULL, NULL},
    {"timeout exceeded: table operations", table_operations, NULL, NULL, NULL},
    {"timeout exceeded: growth", growth, NULL, NULL, NULL},
    {"timeout exceeded: start function", start_function, NULL, NULL, NULL},
    {"timeout exceeded: host function", host_function, NULL, NULL, NULL},
    {"within timeout", within_timeout, NULL, NULL, NULL},
    {"no deadline set", no_deadline_set, NULL, NULL, NULL},
    {"fuel without deadline", fuel_without_deadline, NULL, NULL, NULL},
    {"deadline without fuel", deadline_without_fuel, NULL, NULL, NULL},
    {"timeout before fuel", timeout_before_fuel, NULL, NULL, NULL},
    {"deadline already expired", already_expired, NULL, NULL, NULL},
    {"a call tightens the limits", tightened, NULL, NULL, NULL},
    {"a call after a killed instance is refused", refused_after_kill, NULL, NULL, NULL},
    {"a fresh instance after a kill works", fresh_after_kill, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
