/* Types → functions of the host's source that turn C values into sg_values, and back. What they allocate is
 * chosen by who begins the conversion (host_text.c). A value that is made on the way in is zeroed first, so
 * that it can be freed after a failure. */
#include "bindgen/model.h"

#include <string.h>

static const struct {
    const char *kind, *member;
} scalars[] = {
    [SG_BOOL] = {"SG_BOOL", "boolean"}, [SG_S8] = {"SG_S8", "s8"},
    [SG_U8] = {"SG_U8", "u8"},          [SG_S16] = {"SG_S16", "s16"},
    [SG_U16] = {"SG_U16", "u16"},       [SG_S32] = {"SG_S32", "s32"},
    [SG_U32] = {"SG_U32", "u32"},       [SG_S64] = {"SG_S64", "s64"},
    [SG_U64] = {"SG_U64", "u64"},       [SG_F32] = {"SG_F32", "f32"},
    [SG_F64] = {"SG_F64", "f64"},       [SG_CHAR] = {"SG_CHAR", "character"},
    [SG_OWN] = {"SG_OWN", "handle"},    [SG_BORROW] = {"SG_BORROW", "handle"},
};

static bool is_handle(const BindType *type) {
    return type->kind == SG_OWN || type->kind == SG_BORROW;
}

/* Cannot fail on the way out, and needs no function of its own. */
static bool is_plain(const BindType *type) {
    return type->kind < SG_STRING || is_handle(type);
}

static bool is_byte_list(const Bindgen *b, const BindType *type) {
    return type->kind == SG_LIST && type->members[0].type == b->primitives[SG_U8];
}

/* Recursion: as deep as types. */
void sgi_bind_mark(BindType *type, bool is_out) {
    bool *marked = is_out ? &type->is_out : &type->is_in;
    if (*marked || is_plain(type))
        return;
    *marked = true;
    for (size_t i = 0; i < type->count; i++)
        if (type->members[i].type)
            sgi_bind_mark(type->members[i].type, is_out);
}

/* A plain value into the sg_value `to`. */
static void put_plain(Buf *out, const char *indent, const BindType *type, const char *from, const char *to) {
    sgi_buf_printf(out, "%s%s.kind = %s;\n%s%s.of.%s = ", indent, to, scalars[type->kind].kind, indent, to,
                   scalars[type->kind].member);
    if (!is_handle(type))
        sgi_buf_printf(out, "%s;\n", from);
    else if (!type->resource->is_local)
        sgi_buf_printf(out, "%s.handle;\n", from);
    else
        sgi_buf_printf(out, "(uintptr_t)%s%s;\n", from, type->kind == SG_OWN ? ".rep" : "");
}

/* An expression of type sg_status. */
static const char *in_call(Bindgen *b, const BindType *type, const char *from, const char *to) {
    if (type->kind < SG_STRING)
        return sgi_bind_format(b, "Get_%s(conv, &%s, &%s)", type->short_name, from, to);
    return sgi_bind_format(b, "%s(conv, &%s, &%s)", type->in_name, from, to);
}

/* Assigns the handle in the uint64_t Handle. */
static void put_handle(Buf *out, const char *indent, const BindType *type, const char *to) {
    if (!type->resource->is_local)
        sgi_buf_printf(out, "%s%s.handle = Handle;\n", indent, to);
    else
        sgi_buf_printf(out, "%s%s%s = (%s *)(uintptr_t)Handle;\n", indent, to,
                       type->kind == SG_OWN ? ".rep" : "", type->resource->name);
}

/* Statements that convert a part of a value, and return with `place` (what, name, number) in the path. */
static void put_part(Bindgen *b, bool is_out, const char *indent, const BindType *type, const char *from,
                     const char *to, const char *place) {
    Buf *out = &b->source;
    if (is_out && is_plain(type)) {
        put_plain(out, indent, type, from, to);
    } else if (is_out) {
        sgi_buf_printf(out, "%sTRY(%s(conv, &%s, &%s), %s);\n", indent, type->out_name, from, to, place);
    } else if (is_handle(type)) {
        sgi_buf_printf(out, "%sTRY(Get_handle(conv, &%s, %s, &Handle), %s);\n", indent, from,
                       scalars[type->kind].kind, place);
        put_handle(out, indent, type, to);
    } else {
        sgi_buf_printf(out, "%sTRY(%s, %s);\n", indent, in_call(b, type, from, to), place);
    }
}

static bool has_handle(const BindType *type) {
    bool has = false;
    for (size_t i = 0; i < type->count; i++)
        has |= type->members[i].type && is_handle(type->members[i].type);
    return has;
}

