#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *malloc_realloc(void *context, void *block, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

void sgi_alloc_init(Alloc *alloc, ReallocFn *fn, void *context, size_t limit) {
    *alloc = (Alloc){.fn = fn ? fn : malloc_realloc, .context = context, .limit = limit};
}

bool sgi_alloc_charge(Alloc *alloc, size_t size) {
    size_t used;
    alloc->limit_hit = !sgi_add(alloc->used, size, &used) || used > alloc->limit;
    if (alloc->limit_hit)
        return false;
    alloc->used = used;
    if (used > alloc->peak)
        alloc->peak = used;
    return true;
}

void sgi_alloc_refund(Alloc *alloc, size_t size) {
    alloc->used -= size;
}

void *sgi_alloc(Alloc *alloc, size_t size) {
    return sgi_realloc(alloc, NULL, 0, size);
}

void *sgi_alloc_zero(Alloc *alloc, size_t size) {
    void *block = sgi_alloc(alloc, size);
    if (block)
        memset(block, 0, size ? size : 1);
    return block;
}

void *sgi_realloc(Alloc *alloc, void *block, size_t old_size, size_t new_size) {
    size_t old = block ? (old_size ? old_size : 1) : 0;
    size_t wanted = new_size ? new_size : 1;
    if (wanted > old && !sgi_alloc_charge(alloc, wanted - old))
        return NULL;
    void *moved = alloc->fn(alloc->context, block, old, wanted);
    if (moved == NULL) {
        if (wanted > old)
            sgi_alloc_refund(alloc, wanted - old);
        return NULL;
    }
    if (wanted < old)
        sgi_alloc_refund(alloc, old - wanted);
    return moved;
}

void sgi_free(Alloc *alloc, void *block, size_t size) {
    if (block == NULL)
        return;
    size_t old = size ? size : 1;
    alloc->fn(alloc->context, block, old, 0);
    sgi_alloc_refund(alloc, old);
}
