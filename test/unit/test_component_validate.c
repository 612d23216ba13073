/* Validation of components: what is refused and why, what types resolve to, resources through instantiation
 * and subtyping, work bounded against bombs, and every allocation refused in turn. */
#include "load_component.h"

/* ---- what is refused ---- */

typedef struct Refusal {
    const char *text, *message;
} Refusal;

static void open_loader(Loader *l) {
    loader_init(l);
    l->cx.features |= (Features)1 << FEATURE_COMPONENT_FIXED_LISTS;
}

static void refuse_all(const Refusal *refusals, size_t count) {
    Loader l;
    open_loader(&l);
    for (size_t i = 0; i < count; i++)
        component_fails(&l, refusals[i].text, SG_INVALID, refusals[i].message);
    loader_end(&l);
}

static void accept_all(const char *const *texts, size_t count) {
    Loader l;
    open_loader(&l);
    for (size_t i = 0; i < count; i++)
        component_loads(&l, texts[i]);
    loader_end(&l);
}

static void indices(void **state) {
    (void)state;
    static const Refusal refusals[] = {
        {"(component (import \"a\" (func (type 7))))", "index out of bounds"},
        {"(component (export \"a\" (instance 0)))", "index out of bounds"},
        {"(component (export \"a\" (core module 0)))", "index out of bounds"},
        {"(component (type $t string) (import \"a\" (func (type $t))))", "unexpected type"},
        {"(component (core type $t (func)) (import \"a\" (core module (type $t))))", "unexpected type"},
        {"(component (core func (canon resource.drop 0)))", "index out of bounds"},
        {"(component (type u8) (core func (canon resource.drop 0)))", "unexpected type"},
        {"(component (type (list 3)))", "index out of bounds"},
        {"(component (type (func)) (type (list 0)))", "unexpected type"},
        {"(component (alias outer 1 0 (type)))", "invalid outer alias count"},
        {"(component (core instance (instantiate 0)))", "index out of bounds"},
        {"(component (core instance) (alias core export 0 \"x\" (core func)))",
         "core instance has no such export"},
        {"(component (instance) (alias export 0 \"x\" (func)))", "instance has no such export"},
    };
    refuse_all(refusals, SGI_COUNT(refusals));
}

static void value_types(void **state) {
    (void)state;
    static const Refusal refusals[] = {
        {"(component (type (record)))", "type must have at least one member"},
        {"(component (type (tuple)))", "type must have at least one member"},
        {"(component (type (record (field \"A\" u8) (field \"a\" u8))))",
         "name conflicts with previous name"},
        {"(component (type (enum \"aB\")))", "name is not in kebab case"},
        {"(component (type (func (param \"\" u8))))", "name is not in kebab case"},
        {"(component (type (list u8 0)))", "fixed-length lists must have at least one element"},
        {"(component (type (list u8 268435456)))", "value type exceeds maximum byte size"},
        {"(component (type (list u64 536870912)))", "value type exceeds maximum byte size"},
        {"(component (type (list string 16777216)))", "value type exceeds maximum byte size"},
        {"(component (type (map f32 u8)))", "invalid map key type"},
        {"(component (import \"r\" (type $r (sub resource))) (type (func (result (borrow $r)))))",
         "function result cannot contain a `borrow` type"},
    };
    refuse_all(refusals, SGI_COUNT(refusals));
}

static void names(void **state) {
    (void)state;
    static const char *const good[] = {
        "a",
        "A",
        "a-b-c",
        "a1-2-3",
        "a11-w0rds",
        "m1x3d-4CR0NYMS",
        "is-XML",
        "a:b/c",
        "a-b:c-d/E-f@1.2.3-rc.1+b",
        "a:b/c@0.0.0+abcd-efg",
        "unlocked-dep=<a:b@{>=1.2.3 <1.2.4}>",
        "unlocked-dep=<a:b@*>",
        "locked-dep=<a:b@1.2.3>,integrity=<sha256-a>",
        "url=<x>",
        "integrity=< sha512-a?x  sha256-bc== >",
    };
    static const char *const bad[] = {
        "",
        "1",
        "1-a",
        "a-",
        "-a",
        "a--b",
        "aB",
        "a_b",
        "a b",
        "a:b",
        "a:b/",
        "A:b/c",
        "a:B/c",
        "a:b:c/d",
        "a:b/c/d",
        "a:b/c@",
        "a:b/c@1",
        "a:b/c@1.2",
        "a:b/c@1.2.03",
        "a:b/c@1.2.3-",
        "a:b/c@1.2.3-01",
        "a:b/c@1.2.3+",
        "[method]a",
        "[method]a.",
        "[static].a",
        "[method]a.b.c",
        "[constructor]",
        "[async]a",
        "unlocked-dep=<a:b@1>",
        "locked-dep=<a:b>x",
        "url=<<>",
        "integrity=<>",
        "integrity=<md5-a>",
        "integrity=<sha256-=>",
    };
    Loader l;
    open_loader(&l);
    char text[256];
    for (size_t i = 0; i < SGI_COUNT(good); i++) {
        snprintf(text, sizeof text, "(component (import \"%s\" (func)))", good[i]);
        component_loads(&l, text);
    }
    for (size_t i = 0; i < SGI_COUNT(bad); i++) {
        snprintf(text, sizeof text, "(component (import \"%s\" (func)))", bad[i]);
        component_fails(&l, text, SG_INVALID, "");
    }
    loader_end(&l);
}

