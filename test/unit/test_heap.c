/* The heap: what is reachable stays, what is not goes, and limits hold, with a collection at every allocation
 * and with few. */
#include "ration.h"
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

/* ---- roots ---- */

/* Each case makes one object that only one root leads to, makes others, and reads it. */
static const char *const roots =
    "(module"
    " (type $box (struct (field (mut i32))))"
    " (type $boxes (array (mut (ref null $box))))"
    " (global $constant (ref $box) (struct.new $box (i32.const 11)))"
    " (global $nested (ref $boxes) (array.new_fixed $boxes 2 (struct.new $box (i32.const 12))"
    "   (struct.new $box (i32.const 13))))"
    " (global $changes (mut anyref) (ref.null any))"
    " (table $table 4 (ref null $box))"
    " (table $filled 2 (ref $box) (struct.new $box (i32.const 14)))"
    " (table $outside 1 externref)"
    " (elem $active (table $table) (i32.const 0) (ref null $box) (item (struct.new $box (i32.const 15))))"
    " (elem $passive (ref null $box) (item (struct.new $box (i32.const 16)))"
    "   (item (struct.new $box (i32.const 17))))"
    " (tag $tag (param (ref $box)))"
    " (func $churn (param $n i32)"
    "   (loop $again (drop (struct.new $box (i32.const 99)))"
    "     (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))"
    " (func $value (param (ref null $box)) (result i32) (struct.get $box 0 (local.get 0)))"
    " (func $throws (param $box (ref null $box))"
    "   (throw $tag (ref.as_non_null (local.get $box))))"
    " (func (export \"constants\") (param i32) (result i32)"
    "   (call $churn (i32.const 50))"
    "   (i32.add (call $value (global.get $constant))"
    "     (i32.add (call $value (array.get $boxes (global.get $nested) (i32.const 0)))"
    "       (i32.add (call $value (array.get $boxes (global.get $nested) (i32.const 1)))"
    "         (call $value (table.get $filled (i32.const 1)))))))"
    " (func (export \"segments\") (param i32) (result i32)"
    "   (call $churn (i32.const 50))"
    "   (table.init $table $passive (i32.const 2) (i32.const 0) (i32.const 2))"
    "   (elem.drop $passive)"
    "   (call $churn (i32.const 50))"
    "   (i32.add (call $value (table.get $table (i32.const 0)))"
    "     (i32.add (call $value (table.get $table (i32.const 2)))"
    "       (call $value (table.get $table (i32.const 3))))))"
    " (func (export \"grown\") (param i32) (result i32)"
    "   (drop (table.grow $table (struct.new $box (i32.const 21)) (i32.const 100)))"
    "   (table.set $outside (i32.const 0) (extern.convert_any (struct.new $box (i32.const 22))))"
    "   (global.set $changes (struct.new $box (i32.const 23)))"
    "   (call $churn (i32.const 50))"
    "   (i32.add (call $value (table.get $table (i32.const 103)))"
    "     (i32.add (call $value (ref.cast (ref $box) (any.convert_extern (table.get $outside (i32.const "
    "0)))))"
    "       (call $value (ref.cast (ref $box) (global.get $changes))))))"
    " (func (export \"exceptions\") (param i32) (result i32)"
    "   (local $kept exnref)"
    "   (block $caught (result (ref $box) exnref)"
    "     (try_table (catch_ref $tag $caught) (call $throws (struct.new $box (i32.const 31))))"
    "     (unreachable))"
    "   (local.set $kept) (drop)"
    "   (call $churn (i32.const 50))"
    "   (block $again (result (ref $box))"
    "     (try_table (catch $tag $again) (throw_ref (local.get $kept)))"
    "     (unreachable))"
    "   (call $churn (i32.const 50))"
    "   (call $value))"
    " (func (export \"give\") (param i32) (result anyref) (struct.new $box (local.get 0)))"
    " (func (export \"take\") (param anyref) (result i32)"
    "   (call $churn (i32.const 50))"
    "   (call $value (ref.cast (ref $box) (local.get 0))))"
    ")";

