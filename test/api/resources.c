/* Resources through the public interface: the host's in guests, guests' with the host, between components;
 * who may drop what, and that everything ends once. */
#include "world.h"

#include <stdlib.h>

static sg_value own_of(uint64_t handle) {
    return (sg_value){.kind = SG_OWN, .of.handle = handle};
}

static sg_value borrow_of(uint64_t handle) {
    return (sg_value){.kind = SG_BORROW, .of.handle = handle};
}

/* ---- guests' resources ---- */

/* Counters: the representation is the count. What destructors saw is `dropped`. */
#define COUNTERS                                                                                             \
    "(core module $D (global $g (export \"g\") (mut i32) (i32.const 0))"                                     \
    "  (func (export \"dtor\") (param i32)"                                                                  \
    "    (global.set $g (i32.add (global.get $g) (local.get 0)))"                                            \
    "    (if (i32.eq (local.get 0) (i32.const 13)) (then (unreachable))))"                                   \
    "  (func (export \"dropped\") (result i32) (global.get $g)))"                                            \
    "(core instance $d (instantiate $D))"                                                                    \
    "(type $c' (resource (rep i32) (dtor (func $d \"dtor\"))))"                                              \
    "(core func $new (canon resource.new $c')) (core func $rep (canon resource.rep $c'))"                    \
    "(core func $drop (canon resource.drop $c'))"                                                            \
    "(core module $M (import \"\" \"new\" (func $new (param i32) (result i32)))"                             \
    "  (import \"\" \"drop\" (func $drop (param i32)))"                                                      \
    "  (import \"\" \"rep\" (func $rep (param i32) (result i32)))"                                           \
    "  (func (export \"make\") (param i32) (result i32) (call $new (local.get 0)))"                          \
    "  (func (export \"get\") (param i32) (result i32) (local.get 0))"                                       \
    "  (func (export \"take\") (param i32) (result i32)"                                                     \
    "    (call $rep (local.get 0)) (call $drop (local.get 0)))"                                              \
    "  (func (export \"both\") (param i32 i32)))"                                                            \
    "(core instance $m (instantiate $M (with \"\" (instance (export \"new\" (func $new))"                    \
    "  (export \"drop\" (func $drop)) (export \"rep\" (func $rep))))))"                                      \
    "(export $c \"counter\" (type $c'))"                                                                     \
    "(func $make (export \"make\") (param \"n\" u32) (result (own $c)) (canon lift (core func $m \"make\"))" \
    ")(func $get (export \"get\") (param \"c\" (borrow $c)) (result u32)"                                    \
    "  (canon lift (core func $m \"get\")))"                                                                 \
    "(func $take (export \"take\") (param \"c\" (own $c)) (result u32)"                                      \
    "  (canon lift (core func $m \"take\")))"                                                                \
    "(func (export \"both\") (param \"a\" (own $c)) (param \"b\" (own $c))"                                  \
    "  (canon lift (core func $m \"both\")))"                                                                \
    "(func (export \"dropped\") (result u32) (canon lift (core func $d \"dropped\")))"

static uint64_t make(World *w, uint32_t n) {
    sg_error error;
    sg_value argument = u32_of(n), result;
    assert_ok(invoke(w, "make", &argument, 1, &result, &error), error);
    assert_int_equal(result.kind, SG_OWN);
    return result.of.handle;
}

static uint32_t dropped(World *w) {
    sg_error error;
    sg_value result;
    assert_ok(invoke(w, "dropped", NULL, 0, &result, &error), error);
    return result.of.u32;
}

static void guests_resources(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, "(component " COUNTERS ")");
    sg_error error;
    uint64_t five = make(&w, 5), seven = make(&w, 7);
    sg_value argument = borrow_of(five), result;
    for (int i = 0; i < 2; i++) {
        assert_ok(invoke(&w, "get", &argument, 1, &result, &error), error);
        assert_int_equal(result.of.u32, 5);
    }
    assert_int_equal(dropped(&w), 0);
    argument = own_of(five);
    assert_ok(invoke(&w, "take", &argument, 1, &result, &error), error);
    assert_int_equal(result.of.u32, 5);
    assert_int_equal(dropped(&w), 5);

    /* It was given away: no number of it works any more, also when its place is used again. */
    assert_int_equal(invoke(&w, "take", &argument, 1, &result, &error), SG_BAD_VALUE);
    assert_int_equal(sg_resource_drop(w.store, five, &error), SG_BAD_VALUE);
    uint64_t nine = make(&w, 9);
    assert_int_not_equal(nine, five);
    assert_int_equal(invoke(&w, "take", &argument, 1, &result, &error), SG_BAD_VALUE);

    assert_ok(sg_resource_drop(w.store, seven, &error), error);
    assert_int_equal(dropped(&w), 12);
    assert_int_equal(sg_resource_drop(w.store, seven, &error), SG_BAD_VALUE);
    assert_int_equal(sg_resource_drop(w.store, 0, &error), SG_BAD_VALUE);
    assert_int_equal(sg_resource_drop(w.store, UINT64_MAX, &error), SG_BAD_VALUE);
    end(&w); /* with `nine` held */
}

