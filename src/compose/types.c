/* Resolved types → definitions in a scope, each written once.
 *
 * A type that has a name is never written a second time where its name can be reached: it is taken, in this
 * order, from the scope itself, from an instance in the scope that exports it (an alias), from the scope
 * around a type (an outer alias), or from the component around a component (an import made on demand, whose
 * argument is found there). What it is another name of is looked for the same way. Only then its parts are.
 *
 * Types nest at most LIMIT(TYPE_DEPTH) deep, which bounds the recursion. */
#include "compose/private.h"

#include <stdio.h>

/* An instance that exports a type, or another instance. */
typedef struct Origin {
    const struct Origin *within; /* what exports it; NULL: it is `instance` */
    uint32_t instance;
    Bytes name;
} Origin;

static sg_status keep(const Writer *w, PtrMap *map, const void *node, const void *value) {
    return sgi_ptrs_put(map, node, value) ? SG_OK : sgi_writer_no_memory(w);
}

static sg_status keep_index(const Writer *w, PtrMap *map, const void *node, uint32_t index) {
    return keep(w, map, node, (const void *)((uintptr_t)index + 1));
}

static bool get_index(const PtrMap *map, const void *node, uint32_t *index) {
    const void *value = sgi_ptrs_get(map, node);
    *index = (uint32_t)((uintptr_t)value - 1);
    return value != NULL;
}

/* ---- what is kept ---- */

sg_status sgi_live_value(const LoadContext *cx, PtrMap *live, const sg_type *type) {
    if (type == NULL || sgi_ptrs_get(live, type))
        return SG_OK;
    SGI_TRY(sgi_load_poll(cx));
    bool ok = sgi_ptrs_put(live, type, type);
    if (type->resource)
        ok = ok && sgi_ptrs_put(live, type->resource, type) && sgi_ptrs_put(live, type->resource_name, type);
    if (!ok)
        return sgi_load_no_memory(cx);
    for (uint32_t i = 0; i < type->field_count; i++)
        SGI_TRY(sgi_live_value(cx, live, type->fields[i].type));
    SGI_TRY(sgi_live_value(cx, live, type->element));
    SGI_TRY(sgi_live_value(cx, live, type->key));
    return sgi_live_value(cx, live, type->renamed);
}

sg_status sgi_live_func(const LoadContext *cx, PtrMap *live, const CompFuncType *type) {
    for (uint32_t i = 0; i < type->param_count; i++)
        SGI_TRY(sgi_live_value(cx, live, type->params[i].type));
    return sgi_live_value(cx, live, type->result);
}

static bool is_live(const PtrMap *live, const NamedExtern *item) {
    const CompType *type = &item->type.as.type.type;
    if (live == NULL)
        return true;
    if (item->type.sort != SORT_TYPE)
        return sgi_ptrs_get(live, item);
    switch (type->kind) {
    case CT_VALUE: return sgi_ptrs_get(live, type->as.value);
    case CT_RESOURCE:
        return sgi_ptrs_get(live, type->name) ||
               (item->type.as.type.is_sub_resource && sgi_ptrs_get(live, type->as.resource));
    default: return true;
    }
}

bool sgi_live_extern(const PtrMap *live, const NamedExtern *item) {
    if (item->type.sort != SORT_INSTANCE)
        return is_live(live, item);
    const InstanceType *instance = item->type.as.instance;
    bool any = live == NULL || sgi_ptrs_get(live, item);
    for (uint32_t i = 0; i < instance->export_count && !any; i++)
        any = is_live(live, &instance->exports[i]);
    return any;
}

/* ---- types with names ---- */

static sg_status find_named(Writer *w, const sg_type *type, const void *node, bool *found, uint32_t *index);

