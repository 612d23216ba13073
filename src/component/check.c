/* The host's values against the types they are given for, before anything runs. Errors name the place inside
 * the value: argument 2, field "x", element 3: expected u32, got string. */
#include "component/internal.h"

#include <stdio.h>
#include <string.h>

/* Where we are, from the inside out; on the C stack, at most LIMIT(TYPE_DEPTH) long, as types are deep. */
typedef struct Path {
    const struct Path *outer;
    const ComponentInstance *inst; /* of the outermost: who takes the value; NULL: the host */
    const char *what;              /* "argument", "field", ... */
    Bytes name;                    /* in quotes, when not empty */
    size_t number;                 /* else from 1; 0: none */
} Path;

static const char *const kind_names[] = {
    [SG_BOOL] = "bool",
    [SG_S8] = "s8",
    [SG_U8] = "u8",
    [SG_S16] = "s16",
    [SG_U16] = "u16",
    [SG_S32] = "s32",
    [SG_U32] = "u32",
    [SG_S64] = "s64",
    [SG_U64] = "u64",
    [SG_F32] = "f32",
    [SG_F64] = "f64",
    [SG_CHAR] = "char",
    [SG_STRING] = "string",
    [SG_LIST] = "list",
    [SG_BYTES] = "list<u8>",
    [SG_RECORD] = "record",
    [SG_TUPLE] = "tuple",
    [SG_VARIANT] = "variant",
    [SG_ENUM] = "enum",
    [SG_OPTION] = "option",
    [SG_RESULT] = "result",
    [SG_FLAGS] = "flags",
    [SG_OWN] = "own",
    [SG_BORROW] = "borrow",
    [SG_FIXED_LIST] = "list of fixed length",
    [SG_MAP] = "map",
    [SG_STREAM] = "stream",
    [SG_FUTURE] = "future",
    [SG_ERROR_CONTEXT] = "error-context",
};

static const char *kind_name(sg_kind kind) {
    return (size_t)kind < SGI_COUNT(kind_names) ? kind_names[kind] : "unknown kind";
}

enum { PATH_PARTS = 128, PATH_TEXT = 300 };

static void print_path(const Path *path, char text[PATH_TEXT]) {
    const Path *parts[PATH_PARTS];
    size_t depth = 0, at = 0;
    for (; path && depth < PATH_PARTS; path = path->outer)
        parts[depth++] = path;
    text[0] = 0;
    while (depth-- > 0 && at < PATH_TEXT) {
        const Path *part = parts[depth];
        char number[24] = "";
        if (part->number)
            snprintf(number, sizeof number, " %zu", part->number);
        int length = snprintf(text + at, PATH_TEXT - at, "%s%s%s", at ? ", " : "", part->what, number);
        at += (size_t)length;
        if (part->name.size && at < PATH_TEXT) {
            int size = part->name.size > 64 ? 64 : (int)part->name.size;
            length = snprintf(text + at, PATH_TEXT - at, " \"%.*s\"", size, (const char *)part->name.data);
            at += (size_t)length;
        }
    }
}

static sg_status wrong(const Path *path, sg_error *err, const char *complaint) {
    char text[PATH_TEXT];
    print_path(path, text);
    return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "value does not fit its type", "%s: %s", text,
                    complaint);
}

/* Of a type whose values are not built yet: nothing of it may come to a guest, which could only be ended. */
static sg_status unsupported(const sg_type *type, const Path *path, sg_error *err) {
    char text[PATH_TEXT];
    print_path(path, text);
    return sgi_fail(err, SG_UNSUPPORTED, SG_NO_OFFSET, "not supported yet", "%s: %s", text,
                    kind_name(type->kind));
}

static sg_status check(const sg_type *type, const sg_value *value, const Path *path, sg_error *err);

static Bytes bytes_of(sg_string string) {
    return (Bytes){(const uint8_t *)string.data, string.data ? string.size : 0};
}

bool sgi_kind_fits(const sg_type *type, sg_kind kind) {
    switch (type->kind) {
    case SG_LIST: return kind == SG_LIST || (kind == SG_BYTES && type->element->kind == SG_U8);
    case SG_FIXED_LIST:
    case SG_MAP: return kind == SG_LIST;
    default: return kind == type->kind;
    }
}

