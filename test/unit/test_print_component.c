/* Components as text: what is printed parses to the same definitions, and types read as people write them. */
#include "load_component.h"

static Component *decode_text(Loader *l, const char *text, size_t size) {
    Buf binary;
    Component *component;
    sgi_buf_init(&binary, &l->engine);
    if (sgi_text_parse(&l->cx, (Bytes){(const uint8_t *)text, size}, &binary) != SG_OK)
        fail_msg("%.*s\n%u:%u: %s %s", (int)size, text, l->err.line, l->err.column, l->err.message,
                 l->err.detail);
    if (sgi_decode_component(&l->cx, (Bytes){binary.data, binary.size}, &component) != SG_OK)
        fail_msg("%.*s\n%s %s", (int)size, text, l->err.message, l->err.detail);
    sgi_buf_free(&binary);
    return component;
}

static void print(Loader *l, const Component *component, Buf *text) {
    sgi_buf_init(text, &l->engine);
    assert_int_equal(sgi_text_print_component(&l->cx, component, PRINT_FOR_PEOPLE, text), SG_OK);
}

/* Printed, parsed and printed again: the same text. */
static void round_trip(Loader *l, const char *source) {
    Buf first, second;
    Component *component = decode_text(l, source, strlen(source));
    print(l, component, &first);
    sgi_component_release(component);
    component = decode_text(l, (const char *)first.data, first.size);
    print(l, component, &second);
    sgi_component_release(component);
    if (!sgi_bytes_equal((Bytes){first.data, first.size}, (Bytes){second.data, second.size}))
        fail_msg("%.*s\nthen\n%.*s", (int)first.size, (char *)first.data, (int)second.size,
                 (char *)second.data);
    sgi_buf_free(&first);
    sgi_buf_free(&second);
}

static const char *const sources[] = {
    "(component)",
    "(component (core module $m) (core module $n (func $f (export \"f\") nop)) (core instance (instantiate "
    "1)))",
    "(component (component (component (type u8)) (alias outer 1 0 (component))) (instance (instantiate 0)))",
    "(component (core type (func (param i32) (result i64))) (core type (module (type (func)) (alias outer 1 "
    "0 (type))"
    " (import \"a\" \"b\" (func (type 0))) (import \"a\" \"c\" (memory 1 2)) (export \"d\" (table 0 funcref))"
    " (export \"e\" (global (mut f32))))) (import \"m\" (core module (type 1))))",
    "(component (type (record (field \"a\" u8) (field \"b\" string))) (type (variant (case \"a\" 0) (case "
    "\"b\")))"
    " (type (list 1)) (type (tuple s8 u16 s16 u32)) (type (flags \"x\" \"y\")) (type (enum \"p\" \"q\"))"
    " (type (option 2)) (type (result)) (type (result u8)) (type (result (error u8))) (type (result 0 (error "
    "1)))"
    " (type (list f32 4)) (type (map string f64)) (type (stream)) (type (future char)) (type error-context)"
    " (type (func (param \"a\" 0) (result 1))) (type (func async)))",
    "(component (type (resource (rep i32))) (type (own 0)) (type (borrow 0)) (core func (canon resource.new "
    "0))"
    " (core func (canon resource.drop 0)) (core func (canon resource.rep 0)))",
    "(component (core module $m (func (export \"f\") (param i32))) (core instance $i (instantiate $m))"
    " (alias core export $i \"f\" (core func $d)) (type (resource (rep i32) (dtor (func $d)))))",
    "(component (type (component (import \"r\" (type (sub resource))) (type (func (param \"x\" (own 0))))"
    " (export \"f\" (func (type 1))) (export \"t\" (type (eq 0))))) (type (instance (alias outer 1 0 (type))"
    " (export \"c\" (component (type 0))))) (import \"i\" (instance (type 1))) (alias export 0 \"c\" "
    "(component)))",
    "(component (import \"a\" (implements \"x:y/z\") (external-id \"\\u{7fff}\\00\") (instance)) (instance "
    "$i (export \"b\""
    " (instance 0))) (export \"c\" (instance $i)) (export \"d\" (instance 0) (instance)))",
    "(component (import \"f\" (func $f (param \"s\" string) (result string))) (core module $m (memory "
    "(export \"m\") 1)"
    " (func (export \"r\") (param i32 i32 i32 i32) (result i32) unreachable) (func (export \"p\") (param "
    "i32)))"
    " (core instance $i (instantiate $m)) (core func (canon lower (func $f) (memory $i \"m\") (realloc (func "
    "$i "
    "\"r\"))"
    " string-encoding=latin1+utf16)))",
    "(component (core func (canon task.cancel)) (core func (canon context.get i32 0)) (core func (canon "
    "subtask.cancel"
    " async)) (core func (canon task.return (result u8) string-encoding=utf8)) (core func (canon "
    "thread.yield "
    "cancellable)))",
    "(component $c (@custom \"first\" \"\\00\") (core module $m (func $f)) (core instance $i (instantiate "
    "$m))"
    " (@custom \"x\" \"y\") (type $t u8) (type u16) (@custom \"x\" \"\") (type $u u32)"
    " (component $\"d e\" (core module $m) (type $v u8) (@custom \"z\" \"\")) (func $g (import \"g\")))",
};

