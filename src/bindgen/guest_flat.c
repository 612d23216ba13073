/* How values pass through flat parameters and results: statements and functions that take C values apart into
 * slots of 64 bits, and put them together (canonical ABI: lower_flat, lift_flat). In a slot, a variant's
 * payloads of different types need no conversion (lower_flat_variant). */
#include "bindgen/guest.h"

#include <string.h>

const char *sgi_bind_core_type(char flat) {
    return flat == 'i' ? "int32_t" : flat == 'l' ? "int64_t" : flat == 'f' ? "float" : "double";
}

bool sgi_bind_indirect_params(const BindFunc *func) {
    return func->flat_count > MAX_FLAT_PARAMS;
}

bool sgi_bind_indirect_result(const BindFunc *func) {
    return func->result && func->result->flat_count > MAX_FLAT_RESULTS;
}

/* Marks a type, and what is inside it, as passed flat in one direction. Recursion: as deep as types. */
static void mark(BindType *type, bool is_out) {
    bool *marked = is_out ? &type->is_out : &type->is_in;
    if (*marked || sgi_bind_is_scalar(type) || type->kind == SG_STRING || type->kind == SG_LIST)
        return;
    *marked = true;
    for (size_t i = 0; i < type->count; i++)
        if (type->members[i].type)
            mark(type->members[i].type, is_out);
}

void sgi_bind_mark_flat(BindFunc *func) {
    for (size_t i = 0; i < func->count && !sgi_bind_indirect_params(func); i++)
        mark(func->params[i].type, !func->is_export);
    if (func->result && !sgi_bind_indirect_result(func))
        mark(func->result, func->is_export);
}

/* Statements that set slots `at` and on of the array `flat` from the value `expr`. */
void sgi_bind_lower(Buf *out, const char *indent, const BindType *type, const char *expr, const char *flat,
                    uint32_t at) {
    sgi_buf_text(out, indent);
    switch (type->kind) {
    case SG_S8:
    case SG_S16:
    case SG_S32: sgi_buf_printf(out, "%s[%u] = (uint32_t)%s;\n", flat, at, expr); return;
    case SG_S64: sgi_buf_printf(out, "%s[%u] = (uint64_t)%s;\n", flat, at, expr); return;
    case SG_F32: sgi_buf_printf(out, "%s[%u] = f32_bits(%s);\n", flat, at, expr); return;
    case SG_F64: sgi_buf_printf(out, "%s[%u] = f64_bits(%s);\n", flat, at, expr); return;
    case SG_STRING:
    case SG_LIST:
        sgi_buf_printf(out, "%s[%u] = (uintptr_t)%s.%s;\n%s%s[%u] = %s.%s;\n", flat, at, expr,
                       type->kind == SG_STRING ? "data" : "items", indent, flat, at + 1, expr,
                       type->kind == SG_STRING ? "size" : "count");
        return;
    case SG_OWN:
    case SG_BORROW:
        if (type->kind == SG_BORROW && type->resource->is_local)
            sgi_buf_printf(out, "%s[%u] = (uintptr_t)%s;\n", flat, at, expr);
        else
            sgi_buf_printf(out, "%s[%u] = (uint32_t)%s.handle;\n", flat, at, expr);
        return;
    default: break;
    }
    if (sgi_bind_is_scalar(type))
        sgi_buf_printf(out, "%s[%u] = %s;\n", flat, at, expr);
    else
        sgi_buf_printf(out, "%s(&%s, %s + %u);\n", type->out_name, expr, flat, at);
}

/* The other way round. */
void sgi_bind_lift(Buf *out, const char *indent, const BindType *type, const char *expr, const char *flat,
                   uint32_t at) {
    sgi_buf_text(out, indent);
    switch (type->kind) {
    case SG_BOOL: sgi_buf_printf(out, "%s = %s[%u] != 0;\n", expr, flat, at); return;
    case SG_F32: sgi_buf_printf(out, "%s = bits_f32(%s[%u]);\n", expr, flat, at); return;
    case SG_F64: sgi_buf_printf(out, "%s = bits_f64(%s[%u]);\n", expr, flat, at); return;
    case SG_STRING:
    case SG_LIST:
        sgi_buf_printf(out, "%s.%s = (void *)(uintptr_t)%s[%u];\n%s%s.%s = (size_t)%s[%u];\n", expr,
                       type->kind == SG_STRING ? "data" : "items", flat, at, indent, expr,
                       type->kind == SG_STRING ? "size" : "count", flat, at + 1);
        return;
    case SG_OWN:
    case SG_BORROW:
        if (type->kind == SG_BORROW && type->resource->is_local)
            sgi_buf_printf(out, "%s = (void *)(uintptr_t)%s[%u];\n", expr, flat, at);
        else
            sgi_buf_printf(out, "%s.handle = (int32_t)%s[%u];\n", expr, flat, at);
        return;
    default: break;
    }
    if (sgi_bind_is_scalar(type))
        sgi_buf_printf(out, "%s = (%s)%s[%u];\n", expr, type->name, flat, at);
    else
        sgi_buf_printf(out, "%s(%s + %u, &%s);\n", type->in_name, flat, at, expr);
}

