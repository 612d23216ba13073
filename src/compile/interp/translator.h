/* Inside the translator: the bytecode that is being written, and the operand stack at translation time.
 *
 * An operand stands in its own slot of the frame, or is still a constant, or a local that has not been
 * written since; the latter two cost nothing until somebody needs them in a slot. All pending uses of one
 * local are a list, newest first, so that a write to the local finds them: each operand is put into its slot
 * at most once, and translation stays linear. */
#ifndef SGI_INTERP_TRANSLATOR_H
#define SGI_INTERP_TRANSLATOR_H

#include "compile/interp/bytecode.h"

#define NONE UINT32_MAX

typedef enum OperandKind { OPERAND_SLOT, OPERAND_LOCAL, OPERAND_CONST, OPERAND_HIGH } OperandKind;

/* What an operand is made of, exactly: REF is a reference that the collector may follow, of the hierarchies
 * of any, extern and exn; functions are NUM. A V128 has two entries, the second an OPERAND_HIGH, so that an
 * entry's slot is told by its index. Counts of operands, and heights, are counts of entries. */
typedef enum OperandClass { CLASS_NUM, CLASS_V128, CLASS_REF } OperandClass;

typedef struct Operand {
    union {
        uint64_t value;
        struct {
            uint32_t local, next; /* `next`: the next older operand that is this local */
        } use;
    } as;
    uint8_t kind;  /* OperandKind */
    uint8_t class; /* OperandClass */
    uint8_t shift; /* of slots and locals: the operand is (what is there << shift) + addend */
    uint32_t addend;
} Operand;

typedef struct Local {
    uint32_t use; /* its newest pending operand, or NONE */
    uint32_t slot : 30;
    uint32_t class : 2; /* OperandClass */
    bool is_set;        /* on all ways here */
    bool is_zero;       /* at the function's beginning: somebody reads it that it may not be set for */
} Local;

/* A control frame of the body. Forward branches to its end are chained through their rel words, newest first.
 */
typedef struct Label {
    uint32_t base;        /* height below the block's parameters */
    uint32_t set_count;   /* of locals at the beginning */
    uint32_t chain;       /* of rel words */
    uint32_t target;      /* a loop: its HEAD; an if: the rel word of the jump over it; else NONE */
    uint32_t stub;        /* newest br_table stub that goes here */
    uint32_t handler;     /* in force inside, in the sequence at hand */
    uint32_t own_handler; /* of a try_table or try */
    uint32_t clause;      /* the newest of that, or NO_CLAUSE: in an older catch its own */
    const FuncType *type; /* NULL: no parameters, and `result`, or none if that is VAL_BOTTOM */
    ValType result;
    uint16_t param_slots, result_slots;
    Op op;
} Label;

typedef struct Translator {
    ExecContext *cx;
    const Module *module;
    Alloc *alloc;
    const FuncBody *body;
    const FuncType *type;
    uint32_t header, operand_base; /* slots */

    const uint8_t *at;
    uint32_t instr_offset; /* of the current instruction, from body->code */
    const Segment *segment, *segment_end;
    uint32_t work; /* since the last look at the interrupt: an instruction, or as little */
    bool unreachable;
    uint32_t passed_depth; /* blocks open in what is unreachable */
    /* Memory was refused. What is emitted from then on lands on what was emitted before, inside the old
     * capacity, and is thrown away soon: so emitting has no failure of its own. */
    bool failed;

    Vec(uint32_t) words;
    Vec(uint32_t) starts; /* of the instructions in `words`, and NONE where branches lead to the next */
    Vec(Position) positions;
    Vec(Region) regions;
    Vec(ExnHandler) handlers;
    Vec(Clause) clauses;

    Operand *operands;
    uint32_t height, peak, operand_capacity;
    uint32_t flushed; /* operands below are not OPERAND_LOCAL */
    Local *locals;    /* parameters first */
    uint32_t local_count;
    uint32_t *set_locals; /* those that are, but for parameters, in that order */
    uint32_t set_count;

    /* Of the stack maps (bytecode.h). */
    bool has_refs; /* some local or operand was CLASS_REF */
    Vec(MapNode) nodes;
    Vec(MapSite) sites;
    uint32_t *maps;  /* of each operand below `mapped`: the newest node there; made when first needed */
    uint32_t mapped; /* operands below that are references stand in their slots */

    Label *labels;
    uint32_t label_count, label_capacity;

    /* The newest instruction, while its result is the newest operand and no branch comes between: its target
     * may still be changed. */
    uint32_t last; /* word, or NONE */
    uint32_t last_height;
    Op last_op; /* a comparison's, else OP_COUNT */
    bool last_is_k;
    /* The newest instruction and the one before, or NONE: they may be made one with what follows. */
    uint32_t newest, previous;
} Translator;

