/* TypeExpr → resolved types, in one scope: value and function types, and the declarators of component,
 * instance and core module types, each a scope of its own (component model, Binary.md, "Type Definitions").
 *
 * The decoder bounds how deep declarators nest in place, and with it the recursion here. */
#include "validate/component.h"

#define PRIMITIVE(id, bytes, core)                                                                           \
    [id] = {.kind = (id),                                                                                    \
            .size = (bytes),                                                                                 \
            .alignment = (bytes),                                                                            \
            .size64 = (bytes),                                                                               \
            .alignment64 = (bytes),                                                                          \
            .flat_count = 1,                                                                                 \
            .flat = {(core)},                                                                                \
            .depth = 1,                                                                                      \
            .weight = 1}

static const sg_type primitives[] = {
    PRIMITIVE(SG_BOOL, 1, KIND_I32),
    PRIMITIVE(SG_S8, 1, KIND_I32),
    PRIMITIVE(SG_U8, 1, KIND_I32),
    PRIMITIVE(SG_S16, 2, KIND_I32),
    PRIMITIVE(SG_U16, 2, KIND_I32),
    PRIMITIVE(SG_S32, 4, KIND_I32),
    PRIMITIVE(SG_U32, 4, KIND_I32),
    PRIMITIVE(SG_S64, 8, KIND_I64),
    PRIMITIVE(SG_U64, 8, KIND_I64),
    PRIMITIVE(SG_F32, 4, KIND_F32),
    PRIMITIVE(SG_F64, 8, KIND_F64),
    PRIMITIVE(SG_CHAR, 4, KIND_I32),
    [SG_STRING] = {.kind = SG_STRING,
                   .size = 8,
                   .alignment = 4,
                   .size64 = 16,
                   .alignment64 = 8,
                   .flat_count = 2,
                   .flat = {KIND_I32, KIND_I32},
                   .depth = 1,
                   .weight = 1,
                   .contains_pointer = true},
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
    const CompType *found;
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
        return sgi_comp_invalid(v, "type must have at least one member", "");
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
    const CompType *resource;
    SGI_TRY(get_type(v, scope, expr->element->index, CT_RESOURCE, "a resource type", &resource));
    type->resource = resource->as.resource;
    type->resource_name = resource->name;
    return SG_OK;
}

static sg_status define_async(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    SGI_TRY(need(v, FEATURE_COMPONENT_ASYNC));
    SGI_TRY(optional_value_type(v, scope, expr->element, &type->element));
    if (type->element && type->element->contains_borrow)
        return sgi_comp_invalid(v, "a stream or future cannot contain a `borrow` type", "");
    if (type->kind == SG_STREAM && type->element && type->element->kind == SG_CHAR)
        return sgi_comp_invalid(v, "a stream of `char` is not valid", "");
    return SG_OK;
}

static sg_status define_map(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    SGI_TRY(need(v, FEATURE_COMPONENT_MAP));
    SGI_TRY(sgi_comp_value_type(v, scope, expr->key, &type->key));
    if (type->key->kind > SG_STRING || type->key->kind == SG_F32 || type->key->kind == SG_F64)
        return sgi_comp_invalid(v, "invalid map key type", "");
    return sgi_comp_value_type(v, scope, expr->element, &type->element);
}

