/* Inside the parser of WIT: tokens, names, gates and types (parse.c), for items and files (items.c).
 */
#ifndef SGI_WIT_PARSER_H
#define SGI_WIT_PARSER_H

#include "wit/tree.h"

typedef struct WitParser {
    WitLexer lexer;
    Wit *wit;
    WitFile *file;
    unsigned type_depth;
} WitParser;

typedef struct WitGate {
    bool is_included;
    Bytes external_id, docs; /* of what the gate is before */
} WitGate;

/* The place of the next token. */
WitAt sgi_wit_here(const WitParser *p);
/* SG_MALFORMED: the next token is not what is `wanted`. */
sg_status sgi_wit_unexpected(const WitParser *p, const char *wanted);
sg_status sgi_wit_advance(WitParser *p);
bool sgi_wit_is_mark(const WitParser *p, char mark);
sg_status sgi_wit_expect(WitParser *p, char mark);
sg_status sgi_wit_take_mark(WitParser *p, char mark, bool *taken);
bool sgi_wit_is_word(const WitParser *p, const char *word);
sg_status sgi_wit_expect_word(WitParser *p, const char *word);
/* An identifier; `at`, its place, may be NULL. */
sg_status sgi_wit_take_id(WitParser *p, Bytes *name, WitAt *at);
/* From the arena, zeroed. */
void *sgi_wit_make(const WitParser *p, size_t size);
sg_status sgi_wit_next_in_list(WitParser *p, char close, bool *more);
/* What stands between `open` and `close`, with a comma after each but the last, which may have one. */
sg_status sgi_wit_begin_list(WitParser *p, char open, char close, bool *more);
/* ns:name, more of either where packages nest, and a version. `name` is what the last '/' leads to, if any.
 */
sg_status sgi_wit_parse_qualified(WitParser *p, WitPackageName *package, Bytes *name, Bytes first, WitAt at);
/* A path whose first name was taken. */
sg_status sgi_wit_parse_path_from(WitParser *p, Bytes first, WitAt at, WitPath *path);
sg_status sgi_wit_parse_path(WitParser *p, WitPath *path);
/* @since or @unstable, and @deprecated besides; @external-id. */
sg_status sgi_wit_parse_gate(WitParser *p, WitGate *gate);
sg_status sgi_wit_parse_type(WitParser *p, WitType **type);

#endif
