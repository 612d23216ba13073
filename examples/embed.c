/* embed FILE FUNCTION-CALL: loads a component that nobody has to trust, calls it under limits, and reports.
 *
 *     embed plugin.wasm 'greet("world")'
 */
#include <sandglass.h>
#include <stdio.h>
#include <string.h>

static int fail(const sg_error *error) {
    char text[512];
    sg_error_format(error, text, sizeof text);
    fprintf(stderr, "error: %s\n", text);
    return 1;
}

/* Everything that happens in `store` from here on, the component's own start-up included, is under its
 * limits. */
static int call(sg_linker *linker, sg_store *store, const sg_component *plugin, const char *text) {
    sg_error error;
    sg_instance *instance = sg_linker_instantiate(linker, store, plugin, &error);
    if (instance == NULL)
        return fail(&error);

    sg_func *func;
    sg_value *arguments;
    if (sg_call_parse(instance, text, strlen(text), &func, &arguments, &error) != SG_OK)
        return fail(&error);
    sg_value result;
    sg_status status = sg_func_call(func, arguments, sg_func_param_count(func), &result, &error);
    sg_arguments_delete(arguments, sg_func_param_count(func));
    if (status != SG_OK)
        return fail(&error);

    if (sg_func_result_type(func) != NULL) {
        char printed[256];
        sg_value_print(&result, printed, sizeof printed);
        printf("%s\n", printed);
    }
    return 0;
}

static void report(const sg_store *store) {
    sg_usage usage = sg_store_usage(store);
    printf("fuel %llu, peak memory %llu KiB, wall time %.3f ms\n", (unsigned long long)usage.fuel,
           (unsigned long long)usage.peak_memory_bytes >> 10, (double)usage.wall_ns / 1e6);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: embed FILE 'FUNCTION(ARGUMENTS)'\n");
        return 2;
    }
    const sg_limits limits = {
        .size = sizeof limits,
        .fuel = 1000 * 1000,
        .timeout_ns = 1000 * 1000 * 1000,
        .memory_bytes = 16 << 20,
    };
    sg_error error;
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_linker *linker = engine ? sg_linker_new(engine, &error) : NULL;
    sg_component *plugin = linker ? sg_component_load_file(engine, argv[1], &error) : NULL;
    sg_store *store = plugin ? sg_store_new(engine, &limits, &error) : NULL;

    int exit_status;
    if (store == NULL) {
        exit_status = fail(&error);
    } else {
        exit_status = call(linker, store, plugin, argv[2]);
        report(store);
    }
    sg_store_delete(store);
    sg_component_delete(plugin);
    sg_linker_delete(linker);
    sg_engine_delete(engine);
    return exit_status;
}
