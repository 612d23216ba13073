/* What of the Component Model loads, and runs as far as it goes: asynchronous functions run if nothing waits,
 * and what waits, or has 64-bit addresses, is not supported yet. */
#include "world.h"

/* A component whose core function "run" has this body, lifted with a callback; it may call $return. */
static World begin_task(const char *type, const char *result, const char *flat, const char *body) {
    char text[2048];
    snprintf(
        text, sizeof text,
        "(component (core module $Memory (memory (export \"m\") 1) (data (i32.const 8) \"hello\"))"
        "  (core instance $memory (instantiate $Memory)) (alias core export $memory \"m\" (core memory $m))"
        "  (core func $return (canon task.return %s (memory $m)))"
        "  (core func $new (canon waitable-set.new))"
        "  (core module $M (import \"\" \"return\" (func $return (param %s)))"
        "    (import \"\" \"new\" (func $new (result i32)))"
        "    (func (export \"run\") (result i32) %s)"
        "    (func (export \"callback\") (param i32 i32 i32) (result i32) unreachable))"
        "  (core instance $i (instantiate $M (with \"\" (instance (export \"return\" (func $return))"
        "    (export \"new\" (func $new))))))"
        "  (func (export \"run\") async (result %s) (canon lift (core func $i \"run\") async (memory $m)"
        "    (callback (core func $i \"callback\")))))",
        result, flat, body, type);
    World w = begin((sg_limits){0});
    start(&w, text);
    return w;
}

static sg_status run(World *w, sg_value *result, sg_error *error) {
    return invoke(w, "run", NULL, 0, result, error);
}

static void returns_at_once(void **state) {
    (void)state;
    World w = begin_task("string", "(result string)", "i32 i32",
                         "(call $return (i32.const 8) (i32.const 5)) (i32.const 0)");
    sg_error error;
    sg_value result;
    for (int i = 0; i < 3; i++) {
        assert_ok(run(&w, &result, &error), error);
        assert_int_equal(result.kind, SG_STRING);
        assert_int_equal(result.of.string.size, 5);
        assert_memory_equal(result.of.string.data, "hello", 5);
    }
    end(&w);
}

static void does_not_fit(void **state) {
    (void)state;
    static const struct {
        const char *result, *flat, *body;
    } cases[] = {
        {"(result string)", "i32 i32", "(i32.const 0)"},
        {"(result string)", "i32 i32",
         "(call $return (i32.const 8) (i32.const 5)) (call $return (i32.const 8) (i32.const 5)) (i32.const "
         "0)"},
        {"(result (list u8))", "i32 i32", "(call $return (i32.const 8) (i32.const 5)) (i32.const 0)"},
        {"", "", "(call $return) (i32.const 0)"},
        {"(result string)", "i32 i32", "(call $return (i32.const 8) (i32.const 5)) (i32.const 7)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        World w = begin_task("string", cases[i].result, cases[i].flat, cases[i].body);
        sg_error error;
        sg_value result;
        assert_int_equal(run(&w, &result, &error), SG_TRAP);
        assert_int_equal(error.trap, SG_TRAP_TASK_RESULT);
        end(&w);
    }
}

static void waits(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "(i32.const 1)",
        "(i32.const 0x12)",
        "(call $return (i32.const 8) (i32.const 5)) (i32.const 1)",
        "(drop (call $new)) (i32.const 0)",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        World w = begin_task("string", "(result string)", "i32 i32", bodies[i]);
        sg_error error;
        sg_value result;
        assert_int_equal(run(&w, &result, &error), SG_UNSUPPORTED);
        assert_string_equal(error.message, "not supported yet");
        assert_int_equal(run(&w, &result, &error), SG_TRAP); /* it was left in the middle */
        assert_int_equal(error.trap, SG_TRAP_CANNOT_ENTER);
        end(&w);
    }
}

/* What has 64-bit addresses loads, and is refused when it is performed. */
static void wide_addresses(void **state) {
    (void)state;
    static const char text[] =
        "(component (type $r (resource (rep i64))) (core func $new (canon resource.new $r))"
        "  (core module $M (import \"\" \"new\" (func $new (param i64) (result i32))) (memory (export \"m\") "
        "i64 1)"
        "    (func (export \"make\") (result i32) (call $new (i64.const -1)))"
        "    (func (export \"realloc\") (param i64 i64 i64 i64) (result i64) unreachable)"
        "    (func (export \"take\") (param i64 i64)))"
        "  (core instance $i (instantiate $M (with \"\" (instance (export \"new\" (func $new))))))"
        "  (func (export \"make\") (result u32) (canon lift (core func $i \"make\")))"
        "  (func (export \"take\") (param \"s\" string) (canon lift (core func $i \"take\")"
        "    (memory (core memory $i \"m\")) (realloc (core func $i \"realloc\")))))";
    sg_error error;
    sg_engine *engine = make_engine();
    assert_ok(sg_engine_set_feature(engine, "component-model-memory64", true, &error), error);
    sg_linker *linker = sg_linker_new(engine, NULL);
    sg_store *store = make_store(engine, (sg_limits){0});
    sg_component *component = load_component(engine, text);
    sg_instance *instance = sg_linker_instantiate(linker, store, component, &error);
    assert_made(instance, error);
    sg_value argument = sg_value_string("x"), result;
    assert_int_equal(sg_func_call(sg_instance_find_func(instance, "take", NULL), &argument, 1, NULL, &error),
                     SG_UNSUPPORTED);
    assert_int_equal(sg_func_call(sg_instance_find_func(instance, "make", NULL), NULL, 0, &result, &error),
                     SG_UNSUPPORTED);
    assert_string_equal(error.message, "not supported yet");
    sg_store_delete(store);
    sg_component_delete(component);
    sg_linker_delete(linker);
    sg_engine_delete(engine);
}

static const struct CMUnitTest tests[] = {
    {"async: a function that returns at once", returns_at_once, NULL, NULL, NULL},
    {"async: task.return that does not fit", does_not_fit, NULL, NULL, NULL},
    {"64-bit addresses are not supported yet", wide_addresses, NULL, NULL, NULL},
    {"async: what waits is not supported yet", waits, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof *tests, argc, argv);
}