/* A type of the component around becomes an import of this one. */
static sg_status import_type(Writer *w, const sg_type *type, const void *node, uint32_t outer_index,
                             uint32_t *index) {
    uint32_t bound = 0;
    if (type)
        SGI_TRY(sgi_writer_type(w, type->renamed ? type->renamed : type, &bound));
    char text[16];
    Arg arg = {.sort = SORT_TYPE, .index = outer_index};
    arg.name.size = (size_t)snprintf(text, sizeof text, "type%zu", w->args.count);
    arg.name.data = sgi_arena_copy(w->arena, text, arg.name.size);
    if (arg.name.data == NULL || !sgi_vec_push(w->cx->alloc, &w->args, arg))
        return sgi_writer_no_memory(w);
    Buf *out = sgi_writer_item(w, SECTION_IMPORT);
    sgi_buf_byte(out, 0x00);
    sgi_writer_name(out, arg.name);
    sgi_buf_byte(out, SORT_TYPE);
    sgi_buf_byte(out, type == NULL);
    if (type)
        sgi_buf_leb_u(out, bound);
    *index = w->types++;
    return keep_index(w, &w->names, node, *index);
}

static sg_status find_outer(Writer *w, const sg_type *type, const void *node, bool *found, uint32_t *index) {
    uint32_t outer_index;
    if (w->outer == NULL)
        return SG_OK;
    SGI_TRY(find_named(w->outer, type, node, found, &outer_index));
    if (!*found)
        return SG_OK;
    if (w->kind == WRITER_COMPONENT)
        return import_type(w, type, node, outer_index, index);
    Buf *out = sgi_writer_item(w, SECTION_ALIAS);
    sgi_buf_byte(out, SORT_TYPE);
    sgi_buf_byte(out, 0x02);
    sgi_buf_leb_u(out, 1);
    sgi_buf_leb_u(out, outer_index);
    *index = w->types++;
    return keep_index(w, &w->names, node, *index);
}

/* The instance that exports it. */
static uint32_t exporter(Writer *w, const Origin *origin) {
    const Origin *within = origin->within;
    return within ? sgi_writer_alias_export(w, SORT_INSTANCE, exporter(w, within), within->name)
                  : origin->instance;
}

/* `node` is `type` itself, or of a resource type (`type` NULL) its name or what it is. Recursion: scopes. */
static sg_status find_named(Writer *w, const sg_type *type, const void *node, bool *found, uint32_t *index) {
    const void *same = w->same ? sgi_ptrs_get(w->same, node) : NULL;
    node = same ? same : node;
    *found = get_index(&w->names, node, index);
    if (*found)
        return SG_OK;
    const Origin *origin = sgi_ptrs_get(&w->origins, node);
    if (origin == NULL)
        return find_outer(w, type, node, found, index);
    *found = true;
    *index = sgi_writer_alias_export(w, SORT_TYPE, exporter(w, origin), origin->name);
    return keep_index(w, &w->names, node, *index);
}

sg_status sgi_writer_resource(Writer *w, const ResourceName *name, const ResourceType *resource,
                              uint32_t *index) {
    bool found;
    SGI_TRY(find_named(w, NULL, name, &found, index));
    if (!found)
        SGI_TRY(find_named(w, NULL, resource, &found, index));
    if (found)
        return SG_OK;
    return sgi_fail(w->cx->err, SG_UNLINKABLE, SG_NO_OFFSET, "resource type out of reach",
                    "`%.*s`, which no import supplies", (int)name->label.size,
                    (const char *)name->label.data);
}

/* ---- value types ---- */

static sg_status value_ref(Writer *w, const sg_type *type, ValTypeRef *ref);

static sg_status optional_ref(Writer *w, const sg_type *type, ValTypeRef *ref, const ValTypeRef **present) {
    *present = type ? ref : NULL;
    return type ? value_ref(w, type, ref) : SG_OK;
}

static sg_status put_members(Writer *w, const sg_type *type, Buf *out) {
    const ValTypeRef *present;
    ValTypeRef ref;
    sgi_buf_leb_u(out, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const CompField *field = &type->fields[i];
        SGI_TRY(optional_ref(w, field->type, &ref, &present));
        if (type->kind != SG_TUPLE)
            sgi_writer_name(out, field->name);
        if (type->kind == SG_VARIANT) {
            sgi_put_optional_valtype(out, present);
            sgi_buf_byte(out, 0x00);
        } else if (present) {
            sgi_put_valtype(out, ref);
        }
    }
    return SG_OK;
}

