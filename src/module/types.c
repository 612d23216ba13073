/* The registry of defined types: recursion groups → ids.
 *
 * A group is written down as words in which a reference to a type outside is that type's id and a reference
 * inside is a position in the group. Groups are equal exactly when their words are (the types outside being
 * canonical already), so one keyed hash of the words finds an equal group: linear in the group's size,
 * nothing to compare member by member.
 *
 *   words  per member: kind, final, supertype, count(s), value types ...
 *   groups words → id of the first member
 *   rows   by id: the group and the member's Rtt; those without a group are free, linked by `next_free`
 *
 * Whoever holds a group holds those it refers to as well, and lets go of it before them: an id inside the
 * words of a group that exists is never free. */
#include "module/types.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* One block of memory: the members' fields, the offsets of their references, and the words follow. */
typedef struct Group {
    uint32_t holders, count;
    size_t size; /* of the block */
    Bytes words;
    Rtt rtts[]; /* of the members */
} Group;

typedef struct TypeRow {
    Group *group;
    uint32_t member;    /* of the group */
    uint32_t next_free; /* id, or NO_TYPE */
} TypeRow;

struct TypeRegistry {
    Alloc *alloc;
    pthread_mutex_t lock; /* guards all below, and `alloc` */
    Map groups;
    Vec(TypeRow) rows;
    Buf words;        /* of the group at hand */
    uint32_t free_id; /* or NO_TYPE */
    size_t free_count;
};

TypeRegistry *sgi_types_new(Alloc *alloc) {
    TypeRegistry *types = sgi_alloc_zero(alloc, sizeof *types);
    if (types == NULL)
        return NULL;
    if (pthread_mutex_init(&types->lock, NULL) != 0) {
        sgi_free(alloc, types, sizeof *types);
        return NULL;
    }
    types->alloc = alloc;
    types->free_id = NO_TYPE;
    sgi_map_init(&types->groups, alloc);
    sgi_buf_init(&types->words, alloc);
    return types;
}

static Rtt *row_rtt(const TypeRegistry *registry, uint32_t id) {
    const TypeRow *row = &registry->rows.items[id];
    return &row->group->rtts[row->member];
}

void sgi_types_delete(TypeRegistry *types) {
    if (types == NULL)
        return;
    Alloc *alloc = types->alloc;
    for (size_t i = 0; i < types->rows.count; i++) {
        Group *group = types->rows.items[i].group;
        if (group && group->rtts[0].id == i)
            sgi_free(alloc, group, group->size);
    }
    sgi_vec_free(alloc, &types->rows);
    sgi_map_free(&types->groups);
    sgi_buf_free(&types->words);
    pthread_mutex_destroy(&types->lock);
    sgi_free(alloc, types, sizeof *types);
}

/* ---- a group's words ---- */

/* No kind has this bit: it marks references into the group itself. */
enum { INSIDE = 0x80 };

static uint32_t word_of_type(const SubType *types, uint32_t group_start, ValType type) {
    uint32_t heap = sgi_heap(type);
    if (!sgi_is_ref(type) || sgi_is_abstract(heap))
        return type;
    return heap >= group_start ? sgi_kind(type) | INSIDE | (heap - group_start) << 8
                               : sgi_kind(type) | types[heap].id << 8;
}

static void put_word(Buf *words, uint32_t word) {
    sgi_buf_put(words, &word, sizeof word);
}

static void put_val_types(Buf *words, const SubType *types, uint32_t group_start, const ValType *list,
                          uint32_t count) {
    put_word(words, count);
    for (uint32_t i = 0; i < count; i++)
        put_word(words, word_of_type(types, group_start, list[i]));
}

static void put_sub_type(Buf *words, const SubType *types, uint32_t group_start, const SubType *type) {
    put_word(words, (uint32_t)type->kind << 1 | type->final);
    put_word(words, type->supertype == NO_TYPE
                        ? NO_TYPE
                        : word_of_type(types, group_start, sgi_ref(true, type->supertype)));
    if (type->kind == COMP_FUNC) {
        put_val_types(words, types, group_start, type->as.func.params, type->as.func.param_count);
        put_val_types(words, types, group_start, type->as.func.results, type->as.func.result_count);
        return;
    }
    put_word(words, type->as.aggregate.field_count);
    for (uint32_t i = 0; i < type->as.aggregate.field_count; i++) {
        const FieldType *field = &type->as.aggregate.fields[i];
        put_word(words, field->mutable_);
        put_word(words, word_of_type(types, group_start, field->type));
    }
}

