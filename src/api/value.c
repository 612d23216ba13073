/* Component values as the embedder holds them: copy, delete, compare, parse, print; and types as it sees
 * them.
 *
 * Values come from typed lifting, where depth is at most LIMIT(TYPE_DEPTH), or from the embedder. The walks
 * recurse over that depth and no further: a deeper tree (or a cycle) is refused. A copied tree is one block
 * from malloc which begins with what the root itself points at, so that the root alone is enough to free it.
 */
#include "api/private.h"
#include "module/module.h"
#include "text/text.h"

#include <stdlib.h>
#include <string.h>

sg_value sg_value_string(const char *text) {
    return (sg_value){.kind = SG_STRING, .of.string = {text, text ? strlen(text) : 0}};
}

/* ---- copy and delete ---- */

/* Without a block it measures: the same walk runs twice. */
typedef struct Copier {
    uint8_t *block;
    size_t used;
    bool too_large, too_deep;
} Copier;

/* Room in the block, or NULL while measuring and for nothing. */
static void *take(Copier *c, size_t count, size_t size, size_t alignment) {
    size_t bytes, start, end;
    if (!sgi_mul(count, size, &bytes) || !sgi_add(c->used, alignment - 1, &start) ||
        !sgi_add(start & ~(alignment - 1), bytes, &end)) {
        c->too_large = true;
        return NULL;
    }
    c->used = end;
    return c->block && bytes ? c->block + (start & ~(alignment - 1)) : NULL;
}

static const void *copy_bytes(Copier *c, const void *data, size_t size) {
    void *copy = take(c, size, 1, 1);
    return copy ? memcpy(copy, data, size) : NULL;
}

static sg_string copy_string(Copier *c, sg_string string) {
    return sg_string_of(copy_bytes(c, string.data, string.size), string.size);
}

static sg_value copy_value(Copier *c, const sg_value *from, unsigned depth);

static const sg_value *copy_items(Copier *c, const sg_value *from, size_t count, unsigned depth) {
    sg_value *items = take(c, count, sizeof *items, _Alignof(sg_value));
    for (size_t i = 0; i < count; i++) {
        sg_value item = copy_value(c, &from[i], depth + 1);
        if (items)
            items[i] = item;
    }
    return items;
}

static const sg_field *copy_fields(Copier *c, const sg_field *from, size_t count, unsigned depth) {
    sg_field *fields = take(c, count, sizeof *fields, _Alignof(sg_field));
    for (size_t i = 0; i < count; i++) {
        sg_field field = {.name = copy_string(c, from[i].name)};
        field.value = copy_value(c, &from[i].value, depth + 1);
        if (fields)
            fields[i] = field;
    }
    return fields;
}

static const sg_string *copy_names(Copier *c, const sg_string *from, size_t count) {
    sg_string *names = take(c, count, sizeof *names, _Alignof(sg_string));
    for (size_t i = 0; i < count; i++) {
        sg_string name = copy_string(c, from[i]);
        if (names)
            names[i] = name;
    }
    return names;
}

static sg_value copy_value(Copier *c, const sg_value *from, unsigned depth) {
    sg_value to = *from;
    if (depth > LIMIT_OF(TYPE_DEPTH)) {
        c->too_deep = true;
        return to;
    }
    switch (from->kind) {
    case SG_STRING: to.of.string = copy_string(c, from->of.string); break;
    case SG_ENUM: to.of.enumeration = copy_string(c, from->of.enumeration); break;
    case SG_BYTES: to.of.bytes.data = copy_bytes(c, from->of.bytes.data, from->of.bytes.size); break;
    case SG_LIST:
    case SG_TUPLE: to.of.list.items = copy_items(c, from->of.list.items, from->of.list.count, depth); break;
    case SG_RECORD:
        to.of.record.fields = copy_fields(c, from->of.record.fields, from->of.record.count, depth);
        break;
    case SG_VARIANT: /* the payload first: see block_of */
        to.of.variant.payload =
            copy_items(c, from->of.variant.payload, from->of.variant.payload != NULL, depth);
        to.of.variant.name = copy_string(c, from->of.variant.name);
        break;
    case SG_OPTION: to.of.option = copy_items(c, from->of.option, from->of.option != NULL, depth); break;
    case SG_RESULT:
        to.of.result.payload = copy_items(c, from->of.result.payload, from->of.result.payload != NULL, depth);
        break;
    case SG_FLAGS: to.of.flags.names = copy_names(c, from->of.flags.names, from->of.flags.count); break;
    default: break;
    }
    return to;
}

