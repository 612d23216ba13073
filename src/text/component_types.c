/* Component-level types: (type ...), value and function types in place, the types of imports and exports
 * (Explainer.md, "Type Definitions"; Binary.md for the bytes). */
#include "text/component_parse.h"

/* A count of items, put before them when the last one is read. */
typedef struct Vector {
    size_t mark;
    uint32_t count;
} Vector;

static Vector vector_of(const ComponentParser *c) {
    return (Vector){.mark = c->w.size};
}

static void vector_end(ComponentParser *c, const Vector *vector) {
    sgi_insert_count(c, vector->mark, vector->count);
}

/* ---- value types ---- */

static const struct {
    const char *keyword;
    uint8_t byte;
} primitives[] = {
    {"bool", 0x7f},    {"s8", 0x7e},   {"u8", 0x7d},     {"s16", 0x7c},           {"u16", 0x7b},
    {"s32", 0x7a},     {"u32", 0x79},  {"s64", 0x78},    {"u64", 0x77},           {"f32", 0x76},
    {"f64", 0x75},     {"char", 0x74}, {"string", 0x73}, {"error-context", 0x64}, {"float32", 0x76},
    {"float64", 0x75},
};

static bool take_primitive(ComponentParser *c) {
    for (size_t i = 0; i < SGI_COUNT(primitives); i++)
        if (sgi_take_keyword(c->p, primitives[i].keyword)) {
            sgi_buf_byte(&c->w, primitives[i].byte);
            return true;
        }
    return false;
}

/* valtype? as an option: 0x00, or 0x01 and the type. */
static sg_status parse_optional_type(ComponentParser *c) {
    bool present = !sgi_peek_is(c->p, TOKEN_CLOSE) && !sgi_peek_open(c->p, "error");
    sgi_buf_byte(&c->w, present);
    return present ? sgi_parse_val_type(c) : SG_OK;
}

static sg_status parse_fields(ComponentParser *c) {
    Vector fields = vector_of(c);
    while (!sgi_peek_is(c->p, TOKEN_CLOSE)) {
        Bytes label;
        SGI_TRY(sgi_expect_open(c->p, "field"));
        SGI_TRY(sgi_expect_name(c->p, &label));
        sgi_put_name(c, label);
        SGI_TRY(sgi_parse_val_type(c));
        SGI_TRY(sgi_expect_close(c->p));
        fields.count++;
    }
    vector_end(c, &fields);
    return SG_OK;
}

static sg_status parse_cases(ComponentParser *c) {
    Vector cases = vector_of(c);
    while (!sgi_peek_is(c->p, TOKEN_CLOSE)) {
        Bytes label;
        SGI_TRY(sgi_expect_open(c->p, "case"));
        SGI_TRY(sgi_expect_name(c->p, &label));
        sgi_put_name(c, label);
        SGI_TRY(parse_optional_type(c));
        sgi_buf_byte(&c->w, 0x00);
        SGI_TRY(sgi_expect_close(c->p));
        cases.count++;
    }
    vector_end(c, &cases);
    return SG_OK;
}

static sg_status parse_labels(ComponentParser *c) {
    Vector labels = vector_of(c);
    for (; !sgi_peek_is(c->p, TOKEN_CLOSE); labels.count++) {
        Bytes label;
        SGI_TRY(sgi_expect_name(c->p, &label));
        sgi_put_name(c, label);
    }
    vector_end(c, &labels);
    return SG_OK;
}

static sg_status parse_tuple(ComponentParser *c) {
    Vector members = vector_of(c);
    for (; !sgi_peek_is(c->p, TOKEN_CLOSE); members.count++)
        SGI_TRY(sgi_parse_val_type(c));
    vector_end(c, &members);
    return SG_OK;
}

