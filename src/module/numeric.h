/* What numeric instructions compute (core specification, 4.3), once for every tier, for constant expressions
 * and for tests: functions where C's own operators are not enough; numeric.def has one expression an
 * instruction.
 *
 * NaNs: moves, neg, abs and copysign keep the bits; all else gives a quiet NaN. Which payload and sign an
 * arithmetic instruction gives is the processor's choice, as the specification allows. */
#ifndef SGI_NUMERIC_H
#define SGI_NUMERIC_H

#include "base/base.h"

#include <math.h>
#include <string.h>

static inline uint32_t sgi_f32_bits(float a) {
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}
static inline uint64_t sgi_f64_bits(double a) {
    uint64_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}
static inline float sgi_f32_of_bits(uint32_t bits) {
    float a;
    memcpy(&a, &bits, sizeof a);
    return a;
}
static inline double sgi_f64_of_bits(uint64_t bits) {
    double a;
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* ---- integers ---- */

static inline uint32_t sgi_i32_clz(uint32_t a) {
    return a == 0 ? 32 : (uint32_t)__builtin_clz(a);
}
static inline uint32_t sgi_i32_ctz(uint32_t a) {
    return a == 0 ? 32 : (uint32_t)__builtin_ctz(a);
}
static inline uint64_t sgi_i64_clz(uint64_t a) {
    return a == 0 ? 64 : (uint64_t)__builtin_clzll(a);
}
static inline uint64_t sgi_i64_ctz(uint64_t a) {
    return a == 0 ? 64 : (uint64_t)__builtin_ctzll(a);
}
static inline uint32_t sgi_i32_rotl(uint32_t a, uint32_t b) {
    return a << (b & 31) | a >> (-b & 31);
}
static inline uint32_t sgi_i32_rotr(uint32_t a, uint32_t b) {
    return a >> (b & 31) | a << (-b & 31);
}
static inline uint64_t sgi_i64_rotl(uint64_t a, uint64_t b) {
    return a << (b & 63) | a >> (-b & 63);
}
static inline uint64_t sgi_i64_rotr(uint64_t a, uint64_t b) {
    return a >> (b & 63) | a << (-b & 63);
}

/* A 128-bit integer as two i64 (wide arithmetic). */
typedef struct Int128 {
    uint64_t low, high;
} Int128;

static inline Int128 sgi_i64_add128(Int128 a, Int128 b) {
    Int128 sum = {a.low + b.low, a.high + b.high};
    sum.high += sum.low < a.low;
    return sum;
}
static inline Int128 sgi_i64_sub128(Int128 a, Int128 b) {
    return (Int128){a.low - b.low, a.high - b.high - (a.low < b.low)};
}
static inline Int128 sgi_i64_mul_wide_u(uint64_t a, uint64_t b) {
    Int128 product;
    product.high = sgi_mul_wide(a, b, &product.low);
    return product;
}
/* A negative operand is its unsigned value less 2^64. */
static inline Int128 sgi_i64_mul_wide_s(uint64_t a, uint64_t b) {
    Int128 product = sgi_i64_mul_wide_u(a, b);
    product.high -= (a >> 63 ? b : 0) + (b >> 63 ? a : 0);
    return product;
}

/* Division and remainder: the result, or the trap. */
#define DIVISION(type, unsigned_type, signed_type, minimum)                                                  \
    static inline sg_trap sgi_##type##_div_s(signed_type a, signed_type b, signed_type *result) {            \
        if (SGI_UNLIKELY(b == 0))                                                                            \
            return SG_TRAP_INTEGER_DIVIDE_BY_ZERO;                                                           \
        if (SGI_UNLIKELY(a == minimum && b == -1))                                                           \
            return SG_TRAP_INTEGER_OVERFLOW;                                                                 \
        *result = a / b;                                                                                     \
        return SG_TRAP_NONE;                                                                                 \
    }                                                                                                        \
    static inline sg_trap sgi_##type##_div_u(unsigned_type a, unsigned_type b, unsigned_type *result) {      \
        if (SGI_UNLIKELY(b == 0))                                                                            \
            return SG_TRAP_INTEGER_DIVIDE_BY_ZERO;                                                           \
        *result = a / b;                                                                                     \
        return SG_TRAP_NONE;                                                                                 \
    }                                                                                                        \
    static inline sg_trap sgi_##type##_rem_s(signed_type a, signed_type b, signed_type *result) {            \
        if (SGI_UNLIKELY(b == 0))                                                                            \
            return SG_TRAP_INTEGER_DIVIDE_BY_ZERO;                                                           \
        *result = b == -1 ? 0 : a % b; /* minimum % -1 overflows in C, and is 0 */                           \
        return SG_TRAP_NONE;                                                                                 \
    }                                                                                                        \
    static inline sg_trap sgi_##type##_rem_u(unsigned_type a, unsigned_type b, unsigned_type *result) {      \
        if (SGI_UNLIKELY(b == 0))                                                                            \
            return SG_TRAP_INTEGER_DIVIDE_BY_ZERO;                                                           \
        *result = a % b;                                                                                     \
        return SG_TRAP_NONE;                                                                                 \
    }