/* ---- writing ---- */

/* Appends an instruction with room for its operands; the operands' place. */
uint32_t *sgi_tr_emit(Translator *t, unsigned instr, uint32_t operand_count);
/* The next instruction to be emitted may trap, or has a position for another reason. */
void sgi_tr_mark(Translator *t, uint32_t offset);
void sgi_tr_emit_copy(Translator *t, uint32_t to, uint32_t from);
void sgi_tr_emit_const(Translator *t, uint32_t to, uint64_t value);
/* An instruction of operand words only; one whose result, pushed, comes before them. */
void sgi_tr_emit_effect(Translator *t, unsigned instr, uint32_t count, const uint32_t *operands);
void sgi_tr_emit_result(Translator *t, OperandClass class, unsigned instr, uint32_t count,
                        const uint32_t *operands);
/* Appends words that are no instruction. */
uint32_t *sgi_tr_append(Translator *t, uint32_t count);
/* Takes back the newest instruction. */
void sgi_tr_retract(Translator *t);
/* A place that branches lead to: nothing before it may be changed any more. */
uint32_t sgi_tr_place(Translator *t);

/* Looks at the interrupt now and then; its trap. */
sg_trap sgi_tr_poll(Translator *t);
/* Makes one of instructions that follow each other, where there is one (fused.def). */
sg_trap sgi_tr_fuse(Translator *t);

/* ---- operands ---- */

static inline uint32_t sgi_tr_operand_slot(const Translator *t, uint32_t index) {
    return t->operand_base + index;
}

OperandClass sgi_tr_class(const Translator *t, ValType type);
/* An index or a count, read. */
static inline uint32_t sgi_tr_immediate(Translator *t) {
    return sgi_leb_u32(&t->at);
}
/* A value type of the code. */
ValType sgi_tr_read_val_type(Translator *t);
/* A heap type of the code, as a nullable reference. */
ValType sgi_tr_read_heap_type(Translator *t);

static inline bool sgi_tr_is_plain(const Operand *operand) {
    return operand->shift == 0 && operand->addend == 0;
}

void sgi_tr_push(Translator *t, Operand operand);
void sgi_tr_push_slot(Translator *t, OperandClass class);
/* One slot for each of the types, or two. */
void sgi_tr_push_types(Translator *t, const ValType *types, uint32_t count);
void sgi_tr_push_const(Translator *t, uint64_t value, OperandClass class);
void sgi_tr_push_local(Translator *t, uint32_t local);
/* A local is written; and those that were since there were `count` of them may not have been. */
void sgi_tr_set_local(Translator *t, uint32_t local);
void sgi_tr_unset_locals(Translator *t, uint32_t count);
/* Pushes the result of the newest instruction, whose first operand names where it goes. */
void sgi_tr_push_result(Translator *t, OperandClass class);
/* The newest operand without popping it, and its index. */
uint32_t sgi_tr_top_index(const Translator *t);
Operand *sgi_tr_top(Translator *t);
/* Is the newest operand the result of the instruction at t->last? */
bool sgi_tr_top_is_last(const Translator *t);
Operand sgi_tr_pop(Translator *t);
/* Pops; the slot where the operand is, which for a constant is written first. */
uint32_t sgi_tr_pop_slot(Translator *t);
/* The slot of an operand that was just popped. */
uint32_t sgi_tr_slot_of(Translator *t, Operand operand);
/* Where the operand with its place at `index` is, but for shift and addend; not of constants. */
uint32_t sgi_tr_base_slot(const Translator *t, const Operand *operand, uint32_t index);
/* Puts an operand with its place at `index` into slot `to`. */
void sgi_tr_move_operand(Translator *t, Operand operand, uint32_t index, uint32_t to);
/* Sees to it that the operand at `index` is in a slot as it is, its own or a local's. */
void sgi_tr_settle(Translator *t, uint32_t index);
/* Puts the newest operands, `count` entries, into their own slots. */
void sgi_tr_flush(Translator *t, uint32_t count);
/* Puts all pending locals into their own slots. */
void sgi_tr_flush_locals(Translator *t);
/* The same for those of one local, which is about to be written. */
void sgi_tr_flush_local(Translator *t, uint32_t local);
void sgi_tr_set_height(Translator *t, uint32_t height);

