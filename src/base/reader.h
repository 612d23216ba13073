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

/* LEB128 of any length: what the readers below call for numbers of more than one byte. */
sg_status sgi_read_leb_u(Reader *r, unsigned bits, uint64_t *value);
sg_status sgi_read_leb_s(Reader *r, unsigned bits, int64_t *value);

static inline bool sgi_reader_at_short(const Reader *r) {
    return SGI_LIKELY(r->at != r->end && *r->at < 0x80);
}

/* On failure the cursor is unchanged and r->err is filled with the specification's message; a byte or u32 is
 * 0. */
static inline sg_status sgi_read_byte(Reader *r, uint8_t *value) {
    if (SGI_UNLIKELY(r->at == r->end)) {
        *value = 0;
        return sgi_reader_fail(r, "unexpected end");
    }
    *value = *r->at++;
    return SG_OK;
}
static inline sg_status sgi_read_u64(Reader *r, uint64_t *value) {
    if (!sgi_reader_at_short(r))
        return sgi_read_leb_u(r, 64, value);
    *value = *r->at++;
    return SG_OK;
}
static inline sg_status sgi_read_u32(Reader *r, uint32_t *value) {
    uint64_t wide = 0;
    sg_status status = SG_OK;
    if (sgi_reader_at_short(r))
        wide = *r->at++;
    else
        status = sgi_read_leb_u(r, 32, &wide);
    *value = (uint32_t)wide;
    return status;
}
/* `bits` as in s32, s33, s64. */
static inline sg_status sgi_read_s(Reader *r, unsigned bits, int64_t *value) {
    if (!sgi_reader_at_short(r))
        return sgi_read_leb_s(r, bits, value);
    *value = (int64_t)(*r->at++ ^ 0x40) - 0x40; /* the sign is bit 6 */
    return SG_OK;
}
/* Little-endian, fixed width. */
sg_status sgi_read_le32(Reader *r, uint32_t *value);
sg_status sgi_read_le64(Reader *r, uint64_t *value);
sg_status sgi_read_bytes(Reader *r, size_t size, Bytes *value);
/* A length and that many bytes of valid UTF-8 ("malformed UTF-8 encoding"). */
sg_status sgi_read_name(Reader *r, Bytes *value);

#endif
