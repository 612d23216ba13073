/* Digits of pi with integers of any size (Machin's formula): 64-bit multiplication and division, carries. */
#include "bench.h"

enum { WORDS = 300 }; /* of 32 bits: one before the point, the rest behind it */
static uint32_t total[WORDS], term[WORDS], part[WORDS];

static uint32_t divide(uint32_t *to, const uint32_t *from, uint32_t by) {
    uint64_t rest = 0;
    uint32_t any = 0;
    for (int i = 0; i < WORDS; i++) {
        rest = rest << 32 | from[i];
        any |= to[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    return any;
}

static void add(bool negative) {
    uint64_t carry = negative;
    for (int i = WORDS - 1; i >= 0; i--) {
        carry += (uint64_t)total[i] + (negative ? ~part[i] : part[i]);
        total[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* total += or -= factor * arctan(1 / by) */
static void add_arctan(uint32_t factor, uint32_t by, bool negative) {
    __builtin_memset(term, 0, sizeof term);
    term[0] = factor;
    divide(term, term, by);
    for (uint32_t k = 1; divide(part, term, k); k += 2) {
        add(negative != (k % 4 == 3));
        divide(term, term, by * by);
    }
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        __builtin_memset(total, 0, sizeof total);
        add_arctan(16, 5, false);
        add_arctan(4, 239, true);
        for (int digit = 0; digit < 1000; digit++) {
            sum = mix(sum, total[0]);
            total[0] = 0;
            uint64_t carry = 0;
            for (int i = WORDS - 1; i >= 0; i--) {
                carry += (uint64_t)total[i] * 10;
                total[i] = (uint32_t)carry;
                carry >>= 32;
            }
        }
    }
    return sum;
}
