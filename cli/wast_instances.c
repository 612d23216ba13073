/* What the names of a test script stand for: what the host has for suites to import, modules, instances; one
 * store for each thread of a script. */
#include "wast.h"

#include <stdlib.h>

Entity *wast_find_entity(const EntityList *list, sg_string name) {
    for (size_t i = list->count; i-- > 0;)
        if (wast_same(list->items[i].name, name))
            return &list->items[i];
    return NULL;
}

void wast_add_entity(EntityList *list, sg_string name, Entity entity) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        Entity *items = realloc(list->items, list->capacity * sizeof *items);
        if (items == NULL) {
            fputs("error: out of memory\n", stderr);
            exit(EXIT_ERROR);
        }
        list->items = items;
    }
    entity.name = name;
    list->items[list->count++] = entity;
}

/* ---- the module "spectest" that the core suite imports, and what else suites do ---- */

static sg_status do_nothing(void *context, sg_call *call, const sg_core_value *arguments,
                            size_t argument_count, sg_core_value *results, size_t result_count,
                            sg_error *error) {
    (void)context, (void)call, (void)arguments, (void)argument_count, (void)results, (void)result_count,
        (void)error;
    return SG_OK;
}

static sg_status collect_garbage(void *context, sg_call *call, const sg_core_value *arguments,
                                 size_t argument_count, sg_core_value *results, size_t result_count,
                                 sg_error *error) {
    (void)context, (void)arguments, (void)argument_count, (void)results, (void)result_count;
    return sg_store_collect(sg_call_store(call), error);
}

static void add_host_item(Wast *wast, const char *module, const char *name, sg_extern item) {
    if (item.of.func)
        wast->host_items[wast->host_item_count++] = (HostItem){module, name, item};
}

static void add_host_func(Wast *wast, const char *module, const char *name, const sg_core_kind *params,
                          size_t count, sg_core_host_fn *function) {
    sg_core_func *func = sg_core_func_new(wast->store, params, count, NULL, 0, function, NULL, NULL, NULL);
    add_host_item(wast, module, name, (sg_extern){SG_EXTERN_FUNC, {.func = func}});
}

static void make_host_items(Wast *wast) {
    static const struct {
        const char *name;
        size_t count;
        sg_core_kind params[2];
    } funcs[] = {
        {"print", 0, {0}},
        {"print_i32", 1, {SG_CORE_I32}},
        {"print_i64", 1, {SG_CORE_I64}},
        {"print_f32", 1, {SG_CORE_F32}},
        {"print_f64", 1, {SG_CORE_F64}},
        {"print_i32_f32", 2, {SG_CORE_I32, SG_CORE_F32}},
        {"print_f64_f64", 2, {SG_CORE_F64, SG_CORE_F64}},
    };
    for (size_t i = 0; i < sizeof funcs / sizeof *funcs; i++)
        add_host_func(wast, "spectest", funcs[i].name, funcs[i].params, funcs[i].count, do_nothing);
    add_host_func(wast, "wasmtime", "gc", NULL, 0, collect_garbage);
    static const struct {
        const char *name;
        sg_core_value value;
    } globals[] = {
        {"global_i32", {SG_CORE_I32, {.i32 = 666}}},
        {"global_i64", {SG_CORE_I64, {.i64 = 666}}},
        {"global_f32", {SG_CORE_F32, {.f32 = 666.6f}}},
        {"global_f64", {SG_CORE_F64, {.f64 = 666.6}}},
    };
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        add_host_item(
            wast, "spectest", globals[i].name,
            (sg_extern){SG_EXTERN_GLOBAL,
                        {.global = sg_core_global_new(wast->store, globals[i].value, false, NULL)}});
    sg_core_table_type table = {.element = SG_CORE_FUNCREF, .minimum = 10, .maximum = 20};
    sg_core_memory_type memory = {.minimum = 1, .maximum = 2};
    add_host_item(wast, "spectest", "table",
                  (sg_extern){SG_EXTERN_TABLE, {.table = sg_core_table_new(wast->store, &table, NULL)}});
    add_host_item(wast, "spectest", "memory",
                  (sg_extern){SG_EXTERN_MEMORY, {.memory = sg_core_memory_new(wast->store, &memory, NULL)}});
    table.is_64 = true;
    add_host_item(wast, "spectest", "table64",
                  (sg_extern){SG_EXTERN_TABLE, {.table = sg_core_table_new(wast->store, &table, NULL)}});
}

