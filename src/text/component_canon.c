/* Canonical definitions: lift, lower and the built-ins, by the rows of canon.def (Binary.md, "Canonical
 * Definitions"). */
#include "text/component_parse.h"

enum { FIRST_BUILTIN = 2 }; /* after lift and lower */

static sg_status put_ref(ComponentParser *c, SpaceId space) {
    uint32_t index;
    SGI_TRY(sgi_parse_ref(c, space, &index));
    sgi_buf_leb_u(&c->w, index);
    return SG_OK;
}

static void put_flag(ComponentParser *c, const char *keyword) {
    sgi_buf_byte(&c->w, sgi_take_keyword(c->p, keyword));
}

/* ---- options ---- */

/* Flags by their bytes, and references. */
static const char *const flag_options[] = {[0x00] = "string-encoding=utf8",
                                           [0x01] = "string-encoding=utf16",
                                           [0x02] = "string-encoding=latin1+utf16",
                                           [0x06] = "async"};
static const struct {
    const char *keyword;
    uint8_t byte;
    SpaceId space;
} ref_options[] = {
    {"memory", 0x03, SPACE_CORE_MEMORY},
    {"realloc", 0x04, SPACE_CORE_FUNC},
    {"post-return", 0x05, SPACE_CORE_FUNC},
    {"callback", 0x07, SPACE_CORE_FUNC},
};

static bool take_flag_option(ComponentParser *c) {
    for (size_t i = 0; i < SGI_COUNT(flag_options); i++)
        if (flag_options[i] && sgi_take_keyword(c->p, flag_options[i])) {
            sgi_buf_byte(&c->w, (uint8_t)i);
            return true;
        }
    return false;
}

static sg_status parse_ref_option(ComponentParser *c, bool *found) {
    for (size_t i = 0; i < SGI_COUNT(ref_options); i++) {
        *found = sgi_take_open(c->p, ref_options[i].keyword);
        if (!*found)
            continue;
        sgi_buf_byte(&c->w, ref_options[i].byte);
        SGI_TRY(put_ref(c, ref_options[i].space));
        return sgi_expect_close(c->p);
    }
    return SG_OK;
}

static sg_status parse_options(ComponentParser *c) {
    size_t mark = c->w.size;
    uint32_t count = 0;
    for (bool found = true; found;) {
        found = take_flag_option(c);
        if (!found)
            SGI_TRY(parse_ref_option(c, &found));
        count += found;
    }
    sgi_insert_count(c, mark, count);
    return SG_OK;
}

/* ---- built-ins ---- */

static sg_status parse_memory(ComponentParser *c) {
    SGI_TRY(sgi_expect_open(c->p, "memory"));
    SGI_TRY(put_ref(c, SPACE_CORE_MEMORY));
    return sgi_expect_close(c->p);
}

static sg_status find_no_type(void *context, Parser *p, uint32_t *index) {
    (void)context, (void)index;
    return sgi_parse_unexpected(p);
}

static sg_status parse_context(ComponentParser *c) {
    static const CoreTypeScope no_types = {find_no_type, NULL};
    uint32_t slot;
    SGI_TRY(sgi_parse_core_val_type(c->p, &no_types, &c->w));
    SGI_TRY(sgi_expect_u32(c->p, &slot));
    sgi_buf_leb_u(&c->w, slot);
    return SG_OK;
}

/* In the text as in the binary, in the same order. */
static sg_status parse_immediates(ComponentParser *c, unsigned has) {
    if (has & CANON_HAS_RESULT)
        SGI_TRY(sgi_parse_result_list(c));
    if (has & CANON_HAS_VALUE_TYPE)
        return parse_context(c);
    if (has & CANON_HAS_TYPE)
        SGI_TRY(put_ref(c, SPACE_TYPE));
    if (has & CANON_HAS_ASYNC)
        put_flag(c, "async");
    if (has & CANON_HAS_CANCELLABLE)
        put_flag(c, "cancellable");
    if (has & CANON_HAS_SHARED)
        put_flag(c, "shared");
    if (has & CANON_HAS_CORE_TYPE)
        SGI_TRY(put_ref(c, SPACE_CORE_TYPE));
    if (has & CANON_HAS_NUMBER)
        SGI_TRY(put_ref(c, SPACE_CORE_TABLE));
    if (has & CANON_HAS_MEMORY)
        SGI_TRY(parse_memory(c));
    return has & CANON_HAS_OPTIONS ? parse_options(c) : SG_OK;
}

sg_status sgi_parse_canon(ComponentParser *c, bool *is_lift) {
    *is_lift = sgi_take_keyword(c->p, "lift");
    if (*is_lift || sgi_take_keyword(c->p, "lower")) {
        sgi_buf_byte(&c->w, *is_lift ? 0x00 : 0x01);
        sgi_buf_byte(&c->w, 0x00);
        SGI_TRY(put_ref(c, *is_lift ? SPACE_CORE_FUNC : SPACE_FUNC));
        return parse_options(c);
    }
    for (unsigned opcode = FIRST_BUILTIN; opcode <= UINT8_MAX; opcode++) {
        const CanonRow *row = sgi_canon_row((uint8_t)opcode);
        if (row && sgi_take_keyword(c->p, row->name)) {
            sgi_buf_byte(&c->w, (uint8_t)opcode);
            return parse_immediates(c, row->immediates);
        }
    }
    return sgi_parse_unexpected(c->p);
}
