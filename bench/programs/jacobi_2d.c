/* Five-point stencil between two grids, in PolyBench's manner. */
#include "bench.h"

enum { N = 130 };
static double a[N][N], b[N][N];

static void step(double (*to)[N], double (*from)[N]) {
    for (int i = 1; i < N - 1; i++)
        for (int j = 1; j < N - 1; j++)
            to[i][j] = 0.2 * (from[i][j] + from[i][j - 1] + from[i][j + 1] + from[i + 1][j] + from[i - 1][j]);
}

uint64_t bench_run(uint32_t scale) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = b[i][j] = ((double)i * (j + 2) + 2) / N;
    for (uint32_t round = 0; round < scale; round++) {
        step(b, a);
        step(a, b);
    }
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum = mix_double(sum, a[i][j]);
    return sum;
}
