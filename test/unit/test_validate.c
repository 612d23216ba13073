/* Validating core modules: errors, what bodies are filled with, and that hostile shapes take linear time. */
#include "load_core.h"

static void invalid(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"(func (result i32))", "type mismatch"},
        {"(func (result i32) i64.const 0)", "type mismatch"},
        {"(func i32.const 0)", "type mismatch"},
        {"(func i32.add drop)", "type mismatch"},
        {"(func (param i32) (if (result i32) (local.get 0) (then (i32.const 1))) drop)", "type mismatch"},
        {"(func (block (result i32) (br 0)) drop)", "type mismatch"},
        {"(func (block (result i32) (block (result i64) (i32.const 0) (br_table 0 1 (i32.const 0)))"
         " drop i32.const 0) drop)",
         "type mismatch"},
        {"(func unreachable (i64.const 0) (i32.const 0) i32.add drop)", "type mismatch"},
        {"(func (select (ref.null func) (ref.null func) (i32.const 0)) drop)", "type mismatch"},
        {"(func (br 1))", "unknown label"},
        {"(func (call 1))", "unknown function"},
        {"(func (local i32 i32) (drop (local.get 2)))", "unknown local"},
        {"(func (drop (global.get 0)))", "unknown global"},
        {"(global i32 (i32.const 0)) (func (global.set 0 (i32.const 1)))", "immutable global"},
        {"(func (drop (i32.load (i32.const 0))))", "unknown memory"},
        {"(memory 1) (func (drop (i32.load align=8 (i32.const 0))))",
         "alignment must not be larger than natural"},
        {"(memory 1) (func (drop (i32.load offset=4294967296 (i32.const 0))))", "offset out of range"},
        {"(func (drop (table.get 0 (i32.const 0))))", "unknown table"},
        {"(table 1 externref) (func (call_indirect (i32.const 0)))", "type mismatch"},
        {"(func (type 3))", "unknown type"},
        {"(func $f) (func (drop (ref.func $f)))", "undeclared function reference"},
        {"(func (local $x (ref func)) (drop (local.get $x)))", "uninitialized local"},
        {"(func (param (ref func)) (local $x (ref func)) (block (local.set $x (local.get 0)))"
         " (drop (local.get $x)))",
         "uninitialized local"},
        {"(memory 65537)", "memory size"},
        {"(memory 2 1)", "size minimum must not be greater than maximum"},
        {"(table 0x1_0000_0000 funcref)", "table size"},
        {"(table 1 (ref func))", "type mismatch"},
        {"(global i32 (i64.const 0))", "type mismatch"},
        {"(global i32 (i32.const 0) (i32.const 0))", "type mismatch"},
        {"(global i32 (i32.clz (i32.const 0)))", "constant expression required"},
        {"(global $a (mut i32) (i32.const 0)) (global i32 (global.get $a))", "constant expression required"},
        {"(global i32 (global.get 1)) (global i32 (i32.const 0))", "unknown global"},
        {"(data (i32.const 0) \"\")", "unknown memory"},
        {"(elem (i32.const 0) func)", "unknown table"},
        {"(table 1 externref) (elem (i32.const 0) func)", "type mismatch"},
        {"(elem func 0)", "unknown function"},
        {"(func (elem.drop 0))", "unknown elem segment"},
        {"(func (param i32)) (start 0)", "start function"},
        {"(start 0)", "unknown function"},
        {"(export \"a\" (func 0))", "unknown function"},
        {"(func) (export \"a\" (func 0)) (export \"a\" (func 0))", "duplicate export name"},
        {"(func $f (result i64) i64.const 0) (func (result i32) (return_call $f))", "type mismatch"},
        {"(type $t (func (param i32))) (func (param (ref null $t)) (call_ref $t (local.get 0)))",
         "type mismatch"},
        {"(tag (result i32))", "non-empty tag result type"},
        {"(tag (type 5))", "unknown type"},
        {"(export \"t\" (tag 0))", "unknown tag"},
        {"(func throw 0)", "unknown tag"},
        {"(tag (param i32)) (func (throw 0 (i64.const 1)))", "type mismatch"},
        {"(func (throw_ref (ref.null func)))", "type mismatch"},
        {"(func (try_table (catch 0 0)))", "unknown tag"},
        {"(func (try_table (catch_all 1)))", "unknown label"},
        {"(tag (param i32)) (func (result i32) (try_table (catch_all 0)) unreachable)", "type mismatch"},
        /* Not even where the operands may be of any type. */
        {"(tag) (func (result i32) unreachable (try_table (catch 0 0)))", "type mismatch"},
        {"(func (result i64 exnref) (block (result i64) (try_table (catch_all_ref 1)) unreachable)"
         " unreachable)",
         "type mismatch"},
        {"(func (result (ref noexn)) (try_table (catch_all_ref 0)) unreachable)", "type mismatch"},
        {"(func (local $x (ref func)) (try_table (local.set $x (ref.func 0))) (drop (local.get $x)))"
         "(elem declare func 0)",
         "uninitialized local"},
    };
    Loader l;
    loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        must_fail(&l, cases[i].text, SG_INVALID, cases[i].message);
    loader_end(&l);
}

