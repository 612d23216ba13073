/* Calls: host → component, component → component, component → host (canonical ABI, "canon lift" and "canon
 * lower").
 *
 *   sgi_comp_func_call → call → canon_lift → core code → sgi_canon_lower → call → canon_lift
 *                                                                             or call_host
 *
 * Between components, arguments and results go through adapters (adapt.c) or, where those do not serve, as
 * values in call memory, which is given back after the call. A call that fails inside a component ends the
 * whole tree that the component belongs to. */
#include "component/canon.h"

#include <stdio.h>
#include <string.h>

/* ---- entering and leaving ---- */

/* The entering set is `inst` and its ancestors up to, not including, what this answers: the nearest that the
 * caller is in too (may_enter_from). At most LIMIT(COMPONENT_DEPTH) steps. */
static ComponentInstance *common_ancestor(ComponentInstance *inst, ComponentInstance *caller) {
    while (inst && caller && inst != caller) {
        if (inst->depth >= caller->depth)
            inst = inst->parent;
        else
            caller = caller->parent;
    }
    return caller ? inst : NULL;
}

static sg_status enter_from(ComponentInstance *inst, ComponentInstance *limit, sg_error *err) {
    if (inst->root->ended)
        return sgi_fail_trap(err, inst->root->ended);
    for (ComponentInstance *i = inst; i != limit; i = i->parent)
        if (!i->may_enter)
            return sgi_fail_trap(err, SG_TRAP_CANNOT_ENTER);
    for (ComponentInstance *i = inst; i != limit; i = i->parent)
        i->may_enter = false;
    return SG_OK;
}

static void leave_to(ComponentInstance *inst, ComponentInstance *limit) {
    for (ComponentInstance *i = inst; i != limit; i = i->parent)
        i->may_enter = true;
}

/* After `status` nothing in the tree of `inst` may run again: its invariants are broken. */
static void end_tree(ComponentInstance *inst, sg_status status, const sg_error *err) {
    bool is_limit = status == SG_TRAP ? sgi_trap_is_limit(err->trap) : status == SG_NO_MEMORY;
    if (!inst->root->ended)
        inst->root->ended = is_limit ? SG_TRAP_INSTANCE_ENDED : SG_TRAP_CANNOT_ENTER;
}

/* ---- guests ---- */

/* The result as the list of types that it stands for. */
static uint32_t result_types(const CompFuncType *type, CompField *field) {
    *field = (CompField){.type = type->result};
    return type->result != NULL;
}

CallShape sgi_call_shape(const CompFuncType *type, uint32_t max_params, uint32_t max_results) {
    uint64_t flat = 0;
    for (uint32_t i = 0; i < type->param_count; i++)
        flat += type->params[i].type->flat_count;
    return (CallShape){
        .params_spilled = flat > max_params,
        .result_spilled = type->result && type->result->flat_count > max_results,
        .param_slots = flat > max_params ? 1 : (uint32_t)flat,
    };
}

/* Who calls: a component, or, in a scope, the host. */
typedef struct Caller {
    ComponentInstance *inst;
    ComponentInstance *limit; /* of the entering set */
    const CallScope *scope;
    const CompFuncType *type; /* of the function, as the component knows it */
    Transfer *transfer;
    /* What goes straight from one to the other is not in values: parameters in `slots`, which were checked;
     * a result, checked, in slots[0] afterwards. */
    bool adapts_params, adapts_result;
    LiftLowerContext *cx;
    Slot *slots;
} Caller;

/* The results of a synchronous function, in `slots` → values; and post-return. */
static sg_status finish_sync(LiftLowerContext *cx, CompFunc *func, const Caller *caller, Slot *slots,
                             sg_value *result) {
    CompField field;
    uint32_t result_count = result_types(func->type, &field);
    Slot flat_result = slots[0];
    const bool is_spilled = func->shape.result_spilled;
    if (caller->adapts_result) {
        Slot checked = flat_result;
        SGI_TRY(sgi_adapt_check(cx, &field, result_count, is_spilled, &checked));
        if (result_count)
            caller->slots[0] = checked;
    } else {
        SGI_TRY(sgi_lift_flat_values(cx, &flat_result, is_spilled, &field, result_count, result));
    }
    if (cx->task->num_borrows > 0)
        return sgi_fail_trap(cx->err, SG_TRAP_BORROWS_REMAIN);
    if (func->opts.post_return) {
        slots[0] = flat_result;
        func->inst->may_leave = false;
        SGI_TRY(sgi_func_call(func->store, func->opts.post_return, slots, cx->err));
        func->inst->may_leave = true;
    }
    return SG_OK;
}

