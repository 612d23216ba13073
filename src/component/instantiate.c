/* Instantiation: a component's definitions, executed in order, fill the index spaces of a ComponentInstance.
 *
 * What its imports get is known before the first definition is executed (prepare.c): an import that is
 * missing is found before anything runs, and what runs (a start function's host function, say) may do to the
 * linker what it likes. Components that stand in for imported instances are instantiated first, each as a
 * tree of its own.
 *
 * Nested instantiations go on an explicit stack of frames, at most LIMIT(COMPONENT_DEPTH) deep: components
 * that are passed as arguments can nest deeper than the binary does. For the same reason the instances made
 * are counted again here, against LIMIT(INSTANTIATIONS); definitions, which cost no fuel, against
 * LIMIT(DEFINITIONS).
 *
 * Indices were validated. What validation cannot promise (an argument that is not there) is checked. */
#include "component/internal.h"

#include <string.h>

typedef struct Frame {
    ComponentInstance *inst;
    const InstanceDef *def; /* that instantiates it: its arguments lie in the parent; NULL at the root */
    Map args;               /* name → position in def->args */
    Map *export_names;      /* of the instance */
    uint32_t next;          /* definition */
    uint32_t imports;       /* executed */
} Frame;

typedef struct Instantiation {
    Store *store;
    sg_error *err;
    Item *imports; /* of the part, in its type's order */
    Frame *frames;
    uint32_t depth;
    uint64_t made;     /* component instances */
    uint64_t executed; /* definitions */
} Instantiation;

static sg_status no_memory(Instantiation *in) {
    return sgi_store_no_memory(in->store, in->err);
}

static sg_status unsupported(Instantiation *in, const Def *def, const char *what) {
    return sgi_fail(in->err, SG_UNSUPPORTED, def->offset, "not supported yet", "%s", what);
}

static sg_status not_found(Instantiation *in, const char *what, Bytes name) {
    return sgi_fail(in->err, SG_UNLINKABLE, SG_NO_OFFSET, "unknown import", "%s \"%.*s\"", what,
                    (int)(name.size > 200 ? 200 : name.size), (const char *)name.data);
}

/* ---- names ---- */

static void free_names(Owned *owned, Store *store) {
    (void)store;
    sgi_map_free(&((NameTable *)owned)->map);
}

static NameTable *names_new(Store *store) {
    NameTable *names = sgi_store_alloc(store, sizeof *names);
    if (names == NULL)
        return NULL;
    sgi_map_init(&names->map, &store->alloc);
    sgi_store_own(store, &names->owned, free_names);
    return names;
}

/* ---- index spaces ---- */

static bool make_spaces(ComponentInstance *inst) {
    const Component *c = inst->component;
    Store *store = inst->store;
    inst->funcs = sgi_store_alloc(store, c->func_count * sizeof *inst->funcs);
    inst->instances = sgi_store_alloc(store, c->instance_count * sizeof *inst->instances);
    inst->components = sgi_store_alloc(store, c->component_count * sizeof *inst->components);
    inst->core_modules = sgi_store_alloc(store, c->core_module_count * sizeof *inst->core_modules);
    inst->core_instances = sgi_store_alloc(store, c->core_instance_count * sizeof *inst->core_instances);
    inst->core_funcs = sgi_store_alloc(store, c->core_func_count * sizeof *inst->core_funcs);
    inst->core_tables = sgi_store_alloc(store, c->core_table_count * sizeof *inst->core_tables);
    inst->core_memories = sgi_store_alloc(store, c->core_memory_count * sizeof *inst->core_memories);
    inst->core_globals = sgi_store_alloc(store, c->core_global_count * sizeof *inst->core_globals);
    inst->core_tags = sgi_store_alloc(store, c->core_tag_count * sizeof *inst->core_tags);
    inst->types = sgi_store_alloc(store, c->type_count * sizeof(Resource *));
    return inst->types && inst->funcs && inst->instances && inst->components && inst->core_modules &&
           inst->core_instances && inst->core_funcs && inst->core_tables && inst->core_memories &&
           inst->core_globals && inst->core_tags;
}

/* Counts one definition, or as little. */
static sg_status count_step(Instantiation *in) {
    sg_trap trap = sgi_poll(&in->store->cx);
    if (trap != SG_TRAP_NONE)
        return sgi_fail_trap(in->err, trap);
    return sgi_limit_check(LIMIT_ID_DEFINITIONS, ++in->executed, SG_NO_OFFSET, in->err);
}

