/* Subtyping of components' types (Explainer, "Type Checking"): does what is given satisfy what is asked for?
 *
 * The side asked for is a pattern: the resources it binds take what the given side has in their place, in the
 * order of its type exports, which stand before their uses. Where both sides bind (components compared as
 * types), what the given side knows nothing about is stood in for by tokens, unequal to everything else. For
 * imports of components the sides change places.
 *
 * Types nest at most LIMIT(TYPE_DEPTH) deep, so recursion over them is bounded; each step is charged. */
#include "validate/component.h"

#include <inttypes.h>

/* In the pattern's map: bound, and nothing stands in its place yet. */
static const char pending;

void sgi_matcher_init(Matcher *m, CompValidator *v) {
    *m = (Matcher){
        .types = v->cx.types, .v = v, .err = v->cx.err, .status = SG_INVALID, .open_from = UINT32_MAX};
    sgi_ptrs_init(&m->left, v->cx.alloc);
    sgi_ptrs_init(&m->right, v->cx.alloc);
}

void sgi_matcher_free(Matcher *m) {
    sgi_ptrs_free(&m->left);
    sgi_ptrs_free(&m->right);
}

static sg_status no_memory(Matcher *m) {
    return m->v ? sgi_comp_no_memory(m->v) : sgi_fail_memory(m->err);
}

static sg_status step(Matcher *m, uint64_t steps) {
    if (m->v)
        return sgi_comp_steps(m->v, steps);
    m->steps += steps;
    return sgi_limit_check(LIMIT_ID_TYPE_STEPS, m->steps, SG_NO_OFFSET, m->err);
}

static sg_status mismatch(Matcher *m, const char *what) {
    return sgi_fail(m->err, m->status, m->v ? m->v->offset : SG_NO_OFFSET, "type mismatch", "%s", what);
}

static sg_status mismatch_at(Matcher *m, const char *what, Bytes name) {
    return sgi_fail(m->err, m->status, m->v ? m->v->offset : SG_NO_OFFSET, "type mismatch", "%s `%.*s`", what,
                    (int)name.size, (const char *)name.data);
}

static sg_status put(Matcher *m, PtrMap *map, const void *key, const void *value) {
    return sgi_ptrs_put(map, key, value) ? SG_OK : no_memory(m);
}

static const void *stands_for(const PtrMap *map, const ResourceType *resource) {
    const void *found = sgi_ptrs_get(map, resource);
    return found ? found : resource;
}

sg_status sgi_match_expect(Matcher *m, ResourceType *const *resources, uint32_t count) {
    SGI_TRY(step(m, count));
    for (uint32_t i = 0; i < count; i++)
        SGI_TRY(put(m, &m->right, resources[i], &pending));
    return SG_OK;
}

/* Each of `resources` becomes something unequal to all else. */
static sg_status use_tokens(Matcher *m, PtrMap *map, ResourceType *const *resources, uint32_t count) {
    SGI_TRY(step(m, count));
    for (uint32_t i = 0; i < count; i++) {
        m->tokens += 2; /* odd numbers are no objects' addresses */
        SGI_TRY(put(m, map, resources[i], (const void *)(m->tokens + 1)));
    }
    return SG_OK;
}

static void swap_sides(Matcher *m) {
    PtrMap left = m->left;
    m->left = m->right;
    m->right = left;
}

/* ---- value and function types: equality ---- */

static sg_status match_value(Matcher *m, const sg_type *a, const sg_type *b);

static sg_status match_optional(Matcher *m, const sg_type *a, const sg_type *b) {
    if (a == NULL && b == NULL)
        return SG_OK;
    if (a == NULL || b == NULL)
        return mismatch(m, b ? "a type is missing" : "a type is not expected");
    return match_value(m, a, b);
}

static sg_status match_fields(Matcher *m, const CompField *a, const CompField *b, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        SGI_TRY(step(m, sgi_name_steps(b[i].name)));
        if (!sgi_bytes_equal(a[i].name, b[i].name))
            return mismatch_at(m, "expected the name", b[i].name);
        SGI_TRY(match_optional(m, a[i].type, b[i].type));
    }
    return SG_OK;
}

