/* The core side of a component: its modules' types, their instances, and aliases of those instances' exports.
 */
#include "validate/component.h"

#include <string.h>

static const char *const kind_names[EXTERN_KINDS] = {"function", "table", "memory", "global", "tag"};

sg_status sgi_comp_unique_core(CompValidator *v, Map *names, bool is_import, const CoreExternType *type) {
    Bytes key = type->name;
    if (is_import) {
        /* The module's length sets where its name ends. */
        size_t size = sizeof type->module.size + type->module.size + type->name.size;
        uint8_t *joined = sgi_arena_alloc(v->arena, size);
        if (joined == NULL)
            return sgi_comp_no_memory(v);
        memcpy(joined, &type->module.size, sizeof type->module.size);
        memcpy(joined + sizeof type->module.size, type->module.data, type->module.size);
        memcpy(joined + size - type->name.size, type->name.data, type->name.size);
        key = (Bytes){joined, size};
    }
    switch (sgi_map_put(names, key, 0)) {
    case MAP_ADDED: return SG_OK;
    case MAP_EXISTS:
        return sgi_comp_invalid(v, is_import ? "duplicate import name" : "duplicate export name", "`%.*s`",
                                (int)type->name.size, (const char *)type->name.data);
    case MAP_NO_MEMORY: break;
    }
    return sgi_comp_no_memory(v);
}

/* No import may stand there twice. */
static sg_status check_imports(CompValidator *v, const CoreModuleType *type) {
    Map names;
    sgi_map_init(&names, v->cx.alloc);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < type->import_count && status == SG_OK; i++)
        status = sgi_comp_unique_core(v, &names, true, &type->imports[i]);
    sgi_map_free(&names);
    return status;
}

/* The module's account may grow by what is left of the component's, where what it took is booked then. */
sg_status sgi_comp_core_module(CompValidator *v, Scope *scope, Module *module) {
    Alloc *alloc = v->cx.alloc;
    size_t before = module->alloc.used;
    module->alloc.limit =
        alloc->limit - alloc->used > SIZE_MAX - before ? SIZE_MAX : alloc->limit - alloc->used + before;
    LoadContext cx = v->cx;
    cx.alloc = &module->alloc;
    sg_status status = sgi_validate_module(&cx, module);
    if (status != SG_OK) {
        if (cx.err && cx.err->offset != SG_NO_OFFSET)
            cx.err->offset += v->offset;
        return status;
    }
    if (module->alloc.used > before && !sgi_alloc_charge(alloc, module->alloc.used - before))
        return sgi_comp_no_memory(v);
    CoreModuleType *type = sgi_arena_alloc(v->arena, sizeof *type);
    if (type == NULL || !sgi_core_module_type(v->arena, module, type))
        return sgi_comp_no_memory(v);
    SGI_TRY(check_imports(v, type));
    ExternType item = {.sort = SORT_CORE_MODULE, .as.core_module = type};
    return sgi_comp_push_item(v, scope, &item);
}

sg_status sgi_comp_push_core(CompValidator *v, Scope *scope, const CoreExternType *type) {
    CoreItem item = {scope->def, *type};
    SGI_TRY(sgi_limit_check(LIMIT_ID_COMPONENT_ITEMS, scope->core_items[type->kind].count + 1, v->offset,
                            v->cx.err));
    return sgi_vec_push(v->cx.alloc, &scope->core_items[type->kind], item) ? SG_OK : sgi_comp_no_memory(v);
}

sg_status sgi_comp_core_func(CompValidator *v, Scope *scope, uint32_t index, uint32_t *id) {
    if (index >= scope->core_items[EXTERN_FUNC].count)
        return sgi_comp_bad_index(v, "core func", index);
    *id = scope->core_items[EXTERN_FUNC].items[index].type.as.func_id;
    return SG_OK;
}

sg_status sgi_comp_core_func_is(CompValidator *v, uint32_t id, const FuncType *type, bool *is) {
    uint32_t wanted;
    SGI_TRY(sgi_types_add_func(v->cx.types, type, &wanted, v->cx.err));
    *is = sgi_types_is_subtype(v->cx.types, id, wanted);
    sgi_types_release(v->cx.types, wanted);
    return SG_OK;
}

static sg_status push_core_instance(CompValidator *v, Scope *scope, const CoreModuleType *type) {
    SGI_TRY(
        sgi_limit_check(LIMIT_ID_COMPONENT_MODULES, scope->core_instances.count + 1, v->offset, v->cx.err));
    return sgi_vec_push(v->cx.alloc, &scope->core_instances, type) ? SG_OK : sgi_comp_no_memory(v);
}

static sg_status get_core_instance(CompValidator *v, Scope *scope, uint32_t index,
                                   const CoreModuleType **type) {
    if (index >= scope->core_instances.count)
        return sgi_comp_bad_index(v, "core instance", index);
    *type = scope->core_instances.items[index];
    return SG_OK;
}