static sg_status define_fixed_list(CompValidator *v, Scope *scope, const TypeExpr *expr, sg_type *type) {
    SGI_TRY(need(v, FEATURE_COMPONENT_FIXED_LISTS));
    if (expr->length == 0)
        return sgi_comp_invalid(v, "fixed-length lists must have at least one element", "");
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
        return sgi_comp_invalid(v, "function result cannot contain a `borrow` type", "");
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

static sg_status name_resource(CompValidator *v, ResourceType *resource, Bytes label, CompType *type) {
    ResourceName *name = sgi_arena_alloc(v->arena, sizeof *name);
    if (name == NULL)
        return sgi_comp_no_memory(v);
    *name = (ResourceName){resource, label};
    *type = (CompType){.kind = CT_RESOURCE, .as.resource = resource, .name = name};
    return SG_OK;
}

static sg_status define_resource(CompValidator *v, Scope *scope, const TypeExpr *expr, CompType *type) {
    if (scope->kind != SCOPE_COMPONENT)
        return sgi_comp_invalid(v, "resources can only be defined within a concrete component", "");
    if (expr->rep == KIND_I64)
        SGI_TRY(need(v, FEATURE_MEMORY64));
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
    return name_resource(v, resource, (Bytes){0}, type);
}

sg_status sgi_comp_rename(CompValidator *v, Bytes name, CompType *type) {
    if (type->kind == CT_RESOURCE)
        return name_resource(v, type->as.resource, name, type);
    if (type->kind != CT_VALUE)
        return SG_OK;
    switch (type->as.value->kind) {
    case SG_RECORD:
    case SG_VARIANT:
    case SG_ENUM:
    case SG_FLAGS: {
        sg_type *copy = sgi_arena_copy(v->arena, type->as.value, sizeof *copy);
        if (copy == NULL)
            return sgi_comp_no_memory(v);
        copy->name = name;
        type->as.value = copy;
        return SG_OK;
    }
    default: return SG_OK; /* needs no name */
    }
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
    return name_resource(v, resource, name, inner);
}

sg_status sgi_comp_extern_type(CompValidator *v, Scope *scope, const ExternDesc *desc, Bytes name,
                               bool is_import, ExternType *type) {
    const CompType *found;
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

/* ---- aliases ---- */

static sg_status push_type(CompValidator *v, Scope *scope, CompType type) {
    SGI_TRY(sgi_limit_check(LIMIT_ID_COMPONENT_ITEMS, scope->types.count + 1, v->offset, v->cx.err));
    return sgi_vec_push(v->cx.alloc, &scope->types, type) ? SG_OK : sgi_comp_no_memory(v);
}

static sg_status push_core_type(CompValidator *v, Scope *scope, SubType type, const CoreModuleType *module) {
    SGI_TRY(sgi_limit_check(LIMIT_ID_COMPONENT_ITEMS, scope->core_types.count + 1, v->offset, v->cx.err));
    return sgi_vec_push(v->cx.alloc, &scope->core_types, type) &&
                   sgi_vec_push(v->cx.alloc, &scope->core_module_types, module)
               ? SG_OK
               : sgi_comp_no_memory(v);
}

static sg_status alias_outer_type(CompValidator *v, Scope *scope, const Scope *target, uint32_t index,
                                  bool crosses) {
    if (index >= target->types.count)
        return sgi_comp_bad_index(v, "type", index);
    CompType type = target->types.items[index];
    if (crosses) {
        bool closed;
        SGI_TRY(sgi_comp_is_closed(v, &type, &closed));
        if (!closed)
            return sgi_comp_invalid(
                v,
                "cannot alias outer type which transitively refers to resources not defined "
                "in the current component",
                "type index %u", index);
    }
    return push_type(v, scope, type);
}

static sg_status alias_outer_core_type(CompValidator *v, Scope *scope, const Scope *target, uint32_t index) {
    if (index >= target->core_types.count)
        return sgi_comp_bad_index(v, "core type", index);
    const CoreModuleType *module = target->core_module_types.items[index];
    if (module && scope->kind == SCOPE_MODULE_TYPE)
        return sgi_comp_invalid(v, "core module types cannot be aliased into core module types",
                                "core type index %u", index);
    return push_core_type(v, scope, target->core_types.items[index], module);
}

sg_status sgi_comp_outer_alias(CompValidator *v, Scope *scope, const AliasDef *alias) {
    Scope *target = scope;
    bool crosses = false;
    for (uint32_t i = 0; i < alias->outer_count; i++) {
        crosses |= target->kind == SCOPE_COMPONENT;
        target = target->parent;
        if (target == NULL)
            return sgi_comp_invalid(v, "invalid outer alias count", "invalid outer alias count of %u",
                                    alias->outer_count);
    }
    if (scope->kind != SCOPE_COMPONENT && alias->sort != SORT_TYPE && alias->sort != SORT_CORE_TYPE)
        return sgi_comp_invalid(v, "only types can be aliased into types", "%s",
                                sgi_comp_sort_name(alias->sort));
    ExternType type = {.sort = alias->sort};
    switch (alias->sort) {
    case SORT_TYPE: return alias_outer_type(v, scope, target, alias->outer_index, crosses);
    case SORT_CORE_TYPE: return alias_outer_core_type(v, scope, target, alias->outer_index);
    case SORT_COMPONENT:
    case SORT_CORE_MODULE:
        SGI_TRY(sgi_comp_get_item(v, target, (SortIndex){alias->sort, alias->outer_index}, &type));
        return sgi_comp_push_item(v, scope, &type);
    default:
        return sgi_comp_invalid(v, "invalid outer alias", "a %s cannot be aliased from outside",
                                sgi_comp_sort_name(alias->sort));
    }
}

sg_status sgi_comp_export_alias(CompValidator *v, Scope *scope, const AliasDef *alias) {
    if (scope->kind != SCOPE_COMPONENT && alias->sort != SORT_TYPE && alias->sort != SORT_INSTANCE)
        return sgi_comp_invalid(v, "only types and instances can be aliased into types", "%s",
                                sgi_comp_sort_name(alias->sort));
    ExternType instance;
    uint32_t index;
    SGI_TRY(sgi_comp_get_item(v, scope, (SortIndex){SORT_INSTANCE, alias->instance}, &instance));
    const InstanceType *type = instance.as.instance;
    SGI_TRY(sgi_comp_find_extern(v, type->exports, type->export_count, alias->name, &index));
    if (index == NO_INDEX)
        return sgi_comp_invalid(v, "instance has no such export", "instance %u has no export named `%.*s`",
                                alias->instance, (int)alias->name.size, (const char *)alias->name.data);
    if (type->exports[index].type.sort != alias->sort)
        return sgi_comp_invalid(v, "export of another sort", "export `%.*s` of instance %u is a %s, not a %s",
                                (int)alias->name.size, (const char *)alias->name.data, alias->instance,
                                sgi_comp_sort_name(type->exports[index].type.sort),
                                sgi_comp_sort_name(alias->sort));
    return sgi_comp_push_item(v, scope, &type->exports[index].type);
}

/* ---- component and instance types ---- */

/* The resources that `externs` introduce: those of `scope`, each once. */
typedef struct Binders {
    Vec(ResourceType *) found;
    PtrMap seen;
    uint32_t scope;
    bool is_import;
} Binders;

static sg_status collect_binders(CompValidator *v, Binders *binders, const NamedExtern *externs,
                                 uint32_t count) {
    SGI_TRY(sgi_comp_steps(v, count));
    for (uint32_t i = 0; i < count; i++) {
        const ExternType *type = &externs[i].type;
        if (type->sort == SORT_INSTANCE && !sgi_ptrs_get(&binders->seen, type->as.instance)) {
            if (!sgi_ptrs_put(&binders->seen, type->as.instance, type->as.instance))
                return sgi_comp_no_memory(v);
            SGI_TRY(collect_binders(v, binders, type->as.instance->exports, type->as.instance->export_count));
        }
        if (type->sort != SORT_TYPE || type->as.type.type.kind != CT_RESOURCE)
            continue;
        ResourceType *resource = type->as.type.type.as.resource;
        if (resource->scope != binders->scope || resource->is_imported != binders->is_import ||
            sgi_ptrs_get(&binders->seen, resource))
            continue;
        if (!sgi_ptrs_put(&binders->seen, resource, resource) ||
            !sgi_vec_push(v->cx.alloc, &binders->found, resource))
            return sgi_comp_no_memory(v);
    }
    return SG_OK;
}

static sg_status bind(CompValidator *v, const Scope *scope, bool is_import, const NamedExtern *externs,
                      uint32_t extern_count, ResourceType *const **resources, uint32_t *count) {
    Binders binders = {.scope = scope->id, .is_import = is_import};
    sgi_ptrs_init(&binders.seen, v->cx.alloc);
    sg_status status = collect_binders(v, &binders, externs, extern_count);
    if (status == SG_OK && binders.found.count > 0) {
        *count = (uint32_t)binders.found.count;
        *resources = sgi_comp_array(v, binders.found.items, binders.found.count, sizeof *binders.found.items);
        if (*resources == NULL)
            status = sgi_comp_no_memory(v);
    }
    sgi_ptrs_free(&binders.seen);
    sgi_vec_free(v->cx.alloc, &binders.found);
    return status;
}

/* Adds up weights; the depth is that of the deepest, and one. */
static sg_status weigh(CompValidator *v, const NamedExtern *externs, uint32_t count, uint32_t *weight,
                       uint32_t *depth) {
    uint64_t sum = *weight;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t extern_weight;
        uint32_t extern_depth;
        sgi_comp_weigh(&externs[i].type, &extern_weight, &extern_depth);
        sum += extern_weight;
        *depth = extern_depth + 1 > *depth ? extern_depth + 1 : *depth;
    }
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_DEPTH, *depth, v->offset, v->cx.err));
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_SIZE, sum, v->offset, v->cx.err));
    *weight = (uint32_t)sum;
    return SG_OK;
}