static sg_status put_parts(Writer *w, const sg_type *type, Buf *out) {
    const ValTypeRef *present, *error;
    ValTypeRef first, second;
    uint32_t index;
    sgi_buf_byte(out, sgi_type_opcode(type->kind));
    switch (type->kind) {
    case SG_RECORD:
    case SG_VARIANT:
    case SG_TUPLE:
    case SG_ENUM:
    case SG_FLAGS: return put_members(w, type, out);
    case SG_OPTION:
        SGI_TRY(value_ref(w, type->fields[1].type, &first));
        sgi_put_valtype(out, first);
        return SG_OK;
    case SG_RESULT:
        SGI_TRY(optional_ref(w, type->fields[0].type, &first, &present));
        SGI_TRY(optional_ref(w, type->fields[1].type, &second, &error));
        sgi_put_optional_valtype(out, present);
        sgi_put_optional_valtype(out, error);
        return SG_OK;
    case SG_STREAM:
    case SG_FUTURE:
        SGI_TRY(optional_ref(w, type->element, &first, &present));
        sgi_put_optional_valtype(out, present);
        return SG_OK;
    case SG_OWN:
    case SG_BORROW:
        SGI_TRY(sgi_writer_resource(w, type->resource_name, type->resource, &index));
        sgi_buf_leb_u(out, index);
        return SG_OK;
    case SG_MAP:
        SGI_TRY(value_ref(w, type->key, &first));
        SGI_TRY(value_ref(w, type->element, &second));
        sgi_put_valtype(out, first);
        sgi_put_valtype(out, second);
        return SG_OK;
    case SG_LIST:
    case SG_FIXED_LIST:
        SGI_TRY(value_ref(w, type->element, &first));
        sgi_put_valtype(out, first);
        if (type->kind == SG_FIXED_LIST)
            sgi_buf_leb_u(out, type->length);
        return SG_OK;
    default: return SG_OK;
    }
}

/* `type` by its parts, whatever its name. */
static sg_status define(Writer *w, const sg_type *type, ValTypeRef *ref) {
    *ref = (ValTypeRef){false, sgi_type_opcode(type->kind)};
    if (sgi_type_is_primitive(type->kind))
        return SG_OK;
    ref->is_index = true;
    if (get_index(&w->parts, type, &ref->value))
        return SG_OK;
    SGI_TRY(sgi_load_poll(w->cx));
    Buf own;
    sgi_buf_init(&own, w->cx->alloc);
    sg_status status = put_parts(w, type, &own);
    if (status == SG_OK) {
        ref->value = sgi_writer_add_type(w, &own);
        status = keep_index(w, &w->parts, type, ref->value);
    }
    sgi_buf_free(&own);
    return status;
}

/* By the first of its names from `name` on that can be reached, else by its parts. */
static sg_status ref_from(Writer *w, const sg_type *type, const sg_type *name, ValTypeRef *ref) {
    for (; name; name = name->renamed) {
        bool found;
        if (sgi_type_is_primitive(name->kind) && name->renamed == NULL)
            break;
        SGI_TRY(find_named(w, name, name, &found, &ref->value));
        ref->is_index = true;
        if (found)
            return SG_OK;
    }
    return define(w, type, ref);
}

static sg_status value_ref(Writer *w, const sg_type *type, ValTypeRef *ref) {
    return ref_from(w, type, type, ref);
}

static uint32_t index_of(Writer *w, ValTypeRef ref) {
    if (ref.is_index)
        return ref.value;
    Buf own;
    sgi_buf_init(&own, w->cx->alloc);
    sgi_put_valtype(&own, ref);
    uint32_t index = sgi_writer_add_type(w, &own);
    sgi_buf_free(&own);
    return index;
}

sg_status sgi_writer_type(Writer *w, const sg_type *type, uint32_t *index) {
    ValTypeRef ref = {false, 0};
    SGI_TRY(value_ref(w, type, &ref));
    *index = index_of(w, ref);
    return SG_OK;
}

