/* WAVE text → values, directed by the type.
 *
 * Each step of parse_value goes down by one level of the type, whose depth validation bounds by
 * LIMIT(TYPE_DEPTH): so deep text cannot make deep recursion. Lists of unknown length grow on one stack
 * shared by all levels and move to the arena when they are complete. */
#include "text/wave.h"

#include <string.h>

static sg_status parse_value(Wave *w, const sg_type *type, sg_value *value);

static sg_status bad_value(const Wave *w, const char *message) {
    return sgi_wave_fail(w, SG_BAD_VALUE, message);
}

/* A parsed value of its own, for payloads. */
static sg_status parse_payload(Wave *w, const sg_type *type, const sg_value **payload) {
    sg_value value, *place;
    SGI_TRY(parse_value(w, type, &value));
    place = sgi_arena_copy(w->arena, &value, sizeof value);
    *payload = place;
    return place ? SG_OK : sgi_fail_memory(w->err);
}

static sg_status parse_parenthesized(Wave *w, const sg_type *type, const sg_value **payload) {
    SGI_TRY(sgi_wave_expect(w, '(', "expected ( and a payload"));
    SGI_TRY(parse_payload(w, type, payload));
    return sgi_wave_expect(w, ')', "expected )");
}

/* Between two items: true when another one follows. A trailing comma is allowed. */
static sg_status next_item(Wave *w, char close, bool *more) {
    bool comma = sgi_wave_take(w, ',');
    *more = !sgi_wave_take(w, close);
    return *more && !comma ? sgi_wave_fail(w, SG_MALFORMED, "expected , or the end of the sequence") : SG_OK;
}

/* ---- labels ---- */

static sg_string string_of(Bytes bytes) {
    return sg_string_of((const char *)bytes.data, bytes.size);
}

/* Index of the case, field or flag of that name, looked for at `hint` first; field_count when there is none.
 */
static uint32_t find_name(const sg_type *type, uint32_t hint, Bytes name) {
    if (hint < type->field_count && sgi_bytes_equal(type->fields[hint].name, name))
        return hint;
    uint32_t i = 0;
    while (i < type->field_count && !sgi_bytes_equal(type->fields[i].name, name))
        i++;
    return i;
}

static sg_status parse_label(Wave *w, const sg_type *type, uint32_t hint, bool keyword_allowed,
                             const char *message, uint32_t *index) {
    bool is_escaped;
    sgi_wave_skip(w);
    const uint8_t *start = w->at;
    Bytes word = sgi_wave_word(w, &is_escaped);
    *index = find_name(type, hint, word);
    if (*index < type->field_count && (keyword_allowed || is_escaped || !sgi_wave_is_keyword(word)))
        return SG_OK;
    w->at = start;
    return bad_value(w, message);
}

/* The keyword that stands at the cursor, not yet taken, or empty. */
static Bytes peek_keyword(Wave *w, const uint8_t **after) {
    bool is_escaped;
    sgi_wave_skip(w);
    const uint8_t *start = w->at;
    Bytes word = sgi_wave_word(w, &is_escaped);
    *after = w->at;
    w->at = start;
    return !is_escaped && sgi_wave_is_keyword(word) ? word : (Bytes){0};
}

/* ---- by kind ---- */

static sg_status parse_bool(Wave *w, sg_value *value) {
    const uint8_t *after;
    Bytes word = peek_keyword(w, &after);
    value->of.boolean = sgi_bytes_is(word, "true");
    if (!value->of.boolean && !sgi_bytes_is(word, "false"))
        return bad_value(w, "expected true or false");
    w->at = after;
    return SG_OK;
}

static sg_status parse_integer(Wave *w, sg_value *value) {
    static const uint8_t bits[] = {[SG_S8] = 8,   [SG_U8] = 8,   [SG_S16] = 16, [SG_U16] = 16,
                                   [SG_S32] = 32, [SG_U32] = 32, [SG_S64] = 64, [SG_U64] = 64};
    bool is_signed =
        value->kind == SG_S8 || value->kind == SG_S16 || value->kind == SG_S32 || value->kind == SG_S64;
    uint64_t number;
    SGI_TRY(sgi_wave_integer(w, is_signed, bits[value->kind], &number));
    switch (bits[value->kind]) {
    case 8: value->of.u8 = (uint8_t)number; break;
    case 16: value->of.u16 = (uint16_t)number; break;
    case 32: value->of.u32 = (uint32_t)number; break;
    default: value->of.u64 = number;
    }
    return SG_OK;
}

