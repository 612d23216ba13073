/* TypeExpr → resolved types, in one scope: value, function and resource types, and what imports and exports
 * of types stand for (component model, Binary.md, "Type Definitions"). */
#include "validate/component.h"

#define PRIMITIVE(id, bytes, core, bits)                                                                     \
    [id] = {.kind = (id),                                                                                    \
            .size = (bytes),                                                                                 \
            .alignment = (bytes),                                                                            \
            .size64 = (bytes),                                                                               \
            .alignment64 = (bytes),                                                                          \
            .flat_count = 1,                                                                                 \
            .flat = {core},                                                                                  \
            .depth = 1,                                                                                      \
            .weight = 1,                                                                                     \
            .is_columns = true,                                                                              \
            .is_bits = (bits),                                                                               \
            .values = 1}

static const sg_type primitives[] = {
    PRIMITIVE(SG_BOOL, 1, KIND_I32, false),
    PRIMITIVE(SG_S8, 1, KIND_I32, true),
    PRIMITIVE(SG_U8, 1, KIND_I32, true),
    PRIMITIVE(SG_S16, 2, KIND_I32, true),
    PRIMITIVE(SG_U16, 2, KIND_I32, true),
    PRIMITIVE(SG_S32, 4, KIND_I32, true),
    PRIMITIVE(SG_U32, 4, KIND_I32, true),
    PRIMITIVE(SG_S64, 8, KIND_I64, true),
    PRIMITIVE(SG_U64, 8, KIND_I64, true),
    PRIMITIVE(SG_F32, 4, KIND_F32, false),
    PRIMITIVE(SG_F64, 8, KIND_F64, false),
    PRIMITIVE(SG_CHAR, 4, KIND_I32, false),
    [SG_STRING] = {.kind = SG_STRING,
                   .size = 8,
                   .alignment = 4,
                   .size64 = 16,
                   .alignment64 = 8,
                   .flat_count = 2,
                   .flat = {KIND_I32, KIND_I32},
                   .flat_pointers = 3,
                   .depth = 1,
                   .weight = 1,
                   .contains_pointer = true,
                   .contains_string = true},
};
static const sg_type error_context = {.kind = SG_ERROR_CONTEXT,
                                      .size = 4,
                                      .alignment = 4,
                                      .size64 = 4,
                                      .alignment64 = 4,
                                      .flat_count = 1,
                                      .flat = {KIND_I32},
                                      .depth = 1,
                                      .weight = 1,
                                      .contains_async = true};

static sg_status get_type(CompValidator *v, Scope *scope, uint32_t index, CompTypeKind kind, const char *what,
                          const CompType **type) {
    if (index >= scope->types.count)
        return sgi_comp_bad_index(v, "type", index);
    *type = &scope->types.items[index];
    return (*type)->kind == kind
               ? SG_OK
               : sgi_comp_invalid(v, "unexpected type", "type index %u is not %s", index, what);
}

static sg_status need(CompValidator *v, Feature feature) {
    return sgi_load_need(&v->cx, feature, v->offset);
}

/* ---- value types ---- */

static sg_status primitive_type(CompValidator *v, sg_kind kind, const sg_type **type) {
    if (kind == SG_ERROR_CONTEXT) {
        *type = &error_context;
        return need(v, FEATURE_COMPONENT_ERROR_CONTEXT);
    }
    *type = &primitives[kind];
    return SG_OK;
}

sg_status sgi_comp_value_type(CompValidator *v, Scope *scope, const TypeExpr *expr, const sg_type **type) {
    if (expr->kind == TX_VALUE)
        return primitive_type(v, expr->value_kind, type);
    const CompType *found = NULL;
    SGI_TRY(get_type(v, scope, expr->index, CT_VALUE, "a defined type", &found));
    *type = found->as.value;
    return SG_OK;
}

static sg_status optional_value_type(CompValidator *v, Scope *scope, const TypeExpr *expr,
                                     const sg_type **type) {
    return expr ? sgi_comp_value_type(v, scope, expr, type) : SG_OK;
}

