/* Resources: the handle tables of component instances and of the host, what of canonical built-ins works on
 * them, and which resource types the types of a component stand for (canonical ABI, "Table State", "Resource
 * State" and canon resource.*).
 *
 * A static ResourceType is one for all instances of a component; the Resource it stands for in one of them is
 * known once the definition that introduces it has been executed. */
#include "component/canon.h"

/* ---- handle tables ---- */

static void finalize_table(Owned *owned, Store *store) {
    HandleTable *table = (HandleTable *)owned;
    for (uint32_t i = 1; i < table->handles.count; i++) {
        Handle *handle = &table->handles.items[i];
        if (handle->resource && handle->borrow_scope == NULL)
            sgi_resource_end(handle->resource, handle->rep);
    }
    sgi_vec_free(&store->alloc, &table->handles);
}

HandleTable *sgi_handles_new(Store *store) {
    HandleTable *table = sgi_store_alloc(store, sizeof *table);
    if (table)
        sgi_store_own(store, &table->owned, finalize_table);
    return table;
}

sg_status sgi_handles_add(HandleTable *table, Store *store, Handle handle, uint32_t *index, sg_error *err) {
    if (!sgi_counter_add(&store->handles, 1))
        return sgi_fail_trap(err, SG_TRAP_HANDLE_LIMIT);
    uint32_t at = table->free;
    if (at) {
        table->free = table->handles.items[at].lends;
        handle.generation = table->handles.items[at].generation;
    } else {
        const Handle none = {.resource = NULL}; /* index 0 is nobody's */
        bool is_first = table->handles.count == 0;
        if (table->handles.count > sgi_limits[LIMIT_ID_STORE_HANDLES].ceiling ||
            !sgi_vec_reserve(&store->alloc, &table->handles, 1u + is_first)) {
            sgi_counter_sub(&store->handles, 1);
            return sgi_store_no_memory(store, err);
        }
        if (is_first)
            table->handles.items[table->handles.count++] = none;
        at = (uint32_t)table->handles.count++;
    }
    table->handles.items[at] = handle;
    *index = at;
    return SG_OK;
}

Handle *sgi_handles_get(HandleTable *table, uint32_t index) {
    if (index == 0 || index >= table->handles.count || table->handles.items[index].resource == NULL)
        return NULL;
    return &table->handles.items[index];
}

void sgi_handles_remove(HandleTable *table, Store *store, Handle *handle) {
    uint32_t index = (uint32_t)(handle - table->handles.items);
    *handle = (Handle){.lends = table->free, .generation = handle->generation + 1};
    table->free = index;
    sgi_counter_sub(&store->handles, 1);
}

/* ---- resource types ---- */

void sgi_resource_end(const Resource *resource, uint64_t rep) {
    if (resource->destructor)
        resource->destructor(resource->context, rep);
}

void sgi_bindings_init(ResourceBindings *bindings, Store *store) {
    *bindings = (ResourceBindings){.items = {NULL, 0, 0}};
    sgi_map_init(&bindings->by_id, &store->alloc);
}

void sgi_bindings_free(ResourceBindings *bindings, Store *store) {
    sgi_map_free(&bindings->by_id);
    sgi_vec_free(&store->alloc, &bindings->items);
}

static Bytes id_of(const ResourceType *type) {
    return (Bytes){(const uint8_t *)&type->id, sizeof type->id};
}

sg_status sgi_bindings_put(ResourceBindings *bindings, Store *store, const ResourceType *type,
                           Resource *resource, sg_error *err) {
    if (!sgi_vec_reserve(&store->alloc, &bindings->items, 1))
        return sgi_store_no_memory(store, err);
    switch (sgi_map_put(&bindings->by_id, id_of(type), (uint32_t)bindings->items.count)) {
    case MAP_NO_MEMORY: return sgi_store_no_memory(store, err);
    case MAP_ADDED: bindings->items.items[bindings->items.count++] = resource; break;
    default: break;
    }
    return SG_OK;
}

Resource *sgi_bindings_find(const ResourceBindings *bindings, const ResourceType *type) {
    const uint32_t *at = sgi_map_get(&bindings->by_id, id_of(type));
    return at ? bindings->items.items[*at] : NULL;
}

static void finalize_bindings(Owned *owned, Store *store) {
    sgi_bindings_free(&((OwnedBindings *)owned)->bindings, store);
}

sg_status sgi_resource_bind(ComponentInstance *inst, const ResourceType *type, Resource *resource,
                            sg_error *err) {
    Store *store = inst->store;
    if (inst->bindings == NULL) {
        inst->bindings = sgi_store_alloc(store, sizeof *inst->bindings);
        if (inst->bindings == NULL)
            return sgi_store_no_memory(store, err);
        sgi_bindings_init(&inst->bindings->bindings, store);
        sgi_store_own(store, &inst->bindings->owned, finalize_bindings);
    }
    return sgi_bindings_put(&inst->bindings->bindings, store, type, resource, err);
}

