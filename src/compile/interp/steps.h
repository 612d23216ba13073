/* Steps: what the simplest handlers do, as functions, so that handlers can be made of several in a row
 * (fused.def). They only go on with the next instruction, or trap. */
#ifndef SGI_INTERP_STEPS_H
#define SGI_INTERP_STEPS_H

#include "compile/interp/handler.h"

/* Where a step ends. */
typedef struct Cursor {
    const uint32_t *ip; /* the next instruction, or what trapped */
    int64_t fuel;
    uint32_t to; /* the word that names the result of the instruction before, if it has one */
} Cursor;

#define HANDLE(id)                                                                                           \
    static SGI_INLINE sg_trap S_##id(const uint32_t *ip, Cursor *after, SGI_UNUSED Slot *fp,                 \
                                     SGI_UNUSED Instance *instance, SGI_UNUSED uint8_t *base,                \
                                     SGI_UNUSED uint64_t size)
#define NEXT(words)                                                                                          \
    do {                                                                                                     \
        after->ip = ip + (words);                                                                            \
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

/* The one, then the other. Where the row says so the other's operand is the one's result, which thus stays in
 * a register. */
#define FUSE(first, second, operand)                                                                         \
    HANDLE(first##__##second) {                                                                              \
        after->to = ip[1];                                                                                   \
        sg_trap trap = S_##first(ip, after, fp, instance, base, size);                                       \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            return trap;                                                                                     \
        if (operand != 0 && after->ip[operand] != after->to)                                                 \
            __builtin_unreachable();                                                                         \
        after->to = after->ip[1];                                                                            \
        return S_##second(after->ip, after, fp, instance, base, size);                                       \
    }
#define FUSE_GO(first, second)
#include "compile/interp/fused.def"
#undef FUSE
#undef FUSE_GO
#undef HANDLE
#undef NEXT
#undef RAISE
#undef TRAP

#endif
