/* A core module with canonical names, and a world → a component of that world's type (less the imports that
 * the module has no use for).
 *
 *   1. What each core import and export stands for; which of the world's types and functions are in use.
 *   2. Imports.
 *   3. The shim, if something must be called before it can be made; resource types; functions for the core
 *      module's imports; its instance; memory; the rest of the functions, put behind the shim.
 *   4. Exports (lift.c). */
#include "compose/componentize.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PREVIEW1_MODULE "wasi_snapshot_preview1"

sg_status sgi_maker_fail(const Maker *m, const char *message, const char *detail, ...) {
    char text[sizeof m->cx->err->detail];
    va_list args;
    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    return sgi_fail(m->cx->err, SG_UNLINKABLE, SG_NO_OFFSET, message, "%s", text);
}

/* ---- core types ---- */

static bool same_types(const ValType *a, uint32_t a_count, const ValType *b, uint32_t b_count) {
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

static void print_types(Buf *text, const ValType *types, uint32_t count) {
    sgi_buf_byte(text, '[');
    for (uint32_t i = 0; i < count; i++) {
        static const char *const names[] = {"f64", "f32", "i64", "i32"};
        bool is_number = sgi_is_num(types[i]);
        sgi_buf_text(text, i ? " " : "");
        sgi_buf_text(text, is_number ? names[types[i] - KIND_F64] : "another type");
    }
    sgi_buf_byte(text, ']');
}

static void print_signature(Buf *text, const FuncType *type) {
    print_types(text, type->params, type->param_count);
    sgi_buf_text(text, " -> ");
    print_types(text, type->results, type->result_count);
}

sg_status sgi_maker_check(const Maker *m, uint32_t index, FuncType wanted, const char *what, Bytes name) {
    const FuncType *given = sgi_module_func_type(m->core->module, index);
    if (same_types(given->params, given->param_count, wanted.params, wanted.param_count) &&
        same_types(given->results, given->result_count, wanted.results, wanted.result_count))
        return SG_OK;
    Buf text;
    sgi_buf_init(&text, m->cx->alloc);
    sgi_buf_text(&text, "expected ");
    print_signature(&text, &wanted);
    sgi_buf_text(&text, ", found ");
    print_signature(&text, given);
    sg_status status =
        text.failed ? sgi_load_no_memory(m->cx)
                    : sgi_maker_fail(m, "wrong core signature", "%s `%.*s`: %.*s", what, (int)name.size,
                                     (const char *)name.data, (int)text.size, (const char *)text.data);
    sgi_buf_free(&text);
    return status;
}

/* ---- what the core module imports ---- */

static sg_status keep(Maker *m, const void *node) {
    return sgi_ptrs_put(&m->live, node, node) ? SG_OK : sgi_load_no_memory(m->cx);
}

static sg_status add_slot(Maker *m, const ShimFunc *slot, uint32_t *index) {
    *index = (uint32_t)m->slots.count;
    return sgi_vec_push(m->cx->alloc, &m->slots, *slot) ? SG_OK : sgi_load_no_memory(m->cx);
}

static sg_status check_import(const Maker *m, const CoreImport *core, ShimFunc *slot) {
    if (core->meaning.role == ROLE_FUNC) {
        sgi_abi_signature(core->meaning.item->type.as.func, true, slot);
    } else {
        slot->params[0] = slot->results[0] = VAL_I32;
        slot->param_count = 1;
        slot->result_count = core->meaning.role != ROLE_DROP;
    }
    FuncType wanted = sgi_func_type(slot->params, slot->param_count, slot->results, slot->result_count);
    return sgi_maker_check(m, core->import->index, wanted, "core import", core->import->name);
}

static sg_status push_import(Maker *m, const CoreImport *core) {
    return sgi_vec_push(m->cx->alloc, &m->core->imports, *core) ? SG_OK : sgi_load_no_memory(m->cx);
}

/* One of the functions of preview 1. */
static sg_status survey_adapted(Maker *m, CoreImport *core) {
    const Module *adapter = m->adapter.module;
    const uint32_t *found = sgi_map_get(&adapter->export_map, core->import->name);
    if (found == NULL || adapter->exports[*found].kind != EXTERN_FUNC)
        return sgi_maker_fail(m, "preview 1 has no such function", "`%.*s`", (int)core->import->name.size,
                              (const char *)core->import->name.data);
    core->source = FROM_ADAPTER;
    SGI_TRY(sgi_maker_check(m, core->import->index,
                            *sgi_module_func_type(adapter, adapter->exports[*found].index), "core import",
                            core->import->name));
    return push_import(m, core);
}

/* "get", "put" and "_start", which exist when the program does. */
static sg_status survey_reaching(Maker *m, CoreImport *core) {
    const FuncType *type = sgi_module_func_type(m->core->module, core->import->index);
    ShimFunc slot = {.param_count = type->param_count};
    for (uint32_t i = 0; i < type->param_count; i++)
        slot.params[i] = type->params[i];
    core->source = FROM_PROGRAM;
    SGI_TRY(add_slot(m, &slot, &core->slot));
    return push_import(m, core);
}

static sg_status survey_import(Maker *m, const Import *import, Bytes name) {
    CoreImport core = {.import = import, .name = name, .slot = NO_INDEX};
    ShimFunc slot = {.param_count = 0};
    bool is_func = import->kind == EXTERN_FUNC;
    if (is_func && m->core == &m->program && m->adapter.module &&
        sgi_bytes_is(import->module, PREVIEW1_MODULE))
        return survey_adapted(m, &core);
    if (is_func && m->core == &m->adapter && sgi_bytes_is(import->module, "program"))
        return survey_reaching(m, &core);
    if (!is_func || !sgi_name_meaning(m->core->world, import->module, import->name, &core.meaning))
        return sgi_maker_fail(m, "the world has no such import", "module \"%.*s\", name \"%.*s\"",
                              (int)import->module.size, (const char *)import->module.data,
                              (int)import->name.size, (const char *)import->name.data);
    SGI_TRY(check_import(m, &core, &slot));
    const NamedExtern *item = core.meaning.item;
    if (core.meaning.role == ROLE_FUNC) {
        SGI_TRY(keep(m, item));
        SGI_TRY(sgi_live_func(m->cx, &m->live, item->type.as.func));
        if (sgi_abi_needs(item->type.as.func, true).memory)
            SGI_TRY(add_slot(m, &slot, &core.slot));
    } else if (!core.meaning.is_export) {
        SGI_TRY(keep(m, item->type.as.type.type.name));
        SGI_TRY(keep(m, item->type.as.type.type.as.resource));
    }
    return push_import(m, &core);
}

/* Both names as one key; the other one with a number, except 0. */
static sg_status import_key(Maker *m, const Import *import, uint32_t number, Bytes *key) {
    char suffix[16];
    size_t size, more = number ? (size_t)snprintf(suffix, sizeof suffix, " [%u]", (unsigned)number) : 0;
    uint8_t *both = sgi_add(import->module.size, import->name.size, &size) && sgi_add(size, more + 1, &size)
                        ? sgi_arena_alloc(&m->arena, size)
                        : NULL;
    if (both == NULL)
        return sgi_load_no_memory(m->cx);
    *key = (Bytes){both, size};
    if (import->module.size)
        memcpy(both, import->module.data, import->module.size);
    if (import->name.size)
        memcpy(both + import->module.size + 1, import->name.data, import->name.size);
    if (more)
        memcpy(both + size - more, suffix, more);
    return SG_OK;
}

/* What stands there twice, as it does in what Go links, gets another name; `seen` has the last number of
 * each. */
static sg_status survey_named(Maker *m, const Import *import, Map *seen) {
    Bytes first, key;
    SGI_TRY(import_key(m, import, 0, &first));
    key = first;
    uint32_t number = 0;
    MapPut put;
    while ((put = sgi_map_put(seen, key, 1)) == MAP_EXISTS) {
        SGI_TRY(sgi_load_poll(m->cx));
        number = number ? number + 1 : *sgi_map_get(seen, first) + 1;
        SGI_TRY(import_key(m, import, number, &key));
    }
    if (put == MAP_NO_MEMORY)
        return sgi_load_no_memory(m->cx);
    if (number) {
        *sgi_map_get(seen, first) = number;
        m->core->has_repeats = true;
    }
    size_t before = import->module.size + 1;
    return survey_import(m, import, (Bytes){key.data + before, key.size - before});
}

static sg_status survey_imports(Maker *m) {
    Map seen;
    sgi_map_init(&seen, m->cx->alloc);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < m->core->module->import_count && status == SG_OK; i++) {
        status = sgi_load_poll(m->cx);
        if (status == SG_OK)
            status = survey_named(m, &m->core->module->imports[i], &seen);
    }
    sgi_map_free(&seen);
    return status;
}

