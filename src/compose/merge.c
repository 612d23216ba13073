/* Imports of several worlds or components → imports of one component.
 *
 * Imports of one name, or of compatible versions, are one import: of an instance with all that any of them
 * asks for, under the newest version's name. The same types in two of them are then one type (Writer.same),
 * and imports follow those whose types they use. */
#include "compose/private.h"

#include <stdlib.h>

void sgi_merge_init(Merge *m, Writer *root, const PtrMap *live) {
    *m = (Merge){.cx = root->cx, .root = root, .live = live};
    sgi_ptrs_init(&m->same, m->cx->alloc);
    sgi_ptrs_init(&m->owners, m->cx->alloc);
    sgi_map_init(&m->names, m->cx->alloc);
    root->same = &m->same;
}

void sgi_merge_free(Merge *m) {
    sgi_map_free(&m->names);
    sgi_vec_free(m->cx->alloc, &m->members);
    sgi_vec_free(m->cx->alloc, &m->groups);
    sgi_vec_free(m->cx->alloc, &m->pairs);
    sgi_vec_free(m->cx->alloc, &m->deps);
    sgi_ptrs_free(&m->owners);
    sgi_ptrs_free(&m->same);
}

static sg_status no_memory(const Merge *m) {
    return sgi_load_no_memory(m->cx);
}

sg_status sgi_merge_add(Merge *m, const NamedExtern *import, uint32_t *group) {
    Version version;
    Bytes key = sgi_version_of(import->name, &version) ? version.track : import->name;
    uint32_t index = (uint32_t)m->members.count;
    MergeMember member = {import, NO_INDEX};
    MergeGroup made = {.first = index, .last = index};
    if (!sgi_vec_push(m->cx->alloc, &m->members, member))
        return no_memory(m);
    switch (sgi_map_put(&m->names, key, (uint32_t)m->groups.count)) {
    case MAP_ADDED:
        *group = (uint32_t)m->groups.count;
        return sgi_vec_push(m->cx->alloc, &m->groups, made) ? SG_OK : no_memory(m);
    case MAP_EXISTS:
        *group = *sgi_map_get(&m->names, key);
        m->members.items[m->groups.items[*group].last].next = index;
        m->groups.items[*group].last = index;
        return SG_OK;
    case MAP_NO_MEMORY: break;
    }
    return no_memory(m);
}

/* ---- those that are one ---- */

bool sgi_merge_is_better(Bytes name, const Version *wanted, const NamedExtern *best) {
    Version version, known;
    if (!sgi_version_of(name, &version) || !sgi_bytes_equal(version.track, wanted->track))
        return false;
    return best == NULL || !sgi_version_of(best->name, &known) || version.minor > known.minor ||
           (version.minor == known.minor && version.patch > known.patch);
}

static sg_status put(const Merge *m, PtrMap *map, const void *key, const void *value) {
    return sgi_ptrs_put(map, key, value) ? SG_OK : no_memory(m);
}

/* From here on `type` is `first`, which stands for it. */
static sg_status unify(Merge *m, const ExternType *type, const ExternType *first) {
    const CompType *a = &type->as.type.type, *b = &first->as.type.type;
    if (type->sort != SORT_TYPE || first->sort != SORT_TYPE || a->kind != b->kind)
        return SG_OK;
    if (a->kind != CT_RESOURCE)
        return put(m, &m->same, a->as.value, b->as.value);
    SGI_TRY(put(m, &m->same, a->name, b->name));
    bool are_introduced = type->as.type.is_sub_resource && first->as.type.is_sub_resource;
    return are_introduced ? put(m, &m->same, a->as.resource, b->as.resource) : SG_OK;
}

typedef Vec(NamedExtern) Externs;

/* `item`, of `import`, is the same as `first`. */
static sg_status add_pair(Merge *m, const NamedExtern *import, const NamedExtern *item,
                          const ExternType *first) {
    MergePair pair = {import, item, *first};
    SGI_TRY(unify(m, &item->type, first));
    return sgi_vec_push(m->cx->alloc, &m->pairs, pair) ? SG_OK : no_memory(m);
}

static sg_status merge_exports(Merge *m, const NamedExtern *import, Map *names, Externs *all) {
    const InstanceType *type = import->type.as.instance;
    for (uint32_t i = 0; i < type->export_count; i++) {
        const NamedExtern *item = &type->exports[i];
        if (!sgi_live_extern(m->live, item))
            continue;
        switch (sgi_map_put(names, item->name, (uint32_t)all->count)) {
        case MAP_ADDED:
            if (!sgi_vec_push(m->cx->alloc, all, *item))
                return no_memory(m);
            break;
        case MAP_EXISTS:
            SGI_TRY(add_pair(m, import, item, &all->items[*sgi_map_get(names, item->name)].type));
            break;
        case MAP_NO_MEMORY: return no_memory(m);
        }
    }
    return SG_OK;
}

