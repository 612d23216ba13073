/* Literals of scripts → values and patterns.
 *
 * Component literals nest; they are read with an explicit stack: finished values lie on one stack, and a
 * composite, when it closes, takes those that belong to it. */
#include "text/script.h"

#include <string.h>

static sg_string as_string(Bytes bytes) {
    return sg_string_of((const char *)bytes.data, bytes.size);
}

/* ---- core ---- */

/* A number literal's bits in `pattern->core`; NaN patterns only where results stand. */
static sg_status parse_core_number(Parser *p, sg_core_kind kind, bool is_result, sg_pattern *pattern) {
    bool is_float = kind == SG_CORE_F32 || kind == SG_CORE_F64;
    unsigned bits = kind == SG_CORE_I32 || kind == SG_CORE_F32 ? 32 : 64;
    uint64_t value = 0;
    pattern->core.kind = kind;
    if (is_float && is_result && sgi_take_keyword(p, "nan:canonical"))
        pattern->kind = SG_PATTERN_NAN_CANONICAL;
    else if (is_float && is_result && sgi_take_keyword(p, "nan:arithmetic"))
        pattern->kind = SG_PATTERN_NAN_ARITHMETIC;
    else
        SGI_TRY(is_float ? sgi_expect_float(p, bits, &value) : sgi_expect_integer(p, bits, &value));
    uint32_t low = (uint32_t)value;
    switch (kind) {
    case SG_CORE_I32: memcpy(&pattern->core.of.i32, &low, sizeof low); break;
    case SG_CORE_F32: memcpy(&pattern->core.of.f32, &low, sizeof low); break;
    case SG_CORE_I64: memcpy(&pattern->core.of.i64, &value, sizeof value); break;
    default: memcpy(&pattern->core.of.f64, &value, sizeof value); break;
    }
    return SG_OK;
}

static sg_status parse_v128(Parser *p, bool is_result, sg_pattern *pattern) {
    V128Literal literal = {.lane_bits = 0};
    SGI_TRY(sgi_expect_v128(p, is_result, &literal));
    pattern->core.kind = SG_CORE_V128;
    pattern->lane_bits = literal.lane_bits;
    memcpy(pattern->lane_kinds, literal.lane_kinds, sizeof literal.lane_kinds);
    memcpy(pattern->core.of.v128, literal.bytes, sizeof literal.bytes);
    return SG_OK;
}

/* The host's reference number `n`. */
static sg_status parse_host_ref(Parser *p, sg_pattern *pattern) {
    uint32_t number;
    SGI_TRY(sgi_expect_u32(p, &number));
    uintptr_t address = (uintptr_t)number + 1;
    memcpy(&pattern->core.of.ref, &address, sizeof address);
    return SG_OK;
}

/* The kind of references of a heap type. */
static sg_core_kind kind_of_heap(Bytes heap) {
    static const struct {
        const char *heap;
        sg_core_kind kind;
    } rows[] = {{"func", SG_CORE_FUNCREF},       {"nofunc", SG_CORE_FUNCREF}, {"extern", SG_CORE_EXTERNREF},
                {"noextern", SG_CORE_EXTERNREF}, {"exn", SG_CORE_EXNREF},     {"noexn", SG_CORE_EXNREF}};
    for (size_t i = 0; i < SGI_COUNT(rows); i++)
        if (sgi_bytes_is(heap, rows[i].heap))
            return rows[i].kind;
    return SG_CORE_ANYREF;
}

