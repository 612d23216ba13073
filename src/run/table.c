/* Tables: references in one block, grown by doubling; bulk operations in pieces. The block is booked on the
 * store's memory with 8 bytes for each element of its capacity, the size on the store's table elements. */
#include "run/private.h"

#include <string.h>

typedef struct OwnedTable {
    Owned owned;
    TableInst table;
} OwnedTable;

static void free_elements(Store *store, void **elements, uint64_t capacity) {
    sgi_free(&store->guest_alloc, elements, (size_t)(capacity * sizeof *elements));
    sgi_counter_sub(&store->memory, capacity * sizeof *elements);
}

/* A block for `capacity` elements; NULL when the budget or the allocator refuses (`*trap` says the former).
 */
static void **alloc_elements(Store *store, uint64_t capacity, sg_trap *trap) {
    *trap = SG_TRAP_NONE;
    uint64_t bytes;
    if (!sgi_mul(capacity, (uint64_t)sizeof(void *), &bytes) || !sgi_counter_add(&store->memory, bytes)) {
        *trap = SG_TRAP_MEMORY_LIMIT;
        return NULL;
    }
    void **elements = sgi_alloc(&store->guest_alloc, (size_t)bytes);
    if (elements == NULL)
        sgi_counter_sub(&store->memory, bytes);
    return elements;
}

static void table_finalize(Owned *self, Store *store) {
    TableInst *table = &((OwnedTable *)(void *)self)->table;
    free_elements(store, table->elements, table->capacity);
    sgi_counter_sub(&store->table_elements, table->size);
}

static sg_trap fill(ExecContext *cx, void **elements, void *value, uint64_t count) {
    sg_trap trap = SG_TRAP_NONE;
    for (uint64_t done = 0; trap == SG_TRAP_NONE && done < count;) {
        uint64_t end = count - done < PIECE_ELEMENTS ? count : done + PIECE_ELEMENTS;
        while (done < end)
            elements[done++] = value;
        trap = sgi_poll(cx);
    }
    return trap;
}

TableInst *sgi_table_new(Store *store, const TableType *type, void *init, sg_error *err) {
    OwnedTable *owned = sgi_store_alloc(store, sizeof *owned);
    if (owned == NULL) {
        sgi_store_no_memory(store, err);
        return NULL;
    }
    TableInst *table = &owned->table;
    table->store = store;
    table->type = *type;
    uint64_t size = type->limits.min;
    if (!sgi_counter_add(&store->table_elements, size)) {
        sgi_fail_trap(err, SG_TRAP_TABLE_LIMIT);
        return NULL;
    }
    sg_trap trap;
    table->elements = alloc_elements(store, size, &trap);
    if (table->elements == NULL) {
        sgi_counter_sub(&store->table_elements, size);
        if (trap == SG_TRAP_NONE)
            sgi_fail_memory(err);
        else
            sgi_fail_trap(err, trap);
        return NULL;
    }
    table->size = table->capacity = size;
    sgi_store_own(store, &owned->owned, table_finalize);
    trap = fill(&store->cx, table->elements, init, size);
    if (trap == SG_TRAP_NONE && sgi_type_is_traced(store->engine->types, type->element)) {
        table->next = store->ref_tables;
        store->ref_tables = table;
    }
    if (trap == SG_TRAP_NONE)
        return table;
    sgi_fail_trap(err, trap);
    return NULL;
}

/* --- growth --- */

/* A block for `size` elements and more: twice the capacity, or less where that is refused. A large table
 * grows by no less than an eighth, or not at all: all elements move each time, and fuel pays for the new ones
 * only. */
static void **alloc_larger(const TableInst *table, uint64_t size, uint64_t max, uint64_t *capacity,
                           sg_trap *refused) {
    uint64_t old = table->capacity, least = old > PIECE_ELEMENTS ? old / 8 : 0;
    for (uint64_t extra = old;; extra /= 2) {
        *capacity = extra < max - old ? old + extra : max;
        if (*capacity < size)
            *capacity = size;
        void **elements = alloc_elements(table->store, *capacity, refused);
        if (elements || *capacity == size || extra / 2 < least)
            return elements;
    }
}

/* Room for `size` elements. The capacity stays when refused; `*refused` is then the limit that did, if any.
 */
static sg_trap enlarge(ExecContext *cx, TableInst *table, uint64_t size, uint64_t max, sg_trap *refused) {
    Store *store = table->store;
    uint64_t capacity;
    void **elements = alloc_larger(table, size, max, &capacity, refused);
    if (elements == NULL)
        return SG_TRAP_NONE;
    sg_trap trap = SG_TRAP_NONE;
    for (uint64_t done = 0; trap == SG_TRAP_NONE && done < table->size;) {
        uint64_t piece = table->size - done < PIECE_ELEMENTS ? table->size - done : PIECE_ELEMENTS;
        memcpy(elements + done, table->elements + done, (size_t)piece * sizeof *elements);
        done += piece;
        trap = sgi_poll(cx);
    }
    if (trap != SG_TRAP_NONE) {
        free_elements(store, elements, capacity);
        return trap;
    }
    free_elements(store, table->elements, table->capacity);
    table->elements = elements;
    table->capacity = capacity;
    return SG_TRAP_NONE;
}

