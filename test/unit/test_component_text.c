/* Component text: golden bytes, sugar against what it stands for, numbering, and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct Parsed {
    Alloc alloc;
    Buf binary;
    sg_error err;
    sg_status status;
} Parsed;

static void parse(Parsed *p, const char *text, size_t limit) {
    sgi_alloc_init(&p->alloc, NULL, NULL, limit);
    sgi_buf_init(&p->binary, &p->alloc);
    p->err = (sg_error){0};
    LoadContext cx = {.alloc = &p->alloc, .features = sgi_features_built(), .err = &p->err};
    p->status = sgi_text_parse(&cx, sgi_bytes_of(text), &p->binary);
}

static void finish(Parsed *p) {
    sgi_buf_free(&p->binary);
    assert_int_equal(p->alloc.used, 0);
}

static void check_bytes(const char *text, const void *bytes, size_t size) {
    Parsed p;
    parse(&p, text, SIZE_MAX);
    if (p.status != SG_OK)
        fail_msg("%s: %s (%s) at %u:%u", text, p.err.message, p.err.detail, p.err.line, p.err.column);
    if (p.binary.size != size)
        fail_msg("%s: %zu bytes, not %zu", text, p.binary.size, size);
    assert_memory_equal(p.binary.data, bytes, size);
    finish(&p);
}

#define PREAMBLE             "\0asm\x0d\0\1\0"
#define CHECK(text, section) check_bytes((text), PREAMBLE section, sizeof(PREAMBLE section) - 1)

static void golden(void **state) {
    (void)state;
    CHECK("(component)", "");
    CHECK("(component (core module))", "\x01\x08\0asm\1\0\0\0");
    CHECK("(component (component))", "\x04\x08" PREAMBLE);
    CHECK("(component (type u8) (type (list u8)))", "\x07\x04\x02\x7d\x70\x7d");
    CHECK("(component (type (list u8 4)))", "\x07\x04\x01\x67\x7d\x04");
    CHECK("(component (type (record (field \"a\" bool) (field \"b\" string))))",
          "\x07\x09\x01\x72\x02\1a\x7f\1b\x73");
    CHECK("(component (type (variant (case \"a\") (case \"b\" s64))))",
          "\x07\x0c\x01\x71\x02\1a\0\0\1b\x01\x78\0");
    CHECK("(component (type (tuple f32 char)) (type (flags \"a\" \"b\")) (type (enum \"c\")))",
          "\x07\x0f\x03\x6f\x02\x76\x74\x6e\x02\1a\1b\x6d\x01\1c");
    CHECK("(component (type (option f64)) (type (result)) (type (result u8 (error u16))) (type (result "
          "(error s8))))",
          "\x07\x0f\x04\x6b\x75\x6a\0\0\x6a\1\x7d\1\x7b\x6a\0\1\x7e");
    CHECK("(component (type (stream)) (type (future u8)) (type (map string u8)))",
          "\x07\x09\x03\x66\0\x65\1\x7d\x63\x73\x7d");
    CHECK("(component (type (resource (rep i32))) (type (own 0)) (type (borrow 0)))",
          "\x07\x08\x03\x3f\x7f\0\x69\0\x68\0");
    CHECK("(component (type (func async (param \"x\" u8) (result u8))))",
          "\x07\x08\x01\x43\x01\1x\x7d\0\x7d");
    CHECK("(component (type (instance (type u8) (export \"t\" (type (eq 0))))))",
          "\x07\x0c\x01\x42\x02\1\x7d\4\0\1t\3\0\0");
    CHECK("(component (import \"r\" (type (sub resource))))", "\x0a\x06\x01\0\1r\3\1");
    CHECK("(component (import \"r\" (implements \"a:b/c\") (external-id \"x\") (instance (type 3))))",
          "\x0a\x11\x01\2\1r\2\0\5a:b/c\2\1x\5\3");
    CHECK("(component (core type (func)) (core type (sub (func))))", "\x03\x0a\x02\x60\0\0\0\x50\0\x60\0\0");
    CHECK("(component (core type (module (import \"a\" \"b\" (func)) (export \"m\" (memory 1)))))",
          "\x03\x14\x01\x50\x03\1\x60\0\0\0\1a\1b\0\0\3\1m\2\0\1");
    CHECK("(component (canon waitable-set.new (core func)) (core func (canon subtask.cancel async)))",
          "\x08\x04\x02\x1f\x06\x01");
    CHECK("(component (canon context.get i32 1 (core func)) (canon task.return (result u8) (core func)))",
          "\x08\x08\x02\x0a\x7f\x01\x09\0\x7d\0");
    CHECK("(component (start 3 (value 1) (result (value)) (result (value))))", "\x09\x04\3\1\1\2");
}

static void sugar(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        /* Value types in place. */
        {"(component (type (list (tuple u8 (option string)))))",
         "(component (type (option string)) (type (tuple u8 0)) (type (list 1)))"},
        /* A lifted function: its type, the alias, the definition, and last the export. */
        {"(component (core instance) (func (export \"f\") (param \"s\" string) (canon lift (core func 0 "
         "\"f\")"
         " (memory (core memory 0 \"m\")))) (type u8))",
         "(component (core instance) (type (func (param \"s\" string))) (alias core export 0 \"f\" (core "
         "func))"
         " (alias core export 0 \"m\" (core memory)) (canon lift (core func 0) (memory 0) (func (type 0)))"
         " (type u8) (export \"f\" (func 0)))"},
        {"(component (import \"i\" (instance (export \"n\" (instance (export \"f\" (func))))))"
         " (core func (canon lower (func 0 \"n\" \"f\"))))",
         "(component (type (instance (type (instance (type (func)) (export \"f\" (func (type 0))))) (export "
         "\"n\""
         " (instance (type 0))))) (import \"i\" (instance (type 0))) (alias export 0 \"n\" (instance))"
         " (alias export 1 \"f\" (func)) (canon lower (func 0) (core func)))"},
        {"(component (core module) (core instance) (core instance (instantiate 0 (with \"\" (instance "
         "(export \"f\""
         " (func 0 \"g\")))))))",
         "(component (core module) (core instance) (alias core export 0 \"g\" (core func)) (core instance"
         " (export \"f\" (func 0))) (core instance (instantiate 0 (with \"\" (instance 1)))))"},
        {"(component (func (import \"f\") (param \"x\" u8)))",
         "(component (import \"f\" (func (param \"x\" u8))))"},
        {"(component (instance) (func (alias export 0 \"f\")))",
         "(component (instance) (alias export 0 \"f\" (func)))"},
        {"(component (core module (import \"m\") (export \"f\" (func))))",
         "(component (core type (module (export \"f\" (func)))) (import \"m\" (core module (type 0))))"},
    };
    for (size_t i = 0; i < SGI_COUNT(pairs); i++) {
        Parsed p;
        parse(&p, pairs[i][1], SIZE_MAX);
        if (p.status != SG_OK)
            fail_msg("%s: %s (%s) at %u:%u", pairs[i][1], p.err.message, p.err.detail, p.err.line,
                     p.err.column);
        check_bytes(pairs[i][0], p.binary.data, p.binary.size);
        finish(&p);
    }
}

