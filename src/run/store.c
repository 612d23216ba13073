/* The store: one account over everything made in it, and the release of all of it.
 *
 *   memory ── linear memories + tables + guest stack + host bytes (alloc: both arenas, scratch)
 *
 * Whoever books on `memory` or `alloc` gives back on failure, so the account is exact at any time. */
#include "run/private.h"

bool sgi_counter_add(Counter *counter, uint64_t amount) {
    if (amount > counter->limit || counter->used > counter->limit - amount)
        return false;
    counter->used += amount;
    if (counter->used > counter->peak)
        counter->peak = counter->used;
    return true;
}

void sgi_counter_sub(Counter *counter, uint64_t amount) {
    counter->used -= amount;
}

/* The ReallocFn of store->alloc: books on the one memory budget what the account of host bytes has admitted.
 */
static void *store_allocate(void *context, void *block, size_t old_size, size_t new_size) {
    Store *store = context;
    const Alloc *host = &store->guest_alloc;
    store->budget_refused = new_size > old_size && !sgi_counter_add(&store->memory, new_size - old_size);
    if (store->budget_refused)
        return NULL;
    void *moved = host->fn(host->context, block, old_size, new_size);
    if (moved == NULL && new_size > old_size)
        sgi_counter_sub(&store->memory, new_size - old_size);
    if (new_size < old_size && (moved != NULL || new_size == 0))
        sgi_counter_sub(&store->memory, old_size - new_size);
    return moved;
}

static uint64_t resolve(uint64_t value, LimitId id) {
    const LimitRow *row = &sgi_limits[id];
    if (value == 0)
        value = row->value;
    if (value == SG_ZERO)
        return 0;
    return value < row->ceiling ? value : row->ceiling;
}

/* Where the default is no limit. */
static uint64_t resolve_default(uint64_t value) {
    return value == 0 ? SG_UNLIMITED : value == SG_ZERO ? 0 : value;
}

sg_limits sgi_limits_of_call(sg_limits limits) {
    limits.fuel = resolve_default(limits.fuel);
    limits.timeout_ns = resolve_default(limits.timeout_ns);
    limits.deadline_ns = resolve_default(limits.deadline_ns);
    limits.stack_bytes = resolve_default(limits.stack_bytes);
    return limits;
}

static sg_limits resolve_limits(sg_limits limits) {
    uint64_t stack_bytes = limits.stack_bytes;
    limits = sgi_limits_of_call(limits);
    limits.memory_bytes = resolve(limits.memory_bytes, LIMIT_ID_STORE_MEMORY);
    limits.table_elements = resolve(limits.table_elements, LIMIT_ID_STORE_TABLE);
    limits.instances = resolve(limits.instances, LIMIT_ID_STORE_INSTANCES);
    limits.handles = resolve(limits.handles, LIMIT_ID_STORE_HANDLES);
    limits.host_bytes = resolve(limits.host_bytes, LIMIT_ID_STORE_HOST_BYTES);
    limits.stack_bytes = resolve(stack_bytes, LIMIT_ID_STORE_STACK);
    /* A small budget keeps room for what is not stack. */
    if (limits.stack_bytes > limits.memory_bytes / 4)
        limits.stack_bytes = limits.memory_bytes / 4;
    limits.stack_bytes &= ~(uint64_t)(sizeof(Slot) - 1);
    return limits;
}

Store *sgi_store_new(Engine *engine, const sg_limits *limits, sg_error *err) {
    Store *store = sgi_engine_alloc(engine, sizeof *store);
    if (store == NULL) {
        sgi_fail_memory(err);
        return NULL;
    }
    store->engine = engine;
    store->id = atomic_fetch_add_explicit(&engine->stores, 1, memory_order_relaxed);
    sgi_engine_retain(engine);
    store->limits = resolve_limits(limits ? *limits : (sg_limits){0});
    store->memory.limit = store->limits.memory_bytes;
    store->table_elements.limit = store->limits.table_elements;
    store->instances.limit = store->limits.instances;
    store->handles.limit = store->limits.handles;
    sgi_alloc_init(&store->guest_alloc, engine->alloc.fn, engine->alloc.context, SIZE_MAX);
    sgi_alloc_init(&store->alloc, store_allocate, store, (size_t)store->limits.host_bytes);
    sgi_arena_init(&store->arena, &store->alloc);
    sgi_arena_init(&store->call_arena, &store->alloc);
    store->fuel_given = store->limits.fuel < INT64_MAX ? store->limits.fuel : INT64_MAX;
    store->cx.fuel = (int64_t)store->fuel_given;
    store->cx.lib = &sgi_libcalls;
    store->cx.store = store;
    return store;
}

