/* Arenas: many blocks, one lifetime. Memory is zeroed, aligned to 16 and freed all at once, or back to a
 * mark. */
#ifndef SGI_ARENA_H
#define SGI_ARENA_H

#include "base/alloc.h"

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    Alloc *alloc;
    ArenaChunk *chunk; /* newest first */
    size_t used;       /* in the newest chunk */
} Arena;

typedef struct ArenaMark {
    ArenaChunk *chunk;
    size_t used;
} ArenaMark;

void sgi_arena_init(Arena *arena, Alloc *alloc);
void sgi_arena_free(Arena *arena);

/* Zeroed memory, or NULL when the account refuses. */
void *sgi_arena_alloc(Arena *arena, size_t size);
/* The same, not zeroed: for large blocks that are filled in pieces at once. */
void *sgi_arena_alloc_raw(Arena *arena, size_t size);
/* `count` items of `size` bytes, the product checked. */
void *sgi_arena_array(Arena *arena, size_t count, size_t size);
/* A copy of `size` bytes. */
void *sgi_arena_copy(Arena *arena, const void *data, size_t size);

/* Frees all that was allocated after the mark was taken. Marks nest. */
ArenaMark sgi_arena_mark(const Arena *arena);
void sgi_arena_release(Arena *arena, ArenaMark mark);

#endif