/* The body of canon_lift, between entering and leaving; `cx` is of its task. */
static sg_status run_lifted(LiftLowerContext *cx, CompFunc *func, const Caller *caller,
                            const sg_value *arguments, sg_value *result) {
    const CompFuncType *type = func->type;
    Slot slots[MAX_FLAT_PARAMS + 1];
    for (uint32_t i = 0; i <= func->shape.param_slots; i++)
        slots[i].u64 = 0;
    const bool is_spilled = func->shape.params_spilled;
    if (caller->adapts_params)
        SGI_TRY(sgi_adapt_move(caller->cx, cx, type->params, type->param_count, is_spilled, caller->slots,
                               NULL, slots));
    else
        SGI_TRY(
            sgi_lower_flat_values(cx, arguments, type->params, type->param_count, is_spilled, NULL, slots));
    if (caller->scope) /* the arguments, which may be results of the call before, are the guest's own now */
        sgi_call_drop_results(func->store, caller->scope);
    cx->task->cx = cx;
    if (func->opts.is_async)
        return sgi_task_run(cx->task, func->core, slots);
    SGI_TRY(sgi_func_call(func->store, func->core, slots, cx->err));
    return finish_sync(cx, func, caller, slots, result);
}

static sg_status canon_lift(CompFunc *func, const Caller *caller, const sg_value *arguments, sg_value *result,
                            sg_error *err) {
    SGI_TRY(sgi_canon_check_options(&func->opts, err));
    SGI_TRY(enter_from(func->inst, caller->limit, err));
    Task task = {.type = func->type, .result = result};
    LiftLowerContext cx = {.store = func->store,
                           .opts = &func->opts,
                           .inst = func->inst,
                           .err = err,
                           .task = &task,
                           .transfer = caller->transfer,
                           .is_between = caller->inst != NULL};
    Task *outer = func->inst->task; /* a destructor's may be inside another */
    func->inst->task = &task;
    sg_status status = run_lifted(&cx, func, caller, arguments, result);
    func->inst->task = outer;
    if (status == SG_OK)
        leave_to(func->inst, caller->limit);
    else
        end_tree(func->inst, status, err);
    return status;
}

/* ---- hosts ---- */

static sg_status host_failed(const CompFunc *func, sg_status status, const sg_error *told, sg_error *err) {
    if (status == SG_TRAP && told->trap > SG_TRAP_NONE && told->trap < SG_TRAP_COUNT) {
        sgi_fail_trap(err, told->trap);
        if (told->status == SG_TRAP)
            *err = *told;
        return SG_TRAP;
    }
    sgi_fail(err, SG_TRAP, SG_NO_OFFSET, sg_trap_message(SG_TRAP_HOST_FUNCTION), "%.*s%s%.*s: %.95s%s%.200s",
             (int)(func->instance_name.size > 100 ? 100 : func->instance_name.size),
             (const char *)func->instance_name.data, func->instance_name.size ? "#" : "",
             (int)(func->name.size > 100 ? 100 : func->name.size), (const char *)func->name.data,
             told->message[0] ? told->message : sg_status_name(status), told->detail[0] ? ": " : "",
             told->detail);
    err->trap = SG_TRAP_HOST_FUNCTION;
    return SG_TRAP;
}