static void put_names(Buf *out, const BindType *type) {
    sgi_buf_printf(out, "\nstatic const char *const Names_%s[] = {", type->name);
    for (size_t i = 0; i < type->count; i++) {
        sgi_buf_text(out, i ? ", \"" : "\"");
        sgi_bind_quote(out, type->members[i].wit_name);
        sgi_buf_byte(out, '"');
    }
    sgi_buf_text(out, type->count ? "};\n" : "\"\"};\n");
}

static const char *field_place(Bindgen *b, const char *what, Bytes name) {
    return sgi_bind_format(b, "\"%s\", \"%.*s\", 0", what, (int)name.size, (const char *)name.data);
}

/* ---- out ---- */

static void put_list_out(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    if (is_byte_list(b, type)) {
        sgi_buf_text(out, "    return Put_bytes(conv, from->items, from->count, to);\n");
        return;
    }
    const char *count =
        type->kind == SG_LIST ? "from->count" : sgi_bind_format(b, "%uu", (unsigned)type->length);
    sgi_buf_printf(
        out, "    to->kind = SG_LIST;\n    to->of.list.items = NULL;\n    to->of.list.count = %s;\n", count);
    if (type->kind == SG_LIST)
        sgi_buf_text(out, "    if (from->count == 0)\n        return SG_OK;\n");
    sgi_buf_printf(out,
                   "    sg_value *Items = Take(conv, %s, sizeof *Items);\n    if (Items == NULL)\n"
                   "        return NoMemory(conv);\n    to->of.list.items = Items;\n"
                   "    for (size_t i = 0; i < %s; i++) {\n",
                   count, count);
    put_part(b, true, "        ", type->members[0].type, "from->items[i]", "Items[i]",
             "\"element\", NULL, i + 1");
    sgi_buf_text(out, "    }\n    return SG_OK;\n");
}

static void put_record_out(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    bool is_record = type->kind == SG_RECORD;
    sgi_buf_printf(out,
                   "    %s *Parts = Take(conv, %zu, sizeof *Parts);\n    if (Parts == NULL)\n"
                   "        return NoMemory(conv);\n",
                   is_record ? "sg_field" : "sg_value", type->count ? type->count : 1);
    sgi_buf_printf(out, "    to->kind = %s;\n    to->of.%s = Parts;\n    to->of.%s.count = %zu;\n",
                   is_record ? "SG_RECORD" : "SG_TUPLE", is_record ? "record.fields" : "list.items",
                   is_record ? "record" : "list", type->count);
    if (type->count == 0)
        sgi_buf_text(out, "    (void)from;\n");
    for (size_t i = 0; i < type->count; i++) {
        const BindMember *member = &type->members[i];
        const char *place = sgi_bind_format(b, "\"member\", NULL, %zu", i + 1);
        if (is_record) {
            place = field_place(b, "field", member->wit_name);
            sgi_buf_printf(out, "    Parts[%zu].name = sg_string_of(\"%.*s\", %zu);\n", i,
                           (int)member->wit_name.size, (const char *)member->wit_name.data,
                           member->wit_name.size);
        }
        put_part(b, true, "    ", member->type, sgi_bind_format(b, "from->%s", member->name),
                 sgi_bind_format(b, "Parts[%zu]%s", i, is_record ? ".value" : ""), place);
    }
    sgi_buf_text(out, "    return SG_OK;\n");
}

/* A payload in memory of its own, which `slot` points to. */
static void put_payload_out(Bindgen *b, const char *indent, const BindType *type, const char *from,
                            const char *slot, const char *place) {
    sgi_buf_printf(
        &b->source,
        "%sPayload = Take(conv, 1, sizeof *Payload);\n%sif (Payload == NULL)\n%s    return NoMemory(conv);\n"
        "%sto->of.%s = Payload;\n",
        indent, indent, indent, indent, slot);
    put_part(b, true, indent, type, from, "(*Payload)", place);
}

static bool has_payload(const BindType *type) {
    for (size_t i = 0; i < type->count; i++)
        if (type->members[i].type)
            return true;
    return false;
}

