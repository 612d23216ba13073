/* Loads and stores, all steps. */

/* Check that sizeof(type) bytes are there, from `at` on. (The compiler would rather add up the address twice
 * than add the size to it.) */
#define CHECK(type)                                                                                          \
    SGI_OPAQUE(at);                                                                                          \
    if (SGI_UNLIKELY(at + sizeof(type) > size))                                                              \
    TRAP(MEMORY_OUT_OF_BOUNDS)
#define AT_PLAIN(address_word) uint64_t at = (uint64_t)GET_u32(address_word) + WORD(3)
/* An address that is out of bounds itself might wrap. */
#define AT_WIDE(address_word)                                                                                \
    uint64_t at = GET_u64(address_word);                                                                     \
    if (SGI_UNLIKELY(at >= size))                                                                            \
        TRAP(MEMORY_OUT_OF_BOUNDS);                                                                          \
    at += WORD(3)
#define AT_PLUS(address_word)     uint64_t at = (uint64_t)(GET_u32(address_word) + WORD(4)) + WORD(3)
#define AT_ABSOLUTE(address_word) uint64_t at = WORD(address_word)
#define CHECK_ANY(type, address_word)                                                                        \
    const MemoryInst *memory = MEMORY(WORD(5));                                                              \
    uint64_t at, end;                                                                                        \
    if (SGI_UNLIKELY(!sgi_add(ADDRESS(address_word, WORD(5)), WIDE(3), &at) ||                               \
                     !sgi_add(at, sizeof(type), &end) || end > sgi_memory_size(memory)))                     \
    TRAP(MEMORY_OUT_OF_BOUNDS)

/* All forms of an access, each with `more` words behind its own, from END on. What is done sees the bytes
 * `there`, which other threads may see too if the memory `is_shared`. */
#define ACCESS_FORM(id, words, find, memory_base, shared, more, ...)                                         \
    HANDLE(id) {                                                                                             \
        enum { END = words };                                                                                \
        find;                                                                                                \
        uint8_t *there = (memory_base) + at;                                                                 \
        const bool is_shared = shared;                                                                       \
        __VA_ARGS__;                                                                                         \
        NEXT(END + more);                                                                                    \
    }
#define ACCESS(id, type, address, more, ...)                                                                 \
    ACCESS_FORM(id, 4, AT_PLAIN(address); CHECK(type), base, false, more, __VA_ARGS__)                       \
    ACCESS_FORM(id##_ABSOLUTE, 3, AT_ABSOLUTE(address); CHECK(type), base, false, more, __VA_ARGS__)         \
    ACCESS_FORM(id##_PLUS, 5, AT_PLUS(address); CHECK(type), base, false, more, __VA_ARGS__)                 \
    ACCESS_FORM(id##_ANY, 6, CHECK_ANY(type, address), memory->base, memory->shared != NULL, more,           \
                __VA_ARGS__)                                                                                 \
    ACCESS_FORM(id##_WIDE, 4, AT_WIDE(address); CHECK(type), base, false, more, __VA_ARGS__)
#define READ_VALUE(type)                                                                                     \
    type m;                                                                                                  \
    sgi_memory_load(is_shared, &m, there, sizeof m)
#define WRITE_VALUE(type, value)                                                                             \
    type m = (type)(value);                                                                                  \
    sgi_memory_store(is_shared, there, &m, sizeof m)

#define INSTR(id)
#define LOAD(id, type, slot) ACCESS(id, type, 2, 0, READ_VALUE(type); SET_##slot(1, m))
#define STORE(id, type, slot)                                                                                \
    ACCESS(id, type, 1, 0, WRITE_VALUE(type, GET_##slot(2)))                                                 \
    ACCESS_FORM(id##_CONSTANT, 4, AT_PLAIN(1); CHECK(type), base, false, 0, WRITE_VALUE(type, K_##slot(2)))
#include "compile/interp/bytecode.def"