Resource *sgi_resource_find(const ComponentInstance *inst, const ResourceType *type) {
    return inst->bindings ? sgi_bindings_find(&inst->bindings->bindings, type) : NULL;
}

/* ---- lifting and lowering ---- */

static sg_status bad_handle(sg_error *err, sg_trap trap, uint32_t index) {
    sgi_fail(err, SG_TRAP, SG_NO_OFFSET, sg_trap_message(trap), "handle index %u", index);
    if (err)
        err->trap = trap;
    return SG_TRAP;
}

/* The handle with `index` of the instance, which must be of `resource`. */
static sg_status get_handle(const ComponentInstance *inst, uint32_t index, const Resource *resource,
                            Handle **handle, sg_error *err) {
    *handle = inst->handles ? sgi_handles_get(inst->handles, index) : NULL;
    if (*handle == NULL)
        return bad_handle(err, SG_TRAP_UNKNOWN_HANDLE, index);
    return (*handle)->resource == resource ? SG_OK : bad_handle(err, SG_TRAP_HANDLE_TYPE, index);
}

static sg_status add_handle(ComponentInstance *inst, Handle handle, uint32_t *index, sg_error *err) {
    if (inst->handles == NULL)
        inst->handles = sgi_handles_new(inst->store);
    if (inst->handles == NULL)
        return sgi_store_no_memory(inst->store, err);
    return sgi_handles_add(inst->handles, inst->store, handle, index, err);
}

/* The host's number of a handle in its table: an old one is never taken for another. */
static uint64_t number_of(const Handle *handle, uint32_t index) {
    return (uint64_t)handle->generation << 32 | index;
}

Handle *sgi_resource_host_handle(const Store *store, uint64_t number) {
    HandleTable *table = store->host_handles;
    Handle *handle = table ? sgi_handles_get(table, (uint32_t)number) : NULL;
    return handle && handle->generation == number >> 32 ? handle : NULL;
}

static sg_status give_to_host(LiftLowerContext *cx, Handle handle, uint32_t *index, uint64_t *number) {
    Store *store = cx->store;
    if (store->host_handles == NULL)
        store->host_handles = sgi_handles_new(store);
    if (store->host_handles == NULL)
        return sgi_store_no_memory(store, cx->err);
    SGI_TRY(sgi_handles_add(store->host_handles, store, handle, index, cx->err));
    *number = number_of(&store->host_handles->handles.items[*index], *index);
    return SG_OK;
}

/* Notes what the end of the call gives back. */
static sg_status lend(LiftLowerContext *cx, HandleTable *table, uint32_t index, bool is_temporary) {
    Loan *loan = sgi_alloc(&cx->store->alloc, sizeof *loan);
    if (loan == NULL)
        return sgi_store_no_memory(cx->store, cx->err);
    *loan = (Loan){cx->transfer->loans, table, index, is_temporary};
    cx->transfer->loans = loan;
    return SG_OK;
}

void sgi_transfer_end_loans(Transfer *transfer, Store *store) {
    while (transfer->loans) {
        Loan *loan = transfer->loans;
        Handle *handle = &loan->table->handles.items[loan->index];
        transfer->loans = loan->next;
        if (loan->is_temporary)
            sgi_handles_remove(loan->table, store, handle);
        else
            handle->lends--;
        sgi_free(&store->alloc, loan, sizeof *loan);
    }
}

void sgi_transfer_abandon(Transfer *transfer) {
    for (const Lifted *lifted = transfer->first; lifted; lifted = lifted->next)
        sgi_resource_end(lifted->resource, lifted->rep);
    transfer->first = transfer->last = NULL;
}

static sg_status note_lifted(LiftLowerContext *cx, Resource *resource, uint64_t rep) {
    Lifted *lifted = sgi_canon_alloc(cx, 1, sizeof *lifted);
    if (lifted == NULL) {
        sgi_resource_end(resource, rep);
        return sgi_store_no_memory(cx->store, cx->err);
    }
    *lifted = (Lifted){NULL, resource, rep};
    if (cx->transfer->last)
        cx->transfer->last->next = lifted;
    else
        cx->transfer->first = lifted;
    cx->transfer->last = lifted;
    return SG_OK;
}

/* Is its representation what the other side knows it by? The host has numbers of handles for what is not its
 * own. */
static bool is_known_by_rep(const LiftLowerContext *cx, const Resource *resource) {
    return resource->is_host && (cx->is_between || cx->is_library || resource->host_name == NULL);
}

