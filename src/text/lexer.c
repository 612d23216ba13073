/* text → tokens.
 *
 * One pass, one token after another, into one array; comments and white space leave nothing behind. Each
 * opening parenthesis knows its closing one, so that parsers step over what they do not read. While a
 * parenthesis is open, its `match` links to the one around it: the stack needs no memory of its own. */
#include "text/lexer.h"

#include <string.h>

typedef struct Lexer {
    const LoadContext *cx;
    Tokens *tokens;
    const uint8_t *at, *end, *start;
    uint32_t open; /* the innermost open parenthesis, or NO_TOKEN */
    uint32_t depth;
    uint32_t annotation_depth; /* of the outermost open annotation, or 0: inside, all tokens go */
} Lexer;

#define NO_TOKEN UINT32_MAX

bool sgi_is_idchar(uint8_t c) {
    switch (c) {
    case '"':
    case '(':
    case ')':
    case ',':
    case ';':
    case '[':
    case ']':
    case '{':
    case '}': return false;
    default: return c > ' ' && c < 0x7f;
    }
}

unsigned sgi_hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
}

void sgi_text_position(Bytes text, size_t offset, TextPosition *position) {
    for (; position->offset < offset; position->offset++)
        if (text.data[position->offset] == '\n') {
            position->line++;
            position->column = 1;
        } else {
            position->column++;
        }
}

static TextPosition position_of(const Lexer *lexer, const uint8_t *at) {
    TextPosition position = TEXT_START;
    sgi_text_position(lexer->tokens->text, (size_t)(at - lexer->start), &position);
    return position;
}

static sg_status fail_at(const Lexer *lexer, const uint8_t *at, const char *message) {
    TextPosition position = position_of(lexer, at);
    return sgi_fail_text(lexer->cx->err, SG_MALFORMED, position.line, position.column, message, "%s", "");
}

static sg_status push(Lexer *lexer, TokenKind kind, const uint8_t *start) {
    Token token = {.offset = (uint32_t)(start - lexer->start), .kind = (uint8_t)kind};
    token.size = (uint32_t)(lexer->at - start);
    if (!sgi_vec_push(lexer->cx->alloc, lexer->tokens, token))
        return sgi_load_no_memory(lexer->cx);
    return lexer->tokens->count % 1024 ? SG_OK : sgi_load_poll(lexer->cx);
}

/* Escapes of one character, and what they mean. */
static const char escape_names[] = "tnr\"'\\", escape_values[] = "\t\n\r\"'\\";

/* Block comments nest; a line comment inside one means nothing. */
static sg_status skip_block_comment(Lexer *lexer) {
    const uint8_t *start = lexer->at;
    size_t depth = 0;
    while (lexer->end - lexer->at >= 2) {
        if (lexer->at[0] == '(' && lexer->at[1] == ';') {
            depth++;
            lexer->at += 2;
        } else if (lexer->at[0] == ';' && lexer->at[1] == ')') {
            lexer->at += 2;
            if (--depth == 0)
                return SG_OK;
        } else {
            lexer->at++;
        }
    }
    return fail_at(lexer, start, "unclosed comment");
}

/* "\u{...}" at `at`, past the backslash: moves past it and answers the scalar value, or -1. */
static int32_t read_unicode_escape(const uint8_t **at, const uint8_t *end) {
    const uint8_t *p = *at;
    uint32_t value = 0;
    bool digit = false;
    if (end - p < 3 || p[0] != 'u' || p[1] != '{')
        return -1;
    for (p += 2; p < end && *p != '}'; p++) {
        if (*p == '_' && digit) {
            digit = false;
            continue;
        }
        if (sgi_hex_digit(*p) > 15)
            return -1;
        value = value << 4 | sgi_hex_digit(*p);
        digit = true;
        if (value > 0x10ffff)
            return -1;
    }
    if (p == end || !digit || (value >= 0xd800 && value < 0xe000))
        return -1;
    *at = p + 1;
    return (int32_t)value;
}

