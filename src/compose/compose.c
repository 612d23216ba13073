/* Components → one component: the exports of plugs become the imports of a socket, whose exports are the
 * result's. What is left of the imports of all of them is imported.
 * Imports of several of them that are the same become one (merge.c). */
#include "compose/private.h"
#include "validate/validate.h"

/* One import of one component. */
typedef struct Wire {
    const NamedExtern *import;
    uint32_t part, group;       /* group: of those that stay imports, else NO_INDEX */
    uint32_t plug;              /* the part that exports it, else NO_INDEX */
    const NamedExtern *export_; /* the same */
} Wire;

typedef struct Part {
    const Component *component;
    uint32_t first_wire;
    uint32_t instance;
    bool is_used;
} Part;

typedef struct Composer {
    const LoadContext *cx;
    Arena arena;
    Writer root;
    Merge imports;
    Part *parts; /* the socket first */
    uint32_t part_count;
    Vec(Wire) wires;
} Composer;

static sg_status no_memory(const Composer *c) {
    return sgi_load_no_memory(c->cx);
}

/* ---- what is connected with what ---- */

static const NamedExtern *find_export(const ComponentType *type, Bytes name) {
    const NamedExtern *best = NULL;
    Version wanted;
    bool has_version = sgi_version_of(name, &wanted);
    for (uint32_t i = 0; i < type->export_count; i++) {
        if (sgi_bytes_equal(type->exports[i].name, name))
            return &type->exports[i];
        if (has_version && sgi_merge_is_better(type->exports[i].name, &wanted, best))
            best = &type->exports[i];
    }
    return best;
}

/* Imports of the socket take the first plug that has them. */
static sg_status find_plug(Composer *c, Wire *wire) {
    for (uint32_t i = 1; i < c->part_count && wire->plug == NO_INDEX; i++) {
        SGI_TRY(sgi_load_poll(c->cx));
        wire->export_ = find_export(&c->parts[i].component->type, wire->import->name);
        if (wire->export_ == NULL)
            continue;
        wire->plug = i;
        c->parts[i].is_used = true;
    }
    return SG_OK;
}

static sg_status check_plugs(Composer *c) {
    const ComponentType *type = &c->parts[0].component->type;
    const ExternType **given = sgi_arena_array(&c->arena, type->import_count + 1u, sizeof *given);
    if (given == NULL)
        return no_memory(c);
    for (uint32_t i = 0; i < type->import_count; i++)
        given[i] = c->wires.items[i].export_ ? &c->wires.items[i].export_->type : NULL;
    uint32_t failed = 0;
    sg_error error;
    if (sgi_imports_check(c->cx->types, c->cx->alloc, type, given, &failed, &error) == SG_OK)
        return SG_OK;
    const Wire *wire = &c->wires.items[failed];
    return sgi_fail(c->cx->err, error.status, SG_NO_OFFSET, error.message, "plug %u, `%.*s`: %s",
                    (unsigned)wire->plug, (int)wire->import->name.size, (const char *)wire->import->name.data,
                    error.detail);
}

static sg_status connect(Composer *c) {
    for (uint32_t i = 0; i < c->part_count; i++) {
        const ComponentType *type = &c->parts[i].component->type;
        c->parts[i].first_wire = (uint32_t)c->wires.count;
        for (uint32_t j = 0; j < type->import_count; j++) {
            Wire wire = {.import = &type->imports[j], .part = i};
            wire.group = wire.plug = NO_INDEX;
            SGI_TRY(i == 0 ? find_plug(c, &wire) : SG_OK);
            if (wire.plug == NO_INDEX)
                SGI_TRY(sgi_merge_add(&c->imports, wire.import, &wire.group));
            if (!sgi_vec_push(c->cx->alloc, &c->wires, wire))
                return no_memory(c);
        }
    }
    for (uint32_t i = 1; i < c->part_count; i++)
        if (!c->parts[i].is_used)
            return sgi_fail(c->cx->err, SG_UNLINKABLE, SG_NO_OFFSET,
                            "a plug exports nothing that is imported", "plug %u", (unsigned)i);
    return check_plugs(c);
}

/* ---- the result ---- */

