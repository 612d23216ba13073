/* Fibonacci's numbers by recursion: calls and returns, nothing else. */
#include "bench.h"

static uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++)
        sum = mix(sum, fib(20 + round % 4));
    return sum;
}