static void every_root(void **state) {
    (void)state;
    World w = make_world(roots, (sg_limits){0}, true);
    if (w.instance == NULL)
        fail_msg("%s", w.error.message);
    assert_int_equal(must_call(&w, "constants", 0), 11 + 12 + 13 + 14);
    assert_int_equal(must_call(&w, "segments", 0), 15 + 16 + 17);
    assert_int_equal(must_call(&w, "grown", 0), 21 + 22 + 23);
    assert_int_equal(must_call(&w, "exceptions", 0), 31);
    assert_true(collections(&w) > 300);
    end_world(&w);
}

/* What the host has stays until the next outermost call, whose argument it may be. */
static void host_keeps(void **state) {
    (void)state;
    World w = make_world(roots, (sg_limits){0}, true), other = make_world(roots, (sg_limits){0}, true);
    sg_extern take;
    assert_int_equal(sg_core_instance_find(w.instance, "take", 4, &take, &w.error), SG_OK);
    sg_core_value given = {.kind = SG_CORE_ANYREF}, sum;
    for (int32_t i = 1; i < 5; i++) {
        assert_int_equal(call(&w, "give", i, &given), SG_OK);
        assert_int_equal(w.store->pins.count, 1);
        assert_int_equal(sgi_heap_collect(w.store->heap), SG_TRAP_NONE);
        assert_int_equal(sg_core_func_call(take.of.func, &given, 1, &sum, 1, &w.error), SG_OK);
        assert_int_equal(sum.of.i32, i);
        assert_int_equal(w.store->pins.count, 0);
    }
    /* Another store's is like any pointer of the host: it is not followed. */
    assert_int_equal(call(&other, "give", 1, &given), SG_OK);
    assert_int_equal(sg_core_func_call(take.of.func, &given, 1, &sum, 1, &w.error), SG_TRAP);
    assert_int_equal(w.error.trap, SG_TRAP_CAST_FAILURE);
    end_world(&other);
    end_world(&w);
}

/* A host function that calls the guest back, which collects, while it holds its argument and a result. */
static sg_status call_back(void *context, sg_call *running, const sg_core_value *arguments,
                           size_t argument_count, sg_core_value *results, size_t result_count,
                           sg_error *error) {
    (void)running, (void)argument_count, (void)result_count;
    World *w = context;
    sg_core_value made = {.kind = SG_CORE_ANYREF};
    sg_status status = call(w, "give", 70, &made);
    for (int i = 0; i < 3 && status == SG_OK; i++)
        status = call(w, "tree", 4, &results[0]);
    assert_int_equal(sg_core_ref_kind(w->store, &arguments[0]), SG_REF_STRUCT);
    sg_extern second;
    if (status == SG_OK)
        status = sg_core_instance_find(w->instance, "sum2", 4, &second, error);
    sg_core_value both[] = {arguments[0], made};
    return status == SG_OK ? sg_core_func_call(second.of.func, both, 2, results, 1, error) : status;
}

