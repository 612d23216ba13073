/* Substitution: a type with resources (and types by name) replaced → the type made of what stands in their
 * place. Shared parts stay shared: the map that says what replaces what also remembers what has been made.
 *
 * Types nest at most LIMIT(TYPE_DEPTH) deep, so recursion over them is bounded; each step is charged. */
#include "validate/component.h"

/* ---- substitution ---- */

typedef struct Subst {
    CompValidator *v;
    PtrMap *map;
} Subst;

static sg_status remember(Subst *s, const void *from, const void *to) {
    return sgi_ptrs_put(s->map, from, to) ? SG_OK : sgi_comp_no_memory(s->v);
}

/* A copy that takes the original's place from now on. */
static sg_status replace(Subst *s, const void *from, const void *to, size_t size, const void **result) {
    void *copy = sgi_arena_copy(s->v->arena, to, size);
    if (copy == NULL)
        return sgi_comp_no_memory(s->v);
    *result = copy;
    return remember(s, from, copy);
}

static ResourceType *subst_resource(Subst *s, ResourceType *resource) {
    union {
        const void *found;
        ResourceType *resource;
    } place = {.found = sgi_ptrs_get(s->map, resource)};
    return place.found ? place.resource : resource;
}

static sg_status subst_name(Subst *s, const ResourceName *name, const ResourceName **result) {
    const ResourceName *found = sgi_ptrs_get(s->map, name);
    *result = found ? found : name;
    if (found)
        return SG_OK;
    const ResourceName *renamed = name->renamed ? sgi_ptrs_get(s->map, name->renamed) : NULL;
    ResourceName made = {subst_resource(s, name->resource), name->label, renamed ? renamed : name->renamed};
    if (made.resource == name->resource)
        return SG_OK;
    return replace(s, name, &made, sizeof made, (const void **)result);
}

static sg_status subst_value(Subst *s, const sg_type *type, const sg_type **result);

static sg_status subst_optional(Subst *s, const sg_type **type, bool *changed) {
    const sg_type *result;
    if (*type == NULL)
        return SG_OK;
    SGI_TRY(subst_value(s, *type, &result));
    *changed |= result != *type;
    *type = result;
    return SG_OK;
}

/* Fields are copied when the first of them changes. */
static sg_status subst_fields(Subst *s, const CompField **fields, uint32_t count, bool *changed) {
    CompField *copy = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const sg_type *type = (*fields)[i].type;
        bool field_changed = false;
        SGI_TRY(subst_optional(s, &type, &field_changed));
        if (!field_changed)
            continue;
        if (copy == NULL && (copy = sgi_comp_array(s->v, *fields, count, sizeof *copy)) == NULL)
            return sgi_comp_no_memory(s->v);
        copy[i].type = type;
    }
    if (copy) {
        *fields = copy;
        *changed = true;
    }
    return SG_OK;
}

static sg_status subst_value(Subst *s, const sg_type *type, const sg_type **result) {
    *result = type;
    if (type->weight == 1 && type->renamed == NULL)
        return SG_OK; /* primitive */
    const sg_type *found = sgi_ptrs_get(s->map, type);
    if (found) {
        *result = found;
        return SG_OK;
    }
    SGI_TRY(sgi_comp_steps(s->v, 1 + (uint64_t)type->field_count));
    sg_type copy = *type;
    bool changed = false;
    if (type->resource) {
        SGI_TRY(subst_name(s, type->resource_name, &copy.resource_name));
        copy.resource = copy.resource_name->resource;
        changed = copy.resource_name != type->resource_name;
    }
    const sg_type *renamed = type->renamed ? sgi_ptrs_get(s->map, type->renamed) : NULL;
    if (renamed && renamed != type->renamed) {
        copy.renamed = renamed;
        changed = true;
    }
    SGI_TRY(subst_fields(s, &copy.fields, copy.field_count, &changed));
    SGI_TRY(subst_optional(s, &copy.element, &changed));
    SGI_TRY(subst_optional(s, &copy.key, &changed));
    return changed ? replace(s, type, &copy, sizeof copy, (const void **)result) : remember(s, type, type);
}