static sg_status parse_float(Wave *w, sg_value *value) {
    double number;
    SGI_TRY(sgi_wave_float(w, value->kind == SG_F32, &number));
    if (value->kind == SG_F32)
        value->of.f32 = (float)number;
    else
        value->of.f64 = number;
    return SG_OK;
}

/* Moves the pending items from `base` on to the arena. */
static sg_status take_pending(Wave *w, size_t base, sg_value *list) {
    size_t count = w->pending.count - base;
    list->of.list.count = count;
    w->pending.count = base;
    if (count == 0)
        return SG_OK;
    sg_value *items = sgi_arena_array(w->arena, count, sizeof *items);
    if (!items)
        return sgi_fail_memory(w->err);
    memcpy(items, w->pending.items + base, count * sizeof *items);
    list->of.list.items = items;
    return SG_OK;
}

static sg_status parse_bytes(Wave *w, sg_value *value) {
    value->kind = SG_BYTES;
    w->scratch.size = 0;
    for (bool more = !sgi_wave_take(w, ']'); more;) {
        uint64_t byte;
        SGI_TRY(sgi_wave_integer(w, false, 8, &byte));
        sgi_buf_byte(&w->scratch, (uint8_t)byte);
        SGI_TRY(next_item(w, ']', &more));
    }
    if (w->scratch.failed)
        return sgi_fail_memory(w->err);
    value->of.bytes.size = w->scratch.size;
    if (w->scratch.size == 0)
        return SG_OK;
    value->of.bytes.data = sgi_arena_copy(w->arena, w->scratch.data, w->scratch.size);
    return value->of.bytes.data ? SG_OK : sgi_fail_memory(w->err);
}

static sg_status parse_list(Wave *w, const sg_type *type, sg_value *value) {
    if (!sgi_wave_take(w, '['))
        return bad_value(w, "expected a list");
    if (type->element->kind == SG_U8)
        return parse_bytes(w, value);
    size_t base = w->pending.count;
    for (bool more = !sgi_wave_take(w, ']'); more;) {
        sg_value item;
        SGI_TRY(parse_value(w, type->element, &item));
        if (!sgi_vec_push(w->arena->alloc, &w->pending, item))
            return sgi_fail_memory(w->err);
        SGI_TRY(next_item(w, ']', &more));
    }
    return take_pending(w, base, value);
}

static sg_status parse_tuple(Wave *w, const sg_type *type, sg_value *value) {
    if (!sgi_wave_take(w, '('))
        return bad_value(w, "expected a tuple");
    sg_value *items = sgi_arena_array(w->arena, type->field_count, sizeof *items);
    if (!items)
        return sgi_fail_memory(w->err);
    bool more = true;
    uint32_t i = 0;
    for (; i < type->field_count && more; i++) {
        SGI_TRY(parse_value(w, type->fields[i].type, &items[i]));
        SGI_TRY(next_item(w, ')', &more));
    }
    if (more || i < type->field_count)
        return bad_value(w, more ? "too many values in a tuple" : "too few values in a tuple");
    value->of.list.items = items;
    value->of.list.count = type->field_count;
    return SG_OK;
}

/* Fields that were not given hold none, when their type allows it. */
static sg_status fill_omitted(const Wave *w, const sg_type *type, sg_field *fields, const bool *given) {
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (given[i])
            continue;
        const CompField *field = &type->fields[i];
        if (field->type->kind != SG_OPTION)
            return sgi_wave_fail_name(w, SG_BAD_VALUE, "missing field", field->name);
        fields[i] = (sg_field){.name = string_of(field->name), .value = {.kind = SG_OPTION}};
    }
    return SG_OK;
}

