/* The registry of types: when are types of different modules equal, and what matches what. */
#include "load_core.h"

/* Modules stay: their ids are theirs only as long as they do. */
static Module *kept[16];
static size_t kept_count;

static uint32_t id_of(Loader *l, const char *text, uint32_t index) {
    assert_true(kept_count < SGI_COUNT(kept));
    Module *module = kept[kept_count++] = must_load(l, text);
    return module->types[index].id;
}

static void end(Loader *l) {
    while (kept_count > 0)
        sgi_module_release(kept[--kept_count]);
    loader_end(l);
}

static void functions(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    uint32_t a = id_of(&l, "(type (func (param i32) (result i64)))", 0);
    assert_int_equal(a, id_of(&l, "(type (func)) (type (func (param i32) (result i64)))", 1));
    assert_int_not_equal(a, id_of(&l, "(type (func (param i32 i64)))", 0));
    assert_int_not_equal(a, id_of(&l, "(type (func (result i32 i64)))", 0));
    ValType param = VAL_I32, result = VAL_I64;
    uint32_t host;
    FuncType type = sgi_func_type(&param, 1, &result, 1);
    assert_int_equal(sgi_types_add_func(l.types, &type, &host, NULL), SG_OK);
    assert_int_equal(host, a);
    assert_int_equal(sgi_types_kind(l.types, a), COMP_FUNC);
    sgi_types_release(l.types, host);
    end(&l);
}

static void groups(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    const char *pair = "(rec (type $a (func (param (ref null $b)))) (type $b (func (result (ref $a)))))";
    const char *later =
        "(type (func)) (rec (type $x (func (param (ref null $y)))) (type $y (func (result (ref $x)))))";
    const char *turned = "(rec (type $b (func (result (ref $a)))) (type $a (func (param (ref null $b)))))";
    uint32_t a = id_of(&l, pair, 0);
    assert_int_equal(a, id_of(&l, later, 1));
    assert_int_equal(a + 1, id_of(&l, later, 2));
    assert_int_not_equal(a, id_of(&l, turned, 1));
    /* The same type alone and in a group differ; alone, with and without "rec", they do not. */
    uint32_t alone = id_of(&l, "(type (func (param f32)))", 0);
    assert_int_equal(alone, id_of(&l, "(rec (type (func (param f32))))", 0));
    assert_int_not_equal(alone, id_of(&l, "(rec (type (func (param f32))) (type (func)))", 0));
    /* A reference into the group is not one to an equal type outside. */
    assert_int_not_equal(id_of(&l, "(type $f (func)) (rec (type (func)) (type (func (param (ref $f)))))", 2),
                         id_of(&l, "(type (func)) (rec (type $f (func)) (type (func (param (ref $f)))))", 2));
    end(&l);
}

/* What modules leave behind does not grow with their number, and ids are given again. */
static void come_and_go(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    uint32_t first = id_of(&l, "(type (func (param i64)))", 0);
    size_t used = 0;
    for (unsigned i = 0; i < 2000; i++) {
        char text[256];
        snprintf(
            text, sizeof text,
            "(rec (type $a (func (param (ref $b)))) (type $b (func%s%s))) (type (func (param (ref $a))))",
            i % 3 ? " (param i32)" : "", i % 5 ? " (result f64 f32)" : "");
        Module *module = must_load(&l, text);
        assert_true(module->types[2].id < 8);
        sgi_module_release(module);
        must_fail(&l, "(type (func (param f32))) (type (func (param (ref 7))))", SG_INVALID, "unknown type");
        if (i == 16)
            used = l.engine.used;
        assert_true(i < 16 || l.engine.used == used);
    }
    assert_int_equal(first, id_of(&l, "(type (func (param i64)))", 0));
    end(&l);
}

