/* Vector semantics: the rows of simd.def against scalar arithmetic, lane by lane, which the instructions'
 * names choose; and what is not lane by lane, by example. */
#include "module/module.h"
#include "module/simd.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct Bits {
    uint8_t bytes[16];
} Bits;

/* ---- each row as a function of bytes; a shift's count is the first of `b` ---- */

static Bits bits(u64x2 vector) {
    Bits result;
    memcpy(&result, &vector, sizeof result);
    return result;
}

#define OPERAND(type, name)                                                                                  \
    type name;                                                                                               \
    memcpy(&name, &operands[#name[0] - 'a'], sizeof name);                                                   \
    (void)name
#define ROW(id, type, expression)                                                                            \
    static Bits eval_##id(const Bits *operands) {                                                            \
        OPERAND(type, a);                                                                                    \
        OPERAND(type, b);                                                                                    \
        OPERAND(type, c);                                                                                    \
        return bits((u64x2)(expression));                                                                    \
    }
#define VECTOR1 ROW
#define VECTOR2 ROW
#define VECTOR3 ROW
#define SHIFT(id, type, expression)                                                                          \
    static Bits eval_##id(const Bits *operands) {                                                            \
        OPERAND(type, a);                                                                                    \
        OPERAND(uint32_t, b);                                                                                \
        return bits((u64x2)(expression));                                                                    \
    }
#define TEST(id, type, expression)                                                                           \
    static Bits eval_##id(const Bits *operands) {                                                            \
        OPERAND(type, a);                                                                                    \
        return bits((u64x2){(uint32_t)(expression)});                                                        \
    }
#define SPLAT(id, type, slot)
#define EXTRACT(id, type, slot)
#define REPLACE(id, type, slot)
#define SAME(id, other)
#define LOAD_VECTOR(id, type, expression)
#define STORE_VECTOR(id, type, expression)
#define LOAD_LANE(id, lane, type)
#define STORE_LANE(id, lane, type)
#include "module/simd.def"

typedef Bits Eval(const Bits *operands);
static Eval *const evals[OP_COUNT] = {
#define VECTOR1(id, type, expression) [OP_##id] = eval_##id,
#define VECTOR2                       VECTOR1
#define VECTOR3                       VECTOR1
#define SHIFT                         VECTOR1
#define TEST                          VECTOR1
#define SAME(id, other)               [OP_##id] = eval_##other,
#define SPLAT(id, type, slot)
#define EXTRACT(id, type, slot)
#define REPLACE(id, type, slot)
#define LOAD_VECTOR(id, type, expression)
#define STORE_VECTOR(id, type, expression)
#define LOAD_LANE(id, lane, type)
#define STORE_LANE(id, lane, type)
#include "module/simd.def"
};

static void rows_cover_the_instructions(void **state) {
    (void)state;
    static const bool has_row[OP_COUNT] = {
        [OP_V128_CONST] = true,
        [OP_I8X16_SHUFFLE] = true,
#define ROW_OF(id, second, third) [OP_##id] = true,
#define VECTOR1                   ROW_OF
#define VECTOR2                   ROW_OF
#define VECTOR3                   ROW_OF
#define SHIFT                     ROW_OF
#define TEST                      ROW_OF
#define SPLAT                     ROW_OF
#define EXTRACT                   ROW_OF
#define REPLACE                   ROW_OF
#define SAME(id, other)           [OP_##id] = true,
#define LOAD_VECTOR               ROW_OF
#define STORE_VECTOR              ROW_OF
#define LOAD_LANE                 ROW_OF
#define STORE_LANE                ROW_OF
#include "module/simd.def"
    };
    for (Op op = 0; op < OP_COUNT; op++)
        if (has_row[op] != (sgi_ops[op].prefix == 0xfd))
            fail_msg("%s", sgi_ops[op].text);
}

/* ---- random operands, with what lies at the edges of lanes ---- */

