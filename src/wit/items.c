/* WIT text → the tree of wit.h, file by file: functions, definitions, interfaces, worlds and packages. What a
 * gate leaves out is parsed and dropped. */
#include "wit/parser.h"

static sg_status add_member(WitParser *p, WitMember ***last, WitMember **member) {
    *member = sgi_wit_make(p, sizeof **member);
    if (*member == NULL)
        return sgi_wit_no_memory(p->wit);
    (*member)->docs = p->lexer.docs;
    **last = *member;
    *last = &(*member)->next;
    return sgi_wit_take_id(p, &(*member)->name, &(*member)->at);
}

static sg_status parse_members(WitParser *p, WitDef *def) {
    bool more, has_type;
    SGI_TRY(sgi_wit_begin_list(p, '{', '}', &more));
    if (!more && (def->compound == SG_VARIANT || def->compound == SG_ENUM))
        return sgi_wit_fail(p->wit, def->at, "empty variant or enum", "%s", "");
    while (more) {
        WitMember *member;
        SGI_TRY(add_member(p, &def->last_member, &member));
        if (def->compound == SG_RECORD) {
            SGI_TRY(sgi_wit_expect(p, ':'));
            SGI_TRY(sgi_wit_parse_type(p, &member->type));
        } else if (def->compound == SG_VARIANT) {
            SGI_TRY(sgi_wit_take_mark(p, '(', &has_type));
            if (has_type) {
                SGI_TRY(sgi_wit_parse_type(p, &member->type));
                SGI_TRY(sgi_wit_expect(p, ')'));
            }
        }
        SGI_TRY(sgi_wit_next_in_list(p, '}', &more));
    }
    return SG_OK;
}

/* ---- functions ---- */

static sg_status parse_params(WitParser *p, WitFunc *func) {
    bool more;
    SGI_TRY(sgi_wit_begin_list(p, '(', ')', &more));
    while (more) {
        WitMember *param;
        SGI_TRY(add_member(p, &func->last_param, &param));
        SGI_TRY(sgi_wit_expect(p, ':'));
        SGI_TRY(sgi_wit_parse_type(p, &param->type));
        SGI_TRY(sgi_wit_next_in_list(p, ')', &more));
    }
    return SG_OK;
}

static sg_status parse_result(WitParser *p, WitFunc *func) {
    bool has_result;
    SGI_TRY(sgi_wit_take_mark(p, '-', &has_result));
    return has_result ? sgi_wit_parse_type(p, &func->result) : SG_OK;
}

/* async? "func" params result ";" */
static sg_status parse_func_type(WitParser *p, WitFunc *func) {
    if (sgi_wit_is_word(p, "async")) {
        func->is_async = true;
        SGI_TRY(sgi_wit_advance(p));
    }
    SGI_TRY(sgi_wit_expect_word(p, "func"));
    SGI_TRY(parse_params(p, func));
    SGI_TRY(parse_result(p, func));
    return sgi_wit_expect(p, ';');
}

static WitFunc *new_func(WitParser *p, WitFuncKind kind, Bytes name, WitAt at) {
    WitFunc *func = sgi_wit_make(p, sizeof *func);
    if (func) {
        *func = (WitFunc){.kind = kind, .name = name, .at = at};
        func->last_param = &func->params;
    }
    return func;
}

/* "[method]resource.name" */
static sg_status name_method(WitParser *p, WitFunc *func, Bytes resource, Bytes name) {
    static const char *const prefixes[] = {"", "[method]", "[static]", "[constructor]"};
    const char *prefix = prefixes[func->kind];
    Buf text;
    sgi_buf_init(&text, p->wit->cx.alloc);
    sgi_buf_text(&text, prefix);
    sgi_buf_put(&text, resource.data, resource.size);
    if (name.size) {
        sgi_buf_byte(&text, '.');
        sgi_buf_put(&text, name.data, name.size);
    }
    sg_status status = sgi_wit_keep(p->wit, &text, &func->name);
    sgi_buf_free(&text);
    return status;
}