static void put_variant_out(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    sgi_buf_printf(out, "    if (from->tag >= %zu)\n        return Wrong(conv, \"no such case\");\n",
                   type->count);
    sgi_buf_printf(out,
                   "    to->kind = SG_VARIANT;\n    to->of.variant.name = sg_string_of(Names_%s[from->tag], "
                   "strlen(Names_%s[from->tag]));\n    to->of.variant.payload = NULL;\n",
                   type->name, type->name);
    if (has_payload(type)) {
        sgi_buf_text(out, "    sg_value *Payload;\n    switch (from->tag) {\n");
        for (size_t i = 0; i < type->count; i++) {
            const BindMember *member = &type->members[i];
            if (member->type == NULL)
                continue;
            sgi_buf_printf(out, "    case %s:\n", member->constant);
            put_payload_out(b, "        ", member->type, sgi_bind_format(b, "from->of.%s", member->name),
                            "variant.payload", field_place(b, "case", member->wit_name));
            sgi_buf_text(out, "        break;\n");
        }
        sgi_buf_text(out, "    default: break;\n    }\n");
    }
    sgi_buf_text(out, "    return SG_OK;\n");
}

static void put_option_out(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    sgi_buf_text(out, "    to->kind = SG_OPTION;\n    to->of.option = NULL;\n    if (!from->is_some)\n"
                      "        return SG_OK;\n    sg_value *Payload;\n");
    put_payload_out(b, "    ", type->members[0].type, "from->value", "option", "\"some\", NULL, 0");
    sgi_buf_text(out, "    return SG_OK;\n");
}

static void put_result_out(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    sgi_buf_text(out, "    to->kind = SG_RESULT;\n    to->of.result.payload = NULL;\n"
                      "    to->of.result.is_error = from->is_error;\n");
    sgi_buf_text(out, has_payload(type) ? "    sg_value *Payload;\n" : "    (void)conv;\n");
    for (int side = 0; side < 2; side++) {
        const BindMember *member = &type->members[side];
        if (member->type == NULL)
            continue;
        sgi_buf_printf(out, "    if (%sfrom->is_error) {\n", side ? "" : "!");
        put_payload_out(b, "        ", member->type, side ? "from->of.error" : "from->of.ok",
                        "result.payload", side ? "\"error\", NULL, 0" : "\"ok\", NULL, 0");
        sgi_buf_text(out, "    }\n");
    }
    sgi_buf_text(out, "    return SG_OK;\n");
}

static void put_enum_out(Bindgen *b, const BindType *type) {
    sgi_buf_printf(
        &b->source,
        "    if (*from >= %zu)\n        return Wrong(conv, \"no such case\");\n    to->kind = SG_ENUM;\n"
        "    to->of.enumeration = sg_string_of(Names_%s[*from], strlen(Names_%s[*from]));\n"
        "    return SG_OK;\n",
        type->count, type->name, type->name);
}

static void put_flags_out(Bindgen *b, const BindType *type) {
    sgi_buf_printf(&b->source,
                   "    sg_string *Set = Take(conv, 32, sizeof *Set);\n    if (Set == NULL)\n"
                   "        return NoMemory(conv);\n    if (((uint64_t)*from >> %zu) != 0)\n"
                   "        return Wrong(conv, \"no such flag\");\n    to->kind = SG_FLAGS;\n"
                   "    to->of.flags.names = Set;\n    to->of.flags.count = 0;\n"
                   "    for (size_t i = 0; i < %zu; i++)\n        if (((uint32_t)*from >> i) & 1)\n"
                   "            Set[to->of.flags.count++] = sg_string_of(Names_%s[i], strlen(Names_%s[i]));\n"
                   "    return SG_OK;\n",
                   type->count, type->count, type->name, type->name);
}

/* ---- in ---- */

static void put_list_in(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    if (is_byte_list(b, type)) {
        sgi_buf_text(out, "    return Get_bytes(conv, from, &to->items, &to->count);\n");
        return;
    }
    if (type->kind == SG_FIXED_LIST) {
        if (type->members[0].type->kind == SG_U8)
            sgi_buf_printf(out,
                           "    if (from->kind == SG_BYTES && from->of.bytes.size == sizeof to->items) {\n"
                           "        memcpy(to->items, from->of.bytes.data, sizeof to->items);\n"
                           "        return SG_OK;\n    }\n");
        sgi_buf_printf(
            out,
            "    if (from->kind != SG_LIST || from->of.list.count != %u)\n"
            "        return Wrong(conv, \"expected list of %u\");\n    for (size_t i = 0; i < %u; i++) {\n",
            (unsigned)type->length, (unsigned)type->length, (unsigned)type->length);
    } else {
        sgi_buf_text(out,
                     "    if (from->kind != SG_LIST)\n        return Wrong(conv, \"expected list\");\n"
                     "    size_t Count = from->of.list.count;\n    if (Count == 0)\n        return SG_OK;\n");
        sgi_buf_text(out,
                     "    to->items = Take(conv, Count, sizeof *to->items);\n    if (to->items == NULL)\n"
                     "        return NoMemory(conv);\n    to->count = Count;\n"
                     "    for (size_t i = 0; i < Count; i++) {\n");
    }
    put_part(b, false, "        ", type->members[0].type, "from->of.list.items[i]", "to->items[i]",
             "\"element\", NULL, i + 1");
    sgi_buf_text(out, "    }\n    return SG_OK;\n");
}

