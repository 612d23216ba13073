/* Structures, arrays and casts before they run: which instructions are valid, and their text both ways. */
#include "load_core.h"

#define POINT "(type $p (struct (field $x (mut i32)) (field $y i8)))"
#define ARRAY "(type $a (array (mut i16)))"
#define REFS  "(type $r (array (mut (ref null eq))))"

static void gc_loader_init(Loader *l) {
    loader_init(l);
    l->cx.features |= (Features)1 << FEATURE_GC;
}

static void invalid(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"(func (struct.new_default 0) drop)", "type mismatch"},
        {"(func (struct.new_default 5) drop)", "unknown type 5"},
        {"(type (struct (field (ref any)))) (func (struct.new_default 0) drop)", "type mismatch"},
        {POINT "(func (struct.new $p (i32.const 1)) drop)", "type mismatch"},
        {POINT "(func (param (ref $p)) (struct.get $p $y (local.get 0)) drop)", "type mismatch"},
        {POINT "(func (param (ref $p)) (struct.get_s $p $x (local.get 0)) drop)", "type mismatch"},
        {POINT "(func (param (ref $p)) (struct.get $p 2 (local.get 0)) drop)", "unknown field 2"},
        {POINT "(func (param (ref $p)) (struct.set $p $y (local.get 0) (i32.const 1)))", "immutable field"},
        {POINT "(func (param structref) (struct.get $p $x (local.get 0)) drop)", "type mismatch"},
        {POINT ARRAY "(func (param (ref $a)) (struct.get $a 0 (local.get 0)) drop)", "type mismatch"},
        {POINT "(func (param (ref $p)) (array.get_u $p (local.get 0) (i32.const 0)) drop)", "type mismatch"},
        {ARRAY "(func (param (ref $a)) (array.get $a (local.get 0) (i32.const 0)) drop)", "type mismatch"},
        {"(type $c (array i32)) (func (param (ref $c)) (array.set $c (local.get 0) (i32.const 0)"
         " (i32.const 0)))",
         "immutable array"},
        {"(type $c (array i32)) (func (param (ref $c)) (array.fill $c (local.get 0) (i32.const 0)"
         " (i32.const 0) (i32.const 0)))",
         "immutable array"},
        {"(type (array (ref any))) (func (array.new_default 0 (i32.const 1)) drop)", "type mismatch"},
        {ARRAY "(func (array.new_fixed $a 2 (i32.const 1)) drop)", "type mismatch"},
        {ARRAY "(func (array.new_fixed $a 2 (i32.const 1) (i64.const 1)) drop)", "type mismatch"},
        {ARRAY "(func (array.new_data $a 0 (i32.const 0) (i32.const 0)) drop)", "unknown data segment 0"},
        {ARRAY "(func (array.new_elem $a 0 (i32.const 0) (i32.const 0)) drop)", "unknown elem segment 0"},
        {REFS "(data \"\") (func (array.new_data $r 0 (i32.const 0) (i32.const 0)) drop)",
         "array type is not numeric or vector"},
        {REFS "(elem externref) (func (array.new_elem $r 0 (i32.const 0) (i32.const 0)) drop)",
         "type mismatch"},
        {REFS ARRAY "(func (param (ref $a) (ref $r)) (array.copy $a $r (local.get 0) (i32.const 0)"
                    " (local.get 1) (i32.const 0) (i32.const 0)))",
         "type mismatch"},
        {"(func (param funcref) (ref.test (ref i31) (local.get 0)) drop)", "type mismatch"},
        {"(func (param anyref) (ref.cast (ref null extern) (local.get 0)) drop)", "type mismatch"},
        {"(func (param anyref) (ref.cast (ref 7) (local.get 0)) drop)", "unknown type 7"},
        {"(func (param anyref) (result i31ref) (br_on_cast 0 i31ref anyref (local.get 0)) unreachable)",
         "type mismatch"},
        {"(func (param anyref) (result i31ref) (br_on_cast 0 anyref eqref (local.get 0)) unreachable)",
         "type mismatch"},
        {"(func (param anyref) (br_on_cast 0 anyref i31ref (local.get 0)) drop)", "type mismatch"},
        {"(func (param anyref anyref) (result i32) (ref.eq (local.get 0) (local.get 1)))", "type mismatch"},
        {"(func (param externref) (result (ref any)) (any.convert_extern (local.get 0)))", "type mismatch"},
        {"(func (param funcref) (drop (any.convert_extern (local.get 0))))", "type mismatch"},
        {"(func (param anyref) (drop (i31.get_s (local.get 0))))", "type mismatch"},
        {"(func (param funcref) (drop (array.len (local.get 0))))", "type mismatch"},
        {ARRAY "(global (ref $a) (array.new_elem $a 0 (i32.const 0) (i32.const 0)))",
         "constant expression required"},
        {"(type $a (struct)) (type (sub $a (struct)))", "sub type"},
        {"(type $a (sub (struct (field i32)))) (type (sub $a (struct)))", "sub type"},
        {"(type $a (sub (struct (field (mut anyref))))) (type (sub $a (struct (field (mut eqref)))))",
         "sub type"},
        {"(type $a (sub (struct (field i8)))) (type (sub $a (struct (field i16))))", "sub type"},
        {"(type $a (sub (array anyref))) (type (sub $a (struct (field anyref))))", "sub type"},
        {"(type $a (sub (func (param eqref)))) (type (sub $a (func (param i31ref))))", "sub type"},
        {"(type $a (sub (func (result eqref)))) (type (sub $a (func (result anyref))))", "sub type"},
        {"(type (sub 1 (struct))) (type (sub (struct)))", "unknown type 1"},
        {"(type (struct (field (ref 1)))) (type (struct))", "unknown type 1"},
    };
    Loader l;
    gc_loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        must_fail(&l, cases[i].text, SG_INVALID, cases[i].message);
    loader_end(&l);
}

