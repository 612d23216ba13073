/* Decoding of components: definitions as they stand, malformed bytes with their places, mutilated bytes,
 * depth, budgets, and every allocation refused in turn. */
#include "load_component.h"

#define PREAMBLE "\0asm\x0d\0\1\0"

static const char sample[] =
    "(component"
    "  (import \"wasi:io/streams@0.2.0\" (instance (export \"s\" (type (sub resource)))"
    "    (export \"read\" (func (param \"n\" u32) (result (list u8))))))"
    "  (core module $m (memory (export \"mem\") 1)"
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable)"
    "    (func (export \"f\") (param i32 i32) (result i32) unreachable)"
    "    (func (export \"post\") (param i32)))"
    "  (core instance $i (instantiate $m))"
    "  (core type (module (import \"a\" \"b\" (func (param i32))) (export \"c\" (global (mut i64)))))"
    "  (component $c (type (record (field \"a\" u8) (field \"b\" string))) (import \"t\" (type (eq 0))))"
    "  (type $v (variant (case \"a\" (tuple s64 f32)) (case \"b\")))"
    "  (type $f (func (param \"s\" string) (result (result string (error (option char))))))"
    "  (func $g (type $f) (canon lift (core func $i \"f\") (memory $i \"mem\") (realloc (func $i "
    "\"realloc\"))"
    "    (post-return (func $i \"post\")) string-encoding=utf16))"
    "  (core func (canon lower (func $g) (memory $i \"mem\") (realloc (func $i \"realloc\"))))"
    "  (type $r (resource (rep i32)))"
    "  (core func (canon resource.drop $r))"
    "  (instance (export \"x\" (type $v)) (export \"y\" (func $g)))"
    "  (export $v2 \"v\" (type $v))"
    "  (export \"g\" (func $g)))";

static void parse(Loader *l, const char *text, Buf *binary) {
    sgi_buf_init(binary, &l->engine);
    if (sgi_text_parse(&l->cx, sgi_bytes_of(text), binary) != SG_OK)
        fail_msg("%u:%u: %s %s", l->err.line, l->err.column, l->err.message, l->err.detail);
}

static Component *decode(Loader *l, const void *bytes, size_t size) {
    Component *component;
    l->err = (sg_error){.status = SG_OK};
    sg_status status = sgi_decode_component(&l->cx, (Bytes){bytes, size}, &component);
    assert_int_equal(status, l->err.status);
    assert_true((status == SG_OK) == (component != NULL));
    return component;
}

static void malformed(Loader *l, const void *bytes, size_t size, uint64_t offset, const char *message) {
    if (decode(l, bytes, size))
        fail_msg("decodes: %s", message);
    if (strcmp(l->err.message, message) != 0 || l->err.status != SG_MALFORMED || l->err.offset != offset)
        fail_msg("%s: %s (%s) at %llu, not %s", sg_status_name(l->err.status), l->err.message, l->err.detail,
                 (unsigned long long)l->err.offset, message);
}

#define MALFORMED(bytes, offset, message) malformed(&l, bytes, sizeof(bytes) - 1, offset, message)

static void definitions(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Buf binary;
    parse(&l, sample, &binary);
    Component *c = decode(&l, binary.data, binary.size);
    assert_non_null(c);
    uint32_t counts[DEF_VALUE + 1] = {0};
    for (uint32_t i = 0; i < c->def_count; i++) {
        const Def *def = &c->defs[i];
        counts[def->kind]++;
        assert_true(def->offset < binary.size);
        if (def->kind == DEF_IMPORT)
            assert_true(sgi_bytes_is(def->as.import.name.name, "wasi:io/streams@0.2.0"));
        if (def->kind == DEF_COMPONENT) {
            assert_ptr_equal(def->as.component->root, c);
            assert_ptr_equal(def->as.component->parent, c);
            assert_int_equal(def->as.component->depth, 1);
        }
        if (def->kind == DEF_CANON && def->as.canon.kind == CANON_LIFT) {
            assert_int_equal(def->as.canon.encoding, ENCODING_UTF16);
            assert_int_equal(def->as.canon.option_count, 4);
            assert_int_equal(def->as.canon.callback, NO_INDEX);
        }
    }
    assert_int_equal(counts[DEF_CORE_MODULE], 1);
    assert_int_equal(counts[DEF_COMPONENT], 1);
    assert_int_equal(counts[DEF_CANON], 3);
    assert_int_equal(counts[DEF_IMPORT], 1);
    assert_int_equal(counts[DEF_EXPORT], 2);
    sgi_component_retain(c);
    sgi_component_release(c);
    sgi_component_release(c);
    sgi_component_release(NULL);
    sgi_buf_free(&binary);
    loader_end(&l);
}

