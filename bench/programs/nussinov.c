/* Folding of an RNA sequence by dynamic programming, in PolyBench's manner: triangular loops, maxima. */
#include "bench.h"

enum { N = 160 };
static uint8_t sequence[N];
static int32_t table[N][N];

static int32_t most(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static int32_t fold(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            table[i][j] = 0;
    for (int i = N - 1; i >= 0; i--)
        for (int j = i + 1; j < N; j++) {
            int32_t best = most(table[i][j - 1], table[i + 1][j]);
            int32_t pairs = i < j - 1 && sequence[i] + sequence[j] == 3;
            best = most(best, table[i + 1][j - 1] + pairs);
            for (int k = i + 1; k < j; k++)
                best = most(best, table[i][k] + table[k + 1][j]);
            table[i][j] = best;
        }
    return table[0][N - 1];
}

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 7;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        for (int i = 0; i < N; i++)
            sequence[i] = next_random(&seed) & 3;
        sum = mix(sum, (uint64_t)fold());
    }
    return sum;
}