/* Instances become one; of other things the first stands for all. */
static sg_status merge_members(Merge *m, MergeGroup *group, Map *names, Externs *all) {
    bool are_instances = group->item.type.sort == SORT_INSTANCE;
    for (uint32_t i = group->first; i != NO_INDEX; i = m->members.items[i].next) {
        const NamedExtern *import = m->members.items[i].import;
        Version version, known;
        if (are_instances && import->type.sort == SORT_INSTANCE)
            SGI_TRY(merge_exports(m, import, names, all));
        else if (i != group->first)
            SGI_TRY(add_pair(m, import, import, &group->item.type));
        if (sgi_version_of(group->item.name, &known) && sgi_version_of(import->name, &version) &&
            sgi_merge_is_better(import->name, &known, &group->item))
            group->item.name = import->name;
    }
    if (!are_instances)
        return SG_OK;
    InstanceType *merged = sgi_arena_alloc(m->root->arena, sizeof *merged);
    NamedExtern *exports = sgi_arena_copy(m->root->arena, all->items, all->count * sizeof *exports);
    if (merged == NULL || (exports == NULL && all->count > 0))
        return no_memory(m);
    *merged = (InstanceType){.exports = exports, .export_count = (uint32_t)all->count};
    group->item.type.as.instance = merged;
    return SG_OK;
}

static sg_status merge(Merge *m, MergeGroup *group) {
    group->item = *m->members.items[group->first].import;
    if (group->first == group->last)
        return SG_OK;
    Map names;
    Externs all = {0};
    sgi_map_init(&names, m->cx->alloc);
    sg_status status = merge_members(m, group, &names, &all);
    sgi_map_free(&names);
    sgi_vec_free(m->cx->alloc, &all);
    return status;
}

/* ---- that they can be one ---- */

static const void *stands_for(const Merge *m, const void *node) {
    const void *same = node ? sgi_ptrs_get(&m->same, node) : NULL;
    return same ? same : node;
}

static bool is_same_type(const Merge *m, const sg_type *a, const sg_type *b);

/* Recursion: types nest at most LIMIT(TYPE_DEPTH) deep. */
static bool has_same_parts(const Merge *m, const sg_type *a, const sg_type *b) {
    bool is_same = a->kind == b->kind && a->field_count == b->field_count && a->length == b->length &&
                   stands_for(m, a->resource) == stands_for(m, b->resource) &&
                   is_same_type(m, a->element, b->element) && is_same_type(m, a->key, b->key);
    for (uint32_t i = 0; i < a->field_count && is_same; i++)
        is_same = sgi_bytes_equal(a->fields[i].name, b->fields[i].name) &&
                  is_same_type(m, a->fields[i].type, b->fields[i].type);
    return is_same;
}

/* Types that were made one are pairs themselves, looked at on their own. */
static bool is_same_type(const Merge *m, const sg_type *a, const sg_type *b) {
    if (a == NULL || b == NULL)
        return a == b;
    return stands_for(m, a) == stands_for(m, b) || has_same_parts(m, a, b);
}

static bool is_same_func(const Merge *m, const CompFuncType *a, const CompFuncType *b) {
    bool is_same = a->is_async == b->is_async && a->param_count == b->param_count &&
                   is_same_type(m, a->result, b->result);
    for (uint32_t i = 0; i < a->param_count && is_same; i++)
        is_same = sgi_bytes_equal(a->params[i].name, b->params[i].name) &&
                  is_same_type(m, a->params[i].type, b->params[i].type);
    return is_same;
}

/* Of instances inside, what uses them tells. */
static bool is_same_extern(const Merge *m, const ExternType *a, const ExternType *b) {
    const CompType *x = &a->as.type.type, *y = &b->as.type.type;
    if (a->sort != b->sort)
        return false;
    if (a->sort == SORT_FUNC)
        return is_same_func(m, a->as.func, b->as.func);
    return a->sort != SORT_TYPE ||
           (x->kind == y->kind && (x->kind != CT_VALUE || has_same_parts(m, x->as.value, y->as.value)));
}

static sg_status check_pairs(const Merge *m) {
    for (size_t i = 0; i < m->pairs.count; i++) {
        const MergePair *pair = &m->pairs.items[i];
        SGI_TRY(sgi_load_poll(m->cx));
        if (!is_same_extern(m, &pair->first, &pair->item->type))
            return sgi_fail(m->cx->err, SG_UNLINKABLE, SG_NO_OFFSET,
                            "imports of one name have different types", "`%.*s`, `%.*s`",
                            (int)pair->import->name.size, (const char *)pair->import->name.data,
                            (int)pair->item->name.size, (const char *)pair->item->name.data);
    }
    return SG_OK;
}

