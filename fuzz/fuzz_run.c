/* A module or component, as bytes or text → instantiated and each exported function called with plain
 * arguments, under limits. Twice: both runs must end alike and use the same fuel, unless it was time that ran
 * out. */
#include "fuzz.h"

enum { MAX_ARGUMENTS = 16, MAX_CALLS = 16, MEMORY = 64 << 20, FUEL = 200000 };

typedef struct Outcome {
    uint64_t fuel, memory;
    int traps[MAX_CALLS];
    bool out_of_time;
} Outcome;

static sg_store *new_store(void) {
    const sg_limits limits = {
        .size = sizeof limits,
        .fuel = FUEL,
        .timeout_ns = 2000000000,
        .memory_bytes = MEMORY,
    };
    sg_store *store = sg_store_new(fuzz_engine(), &limits, NULL);
    REQUIRE(store != NULL);
    return store;
}

static void note(Outcome *outcome, size_t call, sg_status status, const sg_error *error) {
    if (status == SG_OK)
        return;
    require_error(error);
    outcome->traps[call] = status == SG_TRAP ? (int)error->trap : -(int)status;
    if (status == SG_TRAP && error->trap == SG_TRAP_DEADLINE)
        outcome->out_of_time = true;
}

static void finish(Outcome *outcome, sg_store *store) {
    sg_usage usage = sg_store_usage(store);
    outcome->fuel = usage.fuel;
    outcome->memory = usage.peak_memory_bytes;
    REQUIRE(usage.peak_memory_bytes <= MEMORY);
    sg_store_delete(store);
}

static Outcome run_module(const sg_module *module) {
    Outcome outcome = {0};
    sg_error error = {.status = SG_OK};
    sg_store *store = new_store();
    sg_core_instance *instance = sg_core_instance_new(store, module, NULL, 0, &error);
    note(&outcome, 0, instance ? SG_OK : error.status, &error);
    sg_string name;
    sg_extern_kind kind;
    for (size_t i = 0; instance != NULL && i + 1 < MAX_CALLS && sg_module_export(module, i, &name, &kind);
         i++) {
        sg_extern item;
        if (kind != SG_EXTERN_FUNC ||
            sg_core_instance_find(instance, name.data, name.size, &item, NULL) != SG_OK)
            continue;
        sg_core_value arguments[MAX_ARGUMENTS] = {0}, results[MAX_ARGUMENTS];
        size_t params = sg_core_func_param_count(item.of.func);
        size_t result_count = sg_core_func_result_count(item.of.func);
        if (params > MAX_ARGUMENTS || result_count > MAX_ARGUMENTS)
            continue;
        for (size_t k = 0; k < params; k++)
            arguments[k].kind = sg_core_func_param(item.of.func, k);
        note(&outcome, i + 1,
             sg_core_func_call(item.of.func, arguments, params, results, result_count, &error), &error);
    }
    finish(&outcome, store);
    return outcome;
}

/* The least value of a type; false for those without one of bounded size. */
static bool least_value(const sg_type *type, sg_value *value) {
    sg_kind kind = sg_type_kind(type);
    memset(value, 0, sizeof *value);
    value->kind = kind;
    if (kind == SG_ENUM)
        value->of.enumeration = sg_type_name(type, 0);
    return kind <= SG_BYTES || kind == SG_OPTION || kind == SG_FLAGS || kind == SG_ENUM;
}

static Outcome run_component(const sg_component *component) {
    Outcome outcome = {0};
    sg_error error = {.status = SG_OK};
    sg_store *store = new_store();
    sg_linker *linker = sg_linker_new(fuzz_engine(), NULL);
    REQUIRE(linker != NULL);
    sg_linker_unknown_imports_trap(linker, true);
    sg_instance *instance = sg_linker_instantiate(linker, store, component, &error);
    note(&outcome, 0, instance ? SG_OK : error.status, &error);
    sg_string name;
    sg_item_kind kind;
    for (size_t i = 0;
         instance != NULL && i + 1 < MAX_CALLS && sg_component_export(component, i, &name, &kind); i++) {
        char path[256];
        if (kind != SG_ITEM_FUNC || name.size >= sizeof path)
            continue;
        memcpy(path, name.data, name.size);
        path[name.size] = '\0';
        sg_func *func = sg_instance_find_func(instance, path, NULL);
        size_t params = func ? sg_func_param_count(func) : SIZE_MAX;
        if (params > MAX_ARGUMENTS)
            continue;
        sg_value arguments[MAX_ARGUMENTS], result;
        bool callable = true;
        for (size_t k = 0; k < params; k++)
            callable = least_value(sg_func_param_type(func, k), &arguments[k]) && callable;
        if (callable)
            note(&outcome, i + 1, sg_func_call(func, arguments, params, &result, &error), &error);
    }
    finish(&outcome, store);
    sg_linker_delete(linker);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sg_component *component = sg_component_load(fuzz_engine(), data, size, NULL);
    sg_module *module = component == NULL ? sg_module_load(fuzz_engine(), data, size, NULL) : NULL;
    if (component != NULL || module != NULL) {
        Outcome first = component ? run_component(component) : run_module(module);
        Outcome second = component ? run_component(component) : run_module(module);
        if (!first.out_of_time && !second.out_of_time) {
            REQUIRE(first.fuel == second.fuel && first.memory == second.memory);
            REQUIRE(memcmp(first.traps, second.traps, sizeof first.traps) == 0);
        }
    }
    sg_component_delete(component);
    sg_module_delete(module);
    return 0;
}
