/* The model → declarations of C that both sides share: comments, types, and functions that free what types
 * own. */
#include "bindgen/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- comments ---- */

/* Nothing that ends the comment, begins another, or joins lines (trigraphs among that). */
static void put_comment_line(Buf *out, Bytes line) {
    while (line.size && (line.data[line.size - 1] == '\\' || line.data[line.size - 1] == ' '))
        line.size--;
    uint8_t before = 0;
    for (size_t i = 0; i < line.size; i++) {
        uint8_t c = line.data[i];
        if ((before == '*' && c == '/') || (before == '/' && c == '*') || (before == '?' && c == '?'))
            sgi_buf_byte(out, ' ');
        sgi_buf_byte(out, c);
        before = c;
    }
}

static void put_indent(Buf *out, unsigned indent) {
    for (unsigned i = 0; i < indent; i++)
        sgi_buf_byte(out, ' ');
}

static void begin_comment_line(Buf *out, unsigned indent, bool *is_begun) {
    if (*is_begun)
        sgi_buf_byte(out, '\n');
    put_indent(out, indent);
    sgi_buf_text(out, *is_begun ? " *" : "/*");
    *is_begun = true;
}

void sgi_bind_comment(Buf *out, unsigned indent, Bytes docs, const char *more, ...) {
    WitDocs lines = {.text = docs};
    Bytes line;
    bool is_begun = false;
    unsigned blank = 0; /* lines, which only count between others */
    while (docs.size && sgi_wit_next_doc(&lines, &line)) {
        if (line.size == 0) {
            blank += is_begun;
            continue;
        }
        for (; blank; blank--)
            begin_comment_line(out, indent, &is_begun);
        begin_comment_line(out, indent, &is_begun);
        if (line.data[0] != ' ')
            sgi_buf_byte(out, ' ');
        put_comment_line(out, line);
    }
    char text[1000];
    va_list args;
    va_start(args, more);
    vsnprintf(text, sizeof text, more, args);
    va_end(args);
    for (const char *at = text[0] ? text : NULL; at;) {
        const char *end = strchr(at, '\n');
        begin_comment_line(out, indent, &is_begun);
        if (*at != '\n')
            sgi_buf_byte(out, ' ');
        put_comment_line(out, (Bytes){(const uint8_t *)at, end ? (size_t)(end - at) : strlen(at)});
        at = end ? end + 1 : NULL;
    }
    if (is_begun)
        sgi_buf_text(out, " */\n");
}

void sgi_bind_quote(Buf *out, Bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        (c && strchr(":/@.-+[]#_$", c));
        if (is_plain)
            sgi_buf_byte(out, c);
        else
            sgi_buf_printf(out, "\\%03o", (unsigned)c);
    }
}

const char sgi_bind_result_text[] =
    "What the result has must be in memory from malloc; it is freed once it was read.";

/* ---- types ---- */

bool sgi_bind_is_scalar(const BindType *type) {
    return type->kind < SG_STRING || type->kind == SG_ENUM || type->kind == SG_FLAGS ||
           type->kind == SG_OWN || type->kind == SG_BORROW;
}

static Bytes docs_of(const BindType *type) {
    return type->def ? type->def->docs : (Bytes){NULL, 0};
}

static const char *unsigned_of(uint32_t size) {
    return size == 1 ? "uint8_t" : size == 2 ? "uint16_t" : "uint32_t";
}

static void put_fields(Buf *out, const BindType *type, unsigned indent) {
    for (size_t i = 0; i < type->count; i++) {
        const BindMember *member = &type->members[i];
        if (member->type == NULL)
            continue;
        sgi_bind_comment(out, indent, member->docs, "%s", "");
        put_indent(out, indent);
        sgi_buf_printf(out, "%s %s;\n", member->type->name, member->name);
    }
}

/* The cases of an enum or variant. */
static void put_cases(Buf *out, const BindType *type) {
    sgi_buf_text(out, "enum {\n");
    for (size_t i = 0; i < type->count; i++) {
        sgi_bind_comment(out, 4, type->members[i].docs, "%s", "");
        sgi_buf_printf(out, "    %s = %zu,\n", type->members[i].constant, i);
    }
    sgi_buf_text(out, "};\n");
}