/* A type by name, as if it were written there. */
static WitType *named_type(WitParser *p, sg_kind kind, Bytes name, WitAt at) {
    WitType *type = sgi_wit_make(p, sizeof *type);
    if (type)
        *type = (WitType){.kind = kind, .name = name, .at = at};
    return type;
}

static void add_func(WitScope *scope, WitFunc *func) {
    *scope->last_func = func;
    scope->last_func = &func->next;
}

static sg_status parse_constructor(WitParser *p, WitDef *def, WitFunc **result) {
    WitFunc *func = *result = new_func(p, WIT_CONSTRUCTOR, (Bytes){NULL, 0}, sgi_wit_here(p));
    if (func == NULL)
        return sgi_wit_no_memory(p->wit);
    SGI_TRY(sgi_wit_advance(p));
    SGI_TRY(parse_params(p, func));
    SGI_TRY(parse_result(p, func));
    if (func->result == NULL && (func->result = named_type(p, SG_OWN, def->name, func->at)) == NULL)
        return sgi_wit_no_memory(p->wit);
    SGI_TRY(name_method(p, func, def->name, (Bytes){NULL, 0}));
    return sgi_wit_expect(p, ';');
}

static sg_status parse_method(WitParser *p, WitDef *def, WitFunc **result) {
    Bytes name;
    WitAt at;
    SGI_TRY(sgi_wit_take_id(p, &name, &at));
    SGI_TRY(sgi_wit_expect(p, ':'));
    bool is_static = sgi_wit_is_word(p, "static");
    if (is_static)
        SGI_TRY(sgi_wit_advance(p));
    WitFunc *func = *result = new_func(p, is_static ? WIT_STATIC : WIT_METHOD, name, at);
    if (func == NULL)
        return sgi_wit_no_memory(p->wit);
    if (!is_static) {
        WitMember *self = sgi_wit_make(p, sizeof *self);
        if (self == NULL)
            return sgi_wit_no_memory(p->wit);
        *self =
            (WitMember){.name = BYTES_OF("self"), .at = at, .type = named_type(p, SG_BORROW, def->name, at)};
        if (self->type == NULL)
            return sgi_wit_no_memory(p->wit);
        func->params = self;
        func->last_param = &self->next;
    }
    SGI_TRY(parse_func_type(p, func));
    return name_method(p, func, def->name, name);
}

static sg_status parse_resource(WitParser *p, WitScope *scope, WitDef *def, bool is_included) {
    bool is_block, is_end;
    SGI_TRY(sgi_wit_take_mark(p, '{', &is_block));
    if (!is_block)
        return sgi_wit_expect(p, ';');
    for (;;) {
        SGI_TRY(sgi_wit_take_mark(p, '}', &is_end));
        if (is_end)
            return SG_OK;
        WitGate gate;
        WitFunc *func;
        SGI_TRY(sgi_wit_parse_gate(p, &gate));
        SGI_TRY(sgi_wit_is_word(p, "constructor") ? parse_constructor(p, def, &func)
                                                  : parse_method(p, def, &func));
        func->resource = def;
        func->external_id = gate.external_id;
        func->docs = gate.docs;
        if (gate.is_included && !is_included)
            return sgi_wit_fail(p->wit, func->at, "function of a resource that is left out is not", "%s", "");
        if (gate.is_included)
            add_func(scope, func);
    }
}

/* ---- definitions ---- */

static WitDef *new_def(WitParser *p, WitScope *scope, WitDefKind kind) {
    WitDef *def = sgi_wit_make(p, sizeof *def);
    if (def) {
        *def = (WitDef){.kind = kind, .scope = scope, .at = sgi_wit_here(p)};
        def->last_member = &def->members;
    }
    return def;
}

static void add_def(WitScope *scope, WitDef *def, const WitGate *gate) {
    def->external_id = gate->external_id;
    def->docs = gate->docs;
    if (!gate->is_included)
        return;
    *scope->last_def = def;
    scope->last_def = &def->next;
}

