/* Exceptions at the border: tags of the host, what nobody catches, host functions in between, and limits. */
#include "api.h"

#include <stdlib.h>

/* One store with two instances: `outer` imports what `inner` exports, and host functions. */
typedef struct World {
    sg_engine *engine;
    sg_store *store;
    sg_module *modules[2];
    sg_core_instance *inner, *outer;
    sg_error error; /* of the call inside the host function */
} World;

static const char inner_text[] =
    "(module $inner (tag $e (export \"e\") (param i32 i64))"
    " (func $throw (export \"throw\") (param i32) (throw $e (local.get 0) (i64.const 7)))"
    " (func (export \"spin\") (loop (br 0))))";

static const char outer_text[] =
    "(module $outer (import \"inner\" \"e\" (tag $e (param i32 i64)))"
    " (import \"inner\" \"throw\" (func $throw (param i32)))"
    " (import \"inner\" \"spin\" (func $spin))"
    " (import \"host\" \"nest\" (func $nest (param i32) (result i32)))"
    " (tag $own)"
    " (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))"
    "   (else (call $throw (i32.const 5)))))"
    " (func (export \"catch\") (param i32) (result i32)"
    "   (block $no (block $h (result i32 i64)"
    "     (try_table (catch $own $no) (catch $e $h) (call $deep (local.get 0)))"
    "     (unreachable)) (drop) (return))"
    "   (i32.const 0))"
    " (func (export \"miss\") (param i32) (result i32)"
    "   (block $no (try_table (catch $own $no) (call $deep (local.get 0)))) (i32.const 0))"
    " (func (export \"all\") (param i32) (result i32)"
    "   (block $h (try_table (catch_all $h) (return (call $nest (local.get 0))))) (i32.const 99))"
    /* `count` rounds of a throw through `depth` frames */
    " (func (export \"rounds\") (param $count i32) (result i32) (local $depth i32)"
    "   (local.set $depth (i32.and (local.get $count) (i32.const 1023)))"
    "   (loop $l (block $h (result i32 i64) (try_table (catch $e $h) (call $deep (local.get $depth)))"
    "     (unreachable)) (drop) (drop)"
    "     (br_if $l (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))"
    "   (i32.const 1))"
    " (func (export \"keep\") (param i32) (result i32)"
    "   (loop $l (block $h (result i32 i64 exnref) (try_table (catch_ref $e $h) (call $throw (i32.const 1)))"
    "     (unreachable)) (drop) (drop) (drop)"
    "     (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
    "   (i32.const 1)))";

/* Host function: calls the inner instance's throw and, for even arguments, gets over what comes of it. */
static sg_status nest(void *context, sg_call *call_, const sg_core_value *arguments, size_t argument_count,
                      sg_core_value *results, size_t result_count, sg_error *error) {
    (void)call_, (void)argument_count, (void)result_count;
    World *w = context;
    sg_status status = sg_core_func_call(find_func(w->inner, "throw"), arguments, 1, NULL, 0, &w->error);
    if (arguments[0].of.i32 % 2) {
        *error = w->error;
        return status;
    }
    results[0].of.i32 = 42;
    return SG_OK;
}

static sg_extern find(sg_core_instance *instance, const char *name) {
    sg_extern item;
    sg_error error;
    assert_ok(sg_core_instance_find(instance, name, strlen(name), &item, &error), error);
    return item;
}

static World make_world(sg_limits limits) {
    World w = {.engine = make_engine()};
    w.store = make_store(w.engine, limits);
    w.modules[0] = load_module(w.engine, inner_text);
    w.modules[1] = load_module(w.engine, outer_text);
    w.inner = instantiate(w.store, w.modules[0]);
    return w;
}

static void link_world(World *w) {
    static const sg_core_kind i32[] = {SG_CORE_I32};
    sg_error error;
    sg_core_func *host = sg_core_func_new(w->store, i32, 1, i32, 1, nest, w, NULL, &error);
    assert_made(host, error);
    sg_extern imports[] = {find(w->inner, "e"),
                           find(w->inner, "throw"),
                           find(w->inner, "spin"),
                           {SG_EXTERN_FUNC, {.func = host}}};
    assert_int_equal(imports[0].kind, SG_EXTERN_TAG);
    w->outer = sg_core_instance_new(w->store, w->modules[1], imports, 4, &error);
    assert_made(w->outer, error);
}

static void end_world(World *w) {
    sg_store_delete(w->store);
    for (int i = 0; i < 2; i++)
        sg_module_delete(w->modules[i]);
    sg_engine_delete(w->engine);
}

