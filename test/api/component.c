/* Components through the public interface: values there and back, host functions, hostile allocators, limits
 * inside the canonical ABI, and what becomes of an instance that was ended. */
#include "world.h"

#include <stdlib.h>

enum { TEXT_MAX = 1 << 16 };

/* ---- a component around a core module's functions ---- */

#define BUMP                                                                                                 \
    "(if (i32.and (i32.ne (local.get $old) (i32.const 0)) (i32.le_u (local.get $new) (local.get $size)))"    \
    "  (then (return (local.get $old))))"                                                                    \
    "(global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))"                 \
    "(local.set $at (global.get $next))"                                                                     \
    "(global.set $next (i32.add (global.get $next) (local.get $new)))"                                       \
    "(block $b (loop $l"                                                                                     \
    "  (br_if $b (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))"                   \
    "  (br_if $b (i32.eq (memory.grow (i32.const 1)) (i32.const -1))) (br $l)))"                             \
    "(if (local.get $old) (then (memory.copy (local.get $at) (local.get $old) (local.get $size))))"          \
    "(local.get $at)"

/* `realloc`: the body, with locals $old $size $align $new and $at, and the import $ping. */
static const char *libc(const char *realloc) {
    static char text[TEXT_MAX];
    snprintf(
        text, sizeof text,
        "(core module $Libc (import \"\" \"ping\" (func $ping))"
        "  (memory (export \"memory\") 1) (global $next (mut i32) (i32.const 4096))"
        "  (func (export \"realloc\") (param $old i32) (param $size i32) (param $align i32) (param $new i32)"
        "    (result i32) (local $at i32) %s)"
        "  (func (export \"length\") (param i32 i32) (result i32) (local.get 1))"
        "  (func (export \"same\") (param i32) (result i32) (local.get 0))"
        "  (func (export \"pair\") (param i32 i32) (result i32)"
        "    (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const "
        "16))"
        "  (func (export \"post\") (param i32) (call $ping))"
        "  (func (export \"done\") (param i32))"
        "  (func (export \"spin\") (param i32) (loop $l (br $l))))"
        "(core func $ping (canon lower (func $host-ping)))"
        "(core instance $m (instantiate $Libc (with \"\" (instance (export \"ping\" (func $ping))))))",
        realloc);
    return text;
}

/* Functions over `libc`, with an import that it may call. */
static const char *component(const char *realloc, const char *funcs) {
    static char text[2 * TEXT_MAX];
    snprintf(text, sizeof text, "(component (import \"ping\" (func $host-ping)) %s %s)", libc(realloc),
             funcs);
    return text;
}

#define LIFT(core)                                                                                           \
    "(canon lift (core func $m \"" core                                                                      \
    "\") (memory (core memory $m \"memory\")) (realloc (core func $m \"realloc\"))"

static sg_status ping(void *context, sg_call *call, const sg_value *arguments, size_t count, sg_value *result,
                      sg_error *error) {
    (void)arguments;
    (void)result;
    (void)error;
    assert_non_null(sg_call_store(call));
    assert_int_equal(count, 0);
    if (context)
        ++*(unsigned *)context;
    return SG_OK;
}

static World begin_pinging(sg_limits limits, unsigned *pings) {
    sg_error error;
    World w = begin(limits);
    assert_ok(sg_linker_define_func(w.linker, NULL, "ping", ping, pings, &error), error);
    return w;
}

/* The next call has 20 ms; what is made before it has the time that a busy machine takes. */
static void hurry(World *w) {
    const sg_limits limits = {.size = sizeof limits, .timeout_ns = 20 * MS};
    sg_error error;
    assert_ok(sg_store_tighten(w->store, &limits, &error), error);
}

/* ---- hostile allocators ---- */

static sg_value text_of(size_t size, char c) {
    char *data = malloc(size + 1);
    memset(data, c, size);
    return (sg_value){.kind = SG_STRING, .of.string = sg_string_of(data, size)};
}

static void hostile_realloc(void **state) {
    (void)state;
    static const struct {
        const char *body;
        sg_trap trap; /* SG_TRAP_NONE: works */
        bool is_limit;
    } cases[] = {
        {BUMP, SG_TRAP_NONE, false},
        {"(i32.const 0)", SG_TRAP_NONE, false},
        {"(i32.const 4097)", SG_TRAP_REALLOC_UNALIGNED, false},
        {"(i32.and (i32.const 65535) (i32.sub (i32.const 0) (local.get $align)))",
         SG_TRAP_REALLOC_OUT_OF_BOUNDS, false},
        {"(i32.and (i32.const -1) (i32.sub (i32.const 0) (local.get $align)))", SG_TRAP_REALLOC_OUT_OF_BOUNDS,
         false},
        {"(unreachable)", SG_TRAP_UNREACHABLE, false},
        {"(loop $l (br $l)) (unreachable)", SG_TRAP_FUEL, true},
        {"(call $ping) (i32.const 0)", SG_TRAP_CANNOT_LEAVE, false},
        {"(drop (memory.grow (i32.const 3))) (i32.const 131072)", SG_TRAP_NONE, false},
    };
    static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t j = 0; j < 3; j++) {
            char funcs[1000];
            snprintf(funcs, sizeof funcs,
                     "(func (export \"take\") (param \"s\" string) (result u32) " LIFT(
                         "length") " string-encoding=%s))",
                     encodings[j]);
            World w = begin_pinging((sg_limits){.fuel = 100000}, NULL);
            start(&w, component(cases[i].body, funcs));
            sg_error error;
            sg_value argument = text_of(100, 'x'), result;
            sg_status status = invoke(&w, "take", &argument, 1, &result, &error);
            /* Alignment 1 cannot be missed. */
            bool works =
                cases[i].trap == SG_TRAP_NONE || (cases[i].trap == SG_TRAP_REALLOC_UNALIGNED && j == 0);
            if (works) {
                assert_ok(status, error);
                assert_int_equal(result.of.u32, 100);
            } else {
                assert_trap(cases[i].trap, status, error);
                status = invoke(&w, "take", &argument, 1, &result, &error);
                assert_trap(cases[i].is_limit ? SG_TRAP_INSTANCE_ENDED : SG_TRAP_CANNOT_ENTER, status, error);
            }
            free((void *)argument.of.string.data);
            end(&w);
        }
}

/* Pointers and lengths that the guest returns. */
static void hostile_results(void **state) {
    (void)state;
    static const uint32_t lengths[] = {65537, (1u << 28) - 1, 1u << 28, 1u << 31, UINT32_MAX};
    static const struct {
        const char *type;
        sg_trap trap;
    } types[] = {{"string", SG_TRAP_STRING_OUT_OF_BOUNDS},
                 {"(list u8)", SG_TRAP_LIST_OUT_OF_BOUNDS},
                 {"(list u64)", SG_TRAP_LIST_OUT_OF_BOUNDS},
                 {"(list (tuple u8 string))", SG_TRAP_LIST_OUT_OF_BOUNDS}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; j++) {
            char funcs[1000];
            snprintf(
                funcs, sizeof funcs,
                "(func (export \"give\") (param \"p\" u32) (param \"n\" u32) (result %s) " LIFT("pair") "))",
                types[i].type);
            World w = begin_pinging((sg_limits){0}, NULL);
            start(&w, component(BUMP, funcs));
            sg_error error;
            sg_value arguments[2] = {u32_of(0), u32_of(lengths[j])}, result;
            assert_trap(types[i].trap, invoke(&w, "give", arguments, 2, &result, &error), error);
            end(&w);
        }
}

/* ---- values there and back ---- */

static uint64_t seed = 7;

static uint32_t rnd(uint32_t bound) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % bound;
}

static char pool[1 << 20];
static size_t pool_used;

static void *room(size_t count, size_t size) {
    size_t start_at = (pool_used + 15) & ~(size_t)15;
    pool_used = start_at + count * size + 1;
    assert_true(pool_used <= sizeof pool);
    return pool + start_at;
}

static sg_value random_value(const sg_type *type);

static const sg_value *random_payload(const sg_type *type) {
    if (type == NULL)
        return NULL;
    sg_value *payload = room(1, sizeof *payload);
    *payload = random_value(type);
    return payload;
}

static sg_string random_string(void) {
    static const char *const parts[] = {
        "a", "plain text ", "\xc3\xa9", "\xe2\x98\x83", "\xf0\x9f\x8d\xb0", "\xc3\xbf"};
    char *text = room(64, 1);
    size_t size = 0;
    for (uint32_t count = rnd(5), kinds = 1 + rnd(6); count > 0; count--) {
        const char *part = parts[rnd(kinds)];
        memcpy(text + size, part, strlen(part));
        size += strlen(part);
    }
    return sg_string_of(text, size);
}