/* Labels are unique whatever the case of their letters. */
static sg_status check_labels(CompValidator *v, const TypeExpr *expr, const char *what) {
    Map seen;
    sgi_map_init(&seen, v->cx.alloc);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < expr->field_count && status == SG_OK; i++) {
        Bytes name = expr->fields[i].name, key;
        if (!sgi_name_is_label(name)) {
            status = sgi_comp_invalid(v, "name is not in kebab case", "%s `%.*s`", what, (int)name.size,
                                      (const char *)name.data);
            break;
        }
        status = sgi_comp_lower(v, name, &key);
        if (status != SG_OK)
            break;
        MapPut put = sgi_map_put(&seen, key, i);
        if (put == MAP_NO_MEMORY)
            status = sgi_comp_no_memory(v);
        else if (put == MAP_EXISTS)
            status = sgi_comp_invalid(v, "name conflicts with previous name", "%s `%.*s`", what,
                                      (int)name.size, (const char *)name.data);
    }
    sgi_map_free(&seen);
    return status;
}

static sg_status resolve_fields(CompValidator *v, Scope *scope, const TypeExpr *expr,
                                const CompField **fields) {
    CompField *items = sgi_arena_array(v->arena, expr->field_count, sizeof *items);
    if (items == NULL)
        return sgi_comp_no_memory(v);
    for (uint32_t i = 0; i < expr->field_count; i++) {
        items[i].name = expr->fields[i].name;
        SGI_TRY(optional_value_type(v, scope, expr->fields[i].type, &items[i].type));
    }
    *fields = items;
    return SG_OK;
}

static sg_status define_members(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    static const char *const names[] = {[SG_RECORD] = "record field name",
                                        [SG_VARIANT] = "variant case name",
                                        [SG_ENUM] = "enum tag name",
                                        [SG_FLAGS] = "flag name",
                                        [SG_RESULT] = "",
                                        [SG_TUPLE] = ""};
    if (expr->field_count == 0)
        return sgi_comp_refuse(v, "type must have at least one member");
    if (type->kind == SG_FLAGS && expr->field_count > LIMIT_OF(FLAGS))
        return sgi_comp_invalid(v, "cannot have more than 32 flags", "%u flags", expr->field_count);
    if (type->kind != SG_TUPLE && type->kind != SG_RESULT)
        SGI_TRY(check_labels(v, expr, names[type->kind]));
    type->field_count = expr->field_count;
    return resolve_fields(v, scope, expr, &type->fields);
}

static sg_status define_option(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    CompField *fields = sgi_arena_array(v->arena, 2, sizeof *fields);
    if (fields == NULL)
        return sgi_comp_no_memory(v);
    fields[0].name = BYTES_OF("none");
    fields[1].name = BYTES_OF("some");
    type->fields = fields;
    type->field_count = 2;
    return sgi_comp_value_type(v, scope, expr->element, &fields[1].type);
}

static sg_status define_handle(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    const CompType *resource = NULL;
    SGI_TRY(get_type(v, scope, expr->element->index, CT_RESOURCE, "a resource type", &resource));
    type->resource = resource->as.resource;
    type->resource_name = resource->name;
    return SG_OK;
}

static sg_status define_async(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    SGI_TRY(need(v, FEATURE_COMPONENT_ASYNC));
    SGI_TRY(optional_value_type(v, scope, expr->element, &type->element));
    if (type->element && type->element->contains_borrow)
        return sgi_comp_refuse(v, "a stream or future cannot contain a `borrow` type");
    if (type->kind == SG_STREAM && type->element && type->element->kind == SG_CHAR)
        return sgi_comp_refuse(v, "a stream of `char` is not valid");
    return SG_OK;
}

static sg_status define_map(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    SGI_TRY(need(v, FEATURE_COMPONENT_MAP));
    SGI_TRY(sgi_comp_value_type(v, scope, expr->key, &type->key));
    if (type->key->kind > SG_STRING || type->key->kind == SG_F32 || type->key->kind == SG_F64)
        return sgi_comp_refuse(v, "invalid map key type");
    return sgi_comp_value_type(v, scope, expr->element, &type->element);
}

static sg_status define_fixed_list(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    SGI_TRY(need(v, FEATURE_COMPONENT_FIXED_LISTS));
    if (expr->length == 0)
        return sgi_comp_refuse(v, "fixed-length lists must have at least one element");
    type->length = expr->length;
    return sgi_comp_value_type(v, scope, expr->element, &type->element);
}

static sg_status define_parts(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    switch (type->kind) {
    case SG_RECORD:
    case SG_TUPLE:
    case SG_VARIANT:
    case SG_ENUM:
    case SG_RESULT:
    case SG_FLAGS: return define_members(v, scope, expr, type);
    case SG_OPTION: return define_option(v, scope, expr, type);
    case SG_OWN:
    case SG_BORROW: return define_handle(v, scope, expr, type);
    case SG_STREAM:
    case SG_FUTURE: return define_async(v, scope, expr, type);
    case SG_FIXED_LIST: return define_fixed_list(v, scope, expr, type);
    case SG_MAP: return define_map(v, scope, expr, type);
    default: return sgi_comp_value_type(v, scope, expr->element, &type->element); /* SG_LIST */
    }
}

