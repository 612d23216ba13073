/* Branches on comparisons: what numeric.def says of each. */

#define UNARY(id, from, to, expression)
#define UNARY_TRAP(id, from, to, function)
#define BINARY(id, type, expression)
#define COMMUTATIVE(id, type, expression)
#define BINARY_TRAP(id, type, function)
/* They have no result: their operands begin one word earlier. */
#define BRANCHES(br, loop, type, expression)                                                                 \
    HANDLE(br) {                                                                                             \
        C_##type a = GET_##type(1), b = GET_##type(2);                                                       \
        BRANCH_FORWARD(expression, 3);                                                                       \
    }                                                                                                        \
    HANDLE(br##_K) {                                                                                         \
        C_##type a = GET_##type(1), b = K_##type(2);                                                         \
        BRANCH_FORWARD(expression, 2 + W_##type);                                                            \
    }                                                                                                        \
    HANDLE(loop) {                                                                                           \
        C_##type a = GET_##type(1), b = GET_##type(2);                                                       \
        BRANCH_LOOP(expression, 3);                                                                          \
    }                                                                                                        \
    HANDLE(loop##_K) {                                                                                       \
        C_##type a = GET_##type(1), b = K_##type(2);                                                         \
        BRANCH_LOOP(expression, 2 + W_##type);                                                               \
    }
#define COMPARE(id, type, expression, inverse, mirror)                                                       \
    BRANCHES(BR_##id, LOOP_##id, type, expression)                                                           \
    HANDLE(LOOP_ADD_##id) {                                                                                  \
        C_u64 sum = GET_u64(2) + K_u64(1);                                                                   \
        SET_##type(2, sum);                                                                                  \
        C_##type a = (C_##type)sum, b = GET_##type(3);                                                       \
        BRANCH_LOOP(expression, 4);                                                                          \
    }                                                                                                        \
    HANDLE(LOOP_ADD_##id##_K) {                                                                              \
        C_u64 sum = GET_u64(2) + K_u64(1);                                                                   \
        SET_##type(2, sum);                                                                                  \
        C_##type a = (C_##type)sum, b = K_##type(3);                                                         \
        BRANCH_LOOP(expression, 4);                                                                          \
    }
#define FLOAT_COMPARE(id, type, expression, mirror)                                                          \
    BRANCHES(BR_##id, LOOP_##id, type, expression)                                                           \
    BRANCHES(BR_NOT_##id, LOOP_NOT_##id, type, !(expression))
#include "module/numeric.def"
#undef UNARY
#undef UNARY_TRAP
#undef COMMUTATIVE
#undef BINARY
#undef BINARY_TRAP
#undef COMPARE
#undef FLOAT_COMPARE