static void given_twice(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, "(component " COUNTERS ")");
    sg_error error;
    uint64_t five = make(&w, 5);
    sg_value twice[] = {own_of(five), own_of(five)};
    assert_int_equal(invoke(&w, "both", twice, 2, NULL, &error), SG_BAD_VALUE);
    end(&w);
}

static void destructor_traps(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, "(component " COUNTERS ")");
    sg_error error;
    uint64_t bad = make(&w, 13);
    assert_trap(SG_TRAP_UNREACHABLE, sg_resource_drop(w.store, bad, &error), error);
    assert_int_equal(sg_resource_drop(w.store, bad, &error), SG_BAD_VALUE);
    sg_value argument = u32_of(1), result;
    assert_trap(SG_TRAP_CANNOT_ENTER, invoke(&w, "make", &argument, 1, &result, &error), error);
    end(&w);
}

static void handle_limit(void **state) {
    (void)state;
    World w = begin((sg_limits){.handles = 10});
    start(&w, "(component " COUNTERS ")");
    sg_error error;
    for (uint32_t i = 0; i < 9; i++)
        make(&w, i);
    uint64_t last = make(&w, 9);
    assert_ok(sg_resource_drop(w.store, last, &error), error);
    make(&w, 9);
    sg_value argument = u32_of(1), result;
    assert_trap(SG_TRAP_HANDLE_LIMIT, invoke(&w, "make", &argument, 1, &result, &error), error);
    end(&w);
}

/* ---- the host's resources ---- */

typedef struct Host {
    World *w;
    unsigned made, ended;
    uint64_t ended_sum, lent;
    bool drop_lent;
} Host;

static void host_end(void *context, uint64_t rep) {
    Host *host = context;
    host->ended++;
    host->ended_sum += rep;
}

static sg_status host_make(void *context, sg_call *call, const sg_value *arguments, size_t count,
                           sg_value *result, sg_error *error) {
    (void)call;
    (void)count;
    (void)error;
    ((Host *)context)->made++;
    *result = own_of(UINT64_C(0x100000000) + arguments[0].of.u32); /* wider than the guest's own */
    return SG_OK;
}

static sg_status host_read(void *context, sg_call *call, const sg_value *arguments, size_t count,
                           sg_value *result, sg_error *error) {
    (void)context;
    (void)call;
    (void)count;
    (void)error;
    assert_int_equal(arguments[0].kind, SG_BORROW);
    *result = u32_of((uint32_t)arguments[0].of.handle);
    return SG_OK;
}

static sg_status host_eat(void *context, sg_call *call, const sg_value *arguments, size_t count,
                          sg_value *result, sg_error *error) {
    (void)call;
    (void)result;
    (void)error;
    assert_int_equal(count, 2);
    assert_int_equal(arguments[0].kind, SG_OWN);
    host_end(context, arguments[0].of.handle);
    return SG_OK;
}

