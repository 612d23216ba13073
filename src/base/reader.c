#include "base/reader.h"

#include "base/leb128.h"
#include "base/utf8.h"

sg_status sgi_reader_fail(const Reader *r, const char *message) {
    return sgi_fail(r->err, SG_MALFORMED, sgi_reader_offset(r), message, "%s", "");
}

static sg_status leb_status(const Reader *r, LebResult result) {
    static const char *const messages[] = {
        [LEB_END] = "unexpected end",
        [LEB_TOO_LONG] = "integer representation too long",
        [LEB_TOO_LARGE] = "integer too large",
    };
    return result == LEB_OK ? SG_OK : sgi_reader_fail(r, messages[result]);
}

sg_status sgi_read_leb_u(Reader *r, unsigned bits, uint64_t *value) {
    return leb_status(r, sgi_leb_read_u(&r->at, r->end, bits, value));
}

sg_status sgi_read_leb_s(Reader *r, unsigned bits, int64_t *value) {
    return leb_status(r, sgi_leb_read_s(&r->at, r->end, bits, value));
}

static sg_status read_le(Reader *r, unsigned size, uint64_t *value) {
    if (sgi_reader_left(r) < size)
        return sgi_reader_fail(r, "unexpected end");
    uint64_t result = 0;
    for (unsigned i = 0; i < size; i++)
        result |= (uint64_t)r->at[i] << (8 * i);
    r->at += size;
    *value = result;
    return SG_OK;
}

sg_status sgi_read_le32(Reader *r, uint32_t *value) {
    uint64_t wide = 0;
    SGI_TRY(read_le(r, 4, &wide));
    *value = (uint32_t)wide;
    return SG_OK;
}

sg_status sgi_read_le64(Reader *r, uint64_t *value) {
    return read_le(r, 8, value);
}

sg_status sgi_read_bytes(Reader *r, size_t size, Bytes *value) {
    if (sgi_reader_left(r) < size)
        return sgi_reader_fail(r, "unexpected end");
    *value = (Bytes){r->at, size};
    r->at += size;
    return SG_OK;
}

sg_status sgi_read_name(Reader *r, Bytes *value) {
    Reader ahead = *r;
    uint32_t size;
    SGI_TRY(sgi_read_u32(&ahead, &size));
    SGI_TRY(sgi_read_bytes(&ahead, size, value));
    if (!sgi_utf8_valid(value->data, value->size))
        return sgi_reader_fail(r, "malformed UTF-8 encoding");
    r->at = ahead.at;
    return SG_OK;
}