static void host_calls_back(void **state) {
    (void)state;
    World w = make_world("(module)", (sg_limits){0}, true);
    sg_core_kind anyref = SG_CORE_ANYREF, i32 = SG_CORE_I32;
    sg_extern import = {.kind = SG_EXTERN_FUNC};
    import.of.func = sg_core_func_new(w.store, &anyref, 1, &i32, 1, call_back, &w, NULL, &w.error);
    assert_non_null(import.of.func);
    const char *text =
        "(module (type $box (struct (field i32))) (type $pair (struct (field anyref) (field anyref)))"
        " (import \"\" \"f\" (func $host (param anyref) (result i32)))"
        " (func $value (param anyref) (result i32) (struct.get $box 0 (ref.cast (ref $box) (local.get 0))))"
        " (func (export \"give\") (param i32) (result anyref) (struct.new $box (local.get 0)))"
        " (func (export \"tree\") (param i32) (result i32) (drop (struct.new $pair (ref.null any)"
        "   (struct.new $box (local.get 0)))) (i32.const 0))"
        " (func (export \"sum2\") (param anyref anyref) (result i32)"
        "   (i32.add (call $value (local.get 0)) (call $value (local.get 1))))"
        /* The operands wait in this frame while the host runs another one. */
        " (func (export \"run\") (param i32) (result i32) (local $sum i32)"
        "   (struct.new $box (local.get 0)) (struct.new $box (i32.const 1000))"
        "   (call $host (struct.new $box (i32.const 7)))"
        "   (drop) (call $value) (i32.add (call $value (struct.new $box (i32.const 1))))"
        "   (i32.add (call $host (struct.new $box (i32.const 8)))) (local.set $sum)"
        "   (call $value) (i32.add (local.get $sum))))";
    text = strstr(text, "(module");
    sg_module *module = sg_module_load(w.engine, text, strlen(text), &w.error);
    if (module == NULL)
        fail_msg("%u:%u: %s (%s)", w.error.line, w.error.column, w.error.message, w.error.detail);
    w.instance = sg_core_instance_new(w.store, module, &import, 1, &w.error);
    assert_non_null(w.instance);
    assert_int_equal(must_call(&w, "run", 5), 5 + 1000 + 1 + 78);
    assert_int_equal(w.store->pins.count, 0);
    sg_module_delete(module);
    end_world(&w);
}

/* ---- limits ---- */

/* With every budget, from what is too little for anything to plenty: the right answer, or a limit. */
static void any_budget(void **state) {
    (void)state;
    unsigned good = 0;
    for (uint64_t bytes = 4096; bytes < 4 << 20; bytes += bytes / 4) {
        World w = make_world(shapes, (sg_limits){.memory_bytes = bytes}, false);
        sg_core_value result;
        sg_status status = w.instance ? call(&w, "tree", 14, &result) : w.error.status;
        if (status == SG_OK)
            assert_int_equal(result.of.i32, (2 << 14) - 14 - 2);
        else if (w.error.trap != SG_TRAP_STACK_EXHAUSTED)
            assert_true(w.error.trap == SG_TRAP_MEMORY_LIMIT);
        good += status == SG_OK;
        assert_true(sg_store_usage(w.store).peak_memory_bytes <= bytes);
        end_world(&w);
    }
    assert_true(good > 3);
}

/* The host refuses memory at every point of instantiating and calling. */
static void any_refusal(void **state) {
    (void)state;
    sg_status status = SG_NO_MEMORY;
    for (size_t count = 0; status != SG_OK; count++) {
        Ration r = {.left = SIZE_MAX, .for_good = true};
        sg_error error;
        sg_engine *engine = ration_engine(&r, &error);
        sg_module *module = sg_module_load(engine, roots, strlen(roots), &error);
        sg_store *store = sg_store_new(engine, NULL, &error);
        store->collects_always = true;
        r.left = count;
        sg_core_instance *instance = sg_core_instance_new(store, module, NULL, 0, &error);
        status = instance ? SG_OK : error.status;
        World w = {.store = store, .instance = instance};
        static const char *const names[] = {"constants", "segments", "grown", "exceptions", "give"};
        sg_core_value result = {.kind = SG_CORE_I32};
        for (size_t i = 0; i < SGI_COUNT(names) && status == SG_OK; i++)
            status = call(&w, names[i], 1, &result);
        r.left = SIZE_MAX;
        sg_store_delete(store);
        sg_module_delete(module);
        sg_engine_delete(engine);
        assert_true(count < 1000);
    }
}

