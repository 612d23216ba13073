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

/* Variants of one row lie side by side, in the order of Variant. */
typedef enum InstrCode {
#define INSTR(id)             I_##id,
#define LOAD(id, type, slot)  I_##id, I_##id##_ABSOLUTE, I_##id##_INDEX, I_##id##_ANY,
#define STORE(id, type, slot) LOAD(id, type, slot) I_##id##_CONSTANT,
#include "compile/interp/bytecode.def"
#undef INSTR
#undef LOAD
#undef STORE
#define UNARY(id, from, to, expression)   I_##id,
#define UNARY_TRAP                        UNARY
#define BINARY(id, type, expression)      I_##id, I_##id##_K, I_##id##_KR,
#define COMMUTATIVE(id, type, expression) I_##id, I_##id##_K,
#define BINARY_TRAP(id, type, function)   I_##id, I_##id##_K,
#define COMPARE(id, type, expression, inverse, mirror)                                                       \
    I_##id, I_##id##_K, I_BR_##id, I_BR_##id##_K, I_LOOP_##id, I_LOOP_##id##_K, I_LOOP_ADD_##id,             \
        I_LOOP_ADD_##id##_K,
#define FLOAT_COMPARE(id, type, expression, mirror)                                                          \
    I_##id, I_##id##_K, I_BR_##id, I_BR_##id##_K, I_LOOP_##id, I_LOOP_##id##_K, I_BR_NOT_##id,               \
        I_BR_NOT_##id##_K, I_LOOP_NOT_##id, I_LOOP_NOT_##id##_K,
#include "module/numeric.def"
#undef UNARY
#undef UNARY_TRAP
#undef BINARY
#undef COMMUTATIVE
#undef BINARY_TRAP
#undef COMPARE
#undef FLOAT_COMPARE
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
    VARIANT_INDEX = 2,
    VARIANT_ANY = 3,
    VARIANT_CONSTANT = 4,
} Variant;

/* What a frame's header saves of its caller. */
enum { HEADER_IP, HEADER_FP, HEADER_CODE, HEADER_INSTANCE, HEADER_SLOTS };

/* The WebAssembly instruction that bytecode from `word` on belongs to. */
typedef struct Position {
    uint32_t word;
    uint32_t offset; /* from FuncBody.code */
} Position;

/* One translated function: one block of memory, immutable. */
typedef struct Code {
    uint32_t func_index; /* in the module */
    uint32_t param_slots, result_slots;
    uint32_t header; /* slot of the header */
    uint32_t local_slots;
    uint32_t frame_size; /* slots */
    uint32_t word_count, position_count;
    const Position *positions; /* ascending; the first is at word 0 */
    uint32_t words[];
} Code;

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

/* NULL before the first call. */
static inline const Code *sgi_code_get(ModuleCode *module_code, uint32_t index) {
    return atomic_load_explicit(&module_code->funcs[index], memory_order_acquire);
}

/* Runs `code` of `instance` on the frame at `fp`, whose parameters are in place. */
sg_trap sgi_execute(ExecContext *cx, Instance *instance, const Code *code, Slot *fp);

#endif