static void kinds(void **state) {
    (void)state;
    assert_int_equal(sgi_decode_kind(BYTES_OF(PREAMBLE)), BINARY_COMPONENT);
    assert_int_equal(sgi_decode_kind(BYTES_OF("\0asm\1\0\0\0")), BINARY_MODULE);
    assert_int_equal(sgi_decode_kind(BYTES_OF("\0asm\x0d\0\1")), BINARY_NONE);
    assert_int_equal(sgi_decode_kind(BYTES_OF("(component)")), BINARY_NONE);
}

static void malformed_bytes(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    MALFORMED("", 0, "unexpected end");
    MALFORMED("\0asn\x0d\0\1\0", 0, "magic header not detected");
    MALFORMED("\0asm\x0e\0\1\0", 4, "unknown binary version and encoding combination");
    MALFORMED("\0asm\x0d\0\2\0", 4, "unknown binary version and encoding combination");
    MALFORMED(PREAMBLE "\x0d\0", 8, "malformed section id");
    MALFORMED(PREAMBLE "\x07\x05\1\x7f", 10, "unexpected end");
    MALFORMED(PREAMBLE "\x07\x03\1\x7f\0", 12, "section size mismatch");
    MALFORMED(PREAMBLE "\x07\x02\1\x3e", 11, "invalid leading byte");
    MALFORMED(PREAMBLE "\x07\x06\xff\xff\xff\xff\x0f\x7f", 10, "length out of bounds");
    MALFORMED(PREAMBLE "\x07\x03\1\x6f\x05", 12, "length out of bounds");
    MALFORMED(PREAMBLE "\x07\x05\1\x71\1\1a", 12, "length out of bounds");
    MALFORMED(PREAMBLE "\x07\x07\1\x71\1\1a\0\1", 16, "invalid leading byte");
    MALFORMED(PREAMBLE "\x07\x03\1\x70\x40", 12, "invalid leading byte");
    MALFORMED(PREAMBLE "\x08\x02\1\x07", 11, "invalid leading byte");
    MALFORMED(PREAMBLE "\x08\x06\1\0\0\0\1\x08", 15, "invalid leading byte");
    MALFORMED(PREAMBLE "\x0a\x05\1\3\1a\1", 11, "invalid leading byte");
    MALFORMED(PREAMBLE "\x0a\x09\1\2\1a\2\2\1z\2\1y\1\0", 18, "duplicate attribute");
    MALFORMED(PREAMBLE "\x0a\x05\1\0\1\xff\1\0", 12, "malformed UTF-8 encoding");
    MALFORMED(PREAMBLE "\x06\x04\1\1\3\0", 12, "invalid leading byte");
    MALFORMED(PREAMBLE "\x06\x04\1\0\5\0", 12, "invalid leading byte");
    MALFORMED(PREAMBLE "\x02\x07\1\0\0\1\0\1\0", 15, "invalid leading byte");
    /* Places inside nested binaries count from the beginning of the whole. */
    MALFORMED(PREAMBLE "\x01\x09\0asm\1\0\0\0\xff", 18, "malformed section id");
    MALFORMED(PREAMBLE "\x04\x0a" PREAMBLE "\xff\0", 18, "malformed section id");
    loader_end(&l);
}