static sg_status define_value(CompValidator *v, Scope *scope, const TypeExpr *expr, const sg_type **result) {
    if (expr->value_kind <= SG_STRING || expr->value_kind == SG_ERROR_CONTEXT)
        return primitive_type(v, expr->value_kind, result);
    sg_type *type = sgi_arena_alloc(v->arena, sizeof *type);
    if (type == NULL)
        return sgi_comp_no_memory(v);
    type->kind = expr->value_kind;
    SGI_TRY(define_parts(v, scope, expr, type));
    *result = type;
    return sgi_comp_layout(v, type);
}

/* ---- function types ---- */

static sg_status define_func(CompValidator *v, Scope *scope, const TypeExpr *expr,
                             const CompFuncType **result) {
    CompFuncType *type = sgi_arena_alloc(v->arena, sizeof *type);
    if (type == NULL)
        return sgi_comp_no_memory(v);
    if (expr->is_async)
        SGI_TRY(need(v, FEATURE_COMPONENT_ASYNC));
    SGI_TRY(sgi_limit_check(LIMIT_ID_PARAMS, expr->field_count, v->offset, v->cx.err));
    SGI_TRY(check_labels(v, expr, "function parameter name"));
    type->is_async = expr->is_async;
    type->param_count = expr->field_count;
    SGI_TRY(resolve_fields(v, scope, expr, &type->params));
    SGI_TRY(optional_value_type(v, scope, expr->element, &type->result));
    if (type->result && type->result->contains_borrow)
        return sgi_comp_refuse(v, "function result cannot contain a `borrow` type");
    uint64_t weight = 1 + (uint64_t)(type->result ? type->result->weight : 0);
    uint32_t depth = type->result ? type->result->depth : 0;
    for (uint32_t i = 0; i < type->param_count; i++) {
        weight += type->params[i].type->weight;
        depth = type->params[i].type->depth > depth ? type->params[i].type->depth : depth;
    }
    type->depth = depth + 1;
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_DEPTH, type->depth, v->offset, v->cx.err));
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_SIZE, weight, v->offset, v->cx.err));
    type->weight = (uint32_t)weight;
    *result = type;
    return SG_OK;
}

/* ---- resources ---- */

sg_status sgi_comp_new_resource(CompValidator *v, const Scope *scope, ResourceType **resource) {
    *resource = sgi_arena_alloc(v->arena, sizeof **resource);
    if (*resource == NULL)
        return sgi_comp_no_memory(v);
    **resource = (ResourceType){.id = v->resources++, .scope = scope->id, .destructor = NO_INDEX};
    return SG_OK;
}

static sg_status name_resource(CompValidator *v, ResourceType *resource, Bytes label,
                               const ResourceName *renamed, CompType *type) {
    ResourceName *name = sgi_arena_alloc(v->arena, sizeof *name);
    if (name == NULL)
        return sgi_comp_no_memory(v);
    *name = (ResourceName){resource, label, renamed};
    *type = (CompType){.kind = CT_RESOURCE, .as.resource = resource, .name = name};
    return SG_OK;
}

static sg_status define_resource(CompValidator *v, Scope *scope, const TypeExpr *expr, CompType *type) {
    if (scope->kind != SCOPE_COMPONENT)
        return sgi_comp_refuse(v, "resources can only be defined within a concrete component");
    if (expr->rep == KIND_I64)
        SGI_TRY(need(v, FEATURE_COMPONENT_MEMORY64));
    ResourceType *resource;
    SGI_TRY(sgi_comp_new_resource(v, scope, &resource));
    resource->is_local = true;
    resource->rep = expr->rep;
    resource->destructor = expr->destructor;
    if (expr->destructor != NO_INDEX) {
        uint32_t id;
        bool is;
        FuncType func = {.params = &resource->rep, .param_count = 1};
        SGI_TRY(sgi_comp_core_func(v, scope, expr->destructor, &id));
        SGI_TRY(sgi_comp_core_func_is(v, id, &func, &is));
        if (!is)
            return sgi_comp_invalid(v, "wrong signature for a destructor", "core function %u",
                                    expr->destructor);
    }
    return name_resource(v, resource, (Bytes){0}, NULL, type);
}

