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

char *get_bytes(Ptr from, u32 size) {
    char *bytes = allocate(size);
    get(bytes, from, size);
    return bytes;
}

/* How many bytes the character at `s` has, of `left`; 0: it is none. */
static u32 utf8_size(const uint8_t *s, u32 left) {
    static const u32 least[] = {0, 0, 0x80, 0x800, 0x10000};
    u32 size = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf8 ? 4 : 0;
    u32 code = size == 1 ? s[0] : s[0] & (0x7fu >> size);
    if (size > left)
        return 0;
    for (u32 i = 1; i < size; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    int is_surrogate = code >= 0xd800 && code < 0xe000;
    return code < least[size] || code > 0x10ffff || is_surrogate ? 0 : size;
}

const char *get_path(Ptr from, u32 size) {
    char *path = get_bytes(from, size);
    for (u32 at = 0, step; at < size; at += step) {
        step = utf8_size((const uint8_t *)path + at, size - at);
        if (step == 0)
            return NULL;
    }
    return path;
}
