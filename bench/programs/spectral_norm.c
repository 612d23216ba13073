/* The spectral norm of an infinite matrix by the power method: divisions in the inner loop. */
#include "bench.h"

enum { N = 100 };
static double u[N], v[N], w[N];

static double element(int i, int j) {
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

static void multiply(double *to, const double *from, bool transposed) {
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++)
            sum += (transposed ? element(j, i) : element(i, j)) * from[j];
        to[i] = sum;
    }
}

uint64_t bench_run(uint32_t scale) {
    for (int i = 0; i < N; i++)
        u[i] = 1;
    for (uint32_t round = 0; round < scale; round++) {
        multiply(w, u, false);
        multiply(v, w, true);
        multiply(w, v, false);
        multiply(u, w, true);
        double most = 0;
        for (int i = 0; i < N; i++)
            most = u[i] > most ? u[i] : most;
        for (int i = 0; i < N; i++)
            u[i] /= most, v[i] /= most;
    }
    double uv = 0, vv = 0;
    for (int i = 0; i < N; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    return mix_double(0, __builtin_sqrt(uv / vv));
}