/* use path.{a, b as c}; */
static sg_status parse_use(WitParser *p, WitScope *scope, const WitGate *gate) {
    bool more;
    WitUse *use = sgi_wit_make(p, sizeof *use);
    if (use == NULL)
        return sgi_wit_no_memory(p->wit);
    SGI_TRY(sgi_wit_advance(p));
    SGI_TRY(sgi_wit_parse_path(p, &use->path));
    if (gate->is_included) {
        use->next = scope->uses;
        scope->uses = use;
    }
    SGI_TRY(sgi_wit_expect(p, '.'));
    SGI_TRY(sgi_wit_begin_list(p, '{', '}', &more));
    while (more) {
        WitDef *def = new_def(p, scope, WIT_USED);
        if (def == NULL)
            return sgi_wit_no_memory(p->wit);
        def->use = use;
        SGI_TRY(sgi_wit_take_id(p, &def->from_name, &def->at));
        def->name = def->from_name;
        if (sgi_wit_is_word(p, "as")) {
            SGI_TRY(sgi_wit_advance(p));
            SGI_TRY(sgi_wit_take_id(p, &def->name, NULL));
        }
        add_def(scope, def, gate);
        SGI_TRY(sgi_wit_next_in_list(p, '}', &more));
    }
    return sgi_wit_expect(p, ';');
}

/* A type definition, if one begins here. */
static sg_status parse_typedef(WitParser *p, WitScope *scope, const WitGate *gate, bool *found) {
    static const struct {
        const char *word;
        WitDefKind kind;
        sg_kind compound;
    } rows[] = {{"type", WIT_ALIAS, SG_BOOL},      {"record", WIT_COMPOUND, SG_RECORD},
                {"flags", WIT_COMPOUND, SG_FLAGS}, {"variant", WIT_COMPOUND, SG_VARIANT},
                {"enum", WIT_COMPOUND, SG_ENUM},   {"resource", WIT_RESOURCE, SG_OWN}};
    *found = true;
    if (sgi_wit_is_word(p, "use"))
        return parse_use(p, scope, gate);
    for (size_t i = 0; i < SGI_COUNT(rows); i++) {
        if (!sgi_wit_is_word(p, rows[i].word))
            continue;
        WitDef *def = new_def(p, scope, rows[i].kind);
        if (def == NULL)
            return sgi_wit_no_memory(p->wit);
        def->compound = rows[i].compound;
        SGI_TRY(sgi_wit_advance(p));
        SGI_TRY(sgi_wit_take_id(p, &def->name, &def->at));
        add_def(scope, def, gate);
        switch (def->kind) {
        case WIT_COMPOUND: return parse_members(p, def);
        case WIT_RESOURCE: return parse_resource(p, scope, def, gate->is_included);
        default:
            SGI_TRY(sgi_wit_expect(p, '='));
            SGI_TRY(sgi_wit_parse_type(p, &def->type));
            return sgi_wit_expect(p, ';');
        }
    }
    *found = false;
    return SG_OK;
}

static WitScope *new_scope(WitParser *p, bool is_world, Bytes name, WitAt at) {
    WitScope *scope = sgi_wit_new_scope(p->wit, p->file->package, is_world, name);
    if (scope)
        scope->at = at;
    return scope;
}

static sg_status parse_interface_items(WitParser *p, WitScope *scope, bool is_included) {
    bool is_end, found;
    SGI_TRY(sgi_wit_expect(p, '{'));
    for (;;) {
        SGI_TRY(sgi_wit_take_mark(p, '}', &is_end));
        if (is_end)
            return SG_OK;
        WitGate gate;
        SGI_TRY(sgi_wit_parse_gate(p, &gate));
        if (gate.is_included && !is_included)
            return sgi_wit_fail(p->wit, sgi_wit_here(p), "item of an interface that is left out is not", "%s",
                                "");
        SGI_TRY(parse_typedef(p, scope, &gate, &found));
        if (found)
            continue;
        Bytes name;
        WitAt at;
        SGI_TRY(sgi_wit_take_id(p, &name, &at));
        SGI_TRY(sgi_wit_expect(p, ':'));
        WitFunc *func = new_func(p, WIT_FREE, name, at);
        if (func == NULL)
            return sgi_wit_no_memory(p->wit);
        func->external_id = gate.external_id;
        func->docs = gate.docs;
        SGI_TRY(parse_func_type(p, func));
        if (gate.is_included)
            add_func(scope, func);
    }
}