static void put_flags(Buf *out, const BindType *type) {
    for (size_t i = 0; i < type->count; i++) {
        sgi_bind_comment(out, 0, type->members[i].docs, "%s", "");
        sgi_buf_printf(out, "#define %s ((%s)((uint32_t)1 << %zu))\n", type->members[i].constant, type->name,
                       i);
    }
}

static void put_union(Buf *out, const BindType *type) {
    bool has_any = false;
    for (size_t i = 0; i < type->count; i++)
        has_any |= type->members[i].type != NULL;
    if (!has_any)
        return;
    sgi_buf_text(out, "    union {\n");
    put_fields(out, type, 8);
    sgi_buf_text(out, "    } of;\n");
}

static void put_struct(Buf *out, const BindType *type) {
    sgi_buf_printf(out, "typedef struct %s {\n", type->name);
    switch (type->kind) {
    case SG_STRING: sgi_buf_text(out, "    char *data;\n    size_t size; /* bytes */\n"); break;
    case SG_LIST:
        sgi_buf_printf(out, "    %s *items;\n    size_t count;\n", type->members[0].type->name);
        break;
    case SG_FIXED_LIST:
        sgi_buf_printf(out, "    %s items[%u];\n", type->members[0].type->name, (unsigned)type->length);
        break;
    case SG_OPTION:
        sgi_buf_printf(out, "    bool is_some;\n    %s value; /* if it is */\n", type->members[0].type->name);
        break;
    case SG_RESULT:
        sgi_buf_text(out, "    bool is_error;\n");
        put_union(out, type);
        break;
    case SG_VARIANT:
        sgi_buf_printf(out,
                       "    %s tag; /* which case it is, and which member of the union, if it has one */\n",
                       unsigned_of(type->count <= 256     ? 1
                                   : type->count <= 65536 ? 2
                                                          : 4));
        put_union(out, type);
        break;
    default:
        if (type->count == 0)
            sgi_buf_text(out, "    uint8_t nothing;\n");
        put_fields(out, type, 4);
    }
    sgi_buf_printf(out, "} %s;\n", type->name);
}

/* Handles of a resource. What is implemented here is a struct of the programmer's; what is not, a number. */
static void put_resource(const Bindgen *b, Buf *out, const BindResource *resource, Bytes docs) {
    const char *number = b->is_host ? "uint64_t" : "int32_t";
    const char *own = resource->own->name, *borrow = resource->borrow->name;
    if (!resource->is_local) {
        sgi_bind_comment(out, 0, docs, "An owned handle: drop it with %s, or give it away.",
                         resource->drop_own);
        sgi_buf_printf(out, "typedef struct %s {\n    %s handle;\n} %s;\n", own, number, own);
        sgi_bind_comment(out, 0, (Bytes){NULL, 0}, "A borrowed one, of one that is owned elsewhere.");
        sgi_buf_printf(out, "typedef struct %s {\n    %s handle;\n} %s;\n", borrow, number, borrow);
        return;
    }
    sgi_bind_comment(out, 0, docs, "The resource itself: define this struct as you like.");
    sgi_buf_printf(out, "typedef struct %s %s;\n", resource->name, resource->name);
    if (b->is_host) {
        sgi_bind_comment(out, 0, (Bytes){NULL, 0}, "It changes hands: who gets it owns it.");
        sgi_buf_printf(out, "typedef struct %s {\n    %s *rep;\n} %s;\n", own, resource->name, own);
    } else {
        sgi_bind_comment(out, 0, (Bytes){NULL, 0},
                         "A handle that owns it: make it with %s, then give it away, or drop it with %s.",
                         resource->make, resource->drop_own);
        sgi_buf_printf(out, "typedef struct %s {\n    int32_t handle;\n} %s;\n", own, own);
    }
    sgi_bind_comment(out, 0, (Bytes){NULL, 0}, "It is lent for the time of a call.");
    sgi_buf_printf(out, "typedef %s *%s;\n", resource->name, borrow);
}

