/* Bindings when memory is refused: at every single allocation, an error and nothing leaked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sandglass.h>

#include "ration.h"

static const char wit[] =
    "package a:b@1.0.0;\n"
    "interface i { record p { x: u32, y: list<string> } variant v { a, b(p) }\n"
    "  resource r { constructor(); m: func(p: p) -> result<v, string>; } flags f { g } }\n"
    "interface j { use i.{v, r}; h: func(v: v, r: borrow<r>) -> option<r>; }\n"
    "world w { import i; export j; export k: func(t: tuple<u8, char>) -> string; }\n";

static sg_status generate(Ration *r, sg_bindgen_side side) {
    sg_error error = {.status = SG_OK};
    sg_engine *engine = ration_engine(r, &error);
    sg_status status = error.status;
    if (engine) {
        sg_wit_source source = {"a.wit", wit, sizeof wit - 1};
        sg_bindgen_options bind = {
            .size = sizeof bind, .side = side, .world = "w", .sources = &source, .source_count = 1};
        sg_bindings bindings;
        status = sg_bindgen(engine, &bind, &bindings, &error);
        assert_true((status == SG_OK) == (bindings.name != NULL));
        sg_bindings_delete(&bindings);
    }
    sg_engine_delete(engine);
    assert_int_equal(r->bytes, 0);
    return status;
}

static void refused(void **state) {
    (void)state;
    for (sg_bindgen_side side = SG_BINDGEN_GUEST; side <= SG_BINDGEN_HOST; side++)
        for (size_t from = 0;; from++) {
            Ration r = {.left = from, .for_good = true};
            sg_status status = generate(&r, side);
            if (status == SG_OK) {
                assert_true(from > 10);
                break;
            }
            assert_int_equal(status, SG_NO_MEMORY);
        }
}

static void misused(void **state) {
    (void)state;
    sg_error error = {.status = SG_OK};
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_bindings bindings;
    sg_bindgen_options none = {.size = sizeof none}, without_size = {0};
    assert_int_equal(sg_bindgen(engine, &without_size, &bindings, &error), SG_MISUSE);
    assert_int_equal(sg_bindgen(engine, &none, &bindings, &error), SG_MALFORMED);
    assert_null(bindings.name);
    sg_engine_delete(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(misused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