/* The answer to a growth that a limit of the store refused. */
static sg_trap refuse(const Store *store, sg_trap limit) {
    return store->limits.on_grow_failure == SG_GROW_TRAP ? limit : SG_TRAP_NONE;
}

sg_trap sgi_lib_table_grow(ExecContext *cx, TableInst *table, uint64_t delta, void *value,
                           uint64_t *old_or_minus_one) {
    Store *store = table->store;
    uint64_t ceiling = sgi_limits[LIMIT_ID_TABLE_ELEMENTS].ceiling;
    uint64_t max = table->type.limits.max < ceiling ? table->type.limits.max : ceiling;
    uint64_t old = table->size;
    *old_or_minus_one = UINT64_MAX;
    if (max < old || delta > max - old)
        return SG_TRAP_NONE;
    if (!sgi_counter_add(&store->table_elements, delta))
        return refuse(store, SG_TRAP_TABLE_LIMIT);
    int64_t fuel = cx->fuel;
    sg_trap refused = SG_TRAP_NONE;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(delta, FUEL_STEP_ELEMENTS));
    if (trap == SG_TRAP_NONE && old + delta > table->capacity)
        trap = enlarge(cx, table, old + delta, max, &refused);
    if (trap != SG_TRAP_NONE || old + delta > table->capacity) {
        sgi_counter_sub(&store->table_elements, delta);
        if (trap != SG_TRAP_NONE)
            return trap;
        cx->fuel = fuel; /* only growth that succeeds is paid for */
        return refuse(store, refused);
    }
    table->size = old + delta;
    *old_or_minus_one = old;
    /* When interrupted here, the call ends with elements unset that nobody must see. */
    trap = fill(cx, table->elements + old, value, delta);
    if (trap != SG_TRAP_NONE) {
        table->size = old;
        sgi_counter_sub(&store->table_elements, delta);
    }
    return trap;
}

/* --- bulk operations --- */

/* The elements [at, at + count), or NULL out of bounds. */
static void **table_at(const TableInst *table, uint64_t at, uint64_t count) {
    return count <= table->size && at <= table->size - count ? table->elements + at : NULL;
}

sg_trap sgi_lib_table_fill(ExecContext *cx, TableInst *table, uint64_t at, void *value, uint64_t count) {
    void **to = table_at(table, at, count);
    if (to == NULL)
        return SG_TRAP_TABLE_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_ELEMENTS));
    return trap == SG_TRAP_NONE ? fill(cx, to, value, count) : trap;
}

static sg_trap move_elements(ExecContext *cx, void **to, void *const *from, uint64_t count) {
    sg_trap trap = SG_TRAP_NONE;
    bool backward = (uintptr_t)to > (uintptr_t)from;
    for (uint64_t done = 0; trap == SG_TRAP_NONE && done < count;) {
        uint64_t piece = count - done < PIECE_ELEMENTS ? count - done : PIECE_ELEMENTS;
        uint64_t at = backward ? count - done - piece : done;
        memmove(to + at, from + at, (size_t)piece * sizeof *to);
        done += piece;
        trap = sgi_poll(cx);
    }
    return trap;
}

sg_trap sgi_lib_table_copy(ExecContext *cx, TableInst *to, TableInst *from, uint64_t to_at, uint64_t from_at,
                           uint64_t count) {
    void **target = table_at(to, to_at, count);
    void *const *source = table_at(from, from_at, count);
    if (target == NULL || source == NULL)
        return SG_TRAP_TABLE_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_ELEMENTS));
    return trap == SG_TRAP_NONE ? move_elements(cx, target, source, count) : trap;
}

sg_trap sgi_lib_table_init(ExecContext *cx, Instance *instance, uint32_t table, uint32_t elem, uint64_t at,
                           uint32_t from, uint32_t count) {
    const ElemInst *segment = &instance->elems[elem];
    void **target = table_at(instance->tables[table], at, count);
    if (target == NULL || count > segment->count || from > segment->count - count)
        return SG_TRAP_TABLE_OUT_OF_BOUNDS;
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(count, FUEL_STEP_ELEMENTS));
    return trap == SG_TRAP_NONE && count > 0 ? move_elements(cx, target, segment->items + from, count) : trap;
}

sg_trap sgi_lib_elem_drop(ExecContext *cx, Instance *instance, uint32_t elem) {
    (void)cx;
    instance->elems[elem].count = 0;
    return SG_TRAP_NONE;
}