static void put_flat(Bindgen *b, bool is_out, const char *indent, const BindType *type, const char *expr,
                     uint32_t at) {
    (is_out ? sgi_bind_lower : sgi_bind_lift)(&b->source, indent, type, expr, "flat", at);
}

/* Cases, or the sides of options and results, in a switch. */
static void put_flat_cases(Bindgen *b, const BindType *type, bool is_out) {
    static const char *const tags[] = {
        [SG_OPTION] = "is_some", [SG_RESULT] = "is_error", [SG_VARIANT] = "tag"};
    Buf *out = &b->source;
    const char *tag = tags[type->kind];
    if (is_out)
        sgi_buf_printf(out, "    flat[0] = value->%s;\n", tag);
    else if (type->kind == SG_VARIANT)
        sgi_buf_printf(out, "    value->tag = (%s)flat[0];\n",
                       type->count <= 256     ? "uint8_t"
                       : type->count <= 65536 ? "uint16_t"
                                              : "uint32_t");
    else
        sgi_buf_printf(out, "    value->%s = flat[0] != 0;\n", tag);
    sgi_buf_text(out, "    switch (flat[0]) {\n");
    for (size_t i = 0; i < type->count; i++) {
        const BindMember *member = &type->members[i];
        if (member->type == NULL)
            continue;
        sgi_buf_printf(out, "    case %zu:\n", type->kind == SG_OPTION ? 1 : i);
        put_flat(b, is_out, "        ", member->type,
                 type->kind == SG_OPTION ? "value->value" : sgi_bind_format(b, "value->of.%s", member->name),
                 1);
        sgi_buf_text(out, "        break;\n");
    }
    sgi_buf_text(out, "    default: break;\n    }\n");
}

static void put_flat_function(Bindgen *b, const BindType *type, bool is_out) {
    Buf *out = &b->source;
    if (is_out)
        sgi_buf_printf(out, "\nstatic void %s(const %s *value, uint64_t *flat) {\n", type->out_name,
                       type->name);
    else
        sgi_buf_printf(out, "\nstatic void %s(const uint64_t *flat, %s *value) {\n", type->in_name,
                       type->name);
    uint32_t at = 0;
    switch (type->kind) {
    case SG_VARIANT:
    case SG_OPTION:
    case SG_RESULT: put_flat_cases(b, type, is_out); break;
    case SG_FIXED_LIST:
        for (uint32_t i = 0; at < type->flat_count; i++, at += type->members[0].type->flat_count)
            put_flat(b, is_out, "    ", type->members[0].type, sgi_bind_format(b, "value->items[%u]", i), at);
        break;
    default:
        for (size_t i = 0; i < type->count; i++) {
            const BindMember *member = &type->members[i];
            put_flat(b, is_out, "    ", member->type, sgi_bind_format(b, "value->%s", member->name), at);
            at += member->type->flat_count;
        }
    }
    sgi_buf_text(out, "}\n");
}

void sgi_bind_define_flat(Bindgen *b) {
    for (const BindType *type = b->types; type; type = type->next) {
        if (type->is_out)
            put_flat_function(b, type, true);
        if (type->is_in)
            put_flat_function(b, type, false);
    }
}

/* Slot `at` of the array Flat as an argument or result of core type. */
void sgi_bind_core(Buf *out, char type, const char *slot) {
    static const char *const casts[] = {"(int32_t)", "(int64_t)", "bits_f32", "bits_f64"};
    sgi_buf_printf(out, "%s%s%s%s", casts[strchr("ilfd", type) - "ilfd"],
                   type == 'f' || type == 'd' ? "(" : "", slot, type == 'f' || type == 'd' ? ")" : "");
}

/* The slot that an argument of core type `type` fills. */
void sgi_bind_slot(Buf *out, char type, const char *name) {
    static const char *const casts[] = {"(uint32_t)", "(uint64_t)", "f32_bits", "f64_bits"};
    sgi_buf_printf(out, "%s(%s)", casts[strchr("ilfd", type) - "ilfd"], name);
}