/* ---- worlds ---- */

/* What follows "name:". */
static sg_status parse_extern_type(WitParser *p, WitItem *item) {
    if (sgi_wit_is_word(p, "func") || sgi_wit_is_word(p, "async")) {
        item->func = new_func(p, WIT_FREE, item->name, item->at);
        if (item->func == NULL)
            return sgi_wit_no_memory(p->wit);
        item->func->docs = item->docs;
        return parse_func_type(p, item->func);
    }
    if (sgi_wit_is_word(p, "interface")) {
        SGI_TRY(sgi_wit_advance(p));
        item->interface = new_scope(p, false, item->name, item->at);
        if (item->interface == NULL)
            return sgi_wit_no_memory(p->wit);
        item->interface->is_inline = true;
        item->interface->docs = item->docs;
        return parse_interface_items(p, item->interface, true);
    }
    SGI_TRY(sgi_wit_parse_path(p, &item->path));
    return sgi_wit_expect(p, ';');
}

/* "a: b" names an item; "a:b/c" is a path. */
static sg_status parse_item(WitParser *p, WitScope *world, const WitGate *gate, bool is_export) {
    WitItem *item = sgi_wit_make(p, sizeof *item);
    if (item == NULL)
        return sgi_wit_no_memory(p->wit);
    SGI_TRY(sgi_wit_advance(p));
    Bytes first;
    *item = (WitItem){
        .is_export = is_export, .at = sgi_wit_here(p), .external_id = gate->external_id, .docs = gate->docs};
    SGI_TRY(sgi_wit_take_id(p, &first, NULL));
    /* A path has no blank on either side of its colon. */
    size_t colon = p->lexer.token.offset;
    const Bytes text = p->file->text;
    bool is_path =
        !sgi_wit_is_mark(p, ':') || (colon + 1 < text.size && first.data + first.size == text.data + colon &&
                                     text.data[colon + 1] != ' ' && text.data[colon + 1] != '\t' &&
                                     text.data[colon + 1] != '\n' && text.data[colon + 1] != '\r');
    if (is_path) {
        SGI_TRY(sgi_wit_parse_path_from(p, first, item->at, &item->path));
        SGI_TRY(sgi_wit_expect(p, ';'));
    } else {
        item->name = first;
        SGI_TRY(sgi_wit_expect(p, ':'));
        SGI_TRY(parse_extern_type(p, item));
    }
    if (!gate->is_included)
        return SG_OK;
    *world->last_item = item;
    world->last_item = &item->next;
    return SG_OK;
}

static sg_status parse_include(WitParser *p, WitScope *world, const WitGate *gate) {
    WitInclude *include = sgi_wit_make(p, sizeof *include);
    if (include == NULL)
        return sgi_wit_no_memory(p->wit);
    SGI_TRY(sgi_wit_advance(p));
    SGI_TRY(sgi_wit_parse_path(p, &include->path));
    if (sgi_wit_is_word(p, "with")) {
        bool more;
        WitRename **last = &include->renames;
        SGI_TRY(sgi_wit_advance(p));
        SGI_TRY(sgi_wit_begin_list(p, '{', '}', &more));
        while (more) {
            WitRename *rename = sgi_wit_make(p, sizeof *rename);
            if (rename == NULL)
                return sgi_wit_no_memory(p->wit);
            *last = rename;
            last = &rename->next;
            SGI_TRY(sgi_wit_take_id(p, &rename->from, &rename->at));
            SGI_TRY(sgi_wit_expect_word(p, "as"));
            SGI_TRY(sgi_wit_take_id(p, &rename->to, NULL));
            SGI_TRY(sgi_wit_next_in_list(p, '}', &more));
        }
        /* The list closes the statement. */
        if (!sgi_wit_is_mark(p, ';'))
            goto done;
    }
    SGI_TRY(sgi_wit_expect(p, ';'));
done:
    if (gate->is_included) {
        *world->last_include = include;
        world->last_include = &include->next;
    }
    return SG_OK;
}

