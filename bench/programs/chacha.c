/* ChaCha20 (RFC 8439): integer arithmetic in registers. */
#include "bench.h"

enum { SIZE = 1 << 14 };
static uint8_t data[SIZE];

#define QUARTER(a, b, c, d)                                                                                  \
    a += b, d = rotate_left(d ^ a, 16), c += d, b = rotate_left(b ^ c, 12);                                  \
    a += b, d = rotate_left(d ^ a, 8), c += d, b = rotate_left(b ^ c, 7)

static void apply(uint8_t *to, const uint32_t state[16]) {
    uint32_t x[16];
    for (int i = 0; i < 16; i++)
        x[i] = state[i];
    for (int i = 0; i < 10; i++) {
        QUARTER(x[0], x[4], x[8], x[12]);
        QUARTER(x[1], x[5], x[9], x[13]);
        QUARTER(x[2], x[6], x[10], x[14]);
        QUARTER(x[3], x[7], x[11], x[15]);
        QUARTER(x[0], x[5], x[10], x[15]);
        QUARTER(x[1], x[6], x[11], x[12]);
        QUARTER(x[2], x[7], x[8], x[13]);
        QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (int i = 0; i < 16; i++)
        for (int k = 0; k < 4; k++)
            to[i * 4 + k] ^= (uint8_t)((x[i] + state[i]) >> k * 8);
}

uint64_t bench_run(uint32_t scale) {
    uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (uint32_t i = 4; i < 16; i++)
        state[i] = i * 0x9e3779b9u;
    __builtin_memset(data, 0, SIZE);
    for (uint32_t round = 0; round < scale; round++)
        for (int at = 0; at < SIZE; at += 64) {
            state[12]++;
            apply(data + at, state);
        }
    return mix_bytes(0, data, SIZE);
}