/* The next index of the type space: `resource`, if it is a resource type that is met for the first time. */
static sg_status add_type(Instantiation *in, ComponentInstance *inst, Resource *resource) {
    const CompType *type = &inst->component->types[inst->type_count];
    Resource **place = &inst->types[inst->type_count++];
    if (type->kind != CT_RESOURCE)
        return SG_OK;
    if (resource == NULL)
        resource = sgi_resource_find(inst, type->as.resource);
    if (resource == NULL)
        return not_found(in, "resource type", type->name ? type->name->label : (Bytes){NULL, 0});
    *place = resource;
    return sgi_resource_bind(inst, type->as.resource, resource, in->err);
}

/* The resource types that `type`, of an instance that is new to `inst`, introduces stand for those that
 * `given` exports. Recursion: types nest at most LIMIT(TYPE_DEPTH) deep. */
static sg_status bind_instance(Instantiation *in, ComponentInstance *inst, const InstanceType *type,
                               const CompInstance *given) {
    for (uint32_t i = 0; i < type->export_count; i++) {
        const NamedExtern *export = &type->exports[i];
        const bool is_resource =
            export->type.sort == SORT_TYPE && export->type.as.type.type.kind == CT_RESOURCE;
        SGI_TRY(count_step(in));
        if (!is_resource && export->type.sort != SORT_INSTANCE)
            continue;
        const uint32_t *at = sgi_map_get(given->names, export->name);
        const Item *item = at ? &given->exports[*at] : NULL;
        if (item == NULL || item->sort != export->type.sort)
            return not_found(in, "export", export->name);
        if (!is_resource)
            SGI_TRY(bind_instance(in, inst, export->type.as.instance, item->as.instance));
        else if (item->as.resource)
            SGI_TRY(
                sgi_resource_bind(inst, export->type.as.type.type.as.resource, item->as.resource, in->err));
    }
    return SG_OK;
}

/* Core types have no run-time form here. */
static sg_status add_item(Instantiation *in, ComponentInstance *inst, const Item *item) {
    switch (item->sort) {
    case SORT_TYPE: return add_type(in, inst, item->as.resource);
    case SORT_FUNC: inst->funcs[inst->func_count++] = item->as.func; break;
    case SORT_INSTANCE: inst->instances[inst->instance_count++] = item->as.instance; break;
    case SORT_COMPONENT: inst->components[inst->component_count++] = item->as.component; break;
    case SORT_CORE_MODULE: inst->core_modules[inst->core_module_count++] = item->as.core_module; break;
    default: break;
    }
    return SG_OK;
}

/* The same of an item whose type, in this component, is new: an import, or an export, which may hide what it
 * is. */
static sg_status add_new_item(Instantiation *in, ComponentInstance *inst, const Item *item) {
    if (item->sort == SORT_INSTANCE) {
        const CompItem *known = &inst->component->instances[inst->instance_count];
        SGI_TRY(bind_instance(in, inst, known->type.as.instance, item->as.instance));
    }
    return add_item(in, inst, item);
}

static Item item_at(const ComponentInstance *inst, SortIndex at) {
    Item item = {.sort = at.sort};
    switch (at.sort) {
    case SORT_FUNC: item.as.func = inst->funcs[at.index]; break;
    case SORT_INSTANCE: item.as.instance = inst->instances[at.index]; break;
    case SORT_COMPONENT: item.as.component = inst->components[at.index]; break;
    case SORT_CORE_MODULE: item.as.core_module = inst->core_modules[at.index]; break;
    case SORT_TYPE: item.as.resource = inst->types[at.index]; break;
    default: break;
    }
    return item;
}

static void add_extern(ComponentInstance *inst, const Extern *item) {
    switch (item->kind) {
    case EXTERN_FUNC: inst->core_funcs[inst->core_func_count++] = item->as.func; break;
    case EXTERN_TABLE: inst->core_tables[inst->core_table_count++] = item->as.table; break;
    case EXTERN_MEMORY: inst->core_memories[inst->core_memory_count++] = item->as.memory; break;
    case EXTERN_GLOBAL: inst->core_globals[inst->core_global_count++] = item->as.global; break;
    case EXTERN_TAG: inst->core_tags[inst->core_tag_count++] = item->as.tag; break;
    default: break;
    }
}

