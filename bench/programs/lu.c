/* LU decomposition without pivoting, in PolyBench's manner. */
#include "bench.h"

enum { N = 96 };
static double a[N][N];

static void make(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = i == j ? N : (double)((i * 7 + j * 3) % 11) / 11 - 0.4;
}

static void decompose(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++)
                a[i][j] -= a[i][k] * a[k][j];
            a[i][j] /= a[j][j];
        }
        for (int j = i; j < N; j++)
            for (int k = 0; k < i; k++)
                a[i][j] -= a[i][k] * a[k][j];
    }
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        make();
        a[0][0] += round;
        decompose();
        for (int i = 0; i < N; i++)
            sum = mix_double(sum, a[i][N - 1 - i]);
    }
    return sum;
}
