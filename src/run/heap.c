/* The heap of a store: where structs, arrays and exceptions live.
 *
 *   reservation │ Block 0 │ Block 1 ... │ block 0: cells │ block 1, 2, 3: one large object │ free │ no access
 * ... ^ base                                                    ^ top
 *
 * One range of addresses, so that what is an object can be told by its address; committed from below as it
 * grows, and booked on the store's memory. A block has cells of one size, or belongs to a run of blocks that
 * is free or holds one large object. Objects never move.
 *
 * Small and middling objects are taken from lists of free cells, one a size (cx->cells: running code takes
 * them itself). When a list is empty, the next block of that size with free cells is swept: what the last
 * collection did not mark in it goes into the list. Runs of free blocks are in lists by the logarithm of
 * their length; they join at collections only.
 *
 * When to collect: after as much was allocated as the last collection kept or looked at. When memory is
 * refused, an eighth of that must have been: so all collections together take time in proportion to what is
 * allocated, and a guest that fills its memory to the brim is ended rather than collecting all the time. */
#include "run/heap.h"

#include <string.h>

/* 2^31 granules: Object.link has room for more. */
#define HEAP_MAX   (UINT64_C(32) << 30)
#define SMALL_HEAP (UINT64_C(256) << 20) /* of engines with small reservations */
#define HEAP_LEAST (UINT64_C(1) << 20)

/* ---- cells ---- */

/* What is larger than SMALL_OBJECT: few sizes, chosen to fill a block. */
static const uint16_t middling[CELL_CLASSES - SMALL_CLASSES] = {
    640, 768, 896, 1024, 1280, 1536, 1808, 2048, 2720, 3264, 4096, 5456, 6544, 8192, 10912, 16384};
enum { MIDDLING_OBJECT = 16384 };

uint32_t sgi_heap_cell_size(unsigned class) {
    return class < SMALL_CLASSES ? class * OBJECT_ALIGN : middling[class - SMALL_CLASSES];
}

static unsigned class_of(uint64_t size) {
    if (size <= SMALL_OBJECT)
        return (unsigned)(size + OBJECT_ALIGN - 1) / OBJECT_ALIGN;
    unsigned class = SMALL_CLASSES;
    while (size > middling[class - SMALL_CLASSES])
        class ++;
    return class;
}

/* ---- blocks ---- */

static unsigned bin_of(uint32_t count) {
    return 31u - (unsigned)__builtin_clz(count);
}

void sgi_heap_add_run(Heap *heap, uint32_t at, uint32_t count, uint32_t **tails) {
    unsigned bin = bin_of(count);
    Block *block = &heap->blocks[at];
    uint32_t *link = tails ? tails[bin] : &heap->runs[bin];
    block->kind = BLOCK_FREE;
    block->run = count;
    block->next = *link;
    *link = at;
    if (tails)
        tails[bin] = &block->next;
}

/* `count` free blocks in a row, or NO_BLOCK. Runs in the first list may be too short: a few are looked at. */
static uint32_t take_run(Heap *heap, uint32_t count) {
    enum { TRIES = 8 };
    for (unsigned bin = bin_of(count); bin < RUN_BINS; bin++) {
        uint32_t *link = &heap->runs[bin];
        for (int i = 0; i < TRIES && *link != NO_BLOCK; i++) {
            uint32_t at = *link;
            Block *block = &heap->blocks[at];
            if (block->run >= count) {
                *link = block->next;
                if (block->run > count)
                    sgi_heap_add_run(heap, at + count, block->run - count, NULL);
                return at;
            }
            link = &block->next;
        }
    }
    return NO_BLOCK;
}

/* `count` blocks and more, so that they are whole pages. */
static uint32_t whole_pages(uint32_t count) {
    size_t page = sgi_os_page_size();
    uint32_t unit = page > BLOCK_BYTES ? (uint32_t)(page / BLOCK_BYTES) : 1;
    return (count + unit - 1) / unit * unit;
}

static bool commit(Heap *heap, void *at, size_t size) {
    if (size == 0)
        return true;
    Counter *memory = &heap->store->memory;
    if (!sgi_counter_add(memory, size))
        return false;
    if (sgi_os_commit(at, size))
        return true;
    sgi_counter_sub(memory, size);
    return false;
}

