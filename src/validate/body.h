/* Private to validate: instruction sequences. */
#ifndef SGI_VALIDATE_BODY_H
#define SGI_VALIDATE_BODY_H

#include "module/module.h"

/* One structured instruction that is open. */
typedef struct Frame {
    /* OP_BLOCK (the body's own frame too), OP_LOOP, OP_IF, OP_ELSE, OP_TRY_TABLE, OP_TRY, OP_CATCH,
     * OP_CATCH_ALL; the latter two have the exception below their height, as an operand. */
    uint8_t op;
    bool unreachable; /* its operands are polymorphic from here on */
    bool targeted;    /* live code branches to its label */
    bool entry_live;
    uint32_t height;      /* of the operand stack, below its parameters */
    uint32_t vectors;     /* v128 operands below that height */
    uint32_t init_height; /* of the log of initialised locals */
    uint32_t type_index;  /* NO_TYPE: no parameters, and `result` */
    uint32_t checked;     /* offset of the last br_table that was held against its label */
    ValType result;       /* VAL_BOTTOM: none */
} Frame;

/* Matches are remembered: bodies compare the same types again and again. */
enum { KNOWN_MATCHES_LOG2 = 11, KNOWN_MATCHES = 1 << KNOWN_MATCHES_LOG2 };

/* A long list of types that operands were held against, one by one, and what those were. */
typedef struct CheckedList {
    const ValType *expected;
    Vec(ValType) found;
} CheckedList;
enum { CHECKED_LISTS = 8 };

/* What one walk over a sequence needs; the arrays are kept from body to body. */
typedef struct Validator {
    LoadContext cx; /* on the module's own account */
    Module *module;
    uint64_t *matches; /* KNOWN_MATCHES pairs sub << 32 | super, by their hash; 0: none */
    CheckedList checked[CHECKED_LISTS];
    Vec(ValType) stack;
    Vec(Frame) frames;
    Vec(Segment) segments; /* of all bodies so far */

    /* The body at hand. */
    Reader r;
    Instr instr;
    FuncBody *body; /* NULL in a constant expression */
    const FuncType *type;
    uint32_t max_stack; /* as in FuncBody, so far */
    uint32_t vectors;   /* v128 operands on the stack */
    bool live;          /* can be reached: what segments cover (Frame.unreachable is about types only) */
    uint32_t work;      /* since the last look at the interrupt */
    uint8_t natural[OP_COUNT]; /* 1 + sgi_op_access of an instruction that was met, or 0 */
    uint32_t global_limit;     /* globals that a constant expression may name */

    /* Locals: run i ends before local run_ends[i]. A non-defaultable local is initialised when its stamp is
     * the body's; the log is for taking that back at the end of a block. */
    Vec(uint32_t) run_ends;
    Vec(uint32_t) init_log;
    Vec(uint32_t) stamps;
    uint32_t body_stamp;
} Validator;

/* Validates a body and fills it; its segments are appended to v->segments. */
sg_status sgi_validate_body(Validator *v, uint32_t func, FuncBody *body);

/* Validates a constant expression of one result. Functions it refers to become declared. */
sg_status sgi_validate_const(Validator *v, const ConstExpr *expr, ValType expected, uint32_t global_limit);

void sgi_validator_free(Validator *v);

/* ---- for the files that check instructions ---- */

typedef struct TypeList {
    const ValType *types;
    uint32_t count, vectors; /* of them v128 */
} TypeList;

static inline TypeList sgi_params_of(const FuncType *type) {
    return (TypeList){type->params, type->param_count, type->param_slots - type->param_count};
}
static inline TypeList sgi_results_of(const FuncType *type) {
    return (TypeList){type->results, type->result_count, type->result_slots - type->result_count};
}

/* SG_INVALID at the instruction. */
sg_status sgi_body_invalid(const Validator *v, const char *message, const char *detail);
sg_status sgi_body_mismatch(const Validator *v, const char *expected, const char *found);
sg_status sgi_body_unknown(const Validator *v, const char *what, uint64_t index);

