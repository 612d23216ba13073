/* Canonical definitions: options against what types need, and the core signatures they take or make
 * (CanonicalABI.md, "canonopt Validation" and "Canonical Definitions"). */
#include "validate/component.h"

static sg_status check_func(CompValidator *v, Scope *scope, uint32_t index, const ValType *params,
                            uint32_t param_count, const ValType *results, uint32_t result_count,
                            const char *what) {
    uint32_t id;
    bool is;
    FuncType type = sgi_func_type(params, param_count, results, result_count);
    SGI_TRY(sgi_comp_core_func(v, scope, index, &id));
    SGI_TRY(sgi_comp_core_func_is(v, id, &type, &is));
    return is ? SG_OK
              : sgi_comp_invalid(v, "canonical function has an incompatible signature",
                                 "core function %u as %s", index, what);
}

sg_status sgi_comp_push_canon(CompValidator *v, Scope *scope, CanonDef *canon, const ValType *params,
                              uint32_t param_count, const ValType *results, uint32_t result_count) {
    ValType *types = sgi_arena_array(v->arena, param_count + result_count, sizeof *types);
    if (types == NULL)
        return sgi_comp_no_memory(v);
    FuncType type = sgi_func_type(types, param_count, types + param_count, result_count);
    canon->core_type = sgi_arena_copy(v->arena, &type, sizeof type);
    if (canon->core_type == NULL)
        return sgi_comp_no_memory(v);
    for (uint32_t i = 0; i < param_count + result_count; i++)
        types[i] = i < param_count ? params[i] : results[i - param_count];
    SGI_TRY(sgi_types_add_func(v->cx.types, &type, &canon->core_type_id, v->cx.err));
    SGI_TRY(sgi_comp_keep_type(v, canon->core_type_id));
    CoreExternType item = {.kind = EXTERN_FUNC, .as.func_id = canon->core_type_id};
    return sgi_comp_push_core(v, scope, &item);
}

/* ---- options ---- */

static sg_status check_option_list(CompValidator *v, const CanonDef *canon, unsigned may) {
    unsigned seen = 0;
    for (uint32_t i = 0; i < canon->option_count; i++) {
        uint8_t option = canon->options[i];
        /* All encodings are one option. */
        unsigned bit = 1u << (option <= CANONOPT_LATIN1_UTF16 ? CANONOPT_UTF8 : option);
        if (seen & bit)
            return sgi_comp_invalid(v, "canonical option is specified more than once",
                                    "or conflicts with another: option 0x%02x", option);
        seen |= bit;
        if (option == CANONOPT_POST_RETURN && !(may & CANON_MAY_POST_RETURN))
            return sgi_comp_refuse(v, "canonical option `post-return` cannot be specified here");
        if (option == CANONOPT_ASYNC || option == CANONOPT_CALLBACK)
            SGI_TRY(sgi_load_need(&v->cx, FEATURE_COMPONENT_ASYNC, v->offset));
        if (option == CANONOPT_ASYNC && !(may & CANON_MAY_ASYNC))
            return sgi_comp_refuse(v, "canonical option `async` cannot be specified here");
        if (option == CANONOPT_CALLBACK && !(may & CANON_MAY_CALLBACK))
            return sgi_comp_refuse(v, "canonical option `callback` cannot be specified here");
    }
    return SG_OK;
}

sg_status sgi_comp_canon_memory(CompValidator *v, const Scope *scope, CanonDef *canon) {
    uint32_t index = canon->memory;
    if (index >= scope->core_items[EXTERN_MEMORY].count)
        return sgi_comp_bad_index(v, "core memory", index);
    const Limits *limits = &scope->core_items[EXTERN_MEMORY].items[index].type.as.memory;
    canon->is_memory64 = limits->is_64;
    if (limits->is_64)
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_COMPONENT_MEMORY64, v->offset));
    return limits->is_shared
               ? sgi_comp_invalid(v, "canonical ABI memory cannot be shared", "memory %u", index)
               : SG_OK;
}

ValType sgi_comp_address_type(const CanonDef *canon) {
    return canon->is_memory64 ? VAL_I64 : VAL_I32;
}

