/* Core types: are they valid (core specification, 3.2)? Recursion groups get their canonical ids here; a
 * group is registered once its indices are known to be sound, and its declared supertypes are compared with
 * the ids at hand. */
#include "validate/types.h"

#include <stdio.h>

sg_status sgi_validate_unknown(const LoadContext *cx, const char *what, uint64_t index, uint64_t offset) {
    char message[64];
    snprintf(message, sizeof message, "unknown %s %llu", what, (unsigned long long)index);
    return sgi_fail(cx->err, SG_INVALID, offset, message, "%s", "");
}

sg_status sgi_validate_val_type(const LoadContext *cx, ValType type, uint32_t type_count, uint64_t offset) {
    uint32_t heap = sgi_heap(type);
    if (!sgi_is_ref(type) || sgi_is_abstract(heap) || heap < type_count)
        return SG_OK;
    return sgi_validate_unknown(cx, "type", heap, offset);
}

static sg_status validate_limits(const LoadContext *cx, const Limits *limits, uint64_t range,
                                 const char *too_large, uint64_t offset) {
    if (limits->min > range || (limits->has_max && limits->max > range))
        return sgi_fail(cx->err, SG_INVALID, offset, too_large, "%s", "");
    if (limits->has_max && limits->min > limits->max)
        return sgi_fail(cx->err, SG_INVALID, offset, "size minimum must not be greater than maximum", "%s",
                        "");
    return SG_OK;
}

sg_status sgi_validate_table_limits(const LoadContext *cx, const Limits *limits, uint64_t offset) {
    if (limits->is_64)
        return validate_limits(cx, limits, UINT64_MAX, "table size must be at most 2^64-1", offset);
    return validate_limits(cx, limits, UINT32_MAX, "table size must be at most 2^32-1", offset);
}

sg_status sgi_validate_table_type(const LoadContext *cx, const TableType *type, uint32_t type_count,
                                  uint64_t offset) {
    SGI_TRY(sgi_validate_val_type(cx, type->element, type_count, offset));
    return sgi_validate_table_limits(cx, &type->limits, offset);
}

sg_status sgi_validate_memory_type(const LoadContext *cx, const Limits *limits, uint64_t offset) {
    enum { PAGES_32 = 1 << 16 };
    const uint64_t pages_64 = UINT64_C(1) << 48;
    unsigned page_log2 = sgi_page_log2(limits);
    if (page_log2 != 0 && page_log2 != 16)
        return sgi_fail(cx->err, SG_INVALID, offset, "invalid custom page size", "%s", "");
    if (limits->is_shared && !limits->has_max)
        return sgi_fail(cx->err, SG_INVALID, offset, "shared memory must have maximum", "%s", "");
    if (page_log2 == 0)
        return validate_limits(cx, limits, limits->is_64 ? UINT64_MAX : UINT32_MAX,
                               "memory size must be at most 2^32-1 bytes", offset);
    if (limits->is_64)
        return validate_limits(cx, limits, pages_64, "memory size must be at most 2^48 pages", offset);
    return validate_limits(cx, limits, PAGES_32, "memory size must be at most 65536 pages (4GiB)", offset);
}

/* ---- recursion groups ---- */

static sg_status check_fields(const LoadContext *cx, SubType *type, uint32_t type_count, uint64_t offset) {
    type->defaultable = true;
    for (uint32_t i = 0; i < type->as.aggregate.field_count; i++) {
        ValType field = type->as.aggregate.fields[i].type;
        SGI_TRY(sgi_validate_val_type(cx, field, type_count, offset));
        type->defaultable &= sgi_is_defaultable(field);
    }
    return SG_OK;
}

/* All type indices inside are below `type_count`. */
static sg_status check_indices(const LoadContext *cx, SubType *type, uint32_t type_count, uint64_t offset) {
    if (type->kind != COMP_FUNC)
        return check_fields(cx, type, type_count, offset);
    const FuncType *func = &type->as.func;
    for (uint32_t i = 0; i < func->param_count; i++)
        SGI_TRY(sgi_validate_val_type(cx, func->params[i], type_count, offset));
    for (uint32_t i = 0; i < func->result_count; i++)
        SGI_TRY(sgi_validate_val_type(cx, func->results[i], type_count, offset));
    return SG_OK;
}

/* The declared supertype exists, comes earlier, is open and of the same kind, and the chain is not too long.
 */
static sg_status check_supertype(const LoadContext *cx, SubType *types, uint32_t index, uint64_t offset) {
    SubType *type = &types[index];
    type->depth = 0;
    if (type->supertype == NO_TYPE)
        return SG_OK;
    if (type->supertype >= index)
        return sgi_validate_unknown(cx, "type", type->supertype, offset);
    const SubType *super = &types[type->supertype];
    if (super->final || super->kind != type->kind)
        return sgi_fail(cx->err, SG_INVALID, offset, "sub type", "type %u cannot be declared below type %u",
                        index, type->supertype);
    type->depth = super->depth + 1;
    return sgi_limit_check(LIMIT_ID_SUBTYPE_DEPTH, type->depth, offset, cx->err);
}

static bool field_matches(const SubType *types, const FieldType *sub, const FieldType *super) {
    return sub->mutable_ == super->mutable_ && sgi_types_matches_in(types, sub->type, super->type) &&
           (!sub->mutable_ || sgi_types_matches_in(types, super->type, sub->type));
}

static bool all_match(const SubType *types, const ValType *sub, const ValType *super, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!sgi_types_matches_in(types, sub[i], super[i]))
            return false;
    return true;
}

/* Core specification, 3.3.10: matching of composite types of one kind. */
static bool comp_type_matches(const SubType *types, const SubType *sub, const SubType *super) {
    if (sub->kind == COMP_FUNC) {
        const FuncType *a = &sub->as.func, *b = &super->as.func;
        return a->param_count == b->param_count && a->result_count == b->result_count &&
               all_match(types, b->params, a->params, a->param_count) &&
               all_match(types, a->results, b->results, a->result_count);
    }
    if (sub->as.aggregate.field_count < super->as.aggregate.field_count)
        return false;
    for (uint32_t i = 0; i < super->as.aggregate.field_count; i++)
        if (!field_matches(types, &sub->as.aggregate.fields[i], &super->as.aggregate.fields[i]))
            return false;
    return true;
}

sg_status sgi_validate_rec_group(const LoadContext *cx, SubType *types, uint32_t start, uint32_t end,
                                 uint32_t *held, uint64_t offset) {
    for (uint32_t i = start; i < end; i++) {
        SGI_TRY(check_indices(cx, &types[i], end, offset));
        SGI_TRY(check_supertype(cx, types, i, offset));
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(cx));
    }
    SGI_TRY(sgi_types_add_group(cx->types, types, start, end, cx->err));
    *held = end;
    for (uint32_t i = start; i < end; i++) {
        if (types[i].supertype == NO_TYPE || comp_type_matches(types, &types[i], &types[types[i].supertype]))
            continue;
        return sgi_fail(cx->err, SG_INVALID, offset, "sub type", "type %u does not match its supertype %u", i,
                        types[i].supertype);
    }
    return SG_OK;
}
