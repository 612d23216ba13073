/* A hash map over addresses: open addressing, at most half full. */
#include "base/ptrs.h"

void sgi_ptrs_init(PtrMap *map, Alloc *alloc) {
    *map = (PtrMap){.alloc = alloc};
}

void sgi_ptrs_free(PtrMap *map) {
    sgi_free(map->alloc, map->entries, map->capacity * sizeof *map->entries);
    sgi_ptrs_init(map, map->alloc);
}

static PtrEntry *find_entry(PtrEntry *entries, size_t capacity, const void *key) {
    uint64_t hash = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t at = (size_t)(hash >> 32) & (capacity - 1);; at = (at + 1) & (capacity - 1))
        if (entries[at].key == NULL || entries[at].key == key)
            return &entries[at];
}

const void *sgi_ptrs_get(const PtrMap *map, const void *key) {
    return map->capacity ? find_entry(map->entries, map->capacity, key)->value : NULL;
}

static bool grow(PtrMap *map) {
    size_t capacity = map->capacity ? map->capacity * 2 : 16, bytes;
    if (!sgi_mul(capacity, sizeof(PtrEntry), &bytes))
        return false;
    PtrEntry *entries = sgi_alloc_zero(map->alloc, bytes);
    if (entries == NULL)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].key)
            *find_entry(entries, capacity, map->entries[i].key) = map->entries[i];
    sgi_free(map->alloc, map->entries, map->capacity * sizeof(PtrEntry));
    map->entries = entries;
    map->capacity = capacity;
    return true;
}

bool sgi_ptrs_put(PtrMap *map, const void *key, const void *value) {
    if (map->count * 2 >= map->capacity && !grow(map))
        return false;
    PtrEntry *entry = find_entry(map->entries, map->capacity, key);
    map->count += entry->key == NULL;
    *entry = (PtrEntry){key, value};
    return true;
}
