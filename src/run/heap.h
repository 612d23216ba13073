/* Inside run only: the heap of a store. See heap.c for its parts, collect.c for the collector. */
#ifndef SGI_RUN_HEAP_H
#define SGI_RUN_HEAP_H

#include "run/private.h"

enum { BLOCK_BYTES = 32768, BLOCK_GRANULES = BLOCK_BYTES / OBJECT_ALIGN };
enum { RUN_BINS = 32 };
#define NO_BLOCK UINT32_MAX

/* Bytes allocated between collections, at least; and where memory is refused. */
enum { COLLECT_LEAST = 1 << 20, COLLECT_LEAST_REFUSED = BLOCK_BYTES };

typedef enum BlockKind { BLOCK_FREE, BLOCK_CELLS, BLOCK_LARGE } BlockKind;

/* What is known of one block; of a run of free blocks or of a large object's, in the first. */
typedef struct Block {
    uint8_t kind;                        /* BlockKind */
    uint8_t class;                       /* BLOCK_CELLS */
    uint16_t live;                       /* objects marked */
    uint32_t run;                        /* how many blocks: 1 of BLOCK_CELLS */
    uint32_t next;                       /* in a list of free runs, or of blocks to sweep; or NO_BLOCK */
    uint64_t marks[BLOCK_GRANULES / 64]; /* at each object's first granule */
} Block;

struct Heap {
    Store *store;
    uint8_t *reservation;
    size_t reserved;
    Block *blocks; /* at the reservation's start */
    uint8_t *base; /* of block 0 */
    uint32_t block_limit;
    uint32_t top;                   /* blocks below are committed */
    size_t table_bytes;             /* of `blocks`, committed */
    uint32_t runs[RUN_BINS];        /* free ones, by the logarithm of their length */
    uint32_t unswept[CELL_CLASSES]; /* blocks with free cells that are in no list yet */

    /* Bytes since the last collection: large objects, and lists of cells that were used up; and what that one
     * kept or looked at, whichever was more. */
    uint64_t allocated, share;
    uint32_t listed[CELL_CLASSES]; /* bytes that the list of free cells had */
    uint64_t survived, work;
    uint32_t steps;       /* of marking since the last look at the interrupt */
    uint32_t gray;        /* granule of the first object to be looked at, plus 1; 0: none */
    uint64_t collections; /* done */
};

/* NULL when the system or a limit refuses. */
Heap *sgi_heap_new(Store *store);
void sgi_heap_delete(Heap *heap);

uint32_t sgi_heap_cell_size(unsigned class);
/* Puts a run of free blocks into its list, at `*tail` if that is not NULL. */
void sgi_heap_add_run(Heap *heap, uint32_t at, uint32_t count, uint32_t **tails);
/* Gives free blocks at the end back to the system, as long as more than `keep` blocks stay. */
void sgi_heap_trim(Heap *heap, uint32_t keep);

/* A trap: the interrupt. Then nothing was freed. */
sg_trap sgi_heap_collect(Heap *heap);

#endif
