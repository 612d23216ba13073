/* Iterations to escape over a grid: floating point in registers, a branch that depends on it. */
#include "bench.h"

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t py = 0; py < scale; py++)
        for (uint32_t px = 0; px < 400; px++) {
            double cx = 3.0 * px / 400 - 2, cy = 2.0 * py / scale - 1, x = 0, y = 0;
            uint32_t n = 0;
            while (n < 100 && x * x + y * y < 4) {
                double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                n++;
            }
            sum = mix(sum, n);
        }
    return sum;
}
