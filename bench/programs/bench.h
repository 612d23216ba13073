/* What the programs share, in place of a libc: the same file compiles natively and for wasm32. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The one function of a program: does `scale` units of work and gives a checksum of what came out. */
__attribute__((visibility("default"))) uint64_t bench_run(uint32_t scale);

static inline uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A checksum step: order matters, every bit of both counts. */
static inline uint64_t mix(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
    return sum ^ sum >> 29;
}

static inline uint64_t mix_double(uint64_t sum, double value) {
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return mix(sum, bits);
}

static inline uint64_t mix_bytes(uint64_t sum, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return mix(sum, size);
}

static inline uint32_t rotate_left(uint32_t value, unsigned by) {
    return value << by | value >> (32 - by);
}

static inline bool same_bytes(const void *a, const void *b, size_t size) {
    const uint8_t *left = a, *right = b;
    while (size && *left == *right)
        left++, right++, size--;
    return size == 0;
}

static inline size_t text_size(const char *text) {
    size_t size = 0;
    while (text[size])
        size++;
    return size;
}

/* English-like words, lines and numbers: repeats enough to compress, varied enough to be work. */
static inline void make_text(char *text, size_t size, uint32_t seed) {
    static const char *const words[] = {
        "the",    "of",   "sand",     "glass", "and", "time", "a",    "in",    "runs",  "never", "module",
        "memory", "with", "function", "value", "is",  "to",   "trap", "limit", "stack", "it",    "component"};
    for (size_t at = 0; at < size;) {
        uint32_t choice = next_random(&seed) % 256;
        const char *word = words[choice * choice / 256 * COUNT(words) / 256];
        for (; *word && at < size; word++)
            text[at++] = *word;
        if (choice % 11 == 0)
            for (uint32_t number = next_random(&seed) % 100000; number && at < size; number /= 10)
                text[at++] = (char)('0' + number % 10);
        if (at < size)
            text[at++] = choice % 13 == 0 ? '\n' : ' ';
    }
}

#endif
