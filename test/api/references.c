/* References that the host is given and gives: what they refer to, where they fit, how long they last. */
#include "api.h"

static const char text[] =
    "(module"
    " (type $p (sub (struct (field $x i32) (field $next (ref null $p)))))"
    " (type $q (sub $p (struct (field $x i32) (field $next (ref null $p)) (field i64))))"
    " (type $a (array i8))"
    " (import \"host\" \"keep\" (func $keep (param anyref) (result anyref)))"
    " (global (export \"g\") (mut anyref) (ref.null any))"
    " (global (export \"p\") (mut (ref null $p)) (ref.null $p))"
    " (func (export \"point\") (param i32) (result (ref $p))"
    "   (struct.new $p (local.get 0) (struct.new_default $p)))"
    " (func (export \"sub\") (param i32) (result (ref $q))"
    "   (struct.new $q (local.get 0) (ref.null none) (i64.const 0)))"
    " (func (export \"array\") (param i32) (result arrayref) (array.new_default $a (local.get 0)))"
    " (func (export \"i31\") (param i32) (result i31ref) (ref.i31 (local.get 0)))"
    " (func (export \"x\") (param (ref $p)) (result i32) (struct.get $p $x (local.get 0)))"
    " (func (export \"signed\") (param i31ref) (result i32) (i31.get_s (local.get 0)))"
    " (func (export \"same\") (param anyref) (result anyref) (local.get 0))"
    " (func (export \"eq\") (param eqref) (result eqref) (local.get 0))"
    " (func (export \"extern\") (param anyref) (result externref) (extern.convert_any (local.get 0)))"
    " (func (export \"any\") (param externref) (result anyref) (any.convert_extern (local.get 0)))"
    /* Garbage in place of what nobody keeps. */
    " (func $churn (export \"churn\") (param i32) (result i32)"
    "   (loop $l (drop (struct.new $p (i32.const -1) (ref.null none)))"
    "     (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 0))"
    " (func (export \"nest\") (param i32) (result i32)"
    "   (drop (call $churn (i32.const 10)))"
    "   (struct.get $p $x (ref.cast (ref $p)"
    "     (call $keep (struct.new $p (local.get 0) (ref.null none)))))))";

typedef struct World {
    sg_engine *engine;
    sg_store *store;
    sg_module *module;
    sg_core_instance *instance;
    int calls;
} World;

static sg_core_value call_ref(World *w, const char *name, sg_core_value argument) {
    sg_error error;
    sg_core_value result;
    assert_ok(sg_core_func_call(find_func(w->instance, name), &argument, 1, &result, 1, &error), error);
    return result;
}

static sg_core_value i32(int32_t value) {
    return (sg_core_value){.kind = SG_CORE_I32, .of.i32 = value};
}

static sg_core_value reference(sg_core_kind kind, void *pointer) {
    return (sg_core_value){.kind = kind, .of.ref = pointer};
}

static void refuse(World *w, const char *name, sg_core_value argument) {
    sg_error error;
    sg_core_value result;
    assert_int_equal(sg_core_func_call(find_func(w->instance, name), &argument, 1, &result, 1, &error),
                     SG_BAD_VALUE);
}

/* Host function: makes the guest allocate, collects, and gives its argument back. */
static sg_status keep(void *context, sg_call *call_, const sg_core_value *arguments, size_t argument_count,
                      sg_core_value *results, size_t result_count, sg_error *error) {
    (void)argument_count, (void)result_count;
    World *w = context;
    w->calls++;
    assert_int_equal(sg_core_ref_kind(w->store, &arguments[0]), SG_REF_STRUCT);
    sg_core_value other = call_ref(w, "point", i32(w->calls));
    assert_ok(sg_store_collect(sg_call_store(call_), error), *error);
    call_ref(w, "churn", i32(1000));
    assert_int_equal(call_ref(w, "x", other).of.i32, w->calls);
    call_ref(w, "x", arguments[0]);
    results[0] = arguments[0];
    return SG_OK;
}

static World make_world(void) {
    World w = {.engine = make_engine()};
    w.store = make_store(w.engine, (sg_limits){0});
    w.module = load_module(w.engine, text);
    return w;
}

static void link_world(World *w) {
    static const sg_core_kind any[] = {SG_CORE_ANYREF};
    sg_error error;
    sg_core_func *host = sg_core_func_new(w->store, any, 1, any, 1, keep, w, NULL, &error);
    assert_made(host, error);
    sg_extern import = {SG_EXTERN_FUNC, {.func = host}};
    w->instance = sg_core_instance_new(w->store, w->module, &import, 1, &error);
    assert_made(w->instance, error);
}

static void end_world(World *w) {
    sg_store_delete(w->store);
    sg_module_delete(w->module);
    sg_engine_delete(w->engine);
}

static void kinds(void **state) {
    (void)state;
    World w = make_world();
    link_world(&w);
    int own;
    sg_core_value value = call_ref(&w, "point", i32(1));
    assert_int_equal(value.kind, SG_CORE_ANYREF);
    assert_int_equal(sg_core_ref_kind(w.store, &value), SG_REF_STRUCT);
    value = call_ref(&w, "extern", value);
    assert_int_equal(value.kind, SG_CORE_EXTERNREF);
    assert_int_equal(sg_core_ref_kind(w.store, &value), SG_REF_STRUCT);
    value = call_ref(&w, "array", i32(1));
    assert_int_equal(sg_core_ref_kind(w.store, &value), SG_REF_ARRAY);
    value = call_ref(&w, "i31", i32(1));
    assert_int_equal(sg_core_ref_kind(w.store, &value), SG_REF_I31);
    value = call_ref(&w, "any", reference(SG_CORE_EXTERNREF, &own));
    assert_int_equal(value.kind, SG_CORE_ANYREF);
    assert_int_equal(sg_core_ref_kind(w.store, &value), SG_REF_HOST);
    assert_ptr_equal(value.of.ref, &own);
    value = call_ref(&w, "any", reference(SG_CORE_EXTERNREF, NULL));
    assert_int_equal(sg_core_ref_kind(w.store, &value), SG_REF_NULL);
    value = reference(SG_CORE_FUNCREF, find_func(w.instance, "same"));
    assert_int_equal(sg_core_ref_kind(w.store, &value), SG_REF_FUNC);
    value = i32(5);
    assert_int_equal(sg_core_ref_kind(w.store, &value), SG_REF_NULL);
    end_world(&w);
}