static uint64_t random_state = 1;

static uint64_t random_bits(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void fill(Bits *operands) {
    static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe, 0x40, 0xc0};
    static const float floats[] = {0,       -0.0f, 1.5f,    2.5f,  -0.5f, NAN,
                                   -1e-40f, 3e9f,  -2.2e9f, 16.5f, 1e30f, -INFINITY};
    static const double doubles[] = {-0.0, 0.5, 2.5, NAN, INFINITY, 2147483647.5, 1e300, -4e-310};
    for (int i = 0; i < 3; i++) {
        uint64_t kind = random_bits() % 4;
        for (unsigned k = 0; k < 16; k++)
            operands[i].bytes[k] =
                (uint8_t)(kind == 1 ? edges[random_bits() % SGI_COUNT(edges)] : random_bits());
        for (unsigned k = 0; k < 4 && kind == 2; k++)
            memcpy(operands[i].bytes + 4 * k, &floats[random_bits() % SGI_COUNT(floats)], 4);
        for (unsigned k = 0; k < 2 && kind == 3; k++)
            memcpy(operands[i].bytes + 8 * k, &doubles[random_bits() % SGI_COUNT(doubles)], 8);
    }
}

/* ---- lanes of integers ---- */

static int64_t lane(const Bits *vector, unsigned width, unsigned index, bool is_signed) {
    uint64_t value = 0;
    memcpy(&value, vector->bytes + index * width / 8, width / 8);
    return is_signed ? (int64_t)(value << (64 - width)) >> (64 - width) : (int64_t)value;
}

static void set_lane(Bits *vector, unsigned width, unsigned index, int64_t value) {
    memcpy(vector->bytes + index * width / 8, &value, width / 8);
}

static int64_t saturate(int64_t value, unsigned width, bool is_signed) {
    int64_t low = is_signed ? -(INT64_C(1) << (width - 1)) : 0;
    int64_t high = (INT64_C(1) << (is_signed ? width - 1 : width)) - 1;
    return value < low ? low : value > high ? high : value;
}

typedef int64_t LaneOp(int64_t a, int64_t b, unsigned width);

#define LANE_OP(name, expression)                                                                            \
    static int64_t name(int64_t a, int64_t b, unsigned width) {                                              \
        (void)b, (void)width;                                                                                \
        return (int64_t)(expression);                                                                        \
    }
LANE_OP(add, (uint64_t)a + (uint64_t)b)
LANE_OP(sub, (uint64_t)a - (uint64_t)b)
LANE_OP(mul, (uint64_t)a *(uint64_t)b)
LANE_OP(min, a < b ? a : b)
LANE_OP(max, a > b ? a : b)
LANE_OP(avgr, (a + b + 1) / 2)
LANE_OP(neg, -(uint64_t)a)
LANE_OP(absolute, a < 0 ? -(uint64_t)a : (uint64_t)a)
LANE_OP(popcnt, __builtin_popcount((unsigned)a & 0xff))
LANE_OP(shl, (uint64_t)a << (b & (width - 1)))
LANE_OP(shr_s, a >> (b & (width - 1)))
LANE_OP(shr_u, (uint64_t)a >> (b & (width - 1)))
LANE_OP(q15mulr, (a * b + 0x4000) >> 15)
LANE_OP(equal, a == b ? -1 : 0)
LANE_OP(unequal, a != b ? -1 : 0)
LANE_OP(less, a < b ? -1 : 0)
LANE_OP(greater, a > b ? -1 : 0)
LANE_OP(at_most, a <= b ? -1 : 0)
LANE_OP(at_least, a >= b ? -1 : 0)

