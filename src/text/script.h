/* The script parser's state, shared by its files. */
#ifndef SGI_TEXT_SCRIPT_H
#define SGI_TEXT_SCRIPT_H

#include "text/parse.h"
#include "text/text.h"

typedef struct ScriptParser {
    Parser p;
    Arena *arena; /* of the script: all that commands point at */
    Vec(sg_command) commands;
} ScriptParser;

/* A list of literals, up to the closing parenthesis (not consumed). f32 and f64 alone may be meant for either
 * kind of function: then both forms are made. */
typedef struct Literals {
    const sg_core_value *core;  /* when they are arguments */
    const sg_pattern *patterns; /* when they are results */
    const sg_value *values;
    size_t count;
    bool is_core, is_component; /* which forms are there */
    bool is_unknown;            /* some literal is not understood: `unknown` names it */
    sg_string unknown;
} Literals;
sg_status sgi_script_literals(ScriptParser *s, bool are_results, Literals *literals);

#endif
