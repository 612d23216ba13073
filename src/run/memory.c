/* Linear memories: reserved addresses, committed bytes, and the bulk operations in pieces.
 *
 *   base                      size                           reserved
 *   | readable and writable   | no access ... 4 GiB and guard |
 *
 * Growth commits more of the reservation, so the base stays; with a small reservation the memory moves into
 * one twice as large when it is full. All that is committed is booked on the store's memory.
 *
 * Addresses and mappings belong to the host too: an engine takes at most RESERVED_MAX for full reservations,
 * after which memories get small ones, and a store has at most LIMIT(STORE_MEMORIES). */
#include "run/private.h"

#include <string.h>

#define MAX_PAGES_32     UINT64_C(65536)
#define FULL_RESERVATION (MAX_PAGES_32 * WASM_PAGE + WASM_PAGE)
#define RESERVED_MAX     (UINT64_C(1) << 44) /* an eighth of what a process has */

typedef struct OwnedMemory {
    Owned owned;
    MemoryInst memory;
} OwnedMemory;

/* Small reservations are never as large as a full one. */
static void release(Engine *engine, uint8_t *base, uint64_t reserved) {
    sgi_os_release(base, (size_t)reserved);
    if (reserved == FULL_RESERVATION)
        atomic_fetch_sub_explicit(&engine->reserved, FULL_RESERVATION, memory_order_relaxed);
}

static void memory_finalize(Owned *self, Store *store) {
    MemoryInst *memory = &((OwnedMemory *)(void *)self)->memory;
    release(store->engine, memory->base, memory->reserved);
    sgi_counter_sub(&store->memory, memory->size);
}

/* Addresses for `size` bytes and as much again, as far as the memory may ever grow; never none at all. */
static uint8_t *reserve_small(uint64_t size, uint64_t max_pages, uint64_t *reserved) {
    uint64_t most = max_pages * WASM_PAGE;
    uint64_t wanted = size <= most / 2 ? size * 2 : most;
    *reserved = wanted < WASM_PAGE ? WASM_PAGE : wanted;
    return sgi_os_reserve((size_t)*reserved);
}

static uint8_t *reserve_full(Engine *engine) {
    uint64_t before = atomic_fetch_add_explicit(&engine->reserved, FULL_RESERVATION, memory_order_relaxed);
    uint8_t *base = before < RESERVED_MAX ? sgi_os_reserve((size_t)FULL_RESERVATION) : NULL;
    if (base == NULL)
        atomic_fetch_sub_explicit(&engine->reserved, FULL_RESERVATION, memory_order_relaxed);
    return base;
}

static uint8_t *reserve(Engine *engine, uint64_t size, uint64_t max_pages, uint64_t *reserved) {
    uint8_t *base = engine->options.small_reservations ? NULL : reserve_full(engine);
    *reserved = FULL_RESERVATION;
    return base ? base : reserve_small(size, max_pages, reserved);
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
    memory->max_pages = type->max < MAX_PAGES_32 ? type->max : MAX_PAGES_32;
    if (type->min > memory->max_pages) {
        sgi_fail(err, SG_TOO_LARGE, SG_NO_OFFSET, "memory size must be at most 65536 pages (4GiB)", "%s", "");
        return NULL;
    }
    uint64_t size = type->min * WASM_PAGE;
    if (!sgi_counter_add(&store->memory, size)) {
        sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
        return NULL;
    }
    memory->base = reserve(store->engine, size, memory->max_pages, &memory->reserved);
    if (memory->base == NULL || (size > 0 && !sgi_os_commit(memory->base, (size_t)size))) {
        if (memory->base)
            release(store->engine, memory->base, memory->reserved);
        sgi_counter_sub(&store->memory, size);
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
    uint8_t *base = reserve_small(size, memory->max_pages, &reserved);
    if (base == NULL)
        return SG_TRAP_NONE;
    sg_trap trap = SG_TRAP_NONE;
    bool committed = sgi_os_commit(base, (size_t)size);
    for (uint64_t at = 0; committed && at < memory->size && trap == SG_TRAP_NONE; at += PIECE) {
        uint64_t left = memory->size - at;
        memcpy(base + at, memory->base + at, left < PIECE ? left : PIECE);
        trap = sgi_poll(cx);
    }
    if (!committed || trap != SG_TRAP_NONE) {
        sgi_os_release(base, (size_t)reserved);
        return trap;
    }
    sgi_os_release(memory->base, (size_t)memory->reserved);
    memory->base = base;
    memory->reserved = reserved;
    *moved = true;
    return SG_TRAP_NONE;
}

static sg_trap enlarge(ExecContext *cx, MemoryInst *memory, uint64_t size, bool *done) {
    if (size > memory->reserved)
        return move(cx, memory, size, done);
    *done = size == memory->size || sgi_os_commit(memory->base + memory->size, (size_t)(size - memory->size));
    return SG_TRAP_NONE;
}

sg_trap sgi_lib_memory_grow(ExecContext *cx, MemoryInst *memory, uint64_t delta, uint64_t *old_or_minus_one) {
    Store *store = memory->store;
    uint64_t pages = memory->size / WASM_PAGE;
    *old_or_minus_one = UINT64_MAX;
    if (delta > memory->max_pages - pages)
        return SG_TRAP_NONE;
    uint64_t bytes = delta * WASM_PAGE;
    if (!sgi_counter_add(&store->memory, bytes))
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
    sgi_counter_sub(&store->memory, bytes);
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
static sg_trap move_bytes(ExecContext *cx, uint8_t *to, const uint8_t *from, uint64_t count) {
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
    return trap == SG_TRAP_NONE ? move_bytes(cx, target, source, count) : trap;
}

sg_trap sgi_lib_memory_init(ExecContext *cx, Instance *instance, uint32_t memory, uint32_t data, uint64_t at,
                            uint32_t from, uint32_t count) {
    Bytes bytes = instance->data_dropped[data] ? (Bytes){NULL, 0} : instance->module->datas[data].bytes;
    uint8_t *target = sgi_memory_at(instance->memories[memory], at, count);
    if (target == NULL || count > bytes.size || from > bytes.size - count)
        return SG_TRAP_MEMORY_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_BYTES));
    return trap == SG_TRAP_NONE && count > 0 ? move_bytes(cx, target, bytes.data + from, count) : trap;
}

sg_trap sgi_lib_data_drop(ExecContext *cx, Instance *instance, uint32_t data) {
    (void)cx;
    instance->data_dropped[data] = 1;
    return SG_TRAP_NONE;
}