static void valid(void **state) {
    (void)state;
    static const char *const cases[] = {
        "(func (result i32) unreachable)",
        "(func (result i32) unreachable i32.add)",
        "(func (result i32 i64) (block (result i32 i64) (br 0 (i32.const 1) (i64.const 2))))",
        "(func (param i32) (result i32) (local.get 0) (loop (param i32) (result i32) (br_if 0 (i32.const "
        "0))))",
        "(func unreachable select drop)",
        "(func (param (ref null func)) (block $l (br_on_null $l (local.get 0)) drop))",
        "(func (param (ref null func)) (result (ref func)) (br_on_non_null 0 (local.get 0)) unreachable)",
        "(func (param (ref func)) (local $x (ref func)) (local.set $x (local.get 0)) (drop (local.get $x)))",
        "(type $t (func (result i32))) (elem declare func $f) (func $f (type $t) i32.const 0)"
        "(func (result i32) (call_ref $t (ref.func $f))) (func (result i32) (return_call_ref $t (ref.func "
        "$f)))",
        "(table 1 (ref func) (ref.func 0)) (func)",
        "(global $a i32 (i32.const 1)) (global i32 (i32.add (global.get $a) (i32.mul (i32.const 2) "
        "(i32.const 3))))",
        "(memory 1) (memory 2) (func (memory.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 0))"
        " (i32.store 1 (i32.const 0) (i32.load 1 offset=4 (i32.const 0))))",
        "(func (drop (ref.as_non_null (unreachable))))",
        "(memory 65536) (table 4294967295 funcref)",
        "(tag $t (param i32 (ref func))) (func (result i32 funcref exnref) (block (result i32 (ref null func)"
        " (ref exn)) (try_table (catch_ref $t 0) (catch_ref $t 1)) unreachable))",
        "(func (result i32) (throw_ref (unreachable)))",
        "(func (throw_ref (ref.null noexn)))",
    };
    Loader l;
    loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        sgi_module_release(must_load(&l, cases[i]));
    loader_end(&l);
}

static void features(void **state) {
    (void)state;
    static const struct {
        Feature feature;
        const char *text;
    } cases[] = {
        {FEATURE_TAIL_CALL, "(func (return_call 0))"},
        {FEATURE_SIGN_EXTENSION, "(func (drop (i32.extend8_s (i32.const 0))))"},
        {FEATURE_BULK_MEMORY, "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))"},
        {FEATURE_MULTI_VALUE, "(func (result i32 i32) unreachable)"},
        {FEATURE_MULTI_MEMORY, "(memory 1) (memory 1)"},
        {FEATURE_EXTENDED_CONST, "(global i32 (i32.add (i32.const 1) (i32.const 1)))"},
        {FEATURE_FUNCTION_REFERENCES, "(func (param (ref func)))"},
        {FEATURE_REFERENCE_TYPES, "(func (param externref))"},
        {FEATURE_EXCEPTIONS, "(tag)"},
        {FEATURE_MUTABLE_GLOBAL, "(global (export \"g\") (mut i32) (i32.const 0))"},
    };
    Loader l;
    loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        sgi_module_release(must_load(&l, cases[i].text));
        l.cx.features &= ~((Features)1 << cases[i].feature);
        must_fail(&l, cases[i].text, SG_UNSUPPORTED, "unsupported feature");
        assert_non_null(strstr(l.err.detail, sgi_feature_names[cases[i].feature]));
        l.cx.features = sgi_features_default();
    }
    loader_end(&l);
}

/* A body's segments as "E0+5 L12+3 P20+1". */
static void segments_are(Loader *l, const char *text, const char *expected) {
    Module *module = must_load(l, text);
    const FuncBody *body = &module->bodies[module->body_count - 1];
    char found[256] = "";
    for (uint32_t i = 0; i < body->segment_count; i++) {
        const Segment *segment = &module->segments[body->segment_start + i];
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%c%u+%u", i ? " " : "", "PEL"[segment->kind],
                 segment -> offset, segment -> cost);
    }
    assert_string_equal(found, expected);
    sgi_module_release(module);
}