static sg_status parse_world_items(WitParser *p, WitScope *world) {
    bool is_end, found;
    SGI_TRY(sgi_wit_expect(p, '{'));
    for (;;) {
        SGI_TRY(sgi_wit_take_mark(p, '}', &is_end));
        if (is_end)
            return SG_OK;
        WitGate gate;
        SGI_TRY(sgi_wit_parse_gate(p, &gate));
        if (sgi_wit_is_word(p, "import") || sgi_wit_is_word(p, "export")) {
            SGI_TRY(parse_item(p, world, &gate, sgi_wit_is_word(p, "export")));
        } else if (sgi_wit_is_word(p, "include")) {
            SGI_TRY(parse_include(p, world, &gate));
        } else {
            SGI_TRY(parse_typedef(p, world, &gate, &found));
            if (!found)
                return sgi_wit_unexpected(p, "an item of a world");
        }
    }
}

/* ---- files ---- */

static sg_status add_package(Wit *wit, const WitPackageName *name, uint32_t group, WitPackage **result) {
    SGI_TRY(sgi_wit_new_package(wit, name, result));
    (*result)->group = group;
    return SG_OK;
}

sg_status sgi_wit_unnamed_package(Wit *wit, const WitFile *file, WitPackage **package) {
    return add_package(wit, NULL, file->group, package);
}

static sg_status parse_scope(WitParser *p, const WitGate *gate) {
    bool is_world = sgi_wit_is_word(p, "world");
    Bytes name;
    WitAt at;
    SGI_TRY(sgi_wit_advance(p));
    SGI_TRY(sgi_wit_take_id(p, &name, &at));
    WitScope *scope = new_scope(p, is_world, name, at);
    if (scope == NULL)
        return sgi_wit_no_memory(p->wit);
    scope->docs = gate->docs;
    SGI_TRY(is_world ? parse_world_items(p, scope) : parse_interface_items(p, scope, gate->is_included));
    if (!gate->is_included)
        return SG_OK;
    *scope->package->last_scope = scope;
    scope->package->last_scope = &scope->next;
    return SG_OK;
}

static sg_status parse_top_use(WitParser *p) {
    WitUse *use = sgi_wit_make(p, sizeof *use);
    if (use == NULL)
        return sgi_wit_no_memory(p->wit);
    SGI_TRY(sgi_wit_advance(p));
    SGI_TRY(sgi_wit_parse_path(p, &use->path));
    use->name = use->path.name;
    if (sgi_wit_is_word(p, "as")) {
        SGI_TRY(sgi_wit_advance(p));
        SGI_TRY(sgi_wit_take_id(p, &use->name, NULL));
    }
    use->next = p->file->uses;
    p->file->uses = use;
    return sgi_wit_expect(p, ';');
}

/* ns:name, which "package" begins. */
static sg_status parse_package_name(WitParser *p, WitPackageName *name) {
    Bytes first, rest;
    WitAt at;
    *name = (WitPackageName){.at = sgi_wit_here(p)};
    SGI_TRY(sgi_wit_advance(p));
    SGI_TRY(sgi_wit_take_id(p, &first, &at));
    SGI_TRY(sgi_wit_parse_qualified(p, name, &rest, first, at));
    return rest.size || name->text.size == first.size
               ? sgi_wit_fail(p->wit, at, "malformed package name", "expected namespace:name")
               : SG_OK;
}