sg_status sg_value_copy(const sg_value *value, sg_value *copy, sg_error *error) {
    Copier c = {0};
    sg_value result = copy_value(&c, value, 0);
    if (c.too_deep)
        return sgi_fail(error, SG_BAD_VALUE, SG_NO_OFFSET, "value nested too deep", "%s", "");
    if (c.too_large)
        return sgi_fail_memory(error);
    if (c.used) {
        c = (Copier){.block = malloc(c.used)};
        if (!c.block)
            return sgi_fail_memory(error);
        result = copy_value(&c, value, 0);
    }
    *copy = result;
    return SG_OK;
}

/* What the root points at: the start of its block, or NULL when it has none. */
static const void *block_of(const sg_value *value) {
    switch (value->kind) {
    case SG_STRING: return value->of.string.data;
    case SG_ENUM: return value->of.enumeration.data;
    case SG_BYTES: return value->of.bytes.data;
    case SG_LIST:
    case SG_TUPLE: return value->of.list.items;
    case SG_RECORD: return value->of.record.fields;
    case SG_VARIANT:
        return value->of.variant.payload ? (const void *)value->of.variant.payload
                                         : value->of.variant.name.data;
    case SG_OPTION: return value->of.option;
    case SG_RESULT: return value->of.result.payload;
    case SG_FLAGS: return value->of.flags.names;
    default: return NULL;
    }
}

void sg_value_delete(sg_value *copy) {
    if (!copy)
        return;
    void *block;
    memcpy(&block, &(const void *){block_of(copy)}, sizeof block); /* drops the const that the reader sees */
    free(block);
    *copy = (sg_value){0};
}

/* ---- equality ---- */