static void segments(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    segments_are(&l, "(func)", "E0+0");
    segments_are(&l, "(func i32.const 1 i32.const 2 i32.add drop)", "E0+3");
    segments_are(&l, "(func call 0 i32.const 1 drop)", "E0+1 P2+1");
    segments_are(&l, "(func call 0)", "E0+1");
    segments_are(&l, "(func (loop (br 0)))", "E0+0 L2+1");
    segments_are(&l, "(func (loop) nop)", "E0+0 L2+0");
    /* What follows a loop that is left by its end belongs to the same segment; else it is dead. */
    segments_are(&l, "(func loop i32.const 1 drop end i32.const 2 drop)", "E0+0 L2+2");
    segments_are(&l, "(func loop br 0 end i32.const 2 drop)", "E0+0 L2+1");
    segments_are(&l, "(func block br 0 i32.const 1 drop end i32.const 2 drop)", "E0+1 P8+1");
    segments_are(&l, "(func block unreachable end i32.const 2 drop)", "E0+0");
    segments_are(&l,
                 "(func (param i32) local.get 0 if i32.const 1 drop else i32.const 2 drop nop end"
                 " i32.const 3 drop)",
                 "E0+2 P4+1 P8+1 P13+1");
    segments_are(&l, "(func (param i32) local.get 0 if unreachable end i32.const 3 drop)", "E0+2 P6+1");
    segments_are(&l, "(func (param i32) local.get 0 if return else return end i32.const 3 drop)", "E0+2");
    segments_are(&l, "(func (param i32) block local.get 0 br_if 0 i32.const 1 drop end)", "E0+2 P6+1");
    segments_are(&l, "(func (param i32) (block local.get 0 br_table 0 0) i32.const 1 drop)", "E0+2 P9+1");
    segments_are(&l, "(func return call 0 loop br 0 end)", "E0+0");
    /* A catch's label can be reached whenever its block can, the sequence of an older one too. */
    segments_are(&l, "(tag) (func block try_table (catch_all 0) throw 0 end end i32.const 1 drop)",
                 "E0+1 P11+1");
    segments_are(&l,
                 "(func block loop try_table (catch_all 1) (catch_all 0) call 0 end br 0 end end i32.const 1"
                 " drop)",
                 "E0+0 L4+1 P14+1 P18+1");
    segments_are(&l, "(func block return try_table (catch_all 0) end end i32.const 1 drop)", "E0+0");
    segments_are(&l, "(func try_table (catch_all 0) end i32.const 1 drop)", "E0+0 P6+1");
    l.cx.features |= (Features)1 << FEATURE_LEGACY_EXCEPTIONS;
    segments_are(&l,
                 "(tag) (func try throw 0 catch 0 i32.const 1 drop unreachable catch_all i32.const 1 drop end"
                 " i32.const 1 drop)",
                 "E0+1 P6+1 P11+1 P15+1");
    segments_are(&l, "(tag) (func try throw 0 catch_all rethrow 0 end i32.const 1 drop)", "E0+1 P5+1");
    segments_are(&l, "(tag) (func try throw 0 delegate 0 i32.const 1 drop)", "E0+1");
    segments_are(&l, "(tag) (func return try nop catch_all i32.const 1 drop end)", "E0+0");
    loader_end(&l);
}

static void bodies(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Module *m =
        must_load(&l, "(func (result i32) (block (loop (nop))) (i32.const 1) (i32.const 2) (i32.const 3)"
                      " i32.add i32.add) (func (export \"a\") (export \"b\")) (elem func 0)");
    assert_int_equal(m->bodies[0].max_stack, 3);
    assert_int_equal(m->bodies[0].max_labels, 3);
    assert_int_equal(m->bodies[1].max_stack, 0);
    assert_int_equal(m->bodies[1].max_labels, 1);
    assert_int_equal(m->bodies[1].segment_start, m->bodies[0].segment_count);
    assert_int_equal(m->segment_count, m->bodies[0].segment_count + m->bodies[1].segment_count);
    assert_int_equal(m->declared_funcs[0], 3);
    assert_int_equal(*sgi_map_get(&m->export_map, BYTES_OF("b")), 1);
    assert_null(sgi_map_get(&m->export_map, BYTES_OF("c")));
    sgi_module_release(m);
    loader_end(&l);
}

static void errors_say_where(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    must_fail(&l, "(func) (func $broken i32.const 1 i64.eqz drop)", SG_INVALID, "type mismatch");
    assert_string_equal(l.err.detail, "i64.eqz: expected i64, found i32, in function 1 broken");
    assert_true(l.err.offset > 8 && l.err.offset < 64);
    loader_end(&l);
}

