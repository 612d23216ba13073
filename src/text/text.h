/* The door of text: WAT → bytes, modules and components → text, scripts, and WAVE values. Text emits bytes:
 * decode is the only maker of modules. */
#ifndef SGI_TEXT_H
#define SGI_TEXT_H

#include "module/module.h"

#include <sandglass/value.h>
#include <sandglass/wat.h>

/* Parses one module or component (or the bare fields of a core module) and appends its binary to `binary`.
 * Errors are SG_MALFORMED with line and column. Names go to name sections. */
sg_status sgi_text_parse(const LoadContext *cx, Bytes text, Buf *binary);

/* Appends the text of a decoded module or component. */
sg_status sgi_text_print_module(const LoadContext *cx, const Module *module, Buf *text);
typedef enum PrintStyle {
    PRINT_FOR_PEOPLE,
    PRINT_EXACT_MODULES, /* core modules whose text would be other bytes are printed in binary */
    PRINT_EXACT_NAMES,   /* and names stay the custom section that they are, in place of identifiers */
} PrintStyle;
sg_status sgi_text_print_component(const LoadContext *cx, const Component *component, PrintStyle style,
                                   Buf *text);

/* (module binary "...") or (component binary "..."), by `field`, over lines. */
void sgi_text_print_bytes(const char *field, Bytes binary, Buf *text);

/* "(func (param i32) (result i64))" and "func(a: u32) -> string": types for people. The first is of item
 * `index` of a validated module. */
void sgi_text_core_type(Buf *text, const Module *module, ExternKind kind, uint32_t index);
void sgi_text_extern_type(Buf *text, const ExternType *type);
void sgi_text_value_type(Buf *text, const sg_type *type);

/* A parsed script; all of it lives in `arena`. */
typedef struct Script {
    const sg_command *commands;
    size_t count;
} Script;
sg_status sgi_text_parse_script(const LoadContext *cx, Arena *arena, Bytes text, Script *script);

/* WAVE: the value in `text`, in memory from `arena`. */
sg_status sgi_wave_parse(Arena *arena, const sg_type *type, Bytes text, sg_value *value, sg_error *err);
/* WAVE calls, "name(arg, ...)": first the name alone, then, its type looked up, the arguments. */
sg_status sgi_wave_call_name(Bytes text, Bytes *name, sg_error *err);
sg_status sgi_wave_parse_arguments(Arena *arena, const CompField *params, uint32_t param_count, Bytes text,
                                   sg_value *values, sg_error *err);
void sgi_wave_print(Buf *text, const sg_value *value);

#endif
