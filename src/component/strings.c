/* Strings between UTF-8 in call memory and the three encodings in the guest's (canonical ABI, "Loading" and
 * "Storing").
 *
 * Lifting validates, counts, then writes. Lowering follows the specification's choice of allocations to the
 * letter, for the guest sees them: they depend on the encoding that the string came in and on its number of
 * code units. Strings of the host count as UTF-8; those of another component carry a StringSource before
 * their bytes.
 *
 * Every loop works in pieces of at most LIMIT(PIECE_BYTES), between which the interrupt is looked at. */
#include "component/canon.h"

#include <string.h>

/* The end of the next piece; characters may reach past it. */
static const uint8_t *piece_end(const uint8_t *at, const uint8_t *end) {
    size_t piece = (size_t)LIMIT_OF(PIECE_BYTES);
    return (size_t)(end - at) > piece ? at + piece : end;
}

static uint32_t load16(const uint8_t *at) {
    return (uint32_t)(at[0] | at[1] << 8);
}

static void store16(uint8_t *at, uint32_t unit) {
    at[0] = (uint8_t)unit;
    at[1] = (uint8_t)(unit >> 8);
}

/* One scalar value of well- or ill-formed UTF-16; -1 for a surrogate that stands alone. `end - *at` is even.
 */
static int32_t read_utf16(const uint8_t **at, const uint8_t *end) {
    uint32_t unit = load16(*at);
    *at += 2;
    if (unit < 0xd800 || unit > 0xdfff)
        return (int32_t)unit;
    if (unit > 0xdbff || *at == end)
        return -1;
    uint32_t low = load16(*at);
    if (low < 0xdc00 || low > 0xdfff)
        return -1;
    *at += 2;
    return (int32_t)(0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff)));
}

/* sgi_utf8_read and sgi_utf8_write, quick about what most text is. */
static inline int32_t read_utf8(const uint8_t **at, const uint8_t *end) {
    return **at < 0x80 ? *(*at)++ : sgi_utf8_read(at, end);
}

static inline uint8_t *write_utf8(uint8_t *to, uint32_t scalar) {
    if (scalar < 0x80) {
        *to = (uint8_t)scalar;
        return to + 1;
    }
    uint8_t bytes[4];
    unsigned size = sgi_utf8_write(scalar, bytes);
    memcpy(to, bytes, size);
    return to + size;
}

static uint8_t *write_utf16(uint8_t *to, uint32_t scalar) {
    if (scalar < 0x10000) {
        store16(to, scalar);
        return to + 2;
    }
    scalar -= 0x10000;
    store16(to, 0xd800 | scalar >> 10);
    store16(to + 2, 0xdc00 | (scalar & 0x3ff));
    return to + 4;
}

/* ---- lifting ---- */

/* Room in call memory for `size` bytes of UTF-8, after their StringSource. */
static sg_status new_string(LiftLowerContext *cx, size_t size, StringSource source, sg_string *out) {
    enum { BEFORE = sizeof(StringSource) };
    uint8_t *block = sgi_canon_alloc(cx, size + BEFORE, 1);
    if (block == NULL)
        return sgi_store_no_memory(cx->store, cx->err);
    memcpy(block, &source, BEFORE);
    *out = sg_string_of((const char *)block + BEFORE, size);
    return SG_OK;
}

static StringSource source_of(sg_string string) {
    StringSource source;
    memcpy(&source, string.data - sizeof source, sizeof source);
    return source;
}

/* The official suite tells a character that the end cuts short from bytes that are wrong in themselves. */
static bool is_cut_short(const uint8_t *at, const uint8_t *end) {
    int length = *at < 0xc2 || *at > 0xf4 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    if (end - at >= length)
        return false;
    while (++at != end)
        if ((*at & 0xc0) != 0x80)
            return false;
    return true;
}

/* `to` NULL: checks only. */
static sg_status copy_utf8(LiftLowerContext *cx, const uint8_t *from, uint32_t size, uint8_t *to) {
    for (const uint8_t *at = from, *end = from + size; at != end;) {
        const uint8_t *stop = piece_end(at, end);
        /* Cut between characters: at most three continuation bytes go to the next piece. */
        for (int i = 0; i < 3 && stop != end && (*stop & 0xc0) == 0x80; i++)
            stop--;
        size_t piece = (size_t)(stop - at);
        if (!sgi_utf8_valid(at, piece)) {
            while (sgi_utf8_read(&at, end) >= 0) {
            }
            return sgi_canon_trap(cx, SG_TRAP_INVALID_STRING,
                                  is_cut_short(at, end) ? "incomplete utf-8 byte sequence" : "invalid utf-8");
        }
        if (to)
            memcpy(to + (at - from), at, piece);
        at = stop;
        SGI_TRY(sgi_canon_poll(cx));
    }
    return SG_OK;
}

