/* The linker: import names → host functions and instances, and what an import of a component gets from it.
 *
 * Keys are "instance NUL name", with an empty instance at the top level; names cannot hold NUL. Entries are
 * copied into what is linked, all before anything runs, so a linker may be deleted while its instances live
 * or are made. */
#include "component/internal.h"

#include <string.h>

struct sg_linker {
    Engine *engine;
    Alloc alloc;
    Arena arena; /* of the keys */
    Map map;     /* key → position in `entries` */
    Vec(LinkerEntry) entries;
    Map instances; /* names of instances that have entries → 0 */
    Map tracks;    /* versions that are compatible → position of the newest instance's name in `newest` */
    Vec(Bytes) newest;
    bool unknown_imports_trap;
};

Linker *sgi_linker_new(Engine *engine, sg_error *err) {
    Linker *linker = sgi_engine_alloc(engine, sizeof *linker);
    if (linker == NULL) {
        sgi_fail_memory(err);
        return NULL;
    }
    *linker = (Linker){.engine = engine};
    sgi_alloc_init(&linker->alloc, engine->options.allocate, engine->options.allocate_context, SIZE_MAX);
    sgi_arena_init(&linker->arena, &linker->alloc);
    sgi_map_init(&linker->map, &linker->alloc);
    sgi_map_init(&linker->instances, &linker->alloc);
    sgi_map_init(&linker->tracks, &linker->alloc);
    sgi_engine_retain(engine);
    return linker;
}

void sgi_linker_delete(Linker *linker) {
    if (linker == NULL)
        return;
    Engine *engine = linker->engine;
    for (size_t i = 0; i < linker->entries.count; i++)
        sgi_resource_type_release(linker->entries.items[i].resource);
    sgi_vec_free(&linker->alloc, &linker->entries);
    sgi_map_free(&linker->instances);
    sgi_map_free(&linker->tracks);
    sgi_vec_free(&linker->alloc, &linker->newest);
    sgi_map_free(&linker->map);
    sgi_arena_free(&linker->arena);
    sgi_engine_free(engine, linker, sizeof *linker);
    sgi_engine_release(engine);
}

const Engine *sgi_linker_engine(const Linker *linker) {
    return linker->engine;
}

void sgi_linker_unknown_imports_trap(Linker *linker, bool on) {
    linker->unknown_imports_trap = on;
}

Bytes sgi_link_key(Arena *arena, Bytes first, Bytes second) {
    size_t size = sizeof first.size + first.size + second.size;
    uint8_t *data = sgi_arena_alloc(arena, size), *at = data;
    if (data == NULL)
        return (Bytes){NULL, 0};
    memcpy(at, &first.size, sizeof first.size);
    at += sizeof first.size;
    if (first.size)
        memcpy(at, first.data, first.size);
    if (second.size)
        memcpy(at + first.size, second.data, second.size);
    return (Bytes){data, size};
}

static sg_status define(Linker *linker, Bytes instance, Bytes name, LinkerEntry entry, sg_error *err) {
    Bytes key = sgi_link_key(&linker->arena, instance, name);
    if (key.data == NULL || !sgi_vec_reserve(&linker->alloc, &linker->entries, 1))
        return sgi_fail_memory(err);
    MapPut put = sgi_map_put(&linker->map, key, (uint32_t)linker->entries.count);
    if (put == MAP_NO_MEMORY)
        return sgi_fail_memory(err);
    if (put == MAP_EXISTS) {
        LinkerEntry *existing = &linker->entries.items[*sgi_map_get(&linker->map, key)];
        sgi_resource_type_release(existing->resource);
        *existing = entry;
    } else
        linker->entries.items[linker->entries.count++] = entry;
    return SG_OK;
}

static bool note_version(Linker *linker, Bytes name) {
    Version version, known;
    if (!sgi_version_of(name, &version))
        return true;
    if (!sgi_vec_reserve(&linker->alloc, &linker->newest, 1))
        return false;
    switch (sgi_map_put(&linker->tracks, version.track, (uint32_t)linker->newest.count)) {
    case MAP_NO_MEMORY: return false;
    case MAP_ADDED: linker->newest.items[linker->newest.count++] = name; return true;
    default: break;
    }
    Bytes *newest = &linker->newest.items[*sgi_map_get(&linker->tracks, version.track)];
    if (sgi_version_of(*newest, &known) &&
        (version.minor > known.minor || (version.minor == known.minor && version.patch > known.patch)))
        *newest = name;
    return true;
}

/* Notes that the instance of that name has entries; NULL: the top level. */
static sg_status add_instance_name(Linker *linker, const char *name, Bytes *bytes, sg_error *err) {
    *bytes = name ? sgi_bytes_of(name) : (Bytes){NULL, 0};
    if (bytes->size == 0)
        return SG_OK;
    Bytes copy = {sgi_arena_copy(&linker->arena, bytes->data, bytes->size), bytes->size};
    if (copy.data == NULL)
        return sgi_fail_memory(err);
    MapPut put = sgi_map_put(&linker->instances, copy, 0);
    return put == MAP_EXISTS || (put == MAP_ADDED && note_version(linker, copy)) ? SG_OK
                                                                                 : sgi_fail_memory(err);
}

