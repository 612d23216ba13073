/* The interpreter's loop as labels of one function, reached by computed goto. */
#include "compile/interp/loop.h"

#define HANDLE(id) L_##id:
#define GOTO(id)   goto L_##id
#define DISPATCH() goto *labels[*ip]

sg_trap sgi_run(STATE) {
    static const void *const labels[I_COUNT] = {
#define ID(id) &&L_##id,
#include "compile/interp/instrs.def"
    };
    DISPATCH();
#include "compile/interp/handlers.h"
}
