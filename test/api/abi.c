/* Guests that lie to the canonical ABI: allocators of every kind against every encoding and sender, lengths
 * at the edges, calls from where none may be made, random sequences of handle operations against a model, and
 * how much the host holds for the largest arguments. */
#include "world.h"

#include <stdlib.h>

/* ---- allocators × encodings × lengths × senders ---- */

/* What realloc answers, with locals $old $size $align $new and $at; `ping` is an import. */
typedef enum Answer {
    BUMP,
    ZERO,
    ODD,
    LAST_BYTE,
    OLD,
    OVERLAP,
    MINUS_ONE,
    TRAPS,
    LOOPS,
    GROWS,
    PINGS,
    ANSWERS
} Answer;

static const char *const reallocs[ANSWERS] = {
    [BUMP] = "(local.tee $at (global.get $next))"
             "(global.set $next (i32.add (i32.and (i32.add (local.get $new) (i32.const 7)) (i32.const -8))"
             "  (global.get $next)))",
    [ZERO] = "(i32.const 0)",
    [ODD] = "(i32.const 4097)",
    [LAST_BYTE] = "(i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))",
    [OLD] = "(local.get $old)",
    [OVERLAP] = "(select (i32.add (local.get $old) (i32.const 2)) (i32.const 64) (local.get $old))",
    [MINUS_ONE] = "(i32.const -1)",
    [TRAPS] = "(unreachable)",
    [LOOPS] = "(loop $l (br $l)) (unreachable)",
    [GROWS] = "(i32.mul (memory.grow (i32.const 1)) (i32.const 65536))",
    [PINGS] = "(call $ping) (i32.const 0)",
};

static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};

static const char libc[] =
    "(core module $L (import \"\" \"ping\" (func $ping)) (memory (export \"m\") 1)"
    "  (global $next (mut i32) (i32.const 4096))"
    "  (func (export \"realloc\") (param $old i32) (param $size i32) (param $align i32) (param $new i32)"
    "    (result i32) (local $at i32) %s)"
    "  (func (export \"length\") (param i32 i32) (result i32) (i32.and (local.get 1) (i32.const 0x7fffffff)))"
    "  (data (i32.const 16) \"0123456789abcdef0123456789abcdef01234567\"))"
    "(core func $ping (canon lower (func $p)))"
    "(core instance $l (instantiate $L (with \"\" (instance (export \"ping\" (func $ping))))))";

/* The receiver counts its string's code units. The other component sends it 40 bytes from address 16, or the
 * host sends it itself. */
static void make_pair(char *text, size_t size, const char *realloc, const char *to, const char *from) {
    char receiver[2000], sender[2000];
    snprintf(receiver, sizeof receiver, libc, realloc);
    snprintf(sender, sizeof sender, libc, "(i32.const 0)");
    snprintf(
        text, size,
        "(component (import \"ping\" (func $p))"
        "(component $R (import \"ping\" (func $p)) %s"
        "  (func (export \"take\") (param \"s\" string) (result u32) (canon lift (core func $l \"length\")"
        "    (memory (core memory $l \"m\")) (realloc (core func $l \"realloc\")) string-encoding=%s)))"
        "(component $S (import \"ping\" (func $p))"
        "  (import \"take\" (func $take (param \"s\" string) (result u32))) %s"
        "  (core func $t (canon lower (func $take) (memory (core memory $l \"m\")) string-encoding=%s))"
        "  (core module $M (import \"\" \"t\" (func $t (param i32 i32) (result i32)))"
        "    (func (export \"f\") (param i32) (result i32) (call $t (i32.const 16) (local.get 0))))"
        "  (core instance $m (instantiate $M (with \"\" (instance (export \"t\" (func $t))))))"
        "  (func (export \"send\") (param \"n\" u32) (result u32) (canon lift (core func $m \"f\"))))"
        "(instance $r (instantiate $R (with \"ping\" (func $p))))"
        "(instance $s (instantiate $S (with \"ping\" (func $p)) (with \"take\" (func $r \"take\"))))"
        "(export \"take\" (func $r \"take\")) (export \"send\" (func $s \"send\")))",
        receiver, to, sender, from);
}

