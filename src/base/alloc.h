/* The one allocator, and the accounts that wrap it.
 *
 * Every block belongs to an Alloc: the embedder's function plus an account of the bytes in use. A store, a
 * module and an engine have one each, so what each holds is known and bounded. An account is used by one
 * thread at a time; the engine's is guarded by the engine's lock. */
#ifndef SGI_ALLOC_H
#define SGI_ALLOC_H

#include "base/compiler.h"

/* As sg_realloc_fn. */
typedef void *ReallocFn(void *context, void *block, size_t old_size, size_t new_size);

typedef struct Alloc {
    ReallocFn *fn;
    void *context;
    size_t limit; /* SIZE_MAX: none */
    size_t used, peak;
    bool limit_hit; /* the last refusal came from the limit, not from `fn` */
} Alloc;

/* An account over malloc and free when `fn` is NULL. */
void sgi_alloc_init(Alloc *alloc, ReallocFn *fn, void *context, size_t limit);

/* All answer NULL when refused; the account and the old block are then unchanged. Sizes of 0 are served as 1.
 */
void *sgi_alloc(Alloc *alloc, size_t size);
void *sgi_alloc_zero(Alloc *alloc, size_t size);
void *sgi_realloc(Alloc *alloc, void *block, size_t old_size, size_t new_size);
/* `size` is what was asked for; NULL is allowed. */
void sgi_free(Alloc *alloc, void *block, size_t size);

/* Books bytes that live elsewhere (mapped memory, say) on the account; false when the limit refuses. */
bool sgi_alloc_charge(Alloc *alloc, size_t size);
void sgi_alloc_refund(Alloc *alloc, size_t size);

#endif