/* The instance's type: the exports alone. */
static sg_status inline_instance(CompValidator *v, Scope *scope, const InstanceDef *def, Map *names) {
    CoreModuleType *type = sgi_arena_alloc(v->arena, sizeof *type);
    CoreExternType *exports = sgi_arena_array(v->arena, def->arg_count, sizeof *exports);
    if (type == NULL || exports == NULL)
        return sgi_comp_no_memory(v);
    for (uint32_t i = 0; i < def->arg_count; i++) {
        SortIndex item = def->args[i].item;
        unsigned kind = item.sort - SORT_CORE;
        if (kind >= EXTERN_KINDS)
            return sgi_comp_refuse(
                v, "core instances export functions, tables, memories, globals and tags only");
        if (item.index >= scope->core_items[kind].count)
            return sgi_comp_bad_index(v, sgi_sort_name(item.sort), item.index);
        exports[i] = scope->core_items[kind].items[item.index].type;
        exports[i].name = def->args[i].name;
        SGI_TRY(sgi_comp_unique_core(v, names, false, &exports[i]));
    }
    type->exports = exports;
    type->export_count = def->arg_count;
    return push_core_instance(v, scope, type);
}

static sg_status check_import(CompValidator *v, Scope *scope, const InstanceDef *def, const Map *args,
                              const CoreExternType *import) {
    const CoreModuleType *instance = NULL;
    uint32_t index;
    SGI_TRY(sgi_comp_steps(v, sgi_name_steps(import->module)));
    const uint32_t *arg = sgi_map_get(args, import->module);
    if (arg == NULL)
        return sgi_comp_invalid(v, "missing module instantiation argument", "named `%.*s`",
                                (int)import->module.size, (const char *)import->module.data);
    SGI_TRY(get_core_instance(v, scope, def->args[*arg].item.index, &instance));
    SGI_TRY(sgi_comp_find_core(v, instance->exports, instance->export_count, import->name, &index));
    if (index == NO_INDEX)
        return sgi_comp_invalid(v, "module instantiation argument lacks an export",
                                "`%.*s` does not export `%.*s`", (int)import->module.size,
                                (const char *)import->module.data, (int)import->name.size,
                                (const char *)import->name.data);
    Matcher m;
    sgi_matcher_init(&m, v);
    sg_status status = sgi_match_core_extern(&m, &instance->exports[index], import);
    sgi_matcher_free(&m);
    return status;
}

static sg_status instantiate(CompValidator *v, Scope *scope, const InstanceDef *def, Map *args) {
    if (def->target >= scope->core_modules.count)
        return sgi_comp_bad_index(v, "core module", def->target);
    const CoreModuleType *type = scope->core_modules.items[def->target];
    for (uint32_t i = 0; i < def->arg_count; i++) {
        const CoreModuleType *instance = NULL;
        SGI_TRY(get_core_instance(v, scope, def->args[i].item.index, &instance));
        switch (sgi_map_put(args, def->args[i].name, i)) {
        case MAP_ADDED: continue;
        case MAP_EXISTS:
            return sgi_comp_invalid(v, "duplicate module instantiation argument", "named `%.*s`",
                                    (int)def->args[i].name.size, (const char *)def->args[i].name.data);
        case MAP_NO_MEMORY: return sgi_comp_no_memory(v);
        }
    }
    for (uint32_t i = 0; i < type->import_count; i++)
        SGI_TRY(check_import(v, scope, def, args, &type->imports[i]));
    scope->transitive_instances += scope->transitive_instances < UINT64_MAX;
    return push_core_instance(v, scope, type);
}

sg_status sgi_comp_core_instance(CompValidator *v, Scope *scope, const InstanceDef *def) {
    Map names;
    sgi_map_init(&names, v->cx.alloc);
    sg_status status =
        def->is_inline ? inline_instance(v, scope, def, &names) : instantiate(v, scope, def, &names);
    sgi_map_free(&names);
    return status;
}

sg_status sgi_comp_core_alias(CompValidator *v, Scope *scope, const AliasDef *alias) {
    const CoreModuleType *instance = NULL;
    uint32_t index;
    unsigned kind = alias->sort - SORT_CORE;
    if (scope->kind != SCOPE_COMPONENT || alias->sort < SORT_CORE || kind >= EXTERN_KINDS)
        return sgi_comp_invalid(v, "invalid core export alias", "%s", sgi_sort_name(alias->sort));
    SGI_TRY(get_core_instance(v, scope, alias->instance, &instance));
    SGI_TRY(sgi_comp_find_core(v, instance->exports, instance->export_count, alias->name, &index));
    if (index == NO_INDEX)
        return sgi_comp_invalid(v, "core instance has no such export",
                                "core instance %u has no export named `%.*s`", alias->instance,
                                (int)alias->name.size, (const char *)alias->name.data);
    if (instance->exports[index].kind != kind)
        return sgi_comp_invalid(v, "export of another kind", "export `%.*s` of core instance %u is not a %s",
                                (int)alias->name.size, (const char *)alias->name.data, alias->instance,
                                kind_names[kind]);
    return sgi_comp_push_core(v, scope, &instance->exports[index]);
}
