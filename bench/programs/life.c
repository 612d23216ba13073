/* Conway's life on a torus of bytes: loads, compares, two buffers. */
#include "bench.h"

enum { W = 128, H = 128 };
static uint8_t cells[2][H][W];

static void step(uint8_t (*to)[W], uint8_t (*from)[W]) {
    for (int y = 0; y < H; y++) {
        const uint8_t *above = from[(y + H - 1) % H], *here = from[y], *below = from[(y + 1) % H];
        for (int x = 0; x < W; x++) {
            int l = (x + W - 1) % W, r = (x + 1) % W;
            int near = above[l] + above[x] + above[r] + here[l] + here[r] + below[l] + below[x] + below[r];
            to[y][x] = near == 3 || (near == 2 && here[x]);
        }
    }
}

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 3;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            cells[0][y][x] = next_random(&seed) % 3 == 0;
    for (uint32_t round = 0; round < scale; round++) {
        step(cells[1], cells[0]);
        step(cells[0], cells[1]);
    }
    return mix_bytes(0, cells[0], sizeof cells[0]);
}
