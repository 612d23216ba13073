/* values COUNT [SEED]
 *
 * Random values of random types, lifted and lowered until COUNT of them, nested ones included, have come back
 * equal. Each type makes a component of two, with string encodings, sizes and post-return as chance has it:
 *
 *   host → B's memory → A's memory → B's memory → host     "echo": everything in memory
 *   host → B's parameters → A's → the host's "sink"        "pass": as flat core values, where they are few
 *
 * so that between B and A there is an adapter or values, whichever serves. A type and its values depend on
 * the seed alone; a failure shows the seed of its type, which given as SEED is tried first. */
#include "hostile.h"

#include <stdarg.h>

#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s (seed %llu)\n", __FILE__, __LINE__, #condition,                       \
                    (unsigned long long)type_seed);                                                          \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

static uint64_t type_seed;

/* ---- chance: SplitMix64 (Steele, Lea and Flood, 2014) ---- */

static uint64_t chance_state;

static uint64_t chance(void) {
    uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t below(uint32_t end) {
    return (uint32_t)(chance() % end);
}

/* ---- text ---- */

typedef struct Text {
    char bytes[1 << 16];
    size_t size;
} Text;

static void add(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(Text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text->bytes + text->size, sizeof text->bytes - text->size, format, arguments);
    va_end(arguments);
    text->size += (size_t)size;
    REQUIRE(text->size < sizeof text->bytes);
}

/* ---- types, with their flattening ---- */

enum { TYPES = 8, PARTS = 6, FLAT_MAX = 16 };
enum { I32, F32, I64, F64 };
static const char *const core_names[] = {"i32", "f32", "i64", "f64"};

typedef struct Flat {
    uint8_t kinds[FLAT_MAX + 1];
    uint32_t count;  /* FLAT_MAX + 1: too many */
    uint32_t weight; /* how many values inside, at least; lists that are not fixed are one */
} Flat;

static const struct {
    const char *name;
    Flat flat;
} primitives[] = {
    {"bool", {{I32}, 1, 0}},        {"s8", {{I32}, 1, 0}},  {"u8", {{I32}, 1, 0}},  {"s16", {{I32}, 1, 0}},
    {"u16", {{I32}, 1, 0}},         {"s32", {{I32}, 1, 0}}, {"u32", {{I32}, 1, 0}}, {"s64", {{I64}, 1, 0}},
    {"u64", {{I64}, 1, 0}},         {"f32", {{F32}, 1, 0}}, {"f64", {{F64}, 1, 0}}, {"char", {{I32}, 1, 0}},
    {"string", {{I32, I32}, 2, 0}},
};
enum { PRIMITIVES = sizeof primitives / sizeof primitives[0] };

/* t0 to t7, each made of primitives and earlier ones; the last is the type of the values. */
static Text definitions;
static Flat flats[TYPES];
static unsigned type_count;

static void append(Flat *flat, const Flat *part) {
    flat->weight += part->weight + 1;
    for (uint32_t i = 0; i < part->count && flat->count <= FLAT_MAX; i++)
        flat->kinds[flat->count++] = part->kinds[i];
}

/* The flattening of a variant takes in that of a case. */
static void join(Flat *flat, const Flat *part) {
    flat->weight += part->weight + 1;
    for (uint32_t i = 0; i < part->count && i < FLAT_MAX; i++)
        if (i + 1 >= flat->count)
            flat->kinds[flat->count++] = part->kinds[i];
        else if (flat->kinds[i + 1] != part->kinds[i])
            flat->kinds[i + 1] = flat->kinds[i + 1] + part->kinds[i] == I32 + F32 ? I32 : I64;
}

static const Flat *add_part(Text *text) {
    uint32_t pick = below(PRIMITIVES + 2 * type_count);
    if (pick < PRIMITIVES) {
        add(text, " %s", primitives[pick].name);
        return &primitives[pick].flat;
    }
    pick = (pick - PRIMITIVES) % type_count;
    add(text, " $t%u", pick);
    return &flats[pick];
}

static void add_named(Text *text, Flat *flat, bool is_variant) {
    uint32_t parts = 1 + below(PARTS);
    add(text, is_variant ? "(variant" : "(record");
    for (uint32_t i = 0; i < parts; i++) {
        add(text, is_variant ? " (case \"c%u\"" : " (field \"f%u\"", i);
        if (!is_variant)
            append(flat, add_part(text));
        else if (below(4))
            join(flat, add_part(text));
        add(text, ")");
    }
}

static void add_names(Text *text, const char *kind, uint32_t count) {
    add(text, "(%s", kind);
    for (uint32_t i = 0; i < count; i++)
        add(text, " \"n%u\"", i);
}

static void add_result(Text *text, Flat *flat) {
    add(text, "(result");
    if (below(4))
        join(flat, add_part(text));
    if (below(4)) {
        add(text, " (error");
        join(flat, add_part(text));
        add(text, ")");
    }
}

static void add_sequence(Text *text, Flat *flat, uint32_t kind) {
    static const char *const keys[] = {"u32", "string", "char", "s8"};
    uint32_t parts = 1 + below(PARTS);
    const Flat list = {{I32, I32}, 2, 0};
    if (kind == 0)
        add(text, "(map %s", keys[below(4)]);
    else
        add(text, "(list");
    const Flat *part = add_part(text);
    if (part->weight > 500) /* fixed ones in fixed ones: what is made for them shall have room */
        parts = 1;
    if (kind == 1)
        add(text, " %u", parts);
    for (uint32_t i = 0; kind == 1 && i < parts; i++)
        append(flat, part);
    if (kind != 1)
        append(flat, &list);
}

static void add_definition(Text *text, Flat *flat) {
    const Flat one = {{I32}, 1, 0};
    *flat = (Flat){.count = 0};
    uint32_t kind = below(12);
    if (kind >= 2 && kind <= 6) /* they have a discriminant, or are one number */
        *flat = one;
    switch (kind) {
    case 0:
    case 1: add_named(text, flat, false); break;
    case 2: add_named(text, flat, true); break;
    case 3: add_names(text, "enum", below(8) ? 1 + below(8) : 300); break;
    case 4: add_names(text, "flags", 1 + below(32)); break;
    case 5:
        add(text, "(option");
        join(flat, add_part(text));
        break;
    case 6: add_result(text, flat); break;
    case 7:
        add(text, "(tuple");
        for (uint32_t parts = 1 + below(PARTS); parts > 0; parts--)
            append(flat, add_part(text));
        break;
    default: add_sequence(text, flat, kind - 8);
    }
    add(text, ")");
}

static void make_types(void) {
    definitions.size = 0;
    for (type_count = 0; type_count < TYPES; type_count++) {
        add(&definitions, "(type $u%u ", type_count);
        add_definition(&definitions, &flats[type_count]);
        add(&definitions, ") (import \"t%u\" (type $t%u (eq $u%u)))", type_count, type_count, type_count);
    }
}

/* ---- the component ---- */

#define FILLER "u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8"
#define ECHO   "(param \"x\" (tuple $t7 u8)) (param \"filler\" (tuple " FILLER ")) (result (tuple $t7 u8))"

static const char libc[] =
    "(core module $L (memory (export \"memory\") 8) (global $next (mut i32) (i32.const 4096))"
    "  (func (export \"realloc\") (param $old i32) (param $size i32) (param $align i32) (param $new i32)"
    "    (result i32) (local $at i32)"
    "    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))"
    "    (global.set $next (i32.add (local.get $at) (local.get $new)))"
    "    (block $b (loop $l"
    "      (br_if $b (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))"
    "      (br_if $b (i32.eq (memory.grow (i32.const 8)) (i32.const -1))) (br $l)))"
    "    (memory.copy (local.get $at) (local.get $old)"
    "      (select (local.get $size) (local.get $new) (i32.lt_u (local.get $size) (local.get $new)))) "
    "(local.get $at))"
    "  (func (export \"reset\") (param i32)"
    "    (memory.fill (i32.const 4096) (i32.const 0xee) (i32.sub (global.get $next) (i32.const 4096)))"
    "    (global.set $next (i32.const 4096))))"
    "(core instance $l (instantiate $L)) (alias core export $l \"memory\" (core memory $m))"
    "(alias core export $l \"realloc\" (core func $realloc))"
    "(alias core export $l \"reset\" (core func $reset))";

/* The parameters of "pass": flat, or a pointer. */
static void add_params(Text *text, bool is_call) {
    uint32_t count = flats[TYPES - 1].count > FLAT_MAX ? 1 : flats[TYPES - 1].count;
    for (uint32_t i = 0; i < count; i++)
        if (is_call)
            add(text, " (local.get %u)", i);
        else
            add(text, " (param %s)",
                core_names[count == 1 && flats[TYPES - 1].count > FLAT_MAX ? I32
                                                                           : flats[TYPES - 1].kinds[i]]);
}

/* One that passes on what it gets; the innermost echoes itself. */
static void add_relay(Text *text, const char *name, bool is_inner) {
    static const char *const encodings[] = {"utf8", "utf8", "utf16", "latin1+utf16"};
    const char *encoding = encodings[below(4)];
    add(text, "(component $%s %s (import \"pass\" (func $pass (param \"x\" $t7)))", name, definitions.bytes);
    if (!is_inner)
        add(text, "(import \"echo\" (func $echo " ECHO "))");
    add(text, "%s(core func $pass' (canon lower (func $pass) string-encoding=%s (memory $m)))", libc,
        encoding);
    if (!is_inner)
        add(text,
            "(core func $echo' (canon lower (func $echo) string-encoding=%s (memory $m) (realloc $realloc)))",
            encoding);
    add(text, "(core module $M (import \"\" \"pass\" (func $pass");
    add_params(text, false);
    add(text, "))");
    if (!is_inner)
        add(text, "(import \"\" \"echo\" (func $echo (param i32 i32)))"
                  "(import \"\" \"realloc\" (func $realloc (param i32 i32 i32 i32) (result i32)))");
    add(text, "(func (export \"pass\")");
    add_params(text, false);
    add(text, "(call $pass");
    add_params(text, true);
    add(text, ")) (func (export \"echo\") (param i32) (result i32) %s))",
        is_inner ? "(local.get 0)"
                 : "(local $at i32) (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) "
                   "(i32.const 65536))) (call $echo (local.get 0) (local.get $at)) (local.get $at)");
    add(text, "(core instance $i (instantiate $M (with \"\" (instance (export \"pass\" (func $pass'))%s))))",
        is_inner ? "" : "(export \"echo\" (func $echo')) (export \"realloc\" (func $realloc))");
    add(text,
        "(func (export \"pass\") (param \"x\" $t7) (canon lift (core func $i \"pass\") string-encoding=%s"
        "  (memory $m) (realloc $realloc)))"
        "(func (export \"echo\") " ECHO " (canon lift (core func $i \"echo\") string-encoding=%s"
        "  (memory $m) (realloc $realloc) %s)))",
        encoding, encoding, !is_inner || below(2) ? "(post-return $reset)" : "");
}

static void add_types_with(Text *text) {
    for (unsigned t = 0; t < TYPES; t++)
        add(text, "(with \"t%u\" (type $t%u))", t, t);
}

static void make_component(Text *text) {
    text->size = 0;
    add(text, "(component %s (import \"sink\" (func $sink (param \"x\" $t7)))", definitions.bytes);
    add_relay(text, "A", true);
    add_relay(text, "B", false);
    add(text, "(instance $a (instantiate $A (with \"pass\" (func $sink))");
    add_types_with(text);
    add(text, ")) (instance $b (instantiate $B (with \"pass\" (func $a \"pass\")) (with \"echo\" (func $a "
              "\"echo\"))");
    add_types_with(text);
    add(text, ")) (export \"pass\" (func $b \"pass\")) (export \"echo\" (func $b \"echo\")))");
}

/* ---- values ---- */

static char room[1 << 26];
static size_t room_used;
static uint64_t made; /* values, nested ones included, of the one that is made */

static void *take(size_t size) {
    void *block = room + room_used;
    room_used += (size + 15) & ~(size_t)15;
    REQUIRE(room_used <= sizeof room);
    return block;
}

static uint64_t bits(void) { /* interesting ones, too */
    static const uint64_t edges[] = {0,          1,          0x7f,       0x80,
                                     0xff,       0x8000,     UINT32_MAX, INT64_MAX,
                                     UINT64_MAX, 0x7f800001, 0xffc00001, UINT64_C(0x7ff0000000000001)};
    return below(4) ? chance() : edges[below(sizeof edges / sizeof edges[0])];
}

static uint32_t random_char(unsigned range) {
    static const uint32_t ends[] = {0x80, 0x100, 0x800, 0xd800, 0x110000};
    uint32_t c = below(ends[range]);
    return c >= 0xd800 && c < 0xe000 ? c - 0x800 : c;
}

static sg_string random_string(void) {
    uint32_t count = below(8) ? below(12) : below(300);
    unsigned range = below(5);
    char *at = take(4 * (size_t)count), *start = at;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t c = random_char(below(6) ? range : below(range + 1));
        if (c < 0x80) {
            *at++ = (char)c;
            continue;
        }
        int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        *at++ = (char)((0xf00u >> (more + 1)) | c >> (6 * more));
        while (more-- > 0)
            *at++ = (char)(0x80 | (c >> (6 * more) & 0x3f));
    }
    return sg_string_of(start, (size_t)(at - start));
}

