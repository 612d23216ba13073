/* What the linker can be given besides functions: components and core modules; and pre-linking, by which the
 * imports of a component are looked up once for many stores. */
#include "world.h"

#include <stdlib.h>

static const char constant[] = "(component (core module $M (func (export \"n\") (result i32) (i32.const 42)))"
                               "  (core instance $m (instantiate $M))"
                               "  (func (export \"n\") (result u32) (canon lift (core func $m \"n\"))))";

/* Imports instance `from`'s "n" and exports "n", which is one more. */
static sg_component *successor(World *w, const char *from) {
    char text[1000];
    snprintf(text, sizeof text,
             "(component (import \"%s\" (instance $i (export \"n\" (func (result u32)))))"
             "  (core func $n (canon lower (func $i \"n\")))"
             "  (core module $M (import \"\" \"n\" (func $n (result i32)))"
             "    (func (export \"n\") (result i32) (i32.add (call $n) (i32.const 1))))"
             "  (core instance $m (instantiate $M (with \"\" (instance (export \"n\" (func $n))))))"
             "  (func (export \"n\") (result u32) (canon lift (core func $m \"n\"))))",
             from);
    return load_component(w->engine, text);
}

static uint32_t call_n(sg_instance *instance) {
    sg_error error;
    sg_value result;
    sg_func *n = sg_instance_find_func(instance, "n", &error);
    assert_made(n, error);
    assert_ok(sg_func_call(n, NULL, 0, &result, &error), error);
    return result.of.u32;
}

static void define(World *w, const char *name, sg_component *component) {
    sg_error error;
    assert_ok(sg_linker_define_component(w->linker, name, component, &error), error);
    sg_component_delete(component); /* the linker keeps it */
}

static void component_for_component(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    define(&w, "lib", load_component(w.engine, constant));
    start(&w, "(component (import \"lib\" (component $C (export \"n\" (func (result u32)))))"
              "  (instance $a (instantiate $C)) (instance $b (instantiate $C))"
              "  (export \"n\" (func $a \"n\")) (export \"m\" (func $b \"n\")))");
    assert_int_equal(call_n(w.instance), 42);
    end(&w);
}

/* The importer's resource goes into the component supplied, and comes back as the same type. */
static void component_with_resources(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    define(&w, "lib",
           load_component(w.engine,
                          "(component (import \"r\" (type $r (sub resource)))"
                          "  (core module $M (func (export \"f\") (param i32) (result i32) (local.get 0)))"
                          "  (core instance $m (instantiate $M))"
                          "  (func (export \"f\") (param \"x\" (own $r)) (result (own $r))"
                          "    (canon lift (core func $m \"f\"))))"));
    start(&w, "(component (type $r' (resource (rep i32))) (export $r \"r\" (type $r'))"
              "  (import \"lib\" (component $C (import \"r\" (type $x (sub resource)))"
              "    (export \"f\" (func (param \"x\" (own $x)) (result (own $x))))))"
              "  (core func $new (canon resource.new $r')) (core func $rep (canon resource.rep $r'))"
              "  (instance $c (instantiate $C (with \"r\" (type $r))))"
              "  (core func $f (canon lower (func $c \"f\")))"
              "  (core module $M (import \"\" \"new\" (func $new (param i32) (result i32)))"
              "    (import \"\" \"rep\" (func $rep (param i32) (result i32)))"
              "    (import \"\" \"f\" (func $f (param i32) (result i32)))"
              "    (func (export \"n\") (result i32) (call $rep (call $f (call $new (i32.const 7))))))"
              "  (core instance $m (instantiate $M (with \"\" (instance (export \"new\" (func $new))"
              "    (export \"rep\" (func $rep)) (export \"f\" (func $f))))))"
              "  (func (export \"n\") (result u32) (canon lift (core func $m \"n\"))))");
    assert_int_equal(call_n(w.instance), 7);
    end(&w);
}

static void wrong_types(void **state) {
    (void)state;
    static const char *const texts[] = {
        "(component (import \"lib\" (component (export \"m\" (func (result u32))))))",
        "(component (import \"lib\" (component (export \"n\" (func (result u64))))))",
        "(component (import \"m\" (core module (export \"f\" (func (param i32))))))",
        "(component (import \"m\" (core module)) (import \"i\" (instance (export \"m\" (core module (export "
        "\"g\" (func)))))))",
        "(component (import \"needs\" (component (export \"n\" (func (result u32))))))", /* an import more */
        /* A resource of the importer's own is none that a component brings. */
        "(component (import \"r\" (type $r (sub resource)))"
        "  (import \"maker\" (component (export \"r\" (type (eq $r))))))",
        /* An instance of it is looked at when it is there. */
        "(component (import \"lib\" (instance (export \"n\" (func (result u64))))))",
        "(component (import \"lib\" (instance (export \"other\" (func (result u32))))))",
    };
    World w = begin((sg_limits){0});
    sg_error error;
    sg_module *module = load_module(w.engine, "(module (func (export \"f\")))");
    sg_resource_type *type = sg_resource_type_new(w.engine, NULL, NULL, &error);
    assert_ok(sg_linker_define_resource(w.linker, NULL, "r", type, &error), error);
    assert_ok(sg_linker_define_module(w.linker, NULL, "m", module, &error), error);
    assert_ok(sg_linker_define_module(w.linker, "i", "m", module, &error), error);
    sg_resource_type_delete(type);
    sg_module_delete(module);
    define(&w, "lib", load_component(w.engine, constant));
    define(&w, "needs", successor(&w, "lib"));
    define(&w, "maker",
           load_component(w.engine, "(component (type $r (resource (rep i32))) (export \"r\" (type $r)))"));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(try_start(&w, texts[i], &error), SG_UNLINKABLE);
        assert_string_equal(error.message, "incompatible import type");
        sg_component_delete(w.component);
    }
    w.component = NULL;
    end(&w);
}

