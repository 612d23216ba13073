/* Base64 there and back: tables of bytes, shifts. */
#include "bench.h"

enum { SIZE = 3 << 14 };
static uint8_t data[SIZE], back[SIZE];
static char encoded[SIZE / 3 * 4];
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t values[256];

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 1;
    uint64_t sum = 0;
    for (uint8_t i = 0; i < 64; i++)
        values[(uint8_t)alphabet[i]] = i;
    for (int i = 0; i < SIZE; i++)
        data[i] = (uint8_t)next_random(&seed);
    for (uint32_t round = 0; round < scale; round++) {
        char *to = encoded;
        for (int i = 0; i < SIZE; i += 3) {
            uint32_t bits = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
            for (int shift = 18; shift >= 0; shift -= 6)
                *to++ = alphabet[bits >> shift & 63];
        }
        uint8_t *plain = back;
        for (int i = 0; i < SIZE / 3 * 4; i += 4) {
            uint32_t bits = 0;
            for (int k = 0; k < 4; k++)
                bits = bits << 6 | values[(uint8_t)encoded[i + k]];
            for (int shift = 16; shift >= 0; shift -= 8)
                *plain++ = (uint8_t)(bits >> shift);
        }
        sum = mix(sum, same_bytes(data, back, SIZE));
        sum = mix(sum, (uint8_t)encoded[round * 977 % sizeof encoded]);
        data[round % SIZE] ^= (uint8_t)round;
    }
    return sum;
}
