/* Vectors before they run: text both ways, validation, the height of the operand stack. */
#include "load_core.h"

static void vectors_init(Loader *l) {
    loader_init(l);
    l->cx.features |= (uint64_t)1 << FEATURE_SIMD | (uint64_t)1 << FEATURE_RELAXED_SIMD;
}

/* The 16 bytes of the constant, with its lanes' low bytes first. */
static void literals(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint8_t bytes[16];
    } cases[] = {
        {"i8x16 0 1 -1 0xff -0x80 5 6 7 8 9 10 11 12 13 14 1_5",
         {0, 1, 255, 255, 128, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
        {"i16x8 0x1234 -1 65535 -32768 0 0 0 1", {0x34, 0x12, 255, 255, 255, 255, 0, 128, [14] = 1}},
        {"i32x4 0 0 1 -2", {[8] = 1, [12] = 254, 255, 255, 255}},
        {"i64x2 -9223372036854775808 18446744073709551615",
         {[7] = 128, 255, 255, 255, 255, 255, 255, 255, 255}},
        {"f32x4 1 -nan nan:0x1 -inf", {0, 0, 128, 63, 0, 0, 192, 255, 1, 0, 128, 127, 0, 0, 128, 255}},
        {"f64x2 -0 nan:0xfffffffffffff", {[7] = 128, 255, 255, 255, 255, 255, 255, 255, 127}},
    };
    Loader l;
    vectors_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        char text[128];
        snprintf(text, sizeof text, "(global v128 (v128.const %s))", cases[i].text);
        Module *module = must_load(&l, text);
        const ConstExpr *init = &module->globals[0].init;
        assert_int_equal(init->end - init->code, 2 + 16 + 1);
        assert_memory_equal(init->code + 2, cases[i].bytes, 16);
        sgi_module_release(module);
    }
    loader_end(&l);
}

static void malformed(void **state) {
    (void)state;
    static const char *const cases[] = {
        "(func (drop (v128.const i32x4 1 2 3)))",
        "(func (drop (v128.const i32x4 1 2 3 4 5)))",
        "(func (drop (v128.const i8x16 256 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)))",
        "(func (drop (v128.const i64x2 1.0 0)))",
        "(func (drop (v128.const 0 0)))",
        "(func (drop (v128.const f32x4 nan:canonical 0 0 0)))",
        "(func (param v128) (drop (i8x16.extract_lane_s 256 (local.get 0))))",
        "(func (param v128) (drop (i8x16.extract_lane_s -1 (local.get 0))))",
        "(func (param v128) (drop (i8x16.extract_lane_s (local.get 0))))",
        "(func (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14)))",
    };
    Loader l;
    vectors_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        Buf binary;
        sgi_buf_init(&binary, &l.alloc);
        assert_int_equal(sgi_text_parse(&l.cx, sgi_bytes_of(cases[i]), &binary), SG_MALFORMED);
        sgi_buf_free(&binary);
    }
    loader_end(&l);
}

static void invalid(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"(func (param v128) (drop (i8x16.extract_lane_u 16 (local.get 0))))", "invalid lane index"},
        {"(func (param v128) (drop (f64x2.extract_lane 2 (local.get 0))))", "invalid lane index"},
        {"(func (param v128) (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 32 (local.get 0) "
         "(local.get 0))))",
         "invalid lane index"},
        {"(memory 1) (func (param v128) (v128.store16_lane 8 (i32.const 0) (local.get 0)))",
         "invalid lane index"},
        {"(memory 1) (func (drop (v128.load align=32 (i32.const 0))))",
         "alignment must not be larger than natural"},
        {"(memory 1) (func (drop (v128.load32_splat align=8 (i32.const 0))))",
         "alignment must not be larger than natural"},
        {"(func (param v128) (drop (i32x4.add (local.get 0) (i32.const 1))))", "type mismatch"},
        {"(func (param v128) (drop (select (local.get 0) (i32.const 1) (i32.const 1))))", "type mismatch"},
        {"(global v128 (i32x4.splat (i32.const 1)))", "constant expression required"},
    };
    Loader l;
    vectors_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        must_fail(&l, cases[i].text, SG_INVALID, cases[i].message);
    loader_end(&l);
}

/* What is printed is parsed to the same bytes; a number before a lane may be a memory's. */
static void printed(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"v128.load8_lane 15", "v128.load8_lane 15"},
        {"v128.load8_lane 1 15", "v128.load8_lane $n 15"},
        {"v128.load8_lane $n 15", "v128.load8_lane $n 15"},
        {"v128.load64_lane 1 offset=3 align=1 1", "v128.load64_lane $n offset=3 align=1 1"},
        {"v128.load64_lane align=2 1", "v128.load64_lane align=2 1"},
        {"i32.const 0 drop v128.load32_lane 3", "v128.load32_lane 3"},
        {"i8x16.shuffle 0 31 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
         "i8x16.shuffle 0 31 2 3 4 5 6 7 8 9 10 11 12 13 14 15"},
        {"drop i16x8.extract_lane_s 7 i32.const 1 v128.const f32x4 1 0 0 nan:0x7fffff",
         "v128.const i32x4 0x3f800000 0x00000000 0x00000000 0x7fffffff"},
        {"i32x4.relaxed_trunc_f32x4_s drop v128.const i64x2 0 0", "i32x4.relaxed_trunc_f32x4_s"},
    };
    Loader l;
    vectors_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        char text[256];
        snprintf(text, sizeof text, "(memory 1) (memory $n 1) (func unreachable %s drop unreachable)",
                 cases[i].text);
        Module *module = must_load(&l, text);
        Buf shown, again;
        sgi_buf_init(&shown, &l.alloc);
        sgi_buf_init(&again, &l.alloc);
        assert_int_equal(sgi_text_print_module(&l.cx, module, &shown), SG_OK);
        sgi_buf_byte(&shown, 0);
        assert_non_null(strstr((const char *)shown.data, cases[i].shown));
        assert_int_equal(sgi_text_parse(&l.cx, (Bytes){shown.data, shown.size - 1}, &again), SG_OK);
        assert_int_equal(again.size, module->bytes.size);
        assert_memory_equal(again.data, module->bytes.data, again.size);
        sgi_buf_free(&shown);
        sgi_buf_free(&again);
        sgi_module_release(module);
    }
    loader_end(&l);
}

static void heights_are(Loader *l, const char *text, uint32_t slots) {
    Module *module = must_load(l, text);
    assert_int_equal(module->bodies[0].max_stack, slots);
    sgi_module_release(module);
}

static void heights(void **state) {
    (void)state;
    Loader l;
    vectors_init(&l);
    heights_are(&l, "(func (param v128) (drop (local.get 0)))", 2);
    heights_are(&l, "(func (param v128) (drop (i32x4.add (local.get 0) (local.get 0))))", 4);
    heights_are(&l, "(func (param v128) (local.get 0) (local.get 0) (br 0))", 4);
    /* What is left in a block does not count after it. */
    heights_are(&l,
                "(func (param v128) (block (local.get 0) (local.get 0) (br 0)) (drop (local.get 0)) "
                "(drop (i32.const 1)))",
                4);
    heights_are(&l,
                "(func (param v128) (result v128 i32 v128) (block (result v128 i32 v128) (local.get 0) "
                "(i32.const 0) (local.get 0) (br 0)) (return))",
                5);
    heights_are(&l, "(func (result v128) (call 0) (drop) (call 0) (drop) (call 0))", 2);
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals), cmocka_unit_test(malformed), cmocka_unit_test(invalid),
        cmocka_unit_test(printed),  cmocka_unit_test(heights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