static void names_and_types(void **state) {
    (void)state;
#define R "(import \"r\" (type $r (sub resource))) "
    static const char *const good[] = {
        "(component " R "(import \"[constructor]r\" (func (result (own $r)))))",
        "(component " R "(import \"[constructor]r\" (func (result (result (own $r) (error string))))))",
        "(component " R "(import \"[method]r.m\" (func (param \"self\" (borrow $r)))))",
        "(component " R "(import \"[static]r.s\" (func)))",
        "(component (import \"a\" (func)) (import \"a:b/c\" (func)) (import \"a:b/d\" (func)))",
        "(component (import \"a\" (implements \"x:y/z@1.0.0\") (instance)))",
        "(component (import \"a\" (external-id \"anything at all\") (func)))",
    };
    static const Refusal refusals[] = {
        {"(component " R "(import \"[constructor]r\" (func)))", "function should return one value"},
        {"(component " R "(import \"[constructor]r\" (func (result u8))))",
         "function should return `(own $T)`"},
        {"(component " R "(import \"[constructor]q\" (func (result (own $r)))))",
         "function does not match expected resource name"},
        {"(component " R "(import \"[method]r.m\" (func)))", "function should have at least one argument"},
        {"(component " R "(import \"[method]r.m\" (func (param \"s\" (borrow $r)))))",
         "function should have a first argument called `self`"},
        {"(component " R "(import \"[method]r.m\" (func (param \"self\" (own $r)))))",
         "function should take a first argument of `(borrow $T)`"},
        {"(component " R "(import \"[static]q.s\" (func)))",
         "static resource name is not known in this context"},
        {"(component " R "(import \"[static]r.r\" (func)))", "name conflicts with previous name"},
        {"(component " R "(import \"[method]r.m\" (instance)))", "name is not a func"},
        {"(component (import \"a\" (func)) (import \"A\" (func)))", "name conflicts with previous name"},
        {"(component (import \"a\" (implements \"b\") (instance)))",
         "`implements` must be an interface name"},
        {"(component (import \"a\" (implements \"b:c/d\") (func)))",
         "only instances can have an `implements`"},
    };
    accept_all(good, SGI_COUNT(good));
    refuse_all(refusals, SGI_COUNT(refusals));
}

static void visibility(void **state) {
    (void)state;
#define RECORD "(type $t (record (field \"f\" u32))) "
    static const char *const good[] = {
        "(component " RECORD
        "(export $u \"t\" (type $t)) (type (record (field \"x\" $u))) (export \"v\" (type 2)))",
        "(component " RECORD "(import \"t\" (type $u (eq $t))) (import \"f\" (func (param \"x\" $u))))",
        "(component (type (tuple (list u8) (option (result string)))) (export \"t\" (type 0)))",
        "(component " RECORD "(instance $i (export \"t\" (type $t))) (export $j \"i\" (instance $i))"
        " (alias export $j \"t\" (type $u)) (type (list $u)) (export \"l\" (type 2)))",
    };
    static const Refusal refusals[] = {
        {"(component " RECORD "(import \"f\" (func (param \"x\" $t))))",
         "type not valid to be used as import"},
        {"(component " RECORD "(type $l (list $t)) (export \"l\" (type $l)))",
         "type not valid to be used as export"},
        {"(component (type $r (resource (rep i32))) (type $l (list (own $r))) (export \"l\" (type $l)))",
         "type not valid to be used as export"},
        {"(component " RECORD "(export $u \"t\" (type $t)) (import \"f\" (func (param \"x\" $u))))",
         "type not valid to be used as import"},
        {"(component " RECORD
         "(type (component (alias outer 1 0 (type)) (export \"f\" (func (param \"x\" 0))))))",
         "type not valid to be used as export"},
    };
    accept_all(good, SGI_COUNT(good));
    refuse_all(refusals, SGI_COUNT(refusals));
}

#define CORE                                                                                                 \
    "(core module $m (memory (export \"mem\") 1) (func (export \"realloc\") (param i32 i32 i32 i32) "        \
    "(result i32) "                                                                                          \
    "unreachable) (func (export \"s\") (param i32 i32) (result i32) unreachable) (func (export \"n\"))"      \
    " (func (export \"p\") (param i32))) (core instance $i (instantiate $m))"                                \
    "(alias core export $i \"mem\" (core memory $mem)) (alias core export $i \"realloc\" (core func "        \
    "$realloc))"                                                                                             \
    "(alias core export $i \"s\" (core func $s)) (alias core export $i \"n\" (core func $n))"                \
    "(alias core export $i \"p\" (core func $p)) (type $st (func (param \"x\" string) (result string)))"     \
    "(type $nt (func)) "