static sg_value random_items(const sg_type *type, size_t count, bool is_list) {
    sg_value *items = room(count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = random_value(sg_type_item(type, is_list ? 0 : i));
    return (sg_value){.kind = is_list ? SG_LIST : SG_TUPLE, .of.list = {items, count}};
}

static sg_value random_value(const sg_type *type) {
    sg_value value = {.kind = sg_type_kind(type)};
    size_t count = sg_type_count(type);
    uint32_t pick = count ? rnd((uint32_t)count) : 0;
    switch (value.kind) {
    case SG_BOOL: value.of.boolean = rnd(2); break;
    case SG_CHAR: value.of.character = rnd(2) ? rnd(0xd800) : 0xe000 + rnd(0x10000); break;
    case SG_F32: value.of.f32 = (float)rnd(4096) / 16; break;
    case SG_F64: value.of.f64 = rnd(1u << 30) / 1024.0; break;
    case SG_STRING: value.of.string = random_string(); break;
    case SG_LIST: return random_items(type, rnd(4), true);
    case SG_TUPLE: return random_items(type, count, false);
    case SG_RECORD: {
        sg_field *fields = room(count, sizeof *fields);
        for (size_t i = 0; i < count; i++)
            fields[i] = (sg_field){sg_type_name(type, i), random_value(sg_type_item(type, i))};
        value.of.record.fields = fields;
        value.of.record.count = count;
        break;
    }
    case SG_VARIANT:
        value.of.variant.name = sg_type_name(type, pick);
        value.of.variant.payload = random_payload(sg_type_item(type, pick));
        break;
    case SG_ENUM: value.of.enumeration = sg_type_name(type, pick); break;
    case SG_OPTION: value.of.option = rnd(2) ? random_payload(sg_type_item(type, 0)) : NULL; break;
    case SG_RESULT:
        value.of.result.is_error = rnd(2);
        value.of.result.payload = random_payload(sg_type_item(type, value.of.result.is_error));
        break;
    case SG_FLAGS: {
        sg_string *names = room(count, sizeof *names);
        for (size_t i = 0; i < count; i++)
            if (rnd(2))
                names[value.of.flags.count++] = sg_type_name(type, i);
        value.of.flags.names = names;
        break;
    }
    default: value.of.u64 = (uint64_t)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX);
    }
    return value;
}

#define PAD "(tuple u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64)"

/* Calls "echo" of (T, u32) and a filler that pushes all arguments into memory: the guest hands the pointer
 * back. */
static void check_echo(World *w, unsigned rounds) {
    sg_func *echo = func(w, "echo");
    for (unsigned i = 0; i < rounds; i++) {
        sg_error error;
        pool_used = 0;
        sg_value arguments[2] = {random_value(sg_func_param_type(echo, 0)),
                                 random_value(sg_func_param_type(echo, 1))};
        sg_value result;
        assert_ok(sg_func_call(echo, arguments, 2, &result, &error), error);
        assert_true(sg_value_equal(&arguments[0], &result));
    }
}

/* Types that need no name. */
static void random_type(char *text, size_t size, unsigned depth) {
    static const char *const scalars[] = {"bool", "s8",  "u8",  "s16", "u16",  "s32",   "u32",
                                          "s64",  "u64", "f32", "f64", "char", "string"};
    static const char *const shapes[] = {"(list %s)", "(tuple %s %s)", "(option %s)",
                                         "(result %s (error %s))", "(tuple u8 %s)"};
    if (depth == 0 || rnd(3) == 0) {
        snprintf(text, size, "%s", scalars[rnd(sizeof scalars / sizeof scalars[0])]);
        return;
    }
    const char *shape = shapes[rnd(sizeof shapes / sizeof shapes[0])];
    size_t used = 0;
    for (const char *at = shape; *at; at++) {
        if (*at == '%') {
            random_type(text + used, size - used, depth - 1);
            used += strlen(text + used);
            at++;
        } else {
            text[used++] = *at;
        }
        assert_true(used + 1 < size);
    }
    text[used] = '\0';
}

static void values_through_a_component(void **state) {
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        char type[2000], funcs[6000];
        random_type(type, sizeof type, 3);
        snprintf(funcs, sizeof funcs,
                 "(func (export \"echo\") (param \"v\" (tuple %s u32)) (param \"pad\" " PAD
                 ") (result (tuple %s u32)) " LIFT("same") " string-encoding=%s))",
                 type, type,
                 i % 3 == 0   ? "utf8"
                 : i % 3 == 1 ? "utf16"
                              : "latin1+utf16");
        World w = begin_pinging((sg_limits){0}, NULL);
        start(&w, component(BUMP, funcs));
        check_echo(&w, 10);
        end(&w);
    }
}

static void named_types(void **state) {
    (void)state;
    World w = begin_pinging((sg_limits){0}, NULL);
    start(&w,
          component(
              BUMP,
              "(type $point' (record (field \"x\" s32) (field \"label\" string)))"
              "(export $point \"point\" (type $point'))"
              "(type $shape' (variant (case \"dot\") (case \"circle\" f64) (case \"path\" (list $point))))"
              "(export $shape \"shape\" (type $shape'))"
              "(type $colour' (enum \"red\" \"green\" \"blue\")) (export $colour \"colour\" (type $colour'))"
              "(type $style' (flags \"bold\" \"thin\" \"wide\")) (export $style \"style\" (type $style'))"
              "(func (export \"echo\") (param \"v\" (tuple $shape $colour $style $point (list $shape)))"
              "  (param \"pad\" " PAD
              ") (result (tuple $shape $colour $style $point (list $shape))) " LIFT("same") "))"));
    check_echo(&w, 200);
    end(&w);
}

/* The result of a call is the argument of the next. */
static void results_as_arguments(void **state) {
    (void)state;
    World w = begin_pinging((sg_limits){0}, NULL);
    start(&w,
          component(BUMP,
                    "(func (export \"echo\") (param \"v\" (tuple (list string) u32)) (param \"pad\" " PAD ")"
                    "  (result (tuple (list string) u32)) " LIFT("same") "))"));
    sg_func *echo = func(&w, "echo");
    pool_used = 0;
    sg_value first = random_value(sg_func_param_type(echo, 0));
    sg_value arguments[2] = {first, random_value(sg_func_param_type(echo, 1))};
    sg_error error;
    uint64_t held = 0;
    for (unsigned i = 0; i < 1000; i++) {
        assert_ok(sg_func_call(echo, arguments, 2, &arguments[0], &error), error);
        assert_true(sg_value_equal(&first, &arguments[0]));
        if (i == 1)
            held = sg_store_usage(w.store).host_bytes;
    }
    assert_int_equal(sg_store_usage(w.store).host_bytes, held); /* not one result more than the last */
    assert_true(sg_store_usage(w.store).peak_host_bytes < 1 << 20);
    end(&w);
}

/* From one component to another and back, through every pair of encodings. */
static void values_between_components(void **state) {
    (void)state;
    static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};
    static char text[4 * TEXT_MAX];
    for (unsigned i = 0; i < 27; i++) {
        char type[2000];
        random_type(type, sizeof type, 3);
        snprintf(text, sizeof text,
                 "(component"
                 "  (component $Inner (import \"ping\" (func $host-ping)) %s"
                 "    (func (export \"echo\") (param \"v\" (tuple %s string)) (param \"pad\" " PAD ")"
                 "      (result (tuple %s string)) " LIFT(
                     "same") " string-encoding=%s)))"
                             "  (component $Outer (import \"ping\" (func $host-ping))"
                             "    (import \"echo\" (func $inner (param \"v\" (tuple %s string)) (param "
                             "\"pad\" " PAD ")"
                             "      (result (tuple %s string)))) ",
                 libc(BUMP), type, type, encodings[i % 3], type, type);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used,
                 "    %s (core func $inner' (canon lower (func $inner) string-encoding=%s"
                 "      (memory (core memory $m \"memory\")) (realloc (core func $m \"realloc\"))))"
                 "    (core module $Pass (import \"\" \"inner\" (func $inner (param i32 i32)))"
                 "      (func (export \"echo\") (param i32) (result i32)"
                 "        (call $inner (local.get 0) (i32.const 2048)) (i32.const 2048)))"
                 "    (core instance $p (instantiate $Pass (with \"\" (instance (export \"inner\" (func "
                 "$inner'))))))"
                 "    (func (export \"echo\") (param \"v\" (tuple %s string)) (param \"pad\" " PAD ")"
                 "      (result (tuple %s string)) (canon lift (core func $p \"echo\") string-encoding=%s"
                 "        (memory (core memory $m \"memory\")) (realloc (core func $m \"realloc\")))))"
                 "  (import \"ping\" (func $ping))"
                 "  (instance $inner (instantiate $Inner (with \"ping\" (func $ping))))"
                 "  (instance $outer (instantiate $Outer (with \"ping\" (func $ping))"
                 "    (with \"echo\" (func $inner \"echo\"))))"
                 "  (export \"echo\" (func $outer \"echo\")))",
                 libc(BUMP), encodings[i / 3 % 3], type, type, encodings[i / 3 % 3]);
        World w = begin_pinging((sg_limits){0}, NULL);
        start(&w, text);
        check_echo(&w, 10);
        end(&w);
    }
}

/* ---- host functions ---- */