/* Bytes of UTF-8 that `from` takes; in UTF-16, which must be well formed, or Latin-1. */
static sg_status utf8_size(LiftLowerContext *cx, const uint8_t *from, const uint8_t *end, bool is_utf16,
                           size_t *size) {
    *size = 0;
    while (from != end) {
        for (const uint8_t *stop = piece_end(from, end); from < stop;) {
            int32_t scalar = is_utf16 ? read_utf16(&from, end) : *from++;
            if (scalar < 0)
                return sgi_canon_trap(cx, SG_TRAP_INVALID_STRING, "invalid utf-16");
            *size += scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
        }
        SGI_TRY(sgi_canon_poll(cx));
    }
    return SG_OK;
}

static sg_status transcode_to_utf8(LiftLowerContext *cx, const uint8_t *from, const uint8_t *end,
                                   bool is_utf16, uint8_t *to) {
    while (from != end) {
        for (const uint8_t *stop = piece_end(from, end); from < stop;) {
            int32_t scalar = is_utf16 ? read_utf16(&from, end) : *from++;
            to = write_utf8(to, (uint32_t)scalar);
        }
        SGI_TRY(sgi_canon_poll(cx));
    }
    return SG_OK;
}

/* The string's bytes, paid for. */
static sg_status find_range(LiftLowerContext *cx, uint32_t ptr, uint64_t byte_length, uint32_t alignment,
                            const uint8_t **memory) {
    const char *message = cx->is_between ? "string content out-of-bounds" : NULL;
    if (byte_length > LIMIT_OF(VALUE_BYTES))
        return sgi_canon_trap(cx, SG_TRAP_STRING_OUT_OF_BOUNDS, message);
    if (ptr % alignment != 0)
        return sgi_canon_trap(cx, SG_TRAP_POINTER_UNALIGNED, NULL);
    *memory = sgi_canon_memory(cx, ptr, byte_length);
    if (*memory == NULL)
        return sgi_canon_trap(cx, SG_TRAP_STRING_OUT_OF_BOUNDS, message);
    return sgi_canon_charge(cx, byte_length);
}

sg_status sgi_check_utf8_range(LiftLowerContext *cx, uint32_t ptr, uint32_t size) {
    const uint8_t *memory = NULL;
    SGI_TRY(find_range(cx, ptr, size, 1, &memory));
    return copy_utf8(cx, memory, size, NULL);
}

sg_status sgi_load_string_from_range(LiftLowerContext *cx, uint32_t ptr, uint32_t tagged_code_units,
                                     sg_string *out) {
    StringEncoding encoding = cx->opts->encoding;
    bool is_tagged = encoding == ENCODING_LATIN1_UTF16 && (tagged_code_units & UTF16_TAG) != 0;
    bool is_utf16 = encoding == ENCODING_UTF16 || is_tagged;
    uint64_t code_units = is_tagged ? tagged_code_units ^ UTF16_TAG : tagged_code_units;
    uint64_t byte_length = is_utf16 ? 2 * code_units : code_units;
    const uint8_t *memory = NULL;
    SGI_TRY(find_range(cx, ptr, byte_length, encoding == ENCODING_UTF8 ? 1 : 2, &memory));

    StringSource source = {encoding, tagged_code_units};
    if (encoding == ENCODING_UTF8) {
        SGI_TRY(new_string(cx, (size_t)byte_length, source, out));
        return copy_utf8(cx, memory, (uint32_t)byte_length, (uint8_t *)out->data);
    }
    size_t size;
    SGI_TRY(utf8_size(cx, memory, memory + byte_length, is_utf16, &size));
    SGI_TRY(new_string(cx, size, source, out));
    return transcode_to_utf8(cx, memory, memory + byte_length, is_utf16, (uint8_t *)out->data);
}

/* ---- lowering ---- */

/* What stands in a string, in one pass. */
typedef struct StringShape {
    uint32_t utf16_units;  /* of the whole */
    uint32_t latin1_chars; /* before the first character outside Latin-1 */
    uint32_t latin1_bytes; /* the same in UTF-8 */
    uint32_t ascii_bytes;  /* before the first character outside ASCII */
} StringShape;

static sg_status measure(LiftLowerContext *cx, const uint8_t *at, const uint8_t *end, StringShape *shape) {
    const uint8_t *start = at;
    bool is_ascii = true, is_latin1 = true;
    *shape = (StringShape){0};
    while (at != end) {
        for (const uint8_t *stop = piece_end(at, end); at < stop;) {
            int32_t scalar = read_utf8(&at, end);
            if (scalar < 0) /* checked or made by lifting: cannot be */
                return sgi_canon_trap(cx, SG_TRAP_INVALID_STRING, NULL);
            is_ascii = is_ascii && scalar < 0x80;
            is_latin1 = is_latin1 && scalar < 0x100;
            shape->utf16_units += scalar < 0x10000 ? 1 : 2;
            if (is_latin1) {
                shape->latin1_chars++;
                shape->latin1_bytes = (uint32_t)(at - start);
            }
            if (is_ascii)
                shape->ascii_bytes = (uint32_t)(at - start);
        }
        SGI_TRY(sgi_canon_poll(cx));
    }
    return SG_OK;
}

