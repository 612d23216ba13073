/* Pancake flips over all permutations of eight: small arrays, short loops. */
#include "bench.h"

enum { N = 8 };

static uint32_t count_flips(const uint8_t *permutation) {
    uint8_t p[N];
    uint32_t flips = 0;
    __builtin_memcpy(p, permutation, N);
    for (; p[0]; flips++)
        for (uint8_t i = 0, k = p[0]; i < k; i++, k--) {
            uint8_t other = p[i];
            p[i] = p[k];
            p[k] = other;
        }
    return flips;
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        uint8_t permutation[N], counts[N];
        for (uint8_t i = 0; i < N; i++)
            permutation[i] = i, counts[i] = 0;
        uint32_t most = 0, checksum = 0;
        for (uint32_t index = 0;; index++) {
            uint32_t flips = count_flips(permutation);
            most = flips > most ? flips : most;
            checksum += index % 2 ? 0 - flips : flips;
            int place = 1;
            for (; place < N; place++) {
                uint8_t first = permutation[0]; /* rotates the first place + 1 */
                for (int i = 0; i < place; i++)
                    permutation[i] = permutation[i + 1];
                permutation[place] = first;
                if (++counts[place] <= place)
                    break;
                counts[place] = 0;
            }
            if (place == N)
                break;
        }
        sum = mix(sum, (uint64_t)most << 32 | checksum);
    }
    return sum;
}