static const char greeter[] =
    "(component"
    "  (import \"host:text/tools\" (instance $tools"
    "    (export \"shout\" (func (param \"s\" string) (param \"n\" (list u8)) (result string)))))"
    "  (alias export $tools \"shout\" (func $shout))"
    "  (core module $Libc (memory (export \"memory\") 1) (global $next (mut i32) (i32.const 1024))"
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "      (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 3)))))"
    "  (core instance $libc (instantiate $Libc))"
    "  (core func $shout' (canon lower (func $shout) (memory (core memory $libc \"memory\"))"
    "    (realloc (core func $libc \"realloc\"))))"
    "  (core module $M (import \"\" \"shout\" (func $shout (param i32 i32 i32 i32 i32)))"
    "    (func (export \"greet\") (param i32 i32) (result i32)"
    "      (call $shout (local.get 0) (local.get 1) (local.get 0) (i32.const 3) (i32.const 16)) (i32.const "
    "16)))"
    "  (core instance $m (instantiate $M (with \"\" (instance (export \"shout\" (func $shout'))))))"
    "  (func (export \"greet\") (param \"s\" string) (result string) (canon lift (core func $m \"greet\")"
    "    (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\")))))";

typedef enum ShoutMode {
    SHOUT_WELL,
    SHOUT_WRONG_TYPE,
    SHOUT_FAIL,
    SHOUT_FAIL_MUTELY,
    SHOUT_CALL_BACK,
    SHOUT_CHARGE
} ShoutMode;

typedef struct Shouter {
    ShoutMode mode;
    World *world;
    sg_status nested;
    sg_trap nested_trap;
} Shouter;

static sg_status shout(void *context, sg_call *call, const sg_value *arguments, size_t count,
                       sg_value *result, sg_error *error) {
    Shouter *shouter = context;
    assert_int_equal(count, 2);
    assert_int_equal(arguments[0].kind, SG_STRING);
    assert_int_equal(arguments[1].kind, SG_BYTES);
    assert_int_equal(arguments[1].of.bytes.size, 3);
    sg_error nested_error;
    sg_value nested_argument = sg_value_string("nested");
    switch (shouter->mode) {
    case SHOUT_WRONG_TYPE: *result = u32_of(1); return SG_OK;
    case SHOUT_FAIL_MUTELY: return SG_IO;
    case SHOUT_FAIL:
        *error = (sg_error){.status = SG_IO, .message = "no voice", .detail = "since Tuesday"};
        return SG_IO;
    case SHOUT_CHARGE: return sg_call_charge(call, 1000000000, error);
    case SHOUT_CALL_BACK:
        shouter->nested = invoke(shouter->world, "greet", &nested_argument, 1, result, &nested_error);
        shouter->nested_trap = nested_error.trap;
        break;
    default: break;
    }
    size_t size = arguments[0].of.string.size;
    char *text = sg_call_alloc(call, size + 1);
    if (text == NULL)
        return SG_NO_MEMORY;
    memcpy(text, arguments[0].of.string.data, size);
    text[size] = '!';
    *result = (sg_value){.kind = SG_STRING, .of.string = sg_string_of(text, size + 1)};
    return SG_OK;
}

static sg_status greet(Shouter *shouter, World *w, sg_value *result, sg_error *error) {
    *w = begin((sg_limits){.fuel = 1000000});
    shouter->world = w;
    assert_ok(sg_linker_define_func(w->linker, "host:text/tools", "shout", shout, shouter, error), *error);
    start(w, greeter);
    sg_value argument = sg_value_string("hello");
    return invoke(w, "greet", &argument, 1, result, error);
}

static void host_functions(void **state) {
    (void)state;
    World w;
    sg_error error;
    sg_value result, expected = sg_value_string("hello!");
    Shouter shouter = {.mode = SHOUT_WELL};
    assert_ok(greet(&shouter, &w, &result, &error), error);
    assert_true(sg_value_equal(&result, &expected));
    for (unsigned i = 0; i < 1000; i++) { /* what a call holds ends with it */
        sg_value argument = sg_value_string("x");
        assert_ok(invoke(&w, "greet", &argument, 1, &result, &error), error);
    }
    assert_true(sg_store_usage(w.store).peak_host_bytes < 1 << 20);
    end(&w);

    /* An instance on the stack is not entered again; the host gets over it, and so does the instance. */
    shouter.mode = SHOUT_CALL_BACK;
    assert_ok(greet(&shouter, &w, &result, &error), error);
    assert_int_equal(shouter.nested, SG_TRAP);
    assert_int_equal(shouter.nested_trap, SG_TRAP_CANNOT_ENTER);
    end(&w);
}

static void host_functions_that_fail(void **state) {
    (void)state;
    static const struct {
        ShoutMode mode;
        sg_trap trap;
        const char *detail;
    } cases[] = {
        {SHOUT_FAIL, SG_TRAP_HOST_FUNCTION, "host:text/tools#shout: no voice: since Tuesday"},
        {SHOUT_FAIL_MUTELY, SG_TRAP_HOST_FUNCTION, "host:text/tools#shout: i/o"},
        {SHOUT_WRONG_TYPE, SG_TRAP_HOST_FUNCTION,
         "host:text/tools#shout: value does not fit its type: result: expected string, got u32"},
        {SHOUT_CHARGE, SG_TRAP_FUEL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        World w;
        sg_error error;
        sg_value result, argument = sg_value_string("again");
        Shouter shouter = {.mode = cases[i].mode};
        assert_trap(cases[i].trap, greet(&shouter, &w, &result, &error), error);
        assert_string_equal(error.detail, cases[i].detail);
        assert_trap(i == 3 ? SG_TRAP_INSTANCE_ENDED : SG_TRAP_CANNOT_ENTER,
                    invoke(&w, "greet", &argument, 1, &result, &error), error);
        end(&w);
    }
}

static void unknown_imports(void **state) {
    (void)state;
    sg_error error;
    World w = begin((sg_limits){0});
    assert_int_equal(try_start(&w, greeter, &error), SG_UNLINKABLE);
    assert_string_equal(error.message, "unknown import");
    assert_non_null(strstr(error.detail, "host:text/tools"));
    sg_linker_unknown_imports_trap(w.linker, true);
    w.instance = sg_linker_instantiate(w.linker, w.store, w.component, &error);
    assert_made(w.instance, error);
    sg_value argument = sg_value_string("hello"), result;
    assert_trap(SG_TRAP_UNKNOWN_IMPORT, invoke(&w, "greet", &argument, 1, &result, &error), error);
    assert_non_null(strstr(error.detail, "shout"));
    end(&w);
}

/* ---- post-return, nesting, linking ---- */

static void post_return(void **state) {
    (void)state;
    /* It may not call imports, and runs under the same limits. */
    static const struct {
        const char *post;
        sg_trap trap;
    } cases[] = {{"post", SG_TRAP_CANNOT_LEAVE}, {"spin", SG_TRAP_FUEL}, {"done", SG_TRAP_NONE}};
    for (size_t i = 0; i < 3; i++) {
        char funcs[1000];
        snprintf(funcs, sizeof funcs,
                 "(func (export \"f\") (param \"x\" u32) (result u32) " LIFT(
                     "same") " (post-return (core func $m \"%s\"))))",
                 cases[i].post);
        unsigned pings = 0;
        World w = begin_pinging((sg_limits){.fuel = 100000}, &pings);
        start(&w, component(BUMP, funcs));
        sg_error error;
        sg_value argument = u32_of(5), result;
        sg_status status = invoke(&w, "f", &argument, 1, &result, &error);
        if (cases[i].trap) {
            assert_trap(cases[i].trap, status, error);
        } else {
            assert_ok(status, error);
            assert_int_equal(result.of.u32, 5);
            assert_ok(invoke(&w, "f", &argument, 1, NULL, NULL), error); /* neither result nor error wanted */
        }
        assert_int_equal(pings, 0);
        end(&w);
    }
}

static void nested_components(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, "(component $root"
              "  (core module $M (func (export \"one\") (result i32) (i32.const 41)))"
              "  (component $A (alias outer $root $M (core module $M))"
              "    (component $B (core instance $m (instantiate $M))"
              "      (func (export \"one\") (result u32) (canon lift (core func $m \"one\"))))"
              "    (instance $b (instantiate $B))"
              "    (export \"b\" (instance $b)))"
              "  (instance $a1 (instantiate $A)) (instance $a2 (instantiate $A))"
              "  (alias export $a2 \"b\" (instance $b))"
              "  (instance $inline (export \"two\" (func $b \"one\")) (export \"deep\" (instance $a1)))"
              "  (export \"all\" (instance $inline)))");
    sg_error error;
    sg_value result;
    assert_ok(invoke(&w, "all#two", NULL, 0, &result, &error), error);
    assert_int_equal(result.of.u32, 41);
    assert_ok(invoke(&w, "all#deep#b#one", NULL, 0, &result, &error), error);
    assert_null(sg_instance_find_func(w.instance, "all#three", &error));
    assert_int_equal(error.status, SG_NOT_FOUND);
    assert_null(sg_instance_find_func(w.instance, "all", &error));
    assert_int_equal(sg_store_usage(w.store).instances, 2);
    end(&w);
}

/* P calls its child C, which calls back into P, which P itself calls `again` by an index into a table.
 * Entering P from inside P is staying there; entering C twice is not allowed (canonical ABI, "Component
 * Instances"). */