/* 0x70 t, or 0x67 t len: which of them is known only at the end. */
static sg_status parse_list(ComponentParser *c) {
    size_t mark = c->w.size;
    uint32_t length;
    SGI_TRY(sgi_parse_val_type(c));
    bool is_fixed = !sgi_peek_is(c->p, TOKEN_CLOSE);
    sgi_insert_count(c, mark, is_fixed ? 0x67 : 0x70); /* one byte each */
    if (!is_fixed)
        return SG_OK;
    SGI_TRY(sgi_expect_u32(c->p, &length));
    sgi_buf_leb_u(&c->w, length);
    return SG_OK;
}

static sg_status parse_result(ComponentParser *c) {
    SGI_TRY(parse_optional_type(c));
    bool has_error = sgi_take_open(c->p, "error");
    sgi_buf_byte(&c->w, has_error);
    if (!has_error)
        return SG_OK;
    SGI_TRY(sgi_parse_val_type(c));
    return sgi_expect_close(c->p);
}

static sg_status parse_map(ComponentParser *c) {
    SGI_TRY(sgi_parse_val_type(c));
    return sgi_parse_val_type(c);
}

static sg_status parse_handle(ComponentParser *c) {
    uint32_t index;
    SGI_TRY(sgi_parse_ref(c, SPACE_TYPE, &index));
    sgi_buf_leb_u(&c->w, index);
    return SG_OK;
}

static const struct {
    const char *keyword;
    uint8_t byte; /* 0: `parse` writes it */
    sg_status (*parse)(ComponentParser *c);
} constructors[] = {
    {"record", 0x72, parse_fields},
    {"variant", 0x71, parse_cases},
    {"list", 0, parse_list},
    {"tuple", 0x6f, parse_tuple},
    {"flags", 0x6e, parse_labels},
    {"enum", 0x6d, parse_labels},
    {"option", 0x6b, sgi_parse_val_type},
    {"result", 0x6a, parse_result},
    {"own", 0x69, parse_handle},
    {"borrow", 0x68, parse_handle},
    {"stream", 0x66, parse_optional_type},
    {"future", 0x65, parse_optional_type},
    {"map", 0x63, parse_map},
};

/* "(record ...)" and the like; *found is false, and nothing read, when something else stands here. */
static sg_status parse_constructed(ComponentParser *c, bool *found) {
    for (size_t i = 0; i < SGI_COUNT(constructors); i++) {
        *found = sgi_take_open(c->p, constructors[i].keyword);
        if (!*found)
            continue;
        if (c->type_depth >= LIMIT_OF(TYPE_DEPTH)) /* bounds the recursion through sgi_parse_val_type */
            return sgi_parse_too_deep(c, LIMIT_ID_TYPE_DEPTH);
        if (constructors[i].byte)
            sgi_buf_byte(&c->w, constructors[i].byte);
        c->type_depth++;
        SGI_TRY(constructors[i].parse(c));
        c->type_depth--;
        return sgi_expect_close(c->p);
    }
    return SG_OK;
}

static void put_index(ComponentParser *c, uint32_t index) {
    sgi_buf_leb_s(&c->w, index);
}

sg_status sgi_parse_val_type(ComponentParser *c) {
    if (take_primitive(c))
        return SG_OK;
    size_t mark = c->w.size;
    bool is_constructed;
    uint32_t index;
    SGI_TRY(parse_constructed(c, &is_constructed));
    if (is_constructed) {
        sgi_emit(c, SECTION_TYPE, mark);
        SGI_TRY(sgi_define(c, SPACE_TYPE, (Bytes){NULL, 0}, &index));
    } else {
        SGI_TRY(sgi_parse_ref(c, SPACE_TYPE, &index));
    }
    put_index(c, index);
    return SG_OK;
}

/* ---- function types ---- */

sg_status sgi_parse_result_list(ComponentParser *c) {
    if (!sgi_take_open(c->p, "result")) {
        sgi_buf_byte(&c->w, 0x01);
        sgi_buf_byte(&c->w, 0x00);
        return SG_OK;
    }
    sgi_buf_byte(&c->w, 0x00);
    SGI_TRY(sgi_parse_val_type(c));
    return sgi_expect_close(c->p);
}

