/* The cursor over tokens. */
#include "text/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

sg_status sgi_parse_shared_init(const LoadContext *cx, ParseShared *shared) {
    sgi_map_init(&shared->ops, cx->alloc);
    /* Some names have two rows: the first is kept, and what follows decides. */
    for (uint32_t op = 0; op < OP_COUNT; op++)
        if (sgi_map_put(&shared->ops, sgi_bytes_of(sgi_ops[op].text), op) == MAP_NO_MEMORY) {
            sgi_map_free(&shared->ops);
            return sgi_load_no_memory(cx);
        }
    return SG_OK;
}

void sgi_parse_shared_free(ParseShared *shared) {
    sgi_map_free(&shared->ops);
}

/* The first token from `at` on that is not an annotation. */
static size_t skip_annotations(const Parser *p, size_t at) {
    while (p->tokens.items[at].kind == TOKEN_ANNOTATION)
        at = (size_t)p->tokens.items[at].match + 1;
    return at;
}

sg_status sgi_parser_init(Parser *p, const LoadContext *cx, ParseShared *shared, Arena *arena, Bytes text) {
    *p = (Parser){.cx = *cx, .shared = shared, .arena = arena, .known = TEXT_START};
    SGI_TRY(sgi_lex(cx, text, &p->tokens));
    p->at = skip_annotations(p, 0);
    return SG_OK;
}

void sgi_parser_free(Parser *p) {
    sgi_lex_free(&p->cx, &p->tokens);
}

void sgi_advance(Parser *p) {
    if (sgi_peek_is(p, TOKEN_END))
        return;
    p->gap = p->at + 1;
    p->at = skip_annotations(p, p->gap);
}

bool sgi_is_annotation(const Parser *p, size_t token, const char *name) {
    /* It is closed, so that there is text behind "(@" and its name. */
    size_t start = (size_t)p->tokens.items[token].offset + 2, size = strlen(name);
    const uint8_t *text = p->tokens.text.data + start;
    return p->tokens.text.size - start > size && memcmp(text, name, size) == 0 && !sgi_is_idchar(text[size]);
}

size_t sgi_find_annotation(const Parser *p, size_t from, const char *name) {
    for (; from < p->at && p->tokens.items[from].kind == TOKEN_ANNOTATION;
         from = (size_t)p->tokens.items[from].match + 1)
        if (sgi_is_annotation(p, from, name))
            return from;
    return p->at;
}

void sgi_skip_group(Parser *p) {
    p->at = sgi_peek(p)->match;
    sgi_advance(p);
}

static bool token_is(const Parser *p, const Token *token, const char *keyword) {
    return token->kind == TOKEN_KEYWORD && sgi_bytes_is(sgi_token_text(p, token), keyword);
}

/* The token after the current one, which is not the end. */
static const Token *peek_next(const Parser *p) {
    return &p->tokens.items[skip_annotations(p, p->at + 1)];
}

bool sgi_peek_keyword(const Parser *p, const char *keyword) {
    return token_is(p, sgi_peek(p), keyword);
}

bool sgi_peek_open(const Parser *p, const char *keyword) {
    return sgi_peek_is(p, TOKEN_OPEN) && token_is(p, peek_next(p), keyword);
}

Bytes sgi_peek_head(const Parser *p) {
    const Token *next = sgi_peek_is(p, TOKEN_OPEN) ? peek_next(p) : NULL;
    return next && next->kind == TOKEN_KEYWORD ? sgi_token_text(p, next) : (Bytes){NULL, 0};
}

bool sgi_take_keyword(Parser *p, const char *keyword) {
    if (!sgi_peek_keyword(p, keyword))
        return false;
    sgi_advance(p);
    return true;
}

bool sgi_take_open(Parser *p, const char *keyword) {
    if (!sgi_peek_open(p, keyword))
        return false;
    sgi_advance(p);
    sgi_advance(p);
    return true;
}

bool sgi_take_close(Parser *p) {
    if (!sgi_peek_is(p, TOKEN_CLOSE))
        return false;
    sgi_advance(p);
    return true;
}

