/* wasi DIRECTORY PROGRAM [ARGUMENT...]: runs a component that is a program, as `sandglass run` does, but
 * inside this one: it sees DIRECTORY as /data and may change nothing there, has a second and 64 MiB, and what
 * it prints is kept in memory, as far as there is room.
 *
 *     wasi /srv/pictures plugin.wasm cat.png
 */
#include <sandglass.h>
#include <stdio.h>
#include <string.h>

typedef struct Output {
    char data[4096];
    size_t size;
} Output;

static sg_wasi_errno keep(void *context, const void *data, size_t size, size_t *count) {
    Output *output = context;
    size_t room = sizeof output->data - output->size;
    *count = size < room ? size : room;
    memcpy(output->data + output->size, data, *count);
    output->size += *count;
    return *count ? SG_WASI_SUCCESS : SG_WASI_NOSPC;
}

/* All that the program is given. */
static sg_status grant(sg_engine *engine, sg_store *store, Output *output, char **arguments,
                       sg_error *error) {
    sg_wasi *wasi = sg_wasi_new(engine, error);
    if (wasi == NULL)
        return error->status;
    const sg_wasi_stream stream = {.size = sizeof stream, .context = output, .write = keep};
    sg_wasi_set_stream(wasi, SG_WASI_STDOUT, &stream);
    sg_status status = sg_wasi_add_dir(wasi, arguments[0], "/data", true, error);
    for (int i = 1; arguments[i] && status == SG_OK; i++)
        status = sg_wasi_add_argument(wasi, arguments[i], error);
    if (status == SG_OK)
        status = sg_wasi_attach(wasi, store, error);
    sg_wasi_delete(wasi);
    return status;
}

/* "wasi:cli/run", of whatever version 0.2. */
static sg_func *find_run(const sg_component *component, sg_instance *instance, sg_error *error) {
    static const char run[] = "wasi:cli/run@0.2.";
    char whole[100] = "wasi:cli/run#run";
    sg_string name;
    sg_item_kind kind;
    for (size_t i = 0; sg_component_export(component, i, &name, &kind); i++)
        if (name.size >= sizeof run - 1 && memcmp(name.data, run, sizeof run - 1) == 0)
            snprintf(whole, sizeof whole, "%.*s#run", (int)name.size, name.data);
    return sg_instance_find_func(instance, whole, error);
}

static sg_status run(sg_engine *engine, sg_store *store, const sg_component *component, int *code,
                     sg_error *error) {
    sg_linker *linker = sg_linker_new(engine, error);
    if (linker == NULL || sg_wasi_define(linker, error) != SG_OK) {
        sg_linker_delete(linker);
        return error->status;
    }
    sg_instance *instance = sg_linker_instantiate(linker, store, component, error);
    sg_linker_delete(linker);
    sg_func *func = instance ? find_run(component, instance, error) : NULL;
    if (func == NULL)
        return error->status;
    sg_value result;
    sg_status status = sg_func_call(func, NULL, 0, &result, error);
    if (status == SG_OK) /* it returned */
        *code = result.of.result.is_error;
    else if (sg_wasi_exit_code(store, code)) /* it left by wasi:cli/exit */
        status = SG_OK;
    return status;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: wasi DIRECTORY PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    const sg_limits limits = {
        .size = sizeof limits,
        .timeout_ns = 1000 * 1000 * 1000,
        .memory_bytes = 64 << 20,
    };
    Output output = {.size = 0};
    int code = 0;
    sg_error error = {.status = SG_OK};
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_component *component = engine ? sg_component_load_file(engine, argv[2], &error) : NULL;
    sg_store *store = component ? sg_store_new(engine, &limits, &error) : NULL;
    sg_status status = store ? grant(engine, store, &output, argv + 1, &error) : error.status;
    if (status == SG_OK)
        status = run(engine, store, component, &code, &error);
    sg_store_delete(store);
    sg_component_delete(component);
    sg_engine_delete(engine);

    printf("%zu bytes: %.*s\n", output.size, (int)output.size, output.data);
    if (status == SG_OK) {
        printf("exit status %d\n", code);
        return 0;
    }
    char text[512];
    sg_error_format(&error, text, sizeof text);
    fprintf(stderr, "error: %s\n", text);
    return 1;
}