static const struct {
    const char *name;
    LaneOp *op;
} lane_ops[] = {
    {"add", add},
    {"sub", sub},
    {"mul", mul},
    {"min_s", min},
    {"min_u", min},
    {"max_s", max},
    {"max_u", max},
    {"avgr_u", avgr},
    {"neg", neg},
    {"abs", absolute},
    {"popcnt", popcnt},
    {"shl", shl},
    {"shr_s", shr_s},
    {"shr_u", shr_u},
    {"eq", equal},
    {"ne", unequal},
    {"lt_s", less},
    {"lt_u", less},
    {"gt_s", greater},
    {"gt_u", greater},
    {"le_s", at_most},
    {"le_u", at_most},
    {"ge_s", at_least},
    {"ge_u", at_least},
    {"add_sat_s", add},
    {"add_sat_u", add},
    {"sub_sat_s", sub},
    {"sub_sat_u", sub},
    {"q15mulr_sat_s", q15mulr},
    {"relaxed_q15mulr_s", q15mulr},
};

/* The shape at the start of a text: lanes and their width, of integers or not. */
static bool read_shape(const char *text, char letter, unsigned *width, unsigned *count) {
    return text[0] == letter && isdigit((unsigned char)text[1]) &&
           sscanf(text + 1, "%ux%u", width, count) == 2;
}

static void must_equal(Op op, const Bits *operands, Bits expected) {
    Bits result = evals[op](operands);
    if (memcmp(&result, &expected, 16) == 0)
        return;
    print_error("%s\n", sgi_ops[op].text);
    const Bits *rows[] = {&operands[0], &operands[1], &operands[2], &expected, &result};
    for (size_t i = 0; i < SGI_COUNT(rows); i++) {
        for (int k = 0; k < 16; k++)
            print_error(" %02x", rows[i]->bytes[k]);
        print_error("\n");
    }
    fail();
}

enum { ROUNDS = 3000 };

static void integers_lane_by_lane(void **state) {
    (void)state;
    unsigned width, count, checked = 0;
    for (Op op = 0; op < OP_COUNT; op++) {
        const char *text = sgi_ops[op].text;
        if (evals[op] == NULL || !read_shape(text, 'i', &width, &count))
            continue;
        const char *name = strchr(text, '.') + 1;
        bool is_signed = name[strlen(name) - 1] != 'u', is_shift = strstr(sgi_ops[op].signature, "Vi");
        for (size_t i = 0; i < SGI_COUNT(lane_ops); i++) {
            if (strcmp(lane_ops[i].name, name) != 0)
                continue;
            checked++;
            for (int round = 0; round < ROUNDS; round++) {
                Bits operands[3], expected;
                fill(operands);
                for (unsigned k = 0; k < count; k++) {
                    int64_t b =
                        is_shift ? lane(&operands[1], 32, 0, false) : lane(&operands[1], width, k, is_signed);
                    int64_t value = lane_ops[i].op(lane(&operands[0], width, k, is_signed), b, width);
                    bool saturates = strstr(name, "sat") || strstr(name, "q15");
                    set_lane(&expected, width, k, saturates ? saturate(value, width, is_signed) : value);
                }
                must_equal(op, operands, expected);
            }
        }
    }
    assert_int_equal(checked, 27 + 29 + 22 + 14); /* of i8x16, i16x8, i32x4, i64x2 */
}

/* ---- integers of other widths ---- */

