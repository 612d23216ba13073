/* WIT tokens → the tree of wit.h, file by file (WIT.md, grammar). What a gate leaves out is parsed and
 * dropped. */
#include "text/wit.h"

#include <string.h>

typedef struct WitParser {
    WitLexer lexer;
    Wit *wit;
    WitFile *file;
    unsigned type_depth;
} WitParser;

/* ---- tokens ---- */

static WitAt here(const WitParser *p) {
    return (WitAt){p->file, p->lexer.token.offset};
}

static sg_status unexpected(const WitParser *p, const char *wanted) {
    const WitToken *token = &p->lexer.token;
    size_t size = token->end - token->offset;
    if (token->kind == WIT_END)
        return sgi_wit_fail(p->wit, here(p), "unexpected end", "expected %s", wanted);
    return sgi_wit_fail(p->wit, here(p), "unexpected token", "\"%.*s\", expected %s",
                        (int)(size > 60 ? 60 : size), (const char *)p->file->text.data + token->offset,
                        wanted);
}

static sg_status advance(WitParser *p) {
    return sgi_wit_next(&p->lexer);
}

static bool is_mark(const WitParser *p, char mark) {
    return p->lexer.token.kind == WIT_MARK && p->lexer.token.mark == mark;
}

static sg_status expect(WitParser *p, char mark) {
    char wanted[] = {'"', mark, '"', 0};
    return is_mark(p, mark) ? advance(p) : unexpected(p, mark == '-' ? "\"->\"" : wanted);
}

static sg_status take_mark(WitParser *p, char mark, bool *taken) {
    *taken = is_mark(p, mark);
    return *taken ? advance(p) : SG_OK;
}

static bool is_word(const WitParser *p, const char *word) {
    const WitToken *token = &p->lexer.token;
    return token->kind == WIT_ID && !token->is_escaped && sgi_bytes_is(token->name, word);
}

static sg_status expect_word(WitParser *p, const char *word) {
    return is_word(p, word) ? advance(p) : unexpected(p, word);
}

static bool is_keyword(Bytes name) {
    static const char *const keywords[] = {
        "use",    "type",          "func",   "u8",      "u16",     "u32",         "u64",      "s8",
        "s16",    "s32",           "s64",    "f32",     "f64",     "char",        "resource", "own",
        "borrow", "record",        "flags",  "variant", "enum",    "bool",        "string",   "option",
        "result", "future",        "stream", "list",    "as",      "from",        "static",   "interface",
        "tuple",  "import",        "export", "world",   "package", "constructor", "include",  "with",
        "async",  "error-context", "map",    "float32", "float64"};
    for (size_t i = 0; i < SGI_COUNT(keywords); i++)
        if (sgi_bytes_is(name, keywords[i]))
            return true;
    return false;
}

static sg_status take_id(WitParser *p, Bytes *name, WitAt *at) {
    const WitToken *token = &p->lexer.token;
    if (token->kind != WIT_ID || (!token->is_escaped && is_keyword(token->name)))
        return unexpected(p, "an identifier");
    *name = token->name;
    if (at)
        *at = here(p);
    return advance(p);
}

static void *make(const WitParser *p, size_t size) {
    return sgi_arena_alloc(&p->wit->arena, size);
}

static sg_status no_memory(const WitParser *p) {
    return sgi_wit_no_memory(p->wit);
}

/* "a", a comma after each but the last, which may have one. */
static sg_status next_in_list(WitParser *p, char close, bool *more) {
    if (!is_mark(p, close))
        SGI_TRY(expect(p, ','));
    *more = !is_mark(p, close);
    return *more ? SG_OK : advance(p);
}

static sg_status begin_list(WitParser *p, char open, char close, bool *more) {
    SGI_TRY(expect(p, open));
    *more = !is_mark(p, close);
    return *more ? SG_OK : advance(p);
}

/* ---- names ---- */

/* ns:name, more of either where packages nest, and a version. `name` is what the last '/' leads to, if any.
 */
static sg_status parse_qualified(WitParser *p, WitPackageName *package, Bytes *name, Bytes first, WitAt at) {
    const uint8_t *end = first.data + first.size;
    package->at = at;
    while (is_mark(p, ':')) {
        Bytes part;
        SGI_TRY(advance(p));
        const WitToken *token = &p->lexer.token;
        if (token->kind != WIT_ID)
            return unexpected(p, "an identifier");
        part = token->name;
        SGI_TRY(advance(p));
        end = part.data + part.size;
    }
    package->text = (Bytes){first.data, (size_t)(end - first.data)};
    *name = (Bytes){NULL, 0};
    if (is_mark(p, '/')) {
        SGI_TRY(advance(p));
        if (p->lexer.token.kind != WIT_ID)
            return unexpected(p, "an identifier");
        *name = p->lexer.token.name;
        SGI_TRY(advance(p));
    }
    if (is_mark(p, '@'))
        SGI_TRY(sgi_wit_take_version(&p->lexer, &package->version));
    return SG_OK;
}