/* The name of the instance that an import of `name` gets: its own, or else the newest compatible one. */
static Bytes supplied_name(const Linker *linker, Bytes name) {
    Version version;
    if (sgi_map_get(&linker->instances, name) || !sgi_version_of(name, &version))
        return name;
    const uint32_t *at = sgi_map_get(&linker->tracks, version.track);
    return at ? linker->newest.items[*at] : name;
}

sg_status sgi_linker_define_func(Linker *linker, const char *instance, const char *name, sg_host_fn *function,
                                 void *context, sg_error *err) {
    Bytes in = {NULL, 0};
    SGI_TRY(add_instance_name(linker, instance, &in, err));
    return define(linker, in, sgi_bytes_of(name), (LinkerEntry){.function = function, .context = context},
                  err);
}

sg_status sgi_linker_define_resource(Linker *linker, const char *instance, const char *name, Resource *type,
                                     sg_error *err) {
    if (type->engine != linker->engine)
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, "resource type and linker belong to different engines",
                        "%s", "");
    Bytes in = {NULL, 0};
    SGI_TRY(add_instance_name(linker, instance, &in, err));
    sgi_resource_type_retain(type);
    sg_status status = define(linker, in, sgi_bytes_of(name), (LinkerEntry){.resource = type}, err);
    if (status != SG_OK)
        sgi_resource_type_release(type);
    return status;
}

sg_status sgi_linker_define_instance(Linker *linker, const char *name, CompInstance *instance,
                                     sg_error *err) {
    const Store *store = instance->store;
    if (store->engine != linker->engine)
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, "instance and linker belong to different engines", "%s",
                        "");
    Bytes noted;
    SGI_TRY(add_instance_name(linker, name, &noted, err));
    return define(linker, (Bytes){NULL, 0}, noted, (LinkerEntry){.instance = instance, .store_id = store->id},
                  err);
}

/* *entry is NULL when there is none. */
static sg_status find_entry(const Linker *linker, Store *store, Bytes instance, Bytes name,
                            const LinkerEntry **entry, sg_error *err) {
    ArenaMark mark = sgi_arena_mark(&store->arena);
    Bytes key = sgi_link_key(&store->arena, instance, name);
    if (key.data == NULL)
        return sgi_store_no_memory(store, err);
    const uint32_t *at = sgi_map_get(&linker->map, key);
    *entry = at ? &linker->entries.items[*at] : NULL;
    sgi_arena_release(&store->arena, mark);
    return SG_OK;
}

/* ---- imports ---- */

static int shown(Bytes name) {
    return name.size > 150 ? 150 : (int)name.size;
}

static sg_status unknown_import(Bytes instance, Bytes name, const char *what, sg_error *err) {
    if (instance.size)
        return sgi_fail(err, SG_UNLINKABLE, SG_NO_OFFSET, "unknown import",
                        "%s \"%.*s\" of instance \"%.*s\"", what, shown(name), (const char *)name.data,
                        shown(instance), (const char *)instance.data);
    return sgi_fail(err, SG_UNLINKABLE, SG_NO_OFFSET, "unknown import", "%s \"%.*s\"", what, shown(name),
                    (const char *)name.data);
}

static sg_status incompatible(Bytes name, const char *detail, sg_error *err) {
    return sgi_fail(err, SG_UNLINKABLE, SG_NO_OFFSET, "incompatible import type", "\"%.*s\": %s", shown(name),
                    (const char *)name.data, detail);
}

static sg_status link_func(const Linker *linker, Store *store, Bytes instance, Bytes name,
                           const CompFuncType *type, Item *item, sg_error *err) {
    const LinkerEntry *entry = NULL;
    SGI_TRY(find_entry(linker, store, instance, name, &entry, err));
    bool is_known = entry && entry->function;
    if (!is_known && !linker->unknown_imports_trap)
        return unknown_import(instance, name, "function", err);
    CompFunc *func = sgi_store_alloc(store, sizeof *func);
    if (func == NULL)
        return sgi_store_no_memory(store, err);
    *func = (CompFunc){.kind = is_known ? COMP_FUNC_HOST : COMP_FUNC_UNKNOWN,
                       .store = store,
                       .type = type,
                       .host = is_known ? entry->function : NULL,
                       .context = is_known ? entry->context : NULL,
                       .instance_name = instance,
                       .name = name};
    *item = (Item){.sort = SORT_FUNC, .as.func = func};
    return SG_OK;
}

typedef struct KeptResource {
    Owned owned;
    Resource *resource;
} KeptResource;