/* Past "(ref.": `what` is the rest of the keyword. */
static sg_status parse_ref(Parser *p, Bytes what, sg_pattern *pattern) {
    bool has_number = sgi_peek_is(p, TOKEN_NUMBER);
    if (sgi_bytes_is(what, "null")) {
        pattern->kind = SG_PATTERN_REF_NULL;
        what = (Bytes){NULL, 0};
        if (!sgi_peek_is(p, TOKEN_CLOSE)) {
            if (!sgi_peek_is(p, TOKEN_KEYWORD))
                return sgi_parse_unexpected(p);
            what = sgi_token_text(p, sgi_peek(p));
            sgi_advance(p);
        }
        pattern->core.kind = kind_of_heap(what);
        pattern->heap_type = as_string(what);
        return SG_OK;
    }
    pattern->core.kind = kind_of_heap(what);
    if (has_number && (sgi_bytes_is(what, "extern") || sgi_bytes_is(what, "host")))
        return parse_host_ref(p, pattern);
    if (has_number)
        sgi_advance(p); /* a function's index: which one it is cannot be asked */
    pattern->kind = SG_PATTERN_REF;
    pattern->heap_type = as_string(what);
    return SG_OK;
}

typedef Vec(sg_pattern) PatternVec;

/* One core literal that is no "either", with its parentheses. */
static sg_status parse_core_literal(ScriptParser *s, bool is_result, PatternVec *out) {
    static const struct {
        const char *keyword;
        sg_core_kind kind;
    } numbers[] = {{"i32.const", SG_CORE_I32},
                   {"i64.const", SG_CORE_I64},
                   {"f32.const", SG_CORE_F32},
                   {"f64.const", SG_CORE_F64}};
    Parser *p = &s->p;
    sg_pattern pattern;
    memset(&pattern, 0, sizeof pattern);
    Bytes head = sgi_peek_head(p);
    size_t number = 0;
    while (number < SGI_COUNT(numbers) && !sgi_take_open(p, numbers[number].keyword))
        number++;
    if (number < SGI_COUNT(numbers)) {
        SGI_TRY(parse_core_number(p, numbers[number].kind, is_result, &pattern));
    } else if (sgi_take_open(p, "v128.const")) {
        SGI_TRY(parse_v128(p, is_result, &pattern));
    } else if (head.size > 4 && memcmp(head.data, "ref.", 4) == 0) {
        sgi_advance(p);
        sgi_advance(p);
        SGI_TRY(parse_ref(p, (Bytes){head.data + 4, head.size - 4}, &pattern));
    } else {
        return sgi_parse_unexpected(p);
    }
    SGI_TRY(sgi_expect_close(p));
    return sgi_vec_push(p->cx.alloc, out, pattern) ? SG_OK : sgi_load_no_memory(&p->cx);
}

static sg_status parse_either(ScriptParser *s, PatternVec *out) {
    sg_pattern either;
    memset(&either, 0, sizeof either);
    either.kind = SG_PATTERN_EITHER;
    size_t at = out->count;
    if (!sgi_vec_push(s->p.cx.alloc, out, either))
        return sgi_load_no_memory(&s->p.cx);
    while (!sgi_peek_is(&s->p, TOKEN_CLOSE))
        SGI_TRY(parse_core_literal(s, true, out));
    out->items[at].count = out->count - at - 1;
    return sgi_expect_close(&s->p);
}

static sg_status parse_core_list(ScriptParser *s, bool are_results, PatternVec *out, size_t *count) {
    for (*count = 0; !sgi_peek_is(&s->p, TOKEN_CLOSE); ++*count)
        if (are_results && sgi_take_open(&s->p, "either"))
            SGI_TRY(parse_either(s, out));
        else
            SGI_TRY(parse_core_literal(s, are_results, out));
    return SG_OK;
}

static sg_status parse_core(ScriptParser *s, bool are_results, Literals *literals) {
    PatternVec patterns = {NULL, 0, 0};
    sg_status status = parse_core_list(s, are_results, &patterns, &literals->count);
    bool no_memory = false;
    if (status == SG_OK && are_results) {
        literals->patterns =
            sgi_arena_copy(s->arena, patterns.items, patterns.count * sizeof *patterns.items);
        no_memory = literals->patterns == NULL;
    } else if (status == SG_OK) {
        sg_core_value *values = sgi_arena_array(s->arena, patterns.count, sizeof *values);
        for (size_t i = 0; values && i < patterns.count; i++)
            values[i] = patterns.items[i].core;
        literals->core = values;
        no_memory = values == NULL;
    }
    sgi_vec_free(s->p.cx.alloc, &patterns);
    return no_memory ? sgi_load_no_memory(&s->p.cx) : status;
}