static void valid(void **state) {
    (void)state;
    static const char *const cases[] = {
        POINT "(func (result (ref $p)) (struct.new $p (i32.const 1) (i32.const 2)))",
        POINT "(func (result (ref $p)) (struct.new_default $p))",
        POINT "(func (param (ref null $p)) (result i32 i32) (struct.get $p $x (local.get 0))"
              " (struct.get_u $p $y (local.get 0)))",
        POINT "(func (param nullref) (struct.set $p $x (local.get 0) (i32.const 1)))",
        /* What unreachable code lacks is of any type. */
        POINT "(func (result (ref $p)) unreachable struct.new $p)",
        POINT "(func (result i32) unreachable struct.get $p $x)",
        POINT "(func (result (ref $p)) unreachable (i32.const 1) struct.new $p)",
        ARRAY "(func (result (ref $a)) unreachable array.new_fixed $a 4000000000)",
        "(func (result (ref any)) unreachable any.convert_extern)",
        ARRAY "(func (result (ref $a)) (array.new_fixed $a 2 (i32.const 1) (i32.const 2)))",
        ARRAY "(func (result i32) (array.len (array.new_fixed $a 0)))",
        ARRAY "(data $d \"\") (func (param (ref $a)) (array.init_data $a $d (local.get 0) (i32.const 0)"
              " (i32.const 0) (i32.const 0)) (drop (array.new_data $a $d (i32.const 0) (i32.const 0))))",
        REFS "(elem $e i31ref) (func (param (ref $r)) (array.init_elem $r $e (local.get 0) (i32.const 0)"
             " (i32.const 0) (i32.const 0)) (drop (array.new_elem $r $e (i32.const 0) (i32.const 0))))",
        REFS "(type $s (array i31ref)) (func (param (ref $r) (ref $s)) (array.copy $r $s (local.get 0)"
             " (i32.const 0) (local.get 1) (i32.const 0) (i32.const 0)))",
        "(func (param (ref i31) (ref null i31)) (result i32) (ref.eq (local.get 0) (local.get 1)))",
        "(func (param (ref extern)) (result (ref any)) (any.convert_extern (local.get 0)))",
        /* What does not fail is not null any more when the target was. */
        "(func (param anyref) (result (ref any)) (block $l (result i31ref)"
        " (br_on_cast $l anyref i31ref (local.get 0)) (return)) unreachable)",
        "(func (param anyref) (result (ref i31)) (block $l (result anyref)"
        " (br_on_cast_fail $l anyref (ref i31) (local.get 0)) (return)) unreachable)",
        "(func (param i32 anyref) (result i32 i31ref) (local.get 0)"
        " (br_on_cast 0 anyref i31ref (local.get 1)) drop (ref.null none))",
        POINT "(global $g (ref $p) (struct.new $p (i32.add (i32.const 1) (i32.const 2)) (i32.const 2)))"
              "(global (ref eq) (global.get $g)) (global anyref (any.convert_extern (ref.null extern)))"
              "(global externref (extern.convert_any (ref.i31 (i32.const 3))))",
        ARRAY "(global (ref $a) (array.new_fixed $a 1 (i32.const 1)))"
              "(global (ref $a) (array.new_default $a (i32.const 1)))",
        "(table 3 (ref i31) (ref.i31 (i32.const 1))) (elem (ref i31) (ref.i31 (i32.const 2)))",
        "(type $a (sub (struct (field anyref)))) (type (sub final $a (struct (field eqref i32))))",
        "(rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub $a (struct (field (ref $b))))))",
        "(type $a (sub (func (param i31ref) (result anyref))))"
        "(type $b (sub $a (func (param eqref) (result eqref))))"
        "(func (param (ref $b)) (result anyref) (call_ref $a (ref.null none) (local.get 0)))",
        /* Equal groups are one type. */
        "(rec (type $a (struct (field (ref null $a))))) (rec (type $b (struct (field (ref null $b)))))"
        "(func (param (ref $a)) (result (ref $b)) (local.get 0))",
    };
    Loader l;
    gc_loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        sgi_module_release(must_load(&l, cases[i]));
    loader_end(&l);
}

