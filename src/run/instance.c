/* Core instances: import matching, allocation, segments and the start function (core specification, 4.5.4).
 *
 * The instance and all that belongs to it live in the store's arena, so a failure at any step leaves nothing
 * to undo: the store releases it. */
#include "run/private.h"

#include <string.h>

typedef struct OwnedInstance {
    Owned owned;
    Instance instance;
} OwnedInstance;

/* One instantiation: what its steps share. */
typedef struct Making {
    Store *store;
    Module *module;
    Instance *instance;
    ConstStack stack; /* scratch */
    sg_error *err;
} Making;

static sg_status poll_every(const Making *m, uint32_t index) {
    if (index % 1024 != 0)
        return SG_OK;
    sg_trap trap = sgi_poll(&m->store->cx);
    return trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(m->err, trap);
}

/* A zeroed array that lives as long as the store, never NULL on success. */
static sg_status make_array(const Making *m, void *array, uint32_t count, size_t size) {
    size_t bytes;
    void *items = sgi_mul((size_t)count, size, &bytes) ? sgi_store_alloc(m->store, bytes) : NULL;
    if (items == NULL)
        return sgi_store_no_memory(m->store, m->err);
    memcpy(array, &items, sizeof items);
    return SG_OK;
}

/* --- imports --- */

static bool global_matches(TypeRegistry *types, GlobalType given, GlobalType wanted) {
    if (given.mutable_ != wanted.mutable_)
        return false;
    return given.mutable_ ? given.type == wanted.type : sgi_types_matches(types, given.type, wanted.type);
}

static bool import_matches(const Making *m, const Import *import, const Extern *given) {
    const Module *module = m->module;
    TypeRegistry *types = m->store->engine->types;
    if (given->kind != import->kind)
        return false;
    switch (import->kind) {
    case EXTERN_FUNC:
        return sgi_rtt_matches(given->as.func->rtt, module->types[module->funcs[import->index]].rtt);
    case EXTERN_TABLE: {
        const TableType *wanted = &module->tables[import->index].type;
        const TableInst *table = given->as.table;
        return table->type.element == sgi_types_canonical(module->types, wanted->element) &&
               sgi_limits_match(&table->type.limits, table->size, &wanted->limits);
    }
    case EXTERN_MEMORY: {
        const MemoryInst *memory = given->as.memory;
        return sgi_limits_match(&memory->type, sgi_memory_size(memory) >> memory->page_log2,
                                &module->memories[import->index]);
    }
    case EXTERN_GLOBAL: {
        GlobalType wanted = module->globals[import->index].type;
        wanted.type = sgi_types_canonical(module->types, wanted.type);
        return global_matches(types, given->as.global->type, wanted);
    }
    default: return given->as.tag->rtt->id == module->types[module->tags[import->index]].id;
    }
}

static sg_status import_fail(const Making *m, const Import *import, const char *message) {
    return sgi_fail(m->err, SG_UNLINKABLE, import->offset, message, "\"%.*s\" \"%.*s\"",
                    (int)import->module.size, (const char *)import->module.data, (int)import->name.size,
                    (const char *)import->name.data);
}

static sg_status take_imports(const Making *m, const Extern *imports, uint32_t import_count) {
    for (uint32_t i = 0; i < m->module->import_count; i++) {
        const Import *import = &m->module->imports[i];
        if (i >= import_count || imports[i].as.any == NULL)
            return import_fail(m, import, "unknown import");
        SGI_TRY(poll_every(m, i));
        if (!import_matches(m, import, &imports[i]))
            return import_fail(m, import, "incompatible import type");
        Instance *instance = m->instance;
        switch (import->kind) {
        case EXTERN_FUNC: instance->funcs[import->index] = imports[i].as.func; break;
        case EXTERN_TABLE: instance->tables[import->index] = imports[i].as.table; break;
        case EXTERN_MEMORY: instance->memories[import->index] = imports[i].as.memory; break;
        case EXTERN_GLOBAL: instance->globals[import->index] = imports[i].as.global; break;
        default: instance->tags[import->index] = imports[i].as.tag; break;
        }
    }
    return SG_OK;
}

/* --- allocation --- */

static void instance_finalize(Owned *self, Store *store) {
    (void)store;
    sgi_module_release(((OwnedInstance *)(void *)self)->instance.module);
}

