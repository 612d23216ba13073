/* include/sandglass/module.h: core modules and their instances. Handles are the run-time structures
 * themselves, so what stands here is checks of arguments and conversions between sg_core_value and slots. */
#include "api/private.h"
#include "pipeline.h"
#include "text/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)SG_EXTERN_FUNC == EXTERN_FUNC && (int)SG_EXTERN_TABLE == EXTERN_TABLE &&
                   (int)SG_EXTERN_MEMORY == EXTERN_MEMORY && (int)SG_EXTERN_GLOBAL == EXTERN_GLOBAL &&
                   (int)SG_EXTERN_TAG == EXTERN_TAG,
               "the public kinds are the internal ones");

/* --- modules --- */

sg_module *sg_module_load(sg_engine *engine, const void *bytes, size_t size, sg_error *error) {
    Module *module;
    sgi_load_module(engine, (Bytes){bytes, size}, &module, error);
    return module;
}

void sg_module_delete(sg_module *module) {
    if (module)
        sgi_module_release(module);
}

bool sg_module_import(const sg_module *module, size_t index, sg_string *module_name, sg_string *name,
                      sg_extern_kind *kind) {
    if (index >= module->import_count)
        return false;
    const Import *import = &module->imports[index];
    *module_name = to_string(import->module);
    *name = to_string(import->name);
    *kind = (sg_extern_kind)import->kind;
    return true;
}

bool sg_module_export(const sg_module *module, size_t index, sg_string *name, sg_extern_kind *kind) {
    if (index >= module->export_count)
        return false;
    *name = to_string(module->exports[index].name);
    *kind = (sg_extern_kind)module->exports[index].kind;
    return true;
}

static size_t print_type(const Module *module, ExternKind kind, uint32_t index, char *buffer, size_t size) {
    Alloc alloc;
    Buf text;
    sgi_alloc_init(&alloc, module->alloc.fn, module->alloc.context, SIZE_MAX);
    sgi_buf_init(&text, &alloc);
    sgi_text_core_type(&text, module, kind, index);
    return copy_out(&text, buffer, size);
}

size_t sg_module_import_type(const sg_module *module, size_t index, char *buffer, size_t size) {
    if (index >= module->import_count)
        return 0;
    return print_type(module, module->imports[index].kind, module->imports[index].index, buffer, size);
}

size_t sg_module_export_type(const sg_module *module, size_t index, char *buffer, size_t size) {
    if (index >= module->export_count)
        return 0;
    return print_type(module, module->exports[index].kind, module->exports[index].index, buffer, size);
}

/* --- values --- */

/* `instance` gives concrete heap types their meaning; NULL for items of the host, which have abstract ones
 * only. */
static sg_core_kind kind_of(const Instance *instance, ValType type) {
    switch (sgi_kind(type)) {
    case KIND_I32: return SG_CORE_I32;
    case KIND_I64: return SG_CORE_I64;
    case KIND_F32: return SG_CORE_F32;
    case KIND_F64: return SG_CORE_F64;
    case KIND_V128: return SG_CORE_V128;
    default: break;
    }
    uint32_t heap = sgi_heap(type);
    switch (heap) {
    case HEAP_FUNC:
    case HEAP_NOFUNC: return SG_CORE_FUNCREF;
    case HEAP_EXTERN:
    case HEAP_NOEXTERN: return SG_CORE_EXTERNREF;
    case HEAP_EXN:
    case HEAP_NOEXN: return SG_CORE_EXNREF;
    default: break;
    }
    bool is_func = !sgi_is_abstract(heap) && instance && instance->types[heap].kind == COMP_FUNC;
    return is_func ? SG_CORE_FUNCREF : SG_CORE_ANYREF;
}

/* The greatest type of a kind; VAL_BOTTOM when nothing of the host's can have it. */
static ValType type_of(sg_core_kind kind) {
    switch (kind) {
    case SG_CORE_I32: return VAL_I32;
    case SG_CORE_I64: return VAL_I64;
    case SG_CORE_F32: return VAL_F32;
    case SG_CORE_F64: return VAL_F64;
    case SG_CORE_V128: return VAL_V128;
    case SG_CORE_FUNCREF: return VAL_FUNCREF;
    case SG_CORE_EXTERNREF: return VAL_EXTERNREF;
    case SG_CORE_ANYREF: return sgi_ref(true, HEAP_ANY);
    case SG_CORE_EXNREF: return sgi_ref(true, HEAP_EXN);
    default: return VAL_BOTTOM;
    }
}