static sg_status parse_path_from(WitParser *p, Bytes first, WitAt at, WitPath *path) {
    *path = (WitPath){.name = first, .at = at};
    if (!is_mark(p, ':'))
        return SG_OK;
    SGI_TRY(parse_qualified(p, &path->package, &path->name, first, at));
    return path->name.size
               ? SG_OK
               : sgi_wit_fail(p->wit, at, "unexpected token", "a package where an interface is expected");
}

static sg_status parse_path(WitParser *p, WitPath *path) {
    Bytes first;
    WitAt at = here(p);
    SGI_TRY(take_id(p, &first, &at));
    return parse_path_from(p, first, at, path);
}

/* ---- gates ---- */

typedef struct Gate {
    bool is_included;
    Bytes external_id;
    WitAt external_at;
} Gate;

static int compare_number(const uint8_t **a, const uint8_t *a_end, const uint8_t **b, const uint8_t *b_end) {
    const uint8_t *a_start = *a, *b_start = *b;
    while (*a != a_end && **a >= '0' && **a <= '9')
        ++*a;
    while (*b != b_end && **b >= '0' && **b <= '9')
        ++*b;
    size_t a_size = (size_t)(*a - a_start), b_size = (size_t)(*b - b_start);
    if (a_size != b_size)
        return a_size < b_size ? -1 : 1; /* no leading zeros */
    return memcmp(a_start, b_start, a_size);
}

/* The three numbers; what comes after does not count here. */
static int compare_versions(Bytes a, Bytes b) {
    const uint8_t *a_at = a.data, *b_at = b.data;
    for (int i = 0; i < 3; i++) {
        int order = compare_number(&a_at, a.data + a.size, &b_at, b.data + b.size);
        if (order != 0)
            return order;
        a_at++;
        b_at++;
    }
    return 0;
}

static sg_status gate_version(WitParser *p, Bytes *version) {
    SGI_TRY(expect_word(p, "version"));
    if (!is_mark(p, '='))
        return unexpected(p, "\"=\"");
    size_t end = p->lexer.token.end;
    while (end < p->file->text.size && p->file->text.data[end] == ' ')
        p->lexer.token.end = ++end;
    return sgi_wit_take_version(&p->lexer, version);
}

static bool has_feature(const Wit *wit, Bytes name) {
    bool found = false;
    for (size_t i = 0; i < wit->feature_count; i++)
        found |= sgi_bytes_is(name, wit->features[i]);
    return found;
}

static sg_status since(WitParser *p, WitAt at) {
    Bytes version;
    SGI_TRY(gate_version(p, &version));
    const WitPackage *package = p->file->package;
    if (!package->is_named || package->name.version.size == 0)
        return sgi_wit_fail(p->wit, at, "gate without a version of the package", "%s", "");
    if (compare_versions(version, package->name.version) > 0)
        return sgi_wit_fail(p->wit, at, "gate is of a version after the package's", "%.*s", (int)version.size,
                            (const char *)version.data);
    return SG_OK;
}

/* @since or @unstable, and @deprecated besides; @external-id. */
static sg_status parse_gate(WitParser *p, Gate *gate) {
    bool is_since = false, is_unstable = false, is_deprecated = false;
    *gate = (Gate){.is_included = true};
    while (is_mark(p, '@')) {
        WitAt at = here(p);
        Bytes word, feature;
        SGI_TRY(advance(p));
        if (p->lexer.token.kind != WIT_ID)
            return unexpected(p, "a gate");
        word = p->lexer.token.name;
        SGI_TRY(advance(p));
        SGI_TRY(expect(p, '('));
        if (sgi_bytes_is(word, "since") && !is_since && !is_unstable) {
            is_since = true;
            SGI_TRY(since(p, at));
        } else if (sgi_bytes_is(word, "unstable") && !is_since && !is_unstable) {
            is_unstable = true;
            SGI_TRY(expect_word(p, "feature"));
            SGI_TRY(expect(p, '='));
            SGI_TRY(take_id(p, &feature, NULL));
            gate->is_included = has_feature(p->wit, feature);
        } else if (sgi_bytes_is(word, "deprecated") && !is_deprecated) {
            is_deprecated = true;
            SGI_TRY(gate_version(p, &feature));
        } else if (sgi_bytes_is(word, "external-id") && gate->external_id.data == NULL &&
                   p->lexer.token.kind == WIT_STRING) {
            gate->external_id = p->lexer.token.name;
            gate->external_at = at;
            SGI_TRY(advance(p));
        } else {
            return sgi_wit_fail(p->wit, at, "unexpected gate", "\"%.*s\"",
                                (int)(word.size > 60 ? 60 : word.size), (const char *)word.data);
        }
        SGI_TRY(expect(p, ')'));
        if (is_deprecated && !is_since && !is_unstable && !is_mark(p, '@'))
            return sgi_wit_fail(p->wit, at, "@deprecated without @since or @unstable", "%s", "");
    }
    return SG_OK;
}

