/* Inside api only: what more than one of its files does. */
#ifndef SGI_API_PRIVATE_H
#define SGI_API_PRIVATE_H

#include "run/run.h"

#include <sandglass/value.h>
#include <sandglass/wat.h>

#include <string.h>

static inline sg_string to_string(Bytes bytes) {
    return sg_string_of((const char *)bytes.data, bytes.size);
}

/* Hands out a copy of `buf` in memory from malloc: there is no engine that it could be freed with. */
sg_status sgi_hand_out(const LoadContext *cx, const Buf *buf, sg_bytes *bytes);

/* Hands `text` out as snprintf does, and frees it. Its length, or 0 if memory was refused. */
static inline size_t copy_out(Buf *text, char *buffer, size_t size) {
    size_t length = text->failed ? 0 : text->size;
    if (size) {
        size_t copied = length < size ? length : size - 1;
        if (copied)
            memcpy(buffer, text->data, copied);
        buffer[copied] = '\0';
    }
    sgi_buf_free(text);
    return length;
}

/* Is the reference of the type `type`? `rtt`: of its heap type, when that is concrete. The value's kind is
 * known to be the type's. */
bool sgi_reference_fits(const Store *store, ValType type, const Rtt *rtt, const sg_core_value *value);

#endif