static void declare_type(Bindgen *b, const BindType *type) {
    Buf *out = &b->header;
    sgi_buf_byte(out, '\n');
    if (type->alias_of) {
        sgi_bind_comment(out, 0, docs_of(type), "%s", "");
        sgi_buf_printf(out, "typedef %s %s;\n", type->alias_of->name, type->name);
        return;
    }
    if (type->resource) {
        put_resource(b, out, type->resource, docs_of(type));
        return;
    }
    const char *kind = type->kind == SG_STRING ? "UTF-8, not NUL-terminated. " : "";
    if (type->owns)
        sgi_bind_comment(out, 0, docs_of(type), "%sOwns memory, which %s frees.", kind, type->free_name);
    else
        sgi_bind_comment(out, 0, docs_of(type), "%s", "");
    if (type->kind == SG_ENUM || type->kind == SG_FLAGS)
        sgi_buf_printf(out, "typedef %s %s;\n", unsigned_of(type->size), type->name);
    else
        put_struct(out, type);
    if (type->kind == SG_ENUM || type->kind == SG_VARIANT)
        put_cases(out, type);
    if (type->kind == SG_FLAGS)
        put_flags(out, type);
    if (type->owns)
        sgi_buf_printf(out, "void %s(%s *value);\n", type->free_name, type->name);
}

void sgi_bind_declare_types(Bindgen *b) {
    for (const BindType *type = b->types; type; type = type->next)
        declare_type(b, type);
}

/* ---- freeing ---- */

static void put_free_cases(Buf *out, const BindType *type) {
    sgi_buf_text(out, "    switch (value->tag) {\n");
    for (size_t i = 0; i < type->count; i++) {
        const BindMember *member = &type->members[i];
        if (member->type && member->type->owns)
            sgi_buf_printf(out, "    case %s: %s(&value->of.%s); break;\n", member->constant,
                           member->type->free_name, member->name);
    }
    sgi_buf_text(out, "    default: break;\n    }\n");
}

static void put_free_list(Buf *out, const BindType *type) {
    const BindType *element = type->members[0].type;
    const char *count = type->kind == SG_LIST ? "value->count" : NULL;
    if (element->owns && count)
        sgi_buf_printf(out, "    for (size_t i = 0; i < value->count; i++)\n        %s(&value->items[i]);\n",
                       element->free_name);
    else if (element->owns)
        sgi_buf_printf(out, "    for (size_t i = 0; i < %u; i++)\n        %s(&value->items[i]);\n",
                       (unsigned)type->length, element->free_name);
    if (count)
        sgi_buf_text(out, "    if (value->count > 0)\n        free(value->items);\n    value->items = NULL;\n"
                          "    value->count = 0;\n");
}

void sgi_bind_define_free(Bindgen *b) {
    Buf *out = &b->source;
    for (const BindType *type = b->types; type; type = type->next) {
        if (!type->owns || type->alias_of)
            continue;
        const BindMember *members = type->members;
        sgi_buf_printf(out, "\nvoid %s(%s *value) {\n", type->free_name, type->name);
        switch (type->kind) {
        case SG_STRING:
            sgi_buf_text(out,
                         "    if (value->size > 0)\n        free(value->data);\n    value->data = NULL;\n"
                         "    value->size = 0;\n");
            break;
        case SG_LIST:
        case SG_FIXED_LIST: put_free_list(out, type); break;
        case SG_VARIANT: put_free_cases(out, type); break;
        case SG_OPTION:
            sgi_buf_printf(out, "    if (value->is_some)\n        %s(&value->value);\n",
                           members[0].type->free_name);
            break;
        case SG_RESULT:
            for (int side = 0; side < 2; side++)
                if (members[side].type && members[side].type->owns)
                    sgi_buf_printf(out, "    if (%svalue->is_error)\n        %s(&value->of.%s);\n",
                                   side ? "" : "!", members[side].type->free_name, members[side].name);
            break;
        default:
            for (size_t i = 0; i < type->count; i++)
                if (members[i].type->owns)
                    sgi_buf_printf(out, "    %s(&value->%s);\n", members[i].type->free_name, members[i].name);
        }
        sgi_buf_text(out, "}\n");
    }
}
