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
    const FuncType *given = sgi_module_func_type(m->core, index);
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

static sg_status survey_import(Maker *m, const Import *import) {
    CoreImport core = {.import = import, .slot = NO_INDEX};
    ShimFunc slot = {.param_count = 0};
    if (import->kind != EXTERN_FUNC ||
        !sgi_name_meaning(m->world, import->module, import->name, &core.meaning))
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
    return sgi_vec_push(m->cx->alloc, &m->imports, core) ? SG_OK : sgi_load_no_memory(m->cx);
}

/* Both names as one key. */
static sg_status import_key(Maker *m, const Import *import, Bytes *key) {
    size_t size;
    uint8_t *both = sgi_add(import->module.size, import->name.size, &size) && sgi_add(size, 1u, &size)
                        ? sgi_arena_alloc(&m->arena, size)
                        : NULL;
    if (both == NULL)
        return sgi_load_no_memory(m->cx);
    *key = (Bytes){both, size};
    if (import->module.size)
        memcpy(both, import->module.data, import->module.size);
    if (import->name.size)
        memcpy(both + import->module.size + 1, import->name.data, import->name.size);
    return SG_OK;
}

static sg_status survey_once(Maker *m, const Import *import, Map *seen) {
    Bytes key;
    SGI_TRY(sgi_load_poll(m->cx));
    SGI_TRY(import_key(m, import, &key));
    switch (sgi_map_put(seen, key, 0)) {
    case MAP_ADDED: return survey_import(m, import);
    case MAP_EXISTS: return SG_OK;
    case MAP_NO_MEMORY: break;
    }
    return sgi_load_no_memory(m->cx);
}

static sg_status survey_imports(Maker *m) {
    Map seen;
    sgi_map_init(&seen, m->cx->alloc);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < m->core->import_count && status == SG_OK; i++)
        status = survey_once(m, &m->core->imports[i], &seen);
    sgi_map_free(&seen);
    return status;
}

/* ---- what the core module is given ---- */

static sg_status import_all(Maker *m) {
    for (uint32_t i = 0; i < m->world->import_count; i++) {
        const NamedExtern *item = &m->world->imports[i];
        uint32_t index;
        if (!sgi_live_extern(&m->live, item))
            continue;
        SGI_TRY(sgi_writer_declare(&m->root, true, item, &m->live, &index));
        if (!sgi_ptrs_put(&m->placed, item, (const void *)((uintptr_t)index + 1)))
            return sgi_load_no_memory(m->cx);
    }
    return SG_OK;
}

static uint32_t placed_index(const Maker *m, const NamedExtern *item) {
    return (uint32_t)((uintptr_t)sgi_ptrs_get(&m->placed, item) - 1);
}