/* ---- types ---- */

static sg_status parse_type(WitParser *p, WitType **type);

static const struct {
    const char *name;
    sg_kind kind;
} primitives[] = {
    {"u8", SG_U8},         {"u16", SG_U16},
    {"u32", SG_U32},       {"u64", SG_U64},
    {"s8", SG_S8},         {"s16", SG_S16},
    {"s32", SG_S32},       {"s64", SG_S64},
    {"f32", SG_F32},       {"f64", SG_F64},
    {"char", SG_CHAR},     {"bool", SG_BOOL},
    {"string", SG_STRING}, {"error-context", SG_ERROR_CONTEXT},
};

static sg_status parse_length(WitParser *p, WitType *type) {
    const WitToken *token = &p->lexer.token;
    uint64_t length = 0;
    if (token->kind != WIT_NUMBER)
        return unexpected(p, "a length");
    for (size_t i = 0; i < token->name.size && length <= UINT32_MAX; i++)
        length = length * 10 + (uint64_t)(token->name.data[i] - '0');
    if (length == 0 || length > UINT32_MAX)
        return unexpected(p, "a length from 1 to 4294967295");
    type->kind = SG_FIXED_LIST;
    type->length = (uint32_t)length;
    return advance(p);
}

/* "<" ty ( "," ty )? ">"; `is_optional`: the brackets may be left out. "_" is no type, where results have
 * one. */
static sg_status parse_arguments(WitParser *p, WitType *type, bool is_optional, unsigned max) {
    bool more;
    if (is_optional && !is_mark(p, '<'))
        return SG_OK;
    SGI_TRY(expect(p, '<'));
    if (type->kind == SG_RESULT && is_mark(p, '_')) {
        SGI_TRY(advance(p));
        if (!is_mark(p, ','))
            return unexpected(p, "\",\"");
    } else {
        WitType *first;
        SGI_TRY(parse_type(p, &first));
        type->first = first;
    }
    SGI_TRY(take_mark(p, ',', &more));
    if (more && type->kind == SG_LIST) {
        SGI_TRY(parse_length(p, type));
    } else if (more && max == 2) {
        WitType *second;
        SGI_TRY(parse_type(p, &second));
        type->second = second;
    } else if (more) {
        return unexpected(p, "\">\"");
    }
    if (type->kind == SG_MAP && type->second == NULL)
        return unexpected(p, "\",\"");
    return expect(p, '>');
}

static sg_status parse_tuple(WitParser *p, WitType *type) {
    bool more;
    WitMember **last = &type->items;
    SGI_TRY(begin_list(p, '<', '>', &more));
    while (more) {
        WitMember *item = make(p, sizeof *item);
        if (item == NULL)
            return no_memory(p);
        *last = item;
        last = &item->next;
        SGI_TRY(parse_type(p, &item->type));
        SGI_TRY(next_in_list(p, '>', &more));
    }
    return SG_OK;
}

static sg_status parse_compound(WitParser *p, Bytes word, WitType *type) {
    static const struct {
        const char *name;
        sg_kind kind;
        bool is_optional;
        unsigned max;
    } rows[] = {{"list", SG_LIST, false, 1},    {"option", SG_OPTION, false, 1},
                {"result", SG_RESULT, true, 2}, {"stream", SG_STREAM, true, 1},
                {"future", SG_FUTURE, true, 1}, {"map", SG_MAP, false, 2}};
    for (size_t i = 0; i < SGI_COUNT(rows); i++)
        if (sgi_bytes_is(word, rows[i].name)) {
            type->kind = rows[i].kind;
            return parse_arguments(p, type, rows[i].is_optional, rows[i].max);
        }
    if (sgi_bytes_is(word, "tuple")) {
        type->kind = SG_TUPLE;
        return parse_tuple(p, type);
    }
    type->kind = sgi_bytes_is(word, "own") ? SG_OWN : SG_BORROW;
    SGI_TRY(expect(p, '<'));
    SGI_TRY(take_id(p, &type->name, &type->at));
    return expect(p, '>');
}

