/* Ranges of shared bytes: words in the middle, where both sides are aligned alike, and single bytes around
 * them. */
#include "base/relaxed.h"

enum { WORD = sizeof(uint64_t) };

static void move_unit(uint8_t *to, const uint8_t *from, size_t unit) {
    uint8_t held[WORD];
    sgi_relaxed_load_piece(held, from, unit);
    sgi_relaxed_store_piece(to, held, unit);
}

/* From the side that is not overwritten before it is read. */
void sgi_relaxed_move(uint8_t *to, const uint8_t *from, size_t size) {
    bool are_alike = ((uintptr_t)to - (uintptr_t)from) % WORD == 0;
    if ((uintptr_t)to <= (uintptr_t)from) {
        for (size_t at = 0; at < size;) {
            size_t unit = are_alike && (uintptr_t)(to + at) % WORD == 0 && size - at >= WORD ? WORD : 1;
            move_unit(to + at, from + at, unit);
            at += unit;
        }
        return;
    }
    for (size_t left = size; left > 0;) {
        size_t unit = are_alike && (uintptr_t)(to + left) % WORD == 0 && left >= WORD ? WORD : 1;
        left -= unit;
        move_unit(to + left, from + left, unit);
    }
}

void sgi_relaxed_fill(uint8_t *to, uint8_t value, size_t size) {
    uint8_t word[WORD];
    memset(word, value, sizeof word);
    for (size_t at = 0; at < size;) {
        size_t unit = (uintptr_t)(to + at) % WORD == 0 && size - at >= WORD ? WORD : 1;
        sgi_relaxed_store_piece(to + at, word, unit);
        at += unit;
    }
}
