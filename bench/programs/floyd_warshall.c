/* All shortest paths of a graph of 100 nodes, in PolyBench's manner, on integers. */
#include "bench.h"

enum { N = 100 };
static int32_t path[N][N];

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                path[i][j] = (i * j + (int)round) % 13 == 0 || (i + j) % 7 == 0 ? i * j % 7 + 1 : 999;
        for (int k = 0; k < N; k++)
            for (int i = 0; i < N; i++)
                for (int j = 0; j < N; j++) {
                    int32_t through = path[i][k] + path[k][j];
                    path[i][j] = path[i][j] < through ? path[i][j] : through;
                }
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                sum = mix(sum, (uint64_t)path[i][j]);
    }
    return sum;
}
