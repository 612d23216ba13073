/* Private to text: what the printers share. */
#ifndef SGI_PRINT_H
#define SGI_PRINT_H

#include "module/module.h"

/* Longer names are not used as identifiers: each use repeats them. */
enum { MAX_ID_BYTES = 256 };

/* Things that core names number. */
typedef enum NameSpace {
    NAMES_OF_FUNC, /* the first five are in ExternKind's order */
    NAMES_OF_TABLE,
    NAMES_OF_MEMORY,
    NAMES_OF_GLOBAL,
    NAMES_OF_TAG,
    NAMES_OF_TYPE,
    NAMES_OF_ELEM,
    NAMES_OF_DATA,
    NAMES_OF_LOCAL, /* of the function at hand */
    NAME_SPACES
} NameSpace;

typedef struct BranchHint {
    uint32_t func, offset; /* of the instruction, from the start of the function's entry */
    bool is_likely;
} BranchHint;

/* A core module on its way to text. */
typedef struct CorePrinter {
    LoadContext cx;
    const Module *module;
    Buf *out;
    unsigned indent;
    /* The names that may stand for their index: name → the one index that has it, or NO_INDEX for several. */
    Map ids[NAME_SPACES];
    const NameMap *names[NAME_SPACES];
    /* The same for fields: type index in 4 bytes, and a name → the field. */
    Map fields;
    Arena field_keys;
    /* Branch hints in the order of the code, and the custom section that has them: none, when they are not
     * understood. */
    Vec(BranchHint) hints;
    size_t next_hint;
    uint32_t hint_custom;
    bool needs_data_count; /* an instruction printed so far does */
} CorePrinter;

/* What stands for a module's name. */
typedef enum ModuleNameStyle {
    NAME_AS_ID,
    NAME_BESIDE, /* an annotation */
    NAME_SAID,   /* nothing: the name was printed before */
} ModuleNameStyle;

/* Appends what follows "(module" or "(core module": the name, all fields, lines indented by `indent` more
 * steps, and the closing parenthesis. */
sg_status sgi_print_core_module(const LoadContext *cx, const Module *module, ModuleNameStyle style,
                                unsigned indent, Buf *out);

/* ---- for the files of the core printer, and types for that of components ---- */

void sgi_print_line(CorePrinter *p);
/* A reference to an index: "$name" or the number. */
void sgi_print_index(CorePrinter *p, NameSpace space, uint32_t index);
/* The same for the field of a structure type. */
void sgi_print_field_index(CorePrinter *p, uint32_t type, uint32_t field);
/* The names that are under an index. */
const NameMap *sgi_print_find_names(const IndirectNameMap *map, uint32_t index);
/* What follows a definition's keyword: " $name (;3;)". */
void sgi_print_definition(CorePrinter *p, NameSpace space, uint32_t index);
/* Makes `names` those of the space. */
sg_status sgi_print_use_names(CorePrinter *p, NameSpace space, const NameMap *names);
void sgi_print_val_type(CorePrinter *p, ValType type);
/* `index`: the type's own, for the names of its fields; or NO_INDEX. */
void sgi_print_sub_type(CorePrinter *p, const SubType *type, uint32_t index);
/* These begin with a space. */
void sgi_print_limits(CorePrinter *p, const Limits *limits);
void sgi_print_table_type(CorePrinter *p, const TableType *type);
void sgi_print_global_type(CorePrinter *p, const GlobalType *type);
const NameMap *sgi_print_local_names(const CorePrinter *p, uint32_t func);
/* Finds the branch hints. */
sg_status sgi_print_use_hints(CorePrinter *p);
/* The annotation of the instruction at `offset` of the binary, if it has one, with a space behind it. */
void sgi_print_hint(CorePrinter *p, uint32_t func, const FuncBody *body, size_t offset);
/* The instructions of a body up to its end, each on a line. */
sg_status sgi_print_body(CorePrinter *p, uint32_t func, const FuncBody *body);
/* A constant expression on one line; folded when it is one instruction, else inside "(wrapper ...)". */
sg_status sgi_print_const(CorePrinter *p, const char *wrapper, const ConstExpr *expr);

/* ---- leaves: for all printers ---- */

/* "$name", quoted where the name has other characters than identifiers. */
void sgi_print_id(Buf *out, Bytes name);
/* A string with its quotes. `is_name`: valid UTF-8, which stays as it is. */
void sgi_print_string(Buf *out, Bytes bytes, bool is_name);
/* " binary" and the bytes as strings over lines, which are indented by one more step, and the closing
 * parenthesis. */
void sgi_print_binary(Buf *out, Bytes binary, unsigned indent);
/* The bits of an f32 or f64, exactly. */
void sgi_print_float(Buf *out, uint64_t bits, bool is_64);

#endif
