/* A WIT package, as files of text → the binary of a component (wit.h). */
#include "wit/tree.h"

#include <string.h>

bool sgi_wit_map(Wit *wit, Map *map) {
    sgi_map_init(map, wit->cx.alloc);
    return sgi_vec_push(wit->cx.alloc, &wit->maps, map);
}

sg_status sgi_wit_keep(Wit *wit, const Buf *text, Bytes *kept) {
    *kept = (Bytes){text->failed ? NULL : sgi_arena_copy(&wit->arena, text->data, text->size), text->size};
    return kept->data ? SG_OK : sgi_wit_no_memory(wit);
}

sg_status sgi_wit_name_object(Wit *wit, Map *map, Bytes name, void *object) {
    return sgi_vec_push(wit->cx.alloc, &wit->objects, object) &&
                   sgi_map_put(map, name, (uint32_t)wit->objects.count - 1) != MAP_NO_MEMORY
               ? SG_OK
               : sgi_wit_no_memory(wit);
}

void *sgi_wit_find_object(const Wit *wit, const Map *map, Bytes name) {
    const uint32_t *at = sgi_map_get(map, name);
    return at ? wit->objects.items[*at] : NULL;
}

/* "ns:name@1.0.0" */
static sg_status package_key(Wit *wit, const WitPackageName *name, Buf *key) {
    sgi_buf_init(key, wit->cx.alloc);
    sgi_buf_put(key, name->text.data, name->text.size);
    sgi_buf_byte(key, '@');
    sgi_buf_put(key, name->version.data, name->version.size);
    return key->failed ? sgi_wit_no_memory(wit) : SG_OK;
}

sg_status sgi_wit_find_package(Wit *wit, const WitPackageName *name, WitPackage **package) {
    Buf key;
    sg_status status = package_key(wit, name, &key);
    *package =
        status == SG_OK ? sgi_wit_find_object(wit, &wit->package_names, (Bytes){key.data, key.size}) : NULL;
    sgi_buf_free(&key);
    return status;
}

static sg_status name_package(Wit *wit, WitPackage *package) {
    Buf key;
    Bytes kept;
    sg_status status = package_key(wit, &package->name, &key);
    if (status == SG_OK)
        status = sgi_wit_keep(wit, &key, &kept);
    if (status == SG_OK)
        status = sgi_wit_name_object(wit, &wit->package_names, kept, package);
    sgi_buf_free(&key);
    return status;
}

sg_status sgi_wit_new_package(Wit *wit, const WitPackageName *name, WitPackage **result) {
    WitPackage *package = *result = sgi_arena_alloc(&wit->arena, sizeof *package);
    if (package == NULL || !sgi_wit_map(wit, &package->names))
        return sgi_wit_no_memory(wit);
    package->last_scope = &package->scopes;
    *wit->last_package = package;
    wit->last_package = &package->next;
    if (name == NULL)
        return SG_OK;
    package->is_named = true;
    package->name = *name;
    return name_package(wit, package);
}

WitScope *sgi_wit_new_scope(Wit *wit, WitPackage *package, bool is_world, Bytes name) {
    WitScope *scope = sgi_arena_alloc(&wit->arena, sizeof *scope);
    if (scope == NULL)
        return NULL;
    *scope = (WitScope){.is_world = is_world, .name = name, .package = package};
    scope->last_def = &scope->defs;
    scope->last_func = &scope->funcs;
    scope->last_item = &scope->items;
    scope->last_include = &scope->includes;
    scope->self = scope;
    return sgi_wit_map(wit, &scope->names) ? scope : NULL;
}

void sgi_wit_order_funcs(WitScope *scope) {
    WitFunc *others = NULL, **last = &others;
    for (WitDef *def = scope->defs; def; def = def->next)
        def->last_method = &def->methods;
    for (WitFunc *func = scope->funcs; func; func = func->next) {
        WitFunc ***end = func->resource ? &func->resource->last_method : &last;
        **end = func;
        *end = &func->next;
    }
    *last = NULL;
    scope->last_func = &scope->funcs;
    for (WitDef *def = scope->defs; def; def = def->next) {
        *def->last_method = NULL;
        *scope->last_func = def->methods;
        if (def->methods)
            scope->last_func = def->last_method;
        def->methods = NULL;
    }
    *scope->last_func = others;
    if (others)
        scope->last_func = last;
}

/* deps/NAME.wit and all in deps/NAME/ are one dependency each; what has no folder is the package itself. */
static Bytes group_name(const sg_wit_source *source) {
    const char *path = source->path ? source->path : "";
    if (strncmp(path, "deps/", 5) != 0)
        return (Bytes){NULL, 0};
    Bytes name = sgi_bytes_of(path + 5);
    const uint8_t *slash = name.size ? memchr(name.data, '/', name.size) : NULL;
    if (slash)
        name.size = (size_t)(slash - name.data);
    return name;
}

static sg_status make_files(Wit *wit, const sg_wit_source *sources, size_t count) {
    wit->files = sgi_arena_array(&wit->arena, count, sizeof *wit->files);
    if (wit->files == NULL)
        return sgi_wit_no_memory(wit);
    Map groups;
    sgi_map_init(&groups, wit->cx.alloc);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        WitFile *file = &wit->files[i];
        Bytes group = group_name(&sources[i]);
        *file = (WitFile){.source = &sources[i], .text = {(const uint8_t *)sources[i].text, sources[i].size}};
        ok = sgi_wit_map(wit, &file->use_names);
        if (group.size == 0)
            continue;
        ok = ok && sgi_map_put(&groups, group, (uint32_t)i + 1) != MAP_NO_MEMORY;
        file->group = ok ? *sgi_map_get(&groups, group) : 0;
    }
    sgi_map_free(&groups);
    wit->file_count = count;
    return ok ? SG_OK : sgi_wit_no_memory(wit);
}