/* ---- what the core module is given ---- */

/* What the worlds of the program and of its adapter share is imported once. */
static sg_status import_all(Maker *m) {
    const ComponentType *worlds[] = {m->program.world, m->adapter.world};
    for (int w = 0; w < 2 && worlds[w]; w++)
        for (uint32_t i = 0; i < worlds[w]->import_count; i++) {
            const NamedExtern *item = &worlds[w]->imports[i];
            uint32_t group;
            if (!sgi_live_extern(&m->live, item))
                continue;
            SGI_TRY(sgi_merge_add(&m->merge, item, &group));
            if (!sgi_ptrs_put(&m->placed, item, (const void *)((uintptr_t)group + 1)))
                return sgi_load_no_memory(m->cx);
        }
    return sgi_merge_declare(&m->merge);
}

static uint32_t placed_index(const Maker *m, const NamedExtern *item) {
    return m->merge.groups.items[(uintptr_t)sgi_ptrs_get(&m->placed, item) - 1].index;
}

/* A core function that calls an import. */
static sg_status lower(Maker *m, CoreImport *core) {
    const CoreMeaning *meaning = &core->meaning;
    AbiNeeds needs = sgi_abi_needs(meaning->item->type.as.func, true);
    uint32_t func = placed_index(m, meaning->instance ? meaning->instance : meaning->item);
    if (meaning->instance)
        func = sgi_writer_alias_export(&m->root, SORT_FUNC, func, meaning->item->name);
    if (needs.memory && m->core->memory == NO_INDEX)
        return sgi_maker_fail(m, "no memory exported", "import `%.*s` needs one",
                              (int)meaning->item->name.size, (const char *)meaning->item->name.data);
    if (needs.realloc && m->core->realloc == NO_INDEX)
        return sgi_maker_fail(m, "no cabi_realloc exported", "import `%.*s` needs one",
                              (int)meaning->item->name.size, (const char *)meaning->item->name.data);
    Buf *out = sgi_writer_item(&m->root, SECTION_CANON);
    sgi_buf_put(out, "\x01\x00", 2);
    sgi_buf_leb_u(out, func);
    sgi_writer_options(out, needs.memory ? m->core->memory : NO_INDEX,
                       needs.realloc ? m->core->realloc : NO_INDEX, NO_INDEX);
    core->core_func = m->root.core_funcs++;
    return SG_OK;
}