static sg_status ping(void *context, sg_call *call, const sg_value *arguments, size_t count, sg_value *result,
                      sg_error *error) {
    (void)call, (void)arguments, (void)count, (void)result, (void)error;
    if (context)
        ++*(unsigned *)context;
    return SG_OK;
}

/* What a range of `size` bytes wants of such an answer. */
static sg_trap expected_trap(Answer answer, bool is_utf8, uint32_t size) {
    switch (answer) {
    case ODD: return is_utf8 ? SG_TRAP_NONE : SG_TRAP_REALLOC_UNALIGNED;
    case LAST_BYTE:
        if (!is_utf8)
            return SG_TRAP_REALLOC_UNALIGNED;
        return size > 1 ? SG_TRAP_REALLOC_OUT_OF_BOUNDS : SG_TRAP_NONE;
    case MINUS_ONE: return is_utf8 ? SG_TRAP_REALLOC_OUT_OF_BOUNDS : SG_TRAP_REALLOC_UNALIGNED;
    case TRAPS: return SG_TRAP_UNREACHABLE;
    case LOOPS: return SG_TRAP_FUEL;
    case PINGS: return SG_TRAP_CANNOT_LEAVE;
    default: return SG_TRAP_NONE;
    }
}

static void check_ended(World *w, const char *name, const sg_value *argument, bool is_limit) {
    sg_error error;
    sg_status status = invoke(w, name, argument, 1, NULL, &error);
    assert_trap(is_limit ? SG_TRAP_INSTANCE_ENDED : SG_TRAP_CANNOT_ENTER, status, error);
}

static void allocators(void **state) {
    (void)state;
    static const uint32_t lengths[] = {0, 1, 40};
    sg_engine *engine = make_engine();
    for (unsigned answer = 0; answer < ANSWERS; answer++)
        for (unsigned to = 0; to < 3; to++)
            for (unsigned from = 0; from < 4; from++) { /* 3: the host */
                char text[8000];
                make_pair(text, sizeof text, reallocs[answer], encodings[to], encodings[from % 3]);
                sg_component *component = load_component(engine, text);
                for (unsigned i = 0; i < 3; i++) {
                    sg_error error;
                    World w = {.store = make_store(engine, (sg_limits){.fuel = 100000})};
                    w.linker = sg_linker_new(engine, &error);
                    assert_ok(sg_linker_define_func(w.linker, NULL, "ping", ping, NULL, &error), error);
                    w.instance = sg_linker_instantiate(w.linker, w.store, component, &error);
                    assert_made(w.instance, error);
                    uint32_t units = from == 1 ? lengths[i] / 2 : lengths[i];
                    sg_value string = {.kind = SG_STRING,
                                       .of.string = {"0123456789abcdef0123456789abcdef01234567", lengths[i]}};
                    sg_value number = u32_of(units), result;
                    sg_status status = invoke(&w, from == 3 ? "take" : "send", from == 3 ? &string : &number,
                                              1, &result, &error);
                    /* Two digits are one character of UTF-16: in UTF-8 they are three bytes. */
                    uint32_t size = to != 0 || from != 1 ? units : 3 * units;
                    sg_trap trap = expected_trap((Answer)answer, to == 0, size);
                    bool shifts = (answer == ODD || answer == LAST_BYTE) && from == 1 && to == 0;
                    if (trap == SG_TRAP_NONE && !shifts) {
                        assert_ok(status, error);
                        assert_int_equal(result.of.u32, size);
                    } else if (shifts) {
                        assert_true(status == SG_OK || error.trap == SG_TRAP_REALLOC_OUT_OF_BOUNDS);
                    } else {
                        assert_trap(trap, status, error);
                        check_ended(&w, "take", &string, trap == SG_TRAP_FUEL);
                        check_ended(&w, "send", &number, trap == SG_TRAP_FUEL);
                    }
                    sg_store_delete(w.store);
                    sg_linker_delete(w.linker);
                }
                sg_component_delete(component);
            }
    sg_engine_delete(engine);
}

