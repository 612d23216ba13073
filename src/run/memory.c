/* Linear memories: reserved addresses, committed bytes, and the bulk operations in pieces.
 *
 *   base                      size                           reserved
 *   | readable and writable   | no access ... 4 GiB and guard |
 *
 * Growth commits more of the reservation, so the base stays; where the reservation is full the memory moves
 * into one twice as large. All that is committed is booked on the store's memory.
 * That is whole pages of the system; those of WebAssembly may be smaller.
 *
 * A shared memory's bytes belong to an object of the engine's, which reserves all that they may become, so
 * that they never move; growth takes its lock. A store's MemoryInst of it has the same base, and the account
 * of what the store pays: the bytes there were when it made the memory, and those that it has grown it by.
 *
 * Addresses and mappings belong to the host too: of an engine's memories only those within RESERVED_MAX
 * reserve more than they need now, and a store has at most LIMIT(STORE_MEMORIES). */
#include "run/private.h"

#include <string.h>

#define MAX_SIZE_32      (UINT64_C(1) << 32)
#define MAX_SIZE_64      (UINT64_MAX - WASM_PAGE + 1)
#define MAX_SIZE_SHARED  (UINT64_C(1) << 36) /* of a 64-bit one: all of it is reserved */
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
    if (memory->shared)
        sgi_shared_release(memory->shared);
    else
        sgi_addresses_release(store->engine, memory->base, memory->reserved);
    sgi_counter_sub(&store->memory, memory->booked);
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
    uint64_t most = type->is_64 ? type->is_shared ? MAX_SIZE_SHARED : MAX_SIZE_64
                    : page_log2 ? MAX_SIZE_32
                                : MAX_SIZE_32 - 2;
    return type->max < most >> page_log2 ? type->max << page_log2 : most;
}

/* The size in bytes that a memory of the type begins with; false if none can have it. */
static bool first_size(const Limits *type, uint64_t *size) {
    *size = type->min << sgi_page_log2(type);
    return type->min <= max_size(type) >> sgi_page_log2(type);
}

/* Addresses and committed bytes for a memory; its base stays NULL when refused. */
static void make_bytes(MemoryInst *memory, uint64_t size) {
    uint8_t *base = reserve_first(memory, size);
    if (base == NULL)
        return;
    if (size == 0 || sgi_os_commit(base, (size_t)committed(size))) {
        memory->base = base;
        memory->size = size;
    } else {
        sgi_addresses_release(memory->store->engine, base, memory->reserved);
    }
}

/* The part of a store in a shared memory. */
static void take_shared(MemoryInst *memory, SharedMemory *shared) {
    sgi_shared_retain(shared);
    memory->shared = shared;
    memory->shared_size = &shared->size;
    memory->base = shared->base;
    memory->reserved = shared->reserved;
}

/* A memory of the type that has `booked` bytes in the store's account, but no bytes yet. */
static OwnedMemory *make_memory(Store *store, const Limits *type, uint64_t booked, sg_error *err) {
    if (store->memory_count == LIMIT_OF(STORE_MEMORIES)) {
        sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
        return NULL;
    }
    OwnedMemory *owned = sgi_store_alloc(store, sizeof *owned);
    if (owned == NULL) {
        sgi_store_no_memory(store, err);
        return NULL;
    }
    if (!sgi_counter_add(&store->memory, booked)) {
        sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
        return NULL;
    }
    owned->memory = (MemoryInst){.store = store,
                                 .type = *type,
                                 .page_log2 = sgi_page_log2(type),
                                 .max_size = max_size(type),
                                 .booked = booked};
    return owned;
}

static MemoryInst *own_memory(OwnedMemory *owned) {
    Store *store = owned->memory.store;
    store->memory_count++;
    sgi_store_own(store, &owned->owned, memory_finalize);
    return &owned->memory;
}

