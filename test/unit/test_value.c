/* Values: copies in one block, equality, text; types seen from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "module/module.h"

#include <string.h>

#define STRING(text) {.kind = SG_STRING, .of.string = {(text), sizeof(text) - 1}}

static const sg_value one = {.kind = SG_U32, .of.u32 = 1}, two = {.kind = SG_U32, .of.u32 = 2};

static void copies_every_kind(void **state) {
    (void)state;
    const sg_value items[] = {one, STRING("two")};
    const sg_string names[] = {{"read", 4}, {"write", 5}};
    const sg_field fields[] = {{{"a", 1}, one}, {{"name", 4}, STRING("x")}};
    const sg_value values[] = {
        one,
        STRING(""),
        STRING("text"),
        {.kind = SG_ENUM, .of.enumeration = {"red", 3}},
        {.kind = SG_BYTES, .of.bytes = {(const uint8_t *)"abc", 3}},
        {.kind = SG_LIST, .of.list = {NULL, 0}},
        {.kind = SG_LIST, .of.list = {items, 2}},
        {.kind = SG_TUPLE, .of.list = {items, 2}},
        {.kind = SG_RECORD, .of.record = {fields, 2}},
        {.kind = SG_VARIANT, .of.variant = {{"c", 1}, NULL}},
        {.kind = SG_VARIANT, .of.variant = {{"c", 1}, &items[1]}},
        {.kind = SG_OPTION, .of.option = NULL},
        {.kind = SG_OPTION, .of.option = &items[1]},
        {.kind = SG_RESULT, .of.result = {NULL, true}},
        {.kind = SG_RESULT, .of.result = {&items[1], false}},
        {.kind = SG_FLAGS, .of.flags = {names, 2}},
        {.kind = SG_OWN, .of.handle = 7},
    };
    for (size_t i = 0; i < SGI_COUNT(values); i++) {
        sg_value copy;
        assert_int_equal(sg_value_copy(&values[i], &copy, NULL), SG_OK);
        assert_true(sg_value_equal(&values[i], &copy));
        for (size_t j = 0; j < SGI_COUNT(values); j++)
            assert_int_equal(sg_value_equal(&values[i], &values[j]), i == j);
        if (copy.kind == SG_STRING && copy.of.string.size)
            assert_ptr_not_equal(copy.of.string.data, values[i].of.string.data);
        sg_value_delete(&copy);
    }
    sg_value_delete(NULL);
}

static void equality(void **state) {
    (void)state;
    const sg_value nan = {.kind = SG_F32, .of.f32 = __builtin_nanf("")};
    const sg_value nan64 = {.kind = SG_F64, .of.f64 = __builtin_nan("")};
    assert_true(sg_value_equal(&nan, &nan));
    assert_true(sg_value_equal(&nan64, &nan64));
    const sg_value bytes = {.kind = SG_BYTES, .of.bytes = {(const uint8_t *)"\1\2", 2}};
    const sg_value items[] = {
        {.kind = SG_U8, .of.u8 = 1}, {.kind = SG_U8, .of.u8 = 2}, {.kind = SG_U8, .of.u8 = 3}};
    sg_value list = {.kind = SG_LIST, .of.list = {items, 2}};
    assert_true(sg_value_equal(&bytes, &list) && sg_value_equal(&list, &bytes));
    list.of.list.count = 3;
    assert_false(sg_value_equal(&bytes, &list));
    const sg_field ab[] = {{{"a", 1}, one}, {{"b", 1}, two}}, ba[] = {{{"b", 1}, two}, {{"a", 1}, one}},
                   aa[] = {{{"a", 1}, one}, {{"a", 1}, one}};
    const sg_value r1 = {.kind = SG_RECORD, .of.record = {ab, 2}},
                   r2 = {.kind = SG_RECORD, .of.record = {ba, 2}},
                   r3 = {.kind = SG_RECORD, .of.record = {aa, 2}};
    assert_true(sg_value_equal(&r1, &r2));
    assert_false(sg_value_equal(&r1, &r3) || sg_value_equal(&r3, &r1));
    const sg_string rw[] = {{"r", 1}, {"w", 1}}, wr[] = {{"w", 1}, {"r", 1}};
    const sg_value f1 = {.kind = SG_FLAGS, .of.flags = {rw, 2}}, f2 = {.kind = SG_FLAGS, .of.flags = {wr, 2}},
                   f3 = {.kind = SG_FLAGS, .of.flags = {rw, 1}};
    assert_true(sg_value_equal(&f1, &f2));
    assert_false(sg_value_equal(&f1, &f3));
}

/* A cycle is a value without end: refused by copy, unequal even to itself, cut in print. */
static void refuses_endless_values(void **state) {
    (void)state;
    sg_value loop = {.kind = SG_OPTION};
    loop.of.option = &loop;
    sg_value copy;
    sg_error err;
    char text[1024];
    assert_int_equal(sg_value_copy(&loop, &copy, &err), SG_BAD_VALUE);
    assert_false(sg_value_equal(&loop, &loop));
    assert_true(sg_value_print(&loop, text, sizeof text) < sizeof text);
    assert_non_null(strstr(text, "some(...)"));
    sg_value deep[101] = {one};
    for (size_t i = 1; i < SGI_COUNT(deep); i++)
        deep[i] = (sg_value){.kind = SG_OPTION, .of.option = &deep[i - 1]};
    assert_int_equal(sg_value_copy(&deep[100], &copy, &err), SG_OK);
    assert_true(sg_value_equal(&copy, &deep[100]));
    sg_value_delete(&copy);
}

