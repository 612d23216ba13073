/* Atomic accesses (threads proposal), all of them sequentially consistent; of unshared memories too. */

/* The cell at an address, whose offset begins at `offset_word`. */
#define ATOMIC_AT(type, address_word, offset_word)                                                           \
    MemoryInst *memory = MEMORY(WORD((offset_word) + 2));                                                    \
    uint64_t at, end;                                                                                        \
    if (SGI_UNLIKELY(!sgi_add(ADDRESS(address_word, WORD((offset_word) + 2)), WIDE(offset_word), &at) ||     \
                     !sgi_add(at, sizeof(type), &end) || end > sgi_memory_size(memory)))                     \
        TRAP(MEMORY_OUT_OF_BOUNDS);                                                                          \
    if (SGI_UNLIKELY(at % sizeof(type) != 0))                                                                \
        TRAP(UNALIGNED_ATOMIC);                                                                              \
    SGI_UNUSED type *cell = (type *)(void *)(memory->base + at)

#define ATOMIC_LOAD(id, type, slot)                                                                          \
    HANDLE(id) {                                                                                             \
        ATOMIC_AT(type, 2, 3);                                                                               \
        SET_##slot(1, __atomic_load_n(cell, __ATOMIC_SEQ_CST));                                              \
        NEXT(6);                                                                                             \
    }
#define ATOMIC_STORE(id, type, slot)                                                                         \
    HANDLE(id) {                                                                                             \
        ATOMIC_AT(type, 1, 3);                                                                               \
        __atomic_store_n(cell, (type)GET_##slot(2), __ATOMIC_SEQ_CST);                                       \
        NEXT(6);                                                                                             \
    }
#define ATOMIC_RMW(id, type, slot, exchange)                                                                 \
    HANDLE(id) {                                                                                             \
        ATOMIC_AT(type, 2, 4);                                                                               \
        SET_##slot(1, exchange(cell, (type)GET_##slot(3), __ATOMIC_SEQ_CST));                                \
        NEXT(7);                                                                                             \
    }
#define ATOMIC_CMPXCHG(id, type, slot)                                                                       \
    HANDLE(id) {                                                                                             \
        ATOMIC_AT(type, 2, 5);                                                                               \
        type found = (type)GET_##slot(3);                                                                    \
        __atomic_compare_exchange_n(cell, &found, (type)GET_##slot(4), false, __ATOMIC_SEQ_CST,              \
                                    __ATOMIC_SEQ_CST);                                                       \
        SET_##slot(1, found);                                                                                \
        NEXT(8);                                                                                             \
    }
#include "compile/interp/atomic.def"

HANDLE(MEMORY_ATOMIC_NOTIFY) {
    ATOMIC_AT(uint32_t, 2, 4);
    uint32_t woken;
    CALL_OUT(cx->lib->memory_notify(cx, memory, at, GET_u32(3), &woken));
    SET_u32(1, woken);
    NEXT(7);
}
#define ATOMIC_WAIT(id, type, slot)                                                                          \
    HANDLE(id) {                                                                                             \
        ATOMIC_AT(type, 2, 5);                                                                               \
        uint32_t outcome;                                                                                    \
        CALL_OUT(cx->lib->memory_wait(cx, memory, at, sizeof(type), GET_##slot(3), GET_s64(4), &outcome));   \
        SET_u32(1, outcome);                                                                                 \
        NEXT(8);                                                                                             \
    }
ATOMIC_WAIT(MEMORY_ATOMIC_WAIT32, uint32_t, u32)
ATOMIC_WAIT(MEMORY_ATOMIC_WAIT64, uint64_t, u64)

HANDLE(ATOMIC_FENCE) {
    atomic_thread_fence(memory_order_seq_cst);
    NEXT(1);
}
