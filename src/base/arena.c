#include "base/arena.h"

#include <string.h>

enum { ARENA_ALIGN = 16, ARENA_CHUNK = 4096 - 64, ARENA_CHUNK_MAX = 1 << 20 };

struct ArenaChunk {
    ArenaChunk *previous;
    size_t size; /* of data */
    _Alignas(ARENA_ALIGN) uint8_t data[];
};

void sgi_arena_init(Arena *arena, Alloc *alloc) {
    *arena = (Arena){.alloc = alloc};
}

static void drop_chunk(Arena *arena) {
    ArenaChunk *chunk = arena->chunk;
    arena->chunk = chunk->previous;
    sgi_free(arena->alloc, chunk, sizeof(ArenaChunk) + chunk->size);
}

void sgi_arena_free(Arena *arena) {
    while (arena->chunk)
        drop_chunk(arena);
    arena->used = 0;
}

void *sgi_arena_alloc_raw(Arena *arena, size_t size) {
    size_t rounded;
    if (!sgi_add(size, (size_t)ARENA_ALIGN - 1, &rounded))
        return NULL;
    rounded &= ~(size_t)(ARENA_ALIGN - 1);
    if (arena->chunk == NULL || arena->chunk->size - arena->used < rounded) {
        /* Chunks double, so that a large arena takes few of them and wastes at most half of the last. */
        size_t chunk_size = arena->chunk ? arena->chunk->size * 2 : ARENA_CHUNK;
        if (chunk_size > ARENA_CHUNK_MAX)
            chunk_size = ARENA_CHUNK_MAX;
        if (chunk_size < rounded)
            chunk_size = rounded;
        size_t total;
        if (!sgi_add(chunk_size, sizeof(ArenaChunk), &total))
            return NULL;
        ArenaChunk *chunk = sgi_alloc(arena->alloc, total);
        if (chunk == NULL)
            return NULL;
        chunk->previous = arena->chunk;
        chunk->size = chunk_size;
        arena->chunk = chunk;
        arena->used = 0;
    }
    void *block = arena->chunk->data + arena->used;
    arena->used += rounded;
    return block;
}

void *sgi_arena_alloc(Arena *arena, size_t size) {
    void *block = sgi_arena_alloc_raw(arena, size);
    if (block)
        memset(block, 0, size);
    return block;
}

void *sgi_arena_array(Arena *arena, size_t count, size_t size) {
    size_t total;
    return sgi_mul(count, size, &total) ? sgi_arena_alloc(arena, total) : NULL;
}

void *sgi_arena_copy(Arena *arena, const void *data, size_t size) {
    void *copy = sgi_arena_alloc_raw(arena, size);
    if (copy && size)
        memcpy(copy, data, size);
    return copy;
}

ArenaMark sgi_arena_mark(const Arena *arena) {
    return (ArenaMark){arena->chunk, arena->used};
}

void sgi_arena_release(Arena *arena, ArenaMark mark) {
    while (arena->chunk != mark.chunk)
        drop_chunk(arena);
    arena->used = mark.used;
}
