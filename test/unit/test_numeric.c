/* Numeric semantics: the rows of numeric.def and the functions of numeric.h, at the edges of their types. */
#include "module/module.h"
#include "module/numeric.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define F32_QUIET 0x00400000u
#define F64_QUIET 0x0008000000000000u

typedef uint32_t C_u32;
typedef int32_t C_s32;
typedef uint64_t C_u64;
typedef int64_t C_s64;
typedef float C_f32;
typedef double C_f64;

/* ---- each row as a function of Slots ---- */

#define UNARY(id, from, to, expression)                                                                      \
    static inline C_##to eval_##id(C_##from a) {                                                             \
        return (C_##to)(expression);                                                                         \
    }
#define UNARY_TRAP(id, from, to, function)                                                                   \
    static inline sg_trap eval_##id(C_##from a, C_##to *result) {                                            \
        return function(a, result);                                                                          \
    }
#define BINARY(id, type, expression)                                                                         \
    static inline C_##type eval_##id(C_##type a, C_##type b) {                                               \
        return expression;                                                                                   \
    }
#define COMMUTATIVE BINARY
#define BINARY_TRAP(id, type, function)                                                                      \
    static inline sg_trap eval_##id(C_##type a, C_##type b, C_##type *result) {                              \
        return function(a, b, result);                                                                       \
    }
#define COMPARE(id, type, expression, inverse, mirror)                                                       \
    static inline bool eval_##id(C_##type a, C_##type b) {                                                   \
        return expression;                                                                                   \
    }
#define FLOAT_COMPARE(id, type, expression, mirror) COMPARE(id, type, expression, , )
#include "module/numeric.def"

/* Every instruction that takes numbers and gives one has a row, or is one of the few without. */
static void rows_cover_the_instructions(void **state) {
    (void)state;
    static const bool has_row[OP_COUNT] = {
#define UNARY(id, from, to, expression)                [OP_##id] = true,
#define UNARY_TRAP                                     UNARY
#define BINARY(id, type, expression)                   [OP_##id] = true,
#define COMMUTATIVE                                    BINARY
#define BINARY_TRAP                                    BINARY
#define COMPARE(id, type, expression, inverse, mirror) [OP_##id] = true,
#define FLOAT_COMPARE(id, type, expression, mirror)    [OP_##id] = true,
#include "module/numeric.def"
    };
    static const Op without[] = {
        OP_I32_EQZ,
        OP_I64_EQZ,
        OP_I32_WRAP_I64,
        OP_I32_REINTERPRET_F32,
        OP_I64_REINTERPRET_F64,
        OP_F32_REINTERPRET_I32,
        OP_F64_REINTERPRET_I64,
    };
    for (Op op = 0; op < OP_COUNT; op++) {
        const char *signature = sgi_ops[op].signature;
        const char *results = strchr(signature, ':');
        bool is_numeric = sgi_ops[op].imm == IMM_NONE && results && results[1] && results[2] == '\0' &&
                          strspn(signature, "iIfF:") == strlen(signature) &&
                          sgi_has(sgi_features_built(), (Feature)sgi_ops[op].feature);
        bool expected = is_numeric;
        for (size_t i = 0; i < SGI_COUNT(without); i++)
            expected = expected && op != without[i];
        if (has_row[op] != expected)
            fail_msg("%s", sgi_ops[op].text);
    }
}

/* ---- 128 bits ---- */

static void wide_arithmetic(void **state) {
    (void)state;
    const Int128 one = {1, 0}, minus_one = {UINT64_MAX, UINT64_MAX}, carry = {UINT64_MAX, 7};
    Int128 result = sgi_i64_add128(carry, one);
    assert_true(result.low == 0 && result.high == 8);
    result = sgi_i64_sub128(result, one);
    assert_true(result.low == UINT64_MAX && result.high == 7);
    result = sgi_i64_add128(minus_one, one);
    assert_true(result.low == 0 && result.high == 0);
    result = sgi_i64_mul_wide_u(UINT64_MAX, UINT64_MAX);
    assert_true(result.low == 1 && result.high == UINT64_MAX - 1);
    result = sgi_i64_mul_wide_s(UINT64_MAX, UINT64_MAX);
    assert_true(result.low == 1 && result.high == 0);
    result = sgi_i64_mul_wide_s(UINT64_C(1) << 63, UINT64_C(1) << 63);
    assert_true(result.low == 0 && result.high == UINT64_C(1) << 62);
    result = sgi_i64_mul_wide_s(5, (uint64_t)-7);
    assert_true(result.low == (uint64_t)-35 && result.high == UINT64_MAX);
}

/* ---- comparisons ---- */

