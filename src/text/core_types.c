/* Core types: text → binary format (core specification, 6.4 and 5.3). */
#include "text/parse.h"

#include <string.h>

typedef struct TypeWord {
    const char *word;
    uint8_t code;
} TypeWord;

static const TypeWord heap_words[] = {
    {"func", 0x70},  {"extern", 0x6f}, {"any", 0x6e},  {"eq", 0x6d},       {"i31", 0x6c},    {"struct", 0x6b},
    {"array", 0x6a}, {"exn", 0x69},    {"none", 0x71}, {"noextern", 0x72}, {"nofunc", 0x73}, {"noexn", 0x74},
};
static const TypeWord ref_words[] = {
    {"funcref", 0x70}, {"externref", 0x6f},     {"anyref", 0x6e},      {"eqref", 0x6d},
    {"i31ref", 0x6c},  {"structref", 0x6b},     {"arrayref", 0x6a},    {"exnref", 0x69},
    {"nullref", 0x71}, {"nullexternref", 0x72}, {"nullfuncref", 0x73}, {"nullexnref", 0x74},
};
static const TypeWord num_words[] = {
    {"i32", 0x7f}, {"i64", 0x7e}, {"f32", 0x7d}, {"f64", 0x7c}, {"v128", 0x7b}};
static const TypeWord packed_words[] = {{"i8", 0x78}, {"i16", 0x77}};

/* The code of the keyword at the cursor, consumed; or 0. */
static uint8_t take_word(Parser *p, const TypeWord *words, size_t count) {
    for (size_t i = 0; sgi_peek_is(p, TOKEN_KEYWORD) && i < count; i++)
        if (sgi_take_keyword(p, words[i].word))
            return words[i].code;
    return 0;
}

/* An abstract heap type's byte, or 0 after a type index, which is in `index`. */
static sg_status parse_heap(Parser *p, const CoreTypeScope *scope, uint8_t *code, uint32_t *index) {
    *code = take_word(p, heap_words, SGI_COUNT(heap_words));
    if (*code)
        return SG_OK;
    if (!sgi_peek_is(p, TOKEN_NUMBER) && !sgi_peek_is(p, TOKEN_ID))
        return sgi_parse_unexpected(p);
    return scope->find(scope->context, p, index);
}

sg_status sgi_parse_core_heap_type(Parser *p, const CoreTypeScope *scope, Buf *out) {
    uint8_t code;
    uint32_t index;
    SGI_TRY(parse_heap(p, scope, &code, &index));
    if (code)
        sgi_buf_byte(out, code);
    else
        sgi_buf_leb_s(out, index);
    return SG_OK;
}

bool sgi_peek_nullable(const Parser *p) {
    Parser ahead = *p;
    return !sgi_take_open(&ahead, "ref") || sgi_peek_keyword(&ahead, "null");
}

sg_status sgi_parse_core_cast_type(Parser *p, const CoreTypeScope *scope, bool *nullable, Buf *heap) {
    uint8_t code = take_word(p, ref_words, SGI_COUNT(ref_words));
    *nullable = true;
    if (code) {
        sgi_buf_byte(heap, code);
        return SG_OK;
    }
    SGI_TRY(sgi_expect_open(p, "ref"));
    *nullable = sgi_take_keyword(p, "null");
    SGI_TRY(sgi_parse_core_heap_type(p, scope, heap));
    return sgi_expect_close(p);
}

sg_status sgi_parse_core_ref_type(Parser *p, const CoreTypeScope *scope, Buf *out) {
    uint8_t code = take_word(p, ref_words, SGI_COUNT(ref_words));
    if (code == 0) {
        uint32_t index;
        SGI_TRY(sgi_expect_open(p, "ref"));
        bool nullable = sgi_take_keyword(p, "null");
        SGI_TRY(parse_heap(p, scope, &code, &index));
        SGI_TRY(sgi_expect_close(p));
        if (!nullable || code == 0)
            sgi_buf_byte(out, nullable ? KIND_REF_NULL : KIND_REF);
        if (code == 0)
            sgi_buf_leb_s(out, index);
    }
    if (code)
        sgi_buf_byte(out, code);
    return SG_OK;
}

sg_status sgi_parse_core_val_type(Parser *p, const CoreTypeScope *scope, Buf *out) {
    uint8_t code = take_word(p, num_words, SGI_COUNT(num_words));
    if (code == 0)
        return sgi_parse_core_ref_type(p, scope, out);
    sgi_buf_byte(out, code);
    return SG_OK;
}

sg_status sgi_parse_core_page_size(Parser *p, bool *is_given, uint8_t *log2) {
    uint64_t size;
    *is_given = sgi_take_open(p, "pagesize");
    *log2 = 16;
    if (!*is_given)
        return SG_OK;
    size_t at = p->at;
    SGI_TRY(sgi_expect_u64(p, &size));
    if (size == 0 || (size & (size - 1)) != 0)
        return sgi_parse_fail_at(p, at, "invalid custom page size", "not a power of two");
    for (*log2 = 0; size > 1; size >>= 1)
        ++*log2;
    return sgi_expect_close(p);
}

/* [i32|i64] min [max] [shared] [(pagesize n)] */
static sg_status parse_limits(Parser *p, Buf *out) {
    uint64_t min, max = 0;
    uint8_t flags = 0;
    if (sgi_take_keyword(p, "i64"))
        flags |= 4;
    else
        sgi_take_keyword(p, "i32");
    SGI_TRY(sgi_expect_u64(p, &min));
    if (sgi_peek_is(p, TOKEN_NUMBER)) {
        SGI_TRY(sgi_expect_u64(p, &max));
        flags |= 1;
    }
    if (sgi_take_keyword(p, "shared"))
        flags |= 2;
    bool has_page_size;
    uint8_t page_log2;
    SGI_TRY(sgi_parse_core_page_size(p, &has_page_size, &page_log2));
    if (has_page_size)
        flags |= 8;
    sgi_buf_byte(out, flags);
    sgi_buf_leb_u(out, min);
    if (flags & 1)
        sgi_buf_leb_u(out, max);
    if (has_page_size)
        sgi_buf_byte(out, page_log2);
    return SG_OK;
}

