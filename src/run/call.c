/* Calls: what stands around every entry from the host, fuel, interruption, host functions, and the trace of a
 * trap. */
#include "run/private.h"

/* A shorter call's CPU time is taken to be its wall-clock time: the system's clock for it costs as much as
 * many calls. Whether the next call is short is guessed from the last. */
enum { SHORT_CALL_NS = 20000 };

static uint64_t min_u64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* What the first call makes: the guest's stack, and a first chunk of call memory, which no mark lies below.
 */
static sg_status make_room(Store *store, sg_error *err) {
    uint64_t size = store->limits.stack_bytes;
    if (size == 0)
        return sgi_fail_trap(err, SG_TRAP_STACK_EXHAUSTED);
    if (store->call_start.chunk == NULL && sgi_store_call_alloc(store, 0) == NULL)
        return sgi_store_no_memory(store, err);
    store->call_start = (ArenaMark){sgi_arena_mark(&store->call_arena).chunk, 0};
    if (!sgi_counter_add(&store->memory, size))
        return sgi_fail_trap(err, SG_TRAP_MEMORY_LIMIT);
    store->stack = sgi_alloc(&store->guest_alloc, (size_t)size);
    if (store->stack == NULL) {
        sgi_counter_sub(&store->memory, size);
        return sgi_fail_memory(err);
    }
    store->deepest = store->cx.stack_peak = store->stack;
    return SG_OK;
}

/* The earliest of all deadlines that hold for a call that starts at `now`. */
static uint64_t call_deadline(const Store *store, uint64_t now) {
    uint64_t deadline = store->limits.deadline_ns, timeout = store->limits.timeout_ns;
    if (store->is_tightened) {
        deadline = min_u64(deadline, store->tighter.deadline_ns);
        timeout = min_u64(timeout, store->tighter.timeout_ns);
    }
    uint64_t end;
    return timeout != SG_UNLIMITED && sgi_add(now, timeout, &end) ? min_u64(deadline, end) : deadline;
}

static sg_status begin_outermost(Store *store, CallScope *scope, sg_error *err) {
    ExecContext *cx = &store->cx;
    uint64_t now = sgi_os_now();
    store->trace_count = 0; /* a call that is refused has none either */
    *scope = (CallScope){.is_outermost = true, .started_ns = now, .deadline_ns = call_deadline(store, now)};
    if (scope->deadline_ns <= now)
        return sgi_fail_trap(err, SG_TRAP_DEADLINE);
    if (store->stack == NULL)
        SGI_TRY(make_room(store, err));
    uint64_t stack_bytes = store->limits.stack_bytes;
    if (store->is_tightened) {
        stack_bytes = min_u64(stack_bytes, store->tighter.stack_bytes);
        if (cx->fuel > 0 && store->tighter.fuel < (uint64_t)cx->fuel)
            scope->fuel_withheld = cx->fuel - (int64_t)store->tighter.fuel;
    }
    if (scope->deadline_ns != SG_UNLIMITED) {
        scope->alarm =
            (Alarm){.deadline_ns = scope->deadline_ns, .flag = &cx->interrupt, .trap = SG_TRAP_DEADLINE};
        SGI_TRY(sgi_clock_arm(store->engine->clock, &scope->alarm, err));
    }
    if (cx->stack_peak > store->deepest)
        store->deepest = cx->stack_peak;
    cx->stack_peak = cx->stack_top = store->stack;
    cx->stack_end = store->stack + stack_bytes / sizeof(Slot);
    cx->host_depth = 0;
    cx->fuel -= scope->fuel_withheld;
    sgi_store_unpin(store, 0);
    store->host_error.status = SG_OK;
    scope->samples_cpu = store->last_wall_ns == 0 || store->last_wall_ns >= SHORT_CALL_NS;
    if (scope->samples_cpu)
        scope->started_cpu_ns = sgi_os_thread_cpu();
    store->scope = scope;
    if (store->canceller)
        sgi_canceller_open(store->canceller, &cx->interrupt);
    return SG_OK;
}

sg_status sgi_call_begin_with_values(Store *store, CallScope *scope, sg_error *err) {
    if (store->scope) {
        scope->is_outermost = false;
        sg_trap trap = sgi_poll(&store->cx);
        return trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(err, trap);
    }
    sg_status status = begin_outermost(store, scope, err);
    if (status != SG_OK)
        store->is_tightened = false;
    return status;
}

sg_status sgi_call_begin(Store *store, CallScope *scope, sg_error *err) {
    sg_status status = sgi_call_begin_with_values(store, scope, err);
    if (status == SG_OK)
        sgi_call_drop_results(store, scope);
    return status;
}

void sgi_call_drop_results(Store *store, const CallScope *scope) {
    if (scope->is_outermost)
        sgi_arena_release(&store->call_arena, store->call_start);
}

