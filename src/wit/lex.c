/* WIT text → tokens, one at a time (WIT.md, "Lexical structure"). */
#include "wit/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

sg_status sgi_wit_fail(const Wit *wit, WitAt at, const char *message, const char *detail, ...) {
    uint32_t line = 1, column = 1;
    const uint8_t *text = at.file->text.data;
    for (size_t i = 0; i < at.offset; i++) {
        bool is_start = (text[i] & 0xc0) != 0x80; /* columns count characters */
        column = text[i] == '\n' ? 1 : column + is_start;
        line += text[i] == '\n';
    }
    char what[200];
    va_list args;
    va_start(args, detail);
    vsnprintf(what, sizeof what, detail, args);
    va_end(args);
    const char *path = at.file->source->path;
    return sgi_fail_text(wit->cx.err, SG_MALFORMED, line, column, message, "%s%s%.200s", what,
                         what[0] ? ", " : "in ", path ? path : "the text");
}

sg_status sgi_wit_no_memory(const Wit *wit) {
    return sgi_load_no_memory(&wit->cx);
}

static WitAt at_offset(const WitLexer *lexer, size_t offset) {
    return (WitAt){lexer->file, offset};
}

size_t sgi_wit_comment_end(Bytes text, size_t at) {
    size_t depth = 0;
    while (text.size - at >= 2) {
        bool opens = memcmp(text.data + at, "/*", 2) == 0;
        bool closes = memcmp(text.data + at, "*/", 2) == 0;
        depth = opens ? depth + 1 : depth - closes;
        at += opens || closes ? 2 : 1;
        if (depth == 0)
            return at;
    }
    return SIZE_MAX;
}

/* Moves behind the blank and the comments at `at`, and keeps where those for readers are. */
static sg_status skip_blank(WitLexer *lexer, size_t *at) {
    const Bytes text = lexer->file->text;
    while (*at < text.size) {
        size_t start = *at, left = text.size - start;
        const uint8_t *c = text.data + start;
        bool is_line = left >= 2 && memcmp(c, "//", 2) == 0;
        bool is_block = left >= 2 && memcmp(c, "/*", 2) == 0;
        if (is_line) {
            const uint8_t *end = memchr(c, '\n', left);
            *at = end ? (size_t)(end - text.data) : text.size;
        } else if (is_block) {
            *at = sgi_wit_comment_end(text, start);
            if (*at == SIZE_MAX)
                return sgi_wit_fail(lexer->wit, at_offset(lexer, start), "unterminated block comment", "%s",
                                    "");
        } else if (*c == ' ' || *c == '\t' || *c == '\n' || *c == '\r') {
            ++*at;
        } else {
            break;
        }
        if ((is_line && *at - start > 2 && c[2] == '/') || (is_block && *at - start > 4 && c[2] == '*')) {
            if (lexer->docs.size == 0)
                lexer->docs.data = c;
            lexer->docs.size = (size_t)(text.data + *at - lexer->docs.data);
        }
    }
    return SG_OK;
}

static bool is_letter(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

bool sgi_wit_is_label(Bytes name) {
    bool is_lower = false, is_upper = false; /* the word so far */
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        if (c == '-' && i > 0 && name.data[i - 1] != '-') {
            is_lower = is_upper = false;
            continue;
        }
        if (!is_letter(c) && (!is_digit(c) || i == 0))
            return false;
        is_lower |= c >= 'a' && c <= 'z';
        is_upper |= c >= 'A' && c <= 'Z';
        if (is_lower && is_upper)
            return false;
    }
    return name.size > 0 && name.data[name.size - 1] != '-';
}

static sg_status lex_id(WitLexer *lexer, WitToken *token, size_t at) {
    const Bytes text = lexer->file->text;
    token->kind = WIT_ID;
    token->is_escaped = text.data[at] == '%';
    at += token->is_escaped;
    size_t start = at;
    while (at < text.size && (is_letter(text.data[at]) || is_digit(text.data[at]) ||
                              (text.data[at] == '-' && !(at + 1 < text.size && text.data[at + 1] == '>'))))
        at++;
    token->name = (Bytes){text.data + start, at - start};
    token->end = at;
    if (!sgi_wit_is_label(token->name))
        return sgi_wit_fail(lexer->wit, at_offset(lexer, token->offset), "identifier is not in kebab case",
                            "\"%.*s\"", (int)(token->name.size > 100 ? 100 : token->name.size),
                            (const char *)token->name.data);
    return SG_OK;
}