MemoryInst *sgi_memory_new(Store *store, const Limits *type, sg_error *err) {
    uint64_t size;
    if (!first_size(type, &size)) {
        sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
        return NULL;
    }
    OwnedMemory *owned = make_memory(store, type, committed(size), err);
    if (owned == NULL)
        return NULL;
    MemoryInst *memory = &owned->memory;
    if (type->is_shared) {
        SharedMemory *shared = sgi_shared_new(store->engine, type, err);
        if (shared) {
            take_shared(memory, shared);
            sgi_shared_release(shared);
        }
    } else {
        make_bytes(memory, size);
        if (memory->base == NULL)
            sgi_fail_memory(err);
    }
    if (memory->base)
        return own_memory(owned);
    sgi_counter_sub(&store->memory, memory->booked);
    return NULL;
}

/* --- shared memories --- */

MemoryInst *sgi_memory_of_shared(Store *store, SharedMemory *shared, sg_error *err) {
    OwnedMemory *owned = make_memory(store, &shared->type, 0, err);
    if (owned == NULL)
        return NULL;
    take_shared(&owned->memory, shared);
    return own_memory(owned);
}

static void free_shared(SharedMemory *shared) {
    if (shared->base)
        sgi_addresses_release(shared->engine, shared->base, shared->reserved);
    sgi_os_mutex_delete(shared->lock, &shared->alloc);
    Alloc own = shared->alloc;
    sgi_free(&own, shared, sizeof *shared);
}

SharedMemory *sgi_shared_new(Engine *engine, const Limits *type, sg_error *err) {
    uint64_t size;
    if (!first_size(type, &size)) {
        sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
        return NULL;
    }
    Alloc own;
    sgi_alloc_init(&own, engine->alloc.fn, engine->alloc.context, SIZE_MAX);
    SharedMemory *shared = sgi_alloc_zero(&own, sizeof *shared);
    if (shared == NULL) {
        sgi_fail_memory(err);
        return NULL;
    }
    shared->alloc = own;
    shared->engine = engine;
    shared->type = *type;
    atomic_init(&shared->references, 1);
    atomic_init(&shared->size, size);
    shared->max_size = max_size(type);
    shared->reserved = shared->max_size < WASM_PAGE ? WASM_PAGE : committed(shared->max_size);
    shared->lock = sgi_os_mutex_new(&shared->alloc);
    shared->base = sgi_addresses_reserve(engine, shared->reserved, RESERVED_MAX);
    if (shared->lock && shared->base && (size == 0 || sgi_os_commit(shared->base, (size_t)committed(size)))) {
        sgi_engine_retain(engine);
        return shared;
    }
    free_shared(shared);
    sgi_fail_memory(err);
    return NULL;
}

void sgi_shared_retain(SharedMemory *shared) {
    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
}

void sgi_shared_release(SharedMemory *shared) {
    if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1)
        return;
    Engine *engine = shared->engine;
    free_shared(shared);
    sgi_engine_release(engine);
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

static sg_trap enlarge(ExecContext *cx, MemoryInst *memory, uint64_t before, uint64_t size, bool *done) {
    uint64_t from = committed(before), to = committed(size);
    if (to > memory->reserved)
        return move(cx, memory, size, done);
    *done = from == to || sgi_os_commit(memory->base + from, (size_t)(to - from));
    return SG_TRAP_NONE;
}

/* Grows a memory that has `size` bytes now; of a shared one the lock is held. */
static sg_trap grow(ExecContext *cx, MemoryInst *memory, uint64_t size, uint64_t delta,
                    uint64_t *old_or_minus_one) {
    Store *store = memory->store;
    uint64_t pages = size >> memory->page_log2;
    *old_or_minus_one = UINT64_MAX;
    if (delta > (memory->max_size >> memory->page_log2) - pages)
        return SG_TRAP_NONE;
    uint64_t bytes = delta << memory->page_log2;
    uint64_t booked = committed(size + bytes) - committed(size);
    if (!sgi_counter_add(&store->memory, booked))
        return store->limits.on_grow_failure == SG_GROW_TRAP ? SG_TRAP_MEMORY_LIMIT : SG_TRAP_NONE;
    int64_t fuel = cx->fuel;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(bytes, FUEL_STEP_BYTES));
    bool done = false;
    if (trap == SG_TRAP_NONE)
        trap = enlarge(cx, memory, size, size + bytes, &done);
    if (trap == SG_TRAP_NONE && done) {
        if (memory->shared)
            atomic_store_explicit(&memory->shared->size, size + bytes, memory_order_release);
        else
            memory->size = size + bytes;
        memory->booked += booked;
        *old_or_minus_one = pages;
        return SG_TRAP_NONE;
    }
    sgi_counter_sub(&store->memory, booked);
    if (trap == SG_TRAP_NONE)
        cx->fuel = fuel; /* only growth that succeeds is paid for */
    return trap;
}

