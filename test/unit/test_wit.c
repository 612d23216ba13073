/* WIT: the comments for readers that stay with the tree. */
#include "load_core.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_docs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
