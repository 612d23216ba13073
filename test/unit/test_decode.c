/* Decoding core modules: what is malformed, what is kept, and that no input harms. */
#include "load_core.h"

#define HEADER "\0asm\1\0\0\0"

typedef struct Case {
    Bytes bytes;
    sg_status status;
    const char *message;
} Case;

static void malformed(void **state) {
    (void)state;
    static const Case cases[] = {
        {BYTES_OF(""), SG_MALFORMED, "unexpected end"},
        {BYTES_OF("\0as"), SG_MALFORMED, "unexpected end"},
        {BYTES_OF("\0ASM\1\0\0\0"), SG_MALFORMED, "magic header not detected"},
        {BYTES_OF("\0asm\2\0\0\0"), SG_MALFORMED, "unknown binary version"},
        {BYTES_OF(HEADER "\x0e\1\0"), SG_MALFORMED, "malformed section id"},
        {BYTES_OF(HEADER "\1\2\0"), SG_MALFORMED, "length out of bounds"},
        {BYTES_OF(HEADER "\1\5\1\x60\0\0\0"), SG_MALFORMED, "section size mismatch"},
        {BYTES_OF(HEADER "\1\1\1"), SG_MALFORMED, "length out of bounds"},
        {BYTES_OF(HEADER "\1\2\1\x60"), SG_MALFORMED, "length out of bounds"},
        {BYTES_OF(HEADER "\3\1\0\1\1\0"), SG_MALFORMED, "unexpected content after last section"},
        {BYTES_OF(HEADER "\1\1\0\1\1\0"), SG_MALFORMED, "unexpected content after last section"},
        {BYTES_OF(HEADER "\2\4\1\0\0\5"), SG_MALFORMED, "malformed import kind"},
        {BYTES_OF(HEADER "\2\5\1\1\x80\0\0"), SG_MALFORMED, "malformed UTF-8 encoding"},
        {BYTES_OF(HEADER "\4\4\1\x70\x08\0"), SG_MALFORMED, "malformed limits flags"},
        {BYTES_OF(HEADER "\4\4\1\x7f\0\0"), SG_MALFORMED, "malformed reference type"},
        {BYTES_OF(HEADER "\6\6\1\x7f\2\x41\0\x0b"), SG_MALFORMED, "malformed mutability"},
        {BYTES_OF(HEADER "\6\5\1\x7f\0\x41\0"), SG_MALFORMED, "unexpected end of section or function"},
        {BYTES_OF(HEADER "\6\5\1\x7f\0\xf3\x0b"), SG_MALFORMED, "illegal opcode"},
        {BYTES_OF(HEADER "\7\4\1\0\5\0"), SG_MALFORMED, "malformed export kind"},
        {BYTES_OF(HEADER "\11\2\1\10"), SG_MALFORMED, "length out of bounds"},
        {BYTES_OF(HEADER "\11\4\1\1\1\0"), SG_MALFORMED, "malformed element kind"},
        {BYTES_OF(HEADER "\x0c\1\1"), SG_MALFORMED, "data count and data section have inconsistent lengths"},
        {BYTES_OF(HEADER "\x0a\4\1\2\0\x0b"), SG_MALFORMED,
         "function and code section have inconsistent lengths"},
        {BYTES_OF(HEADER "\1\4\1\x60\0\0\3\2\1\0\x0a\x0c\1\x0a\2\xff\xff\xff\xff\x0f\x7f\2\x7e\x0b"),
         SG_MALFORMED, "too many locals"},
        {BYTES_OF(HEADER "\1\4\1\x60\0\0\3\2\1\0\x0a\x0a\1\x08\1\xff\xff\xff\xff\x0f\x7f\x0b"), SG_TOO_LARGE,
         "implementation limit exceeded"},
        {BYTES_OF(HEADER "\10\5\xff\xff\xff\xff\x0f"), SG_INVALID, "unknown function"},
        {BYTES_OF(HEADER "\1\4\1\x5f\0\0"), SG_UNSUPPORTED, "unsupported feature"},
        {BYTES_OF(HEADER "\5\4\1\3\0\1"), SG_UNSUPPORTED, "unsupported feature"},
        {BYTES_OF(HEADER "\x0d\3\1\0\0"), SG_UNSUPPORTED, "unsupported feature"},
    };
    Loader l;
    loader_init(&l);
    l.cx.features &=
        ~((Features)1 << FEATURE_GC | (Features)1 << FEATURE_MEMORY64 | (Features)1 << FEATURE_EXCEPTIONS);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        Module *module = NULL;
        l.err = (sg_error){.status = SG_OK};
        assert_int_equal(sgi_decode_module(&l.cx, cases[i].bytes, &module), cases[i].status);
        assert_null(module);
        assert_int_equal(l.err.status, cases[i].status);
        assert_string_equal(l.err.message, cases[i].message);
        /* An error is not owed to anyone. */
        LoadContext silent = l.cx;
        silent.err = NULL;
        assert_int_equal(sgi_decode_module(&silent, cases[i].bytes, &module), cases[i].status);
    }
    loader_end(&l);
}