static sg_value random_value(const sg_type *type, unsigned depth);

static const sg_value *random_payload(const sg_type *type, unsigned depth) {
    if (type == NULL)
        return NULL;
    sg_value *payload = take(sizeof *payload);
    *payload = random_value(type, depth + 1);
    return payload;
}

static uint32_t random_length(unsigned depth) {
    return room_used > sizeof room / 4 ? 0
           : depth > 4                 ? below(2)
           : below(30)                 ? below(5)
                                       : below(2000 >> 2 * depth);
}

static sg_value random_list(const sg_type *type, unsigned depth) {
    const sg_type *element = sg_type_item(type, 0);
    const bool is_map = sg_type_kind(type) == SG_MAP;
    uint32_t count =
        sg_type_kind(type) == SG_FIXED_LIST ? (uint32_t)sg_type_count(type) : random_length(depth);
    sg_value *items = take(count * sizeof *items);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_map) {
            items[i] = random_value(element, depth + 1);
            continue;
        }
        sg_value *pair = take(2 * sizeof *pair);
        pair[0] = random_value(element, depth + 1);
        pair[1] = random_value(sg_type_item(type, 1), depth + 1);
        items[i] = (sg_value){.kind = SG_TUPLE, .of.list = {pair, 2}};
    }
    return (sg_value){.kind = SG_LIST, .of.list = {items, count}};
}