static sg_status call_host(CompFunc *func, const Caller *caller, const sg_value *arguments, sg_value *result,
                           sg_error *err) {
    sg_call call = {.store = func->store};
    sg_error told;
    told.status = SG_OK; /* all but the rest of the texts, which is most of it */
    told.trap = SG_TRAP_NONE;
    told.offset = told.line = told.column = 0;
    told.message[0] = told.detail[0] = 0;
    caller->transfer->first = caller->transfer->last = NULL; /* what it is given is its own now */
    sg_status status = func->host(func->context, &call, arguments, func->type->param_count, result, &told);
    if (status == SG_OK && func->type->result)
        status = sgi_check_value(func->signature ? NULL : caller->inst, caller->type->result, result,
                                 "result", 0, &told);
    if (status != SG_OK)
        return host_failed(func, status, &told, err);
    sg_trap trap = sgi_poll(&func->store->cx); /* it may have taken its time */
    return trap ? sgi_fail_trap(err, trap) : SG_OK;
}

/* The host calls a function of the library's own. */
static sg_status call_direct(CompFunc *func, const Caller *caller, const sg_value *arguments,
                             sg_value *result, sg_error *err) {
    LiftLowerContext cx = {
        .store = func->store, .inst = func->inst, .err = err, .transfer = caller->transfer};
    SGI_TRY(sgi_direct_arguments(&cx, func->type, arguments, &arguments));
    SGI_TRY(call_host(func, caller, arguments, result, err));
    return sgi_direct_result(&cx, func->type, result);
}

/* `result` is there even if the type has none. */
static sg_status call(CompFunc *func, const Caller *caller, const sg_value *arguments, sg_value *result,
                      sg_error *err) {
    switch (func->kind) {
    case COMP_FUNC_LIFTED: return canon_lift(func, caller, arguments, result, err);
    case COMP_FUNC_HOST:
        return func->signature && caller->inst == NULL ? call_direct(func, caller, arguments, result, err)
                                                       : call_host(func, caller, arguments, result, err);
    default:
        sgi_fail(err, SG_TRAP, SG_NO_OFFSET, sg_trap_message(SG_TRAP_UNKNOWN_IMPORT), "%.*s%s%.*s",
                 (int)(func->instance_name.size > 150 ? 150 : func->instance_name.size),
                 (const char *)func->instance_name.data, func->instance_name.size ? "#" : "",
                 (int)(func->name.size > 150 ? 150 : func->name.size), (const char *)func->name.data);
        err->trap = SG_TRAP_UNKNOWN_IMPORT;
        return SG_TRAP;
    }
}

/* After a failure, what was on its way to somebody has no owner. */
static void end_transfer(Transfer *transfer, Store *store, sg_status status) {
    sgi_transfer_end_loans(transfer, store);
    if (status != SG_OK)
        sgi_transfer_abandon(transfer);
}

/* ---- canon lower ---- */

LoweredFunc sgi_lowered_func(CompFunc *callee, const CompFuncType *type, CanonicalOptions opts,
                             ComponentInstance *inst) {
    LoweredFunc lowered = {
        .callee = callee,
        .type = type,
        .opts = opts,
        .inst = inst,
        .shape = sgi_call_shape(type, opts.is_async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS,
                                opts.is_async ? 0 : MAX_FLAT_RESULTS),
    };
    if (callee->kind != COMP_FUNC_LIFTED)
        return lowered;
    lowered.limit = common_ancestor(callee->inst, inst);
    bool adapts = callee->inst != inst && !opts.is_async && !callee->opts.is_async && !opts.is_memory64 &&
                  !callee->opts.is_memory64;
    lowered.adapts_params = lowered.adapts_result = adapts;
    for (uint32_t i = 0; i < type->param_count; i++)
        lowered.adapts_params =
            lowered.adapts_params &&
            sgi_adapt_fits(type->params[i].type, lowered.shape.params_spilled, &opts, &callee->opts);
    if (type->result)
        lowered.adapts_result =
            adapts && sgi_adapt_fits(type->result, lowered.shape.result_spilled, &callee->opts, &opts) &&
            /* post-return may free what it refers to */
            (!lowered.shape.result_spilled || callee->opts.post_return == NULL);
    return lowered;
}

/* So many need no call memory. */
enum { FEW_ARGUMENTS = 8 };