/* ---- groups come and go ---- */

static uint32_t take_id(TypeRegistry *registry) {
    uint32_t id = registry->free_id;
    if (id == NO_TYPE)
        return (uint32_t)registry->rows.count++;
    registry->free_id = registry->rows.items[id].next_free;
    registry->free_count--;
    return id;
}

static void take_ids(TypeRegistry *registry, Group *group) {
    for (uint32_t i = 0; i < group->count; i++) {
        group->rtts[i].id = take_id(registry);
        registry->rows.items[group->rtts[i].id] = (TypeRow){.group = group, .member = i};
    }
}

static void drop_ids(TypeRegistry *registry, const Group *group) {
    for (uint32_t i = group->count; i > 0; i--) {
        registry->rows.items[group->rtts[i - 1].id] = (TypeRow){.next_free = registry->free_id};
        registry->free_id = group->rtts[i - 1].id;
    }
    registry->free_count += group->count;
}

/* The types in SubTypes, as a group without holders and ids. */
static Group *make_group(TypeRegistry *registry, const SubType *types, uint32_t group_start,
                         uint32_t group_end, Bytes words) {
    RttCounts all = {0};
    for (uint32_t i = group_start; i < group_end; i++) {
        RttCounts counts = sgi_rtt_counts(types, &types[i]);
        all.fields += counts.fields;
        all.refs += counts.refs;
    }
    uint32_t count = group_end - group_start;
    size_t fields_at = sizeof(Group) + count * sizeof(Rtt),
           refs_at = fields_at + all.fields * sizeof(RttField);
    size_t words_at = refs_at + all.refs * sizeof(uint32_t), size = words_at + words.size;
    uint8_t *block = sgi_alloc_zero(registry->alloc, size);
    if (block == NULL)
        return NULL;
    Group *group = (Group *)(void *)block;
    RttField *fields = (RttField *)(void *)(block + fields_at);
    uint32_t *refs = (uint32_t *)(void *)(block + refs_at);
    group->count = count;
    group->size = size;
    group->words = (Bytes){block + words_at, words.size};
    memcpy(block + words_at, words.data, words.size);
    for (uint32_t i = 0; i < count; i++) {
        const SubType *type = &types[group_start + i];
        Rtt *rtt = &group->rtts[i];
        uint32_t super = type->supertype;
        sgi_rtt_lay_out(rtt, types, type, fields, refs);
        fields += rtt->field_count;
        refs += rtt->ref_count;
        sgi_rtt_link(rtt, super == NO_TYPE       ? NULL
                          : super >= group_start ? &group->rtts[super - group_start]
                                                 : types[super].rtt);
    }
    return group;
}

/* A group without holders. Makes room first and then cannot fail, so that a group is there wholly or not at
 * all. */
static Group *new_group(TypeRegistry *registry, const SubType *types, uint32_t group_start,
                        uint32_t group_end, Bytes words) {
    size_t live = registry->rows.count - registry->free_count;
    uint32_t count = group_end - group_start;
    if (count > HEAP_ABSTRACT - live || !sgi_vec_reserve(registry->alloc, &registry->rows, count))
        return NULL;
    Group *group = make_group(registry, types, group_start, group_end, words);
    if (group == NULL)
        return NULL;
    take_ids(registry, group);
    if (sgi_map_put(&registry->groups, group->words, group->rtts[0].id) == MAP_ADDED)
        return group;
    drop_ids(registry, group);
    sgi_free(registry->alloc, group, group->size);
    return NULL;
}

/* The group of these types, which is made unless it is there; NULL when refused. */
static Group *find_group(TypeRegistry *registry, const SubType *types, uint32_t group_start,
                         uint32_t group_end) {
    Buf *words = &registry->words;
    words->size = 0;
    words->failed = false;
    for (uint32_t i = group_start; i < group_end; i++)
        put_sub_type(words, types, group_start, &types[i]);
    if (words->failed)
        return NULL;
    Bytes key = {words->data, words->size};
    const uint32_t *known = sgi_map_get(&registry->groups, key);
    if (known)
        return registry->rows.items[*known].group;
    return new_group(registry, types, group_start, group_end, key);
}

