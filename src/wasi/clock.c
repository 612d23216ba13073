/* Clocks: the system's, the embedder's, or virtual time, which passes when the guest sleeps and a little each
 * time it looks, so that loops that wait for time to pass end. */
#include "wasi/internal.h"

enum { VIRTUAL_TICK_NS = 1000 };

uint64_t sgi_wasi_monotonic(WasiState *state) {
    const WasiGrants *grants = &state->grants;
    if (grants->has_virtual_clock)
        return state->virtual_now += VIRTUAL_TICK_NS;
    if (grants->clock.monotonic)
        return grants->clock.monotonic(grants->clock.context);
    return sgi_os_now() - state->clock_base; /* how long the host runs is its own business */
}

uint64_t sgi_wasi_wall(WasiState *state) {
    const WasiGrants *grants = &state->grants;
    if (grants->has_virtual_clock)
        return grants->virtual_wall_ns + (state->virtual_now += VIRTUAL_TICK_NS);
    return grants->clock.wall ? grants->clock.wall(grants->clock.context) : sgi_os_wall();
}

uint64_t sgi_wasi_clock_resolution(const WasiState *state) {
    if (state->grants.has_virtual_clock)
        return VIRTUAL_TICK_NS;
    return state->grants.clock.resolution_ns ? state->grants.clock.resolution_ns : sgi_os_clock_resolution();
}

bool sgi_wasi_clock_skip(WasiState *state, uint64_t until) {
    const sg_wasi_clock *clock = &state->grants.clock;
    if (state->grants.has_virtual_clock) {
        if (state->virtual_now < until)
            state->virtual_now = until;
        return true;
    }
    if (clock->sleep)
        clock->sleep(clock->context, until);
    return clock->sleep != NULL;
}
