/* The text of one module or component → its binary. */
#include "text/text.h"

#include "text/parse.h"

/* Past "(module": the binary itself when it is given as strings. */
static sg_status parse_given_binary(Parser *p, Buf *binary) {
    SGI_TRY(sgi_take_strings(p, binary));
    return sgi_expect_close(p);
}

static sg_status parse_whole(Parser *p, Buf *binary) {
    Bytes id = {NULL, 0};
    bool is_component = sgi_take_open(p, "component");
    bool is_wrapped = is_component || sgi_take_open(p, "module");
    if (is_wrapped) {
        SGI_TRY(sgi_take_id(p, &id));
        if (sgi_take_keyword(p, "binary"))
            SGI_TRY(parse_given_binary(p, binary));
        else {
            SGI_TRY(is_component ? sgi_text_parse_component(p, id, binary)
                                 : sgi_text_parse_module(p, id, binary));
            SGI_TRY(sgi_expect_close(p));
        }
    } else {
        SGI_TRY(sgi_text_parse_module(p, id, binary));
    }
    return sgi_peek_is(p, TOKEN_END) ? SG_OK : sgi_parse_unexpected(p);
}

sg_status sgi_text_parse(const LoadContext *cx, Bytes text, Buf *binary) {
    ParseShared shared;
    Arena arena;
    Parser p;
    SGI_TRY(sgi_parse_shared_init(cx, &shared));
    sgi_arena_init(&arena, cx->alloc);
    sg_status status = sgi_parser_init(&p, cx, &shared, &arena, text);
    if (status == SG_OK) {
        status = parse_whole(&p, binary);
        sgi_parser_free(&p);
    }
    sgi_arena_free(&arena);
    sgi_parse_shared_free(&shared);
    return status;
}
