/* Core types inside components: (core type ...), recursion groups, and core module types. */
#include "text/component_parse.h"

static sg_status find_type(void *context, Parser *p, uint32_t *index) {
    ComponentParser *c = context;
    if (c->next_outer_use < c->outer_uses.count && c->outer_uses.items[c->next_outer_use].token == p->at) {
        *index = c->outer_uses.items[c->next_outer_use++].index;
        sgi_advance(p);
        return SG_OK;
    }
    size_t token = p->at;
    uint32_t count = c->scope->spaces[SPACE_CORE_TYPE].count;
    SGI_TRY(sgi_parse_index(c, SPACE_CORE_TYPE, index));
    bool is_alias = c->scope->spaces[SPACE_CORE_TYPE].count > count;
    c->next_outer_use += is_alias;
    return !is_alias || sgi_vec_push(p->cx.alloc, &c->outer_uses, ((OuterUse){token, *index}))
               ? SG_OK
               : sgi_load_no_memory(&p->cx);
}

static CoreTypeScope type_scope_of(ComponentParser *c) {
    c->param_names.count = 0;
    return (CoreTypeScope){find_type, c};
}

/* ---- types and recursion groups ---- */

/* "(type $id? subtype)" of a group, or what follows "(core type $id?" alone. */
static sg_status parse_sub_type(ComponentParser *c) {
    CoreTypeScope types = type_scope_of(c);
    return sgi_parse_core_sub_type(c->p, &types, &c->param_names, &c->w);
}

static sg_status skip_id(ComponentParser *c) {
    Bytes id;
    return sgi_take_id(c->p, &id);
}

static sg_status parse_group(ComponentParser *c, bool is_rec) {
    if (!is_rec) {
        size_t mark = c->w.size;
        SGI_TRY(skip_id(c));
        SGI_TRY(parse_sub_type(c));
        /* 0x50 begins a module type here: a non-final "sub" is told apart by a zero. */
        if (!c->w.failed && c->w.data[mark] == 0x50)
            sgi_insert_count(c, mark, 0x00);
        return SG_OK;
    }
    uint32_t count = 0;
    sgi_buf_byte(&c->w, 0x4e);
    size_t mark = c->w.size;
    for (; sgi_take_open(c->p, "type"); count++) {
        SGI_TRY(skip_id(c));
        SGI_TRY(parse_sub_type(c));
        SGI_TRY(sgi_expect_close(c->p));
    }
    sgi_insert_count(c, mark, count);
    return SG_OK;
}

static sg_status reserve(ComponentParser *c, Bytes id) {
    if (id.size == 0)
        return SG_OK;
    switch (sgi_map_put(&c->scope->spaces[SPACE_CORE_TYPE].names, id, NO_INDEX)) {
    case MAP_NO_MEMORY: return sgi_load_no_memory(&c->p->cx);
    case MAP_EXISTS: return sgi_parse_fail_at(c->p, c->p->at, "duplicate identifier", "%s", "core type");
    default: return SG_OK;
    }
}

static sg_status define_reserved(ComponentParser *c, Bytes id) {
    Space *space = &c->scope->spaces[SPACE_CORE_TYPE];
    uint32_t index = space->count++;
    if (id.size == 0)
        return SG_OK;
    *sgi_map_get(&space->names, id) = index;
    return sgi_vec_push(c->p->cx.alloc, &space->assocs, ((NameAssoc){index, id}))
               ? SG_OK
               : sgi_load_no_memory(&c->p->cx);
}

/* Calls `act` with each member's identifier. */
static sg_status each_id(ComponentParser *c, bool is_rec, sg_status (*act)(ComponentParser *, Bytes)) {
    Parser *p = c->p;
    size_t start = p->at;
    Bytes id;
    if (!is_rec) {
        SGI_TRY(sgi_take_id(p, &id));
        SGI_TRY(act(c, id));
    }
    while (is_rec && sgi_peek_open(p, "type")) {
        size_t open = p->at;
        sgi_take_open(p, "type");
        SGI_TRY(sgi_take_id(p, &id));
        SGI_TRY(act(c, id));
        p->at = open;
        sgi_skip_group(p);
    }
    p->at = start;
    return SG_OK;
}

/* Remembers the type that lies from `mark` on as the next one, if it is a plain function type of a module
 * type. */
static sg_status note_signature(ComponentParser *c, size_t mark, uint32_t index) {
    if (c->w.failed || c->scope->kind != SCOPE_CORE_MODULE_TYPE || c->w.data[mark] != COMP_FUNC)
        return SG_OK;
    size_t size = c->w.size - mark;
    const uint8_t *copy = sgi_arena_copy(c->p->arena, c->w.data + mark, size);
    bool put = copy && sgi_map_put(&c->scope->signatures, (Bytes){copy, size}, index) != MAP_NO_MEMORY;
    return put ? SG_OK : sgi_load_no_memory(&c->p->cx);
}

/* Members may refer to each other and to types of outer scopes; the latter become aliases, which come first
 * and so move the members' indices. Hence two passes: the first makes the aliases, with the members' names
 * known but not yet their indices; the second writes. */
static sg_status parse_types(ComponentParser *c, bool is_rec) {
    size_t start = c->p->at, mark = c->w.size;
    c->outer_uses.count = c->next_outer_use = 0;
    SGI_TRY(each_id(c, is_rec, reserve));
    SGI_TRY(parse_group(c, is_rec));
    c->w.size = mark;
    c->p->at = start;
    SGI_TRY(each_id(c, is_rec, define_reserved));
    c->next_outer_use = 0;
    SGI_TRY(parse_group(c, is_rec));
    SGI_TRY(note_signature(c, mark, c->scope->spaces[SPACE_CORE_TYPE].count - 1));
    sgi_emit(c, SECTION_CORE_TYPE, mark);
    return sgi_expect_close(c->p);
}

