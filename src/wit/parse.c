/* WIT tokens → names, gates and types (WIT.md, grammar). */
#include "wit/parser.h"

#include <string.h>

/* ---- tokens ---- */

WitAt sgi_wit_here(const WitParser *p) {
    return (WitAt){p->file, p->lexer.token.offset};
}

sg_status sgi_wit_unexpected(const WitParser *p, const char *wanted) {
    const WitToken *token = &p->lexer.token;
    size_t size = token->end - token->offset;
    if (token->kind == WIT_END)
        return sgi_wit_fail(p->wit, sgi_wit_here(p), "unexpected end", "expected %s", wanted);
    return sgi_wit_fail(p->wit, sgi_wit_here(p), "unexpected token", "\"%.*s\", expected %s",
                        (int)(size > 60 ? 60 : size), (const char *)p->file->text.data + token->offset,
                        wanted);
}

sg_status sgi_wit_advance(WitParser *p) {
    return sgi_wit_next(&p->lexer);
}

bool sgi_wit_is_mark(const WitParser *p, char mark) {
    return p->lexer.token.kind == WIT_MARK && p->lexer.token.mark == mark;
}

sg_status sgi_wit_expect(WitParser *p, char mark) {
    char wanted[] = {'"', mark, '"', 0};
    return sgi_wit_is_mark(p, mark) ? sgi_wit_advance(p)
                                    : sgi_wit_unexpected(p, mark == '-' ? "\"->\"" : wanted);
}

sg_status sgi_wit_take_mark(WitParser *p, char mark, bool *taken) {
    *taken = sgi_wit_is_mark(p, mark);
    return *taken ? sgi_wit_advance(p) : SG_OK;
}

bool sgi_wit_is_word(const WitParser *p, const char *word) {
    const WitToken *token = &p->lexer.token;
    return token->kind == WIT_ID && !token->is_escaped && sgi_bytes_is(token->name, word);
}

sg_status sgi_wit_expect_word(WitParser *p, const char *word) {
    return sgi_wit_is_word(p, word) ? sgi_wit_advance(p) : sgi_wit_unexpected(p, word);
}

