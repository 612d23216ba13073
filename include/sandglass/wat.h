/* Text: WAT to binary and back, and the scripts of the official suites. */
#ifndef SANDGLASS_WAT_H
#define SANDGLASS_WAT_H

#include <sandglass/engine.h>
#include <sandglass/module.h>
#include <sandglass/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory handed out by this header; free with sg_bytes_delete. */
typedef struct sg_bytes {
    uint8_t *data;
    size_t size;
} sg_bytes;
SG_API void sg_bytes_delete(sg_bytes *bytes);

/* Parses the text of one module or component into its binary. The result is not validated. */
SG_API sg_status sg_wat_parse(sg_engine *engine, const char *text, size_t size, sg_bytes *binary,
                              sg_error *error);

/* Writes the text of a module or component binary. The binary is decoded, not validated; what is built can be
 * printed, on or off. */
SG_API sg_status sg_wat_print(sg_engine *engine, const void *binary, size_t size, sg_bytes *text,
                              sg_error *error);

/* The same, for text that parses to the same bytes whatever they are: where the text for people would not (it
 * has no form for numbers longer than needed, sections without entries, names of nothing), it is
 * (module binary "...") or (component binary "..."). */
SG_API sg_status sg_wat_print_exact(sg_engine *engine, const void *binary, size_t size, sg_bytes *text,
                                    sg_error *error);

/* --- scripts: .wast files --- */

typedef struct sg_script sg_script;

typedef enum sg_command_kind {
    SG_COMMAND_MODULE,            /* load and instantiate `binary`; bind `name` */
    SG_COMMAND_MODULE_DEFINITION, /* load `binary` only; bind `name` */
    SG_COMMAND_MODULE_INSTANCE,   /* instantiate the definition `of` (empty: the last one); bind `name` */
    SG_COMMAND_REGISTER,          /* register instance `of` (empty: the current one) under `name` */
    SG_COMMAND_ACTION,            /* perform the action */
    SG_COMMAND_ASSERT_RETURN,     /* the action must give `expected` */
    SG_COMMAND_ASSERT_TRAP,       /* the action must trap; or, without action, instantiating `binary` must */
    SG_COMMAND_ASSERT_EXHAUSTION, /* the action must exhaust the call stack */
    SG_COMMAND_ASSERT_EXCEPTION,  /* the action must throw */
    SG_COMMAND_ASSERT_SUSPENSION, /* the action must suspend unhandled */
    SG_COMMAND_ASSERT_INVALID,    /* `binary` must not validate */
    SG_COMMAND_ASSERT_MALFORMED,  /* `binary`, or `text`, must not parse */
    SG_COMMAND_ASSERT_UNLINKABLE, /* `binary` must not link */
    SG_COMMAND_THREAD,            /* start a thread `name` that performs the next `thread_size` commands */
    SG_COMMAND_WAIT,              /* wait for the thread `of` to end */
    SG_COMMAND_UNKNOWN,           /* not understood: `message` names it */
} sg_command_kind;

/* What is expected of one core result. Components' results are compared with sg_value_equal. */
typedef enum sg_pattern_kind {
    SG_PATTERN_VALUE,          /* this value, bit for bit */
    SG_PATTERN_NAN_CANONICAL,  /* of `core.kind` */
    SG_PATTERN_NAN_ARITHMETIC, /* of `core.kind` */
    SG_PATTERN_REF,            /* a non-null reference of the named heap type, any value */
    SG_PATTERN_REF_NULL,       /* a null reference */
    SG_PATTERN_EITHER,         /* one of the next `count` patterns */
} sg_pattern_kind;

typedef struct sg_pattern {
    sg_pattern_kind kind;
    sg_core_value core;
    sg_string heap_type; /* for REF and REF_NULL: "func", "extern", ...; empty for any */
    size_t count;
    /* v128 lanes: when lane_kinds[0] is set, lane i has `lane_bits` bits and its own kind: 'v' value, 'c'
     * canonical, 'a' arithmetic NaN. */
    char lane_kinds[16];
    uint8_t lane_bits;
} sg_pattern;

typedef struct sg_command {
    sg_command_kind kind;
    uint32_t line, column;
    sg_string name, of;
    sg_string message; /* what the assertion expects */
    /* The module or component: `binary` if it could be made from text, else `parse_error` is set. */
    const uint8_t *binary;
    size_t binary_size;
    bool is_component;
    bool is_quoted; /* given as (module quote ...) or as a binary string */
    sg_error parse_error;
    /* The action: invoke, or get when `is_get`. */
    bool has_action, is_get;
    sg_string instance, function;
    const sg_core_value *core_arguments; /* host references are (void *)(n + 1) */
    const sg_value *arguments;           /* of a component's function, by the literals' own kinds */
    size_t argument_count;
    const sg_pattern *core_expected;
    const sg_value *expected;
    size_t expected_count;
    /* The literals were core ones; also when there are none, or only f32 and f64: then `arguments` and
     * `expected` are filled too, and the instance's kind decides. */
    bool is_core_action;
    /* THREAD: so many of the commands that follow are the thread's, which begins with nothing but the
     * instances `shared`, of which it sees the shared memories. */
    size_t thread_size;
    const sg_string *shared;
    size_t shared_count;
} sg_command;

/* Parses a script. Errors in quoted modules are kept for their commands; any other syntax error fails the
 * whole. */
SG_API sg_script *sg_script_parse(sg_engine *engine, const char *text, size_t size, sg_error *error);
SG_API size_t sg_script_count(const sg_script *script);
/* Command `index`; it belongs to the script. */
SG_API const sg_command *sg_script_command(const sg_script *script, size_t index);
SG_API void sg_script_delete(sg_script *script);

#ifdef __cplusplus
}
#endif
#endif
