/* Accesses of bytes that other threads may be accessing too: each is made of relaxed atomic ones, so that it
 * is a race of the guest's and none of C's. Aligned values of up to 8 bytes are read and written in one
 * piece. */
#ifndef SGI_RELAXED_H
#define SGI_RELAXED_H

#include "base/compiler.h"

#include <string.h>

#define SGI_RELAXED_PIECE(type)                                                                              \
    do {                                                                                                     \
        type piece = __atomic_load_n((const type *)(const void *)from, __ATOMIC_RELAXED);                    \
        memcpy(to, &piece, sizeof piece);                                                                    \
    } while (0)
/* `size` bytes, where they are aligned if that is 2, 4 or 8. */
static inline void sgi_relaxed_load_piece(uint8_t *to, const uint8_t *from, size_t size) {
    switch (size) {
    case 1: SGI_RELAXED_PIECE(uint8_t); break;
    case 2: SGI_RELAXED_PIECE(uint16_t); break;
    case 4: SGI_RELAXED_PIECE(uint32_t); break;
    default: SGI_RELAXED_PIECE(uint64_t); break;
    }
}
#undef SGI_RELAXED_PIECE

#define SGI_RELAXED_PIECE(type)                                                                              \
    do {                                                                                                     \
        type piece;                                                                                          \
        memcpy(&piece, from, sizeof piece);                                                                  \
        __atomic_store_n((type *)(void *)to, piece, __ATOMIC_RELAXED);                                       \
    } while (0)
static inline void sgi_relaxed_store_piece(uint8_t *to, const uint8_t *from, size_t size) {
    switch (size) {
    case 1: SGI_RELAXED_PIECE(uint8_t); break;
    case 2: SGI_RELAXED_PIECE(uint16_t); break;
    case 4: SGI_RELAXED_PIECE(uint32_t); break;
    default: SGI_RELAXED_PIECE(uint64_t); break;
    }
}
#undef SGI_RELAXED_PIECE

/* The size of the pieces that a value of `size` bytes at `at` goes in. */
static inline size_t sgi_relaxed_piece(const uint8_t *at, size_t size) {
    size_t piece = size < 8 ? size : 8;
    return (uintptr_t)at % piece == 0 ? piece : 1;
}

/* From and to shared bytes, of the sizes 1, 2, 4, 8 and 16. */
static inline void sgi_relaxed_load(void *to, const uint8_t *from, size_t size) {
    size_t piece = sgi_relaxed_piece(from, size);
    for (size_t at = 0; at < size; at += piece)
        sgi_relaxed_load_piece((uint8_t *)to + at, from + at, piece);
}
static inline void sgi_relaxed_store(uint8_t *to, const void *from, size_t size) {
    size_t piece = sgi_relaxed_piece(to, size);
    for (size_t at = 0; at < size; at += piece)
        sgi_relaxed_store_piece(to + at, (const uint8_t *)from + at, piece);
}

/* memmove and memset where both sides may be shared. */
void sgi_relaxed_move(uint8_t *to, const uint8_t *from, size_t size);
void sgi_relaxed_fill(uint8_t *to, uint8_t value, size_t size);

#endif
