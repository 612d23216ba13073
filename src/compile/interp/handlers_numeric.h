/* Numeric instructions, all steps: what numeric.def says of each. */

#define OPERANDS(type)   C_##type a = GET_##type(2), b = GET_##type(3)
#define OPERANDS_K(type) C_##type a = GET_##type(2), b = K_##type(3)
#define UNARY(id, from, to, expression)                                                                      \
    HANDLE(id) {                                                                                             \
        C_##from a = GET_##from(2);                                                                          \
        SET_##to(1, expression);                                                                             \
        NEXT(3);                                                                                             \
    }
#define UNARY_TRAP(id, from, to, function)                                                                   \
    HANDLE(id) {                                                                                             \
        C_##to result;                                                                                       \
        sg_trap trap = function(GET_##from(2), &result);                                                     \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            RAISE(trap);                                                                                     \
        SET_##to(1, result);                                                                                 \
        NEXT(3);                                                                                             \
    }
#define COMMUTATIVE(id, type, expression)                                                                    \
    HANDLE(id) {                                                                                             \
        OPERANDS(type);                                                                                      \
        SET_##type(1, expression);                                                                           \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_K) {                                                                                         \
        OPERANDS_K(type);                                                                                    \
        SET_##type(1, expression);                                                                           \
        NEXT(3 + W_##type);                                                                                  \
    }
#define BINARY(id, type, expression)                                                                         \
    COMMUTATIVE(id, type, expression)                                                                        \
    HANDLE(id##_KR) {                                                                                        \
        C_##type a = K_##type(3), b = GET_##type(2);                                                         \
        SET_##type(1, expression);                                                                           \
        NEXT(3 + W_##type);                                                                                  \
    }
#define BINARY_TRAP(id, type, function)                                                                      \
    HANDLE(id) {                                                                                             \
        C_##type result;                                                                                     \
        sg_trap trap = function(GET_##type(2), GET_##type(3), &result);                                      \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            RAISE(trap);                                                                                     \
        SET_##type(1, result);                                                                               \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_K) {                                                                                         \
        C_##type result;                                                                                     \
        sg_trap trap = function(GET_##type(2), K_##type(3), &result);                                        \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            RAISE(trap);                                                                                     \
        SET_##type(1, result);                                                                               \
        NEXT(4);                                                                                             \
    }
#define COMPARE(id, type, expression, inverse, mirror)                                                       \
    HANDLE(id) {                                                                                             \
        OPERANDS(type);                                                                                      \
        SET_u32(1, expression);                                                                              \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_K) {                                                                                         \
        OPERANDS_K(type);                                                                                    \
        SET_u32(1, expression);                                                                              \
        NEXT(3 + W_##type);                                                                                  \
    }
#define FLOAT_COMPARE(id, type, expression, mirror) COMPARE(id, type, expression, , )
#include "module/numeric.def"

#define WIDE_HANDLER(id, expression, size)                                                                   \
    HANDLE(id) {                                                                                             \
        Int128 result = expression;                                                                          \
        Slot *to = fp + WORD(1);                                                                             \
        to[0].u64 = result.low;                                                                              \
        to[1].u64 = result.high;                                                                             \
        NEXT(size);                                                                                          \
    }
#define GET_128(i) ((Int128){GET_u64(i), GET_u64((i) + 1)})
WIDE_HANDLER(I64_ADD128, sgi_i64_add128(GET_128(2), GET_128(4)), 6)
WIDE_HANDLER(I64_SUB128, sgi_i64_sub128(GET_128(2), GET_128(4)), 6)
WIDE_HANDLER(I64_MUL_WIDE_S, sgi_i64_mul_wide_s(GET_u64(2), GET_u64(3)), 4)
WIDE_HANDLER(I64_MUL_WIDE_U, sgi_i64_mul_wide_u(GET_u64(2), GET_u64(3)), 4)