void sgi_store_delete(Store *store) {
    while (store->owned) {
        Owned *owned = store->owned;
        store->owned = owned->next;
        owned->finalize(owned, store);
    }
    if (store->wasi)
        store->wasi->finalize(store->wasi, store);
    if (store->canceller)
        sgi_canceller_release(store->canceller);
    sgi_heap_delete(store->heap);
    sgi_vec_free(&store->alloc, &store->pins);
    sgi_arena_free(&store->call_arena);
    sgi_arena_free(&store->arena);
    sgi_free(&store->guest_alloc, store->stack, (size_t)store->limits.stack_bytes);
    Engine *engine = store->engine;
    sgi_engine_free(engine, store, sizeof *store);
    sgi_engine_release(engine);
}

void sgi_store_own(Store *store, Owned *owned, void (*finalize)(Owned *self, Store *store)) {
    owned->finalize = finalize;
    owned->next = store->owned;
    store->owned = owned;
}

sg_usage sgi_store_usage(const Store *store) {
    int64_t withheld = store->scope ? store->scope->fuel_withheld : 0;
    const Slot *deepest = store->cx.stack_peak > store->deepest ? store->cx.stack_peak : store->deepest;
    uint64_t stack_peak =
        store->stack ? (uint64_t)((const uint8_t *)deepest - (const uint8_t *)store->stack) : 0;
    return (sg_usage){
        .fuel = store->fuel_given - (uint64_t)store->cx.fuel - (uint64_t)withheld,
        .wall_ns = store->wall_ns,
        .cpu_ns = store->cpu_ns,
        .last_wall_ns = store->last_wall_ns,
        .memory_bytes = store->memory.used,
        .peak_memory_bytes = store->memory.peak,
        .table_elements = store->table_elements.used,
        .peak_table_elements = store->table_elements.peak,
        .host_bytes = store->alloc.used,
        .peak_host_bytes = store->alloc.peak,
        .instances = store->instances.used,
        .handles = store->handles.used,
        .peak_handles = store->handles.peak,
        .peak_stack_bytes = stack_peak,
    };
}

/* Large blocks are mapped, so that the system zeroes each page when it is touched: an arena would clear all
 * of it at once, longer than a deadline may wait. */
typedef struct Mapped {
    Owned owned;
    void *at;
    size_t size;
} Mapped;

static void unmap(Store *store, void *at, size_t size) {
    if (at)
        sgi_os_release(at, size);
    sgi_counter_sub(&store->memory, size);
    sgi_alloc_refund(&store->alloc, size);
}

static void mapped_finalize(Owned *self, Store *store) {
    Mapped *mapped = (Mapped *)(void *)self;
    unmap(store, mapped->at, mapped->size);
}

static void *alloc_mapped(Store *store, size_t size) {
    size_t page = sgi_os_page_size(), rounded;
    Mapped *mapped = sgi_arena_alloc(&store->arena, sizeof *mapped);
    if (mapped == NULL || !sgi_add(size, page - 1, &rounded))
        return NULL;
    mapped->size = rounded / page * page;
    if (!sgi_alloc_charge(&store->alloc, mapped->size))
        return NULL;
    store->budget_refused = !sgi_counter_add(&store->memory, mapped->size);
    if (store->budget_refused) {
        sgi_alloc_refund(&store->alloc, mapped->size);
        return NULL;
    }
    mapped->at = sgi_os_reserve(mapped->size);
    if (mapped->at == NULL || !sgi_os_commit(mapped->at, mapped->size)) {
        unmap(store, mapped->at, mapped->size);
        return NULL;
    }
    sgi_store_own(store, &mapped->owned, mapped_finalize);
    return mapped->at;
}

void *sgi_store_alloc(Store *store, size_t size) {
    return size > PIECE ? alloc_mapped(store, size) : sgi_arena_alloc(&store->arena, size);
}

void *sgi_store_call_alloc(Store *store, size_t size) {
    return sgi_arena_alloc(&store->call_arena, size);
}

bool sgi_store_pin(Store *store, void *ref) {
    Slot slot = {.ref = ref};
    return !sgi_is_object(&store->cx, ref) || sgi_vec_push(&store->alloc, &store->pins, slot);
}

