/* Linear memories: reserved addresses, committed bytes, and the bulk operations in pieces.
 *
 *   base                      size                           reserved
 *   | readable and writable   | no access ... 4 GiB and guard |
 *
 * Growth commits more of the reservation, so the base stays; where the reservation is full the memory moves
 * into one twice as large. All that is committed is booked on the store's memory.
 * That is whole pages of the system; those of WebAssembly may be smaller.
 *
 * Addresses and mappings belong to the host too: of an engine's memories only those within RESERVED_MAX
 * reserve more than they need now, and a store has at most LIMIT(STORE_MEMORIES). */
#include "run/private.h"

#include <string.h>

#define MAX_SIZE_32      (UINT64_C(1) << 32)
#define MAX_SIZE_64      (UINT64_MAX - WASM_PAGE + 1)
#define FULL_RESERVATION (MAX_SIZE_32 + WASM_PAGE)

typedef struct OwnedMemory {
    Owned owned;
    MemoryInst memory;
} OwnedMemory;

/* Up to a boundary of the system's pages; 0 past the last one. */
static uint64_t committed(uint64_t size) {
    uint64_t page = sgi_os_page_size();
    return (size + page - 1) & ~(page - 1);
}

void sgi_addresses_release(Engine *engine, uint8_t *base, uint64_t size) {
    sgi_os_release(base, (size_t)size);
    atomic_fetch_sub_explicit(&engine->reserved, size, memory_order_relaxed);
}

static void memory_finalize(Owned *self, Store *store) {
    MemoryInst *memory = &((OwnedMemory *)(void *)self)->memory;
    sgi_addresses_release(store->engine, memory->base, memory->reserved);
    sgi_counter_sub(&store->memory, committed(memory->size));
}

uint8_t *sgi_addresses_reserve(Engine *engine, uint64_t size, uint64_t most) {
    uint64_t before = atomic_fetch_add_explicit(&engine->reserved, size, memory_order_relaxed);
    uint8_t *base = before < most ? sgi_os_reserve((size_t)size) : NULL;
    if (base == NULL)
        atomic_fetch_sub_explicit(&engine->reserved, size, memory_order_relaxed);
    return base;
}

/* Addresses for `size` bytes and as much again, as far as the memory may ever grow; never none at all. */
static uint8_t *reserve_small(MemoryInst *memory, uint64_t size, uint64_t *reserved) {
    uint64_t wanted = committed(size <= memory->max_size / 2 ? size * 2 : memory->max_size);
    *reserved = wanted < WASM_PAGE ? WASM_PAGE : wanted;
    return sgi_addresses_reserve(memory->store->engine, *reserved, UINT64_MAX);
}

/* A 32-bit memory has all its addresses and a guard; a larger one may need a second reservation, a 64-bit one
 * that stays below 4 GiB gets no more than it can use. */
static uint64_t full_reservation(const MemoryInst *memory) {
    if (!memory->type.is_64)
        return FULL_RESERVATION;
    uint64_t most = memory->store->memory.limit;
    most = most < memory->max_size ? most : memory->max_size;
    return most < WASM_PAGE ? WASM_PAGE : most < FULL_RESERVATION ? committed(most) : FULL_RESERVATION;
}

static uint8_t *reserve_first(MemoryInst *memory, uint64_t size) {
    Engine *engine = memory->store->engine;
    memory->reserved = full_reservation(memory);
    uint8_t *base = engine->options.small_reservations || size > memory->reserved
                        ? NULL
                        : sgi_addresses_reserve(engine, memory->reserved, RESERVED_MAX);
    return base ? base : reserve_small(memory, size, &memory->reserved);
}

/* The largest size ever, in bytes: a whole number of pages, and so few that their number is not memory.grow's
 * -1. */
static uint64_t max_size(const Limits *type) {
    unsigned page_log2 = sgi_page_log2(type);
    uint64_t most = type->is_64 ? MAX_SIZE_64 : page_log2 ? MAX_SIZE_32 : MAX_SIZE_32 - 2;
    return type->max < most >> page_log2 ? type->max << page_log2 : most;
}

MemoryInst *sgi_memory_new(Store *store, const Limits *type, sg_error *err) {
    if (store->memory_count == LIMIT_OF(STORE_MEMORIES)) {
        sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
        return NULL;
    }
    OwnedMemory *owned = sgi_store_alloc(store, sizeof *owned);
    if (owned == NULL) {
        sgi_store_no_memory(store, err);
        return NULL;
    }
    MemoryInst *memory = &owned->memory;
    memory->store = store;
    memory->type = *type;
    memory->page_log2 = sgi_page_log2(type);
    memory->max_size = max_size(type);
    uint64_t size = type->min << memory->page_log2;
    if (type->min > memory->max_size >> memory->page_log2 ||
        !sgi_counter_add(&store->memory, committed(size))) {
        sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
        return NULL;
    }
    memory->base = reserve_first(memory, size);
    if (memory->base == NULL || (size > 0 && !sgi_os_commit(memory->base, (size_t)committed(size)))) {
        if (memory->base)
            sgi_addresses_release(store->engine, memory->base, memory->reserved);
        sgi_counter_sub(&store->memory, committed(size));
        sgi_fail_memory(err);
        return NULL;
    }
    memory->size = size;
    store->memory_count++;
    sgi_store_own(store, &owned->owned, memory_finalize);
    return memory;
}

/* --- growth --- */