sg_status sgi_call_end(Store *store, CallScope *scope, sg_status status, sg_error *err) {
    if (!scope->is_outermost)
        return status;
    ExecContext *cx = &store->cx;
    if (scope->deadline_ns != SG_UNLIMITED)
        sgi_clock_disarm(store->engine->clock, &scope->alarm);
    if (store->canceller)
        sgi_canceller_open(store->canceller, NULL);
    /* Nobody sets the flag from here on. */
    sg_trap trap = (sg_trap)atomic_exchange_explicit(&cx->interrupt, 0, memory_order_relaxed);
    if (trap == SG_TRAP_NONE && cx->fuel < 0)
        trap = SG_TRAP_FUEL;
    cx->fuel += scope->fuel_withheld;
    uint64_t wall = sgi_os_now() - scope->started_ns;
    store->last_wall_ns = wall;
    store->wall_ns += wall;
    store->cpu_ns += scope->samples_cpu ? sgi_os_thread_cpu() - scope->started_cpu_ns : wall;
    store->scope = NULL;
    store->is_tightened = false;
    return status == SG_OK && trap != SG_TRAP_NONE ? sgi_fail_trap(err, trap) : status;
}

/* --- calling --- */

static sg_trap call_func(ExecContext *cx, FuncInst *func, Slot *slots) {
    if (func->kind == FUNC_HOST) {
        cx->caller = NULL;
        return sgi_lib_call_host(cx, func, slots);
    }
    if (func->instance->ended != SG_TRAP_NONE)
        return SG_TRAP_INSTANCE_ENDED;
    return cx->store->engine->tier->call(cx, func, slots);
}

/* Says of which tag it was, as the module that defines it calls it. */
static void fail_uncaught(const TagInst *tag, sg_error *err) {
    if (err && tag && tag->module) {
        Bytes name = sgi_name_find(&tag->module->names.tags, tag->index);
        sgi_fail(err, SG_TRAP, SG_NO_OFFSET, sg_trap_message(SG_TRAP_UNCAUGHT_EXCEPTION), "tag %u%s%.*s",
                 tag->index, name.size ? " $" : "", (int)(name.size < 128 ? name.size : 128),
                 (const char *)name.data);
        err->trap = SG_TRAP_UNCAUGHT_EXCEPTION;
    } else {
        sgi_fail_trap(err, SG_TRAP_UNCAUGHT_EXCEPTION);
    }
}

sg_status sgi_func_call(Store *store, FuncInst *func, Slot *slots, sg_error *err) {
    sg_trap trap = call_func(&store->cx, func, slots);
    if (SGI_LIKELY(trap == SG_TRAP_NONE))
        return SG_OK;
    if (store->host_error.status != SG_OK) {
        sg_status status = store->host_error.status;
        if (err)
            *err = store->host_error;
        store->host_error.status = SG_OK;
        return status;
    }
    if (trap == SG_TRAP_UNCAUGHT_EXCEPTION)
        fail_uncaught(store->cx.uncaught, err);
    else
        sgi_fail_trap(err, trap);
    if (err && store->trace_count > 0)
        err->offset = store->trace[0].offset;
    return SG_TRAP;
}

sg_trap sgi_lib_call_host(ExecContext *cx, FuncInst *func, Slot *slots) {
    if (cx->host_depth >= LIMIT_OF(HOST_CALL_DEPTH))
        return SG_TRAP_STACK_EXHAUSTED;
    cx->host_depth++;
    sg_trap trap = func->host(func->host_context, cx, func, slots);
    cx->host_depth--;
    if (SGI_UNLIKELY(trap != SG_TRAP_NONE))
        return trap;
    /* The host got over what failed inside, if anything did. */
    Store *store = cx->store;
    store->trace_count = 0;
    store->host_error.status = SG_OK;
    if (store->scope->deadline_ns != SG_UNLIMITED)
        sgi_clock_renew(store->engine->clock, &store->scope->alarm);
    return sgi_poll(cx);
}

/* --- fuel, interruption, traps --- */

sg_trap sgi_fuel_charge(ExecContext *cx, uint64_t units) {
    if (SGI_LIKELY(cx->fuel >= 0 && units <= (uint64_t)cx->fuel)) {
        cx->fuel -= (int64_t)units;
        return SG_TRAP_NONE;
    }
    /* What is refused is not owed, but nothing is left: the overdraft stays bounded by straight-line code. */
    if (cx->fuel > 0)
        cx->fuel = 0;
    return SG_TRAP_FUEL;
}

void sgi_fuel_add(Store *store, uint64_t fuel) {
    /* The balance may be negative: unsigned arithmetic gives the room above it. */
    uint64_t room = (uint64_t)INT64_MAX - (uint64_t)store->cx.fuel;
    uint64_t added = min_u64(fuel, room);
    store->cx.fuel = (int64_t)((uint64_t)store->cx.fuel + added);
    store->fuel_given += added;
}

sg_trap sgi_lib_interrupted(ExecContext *cx) {
    return (sg_trap)atomic_load_explicit(&cx->interrupt, memory_order_relaxed);
}

sg_trap sgi_lib_frame_unwound(ExecContext *cx, Instance *instance, uint32_t func_index, uint32_t code_offset,
                              sg_trap trap) {
    Store *store = cx->store;
    const Module *module = instance->module;
    if (store->trace_count < TRACE_MAX) {
        const FuncBody *body = &module->bodies[func_index - module->imported[EXTERN_FUNC]];
        store->trace[store->trace_count++] = (TraceFrame){module, func_index, body->offset + code_offset};
    }
    if (sgi_trap_is_limit(trap))
        instance->ended = trap;
    return trap;
}