static sg_status call_with(sg_core_instance *instance, const char *name, int32_t argument, sg_error *error) {
    sg_core_value value = {.kind = SG_CORE_I32, .of.i32 = argument}, result;
    return sg_core_func_call(find_func(instance, name), &value, 1, &result, 1, error);
}

static void between_instances(void **state) {
    (void)state;
    World w = make_world((sg_limits){0});
    link_world(&w);
    for (int32_t depth = 0; depth < 40; depth++)
        assert_int_equal(call_i32(w.outer, "catch", depth), 5);
    end_world(&w);
}

static void frame_is(const sg_store *store, size_t index, const char *module, const char *function) {
    sg_frame frame;
    assert_true(sg_store_frame(store, index, &frame));
    assert_int_equal(frame.module.size, strlen(module));
    assert_memory_equal(frame.module.data, module, frame.module.size);
    assert_int_equal(frame.function.size, strlen(function));
    assert_memory_equal(frame.function.data, function, frame.function.size);
}

/* A trap with the whole trace; the instances live on. */
static void uncaught(void **state) {
    (void)state;
    World w = make_world((sg_limits){0});
    link_world(&w);
    sg_error error;
    for (int round = 0; round < 2; round++) {
        assert_trap(SG_TRAP_UNCAUGHT_EXCEPTION, call_with(w.outer, "miss", 1, &error), error);
        assert_string_equal(error.message, "uncaught exception");
        assert_string_equal(error.detail, "tag 0 $e");
        frame_is(w.store, 0, "inner", "throw");
        frame_is(w.store, 1, "outer", "deep");
        frame_is(w.store, 2, "outer", "deep");
        frame_is(w.store, 3, "outer", "");
        sg_frame frame;
        assert_false(sg_store_frame(w.store, 4, &frame));
    }
    assert_int_equal(call_i32(w.outer, "catch", 1), 5);
    end_world(&w);
}

/* An exception that reaches a host function is a trap there, and no exception any more behind it. */
static void through_the_host(void **state) {
    (void)state;
    World w = make_world((sg_limits){0});
    link_world(&w);
    sg_error error;
    assert_trap(SG_TRAP_UNCAUGHT_EXCEPTION, call_with(w.outer, "all", 1, &error), error);
    assert_int_equal(w.error.trap, SG_TRAP_UNCAUGHT_EXCEPTION);
    frame_is(w.store, 0, "inner", "throw");
    frame_is(w.store, 1, "outer", "");
    /* The host gets over it. */
    assert_int_equal(call_i32(w.outer, "all", 2), 42);
    assert_int_equal(w.error.trap, SG_TRAP_UNCAUGHT_EXCEPTION);
    end_world(&w);
}

static const char host_tag_text[] =
    "(module (import \"\" \"t\" (tag $t (param i32))) (func (export \"f\") (param i32) (result i32)"
    " (block $h (result i32) (try_table (catch $t $h) (throw $t (local.get 0))) (unreachable)))"
    " (export \"t\" (tag $t)))";

static void tags_of_the_host(void **state) {
    (void)state;
    static const sg_core_kind kinds[] = {SG_CORE_I32, SG_CORE_I64};
    sg_engine *engine = make_engine();
    sg_store *store = make_store(engine, (sg_limits){0}), *other = make_store(engine, (sg_limits){0});
    sg_module *module = load_module(engine, host_tag_text);
    sg_error error;
    sg_extern tag = {SG_EXTERN_TAG, {.tag = sg_core_tag_new(store, kinds, 1, &error)}};
    assert_made(tag.of.tag, error);
    sg_core_instance *instance = sg_core_instance_new(store, module, &tag, 1, &error);
    assert_made(instance, error);
    assert_int_equal(call_i32(instance, "f", 13), 13);
    assert_ptr_equal(find(instance, "t").of.tag, tag.of.tag);

    assert_null(sg_core_instance_new(other, module, &tag, 1, &error));
    assert_int_equal(error.status, SG_MISUSE);
    assert_null(sg_core_instance_new(store, module, NULL, 0, &error));
    assert_int_equal(error.status, SG_UNLINKABLE);
    tag.of.tag = NULL;
    assert_null(sg_core_instance_new(store, module, &tag, 1, &error));
    assert_int_equal(error.status, SG_UNLINKABLE);
    tag.of.tag = sg_core_tag_new(store, kinds, 2, &error); /* of another type */
    assert_null(sg_core_instance_new(store, module, &tag, 1, &error));
    assert_int_equal(error.status, SG_UNLINKABLE);
    tag.of.tag = sg_core_tag_new(store, NULL, 0, &error);
    assert_made(tag.of.tag, error);
    sg_store_delete(store);
    sg_store_delete(other);
    sg_module_delete(module);
    sg_engine_delete(engine);
}