static bool add_blocks(Heap *heap, uint32_t count) {
    size_t page = sgi_os_page_size();
    size_t table = ((size_t)(heap->top + count) * sizeof(Block) + page - 1) / page * page;
    if (table > heap->table_bytes) {
        if (!commit(heap, (uint8_t *)heap->blocks + heap->table_bytes, table - heap->table_bytes))
            return false;
        heap->table_bytes = table;
    }
    if (!commit(heap, heap->base + (size_t)heap->top * BLOCK_BYTES, (size_t)count * BLOCK_BYTES))
        return false;
    sgi_heap_add_run(heap, heap->top, count, NULL);
    heap->top += count;
    return true;
}

/* Some more than needed, where that is allowed: a block at a time is a system call at a time. */
static bool grow(Heap *heap, uint32_t count) {
    enum { EXTRA_MAX = 32 };
    uint32_t room = heap->block_limit - heap->top;
    uint32_t extra = whole_pages(heap->top / 4 < EXTRA_MAX ? heap->top / 4 : EXTRA_MAX);
    count = whole_pages(count);
    if (count > room)
        return false;
    if (extra > room - count)
        extra = room - count;
    return add_blocks(heap, count + extra) || (extra > 0 && add_blocks(heap, count));
}

static uint32_t take_blocks(Heap *heap, uint32_t count) {
    uint32_t at = take_run(heap, count);
    if (at == NO_BLOCK && grow(heap, count))
        at = take_run(heap, count);
    if (at == NO_BLOCK)
        return at;
    Block *block = &heap->blocks[at];
    block->run = count;
    block->live = 0;
    memset(block->marks, 0, sizeof block->marks);
    return at;
}

void sgi_heap_trim(Heap *heap, uint32_t keep) {
    uint32_t piece = (uint32_t)(PIECE / BLOCK_BYTES);
    keep = whole_pages(keep);
    while (heap->top > keep && sgi_poll(&heap->store->cx) == SG_TRAP_NONE) {
        uint32_t count = heap->top - keep < piece ? heap->top - keep : piece;
        size_t size = (size_t)count * BLOCK_BYTES;
        if (!sgi_os_decommit(heap->base + (size_t)(heap->top - count) * BLOCK_BYTES, size))
            return;
        sgi_counter_sub(&heap->store->memory, size);
        heap->top -= count;
    }
}

/* ---- the whole ---- */

static uint64_t most_bytes(const Store *store) {
    uint64_t most = store->memory.limit < HEAP_MAX ? store->memory.limit : HEAP_MAX;
    if (store->engine->options.small_reservations && most > SMALL_HEAP)
        most = SMALL_HEAP;
    return most < BLOCK_BYTES ? BLOCK_BYTES : most;
}

Heap *sgi_heap_new(Store *store) {
    Heap *heap = sgi_alloc_zero(&store->alloc, sizeof *heap);
    if (heap == NULL)
        return NULL;
    heap->store = store;
    memset(heap->runs, 0xff, sizeof heap->runs);
    memset(heap->unswept, 0xff, sizeof heap->unswept);
    size_t page = sgi_os_page_size();
    for (uint64_t size = most_bytes(store); heap->reservation == NULL; size /= 2) {
        heap->block_limit = whole_pages((uint32_t)(size / BLOCK_BYTES));
        size_t table = ((size_t)heap->block_limit * sizeof(Block) + page - 1) / page * page;
        heap->reserved = table + (size_t)heap->block_limit * BLOCK_BYTES;
        /* As with memories: only within RESERVED_MAX more than a little. */
        heap->reservation = sgi_addresses_reserve(store->engine, heap->reserved,
                                                  size > SMALL_HEAP ? RESERVED_MAX : UINT64_MAX);
        heap->blocks = (Block *)(void *)heap->reservation;
        heap->base = heap->reservation + table;
        if (heap->reservation == NULL && size / 2 < HEAP_LEAST) {
            sgi_free(&store->alloc, heap, sizeof *heap);
            return NULL;
        }
    }
    store->cx.heap_base = (uintptr_t)heap->base;
    store->cx.heap_size = (uintptr_t)heap->block_limit * BLOCK_BYTES;
    return heap;
}

void sgi_heap_delete(Heap *heap) {
    if (heap == NULL)
        return;
    Store *store = heap->store;
    sgi_counter_sub(&store->memory, (uint64_t)heap->top * BLOCK_BYTES + heap->table_bytes);
    sgi_addresses_release(store->engine, heap->reservation, heap->reserved);
    sgi_free(&store->alloc, heap, sizeof *heap);
}