static void canonical(void **state) {
    (void)state;
    static const char *const good[] = {
        "(component " CORE "(func (type $nt) (canon lift (core func $n))))",
        "(component " CORE "(func (type $st) (canon lift (core func $s) (memory $mem) (realloc $realloc)"
        " (post-return $p) string-encoding=latin1+utf16)))",
        "(component " CORE "(import \"f\" (func $f (type $nt))) (core func (canon lower (func $f))))",
        "(component (type $r (resource (rep i32))) (core func (canon resource.new $r)) (core func (canon "
        "resource.rep"
        " $r)) (core func (canon resource.drop $r)))",
    };
    static const Refusal refusals[] = {
        {"(component " CORE "(func (type $st) (canon lift (core func $s))))",
         "canonical option `memory` is required"},
        {"(component " CORE "(func (type $st) (canon lift (core func $s) (memory $mem))))",
         "canonical option `realloc` is required"},
        {"(component " CORE "(func (type $nt) (canon lift (core func $s))))",
         "canonical function has an incompatible signature"},
        {"(component " CORE "(func (type $nt) (canon lift (core func $n) (realloc $realloc))))",
         "canonical option `memory` is required"},
        {"(component " CORE "(func (type $nt) (canon lift (core func $n) (memory $mem) (realloc $n))))",
         "canonical function has an incompatible signature"},
        {"(component " CORE "(func (type $nt) (canon lift (core func $n) (post-return $p))))",
         "canonical function has an incompatible signature"},
        {"(component " CORE "(func (type $nt) (canon lift (core func $n) (memory $mem) (memory $mem))))",
         "canonical option is specified more than once"},
        {"(component " CORE
         "(func (type $nt) (canon lift (core func $n) string-encoding=utf8 string-encoding=utf16)))",
         "canonical option is specified more than once"},
        {"(component " CORE "(import \"f\" (func $f (type $st))) (core func (canon lower (func $f))))",
         "canonical option `memory` is required"},
        {"(component " CORE
         "(import \"f\" (func $f (type $nt))) (core func (canon lower (func $f) (post-return $p))))",
         "canonical option `post-return` cannot be specified here"},
        {"(component (import \"r\" (type $r (sub resource))) (core func (canon resource.new $r)))",
         "resource is not a local resource"},
        {"(component " CORE "(type (resource (rep i32) (dtor (func $n)))))",
         "wrong signature for a destructor"},
        {"(component (type (instance (type (resource (rep i32))))))",
         "resources can only be defined within a concrete component"},
    };
    accept_all(good, SGI_COUNT(good));
    refuse_all(refusals, SGI_COUNT(refusals));
}

static void core_instances(void **state) {
    (void)state;
#define IMPORTER       "(core module $m (import \"a\" \"f\" (func (param i32)))) "
#define EXPORTER(type) "(core module $e (func (export \"f\") " type ")) (core instance $i (instantiate $e)) "
    static const char *const good[] = {
        "(component " IMPORTER EXPORTER(
            "(param i32)") "(core instance (instantiate $m (with \"a\" (instance $i)))))",
        "(component (core module $e (memory (export \"m\") 3 4)) (core instance $i (instantiate $e))"
        " (core module $m (import \"a\" \"m\" (memory 2 5))) (core instance (instantiate $m (with \"a\" "
        "(instance "
        "$i)))))",
    };
    static const Refusal refusals[] = {
        {"(component " IMPORTER "(core instance (instantiate $m)))", "missing module instantiation argument"},
        {"(component " IMPORTER
         "(core instance $i) (core instance (instantiate $m (with \"a\" (instance $i)))))",
         "module instantiation argument lacks an export"},
        {"(component " IMPORTER EXPORTER("") "(core instance (instantiate $m (with \"a\" (instance $i)))))",
         "type mismatch"},
        {"(component " IMPORTER EXPORTER("(param i32)") "(core instance (instantiate $m (with \"a\" "
                                                        "(instance $i)) (with \"a\" (instance $i)))))",
         "duplicate module instantiation argument"},
        {"(component (core module $e (memory (export \"m\") 1)) (core instance $i (instantiate $e))"
         " (core module $m (import \"a\" \"m\" (memory 2))) (core instance (instantiate $m (with \"a\" "
         "(instance "
         "$i)))))",
         "type mismatch"},
        {"(component (core type (module (import \"a\" \"b\" (func)) (import \"a\" \"b\" (func)))))",
         "duplicate import name"},
        {"(component (core type (module (import \"\" \"\" (memory 70000)))))", "memory size must be at most"},
    };
    accept_all(good, SGI_COUNT(good));
    refuse_all(refusals, SGI_COUNT(refusals));
}

/* What is asked for stands first, what is given second. */
static void subtyping(void **state) {
    (void)state;
    static const struct {
        const char *wanted, *given;
        bool fits;
    } cases[] = {
        {"func", "func", true},
        {"func (param \"a\" u8)", "func (param \"a\" u8)", true},
        {"func (param \"a\" u8)", "func (param \"b\" u8)", false},
        {"func (param \"a\" u8)", "func (param \"a\" s8)", false},
        {"func (result (list u8))", "func (result (list u8))", true},
        {"func (result (list u8))", "func (result (option u8))", false},
        {"func", "func (result u8)", false},
        {"func", "instance", false},
        {"instance", "instance (export \"a\" (func))", true},
        {"instance (export \"a\" (func))", "instance", false},
        {"instance (export \"a\" (func))", "instance (export \"b\" (func)) (export \"a\" (func))", true},
        {"component", "component", true},
        {"component (import \"a\" (func))", "component", true},
        {"component", "component (import \"a\" (func))", false},
        {"component (export \"a\" (func))", "component (export \"a\" (func)) (export \"b\" (func))", true},
        {"component (export \"a\" (func))", "component (export \"b\" (func))", false},
        {"component (import \"a\" (instance (export \"b\" (func))))", "component (import \"a\" (instance))",
         true},
        {"component (import \"a\" (instance))", "component (import \"a\" (instance (export \"b\" (func))))",
         false},
        {"component (import \"r\" (type $r (sub resource))) (export \"f\" (func (param \"x\" (own $r))))",
         "component (import \"r\" (type $r (sub resource))) (export \"f\" (func (param \"x\" (own $r))))",
         true},
        {"component (export \"r\" (type $r (sub resource))) (export \"f\" (func (param \"x\" (own $r))))",
         "component (export \"r\" (type $r (sub resource))) (export \"s\" (type $s (sub resource)))"
         " (export \"f\" (func (param \"x\" (own $r))))",
         true},
        {"component (export \"r\" (type $r (sub resource))) (export \"f\" (func (param \"x\" (own $r))))",
         "component (export \"r\" (type $r (sub resource))) (export \"s\" (type $s (sub resource)))"
         " (export \"f\" (func (param \"x\" (own $s))))",
         false},
        {"core module", "core module", true},
        {"core module (export \"a\" (func))", "core module (export \"a\" (func)) (export \"b\" (func))",
         true},
        {"core module", "core module (import \"a\" \"b\" (func))", false},
        {"core module (import \"a\" \"b\" (func))", "core module", true},
        {"core module (export \"a\" (global i32))", "core module (export \"a\" (global (mut i32)))", false},
        {"core module (export \"a\" (table 1 funcref))", "core module (export \"a\" (table 2 funcref))",
         true},
    };
    Loader l;
    open_loader(&l);
    char text[1024];
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        snprintf(text, sizeof text,
                 "(component (import \"given\" (%s)) (component $c (import \"x\" (%s)))"
                 " (instance (instantiate $c (with \"x\" (%.*s 0)))))",
                 cases[i].given, cases[i].wanted,
                 (int)(strncmp(cases[i].given, "core", 4) == 0 ? 11 : strcspn(cases[i].given, " ")),
                 cases[i].given);
        if (strncmp(cases[i].given, "component", 9) == 0)
            snprintf(text, sizeof text,
                     "(component (component $o (import \"given\" (%s)) (component $c (import \"x\" (%s)))"
                     " (instance (instantiate $c (with \"x\" (component 0))))))",
                     cases[i].given, cases[i].wanted);
        if (cases[i].fits)
            component_loads(&l, text);
        else
            component_fails(&l, text, SG_INVALID, "type mismatch");
    }
    loader_end(&l);
}