static sg_value random_members(const sg_type *type, unsigned depth) {
    size_t count = sg_type_count(type);
    if (sg_type_kind(type) == SG_TUPLE) {
        sg_value *items = take(count * sizeof *items);
        for (size_t i = 0; i < count; i++)
            items[i] = random_value(sg_type_item(type, i), depth + 1);
        return (sg_value){.kind = SG_TUPLE, .of.list = {items, count}};
    }
    sg_field *fields = take(count * sizeof *fields);
    size_t first = below((uint32_t)count); /* in any order */
    for (size_t i = 0; i < count; i++) {
        size_t from = (i + first) % count;
        fields[i] = (sg_field){sg_type_name(type, from), random_value(sg_type_item(type, from), depth + 1)};
    }
    return (sg_value){.kind = SG_RECORD, .of.record = {fields, count}};
}

static sg_value random_flags(const sg_type *type) {
    sg_string *names = take(sg_type_count(type) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < sg_type_count(type); i++)
        if (below(2))
            names[count++] = sg_type_name(type, i);
    return (sg_value){.kind = SG_FLAGS, .of.flags = {names, count}};
}

/* Recursion: types are shallow. */
static sg_value random_value(const sg_type *type, unsigned depth) {
    made++;
    sg_value value = {.kind = sg_type_kind(type)};
    const uint64_t x = bits();
    uint32_t index;
    switch (value.kind) {
    case SG_BOOL: value.of.boolean = x & 1; break;
    case SG_S8:
    case SG_U8: value.of.u8 = (uint8_t)x; break;
    case SG_S16:
    case SG_U16: value.of.u16 = (uint16_t)x; break;
    case SG_S32:
    case SG_F32:
    case SG_U32: value.of.u32 = (uint32_t)x; break;
    case SG_S64:
    case SG_F64:
    case SG_U64: value.of.u64 = x; break;
    case SG_CHAR: value.of.character = random_char(below(5)); break;
    case SG_STRING: value.of.string = random_string(); break;
    case SG_LIST:
    case SG_FIXED_LIST:
    case SG_MAP: return random_list(type, depth);
    case SG_RECORD:
    case SG_TUPLE: return random_members(type, depth);
    case SG_FLAGS: return random_flags(type);
    case SG_ENUM: value.of.enumeration = sg_type_name(type, below((uint32_t)sg_type_count(type))); break;
    case SG_OPTION: value.of.option = below(3) ? random_payload(sg_type_item(type, 0), depth) : NULL; break;
    case SG_RESULT:
        value.of.result.is_error = below(2);
        value.of.result.payload = random_payload(sg_type_item(type, value.of.result.is_error), depth);
        break;
    default:
        index = below((uint32_t)sg_type_count(type));
        value.of.variant.name = sg_type_name(type, index);
        value.of.variant.payload = random_payload(sg_type_item(type, index), depth);
    }
    return value;
}

