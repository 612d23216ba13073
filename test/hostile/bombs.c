/* bombs SECONDS: inputs that are small or plain but made to cost their loader dear. Each must be answered, by
 * an error or by a module, within SECONDS for each started MB and within 64 MiB of memory for each started
 * MB. Prints a table. */
#include "bomb.h"

/* --- the bombs: core --- */

static void nested_blocks(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1), body = open_size(out);
    byte(out, 0);
    REPEAT(out, 1000000, "\x02\x40");
    REPEAT(out, 1000001, "\x0b");
    close_size(out, body);
    close_size(out, section);
}

static void many_locals(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1);
    PUT(out, "\x08\x01\xff\xff\xff\xff\x0f\x7f\x0b");
    close_size(out, section);
}

static void locals_overflow(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1), body = open_size(out);
    u32(out, 100000);
    REPEAT(out, 100000, "\xff\xff\xff\xff\x0f\x7f");
    byte(out, 0x0b);
    close_size(out, body);
    close_size(out, section);
}

static void functions_of_many_locals(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 100000);
    REPEAT(out, 100000, "\x06\x01\xd0\x86\x03\x7f\x0b"); /* 50,000 locals each */
    close_size(out, section);
}

static void empty_functions(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1000000);
    REPEAT(out, 1000000, "\x02\0\x0b");
    close_size(out, section);
}

static void empty_loops(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1), body = open_size(out);
    byte(out, 0);
    REPEAT(out, 200000, "\x03\x40\x0b");
    byte(out, 0x0b);
    close_size(out, body);
    close_size(out, section);
}

/* Each block has a local set inside: what is known of 50,000 locals must not be copied at every block. */
static void blocks_and_locals(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1), body = open_size(out);
    PUT(out, "\x01\xd0\x86\x03\x64\0"); /* 50,000 of (ref 0), unset */
    REPEAT(out, 100000, "\x02\x40\xd2\0\x21\0\x20\0\x1a\x0b");
    byte(out, 0x0b);
    close_size(out, body);
    close_size(out, section);
}

/* br_table to 60,000 targets, each a block of 1,000 results: types must not be compared target by target. */
static void br_tables(Buffer *out) {
    Buffer type = {NULL, 0, 0};
    PUT(&type, "\x60\0\xe8\x07");
    REPEAT(&type, 1000, "\x7f");
    size_t section = begin_functions(out, 1, type.data, type.size), body = open_size(out);
    free(type.data);
    byte(out, 0);
    byte(out, 0x00);
    for (int i = 0; i < 50; i++) {
        byte(out, 0x0e);
        u32(out, 60000);
        repeat(out, 60001, "\0", 1);
    }
    byte(out, 0x0b);
    close_size(out, body);
    close_size(out, section);
}

static void br_table_lies(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1);
    PUT(out, "\x09\0\0\x0e\xff\xff\xff\xff\x0f\x0b");
    close_size(out, section);
}

/* 500,000 calls in dead code, each with 1,000 parameters and results. */
static void wide_calls(Buffer *out) {
    Buffer type = {NULL, 0, 0};
    PUT(&type, "\x60\xe8\x07");
    REPEAT(&type, 1000, "\x7f");
    PUT(&type, "\xe8\x07");
    REPEAT(&type, 1000, "\x7f");
    size_t section = begin_functions(out, 1, type.data, type.size), body = open_size(out);
    free(type.data);
    PUT(out, "\0\0");
    REPEAT(out, 500000, "\x10\0");
    byte(out, 0x0b);
    close_size(out, body);
    close_size(out, section);
}

static void straight_line(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1), body = open_size(out);
    PUT(out, "\0\x41\0");
    REPEAT(out, 2500000, "\x41\1\x6a");
    PUT(out, "\x1a\x0b");
    close_size(out, body);
    close_size(out, section);
}

static void deep_operands(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1), body = open_size(out);
    byte(out, 0);
    REPEAT(out, 3000000, "\x41\0");
    PUT(out, "\0\x0b");
    close_size(out, body);
    close_size(out, section);
}

