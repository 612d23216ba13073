/* Inside run only. */
#ifndef SGI_RUN_PRIVATE_H
#define SGI_RUN_PRIVATE_H

#include "run/run.h"

#define WASM_PAGE UINT64_C(65536)

/* What long operations do between two looks at the interrupt flag. */
#define PIECE          LIMIT_OF(PIECE_BYTES)
#define PIECE_ELEMENTS (PIECE / sizeof(void *))

extern const LibCalls sgi_libcalls;

/* ---- helpers ---- */

/* NULL: no memory. */
Helpers *sgi_helpers_new(void);
void sgi_helpers_release(Helpers *helpers);

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

typedef struct ConstValue {
    Slot slot;
    bool is_ref; /* may be an object */
} ConstValue;

typedef struct ConstStack {
    ConstValue *items;
    size_t count, capacity;
} ConstStack;

/* The value of a constant expression, as many slots as its type has; `stack` is scratch on the store's
 * account. */
sg_status sgi_const_eval(Instance *instance, ConstStack *stack, ConstExpr expr, Slot *value, sg_error *err);

/* Addresses on the engine's account; NULL also when it has `most` already. */
#define RESERVED_MAX (UINT64_C(1) << 44) /* an eighth of what a process has */
uint8_t *sgi_addresses_reserve(Engine *engine, uint64_t size, uint64_t most);
void sgi_addresses_release(Engine *engine, uint8_t *base, uint64_t size);

/* memmove in pieces; a trap: the interrupt. */
sg_trap sgi_move_bytes(ExecContext *cx, void *to, const void *from, uint64_t count);

/* ---- heap ---- */

/* An object of `size` bytes whose contents are not set: to be filled before anything else is allocated. A
 * trap: MEMORY_LIMIT, or the interrupt. */
sg_trap sgi_heap_alloc(ExecContext *cx, const Rtt *rtt, uint64_t size, Object **object);
void sgi_heap_delete(Heap *heap);
/* Can a value of this canonical type be an object? */
bool sgi_type_is_traced(TypeRegistry *types, ValType type);

#endif
