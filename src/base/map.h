/* A hash map from byte strings to 32-bit numbers. Keys are borrowed. The hash is keyed with an address, so
 * that a guest cannot choose names that collide; nothing ever depends on the order inside. */
#ifndef SGI_MAP_H
#define SGI_MAP_H

#include "base/bytes.h"

typedef struct MapEntry {
    Bytes key;
    uint32_t value;
    uint32_t hash; /* 0: empty */
} MapEntry;

typedef struct Map {
    Alloc *alloc;
    MapEntry *entries;
    size_t count, capacity; /* capacity: 0 or a power of two */
    uint64_t seed;
} Map;

typedef enum MapPut { MAP_ADDED, MAP_EXISTS, MAP_NO_MEMORY } MapPut;

void sgi_map_init(Map *map, Alloc *alloc);
void sgi_map_free(Map *map);
/* Adds `key` unless it is there already; an existing entry keeps its value. */
MapPut sgi_map_put(Map *map, Bytes key, uint32_t value);
/* False when `key` is not there. */
bool sgi_map_remove(Map *map, Bytes key);
/* The value's place, or NULL; valid until the next put. */
uint32_t *sgi_map_get(const Map *map, Bytes key);

#endif