sg_status sgi_parse_core_memory_type(Parser *p, Buf *out) {
    return parse_limits(p, out);
}

sg_status sgi_parse_core_table_type(Parser *p, const CoreTypeScope *scope, Buf *out) {
    /* The limits stand first in the text, the element type first in the binary. */
    Buf limits;
    sgi_buf_init(&limits, p->cx.alloc);
    sg_status status = parse_limits(p, &limits);
    if (status == SG_OK)
        status = sgi_parse_core_ref_type(p, scope, out);
    sgi_buf_put(out, limits.data, limits.size);
    out->failed |= limits.failed;
    sgi_buf_free(&limits);
    return status;
}

/* "(mut T)" or "T", where T may be packed: the type, then its mutability. */
static sg_status parse_mutable(Parser *p, const CoreTypeScope *scope, bool may_pack, Buf *out) {
    bool mutable_ = sgi_take_open(p, "mut");
    uint8_t packed = may_pack ? take_word(p, packed_words, SGI_COUNT(packed_words)) : 0;
    if (packed)
        sgi_buf_byte(out, packed);
    else
        SGI_TRY(sgi_parse_core_val_type(p, scope, out));
    sgi_buf_byte(out, mutable_);
    return mutable_ ? sgi_expect_close(p) : SG_OK;
}

sg_status sgi_parse_core_global_type(Parser *p, const CoreTypeScope *scope, Buf *out) {
    return parse_mutable(p, scope, false, out);
}

/* What stands in "(param ...)", "(result ...)" or "(field ...)" groups. */
typedef struct Members {
    const char *keyword;
    bool is_field;
    NameVec *names; /* may be NULL: names are refused */
    Buf types;
    uint32_t count;
} Members;

static sg_status parse_member(Parser *p, const CoreTypeScope *scope, Members *members, MemberName name) {
    if (members->is_field)
        SGI_TRY(parse_mutable(p, scope, true, &members->types));
    else
        SGI_TRY(sgi_parse_core_val_type(p, scope, &members->types));
    members->count++;
    if (members->names && !sgi_vec_push(p->cx.alloc, members->names, name))
        return sgi_load_no_memory(&p->cx);
    return SG_OK;
}

static sg_status parse_members(Parser *p, const CoreTypeScope *scope, Members *members) {
    while (sgi_take_open(p, members->keyword)) {
        MemberName name = {{NULL, 0}, {NULL, 0}};
        if (members->names)
            SGI_TRY(sgi_take_member_name(p, &name));
        if (name.name.size)
            SGI_TRY(parse_member(p, scope, members, name));
        else
            while (!sgi_peek_is(p, TOKEN_CLOSE))
                SGI_TRY(parse_member(p, scope, members, name));
        SGI_TRY(sgi_expect_close(p));
    }
    return SG_OK;
}

/* All groups of `keyword` that follow, as a vector. */
static sg_status parse_vector(Parser *p, const CoreTypeScope *scope, const char *keyword, NameVec *names,
                              Buf *out) {
    Members members = {.keyword = keyword, .is_field = strcmp(keyword, "field") == 0, .names = names};
    sgi_buf_init(&members.types, p->cx.alloc);
    sg_status status = parse_members(p, scope, &members);
    if (status == SG_OK && members.types.failed)
        status = sgi_load_no_memory(&p->cx);
    sgi_buf_leb_u(out, members.count);
    sgi_buf_put(out, members.types.data, members.types.size);
    sgi_buf_free(&members.types);
    return status;
}

sg_status sgi_parse_core_signature(Parser *p, const CoreTypeScope *scope, NameVec *params, Buf *out) {
    sgi_buf_byte(out, COMP_FUNC);
    SGI_TRY(parse_vector(p, scope, "param", params, out));
    return parse_vector(p, scope, "result", NULL, out);
}

static sg_status parse_comp_type(Parser *p, const CoreTypeScope *scope, NameVec *names, Buf *out) {
    if (sgi_take_open(p, "func")) {
        SGI_TRY(sgi_parse_core_signature(p, scope, names, out));
    } else if (sgi_take_open(p, "struct")) {
        sgi_buf_byte(out, COMP_STRUCT);
        SGI_TRY(parse_vector(p, scope, "field", names, out));
    } else {
        SGI_TRY(sgi_expect_open(p, "array"));
        sgi_buf_byte(out, COMP_ARRAY);
        SGI_TRY(parse_mutable(p, scope, true, out));
    }
    return sgi_expect_close(p);
}

sg_status sgi_parse_core_sub_type(Parser *p, const CoreTypeScope *scope, NameVec *names, Buf *out) {
    if (!sgi_take_open(p, "sub"))
        return parse_comp_type(p, scope, names, out);
    sgi_buf_byte(out, sgi_take_keyword(p, "final") ? 0x4f : 0x50);
    if (sgi_peek_is(p, TOKEN_OPEN)) {
        sgi_buf_leb_u(out, 0);
    } else {
        uint32_t super;
        SGI_TRY(scope->find(scope->context, p, &super));
        sgi_buf_leb_u(out, 1);
        sgi_buf_leb_u(out, super);
    }
    SGI_TRY(parse_comp_type(p, scope, names, out));
    return sgi_expect_close(p);
}