static sg_status parse_type(WitParser *p, WitType **result) {
    WitType *type = *result = make(p, sizeof *type);
    if (type == NULL)
        return no_memory(p);
    type->at = here(p);
    const WitToken token = p->lexer.token;
    if (token.kind != WIT_ID)
        return unexpected(p, "a type");
    if (token.is_escaped || !is_keyword(token.name)) {
        type->name = token.name;
        type->kind = SG_BOOL;
        return advance(p);
    }
    for (size_t i = 0; i < SGI_COUNT(primitives); i++)
        if (sgi_bytes_is(token.name, primitives[i].name)) {
            type->kind = primitives[i].kind;
            return advance(p);
        }
    static const char *const compounds[] = {"list", "option", "result", "stream", "future",
                                            "map",  "tuple",  "own",    "borrow"};
    bool is_compound = false;
    for (size_t i = 0; i < SGI_COUNT(compounds); i++)
        is_compound |= sgi_bytes_is(token.name, compounds[i]);
    if (!is_compound)
        return unexpected(p, "a type");
    SGI_TRY(advance(p));
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_DEPTH, ++p->type_depth, token.offset, p->wit->cx.err));
    sg_status status = parse_compound(p, token.name, type);
    p->type_depth--;
    return status;
}

static sg_status add_member(WitParser *p, WitMember ***last, WitMember **member) {
    *member = make(p, sizeof **member);
    if (*member == NULL)
        return no_memory(p);
    **last = *member;
    *last = &(*member)->next;
    return take_id(p, &(*member)->name, &(*member)->at);
}

static sg_status parse_members(WitParser *p, WitDef *def) {
    bool more, has_type;
    SGI_TRY(begin_list(p, '{', '}', &more));
    if (!more && (def->compound == SG_VARIANT || def->compound == SG_ENUM))
        return sgi_wit_fail(p->wit, def->at, "empty variant or enum", "%s", "");
    while (more) {
        WitMember *member;
        SGI_TRY(add_member(p, &def->last_member, &member));
        if (def->compound == SG_RECORD) {
            SGI_TRY(expect(p, ':'));
            SGI_TRY(parse_type(p, &member->type));
        } else if (def->compound == SG_VARIANT) {
            SGI_TRY(take_mark(p, '(', &has_type));
            if (has_type) {
                SGI_TRY(parse_type(p, &member->type));
                SGI_TRY(expect(p, ')'));
            }
        }
        SGI_TRY(next_in_list(p, '}', &more));
    }
    return SG_OK;
}

/* ---- functions ---- */

static sg_status parse_params(WitParser *p, WitFunc *func) {
    bool more;
    SGI_TRY(begin_list(p, '(', ')', &more));
    while (more) {
        WitMember *param;
        SGI_TRY(add_member(p, &func->last_param, &param));
        SGI_TRY(expect(p, ':'));
        SGI_TRY(parse_type(p, &param->type));
        SGI_TRY(next_in_list(p, ')', &more));
    }
    return SG_OK;
}

static sg_status parse_result(WitParser *p, WitFunc *func) {
    bool has_result;
    SGI_TRY(take_mark(p, '-', &has_result));
    return has_result ? parse_type(p, &func->result) : SG_OK;
}

/* async? "func" params result ";" */
static sg_status parse_func_type(WitParser *p, WitFunc *func) {
    if (is_word(p, "async")) {
        func->is_async = true;
        SGI_TRY(advance(p));
    }
    SGI_TRY(expect_word(p, "func"));
    SGI_TRY(parse_params(p, func));
    SGI_TRY(parse_result(p, func));
    return expect(p, ';');
}

static WitFunc *new_func(WitParser *p, WitFuncKind kind, Bytes name, WitAt at) {
    WitFunc *func = make(p, sizeof *func);
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
    uint8_t *copy = text.failed ? NULL : sgi_arena_copy(&p->wit->arena, text.data, text.size);
    func->name = (Bytes){copy, text.size};
    sgi_buf_free(&text);
    return copy ? SG_OK : no_memory(p);
}

