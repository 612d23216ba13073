/* What the parsers of this room share: the cursor over tokens, and the core parts that components and scripts
 * embed.
 *
 * Conventions: peek_ looks, take_ consumes when it is there and says whether it was, expect_ consumes or
 * fails. The cursor never stands on an annotation. Failures are SG_MALFORMED at the current token unless said
 * otherwise. */
#ifndef SGI_PARSE_H
#define SGI_PARSE_H

#include "text/lexer.h"

/* Made once a text and shared by the parsers of texts quoted inside. */
typedef struct ParseShared {
    Map ops; /* instruction names → Op */
} ParseShared;

typedef struct Parser {
    LoadContext cx;
    ParseShared *shared;
    Arena *arena; /* decoded names; as long as the parse */
    Tokens tokens;
    size_t at;          /* the current token */
    size_t gap;         /* where the annotations before it begin; of no use after `at` was set by hand */
    TextPosition known; /* a place before the current token: errors count lines from there */
} Parser;

sg_status sgi_parse_shared_init(const LoadContext *cx, ParseShared *shared);
void sgi_parse_shared_free(ParseShared *shared);

/* Lexes `text`. Nothing to free on failure. */
sg_status sgi_parser_init(Parser *p, const LoadContext *cx, ParseShared *shared, Arena *arena, Bytes text);
void sgi_parser_free(Parser *p);

/* ---- the cursor ---- */

static inline const Token *sgi_peek(const Parser *p) {
    return &p->tokens.items[p->at];
}
static inline bool sgi_peek_is(const Parser *p, TokenKind kind) {
    return sgi_peek(p)->kind == kind;
}
/* The text of a token that is no parenthesis. */
static inline Bytes sgi_token_text(const Parser *p, const Token *token) {
    return (Bytes){p->tokens.text.data + token->offset, token->size};
}

void sgi_advance(Parser *p);
/* Is the annotation at `token` one of that name? */
bool sgi_is_annotation(const Parser *p, size_t token, const char *name);
/* The first annotation of that name from `from`, which is in the gap, on; `at` when there is none. */
size_t sgi_find_annotation(const Parser *p, size_t from, const char *name);
/* Stands the cursor inside the annotation; and back to the token `at`, after the gap, from its end. */
void sgi_enter_annotation(Parser *p, size_t annotation);
sg_status sgi_leave_annotation(Parser *p, size_t annotation, size_t at, size_t gap);
/* From an opening parenthesis to past its closing one. */
void sgi_skip_group(Parser *p);
bool sgi_peek_keyword(const Parser *p, const char *keyword);
/* At "(keyword"? */
bool sgi_peek_open(const Parser *p, const char *keyword);
/* The keyword after the "(" here, or an empty slice. */
Bytes sgi_peek_head(const Parser *p);
bool sgi_take_keyword(Parser *p, const char *keyword);
bool sgi_take_open(Parser *p, const char *keyword);
bool sgi_take_close(Parser *p);
sg_status sgi_expect_keyword(Parser *p, const char *keyword);
sg_status sgi_expect_open(Parser *p, const char *keyword);
sg_status sgi_expect_close(Parser *p);

/* The optional identifier, without "$" and decoded; empty when there is none. */
sg_status sgi_take_id(Parser *p, Bytes *id);
/* (@name "...") in the gap before the current token replaces `name`. */
sg_status sgi_take_name_annotation(Parser *p, Bytes *name);
/* Any bytes; and those that must be UTF-8 ("malformed UTF-8 encoding"). */
sg_status sgi_expect_string(Parser *p, Bytes *string);
sg_status sgi_expect_name(Parser *p, Bytes *name);
/* Any number of strings in a row, joined onto `out`. */
sg_status sgi_take_strings(Parser *p, Buf *out);

/* SG_MALFORMED, at the current token, which the detail quotes; at another one; with a detail of its own. */
sg_status sgi_parse_fail(const Parser *p, const char *message);
sg_status sgi_parse_fail_at(const Parser *p, size_t token, const char *message, const char *detail, ...)
    SGI_PRINTF(4, 5);
sg_status sgi_parse_unexpected(const Parser *p);

/* ---- numbers ---- */

typedef enum NumberResult { NUMBER_OK, NUMBER_MALFORMED, NUMBER_RANGE, NUMBER_NO_MEMORY } NumberResult;

