/* A tree → WIT text, its own package first. Types are printed as they stand, at most LIMIT(TYPE_DEPTH) deep.
 */
#include "wit/tree.h"

#include <string.h>

typedef struct Printer {
    Wit *wit;
    Buf *out;
    int indent;
    const WitPackage *package; /* whose interfaces go by their short names */
} Printer;

static void put(Printer *p, const char *text) {
    sgi_buf_text(p->out, text);
}

static void put_bytes(Printer *p, Bytes bytes) {
    sgi_buf_put(p->out, bytes.data, bytes.size);
}

static void put_id(Printer *p, Bytes name) {
    if (sgi_wit_is_keyword(name))
        sgi_buf_byte(p->out, '%');
    put_bytes(p, name);
}

/* "ns:name" */
static void put_package_name(Printer *p, const WitPackageName *name) {
    Bytes rest = name->text;
    for (const uint8_t *colon; rest.size && (colon = memchr(rest.data, ':', rest.size)) != NULL;) {
        size_t size = (size_t)(colon - rest.data);
        put_id(p, (Bytes){rest.data, size});
        put(p, ":");
        rest = (Bytes){colon + 1, rest.size - size - 1};
    }
    put_id(p, rest);
}

static void put_version(Printer *p, const WitPackageName *name) {
    if (name->version.size == 0)
        return;
    put(p, "@");
    put_bytes(p, name->version);
}

static void begin_line(Printer *p) {
    for (int i = 0; i < p->indent; i++)
        put(p, "  ");
}

static void open_block(Printer *p) {
    put(p, " {\n");
    p->indent++;
}

static void close_block(Printer *p) {
    p->indent--;
    begin_line(p);
    put(p, "}");
}

static void put_external_id(Printer *p, Bytes id) {
    if (id.data == NULL)
        return;
    begin_line(p);
    put(p, "@external-id(\"");
    for (const uint8_t *at = id.data, *end = at + id.size; at != end;) {
        const uint8_t *start = at;
        int32_t c = sgi_utf8_read(&at, end);
        if (sgi_wit_is_forbidden(c) || c == '"' || c == '\\')
            sgi_buf_printf(p->out, "\\u{%x}", (unsigned)c);
        else
            sgi_buf_put(p->out, start, (size_t)(at - start));
    }
    put(p, "\")\n");
}

/* ---- types ---- */

static void put_type(Printer *p, const WitType *type);

static void put_arguments(Printer *p, const WitType *type) {
    if (type->first == NULL && type->second == NULL)
        return;
    put(p, "<");
    if (type->first)
        put_type(p, type->first);
    else
        put(p, "_");
    if (type->second) {
        put(p, ", ");
        put_type(p, type->second);
    }
    if (type->kind == SG_FIXED_LIST)
        sgi_buf_printf(p->out, ", %u", type->length);
    put(p, ">");
}

static void put_type(Printer *p, const WitType *type) {
    bool is_borrow = type->kind == SG_BORROW;
    if (p->out->failed)
        return;
    if (type->name.size) {
        put(p, is_borrow ? "borrow<" : "");
        put_id(p, type->name);
        put(p, is_borrow ? ">" : "");
        return;
    }
    put(p, sgi_wit_type_name(type->kind));
    if (type->kind != SG_TUPLE) {
        put_arguments(p, type);
        return;
    }
    put(p, "<");
    for (const WitMember *item = type->items; item; item = item->next) {
        put_type(p, item->type);
        put(p, item->next ? ", " : "");
    }
    put(p, ">");
}

static void put_members(Printer *p, const WitDef *def) {
    open_block(p);
    for (const WitMember *member = def->members; member; member = member->next) {
        begin_line(p);
        put_id(p, member->name);
        if (member->type) {
            put(p, def->compound == SG_RECORD ? ": " : "(");
            put_type(p, member->type);
            put(p, def->compound == SG_RECORD ? "" : ")");
        }
        put(p, ",\n");
    }
    close_block(p);
    put(p, "\n");
}

/* ---- functions ---- */

static void put_func_type(Printer *p, const WitFunc *func) {
    const WitMember *param = func->params;
    if (func->kind == WIT_METHOD && param)
        param = param->next; /* self */
    put(p, func->is_async ? "async func(" : func->kind == WIT_CONSTRUCTOR ? "(" : "func(");
    for (; param; param = param->next) {
        put_id(p, param->name);
        put(p, ": ");
        put_type(p, param->type);
        put(p, param->next ? ", " : "");
    }
    put(p, ")");
    bool is_plain = func->kind == WIT_CONSTRUCTOR && func->result &&
                    sgi_bytes_equal(func->result->name, func->resource->name);
    if (func->result && !is_plain) {
        put(p, " -> ");
        put_type(p, func->result);
    }
    put(p, ";\n");
}

static void put_func(Printer *p, const WitFunc *func) {
    Bytes name = func->name;
    put_external_id(p, func->external_id);
    begin_line(p);
    if (func->kind == WIT_CONSTRUCTOR) {
        put(p, "constructor");
    } else {
        const uint8_t *dot = func->kind == WIT_FREE ? NULL : memchr(name.data, '.', name.size);
        if (dot)
            name = (Bytes){dot + 1, (size_t)(name.data + name.size - dot - 1)};
        put_id(p, name);
        put(p, func->kind == WIT_STATIC ? ": static " : ": ");
    }
    put_func_type(p, func);
}