/* A type by name, as if it were written there. */
static WitType *named_type(WitParser *p, sg_kind kind, Bytes name, WitAt at) {
    WitType *type = make(p, sizeof *type);
    if (type)
        *type = (WitType){.kind = kind, .name = name, .at = at};
    return type;
}

static void add_func(WitScope *scope, WitFunc *func) {
    *scope->last_func = func;
    scope->last_func = &func->next;
}

static sg_status parse_constructor(WitParser *p, WitDef *def, WitFunc **result) {
    WitFunc *func = *result = new_func(p, WIT_CONSTRUCTOR, (Bytes){NULL, 0}, here(p));
    if (func == NULL)
        return no_memory(p);
    SGI_TRY(advance(p));
    SGI_TRY(parse_params(p, func));
    SGI_TRY(parse_result(p, func));
    if (func->result == NULL && (func->result = named_type(p, SG_OWN, def->name, func->at)) == NULL)
        return no_memory(p);
    SGI_TRY(name_method(p, func, def->name, (Bytes){NULL, 0}));
    return expect(p, ';');
}

static sg_status parse_method(WitParser *p, WitDef *def, WitFunc **result) {
    Bytes name;
    WitAt at;
    SGI_TRY(take_id(p, &name, &at));
    SGI_TRY(expect(p, ':'));
    bool is_static = is_word(p, "static");
    if (is_static)
        SGI_TRY(advance(p));
    WitFunc *func = *result = new_func(p, is_static ? WIT_STATIC : WIT_METHOD, name, at);
    if (func == NULL)
        return no_memory(p);
    if (!is_static) {
        WitMember *self = make(p, sizeof *self);
        if (self == NULL)
            return no_memory(p);
        *self =
            (WitMember){.name = BYTES_OF("self"), .at = at, .type = named_type(p, SG_BORROW, def->name, at)};
        if (self->type == NULL)
            return no_memory(p);
        func->params = self;
        func->last_param = &self->next;
    }
    SGI_TRY(parse_func_type(p, func));
    return name_method(p, func, def->name, name);
}

static sg_status parse_resource(WitParser *p, WitScope *scope, WitDef *def, bool is_included) {
    bool is_block, is_end;
    SGI_TRY(take_mark(p, '{', &is_block));
    if (!is_block)
        return expect(p, ';');
    for (;;) {
        SGI_TRY(take_mark(p, '}', &is_end));
        if (is_end)
            return SG_OK;
        Gate gate;
        WitFunc *func;
        SGI_TRY(parse_gate(p, &gate));
        SGI_TRY(is_word(p, "constructor") ? parse_constructor(p, def, &func) : parse_method(p, def, &func));
        func->resource = def;
        func->external_id = gate.external_id;
        if (gate.is_included && !is_included)
            return sgi_wit_fail(p->wit, func->at, "function of a resource that is left out is not", "%s", "");
        if (gate.is_included)
            add_func(scope, func);
    }
}

/* ---- definitions ---- */

static WitDef *new_def(WitParser *p, WitScope *scope, WitDefKind kind) {
    WitDef *def = make(p, sizeof *def);
    if (def) {
        *def = (WitDef){.kind = kind, .scope = scope, .at = here(p)};
        def->last_member = &def->members;
    }
    return def;
}

static void add_def(WitScope *scope, WitDef *def, const Gate *gate) {
    def->external_id = gate->external_id;
    if (!gate->is_included)
        return;
    *scope->last_def = def;
    scope->last_def = &def->next;
}

/* use path.{a, b as c}; */
static sg_status parse_use(WitParser *p, WitScope *scope, const Gate *gate) {
    bool more;
    WitUse *use = make(p, sizeof *use);
    if (use == NULL)
        return no_memory(p);
    SGI_TRY(advance(p));
    SGI_TRY(parse_path(p, &use->path));
    if (gate->is_included) {
        use->next = scope->uses;
        scope->uses = use;
    }
    SGI_TRY(expect(p, '.'));
    SGI_TRY(begin_list(p, '{', '}', &more));
    while (more) {
        WitDef *def = new_def(p, scope, WIT_USED);
        if (def == NULL)
            return no_memory(p);
        def->use = use;
        SGI_TRY(take_id(p, &def->from_name, &def->at));
        def->name = def->from_name;
        if (is_word(p, "as")) {
            SGI_TRY(advance(p));
            SGI_TRY(take_id(p, &def->name, NULL));
        }
        add_def(scope, def, gate);
        SGI_TRY(next_in_list(p, '}', &more));
    }
    return expect(p, ';');
}