sg_status sgi_expect_keyword(Parser *p, const char *keyword) {
    return sgi_take_keyword(p, keyword) ? SG_OK : sgi_parse_unexpected(p);
}

sg_status sgi_expect_open(Parser *p, const char *keyword) {
    return sgi_take_open(p, keyword) ? SG_OK : sgi_parse_unexpected(p);
}

sg_status sgi_expect_close(Parser *p) {
    return sgi_take_close(p) ? SG_OK : sgi_parse_unexpected(p);
}

/* The content of a string with its quotes; copied only where escapes need it. */
static sg_status decode(Parser *p, Bytes quoted, Bytes *string) {
    *string = (Bytes){quoted.data + 1, quoted.size - 2};
    if (memchr(string->data, '\\', string->size) == NULL)
        return SG_OK;
    uint8_t *copy = sgi_arena_alloc(p->arena, quoted.size);
    if (copy == NULL)
        return sgi_load_no_memory(&p->cx);
    *string = (Bytes){copy, sgi_string_decode(quoted, copy)};
    return SG_OK;
}

sg_status sgi_take_id(Parser *p, Bytes *id) {
    *id = (Bytes){NULL, 0};
    if (!sgi_peek_is(p, TOKEN_ID))
        return SG_OK;
    Bytes text = sgi_token_text(p, sgi_peek(p));
    *id = (Bytes){text.data + 1, text.size - 1};
    if (id->data[0] == '"') {
        SGI_TRY(decode(p, *id, id));
        if (!sgi_utf8_valid(id->data, id->size))
            return sgi_parse_fail(p, "malformed UTF-8 encoding");
    }
    sgi_advance(p);
    return SG_OK;
}

sg_status sgi_expect_string(Parser *p, Bytes *string) {
    if (!sgi_peek_is(p, TOKEN_STRING))
        return sgi_parse_unexpected(p);
    SGI_TRY(decode(p, sgi_token_text(p, sgi_peek(p)), string));
    sgi_advance(p);
    return SG_OK;
}

sg_status sgi_expect_name(Parser *p, Bytes *name) {
    size_t at = p->at;
    SGI_TRY(sgi_expect_string(p, name));
    if (!sgi_utf8_valid(name->data, name->size))
        return sgi_parse_fail_at(p, at, "malformed UTF-8 encoding", "%s", "");
    return SG_OK;
}

sg_status sgi_take_strings(Parser *p, Buf *out) {
    while (sgi_peek_is(p, TOKEN_STRING)) {
        ArenaMark mark = sgi_arena_mark(p->arena);
        Bytes string = {0};
        SGI_TRY(sgi_expect_string(p, &string));
        sgi_buf_put(out, string.data, string.size);
        sgi_arena_release(p->arena, mark);
    }
    return out->failed ? sgi_load_no_memory(&p->cx) : SG_OK;
}

static sg_status fail_token(const Parser *p, sg_status status, size_t token, const char *message,
                            const char *detail) {
    size_t offset = p->tokens.items[token].offset;
    TextPosition position = p->known.offset <= offset ? p->known : TEXT_START;
    sgi_text_position(p->tokens.text, offset, &position);
    return sgi_fail_text(p->cx.err, status, position.line, position.column, message, "%s", detail);
}

sg_status sgi_parse_fail_at(const Parser *p, size_t token, const char *message, const char *detail, ...) {
    char text[256];
    va_list args;
    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    return fail_token(p, SG_MALFORMED, token, message, text);
}

sg_status sgi_parse_fail(const Parser *p, const char *message) {
    const Token *token = sgi_peek(p);
    if (token->kind == TOKEN_END)
        return sgi_parse_fail_at(p, p->at, message, "at the end of the text");
    bool is_paren = token->kind == TOKEN_OPEN || token->kind == TOKEN_CLOSE;
    Bytes text = {p->tokens.text.data + token->offset, is_paren ? 1 : token->size};
    return sgi_parse_fail_at(p, p->at, message, "'%.*s'", (int)(text.size < 100 ? text.size : 100),
                             (const char *)text.data);
}

sg_status sgi_parse_unexpected(const Parser *p) {
    return sgi_parse_fail(p, "unexpected token");
}
