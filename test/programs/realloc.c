/* Debian's wasi-libc takes all memory that there is when it is first asked for some as its own, also what an
 * adapter of preview 1 got for itself before, unless the adapter asks here. */
#include <stdlib.h>

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *block, size_t old_size,
                                                                size_t alignment, size_t size);
void *cabi_realloc(void *block, size_t old_size, size_t alignment, size_t size) {
    (void)old_size, (void)alignment;
    return realloc(block, size);
}