/* ---- definitions ---- */

static void put_path(Printer *p, const WitScope *scope) {
    const WitPackageName *package = &scope->package->name;
    if (scope->package == p->package) {
        put_id(p, scope->name);
        return;
    }
    put_package_name(p, package);
    put(p, "/");
    put_id(p, scope->name);
    put_version(p, package);
}

/* `first` and what follows it of the same `use`. */
static const WitDef *put_uses(Printer *p, const WitDef *first) {
    const WitDef *def = first;
    put(p, "use ");
    put_path(p, first->use->scope);
    put(p, ".{");
    for (;; def = def->next) {
        put_id(p, def->from_name);
        if (!sgi_bytes_equal(def->name, def->from_name)) {
            put(p, " as ");
            put_id(p, def->name);
        }
        bool more = def->next && def->next->kind == WIT_USED && def->external_id.data == NULL &&
                    def->next->external_id.data == NULL && def->next->use->scope == first->use->scope;
        if (!more)
            break;
        put(p, ", ");
    }
    put(p, "};\n");
    return def;
}

/* With its functions, which `func` begins; what comes after them. */
static const WitFunc *put_resource(Printer *p, const WitDef *def, const WitFunc *func) {
    put(p, "resource ");
    put_id(p, def->name);
    if (func == NULL || func->resource != def) {
        put(p, ";\n");
        return func;
    }
    open_block(p);
    for (; func && func->resource == def; func = func->next)
        put_func(p, func);
    close_block(p);
    put(p, "\n");
    return func;
}

static const char *compound_word(sg_kind kind) {
    return kind == SG_RECORD ? "record" : kind == SG_VARIANT ? "variant" : kind == SG_ENUM ? "enum" : "flags";
}

/* The definition printed last. */
static const WitDef *put_def(Printer *p, const WitDef *def, const WitFunc **func) {
    put_external_id(p, def->external_id);
    begin_line(p);
    switch (def->kind) {
    case WIT_USED: return put_uses(p, def);
    case WIT_ALIAS:
        put(p, "type ");
        put_id(p, def->name);
        put(p, def->type->kind == SG_OWN ? " = own<" : " = "); /* not another name of the resource */
        put_type(p, def->type);
        put(p, def->type->kind == SG_OWN ? ">;\n" : ";\n");
        break;
    case WIT_COMPOUND:
        put(p, compound_word(def->compound));
        put(p, " ");
        put_id(p, def->name);
        put_members(p, def);
        break;
    case WIT_RESOURCE: *func = put_resource(p, def, *func);
    }
    return def;
}

/* ---- interfaces and worlds ---- */

static sg_status put_contents(Printer *p, const WitScope *scope) {
    const WitFunc *func = scope->funcs;
    for (const WitDef *def = scope->defs; def; def = def->next) {
        SGI_TRY(sgi_load_poll(&p->wit->cx));
        def = put_def(p, def, &func);
    }
    for (; func; func = func->next) {
        SGI_TRY(sgi_load_poll(&p->wit->cx));
        put_func(p, func);
    }
    return SG_OK;
}

static sg_status put_item(Printer *p, const WitItem *item) {
    put_external_id(p, item->external_id);
    begin_line(p);
    put(p, item->is_export ? "export " : "import ");
    if (item->name.size) {
        put_id(p, item->name);
        put(p, ": ");
    }
    if (item->func) {
        put_func_type(p, item->func);
    } else if (item->interface->is_inline) {
        put(p, "interface");
        open_block(p);
        SGI_TRY(put_contents(p, item->interface));
        close_block(p);
        put(p, "\n");
    } else {
        put_path(p, item->interface);
        put(p, ";\n");
    }
    return SG_OK;
}

static sg_status put_scope(Printer *p, const WitScope *scope) {
    begin_line(p);
    put(p, scope->is_world ? "world " : "interface ");
    put_id(p, scope->name);
    open_block(p);
    for (int i = 0; i < 3; i++) { /* interfaces come before types that are used from them */
        for (const WitItem *item = scope->items; item; item = item->next)
            if ((item->is_export ? 2 : item->func ? 1 : 0) == i)
                SGI_TRY(put_item(p, item));
        if (i == 0)
            SGI_TRY(put_contents(p, scope));
    }
    close_block(p);
    put(p, "\n");
    return SG_OK;
}

/* ---- packages ---- */

static sg_status put_package(Printer *p, const WitPackage *package, bool is_own) {
    p->package = package;
    put(p, is_own ? "package " : "\npackage ");
    put_package_name(p, &package->name);
    put_version(p, &package->name);
    if (is_own)
        put(p, ";\n");
    else
        open_block(p);
    for (const WitScope *scope = package->scopes; scope; scope = scope->next) {
        if (is_own || scope != package->scopes)
            put(p, "\n");
        SGI_TRY(put_scope(p, scope));
    }
    if (!is_own) {
        close_block(p);
        put(p, "\n");
    }
    return SG_OK;
}

sg_status sgi_wit_print_tree(Wit *wit, Buf *text) {
    Printer p = {.wit = wit, .out = text};
    SGI_TRY(put_package(&p, wit->own, true));
    for (const WitPackage *package = wit->packages; package; package = package->next)
        if (package != wit->own)
            SGI_TRY(put_package(&p, package, false));
    return text->failed ? sgi_wit_no_memory(wit) : SG_OK;
}
