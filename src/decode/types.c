/* Types: the binary format's rectype, limits, tabletype, memtype and globaltype → their structures (core
 * specification, 5.3). Counts are held against the bytes that are left before anything is allocated. */
#include "decode/decode.h"
#include "decode/reading.h"

enum { REC = 0x4e, SUB = 0x50, SUB_FINAL = 0x4f };

sg_status sgi_decode_count(Reader *r, size_t item_size, uint32_t *count) {
    const Reader before = *r;
    SGI_TRY(sgi_read_u32(r, count));
    return *count <= sgi_reader_left(r) / item_size ? SG_OK
                                                    : sgi_reader_fail(&before, "length out of bounds");
}

sg_status sgi_decode_mutability(Reader *r, bool *mutable_) {
    const Reader before = *r;
    uint8_t byte;
    SGI_TRY(sgi_read_byte(r, &byte));
    if (byte > 1)
        return sgi_reader_fail(&before, "malformed mutability");
    *mutable_ = byte;
    return SG_OK;
}

/* A vector of value types, at most `limit` of them. */
static sg_status decode_val_types(const LoadContext *cx, Arena *arena, Reader *r, LimitId limit,
                                  const ValType **types, uint32_t *count) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_decode_count(r, 1, count));
    SGI_TRY(sgi_limit_check(limit, *count, offset, cx->err));
    if (*count == 0)
        return SG_OK;
    ValType *items = sgi_arena_array(arena, *count, sizeof *items);
    if (items == NULL)
        return sgi_load_no_memory(cx);
    *types = items;
    for (uint32_t i = 0; i < *count; i++)
        SGI_TRY(sgi_decode_val_type(cx, r, &items[i]));
    return SG_OK;
}

static sg_status decode_func_type(const LoadContext *cx, Arena *arena, Reader *r, FuncType *type) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(decode_val_types(cx, arena, r, LIMIT_ID_PARAMS, &type->params, &type->param_count));
    SGI_TRY(decode_val_types(cx, arena, r, LIMIT_ID_RESULTS, &type->results, &type->result_count));
    *type = sgi_func_type(type->params, type->param_count, type->results, type->result_count);
    return type->result_count > 1 ? sgi_load_need(cx, FEATURE_MULTI_VALUE, offset) : SG_OK;
}

static sg_status decode_field_type(const LoadContext *cx, Reader *r, FieldType *field) {
    if (r->at != r->end && (*r->at == KIND_I8 || *r->at == KIND_I16))
        field->type = *r->at++;
    else
        SGI_TRY(sgi_decode_val_type(cx, r, &field->type));
    return sgi_decode_mutability(r, &field->mutable_);
}

static sg_status decode_fields(const LoadContext *cx, Arena *arena, Reader *r, uint32_t count,
                               SubType *type) {
    FieldType *fields = sgi_arena_array(arena, count, sizeof *fields);
    if (fields == NULL)
        return sgi_load_no_memory(cx);
    type->as.aggregate.fields = fields;
    type->as.aggregate.field_count = count;
    for (uint32_t i = 0; i < count; i++)
        SGI_TRY(decode_field_type(cx, r, &fields[i]));
    return SG_OK;
}

static sg_status decode_comp_type(const LoadContext *cx, Arena *arena, Reader *r, SubType *type) {
    const Reader before = *r;
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    uint32_t count = 1;
    SGI_TRY(sgi_read_byte(r, &byte));
    switch (byte) {
    case COMP_FUNC: type->kind = COMP_FUNC; return decode_func_type(cx, arena, r, &type->as.func);
    case COMP_STRUCT:
        SGI_TRY(sgi_load_need(cx, FEATURE_GC, offset));
        SGI_TRY(sgi_decode_count(r, 2, &count));
        SGI_TRY(sgi_limit_check(LIMIT_ID_STRUCT_FIELDS, count, offset, cx->err));
        break;
    case COMP_ARRAY: SGI_TRY(sgi_load_need(cx, FEATURE_GC, offset)); break;
    default: return sgi_reader_fail(&before, "malformed definition type");
    }
    type->kind = (CompKind)byte;
    return decode_fields(cx, arena, r, count, type);
}

