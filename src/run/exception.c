/* Exceptions that guests hold references to. */
#include "run/private.h"

#include <string.h>

sg_trap sgi_lib_exception_new(ExecContext *cx, const TagInst *tag, const Slot *values,
                              Exception **exception) {
    Object *object;
    sg_trap trap = sgi_heap_alloc(cx, tag->rtt, tag->rtt->size, &object);
    if (trap != SG_TRAP_NONE)
        return trap;
    Exception *made = (Exception *)(void *)object;
    made->tag = tag;
    memcpy(made->slots, values, tag->type->param_slots * sizeof *values);
    *exception = made;
    return SG_TRAP_NONE;
}
