/* Steps: what the simplest handlers do, as functions, so that handlers can be made of several in a row
 * (fused.def). They only go on with the next instruction, or trap. Conditions: the same of branches. */
#ifndef SGI_INTERP_STEPS_H
#define SGI_INTERP_STEPS_H

#include "compile/interp/handler.h"

/* Where a step ends. */
typedef struct Cursor {
    const uint32_t *ip;   /* the next instruction, or what trapped */
    const uint32_t *last; /* the instruction before that */
    int64_t fuel;
} Cursor;

/* What passes between steps: the word `operand` of this one, if not 0, is in `in`, in place of its slot; and
 * its result, which word 1 names, goes to `out`, if there is one. */
#define FLOW     SGI_UNUSED unsigned operand, SGI_UNUSED Slot *in, SGI_UNUSED Slot *out
#define PLACE(i) ((i) == operand ? in : (i) == 1 && out != NULL ? out : &fp[WORD(i)])

#define HANDLE(id)                                                                                           \
    static SGI_INLINE sg_trap S_##id(const uint32_t *ip, Cursor *after, SGI_UNUSED Slot *fp,                 \
                                     SGI_UNUSED Instance *instance, SGI_UNUSED uint8_t *base,                \
                                     SGI_UNUSED uint64_t size, FLOW)
#define NEXT(words)                                                                                          \
    do {                                                                                                     \
        after->ip = ip + (words);                                                                            \
        after->last = ip;                                                                                    \
        return SG_TRAP_NONE;                                                                                 \
    } while (0)
#define RAISE(trap_code)                                                                                     \
    do {                                                                                                     \
        after->ip = ip;                                                                                      \
        return (trap_code);                                                                                  \
    } while (0)
#define TRAP(name) RAISE(SG_TRAP_##name)
#include "compile/interp/handlers_access.h"
#include "compile/interp/handlers_move.h"
#include "compile/interp/handlers_numeric.h"
HANDLE(CHARGE) {
    after->fuel -= WORD(1);
    NEXT(2);
}

/* The second's word that takes the first's result, or 0; and does that go to its slot too? */
#define WORD_OF(flow) (FLOW##flow & 7)
#define IS_KEPT(flow) (WORD_OF(flow) != 0 && FLOW##flow < FLOW_TEMPORARY)

/* The first, and what passes from it to the second. */
#define PASS(first, flow, value, in_word, in_slot)                                                           \
    S_##first(ip, after, fp, instance, base, size, in_word, in_slot, WORD_OF(flow) ? &(value) : NULL)
#define FUSE(first, flow, second)                                                                            \
    HANDLE(first##flow##second) {                                                                            \
        Slot value = {0};                                                                                    \
        sg_trap trap = PASS(first, flow, value, operand, in);                                                \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            return trap;                                                                                     \
        if (IS_KEPT(flow))                                                                                   \
            fp[after->last[1]] = value;                                                                      \
        return S_##second(after->ip, after, fp, instance, base, size, WORD_OF(flow), &value, out);           \
    }
#define FUSE_BR(first, flow, condition)
#define FUSE_LOOP(first, flow, condition)
#define FUSE_GO(first, flow, second)
#include "compile/interp/fused.def"
#undef HANDLE
#undef NEXT
#undef RAISE
#undef TRAP
#undef PLACE

/* Conditions have no result: their operands begin one word earlier than those of the comparisons. BEHIND_ is
 * the word after them. */
#define PLACE(i) ((i) == operand ? in : &fp[WORD(i)])
#define CONDITION(id)                                                                                        \
    static SGI_INLINE bool Q_##id(const uint32_t *ip, Slot *fp, SGI_UNUSED unsigned operand,                 \
                                  SGI_UNUSED Slot *in)
#include "compile/interp/conditions.h"
#undef PLACE
#undef CONDITION

#endif
