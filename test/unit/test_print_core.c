/* Core modules as text: what is printed, and that it parses to the same bytes. */
#include "load_core.h"

static Buf print(Loader *l, const Module *module) {
    Buf text;
    sgi_buf_init(&text, &l->alloc);
    assert_int_equal(sgi_text_print_module(&l->cx, module, &text), SG_OK);
    sgi_buf_byte(&text, 0);
    text.size--;
    return text;
}

static void prints(Loader *l, const char *text, const char *expected) {
    Module *module = must_load(l, text);
    Buf printed = print(l, module);
    assert_string_equal((const char *)printed.data, expected);
    sgi_buf_free(&printed);
    sgi_module_release(module);
}

static void forms(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    prints(&l, "(module)", "(module)\n");
    prints(&l, "(module $m (func $f (param $x i32) (result i32) (block $b (result i32) (local.get $x))))",
           "(module $m\n"
           "  (type (;0;) (func (param i32) (result i32)))\n"
           "  (func $f (;0;) (type 0) (param $x i32) (result i32)\n"
           "    block $b (result i32)\n"
           "      local.get $x\n"
           "    end\n"
           "  )\n"
           ")\n");
    prints(&l,
           "(import \"a\\22b\" \"\\u{e9}\\n\" (global $\"a b\" (mut f32))) (memory 1) (data (i32.const 1) "
           "\"\\00\\ffa\")",
           "(module\n"
           "  (import \"a\\\"b\" \"\xc3\xa9\\0a\" (global $\"a b\" (;0;) (mut f32)))\n"
           "  (memory (;0;) 1)\n"
           "  (data (;0;) (i32.const 1) \"\\00\\ffa\")\n"
           ")\n");
    l.cx.features |= (Features)1 << FEATURE_LEGACY_EXCEPTIONS;
    prints(&l,
           "(type (func)) (tag $e (type 0)) (func (type 0) (block $h (try_table (catch $e $h) (catch_all $h) "
           "(throw $e)))"
           " (try $t (do (throw_ref (ref.null exn))) (catch $e nop) (catch_all (rethrow $t)))"
           " (try (do nop) (delegate 0)))",
           "(module\n"
           "  (type (;0;) (func))\n"
           "  (tag $e (;0;) (type 0))\n"
           "  (func (;0;) (type 0)\n"
           "    block $h\n"
           "      try_table (catch $e 0) (catch_all 0)\n"
           "        throw $e\n"
           "      end\n"
           "    end\n"
           "    try $t\n"
           "      ref.null exn\n"
           "      throw_ref\n"
           "    catch $e\n"
           "      nop\n"
           "    catch_all\n"
           "      rethrow 0\n"
           "    end\n"
           "    try\n"
           "      nop\n"
           "    delegate 0\n"
           "  )\n"
           ")\n");
    loader_end(&l);
}

static void floats(void **state) {
    (void)state;
    static const struct {
        const char *written, *printed;
    } cases[] = {
        {"f32.const 1", "(f32.const 0x1p+0 (;=1;))"},
        {"f32.const -1.5", "(f32.const -0x1.8p+0 (;=-1.5;))"},
        {"f32.const -0", "(f32.const -0x0p+0)"},
        {"f32.const inf", "(f32.const inf)"},
        {"f32.const -nan", "(f32.const -nan)"},
        {"f32.const nan:0x200001", "(f32.const nan:0x200001)"},
        {"f32.const 0x1p-149", "(f32.const 0x0.000002p-126 (;=1.40129846e-45;))"},
        {"f64.const 0x1.fffffffffffffp+1023",
         "(f64.const 0x1.fffffffffffffp+1023 (;=1.7976931348623157e+308;))"},
        {"f64.const nan", "(f64.const nan)"},
    };
    Loader l;
    loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        char text[128];
        snprintf(text, sizeof text, "(global %.3s (%s))", cases[i].written, cases[i].written);
        Module *module = must_load(&l, text);
        Buf printed = print(&l, module);
        assert_non_null(strstr((const char *)printed.data, cases[i].printed));
        sgi_buf_free(&printed);
        sgi_module_release(module);
    }
    loader_end(&l);
}