/* Lane `k` of what an instruction of `width` makes of lanes of `from`. */
static int64_t other_width(const char *name, const Bits *operands, unsigned from, unsigned width, unsigned k,
                           bool is_signed) {
    const Bits *a = &operands[0], *b = &operands[1];
    unsigned half = strstr(name, "_high") ? 128 / width : 0;
    if (strncmp(name, "extend", 6) == 0)
        return lane(a, from, half + k, is_signed);
    if (strncmp(name, "extmul", 6) == 0)
        return mul(lane(a, from, half + k, is_signed), lane(b, from, half + k, is_signed), 64);
    if (strncmp(name, "extadd", 6) == 0)
        return lane(a, from, 2 * k, is_signed) + lane(a, from, 2 * k + 1, is_signed);
    if (strncmp(name, "narrow", 6) == 0)
        return saturate(k < 128 / from ? lane(a, from, k, true) : lane(b, from, k - 128 / from, true), width,
                        is_signed);
    int64_t sum = 0; /* a dot product */
    unsigned each = width / from;
    for (unsigned pair = 0; pair < each; pair += 2) {
        int64_t products = 0;
        for (unsigned i = each * k + pair; i < each * k + pair + 2; i++)
            products += lane(a, from, i, true) * lane(b, from, i, true);
        sum += from == 8 ? saturate(products, 16, true) : products;
    }
    return strstr(name, "add") ? sum + lane(&operands[2], width, k, true) : sum;
}

static void integers_of_other_widths(void **state) {
    (void)state;
    unsigned width, count, from, from_count, checked = 0;
    for (Op op = 0; op < OP_COUNT; op++) {
        const char *text = sgi_ops[op].text;
        if (evals[op] == NULL || !read_shape(text, 'i', &width, &count))
            continue;
        const char *name = strchr(text, '.') + 1;
        const char *other = strstr(name, "_i");
        if (other == NULL || !read_shape(other + 1, 'i', &from, &from_count))
            continue;
        checked++;
        for (int round = 0; round < ROUNDS; round++) {
            Bits operands[3], expected;
            fill(operands);
            for (unsigned k = 0; k < count; k++)
                set_lane(&expected, width, k,
                         other_width(name, operands, from, width, k, name[strlen(name) - 1] == 's'));
            must_equal(op, operands, expected);
        }
    }
    assert_int_equal(checked, 12 + 12 + 4 + 4 + 3);
}

/* ---- lanes of numbers ---- */

/* NaNs are all one, where arithmetic made them. */
static void must_match(Op op, const Bits *operands, Bits expected, unsigned width, bool is_arithmetic) {
    Bits result = evals[op](operands);
    for (unsigned k = 0; k < 128 / width && is_arithmetic; k++) {
        double got, wanted;
        float got32, wanted32;
        memcpy(&got32, result.bytes + 4 * k % 16, 4);
        memcpy(&wanted32, expected.bytes + 4 * k % 16, 4);
        memcpy(&got, result.bytes + 8 * k % 16, 8);
        memcpy(&wanted, expected.bytes + 8 * k % 16, 8);
        if (width == 64 ? got != got && wanted != wanted : got32 != got32 && wanted32 != wanted32)
            memcpy(expected.bytes + width / 8 * k, result.bytes + width / 8 * k, width / 8);
    }
    if (memcmp(&result, &expected, 16) != 0)
        must_equal(op, operands, expected);
}

#define FLOATS(type, shape, bits_type, width, prefix)                                                        \
    static bits_type prefix##_of(Op op, type a, type b) {                                                    \
        type result;                                                                                         \
        switch (op) {                                                                                        \
        case OP_##shape##_ADD: result = a + b; break;                                                        \
        case OP_##shape##_SUB: result = a - b; break;                                                        \
        case OP_##shape##_MUL: result = a * b; break;                                                        \
        case OP_##shape##_DIV: result = a / b; break;                                                        \
        case OP_##shape##_MIN:                                                                               \
        case OP_##shape##_RELAXED_MIN: result = prefix##_min(a, b); break;                                   \
        case OP_##shape##_MAX:                                                                               \
        case OP_##shape##_RELAXED_MAX: result = prefix##_max(a, b); break;                                   \
        case OP_##shape##_PMIN: result = b < a ? b : a; break;                                               \
        case OP_##shape##_PMAX: result = a < b ? b : a; break;                                               \
        case OP_##shape##_SQRT: result = (type)sqrt((double)a); break;                                       \
        case OP_##shape##_CEIL: result = prefix##_ceil(a); break;                                            \
        case OP_##shape##_FLOOR: result = prefix##_floor(a); break;                                          \
        case OP_##shape##_TRUNC: result = prefix##_trunc(a); break;                                          \
        case OP_##shape##_NEAREST: result = prefix##_nearest(a); break;                                      \
        case OP_##shape##_ABS: result = prefix##_copysign(a, 0); break;                                      \
        case OP_##shape##_NEG: return prefix##_bits(a) ^ (bits_type)1 << (width - 1);                        \
        case OP_##shape##_EQ: return a == b ? (bits_type) - 1 : 0;                                           \
        case OP_##shape##_NE: return a != b ? (bits_type) - 1 : 0;                                           \
        case OP_##shape##_LT: return a < b ? (bits_type) - 1 : 0;                                            \
        case OP_##shape##_GT: return a > b ? (bits_type) - 1 : 0;                                            \
        case OP_##shape##_LE: return a <= b ? (bits_type) - 1 : 0;                                           \
        default: return a >= b ? (bits_type) - 1 : 0;                                                        \
        }                                                                                                    \
        return prefix##_bits(result);                                                                        \
    }