sg_status sgi_comp_options(CompValidator *v, Scope *scope, CanonDef *canon, unsigned may) {
    static const ValType i32s[] = {VAL_I32, VAL_I32, VAL_I32};
    SGI_TRY(check_option_list(v, canon, may));
    if (canon->memory != NO_INDEX)
        SGI_TRY(sgi_comp_canon_memory(v, scope, canon));
    if (canon->realloc != NO_INDEX) {
        if (canon->memory == NO_INDEX)
            return sgi_comp_invalid(v, "canonical option `memory` is required", "by `realloc`");
        ValType address = sgi_comp_address_type(canon);
        ValType addresses[] = {address, address, address, address};
        SGI_TRY(check_func(v, scope, canon->realloc, addresses, 4, addresses, 1, "realloc"));
    }
    if (canon->callback != NO_INDEX) {
        if (!canon->is_async)
            return sgi_comp_refuse(v, "canonical option `callback` requires `async`");
        SGI_TRY(check_func(v, scope, canon->callback, i32s, 3, i32s, 1, "callback"));
    }
    return canon->is_async && canon->post_return != NO_INDEX
               ? sgi_comp_refuse(v, "canonical options `async` and `post-return` are in conflict")
               : SG_OK;
}

sg_status sgi_comp_require(CompValidator *v, const CanonDef *canon, bool memory, bool realloc) {
    if ((memory || realloc) && canon->memory == NO_INDEX)
        return sgi_comp_refuse(v, "canonical option `memory` is required");
    if (realloc && canon->realloc == NO_INDEX)
        return sgi_comp_refuse(v, "canonical option `realloc` is required");
    return SG_OK;
}

static bool params_contain_pointer(const CompFuncType *type) {
    for (uint32_t i = 0; i < type->param_count; i++)
        if (type->params[i].type->contains_pointer)
            return true;
    return false;
}

static uint64_t flat_params(const CompFuncType *type) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < type->param_count; i++)
        count += type->params[i].type->flat_count;
    return count;
}

uint32_t sgi_comp_flat_types(const sg_type *type, const CanonDef *canon, ValType *flat) {
    for (uint32_t i = 0; i < type->flat_count; i++)
        flat[i] = canon->is_memory64 && type->flat_pointers >> i & 1 ? VAL_I64 : type->flat[i];
    return type->flat_count;
}

/* ---- lift and lower ---- */

typedef struct CoreSignature {
    ValType params[MAX_FLAT_PARAMS + 1], results[1];
    uint32_t param_count, result_count;
} CoreSignature;

/* More flat parameters than this go through memory. */
static uint32_t most_flat_params(const CanonDef *canon) {
    return canon->is_async && canon->kind == CANON_LOWER ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS;
}

/* flatten_functype of the canonical ABI. */
static CoreSignature flatten(const CompFuncType *type, const CanonDef *canon) {
    CoreSignature core = {.param_count = 0};
    bool is_lower = canon->kind == CANON_LOWER;
    ValType address = sgi_comp_address_type(canon);
    if (flat_params(type) > most_flat_params(canon))
        core.params[core.param_count++] = address;
    else
        for (uint32_t i = 0; i < type->param_count; i++)
            core.param_count +=
                sgi_comp_flat_types(type->params[i].type, canon, core.params + core.param_count);
    if (canon->is_async) {
        if (is_lower && type->result)
            core.params[core.param_count++] = address;
        core.results[0] = VAL_I32;
        core.result_count = is_lower || canon->callback != NO_INDEX;
    } else if (type->result && type->result->flat_count <= MAX_FLAT_RESULTS) {
        core.result_count = sgi_comp_flat_types(type->result, canon, core.results);
    } else if (type->result && is_lower) {
        core.params[core.param_count++] = address;
    } else if (type->result) {
        core.results[core.result_count++] = address;
    }
    return core;
}

static sg_status check_async(CompValidator *v, const CanonDef *canon) {
    if (canon->is_async && !canon->func_type->is_async)
        return sgi_comp_refuse(v, "canonical option `async` requires an async function type");
    if (canon->is_async && canon->kind == CANON_LIFT && canon->callback == NO_INDEX)
        return sgi_load_need(&v->cx, FEATURE_COMPONENT_STACKFUL, v->offset);
    return SG_OK;
}