/* A scratch buffer that one large group made large is not kept. */
static void trim_words(TypeRegistry *registry) {
    enum { KEPT_BYTES = 4096 };
    if (registry->words.capacity > KEPT_BYTES)
        sgi_buf_free(&registry->words);
}

sg_status sgi_types_add_group(TypeRegistry *registry, SubType *types, uint32_t group_start,
                              uint32_t group_end, sg_error *err) {
    pthread_mutex_lock(&registry->lock);
    Group *group = find_group(registry, types, group_start, group_end);
    if (group) {
        group->holders++;
        for (uint32_t i = group_start; i < group_end; i++) {
            types[i].rtt = &group->rtts[i - group_start];
            types[i].id = types[i].rtt->id;
        }
    }
    trim_words(registry);
    pthread_mutex_unlock(&registry->lock);
    return group ? SG_OK : sgi_fail_memory(err);
}

void sgi_types_hold(TypeRegistry *registry, uint32_t id) {
    pthread_mutex_lock(&registry->lock);
    registry->rows.items[id].group->holders++;
    pthread_mutex_unlock(&registry->lock);
}

void sgi_types_release(TypeRegistry *registry, uint32_t id) {
    pthread_mutex_lock(&registry->lock);
    Group *group = registry->rows.items[id].group;
    if (--group->holders == 0) {
        sgi_map_remove(&registry->groups, group->words);
        drop_ids(registry, group);
        sgi_free(registry->alloc, group, group->size);
    }
    pthread_mutex_unlock(&registry->lock);
}

sg_status sgi_types_add_func(TypeRegistry *registry, const FuncType *type, uint32_t *id, sg_error *err) {
    SubType sub = {.kind = COMP_FUNC, .final = true, .supertype = NO_TYPE, .group_end = 1, .as.func = *type};
    SGI_TRY(sgi_types_add_group(registry, &sub, 0, 1, err));
    *id = sub.id;
    return SG_OK;
}

/* ---- subtyping ---- */

bool sgi_types_is_subtype(TypeRegistry *registry, uint32_t id, uint32_t super_id) {
    if (id == super_id)
        return true;
    pthread_mutex_lock(&registry->lock);
    bool is = sgi_rtt_matches(row_rtt(registry, id), row_rtt(registry, super_id));
    pthread_mutex_unlock(&registry->lock);
    return is;
}

const Rtt *sgi_types_rtt(TypeRegistry *registry, uint32_t id) {
    pthread_mutex_lock(&registry->lock);
    const Rtt *rtt = row_rtt(registry, id);
    pthread_mutex_unlock(&registry->lock);
    return rtt;
}

CompKind sgi_types_kind(TypeRegistry *registry, uint32_t id) {
    return sgi_types_rtt(registry, id)->kind;
}

ValType sgi_types_canonical(const SubType *types, ValType type) {
    if (!sgi_is_ref(type) || sgi_is_abstract(sgi_heap(type)))
        return type;
    return sgi_ref(sgi_is_nullable(type), types[sgi_heap(type)].id);
}

/* Where the numbers of concrete heap types lead: the registry by id, or one module's types by index. */
typedef struct TypeSpace {
    TypeRegistry *registry;
    const SubType *types; /* when there is no registry */
} TypeSpace;

static CompKind kind_of(TypeSpace space, uint32_t heap) {
    return space.registry ? sgi_types_kind(space.registry, heap) : space.types[heap].kind;
}

static bool is_declared_below(TypeSpace space, uint32_t sub, uint32_t super) {
    if (space.registry)
        return sgi_types_is_subtype(space.registry, sub, super);
    return sgi_rtt_matches(space.types[sub].rtt, space.types[super].rtt);
}

/* The least abstract heap type above a concrete one, and the one below it. */
static uint32_t heap_above(CompKind kind) {
    return kind == COMP_FUNC ? HEAP_FUNC : kind == COMP_STRUCT ? HEAP_STRUCT : HEAP_ARRAY;
}
static uint32_t heap_below(CompKind kind) {
    return kind == COMP_FUNC ? HEAP_NOFUNC : HEAP_NONE;
}