/* A whole text as an integer: decimal or hexadecimal, underscores between digits. Signed: -2^(bits-1) ..
 * 2^bits-1, as the two's complement in `bits` bits. */
NumberResult sgi_number_unsigned(Bytes text, unsigned bits, uint64_t *value);
NumberResult sgi_number_integer(Bytes text, unsigned bits, uint64_t *value);
/* Also inf, nan, nan:0x...; the result is the bit pattern. `scratch` holds a copy of the digits. */
NumberResult sgi_number_float(Bytes text, unsigned bits, Arena *scratch, uint64_t *value);

/* The number at the cursor: "unknown operator" unless it is one, "constant out of range" when it does not
 * fit. */
sg_status sgi_expect_u32(Parser *p, uint32_t *value);
sg_status sgi_expect_u64(Parser *p, uint64_t *value);
sg_status sgi_expect_integer(Parser *p, unsigned bits, uint64_t *value);
sg_status sgi_expect_float(Parser *p, unsigned bits, uint64_t *value);
sg_status sgi_expect_lane(Parser *p, uint8_t *lane);

/* What follows "v128.const": "i32x4 1 2 3 4" and its like. */
typedef struct V128Literal {
    uint8_t bytes[16];
    uint8_t lane_bits;
    char lane_kinds[16]; /* of each lane: 'v' value, 'c' nan:canonical, 'a' nan:arithmetic */
} V128Literal;
/* `is_pattern`: a float may be a NaN pattern, as results in scripts are. */
sg_status sgi_expect_v128(Parser *p, bool is_pattern, V128Literal *literal);

/* ---- core types, appended to `out` in the binary format ---- */

/* Where type indices are looked up: `find` reads the index at the cursor, a number or an identifier. */
typedef struct CoreTypeScope {
    sg_status (*find)(void *context, Parser *p, uint32_t *index);
    void *context;
} CoreTypeScope;

sg_status sgi_parse_core_val_type(Parser *p, const CoreTypeScope *scope, Buf *out);
sg_status sgi_parse_core_heap_type(Parser *p, const CoreTypeScope *scope, Buf *out);
sg_status sgi_parse_core_ref_type(Parser *p, const CoreTypeScope *scope, Buf *out);
/* At a reference type that has null? */
bool sgi_peek_nullable(const Parser *p);
/* A reference type in two parts, as casts encode it: its heap type is appended. */
sg_status sgi_parse_core_cast_type(Parser *p, const CoreTypeScope *scope, bool *nullable, Buf *heap);
sg_status sgi_parse_core_table_type(Parser *p, const CoreTypeScope *scope, Buf *out);
/* "(pagesize n)", if it stands here; the logarithm of the page size in any case. */
sg_status sgi_parse_core_page_size(Parser *p, bool *is_given, uint8_t *log2);
sg_status sgi_parse_core_memory_type(Parser *p, Buf *out);
sg_status sgi_parse_core_global_type(Parser *p, const CoreTypeScope *scope, Buf *out);
/* A parameter, local or field: its identifier, and the name for the name section; both may be empty. */
typedef struct MemberName {
    Bytes id, name;
} MemberName;
typedef Vec(MemberName) NameVec;
/* "$id? (@name "...")?", as it follows "(param", "(local" or "(field". */
sg_status sgi_take_member_name(Parser *p, MemberName *name);
/* "(param ...)* (result ...)*" as a whole function type, 0x60 first. `params` gets the parameters' names,
 * empty ones included, and grows in the parser's account; when it is NULL, names are refused. */
sg_status sgi_parse_core_signature(Parser *p, const CoreTypeScope *scope, NameVec *params, Buf *out);
/* "(func ...)", "(struct ...)", "(array ...)" or "(sub ...)": one member of a recursion group. `names` gets
 * the names of parameters or fields. */
sg_status sgi_parse_core_sub_type(Parser *p, const CoreTypeScope *scope, NameVec *names, Buf *out);

/* ---- whole modules and components ---- */

/* From the first field to the closing parenthesis, which is not consumed (or the end of the text); appends
 * the whole binary. `id`: the name, or empty. */
sg_status sgi_text_parse_module(Parser *p, Bytes id, Buf *binary);
sg_status sgi_text_parse_component(Parser *p, Bytes id, Buf *binary);

#endif
