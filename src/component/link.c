/* The linker: import names → what the host supplies. Keys are both names of an import with the first one's
 * length, which is 0 at the top level. */
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

void sgi_linker_entry_retain(const LinkerEntry *entry) {
    if (entry->resource)
        sgi_resource_type_retain(entry->resource);
    if (entry->core_module)
        sgi_module_retain(entry->core_module);
    if (entry->component)
        sgi_component_retain(entry->component);
}

void sgi_linker_entry_release(const LinkerEntry *entry) {
    sgi_resource_type_release(entry->resource);
    if (entry->core_module)
        sgi_module_release(entry->core_module);
    sgi_component_release(entry->component);
}

void sgi_linker_delete(Linker *linker) {
    if (linker == NULL)
        return;
    Engine *engine = linker->engine;
    for (size_t i = 0; i < linker->entries.count; i++)
        sgi_linker_entry_release(&linker->entries.items[i]);
    sgi_vec_free(&linker->alloc, &linker->entries);
    sgi_map_free(&linker->instances);
    sgi_map_free(&linker->tracks);
    sgi_vec_free(&linker->alloc, &linker->newest);
    sgi_map_free(&linker->map);
    sgi_arena_free(&linker->arena);
    sgi_engine_free(engine, linker, sizeof *linker);
    sgi_engine_release(engine);
}

Engine *sgi_linker_engine(const Linker *linker) {
    return linker->engine;
}

bool sgi_linker_traps_unknown(const Linker *linker) {
    return linker->unknown_imports_trap;
}

size_t sgi_linker_count(const Linker *linker) {
    return linker->entries.count;
}

const LinkerEntry *sgi_linker_entry(const Linker *linker, size_t index) {
    return &linker->entries.items[index];
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
        sgi_linker_entry_release(existing);
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

Bytes sgi_linker_supplied_name(const Linker *linker, Bytes name) {
    Version version;
    if (sgi_map_get(&linker->instances, name) || !sgi_version_of(name, &version))
        return name;
    const uint32_t *at = sgi_map_get(&linker->tracks, version.track);
    return at ? linker->newest.items[*at] : name;
}

sg_status sgi_linker_define_func_typed(Linker *linker, const char *instance, const char *name,
                                       const char *signature, sg_host_fn *function, void *context,
                                       sg_error *err) {
    Bytes in = {NULL, 0};
    SGI_TRY(add_instance_name(linker, instance, &in, err));
    LinkerEntry entry = {.function = function, .signature = signature, .context = context};
    return define(linker, in, sgi_bytes_of(name), entry, err);
}

sg_status sgi_linker_define_func(Linker *linker, const char *instance, const char *name, sg_host_fn *function,
                                 void *context, sg_error *err) {
    return sgi_linker_define_func_typed(linker, instance, name, NULL, function, context, err);
}

/* Holds what `entry` refers to. */
static sg_status define_held(Linker *linker, const char *instance, const char *name, LinkerEntry entry,
                             sg_error *err) {
    Bytes in = {NULL, 0};
    SGI_TRY(add_instance_name(linker, instance, &in, err));
    SGI_TRY(define(linker, in, sgi_bytes_of(name), entry, err));
    sgi_linker_entry_retain(&entry);
    return SG_OK;
}

static sg_status other_engine(const char *message, sg_error *err) {
    return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, message, "%s", "");
}

sg_status sgi_linker_define_resource(Linker *linker, const char *instance, const char *name, Resource *type,
                                     sg_error *err) {
    if (type->engine != linker->engine)
        return other_engine("resource type and linker belong to different engines", err);
    return define_held(linker, instance, name, (LinkerEntry){.resource = type}, err);
}

sg_status sgi_linker_define_module(Linker *linker, const char *instance, const char *name, Module *module,
                                   sg_error *err) {
    if (module->engine != linker->engine)
        return other_engine("module and linker belong to different engines", err);
    return define_held(linker, instance, name, (LinkerEntry){.core_module = module}, err);
}

sg_status sgi_linker_define_component(Linker *linker, const char *name, Component *component, sg_error *err) {
    if (component->engine != linker->engine)
        return other_engine("component and linker belong to different engines", err);
    Bytes noted = {NULL, 0};
    SGI_TRY(add_instance_name(linker, name, &noted, err));
    return define_held(linker, NULL, name, (LinkerEntry){.component = component}, err);
}

sg_status sgi_linker_define_instance(Linker *linker, const char *name, CompInstance *instance,
                                     sg_error *err) {
    const Store *store = instance->store;
    if (store->engine != linker->engine)
        return other_engine("instance and linker belong to different engines", err);
    Bytes noted;
    SGI_TRY(add_instance_name(linker, name, &noted, err));
    return define(linker, (Bytes){NULL, 0}, noted, (LinkerEntry){.instance = instance, .store_id = store->id},
                  err);
}

bool sgi_linker_has_instance(const Linker *linker, Bytes name) {
    return sgi_map_get(&linker->instances, name) != NULL;
}

bool sgi_linker_find(const Linker *linker, Arena *scratch, Bytes instance, Bytes name, uint32_t *index) {
    ArenaMark mark = sgi_arena_mark(scratch);
    Bytes key = sgi_link_key(scratch, instance, name);
    if (key.data == NULL)
        return false;
    const uint32_t *at = sgi_map_get(&linker->map, key);
    *index = at ? *at : NO_INDEX;
    sgi_arena_release(scratch, mark);
    return true;
}