/* ---- stack maps ---- */

/* Puts references below entry `kept` into their slots; the node of all below `height`. What is above `kept`
 * will be popped. */
uint32_t sgi_tr_map(Translator *t, uint32_t kept, uint32_t height);
/* The next instruction to be emitted may collect, and trap. */
void sgi_tr_site(Translator *t, uint32_t node);

/* ---- numeric instructions ---- */

typedef enum NumericClass {
    NUMERIC_NONE,
    NUMERIC_UNARY,
    NUMERIC_UNARY_TRAP,
    NUMERIC_BINARY,
    NUMERIC_COMMUTATIVE,
    NUMERIC_BINARY_TRAP,
    NUMERIC_COMPARE,
    NUMERIC_FLOAT_COMPARE,
} NumericClass;

typedef enum NumericType { TYPE_u32, TYPE_s32, TYPE_u64, TYPE_s64, TYPE_f32, TYPE_f64 } NumericType;

typedef struct NumericRow {
    uint8_t class; /* NumericClass */
    uint8_t type;  /* NumericType */
    uint16_t instr;
    uint16_t inverse, mirror; /* Op, of comparisons */
} NumericRow;

extern const NumericRow sgi_numeric[OP_COUNT];

void sgi_tr_numeric(Translator *t, Op op);
/* Compares with 0. */
void sgi_tr_eqz(Translator *t, Op op);

/* A condition, popped: a comparison and its operand words. */
typedef struct Condition {
    Op op;
    bool is_k;
    uint32_t words[3], word_count;
} Condition;
Condition sgi_tr_pop_condition(Translator *t);

/* ---- memories and tables ---- */

static inline uint32_t sgi_tr_table_word(const Translator *t, uint32_t table) {
    return table << 1 | t->module->tables[table].type.limits.is_64;
}

/* All of their instructions but those of vectors. */
void sgi_tr_memory(Translator *t, Op op);

typedef struct MemArg {
    uint32_t memory;
    uint64_t offset;
} MemArg;

/* Reads it. */
MemArg sgi_tr_memarg(Translator *t);
/* Writes the words of an access for its address, just popped, and for `value`, a store's value, a load's
 * NULL; the variant. */
Variant sgi_tr_address_words(Translator *t, Operand address, MemArg arg, const uint32_t *value,
                             uint32_t *words, uint32_t *count);

/* ---- vectors ---- */

void sgi_tr_vector(Translator *t, Op op);

/* ---- control ---- */

/* The cost of the plain segment that begins at t->at, or 0. */
uint32_t sgi_tr_take_cost(Translator *t);
/* Charges it. */
void sgi_tr_charge(Translator *t);
/* An entry or a loop's head; its place. */
uint32_t sgi_tr_head(Translator *t);
void sgi_tr_return(Translator *t);
void sgi_tr_block(Translator *t, Op op);
void sgi_tr_else(Translator *t);
void sgi_tr_end(Translator *t);
void sgi_tr_br(Translator *t, uint32_t depth);
/* Branches with `count` slots from the one of the operand at `height` on; no operand of the translator's
 * stands there. */
void sgi_tr_br_from(Translator *t, uint32_t depth, uint32_t height, uint32_t count);
void sgi_tr_br_if(Translator *t, uint32_t depth);
void sgi_tr_br_table(Translator *t);
void sgi_tr_br_on_null(Translator *t, uint32_t depth);
void sgi_tr_br_on_non_null(Translator *t, uint32_t depth);
/* `test` is the word that tells of the type; jumps if the cast would fail, or if it would not. */
void sgi_tr_br_on_cast(Translator *t, uint32_t depth, uint32_t test, bool if_fails);

/* ---- objects ---- */

/* Everything that the proposal for garbage collection brings. */
void sgi_tr_gc(Translator *t, Op op);

/* A jump forward, and where it leads. */
uint32_t sgi_tr_jump_over(Translator *t);
void sgi_tr_land(Translator *t, uint32_t jump);

/* ---- exceptions ---- */

/* The catches of a try_table; the beginning of a try. The label is not pushed yet. */
void sgi_tr_catches(Translator *t, Label *label);
void sgi_tr_try(Translator *t, Label *label);
/* The label was popped. */
void sgi_tr_leave_handler(Translator *t, const Label *left);
/* throw, throw_ref, rethrow. */
void sgi_tr_throw(Translator *t, Op op);
/* catch, catch_all. */
void sgi_tr_catch(Translator *t, Op op);
void sgi_tr_delegate(Translator *t);

#endif
