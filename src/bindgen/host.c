/* The model → a header and a source for a host: exports as functions of C over sg_func_call, imports as
 * structs of functions that the programmer writes, registered on a linker. Values are converted by functions
 * of their types (convert.c). */
#include "bindgen/model.h"

#include <string.h>

static const Bytes no_docs = {NULL, 0};

/* ---- functions ---- */

/* What of a name in file scope is the interface's own: "app_files_open" → "open". */
static const char *member_name(Bindgen *b, const BindIface *iface, const char *name) {
    const char *member = sgi_bind_field(b, sgi_bytes_of(name + strlen(iface->prefix) + 1));
    return strcmp(member, "context") == 0 ? "context_" : member;
}

static void put_params(Buf *out, const BindFunc *func) {
    for (size_t i = 0; i < func->count; i++)
        sgi_buf_printf(out, ", %s %s", func->params[i].type->name, func->params[i].name);
    if (func->result)
        sgi_buf_printf(out, ", %s *result", func->result->name);
    sgi_buf_text(out, ", sg_error *error)");
}

static void put_call_signature(Bindgen *b, Buf *out, const BindFunc *func) {
    sgi_buf_printf(out, "sg_status %s(%s *instance", func->name, b->instance);
    put_params(out, func);
}

/* A function that calls an export. */
static void put_call(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->source;
    const BindType *result = func->result;
    bool is_handle = result && (result->kind == SG_OWN || result->kind == SG_BORROW);
    sgi_buf_byte(out, '\n');
    put_call_signature(b, out, func);
    sgi_buf_text(out, " {\n    Conversion Memory, *conv = &Memory;\n    sg_status Status = SG_OK;\n");
    if (func->count)
        sgi_buf_printf(out, "    sg_value Args[%zu];\n", func->count);
    if (result)
        sgi_buf_text(out, "    sg_value Ret;\n");
    if (is_handle)
        sgi_buf_text(out, "    uint64_t Handle = 0;\n");
    sgi_buf_text(out, "    Begin(conv, error);\n");
    if (result)
        sgi_buf_text(out, "    memset(result, 0, sizeof *result);\n");
    for (size_t i = 0; i < func->count; i++)
        sgi_bind_put_outermost(b, true, func->params[i].type, func->params[i].name,
                               sgi_bind_format(b, "Args[%zu]", i), "argument", i + 1);
    sgi_buf_printf(out,
                   "    if (Status == SG_OK)\n        Status = sg_func_call(instance->funcs[%zu], %s, %zu, "
                   "%s, error);\n",
                   func->index, func->count ? "Args" : "NULL", func->count, result ? "&Ret" : "NULL");
    if (result) {
        sgi_buf_text(out, "    conv->place = HEAP;\n");
        sgi_bind_put_outermost(b, false, result, "Ret", "(*result)", "result", 0);
        if (result->owns)
            sgi_buf_printf(out, "    if (Status != SG_OK)\n        %s(result);\n", result->free_name);
    }
    sgi_buf_text(out, "    End(conv);\n    return Status;\n}\n");
}

/* What the linker calls for an import. */
static void put_served(Bindgen *b, const BindFunc *func) {
    Buf *out = &b->source;
    const BindType *result = func->result;
    bool has_handle = false;
    sgi_buf_printf(
        out,
        "\nstatic sg_status %s(void *context, sg_call *call, const sg_value *arguments,\n"
        "    size_t argument_count, sg_value *result, sg_error *error) {\n"
        "    %s *Functions = context;\n    Conversion Memory, *conv = &Memory;\n"
        "    sg_status Status = SG_OK;\n    Begin(conv, error);\n    (void)arguments, (void)result;\n",
        func->raw_name, func->iface->table);
    for (size_t i = 0; i < func->count; i++) {
        sg_kind kind = func->params[i].type->kind;
        has_handle |= kind == SG_OWN || kind == SG_BORROW;
        sgi_buf_printf(out, "    %s P%zu;\n    memset(&P%zu, 0, sizeof P%zu);\n", func->params[i].type->name,
                       i, i, i);
    }
    if (has_handle)
        sgi_buf_text(out, "    uint64_t Handle = 0;\n");
    if (result)
        sgi_buf_printf(out, "    %s Ret;\n    memset(&Ret, 0, sizeof Ret);\n", result->name);
    sgi_buf_printf(
        out, "    if (argument_count != %zu)\n        Status = Wrong(conv, \"wrong number of arguments\");\n",
        func->count);
    for (size_t i = 0; i < func->count; i++)
        sgi_bind_put_outermost(b, false, func->params[i].type, sgi_bind_format(b, "arguments[%zu]", i),
                               sgi_bind_format(b, "P%zu", i), "argument", i + 1);
    sgi_buf_printf(out, "    if (Status == SG_OK)\n        Status = Functions->%s(Functions->context, call",
                   member_name(b, func->iface, func->name));
    for (size_t i = 0; i < func->count; i++)
        sgi_buf_printf(out, ", P%zu", i);
    sgi_buf_text(out, result ? ", &Ret, error);\n" : ", error);\n");
    if (result) {
        sgi_buf_text(out,
                     "    bool IsMade = Status == SG_OK;\n    conv->place = CALL;\n    conv->call = call;\n");
        sgi_bind_put_outermost(b, true, result, "Ret", "(*result)", "result", 0);
        if (result->owns)
            sgi_buf_printf(out, "    if (IsMade)\n        %s(&Ret);\n", result->free_name);
        else
            sgi_buf_text(out, "    (void)IsMade;\n");
    }
    sgi_buf_text(out, "    End(conv);\n    return Status;\n}\n");
}

