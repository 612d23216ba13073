/* Pre-linking: a linker's definitions and a component → what each import gets; and then, in any number of
 * stores, the items themselves.
 *
 * Everything that can be known before there is a store is looked up and checked here: names, versions, the
 * types of components and core modules. An import of an instance whose name a component was defined by gets
 * an instance of that component, one for all who import it; such components are parts, ordered so that each
 * stands after those it needs. What is made holds all that it refers to, so linkers may change or go. */
#include "component/internal.h"
#include "validate/validate.h"

typedef struct Preparing {
    const Linker *linker;
    Prepared *p;
    Store *store;      /* that pays; may be NULL */
    uint32_t *part_of; /* by linker entry: position of its part, or one of these */
    unsigned depth;
    sg_error *err;
} Preparing;

enum { PART_NONE = UINT32_MAX, PART_IN_PROGRESS = UINT32_MAX - 1 };

static sg_status no_memory(const Preparing *pr) {
    return pr->store ? sgi_store_no_memory(pr->store, pr->err) : sgi_fail_memory(pr->err);
}

static int shown(Bytes name) {
    return name.size > 150 ? 150 : (int)name.size;
}

static sg_status unknown_import(const Preparing *pr, Bytes instance, Bytes name, const char *what) {
    if (instance.size)
        return sgi_fail(pr->err, SG_UNLINKABLE, SG_NO_OFFSET, "unknown import",
                        "%s \"%.*s\" of instance \"%.*s\"", what, shown(name), (const char *)name.data,
                        shown(instance), (const char *)instance.data);
    return sgi_fail(pr->err, SG_UNLINKABLE, SG_NO_OFFSET, "unknown import", "%s \"%.*s\"", what, shown(name),
                    (const char *)name.data);
}

/* *found has NULLs only when nobody defined it. */
static sg_status find(const Preparing *pr, Bytes instance, Bytes name, LinkerEntry *found, uint32_t *index) {
    uint32_t at;
    *found = (LinkerEntry){.function = NULL};
    if (!sgi_linker_find(pr->linker, &pr->p->arena, instance, name, &at))
        return no_memory(pr);
    if (at != NO_INDEX)
        *found = *sgi_linker_entry(pr->linker, at);
    if (index)
        *index = at;
    return SG_OK;
}

static sg_status hold(const Preparing *pr, LinkerEntry entry) {
    if (!sgi_vec_push(pr->p->alloc, &pr->p->held, entry))
        return no_memory(pr);
    sgi_linker_entry_retain(&entry);
    return SG_OK;
}

/* ---- by sort ---- */

/* `import` of the instance imported as `instance` and defined as `supplied`; both are empty at the top level.
 */
static sg_status prepare_func(const Preparing *pr, Bytes supplied, Bytes instance, const NamedExtern *import,
                              PreparedItem *item) {
    LinkerEntry entry;
    SGI_TRY(find(pr, supplied, import->name, &entry, NULL));
    if (entry.function == NULL && !sgi_linker_traps_unknown(pr->linker))
        return unknown_import(pr, instance, import->name, "function");
    item->kind = PREPARED_FUNC;
    item->as.func.function = entry.function;
    item->as.func.signature = entry.signature;
    item->as.func.context = entry.context;
    item->as.func.type = import->type.as.func;
    item->as.func.instance_name = instance;
    item->as.func.name = import->name;
    return SG_OK;
}

static bool is_new_resource(const ExternType *type) {
    return type->sort == SORT_TYPE && type->as.type.is_sub_resource;
}

/* Types that are equal to one known already have no name of their own. */
static sg_status prepare_type(const Preparing *pr, Bytes supplied, Bytes instance, const NamedExtern *import,
                              PreparedItem *item) {
    *item = (PreparedItem){.kind = PREPARED_TYPE};
    if (!is_new_resource(&import->type))
        return SG_OK;
    LinkerEntry entry;
    SGI_TRY(find(pr, supplied, import->name, &entry, NULL));
    item->as.resource = entry.resource;
    if (entry.resource)
        return hold(pr, entry);
    if (!sgi_linker_traps_unknown(pr->linker))
        return unknown_import(pr, instance, import->name, "resource type");
    item->as.resource = sgi_arena_alloc(&pr->p->arena, sizeof *item->as.resource);
    if (item->as.resource == NULL)
        return no_memory(pr);
    item->as.resource->is_host = true; /* of which nobody makes any */
    return SG_OK;
}

