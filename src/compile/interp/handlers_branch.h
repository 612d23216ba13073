/* Branches on conditions (conditions.h). */

#define BR(id)                                                                                               \
    HANDLE(BR_##id) {                                                                                        \
        BRANCH_BR(Q_##id(ip, fp, 0, NULL), BEHIND_##id);                                                     \
    }
#define LOOP(id)                                                                                             \
    HANDLE(LOOP_##id) {                                                                                      \
        BRANCH_LOOP(Q_##id(ip, fp, 0, NULL), BEHIND_##id);                                                   \
    }
#define BRANCHES(id) BR(id) BR(id##_K) LOOP(id) LOOP(id##_K)
#define UNARY(id, from, to, expression)
#define UNARY_TRAP(id, from, to, function)
#define BINARY(id, type, expression)
#define COMMUTATIVE(id, type, expression)
#define BINARY_TRAP(id, type, function)
#define COMPARE(id, type, expression, inverse, mirror) BRANCHES(id) LOOP(ADD_##id) LOOP(ADD_##id##_K)
#define FLOAT_COMPARE(id, type, expression, mirror)    BRANCHES(id) BRANCHES(NOT_##id)
#include "module/numeric.def"
