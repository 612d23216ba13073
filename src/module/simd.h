/* What vector instructions compute (core specification, 4.3.4), once for every tier and for tests: the types
 * of vectors, and functions where the compilers' vector operators are not enough; simd.def has one expression
 * an instruction.
 *
 * The vector extensions that gcc and clang share stand for any processor's registers: only what the baseline
 * of the architecture has is used. Operators work lane by lane; a comparison gives all ones or 0; a scalar
 * operand is one for each lane; a cast between vectors keeps the bits. Sums and products are of unsigned
 * lanes, for signed ones may not overflow in C. NaNs are as in numeric.h. */
#ifndef SGI_SIMD_H
#define SGI_SIMD_H

#include "module/numeric.h"

#define VECTOR(type, name, count)                                                                            \
    typedef type name __attribute__((vector_size(sizeof(type) * (count)), may_alias));
VECTOR(int8_t, s8x16, 16)
VECTOR(uint8_t, u8x16, 16)
VECTOR(int16_t, s16x8, 8)
VECTOR(uint16_t, u16x8, 8)
VECTOR(int32_t, s32x4, 4)
VECTOR(uint32_t, u32x4, 4)
VECTOR(int64_t, s64x2, 2)
VECTOR(uint64_t, u64x2, 2)
VECTOR(float, f32x4, 4)
VECTOR(double, f64x2, 2)
VECTOR(int8_t, s8x8, 8)
VECTOR(uint8_t, u8x8, 8)
VECTOR(int16_t, s16x4, 4)
VECTOR(uint16_t, u16x4, 4)
VECTOR(int32_t, s32x2, 2)
VECTOR(uint32_t, u32x2, 2)
VECTOR(float, f32x2, 2)
#undef VECTOR

#define sgi_convert(a, type) __builtin_convertvector(a, type)

/* Bit by bit: where `mask` is set that of x, else that of y. */
#define sgi_pick(type, mask, x, y) ((type)(((u64x2)(x) & (u64x2)(mask)) | ((u64x2)(y) & ~(u64x2)(mask))))

/* ---- lanes ---- */

#define LANES_2  0, 1
#define LANES_4  LANES_2, 2, 3
#define LANES_8  LANES_4, 4, 5, 6, 7
#define LANES_16 LANES_8, 8, 9, 10, 11, 12, 13, 14, 15

#define LANES(type, lane_type, count)                                                                        \
    static inline type sgi_##type##_splat(uint64_t x) {                                                      \
        return (type){0} + (lane_type)x;                                                                     \
    }                                                                                                        \
    static inline type sgi_##type##_replace(type a, uint32_t lane, uint64_t x) {                             \
        return sgi_pick(type, (type){LANES_##count} == (lane_type)lane, sgi_##type##_splat(x), a);           \
    }
LANES(u8x16, uint8_t, 16)
LANES(u16x8, uint16_t, 8)
LANES(u32x4, uint32_t, 4)
LANES(u64x2, uint64_t, 2)
#undef LANES

/* No baseline has an instruction for these two: the result is put together byte by byte. */
static inline u8x16 sgi_shuffle(u8x16 a, u8x16 b, u8x16 lanes) {
    uint8_t from[32];
    memcpy(from, &a, 16);
    memcpy(from + 16, &b, 16);
    for (int i = 0; i < 16; i++)
        lanes[i] = from[lanes[i]];
    return lanes;
}
static inline u8x16 sgi_swizzle(u8x16 a, u8x16 lanes) {
    return sgi_shuffle(a, a, lanes & 15) & (u8x16)(lanes < 16);
}

/* ---- integers ---- */

static inline bool sgi_any_true(u64x2 a) {
    return (a[0] | a[1]) != 0;
}

/* The topmost bits of 8, or 4, lanes in order: a product moves each to its place above all others. */
static inline uint32_t sgi_bitmask8(uint64_t a) {
    return (uint32_t)(((a & 0x8080808080808080) * 0x0002040810204081) >> 56);
}
static inline uint32_t sgi_bitmask4(uint64_t a) {
    return (uint32_t)(((a & 0x8000800080008000) * 0x0000200040008001) >> 60);
}

static inline u8x16 sgi_u8x16_popcnt(u8x16 a) {
    a -= (a >> 1) & 0x55;
    a = (a & 0x33) + ((a >> 2) & 0x33);
    return (a + (a >> 4)) & 0x0f;
}

/* Sums that went over the edge have another sign than both operands, differences another than the first
 * only. */
#define SATURATE(s, u, shift, maximum)                                                                       \
    static inline s sgi_##s##_add_sat(s a, s b) {                                                            \
        s sum = (s)((u)a + (u)b);                                                                            \
        return sgi_pick(s, ((a ^ sum) & (b ^ sum)) < 0, (a >> shift) ^ maximum, sum);                        \
    }                                                                                                        \
    static inline s sgi_##s##_sub_sat(s a, s b) {                                                            \
        s difference = (s)((u)a - (u)b);                                                                     \
        return sgi_pick(s, ((a ^ b) & (a ^ difference)) < 0, (a >> shift) ^ maximum, difference);            \
    }
