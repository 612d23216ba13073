/* Programs at random, in which references wait in every way while others are made: with a collection at each
 * allocation they compute what they compute with none. */
#include "run/heap.h"

#include <sandglass.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LOCALS = 4, DEPTH = 6, PROGRAMS = 1500 };

typedef struct Text {
    char text[1 << 18];
    size_t size;
    uint64_t random;
} Text;

static unsigned pick(Text *t, unsigned count) {
    t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(t->random >> 33) % count;
}

SGI_PRINTF(2, 3) static void put(Text *t, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(t->text + t->size, sizeof t->text - t->size, format, arguments);
    va_end(arguments);
    assert_true(size >= 0 && (size_t)size < sizeof t->text - t->size);
    t->size += (size_t)size;
}

/* Written around so many expressions: `before` the first, `between`, and `after` the last. A # is a local. */
typedef struct Form {
    const char *before, *between, *after;
    unsigned count;
} Form;

static const Form forms[] = {
    {"(local.get #)", "", "", 0},
    {"(struct.new $node (i32.const 5) (local.get #) (local.get #))", "", "", 0},
    {"(global.get $kept)", "", "", 0},
    /* From here on with expressions inside. */
    {"(struct.new $node (i32.const 3) ", " ", ")", 2},
    {"(call $pair ", " ", ")", 2},
    {"(call $second ", " ", ")", 2},
    {"(call_indirect (type $two) ", " ", " (i32.const 0))", 2},
    {"(call_ref $two ", " ", " (ref.func $pair))", 2},
    {"(array.get $list (array.new_fixed $list 3 ", " ", " (local.get #)) (i32.const 1))", 2},
    {"(array.get $list (array.new $list ", "", " (i32.const 3)) (i32.const 2))", 1},
    {"(local.tee # ", "", ")", 1},
    {"(block (result (ref null $node)) ", "", ")", 1},
    {"(loop (result (ref null $node)) ", "", ")", 1},
    {"(call $churn ", "", ")", 1},
    {"(block (result (ref null $node)) (br 0 ", "", "))", 1},
    {"(block (local.set # ", ") (global.set $kept ", ")) (local.get #)", 2},
    {"(block (result (ref null $node)) (drop (br_if 0 ", " (ref.is_null (local.get #)))) ", ")", 2},
    {"(block (result (ref null $node)) (br_on_non_null 0 ", ") ", ")", 2},
    {"(block (result (ref null $node)) (br_on_cast 0 (ref null $node) (ref $node) ", ") (drop) ", ")", 2},
    {"(select (result (ref null $node)) ", " ", " (ref.is_null (local.get #)))", 2},
    {"(if (result (ref null $node)) (ref.is_null (local.get #)) (then ", ") (else ", "))", 2},
    {"(ref.cast (ref null $node) (any.convert_extern (extern.convert_any ", "", ")))", 1},
    {"(block $caught (result (ref null $node)) (try_table (result (ref null $node)) (catch $tag $caught) "
     "(throw $tag ",
     "", ")))", 1},
};
enum { LEAVES = 3 };

static void put_form(Text *t, const char *text) {
    for (; *text; text++) {
        if (*text == '#')
            put(t, "%u", pick(t, LOCALS));
        else
            put(t, "%c", *text);
    }
}

/* An expression of type (ref null $node). The test's own recursion, as deep as it says. */
static void put_expression(Text *t, unsigned depth) {
    const Form *form = &forms[depth == 0 ? pick(t, LEAVES) : pick(t, SGI_COUNT(forms))];
    put_form(t, form->before);
    for (unsigned i = 0; i < form->count; i++) {
        if (i > 0)
            put_form(t, form->between);
        put_expression(t, depth - 1);
    }
    put_form(t, form->after);
}

