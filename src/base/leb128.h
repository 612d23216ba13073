/* LEB128, as the binary format's integers are written (core specification, 5.2.2). */
#ifndef SGI_LEB128_H
#define SGI_LEB128_H

#include "base/compiler.h"

typedef enum LebResult {
    LEB_OK,
    LEB_END,      /* "unexpected end" */
    LEB_TOO_LONG, /* "integer representation too long" */
    LEB_TOO_LARGE /* "integer too large" */
} LebResult;

/* Read one integer of `bits` (at most 64) from [*at, end) and move *at past it; on failure *at is unchanged.
 */
LebResult sgi_leb_read_u(const uint8_t **at, const uint8_t *end, unsigned bits, uint64_t *value);
LebResult sgi_leb_read_s(const uint8_t **at, const uint8_t *end, unsigned bits, int64_t *value);

/* For code that has been validated: no bounds are checked. */
static inline uint32_t sgi_leb_u32(const uint8_t **at) {
    uint32_t value = *(*at)++;
    if (SGI_LIKELY(value < 0x80))
        return value;
    value &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

static inline int64_t sgi_leb_s64(const uint8_t **at) {
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte >= 0x80);
    if (shift < 64 && (byte & 0x40))
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

#endif
