/* Scopes of the component text parser: index spaces with their names, the definitions put in place, and
 * aliases. */
#include "text/component_parse.h"

#include <string.h>

const SpaceInfo sgi_spaces[SPACE_COUNT] = {
    [SPACE_FUNC] = {"func", SORT_FUNC, false, false},
    [SPACE_VALUE] = {"value", SORT_VALUE, false, false},
    [SPACE_TYPE] = {"type", SORT_TYPE, false, true},
    [SPACE_COMPONENT] = {"component", SORT_COMPONENT, false, true},
    [SPACE_INSTANCE] = {"instance", SORT_INSTANCE, false, false},
    [SPACE_CORE_FUNC] = {"func", SORT_CORE_FUNC, true, false},
    [SPACE_CORE_TABLE] = {"table", SORT_CORE_TABLE, true, false},
    [SPACE_CORE_MEMORY] = {"memory", SORT_CORE_MEMORY, true, false},
    [SPACE_CORE_GLOBAL] = {"global", SORT_CORE_GLOBAL, true, false},
    [SPACE_CORE_TAG] = {"tag", SORT_CORE_TAG, true, false},
    [SPACE_CORE_TYPE] = {"type", SORT_CORE_TYPE, true, true},
    [SPACE_CORE_MODULE] = {"module", SORT_CORE_MODULE, true, true},
    [SPACE_CORE_INSTANCE] = {"instance", SORT_CORE_INSTANCE, true, false},
};

/* ---- scopes ---- */

sg_status sgi_parse_too_deep(const ComponentParser *c, LimitId limit) {
    TextPosition at = c->p->known;
    sgi_text_position(c->p->tokens.text, sgi_peek(c->p)->offset, &at);
    return sgi_fail_text(c->p->cx.err, SG_TOO_LARGE, at.line, at.column, "nesting too deep",
                         "more than %llu %s", (unsigned long long)sgi_limits[limit].value,
                         sgi_limits[limit].what);
}

sg_status sgi_scope_enter(ComponentParser *c, Scope *scope, ScopeKind kind, Bytes id) {
    Alloc *alloc = c->p->cx.alloc;
    *scope = (Scope){.kind = kind, .parent = c->scope, .id = id};
    scope->depth = c->scope ? c->scope->depth + 1 : 0;
    for (unsigned i = 0; i < SPACE_COUNT; i++)
        sgi_map_init(&scope->spaces[i].names, alloc);
    sgi_buf_init(&scope->out, alloc);
    sgi_buf_init(&scope->section, alloc);
    sgi_buf_init(&scope->exports, alloc);
    sgi_map_init(&scope->signatures, alloc);
    c->scope = scope;
    /* The parser recurses once a scope: this is what bounds it. */
    if (scope->depth > LIMIT_OF(COMPONENT_DEPTH))
        return sgi_parse_too_deep(c, LIMIT_ID_COMPONENT_DEPTH);
    return SG_OK;
}

void sgi_scope_leave(ComponentParser *c) {
    Scope *scope = c->scope;
    for (unsigned i = 0; i < SPACE_COUNT; i++) {
        sgi_map_free(&scope->spaces[i].names);
        sgi_vec_free(c->p->cx.alloc, &scope->spaces[i].assocs);
    }
    sgi_buf_free(&scope->out);
    sgi_buf_free(&scope->section);
    sgi_buf_free(&scope->exports);
    sgi_map_free(&scope->signatures);
    c->scope = scope->parent;
}

static void close_section(Scope *scope) {
    if (scope->count == 0)
        return;
    Buf count = {.alloc = scope->out.alloc};
    sgi_buf_leb_u(&count, scope->count);
    sgi_buf_byte(&scope->out, scope->section_id);
    sgi_buf_leb_u(&scope->out, count.size + scope->section.size);
    sgi_buf_put(&scope->out, count.data, count.size);
    sgi_buf_put(&scope->out, scope->section.data, scope->section.size);
    scope->out.failed |= count.failed | scope->section.failed;
    sgi_buf_free(&count);
    scope->section.size = 0;
    scope->count = 0;
}