/* ---- imports ---- */

static bool is_served(const BindIface *iface) {
    bool has_import = iface->resources && !iface->is_export;
    for (const BindFunc *func = iface->funcs; func; func = func->next)
        has_import |= !func->is_export;
    return has_import;
}

static void declare_imports(Bindgen *b, const BindIface *iface) {
    Buf *out = &b->header;
    if (iface->is_world)
        sgi_buf_text(out, "\n/* ---- the world's own imports, to be written by you ---- */\n");
    else
        sgi_buf_printf(out, "\n/* ---- %.*s: imports, to be written by you ---- */\n",
                       (int)iface->wit_name.size, (const char *)iface->wit_name.data);
    sgi_bind_comment(out, 0, iface->docs, "%s",
                     "Functions that are NULL are not supplied. `context` is given to each of them.");
    sgi_buf_printf(out, "typedef struct %s {\n    void *context;\n", iface->table);
    for (const BindResource *resource = iface->resources; resource; resource = resource->next) {
        sgi_bind_comment(out, 4, no_docs, "%s", "The guest has dropped its handle, or is gone.");
        sgi_buf_printf(out, "    void (*%s)(void *context, %s *value);\n",
                       member_name(b, iface, resource->destroy), resource->name);
    }
    for (const BindFunc *func = iface->funcs; func; func = func->next) {
        if (func->is_export)
            continue;
        bool owns = func->result && func->result->owns;
        sgi_bind_comment(out, 4, func->func->docs, "%s", owns ? sgi_bind_result_text : "");
        sgi_buf_printf(out, "    sg_status (*%s)(void *context, sg_call *call",
                       member_name(b, iface, func->name));
        put_params(out, func);
        sgi_buf_text(out, ";\n");
    }
    sgi_buf_printf(out, "} %s;\n", iface->table);
    sgi_bind_comment(out, 0, no_docs, "%s",
                     "Registers them. `functions` must live as long as the instances made with the linker.");
    sgi_buf_printf(out,
                   "sg_status %s(sg_linker *linker, sg_engine *engine, %s *functions, sg_error *error);\n",
                   iface->link, iface->table);
}

static void put_instance_name(Buf *out, const BindIface *iface) {
    if (iface->is_world) {
        sgi_buf_text(out, "NULL");
        return;
    }
    sgi_buf_byte(out, '"');
    sgi_bind_quote(out, iface->wit_name);
    sgi_buf_byte(out, '"');
}

static void put_destructor(Bindgen *b, const BindResource *resource) {
    sgi_buf_printf(&b->source,
                   "\nstatic void %s(void *context, uint64_t rep) {\n    %s *Functions = context;\n"
                   "    Functions->%s(Functions->context, (%s *)(uintptr_t)rep);\n}\n",
                   resource->destroy, resource->iface->table,
                   member_name(b, resource->iface, resource->destroy), resource->name);
}

