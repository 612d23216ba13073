/* All that differs between compilers. */
#ifndef SGI_COMPILER_H
#define SGI_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SGI_LIKELY(x)    __builtin_expect(!!(x), 1)
#define SGI_UNLIKELY(x)  __builtin_expect(!!(x), 0)
#define SGI_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define SGI_NOINLINE     __attribute__((noinline))
#define SGI_UNUSED       __attribute__((unused))
#define SGI_INLINE       inline __attribute__((always_inline))

/* A variable that the compiler must not see through. */
#define SGI_OPAQUE(x) __asm__("" : "+r"(x))

/* Functions that hand on to each other by jumps, with all their parameters in registers. */
#if defined(__has_attribute) && (defined(__x86_64__) || defined(__aarch64__))
#if __has_attribute(preserve_none) && __has_attribute(musttail)
#define SGI_TAIL_CALLED __attribute__((preserve_none))
#define SGI_TAIL_CALL   __attribute__((musttail)) return
#endif
#endif

/* Checked arithmetic: true when the result fits and was stored. */
#define sgi_add(a, b, result) (!__builtin_add_overflow((a), (b), (result)))
#define sgi_mul(a, b, result) (!__builtin_mul_overflow((a), (b), (result)))

/* The whole product; answers its high half. */
static inline uint64_t sgi_mul_wide(uint64_t a, uint64_t b, uint64_t *low) {
    __extension__ typedef unsigned __int128 Wide;
    Wide product = (Wide)a * b;
    *low = (uint64_t)product;
    return (uint64_t)(product >> 64);
}

#define SGI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
