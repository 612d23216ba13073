/* Is the instance supplied for an import of the type asked for? (Explainer, "Subtyping"; core specification,
 * "Import Matching".) Both types are known from validation: that of the import, and that of the component
 * whose exports the instance is. Value types and functions must be equal; modules may ask for less and export
 * more. Components as items are refused. Resource types are those that stand for the same at run time: what
 * an instance exports is bound to the names that the import asks for, on the way. */
#include "component/internal.h"

typedef struct Matcher {
    Store *store;
    ComponentInstance *inst; /* that imports */
    ResourceBindings given;  /* of what is given */
    Bytes name;              /* of the item in question, for messages */
    sg_error *err;
} Matcher;

static sg_status mismatch(const Matcher *m, const char *why) {
    return sgi_fail(m->err, SG_UNLINKABLE, SG_NO_OFFSET, "incompatible import type", "\"%.*s\": %s",
                    m->name.size > 150 ? 150 : (int)m->name.size, (const char *)m->name.data, why);
}

static bool is_same_resource(void *context, const ResourceType *given, const ResourceType *wanted) {
    const Matcher *m = context;
    const Resource *resource = sgi_bindings_find(&m->given, given);
    return resource && resource == sgi_resource_find(m->inst, wanted);
}

static bool types_equal(Matcher *m, const sg_type *given, const sg_type *wanted) {
    return sgi_type_equal_by(given, wanted, is_same_resource, m);
}

static bool func_types_equal(Matcher *m, const CompFuncType *a, const CompFuncType *b) {
    if (a->param_count != b->param_count || a->is_async != b->is_async ||
        (a->result == NULL) != (b->result == NULL))
        return false;
    for (uint32_t i = 0; i < a->param_count; i++)
        if (!sgi_bytes_equal(a->params[i].name, b->params[i].name) ||
            !types_equal(m, a->params[i].type, b->params[i].type))
            return false;
    return a->result == NULL || types_equal(m, a->result, b->result);
}

/* ---- core modules ---- */

static bool limits_match(const Limits *given, const Limits *wanted) {
    return sgi_limits_match(given, given->min, wanted);
}

static bool core_extern_matches(TypeRegistry *types, const CoreExternType *given,
                                const CoreExternType *wanted) {
    if (given->kind != wanted->kind)
        return false;
    switch (given->kind) {
    case EXTERN_FUNC: return sgi_types_is_subtype(types, given->as.func_id, wanted->as.func_id);
    case EXTERN_TABLE:
        return given->as.table.element == wanted->as.table.element &&
               limits_match(&given->as.table.limits, &wanted->as.table.limits);
    case EXTERN_MEMORY: return limits_match(&given->as.memory, &wanted->as.memory);
    case EXTERN_GLOBAL:
        if (given->as.global.mutable_ != wanted->as.global.mutable_)
            return false;
        return given->as.global.type == wanted->as.global.type ||
               (!given->as.global.mutable_ &&
                sgi_types_matches(types, given->as.global.type, wanted->as.global.type));
    default: return given->as.func_id == wanted->as.func_id;
    }
}

/* Every one of `wanted` has its match, by both names, among `given`. */
static sg_status match_core_externs(Matcher *m, const CoreExternType *given, uint32_t given_count,
                                    const CoreExternType *wanted, uint32_t wanted_count) {
    Arena keys;
    Map map;
    sgi_arena_init(&keys, &m->store->alloc);
    sgi_map_init(&map, &m->store->alloc);
    sg_status status = SG_OK;
    for (uint32_t i = 0; status == SG_OK && i < given_count; i++) {
        Bytes key = sgi_link_key(&keys, given[i].module, given[i].name);
        if (key.data == NULL || sgi_map_put(&map, key, i) == MAP_NO_MEMORY)
            status = sgi_store_no_memory(m->store, m->err);
    }
    for (uint32_t i = 0; status == SG_OK && i < wanted_count; i++) {
        ArenaMark mark = sgi_arena_mark(&keys);
        Bytes key = sgi_link_key(&keys, wanted[i].module, wanted[i].name);
        const uint32_t *at = key.data ? sgi_map_get(&map, key) : NULL;
        sgi_arena_release(&keys, mark);
        TypeRegistry *types = m->store->engine->types;
        if (key.data == NULL)
            status = sgi_store_no_memory(m->store, m->err);
        else if (at == NULL || !core_extern_matches(types, &given[*at], &wanted[i]))
            status = mismatch(m, "the module supplied has another type");
    }
    sgi_map_free(&map);
    sgi_arena_free(&keys);
    return status;
}

/* What the given module imports must be among what the wanted type says that it may. */
static sg_status match_module(Matcher *m, const CoreModuleType *given, const CoreModuleType *wanted) {
    SGI_TRY(
        match_core_externs(m, given->exports, given->export_count, wanted->exports, wanted->export_count));
    return match_core_externs(m, wanted->imports, wanted->import_count, given->imports, given->import_count);
}

