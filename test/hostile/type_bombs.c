/* type_bombs SECONDS: types of garbage-collected objects that are made to cost their loader dear, and code
 * that makes validation look at much of them. */
#include "bomb.h"

#define MANY 1000000

/* A type section with `count` groups. */
static size_t begin_types(Buffer *out, uint32_t count) {
    begin_module(out);
    size_t section = open_section(out, 1);
    u32(out, count);
    return section;
}

/* A function section and code of `count` functions: types[i] is the type of function i. */
static size_t begin_code(Buffer *out, const uint32_t *types, uint32_t count) {
    size_t section = open_section(out, 3);
    u32(out, count);
    for (uint32_t i = 0; i < count; i++)
        u32(out, types[i]);
    close_size(out, section);
    section = open_section(out, 10);
    u32(out, count);
    return section;
}

static void one_group(Buffer *out) {
    size_t section = begin_types(out, 1);
    byte(out, 0x4e);
    u32(out, MANY);
    REPEAT(out, MANY, "\x5f\0");
    close_size(out, section);
}

static void equal_types(Buffer *out) {
    size_t section = begin_types(out, MANY);
    REPEAT(out, MANY, "\x5f\0");
    close_size(out, section);
}

/* One group, each of its structures refers to the one before and to the last. */
static void tangled_group(Buffer *out) {
    enum { COUNT = MANY / 8 };
    size_t section = begin_types(out, 1);
    byte(out, 0x4e);
    u32(out, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        PUT(out, "\x5f\2\x63");
        heap_type(out, i ? i - 1 : 0);
        PUT(out, "\0\x63");
        heap_type(out, COUNT - 1);
        byte(out, 0);
    }
    close_size(out, section);
}

/* The same group again and again, of structures that refer to one another. */
static void equal_groups(Buffer *out) {
    enum { GROUPS = 2000, TYPES = 100 };
    size_t section = begin_types(out, GROUPS);
    for (uint32_t group = 0; group < GROUPS; group++) {
        byte(out, 0x4e);
        u32(out, TYPES);
        for (uint32_t i = 0; i < TYPES; i++) {
            PUT(out, "\x5f\1\x63");
            heap_type(out, group * TYPES + (i + 1) % TYPES);
            byte(out, 1);
        }
    }
    close_size(out, section);
}

/* Types 0 .. 63, each below the one before. */
enum { CHAIN = 64 };
static void put_chain(Buffer *out) {
    PUT(out, "\x50\0\x5f\0");
    for (uint32_t i = 1; i < CHAIN; i++) {
        PUT(out, "\x50\1");
        u32(out, i - 1);
        PUT(out, "\x5f\0");
    }
}

static void chains(Buffer *out) {
    enum { COUNT = 2000 };
    size_t section = begin_types(out, COUNT * CHAIN);
    for (uint32_t i = 0; i < COUNT * CHAIN; i++) {
        PUT(out, "\x50");
        u32(out, i % CHAIN != 0);
        if (i % CHAIN)
            u32(out, i - 1);
        PUT(out, "\x5f\0");
    }
    close_size(out, section);
}

/* Structures of 10,000 fields, below one whose fields are of the chain's first type: each field is the
 * chain's last. */
static void wide_subtypes(Buffer *out) {
    enum { FIELDS = 10000, COUNT = 50 };
    size_t section = begin_types(out, CHAIN + 1 + COUNT);
    put_chain(out);
    PUT(out, "\x50\0\x5f");
    u32(out, FIELDS);
    REPEAT(out, FIELDS, "\x64\0\0");
    for (int i = 0; i < COUNT; i++) {
        PUT(out, "\x50\1\xc0\0\x5f"); /* below type 64 */
        u32(out, FIELDS);
        REPEAT(out, FIELDS, "\x64\x3f\0");
    }
    close_size(out, section);
}

/* A structure whose 10,000 fields nobody should have to look at each time. */
static void new_default(Buffer *out) {
    size_t section = begin_types(out, 2);
    PUT(out, NULLARY "\x5f");
    u32(out, 10000);
    REPEAT(out, 10000, "\x7f\0");
    close_size(out, section);
    section = begin_code(out, (uint32_t[]){0}, 1);
    size_t body = open_size(out);
    byte(out, 0);
    REPEAT(out, 250000, "\xfb\1\1\x1a");
    byte(out, 0x0b);
    close_size(out, body);
    close_size(out, section);
}