bool sgi_wit_is_keyword(Bytes name) {
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

sg_status sgi_wit_take_id(WitParser *p, Bytes *name, WitAt *at) {
    const WitToken *token = &p->lexer.token;
    if (token->kind != WIT_ID || (!token->is_escaped && sgi_wit_is_keyword(token->name)))
        return sgi_wit_unexpected(p, "an identifier");
    *name = token->name;
    if (at)
        *at = sgi_wit_here(p);
    return sgi_wit_advance(p);
}

void *sgi_wit_make(const WitParser *p, size_t size) {
    return sgi_arena_alloc(&p->wit->arena, size);
}

/* "a", a comma after each but the last, which may have one. */
sg_status sgi_wit_next_in_list(WitParser *p, char close, bool *more) {
    if (!sgi_wit_is_mark(p, close))
        SGI_TRY(sgi_wit_expect(p, ','));
    *more = !sgi_wit_is_mark(p, close);
    return *more ? SG_OK : sgi_wit_advance(p);
}

sg_status sgi_wit_begin_list(WitParser *p, char open, char close, bool *more) {
    SGI_TRY(sgi_wit_expect(p, open));
    *more = !sgi_wit_is_mark(p, close);
    return *more ? SG_OK : sgi_wit_advance(p);
}

/* ---- names ---- */

/* ns:name, more of either where packages nest, and a version. `name` is what the last '/' leads to, if any.
 */
sg_status sgi_wit_parse_qualified(WitParser *p, WitPackageName *package, Bytes *name, Bytes first, WitAt at) {
    Buf text; /* without "%" and blank, which may stand between */
    sg_status status = SG_OK;
    sgi_buf_init(&text, p->wit->cx.alloc);
    sgi_buf_put(&text, first.data, first.size);
    while (status == SG_OK && sgi_wit_is_mark(p, ':')) {
        status = sgi_wit_advance(p);
        const WitToken part = p->lexer.token;
        if (status == SG_OK)
            status = part.kind == WIT_ID ? sgi_wit_advance(p) : sgi_wit_unexpected(p, "an identifier");
        sgi_buf_byte(&text, ':');
        sgi_buf_put(&text, part.name.data, part.name.size);
    }
    package->at = at;
    if (status == SG_OK)
        status = sgi_wit_keep(p->wit, &text, &package->text);
    sgi_buf_free(&text);
    SGI_TRY(status);
    *name = (Bytes){NULL, 0};
    if (sgi_wit_is_mark(p, '/')) {
        SGI_TRY(sgi_wit_advance(p));
        if (p->lexer.token.kind != WIT_ID)
            return sgi_wit_unexpected(p, "an identifier");
        *name = p->lexer.token.name;
        SGI_TRY(sgi_wit_advance(p));
    }
    if (sgi_wit_is_mark(p, '@'))
        SGI_TRY(sgi_wit_take_version(&p->lexer, &package->version));
    return SG_OK;
}

sg_status sgi_wit_parse_path_from(WitParser *p, Bytes first, WitAt at, WitPath *path) {
    *path = (WitPath){.name = first, .at = at};
    if (!sgi_wit_is_mark(p, ':'))
        return SG_OK;
    SGI_TRY(sgi_wit_parse_qualified(p, &path->package, &path->name, first, at));
    return path->name.size
               ? SG_OK
               : sgi_wit_fail(p->wit, at, "unexpected token", "a package where an interface is expected");
}

sg_status sgi_wit_parse_path(WitParser *p, WitPath *path) {
    Bytes first;
    WitAt at = sgi_wit_here(p);
    SGI_TRY(sgi_wit_take_id(p, &first, &at));
    return sgi_wit_parse_path_from(p, first, at, path);
}

/* ---- gates ---- */

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
    SGI_TRY(sgi_wit_expect_word(p, "version"));
    if (!sgi_wit_is_mark(p, '='))
        return sgi_wit_unexpected(p, "\"=\"");
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

static int hex_digit(uint8_t c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* \u{1f980}, whose brace is at text[*at]; moves past it. */
static bool put_code_point(Bytes text, size_t *at, Buf *out) {
    uint32_t c = 0;
    size_t start = ++*at;
    for (; *at < text.size && hex_digit(text.data[*at]) >= 0 && c <= 0x10ffff; ++*at)
        c = c * 16 + (uint32_t)hex_digit(text.data[*at]);
    uint8_t bytes[4];
    bool is_good = *at != start && *at < text.size && text.data[*at] == '}' && c <= 0x10ffff;
    size_t size = is_good ? sgi_utf8_write(c, bytes) : 0;
    sgi_buf_put(out, bytes, size);
    ++*at;
    return size > 0;
}

/* One escape of core text's strings, behind the backslash; moves past it. */
static bool put_escape(Bytes text, size_t *at, Buf *out) {
    static const char letters[] = "tnr\"'\\", meanings[] = "\t\n\r\"'\\";
    uint8_t c = text.data[*at];
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        sgi_buf_byte(out, (uint8_t)meanings[letter - letters]);
        ++*at;
        return true;
    }
    if (text.size - *at < 2)
        return false;
    if (c == 'u' && text.data[*at + 1] == '{') {
        ++*at;
        return put_code_point(text, at, out);
    }
    int high = hex_digit(c), low = hex_digit(text.data[*at + 1]);
    sgi_buf_byte(out, (uint8_t)(high * 16 + low));
    *at += 2;
    return high >= 0 && low >= 0;
}

/* What stands between quotes → the name that it means. */
static sg_status unescape(WitParser *p, Bytes text, Bytes *name) {
    Buf out;
    bool is_good = true;
    sgi_buf_init(&out, p->wit->cx.alloc);
    for (size_t at = 0; at < text.size && is_good;)
        if (text.data[at] != '\\')
            sgi_buf_byte(&out, text.data[at++]);
        else
            is_good = ++at < text.size && put_escape(text, &at, &out);
    is_good = is_good && (out.failed || sgi_utf8_valid(out.data, out.size));
    sg_status status = is_good ? sgi_wit_keep(p->wit, &out, name)
                               : sgi_wit_fail(p->wit, sgi_wit_here(p), "malformed string", "%s", "");
    sgi_buf_free(&out);
    return status;
}

/* @since or @unstable, and @deprecated besides; @external-id. */
sg_status sgi_wit_parse_gate(WitParser *p, WitGate *gate) {
    bool is_since = false, is_unstable = false, is_deprecated = false;
    *gate = (WitGate){.is_included = true, .docs = p->lexer.docs};
    while (sgi_wit_is_mark(p, '@')) {
        WitAt at = sgi_wit_here(p);
        Bytes word, feature;
        SGI_TRY(sgi_wit_advance(p));
        if (p->lexer.token.kind != WIT_ID)
            return sgi_wit_unexpected(p, "a gate");
        word = p->lexer.token.name;
        SGI_TRY(sgi_wit_advance(p));
        SGI_TRY(sgi_wit_expect(p, '('));
        if (sgi_bytes_is(word, "since") && !is_since && !is_unstable) {
            is_since = true;
            SGI_TRY(since(p, at));
        } else if (sgi_bytes_is(word, "unstable") && !is_since && !is_unstable) {
            is_unstable = true;
            SGI_TRY(sgi_wit_expect_word(p, "feature"));
            SGI_TRY(sgi_wit_expect(p, '='));
            SGI_TRY(sgi_wit_take_id(p, &feature, NULL));
            gate->is_included = has_feature(p->wit, feature);
        } else if (sgi_bytes_is(word, "deprecated") && !is_deprecated) {
            is_deprecated = true;
            SGI_TRY(gate_version(p, &feature));
        } else if (sgi_bytes_is(word, "external-id") && gate->external_id.data == NULL &&
                   p->lexer.token.kind == WIT_STRING) {
            SGI_TRY(unescape(p, p->lexer.token.name, &gate->external_id));
            SGI_TRY(sgi_wit_advance(p));
        } else {
            return sgi_wit_fail(p->wit, at, "unexpected gate", "\"%.*s\"",
                                (int)(word.size > 60 ? 60 : word.size), (const char *)word.data);
        }
        SGI_TRY(sgi_wit_expect(p, ')'));
        if (is_deprecated && !is_since && !is_unstable && !sgi_wit_is_mark(p, '@'))
            return sgi_wit_fail(p->wit, at, "@deprecated without @since or @unstable", "%s", "");
    }
    return SG_OK;
}

/* ---- types ---- */

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
        return sgi_wit_unexpected(p, "a length");
    for (size_t i = 0; i < token->name.size && length <= UINT32_MAX; i++)
        length = length * 10 + (uint64_t)(token->name.data[i] - '0');
    if (length == 0 || length > UINT32_MAX)
        return sgi_wit_unexpected(p, "a length from 1 to 4294967295");
    type->kind = SG_FIXED_LIST;
    type->length = (uint32_t)length;
    return sgi_wit_advance(p);
}

