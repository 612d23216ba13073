/* WAT → binary: forms, literals, names, errors with their places; scripts; hostile text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ration.h"
#include "text/text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Parsed {
    Alloc alloc;
    Buf binary;
    sg_error error;
} Parsed;

static LoadContext context(Alloc *alloc, sg_error *error) {
    return (LoadContext){.alloc = alloc, .features = sgi_features_default(), .err = error};
}

static sg_status parse_bytes(Parsed *parsed, const char *text, size_t size) {
    memset(parsed, 0, sizeof *parsed);
    sgi_alloc_init(&parsed->alloc, NULL, NULL, SIZE_MAX);
    sgi_buf_init(&parsed->binary, &parsed->alloc);
    LoadContext cx = context(&parsed->alloc, &parsed->error);
    return sgi_text_parse(&cx, (Bytes){(const uint8_t *)text, size}, &parsed->binary);
}

static sg_status parse(Parsed *parsed, const char *text) {
    return parse_bytes(parsed, text, strlen(text));
}

/* Nothing may be left on the account. */
static void done(Parsed *parsed) {
    sgi_buf_free(&parsed->binary);
    assert_int_equal(parsed->alloc.used, 0);
}

/* The content of a section, "" when it is absent; with id 0 the name section. */
static Bytes section_of(const Buf *binary, uint8_t id) {
    const uint8_t *at = binary->data + 8, *end = binary->data + binary->size;
    while (at < end) {
        uint8_t found = *at++;
        uint32_t size = sgi_leb_u32(&at);
        if (found == id)
            return (Bytes){at, size};
        at += size;
    }
    return (Bytes){NULL, 0};
}

static void assert_section(const char *text, uint8_t id, const char *content, size_t size) {
    Parsed parsed;
    if (parse(&parsed, text) != SG_OK)
        fail_msg("%s: %s (%s)", text, parsed.error.message, parsed.error.detail);
    Bytes section = section_of(&parsed.binary, id);
    assert_int_equal(section.size, size);
    assert_memory_equal(section.data, content, size);
    done(&parsed);
}

#define ASSERT_SECTION(text, id, content) assert_section(text, id, content, sizeof(content) - 1)

static void assert_same(const char *a, const char *b) {
    Parsed one, other;
    if (parse(&one, a) != SG_OK)
        fail_msg("%s: %s", a, one.error.message);
    if (parse(&other, b) != SG_OK)
        fail_msg("%s: %s", b, other.error.message);
    if (one.binary.size != other.binary.size)
        fail_msg("%s: %zu bytes, %s: %zu", a, one.binary.size, b, other.binary.size);
    assert_memory_equal(one.binary.data, other.binary.data, one.binary.size);
    done(&one);
    done(&other);
}

static void test_whole(void **state) {
    (void)state;
    static const char expected[] = "\0asm\1\0\0\0"
                                   "\1\6\1\x60\1\x7f\1\x7f"
                                   "\3\2\1\0"
                                   "\7\7\1\3inc\0\0"
                                   "\x0a\x09\1\7\0\x20\0\x41\1\x6a\x0b"
                                   "\0\x0d\4name\2\6\1\0\1\0\1x";
    Parsed parsed;
    assert_int_equal(parse(&parsed, "(module (func (export \"inc\") (param $x i32) (result i32)"
                                    " (i32.add (local.get $x) (i32.const 1))))"),
                     SG_OK);
    assert_int_equal(parsed.binary.size, sizeof expected - 1);
    assert_memory_equal(parsed.binary.data, expected, sizeof expected - 1);
    done(&parsed);
    /* A binary written as strings is passed on as it is. */
    assert_int_equal(parse(&parsed, "(module binary \"\\00asm\" \"\\01\\00\\00\\00\")"), SG_OK);
    assert_int_equal(parsed.binary.size, 8);
    done(&parsed);
    assert_int_equal(parse(&parsed, ""), SG_OK);
    assert_int_equal(parsed.binary.size, 8);
    done(&parsed);
}