static bool abstract_matches(uint32_t sub, uint32_t super) {
    if (sub == super || sub == HEAP_BOTTOM)
        return true;
    switch (super) {
    case HEAP_ANY:
        if (sub == HEAP_EQ)
            return true;
        /* fall through */
    case HEAP_EQ:
        if (sub == HEAP_I31 || sub == HEAP_STRUCT || sub == HEAP_ARRAY)
            return true;
        /* fall through */
    case HEAP_I31:
    case HEAP_STRUCT:
    case HEAP_ARRAY: return sub == HEAP_NONE;
    case HEAP_FUNC: return sub == HEAP_NOFUNC;
    case HEAP_EXTERN: return sub == HEAP_NOEXTERN;
    case HEAP_EXN: return sub == HEAP_NOEXN;
    default: return false;
    }
}

static bool heap_matches(TypeSpace space, uint32_t sub, uint32_t super) {
    if (!sgi_is_abstract(sub))
        return sgi_is_abstract(super) ? abstract_matches(heap_above(kind_of(space, sub)), super)
                                      : is_declared_below(space, sub, super);
    if (sgi_is_abstract(super))
        return abstract_matches(sub, super);
    return sub == HEAP_BOTTOM || sub == heap_below(kind_of(space, super));
}

static bool matches(TypeSpace space, ValType sub, ValType super) {
    if (sub == super || sub == VAL_BOTTOM)
        return true;
    if (!sgi_is_ref(sub) || !sgi_is_ref(super) || (sgi_is_nullable(sub) && !sgi_is_nullable(super)))
        return false;
    return heap_matches(space, sgi_heap(sub), sgi_heap(super));
}

bool sgi_types_matches(TypeRegistry *registry, ValType sub, ValType super) {
    return matches((TypeSpace){.registry = registry}, sub, super);
}

bool sgi_types_matches_in(const SubType *types, ValType sub, ValType super) {
    return matches((TypeSpace){.types = types}, sub, super);
}

/* ---- names ---- */

TypeName sgi_type_name(ValType type) {
    static const struct {
        uint8_t byte;
        const char *heap, *shorthand;
    } rows[] = {
        {KIND_I32, NULL, "i32"},
        {KIND_I64, NULL, "i64"},
        {KIND_F32, NULL, "f32"},
        {KIND_F64, NULL, "f64"},
        {KIND_V128, NULL, "v128"},
        {HEAP_NOEXN & 0xff, "noexn", "nullexnref"},
        {HEAP_NOFUNC & 0xff, "nofunc", "nullfuncref"},
        {HEAP_NOEXTERN & 0xff, "noextern", "nullexternref"},
        {HEAP_NONE & 0xff, "none", "nullref"},
        {HEAP_FUNC & 0xff, "func", "funcref"},
        {HEAP_EXTERN & 0xff, "extern", "externref"},
        {HEAP_ANY & 0xff, "any", "anyref"},
        {HEAP_EQ & 0xff, "eq", "eqref"},
        {HEAP_I31 & 0xff, "i31", "i31ref"},
        {HEAP_STRUCT & 0xff, "struct", "structref"},
        {HEAP_ARRAY & 0xff, "array", "arrayref"},
        {HEAP_EXN & 0xff, "exn", "exnref"},
    };
    TypeName name = {"any type"};
    uint32_t heap = sgi_heap(type);
    const char *null = sgi_is_nullable(type) ? "null " : "";
    if (sgi_is_ref(type) && !sgi_is_abstract(heap)) {
        snprintf(name.text, sizeof name.text, "(ref %s%u)", null, heap);
        return name;
    }
    uint8_t byte = sgi_is_ref(type) ? (uint8_t)heap : sgi_kind(type);
    for (size_t i = 0; i < SGI_COUNT(rows); i++) {
        if (rows[i].byte != byte)
            continue;
        if (sgi_kind(type) == KIND_REF)
            snprintf(name.text, sizeof name.text, "(ref %s)", rows[i].heap);
        else
            snprintf(name.text, sizeof name.text, "%s", rows[i].shorthand);
    }
    return name;
}
