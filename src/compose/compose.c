/* Components → one component: the exports of plugs become the imports of a socket, whose exports are the
 * result's. What is left of the imports of all of them is imported.
 *
 * Imports of one name, or of compatible versions, are one import: of an instance with all that any of them
 * asks for, under the newest version's name. The same types in two of them are then one type (Writer.same),
 * and imports follow those whose types they use. */
#include "compose/private.h"
#include "validate/validate.h"

#include <stdlib.h>

/* One import of one component. */
typedef struct Wire {
    const NamedExtern *import;
    uint32_t part, group;       /* group: of those that stay imports, else NO_INDEX */
    uint32_t plug;              /* the part that exports it, else NO_INDEX */
    const NamedExtern *export_; /* the same */
    uint32_t next;              /* in the group, or NO_INDEX */
} Wire;

/* One import of the result. */
typedef struct Group {
    uint32_t first, last; /* wires */
    NamedExtern item;
    uint32_t dep_start, dep_count;
    bool is_declared;
    uint32_t index;
} Group;

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
    PtrMap same;
    PtrMap owners; /* types that imports introduce → their group plus 1 */
    Part *parts;   /* the socket first */
    uint32_t part_count;
    Vec(Wire) wires;
    Vec(Group) groups;
    Vec(uint32_t) deps; /* groups, for each group those that it follows */
} Composer;

static sg_status no_memory(const Composer *c) {
    return sgi_load_no_memory(c->cx);
}

/* ---- what is connected with what ---- */

/* Is `name` compatible with `wanted`, and newer than `best`, if there is one yet? */
static bool is_better(Bytes name, const Version *wanted, const NamedExtern *best) {
    Version version, known;
    if (!sgi_version_of(name, &version) || !sgi_bytes_equal(version.track, wanted->track))
        return false;
    return best == NULL || !sgi_version_of(best->name, &known) || version.minor > known.minor ||
           (version.minor == known.minor && version.patch > known.patch);
}

