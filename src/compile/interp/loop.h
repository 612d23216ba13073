/* What both loops are made of, but for HANDLE, GOTO and DISPATCH: frames, and ways to leave a handler. */
#ifndef SGI_INTERP_LOOP_H
#define SGI_INTERP_LOOP_H

#include "compile/interp/steps.h"

/* Tells of all frames of the activation, innermost first, whose trap it answers. */
sg_trap sgi_unwind(ExecContext *cx);

/* The loop: from `ip` on until the outermost frame returns, or a trap. */
sg_trap sgi_run(STATE);

/* A frame's header. */
static inline void save_caller(Slot *header, const uint32_t *ip, Slot *fp, const Code *code,
                               Instance *instance) {
    header[HEADER_IP].ref = (void *)ip;
    header[HEADER_FP].ref = fp;
    header[HEADER_CODE].ref = (void *)code;
    header[HEADER_INSTANCE].ref = instance;
}

/* The locals of the frame at `fp` that must be 0. */
static inline void clear_locals(const Code *code, Slot *fp) {
    for (uint32_t i = 0; i < code->zero_count; i++)
        fp[code->zero_first + i].u64 = 0;
}

#define FETCH_MEMORY()                                                                                       \
    do {                                                                                                     \
        if (instance->module->memory_count > 0) {                                                            \
            base = instance->memories[0]->base;                                                              \
            size = instance->memories[0]->size;                                                              \
        }                                                                                                    \
    } while (0)

/* Tells the activation where the innermost frame stands. */
#define RECORD()                                                                                             \
    do {                                                                                                     \
        Activation *activation_ = cx->activation;                                                            \
        activation_->ip = ip;                                                                                \
        activation_->fp = fp;                                                                                \
        activation_->code = code;                                                                            \
        activation_->instance = instance;                                                                    \
        cx->fuel = fuel;                                                                                     \
    } while (0)

/* ---- ways to leave ---- */

#define NEXT(words)                                                                                          \
    do {                                                                                                     \
        ip += (words);                                                                                       \
        DISPATCH();                                                                                          \
    } while (0)

/* Goes on at TRAPPED. */
#define RAISE(trap_code)                                                                                     \
    do {                                                                                                     \
        cx->activation->trap = (trap_code);                                                                  \
        GOTO(TRAPPED);                                                                                       \
    } while (0)
#define TRAP(name) RAISE(SG_TRAP_##name)

/* Asks the runtime; its trap ends the call. */
#define CALL_OUT(expression)                                                                                 \
    do {                                                                                                     \
        RECORD();                                                                                            \
        sg_trap trap_ = (expression);                                                                        \
        fuel = cx->fuel;                                                                                     \
        if (SGI_UNLIKELY(trap_ != SG_TRAP_NONE))                                                             \
            RAISE(trap_);                                                                                    \
    } while (0)

/* At a HEAD. */
#define ENTER_HEAD()                                                                                         \
    do {                                                                                                     \
        fuel -= WORD(1);                                                                                     \
        if (SGI_UNLIKELY(fuel < 0 || atomic_load_explicit(&cx->interrupt, memory_order_relaxed)))            \
            GOTO(EVENT);                                                                                     \
        NEXT(2);                                                                                             \
    } while (0)

/* Follows the distance in a word. */
#define TAKE(rel) (ip += (rel) + (ptrdiff_t)(int32_t)WORD(rel))

/* Words from `rel` on: the distance, the cost there, the cost here. */
#define BRANCH_BR(condition, rel)                                                                            \
    do {                                                                                                     \
        if (condition) {                                                                                     \
            fuel -= WORD((rel) + 1);                                                                         \
            TAKE(rel);                                                                                       \
            DISPATCH();                                                                                      \
        }                                                                                                    \
        fuel -= WORD((rel) + 2);                                                                             \
        NEXT((rel) + 3);                                                                                     \
    } while (0)

/* Words from `rel` on: the distance to a HEAD, the cost here. */
#define BRANCH_LOOP(condition, rel)                                                                          \
    do {                                                                                                     \
        if (condition) {                                                                                     \
            TAKE(rel);                                                                                       \
            ENTER_HEAD();                                                                                    \
        }                                                                                                    \
        fuel -= WORD((rel) + 1);                                                                             \
        NEXT((rel) + 2);                                                                                     \
    } while (0)

#define PLACE(i) (&fp[WORD(i)])

/* A step, with its result to `out` too, unless that is NULL. */
#define DO(id, out)                                                                                          \
    Cursor after = {.fuel = fuel};                                                                           \
    sg_trap trap = S_##id(ip, &after, fp, instance, base, size, 0, NULL, out);                               \
    ip = after.ip;                                                                                           \
    fuel = after.fuel;                                                                                       \
    if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                                  \
    RAISE(trap)

#endif
