/* sandglass wast: performs the commands of test scripts and counts what holds. One store for each file. */
#include "wast.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A shared memory that a thread was given, under the name that it has in the instance. */
typedef struct Share {
    char *name;
    sg_extern item;
} Share;

typedef struct Shares {
    struct Shares *next; /* of the same thread */
    size_t count;
    Share items[];
} Shares;

/* What a name stands for. An entity without anything was skipped, and so is what uses it. */
typedef struct Entity {
    sg_string name;
    bool is_component, failed;
    const sg_command *definition; /* where its binary is */
    sg_core_instance *core;
    sg_instance *component;
    const Shares *shares; /* all that is there of an instance of another thread */
} Entity;

typedef struct EntityList {
    Entity *items;
    size_t count, capacity;
} EntityList;

/* What the host has for the suites to import. */
typedef struct HostItem {
    const char *module, *name;
    sg_extern item;
} HostItem;

enum { HOST_ITEMS_MAX = 24 };

typedef struct WastOptions {
    bool is_verbose, only_validates;
    const char *features;
} WastOptions;

typedef enum Verdict { PASSED, FAILED, SKIPPED } Verdict;

/* What one thread of a script works with. */
typedef struct Wast {
    const char *path;
    const sg_script *script;
    struct Thread *threads; /* started and not waited for */
    Shares *shares;
    const sg_command *command;
    sg_engine *engine;
    sg_store *store;
    sg_linker *linker;
    bool is_verbose;
    EntityList definitions, instances, registered;
    Entity current;
    HostItem host_items[HOST_ITEMS_MAX];
    size_t host_item_count;
    size_t counts[3];
    sg_error error;
} Wast;

static Verdict fail(const Wast *wast, const char *format, ...) __attribute__((format(printf, 2, 3)));

static Verdict fail(const Wast *wast, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("%s:%" PRIu32 ": ", wast->path, wast->command->line);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    return FAILED;
}

static Verdict fail_with(const Wast *wast, const char *what, const sg_error *error) {
    char text[640];
    sg_error_format(error, text, sizeof text);
    return fail(wast, "%s: %s: %s", what, sg_status_name(error->status), text);
}

static Entity *find_entity(const EntityList *list, sg_string name) {
    for (size_t i = list->count; i-- > 0;)
        if (wast_same(list->items[i].name, name))
            return &list->items[i];
    return NULL;
}

