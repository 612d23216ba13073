#include "base/leb128.h"

LebResult sgi_leb_read_u(const uint8_t **at, const uint8_t *end, unsigned bits, uint64_t *value) {
    uint64_t result = 0;
    unsigned shift = 0;
    for (const uint8_t *p = *at;; shift += 7) {
        if (p == end)
            return LEB_END;
        uint8_t byte = *p++;
        unsigned room = bits - shift; /* bits of this byte that count */
        if (room < 7) {
            if (byte & 0x80)
                return LEB_TOO_LONG;
            if (byte >> room)
                return LEB_TOO_LARGE;
        } else if (room == 7 && (byte & 0x80)) {
            return LEB_TOO_LONG;
        }
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *at = p;
            *value = result;
            return LEB_OK;
        }
    }
}

LebResult sgi_leb_read_s(const uint8_t **at, const uint8_t *end, unsigned bits, int64_t *value) {
    uint64_t result = 0;
    unsigned shift = 0;
    for (const uint8_t *p = *at;; shift += 7) {
        if (p == end)
            return LEB_END;
        uint8_t byte = *p++;
        unsigned room = bits - shift;
        if (room <= 7 && (byte & 0x80))
            return LEB_TOO_LONG;
        if (room < 7) {
            /* What lies above the sign bit must repeat it. */
            uint8_t above = (uint8_t)(0x7f & ~((1u << (room - 1)) - 1));
            if ((byte & above) != 0 && (byte & above) != above)
                return LEB_TOO_LARGE;
        }
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            if (shift + 7 < 64 && (byte & 0x40))
                result |= ~UINT64_C(0) << (shift + 7);
            *at = p;
            *value = (int64_t)result;
            return LEB_OK;
        }
    }
}