static sg_status parse_func_type(ComponentParser *c) {
    sgi_buf_byte(&c->w, sgi_take_keyword(c->p, "async") ? 0x43 : 0x40);
    Vector params = vector_of(c);
    for (; sgi_take_open(c->p, "param"); params.count++) {
        Bytes label;
        SGI_TRY(sgi_expect_name(c->p, &label));
        sgi_put_name(c, label);
        SGI_TRY(sgi_parse_val_type(c));
        SGI_TRY(sgi_expect_close(c->p));
    }
    vector_end(c, &params);
    return sgi_parse_result_list(c);
}

sg_status sgi_parse_func_type_use(ComponentParser *c, uint32_t *index) {
    if (sgi_peek_open(c->p, "type"))
        return sgi_parse_ref(c, SPACE_TYPE, index);
    size_t mark = c->w.size;
    SGI_TRY(parse_func_type(c));
    sgi_emit(c, SECTION_TYPE, mark);
    return sgi_define(c, SPACE_TYPE, (Bytes){NULL, 0}, index);
}

/* ---- component and instance types ---- */

static sg_status parse_type_declaration(ComponentParser *c) {
    size_t mark = c->w.size;
    Bytes id;
    uint32_t index;
    SGI_TRY(sgi_take_id(c->p, &id));
    SGI_TRY(sgi_parse_def_type(c, id));
    SGI_TRY(sgi_expect_close(c->p));
    sgi_emit(c, SECTION_TYPE, mark);
    return sgi_define(c, SPACE_TYPE, id, &index);
}

static sg_status parse_extern_declaration(ComponentParser *c, Section section) {
    size_t mark = c->w.size;
    SpaceId space;
    Bytes id;
    uint32_t index;
    SGI_TRY(sgi_parse_extern_name(c));
    SGI_TRY(sgi_parse_extern_type(c, &space, &id));
    SGI_TRY(sgi_expect_close(c->p));
    sgi_emit(c, section, mark);
    return sgi_define(c, space, id, &index);
}

static sg_status parse_core_declaration(ComponentParser *c) {
    if (sgi_take_keyword(c->p, "rec"))
        return sgi_parse_core_rec_field(c);
    SGI_TRY(sgi_expect_keyword(c->p, "type"));
    return sgi_parse_core_type_field(c);
}

static sg_status parse_declarations(ComponentParser *c, bool is_component) {
    Parser *p = c->p;
    while (!sgi_peek_is(p, TOKEN_CLOSE)) {
        SGI_TRY(sgi_load_poll(&p->cx));
        if (sgi_take_open(p, "type"))
            SGI_TRY(parse_type_declaration(c));
        else if (sgi_take_open(p, "core"))
            SGI_TRY(parse_core_declaration(c));
        else if (sgi_take_open(p, "alias"))
            SGI_TRY(sgi_parse_alias_field(c));
        else if (is_component && sgi_take_open(p, "import"))
            SGI_TRY(parse_extern_declaration(c, SECTION_IMPORT));
        else if (sgi_take_open(p, "export"))
            SGI_TRY(parse_extern_declaration(c, SECTION_EXPORT));
        else
            return sgi_parse_unexpected(p);
    }
    return SG_OK;
}

/* Declarations up to the closing parenthesis as componenttype or instancetype. */
static sg_status parse_type_scope(ComponentParser *c, bool is_component, Bytes id) {
    Scope scope;
    unsigned type_depth = c->type_depth;
    c->type_depth = 0;
    sg_status status = sgi_scope_enter(c, &scope, SCOPE_TYPE, id);
    if (status == SG_OK)
        status = parse_declarations(c, is_component);
    if (status == SG_OK) {
        sgi_buf_byte(&c->w, is_component ? 0x41 : 0x42);
        sgi_buf_leb_u(&c->w, scope.count);
        sgi_buf_put(&c->w, scope.out.data, scope.out.size);
        c->w.failed |= scope.out.failed;
    }
    sgi_scope_leave(c);
    c->type_depth = type_depth;
    return status;
}