/* ---- allocation ---- */

/* Fills the empty list of a class from the next block with free cells, which is swept or new. */
static bool refill(Heap *heap, unsigned class) {
    uint32_t size = sgi_heap_cell_size(class), count = BLOCK_BYTES / size;
    uint32_t at = heap->unswept[class];
    if (at != NO_BLOCK) {
        heap->unswept[class] = heap->blocks[at].next;
    } else {
        at = take_blocks(heap, 1);
        if (at == NO_BLOCK)
            return false;
        heap->blocks[at].kind = BLOCK_CELLS;
        heap->blocks[at].class = (uint8_t)class;
    }
    const Block *block = &heap->blocks[at];
    uint8_t *base = heap->base + (size_t)at * BLOCK_BYTES;
    Cell *list = NULL;
    for (uint32_t i = count; i > 0; i--) {
        uint32_t offset = (i - 1) * size, granule = offset / OBJECT_ALIGN;
        if (block->marks[granule / 64] >> granule % 64 & 1)
            continue;
        Cell *cell = (Cell *)(void *)(base + offset);
        cell->next = list;
        list = cell;
    }
    heap->store->cx.cells[class] = list;
    heap->allocated += heap->listed[class];
    heap->listed[class] = (count - block->live) * size;
    return true;
}

static void *take_cell(Heap *heap, unsigned class) {
    Cell **list = &heap->store->cx.cells[class];
    if (*list == NULL && !refill(heap, class))
        return NULL;
    Cell *cell = *list;
    /* The collection before the next allocation finds the others again. */
    *list = heap->store->collects_always ? NULL : cell->next;
    return cell;
}

static void *take_large(Heap *heap, uint64_t size) {
    if (size > (uint64_t)heap->block_limit * BLOCK_BYTES)
        return NULL;
    uint32_t count = (uint32_t)((size + BLOCK_BYTES - 1) / BLOCK_BYTES);
    uint32_t at = take_blocks(heap, count);
    if (at == NO_BLOCK)
        return NULL;
    heap->blocks[at].kind = BLOCK_LARGE;
    heap->allocated += (uint64_t)count * BLOCK_BYTES;
    return heap->base + (size_t)at * BLOCK_BYTES;
}

static void *take(Heap *heap, uint64_t size) {
    return size <= MIDDLING_OBJECT ? take_cell(heap, class_of(size)) : take_large(heap, size);
}

/* With what was taken of the lists as they are: a guest might else ask for collections by taking one object
 * of each. Long, so it is done only before a collection or the end. */
static uint64_t allocated_exactly(const Heap *heap) {
    uint64_t bytes = heap->allocated;
    for (unsigned class = 1; class < CELL_CLASSES; class ++) {
        bytes += heap->listed[class];
        for (const Cell *cell = heap->store->cx.cells[class]; cell; cell = cell->next)
            bytes -= sgi_heap_cell_size(class);
    }
    return bytes;
}

sg_trap sgi_heap_alloc(ExecContext *cx, const Rtt *rtt, uint64_t size, Object **object) {
    Store *store = cx->store;
    if (store->heap == NULL && (store->heap = sgi_heap_new(store)) == NULL)
        return SG_TRAP_MEMORY_LIMIT;
    Heap *heap = store->heap;
    uint64_t share = heap->share > COLLECT_LEAST ? heap->share : COLLECT_LEAST;
    sg_trap trap = SG_TRAP_NONE;
    if (heap->allocated >= share || heap->store->collects_always)
        trap = sgi_heap_collect(heap);
    void *at = trap == SG_TRAP_NONE ? take(heap, size) : NULL;
    share = heap->share / 8 > COLLECT_LEAST_REFUSED ? heap->share / 8 : COLLECT_LEAST_REFUSED;
    if (at == NULL && trap == SG_TRAP_NONE && allocated_exactly(heap) >= share) {
        trap = sgi_heap_collect(heap);
        at = trap == SG_TRAP_NONE ? take(heap, size) : NULL;
    }
    if (at == NULL)
        return trap == SG_TRAP_NONE ? SG_TRAP_MEMORY_LIMIT : trap;
    *object = at;
    (*object)->rtt = rtt;
    return SG_TRAP_NONE;
}
