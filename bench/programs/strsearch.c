/* String search three ways: naive, Horspool's skips, and Knuth-Morris-Pratt's table. */
#include "bench.h"

enum { TEXT = 1 << 16 };
static char text[TEXT];

static uint32_t naive(const char *word, size_t size) {
    uint32_t count = 0;
    for (size_t at = 0; at + size <= TEXT; at++)
        count += same_bytes(text + at, word, size);
    return count;
}

static uint32_t horspool(const char *word, size_t size) {
    uint8_t skip[256];
    uint32_t count = 0;
    __builtin_memset(skip, (int)size, sizeof skip);
    for (size_t i = 0; i + 1 < size; i++)
        skip[(uint8_t)word[i]] = (uint8_t)(size - 1 - i);
    for (size_t at = 0; at + size <= TEXT; at += skip[(uint8_t)text[at + size - 1]])
        count += same_bytes(text + at, word, size);
    return count;
}

static uint32_t knuth(const char *word, size_t size) {
    uint8_t back[64] = {0};
    uint32_t count = 0;
    for (size_t i = 1, k = 0; i < size; i++) {
        while (k && word[i] != word[k])
            k = back[k - 1];
        k += word[i] == word[k];
        back[i] = (uint8_t)k;
    }
    for (size_t at = 0, k = 0; at < TEXT; at++) {
        while (k && (k == size || text[at] != word[k]))
            k = back[k - 1];
        k += text[at] == word[k];
        count += k == size;
    }
    return count;
}

uint64_t bench_run(uint32_t scale) {
    static const char *const words[] = {"the", "component", "module memory", "never", "sand glass and", "a"};
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        make_text(text, TEXT, round);
        for (size_t i = 0; i < COUNT(words); i++) {
            size_t size = text_size(words[i]);
            sum = mix(sum, naive(words[i], size));
            sum = mix(sum, horspool(words[i], size));
            sum = mix(sum, knuth(words[i], size));
        }
    }
    return sum;
}