/* At "(type $t)" or "(type $i "t")", which refer, and the end? "(type $t (...))" is a declaration. */
static bool peek_type_ref(Parser *p) {
    size_t at = p->at;
    bool found = sgi_take_open(p, "type");
    if (found) {
        sgi_advance(p);
        while (sgi_peek_is(p, TOKEN_STRING))
            sgi_advance(p);
        found = sgi_take_close(p) && sgi_peek_is(p, TOKEN_CLOSE);
    }
    p->at = at;
    return found;
}

/* "(type ref)", or declarations as a type of their own. */
static sg_status parse_type_scope_use(ComponentParser *c, bool is_component, Bytes id, uint32_t *index) {
    if (peek_type_ref(c->p))
        return sgi_parse_ref(c, SPACE_TYPE, index);
    size_t mark = c->w.size;
    SGI_TRY(parse_type_scope(c, is_component, id));
    sgi_emit(c, SECTION_TYPE, mark);
    return sgi_define(c, SPACE_TYPE, (Bytes){NULL, 0}, index);
}

/* ---- definitions ---- */

static sg_status parse_resource(ComponentParser *c) {
    Parser *p = c->p;
    uint32_t index;
    sgi_buf_byte(&c->w, 0x3f);
    SGI_TRY(sgi_expect_open(p, "rep"));
    if (sgi_take_keyword(p, "i32"))
        sgi_buf_byte(&c->w, KIND_I32);
    else if (sgi_take_keyword(p, "i64"))
        sgi_buf_byte(&c->w, KIND_I64);
    else
        return sgi_parse_unexpected(p);
    SGI_TRY(sgi_expect_close(p));
    bool has_destructor = sgi_take_open(p, "dtor");
    sgi_buf_byte(&c->w, has_destructor);
    if (!has_destructor)
        return SG_OK;
    SGI_TRY(sgi_parse_ref(c, SPACE_CORE_FUNC, &index));
    sgi_buf_leb_u(&c->w, index);
    return sgi_expect_close(p);
}

sg_status sgi_parse_def_type(ComponentParser *c, Bytes id) {
    Parser *p = c->p;
    bool is_constructed;
    if (take_primitive(c))
        return SG_OK;
    SGI_TRY(parse_constructed(c, &is_constructed));
    if (is_constructed)
        return SG_OK;
    if (sgi_take_open(p, "func"))
        SGI_TRY(parse_func_type(c));
    else if (sgi_take_open(p, "component"))
        SGI_TRY(parse_type_scope(c, true, id));
    else if (sgi_take_open(p, "instance"))
        SGI_TRY(parse_type_scope(c, false, id));
    else if (sgi_take_open(p, "resource"))
        SGI_TRY(parse_resource(c));
    else
        return sgi_parse_unexpected(p);
    return sgi_expect_close(p);
}

/* ---- imports and exports ---- */

sg_status sgi_parse_extern_name(ComponentParser *c) {
    static const char *const attributes[] = {"implements", "versionsuffix",
                                             "external-id"}; /* by their bytes */
    size_t mark = c->w.size;
    Bytes name;
    bool is_interface =
        sgi_take_open(c->p, "interface"); /* what older tools write around names of interfaces */
    SGI_TRY(sgi_expect_name(c->p, &name));
    if (is_interface)
        SGI_TRY(sgi_expect_close(c->p));
    sgi_put_name(c, name);
    Vector vector = vector_of(c);
    unsigned seen = 0;
    for (unsigned i = 0; i < SGI_COUNT(attributes);) {
        if (seen >> i & 1 || !sgi_take_open(c->p, attributes[i])) {
            i++;
            continue;
        }
        SGI_TRY(sgi_expect_name(c->p, &name));
        SGI_TRY(sgi_expect_close(c->p));
        sgi_buf_byte(&c->w, (uint8_t)i);
        sgi_put_name(c, name);
        seen |= 1u << i;
        vector.count++;
        i = 0;
    }
    if (vector.count)
        vector_end(c, &vector);
    sgi_insert_count(c, mark, vector.count ? 0x02 : 0x00);
    return SG_OK;
}

