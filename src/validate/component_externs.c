/* Imports and exports: their names and what names demand of types (Binary.md, "Import and Export
 * Definitions"), which types can be seen from outside (Explainer, "External Visibility of Types"), and the
 * index spaces they add to. */
#include "validate/component.h"

#include <string.h>

/* ---- index spaces ---- */

static sg_status get_comp_item(CompValidator *v, const CompItem *items, size_t count, SortIndex item,
                               ExternType *type) {
    if (item.index >= count)
        return sgi_comp_bad_index(v, sgi_sort_name(item.sort), item.index);
    *type = items[item.index].type;
    return SG_OK;
}

sg_status sgi_comp_get_item(CompValidator *v, Scope *scope, SortIndex item, ExternType *type) {
    *type = (ExternType){.sort = item.sort};
    switch (item.sort) {
    case SORT_FUNC: return get_comp_item(v, scope->funcs.items, scope->funcs.count, item, type);
    case SORT_COMPONENT:
        return get_comp_item(v, scope->components.items, scope->components.count, item, type);
    case SORT_INSTANCE: return get_comp_item(v, scope->instances.items, scope->instances.count, item, type);
    case SORT_TYPE:
        if (item.index >= scope->types.count)
            return sgi_comp_bad_index(v, "type", item.index);
        type->as.type.type = scope->types.items[item.index];
        return SG_OK;
    case SORT_CORE_MODULE:
        if (item.index >= scope->core_modules.count)
            return sgi_comp_bad_index(v, "core module", item.index);
        type->as.core_module = scope->core_modules.items[item.index];
        return SG_OK;
    case SORT_VALUE: return sgi_load_unsupported(&v->cx, FEATURE_COMPONENT_VALUES, v->offset);
    default:
        return sgi_comp_invalid(v, "core items are not component-level items", "%s",
                                sgi_sort_name(item.sort));
    }
}

sg_status sgi_comp_push_item(CompValidator *v, Scope *scope, const ExternType *type) {
    CompItem item = {scope->def, *type};
    bool pushed = false;
    size_t count = 0;
    LimitId limit = LIMIT_ID_COMPONENT_MODULES;
    switch (type->sort) {
    case SORT_FUNC:
        limit = LIMIT_ID_COMPONENT_ITEMS;
        pushed = sgi_vec_push(v->cx.alloc, &scope->funcs, item);
        count = scope->funcs.count;
        break;
    case SORT_INSTANCE:
        pushed = sgi_vec_push(v->cx.alloc, &scope->instances, item);
        count = scope->instances.count;
        break;
    case SORT_COMPONENT:
        pushed = sgi_vec_push(v->cx.alloc, &scope->components, item);
        count = scope->components.count;
        break;
    case SORT_CORE_MODULE:
        pushed = sgi_vec_push(v->cx.alloc, &scope->core_modules, type->as.core_module);
        count = scope->core_modules.count;
        break;
    case SORT_TYPE:
        limit = LIMIT_ID_COMPONENT_ITEMS;
        pushed = sgi_vec_push(v->cx.alloc, &scope->types, type->as.type.type);
        count = scope->types.count;
        break;
    default: return sgi_load_unsupported(&v->cx, FEATURE_COMPONENT_VALUES, v->offset);
    }
    return pushed ? sgi_limit_check(limit, count, v->offset, v->cx.err) : sgi_comp_no_memory(v);
}