/* A type definition, if one begins here. */
static sg_status parse_typedef(WitParser *p, WitScope *scope, const Gate *gate, bool *found) {
    static const struct {
        const char *word;
        WitDefKind kind;
        sg_kind compound;
    } rows[] = {{"type", WIT_ALIAS, SG_BOOL},      {"record", WIT_COMPOUND, SG_RECORD},
                {"flags", WIT_COMPOUND, SG_FLAGS}, {"variant", WIT_COMPOUND, SG_VARIANT},
                {"enum", WIT_COMPOUND, SG_ENUM},   {"resource", WIT_RESOURCE, SG_OWN}};
    *found = true;
    if (is_word(p, "use"))
        return parse_use(p, scope, gate);
    for (size_t i = 0; i < SGI_COUNT(rows); i++) {
        if (!is_word(p, rows[i].word))
            continue;
        WitDef *def = new_def(p, scope, rows[i].kind);
        if (def == NULL)
            return no_memory(p);
        def->compound = rows[i].compound;
        SGI_TRY(advance(p));
        SGI_TRY(take_id(p, &def->name, &def->at));
        add_def(scope, def, gate);
        switch (def->kind) {
        case WIT_COMPOUND: return parse_members(p, def);
        case WIT_RESOURCE: return parse_resource(p, scope, def, gate->is_included);
        default:
            SGI_TRY(expect(p, '='));
            SGI_TRY(parse_type(p, &def->type));
            return expect(p, ';');
        }
    }
    *found = false;
    return SG_OK;
}

static WitScope *new_scope(WitParser *p, bool is_world, Bytes name, WitAt at) {
    WitScope *scope = make(p, sizeof *scope);
    if (scope == NULL)
        return NULL;
    *scope = (WitScope){.is_world = is_world, .name = name, .at = at, .package = p->file->package};
    scope->last_def = &scope->defs;
    scope->last_func = &scope->funcs;
    scope->last_item = &scope->items;
    scope->last_include = &scope->includes;
    scope->self = scope;
    return sgi_wit_map(p->wit, &scope->names) ? scope : NULL;
}

static sg_status parse_interface_items(WitParser *p, WitScope *scope, bool is_included) {
    bool is_end, found;
    SGI_TRY(expect(p, '{'));
    for (;;) {
        SGI_TRY(take_mark(p, '}', &is_end));
        if (is_end)
            return SG_OK;
        Gate gate;
        SGI_TRY(parse_gate(p, &gate));
        if (gate.is_included && !is_included)
            return sgi_wit_fail(p->wit, here(p), "item of an interface that is left out is not", "%s", "");
        SGI_TRY(parse_typedef(p, scope, &gate, &found));
        if (found)
            continue;
        Bytes name;
        WitAt at;
        SGI_TRY(take_id(p, &name, &at));
        SGI_TRY(expect(p, ':'));
        WitFunc *func = new_func(p, WIT_FREE, name, at);
        if (func == NULL)
            return no_memory(p);
        func->external_id = gate.external_id;
        SGI_TRY(parse_func_type(p, func));
        if (gate.is_included)
            add_func(scope, func);
    }
}

/* ---- worlds ---- */

/* What follows "name:". */
static sg_status parse_extern_type(WitParser *p, WitItem *item) {
    if (is_word(p, "func") || is_word(p, "async")) {
        item->func = new_func(p, WIT_FREE, item->name, item->at);
        return item->func ? parse_func_type(p, item->func) : no_memory(p);
    }
    if (is_word(p, "interface")) {
        SGI_TRY(advance(p));
        item->interface = new_scope(p, false, item->name, item->at);
        if (item->interface == NULL)
            return no_memory(p);
        item->interface->is_inline = true;
        return parse_interface_items(p, item->interface, true);
    }
    SGI_TRY(parse_path(p, &item->path));
    return expect(p, ';');
}