/* A resource of an import that is not looked at takes what it is first met with. */
static sg_status match_handle(Matcher *m, const ResourceType *a, const ResourceType *b) {
    const void *given = stands_for(&m->left, a), *wanted = stands_for(&m->right, b);
    if (m->v == NULL && wanted == &pending)
        return put(m, &m->right, b, given);
    return given == wanted ? SG_OK : mismatch(m, "resource types are not the same");
}

static sg_status match_value(Matcher *m, const sg_type *a, const sg_type *b) {
    if (a == b && !a->contains_resource)
        return SG_OK;
    SGI_TRY(step(m, 1 + (uint64_t)a->field_count));
    if (a->kind != b->kind)
        return mismatch(m, "value types of different kinds");
    if (a->field_count != b->field_count || a->length != b->length)
        return mismatch(m, "value types of different lengths");
    if (a->resource)
        SGI_TRY(match_handle(m, a->resource, b->resource));
    SGI_TRY(match_fields(m, a->fields, b->fields, a->field_count));
    SGI_TRY(match_optional(m, a->element, b->element));
    return match_optional(m, a->key, b->key);
}

static sg_status match_func(Matcher *m, const CompFuncType *a, const CompFuncType *b) {
    SGI_TRY(step(m, 1 + (uint64_t)a->param_count));
    if (a->is_async != b->is_async)
        return mismatch(m,
                        b->is_async ? "expected an async function" : "expected a function that is not async");
    if (a->param_count != b->param_count)
        return mismatch(m, "functions of different numbers of parameters");
    SGI_TRY(match_fields(m, a->params, b->params, a->param_count));
    return match_optional(m, a->result, b->result);
}

/* ---- core modules ---- */

static sg_status match_limits(Matcher *m, const Limits *sub, const Limits *super) {
    return sgi_limits_match(sub, sub->min, super) ? SG_OK : mismatch(m, "limits do not fit");
}

sg_status sgi_match_core_extern(Matcher *m, const CoreExternType *sub, const CoreExternType *super) {
    SGI_TRY(step(m, 1));
    if (sub->kind != super->kind)
        return mismatch_at(m, "core items of different kinds at", super->name);
    bool equal = false;
    switch (sub->kind) {
    case EXTERN_FUNC: equal = sgi_types_is_subtype(m->types, sub->as.func_id, super->as.func_id); break;
    case EXTERN_TAG: equal = sub->as.func_id == super->as.func_id; break;
    case EXTERN_MEMORY: return match_limits(m, &sub->as.memory, &super->as.memory);
    case EXTERN_TABLE:
        if (sgi_types_matches(m->types, sub->as.table.element, super->as.table.element) &&
            sgi_types_matches(m->types, super->as.table.element, sub->as.table.element))
            return match_limits(m, &sub->as.table.limits, &super->as.table.limits);
        break;
    case EXTERN_GLOBAL:
        equal = sub->as.global.mutable_ == super->as.global.mutable_ &&
                sgi_types_matches(m->types, sub->as.global.type, super->as.global.type) &&
                (!sub->as.global.mutable_ ||
                 sgi_types_matches(m->types, super->as.global.type, sub->as.global.type));
        break;
    case EXTERN_KINDS: break;
    }
    return equal ? SG_OK : mismatch_at(m, "core types differ at", super->name);
}

/* Imports are told apart by module and name; module types have few, or are hashed by name first. */
static sg_status find_core_import(Matcher *m, const CoreModuleType *type, const CoreExternType *import,
                                  const CoreExternType **found) {
    *found = NULL;
    for (uint32_t i = 0; i < type->import_count && *found == NULL; i++) {
        SGI_TRY(step(m, 1 + sgi_name_steps(import->name) + sgi_name_steps(import->module)));
        if (sgi_bytes_equal(type->imports[i].name, import->name) &&
            sgi_bytes_equal(type->imports[i].module, import->module))
            *found = &type->imports[i];
    }
    return SG_OK;
}