sg_status sgi_store_no_memory(Store *store, sg_error *err) {
    if (store->alloc.limit_hit)
        return sgi_fail_trap(err, SG_TRAP_HOST_BYTES_LIMIT);
    if (store->budget_refused)
        return sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
    return sgi_fail_memory(err);
}

/* --- cancellers --- */

/* Shared between the store's thread and those that cancel. `flag` is set while an outermost call runs; the
 * lock makes sure that a cancel either hits that call or none. Outlives the store, and keeps the engine for
 * its memory. */
struct sg_canceller {
    atomic_uint references;
    Engine *engine;
    Alloc alloc;
    OsMutex *lock;
    atomic_uint *flag;
    /* Of the wait that the call is in, or NULL. The lock is taken inside the canceller's own. */
    OsMutex *wait_lock;
    OsCondition *wake;
    int descriptor; /* -1: none yet */
    bool is_polled; /* by a wait of the call */
    bool is_set;    /* readable */
};

Canceller *sgi_store_canceller(Store *store) {
    Canceller *canceller = store->canceller;
    if (canceller == NULL) {
        Alloc own;
        sgi_alloc_init(&own, store->engine->alloc.fn, store->engine->alloc.context, SIZE_MAX);
        canceller = sgi_alloc_zero(&own, sizeof *canceller);
        if (canceller == NULL)
            return NULL;
        canceller->alloc = own;
        canceller->lock = sgi_os_mutex_new(&canceller->alloc);
        if (canceller->lock == NULL) {
            sgi_free(&own, canceller, sizeof *canceller);
            return NULL;
        }
        canceller->descriptor = -1;
        canceller->engine = store->engine;
        sgi_engine_retain(store->engine);
        atomic_init(&canceller->references, 1);
        canceller->flag = store->scope ? &store->cx.interrupt : NULL;
        store->canceller = canceller;
    }
    atomic_fetch_add_explicit(&canceller->references, 1, memory_order_relaxed);
    return canceller;
}

void sgi_canceller_open(Canceller *canceller, atomic_uint *flag) {
    sgi_os_mutex_lock(canceller->lock);
    canceller->flag = flag;
    sgi_os_mutex_unlock(canceller->lock);
}

void sgi_canceller_wait(Canceller *canceller, OsMutex *lock, OsCondition *wake) {
    sgi_os_mutex_lock(canceller->lock);
    canceller->wait_lock = lock;
    canceller->wake = wake;
    sgi_os_mutex_unlock(canceller->lock);
}

int sgi_canceller_wait_descriptor(Canceller *canceller, bool waits) {
    sgi_os_mutex_lock(canceller->lock);
    if (canceller->descriptor < 0 && sgi_os_event_new(&canceller->descriptor) != 0)
        canceller->descriptor = -1;
    else if (!waits && canceller->is_set) {
        sgi_os_event_clear(canceller->descriptor);
        canceller->is_set = false;
    }
    canceller->is_polled = waits;
    int descriptor = canceller->descriptor;
    sgi_os_mutex_unlock(canceller->lock);
    return descriptor;
}

bool sgi_canceller_cancel(Canceller *canceller) {
    sgi_os_mutex_lock(canceller->lock);
    bool runs = canceller->flag != NULL;
    unsigned none = 0;
    if (runs)
        atomic_compare_exchange_strong(canceller->flag, &none, SG_TRAP_CANCELLED);
    if (runs && canceller->wake) {
        /* Whoever has looked at the flag before waits by now. */
        sgi_os_mutex_lock(canceller->wait_lock);
        sgi_os_condition_signal(canceller->wake);
        sgi_os_mutex_unlock(canceller->wait_lock);
    }
    if (runs && canceller->is_polled && canceller->descriptor >= 0) {
        sgi_os_event_set(canceller->descriptor);
        canceller->is_set = true;
    }
    sgi_os_mutex_unlock(canceller->lock);
    return runs;
}

void sgi_canceller_release(Canceller *canceller) {
    if (atomic_fetch_sub_explicit(&canceller->references, 1, memory_order_acq_rel) != 1)
        return;
    Engine *engine = canceller->engine;
    if (canceller->descriptor >= 0)
        sgi_os_event_delete(canceller->descriptor);
    sgi_os_mutex_delete(canceller->lock, &canceller->alloc);
    Alloc own = canceller->alloc;
    sgi_free(&own, canceller, sizeof *canceller);
    sgi_engine_release(engine);
}