static sg_status make_instance(Making *m) {
    Store *store = m->store;
    if (!sgi_counter_add(&store->instances, 1))
        return sgi_fail_trap(m->err, SG_TRAP_INSTANCE_LIMIT);
    OwnedInstance *owned = sgi_store_alloc(store, sizeof *owned);
    if (owned == NULL) {
        sgi_counter_sub(&store->instances, 1);
        return sgi_store_no_memory(store, m->err);
    }
    Instance *instance = m->instance = &owned->instance;
    instance->module = m->module;
    instance->types = m->module->types;
    instance->code = ((LoadedCode *)m->module->code)->code;
    instance->store = store;
    instance->next = store->instances_list;
    store->instances_list = instance;
    sgi_module_retain(m->module);
    sgi_store_own(store, &owned->owned, instance_finalize);
    const Module *module = m->module;
    SGI_TRY(make_array(m, &instance->funcs, module->func_count, sizeof *instance->funcs));
    SGI_TRY(make_array(m, &instance->tables, module->table_count, sizeof *instance->tables));
    SGI_TRY(make_array(m, &instance->memories, module->memory_count, sizeof *instance->memories));
    SGI_TRY(make_array(m, &instance->globals, module->global_count, sizeof *instance->globals));
    SGI_TRY(make_array(m, &instance->tags, module->tag_count, sizeof *instance->tags));
    SGI_TRY(make_array(m, &instance->own_funcs, module->body_count, sizeof *instance->own_funcs));
    SGI_TRY(make_array(m, &instance->elems, module->elem_count, sizeof *instance->elems));
    return make_array(m, &instance->data_dropped, module->data_count, sizeof *instance->data_dropped);
}

static sg_status make_funcs(const Making *m) {
    const Module *module = m->module;
    Instance *instance = m->instance;
    uint32_t imported = module->imported[EXTERN_FUNC];
    for (uint32_t i = 0; i < module->body_count; i++) {
        SGI_TRY(poll_every(m, i));
        const SubType *type = &module->types[module->funcs[imported + i]];
        instance->own_funcs[i] = (FuncInst){.kind = FUNC_WASM,
                                            .type_id = type->id,
                                            .type = &type->as.func,
                                            .rtt = type->rtt,
                                            .store = m->store,
                                            .instance = instance,
                                            .index = imported + i};
        instance->funcs[imported + i] = &instance->own_funcs[i];
    }
    return SG_OK;
}

static sg_status make_tags(const Making *m) {
    const Module *module = m->module;
    uint32_t imported = module->imported[EXTERN_TAG];
    TagInst *tags = NULL;
    SGI_TRY(make_array(m, &tags, module->tag_count - imported, sizeof *tags));
    for (uint32_t i = imported; i < module->tag_count; i++, tags++) {
        SGI_TRY(poll_every(m, i));
        const SubType *type = &module->types[module->tags[i]];
        *tags = (TagInst){&type->as.func, type->rtt, m->store, module, i};
        m->instance->tags[i] = tags;
    }
    return SG_OK;
}

/* Makes it a root of the heap, if it may hold objects. */
static void keep_global(GlobalInst *global) {
    Store *store = global->store;
    if (!sgi_type_is_traced(store->engine->types, global->type.type))
        return;
    global->next = store->ref_globals;
    store->ref_globals = global;
}

static sg_status make_globals(Making *m) {
    const Module *module = m->module;
    uint32_t imported = module->imported[EXTERN_GLOBAL];
    GlobalInst *globals = NULL;
    SGI_TRY(make_array(m, &globals, module->global_count - imported, sizeof *globals));
    for (uint32_t i = imported; i < module->global_count; i++, globals++) {
        SGI_TRY(poll_every(m, i));
        globals->type = module->globals[i].type;
        globals->type.type = sgi_types_canonical(module->types, globals->type.type);
        globals->store = m->store;
        Slot value[2] = {{0}, {0}};
        SGI_TRY(sgi_const_eval(m->instance, &m->stack, module->globals[i].init, value, m->err));
        globals->value = value[0];
        globals->high = value[1];
        keep_global(globals);
        m->instance->globals[i] = globals;
    }
    return SG_OK;
}

static sg_status make_tables(Making *m) {
    const Module *module = m->module;
    for (uint32_t i = module->imported[EXTERN_TABLE]; i < module->table_count; i++) {
        SGI_TRY(poll_every(m, i));
        TableType type = module->tables[i].type;
        type.element = sgi_types_canonical(module->types, type.element);
        Slot init = {0};
        if (module->tables[i].init.code)
            SGI_TRY(sgi_const_eval(m->instance, &m->stack, module->tables[i].init, &init, m->err));
        sg_error local;
        m->instance->tables[i] = sgi_table_new(m->store, &type, init.ref, m->err ? m->err : &local);
        if (m->instance->tables[i] == NULL)
            return m->err ? m->err->status : local.status;
    }
    return SG_OK;
}

