/* A hash table with open addressing and strings as keys: counts words. */
#include "bench.h"

typedef struct Entry {
    const char *key;
    uint32_t size, hash, count;
} Entry;

enum { SLOTS = 1 << 13, TEXT = 1 << 16 };
static char text[TEXT];
static Entry slots[SLOTS];

static Entry *find(const char *key, uint32_t size) {
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)key[i]) * 16777619u;
    for (uint32_t at = hash;; at++) {
        Entry *entry = &slots[at % SLOTS];
        if (entry->count == 0) {
            *entry = (Entry){.key = key, .size = size, .hash = hash};
            return entry;
        }
        if (entry->hash != hash || entry->size != size)
            continue;
        uint32_t i = 0;
        while (i < size && entry->key[i] == key[i])
            i++;
        if (i == size)
            return entry;
    }
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        make_text(text, TEXT, round);
        __builtin_memset(slots, 0, sizeof slots);
        for (uint32_t at = 0; at < TEXT;) {
            uint32_t end = at;
            while (end < TEXT && text[end] > ' ')
                end++;
            find(text + at, end - at)->count++;
            at = end + 1;
        }
        for (uint32_t i = 0; i < SLOTS; i++)
            if (slots[i].count)
                sum += (uint64_t)slots[i].hash * slots[i].count;
    }
    return sum;
}