sg_status sgi_comp_component_type(CompValidator *v, Scope *scope, ComponentType *type) {
    *type = (ComponentType){.weight = 1, .depth = 1, .transitive_instances = scope->transitive_instances};
    type->import_count = (uint32_t)scope->imports.count;
    type->export_count = (uint32_t)scope->exports.count;
    type->imports = sgi_comp_array(v, scope->imports.items, scope->imports.count, sizeof *type->imports);
    type->exports = sgi_comp_array(v, scope->exports.items, scope->exports.count, sizeof *type->exports);
    if (type->imports == NULL || type->exports == NULL)
        return sgi_comp_no_memory(v);
    SGI_TRY(weigh(v, type->imports, type->import_count, &type->weight, &type->depth));
    SGI_TRY(weigh(v, type->exports, type->export_count, &type->weight, &type->depth));
    SGI_TRY(bind(v, scope, true, type->imports, type->import_count, &type->imported, &type->imported_count));
    return bind(v, scope, false, type->exports, type->export_count, &type->defined, &type->defined_count);
}

sg_status sgi_comp_instance_type(CompValidator *v, const NamedExtern *exports, size_t count,
                                 InstanceType **type) {
    InstanceType *made = *type = sgi_arena_alloc(v->arena, sizeof *made);
    if (made == NULL)
        return sgi_comp_no_memory(v);
    made->weight = made->depth = 1;
    made->export_count = (uint32_t)count;
    made->exports = sgi_comp_array(v, exports, count, sizeof *exports);
    if (made->exports == NULL)
        return sgi_comp_no_memory(v);
    return weigh(v, made->exports, made->export_count, &made->weight, &made->depth);
}

