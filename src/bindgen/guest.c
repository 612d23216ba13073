/* The model → a header and a source for a guest: imports as functions of C, wrappers that the component's
 * exports are, around functions that the programmer writes.
 *
 * Memory is the canonical ABI's own form: a struct of C. Flat values pass through an array of 64-bit slots,
 * where a variant's payloads of different types share a slot without conversions (canonical ABI:
 * lower_flat_variant). */
#include "bindgen/guest.h"

#include <string.h>

static const Bytes no_docs = {NULL, 0};

/* ---- functions ---- */

/* "R name(T a, U b)" */
static void put_signature(Buf *out, const BindFunc *func) {
    sgi_buf_printf(out, "%s %s(", func->result ? func->result->name : "void", func->name);
    for (size_t i = 0; i < func->count; i++)
        sgi_buf_printf(out, "%s%s %s", i ? ", " : "", func->params[i].type->name, func->params[i].name);
    sgi_buf_text(out, func->count ? ")" : "void)");
}

static void put_import_attributes(Bindgen *b, const BindIface *iface, const char *prefix, Bytes name) {
    Buf *out = &b->source;
    sgi_buf_text(out, "\n__attribute__((import_module(\"");
    if (iface->is_export)
        sgi_buf_text(out, "[export]");
    sgi_bind_quote(out, iface->is_world ? BYTES_OF("$root") : iface->wit_name);
    sgi_buf_printf(out, "\"), import_name(\"%s", prefix);
    sgi_bind_quote(out, name);
    sgi_buf_text(out, "\")))\n");
}

static void put_export_attribute(Bindgen *b, const BindFunc *func, const char *prefix) {
    Buf *out = &b->source;
    sgi_buf_printf(out, "\n__attribute__((export_name(\"%s", prefix);
    sgi_bind_quote(out, func->iface->wit_name);
    if (!func->iface->is_world)
        sgi_buf_byte(out, '#');
    sgi_bind_quote(out, func->func->name);
    sgi_buf_text(out, "\")))\n");
}

/* The parameters in memory, as one struct. */
static void put_args_struct(Buf *out, const BindFunc *func) {
    sgi_buf_text(out, "    struct {\n");
    for (size_t i = 0; i < func->count; i++)
        sgi_buf_printf(out, "        %s %s;\n", func->params[i].type->name, func->params[i].name);
    sgi_buf_text(out, "    }");
}

/* int32_t name(int32_t, ...): of what is imported. */
static void declare_raw(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->source;
    bool is_first = true;
    put_import_attributes(b, func->iface, "", func->func->name);
    bool has_value = func->result && !sgi_bind_indirect_result(func);
    sgi_buf_printf(out, "extern %s %s(", has_value ? sgi_bind_core_type(func->result->flat[0]) : "void",
                   func->raw_name);
    for (uint32_t i = 0; i < func->flat_count && !sgi_bind_indirect_params(func); i++, is_first = false)
        sgi_buf_printf(out, "%s%s", is_first ? "" : ", ", sgi_bind_core_type(func->flat[i]));
    if (sgi_bind_indirect_params(func)) {
        sgi_buf_text(out, "int32_t");
        is_first = false;
    }
    if (sgi_bind_indirect_result(func)) {
        sgi_buf_printf(out, "%sint32_t", is_first ? "" : ", ");
        is_first = false;
    }
    sgi_buf_text(out, is_first ? "void);\n" : ");\n");
}

static void put_import_args(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->source;
    if (sgi_bind_indirect_params(func)) {
        put_args_struct(out, func);
        sgi_buf_text(out, " Args = {");
        for (size_t i = 0; i < func->count; i++)
            sgi_buf_printf(out, "%s%s", i ? ", " : "", func->params[i].name);
        sgi_buf_text(out, "};\n");
        return;
    }
    if (func->flat_count)
        sgi_buf_printf(out, "    uint64_t Flat[%u] = {0};\n", func->flat_count);
    uint32_t at = 0;
    for (size_t i = 0; i < func->count; i++) {
        sgi_bind_lower(out, "    ", func->params[i].type, func->params[i].name, "Flat", at);
        at += func->params[i].type->flat_count;
    }
}