static Extern extern_at(const ComponentInstance *inst, SortIndex at) {
    switch (at.sort) {
    case SORT_CORE_FUNC: return (Extern){EXTERN_FUNC, {.func = inst->core_funcs[at.index]}};
    case SORT_CORE_TABLE: return (Extern){EXTERN_TABLE, {.table = inst->core_tables[at.index]}};
    case SORT_CORE_MEMORY: return (Extern){EXTERN_MEMORY, {.memory = inst->core_memories[at.index]}};
    case SORT_CORE_GLOBAL: return (Extern){EXTERN_GLOBAL, {.global = inst->core_globals[at.index]}};
    default: return (Extern){EXTERN_TAG, {.tag = inst->core_tags[at.index]}};
    }
}

/* ---- core instances ---- */

static bool core_export(const CoreInstance *instance, Bytes name, Extern *item) {
    if (instance->instance)
        return sgi_instance_export(instance->instance, name, item);
    const uint32_t *at = sgi_map_get(&instance->names->map, name);
    if (at)
        *item = instance->exports[*at];
    return at != NULL;
}

static sg_status inline_core_instance(Instantiation *in, ComponentInstance *inst, const InstanceDef *def,
                                      CoreInstance *made) {
    made->exports = sgi_store_alloc(in->store, def->arg_count * sizeof *made->exports);
    made->names = made->exports ? names_new(in->store) : NULL;
    if (made->names == NULL)
        return no_memory(in);
    for (uint32_t i = 0; i < def->arg_count; i++) {
        made->exports[i] = extern_at(inst, def->args[i].item);
        if (sgi_map_put(&made->names->map, def->args[i].name, i) == MAP_NO_MEMORY)
            return no_memory(in);
    }
    return SG_OK;
}

/* Fills `imports` from the instances that `def` passes; `args` is a map for its use. */
static sg_status resolve_core_imports(Instantiation *in, ComponentInstance *inst, const InstanceDef *def,
                                      const Module *module, Map *args, Extern *imports) {
    for (uint32_t i = 0; i < def->arg_count; i++)
        if (sgi_map_put(args, def->args[i].name, i) == MAP_NO_MEMORY)
            return no_memory(in);
    for (uint32_t i = 0; i < module->import_count; i++) {
        const Import *import = &module->imports[i];
        const uint32_t *at = sgi_map_get(args, import->module);
        if (at == NULL)
            return not_found(in, "module", import->module);
        if (!core_export(&inst->core_instances[def->args[*at].item.index], import->name, &imports[i]))
            return not_found(in, "core item", import->name);
    }
    return SG_OK;
}

static sg_status core_instance(Instantiation *in, ComponentInstance *inst, const InstanceDef *def) {
    CoreInstance *made = &inst->core_instances[inst->core_instance_count++];
    if (def->is_inline)
        return inline_core_instance(in, inst, def, made);
    Module *module = inst->core_modules[def->target];
    size_t imports_size = module->import_count * sizeof(Extern);
    Extern *imports = sgi_alloc(&in->store->alloc, imports_size);
    if (imports == NULL)
        return no_memory(in);
    Map args;
    sgi_map_init(&args, &in->store->alloc);
    sg_status status = resolve_core_imports(in, inst, def, module, &args, imports);
    sgi_map_free(&args);
    if (status == SG_OK)
        status = sgi_instantiate(in->store, module, imports, module->import_count, &made->instance, in->err);
    sgi_free(&in->store->alloc, imports, imports_size);
    return status;
}

/* ---- component instances ---- */

static CompInstance *new_instance(Instantiation *in, uint32_t export_count, Map **table) {
    CompInstance *instance = sgi_store_alloc(in->store, sizeof *instance);
    Item *exports = instance ? sgi_store_alloc(in->store, export_count * sizeof *exports) : NULL;
    NameTable *names = exports ? names_new(in->store) : NULL;
    if (names == NULL)
        return NULL;
    *instance = (CompInstance){.store = in->store, .names = &names->map, .exports = exports};
    *table = &names->map;
    return instance;
}