static sg_status walk_decl(CompValidator *v, Scope *scope, const TypeDecl *decl) {
    ExternType type;
    v->offset = decl->offset;
    SGI_TRY(sgi_comp_steps(v, 1));
    switch (decl->kind) {
    case DECL_TYPE: return sgi_comp_define_type(v, scope, decl->as.type);
    case DECL_CORE_TYPE: return sgi_comp_define_core_type(v, scope, decl->as.type);
    case DECL_ALIAS:
        if (decl->as.alias.kind == ALIAS_CORE_EXPORT)
            return sgi_comp_invalid(v, "only types can be aliased into types", "");
        return decl->as.alias.kind == ALIAS_OUTER ? sgi_comp_outer_alias(v, scope, &decl->as.alias)
                                                  : sgi_comp_export_alias(v, scope, &decl->as.alias);
    case DECL_IMPORT:
    case DECL_EXPORT: {
        bool is_import = decl->kind == DECL_IMPORT;
        SGI_TRY(sgi_comp_extern_type(v, scope, &decl->as.extern_.desc, decl->as.extern_.name.name, is_import,
                                     &type));
        return sgi_comp_add_extern(v, scope, &decl->as.extern_.name, type, is_import);
    }
    case DECL_CORE_IMPORT:
    case DECL_CORE_EXPORT: return sgi_comp_core_decl(v, scope, decl);
    }
    return SG_OK;
}

static sg_status end_scope(CompValidator *v, Scope *scope, CompType *result) {
    if (scope->kind == SCOPE_COMPONENT_TYPE) {
        ComponentType *type = sgi_arena_alloc(v->arena, sizeof *type);
        if (type == NULL)
            return sgi_comp_no_memory(v);
        *result = (CompType){.kind = CT_COMPONENT, .as.component = type};
        return sgi_comp_component_type(v, scope, type);
    }
    InstanceType *type;
    SGI_TRY(sgi_comp_instance_type(v, scope->exports.items, scope->exports.count, &type));
    *result = (CompType){.kind = CT_INSTANCE, .as.instance = type};
    return bind(v, scope, false, type->exports, type->export_count, &type->resources, &type->resource_count);
}

