/* v128 through the public interface: arguments and results, more of them than calls usually have; functions
 * and globals of the host. */
#include "api.h"

typedef struct Vectors {
    sg_engine *engine;
    sg_store *store;
    sg_core_instance *instance;
} Vectors;

/* Byte i is `first` + i. */
static sg_core_value vector(uint8_t first) {
    sg_core_value value = {.kind = SG_CORE_V128};
    for (uint8_t i = 0; i < 16; i++)
        value.of.v128[i] = (uint8_t)(first + i);
    return value;
}

static sg_core_value number(int32_t i32) {
    return (sg_core_value){.kind = SG_CORE_I32, .of.i32 = i32};
}

static void assert_vector(const sg_core_value *value, uint8_t first) {
    sg_core_value wanted = vector(first);
    assert_int_equal(value->kind, SG_CORE_V128);
    assert_memory_equal(value->of.v128, wanted.of.v128, 16);
}

static void vectors_init(Vectors *v, const char *text, const sg_extern *imports, size_t count) {
    sg_error error;
    sg_module *module = sg_module_load(v->engine, text, strlen(text), &error);
    assert_made(module, error);
    v->instance = sg_core_instance_new(v->store, module, imports, count, &error);
    assert_made(v->instance, error);
    sg_module_delete(module);
}

static void vectors_begin(Vectors *v) {
    sg_error error;
    v->engine = make_engine();
    v->store = sg_store_new(v->engine, NULL, &error);
    assert_made(v->store, error);
}

static void vectors_end(Vectors *v) {
    sg_store_delete(v->store);
    sg_engine_delete(v->engine);
}

static sg_extern find(const Vectors *v, const char *name) {
    sg_extern item;
    sg_error error;
    assert_ok(sg_core_instance_find(v->instance, name, strlen(name), &item, &error), error);
    return item;
}

static void calls(void **state) {
    (void)state;
    Vectors v;
    sg_error error;
    vectors_begin(&v);
    vectors_init(&v,
                 "(module (func (export \"swap\") (param v128 i32 v128) (result v128 v128 i32)"
                 "  local.get 2 local.get 0 local.get 1)"
                 " (func (export \"nine\") (param v128 v128 v128 v128 v128 v128 v128 v128 v128)"
                 "  (result v128 v128 v128 v128 v128 v128 v128 v128 v128)"
                 "  local.get 8 local.get 7 local.get 6 local.get 5 local.get 4 local.get 3 local.get 2"
                 "  local.get 1 local.get 0))",
                 NULL, 0);
    sg_core_func *swap = find(&v, "swap").of.func, *nine = find(&v, "nine").of.func;
    assert_int_equal(sg_core_func_param(swap, 0), SG_CORE_V128);
    sg_core_value arguments[9] = {vector(1), number(7), vector(100)}, results[9];
    assert_ok(sg_core_func_call(swap, arguments, 3, results, 3, &error), error);
    assert_vector(&results[0], 100);
    assert_vector(&results[1], 1);
    assert_int_equal(results[2].of.i32, 7);
    assert_int_equal(sg_core_func_call(swap, results, 3, results, 3, &error), SG_BAD_VALUE);

    for (uint8_t i = 0; i < 9; i++)
        arguments[i] = vector((uint8_t)(i * 20));
    assert_ok(sg_core_func_call(nine, arguments, 9, results, 9, &error), error);
    for (uint8_t i = 0; i < 9; i++)
        assert_vector(&results[i], (uint8_t)((8 - i) * 20));
    vectors_end(&v);
}

static sg_status rotate(void *context, sg_call *call, const sg_core_value *arguments, size_t argument_count,
                        sg_core_value *results, size_t result_count, sg_error *error) {
    (void)context, (void)call, (void)error;
    assert_int_equal(argument_count, 4);
    assert_int_equal(result_count, 3);
    assert_int_equal(arguments[1].of.i32, 5);
    for (size_t i = 0; i < 3; i++)
        results[i] = arguments[i == 0 ? 3 : i == 1 ? 0 : 2];
    return SG_OK;
}

static void host_functions(void **state) {
    (void)state;
    static const sg_core_kind params[] = {SG_CORE_V128, SG_CORE_I32, SG_CORE_V128, SG_CORE_V128};
    Vectors v;
    sg_error error;
    vectors_begin(&v);
    sg_extern import = {.kind = SG_EXTERN_FUNC};
    import.of.func =
        sg_core_func_new(v.store, params, 4, (sg_core_kind[]){SG_CORE_V128, SG_CORE_V128, SG_CORE_V128}, 3,
                         rotate, NULL, NULL, &error);
    assert_made(import.of.func, error);
    vectors_init(&v,
                 "(module (import \"\" \"\" (func $f (param v128 i32 v128 v128) (result v128 v128 v128)))"
                 " (func (export \"run\") (param v128 v128 v128) (result i32 v128 v128 v128)"
                 "  (i32.const 3) (call $f (local.get 0) (i32.const 5) (local.get 1) (local.get 2))))",
                 &import, 1);
    sg_core_value arguments[] = {vector(0), vector(50), vector(200)}, results[4];
    assert_ok(sg_core_func_call(find(&v, "run").of.func, arguments, 3, results, 4, &error), error);
    assert_int_equal(results[0].of.i32, 3);
    assert_vector(&results[1], 200);
    assert_vector(&results[2], 0);
    assert_vector(&results[3], 50);
    vectors_end(&v);
}

static void globals(void **state) {
    (void)state;
    Vectors v;
    sg_error error;
    vectors_begin(&v);
    sg_extern import = {.kind = SG_EXTERN_GLOBAL};
    import.of.global = sg_core_global_new(v.store, vector(9), true, &error);
    assert_made(import.of.global, error);
    vectors_init(&v,
                 "(module (import \"\" \"\" (global $g (mut v128)))"
                 " (global (export \"own\") v128 (v128.const i8x16 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18))"
                 " (func (export \"add\") (global.set $g (i8x16.add (global.get $g) (global.get 1)))))",
                 &import, 1);
    sg_core_value own = sg_core_global_get(find(&v, "own").of.global);
    assert_vector(&own, 3);
    assert_ok(sg_core_func_call(find(&v, "add").of.func, NULL, 0, NULL, 0, &error), error);
    sg_core_value sum = sg_core_global_get(import.of.global);
    for (uint8_t i = 0; i < 16; i++)
        assert_int_equal(sum.of.v128[i], 12 + 2 * i);
    assert_ok(sg_core_global_set(import.of.global, vector(77), &error), error);
    sg_core_value set = sg_core_global_get(import.of.global);
    assert_vector(&set, 77);
    assert_int_equal(sg_core_global_set(import.of.global, number(1), &error), SG_BAD_VALUE);
    vectors_end(&v);
}

static const struct CMUnitTest tests[] = {
    {"v128: arguments and results", calls, NULL, NULL, NULL},
    {"v128: functions of the host", host_functions, NULL, NULL, NULL},
    {"v128: globals", globals, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof *tests, argc, argv);
}
