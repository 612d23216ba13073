/* A 64-bit hash in the manner of xxHash: multiplications and rotations of 64 bits, eight bytes at a time. */
#include "bench.h"

enum { SIZE = 1 << 16 };
static const uint64_t primes[] = {0x9e3779b185ebca87u, 0xc2b2ae3d27d4eb4fu, 0x165667b19e3779f9u,
                                  0x85ebca77c2b2ae63u, 0x27d4eb2f165667c5u};
static uint8_t data[SIZE];

static uint64_t rotate(uint64_t value, unsigned by) {
    return value << by | value >> (64 - by);
}

static uint64_t lane(uint64_t accumulator, uint64_t input) {
    return rotate(accumulator + input * primes[1], 31) * primes[0];
}

static uint64_t hash(uint64_t seed) {
    uint64_t lanes[4] = {seed + primes[0] + primes[1], seed + primes[1], seed, seed - primes[0]};
    for (int at = 0; at < SIZE; at += 32)
        for (int i = 0; i < 4; i++) {
            uint64_t word;
            __builtin_memcpy(&word, data + at + i * 8, 8);
            lanes[i] = lane(lanes[i], word);
        }
    uint64_t h = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
    for (int i = 0; i < 4; i++)
        h = (h ^ lane(0, lanes[i])) * primes[0] + primes[3];
    h = (h + SIZE ^ (h + SIZE) >> 33) * primes[1];
    h = (h ^ h >> 29) * primes[2];
    return h ^ h >> 32;
}

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 1;
    uint64_t sum = 0;
    for (int i = 0; i < SIZE; i++)
        data[i] = (uint8_t)next_random(&seed);
    for (uint32_t round = 0; round < scale; round++)
        sum = hash(sum);
    return sum;
}