static void new_in_dead_code(Buffer *out) {
    size_t section = begin_types(out, 3);
    PUT(out, NULLARY "\x5e\x7f\0\x5f");
    u32(out, 10000);
    REPEAT(out, 10000, "\x7f\0");
    close_size(out, section);
    section = begin_code(out, (uint32_t[]){0}, 1);
    size_t body = open_size(out);
    PUT(out, "\0\0");
    REPEAT(out, 100000, "\xfb\0\2\x1a");
    REPEAT(out, 100000, "\xfb\x08\1\xff\xff\xff\xff\x0f\x1a"); /* array.new_fixed of 2^32-1 */
    byte(out, 0x0b);
    close_size(out, body);
    close_size(out, section);
}

/* 1,000 references of `count` types from `first` on, in turn. */
static void put_references(Buffer *out, uint32_t first, uint32_t count) {
    u32(out, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        byte(out, 0x64);
        heap_type(out, first + i % count);
    }
}

/* Function types: 65 takes references high in the chain and gives low ones, 66 only gives them. */
static void put_wide_functions(Buffer *out) {
    PUT(out, NULLARY "\x60");
    put_references(out, 0, 31);
    put_references(out, 32, 32);
    PUT(out, "\x60\0");
    put_references(out, 32, 32);
}

static void calls_of_subtypes(Buffer *out) {
    size_t section = begin_types(out, CHAIN + 3);
    put_chain(out);
    put_wide_functions(out);
    close_size(out, section);
    section = begin_code(out, (uint32_t[]){64, 65, 66}, 3);
    size_t body = open_size(out);
    PUT(out, "\0\x10\2");
    REPEAT(out, 300000, "\x10\1");
    PUT(out, "\0\x0b");
    close_size(out, body);
    PUT(out, "\3\0\0\x0b\3\0\0\x0b");
    close_size(out, section);
}

/* Blocks whose results are of the chain, and tables of 65,520 labels that lead out of the one or the other.
 */
static void tables_of_subtypes(Buffer *out) {
    size_t section = begin_types(out, CHAIN + 5);
    put_chain(out);
    put_wide_functions(out);
    PUT(out, "\x60\0");
    put_references(out, 0, 30);
    PUT(out, "\x60\0");
    put_references(out, 1, 30);
    close_size(out, section);
    section = begin_code(out, (uint32_t[]){64, 66}, 2);
    size_t body = open_size(out);
    PUT(out, "\0\2\xc3\0\2\xc4\0"); /* block 67, block 68 */
    for (int i = 0; i < 15; i++) {
        PUT(out, "\2\x40\x10\1\x41\0\x0e"); /* block, call, i32.const, br_table */
        u32(out, 65520);
        REPEAT(out, 32760, "\1\2");
        PUT(out, "\1\x0b");
    }
    PUT(out, "\0\x0b\0\x0b\0\x0b");
    close_size(out, body);
    PUT(out, "\3\0\0\x0b");
    close_size(out, section);
}

/* Reading and writing structures of 10,000 named fields in text. */
static void named_fields(Buffer *out) {
    text(out, "(module (type $t (struct");
    for (int i = 0; i < 10000; i++)
        text(out, " (field $f%d (mut i32))", i);
    text(out, ")) (func (param $x (ref $t))");
    for (int i = 0; i < 20000; i++)
        text(out, " (drop (struct.get $t $f%d (local.get $x)))", i % 10000);
    text(out, "))");
}

static const Bomb bombs[] = {
    {"a million types in one group", one_group, AS_MODULE},
    {"a million times the same type", equal_types, AS_MODULE},
    {"a group of 125,000 that refer to each other", tangled_group, AS_MODULE},
    {"2,000 equal groups of 100", equal_groups, AS_MODULE},
    {"2,000 chains of 64", chains, AS_MODULE},
    {"50 subtypes of 10,000 fields", wide_subtypes, AS_MODULE},
    {"250,000 defaults of 10,000 fields", new_default, AS_MODULE},
    {"wide objects in dead code", new_in_dead_code, AS_MODULE},
    {"calls of 1,000 subtypes", calls_of_subtypes, AS_MODULE},
    {"tables of 65,520 labels of 1,000 subtypes", tables_of_subtypes, AS_MODULE},
    {"10,000 named fields", named_fields, AS_MODULE},
};

int main(int argc, char **argv) {
    return throw_bombs(argc, argv, bombs, sizeof bombs / sizeof *bombs);
}
