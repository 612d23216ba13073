/* WAVE: text → value → text, by type; and what must be refused, where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/text.h"

#include <stdlib.h>
#include <string.h>

#define NAMED(text, type_) {.name = {(const uint8_t *)(text), sizeof(text) - 1}, .type = (type_)}
#define FIELDS(array)      .fields = (array), .field_count = SGI_COUNT(array)

static const sg_type t_bool = {.kind = SG_BOOL}, t_s8 = {.kind = SG_S8}, t_u8 = {.kind = SG_U8},
                     t_s64 = {.kind = SG_S64}, t_u64 = {.kind = SG_U64}, t_s32 = {.kind = SG_S32},
                     t_f32 = {.kind = SG_F32}, t_f64 = {.kind = SG_F64}, t_char = {.kind = SG_CHAR},
                     t_string = {.kind = SG_STRING};
static const sg_type t_bytes = {.kind = SG_LIST, .element = &t_u8},
                     t_strings = {.kind = SG_LIST, .element = &t_string},
                     t_lists = {.kind = SG_LIST, .element = &t_strings};
static const CompField option_fields[] = {NAMED("none", NULL), NAMED("some", &t_u8)};
static const sg_type t_option = {.kind = SG_OPTION, FIELDS(option_fields)};
static const CompField option2_fields[] = {NAMED("none", NULL), NAMED("some", &t_option)};
static const sg_type t_option2 = {.kind = SG_OPTION, FIELDS(option2_fields)};
static const CompField result_fields[] = {NAMED("ok", &t_u8), NAMED("error", &t_string)};
static const sg_type t_result = {.kind = SG_RESULT, FIELDS(result_fields)};
static const CompField unit_fields[] = {NAMED("ok", NULL), NAMED("error", NULL)};
static const sg_type t_unit = {.kind = SG_RESULT, FIELDS(unit_fields)};
static const CompField record_fields[] = {NAMED("must-have", &t_u8), NAMED("optional", &t_option)};
static const sg_type t_record = {.kind = SG_RECORD, FIELDS(record_fields)};
static const CompField loose_fields[] = {NAMED("a", &t_option), NAMED("ok", &t_option)};
static const sg_type t_loose = {.kind = SG_RECORD, FIELDS(loose_fields)};
static const CompField tuple_fields[] = {NAMED("", &t_string), NAMED("", &t_u8)};
static const sg_type t_tuple = {.kind = SG_TUPLE, FIELDS(tuple_fields)};
static const CompField variant_fields[] = {NAMED("empty", NULL), NAMED("body", &t_bytes),
                                           NAMED("err", &t_string)};
static const sg_type t_variant = {.kind = SG_VARIANT, FIELDS(variant_fields)};
static const CompField enum_fields[] = {NAMED("ok", NULL), NAMED("not-found", NULL)};
static const sg_type t_enum = {.kind = SG_ENUM, FIELDS(enum_fields)};
static const CompField flags_fields[] = {NAMED("read", NULL), NAMED("write", NULL), NAMED("exec", NULL)};
static const sg_type t_flags = {.kind = SG_FLAGS, FIELDS(flags_fields)};
static const sg_type t_own = {.kind = SG_OWN};

typedef struct Case {
    const sg_type *type;
    const char *text, *printed; /* `printed` NULL: the same */
} Case;

