/* Canonical built-ins for concurrency: immediates and options, and the core signatures they make
 * (CanonicalABI.md, "Canonical Definitions"). They validate where the feature is on; nothing runs them yet.
 */
#include "validate/component.h"

static ValType type_of(const CanonDef *canon, char letter) {
    return letter == 'l' ? VAL_I64 : letter == 'p' ? sgi_comp_address_type(canon) : VAL_I32;
}

static sg_status push_row(CompValidator *v, Scope *scope, CanonDef *canon, const CanonRow *row) {
    ValType params[4], results[1];
    uint32_t param_count = 0, result_count = 0;
    for (const char *c = row->params; *c; c++)
        params[param_count++] = type_of(canon, *c);
    for (const char *c = row->results; *c; c++)
        results[result_count++] = type_of(canon, *c);
    return sgi_comp_push_canon(v, scope, canon, params, param_count, results, result_count);
}

/* stream.* and future.*: `element` is what they carry, or NULL. */
static sg_status check_carrier(CompValidator *v, Scope *scope, const CanonDef *canon,
                               const sg_type **element) {
    enum { FIRST_FUTURE = 0x15 };
    sg_kind kind = canon->opcode < FIRST_FUTURE ? SG_STREAM : SG_FUTURE;
    if (canon->type >= scope->types.count)
        return sgi_comp_bad_index(v, "type", canon->type);
    const CompType *type = &scope->types.items[canon->type];
    if (type->kind != CT_VALUE || type->as.value->kind != kind)
        return sgi_comp_invalid(v, "unexpected type", "type index %u is not a %s type", canon->type,
                                kind == SG_STREAM ? "stream" : "future");
    *element = type->as.value->element;
    return SG_OK;
}

static sg_status check_transfer(CompValidator *v, Scope *scope, CanonDef *canon, const sg_type *element) {
    bool is_read = canon->opcode == 0x0f || canon->opcode == 0x16;
    SGI_TRY(sgi_comp_options(v, scope, canon, CANON_MAY_ASYNC));
    if (!canon->is_async)
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_COMPONENT_MORE_ASYNC, v->offset));
    return sgi_comp_require(v, canon, element != NULL, is_read && element && element->contains_pointer);
}

static sg_status task_return(CompValidator *v, Scope *scope, CanonDef *canon) {
    const sg_type *result;
    ValType params[MAX_FLAT_PARAMS];
    uint32_t count = 0;
    if (canon->result)
        SGI_TRY(sgi_comp_value_type(v, scope, canon->result, &canon->result_type));
    result = canon->result_type;
    SGI_TRY(sgi_comp_options(v, scope, canon, 0));
    if (canon->realloc != NO_INDEX)
        return sgi_comp_refuse(v, "canonical option `realloc` cannot be specified here");
    if (result && result->contains_borrow)
        return sgi_comp_refuse(v, "function result cannot contain a `borrow` type");
    bool spills = result && result->flat_count > MAX_FLAT_PARAMS;
    SGI_TRY(sgi_comp_require(v, canon, spills || (result && result->contains_pointer), false));
    if (result)
        count = spills ? 1 : result->flat_count;
    if (spills)
        params[0] = sgi_comp_address_type(canon);
    else if (result)
        sgi_comp_flat_types(result, canon, params);
    return sgi_comp_push_canon(v, scope, canon, params, count, NULL, 0);
}

static sg_status context(CompValidator *v, Scope *scope, CanonDef *canon) {
    bool is_get = canon->opcode == 0x0a;
    ValType type = canon->extra[0];
    if (type == VAL_I64)
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_COMPONENT_MEMORY64, v->offset));
    else if (type != VAL_I32)
        return sgi_comp_refuse(v, "context values are i32 or i64");
    if (scope->context_type && scope->context_type != type)
        return sgi_comp_refuse(v, "type must match previous context type");
    scope->context_type = type;
    uint32_t slots = sgi_has(v->cx.features, FEATURE_COMPONENT_THREADING) ? 2 : 1;
    if (canon->extra[1] >= slots)
        return sgi_comp_invalid(v, "no such context slot", "%u of %u", canon->extra[1], slots);
    return sgi_comp_push_canon(v, scope, canon, &type, !is_get, &type, is_get);
}

