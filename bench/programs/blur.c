/* A five-by-five blur over pixels of four bytes: narrow integers, clamping at the edges. */
#include "bench.h"

enum { W = 160, H = 120 };
static uint8_t image[2][H][W][4];

static int clamp(int value, int end) {
    return value < 0 ? 0 : value >= end ? end - 1 : value;
}

static void blur(uint8_t (*to)[W][4], uint8_t (*from)[W][4]) {
    static const int weights[] = {1, 4, 6, 4, 1};
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int sums[4] = {0};
            for (int dy = -2; dy <= 2; dy++)
                for (int dx = -2; dx <= 2; dx++) {
                    const uint8_t *pixel = from[clamp(y + dy, H)][clamp(x + dx, W)];
                    for (int c = 0; c < 4; c++)
                        sums[c] += pixel[c] * weights[dy + 2] * weights[dx + 2];
                }
            for (int c = 0; c < 4; c++)
                to[y][x][c] = (uint8_t)((sums[c] + 128) >> 8);
        }
}

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 1;
    uint8_t *bytes = &image[0][0][0][0];
    for (size_t i = 0; i < sizeof image[0]; i++)
        bytes[i] = (uint8_t)next_random(&seed);
    for (uint32_t round = 0; round < scale; round++)
        blur(image[(round + 1) % 2], image[round % 2]);
    return mix_bytes(0, image[scale % 2], sizeof image[0]);
}