/* ---- their order ---- */

static sg_status own_type(Merge *m, const ExternType *type, uint32_t group) {
    const CompType *inner = &type->as.type.type;
    const void *owner = (const void *)((uintptr_t)group + 1);
    if (type->sort != SORT_TYPE)
        return SG_OK;
    if (inner->kind != CT_RESOURCE)
        return put(m, &m->owners, inner->as.value, owner);
    return type->as.type.is_sub_resource ? put(m, &m->owners, inner->as.resource, owner) : SG_OK;
}

static sg_status reach(Merge *m, const ExternType *type, PtrMap *reached) {
    const CompType *inner = &type->as.type.type;
    if (type->sort == SORT_FUNC)
        return sgi_live_func(m->cx, reached, type->as.func);
    if (type->sort == SORT_TYPE && inner->kind == CT_VALUE)
        return sgi_live_value(m->cx, reached, inner->as.value);
    if (type->sort == SORT_TYPE && inner->kind == CT_RESOURCE)
        return put(m, reached, inner->as.resource, inner);
    if (type->sort == SORT_INSTANCE)
        for (uint32_t i = 0; i < type->as.instance->export_count; i++)
            SGI_TRY(reach(m, &type->as.instance->exports[i].type, reached));
    return SG_OK;
}

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The groups whose types group `index` reaches. */
static sg_status find_deps(Merge *m, uint32_t index, PtrMap *reached) {
    MergeGroup *group = &m->groups.items[index];
    SGI_TRY(reach(m, &group->item.type, reached));
    group->dep_start = (uint32_t)m->deps.count;
    for (size_t i = 0; i < reached->capacity; i++) {
        const void *node = reached->entries[i].key;
        const void *owner = node ? sgi_ptrs_get(&m->owners, stands_for(m, node)) : NULL;
        uint32_t dep = (uint32_t)((uintptr_t)owner - 1);
        if (owner && dep != index && !sgi_vec_push(m->cx->alloc, &m->deps, dep))
            return no_memory(m);
    }
    group->dep_count = (uint32_t)m->deps.count - group->dep_start;
    if (group->dep_count > 0)
        qsort(&m->deps.items[group->dep_start], group->dep_count, sizeof *m->deps.items, by_number);
    return SG_OK;
}

static bool is_ready(const Merge *m, const MergeGroup *group) {
    for (uint32_t i = 0; i < group->dep_count; i++)
        if (!m->groups.items[m->deps.items[group->dep_start + i]].is_declared)
            return false;
    return true;
}

static sg_status order(Merge *m) {
    for (uint32_t i = 0; i < m->groups.count; i++) {
        const NamedExtern *item = &m->groups.items[i].item;
        SGI_TRY(own_type(m, &item->type, i));
        if (item->type.sort == SORT_INSTANCE)
            for (uint32_t j = 0; j < item->type.as.instance->export_count; j++)
                SGI_TRY(own_type(m, &item->type.as.instance->exports[j].type, i));
    }
    for (uint32_t i = 0; i < m->groups.count; i++) {
        PtrMap reached;
        sgi_ptrs_init(&reached, m->cx->alloc);
        sg_status status = find_deps(m, i, &reached);
        sgi_ptrs_free(&reached);
        SGI_TRY(status);
    }
    return SG_OK;
}

/* Of one that was merged only what is kept is left. */
static sg_status declare(Merge *m, MergeGroup *group) {
    const PtrMap *live = group->first == group->last ? m->live : NULL;
    group->is_declared = true;
    return sgi_writer_declare(m->root, true, &group->item, live, &group->index);
}

sg_status sgi_merge_declare(Merge *m) {
    for (size_t i = 0; i < m->groups.count; i++)
        SGI_TRY(merge(m, &m->groups.items[i]));
    SGI_TRY(check_pairs(m));
    SGI_TRY(order(m));
    /* Mostly they stand in a good order: one pass declares all of them. */
    for (size_t left = m->groups.count; left > 0;) {
        size_t before = left;
        for (size_t i = 0; i < m->groups.count; i++) {
            SGI_TRY(sgi_load_poll(m->cx));
            if (m->groups.items[i].is_declared || !is_ready(m, &m->groups.items[i]))
                continue;
            SGI_TRY(declare(m, &m->groups.items[i]));
            left--;
        }
        if (left == before)
            return sgi_fail(m->cx->err, SG_UNLINKABLE, SG_NO_OFFSET, "imports depend on each other", "%s",
                            "");
    }
    return SG_OK;
}