static sg_status decode_sub_type(const LoadContext *cx, Arena *arena, Reader *r, SubType *type) {
    size_t offset = sgi_reader_offset(r);
    *type = (SubType){.final = true, .supertype = NO_TYPE};
    if (r->at != r->end && (*r->at == SUB || *r->at == SUB_FINAL)) {
        type->final = *r->at++ == SUB_FINAL;
        uint32_t count;
        SGI_TRY(sgi_decode_count(r, 1, &count));
        if (count > 1)
            return sgi_fail(cx->err, SG_INVALID, offset, "sub type", "%u supertypes, at most one is allowed",
                            count);
        if (count == 1)
            SGI_TRY(sgi_read_u32(r, &type->supertype));
        type->is_long = type->final && count == 0;
        if (!type->is_long)
            SGI_TRY(sgi_load_need(cx, FEATURE_GC, offset));
    }
    return decode_comp_type(cx, arena, r, type);
}

sg_status sgi_decode_rec_group(const LoadContext *cx, Arena *arena, Reader *r, uint32_t type_base,
                               SubTypeVec *types, bool *is_rec) {
    size_t offset = sgi_reader_offset(r), first = types->count;
    uint32_t count = 1;
    *is_rec = r->at != r->end && *r->at == REC;
    if (*is_rec) {
        SGI_TRY(sgi_load_need(cx, FEATURE_FUNCTION_REFERENCES, offset));
        r->at++;
        SGI_TRY(sgi_decode_count(r, 2, &count));
        SGI_TRY(sgi_limit_check(LIMIT_ID_REC_GROUP, count, offset, cx->err));
    }
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPES, (uint64_t)type_base + count, offset, cx->err));
    if (!sgi_vec_reserve(cx->alloc, types, count))
        return sgi_load_no_memory(cx);
    for (uint32_t i = 0; i < count; i++) {
        SubType type;
        SGI_TRY(decode_sub_type(cx, arena, r, &type));
        type.in_rec = *is_rec;
        type.group_start = type_base;
        type.group_end = type_base + count;
        types->items[types->count++] = type;
        if ((types->count - first) % 1024 == 0)
            SGI_TRY(sgi_load_poll(cx));
    }
    return SG_OK;
}

/* Only memories may be shared, or have a page size. */
static sg_status decode_limits(const LoadContext *cx, Reader *r, bool is_memory, Limits *limits) {
    enum { HAS_MAX = 1, SHARED = 2, IS_64 = 4, HAS_PAGE_SIZE = 8 };
    const Reader before = *r;
    size_t offset = sgi_reader_offset(r);
    uint8_t flags;
    SGI_TRY(sgi_read_byte(r, &flags));
    if (flags > (HAS_MAX | SHARED | IS_64 | HAS_PAGE_SIZE) ||
        (!is_memory && (flags & (SHARED | HAS_PAGE_SIZE))))
        return sgi_reader_fail(&before, "malformed limits flags");
    if (flags & SHARED)
        SGI_TRY(sgi_load_need(cx, FEATURE_THREADS, offset));
    if (flags & IS_64)
        SGI_TRY(sgi_load_need(cx, FEATURE_MEMORY64, offset));
    if (flags & HAS_PAGE_SIZE)
        SGI_TRY(sgi_load_need(cx, FEATURE_CUSTOM_PAGE_SIZES, offset));
    *limits = (Limits){.max = UINT64_MAX};
    limits->has_max = flags & HAS_MAX;
    limits->is_shared = flags & SHARED;
    limits->is_64 = flags & IS_64;
    SGI_TRY(sgi_read_u64(r, &limits->min));
    if (limits->has_max)
        SGI_TRY(sgi_read_u64(r, &limits->max));
    if (flags & HAS_PAGE_SIZE) {
        uint32_t log2;
        SGI_TRY(sgi_read_u32(r, &log2));
        limits->has_page_size = true;
        limits->page_log2 = log2 < UINT8_MAX ? (uint8_t)log2 : UINT8_MAX; /* no valid one is cut */
    }
    return SG_OK;
}

sg_status sgi_decode_table_type(const LoadContext *cx, Reader *r, TableType *type) {
    SGI_TRY(sgi_decode_ref_type(cx, r, &type->element));
    return decode_limits(cx, r, false, &type->limits);
}

sg_status sgi_decode_memory_type(const LoadContext *cx, Reader *r, Limits *limits) {
    return decode_limits(cx, r, true, limits);
}

sg_status sgi_decode_global_type(const LoadContext *cx, Reader *r, GlobalType *type) {
    SGI_TRY(sgi_decode_val_type(cx, r, &type->type));
    return sgi_decode_mutability(r, &type->mutable_);
}