static sg_status make_builtin(Maker *m, CoreImport *core) {
    static const uint8_t opcodes[] = {[ROLE_NEW] = 0x02, [ROLE_DROP] = 0x03, [ROLE_REP] = 0x04};
    const CompType *type = &core->meaning.item->type.as.type.type;
    uint32_t index;
    SGI_TRY(sgi_writer_resource(&m->root, type->name, type->as.resource, &index));
    Buf *out = sgi_writer_item(&m->root, SECTION_CANON);
    sgi_buf_byte(out, opcodes[core->meaning.role]);
    sgi_buf_leb_u(out, index);
    core->core_func = m->root.core_funcs++;
    return SG_OK;
}

static sg_status slot_name(Maker *m, uint32_t slot, Bytes *name) {
    char text[16];
    name->size = (size_t)snprintf(text, sizeof text, "%u", (unsigned)slot);
    name->data = sgi_arena_copy(&m->arena, text, name->size);
    return name->data ? SG_OK : sgi_load_no_memory(m->cx);
}

static sg_status alias_slot(Maker *m, uint32_t slot, uint32_t *core_func) {
    Bytes name;
    SGI_TRY(slot_name(m, slot, &name));
    *core_func = sgi_writer_alias_core(&m->root, SORT_CORE_FUNC, m->shim, name);
    return SG_OK;
}