static size_t slots_of(sg_core_kind kind) {
    return kind == SG_CORE_V128 ? 2 : 1;
}

/* Both unions begin with the value's bytes, so that NaNs keep theirs. These return what follows in the slots.
 */
static Slot *put_value(Slot *slots, const sg_core_value *value) {
    size_t count = slots_of(value->kind);
    memcpy(slots, &value->of, count * sizeof *slots);
    return slots + count;
}

static const Slot *take_value(const Slot *slots, sg_core_kind kind, sg_core_value *value) {
    size_t count = slots_of(kind);
    *value = (sg_core_value){.kind = kind};
    memcpy(&value->of, slots, count * sizeof *slots);
    return slots + count;
}

/* The value that the host gets: what it refers to stays. NULL: no memory. */
static const Slot *give_value(Store *store, const Slot *slots, sg_core_kind kind, sg_core_value *value) {
    const Slot *next = take_value(slots, kind, value);
    bool is_kept = kind < SG_CORE_FUNCREF || sgi_store_pin(store, value->of.ref);
    return is_kept ? next : NULL;
}

/* Is `value` of the type `type` as `instance` writes it? Functions of other stores are refused. */
static bool fits(const Store *store, const Instance *instance, ValType type, const sg_core_value *value) {
    if (value->kind != kind_of(instance, type))
        return false;
    if (!sgi_is_ref(type))
        return true;
    uint32_t heap = sgi_heap(type);
    const Rtt *rtt = instance && !sgi_is_abstract(heap) ? instance->types[heap].rtt : NULL;
    return sgi_reference_fits(store, type, rtt, value);
}

/* --- instances --- */

/* Does the item belong to `store`? */
static bool is_of_store(const Store *store, const sg_extern *item) {
    switch (item->kind) {
    case SG_EXTERN_FUNC: return item->of.func == NULL || item->of.func->store == store;
    case SG_EXTERN_TABLE: return item->of.table == NULL || item->of.table->store == store;
    case SG_EXTERN_MEMORY: return item->of.memory == NULL || item->of.memory->store == store;
    case SG_EXTERN_GLOBAL: return item->of.global == NULL || item->of.global->store == store;
    case SG_EXTERN_TAG: return item->of.tag == NULL || item->of.tag->store == store;
    default: return false;
    }
}

static Extern to_extern(const sg_extern *item) {
    Extern result = {.kind = (ExternKind)item->kind};
    switch (item->kind) {
    case SG_EXTERN_FUNC: result.as.func = item->of.func; break;
    case SG_EXTERN_TABLE: result.as.table = item->of.table; break;
    case SG_EXTERN_MEMORY: result.as.memory = item->of.memory; break;
    case SG_EXTERN_GLOBAL: result.as.global = item->of.global; break;
    default: result.as.tag = item->of.tag; break;
    }
    return result;
}

sg_core_instance *sg_core_instance_new(sg_store *store, const sg_module *module, const sg_extern *imports,
                                       size_t import_count, sg_error *error) {
    if (module->engine != store->engine) {
        sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "module and store belong to different engines", "%s", "");
        return NULL;
    }
    if (import_count > module->import_count)
        import_count = module->import_count;
    size_t size = import_count * sizeof(Extern);
    Extern *externs = sgi_alloc(&store->alloc, size);
    if (externs == NULL) {
        sgi_store_no_memory(store, error);
        return NULL;
    }
    sg_status status = SG_OK;
    for (size_t i = 0; i < import_count && status == SG_OK; i++) {
        externs[i] = to_extern(&imports[i]);
        if (!is_of_store(store, &imports[i]))
            status = sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "import belongs to another store", "%s", "");
    }
    Instance *instance = NULL;
    if (status == SG_OK)
        sgi_instantiate(store, (Module *)(uintptr_t)module, externs, (uint32_t)import_count, &instance,
                        error);
    sgi_free(&store->alloc, externs, size);
    return instance;
}