SATURATE(s8x16, u8x16, 7, INT8_MAX)
SATURATE(s16x8, u16x8, 15, INT16_MAX)
#undef SATURATE

/* Half of the lanes, made wider. */
#define LOW_16  LANES_8
#define HIGH_16 8, 9, 10, 11, 12, 13, 14, 15
#define LOW_8   LANES_4
#define HIGH_8  4, 5, 6, 7
#define LOW_4   LANES_2
#define HIGH_4  2, 3
#define EXTEND(narrow, wide, count)                                                                          \
    static inline wide sgi_##narrow##_low(narrow a) {                                                        \
        return sgi_convert(__builtin_shufflevector(a, a, LOW_##count), wide);                                \
    }                                                                                                        \
    static inline wide sgi_##narrow##_high(narrow a) {                                                       \
        return sgi_convert(__builtin_shufflevector(a, a, HIGH_##count), wide);                               \
    }
EXTEND(s8x16, s16x8, 16)
EXTEND(u8x16, u16x8, 16)
EXTEND(s16x8, s32x4, 8)
EXTEND(u16x8, u32x4, 8)
EXTEND(s32x4, s64x2, 4)
EXTEND(u32x4, u64x2, 4)
#undef EXTEND

/* Two vectors' lanes, signed, to the nearest that half their bits can hold. */
#define NARROW(name, wide, half, narrow, count, minimum, maximum)                                            \
    static inline narrow name(wide a, wide b) {                                                              \
        a = sgi_pick(wide, a < (minimum), (wide){0} + (minimum), a);                                         \
        b = sgi_pick(wide, b < (minimum), (wide){0} + (minimum), b);                                         \
        a = sgi_pick(wide, a > (maximum), (wide){0} + (maximum), a);                                         \
        b = sgi_pick(wide, b > (maximum), (wide){0} + (maximum), b);                                         \
        return __builtin_shufflevector(sgi_convert(a, half), sgi_convert(b, half), LANES_##count);           \
    }
NARROW(sgi_s8x16_narrow, s16x8, s8x8, s8x16, 16, INT8_MIN, INT8_MAX)
NARROW(sgi_u8x16_narrow, s16x8, u8x8, u8x16, 16, 0, UINT8_MAX)
NARROW(sgi_s16x8_narrow, s32x4, s16x4, s16x8, 8, INT16_MIN, INT16_MAX)
NARROW(sgi_u16x8_narrow, s32x4, u16x4, u16x8, 8, 0, UINT16_MAX)
#undef NARROW

/* Lanes at even places, and at odd ones, made wider, and their sums. */
#define PAIRS(narrow, wide, unsigned_wide, bits)                                                             \
    static inline unsigned_wide sgi_##narrow##_even(narrow a) {                                              \
        return (unsigned_wide)((wide)((unsigned_wide)a << bits) >> bits);                                    \
    }                                                                                                        \
    static inline unsigned_wide sgi_##narrow##_odd(narrow a) {                                               \
        return (unsigned_wide)((wide)a >> bits);                                                             \
    }                                                                                                        \
    static inline unsigned_wide sgi_##narrow##_pairs(narrow a) {                                             \
        return sgi_##narrow##_even(a) + sgi_##narrow##_odd(a);                                               \
    }
PAIRS(s8x16, s16x8, u16x8, 8)
PAIRS(s16x8, s32x4, u32x4, 16)
#undef PAIRS

static inline s16x8 sgi_q15mulr_sat(s16x8 a, s16x8 b) {
    s32x4 low = (sgi_s16x8_low(a) * sgi_s16x8_low(b) + 0x4000) >> 15;
    s32x4 high = (sgi_s16x8_high(a) * sgi_s16x8_high(b) + 0x4000) >> 15;
    return sgi_s16x8_narrow(low, high);
}
static inline s16x8 sgi_relaxed_dot(s8x16 a, s8x16 b) {
    return sgi_s16x8_add_sat((s16x8)(sgi_s8x16_even(a) * sgi_s8x16_even(b)),
                             (s16x8)(sgi_s8x16_odd(a) * sgi_s8x16_odd(b)));
}

