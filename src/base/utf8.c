#include "base/utf8.h"

#include <string.h>

int32_t sgi_utf8_read(const uint8_t **at, const uint8_t *end) {
    const uint8_t *p = *at;
    if (p == end)
        return -1;
    uint8_t first = *p++;
    if (first < 0x80) {
        *at = p;
        return first;
    }
    unsigned length = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1; /* continuation bytes */
    static const uint32_t lowest[] = {0, 0x80, 0x800, 0x10000};
    if (first < 0xc2 || first > 0xf4 || (size_t)(end - p) < length)
        return -1;
    uint32_t scalar = first & (0x3fu >> length);
    for (unsigned i = 0; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return -1;
        scalar = scalar << 6 | (p[i] & 0x3f);
    }
    if (scalar < lowest[length] || scalar > 0x10ffff || (scalar >= 0xd800 && scalar <= 0xdfff))
        return -1;
    *at = p + length;
    return (int32_t)scalar;
}

bool sgi_utf8_valid(const uint8_t *data, size_t size) {
    if (size == 0)
        return true; /* `data` may be NULL, to which C adds nothing, not even 0 */
    const uint8_t *p = data, *end = data + size;
    while (p != end) {
        /* 32 ASCII bytes at a time, then eight: what most text is. */
        while (end - p >= 32) {
            uint64_t words[4];
            memcpy(words, p, 32);
            if ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080))
                break;
            p += 32;
        }
        while (end - p >= 8) {
            uint64_t word;
            memcpy(&word, p, 8);
            if (word & UINT64_C(0x8080808080808080))
                break;
            p += 8;
        }
        if (p != end && sgi_utf8_read(&p, end) < 0)
            return false;
    }
    return true;
}

unsigned sgi_utf8_write(uint32_t scalar, uint8_t out[4]) {
    if (scalar < 0x80) {
        out[0] = (uint8_t)scalar;
        return 1;
    }
    unsigned length = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (unsigned i = length - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (scalar & 0x3f));
        scalar >>= 6;
    }
    out[0] = (uint8_t)((0xf00u >> length) | scalar);
    return length;
}
