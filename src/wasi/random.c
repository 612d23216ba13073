/* Random numbers: the system's, the embedder's, or those of a seed (xoshiro256**, started by splitmix64; both
 * by Blackman and Vigna), which are the same on every machine. */
#include "wasi/internal.h"

static uint64_t rotate(uint64_t value, unsigned by) {
    return value << by | value >> (64 - by);
}

void sgi_wasi_random_start(WasiState *state) {
    uint64_t seed = state->grants.seed;
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        state->random[i] = z ^ z >> 31;
    }
}

static uint64_t next(uint64_t s[4]) {
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

/* Little-endian, on every machine. */
static void fill_seeded(WasiState *state, uint8_t *to, size_t size) {
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        bits = i % 8 ? bits >> 8 : next(state->random);
        to[i] = (uint8_t)bits;
    }
}

sg_trap sgi_wasi_random(WasiState *state, void *buffer, size_t size) {
    const sg_wasi_random *random = &state->grants.random;
    ExecContext *cx = &state->store->cx;
    const size_t piece = LIMIT_OF(PIECE_BYTES);
    for (size_t at = 0; at < size; at += piece) {
        size_t count = size - at < piece ? size - at : piece;
        uint8_t *to = (uint8_t *)buffer + at;
        sg_trap trap = sgi_poll(cx);
        if (trap != SG_TRAP_NONE)
            return trap;
        if (state->grants.has_seed)
            fill_seeded(state, to, count);
        else if (random->fill)
            random->fill(random->context, to, count);
        else if (!sgi_os_random(to, count))
            return SG_TRAP_HOST_FUNCTION;
    }
    return SG_TRAP_NONE;
}