static sg_status define_scope(CompValidator *v, Scope *parent, const TypeExpr *expr, CompType *result) {
    Scope scope;
    sgi_scope_init(v, &scope, expr->kind == TX_COMPONENT ? SCOPE_COMPONENT_TYPE : SCOPE_INSTANCE_TYPE,
                   parent);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < expr->decl_count && status == SG_OK; i++)
        status = walk_decl(v, &scope, &expr->decls[i]);
    if (status == SG_OK)
        status = end_scope(v, &scope, result);
    sgi_scope_free(v, &scope);
    return status;
}

sg_status sgi_comp_define_type(CompValidator *v, Scope *scope, const TypeExpr *expr) {
    CompType type = {.kind = CT_VALUE};
    switch (expr->kind) {
    case TX_VALUE: SGI_TRY(define_value(v, scope, expr, &type.as.value)); break;
    case TX_FUNC:
        type.kind = CT_FUNC;
        SGI_TRY(define_func(v, scope, expr, &type.as.func));
        break;
    case TX_RESOURCE: SGI_TRY(define_resource(v, scope, expr, &type)); break;
    default: SGI_TRY(define_scope(v, scope, expr, &type)); break;
    }
    return push_type(v, scope, type);
}

/* ---- core types ---- */

static sg_status check_core_type_index(CompValidator *v, const Scope *scope, uint32_t index, size_t end) {
    if (index >= end)
        return sgi_comp_bad_index(v, "core type", index);
    return scope->core_module_types.items[index]
               ? sgi_comp_invalid(v, "unexpected type", "core type index %u is a module type", index)
               : SG_OK;
}

static sg_status check_core_val_types(CompValidator *v, const Scope *scope, const ValType *types,
                                      uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (sgi_is_ref(types[i]) && !sgi_is_abstract(sgi_heap(types[i])))
            SGI_TRY(check_core_type_index(v, scope, sgi_heap(types[i]), scope->core_types.count));
    return SG_OK;
}

static sg_status check_sub_type(CompValidator *v, const Scope *scope, const SubType *type) {
    if (type->supertype != NO_TYPE)
        return sgi_load_unsupported(&v->cx, FEATURE_GC, v->offset);
    if (type->kind != COMP_FUNC) {
        for (uint32_t i = 0; i < type->as.aggregate.field_count; i++)
            SGI_TRY(check_core_val_types(v, scope, &type->as.aggregate.fields[i].type, 1));
        return SG_OK;
    }
    const FuncType *func = &type->as.func;
    SGI_TRY(check_core_val_types(v, scope, func->params, func->param_count));
    return check_core_val_types(v, scope, func->results, func->result_count);
}

static sg_status define_rec_group(CompValidator *v, Scope *scope, const TypeExpr *expr) {
    uint32_t start = (uint32_t)scope->core_types.count, end = start + expr->sub_type_count;
    for (uint32_t i = 0; i < expr->sub_type_count; i++)
        SGI_TRY(push_core_type(v, scope, expr->sub_types[i], NULL));
    for (uint32_t i = 0; i < expr->sub_type_count; i++)
        SGI_TRY(check_sub_type(v, scope, &expr->sub_types[i]));
    if (start == end)
        return SG_OK;
    SGI_TRY(sgi_types_add_group(v->cx.types, scope->core_types.items, start, end, v->cx.err));
    return sgi_comp_keep_type(v, scope->core_types.items[start].id);
}

static sg_status end_module_type(CompValidator *v, Scope *scope, const CoreModuleType **result) {
    CoreModuleType *type = sgi_arena_alloc(v->arena, sizeof *type);
    if (type == NULL)
        return sgi_comp_no_memory(v);
    type->import_count = (uint32_t)scope->core_imports.count;
    type->export_count = (uint32_t)scope->core_exports.count;
    type->imports =
        sgi_comp_array(v, scope->core_imports.items, scope->core_imports.count, sizeof *type->imports);
    type->exports =
        sgi_comp_array(v, scope->core_exports.items, scope->core_exports.count, sizeof *type->exports);
    *result = type;
    return type->imports && type->exports ? SG_OK : sgi_comp_no_memory(v);
}