sg_status sgi_writer_type_anew(Writer *w, const CompType *type, uint32_t *index) {
    ValTypeRef ref = {false, 0};
    if (type->kind != CT_VALUE)
        return sgi_writer_type_of(w, type, index);
    SGI_TRY(ref_from(w, type->as.value, type->as.value->renamed, &ref));
    *index = index_of(w, ref);
    return SG_OK;
}

/* ---- functions ---- */

static sg_status put_func(Writer *w, const CompFuncType *type, Buf *out) {
    const ValTypeRef *result;
    ValTypeRef ref;
    sgi_buf_byte(out, type->is_async ? 0x43 : 0x40);
    sgi_buf_leb_u(out, type->param_count);
    for (uint32_t i = 0; i < type->param_count; i++) {
        SGI_TRY(value_ref(w, type->params[i].type, &ref));
        sgi_writer_name(out, type->params[i].name);
        sgi_put_valtype(out, ref);
    }
    SGI_TRY(optional_ref(w, type->result, &ref, &result));
    sgi_put_result(out, result);
    return SG_OK;
}

sg_status sgi_writer_func_type(Writer *w, const CompFuncType *type, uint32_t *index) {
    Buf own;
    sgi_buf_init(&own, w->cx->alloc);
    sg_status status = put_func(w, type, &own);
    if (status == SG_OK)
        *index = sgi_writer_add_type(w, &own);
    sgi_buf_free(&own);
    return status;
}

/* ---- instances and components ---- */

static sg_status declare_all(Writer *w, bool are_imports, const NamedExtern *items, uint32_t count,
                             const PtrMap *live) {
    uint32_t index;
    for (uint32_t i = 0; i < count; i++)
        if (sgi_live_extern(live, &items[i]))
            SGI_TRY(sgi_writer_declare(w, are_imports, &items[i], live, &index));
    return SG_OK;
}

static sg_status end_inner(Writer *w, Writer *inner, uint32_t *index) {
    Buf own;
    sgi_buf_init(&own, w->cx->alloc);
    sg_status status = sgi_writer_finish(inner, &own);
    if (status == SG_OK)
        *index = sgi_writer_add_type(w, &own);
    sgi_buf_free(&own);
    return status;
}

static sg_status instance_type(Writer *w, const InstanceType *type, const PtrMap *live, uint32_t *index) {
    Writer inner;
    sgi_writer_init(&inner, w->cx, w->arena, WRITER_INSTANCE_TYPE, w);
    sg_status status = declare_all(&inner, false, type->exports, type->export_count, live);
    if (status == SG_OK)
        status = end_inner(w, &inner, index);
    sgi_writer_free(&inner);
    return status;
}

static sg_status component_type(Writer *w, const ComponentType *type, uint32_t *index) {
    Writer inner;
    sgi_writer_init(&inner, w->cx, w->arena, WRITER_COMPONENT_TYPE, w);
    sg_status status = declare_all(&inner, true, type->imports, type->import_count, NULL);
    if (status == SG_OK)
        status = declare_all(&inner, false, type->exports, type->export_count, NULL);
    if (status == SG_OK)
        status = end_inner(w, &inner, index);
    sgi_writer_free(&inner);
    return status;
}

sg_status sgi_writer_type_of(Writer *w, const CompType *type, uint32_t *index) {
    switch (type->kind) {
    case CT_VALUE: return sgi_writer_type(w, type->as.value, index);
    case CT_FUNC: return sgi_writer_func_type(w, type->as.func, index);
    case CT_INSTANCE: return instance_type(w, type->as.instance, NULL, index);
    case CT_COMPONENT: return component_type(w, type->as.component, index);
    case CT_RESOURCE: break;
    }
    return sgi_writer_resource(w, type->name, type->as.resource, index);
}

/* ---- imports and exports ---- */

sg_status sgi_writer_bind(Writer *w, const CompType *type, uint32_t index) {
    if (type->kind == CT_VALUE)
        return keep_index(w, &w->names, type->as.value, index);
    if (type->kind != CT_RESOURCE)
        return SG_OK;
    SGI_TRY(keep_index(w, &w->names, type->name, index));
    return keep_index(w, &w->names, type->as.resource, index);
}

