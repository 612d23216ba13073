/* Component text → component binary: the fields of a component (Explainer.md, "Component Definitions"). */
#include "text/component_parse.h"

static sg_status parse_component(ComponentParser *c, Bytes id);

/* ---- what definitions share ---- */

/* At `(export "name" attribute*)` or `(import ...)`, which export or import the definition they stand in?
 * What else begins so goes on with an item or a type. */
static bool peek_inline(Parser *p, const char *keyword) {
    size_t at = p->at;
    bool found = sgi_take_open(p, keyword) && sgi_peek_is(p, TOKEN_STRING);
    if (found) {
        sgi_advance(p);
        while (sgi_peek_open(p, "implements") || sgi_peek_open(p, "versionsuffix") ||
               sgi_peek_open(p, "external-id"))
            sgi_skip_group(p);
        found = sgi_peek_is(p, TOKEN_CLOSE);
    }
    p->at = at;
    return found;
}

/* At an inverted alias? Others end in the "(sort $id?)" that they define. */
static bool peek_inline_alias(const Parser *p) {
    return sgi_peek_open(p, "alias") && p->tokens.items[sgi_peek(p)->match - 1].kind != TOKEN_CLOSE;
}

/* What a definition begins with: "$id? (export ...)*". The exports come last: their place is kept. */
typedef struct Head {
    SpaceId space;
    Bytes id;
    size_t exports; /* token */
} Head;

static sg_status parse_head(ComponentParser *c, SpaceId space, Head *head) {
    head->space = space;
    SGI_TRY(sgi_take_id(c->p, &head->id));
    head->exports = c->p->at;
    while (peek_inline(c->p, "export"))
        sgi_skip_group(c->p);
    return SG_OK;
}

/* The end of a definition that got `index`: its closing parenthesis and its exports. */
static sg_status finish(ComponentParser *c, const Head *head, uint32_t index) {
    SGI_TRY(sgi_expect_close(c->p));
    size_t after = c->p->at;
    c->p->at = head->exports;
    while (peek_inline(c->p, "export")) {
        size_t mark = c->w.size;
        sgi_take_open(c->p, "export");
        SGI_TRY(sgi_parse_extern_name(c));
        sgi_put_sort(c, head->space, false);
        sgi_buf_leb_u(&c->w, index);
        sgi_buf_byte(&c->w, 0x00); /* no type ascribed */
        sgi_emit_late_export(c, mark);
        SGI_TRY(sgi_expect_close(c->p));
    }
    c->p->at = after;
    return SG_OK;
}

static sg_status emit_and_finish(ComponentParser *c, const Head *head, Section section, size_t mark) {
    uint32_t index;
    sgi_emit(c, section, mark);
    SGI_TRY(sgi_define(c, head->space, head->id, &index));
    return finish(c, head, index);
}

/* "(import "name") type" or "(alias ...)" in a definition, which end it; *done tells. */
static sg_status parse_elsewhere(ComponentParser *c, const Head *head, bool *done) {
    uint32_t index;
    *done = peek_inline_alias(c->p);
    if (*done) {
        SGI_TRY(sgi_parse_inverted_alias(c, head->space, head->id, &index));
        return finish(c, head, index);
    }
    *done = peek_inline(c->p, "import");
    if (!*done)
        return SG_OK;
    size_t mark = c->w.size;
    sgi_take_open(c->p, "import");
    SGI_TRY(sgi_parse_extern_name(c));
    SGI_TRY(sgi_expect_close(c->p));
    SGI_TRY(sgi_parse_extern_type_rest(c, head->space, head->id));
    return emit_and_finish(c, head, SECTION_IMPORT, mark);
}

/* ---- modules, components, types ---- */