/* ---- floating point ---- */

/* As sgi_f32_min and the others. */
#define EXTREMES(type)                                                                                       \
    static inline type sgi_##type##_min(type a, type b) {                                                    \
        type ordered = sgi_pick(type, a == b, (u64x2)a | (u64x2)b, sgi_pick(type, a < b, a, b));             \
        return sgi_pick(type, (a != a) | (b != b), a + b, ordered);                                          \
    }                                                                                                        \
    static inline type sgi_##type##_max(type a, type b) {                                                    \
        type ordered = sgi_pick(type, a == b, (u64x2)a & (u64x2)b, sgi_pick(type, a > b, a, b));             \
        return sgi_pick(type, (a != a) | (b != b), a + b, ordered);                                          \
    }
EXTREMES(f32x4)
EXTREMES(f64x2)
#undef EXTREMES

/* Rounded to a whole number, to even: a sum so large has no bits for fractions. Numbers that large have none
 * either. From there it is one step at most to the others. The sign stays the operand's. */
#define ROUNDING(type, bits, sign, large)                                                                    \
    static inline type sgi_##type##_nearest(type a) {                                                        \
        type magnitude = (type)((bits)a & ~(sign)), whole = (magnitude + (large)) - (large);                 \
        type small = (type)((bits)whole | ((bits)a & (sign)));                                               \
        return sgi_pick(type, magnitude < (large), small, sgi_pick(type, a == a, a, a + a));                 \
    }                                                                                                        \
    static inline type sgi_##type##_floor(type a) {                                                          \
        type whole = sgi_##type##_nearest(a);                                                                \
        whole -= sgi_pick(type, whole > a, (type){0} + 1, (type){0});                                        \
        return (type)((bits)whole | ((bits)a & (sign)));                                                     \
    }                                                                                                        \
    static inline type sgi_##type##_ceil(type a) {                                                           \
        return (type)((bits)sgi_##type##_floor((type)((bits)a ^ (sign))) ^ (sign));                          \
    }                                                                                                        \
    static inline type sgi_##type##_trunc(type a) {                                                          \
        type whole = sgi_##type##_floor((type)((bits)a & ~(sign)));                                          \
        return (type)((bits)whole | ((bits)a & (sign)));                                                     \
    }
ROUNDING(f32x4, u32x4, 0x80000000u, 0x1p23f)
ROUNDING(f64x2, u64x2, UINT64_C(0x8000000000000000), 0x1p52)
#undef ROUNDING

/* As sgi_i32_trunc_f32_s_sat and the other. */
#define TRUNCATION(to, low, high, minimum, maximum)                                                          \
    static inline to sgi_##to##_trunc_sat_f32x4(f32x4 a) {                                                   \
        s32x4 fits = (a low) & (a high);                                                                     \
        to result = sgi_convert((f32x4)((s32x4)a & fits), to);                                               \
        return sgi_pick(to, fits | (a != a), result,                                                         \
                        sgi_pick(to, a > 0, (to){0} + maximum, (to){0} + minimum));                          \
    }
TRUNCATION(s32x4, >= -0x1p31f, < 0x1p31f, INT32_MIN, INT32_MAX)
TRUNCATION(u32x4, > -1.0f, < 0x1p32f, 0, UINT32_MAX)
#undef TRUNCATION

#define LANEWISE(name, from, to, count, function)                                                            \
    static inline to name(from a) {                                                                          \
        to result = {0};                                                                                     \
        for (int i = 0; i < (count); i++)                                                                    \
            result[i] = function(a[i]);                                                                      \
        return result;                                                                                       \
    }
LANEWISE(sgi_f32x4_sqrt, f32x4, f32x4, 4, sqrtf)
LANEWISE(sgi_f64x2_sqrt, f64x2, f64x2, 2, sqrt)
LANEWISE(sgi_s32x4_trunc_sat_f64x2, f64x2, s32x4, 2, sgi_i32_trunc_f64_s_sat)
LANEWISE(sgi_u32x4_trunc_sat_f64x2, f64x2, u32x4, 2, sgi_i32_trunc_f64_u_sat)
#undef LANEWISE

static inline f32x4 sgi_f32x4_demote(f64x2 a) {
    return __builtin_shufflevector(sgi_convert(a, f32x2), (f32x2){0}, LANES_4);
}
#define sgi_low_half(a) __builtin_shufflevector(a, a, LANES_2)

#endif