/* A chain of `count` types, each below the one before. */
static void load_chain(Loader *l, unsigned count, sg_status expected) {
    Buf text;
    sgi_buf_init(&text, &l->alloc);
    sgi_buf_text(&text, "(type (sub (struct)))");
    for (unsigned i = 0; i < count; i++)
        sgi_buf_printf(&text, "(type (sub %u (struct)))", i);
    sgi_buf_byte(&text, 0);
    Module *module = load_text(l, (const char *)text.data);
    assert_int_equal(module ? SG_OK : l->err.status, expected);
    if (module)
        sgi_module_release(module);
    sgi_buf_free(&text);
}

static void depth(void **state) {
    (void)state;
    Loader l;
    gc_loader_init(&l);
    load_chain(&l, 63, SG_OK);
    load_chain(&l, 64, SG_TOO_LARGE);
    loader_end(&l);
}

/* A text that parses, prints as `expected`, and that in turn parses to the same bytes. */
static void prints(Loader *l, const char *text, const char *expected) {
    Module *module = must_load(l, text);
    Buf printed;
    sgi_buf_init(&printed, &l->alloc);
    assert_int_equal(sgi_text_print_module(&l->cx, module, &printed), SG_OK);
    sgi_buf_byte(&printed, 0);
    assert_string_equal((const char *)printed.data, expected);
    Module *again = must_load(l, (const char *)printed.data);
    assert_int_equal(again->bytes.size, module->bytes.size);
    assert_memory_equal(again->bytes.data, module->bytes.data, module->bytes.size);
    sgi_module_release(again);
    sgi_buf_free(&printed);
    sgi_module_release(module);
}