/* Appends items to the section of their kind, which stays open until another kind comes. */
static void put_items(Scope *scope, Section section, const uint8_t *bytes, size_t size, uint32_t count) {
    if (scope->section_id != section)
        close_section(scope);
    scope->section_id = (uint8_t)section;
    scope->count += count;
    sgi_buf_put(&scope->section, bytes, size);
}

/* One name subsection for each space that has names (Binary.md, "Name Section"). */
static void put_names(ComponentParser *c, SpaceId id) {
    const Space *space = &c->scope->spaces[id];
    if (space->assocs.count == 0)
        return;
    size_t mark = c->w.size;
    sgi_put_sort(c, id, false);
    sgi_buf_leb_u(&c->w, space->assocs.count);
    for (size_t i = 0; i < space->assocs.count; i++) {
        sgi_buf_leb_u(&c->w, space->assocs.items[i].index);
        sgi_put_name(c, space->assocs.items[i].name);
    }
    sgi_insert_count(c, mark, c->w.size - mark);
    sgi_insert_count(c, mark, 1);
}

sg_status sgi_scope_finish_component(ComponentParser *c) {
    Scope *scope = c->scope;
    size_t mark = c->w.size;
    if (scope->export_count)
        put_items(scope, SECTION_EXPORT, scope->exports.data, scope->exports.size, scope->export_count);
    close_section(scope);
    scope->out.failed |= scope->exports.failed;
    if (scope->id.size) {
        sgi_put_name(c, scope->id);
        sgi_insert_count(c, mark, c->w.size - mark);
        sgi_insert_count(c, mark, 0);
    }
    for (unsigned i = 0; i < SPACE_COUNT; i++)
        put_names(c, (SpaceId)i);
    if (c->w.size > mark) {
        static const char title[] = "component-name";
        sgi_buf_byte(&scope->out, SECTION_CUSTOM);
        sgi_buf_leb_u(&scope->out, 1 + (sizeof title - 1) + (c->w.size - mark));
        sgi_buf_sized(&scope->out, title, sizeof title - 1);
        sgi_buf_put(&scope->out, c->w.data + mark, c->w.size - mark);
        c->w.size = mark;
    }
    return scope->out.failed || c->w.failed ? sgi_load_no_memory(&c->p->cx) : SG_OK;
}

/* ---- writing ---- */

/* The declaration bytes of component, instance and core module types. */
static uint8_t declaration_byte(ScopeKind kind, Section section) {
    if (kind == SCOPE_CORE_MODULE_TYPE)
        return section == SECTION_IMPORT      ? 0x00
               : section == SECTION_CORE_TYPE ? 0x01
               : section == SECTION_ALIAS     ? 0x02
                                              : 0x03;
    switch (section) {
    case SECTION_CORE_TYPE: return 0x00;
    case SECTION_TYPE: return 0x01;
    case SECTION_ALIAS: return 0x02;
    case SECTION_IMPORT: return 0x03;
    default: /* SECTION_EXPORT: types have no others */ return 0x04;
    }
}

void sgi_emit(ComponentParser *c, Section section, size_t mark) {
    Scope *scope = c->scope;
    if (c->w.failed)
        return;
    const uint8_t *bytes = c->w.data + mark;
    size_t size = c->w.size - mark;
    if (scope->kind != SCOPE_COMPONENT) {
        sgi_buf_byte(&scope->out, declaration_byte(scope->kind, section));
        sgi_buf_put(&scope->out, bytes, size);
        scope->count++;
    } else if (section == SECTION_CORE_MODULE || section == SECTION_COMPONENT || section == SECTION_START) {
        close_section(scope);
        sgi_buf_byte(&scope->out, (uint8_t)section);
        sgi_buf_sized(&scope->out, bytes, size);
    } else {
        put_items(scope, section, bytes, size, 1);
    }
    c->w.size = mark;
}