uint32_t sgi_find_member(const sg_type *type, sg_string name, uint32_t hint) {
    Bytes bytes = bytes_of(name);
    for (uint32_t i = 0; i < type->field_count; i++) {
        uint32_t at = hint < type->field_count - i ? hint + i : hint + i - type->field_count;
        if (sgi_bytes_equal(type->fields[at].name, bytes))
            return at;
    }
    return NO_INDEX;
}

static sg_status check_string(const sg_value *value, const Path *path, sg_error *err) {
    sg_string string = value->of.string;
    if (string.size > LIMIT_OF(VALUE_BYTES))
        return wrong(path, err, "string too long");
    if (string.size && (string.data == NULL || !sgi_utf8_valid((const uint8_t *)string.data, string.size)))
        return wrong(path, err, "string is not valid UTF-8");
    return SG_OK;
}

static sg_status check_pair(const sg_type *type, const sg_value *pair, const Path *path, sg_error *err) {
    if (pair->kind != SG_TUPLE || pair->of.list.count != 2 || pair->of.list.items == NULL)
        return wrong(path, err, "expected a tuple of key and value");
    SGI_TRY(check(type->key, &pair->of.list.items[0], &(Path){.outer = path, .what = "key"}, err));
    return check(type->element, &pair->of.list.items[1], &(Path){.outer = path, .what = "value"}, err);
}

static sg_status check_list(const sg_type *type, const sg_value *value, const Path *path, sg_error *err) {
    bool is_bytes = value->kind == SG_BYTES;
    size_t count = is_bytes ? value->of.bytes.size : value->of.list.count;
    if (count && (is_bytes ? value->of.bytes.data == NULL : value->of.list.items == NULL))
        return wrong(path, err, "items are missing");
    if (type->kind == SG_FIXED_LIST && count != type->length)
        return wrong(path, err, "wrong number of elements");
    uint64_t key_size = type->kind == SG_MAP ? type->key->size : 0;
    if (count > LIMIT_OF(VALUE_BYTES) / (type->element->size + key_size))
        return wrong(path, err, "list too long");
    for (size_t i = 0; !is_bytes && i < count; i++) {
        const sg_value *item = &value->of.list.items[i];
        Path at = {.outer = path, .what = "element", .number = i + 1};
        SGI_TRY(type->kind == SG_MAP ? check_pair(type, item, &at, err)
                                     : check(type->element, item, &at, err));
    }
    return SG_OK;
}

static sg_status check_tuple(const sg_type *type, const sg_value *value, const Path *path, sg_error *err) {
    if (value->of.list.count != type->field_count || value->of.list.items == NULL)
        return wrong(path, err, "wrong number of members");
    for (uint32_t i = 0; i < type->field_count; i++)
        SGI_TRY(check(type->fields[i].type, &value->of.list.items[i],
                      &(Path){.outer = path, .what = "member", .number = i + 1}, err));
    return SG_OK;
}

/* As many fields as the type has, each of which has a name of the type, no name twice: all are there. In the
 * type's order, the usual one, `hint` makes this linear. */
static sg_status check_record(const sg_type *type, const sg_value *value, const Path *path, sg_error *err) {
    size_t count = value->of.record.count;
    const sg_field *fields = value->of.record.fields;
    if (count != type->field_count || fields == NULL)
        return wrong(path, err, "wrong number of fields");
    bool in_order = true;
    for (uint32_t i = 0; i < count; i++) {
        Path at = {.outer = path, .what = "field", .name = bytes_of(fields[i].name)};
        uint32_t member = sgi_find_member(type, fields[i].name, i);
        if (member == NO_INDEX)
            return wrong(&at, err, "the type has no such field");
        in_order = in_order && member == i;
        for (uint32_t j = 0; !in_order && j < i; j++)
            if (sgi_bytes_equal(bytes_of(fields[j].name), bytes_of(fields[i].name)))
                return wrong(&at, err, "given twice");
        SGI_TRY(check(type->fields[member].type, &fields[i].value, &at, err));
    }
    return SG_OK;
}

static sg_status check_case(const sg_type *type, uint32_t index, const sg_value *payload, const char *what,
                            Bytes name, const Path *path, sg_error *err) {
    Path at = {.outer = path, .what = what, .name = name};
    if (index == NO_INDEX)
        return wrong(&at, err, "the type has no such case");
    const sg_type *case_type = type->fields[index].type;
    if ((case_type == NULL) != (payload == NULL))
        return wrong(&at, err, case_type ? "its value is missing" : "it takes no value");
    return case_type ? check(case_type, payload, &at, err) : SG_OK;
}

