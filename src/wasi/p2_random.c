/* wasi:random 0.2. Insecure numbers come from the same place as secure ones. */
#include "wasi/internal.h"

static sg_status random_bytes(P2Call *call) {
    uint64_t size = call->arguments[0].of.u64;
    if (size > call->store->alloc.limit)
        return sgi_p2_trap(call, SG_TRAP_HOST_BYTES_LIMIT);
    /* Not zeroed, for it may be long, and nothing looks at the clock meanwhile. */
    uint8_t *bytes = sgi_arena_alloc_raw(&call->store->call_arena, (size_t)size);
    if (bytes == NULL)
        return sgi_p2_no_memory(call);
    SGI_TRY(sgi_p2_trap(call, sgi_wasi_random(call->state, bytes, (size_t)size)));
    *call->result = (sg_value){.kind = SG_BYTES, .of.bytes = {bytes, (size_t)size}};
    return SG_OK;
}

static sg_status random_u64(P2Call *call) {
    uint64_t number = 0;
    sg_trap trap = sgi_wasi_random(call->state, &number, sizeof number);
    *call->result = sgi_p2_u64(number);
    return sgi_p2_trap(call, trap);
}

static sg_status random_seed(P2Call *call) {
    uint64_t numbers[2] = {0, 0};
    sg_value *items = sgi_p2_alloc(call, 2, sizeof *items);
    if (items == NULL)
        return sgi_p2_no_memory(call);
    SGI_TRY(sgi_p2_trap(call, sgi_wasi_random(call->state, numbers, sizeof numbers)));
    items[0] = sgi_p2_u64(numbers[0]);
    items[1] = sgi_p2_u64(numbers[1]);
    *call->result = (sg_value){.kind = SG_TUPLE, .of.list = {items, 2}};
    return SG_OK;
}

static const P2Func random_funcs[] = {
    {"get-random-bytes", "(u64)->list<u8>", random_bytes},
    {"get-random-u64", "()->u64", random_u64},
};
static const P2Func insecure_funcs[] = {
    {"get-insecure-random-bytes", "(u64)->list<u8>", random_bytes},
    {"get-insecure-random-u64", "()->u64", random_u64},
};
static const P2Func seed_funcs[] = {
    {"insecure-seed", "()->tuple<u64,u64>", random_seed},
};

const P2Interface sgi_p2_random[] = {
    P2_INTERFACE("wasi:random/random@0.2.12", random_funcs, NULL),
    P2_INTERFACE("wasi:random/insecure@0.2.12", insecure_funcs, NULL),
    P2_INTERFACE("wasi:random/insecure-seed@0.2.12", seed_funcs, NULL),
};
const size_t sgi_p2_random_count = SGI_COUNT(sgi_p2_random);
