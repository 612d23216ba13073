/* The interpreter's bytecode: register instructions of 32-bit words over a frame of slots.
 *
 *   frame │ parameters, then results │ header │ locals │ operands ...
 *         ^ fp                       ^ fp + header
 *
 * A callee's frame begins at the caller's operand slot of its first argument, so arguments and results move
 * by being where they are. A word is the instruction, then its operands: numeric instructions have (to, a,
 * b), with a constant in place of b (_K: to, a, constant) or of a (_KR: to, b, constant). A comparison may be
 * one with the branch that follows (BR_, LOOP_), and a loop's also with the addition of a constant to its
 * left side before it (LOOP_ADD_). */
#ifndef SGI_INTERP_BYTECODE_H
#define SGI_INTERP_BYTECODE_H

#include "compile/tier.h"
#include "module/numeric.h"

#include <stdatomic.h>

typedef enum InstrCode {
#define ID(id) I_##id,
#include "compile/interp/instrs.def"
    I_COUNT
} InstrCode;

/* Distances from a row's first instruction. */
typedef enum Variant {
    VARIANT_PLAIN = 0,
    VARIANT_K = 1,
    VARIANT_KR = 2,
    VARIANT_BR = 2,
    VARIANT_LOOP = 4,
    VARIANT_NOT = 4,      /* from BR or LOOP, floats only */
    VARIANT_LOOP_ADD = 6, /* integers only */
    VARIANT_ABSOLUTE = 1, /* of accesses */
    VARIANT_PLUS = 2,
    VARIANT_ANY = 3,
    VARIANT_WIDE = 4,
    VARIANT_CONSTANT = 5,
} Variant;

/* What passes between fused instructions (fused.def): the second's word that takes the first's result, or
 * nothing; a temporary goes nowhere else. */
enum {
    FLOW__,
    FLOW_1_,
    FLOW_2_,
    FLOW_3_,
    FLOW_4_,
    FLOW_TEMPORARY = 8,
    FLOW_t1_,
    FLOW_t2_,
    FLOW_t3_,
    FLOW_t4_
};

/* What a frame's header saves of its caller. */
enum { HEADER_IP, HEADER_FP, HEADER_CODE, HEADER_INSTANCE, HEADER_SLOTS };

/* The WebAssembly instruction that bytecode from `word` on belongs to. */
typedef struct Position {
    uint32_t word;
    uint32_t offset; /* from FuncBody.code */
} Position;

/* The handler in force from `word` on, or NO_HANDLER. */
typedef struct Region {
    uint32_t word;
    uint32_t handler;
} Region;

#define NO_HANDLER UINT32_MAX
#define NO_CLAUSE  UINT32_MAX
#define ANY_TAG    UINT32_MAX
#define NO_SLOT    UINT32_MAX

/* A block that may catch what is thrown in it. */
typedef struct ExnHandler {
    uint32_t outer; /* handler that is asked next: of the block around it, or delegated to */
    uint32_t first; /* clause */
} ExnHandler;

/* One catch. */
typedef struct Clause {
    uint32_t tag;       /* index of a tag, or ANY_TAG */
    uint32_t word;      /* where it goes on */
    uint32_t values;    /* slot of the first value */
    uint32_t reference; /* slot of the exception itself, or NO_SLOT */
    uint32_t next;      /* of the same handler, or NO_CLAUSE */
    bool is_used;       /* somebody may look at the reference; else it is null */
} Clause;

/* Where references are that the collector may follow, while an instruction calls out: in `ranges` of slots
 * (the locals, from the function's beginning on), and in operands, which are chains of nodes: sites share
 * what lies deeper in the stack, so that maps take no more than the pushes that they tell of. */
typedef struct SlotRange {
    uint32_t first, count;
} SlotRange;

typedef struct MapNode {
    uint32_t slot, below; /* `below`: index of a node, or NO_NODE */
} MapNode;
#define NO_NODE UINT32_MAX