static sg_status parse_record(Wave *w, const sg_type *type, sg_value *value) {
    if (!sgi_wave_take(w, '{'))
        return bad_value(w, "expected a record");
    sg_field *fields = sgi_arena_array(w->arena, type->field_count, sizeof *fields);
    bool *given = sgi_arena_array(w->arena, type->field_count, sizeof *given);
    if (!fields || !given)
        return sgi_fail_memory(w->err);
    bool more = !sgi_wave_take(w, ':'); /* {:} is the record without fields */
    if (!more)
        SGI_TRY(sgi_wave_expect(w, '}', "expected }"));
    for (uint32_t next = 0, i; more; next = i + 1) {
        SGI_TRY(parse_label(w, type, next, true, "expected a field of the record", &i));
        if (given[i])
            return bad_value(w, "field given twice");
        given[i] = true;
        fields[i].name = string_of(type->fields[i].name);
        SGI_TRY(sgi_wave_expect(w, ':', "expected : after a field's name"));
        SGI_TRY(parse_value(w, type->fields[i].type, &fields[i].value));
        SGI_TRY(next_item(w, '}', &more));
    }
    SGI_TRY(fill_omitted(w, type, fields, given));
    value->of.record.fields = fields;
    value->of.record.count = type->field_count;
    return SG_OK;
}

static sg_status parse_flags(Wave *w, const sg_type *type, sg_value *value) {
    if (!sgi_wave_take(w, '{'))
        return bad_value(w, "expected flags");
    bool *given = sgi_arena_array(w->arena, type->field_count, sizeof *given);
    sg_string *names = sgi_arena_array(w->arena, type->field_count, sizeof *names);
    if (!given || !names)
        return sgi_fail_memory(w->err);
    for (bool more = !sgi_wave_take(w, '}'); more;) {
        uint32_t i;
        SGI_TRY(parse_label(w, type, 0, true, "expected a flag of the type", &i));
        if (given[i])
            return bad_value(w, "flag given twice");
        given[i] = true;
        SGI_TRY(next_item(w, '}', &more));
    }
    size_t count = 0; /* in the type's order, as lifted ones are */
    for (uint32_t i = 0; i < type->field_count; i++)
        if (given[i])
            names[count++] = string_of(type->fields[i].name);
    value->of.flags.names = names;
    value->of.flags.count = count;
    return SG_OK;
}

static sg_status parse_enum(Wave *w, const sg_type *type, sg_value *value) {
    uint32_t i;
    SGI_TRY(parse_label(w, type, 0, false, "expected a case of the enum", &i));
    value->of.enumeration = string_of(type->fields[i].name);
    return SG_OK;
}

static sg_status parse_variant(Wave *w, const sg_type *type, sg_value *value) {
    uint32_t i;
    SGI_TRY(parse_label(w, type, 0, false, "expected a case of the variant", &i));
    value->of.variant.name = string_of(type->fields[i].name);
    return type->fields[i].type ? parse_parenthesized(w, type->fields[i].type, &value->of.variant.payload)
                                : SG_OK;
}

/* "flat": a payload may stand for some(payload) or ok(payload) unless it has these forms itself. */
static bool is_flat(const sg_type *payload) {
    return payload && payload->kind != SG_OPTION && payload->kind != SG_RESULT;
}

static sg_status parse_option(Wave *w, const sg_type *type, sg_value *value) {
    const sg_type *payload = type->fields[1].type;
    const uint8_t *after;
    Bytes word = peek_keyword(w, &after);
    if (sgi_bytes_is(word, "none")) {
        w->at = after;
        return SG_OK;
    }
    if (sgi_bytes_is(word, "some")) {
        w->at = after;
        return parse_parenthesized(w, payload, &value->of.option);
    }
    return is_flat(payload) ? parse_payload(w, payload, &value->of.option)
                            : bad_value(w, "expected some or none");
}

static sg_status parse_result(Wave *w, const sg_type *type, sg_value *value) {
    const uint8_t *after;
    Bytes word = peek_keyword(w, &after);
    bool is_error = sgi_bytes_is(word, "err");
    const sg_type *payload = type->fields[is_error].type;
    if (is_error || sgi_bytes_is(word, "ok")) {
        w->at = after;
        value->of.result.is_error = is_error;
        return payload ? parse_parenthesized(w, payload, &value->of.result.payload) : SG_OK;
    }
    return is_flat(payload) ? parse_payload(w, payload, &value->of.result.payload)
                            : bad_value(w, "expected ok or err");
}