/* The resource types that the world exports; other types wait until they are exported. */
static sg_status define_resources(Maker *m) {
    for (size_t i = 0; i < m->destructors.count; i++) {
        const Destructor *destructor = &m->destructors.items[i];
        uint32_t core_func = 0;
        if (destructor->export_)
            SGI_TRY(alias_slot(m, destructor->slot, &core_func));
        Buf *out = sgi_writer_item(&m->root, SECTION_TYPE);
        sgi_buf_put(out, "\x3f\x7f", 2);
        sgi_buf_byte(out, destructor->export_ != NULL);
        if (destructor->export_)
            sgi_buf_leb_u(out, core_func);
        SGI_TRY(sgi_writer_bind(&m->root, destructor->resource, m->root.types++));
    }
    return SG_OK;
}

/* An instance for each module that the core module imports from. */
static sg_status bundle_imports(Maker *m, Args *bundle, Args *instances) {
    Alloc *alloc = m->cx->alloc;
    Map done;
    sgi_map_init(&done, alloc);
    bool ok = true;
    for (size_t i = 0; i < m->core->imports.count && ok; i++) {
        Bytes module = m->core->imports.items[i].import->module;
        MapPut put = sgi_map_put(&done, module, 0);
        ok = put != MAP_NO_MEMORY;
        if (put != MAP_ADDED)
            continue;
        bundle->count = 0;
        for (size_t j = i; j < m->core->imports.count && ok; j++) {
            const CoreImport *core = &m->core->imports.items[j];
            Arg arg = {core->name, SORT_CORE_FUNC, core->core_func};
            if (sgi_bytes_equal(core->import->module, module))
                ok = sgi_vec_push(alloc, bundle, arg);
        }
        Arg instance = {module, SORT_CORE_INSTANCE,
                        sgi_writer_core_bundle(&m->root, bundle->items, bundle->count)};
        ok = ok && sgi_vec_push(alloc, instances, instance);
    }
    sgi_map_free(&done);
    return ok ? SG_OK : sgi_load_no_memory(m->cx);
}

static sg_status instantiate_core(Maker *m, uint32_t module) {
    for (size_t i = 0; i < m->core->imports.count; i++) {
        CoreImport *core = &m->core->imports.items[i];
        if (core->slot != NO_INDEX)
            SGI_TRY(alias_slot(m, core->slot, &core->core_func));
        else if (core->source == FROM_ADAPTER)
            core->core_func =
                sgi_writer_alias_core(&m->root, SORT_CORE_FUNC, m->adapter.instance, core->import->name);
        else
            SGI_TRY(core->meaning.role == ROLE_FUNC ? lower(m, core) : make_builtin(m, core));
    }
    Args bundle = {0}, instances = {0};
    sg_status status = bundle_imports(m, &bundle, &instances);
    if (status == SG_OK)
        m->core->instance = sgi_writer_core_instantiate(&m->root, module, instances.items, instances.count);
    sgi_vec_free(m->cx->alloc, &bundle);
    sgi_vec_free(m->cx->alloc, &instances);
    SGI_TRY(status);
    if (m->core->memory_export)
        m->core->memory = sgi_writer_alias_core(&m->root, SORT_CORE_MEMORY, m->core->instance,
                                                m->core->memory_export->name);
    if (m->core->realloc_export)
        m->core->realloc =
            sgi_writer_alias_core(&m->root, SORT_CORE_FUNC, m->core->instance, m->core->realloc_export->name);
    return SG_OK;
}

static sg_status push_slot(Maker *m, Args *args, uint32_t slot, uint32_t core_func) {
    Arg arg = {.sort = SORT_CORE_FUNC, .index = core_func};
    SGI_TRY(slot_name(m, slot, &arg.name));
    return sgi_vec_push(m->cx->alloc, args, arg) ? SG_OK : sgi_load_no_memory(m->cx);
}

