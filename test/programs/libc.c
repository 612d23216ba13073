/* What programs want and Debian's wasi-libc lacks: the functions that clang makes of setjmp and longjmp, and
 * some that WASI has nothing for. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A jmp_buf. */
typedef struct Buffer {
    void *invocation; /* of the function that called setjmp */
    uint32_t label;
    struct {
        void *buffer;
        int value;
    } thrown;
} Buffer;

void __wasm_setjmp(void *env, uint32_t label, void *invocation);
uint32_t __wasm_setjmp_test(void *env, void *invocation);
void __wasm_longjmp(void *env, int value);

void __wasm_setjmp(void *env, uint32_t label, void *invocation) {
    Buffer *buffer = env;
    buffer->invocation = invocation;
    buffer->label = label;
}

uint32_t __wasm_setjmp_test(void *env, void *invocation) {
    const Buffer *buffer = env;
    return buffer->invocation == invocation ? buffer->label : 0;
}

void __wasm_longjmp(void *env, int value) {
    enum { C_LONGJMP = 1 };
    Buffer *buffer = env;
    buffer->thrown.buffer = env;
    buffer->thrown.value = value ? value : 1;
    __builtin_wasm_throw(C_LONGJMP, &buffer->thrown);
}

int system(const char *command) {
    return command ? -1 : 0;
}

FILE *tmpfile(void) {
    return NULL;
}

char *tmpnam(char *name) {
    (void)name;
    return NULL;
}