static void release_resource(Owned *owned, Store *store) {
    (void)store;
    sgi_resource_type_release(((KeptResource *)owned)->resource);
}

static bool is_new_resource(const ExternType *type) {
    return type->sort == SORT_TYPE && type->as.type.is_sub_resource;
}

/* Types that are equal to one known already have no name of their own. */
static sg_status link_type(const Linker *linker, Store *store, Bytes instance, const NamedExtern *import,
                           Item *item, sg_error *err) {
    *item = (Item){.sort = SORT_TYPE};
    if (!is_new_resource(&import->type))
        return SG_OK;
    const LinkerEntry *entry = NULL;
    SGI_TRY(find_entry(linker, store, instance, import->name, &entry, err));
    if (entry && entry->resource) {
        KeptResource *kept = sgi_store_alloc(store, sizeof *kept);
        if (kept == NULL)
            return sgi_store_no_memory(store, err);
        item->as.resource = kept->resource = entry->resource;
        sgi_resource_type_retain(entry->resource);
        sgi_store_own(store, &kept->owned, release_resource);
        return SG_OK;
    }
    if (!linker->unknown_imports_trap)
        return unknown_import(instance, import->name, "resource type", err);
    item->as.resource = sgi_store_alloc(store, sizeof *item->as.resource);
    if (item->as.resource == NULL)
        return sgi_store_no_memory(store, err);
    item->as.resource->is_host = true; /* of which nobody makes any */
    return SG_OK;
}

/* An instance made of the functions and resource types defined for it. */
static sg_status link_instance(const Linker *linker, Store *store, Bytes name, const InstanceType *type,
                               Item *item, sg_error *err) {
    name = supplied_name(linker, name);
    bool is_needed = false;
    for (uint32_t i = 0; i < type->export_count; i++)
        is_needed =
            is_needed || type->exports[i].type.sort != SORT_TYPE || is_new_resource(&type->exports[i].type);
    if (is_needed && !linker->unknown_imports_trap && sgi_map_get(&linker->instances, name) == NULL)
        return unknown_import((Bytes){NULL, 0}, name, "instance", err);

    CompInstance *instance = sgi_store_alloc(store, sizeof *instance);
    Item *exports = instance ? sgi_store_alloc(store, type->export_count * sizeof *exports) : NULL;
    NameTable *names = exports ? sgi_names_new(store) : NULL;
    if (names == NULL)
        return sgi_store_no_memory(store, err);
    *instance = (CompInstance){
        .store = store, .names = names, .exports = exports, .export_count = type->export_count};
    for (uint32_t i = 0; i < type->export_count; i++) {
        const NamedExtern *export = &type->exports[i];
        exports[i].sort = export->type.sort;
        if (export->type.sort == SORT_FUNC)
            SGI_TRY(link_func(linker, store, name, export->name, export->type.as.func, &exports[i], err));
        else if (export->type.sort == SORT_TYPE)
            SGI_TRY(link_type(linker, store, name, export, &exports[i], err));
        else
            return unknown_import(name, export->name, "item", err);
        if (sgi_map_put(&names->map, export->name, i) == MAP_NO_MEMORY)
            return sgi_store_no_memory(store, err);
    }
    *item = (Item){.sort = SORT_INSTANCE, .as.instance = instance};
    return SG_OK;
}

sg_status sgi_link_import(const Linker *linker, ComponentInstance *inst, const NamedExtern *import,
                          Item *item, sg_error *err) {
    Store *store = inst->store;
    Bytes top = {NULL, 0};
    switch (import->type.sort) {
    case SORT_TYPE: return link_type(linker, store, top, import, item, err);
    case SORT_FUNC: return link_func(linker, store, top, import->name, import->type.as.func, item, err);
    case SORT_INSTANCE: {
        const LinkerEntry *entry = NULL;
        SGI_TRY(find_entry(linker, store, top, supplied_name(linker, import->name), &entry, err));
        if (entry == NULL || entry->instance == NULL)
            return link_instance(linker, store, import->name, import->type.as.instance, item, err);
        if (entry->store_id != store->id)
            return incompatible(import->name, "the instance supplied belongs to another store", err);
        SGI_TRY(sgi_match_instance(inst, entry->instance, import->name, import->type.as.instance, err));
        *item = (Item){.sort = SORT_INSTANCE, .as.instance = entry->instance};
        return SG_OK;
    }
    default: return unknown_import(top, import->name, "item", err);
    }
}

/* ---- names ---- */

static void free_names(Owned *owned, Store *store) {
    (void)store;
    sgi_map_free(&((NameTable *)owned)->map);
}

NameTable *sgi_names_new(Store *store) {
    NameTable *names = sgi_store_alloc(store, sizeof *names);
    if (names == NULL)
        return NULL;
    sgi_map_init(&names->map, &store->alloc);
    sgi_store_own(store, &names->owned, free_names);
    return names;
}