/* Everything before the name section. */
static size_t without_names(const Parsed *p) {
    static const char title[] = "\x0e"
                                "component-name";
    for (size_t i = 0; i + sizeof title <= p->binary.size; i++)
        if (memcmp(p->binary.data + i, title, sizeof title - 1) == 0)
            return i - 2; /* its id and size */
    return p->binary.size;
}

static void names(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"(component (type $t u8) (import \"f\" (func $f (param \"x\" $t))) (export $e \"g\" (func $f)) "
         "(export \"h\" (func $e)))",
         "(component (type u8) (import \"f\" (func (param \"x\" 0))) (export \"g\" (func 0)) (export \"h\" "
         "(func 1)))"},
        {"(component $C (type $t u8) (type $i (instance (export \"a\" (func (param \"x\" $t) (param \"y\" "
         "$t))))))",
         "(component (type u8) (type (instance (alias outer 1 0 (type)) (alias outer 1 0 (type))"
         " (export \"a\" (func (param \"x\" 0) (param \"y\" 1))))))"},
        {"(component $C (core type $f (func)) (core rec (type $a (struct (field (ref $f)) (field (ref $b))))"
         " (type $b (array (ref $f)))))",
         "(component (core type (func)) (core rec (type (struct (field (ref 0)) (field (ref 2)))) (type "
         "(array (ref 0)))))"},
        {"(component (core type $f (func)) (core type (module (type $g (func (param (ref $f)) (param (ref "
         "$g)))))))",
         "(component (core type (func)) (core type (module (alias outer 1 0 (type)) (type (func (param (ref "
         "0)) (param (ref 1)))))))"},
    };
    for (size_t i = 0; i < SGI_COUNT(pairs); i++) {
        Parsed a, b;
        parse(&a, pairs[i][0], SIZE_MAX);
        parse(&b, pairs[i][1], SIZE_MAX);
        if (a.status != SG_OK)
            fail_msg("%s: %s (%s) at %u:%u", pairs[i][0], a.err.message, a.err.detail, a.err.line,
                     a.err.column);
        assert_int_equal(b.status, SG_OK);
        assert_int_equal(without_names(&a), b.binary.size);
        assert_memory_equal(a.binary.data, b.binary.data, b.binary.size);
        finish(&a);
        finish(&b);
    }
    CHECK("(component $c (type $t u8))", "\x07\x02\x01\x7d"
                                         "\0\x1a\x0e"
                                         "component-name"
                                         "\0\2\1c"
                                         "\1\5\3\1\0\1t");
}