static void put_link(Bindgen *b, const BindIface *iface) {
    Buf *out = &b->source;
    sgi_buf_printf(out,
                   "\nsg_status %s(sg_linker *linker, sg_engine *engine, %s *functions, sg_error *error) {\n"
                   "    sg_status Status = SG_OK;\n    (void)engine;\n",
                   iface->link, iface->table);
    if (iface->resources)
        sgi_buf_text(out, "    sg_resource_type *Type;\n");
    for (const BindResource *resource = iface->resources; resource; resource = resource->next) {
        sgi_buf_printf(
            out,
            "    if (Status == SG_OK) {\n        Type = sg_resource_type_new(engine, functions->%s ? %s : "
            "NULL, functions, error);\n        Status = Type ? sg_linker_define_resource(linker, ",
            member_name(b, iface, resource->destroy), resource->destroy);
        put_instance_name(out, iface);
        sgi_buf_text(out, ", \"");
        sgi_bind_quote(out, resource->def->name);
        sgi_buf_text(out, "\", Type, error)\n                      : error ? error->status : SG_NO_MEMORY;\n"
                          "        sg_resource_type_delete(Type);\n    }\n");
    }
    for (const BindFunc *func = iface->funcs; func; func = func->next) {
        if (func->is_export)
            continue;
        sgi_buf_printf(
            out, "    if (Status == SG_OK && functions->%s)\n        Status = sg_linker_define_func(linker, ",
            member_name(b, iface, func->name));
        put_instance_name(out, iface);
        sgi_buf_text(out, ", \"");
        sgi_bind_quote(out, func->func->name);
        sgi_buf_printf(out, "\", %s, functions, error);\n", func->raw_name);
    }
    sgi_buf_text(out, "    return Status;\n}\n");
}

/* ---- exports ---- */

static void declare_instance(Bindgen *b) {
    Buf *out = &b->header;
    sgi_bind_comment(out, 0, no_docs, "%s",
                     "\nAn instance of a component that has the world. The fields are not for you.");
    sgi_buf_printf(out, "typedef struct %s {\n    sg_store *store;\n    sg_func *funcs[%zu];\n} %s;\n",
                   b->instance, b->export_count ? b->export_count : 1, b->instance);
    sgi_bind_comment(
        out, 0, no_docs, "%s",
        "Finds the world's exports in `made`. It lives as long as the store. SG_NOT_FOUND with the name.");
    sgi_buf_printf(out, "sg_status %s(%s *instance, sg_store *store, sg_instance *made, sg_error *error);\n",
                   b->bind, b->instance);
}

static void put_bind(Bindgen *b) {
    Buf *out = &b->source;
    sgi_buf_printf(out,
                   "\nsg_status %s(%s *instance, sg_store *store, sg_instance *made, sg_error *error) {\n"
                   "    static const char *const names[] = {\n",
                   b->bind, b->instance);
    for (const BindIface *iface = b->ifaces; iface; iface = iface->next)
        for (const BindFunc *func = iface->funcs; func; func = func->next) {
            if (!func->is_export)
                continue;
            sgi_buf_text(out, "        \"");
            sgi_bind_quote(out, iface->wit_name);
            sgi_buf_text(out, iface->is_world ? "" : "#");
            sgi_bind_quote(out, func->func->name);
            sgi_buf_text(out, "\",\n");
        }
    sgi_buf_printf(
        out,
        "        NULL,\n    };\n    instance->store = store;\n"
        "    for (size_t i = 0; names[i]; i++) {\n"
        "        instance->funcs[i] = sg_instance_find_func(made, names[i], error);\n"
        "        if (instance->funcs[i] == NULL)\n            return error ? error->status : SG_NOT_FOUND;\n"
        "    }\n    return SG_OK;\n}\n");
}

static void put_resources(Bindgen *b, const BindIface *iface) {
    for (const BindResource *resource = iface->resources; resource; resource = resource->next) {
        if (resource->is_local)
            continue;
        const char *own = resource->own->name, *borrow = resource->borrow->name;
        sgi_buf_byte(&b->header, '\n');
        sgi_bind_comment(&b->header, 0, no_docs, "%s",
                         "The resource's destructor runs in the guest, under the store's limits.");
        sgi_buf_printf(&b->header, "sg_status %s(%s *instance, %s handle, sg_error *error);\n",
                       resource->drop_own, b->instance, own);
        sgi_bind_comment(&b->header, 0, no_docs, "%s", "For a call that borrows it.");
        sgi_buf_printf(&b->header, "%s %s(%s handle);\n", borrow, resource->borrow_own, own);
        sgi_buf_printf(&b->source,
                       "\nsg_status %s(%s *instance, %s handle, sg_error *error) {\n"
                       "    return sg_resource_drop(instance->store, handle.handle, error);\n}\n",
                       resource->drop_own, b->instance, own);
        sgi_buf_printf(&b->source,
                       "\n%s %s(%s handle) {\n    %s lent = {handle.handle};\n    return lent;\n}\n", borrow,
                       resource->borrow_own, own, borrow);
    }
}