/* ---- what types resolve to ---- */

typedef struct Layout {
    const char *text;
    uint32_t size, alignment, size64;
    const char *flat; /* i, l, f, d; "*": too many */
} Layout;

static void layouts(void **state) {
    (void)state;
    static const Layout cases[] = {
        {"bool", 1, 1, 1, "i"},
        {"char", 4, 4, 4, "i"},
        {"string", 8, 4, 16, "ii"},
        {"(list u64)", 8, 4, 16, "ii"},
        {"(map string u8)", 8, 4, 16, "ii"},
        {"(record (field \"a\" u8) (field \"b\" u64) (field \"c\" u16))", 24, 8, 24, "ili"},
        {"(tuple u8 (tuple u16 u8) string)", 16, 4, 24, "iiiii"},
        {"(variant (case \"a\"))", 1, 1, 1, "i"},
        {"(variant (case \"a\" f32) (case \"b\" u32))", 8, 4, 8, "ii"},
        {"(variant (case \"a\" f32) (case \"b\" f32))", 8, 4, 8, "if"},
        {"(variant (case \"a\" f64) (case \"b\" (tuple f32 u8)))", 16, 8, 16, "ili"},
        {"(option u8)", 2, 1, 2, "ii"},
        {"(option (option s64))", 24, 8, 24, "iil"},
        {"(result)", 1, 1, 1, "i"},
        {"(result string (error u8))", 12, 4, 24, "iii"},
        {"(enum \"a\" \"b\")", 1, 1, 1, "i"},
        {"(flags \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" \"i\")", 2, 2, 2, "i"},
        {"(list f32 3)", 12, 4, 12, "fff"},
        {"(list f32 16)", 64, 4, 64, "ffffffffffffffff"},
        {"(list f32 17)", 68, 4, 68, "*"},
        {"(option (list u8 16))", 17, 1, 17, "*"},
        {"(list u8 268435455)", 268435455, 1, 268435455, "*"},
    };
    Loader l;
    open_loader(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        char text[256];
        snprintf(text, sizeof text, "(component (type %s))", cases[i].text);
        Component *c = must_load_component(&l, text);
        const sg_type *type = c->types[c->type_count - 1].as.value;
        if (type->size != cases[i].size || type->alignment != cases[i].alignment ||
            type->size64 != cases[i].size64)
            fail_msg("%s: %u %u %u", cases[i].text, type->size, type->alignment, type->size64);
        if (cases[i].flat[0] == '*') {
            assert_int_equal(type->flat_count, MAX_FLAT_PARAMS + 1);
        } else {
            assert_int_equal(type->flat_count, strlen(cases[i].flat));
            for (uint32_t j = 0; j < type->flat_count; j++) {
                uint8_t kind = type->flat[j];
                assert_int_equal(kind == KIND_I32   ? 'i'
                                 : kind == KIND_I64 ? 'l'
                                 : kind == KIND_F32 ? 'f'
                                                    : 'd',
                                 cases[i].flat[j]);
            }
        }
        sgi_component_release(c);
    }
    loader_end(&l);
}

static void discriminants(void **state) {
    (void)state;
    assert_int_equal(sgi_discriminant_size(1), 1);
    assert_int_equal(sgi_discriminant_size(256), 1);
    assert_int_equal(sgi_discriminant_size(257), 2);
    assert_int_equal(sgi_discriminant_size(65536), 2);
    assert_int_equal(sgi_discriminant_size(65537), 4);
}