/* Counts `amount` steps of work; looks at the interrupt now and then. */
static inline sg_status sgi_body_count_work(Validator *v, uint32_t amount) {
    enum { WORK_BETWEEN_POLLS = 1 << 14 };
    v->work += amount;
    if (SGI_LIKELY(v->work < WORK_BETWEEN_POLLS))
        return SG_OK;
    v->work = 0;
    return sgi_load_poll(&v->cx);
}

bool sgi_body_matches(const Validator *v, ValType sub, ValType super);

sg_status sgi_body_push(Validator *v, ValType type);
sg_status sgi_body_push_list(Validator *v, TypeList list);
/* Counts `slots` above the operands towards the body's stack. */
sg_status sgi_body_note_room(Validator *v, uint32_t slots);
sg_status sgi_body_pop(Validator *v, ValType expected);
sg_status sgi_body_pop_list(Validator *v, TypeList list);
/* Pops an operand of any type; VAL_BOTTOM where unreachable code has none. */
sg_status sgi_body_pop_any(Validator *v, ValType *type);
/* Takes operands off that are there. */
void sgi_body_drop(Validator *v, uint32_t count);
/* A reference of any type; in unreachable code the least one. */
sg_status sgi_body_pop_ref(Validator *v, ValType *type);

/* Are the topmost operands of exactly these types? */
bool sgi_body_are_on_top(Validator *v, const ValType *types, uint32_t count);
/* As sgi_body_pop_list, but leaves them there. */
sg_status sgi_body_check_list(Validator *v, TypeList list);

static inline Frame *sgi_body_top(Validator *v) {
    return &v->frames.items[v->frames.count - 1];
}
sg_status sgi_body_push_frame(Validator *v, Op op, uint32_t type_index, ValType result);
/* The frame of a label, to which live code may branch from here. */
sg_status sgi_body_find_frame(Validator *v, uint32_t label, Frame **frame);
/* What branches to it must have on the stack; holds until frames are pushed or popped. */
TypeList sgi_body_label_types(const Validator *v, const Frame *frame);
/* The operands that stay take the label's types. */
sg_status sgi_body_pass_label(Validator *v, TypeList label);
void sgi_body_set_unreachable(Validator *v);
/* A segment that begins with the next instruction. */
sg_status sgi_body_begin_segment(Validator *v, SegmentKind kind);

sg_status sgi_body_find_table(const Validator *v, uint32_t index, const TableType **type);
/* Of what a table or memory is addressed by. */
static inline ValType sgi_body_address_type(const Limits *limits) {
    return limits->is_64 ? VAL_I64 : VAL_I32;
}
sg_status sgi_body_find_elem(const Validator *v, uint32_t index);
/* The data count section must be there. */
sg_status sgi_body_find_data(const Validator *v, uint32_t index);

/* control.c: structured instructions, branches and calls. */
sg_status sgi_body_check_control(Validator *v);

/* gc.c: an instruction of FEATURE_GC. */
sg_status sgi_body_check_gc(Validator *v);

/* The operands left at the end of a frame's sequence are its results and nothing else. */
sg_status sgi_body_check_results(Validator *v);
/* The end of one sequence of a frame; the next has `op`, and no operands yet. */
sg_status sgi_body_next_sequence(Validator *v, Op op);
/* Closes the newest frame, whose sequence has been checked; its results are operands of the one around it. */
sg_status sgi_body_pop_frame(Validator *v);

/* The catches of a try_table, before its frame is pushed. */
sg_status sgi_body_check_catches(Validator *v);
/* throw, throw_ref, and of the older form rethrow, catch, catch_all and delegate. */
sg_status sgi_body_check_exception(Validator *v);

static inline void sgi_declare_func(Module *module, uint32_t func) {
    module->declared_funcs[func / 8] |= (uint8_t)(1u << func % 8);
}

#endif