void sgi_emit_custom(ComponentParser *c, size_t mark) {
    Buf *out = &c->scope->out;
    if (c->w.failed)
        return;
    close_section(c->scope);
    sgi_buf_byte(out, SECTION_CUSTOM);
    sgi_buf_sized(out, c->w.data + mark, c->w.size - mark);
    c->w.size = mark;
}

void sgi_emit_late_export(ComponentParser *c, size_t mark) {
    if (c->w.failed)
        return;
    sgi_buf_put(&c->scope->exports, c->w.data + mark, c->w.size - mark);
    c->scope->export_count++;
    c->w.size = mark;
}

void sgi_insert_count(ComponentParser *c, size_t mark, uint64_t count) {
    size_t end = c->w.size;
    sgi_buf_leb_u(&c->w, count);
    if (c->w.failed)
        return;
    uint8_t leb[10];
    size_t size = c->w.size - end;
    memcpy(leb, c->w.data + end, size);
    memmove(c->w.data + mark + size, c->w.data + mark, end - mark);
    memcpy(c->w.data + mark, leb, size);
}

void sgi_put_name(ComponentParser *c, Bytes name) {
    sgi_buf_sized(&c->w, name.data, name.size);
}

void sgi_put_sort(ComponentParser *c, SpaceId space, bool is_core_context) {
    if (sgi_spaces[space].is_core && !is_core_context)
        sgi_buf_byte(&c->w, 0x00);
    sgi_buf_byte(&c->w, (uint8_t)sgi_spaces[space].sort);
}

/* ---- index spaces ---- */

sg_status sgi_define(ComponentParser *c, SpaceId space, Bytes id, uint32_t *index) {
    Space *indices = &c->scope->spaces[space];
    *index = indices->count++;
    if (id.size == 0)
        return SG_OK;
    switch (sgi_map_put(&indices->names, id, *index)) {
    case MAP_NO_MEMORY: return sgi_load_no_memory(&c->p->cx);
    case MAP_EXISTS:
        return sgi_parse_fail_at(c->p, c->p->at, "duplicate identifier", "%s $%.*s",
                                 sgi_spaces[space].keyword, (int)(id.size < 100 ? id.size : 100),
                                 (const char *)id.data);
    case MAP_ADDED: break;
    }
    if (!sgi_vec_push(c->p->cx.alloc, &indices->assocs, ((NameAssoc){*index, id})))
        return sgi_load_no_memory(&c->p->cx);
    return SG_OK;
}

static sg_status unknown(ComponentParser *c, size_t token, SpaceId space, Bytes name) {
    return sgi_parse_fail_at(c->p, token, "unknown identifier", "%s%s $%.*s",
                             sgi_spaces[space].is_core ? "core " : "", sgi_spaces[space].keyword,
                             (int)(name.size < 100 ? name.size : 100), (const char *)name.data);
}

static void put_outer_alias(ComponentParser *c, SpaceId space, uint32_t outer, uint32_t index) {
    if (c->scope->kind == SCOPE_CORE_MODULE_TYPE) { /* core:alias ::= 0x10 0x01 ct idx */
        sgi_buf_byte(&c->w, 0x10);
        sgi_buf_byte(&c->w, 0x01);
    } else {
        sgi_put_sort(c, space, false);
        sgi_buf_byte(&c->w, 0x02);
    }
    sgi_buf_leb_u(&c->w, outer);
    sgi_buf_leb_u(&c->w, index);
}

/* `name` of an outer scope becomes an alias here; each use one of its own, as numbers in the text expect. */
static sg_status find_outer(ComponentParser *c, SpaceId space, Bytes name, size_t token, uint32_t *index) {
    uint32_t outer = 0;
    for (Scope *scope = c->scope->parent; scope; scope = scope->parent) {
        outer++;
        const uint32_t *found = sgi_map_get(&scope->spaces[space].names, name);
        if (!found)
            continue;
        if (!sgi_spaces[space].is_outer)
            break;
        size_t mark = c->w.size;
        put_outer_alias(c, space, outer, *found);
        sgi_emit(c, SECTION_ALIAS, mark);
        return sgi_define(c, space, (Bytes){NULL, 0}, index);
    }
    return unknown(c, token, space, name);
}