/* "a: b" names an item; "a:b/c" is a path. */
static sg_status parse_item(WitParser *p, WitScope *world, const Gate *gate, bool is_export) {
    WitItem *item = make(p, sizeof *item);
    if (item == NULL)
        return no_memory(p);
    SGI_TRY(advance(p));
    Bytes first;
    *item = (WitItem){.is_export = is_export, .at = here(p), .external_id = gate->external_id};
    SGI_TRY(take_id(p, &first, NULL));
    /* A path has no blank on either side of its colon. */
    size_t colon = p->lexer.token.offset;
    const Bytes text = p->file->text;
    bool is_path =
        !is_mark(p, ':') || (colon + 1 < text.size && first.data + first.size == text.data + colon &&
                             text.data[colon + 1] != ' ' && text.data[colon + 1] != '\t' &&
                             text.data[colon + 1] != '\n' && text.data[colon + 1] != '\r');
    if (is_path) {
        SGI_TRY(parse_path_from(p, first, item->at, &item->path));
        SGI_TRY(expect(p, ';'));
    } else {
        item->name = first;
        SGI_TRY(expect(p, ':'));
        SGI_TRY(parse_extern_type(p, item));
    }
    if (!gate->is_included)
        return SG_OK;
    *world->last_item = item;
    world->last_item = &item->next;
    return SG_OK;
}

static sg_status parse_include(WitParser *p, WitScope *world, const Gate *gate) {
    WitInclude *include = make(p, sizeof *include);
    if (include == NULL)
        return no_memory(p);
    SGI_TRY(advance(p));
    SGI_TRY(parse_path(p, &include->path));
    if (is_word(p, "with")) {
        bool more;
        WitRename **last = &include->renames;
        SGI_TRY(advance(p));
        SGI_TRY(begin_list(p, '{', '}', &more));
        while (more) {
            WitRename *rename = make(p, sizeof *rename);
            if (rename == NULL)
                return no_memory(p);
            *last = rename;
            last = &rename->next;
            SGI_TRY(take_id(p, &rename->from, &rename->at));
            SGI_TRY(expect_word(p, "as"));
            SGI_TRY(take_id(p, &rename->to, NULL));
            SGI_TRY(next_in_list(p, '}', &more));
        }
        /* The list closes the statement. */
        if (!is_mark(p, ';'))
            goto done;
    }
    SGI_TRY(expect(p, ';'));
done:
    if (gate->is_included) {
        *world->last_include = include;
        world->last_include = &include->next;
    }
    return SG_OK;
}

static sg_status parse_world_items(WitParser *p, WitScope *world) {
    bool is_end, found;
    SGI_TRY(expect(p, '{'));
    for (;;) {
        SGI_TRY(take_mark(p, '}', &is_end));
        if (is_end)
            return SG_OK;
        Gate gate;
        SGI_TRY(parse_gate(p, &gate));
        if (is_word(p, "import") || is_word(p, "export")) {
            SGI_TRY(parse_item(p, world, &gate, is_word(p, "export")));
        } else if (is_word(p, "include")) {
            SGI_TRY(parse_include(p, world, &gate));
        } else {
            SGI_TRY(parse_typedef(p, world, &gate, &found));
            if (!found)
                return unexpected(p, "an item of a world");
        }
    }
}

/* ---- files ---- */

static WitPackage *find_package(const Wit *wit, Bytes name, Bytes version) {
    for (WitPackage *package = wit->packages; package; package = package->next)
        if (package->is_named && sgi_bytes_equal(package->name.text, name) &&
            sgi_bytes_equal(package->name.version, version))
            return package;
    return NULL;
}

static sg_status add_package(Wit *wit, const WitPackageName *name, uint32_t group, WitPackage **result) {
    WitPackage *package = *result = sgi_arena_alloc(&wit->arena, sizeof *package);
    if (package == NULL)
        return sgi_wit_no_memory(wit);
    *package = (WitPackage){.is_named = name != NULL, .group = group};
    if (name)
        package->name = *name;
    package->last_scope = &package->scopes;
    if (!sgi_wit_map(wit, &package->names))
        return sgi_wit_no_memory(wit);
    *wit->last_package = package;
    wit->last_package = &package->next;
    return SG_OK;
}

sg_status sgi_wit_unnamed_package(Wit *wit, const WitFile *file, WitPackage **package) {
    return add_package(wit, NULL, file->group, package);
}

static sg_status parse_scope(WitParser *p, const Gate *gate) {
    bool is_world = is_word(p, "world");
    Bytes name;
    WitAt at;
    SGI_TRY(advance(p));
    SGI_TRY(take_id(p, &name, &at));
    WitScope *scope = new_scope(p, is_world, name, at);
    if (scope == NULL)
        return no_memory(p);
    SGI_TRY(is_world ? parse_world_items(p, scope) : parse_interface_items(p, scope, gate->is_included));
    if (!gate->is_included)
        return SG_OK;
    *scope->package->last_scope = scope;
    scope->package->last_scope = &scope->next;
    return SG_OK;
}