static void long_initialiser(Buffer *out) {
    begin_module(out);
    size_t section = open_section(out, 6);
    PUT(out, "\1\x7f\0\x41\0");
    REPEAT(out, 1000000, "\x41\1\x6a");
    byte(out, 0x0b);
    close_size(out, section);
}

static void global_chain(Buffer *out) {
    begin_module(out);
    size_t section = open_section(out, 6);
    u32(out, 500000);
    PUT(out, "\x7f\0\x41\0\x0b");
    for (uint32_t i = 1; i < 500000; i++) {
        PUT(out, "\x7f\0\x23");
        u32(out, i - 1);
        byte(out, 0x0b);
    }
    close_size(out, section);
}

static void lying_counts(Buffer *out) {
    begin_module(out);
    PUT(out, "\x01\x05\xff\xff\xff\xff\x0f");
}

static void lying_names(Buffer *out) {
    begin_module(out);
    PUT(out, "\x02\x07\x01\xff\xff\xff\xff\x0f"
             "a");
}

static void element_segment(Buffer *out) {
    begin_module(out);
    PUT(out, "\x01\x04\1" NULLARY "\x03\x02\1\0");
    size_t section = open_section(out, 9);
    PUT(out, "\1\1\0");
    u32(out, 3000000);
    repeat(out, 3000000, "\0", 1);
    close_size(out, section);
    PUT(out, "\x0a\4\1\2\0\x0b");
}

static void data_segments(Buffer *out) {
    begin_module(out);
    PUT(out, "\x05\3\1\0\1");
    size_t section = open_section(out, 11);
    u32(out, 100000);
    REPEAT(out, 100000, "\1\0");
    close_size(out, section);
}

/* Groups that are the same again and again, each of 100 types that name one another. */
static void recursion_groups(Buffer *out) {
    begin_module(out);
    size_t section = open_section(out, 1);
    enum { GROUPS = 2000, TYPES = 100 };
    u32(out, GROUPS);
    for (uint32_t group = 0; group < GROUPS; group++) {
        byte(out, 0x4e);
        u32(out, TYPES);
        for (uint32_t i = 0; i < TYPES; i++) {
            PUT(out, "\x60\1\x63");
            heap_type(out, group * TYPES + (i + 1) % TYPES);
            byte(out, 0);
        }
    }
    close_size(out, section);
}

/* Each type's only parameter is the type before: comparing two of them must not walk the chain. */
static void type_chain(Buffer *out) {
    begin_module(out);
    size_t section = open_section(out, 1);
    u32(out, 400000);
    PUT(out, NULLARY);
    for (uint32_t i = 1; i < 400000; i++) {
        PUT(out, "\x60\1\x63");
        heap_type(out, i - 1);
        byte(out, 0);
    }
    close_size(out, section);
}

/* Names made to fall together in weak hash tables; the last two are the same. */
static void colliding_exports(Buffer *out) {
    begin_module(out);
    PUT(out, "\x01\x04\1" NULLARY "\x03\x02\1\0");
    size_t section = open_section(out, 7);
    enum { COUNT = 200000 };
    u32(out, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        char name[25];
        uint32_t bits = i == COUNT - 1 ? i - 1 : i;
        for (int k = 0; k < 12; k += 2)
            memcpy(name + k, bits >> (k / 2) & 1 ? "Aa" : "BB", 3); /* equal under 31h + c */
        for (int k = 0; k < 12; k++)
            name[12 + k] = (char)('a' + (bits >> (k + 6) & 1));
        u32(out, 24);
        put(out, name, 24);
        PUT(out, "\0\0");
    }
    close_size(out, section);
    PUT(out, "\x0a\4\1\2\0\x0b");
}