static void round_trips(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    l.cx.features |= (Features)1 << FEATURE_COMPONENT_MORE_ASYNC | (Features)1
                                                                       << FEATURE_COMPONENT_FIXED_LISTS;
    for (size_t i = 0; i < SGI_COUNT(sources); i++)
        round_trip(&l, sources[i]);
    loader_end(&l);
}

/* Two modules of one name, which the component does not give them. */
static void names_of_modules(void **state) {
    (void)state;
    static const char bytes[] = "\0asm\x0d\0\1\0"
                                "\1\x13\0asm\1\0\0\0\0\x09\4name\0\2\1m"
                                "\1\x13\0asm\1\0\0\0\0\x09\4name\0\2\1m";
    Loader l;
    Buf text;
    loader_init(&l);
    Component *component = load_component_bytes(&l, (Bytes){(const uint8_t *)bytes, sizeof bytes - 1});
    assert_non_null(component);
    print(&l, component, &text);
    sgi_component_release(component);
    component = decode_text(&l, (const char *)text.data, text.size);
    assert_true(sgi_bytes_is(component->defs[0].as.core_module->names.module, "m"));
    assert_true(sgi_bytes_is(component->defs[1].as.core_module->names.module, "m"));
    sgi_component_release(component);
    sgi_buf_free(&text);
    loader_end(&l);
}

static void types_for_people(void **state) {
    (void)state;
    static const struct {
        const char *source, *text;
    } cases[] = {
        {"(func)", "func()"},
        {"(func (param \"a\" u32) (param \"b\" (list string)) (result (option char)))",
         "func(a: u32, b: list<string>) -> option<char>"},
        {"(func (result (result)))", "func() -> result"},
        {"(func (result (result (error (tuple f32 f64)))))", "func() -> result<_, tuple<f32, f64>>"},
        {"(func (result (result bool (error s8))))", "func() -> result<bool, s8>"},
        {"(func (param \"m\" (map string (list u8 3))))", "func(m: map<string, list<u8, 3>>)"},
        {"(instance (type $t (flags \"x\" \"y\")) (export \"t\" (type $u (eq $t))) (export \"f\" (func "
         "(result $u))))",
         "instance { t: type flags { x, y }; f: func() -> t; }"},
        {"(instance (export \"r\" (type $r (sub resource))) (export \"[method]r.m\" (func (param \"self\" "
         "(borrow "
         "$r)))))",
         "instance { r: resource; [method]r.m: func(self: borrow<r>); }"},
        {"(core module)", "core module"},
    };
    Loader l;
    loader_init(&l);
    l.cx.features |= (Features)1 << FEATURE_COMPONENT_FIXED_LISTS;
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        char source[512];
        snprintf(source, sizeof source, "(component (import \"x\" %s))", cases[i].source);
        Component *component = must_load_component(&l, source);
        Buf text;
        sgi_buf_init(&text, &l.engine);
        sgi_text_extern_type(&text, &component->type.imports[0].type);
        if (!sgi_bytes_is((Bytes){text.data, text.size}, cases[i].text))
            fail_msg("%.*s, not %s", (int)text.size, (char *)text.data, cases[i].text);
        sgi_buf_free(&text);
        sgi_component_release(component);
    }
    loader_end(&l);
}

/* A type that is huge when written out is cut. */
static void huge_types(void **state) {
    (void)state;
    Loader l;
    Buf source, text;
    loader_init(&l);
    sgi_buf_init(&source, &l.engine);
    sgi_buf_init(&text, &l.engine);
    sgi_buf_text(&source, "(component (type u8)");
    for (int i = 0; i < 18; i++)
        sgi_buf_printf(&source, "(type (tuple %d %d))", i, i);
    sgi_buf_text(&source, ")");
    sgi_buf_byte(&source, 0);
    Component *component = must_load_component(&l, (const char *)source.data);
    sgi_text_value_type(&text, component->types[component->type_count - 1].as.value);
    assert_true(text.size > 10000 && text.size < 200000);
    sgi_component_release(component);
    sgi_buf_free(&source);
    sgi_buf_free(&text);
    loader_end(&l);
}

static void every_allocation_refused(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Component *component = decode_text(&l, sources[7], strlen(sources[7]));
    sg_status status = SG_NO_MEMORY;
    for (size_t count = 0; status != SG_OK; count++) {
        Buf text;
        sgi_buf_init(&text, &l.alloc);
        l.ration.left = count;
        status = sgi_text_print_component(&l.cx, component, PRINT_FOR_PEOPLE, &text);
        l.ration.left = SIZE_MAX;
        assert_true(status == SG_OK || status == SG_NO_MEMORY);
        sgi_buf_free(&text);
        assert_true(count < 1000);
    }
    sgi_component_release(component);
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(names_of_modules),
        cmocka_unit_test(types_for_people),
        cmocka_unit_test(huge_types),
        cmocka_unit_test(every_allocation_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