/* What a module imports counts towards the limits of its index spaces, other sections or not. */
static void too_many_imports(void **state) {
    (void)state;
    static const Bytes types[] = {
        [EXTERN_TABLE] = BYTES_OF("\1\x70\0\0"), [EXTERN_MEMORY] = BYTES_OF("\2\0\0")};
    static const LimitId limits[] = {[EXTERN_TABLE] = LIMIT_ID_TABLES, [EXTERN_MEMORY] = LIMIT_ID_MEMORIES};
    for (ExternKind kind = EXTERN_TABLE; kind <= EXTERN_MEMORY; kind++)
        for (uint32_t more = 0; more <= 1; more++) {
            Loader l;
            loader_init(&l);
            Buf imports, binary;
            sgi_buf_init(&imports, &l.alloc);
            sgi_buf_init(&binary, &l.alloc);
            uint32_t count = (uint32_t)sgi_limits[limits[kind]].value + more;
            sgi_buf_leb_u(&imports, count);
            for (uint32_t i = 0; i < count; i++) {
                sgi_buf_put(&imports, "\0\0", 2);
                sgi_buf_put(&imports, types[kind].data, types[kind].size);
            }
            sgi_buf_put(&binary, HEADER "\2", 9);
            sgi_buf_sized(&binary, imports.data, imports.size);
            Module *module = load_bytes(&l, (Bytes){binary.data, binary.size});
            assert_int_equal(l.err.status, more ? SG_TOO_LARGE : SG_OK);
            sgi_module_release(module);
            sgi_buf_free(&imports);
            sgi_buf_free(&binary);
            loader_end(&l);
        }
}

static void kinds(void **state) {
    (void)state;
    assert_int_equal(sgi_decode_kind(BYTES_OF(HEADER)), BINARY_MODULE);
    assert_int_equal(sgi_decode_kind(BYTES_OF("\0asm\x0d\0\1\0")), BINARY_COMPONENT);
    assert_int_equal(sgi_decode_kind(BYTES_OF("(module)")), BINARY_NONE);
    assert_int_equal(sgi_decode_kind(BYTES_OF("\0asm")), BINARY_NONE);
}

static const char full[] =
    "(module $full (type $t (func (param i32) (result i32))) (import \"a\" \"f\" (func $imported (type $t)))"
    "(import \"a\" \"g\" (global $g0 i32)) (table $tab 2 4 funcref) (memory $mem 1 2)"
    "(global $g1 (mut i64) (i64.const -5)) (export \"run\" (func $run)) (export \"mem\" (memory $mem))"
    "(func $run (param $p i32) (result i32) (local $x i64) (local $y i64) (block $out (br $out))"
    "  (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (call $imported (local.get $p)))"
    "(elem $e (i32.const 0) func $run $imported) (elem declare func $run)"
    "(elem funcref (ref.func $run) (item (ref.null func)))"
    "(data $d \"abc\") (data (i32.const 8) \"xyz\"))";