/* *arguments has room for a few, or is where more are. */
static sg_status lift_arguments(const LoweredFunc *lowered, LiftLowerContext *cx, Slot *slots,
                                sg_value **arguments) {
    const CompFuncType *type = lowered->type;
    const bool is_spilled = lowered->shape.params_spilled;
    if (lowered->adapts_params)
        return sgi_adapt_check(cx, type->params, type->param_count, is_spilled, slots);
    if (type->param_count > FEW_ARGUMENTS)
        *arguments = sgi_canon_alloc(cx, type->param_count, sizeof **arguments);
    if (*arguments == NULL)
        return sgi_store_no_memory(cx->store, cx->err);
    return sgi_lift_flat_values(cx, slots, is_spilled, type->params, type->param_count, *arguments);
}

/* To slots[0] or, if it is spilled, to `out_param`. The callee's own context has gone. */
static sg_status lower_result(const LoweredFunc *lowered, LiftLowerContext *cx, const sg_value *result,
                              uint32_t out_param, Slot *slots) {
    CompField field;
    uint32_t count = result_types(lowered->type, &field);
    const bool is_spilled = lowered->shape.result_spilled;
    Slot flat_result = {.u64 = 0};
    if (lowered->adapts_result) {
        const CompFunc *callee = lowered->callee;
        LiftLowerContext from = {.store = cx->store,
                                 .opts = &callee->opts,
                                 .inst = callee->inst,
                                 .err = cx->err,
                                 .is_between = true};
        SGI_TRY(sgi_adapt_move(&from, cx, &field, count, is_spilled, slots, &out_param, &flat_result));
    } else {
        if (!cx->is_between)
            SGI_TRY(sgi_give_values(cx, result, &field, count));
        SGI_TRY(sgi_lower_flat_values(cx, result, &field, count, is_spilled, &out_param, &flat_result));
    }
    if (count && !is_spilled)
        slots[0] = flat_result;
    return SG_OK;
}

enum { SUBTASK_RETURNED = 2 };

/* The body of canon_lower. A callee that does not wait has returned, however it was called. */
static sg_status run_lowered(LoweredFunc *lowered, Transfer *transfer, Slot *slots, sg_error *err) {
    Store *store = lowered->inst->store;
    LiftLowerContext cx = {.store = store,
                           .opts = &lowered->opts,
                           .inst = lowered->inst,
                           .err = err,
                           .transfer = transfer,
                           .is_between = lowered->callee->kind == COMP_FUNC_LIFTED,
                           .is_library = lowered->callee->signature != NULL};
    sg_value few[FEW_ARGUMENTS], *arguments = few, result;
    SGI_TRY(lift_arguments(lowered, &cx, slots, &arguments));
    /* The last parameter: after one pointer, or after the flat ones. */
    uint32_t out_param = lowered->shape.result_spilled ? slots[lowered->shape.param_slots].u32 : 0;
    const Caller caller = {.inst = lowered->inst,
                           .limit = lowered->limit,
                           .type = lowered->type,
                           .transfer = transfer,
                           .adapts_params = lowered->adapts_params,
                           .adapts_result = lowered->adapts_result,
                           .cx = &cx,
                           .slots = slots};
    result.kind = SG_BOOL;
    SGI_TRY(call(lowered->callee, &caller, arguments, &result, err));
    sgi_transfer_end_loans(transfer, store);
    SGI_TRY(lower_result(lowered, &cx, &result, out_param, slots));
    if (lowered->opts.is_async)
        slots[0].u64 = SUBTASK_RETURNED;
    return SG_OK;
}

static sg_status canon_lower(LoweredFunc *lowered, Slot *slots, sg_error *err) {
    if (!lowered->inst->may_leave)
        return sgi_fail_trap(err, SG_TRAP_CANNOT_LEAVE);
    SGI_TRY(sgi_canon_check_options(&lowered->opts, err));
    Transfer transfer = {0};
    sg_status status = run_lowered(lowered, &transfer, slots, err);
    end_transfer(&transfer, lowered->inst->store, status);
    return status;
}