/* Past the closing quote of the string that begins here. */
static sg_status scan_string(Lexer *lexer) {
    const uint8_t *start = lexer->at++;
    while (lexer->at < lexer->end) {
        uint8_t c = *lexer->at;
        if (c == '"') {
            lexer->at++;
            return SG_OK;
        }
        if (c == '\n' || c == '\r')
            break;
        if (c < ' ' || c == 0x7f)
            return fail_at(lexer, lexer->at, "illegal character in string");
        if (c != '\\') {
            lexer->at++;
            continue;
        }
        const uint8_t *escape = ++lexer->at;
        if (lexer->end - escape < 2)
            break;
        if (*escape && strchr(escape_names, *escape))
            lexer->at++;
        else if (*escape == 'u' ? read_unicode_escape(&lexer->at, lexer->end) < 0
                                : sgi_hex_digit(escape[0]) > 15 || sgi_hex_digit(escape[1]) > 15)
            return fail_at(lexer, escape - 1, "illegal escape");
        else if (*escape != 'u')
            lexer->at += 2;
    }
    return fail_at(lexer, start, "unclosed string");
}

size_t sgi_string_decode(Bytes token, uint8_t *out) {
    const uint8_t *at = token.data + 1, *end = token.data + token.size - 1;
    uint8_t *start = out;
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        uint8_t c = *++at;
        const char *simple = strchr(escape_names, c); /* never the final NUL: sgi_lex refused it */
        if (c == 'u') {
            out += sgi_utf8_write((uint32_t)read_unicode_escape(&at, end), out);
        } else if (simple) {
            *out++ = (uint8_t)escape_values[simple - escape_names];
            at++;
        } else {
            *out++ = (uint8_t)(sgi_hex_digit(at[0]) << 4 | sgi_hex_digit(at[1]));
            at += 2;
        }
    }
    return (size_t)(out - start);
}

/* A maximal run of identifier characters and strings is one token. */
static sg_status scan_token(Lexer *lexer) {
    const uint8_t *start = lexer->at;
    const uint8_t *string = NULL; /* the first string in the run */
    const uint8_t *string_end = NULL;
    while (lexer->at < lexer->end) {
        if (*lexer->at == '"') {
            const uint8_t *quote = lexer->at;
            SGI_TRY(scan_string(lexer));
            string = string ? string : quote;
            string_end = string == quote ? lexer->at : string_end;
        } else if (sgi_is_idchar(*lexer->at)) {
            lexer->at++;
        } else {
            break;
        }
    }
    if (lexer->at == start)
        return fail_at(lexer, start, "illegal character");
    bool pure = string == NULL, one_string = string_end == lexer->at;
    const uint8_t *digits = start + (*start == '+' || *start == '-');
    TokenKind kind = TOKEN_RESERVED;
    if (one_string && string == start)
        kind = TOKEN_STRING;
    else if (*start == '$' && ((pure && lexer->at - start > 1) || (one_string && string == start + 1)))
        kind = TOKEN_ID;
    else if (pure && *start >= 'a' && *start <= 'z')
        kind = TOKEN_KEYWORD;
    else if (pure && digits < lexer->at &&
             ((*digits >= '0' && *digits <= '9') || *digits == 'i' || *digits == 'n'))
        kind = TOKEN_NUMBER;
    size_t id_size = (size_t)(lexer->at - start) - (kind == TOKEN_ID && string ? 2 : 0);
    if (*start == '$' && id_size == 1 && lexer->annotation_depth == 0)
        return fail_at(lexer, start, "empty identifier");
    return push(lexer, kind, start);
}

/* Past "(@": an identifier or a string. */
static sg_status scan_annotation_name(Lexer *lexer, const uint8_t *start) {
    const uint8_t *name = ++lexer->at;
    if (lexer->at < lexer->end && *lexer->at == '"') {
        SGI_TRY(scan_string(lexer));
        Bytes quoted = {name, (size_t)(lexer->at - name)};
        uint8_t *decoded = sgi_alloc(lexer->cx->alloc, quoted.size);
        if (decoded == NULL)
            return sgi_load_no_memory(lexer->cx);
        bool is_utf8 = sgi_utf8_valid(decoded, sgi_string_decode(quoted, decoded));
        sgi_free(lexer->cx->alloc, decoded, quoted.size);
        if (!is_utf8)
            return fail_at(lexer, start, "malformed UTF-8 encoding");
    } else {
        while (lexer->at < lexer->end && sgi_is_idchar(*lexer->at))
            lexer->at++;
    }
    if (lexer->at == name || (*name == '"' && lexer->at - name == 2))
        return fail_at(lexer, start, "empty annotation id");
    return SG_OK;
}