sg_status sgi_parse_index(ComponentParser *c, SpaceId space, uint32_t *index) {
    size_t token = c->p->at;
    if (!sgi_peek_is(c->p, TOKEN_ID))
        return sgi_peek_is(c->p, TOKEN_NUMBER) ? sgi_expect_u32(c->p, index) : sgi_parse_unexpected(c->p);
    Bytes name;
    SGI_TRY(sgi_take_id(c->p, &name));
    const uint32_t *found = sgi_map_get(&c->scope->spaces[space].names, name);
    if (!found)
        return find_outer(c, space, name, token, index);
    *index = *found;
    return SG_OK;
}

sg_status sgi_parse_sort(ComponentParser *c, bool is_core_context, SpaceId *space) {
    bool is_core = sgi_take_keyword(c->p, "core") || is_core_context;
    for (unsigned i = 0; i < SPACE_COUNT; i++)
        if (sgi_spaces[i].is_core == is_core && sgi_take_keyword(c->p, sgi_spaces[i].keyword)) {
            *space = (SpaceId)i;
            return SG_OK;
        }
    return sgi_parse_unexpected(c->p);
}

/* ---- references ---- */

/* Export `name` of `instance` as a new index of `space`. */
static sg_status define_export_alias(ComponentParser *c, SpaceId space, bool from_core, uint32_t instance,
                                     Bytes name, Bytes id, uint32_t *index) {
    size_t mark = c->w.size;
    sgi_put_sort(c, space, false);
    sgi_buf_byte(&c->w, from_core ? 0x01 : 0x00);
    sgi_buf_leb_u(&c->w, instance);
    sgi_put_name(c, name);
    sgi_emit(c, SECTION_ALIAS, mark);
    return sgi_define(c, space, id, index);
}

/* Core functions, tables, memories, globals and tags come out of core instances; all else out of component
 * ones. */
static bool is_core_item(SpaceId space) {
    return space >= SPACE_CORE_FUNC && space <= SPACE_CORE_TAG;
}

/* index name*: the names project, one instance after the other. */
static sg_status parse_projection(ComponentParser *c, SpaceId space, uint32_t *index) {
    Parser *p = c->p;
    size_t at = p->at;
    sgi_advance(p);
    bool has_names = sgi_peek_is(p, TOKEN_STRING);
    p->at = at;
    if (!has_names)
        return sgi_parse_index(c, space, index);
    bool from_core = is_core_item(space);
    SGI_TRY(sgi_parse_index(c, from_core ? SPACE_CORE_INSTANCE : SPACE_INSTANCE, index));
    while (sgi_peek_is(p, TOKEN_STRING)) {
        Bytes name;
        SGI_TRY(sgi_expect_name(p, &name));
        bool is_last = !sgi_peek_is(p, TOKEN_STRING);
        if (from_core && !is_last)
            return sgi_parse_unexpected(p);
        SGI_TRY(define_export_alias(c, is_last ? space : SPACE_INSTANCE, from_core, *index, name,
                                    (Bytes){NULL, 0}, index));
    }
    return SG_OK;
}

sg_status sgi_parse_ref_rest(ComponentParser *c, SpaceId space, uint32_t *index) {
    SGI_TRY(parse_projection(c, space, index));
    return sgi_expect_close(c->p);
}

sg_status sgi_parse_ref(ComponentParser *c, SpaceId space, uint32_t *index) {
    if (!sgi_peek_is(c->p, TOKEN_OPEN))
        return parse_projection(c, space, index);
    sgi_advance(c->p);
    if (sgi_spaces[space].is_core)
        sgi_take_keyword(c->p, "core");
    SGI_TRY(sgi_expect_keyword(c->p, sgi_spaces[space].keyword));
    return sgi_parse_ref_rest(c, space, index);
}

/* ---- alias definitions ---- */

typedef struct AliasTarget {
    bool is_outer, is_core;
    uint32_t instance; /* or how many scopes out */
    Bytes name;
    Scope *outer;    /* NULL when the number leads out of the text */
    size_t index_at; /* the token of the outer index: it is read once its sort is known */
} AliasTarget;