static void put_import(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->source;
    bool is_first = !sgi_bind_indirect_params(func);
    declare_raw(b, func);
    sgi_buf_byte(out, '\n');
    put_signature(out, func);
    sgi_buf_text(out, " {\n");
    put_import_args(b, func);
    if (func->result)
        sgi_buf_printf(out, "    %s Ret;\n", func->result->name);
    sgi_buf_text(out, "    ");
    bool has_value = func->result && !sgi_bind_indirect_result(func);
    if (has_value) {
        sgi_buf_text(out, "const uint64_t Value[1] = {");
        sgi_buf_text(out, func->result->flat[0] == 'f'   ? "f32_bits("
                          : func->result->flat[0] == 'd' ? "f64_bits("
                          : func->result->flat[0] == 'i' ? "(uint32_t)"
                                                         : "(uint64_t)");
    }
    sgi_buf_printf(out, "%s(%s", func->raw_name, is_first ? "" : "(int32_t)(uintptr_t)&Args");
    for (uint32_t i = 0; i < func->flat_count && !sgi_bind_indirect_params(func); i++, is_first = false) {
        sgi_buf_text(out, is_first ? "" : ", ");
        sgi_bind_core(out, func->flat[i], sgi_bind_format(b, "Flat[%u]", i));
    }
    if (sgi_bind_indirect_result(func))
        sgi_buf_printf(out, "%s(int32_t)(uintptr_t)&Ret", is_first ? "" : ", ");
    if (has_value) {
        bool is_float = func->result->flat[0] == 'f' || func->result->flat[0] == 'd';
        sgi_buf_text(out, is_float ? "))};\n" : ")};\n");
        sgi_bind_lift(out, "    ", func->result, "Ret", "Value", 0);
    } else {
        sgi_buf_text(out, ");\n");
    }
    sgi_buf_text(out, func->result ? "    return Ret;\n}\n" : "}\n");
}

/* The parameters of an export's wrapper, in variables of their names, or in Args. */
static void put_export_params(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->source;
    if (sgi_bind_indirect_params(func)) {
        put_args_struct(out, func);
        sgi_buf_text(out, " *Args = (void *)(uintptr_t)P0;\n");
        return;
    }
    if (func->flat_count) {
        sgi_buf_text(out, "    const uint64_t Flat[] = {");
        for (uint32_t i = 0; i < func->flat_count; i++) {
            sgi_buf_text(out, i ? ", " : "");
            sgi_bind_slot(out, func->flat[i], sgi_bind_format(b, "P%u", i));
        }
        sgi_buf_text(out, "};\n");
    }
    uint32_t at = 0;
    for (size_t i = 0; i < func->count; i++) {
        sgi_buf_printf(out, "    %s %s;\n", func->params[i].type->name, func->params[i].name);
        sgi_bind_lift(out, "    ", func->params[i].type, func->params[i].name, "Flat", at);
        at += func->params[i].type->flat_count;
    }
}

/* The call of the programmer's function, and what it was given, freed. */
static void put_export_call(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->source;
    const char *access = sgi_bind_indirect_params(func) ? "Args->" : "";
    if (sgi_bind_indirect_result(func))
        sgi_buf_printf(out, "    static %s Ret;\n    Ret = ", func->result->name);
    else if (func->result)
        sgi_buf_printf(out, "    %s Ret = ", func->result->name);
    else
        sgi_buf_text(out, "    ");
    sgi_buf_printf(out, "%s(", func->name);
    for (size_t i = 0; i < func->count; i++)
        sgi_buf_printf(out, "%s%s%s", i ? ", " : "", access, func->params[i].name);
    sgi_buf_text(out, ");\n");
    for (size_t i = 0; i < func->count; i++)
        if (func->params[i].type->owns)
            sgi_buf_printf(out, "    %s(&%s%s);\n", func->params[i].type->free_name, access,
                           func->params[i].name);
    if (sgi_bind_indirect_params(func))
        sgi_buf_text(out, "    free(Args);\n");
}