/* The core signature that the last canonical definition of the component makes, a letter a type: "il>f". */
static void core_signature(Loader *l, const char *definitions, char *out) {
    char text[1024];
    snprintf(
        text, sizeof text,
        "(component (import \"f\" (func $f (param \"a\" s64) (param \"b\" string) (result (tuple u8 f32))))"
        " (import \"v\" (func $v (param \"a\" (result string (error (tuple f32 f64)))) (result f64)))"
        " (type $t (tuple u8 u8 u8 u8 u8 u8 u8 u8 u8)) (import \"l\" (func $l async (param \"a\" $t) (param "
        "\"b\""
        " $t) (result f64))) (core module $N (memory (export \"n\") 1) (memory (export \"w\") i64 1))"
        " (core instance $i (instantiate $N)) (alias core export $i \"n\" (core memory $n))"
        " (alias core export $i \"w\" (core memory $w)) %s)",
        definitions);
    Component *c = must_load_component(l, text);
    const FuncType *type = c->defs[c->def_count - 1].as.canon.core_type;
    static const char letters[] = {[VAL_I32] = 'i', [VAL_I64] = 'l', [VAL_F32] = 'f', [VAL_F64] = 'd'};
    for (uint32_t i = 0; i < type->param_count; i++)
        *out++ = letters[type->params[i]];
    *out++ = '>';
    for (uint32_t i = 0; i < type->result_count; i++)
        *out++ = letters[type->results[i]];
    *out = 0;
    sgi_component_release(c);
}

/* flatten_functype, with addresses of both widths. */
static void flattened_functions(void **state) {
    (void)state;
    static const struct {
        const char *definition, *signature;
    } cases[] = {
        {"(core func (canon lower (func $f) (memory $n)))", "liii>"},
        {"(core func (canon lower (func $f) (memory $w)))", "llll>"},
        {"(core func (canon lower (func $v) (memory $n)))", "iil>d"},
        {"(core func (canon lower (func $v) (memory $w)))", "ill>d"},
        {"(core func (canon lower (func $l) (memory $n)))", "i>d"},
        {"(core func (canon lower (func $l) async (memory $n)))", "ii>i"},
        {"(core func (canon lower (func $l) async (memory $w)))", "ll>i"},
        {"(core func (canon task.return (result string) (memory $w)))", "ll>"},
        {"(core func (canon waitable-set.wait (memory $n)))", "ii>i"},
        {"(core func (canon waitable-set.wait (memory $w)))", "il>i"},
        {"(type $s (stream u8)) (core func (canon stream.read $s async (memory $w)))", "ill>l"},
        {"(type $s (stream u8)) (core func (canon stream.read $s async (memory $n)))", "iii>i"},
        {"(core func (canon error-context.new (memory $w)))", "ll>i"},
    };
    Loader l;
    open_loader(&l);
    l.cx.features |= (Features)1 << FEATURE_COMPONENT_MEMORY64 | (Features)1
                                                                     << FEATURE_COMPONENT_ERROR_CONTEXT;
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        char signature[32];
        core_signature(&l, cases[i].definition, signature);
        assert_string_equal(signature, cases[i].signature);
    }
    loader_end(&l);
}

static const ExternType *find(const NamedExtern *externs, uint32_t count, const char *name) {
    for (uint32_t i = 0; i < count; i++)
        if (sgi_bytes_is(externs[i].name, name))
            return &externs[i].type;
    fail_msg("no %s", name);
    return NULL;
}

/* An imported resource becomes the argument's in what an instance exports; defined ones are new each time. */
static void substitution(void **state) {
    (void)state;
    Loader l;
    open_loader(&l);
    Component *c =
        must_load_component(&l, "(component"
                                " (import \"c\" (component $c (import \"t\" (type $t (sub resource)))"
                                "   (export \"d\" (type $d (sub resource)))"
                                "   (export \"f\" (func (param \"x\" (own $t)) (param \"y\" (borrow $d))))))"
                                " (type $r (resource (rep i32)))"
                                " (instance $i (instantiate $c (with \"t\" (type $r))))"
                                " (instance $j (instantiate $c (with \"t\" (type $r)))))");
    assert_int_equal(c->instance_count, 2);
    const ResourceType *local = c->types[c->type_count - 1].as.resource, *defined[2];
    assert_true(local->is_local);
    for (int i = 0; i < 2; i++) {
        const InstanceType *type = c->instances[i].type.as.instance;
        assert_int_equal(type->resource_count, 0);
        defined[i] = find(type->exports, type->export_count, "d")->as.type.type.as.resource;
        const CompFuncType *f = find(type->exports, type->export_count, "f")->as.func;
        assert_ptr_equal(f->params[0].type->resource, local);
        assert_ptr_equal(f->params[1].type->resource, defined[i]);
        assert_false(defined[i]->is_local);
    }
    assert_ptr_not_equal(defined[0], defined[1]);
    sgi_component_release(c);
    loader_end(&l);
}

static void resources_apart(void **state) {
    (void)state;
    static const Refusal refusals[] = {
        /* Two instances of one component have resources of their own. */
        {"(component"
         " (component $a (type $r (resource (rep i32))) (export \"r\" (type $r)))"
         " (component $b (import \"r\" (type $r (sub resource))) (import \"s\" (type (eq $r))))"
         " (instance $x (instantiate $a)) (instance $y (instantiate $a))"
         " (instance (instantiate $b (with \"r\" (type $x \"r\")) (with \"s\" (type $y \"r\")))))",
         "type mismatch"},
        {"(component $c (type $r (resource (rep i32))) (component (alias outer $c $r (type))))",
         "cannot alias outer type which transitively refers to resources"},
        {"(component $c (type $r (resource (rep i32))) (type $l (list (own $r))) (component (alias outer $c "
         "$l (type))))",
         "cannot alias outer type which transitively refers to resources"},
    };
    static const char *const good[] = {
        "(component"
        " (component $a (type $r (resource (rep i32))) (export \"r\" (type $r)))"
        " (component $b (import \"r\" (type $r (sub resource))) (import \"s\" (type (eq $r))))"
        " (instance $x (instantiate $a))"
        " (instance (instantiate $b (with \"r\" (type $x \"r\")) (with \"s\" (type $x \"r\")))))",
        "(component $c (type $i (instance (export \"r\" (type $r (sub resource))) (export \"f\" (func (param "
        "\"x\""
        " (own $r)))))) (component (alias outer $c $i (type $j)) (import \"i\" (instance (type $j)))))",
    };
    accept_all(good, SGI_COUNT(good));
    refuse_all(refusals, SGI_COUNT(refusals));
}

