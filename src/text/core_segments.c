/* Tables, memories and their segments: text → binary (core specification, 6.6.6 to 6.6.9). */
#include "text/core.h"

/* "(keyword expr)", or one folded instruction. */
static sg_status parse_wrapped_constant(ModuleParser *m, const char *keyword, Buf *out) {
    if (sgi_take_open(m->p, keyword)) {
        SGI_TRY(sgi_core_constant(m, out));
        return sgi_expect_close(m->p);
    }
    SGI_TRY(sgi_core_folded_instruction(m, out));
    sgi_buf_byte(out, 0x0b);
    return SG_OK;
}

/* Function indices, or expressions; counted, into m->body. */
static sg_status parse_items(ModuleParser *m, bool is_exprs, uint32_t *count) {
    m->body.size = 0;
    for (*count = 0; is_exprs ? sgi_peek_is(m->p, TOKEN_OPEN) : sgi_core_peek_index(m); ++*count) {
        if (is_exprs) {
            SGI_TRY(parse_wrapped_constant(m, "item", &m->body));
        } else {
            uint32_t index;
            SGI_TRY(sgi_core_index(m, SPACE_FUNC, &index));
            sgi_buf_leb_u(&m->body, index);
        }
    }
    return m->body.failed ? sgi_core_no_memory(m) : SG_OK;
}

static void put_items(ModuleParser *m, uint32_t count, Buf *out) {
    sgi_buf_leb_u(out, count);
    sgi_buf_put(out, m->body.data, m->body.size);
}

/* Turns the function indices in m->body into expressions, for tables whose type is not funcref. */
static void put_items_as_exprs(ModuleParser *m, uint32_t count, Buf *out) {
    const uint8_t *at = m->body.data;
    sgi_buf_leb_u(out, count);
    for (uint32_t i = 0; i < count; i++) {
        sgi_core_put_op(out, OP_REF_FUNC);
        sgi_buf_leb_u(out, sgi_leb_u32(&at));
        sgi_buf_byte(out, 0x0b);
    }
}

/* The constant offset 0 of a segment inside a table or memory. */
static void put_zero(Buf *out, bool is_64) {
    sgi_core_put_op(out, is_64 ? OP_I64_CONST : OP_I32_CONST);
    sgi_buf_byte(out, 0);
    sgi_buf_byte(out, 0x0b);
}

/* Past "reftype (elem", with the type's bytes in m->scratch: the table with as many elements as are listed.
 */
static sg_status parse_table_elems(ModuleParser *m, uint32_t index, bool is_64) {
    Buf *tables = sgi_core_entry(m, SECTION_TABLE), *elems = sgi_core_entry(m, SECTION_ELEM);
    m->next[SPACE_ELEM]++;
    sgi_buf_put(tables, m->scratch.data, m->scratch.size);
    bool is_funcref = m->scratch.size == 1 && m->scratch.data[0] == 0x70;
    bool is_exprs = sgi_peek_is(m->p, TOKEN_OPEN);
    bool as_exprs = is_exprs || !is_funcref;
    /* Flags: bit 1 an explicit table and type, bit 2 expressions. */
    uint8_t flags = (uint8_t)((index || !is_funcref ? 2 : 0) | (as_exprs ? 4 : 0));
    sgi_buf_byte(elems, flags);
    if (flags & 2)
        sgi_buf_leb_u(elems, index);
    put_zero(elems, is_64);
    if (flags == 2)
        sgi_buf_byte(elems, 0);
    else if (flags == 6)
        sgi_buf_put(elems, m->scratch.data, m->scratch.size);
    uint32_t count;
    SGI_TRY(parse_items(m, is_exprs, &count));
    if (as_exprs && !is_exprs)
        put_items_as_exprs(m, count, elems);
    else
        put_items(m, count, elems);
    sgi_buf_byte(tables, is_64 ? 5 : 1);
    sgi_buf_leb_u(tables, count);
    sgi_buf_leb_u(tables, count);
    return sgi_expect_close(m->p);
}