static sg_status error_context(CompValidator *v, Scope *scope, CanonDef *canon, const CanonRow *row) {
    if (row->immediates & CANON_HAS_OPTIONS) {
        bool is_message = canon->opcode == 0x1d;
        SGI_TRY(sgi_comp_options(v, scope, canon, 0));
        SGI_TRY(sgi_comp_require(v, canon, true, is_message));
        if (!is_message && canon->realloc != NO_INDEX)
            return sgi_comp_refuse(v, "canonical option `realloc` cannot be specified here");
    }
    return push_row(v, scope, canon, row);
}

/* A new thread's function takes its closure alone: an address. */
static sg_status thread_new_indirect(CompValidator *v, Scope *scope, CanonDef *canon) {
    static const ValType i32 = VAL_I32, i64 = VAL_I64;
    bool is, is_64 = false;
    if (canon->extra[0] >= scope->core_types.count || scope->core_module_types.items[canon->extra[0]])
        return sgi_comp_bad_index(v, "core function type", canon->extra[0]);
    uint32_t id = scope->core_types.items[canon->extra[0]].id;
    SGI_TRY(sgi_comp_core_func_is(v, id, &(FuncType){.params = &i32, .param_count = 1}, &is));
    if (!is && sgi_has(v->cx.features, FEATURE_COMPONENT_MEMORY64)) {
        SGI_TRY(sgi_comp_core_func_is(v, id, &(FuncType){.params = &i64, .param_count = 1}, &is_64));
        is = is_64;
    }
    if (!is)
        return sgi_comp_invalid(v, "start function must take an i32 and return nothing", "core type index %u",
                                canon->extra[0]);
    if (canon->extra[1] >= scope->core_items[EXTERN_TABLE].count)
        return sgi_comp_bad_index(v, "core table", canon->extra[1]);
    const TableType *table = &scope->core_items[EXTERN_TABLE].items[canon->extra[1]].type.as.table;
    if (!sgi_types_matches(v->cx.types, table->element, VAL_FUNCREF))
        return sgi_comp_invalid(v, "start functions need a table of funcref", "core table %u",
                                canon->extra[1]);
    if (table->limits.is_64)
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_COMPONENT_MEMORY64, v->offset));
    ValType params[] = {table->limits.is_64 ? VAL_I64 : VAL_I32, is_64 ? VAL_I64 : VAL_I32};
    return sgi_comp_push_canon(v, scope, canon, params, 2, &i32, 1);
}

sg_status sgi_comp_canon_async(CompValidator *v, Scope *scope, CanonDef *canon) {
    const CanonRow *row = sgi_canon_row(canon->opcode);
    const sg_type *element = NULL;
    SGI_TRY(sgi_load_need(&v->cx, row->feature, v->offset));
    switch (canon->opcode) {
    case 0x09: return task_return(v, scope, canon);
    case 0x0a:
    case 0x0b: return context(v, scope, canon);
    case 0x1c:
    case 0x1d: return error_context(v, scope, canon, row);
    case 0x27: return thread_new_indirect(v, scope, canon);
    case 0x40:
    case 0x41:
    case 0x42: return sgi_load_unsupported(&v->cx, row->feature, v->offset);
    default: break;
    }
    if ((row->immediates & CANON_HAS_ASYNC) && canon->flag)
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_COMPONENT_MORE_ASYNC, v->offset));
    if (row->immediates & CANON_HAS_TYPE) {
        SGI_TRY(check_carrier(v, scope, canon, &element));
        if (row->immediates & CANON_HAS_OPTIONS)
            SGI_TRY(check_transfer(v, scope, canon, element));
    }
    if (row->immediates & CANON_HAS_MEMORY)
        SGI_TRY(sgi_comp_canon_memory(v, scope, canon));
    return push_row(v, scope, canon, row);
}