/* The characters of [at, end) to guest memory at `ptr`, which has room. */
static sg_status write_chars(LiftLowerContext *cx, const uint8_t *at, const uint8_t *end, bool is_utf16,
                             uint32_t ptr) {
    uint8_t *to = cx->opts->memory->base + ptr;
    while (at != end) {
        for (const uint8_t *stop = piece_end(at, end); at < stop;) {
            uint32_t scalar = (uint32_t)read_utf8(&at, end);
            if (is_utf16)
                to = write_utf16(to, scalar);
            else
                *to++ = (uint8_t)scalar;
        }
        SGI_TRY(sgi_canon_poll(cx));
    }
    return SG_OK;
}

typedef struct Lowering {
    LiftLowerContext *cx;
    const uint8_t *src, *end; /* UTF-8 */
    StringShape shape;
    uint32_t src_code_units;
    uint32_t *ptr, *tagged_code_units; /* the results */
} Lowering;

static uint32_t utf8_bytes(const Lowering *l) {
    return (uint32_t)(l->end - l->src);
}

/* store_string_copy, to UTF-8. */
static sg_status store_copy_utf8(Lowering *l) {
    LiftLowerContext *cx = l->cx;
    SGI_TRY(sgi_canon_reallocate(cx, 0, 0, 1, utf8_bytes(l), l->ptr));
    *l->tagged_code_units = utf8_bytes(l);
    return sgi_canon_copy(cx, cx->opts->memory->base + *l->ptr, l->src, utf8_bytes(l));
}

/* store_string_copy, to UTF-16. */
static sg_status store_copy_utf16(Lowering *l) {
    SGI_TRY(sgi_canon_reallocate(l->cx, 0, 0, 2, 2 * l->shape.utf16_units, l->ptr));
    *l->tagged_code_units = l->shape.utf16_units;
    return write_chars(l->cx, l->src, l->end, true, *l->ptr);
}

/* store_string_copy, of Latin-1 to Latin-1. */
static sg_status store_copy_latin1(Lowering *l) {
    SGI_TRY(sgi_canon_reallocate(l->cx, 0, 0, 2, l->shape.latin1_chars, l->ptr));
    *l->tagged_code_units = l->shape.latin1_chars;
    return write_chars(l->cx, l->src, l->end, false, *l->ptr);
}

static sg_status store_string_to_utf8(Lowering *l, uint32_t worst_case_size) {
    LiftLowerContext *cx = l->cx;
    uint32_t size = utf8_bytes(l), ascii = l->shape.ascii_bytes;
    SGI_TRY(sgi_canon_reallocate(cx, 0, 0, 1, l->src_code_units, l->ptr));
    *l->tagged_code_units = size;
    SGI_TRY(sgi_canon_copy(cx, cx->opts->memory->base + *l->ptr, l->src, ascii));
    if (ascii == size)
        return SG_OK;
    SGI_TRY(sgi_canon_reallocate(cx, *l->ptr, l->src_code_units, 1, worst_case_size, l->ptr));
    SGI_TRY(sgi_canon_copy(cx, cx->opts->memory->base + *l->ptr + ascii, l->src + ascii, size - ascii));
    return worst_case_size > size ? sgi_canon_reallocate(cx, *l->ptr, worst_case_size, 1, size, l->ptr)
                                  : SG_OK;
}

static sg_status store_utf8_to_utf16(Lowering *l) {
    uint32_t worst_case_size = 2 * l->src_code_units, size = 2 * l->shape.utf16_units;
    SGI_TRY(sgi_canon_reallocate(l->cx, 0, 0, 2, worst_case_size, l->ptr));
    *l->tagged_code_units = l->shape.utf16_units;
    SGI_TRY(write_chars(l->cx, l->src, l->end, true, *l->ptr));
    return size < worst_case_size ? sgi_canon_reallocate(l->cx, *l->ptr, worst_case_size, 2, size, l->ptr)
                                  : SG_OK;
}

/* Latin-1 bytes at `ptr` to UTF-16 in place, from the last, which would else be overwritten. */
static sg_status inflate_latin1(LiftLowerContext *cx, uint32_t ptr, uint32_t count) {
    uint8_t *memory = cx->opts->memory->base + ptr;
    for (uint32_t j = count; j-- > 0;) {
        store16(memory + 2 * (size_t)j, memory[j]);
        if (j % LIMIT_OF(PIECE_BYTES) == 0)
            SGI_TRY(sgi_canon_poll(cx));
    }
    return SG_OK;
}