#define FILES                                                                                                \
    "(import \"host:io/files\" (instance $h (export \"file\" (type $f (sub resource)))"                      \
    "  (export \"make\" (func (param \"n\" u32) (result (own $f))))"                                         \
    "  (export \"read\" (func (param \"f\" (borrow $f)) (result u32)))"                                      \
    "  (export \"eat\" (func (param \"f\" (own $f)) (param \"s\" string)))))"                                \
    "(alias export $h \"file\" (type $f))"                                                                   \
    "(core func $drop (canon resource.drop $f))"                                                             \
    "(core func $make (canon lower (func $h \"make\"))) (core func $read (canon lower (func $h \"read\")))"  \
    "(core module $Mem (memory (export \"mem\") 1)) (core instance $mem (instantiate $Mem))"                 \
    "(core func $eat (canon lower (func $h \"eat\") (memory $mem \"mem\")))"                                 \
    "(core module $M (import \"\" \"make\" (func $make (param i32) (result i32)))"                           \
    "  (import \"\" \"read\" (func $read (param i32) (result i32)))"                                         \
    "  (import \"\" \"drop\" (func $drop (param i32)))"                                                      \
    "  (import \"\" \"eat\" (func $eat (param i32 i32 i32)))"                                                \
    "  (func (export \"use\") (param $n i32) (result i32) (local $f i32)"                                    \
    "    (local.set $f (call $make (local.get $n)))"                                                         \
    "    (call $read (local.get $f)) (call $drop (local.get $f)))"                                           \
    "  (func (export \"keep\") (param $n i32) (result i32) (call $make (local.get $n)))"                     \
    "  (func (export \"feed\") (param $n i32) (param $size i32)"                                             \
    "    (call $eat (call $make (local.get $n)) (i32.const 0) (local.get $size))))"                          \
    "(core instance $m (instantiate $M (with \"\" (instance (export \"make\" (func $make))"                  \
    "  (export \"read\" (func $read)) (export \"drop\" (func $drop)) (export \"eat\" (func $eat))))))"       \
    "(func (export \"use\") (param \"n\" u32) (result u32) (canon lift (core func $m \"use\")))"             \
    "(func (export \"keep\") (param \"n\" u32) (result u32) (canon lift (core func $m \"keep\")))"           \
    "(func (export \"give\") (param \"n\" u32) (result (own $f)) (canon lift (core func $m \"keep\")))"      \
    "(func (export \"feed\") (param \"n\" u32) (param \"size\" u32) (canon lift (core func $m \"feed\")))"

static World begin_files(Host *host, sg_limits limits) {
    sg_error error;
    World w = begin(limits);
    sg_resource_type *file = sg_resource_type_new(w.engine, host_end, host, &error);
    assert_made(file, error);
    assert_ok(sg_linker_define_resource(w.linker, "host:io/files", "file", file, &error), error);
    sg_resource_type_delete(file); /* the linker has it */
    assert_ok(sg_linker_define_func(w.linker, "host:io/files", "make", host_make, host, &error), error);
    assert_ok(sg_linker_define_func(w.linker, "host:io/files", "read", host_read, host, &error), error);
    assert_ok(sg_linker_define_func(w.linker, "host:io/files", "eat", host_eat, host, &error), error);
    return w;
}

static void hosts_resources(void **state) {
    (void)state;
    Host host = {0};
    World w = begin_files(&host, (sg_limits){0});
    start(&w, "(component " FILES ")");
    sg_error error;
    sg_value arguments[] = {u32_of(40), u32_of(0)}, result;
    assert_ok(invoke(&w, "use", arguments, 1, &result, &error), error);
    assert_int_equal(result.of.u32, 40);
    assert_int_equal(host.ended, 1);
    assert_true(host.ended_sum == UINT64_C(0x100000000) + 40);

    assert_ok(invoke(&w, "feed", arguments, 2, NULL, &error), error);
    assert_int_equal(host.ended, 2);

    assert_ok(invoke(&w, "give", arguments, 1, &result, &error), error);
    assert_int_equal(result.kind, SG_OWN);
    assert_true(result.of.handle == UINT64_C(0x100000000) + 40); /* the host's again */
    assert_int_equal(host.ended, 2);

    assert_ok(invoke(&w, "keep", arguments, 1, &result, &error), error);
    assert_int_equal(host.ended, 2);
    end(&w);
    assert_int_equal(host.ended, 3); /* what the guest kept */
    assert_int_equal(host.made, 4);
}

/* The second argument traps after the first was lifted: it ends, once. */
static void lifting_stops_half_way(void **state) {
    (void)state;
    Host host = {0};
    World w = begin_files(&host, (sg_limits){0});
    start(&w, "(component " FILES ")");
    sg_error error;
    sg_value arguments[] = {u32_of(40), u32_of(1000000)};
    assert_trap(SG_TRAP_STRING_OUT_OF_BOUNDS, invoke(&w, "feed", arguments, 2, NULL, &error), error);
    assert_int_equal(host.ended, 1);
    end(&w);
    assert_int_equal(host.ended, 1);
}

