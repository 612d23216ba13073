/* The heap: what is reachable stays, what is not goes, and limits hold, with a collection at every allocation
 * and with few. */
#include "run/heap.h"

#include <sandglass.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct World {
    sg_engine *engine;
    sg_module *module;
    Store *store;
    sg_core_instance *instance;
    sg_error error;
} World;

/* A store with one instance of `text`, which imports nothing. */
static World make_world(const char *text, sg_limits limits, bool collects_always) {
    World w = {0};
    sg_engine_options options = {.size = sizeof options};
    w.engine = sg_engine_new(&options, &w.error);
    assert_non_null(w.engine);
    limits.size = sizeof limits;
    w.store = sg_store_new(w.engine, &limits, &w.error);
    assert_non_null(w.store);
    w.store->collects_always = collects_always;
    w.module = sg_module_load(w.engine, text, strlen(text), &w.error);
    if (w.module == NULL)
        fail_msg("%u:%u: %s (%s)", w.error.line, w.error.column, w.error.message, w.error.detail);
    w.instance = sg_core_instance_new(w.store, w.module, NULL, 0, &w.error);
    return w;
}

static void end_world(World *w) {
    sg_store_delete(w->store);
    sg_module_delete(w->module);
    sg_engine_delete(w->engine);
}

/* Calls an export of one i32 and one result. */
static sg_status call(World *w, const char *name, int32_t argument, sg_core_value *result) {
    sg_extern item;
    assert_int_equal(sg_core_instance_find(w->instance, name, strlen(name), &item, &w->error), SG_OK);
    sg_core_value value = {.kind = SG_CORE_I32, .of.i32 = argument};
    return sg_core_func_call(item.of.func, &value, 1, result, 1, &w->error);
}

static int32_t must_call(World *w, const char *name, int32_t argument) {
    sg_core_value result = {.kind = SG_CORE_I32};
    if (call(w, name, argument, &result) != SG_OK)
        fail_msg("%s: %s", name, w->error.message);
    return result.of.i32;
}

static uint64_t collections(const World *w) {
    return w->store->heap ? w->store->heap->collections : 0;
}

/* Lists, trees and cycles. */
static const char *const shapes =
    "(module"
    " (type $node (sub (struct (field $value i32) (field $left (mut (ref null $node)))"
    "   (field $right (mut (ref null $node))))))"
    " (global $kept (mut (ref null $node)) (ref.null $node))"
    " (func $tree (param $depth i32) (result (ref null $node))"
    "   (if (i32.eqz (local.get $depth)) (then (return (ref.null $node))))"
    "   (struct.new $node (local.get $depth)"
    "     (call $tree (i32.sub (local.get $depth) (i32.const 1)))"
    "     (call $tree (i32.sub (local.get $depth) (i32.const 1)))))"
    " (func $sum (param $node (ref null $node)) (result i32)"
    "   (if (ref.is_null (local.get $node)) (then (return (i32.const 0))))"
    "   (i32.add (struct.get $node $value (local.get $node))"
    "     (i32.add (call $sum (struct.get $node $left (local.get $node)))"
    "       (call $sum (struct.get $node $right (local.get $node))))))"
    " (func (export \"tree\") (param i32) (result i32) (call $sum (call $tree (local.get 0))))"
    /* A list of so many nodes: its length. */
    " (func $list (export \"list\") (param $count i32) (result i32)"
    "   (local $list (ref null $node)) (local $length i32)"
    "   (loop $make"
    "     (local.set $list (struct.new $node (i32.const 1) (ref.null $node) (local.get $list)))"
    "     (br_if $make (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))"
    "   (global.set $kept (local.get $list))"
    "   (loop $walk"
    "     (local.set $length (i32.add (local.get $length) (struct.get $node $value (local.get $list))))"
    "     (br_if $walk (i32.eqz (ref.is_null (local.tee $list (struct.get $node $right (local.get "
    "$list)))))))"
    "   (local.get $length))"
    " (func (export \"drop\") (param i32) (result i32) (global.set $kept (ref.null $node)) (i32.const 0))"
    /* Pairs that refer to each other, and are forgotten. */
    " (func (export \"cycles\") (param $count i32) (result i32)"
    "   (local $a (ref null $node)) (local $b (ref null $node))"
    "   (loop $make"
    "     (local.set $a (struct.new $node (i32.const 1) (ref.null $node) (ref.null $node)))"
    "     (local.set $b (struct.new $node (i32.const 2) (local.get $a) (local.get $a)))"
    "     (struct.set $node $left (local.get $a) (local.get $b))"
    "     (br_if $make (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))"
    "   (struct.get $node $value (struct.get $node $left (struct.get $node $left (local.get $a)))))"
    ")";

/* References wait in operands and locals of many frames while others are made. */
static void trees(void **state) {
    (void)state;
    World w = make_world(shapes, (sg_limits){0}, true);
    for (int32_t depth = 0; depth < 9; depth++)
        assert_int_equal(must_call(&w, "tree", depth), (2 << depth) - depth - 2);
    assert_int_equal(collections(&w), 502); /* one for each node that was made */
    end_world(&w);
    w = make_world(shapes, (sg_limits){0}, false);
    assert_int_equal(must_call(&w, "tree", 18), (2 << 18) - 18 - 2);
    assert_true(collections(&w) > 0);
    end_world(&w);
}

/* As long as memory allows; no recursion anywhere. */
static void long_list(void **state) {
    (void)state;
    World w = make_world(shapes, (sg_limits){.memory_bytes = 64 << 20}, false);
    for (int i = 0; i < 3; i++)
        assert_int_equal(must_call(&w, "list", 800000), 800000);
    must_call(&w, "drop", 0);
    assert_int_equal(must_call(&w, "list", 1600000), 1600000);
    assert_true(collections(&w) > 3);
    end_world(&w);
}

/* 640 MB of garbage in 4 MiB. */
static void cycles(void **state) {
    (void)state;
    World w = make_world(shapes, (sg_limits){.memory_bytes = 4 << 20}, false);
    assert_int_equal(must_call(&w, "cycles", 10000000), 1);
    assert_true(sg_store_usage(w.store).peak_memory_bytes <= 4 << 20);
    end_world(&w);
}

/* Who fills the memory is ended, after work in proportion to it. */
static void brim(void **state) {
    (void)state;
    World w = make_world(shapes, (sg_limits){.memory_bytes = 16 << 20}, false);
    sg_core_value result;
    assert_int_equal(call(&w, "list", 100000000, &result), SG_TRAP);
    assert_int_equal(w.error.trap, SG_TRAP_MEMORY_LIMIT);
    assert_true(collections(&w) < 20);
    end_world(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),
        cmocka_unit_test(long_list),
        cmocka_unit_test(cycles),
        cmocka_unit_test(brim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