/* ---- lengths at the edges, lifted ---- */

static void lengths_lifted(void **state) {
    (void)state;
    static const uint32_t units[] = {0,          1,          2,          0x0fffffff, 0x10000000, 0x10000001,
                                     0x7fffffff, 0x80000000, 0x80000001, 0x8fffffff, 0xffffffff};
    static const uint32_t pointers[] = {0, 1, 65534, 65535, 65536, 65537, 0x10000000, 0xfffffffe, 0xffffffff};
    sg_engine *engine = make_engine();
    for (unsigned e = 0; e < 3; e++) {
        char text[2000];
        snprintf(
            text, sizeof text,
            "(component (core module $M (memory (export \"m\") 1)"
            "  (func (export \"f\") (param i32 i32) (result i32) (i32.store (i32.const 64) (local.get 0))"
            "    (i32.store (i32.const 68) (local.get 1)) (i32.const 64)))"
            "  (core instance $m (instantiate $M))"
            "  (func (export \"f\") (param \"p\" u32) (param \"n\" u32) (result string)"
            "    (canon lift (core func $m \"f\") (memory (core memory $m \"m\")) string-encoding=%s)))",
            encodings[e]);
        sg_component *component = load_component(engine, text);
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            for (size_t j = 0; j < sizeof pointers / sizeof *pointers; j++) {
                sg_error error;
                World w = {.store = make_store(engine, (sg_limits){.host_bytes = 1 << 20})};
                w.linker = sg_linker_new(engine, &error);
                w.instance = sg_linker_instantiate(w.linker, w.store, component, &error);
                assert_made(w.instance, error);
                bool is_tagged = e == 2 && units[i] >> 31;
                uint64_t bytes = is_tagged ? 2 * (uint64_t)(units[i] & 0x7fffffff)
                                 : e == 1  ? 2 * (uint64_t)units[i]
                                           : units[i];
                bool is_aligned = e == 0 || pointers[j] % 2 == 0, fits = pointers[j] + bytes <= 65536;
                const sg_value arguments[2] = {u32_of(pointers[j]), u32_of(units[i])};
                sg_value result;
                sg_status status = invoke(&w, "f", arguments, 2, &result, &error);
                if (is_aligned && fits) {
                    assert_ok(status, error);
                    assert_int_equal(result.of.string.size, e && is_tagged ? bytes / 2 : units[i]);
                } else {
                    assert_int_equal(status, SG_TRAP);
                    assert_true((error.trap == SG_TRAP_STRING_OUT_OF_BOUNDS && !fits) ||
                                (error.trap == SG_TRAP_POINTER_UNALIGNED && !is_aligned));
                }
                assert_true(sg_store_usage(w.store).peak_host_bytes <= 1 << 20);
                sg_store_delete(w.store);
                sg_linker_delete(w.linker);
            }
        sg_component_delete(component);
    }
    sg_engine_delete(engine);
}

/* ---- calls from where none may be made ---- */

/* What is done, and may that be while the instance may not be left? Handle 1 is there already. */
static const struct {
    const char *code;
    bool may;
} deeds[] = {
    {"(call $ping)", false},
    {"(call $drop (i32.const 1))", false},
    {"(drop (call $new (i32.const 5)))", false},
    {"(drop (call $rep (i32.const 1)))", true},
    {"(drop (memory.grow (i32.const 1)))", true},
};

#define AT(place) places[p].place ? deeds[d].code : ""