sg_status sgi_give_own(LiftLowerContext *cx, uint64_t rep, const sg_type *type) {
    Resource *resource = sgi_resource_find(cx->inst, type->resource);
    return is_known_by_rep(cx, resource) ? note_lifted(cx, resource, rep) : SG_OK;
}

static void forget_lifted(Transfer *transfer) {
    transfer->first = transfer->first->next;
    if (transfer->first == NULL)
        transfer->last = NULL;
}

sg_status sgi_lift_own(LiftLowerContext *cx, uint32_t i, const sg_type *type, uint64_t *out) {
    Resource *resource = sgi_resource_find(cx->inst, type->resource);
    Handle *h;
    uint32_t index;
    SGI_TRY(get_handle(cx->inst, i, resource, &h, cx->err));
    if (h->lends != 0)
        return bad_handle(cx->err, SG_TRAP_HANDLE_LENT, i);
    if (h->borrow_scope)
        return bad_handle(cx->err, SG_TRAP_HANDLE_BORROWED, i);
    uint64_t rep = h->rep;
    sgi_handles_remove(cx->inst->handles, cx->store, h);
    *out = rep;
    if (is_known_by_rep(cx, resource))
        return note_lifted(cx, resource, rep);
    return cx->is_between ? SG_OK : give_to_host(cx, (Handle){.resource = resource, .rep = rep}, &index, out);
}

sg_status sgi_lift_borrow(LiftLowerContext *cx, uint32_t i, const sg_type *type, uint64_t *out) {
    Resource *resource = sgi_resource_find(cx->inst, type->resource);
    Handle *h;
    SGI_TRY(get_handle(cx->inst, i, resource, &h, cx->err));
    if (h->lends == UINT32_MAX)
        return bad_handle(cx->err, SG_TRAP_HANDLE_LENT, i);
    SGI_TRY(lend(cx, cx->inst->handles, i, false));
    h->lends++;
    *out = h->rep;
    if (cx->is_between || is_known_by_rep(cx, resource))
        return SG_OK;
    uint32_t index;
    Handle temporary = {.resource = resource, .rep = h->rep, .borrow_scope = &cx->transfer->host_task};
    SGI_TRY(give_to_host(cx, temporary, &index, out));
    sg_status status = lend(cx, cx->store->host_handles, index, true);
    if (status != SG_OK)
        sgi_handles_remove(cx->store->host_handles, cx->store,
                           &cx->store->host_handles->handles.items[index]);
    return status;
}

static sg_status not_hosts(LiftLowerContext *cx) {
    return sgi_fail(cx->err, SG_BAD_VALUE, SG_NO_OFFSET, "value does not fit its type", "%s",
                    "the host has no such handle");
}

sg_status sgi_lower_own(LiftLowerContext *cx, uint64_t value, const sg_type *type, uint32_t *index) {
    Resource *resource = sgi_resource_find(cx->inst, type->resource);
    Handle *given = NULL;
    uint64_t rep = value;
    if (!cx->is_between && !is_known_by_rep(cx, resource)) {
        given = sgi_resource_host_handle(cx->store, value);
        if (given == NULL || given->resource != resource || given->borrow_scope || given->lends)
            return not_hosts(cx);
        rep = given->rep;
    }
    SGI_TRY(add_handle(cx->inst, (Handle){.resource = resource, .rep = rep}, index, cx->err));
    if (given)
        sgi_handles_remove(cx->store->host_handles, cx->store, given);
    else if (resource->is_host && cx->transfer->first)
        forget_lifted(cx->transfer);
    return SG_OK;
}

sg_status sgi_lend_of_host(LiftLowerContext *cx, uint64_t number, const sg_type *type, uint64_t *rep) {
    Handle *given = sgi_resource_host_handle(cx->store, number);
    if (given == NULL || given->resource != sgi_resource_find(cx->inst, type->resource) ||
        given->lends == UINT32_MAX || type->kind != SG_BORROW)
        return not_hosts(cx);
    SGI_TRY(lend(cx, cx->store->host_handles, (uint32_t)number, false));
    given->lends++;
    *rep = given->rep;
    return SG_OK;
}

sg_status sgi_give_to_host(LiftLowerContext *cx, uint64_t rep, const sg_type *type, uint64_t *number) {
    uint32_t index = 0;
    Resource *resource = sgi_resource_find(cx->inst, type->resource);
    sg_status status = give_to_host(cx, (Handle){.resource = resource, .rep = rep}, &index, number);
    if (status != SG_OK)
        sgi_resource_end(resource, rep);
    return status;
}