static sg_status subst_func(Subst *s, const CompFuncType *type, const CompFuncType **result) {
    const CompFuncType *found = sgi_ptrs_get(s->map, type);
    *result = found ? found : type;
    if (found)
        return SG_OK;
    SGI_TRY(sgi_comp_steps(s->v, 1 + (uint64_t)type->param_count));
    CompFuncType copy = *type;
    bool changed = false;
    SGI_TRY(subst_fields(s, &copy.params, copy.param_count, &changed));
    SGI_TRY(subst_optional(s, &copy.result, &changed));
    return changed ? replace(s, type, &copy, sizeof copy, (const void **)result) : remember(s, type, type);
}

static sg_status subst_instance(Subst *s, const InstanceType *type, const InstanceType **result);
static sg_status subst_component(Subst *s, const ComponentType *type, const ComponentType **result);

static sg_status subst_type(Subst *s, const CompType *type, CompType *result) {
    *result = *type;
    switch (type->kind) {
    case CT_VALUE: return subst_value(s, type->as.value, &result->as.value);
    case CT_FUNC: return subst_func(s, type->as.func, &result->as.func);
    case CT_COMPONENT: return subst_component(s, type->as.component, &result->as.component);
    case CT_INSTANCE: return subst_instance(s, type->as.instance, &result->as.instance);
    case CT_RESOURCE:
        SGI_TRY(subst_name(s, type->name, &result->name));
        result->as.resource = result->name->resource;
        return SG_OK;
    }
    return SG_OK;
}

static sg_status subst_extern(Subst *s, const ExternType *type, ExternType *result) {
    *result = *type;
    switch (type->sort) {
    case SORT_FUNC: return subst_func(s, type->as.func, &result->as.func);
    case SORT_TYPE: return subst_type(s, &type->as.type.type, &result->as.type.type);
    case SORT_COMPONENT: return subst_component(s, type->as.component, &result->as.component);
    case SORT_INSTANCE: return subst_instance(s, type->as.instance, &result->as.instance);
    default: return SG_OK; /* core modules are closed */
    }
}

static bool same_extern(const ExternType *a, const ExternType *b) {
    switch (a->sort) {
    case SORT_FUNC: return a->as.func == b->as.func;
    case SORT_COMPONENT: return a->as.component == b->as.component;
    case SORT_INSTANCE: return a->as.instance == b->as.instance;
    case SORT_TYPE:
        return a->as.type.type.kind == CT_RESOURCE ? a->as.type.type.name == b->as.type.type.name
                                                   : a->as.type.type.as.value == b->as.type.type.as.value;
    default: return true;
    }
}

static sg_status subst_externs(Subst *s, const NamedExtern **externs, uint32_t count, bool *changed) {
    NamedExtern *copy = NULL;
    for (uint32_t i = 0; i < count; i++) {
        ExternType type;
        SGI_TRY(subst_extern(s, &(*externs)[i].type, &type));
        if (same_extern(&type, &(*externs)[i].type))
            continue;
        if (copy == NULL && (copy = sgi_comp_array(s->v, *externs, count, sizeof *copy)) == NULL)
            return sgi_comp_no_memory(s->v);
        copy[i].type = type;
    }
    if (copy) {
        *externs = copy;
        *changed = true;
    }
    return SG_OK;
}

static sg_status subst_instance(Subst *s, const InstanceType *type, const InstanceType **result) {
    const InstanceType *found = sgi_ptrs_get(s->map, type);
    *result = found ? found : type;
    if (found)
        return SG_OK;
    SGI_TRY(sgi_comp_steps(s->v, 1 + (uint64_t)type->export_count));
    InstanceType copy = *type;
    bool changed = false;
    SGI_TRY(subst_externs(s, &copy.exports, copy.export_count, &changed));
    return changed ? replace(s, type, &copy, sizeof copy, (const void **)result) : remember(s, type, type);
}

static sg_status subst_component(Subst *s, const ComponentType *type, const ComponentType **result) {
    const ComponentType *found = sgi_ptrs_get(s->map, type);
    *result = found ? found : type;
    if (found)
        return SG_OK;
    SGI_TRY(sgi_comp_steps(s->v, 1 + (uint64_t)type->import_count + type->export_count));
    ComponentType copy = *type;
    bool changed = false;
    SGI_TRY(subst_externs(s, &copy.imports, copy.import_count, &changed));
    SGI_TRY(subst_externs(s, &copy.exports, copy.export_count, &changed));
    return changed ? replace(s, type, &copy, sizeof copy, (const void **)result) : remember(s, type, type);
}