/* "<" ty ( "," ty )? ">"; `is_optional`: the brackets may be left out. "_" is no type, where results have
 * one. */
static sg_status parse_arguments(WitParser *p, WitType *type, bool is_optional, unsigned max) {
    bool more;
    if (is_optional && !sgi_wit_is_mark(p, '<'))
        return SG_OK;
    SGI_TRY(sgi_wit_expect(p, '<'));
    if (type->kind == SG_RESULT && sgi_wit_is_mark(p, '_')) {
        SGI_TRY(sgi_wit_advance(p));
        if (!sgi_wit_is_mark(p, ','))
            return sgi_wit_unexpected(p, "\",\"");
    } else {
        WitType *first;
        SGI_TRY(sgi_wit_parse_type(p, &first));
        type->first = first;
    }
    SGI_TRY(sgi_wit_take_mark(p, ',', &more));
    if (more && type->kind == SG_LIST) {
        SGI_TRY(parse_length(p, type));
    } else if (more && max == 2) {
        WitType *second;
        SGI_TRY(sgi_wit_parse_type(p, &second));
        type->second = second;
    } else if (more) {
        return sgi_wit_unexpected(p, "\">\"");
    }
    if (type->kind == SG_MAP && type->second == NULL)
        return sgi_wit_unexpected(p, "\",\"");
    return sgi_wit_expect(p, '>');
}