static void reentrance(void **state) {
    (void)state;
    static const char text[] =
        "(component"
        "  (core module $Inner (table (export \"table\") 1 funcref) (type $f (func (result i32)))"
        "    (func (export \"f\") (result i32) %s))"
        "  (core instance $inner (instantiate $Inner))"
        "  (func $f (result u32) (canon lift (core func $inner \"f\")))"
        "  (component $C (import \"f\" (func $f (result u32))) (core func $f' (canon lower (func $f)))"
        "    (core module $M (import \"\" \"f\" (func $f (result i32))) (func (export \"g\") (result i32) "
        "(call $f)))"
        "    (core instance $m (instantiate $M (with \"\" (instance (export \"f\" (func $f'))))))"
        "    (func (export \"g\") (result u32) (canon lift (core func $m \"g\"))))"
        "  (instance $c (instantiate $C (with \"f\" (func $f))))"
        "  (core func $g (canon lower (func $c \"g\")))"
        "  (core module $Outer (import \"\" \"g\" (func $g (result i32))) (import \"\" \"table\" (table 1 "
        "funcref))"
        "    (elem (i32.const 0) $g) (func (export \"h\") (result i32) (call $g)))"
        "  (core instance $outer (instantiate $Outer"
        "    (with \"\" (instance (export \"g\" (func $g)) (export \"table\" (table $inner \"table\"))))))"
        "  (func (export \"h\") (result u32) (canon lift (core func $outer \"h\"))))";
    static const char *const bodies[] = {"(i32.const 7)", "(call_indirect (type $f) (i32.const 0))"};
    for (int again = 0; again < 2; again++) {
        char buffer[3000];
        snprintf(buffer, sizeof buffer, text, bodies[again]);
        World w = begin((sg_limits){0});
        start(&w, buffer);
        sg_error error;
        sg_value result;
        sg_status status = invoke(&w, "h", NULL, 0, &result, &error);
        if (again) {
            assert_trap(SG_TRAP_CANNOT_ENTER, status, error);
        } else {
            assert_ok(status, error);
            assert_int_equal(result.of.u32, 7);
        }
        end(&w);
    }
}

static void linked_instances(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w,
          "(component (core module $M (func (export \"f\") (param i32) (result i32)"
          "    (if (i32.eqz (local.get 0)) (then unreachable)) (i32.mul (local.get 0) (i32.const 2))))"
          "  (core instance $m (instantiate $M))"
          "  (func (export \"twice\") (param \"x\" u32) (result u32) (canon lift (core func $m \"f\"))))");
    static const char user[] =
        "(component (import \"lib\" (instance $lib (export \"twice\" (func (param \"x\" %s) (result u32)))))"
        "  (core func $f (canon lower (func $lib \"twice\")))"
        "  (core module $M (import \"\" \"f\" (func $f (param i32) (result i32)))"
        "    (func (export \"four\") (param i32) (result i32) (call $f (call $f (local.get 0)))))"
        "  (core instance $m (instantiate $M (with \"\" (instance (export \"f\" (func $f))))))"
        "  (func (export \"four\") (param \"x\" u32) (result u32) (canon lift (core func $m \"four\"))))";
    char text[2000];
    sg_error error;
    assert_ok(sg_linker_define_instance(w.linker, "lib", w.instance, &error), error);
    World other = {.engine = w.engine, .linker = w.linker, .store = w.store};
    snprintf(text, sizeof text, user, "u16");
    assert_int_equal(try_start(&other, text, &error), SG_UNLINKABLE);
    sg_component_delete(other.component);
    snprintf(text, sizeof text, user, "u32");
    start(&other, text);
    sg_value argument = u32_of(10), result;
    assert_ok(invoke(&other, "four", &argument, 1, &result, &error), error);
    assert_int_equal(result.of.u32, 40);
    argument = u32_of(0); /* a trap ends both that were on the stack */
    assert_trap(SG_TRAP_UNREACHABLE, invoke(&other, "four", &argument, 1, &result, &error), error);
    assert_trap(SG_TRAP_CANNOT_ENTER, invoke(&other, "four", &argument, 1, &result, &error), error);
    assert_trap(SG_TRAP_CANNOT_ENTER, invoke(&w, "twice", &argument, 1, &result, &error), error);
    sg_component_delete(other.component);
    end(&w);
}

/* Values, types and nested instances of an instance that is supplied. */
static void linked_interfaces(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, "(component (core module $M (func (export \"f\") (param i32) (result i32) (local.get 0)))"
              "  (core instance $m (instantiate $M))"
              "  (type $c' (enum \"a\" \"b\")) (export $c \"c\" (type $c'))"
              "  (func $f (param \"x\" $c) (result u32) (canon lift (core func $m \"f\")))"
              "  (instance $in (export \"c\" (type $c)) (export \"f\" (func $f)))"
              "  (export \"in\" (instance $in)))");
    static const struct {
        const char *type;
        bool fits;
    } cases[] = {
        {"(export \"in\" (instance (type $c (enum \"a\" \"b\")) (export \"c\" (type $d (eq $c)))"
         "  (export \"f\" (func (param \"x\" $d) (result u32)))))",
         true},
        {"(type $c (enum \"a\" \"b\")) (export \"c\" (type $d (eq $c)))", true},
        {"(export \"in\" (instance (type $c (enum \"a\" \"c\")) (export \"c\" (type $d (eq $c)))"
         "  (export \"f\" (func (param \"x\" $d) (result u32)))))",
         false},
        {"(export \"in\" (instance (export \"g\" (func))))", false},
        {"(export \"in\" (func))", false},
        {"(export \"out\" (instance))", false},
        {"(export \"in\" (instance (export \"f\" (component))))", false},
    };
    sg_error error;
    assert_ok(sg_linker_define_instance(w.linker, "lib", w.instance, &error), error);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1000];
        snprintf(text, sizeof text, "(component (import \"lib\" (instance %s)))", cases[i].type);
        World other = {.engine = w.engine, .linker = w.linker, .store = w.store};
        sg_status status = try_start(&other, text, &error);
        if (cases[i].fits)
            assert_ok(status, error);
        else
            assert_int_equal(status, SG_UNLINKABLE);
        sg_component_delete(other.component);
    }
    World other = {.engine = w.engine, .linker = w.linker, .store = make_store(w.engine, (sg_limits){0})};
    assert_int_equal(try_start(&other, "(component (import \"lib\" (instance)))", &error), SG_UNLINKABLE);
    assert_string_equal(error.detail, "\"lib\": the instance supplied belongs to another store");
    sg_component_delete(other.component);
    sg_store_delete(other.store);
    end(&w);
}

static void imports_that_cannot_be(void **state) {
    (void)state;
    static const struct {
        const char *import, *detail;
    } cases[] = {
        {"(import \"f\" (func))", "function \"f\""},
        {"(import \"tools\" (instance (export \"f\" (func))))", "function \"f\" of instance \"tools\""},
        {"(import \"tools\" (instance (export \"m\" (core module))))",
         "core module \"m\" of instance \"tools\""},
        {"(import \"m\" (core module))", "core module \"m\""},
        {"(import \"c\" (component))", "component \"c\""},
    };
    World w = begin((sg_limits){0});
    sg_error error;
    assert_ok(sg_linker_define_func(w.linker, "tools", "other", ping, NULL, &error), error);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1000];
        snprintf(text, sizeof text, "(component %s)", cases[i].import);
        assert_int_equal(try_start(&w, text, &error), SG_UNLINKABLE);
        assert_string_equal(error.message, "unknown import");
        assert_string_equal(error.detail, cases[i].detail);
        sg_component_delete(w.component);
    }
    w.component = NULL;
    end(&w);
}

/* The last definition counts for what is linked after it. */
static void defined_again(void **state) {
    (void)state;
    unsigned first = 0, second = 0;
    World w = begin_pinging((sg_limits){0}, &first);
    sg_error error;
    assert_ok(sg_linker_define_func(w.linker, NULL, "ping", ping, &second, &error), error);
    start(&w, "(component (import \"ping\" (func $p)) (type $u u32) (import \"t\" (type (eq $u)))"
              "  (export \"again\" (func $p)))");
    sg_linker_delete(w.linker); /* what was linked stays */
    w.linker = NULL;
    assert_ok(invoke(&w, "again", NULL, 0, NULL, &error), error);
    assert_int_equal(first, 0);
    assert_int_equal(second, 1);
    end(&w);
}

static sg_status delete_linker(void *context, sg_call *call, const sg_value *arguments, size_t count,
                               sg_value *result, sg_error *error) {
    (void)call, (void)arguments, (void)count, (void)result, (void)error;
    World *w = context;
    sg_linker_delete(w->linker);
    w->linker = NULL;
    return SG_OK;
}