sg_trap sgi_lib_memory_grow(ExecContext *cx, MemoryInst *memory, uint64_t delta, uint64_t *old_or_minus_one) {
    SharedMemory *shared = memory->shared;
    if (shared == NULL)
        return grow(cx, memory, memory->size, delta, old_or_minus_one);
    sgi_os_mutex_lock(shared->lock);
    sg_trap trap = grow(cx, memory, shared->size, delta, old_or_minus_one);
    sgi_os_mutex_unlock(shared->lock);
    return trap;
}

/* --- bulk operations --- */

sg_trap sgi_lib_memory_fill(ExecContext *cx, MemoryInst *memory, uint64_t at, uint8_t value, uint64_t count) {
    uint8_t *to = sgi_memory_at(memory, at, count);
    if (to == NULL)
        return SG_TRAP_MEMORY_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_BYTES));
    for (uint64_t done = 0; trap == SG_TRAP_NONE && done < count; done += PIECE) {
        if (memory->shared)
            sgi_relaxed_fill(to + done, value, min_piece(count - done));
        else
            memset(to + done, value, min_piece(count - done));
        trap = sgi_poll(cx);
    }
    return trap;
}

/* Pieces go in the direction that keeps memmove's meaning over all of them. */
static sg_trap move_bytes(ExecContext *cx, bool are_shared, uint8_t *to, const uint8_t *from,
                          uint64_t count) {
    sg_trap trap = SG_TRAP_NONE;
    bool backward = (uintptr_t)to > (uintptr_t)from;
    for (uint64_t done = 0; trap == SG_TRAP_NONE && done < count;) {
        size_t piece = min_piece(count - done);
        uint64_t at = backward ? count - done - piece : done;
        if (are_shared)
            sgi_relaxed_move(to + at, from + at, piece);
        else
            memmove(to + at, from + at, piece);
        done += piece;
        trap = sgi_poll(cx);
    }
    return trap;
}

sg_trap sgi_move_bytes(ExecContext *cx, void *target, const void *source, uint64_t count) {
    return move_bytes(cx, false, target, source, count);
}

sg_trap sgi_lib_memory_copy(ExecContext *cx, MemoryInst *to, MemoryInst *from, uint64_t to_at,
                            uint64_t from_at, uint64_t count) {
    uint8_t *target = sgi_memory_at(to, to_at, count);
    const uint8_t *source = sgi_memory_at(from, from_at, count);
    if (target == NULL || source == NULL)
        return SG_TRAP_MEMORY_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_BYTES));
    bool are_shared = to->shared || from->shared;
    return trap == SG_TRAP_NONE ? move_bytes(cx, are_shared, target, source, count) : trap;
}

sg_trap sgi_lib_memory_init(ExecContext *cx, Instance *instance, uint32_t memory, uint32_t data, uint64_t at,
                            uint32_t from, uint32_t count) {
    Bytes bytes = instance->data_dropped[data] ? (Bytes){NULL, 0} : instance->module->datas[data].bytes;
    const MemoryInst *to = instance->memories[memory];
    uint8_t *target = sgi_memory_at(to, at, count);
    if (target == NULL || count > bytes.size || from > bytes.size - count)
        return SG_TRAP_MEMORY_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_BYTES));
    if (trap != SG_TRAP_NONE || count == 0)
        return trap;
    return move_bytes(cx, to->shared != NULL, target, bytes.data + from, count);
}

sg_trap sgi_lib_data_drop(ExecContext *cx, Instance *instance, uint32_t data) {
    (void)cx;
    instance->data_dropped[data] = 1;
    return SG_TRAP_NONE;
}
