/* Ways to place queens on a board, by bits: recursion, integer logic. */
#include "bench.h"

static uint64_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
    uint64_t count = 0;
    if (columns == all)
        return 1;
    for (uint32_t free = all & ~(columns | left | right); free;) {
        uint32_t bit = free & (0 - free);
        free ^= bit;
        count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++)
        sum = mix(sum, place((1u << 9) - 1, 0, round & 7, 0));
    return sum;
}