DIVISION(i32, uint32_t, int32_t, INT32_MIN)
DIVISION(i64, uint64_t, int64_t, INT64_MIN)
#undef DIVISION

/* ---- floating point ---- */

static inline float sgi_f32_copysign(float a, float b) {
    return sgi_f32_of_bits((sgi_f32_bits(a) & 0x7fffffffu) | (sgi_f32_bits(b) & 0x80000000u));
}
static inline double sgi_f64_copysign(double a, double b) {
    return sgi_f64_of_bits((sgi_f64_bits(a) & INT64_MAX) | (sgi_f64_bits(b) & ~(uint64_t)INT64_MAX));
}

/* A NaN operand gives a quiet NaN; -0 is less than +0, which only their signs tell. */
static inline float sgi_f32_min(float a, float b) {
    if (SGI_UNLIKELY(a != a || b != b))
        return a + b;
    return a == b ? sgi_f32_of_bits(sgi_f32_bits(a) | sgi_f32_bits(b)) : a < b ? a : b;
}
static inline float sgi_f32_max(float a, float b) {
    if (SGI_UNLIKELY(a != a || b != b))
        return a + b;
    return a == b ? sgi_f32_of_bits(sgi_f32_bits(a) & sgi_f32_bits(b)) : a > b ? a : b;
}
static inline double sgi_f64_min(double a, double b) {
    if (SGI_UNLIKELY(a != a || b != b))
        return a + b;
    return a == b ? sgi_f64_of_bits(sgi_f64_bits(a) | sgi_f64_bits(b)) : a < b ? a : b;
}
static inline double sgi_f64_max(double a, double b) {
    if (SGI_UNLIKELY(a != a || b != b))
        return a + b;
    return a == b ? sgi_f64_of_bits(sgi_f64_bits(a) & sgi_f64_bits(b)) : a > b ? a : b;
}

/* The rounding of the C library, with a NaN made quiet: not every library does. */
#define ROUNDING(name, function32, function64)                                                               \
    static inline float sgi_f32_##name(float a) {                                                            \
        return SGI_UNLIKELY(a != a) ? a + a : function32(a);                                                 \
    }                                                                                                        \
    static inline double sgi_f64_##name(double a) {                                                          \
        return SGI_UNLIKELY(a != a) ? a + a : function64(a);                                                 \
    }
ROUNDING(ceil, ceilf, ceil)
ROUNDING(floor, floorf, floor)
ROUNDING(trunc, truncf, trunc)
ROUNDING(nearest, nearbyintf, nearbyint) /* to even: nobody changes the rounding mode */
#undef ROUNDING

/* Truncations: checked (the result, or the trap) and saturating. The truncated value fits exactly when `low`
 * and `high`, which are exact in the operand's type, hold. */
#define TRUNCATION(name, from, to, low, high, minimum, maximum)                                              \
    static inline sg_trap sgi_##name(from a, to *result) {                                                   \
        if (SGI_UNLIKELY(a != a))                                                                            \
            return SG_TRAP_INVALID_CONVERSION_TO_INTEGER;                                                    \
        if (SGI_UNLIKELY(!(a low) || !(a high)))                                                             \
            return SG_TRAP_INTEGER_OVERFLOW;                                                                 \
        *result = (to)a;                                                                                     \
        return SG_TRAP_NONE;                                                                                 \
    }                                                                                                        \
    static inline to sgi_##name##_sat(from a) {                                                              \
        if (SGI_UNLIKELY(a != a))                                                                            \
            return 0;                                                                                        \
        return !(a low) ? minimum : !(a high) ? maximum : (to)a;                                             \
    }
TRUNCATION(i32_trunc_f32_s, float, int32_t, >= -0x1p31f, < 0x1p31f, INT32_MIN, INT32_MAX)
TRUNCATION(i32_trunc_f32_u, float, uint32_t, > -1.0f, < 0x1p32f, 0, UINT32_MAX)
TRUNCATION(i32_trunc_f64_s, double, int32_t, > -2147483649.0, < 0x1p31, INT32_MIN, INT32_MAX)
TRUNCATION(i32_trunc_f64_u, double, uint32_t, > -1.0, < 0x1p32, 0, UINT32_MAX)
TRUNCATION(i64_trunc_f32_s, float, int64_t, >= -0x1p63f, < 0x1p63f, INT64_MIN, INT64_MAX)
TRUNCATION(i64_trunc_f32_u, float, uint64_t, > -1.0f, < 0x1p64f, 0, UINT64_MAX)
TRUNCATION(i64_trunc_f64_s, double, int64_t, >= -0x1p63, < 0x1p63, INT64_MIN, INT64_MAX)
TRUNCATION(i64_trunc_f64_u, double, uint64_t, > -1.0, < 0x1p64, 0, UINT64_MAX)
#undef TRUNCATION

#endif