sg_status sgi_comp_rename(CompValidator *v, Bytes name, CompType *type) {
    if (type->kind == CT_RESOURCE)
        return name_resource(v, type->as.resource, name, type->name, type);
    if (type->kind != CT_VALUE)
        return SG_OK;
    sg_type *copy = sgi_arena_copy(v->arena, type->as.value, sizeof *copy);
    if (copy == NULL)
        return sgi_comp_no_memory(v);
    copy->name = name;
    copy->renamed = type->as.value;
    type->as.value = copy;
    return SG_OK;
}

/* ---- what externs stand for ---- */

/* An instance of the type: what the type binds becomes new in `scope`. */
static sg_status open_instance(CompValidator *v, Scope *scope, const InstanceType *type, bool is_import,
                               const InstanceType **result) {
    *result = type;
    if (type->resource_count == 0)
        return SG_OK;
    InstanceType *opened = sgi_arena_copy(v->arena, type, sizeof *opened);
    if (opened == NULL)
        return sgi_comp_no_memory(v);
    opened->resources = NULL;
    opened->resource_count = 0;
    PtrMap map;
    sgi_ptrs_init(&map, v->cx.alloc);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < type->resource_count && status == SG_OK; i++) {
        ResourceType *fresh;
        status = sgi_comp_new_resource(v, scope, &fresh);
        if (status != SG_OK)
            break;
        fresh->is_imported = is_import;
        if (!sgi_ptrs_put(&map, type->resources[i], fresh))
            status = sgi_comp_no_memory(v);
    }
    if (status == SG_OK)
        status = sgi_comp_subst_exports(v, &map, &opened->exports, opened->export_count);
    sgi_ptrs_free(&map);
    *result = opened;
    return status;
}

static sg_status type_extern(CompValidator *v, Scope *scope, const ExternDesc *desc, Bytes name,
                             bool is_import, ExternType *type) {
    CompType *inner = &type->as.type.type;
    if (!desc->is_bound_sub) {
        if (desc->type >= scope->types.count)
            return sgi_comp_bad_index(v, "type", desc->type);
        *inner = scope->types.items[desc->type];
        return sgi_comp_rename(v, name, inner);
    }
    ResourceType *resource;
    SGI_TRY(sgi_comp_new_resource(v, scope, &resource));
    resource->is_imported = is_import;
    type->as.type.is_sub_resource = true;
    return name_resource(v, resource, name, NULL, inner);
}

sg_status sgi_comp_extern_type(CompValidator *v, Scope *scope, const ExternDesc *desc, Bytes name,
                               bool is_import, ExternType *type) {
    const CompType *found = NULL;
    *type = (ExternType){.sort = desc->sort};
    switch (desc->sort) {
    case SORT_FUNC:
        SGI_TRY(get_type(v, scope, desc->type, CT_FUNC, "a function type", &found));
        type->as.func = found->as.func;
        return SG_OK;
    case SORT_COMPONENT:
        SGI_TRY(get_type(v, scope, desc->type, CT_COMPONENT, "a component type", &found));
        type->as.component = found->as.component;
        return SG_OK;
    case SORT_INSTANCE:
        SGI_TRY(get_type(v, scope, desc->type, CT_INSTANCE, "an instance type", &found));
        return open_instance(v, scope, found->as.instance, is_import, &type->as.instance);
    case SORT_TYPE: return type_extern(v, scope, desc, name, is_import, type);
    case SORT_CORE_MODULE:
        if (desc->type >= scope->core_types.count)
            return sgi_comp_bad_index(v, "core type", desc->type);
        type->as.core_module = scope->core_module_types.items[desc->type];
        return type->as.core_module ? SG_OK
                                    : sgi_comp_invalid(v, "unexpected type",
                                                       "core type index %u is not a module type", desc->type);
    default: return sgi_load_unsupported(&v->cx, FEATURE_COMPONENT_VALUES, v->offset);
    }
}

sg_status sgi_comp_define_type(CompValidator *v, Scope *scope, const TypeExpr *expr) {
    ExternType item = {.sort = SORT_TYPE};
    CompType *type = &item.as.type.type;
    switch (expr->kind) {
    case TX_VALUE: SGI_TRY(define_value(v, scope, expr, &type->as.value)); break;
    case TX_FUNC:
        type->kind = CT_FUNC;
        SGI_TRY(define_func(v, scope, expr, &type->as.func));
        break;
    case TX_RESOURCE: SGI_TRY(define_resource(v, scope, expr, type)); break;
    default: SGI_TRY(sgi_comp_define_scope(v, scope, expr, type)); break;
    }
    return sgi_comp_push_item(v, scope, &item);
}