static void contents(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Module *m = must_load(&l, full);
    assert_int_equal(m->import_count, 2);
    assert_int_equal(m->imported[EXTERN_FUNC], 1);
    assert_int_equal(m->imported[EXTERN_GLOBAL], 1);
    assert_int_equal(m->func_count, 2);
    assert_int_equal(m->imports[1].kind, EXTERN_GLOBAL);
    assert_true(sgi_bytes_is(m->imports[1].name, "g"));
    assert_int_equal(m->tables[0].type.limits.max, 4);
    assert_int_equal(m->memories[0].min, 1);
    assert_true(m->globals[1].type.mutable_);
    assert_int_equal(m->elem_count, 3);
    assert_int_equal(m->elems[0].funcs[1], 0);
    assert_int_equal(m->elems[1].mode, SEGMENT_DECLARATIVE);
    assert_int_equal(m->elems[2].count, 2);
    assert_non_null(m->elems[2].exprs);
    assert_true(m->has_data_count);
    assert_true(sgi_bytes_is(m->datas[1].bytes, "xyz"));
    assert_int_equal(m->datas[0].mode, SEGMENT_PASSIVE);
    assert_int_equal(m->bodies[0].local_count, 2);
    assert_int_equal(m->bodies[0].run_count, 1);
    assert_int_equal(m->start, UINT32_MAX);
    assert_true(sgi_bytes_is(m->names.module, "full"));
    assert_true(sgi_bytes_is(sgi_name_find(&m->names.funcs, 1), "run"));
    assert_true(sgi_bytes_is(sgi_name_find(&m->names.locals.maps[0], 2), "y"));
    assert_int_equal(sgi_name_find(&m->names.funcs, 7).size, 0);
    sgi_module_retain(m);
    sgi_module_release(m);
    sgi_module_release(m);
    loader_end(&l);
}

static void custom_sections(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    /* Before and after the type section; then a name section that is cut short in its second subsection. */
    Module *m = load_bytes(&l, BYTES_OF(HEADER "\0\3\1aX\1\4\1\x60\0\0\0\2\1b"
                                               "\0\x10\4name\0\2\1M\1\x02\5\0"
                                               "\4\1\0"));
    assert_non_null(m);
    assert_int_equal(m->custom_count, 3);
    assert_int_equal(m->customs[0].after, 0);
    assert_int_equal(m->customs[1].after, 1);
    assert_true(sgi_bytes_is(m->customs[0].bytes, "X"));
    assert_true(sgi_bytes_is(m->names.module, "M"));
    assert_int_equal(m->names.funcs.count, 0);
    sgi_module_release(m);
    assert_null(load_bytes(&l, BYTES_OF(HEADER "\0\1\5")));
    loader_end(&l);
}

static Buf binary_of(Loader *l, const char *text) {
    Buf binary;
    sgi_buf_init(&binary, &l->alloc);
    assert_int_equal(sgi_text_parse(&l->cx, sgi_bytes_of(text), &binary), SG_OK);
    return binary;
}

static void every_byte(void **state) {
    (void)state;
    static const uint8_t flips[] = {0xff, 0x01, 0x80, 0x40};
    Loader l;
    loader_init(&l);
    Buf binary = binary_of(&l, full);
    for (size_t i = 0; i < binary.size; i++) {
        /* A copy of this size lets a sanitizer see reads past its end. */
        uint8_t *copy = malloc(i + 1);
        memcpy(copy, binary.data, i);
        sgi_module_release(load_bytes(&l, (Bytes){copy, i}));
        free(copy);
        for (size_t k = 0; k < sizeof flips; k++) {
            binary.data[i] ^= flips[k];
            sgi_module_release(load_bytes(&l, (Bytes){binary.data, binary.size}));
            binary.data[i] ^= flips[k];
        }
    }
    sgi_buf_free(&binary);
    loader_end(&l);
}

/* Each allocation fails in turn until none does. */
static void every_allocation(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Buf binary = binary_of(&l, full);
    size_t before = l.ration.bytes, failures = 0;
    for (size_t n = 0;; n++) {
        l.ration.left = n;
        l.ration.refused = false;
        Module *module = load_bytes(&l, (Bytes){binary.data, binary.size});
        if (!l.ration.refused) {
            assert_non_null(module);
            sgi_module_release(module);
            break;
        }
        assert_null(module);
        assert_int_equal(l.err.status, SG_NO_MEMORY);
        failures++;
    }
    l.ration.left = SIZE_MAX;
    assert_true(failures > 10);
    assert_true(l.ration.bytes >= before);
    sgi_buf_free(&binary);
    loader_end(&l);
}

static void budget(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Buf binary = binary_of(&l, full);
    l.alloc.limit = 6000;
    assert_null(load_bytes(&l, (Bytes){binary.data, binary.size}));
    assert_int_equal(l.err.status, SG_TOO_LARGE);
    sgi_buf_free(&binary);
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed),        cmocka_unit_test(too_many_imports), cmocka_unit_test(kinds),
        cmocka_unit_test(contents),         cmocka_unit_test(custom_sections),  cmocka_unit_test(every_byte),
        cmocka_unit_test(every_allocation), cmocka_unit_test(budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