FLOATS(float, F32X4, uint32_t, 32, sgi_f32)
FLOATS(double, F64X2, uint64_t, 64, sgi_f64)

static void numbers_lane_by_lane(void **state) {
    (void)state;
    unsigned width, count, checked = 0;
    for (Op op = 0; op < OP_COUNT; op++) {
        const char *text = sgi_ops[op].text;
        if (evals[op] == NULL || !read_shape(text, 'f', &width, &count) || strpbrk(text + 5, "0123456789") ||
            strstr(text, "madd"))
            continue;
        checked++;
        bool moves_bits = strstr(text, ".p") || strstr(text, "abs") || strstr(text, "neg");
        for (int round = 0; round < ROUNDS; round++) {
            Bits operands[3], expected;
            fill(operands);
            for (unsigned k = 0; k < count; k++) {
                float a32, b32;
                double a64, b64;
                memcpy(&a32, operands[0].bytes + 4 * k % 16, 4);
                memcpy(&b32, operands[1].bytes + 4 * k % 16, 4);
                memcpy(&a64, operands[0].bytes + 8 * k % 16, 8);
                memcpy(&b64, operands[1].bytes + 8 * k % 16, 8);
                set_lane(&expected, width, k,
                         width == 32 ? (int64_t)sgi_f32_of(op, a32, b32) : (int64_t)sgi_f64_of(op, a64, b64));
            }
            must_match(op, operands, expected, width, !moves_bits);
        }
    }
    assert_int_equal(checked, 2 * (6 + 17));
}

/* ---- bits, and tests of lanes ---- */

static void tests_of_lanes(void **state) {
    (void)state;
    unsigned width, count;
    for (Op op = 0; op < OP_COUNT; op++) {
        const char *text = sgi_ops[op].text;
        bool is_bitmask = strstr(text, ".bitmask");
        if (evals[op] == NULL || (!is_bitmask && !strstr(text, ".all_true")))
            continue;
        assert_true(read_shape(text, 'i', &width, &count));
        for (int round = 0; round < ROUNDS; round++) {
            Bits operands[3], expected = {{0}};
            fill(operands);
            bool all = true;
            for (unsigned k = 0; k < count; k++) {
                if (random_bits() % count == 0)
                    set_lane(&operands[0], width, k, 0);
                int64_t value = lane(&operands[0], width, k, true);
                all = all && value != 0;
                if (is_bitmask && value < 0)
                    expected.bytes[k / 8] |= (uint8_t)(1u << k % 8);
            }
            if (!is_bitmask)
                expected.bytes[0] = all;
            must_equal(op, operands, expected);
        }
    }
    static const Bits zero = {{0}}, last = {{[15] = 0x80}}, yes = {{1}};
    must_equal(OP_V128_ANY_TRUE, (Bits[3]){zero}, zero);
    must_equal(OP_V128_ANY_TRUE, (Bits[3]){last}, yes);
}