static void test_forms(void **state) {
    (void)state;
    /* Folded and plain. */
    assert_same("(func (param i32) (if (local.get 0) (then (nop)) (else (br 0 (i32.const 1)))))",
                "(func (param i32) local.get 0 if nop else i32.const 1 br 0 end)");
    assert_same("(func (i32.store offset=4 (i32.const 0) (i32.add (i32.const 1) (i32.const 2)))) (memory 1)",
                "(func i32.const 0 i32.const 1 i32.const 2 i32.add i32.store offset=4 align=4) (memory 1)");
    assert_same("(module (func (block (result i32) (loop (result i32) (i32.const 1))) drop))",
                "(func block (result i32) loop (result i32) i32.const 1 end end (drop))");
    assert_same("(func (drop i32.const 1 (i32.add (i32.const 2) i32.const 3)))",
                "(func i32.const 1 i32.const 2 i32.const 3 i32.add drop)");
    /* Inline and explicit. */
    assert_same("(func (import \"a\" \"b\") (param i32))",
                "(type (func (param i32))) (import \"a\" \"b\" (func (type 0)))");
    assert_same("(memory (export \"m\") (data \"ab\" \"c\"))",
                "(memory 1 1) (export \"m\" (memory 0)) (data (i32.const 0) \"abc\")");
    assert_same("(func) (table funcref (elem 0 0))",
                "(func) (table 2 2 funcref) (elem (i32.const 0) func 0 0)");
    assert_same(
        "(func) (table 1 funcref) (elem (table 0) (offset (i32.const 0)) funcref (item ref.func 0) (ref.func "
        "0))",
        "(func) (table 1 funcref) (elem (table 0) (i32.const 0) funcref (ref.func 0) (item (ref.func 0)))");
    /* Comments, annotations and white space. */
    assert_same("(;(;;);)(module;;\n(@a (b \")\") x,;[])(func(@y))\t)", "(func)");
    assert_same("(func i32.const 1(;;)drop)", "(func i32.const 1 drop)");
    /* Names are resolved before they are defined, and by any spelling. */
    ASSERT_SECTION("(func (call $\"\\66\")) (func $f)", 10, "\2\4\0\x10\1\x0b\2\0\x0b");
    /* Two locals of one type make one run. */
    ASSERT_SECTION("(func (local i32) (local $x i32) (local f64))", 10, "\1\6\2\2\x7f\1\x7c\x0b");
    /* Labels count from the innermost; an inner one hides an outer one of its name until it ends. */
    ASSERT_SECTION("(func block $l block $l br $l end br $l br 1 end)", 10,
                   "\1\x0e\0\2\x40\2\x40\x0c\0\x0b\x0c\0\x0c\1\x0b\x0b");
    /* memory.init has its segment first in the binary; the data count section then stands. */
    ASSERT_SECTION(
        "(memory 1) (data $d \"\") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)))", 12,
        "\1");
    ASSERT_SECTION("(memory $a 1) (memory $b 1) (func (i32.load $b offset=8 (i32.const 0)) drop)", 10,
                   "\1\x09\0\x41\0\x28\x42\1\x08\x1a\x0b");
}

static void test_data_values(void **state) {
    (void)state;
    assert_same("(data (i8 1 -1 0x7f) \"x\" (i16 0x1234) (f32 1) (v128 i64x2 1 2))",
                "(data \"\\01\\ff\\7fx\\34\\12\\00\\00\\80\\3f\\01\\00\\00\\00\\00\\00\\00\\00\" "
                "\"\\02\\00\\00\\00\\00\\00\\00\\00\")");
    assert_same("(memory (data (i32 -2) (i64) (f64 0)))",
                "(memory (data \"\\fe\\ff\\ff\\ff\\00\\00\\00\\00\\00\\00\\00\\00\"))");
}

static void test_types(void **state) {
    (void)state;
    /* Type uses find the first equal type, and add one at the end when there is none. */
    ASSERT_SECTION("(func (param i64)) (func) (type (func)) (func (param i64))", 1, "\2\x60\0\0\x60\1\x7e\0");
    ASSERT_SECTION("(func (param i64)) (func) (type (func)) (func (param i64))", 3, "\3\1\0\1");
    ASSERT_SECTION(
        "(rec (type $a (struct (field (ref null $b)) (field $x (mut i8)))) (type $b (array (mut (ref $a)))))",
        1, "\1\x4e\2\x5f\2\x63\1\0\x78\1\x5e\x64\0\1");
    ASSERT_SECTION("(type $f (sub (func))) (type (sub final $f (func)))", 1,
                   "\2\x50\0\x60\0\0\x4f\1\0\x60\0\0");
    ASSERT_SECTION("(table i64 1 2 (ref null func)) (table 1 externref (ref.null extern))", 4,
                   "\2\x70\5\1\2\x40\0\x6f\0\1\xd0\x6f\x0b");
    ASSERT_SECTION("(memory i64 1) (memory 1 2 shared)", 5, "\2\4\1\3\1\2");
    ASSERT_SECTION("(memory 1 (pagesize 65536)) (memory i64 1 2 shared (pagesize 1))", 5,
                   "\2\10\1\20\17\1\2\0");
    ASSERT_SECTION("(memory (pagesize 1) (data \"abc\"))", 5, "\1\11\3\3\0");
    /* Block types: nothing, one result, or a type. */
    ASSERT_SECTION(
        "(func block end block (result f32) unreachable end drop i32.const 0 block (param i32) drop end)", 10,
        "\1\x10\0\2\x40\x0b\2\x7d\0\x0b\x1a\x41\0\2\1\x1a\x0b\x0b");
}