static sg_status check_type(const Preparing *pr, const ExternType *given, const NamedExtern *import) {
    sg_error why = {.status = SG_OK};
    sg_status status = sgi_extern_type_check(pr->p->engine->types, pr->p->alloc, given, &import->type, &why);
    if (status != SG_UNLINKABLE)
        return status == SG_OK ? status : no_memory(pr);
    return sgi_fail(pr->err, SG_UNLINKABLE, SG_NO_OFFSET, "incompatible import type", "\"%.*s\": %s",
                    shown(import->name), (const char *)import->name.data, why.detail);
}

static sg_status prepare_core_module(const Preparing *pr, Bytes supplied, Bytes instance,
                                     const NamedExtern *import, PreparedItem *item) {
    LinkerEntry entry;
    SGI_TRY(find(pr, supplied, import->name, &entry, NULL));
    if (entry.core_module == NULL)
        return unknown_import(pr, instance, import->name, "core module");
    CoreModuleType type;
    ArenaMark mark = sgi_arena_mark(&pr->p->arena);
    if (!sgi_core_module_type(&pr->p->arena, entry.core_module, &type))
        return no_memory(pr);
    const ExternType given = {.sort = SORT_CORE_MODULE, .as.core_module = &type};
    SGI_TRY(check_type(pr, &given, import));
    sgi_arena_release(&pr->p->arena, mark);
    *item = (PreparedItem){.kind = PREPARED_CORE_MODULE, .as.core_module = entry.core_module};
    return hold(pr, entry);
}

static sg_status prepare_component(const Preparing *pr, const NamedExtern *import, PreparedItem *item) {
    LinkerEntry entry;
    SGI_TRY(find(pr, (Bytes){NULL, 0}, sgi_linker_supplied_name(pr->linker, import->name), &entry, NULL));
    if (entry.component == NULL)
        return unknown_import(pr, (Bytes){NULL, 0}, import->name, "component");
    const ExternType given = {.sort = SORT_COMPONENT, .as.component = &entry.component->type};
    SGI_TRY(check_type(pr, &given, import));
    *item = (PreparedItem){.kind = PREPARED_COMPONENT, .as.component = entry.component};
    return hold(pr, entry);
}

static sg_status poll(const Preparing *pr) {
    sg_trap trap = pr->store ? sgi_poll(&pr->store->cx) : SG_TRAP_NONE;
    return trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(pr->err, trap);
}

/* An instance made of what was defined for it. */
static sg_status prepare_items(const Preparing *pr, Bytes name, const InstanceType *type,
                               PreparedItem *item) {
    Bytes supplied = sgi_linker_supplied_name(pr->linker, name);
    bool is_needed = false;
    for (uint32_t i = 0; i < type->export_count; i++)
        is_needed =
            is_needed || type->exports[i].type.sort != SORT_TYPE || is_new_resource(&type->exports[i].type);
    if (is_needed && !sgi_linker_traps_unknown(pr->linker) && !sgi_linker_has_instance(pr->linker, supplied))
        return unknown_import(pr, (Bytes){NULL, 0}, name, "instance");

    PreparedInstance *made = sgi_arena_alloc(&pr->p->arena, sizeof *made);
    if (made == NULL)
        return no_memory(pr);
    sgi_map_init(&made->names, pr->p->alloc);
    made->next = pr->p->instances;
    pr->p->instances = made;
    made->count = type->export_count;
    made->items = sgi_arena_array(&pr->p->arena, made->count, sizeof *made->items);
    if (made->items == NULL)
        return no_memory(pr);
    for (uint32_t i = 0; i < made->count; i++) {
        const NamedExtern *export = &type->exports[i];
        SGI_TRY(poll(pr));
        switch (export->type.sort) {
        case SORT_FUNC: SGI_TRY(prepare_func(pr, supplied, name, export, &made->items[i])); break;
        case SORT_TYPE: SGI_TRY(prepare_type(pr, supplied, name, export, &made->items[i])); break;
        case SORT_CORE_MODULE:
            SGI_TRY(prepare_core_module(pr, supplied, name, export, &made->items[i]));
            break;
        default: return unknown_import(pr, name, export->name, "item");
        }
        if (sgi_map_put(&made->names, export->name, i) == MAP_NO_MEMORY)
            return no_memory(pr);
    }
    *item = (PreparedItem){.kind = PREPARED_ITEMS, .as.items = made};
    return SG_OK;
}

static sg_status prepare_part(Preparing *pr, Component *component, uint32_t *number);