sg_status sgi_parse_core_rec_field(ComponentParser *c) {
    return parse_types(c, true);
}

sg_status sgi_parse_core_type_field(ComponentParser *c) {
    Parser *p = c->p;
    size_t start = p->at, mark = c->w.size;
    uint32_t index;
    Bytes id;
    SGI_TRY(sgi_take_id(p, &id));
    if (!sgi_take_open(p, "module")) {
        p->at = start;
        return parse_types(c, false);
    }
    SGI_TRY(sgi_parse_core_module_type(c, id));
    SGI_TRY(sgi_expect_close(p));
    sgi_emit(c, SECTION_CORE_TYPE, mark);
    SGI_TRY(sgi_define(c, SPACE_CORE_TYPE, id, &index));
    return sgi_expect_close(p);
}

/* ---- module types ---- */

/* "(type ref)" or a signature, which becomes a type of the module type. */
static sg_status parse_core_type_use(ComponentParser *c, uint32_t *index) {
    Parser *p = c->p;
    bool has_index = sgi_take_open(p, "type");
    if (has_index) {
        SGI_TRY(sgi_parse_index(c, SPACE_CORE_TYPE, index));
        SGI_TRY(sgi_expect_close(p));
        if (sgi_peek_is(p, TOKEN_CLOSE))
            return SG_OK;
    }
    size_t mark = c->w.size;
    CoreTypeScope types = type_scope_of(c);
    c->outer_uses.count = c->next_outer_use = 0;
    SGI_TRY(sgi_parse_core_signature(p, &types, &c->param_names, &c->w));
    if (has_index) { /* written out again after its index */
        c->w.size = mark;
        return SG_OK;
    }
    const uint32_t *known = NULL;
    if (!c->w.failed)
        known = sgi_map_get(&c->scope->signatures, (Bytes){c->w.data + mark, c->w.size - mark});
    if (known) {
        *index = *known;
        c->w.size = mark;
        return SG_OK;
    }
    sgi_emit(c, SECTION_CORE_TYPE, mark);
    return sgi_define(c, SPACE_CORE_TYPE, (Bytes){NULL, 0}, index);
}

/* "(func $id? ...)" and the like as core:externtype. */
static sg_status parse_core_extern_type(ComponentParser *c) {
    Parser *p = c->p;
    SpaceId space;
    uint32_t index;
    if (!sgi_peek_is(p, TOKEN_OPEN))
        return sgi_parse_unexpected(p);
    sgi_advance(p);
    SGI_TRY(sgi_parse_sort(c, true, &space));
    SGI_TRY(skip_id(c));
    CoreTypeScope types = type_scope_of(c);
    size_t mark = c->w.size;
    switch (space) {
    case SPACE_CORE_FUNC:
    case SPACE_CORE_TAG:
        SGI_TRY(parse_core_type_use(c, &index));
        sgi_buf_byte(&c->w, space == SPACE_CORE_FUNC ? EXTERN_FUNC : EXTERN_TAG);
        if (space == SPACE_CORE_TAG)
            sgi_buf_byte(&c->w, 0x00); /* the attribute: an exception */
        sgi_buf_leb_u(&c->w, index);
        break;
    case SPACE_CORE_TABLE:
        SGI_TRY(sgi_parse_core_table_type(p, &types, &c->w));
        sgi_insert_count(c, mark, EXTERN_TABLE);
        break;
    case SPACE_CORE_MEMORY:
        SGI_TRY(sgi_parse_core_memory_type(p, &c->w));
        sgi_insert_count(c, mark, EXTERN_MEMORY);
        break;
    case SPACE_CORE_GLOBAL:
        SGI_TRY(sgi_parse_core_global_type(p, &types, &c->w));
        sgi_insert_count(c, mark, EXTERN_GLOBAL);
        break;
    default: return sgi_parse_unexpected(p);
    }
    return sgi_expect_close(p);
}

static sg_status parse_module_declaration(ComponentParser *c) {
    Parser *p = c->p;
    size_t mark = c->w.size;
    Bytes name;
    if (sgi_take_open(p, "type"))
        return sgi_parse_core_type_field(c);
    if (sgi_take_open(p, "rec"))
        return sgi_parse_core_rec_field(c);
    if (sgi_take_open(p, "alias"))
        return sgi_parse_alias_field(c);
    bool is_import = sgi_take_open(p, "import");
    if (!is_import)
        SGI_TRY(sgi_expect_open(p, "export"));
    for (unsigned names = is_import ? 2 : 1; names; names--) {
        SGI_TRY(sgi_expect_name(p, &name));
        sgi_put_name(c, name);
    }
    SGI_TRY(parse_core_extern_type(c));
    sgi_emit(c, is_import ? SECTION_IMPORT : SECTION_EXPORT, mark);
    return sgi_expect_close(p);
}

sg_status sgi_parse_core_module_type(ComponentParser *c, Bytes id) {
    Scope scope;
    sg_status status = sgi_scope_enter(c, &scope, SCOPE_CORE_MODULE_TYPE, id);
    while (status == SG_OK && !sgi_peek_is(c->p, TOKEN_CLOSE)) {
        status = sgi_load_poll(&c->p->cx);
        if (status == SG_OK)
            status = parse_module_declaration(c);
    }
    if (status == SG_OK) {
        sgi_buf_byte(&c->w, 0x50);
        sgi_buf_leb_u(&c->w, scope.count);
        sgi_buf_put(&c->w, scope.out.data, scope.out.size);
        c->w.failed |= scope.out.failed;
    }
    sgi_scope_leave(c);
    return status;
}
