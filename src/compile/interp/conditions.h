/* Conditions of branches: what numeric.def says of comparisons. */

#define UNARY(id, from, to, expression)
#define UNARY_TRAP(id, from, to, function)
#define BINARY(id, type, expression)
#define COMMUTATIVE(id, type, expression)
#define BINARY_TRAP(id, type, function)
#define CONDITIONS(id, type, expression)                                                                     \
    enum { BEHIND_##id = 3, BEHIND_##id##_K = 2 + W_##type };                                                \
    CONDITION(id) {                                                                                          \
        C_##type a = GET_##type(1), b = GET_##type(2);                                                       \
        return expression;                                                                                   \
    }                                                                                                        \
    CONDITION(id##_K) {                                                                                      \
        C_##type a = GET_##type(1), b = K_##type(2);                                                         \
        return expression;                                                                                   \
    }
#define COMPARE(id, type, expression, inverse, mirror)                                                       \
    CONDITIONS(id, type, expression)                                                                         \
    enum { BEHIND_ADD_##id = 4, BEHIND_ADD_##id##_K = 4 };                                                   \
    CONDITION(ADD_##id) {                                                                                    \
        C_u64 sum = GET_u64(2) + K_u64(1);                                                                   \
        SET_##type(2, sum);                                                                                  \
        C_##type a = (C_##type)sum, b = GET_##type(3);                                                       \
        return expression;                                                                                   \
    }                                                                                                        \
    CONDITION(ADD_##id##_K) {                                                                                \
        C_u64 sum = GET_u64(2) + K_u64(1);                                                                   \
        SET_##type(2, sum);                                                                                  \
        C_##type a = (C_##type)sum, b = K_##type(3);                                                         \
        return expression;                                                                                   \
    }
#define FLOAT_COMPARE(id, type, expression, mirror)                                                          \
    CONDITIONS(id, type, expression)                                                                         \
    CONDITIONS(NOT_##id, type, !(expression))
#include "module/numeric.def"
#undef CONDITIONS