static sg_status argument_of(Composer *c, const Wire *wire, Arg *arg) {
    Sort sort = wire->import->type.sort;
    *arg = (Arg){wire->import->name, sort, 0};
    if (wire->plug == NO_INDEX) {
        arg->index = c->imports.groups.items[wire->group].index;
        return SG_OK;
    }
    arg->index = sgi_writer_alias_export(&c->root, sort, c->parts[wire->plug].instance, wire->export_->name);
    return sort == SORT_INSTANCE
               ? sgi_writer_bind_instance(&c->root, arg->index, wire->import->type.as.instance, NULL)
               : SG_OK;
}

static sg_status instantiate(Composer *c, uint32_t index) {
    Part *part = &c->parts[index];
    const ComponentType *type = &part->component->type;
    Args args = {0};
    sg_status status = SG_OK;
    uint32_t component = sgi_writer_component(&c->root, part->component->bytes);
    for (uint32_t i = 0; i < type->import_count && status == SG_OK; i++) {
        Arg arg;
        status = argument_of(c, &c->wires.items[part->first_wire + i], &arg);
        if (status == SG_OK && !sgi_vec_push(c->cx->alloc, &args, arg))
            status = no_memory(c);
    }
    part->instance = sgi_writer_instantiate(&c->root, component, args.items, args.count);
    sgi_vec_free(c->cx->alloc, &args);
    return status;
}

/* Types of values are defined anew, and functions get a type, of the types that stand outside. */
static sg_status export_item(Composer *c, const NamedExtern *item) {
    const ExternType *type = &item->type;
    const CompType *inner = &type->as.type.type;
    bool is_func = type->sort == SORT_FUNC, is_value = type->sort == SORT_TYPE && inner->kind == CT_VALUE;
    uint32_t func_type = 0, index = 0;
    if (is_value)
        SGI_TRY(sgi_writer_type_anew(&c->root, inner, &index));
    else
        index = sgi_writer_alias_export(&c->root, type->sort, c->parts[0].instance, item->name);
    if (is_func)
        SGI_TRY(sgi_writer_func_type(&c->root, type->as.func, &func_type));
    index = sgi_writer_export(&c->root, item, index, is_func ? &func_type : NULL);
    if (type->sort == SORT_TYPE)
        return sgi_writer_bind(&c->root, inner, index);
    return type->sort == SORT_INSTANCE ? sgi_writer_bind_instance(&c->root, index, type->as.instance, NULL)
                                       : SG_OK;
}

static sg_status compose(Composer *c, Buf *binary) {
    SGI_TRY(connect(c));
    SGI_TRY(sgi_merge_declare(&c->imports));
    for (uint32_t i = c->part_count; i > 0; i--)
        SGI_TRY(instantiate(c, i - 1));
    const ComponentType *socket = &c->parts[0].component->type;
    for (uint32_t i = 0; i < socket->export_count; i++)
        SGI_TRY(export_item(c, &socket->exports[i]));
    return sgi_writer_finish(&c->root, binary);
}

static sg_status begin(Composer *c, const Component *socket, const Component *const *plugs, size_t count) {
    c->parts = count < UINT32_MAX ? sgi_arena_array(&c->arena, count + 1, sizeof *c->parts) : NULL;
    if (c->parts == NULL)
        return no_memory(c);
    c->part_count = (uint32_t)count + 1;
    c->parts[0].component = socket;
    for (size_t i = 0; i < count; i++)
        c->parts[i + 1].component = plugs[i];
    return SG_OK;
}

sg_status sgi_compose(const LoadContext *cx, const Component *socket, const Component *const *plugs,
                      size_t plug_count, Buf *binary) {
    Composer c = {.cx = cx};
    sgi_arena_init(&c.arena, cx->alloc);
    sgi_writer_init(&c.root, cx, &c.arena, WRITER_COMPONENT, NULL);
    sgi_merge_init(&c.imports, &c.root, NULL);
    sg_status status = begin(&c, socket, plugs, plug_count);
    if (status == SG_OK)
        status = compose(&c, binary);
    sgi_vec_free(cx->alloc, &c.wires);
    sgi_merge_free(&c.imports);
    sgi_writer_free(&c.root);
    sgi_arena_free(&c.arena);
    return status;
}
