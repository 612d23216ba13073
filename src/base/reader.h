/* A cursor over the binary format: reads that check bounds and say where they failed. */
#ifndef SGI_READER_H
#define SGI_READER_H

#include "base/bytes.h"
#include "base/err.h"

typedef struct Reader {
    const uint8_t *at, *end;
    const uint8_t *start; /* offset 0 of the whole binary: positions in errors count from here */
    sg_error *err;        /* may be NULL */
} Reader;

static inline size_t sgi_reader_offset(const Reader *r) {
    return (size_t)(r->at - r->start);
}
static inline size_t sgi_reader_left(const Reader *r) {
    return (size_t)(r->end - r->at);
}

/* SG_MALFORMED with the current offset. */
sg_status sgi_reader_fail(const Reader *r, const char *message);

/* On failure the cursor is unchanged and r->err is filled with the specification's message. */
sg_status sgi_read_byte(Reader *r, uint8_t *value);
sg_status sgi_read_u32(Reader *r, uint32_t *value);
sg_status sgi_read_u64(Reader *r, uint64_t *value);
sg_status sgi_read_s32(Reader *r, int32_t *value);
sg_status sgi_read_s33(Reader *r, int64_t *value);
sg_status sgi_read_s64(Reader *r, int64_t *value);
/* Little-endian, fixed width. */
sg_status sgi_read_le32(Reader *r, uint32_t *value);
sg_status sgi_read_le64(Reader *r, uint64_t *value);
sg_status sgi_read_bytes(Reader *r, size_t size, Bytes *value);
/* A length and that many bytes of valid UTF-8 ("malformed UTF-8 encoding"). */
sg_status sgi_read_name(Reader *r, Bytes *value);

#endif