/* Each built-in's immediates are read as the table says. */
static void built_ins(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        const CanonRow *row = sgi_canon_row((uint8_t)opcode);
        uint8_t bytes[64] = PREAMBLE "\x08", *at = bytes + 11;
        bytes[10] = 1;
        *at++ = (uint8_t)opcode;
        unsigned has = row ? row->immediates : 0;
        for (unsigned bit = CANON_HAS_FUNC; bit <= CANON_HAS_OPTIONS; bit <<= 1) {
            if (!(has & bit))
                continue;
            if (bit == CANON_HAS_RESULT || bit == CANON_HAS_FUNC)
                *at++ = bit == CANON_HAS_RESULT;
            *at++ = bit == CANON_HAS_VALUE_TYPE ? KIND_I32 : 0;
        }
        bytes[9] = (uint8_t)(at - bytes - 10);
        Component *c = decode(&l, bytes, (size_t)(at - bytes));
        assert_true((row != NULL) == (c != NULL));
        if (c) {
            assert_int_equal(c->def_count, 1);
            assert_int_equal(c->defs[0].as.canon.opcode, opcode);
        }
        sgi_component_release(c);
    }
    loader_end(&l);
}

static void customs_are_kept(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    static const char bytes[] = PREAMBLE "\x07\x02\1\x7d\0\x04\1nab";
    Component *c = decode(&l, bytes, sizeof bytes - 1);
    assert_non_null(c);
    assert_int_equal(c->custom_count, 1);
    assert_true(sgi_bytes_is(c->customs[0].name, "n"));
    assert_true(sgi_bytes_is(c->customs[0].bytes, "ab"));
    assert_int_equal(c->customs[0].after, 7);
    sgi_component_release(c);
    loader_end(&l);
}

/* Whatever is cut off or changed: an error with a message, or a component, and nothing lost. */
static void mutilated(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Buf binary;
    parse(&l, sample, &binary);
    for (size_t size = 0; size < binary.size; size++) {
        uint8_t *cut = malloc(size ? size : 1); /* of its own size, for the sanitizer */
        memcpy(cut, binary.data, size);
        sgi_component_release(load_component_bytes(&l, (Bytes){cut, size}));
        free(cut);
    }
    static const uint8_t masks[] = {0x01, 0x02, 0x08, 0x40, 0x80, 0xff};
    for (size_t at = 0; at < binary.size; at++)
        for (size_t i = 0; i < SGI_COUNT(masks); i++) {
            binary.data[at] ^= masks[i];
            sgi_component_release(load_component_bytes(&l, (Bytes){binary.data, binary.size}));
            binary.data[at] ^= masks[i];
        }
    sgi_buf_free(&binary);
    loader_end(&l);
}

static void put_nested(Buf *out, unsigned depth) {
    /* From the inside out: each level is a section of the one around it. */
    Buf inner;
    sgi_buf_init(&inner, out->alloc);
    sgi_buf_put(&inner, PREAMBLE, 8);
    for (unsigned i = 0; i < depth; i++) {
        Buf outer;
        sgi_buf_init(&outer, out->alloc);
        sgi_buf_put(&outer, PREAMBLE "\x04", 9);
        sgi_buf_sized(&outer, inner.data, inner.size);
        sgi_buf_free(&inner);
        inner = outer;
    }
    sgi_buf_free(out);
    *out = inner;
}

static void depth_of_components(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Buf bytes;
    sgi_buf_init(&bytes, &l.engine);
    put_nested(&bytes, 100);
    Component *c = load_component_bytes(&l, (Bytes){bytes.data, bytes.size});
    assert_non_null(c);
    sgi_component_release(c);
    put_nested(&bytes, 101);
    assert_null(decode(&l, bytes.data, bytes.size));
    assert_int_equal(l.err.status, SG_TOO_LARGE);
    sgi_buf_free(&bytes);
    loader_end(&l);
}