static void put_record_in(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    bool is_record = type->kind == SG_RECORD;
    sgi_buf_printf(out,
                   "    if (from->kind != %s || from->of.%s.count != %zu)\n"
                   "        return Wrong(conv, \"expected %s of %zu\");\n",
                   is_record ? "SG_RECORD" : "SG_TUPLE", is_record ? "record" : "list", type->count,
                   is_record ? "record" : "tuple", type->count);
    if (is_record && type->count)
        sgi_buf_text(out, "    const sg_value *Field;\n");
    if (type->count == 0)
        sgi_buf_text(out, "    (void)to;\n");
    for (size_t i = 0; i < type->count; i++) {
        const BindMember *member = &type->members[i];
        const char *place = sgi_bind_format(b, "\"member\", NULL, %zu", i + 1);
        const char *from = sgi_bind_format(b, "from->of.list.items[%zu]", i);
        if (is_record) {
            place = field_place(b, "field", member->wit_name);
            from = "(*Field)";
            sgi_buf_printf(out, "    TRY(Get_field(conv, from, %zu, \"%.*s\", &Field), %s);\n", i,
                           (int)member->wit_name.size, (const char *)member->wit_name.data, place);
        }
        put_part(b, false, "    ", member->type, from, sgi_bind_format(b, "to->%s", member->name), place);
    }
    sgi_buf_text(out, "    return SG_OK;\n");
}

static void put_payload_in(Bindgen *b, const char *indent, const BindType *type, const char *to,
                           const char *place) {
    if (type == NULL)
        sgi_buf_printf(&b->source, "%sTRY(Is(conv, Payload == NULL, \"expected no payload\"), %s);\n", indent,
                       place);
    else
        sgi_buf_printf(&b->source, "%sTRY(Is(conv, Payload != NULL, \"expected a payload\"), %s);\n", indent,
                       place);
    if (type)
        put_part(b, false, indent, type, "(*Payload)", to, place);
}

static void put_variant_in(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    sgi_buf_printf(
        out,
        "    if (from->kind != SG_VARIANT)\n        return Wrong(conv, \"expected variant\");\n"
        "    size_t Case;\n    sg_status Status = Find(conv, Names_%s, %zu, from->of.variant.name, &Case);\n"
        "    if (Status != SG_OK)\n        return Status;\n    to->tag = (%s)Case;\n"
        "    const sg_value *Payload = from->of.variant.payload;\n    switch (Case) {\n",
        type->name, type->count,
        type->count <= 256     ? "uint8_t"
        : type->count <= 65536 ? "uint16_t"
                               : "uint32_t");
    for (size_t i = 0; i < type->count; i++) {
        const BindMember *member = &type->members[i];
        if (member->type == NULL)
            continue;
        sgi_buf_printf(out, "    case %s:\n", member->constant);
        put_payload_in(b, "        ", member->type, sgi_bind_format(b, "to->of.%s", member->name),
                       field_place(b, "case", member->wit_name));
        sgi_buf_text(out, "        break;\n");
    }
    sgi_buf_text(out, "    default: return Is(conv, Payload == NULL, \"expected no payload\");\n    }\n"
                      "    return SG_OK;\n");
}

static void put_option_in(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    sgi_buf_text(
        out, "    if (from->kind != SG_OPTION)\n        return Wrong(conv, \"expected option\");\n"
             "    to->is_some = from->of.option != NULL;\n    if (!to->is_some)\n        return SG_OK;\n");
    put_part(b, false, "    ", type->members[0].type, "(*from->of.option)", "to->value", "\"some\", NULL, 0");
    sgi_buf_text(out, "    return SG_OK;\n");
}

static void put_result_in(Bindgen *b, const BindType *type) {
    Buf *out = &b->source;
    sgi_buf_text(out, "    if (from->kind != SG_RESULT)\n        return Wrong(conv, \"expected result\");\n"
                      "    const sg_value *Payload = from->of.result.payload;\n"
                      "    to->is_error = from->of.result.is_error;\n    if (to->is_error) {\n");
    put_payload_in(b, "        ", type->members[1].type, "to->of.error", "\"error\", NULL, 0");
    sgi_buf_text(out, "    } else {\n");
    put_payload_in(b, "        ", type->members[0].type, "to->of.ok", "\"ok\", NULL, 0");
    sgi_buf_text(out, "    }\n    return SG_OK;\n");
}

