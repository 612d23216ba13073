/* The interpreter: fuel counted by hand, operands that are folded, control flow, calls of every kind, traps
 * and where they happen, translation of big bodies, and many threads on one module. */
#include <sandglass.h>

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct World {
    sg_engine *engine;
    sg_module *module;
    sg_store *store;
    sg_core_instance *instance;
    sg_error error;
} World;

static World world_of_bytes(const void *bytes, size_t size, const sg_extern *imports, size_t import_count,
                            uint64_t fuel) {
    World w = {0};
    w.engine = sg_engine_new(NULL, &w.error);
    assert_non_null(w.engine);
    w.module = sg_module_load(w.engine, bytes, size, &w.error);
    if (w.module == NULL)
        fail_msg("%s: %s, %u:%u", w.error.message, w.error.detail, w.error.line, w.error.column);
    sg_limits limits = {.size = sizeof limits, .fuel = fuel, .stack_bytes = 16 << 20};
    w.store = sg_store_new(w.engine, &limits, &w.error);
    assert_non_null(w.store);
    w.instance = sg_core_instance_new(w.store, w.module, imports, import_count, &w.error);
    if (w.instance == NULL)
        fail_msg("%s: %s", w.error.message, w.error.detail);
    return w;
}

static World world_of(const char *text) {
    return world_of_bytes(text, strlen(text), NULL, 0, 0);
}

static void world_end(World *w) {
    sg_store_delete(w->store);
    sg_module_delete(w->module);
    sg_engine_delete(w->engine);
}

static sg_core_func *find(World *w, const char *name) {
    sg_extern item;
    assert_int_equal(sg_core_instance_find(w->instance, name, strlen(name), &item, &w->error), SG_OK);
    assert_int_equal(item.kind, SG_EXTERN_FUNC);
    return item.of.func;
}

static sg_core_value i32(int32_t value) {
    return (sg_core_value){.kind = SG_CORE_I32, .of.i32 = value};
}

/* Calls `name` with i32 arguments, as many as it takes; its one i32 result, if any. */
static sg_trap call(World *w, const char *name, const int32_t *arguments, int32_t *result) {
    sg_core_func *func = find(w, name);
    sg_core_value values[16], results[16] = {{0}};
    size_t count = sg_core_func_param_count(func), result_count = sg_core_func_result_count(func);
    assert_true(count <= 16 && result_count <= 16);
    for (size_t i = 0; i < count; i++)
        values[i] = i32(arguments[i]);
    sg_status status = sg_core_func_call(func, values, count, results, result_count, &w->error);
    if (status == SG_OK) {
        for (size_t i = 0; result && i < result_count; i++)
            result[i] = results[i].of.i32;
        return SG_TRAP_NONE;
    }
    assert_int_equal(status, SG_TRAP);
    return w->error.trap;
}

static int32_t call1(World *w, const char *name, int32_t argument) {
    int32_t result = -1;
    sg_trap trap = call(w, name, (int32_t[16]){argument}, &result);
    if (trap != SG_TRAP_NONE)
        fail_msg("%s(%d): %s", name, argument, w->error.message);
    return result;
}

/* ---- fuel ---- */

typedef struct FuelCase {
    const char *body; /* of a function (param i32) (local i32) without results */
    int32_t argument;
    uint64_t fuel;
    sg_trap trap;
} FuelCase;

static const char fuel_prologue[] = "(module (memory 1 2) (table $t 20 funcref) (type $v (func))"
                                    "(func $nothing) (func $five (drop (i32.add (i32.const 1) (i32.const 2)))"
                                    "  (drop (i32.const 0)) (drop (i32.const 0)))"
                                    "(func $id (param i32) (result i32) (local.get 0))"
                                    "(func $tail (param i32) (return_call $id2 (local.get 0)))"
                                    "(func $id2 (param i32) (drop (local.get 0)))"
                                    "(func $trap_first (unreachable) (drop (i32.const 1)))"
                                    "(elem (table $t) (i32.const 0) func $nothing $five)"
                                    "(func (export \"f\") (param i32) (local i32) ";

