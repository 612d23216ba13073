/* Growing arrays of any type: `Vec(Thing) things;` zero-initialised is empty. */
#ifndef SGI_VEC_H
#define SGI_VEC_H

#include "base/alloc.h"

#define Vec(T)                                                                                               \
    struct {                                                                                                 \
        T *items;                                                                                            \
        size_t count, capacity;                                                                              \
    }

/* Room for `extra` more items; false when refused. */
#define sgi_vec_reserve(alloc, vec, extra)                                                                   \
    ((vec)->capacity - (vec)->count >= (extra) ||                                                            \
     sgi_vec_grow((alloc), (void **)&(vec)->items, &(vec)->capacity, (vec)->count, (extra),                  \
                  sizeof *(vec)->items))

/* Appends a copy of `item`; false when refused. */
#define sgi_vec_push(alloc, vec, item)                                                                       \
    (sgi_vec_reserve((alloc), (vec), 1) ? ((vec)->items[(vec)->count++] = (item), true) : false)

#define sgi_vec_free(alloc, vec)                                                                             \
    (sgi_free((alloc), (vec)->items, (vec)->capacity * sizeof *(vec)->items), (vec)->items = NULL,           \
     (vec)->count = (vec)->capacity = 0)

/* `items` points at the vector's item pointer; any object pointer type has the same representation here. */
bool sgi_vec_grow(Alloc *alloc, void **items, size_t *capacity, size_t count, size_t extra, size_t item_size);

#endif
