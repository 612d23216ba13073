/* The core module parser's state, shared by its files. */
#ifndef SGI_TEXT_CORE_H
#define SGI_TEXT_CORE_H

#include "text/parse.h"

typedef enum Space {
    SPACE_FUNC, /* the first five are in the order of ExternKind */
    SPACE_TABLE,
    SPACE_MEMORY,
    SPACE_GLOBAL,
    SPACE_TAG,
    SPACE_TYPE,
    SPACE_ELEM,
    SPACE_DATA,
    SPACE_COUNT,
} Space;

/* Sections by their ids in the binary. */
enum {
    SECTION_TYPE = 1,
    SECTION_IMPORT,
    SECTION_FUNC,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEM,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
    SECTION_TAG,
    SECTION_COUNT,
};

/* A name map of the name section while it grows. */
typedef struct NameList {
    Buf bytes;
    uint32_t count;
} NameList;

typedef struct IndexSpace {
    Map ids;
    uint32_t count;
    NameList names;
} IndexSpace;

/* A function type where the type section has it; other types are empty. */
typedef struct TypeRecord {
    size_t start, size;
    uint32_t param_count;
} TypeRecord;

/* A label in scope; `shadowed` is what its name meant outside: 0 nothing, else one more than an index in
 * `labels`. */
typedef struct Label {
    Bytes name;
    uint32_t shadowed;
} Label;

typedef enum FrameKind {
    FRAME_BLOCK,        /* block or loop, up to "end" */
    FRAME_IF,           /* if, up to "else" or "end" */
    FRAME_ELSE,         /* else, up to "end" */
    FRAME_FOLDED,       /* (op ...): the instruction waits in `delayed` for its operands */
    FRAME_FOLDED_BLOCK, /* (block ...), (loop ...) */
    FRAME_CONDITION,    /* (if ...: the instruction waits for its condition */
    FRAME_THEN,         /* (if ... (then ... */
    FRAME_AFTER_THEN,
    FRAME_FOLDED_ELSE, /* (if ... (then ...) (else ... */
    FRAME_AFTER_ELSE,
    FRAME_TRY,         /* legacy try, up to "catch", "catch_all", "delegate" or "end" */
    FRAME_CATCH,       /* catch, up to "catch", "catch_all" or "end" */
    FRAME_FOLDED_TRY,  /* (try ... before (do */
    FRAME_DO,          /* (try ... (do ... */
    FRAME_AFTER_DO,    /* may still be delegated */
    FRAME_PART,        /* (try ... (catch $t ... */
    FRAME_AFTER_PART,  /* up to (catch or (catch_all */
    FRAME_LAST_PART,   /* (try ... (catch_all ... */
    FRAME_AFTER_PARTS, /* all catches are there */
    FRAME_DELEGATED,   /* which ended the block */
} FrameKind;

/* What (@metadata.code.branch_hint) says of an instruction. */
typedef enum Hint { HINT_NONE, HINT_UNLIKELY, HINT_LIKELY } Hint;

typedef struct Frame {
    FrameKind kind;
    uint8_t hint;   /* Hint: of the instruction that waits */
    size_t delayed; /* where its bytes begin in `delayed` */
    Bytes label;
} Frame;

/* A custom section written as an annotation: its content in `custom_bytes`, and where it goes: 2 i before, 2
 * i + 1 after the section that is number i in the order of the binary. */
enum { CUSTOM_LAST = 26 };
typedef struct CustomText {
    size_t start, size;
    uint32_t place;
} CustomText;

typedef struct ModuleParser {
    Parser *p;
    IndexSpace spaces[SPACE_COUNT];
    uint32_t next[SPACE_COUNT]; /* the index that the next definition met gets */
    Buf sections[SECTION_COUNT];
    uint32_t counts[SECTION_COUNT];
    Vec(TypeRecord) types;
    Map signatures; /* bytes of a function type → its first index */
    Map fields;     /* type index in 4 bytes, and a field's name → the field's index */
    CoreTypeScope scope;
    Bytes id;
    Vec(CustomText) customs;
    Buf custom_bytes;
    bool needs_data_count;
    NameList local_names, label_names, field_names; /* indirect */
    NameList hints;                                 /* functions' branch hints */

    /* The function being read. */
    Map locals;
    uint32_t local_count;
    NameList own_local_names;
    Map labels_by_name;
    Vec(Label) labels;
    uint32_t label_index; /* blocks seen */
    NameList own_label_names;
    NameList own_hints; /* branch hints, by offset in `body` */
    bool takes_hints;   /* at the function's own instructions */
    Vec(Frame) frames;
    Buf delayed; /* instructions that wait for their operands, a stack */
    Buf body, scratch;
    NameVec params;
} ModuleParser;

