/* Exceptions that guests hold references to. */
#include "run/private.h"

#include <string.h>

sg_trap sgi_lib_exception_new(ExecContext *cx, const TagInst *tag, const Slot *values,
                              Exception **exception) {
    Exception *made = sgi_store_alloc(cx->store, tag->rtt->size);
    if (made == NULL) {
        sg_error error;
        return sgi_store_no_memory(cx->store, &error) == SG_TRAP ? error.trap : SG_TRAP_MEMORY_LIMIT;
    }
    made->object.rtt = tag->rtt;
    made->tag = tag;
    memcpy(made->slots, values, tag->type->param_slots * sizeof *values);
    *exception = made;
    return SG_TRAP_NONE;
}