static sg_status parse_tuple(WitParser *p, WitType *type) {
    bool more;
    WitMember **last = &type->items;
    SGI_TRY(sgi_wit_begin_list(p, '<', '>', &more));
    while (more) {
        WitMember *item = sgi_wit_make(p, sizeof *item);
        if (item == NULL)
            return sgi_wit_no_memory(p->wit);
        *last = item;
        last = &item->next;
        SGI_TRY(sgi_wit_parse_type(p, &item->type));
        SGI_TRY(sgi_wit_next_in_list(p, '>', &more));
    }
    return SG_OK;
}

static const struct {
    const char *name;
    sg_kind kind;
    bool is_optional;
    unsigned max;
} generics[] = {{"list", SG_LIST, false, 1},    {"option", SG_OPTION, false, 1},
                {"result", SG_RESULT, true, 2}, {"stream", SG_STREAM, true, 1},
                {"future", SG_FUTURE, true, 1}, {"map", SG_MAP, false, 2}};

const char *sgi_wit_type_name(sg_kind kind) {
    for (size_t i = 0; i < SGI_COUNT(primitives); i++)
        if (primitives[i].kind == kind)
            return primitives[i].name;
    for (size_t i = 0; i < SGI_COUNT(generics); i++)
        if (generics[i].kind == kind)
            return generics[i].name;
    return kind == SG_FIXED_LIST ? "list" : "tuple";
}

static sg_status parse_compound(WitParser *p, Bytes word, WitType *type) {
    for (size_t i = 0; i < SGI_COUNT(generics); i++)
        if (sgi_bytes_is(word, generics[i].name)) {
            type->kind = generics[i].kind;
            return parse_arguments(p, type, generics[i].is_optional, generics[i].max);
        }
    if (sgi_bytes_is(word, "tuple")) {
        type->kind = SG_TUPLE;
        return parse_tuple(p, type);
    }
    type->kind = sgi_bytes_is(word, "own") ? SG_OWN : SG_BORROW;
    SGI_TRY(sgi_wit_expect(p, '<'));
    SGI_TRY(sgi_wit_take_id(p, &type->name, &type->at));
    return sgi_wit_expect(p, '>');
}

sg_status sgi_wit_parse_type(WitParser *p, WitType **result) {
    WitType *type = *result = sgi_wit_make(p, sizeof *type);
    if (type == NULL)
        return sgi_wit_no_memory(p->wit);
    type->at = sgi_wit_here(p);
    const WitToken token = p->lexer.token;
    if (token.kind != WIT_ID)
        return sgi_wit_unexpected(p, "a type");
    if (token.is_escaped || !sgi_wit_is_keyword(token.name)) {
        type->name = token.name;
        type->kind = SG_BOOL;
        return sgi_wit_advance(p);
    }
    for (size_t i = 0; i < SGI_COUNT(primitives); i++)
        if (sgi_bytes_is(token.name, primitives[i].name)) {
            type->kind = primitives[i].kind;
            return sgi_wit_advance(p);
        }
    static const char *const compounds[] = {"list", "option", "result", "stream", "future",
                                            "map",  "tuple",  "own",    "borrow"};
    bool is_compound = false;
    for (size_t i = 0; i < SGI_COUNT(compounds); i++)
        is_compound |= sgi_bytes_is(token.name, compounds[i]);
    if (!is_compound)
        return sgi_wit_unexpected(p, "a type");
    SGI_TRY(sgi_wit_advance(p));
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_DEPTH, ++p->type_depth, token.offset, p->wit->cx.err));
    sg_status status = parse_compound(p, token.name, type);
    p->type_depth--;
    return status;
}