/* "(", or "(@name" as one token. */
static sg_status scan_open(Lexer *lexer) {
    const uint8_t *start = lexer->at++;
    TokenKind kind = TOKEN_OPEN;
    if (lexer->at < lexer->end && *lexer->at == '@' && lexer->annotation_depth == 0) {
        kind = TOKEN_ANNOTATION;
        SGI_TRY(scan_annotation_name(lexer, start));
    }
    if (++lexer->depth > LIMIT_OF(TEXT_DEPTH)) {
        TextPosition position = position_of(lexer, start);
        return sgi_fail_text(lexer->cx->err, SG_TOO_LARGE, position.line, position.column,
                             "implementation limit exceeded", "more than %d %s", (int)LIMIT_OF(TEXT_DEPTH),
                             sgi_limits[LIMIT_ID_TEXT_DEPTH].what);
    }
    if (kind == TOKEN_ANNOTATION)
        lexer->annotation_depth = lexer->depth;
    SGI_TRY(push(lexer, kind, start));
    lexer->tokens->items[lexer->tokens->count - 1].match = lexer->open;
    lexer->open = (uint32_t)(lexer->tokens->count - 1);
    return SG_OK;
}

static sg_status scan_close(Lexer *lexer) {
    const uint8_t *start = lexer->at++;
    SGI_TRY(push(lexer, TOKEN_CLOSE, start));
    if (lexer->open != NO_TOKEN) {
        Token *open = &lexer->tokens->items[lexer->open];
        lexer->open = open->match;
        open->match = (uint32_t)(lexer->tokens->count - 1);
        if (lexer->depth-- == lexer->annotation_depth)
            lexer->annotation_depth = 0;
    }
    return SG_OK;
}

static sg_status scan_all(Lexer *lexer) {
    while (lexer->at < lexer->end) {
        const uint8_t *start = lexer->at;
        bool pair = lexer->end - start >= 2;
        switch (*start) {
        case ' ':
        case '\t':
        case '\n':
        case '\r': lexer->at++; break;
        case ';':
            if (pair && start[1] == ';') {
                while (lexer->at < lexer->end && *lexer->at != '\n' && *lexer->at != '\r')
                    lexer->at++;
                break;
            }
            /* fall through */
        case ',':
        case '[':
        case ']':
        case '{':
        case '}':
            lexer->at++;
            SGI_TRY(push(lexer, TOKEN_RESERVED, start));
            break;
        case '(':
            if (pair && start[1] == ';')
                SGI_TRY(skip_block_comment(lexer));
            else
                SGI_TRY(scan_open(lexer));
            break;
        case ')': SGI_TRY(scan_close(lexer)); break;
        default: SGI_TRY(scan_token(lexer));
        }
    }
    SGI_TRY(push(lexer, TOKEN_END, lexer->at));
    while (lexer->open != NO_TOKEN) {
        Token *open = &lexer->tokens->items[lexer->open];
        if (open->kind == TOKEN_ANNOTATION)
            return fail_at(lexer, lexer->start + open->offset, "unclosed annotation");
        lexer->open = open->match;
        open->match = (uint32_t)(lexer->tokens->count - 1);
    }
    return SG_OK;
}

sg_status sgi_lex(const LoadContext *cx, Bytes text, Tokens *tokens) {
    if (text.data == NULL)
        text.data = (const uint8_t *)"";
    *tokens = (Tokens){.text = text};
    SGI_TRY(sgi_limit_check(LIMIT_ID_MODULE_BYTES, text.size, SG_NO_OFFSET, cx->err));
    const uint8_t *end = text.data + text.size;
    Lexer lexer = {cx, tokens, text.data, end, text.data, NO_TOKEN, 0, 0};
    const uint8_t *at = text.data;
    if (!sgi_utf8_valid(text.data, text.size)) {
        while (sgi_utf8_read(&at, end) >= 0) {
        }
        return fail_at(&lexer, at, "malformed UTF-8 encoding");
    }
    sg_status status = scan_all(&lexer);
    if (status != SG_OK)
        sgi_lex_free(cx, tokens);
    return status;
}

void sgi_lex_free(const LoadContext *cx, Tokens *tokens) {
    sgi_vec_free(cx->alloc, tokens);
}