static void unknown_resource_types(void **state) {
    (void)state;
    sg_error error;
    World w = begin((sg_limits){0});
    w.component = load_component(w.engine, "(component " FILES ")");
    assert_null(sg_linker_instantiate(w.linker, w.store, w.component, &error));
    assert_int_equal(error.status, SG_UNLINKABLE);
    assert_ok(sg_linker_define_func(w.linker, "host:io/files", "make", host_make, NULL, &error), error);
    assert_null(sg_linker_instantiate(w.linker, w.store, w.component, &error));
    assert_int_equal(error.status, SG_UNLINKABLE);
    assert_non_null(strstr(error.detail, "resource type \"file\""));
    sg_linker_unknown_imports_trap(w.linker, true);
    w.instance = sg_linker_instantiate(w.linker, w.store, w.component, &error);
    assert_made(w.instance, error);
    end(&w);
}

/* Every host byte limit: nothing is lost, whatever is refused. */
static void every_host_byte_limit(void **state) {
    (void)state;
    unsigned refused = 0;
    bool works = false;
    for (uint64_t bytes = 500; !works; bytes += 97) {
        sg_error error;
        Host host = {0};
        World w = begin_files(&host, (sg_limits){.host_bytes = bytes});
        w.component = load_component(w.engine, "(component " FILES ")");
        w.instance = sg_linker_instantiate(w.linker, w.store, w.component, &error);
        sg_value argument = u32_of(3), result;
        works = w.instance && invoke(&w, "use", &argument, 1, &result, &error) == SG_OK &&
                invoke(&w, "keep", &argument, 1, &result, &error) == SG_OK;
        refused += !works;
        end(&w);
        assert_int_equal(host.made, host.ended);
    }
    assert_true(refused > 10);
}

/* ---- between components ---- */

static void composed(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    static const char client[] =
        "(component (import \"counters\" (instance $i (export \"counter\" (type $c (sub resource)))"
        "    (export \"make\" (func (param \"n\" u32) (result (own $c))))"
        "    (export \"get\" (func (param \"c\" (borrow $c)) (result u32)))))"
        "  (alias export $i \"counter\" (type $c))"
        "  (core func $drop (canon resource.drop $c))"
        "  (core func $make (canon lower (func $i \"make\"))) (core func $get (canon lower (func $i "
        "\"get\")))"
        "  (core module $M (import \"\" \"make\" (func $make (param i32) (result i32)))"
        "    (import \"\" \"get\" (func $get (param i32) (result i32)))"
        "    (import \"\" \"drop\" (func $drop (param i32)))"
        "    (func (export \"use\") (param $n i32) (result i32) (local $c i32)"
        "      (local.set $c (call $make (local.get $n)))"
        "      (call $get (local.get $c)) (call $drop (local.get $c)))"
        "    (func (export \"keep\") (param i32)))"
        "  (core instance $m (instantiate $M (with \"\" (instance (export \"make\" (func $make))"
        "    (export \"get\" (func $get)) (export \"drop\" (func $drop))))))"
        "  (func (export \"use\") (param \"n\" u32) (result u32) (canon lift (core func $m \"use\")))"
        "  (func (export \"keep\") (param \"c\" (borrow $c)) (canon lift (core func $m \"keep\"))))";
    sg_error error;
    start(&w, "(component " COUNTERS ")");
    sg_instance *counters = w.instance;
    assert_ok(sg_linker_define_instance(w.linker, "counters", counters, &error), error);
    sg_component *second = load_component(w.engine, client);
    sg_instance *user = sg_linker_instantiate(w.linker, w.store, second, &error);
    assert_made(user, error);
    sg_value argument = u32_of(11), result;
    w.instance = user;
    assert_ok(invoke(&w, "use", &argument, 1, &result, &error), error);
    assert_int_equal(result.of.u32, 11);
    w.instance = counters;
    assert_int_equal(dropped(&w), 11);

    /* A borrowed handle that is kept past the call. */
    uint64_t mine = make(&w, 1);
    argument = borrow_of(mine);
    w.instance = user;
    assert_trap(SG_TRAP_BORROWS_REMAIN, invoke(&w, "keep", &argument, 1, NULL, &error), error);
    assert_ok(sg_resource_drop(w.store, mine, &error), error); /* it came back all the same */
    sg_component_delete(second);
    end(&w);
}

/* Parameters and results that are handles, beside strings: a borrowed one of its own is the representation to
 * the one side, an owned one a number in its table, which is what its post-return gets. */
