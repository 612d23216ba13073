/* The sieve of Eratosthenes over a megabyte: byte stores, strided loops. */
#include "bench.h"

static uint8_t composite[1 << 20];

uint64_t bench_run(uint32_t scale) {
    uint64_t count = 0;
    for (uint32_t round = 0; round < scale; round++) {
        __builtin_memset(composite, 0, sizeof composite);
        for (uint32_t i = 2; i < sizeof composite; i++) {
            if (composite[i])
                continue;
            count++;
            for (uint32_t k = i * 2; k < sizeof composite; k += i)
                composite[k] = 1;
        }
    }
    return count;
}