static void put_enum_in(Bindgen *b, const BindType *type) {
    sgi_buf_printf(
        &b->source,
        "    if (from->kind != SG_ENUM)\n        return Wrong(conv, \"expected enum\");\n    size_t Case;\n"
        "    sg_status Status = Find(conv, Names_%s, %zu, from->of.enumeration, &Case);\n"
        "    if (Status == SG_OK)\n        *to = (%s)Case;\n    return Status;\n",
        type->name, type->count, type->name);
}

static void put_flags_in(Bindgen *b, const BindType *type) {
    sgi_buf_printf(
        &b->source,
        "    if (from->kind != SG_FLAGS)\n        return Wrong(conv, \"expected flags\");\n"
        "    uint32_t Set = 0;\n    for (size_t i = 0; i < from->of.flags.count; i++) {\n"
        "        size_t Flag;\n"
        "        sg_status Status = Find(conv, Names_%s, %zu, from->of.flags.names[i], &Flag);\n"
        "        if (Status != SG_OK)\n            return Status;\n        Set |= (uint32_t)1 << Flag;\n"
        "    }\n    *to = (%s)Set;\n    return SG_OK;\n",
        type->name, type->count, type->name);
}

/* ---- both ---- */

static void put_function(Bindgen *b, const BindType *type, bool is_out) {
    Buf *out = &b->source;
    if (is_out) {
        sgi_buf_printf(out, "\nstatic sg_status %s(Conversion *conv, const %s *from, sg_value *to) {\n",
                       type->out_name, type->name);
    } else {
        sgi_buf_printf(out, "\nstatic sg_status %s(Conversion *conv, const sg_value *from, %s *to) {\n",
                       type->in_name, type->name);
        if (has_handle(type))
            sgi_buf_text(out, "    uint64_t Handle = 0;\n");
    }
    switch (type->kind) {
    case SG_STRING:
        sgi_buf_text(out, is_out ? "    return Put_string(conv, from->data, from->size, to);\n"
                                 : "    return Get_string(conv, from, &to->data, &to->size);\n");
        break;
    case SG_LIST:
    case SG_FIXED_LIST: (is_out ? put_list_out : put_list_in)(b, type); break;
    case SG_VARIANT: (is_out ? put_variant_out : put_variant_in)(b, type); break;
    case SG_OPTION: (is_out ? put_option_out : put_option_in)(b, type); break;
    case SG_RESULT: (is_out ? put_result_out : put_result_in)(b, type); break;
    case SG_ENUM: (is_out ? put_enum_out : put_enum_in)(b, type); break;
    case SG_FLAGS: (is_out ? put_flags_out : put_flags_in)(b, type); break;
    default: (is_out ? put_record_out : put_record_in)(b, type);
    }
    sgi_buf_text(out, "}\n");
}

void sgi_bind_define_conversions(Bindgen *b) {
    for (const BindType *type = b->types; type; type = type->next) {
        bool has_names = type->kind == SG_VARIANT || type->kind == SG_ENUM || type->kind == SG_FLAGS;
        if (has_names && (type->is_out || type->is_in))
            put_names(&b->source, type);
        if (type->is_out)
            put_function(b, type, true);
        if (type->is_in)
            put_function(b, type, false);
    }
}

void sgi_bind_put_outermost(Bindgen *b, bool is_out, const BindType *type, const char *from, const char *to,
                            const char *what, size_t number) {
    Buf *out = &b->source;
    if (is_out && is_plain(type)) {
        put_plain(out, "    ", type, from, to);
        return;
    }
    sgi_buf_printf(out, "    if (Status == SG_OK)\n        Status = Within(conv, ");
    if (is_out)
        sgi_buf_printf(out, "%s(conv, &%s, &%s)", type->out_name, from, to);
    else if (is_handle(type))
        sgi_buf_printf(out, "Get_handle(conv, &%s, %s, &Handle)", from, scalars[type->kind].kind);
    else
        sgi_buf_text(out, in_call(b, type, from, to));
    sgi_buf_printf(out, ", \"%s\", NULL, %zu);\n", what, number);
    if (!is_out && is_handle(type)) {
        sgi_buf_text(out, "    if (Status == SG_OK)\n");
        put_handle(out, "        ", type, to);
    }
}
