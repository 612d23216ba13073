/* The registry of defined types: recursion groups → ids.
 *
 * A group is written down as words in which a reference to a type outside is that type's id and a reference
 * inside is a position in the group. Groups are equal exactly when their words are (the types outside being
 * canonical already), so one keyed hash of the words finds an equal group: linear in the group's size,
 * nothing to compare member by member.
 *
 *   words  per member: kind, final, supertype, count(s), value types ...
 *   groups words → id of the first member; ids of a group follow each other
 *   rows   by id: kind and supertype */
#include "module/types.h"

#include <pthread.h>
#include <stdio.h>

typedef struct TypeRow {
    uint32_t supertype; /* id, or NO_TYPE */
    CompKind kind;
} TypeRow;

struct TypeRegistry {
    Alloc *alloc;
    pthread_mutex_t lock; /* guards all below, and `alloc` */
    Arena arena;          /* the words */
    Map groups;
    Vec(TypeRow) rows;
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
    sgi_arena_init(&types->arena, alloc);
    sgi_map_init(&types->groups, alloc);
    return types;
}

void sgi_types_delete(TypeRegistry *types) {
    if (types == NULL)
        return;
    Alloc *alloc = types->alloc;
    sgi_vec_free(alloc, &types->rows);
    sgi_map_free(&types->groups);
    sgi_arena_free(&types->arena);
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

/* Makes room first and then cannot fail, so that a group is registered wholly or not at all. */
static sg_status add_new_group(TypeRegistry *registry, const SubType *types, uint32_t group_start,
                               uint32_t count, Bytes words, uint32_t *base, sg_error *err) {
    size_t first = registry->rows.count;
    if (count > HEAP_ABSTRACT - first)
        return sgi_fail(err, SG_TOO_LARGE, SG_NO_OFFSET, "implementation limit exceeded",
                        "the engine holds %zu types already", first);
    const uint8_t *copy = sgi_arena_copy(&registry->arena, words.data, words.size);
    if (copy == NULL || !sgi_vec_reserve(registry->alloc, &registry->rows, count) ||
        sgi_map_put(&registry->groups, (Bytes){copy, words.size}, (uint32_t)first) != MAP_ADDED)
        return sgi_fail_memory(err);
    *base = (uint32_t)first;
    for (uint32_t i = 0; i < count; i++) {
        const SubType *type = &types[group_start + i];
        TypeRow row = {.supertype = NO_TYPE, .kind = type->kind};
        if (type->supertype != NO_TYPE)
            row.supertype = type->supertype >= group_start ? *base + (type->supertype - group_start)
                                                           : types[type->supertype].id;
        registry->rows.items[registry->rows.count++] = row;
    }
    return SG_OK;
}

sg_status sgi_types_add_group(TypeRegistry *registry, SubType *types, uint32_t group_start,
                              uint32_t group_end, sg_error *err) {
    sg_status status = SG_OK;
    uint32_t base = 0;
    Buf words;
    pthread_mutex_lock(&registry->lock);
    sgi_buf_init(&words, registry->alloc);
    for (uint32_t i = group_start; i < group_end; i++)
        put_sub_type(&words, types, group_start, &types[i]);
    if (words.failed) {
        status = sgi_fail_memory(err);
    } else {
        Bytes key = {words.data, words.size};
        const uint32_t *known = sgi_map_get(&registry->groups, key);
        if (known)
            base = *known;
        else
            status = add_new_group(registry, types, group_start, group_end - group_start, key, &base, err);
    }
    sgi_buf_free(&words);
    pthread_mutex_unlock(&registry->lock);
    for (uint32_t i = group_start; i < group_end && status == SG_OK; i++)
        types[i].id = base + (i - group_start);
    return status;
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
    while (id != super_id && id != NO_TYPE)
        id = registry->rows.items[id].supertype;
    pthread_mutex_unlock(&registry->lock);
    return id == super_id;
}

CompKind sgi_types_kind(TypeRegistry *registry, uint32_t id) {
    pthread_mutex_lock(&registry->lock);
    CompKind kind = registry->rows.items[id].kind;
    pthread_mutex_unlock(&registry->lock);
    return kind;
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
    for (; sub != NO_TYPE; sub = space.types[sub].supertype)
        if (space.types[sub].id == space.types[super].id)
            return true;
    return false;
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