/* A core module or a component. */
static sg_status parse_whole(ComponentParser *c, SpaceId space, Section section) {
    Head head;
    bool done;
    SGI_TRY(parse_head(c, space, &head));
    SGI_TRY(parse_elsewhere(c, &head, &done));
    if (done)
        return SG_OK;
    size_t mark = c->w.size;
    if (sgi_take_keyword(c->p, "binary"))
        SGI_TRY(sgi_take_strings(c->p, &c->w));
    else if (space == SPACE_CORE_MODULE)
        SGI_TRY(sgi_text_parse_module(c->p, head.id, &c->w));
    else
        SGI_TRY(parse_component(c, head.id));
    return emit_and_finish(c, &head, section, mark);
}

static sg_status parse_nested_component(ComponentParser *c) {
    return parse_whole(c, SPACE_COMPONENT, SECTION_COMPONENT);
}

static sg_status parse_type(ComponentParser *c) {
    Head head;
    bool done;
    SGI_TRY(parse_head(c, SPACE_TYPE, &head));
    SGI_TRY(parse_elsewhere(c, &head, &done));
    if (done)
        return SG_OK;
    size_t mark = c->w.size;
    SGI_TRY(sgi_parse_def_type(c, head.id));
    return emit_and_finish(c, &head, SECTION_TYPE, mark);
}

/* ---- instances ---- */

/* (export "name" (sort index))*, as a vector of inline exports. */
static sg_status parse_inline_exports(ComponentParser *c, bool is_core) {
    Parser *p = c->p;
    sgi_buf_byte(&c->w, 0x01);
    size_t mark = c->w.size;
    uint32_t count = 0;
    for (; sgi_take_open(p, "export"); count++) {
        SpaceId space;
        Bytes name;
        uint32_t index;
        if (is_core) {
            SGI_TRY(sgi_expect_name(p, &name));
            sgi_put_name(c, name);
        } else {
            SGI_TRY(sgi_parse_extern_name(c));
        }
        if (!sgi_peek_is(p, TOKEN_OPEN))
            return sgi_parse_unexpected(p);
        sgi_advance(p);
        SGI_TRY(sgi_parse_sort(c, is_core, &space));
        SGI_TRY(sgi_parse_ref_rest(c, space, &index));
        sgi_put_sort(c, space, is_core);
        sgi_buf_leb_u(&c->w, index);
        SGI_TRY(sgi_expect_close(p));
    }
    sgi_insert_count(c, mark, count);
    return SG_OK;
}

/* In "(with "name" (instance (export ...)*))": an instance of its own. */
static sg_status define_inline_instance(ComponentParser *c, SpaceId space, uint32_t *index) {
    bool is_core = space == SPACE_CORE_INSTANCE;
    size_t mark = c->w.size;
    SGI_TRY(parse_inline_exports(c, is_core));
    sgi_emit(c, is_core ? SECTION_CORE_INSTANCE : SECTION_INSTANCE, mark);
    SGI_TRY(sgi_define(c, space, (Bytes){NULL, 0}, index));
    return sgi_expect_close(c->p);
}

/* (with "name" (sort index)) or (with "name" (instance (export ...)*)), as the binary's instantiatearg. */
static sg_status parse_argument(ComponentParser *c, bool is_core) {
    Parser *p = c->p;
    SpaceId space;
    Bytes name;
    uint32_t index;
    SGI_TRY(sgi_expect_name(p, &name));
    sgi_put_name(c, name);
    if (!sgi_peek_is(p, TOKEN_OPEN))
        return sgi_parse_unexpected(p);
    sgi_advance(p);
    SGI_TRY(sgi_parse_sort(c, is_core, &space));
    if (is_core && space != SPACE_CORE_INSTANCE)
        return sgi_parse_fail(p, "expected an instance");
    bool is_instance = space == SPACE_CORE_INSTANCE || space == SPACE_INSTANCE;
    if (is_instance && (sgi_peek_is(p, TOKEN_OPEN) || sgi_peek_is(p, TOKEN_CLOSE)))
        SGI_TRY(define_inline_instance(c, space, &index));
    else
        SGI_TRY(sgi_parse_ref_rest(c, space, &index));
    sgi_put_sort(c, space, is_core);
    sgi_buf_leb_u(&c->w, index);
    return sgi_expect_close(p);
}

