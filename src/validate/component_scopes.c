/* Scopes: aliases between them, and the declarators of component and instance types, each type a scope of its
 * own (component model, Binary.md, "Alias Definitions" and "Type Definitions").
 *
 * The decoder bounds how deep declarators nest in place, and with it the recursion here. */
#include "validate/component.h"

/* ---- aliases ---- */

static sg_status alias_outer_type(CompValidator *v, Scope *scope, const Scope *target, uint32_t index,
                                  bool crosses) {
    if (index >= target->types.count)
        return sgi_comp_bad_index(v, "type", index);
    ExternType item = {.sort = SORT_TYPE, .as.type.type = target->types.items[index]};
    if (crosses) {
        bool closed;
        SGI_TRY(sgi_comp_is_closed(v, &item.as.type.type, &closed));
        if (!closed)
            return sgi_comp_invalid(
                v,
                "cannot alias outer type which transitively refers to resources not defined "
                "in the current component",
                "type index %u", index);
    }
    return sgi_comp_push_item(v, scope, &item);
}

static sg_status alias_outer_core_type(CompValidator *v, Scope *scope, const Scope *target, uint32_t index) {
    if (index >= target->core_types.count)
        return sgi_comp_bad_index(v, "core type", index);
    const CoreModuleType *module = target->core_module_types.items[index];
    if (module && scope->kind == SCOPE_MODULE_TYPE)
        return sgi_comp_invalid(v, "core module types cannot be aliased into core module types",
                                "core type index %u", index);
    return sgi_comp_push_core_type(v, scope, target->core_types.items[index], module);
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
        return sgi_comp_invalid(v, "only types can be aliased into types", "%s", sgi_sort_name(alias->sort));
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
                                sgi_sort_name(alias->sort));
    }
}

sg_status sgi_comp_export_alias(CompValidator *v, Scope *scope, const AliasDef *alias) {
    if (scope->kind != SCOPE_COMPONENT && alias->sort != SORT_TYPE && alias->sort != SORT_INSTANCE)
        return sgi_comp_invalid(v, "only types and instances can be aliased into types", "%s",
                                sgi_sort_name(alias->sort));
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
                                sgi_sort_name(type->exports[index].type.sort), sgi_sort_name(alias->sort));
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

sg_status sgi_comp_walk_decl(CompValidator *v, Scope *scope, const TypeDecl *decl) {
    ExternType type;
    v->offset = decl->offset;
    SGI_TRY(sgi_comp_steps(v, 1));
    switch (decl->kind) {
    case DECL_TYPE: return sgi_comp_define_type(v, scope, decl->as.type);
    case DECL_CORE_TYPE: return sgi_comp_define_core_type(v, scope, decl->as.type);
    case DECL_ALIAS:
        if (decl->as.alias.kind == ALIAS_CORE_EXPORT)
            return sgi_comp_refuse(v, "only types can be aliased into types");
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

sg_status sgi_comp_define_scope(CompValidator *v, Scope *parent, const TypeExpr *expr, CompType *result) {
    Scope scope;
    sgi_scope_init(v, &scope, expr->kind == TX_COMPONENT ? SCOPE_COMPONENT_TYPE : SCOPE_INSTANCE_TYPE,
                   parent);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < expr->decl_count && status == SG_OK; i++)
        status = sgi_comp_walk_decl(v, &scope, &expr->decls[i]);
    if (status == SG_OK)
        status = end_scope(v, &scope, result);
    sgi_scope_free(v, &scope);
    return status;
}