static void between_components(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    sg_value result;
    sg_error error;
    start(&w,
          "(component (component $A"
          "    (type $r' (resource (rep i32))) (export $r \"r\" (type $r'))"
          "    (core func $new (canon resource.new $r')) (core func $rep (canon resource.rep $r'))"
          "    (core module $M (import \"\" \"new\" (func $new (param i32) (result i32)))"
          "      (import \"\" \"rep\" (func $rep (param i32) (result i32)))"
          "      (memory (export \"m\") 1) (global $post (mut i32) (i32.const 0))"
          "      (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 64))"
          "      (func (export \"make\") (param i32) (result i32) (call $new (local.get 0)))"
          "      (func (export \"made\") (param i32) (global.set $post (local.get 0)))"
          "      (func (export \"post\") (result i32) (global.get $post))"
          "      (func (export \"get\") (param i32 i32 i32) (result i32)"
          "        (i32.add (local.get 0) (i32.load8_u (i32.add (local.get 1) (local.get 2)))))"
          "      (func (export \"take\") (param i32) (result i32) (call $rep (local.get 0))))"
          "    (core instance $m (instantiate $M (with \"\""
          "      (instance (export \"new\" (func $new)) (export \"rep\" (func $rep))))))"
          "    (func (export \"make\") (param \"x\" u32) (result (own $r))"
          "      (canon lift (core func $m \"make\") (post-return (core func $m \"made\"))))"
          "    (func (export \"post\") (result u32) (canon lift (core func $m \"post\")))"
          "    (func (export \"get\") (param \"self\" (borrow $r)) (param \"s\" string) (result u32)"
          "      (canon lift (core func $m \"get\") (memory (core memory $m \"m\"))"
          "        (realloc (core func $m \"realloc\"))))"
          "    (func (export \"take\") (param \"x\" (own $r)) (result u32)"
          "      (canon lift (core func $m \"take\"))))"
          "  (component $B (import \"r\" (type $r (sub resource)))"
          "    (import \"make\" (func $make (param \"x\" u32) (result (own $r))))"
          "    (import \"post\" (func $post (result u32)))"
          "    (import \"get\" (func $get (param \"self\" (borrow $r)) (param \"s\" string) (result u32)))"
          "    (import \"take\" (func $take (param \"x\" (own $r)) (result u32)))"
          "    (core module $N (memory (export \"m\") 1) (data (i32.const 8) \"abc\"))"
          "    (core instance $n (instantiate $N))"
          "    (core func $make' (canon lower (func $make))) (core func $post' (canon lower (func $post)))"
          "    (core func $get' (canon lower (func $get) (memory (core memory $n \"m\"))))"
          "    (core func $take' (canon lower (func $take)))"
          "    (core module $M (import \"\" \"make\" (func $make (param i32) (result i32)))"
          "      (import \"\" \"post\" (func $post (result i32)))"
          "      (import \"\" \"get\" (func $get (param i32 i32 i32) (result i32)))"
          "      (import \"\" \"take\" (func $take (param i32) (result i32)))"
          "      (func (export \"f\") (result i32) (local $h i32)"
          "        (if (i32.eq (call $make (i32.const 40)) (local.tee $h (call $make (i32.const 50))))"
          "          (then (unreachable)))"
          "        (i32.add (i32.mul (call $post) (i32.const 1000000))"
          "          (i32.add (i32.mul (call $get (local.get $h) (i32.const 8) (i32.const 2))"
          "              (i32.const 1000))"
          "            (call $take (local.get $h)))))"
          "      (func (export \"g\") (result i32) (call $take (call $take (call $make (i32.const 60))))))"
          "    (core instance $m (instantiate $M (with \"\" (instance (export \"make\" (func $make'))"
          "      (export \"post\" (func $post')) (export \"get\" (func $get'))"
          "      (export \"take\" (func $take'))))))"
          "    (func (export \"f\") (result u32) (canon lift (core func $m \"f\")))"
          "    (func (export \"g\") (result u32) (canon lift (core func $m \"g\"))))"
          "  (instance $a (instantiate $A)) (instance $b (instantiate $B (with \"r\" (type $a \"r\"))"
          "    (with \"make\" (func $a \"make\")) (with \"post\" (func $a \"post\"))"
          "    (with \"get\" (func $a \"get\")) (with \"take\" (func $a \"take\"))))"
          "  (export \"f\" (func $b \"f\")) (export \"g\" (func $b \"g\")))");
    assert_ok(invoke(&w, "f", NULL, 0, &result, &error), error);
    assert_int_equal(result.of.u32, 1000000 + (50 + 0) * 1000 + 50);
    assert_trap(SG_TRAP_UNKNOWN_HANDLE, invoke(&w, "g", NULL, 0, &result, &error), error);
    end(&w);
}

