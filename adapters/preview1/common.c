/* Errors, and memory: what functions of 0.2 fill is a heap that begins anew with each call. */
#include "preview1.h"

/* error-code → errno */
u32 errno_of(uint8_t error) {
    static const uint8_t numbers[] = {2,  6,  7,  8,  10, 16, 19, 20, 22, 25, 26, 27, 28,
                                      29, 31, 32, 34, 35, 37, 43, 44, 46, 48, 51, 54, 55,
                                      56, 58, 59, 60, 61, 63, 64, 69, 70, 74, 75};
    return error < sizeof numbers ? numbers[error] : IO;
}

u32 done(const Done *result) {
    return result->is_error ? errno_of(result->error) : SUCCESS;
}

u32 stream_errno(const Streamed *result) {
    if (result->as.failure.is_closed)
        return PIPE;
    error_drop(result->as.failure.error);
    return IO;
}

/* ---- memory ---- */

enum { PAGE = 65536 };
extern char __heap_base;
static char *heap;

void heap_begin(void) {
    heap = &__heap_base;
}

void *allocate(u32 size) {
    char *block = heap;
    u32 end = ((u32)block + size + 7) & ~7u;
    u32 pages = __builtin_wasm_memory_size(0);
    if (end < (u32)block ||
        (end > pages * PAGE &&
         __builtin_wasm_memory_grow(0, (end - pages * PAGE + PAGE - 1) / PAGE) == (size_t)-1))
        __builtin_trap();
    heap = (char *)end;
    return block;
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, u32 old_size, u32 align, u32 size) {
    (void)align;
    return old_size ? __builtin_memcpy(allocate(size), old, old_size < size ? old_size : size)
                    : allocate(size);
}

char *get_text(Ptr from, u32 size) {
    char *text = allocate(size);
    get(text, from, size);
    return text;
}
