/* Inside run only. */
#ifndef SGI_RUN_PRIVATE_H
#define SGI_RUN_PRIVATE_H

#include "run/run.h"

#define WASM_PAGE UINT64_C(65536)

/* What long operations do between two looks at the interrupt flag. */
#define PIECE          LIMIT_OF(PIECE_BYTES)
#define PIECE_ELEMENTS (PIECE / sizeof(void *))

extern const LibCalls sgi_libcalls;

/* A call begins (`flag` is the store's) or has ended (NULL). */
void sgi_canceller_open(Canceller *canceller, atomic_uint *flag);

/* The library calls, each in the file of what it works on. */
#define LIBCALL(name, parameters) sg_trap sgi_lib_##name parameters;
#include "module/libcalls.def"
#undef LIBCALL

/* The next piece of `left` bytes. */
static inline size_t min_piece(uint64_t left) {
    return left < PIECE ? (size_t)left : PIECE;
}

typedef struct ConstStack {
    Slot *items;
    size_t count, capacity;
} ConstStack;

/* The value of a constant expression, as many slots as its type has; `stack` is scratch on the store's
 * account. */
sg_status sgi_const_eval(Instance *instance, ConstStack *stack, ConstExpr expr, Slot *value, sg_error *err);

#endif