static sg_status add_export(Instantiation *in, CompInstance *instance, Map *names, Bytes name, Item item) {
    instance->exports[instance->export_count] = item;
    if (sgi_map_put(names, name, instance->export_count) == MAP_NO_MEMORY)
        return no_memory(in);
    instance->export_count++;
    return SG_OK;
}

static sg_status inline_instance(Instantiation *in, ComponentInstance *inst, const InstanceDef *def) {
    Map *names;
    CompInstance *made = new_instance(in, def->arg_count, &names);
    if (made == NULL)
        return no_memory(in);
    for (uint32_t i = 0; i < def->arg_count; i++)
        SGI_TRY(add_export(in, made, names, def->args[i].name, item_at(inst, def->args[i].item)));
    inst->instances[inst->instance_count++] = made;
    return SG_OK;
}

/* Puts a frame for `component` on the stack. */
static sg_status push(Instantiation *in, Component *component, ComponentInstance *env,
                      ComponentInstance *parent, const InstanceDef *def) {
    if (in->depth == LIMIT_OF(COMPONENT_DEPTH))
        return sgi_limit_check(LIMIT_ID_COMPONENT_DEPTH, in->depth + 1, SG_NO_OFFSET, in->err);
    if (++in->made > LIMIT_OF(INSTANTIATIONS))
        return sgi_fail_trap(in->err, SG_TRAP_INSTANCE_LIMIT);
    ComponentInstance *inst = sgi_store_alloc(in->store, sizeof *inst);
    if (inst == NULL)
        return no_memory(in);
    *inst = (ComponentInstance){.store = in->store,
                                .component = component,
                                .parent = parent,
                                .env = env,
                                .root = parent ? parent->root : inst,
                                .depth = parent ? parent->depth + 1 : 0,
                                .may_leave = true};
    Map *names;
    inst->exports = new_instance(in, component->type.export_count, &names);
    if (inst->exports == NULL || !make_spaces(inst))
        return no_memory(in);
    inst->exports->type = &component->type;
    Frame *frame = &in->frames[in->depth++];
    *frame = (Frame){.inst = inst, .def = def, .export_names = names};
    sgi_map_init(&frame->args, &in->store->alloc);
    for (uint32_t i = 0; def && i < def->arg_count; i++)
        if (sgi_map_put(&frame->args, def->args[i].name, i) == MAP_NO_MEMORY)
            return no_memory(in);
    return SG_OK;
}

/* The frame on top is done: its instance can be entered, and belongs to the one below. */
static sg_status pop(Instantiation *in) {
    Frame *frame = &in->frames[--in->depth];
    sgi_map_free(&frame->args);
    frame->inst->may_enter = true;
    if (frame->inst->parent == NULL)
        return SG_OK;
    Item item = {.sort = SORT_INSTANCE, .as.instance = frame->inst->exports};
    return add_new_item(in, frame->inst->parent, &item);
}

/* ---- definitions ---- */

static sg_status import(Instantiation *in, Frame *frame, const ImportDef *def) {
    Item item;
    uint32_t number = frame->imports++;
    if (frame->def == NULL) {
        const ComponentType *type = &frame->inst->component->type;
        if (number >= type->import_count)
            return not_found(in, "import", def->name.name);
        item = in->imports[number];
        SGI_TRY(add_new_item(in, frame->inst, &item));
        return sgi_signature_check(frame->inst, &type->imports[number].type, &item, in->err);
    } else {
        const uint32_t *at = sgi_map_get(&frame->args, def->name.name);
        if (at)
            item = item_at(frame->inst->parent, frame->def->args[*at].item);
        else if (def->desc.sort == SORT_TYPE)
            item = (Item){.sort = SORT_TYPE};
        else
            return not_found(in, "argument", def->name.name);
    }
    return add_new_item(in, frame->inst, &item);
}

static sg_status alias(Instantiation *in, ComponentInstance *inst, const AliasDef *def) {
    if (def->kind == ALIAS_CORE_EXPORT) {
        Extern item;
        if (!core_export(&inst->core_instances[def->instance], def->name, &item))
            return not_found(in, "core export", def->name);
        add_extern(inst, &item);
        return SG_OK;
    }
    if (def->sort == SORT_CORE_TYPE)
        return SG_OK;
    Item item;
    if (def->kind == ALIAS_EXPORT) {
        const CompInstance *from = inst->instances[def->instance];
        const uint32_t *at = sgi_map_get(from->names, def->name);
        if (at == NULL)
            return not_found(in, "export", def->name);
        item = from->exports[*at];
    } else {
        const ComponentInstance *from = inst;
        for (uint32_t i = 0; i < def->outer_count; i++)
            from = from->env;
        item = item_at(from, (SortIndex){def->sort, def->outer_index});
    }
    return add_item(in, inst, &item);
}

