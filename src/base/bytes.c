#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

Bytes sgi_bytes_of(const char *text) {
    return (Bytes){(const uint8_t *)text, strlen(text)};
}

bool sgi_bytes_equal(Bytes a, Bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool sgi_bytes_is(Bytes a, const char *text) {
    return sgi_bytes_equal(a, sgi_bytes_of(text));
}

void sgi_buf_init(Buf *buf, Alloc *alloc) {
    *buf = (Buf){.alloc = alloc};
}

void sgi_buf_free(Buf *buf) {
    sgi_free(buf->alloc, buf->data, buf->capacity);
    *buf = (Buf){.alloc = buf->alloc};
}

/* Room for `extra` more bytes; false once the buffer has failed. */
static bool buf_reserve(Buf *buf, size_t extra) {
    if (buf->failed)
        return false;
    if (buf->capacity - buf->size >= extra)
        return true;
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;
    while (capacity - buf->size < extra)
        if (!sgi_mul(capacity, (size_t)2, &capacity)) {
            buf->failed = true;
            return false;
        }
    uint8_t *data = sgi_realloc(buf->alloc, buf->data, buf->capacity, capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void sgi_buf_put(Buf *buf, const void *data, size_t size) {
    if (size == 0 || !buf_reserve(buf, size))
        return;
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
}

void sgi_buf_byte(Buf *buf, uint8_t byte) {
    sgi_buf_put(buf, &byte, 1);
}

void sgi_buf_text(Buf *buf, const char *text) {
    sgi_buf_put(buf, text, strlen(text));
}

void sgi_buf_printf(Buf *buf, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* vsnprintf writes a NUL past the text: room for it is taken, its place is not counted. */
    if (length >= 0 && buf_reserve(buf, (size_t)length + 1)) {
        vsnprintf((char *)buf->data + buf->size, (size_t)length + 1, format, again);
        buf->size += (size_t)length;
    }
    va_end(again);
}

void sgi_buf_leb_u(Buf *buf, uint64_t value) {
    do {
        uint8_t byte = value & 0x7f;
        value >>= 7;
        sgi_buf_byte(buf, value ? byte | 0x80 : byte);
    } while (value);
}

void sgi_buf_leb_s(Buf *buf, int64_t value) {
    for (;;) {
        uint8_t byte = (uint64_t)value & 0x7f;
        int64_t rest = value >> 7;
        bool last = (rest == 0 && !(byte & 0x40)) || (rest == -1 && (byte & 0x40));
        sgi_buf_byte(buf, last ? byte : byte | 0x80);
        if (last)
            return;
        value = rest;
    }
}

void sgi_buf_le(Buf *buf, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++)
        sgi_buf_byte(buf, (uint8_t)(value >> (8 * i)));
}

void sgi_buf_sized(Buf *buf, const void *data, size_t size) {
    sgi_buf_leb_u(buf, size);
    sgi_buf_put(buf, data, size);
}