/* "int32_t name(int32_t P0, ...)": the linker exports no static functions. */
static void put_export_signature(Buf *out, const BindFunc *func) {
    const BindType *result = func->result;
    const char *returned = result == NULL                   ? "void"
                           : sgi_bind_indirect_result(func) ? "int32_t"
                                                            : sgi_bind_core_type(result->flat[0]);
    sgi_buf_printf(out, "%s %s(", returned, func->raw_name);
    for (uint32_t i = 0; i < func->flat_count && !sgi_bind_indirect_params(func); i++)
        sgi_buf_printf(out, "%s%s P%u", i ? ", " : "", sgi_bind_core_type(func->flat[i]), i);
    if (sgi_bind_indirect_params(func))
        sgi_buf_text(out, "int32_t P0");
    sgi_buf_text(out, func->flat_count ? ")" : "void)");
}

static void put_export(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->source;
    put_export_attribute(b, func, "");
    put_export_signature(out, func);
    sgi_buf_text(out, ";\n\n");
    put_export_signature(out, func);
    sgi_buf_text(out, " {\n");
    put_export_params(b, func);
    put_export_call(b, func);
    if (sgi_bind_indirect_result(func)) {
        sgi_buf_text(out, "    return (int32_t)(uintptr_t)&Ret;\n");
    } else if (func->result) {
        sgi_buf_text(out, "    uint64_t Value[1] = {0};\n");
        sgi_bind_lower(out, "    ", func->result, "Ret", "Value", 0);
        sgi_buf_text(out, "    return ");
        sgi_bind_core(out, func->result->flat[0], "Value[0]");
        sgi_buf_text(out, ";\n");
    }
    sgi_buf_text(out, "}\n");
    if (func->result && func->result->owns) {
        put_export_attribute(b, func, "cabi_post_");
        sgi_buf_printf(out,
                       "void %s(int32_t P0);\n\nvoid %s(int32_t P0) {\n    %s((void *)(uintptr_t)P0);\n}\n",
                       func->post_name, func->post_name, func->result->free_name);
    }
}

/* ---- resources ---- */

static void put_raw_resource(Bindgen *b, const BindResource *resource, const char *prefix, const char *name,
                             const char *result) {
    put_import_attributes(b, resource->iface, prefix, resource->def->name);
    sgi_buf_printf(&b->source, "extern %s %s_raw(int32_t);\n", result, name);
}

static void put_drop(Bindgen *b, const BindType *handle, const char *name) {
    Buf *out = &b->source;
    put_raw_resource(b, handle->resource, "[resource-drop]", name, "void");
    sgi_buf_printf(out, "\nvoid %s(%s handle) {\n    %s_raw(handle.handle);\n}\n", name, handle->name, name);
}

static void put_local_resource(Bindgen *b, const BindResource *resource) {
    Buf *out = &b->source;
    const char *own = resource->own->name, *name = resource->name;
    put_raw_resource(b, resource, "[resource-new]", resource->make, "int32_t");
    sgi_buf_printf(out,
                   "\n%s %s(%s *value) {\n    %s handle = {%s_raw((int32_t)(uintptr_t)value)};\n"
                   "    return handle;\n}\n",
                   own, resource->make, name, own, resource->make);
    put_raw_resource(b, resource, "[resource-rep]", resource->rep, "int32_t");
    sgi_buf_printf(out, "\n%s *%s(%s handle) {\n    return (void *)(uintptr_t)%s_raw(handle.handle);\n}\n",
                   name, resource->rep, own, resource->rep);
    put_drop(b, resource->own, resource->drop_own);
    sgi_buf_text(out, "\n__attribute__((export_name(\"");
    sgi_bind_quote(out, resource->iface->wit_name);
    sgi_buf_text(out, "#[dtor]");
    sgi_bind_quote(out, resource->def->name);
    sgi_buf_printf(out,
                   "\")))\nvoid %s_raw(int32_t P0);\n\n"
                   "void %s_raw(int32_t P0) {\n    %s((void *)(uintptr_t)P0);\n}\n",
                   resource->destroy, resource->destroy, resource->destroy);
}