/* ---- components ---- */

typedef struct Kind {
    const char *keyword;
    sg_kind kind;
    uint8_t bits; /* of integers */
    bool is_signed;
} Kind;

static const Kind kinds[] = {
    {"bool.const", SG_BOOL, 0, false},
    {"u8.const", SG_U8, 8, false},
    {"s8.const", SG_S8, 8, true},
    {"u16.const", SG_U16, 16, false},
    {"s16.const", SG_S16, 16, true},
    {"u32.const", SG_U32, 32, false},
    {"s32.const", SG_S32, 32, true},
    {"u64.const", SG_U64, 64, false},
    {"s64.const", SG_S64, 64, true},
    {"f32.const", SG_F32, 0, false},
    {"f64.const", SG_F64, 0, false},
    {"char.const", SG_CHAR, 0, false},
    {"str.const", SG_STRING, 0, false},
    {"list.const", SG_LIST, 0, false},
    {"record.const", SG_RECORD, 0, false},
    {"tuple.const", SG_TUPLE, 0, false},
    {"variant.const", SG_VARIANT, 0, false},
    {"enum.const", SG_ENUM, 0, false},
    {"option.none", SG_OPTION, 0, false},
    {"option.some", SG_OPTION, 1, false},
    {"result.ok", SG_RESULT, 0, false},
    {"result.err", SG_RESULT, 1, false},
    {"flags.const", SG_FLAGS, 0, false},
};

static const Kind *find_kind(Bytes keyword) {
    for (size_t i = 0; i < SGI_COUNT(kinds); i++)
        if (sgi_bytes_is(keyword, kinds[i].keyword))
            return &kinds[i];
    return NULL;
}

/* A composite that is open: its members are the values from `first` on. */
typedef struct Open {
    const Kind *kind;
    size_t first;
    sg_string name;  /* of the field that holds it, in a record */
    sg_string label; /* the case of a variant */
} Open;

typedef struct ValueParser {
    ScriptParser *s;
    Vec(sg_field) values; /* the name is a record field's */
    Vec(Open) open;
} ValueParser;

static sg_status parse_integer(Parser *p, const Kind *kind, sg_value *value) {
    uint64_t bits;
    SGI_TRY(sgi_expect_integer(p, kind->bits, &bits));
    switch (kind->kind) {
    case SG_U8: value->of.u8 = (uint8_t)bits; break;
    case SG_S8: value->of.s8 = (int8_t)(uint8_t)bits; break;
    case SG_U16: value->of.u16 = (uint16_t)bits; break;
    case SG_S16: value->of.s16 = (int16_t)(uint16_t)bits; break;
    case SG_U32: value->of.u32 = (uint32_t)bits; break;
    case SG_S32: value->of.s32 = (int32_t)(uint32_t)bits; break;
    case SG_U64: value->of.u64 = bits; break;
    default: value->of.s64 = (int64_t)bits; break;
    }
    return SG_OK;
}

static sg_status parse_float(Parser *p, sg_value *value) {
    uint64_t bits = value->kind == SG_F32 ? 0x7fc00000 : UINT64_C(0x7ff8000000000000);
    if (!sgi_take_keyword(p, "nan:canonical") && !sgi_take_keyword(p, "nan:arithmetic"))
        SGI_TRY(sgi_expect_float(p, value->kind == SG_F32 ? 32 : 64, &bits));
    uint32_t low = (uint32_t)bits;
    if (value->kind == SG_F32)
        memcpy(&value->of.f32, &low, sizeof low);
    else
        memcpy(&value->of.f64, &bits, sizeof bits);
    return SG_OK;
}

static sg_status parse_text(Parser *p, sg_value *value) {
    size_t at = p->at;
    Bytes text;
    SGI_TRY(sgi_expect_name(p, &text));
    if (value->kind == SG_STRING) {
        value->of.string = as_string(text);
    } else if (value->kind == SG_ENUM) {
        value->of.enumeration = as_string(text);
    } else {
        const uint8_t *start = text.data, *end = text.data + text.size;
        int32_t scalar = sgi_utf8_read(&start, end);
        if (scalar < 0 || start != end)
            return sgi_parse_fail_at(p, at, "one character expected", "%s", "");
        value->of.character = (uint32_t)scalar;
    }
    return SG_OK;
}