static const FuelCase fuel_cases[] = {
    {"", 0, 0, 0},
    {"(nop) (block (nop)) (return)", 0, 0, 0},
    {"(drop (i32.const 1))", 0, 1, 0},
    {"(local.set 1 (i32.add (local.get 0) (i32.const 1)))", 0, 4, 0},
    /* if: 2 for the condition and itself; then an arm, the empty one free. */
    {"(if (local.get 0) (then (local.set 1 (i32.const 1))))", 1, 4, 0},
    {"(if (local.get 0) (then (local.set 1 (i32.const 1))))", 0, 2, 0},
    {"(if (local.get 0) (then (local.set 1 (i32.const 1))) (else (drop (i32.const 1))))", 0, 3, 0},
    {"(if (local.get 0) (then (local.set 1 (i32.const 1))) (else (drop (i32.const 1))))", 1, 4, 0},
    {"(if (i32.eqz (local.get 0)) (then (drop (i32.const 1)))) (drop (i32.const 2))", 0, 5, 0},
    /* A branch skips what stands behind it, in its own block only. */
    {"(block (br 0) (drop (i32.const 1))) (drop (i32.const 1))", 0, 2, 0},
    {"(block (br_if 0 (local.get 0)) (drop (i32.const 1))) (drop (i32.const 1))", 1, 3, 0},
    {"(block (br_if 0 (local.get 0)) (drop (i32.const 1))) (drop (i32.const 1))", 0, 4, 0},
    {"(block (br_if 1 (i32.lt_s (local.get 0) (i32.const 9)))) (drop (i32.const 1))", 0, 4, 0},
    {"(block (br_if 1 (i32.lt_s (local.get 0) (i32.const 9)))) (drop (i32.const 1))", 9, 5, 0},
    /* A loop run n times: 6 each. */
    {"(loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))", 1, 6, 0},
    {"(loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))", 100, 600, 0},
    {"(loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (drop (i32.const 1))", 7, 36, 0},
    {"(loop (if (local.get 0) (then (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 1))))", 5, 37, 0},
    {"(loop (drop (i32.const 1)))", 0, 1, 0},
    /* br_table: its index and itself, then what lies behind the block that it leaves. */
    {"(block (block (block (br_table 0 1 2 (local.get 0))) (drop (i32.const 0))) (drop (i32.const 0)))", 0, 4,
     0},
    {"(block (block (block (br_table 0 1 2 (local.get 0))) (drop (i32.const 0))) (drop (i32.const 0)))", 1, 3,
     0},
    {"(block (block (block (br_table 0 1 2 (local.get 0))) (drop (i32.const 0))) (drop (i32.const 0)))", 2, 2,
     0},
    {"(block (block (block (br_table 0 1 2 (local.get 0))) (drop (i32.const 0))) (drop (i32.const 0)))", -1,
     2, 0},
    {"(drop (block (result i32) (br_table 0 0 (i32.const 5) (local.get 0))))", 0, 3, 0},
    {"(loop (local.set 0 (i32.sub (local.get 0) (i32.const 1)))"
     " (block (br_table 0 1 (i32.ge_s (local.get 0) (i32.const 1)))))",
     3, 24, 0},
    /* Calls. */
    {"(call $nothing)", 0, 1, 0},
    {"(call $five) (drop (i32.const 1))", 0, 7, 0},
    {"(drop (call $id (local.get 0)))", 0, 3, 0},
    {"(call $tail (local.get 0))", 0, 5, 0},
    {"(call_indirect $t (type $v) (local.get 0))", 1, 7, 0},
    {"(return_call_indirect $t (type $v) (local.get 0))", 1, 7, 0},
    {"(return_call $five)", 0, 6, 0},
    {"(call $five) (call $five) (return_call $five) ", 0, 18, 0},
    /* A trap leaves its whole segment charged, and no other. */
    {"(unreachable)", 0, 0, SG_TRAP_UNREACHABLE},
    {"(drop (i32.div_u (i32.const 1) (local.get 0))) (drop (i32.const 1))", 0, 4,
     SG_TRAP_INTEGER_DIVIDE_BY_ZERO},
    {"(block (drop (i32.div_u (i32.const 1) (local.get 0)))) (drop (i32.const 1))", 0, 3,
     SG_TRAP_INTEGER_DIVIDE_BY_ZERO},
    {"(drop (i32.load (i32.const -1))) (drop (i32.const 1))", 0, 3, SG_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"(drop (i32.const 1)) (call $trap_first) (drop (i32.const 1))", 0, 2, SG_TRAP_UNREACHABLE},
    {"(call_indirect $t (type $v) (local.get 0)) (drop (i32.const 1))", 7, 2, SG_TRAP_UNINITIALIZED_ELEMENT},
    {"(call_indirect $t (type $v) (local.get 0)) (drop (i32.const 1))", 20, 2, SG_TRAP_UNDEFINED_ELEMENT},
    /* What is moved. */
    {"(memory.fill (i32.const 0) (i32.const 7) (local.get 0))", 0, 4, 0},
    {"(memory.fill (i32.const 0) (i32.const 7) (local.get 0))", 65, 6, 0},
    {"(memory.copy (i32.const 0) (i32.const 7) (local.get 0))", 64, 5, 0},
    {"(memory.fill (i32.const 1) (i32.const 7) (local.get 0))", 65536, 4, SG_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"(drop (memory.grow (local.get 0)))", 1, 1026, 0},
    {"(drop (memory.grow (local.get 0)))", 2, 2, 0},
    {"(table.fill $t (i32.const 0) (ref.null func) (local.get 0))", 9, 6, 0},
    {"(drop (table.grow $t (ref.null func) (local.get 0)))", 8, 4, 0},
    {"(drop (select (i32.const 1) (local.get 0) (local.get 0)))", 8, 4, 0},
};

static char *join(const char *a, const char *b, const char *c) {
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "%s%s%s", a, b, c);
    return text;
}

static void fuel_is_what_was_counted_by_hand(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof fuel_cases / sizeof fuel_cases[0]; i++) {
        const FuelCase *c = &fuel_cases[i];
        char *text = join(fuel_prologue, c->body, "))");
        World w = world_of(text);
        uint64_t before = sg_store_usage(w.store).fuel;
        sg_trap trap = call(&w, "f", &c->argument, NULL);
        uint64_t used = sg_store_usage(w.store).fuel - before;
        if (trap != c->trap || used != c->fuel)
            fail_msg("%s with %d: fuel %" PRIu64 ", not %" PRIu64 "; %s", c->body, c->argument, used, c->fuel,
                     trap ? sg_trap_message(trap) : "no trap");
        world_end(&w);
        free(text);
    }
}