/* Imports are linked before anything runs: none is missed halfway, and the linker is not needed any more. */
static void linked_before_it_runs(void **state) {
    (void)state;
    static const char text[] =
        "(component (import \"first\" (func $first)) (core func $f (canon lower (func $first)))"
        "  (core module $M (import \"\" \"f\" (func $f)) (start $f))"
        "  (core instance (instantiate $M (with \"\" (instance (export \"f\" (func $f))))))"
        "  (import \"second\" (func $second)) (export \"again\" (func $second)))";
    unsigned pings = 0;
    sg_error error;
    World w = begin((sg_limits){0});
    assert_ok(sg_linker_define_func(w.linker, NULL, "first", ping, &pings, &error), error);
    assert_int_equal(try_start(&w, text, &error), SG_UNLINKABLE);
    assert_int_equal(pings, 0);
    sg_component_delete(w.component);
    assert_ok(sg_linker_define_func(w.linker, NULL, "first", delete_linker, &w, &error), error);
    assert_ok(sg_linker_define_func(w.linker, NULL, "second", ping, &pings, &error), error);
    start(&w, text);
    assert_null(w.linker);
    assert_ok(invoke(&w, "again", NULL, 0, NULL, &error), error);
    assert_int_equal(pings, 1);
    end(&w);
}

/* What the linker was given may be gone, and another store stand at its address. */
static void linker_outlives_instance(void **state) {
    (void)state;
    sg_error error;
    World w = begin((sg_limits){0});
    start(&w, "(component (core module $M (func (export \"f\"))) (core instance $m (instantiate $M))"
              "  (func (export \"f\") (canon lift (core func $m \"f\"))))");
    assert_ok(sg_linker_define_instance(w.linker, "lib", w.instance, &error), error);
    sg_component *user =
        load_component(w.engine, "(component (import \"lib\" (instance (export \"f\" (func)))))");
    for (int i = 0; i < 8; i++) {
        sg_store_delete(w.store);
        w.store = make_store(w.engine, (sg_limits){0});
        assert_null(sg_linker_instantiate(w.linker, w.store, user, &error));
        assert_int_equal(error.status, SG_UNLINKABLE);
    }
    sg_component_delete(user);
    end(&w);
}

/* 40,000 functions, asked for in another order than they are given in. */
static void linked_by_many_names(void **state) {
    (void)state;
    enum { COUNT = 40000, ITEM = 64 };
    static char text[COUNT * ITEM + 1000];
    sg_error error;
    World w = begin((sg_limits){0});
    int size = snprintf(text, sizeof text,
                        "(component (core module $M (func (export \"f\")))"
                        "(core instance $m (instantiate $M))"
                        "(func $f (canon lift (core func $m \"f\")))");
    for (int i = 0; i < COUNT; i++)
        size += snprintf(text + size, sizeof text - (size_t)size, "(export \"f%d\" (func $f))", i);
    snprintf(text + size, sizeof text - (size_t)size, ")");
    start(&w, text);
    assert_ok(sg_linker_define_instance(w.linker, "lib", w.instance, &error), error);
    size = snprintf(text, sizeof text, "(component (import \"lib\" (instance");
    for (int i = COUNT; i-- > 0;)
        size += snprintf(text + size, sizeof text - (size_t)size, "(export \"f%d\" (func))", i);
    snprintf(text + size, sizeof text - (size_t)size, ")))");
    sg_component *user = load_component(w.engine, text);
    uint64_t cpu = sg_store_usage(w.store).cpu_ns;
    assert_made(sg_linker_instantiate(w.linker, w.store, user, &error), error);
    assert_true(sg_store_usage(w.store).cpu_ns - cpu < 500 * MS);
    sg_component_delete(user);
    end(&w);
}

/* 20,000 definitions, 600 times: what costs no fuel has an end too. */
static void definitions_without_end(void **state) {
    (void)state;
    enum { DEFS = 20000, INSTANCES = 600 };
    static char text[DEFS * 10 + INSTANCES * 40];
    char *at = text + sprintf(text, "(component (component $c");
    for (int i = 0; i < DEFS; i++)
        at += sprintf(at, "(type u8)");
    at += sprintf(at, ")");
    for (int i = 0; i < INSTANCES; i++)
        at += sprintf(at, "(instance (instantiate $c))");
    sprintf(at, ")");
    sg_error error;
    World w = begin((sg_limits){0});
    assert_int_equal(try_start(&w, text, &error), SG_TOO_LARGE);
    assert_true(sg_store_usage(w.store).cpu_ns < 2000 * MS);
    end(&w);
}

static void engines_do_not_mix(void **state) {
    (void)state;
    sg_error error;
    World w = begin((sg_limits){0}), other = begin((sg_limits){0});
    start(&w, "(component)");
    assert_null(sg_linker_instantiate(w.linker, other.store, w.component, &error));
    assert_int_equal(error.status, SG_MISUSE);
    assert_null(sg_linker_instantiate(other.linker, w.store, w.component, &error));
    assert_int_equal(error.status, SG_MISUSE);
    assert_int_equal(sg_linker_define_instance(other.linker, "lib", w.instance, &error), SG_MISUSE);
    end(&other);
    end(&w);
}

/* Modules that an instance exports: the import may ask for less, and leave more unsaid. */
static void linked_modules(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, "(component (core module (export \"m\") (import \"e\" \"g\" (global i32))"
              "    (memory (export \"memory\") 2 3) (table (export \"table\") 4 funcref)"
              "    (func (export \"f\") (result i32) (global.get 0)) (func (export \"h\"))))");
    static const struct {
        const char *type;
        bool fits;
    } cases[] = {
        {"(import \"e\" \"g\" (global i32)) (export \"f\" (func (result i32)))", true},
        {"(import \"e\" \"g\" (global i32)) (import \"e\" \"x\" (func)) (export \"f\" (func (result i32)))",
         true},
        {"(import \"e\" \"g\" (global i32)) (export \"memory\" (memory 1 5)) (export \"f\" (func (result "
         "i32)))",
         true},
        {"(export \"f\" (func (result i32)))", false}, /* an import */
        {"(import \"e\" \"g\" (global (mut i32))) (export \"f\" (func (result i32)))", false},
        {"(import \"e\" \"g\" (global i32)) (export \"f\" (func (result i64)))", false},
        {"(import \"e\" \"g\" (global i32)) (export \"k\" (func))", false},
        {"(import \"e\" \"g\" (global i32)) (export \"memory\" (memory 3)) (export \"f\" (func (result "
         "i32)))",
         false},
        {"(import \"e\" \"g\" (global i32)) (export \"table\" (table 4 5 funcref)) (export \"f\" (func "
         "(result i32)))",
         false},
    };
    sg_error error;
    assert_ok(sg_linker_define_instance(w.linker, "lib", w.instance, &error), error);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2000];
        bool has_f = strstr(cases[i].type, "\"f\" (func (result i32))") != NULL;
        snprintf(text, sizeof text,
                 "(component (import \"lib\" (instance $lib (export \"m\" (core module %s))))"
                 "  (alias export $lib \"m\" (core module $m))"
                 "  (core module $G (global (export \"g\") i32 (i32.const 42)) (func (export \"x\")))"
                 "  (core instance $g (instantiate $G)) %s)",
                 cases[i].type,
                 has_f && cases[i].fits
                     ? "(core instance $i (instantiate $m (with \"e\" (instance $g))))"
                       "(func (export \"f\") (result u32) (canon lift (core func $i \"f\")))"
                     : "");
        World other = {.engine = w.engine, .linker = w.linker, .store = w.store};
        sg_value result;
        sg_status status = try_start(&other, text, &error);
        if (cases[i].fits) {
            assert_ok(status, error);
            assert_ok(invoke(&other, "f", NULL, 0, &result, &error), error);
            assert_int_equal(result.of.u32, 42);
        } else {
            assert_int_equal(status, SG_UNLINKABLE);
            assert_string_equal(error.message, "incompatible import type");
        }
        sg_component_delete(other.component);
    }
    end(&w);
}

/* ---- limits ---- */

static const char worker[] = "(component (core module $M (func (export \"add\") (param i32 i32) (result i32) "
                             "(i32.add (local.get 0) (local.get 1)))"
                             "    (func (export \"spin\") (loop $l (br $l))))"
                             "  (core instance $m (instantiate $M))"
                             "  (func (export \"add\") (param \"a\" u32) (param \"b\" u32) (result u32) "
                             "(canon lift (core func $m \"add\")))"
                             "  (func (export \"spin\") (canon lift (core func $m \"spin\"))))";

static void killed_instance(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, worker);
    sg_error error;
    sg_value arguments[2] = {u32_of(40), u32_of(2)}, result;
    assert_ok(invoke(&w, "add", arguments, 2, &result, &error), error);
    assert_int_equal(result.of.u32, 42);
    hurry(&w);
    assert_trap(SG_TRAP_DEADLINE, invoke(&w, "spin", NULL, 0, NULL, &error), error);
    assert_trap(SG_TRAP_INSTANCE_ENDED, invoke(&w, "add", arguments, 2, &result, &error), error);
    w.instance = sg_linker_instantiate(w.linker, w.store, w.component, &error); /* a fresh one works */
    assert_made(w.instance, error);
    assert_ok(invoke(&w, "add", arguments, 2, &result, &error), error);
    end(&w);
}