/* From `word` on, up to the next site. */
typedef struct MapSite {
    uint32_t word, node;
} MapSite;

/* One translated function: one block of memory, immutable. */
typedef struct Code {
    uint32_t func_index; /* in the module */
    uint32_t param_slots, result_slots;
    uint32_t header;                 /* slot of the header */
    uint32_t zero_first, zero_count; /* slots of locals that may be read before they are set */
    uint32_t frame_size;             /* slots */
    uint32_t word_count, position_count;
    uint32_t region_count, handler_count, clause_count;
    uint32_t range_count, node_count, site_count; /* of the stack maps */
    const Position *positions;                    /* ascending; the first is at word 0 */
    const Region *regions;                        /* ascending; no handler is in force before the first */
    const ExnHandler *handlers;
    const Clause *clauses;
    const SlotRange *ranges;
    const MapNode *nodes;
    const MapSite *sites; /* ascending; before the first there are none */
    uint32_t words[];
} Code;

/* One run of the loop, in the C frame that it runs in. While the loop calls out, it says where the innermost
 * frame stands; the headers lead on to the outermost one, which returns to sgi_exit_words. */
struct Activation {
    Activation *outer;  /* that called the host function that called this one */
    const uint32_t *ip; /* at the instruction that calls out */
    Slot *fp;
    const Code *code;
    Instance *instance;
    sg_trap trap; /* on its way to TRAPPED */
    /* Of a call on its way to TRANSLATE, CALL_HOST or RETURN_CALL_HOST. */
    FuncInst *func;
    Slot *slots;
    const uint32_t *resume;
};
extern const uint32_t sgi_exit_words[];

struct ModuleCode {
    const Module *module;
    Alloc *alloc; /* behind `lock` */
    OsMutex *lock;
    uint32_t count;
    _Atomic(Code *) funcs[]; /* own functions; NULL until first called */
};

size_t sgi_code_size(const Code *code);

/* Translates the own function `index`. A trap: the interrupt of cx, or MEMORY_LIMIT. */
sg_trap sgi_translate(ExecContext *cx, const Module *module, uint32_t index, Alloc *alloc, Code **code);

/* Translates the own function `index` and publishes its code. */
sg_trap sgi_code_make(ExecContext *cx, ModuleCode *module_code, uint32_t index, const Code **code);

/* Of rows that ascend by their first member, a word: how many have `word` or less. */
static inline uint32_t sgi_rows_up_to(const void *rows, size_t row_size, uint32_t count, uint32_t word) {
    uint32_t low = 0, high = count, first;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        memcpy(&first, (const uint8_t *)rows + middle * row_size, sizeof first);
        if (first <= word)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Is there room for a frame of `size` slots? If so, it counts as used. */
static inline bool sgi_frame_enter(ExecContext *cx, Slot *frame, uint32_t size) {
    if (SGI_LIKELY((ptrdiff_t)size <= cx->stack_peak - frame))
        return true;
    if ((ptrdiff_t)size > cx->stack_end - frame)
        return false;
    cx->stack_peak = frame + size;
    return true;
}

/* NULL before the first call. */
static inline const Code *sgi_code_get(ModuleCode *module_code, uint32_t index) {
    return atomic_load_explicit(&module_code->funcs[index], memory_order_acquire);
}

/* Throws an exception of `tag` with `values`, or one that exists, where the activation stands; then the
 * activation stands where it is caught. A trap: UNCAUGHT_EXCEPTION, or another on the way. */
sg_trap sgi_throw(ExecContext *cx, const TagInst *tag, const Slot *values);
sg_trap sgi_throw_ref(ExecContext *cx, Exception *exception);

/* Tier.visit_roots. */
sg_trap sgi_visit_frames(ExecContext *cx, RootVisitor *visitor);

/* Runs `code` of `instance` on the frame at `fp`, whose parameters are in place. */
sg_trap sgi_execute(ExecContext *cx, Instance *instance, const Code *code, Slot *fp);

#endif