static sg_status parse_value(Wave *w, const sg_type *type, sg_value *value) {
    *value = (sg_value){.kind = type->kind};
    switch (type->kind) {
    case SG_BOOL: return parse_bool(w, value);
    case SG_S8:
    case SG_U8:
    case SG_S16:
    case SG_U16:
    case SG_S32:
    case SG_U32:
    case SG_S64:
    case SG_U64: return parse_integer(w, value);
    case SG_F32:
    case SG_F64: return parse_float(w, value);
    case SG_CHAR: return sgi_wave_char(w, &value->of.character);
    case SG_STRING: return sgi_wave_string(w, &value->of.string);
    case SG_LIST: return parse_list(w, type, value);
    case SG_RECORD: return parse_record(w, type, value);
    case SG_TUPLE: return parse_tuple(w, type, value);
    case SG_VARIANT: return parse_variant(w, type, value);
    case SG_ENUM: return parse_enum(w, type, value);
    case SG_OPTION: return parse_option(w, type, value);
    case SG_RESULT: return parse_result(w, type, value);
    case SG_FLAGS: return parse_flags(w, type, value);
    default: return bad_value(w, "values of this type cannot be written");
    }
}

/* ---- the door ---- */

static Wave cursor_of(Bytes text, sg_error *err) {
    const uint8_t *start = text.size ? text.data : (const uint8_t *)"";
    return (Wave){.start = start, .at = start, .end = start + text.size, .err = err};
}

static Wave wave_of(Arena *arena, Bytes text, sg_error *err) {
    Wave w = cursor_of(text, err);
    w.arena = arena;
    sgi_buf_init(&w.scratch, arena->alloc);
    return w;
}

static sg_status finish(Wave *w, sg_status status) {
    if (status == SG_OK && (sgi_wave_skip(w), w->at < w->end))
        status = sgi_wave_fail(w, SG_MALFORMED, "text after the end");
    sgi_buf_free(&w->scratch);
    sgi_vec_free(w->arena->alloc, &w->pending);
    return status;
}

sg_status sgi_wave_parse(Arena *arena, const sg_type *type, Bytes text, sg_value *value, sg_error *err) {
    Wave w = wave_of(arena, text, err);
    return finish(&w, parse_value(&w, type, value));
}

/* Everything up to the parenthesis: components' functions have names like wasi:cli/run@0.2.0#run. */
sg_status sgi_wave_call_name(Bytes text, Bytes *name, sg_error *err) {
    Wave w = cursor_of(text, err);
    sgi_wave_skip(&w);
    const uint8_t *start = w.at;
    while (w.at < w.end && *w.at != '(' && *w.at > ' ' && *w.at != '"')
        w.at++;
    *name = (Bytes){start, (size_t)(w.at - start)};
    if (name->size == 0)
        return sgi_wave_fail(&w, SG_MALFORMED, "expected a function's name");
    return sgi_wave_peek(&w) == '(' ? SG_OK
                                    : sgi_wave_fail(&w, SG_MALFORMED, "expected ( after the function's name");
}

static sg_status parse_arguments(Wave *w, const CompField *params, uint32_t param_count, sg_value *values) {
    bool more = !sgi_wave_take(w, ')');
    uint32_t i = 0;
    for (; i < param_count && more; i++) {
        SGI_TRY(parse_value(w, params[i].type, &values[i]));
        SGI_TRY(next_item(w, ')', &more));
    }
    if (more)
        return bad_value(w, "too many arguments");
    for (; i < param_count; i++) { /* options at the end may be left out */
        if (params[i].type->kind != SG_OPTION)
            return bad_value(w, "too few arguments");
        values[i] = (sg_value){.kind = SG_OPTION};
    }
    return SG_OK;
}

sg_status sgi_wave_parse_arguments(Arena *arena, const CompField *params, uint32_t param_count, Bytes text,
                                   sg_value *values, sg_error *err) {
    Bytes name;
    SGI_TRY(sgi_wave_call_name(text, &name, err));
    Wave w = wave_of(arena, text, err);
    w.at = name.data + name.size;
    SGI_TRY(sgi_wave_expect(&w, '(', "expected ("));
    return finish(&w, parse_arguments(&w, params, param_count, values));
}
