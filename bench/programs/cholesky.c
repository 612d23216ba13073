/* Cholesky decomposition, in PolyBench's manner: square roots, divisions, triangular loops. */
#include "bench.h"

enum { N = 100 };
static double a[N][N];

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j <= i; j++)
                a[i][j] = i == j ? N + round : 1.0 / (1 + i + j);
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < i; j++) {
                for (int k = 0; k < j; k++)
                    a[i][j] -= a[i][k] * a[j][k];
                a[i][j] /= a[j][j];
            }
            for (int k = 0; k < i; k++)
                a[i][i] -= a[i][k] * a[i][k];
            a[i][i] = __builtin_sqrt(a[i][i]);
        }
        for (int i = 0; i < N; i++)
            sum = mix_double(sum, a[i][i]);
    }
    return sum;
}