static void reads_and_prints(void **state) {
    (void)state;
    static const Case cases[] = {
        {&t_bool, "true", 0},
        {&t_bool, " false // so", "false"},
        {&t_s8, "-128", 0},
        {&t_u8, "255", 0},
        {&t_s64, "-9223372036854775808", 0},
        {&t_u64, "18446744073709551615", 0},
        {&t_s32, "0", 0},
        {&t_s32, "-0", "0"},
        {&t_f64, "3.14", 0},
        {&t_f64, "-0", 0},
        {&t_f64, "1500", 0},
        {&t_f64, "6.022e+23", 0},
        {&t_f64, "6.022E23", "6.022e+23"},
        {&t_f64, "0.0625", 0},
        {&t_f64, "5e-324", 0},
        {&t_f64, "1.7976931348623157e+308", 0},
        {&t_f64, "0.1", 0},
        {&t_f32, "0.1", 0},
        {&t_f32, "16777216", 0},
        {&t_f64, "1e-99999999999999999999", "0"},
        {&t_f32, "nan", 0},
        {&t_f32, "-inf", 0},
        {&t_f64, "inf", 0},
        {&t_char, "'x'", 0},
        {&t_char, "'\"'", 0},
        {&t_char, "'\\''", 0},
        {&t_char, "'\\u{0}'", 0},
        {&t_char, "'\\u{1F600}'", "'\xf0\x9f\x98\x80'"},
        {&t_string, "\"abc\\t123\"", 0},
        {&t_string, "\"\"", 0},
        {&t_string, "\"it's \\\"\\\\\\u{7f}\"", 0},
        {&t_string, "\"\"\"\nA single line\n\"\"\"", "\"A single line\""},
        {&t_string, "\"\"\"\r\n    Indented\n      by end\n  \"\"\"", "\"  Indented\\n    by end\""},
        {&t_string, "\"\"\"\n  line: \\r\n  quotes: \"\"\\\"\"\n  \"\"\"",
         "\"line: \\r\\nquotes: \\\"\\\"\\\"\\\"\""},
        {&t_tuple, "(\"abc\", 123)", 0},
        {&t_tuple, "( \"abc\" , 123 , )", "(\"abc\", 123)"},
        {&t_bytes, "[]", 0},
        {&t_bytes, "[1, 2, 3,]", "[1, 2, 3]"},
        {&t_lists, "[[\"a\", \"b\"], [], [\"c\"]]", 0},
        {&t_record, "{must-have: 123}", 0},
        {&t_record, "{optional: none, must-have: 123,}", "{must-have: 123}"},
        {&t_record, "{%must-have: 1, optional: 2}", "{must-have: 1, optional: some(2)}"},
        {&t_loose, "{:}", 0},
        {&t_loose, "{ok: some(1)}", 0},
        {&t_variant, "empty", 0},
        {&t_variant, "body([79, 75])", 0},
        {&t_variant, "%err ( \"oops\" )", "%err(\"oops\")"},
        {&t_enum, "%ok", 0},
        {&t_enum, "not-found", 0},
        {&t_option, "123", "some(123)"},
        {&t_option, "some(123)", 0},
        {&t_option, "none", 0},
        {&t_option2, "some(none)", 0},
        {&t_option2, "some(1)", "some(some(1))"},
        {&t_result, "123", "ok(123)"},
        {&t_result, "ok(1)", 0},
        {&t_result, "err(\"oops\")", 0},
        {&t_unit, "ok", 0},
        {&t_unit, "err", 0},
        {&t_flags, "{}", 0},
        {&t_flags, "{write, read,}", "{read, write}"},
    };
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        Alloc alloc;
        Arena arena;
        Buf text;
        sg_value value, again;
        sg_error err = {0};
        sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
        sgi_arena_init(&arena, &alloc);
        sgi_buf_init(&text, &alloc);
        if (sgi_wave_parse(&arena, cases[i].type, sgi_bytes_of(cases[i].text), &value, &err) != SG_OK)
            fail_msg("%s: %s", cases[i].text, err.message);
        sgi_wave_print(&text, &value);
        sgi_buf_byte(&text, 0);
        assert_string_equal((char *)text.data, cases[i].printed ? cases[i].printed : cases[i].text);
        assert_int_equal(sgi_wave_parse(&arena, cases[i].type, sgi_bytes_of((char *)text.data), &again, &err),
                         SG_OK);
        assert_true(sg_value_equal(&value, &again));
        sgi_buf_free(&text);
        sgi_arena_free(&arena);
        assert_int_equal(alloc.used, 0);
    }
}

typedef struct Refusal {
    const sg_type *type;
    const char *text;
    sg_status status;
    uint32_t line, column;
} Refusal;

