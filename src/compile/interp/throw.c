/* Throwing: from the frame that throws outwards, the innermost handler around each frame's instruction, and
 * from handler to handler, until a clause takes the exception. Only then frames are left, all at once: what
 * nobody catches is a trap, whose trace shows where it was thrown.
 *
 * Exceptions do not leave the activation, for the host is around it. An exception becomes an object only
 * where somebody wants a reference to it. Each frame, handler and clause looked at costs a unit of fuel, so
 * that deep stacks and long chains of handlers are paid for (docs/FUEL.md). */
#include "compile/interp/bytecode.h"

#include <string.h>

typedef struct Catcher {
    const Clause *clause;
    const Code *code;
    Instance *instance;
    Slot *fp;
} Catcher;

static sg_trap pay(ExecContext *cx) {
    return SGI_LIKELY(--cx->fuel >= 0) ? SG_TRAP_NONE : SG_TRAP_FUEL;
}

static sg_trap poll(ExecContext *cx) {
    return SGI_LIKELY(atomic_load_explicit(&cx->interrupt, memory_order_relaxed) == 0)
               ? SG_TRAP_NONE
               : cx->lib->interrupted(cx);
}

/* The handler around the instruction that has `word`. */
static uint32_t handler_around(const Code *code, uint32_t word) {
    uint32_t count = sgi_rows_up_to(code->regions, sizeof(Region), code->region_count, word);
    return count > 0 ? code->regions[count - 1].handler : NO_HANDLER;
}

/* Looks for a clause of one frame; the catcher's, or NULL. */
static sg_trap find_in_frame(ExecContext *cx, const TagInst *tag, uint32_t word, Catcher *at) {
    for (uint32_t h = handler_around(at->code, word); h != NO_HANDLER; h = at->code->handlers[h].outer) {
        sg_trap trap = pay(cx);
        if (trap == SG_TRAP_NONE)
            trap = poll(cx);
        for (uint32_t c = at->code->handlers[h].first; trap == SG_TRAP_NONE && c != NO_CLAUSE;
             c = at->code->clauses[c].next) {
            const Clause *clause = &at->code->clauses[c];
            trap = pay(cx);
            if (trap == SG_TRAP_NONE && (clause->tag == ANY_TAG || at->instance->tags[clause->tag] == tag)) {
                at->clause = clause;
                return SG_TRAP_NONE;
            }
        }
        if (trap != SG_TRAP_NONE)
            return trap;
    }
    return SG_TRAP_NONE;
}

static sg_trap find(ExecContext *cx, const TagInst *tag, Catcher *at) {
    const Activation *top = cx->activation;
    const uint32_t *ip = top->ip;
    *at = (Catcher){NULL, top->code, top->instance, top->fp};
    for (;;) {
        /* Frames of an instance that was ended meanwhile do not go on. */
        if (at->instance->ended != SG_TRAP_NONE)
            return SG_TRAP_INSTANCE_ENDED;
        sg_trap trap = pay(cx);
        if (trap == SG_TRAP_NONE)
            trap = poll(cx);
        if (trap == SG_TRAP_NONE)
            trap = find_in_frame(cx, tag, (uint32_t)(ip - at->code->words), at);
        if (trap != SG_TRAP_NONE || at->clause)
            return trap;
        const Slot *header = at->fp + at->code->header;
        ip = header[HEADER_IP].ref;
        if (ip == sgi_exit_words) {
            cx->uncaught = tag;
            return SG_TRAP_UNCAUGHT_EXCEPTION;
        }
        ip--; /* into the call */
        at->fp = header[HEADER_FP].ref;
        at->code = header[HEADER_CODE].ref;
        at->instance = header[HEADER_INSTANCE].ref;
    }
}

/* `exception` may be NULL where nobody looks at it; the values may be those of a frame that is left. */
static void land(ExecContext *cx, const Catcher *at, const TagInst *tag, const Slot *values,
                 Exception *exception) {
    const Clause *clause = at->clause;
    if (clause->tag != ANY_TAG)
        memmove(at->fp + clause->values, values, tag->type->param_slots * sizeof *values);
    if (clause->reference != NO_SLOT)
        at->fp[clause->reference].ref = exception;
    Activation *top = cx->activation;
    top->ip = at->code->words + clause->word;
    top->fp = at->fp;
    top->code = at->code;
    top->instance = at->instance;
}

sg_trap sgi_throw(ExecContext *cx, const TagInst *tag, const Slot *values) {
    Catcher at;
    Exception *exception = NULL;
    sg_trap trap = find(cx, tag, &at);
    if (trap == SG_TRAP_NONE && at.clause->is_used)
        trap = cx->lib->exception_new(cx, tag, values, &exception);
    if (trap == SG_TRAP_NONE)
        land(cx, &at, tag, values, exception);
    return trap;
}

sg_trap sgi_throw_ref(ExecContext *cx, Exception *exception) {
    Catcher at;
    sg_trap trap = find(cx, exception->tag, &at);
    if (trap == SG_TRAP_NONE)
        land(cx, &at, exception->tag, exception->slots, exception);
    return trap;
}