sg_status sg_core_instance_find(sg_core_instance *instance, const char *name, size_t name_size,
                                sg_extern *item, sg_error *error) {
    Extern found;
    if (!sgi_instance_export(instance, (Bytes){(const uint8_t *)name, name_size}, &found))
        return sgi_fail(error, SG_NOT_FOUND, SG_NO_OFFSET, "unknown export", "\"%.*s\"", (int)name_size,
                        name);
    item->kind = (sg_extern_kind)found.kind;
    switch (found.kind) {
    case EXTERN_FUNC: item->of.func = found.as.func; break;
    case EXTERN_TABLE: item->of.table = found.as.table; break;
    case EXTERN_MEMORY: item->of.memory = found.as.memory; break;
    case EXTERN_GLOBAL: item->of.global = found.as.global; break;
    default: item->of.tag = found.as.tag; break;
    }
    return SG_OK;
}

/* --- functions --- */

size_t sg_core_func_param_count(const sg_core_func *func) {
    return func->type->param_count;
}

size_t sg_core_func_result_count(const sg_core_func *func) {
    return func->type->result_count;
}

sg_core_kind sg_core_func_param(const sg_core_func *func, size_t index) {
    return kind_of(func->instance, func->type->params[index]);
}

sg_core_kind sg_core_func_result(const sg_core_func *func, size_t index) {
    return kind_of(func->instance, func->type->results[index]);
}

/* Calls of usual size take their slots and values from the C stack. */
enum { FEW = 16 };

static sg_status check_arguments(const FuncInst *func, const sg_core_value *arguments, size_t argument_count,
                                 size_t result_count, sg_error *error) {
    const FuncType *type = func->type;
    if (argument_count != type->param_count || result_count != type->result_count)
        return sgi_fail(error, SG_BAD_VALUE, SG_NO_OFFSET, "wrong number of arguments or results",
                        "the function takes %" PRIu32 " and gives %" PRIu32, type->param_count,
                        type->result_count);
    for (size_t i = 0; i < argument_count; i++)
        if (!fits(func->store, func->instance, type->params[i], &arguments[i]))
            return sgi_fail(error, SG_BAD_VALUE, SG_NO_OFFSET, "argument of another type", "argument %zu", i);
    return SG_OK;
}

sg_status sg_core_func_call(sg_core_func *func, const sg_core_value *arguments, size_t argument_count,
                            sg_core_value *results, size_t result_count, sg_error *error) {
    SGI_TRY(check_arguments(func, arguments, argument_count, result_count, error));
    Store *store = func->store;
    Slot few[FEW], *slots = few;
    const FuncType *type = func->type;
    size_t count = type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
    if (count > FEW) {
        slots = sgi_alloc(&store->alloc, count * sizeof *slots);
        if (slots == NULL)
            return sgi_store_no_memory(store, error);
    }
    Slot *end = slots;
    for (size_t i = 0; i < argument_count; i++)
        end = put_value(end, &arguments[i]);
    CallScope scope;
    sg_status status = sgi_call_begin(store, &scope, error);
    if (status == SG_OK)
        status = sgi_call_end(store, &scope, sgi_func_call(store, func, slots, error), error);
    const Slot *at = slots;
    for (size_t i = 0; i < result_count && status == SG_OK; i++) {
        at = give_value(store, at, kind_of(func->instance, func->type->results[i]), &results[i]);
        if (at == NULL)
            status = sgi_store_no_memory(store, error);
    }
    if (slots != few)
        sgi_free(&store->alloc, slots, count * sizeof *slots);
    return status;
}

/* What a host function was made with; in the store's arena, with its type. */
typedef struct HostContext {
    sg_core_host_fn *function;
    void *context;
    void (*finalize)(void *context);
    FuncType type;
} HostContext;

static void host_finalize(void *context) {
    HostContext *host = context;
    if (host->finalize)
        host->finalize(host->context);
}