/* Printed and parsed again, the binary is the same. */
static void same_again(void **state) {
    (void)state;
    static const char *const cases[] = {
        "(type $t (func (param i32))) (rec (type $a (func (param (ref null $b)))) (type $b (func (result "
        "(ref $a)))))"
        "(rec (type $alone (func (param f64))))",
        "(table $t 1 2 funcref) (table $u 3 (ref func) (ref.func $f)) (func $f) (elem $e (i32.const 0) func "
        "$f)"
        "(elem (table $u) (i32.const 1) (ref func) (item ref.func $f)) (elem declare func $f) (elem funcref)"
        "(elem (i32.const 0) funcref (ref.null func) (ref.func $f)) (elem (table 0) (i32.const 0) func $f)",
        "(memory $m 1) (memory $n 2 3) (data $d (memory $n) (i32.add (i32.const 1) (i32.const 2)) \"x\") "
        "(data \"\")"
        "(func (memory.init $n $d (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy $n $m (i32.const 0)"
        " (i32.const 0) (i32.const 0)) (i64.store16 $n offset=8 align=1 (i32.const 0) (i64.const -1))"
        " (drop (memory.grow 1 (memory.size))))",
        "(func $\"strange \\22name\" (param i32) (param $x i64) (param i32 f32) (local $l i32) (local f32 "
        "f32)"
        " (local $k f32) (if (local.get $l) (then nop) (else (br_table 0 1 0 (local.get 0)))))",
        "(func $same (param $a i32) (local $a1 i32)) (func $other (loop $again (br $again)))"
        "(export \"x\" (func $same)) (start $main) (func $main)",
        "(type $sig (func (result i32))) (table 1 funcref) (table $t2 1 funcref) (func (result i32)"
        " (call_indirect $t2 (type $sig) (i32.const 0)) drop (select (result i32) (i32.const 0) (i32.const 1)"
        " (i32.const 2)) (return_call_indirect (type $sig) (i32.const 0)))",
        "(type $f (func)) (func (param (ref null $f)) (drop (ref.null $f)) (drop (ref.null extern))"
        " (call_ref $f (local.get 0)) (drop (ref.is_null (local.get 0))))",
        "(module (@name \"two words\") (func (@name \"f\")) (func (@name \"f\")) (@custom \"x\" (before "
        "first) \"\\00\\\"\")"
        " (@custom \"\" (after func) \"abc\") (memory 1) (@custom \"last\" (after memory) \"\"))",
        "(module $m (@custom \"producers\" (after last) \"x\") (memory 1))",
        "(@datacount)",
        "(memory 1) (@datacount) (data (i32.const 0) \"x\") (func)",
        "(func (param (@name \"two words\") i32) (param (@name \"n\") i32) (param i64 f32) (local (@name "
        "\"n\") i64)"
        " (local $l i64) (local (@name \"n\") f32) (local f32) (block $\"a label\"))",
        "(import \"\" \"\" (func (param $x i32))) (@custom \"c\" (before code) \"\") (func"
        " (if (i32.const 0) (then)) (@metadata.code.branch_hint \"\\00\") (if (i32.const 0) (then"
        " (@metadata.code.branch_hint \"\\01\") (br_if 0 (i32.const 0)))))"
        "(func (param i32) (@metadata.code.branch_hint \"\\01\") (br_if 0 (local.get 0)))",
        /* Those that are not understood stay custom sections. */
        "(@custom \"metadata.code.branch_hint\" (before code) \"\\01\\00\\01\\01\\01\\00\") (func (nop))",
        "(@custom \"metadata.code.branch_hint\" (after code) \"\\01\\00\\01\\03\\01\\00\") (func (param i32)"
        " (br_if 0 (local.get 0)))",
        "(@custom \"metadata.code.branch_hint\" (before code) \"\\01\\00\\01\\83\\00\\01\\00\") (func"
        " (param i32) (br_if 0 (local.get 0)))",
        "(rec) (type (func)) (rec) (rec) (type (sub final (func))) (rec (type (func (param i32)))) (rec)",
        "(global $g (mut i64) (i64.const -9223372036854775808)) (func (global.set $g (i64.const 1))"
        " (drop (i32.const 0xffffffff)))",
        "(import \"\" \"t\" (tag $imported (param i64))) (tag $e (export \"e\") (param i32)) (tag) (func "
        "(param exnref"
        " nullexnref (ref exn)) (block $h (result i32 exnref) (try_table $t (result i32)"
        " (catch_ref $e $h) (catch_all 1) (catch 2 1) (throw $e (i32.const 1)) (br $t (i32.const 2)))"
        " drop (try_table) return) throw_ref)",
        "(tag $e (param i32)) (func try $t (result i32) (try (do) (delegate 0)) (i32.const 1) catch $e"
        " rethrow $t catch 0 try nop catch_all rethrow 1 end catch_all unreachable end drop"
        " try try nop delegate 0 delegate 0)",
        "(memory 1 2 (pagesize 1)) (memory i64 1 (pagesize 65536)) (table i64 1 funcref)",
    };
    Loader l;
    loader_init(&l);
    l.cx.features |= (uint64_t)1 << FEATURE_CUSTOM_PAGE_SIZES | (uint64_t)1 << FEATURE_LEGACY_EXCEPTIONS;
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        Module *module = must_load(&l, cases[i]);
        Buf printed = print(&l, module), again;
        sgi_buf_init(&again, &l.alloc);
        if (sgi_text_parse(&l.cx, (Bytes){printed.data, printed.size}, &again) != SG_OK)
            fail_msg("%s\n%u:%u %s", (const char *)printed.data, l.err.line, l.err.column, l.err.message);
        assert_int_equal(again.size, module->bytes.size);
        assert_memory_equal(again.data, module->bytes.data, again.size);
        sgi_buf_free(&printed);
        sgi_buf_free(&again);
        sgi_module_release(module);
    }
    loader_end(&l);
}