static void add_entity(EntityList *list, sg_string name, Entity entity) {
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
    Entity *entity = find_entity(&wast->registered, from);
    if (entity == NULL)
        entity = find_entity(&wast->instances, from);
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

static sg_status instantiate(Wast *wast, const sg_command *definition, Entity *entity) {
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

static sg_status load_only(Wast *wast, const sg_command *command) {
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

static Verdict verdict_of_load(const Wast *wast, sg_status status) {
    if (status == SG_OK)
        return PASSED;
    return status == SG_UNSUPPORTED ? SKIPPED : fail_with(wast, "does not load", &wast->error);
}

/* What later components import by `name`. */
static void define_instance(Wast *wast, sg_string name, const Entity *entity) {
    char *copy = entity->component ? strndup(name.data, name.size) : NULL;
    if (copy)
        sg_linker_define_instance(wast->linker, copy, entity->component, NULL);
    free(copy);
}

static Verdict do_module(Wast *wast) {
    const sg_command *command = wast->command, *definition = command;
    if (command->kind == SG_COMMAND_MODULE_INSTANCE) {
        Entity *entity = command->of.size          ? find_entity(&wast->definitions, command->of)
                         : wast->definitions.count ? &wast->definitions.items[wast->definitions.count - 1]
                                                   : NULL;
        if (entity == NULL)
            return fail(wast, "unknown definition %.*s", (int)command->of.size, command->of.data);
        definition = entity->definition;
    }
    sg_status status = instantiate(wast, definition, &wast->current);
    if (command->name.size) {
        add_entity(&wast->instances, command->name, wast->current);
        define_instance(wast, command->name, &wast->current);
    }
    return verdict_of_load(wast, status);
}

static Verdict do_definition(Wast *wast) {
    sg_status status = load_only(wast, wast->command);
    add_entity(&wast->definitions, wast->command->name,
               (Entity){.definition = wast->command, .is_component = wast->command->is_component});
    return verdict_of_load(wast, status);
}

static Verdict do_register(Wast *wast) {
    const sg_command *command = wast->command;
    Entity *entity = command->of.size ? find_entity(&wast->instances, command->of) : &wast->current;
    if (entity == NULL)
        return fail(wast, "unknown instance %.*s", (int)command->of.size, command->of.data);
    add_entity(&wast->registered, command->name, *entity);
    define_instance(wast, command->name, entity);
    return entity->failed ? SKIPPED : PASSED;
}

/* ---- actions ---- */

enum { VALUES_MAX = 256 };

typedef struct Outcome {
    sg_status status; /* SG_UNSUPPORTED: the instance was skipped */
    size_t count;
    sg_core_value core[VALUES_MAX];
    bool is_component;
    sg_value value;
} Outcome;

static void act_core(Wast *wast, sg_core_instance *instance, Outcome *outcome) {
    const sg_command *command = wast->command;
    sg_extern item;
    outcome->status =
        sg_core_instance_find(instance, command->function.data, command->function.size, &item, &wast->error);
    if (outcome->status != SG_OK)
        return;
    if (command->is_get && item.kind == SG_EXTERN_GLOBAL) {
        outcome->core[0] = sg_core_global_get(item.of.global);
        outcome->count = 1;
    } else if (!command->is_get && item.kind == SG_EXTERN_FUNC) {
        size_t count = sg_core_func_result_count(item.of.func);
        outcome->count = count;
        outcome->status = count > VALUES_MAX ? SG_UNSUPPORTED
                                             : sg_core_func_call(item.of.func, command->core_arguments,
                                                                 command->argument_count, outcome->core,
                                                                 count, &wast->error);
    } else {
        wast->error =
            (sg_error){.status = SG_NOT_FOUND, .offset = SG_NO_OFFSET, .message = "export of another kind"};
        outcome->status = SG_NOT_FOUND;
    }
}

static void act_component(Wast *wast, sg_instance *instance, Outcome *outcome) {
    const sg_command *command = wast->command;
    char *name = strndup(command->function.data, command->function.size);
    sg_func *func = name ? sg_instance_find_func(instance, name, &wast->error) : NULL;
    free(name);
    outcome->is_component = true;
    if (func == NULL) {
        outcome->status = SG_NOT_FOUND;
        return;
    }
    outcome->status =
        sg_func_call(func, command->arguments, command->argument_count, &outcome->value, &wast->error);
    outcome->count = sg_func_result_type(func) ? 1 : 0;
}

static Outcome act(Wast *wast) {
    const sg_command *command = wast->command;
    Outcome outcome = {.status = SG_UNSUPPORTED};
    Entity *entity =
        command->instance.size ? find_entity(&wast->instances, command->instance) : &wast->current;
    if (entity && entity->core)
        act_core(wast, entity->core, &outcome);
    else if (entity && entity->component)
        act_component(wast, entity->component, &outcome);
    return outcome;
}

/* ---- assertions ---- */

static Verdict assert_return(Wast *wast) {
    const sg_command *command = wast->command;
    Outcome outcome = act(wast);
    if (outcome.status == SG_UNSUPPORTED)
        return SKIPPED;
    if (outcome.status != SG_OK)
        return fail_with(wast, "expected a result", &wast->error);
    if (outcome.count != command->expected_count)
        return fail(wast, "%zu results, expected %zu", outcome.count, command->expected_count);
    bool equal = outcome.count == 0 ||
                 (outcome.is_component
                      ? command->expected && sg_value_equal(&outcome.value, command->expected)
                      : command->core_expected && wast_results_match(wast->store, command->core_expected,
                                                                     outcome.core, outcome.count));
    if (equal)
        return PASSED;
    char text[256] = "";
    if (outcome.is_component)
        sg_value_print(&outcome.value, text, sizeof text);
    else if (outcome.core[0].kind <= SG_CORE_F64)
        snprintf(text, sizeof text, "0x%" PRIx64,
                 outcome.core[0].kind == SG_CORE_I32 || outcome.core[0].kind == SG_CORE_F32
                     ? (uint64_t)(uint32_t)outcome.core[0].of.i32
                     : (uint64_t)outcome.core[0].of.i64);
    else if (outcome.core[0].kind == SG_CORE_V128)
        for (size_t i = 0; i < 16; i++)
            snprintf(text + 2 * i, sizeof text - 2 * i, "%02x", outcome.core[0].of.v128[15 - i]);
    return fail(wast, "wrong result %s of %.*s", text, (int)command->function.size, command->function.data);
}

/* The action, or instantiating the module given in its place, must end with `trap` (SG_TRAP_NONE: any). */
static Verdict assert_trap(Wast *wast, sg_trap trap) {
    sg_status status;
    if (wast->command->has_action) {
        status = act(wast).status;
    } else {
        Entity entity;
        status = instantiate(wast, wast->command, &entity);
    }
    if (status == SG_UNSUPPORTED)
        return SKIPPED;
    if (status == SG_OK)
        return fail(wast, "expected a trap: %.*s", (int)wast->command->message.size,
                    wast->command->message.data);
    if (status != SG_TRAP || (trap != SG_TRAP_NONE && wast->error.trap != trap))
        return fail_with(wast, "expected a trap", &wast->error);
    return PASSED;
}

static bool mentions(sg_string text, const char *word) {
    return text.size && memmem(text.data, text.size, word, strlen(word)) != NULL;
}

static Verdict assert_rejected(Wast *wast, sg_status wanted, sg_status status) {
    /* Without a proposal, what it encodes is malformed; components say that it requires a feature. */
    if (status == SG_UNSUPPORTED && wast->command->is_component)
        return mentions(wast->command->message, "feature") ? PASSED : SKIPPED;
    if (status == SG_UNSUPPORTED)
        return wanted == SG_MALFORMED ? PASSED : SKIPPED;
    /* The component suite does not tell malformed from invalid. */
    bool same_kind = status == wanted || (wast->command->is_component && wanted != SG_UNLINKABLE &&
                                          (status == SG_INVALID || status == SG_MALFORMED));
    /* Active segments out of bounds were unlinkable in WebAssembly 1.0, and are in some scripts. */
    bool is_segment = wanted == SG_UNLINKABLE && status == SG_TRAP;
    /* Some rules are of the binary format for one, of validation for the other (the data count section). */
    bool is_binary = wanted == SG_INVALID && status == SG_MALFORMED && wast->command->is_quoted;
    bool is_limit = status == SG_TOO_LARGE && (wanted == SG_INVALID || wast->command->is_component);
    if (same_kind || is_segment || is_binary || is_limit)
        return PASSED;
    if (status == SG_OK)
        return fail(wast, "expected %s: %.*s", sg_status_name(wanted), (int)wast->command->message.size,
                    wast->command->message.data);
    return fail_with(wast, sg_status_name(wanted), &wast->error);
}

/* Is there something to load, which is all to be done? What is to be linked or trapped is valid. */
static bool is_load(const sg_command *command) {
    switch (command->kind) {
    case SG_COMMAND_MODULE:
    case SG_COMMAND_MODULE_DEFINITION:
    case SG_COMMAND_ASSERT_INVALID:
    case SG_COMMAND_ASSERT_MALFORMED:
    case SG_COMMAND_ASSERT_UNLINKABLE: return true;
    default: return command->kind == SG_COMMAND_ASSERT_TRAP && !command->has_action;
    }
}

static Verdict do_load(Wast *wast) {
    const sg_command *command = wast->command;
    sg_status status = load_only(wast, command);
    if (command->kind == SG_COMMAND_ASSERT_INVALID)
        return assert_rejected(wast, SG_INVALID, status);
    if (command->kind == SG_COMMAND_ASSERT_MALFORMED)
        return assert_rejected(wast, SG_MALFORMED, status);
    return verdict_of_load(wast, status);
}

static Verdict do_command(Wast *wast) {
    Entity entity;
    switch (wast->command->kind) {
    case SG_COMMAND_MODULE:
    case SG_COMMAND_MODULE_INSTANCE: return do_module(wast);
    case SG_COMMAND_MODULE_DEFINITION: return do_definition(wast);
    case SG_COMMAND_REGISTER: return do_register(wast);
    case SG_COMMAND_ACTION: {
        Outcome outcome = act(wast);
        if (outcome.status == SG_OK)
            return PASSED;
        return outcome.status == SG_UNSUPPORTED ? SKIPPED : fail_with(wast, "action", &wast->error);
    }
    case SG_COMMAND_ASSERT_RETURN: return assert_return(wast);
    case SG_COMMAND_ASSERT_TRAP: return assert_trap(wast, SG_TRAP_NONE);
    case SG_COMMAND_ASSERT_EXHAUSTION: return assert_trap(wast, SG_TRAP_STACK_EXHAUSTED);
    case SG_COMMAND_ASSERT_EXCEPTION: return assert_trap(wast, SG_TRAP_UNCAUGHT_EXCEPTION);
    case SG_COMMAND_ASSERT_INVALID:
    case SG_COMMAND_ASSERT_MALFORMED: return do_load(wast);
    case SG_COMMAND_ASSERT_UNLINKABLE:
        return assert_rejected(wast, SG_UNLINKABLE, instantiate(wast, wast->command, &entity));
    default: return SKIPPED;
    }
}

/* ---- the store of a thread ---- */

/* The store, and what goes with it, of a thread whose engine is there. */
static bool open_store(Wast *wast) {
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

static void close_store(Wast *wast) {
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

/* ---- verdicts ---- */

static void report_skip(const Wast *wast) {
    const sg_command *command = wast->command;
    printf("%s:%" PRIu32 ": skipped: ", wast->path, command->line);
    if (command->kind == SG_COMMAND_UNKNOWN)
        printf("unknown command or literal %.*s\n", (int)command->message.size, command->message.data);
    else
        printf("%s\n", wast->error.status == SG_UNSUPPORTED ? wast->error.detail : "uses what was skipped");
}

static void count(Wast *wast, Verdict verdict) {
    wast->counts[verdict]++;
    if (verdict == SKIPPED && wast->is_verbose)
        report_skip(wast);
}

/* ---- threads ---- */

typedef struct Thread {
    struct Thread *next;
    sg_string name;
    pthread_t handle;
    Wast wast;
    size_t first, end; /* its commands */
} Thread;

static void run_commands(Wast *wast, size_t first, size_t end);

static void *thread_main(void *argument) {
    Thread *thread = argument;
    run_commands(&thread->wast, thread->first, thread->end);
    return NULL;
}

/* The memory under a name of its own in the store of `to`, if it is a shared one. */
static void add_share(Wast *to, Shares *shares, const char *name, size_t size, const sg_extern *item) {
    sg_shared_memory *shared = item->kind == SG_EXTERN_MEMORY ? sg_core_memory_shared(item->of.memory) : NULL;
    if (shared == NULL)
        return;
    sg_extern own = {SG_EXTERN_MEMORY, {.memory = sg_core_memory_of_shared(to->store, shared, NULL)}};
    sg_shared_memory_delete(shared);
    char *copy = own.of.memory ? strndup(name, size) : NULL;
    if (copy)
        shares->items[shares->count++] = (Share){copy, own};
}

/* Gives the shared memories of an instance to a thread. */
static void share(Wast *from, Wast *to, sg_string instance) {
    const Entity *entity = find_entity(&from->instances, instance);
    const sg_command *definition = entity && entity->core ? entity->definition : NULL;
    sg_module *module =
        definition ? sg_module_load(from->engine, definition->binary, definition->binary_size, NULL) : NULL;
    size_t count = entity && entity->shares ? entity->shares->count : 0;
    sg_string name;
    sg_extern item;
    sg_extern_kind kind;
    while (module && sg_module_export(module, count, &name, &kind))
        count++;
    Shares *shares = calloc(1, sizeof *shares + count * sizeof *shares->items);
    for (size_t i = 0; shares && i < count; i++)
        if (module == NULL)
            add_share(to, shares, entity->shares->items[i].name, strlen(entity->shares->items[i].name),
                      &entity->shares->items[i].item);
        else if (sg_module_export(module, i, &name, &kind) &&
                 sg_core_instance_find(entity->core, name.data, name.size, &item, NULL) == SG_OK)
            add_share(to, shares, name.data, name.size, &item);
    sg_module_delete(module);
    if (shares == NULL)
        return;
    shares->next = to->shares;
    to->shares = shares;
    add_entity(&to->instances, instance, (Entity){.shares = shares});
}

static Verdict start_thread(Wast *wast, size_t first) {
    const sg_command *command = wast->command;
    Thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return fail(wast, "out of memory");
    *thread = (Thread){.name = command->name, .first = first, .end = first + command->thread_size};
    thread->wast = (Wast){
        .path = wast->path, .script = wast->script, .engine = wast->engine, .is_verbose = wast->is_verbose};
    bool ok = open_store(&thread->wast);
    for (size_t i = 0; ok && i < command->shared_count; i++)
        share(wast, &thread->wast, command->shared[i]);
    if (ok && pthread_create(&thread->handle, NULL, thread_main, thread) == 0) {
        thread->next = wast->threads;
        wast->threads = thread;
        return PASSED;
    }
    close_store(&thread->wast);
    free(thread);
    return fail(wast, "thread does not start");
}

static void join_thread(Wast *wast, Thread **link) {
    Thread *thread = *link;
    pthread_join(thread->handle, NULL);
    for (size_t i = 0; i < 3; i++)
        wast->counts[i] += thread->wast.counts[i];
    *link = thread->next;
    close_store(&thread->wast);
    free(thread);
}

static Verdict wait_for_thread(Wast *wast) {
    for (Thread **link = &wast->threads; *link; link = &(*link)->next)
        if (wast_same((*link)->name, wast->command->of)) {
            join_thread(wast, link);
            return PASSED;
        }
    return fail(wast, "unknown thread %.*s", (int)wast->command->of.size, wast->command->of.data);
}

static void run_commands(Wast *wast, size_t first, size_t end) {
    for (size_t i = first; i < end; i++) {
        const sg_command *command = wast->command = sg_script_command(wast->script, i);
        wast->error.status = SG_OK;
        if (command->kind == SG_COMMAND_THREAD) {
            count(wast, start_thread(wast, i + 1));
            i += command->thread_size;
        } else {
            count(wast, command->kind == SG_COMMAND_WAIT ? wait_for_thread(wast) : do_command(wast));
        }
    }
    while (wast->threads)
        join_thread(wast, &wast->threads);
}

/* ---- files ---- */

static void load_commands(Wast *wast) {
    for (size_t i = 0; i < sg_script_count(wast->script); i++) {
        wast->command = sg_script_command(wast->script, i);
        wast->error.status = SG_OK;
        if (is_load(wast->command))
            count(wast, do_load(wast));
    }
}

static bool run_script(const char *path, const WastOptions *wanted, size_t counts[3]) {
    File file;
    if (!file_read(path, &file))
        return false;
    Wast wast = {.path = path, .is_verbose = wanted->is_verbose};
    sg_script *script = NULL;
    wast.engine = make_engine(NULL, wanted->features, &wast.error);
    bool ok = wast.engine && open_store(&wast) &&
              (script = sg_script_parse(wast.engine, file.data, file.size, &wast.error)) != NULL;
    wast.script = script;
    if (!ok) {
        fail_error(path, &wast.error);
        wast.counts[FAILED]++;
    }
    if (ok && wanted->only_validates)
        load_commands(&wast);
    else if (ok)
        run_commands(&wast, 0, sg_script_count(script));
    if (wanted->is_verbose)
        printf("%s: %zu passed, %zu failed, %zu skipped\n", path, wast.counts[PASSED], wast.counts[FAILED],
               wast.counts[SKIPPED]);
    for (size_t i = 0; i < 3; i++)
        counts[i] += wast.counts[i];
    close_store(&wast);
    sg_script_delete(script);
    sg_engine_delete(wast.engine);
    file_free(&file);
    return ok;
}

int command_wast(int argc, char **argv) {
    static const struct option options[] = {
        {"validate", no_argument, NULL, 'l'},
        {"verbose", no_argument, NULL, 'v'},
        {"features", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    WastOptions wanted = {.features = ""};
    for (int option; (option = next_option(argc, argv, options)) != -1;) {
        if (option == 'h') {
            puts("usage: sandglass wast [OPTIONS] FILE...\n\nPerforms the commands of WebAssembly test "
                 "scripts, "
                 "lists what fails, and ends with the counts.\n"
                 "--validate only loads modules and components, and performs nothing else.\n"
                 "--verbose counts each file too, and says what is skipped and why.\n"
                 "--features NAMES turns proposals on, or with a '-' before the name off (threads,-gc).");
            return EXIT_OK;
        }
        if (option == 'v')
            wanted.is_verbose = true;
        else if (option == 'f')
            wanted.features = optarg;
        else if (option == 'l')
            wanted.only_validates = true;
        else
            return EXIT_USAGE;
    }
    if (optind == argc)
        return fail_usage("wast", "no file given");
    size_t counts[3] = {0};
    bool ok = true;
    for (int i = optind; i < argc; i++)
        ok = run_script(argv[i], &wanted, counts) && ok;
    printf("%zu passed, %zu failed, %zu skipped\n", counts[PASSED], counts[FAILED], counts[SKIPPED]);
    return ok && counts[FAILED] == 0 ? EXIT_OK : EXIT_ERROR;
}