sg_status sgi_comp_subst_exports(CompValidator *v, PtrMap *map, const NamedExtern **exports, uint32_t count) {
    Subst s = {v, map};
    bool changed;
    return subst_externs(&s, exports, count, &changed);
}

/* ---- free resources ---- */

typedef struct Closedness {
    CompValidator *v;
    PtrMap seen; /* what was looked at, and the resources bound on the way */
    bool closed;
} Closedness;

static sg_status mark_seen(Closedness *c, const void *node, uint64_t steps) {
    SGI_TRY(sgi_comp_steps(c->v, steps));
    return sgi_ptrs_put(&c->seen, node, node) ? SG_OK : sgi_comp_no_memory(c->v);
}

static sg_status mark_bound(Closedness *c, ResourceType *const *resources, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        SGI_TRY(mark_seen(c, resources[i], 1));
    return SG_OK;
}

static void close_resource(Closedness *c, const ResourceType *resource) {
    c->closed &= sgi_ptrs_get(&c->seen, resource) != NULL;
}

static sg_status close_value(Closedness *c, const sg_type *type) {
    if (type == NULL || !type->contains_resource || sgi_ptrs_get(&c->seen, type))
        return SG_OK;
    SGI_TRY(mark_seen(c, type, 1 + (uint64_t)type->field_count));
    if (type->resource)
        close_resource(c, type->resource);
    for (uint32_t i = 0; i < type->field_count; i++)
        SGI_TRY(close_value(c, type->fields[i].type));
    SGI_TRY(close_value(c, type->element));
    return close_value(c, type->key);
}

static sg_status close_func(Closedness *c, const CompFuncType *type) {
    SGI_TRY(sgi_comp_steps(c->v, 1 + (uint64_t)type->param_count));
    for (uint32_t i = 0; i < type->param_count; i++)
        SGI_TRY(close_value(c, type->params[i].type));
    return close_value(c, type->result);
}

static sg_status close_type(Closedness *c, const CompType *type);

static sg_status close_externs(Closedness *c, const NamedExtern *externs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const ExternType *type = &externs[i].type;
        CompType inner = {0};
        switch (type->sort) {
        case SORT_FUNC: inner = (CompType){.kind = CT_FUNC, .as.func = type->as.func}; break;
        case SORT_COMPONENT:
            inner = (CompType){.kind = CT_COMPONENT, .as.component = type->as.component};
            break;
        case SORT_INSTANCE: inner = (CompType){.kind = CT_INSTANCE, .as.instance = type->as.instance}; break;
        case SORT_TYPE: inner = type->as.type.type; break;
        default: continue;
        }
        SGI_TRY(close_type(c, &inner));
    }
    return SG_OK;
}

static sg_status close_type(Closedness *c, const CompType *type) {
    switch (type->kind) {
    case CT_VALUE: return close_value(c, type->as.value);
    case CT_FUNC: return close_func(c, type->as.func);
    case CT_RESOURCE: close_resource(c, type->as.resource); return SG_OK;
    case CT_COMPONENT: {
        const ComponentType *component = type->as.component;
        if (sgi_ptrs_get(&c->seen, component))
            return SG_OK;
        SGI_TRY(mark_seen(c, component, 1 + (uint64_t)component->import_count + component->export_count));
        SGI_TRY(mark_bound(c, component->imported, component->imported_count));
        SGI_TRY(mark_bound(c, component->defined, component->defined_count));
        SGI_TRY(close_externs(c, component->imports, component->import_count));
        return close_externs(c, component->exports, component->export_count);
    }
    case CT_INSTANCE: {
        const InstanceType *instance = type->as.instance;
        if (sgi_ptrs_get(&c->seen, instance))
            return SG_OK;
        SGI_TRY(mark_seen(c, instance, 1 + (uint64_t)instance->export_count));
        SGI_TRY(mark_bound(c, instance->resources, instance->resource_count));
        return close_externs(c, instance->exports, instance->export_count);
    }
    }
    return SG_OK;
}

sg_status sgi_comp_is_closed(CompValidator *v, const CompType *type, bool *closed) {
    Closedness c = {.v = v, .closed = true};
    sgi_ptrs_init(&c.seen, v->cx.alloc);
    sg_status status = close_type(&c, type);
    *closed = c.closed;
    sgi_ptrs_free(&c.seen);
    return status;
}