/* What stands behind the slots of one core module's imports. */
static sg_status fill_imports(Maker *m, Core *of, Args *args) {
    m->core = of;
    for (size_t i = 0; i < of->imports.count; i++) {
        CoreImport *core = &of->imports.items[i];
        if (core->slot == NO_INDEX)
            continue;
        bool is_start = m->start && sgi_bytes_equal(core->import->name, m->start->name);
        if (core->source == FROM_PROGRAM)
            core->core_func = sgi_writer_alias_core(
                &m->root, SORT_CORE_FUNC, is_start ? m->program.instance : m->bridge, core->import->name);
        else
            SGI_TRY(lower(m, core));
        SGI_TRY(push_slot(m, args, core->slot, core->core_func));
    }
    return SG_OK;
}

/* What the module that fills the shim's table imports. */
static sg_status collect_fillers(Maker *m, Args *args) {
    Writer *root = &m->root;
    SGI_TRY(fill_imports(m, &m->adapter, args));
    SGI_TRY(fill_imports(m, &m->program, args));
    for (size_t i = 0; i < m->destructors.count; i++) {
        const Destructor *destructor = &m->destructors.items[i];
        if (destructor->export_)
            SGI_TRY(push_slot(
                m, args, destructor->slot,
                sgi_writer_alias_core(root, SORT_CORE_FUNC, m->program.instance, destructor->export_->name)));
    }
    Arg more[] = {{BYTES_OF("$imports"), SORT_CORE_TABLE, 0}, {BYTES_OF("initialize"), SORT_CORE_FUNC, 0}};
    bool are_there[] = {m->slots.count > 0, m->program.initialize_export != NULL};
    if (are_there[0])
        more[0].index = sgi_writer_alias_core(root, SORT_CORE_TABLE, m->shim, more[0].name);
    if (are_there[1])
        more[1].index = sgi_writer_alias_core(root, SORT_CORE_FUNC, m->program.instance,
                                              m->program.initialize_export->name);
    for (int i = 0; i < 2; i++)
        if (are_there[i] && !sgi_vec_push(m->cx->alloc, args, more[i]))
            return sgi_load_no_memory(m->cx);
    return SG_OK;
}

static sg_status fill_shim(Maker *m, uint32_t module) {
    Args args = {0};
    sg_status status = collect_fillers(m, &args);
    if (status == SG_OK) {
        Arg bundle = {
            {NULL, 0}, SORT_CORE_INSTANCE, sgi_writer_core_bundle(&m->root, args.items, args.count)};
        sgi_writer_core_instantiate(&m->root, module, &bundle, 1);
    }
    sgi_vec_free(m->cx->alloc, &args);
    return status;
}

/* The instance that copies between both memories. */
static sg_status instantiate_bridge(Maker *m, uint32_t module) {
    if (m->program.memory == NO_INDEX)
        return sgi_maker_fail(m, "no memory exported", "preview 1 needs one");
    Arg program = {BYTES_OF("memory"), SORT_CORE_MEMORY, m->program.memory};
    Arg args[] = {{BYTES_OF("program"), SORT_CORE_INSTANCE, sgi_writer_core_bundle(&m->root, &program, 1)},
                  {BYTES_OF("adapter"), SORT_CORE_INSTANCE, m->adapter.instance}};
    m->bridge = sgi_writer_core_instantiate(&m->root, module, args, 2);
    return SG_OK;
}

typedef struct CoreModules {
    uint32_t program, adapter, bridge, shim, fill;
} CoreModules;

static sg_status put_modules(Maker *m, CoreModules *modules) {
    Writer *root = &m->root;
    uint32_t count = (uint32_t)m->slots.count;
    Buf binary;
    sgi_buf_init(&binary, m->cx->alloc);
    if (m->program.has_repeats) {
        sgi_renamed_module(&m->program, &binary);
        modules->program = sgi_writer_core_module(root, (Bytes){binary.data, binary.size});
        binary.size = 0;
    } else {
        modules->program = sgi_writer_core_module(root, m->program.module->bytes);
    }
    if (m->adapter.module) {
        modules->adapter = sgi_writer_core_module(root, m->adapter.module->bytes);
        sgi_bridge_module(&binary);
        modules->bridge = sgi_writer_core_module(root, (Bytes){binary.data, binary.size});
        binary.size = 0;
    }
    if (count > 0) {
        sgi_shim_module(m->slots.items, count, &binary);
        modules->shim = sgi_writer_core_module(root, (Bytes){binary.data, binary.size});
        binary.size = 0;
    }
    if (count > 0 || m->program.initialize_export) {
        sgi_fill_module(m->slots.items, count, m->program.initialize_export != NULL, &binary);
        modules->fill = sgi_writer_core_module(root, (Bytes){binary.data, binary.size});
    }
    bool failed = binary.failed;
    sgi_buf_free(&binary);
    return failed ? sgi_load_no_memory(m->cx) : SG_OK;
}