/* Names that several indices have become annotations. */
static void bad_names(void **state) {
    (void)state;
    static const char binary[] = "\0asm\1\0\0\0\1\4\1\x60\0\0\3\4\3\0\0\0\x0a\x0a\3\2\0\x0b\2\0\x0b\2\0\x0b"
                                 "\0\x14\4name\1\x0d\3\0\3dup\1\3dup\2\0";
    Loader l;
    loader_init(&l);
    Module *module = load_bytes(&l, (Bytes){(const uint8_t *)binary, sizeof binary - 1});
    assert_non_null(module);
    assert_int_equal(module->names.funcs.count, 3);
    Buf printed = print(&l, module);
    assert_null(strchr((const char *)printed.data, '$'));
    assert_non_null(strstr((const char *)printed.data, "(func (@name \"dup\") (;1;)"));
    sgi_buf_free(&printed);
    sgi_module_release(module);
    loader_end(&l);
}

static void types_for_people(void **state) {
    (void)state;
    static const char text[] =
        "(module (type $t (func)) (func (param i32 funcref) (result (ref $t)) unreachable)"
        "  (table 1 2 funcref) (memory 1) (global (mut i64) (i64.const 0))"
        "  (tag (param i32)))";
    static const char *const expected[EXTERN_KINDS] = {"(func (param i32 funcref) (result (ref 0)))",
                                                       "(table 1 2 funcref)", "(memory 1)",
                                                       "(global (mut i64))", "(tag (param i32))"};
    Loader l;
    loader_init(&l);
    l.cx.features |= (uint64_t)1 << FEATURE_EXCEPTIONS;
    Module *module = load_text(&l, text);
    assert_non_null(module);
    for (ExternKind kind = 0; kind < EXTERN_KINDS; kind++) {
        Buf shown;
        sgi_buf_init(&shown, &l.alloc);
        sgi_text_core_type(&shown, module, kind, 0);
        assert_true(sgi_bytes_is((Bytes){shown.data, shown.size}, expected[kind]));
        sgi_buf_free(&shown);
    }
    sgi_module_release(module);
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),     cmocka_unit_test(floats),           cmocka_unit_test(same_again),
        cmocka_unit_test(bad_names), cmocka_unit_test(types_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