static CanonicalOptions options_of(const ComponentInstance *inst, const CanonDef *def) {
    return (CanonicalOptions){
        .encoding = def->encoding,
        .memory = def->memory != NO_INDEX ? inst->core_memories[def->memory] : NULL,
        .realloc = def->realloc != NO_INDEX ? inst->core_funcs[def->realloc] : NULL,
        .post_return = def->post_return != NO_INDEX ? inst->core_funcs[def->post_return] : NULL,
        .is_async = def->is_async,
        .has_callback = def->callback != NO_INDEX,
        .is_memory64 = def->is_memory64,
    };
}

static sg_status lift(Instantiation *in, ComponentInstance *inst, const CanonDef *def) {
    CompFunc *func = sgi_store_alloc(in->store, sizeof *func);
    if (func == NULL)
        return no_memory(in);
    *func = (CompFunc){.kind = COMP_FUNC_LIFTED,
                       .store = in->store,
                       .type = def->func_type,
                       .shape = sgi_call_shape(def->func_type, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS),
                       .core = inst->core_funcs[def->func],
                       .opts = options_of(inst, def),
                       .inst = inst};
    inst->funcs[inst->func_count++] = func;
    return SG_OK;
}

static sg_status add_core_func(Instantiation *in, ComponentInstance *inst, const CanonDef *def, HostFn *host,
                               const void *context) {
    FuncInst *func = sgi_host_func_new(in->store, def->core_type, host, (void *)context, NULL, in->err);
    if (func == NULL)
        return in->err ? in->err->status : SG_NO_MEMORY;
    inst->core_funcs[inst->core_func_count++] = func;
    return SG_OK;
}

static sg_status lower(Instantiation *in, ComponentInstance *inst, const CanonDef *def) {
    LoweredFunc *lowered = sgi_store_alloc(in->store, sizeof *lowered);
    if (lowered == NULL)
        return no_memory(in);
    *lowered = sgi_lowered_func(inst->funcs[def->func], def->func_type, options_of(inst, def), inst);
    return add_core_func(in, inst, def, sgi_canon_lower, lowered);
}

static sg_status task_return(Instantiation *in, ComponentInstance *inst, const CanonDef *def) {
    CanonTaskReturn *context = sgi_store_alloc(in->store, sizeof *context);
    if (context == NULL)
        return no_memory(in);
    *context = (CanonTaskReturn){def->result_type, options_of(inst, def), inst};
    return add_core_func(in, inst, def, sgi_canon_task_return, context);
}

static sg_status resource_builtin(Instantiation *in, ComponentInstance *inst, const CanonDef *def,
                                  HostFn *host) {
    if (def->kind != CANON_RESOURCE_DROP && def->resource->rep == VAL_I64)
        return add_core_func(in, inst, def, sgi_canon_unsupported, "64-bit representations of resources");
    CanonResource *context = sgi_store_alloc(in->store, sizeof *context);
    if (context == NULL)
        return no_memory(in);
    *context = (CanonResource){inst->types[def->type], inst};
    return add_core_func(in, inst, def, host, context);
}

/* A type definition: a resource type is a new one each time. */
static sg_status define_type(Instantiation *in, ComponentInstance *inst, const TypeExpr *expr) {
    if (expr->kind != TX_RESOURCE)
        return add_type(in, inst, NULL);
    Resource *resource = sgi_store_alloc(in->store, sizeof *resource);
    if (resource == NULL)
        return no_memory(in);
    resource->impl = inst;
    if (expr->destructor != NO_INDEX) {
        resource->dtor = sgi_store_alloc(in->store, sizeof *resource->dtor);
        if (resource->dtor == NULL)
            return no_memory(in);
        *resource->dtor = (CompFunc){.kind = COMP_FUNC_LIFTED,
                                     .store = in->store,
                                     .type = &sgi_destructor_type,
                                     .shape = {.param_slots = 1},
                                     .core = inst->core_funcs[expr->destructor],
                                     .inst = inst};
    }
    return add_type(in, inst, resource);
}

