/* The definitions and functions of a world → copies of them, for a world that includes it. Types by name mean
 * the copies (WitDef.clone) from then on: the same world included twice, under different names, is two sets
 * of types. */
#include "wit/tree.h"

#include <string.h>

static sg_status clone_type(Wit *wit, WitType **type);

/* Both in place of what is pointed to. Recursion: type expressions nest at most LIMIT(TYPE_DEPTH) deep. */
static sg_status clone_members(Wit *wit, WitMember **link) {
    for (; *link; link = &(*link)->next) {
        WitMember *copy = *link = sgi_arena_copy(&wit->arena, *link, sizeof *copy);
        if (copy == NULL)
            return sgi_wit_no_memory(wit);
        SGI_TRY(clone_type(wit, &copy->type));
    }
    return SG_OK;
}

static sg_status clone_type(Wit *wit, WitType **type) {
    SGI_TRY(sgi_load_poll(&wit->cx));
    if (*type == NULL)
        return SG_OK;
    WitType *copy = *type = sgi_arena_copy(&wit->arena, *type, sizeof **type);
    if (copy == NULL)
        return sgi_wit_no_memory(wit);
    if (copy->def)
        copy->def = copy->def->clone;
    SGI_TRY(clone_type(wit, &copy->first));
    SGI_TRY(clone_type(wit, &copy->second));
    return clone_members(wit, &copy->items);
}

sg_status sgi_wit_clone_def(Wit *wit, WitDef *from, Bytes name) {
    WitDef *def = from->clone = sgi_arena_copy(&wit->arena, from, sizeof *from);
    if (def == NULL)
        return sgi_wit_no_memory(wit);
    def->name = name;
    def->next = NULL;
    return SG_OK;
}

sg_status sgi_wit_clone_parts(Wit *wit, WitDef *def) {
    SGI_TRY(clone_type(wit, &def->type));
    return clone_members(wit, &def->members);
}

/* "[method]resource.name" with another name of the resource. */
static sg_status rename_method(Wit *wit, const WitFunc *from, Bytes resource, Bytes *name) {
    const uint8_t *bracket = memchr(from->name.data, ']', from->name.size);
    size_t head = (size_t)(bracket - from->name.data) + 1, tail = head + from->resource->name.size;
    Buf text;
    sgi_buf_init(&text, wit->cx.alloc);
    sgi_buf_put(&text, from->name.data, head);
    sgi_buf_put(&text, resource.data, resource.size);
    sgi_buf_put(&text, from->name.data + tail, from->name.size - tail);
    sg_status status = sgi_wit_keep(wit, &text, name);
    sgi_buf_free(&text);
    return status;
}

sg_status sgi_wit_clone_func(Wit *wit, const WitFunc *from, WitFunc **func) {
    WitFunc *copy = *func = sgi_arena_copy(&wit->arena, from, sizeof *from);
    if (copy == NULL)
        return sgi_wit_no_memory(wit);
    copy->next = NULL;
    if (from->resource) {
        copy->resource = from->resource->clone;
        SGI_TRY(rename_method(wit, from, copy->resource->name, &copy->name));
    }
    SGI_TRY(clone_type(wit, &copy->result));
    return clone_members(wit, &copy->params);
}