/* package name { ... } */
static sg_status parse_nested_package(WitParser *p, Bytes docs) {
    WitPackageName name;
    WitPackage *outer = p->file->package;
    SGI_TRY(parse_package_name(p, &name));
    if (!sgi_wit_is_mark(p, '{'))
        return sgi_wit_fail(p->wit, name.at, "package name is not the first item", "%s", "");
    SGI_TRY(sgi_wit_advance(p));
    WitPackage *known;
    SGI_TRY(sgi_wit_find_package(p->wit, &name, &known));
    if (known)
        return sgi_wit_fail(p->wit, name.at, "package defined twice", "\"%.*s\"",
                            (int)(name.text.size > 100 ? 100 : name.text.size), (const char *)name.text.data);
    SGI_TRY(add_package(p->wit, &name, p->file->group, &p->file->package));
    p->file->package->docs = docs;
    for (;;) {
        bool is_end;
        WitGate gate;
        SGI_TRY(sgi_wit_take_mark(p, '}', &is_end));
        if (is_end)
            break;
        SGI_TRY(sgi_wit_parse_gate(p, &gate));
        if (sgi_wit_is_word(p, "interface") || sgi_wit_is_word(p, "world"))
            SGI_TRY(parse_scope(p, &gate));
        else if (sgi_wit_is_word(p, "use"))
            SGI_TRY(parse_top_use(p));
        else
            return sgi_wit_unexpected(p, "an interface or a world");
    }
    p->file->package = outer;
    return SG_OK;
}

sg_status sgi_wit_parse_header(Wit *wit, WitFile *file) {
    WitParser parser = {.wit = wit, .file = file}, *p = &parser;
    WitPackageName name;
    SGI_TRY(sgi_wit_lex_begin(&p->lexer, wit, file));
    if (!sgi_wit_is_word(p, "package"))
        return SG_OK;
    Bytes docs = p->lexer.docs;
    SGI_TRY(parse_package_name(p, &name));
    if (!sgi_wit_is_mark(p, ';'))
        return sgi_wit_is_mark(p, '{') ? SG_OK : sgi_wit_unexpected(p, "\";\"");
    SGI_TRY(sgi_wit_find_package(wit, &name, &file->package));
    if (file->package == NULL)
        SGI_TRY(add_package(wit, &name, file->group, &file->package));
    if (file->package->group != file->group)
        return sgi_wit_fail(wit, name.at, "package defined twice", "%s", "");
    if (docs.size && file->package->docs.size)
        return sgi_wit_fail(wit, name.at, "package documented twice", "%s", "");
    if (docs.size)
        file->package->docs = docs;
    return SG_OK;
}

sg_status sgi_wit_parse_file(Wit *wit, WitFile *file) {
    WitParser parser = {.wit = wit, .file = file}, *p = &parser;
    WitPackageName name;
    SGI_TRY(sgi_wit_lex_begin(&p->lexer, wit, file));
    if (sgi_wit_is_word(p, "package")) {
        WitLexer before = p->lexer;
        SGI_TRY(parse_package_name(p, &name));
        if (sgi_wit_is_mark(p, ';'))
            SGI_TRY(sgi_wit_advance(p));
        else
            p->lexer = before;
    }
    while (p->lexer.token.kind != WIT_END) {
        WitGate gate;
        SGI_TRY(sgi_load_poll(&wit->cx));
        SGI_TRY(sgi_wit_parse_gate(p, &gate));
        if (sgi_wit_is_word(p, "package"))
            SGI_TRY(parse_nested_package(p, gate.docs));
        else if (sgi_wit_is_word(p, "interface") || sgi_wit_is_word(p, "world"))
            SGI_TRY(parse_scope(p, &gate));
        else if (sgi_wit_is_word(p, "use"))
            SGI_TRY(parse_top_use(p));
        else
            return sgi_wit_unexpected(p, "\"interface\", \"world\", \"use\" or \"package\"");
    }
    return SG_OK;
}
