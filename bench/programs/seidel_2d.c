/* Nine-point stencil in place, in PolyBench's manner: each value waits for the one before it. */
#include "bench.h"

enum { N = 100 };
static double a[N][N];

uint64_t bench_run(uint32_t scale) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = ((double)i * (j + 2) + 2) / N;
    for (uint32_t round = 0; round < scale; round++)
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                a[i][j] = (a[i - 1][j - 1] + a[i - 1][j] + a[i - 1][j + 1] + a[i][j - 1] + a[i][j] +
                           a[i][j + 1] + a[i + 1][j - 1] + a[i + 1][j] + a[i + 1][j + 1]) /
                          9.0;
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum = mix_double(sum, a[i][j]);
    return sum;
}