static void text(void **state) {
    (void)state;
    static const sg_type u8 = {.kind = SG_U8}, list = {.kind = SG_LIST, .element = &u8};
    sg_value value;
    sg_error err;
    char buffer[8];
    assert_int_equal(sg_value_parse(&list, "[1, 2, 255]", 11, &value, &err), SG_OK);
    assert_int_equal(value.kind, SG_BYTES);
    assert_int_equal(sg_value_print(&value, NULL, 0), 11);
    assert_int_equal(sg_value_print(&value, buffer, sizeof buffer), 11);
    assert_string_equal(buffer, "[1, 2, ");
    sg_value_delete(&value);
    assert_int_equal(sg_value_parse(&list, "[1, 256]", 8, &value, &err), SG_BAD_VALUE);
    assert_int_equal(err.column, 5);
    assert_int_equal(sg_value_parse(&list, NULL, 0, &value, &err), SG_BAD_VALUE);
    value = sg_value_string("hi");
    assert_int_equal(value.of.string.size, 2);
    value = sg_value_string(NULL);
    assert_int_equal(value.of.string.size, 0);
}

static void types(void **state) {
    (void)state;
    static const sg_type u8 = {.kind = SG_U8}, list = {.kind = SG_LIST, .element = &u8};
    static const CompField fields[] = {{{(const uint8_t *)"none", 4}, NULL},
                                       {{(const uint8_t *)"some", 4}, &u8}};
    sg_type type = {.kind = SG_OPTION, .fields = fields, .field_count = 2};
    assert_int_equal(sg_type_kind(&list), SG_LIST);
    assert_ptr_equal(sg_type_item(&list, 0), &u8);
    assert_null(sg_type_item(&list, 1));
    assert_int_equal(sg_type_count(&list), 0);
    assert_ptr_equal(sg_type_item(&type, 0), &u8);
    assert_int_equal(sg_type_count(&type), 0);
    assert_int_equal(sg_type_name(&type, 0).size, 0);
    type.kind = SG_VARIANT;
    assert_null(sg_type_item(&type, 0));
    assert_ptr_equal(sg_type_item(&type, 1), &u8);
    assert_null(sg_type_item(&type, 2));
    assert_int_equal(sg_type_count(&type), 2);
    assert_memory_equal(sg_type_name(&type, 1).data, "some", 4);
    assert_int_equal(sg_type_name(&type, 2).size, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_every_kind),
        cmocka_unit_test(equality),
        cmocka_unit_test(refuses_endless_values),
        cmocka_unit_test(text),
        cmocka_unit_test(types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