static void calls_from_each_place(void **state) {
    (void)state;
    /* Where it is done, and may what is done leave the instance there? */
    static const struct {
        bool realloc, post, dtor, start, body, may_leave;
    } places[] = {
        {.realloc = true},
        {.post = true},
        {.dtor = true, .may_leave = true},
        {.start = true, .may_leave = true},
        {.body = true, .may_leave = true},
    };
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
        for (size_t d = 0; d < sizeof deeds / sizeof *deeds; d++) {
            char text[6000];
            snprintf(
                text, sizeof text,
                "(component (import \"ping\" (func $p))"
                "  (core module $D (import \"\" \"ping\" (func $ping)) (memory 1)"
                "    (table (export \"t\") 1 funcref) (func (export \"dtor\") (param i32)"
                "      (if (i32.eq (local.get 0) (i32.const 9)) (then"
                "        (call_indirect (i32.const 0))))))"
                "  (core func $ping (canon lower (func $p)))"
                "  (core instance $d (instantiate $D (with \"\" (instance (export \"ping\" (func $ping))))))"
                "  (type $r (resource (rep i32) (dtor (func $d \"dtor\"))))"
                "  (core func $new (canon resource.new $r)) (core func $rep (canon resource.rep $r))"
                "  (core func $drop (canon resource.drop $r))"
                "  (core module $M (import \"\" \"ping\" (func $ping))"
                "    (import \"\" \"new\" (func $new (param i32) (result i32)))"
                "    (import \"\" \"rep\" (func $rep (param i32) (result i32)))"
                "    (import \"\" \"drop\" (func $drop (param i32)))"
                "    (import \"d\" \"t\" (table 1 funcref)) (memory (export \"m\") 1)"
                "    (func $dtor %s) (elem (i32.const 0) $dtor)"
                "    (func $start (drop (call $new (i32.const 7))) %s) (start $start)"
                "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) %s (i32.const 64))"
                "    (func (export \"post\") (param i32) %s)"
                "    (func (export \"f\") (param i32 i32) (result i32)"
                "      (call $drop (call $new (i32.const 9))) %s (i32.const 0)))"
                "  (core instance $m (instantiate $M (with \"d\" (instance $d)) (with \"\" (instance"
                "    (export \"ping\" (func $ping)) (export \"new\" (func $new))"
                "    (export \"rep\" (func $rep)) (export \"drop\" (func $drop))))))"
                "  (func (export \"f\") (param \"s\" string) (result u32) (canon lift (core func $m \"f\")"
                "    (memory (core memory $m \"m\")) (realloc (core func $m \"realloc\"))"
                "    (post-return (core func $m \"post\")))))",
                AT(dtor), AT(start), AT(realloc), AT(post), AT(body));
            World w = begin((sg_limits){0});
            unsigned pings = 0;
            sg_error error;
            assert_ok(sg_linker_define_func(w.linker, NULL, "ping", ping, &pings, &error), error);
            start(&w, text);
            const sg_value argument = sg_value_string("text");
            sg_status status = invoke(&w, "f", &argument, 1, NULL, &error);
            if (deeds[d].may || places[p].may_leave) {
                assert_ok(status, error);
                assert_int_equal(pings, d == 0);
            } else {
                assert_trap(SG_TRAP_CANNOT_LEAVE, status, error);
                assert_int_equal(pings, 0);
                check_ended(&w, "f", &argument, false);
            }
            end(&w);
        }
}

/* ---- handles against a model ---- */

