/* hostfunc FILE: serves the imports of examples/hostfunc.wat with functions written in C. */
#include <sandglass.h>
#include <stdio.h>

/* log: func(message: string). The string is ours to read until the call ends. */
static sg_status log_message(void *context, sg_call *call, const sg_value *arguments, size_t argument_count,
                             sg_value *result, sg_error *error) {
    (void)context, (void)call, (void)argument_count, (void)result, (void)error;
    sg_string message = arguments[0].of.string;
    printf("guest says: %.*s\n", (int)message.size, message.data);
    return SG_OK;
}

/* next: func() -> u32. A host function may charge the guest for its work, and fails as the charge fails. */
static sg_status next_number(void *context, sg_call *call, const sg_value *arguments, size_t argument_count,
                             sg_value *result, sg_error *error) {
    (void)arguments, (void)argument_count;
    uint32_t *counter = context;
    sg_status status = sg_call_charge(call, 100, error);
    if (status != SG_OK)
        return status;
    result->kind = SG_U32;
    result->of.u32 = ++*counter;
    return SG_OK;
}

static sg_status sum(sg_linker *linker, sg_store *store, const sg_component *component, uint32_t count,
                     uint32_t *total, sg_error *error) {
    sg_instance *instance = sg_linker_instantiate(linker, store, component, error);
    sg_func *func = instance ? sg_instance_find_func(instance, "sum", error) : NULL;
    if (func == NULL)
        return error->status;
    sg_value argument = {.kind = SG_U32, .of.u32 = count};
    sg_value result;
    sg_status status = sg_func_call(func, &argument, 1, &result, error);
    if (status == SG_OK)
        *total = result.of.u32;
    return status;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: hostfunc FILE\n");
        return 2;
    }
    uint32_t counter = 0, total = 0;
    sg_error error = {.status = SG_OK};
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_linker *linker = engine ? sg_linker_new(engine, &error) : NULL;
    sg_component *component = linker ? sg_component_load_file(engine, argv[1], &error) : NULL;
    sg_store *store = component ? sg_store_new(engine, NULL, &error) : NULL;
    if (store != NULL && sg_linker_define_func(linker, NULL, "log", log_message, NULL, &error) == SG_OK &&
        sg_linker_define_func(linker, NULL, "next", next_number, &counter, &error) == SG_OK &&
        sum(linker, store, component, 10, &total, &error) == SG_OK) {
        printf("sum of %u numbers: %u\n", counter, total);
    } else {
        char text[512];
        sg_error_format(&error, text, sizeof text);
        fprintf(stderr, "error: %s\n", text);
    }
    sg_store_delete(store);
    sg_component_delete(component);
    sg_linker_delete(linker);
    sg_engine_delete(engine);
    return error.status == SG_OK ? 0 : 1;
}