static sg_status parse_top_use(WitParser *p) {
    WitUse *use = make(p, sizeof *use);
    if (use == NULL)
        return no_memory(p);
    SGI_TRY(advance(p));
    SGI_TRY(parse_path(p, &use->path));
    use->name = use->path.name;
    if (is_word(p, "as")) {
        SGI_TRY(advance(p));
        SGI_TRY(take_id(p, &use->name, NULL));
    }
    use->next = p->file->uses;
    p->file->uses = use;
    return expect(p, ';');
}

/* ns:name, which "package" begins. */
static sg_status parse_package_name(WitParser *p, WitPackageName *name) {
    Bytes first, rest;
    WitAt at;
    *name = (WitPackageName){.at = here(p)};
    SGI_TRY(advance(p));
    SGI_TRY(take_id(p, &first, &at));
    SGI_TRY(parse_qualified(p, name, &rest, first, at));
    return rest.size || name->text.size == first.size
               ? sgi_wit_fail(p->wit, at, "malformed package name", "expected namespace:name")
               : SG_OK;
}

/* package name { ... } */
static sg_status parse_nested_package(WitParser *p) {
    WitPackageName name;
    WitPackage *outer = p->file->package;
    SGI_TRY(parse_package_name(p, &name));
    if (!is_mark(p, '{'))
        return sgi_wit_fail(p->wit, name.at, "package name is not the first item", "%s", "");
    SGI_TRY(advance(p));
    if (find_package(p->wit, name.text, name.version))
        return sgi_wit_fail(p->wit, name.at, "package defined twice", "\"%.*s\"",
                            (int)(name.text.size > 100 ? 100 : name.text.size), (const char *)name.text.data);
    SGI_TRY(add_package(p->wit, &name, p->file->group, &p->file->package));
    for (;;) {
        bool is_end;
        Gate gate;
        SGI_TRY(take_mark(p, '}', &is_end));
        if (is_end)
            break;
        SGI_TRY(parse_gate(p, &gate));
        if (is_word(p, "interface") || is_word(p, "world"))
            SGI_TRY(parse_scope(p, &gate));
        else if (is_word(p, "use"))
            SGI_TRY(parse_top_use(p));
        else
            return unexpected(p, "an interface or a world");
    }
    p->file->package = outer;
    return SG_OK;
}

sg_status sgi_wit_parse_header(Wit *wit, WitFile *file) {
    WitParser parser = {.wit = wit, .file = file}, *p = &parser;
    WitPackageName name;
    SGI_TRY(sgi_wit_lex_begin(&p->lexer, wit, file));
    if (!is_word(p, "package"))
        return SG_OK;
    bool is_documented = p->lexer.is_documented;
    SGI_TRY(parse_package_name(p, &name));
    if (!is_mark(p, ';'))
        return is_mark(p, '{') ? SG_OK : unexpected(p, "\";\"");
    file->package = find_package(wit, name.text, name.version);
    if (file->package == NULL)
        SGI_TRY(add_package(wit, &name, file->group, &file->package));
    if (file->package->group != file->group)
        return sgi_wit_fail(wit, name.at, "package defined twice", "%s", "");
    if (is_documented && file->package->is_documented)
        return sgi_wit_fail(wit, name.at, "package documented twice", "%s", "");
    file->package->is_documented |= is_documented;
    return SG_OK;
}

sg_status sgi_wit_parse_file(Wit *wit, WitFile *file) {
    WitParser parser = {.wit = wit, .file = file}, *p = &parser;
    WitPackageName name;
    SGI_TRY(sgi_wit_lex_begin(&p->lexer, wit, file));
    if (is_word(p, "package")) {
        WitLexer before = p->lexer;
        SGI_TRY(parse_package_name(p, &name));
        if (is_mark(p, ';'))
            SGI_TRY(advance(p));
        else
            p->lexer = before;
    }
    while (p->lexer.token.kind != WIT_END) {
        Gate gate;
        SGI_TRY(sgi_load_poll(&wit->cx));
        SGI_TRY(parse_gate(p, &gate));
        if (is_word(p, "package"))
            SGI_TRY(parse_nested_package(p));
        else if (is_word(p, "interface") || is_word(p, "world"))
            SGI_TRY(parse_scope(p, &gate));
        else if (is_word(p, "use"))
            SGI_TRY(parse_top_use(p));
        else
            return unexpected(p, "\"interface\", \"world\", \"use\" or \"package\"");
    }
    return SG_OK;
}