static const char keeper[] =
    "(component"
    "  (core module $D (global $n (mut i32) (i32.const 0))"
    "    (func (export \"dtor\") (param i32) (global.set $n (i32.add (global.get $n) (local.get 0))))"
    "    (func (export \"ended\") (result i32) (global.get $n)))"
    "  (core instance $d (instantiate $D))"
    "  (type $r' (resource (rep i32) (dtor (func $d \"dtor\")))) (export $r \"r\" (type $r'))"
    "  (core func $new (canon resource.new $r')) (core func $rep (canon resource.rep $r'))"
    "  (core func $drop (canon resource.drop $r'))"
    "  (core module $M (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "    (import \"\" \"rep\" (func $rep (param i32) (result i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (func (export \"new\") (param i32) (result i32) (call $new (local.get 0)))"
    "    (func (export \"rep\") (param i32) (result i32) (call $rep (local.get 0)))"
    "    (func (export \"drop\") (param i32) (call $drop (local.get 0)))"
    "    (func (export \"same\") (param i32) (result i32) (local.get 0)))"
    "  (core instance $m (instantiate $M (with \"\" (instance (export \"new\" (func $new))"
    "    (export \"rep\" (func $rep)) (export \"drop\" (func $drop))))))"
    "  (func (export \"ended\") (result u32) (canon lift (core func $d \"ended\")))"
    "  (func (export \"new\") (param \"rep\" u32) (result u32) (canon lift (core func $m \"new\")))"
    "  (func (export \"rep\") (param \"i\" u32) (result u32) (canon lift (core func $m \"rep\")))"
    "  (func (export \"drop\") (param \"i\" u32) (canon lift (core func $m \"drop\")))"
    "  (func (export \"give\") (param \"i\" u32) (result (own $r)) (canon lift (core func $m \"same\")))"
    "  (func (export \"take\") (param \"x\" (own $r)) (result u32) (canon lift (core func $m \"same\")))"
    "  (func (export \"lend\") (param \"x\" (borrow $r)) (result u32) (canon lift (core func $m \"same\"))))";

enum { HANDLES = 64, NO_HANDLE = 0 };

/* The guest's table, by index, and what the host holds: representations, NO_HANDLE where there is none. */
typedef struct Model {
    uint32_t guest[HANDLES], holes[HANDLES], hole_count, used; /* used: indices ever, 0 included */
    uint32_t held[HANDLES];
    uint64_t numbers[HANDLES], old_number; /* old: one that is no longer good, or 0 */
    uint32_t held_count, ended, next_rep;
} Model;

static uint32_t random_state;

static uint32_t random_below(uint32_t end) {
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % end;
}

/* The index that the specification gives the next handle. */
static uint32_t model_add(Model *m, uint32_t rep) {
    uint32_t index = m->hole_count ? m->holes[--m->hole_count] : m->used++;
    m->guest[index] = rep;
    return index;
}

static void model_remove(Model *m, uint32_t index) {
    m->guest[index] = NO_HANDLE;
    m->holes[m->hole_count++] = index;
}

static sg_status one_u32(World *w, const char *name, uint32_t argument, sg_value *result, sg_error *error) {
    const sg_value value = u32_of(argument);
    return invoke(w, name, &value, 1, result, error);
}

/* One operation on a random index, good or not. False: the guest trapped, as it should. */
static bool guest_step(World *w, Model *m, unsigned operation) {
    static const char *const names[] = {"rep", "drop", "give"};
    uint32_t index = random_below(m->used + (random_below(20) == 0));
    bool is_good = index < m->used && m->guest[index] != NO_HANDLE;
    if (!is_good && random_below(10)) /* mostly go on */
        return true;
    sg_error error;
    sg_value result;
    sg_status status = one_u32(w, names[operation], index, &result, &error);
    if (!is_good) {
        assert_trap(SG_TRAP_UNKNOWN_HANDLE, status, error);
        return false;
    }
    assert_ok(status, error);
    uint32_t rep = m->guest[index];
    if (operation == 0) {
        assert_int_equal(result.of.u32, rep);
        return true;
    }
    model_remove(m, index);
    if (operation == 1) {
        m->ended += rep;
    } else {
        m->numbers[m->held_count] = result.of.handle;
        m->held[m->held_count++] = rep;
    }
    return true;
}

static void host_step(World *w, Model *m, unsigned operation) {
    if (m->held_count == 0)
        return;
    sg_error error;
    sg_value result;
    uint32_t at = random_below(m->held_count), rep = m->held[at];
    uint64_t number = m->numbers[at];
    sg_value handle = {.kind = operation == 1 ? SG_BORROW : SG_OWN, .of.handle = number};
    if (operation == 1) {
        assert_ok(invoke(w, "lend", &handle, 1, &result, &error), error);
        assert_int_equal(result.of.u32, rep);
        return;
    }
    if (operation == 0) {
        assert_ok(invoke(w, "take", &handle, 1, &result, &error), error);
        assert_int_equal(result.of.u32, model_add(m, rep));
    } else {
        assert_ok(sg_resource_drop(w->store, number, &error), error);
        m->ended += rep;
    }
    m->held[at] = m->held[--m->held_count];
    m->numbers[at] = m->numbers[m->held_count];
    m->old_number = number;
}

/* What the host no longer has is nothing to the guest. */
static void old_handles(World *w, const Model *m) {
    if (m->old_number == 0)
        return;
    sg_error error;
    sg_value handle = {.kind = SG_OWN, .of.handle = m->old_number}, result;
    assert_int_equal(invoke(w, "take", &handle, 1, &result, &error), SG_BAD_VALUE);
    assert_int_equal(sg_resource_drop(w->store, m->old_number, &error), SG_BAD_VALUE);
}

static void modelled_handles(void **state) {
    (void)state;
    sg_engine *engine = make_engine();
    sg_component *component = load_component(engine, keeper);
    for (uint32_t sequence = 0; sequence < 300; sequence++) {
        sg_error error;
        World w = {.store = make_store(engine, (sg_limits){0})};
        w.linker = sg_linker_new(engine, &error);
        w.instance = sg_linker_instantiate(w.linker, w.store, component, &error);
        assert_made(w.instance, error);
        Model m = {.used = 1, .next_rep = 1};
        random_state = sequence;
        bool is_alive = true;
        for (int step = 0; step < 200 && is_alive; step++) {
            sg_value result;
            unsigned operation = random_below(8);
            if (operation < 2 && m.used + m.held_count < HANDLES - 1) {
                assert_ok(one_u32(&w, "new", m.next_rep, &result, &error), error);
                assert_int_equal(result.of.u32, model_add(&m, m.next_rep++));
            } else if (operation < 5) {
                is_alive = guest_step(&w, &m, random_below(3));
            } else if (operation < 7) {
                host_step(&w, &m, random_below(3));
            } else {
                old_handles(&w, &m);
            }
        }
        if (is_alive) {
            sg_value result;
            assert_ok(invoke(&w, "ended", NULL, 0, &result, &error), error);
            assert_int_equal(result.of.u32, m.ended);
        }
        assert_true(sg_store_usage(w.store).handles <= HANDLES);
        sg_store_delete(w.store);
        sg_linker_delete(w.linker);
    }
    sg_component_delete(component);
    sg_engine_delete(engine);
}

/* ---- what the host holds ---- */

/* A million elements of each type from zeroed memory, or as many as fit; to the host, as a result and as an
 * argument of an import. Lists of strings and lists all refer to the same long one: their size is quadratic.
 */
static void huge_arguments(void **state) {
    (void)state;
    static const struct {
        const char *type, *fill; /* fill: of the elements at 1 << 20, where they are not zero */
        uint32_t count;
    } cases[] = {
        {"string", "", 8 << 20},
        {"(list u8)", "", 8 << 20},
        {"(list u64)", "", 1 << 20},
        {"(list bool)", "", 8 << 20},
        {"(list (tuple u8 u32 f64))", "", 1 << 19},
        {"(list (option u64))", "", 1 << 19},
        {"(list (list u8))", "(call $point)", 1 << 17},
        {"(list string)", "(call $point)", 1 << 17},
        {"(list (list (list u32)))", "(call $point)", 1 << 10},
        {"(map u32 u32)", "", 1 << 19},
    };
    enum { LIMIT = 1 << 20, SLACK = 1 << 18 };
    Ration ledger = {.left = SIZE_MAX};
    sg_error error;
    sg_engine *engine = ration_engine(&ledger, &error);
    assert_made(engine, error);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[3000];
        snprintf(text, sizeof text,
                 "(component (import \"sink\" (func $sink (param \"x\" %s)))"
                 "  (core module $L (memory (export \"m\") 160)) (core instance $l (instantiate $L))"
                 "  (core func $sink' (canon lower (func $sink) (memory (core memory $l \"m\"))))"
                 "  (core module $M (import \"l\" \"m\" (memory 160))"
                 "    (import \"\" \"sink\" (func $sink (param i32 i32)))"
                 "    (func $point (local $i i32)" /* pairs: 1 << 20, 1 << 17 */
                 "      (loop $l (i32.store (i32.add (i32.const 1048576) (local.get $i)) (i32.const 1048576))"
                 "        (i32.store (i32.add (i32.const 1048580) (local.get $i)) (i32.const 1024))"
                 "        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8)))"
                 "          (i32.const 1048576)))))"
                 "    (func (export \"give\") (result i32) %s (i32.store (i32.const 0) (i32.const 1048576))"
                 "      (i32.store (i32.const 4) (i32.const %u)) (i32.const 0))"
                 "    (func (export \"send\") %s (call $sink (i32.const 1048576) (i32.const %u))))"
                 "  (core instance $m (instantiate $M (with \"l\" (instance $l)) (with \"\" (instance"
                 "    (export \"sink\" (func $sink'))))))"
                 "  (func (export \"give\") (result %s) (canon lift (core func $m \"give\")"
                 "    (memory (core memory $l \"m\"))))"
                 "  (func (export \"send\") (canon lift (core func $m \"send\"))))",
                 cases[i].type, cases[i].fill, cases[i].count, cases[i].fill, cases[i].count, cases[i].type);
        sg_component *component = load_component(engine, text);
        for (unsigned way = 0; way < 2; way++) {
            size_t before = ledger.bytes;
            World w = {.store =
                           make_store(engine, (sg_limits){.host_bytes = LIMIT, .timeout_ns = 20000 * MS})};
            w.linker = sg_linker_new(engine, &error);
            assert_ok(sg_linker_define_func(w.linker, NULL, "sink", ping, NULL, &error), error);
            w.instance = sg_linker_instantiate(w.linker, w.store, component, &error);
            assert_made(w.instance, error);
            ledger.peak = ledger.bytes;
            size_t stack = ledger.bytes;
            sg_status status = invoke(&w, way ? "send" : "give", NULL, 0, NULL, &error);
            assert_trap(SG_TRAP_HOST_BYTES_LIMIT, status, error);
            assert_true(sg_store_usage(w.store).peak_host_bytes <= LIMIT);
            assert_true(ledger.peak - before <= LIMIT + SLACK + (stack - before));
            sg_store_delete(w.store);
            sg_linker_delete(w.linker);
            assert_true(ledger.bytes <= before + SLACK);
        }
        sg_component_delete(component);
    }
    sg_engine_delete(engine);
}

