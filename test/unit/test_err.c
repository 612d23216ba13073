/* Errors: what a guest's names can put into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static void names_are_harmless(void **state) {
    (void)state;
    static const struct {
        const char *name, *shown;
    } cases[] = {
        {"plain", "plain"},
        {"h\xc3\xbcgel \xe2\x82\xac \xf0\x9f\x8f\x96", "h\xc3\xbcgel \xe2\x82\xac \xf0\x9f\x8f\x96"},
        {"\x1b[2J\n\x7f", "?[2J??"},
        {"\xc2\x9b"
         "2J\xc2\x9f\xc2\xa0",
         "??2J??\xc2\xa0"}, /* U+009B begins a control sequence as ESC [ does */
        {"\x9b"
         "2J\xff",
         "?2J?"},
        {"cut \xe2\x82", "cut ??"},
    };
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        sg_error error;
        assert_int_equal(sgi_fail(&error, SG_INVALID, 1, "m", "%s", cases[i].name), SG_INVALID);
        assert_string_equal(error.detail, cases[i].shown);
    }
}

/* A name that does not fit is cut between characters. */
static void names_are_cut(void **state) {
    (void)state;
    sg_error error;
    char name[2 * sizeof error.detail];
    for (size_t lead = 0; lead < 3; lead++) {
        memset(name, 'a', lead);
        size_t size = lead;
        for (; size + 3 < sizeof name; size += 3)
            memcpy(name + size, "\xe2\x82\xac", 3);
        sgi_fail(&error, SG_INVALID, 1, "m", "%.*s", (int)size, name);
        assert_true(sgi_utf8_valid((const uint8_t *)error.detail, strlen(error.detail)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_harmless),
        cmocka_unit_test(names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
