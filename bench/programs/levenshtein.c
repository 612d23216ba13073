/* Edit distance of two texts by one row of dynamic programming. */
#include "bench.h"

enum { SIZE = 400 };
static char a[SIZE], b[SIZE];

static uint32_t distance(void) {
    uint32_t row[SIZE + 1];
    for (uint32_t k = 0; k <= SIZE; k++)
        row[k] = k;
    for (uint32_t i = 0; i < SIZE; i++) {
        uint32_t diagonal = row[0];
        row[0] = i + 1;
        for (uint32_t k = 0; k < SIZE; k++) {
            uint32_t replaced = diagonal + (a[i] != b[k]);
            uint32_t inserted = (row[k] < row[k + 1] ? row[k] : row[k + 1]) + 1;
            diagonal = row[k + 1];
            row[k + 1] = replaced < inserted ? replaced : inserted;
        }
    }
    return row[SIZE];
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        make_text(a, SIZE, round);
        make_text(b, SIZE, round / 2);
        sum = mix(sum, distance());
    }
    return sum;
}