static void linked_types(void **state) {
    (void)state;
    Loader l;
    open_loader(&l);
    Component *c = must_load_component(
        &l, "(component (import \"f\" (func (param \"x\" (list (tuple u8 string))))) (import \"g\" (func))"
            " (import \"i\" (component (export \"r\" (type $r (sub resource))) (export \"f\" (func (result "
            "(own $r))))))"
            " (import \"j\" (component (export \"r\" (type $r (sub resource))) (export \"s\" (type (sub "
            "resource)))"
            "   (export \"f\" (func (result (own $r))))))"
            " (import \"k\" (component (export \"r\" (type $r (sub resource))) (export \"s\" (type $s (sub "
            "resource)))"
            "   (export \"f\" (func (result (own $s)))))))");
    const NamedExtern *imports = c->type.imports;
    sg_error err;
    for (int i = 0; i < 5; i++)
        assert_int_equal(sgi_extern_type_check(l.types, &l.alloc, &imports[i].type, &imports[i].type, &err),
                         SG_OK);
    assert_int_equal(sgi_extern_type_check(l.types, &l.alloc, &imports[0].type, &imports[1].type, &err),
                     SG_UNLINKABLE);
    assert_int_equal(sgi_extern_type_check(l.types, &l.alloc, &imports[0].type, &imports[2].type, NULL),
                     SG_UNLINKABLE);
    assert_int_equal(sgi_extern_type_check(l.types, &l.alloc, &imports[3].type, &imports[2].type, &err),
                     SG_OK);
    assert_int_equal(sgi_extern_type_check(l.types, &l.alloc, &imports[4].type, &imports[2].type, &err),
                     SG_UNLINKABLE);
    sgi_component_release(c);
    loader_end(&l);
}

/* ---- bombs ---- */

static void type_bombs(void **state) {
    (void)state;
    Loader l;
    open_loader(&l);
    Buf text;
    sgi_buf_init(&text, &l.engine);
    /* Each type is a hundred of the one before. */
    sgi_buf_text(&text, "(component (type u8)");
    for (int i = 0; i < 90; i++) {
        sgi_buf_text(&text, "(type (tuple");
        for (int j = 0; j < 100; j++)
            sgi_buf_printf(&text, " %d", i);
        sgi_buf_text(&text, "))");
    }
    sgi_buf_text(&text, ")");
    sgi_buf_byte(&text, 0);
    assert_null(load_component_text(&l, (const char *)text.data));
    assert_int_equal(l.err.status, SG_TOO_LARGE);
    sgi_buf_free(&text);
    /* Deep rather than wide. */
    sgi_buf_text(&text, "(component (type (list u8))");
    for (int i = 0; i < 200; i++)
        sgi_buf_printf(&text, "(type (list %d))", i);
    sgi_buf_text(&text, ")");
    sgi_buf_byte(&text, 0);
    assert_null(load_component_text(&l, (const char *)text.data));
    assert_int_equal(l.err.status, SG_TOO_LARGE);
    sgi_buf_free(&text);
    /* Instances of instances, twice each. */
    sgi_buf_text(&text, "(component (type (instance (export \"a\" (func))))");
    for (int i = 0; i < 60; i++)
        sgi_buf_printf(
            &text,
            "(type (instance (alias outer 1 %d (type)) (export \"a\" (instance (type 0))) (export \"b\""
            " (instance (type 0)))))",
            i);
    sgi_buf_text(&text, ")");
    sgi_buf_byte(&text, 0);
    assert_null(load_component_text(&l, (const char *)text.data));
    assert_int_equal(l.err.status, SG_TOO_LARGE);
    sgi_buf_free(&text);
    loader_end(&l);
}

static void instantiation_bomb(void **state) {
    (void)state;
    Loader l;
    open_loader(&l);
    for (int levels = 3; levels <= 80; levels += 77) {
        Buf text;
        sgi_buf_init(&text, &l.engine);
        sgi_buf_text(
            &text,
            "(component (core module $m) (component $c0 (core module $m) (core instance (instantiate $m)))");
        for (int i = 0; i < levels; i++)
            sgi_buf_printf(
                &text,
                "(component $c%d (alias outer 1 %d (component)) (instance (instantiate 0)) (instance"
                " (instantiate 0)))",
                i + 1, i);
        sgi_buf_printf(&text, "(instance (instantiate $c%d)))", levels);
        sgi_buf_byte(&text, 0);
        Component *c = load_component_text(&l, (const char *)text.data);
        if (levels == 3) {
            /* 8 core instances in 8 components; 4, 2, 1 above them. */
            assert_non_null(c);
            assert_int_equal(c->transitive_instances, 8 + 8 + 4 + 2 + 1);
        } else {
            assert_null(c);
            assert_int_equal(l.err.status, SG_TOO_LARGE);
        }
        sgi_component_release(c);
        sgi_buf_free(&text);
    }
    loader_end(&l);
}

