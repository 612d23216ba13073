/* A hash map over addresses. Keys and values are borrowed; nothing ever depends on the order inside. */
#ifndef SGI_PTRS_H
#define SGI_PTRS_H

#include "base/alloc.h"

typedef struct PtrEntry {
    const void *key; /* NULL: empty */
    const void *value;
} PtrEntry;

typedef struct PtrMap {
    Alloc *alloc;
    PtrEntry *entries;
    size_t count, capacity;
} PtrMap;

void sgi_ptrs_init(PtrMap *map, Alloc *alloc);
void sgi_ptrs_free(PtrMap *map);
const void *sgi_ptrs_get(const PtrMap *map, const void *key);
/* Sets or replaces; false when refused. */
bool sgi_ptrs_put(PtrMap *map, const void *key, const void *value);

#endif