static const char *const prelude =
    "(type $node (struct (field i32) (field (ref null $node)) (field (ref null $node))))"
    "(type $list (array (mut (ref null $node))))"
    "(type $two (func (param (ref null $node) (ref null $node)) (result (ref null $node))))"
    "(global $kept (mut (ref null $node)) (ref.null $node))"
    "(table funcref (elem $pair $second))"
    "(tag $tag (param (ref null $node)))"
    "(func $pair (type $two) (struct.new $node (i32.const 1) (local.get 1) (local.get 0)))"
    "(func $second (type $two) (call $churn (local.get 1)) (drop (call $churn (local.get 0))))"
    "(func $churn (param (ref null $node)) (result (ref null $node))"
    "  (drop (struct.new $node (i32.const -1) (ref.null $node) (ref.null $node))) (local.get 0))"
    /* What a reference leads to, some levels deep. */
    "(func $sum (param $node (ref null $node)) (param $levels i32) (result i32)"
    "  (if (i32.or (ref.is_null (local.get $node)) (i32.eqz (local.get $levels)))"
    "    (then (return (i32.const 1))))"
    "  (local.set $levels (i32.sub (local.get $levels) (i32.const 1)))"
    "  (i32.add (i32.mul (struct.get $node 0 (local.get $node)) (i32.const 7))"
    "    (i32.add (i32.mul (call $sum (struct.get $node 1 (local.get $node)) (local.get $levels))"
    "        (i32.const 31))"
    "      (i32.mul (call $sum (struct.get $node 2 (local.get $node)) (local.get $levels))"
    "        (i32.const 17)))))";

static void put_program(Text *t) {
    put(t, "(module %s (func (export \"run\") (result i32)", prelude);
    for (unsigned i = 0; i < LOCALS; i++)
        put(t, " (local (ref null $node))");
    put(t, " (local $sum i32)");
    for (unsigned i = 0; i < 3; i++) {
        put(t, " (local.set %u ", pick(t, LOCALS));
        put_expression(t, DEPTH);
        put(t, ")");
    }
    /* The last is on the stack alone while the others are summed. */
    put_expression(t, DEPTH);
    for (unsigned i = 0; i < LOCALS; i++)
        put(t, " (call $sum (local.get %u) (i32.const 9)) (i32.const %u) (i32.mul)", i, i + 2);
    put(t, " (i32.add) (i32.add) (i32.add) (local.set $sum) (call $churn) (call $sum (i32.const 9))"
           " (i32.add (local.get $sum))))");
}

static int32_t run(const char *text, bool collects_always, uint64_t *collections, uint64_t *fuel) {
    sg_error error;
    sg_engine_options options = {.size = sizeof options};
    sg_engine *engine = sg_engine_new(&options, &error);
    sg_module *module = sg_module_load(engine, text, strlen(text), &error);
    if (module == NULL)
        fail_msg("%s (%s) at %u:%u in %s", error.message, error.detail, error.line, error.column, text);
    sg_store *store = sg_store_new(engine, NULL, &error);
    store->collects_always = collects_always;
    sg_core_instance *instance = sg_core_instance_new(store, module, NULL, 0, &error);
    assert_non_null(instance);
    sg_extern item;
    assert_int_equal(sg_core_instance_find(instance, "run", 3, &item, &error), SG_OK);
    sg_core_value result;
    if (sg_core_func_call(item.of.func, NULL, 0, &result, 1, &error) != SG_OK)
        fail_msg("%s in %s", error.message, text);
    *collections += store->heap ? store->heap->collections : 0;
    *fuel = sg_store_usage(store).fuel;
    sg_store_delete(store);
    sg_module_delete(module);
    sg_engine_delete(engine);
    return result.of.i32;
}

static void same_results(void **state) {
    (void)state;
    Text *t = malloc(sizeof *t);
    uint64_t often = 0, never = 0, fuel[2];
    for (unsigned i = 0; i < PROGRAMS; i++) {
        t->random = i * UINT64_C(0x9e3779b97f4a7c15) + 1;
        t->size = 0;
        put_program(t);
        int32_t with = run(t->text, true, &often, &fuel[0]), without = run(t->text, false, &never, &fuel[1]);
        if (with != without)
            fail_msg("%d and %d from %s", with, without, t->text);
        assert_int_equal(fuel[0], fuel[1]);
    }
    assert_true(often > 20 * PROGRAMS);
    assert_int_equal(never, 0);
    free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_results)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