/* After "(instantiate". */
static sg_status parse_instantiate(ComponentParser *c, bool is_core) {
    uint32_t target, count = 0;
    sgi_buf_byte(&c->w, 0x00);
    SGI_TRY(sgi_parse_ref(c, is_core ? SPACE_CORE_MODULE : SPACE_COMPONENT, &target));
    sgi_buf_leb_u(&c->w, target);
    size_t mark = c->w.size;
    for (; sgi_take_open(c->p, "with"); count++)
        SGI_TRY(parse_argument(c, is_core));
    sgi_insert_count(c, mark, count);
    return sgi_expect_close(c->p);
}

static sg_status parse_instance(ComponentParser *c, bool is_core) {
    Head head;
    bool done;
    SGI_TRY(parse_head(c, is_core ? SPACE_CORE_INSTANCE : SPACE_INSTANCE, &head));
    SGI_TRY(parse_elsewhere(c, &head, &done));
    if (done)
        return SG_OK;
    size_t mark = c->w.size;
    if (sgi_take_open(c->p, "instantiate"))
        SGI_TRY(parse_instantiate(c, is_core));
    else
        SGI_TRY(parse_inline_exports(c, is_core));
    return emit_and_finish(c, &head, is_core ? SECTION_CORE_INSTANCE : SECTION_INSTANCE, mark);
}

/* ---- functions ---- */

/* (func $id? type (canon lift ...)) */
static sg_status parse_func(ComponentParser *c) {
    Head head;
    bool done, is_lift;
    uint32_t type;
    SGI_TRY(parse_head(c, SPACE_FUNC, &head));
    SGI_TRY(parse_elsewhere(c, &head, &done));
    if (done)
        return SG_OK;
    SGI_TRY(sgi_parse_func_type_use(c, &type));
    size_t mark = c->w.size, start = c->p->at;
    SGI_TRY(sgi_expect_open(c->p, "canon"));
    SGI_TRY(sgi_parse_canon(c, &is_lift));
    if (!is_lift)
        return sgi_parse_fail_at(c->p, start, "unexpected token", "%s",
                                 "only canon lift makes a component function");
    sgi_buf_leb_u(&c->w, type);
    SGI_TRY(sgi_expect_close(c->p));
    return emit_and_finish(c, &head, SECTION_CANON, mark);
}

/* (core func $id? (canon ...)) */
static sg_status parse_core_func(ComponentParser *c) {
    Head head;
    bool done, is_lift;
    SGI_TRY(parse_head(c, SPACE_CORE_FUNC, &head));
    SGI_TRY(parse_elsewhere(c, &head, &done));
    if (done)
        return SG_OK;
    size_t mark = c->w.size, start = c->p->at;
    SGI_TRY(sgi_expect_open(c->p, "canon"));
    SGI_TRY(sgi_parse_canon(c, &is_lift));
    if (is_lift)
        return sgi_parse_fail_at(c->p, start, "unexpected token", "%s", "canon lift makes no core function");
    SGI_TRY(sgi_expect_close(c->p));
    return emit_and_finish(c, &head, SECTION_CANON, mark);
}

/* (canon ... (func $id? type)) or (canon ... (core func $id?)) */
static sg_status parse_canon(ComponentParser *c) {
    size_t mark = c->w.size;
    bool is_lift;
    Bytes id;
    uint32_t index;
    SGI_TRY(sgi_parse_canon(c, &is_lift));
    SGI_TRY(sgi_expect_open(c->p, is_lift ? "func" : "core"));
    if (!is_lift)
        SGI_TRY(sgi_expect_keyword(c->p, "func"));
    SGI_TRY(sgi_take_id(c->p, &id));
    if (is_lift) {
        SGI_TRY(sgi_parse_func_type_use(c, &index));
        sgi_buf_leb_u(&c->w, index);
    }
    SGI_TRY(sgi_expect_close(c->p));
    sgi_emit(c, SECTION_CANON, mark);
    SGI_TRY(sgi_define(c, is_lift ? SPACE_FUNC : SPACE_CORE_FUNC, id, &index));
    return sgi_expect_close(c->p);
}