static sg_status find_core_export(Matcher *m, const CoreModuleType *type, Bytes name,
                                  const CoreExternType **found) {
    uint32_t index = NO_INDEX;
    if (m->v) {
        SGI_TRY(sgi_comp_find_core(m->v, type->exports, type->export_count, name, &index));
    } else {
        for (uint32_t i = 0; i < type->export_count && index == NO_INDEX; i++) {
            SGI_TRY(step(m, 1 + sgi_name_steps(name)));
            if (sgi_bytes_equal(type->exports[i].name, name))
                index = i;
        }
    }
    *found = index == NO_INDEX ? NULL : &type->exports[index];
    return SG_OK;
}

static sg_status match_core_module(Matcher *m, const CoreModuleType *sub, const CoreModuleType *super) {
    const CoreExternType *found;
    for (uint32_t i = 0; i < sub->import_count; i++) {
        SGI_TRY(find_core_import(m, super, &sub->imports[i], &found));
        if (found == NULL)
            return mismatch_at(m, "core module imports what is not expected:", sub->imports[i].name);
        SGI_TRY(sgi_match_core_extern(m, found, &sub->imports[i]));
    }
    for (uint32_t i = 0; i < super->export_count; i++) {
        SGI_TRY(find_core_export(m, sub, super->exports[i].name, &found));
        if (found == NULL)
            return mismatch_at(m, "missing expected export", super->exports[i].name);
        SGI_TRY(sgi_match_core_extern(m, found, &super->exports[i]));
    }
    return SG_OK;
}

/* ---- instances, components and types ---- */

static sg_status find_extern(Matcher *m, const NamedExtern *items, uint32_t count, Bytes name,
                             uint32_t *index) {
    if (m->v)
        return sgi_comp_find_extern(m->v, items, count, name, index);
    *index = NO_INDEX;
    for (uint32_t i = 0; i < count && *index == NO_INDEX; i++) {
        SGI_TRY(step(m, 1 + sgi_name_steps(name)));
        if (sgi_bytes_equal(items[i].name, name))
            *index = i;
    }
    return SG_OK;
}

/* Every one of `super` has its match, by name, in `sub`. */
static sg_status match_externs(Matcher *m, const NamedExtern *sub, uint32_t sub_count,
                               const NamedExtern *super, uint32_t super_count, const char *missing) {
    for (uint32_t i = 0; i < super_count; i++) {
        uint32_t index;
        SGI_TRY(find_extern(m, sub, sub_count, super[i].name, &index));
        if (index == NO_INDEX)
            return mismatch_at(m, missing, super[i].name);
        SGI_TRY(sgi_match_extern(m, &sub[index].type, &super[i].type));
    }
    return SG_OK;
}

static sg_status match_instance(Matcher *m, const InstanceType *sub, const InstanceType *super) {
    SGI_TRY(use_tokens(m, &m->left, sub->resources, sub->resource_count));
    SGI_TRY(sgi_match_expect(m, super->resources, super->resource_count));
    return match_externs(m, sub->exports, sub->export_count, super->exports, super->export_count,
                         "missing expected export");
}

static sg_status match_component(Matcher *m, const ComponentType *sub, const ComponentType *super) {
    swap_sides(m);
    sg_status status = use_tokens(m, &m->left, super->imported, super->imported_count);
    if (status == SG_OK)
        status = sgi_match_expect(m, sub->imported, sub->imported_count);
    if (status == SG_OK)
        status = match_externs(m, super->imports, super->import_count, sub->imports, sub->import_count,
                               "missing expected import");
    swap_sides(m);
    SGI_TRY(status);
    SGI_TRY(use_tokens(m, &m->left, sub->defined, sub->defined_count));
    SGI_TRY(sgi_match_expect(m, super->defined, super->defined_count));
    return match_externs(m, sub->exports, sub->export_count, super->exports, super->export_count,
                         "missing expected export");
}

