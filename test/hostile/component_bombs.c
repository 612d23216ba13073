/* component_bombs SECONDS: components that are small or plain but made to cost their loader dear, as bombs.c
 * has it for all: by their number, by their names, or by how often types are compared, renamed and
 * substituted. */
#include "bomb.h"

enum { TYPES = 7, IMPORTS = 10, EXPORTS = 11, ALIASES = 6, CANONS = 8, COMPONENT = 4, INSTANCES = 5 };

static void begin(Buffer *out) {
    PUT(out, "\0asm\x0d\0\1\0");
}

static size_t begin_items(Buffer *out, uint8_t section, uint32_t count) {
    size_t start = open_section(out, section);
    u32(out, count);
    return start;
}

/* The whole component: `count` definitions of one section, after those of `before`. */
static void items(Buffer *out, const void *before, size_t before_size, uint8_t section, uint32_t count,
                  const char *item, size_t item_size) {
    begin(out);
    put(out, before, before_size);
    size_t start = begin_items(out, section, count);
    repeat(out, count, item, item_size);
    close_size(out, start);
}
#define ITEMS(out, before, section, count, item)                                                             \
    items(out, before, sizeof(before) - 1, section, count, item, sizeof(item) - 1)

/* "aN" as a name, N in six letters. */
static void label(Buffer *out, uint32_t number) {
    char name[7] = "a";
    for (int i = 6; i > 0; i--, number /= 26)
        name[i] = (char)('a' + number % 26);
    u32(out, sizeof name);
    put(out, name, sizeof name);
}

/* ---- by number ---- */

static void types(Buffer *out) {
    ITEMS(out, "", TYPES, 1000000, "\x70\x7d");
}

static void tuples(Buffer *out) {
    ITEMS(out, "\x07\x02\x01\x7d", TYPES, 200000, "\x6f\x05\0\0\0\0\0");
}

static void functions(Buffer *out) {
    ITEMS(out, "", TYPES, 250000, "\x40\0\1\0");
}

static void resources(Buffer *out) {
    ITEMS(out, "", TYPES, 300000, "\x3f\x7f\0");
}

static void outer_aliases(Buffer *out) {
    ITEMS(out, "\x07\x02\x01\x7d", ALIASES, 1000000, "\x03\x02\0\0");
}

static void core_types(Buffer *out) {
    ITEMS(out, "", 3, 1000000, "\x60\0\0");
}

static void drops(Buffer *out) {
    ITEMS(out, "\x07\x04\x01\x3f\x7f\0", CANONS, 500000, "\x03\0");
}

/* A module with a function, instantiated and aliased: lifted again and again. */
static void lifts(Buffer *out) {
    ITEMS(out,
          "\x01\x1f\0asm\1\0\0\0\x01\x04\1\x60\0\0\x03\2\1\0\x07\5\1\1f\0\0\x0a\4\1\2\0\x0b"
          "\x02\x04\1\0\0\0\x06\x07\1\0\0\1\0\1f\x07\x05\1\x40\0\1\0",
          CANONS, 200000, "\0\0\0\0\0");
}

static void instances(Buffer *out) {
    ITEMS(out, "", INSTANCES, 1000, "\1\0");
}

/* 1,000 modules in each of 60 components. */
static void nested_modules(Buffer *out) {
    begin(out);
    for (int i = 0; i < 60; i++) {
        size_t start = open_section(out, COMPONENT);
        begin(out);
        for (int j = 0; j < 1000; j++)
            PUT(out, "\x01\x08\0asm\1\0\0\0");
        close_size(out, start);
    }
}

static void empty_components(Buffer *out) {
    begin(out);
    for (int i = 0; i < 90; i++) {
        size_t start = open_section(out, COMPONENT);
        begin(out);
        for (int j = 0; j < 900; j++)
            PUT(out, "\x04\x08\0asm\x0d\0\1\0");
        close_size(out, start);
    }
}

/* ---- by names ---- */

static void imports(Buffer *out) {
    enum { COUNT = 200000 };
    begin(out);
    PUT(out, "\x07\x05\1\x40\0\1\0");
    size_t start = begin_items(out, IMPORTS, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        byte(out, 0);
        label(out, i);
        PUT(out, "\1\0");
    }
    close_size(out, start);
}

static void exports(Buffer *out) {
    enum { COUNT = 200000 };
    begin(out);
    PUT(out, "\x07\x02\1\x7d");
    size_t start = begin_items(out, EXPORTS, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        byte(out, 0);
        label(out, i);
        PUT(out, "\x03\0\0");
    }
    close_size(out, start);
}

