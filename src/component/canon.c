/* What lifting and lowering share: traps, payment, memory of the guest and of the call, and reallocate. */
#include "component/canon.h"

#include <stdio.h>
#include <string.h>

sg_status sgi_canon_trap(LiftLowerContext *cx, sg_trap trap, const char *message) {
    sgi_fail_trap(cx->err, trap);
    if (message && cx->err)
        snprintf(cx->err->message, sizeof cx->err->message, "%s", message);
    return SG_TRAP;
}

bool sgi_canon_is_spilled(const CompField *types, uint32_t count, uint32_t max_flat) {
    uint64_t flat = 0;
    for (uint32_t i = 0; i < count; i++)
        flat += types[i].type->flat_count;
    return flat > max_flat;
}

void *sgi_canon_alloc(LiftLowerContext *cx, size_t count, size_t size) {
    size_t total;
    return sgi_mul(count, size, &total) ? sgi_arena_alloc_raw(&cx->store->call_arena, total) : NULL;
}

sg_status sgi_canon_poll(LiftLowerContext *cx) {
    sg_trap trap = sgi_poll(&cx->store->cx);
    return SGI_LIKELY(trap == SG_TRAP_NONE) ? SG_OK : sgi_fail_trap(cx->err, trap);
}

static sg_status pay(LiftLowerContext *cx, uint64_t units) {
    sg_trap trap = sgi_fuel_charge(&cx->store->cx, units);
    return SGI_LIKELY(trap == SG_TRAP_NONE) ? SG_OK : sgi_fail_trap(cx->err, trap);
}

sg_status sgi_canon_settle(LiftLowerContext *cx) {
    uint32_t values = cx->values;
    cx->values = 0;
    SGI_TRY(sgi_canon_poll(cx));
    return values ? pay(cx, values) : SG_OK;
}

sg_status sgi_canon_count_many(LiftLowerContext *cx, uint64_t values) {
    if (values < VALUES_PER_LOOK - cx->values) {
        cx->values += (uint32_t)values;
        return SG_OK;
    }
    SGI_TRY(sgi_canon_settle(cx));
    return pay(cx, values);
}

sg_status sgi_canon_charge(LiftLowerContext *cx, uint64_t size) {
    return pay(cx, sgi_fuel_steps(size, FUEL_STEP_BYTES));
}

sg_status sgi_canon_copy(LiftLowerContext *cx, uint8_t *to, const uint8_t *from, size_t size) {
    size_t piece_size = (size_t)LIMIT_OF(PIECE_BYTES);
    while (size > piece_size) {
        memcpy(to, from, piece_size);
        to += piece_size;
        from += piece_size;
        size -= piece_size;
        SGI_TRY(sgi_canon_poll(cx));
    }
    if (size) /* neither pointer need be valid for nothing */
        memcpy(to, from, size);
    return SG_OK;
}

uint8_t *sgi_canon_memory(const LiftLowerContext *cx, uint32_t ptr, uint64_t size) {
    return cx->opts->memory ? sgi_memory_at(cx->opts->memory, ptr, size) : NULL;
}

sg_status sgi_canon_reallocate(LiftLowerContext *cx, uint32_t old, uint32_t old_size, uint32_t alignment,
                               uint32_t new_size, uint32_t *ptr) {
    SGI_TRY(sgi_canon_settle(cx)); /* what the guest does next sees all that came before paid for */
    if (cx->opts->realloc == NULL) /* validation does not let it come to this */
        return sgi_canon_trap(cx, SG_TRAP_REALLOC_OUT_OF_BOUNDS, NULL);
    Slot slots[4] = {{.u64 = old}, {.u64 = old_size}, {.u64 = alignment}, {.u64 = new_size}};
    cx->inst->may_leave = false;
    SGI_TRY(sgi_func_call(cx->store, cx->opts->realloc, slots, cx->err));
    cx->inst->may_leave = true;
    *ptr = slots[0].u32;
    if (*ptr % alignment != 0)
        return sgi_canon_trap(cx, SG_TRAP_REALLOC_UNALIGNED, NULL);
    if (sgi_canon_memory(cx, *ptr, new_size) == NULL)
        return sgi_canon_trap(cx, SG_TRAP_REALLOC_OUT_OF_BOUNDS,
                              cx->is_between ? "string content out-of-bounds" : NULL);
    return SG_OK;
}

ElementLayout sgi_element_layout(const sg_type *type) {
    const sg_type *element = type->element;
    if (type->kind != SG_MAP)
        return (ElementLayout){element->size, element->alignment, 0};
    uint32_t alignment =
        type->key->alignment > element->alignment ? type->key->alignment : element->alignment;
    uint32_t value_offset = (uint32_t)sgi_align_to(type->key->size, element->alignment);
    return (ElementLayout){(uint32_t)sgi_align_to(value_offset + element->size, alignment), alignment,
                           value_offset};
}

TupleLayout sgi_tuple_layout(const CompField *types, uint32_t count) {
    TupleLayout layout = {.size = 0, .alignment = 1};
    for (uint32_t i = 0; i < count; i++) {
        layout.size = sgi_align_to(layout.size, types[i].type->alignment) + types[i].type->size;
        if (types[i].type->alignment > layout.alignment)
            layout.alignment = types[i].type->alignment;
    }
    layout.size = sgi_align_to(layout.size, layout.alignment);
    return layout;
}