static sg_status check_flags(const sg_type *type, const sg_value *value, const Path *path, sg_error *err) {
    uint32_t next = 0;
    if (value->of.flags.count && value->of.flags.names == NULL)
        return wrong(path, err, "names are missing");
    for (size_t i = 0; i < value->of.flags.count; i++) {
        sg_string name = value->of.flags.names[i];
        uint32_t flag = sgi_find_member(type, name, next);
        if (flag == NO_INDEX)
            return wrong(&(Path){.outer = path, .what = "flag", .name = bytes_of(name)}, err,
                         "the type has no such flag");
        next = flag + 1 < type->field_count ? flag + 1 : 0;
    }
    return SG_OK;
}

/* What the host says of its own resources is taken as it is. */
static sg_status check_handle(const sg_type *type, const sg_value *value, const Path *path, sg_error *err) {
    const Path *outermost = path;
    while (outermost->outer)
        outermost = outermost->outer;
    if (outermost->inst == NULL)
        return SG_OK;
    const Resource *resource = sgi_resource_find(outermost->inst, type->resource);
    if (resource->is_host && resource->host_name == NULL)
        return SG_OK;
    const Handle *handle = sgi_resource_host_handle(outermost->inst->store, value->of.handle);
    if (handle == NULL)
        return wrong(path, err, "the host has no such handle");
    if (handle->resource != resource)
        return wrong(path, err, "a handle of another resource type");
    if (type->kind == SG_OWN && handle->borrow_scope)
        return wrong(path, err, "the host has only borrowed the resource");
    if (type->kind == SG_OWN && handle->lends)
        return wrong(path, err, "the resource is lent");
    return SG_OK;
}

static sg_status check(const sg_type *type, const sg_value *value, const Path *path, sg_error *err) {
    switch (type->kind) {
    case SG_STREAM:
    case SG_FUTURE:
    case SG_ERROR_CONTEXT: return unsupported(type, path, err);
    default: break;
    }
    if (!sgi_kind_fits(type, value->kind)) {
        char complaint[80];
        snprintf(complaint, sizeof complaint, "expected %s, got %s", kind_name(type->kind),
                 kind_name(value->kind));
        return wrong(path, err, complaint);
    }
    switch (type->kind) {
    case SG_CHAR:
        if (value->of.character > 0x10ffff ||
            (value->of.character >= 0xd800 && value->of.character <= 0xdfff))
            return wrong(path, err, "not a Unicode scalar value");
        return SG_OK;
    case SG_STRING: return check_string(value, path, err);
    case SG_LIST:
    case SG_FIXED_LIST:
    case SG_MAP: return check_list(type, value, path, err);
    case SG_TUPLE: return check_tuple(type, value, path, err);
    case SG_RECORD: return check_record(type, value, path, err);
    case SG_VARIANT:
        return check_case(type, sgi_find_member(type, value->of.variant.name, 0), value->of.variant.payload,
                          "case", bytes_of(value->of.variant.name), path, err);
    case SG_ENUM:
        return check_case(type, sgi_find_member(type, value->of.enumeration, 0), NULL, "case",
                          bytes_of(value->of.enumeration), path, err);
    case SG_OPTION:
        return check_case(type, value->of.option != NULL, value->of.option, "some", (Bytes){0}, path, err);
    case SG_RESULT:
        return check_case(type, value->of.result.is_error, value->of.result.payload,
                          value->of.result.is_error ? "error" : "ok", (Bytes){0}, path, err);
    case SG_FLAGS: return check_flags(type, value, path, err);
    case SG_OWN:
    case SG_BORROW: return check_handle(type, value, path, err);
    default: return SG_OK;
    }
}

sg_status sgi_check_value(const ComponentInstance *inst, const sg_type *type, const sg_value *value,
                          const char *what, uint32_t index, sg_error *err) {
    if (type->kind == value->kind && type->kind <= SG_F64)
        return SG_OK; /* every one fits */
    return check(type, value, &(Path){.inst = inst, .what = what, .number = index}, err);
}