void sgi_comp_weigh(const ExternType *type, uint64_t *weight, uint32_t *depth) {
    *weight = 1;
    *depth = 1;
    const CompType *inner = &type->as.type.type;
    CompTypeKind kind = CT_RESOURCE;
    switch (type->sort) {
    case SORT_FUNC: kind = CT_FUNC; break;
    case SORT_COMPONENT: kind = CT_COMPONENT; break;
    case SORT_INSTANCE: kind = CT_INSTANCE; break;
    case SORT_TYPE: kind = inner->kind; break;
    case SORT_CORE_MODULE:
        *weight = 1 + (uint64_t)type->as.core_module->import_count + type->as.core_module->export_count;
        return;
    default: return;
    }
    bool is_type = type->sort == SORT_TYPE;
    switch (kind) {
    case CT_VALUE:
        *weight = inner->as.value->weight;
        *depth = inner->as.value->depth;
        break;
    case CT_FUNC: {
        const CompFuncType *func = is_type ? inner->as.func : type->as.func;
        *weight = func->weight;
        *depth = func->depth;
        break;
    }
    case CT_COMPONENT: {
        const ComponentType *component = is_type ? inner->as.component : type->as.component;
        *weight = component->weight;
        *depth = component->depth;
        break;
    }
    case CT_INSTANCE: {
        const InstanceType *instance = is_type ? inner->as.instance : type->as.instance;
        *weight = instance->weight;
        *depth = instance->depth;
        break;
    }
    case CT_RESOURCE: break;
    }
}

/* ---- visibility ---- */

static sg_status value_is_named(CompValidator *v, const PtrMap *visible, const sg_type *type, bool *named);

/* Every type that `type` is made of has a name, itself aside. */
static sg_status parts_are_named(CompValidator *v, const PtrMap *visible, const sg_type *type, bool *named) {
    SGI_TRY(sgi_comp_steps(v, 1 + (uint64_t)type->field_count));
    if (type->resource)
        *named &= sgi_ptrs_get(visible, type->resource_name) != NULL;
    for (uint32_t i = 0; i < type->field_count && *named; i++)
        if (type->fields[i].type)
            SGI_TRY(value_is_named(v, visible, type->fields[i].type, named));
    if (type->key)
        SGI_TRY(value_is_named(v, visible, type->key, named));
    return type->element ? value_is_named(v, visible, type->element, named) : SG_OK;
}

static sg_status value_is_named(CompValidator *v, const PtrMap *visible, const sg_type *type, bool *named) {
    switch (type->kind) {
    case SG_RECORD:
    case SG_VARIANT:
    case SG_ENUM:
    case SG_FLAGS: *named &= sgi_ptrs_get(visible, type) != NULL; return SG_OK;
    default: return type->weight == 1 ? SG_OK : parts_are_named(v, visible, type, named);
    }
}

static sg_status func_is_named(CompValidator *v, const PtrMap *visible, const CompFuncType *type,
                               bool *named) {
    for (uint32_t i = 0; i < type->param_count && *named; i++)
        SGI_TRY(value_is_named(v, visible, type->params[i].type, named));
    return type->result && *named ? value_is_named(v, visible, type->result, named) : SG_OK;
}

static sg_status type_is_named(CompValidator *v, const PtrMap *visible, const CompType *type, bool *named);

/* Components and core modules are closed; resources by themselves always have a name. */
static sg_status instance_is_named(CompValidator *v, const PtrMap *visible, const InstanceType *type,
                                   bool *named) {
    SGI_TRY(sgi_comp_steps(v, 1 + (uint64_t)type->export_count));
    for (uint32_t i = 0; i < type->export_count && *named; i++) {
        const ExternType *item = &type->exports[i].type;
        if (item->sort == SORT_FUNC)
            SGI_TRY(func_is_named(v, visible, item->as.func, named));
        else if (item->sort == SORT_TYPE)
            SGI_TRY(type_is_named(v, visible, &item->as.type.type, named));
        else if (item->sort == SORT_INSTANCE)
            SGI_TRY(instance_is_named(v, visible, item->as.instance, named));
    }
    return SG_OK;
}

static sg_status type_is_named(CompValidator *v, const PtrMap *visible, const CompType *type, bool *named) {
    switch (type->kind) {
    case CT_VALUE:
        return type->as.value->weight == 1 ? SG_OK : parts_are_named(v, visible, type->as.value, named);
    case CT_FUNC: return func_is_named(v, visible, type->as.func, named);
    case CT_INSTANCE: return instance_is_named(v, visible, type->as.instance, named);
    case CT_COMPONENT:
    case CT_RESOURCE: break;
    }
    return SG_OK;
}