sg_trap sgi_canon_lower(void *context, ExecContext *exec, FuncInst *func, Slot *slots) {
    (void)func;
    Store *store = exec->store;
    sg_error err;
    ArenaMark mark = sgi_arena_mark(&store->call_arena);
    sg_status status = canon_lower(context, slots, &err);
    if (status != SG_OK)
        return sgi_host_failed(store, &err);
    sgi_arena_release(&store->call_arena, mark);
    return SG_TRAP_NONE;
}

/* ---- destructors ---- */

static const sg_type u32_type = {
    .kind = SG_U32, .size = 4, .alignment = 4, .flat_count = 1, .flat = {KIND_I32}, .weight = 1};
static const CompField destructor_params[] = {{.type = &u32_type}};
const CompFuncType sgi_destructor_type = {.params = destructor_params, .param_count = 1};

static sg_status destroy(Resource *resource, uint64_t rep, const Caller *caller, sg_error *err) {
    if (resource->is_host) {
        sgi_resource_end(resource, rep);
        return SG_OK;
    }
    sg_value argument = {.kind = SG_U32, .of.u32 = (uint32_t)rep}, result;
    if (resource->dtor)
        return canon_lift(resource->dtor, caller, &argument, &result, err);
    SGI_TRY(enter_from(resource->impl, caller->limit, err));
    leave_to(resource->impl, caller->limit);
    return SG_OK;
}

sg_status sgi_resource_destroy(Resource *resource, uint64_t rep, ComponentInstance *caller, sg_error *err) {
    Transfer transfer = {0};
    const Caller from = {.inst = caller,
                         .limit = resource->is_host ? NULL : common_ancestor(resource->impl, caller),
                         .transfer = &transfer};
    return destroy(resource, rep, &from, err);
}

/* ---- from the host ---- */

const CompFuncType *sgi_comp_func_type(const CompFunc *func) {
    return func->type;
}

static sg_status check_arguments(const CompFunc *func, const sg_value *arguments, size_t count,
                                 sg_error *err) {
    const CompFuncType *type = func->type;
    if (count != type->param_count)
        return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "wrong number of arguments", "expected %u, got %zu",
                        type->param_count, count);
    for (uint32_t i = 0; i < type->param_count; i++)
        SGI_TRY(sgi_check_value(func->inst, type->params[i].type, &arguments[i], "argument", i + 1, err));
    return SG_OK;
}

/* From here on the host has given them, whatever becomes of the call. */
static sg_status give_arguments(CompFunc *func, const sg_value *arguments, Transfer *transfer,
                                sg_error *err) {
    LiftLowerContext cx = {.store = func->store, .inst = func->inst, .err = err, .transfer = transfer};
    return func->kind == COMP_FUNC_LIFTED
               ? sgi_give_values(&cx, arguments, func->type->params, func->type->param_count)
               : SG_OK;
}

static sg_status call_in_scope(CompFunc *func, const sg_value *arguments, Transfer *transfer,
                               sg_value *result, sg_error *err) {
    CallScope scope;
    SGI_TRY(sgi_call_begin_with_values(func->store, &scope, err));
    const Caller caller = {.scope = &scope, .type = func->type, .transfer = transfer};
    sg_status called = call(func, &caller, arguments, result, err);
    end_transfer(transfer, func->store, called);
    sg_status status = sgi_call_end(func->store, &scope, called, err);
    if (called == SG_OK && status != SG_OK && func->kind == COMP_FUNC_LIFTED)
        end_tree(func->inst, status, err); /* fuel ran out by the end */
    return status;
}

sg_status sgi_comp_func_call(CompFunc *func, const sg_value *arguments, size_t argument_count,
                             sg_value *result, sg_error *err) {
    sg_error own_err;
    sg_value own_result = {.kind = SG_BOOL};
    if (err == NULL)
        err = &own_err; /* what ended a tree is read from it */
    SGI_TRY(check_arguments(func, arguments, argument_count, err));
    Transfer transfer = {0};
    sg_status status = give_arguments(func, arguments, &transfer, err);
    if (status == SG_OK)
        status = call_in_scope(func, arguments, &transfer, &own_result, err);
    if (status != SG_OK)
        sgi_transfer_abandon(&transfer); /* what a call that never began left */
    if (status == SG_OK && result && func->type->result)
        *result = own_result;
    return status;
}