static void name_section(Buffer *out) {
    size_t section = BEGIN_FUNCTIONS(out, 1);
    PUT(out, "\2\0\x0b");
    close_size(out, section);
    section = open_section(out, 0);
    PUT(out, "\4name\1");
    size_t names = open_size(out);
    u32(out, 1000000);
    for (uint32_t i = 0; i < 1000000; i++) {
        u32(out, i);
        byte(out, 0);
    }
    close_size(out, names);
    close_size(out, section);
}

static void custom_sections(Buffer *out) {
    begin_module(out);
    REPEAT(out, 1000000, "\0\1\0");
}

/* --- the bombs: text --- */

static void open_parentheses(Buffer *out) {
    REPEAT(out, 1000000, "(");
}

static void nested_comments(Buffer *out) {
    REPEAT(out, 1000000, "(;");
}

static void folded_blocks(Buffer *out) {
    PUT(out, "(module (func ");
    REPEAT(out, 200000, "(block ");
    REPEAT(out, 200000, ")");
    PUT(out, "))");
}

static void plain_blocks(Buffer *out) {
    PUT(out, "(module (func ");
    REPEAT(out, 200000, "block $l ");
    REPEAT(out, 200000, "br $l end ");
    PUT(out, "))");
}

static void distinct_labels(Buffer *out) {
    PUT(out, "(module (func ");
    for (int i = 0; i < 50000; i++)
        text(out, "block $l%d ", i);
    REPEAT(out, 50000, "br $l0 end ");
    PUT(out, "))");
}

static void unclosed_string(Buffer *out) {
    PUT(out, "(module (data \"");
    REPEAT(out, 1000000, "\\u{61}");
}

static void long_number(Buffer *out) {
    PUT(out, "(module (global f64 (f64.const ");
    REPEAT(out, 1000000, "9");
    PUT(out, ")))");
}

static void inline_types(Buffer *out) {
    PUT(out, "(module ");
    for (int i = 0; i < 20000; i++) {
        PUT(out, "(func (param");
        for (int k = 0; k < 15; k++)
            text(out, " %s", i >> k & 1 ? "i32" : "i64");
        PUT(out, "))");
    }
    PUT(out, ")");
}

/* --- the bombs: components --- */

static void begin_component(Buffer *out) {
    PUT(out, "\0asm\x0d\0\1\0");
}

/* A tuple of 100 of the type before, 60 times: 100^60 values in a few kilobytes. */
static void type_tree(Buffer *out) {
    begin_component(out);
    size_t section = open_section(out, 7);
    u32(out, 60);
    PUT(out, "\x6f\1\x7f");
    for (uint32_t i = 1; i < 60; i++) {
        PUT(out, "\x6f\x64");
        repeat(out, 100, (char[]){(char)(i - 1)}, 1);
    }
    close_size(out, section);
}

/* Each component makes two instances of the one before. */
static void instance_doubling(Buffer *out) {
    PUT(out, "(component (component $c0 (core module $m (memory 1)) (core instance (instantiate $m)))");
    for (int i = 1; i < 60; i++)
        text(out, "(component $c%d (instance (instantiate $c%d)) (instance (instantiate $c%d)))", i, i - 1,
             i - 1);
    PUT(out, "(instance (instantiate $c59)))");
}

/* An instance type that holds the one before twice: subtyping must not walk 2^n paths. */
static void instance_types(Buffer *out) {
    PUT(out, "(component (type $t0 (instance (export \"f\" (func))))");
    for (int i = 1; i < 60; i++)
        text(out,
             "(type $t%d (instance (export \"a\" (instance (type $t%d))) (export \"b\" (instance (type "
             "$t%d)))))",
             i, i - 1, i - 1);
    PUT(out, "(import \"x\" (instance $x (type $t59))) (component $c (import \"y\" (instance (type $t59))))"
             "(instance (instantiate $c (with \"y\" (instance $x)))))");
}

static void nested_components(Buffer *out) {
    REPEAT(out, 5000, "(component ");
    REPEAT(out, 5000, ")");
}