static sg_status canon(Instantiation *in, ComponentInstance *inst, const CanonDef *canon) {
    switch (canon->kind) {
    case CANON_LIFT: return lift(in, inst, canon);
    case CANON_LOWER: return lower(in, inst, canon);
    case CANON_RESOURCE_NEW: return resource_builtin(in, inst, canon, sgi_canon_resource_new);
    case CANON_RESOURCE_REP: return resource_builtin(in, inst, canon, sgi_canon_resource_rep);
    case CANON_RESOURCE_DROP: return resource_builtin(in, inst, canon, sgi_canon_resource_drop);
    case CANON_TASK_RETURN: return task_return(in, inst, canon);
    case CANON_OTHER: break;
    }
    return add_core_func(in, inst, canon, sgi_canon_unsupported, sgi_canon_row(canon->opcode)->name);
}

/* One definition of the frame on top, which may push another. */
static sg_status execute(Instantiation *in, Frame *frame, Def *def) {
    ComponentInstance *inst = frame->inst;
    Item item;
    switch (def->kind) {
    case DEF_CORE_MODULE: inst->core_modules[inst->core_module_count++] = def->as.core_module; return SG_OK;
    case DEF_COMPONENT:
        inst->components[inst->component_count++] = (Closure){def->as.component, inst};
        return SG_OK;
    case DEF_CORE_INSTANCE: return core_instance(in, inst, &def->as.instance);
    case DEF_INSTANCE: {
        if (def->as.instance.is_inline)
            return inline_instance(in, inst, &def->as.instance);
        Closure target = inst->components[def->as.instance.target];
        return push(in, target.component, target.env, inst, &def->as.instance);
    }
    case DEF_ALIAS: return alias(in, inst, &def->as.alias);
    case DEF_CANON: return canon(in, inst, &def->as.canon);
    case DEF_IMPORT: return import(in, frame, &def->as.import);
    case DEF_EXPORT:
        item = item_at(inst, def->as.export_.item);
        SGI_TRY(add_new_item(in, inst, &item));
        return add_export(in, inst->exports, frame->export_names, def->as.export_.name.name, item);
    case DEF_TYPE: return define_type(in, inst, def->as.type);
    case DEF_CORE_TYPE: return SG_OK;
    default: return unsupported(in, def, "values and start functions of components");
    }
}

static sg_status link_imports(Instantiation *in, const PreparedPart *part, CompInstance *const *made,
                              ComponentInstance *inst) {
    const ComponentType *type = &part->component->type;
    for (uint32_t i = 0; i < type->import_count; i++) {
        SGI_TRY(count_step(in));
        SGI_TRY(sgi_link_import(inst, &part->imports[i], made, &type->imports[i], &in->imports[i], in->err));
    }
    return SG_OK;
}

static sg_status run(Instantiation *in) {
    while (in->depth) {
        Frame *frame = &in->frames[in->depth - 1];
        if (frame->next == frame->inst->component->def_count) {
            SGI_TRY(pop(in));
            continue;
        }
        SGI_TRY(count_step(in));
        SGI_TRY(execute(in, frame, &frame->inst->component->defs[frame->next++]));
    }
    return SG_OK;
}

/* ---- the whole ---- */

typedef struct KeptPrepared {
    Owned owned;
    Prepared *prepared;
} KeptPrepared;

static void release_prepared(Owned *owned, Store *store) {
    (void)store;
    sgi_prepared_release(((KeptPrepared *)owned)->prepared);
}

/* The store takes over one reference, or it is gone. */
static sg_status keep(Store *store, Prepared *prepared, sg_error *err) {
    KeptPrepared *kept = sgi_store_alloc(store, sizeof *kept);
    if (kept == NULL) {
        sgi_prepared_release(prepared);
        return sgi_store_no_memory(store, err);
    }
    kept->prepared = prepared;
    sgi_store_own(store, &kept->owned, release_prepared);
    return SG_OK;
}

/* Links, then executes, with `in->frames` there. */
static sg_status instantiate_part(Instantiation *in, const PreparedPart *part, CompInstance *const *made,
                                  CompInstance **instance) {
    SGI_TRY(push(in, part->component, NULL, NULL, NULL));
    ComponentInstance *root = in->frames[0].inst;
    SGI_TRY(link_imports(in, part, made, root));
    sg_status status = run(in);
    if (status == SG_OK)
        *instance = root->exports;
    else
        root->ended = SG_TRAP_CANNOT_ENTER;
    return status;
}