static void refuses(void **state) {
    (void)state;
    static const Refusal cases[] = {
        {&t_u8, "", SG_MALFORMED, 1, 1},
        {&t_u8, "256", SG_BAD_VALUE, 1, 1},
        {&t_u8, "-1", SG_BAD_VALUE, 1, 1},
        {&t_u8, "01", SG_MALFORMED, 1, 1},
        {&t_u8, "1 2", SG_MALFORMED, 1, 3},
        {&t_u8, "0x10", SG_MALFORMED, 1, 1},
        {&t_u8, "1.5", SG_BAD_VALUE, 1, 1},
        {&t_s8, "128", SG_BAD_VALUE, 1, 1},
        {&t_u64, "18446744073709551616", SG_BAD_VALUE, 1, 1},
        {&t_s64, "-9223372036854775809", SG_BAD_VALUE, 1, 1},
        {&t_bool, "%true", SG_BAD_VALUE, 1, 1},
        {&t_bool, "truer", SG_BAD_VALUE, 1, 1},
        {&t_f64, "1.", SG_MALFORMED, 1, 1},
        {&t_f64, "1e999", SG_BAD_VALUE, 1, 1},
        {&t_f32, "1e39", SG_BAD_VALUE, 1, 1},
        {&t_f64, "-nan", SG_MALFORMED, 1, 1},
        {&t_char, "''", SG_MALFORMED, 1, 2},
        {&t_char, "'ab'", SG_MALFORMED, 1, 3},
        {&t_char, "'\\u{d800}'", SG_MALFORMED, 1, 9},
        {&t_string, "\"abc", SG_MALFORMED, 1, 5},
        {&t_string, "\n \"a\\q\"", SG_MALFORMED, 2, 5},
        {&t_string, "\"a\nb\"", SG_MALFORMED, 1, 3},
        {&t_string, "\"\xff\"", SG_MALFORMED, 1, 2},
        {&t_string, "\"\"\"x\"\"\"", SG_MALFORMED, 1, 4},
        {&t_string, "\"\"\"\na\n  \"\"\"", SG_MALFORMED, 2, 1},
        {&t_string, "\"\"\"\na\"\"\"", SG_MALFORMED, 2, 1},
        {&t_string, "\"\"\"\n\\", SG_MALFORMED, 2, 1},
        {&t_tuple, "(\"a\")", SG_BAD_VALUE, 1, 6},
        {&t_tuple, "(\"a\", 1, 2)", SG_BAD_VALUE, 1, 10},
        {&t_tuple, "(\"a\" 1)", SG_MALFORMED, 1, 6},
        {&t_bytes, "[1,,2]", SG_MALFORMED, 1, 4},
        {&t_bytes, "[1", SG_MALFORMED, 1, 3},
        {&t_record, "{:}", SG_BAD_VALUE, 1, 4},
        {&t_record, "{}", SG_BAD_VALUE, 1, 2},
        {&t_record, "{must-have: 1, must-have: 2}", SG_BAD_VALUE, 1, 25},
        {&t_record, "{must-have: 1, other: 2}", SG_BAD_VALUE, 1, 16},
        {&t_flags, "{read, read}", SG_BAD_VALUE, 1, 12},
        {&t_flags, "{fly}", SG_BAD_VALUE, 1, 2},
        {&t_enum, "ok", SG_BAD_VALUE, 1, 1},
        {&t_variant, "err(\"x\")", SG_BAD_VALUE, 1, 1},
        {&t_variant, "empty(1)", SG_MALFORMED, 1, 6},
        {&t_variant, "body", SG_MALFORMED, 1, 5},
        {&t_option, "some", SG_MALFORMED, 1, 5},
        {&t_option2, "1", SG_BAD_VALUE, 1, 1},
        {&t_unit, "ok(1)", SG_MALFORMED, 1, 3},
        {&t_own, "1", SG_BAD_VALUE, 1, 1},
    };
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        Alloc alloc;
        Arena arena;
        sg_value value;
        sg_error err = {0};
        sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
        sgi_arena_init(&arena, &alloc);
        sg_status status = sgi_wave_parse(&arena, cases[i].type, sgi_bytes_of(cases[i].text), &value, &err);
        if (status != cases[i].status || err.line != cases[i].line || err.column != cases[i].column)
            fail_msg("%s: %s %u:%u (%s)", cases[i].text, sg_status_name(status), err.line, err.column,
                     err.message);
        sgi_arena_free(&arena);
        assert_int_equal(alloc.used, 0);
    }
}

static void calls(void **state) {
    (void)state;
    static const CompField params[] = {NAMED("a", &t_u8), NAMED("b", &t_option), NAMED("c", &t_option)};
    Alloc alloc;
    Arena arena;
    sg_value values[3];
    sg_error err;
    Bytes name;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_arena_init(&arena, &alloc);
    Bytes call = sgi_bytes_of(" wasi:cli/run@0.2.0#run (7, 1)");
    assert_int_equal(sgi_wave_call_name(call, &name, &err), SG_OK);
    assert_true(sgi_bytes_is(name, "wasi:cli/run@0.2.0#run"));
    assert_int_equal(sgi_wave_parse_arguments(&arena, params, 3, call, values, &err), SG_OK);
    assert_int_equal(values[0].of.u8, 7);
    assert_int_equal(values[1].of.option->of.u8, 1);
    assert_null(values[2].of.option);
    assert_int_equal(sgi_wave_parse_arguments(&arena, params, 0, sgi_bytes_of("f()"), values, &err), SG_OK);
    assert_int_equal(sgi_wave_parse_arguments(&arena, params, 3, sgi_bytes_of("f()"), values, &err),
                     SG_BAD_VALUE);
    assert_int_equal(sgi_wave_parse_arguments(&arena, params, 1, sgi_bytes_of("f(1, 2)"), values, &err),
                     SG_BAD_VALUE);
    assert_int_equal(sgi_wave_parse_arguments(&arena, params, 1, sgi_bytes_of("f(1) 2"), values, &err),
                     SG_MALFORMED);
    assert_int_equal(sgi_wave_call_name(sgi_bytes_of("(1)"), &name, &err), SG_MALFORMED);
    assert_int_equal(sgi_wave_call_name(sgi_bytes_of("f"), &name, &err), SG_MALFORMED);
    sgi_arena_free(&arena);
    assert_int_equal(alloc.used, 0);
}

/* A refusal at every allocation: an error, and nothing stays. */
static void out_of_memory(void **state) {
    (void)state;
    for (size_t limit = 0;; limit += 64) {
        Alloc alloc;
        Arena arena;
        sg_value value;
        sg_error err;
        sgi_alloc_init(&alloc, NULL, NULL, limit);
        sgi_arena_init(&arena, &alloc);
        sg_status status =
            sgi_wave_parse(&arena, &t_lists, BYTES_OF("[[\"abcdefgh\", \"b\"], [\"c\"], []]"), &value, &err);
        sgi_arena_free(&arena);
        assert_int_equal(alloc.used, 0);
        if (status == SG_OK)
            break;
        assert_int_equal(status, SG_NO_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints),
        cmocka_unit_test(refuses),
        cmocka_unit_test(calls),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
