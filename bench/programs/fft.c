/* Fast Fourier transform of 4,096 complex numbers, radix 2, there and back. */
#include "bench.h"

typedef struct Complex {
    double re, im;
} Complex;

enum { BITS = 12, N = 1 << BITS };
static Complex data[N], roots[N / 2];

/* The roots of unity by halving angles: no sine needed. */
static void make_roots(void) {
    roots[0] = (Complex){1, 0};
    Complex root = {-1, 0};
    for (int span = N / 4; span >= 1; span /= 2) {
        double re = __builtin_sqrt((1 + root.re) / 2), im = __builtin_sqrt((1 - root.re) / 2);
        root = (Complex){re, -im};
        for (int i = span; i < N / 2; i += 2 * span) {
            Complex z = roots[i - span];
            roots[i] = (Complex){z.re * root.re - z.im * root.im, z.re * root.im + z.im * root.re};
        }
    }
}

static void transform(void) {
    for (uint32_t i = 0, k = 0; i < N; i++) {
        if (i < k) {
            Complex other = data[i];
            data[i] = data[k];
            data[k] = other;
        }
        uint32_t bit = N / 2;
        for (; k & bit; bit /= 2)
            k ^= bit;
        k |= bit;
    }
    for (int half = 1; half < N; half *= 2)
        for (int at = 0; at < N; at += 2 * half)
            for (int i = 0; i < half; i++) {
                Complex w = roots[i * (N / 2 / half)], a = data[at + i], b = data[at + half + i];
                Complex t = {b.re * w.re - b.im * w.im, b.re * w.im + b.im * w.re};
                data[at + i] = (Complex){a.re + t.re, a.im + t.im};
                data[at + half + i] = (Complex){a.re - t.re, a.im - t.im};
            }
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    make_roots();
    for (int i = 0; i < N; i++)
        data[i] = (Complex){i % 7 - 3, 0};
    for (uint32_t round = 0; round < scale; round++) {
        transform();
        sum = mix_double(sum, data[round % N].re);
        for (int i = 0; i < N; i++)
            data[i] = (Complex){data[i].re / N, -data[i].im / N};
        transform();
        for (int i = 0; i < N; i++)
            data[i].im = -data[i].im;
    }
    return mix_double(sum, data[1].re);
}
