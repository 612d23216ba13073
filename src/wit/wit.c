/* A WIT package, as files of text → the binary of a component (wit.h). */
#include "wit/tree.h"

#include <string.h>

bool sgi_wit_map(Wit *wit, Map *map) {
    sgi_map_init(map, wit->cx.alloc);
    return sgi_vec_push(wit->cx.alloc, &wit->maps, map);
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
        if (group.size == 0)
            continue;
        ok = sgi_map_put(&groups, group, (uint32_t)i + 1) != MAP_NO_MEMORY;
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

static sg_status translate(Wit *wit, const sg_wit_source *sources, size_t count, Buf *binary) {
    SGI_TRY(make_files(wit, sources, count));
    SGI_TRY(name_packages(wit));
    for (size_t i = 0; i < wit->file_count; i++)
        SGI_TRY(sgi_wit_parse_file(wit, &wit->files[i]));
    SGI_TRY(sgi_wit_resolve(wit));
    /* Worlds are only known to be right once they are encoded: all are, the package's last. */
    const WitPackage *own = wit->files[0].package;
    for (size_t i = 0; i < wit->file_count; i++)
        if (wit->files[i].group == 0)
            own = wit->files[i].package;
    for (const WitPackage *package = wit->packages; package; package = package->next) {
        Buf unused;
        sgi_buf_init(&unused, wit->cx.alloc);
        sg_status status = package == own ? SG_OK : sgi_wit_encode_package(wit, package, &unused);
        sgi_buf_free(&unused);
        SGI_TRY(status);
    }
    return sgi_wit_encode_package(wit, own, binary);
}

sg_status sgi_wit_encode(const LoadContext *cx, const sg_wit_source *sources, size_t count,
                         const char *const *features, size_t feature_count, Buf *binary) {
    if (count == 0)
        return sgi_fail(cx->err, SG_MALFORMED, SG_NO_OFFSET, "no WIT files", "%s", "");
    Wit wit = {.cx = *cx, .features = features, .feature_count = feature_count};
    wit.last_package = &wit.packages;
    sgi_arena_init(&wit.arena, cx->alloc);
    sg_status status = translate(&wit, sources, count, binary);
    for (size_t i = 0; i < wit.maps.count; i++)
        sgi_map_free(wit.maps.items[i]);
    sgi_vec_free(cx->alloc, &wit.maps);
    sgi_vec_free(cx->alloc, &wit.objects);
    sgi_arena_free(&wit.arena);
    return status;
}