static void given_back(void **state) {
    (void)state;
    World w = make_world();
    link_world(&w);
    int own;
    assert_int_equal(call_ref(&w, "x", call_ref(&w, "point", i32(11))).of.i32, 11);
    assert_int_equal(call_ref(&w, "x", call_ref(&w, "sub", i32(12))).of.i32, 12);
    sg_core_value point = call_ref(&w, "point", i32(13));
    point = call_ref(&w, "any", call_ref(&w, "extern", call_ref(&w, "same", point)));
    assert_int_equal(call_ref(&w, "x", point).of.i32, 13);
    refuse(&w, "x", call_ref(&w, "array", i32(1)));
    refuse(&w, "x", sg_core_i31_new(1));
    refuse(&w, "x", reference(SG_CORE_ANYREF, NULL));
    refuse(&w, "x", reference(SG_CORE_ANYREF, &own));
    refuse(&w, "eq", reference(SG_CORE_ANYREF, &own));
    refuse(&w, "x", reference(SG_CORE_EXTERNREF, &own));
    refuse(&w, "same", reference(SG_CORE_EXTERNREF, &own));
    refuse(&w, "same", reference(SG_CORE_FUNCREF, find_func(w.instance, "same")));
    assert_ptr_equal(call_ref(&w, "same", reference(SG_CORE_ANYREF, &own)).of.ref, &own);
    end_world(&w);
}

static void i31(void **state) {
    (void)state;
    static const int32_t numbers[] = {0, 1, -1, 0x3fffffff, -0x40000000};
    World w = make_world();
    link_world(&w);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sg_core_value made = sg_core_i31_new(numbers[i]), given = call_ref(&w, "i31", i32(numbers[i]));
        assert_ptr_equal(made.of.ref, given.of.ref);
        assert_int_equal(sg_core_i31_get(&given), numbers[i]);
        assert_int_equal(call_ref(&w, "signed", made).of.i32, numbers[i]);
    }
    sg_core_value value = sg_core_i31_new(0x40000000);
    assert_int_equal(sg_core_i31_get(&value), -0x40000000);
    value = i32(7);
    assert_int_equal(sg_core_i31_get(&value), 0);
    /* Not as they are made. */
    refuse(&w, "same", reference(SG_CORE_ANYREF, (void *)(UINTPTR_MAX / 2 + 1 + 0x80000000u)));
    refuse(&w, "any", reference(SG_CORE_EXTERNREF, (void *)UINTPTR_MAX));
    end_world(&w);
}

static void in_host_functions(void **state) {
    (void)state;
    World w = make_world();
    link_world(&w);
    for (int32_t i = 0; i < 100; i++)
        assert_int_equal(call_ref(&w, "nest", i32(i)).of.i32, i);
    assert_int_equal(w.calls, 100);
    end_world(&w);
}

static void globals(void **state) {
    (void)state;
    World w = make_world();
    link_world(&w);
    sg_error error;
    int own;
    sg_extern item, typed;
    assert_ok(sg_core_instance_find(w.instance, "g", 1, &item, &error), error);
    assert_ok(sg_core_instance_find(w.instance, "p", 1, &typed, &error), error);
    assert_ok(sg_core_global_set(item.of.global, call_ref(&w, "point", i32(21)), &error), error);
    assert_ok(sg_store_collect(w.store, &error), error);
    call_ref(&w, "churn", i32(100000));
    sg_core_value value = sg_core_global_get(item.of.global);
    assert_int_equal(call_ref(&w, "x", value).of.i32, 21);
    /* Concrete types are checked as well. */
    assert_ok(sg_core_global_set(typed.of.global, call_ref(&w, "sub", i32(22)), &error), error);
    assert_int_equal(sg_core_global_set(typed.of.global, sg_core_i31_new(1), &error), SG_BAD_VALUE);
    assert_int_equal(sg_core_global_set(typed.of.global, call_ref(&w, "array", i32(1)), &error),
                     SG_BAD_VALUE);
    assert_int_equal(sg_core_global_set(typed.of.global, reference(SG_CORE_ANYREF, &own), &error),
                     SG_BAD_VALUE);
    assert_ok(sg_core_global_set(typed.of.global, reference(SG_CORE_ANYREF, NULL), &error), error);
    /* Of the host's making. */
    sg_core_global *made = sg_core_global_new(w.store, sg_core_i31_new(23), true, &error);
    assert_made(made, error);
    assert_ok(sg_core_global_set(made, call_ref(&w, "point", i32(24)), &error), error);
    call_ref(&w, "churn", i32(100000));
    assert_int_equal(call_ref(&w, "x", sg_core_global_get(made)).of.i32, 24);
    end_world(&w);
}

static const struct CMUnitTest tests[] = {
    {"what references refer to", kinds, NULL, NULL, NULL},
    {"references given back", given_back, NULL, NULL, NULL},
    {"i31 of the host and of guests", i31, NULL, NULL, NULL},
    {"references in host functions", in_host_functions, NULL, NULL, NULL},
    {"references in globals", globals, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof *tests, argc, argv);
}
