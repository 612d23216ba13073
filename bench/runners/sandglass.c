/* Runs a program in Sandglass: the protocol of harness/engines.py.
 *
 *   run-sandglass [--fuel]     with a limit on fuel, far away, or without */
#include <sandglass.h>

#include "runner.h"

static char *binary;
static size_t size;
static sg_engine *engine;
static sg_store *store;
static sg_module *module;
static sg_core_func *program;
static uint64_t fuel;

static bool refuse_error(const sg_error *error) {
    char text[640];
    sg_error_format(error, text, sizeof text);
    return refuse(text);
}

static bool read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = (size_t)ftell(file)) > 0 &&
        (binary = malloc(size))) {
        rewind(file);
        size = fread(binary, 1, size, file);
    }
    if (file)
        fclose(file);
    return binary != NULL || refuse("cannot read the file");
}

static bool load(void) {
    sg_error error;
    module = sg_module_load(engine, binary, size, &error);
    return module != NULL || refuse_error(&error);
}

static bool instantiate(const char *name, sg_core_func **func) {
    sg_error error;
    sg_limits limits = {.size = sizeof limits, .fuel = fuel, .memory_bytes = SG_UNLIMITED};
    sg_extern imports[256], item;
    sg_string from, import_name;
    sg_extern_kind kind;
    size_t count = 0;
    store = sg_store_new(engine, &limits, &error);
    if (store == NULL)
        return refuse_error(&error);
    for (; sg_module_import(module, count, &from, &import_name, &kind); count++)
        if (count == 256 || sg_module_import_trap(store, module, count, &imports[count], &error) != SG_OK)
            return refuse("an import that cannot be stood in for");
    sg_core_instance *instance = sg_core_instance_new(store, module, imports, count, &error);
    if (instance == NULL || sg_core_instance_find(instance, name, strlen(name), &item, &error) != SG_OK)
        return refuse_error(&error);
    *func = item.of.func;
    return item.kind == SG_EXTERN_FUNC || refuse("not a function");
}

static bool run(uint32_t scale, uint64_t *checksum) {
    sg_error error;
    sg_core_value value = {.kind = SG_CORE_I32, .of.i32 = (int32_t)scale};
    if (program == NULL && !instantiate("bench_run", &program))
        return false;
    if (sg_core_func_call(program, &value, 1, &value, 1, &error) != SG_OK)
        return refuse_error(&error);
    *checksum = (uint64_t)value.of.i64;
    return true;
}

static bool first(const char *name) {
    sg_core_func *func;
    if (!instantiate(name, &func))
        return false;
    sg_core_func_call(func, NULL, 0, NULL, 0, NULL);
    return true;
}

int main(int argc, char **argv) {
    sg_engine_options options = {.size = sizeof options, .load_bytes = SG_UNLIMITED};
    engine = sg_engine_new(&options, NULL);
    fuel = argc > 1 && strcmp(argv[1], "--fuel") == 0 ? UINT64_C(1) << 60 : 0;
    return engine ? serve(read_file, load, run, first) : 1;
}