static sg_status bind_origin(Writer *w, const void *node, const Origin *origin) {
    SGI_TRY(keep(w, &w->names, node, NULL));
    return keep(w, &w->origins, node, origin);
}

/* A resource type that is known under another name keeps it. */
static sg_status bind_exported(Writer *w, const ExternType *type, const Origin *origin) {
    const CompType *inner = &type->as.type.type;
    if (inner->kind != CT_RESOURCE)
        return bind_origin(w, inner->as.value, origin);
    SGI_TRY(bind_origin(w, inner->name, origin));
    bool is_known =
        sgi_ptrs_get(&w->names, inner->as.resource) || sgi_ptrs_get(&w->origins, inner->as.resource);
    return is_known && !type->as.type.is_sub_resource ? SG_OK : bind_origin(w, inner->as.resource, origin);
}

/* Recursion: instances nest like types. */
static sg_status bind_exports(Writer *w, const Origin *within, uint32_t instance, const InstanceType *type,
                              const PtrMap *live) {
    for (uint32_t i = 0; i < type->export_count; i++) {
        const NamedExtern *item = &type->exports[i];
        bool is_instance = item->type.sort == SORT_INSTANCE;
        if ((!is_instance && item->type.sort != SORT_TYPE) || !sgi_live_extern(live, item))
            continue;
        Origin *origin = sgi_arena_alloc(w->arena, sizeof *origin);
        if (origin == NULL)
            return sgi_writer_no_memory(w);
        *origin = (Origin){within, instance, item->name};
        SGI_TRY(is_instance ? bind_exports(w, origin, 0, item->type.as.instance, live)
                            : bind_exported(w, &item->type, origin));
    }
    return SG_OK;
}

sg_status sgi_writer_bind_instance(Writer *w, uint32_t instance, const InstanceType *type,
                                   const PtrMap *live) {
    return bind_exports(w, NULL, instance, type, live);
}

/* The type index that the description of `item` refers to; none for a resource that it introduces. */
static sg_status described_type(Writer *w, const NamedExtern *item, const PtrMap *live, uint32_t *index) {
    const ExternType *type = &item->type;
    switch (type->sort) {
    case SORT_FUNC: return sgi_writer_func_type(w, type->as.func, index);
    case SORT_INSTANCE: return instance_type(w, type->as.instance, live, index);
    case SORT_COMPONENT: return component_type(w, type->as.component, index);
    case SORT_TYPE:
        return type->as.type.is_sub_resource ? SG_OK : sgi_writer_type_of(w, &type->as.type.type, index);
    default:
        return sgi_fail(w->cx->err, SG_UNSUPPORTED, SG_NO_OFFSET, "import not supported here", "%s `%.*s`",
                        sgi_sort_name(type->sort), (int)item->name.size, (const char *)item->name.data);
    }
}

sg_status sgi_writer_declare(Writer *w, bool is_import, const NamedExtern *item, const PtrMap *live,
                             uint32_t *index) {
    const ExternType *type = &item->type;
    uint32_t described = 0;
    SGI_TRY(described_type(w, item, live, &described));
    Buf *out = sgi_writer_item(w, is_import ? SECTION_IMPORT : SECTION_EXPORT);
    sgi_writer_extern_name(out, item);
    sgi_buf_byte(out, (uint8_t)type->sort);
    switch (type->sort) {
    case SORT_FUNC: *index = w->funcs++; break;
    case SORT_INSTANCE: *index = w->instances++; break;
    case SORT_COMPONENT: *index = w->components++; break;
    default: sgi_buf_byte(out, type->as.type.is_sub_resource); *index = w->types++;
    }
    if (type->sort != SORT_TYPE || !type->as.type.is_sub_resource)
        sgi_buf_leb_u(out, described);
    if (type->sort == SORT_TYPE)
        return sgi_writer_bind(w, &type->as.type.type, *index);
    return type->sort == SORT_INSTANCE ? sgi_writer_bind_instance(w, *index, type->as.instance, live) : SG_OK;
}