/* Moves the memory into a reservation with room for `size`; SG_TRAP_NONE and `*moved` false when refused. */
static sg_trap move(ExecContext *cx, MemoryInst *memory, uint64_t size, bool *moved) {
    uint64_t reserved;
    *moved = false;
    uint8_t *base = reserve_small(memory, size, &reserved);
    if (base == NULL)
        return SG_TRAP_NONE;
    sg_trap trap = SG_TRAP_NONE;
    bool done = sgi_os_commit(base, (size_t)committed(size));
    for (uint64_t at = 0; done && at < memory->size && trap == SG_TRAP_NONE; at += PIECE) {
        uint64_t left = memory->size - at;
        memcpy(base + at, memory->base + at, left < PIECE ? left : PIECE);
        trap = sgi_poll(cx);
    }
    if (!done || trap != SG_TRAP_NONE) {
        sgi_addresses_release(memory->store->engine, base, reserved);
        return trap;
    }
    sgi_addresses_release(memory->store->engine, memory->base, memory->reserved);
    memory->base = base;
    memory->reserved = reserved;
    *moved = true;
    return SG_TRAP_NONE;
}

static sg_trap enlarge(ExecContext *cx, MemoryInst *memory, uint64_t size, bool *done) {
    if (size > memory->reserved)
        return move(cx, memory, size, done);
    uint64_t from = committed(memory->size), to = committed(size);
    *done = from == to || sgi_os_commit(memory->base + from, (size_t)(to - from));
    return SG_TRAP_NONE;
}

sg_trap sgi_lib_memory_grow(ExecContext *cx, MemoryInst *memory, uint64_t delta, uint64_t *old_or_minus_one) {
    Store *store = memory->store;
    uint64_t pages = memory->size >> memory->page_log2;
    *old_or_minus_one = UINT64_MAX;
    if (delta > (memory->max_size >> memory->page_log2) - pages)
        return SG_TRAP_NONE;
    uint64_t bytes = delta << memory->page_log2;
    uint64_t booked = committed(memory->size + bytes) - committed(memory->size);
    if (!sgi_counter_add(&store->memory, booked))
        return store->limits.on_grow_failure == SG_GROW_TRAP ? SG_TRAP_MEMORY_LIMIT : SG_TRAP_NONE;
    int64_t fuel = cx->fuel;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(bytes, FUEL_STEP_BYTES));
    bool done = false;
    if (trap == SG_TRAP_NONE)
        trap = enlarge(cx, memory, memory->size + bytes, &done);
    if (trap == SG_TRAP_NONE && done) {
        memory->size += bytes;
        *old_or_minus_one = pages;
        return SG_TRAP_NONE;
    }
    sgi_counter_sub(&store->memory, booked);
    if (trap == SG_TRAP_NONE)
        cx->fuel = fuel; /* only growth that succeeds is paid for */
    return trap;
}

/* --- bulk operations --- */

sg_trap sgi_lib_memory_fill(ExecContext *cx, MemoryInst *memory, uint64_t at, uint8_t value, uint64_t count) {
    uint8_t *to = sgi_memory_at(memory, at, count);
    if (to == NULL)
        return SG_TRAP_MEMORY_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_BYTES));
    for (uint64_t done = 0; trap == SG_TRAP_NONE && done < count; done += PIECE) {
        memset(to + done, value, min_piece(count - done));
        trap = sgi_poll(cx);
    }
    return trap;
}

/* Pieces go in the direction that keeps memmove's meaning over all of them. */
sg_trap sgi_move_bytes(ExecContext *cx, void *target, const void *source, uint64_t count) {
    uint8_t *to = target;
    const uint8_t *from = source;
    sg_trap trap = SG_TRAP_NONE;
    bool backward = (uintptr_t)to > (uintptr_t)from;
    for (uint64_t done = 0; trap == SG_TRAP_NONE && done < count;) {
        size_t piece = min_piece(count - done);
        uint64_t at = backward ? count - done - piece : done;
        memmove(to + at, from + at, piece);
        done += piece;
        trap = sgi_poll(cx);
    }
    return trap;
}

sg_trap sgi_lib_memory_copy(ExecContext *cx, MemoryInst *to, MemoryInst *from, uint64_t to_at,
                            uint64_t from_at, uint64_t count) {
    uint8_t *target = sgi_memory_at(to, to_at, count);
    const uint8_t *source = sgi_memory_at(from, from_at, count);
    if (target == NULL || source == NULL)
        return SG_TRAP_MEMORY_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_BYTES));
    return trap == SG_TRAP_NONE ? sgi_move_bytes(cx, target, source, count) : trap;
}

sg_trap sgi_lib_memory_init(ExecContext *cx, Instance *instance, uint32_t memory, uint32_t data, uint64_t at,
                            uint32_t from, uint32_t count) {
    Bytes bytes = instance->data_dropped[data] ? (Bytes){NULL, 0} : instance->module->datas[data].bytes;
    uint8_t *target = sgi_memory_at(instance->memories[memory], at, count);
    if (target == NULL || count > bytes.size || from > bytes.size - count)
        return SG_TRAP_MEMORY_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_BYTES));
    return trap == SG_TRAP_NONE && count > 0 ? sgi_move_bytes(cx, target, bytes.data + from, count) : trap;
}

sg_trap sgi_lib_data_drop(ExecContext *cx, Instance *instance, uint32_t data) {
    (void)cx;
    instance->data_dropped[data] = 1;
    return SG_TRAP_NONE;
}