static sg_status define_module_type(CompValidator *v, Scope *parent, const TypeExpr *expr) {
    if (parent->kind == SCOPE_MODULE_TYPE)
        return sgi_comp_invalid(v, "core module types cannot nest", "");
    const CoreModuleType *type = NULL;
    Scope scope;
    sgi_scope_init(v, &scope, SCOPE_MODULE_TYPE, parent);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < expr->decl_count && status == SG_OK; i++)
        status = walk_decl(v, &scope, &expr->decls[i]);
    if (status == SG_OK)
        status = end_module_type(v, &scope, &type);
    sgi_scope_free(v, &scope);
    SGI_TRY(status);
    return push_core_type(v, parent, (SubType){.supertype = NO_TYPE}, type);
}

sg_status sgi_comp_define_core_type(CompValidator *v, Scope *scope, const TypeExpr *expr) {
    return expr->kind == TX_CORE_MODULE ? define_module_type(v, scope, expr)
                                        : define_rec_group(v, scope, expr);
}

static sg_status core_decl_type(CompValidator *v, Scope *scope, const TypeDecl *decl, CoreExternType *type) {
    *type = (CoreExternType){
        .module = decl->as.core.module, .name = decl->as.core.name, .kind = decl->as.core.kind};
    const SubType *types = scope->core_types.items;
    uint32_t index = decl->as.core.type;
    switch (type->kind) {
    case EXTERN_FUNC:
    case EXTERN_TAG:
        SGI_TRY(check_core_type_index(v, scope, index, scope->core_types.count));
        type->as.func_id = types[index].id;
        return sgi_types_kind(v->cx.types, type->as.func_id) == COMP_FUNC
                   ? SG_OK
                   : sgi_comp_invalid(v, "unexpected type", "core type index %u is not a function type",
                                      index);
    case EXTERN_TABLE:
        type->as.table = decl->as.core.table;
        SGI_TRY(check_core_val_types(v, scope, &type->as.table.element, 1));
        type->as.table.element = sgi_types_canonical(types, type->as.table.element);
        return SG_OK;
    case EXTERN_MEMORY: type->as.memory = decl->as.core.memory; return SG_OK;
    case EXTERN_GLOBAL:
        type->as.global = decl->as.core.global;
        SGI_TRY(check_core_val_types(v, scope, &type->as.global.type, 1));
        type->as.global.type = sgi_types_canonical(types, type->as.global.type);
        return SG_OK;
    case EXTERN_KINDS: break;
    }
    return SG_OK;
}

/* Limits of tables and memories, as the core specification has them (3.2.4 and on). */
static sg_status check_limits(CompValidator *v, const CoreExternType *type) {
    if (type->kind != EXTERN_TABLE && type->kind != EXTERN_MEMORY)
        return SG_OK;
    bool is_memory = type->kind == EXTERN_MEMORY;
    const Limits *limits = is_memory ? &type->as.memory : &type->as.table.limits;
    uint64_t most =
        is_memory ? (limits->is_64 ? UINT64_C(1) << 48 : 65536) : (limits->is_64 ? UINT64_MAX : UINT32_MAX);
    if (limits->min > most || (limits->has_max && limits->max > most))
        return sgi_comp_invalid(v,
                                is_memory ? "memory size must be at most 65536 pages (4GiB)"
                                          : "table size must be at most 2^32-1",
                                "");
    if (limits->has_max && limits->max < limits->min)
        return sgi_comp_invalid(v, "size minimum must not be greater than maximum", "");
    if (limits->is_shared && !limits->has_max)
        return sgi_comp_invalid(v, "shared memory must have maximum", "");
    return SG_OK;
}

sg_status sgi_comp_core_decl(CompValidator *v, Scope *scope, const TypeDecl *decl) {
    CoreExternType type;
    bool is_import = decl->kind == DECL_CORE_IMPORT;
    SGI_TRY(core_decl_type(v, scope, decl, &type));
    SGI_TRY(check_limits(v, &type));
    SGI_TRY(sgi_comp_unique_core(v, is_import ? &scope->import_names.unique : &scope->export_names.unique,
                                 is_import, &type));
    bool pushed = is_import ? sgi_vec_push(v->cx.alloc, &scope->core_imports, type)
                            : sgi_vec_push(v->cx.alloc, &scope->core_exports, type);
    return pushed ? SG_OK : sgi_comp_no_memory(v);
}
