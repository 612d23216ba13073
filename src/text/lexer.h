/* The tokens of the text format (core specification, 6.3). */
#ifndef SGI_LEXER_H
#define SGI_LEXER_H

#include "module/module.h"

typedef enum TokenKind {
    TOKEN_END, /* of the text: always the last token */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_ANNOTATION, /* "(@name": everything to its `match` is the annotation's */
    TOKEN_KEYWORD,
    TOKEN_NUMBER, /* looks like one; also inf and nan forms with a sign, without one they are keywords */
    TOKEN_ID,     /* $name or $"name" */
    TOKEN_STRING, /* its quotes and escapes are proper */
    TOKEN_RESERVED,
} TokenKind;

typedef struct Token {
    uint32_t offset; /* in the text */
    union {
        uint32_t size;
        uint32_t match; /* TOKEN_OPEN, TOKEN_ANNOTATION: index of the closing token (or of TOKEN_END) */
    };
    uint8_t kind;  /* TokenKind */
    bool is_taken; /* TOKEN_ANNOTATION: it had a meaning where it stands */
} Token;

typedef struct Tokens {
    Bytes text;
    Token *items;
    size_t count, capacity;
} Tokens;

/* Cuts `text`, which must outlive the tokens. Parentheses nest at most LIMIT(TEXT_DEPTH) deep. */
sg_status sgi_lex(const LoadContext *cx, Bytes text, Tokens *tokens);
void sgi_lex_free(const LoadContext *cx, Tokens *tokens);

/* The characters of identifiers and keywords. */
bool sgi_is_idchar(uint8_t c);

/* A place in a text; lines and columns count from 1. */
typedef struct TextPosition {
    size_t offset;
    uint32_t line, column;
} TextPosition;

#define TEXT_START ((TextPosition){0, 1, 1})

/* Moves `position` on to `offset`. */
void sgi_text_position(Bytes text, size_t offset, TextPosition *position);

/* Decodes a string with its quotes, as sgi_lex accepted it, into `out`, which has room for the source; the
 * decoded size. */
size_t sgi_string_decode(Bytes token, uint8_t *out);

/* Value of a hexadecimal digit, or 16. */
unsigned sgi_hex_digit(uint8_t c);

#endif
