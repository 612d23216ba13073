#include "base/map.h"

#include <string.h>

static uint64_t rotate(uint64_t x, unsigned by) {
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012), folded to 32 bits and never 0. */
static uint32_t hash_bytes(uint64_t seed, Bytes key) {
    uint64_t v[4] = {seed ^ UINT64_C(0x736f6d6570736575), seed ^ UINT64_C(0x646f72616e646f6d),
                     seed ^ UINT64_C(0x6c7967656e657261), seed ^ UINT64_C(0x7465646279746573)};
    size_t at = 0;
    for (; key.size - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, key.data + at, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)key.size << 56;
    for (unsigned i = 0; at + i < key.size; i++)
        last |= (uint64_t)key.data[at + i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 3; i++)
        sip_round(v);
    uint64_t hash = v[0] ^ v[1] ^ v[2] ^ v[3];
    uint32_t folded = (uint32_t)(hash ^ hash >> 32);
    return folded ? folded : 1;
}

void sgi_map_init(Map *map, Alloc *alloc) {
    *map = (Map){.alloc = alloc};
}

void sgi_map_free(Map *map) {
    sgi_free(map->alloc, map->entries, map->capacity * sizeof *map->entries);
    sgi_map_init(map, map->alloc);
}

/* The entry of `key`, or the empty one where it belongs. */
static MapEntry *find_slot(MapEntry *entries, size_t capacity, Bytes key, uint32_t hash) {
    for (size_t at = hash & (capacity - 1);; at = (at + 1) & (capacity - 1)) {
        MapEntry *entry = &entries[at];
        if (entry->hash == 0 || (entry->hash == hash && sgi_bytes_equal(entry->key, key)))
            return entry;
    }
}

static bool grow(Map *map) {
    size_t capacity = map->capacity ? map->capacity * 2 : 16, bytes;
    if (!sgi_mul(capacity, sizeof(MapEntry), &bytes))
        return false;
    MapEntry *entries = sgi_alloc_zero(map->alloc, bytes);
    if (entries == NULL)
        return false;
    if (map->capacity == 0)
        map->seed = (uint64_t)(uintptr_t)entries ^ rotate((uint64_t)(uintptr_t)&capacity, 32);
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].hash)
            *find_slot(entries, capacity, map->entries[i].key, map->entries[i].hash) = map->entries[i];
    sgi_free(map->alloc, map->entries, map->capacity * sizeof(MapEntry));
    map->entries = entries;
    map->capacity = capacity;
    return true;
}

MapPut sgi_map_put(Map *map, Bytes key, uint32_t value) {
    if (map->count * 4 >= map->capacity * 3 && !grow(map))
        return MAP_NO_MEMORY;
    uint32_t hash = hash_bytes(map->seed, key);
    MapEntry *entry = find_slot(map->entries, map->capacity, key, hash);
    if (entry->hash)
        return MAP_EXISTS;
    *entry = (MapEntry){key, value, hash};
    map->count++;
    return MAP_ADDED;
}

uint32_t *sgi_map_get(const Map *map, Bytes key) {
    if (map->capacity == 0)
        return NULL;
    MapEntry *entry = find_slot(map->entries, map->capacity, key, hash_bytes(map->seed, key));
    return entry->hash ? &entry->value : NULL;
}

/* Entries behind the hole move up where the hole lies between their own place and them, so that no search
 * ends early. */
bool sgi_map_remove(Map *map, Bytes key) {
    if (map->capacity == 0)
        return false;
    size_t mask = map->capacity - 1;
    MapEntry *found = find_slot(map->entries, map->capacity, key, hash_bytes(map->seed, key));
    if (found->hash == 0)
        return false;
    size_t hole = (size_t)(found - map->entries);
    for (size_t at = (hole + 1) & mask; map->entries[at].hash; at = (at + 1) & mask) {
        if (((at - map->entries[at].hash) & mask) < ((at - hole) & mask))
            continue;
        map->entries[hole] = map->entries[at];
        hole = at;
    }
    map->entries[hole] = (MapEntry){0};
    map->count--;
    return true;
}