static sg_status make_visible(CompValidator *v, Scope *scope, const CompType *type, bool is_import) {
    const void *key = type->kind == CT_RESOURCE ? (const void *)type->name : (const void *)type->as.value;
    if (type->kind != CT_RESOURCE && type->kind != CT_VALUE)
        return SG_OK;
    /* Exports may refer to imports. */
    return sgi_ptrs_put(&scope->export_names.visible, key, key) &&
                   (!is_import || sgi_ptrs_put(&scope->import_names.visible, key, key))
               ? SG_OK
               : sgi_comp_no_memory(v);
}

/* Checks that all that `type` refers to is visible, and makes visible what it names. */
static sg_status check_visible(CompValidator *v, Scope *scope, const ExternType *type, bool is_import,
                               bool *named) {
    const PtrMap *visible = is_import ? &scope->import_names.visible : &scope->export_names.visible;
    switch (type->sort) {
    case SORT_FUNC: return func_is_named(v, visible, type->as.func, named);
    case SORT_TYPE:
        SGI_TRY(type_is_named(v, visible, &type->as.type.type, named));
        return *named ? make_visible(v, scope, &type->as.type.type, is_import) : SG_OK;
    case SORT_INSTANCE: {
        const InstanceType *instance = type->as.instance;
        SGI_TRY(sgi_comp_steps(v, 1 + (uint64_t)instance->export_count));
        for (uint32_t i = 0; i < instance->export_count && *named; i++)
            SGI_TRY(check_visible(v, scope, &instance->exports[i].type, is_import, named));
        return SG_OK;
    }
    default: return SG_OK;
    }
}

/* ---- names ---- */

void sgi_names_init(CompValidator *v, NameScope *names) {
    sgi_map_init(&names->unique, v->cx.alloc);
    sgi_map_init(&names->resources, v->cx.alloc);
    sgi_ptrs_init(&names->labels, v->cx.alloc);
    sgi_ptrs_init(&names->visible, v->cx.alloc);
}

void sgi_names_free(NameScope *names) {
    sgi_map_free(&names->unique);
    sgi_map_free(&names->resources);
    sgi_ptrs_free(&names->labels);
    sgi_ptrs_free(&names->visible);
}

sg_status sgi_comp_lower(CompValidator *v, Bytes name, Bytes *lower) {
    *lower = name;
    size_t at = 0;
    while (at < name.size && (name.data[at] < 'A' || name.data[at] > 'Z'))
        at++;
    if (at == name.size)
        return SG_OK;
    uint8_t *copy = sgi_arena_copy(v->arena, name.data, name.size);
    if (copy == NULL)
        return sgi_comp_no_memory(v);
    for (; at < name.size; at++)
        if (copy[at] >= 'A' && copy[at] <= 'Z')
            copy[at] = (uint8_t)(copy[at] + 'a' - 'A');
    lower->data = copy;
    return SG_OK;
}

static sg_status bad_name(CompValidator *v, Bytes name, const char *why) {
    return sgi_comp_invalid(v, why, "`%.*s`", (int)name.size, (const char *)name.data);
}

/* The resource that a handle refers to goes by `label` among these names. */
static sg_status check_label(CompValidator *v, const NameScope *names, const sg_type *handle,
                             const ParsedName *name) {
    const Bytes *label = sgi_ptrs_get(&names->labels, handle->resource_name);
    if (label == NULL)
        return bad_name(v, name->resource, "resource used in function does not have a name in this context");
    return sgi_bytes_equal(*label, name->resource)
               ? SG_OK
               : bad_name(v, *label, "function does not match expected resource name");
}