/* ---- instances ---- */

/* The import's item, from the host, a registered instance, or one of that name (as some suites have it);
 * SG_UNLINKABLE if there is none. */
static sg_status resolve_import(Wast *wast, const sg_module *module, size_t index, sg_extern *item) {
    sg_string from, name;
    sg_extern_kind kind;
    sg_module_import(module, index, &from, &name, &kind);
    for (size_t i = 0; i < wast->host_item_count; i++) {
        const HostItem *host = &wast->host_items[i];
        if (wast_same(from, sg_string_of(host->module, strlen(host->module))) &&
            wast_same(name, sg_string_of(host->name, strlen(host->name)))) {
            *item = host->item;
            return SG_OK;
        }
    }
    Entity *entity = wast_find_entity(&wast->registered, from);
    if (entity == NULL)
        entity = wast_find_entity(&wast->instances, from);
    for (size_t i = 0; entity && entity->shares && i < entity->shares->count; i++) {
        const Share *share = &entity->shares->items[i];
        if (wast_same(name, sg_string_of(share->name, strlen(share->name)))) {
            *item = share->item;
            return SG_OK;
        }
    }
    if (entity && entity->core &&
        sg_core_instance_find(entity->core, name.data, name.size, item, NULL) == SG_OK)
        return SG_OK;
    wast->error = (sg_error){.status = SG_UNLINKABLE, .offset = SG_NO_OFFSET, .message = "unknown import"};
    return entity && entity->failed ? SG_UNSUPPORTED : SG_UNLINKABLE;
}

static sg_status instantiate_core(Wast *wast, const sg_command *definition, Entity *entity) {
    sg_module *module =
        sg_module_load(wast->engine, definition->binary, definition->binary_size, &wast->error);
    if (module == NULL)
        return wast->error.status;
    size_t count = 0;
    sg_string from, name;
    sg_extern_kind kind;
    while (sg_module_import(module, count, &from, &name, &kind))
        count++;
    sg_extern *imports = calloc(count + 1, sizeof *imports);
    sg_status status = imports ? SG_OK : SG_NO_MEMORY;
    for (size_t i = 0; i < count && status == SG_OK; i++)
        status = resolve_import(wast, module, i, &imports[i]);
    if (status == SG_OK) {
        entity->core = sg_core_instance_new(wast->store, module, imports, count, &wast->error);
        status = entity->core ? SG_OK : wast->error.status;
    }
    free(imports);
    sg_module_delete(module);
    return status;
}

static sg_status instantiate_component(Wast *wast, const sg_command *definition, Entity *entity) {
    sg_component *component =
        sg_component_load(wast->engine, definition->binary, definition->binary_size, &wast->error);
    if (component == NULL)
        return wast->error.status;
    entity->component = sg_linker_instantiate(wast->linker, wast->store, component, &wast->error);
    sg_component_delete(component);
    return entity->component ? SG_OK : wast->error.status;
}

sg_status wast_instantiate(Wast *wast, const sg_command *definition, Entity *entity) {
    *entity = (Entity){.is_component = definition->is_component, .definition = definition, .failed = true};
    if (definition->binary == NULL) {
        wast->error = definition->parse_error;
        return wast->error.status;
    }
    sg_status status = definition->is_component ? instantiate_component(wast, definition, entity)
                                                : instantiate_core(wast, definition, entity);
    entity->failed = status != SG_OK;
    return status;
}

