/* What the interpreter's handlers are written in: one source, handlers_*.h, made into functions that
 * tail-call each other (loop_tail.c), or into labels of one function that jump to each other (loop_goto.c).
 *
 *   HANDLE(ID) { ... NEXT(n); }    the instruction ID, of n words
 *
 * A handler sees its parameters STATE alone: `ip` (at the instruction), `fp`, `fuel`, memory 0's `base` and
 * `size`, `instance`, `code` and `cx`. It leaves by NEXT, DISPATCH, GOTO or TRAP, shares no variable with
 * another, and calls what may take long, trap, collect or come back by CALL_OUT only. `fuel` is in cx->fuel
 * whenever anybody else may look; `base` and `size` are fetched again after all that may grow a memory or
 * change the instance. Those of steps (steps.h) see less.
 *
 * Calls between WebAssembly functions stay in the loop: their frames are on the slot stack alone. */
#ifndef SGI_INTERP_HANDLER_H
#define SGI_INTERP_HANDLER_H

#include "compile/interp/bytecode.h"
#include "module/simd.h"

/* ---- the state ---- */

#define STATE                                                                                                \
    SGI_UNUSED const uint32_t *ip, SGI_UNUSED Slot *fp, SGI_UNUSED Instance *instance, ExecContext *cx,      \
        int64_t fuel, SGI_UNUSED const Code *code, SGI_UNUSED uint8_t *base, SGI_UNUSED uint64_t size
#define STATE_ARGUMENTS ip, fp, instance, cx, fuel, code, base, size

/* ---- operands: words, and slots that they name ---- */

typedef uint32_t C_u32;
typedef int32_t C_s32;
typedef uint64_t C_u64;
typedef int64_t C_s64;
typedef float C_f32;
typedef double C_f64;

/* The word `i` of the instruction; 0 is the instruction itself. PLACE(i), where the slot is that it names, is
 * not the same for all (steps.h, loop.h). */
#define WORD(i) (ip[i])
#define SLOT(i) (*PLACE(i))

#define GET_u32(i) (SLOT(i).u32)
#define GET_s32(i) (SLOT(i).s32)
#define GET_u64(i) (SLOT(i).u64)
#define GET_s64(i) (SLOT(i).s64)
#define GET_f32(i) (SLOT(i).f32)
#define GET_f64(i) (SLOT(i).f64)
#define GET_ref(i) (SLOT(i).ref)

/* Always the whole slot: a copy that reads 64 bits after 32 were written would wait for the write to reach
 * memory. */
#define SET_u32(i, value) (SLOT(i).u64 = (uint32_t)(value))
#define SET_s32(i, value) (SLOT(i).u64 = (uint64_t)(uint32_t)(int32_t)(value))
#define SET_u64(i, value) (SLOT(i).u64 = (uint64_t)(value))
#define SET_s64(i, value) (SLOT(i).s64 = (int64_t)(value))
#define SET_f32(i, value) (SLOT(i).u64 = sgi_f32_bits(value))
#define SET_f64(i, value) (SLOT(i).f64 = (value))
#define SET_ref(i, value) (SLOT(i).ref = (value))

/* Constants, and how many words they have. */
#define WIDE(i)  ((uint64_t)WORD((i) + 1) << 32 | WORD(i))
#define K_u32(i) (WORD(i))
#define K_s32(i) ((int32_t)WORD(i))
#define K_u64(i) ((uint64_t)(int64_t)(int32_t)WORD(i))
#define K_s64(i) ((int64_t)(int32_t)WORD(i))
#define K_f32(i) (sgi_f32_of_bits(WORD(i)))
#define K_f64(i) (sgi_f64_of_bits(WIDE(i)))
#define W_u32    1
#define W_s32    1
#define W_u64    1
#define W_s64    1
#define W_f32    1
#define W_f64    2

/* An operand that is an address or a count: of a 64-bit memory or table, or not. */
#define ADDRESS(i, word) ((word) & 1 ? GET_u64(i) : GET_u32(i))
#define TABLE(word)      (instance->tables[(word) >> 1])
#define MEMORY(word)     (instance->memories[(word) >> 1])

#endif