/* (own $R), or (result (own $R) …) */
static sg_status check_constructor(CompValidator *v, const NameScope *names, const CompFuncType *func,
                                   const ParsedName *name) {
    const sg_type *result = func->result;
    if (func->is_async)
        return bad_name(v, name->resource, "constructor function cannot be async");
    if (result == NULL)
        return bad_name(v, name->resource, "function should return one value");
    if (result->kind == SG_RESULT)
        result = result->fields[0].type;
    if (result == NULL || result->kind != SG_OWN)
        return bad_name(v, name->resource, "function should return `(own $T)` or `(result (own $T))`");
    return check_label(v, names, result, name);
}

static sg_status check_method(CompValidator *v, const NameScope *names, const CompFuncType *func,
                              const ParsedName *name) {
    if (func->param_count == 0)
        return bad_name(v, name->resource, "function should have at least one argument");
    if (!sgi_bytes_is(func->params[0].name, "self"))
        return bad_name(v, name->resource, "function should have a first argument called `self`");
    if (func->params[0].type->kind != SG_BORROW)
        return bad_name(v, name->resource, "function should take a first argument of `(borrow $T)`");
    return check_label(v, names, func->params[0].type, name);
}

static sg_status check_annotation(CompValidator *v, const NameScope *names, Bytes full,
                                  const ParsedName *name, const ExternType *type) {
    if (name->kind != NAME_CONSTRUCTOR && name->kind != NAME_METHOD && name->kind != NAME_STATIC)
        return SG_OK;
    if (type->sort != SORT_FUNC)
        return bad_name(v, full, "name is not a func");
    if (name->kind == NAME_CONSTRUCTOR)
        return check_constructor(v, names, type->as.func, name);
    if (name->kind == NAME_METHOD)
        return check_method(v, names, type->as.func, name);
    return sgi_map_get(&names->resources, name->resource)
               ? SG_OK
               : bad_name(v, full, "static resource name is not known in this context");
}

enum { ATTRIBUTE_IMPLEMENTS = 1, ATTRIBUTE_VERSION_SUFFIX = 2, ATTRIBUTE_EXTERNAL_ID = 4 };

/* A canonical version and its suffix make a version. */
static sg_status check_version_suffix(CompValidator *v, const ExternName *name, NameKind kind) {
    size_t at = 0, size;
    if (!(name->attributes & ATTRIBUTE_VERSION_SUFFIX))
        return SG_OK;
    while (at < name->name.size && name->name.data[at++] != '@') {
    }
    Bytes version = {name->name.data + at, name->name.size - at}, suffix = name->version_suffix;
    if (kind != NAME_INTERFACE || !sgi_name_is_canonversion(version) ||
        !sgi_add(version.size, suffix.size, &size))
        return bad_name(v, name->name, "version suffix without a canonical version");
    uint8_t *whole = sgi_alloc(v->cx.alloc, size);
    if (whole == NULL)
        return sgi_comp_no_memory(v);
    memcpy(whole, version.data, version.size);
    if (suffix.size)
        memcpy(whole + version.size, suffix.data, suffix.size);
    bool is_semver = sgi_name_is_semver((Bytes){whole, size});
    sgi_free(v->cx.alloc, whole, size);
    return is_semver ? SG_OK : bad_name(v, name->name, "not a valid semver with its suffix");
}

static sg_status check_gates(CompValidator *v, const ExternName *name) {
    if (name->attributes & (ATTRIBUTE_IMPLEMENTS | ATTRIBUTE_EXTERNAL_ID))
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_COMPONENT_IMPLEMENTS, v->offset));
    return name->attributes & ATTRIBUTE_VERSION_SUFFIX
               ? sgi_load_need(&v->cx, FEATURE_COMPONENT_CANONICAL_NAMES, v->offset)
               : SG_OK;
}