static void put_resources(Bindgen *b, const BindIface *iface) {
    Buf *out = &b->source;
    for (const BindResource *resource = iface->resources; resource; resource = resource->next) {
        if (resource->is_local) {
            put_local_resource(b, resource);
            continue;
        }
        put_drop(b, resource->own, resource->drop_own);
        sgi_buf_printf(out, "\nvoid %s(%s handle) {\n    %s_raw(handle.handle);\n}\n", resource->drop_borrow,
                       resource->borrow->name, resource->drop_own);
        sgi_buf_printf(out, "\n%s %s(%s handle) {\n    %s lent = {handle.handle};\n    return lent;\n}\n",
                       resource->borrow->name, resource->borrow_own, resource->own->name,
                       resource->borrow->name);
    }
}

static void declare_resources(Bindgen *b, const BindIface *iface) {
    Buf *out = &b->header;
    for (const BindResource *resource = iface->resources; resource; resource = resource->next) {
        const char *own = resource->own->name, *borrow = resource->borrow->name;
        sgi_buf_byte(out, '\n');
        if (resource->is_local) {
            sgi_bind_comment(out, 0, no_docs, "A handle for a new resource, which is `value` from now on.");
            sgi_buf_printf(out, "%s %s(%s *value);\n", own, resource->make, resource->name);
            sgi_bind_comment(out, 0, no_docs, "What it was made of.");
            sgi_buf_printf(out, "%s *%s(%s handle);\n", resource->name, resource->rep, own);
            sgi_buf_printf(out, "void %s(%s handle);\n", resource->drop_own, own);
            sgi_bind_comment(out, 0, no_docs,
                             "To be written by you: the last owner has dropped it. Free `value`.");
            sgi_buf_printf(out, "void %s(%s *value);\n", resource->destroy, resource->name);
            continue;
        }
        sgi_buf_printf(out, "void %s(%s handle);\n", resource->drop_own, own);
        sgi_bind_comment(out, 0, no_docs, "For a call that borrows it.");
        sgi_buf_printf(out, "%s %s(%s handle);\n", borrow, resource->borrow_own, own);
        sgi_bind_comment(out, 0, no_docs, "What an export was lent must be dropped before it returns.");
        sgi_buf_printf(out, "void %s(%s handle);\n", resource->drop_borrow, borrow);
    }
}

/* ---- the files ---- */

static void declare_func(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->header;
    const BindType *result = func->result;
    sgi_buf_byte(out, '\n');
    if (result && result->owns && func->is_export)
        sgi_bind_comment(out, 0, func->func->docs, "%s", sgi_bind_result_text);
    else if (result && result->owns)
        sgi_bind_comment(out, 0, func->func->docs, "The result is the caller's to free: %s.",
                         result->free_name);
    else
        sgi_bind_comment(out, 0, func->func->docs, "%s", "");
    put_signature(out, func);
    sgi_buf_text(out, ";\n");
}

static void put_heading(Bindgen *b, const BindIface *iface, bool is_export) {
    const char *what = is_export ? "exports, to be written by you" : "imports";
    if (iface->is_world)
        sgi_buf_printf(&b->header, "\n/* ---- the world's own %s ---- */\n", what);
    else
        sgi_buf_printf(&b->header, "\n/* ---- %.*s: %s ---- */\n", (int)iface->wit_name.size,
                       (const char *)iface->wit_name.data, what);
    sgi_bind_comment(&b->header, 0, iface->docs, "%s", "");
}

static void declare_iface(Bindgen *b, const BindIface *iface, bool is_export) {
    bool is_begun = iface->resources && iface->is_export == is_export;
    if (is_begun) {
        put_heading(b, iface, is_export);
        declare_resources(b, iface);
    }
    for (const BindFunc *func = iface->funcs; func; func = func->next) {
        if (func->is_export != is_export)
            continue;
        if (!is_begun)
            put_heading(b, iface, is_export);
        is_begun = true;
        declare_func(b, func);
    }
}

