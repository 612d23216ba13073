/* Inside the component text parser.
 *
 * One pass: every definition is encoded when it is met and appended to its scope. What the text writes in
 * place — types, `(func $i "f")`, names of an outer scope — becomes definitions of its own, put before the
 * one that needs them:
 *
 *   (func (export "f") (param "s" string) (canon lift (core func $m "f")))
 *     type:   (func (param "s" string))            section 7
 *     alias:  (alias core export $m "f")           section 6
 *     canon:  (canon lift ...)                     section 8
 *     export: (export "f" (func ...))              section 11
 *
 * Bytes under construction lie on one stack, `w`: a definition begins at a mark; those that it needs first
 * are pushed above, completed, and moved to the scope before it goes on. So each index is known when it is
 * written. */
#ifndef SGI_COMPONENT_PARSE_H
#define SGI_COMPONENT_PARSE_H

#include "text/parse.h"

/* Index spaces, in an order of our own. */
typedef enum SpaceId {
    SPACE_FUNC,
    SPACE_VALUE,
    SPACE_TYPE,
    SPACE_COMPONENT,
    SPACE_INSTANCE,
    SPACE_CORE_FUNC,
    SPACE_CORE_TABLE,
    SPACE_CORE_MEMORY,
    SPACE_CORE_GLOBAL,
    SPACE_CORE_TAG,
    SPACE_CORE_TYPE,
    SPACE_CORE_MODULE,
    SPACE_CORE_INSTANCE,
    SPACE_COUNT
} SpaceId;

typedef struct SpaceInfo {
    const char *keyword; /* core ones without "core" */
    Sort sort;
    bool is_core;
    bool is_outer; /* may be the target of an outer alias */
} SpaceInfo;

extern const SpaceInfo sgi_spaces[SPACE_COUNT];

typedef struct Space {
    uint32_t count;
    Map names;
    Vec(NameAssoc) assocs; /* in order of definition, for the name section */
} Space;

typedef enum ScopeKind { SCOPE_COMPONENT, SCOPE_TYPE, SCOPE_CORE_MODULE_TYPE } ScopeKind;

/* A component, a component or instance type, or a core module type. */
typedef struct Scope {
    ScopeKind kind;
    struct Scope *parent;
    uint32_t depth;
    Bytes id; /* empty when it has none */
    Space spaces[SPACE_COUNT];
    Buf out;        /* SCOPE_COMPONENT: complete sections; else declarations */
    uint32_t count; /* of declarations, or of items in `section` */
    /* SCOPE_COMPONENT: the section that grows as long as definitions of its kind follow each other. */
    uint8_t section_id;
    Buf section;
    /* Of definitions with `(export "name")` inside: they come after everything else, so that they do not
     * disturb the numbers that the text may use. */
    Buf exports;
    uint32_t export_count;
    Map signatures; /* SCOPE_CORE_MODULE_TYPE: function types by their bytes; written in place, they are found
                       again */
} Scope;

/* A reference at `token` that became the alias `index`. */
typedef struct OuterUse {
    size_t token;
    uint32_t index;
} OuterUse;

typedef struct ComponentParser {
    Parser *p;
    Scope *scope;             /* the innermost */
    Buf w;                    /* definitions under construction */
    NameVec param_names;      /* of core function types: read and forgotten */
    Vec(OuterUse) outer_uses; /* by the core types being defined: see component_core_types.c */
    size_t next_outer_use;
    unsigned type_depth; /* of value types in place, at most LIMIT(TYPE_DEPTH) */
} ComponentParser;

/* The sections of the binary format, with the byte that the same thing has as a declaration of a type. */
typedef enum Section {
    SECTION_CUSTOM = 0,
    SECTION_CORE_MODULE = 1,
    SECTION_CORE_INSTANCE = 2,
    SECTION_CORE_TYPE = 3,
    SECTION_COMPONENT = 4,
    SECTION_INSTANCE = 5,
    SECTION_ALIAS = 6,
    SECTION_TYPE = 7,
    SECTION_CANON = 8,
    SECTION_START = 9,
    SECTION_IMPORT = 10,
    SECTION_EXPORT = 11,
} Section;