/* (core table|memory|global|tag $id? (alias ...)) */
static sg_status parse_core_item(ComponentParser *c, SpaceId space) {
    Head head;
    uint32_t index;
    SGI_TRY(parse_head(c, space, &head));
    SGI_TRY(sgi_parse_inverted_alias(c, space, head.id, &index));
    return finish(c, &head, index);
}

/* ---- start, import, export ---- */

static sg_status parse_start(ComponentParser *c) {
    Parser *p = c->p;
    size_t mark = c->w.size, args;
    uint32_t index, count = 0;
    SGI_TRY(sgi_parse_ref(c, SPACE_FUNC, &index));
    sgi_buf_leb_u(&c->w, index);
    for (args = c->w.size; sgi_take_open(p, "value"); count++) {
        SGI_TRY(sgi_parse_ref_rest(c, SPACE_VALUE, &index));
        sgi_buf_leb_u(&c->w, index);
    }
    sgi_insert_count(c, args, count);
    for (count = 0; sgi_take_open(p, "result"); count++) {
        Bytes id;
        SGI_TRY(sgi_expect_open(p, "value"));
        SGI_TRY(sgi_take_id(p, &id));
        SGI_TRY(sgi_define(c, SPACE_VALUE, id, &index));
        SGI_TRY(sgi_expect_close(p));
        SGI_TRY(sgi_expect_close(p));
    }
    sgi_buf_leb_u(&c->w, count);
    sgi_emit(c, SECTION_START, mark);
    return sgi_expect_close(p);
}

static sg_status parse_import(ComponentParser *c) {
    size_t mark = c->w.size;
    SpaceId space;
    Bytes id;
    uint32_t index;
    SGI_TRY(sgi_parse_extern_name(c));
    SGI_TRY(sgi_parse_extern_type(c, &space, &id));
    sgi_emit(c, SECTION_IMPORT, mark);
    SGI_TRY(sgi_define(c, space, id, &index));
    return sgi_expect_close(c->p);
}

static sg_status parse_export(ComponentParser *c) {
    Parser *p = c->p;
    size_t mark = c->w.size;
    SpaceId space, ascribed;
    Bytes id, unused;
    uint32_t index;
    SGI_TRY(sgi_take_id(p, &id));
    SGI_TRY(sgi_parse_extern_name(c));
    if (!sgi_peek_is(p, TOKEN_OPEN))
        return sgi_parse_unexpected(p);
    sgi_advance(p);
    SGI_TRY(sgi_parse_sort(c, false, &space));
    SGI_TRY(sgi_parse_ref_rest(c, space, &index));
    sgi_put_sort(c, space, false);
    sgi_buf_leb_u(&c->w, index);
    bool has_type = !sgi_peek_is(p, TOKEN_CLOSE);
    sgi_buf_byte(&c->w, has_type);
    if (has_type)
        SGI_TRY(sgi_parse_extern_type(c, &ascribed, &unused));
    sgi_emit(c, SECTION_EXPORT, mark);
    SGI_TRY(sgi_define(c, space, id, &index));
    return sgi_expect_close(p);
}

/* ---- fields ---- */

static sg_status parse_core_field(ComponentParser *c) {
    SpaceId space;
    if (sgi_take_keyword(c->p, "rec"))
        return sgi_parse_core_rec_field(c);
    SGI_TRY(sgi_parse_sort(c, true, &space));
    switch (space) {
    case SPACE_CORE_MODULE: return parse_whole(c, SPACE_CORE_MODULE, SECTION_CORE_MODULE);
    case SPACE_CORE_INSTANCE: return parse_instance(c, true);
    case SPACE_CORE_TYPE: return sgi_parse_core_type_field(c);
    case SPACE_CORE_FUNC: return parse_core_func(c);
    default: return parse_core_item(c, space);
    }
}

