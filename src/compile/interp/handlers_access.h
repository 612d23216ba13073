/* Loads and stores, all steps. */

/* Check that sizeof(type) bytes are there, from `at` on. (The compiler would rather add up the address twice
 * than add the size to it.) */
#define CHECK(type)                                                                                          \
    SGI_OPAQUE(at);                                                                                          \
    if (SGI_UNLIKELY(at + sizeof(type) > size))                                                              \
    TRAP(MEMORY_OUT_OF_BOUNDS)
#define AT_PLAIN(address_word)    uint64_t at = (uint64_t)GET_u32(address_word) + WORD(3)
#define AT_PLUS(address_word)     uint64_t at = (uint64_t)(GET_u32(address_word) + WORD(4)) + WORD(3)
#define AT_ABSOLUTE(address_word) uint64_t at = WORD(address_word)
#define CHECK_ANY(type, address_word)                                                                        \
    const MemoryInst *memory = MEMORY(WORD(5));                                                              \
    uint64_t at, end;                                                                                        \
    if (SGI_UNLIKELY(!sgi_add(ADDRESS(address_word, WORD(5)), WIDE(3), &at) ||                               \
                     !sgi_add(at, sizeof(type), &end) || end > sgi_memory_size(memory)))                     \
    TRAP(MEMORY_OUT_OF_BOUNDS)
#define READ(type, slot, from)                                                                               \
    type value;                                                                                              \
    memcpy(&value, (from) + at, sizeof value);                                                               \
    SET_##slot(1, value)
#define READ_ANY(type, slot)                                                                                 \
    type value;                                                                                              \
    sgi_memory_load(memory->shared, &value, memory->base + at, sizeof value);                                \
    SET_##slot(1, value)
#define WRITE_ANY(type, what)                                                                                \
    type value = (type)(what);                                                                               \
    sgi_memory_store(memory->shared, memory->base + at, &value, sizeof value)
#define WRITE(type, to, what)                                                                                \
    type value = (type)(what);                                                                               \
    memcpy((to) + at, &value, sizeof value)
#define INSTR(id)
#define LOAD(id, type, slot)                                                                                 \
    HANDLE(id) {                                                                                             \
        AT_PLAIN(2);                                                                                         \
        CHECK(type);                                                                                         \
        READ(type, slot, base);                                                                              \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_ABSOLUTE) {                                                                                  \
        AT_ABSOLUTE(2);                                                                                      \
        CHECK(type);                                                                                         \
        READ(type, slot, base);                                                                              \
        NEXT(3);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_PLUS) {                                                                                      \
        AT_PLUS(2);                                                                                          \
        CHECK(type);                                                                                         \
        READ(type, slot, base);                                                                              \
        NEXT(5);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_ANY) {                                                                                       \
        CHECK_ANY(type, 2);                                                                                  \
        READ_ANY(type, slot);                                                                                \
        NEXT(6);                                                                                             \
    }
#define STORE(id, type, slot)                                                                                \
    HANDLE(id) {                                                                                             \
        AT_PLAIN(1);                                                                                         \
        CHECK(type);                                                                                         \
        WRITE(type, base, GET_##slot(2));                                                                    \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_ABSOLUTE) {                                                                                  \
        AT_ABSOLUTE(1);                                                                                      \
        CHECK(type);                                                                                         \
        WRITE(type, base, GET_##slot(2));                                                                    \
        NEXT(3);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_PLUS) {                                                                                      \
        AT_PLUS(1);                                                                                          \
        CHECK(type);                                                                                         \
        WRITE(type, base, GET_##slot(2));                                                                    \
        NEXT(5);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_CONSTANT) {                                                                                  \
        AT_PLAIN(1);                                                                                         \
        CHECK(type);                                                                                         \
        WRITE(type, base, K_##slot(2));                                                                      \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_ANY) {                                                                                       \
        CHECK_ANY(type, 1);                                                                                  \
        WRITE_ANY(type, GET_##slot(2));                                                                      \
        NEXT(6);                                                                                             \
    }
#include "compile/interp/bytecode.def"
#undef INSTR
#undef LOAD
#undef STORE