/* Collections are cut short: nothing is lost, and the next begins anew. */
static void deadline(void **state) {
    (void)state;
    World w = make_world(shapes, (sg_limits){0}, false);
    sg_core_instance *first = w.instance;
    assert_int_equal(must_call(&w, "list", 300000), 300000);
    uint64_t before = collections(&w);
    atomic_store(&w.store->cx.interrupt, SG_TRAP_CANCELLED);
    assert_int_equal(sgi_heap_collect(w.store->heap), SG_TRAP_CANCELLED);
    atomic_store(&w.store->cx.interrupt, 0);
    assert_int_equal(collections(&w), before);
    for (int i = 0; i < 5; i++) {
        w.instance = sg_core_instance_new(w.store, w.module, NULL, 0, &w.error);
        w.store->collects_always = true;
        sg_limits limits = {.size = sizeof limits, .timeout_ns = 100000};
        assert_int_equal(sg_store_tighten(w.store, &limits, &w.error), SG_OK);
        sg_core_value result;
        assert_int_equal(call(&w, "cycles", 1000000, &result), SG_TRAP);
        assert_int_equal(w.error.trap, SG_TRAP_DEADLINE);
        w.store->collects_always = false;
    }
    w.instance = first;
    assert_int_equal(sgi_heap_collect(w.store->heap), SG_TRAP_NONE);
    assert_true(w.store->heap->survived >= 300000 * 32);
    assert_int_equal(must_call(&w, "list", 300000), 300000);
    must_call(&w, "drop", 0);
    assert_int_equal(must_call(&w, "cycles", 1000000), 1);
    assert_true(w.store->heap->survived < 1 << 20);
    end_world(&w);
}

/* ---- arrays ---- */

static const char *const arrays =
    "(module"
    " (type $bytes (array (mut i8))) (type $refs (array (mut anyref))) (type $wide (array (mut v128)))"
    " (global $kept (mut (ref null $refs)) (ref.null $refs))"
    " (func (export \"bytes\") (param i32) (result i32)"
    "   (array.len (array.new $bytes (i32.const 7) (local.get 0))))"
    " (func (export \"wide\") (param i32) (result i32)"
    "   (array.len (array.new_default $wide (local.get 0))))"
    " (func (export \"large\") (param $count i32) (result i32)" /* garbage of 1 MB each */
    "   (local $all (ref null $bytes))"
    "   (loop $again"
    "     (local.set $all (array.new $bytes (local.get $count) (i32.const 1000000)))"
    "     (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))"
    "   (array.get_u $bytes (local.get $all) (i32.const 999999)))"
    /* Each has the one before: all stay. */
    " (func (export \"keep\") (param $count i32) (result i32)"
    "   (local $new (ref null $refs))"
    "   (loop $again"
    "     (local.set $new (array.new $refs (ref.null any) (i32.const 10000)))"
    "     (array.set $refs (local.get $new) (i32.const 9999) (global.get $kept))"
    "     (global.set $kept (local.get $new))"
    "     (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))"
    "   (i32.const 1)))";

static sg_trap trap_of(World *w, const char *name, int32_t argument) {
    sg_core_value result;
    return call(w, name, argument, &result) == SG_OK ? SG_TRAP_NONE : w->error.trap;
}

static void lengths(void **state) {
    (void)state;
    static const int32_t sizes[] = {0, 1, 15, 16, 17, 496, 497, 512, 16368, 16369, 32752, 32753, 1000000};
    World w = make_world(arrays, (sg_limits){0}, false);
    for (size_t i = 0; i < SGI_COUNT(sizes); i++) {
        assert_int_equal(must_call(&w, "bytes", sizes[i]), sizes[i]);
        assert_int_equal(must_call(&w, "wide", sizes[i]), sizes[i]);
    }
    end_world(&w);
    /* What no array may have is the guest's own fault; what the budget does not allow is a limit. */
    w = make_world(arrays, (sg_limits){.memory_bytes = 1 << 20}, false);
    for (int32_t length = -1; length > INT32_MIN / 16; length *= 16) {
        assert_int_equal(trap_of(&w, "bytes", length), SG_TRAP_OBJECT_TOO_LARGE);
        assert_int_equal(trap_of(&w, "wide", length), SG_TRAP_OBJECT_TOO_LARGE);
    }
    assert_int_equal(trap_of(&w, "bytes", (1 << 30) + 1), SG_TRAP_OBJECT_TOO_LARGE);
    assert_int_equal(trap_of(&w, "wide", (1 << 26) + 1), SG_TRAP_OBJECT_TOO_LARGE);
    assert_int_equal(trap_of(&w, "wide", 1 << 26), SG_TRAP_MEMORY_LIMIT);
    end_world(&w);
    w = make_world(arrays, (sg_limits){.memory_bytes = 1 << 20}, false);
    assert_int_equal(trap_of(&w, "bytes", 1 << 30), SG_TRAP_MEMORY_LIMIT);
    end_world(&w);
    /* Paid for before it is made. */
    w = make_world(arrays, (sg_limits){.fuel = 1000}, false);
    assert_int_equal(trap_of(&w, "bytes", 64000), SG_TRAP_FUEL);
    assert_null(w.store->heap);
    end_world(&w);
}