static void many_modules(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    for (unsigned count = 1000; count <= 1001; count++) {
        Buf bytes;
        sgi_buf_init(&bytes, &l.engine);
        sgi_buf_put(&bytes, PREAMBLE, 8);
        for (unsigned i = 0; i < count; i++)
            sgi_buf_put(&bytes, "\x01\x08\0asm\1\0\0\0", 10);
        Component *c = load_component_bytes(&l, (Bytes){bytes.data, bytes.size});
        assert_int_equal(l.err.status, count == 1000 ? SG_OK : SG_TOO_LARGE);
        sgi_component_release(c);
        sgi_buf_free(&bytes);
    }
    loader_end(&l);
}

/* Declarators inside declarators: "(type (instance (type (instance ..." */
static void depth_of_types(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    for (unsigned depth = 100; depth <= 50000; depth += 49900) {
        Buf section, bytes;
        sgi_buf_init(&section, &l.engine);
        sgi_buf_init(&bytes, &l.engine);
        sgi_buf_byte(&section, 1);
        for (unsigned i = 0; i < depth; i++)
            sgi_buf_put(&section, i + 1 < depth ? "\x42\1\1" : "\x42\0", i + 1 < depth ? 3 : 2);
        sgi_buf_put(&bytes, PREAMBLE "\x07", 9);
        sgi_buf_sized(&bytes, section.data, section.size);
        Component *c = decode(&l, bytes.data, bytes.size);
        assert_true((c != NULL) == (depth == 100));
        assert_int_equal(l.err.status, c ? SG_OK : SG_TOO_LARGE);
        sgi_component_release(c);
        sgi_buf_free(&section);
        sgi_buf_free(&bytes);
    }
    loader_end(&l);
}

static void budget(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Buf binary;
    parse(&l, sample, &binary);
    size_t limit = 0;
    Component *c = NULL;
    for (; c == NULL; limit += 509) {
        l.alloc.limit = limit;
        c = load_component_bytes(&l, (Bytes){binary.data, binary.size});
        if (c == NULL && l.err.status != SG_TOO_LARGE && l.err.status != SG_NO_MEMORY)
            fail_msg("%s (%s)", l.err.message, l.err.detail);
    }
    assert_true(limit < 200000);
    sgi_component_release(c);
    l.alloc.limit = SIZE_MAX;
    sgi_buf_free(&binary);
    loader_end(&l);
}

static void every_allocation_refused(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Buf binary;
    parse(&l, sample, &binary);
    Component *c = NULL;
    for (size_t count = 0; c == NULL; count++) {
        l.ration.left = count;
        c = load_component_bytes(&l, (Bytes){binary.data, binary.size});
        l.ration.left = SIZE_MAX;
        if (c == NULL)
            assert_int_equal(l.err.status, SG_NO_MEMORY);
        assert_true(count < 5000);
    }
    sgi_component_release(c);
    sgi_buf_free(&binary);
    loader_end(&l);
}

static void interrupted(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Buf binary;
    parse(&l, sample, &binary);
    atomic_uint flag;
    atomic_init(&flag, SG_TRAP_DEADLINE);
    l.cx.interrupt = &flag;
    assert_null(decode(&l, binary.data, binary.size));
    assert_int_equal(l.err.status, SG_TRAP);
    assert_int_equal(l.err.trap, SG_TRAP_DEADLINE);
    sgi_buf_free(&binary);
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(definitions),
        cmocka_unit_test(kinds),
        cmocka_unit_test(malformed_bytes),
        cmocka_unit_test(built_ins),
        cmocka_unit_test(customs_are_kept),
        cmocka_unit_test(mutilated),
        cmocka_unit_test(depth_of_components),
        cmocka_unit_test(depth_of_types),
        cmocka_unit_test(many_modules),
        cmocka_unit_test(budget),
        cmocka_unit_test(every_allocation_refused),
        cmocka_unit_test(interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