static bool strings_equal(sg_string a, sg_string b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool values_equal(const sg_value *a, const sg_value *b, unsigned depth);

static bool items_equal(const sg_value *a, const sg_value *b, size_t count, unsigned depth) {
    for (size_t i = 0; i < count; i++)
        if (!values_equal(&a[i], &b[i], depth + 1))
            return false;
    return true;
}

static bool payloads_equal(const sg_value *a, const sg_value *b, unsigned depth) {
    return a && b ? values_equal(a, b, depth + 1) : a == b;
}

/* The field of that name, looked for at `hint` first: the order is mostly the same. */
static const sg_field *find_field(const sg_value *record, size_t hint, sg_string name) {
    const sg_field *fields = record->of.record.fields;
    if (hint < record->of.record.count && strings_equal(fields[hint].name, name))
        return &fields[hint];
    for (size_t i = 0; i < record->of.record.count; i++)
        if (strings_equal(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static bool records_equal(const sg_value *a, const sg_value *b, unsigned depth) {
    if (a->of.record.count != b->of.record.count)
        return false;
    for (size_t i = 0; i < a->of.record.count; i++) {
        const sg_field *field = &a->of.record.fields[i], *other = find_field(b, i, field->name);
        if (!other || !values_equal(&field->value, &other->value, depth + 1) ||
            !find_field(a, i, b->of.record.fields[i].name))
            return false;
    }
    return true;
}

static bool has_flag(const sg_value *flags, size_t hint, sg_string name) {
    if (hint < flags->of.flags.count && strings_equal(flags->of.flags.names[hint], name))
        return true;
    for (size_t i = 0; i < flags->of.flags.count; i++)
        if (strings_equal(flags->of.flags.names[i], name))
            return true;
    return false;
}

static bool flags_equal(const sg_value *a, const sg_value *b) {
    for (size_t i = 0; i < a->of.flags.count; i++)
        if (!has_flag(b, i, a->of.flags.names[i]))
            return false;
    for (size_t i = 0; i < b->of.flags.count; i++)
        if (!has_flag(a, i, b->of.flags.names[i]))
            return false;
    return true;
}

static bool bytes_equal_list(const sg_value *bytes, const sg_value *list) {
    if (bytes->of.bytes.size != list->of.list.count)
        return false;
    for (size_t i = 0; i < list->of.list.count; i++) {
        const sg_value *item = &list->of.list.items[i];
        if (item->kind != SG_U8 || item->of.u8 != bytes->of.bytes.data[i])
            return false;
    }
    return true;
}

static bool values_equal(const sg_value *a, const sg_value *b, unsigned depth) {
    if (depth > LIMIT_OF(TYPE_DEPTH))
        return false;
    if (a->kind == SG_BYTES && b->kind == SG_LIST)
        return bytes_equal_list(a, b);
    if (a->kind == SG_LIST && b->kind == SG_BYTES)
        return bytes_equal_list(b, a);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case SG_BOOL: return a->of.boolean == b->of.boolean;
    case SG_S8:
    case SG_U8: return a->of.u8 == b->of.u8;
    case SG_S16:
    case SG_U16: return a->of.u16 == b->of.u16;
    case SG_S32:
    case SG_U32: return a->of.u32 == b->of.u32;
    case SG_S64:
    case SG_U64: return a->of.u64 == b->of.u64;
    case SG_F32: return a->of.f32 == b->of.f32 || (a->of.f32 != a->of.f32 && b->of.f32 != b->of.f32);
    case SG_F64: return a->of.f64 == b->of.f64 || (a->of.f64 != a->of.f64 && b->of.f64 != b->of.f64);
    case SG_CHAR: return a->of.character == b->of.character;
    case SG_STRING: return strings_equal(a->of.string, b->of.string);
    case SG_BYTES:
        return a->of.bytes.size == b->of.bytes.size &&
               (a->of.bytes.size == 0 || memcmp(a->of.bytes.data, b->of.bytes.data, a->of.bytes.size) == 0);
    case SG_LIST:
    case SG_TUPLE:
        return a->of.list.count == b->of.list.count &&
               items_equal(a->of.list.items, b->of.list.items, a->of.list.count, depth);
    case SG_RECORD: return records_equal(a, b, depth);
    case SG_VARIANT:
        return strings_equal(a->of.variant.name, b->of.variant.name) &&
               payloads_equal(a->of.variant.payload, b->of.variant.payload, depth);
    case SG_ENUM: return strings_equal(a->of.enumeration, b->of.enumeration);
    case SG_OPTION: return payloads_equal(a->of.option, b->of.option, depth);
    case SG_RESULT:
        return a->of.result.is_error == b->of.result.is_error &&
               payloads_equal(a->of.result.payload, b->of.result.payload, depth);
    case SG_FLAGS: return flags_equal(a, b);
    case SG_OWN:
    case SG_BORROW: return a->of.handle == b->of.handle;
    default: return false;
    }
}

bool sg_value_equal(const sg_value *a, const sg_value *b) {
    return values_equal(a, b, 0);
}

/* ---- types ---- */

sg_kind sg_type_kind(const sg_type *type) {
    return type->kind;
}

const sg_type *sg_type_item(const sg_type *type, size_t index) {
    switch (type->kind) {
    case SG_LIST:
    case SG_FIXED_LIST:
    case SG_STREAM:
    case SG_FUTURE: return index == 0 ? type->element : NULL;
    case SG_MAP: return index == 0 ? type->key : index == 1 ? type->element : NULL;
    case SG_OPTION: return index == 0 ? type->fields[1].type : NULL;
    default: return index < type->field_count ? type->fields[index].type : NULL;
    }
}

static uint32_t named_count(const sg_type *type) {
    return type->kind == SG_OPTION || type->kind == SG_RESULT ? 0 : type->field_count;
}

size_t sg_type_count(const sg_type *type) {
    return type->kind == SG_FIXED_LIST ? type->length : named_count(type);
}

sg_string sg_type_name(const sg_type *type, size_t index) {
    if (index >= named_count(type))
        return (sg_string){0};
    return to_string(type->fields[index].name);
}

sg_string sg_type_label(const sg_type *type) {
    return to_string(type->resource_name ? type->resource_name->label : type->name);
}

bool sg_type_equal(const sg_type *a, const sg_type *b) {
    return sgi_type_equal(a, b);
}

size_t sg_func_type_param_count(const sg_func_type *type) {
    return type->param_count;
}

const sg_type *sg_func_type_param(const sg_func_type *type, size_t index) {
    return index < type->param_count ? type->params[index].type : NULL;
}

sg_string sg_func_type_param_name(const sg_func_type *type, size_t index) {
    return to_string(index < type->param_count ? type->params[index].name : (Bytes){NULL, 0});
}

const sg_type *sg_func_type_result(const sg_func_type *type) {
    return type->result;
}

bool sg_func_type_is_async(const sg_func_type *type) {
    return type->is_async;
}

/* ---- text ---- */

sg_status sg_value_parse(const sg_type *type, const char *text, size_t size, sg_value *value,
                         sg_error *error) {
    Alloc alloc;
    Arena arena;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_arena_init(&arena, &alloc);
    sg_value parsed;
    sg_status status = sgi_wave_parse(&arena, type, (Bytes){(const uint8_t *)text, size}, &parsed, error);
    if (status == SG_OK)
        status = sg_value_copy(&parsed, value, error);
    sgi_arena_free(&arena);
    return status;
}

size_t sg_value_print(const sg_value *value, char *buffer, size_t size) {
    Alloc alloc;
    Buf text;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_buf_init(&text, &alloc);
    sgi_wave_print(&text, value);
    return copy_out(&text, buffer, size);
}