static sg_status call_host(Store *store, const HostContext *host, Slot *slots, sg_core_value *values,
                           sg_error *error) {
    const FuncType *type = &host->type;
    sg_core_value *results = values + type->param_count;
    size_t pins = store->pins.count;
    const Slot *at = slots;
    for (uint32_t i = 0; i < type->param_count; i++) {
        at = give_value(store, at, kind_of(NULL, type->params[i]), &values[i]);
        if (at == NULL)
            return sgi_store_no_memory(store, error);
    }
    for (uint32_t i = 0; i < type->result_count; i++)
        results[i] = (sg_core_value){.kind = kind_of(NULL, type->results[i])};
    struct sg_call call = {store};
    /* Core results hold no memory: what the function took goes back at once, or a guest's loop would use it
     * up. */
    ArenaMark mark = sgi_arena_mark(&store->call_arena);
    sg_status status =
        host->function(host->context, &call, values, type->param_count, results, type->result_count, error);
    sgi_arena_release(&store->call_arena, mark);
    sgi_store_unpin(store, pins);
    SGI_TRY(status);
    for (uint32_t i = 0; i < type->result_count; i++) {
        if (!fits(store, NULL, type->results[i], &results[i]))
            return sgi_fail(error, SG_BAD_VALUE, SG_NO_OFFSET, "host function gave a result of another type",
                            "result %" PRIu32, i);
        slots = put_value(slots, &results[i]);
    }
    return SG_OK;
}

static sg_trap host_entry(void *context, ExecContext *cx, FuncInst *func, Slot *slots) {
    (void)func;
    Store *store = cx->store;
    const HostContext *host = context;
    sg_core_value few[FEW], *values = few;
    size_t count = (size_t)host->type.param_count + host->type.result_count;
    /* Not all of it: this is on the way of every call of the host. */
    sg_error error;
    error.trap = SG_TRAP_NONE;
    error.offset = SG_NO_OFFSET;
    error.line = error.column = 0;
    error.message[0] = error.detail[0] = '\0';
    sg_status status = SG_OK;
    if (count > FEW && (values = sgi_alloc(&store->alloc, count * sizeof *values)) == NULL)
        status = sgi_store_no_memory(store, &error);
    else
        status = call_host(store, host, slots, values, &error);
    if (values != few)
        sgi_free(&store->alloc, values, count * sizeof *values);
    if (status == SG_OK)
        return SG_TRAP_NONE;
    /* The guest sees a trap whatever the host says; its words are kept. */
    if (status != SG_TRAP || error.trap == SG_TRAP_NONE)
        error.trap = SG_TRAP_HOST_FUNCTION;
    error.status = SG_TRAP;
    if (error.message[0] == '\0')
        snprintf(error.message, sizeof error.message, "%s", sg_trap_message(error.trap));
    return sgi_host_failed(store, &error);
}

static sg_status make_types(Store *store, const sg_core_kind *kinds, size_t count, const ValType **types,
                            sg_error *error) {
    ValType *made = sgi_arena_array(&store->arena, count, sizeof *made);
    if (made == NULL)
        return sgi_store_no_memory(store, error);
    for (size_t i = 0; i < count; i++)
        if ((made[i] = type_of(kinds[i])) == VAL_BOTTOM)
            return sgi_fail(error, SG_UNSUPPORTED, SG_NO_OFFSET, "host items cannot have this type", "%s",
                            "");
    *types = made;
    return SG_OK;
}

sg_core_func *sg_core_func_new(sg_store *store, const sg_core_kind *params, size_t param_count,
                               const sg_core_kind *results, size_t result_count, sg_core_host_fn *function,
                               void *context, void (*finalize)(void *context), sg_error *error) {
    if (sgi_limit_check(LIMIT_ID_PARAMS, param_count, SG_NO_OFFSET, error) != SG_OK ||
        sgi_limit_check(LIMIT_ID_RESULTS, result_count, SG_NO_OFFSET, error) != SG_OK)
        return NULL;
    HostContext *host = sgi_store_alloc(store, sizeof *host);
    if (host == NULL) {
        sgi_store_no_memory(store, error);
        return NULL;
    }
    *host = (HostContext){.function = function, .context = context, .finalize = finalize};
    const ValType *param_types = NULL, *result_types = NULL;
    if (make_types(store, params, param_count, &param_types, error) != SG_OK ||
        make_types(store, results, result_count, &result_types, error) != SG_OK)
        return NULL;
    host->type = sgi_func_type(param_types, (uint32_t)param_count, result_types, (uint32_t)result_count);
    return sgi_host_func_new(store, &host->type, host_entry, host, host_finalize, error);
}