/* Many instances of one large type: the work is bounded, not only what is kept. */
static void work_bomb(void **state) {
    (void)state;
    Loader l;
    open_loader(&l);
    Buf text;
    sgi_buf_init(&text, &l.engine);
    sgi_buf_text(&text, "(component (type (instance (export \"r\" (type (sub resource)))");
    for (int i = 0; i < 30000; i++)
        sgi_buf_printf(&text, "(export \"f%d\" (func (param \"x\" (own 0))))", i);
    sgi_buf_text(&text, "))");
    for (int i = 0; i < 900; i++)
        sgi_buf_printf(&text, "(import \"i%d\" (instance (type 0)))", i);
    sgi_buf_text(&text, ")");
    sgi_buf_byte(&text, 0);
    l.alloc.limit = 256 << 20;
    assert_null(load_component_text(&l, (const char *)text.data));
    assert_int_equal(l.err.status, SG_TOO_LARGE);
    l.alloc.limit = SIZE_MAX;
    sgi_buf_free(&text);
    loader_end(&l);
}

/* Loads `text`, which it frees, under a generous budget: the steps must run out, not the memory. */
static void asks_for_too_much_work(Loader *l, Buf *text) {
    sgi_buf_byte(text, 0);
    assert_false(text->failed);
    l->alloc.limit = 1 << 30;
    assert_null(load_component_text(l, (const char *)text->data));
    assert_int_equal(l->err.status, SG_TOO_LARGE);
    assert_non_null(strstr(l->err.detail, "steps"));
    l->alloc.limit = SIZE_MAX;
    sgi_buf_free(text);
}

static void put_long_name(Buf *text, int number) {
    for (int i = 0; i < 9000; i++)
        sgi_buf_text(text, "abcdefghij");
    sgi_buf_printf(text, "%d", number);
}

/* What a type binds counts, where nothing of it is asked for. */
static void binding_bomb(void **state) {
    (void)state;
    Loader l;
    open_loader(&l);
    Buf text;
    sgi_buf_init(&text, &l.engine);
    sgi_buf_text(&text, "(component (type (instance");
    for (int i = 0; i < 30000; i++)
        sgi_buf_printf(&text, "(export \"r%d\" (type (sub resource)))", i);
    sgi_buf_text(&text, ")) (type (instance))");
    for (int i = 0; i < 1000; i++)
        sgi_buf_printf(&text, "(export \"e%d\" (type 0) (type (eq 1)))", i);
    sgi_buf_text(&text, ")");
    asks_for_too_much_work(&l, &text);
    loader_end(&l);
}

/* So does the length of names that are looked at again and again. */
static void name_bombs(void **state) {
    (void)state;
    enum { EXPORTS = 30, INSTANCES = 300, IMPORTS = 90 };
    Loader l;
    open_loader(&l);
    Buf text;
    sgi_buf_init(&text, &l.engine);
    sgi_buf_text(&text,
                 "(component (component (type u8) (type (resource (rep i32))) (export \"r\" (type 1))");
    for (int i = 0; i < EXPORTS; i++) {
        sgi_buf_text(&text, "(export \"");
        put_long_name(&text, i);
        sgi_buf_text(&text, "\" (type 0))");
    }
    sgi_buf_text(&text, ")");
    for (int i = 0; i < INSTANCES; i++)
        sgi_buf_printf(&text, "(instance (instantiate 0)) (alias export %d \"r\" (type))", i);
    sgi_buf_text(&text, ")");
    asks_for_too_much_work(&l, &text);

    sgi_buf_text(&text, "(component (core module");
    for (int i = 0; i < IMPORTS; i++) {
        sgi_buf_text(&text, "(import \"");
        put_long_name(&text, 0);
        sgi_buf_printf(&text, "\" \"%d\" (func))", i);
    }
    sgi_buf_text(&text, ") (core module (func");
    for (int i = 0; i < IMPORTS; i++)
        sgi_buf_printf(&text, " (export \"%d\")", i);
    sgi_buf_text(&text, ")) (core instance (instantiate 1))");
    for (int i = 0; i < IMPORTS; i++) {
        sgi_buf_text(&text, "(core instance (instantiate 0 (with \"");
        put_long_name(&text, 0);
        sgi_buf_text(&text, "\" (instance 0))))");
    }
    sgi_buf_text(&text, ")");
    asks_for_too_much_work(&l, &text);
    loader_end(&l);
}

