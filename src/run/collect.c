/* The collector: precise, marks and does not move, and needs no memory of its own.
 *
 *   clear marks → shade roots → look at gray objects until there are none → free blocks, and lists to sweep
 *
 * Marks are bits beside the blocks. Objects that are marked and still to be looked at (gray) are a list
 * through Object.link, so that neither depth nor width of what the guest built matters. Long work looks at
 * the interrupt; a collection that is cut short has freed nothing, and the next begins anew. Cells are swept
 * later, block by block, when they are needed. */
#include "run/heap.h"

#include <string.h>

enum { STEPS_PER_LOOK = 8192 };

typedef struct Marker {
    RootVisitor visitor; /* first */
    Heap *heap;
} Marker;

static sg_trap look(Heap *heap, uint32_t steps) {
    heap->steps += steps;
    if (heap->steps < STEPS_PER_LOOK)
        return SG_TRAP_NONE;
    heap->steps = 0;
    return sgi_poll(&heap->store->cx);
}

/* ---- marking ---- */

static inline void shade(Heap *heap, void *ref) {
    uint64_t offset = (uintptr_t)ref - (uintptr_t)heap->base;
    if (offset >= (uint64_t)heap->top * BLOCK_BYTES)
        return;
    uint32_t granule = (uint32_t)(offset / OBJECT_ALIGN);
    Block *block = &heap->blocks[granule / BLOCK_GRANULES];
    uint64_t *word = &block->marks[granule % BLOCK_GRANULES / 64], bit = UINT64_C(1) << granule % 64;
    if (*word & bit)
        return;
    *word |= bit;
    block->live++;
    Object *object = ref;
    if (object->rtt->ref_count == 0)
        return;
    object->link = heap->gray;
    heap->gray = granule + 1;
}

static sg_trap shade_slots(Heap *heap, const Slot *slots, uint64_t count) {
    heap->work += count * sizeof *slots;
    sg_trap trap = SG_TRAP_NONE;
    while (count > 0 && trap == SG_TRAP_NONE) {
        uint32_t piece = count < STEPS_PER_LOOK ? (uint32_t)count : STEPS_PER_LOOK;
        for (uint32_t i = 0; i < piece; i++)
            shade(heap, slots[i].ref);
        slots += piece;
        count -= piece;
        trap = look(heap, piece);
    }
    return trap;
}

static sg_trap visit_slots(RootVisitor *visitor, const Slot *slots, uint64_t count) {
    enum { VISIT_BYTES = 32 };
    Heap *heap = ((Marker *)(void *)visitor)->heap;
    heap->work += VISIT_BYTES;
    sg_trap trap = shade_slots(heap, slots, count);
    return trap == SG_TRAP_NONE ? look(heap, 1) : trap;
}

static sg_trap visit_store(Store *store, RootVisitor *visitor) {
    sg_trap trap = SG_TRAP_NONE;
    for (const GlobalInst *global = store->ref_globals; global && trap == SG_TRAP_NONE; global = global->next)
        trap = visitor->visit(visitor, &global->value, 1);
    for (const TableInst *table = store->ref_tables; table && trap == SG_TRAP_NONE; table = table->next)
        trap = visitor->visit(visitor, (const Slot *)(void *)table->elements, table->size);
    for (const ElemInst *elem = store->ref_elems; elem && trap == SG_TRAP_NONE; elem = elem->next)
        trap = visitor->visit(visitor, (const Slot *)(void *)elem->items, elem->count);
    if (trap == SG_TRAP_NONE)
        trap = visitor->visit(visitor, (const Slot *)(void *)store->pins.items, store->pins.count);
    const ConstStack *stack = store->const_stack;
    for (size_t i = 0; stack && i < stack->count && trap == SG_TRAP_NONE; i++)
        if (stack->items[i].is_ref)
            trap = visitor->visit(visitor, &stack->items[i].slot, 1);
    return trap;
}