static sg_status prepare_instance(Preparing *pr, const NamedExtern *import, PreparedItem *item) {
    LinkerEntry entry;
    uint32_t index, part = PART_NONE;
    SGI_TRY(find(pr, (Bytes){NULL, 0}, sgi_linker_supplied_name(pr->linker, import->name), &entry, &index));
    if (entry.instance) {
        *item = (PreparedItem){.kind = PREPARED_INSTANCE};
        item->as.instance.instance = entry.instance;
        item->as.instance.store_id = entry.store_id;
        return SG_OK;
    }
    if (entry.component == NULL)
        return prepare_items(pr, import->name, import->type.as.instance, item);
    part = pr->part_of[index];
    if (part == PART_IN_PROGRESS)
        return sgi_fail(pr->err, SG_UNLINKABLE, SG_NO_OFFSET, "cyclic imports", "\"%.*s\"",
                        shown(import->name), (const char *)import->name.data);
    if (part == PART_NONE) {
        pr->part_of[index] = PART_IN_PROGRESS;
        SGI_TRY(prepare_part(pr, entry.component, &part));
        pr->part_of[index] = part;
    }
    *item = (PreparedItem){.kind = PREPARED_PART, .as.part = part};
    return SG_OK;
}

static sg_status prepare_import(Preparing *pr, const NamedExtern *import, PreparedItem *item) {
    const Bytes top = {NULL, 0};
    SGI_TRY(poll(pr));
    switch (import->type.sort) {
    case SORT_TYPE: return prepare_type(pr, top, top, import, item);
    case SORT_FUNC: return prepare_func(pr, top, top, import, item);
    case SORT_INSTANCE: return prepare_instance(pr, import, item);
    case SORT_COMPONENT: return prepare_component(pr, import, item);
    case SORT_CORE_MODULE: return prepare_core_module(pr, top, top, import, item);
    default: return unknown_import(pr, top, import->name, "item");
    }
}

/* Recursion: through components of the linker's, at most LIMIT(COMPONENT_DEPTH) deep. */
static sg_status prepare_part(Preparing *pr, Component *component, uint32_t *number) {
    Prepared *p = pr->p;
    const ComponentType *type = &component->type;
    if (pr->depth == LIMIT_OF(COMPONENT_DEPTH))
        return sgi_limit_check(LIMIT_ID_COMPONENT_DEPTH, pr->depth + 1, SG_NO_OFFSET, pr->err);
    pr->depth++;
    PreparedItem *imports = sgi_arena_array(&p->arena, type->import_count, sizeof *imports);
    if (imports == NULL)
        return no_memory(pr);
    for (uint32_t i = 0; i < type->import_count; i++)
        SGI_TRY(prepare_import(pr, &type->imports[i], &imports[i]));
    pr->depth--;
    const PreparedPart part = {component, imports};
    *number = (uint32_t)p->parts.count;
    if (!sgi_vec_push(p->alloc, &p->parts, part))
        return no_memory(pr);
    sgi_component_retain(component);
    return SG_OK;
}

/* ---- the whole ---- */

static Prepared *new_prepared(Engine *engine, Store *store) {
    Alloc own;
    sgi_alloc_init(&own, engine->options.allocate, engine->options.allocate_context, SIZE_MAX);
    Prepared *p = sgi_alloc_zero(store ? &store->alloc : &own, sizeof *p);
    if (p == NULL)
        return NULL;
    p->engine = engine;
    p->own = own;
    p->alloc = store ? &store->alloc : &p->own;
    atomic_init(&p->references, 1);
    sgi_arena_init(&p->arena, p->alloc);
    sgi_engine_retain(engine);
    return p;
}

sg_status sgi_prepare(const Linker *linker, Component *component, Store *store, Prepared **prepared,
                      sg_error *err) {
    *prepared = NULL;
    Engine *engine = sgi_linker_engine(linker);
    if (component->engine != engine || component->root != component)
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, "component and linker belong to different engines",
                        "%s", "");
    Preparing pr = {.linker = linker, .store = store, .err = err};
    Prepared *p = pr.p = new_prepared(engine, store);
    if (p == NULL)
        return no_memory(&pr);
    size_t entries = sgi_linker_count(linker);
    pr.part_of = sgi_alloc(p->alloc, entries * sizeof *pr.part_of);
    for (size_t i = 0; pr.part_of && i < entries; i++)
        pr.part_of[i] = PART_NONE;
    uint32_t number;
    sg_status status = pr.part_of ? prepare_part(&pr, component, &number) : no_memory(&pr);
    sgi_free(p->alloc, pr.part_of, entries * sizeof *pr.part_of);
    if (status == SG_OK)
        *prepared = p;
    else
        sgi_prepared_release(p);
    return status;
}

void sgi_prepared_retain(Prepared *prepared) {
    atomic_fetch_add_explicit(&prepared->references, 1, memory_order_relaxed);
}