/* ---- component_scope.c ---- */

/* Enters and leaves a scope; `scope` is the caller's, and its memory is freed by the leave. */
sg_status sgi_scope_enter(ComponentParser *c, Scope *scope, ScopeKind kind, Bytes id);
void sgi_scope_leave(ComponentParser *c);
/* Closes the last section and writes the names. */
sg_status sgi_scope_finish_component(ComponentParser *c);

/* SG_TOO_LARGE at the current token. */
sg_status sgi_parse_too_deep(const ComponentParser *c, LimitId limit);

/* Moves the bytes from `mark` on to the scope as one definition. */
void sgi_emit(ComponentParser *c, Section section, size_t mark);
/* The same as a custom section; what follows begins a section of its own. */
void sgi_emit_custom(ComponentParser *c, size_t mark);
/* Moves the bytes from `mark` on to the exports at the end of the component. */
void sgi_emit_late_export(ComponentParser *c, size_t mark);
/* Puts a leb128 count at `mark`, before the items that follow it. */
void sgi_insert_count(ComponentParser *c, size_t mark, uint64_t count);
void sgi_put_name(ComponentParser *c, Bytes name);
/* As "sort"; `is_core_context`: as "core:sort". */
void sgi_put_sort(ComponentParser *c, SpaceId space, bool is_core_context);

/* The next index of a space, bound to `id` unless that is empty. */
sg_status sgi_define(ComponentParser *c, SpaceId space, Bytes id, uint32_t *index);

/* A number or identifier of `space`, the latter of an outer scope perhaps. */
sg_status sgi_parse_index(ComponentParser *c, SpaceId space, uint32_t *index);
/* An index, then names that project exports out of instances; with or without "(core? sort ...)" around. */
sg_status sgi_parse_ref(ComponentParser *c, SpaceId space, uint32_t *index);
/* The same after "(sort", to the closing parenthesis included. */
sg_status sgi_parse_ref_rest(ComponentParser *c, SpaceId space, uint32_t *index);
/* "core"? and the keyword of a sort. In a core context, the sorts without "core" are core ones. */
sg_status sgi_parse_sort(ComponentParser *c, bool is_core_context, SpaceId *space);
/* After "(alias". */
sg_status sgi_parse_alias_field(ComponentParser *c);
/* "(alias ...)" inside a definition of `space`, from "(alias" to its ")": (func $f (alias export $i "f")). */
sg_status sgi_parse_inverted_alias(ComponentParser *c, SpaceId space, Bytes id, uint32_t *index);

/* ---- component_types.c ---- */

sg_status sgi_parse_val_type(ComponentParser *c);
/* After "(type $id?", and the inline exports, without the closing parenthesis. */
sg_status sgi_parse_def_type(ComponentParser *c, Bytes id);
/* "(type ref)" or a function type in place, which is then defined. */
sg_status sgi_parse_func_type_use(ComponentParser *c, uint32_t *index);
/* "name" attribute*, as nameattributes. */
sg_status sgi_parse_extern_name(ComponentParser *c);
/* The inside of "(sort $id? ...)" as externtype, the sort and identifier read already, without the ")". */
sg_status sgi_parse_extern_type_rest(ComponentParser *c, SpaceId space, Bytes id);
/* "(sort $id? ...)" as externtype. */
sg_status sgi_parse_extern_type(ComponentParser *c, SpaceId *space, Bytes *id);
/* "(result t)"? as resultlist. */
sg_status sgi_parse_result_list(ComponentParser *c);

/* ---- component_core_types.c ---- */

/* After "(core type" or "(core rec", to the closing parenthesis included. */
sg_status sgi_parse_core_type_field(ComponentParser *c);
sg_status sgi_parse_core_rec_field(ComponentParser *c);
/* Declarations of a core module type, as core:moduletype. */
sg_status sgi_parse_core_module_type(ComponentParser *c, Bytes id);

/* ---- component_canon.c ---- */

/* After "(canon": lift, lower or a built-in with its options, up to the function that it defines or the
 * closing parenthesis. A lift's function type is still missing at the end of what is written. */
sg_status sgi_parse_canon(ComponentParser *c, bool *is_lift);

#endif