static sg_status lex_string(WitLexer *lexer, WitToken *token, size_t at) {
    const Bytes text = lexer->file->text;
    size_t start = ++at;
    while (at < text.size && text.data[at] != '"' && text.data[at] != '\n')
        at += text.data[at] == '\\' && at + 1 < text.size ? 2 : 1;
    if (at >= text.size || text.data[at] != '"')
        return sgi_wit_fail(lexer->wit, at_offset(lexer, token->offset), "unterminated string", "%s", "");
    token->kind = WIT_STRING;
    token->name = (Bytes){text.data + start, at - start};
    token->end = at + 1;
    return SG_OK;
}

sg_status sgi_wit_next(WitLexer *lexer) {
    const Bytes text = lexer->file->text;
    size_t at = lexer->token.end;
    lexer->docs = (Bytes){NULL, 0};
    SGI_TRY(skip_blank(lexer, &at));
    WitToken *token = &lexer->token;
    *token = (WitToken){.kind = WIT_END, .offset = at, .end = at};
    if (at == text.size)
        return SG_OK;
    uint8_t c = text.data[at];
    if (is_letter(c) || c == '%')
        return lex_id(lexer, token, at);
    if (c == '"')
        return lex_string(lexer, token, at);
    if (is_digit(c)) {
        token->kind = WIT_NUMBER;
        while (token->end < text.size && is_digit(text.data[token->end]))
            token->end++;
        token->name = (Bytes){text.data + at, token->end - at};
        return SG_OK;
    }
    bool is_arrow = c == '-' && at + 1 < text.size && text.data[at + 1] == '>';
    if (!is_arrow && (c == 0 || strchr("{}()<>,;:/.=@*_", c) == NULL))
        return sgi_wit_fail(lexer->wit, at_offset(lexer, at), "unexpected character", "%s", "");
    token->kind = WIT_MARK;
    token->mark = (char)c;
    token->end = at + 1 + is_arrow;
    return SG_OK;
}

bool sgi_wit_is_forbidden(int32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x149 || c == 0x673 || c == 0xf77 || c == 0xf79 ||
           c == 0x17a3 || c == 0x17a4 || c == 0x17b4 || c == 0x17b5;
}

sg_status sgi_wit_lex_begin(WitLexer *lexer, Wit *wit, const WitFile *file) {
    *lexer = (WitLexer){.wit = wit, .file = file};
    for (const uint8_t *at = file->text.data, *end = at + file->text.size; at != end;) {
        size_t offset = (size_t)(at - file->text.data);
        int32_t c = sgi_utf8_read(&at, end);
        if (c < 0)
            return sgi_wit_fail(wit, at_offset(lexer, offset), "malformed UTF-8 encoding", "%s", "");
        if (sgi_wit_is_forbidden(c) && c != '\t' && c != '\n' && c != '\r')
            return sgi_wit_fail(wit, at_offset(lexer, offset), "control character", "U+%04X", (unsigned)c);
    }
    return sgi_wit_next(lexer);
}

/* Letters, digits, hyphens and dots; a dot at the end belongs to what follows ("use a:b/c@1.0.0-rc.1.{d}").
 */
static bool skip_identifiers(Bytes text, size_t *at) {
    size_t start = ++*at;
    while (*at < text.size && (is_letter(text.data[*at]) || is_digit(text.data[*at]) ||
                               text.data[*at] == '-' || text.data[*at] == '.'))
        ++*at;
    while (*at != start && text.data[*at - 1] == '.')
        --*at;
    return *at != start;
}

sg_status sgi_wit_take_version(WitLexer *lexer, Bytes *version) {
    const Bytes text = lexer->file->text;
    size_t start = lexer->token.end, at = start;
    bool is_good = true;
    for (int i = 0; i < 3; i++) {
        size_t digits = at;
        while (at < text.size && is_digit(text.data[at]))
            at++;
        is_good =
            is_good && at != digits && (at - digits == 1 || text.data[digits] != '0') && at - digits < 19;
        if (i < 2) {
            is_good = is_good && at < text.size && text.data[at] == '.';
            at += is_good;
        }
    }
    if (is_good && at < text.size && text.data[at] == '-')
        is_good = skip_identifiers(text, &at);
    if (is_good && at < text.size && text.data[at] == '+')
        is_good = skip_identifiers(text, &at);
    if (!is_good)
        return sgi_wit_fail(lexer->wit, at_offset(lexer, start), "malformed version", "%s", "");
    *version = (Bytes){text.data + start, at - start};
    lexer->token.end = at;
    return sgi_wit_next(lexer);
}