static void wrong_arguments(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, worker);
    sg_error error;
    sg_value arguments[2] = {u32_of(1), sg_value_string("2")}, result;
    assert_int_equal(invoke(&w, "add", arguments, 1, &result, &error), SG_BAD_VALUE);
    assert_string_equal(error.detail, "expected 2, got 1");
    assert_int_equal(invoke(&w, "add", arguments, 2, &result, &error), SG_BAD_VALUE);
    assert_string_equal(error.detail, "argument 2: expected u32, got string");
    assert_int_equal(sg_store_usage(w.store).fuel, 0); /* nothing ran */
    arguments[1] = u32_of(2);
    assert_ok(invoke(&w, "add", arguments, 2, &result, &error), error);
    end(&w);
}

/* Versions: exactly the one asked for, or else the newest that is compatible. */
static void versions(void **state) {
    (void)state;
    static const struct {
        const char *defined[3], *wanted;
        int which; /* -1: none */
    } cases[] = {
        {{"a:b/c@0.2.12"}, "a:b/c@0.2.0", 0},
        {{"a:b/c@0.2.0"}, "a:b/c@0.2.12", 0},
        {{"a:b/c@0.2.0", "a:b/c@0.2.12", "a:b/c@0.2.9"}, "a:b/c@0.2.3", 1},
        {{"a:b/c@0.2.0", "a:b/c@0.2.12", "a:b/c@0.2.3"}, "a:b/c@0.2.3", 2},
        {{"a:b/c@1.0.0", "a:b/c@1.10.0", "a:b/c@1.9.99"}, "a:b/c@1.2.3", 1},
        {{"a:b/c@0.0.1"}, "a:b/c@0.0.2", -1},
        {{"a:b/c@0.1.0", "a:b/c@1.2.0"}, "a:b/c@0.2.0", -1},
        {{"a:b/c@1.0.0"}, "a:b/c@10.0.0", -1},
        {{"a:b/c@0.2.0-rc"}, "a:b/c@0.2.0", -1},
        {{"a:b/c@0.2.0"}, "a:b/c@0.2.1-rc", -1},
        {{"a:b/c@0.2.0-rc"}, "a:b/c@0.2.0-rc", 0},
        {{"a:b/c@1.0.0+x"}, "a:b/c@1.1.0+y.z", 0},
        {{"a:b/d@1.0.0"}, "a:b/c@1.0.0", -1},
        {{"a:b/c"}, "a:b/c@1.0.0", -1},
        {{"a:b/c@0.2.6", "a:b/c@0.2.12", "a:b/c@0.3.1"}, "a:b/c@0.2", 1}, /* canonical names */
        {{"a:b/c@0.2"}, "a:b/c@0.2.7", 0},
        {{"a:b/c@1"}, "a:b/c@1", 0},
        {{"a:b/c@1.0.0"}, "a:b/c@2", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "(component (import \"%s\" (instance $i (export \"ping\" (func))))"
                 "  (core func $ping (canon lower (func $i \"ping\")))"
                 "  (core module $M (import \"\" \"ping\" (func $ping)) (start $ping))"
                 "  (core instance (instantiate $M (with \"\" (instance (export \"ping\" (func $ping)))))))",
                 cases[i].wanted);
        sg_error error;
        unsigned pings[3] = {0};
        World w = begin((sg_limits){0});
        assert_ok(sg_engine_set_feature(w.engine, "component-model-canonical-names", true, &error), error);
        for (int j = 0; j < 3 && cases[i].defined[j]; j++)
            assert_ok(sg_linker_define_func(w.linker, cases[i].defined[j], "ping", ping, &pings[j], &error),
                      error);
        sg_status status = try_start(&w, text, &error);
        assert_int_equal(status, cases[i].which < 0 ? SG_UNLINKABLE : SG_OK);
        for (int j = 0; j < 3; j++)
            assert_int_equal(pings[j], j == cases[i].which);
        end(&w);
    }
}

/* Handles that the host does not have are refused before anything ran. */
static void handles_are_refused(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w,
          "(component (type $r' (resource (rep i32))) (export $r \"r\" (type $r'))"
          "  (core module $M (func (export \"f\") (param i32)) (func (export \"g\") (param i32 i32)))"
          "  (core instance $m (instantiate $M))"
          "  (func (export \"own\") (param \"x\" (own $r)) (canon lift (core func $m \"f\")))"
          "  (func (export \"borrow\") (param \"x\" (borrow $r)) (canon lift (core func $m \"f\")))"
          "  (func (export \"some\") (param \"x\" (option (own $r))) (canon lift (core func $m \"g\"))))");
    sg_error error;
    sg_value own = {.kind = SG_OWN, .of.handle = 1}, borrow = {.kind = SG_BORROW, .of.handle = 1};
    sg_value some = {.kind = SG_OPTION, .of.option = &own}, none = {.kind = SG_OPTION};
    assert_int_equal(invoke(&w, "own", &own, 1, NULL, &error), SG_BAD_VALUE);
    assert_int_equal(invoke(&w, "borrow", &borrow, 1, NULL, &error), SG_BAD_VALUE);
    assert_int_equal(invoke(&w, "some", &some, 1, NULL, &error), SG_BAD_VALUE);
    assert_string_equal(error.detail, "argument 1, some: the host has no such handle");
    assert_int_equal(sg_store_usage(w.store).fuel, 0); /* nothing ran */
    assert_ok(invoke(&w, "some", &none, 1, NULL, &error), error);
    end(&w);
}

/* The end of a call is a check as well: an overdraft by its last instructions ends the instance. */
static void fuel_at_the_end(void **state) {
    (void)state;
    World w = begin((sg_limits){.fuel = 2});
    start(&w, "(component (core module $M (func (export \"f\") (param i32)"
              "    (if (local.get 0) (then (drop (i32.const 1))))))"
              "  (core instance $m (instantiate $M))"
              "  (func (export \"f\") (param \"x\" u32) (canon lift (core func $m \"f\"))))");
    sg_error error;
    sg_value argument = u32_of(1);
    assert_trap(SG_TRAP_FUEL, invoke(&w, "f", &argument, 1, NULL, &error), error);
    assert_ok(sg_store_add_fuel(w.store, 100, &error), error);
    assert_trap(SG_TRAP_INSTANCE_ENDED, invoke(&w, "f", &argument, 1, NULL, &error), error);
    end(&w);
}

/* Larger than a piece, in both directions, with characters across every border. */
static void long_strings(void **state) {
    (void)state;
    static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};
    enum { COUNT = 300000 };
    for (size_t i = 0; i < 3; i++) {
        char funcs[1000];
        snprintf(funcs, sizeof funcs,
                 "(func (export \"echo\") (param \"v\" (tuple string (list u8))) (param \"pad\" " PAD ")"
                 "  (result (tuple string (list u8))) " LIFT("same") " string-encoding=%s))",
                 encodings[i]);
        World w = begin_pinging((sg_limits){0}, NULL);
        start(&w, component(BUMP, funcs));
        char *data = malloc(3 * COUNT + 1);
        size_t size = 0;
        data[size++] = 'x';
        for (size_t k = 0; k < COUNT; k++, size += 3)
            memcpy(data + size, "\xe2\x98\x83", 3);
        pool_used = 0;
        sg_func *echo = func(&w, "echo");
        sg_value pair[2] = {{.kind = SG_STRING, .of.string = sg_string_of(data, size)},
                            {.kind = SG_BYTES, .of.bytes = {(const uint8_t *)data, size}}};
        sg_value arguments[2] = {{.kind = SG_TUPLE, .of.list = {pair, 2}},
                                 random_value(sg_func_param_type(echo, 1))};
        sg_value result;
        sg_error error;
        assert_ok(sg_func_call(echo, arguments, 2, &result, &error), error);
        assert_true(sg_value_equal(&arguments[0], &result));
        free(data);
        end(&w);
    }
}

static void described(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    w.component = load_component(w.engine, greeter);
    sg_string name;
    sg_item_kind kind;
    char text[100];
    assert_true(sg_component_import(w.component, 0, &name, &kind));
    assert_int_equal(kind, SG_ITEM_INSTANCE);
    assert_memory_equal(name.data, "host:text/tools", name.size);
    assert_false(sg_component_import(w.component, 1, &name, &kind));
    assert_true(sg_component_import_item(w.component, 0, 0, &name, &kind));
    assert_int_equal(kind, SG_ITEM_FUNC);
    assert_memory_equal(name.data, "shout", name.size);
    assert_false(sg_component_import_item(w.component, 0, 1, &name, &kind));
    assert_true(sg_component_export(w.component, 0, &name, &kind));
    assert_int_equal(kind, SG_ITEM_FUNC);
    assert_false(sg_component_export_item(w.component, 0, 0, &name, &kind));
    size_t length = sg_component_export_type(w.component, 0, SIZE_MAX, text, sizeof text);
    assert_string_equal(text, "func(s: string) -> string");
    assert_int_equal(length, strlen(text));
    assert_int_equal(sg_component_import_type(w.component, 0, 0, text, 5),
                     strlen("func(s: string, n: list<u8>) -> string"));
    assert_string_equal(text, "func");
    assert_int_equal(sg_component_import_type(w.component, 7, 0, text, sizeof text), 0);
    assert_string_equal(sg_bytes_kind("\0asm\r\0\1\0", 8), "component");
    assert_string_equal(sg_bytes_kind("\0asm\1\0\0\0", 8), "module");
    assert_string_equal(sg_bytes_kind("(component)", 11), "text");
    sg_error error;
    assert_null(sg_component_load_file(w.engine, "/nonexistent/file", &error));
    assert_int_equal(error.status, SG_NOT_FOUND);
    end(&w);
}