static sg_status make_memories(const Making *m) {
    const Module *module = m->module;
    for (uint32_t i = module->imported[EXTERN_MEMORY]; i < module->memory_count; i++) {
        SGI_TRY(poll_every(m, 0)); /* each takes system calls */
        sg_error local;
        m->instance->memories[i] = sgi_memory_new(m->store, &module->memories[i], m->err ? m->err : &local);
        if (m->instance->memories[i] == NULL)
            return m->err ? m->err->status : local.status;
    }
    return SG_OK;
}

/* --- segments --- */

static sg_status elem_item(Making *m, const Elem *elem, uint32_t index, void **item) {
    SGI_TRY(poll_every(m, index));
    if (elem->funcs) {
        *item = m->instance->funcs[elem->funcs[index]];
        return SG_OK;
    }
    Slot slot;
    SGI_TRY(sgi_const_eval(m->instance, &m->stack, elem->exprs[index], &slot, m->err));
    *item = slot.ref;
    return SG_OK;
}

/* Passive segments keep their references for table.init; active ones go straight into their table. */
static sg_status make_elems(Making *m) {
    for (uint32_t i = 0; i < m->module->elem_count; i++) {
        const Elem *elem = &m->module->elems[i];
        if (elem->mode != SEGMENT_PASSIVE)
            continue;
        ElemInst *segment = &m->instance->elems[i];
        SGI_TRY(make_array(m, &segment->items, elem->count, sizeof *segment->items));
        ValType type = sgi_types_canonical(m->module->types, elem->type);
        if (sgi_type_is_traced(m->store->engine->types, type)) {
            segment->next = m->store->ref_elems;
            m->store->ref_elems = segment;
        }
        /* Its items are roots as soon as they are there. */
        for (; segment->count < elem->count; segment->count++)
            SGI_TRY(elem_item(m, elem, segment->count, &segment->items[segment->count]));
    }
    return SG_OK;
}

/* An active segment's offset in a table or memory. */
static sg_status segment_offset(Making *m, ConstExpr expr, bool is_64, uint64_t *offset) {
    Slot slot;
    SGI_TRY(sgi_const_eval(m->instance, &m->stack, expr, &slot, m->err));
    *offset = is_64 ? slot.u64 : slot.u32;
    return SG_OK;
}

static sg_status run_elem(Making *m, const Elem *elem) {
    TableInst *table = m->instance->tables[elem->table];
    uint64_t at;
    SGI_TRY(segment_offset(m, elem->offset_expr, table->type.limits.is_64, &at));
    if (elem->count > table->size || at > table->size - elem->count)
        return sgi_fail_trap(m->err, SG_TRAP_TABLE_OUT_OF_BOUNDS);
    sg_trap trap = sgi_fuel_charge(&m->store->cx, sgi_fuel_steps(elem->count, FUEL_STEP_ELEMENTS));
    if (trap != SG_TRAP_NONE)
        return sgi_fail_trap(m->err, trap);
    for (uint32_t i = 0; i < elem->count; i++)
        SGI_TRY(elem_item(m, elem, i, &table->elements[at + i]));
    return SG_OK;
}

static sg_status run_data(Making *m, uint32_t index) {
    const Data *data = &m->module->datas[index];
    uint64_t at;
    SGI_TRY(segment_offset(m, data->offset_expr, m->instance->memories[data->memory]->type.is_64, &at));
    sg_trap trap = sgi_lib_memory_init(&m->store->cx, m->instance, data->memory, index, at, 0,
                                       (uint32_t)data->bytes.size);
    m->instance->data_dropped[index] = 1;
    return trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(m->err, trap);
}

static sg_status run_segments(Making *m) {
    const Module *module = m->module;
    for (uint32_t i = 0; i < module->elem_count; i++)
        if (module->elems[i].mode == SEGMENT_ACTIVE)
            SGI_TRY(run_elem(m, &module->elems[i]));
    for (uint32_t i = 0; i < module->data_count; i++)
        if (module->datas[i].mode == SEGMENT_ACTIVE)
            SGI_TRY(run_data(m, i));
    return SG_OK;
}

/* --- the door --- */

static sg_status instantiate(Making *m, const Extern *imports, uint32_t import_count) {
    SGI_TRY(make_instance(m));
    SGI_TRY(take_imports(m, imports, import_count));
    SGI_TRY(make_funcs(m));
    SGI_TRY(make_tags(m));
    SGI_TRY(make_globals(m));
    SGI_TRY(make_tables(m));
    SGI_TRY(make_memories(m));
    SGI_TRY(make_elems(m));
    SGI_TRY(run_segments(m));
    if (m->module->start == UINT32_MAX)
        return SG_OK;
    Slot none;
    return sgi_func_call(m->store, m->instance->funcs[m->module->start], &none, m->err);
}