static sg_status parse_type_bound(ComponentParser *c) {
    uint32_t index;
    if (sgi_take_open(c->p, "sub")) {
        sgi_buf_byte(&c->w, 0x01);
        SGI_TRY(sgi_expect_keyword(c->p, "resource"));
        return sgi_expect_close(c->p);
    }
    SGI_TRY(sgi_expect_open(c->p, "eq"));
    SGI_TRY(sgi_parse_ref(c, SPACE_TYPE, &index));
    sgi_buf_byte(&c->w, 0x00);
    sgi_buf_leb_u(&c->w, index);
    return sgi_expect_close(c->p);
}

static sg_status parse_value_bound(ComponentParser *c) {
    uint32_t index;
    if (sgi_take_open(c->p, "eq")) {
        SGI_TRY(sgi_parse_ref(c, SPACE_VALUE, &index));
        sgi_buf_byte(&c->w, 0x00);
        sgi_buf_leb_u(&c->w, index);
        return sgi_expect_close(c->p);
    }
    sgi_buf_byte(&c->w, 0x01);
    return sgi_parse_val_type(c);
}

/* "(type ref)", or declarations as a core type of their own. */
static sg_status parse_module_type_use(ComponentParser *c, Bytes id, uint32_t *index) {
    if (peek_type_ref(c->p))
        return sgi_parse_ref(c, SPACE_CORE_TYPE, index);
    size_t mark = c->w.size;
    SGI_TRY(sgi_parse_core_module_type(c, id));
    sgi_emit(c, SECTION_CORE_TYPE, mark);
    return sgi_define(c, SPACE_CORE_TYPE, (Bytes){NULL, 0}, index);
}

sg_status sgi_parse_extern_type_rest(ComponentParser *c, SpaceId space, Bytes id) {
    uint32_t index;
    switch (space) {
    case SPACE_CORE_MODULE:
        SGI_TRY(parse_module_type_use(c, id, &index));
        sgi_buf_byte(&c->w, 0x00);
        sgi_buf_byte(&c->w, 0x11);
        break;
    case SPACE_FUNC:
        SGI_TRY(sgi_parse_func_type_use(c, &index));
        sgi_buf_byte(&c->w, 0x01);
        break;
    case SPACE_VALUE: sgi_buf_byte(&c->w, 0x02); return parse_value_bound(c);
    case SPACE_TYPE: sgi_buf_byte(&c->w, 0x03); return parse_type_bound(c);
    case SPACE_COMPONENT:
        SGI_TRY(parse_type_scope_use(c, true, id, &index));
        sgi_buf_byte(&c->w, 0x04);
        break;
    case SPACE_INSTANCE:
        SGI_TRY(parse_type_scope_use(c, false, id, &index));
        sgi_buf_byte(&c->w, 0x05);
        break;
    default: return sgi_parse_unexpected(c->p);
    }
    sgi_buf_leb_u(&c->w, index);
    return SG_OK;
}

sg_status sgi_parse_extern_type(ComponentParser *c, SpaceId *space, Bytes *id) {
    if (!sgi_peek_is(c->p, TOKEN_OPEN))
        return sgi_parse_unexpected(c->p);
    sgi_advance(c->p);
    SGI_TRY(sgi_parse_sort(c, false, space));
    SGI_TRY(sgi_take_id(c->p, id));
    SGI_TRY(sgi_parse_extern_type_rest(c, *space, *id));
    return sgi_expect_close(c->p);
}