sg_status wast_load_only(Wast *wast, const sg_command *command) {
    if (command->binary == NULL) {
        wast->error = command->parse_error;
        return wast->error.status;
    }
    if (command->is_component) {
        sg_component *component =
            sg_component_load(wast->engine, command->binary, command->binary_size, &wast->error);
        sg_component_delete(component);
        return component ? SG_OK : wast->error.status;
    }
    sg_module *module = sg_module_load(wast->engine, command->binary, command->binary_size, &wast->error);
    sg_module_delete(module);
    return module ? SG_OK : wast->error.status;
}

Verdict wast_verdict_of_load(const Wast *wast, sg_status status) {
    if (status == SG_OK)
        return PASSED;
    return status == SG_UNSUPPORTED ? SKIPPED : wast_fail_with(wast, "does not load", &wast->error);
}

/* What later components import by `name`. */
static void define_instance(Wast *wast, sg_string name, const Entity *entity) {
    char *copy = entity->component ? strndup(name.data, name.size) : NULL;
    if (copy)
        sg_linker_define_instance(wast->linker, copy, entity->component, NULL);
    free(copy);
}

Verdict wast_define_module(Wast *wast) {
    const sg_command *command = wast->command, *definition = command;
    if (command->kind == SG_COMMAND_MODULE_INSTANCE) {
        Entity *entity = command->of.size          ? wast_find_entity(&wast->definitions, command->of)
                         : wast->definitions.count ? &wast->definitions.items[wast->definitions.count - 1]
                                                   : NULL;
        if (entity == NULL)
            return wast_fail(wast, "unknown definition %.*s", (int)command->of.size, command->of.data);
        definition = entity->definition;
    }
    sg_status status = wast_instantiate(wast, definition, &wast->current);
    if (command->name.size) {
        wast_add_entity(&wast->instances, command->name, wast->current);
        define_instance(wast, command->name, &wast->current);
    }
    return wast_verdict_of_load(wast, status);
}

Verdict wast_define_only(Wast *wast) {
    sg_status status = wast_load_only(wast, wast->command);
    wast_add_entity(&wast->definitions, wast->command->name,
                    (Entity){.definition = wast->command, .is_component = wast->command->is_component});
    return wast_verdict_of_load(wast, status);
}

Verdict wast_register(Wast *wast) {
    const sg_command *command = wast->command;
    Entity *entity = command->of.size ? wast_find_entity(&wast->instances, command->of) : &wast->current;
    if (entity == NULL)
        return wast_fail(wast, "unknown instance %.*s", (int)command->of.size, command->of.data);
    wast_add_entity(&wast->registered, command->name, *entity);
    define_instance(wast, command->name, entity);
    return entity->failed ? SKIPPED : PASSED;
}

/* ---- the store of a thread ---- */

bool wast_open_store(Wast *wast) {
    sg_limits limits = {.size = sizeof limits,
                        .memory_bytes = SG_UNLIMITED,
                        .host_bytes = SG_UNLIMITED,
                        .table_elements = SG_UNLIMITED,
                        .timeout_ns = UINT64_C(60) * 1000000000};
    wast->store = sg_store_new(wast->engine, &limits, &wast->error);
    wast->linker = wast->store ? sg_linker_new(wast->engine, &wast->error) : NULL;
    if (wast->linker)
        make_host_items(wast);
    return wast->linker != NULL;
}

void wast_close_store(Wast *wast) {
    sg_linker_delete(wast->linker);
    sg_store_delete(wast->store);
    free(wast->definitions.items);
    free(wast->instances.items);
    free(wast->registered.items);
    while (wast->shares) {
        Shares *shares = wast->shares;
        wast->shares = shares->next;
        for (size_t i = 0; i < shares->count; i++)
            free(shares->items[i].name);
        free(shares);
    }
}