static void assert_const(const char *instruction, const char *bytes, size_t size) {
    char text[2048], body[64];
    snprintf(text, sizeof text, "(func %s drop)", instruction);
    size_t at = 0;
    body[at++] = 1;
    body[at++] = (char)(size + 3);
    body[at++] = 0;
    memcpy(body + at, bytes, size);
    memcpy(body + at + size, "\x1a\x0b", 2);
    assert_section(text, 10, body, at + size + 2);
}

#define ASSERT_CONST(instruction, bytes) assert_const(instruction, bytes, sizeof(bytes) - 1)

static void test_numbers(void **state) {
    (void)state;
    ASSERT_CONST("i32.const 4_294_967_295", "\x41\x7f");
    ASSERT_CONST("i32.const -0x8000_0000", "\x41\x80\x80\x80\x80\x78");
    ASSERT_CONST("i32.const +64", "\x41\xc0\0");
    ASSERT_CONST("i64.const 0xffff_ffff_ffff_ffff", "\x42\x7f");
    ASSERT_CONST("i64.const -9223372036854775808", "\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f");
    ASSERT_CONST("f32.const 0x1.8p1", "\x43\0\0\x40\x40");
    ASSERT_CONST("f32.const -0", "\x43\0\0\0\x80");
    ASSERT_CONST("f32.const 1_0.5_0e-1", "\x43\x66\x66\x86\x3f");
    ASSERT_CONST("f32.const nan", "\x43\0\0\xc0\x7f");
    ASSERT_CONST("f32.const -nan:0x20_0000", "\x43\0\0\xa0\xff");
    ASSERT_CONST("f32.const inf", "\x43\0\0\x80\x7f");
    /* Halfway between two floats: to the even one; a little more: up; and no double rounding through f64. */
    ASSERT_CONST("f32.const 0x1.000001p0", "\x43\0\0\x80\x3f");
    ASSERT_CONST("f32.const 0x1.00000100000000001p0", "\x43\1\0\x80\x3f");
    ASSERT_CONST("f32.const 1.00000005960464477539062500001", "\x43\1\0\x80\x3f");
    ASSERT_CONST("f64.const 0x0.0000000000001p-1022", "\x44\1\0\0\0\0\0\0\0");
    ASSERT_CONST("f64.const 4.9406564584124654e-324", "\x44\1\0\0\0\0\0\0\0");
    ASSERT_CONST("f64.const 1e-1000000000000000000000", "\x44\0\0\0\0\0\0\0\0");
    /* A locale with another decimal point changes nothing. */
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") || setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        ASSERT_CONST("f64.const 1.5", "\x44\0\0\0\0\0\0\xf8\x3f");
    setlocale(LC_NUMERIC, "C");
}

static void test_names(void **state) {
    (void)state;
    /* module, functions, locals, labels, types, tables, memories, globals, elems, datas, fields, tags */
    ASSERT_SECTION(
        "(module $m (type $t (struct (field $a i32))) (func $f (param $p i32) (local $l i32)"
        " block block $b end end) (table $tab 1 funcref) (memory $mem 1) (global $g i32 (i32.const 0))"
        " (elem $e func) (data $d \"\") (tag $tag))",
        0,
        "\4name\0\2\1m\1\4\1\0\1f\2\x09\1\0\2\0\1p\1\1l\3\6\1\0\1\1\1b\4\4\1\0\1t\5\6\1\0\3tab"
        "\6\6\1\0\3mem\7\4\1\0\1g\x08\4\1\0\1e\x09\4\1\0\1d\x0a\6\1\0\1\0\1a\x0b\6\1\0\3tag");
}