static void text(void **state) {
    (void)state;
    Loader l;
    gc_loader_init(&l);
    prints(&l,
           "(module (rec (type $a (sub (struct (field $x (mut i8)) (field i64 i16)))) (type $f (func)))"
           " (type $b (sub final $a (struct (field $x (mut i8)) (field i64 i16) (field $y (ref $a)))))"
           " (type $c (array (mut (ref null $b)))))",
           "(module\n"
           "  (rec\n"
           "    (type $a (;0;) (sub (struct (field $x (mut i8)) (field i64) (field i16))))\n"
           "    (type $f (;1;) (func))\n"
           "  )\n"
           "  (type $b (;2;) (sub final $a (struct (field $x (mut i8)) (field i64) (field i16)"
           " (field $y (ref $a)))))\n"
           "  (type $c (;3;) (array (mut (ref null $b))))\n"
           ")\n");
    prints(
        &l,
        "(module " POINT ARRAY " (data $d \"\") (elem $e i31ref)"
        " (func (param anyref) (struct.get_s $p $y (struct.new_default $p)) drop"
        " (array.new_fixed $a 1 (i32.const 1)) drop (array.new_data $a $d (i32.const 0) (i32.const 0)) drop"
        " (ref.test i31ref (local.get 0)) drop (ref.test (ref i31) (local.get 0)) drop"
        " (ref.cast nullref (local.get 0)) drop (ref.cast (ref null $p) (local.get 0)) drop"
        " (block (result anyref) (br_on_cast 0 anyref (ref struct) (local.get 0))) drop"
        " (block (result anyref) (br_on_cast_fail 0 anyref (ref null $p) (local.get 0))) drop))",
        "(module\n"
        "  (type $p (;0;) (struct (field $x (mut i32)) (field $y i8)))\n"
        "  (type $a (;1;) (array (mut i16)))\n"
        "  (type (;2;) (func (param anyref)))\n"
        "  (elem $e (;0;) i31ref)\n"
        "  (func (;0;) (type 2) (param anyref)\n"
        "    struct.new_default $p\n"
        "    struct.get_s $p $y\n"
        "    drop\n"
        "    i32.const 1\n"
        "    array.new_fixed $a 1\n"
        "    drop\n"
        "    i32.const 0\n"
        "    i32.const 0\n"
        "    array.new_data $a $d\n"
        "    drop\n"
        "    local.get 0\n"
        "    ref.test i31ref\n"
        "    drop\n"
        "    local.get 0\n"
        "    ref.test (ref i31)\n"
        "    drop\n"
        "    local.get 0\n"
        "    ref.cast nullref\n"
        "    drop\n"
        "    local.get 0\n"
        "    ref.cast (ref null $p)\n"
        "    drop\n"
        "    block (result anyref)\n"
        "      local.get 0\n"
        "      br_on_cast 0 anyref (ref struct)\n"
        "    end\n"
        "    drop\n"
        "    block (result anyref)\n"
        "      local.get 0\n"
        "      br_on_cast_fail 0 anyref (ref null $p)\n"
        "    end\n"
        "    drop\n"
        "  )\n"
        "  (data $d (;0;) \"\")\n"
        ")\n");
    loader_end(&l);
}

static void text_that_does_not_parse(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"(type (struct (field $x i32) (field $x i32)))", "duplicate field"},
        {POINT "(func (struct.get $p $z (struct.new_default $p)) drop)", "unknown field"},
        {POINT ARRAY "(func (struct.get $a $x (struct.new_default $p)) drop)", "unknown field"},
        {"(func (ref.test i31 (ref.null any)) drop)", "unexpected token"},
        {"(func (ref.cast 0 (ref.null any)) drop)", "unexpected token"},
        {"(func (br_on_cast 0 anyref) drop)", "unexpected token"},
        {"(func (array.new_fixed 0 $x) drop)", "unexpected token"},
    };
    Loader l;
    gc_loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        Buf binary;
        sgi_buf_init(&binary, &l.alloc);
        l.err = (sg_error){.status = SG_OK};
        assert_int_equal(sgi_text_parse(&l.cx, sgi_bytes_of(cases[i].text), &binary), SG_MALFORMED);
        assert_string_equal(l.err.message, cases[i].message);
        sgi_buf_free(&binary);
    }
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid),
        cmocka_unit_test(valid),
        cmocka_unit_test(depth),
        cmocka_unit_test(text),
        cmocka_unit_test(text_that_does_not_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