/* What the specification gates is refused where its feature is off, and valid where it is on. */
static void gated(void **state) {
    (void)state;
    static const struct {
        Feature feature;
        const char *text;
    } cases[] = {
        {FEATURE_COMPONENT_ASYNC, "(component (type (stream u8)))"},
        {FEATURE_COMPONENT_ASYNC, "(component (type (func async)))"},
        {FEATURE_COMPONENT_ASYNC, "(component (core func (canon task.cancel)))"},
        {FEATURE_COMPONENT_ERROR_CONTEXT, "(component (type error-context))"},
        {FEATURE_COMPONENT_THREADING, "(component (core func (canon thread.index)))"},
        {FEATURE_COMPONENT_MAP, "(component (type (map u8 string)))"},
        {FEATURE_COMPONENT_FIXED_LISTS, "(component (type (list u8 4)))"},
        {FEATURE_COMPONENT_MORE_ASYNC, "(component (core func (canon subtask.cancel async)))"},
        {FEATURE_COMPONENT_MORE_ASYNC, "(component (type $f (future)) (core func (canon future.read $f)))"},
        {FEATURE_COMPONENT_STACKFUL,
         "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate"
         " $m)) (func async (canon lift (core func $i \"f\") async)))"},
        {FEATURE_COMPONENT_MEMORY64, "(component (core func (canon context.get i64 0)))"},
        {FEATURE_COMPONENT_MEMORY64, "(component (type (resource (rep i64))))"},
        {FEATURE_COMPONENT_MEMORY64,
         "(component (core module $m (memory (export \"m\") i64 1)) (core instance $i "
         "(instantiate $m)) (import \"f\" (func $f (param \"s\" string))) (core func (canon "
         "lower (func $f) (memory (core memory $i \"m\")))))"},
        {FEATURE_COMPONENT_IMPLEMENTS, "(component (import \"a\" (implements \"a:b/c\") (instance)))"},
        {FEATURE_COMPONENT_IMPLEMENTS, "(component (import \"a\" (external-id \"x y\") (func)))"},
        {FEATURE_COMPONENT_CANONICAL_NAMES,
         "(component (import \"a:b/c@0.2\" (versionsuffix \".6-rc.1\") (func)))"},
    };
    Loader l;
    loader_init(&l);
    for (size_t i = 0; i < SGI_COUNT(cases); i++) {
        Features bit = (Features)1 << cases[i].feature;
        l.cx.features &= ~bit;
        component_fails(&l, cases[i].text, SG_UNSUPPORTED, "unsupported feature");
        assert_non_null(strstr(l.err.detail, sgi_feature_names[cases[i].feature]));
        l.cx.features |= bit;
        component_loads(&l, cases[i].text);
        l.cx.features = sgi_features_default();
    }
    component_fails(&l, "(component (import \"v\" (value u8)))", SG_UNSUPPORTED, "unsupported feature");
    static const char *const names[] = {"(component (import \"a:b/c@1\" (func)))",
                                        "(component (import \"a:b:c/d/e@1.0.0\" (func)))"};
    for (size_t i = 0; i < SGI_COUNT(names); i++)
        component_fails(&l, names[i], SG_INVALID, "");
    l.cx.features |= (Features)1 << FEATURE_COMPONENT_CANONICAL_NAMES | (Features)1
                                                                            << FEATURE_COMPONENT_NESTED_NAMES;
    for (size_t i = 0; i < SGI_COUNT(names); i++)
        component_loads(&l, names[i]);
    static const Refusal refusals[] = {
        {"(component (import \"a:b/c@1.2.3\" (versionsuffix \"\") (func)))", "version suffix without"},
        {"(component (import \"a\" (versionsuffix \".2\") (func)))", "version suffix without"},
        {"(component (import \"a:b/c@1\" (versionsuffix \".2\") (func)))", "not a valid semver"},
        {"(component (import \"a:b/c@01\" (func)))", "not a valid semver"},
        {"(component (import \"a:b/c@0.0.01\" (func)))", "not a valid semver"},
        {"(component (import \"a:b::c/d\" (func)))", "not in kebab case"},
        {"(component (import \"a:b/c/\" (func)))", "not in kebab case"},
    };
    for (size_t i = 0; i < SGI_COUNT(refusals); i++)
        component_fails(&l, refusals[i].text, SG_INVALID, refusals[i].message);
    loader_end(&l);
}

static void every_allocation_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "(component " CORE "(func $f (type $st) (canon lift (core func $s) (memory $mem) (realloc $realloc)))"
        " (export \"f\" (func $f)))",
        "(component"
        " (import \"c\" (component $c (import \"t\" (type $t (sub resource))) (import \"i\" (instance "
        "(export \"r\""
        "   (type (sub resource))))) (export \"d\" (type $d (sub resource)))"
        "   (export \"f\" (func (param \"x\" (own $t)) (param \"y\" (borrow $d))))))"
        " (type $r (resource (rep i32))) (instance $k (export \"r\" (type $r)))"
        " (instance $i (instantiate $c (with \"t\" (type $r)) (with \"i\" (instance $k))))"
        " (core type (module (import \"a\" \"b\" (func)) (export \"c\" (memory 1))))"
        " (type (record (field \"A\" (list u8)))) (export \"a:b/c\" (instance $k)))",
    };
    Loader l;
    open_loader(&l);
    for (size_t i = 0; i < SGI_COUNT(texts); i++) {
        Buf binary;
        sgi_buf_init(&binary, &l.engine);
        assert_int_equal(sgi_text_parse(&l.cx, sgi_bytes_of(texts[i]), &binary), SG_OK);
        Component *c = NULL;
        for (size_t count = 0; c == NULL; count++) {
            l.ration.left = count;
            c = load_component_bytes(&l, (Bytes){binary.data, binary.size});
            l.ration.left = SIZE_MAX;
            if (c == NULL && l.err.status != SG_NO_MEMORY)
                fail_msg("%s (%s)", l.err.message, l.err.detail);
            assert_true(count < 5000);
        }
        sgi_component_release(c);
        sgi_buf_free(&binary);
    }
    loader_end(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indices),
        cmocka_unit_test(value_types),
        cmocka_unit_test(names),
        cmocka_unit_test(names_and_types),
        cmocka_unit_test(visibility),
        cmocka_unit_test(canonical),
        cmocka_unit_test(core_instances),
        cmocka_unit_test(subtyping),
        cmocka_unit_test(layouts),
        cmocka_unit_test(discriminants),
        cmocka_unit_test(flattened_functions),
        cmocka_unit_test(substitution),
        cmocka_unit_test(resources_apart),
        cmocka_unit_test(linked_types),
        cmocka_unit_test(type_bombs),
        cmocka_unit_test(instantiation_bomb),
        cmocka_unit_test(work_bomb),
        cmocka_unit_test(binding_bomb),
        cmocka_unit_test(name_bombs),
        cmocka_unit_test(gated),
        cmocka_unit_test(every_allocation_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