static sg_status check_implements(CompValidator *v, const ExternName *name, NameKind kind,
                                  const ExternType *type) {
    ParsedName interface;
    const char *why;
    if (!(name->attributes & ATTRIBUTE_IMPLEMENTS))
        return SG_OK;
    if (!sgi_name_parse(name->implements, v->cx.features, &interface, &why) ||
        interface.kind != NAME_INTERFACE)
        return bad_name(v, name->implements, "`implements` must be an interface name");
    if (type->sort != SORT_INSTANCE)
        return bad_name(v, name->name, "only instances can have an `implements`");
    return kind == NAME_LABEL ? SG_OK : bad_name(v, name->name, "name is not valid with `implements`");
}

/* Names are unique whatever the case of their letters, but for hashes and addresses. */
static sg_status add_unique(CompValidator *v, NameScope *names, Bytes name, const ParsedName *parsed) {
    Bytes key = parsed->unique;
    if (parsed->kind != NAME_OTHER)
        SGI_TRY(sgi_comp_lower(v, parsed->unique, &key));
    switch (sgi_map_put(&names->unique, key, 0)) {
    case MAP_ADDED: return SG_OK;
    case MAP_EXISTS: return bad_name(v, name, "name conflicts with previous name");
    case MAP_NO_MEMORY: break;
    }
    return sgi_comp_no_memory(v);
}

static sg_status label_resource(CompValidator *v, NameScope *names, Bytes name, const CompType *type) {
    Bytes *label = sgi_arena_copy(v->arena, &name, sizeof name);
    return label && sgi_ptrs_put(&names->labels, type->name, label) &&
                   sgi_map_put(&names->resources, name, 0) != MAP_NO_MEMORY
               ? SG_OK
               : sgi_comp_no_memory(v);
}

sg_status sgi_comp_check_name(CompValidator *v, NameScope *names, const ExternName *name,
                              const ExternType *type, bool adds_type) {
    ParsedName parsed;
    const char *why;
    SGI_TRY(check_gates(v, name));
    if (!sgi_name_parse(name->name, v->cx.features, &parsed, &why))
        return bad_name(v, name->name, why);
    SGI_TRY(check_version_suffix(v, name, parsed.kind));
    SGI_TRY(add_unique(v, names, name->name, &parsed));
    SGI_TRY(check_implements(v, name, parsed.kind, type));
    SGI_TRY(check_annotation(v, names, name->name, &parsed, type));
    if (adds_type && parsed.kind == NAME_LABEL && type->sort == SORT_TYPE &&
        type->as.type.type.kind == CT_RESOURCE)
        return label_resource(v, names, name->name, &type->as.type.type);
    return SG_OK;
}

sg_status sgi_comp_add_extern(CompValidator *v, Scope *scope, const ExternName *name, ExternType type,
                              bool is_import) {
    bool named = true;
    SGI_TRY(
        sgi_comp_check_name(v, is_import ? &scope->import_names : &scope->export_names, name, &type, true));
    if (scope->kind != SCOPE_INSTANCE_TYPE)
        SGI_TRY(check_visible(v, scope, &type, is_import, &named));
    if (!named)
        return sgi_comp_invalid(
            v, is_import ? "type not valid to be used as import" : "type not valid to be used as export",
            "%s `%.*s` refers to a type without a name", sgi_sort_name(type.sort), (int)name->name.size,
            (const char *)name->name.data);
    NamedExtern item = {name->name, type, name->attributes ? name : NULL};
    bool pushed = is_import ? sgi_vec_push(v->cx.alloc, &scope->imports, item)
                            : sgi_vec_push(v->cx.alloc, &scope->exports, item);
    if (!pushed)
        return sgi_comp_no_memory(v);
    SGI_TRY(sgi_limit_check(is_import ? LIMIT_ID_IMPORTS : LIMIT_ID_EXPORTS,
                            is_import ? scope->imports.count : scope->exports.count, v->offset, v->cx.err));
    return sgi_comp_push_item(v, scope, &type);
}