static sg_status parse_outer(ComponentParser *c, AliasTarget *target) {
    Parser *p = c->p;
    target->outer = c->scope;
    if (sgi_peek_is(p, TOKEN_ID)) {
        size_t token = p->at;
        Bytes id;
        SGI_TRY(sgi_take_id(p, &id));
        for (; target->outer && !sgi_bytes_equal(target->outer->id, id); target->instance++)
            target->outer = target->outer->parent;
        if (!target->outer)
            return sgi_parse_fail_at(p, token, "unknown identifier", "outer component $%.*s",
                                     (int)(id.size < 100 ? id.size : 100), (const char *)id.data);
    } else {
        SGI_TRY(sgi_expect_u32(p, &target->instance));
        for (uint32_t i = 0; i < target->instance && target->outer; i++)
            target->outer = target->outer->parent;
    }
    target->index_at = p->at;
    if (!sgi_peek_is(p, TOKEN_ID) && !sgi_peek_is(p, TOKEN_NUMBER))
        return sgi_parse_unexpected(p);
    sgi_advance(p);
    return SG_OK;
}

/* After "(alias": "export i name", "core export i name" or "outer c i". */
static sg_status parse_alias_target(ComponentParser *c, AliasTarget *target) {
    *target = (AliasTarget){.is_core = sgi_take_keyword(c->p, "core")};
    if (!target->is_core && sgi_take_keyword(c->p, "outer")) {
        target->is_outer = true;
        return parse_outer(c, target);
    }
    SGI_TRY(sgi_expect_keyword(c->p, "export"));
    SGI_TRY(sgi_parse_index(c, target->is_core ? SPACE_CORE_INSTANCE : SPACE_INSTANCE, &target->instance));
    return sgi_expect_name(c->p, &target->name);
}

static sg_status define_alias(ComponentParser *c, SpaceId space, const AliasTarget *target, Bytes id,
                              uint32_t *index) {
    if (!target->is_outer)
        return define_export_alias(c, space, target->is_core, target->instance, target->name, id, index);
    Parser *p = c->p;
    size_t after = p->at;
    uint32_t outer_index;
    p->at = target->index_at;
    if (sgi_peek_is(p, TOKEN_ID)) {
        Bytes name;
        SGI_TRY(sgi_take_id(p, &name));
        const uint32_t *found = target->outer ? sgi_map_get(&target->outer->spaces[space].names, name) : NULL;
        if (!found)
            return unknown(c, target->index_at, space, name);
        outer_index = *found;
    } else {
        SGI_TRY(sgi_expect_u32(p, &outer_index));
    }
    p->at = after;
    size_t mark = c->w.size;
    put_outer_alias(c, space, target->instance, outer_index);
    sgi_emit(c, SECTION_ALIAS, mark);
    return sgi_define(c, space, id, index);
}

sg_status sgi_parse_alias_field(ComponentParser *c) {
    AliasTarget target;
    SpaceId space = (SpaceId)0;
    Bytes id;
    uint32_t index;
    SGI_TRY(parse_alias_target(c, &target));
    if (!sgi_peek_is(c->p, TOKEN_OPEN))
        return sgi_parse_unexpected(c->p);
    sgi_advance(c->p);
    SGI_TRY(sgi_parse_sort(c, c->scope->kind == SCOPE_CORE_MODULE_TYPE, &space));
    SGI_TRY(sgi_take_id(c->p, &id));
    SGI_TRY(sgi_expect_close(c->p));
    SGI_TRY(define_alias(c, space, &target, id, &index));
    return sgi_expect_close(c->p);
}

sg_status sgi_parse_inverted_alias(ComponentParser *c, SpaceId space, Bytes id, uint32_t *index) {
    AliasTarget target;
    SGI_TRY(sgi_expect_open(c->p, "alias"));
    SGI_TRY(parse_alias_target(c, &target));
    SGI_TRY(define_alias(c, space, &target, id, index));
    return sgi_expect_close(c->p);
}