typedef struct TypeUse {
    uint32_t index;
    uint32_t param_count;
} TypeUse;

/* "(type x)? (param ...)* (result ...)*": the type's index, made when there is none. m->params gets the names
 * when `with_names`, which are refused else. */
sg_status sgi_core_type_use(ModuleParser *m, bool with_names, TypeUse *use);
/* The same for a block: appends the block type. */
sg_status sgi_core_block_type(ModuleParser *m, Buf *out);
/* All type definitions, in order. */
sg_status sgi_core_types(ModuleParser *m);

/* The index at the cursor, a number or an identifier ("unknown function", ...). */
sg_status sgi_core_index(ModuleParser *m, Space space, uint32_t *index);
bool sgi_core_peek_index(const ModuleParser *m);
/* The field at the cursor, of the structure type `type`. */
sg_status sgi_core_field_index(ModuleParser *m, uint32_t type, uint32_t *index);
/* Binds `id`, when not empty, to the next index of the space; `name` is for the name section. */
sg_status sgi_core_bind(ModuleParser *m, Space space, Bytes id, Bytes name, size_t token);

void sgi_core_put_op(Buf *out, Op op);

/* A label of the function at hand opens, with a name or without; the newest closes; one's index is written.
 */
sg_status sgi_core_push_label(ModuleParser *m, Bytes name);
void sgi_core_pop_label(ModuleParser *m);
sg_status sgi_core_label_index(ModuleParser *m, Buf *out);

/* The catches of a try_table. */
sg_status sgi_core_catches(ModuleParser *m, Buf *out);
/* Past "catch", "catch_all" or "delegate", not folded, if `frame` may have it. */
bool sgi_core_is_catch(Op op, const Frame *frame);
sg_status sgi_core_catch(ModuleParser *m, Op op, Buf *out);
/* "(do", "(catch", "(catch_all", or all of "(delegate ...)", of a folded try; whether it was one. */
sg_status sgi_core_try_part(ModuleParser *m, Frame *frame, Buf *out, bool *taken);
/* At the end of a part, or of a folded try as a whole, which is then closed; or neither. */
bool sgi_core_close_try(ModuleParser *m, Frame *frame, Buf *out);

/* Instructions up to the closing parenthesis, not consumed; or a single folded one. */
sg_status sgi_core_instructions(ModuleParser *m, Buf *out);
sg_status sgi_core_folded_instruction(ModuleParser *m, Buf *out);

/* In the gap before the current token: those that may stand between fields; (@metadata.code.branch_hint ...)
 * before an instruction that can have one. */
sg_status sgi_core_field_annotations(ModuleParser *m);
sg_status sgi_core_take_hint(ModuleParser *m, uint8_t *hint);
/* The instruction that the hint is of comes next in `out`, which is then `body`. */
void sgi_core_add_hint(ModuleParser *m, uint8_t hint, const Buf *out);
void sgi_core_end_hints(ModuleParser *m, uint32_t func);
void sgi_core_put_hints(ModuleParser *m, Buf *binary);
/* Annotations that mean something stand where they do, from token `from` to the cursor. */
sg_status sgi_core_check_annotations(const ModuleParser *m, size_t from);
/* Writes those of one place. */
void sgi_core_put_customs(ModuleParser *m, uint32_t place, Buf *binary);

/* Counts one more entry of a section, and gives the section. */
Buf *sgi_core_entry(ModuleParser *m, unsigned section);
/* "$id? (export ...)* (import ...)?" of a definition; when there is an import, its description too. */
sg_status sgi_core_inline(ModuleParser *m, Space space, uint32_t *index, bool *is_import);
/* An expression up to the closing parenthesis, with its end. */
sg_status sgi_core_constant(ModuleParser *m, Buf *out);
/* Past "(table", "(memory", "(elem", "(data": up to the closing parenthesis. */
sg_status sgi_core_table(ModuleParser *m);
sg_status sgi_core_memory(ModuleParser *m);
sg_status sgi_core_elem(ModuleParser *m);
sg_status sgi_core_data(ModuleParser *m);

/* Appends an entry; and a map of entries under an outer index, emptying `inner`. */
void sgi_name_list_add(NameList *list, uint32_t index, Bytes name);
void sgi_name_list_add_map(NameList *outer, uint32_t index, NameList *inner);
/* The name section, when there is anything to say. */
void sgi_core_name_section(ModuleParser *m, Buf *binary);
/* A section: its id, size and content, which is emptied. */
void sgi_core_section(Buf *binary, uint8_t id, Buf *content);

sg_status sgi_core_no_memory(const ModuleParser *m);

#endif
