/* A world of random types:   wit SEED
 * Prints WIT: functions a0, a1, ... to be imported and b0, b1, ... to be exported, with the same parameters,
 * which give back the first one. Sizes are chosen so that parameters pass flat and through memory. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFINITIONS = 20, FUNCTIONS = 16 };

static uint64_t state;

static unsigned below(unsigned limit) { /* xorshift64* */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % limit;
}

static void print_type(unsigned depth, unsigned known) {
    static const char *const scalars[] = {"bool", "s8",  "u8",  "s16", "u16",  "s32",   "u32",
                                          "s64",  "u64", "f32", "f64", "char", "string"};
    unsigned kind = depth == 0 ? 5 + below(15) : below(20);
    switch (kind) {
    case 0: printf("list<"), print_type(depth - 1, known), printf(">"); break;
    case 1: printf("option<"), print_type(depth - 1, known), printf(">"); break;
    case 2:
        printf("tuple<");
        for (unsigned i = 0, count = 1 + below(4); i < count; i++)
            printf("%s", i ? ", " : ""), print_type(depth - 1, known);
        printf(">");
        break;
    case 3:
        printf("result<"), print_type(depth - 1, known), printf(", "), print_type(depth - 1, known),
            printf(">");
        break;
    case 4: printf("result<_, "), print_type(depth - 1, known), printf(">"); break;
    default:
        if (known && kind < 15)
            printf("t%u", below(known));
        else
            printf("%s", scalars[below(sizeof scalars / sizeof *scalars)]);
    }
}

static void print_definition(unsigned i) {
    unsigned kind = below(6), count = 1 + below(kind == 3 ? 32 : 6);
    if (kind == 2 && below(3) == 0)
        count = 250 + below(20); /* tags of one byte and of two */
    static const char *const words[] = {"record", "variant", "enum", "flags", "variant", "record"};
    printf("  %s t%u {", words[kind], i);
    for (unsigned j = 0; j < count; j++) {
        printf(" m%u", j);
        bool has_type = kind == 0 || kind == 5 || ((kind == 1 || kind == 4) && below(4) > 0);
        if (has_type)
            printf(kind == 0 || kind == 5 ? ": " : "("), print_type(2, i);
        printf(has_type && (kind == 1 || kind == 4) ? ")," : ",");
    }
    printf(" }\n");
}

static void print_functions(void) {
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        /* Printed twice from one state, and its first parameter once more. */
        uint64_t before = state;
        for (int side = 0; side < 2; side++) {
            state = before;
            printf("  %s%u: func(", side ? "export b" : "import a", i);
            unsigned count = 1 + below(4);
            for (unsigned j = 0; j < count; j++)
                printf("%sp%u: ", j ? ", " : "", j), print_type(2, DEFINITIONS);
            printf(") -> ");
            uint64_t after = state;
            state = before;
            below(4);
            print_type(2, DEFINITIONS);
            printf(";\n");
            state = after;
        }
    }
}

int main(int argc, char **argv) {
    state = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    printf("package test:random;\ninterface types {\n");
    for (unsigned i = 0; i < DEFINITIONS; i++)
        print_definition(i);
    printf("}\nworld w {\n  use types.{");
    for (unsigned i = 0; i < DEFINITIONS; i++)
        printf("%st%u", i ? ", " : "", i);
    printf("};\n");
    print_functions();
    printf("}\n");
    return 0;
}