static sg_status parse_flags(Parser *p, Arena *arena, sg_value *value) {
    size_t start = p->at, count = 0;
    for (; sgi_peek_is(p, TOKEN_STRING); count++)
        sgi_advance(p);
    sg_string *names = sgi_arena_array(arena, count, sizeof *names);
    if (names == NULL)
        return sgi_load_no_memory(&p->cx);
    p->at = start;
    for (size_t i = 0; i < count; i++) {
        Bytes name;
        SGI_TRY(sgi_expect_name(p, &name));
        names[i] = as_string(name);
    }
    value->of.flags.names = names;
    value->of.flags.count = count;
    return SG_OK;
}

static sg_status parse_scalar(Parser *p, Arena *arena, const Kind *kind, sg_value *value) {
    value->kind = kind->kind;
    switch (kind->kind) {
    case SG_BOOL:
        value->of.boolean = sgi_take_keyword(p, "true");
        return value->of.boolean ? SG_OK : sgi_expect_keyword(p, "false");
    case SG_F32:
    case SG_F64: return parse_float(p, value);
    case SG_CHAR:
    case SG_STRING:
    case SG_ENUM: return parse_text(p, value);
    case SG_FLAGS: return parse_flags(p, arena, value);
    default: return parse_integer(p, kind, value);
    }
}

/* At a literal's keyword: a scalar is read whole, of a composite the opening. */
static sg_status begin_value(ValueParser *v, sg_string field) {
    Parser *p = &v->s->p;
    const Kind *kind = sgi_peek_is(p, TOKEN_KEYWORD) ? find_kind(sgi_token_text(p, sgi_peek(p))) : NULL;
    if (kind == NULL)
        return sgi_parse_unexpected(p);
    sgi_advance(p);
    switch (kind->kind) {
    case SG_LIST:
    case SG_RECORD:
    case SG_TUPLE:
    case SG_VARIANT:
    case SG_OPTION:
    case SG_RESULT: {
        Open open = {kind, v->values.count, field, {NULL, 0}};
        if (kind->kind == SG_VARIANT) {
            Bytes label;
            SGI_TRY(sgi_expect_name(p, &label));
            open.label = as_string(label);
        }
        return sgi_vec_push(p->cx.alloc, &v->open, open) ? SG_OK : sgi_load_no_memory(&p->cx);
    }
    default: break;
    }
    sg_field value;
    memset(&value, 0, sizeof value);
    value.name = field;
    SGI_TRY(parse_scalar(p, v->s->arena, kind, &value.value));
    SGI_TRY(sgi_expect_close(p));
    return sgi_vec_push(p->cx.alloc, &v->values, value) ? SG_OK : sgi_load_no_memory(&p->cx);
}

/* At the closing parenthesis of the innermost composite: its members become one value. */
static sg_status end_value(ValueParser *v) {
    Parser *p = &v->s->p;
    Open open = v->open.items[--v->open.count];
    size_t count = v->values.count - open.first;
    const sg_field *members = count ? v->values.items + open.first : NULL;
    bool takes_many =
        open.kind->kind == SG_LIST || open.kind->kind == SG_TUPLE || open.kind->kind == SG_RECORD;
    if (!takes_many && (count > 1 || (open.kind->kind == SG_OPTION && count != open.kind->bits)))
        return sgi_parse_unexpected(p);
    sg_field value;
    memset(&value, 0, sizeof value);
    value.name = open.name;
    value.value.kind = open.kind->kind;
    if (open.kind->kind == SG_RECORD) {
        value.value.of.record.fields = sgi_arena_copy(v->s->arena, members, count * sizeof *members);
        value.value.of.record.count = count;
        if (value.value.of.record.fields == NULL)
            return sgi_load_no_memory(&p->cx);
    } else {
        sg_value *items = sgi_arena_array(v->s->arena, count, sizeof *items);
        if (items == NULL)
            return sgi_load_no_memory(&p->cx);
        for (size_t i = 0; i < count; i++)
            items[i] = members[i].value;
        const sg_value *payload = count ? items : NULL;
        switch (open.kind->kind) {
        case SG_VARIANT:
            value.value.of.variant.name = open.label;
            value.value.of.variant.payload = payload;
            break;
        case SG_OPTION: value.value.of.option = payload; break;
        case SG_RESULT:
            value.value.of.result.payload = payload;
            value.value.of.result.is_error = open.kind->bits;
            break;
        default: value.value.of.list.items = items; value.value.of.list.count = count;
        }
    }
    v->values.count = open.first;
    sgi_advance(p);
    return sgi_vec_push(p->cx.alloc, &v->values, value) ? SG_OK : sgi_load_no_memory(&p->cx);
}