static void component_aliases(Buffer *out) {
    PUT(out, "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))");
    REPEAT(out, 30000, "(alias core export $i \"f\" (core func))");
    PUT(out, ")");
}

/* A function whose parameters are records of one field with a name of 100 KB, compared again at each of many
 * instantiations: names must not be looked at for nothing. */
static void long_names(Buffer *out) {
    enum { INSTANCES = 900, PARAMS = 900, NAME = 100000 };
    for (int depth = 0; depth < 2; depth++) {
        PUT(out, "(component $c (type $r (record (field \"");
        REPEAT(out, NAME, "a");
        PUT(out, "\" u32))) (import \"t\" (type $t (eq $r))) (import \"f\" (func $f");
        for (int i = 0; i < PARAMS; i++)
            text(out, " (param \"p%d\" $t)", i);
        PUT(out, "))");
    }
    PUT(out, ")");
    REPEAT(out, INSTANCES, "(instance (instantiate $c (with \"t\" (type $t)) (with \"f\" (func $f))))");
    PUT(out, ")");
}

static void component_counts(Buffer *out) {
    begin_component(out);
    PUT(out, "\x07\x05\xff\xff\xff\xff\x0f");
}

static const Bomb bombs[] = {
    {"a million nested blocks", nested_blocks, AS_MODULE},
    {"2^32-1 locals", many_locals, AS_MODULE},
    {"locals that overflow", locals_overflow, AS_MODULE},
    {"100,000 functions of 50,000 locals", functions_of_many_locals, AS_MODULE},
    {"a million functions", empty_functions, AS_MODULE},
    {"200,000 empty loops", empty_loops, AS_MODULE},
    {"100,000 blocks over 50,000 unset locals", blocks_and_locals, AS_MODULE},
    {"br_tables over wide blocks", br_tables, AS_MODULE},
    {"a br_table of 2^32-1 targets", br_table_lies, AS_MODULE},
    {"calls of 1,000 values in dead code", wide_calls, AS_MODULE},
    {"7.5 MB of straight-line code", straight_line, AS_MODULE},
    {"three million operands", deep_operands, AS_MODULE},
    {"a long initialiser", long_initialiser, AS_MODULE},
    {"a chain of globals", global_chain, AS_MODULE},
    {"2^32-1 types announced", lying_counts, AS_MODULE},
    {"a name of 4 GiB announced", lying_names, AS_MODULE},
    {"three million elements", element_segment, AS_MODULE},
    {"100,000 data segments", data_segments, AS_MODULE},
    {"the same recursion group 2,000 times", recursion_groups, AS_MODULE},
    {"a chain of types", type_chain, AS_MODULE},
    {"colliding export names", colliding_exports, AS_MODULE},
    {"a million names", name_section, AS_MODULE},
    {"a million custom sections", custom_sections, AS_MODULE},
    {"a million parentheses", open_parentheses, AS_MODULE},
    {"a million nested comments", nested_comments, AS_MODULE},
    {"200,000 folded blocks", folded_blocks, AS_MODULE},
    {"200,000 blocks of one label", plain_blocks, AS_MODULE},
    {"50,000 distinct labels", distinct_labels, AS_MODULE},
    {"a string without end", unclosed_string, AS_MODULE},
    {"a number of a million digits", long_number, AS_MODULE},
    {"20,000 inline types", inline_types, AS_MODULE},
    {"a tree of 100^60 values", type_tree, AS_COMPONENT},
    {"instances doubled 60 times", instance_doubling, AS_COMPONENT},
    {"instance types doubled 60 times", instance_types, AS_COMPONENT},
    {"5,000 nested components", nested_components, AS_COMPONENT},
    {"30,000 aliases", component_aliases, AS_COMPONENT},
    {"a long name compared 800,000 times", long_names, AS_COMPONENT},
    {"2^32-1 component types announced", component_counts, AS_COMPONENT},
};

int main(int argc, char **argv) {
    return throw_bombs(argc, argv, bombs, sizeof bombs / sizeof *bombs);
}
