/* Tasks: calls of asynchronous functions (canonical ABI, "canon lift" and "canon task.return"), as far as
 * nothing waits. This is where concurrency attaches: a function that yields or waits leaves its task to a
 * scheduler, and the other built-ins (canon.def) work on Task and on tables of waitables. Until then both
 * answer "not supported yet", when they are performed. */
#include "component/canon.h"

static sg_status unsupported(const char *what, sg_error *err) {
    return sgi_fail(err, SG_UNSUPPORTED, SG_NO_OFFSET, "not supported yet", "%s", what);
}

sg_status sgi_canon_check_options(const CanonicalOptions *opts, sg_error *err) {
    return opts->is_memory64 ? unsupported("64-bit memories in canonical options", err) : SG_OK;
}

sg_status sgi_task_run(Task *task, FuncInst *core, Slot *slots) {
    enum { EXIT, YIELD, WAIT };
    LiftLowerContext *cx = task->cx;
    SGI_TRY(sgi_func_call(cx->store, core, slots, cx->err));
    if (cx->opts->has_callback) {
        uint32_t packed = slots[0].u32;
        if ((packed & 0xf) > WAIT)
            return sgi_canon_trap(cx, SG_TRAP_TASK_RESULT, "unsupported callback code");
        if ((packed & 0xf) != EXIT)
            return unsupported("asynchronous functions that wait", cx->err);
    }
    return task->is_returned ? SG_OK : sgi_fail_trap(cx->err, SG_TRAP_TASK_RESULT);
}

static bool is_same_type(const sg_type *a, const sg_type *b) {
    return a && b ? sgi_type_equal(a, b) : a == b;
}

static sg_status task_return(const CanonTaskReturn *canon, const Slot *slots, sg_error *err) {
    SGI_TRY(sgi_canon_check_options(&canon->opts, err));
    Task *task = canon->inst->task;
    if (!canon->inst->may_leave)
        return sgi_fail_trap(err, SG_TRAP_CANNOT_LEAVE);
    LiftLowerContext none = {.err = err};
    LiftLowerContext cx = task && task->cx ? *task->cx : none;
    cx.err = err;
    if (cx.opts == NULL || !cx.opts->is_async || !is_same_type(canon->type, task->type->result) ||
        canon->opts.encoding != cx.opts->encoding || canon->opts.memory != cx.opts->memory)
        return sgi_canon_trap(&cx, SG_TRAP_TASK_RESULT,
                              "invalid `task.return` signature and/or options for current task");
    if (task->is_returned)
        return sgi_canon_trap(&cx, SG_TRAP_TASK_RESULT,
                              "`task.return` called more than once for current task");
    if (task->num_borrows > 0)
        return sgi_fail_trap(err, SG_TRAP_BORROWS_REMAIN);
    task->is_returned = true;
    CompField field = {.type = canon->type};
    uint32_t count = canon->type != NULL;
    bool is_spilled = sgi_canon_is_spilled(&field, count, MAX_FLAT_PARAMS);
    return sgi_lift_flat_values(&cx, slots, is_spilled, &field, count, task->result);
}

sg_trap sgi_canon_task_return(void *context, ExecContext *exec, FuncInst *func, Slot *slots) {
    (void)func;
    sg_error err;
    return task_return(context, slots, &err) == SG_OK ? SG_TRAP_NONE : sgi_host_failed(exec->store, &err);
}

sg_trap sgi_canon_unsupported(void *context, ExecContext *exec, FuncInst *func, Slot *slots) {
    (void)func;
    (void)slots;
    sg_error err;
    unsupported(context, &err);
    return sgi_host_failed(exec->store, &err);
}