static sg_trap trap_unknown_import(void *context, ExecContext *cx, FuncInst *func, Slot *slots) {
    (void)context, (void)cx, (void)func, (void)slots;
    return SG_TRAP_UNKNOWN_IMPORT;
}

static bool has_concrete(const ValType *types, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (sgi_is_ref(types[i]) && !sgi_is_abstract(sgi_heap(types[i])))
            return true;
    return false;
}

static void release_module(void *context) {
    sgi_module_release(context);
}

sg_status sg_module_import_trap(sg_store *store, const sg_module *module, size_t index, sg_extern *item,
                                sg_error *error) {
    if (module->engine != store->engine) /* types have other numbers there */
        return sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "module and store belong to different engines", "%s",
                        "");
    if (index >= module->import_count)
        return sgi_fail(error, SG_NOT_FOUND, SG_NO_OFFSET, "unknown import", "import %zu", index);
    const Import *import = &module->imports[index];
    if (import->kind != EXTERN_FUNC)
        return sgi_fail(error, SG_UNLINKABLE, SG_NO_OFFSET, "unknown import", "\"%.*s\" \"%.*s\"",
                        (int)import->module.size, import->module.data, (int)import->name.size,
                        import->name.data);
    const SubType *sub = &module->types[module->funcs[import->index]];
    const FuncType *type = &sub->as.func;
    if (has_concrete(type->params, type->param_count) || has_concrete(type->results, type->result_count))
        return sgi_fail(error, SG_UNSUPPORTED, SG_NO_OFFSET, "host items cannot have this type", "%s", "");
    item->kind = SG_EXTERN_FUNC;
    item->of.func =
        sgi_host_func_new(store, type, trap_unknown_import, (Module *)module, release_module, error);
    if (item->of.func == NULL)
        return error ? error->status : SG_NO_MEMORY;
    sgi_module_retain((Module *)module);
    /* It may be one of a larger recursion group. */
    sgi_host_func_set_type(item->of.func, sub->id);
    return SG_OK;
}

/* --- memories, tables, globals, tags --- */

static Limits make_limits(uint64_t minimum, uint64_t maximum, bool is_64) {
    return (Limits){.min = minimum, .max = maximum, .has_max = maximum != SG_UNLIMITED, .is_64 = is_64};
}

static bool memory_limits(const sg_core_memory_type *type, Limits *limits, sg_error *error) {
    *limits = make_limits(type->minimum, type->maximum, type->is_64);
    limits->has_page_size = type->has_byte_pages; /* whose logarithm is 0 */
    limits->is_shared = type->is_shared;
    if (!type->is_shared || limits->has_max)
        return true;
    sgi_fail(error, SG_BAD_VALUE, SG_NO_OFFSET, "shared memory must have maximum", "%s", "");
    return false;
}

sg_core_memory *sg_core_memory_new(sg_store *store, const sg_core_memory_type *type, sg_error *error) {
    Limits limits;
    return memory_limits(type, &limits, error) ? sgi_memory_new(store, &limits, error) : NULL;
}

sg_shared_memory *sg_shared_memory_new(sg_engine *engine, const sg_core_memory_type *type, sg_error *error) {
    sg_core_memory_type shared = *type;
    Limits limits;
    shared.is_shared = true;
    return memory_limits(&shared, &limits, error) ? sgi_shared_new(engine, &limits, error) : NULL;
}

sg_shared_memory *sg_core_memory_shared(sg_core_memory *memory) {
    if (memory->shared)
        sgi_shared_retain(memory->shared);
    return memory->shared;
}