static void assert_error(const char *text, uint32_t line, uint32_t column, const char *message) {
    Parsed parsed;
    if (parse(&parsed, text) == SG_OK)
        fail_msg("accepted: %s", text);
    if (strcmp(parsed.error.message, message) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", text, parsed.error.message, message);
    assert_int_equal(parsed.error.status, SG_MALFORMED);
    if (parsed.error.line != line || parsed.error.column != column)
        fail_msg("%s: at %u:%u instead of %u:%u", text, parsed.error.line, parsed.error.column, line, column);
    done(&parsed);
}

static void test_annotations(void **state) {
    (void)state;
    /* Names that are no identifiers; sections of others. */
    ASSERT_SECTION(
        "(module $m (@name \"the module\") (func $f (@name \"a b\")) (func (@name \"\")) (func $h))", 0,
        "\4name\0\x0b\x0athe module\1\x0b\3\0\3a b\1\0\2\1h");
    ASSERT_SECTION("(@custom \"x\" (after func) \"1\" \"2\") (func) (@custom \"y\")", 0, "\1x12");
    ASSERT_SECTION("(func) (@custom \"y\")", 0, "\1y");
    Parsed parsed;
    assert_int_equal(
        parse(&parsed, "(@custom \"b\" (before first)) (@custom \"z\") (func) (@custom \"a\" (before code))"),
        SG_OK);
    /* Where they mean nothing, they are refused. */
    assert_error("(func) (@name \"m\")", 1, 8, "misplaced annotation");
    assert_error("(func (@name \"a\") (@name \"b\"))", 1, 19, "misplaced annotation");
    assert_error("(func (nop (@name \"a\")))", 1, 12, "misplaced annotation");
    assert_error("(func (param i32 (@name \"a\") i32))", 1, 18, "misplaced annotation");
    assert_error("(func (@custom \"a\"))", 1, 7, "misplaced annotation");
    assert_error("(@custom)", 1, 9, "unexpected token");
    static const char expected[] = "\0asm\1\0\0\0\0\2\1b\1\4\1\x60\0\0\3\2\1\0\0\2\1a\x0a\4\1\2\0\x0b\0\2\1z";
    assert_int_equal(parsed.binary.size, sizeof expected - 1);
    assert_memory_equal(parsed.binary.data, expected, sizeof expected - 1);
    done(&parsed);
}

static void test_branch_hints(void **state) {
    (void)state;
    /* By function, offset from its locals, a size, and the hint; what is folded counts where it is written.
     */
    static const char name[] = "metadata.code.branch_hint";
    char section[128];
    size_t size = (size_t)snprintf(section, sizeof section, "%c%s", (int)sizeof name - 1, name);
    memcpy(section + size, "\2\1\2\3\1\1\7\1\0\2\1\5\1\0", 14);
    assert_section("(import \"\" \"\" (func))"
                   "(func i32.const 0 (@metadata.code.branch_hint \"\\01\") br_if 0"
                   " (@metadata.code.branch_hint \"\\00\") (if (i32.const 0) (then)))"
                   "(func (local i32) (@metadata.code.branch_hint \"\\00\") (br_if 0 (i32.const 0)))",
                   0, section, size + 14);
    assert_error("(func (@metadata.code.branch_hint))", 1, 7, "misplaced annotation");
    assert_error("(func (@metadata.code.branch_hint \"\\02\") (br_if 0 (i32.const 0)))", 1, 7,
                 "invalid value for branch hint");
    assert_error("(func (@metadata.code.branch_hint \"\\00\") (br 0))", 1, 43, "misplaced annotation");
    assert_error("(global i32 (@metadata.code.branch_hint \"\\00\") (i32.const 0))", 1, 13,
                 "misplaced annotation");
}

static void test_errors(void **state) {
    (void)state;
    assert_error("(module", 1, 8, "unexpected token");
    assert_error("(module))", 1, 9, "unexpected token");
    assert_error("(module) (module)", 1, 10, "unexpected token");
    assert_error("(module\n  (func i32.nonsense))", 2, 9, "unknown operator");
    assert_error("(func (i32.const 0) 5)", 1, 21, "unexpected token");
    assert_error("(func (if nop (then)))", 1, 11, "unexpected token");
    assert_error("(func block)", 1, 12, "unexpected token");
    assert_error("(func end)", 1, 7, "unexpected token");
    assert_error("(func else)", 1, 7, "unexpected token");
    assert_error("(func block $a end $b)", 1, 20, "mismatching label");
    assert_error("(func (br $x))", 1, 11, "unknown label");
    assert_error("(func block $x end br $x)", 1, 23, "unknown label");
    assert_error("(func (param $x i32) (local $x i32))", 1, 35, "duplicate local");
    assert_error("(func $f) (func $f)", 1, 17, "duplicate func");
    assert_error("(func (call $g))", 1, 13, "unknown function");
    assert_error("(func (type $t))", 1, 13, "unknown type");
    assert_error("(type (func)) (func (type 0) (param i32))", 1, 30, "inline function type");
    assert_error("(func) (import \"a\" \"b\" (func))", 1, 8, "import after definition");
    assert_error("(start 0) (start 0)", 1, 18, "multiple start sections");
    assert_error("(func i32.const 0x1_0000_0000)", 1, 17, "constant out of range");
    assert_error("(func i32.const -2147483649)", 1, 17, "constant out of range");
    assert_error("(func i32.const 1__0)", 1, 17, "unknown operator");
    assert_error("(func i32.const 0x)", 1, 17, "unknown operator");
    assert_error("(func f32.const 1e)", 1, 17, "unknown operator");
    assert_error("(func f32.const 0x1p128)", 1, 17, "constant out of range");
    assert_error("(func f32.const nan:0x80_0000)", 1, 17, "constant out of range");
    assert_error("(func f64.const nan:0x0)", 1, 17, "constant out of range");
    assert_error("(func (i32.load align=3 (i32.const 0)))", 1, 17, "alignment must be a power of two");
    assert_error("(memory 1 (pagesize 3))", 1, 21, "invalid custom page size");
    assert_error("(func (br 4294967296))", 1, 11, "i32 constant out of range");
    assert_error("(func (block (param $x i32)))", 1, 21, "unexpected token");
    assert_error("(data \"\n\")", 1, 7, "unclosed string");
    assert_error("(data \"\\u{d800}\")", 1, 8, "illegal escape");
    assert_error("(export \"\\ff\" (func 0))", 1, 9, "malformed UTF-8 encoding");
    assert_error("(; (; ;)", 1, 1, "unclosed comment");
    assert_error("(@a", 1, 1, "unclosed annotation");
    assert_error("(@)", 1, 1, "empty annotation id");
    assert_error("(@custom) (func)", 1, 9, "unexpected token");
    assert_error("(@custom \"a\" (after here))", 1, 21, "unexpected token");
    assert_error("(func $)", 1, 7, "empty identifier");
    assert_error("(func) ;; \xff", 1, 11, "malformed UTF-8 encoding");
    assert_error("(func) \x01", 1, 8, "illegal character");
    assert_error("(func) \u00e4", 1, 8, "illegal character");
}

/* Every feature of the grammar, for mutilation. */
static const char everything[] =
    "(module $m (type $t (func (param i32 i64) (result f32))) (rec (type $s (sub (struct (field $x (mut "
    "i8))))) "
    "(type (sub final $s (struct (field i8) (field (ref null $s)))))) (import \"a\" \"b\" (func $i (param "
    "f64)))\n"
    "(import \"a\" \"t\" (table i64 1 2 externref)) (tag $tag (param i32)) (memory $mem (export \"m\") (data "
    "\"x\\u{20ac}\"))"
    "(memory i64 1 2) (table $tab 3 funcref (ref.null func)) (table (export \"q\") (ref null $t) (elem $f))"
    "(global $g (mut i64) (i64.const -5)) (elem declare func $f) (elem $e (table $tab) (offset (i32.const "
    "0)) funcref "
    "(item ref.func $f) (ref.null func)) (data $d (memory $mem) (i32.const 1) \"\\00\\ff\" (i16 -1) (v128 "
    "f64x2 1 nan) \"z\") (start $f) "
    "(rec) (@datacount) "
    "(@custom \"c\" (after func) \"d\")"
    "(func $f (@name \"F\") (export \"f\") (type $t) (param $p i32) (param (@name \"two words\") i64) "
    "(result f32) (local $l f32) "
    "(local i32 "
    "i32)\n"
    "(block $b (loop (if (i32.eqz (local.get $p)) (then (br $b)) (else (br_table 0 $b 1 (i32.const 1))))))\n"
    "(@metadata.code.branch_hint \"\\01\") (if (i32.const 1) (then))"
    "block $c (result i32) i32.const 0x7f (@metadata.code.branch_hint \"\\00\") br_if $c end $c drop "
    "(call_indirect $tab (param i32) (i32.const 1) "
    "(i32.const 0))"
    "(i64.store offset=8 align=4 (i32.const 0) (i64.const 1)) (select (result i32) (i32.const 0) (i32.const "
    "1) (i32.const 2))"
    "drop (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (table.copy $tab $tab) (f32.const "
    "nan:0x1) (;x;) drop"
    "(f64.const -0x1.8p-3) drop (v128.load8_lane 0 align=1 3 (i32.const 0) (v128.const i16x8 1 2 3 4 5 6 7 "
    "8)) drop (f32.const 1.5e1)))";

static void test_mutilated(void **state) {
    (void)state;
    Parsed parsed;
    size_t size = sizeof everything - 1;
    assert_int_equal(parse(&parsed, everything), SG_OK);
    done(&parsed);
    char *copy = malloc(size);
    for (size_t cut = 0; cut < size; cut++) {
        memcpy(copy, everything, cut);
        if (parse_bytes(&parsed, copy, cut) != SG_OK)
            assert_true(parsed.error.line > 0 && parsed.error.message[0]);
        done(&parsed);
    }
    static const char changes[] = "()\"$;@ \xff"
                                  "0a\\";
    for (size_t at = 0; at < size; at++)
        for (size_t change = 0; change < sizeof changes; change++) {
            memcpy(copy, everything, size);
            copy[at] = changes[change];
            if (parse_bytes(&parsed, copy, size) != SG_OK)
                assert_true(parsed.error.line > 0 && parsed.error.message[0]);
            done(&parsed);
        }
    free(copy);
}

static sg_status parse_with(Alloc *alloc, bool is_script, const char *text) {
    sg_error error = {0};
    LoadContext cx = context(alloc, &error);
    Arena arena;
    Buf binary;
    Script script;
    sgi_arena_init(&arena, alloc);
    sgi_buf_init(&binary, alloc);
    Bytes bytes = sgi_bytes_of(text);
    sg_status status =
        is_script ? sgi_text_parse_script(&cx, &arena, bytes, &script) : sgi_text_parse(&cx, bytes, &binary);
    assert_int_equal(status, error.status);
    sgi_buf_free(&binary);
    sgi_arena_free(&arena);
    return status;
}

static const char script_text[] =
    "(module $m (func (export \"f\") (param i32 externref) (result f32) (f32.const 1)))\n"
    "(register \"m\" $m)\n"
    "(assert_return (invoke $m \"f\" (i32.const -1) (ref.extern 2)) (either (f32.const 1) (f32.const "
    "nan:canonical)))\n"
    "  (assert_trap (invoke \"\\66\" (i64.const 0x8000_0000_0000_0000) (f64.const -0) (ref.null func)) "
    "\"unreachable\")\n"
    "(assert_malformed (module quote \"(func\" \" i32.bad)\") \"unknown operator\")\n"
    "(assert_invalid (module (func (drop))) \"type mismatch\")\n"
    "(module binary \"\\00asm\" \"\\01\\00\\00\\00\")\n"
    "(module (func (bad)))\n"
    "(assert_return (get $m \"g\") (v128.const f32x4 1 nan:arithmetic 3 nan:canonical))\n"
    "(fiber $t (module)) (module definition $d) (module instance $i $d)\n"
    "(assert_return (invoke \"c\" (list.const (record.const (field \"a\" option.some (u8.const 1)) (field "
    "\"b\" list.const"
    " (char.const \"\\u{20ac}\")))) (tuple.const (bool.const true) (s64.const -1)) (result.err) (flags.const "
    "\"x\" \"y\"))"
    " (variant.const \"v\" (f32.const 2)))\n"
    "(assert_return (invoke \"x\" (f32.const 1)) (f64.const 2))\n"
    "(assert_return (invoke \"x\" (banana.const 1)))\n"
    "(assert_exhaustion (invoke \"x\") \"call stack exhausted\") (invoke \"x\") (assert_exception (invoke "
    "\"x\"))";

static void test_no_memory(void **state) {
    (void)state;
    for (int is_script = 0; is_script < 2; is_script++) {
        sg_status status = SG_NO_MEMORY;
        for (size_t allowed = 0; status != SG_OK; allowed++) {
            Ration r = {.left = allowed, .for_good = true};
            Alloc alloc;
            sgi_alloc_init(&alloc, ration_realloc, &r, SIZE_MAX);
            status = parse_with(&alloc, is_script, is_script ? script_text : everything);
            assert_true(status == SG_OK || status == SG_NO_MEMORY);
            assert_int_equal(alloc.used, 0);
            assert_true(allowed < 10000);
        }
    }
}

/* `count` times `open`, then `middle`, then `count` times `close`. */
static char *nested(const char *open, const char *middle, const char *close, size_t count) {
    size_t a = strlen(open), b = strlen(middle), c = strlen(close), at = 0;
    char *text = malloc(count * (a + c) + b + 32);
    at += (size_t)sprintf(text, "(module (func ");
    for (size_t i = 0; i < count; i++, at += a)
        memcpy(text + at, open, a);
    memcpy(text + at, middle, b);
    at += b;
    for (size_t i = 0; i < count; i++, at += c)
        memcpy(text + at, close, c);
    strcpy(text + at, "))");
    return text;
}

static sg_status parse_nested(const char *open, const char *middle, const char *close, size_t count) {
    Parsed parsed;
    char *text = nested(open, middle, close, count);
    sg_status status = parse(&parsed, text);
    done(&parsed);
    free(text);
    return status;
}

static void test_depth(void **state) {
    (void)state;
    assert_int_equal(parse_nested("(i32.eqz ", "(i32.const 0)", ")", 9990), SG_OK);
    assert_int_equal(parse_nested("(block ", "", ")", 9990), SG_OK);
    assert_int_equal(parse_nested("(if (i32.const 0) (then ", "", "))", 4900), SG_OK);
    assert_int_equal(parse_nested("(i32.eqz ", "(i32.const 0)", ")", 10000), SG_TOO_LARGE);
    assert_int_equal(parse_nested("(@a ", "", ")", 20000), SG_TOO_LARGE);
    assert_int_equal(parse_nested("block $a br $a ", "", "end ", 200000), SG_OK);
    assert_int_equal(parse_nested("(; ", "", ";) ", 200000), SG_OK);
}

typedef struct Scripted {
    Alloc alloc;
    Arena arena;
    Script script;
    sg_error error;
} Scripted;

static sg_status parse_script(Scripted *s, const char *text) {
    memset(s, 0, sizeof *s);
    sgi_alloc_init(&s->alloc, NULL, NULL, SIZE_MAX);
    sgi_arena_init(&s->arena, &s->alloc);
    LoadContext cx = context(&s->alloc, &s->error);
    return sgi_text_parse_script(&cx, &s->arena, sgi_bytes_of(text), &s->script);
}

static void script_done(Scripted *s) {
    sgi_arena_free(&s->arena);
    assert_int_equal(s->alloc.used, 0);
}

static bool is(sg_string string, const char *text) {
    return string.size == strlen(text) && memcmp(string.data, text, string.size) == 0;
}

static void test_script(void **state) {
    (void)state;
    Scripted s;
    assert_int_equal(parse_script(&s, script_text), SG_OK);
    static const sg_command_kind kinds[] = {
        SG_COMMAND_MODULE,
        SG_COMMAND_REGISTER,
        SG_COMMAND_ASSERT_RETURN,
        SG_COMMAND_ASSERT_TRAP,
        SG_COMMAND_ASSERT_MALFORMED,
        SG_COMMAND_ASSERT_INVALID,
        SG_COMMAND_MODULE,
        SG_COMMAND_MODULE,
        SG_COMMAND_ASSERT_RETURN,
        SG_COMMAND_UNKNOWN,
        SG_COMMAND_MODULE_DEFINITION,
        SG_COMMAND_MODULE_INSTANCE,
        SG_COMMAND_ASSERT_RETURN,
        SG_COMMAND_ASSERT_RETURN,
        SG_COMMAND_UNKNOWN,
        SG_COMMAND_ASSERT_EXHAUSTION,
        SG_COMMAND_ACTION,
        SG_COMMAND_ASSERT_EXCEPTION,
    };
    assert_int_equal(s.script.count, SGI_COUNT(kinds));
    for (size_t i = 0; i < SGI_COUNT(kinds); i++)
        assert_int_equal(s.script.commands[i].kind, kinds[i]);

    const sg_command *c = s.script.commands;
    assert_true(is(c[0].name, "m") && c[0].binary && !c[0].is_quoted && !c[0].is_component);
    assert_true(is(c[1].name, "m") && is(c[1].of, "m"));
    assert_true(is(c[2].instance, "m") && is(c[2].function, "f") && c[2].is_core_action);
    assert_int_equal(c[2].argument_count, 2);
    assert_int_equal(c[2].core_arguments[0].of.i32, -1);
    assert_ptr_equal(c[2].core_arguments[1].of.ref, (void *)3);
    assert_int_equal(c[2].expected_count, 1);
    assert_int_equal(c[2].core_expected[0].kind, SG_PATTERN_EITHER);
    assert_int_equal(c[2].core_expected[0].count, 2);
    assert_int_equal(c[2].core_expected[2].kind, SG_PATTERN_NAN_CANONICAL);
    assert_int_equal(c[3].line, 4);
    assert_int_equal(c[3].column, 3);
    assert_true(is(c[3].function, "f") && is(c[3].message, "unreachable"));
    assert_true(c[3].core_arguments[0].of.i64 == INT64_MIN);
    assert_int_equal(c[3].core_arguments[2].kind, SG_CORE_FUNCREF);
    assert_true(c[4].binary == NULL && c[4].is_quoted);
    assert_string_equal(c[4].parse_error.message, "unknown operator");
    assert_int_equal(c[6].binary_size, 8);
    assert_true(c[7].binary == NULL);
    assert_int_equal(c[7].parse_error.line, 8);
    assert_int_equal(c[7].parse_error.column, 16);
    assert_true(c[8].is_get && memcmp(c[8].core_expected[0].lane_kinds, "vavc", 5) == 0);
    assert_true(is(c[9].message, "fiber") && is(c[11].of, "d"));

    assert_false(c[12].is_core_action);
    assert_int_equal(c[12].argument_count, 4);
    const sg_value *record = c[12].arguments[0].of.list.items;
    assert_int_equal(record->kind, SG_RECORD);
    assert_true(is(record->of.record.fields[1].name, "b"));
    assert_int_equal(record->of.record.fields[0].value.of.option->of.u8, 1);
    assert_int_equal(record->of.record.fields[1].value.of.list.items[0].of.character, 0x20ac);
    assert_true(c[12].arguments[1].of.list.items[0].of.boolean);
    assert_true(c[12].arguments[2].of.result.is_error && c[12].arguments[2].of.result.payload == NULL);
    assert_true(is(c[12].arguments[3].of.flags.names[1], "y"));
    assert_true(c[12].expected[0].of.variant.payload->of.f32 == 2);
    /* Floats alone fit both worlds. */
    assert_true(c[13].is_core_action && c[13].arguments[0].of.f32 == 1 &&
                c[13].core_expected[0].core.of.f64 == 2);
    assert_true(is(c[14].message, "banana.const"));
    script_done(&s);
}

static void assert_script_error(const char *text, uint32_t line, uint32_t column) {
    Scripted s;
    if (parse_script(&s, text) != SG_MALFORMED)
        fail_msg("accepted: %s", text);
    assert_int_equal(s.error.line, line);
    assert_int_equal(s.error.column, column);
    script_done(&s);
}

static void test_script_errors(void **state) {
    (void)state;
    assert_script_error("(module) )", 1, 10);
    assert_script_error("(module)\n(assert_return (invoke))", 2, 23);
    assert_script_error("(assert_return (invoke \"f\") (i32.const 0) (u32.const 0))", 1, 29);
    assert_script_error("(assert_return (invoke \"f\") (option.some))", 1, 41);
    assert_script_error("(invoke \"f\" (char.const \"ab\"))", 1, 25);
    assert_script_error("(invoke \"f\" (u8.const 256))", 1, 23);
    assert_script_error("(func) )", 1, 8);
    assert_script_error("(module (func)", 1, 15);
    assert_script_error("(module quote \"(\"", 1, 18);
    assert_script_error("(mystery", 1, 9);
    assert_script_error("(assert_return (invoke \"f\") (ref.null ()))", 1, 39);
    assert_script_error("(assert_return (invoke \"f\") (ref.null ( ))", 1, 39);
    Scripted s;
    assert_int_equal(parse_script(&s, "(func) (memory 1)"), SG_OK);
    assert_int_equal(s.script.count, 1);
    script_done(&s);
    /* Deep values need no deep stack. */
    char *text = malloc(200000);
    size_t at = (size_t)sprintf(text, "(invoke \"f\" ");
    for (int i = 0; i < 9000; i++)
        at += (size_t)sprintf(text + at, "(list.const ");
    memset(text + at, ')', 9001);
    text[at + 9001] = 0;
    assert_int_equal(parse_script(&s, text), SG_OK);
    script_done(&s);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),       cmocka_unit_test(test_forms),
        cmocka_unit_test(test_data_values), cmocka_unit_test(test_types),
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_annotations), cmocka_unit_test(test_branch_hints),
        cmocka_unit_test(test_errors),      cmocka_unit_test(test_mutilated),
        cmocka_unit_test(test_no_memory),   cmocka_unit_test(test_depth),
        cmocka_unit_test(test_script),      cmocka_unit_test(test_script_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