/* A loop of 7 units that counts in memory: the count says where it stopped. */
static void fuel_stops_at_the_same_place(void **state) {
    (void)state;
    static const char text[] = "(module (memory (export \"m\") 1) (func (export \"f\") (loop"
                               " (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))"
                               " (br 0))))";
    for (uint64_t fuel = 1; fuel < 60; fuel++) {
        World w = world_of_bytes(text, sizeof text - 1, NULL, 0, fuel);
        assert_int_equal(call(&w, "f", NULL, NULL), SG_TRAP_FUEL);
        sg_extern memory;
        assert_int_equal(sg_core_instance_find(w.instance, "m", 1, &memory, NULL), SG_OK);
        assert_int_equal(sg_core_memory_data(memory.of.memory, &(size_t){0})[0], fuel / 7);
        world_end(&w);
    }
}

/* ---- operands ---- */

static void operands_keep_their_values(void **state) {
    (void)state;
    World w = world_of(
        "(module"
        "(func (export \"set_after_get\") (param i32) (result i32)"
        "  (local.get 0) (local.set 0 (i32.const 100)) (i32.sub (local.get 0)))"
        "(func (export \"tee_after_get\") (param i32) (result i32)"
        "  (local.get 0) (local.get 0) (local.tee 0 (i32.add (local.get 0) (i32.const 1)))"
        "  (i32.mul) (i32.add))"
        "(func (export \"set_in_one_arm\") (param i32) (result i32)"
        "  (local.get 0) (if (i32.gt_s (local.get 0) (i32.const 5)) (then (local.set 0 (i32.const 1000))))"
        "  (i32.add (local.get 0)))"
        "(func (export \"set_in_loop\") (param i32) (result i32) (local i32)"
        "  (local.get 0) (loop (local.set 0 (i32.add (local.get 0) (i32.const 10)))"
        "    (br_if 0 (i32.lt_s (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 3))))"
        "  (i32.add (local.get 0)))"
        "(func (export \"set_across_calls\") (param i32) (result i32)"
        "  (i32.add (local.get 0) (call $next (local.tee 0 (i32.const 7)))))"
        "(func $next (param i32) (result i32) (local.set 0 (i32.add (local.get 0) (i32.const 1))) (local.get "
        "0))"
        "(func $swap (export \"swap\") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))"
        "(func (export \"swapped_difference\") (param i32) (result i32)"
        "  (i32.sub (call $swap (local.get 0) (i32.const 1))))"
        "(func (export \"rotate\") (param i32) (result i32 i32 i32 i32 i32 i32) (local.get 0)"
        "  (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5))"
        "(func (export \"block_values\") (param i32) (result i32)"
        "  (block (result i32 i32) (i32.const 9) (i32.const 8) (local.get 0)"
        "    (local.get 0) (br_if 0 (i32.const 2) (local.get 0)) (drop) (drop) (drop))"
        "  (i32.sub))"
        "(func (export \"loop_values\") (param i32) (result i32)"
        "  (i32.const 0) (local.get 0) (loop (param i32 i32) (result i32) (local.set 0) (i32.add (local.get "
        "0))"
        "    (i32.sub (local.get 0) (i32.const 1)) (br_if 0 (i32.gt_s (local.get 0) (i32.const 1))) (drop)))"
        "(func (export \"table_values\") (param i32) (result i32)"
        "  (block (result i32) (block (result i32) (i32.const 3) (i32.const 40) (local.get 0) (br_table 0 1 "
        "2))"
        "    (i32.add (i32.const 1)))"
        "  (i32.add (i32.const 100)))"
        "(func (export \"constants_under_blocks\") (param i32) (result i32)"
        "  (i32.const 3) (if (result i32) (local.get 0) (then (i32.const 4)) (else (i32.const 5))) (i32.sub))"
        "(func (export \"compare_then_move\") (param i32) (result i32) (local i32)"
        "  (block (result i32) (i32.const 11) (i32.lt_u (local.get 0) (i32.const 10))"
        "    (br_if 0) (drop) (i32.const 22)))"
        "(func (export \"kept_comparison\") (param i32) (result i32) (local i32)"
        "  (if (local.tee 1 (i32.lt_u (local.get 0) (i32.const 10))) (then (nop))) (local.get 1))"
        "(func (export \"not_not\") (param i32) (result i32)"
        "  (i32.eqz (i32.eqz (i32.eqz (i32.ne (local.get 0) (i32.const 3))))))"
        "(func (export \"nan_branch\") (param i32) (result i32) (local f64)"
        "  (local.set 1 (f64.div (f64.convert_i32_s (local.get 0)) (f64.const 0)))"
        "  (if (result i32) (i32.eqz (f64.lt (local.get 1) (f64.const 1))) (then (i32.const 1))"
        "    (else (i32.const 0))))"
        "(func (export \"left_constant\") (param i32) (result i32)"
        "  (i32.sub (i32.const 10) (local.get 0)) (i32.shl (i32.const 1) (local.get 0)) (i32.add)"
        "  (i32.lt_s (i32.const 3) (local.get 0)) (i32.add))"
        "(func (export \"wide\") (param i32) (result i32) (i32.wrap_i64 (i64.shr_u"
        "  (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 0x123456789abcdef)) (i64.const 32)))))");
    assert_int_equal(call1(&w, "set_after_get", 7), -93);
    assert_int_equal(call1(&w, "tee_after_get", 7), 7 + 7 * 8);
    assert_int_equal(call1(&w, "set_in_one_arm", 7), 1007);
    assert_int_equal(call1(&w, "set_in_one_arm", 3), 6);
    assert_int_equal(call1(&w, "set_in_loop", 5), 5 + 35);
    assert_int_equal(call1(&w, "set_across_calls", 5), 13);
    assert_int_equal(call1(&w, "swapped_difference", 5), -4);
    int32_t results[16];
    assert_int_equal(call(&w, "swap", (int32_t[]){1, 2}, results), SG_TRAP_NONE);
    assert_true(results[0] == 2 && results[1] == 1);
    assert_int_equal(call(&w, "rotate", (int32_t[]){42}, results), SG_TRAP_NONE);
    assert_true(results[0] == 42 && results[1] == 1 && results[5] == 5);
    assert_int_equal(call1(&w, "block_values", 3), 3 - 2);
    assert_int_equal(call1(&w, "block_values", 0), 9 - 8);
    assert_int_equal(call1(&w, "loop_values", 4), 4 + 3 + 2 + 1);
    assert_int_equal(call1(&w, "table_values", 0), 141);
    assert_int_equal(call1(&w, "table_values", 1), 140);
    assert_int_equal(call1(&w, "table_values", 2), 40);
    assert_int_equal(call1(&w, "constants_under_blocks", 1), -1);
    assert_int_equal(call1(&w, "constants_under_blocks", 0), -2);
    assert_int_equal(call1(&w, "compare_then_move", 9), 11);
    assert_int_equal(call1(&w, "compare_then_move", 10), 22);
    assert_int_equal(call1(&w, "kept_comparison", 9), 1);
    assert_int_equal(call1(&w, "not_not", 3), 1);
    assert_int_equal(call1(&w, "nan_branch", 0), 1);
    assert_int_equal(call1(&w, "nan_branch", -1), 0);
    assert_int_equal(call1(&w, "left_constant", 4), 6 + 16 + 1);
    assert_int_equal(call1(&w, "wide", -1), 0x1234568);
    world_end(&w);
}