static sg_status canon_lift(CompValidator *v, Scope *scope, CanonDef *canon) {
    if (canon->type >= scope->types.count)
        return sgi_comp_bad_index(v, "type", canon->type);
    if (scope->types.items[canon->type].kind != CT_FUNC)
        return sgi_comp_invalid(v, "unexpected type", "type index %u is not a function type", canon->type);
    const CompFuncType *type = canon->func_type = scope->types.items[canon->type].as.func;
    SGI_TRY(sgi_comp_options(v, scope, canon, CANON_MAY_POST_RETURN | CANON_MAY_ASYNC | CANON_MAY_CALLBACK));
    SGI_TRY(check_async(v, canon));
    CoreSignature core = flatten(type, canon);
    bool makes = params_contain_pointer(type) || flat_params(type) > MAX_FLAT_PARAMS;
    bool reads =
        type->result && (type->result->contains_pointer ||
                         type->result->flat_count > (canon->is_async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS));
    SGI_TRY(sgi_comp_require(v, canon, reads, makes));
    SGI_TRY(check_func(v, scope, canon->func, core.params, core.param_count, core.results, core.result_count,
                       "the function lifted"));
    SGI_TRY(sgi_comp_core_func(v, scope, canon->func, &canon->core_type_id));
    if (canon->post_return != NO_INDEX)
        SGI_TRY(check_func(v, scope, canon->post_return, core.results, core.result_count, NULL, 0,
                           "post-return"));
    ExternType item = {.sort = SORT_FUNC, .as.func = type};
    return sgi_comp_push_item(v, scope, &item);
}

static sg_status canon_lower(CompValidator *v, Scope *scope, CanonDef *canon) {
    ExternType item;
    SGI_TRY(sgi_comp_get_item(v, scope, (SortIndex){SORT_FUNC, canon->func}, &item));
    const CompFuncType *type = canon->func_type = item.as.func;
    SGI_TRY(sgi_comp_options(v, scope, canon, CANON_MAY_ASYNC));
    SGI_TRY(check_async(v, canon));
    CoreSignature core = flatten(type, canon);
    bool reads = params_contain_pointer(type) || flat_params(type) > most_flat_params(canon) ||
                 (type->result && (canon->is_async || type->result->flat_count > MAX_FLAT_RESULTS));
    bool makes = type->result && type->result->contains_pointer;
    SGI_TRY(sgi_comp_require(v, canon, reads, makes));
    return sgi_comp_push_canon(v, scope, canon, core.params, core.param_count, core.results,
                               core.result_count);
}

/* ---- resources ---- */

static sg_status canon_resource(CompValidator *v, Scope *scope, CanonDef *canon) {
    static const ValType i32 = VAL_I32;
    if (canon->type >= scope->types.count)
        return sgi_comp_bad_index(v, "type", canon->type);
    const CompType *type = &scope->types.items[canon->type];
    if (type->kind != CT_RESOURCE)
        return sgi_comp_invalid(v, "unexpected type", "type index %u is not a resource type", canon->type);
    canon->resource = type->as.resource;
    if (canon->kind == CANON_RESOURCE_DROP)
        return sgi_comp_push_canon(v, scope, canon, &i32, 1, NULL, 0);
    if (!canon->resource->is_local || canon->resource->scope != scope->id)
        return sgi_comp_invalid(v, "resource is not a local resource", "type index %u", canon->type);
    return canon->kind == CANON_RESOURCE_NEW
               ? sgi_comp_push_canon(v, scope, canon, &canon->resource->rep, 1, &i32, 1)
               : sgi_comp_push_canon(v, scope, canon, &i32, 1, &canon->resource->rep, 1);
}

sg_status sgi_comp_canon(CompValidator *v, Scope *scope, CanonDef *canon) {
    switch (canon->kind) {
    case CANON_LIFT: return canon_lift(v, scope, canon);
    case CANON_LOWER: return canon_lower(v, scope, canon);
    case CANON_RESOURCE_NEW:
    case CANON_RESOURCE_DROP:
    case CANON_RESOURCE_REP: return canon_resource(v, scope, canon);
    case CANON_TASK_RETURN:
    case CANON_OTHER: break;
    }
    return sgi_comp_canon_async(v, scope, canon);
}