#define CHECK_COMPARISON(id, type, inverse, mirror)                                                          \
    for (size_t i = 0; i < SGI_COUNT(type##_edges); i++)                                                     \
        for (size_t k = 0; k < SGI_COUNT(type##_edges); k++) {                                               \
            C_##type a = type##_edges[i], b = type##_edges[k];                                               \
            assert_int_equal(eval_##id(a, b), !eval_##inverse(a, b));                                        \
            assert_int_equal(eval_##id(a, b), eval_##mirror(b, a));                                          \
        }

static void comparisons_invert_and_mirror(void **state) {
    (void)state;
    static const uint32_t u32_edges[] = {0, 1, 2, INT32_MAX, (uint32_t)INT32_MIN, UINT32_MAX};
    static const int32_t s32_edges[] = {0, 1, -1, 2, INT32_MAX, INT32_MIN};
    static const uint64_t u64_edges[] = {0, 1, UINT32_MAX, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX};
    static const int64_t s64_edges[] = {0, 1, -1, UINT32_MAX, INT64_MAX, INT64_MIN};
    static const float f32_edges[] = {0, -0.0f, 1, -1, INFINITY, -INFINITY, NAN};
    static const double f64_edges[] = {0, -0.0, 1, -1, INFINITY, -INFINITY, NAN};
#define UNARY(id, from, to, expression)
#define UNARY_TRAP(id, from, to, function)
#define BINARY(id, type, expression)
#define COMMUTATIVE(id, type, expression)
#define BINARY_TRAP(id, type, function)
#define COMPARE(id, type, expression, inverse, mirror) CHECK_COMPARISON(id, type, inverse, mirror)
#define FLOAT_COMPARE(id, type, expression, mirror)                                                          \
    for (size_t i = 0; i < SGI_COUNT(type##_edges); i++)                                                     \
        for (size_t k = 0; k < SGI_COUNT(type##_edges); k++)                                                 \
            assert_int_equal(eval_##id(type##_edges[i], type##_edges[k]),                                    \
                             eval_##mirror(type##_edges[k], type##_edges[i]));
#include "module/numeric.def"
    assert_true(eval_I32_LT_S(-1, 0));
    assert_false(eval_I32_LT_U(UINT32_MAX, 0));
    assert_false(eval_F64_EQ(NAN, NAN));
    assert_true(eval_F64_NE(NAN, NAN));
    assert_true(eval_F32_EQ(0.0f, -0.0f));
}

/* ---- integers ---- */

static void division(void **state) {
    (void)state;
    int32_t s32;
    uint32_t u32;
    int64_t s64;
    uint64_t u64;
    assert_int_equal(eval_I32_DIV_S(1, 0, &s32), SG_TRAP_INTEGER_DIVIDE_BY_ZERO);
    assert_int_equal(eval_I32_DIV_S(INT32_MIN, -1, &s32), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I32_DIV_S(-7, 2, &s32), SG_TRAP_NONE);
    assert_int_equal(s32, -3);
    assert_int_equal(eval_I32_REM_S(INT32_MIN, -1, &s32), SG_TRAP_NONE);
    assert_int_equal(s32, 0);
    assert_int_equal(eval_I32_REM_S(-7, 2, &s32), SG_TRAP_NONE);
    assert_int_equal(s32, -1);
    assert_int_equal(eval_I32_REM_S(5, 0, &s32), SG_TRAP_INTEGER_DIVIDE_BY_ZERO);
    assert_int_equal(eval_I32_DIV_U(0x80000000u, UINT32_MAX, &u32), SG_TRAP_NONE);
    assert_int_equal(u32, 0);
    assert_int_equal(eval_I32_REM_U(1, 0, &u32), SG_TRAP_INTEGER_DIVIDE_BY_ZERO);
    assert_int_equal(eval_I64_DIV_S(INT64_MIN, -1, &s64), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I64_REM_S(INT64_MIN, -1, &s64), SG_TRAP_NONE);
    assert_int_equal(s64, 0);
    assert_int_equal(eval_I64_DIV_U(1, 0, &u64), SG_TRAP_INTEGER_DIVIDE_BY_ZERO);
    assert_int_equal(eval_I64_REM_U(UINT64_MAX, 10, &u64), SG_TRAP_NONE);
    assert_int_equal(u64, 5);
}

static void shifts_and_counts(void **state) {
    (void)state;
    assert_int_equal(eval_I32_SHL(1, 33), 2);
    assert_int_equal(eval_I32_SHR_S(INT32_MIN, 31), -1);
    assert_int_equal(eval_I32_SHR_U(0x80000000u, 63), 1);
    assert_int_equal(eval_I32_ROTL(0x80000001u, 1), 3);
    assert_int_equal(eval_I32_ROTL(0x12345678u, 32), 0x12345678u);
    assert_int_equal(eval_I32_ROTR(1, 1), 0x80000000u);
    assert_int_equal(eval_I64_SHL(1, 64), 1);
    assert_int_equal(eval_I64_ROTL(1, UINT64_MAX), (uint64_t)1 << 63);
    assert_int_equal(eval_I64_ROTR(1, 64), 1);
    assert_int_equal(eval_I32_CLZ(0), 32);
    assert_int_equal(eval_I32_CTZ(0), 32);
    assert_int_equal(eval_I64_CLZ(1), 63);
    assert_int_equal(eval_I64_CTZ(0), 64);
    assert_int_equal(eval_I64_POPCNT(UINT64_MAX), 64);
    assert_int_equal(eval_I32_EXTEND8_S(0x180), -128);
    assert_int_equal(eval_I32_EXTEND16_S(0x18000), -32768);
    assert_int_equal(eval_I64_EXTEND32_S(0x180000000u), INT32_MIN);
}

/* ---- floating point ---- */

static uint32_t bits32(float a) {
    return sgi_f32_bits(a);
}
static uint64_t bits64(double a) {
    return sgi_f64_bits(a);
}

static void minimum_and_maximum(void **state) {
    (void)state;
    assert_int_equal(bits32(eval_F32_MIN(0.0f, -0.0f)), bits32(-0.0f));
    assert_int_equal(bits32(eval_F32_MIN(-0.0f, 0.0f)), bits32(-0.0f));
    assert_int_equal(bits32(eval_F32_MAX(0.0f, -0.0f)), 0);
    assert_int_equal(bits64(eval_F64_MIN(0.0, -0.0)), bits64(-0.0));
    assert_int_equal(bits64(eval_F64_MAX(-0.0, 0.0)), 0);
    assert_true(eval_F32_MIN(1, -INFINITY) == -INFINITY);
    assert_true(eval_F64_MAX(1, 2) == 2);
    /* Signalling NaNs come out quiet, from either side, and win over numbers. */
    float signalling = sgi_f32_of_bits(0x7f800001u);
    assert_true(bits32(eval_F32_MIN(signalling, 1)) & F32_QUIET);
    assert_true(isnan(eval_F32_MIN(signalling, 1)));
    assert_true(isnan(eval_F32_MAX(1, signalling)));
    assert_true(isnan(eval_F64_MIN(-INFINITY, NAN)));
    assert_true(isnan(eval_F64_MAX(NAN, INFINITY)));
}

static void signs(void **state) {
    (void)state;
    uint32_t payload = 0x7f812345u; /* a signalling NaN: bits are moved, nothing is made quiet */
    assert_int_equal(eval_F32_NEG(payload), payload | 0x80000000u);
    assert_int_equal(eval_F32_ABS(payload | 0x80000000u), payload);
    assert_int_equal(bits32(eval_F32_COPYSIGN(1.5f, -0.0f)), bits32(-1.5f));
    assert_int_equal(eval_F64_NEG(0), (uint64_t)1 << 63);
    assert_int_equal(eval_F64_ABS(bits64(-2)), bits64(2));
    assert_int_equal(bits64(eval_F64_COPYSIGN(-2, NAN)), bits64(isnan(NAN) && signbit(NAN) ? -2.0 : 2.0));
}

static void rounding(void **state) {
    (void)state;
    assert_true(eval_F32_NEAREST(0.5f) == 0 && eval_F32_NEAREST(1.5f) == 2 && eval_F32_NEAREST(2.5f) == 2);
    assert_int_equal(bits64(eval_F64_NEAREST(-0.5)), bits64(-0.0));
    assert_int_equal(bits64(eval_F64_CEIL(-0.7)), bits64(-0.0));
    assert_true(eval_F64_FLOOR(-0.5) == -1 && eval_F64_TRUNC(-1.9) == -1);
    float signalling = sgi_f32_of_bits(0x7fa00000u);
    assert_true(bits32(eval_F32_CEIL(signalling)) & F32_QUIET);
    assert_true(bits32(eval_F32_FLOOR(signalling)) & F32_QUIET);
    assert_true(bits32(eval_F32_TRUNC(signalling)) & F32_QUIET);
    assert_true(bits32(eval_F32_NEAREST(signalling)) & F32_QUIET);
    assert_true(bits64(eval_F64_PROMOTE_F32(signalling)) & F64_QUIET);
    assert_true(bits32(eval_F32_DEMOTE_F64(sgi_f64_of_bits(0x7ff4000000000000u))) & F32_QUIET);
    assert_true(isnan(eval_F64_SQRT(-1)));
    assert_int_equal(bits64(eval_F64_SQRT(-0.0)), bits64(-0.0));
}

static void truncation(void **state) {
    (void)state;
    int32_t s32;
    uint32_t u32;
    int64_t s64;
    uint64_t u64;
    assert_int_equal(eval_I32_TRUNC_F32_S(NAN, &s32), SG_TRAP_INVALID_CONVERSION_TO_INTEGER);
    assert_int_equal(eval_I32_TRUNC_F32_S(0x1p31f, &s32), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I32_TRUNC_F32_S(-0x1p31f, &s32), SG_TRAP_NONE);
    assert_int_equal(s32, INT32_MIN);
    assert_int_equal(eval_I32_TRUNC_F64_S(-2147483648.9, &s32), SG_TRAP_NONE);
    assert_int_equal(s32, INT32_MIN);
    assert_int_equal(eval_I32_TRUNC_F64_S(-2147483649.0, &s32), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I32_TRUNC_F64_S(2147483647.9, &s32), SG_TRAP_NONE);
    assert_int_equal(s32, INT32_MAX);
    assert_int_equal(eval_I32_TRUNC_F64_U(-0.9, &u32), SG_TRAP_NONE);
    assert_int_equal(u32, 0);
    assert_int_equal(eval_I32_TRUNC_F64_U(-1.0, &u32), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I32_TRUNC_F64_U(4294967295.9, &u32), SG_TRAP_NONE);
    assert_int_equal(u32, UINT32_MAX);
    assert_int_equal(eval_I32_TRUNC_F32_U(0x1p32f, &u32), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I64_TRUNC_F64_S(-0x1p63, &s64), SG_TRAP_NONE);
    assert_int_equal(s64, INT64_MIN);
    assert_int_equal(eval_I64_TRUNC_F64_S(0x1p63, &s64), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I64_TRUNC_F64_U(0x1p64, &u64), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I64_TRUNC_F64_U(0x1.fffffffffffffp63, &u64), SG_TRAP_NONE);
    assert_int_equal(u64, 0xfffffffffffff800u);
    assert_int_equal(eval_I64_TRUNC_F32_U(-1.0f, &u64), SG_TRAP_INTEGER_OVERFLOW);
    assert_int_equal(eval_I64_TRUNC_F32_S(-INFINITY, &s64), SG_TRAP_INTEGER_OVERFLOW);
}

static void saturating_truncation(void **state) {
    (void)state;
    assert_int_equal(eval_I32_TRUNC_SAT_F32_S(NAN), 0);
    assert_int_equal(eval_I32_TRUNC_SAT_F32_S(1e10f), INT32_MAX);
    assert_int_equal(eval_I32_TRUNC_SAT_F64_S(-1e10), INT32_MIN);
    assert_int_equal(eval_I32_TRUNC_SAT_F64_U(-5), 0);
    assert_int_equal(eval_I32_TRUNC_SAT_F32_U(INFINITY), UINT32_MAX);
    assert_int_equal(eval_I64_TRUNC_SAT_F32_S(-INFINITY), INT64_MIN);
    assert_int_equal(eval_I64_TRUNC_SAT_F64_S(INFINITY), INT64_MAX);
    assert_int_equal(eval_I64_TRUNC_SAT_F64_U(1e30), UINT64_MAX);
    assert_int_equal(eval_I64_TRUNC_SAT_F32_U(NAN), 0);
}

static void conversions(void **state) {
    (void)state;
    assert_true(eval_F32_CONVERT_I32_S(-1) == -1);
    assert_true(eval_F32_CONVERT_I32_U(UINT32_MAX) == 0x1p32f);
    assert_true(eval_F32_CONVERT_I32_S(16777217) == 16777216.0f); /* ties to even */
    assert_true(eval_F32_CONVERT_I64_U(0x8000008000000001u) == 0x1.000002p63f);
    assert_true(eval_F64_CONVERT_I64_U(0x8000000000000400u) == 0x1p63);
    assert_true(eval_F64_CONVERT_I64_U(0x8000000000000401u) == 0x1.0000000000001p63);
    assert_true(eval_F64_CONVERT_I64_S(INT64_MIN) == -0x1p63);
    assert_true(eval_F64_CONVERT_I32_U(UINT32_MAX) == 4294967295.0);
    assert_true(eval_I64_EXTEND_I32_S(-1) == -1);
    assert_true(eval_I64_EXTEND_I32_U(UINT32_MAX) == UINT32_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_cover_the_instructions),
        cmocka_unit_test(wide_arithmetic),
        cmocka_unit_test(comparisons_invert_and_mirror),
        cmocka_unit_test(division),
        cmocka_unit_test(shifts_and_counts),
        cmocka_unit_test(minimum_and_maximum),
        cmocka_unit_test(signs),
        cmocka_unit_test(rounding),
        cmocka_unit_test(truncation),
        cmocka_unit_test(saturating_truncation),
        cmocka_unit_test(conversions),
    };
    return cmocka_run_group_tests_name("numeric", tests, NULL, NULL);
}