static void unknown_opcodes(void **state) {
    (void)state;
    static const struct {
        uint8_t code[2];
        sg_status status;
        const char *detail;
    } cases[] = {
        {{0x27, 0}, SG_MALFORMED, "27"},       {{0xff, 0}, SG_MALFORMED, "ff"},
        {{0xfc, 0x12}, SG_MALFORMED, "fc 12"}, {{0xfe, 0x00}, SG_UNSUPPORTED, "threads"},
        {{0xfb, 0x00}, SG_UNSUPPORTED, "gc"},  {{0x08, 0x00}, SG_UNSUPPORTED, "exceptions"},
    };
    Loader l;
    loader_init(&l);
    l.cx.features = (Features)1 << FEATURE_MVP;
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        uint8_t module[] = "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\x0a\6\1\4\0??\x0b";
        memcpy(module + sizeof module - 4, cases[i].code, 2);
        assert_null(load_bytes(&l, (Bytes){module, sizeof module - 1}));
        assert_int_equal(l.err.status, cases[i].status);
        assert_non_null(strstr(l.err.detail, cases[i].detail));
    }
    loader_end(&l);
}

/* A module of one function whose body repeats `unit`, between `head` and `tail`. */
static Module *load_repeated(Loader *l, Bytes head, Bytes unit, uint32_t count, Bytes tail,
                             uint32_t tail_count) {
    Buf body, module;
    sgi_buf_init(&body, &l->alloc);
    sgi_buf_init(&module, &l->alloc);
    sgi_buf_put(&body, head.data, head.size);
    for (uint32_t i = 0; i < count; i++)
        sgi_buf_put(&body, unit.data, unit.size);
    for (uint32_t i = 0; i < tail_count; i++)
        sgi_buf_put(&body, tail.data, tail.size);
    sgi_buf_byte(&body, 0x0b);
    sgi_buf_put(&module, "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\x0a", 19);
    Buf section;
    sgi_buf_init(&section, &l->alloc);
    sgi_buf_leb_u(&section, 1);
    sgi_buf_sized(&section, body.data, body.size);
    sgi_buf_sized(&module, section.data, section.size);
    Module *loaded = load_bytes(l, (Bytes){module.data, module.size});
    sgi_buf_free(&body);
    sgi_buf_free(&section);
    sgi_buf_free(&module);
    return loaded;
}

/* The greatest index of a block type is not the one that says "no type" inside. */
static void block_types_of_nothing(void **state) {
    (void)state;
    static const char bytes[] = "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0"
                                "\x0a\x0b\1\x09\0\2\xff\xff\xff\xff\x0f\x0b\x0b";
    Loader l;
    loader_init(&l);
    assert_null(load_bytes(&l, BYTES_OF(bytes)));
    assert_int_equal(l.err.status, SG_INVALID);
    assert_string_equal(l.err.message, "unknown type");
    loader_end(&l);
}

static void bombs(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    Module *m = load_repeated(&l, BYTES_OF("\0"), BYTES_OF("\x02\x40"), 900000, BYTES_OF("\x0b"), 900000);
    assert_non_null(m);
    assert_int_equal(m->bodies[0].max_labels, 900001);
    sgi_module_release(m);
    assert_null(load_repeated(&l, BYTES_OF("\0"), BYTES_OF("\x02\x40"), 1000000, BYTES_OF("\x0b"), 1000000));
    assert_int_equal(l.err.status, SG_TOO_LARGE);
    m = load_repeated(&l, BYTES_OF("\0"), BYTES_OF("\x03\x40\x0b"), 20000, BYTES_OF(""), 0);
    assert_int_equal(m->segment_count, 20001);
    sgi_module_release(m);
    m = load_repeated(&l, BYTES_OF("\1\1\x7f"), BYTES_OF("\x02\x7f\x20\0\x0b\x1a"), 15000, BYTES_OF(""), 0);
    assert_int_equal(m->bodies[0].max_stack, 1);
    sgi_module_release(m);
    m = load_repeated(&l, BYTES_OF("\0"), BYTES_OF("\x41\0"), 1000000, BYTES_OF("\x00"), 1);
    assert_non_null(m);
    assert_int_equal(m->bodies[0].max_stack, 1000000);
    sgi_module_release(m);
    assert_null(load_repeated(&l, BYTES_OF("\0"), BYTES_OF("\x41\0"), 1000001, BYTES_OF("\x00"), 1));
    assert_int_equal(l.err.status, SG_TOO_LARGE);
    loader_end(&l);
}

static void interrupted(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    atomic_uint interrupt = SG_TRAP_DEADLINE;
    l.cx.interrupt = &interrupt;
    assert_null(load_repeated(&l, BYTES_OF("\0"), BYTES_OF("\x01"), 1000000, BYTES_OF(""), 0));
    assert_int_equal(l.err.status, SG_TRAP);
    assert_int_equal(l.err.trap, SG_TRAP_DEADLINE);
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid),         cmocka_unit_test(valid),
        cmocka_unit_test(features),        cmocka_unit_test(segments),
        cmocka_unit_test(bodies),          cmocka_unit_test(errors_say_where),
        cmocka_unit_test(unknown_opcodes), cmocka_unit_test(block_types_of_nothing),
        cmocka_unit_test(bombs),           cmocka_unit_test(interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
