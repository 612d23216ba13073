/* Dense matrix product C = alpha A B + beta C, in PolyBench's manner and loop order. */
#include "bench.h"

enum { N = 128 };
static double a[N][N], b[N][N], c[N][N];

uint64_t bench_run(uint32_t scale) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (double)(i * j % 17 + 1) / N;
            b[i][j] = (double)(i * (j + 1) % 13) / N;
            c[i][j] = (double)(i * (j + 2) % 11) / N;
        }
    for (uint32_t round = 0; round < scale; round++)
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++)
                c[i][j] *= 0.5;
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++)
                    c[i][j] += 0.25 * a[i][k] * b[k][j];
        }
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum = mix_double(sum, c[i][j]);
    return sum;
}