static sg_status instantiate_all(Instantiation *in, const Prepared *prepared, CompInstance **made) {
    Alloc *alloc = &in->store->alloc;
    for (size_t i = 0; i < prepared->parts.count; i++) {
        const PreparedPart *part = &prepared->parts.items[i];
        size_t imports_size = part->component->type.import_count * sizeof *in->imports;
        in->imports = sgi_alloc(alloc, imports_size);
        if (in->imports == NULL)
            return no_memory(in);
        sg_status status = instantiate_part(in, part, made, &made[i]);
        sgi_free(alloc, in->imports, imports_size);
        SGI_TRY(status);
    }
    return SG_OK;
}

/* The prepared component is the store's. */
static sg_status instantiate(Store *store, const Prepared *prepared, CompInstance **instance, sg_error *err) {
    Instantiation in = {.store = store, .err = err};
    size_t count = prepared->parts.count;
    size_t frames_size = (size_t)LIMIT_OF(COMPONENT_DEPTH) * sizeof *in.frames;
    CompInstance **made = sgi_alloc_zero(&store->alloc, count * sizeof(CompInstance *));
    in.frames = sgi_alloc(&store->alloc, frames_size);
    sg_status status = made && in.frames ? instantiate_all(&in, prepared, made) : no_memory(&in);
    while (in.depth)
        sgi_map_free(&in.frames[--in.depth].args);
    if (status == SG_OK)
        *instance = made[count - 1];
    sgi_free(&store->alloc, in.frames, frames_size);
    sgi_free(&store->alloc, made, count * sizeof(CompInstance *));
    return status;
}

sg_status sgi_prepared_instantiate(Prepared *prepared, Store *store, CompInstance **instance, sg_error *err) {
    if (prepared->engine != store->engine)
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, "component and store belong to different engines", "%s",
                        "");
    CallScope scope;
    SGI_TRY(sgi_call_begin(store, &scope, err));
    sgi_prepared_retain(prepared);
    sg_status status = keep(store, prepared, err);
    if (status == SG_OK)
        status = instantiate(store, prepared, instance, err);
    return sgi_call_end(store, &scope, status, err);
}

sg_status sgi_linker_prepare(const Linker *linker, Component *component, Prepared **prepared, sg_error *err) {
    return sgi_prepare(linker, component, NULL, prepared, err);
}

static sg_status prepare_and_instantiate(const Linker *linker, Store *store, Component *component,
                                         CompInstance **instance, sg_error *err) {
    Prepared *prepared;
    SGI_TRY(sgi_prepare(linker, component, store, &prepared, err));
    SGI_TRY(keep(store, prepared, err));
    return instantiate(store, prepared, instance, err);
}

sg_status sgi_component_instantiate(Linker *linker, Store *store, Component *component,
                                    CompInstance **instance, sg_error *err) {
    if (component->engine != store->engine || component->root != component)
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, "component and store belong to different engines", "%s",
                        "");
    if (sgi_linker_engine(linker) != store->engine)
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, "linker and store belong to different engines", "%s",
                        "");
    CallScope scope;
    SGI_TRY(sgi_call_begin(store, &scope, err));
    return sgi_call_end(store, &scope, prepare_and_instantiate(linker, store, component, instance, err), err);
}

CompFunc *sgi_instance_find_func(CompInstance *instance, Bytes name) {
    while (instance) {
        const uint32_t *at = sgi_map_get(instance->names, name);
        if (at)
            return instance->exports[*at].sort == SORT_FUNC ? instance->exports[*at].as.func : NULL;
        const uint8_t *hash = name.size ? memchr(name.data, '#', name.size) : NULL;
        if (hash == NULL)
            return NULL;
        size_t size = (size_t)(hash - name.data);
        at = sgi_map_get(instance->names, (Bytes){name.data, size});
        if (at == NULL || instance->exports[*at].sort != SORT_INSTANCE)
            return NULL;
        instance = instance->exports[*at].as.instance;
        name = (Bytes){hash + 1, name.size - size - 1};
    }
    return NULL;
}
