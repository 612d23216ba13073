/* CRC-32, a byte at a time through one table and four bytes at a time through four. */
#include "bench.h"

enum { SIZE = 1 << 16 };
static uint32_t table[4][256];
static uint8_t data[SIZE];

static void make_tables(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 1; k < 4; k++)
            table[k][i] = table[0][table[k - 1][i] & 255] ^ table[k - 1][i] >> 8;
}

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 1, one = ~0u, four = ~0u;
    make_tables();
    for (uint32_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)next_random(&seed);
    for (uint32_t round = 0; round < scale; round++) {
        for (uint32_t i = 0; i < SIZE; i++)
            one = table[0][(one ^ data[i]) & 255] ^ one >> 8;
        for (uint32_t i = 0; i < SIZE; i += 4) {
            uint32_t word;
            __builtin_memcpy(&word, data + i, 4);
            four ^= word;
            four = table[3][four & 255] ^ table[2][four >> 8 & 255] ^ table[1][four >> 16 & 255] ^
                   table[0][four >> 24];
        }
    }
    return (uint64_t)one << 32 | four;
}