static void large_arrays(void **state) {
    (void)state;
    World w = make_world(arrays, (sg_limits){.memory_bytes = 4 << 20}, false);
    assert_int_equal(must_call(&w, "large", 300), 1);
    assert_true(collections(&w) >= 100 && collections(&w) <= 300);
    end_world(&w);
    w = make_world(arrays, (sg_limits){.memory_bytes = 32 << 20}, false);
    assert_int_equal(trap_of(&w, "keep", 1000000), SG_TRAP_MEMORY_LIMIT);
    assert_true(collections(&w) < 30);
    end_world(&w);
}

/* What counts is what was taken, not what lists of free cells there are. */
static void one_of_each_size(void **state) {
    (void)state;
    World w = make_world(arrays, (sg_limits){0}, false);
    uint64_t bytes = 0;
    for (int i = 0; i < 500; i++)
        for (int32_t size = 0; size < 480; size += 16, bytes += (uint64_t)size + 16)
            assert_int_equal(must_call(&w, "bytes", size), size);
    assert_true(collections(&w) > 0 && collections(&w) <= bytes >> 20);
    end_world(&w);
}

/* Looking through a large table is work that allocation must pay for. */
static void large_roots(void **state) {
    (void)state;
    World w = make_world("(module (table 1000000 anyref) (type $box (struct (field i64)))"
                         " (func (export \"run\") (param i32) (result i32)"
                         "   (loop $again (drop (struct.new $box (i64.const 1)))"
                         "     (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
                         "   (local.get 0)))",
                         (sg_limits){0}, false);
    assert_int_equal(must_call(&w, "run", 2000000), 0); /* 64 MB, and 8 MB to look through */
    assert_true(collections(&w) > 0 && collections(&w) <= 9);
    end_world(&w);
}

/* The same again is the same: fuel, memory, collections. */
static void repeats(void **state) {
    (void)state;
    sg_usage usage[2];
    uint64_t count[2];
    for (int i = 0; i < 2; i++) {
        World w = make_world(shapes, (sg_limits){.memory_bytes = 3 << 20}, false);
        must_call(&w, "cycles", 500000);
        must_call(&w, "list", 20000);
        must_call(&w, "tree", 12);
        usage[i] = sg_store_usage(w.store);
        count[i] = collections(&w);
        end_world(&w);
    }
    assert_int_equal(usage[0].fuel, usage[1].fuel);
    assert_int_equal(usage[0].memory_bytes, usage[1].memory_bytes);
    assert_int_equal(usage[0].peak_memory_bytes, usage[1].peak_memory_bytes);
    assert_int_equal(count[0], count[1]);
    assert_true(count[0] > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),           cmocka_unit_test(long_list),
        cmocka_unit_test(cycles),          cmocka_unit_test(brim),
        cmocka_unit_test(every_root),      cmocka_unit_test(host_keeps),
        cmocka_unit_test(host_calls_back), cmocka_unit_test(any_budget),
        cmocka_unit_test(any_refusal),     cmocka_unit_test(deadline),
        cmocka_unit_test(lengths),         cmocka_unit_test(large_arrays),
        cmocka_unit_test(repeats),         cmocka_unit_test(one_of_each_size),
        cmocka_unit_test(large_roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
