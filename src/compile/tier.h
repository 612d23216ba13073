/* The door of compile: validated code → runnable code. Every tier is behind this one table, with the same
 * results, fuel and traps. Tiers never include each other. */
#ifndef SGI_TIER_H
#define SGI_TIER_H

#include "module/module.h"
#include "os/os.h"

/* Told of all places where running code has references that the collector may follow. */
typedef struct RootVisitor RootVisitor;
struct RootVisitor {
    /* A trap ends the visit. */
    sg_trap (*visit)(RootVisitor *self, const Slot *slots, uint64_t count);
};

typedef struct Tier {
    const char *name;

    /* A tier's own data for a validated module, shared by all its instances on all threads; translation may
     * happen later, function by function, under the tier's own lock, on `alloc` (which only that lock
     * guards). NULL when refused. The module outlives it. */
    ModuleCode *(*code_new)(const Module *module, Alloc *alloc);
    void (*code_delete)(ModuleCode *code);

    /* Calls a FUNC_WASM function. `slots` (room for the parameters and for the results) holds the arguments,
     * then the results. On a trap every discarded frame was told to lib->frame_unwound; an exception that
     * nobody catches is the trap UNCAUGHT_EXCEPTION, with cx->uncaught. Re-entrant through
     * host functions: frames start at cx->stack_top, which is restored on return. */
    sg_trap (*call)(ExecContext *cx, FuncInst *func, Slot *slots);

    /* Visits the frames of all running calls, inside of a library call of the innermost. */
    sg_trap (*visit_roots)(ExecContext *cx, RootVisitor *visitor);
} Tier;

extern const Tier sgi_tier_interp;

#endif