static void declared_subtypes(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    l.cx.features |= (Features)1 << FEATURE_GC;
    const char *text =
        "(type $a (sub (struct (field i32)))) (type $b (sub $a (struct (field i32) (field i64))))"
        "(type $c (sub final $b (struct (field i32) (field i64) (field (mut i8)))))"
        "(type $f (func)) (type $arr (array (mut f32)))";
    Module *m = must_load(&l, text);
    const SubType *t = m->types;
    assert_int_equal(t[2].depth, 2);
    assert_true(sgi_types_is_subtype(l.types, t[2].id, t[0].id));
    assert_false(sgi_types_is_subtype(l.types, t[0].id, t[2].id));
    assert_false(sgi_types_is_subtype(l.types, t[3].id, t[0].id));
    ValType b = sgi_types_canonical(t, sgi_ref(false, 1)), a = sgi_types_canonical(t, sgi_ref(true, 0));
    assert_true(sgi_types_matches(l.types, b, a));
    assert_false(sgi_types_matches(l.types, a, b));
    sgi_module_release(m);

    must_fail(&l, "(type $a (struct)) (type (sub $a (struct)))", SG_INVALID, "sub type");
    must_fail(&l, "(type $a (sub (struct (field i32)))) (type (sub $a (struct)))", SG_INVALID, "sub type");
    must_fail(&l,
              "(type $a (sub (struct (field (mut anyref))))) (type (sub $a (struct (field (mut eqref)))))",
              SG_INVALID, "sub type");
    must_fail(&l, "(type $a (sub (func))) (type (sub $a (struct)))", SG_INVALID, "sub type");
    must_fail(&l, "(rec (type $a (sub $b (func))) (type $b (sub (func))))", SG_INVALID, "unknown type");
    must_fail(&l, "(type (func (param (ref 1))))", SG_INVALID, "unknown type");
    sgi_module_release(
        must_load(&l, "(type $a (sub (struct (field anyref)))) (type (sub $a (struct (field eqref))))"));
    sgi_module_release(must_load(&l, "(type $a (sub (func (param eqref) (result anyref))))"
                                     "(type (sub $a (func (param anyref) (result eqref))))"));
    loader_end(&l);
}

static void abstract_types(void **state) {
    (void)state;
    static const struct {
        uint32_t sub, super;
    } below[] = {
        {HEAP_EQ, HEAP_ANY},      {HEAP_I31, HEAP_EQ},          {HEAP_STRUCT, HEAP_ANY},
        {HEAP_ARRAY, HEAP_EQ},    {HEAP_NONE, HEAP_I31},        {HEAP_NONE, HEAP_ANY},
        {HEAP_NOFUNC, HEAP_FUNC}, {HEAP_NOEXTERN, HEAP_EXTERN}, {HEAP_NOEXN, HEAP_EXN},
        {HEAP_BOTTOM, HEAP_FUNC}, {HEAP_FUNC, HEAP_FUNC},
    };
    Loader l;
    loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(below); i++) {
        ValType sub = sgi_ref(false, below[i].sub), super = sgi_ref(true, below[i].super);
        assert_true(sgi_types_matches(l.types, sub, super));
        assert_false(sgi_types_matches(l.types, super, sub));
    }
    assert_false(sgi_types_matches(l.types, VAL_FUNCREF, VAL_EXTERNREF));
    assert_false(sgi_types_matches(l.types, sgi_ref(true, HEAP_FUNC), sgi_ref(true, HEAP_ANY)));
    assert_false(sgi_types_matches(l.types, VAL_I32, VAL_I64));
    assert_true(sgi_types_matches(l.types, VAL_BOTTOM, VAL_I64));

    l.cx.features |= (Features)1 << FEATURE_GC;
    Module *m = must_load(&l, "(type (func)) (type (struct))");
    const SubType *t = m->types;
    assert_true(sgi_types_matches_in(t, sgi_ref(false, 0), VAL_FUNCREF));
    assert_true(sgi_types_matches_in(t, sgi_ref(true, HEAP_NOFUNC), sgi_ref(true, 0)));
    assert_false(sgi_types_matches_in(t, sgi_ref(true, HEAP_NONE), sgi_ref(true, 0)));
    assert_false(sgi_types_matches_in(t, VAL_FUNCREF, sgi_ref(true, 0)));
    assert_true(sgi_types_matches_in(t, sgi_ref(false, 1), sgi_ref(true, HEAP_EQ)));
    assert_true(sgi_types_matches_in(t, sgi_ref(false, HEAP_BOTTOM), sgi_ref(false, 1)));
    assert_false(sgi_types_matches_in(t, sgi_ref(true, 1), sgi_ref(false, 1)));
    sgi_module_release(m);
    loader_end(&l);
}