sg_status sgi_core_table(ModuleParser *m) {
    Parser *p = m->p;
    uint32_t index;
    bool is_import;
    SGI_TRY(sgi_core_inline(m, SPACE_TABLE, &index, &is_import));
    if (is_import)
        return SG_OK;
    size_t start = p->at;
    bool is_64 = sgi_take_keyword(p, "i64");
    if (!is_64)
        sgi_take_keyword(p, "i32");
    if (!sgi_peek_is(p, TOKEN_NUMBER)) {
        m->scratch.size = 0;
        SGI_TRY(sgi_parse_core_ref_type(p, &m->scope, &m->scratch));
        SGI_TRY(sgi_expect_open(p, "elem"));
        return parse_table_elems(m, index, is_64);
    }
    p->at = start;
    m->body.size = 0;
    SGI_TRY(sgi_parse_core_table_type(p, &m->scope, &m->body));
    Buf *tables = sgi_core_entry(m, SECTION_TABLE);
    bool has_init = !sgi_peek_is(p, TOKEN_CLOSE);
    if (has_init)
        sgi_buf_put(tables, "\x40", 2);
    sgi_buf_put(tables, m->body.data, m->body.size);
    return has_init ? sgi_core_constant(m, tables) : SG_OK;
}

/* "(i16 1 -2)" and its like, the values little-endian in a data string (the proposal of numeric values in
 * data segments, which the field's tools read). */
static const struct {
    const char *keyword;
    uint8_t bits;
    bool is_float;
} value_lists[] = {{"i8", 8, false},  {"i16", 16, false}, {"i32", 32, false},  {"i64", 64, false},
                   {"f32", 32, true}, {"f64", 64, true},  {"v128", 128, false}};

/* At "(i8" and its like: which, or their number. */
static size_t peek_value_list(const Parser *p) {
    Bytes head = sgi_peek_head(p);
    size_t which = 0;
    while (which < SGI_COUNT(value_lists) && !sgi_bytes_is(head, value_lists[which].keyword))
        which++;
    return which;
}

static sg_status parse_value(Parser *p, unsigned bits, bool is_float, Buf *out) {
    if (bits == 128) {
        V128Literal literal;
        SGI_TRY(sgi_expect_v128(p, false, &literal));
        sgi_buf_put(out, literal.bytes, sizeof literal.bytes);
        return SG_OK;
    }
    uint64_t value;
    SGI_TRY(is_float ? sgi_expect_float(p, bits, &value) : sgi_expect_integer(p, bits, &value));
    sgi_buf_le(out, value, bits / 8);
    return SG_OK;
}

/* The content of a data segment, into m->body. */
static sg_status parse_data_values(ModuleParser *m) {
    Parser *p = m->p;
    m->body.size = 0;
    for (;;) {
        SGI_TRY(sgi_take_strings(p, &m->body));
        size_t which = peek_value_list(p);
        if (which == SGI_COUNT(value_lists))
            return m->body.failed ? sgi_core_no_memory(m) : SG_OK;
        sgi_advance(p);
        sgi_advance(p);
        while (!sgi_peek_is(p, TOKEN_CLOSE))
            SGI_TRY(parse_value(p, value_lists[which].bits, value_lists[which].is_float, &m->body));
        SGI_TRY(sgi_expect_close(p));
    }
}

sg_status sgi_core_memory(ModuleParser *m) {
    Parser *p = m->p;
    uint32_t index;
    bool is_import;
    SGI_TRY(sgi_core_inline(m, SPACE_MEMORY, &index, &is_import));
    if (is_import)
        return SG_OK;
    size_t start = p->at;
    Buf *memories = sgi_core_entry(m, SECTION_MEMORY);
    bool is_64 = sgi_take_keyword(p, "i64");
    if (!is_64)
        sgi_take_keyword(p, "i32");
    bool has_page_size;
    uint8_t page_log2;
    SGI_TRY(sgi_parse_core_page_size(p, &has_page_size, &page_log2));
    if (!sgi_take_open(p, "data")) {
        p->at = start;
        return sgi_parse_core_memory_type(p, memories);
    }
    Buf *datas = sgi_core_entry(m, SECTION_DATA);
    m->next[SPACE_DATA]++;
    SGI_TRY(parse_data_values(m));
    uint64_t pages = (m->body.size >> page_log2) + ((m->body.size & ((UINT64_C(1) << page_log2) - 1)) != 0);
    sgi_buf_byte(memories, (uint8_t)((is_64 ? 5 : 1) | (has_page_size ? 8 : 0)));
    sgi_buf_leb_u(memories, pages);
    sgi_buf_leb_u(memories, pages);
    if (has_page_size)
        sgi_buf_byte(memories, page_log2);
    sgi_buf_byte(datas, index ? 2 : 0);
    if (index)
        sgi_buf_leb_u(datas, index);
    put_zero(datas, is_64);
    sgi_buf_sized(datas, m->body.data, m->body.size);
    return sgi_expect_close(p);
}