void sgi_prepared_release(Prepared *p) {
    if (p == NULL || atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) != 1)
        return;
    for (PreparedInstance *i = p->instances; i; i = i->next)
        sgi_map_free(&i->names);
    for (size_t i = 0; i < p->held.count; i++)
        sgi_linker_entry_release(&p->held.items[i]);
    sgi_vec_free(p->alloc, &p->held);
    for (size_t i = 0; i < p->parts.count; i++)
        sgi_component_release(p->parts.items[i].component);
    sgi_vec_free(p->alloc, &p->parts);
    sgi_arena_free(&p->arena);
    Engine *engine = p->engine;
    Alloc own = p->own; /* which is inside it */
    sgi_free(p->alloc == &p->own ? &own : p->alloc, p, sizeof *p);
    sgi_engine_release(engine);
}

/* ---- in a store ---- */

static sg_status link_func(ComponentInstance *inst, const PreparedItem *from, Item *item, sg_error *err) {
    Store *store = inst->store;
    CompFunc *func = sgi_store_alloc(store, sizeof *func);
    if (func == NULL)
        return sgi_store_no_memory(store, err);
    *func = (CompFunc){.kind = from->as.func.function ? COMP_FUNC_HOST : COMP_FUNC_UNKNOWN,
                       .store = store,
                       .type = from->as.func.type,
                       .shape = sgi_call_shape(from->as.func.type, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS),
                       .inst = from->as.func.signature ? inst : NULL,
                       .host = from->as.func.function,
                       .context = from->as.func.context,
                       .signature = from->as.func.signature,
                       .instance_name = from->as.func.instance_name,
                       .name = from->as.func.name};
    *item = (Item){.sort = SORT_FUNC, .as.func = func};
    return SG_OK;
}

static sg_status link_items(ComponentInstance *inst, const PreparedInstance *from, Item *item,
                            sg_error *err) {
    Store *store = inst->store;
    CompInstance *instance = sgi_store_alloc(store, sizeof *instance);
    Item *exports = instance ? sgi_store_alloc(store, from->count * sizeof *exports) : NULL;
    if (exports == NULL)
        return sgi_store_no_memory(store, err);
    *instance = (CompInstance){
        .store = store, .names = &from->names, .exports = exports, .export_count = from->count};
    for (uint32_t i = 0; i < from->count; i++) {
        const PreparedItem *given = &from->items[i];
        sg_trap trap = sgi_poll(&store->cx);
        if (trap != SG_TRAP_NONE)
            return sgi_fail_trap(err, trap);
        if (given->kind == PREPARED_FUNC)
            SGI_TRY(link_func(inst, given, &exports[i], err));
        else if (given->kind == PREPARED_TYPE)
            exports[i] = (Item){.sort = SORT_TYPE, .as.resource = given->as.resource};
        else
            exports[i] = (Item){.sort = SORT_CORE_MODULE, .as.core_module = given->as.core_module};
    }
    *item = (Item){.sort = SORT_INSTANCE, .as.instance = instance};
    return SG_OK;
}

/* An instance of a component. */
static sg_status link_instance(ComponentInstance *inst, CompInstance *given, const NamedExtern *import,
                               Item *item, sg_error *err) {
    SGI_TRY(sgi_match_instance(inst, given, import->name, import->type.as.instance, err));
    *item = (Item){.sort = SORT_INSTANCE, .as.instance = given};
    return SG_OK;
}

sg_status sgi_link_import(ComponentInstance *inst, const PreparedItem *from, CompInstance *const *parts,
                          const NamedExtern *import, Item *item, sg_error *err) {
    Store *store = inst->store;
    switch (from->kind) {
    case PREPARED_FUNC: return link_func(inst, from, item, err);
    case PREPARED_ITEMS: return link_items(inst, from->as.items, item, err);
    case PREPARED_PART: return link_instance(inst, parts[from->as.part], import, item, err);
    case PREPARED_INSTANCE:
        if (from->as.instance.store_id != store->id)
            return sgi_fail(err, SG_UNLINKABLE, SG_NO_OFFSET, "incompatible import type",
                            "\"%.*s\": the instance supplied belongs to another store", shown(import->name),
                            (const char *)import->name.data);
        return link_instance(inst, from->as.instance.instance, import, item, err);
    case PREPARED_COMPONENT:
        *item = (Item){.sort = SORT_COMPONENT, .as.component = {from->as.component, NULL}};
        return SG_OK;
    case PREPARED_CORE_MODULE:
        *item = (Item){.sort = SORT_CORE_MODULE, .as.core_module = from->as.core_module};
        return SG_OK;
    default: *item = (Item){.sort = SORT_TYPE, .as.resource = from->as.resource}; return SG_OK;
    }
}