/* ---- there and back ---- */

static void show(const sg_value *value, const char *what) {
    static char text[100000];
    sg_value_print(value, text, sizeof text);
    fprintf(stderr, "%s: %s\n", what, text);
}

static sg_status sink(void *context, sg_call *call, const sg_value *arguments, size_t count, sg_value *result,
                      sg_error *error) {
    const sg_value *expected = context;
    (void)call, (void)count, (void)result, (void)error;
    bool equal = sg_value_equal(&arguments[0], expected);
    if (!equal)
        show(&arguments[0], "sink got");
    REQUIRE(equal);
    return SG_OK;
}

static void require_ok(sg_status status, const sg_error *error, const sg_value *given) {
    if (status == SG_OK)
        return;
    char text[600];
    sg_error_format(error, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    show(given, "given");
    REQUIRE(status == SG_OK);
}

/* One type, some values. */
static uint64_t try_type(sg_engine *engine) {
    static Text text;
    static sg_value value;
    sg_error error = {.status = SG_OK};
    make_types();
    make_component(&text);
    sg_component *component = sg_component_load(engine, text.bytes, text.size, &error);
    if (component == NULL)
        fprintf(stderr, "%s\n", text.bytes);
    require_ok(error.status, &error, &value);
    sg_linker *linker = sg_linker_new(engine, &error);
    sg_linker_define_func(linker, NULL, "sink", sink, &value, &error);
    const sg_limits limits = {.size = sizeof limits, .memory_bytes = UINT64_C(256) << 20};
    sg_store *store = sg_store_new(engine, &limits, &error);
    sg_instance *instance = sg_linker_instantiate(linker, store, component, &error);
    require_ok(instance ? SG_OK : error.status, &error, &value);
    sg_func *echo = sg_instance_find_func(instance, "echo", &error);
    sg_func *pass = sg_instance_find_func(instance, "pass", &error);
    uint64_t total = 0;
    for (unsigned i = 0; i < 100 && total < 5000; i++) {
        sg_value filler[17], pair[2], arguments[2], back;
        for (unsigned j = 0; j < 17; j++)
            filler[j] = (sg_value){.kind = SG_U8, .of.u8 = (uint8_t)j};
        room_used = made = 0;
        value = random_value(sg_func_param_type(pass, 0), 0);
        total += made;
        require_ok(sg_func_call(pass, &value, 1, NULL, &error), &error, &value);
        pair[0] = value;
        pair[1] = (sg_value){.kind = SG_U8, .of.u8 = (uint8_t)i};
        arguments[0] = (sg_value){.kind = SG_TUPLE, .of.list = {pair, 2}};
        arguments[1] = (sg_value){.kind = SG_TUPLE, .of.list = {filler, 17}};
        require_ok(sg_func_call(echo, arguments, 2, &back, &error), &error, &value);
        bool equal = sg_value_equal(&arguments[0], &back);
        if (!equal) {
            show(&arguments[0], "given");
            show(&back, "back");
        }
        REQUIRE(equal);
    }
    sg_store_delete(store);
    sg_linker_delete(linker);
    sg_component_delete(component);
    return total;
}

int main(int argc, char **argv) {
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000, total = 0, types = 0;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    sg_engine *engine = sg_engine_new(NULL, NULL);
    REQUIRE(sg_engine_set_feature(engine, "component-model-fixed-length-lists", true, NULL) == SG_OK);
    double start = seconds();
    for (; total < count; types++) {
        chance_state = type_seed = seed + types;
        total += try_type(engine);
    }
    printf("%llu values of %llu types in %.1f s\n", (unsigned long long)total, (unsigned long long)types,
           seconds() - start);
    sg_engine_delete(engine);
    return 0;
}