static void modules(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    sg_error error;
    sg_module *module =
        load_module(w.engine, "(module (import \"e\" \"g\" (global i32)) (memory (export \"x\") 1)"
                              "  (func (export \"n\") (result i32) (i32.mul (global.get 0) (i32.const 2))))");
    assert_ok(sg_linker_define_module(w.linker, NULL, "m", module, &error), error);
    assert_ok(sg_linker_define_module(w.linker, "a:b/c@0.2.3", "m", module, &error), error);
    sg_module_delete(module);
    start(&w, "(component"
              "  (import \"m\" (core module $M (import \"e\" \"g\" (global i32)) (export \"n\" (func (result "
              "i32)))))"
              "  (import \"a:b/c@0.2.0\" (instance $i"
              "    (export \"m\" (core module (import \"e\" \"g\" (global i32)) (export \"n\" (func (result "
              "i32)))))))"
              "  (alias export $i \"m\" (core module $N))"
              "  (core module $G (global (export \"g\") i32 (i32.const 21)))"
              "  (core instance $g (instantiate $G))"
              "  (core instance $m (instantiate $M (with \"e\" (instance $g))))"
              "  (core instance $k (instantiate $N (with \"e\" (instance $g))))"
              "  (func (export \"k\") (result u32) (canon lift (core func $k \"n\")))"
              "  (func (export \"n\") (result u32) (canon lift (core func $m \"n\"))))");
    assert_int_equal(call_n(w.instance), 42);
    sg_linker_delete(w.linker); /* the instance needs it no longer */
    w.linker = NULL;
    assert_int_equal(call_n(w.instance), 42);
    end(&w);
}

/* Components stand in for instances, which need others in turn. */
static void components_for_instances(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    define(&w, "one", successor(&w, "x:y/zero@1.0.0"));
    define(&w, "x:y/zero@1.2.0", load_component(w.engine, constant));
    define(&w, "two", successor(&w, "one"));
    w.component = successor(&w, "two");
    sg_error error;
    w.instance = sg_linker_instantiate(w.linker, w.store, w.component, &error);
    assert_made(w.instance, error);
    assert_int_equal(call_n(w.instance), 45);
    end(&w);
}

/* Both importers see the same instance: what one counts the other goes on from. */
static void one_instance_for_all(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    define(&w, "count",
           load_component(w.engine,
                          "(component (core module $M (global $n (mut i32) (i32.const 0))"
                          "    (func (export \"n\") (result i32)"
                          "      (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))"
                          "  (core instance $m (instantiate $M))"
                          "  (func (export \"n\") (result u32) (canon lift (core func $m \"n\"))))"));
    define(&w, "plus", successor(&w, "count"));
    start(&w, "(component (import \"count\" (instance $c (export \"n\" (func (result u32)))))"
              "  (import \"plus\" (instance $p (export \"n\" (func (result u32)))))"
              "  (export \"n\" (func $c \"n\")) (export \"p\" (func $p \"n\")))");
    sg_value result;
    sg_error error;
    assert_int_equal(call_n(w.instance), 1);
    assert_ok(invoke(&w, "p", NULL, 0, &result, &error), error);
    assert_int_equal(result.of.u32, 3);
    assert_int_equal(call_n(w.instance), 3);
    end(&w);
}

static void cycles(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    sg_error error;
    define(&w, "a", successor(&w, "b"));
    define(&w, "b", successor(&w, "a"));
    w.component = successor(&w, "a");
    assert_null(sg_linker_instantiate(w.linker, w.store, w.component, &error));
    assert_int_equal(error.status, SG_UNLINKABLE);
    assert_string_equal(error.message, "cyclic imports");
    end(&w);

    w = begin((sg_limits){0}); /* a chain is as good as nesting, and no better */
    for (int i = 0; i < 200; i++) {
        char name[20], from[20];
        snprintf(name, sizeof name, "c%d", i);
        snprintf(from, sizeof from, "c%d", i + 1);
        define(&w, name, successor(&w, from));
    }
    w.component = successor(&w, "c0");
    assert_null(sg_linker_prepare(w.linker, w.component, &error));
    assert_int_equal(error.status, SG_TOO_LARGE);
    end(&w);
}

/* ---- pre-linking ---- */