sg_status sgi_lower_borrow(LiftLowerContext *cx, uint64_t value, const sg_type *type, uint32_t *index) {
    Resource *resource = sgi_resource_find(cx->inst, type->resource);
    uint64_t rep = value;
    if (!cx->is_between && !is_known_by_rep(cx, resource))
        SGI_TRY(sgi_lend_of_host(cx, value, type, &rep));
    if (cx->inst == resource->impl) {
        *index = (uint32_t)rep;
        return SG_OK;
    }
    Handle handle = {.resource = resource, .rep = rep, .borrow_scope = cx->task};
    SGI_TRY(add_handle(cx->inst, handle, index, cx->err));
    cx->task->num_borrows++;
    return SG_OK;
}

/* ---- canonical built-ins ---- */

static sg_status resource_new(const CanonResource *canon, Slot *slots, sg_error *err) {
    if (!canon->inst->may_leave)
        return sgi_fail_trap(err, SG_TRAP_CANNOT_LEAVE);
    uint32_t index = 0;
    SGI_TRY(add_handle(canon->inst, (Handle){.resource = canon->resource, .rep = slots[0].u32}, &index, err));
    slots[0].u64 = index;
    return SG_OK;
}

static sg_status resource_rep(const CanonResource *canon, Slot *slots, sg_error *err) {
    Handle *h;
    SGI_TRY(get_handle(canon->inst, slots[0].u32, canon->resource, &h, err));
    slots[0].u64 = h->rep;
    return SG_OK;
}

static sg_status resource_drop(const CanonResource *canon, Slot *slots, sg_error *err) {
    ComponentInstance *inst = canon->inst;
    Handle *h;
    if (!inst->may_leave)
        return sgi_fail_trap(err, SG_TRAP_CANNOT_LEAVE);
    SGI_TRY(get_handle(inst, slots[0].u32, canon->resource, &h, err));
    if (h->lends != 0)
        return bad_handle(err, SG_TRAP_HANDLE_LENT, slots[0].u32);
    Task *borrow_scope = h->borrow_scope;
    uint64_t rep = h->rep;
    sgi_handles_remove(inst->handles, inst->store, h);
    if (borrow_scope == NULL)
        return sgi_resource_destroy(canon->resource, rep, inst, err);
    borrow_scope->num_borrows--;
    return SG_OK;
}

static sg_trap answer(ExecContext *exec, sg_status status, const sg_error *err) {
    return status == SG_OK ? SG_TRAP_NONE : sgi_host_failed(exec->store, err);
}

sg_trap sgi_canon_resource_new(void *context, ExecContext *exec, FuncInst *func, Slot *slots) {
    (void)func;
    sg_error err;
    return answer(exec, resource_new(context, slots, &err), &err);
}

sg_trap sgi_canon_resource_rep(void *context, ExecContext *exec, FuncInst *func, Slot *slots) {
    (void)func;
    sg_error err;
    return answer(exec, resource_rep(context, slots, &err), &err);
}

sg_trap sgi_canon_resource_drop(void *context, ExecContext *exec, FuncInst *func, Slot *slots) {
    (void)func;
    sg_error err;
    return answer(exec, resource_drop(context, slots, &err), &err);
}

/* ---- the host's side ---- */

Resource *sgi_resource_type_new(Engine *engine, const char *name, sg_resource_destructor *destructor,
                                void *context, sg_error *err) {
    Resource *resource = sgi_engine_alloc(engine, sizeof *resource);
    if (resource == NULL) {
        sgi_fail_memory(err);
        return NULL;
    }
    *resource = (Resource){
        .is_host = true, .host_name = name, .destructor = destructor, .context = context, .engine = engine};
    atomic_init(&resource->references, 1);
    sgi_engine_retain(engine);
    return resource;
}

void sgi_resource_type_retain(Resource *resource) {
    atomic_fetch_add_explicit(&resource->references, 1, memory_order_relaxed);
}

void sgi_resource_type_release(Resource *resource) {
    if (resource == NULL || atomic_fetch_sub_explicit(&resource->references, 1, memory_order_acq_rel) != 1)
        return;
    Engine *engine = resource->engine;
    sgi_engine_free(engine, resource, sizeof *resource);
    sgi_engine_release(engine);
}

sg_status sgi_resource_drop(Store *store, uint64_t number, sg_error *err) {
    sg_error own_err;
    if (err == NULL)
        err = &own_err;
    Handle *handle = sgi_resource_host_handle(store, number);
    if (handle == NULL || handle->borrow_scope || handle->lends)
        return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "not a handle that the host owns", "%s",
                        handle && handle->lends ? "it is lent" : "");
    CallScope scope;
    SGI_TRY(sgi_call_begin(store, &scope, err));
    Resource *resource = handle->resource;
    uint64_t rep = handle->rep;
    sgi_handles_remove(store->host_handles, store, handle);
    return sgi_call_end(store, &scope, sgi_resource_destroy(resource, rep, NULL, err), err);
}