static void lifted_values_are_bounded(void **state) {
    (void)state;
    World w = begin_pinging((sg_limits){.host_bytes = 1 << 20}, NULL);
    start(&w,
          component(BUMP,
                    "(func (export \"give\") (param \"p\" u32) (param \"n\" u32) (result (list bool)) " LIFT(
                        "pair") "))"));
    sg_error error;
    sg_value arguments[2] = {u32_of(0), u32_of(100)}, result;
    assert_ok(invoke(&w, "give", arguments, 2, &result, &error), error);
    assert_int_equal(result.of.list.count, 100);
    arguments[1] = u32_of(65536); /* a byte in the guest is a value of many bytes here */
    assert_trap(SG_TRAP_HOST_BYTES_LIMIT, invoke(&w, "give", arguments, 2, &result, &error), error);
    end(&w);
}

static void wave_calls(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, worker);
    sg_error error;
    sg_func *parsed;
    sg_value *arguments, result;
    static const char text[] = "add(40, 2)";
    assert_ok(sg_call_parse(w.instance, text, strlen(text), &parsed, &arguments, &error), error);
    assert_ok(sg_func_call(parsed, arguments, 2, &result, &error), error);
    assert_int_equal(result.of.u32, 42);
    sg_arguments_delete(arguments, 2);
    static const char *const bad[] = {"sub(1, 2)", "add(1)", "add(1, \"x\")", "add(1, 2", "add", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_not_equal(sg_call_parse(w.instance, bad[i], strlen(bad[i]), &parsed, &arguments, &error),
                             SG_OK);
    end(&w);
}

static const char hello[] =
    "(component (core module $M (memory (export \"memory\") 1) (data (i32.const 16) \"hello, world\")"
    "    (func (export \"hello\") (result i32) (i32.store (i32.const 0) (i32.const 16))"
    "      (i32.store (i32.const 4) (i32.const 12)) (i32.const 0)))"
    "  (core instance $m (instantiate $M))"
    "  (func (export \"hello\") (result string)"
    "    (canon lift (core func $m \"hello\") (memory (core memory $m \"memory\")))))";

static void check_hello(World *w) {
    sg_error error;
    sg_value result, expected = sg_value_string("hello, world");
    assert_ok(invoke(w, "hello", NULL, 0, &result, &error), error);
    assert_true(sg_value_equal(&result, &expected));
}

static void hello_executes(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, hello);
    check_hello(&w);
    sg_component_delete(w.component);
    sg_error error;
    sg_bytes binary;
    assert_ok(sg_wat_parse(w.engine, hello, strlen(hello), &binary, &error), error);
    w.component = sg_component_load(w.engine, binary.data, binary.size, &error);
    sg_bytes_delete(&binary);
    assert_made(w.component, error);
    w.instance = sg_linker_instantiate(w.linker, w.store, w.component, &error);
    assert_made(w.instance, error);
    check_hello(&w);
    end(&w);
}

static void timeout_in_realloc(void **state) {
    (void)state;
    World w = begin_pinging((sg_limits){0}, NULL);
    start(&w, component("(loop $l (br $l)) (unreachable)",
                        "(func (export \"take\") (param \"s\" string) (result u32) " LIFT("length") "))"));
    sg_error error;
    sg_value argument = sg_value_string("text"), result;
    uint64_t started = now_ns();
    hurry(&w);
    assert_trap(SG_TRAP_DEADLINE, invoke(&w, "take", &argument, 1, &result, &error), error);
    assert_true(now_ns() - started >= 20 * MS);
    assert_trap(SG_TRAP_INSTANCE_ENDED, invoke(&w, "take", &argument, 1, &result, &error), error);
    end(&w);
}

/* Two components, the second calling the first: `body` is what the first does, with a memory of `pages` each.
 */
static void start_pair(World *w, const char *body, unsigned pages) {
    static char text[8000];
    snprintf(text, sizeof text,
             "(component"
             "  (component $A (core module $M (memory %u) (func (export \"f\") %s))"
             "    (core instance $m (instantiate $M))"
             "    (func (export \"f\") (canon lift (core func $m \"f\"))))"
             "  (component $B (import \"f\" (func $f)) (core func $f' (canon lower (func $f)))"
             "    (core module $M (import \"\" \"f\" (func $f)) (memory %u) (func (export \"g\") (call $f)))"
             "    (core instance $m (instantiate $M (with \"\" (instance (export \"f\" (func $f'))))))"
             "    (func (export \"g\") (canon lift (core func $m \"g\"))))"
             "  (instance $a (instantiate $A))"
             "  (instance $b (instantiate $B (with \"f\" (func $a \"f\"))))"
             "  (export \"g\" (func $b \"g\")))",
             pages, body, pages);
    sg_error error;
    try_start(w, text, &error);
}

static void timeout_in_two_components(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start_pair(&w, "(loop $l (br $l))", 1);
    sg_error error;
    hurry(&w);
    assert_trap(SG_TRAP_DEADLINE, invoke(&w, "g", NULL, 0, NULL, &error), error);
    assert_trap(SG_TRAP_INSTANCE_ENDED, invoke(&w, "g", NULL, 0, NULL, &error), error);
    end(&w);
}

static void memory_over_two_components(void **state) {
    (void)state;
    World w = begin((sg_limits){.memory_bytes = 8 << 20, .on_grow_failure = SG_GROW_TRAP});
    start_pair(&w, "(drop (memory.grow (i32.const 64)))", 32);
    assert_non_null(w.instance); /* 4 MiB in all, and 4 more do not fit beside what else is held */
    sg_error error;
    assert_trap(SG_TRAP_MEMORY_LIMIT, invoke(&w, "g", NULL, 0, NULL, &error), error);
    sg_component_delete(w.component);
    start_pair(&w, "", 64);
    assert_null(w.instance);
    end(&w);
}

/* ---- out of memory ---- */

/* Everything from the text to a call between components with a host function in it. */
static sg_status use_component(sg_engine *engine, sg_error *error) {
    Shouter shouter = {.mode = SHOUT_WELL};
    sg_component *component_ = NULL;
    sg_store *store = NULL;
    sg_instance *instance = NULL;
    sg_func *function = NULL;
    sg_value argument = sg_value_string("hello"), result;
    sg_linker *linker = sg_linker_new(engine, error);
    sg_status status = linker
                           ? sg_linker_define_func(linker, "host:text/tools", "shout", shout, &shouter, error)
                           : error->status;
    if (status == SG_OK && (component_ = sg_component_load(engine, greeter, strlen(greeter), error)) == NULL)
        status = error->status;
    if (status == SG_OK && (store = sg_store_new(engine, NULL, error)) == NULL)
        status = error->status;
    if (status == SG_OK && (instance = sg_linker_instantiate(linker, store, component_, error)) == NULL)
        status = error->status;
    if (status == SG_OK && (function = sg_instance_find_func(instance, "greet", error)) == NULL)
        status = error->status;
    if (status == SG_OK)
        status = sg_func_call(function, &argument, 1, &result, error);
    sg_store_delete(store);
    sg_component_delete(component_);
    sg_linker_delete(linker);
    return status;
}

static void out_of_memory(void **state) {
    (void)state;
    assert_true(refuse_each(use_component) > 50);
}

/* Whatever the host may hold for a guest, what does not fit is that limit's trap. */
static void every_host_byte_limit(void **state) {
    (void)state;
    unsigned refused = 0;
    bool works = false;
    for (uint64_t bytes = 256; !works; bytes += 256) {
        Shouter shouter = {.mode = SHOUT_WELL};
        sg_error error;
        sg_value argument = sg_value_string("hello"), result;
        World w = {.engine = make_engine()};
        w.linker = sg_linker_new(w.engine, &error);
        assert_ok(sg_linker_define_func(w.linker, "host:text/tools", "shout", shout, &shouter, &error),
                  error);
        sg_limits limits = {.size = sizeof limits, .host_bytes = bytes};
        w.store = sg_store_new(w.engine, &limits, &error);
        sg_status status = w.store ? try_start(&w, greeter, &error) : error.status;
        if (status == SG_OK)
            status = invoke(&w, "greet", &argument, 1, &result, &error);
        works = status == SG_OK;
        refused += !works;
        if (!works && error.trap != SG_TRAP_HOST_BYTES_LIMIT && error.trap != SG_TRAP_HOST_FUNCTION) {
            show(&error);
            fail_msg("%u bytes", (unsigned)bytes);
        }
        end(&w);
    }
    assert_true(refused > 10);
}

/* ---- reflection ---- */