static void put_header(Bindgen *b) {
    Buf *out = &b->header;
    const char *guard = sgi_bind_upper(b, b->prefix);
    sgi_bind_comment(
        out, 0, b->world->docs,
        "%sThe guest's side of the world %.*s. Made by sandglass bindgen: changes will be lost.\n\n"
        "Who owns what: arguments belong to the caller, results to the caller too, once it has "
        "them.\n"
        "- Imports only read their arguments. Their results are yours: free what has memory with its "
        "function, X_free.\n"
        "- Exports only read their arguments, too: these are freed when they return; copy what is to "
        "stay.\n"
        "  What they return must be in memory from malloc, which is freed once the caller has read "
        "it.\n"
        "- Freeing frees memory, not handles. An owned handle moves with the argument or result "
        "that has it.",
        b->world->docs.size ? "\n" : "", b->world->name.size > 200 ? 200 : (int)b->world->name.size,
        (const char *)b->world->name.data);
    sgi_buf_printf(out, "#ifndef %s_GUEST_H\n#define %s_GUEST_H\n\n", guard, guard);
    sgi_buf_text(out, "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n"
                      "#if __has_include(<stdlib.h>)\n#include <stdlib.h>\n#else\n"
                      "void *malloc(size_t size);\nvoid *calloc(size_t count, size_t size);\n"
                      "void *realloc(void *block, size_t size);\nvoid free(void *block);\n#endif\n\n"
                      "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    sgi_bind_declare_types(b);
    const char *string = b->primitives[SG_STRING]->name;
    sgi_buf_printf(
        out,
        "\n/* A string that ends in NUL, as it is: for arguments of imports. */\n%s %s(const char *text);\n"
        "/* A copy of it in memory from malloc: for results of exports. */\n%s %s(const char *text);\n",
        string, b->string_of, string, b->string_copy);
    for (int side = 0; side < 2; side++)
        for (const BindIface *iface = b->ifaces; iface; iface = iface->next)
            declare_iface(b, iface, side == 1);
    sgi_buf_text(out, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

static void put_strings(Bindgen *b) {
    const char *string = b->primitives[SG_STRING]->name;
    sgi_buf_printf(&b->source,
                   "\n__attribute__((no_builtin)) %s %s(const char *text) {\n"
                   "    %s value = {(char *)(uintptr_t)text, 0};\n"
                   "    while (text[value.size])\n        value.size++;\n    return value;\n}\n",
                   string, b->string_of, string);
    sgi_buf_printf(&b->source,
                   "\n%s %s(const char *text) {\n    %s from = %s(text), value = from;\n"
                   "    value.data = cabi_realloc(NULL, 0, 1, from.size);\n"
                   "    for (size_t i = 0; i < from.size; i++)\n        value.data[i] = from.data[i];\n"
                   "    return value;\n}\n",
                   string, b->string_copy, string, b->string_of);
}

/* What the canonical ABI says of the layout holds. */
static void put_layout_checks(Bindgen *b) {
    for (const BindType *type = b->types; type; type = type->next)
        if (!type->alias_of && !type->resource)
            sgi_buf_printf(&b->source,
                           "_Static_assert(sizeof(%s) == %u && _Alignof(%s) == %u, \"layout\");\n",
                           type->name, type->size, type->name, type->align);
}

static void put_source(Bindgen *b) {
    sgi_buf_printf(
        &b->source,
        "/* Between the functions of %s_guest.h and the component: see there. Made by sandglass bindgen. "
        "*/\n#include \"%s_guest.h\"\n\n",
        b->prefix, b->prefix);
    put_layout_checks(b);
    sgi_buf_text(&b->source, sgi_bind_guest_text);
    put_strings(b);
    sgi_bind_define_free(b);
    sgi_bind_define_flat(b);
    for (const BindIface *iface = b->ifaces; iface; iface = iface->next) {
        put_resources(b, iface);
        for (const BindFunc *func = iface->funcs; func; func = func->next)
            (func->is_export ? put_export : put_import)(b, func);
    }
}

void sgi_bind_guest(Bindgen *b) {
    for (const BindIface *iface = b->ifaces; iface; iface = iface->next)
        for (BindFunc *func = iface->funcs; func; func = func->next)
            sgi_bind_mark_flat(func);
    put_header(b);
    put_source(b);
}