/* Between components nothing is held for it: who asks for the square of its memory pays until nothing is
 * left. */
static void quadratic_between_components(void **state) {
    (void)state;
    static const char text[] =
        "(component (component $R (core module $L (memory (export \"m\") 64)"
        "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 0))"
        "    (func (export \"f\") (param i32 i32) (result i32) (local.get 1)))"
        "  (core instance $l (instantiate $L))"
        "  (func (export \"f\") (param \"x\" (list string)) (result u32) (canon lift (core func $l \"f\")"
        "    (memory (core memory $l \"m\")) (realloc (core func $l \"realloc\")))))"
        "(component $S (import \"f\" (func $f (param \"x\" (list string)) (result u32)))"
        "  (core module $L (memory (export \"m\") 64)) (core instance $l (instantiate $L))"
        "  (core func $f' (canon lower (func $f) (memory (core memory $l \"m\"))))"
        "  (core module $M (import \"l\" \"m\" (memory 64)) (import \"\" \"f\" (func $f (param i32 i32) "
        "(result i32)))"
        "    (func (export \"f\") (result i32) (local $i i32)"
        "      (loop $l (i32.store (i32.add (i32.const 1048576) (local.get $i)) (i32.const 2097152))"
        "        (i32.store (i32.add (i32.const 1048580) (local.get $i)) (i32.const 1048576))"
        "        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8)))"
        "          (i32.const 1048576)))) (call $f (i32.const 1048576) (i32.const 131072))))"
        "  (core instance $m (instantiate $M (with \"l\" (instance $l)) (with \"\" (instance"
        "    (export \"f\" (func $f'))))))"
        "  (func (export \"f\") (result u32) (canon lift (core func $m \"f\"))))"
        "(instance $r (instantiate $R)) (instance $s (instantiate $S (with \"f\" (func $r \"f\"))))"
        "(export \"f\" (func $s \"f\")))";
    for (int is_timed = 0; is_timed < 2; is_timed++) {
        World w = begin(is_timed ? (sg_limits){.timeout_ns = 50 * MS}
                                 : (sg_limits){.fuel = 20000000, .host_bytes = 1 << 20});
        sg_error error;
        start(&w, text);
        uint64_t began = now_ns();
        sg_status status = invoke(&w, "f", NULL, 0, NULL, &error);
        assert_trap(is_timed ? SG_TRAP_DEADLINE : SG_TRAP_FUEL, status, error);
        if (is_timed)
            assert_true(now_ns() - began < 5000 * MS);
        end(&w);
    }
}