sg_core_memory *sg_core_memory_of_shared(sg_store *store, sg_shared_memory *shared, sg_error *error) {
    if (shared->engine == store->engine)
        return sgi_memory_of_shared(store, shared, error);
    sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "memory and store belong to different engines", "%s", "");
    return NULL;
}

uint8_t *sg_shared_memory_data(sg_shared_memory *shared, size_t *size) {
    *size = (size_t)atomic_load_explicit(&shared->size, memory_order_acquire);
    return shared->base;
}

void sg_shared_memory_delete(sg_shared_memory *shared) {
    if (shared)
        sgi_shared_release(shared);
}

sg_core_table *sg_core_table_new(sg_store *store, const sg_core_table_type *type, sg_error *error) {
    TableType table = {.element = type_of(type->element),
                       .limits = make_limits(type->minimum, type->maximum, type->is_64)};
    if (sgi_is_ref(table.element))
        return sgi_table_new(store, &table, NULL, error);
    sgi_fail(error, SG_BAD_VALUE, SG_NO_OFFSET, "a table's elements are references", "%s", "");
    return NULL;
}

sg_core_global *sg_core_global_new(sg_store *store, sg_core_value value, bool mutable_, sg_error *error) {
    GlobalType type = {.type = type_of(value.kind), .mutable_ = mutable_};
    if (type.type != VAL_BOTTOM && fits(store, NULL, type.type, &value)) {
        Slot slots[2];
        put_value(slots, &value);
        return sgi_global_new(store, type, slots, error);
    }
    sgi_fail(error, SG_BAD_VALUE, SG_NO_OFFSET, "not a value of the host's", "%s", "");
    return NULL;
}

sg_core_tag *sg_core_tag_new(sg_store *store, const sg_core_kind *params, size_t param_count,
                             sg_error *error) {
    if (sgi_limit_check(LIMIT_ID_PARAMS, param_count, SG_NO_OFFSET, error) != SG_OK)
        return NULL;
    FuncType *type = sgi_store_alloc(store, sizeof *type);
    if (type == NULL) {
        sgi_store_no_memory(store, error);
        return NULL;
    }
    const ValType *types = NULL;
    if (make_types(store, params, param_count, &types, error) != SG_OK)
        return NULL;
    *type = sgi_func_type(types, (uint32_t)param_count, NULL, 0);
    return sgi_tag_new(store, type, error);
}

/* A global's type is canonical: concrete heap types are ids of the registry. */
static sg_core_kind global_kind(const GlobalInst *global) {
    uint32_t heap = sgi_heap(global->type.type);
    if (!sgi_is_ref(global->type.type) || sgi_is_abstract(heap))
        return kind_of(NULL, global->type.type);
    return sgi_types_kind(global->store->engine->types, heap) == COMP_FUNC ? SG_CORE_FUNCREF : SG_CORE_ANYREF;
}

sg_core_value sg_core_global_get(const sg_core_global *global) {
    Slot slots[2] = {global->value, global->high};
    sg_core_value value;
    if (give_value(global->store, slots, global_kind(global), &value) == NULL)
        value.of.ref = NULL;
    return value;
}

sg_status sg_core_global_set(sg_core_global *global, sg_core_value value, sg_error *error) {
    if (!global->type.mutable_)
        return sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "global is immutable", "%s", "");
    ValType type = global->type.type;
    uint32_t heap = sgi_heap(type);
    const Rtt *rtt =
        sgi_is_ref(type) && !sgi_is_abstract(heap) ? sgi_types_rtt(global->store->engine->types, heap) : NULL;
    bool good = value.kind == global_kind(global) &&
                (!sgi_is_ref(type) || sgi_reference_fits(global->store, type, rtt, &value));
    if (!good)
        return sgi_fail(error, SG_BAD_VALUE, SG_NO_OFFSET, "value of another type", "%s", "");
    Slot slots[2] = {{0}, {0}};
    put_value(slots, &value);
    global->value = slots[0];
    global->high = slots[1];
    return SG_OK;
}

uint8_t *sg_core_memory_data(sg_core_memory *memory, size_t *size) {
    *size = (size_t)sgi_memory_size(memory);
    return memory->base;
}

uint64_t sg_core_table_size(const sg_core_table *table) {
    return table->size;
}