typedef struct Refusal {
    const char *text;
    sg_status status;
    uint32_t line, column;
} Refusal;

static void refuses(void **state) {
    (void)state;
    static const Refusal cases[] = {
        {"(component\n (bogus))", SG_MALFORMED, 2, 2},
        {"(component (func (type 0)))", SG_MALFORMED, 1, 26},
        {"(component (export \"f\" (func $f)))", SG_MALFORMED, 1, 30},
        {"(component (type $t u8) (type $t u8))", SG_MALFORMED, 1, 36},
        {"(component (import \"a\" (implements \"a:b/c\") (implements \"a:b/c\") (instance)))", SG_MALFORMED,
         1, 46},
        {"(component (import \"a\" (func $f)) (component (export \"b\" (func $f))))", SG_MALFORMED, 1, 64},
        {"(component (type (list)))", SG_MALFORMED, 1, 23},
        {"(component (type (own u8)))", SG_MALFORMED, 1, 23},
        {"(component (canon bogus (core func)))", SG_MALFORMED, 1, 19},
        {"(component (func (canon lower (func 0))))", SG_MALFORMED, 1, 18},
        {"(component (alias outer $x 0 (type)))", SG_MALFORMED, 1, 25},
        {"(component (core instance (instantiate 0 (with \"\" (func 0)))))", SG_MALFORMED, 1, 57},
        {"(component (core type $t (func)) (core type $t (func)))", SG_MALFORMED, 1, 48},
        {"(component (import \"\xff\" (func)))", SG_MALFORMED, 1, 21},
        {"(component (type (instance (import \"a\" (func)))))", SG_MALFORMED, 1, 28},
    };
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        Parsed p;
        parse(&p, cases[i].text, SIZE_MAX);
        if (p.status != cases[i].status || p.err.line != cases[i].line || p.err.column != cases[i].column)
            fail_msg("%s: %s %s at %u:%u", cases[i].text, sg_status_name(p.status), p.err.message, p.err.line,
                     p.err.column);
        finish(&p);
    }
}

static char *nested(const char *open, size_t count, const char *middle) {
    size_t size = strlen(open);
    char *text = malloc(size * count + strlen(middle) + count + 1), *at = text;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++, at += size)
        memcpy(at, open, size);
    at += strlen(strcpy(at, middle));
    memset(at, ')', count);
    at[count] = '\0';
    return text;
}

/* The nesting that the parser's recursion follows is bounded. */
static void depth(void **state) {
    (void)state;
    static const struct {
        const char *open, *middle;
        size_t count;
        sg_status status;
    } cases[] = {
        {"(component ", "", 100, SG_OK},         {"(component ", "", 102, SG_TOO_LARGE},
        {"(component ", "", 9000, SG_TOO_LARGE}, {"(list ", "u8", 90, SG_OK},
        {"(list ", "u8", 9000, SG_TOO_LARGE},    {"(type (instance ", "", 4000, SG_TOO_LARGE},
    };
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        char *text = nested(cases[i].open, cases[i].count, cases[i].middle);
        size_t size = strlen(text) * 2 + 64;
        char *whole = malloc(size);
        assert_non_null(whole);
        bool is_list = cases[i].open[1] == 'l', is_type = cases[i].open[1] == 't';
        strcpy(whole, is_list ? "(component (type " : is_type ? "(component " : "");
        strcat(strcat(whole, text), is_list ? "))" : is_type ? ")" : "");
        if (is_type) /* two parentheses a level */
            memset(whole + strlen(whole), ')', cases[i].count),
                whole[11 + strlen(text) + 1 + cases[i].count] = '\0';
        Parsed p;
        parse(&p, whole, SIZE_MAX);
        assert_int_equal(p.status, cases[i].status);
        finish(&p);
        free(whole);
        free(text);
    }
}

static void out_of_memory(void **state) {
    (void)state;
    static const char text[] =
        "(component $C (core type $f (func)) (core module $M (func (export \"f\") (param i32 i32)))"
        " (core instance $m (instantiate $M)) (import \"t\" (core module (export \"a\" (func (param (ref "
        "$f))))))"
        " (func (export \"f\") (param \"s\" (list (tuple u8 string))) (canon lift (core func $m \"f\"))))";
    for (size_t limit = 0;; limit += 128) {
        Parsed p;
        parse(&p, text, limit);
        finish(&p);
        if (p.status == SG_OK)
            break;
        assert_true(p.status == SG_NO_MEMORY || p.status == SG_TOO_LARGE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),  cmocka_unit_test(sugar), cmocka_unit_test(names),
        cmocka_unit_test(refuses), cmocka_unit_test(depth), cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