/* ---- what becomes of what the host gives ---- */

static void note_end(void *context, uint64_t rep) {
    *(uint64_t *)context += rep;
}

/* A call that fails ends what it was given, once, wherever it fails; SG_BAD_VALUE leaves it to the host. */
static void given_to_failing_calls(void **state) {
    (void)state;
    static const struct {
        const char *realloc, *body;
        uint64_t fuel;
        sg_status status;
    } cases[] = {
        {"(i32.const 64)", "", 0, SG_OK},  /* the store's end ends them */
        {"(unreachable)", "", 0, SG_TRAP}, /* before either is lowered */
        {"(if (i32.eq (local.get 3) (i32.const 5)) (then (unreachable))) (i32.const 64)", "", 0, SG_TRAP},
        {"(i32.const 64)", "(unreachable)", 0, SG_TRAP},
        {"(i32.const 64)", "(loop $l (br $l))", 1000, SG_TRAP},
        {"(i32.const 64)", "", SG_ZERO, SG_TRAP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        World w = begin((sg_limits){.fuel = 0});
        sg_error error;
        uint64_t ended = 0;
        sg_resource_type *type = sg_resource_type_new(w.engine, note_end, &ended, &error);
        assert_made(type, error);
        assert_ok(sg_linker_define_resource(w.linker, NULL, "r", type, &error), error);
        char text[1000];
        snprintf(text, sizeof text,
                 "(component (import \"r\" (type $r (sub resource)))"
                 "  (core module $M (memory (export \"m\") 1)"
                 "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) %s)"
                 "    (func (export \"f\") (param i32 i32 i32 i32) %s))"
                 "  (core instance $m (instantiate $M))"
                 "  (func (export \"f\") (param \"x\" (tuple (list (own $r)) (tuple string)))"
                 "    (canon lift (core func $m \"f\") (memory (core memory $m \"m\"))"
                 "    (realloc (core func $m \"realloc\")))))",
                 cases[i].realloc, cases[i].body);
        start(&w, text);
        const sg_value items[2] = {own_of(1000), own_of(1)};
        const sg_value string = sg_value_string("12345");
        sg_value members[2] = {{.kind = SG_LIST, .of.list = {items, 2}},
                               {.kind = SG_TUPLE, .of.list = {&string, 1}}};
        const sg_value argument = {.kind = SG_TUPLE, .of.list = {members, 2}};
        members[1].of.list.count = 0; /* does not fit */
        assert_int_equal(invoke(&w, "f", &argument, 1, NULL, &error), SG_BAD_VALUE);
        assert_int_equal(ended, 0);
        members[1].of.list.count = 1;
        if (cases[i].fuel)
            assert_ok(sg_store_tighten(
                          w.store, &(sg_limits){.size = sizeof(sg_limits), .fuel = cases[i].fuel}, &error),
                      error);
        assert_int_equal(invoke(&w, "f", &argument, 1, NULL, &error), cases[i].status);
        if (cases[i].status != SG_OK) /* now it cannot begin */
            assert_int_equal(invoke(&w, "f", &argument, 1, NULL, &error), SG_TRAP);
        end(&w);
        assert_int_equal(ended, cases[i].status == SG_OK ? 1001 : 2002);
        sg_resource_type_delete(type);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"resources of a guest", guests_resources, NULL, NULL, NULL},
        {"a handle given twice", given_twice, NULL, NULL, NULL},
        {"a destructor that traps", destructor_traps, NULL, NULL, NULL},
        {"resources given to calls that fail", given_to_failing_calls, NULL, NULL, NULL},
        {"handle limit", handle_limit, NULL, NULL, NULL},
        {"resources of the host", hosts_resources, NULL, NULL, NULL},
        {"lifting stops half way", lifting_stops_half_way, NULL, NULL, NULL},
        {"unknown resource types", unknown_resource_types, NULL, NULL, NULL},
        {"every host byte limit with resources", every_host_byte_limit, NULL, NULL, NULL},
        {"handles between components", between_components, NULL, NULL, NULL},
        {"resources between linked instances", composed, NULL, NULL, NULL},
    };
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