/* What a throw costs is what it looks at, to the unit; with less fuel the call ends there. */
static void fuel(void **state) {
    (void)state;
    uint64_t costs[2];
    for (int32_t depth = 0; depth < 2; depth++) {
        World w = make_world((sg_limits){0});
        link_world(&w);
        uint64_t before = sg_store_usage(w.store).fuel;
        call_i32(w.outer, "catch", depth);
        costs[depth] = sg_store_usage(w.store).fuel - before;
        end_world(&w);
    }
    /* call, its argument; then in $deep: local.get and if, i32.const and call. In $throw: local.get,
     * i64.const and throw. Three frames, one try_table, two catches. */
    assert_int_equal(costs[0], 2 + 2 + 2 + 3 + 3 + 1 + 2);
    /* Another frame, with local.get, if, and local.get, i32.const, i32.sub, call. */
    assert_int_equal(costs[1], costs[0] + 2 + 4 + 1);
    for (uint64_t units = 1; units <= costs[1]; units++) {
        World w = make_world((sg_limits){.fuel = units});
        link_world(&w);
        sg_error error;
        sg_status status = call_with(w.outer, "catch", 1, &error);
        if (units < costs[1])
            assert_trap(SG_TRAP_FUEL, status, error);
        else
            assert_ok(status, error);
        end_world(&w);
    }
}

/* Throws through a thousand frames are long work in little code: it stops by the clock, too. */
static void deadline(void **state) {
    (void)state;
    World w = make_world((sg_limits){.timeout_ns = 50 * MS});
    link_world(&w);
    sg_error error;
    uint64_t start = now_ns();
    assert_trap(SG_TRAP_DEADLINE, call_with(w.outer, "rounds", INT32_MAX, &error), error);
    assert_true(now_ns() - start < 5000 * MS);
    end_world(&w);
}

/* Exceptions that nobody holds any more take no room. */
static void many_exceptions(void **state) {
    (void)state;
    World w = make_world((sg_limits){.memory_bytes = 4 << 20, .stack_bytes = 64 << 10});
    link_world(&w);
    assert_int_equal(call_i32(w.outer, "keep", 300000), 1);
    end_world(&w);
}

/* ---- memory is refused, at every place ---- */

static const char all_forms[] =
    "(module (import \"\" \"h\" (tag $h (param i32))) (tag $t (param i32 i64)) (tag $u)"
    " (func $throw (throw $t (i32.const 1) (i64.const 2)))"
    " (func (export \"f\") (param i32) (result i32)"
    "   (block $all (result exnref)"
    "     (block $one (result i32 i64 exnref)"
    "       (try_table (catch $h 2) (catch_ref $t $one) (catch_all_ref $all) (call $throw))"
    "       (unreachable))"
    "     (return (try (param i32 i64 exnref) (result i32)"
    "       (do (throw_ref))"
    "       (catch $u (i32.const 5))"
    "       (catch_all (try (result i32) (do (rethrow 1)) (catch $t (drop)))))))"
    "   (throw_ref)))";

static sg_status use(sg_engine *engine, sg_error *error) {
    static const sg_core_kind i32[] = {SG_CORE_I32};
    assert_ok(sg_engine_set_feature(engine, "legacy-exceptions", true, error), *error);
    sg_module *module = sg_module_load(engine, all_forms, sizeof all_forms - 1, error);
    sg_store *store = module ? sg_store_new(engine, NULL, error) : NULL;
    sg_extern tag = {SG_EXTERN_TAG, {.tag = store ? sg_core_tag_new(store, i32, 1, error) : NULL}};
    sg_core_instance *instance = tag.of.tag ? sg_core_instance_new(store, module, &tag, 1, error) : NULL;
    sg_status status = instance ? call_with(instance, "f", 0, error) : error->status;
    sg_store_delete(store);
    sg_module_delete(module);
    return status;
}

static void refused_memory(void **state) {
    (void)state;
    assert_true(refuse_each(use) > 20);
}

static const struct CMUnitTest tests[] = {
    {"exceptions between instances", between_instances, NULL, NULL, NULL},
    {"an exception that nobody catches", uncaught, NULL, NULL, NULL},
    {"an exception that reaches the host", through_the_host, NULL, NULL, NULL},
    {"tags of the host", tags_of_the_host, NULL, NULL, NULL},
    {"fuel of throws", fuel, NULL, NULL, NULL},
    {"a deadline ends throws", deadline, NULL, NULL, NULL},
    {"many exceptions", many_exceptions, NULL, NULL, NULL},
    {"exceptions without memory", refused_memory, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof *tests, argc, argv);
}
