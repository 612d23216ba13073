/* The interpreter's loop as functions that tail-call the next instruction's, all state in registers. */
#include "compile/interp/loop.h"

typedef SGI_TAIL_CALLED sg_trap Handler(STATE);
#define ID(id) static Handler H_##id;
#include "compile/interp/instrs.def"
static Handler H_TRAPPED SGI_NOINLINE; /* not into all who may trap */
static Handler *const handlers[I_COUNT] = {
#define ID(id) H_##id,
#include "compile/interp/instrs.def"
};
#define HANDLE(id) static SGI_TAIL_CALLED sg_trap H_##id(STATE)
#define GOTO(id)   SGI_TAIL_CALL H_##id(STATE_ARGUMENTS)
#define DISPATCH() SGI_TAIL_CALL handlers[*ip](STATE_ARGUMENTS)
#include "compile/interp/handlers.h"

sg_trap sgi_run(STATE) {
    return handlers[*ip](STATE_ARGUMENTS);
}
