/* An allocator for tests: counts what it gave, and refuses one allocation, or all from one on. */
#ifndef TEST_RATION_H
#define TEST_RATION_H

#include <sandglass.h>
#include <stdlib.h>

typedef struct Ration {
    size_t left;        /* allocations to come before one is refused; SIZE_MAX: none is */
    bool for_good;      /* those behind it are refused too, until `left` is set again */
    bool refused;       /* one was */
    size_t bytes, peak; /* in use */
} Ration;

/* sg_realloc_fn; the context is a Ration. */
static inline void *ration_realloc(void *context, void *block, size_t old_size, size_t new_size) {
    Ration *r = context;
    if (new_size == 0) {
        r->bytes -= block ? old_size : 0;
        free(block);
        return NULL;
    }
    if (r->left == 0) {
        r->refused = true;
        r->left = r->for_good ? 0 : SIZE_MAX;
        return NULL;
    }
    r->left--;
    void *moved = realloc(block, new_size);
    if (moved) {
        r->bytes += new_size - (block ? old_size : 0);
        r->peak = r->bytes > r->peak ? r->bytes : r->peak;
    }
    return moved;
}

/* As sg_engine_new. */
static inline sg_engine *ration_engine(Ration *r, sg_error *error) {
    const sg_engine_options options = {
        .size = sizeof options, .allocate = ration_realloc, .allocate_context = r};
    return sg_engine_new(&options, error);
}

#endif