static sg_status instantiate_all(Maker *m) {
    CoreModules modules = {0};
    SGI_TRY(put_modules(m, &modules));
    if (m->slots.count > 0)
        m->shim = sgi_writer_core_instantiate(&m->root, modules.shim, NULL, 0);
    SGI_TRY(define_resources(m));
    if (m->adapter.module) {
        m->core = &m->adapter;
        SGI_TRY(instantiate_core(m, modules.adapter));
    }
    m->core = &m->program;
    SGI_TRY(instantiate_core(m, modules.program));
    if (m->adapter.module)
        SGI_TRY(instantiate_bridge(m, modules.bridge));
    return m->slots.count > 0 || m->program.initialize_export ? fill_shim(m, modules.fill) : SG_OK;
}

/* ---- all of it ---- */

static sg_status make(Maker *m, Buf *binary) {
    Core *cores[] = {&m->program, &m->adapter};
    size_t core_count = m->adapter.module ? 2 : 1;
    const uint32_t *start = sgi_map_get(&m->program.module->export_map, BYTES_OF("_start"));
    m->start = start && core_count == 2 ? &m->program.module->exports[*start] : NULL;
    for (size_t i = 0; i < core_count; i++) {
        m->core = cores[i];
        SGI_TRY(survey_imports(m));
        SGI_TRY(sgi_maker_survey_exports(m));
    }
    for (size_t i = 0; i < m->destructors.count; i++) {
        Destructor *destructor = &m->destructors.items[i];
        ShimFunc slot = {.params = {VAL_I32}, .param_count = 1};
        if (destructor->export_)
            SGI_TRY(add_slot(m, &slot, &destructor->slot));
    }
    SGI_TRY(import_all(m));
    SGI_TRY(instantiate_all(m));
    for (size_t i = 0; i < core_count; i++) {
        m->core = cores[i];
        if (i == 0 || m->start)
            SGI_TRY(sgi_maker_export_all(m));
    }
    return sgi_writer_finish(&m->root, binary);
}

bool sgi_compose_needs_adapter(const Module *core) {
    for (uint32_t i = 0; i < core->import_count; i++)
        if (sgi_bytes_is(core->imports[i].module, PREVIEW1_MODULE))
            return true;
    return false;
}

sg_status sgi_componentize(const LoadContext *cx, const Module *core, const ComponentType *world,
                           const Adapter *adapter, Buf *binary) {
    static const ComponentType empty;
    Maker m = {
        .cx = cx,
        .program = {.module = core, .world = world ? world : &empty, .memory = NO_INDEX, .realloc = NO_INDEX},
        .adapter = {.memory = NO_INDEX, .realloc = NO_INDEX}};
    if (adapter) {
        m.adapter.module = adapter->module;
        m.adapter.world = adapter->world;
    }
    sgi_arena_init(&m.arena, cx->alloc);
    sgi_writer_init(&m.root, cx, &m.arena, WRITER_COMPONENT, NULL);
    sgi_ptrs_init(&m.live, cx->alloc);
    sgi_ptrs_init(&m.placed, cx->alloc);
    sgi_merge_init(&m.merge, &m.root, &m.live);
    sg_status status = make(&m, binary);
    sgi_vec_free(cx->alloc, &m.program.imports);
    sgi_vec_free(cx->alloc, &m.adapter.imports);
    sgi_vec_free(cx->alloc, &m.destructors);
    sgi_vec_free(cx->alloc, &m.slots);
    sgi_merge_free(&m.merge);
    sgi_ptrs_free(&m.placed);
    sgi_ptrs_free(&m.live);
    sgi_writer_free(&m.root);
    sgi_arena_free(&m.arena);
    return status;
}