/* "(table x)" or "(memory x)" of a segment. */
static sg_status parse_segment_target(ModuleParser *m, const char *keyword, Space space, bool *given,
                                      uint32_t *index) {
    *index = 0;
    *given = sgi_take_open(m->p, keyword);
    if (!*given)
        return SG_OK;
    SGI_TRY(sgi_core_index(m, space, index));
    return sgi_expect_close(m->p);
}

sg_status sgi_core_elem(ModuleParser *m) {
    Parser *p = m->p;
    Bytes id;
    uint32_t table, count;
    bool has_table;
    SGI_TRY(sgi_take_id(p, &id));
    m->next[SPACE_ELEM]++;
    bool is_declared = sgi_take_keyword(p, "declare");
    SGI_TRY(parse_segment_target(m, "table", SPACE_TABLE, &has_table, &table));
    bool is_active = has_table || (sgi_peek_is(p, TOKEN_OPEN) && !sgi_peek_open(p, "ref"));
    if (is_active && is_declared)
        return sgi_parse_unexpected(p);
    Buf offset;
    sgi_buf_init(&offset, p->cx.alloc);
    sg_status status = is_active ? parse_wrapped_constant(m, "offset", &offset) : SG_OK;

    m->scratch.size = 0;
    bool is_exprs = false;
    if (status == SG_OK && !sgi_take_keyword(p, "func") &&
        !(is_active && (sgi_core_peek_index(m) || sgi_peek_is(p, TOKEN_CLOSE)))) {
        is_exprs = true;
        status = sgi_parse_core_ref_type(p, &m->scope, &m->scratch);
    }
    Buf *elems = sgi_core_entry(m, SECTION_ELEM);
    bool is_plain =
        is_active && !has_table && (!is_exprs || (m->scratch.size == 1 && m->scratch.data[0] == 0x70));
    /* Flags: bit 0 passive or declared; bit 1 an explicit table, or declared; bit 2 expressions. */
    sgi_buf_byte(elems, (uint8_t)((is_active ? 0 : 1) |
                                  (is_active     ? (is_plain ? 0 : 2)
                                   : is_declared ? 2
                                                 : 0) |
                                  (is_exprs ? 4 : 0)));
    if (is_active && !is_plain)
        sgi_buf_leb_u(elems, table);
    sgi_buf_put(elems, offset.data, offset.size);
    elems->failed |= offset.failed;
    sgi_buf_free(&offset);
    if (!is_plain && is_exprs)
        sgi_buf_put(elems, m->scratch.data, m->scratch.size);
    else if (!is_plain)
        sgi_buf_byte(elems, 0);
    SGI_TRY(status);
    SGI_TRY(parse_items(m, is_exprs, &count));
    put_items(m, count, elems);
    return SG_OK;
}

sg_status sgi_core_data(ModuleParser *m) {
    Parser *p = m->p;
    Buf *datas = sgi_core_entry(m, SECTION_DATA);
    Bytes id;
    uint32_t memory;
    bool has_memory;
    SGI_TRY(sgi_take_id(p, &id));
    m->next[SPACE_DATA]++;
    SGI_TRY(parse_segment_target(m, "memory", SPACE_MEMORY, &has_memory, &memory));
    bool is_active =
        has_memory || (sgi_peek_is(p, TOKEN_OPEN) && peek_value_list(p) == SGI_COUNT(value_lists));
    sgi_buf_byte(datas, is_active ? (memory ? 2 : 0) : 1);
    if (is_active && memory)
        sgi_buf_leb_u(datas, memory);
    if (is_active)
        SGI_TRY(parse_wrapped_constant(m, "offset", datas));
    SGI_TRY(parse_data_values(m));
    sgi_buf_sized(datas, m->body.data, m->body.size);
    return SG_OK;
}
