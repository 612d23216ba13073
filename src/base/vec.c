#include "base/vec.h"

#include <string.h>

bool sgi_vec_grow(Alloc *alloc, void **items, size_t *capacity, size_t count, size_t extra,
                  size_t item_size) {
    size_t needed, wanted, bytes;
    if (!sgi_add(count, extra, &needed))
        return false;
    wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < needed)
        if (!sgi_mul(wanted, (size_t)2, &wanted))
            return false;
    if (!sgi_mul(wanted, item_size, &bytes))
        return false;
    void *block;
    memcpy(&block, items, sizeof block);
    block = sgi_realloc(alloc, block, *capacity * item_size, bytes);
    if (block == NULL)
        return false;
    memcpy(items, &block, sizeof block);
    *capacity = wanted;
    return true;
}