static sg_trap mark_gray(Heap *heap) {
    sg_trap trap = SG_TRAP_NONE;
    while (heap->gray && trap == SG_TRAP_NONE) {
        uint8_t *at = heap->base + (size_t)(heap->gray - 1) * OBJECT_ALIGN;
        const Object *object = (const Object *)(void *)at;
        const Rtt *rtt = object->rtt;
        heap->gray = object->link;
        heap->work += rtt->size;
        if (rtt->kind == COMP_ARRAY) {
            trap = shade_slots(heap, (const Slot *)(void *)(at + ARRAY_ELEMENTS), object->length);
        } else {
            for (uint32_t i = 0; i < rtt->ref_count; i++)
                shade(heap, *(void **)(void *)(at + rtt->refs[i]));
            trap = look(heap, 1 + rtt->ref_count);
        }
    }
    return trap;
}

/* ---- before and after ---- */

static sg_trap clear(Heap *heap) {
    enum { CLEAR_STEPS = 64 };
    heap->gray = 0;
    heap->work = (uint64_t)heap->top * CLEAR_STEPS;
    memset(heap->unswept, 0xff, sizeof heap->unswept); /* their marks go */
    sg_trap trap = SG_TRAP_NONE;
    for (uint32_t at = 0; at < heap->top && trap == SG_TRAP_NONE; at += heap->blocks[at].run) {
        heap->blocks[at].live = 0;
        memset(heap->blocks[at].marks, 0, sizeof heap->blocks[at].marks);
        trap = look(heap, CLEAR_STEPS);
    }
    return trap;
}

static bool is_full(const Block *block) {
    return block->live == BLOCK_BYTES / sgi_heap_cell_size(block->class);
}

/* Joins what is free to runs, and puts blocks with free cells in the lists to sweep: in the order of their
 * addresses, so that the end comes free first. */
static void finish(Heap *heap) {
    uint32_t *tails[RUN_BINS], *unswept[CELL_CLASSES];
    for (int i = 0; i < RUN_BINS; i++) {
        heap->runs[i] = NO_BLOCK;
        tails[i] = &heap->runs[i];
    }
    for (int i = 0; i < CELL_CLASSES; i++)
        unswept[i] = &heap->unswept[i];
    memset(heap->store->cx.cells, 0, sizeof heap->store->cx.cells);
    memset(heap->listed, 0, sizeof heap->listed);
    heap->survived = 0;
    uint32_t free = 0; /* blocks before `at` */
    for (uint32_t at = 0, run; at < heap->top; at += run) {
        Block *block = &heap->blocks[at];
        run = block->run;
        if (block->kind == BLOCK_FREE || block->live == 0) {
            free += run;
            continue;
        }
        if (free > 0)
            sgi_heap_add_run(heap, at - free, free, tails);
        free = 0;
        if (block->kind == BLOCK_LARGE) {
            heap->survived += (uint64_t)run * BLOCK_BYTES;
            continue;
        }
        heap->survived += (uint64_t)block->live * sgi_heap_cell_size(block->class);
        if (!is_full(block)) {
            *unswept[block->class] = at;
            unswept[block->class] = &block->next;
            block->next = NO_BLOCK;
        }
    }
    heap->share = heap->survived > heap->work ? heap->survived : heap->work;
    heap->allocated = 0;
    heap->collections++;
    /* Blocks stay for twice what may be allocated up to the next collection. */
    uint64_t spare = heap->share > COLLECT_LEAST ? heap->share : COLLECT_LEAST;
    uint32_t used = heap->top - free;
    spare = 2 * (spare / BLOCK_BYTES);
    if (spare < free)
        sgi_heap_trim(heap, used + (uint32_t)spare);
    if (heap->top > used)
        sgi_heap_add_run(heap, used, heap->top - used, tails);
}

sg_trap sgi_heap_collect(Heap *heap) {
    Store *store = heap->store;
    Marker marker = {{visit_slots}, heap};
    sg_trap trap = clear(heap);
    if (trap == SG_TRAP_NONE)
        trap = visit_store(store, &marker.visitor);
    if (trap == SG_TRAP_NONE)
        trap = store->engine->tier->visit_roots(&store->cx, &marker.visitor);
    if (trap == SG_TRAP_NONE)
        trap = mark_gray(heap);
    if (trap == SG_TRAP_NONE)
        finish(heap);
    return trap;
}

sg_trap sgi_store_collect(Store *store) {
    return store->heap ? sgi_heap_collect(store->heap) : SG_TRAP_NONE;
}