/* docs/FUEL.md, "What is moved": on both sides a unit for each 64 bytes begun and for each value. */
static void fuel_between_components(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w,
          "(component (component $R (core module $L (memory (export \"m\") 1)"
          "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"
          "    (func (export \"f\") (param i32 i32) (result i32) (local.get 1)))"
          "  (core instance $l (instantiate $L))"
          "  (func (export \"f\") (param \"x\" (list (tuple u32 f64))) (result u32) (canon lift"
          "    (core func $l \"f\") (memory (core memory $l \"m\")) (realloc (core func $l \"realloc\")))))"
          "(component $S (import \"f\" (func $f (param \"x\" (list (tuple u32 f64))) (result u32)))"
          "  (core module $L (memory (export \"m\") 1)) (core instance $l (instantiate $L))"
          "  (core func $f' (canon lower (func $f) (memory (core memory $l \"m\"))))"
          "  (core module $M (import \"\" \"f\" (func $f (param i32 i32) (result i32)))"
          "    (func (export \"f\") (param i32) (result i32) (call $f (i32.const 1024) (local.get 0))))"
          "  (core instance $m (instantiate $M (with \"\" (instance (export \"f\" (func $f'))))))"
          "  (func (export \"f\") (param \"n\" u32) (result u32) (canon lift (core func $m \"f\"))))"
          "(instance $r (instantiate $R)) (instance $s (instantiate $S (with \"f\" (func $r \"f\"))))"
          "(export \"f\" (func $s \"f\")))");
    static const uint32_t counts[] = {0, 1, 5, 1023, 1024, 3000};
    uint64_t nothing = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        sg_error error;
        const sg_value count = u32_of(counts[i]);
        uint64_t before = sg_store_usage(w.store).fuel;
        assert_ok(invoke(&w, "f", &count, 1, NULL, &error), error);
        uint64_t used = sg_store_usage(w.store).fuel - before;
        nothing = i ? nothing : used;
        const uint64_t bytes = 16 * (uint64_t)counts[i];
        assert_int_equal(used - nothing, 2 * ((bytes + 63) / 64 + 3 * (uint64_t)counts[i]));
    }
    end(&w);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"every realloc, encoding and sender", allocators, NULL, NULL, NULL},
        {"lengths of strings at the edges", lengths_lifted, NULL, NULL, NULL},
        {"calls from each place", calls_from_each_place, NULL, NULL, NULL},
        {"handles as a model has them", modelled_handles, NULL, NULL, NULL},
        {"fuel between components", fuel_between_components, NULL, NULL, NULL},
        {"host bytes of huge arguments", huge_arguments, NULL, NULL, NULL},
        {"a quadratic list of strings between components", quadratic_between_components, NULL, NULL, NULL},
    };
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