static void types_reflected(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    w.component = load_component(
        w.engine,
        "(component (import \"i\" (instance (export \"r\" (type $r (sub resource)))"
        "  (type $q (record (field \"x\" u32) (field \"y\" string))) (export \"p\" (type (eq $q)))"
        "  (export \"f\" (func (param \"a\" (borrow $r)) (param \"b\" (list u8)) (result (own $r)))))))");
    const sg_component *c = w.component;
    assert_true(sg_component_import_is_resource(c, 0, 0));
    assert_false(sg_component_import_is_resource(c, 0, 1));
    const sg_type *record = sg_component_import_value_type(c, 0, 1);
    assert_non_null(record);
    assert_int_equal(sg_type_kind(record), SG_RECORD);
    assert_int_equal(sg_type_count(record), 2);
    assert_int_equal(sg_type_label(record).size, 1);
    assert_memory_equal(sg_type_label(record).data, "p", 1);
    assert_null(sg_component_import_value_type(c, 0, 0));
    assert_null(sg_component_import_func(c, 0, 1));
    assert_null(sg_component_import_func(c, 0, 3));
    assert_null(sg_component_export_func(c, 0, SIZE_MAX));
    const sg_func_type *func = sg_component_import_func(c, 0, 2);
    assert_non_null(func);
    assert_int_equal(sg_func_type_param_count(func), 2);
    assert_memory_equal(sg_func_type_param_name(func, 1).data, "b", 1);
    const sg_type *borrow = sg_func_type_param(func, 0), *own = sg_func_type_result(func);
    assert_int_equal(sg_type_kind(borrow), SG_BORROW);
    assert_int_equal(sg_type_kind(own), SG_OWN);
    assert_memory_equal(sg_type_label(own).data, "r", 1);
    assert_false(sg_type_equal(borrow, own));
    assert_true(sg_type_equal(own, own));
    assert_null(sg_func_type_param(func, 2));
    assert_false(sg_func_type_is_async(func));
    end(&w);
}

/* Every kind tells where the fault is. */
static void paths_in_errors(void **state) {
    (void)state;
    World w = begin((sg_limits){0});
    start(&w, "(component (type $e' (enum \"red\" \"blue\")) (export $e \"e\" (type $e'))"
              "  (type $v' (variant (case \"none\") (case \"some\" u8))) (export $v \"v\" (type $v'))"
              "  (type $g' (flags \"a\" \"b\")) (export $g \"g\" (type $g'))"
              "  (type $r' (record (field \"x\" (tuple (list (option u32)) char)) (field \"e\" $e)"
              "    (field \"v\" $v) (field \"g\" $g) (field \"s\" (result u8 (error string)))"
              "    (field \"m\" (map string bool)))) (export $r \"r\" (type $r'))"
              "  (core module $M (memory (export \"m\") 1) (func (export \"f\") (param i32))"
              "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))"
              "  (core instance $m (instantiate $M))"
              "  (func (export \"f\") (param \"n\" u8) (param \"r\" $r) (param \"z\" (tuple u64 u64 u64 u64))"
              "    (canon lift (core func $m \"f\") (memory (core memory $m \"m\"))"
              "      (realloc (core func $m \"realloc\")))))");
    const sg_value number = u32_of(7), wrong = sg_value_string("seven"), byte = {.kind = SG_U8};
    const sg_string flag = {"c", 1};
    sg_value options[2] = {{.kind = SG_OPTION, .of.option = &number}, {.kind = SG_OPTION}};
    sg_value members[2] = {{.kind = SG_LIST, .of.list = {options, 2}}, {.kind = SG_CHAR}};
    sg_value pair[2] = {sg_value_string("k"), {.kind = SG_BOOL}};
    const sg_value pairs = {.kind = SG_TUPLE, .of.list = {pair, 2}};
    sg_field fields[6] = {
        {{"x", 1}, {.kind = SG_TUPLE, .of.list = {members, 2}}},
        {{"e", 1}, {.kind = SG_ENUM, .of.enumeration = {"red", 3}}},
        {{"v", 1}, {.kind = SG_VARIANT, .of.variant = {{"some", 4}, &byte}}},
        {{"g", 1}, {.kind = SG_FLAGS}},
        {{"s", 1}, {.kind = SG_RESULT, .of.result = {&byte, false}}},
        {{"m", 1}, {.kind = SG_LIST, .of.list = {&pairs, 1}}},
    };
    const sg_value longs[4] = {{.kind = SG_U64}, {.kind = SG_U64}, {.kind = SG_U64}, {.kind = SG_U64}};
    const sg_value arguments[3] = {
        byte, {.kind = SG_RECORD, .of.record = {fields, 6}}, {.kind = SG_TUPLE, .of.list = {longs, 4}}};
    sg_error error;
    assert_ok(invoke(&w, "f", arguments, 3, NULL, &error), error);
#define WRONG(assignment, undo, expected)                                                                    \
    assignment;                                                                                              \
    assert_int_equal(invoke(&w, "f", arguments, 3, NULL, &error), SG_BAD_VALUE);                             \
    assert_string_equal(error.detail, expected);                                                             \
    undo
    WRONG(options[0].of.option = &wrong, options[0].of.option = &number,
          "argument 2, field \"x\", member 1, element 1, some: expected u32, got string");
    WRONG(members[1].of.character = 0xd800, members[1].of.character = 0,
          "argument 2, field \"x\", member 2: not a Unicode scalar value");
    WRONG(fields[1].value.of.enumeration.size = 2, fields[1].value.of.enumeration.size = 3,
          "argument 2, field \"e\", case \"re\": the type has no such case");
    WRONG(fields[2].value.of.variant.payload = &number, fields[2].value.of.variant.payload = &byte,
          "argument 2, field \"v\", case \"some\": expected u8, got u32");
    WRONG(fields[3].value.of.flags.names = &flag;
          fields[3].value.of.flags.count = 1, fields[3].value.of.flags.count = 0,
          "argument 2, field \"g\", flag \"c\": the type has no such flag");
    WRONG(fields[4].value.of.result.is_error = true, fields[4].value.of.result.is_error = false,
          "argument 2, field \"s\", error: expected string, got u8");
    WRONG(pair[0].kind = SG_U64, pair[0].kind = SG_STRING,
          "argument 2, field \"m\", element 1, key: expected string, got u64");
    WRONG(pair[1].kind = SG_U8, pair[1].kind = SG_BOOL,
          "argument 2, field \"m\", element 1, value: expected bool, got u8");
    WRONG(fields[5].name.data = "y", fields[5].name.data = "m",
          "argument 2, field \"y\": the type has no such field");
    assert_ok(invoke(&w, "f", arguments, 3, NULL, &error), error);
    end(&w);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"hello component executes", hello_executes, NULL, NULL, NULL},
        {"timeout exceeded: realloc called by the ABI", timeout_in_realloc, NULL, NULL, NULL},
        {"timeout exceeded: two nested components", timeout_in_two_components, NULL, NULL, NULL},
        {"memory limit over two components", memory_over_two_components, NULL, NULL, NULL},
        {"out of memory at every allocation of a component", out_of_memory, NULL, NULL, NULL},
        {"every host byte limit", every_host_byte_limit, NULL, NULL, NULL},
        {"hostile realloc", hostile_realloc, NULL, NULL, NULL},
        {"hostile results", hostile_results, NULL, NULL, NULL},
        {"values through a component", values_through_a_component, NULL, NULL, NULL},
        {"values of named types", named_types, NULL, NULL, NULL},
        {"results as arguments", results_as_arguments, NULL, NULL, NULL},
        {"values between components", values_between_components, NULL, NULL, NULL},
        {"host functions", host_functions, NULL, NULL, NULL},
        {"host functions that fail", host_functions_that_fail, NULL, NULL, NULL},
        {"unknown imports", unknown_imports, NULL, NULL, NULL},
        {"post-return", post_return, NULL, NULL, NULL},
        {"nested components", nested_components, NULL, NULL, NULL},
        {"re-entrance", reentrance, NULL, NULL, NULL},
        {"linked instances", linked_instances, NULL, NULL, NULL},
        {"a linker outlives what it was given", linker_outlives_instance, NULL, NULL, NULL},
        {"linked before it runs", linked_before_it_runs, NULL, NULL, NULL},
        {"an instance linked by 40,000 names", linked_by_many_names, NULL, NULL, NULL},
        {"definitions without end", definitions_without_end, NULL, NULL, NULL},
        {"engines do not mix", engines_do_not_mix, NULL, NULL, NULL},
        {"linked modules", linked_modules, NULL, NULL, NULL},
        {"linked interfaces", linked_interfaces, NULL, NULL, NULL},
        {"imports that cannot be", imports_that_cannot_be, NULL, NULL, NULL},
        {"imports defined again", defined_again, NULL, NULL, NULL},
        {"fuel at the end of a call", fuel_at_the_end, NULL, NULL, NULL},
        {"long strings", long_strings, NULL, NULL, NULL},
        {"imports and exports described", described, NULL, NULL, NULL},
        {"a killed instance refuses calls", killed_instance, NULL, NULL, NULL},
        {"wrong arguments", wrong_arguments, NULL, NULL, NULL},
        {"paths in errors", paths_in_errors, NULL, NULL, NULL},
        {"types of imports and exports", types_reflected, NULL, NULL, NULL},
        {"versions of imports", versions, NULL, NULL, NULL},
        {"handles are refused", handles_are_refused, NULL, NULL, NULL},
        {"lifted values are bounded", lifted_values_are_bounded, NULL, NULL, NULL},
        {"WAVE calls", wave_calls, NULL, NULL, NULL},
    };
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