static void bits_by_bits(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Bits operands[3], expected[6];
        fill(operands);
        for (int k = 0; k < 16; k++) {
            unsigned a = operands[0].bytes[k], b = operands[1].bytes[k], c = operands[2].bytes[k];
            unsigned results[] = {~a, a & b, a & ~b, a | b, a ^ b, (a & c) | (b & ~c)};
            for (int i = 0; i < 6; i++)
                expected[i].bytes[k] = (uint8_t)results[i];
        }
        for (int i = 0; i < 6; i++)
            must_equal((Op)(OP_V128_NOT + i), operands, expected[i]);
        for (int i = 0; i < 4; i++)
            must_equal((Op)(OP_I8X16_RELAXED_LANESELECT + i), operands, expected[5]);
    }
}

static void single_lanes(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Bits operands[3], swizzled, shuffled;
        fill(operands);
        u8x16 lanes, a, b;
        memcpy(&a, &operands[0], 16);
        memcpy(&b, &operands[1], 16);
        for (int k = 0; k < 16; k++) {
            unsigned from = operands[1].bytes[k];
            swizzled.bytes[k] = from < 16 ? operands[0].bytes[from] : 0;
            lanes[k] = operands[2].bytes[k] & 31;
            shuffled.bytes[k] = operands[lanes[k] / 16].bytes[lanes[k] % 16];
        }
        must_equal(OP_I8X16_SWIZZLE, operands, swizzled);
        must_equal(OP_I8X16_RELAXED_SWIZZLE, operands, swizzled);
        Bits result = bits((u64x2)sgi_shuffle(a, b, lanes));
        assert_memory_equal(&result, &shuffled, 16);

        uint32_t at = random_bits() % 16;
        uint64_t value = random_bits();
        Bits expected = operands[0];
        expected.bytes[at] = (uint8_t)value;
        result = bits((u64x2)sgi_u8x16_replace(a, at, value));
        assert_memory_equal(&result, &expected, 16);
        expected = operands[0];
        set_lane(&expected, 64, at % 2, (int64_t)value);
        result = bits((u64x2)sgi_u64x2_replace((u64x2)a, at % 2, value));
        assert_memory_equal(&result, &expected, 16);
        for (unsigned k = 0; k < 8; k++)
            set_lane(&expected, 16, k, (int64_t)value);
        result = bits((u64x2)sgi_u16x8_splat(value));
        assert_memory_equal(&result, &expected, 16);
    }
}

/* ---- conversions, and relaxed multiplication ---- */

