/* The worlds of a package in binary form: each is an export that is the type of a component that exports the
 * world's type under its full name (component model, WIT.md, "Package Format"). */
#include "compose/compose.h"

static const NamedExtern *world_of(const NamedExtern *item) {
    const CompType *type = &item->type.as.type.type;
    if (item->type.sort != SORT_TYPE || type->kind != CT_COMPONENT || type->as.component->export_count != 1)
        return NULL;
    const NamedExtern *inner = &type->as.component->exports[0];
    return inner->type.sort == SORT_COMPONENT ? inner : NULL;
}

sg_status sgi_compose_find_world(const LoadContext *cx, const ComponentType *package, const char *name,
                                 const ComponentType **world) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < package->export_count; i++) {
        const NamedExtern *item = &package->exports[i], *inner = world_of(item);
        if (inner == NULL || (name && !sgi_bytes_is(item->name, name) && !sgi_bytes_is(inner->name, name)))
            continue;
        *world = inner->type.as.component;
        count++;
    }
    if (count == 1)
        return SG_OK;
    if (name)
        return sgi_fail(cx->err, SG_NOT_FOUND, SG_NO_OFFSET, "no such world", "`%s`", name);
    return sgi_fail(cx->err, SG_NOT_FOUND, SG_NO_OFFSET,
                    count ? "the package has several worlds, none is named" : "the package has no world",
                    "%s", "");
}