static void labels(Buffer *out) {
    enum { COUNT = 200000 };
    begin(out);
    size_t start = begin_items(out, TYPES, 1);
    byte(out, 0x6d);
    u32(out, COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        label(out, i);
    close_size(out, start);
}

/* Types of records with many fields: `count` of them. */
static void put_record(Buffer *out, uint32_t fields) {
    byte(out, 0x72);
    u32(out, fields);
    for (uint32_t i = 0; i < fields; i++) {
        label(out, i);
        byte(out, 0x7d);
    }
}

static void parameters(Buffer *out) {
    enum { COUNT = 200, PARAMS = 1000 };
    begin(out);
    size_t start = begin_items(out, TYPES, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        byte(out, 0x40);
        u32(out, PARAMS);
        for (uint32_t j = 0; j < PARAMS; j++) {
            label(out, j);
            byte(out, 0x7d);
        }
        PUT(out, "\1\0");
    }
    close_size(out, start);
}

/* ---- by work on types ---- */

/* An import of a record under many names: each is a type of its own. */
static void renamed(Buffer *out) {
    enum { COUNT = 100000, FIELDS = 1000 };
    begin(out);
    size_t start = begin_items(out, TYPES, 1);
    put_record(out, FIELDS);
    close_size(out, start);
    start = begin_items(out, IMPORTS, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        byte(out, 0);
        label(out, i);
        PUT(out, "\3\0\0");
    }
    close_size(out, start);
}

/* Type 0: an instance type with a resource, and `count` functions that take it. */
static void put_instance_type(Buffer *out, uint32_t count) {
    PUT(out, "\x42");
    u32(out, count + 4);
    PUT(out, "\4\0\1r\3\1"         /* (export "r" (type (sub resource))) */
             "\1\x68\0"            /* (type (borrow 0)) */
             "\1\x72\1\1x\x7d"     /* (type (record (field "x" u8))) */
             "\1\x40\1\1r\1\1\0"); /* (type (func (param "r" 1))) */
    for (uint32_t i = 0; i < count; i++) {
        PUT(out, "\4\0");
        label(out, i);
        PUT(out, "\1\3");
    }
}

/* Each import of it has a resource of its own: all functions are others. */
static void opened(Buffer *out) {
    enum { COUNT = 20000, FUNCS = 1000 };
    begin(out);
    size_t start = begin_items(out, TYPES, 1);
    put_instance_type(out, FUNCS);
    close_size(out, start);
    start = begin_items(out, IMPORTS, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        byte(out, 0);
        label(out, i);
        PUT(out, "\5\0");
    }
    close_size(out, start);
}

/* A component that takes such an instance, and gives it back, instantiated again and again. */
static void put_passing(Buffer *out, uint32_t funcs, bool gives_back, uint32_t instantiations) {
    size_t start, inner;
    begin(out);
    start = begin_items(out, TYPES, 1);
    put_instance_type(out, funcs);
    close_size(out, start);
    start = begin_items(out, IMPORTS, 1);
    PUT(out, "\0\1i\5\0");
    close_size(out, start);
    inner = open_section(out, COMPONENT);
    begin(out);
    start = begin_items(out, TYPES, 1);
    put_instance_type(out, funcs);
    close_size(out, start);
    start = begin_items(out, IMPORTS, 1);
    PUT(out, "\0\1i\5\0");
    close_size(out, start);
    if (gives_back) {
        start = begin_items(out, EXPORTS, 1);
        PUT(out, "\0\1o\5\0\0");
        close_size(out, start);
    }
    close_size(out, inner);
    start = begin_items(out, INSTANCES, instantiations);
    REPEAT(out, instantiations, "\0\0\1\1i\5\0");
    close_size(out, start);
}

static void passed(Buffer *out) {
    put_passing(out, 10000, false, 900);
}

static void given_back(Buffer *out) {
    put_passing(out, 10000, true, 900);
}

static void passed_small(Buffer *out) {
    put_passing(out, 4, true, 990);
}

/* Exports of one function type whose parameters are as many types as can be: are they all seen each time? */
static void visible(Buffer *out) {
    enum { COUNT = 30000, PARAMS = 900 };
    begin(out);
    size_t start = begin_items(out, TYPES, PARAMS + 1);
    for (uint32_t i = 0; i < PARAMS; i++)
        PUT(out, "\x70\x7d");
    byte(out, 0x40);
    u32(out, PARAMS);
    for (uint32_t i = 0; i < PARAMS; i++) {
        label(out, i);
        if (i >= 64)
            byte(out, (uint8_t)(0x80 | (i & 0x7f)));
        byte(out, (uint8_t)(i >= 64 ? i >> 7 : i));
    }
    PUT(out, "\1\0");
    close_size(out, start);
    start = begin_items(out, IMPORTS, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        byte(out, 0);
        label(out, i);
        byte(out, 1);
        u32(out, PARAMS);
    }
    close_size(out, start);
}

/* Functions lifted of a type of 1,000 parameters, whose core type is made anew each time. */
static void wide_lifts(Buffer *out) {
    enum { COUNT = 100000, PARAMS = 16 };
    begin(out);
    PUT(out, "\x01\x2f\0asm\1\0\0\0\x01\x14\1\x60\x10\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f"
             "\x7f\x7f\0"
             "\x03\2\1\0\x07\5\1\1f\0\0\x0a\4\1\2\0\x0b"
             "\x02\x04\1\0\0\0\x06\x07\1\0\0\1\0\1f");
    size_t start = begin_items(out, TYPES, 1);
    byte(out, 0x40);
    u32(out, PARAMS);
    for (uint32_t i = 0; i < PARAMS; i++) {
        label(out, i);
        byte(out, 0x7d);
    }
    PUT(out, "\1\0");
    close_size(out, start);
    start = begin_items(out, CANONS, COUNT);
    REPEAT(out, COUNT, "\0\0\0\0\0");
    close_size(out, start);
}

/* Instance types inside one another, `depth` deep, each with the one before exported `width` times. */
static void nested_instance_types(Buffer *out) {
    enum { DEPTH = 15, WIDTH = 2 };
    begin(out);
    size_t start = begin_items(out, TYPES, DEPTH + 1);
    PUT(out, "\x42\1\4\0\1r\3\1"); /* with a resource, which each mention makes anew */
    for (uint32_t i = 0; i < DEPTH; i++) {
        PUT(out, "\x42");
        u32(out, 1 + WIDTH);
        PUT(out, "\2\3\2\1"); /* (alias outer 1 i (type)) */
        u32(out, i);
        for (uint32_t j = 0; j < WIDTH; j++) {
            PUT(out, "\4\0");
            label(out, j);
            PUT(out, "\5\0");
        }
    }
    close_size(out, start);
    start = begin_items(out, IMPORTS, 500);
    for (uint32_t i = 0; i < 500; i++) {
        byte(out, 0);
        label(out, i);
        byte(out, 5);
        u32(out, DEPTH);
    }
    close_size(out, start);
}

/* ---- text ---- */

static void text_types(Buffer *out) {
    PUT(out, "(component ");
    REPEAT(out, 100000, "(type u8)");
    PUT(out, ")");
}

static void text_deep_types(Buffer *out) {
    PUT(out, "(component (type ");
    REPEAT(out, 200000, "(list ");
    PUT(out, "u8");
    REPEAT(out, 200001, ")");
    PUT(out, ")");
}

static void text_projections(Buffer *out) {
    PUT(out, "(component (import \"a\" (instance $a (export \"b\" (func)))) (core func (canon lower (func $a "
             "\"b\")))");
    REPEAT(out, 30000, "(core func (canon lower (func $a \"b\")))");
    PUT(out, ")");
}

static const Bomb bombs[] = {
    {"a million types", types, AS_COMPONENT},
    {"200,000 tuples", tuples, AS_COMPONENT},
    {"250,000 function types", functions, AS_COMPONENT},
    {"300,000 resources", resources, AS_COMPONENT},
    {"a million outer aliases", outer_aliases, AS_COMPONENT},
    {"a million core types", core_types, AS_COMPONENT},
    {"500,000 canonical built-ins", drops, AS_COMPONENT},
    {"200,000 lifted functions", lifts, AS_COMPONENT},
    {"100,000 lifted functions of 16 parameters", wide_lifts, AS_COMPONENT},
    {"1,000 instances of nothing", instances, AS_COMPONENT},
    {"60,000 nested modules", nested_modules, AS_COMPONENT},
    {"81,000 empty components", empty_components, AS_COMPONENT},
    {"200,000 imports", imports, AS_COMPONENT},
    {"200,000 exports", exports, AS_COMPONENT},
    {"200,000 labels", labels, AS_COMPONENT},
    {"200 types of 1,000 parameters", parameters, AS_COMPONENT},
    {"a record under 100,000 names", renamed, AS_COMPONENT},
    {"a type of 1,000 functions imported 20,000 times", opened, AS_COMPONENT},
    {"10,000 functions passed 900 times", passed, AS_COMPONENT},
    {"10,000 functions passed and given back", given_back, AS_COMPONENT},
    {"a small instance passed 990 times", passed_small, AS_COMPONENT},
    {"types of 900 parameters imported 30,000 times", visible, AS_COMPONENT},
    {"instance types of instance types", nested_instance_types, AS_COMPONENT},
    {"100,000 types in text", text_types, AS_COMPONENT},
    {"200,000 nested types in text", text_deep_types, AS_COMPONENT},
    {"30,000 projections", text_projections, AS_COMPONENT},
};

int main(int argc, char **argv) {
    return throw_bombs(argc, argv, bombs, sizeof bombs / sizeof *bombs);
}
