/* Byte slices and growing byte buffers. */
#ifndef SGI_BYTES_H
#define SGI_BYTES_H

#include "base/alloc.h"

/* A borrowed slice: a name in a module, a stretch of text. */
typedef struct Bytes {
    const uint8_t *data;
    size_t size;
} Bytes;

#define BYTES_OF(literal) ((Bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

Bytes sgi_bytes_of(const char *text);
bool sgi_bytes_equal(Bytes a, Bytes b);
bool sgi_bytes_is(Bytes a, const char *text);

/* A growing buffer. The first refusal sets `failed`; later writes do nothing, so one look at the end is
 * enough. */
typedef struct Buf {
    Alloc *alloc;
    uint8_t *data;
    size_t size, capacity;
    bool failed;
} Buf;

void sgi_buf_init(Buf *buf, Alloc *alloc);
void sgi_buf_free(Buf *buf);
void sgi_buf_put(Buf *buf, const void *data, size_t size);
void sgi_buf_byte(Buf *buf, uint8_t byte);
void sgi_buf_text(Buf *buf, const char *text);
void sgi_buf_printf(Buf *buf, const char *format, ...) SGI_PRINTF(2, 3);
void sgi_buf_leb_u(Buf *buf, uint64_t value);
void sgi_buf_leb_s(Buf *buf, int64_t value);
/* Fixed-width little-endian: the lowest `size` bytes of `value`. */
void sgi_buf_le(Buf *buf, uint64_t value, unsigned size);
/* A leb128 size followed by the bytes, as names and sections are written. */
void sgi_buf_sized(Buf *buf, const void *data, size_t size);

#endif