/* Fields in order, each at its natural alignment; what a supertype has is at the same place. */
static void layouts(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    l.cx.features |= (Features)1 << FEATURE_GC;
    Module *m = must_load(
        &l, "(type $a (sub (struct (field i8) (field (ref null $a)))))"
            "(type $b (sub $a (struct (field i8) (field (ref null $a)) (field i16 i64 funcref externref))))"
            "(type (array (mut i16))) (type (array (ref $a))) (type (struct))"
            "(type (func (param i32 anyref f64)))");
    const Rtt *a = m->types[0].rtt, *b = m->types[1].rtt;
    assert_int_equal(a->kind, COMP_STRUCT);
    assert_int_equal(a->fields[0].offset, OBJECT_FIELDS);
    assert_int_equal(a->fields[1].offset, 16);
    assert_int_equal(a->size, 32);
    assert_int_equal(a->content, 9);
    static const uint32_t offsets[] = {OBJECT_FIELDS, 16, 24, 32, 40, 48};
    for (uint32_t i = 0; i < b->field_count; i++)
        assert_int_equal(b->fields[i].offset, offsets[i]);
    assert_int_equal(b->size, 64);
    assert_int_equal(b->ref_count, 2); /* functions are not looked at */
    assert_int_equal(b->refs[1], 48);
    assert_ptr_equal(b->super, a);
    assert_int_equal(m->types[2].rtt->element, STORAGE_16);
    assert_int_equal(m->types[2].rtt->ref_count, 0);
    assert_int_equal(m->types[3].rtt->element, STORAGE_REF);
    assert_int_equal(m->types[3].rtt->size, ARRAY_ELEMENTS);
    assert_int_equal(m->types[4].rtt->size, 16);
    const Rtt *exception = m->types[5].rtt;
    assert_int_equal(exception->refs[0], EXCEPTION_SLOTS + 8);
    assert_int_equal(exception->size, 48);
    sgi_module_release(m);
    loader_end(&l);
}

/* Every type of a chain is below those before it and no others. */
static void long_chain(void **state) {
    (void)state;
    Loader l;
    loader_init(&l);
    l.cx.features |= (Features)1 << FEATURE_GC;
    char text[4096] = "(type (sub (struct))) (type $other (sub (struct (field i32))))";
    enum { COUNT = 64 };
    for (int i = 1; i < COUNT; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "(type (sub %d (struct)))", i == 1 ? 0 : i);
    Module *m = must_load(&l, text);
    const Rtt *chain[COUNT] = {m->types[0].rtt}, *other = m->types[1].rtt;
    for (int i = 1; i < COUNT; i++)
        chain[i] = m->types[i + 1].rtt;
    for (int i = 0; i < COUNT; i++) {
        assert_false(sgi_rtt_matches(chain[i], other));
        assert_false(sgi_rtt_matches(other, chain[i]));
        assert_false(sgi_rtt_matches_id(chain[i], other->id));
        for (int k = 0; k < COUNT; k++) {
            assert_int_equal(sgi_rtt_matches(chain[i], chain[k]), i >= k);
            assert_int_equal(sgi_rtt_matches_id(chain[i], chain[k]->id), i >= k);
        }
    }
    sgi_module_release(m);
    loader_end(&l);
}

static void names(void **state) {
    (void)state;
    assert_string_equal(sgi_type_name(VAL_F64).text, "f64");
    assert_string_equal(sgi_type_name(VAL_FUNCREF).text, "funcref");
    assert_string_equal(sgi_type_name(sgi_ref(false, HEAP_EXTERN)).text, "(ref extern)");
    assert_string_equal(sgi_type_name(sgi_ref(true, HEAP_NONE)).text, "nullref");
    assert_string_equal(sgi_type_name(sgi_ref(true, 16776959)).text, "(ref null 16776959)");
    assert_string_equal(sgi_type_name(sgi_ref(false, 3)).text, "(ref 3)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions),         cmocka_unit_test(groups),         cmocka_unit_test(come_and_go),
        cmocka_unit_test(declared_subtypes), cmocka_unit_test(abstract_types), cmocka_unit_test(names),
        cmocka_unit_test(layouts),           cmocka_unit_test(long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