static sg_status store_string_to_latin1_or_utf16(Lowering *l) {
    LiftLowerContext *cx = l->cx;
    const StringShape *shape = &l->shape;
    const uint8_t *rest = l->src + shape->latin1_bytes;
    SGI_TRY(sgi_canon_reallocate(cx, 0, 0, 2, l->src_code_units, l->ptr));
    SGI_TRY(write_chars(cx, l->src, rest, false, *l->ptr));
    if (rest == l->end) {
        *l->tagged_code_units = shape->latin1_chars;
        return shape->latin1_chars < l->src_code_units
                   ? sgi_canon_reallocate(cx, *l->ptr, l->src_code_units, 2, shape->latin1_chars, l->ptr)
                   : SG_OK;
    }
    uint32_t worst_case_size = 2 * l->src_code_units, size = 2 * shape->utf16_units;
    SGI_TRY(sgi_canon_reallocate(cx, *l->ptr, l->src_code_units, 2, worst_case_size, l->ptr));
    SGI_TRY(inflate_latin1(cx, *l->ptr, shape->latin1_chars));
    SGI_TRY(write_chars(cx, rest, l->end, true, *l->ptr + 2 * shape->latin1_chars));
    *l->tagged_code_units = shape->utf16_units | UTF16_TAG;
    return worst_case_size > size ? sgi_canon_reallocate(cx, *l->ptr, worst_case_size, 2, size, l->ptr)
                                  : SG_OK;
}

static sg_status store_probably_utf16_to_latin1_or_utf16(Lowering *l) {
    LiftLowerContext *cx = l->cx;
    uint32_t byte_length = 2 * l->src_code_units, latin1_size = l->shape.latin1_chars;
    bool is_latin1 = l->src + l->shape.latin1_bytes == l->end;
    SGI_TRY(sgi_canon_reallocate(cx, 0, 0, 2, byte_length, l->ptr));
    SGI_TRY(write_chars(cx, l->src, l->end, !is_latin1, *l->ptr));
    *l->tagged_code_units = is_latin1 ? latin1_size : l->shape.utf16_units | UTF16_TAG;
    return is_latin1 ? sgi_canon_reallocate(cx, *l->ptr, byte_length, 1, latin1_size, l->ptr) : SG_OK;
}

static sg_status store_string(Lowering *l, StringSource source) {
    bool is_tagged = (source.tagged_code_units & UTF16_TAG) != 0;
    bool from_utf16 =
        source.encoding == ENCODING_UTF16 || (source.encoding == ENCODING_LATIN1_UTF16 && is_tagged);
    switch (l->cx->opts->encoding) {
    case ENCODING_UTF8:
        if (source.encoding == ENCODING_UTF8)
            return store_copy_utf8(l);
        return store_string_to_utf8(l, l->src_code_units * (from_utf16 ? 3 : 2));
    case ENCODING_UTF16:
        return source.encoding == ENCODING_UTF8 ? store_utf8_to_utf16(l) : store_copy_utf16(l);
    default:
        if (source.encoding != ENCODING_LATIN1_UTF16)
            return store_string_to_latin1_or_utf16(l);
        return from_utf16 ? store_probably_utf16_to_latin1_or_utf16(l) : store_copy_latin1(l);
    }
}

sg_status sgi_store_string_into_range(LiftLowerContext *cx, sg_string string, uint32_t *ptr,
                                      uint32_t *tagged_code_units) {
    StringSource source = {ENCODING_UTF8, (uint32_t)string.size};
    if (cx->is_between)
        source = source_of(string);
    Lowering l = {.cx = cx,
                  .src = (const uint8_t *)(string.size ? string.data : ""),
                  .src_code_units = source.tagged_code_units,
                  .ptr = ptr,
                  .tagged_code_units = tagged_code_units};
    if (source.encoding == ENCODING_LATIN1_UTF16)
        l.src_code_units &= ~UTF16_TAG;
    l.end = l.src + string.size;
    bool copies = cx->opts->encoding == ENCODING_UTF8 && source.encoding == ENCODING_UTF8;
    if (!copies)
        SGI_TRY(measure(cx, l.src, l.end, &l.shape));
    bool is_latin1 = l.src + l.shape.latin1_bytes == l.end;
    uint64_t stored = cx->opts->encoding == ENCODING_UTF8 ? string.size
                      : cx->opts->encoding == ENCODING_LATIN1_UTF16 && is_latin1
                          ? l.shape.latin1_chars
                          : 2 * (uint64_t)l.shape.utf16_units;
    SGI_TRY(sgi_canon_charge(cx, stored));
    return store_string(&l, source);
}
