/* Fibonacci's numbers by recursion: calls and returns, nothing else. */
#include "bench.h"

static uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t bench_run(uint32_t scale) {
    return fib(scale);
}