/* A core function that calls an import. */
static sg_status lower(Maker *m, CoreImport *core) {
    const CoreMeaning *meaning = &core->meaning;
    AbiNeeds needs = sgi_abi_needs(meaning->item->type.as.func, true);
    uint32_t func = placed_index(m, meaning->instance ? meaning->instance : meaning->item);
    if (meaning->instance)
        func = sgi_writer_alias_export(&m->root, SORT_FUNC, func, meaning->item->name);
    if (needs.memory && m->memory == NO_INDEX)
        return sgi_maker_fail(m, "no memory exported", "import `%.*s` needs one",
                              (int)meaning->item->name.size, (const char *)meaning->item->name.data);
    if (needs.realloc && m->realloc == NO_INDEX)
        return sgi_maker_fail(m, "no cabi_realloc exported", "import `%.*s` needs one",
                              (int)meaning->item->name.size, (const char *)meaning->item->name.data);
    Buf *out = sgi_writer_item(&m->root, SECTION_CANON);
    sgi_buf_put(out, "\x01\x00", 2);
    sgi_buf_leb_u(out, func);
    sgi_writer_options(out, needs.memory ? m->memory : NO_INDEX, needs.realloc ? m->realloc : NO_INDEX,
                       NO_INDEX);
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
    for (size_t i = 0; i < m->imports.count && ok; i++) {
        Bytes module = m->imports.items[i].import->module;
        MapPut put = sgi_map_put(&done, module, 0);
        ok = put != MAP_NO_MEMORY;
        if (put != MAP_ADDED)
            continue;
        bundle->count = 0;
        for (size_t j = i; j < m->imports.count && ok; j++) {
            const CoreImport *core = &m->imports.items[j];
            Arg arg = {core->import->name, SORT_CORE_FUNC, core->core_func};
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

static sg_status instantiate_main(Maker *m, uint32_t module) {
    for (size_t i = 0; i < m->imports.count; i++) {
        CoreImport *core = &m->imports.items[i];
        if (core->slot != NO_INDEX)
            SGI_TRY(alias_slot(m, core->slot, &core->core_func));
        else
            SGI_TRY(core->meaning.role == ROLE_FUNC ? lower(m, core) : make_builtin(m, core));
    }
    Args bundle = {0}, instances = {0};
    sg_status status = bundle_imports(m, &bundle, &instances);
    if (status == SG_OK)
        m->main = sgi_writer_core_instantiate(&m->root, module, instances.items, instances.count);
    sgi_vec_free(m->cx->alloc, &bundle);
    sgi_vec_free(m->cx->alloc, &instances);
    SGI_TRY(status);
    if (m->memory_export)
        m->memory = sgi_writer_alias_core(&m->root, SORT_CORE_MEMORY, m->main, m->memory_export->name);
    if (m->realloc_export)
        m->realloc = sgi_writer_alias_core(&m->root, SORT_CORE_FUNC, m->main, m->realloc_export->name);
    return SG_OK;
}

static sg_status push_slot(Maker *m, Args *args, uint32_t slot, uint32_t core_func) {
    Arg arg = {.sort = SORT_CORE_FUNC, .index = core_func};
    SGI_TRY(slot_name(m, slot, &arg.name));
    return sgi_vec_push(m->cx->alloc, args, arg) ? SG_OK : sgi_load_no_memory(m->cx);
}

/* What the module that fills the shim's table imports. */
static sg_status collect_fillers(Maker *m, Args *args) {
    for (size_t i = 0; i < m->imports.count; i++) {
        CoreImport *core = &m->imports.items[i];
        if (core->slot == NO_INDEX)
            continue;
        SGI_TRY(lower(m, core));
        SGI_TRY(push_slot(m, args, core->slot, core->core_func));
    }
    for (size_t i = 0; i < m->destructors.count; i++) {
        const Destructor *destructor = &m->destructors.items[i];
        if (destructor->export_)
            SGI_TRY(push_slot(
                m, args, destructor->slot,
                sgi_writer_alias_core(&m->root, SORT_CORE_FUNC, m->main, destructor->export_->name)));
    }
    Arg table = {BYTES_OF("$imports"), SORT_CORE_TABLE, 0},
        initialize = {BYTES_OF("initialize"), SORT_CORE_FUNC, 0};
    if (m->slots.count > 0) {
        table.index = sgi_writer_alias_core(&m->root, SORT_CORE_TABLE, m->shim, table.name);
        if (!sgi_vec_push(m->cx->alloc, args, table))
            return sgi_load_no_memory(m->cx);
    }
    if (m->initialize_export) {
        initialize.index =
            sgi_writer_alias_core(&m->root, SORT_CORE_FUNC, m->main, m->initialize_export->name);
        if (!sgi_vec_push(m->cx->alloc, args, initialize))
            return sgi_load_no_memory(m->cx);
    }
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

static sg_status instantiate_all(Maker *m) {
    Writer *root = &m->root;
    uint32_t count = (uint32_t)m->slots.count, main = sgi_writer_core_module(root, m->core->bytes), fill = 0;
    bool fills = count > 0 || m->initialize_export;
    Buf binary;
    sgi_buf_init(&binary, m->cx->alloc);
    if (count > 0) {
        sgi_shim_module(m->slots.items, count, &binary);
        uint32_t shim = sgi_writer_core_module(root, (Bytes){binary.data, binary.size});
        m->shim = sgi_writer_core_instantiate(root, shim, NULL, 0);
        binary.size = 0;
    }
    if (fills) {
        sgi_fill_module(m->slots.items, count, m->initialize_export != NULL, &binary);
        fill = sgi_writer_core_module(root, (Bytes){binary.data, binary.size});
    }
    bool failed = binary.failed;
    sgi_buf_free(&binary);
    if (failed)
        return sgi_load_no_memory(m->cx);
    SGI_TRY(define_resources(m));
    SGI_TRY(instantiate_main(m, main));
    return fills ? fill_shim(m, fill) : SG_OK;
}

/* ---- all of it ---- */

static sg_status make(Maker *m, Buf *binary) {
    SGI_TRY(survey_imports(m));
    SGI_TRY(sgi_maker_survey_exports(m));
    for (size_t i = 0; i < m->destructors.count; i++) {
        Destructor *destructor = &m->destructors.items[i];
        ShimFunc slot = {.params = {VAL_I32}, .param_count = 1};
        if (destructor->export_)
            SGI_TRY(add_slot(m, &slot, &destructor->slot));
    }
    SGI_TRY(import_all(m));
    SGI_TRY(instantiate_all(m));
    SGI_TRY(sgi_maker_export_all(m));
    return sgi_writer_finish(&m->root, binary);
}

sg_status sgi_componentize(const LoadContext *cx, const Module *core, const ComponentType *world,
                           Buf *binary) {
    Maker m = {.cx = cx, .core = core, .world = world, .memory = NO_INDEX, .realloc = NO_INDEX};
    sgi_arena_init(&m.arena, cx->alloc);
    sgi_writer_init(&m.root, cx, &m.arena, WRITER_COMPONENT, NULL);
    sgi_ptrs_init(&m.live, cx->alloc);
    sgi_ptrs_init(&m.placed, cx->alloc);
    sg_status status = make(&m, binary);
    sgi_vec_free(cx->alloc, &m.imports);
    sgi_vec_free(cx->alloc, &m.destructors);
    sgi_vec_free(cx->alloc, &m.slots);
    sgi_ptrs_free(&m.placed);
    sgi_ptrs_free(&m.live);
    sgi_writer_free(&m.root);
    sgi_arena_free(&m.arena);
    return status;
}