/* Shifts, additions and addresses that wait for what needs them. */
static void what_waits_is_not_lost(void **state) {
    (void)state;
    World w = world_of(
        "(module (memory 1) (data (i32.const 0) "
        "\"\\01\\02\\03\\04\\05\\06\\07\\08\\09\\0a\\0b\\0c\\0d\\0e\\0f\\10\")"
        "(func (export \"index\") (param i32) (result i32)"
        "  (i32.load8_u offset=1 (i32.add (i32.shl (local.get 0) (i32.const 2)) (i32.const 2))))"
        "(func (export \"set_under\") (param i32) (result i32)"
        "  (i32.add (local.get 0) (i32.const 5)) (local.set 0 (i32.const 100)) (i32.add (local.get 0)))"
        "(func (export \"tee_sum\") (param i32) (result i32)"
        "  (local.tee 0 (i32.add (local.get 0) (i32.const 3))) (i32.mul (local.get 0)))"
        "(func (export \"wraps\") (param i32) (result i32)"
        "  (i32.load8_u (i32.add (local.get 0) (i32.const 20))))"
        "(func (export \"shifts\") (param i32) (result i32)"
        "  (i32.add (i32.add (i32.shl (local.get 0) (i32.const 33)) (i32.const 1))"
        "           (i32.sub (i32.shl (local.get 0) (i32.const 3)) (i32.const 7))))"
        "(func (export \"shifted_sum\") (param i32) (result i32)"
        "  (i32.shl (i32.add (local.get 0) (i32.const 1)) (i32.const 4)))"
        "(func (export \"store_order\") (param i32) (result i32)"
        "  (i32.store (i32.add (local.get 0) (i32.const 64)) (local.tee 0 (i32.const 9)))"
        "  (i32.store8 (i32.const 72) (i32.const 3)) (i32.store offset=70 (local.get 0) (i32.const -1))"
        "  (i32.add (i32.load (i32.const 68)) (i32.load offset=8 (i32.const 64))))"
        "(func (export \"kept_in_block\") (param i32) (result i32)"
        "  (i32.add (local.get 0) (i32.const 5))"
        "  (if (local.get 0) (then (local.set 0 (i32.const 50)))) (i32.add (local.get 0)))"
        "(func (export \"branch_value\") (param i32) (result i32)"
        "  (block (result i32) (i32.shl (local.get 0) (i32.const 1)) (br_if 0 (local.get 0)) (i32.const 1) "
        "(i32.add)))"
        "(func (export \"both_constant\") (param i32) (result i32)"
        "  (i32.add (i32.const 2) (i32.const 3)) (i32.add (i32.const 7) (local.get 0)) (i32.add))"
        "(func (export \"counted\") (param i32) (result i32) (local i32 i64)"
        "  (loop (local.set 2 (i64.add (local.get 2) (i64.const 3)))"
        "    (br_if 0 (i64.lt_s (local.get 2) (i64.extend_i32_s (local.get 0)))))"
        "  (loop (local.set 1 (i32.add (local.get 1) (i32.const -2)))"
        "    (br_if 0 (i32.gt_s (local.get 1) (i32.const -9))))"
        "  (i32.add (local.get 1) (i32.wrap_i64 (local.get 2)))))");
    assert_int_equal(call1(&w, "index", 2), 12);
    assert_int_equal(call1(&w, "set_under", 7), 112);
    assert_int_equal(call1(&w, "tee_sum", 7), 100);
    assert_int_equal(call1(&w, "wraps", -16), 5);
    assert_int_equal(call(&w, "wraps", (int32_t[]){-21}, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    assert_int_equal(call1(&w, "shifts", 5), 5 * 2 + 1 + 5 * 8 - 7);
    assert_int_equal(call1(&w, "shifted_sum", 5), 96);
    assert_int_equal(call1(&w, "store_order", 4), 9 + 3);
    assert_int_equal(call1(&w, "kept_in_block", 4), 59);
    assert_int_equal(call1(&w, "kept_in_block", 0), 5);
    assert_int_equal(call1(&w, "branch_value", 4), 8);
    assert_int_equal(call1(&w, "branch_value", 0), 1);
    assert_int_equal(call1(&w, "both_constant", 1), 13);
    assert_int_equal(call1(&w, "counted", 10), 12 - 10);
    world_end(&w);
}

/* ---- calls ---- */

static void tail_calls_need_no_stack(void **state) {
    (void)state;
    World w =
        world_of("(module (type $t (func (param i32 i32 i32) (result i32))) (table 2 funcref) (elem "
                 "(i32.const 0) $more)"
                 "(func $count (export \"count\") (param i32) (result i32)"
                 "  (if (result i32) (local.get 0) (then (return_call_indirect (type $t)"
                 "     (local.get 0) (i32.const 1) (i32.const 2) (i32.const 0))) (else (i32.const 77))))"
                 "(func $more (param i32 i32 i32) (result i32) (local i64 i64)"
                 "  (return_call $count (i32.sub (local.get 0) (local.get 1))))"
                 "(func $ref (export \"ref\") (param i32) (result i32) (local (ref null $t))"
                 "  (local.set 1 (ref.func $more))"
                 "  (return_call_ref $t (local.get 0) (local.get 0) (i32.const 0) (local.get 1)))"
                 "(func (export \"null\") (param i32) (result i32)"
                 "  (call_ref $t (local.get 0) (local.get 0) (local.get 0) (ref.null $t))))");
    assert_int_equal(call1(&w, "count", 100000), 77);
    assert_int_equal(call1(&w, "ref", 3), 77);
    assert_int_equal(call(&w, "null", (int32_t[]){1}, NULL), SG_TRAP_NULL_FUNCTION_REFERENCE);
    assert_true(sg_store_usage(w.store).peak_stack_bytes < 1024);
    world_end(&w);
}

/* What lies below a tail call's arguments is dropped, and its results count as no operands. */
static void tail_calls_drop_operands(void **state) {
    (void)state;
    World w = world_of("(module (func $three (result i32 i32 i32) (i32.const 7) (i32.const 8) (i32.const 9))"
                       "(func (export \"own\") (result i32 i32 i32) (i32.const 1) (return_call $three))"
                       "(func (export \"deep\") (param i32) (result i32 i32 i32) (i32.const 1) (i32.const 2)"
                       "  (i32.const 3) (block (param i32) (return_call $three)) (i32.const 3)))");
    int32_t results[16];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(call(&w, i ? "deep" : "own", (int32_t[]){0}, results), SG_TRAP_NONE);
        assert_int_equal(results[0], 7);
        assert_int_equal(results[2], 9);
    }
    world_end(&w);
}

static void recursion_exhausts_the_stack(void **state) {
    (void)state;
    World w = world_of("(module (func $f (export \"f\") (param i32) (result i32)"
                       "  (if (result i32) (local.get 0)"
                       "   (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))"
                       "   (else (i32.const 0)))))");
    assert_int_equal(call1(&w, "f", 10000), 10000);
    assert_int_equal(call(&w, "f", (int32_t[]){-1}, NULL), SG_TRAP_STACK_EXHAUSTED);
    assert_int_equal(call1(&w, "f", 10000), 10000);
    sg_frame frame;
    assert_int_equal(call(&w, "f", (int32_t[]){-1}, NULL), SG_TRAP_STACK_EXHAUSTED);
    assert_true(sg_store_frame(w.store, 31, &frame));
    assert_int_equal(frame.function_index, 0);
    world_end(&w);
}

/* A host function that calls back: frames above frames. */
typedef struct Host {
    sg_core_func *target;
    int calls;
} Host;

static sg_status host_call(void *context, sg_call *call, const sg_core_value *arguments,
                           size_t argument_count, sg_core_value *results, size_t result_count,
                           sg_error *error) {
    (void)call;
    Host *host = context;
    host->calls++;
    if (arguments[0].of.i32 == 0 || host->target == NULL) {
        results[0] = i32(1000);
        return SG_OK;
    }
    sg_core_value less = i32(arguments[0].of.i32 - 1);
    return sg_core_func_call(host->target, &less, argument_count, results, result_count, error);
}

static void host_functions_call_back(void **state) {
    (void)state;
    static const char text[] =
        "(module (import \"h\" \"f\" (func $h (param i32) (result i32))) (memory 1 3)"
        "(table 1 funcref) (elem (i32.const 0) $h) (type $t (func (param i32) (result i32)))"
        "(func (export \"f\") (param i32) (result i32) (local i32 i32)"
        "  (local.set 2 (i32.const 5))"
        "  (local.set 1 (i32.add (i32.const 1) (call $h (local.get 0))))"
        "  (i32.add (local.get 1) (i32.sub (local.get 2) (i32.const 5))))"
        "(func (export \"tail\") (param i32) (result i32) (return_call $h (local.get 0)))"
        "(func (export \"tail_indirect\") (param i32) (result i32)"
        "  (return_call_indirect (type $t) (local.get 0) (i32.const 0)))"
        "(func (export \"indirect\") (param i32) (result i32)"
        "  (i32.add (i32.const 2) (call_indirect (type $t) (local.get 0) (i32.const 0)))))";
    Host host = {0};
    World w = {0};
    w.engine = sg_engine_new(NULL, &w.error);
    w.module = sg_module_load(w.engine, text, sizeof text - 1, &w.error);
    assert_non_null(w.module);
    w.store = sg_store_new(w.engine, NULL, &w.error);
    const sg_core_kind kind = SG_CORE_I32;
    sg_extern import = {SG_EXTERN_FUNC, .of.func = sg_core_func_new(w.store, &kind, 1, &kind, 1, host_call,
                                                                    &host, NULL, &w.error)};
    assert_non_null(import.of.func);
    w.instance = sg_core_instance_new(w.store, w.module, &import, 1, &w.error);
    assert_non_null(w.instance);
    assert_int_equal(call1(&w, "f", 3), 1001);
    host.target = find(&w, "f");
    assert_int_equal(call1(&w, "f", 10), 1011);
    assert_int_equal(host.calls, 12);
    assert_int_equal(call1(&w, "tail", 0), 1000);
    assert_int_equal(call1(&w, "tail_indirect", 1), 1001);
    assert_int_equal(call1(&w, "indirect", 1), 1003);
    assert_int_equal(call(&w, "f", (int32_t[]){1000}, NULL), SG_TRAP_STACK_EXHAUSTED);
    assert_int_equal(call1(&w, "f", 10), 1011);
    world_end(&w);
}

static void instances_keep_their_memories(void **state) {
    (void)state;
    static const char maker[] =
        "(module (memory 1 4) (data (i32.const 0) \"A\") (func (export \"load\") (param i32) (result i32)"
        "  (drop (memory.grow (i32.const 1))) (i32.load8_u (local.get 0))))";
    static const char user[] =
        "(module (import \"a\" \"load\" (func $load (param i32) (result i32))) (memory 1) (table 1 funcref)"
        "(elem (i32.const 0) $load) (type $t (func (param i32) (result i32)))"
        "(data (i32.const 0) \"BC\") (func (export \"f\") (param i32) (result i32)"
        "  (i32.add (i32.mul (call $load (local.get 0)) (i32.const 256)) (i32.load8_u offset=1 (local.get "
        "0))))"
        "(func $tail (param i32) (result i32) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))"
        "(func (export \"t\") (param i32) (result i32)"
        "  (i32.add (i32.mul (call $tail (local.get 0)) (i32.const 256)) (i32.load8_u (local.get 0)))))";
    World w = world_of(maker);
    sg_extern load = {SG_EXTERN_FUNC, .of.func = find(&w, "load")};
    sg_module *second = sg_module_load(w.engine, user, sizeof user - 1, &w.error);
    assert_non_null(second);
    w.instance = sg_core_instance_new(w.store, second, &load, 1, &w.error);
    assert_non_null(w.instance);
    assert_int_equal(call1(&w, "f", 0), 'A' * 256 + 'C');
    assert_int_equal(call1(&w, "t", 0), 'A' * 256 + 'B');
    assert_int_equal(call(&w, "t", (int32_t[]){1 << 20}, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    sg_frame frame;
    assert_true(sg_store_frame(w.store, 0, &frame));
    assert_int_equal(frame.function_index, 0);
    assert_true(sg_store_frame(w.store, 1, &frame)); /* `tail` has left */
    assert_int_equal(frame.function_index, 3);
    assert_false(sg_store_frame(w.store, 2, &frame));
    sg_module_delete(second);
    world_end(&w);
}

/* ---- traps ---- */

static void traps_say_where(void **state) {
    (void)state;
    World w = world_of("(module (memory 1) (func $g (param i32) (drop (i32.load offset=65533 (local.get 0))))"
                       " (func (export \"f\") (param i32) (nop) (call $g (local.get 0)) (nop)))");
    assert_int_equal(call(&w, "f", (int32_t[]){0}, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    sg_frame inner, outer;
    assert_true(sg_store_frame(w.store, 0, &inner));
    assert_true(sg_store_frame(w.store, 1, &outer));
    assert_int_equal(inner.function_index, 0);
    assert_int_equal(outer.function_index, 1);
    /* size, locals, local.get 0, | i32.load, align, offset of 3 bytes, drop, end; size, locals, nop,
     * local.get 0, | call */
    assert_int_equal(outer.offset - inner.offset, 1 + 1 + 3 + 1 + 1 + 1 + 1 + 1 + 2);
    assert_int_equal(w.error.offset, inner.offset);
    assert_int_equal(call(&w, "f", (int32_t[]){-1}, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    world_end(&w);
}

static void accesses_are_checked(void **state) {
    (void)state;
    World w = world_of(
        "(module (memory $a 1) (memory $b 2)"
        "(func (export \"load64\") (param i32) (result i32) (i32.wrap_i64 (i64.load (local.get 0))))"
        "(func (export \"load8\") (param i32) (result i32) (i32.load8_s (local.get 0)))"
        "(func (export \"far\") (param i32) (result i32) (i32.load8_s offset=4294967295 (local.get 0)))"
        "(func (export \"second\") (param i32) (result i32) (i32.load16_u $b (local.get 0)))"
        "(func (export \"store\") (param i32) (result i32)"
        "  (i64.store32 $b (local.get 0) (i64.const -2)) (i32.load $b (local.get 0))))");
    const struct {
        const char *name;
        int32_t last;
    } cases[] = {{"load64", 65528}, {"load8", 65535}, {"second", 131070}, {"store", 131068}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        call1(&w, cases[i].name, cases[i].last);
        call1(&w, cases[i].name, 0);
        assert_int_equal(call(&w, cases[i].name, (int32_t[]){cases[i].last + 1}, NULL),
                         SG_TRAP_MEMORY_OUT_OF_BOUNDS);
        assert_int_equal(call(&w, cases[i].name, (int32_t[]){-1}, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    }
    assert_int_equal(call(&w, "far", (int32_t[]){0}, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    assert_int_equal(call(&w, "far", (int32_t[]){1}, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    assert_int_equal(call1(&w, "store", 8), -2);
    world_end(&w);
}

/* ---- big bodies ---- */

typedef struct Bytes {
    uint8_t *data;
    size_t size, capacity;
} Bytes;

static void put(Bytes *b, const void *data, size_t size) {
    if (b->size + size > b->capacity) {
        b->capacity = (b->size + size) * 2;
        b->data = realloc(b->data, b->capacity);
        assert_non_null(b->data);
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void put_text(Bytes *b, const char *text) {
    put(b, text, strlen(text));
}

static void put_many(Bytes *b, const char *text, size_t count) {
    while (count-- > 0)
        put_text(b, text);
}

/* (func (export "f") (param i32) (result i32) (local i32) ...), from text around repeated parts. */
static World big_world(const char *before, const char *part, size_t count, const char *middle,
                       const char *closing, const char *after) {
    Bytes text = {0};
    put_text(&text, "(module (memory 1) (type $many (func (result i32 i32 i32 i32 i32 i32)))"
                    "(func (export \"f\") (param i32) (result i32) (local i32) ");
    put_text(&text, before);
    put_many(&text, part, count);
    put_text(&text, middle);
    put_many(&text, closing, count);
    put_text(&text, after);
    put_text(&text, "))");
    World w = world_of_bytes(text.data, text.size, NULL, 0, 0);
    free(text.data);
    return w;
}

static void big_bodies_translate(void **state) {
    (void)state;
    /* Nested blocks, each left by a branch out of all. */
    World w = big_world("", "block ", 100000, "local.get 0 br_if 50000 i32.const 1 local.set 1 ", "end ",
                        "local.get 1");
    assert_int_equal(call1(&w, "f", 0), 1);
    assert_int_equal(call1(&w, "f", 1), 0);
    world_end(&w);
    /* Pending uses of a local, written again and again: linear, or this takes minutes. */
    w = big_world("", "local.get 0 local.get 0 i32.const 1 i32.add local.set 0 ", 200000, "local.get 0 ",
                  "i32.xor ", "");
    int32_t expected = 0;
    for (int32_t i = 0; i <= 200000; i++)
        expected ^= i;
    assert_int_equal(call1(&w, "f", 0), expected);
    world_end(&w);
    /* A table of branches that each move a value. */
    w = big_world("block (result i32) i32.const 5 i32.const 6 local.get 0 br_table ", "0 ", 60000, "0 end ",
                  "", "");
    assert_int_equal(call1(&w, "f", 12345), 6);
    world_end(&w);
    /* Branches with many values. */
    w = big_world(
        "block (type $many) i32.const 0 i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.const 5 "
        "i32.const 6 ",
        "local.get 0 br_if 0 ", 50000, "local.set 1 br 0 end ", "", "i32.sub drop drop drop drop");
    assert_int_equal(call1(&w, "f", 0), 0);
    assert_int_equal(call1(&w, "f", 1), 1);
    world_end(&w);
}

/* ---- threads ---- */

typedef struct Worker {
    sg_engine *engine;
    sg_module *module;
    pthread_t thread;
    bool ok;
} Worker;

static void *work(void *argument) {
    Worker *worker = argument;
    sg_store *store = sg_store_new(worker->engine, NULL, NULL);
    sg_core_instance *instance = sg_core_instance_new(store, worker->module, NULL, 0, NULL);
    sg_extern item;
    worker->ok = instance && sg_core_instance_find(instance, "f", 1, &item, NULL) == SG_OK;
    sg_core_value argument_value = i32(10), result = i32(0);
    worker->ok = worker->ok &&
                 sg_core_func_call(item.of.func, &argument_value, 1, &result, 1, NULL) == SG_OK &&
                 result.of.i32 == 55;
    sg_store_delete(store);
    return NULL;
}

static void threads_share_a_module(void **state) {
    (void)state;
    static const char text[] =
        "(module (func $f (export \"f\") (param i32) (result i32) (if (result i32) (local.get 0)"
        " (then (i32.add (local.get 0) (call $g (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const "
        "0))))"
        " (func $g (param i32) (result i32) (call $f (local.get 0))))";
    for (int round = 0; round < 50; round++) {
        sg_engine *engine = sg_engine_new(NULL, NULL);
        sg_module *module = sg_module_load(engine, text, sizeof text - 1, NULL);
        assert_non_null(module);
        Worker workers[4];
        for (int i = 0; i < 4; i++) {
            workers[i] = (Worker){.engine = engine, .module = module};
            assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(workers[i].thread, NULL);
            assert_true(workers[i].ok);
        }
        sg_module_delete(module);
        sg_engine_delete(engine);
    }
}

/* Locals that some way leads past are 0, whatever stood in the frame's slots before. */
static void locals_begin_as_zero(void **state) {
    (void)state;
    World w = world_of(
        "(module (func $dirty (local i32 i32 i32 i32 i32 i32 i32 i32)"
        "    (local.set 0 (i32.const -1)) (local.set 1 (i32.const -1)) (local.set 2 (i32.const -1))"
        "    (local.set 3 (i32.const -1)) (local.set 4 (i32.const -1)) (local.set 5 (i32.const -1))"
        "    (local.set 6 (i32.const -1)) (local.set 7 (i32.const -1)))"
        "  (func $if (param i32) (result i32) (local i32 i32)"
        "    (if (local.get 0) (then (local.set 1 (i32.const 5))) (else (local.set 2 (i32.const 6))))"
        "    (i32.add (local.get 1) (local.get 2)))"
        "  (func $br (param i32) (result i32) (local i32 i32)"
        "    (block (br_if 0 (local.get 0)) (local.set 1 (i32.const 7)))"
        "    (block (local.set 2 (i32.const 8)))"
        "    (i32.add (local.get 1) (local.get 2)))"
        "  (func $loop (param i32) (result i32) (local i32 i32)"
        "    (loop (local.set 2 (i32.add (local.get 2) (local.get 1))) (local.set 1 (i32.const 9))"
        "      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
        "    (local.get 2))"
        "  (func $catch (param i32) (result i32) (local i32)"
        "    (block (try_table (catch_all 0) (if (local.get 0) (then (throw $tag)))"
        "      (local.set 1 (i32.const 10))))"
        "    (local.get 1))"
        "  (tag $tag)"
        "  (func (export \"if\") (param i32) (result i32) (call $dirty) (call $if (local.get 0)))"
        "  (func (export \"br\") (param i32) (result i32) (call $dirty) (call $br (local.get 0)))"
        "  (func (export \"loop\") (param i32) (result i32) (call $dirty) (call $loop (local.get 0)))"
        "  (func (export \"catch\") (param i32) (result i32) (call $dirty) (call $catch (local.get 0))))");
    assert_int_equal(call1(&w, "if", 1), 5);
    assert_int_equal(call1(&w, "if", 0), 6);
    assert_int_equal(call1(&w, "br", 1), 8);
    assert_int_equal(call1(&w, "br", 0), 15);
    assert_int_equal(call1(&w, "loop", 1), 0);
    assert_int_equal(call1(&w, "loop", 3), 18);
    assert_int_equal(call1(&w, "catch", 1), 0);
    assert_int_equal(call1(&w, "catch", 0), 10);
    world_end(&w);
}

/* Instructions that are fused: results that pass on are also where else they are needed, a branch may lead
 * into the midst, and the second or third may trap. */
static void fused_instructions_are_many(void **state) {
    (void)state;
    World w = world_of(
        "(module (memory 1)"
        "  (func (export \"kept\") (param i32) (result i32) (local i32)"
        "    (i32.add (i32.load (local.tee 1 (i32.add (local.get 0) (local.get 0)))) (local.get 1)))"
        "  (func (export \"loop\") (param i32) (result i32) (local i32 i32)"
        "    (local.set 1 (i32.xor (local.get 0) (i32.const 1)))"
        "    (loop (local.set 2 (i32.add (i32.rotl (i32.xor (local.get 2) (local.get 1)) (i32.const 3))"
        "        (local.get 1)))"
        "      (i32.store8 (local.get 0) (local.get 2))"
        "      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
        "    (local.get 2))"
        "  (func (export \"trap\") (param i32) (result i32)"
        "    (i32.load8_u (i32.add (i32.const 65000) (i32.mul (local.get 0) (i32.load (local.get 0)))))))");
    assert_int_equal(call1(&w, "kept", 4), 8);
    uint32_t expected = 0;
    for (int i = 0; i < 5; i++) {
        uint32_t mixed = expected ^ 4;
        expected = (mixed << 3 | mixed >> 29) + 4;
    }
    assert_int_equal(call1(&w, "loop", 5), (int32_t)expected);
    int32_t argument = 0x10000;
    assert_int_equal(call(&w, "kept", &argument, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    argument = 1; /* where the loop's bytes are: the address is far out */
    assert_int_equal(call(&w, "trap", &argument, NULL), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    assert_int_equal(call1(&w, "trap", 100), 0);
    world_end(&w);
}

static void *run_group(void *failed) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fuel_is_what_was_counted_by_hand),
        cmocka_unit_test(fuel_stops_at_the_same_place),
        cmocka_unit_test(operands_keep_their_values),
        cmocka_unit_test(what_waits_is_not_lost),
        cmocka_unit_test(locals_begin_as_zero),
        cmocka_unit_test(fused_instructions_are_many),
        cmocka_unit_test(tail_calls_need_no_stack),
        cmocka_unit_test(tail_calls_drop_operands),
        cmocka_unit_test(recursion_exhausts_the_stack),
        cmocka_unit_test(host_functions_call_back),
        cmocka_unit_test(instances_keep_their_memories),
        cmocka_unit_test(traps_say_where),
        cmocka_unit_test(accesses_are_checked),
        cmocka_unit_test(big_bodies_translate),
        cmocka_unit_test(threads_share_a_module),
    };
    *(int *)failed = cmocka_run_group_tests_name("interp", tests, NULL, NULL);
    return NULL;
}

/* On a stack of its own size: sanitizers make frames of the interpreter many times as large. */
int main(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    int failed = -1;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)64 << 20);
    if (pthread_create(&thread, &attributes, run_group, &failed) == 0)
        pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}