static const NamedExtern *find_export(const ComponentType *type, Bytes name) {
    const NamedExtern *best = NULL;
    Version wanted;
    bool has_version = sgi_version_of(name, &wanted);
    for (uint32_t i = 0; i < type->export_count; i++) {
        if (sgi_bytes_equal(type->exports[i].name, name))
            return &type->exports[i];
        if (has_version && is_better(type->exports[i].name, &wanted, best))
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

static sg_status add_to_group(Composer *c, Wire *wire, uint32_t index, Map *names) {
    Version version;
    Bytes key = sgi_version_of(wire->import->name, &version) ? version.track : wire->import->name;
    Group group = {.first = index, .last = index};
    switch (sgi_map_put(names, key, (uint32_t)c->groups.count)) {
    case MAP_ADDED:
        wire->group = (uint32_t)c->groups.count;
        return sgi_vec_push(c->cx->alloc, &c->groups, group) ? SG_OK : no_memory(c);
    case MAP_EXISTS:
        wire->group = *sgi_map_get(names, key);
        c->wires.items[c->groups.items[wire->group].last].next = index;
        c->groups.items[wire->group].last = index;
        return SG_OK;
    case MAP_NO_MEMORY: break;
    }
    return no_memory(c);
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

static sg_status connect(Composer *c, Map *names) {
    for (uint32_t i = 0; i < c->part_count; i++) {
        const ComponentType *type = &c->parts[i].component->type;
        c->parts[i].first_wire = (uint32_t)c->wires.count;
        for (uint32_t j = 0; j < type->import_count; j++) {
            Wire wire = {.import = &type->imports[j], .part = i};
            wire.group = wire.plug = wire.next = NO_INDEX;
            SGI_TRY(i == 0 ? find_plug(c, &wire) : SG_OK);
            if (wire.plug == NO_INDEX)
                SGI_TRY(add_to_group(c, &wire, (uint32_t)c->wires.count, names));
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

/* ---- imports that are one ---- */

static sg_status put(const Composer *c, PtrMap *map, const void *key, const void *value) {
    return sgi_ptrs_put(map, key, value) ? SG_OK : no_memory(c);
}

/* From here on `type` is `first`, which stands for it. */
static sg_status unify(Composer *c, const ExternType *type, const ExternType *first) {
    const CompType *a = &type->as.type.type, *b = &first->as.type.type;
    if (type->sort != SORT_TYPE || first->sort != SORT_TYPE || a->kind != b->kind)
        return SG_OK;
    if (a->kind != CT_RESOURCE)
        return put(c, &c->same, a->as.value, b->as.value);
    SGI_TRY(put(c, &c->same, a->name, b->name));
    bool are_introduced = type->as.type.is_sub_resource && first->as.type.is_sub_resource;
    return are_introduced ? put(c, &c->same, a->as.resource, b->as.resource) : SG_OK;
}

typedef Vec(NamedExtern) Externs;

static sg_status merge_exports(Composer *c, const InstanceType *type, Map *names, Externs *all) {
    for (uint32_t i = 0; i < type->export_count; i++) {
        const NamedExtern *item = &type->exports[i];
        switch (sgi_map_put(names, item->name, (uint32_t)all->count)) {
        case MAP_ADDED:
            if (!sgi_vec_push(c->cx->alloc, all, *item))
                return no_memory(c);
            break;
        case MAP_EXISTS:
            SGI_TRY(unify(c, &item->type, &all->items[*sgi_map_get(names, item->name)].type));
            break;
        case MAP_NO_MEMORY: return no_memory(c);
        }
    }
    return SG_OK;
}

/* Instances become one; of other things the first stands for all. */
static sg_status merge_wires(Composer *c, Group *group, Map *names, Externs *all) {
    bool are_instances = group->item.type.sort == SORT_INSTANCE;
    for (uint32_t i = group->first; i != NO_INDEX; i = c->wires.items[i].next) {
        const NamedExtern *import = c->wires.items[i].import;
        Version version, known;
        if (are_instances && import->type.sort == SORT_INSTANCE)
            SGI_TRY(merge_exports(c, import->type.as.instance, names, all));
        else
            SGI_TRY(unify(c, &import->type, &group->item.type));
        if (sgi_version_of(group->item.name, &known) && sgi_version_of(import->name, &version) &&
            is_better(import->name, &known, &group->item))
            group->item.name = import->name;
    }
    if (!are_instances)
        return SG_OK;
    InstanceType *merged = sgi_arena_alloc(&c->arena, sizeof *merged);
    NamedExtern *exports = sgi_arena_copy(&c->arena, all->items, all->count * sizeof *exports);
    if (merged == NULL || (exports == NULL && all->count > 0))
        return no_memory(c);
    *merged = (InstanceType){.exports = exports, .export_count = (uint32_t)all->count};
    group->item.type.as.instance = merged;
    return SG_OK;
}

static sg_status merge(Composer *c, Group *group) {
    group->item = *c->wires.items[group->first].import;
    if (group->first == group->last)
        return SG_OK;
    Map names;
    Externs all = {0};
    sgi_map_init(&names, c->cx->alloc);
    sg_status status = merge_wires(c, group, &names, &all);
    sgi_map_free(&names);
    sgi_vec_free(c->cx->alloc, &all);
    return status;
}

/* ---- their order ---- */

static sg_status own_type(Composer *c, const ExternType *type, uint32_t group) {
    const CompType *inner = &type->as.type.type;
    const void *owner = (const void *)((uintptr_t)group + 1);
    if (type->sort != SORT_TYPE)
        return SG_OK;
    if (inner->kind != CT_RESOURCE)
        return put(c, &c->owners, inner->as.value, owner);
    return type->as.type.is_sub_resource ? put(c, &c->owners, inner->as.resource, owner) : SG_OK;
}

static sg_status reach(Composer *c, const ExternType *type, PtrMap *reached) {
    const CompType *inner = &type->as.type.type;
    if (type->sort == SORT_FUNC)
        return sgi_live_func(c->cx, reached, type->as.func);
    if (type->sort == SORT_TYPE && inner->kind == CT_VALUE)
        return sgi_live_value(c->cx, reached, inner->as.value);
    if (type->sort == SORT_TYPE && inner->kind == CT_RESOURCE)
        return put(c, reached, inner->as.resource, inner);
    if (type->sort == SORT_INSTANCE)
        for (uint32_t i = 0; i < type->as.instance->export_count; i++)
            SGI_TRY(reach(c, &type->as.instance->exports[i].type, reached));
    return SG_OK;
}

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The groups whose types group `index` reaches. */
static sg_status find_deps(Composer *c, uint32_t index, PtrMap *reached) {
    Group *group = &c->groups.items[index];
    SGI_TRY(reach(c, &group->item.type, reached));
    group->dep_start = (uint32_t)c->deps.count;
    for (size_t i = 0; i < reached->capacity; i++) {
        const void *node = reached->entries[i].key, *same = node ? sgi_ptrs_get(&c->same, node) : NULL;
        const void *owner = node ? sgi_ptrs_get(&c->owners, same ? same : node) : NULL;
        uint32_t dep = (uint32_t)((uintptr_t)owner - 1);
        if (owner && dep != index && !sgi_vec_push(c->cx->alloc, &c->deps, dep))
            return no_memory(c);
    }
    group->dep_count = (uint32_t)c->deps.count - group->dep_start;
    if (group->dep_count > 0)
        qsort(&c->deps.items[group->dep_start], group->dep_count, sizeof *c->deps.items, by_number);
    return SG_OK;
}

static bool is_ready(const Composer *c, const Group *group) {
    for (uint32_t i = 0; i < group->dep_count; i++)
        if (!c->groups.items[c->deps.items[group->dep_start + i]].is_declared)
            return false;
    return true;
}

static sg_status order(Composer *c) {
    for (uint32_t i = 0; i < c->groups.count; i++) {
        const NamedExtern *item = &c->groups.items[i].item;
        SGI_TRY(own_type(c, &item->type, i));
        if (item->type.sort == SORT_INSTANCE)
            for (uint32_t j = 0; j < item->type.as.instance->export_count; j++)
                SGI_TRY(own_type(c, &item->type.as.instance->exports[j].type, i));
    }
    for (uint32_t i = 0; i < c->groups.count; i++) {
        PtrMap reached;
        sgi_ptrs_init(&reached, c->cx->alloc);
        sg_status status = find_deps(c, i, &reached);
        sgi_ptrs_free(&reached);
        SGI_TRY(status);
    }
    return SG_OK;
}

/* Mostly they stand in a good order: one pass declares all of them. */
static sg_status declare_imports(Composer *c) {
    for (size_t left = c->groups.count; left > 0;) {
        size_t before = left;
        for (size_t i = 0; i < c->groups.count; i++) {
            Group *group = &c->groups.items[i];
            SGI_TRY(sgi_load_poll(c->cx));
            if (group->is_declared || !is_ready(c, group))
                continue;
            SGI_TRY(sgi_writer_declare(&c->root, true, &group->item, NULL, &group->index));
            group->is_declared = true;
            left--;
        }
        if (left == before)
            return sgi_fail(c->cx->err, SG_UNLINKABLE, SG_NO_OFFSET, "imports depend on each other", "%s",
                            "");
    }
    return SG_OK;
}

/* ---- the result ---- */

static sg_status argument_of(Composer *c, const Wire *wire, Arg *arg) {
    Sort sort = wire->import->type.sort;
    *arg = (Arg){wire->import->name, sort, 0};
    if (wire->plug == NO_INDEX) {
        arg->index = c->groups.items[wire->group].index;
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

static sg_status compose(Composer *c, Map *names, Buf *binary) {
    SGI_TRY(connect(c, names));
    for (size_t i = 0; i < c->groups.count; i++)
        SGI_TRY(merge(c, &c->groups.items[i]));
    SGI_TRY(order(c));
    SGI_TRY(declare_imports(c));
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
    Map names;
    sgi_arena_init(&c.arena, cx->alloc);
    sgi_writer_init(&c.root, cx, &c.arena, WRITER_COMPONENT, NULL);
    sgi_ptrs_init(&c.same, cx->alloc);
    sgi_ptrs_init(&c.owners, cx->alloc);
    sgi_map_init(&names, cx->alloc);
    c.root.same = &c.same;
    sg_status status = begin(&c, socket, plugs, plug_count);
    if (status == SG_OK)
        status = compose(&c, &names, binary);
    sgi_map_free(&names);
    sgi_vec_free(cx->alloc, &c.wires);
    sgi_vec_free(cx->alloc, &c.groups);
    sgi_vec_free(cx->alloc, &c.deps);
    sgi_ptrs_free(&c.owners);
    sgi_ptrs_free(&c.same);
    sgi_writer_free(&c.root);
    sgi_arena_free(&c.arena);
    return status;
}