static sg_status match_resource(Matcher *m, const CompType *sub, const CompType *super) {
    const void *given = stands_for(&m->left, sub->as.resource);
    const void *wanted = sgi_ptrs_get(&m->right, super->as.resource);
    bool is_open = m->v && super->as.resource->id >= m->open_from;
    if (wanted == &pending || (wanted == NULL && is_open))
        SGI_TRY(put(m, &m->right, super->as.resource, given));
    else if (given != (wanted ? wanted : super->as.resource))
        return mismatch(m, "resource types are not the same");
    return m->renames ? put(m, m->renames, super->name, sub->name) : SG_OK;
}

/* Types that bind resources: what stands for what inside matters nowhere else. */
static sg_status match_closed(Matcher *m, const CompType *sub, const CompType *super) {
    PtrMap *renames = m->renames;
    m->renames = NULL;
    sg_status status = sub->kind == CT_INSTANCE ? match_instance(m, sub->as.instance, super->as.instance)
                                                : match_component(m, sub->as.component, super->as.component);
    m->renames = renames;
    return status;
}

static sg_status match_type(Matcher *m, const CompType *sub, const CompType *super) {
    if (sub->kind != super->kind)
        return mismatch(m,
                        super->kind == CT_RESOURCE ? "expected a resource type" : "types of different kinds");
    switch (sub->kind) {
    case CT_VALUE:
        SGI_TRY(match_value(m, sub->as.value, super->as.value));
        return m->renames ? put(m, m->renames, super->as.value, sub->as.value) : SG_OK;
    case CT_FUNC: return match_func(m, sub->as.func, super->as.func);
    case CT_COMPONENT: return match_closed(m, sub, super);
    case CT_INSTANCE: return match_closed(m, sub, super);
    case CT_RESOURCE: return match_resource(m, sub, super);
    }
    return SG_OK;
}

sg_status sgi_match_extern(Matcher *m, const ExternType *sub, const ExternType *super) {
    SGI_TRY(step(m, 1));
    if (sub->sort != super->sort)
        return sgi_fail(m->err, m->status, m->v ? m->v->offset : SG_NO_OFFSET, "type mismatch",
                        "expected %s, found %s", sgi_sort_name(super->sort), sgi_sort_name(sub->sort));
    switch (super->sort) {
    case SORT_FUNC: return match_func(m, sub->as.func, super->as.func);
    case SORT_VALUE: return match_value(m, sub->as.value, super->as.value);
    case SORT_TYPE: return match_type(m, &sub->as.type.type, &super->as.type.type);
    case SORT_COMPONENT: {
        CompType given = {.kind = CT_COMPONENT, .as.component = sub->as.component};
        CompType wanted = {.kind = CT_COMPONENT, .as.component = super->as.component};
        return match_closed(m, &given, &wanted);
    }
    case SORT_INSTANCE: return match_instance(m, sub->as.instance, super->as.instance);
    case SORT_CORE_MODULE: return match_core_module(m, sub->as.core_module, super->as.core_module);
    default: return mismatch(m, "no such import");
    }
}

sg_status sgi_extern_type_check(TypeRegistry *types, Alloc *scratch, const ExternType *sub,
                                const ExternType *super, sg_error *err) {
    Matcher m = {.types = types, .err = err, .status = SG_UNLINKABLE};
    sgi_ptrs_init(&m.left, scratch);
    sgi_ptrs_init(&m.right, scratch);
    sg_status status = sgi_match_extern(&m, sub, super);
    sgi_matcher_free(&m);
    return status;
}

sg_status sgi_imports_check(TypeRegistry *types, Alloc *scratch, const ComponentType *type,
                            const ExternType *const *given, uint32_t *failed, sg_error *err) {
    Matcher m = {.types = types, .err = err, .status = SG_UNLINKABLE};
    sgi_ptrs_init(&m.left, scratch);
    sgi_ptrs_init(&m.right, scratch);
    sg_status status = sgi_match_expect(&m, type->imported, type->imported_count);
    for (uint32_t i = 0; i < type->import_count && status == SG_OK; i++)
        if (given[i]) {
            *failed = i;
            status = sgi_match_extern(&m, given[i], &type->imports[i].type);
        }
    sgi_matcher_free(&m);
    return status;
}