/* Files of one group are of one package: that which those name that say. */
static sg_status name_packages(Wit *wit) {
    for (size_t i = 0; i < wit->file_count; i++)
        SGI_TRY(sgi_wit_parse_header(wit, &wit->files[i]));
    for (size_t i = 0; i < wit->file_count; i++) {
        WitFile *file = &wit->files[i];
        for (WitPackage *package = wit->packages; package; package = package->next) {
            if (package->group != file->group)
                continue;
            if (file->package && file->package != package)
                return sgi_wit_fail(wit, file->package->name.at, "package names differ within a folder", "%s",
                                    "");
            file->package = package;
        }
        if (file->package == NULL)
            SGI_TRY(sgi_wit_unnamed_package(wit, file, &file->package));
    }
    return SG_OK;
}

static sg_status read(Wit *wit, const sg_wit_source *sources, size_t count) {
    if (count == 0)
        return sgi_fail(wit->cx.err, SG_MALFORMED, SG_NO_OFFSET, "no WIT files", "%s", "");
    SGI_TRY(make_files(wit, sources, count));
    SGI_TRY(name_packages(wit));
    for (size_t i = 0; i < wit->file_count; i++)
        SGI_TRY(sgi_wit_parse_file(wit, &wit->files[i]));
    SGI_TRY(sgi_wit_resolve(wit));
    wit->own = wit->files[0].package;
    for (size_t i = 0; i < wit->file_count; i++)
        if (wit->files[i].group == 0)
            wit->own = wit->files[i].package;
    /* Worlds are only known to be right once they are encoded: all are. */
    for (const WitPackage *package = wit->packages; package; package = package->next) {
        Buf unused;
        sgi_buf_init(&unused, wit->cx.alloc);
        sg_status status = sgi_wit_encode_package(wit, package, &unused);
        sgi_buf_free(&unused);
        SGI_TRY(status);
    }
    return SG_OK;
}

sg_status sgi_wit_open(Wit *wit, const LoadContext *cx, const sg_wit_source *sources, size_t count,
                       const char *const *features, size_t feature_count) {
    *wit = (Wit){.cx = *cx, .features = features, .feature_count = feature_count};
    sgi_wit_init(wit);
    return read(wit, sources, count);
}

void sgi_wit_init(Wit *wit) {
    wit->last_package = &wit->packages;
    sgi_arena_init(&wit->arena, wit->cx.alloc);
    sgi_map_init(&wit->package_names, wit->cx.alloc);
}

void sgi_wit_close(Wit *wit) {
    sgi_map_free(&wit->package_names);
    for (size_t i = 0; i < wit->maps.count; i++)
        sgi_map_free(wit->maps.items[i]);
    sgi_vec_free(wit->cx.alloc, &wit->maps);
    sgi_vec_free(wit->cx.alloc, &wit->objects);
    sgi_arena_free(&wit->arena);
}

sg_status sgi_wit_encode(const LoadContext *cx, const sg_wit_source *sources, size_t count,
                         const char *const *features, size_t feature_count, Buf *binary) {
    Wit wit;
    sg_status status = sgi_wit_open(&wit, cx, sources, count, features, feature_count);
    if (status == SG_OK)
        status = sgi_wit_encode_package(&wit, wit.own, binary);
    sgi_wit_close(&wit);
    return status;
}

/* "name", or "ns:pkg/name@1.0.0". */
static bool is_named(const WitScope *world, Bytes name) {
    const WitPackageName *package = &world->package->name;
    if (sgi_bytes_equal(world->name, name) || package->text.size == 0)
        return sgi_bytes_equal(world->name, name);
    size_t size = package->text.size + 1 + world->name.size;
    size_t version = package->version.size ? package->version.size + 1 : 0;
    return name.size == size + version && memcmp(name.data, package->text.data, package->text.size) == 0 &&
           name.data[package->text.size] == '/' &&
           memcmp(name.data + size - world->name.size, world->name.data, world->name.size) == 0 &&
           (version == 0 || (name.data[size] == '@' &&
                             memcmp(name.data + size + 1, package->version.data, version - 1) == 0));
}

sg_status sgi_wit_find_world(const Wit *wit, const char *name, const WitScope **world) {
    Bytes wanted = sgi_bytes_of(name ? name : "");
    bool is_own = wanted.size == 0 || memchr(wanted.data, '/', wanted.size) == NULL;
    *world = NULL;
    /* A name alone is first the own package's. */
    for (int pass = is_own ? 0 : 1; pass < 2 && *world == NULL; pass++)
        for (const WitPackage *package = wit->packages; package; package = package->next)
            for (const WitScope *scope = package->scopes; scope; scope = scope->next) {
                if (!scope->is_world || (pass == 0 && package != wit->own) ||
                    (name && !is_named(scope, wanted)))
                    continue;
                if (*world)
                    return sgi_fail(wit->cx.err, SG_NOT_FOUND, SG_NO_OFFSET, "more than one world", "%s",
                                    "name the one that is meant");
                *world = scope;
            }
    return *world ? SG_OK
                  : sgi_fail(wit->cx.err, SG_NOT_FOUND, SG_NO_OFFSET, "world not found", "%.*s",
                             wanted.size > 200 ? 200 : (int)wanted.size, (const char *)wanted.data);
}

sg_status sgi_wit_print(const LoadContext *cx, const Component *component, Buf *text) {
    Wit wit;
    sg_status status = sgi_wit_decode(&wit, cx, component);
    if (status == SG_OK)
        status = sgi_wit_print_tree(&wit, text);
    sgi_wit_close(&wit);
    return status;
}