static void put_exports(Bindgen *b, const BindIface *iface) {
    bool is_begun = false;
    for (const BindFunc *func = iface->funcs; func; func = func->next) {
        if (!func->is_export)
            continue;
        if (!is_begun && iface->is_world)
            sgi_buf_text(&b->header, "\n/* ---- the world's own exports ---- */\n");
        else if (!is_begun)
            sgi_buf_printf(&b->header, "\n/* ---- %.*s: exports ---- */\n", (int)iface->wit_name.size,
                           (const char *)iface->wit_name.data);
        if (!is_begun)
            sgi_bind_comment(&b->header, 0, iface->docs, "%s", "");
        is_begun = true;
        sgi_buf_byte(&b->header, '\n');
        if (func->result && func->result->owns)
            sgi_bind_comment(&b->header, 0, func->func->docs, "The result is the caller's to free: %s.",
                             func->result->free_name);
        else
            sgi_bind_comment(&b->header, 0, func->func->docs, "%s", "");
        put_call_signature(b, &b->header, func);
        sgi_buf_text(&b->header, ";\n");
        put_call(b, func);
    }
    put_resources(b, iface);
}

/* ---- the files ---- */

static void begin_files(Bindgen *b) {
    const char *guard = sgi_bind_upper(b, b->prefix);
    sgi_bind_comment(
        &b->header, 0, b->world->docs,
        "%sThe host's side of the world %.*s. Made by sandglass bindgen: changes will be lost.\n\n"
        "Who owns what: arguments belong to the caller, results to the caller too, once it has them.\n"
        "- Calls of exports only read their arguments. Their results are yours, in memory from malloc:\n"
        "  free what has memory with its function, X_free. After a failure there is none.\n"
        "- Functions that you write for imports only read their arguments, which are gone when they\n"
        "  return. What they put into `result`, which is zero before, must be in memory from malloc;\n"
        "  it is freed once the guest has it. Anything but SG_OK traps the guest.\n"
        "- Freeing frees memory, not handles. An owned handle moves with the argument or result that\n"
        "  has it.\n"
        "Values that do not fit are SG_BAD_VALUE, with the path inside the value.",
        b->world->docs.size ? "\n" : "", b->world->name.size > 200 ? 200 : (int)b->world->name.size,
        (const char *)b->world->name.data);
    sgi_buf_printf(&b->header,
                   "#ifndef %s_HOST_H\n#define %s_HOST_H\n\n#include <sandglass.h>\n\n"
                   "#ifdef __cplusplus\nextern \"C\" {\n#endif\n",
                   guard, guard);
    sgi_buf_printf(
        &b->source,
        "/* Between the functions of %s_host.h and the library: see there. Made by sandglass bindgen. */\n"
        "#include \"%s_host.h\"\n\n",
        b->prefix, b->prefix);
    sgi_buf_text(&b->source, sgi_bind_host_text);
}

/* Functions are numbered, and what they pass is marked for conversion. */
static void prepare(Bindgen *b) {
    for (BindIface *iface = b->ifaces; iface; iface = iface->next)
        for (BindFunc *func = iface->funcs; func; func = func->next) {
            if (func->is_export)
                func->index = b->export_count++;
            for (size_t i = 0; i < func->count; i++)
                sgi_bind_mark(func->params[i].type, func->is_export);
            if (func->result)
                sgi_bind_mark(func->result, !func->is_export);
        }
}

void sgi_bind_host(Bindgen *b) {
    prepare(b);
    begin_files(b);
    sgi_bind_declare_types(b);
    declare_instance(b);
    sgi_bind_define_free(b);
    sgi_bind_define_conversions(b);
    put_bind(b);
    for (const BindIface *iface = b->ifaces; iface; iface = iface->next) {
        if (is_served(iface))
            declare_imports(b, iface);
        for (const BindResource *r = iface->resources; r; r = r->next)
            if (r->is_local)
                put_destructor(b, r);
        for (const BindFunc *func = iface->funcs; func; func = func->next)
            if (!func->is_export)
                put_served(b, func);
        if (is_served(iface))
            put_link(b, iface);
    }
    for (const BindIface *iface = b->ifaces; iface; iface = iface->next)
        put_exports(b, iface);
    sgi_buf_text(&b->header, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