sg_status sgi_instantiate(Store *store, Module *module, const Extern *imports, uint32_t import_count,
                          Instance **instance, sg_error *err) {
    sg_error local;
    Making m = {.store = store, .module = module, .err = err ? err : &local};
    CallScope scope;
    SGI_TRY(sgi_call_begin(store, &scope, m.err));
    sg_status status = sgi_call_end(store, &scope, instantiate(&m, imports, import_count), m.err);
    sgi_vec_free(&store->alloc, &m.stack);
    if (status == SG_TRAP && m.instance && sgi_trap_is_limit(m.err->trap))
        m.instance->ended = m.err->trap;
    *instance = status == SG_OK ? m.instance : NULL;
    return status;
}

bool sgi_instance_export(const Instance *instance, Bytes name, Extern *item) {
    const uint32_t *index = sgi_map_get(&instance->module->export_map, name);
    if (index)
        *item = sgi_instance_export_at(instance, *index);
    return index != NULL;
}

Extern sgi_instance_export_at(const Instance *instance, uint32_t export_index) {
    const Export *item = &instance->module->exports[export_index];
    Extern result = {.kind = item->kind};
    switch (item->kind) {
    case EXTERN_FUNC: result.as.func = instance->funcs[item->index]; break;
    case EXTERN_TABLE: result.as.table = instance->tables[item->index]; break;
    case EXTERN_MEMORY: result.as.memory = instance->memories[item->index]; break;
    case EXTERN_GLOBAL: result.as.global = instance->globals[item->index]; break;
    case EXTERN_TAG: result.as.tag = instance->tags[item->index]; break;
    default: break;
    }
    return result;
}

/* --- host items --- */

typedef struct HostFunc {
    Owned owned;
    FuncInst func;
} HostFunc;

static void host_func_finalize(Owned *self, Store *store) {
    const FuncInst *func = &((HostFunc *)(void *)self)->func;
    sgi_types_release(store->engine->types, func->type_id);
    if (func->host_finalize)
        func->host_finalize(func->host_context);
}

FuncInst *sgi_host_func_new(Store *store, const FuncType *type, HostFn *host, void *context,
                            void (*finalize)(void *context), sg_error *err) {
    uint32_t id;
    if (sgi_types_add_func(store->engine->types, type, &id, err) != SG_OK)
        return NULL;
    HostFunc *owned = sgi_store_alloc(store, sizeof *owned);
    if (owned == NULL) {
        sgi_types_release(store->engine->types, id);
        sgi_store_no_memory(store, err);
        return NULL;
    }
    owned->func = (FuncInst){.kind = FUNC_HOST,
                             .type_id = id,
                             .type = type,
                             .rtt = sgi_types_rtt(store->engine->types, id),
                             .store = store,
                             .host = host,
                             .host_context = context,
                             .host_finalize = finalize};
    sgi_store_own(store, &owned->owned, host_func_finalize);
    return &owned->func;
}

void sgi_host_func_set_type(FuncInst *func, uint32_t id) {
    TypeRegistry *types = func->store->engine->types;
    sgi_types_hold(types, id);
    sgi_types_release(types, func->type_id);
    func->type_id = id;
    func->rtt = sgi_types_rtt(types, id);
}

typedef struct HostTag {
    Owned owned;
    TagInst tag;
} HostTag;

static void host_tag_finalize(Owned *self, Store *store) {
    sgi_types_release(store->engine->types, ((HostTag *)(void *)self)->tag.rtt->id);
}

TagInst *sgi_tag_new(Store *store, const FuncType *type, sg_error *err) {
    uint32_t id;
    if (sgi_types_add_func(store->engine->types, type, &id, err) != SG_OK)
        return NULL;
    HostTag *owned = sgi_store_alloc(store, sizeof *owned);
    if (owned == NULL) {
        sgi_types_release(store->engine->types, id);
        sgi_store_no_memory(store, err);
        return NULL;
    }
    owned->tag = (TagInst){type, sgi_types_rtt(store->engine->types, id), store, NULL, 0};
    sgi_store_own(store, &owned->owned, host_tag_finalize);
    return &owned->tag;
}

GlobalInst *sgi_global_new(Store *store, GlobalType type, const Slot *value, sg_error *err) {
    GlobalInst *global = sgi_store_alloc(store, sizeof *global);
    if (global == NULL) {
        sgi_store_no_memory(store, err);
        return NULL;
    }
    *global = (GlobalInst){.value = value[0], .type = type, .store = store};
    if (type.type == VAL_V128)
        global->high = value[1];
    keep_global(global);
    return global;
}