static sg_status parse_values(ValueParser *v) {
    Parser *p = &v->s->p;
    for (;;) {
        const Open *open = v->open.count ? &v->open.items[v->open.count - 1] : NULL;
        if (sgi_peek_is(p, TOKEN_CLOSE)) {
            if (open == NULL)
                return SG_OK;
            SGI_TRY(end_value(v));
            continue;
        }
        Bytes field = {NULL, 0};
        if (open && open->kind->kind == SG_RECORD) {
            SGI_TRY(sgi_expect_open(p, "field"));
            SGI_TRY(sgi_expect_name(p, &field));
        } else if (sgi_peek_is(p, TOKEN_OPEN)) {
            sgi_advance(p);
        } else {
            return sgi_parse_unexpected(p);
        }
        SGI_TRY(begin_value(v, as_string(field)));
    }
}

static sg_status parse_component(ScriptParser *s, Literals *literals) {
    ValueParser v = {.s = s};
    sg_status status = parse_values(&v);
    if (status == SG_OK) {
        sg_value *values = sgi_arena_array(s->arena, v.values.count, sizeof *values);
        for (size_t i = 0; values && i < v.values.count; i++)
            values[i] = v.values.items[i].value;
        literals->values = values;
        literals->count = v.values.count;
        status = values ? SG_OK : sgi_load_no_memory(&s->p.cx);
    }
    sgi_vec_free(s->p.cx.alloc, &v.values);
    sgi_vec_free(s->p.cx.alloc, &v.open);
    return status;
}

/* ---- lists ---- */

sg_status sgi_script_literals(ScriptParser *s, bool are_results, Literals *literals) {
    Parser *p = &s->p;
    size_t start = p->at;
    memset(literals, 0, sizeof *literals);
    literals->is_core = literals->is_component = true;
    for (; sgi_peek_is(p, TOKEN_OPEN); sgi_skip_group(p)) {
        Bytes head = sgi_peek_head(p);
        bool is_float = sgi_bytes_is(head, "f32.const") || sgi_bytes_is(head, "f64.const");
        bool is_core = is_float || sgi_bytes_is(head, "i32.const") || sgi_bytes_is(head, "i64.const") ||
                       sgi_bytes_is(head, "v128.const") || sgi_bytes_is(head, "either") ||
                       (head.size > 4 && memcmp(head.data, "ref.", 4) == 0);
        literals->is_core &= is_core;
        literals->is_component &= is_float || !is_core;
        if (!is_core && find_kind(head) == NULL && !literals->is_unknown) {
            literals->is_unknown = true;
            literals->unknown = as_string(head);
        }
    }
    if (literals->is_unknown)
        return SG_OK;
    if (literals->is_core) {
        p->at = start;
        SGI_TRY(parse_core(s, are_results, literals));
    }
    if (literals->is_component) {
        p->at = start;
        SGI_TRY(parse_component(s, literals));
    }
    if (!literals->is_core && !literals->is_component)
        return sgi_parse_fail_at(p, start, "core and component literals in one list", "%s", "");
    return SG_OK;
}