static sg_status parse_value(ComponentParser *c) {
    Head head;
    bool done;
    SGI_TRY(parse_head(c, SPACE_VALUE, &head));
    SGI_TRY(parse_elsewhere(c, &head, &done));
    return done ? SG_OK : sgi_parse_fail(c->p, "value definitions are not supported");
}

static sg_status parse_component_instance(ComponentParser *c) {
    return parse_instance(c, false);
}

static sg_status parse_field(ComponentParser *c) {
    static const struct {
        const char *keyword;
        sg_status (*parse)(ComponentParser *c);
    } fields[] = {
        {"core", parse_core_field},
        {"func", parse_func},
        {"canon", parse_canon},
        {"instance", parse_component_instance},
        {"alias", sgi_parse_alias_field},
        {"type", parse_type},
        {"import", parse_import},
        {"export", parse_export},
        {"component", parse_nested_component},
        {"start", parse_start},
        {"value", parse_value},
    };
    for (size_t i = 0; i < SGI_COUNT(fields); i++)
        if (sgi_take_open(c->p, fields[i].keyword))
            return fields[i].parse(c);
    return sgi_parse_unexpected(c->p);
}

/* (@custom "name" "bytes"...) before the field or end here: a custom section where it stands. */
static sg_status parse_customs(ComponentParser *c) {
    Parser *p = c->p;
    size_t at = p->at, gap = p->gap;
    for (size_t i = gap; (i = sgi_find_annotation(p, i, "custom")) != at;
         i = (size_t)p->tokens.items[i].match + 1) {
        size_t mark = c->w.size;
        Bytes name;
        sgi_enter_annotation(p, i);
        SGI_TRY(sgi_expect_name(p, &name));
        sgi_put_name(c, name);
        SGI_TRY(sgi_take_strings(p, &c->w));
        SGI_TRY(sgi_leave_annotation(p, i, at, gap));
        sgi_emit_custom(c, mark);
    }
    return SG_OK;
}

/* Recurses once a nested component; sgi_scope_enter bounds how often. Type depth counts anew inside. */
static sg_status parse_component(ComponentParser *c, Bytes id) {
    static const uint8_t preamble[] = {0x00, 'a', 's', 'm', 0x0d, 0x00, 0x01, 0x00};
    Scope scope;
    sg_status status = sgi_scope_enter(c, &scope, SCOPE_COMPONENT, id);
    if (status == SG_OK)
        status = parse_customs(c);
    while (status == SG_OK && !sgi_peek_is(c->p, TOKEN_CLOSE) && !sgi_peek_is(c->p, TOKEN_END)) {
        status = sgi_load_poll(&c->p->cx);
        if (status == SG_OK)
            status = parse_field(c);
        if (status == SG_OK)
            status = parse_customs(c);
    }
    if (status == SG_OK)
        status = sgi_scope_finish_component(c);
    if (status == SG_OK) {
        sgi_buf_put(&c->w, preamble, sizeof preamble);
        sgi_buf_put(&c->w, scope.out.data, scope.out.size);
    }
    sgi_scope_leave(c);
    return status;
}

sg_status sgi_text_parse_component(Parser *p, Bytes id, Buf *binary) {
    ComponentParser c = {.p = p};
    sgi_buf_init(&c.w, p->cx.alloc);
    sg_status status = parse_component(&c, id);
    sgi_buf_put(binary, c.w.data, c.w.size);
    if (status == SG_OK && (c.w.failed || binary->failed))
        status = sgi_load_no_memory(&p->cx);
    sgi_buf_free(&c.w);
    sgi_vec_free(p->cx.alloc, &c.param_names);
    sgi_vec_free(p->cx.alloc, &c.outer_uses);
    return status;
}
