/* include/sandglass/store.h: stores, cancellers, and the running call as host functions see it. */
#include "api/private.h"
#include "pipeline.h"

#include <string.h>

/* `limits` with all the fields of this version; callers of an earlier one gave fewer. */
static sg_status read_limits(const sg_limits *limits, sg_limits *all, sg_error *error) {
    *all = (sg_limits){.size = sizeof *all};
    if (limits == NULL)
        return SG_OK;
    if (limits->size == 0 || limits->size > sizeof *all)
        return sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "sg_limits.size is not a size of this version", "%s",
                        "");
    memcpy(all, limits, limits->size);
    return SG_OK;
}

static sg_status fail_in_call(sg_error *error) {
    return sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "not inside a call", "%s", "");
}

sg_store *sg_store_new(sg_engine *engine, const sg_limits *limits, sg_error *error) {
    sg_limits all;
    return read_limits(limits, &all, error) == SG_OK ? sgi_store_new(engine, &all, error) : NULL;
}

void sg_store_delete(sg_store *store) {
    if (store && store->scope == NULL)
        sgi_store_delete(store);
}

sg_status sg_store_tighten(sg_store *store, const sg_limits *limits, sg_error *error) {
    if (store->scope)
        return fail_in_call(error);
    sg_limits all;
    SGI_TRY(read_limits(limits, &all, error));
    if (all.memory_bytes || all.table_elements || all.instances || all.handles || all.host_bytes)
        return sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "a call cannot tighten this limit", "%s",
                        "only fuel, timeout_ns, deadline_ns and stack_bytes");
    store->is_tightened = limits != NULL;
    store->tighter = sgi_limits_of_call(all);
    return SG_OK;
}

sg_status sg_store_add_fuel(sg_store *store, uint64_t fuel, sg_error *error) {
    if (store->scope)
        return fail_in_call(error);
    sgi_fuel_add(store, fuel);
    return SG_OK;
}

sg_usage sg_store_usage(const sg_store *store) {
    return sgi_store_usage(store);
}

bool sg_store_frame(const sg_store *store, size_t index, sg_frame *frame) {
    if (index >= store->trace_count)
        return false;
    const TraceFrame *at = &store->trace[index];
    *frame = (sg_frame){.module = to_string(at->module->names.module),
                        .function = to_string(sgi_name_find(&at->module->names.funcs, at->func_index)),
                        .function_index = at->func_index,
                        .offset = at->offset};
    return true;
}

sg_status sg_store_collect(sg_store *store, sg_error *error) {
    sg_trap trap = sgi_store_collect(store);
    return trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(error, trap);
}

sg_canceller *sg_store_canceller(sg_store *store, sg_error *error) {
    sg_canceller *canceller = sgi_store_canceller(store);
    if (canceller == NULL)
        sgi_fail_memory(error);
    return canceller;
}

bool sg_canceller_cancel(sg_canceller *canceller) {
    return sgi_canceller_cancel(canceller);
}

void sg_canceller_delete(sg_canceller *canceller) {
    if (canceller)
        sgi_canceller_release(canceller);
}

/* --- for host functions --- */

sg_store *sg_call_store(sg_call *call) {
    return call->store;
}

void *sg_call_alloc(sg_call *call, size_t size) {
    return sgi_store_call_alloc(call->store, size);
}

sg_status sg_call_charge(sg_call *call, uint64_t fuel, sg_error *error) {
    sg_trap trap = sgi_fuel_charge(&call->store->cx, fuel);
    return trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(error, trap);
}

sg_status sg_call_poll(sg_call *call, sg_error *error) {
    Store *store = call->store;
    if (store->scope->deadline_ns != SG_UNLIMITED)
        sgi_clock_renew(store->engine->clock, &store->scope->alarm);
    sg_trap trap = sgi_poll(&store->cx);
    return trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(error, trap);
}

uint64_t sg_call_deadline(const sg_call *call) {
    return call->store->scope->deadline_ns;
}
