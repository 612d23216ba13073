/* WIT: the comments for readers that stay with the tree; refused allocations. */
#include "load_component.h"

#include "wit/tree.h"

/* The lines of the comments before the first token, each with a "|" at its end. */
static void docs_are(const char *text, const char *wanted) {
    Loader l;
    loader_init(&l);
    Wit wit = {.cx = l.cx};
    const sg_wit_source source = {"a.wit", text, strlen(text)};
    const WitFile file = {.source = &source, .text = sgi_bytes_of(text)};
    WitLexer lexer;
    assert_int_equal(sgi_wit_lex_begin(&lexer, &wit, &file), SG_OK);
    char lines[200] = "";
    WitDocs docs = {.text = lexer.docs};
    for (Bytes line; sgi_wit_next_doc(&docs, &line);) {
        strncat(lines, (const char *)line.data, line.size);
        strcat(lines, "|");
    }
    assert_string_equal(lines, wanted);
    loader_end(&l);
}

static void test_docs(void **state) {
    (void)state;
    docs_are("a", "");
    docs_are("// no\n/* no */ a", "");
    docs_are("/**/ a", "");
    docs_are("/// one\n///  two  \r\n///\n///three\na", "one| two||three|");
    docs_are("/// one\n// no\n/// two\na", "one|two|");
    docs_are("/** one */ a", "one|");
    docs_are("/**\n * one\n *\n *   two\n three\n */\n/// four\n /* no */ a", "one||  two|three|four|");
    docs_are("/** a /* b */ c */ /***/ a", "a /* b */ c|");
    docs_are("/// \xc3\xa9\n", "\xc3\xa9|");
}

static const char package[] =
    "package a:b@1.0.0;\n"
    "interface i {\n"
    "  type t = list<u8>; record r { a: t, b: option<e> } enum e { x, y }\n"
    "  resource c { constructor(); m: func(o: borrow<c>) -> result<c, e>; s: static func() -> r; }\n"
    "}\n"
    "package x:y { interface z { type t = u8; f: func(d: t); } }\n"
    "world base { use i.{r}; resource q { n: func(); } import f: func(r: r) -> q; }\n"
    "world w { include base with { q as p, r as s } import x:y/z; use x:y/z.{t}; export i; "
    "@external-id(\"\\u{e9}\") export "
    "g: func(); }\n";

/* Whatever allocation is refused, the text becomes bytes, or the bytes text, or nothing is left of it. */
static void test_refused_allocations(void **state) {
    (void)state;
    const sg_wit_source source = {"a.wit", package, sizeof package - 1};
    Loader l;
    Buf binary, text;
    loader_init(&l);
    sg_status status = SG_NO_MEMORY;
    for (size_t count = 0; status != SG_OK; count++) {
        sgi_buf_init(&binary, &l.alloc);
        l.err = (sg_error){.status = SG_OK};
        l.ration.left = count;
        status = sgi_wit_encode(&l.cx, &source, 1, NULL, 0, &binary);
        l.ration.left = SIZE_MAX;
        assert_int_equal(status, l.err.status);
        if (status == SG_OK)
            break;
        assert_int_equal(status, SG_NO_MEMORY);
        sgi_buf_free(&binary);
    }
    Component *component = load_component_bytes(&l, (Bytes){binary.data, binary.size});
    assert_non_null(component);
    status = SG_NO_MEMORY;
    for (size_t count = 0; status != SG_OK; count++) {
        sgi_buf_init(&text, &l.alloc);
        l.ration.left = count;
        status = sgi_wit_print(&l.cx, component, &text);
        l.ration.left = SIZE_MAX;
        assert_true(status == SG_OK || status == SG_NO_MEMORY);
        sgi_buf_byte(&text, 0);
        if (status == SG_OK)
            assert_non_null(strstr((const char *)text.data, "@external-id(\"\xc3\xa9\")"));
        sgi_buf_free(&text);
    }
    sgi_component_release(component);
    sgi_buf_free(&binary);
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_docs),
                                       cmocka_unit_test(test_refused_allocations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