/* ---- instances ---- */

/* What is given, by name: the map is made when the order first differs from that asked for. */
typedef struct Given {
    const CompInstance *instance;
    const NamedExtern *items;
    uint32_t count;
    Map places;
} Given;

/* *found is NULL when there is none of that name. */
static sg_status find_extern(Matcher *m, Given *given, Bytes name, uint32_t hint, const NamedExtern **found) {
    if (hint < given->count && sgi_bytes_equal(given->items[hint].name, name)) {
        *found = &given->items[hint];
        return SG_OK;
    }
    if (given->places.count == 0)
        for (uint32_t i = 0; i < given->count; i++)
            if (sgi_map_put(&given->places, given->items[i].name, i) == MAP_NO_MEMORY)
                return sgi_store_no_memory(m->store, m->err);
    const uint32_t *at = sgi_map_get(&given->places, name);
    *found = at ? &given->items[*at] : NULL;
    return SG_OK;
}

static sg_status match_all(Matcher *m, Given *given, const InstanceType *wanted, unsigned depth);

/* Recursion: `depth` keeps it to LIMIT(COMPONENT_DEPTH). */
static sg_status match_exports(Matcher *m, const CompInstance *instance, const NamedExtern *items,
                               uint32_t count, const InstanceType *wanted, unsigned depth) {
    Given given = {instance, items, count, {0}};
    sgi_map_init(&given.places, &m->store->alloc);
    sg_status status = match_all(m, &given, wanted, depth);
    sgi_map_free(&given.places);
    return status;
}

static const Item *find_item(const Given *given, Bytes name) {
    const uint32_t *at = sgi_map_get(given->instance->names, name);
    return at ? &given->instance->exports[*at] : NULL;
}

static sg_status match_type(Matcher *m, const Given *given, const NamedExtern *give, const CompType *wanted) {
    const CompType *type = &give->type.as.type.type;
    if (type->kind != wanted->kind ||
        (type->kind == CT_VALUE && !types_equal(m, type->as.value, wanted->as.value)))
        return mismatch(m, "the type supplied is another");
    if (type->kind != CT_RESOURCE)
        return SG_OK;
    const Item *item = find_item(given, give->name);
    Resource *resource = item && item->sort == SORT_TYPE ? item->as.resource : NULL;
    if (resource == NULL)
        return mismatch(m, "not exported by the instance supplied");
    SGI_TRY(sgi_bindings_put(&m->given, m->store, type->as.resource, resource, m->err));
    SGI_TRY(sgi_resource_bind(m->inst, wanted->as.resource, resource, m->err));
    return sgi_resource_find(m->inst, wanted->as.resource) == resource
               ? SG_OK
               : mismatch(m, "the resource type supplied is another");
}

static sg_status match_all(Matcher *m, Given *given, const InstanceType *wanted, unsigned depth) {
    for (uint32_t i = 0; i < wanted->export_count; i++) {
        const NamedExtern *want = &wanted->exports[i], *give = NULL;
        sg_trap trap = sgi_poll(&m->store->cx); /* a type may be large */
        if (trap != SG_TRAP_NONE)
            return sgi_fail_trap(m->err, trap);
        SGI_TRY(find_extern(m, given, want->name, i, &give));
        m->name = want->name;
        if (give == NULL || give->type.sort != want->type.sort)
            return mismatch(m, "not exported by the instance supplied");
        switch (want->type.sort) {
        case SORT_TYPE: SGI_TRY(match_type(m, given, give, &want->type.as.type.type)); break;
        case SORT_FUNC:
            if (!func_types_equal(m, give->type.as.func, want->type.as.func))
                return mismatch(m, "the function supplied has another type");
            break;
        case SORT_CORE_MODULE:
            SGI_TRY(match_module(m, give->type.as.core_module, want->type.as.core_module));
            break;
        case SORT_INSTANCE: {
            const InstanceType *type = give->type.as.instance;
            if (depth == LIMIT_OF(COMPONENT_DEPTH))
                return mismatch(m, "nested too deep");
            const Item *item = find_item(given, want->name);
            if (item == NULL || item->sort != SORT_INSTANCE)
                return mismatch(m, "not exported by the instance supplied");
            SGI_TRY(match_exports(m, item->as.instance, type->exports, type->export_count,
                                  want->type.as.instance, depth + 1));
            break;
        }
        default: return mismatch(m, "components and values cannot be supplied");
        }
    }
    return SG_OK;
}

sg_status sgi_match_instance(ComponentInstance *inst, const CompInstance *given, Bytes name,
                             const InstanceType *wanted, sg_error *err) {
    Matcher m = {.store = given->store, .inst = inst, .name = name, .err = err};
    if (given->type == NULL)
        return mismatch(&m, "not an instance of a component");
    sgi_bindings_init(&m.given, m.store);
    sg_status status = match_exports(&m, given, given->type->exports, given->type->export_count, wanted, 0);
    sgi_bindings_free(&m.given, m.store);
    return status;
}