static sg_status count_call(void *context, sg_call *call, const sg_value *arguments, size_t count,
                            sg_value *result, sg_error *error) {
    (void)call;
    (void)arguments;
    (void)count;
    (void)error;
    *result = u32_of(++*(uint32_t *)context);
    return SG_OK;
}

static void prepared(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    sg_error error;
    uint32_t calls = 9;
    assert_ok(sg_linker_define_func(w.linker, "host", "n", count_call, &calls, &error), error);
    define(&w, "plus", successor(&w, "host"));
    w.component = successor(&w, "plus");
    sg_prepared *ready = sg_linker_prepare(w.linker, w.component, &error);
    assert_made(ready, error);
    /* What comes later does not matter to it. */
    assert_ok(sg_linker_define_func(w.linker, "host", "n", NULL, NULL, &error), error);
    sg_linker_delete(w.linker);
    w.linker = NULL;
    sg_component_delete(w.component);
    w.component = NULL;
    sg_instance *instances[3];
    sg_store *stores[3];
    for (int i = 0; i < 3; i++) {
        stores[i] = make_store(w.engine, (sg_limits){0});
        instances[i] = sg_prepared_instantiate(ready, stores[i], &error);
        assert_made(instances[i], error);
    }
    sg_prepared_delete(ready);
    for (int i = 0; i < 3; i++)
        assert_int_equal(call_n(instances[i]), 12 + i);
    for (int i = 0; i < 3; i++)
        sg_store_delete(stores[i]);
    end(&w);
}

static void not_preparable(void **state) {
    (void)state;
    World w = begin((sg_limits){0}), other = begin((sg_limits){0});
    sg_error error;
    w.component = successor(&w, "host");
    assert_null(sg_linker_prepare(w.linker, w.component, &error));
    assert_int_equal(error.status, SG_UNLINKABLE);
    assert_string_equal(error.detail, "instance \"host\"");
    assert_null(sg_linker_prepare(other.linker, w.component, &error));
    assert_int_equal(error.status, SG_MISUSE);
    assert_int_equal(sg_linker_define_component(other.linker, "c", w.component, &error), SG_MISUSE);
    sg_module *module = load_module(w.engine, "(module)");
    assert_int_equal(sg_linker_define_module(other.linker, NULL, "m", module, &error), SG_MISUSE);
    sg_module_delete(module);
    /* An instance belongs to its store; in others the preparation is of no use. */
    sg_component *lib = load_component(w.engine, constant);
    sg_instance *instance = sg_linker_instantiate(w.linker, w.store, lib, &error);
    assert_ok(sg_linker_define_instance(w.linker, "host", instance, &error), error);
    sg_prepared *ready = sg_linker_prepare(w.linker, w.component, &error);
    assert_made(ready, error);
    instance = sg_prepared_instantiate(ready, w.store, &error);
    assert_made(instance, error);
    assert_int_equal(call_n(instance), 43);
    sg_store *store = make_store(w.engine, (sg_limits){0});
    assert_null(sg_prepared_instantiate(ready, store, &error));
    assert_int_equal(error.status, SG_UNLINKABLE);
    assert_null(sg_prepared_instantiate(ready, other.store, &error));
    assert_int_equal(error.status, SG_MISUSE);
    sg_store_delete(store);
    sg_prepared_delete(ready);
    sg_component_delete(lib);
    end(&other);
    end(&w);
}

static void preparing_out_of_memory(void **state) {
    (void)state;
    Ration r = {.left = SIZE_MAX, .for_good = true};
    sg_error error;
    World w = {.engine = ration_engine(&r, &error)};
    assert_made(w.engine, error);
    w.linker = sg_linker_new(w.engine, &error);
    uint32_t calls = 0;
    assert_ok(sg_linker_define_func(w.linker, "host", "n", count_call, &calls, &error), error);
    define(&w, "plus", successor(&w, "host"));
    w.component = successor(&w, "plus");
    unsigned refused = 0;
    for (unsigned allowed = 0;; allowed++, refused++) {
        r.left = allowed;
        sg_prepared *ready = sg_linker_prepare(w.linker, w.component, &error);
        r.left = SIZE_MAX;
        sg_prepared_delete(ready);
        if (ready)
            break;
        assert_int_equal(error.status, SG_NO_MEMORY);
    }
    assert_true(refused > 3);
    end(&w);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"a component for an imported component", component_for_component, NULL, NULL, NULL},
        {"a component supplied, with resources", component_with_resources, NULL, NULL, NULL},
        {"components and modules of wrong types", wrong_types, NULL, NULL, NULL},
        {"modules for imported modules", modules, NULL, NULL, NULL},
        {"components for imported instances", components_for_instances, NULL, NULL, NULL},
        {"one instance for all who import it", one_instance_for_all, NULL, NULL, NULL},
        {"components that import each other", cycles, NULL, NULL, NULL},
        {"prepared once, instantiated often", prepared, NULL, NULL, NULL},
        {"what cannot be prepared", not_preparable, NULL, NULL, NULL},
        {"preparing without memory", preparing_out_of_memory, NULL, NULL, NULL},
    };
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
