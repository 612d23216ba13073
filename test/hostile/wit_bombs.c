/* wit_bombs SECONDS: WIT packages that are made to cost whoever reads them dear. Most of what they declare is
 * small; some asks for far more than it is in size, which the load budget ends. */
#include "bomb.h"

enum { MANY = 20000, DEEP = 480 };

/* `count` lines with the line's number, or the number and the one before, in them. */
static void lines(Buffer *out, int first, int count, const char *format) {
    for (int i = first; i < count; i++)
        text(out, format, i, i - 1, i - 1, i - 1);
}

static void packages(Buffer *out) {
    text(out, "package a:b;\n");
    lines(out, 0, MANY, "package a:b%d { interface i { type t = u8; } }\n");
    text(out, "interface z {\n");
    for (int i = 0; i < MANY; i++)
        text(out, "use a:b%d/i.{t as t%d};\n", i, i);
    text(out, "}\n");
}

static void names_of_files(Buffer *out) {
    text(out, "package a:b; interface i { type t = u8; }\n");
    lines(out, 0, MANY, "use i as x%d;\n");
    for (int i = 0; i < MANY; i++)
        text(out, "interface y%d { use x%d.{t}; }\n", i, i);
}

static void begin_chain(Buffer *out) {
    text(out, "package a:b; interface i0 { type t = u8; }\n");
    lines(out, 1, DEEP, "interface i%d { use i%d.{t}; }\n");
}

/* Each declares all that it uses. */
static void uses_of_a_chain(Buffer *out) {
    begin_chain(out);
    for (int i = 0; i < MANY; i++)
        text(out, "interface y%d { use i%d.{t}; }\n", i, DEEP - 1);
}

static void exports_of_a_chain(Buffer *out) {
    begin_chain(out);
    for (int i = 0; i < MANY; i++)
        text(out, "world w%d { export i%d; }\n", i, DEEP - 1);
}

static void includes(Buffer *out) {
    text(out, "package a:b; world x {\n");
    lines(out, 0, MANY, "import g%d: func();\n");
    text(out, "}\n");
    lines(out, 0, MANY, "world y%d { include x; }\n");
}

static void includes_tripled(Buffer *out) {
    text(out, "package a:b; interface i {} world w0 { import i; }\n");
    lines(out, 1, DEEP, "world w%d { include w%d; include w%d; include w%d; }\n");
}

static void renames(Buffer *out) {
    text(out, "package a:b; world x {\n");
    lines(out, 0, MANY, "import g%d: func();\n");
    text(out, "} world y { include x with {\n");
    for (int i = 0; i < MANY; i++)
        text(out, "g%d as h%d,\n", i, i);
    text(out, "} }\n");
}

static void resources(Buffer *out) {
    text(out, "package a:b; interface i {\n");
    lines(out, 0, MANY, "resource r%d { constructor(); m: func(); }\n");
    text(out, "}\n");
}

/* Definitions that each stand before what they are made of. */
static void backwards(Buffer *out) {
    enum { DEPTH = 45 };
    text(out, "package a:b; interface i {\n");
    for (int chain = 0; chain < MANY / DEPTH; chain++)
        for (int i = 0; i <= DEPTH; i++)
            if (i < DEPTH)
                text(out, "type t%d-x%d = tuple<t%d-x%d, t%d-x%d>;\n", chain, i, chain, i + 1, chain, i + 1);
            else
                text(out, "type t%d-x%d = u8;\n", chain, i);
    text(out, "}\n");
}

static void comments(Buffer *out) {
    REPEAT(out, MB / 4, "/*");
    REPEAT(out, MB / 4, "*/");
    text(out, "package a:b;");
}

static void open_comments(Buffer *out) {
    REPEAT(out, MB / 2, "/*");
}

static void nested_types(Buffer *out) {
    text(out, "package a:b; interface i { type t = ");
    REPEAT(out, MB / 6, "list<");
    text(out, "u8");
    REPEAT(out, MB / 6, ">");
    text(out, "; }");
}

int main(int argc, char **argv) {
    static const Bomb bombs[] = {
        {"many packages", packages, AS_WIT},
        {"many names in a file", names_of_files, AS_WIT},
        {"uses of a chain of uses", uses_of_a_chain, AS_WIT},
        {"exports of a chain of uses", exports_of_a_chain, AS_WIT},
        {"a large world, often included", includes, AS_WIT},
        {"includes, tripled", includes_tripled, AS_WIT},
        {"many renames", renames, AS_WIT},
        {"many resources", resources, AS_WIT},
        {"definitions backwards", backwards, AS_WIT},
        {"nested comments", comments, AS_WIT},
        {"comments without end", open_comments, AS_WIT},
        {"nested types", nested_types, AS_WIT},
    };
    return throw_bombs(argc, argv, bombs, sizeof bombs / sizeof *bombs);
}