static void conversions(void **state) {
    (void)state;
#define CONVERT(op, from_type, to_type, ...)                                                                 \
    do {                                                                                                     \
        static const from_type from_[] = {__VA_ARGS__};                                                      \
        Bits operands_[3] = {{{0}}}, result_;                                                                \
        memcpy(&operands_[0], from_, sizeof from_);                                                          \
        result_ = evals[OP_##op](operands_);                                                                 \
        memcpy(got_##to_type, &result_, 16);                                                                 \
    } while (0)
    int32_t got_int32_t[4];
    uint32_t got_uint32_t[4];
    float got_float[4];
    double got_double[2];
    CONVERT(I32X4_TRUNC_SAT_F32X4_S, float, int32_t, NAN, -3e9f, 2147483648.0f, -1.9f);
    assert_true(got_int32_t[0] == 0 && got_int32_t[1] == INT32_MIN && got_int32_t[2] == INT32_MAX &&
                got_int32_t[3] == -1);
    CONVERT(I32X4_TRUNC_SAT_F32X4_U, float, uint32_t, -0.9f, -5, 4294967296.0f, 3e9f);
    assert_true(got_uint32_t[0] == 0 && got_uint32_t[1] == 0 && got_uint32_t[2] == UINT32_MAX &&
                got_uint32_t[3] == 3000000000u);
    CONVERT(I32X4_TRUNC_SAT_F64X2_S_ZERO, double, int32_t, -2147483648.9, 1e10);
    assert_true(got_int32_t[0] == INT32_MIN && got_int32_t[1] == INT32_MAX && got_int32_t[2] == 0 &&
                got_int32_t[3] == 0);
    CONVERT(I32X4_RELAXED_TRUNC_F64X2_U_ZERO, double, uint32_t, 4294967295.9, -INFINITY);
    assert_true(got_uint32_t[0] == UINT32_MAX && got_uint32_t[1] == 0 && got_uint32_t[2] == 0);
    CONVERT(F32X4_CONVERT_I32X4_S, int32_t, float, INT32_MIN, -1, 16777217, INT32_MAX);
    assert_true(got_float[0] == -0x1p31f && got_float[1] == -1 && got_float[2] == 0x1p24f &&
                got_float[3] == 0x1p31f);
    CONVERT(F32X4_CONVERT_I32X4_U, uint32_t, float, UINT32_MAX, 16777219, 0x80000000, 0x80000081);
    assert_true(got_float[0] == 0x1p32f && got_float[1] == 16777220 && got_float[2] == 0x1p31f &&
                got_float[3] == 2147483904.0f);
    CONVERT(F64X2_CONVERT_LOW_I32X4_S, int32_t, double, INT32_MIN, 7, 1, 1);
    assert_true(got_double[0] == -0x1p31 && got_double[1] == 7);
    CONVERT(F64X2_CONVERT_LOW_I32X4_U, uint32_t, double, UINT32_MAX, 0, 1, 1);
    assert_true(got_double[0] == 4294967295.0 && got_double[1] == 0);
    CONVERT(F32X4_DEMOTE_F64X2_ZERO, double, float, 0x1.000001p0, 1e300);
    assert_true(got_float[0] == 1 && isinf(got_float[1]) && got_float[2] == 0 && got_float[3] == 0);
    CONVERT(F64X2_PROMOTE_LOW_F32X4, float, double, 0.1f, -INFINITY, 1, 1);
    assert_true(got_double[0] == (double)0.1f && isinf(got_double[1]));
}

/* The product is rounded before the sum. */
static void relaxed_products_are_rounded(void **state) {
    (void)state;
    const f32x4 a = {0x1.000002p0f, 3, -2, 0}, c = {-0x1.000004p0f, 1, 1, 1};
    const f64x2 x = {0x1.0000000000001p0, 3}, z = {-0x1.0000000000002p0, 1};
    Bits operands[] = {bits((u64x2)a), bits((u64x2)a), bits((u64x2)c)};
    must_equal(OP_F32X4_RELAXED_MADD, operands, bits((u64x2)(f32x4){0, 10, 5, 1}));
    operands[2] = bits((u64x2)-c);
    must_equal(OP_F32X4_RELAXED_NMADD, operands, bits((u64x2)(f32x4){0, -10, -5, -1}));
    Bits wide[] = {bits((u64x2)x), bits((u64x2)x), bits((u64x2)z)};
    must_equal(OP_F64X2_RELAXED_MADD, wide, bits((u64x2)(f64x2){0, 10}));
    wide[2] = bits((u64x2)-z);
    must_equal(OP_F64X2_RELAXED_NMADD, wide, bits((u64x2)(f64x2){0, -10}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_cover_the_instructions),
        cmocka_unit_test(integers_lane_by_lane),
        cmocka_unit_test(integers_of_other_widths),
        cmocka_unit_test(numbers_lane_by_lane),
        cmocka_unit_test(tests_of_lanes),
        cmocka_unit_test(bits_by_bits),
        cmocka_unit_test(single_lanes),
        cmocka_unit_test(conversions),
        cmocka_unit_test(relaxed_products_are_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
