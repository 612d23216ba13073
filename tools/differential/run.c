/* Core modules → what they import and do, as text to be compared with what peer.js prints for them.
 *
 * For each file: the fault of its load or start, or each exported function called once, in order, with
 * arguments that depend on nothing but their places; then its exported globals, and the size and a checksum
 * of its memories. NaNs are all one, references are null or not, traps are all one. */
#include <sandglass.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, CALLS = 20, HASHED = 1 << 16 };

static sg_core_value argument(sg_core_kind kind, size_t place) {
    static const int64_t numbers[] = {1, -1, 0, 65530, INT32_MIN, 7};
    int64_t number = numbers[place % 6];
    sg_core_value value = {.kind = kind};
    switch (kind) {
    case SG_CORE_I32: value.of.i32 = (int32_t)number; break;
    case SG_CORE_I64: value.of.i64 = (int64_t)((uint64_t)number * 4294967297); break;
    case SG_CORE_F32: value.of.f32 = (float)number * 0.5f; break;
    case SG_CORE_F64: value.of.f64 = (double)number * 0.25; break;
    default: break;
    }
    return value;
}

static void print_value(sg_core_value value) {
    uint32_t bits;
    switch (value.kind) {
    case SG_CORE_I32: printf(" %08" PRIx32, (uint32_t)value.of.i32); break;
    case SG_CORE_I64: printf(" %016" PRIx64, (uint64_t)value.of.i64); break;
    case SG_CORE_F32:
        memcpy(&bits, &value.of.f32, sizeof bits);
        value.of.f32 == value.of.f32 ? printf(" %08" PRIx32, bits) : printf(" nan");
        break;
    case SG_CORE_F64:
        value.of.f64 == value.of.f64 ? printf(" %016" PRIx64, (uint64_t)value.of.i64) : printf(" nan");
        break;
    default: printf(value.of.ref ? " ref" : " null");
    }
}

static bool is_called; /* not a start function */

/* What the generators import logs what it is given; results are zeros and nulls. */
static sg_status log_arguments(void *context, sg_call *call, const sg_core_value *arguments,
                               size_t argument_count, sg_core_value *results, size_t result_count,
                               sg_error *error) {
    const sg_core_kind *kinds = context;
    (void)call, (void)error;
    for (size_t i = 0; is_called && i < argument_count; i++)
        print_value(arguments[i]);
    for (size_t i = 0; i < result_count; i++)
        results[i] = (sg_core_value){.kind = kinds[i]};
    return SG_OK;
}

/* The kinds after "(param" or "(result" in a type's text. */
static size_t kinds_of(const char *type, const char *word, sg_core_kind *kinds) {
    static const char *const names[] = {"i32", "i64", "f32", "f64", "v128", "funcref", "externref", "anyref"};
    size_t count = 0;
    const char *at = strstr(type, word);
    for (at = at ? at + strlen(word) : ""; *at == ' ' && count < MOST; at += 1 + strcspn(at + 1, " )"))
        for (sg_core_kind kind = SG_CORE_I32; kind <= SG_CORE_ANYREF; kind++)
            if (strncmp(at + 1, names[kind], strlen(names[kind])) == 0)
                kinds[count++] = kind;
    return count;
}

static size_t supply(sg_store *store, const sg_module *module, sg_extern *imports) {
    static sg_core_kind results[MOST][4];
    sg_string from, name;
    sg_extern_kind kind;
    size_t count = 0;
    for (; count < MOST && sg_module_import(module, count, &from, &name, &kind); count++) {
        char type[256];
        sg_core_kind params[MOST];
        sg_core_value null = {.kind = SG_CORE_EXTERNREF};
        sg_module_import_type(module, count, type, sizeof type);
        size_t param_count = kinds_of(type, "(param", params);
        size_t result_count = kinds_of(type, "(result", results[count]);
        imports[count].kind = kind;
        if (kind == SG_EXTERN_FUNC)
            imports[count].of.func =
                sg_core_func_new(store, params, param_count, results[count], result_count, log_arguments,
                                 results[count], NULL, NULL);
        else if (kind == SG_EXTERN_GLOBAL) /* Binaryen's are of externref */
            imports[count].of.global = sg_core_global_new(store, null, false, NULL);
        else if (kind == SG_EXTERN_TAG)
            imports[count].of.tag = sg_core_tag_new(store, params, param_count, NULL);
        else
            break;
    }
    return count;
}

static void call(sg_core_func *func) {
    sg_core_value arguments[MOST], results[MOST];
    size_t count = sg_core_func_param_count(func), result_count = sg_core_func_result_count(func);
    if (count > MOST || result_count > MOST)
        return;
    for (size_t i = 0; i < count; i++)
        arguments[i] = argument(sg_core_func_param(func, i), i);
    sg_error error;
    is_called = true;
    sg_status status = sg_core_func_call(func, arguments, count, results, result_count, &error);
    is_called = false;
    if (status != SG_OK)
        printf(status == SG_TRAP && error.trap == SG_TRAP_UNCAUGHT_EXCEPTION ? " exception" : " trap");
    for (size_t i = 0; status == SG_OK && i < result_count; i++)
        print_value(results[i]);
}

static void print_memory(sg_core_memory *memory) {
    size_t size;
    const uint8_t *data = sg_core_memory_data(memory, &size);
    uint32_t hash = 0;
    for (size_t i = 0; i < size && i < HASHED; i++)
        hash = hash * 31 + data[i];
    printf(" %zu %08" PRIx32, size, hash);
}

static void print_export(const sg_module *module, sg_core_instance *instance, size_t index) {
    char type[1024];
    sg_string name;
    sg_extern item;
    sg_module_export(module, index, &name, &item.kind);
    sg_core_instance_find(instance, name.data, name.size, &item, NULL);
    sg_module_export_type(module, index, type, sizeof type);
    printf("  %zu %s =", index, type);
    if (strstr(type, "exn") || strstr(type, "v128"))
        printf(" not for JavaScript");
    else if (item.kind == SG_EXTERN_FUNC)
        call(item.of.func);
    else if (item.kind == SG_EXTERN_MEMORY)
        print_memory(item.of.memory);
    else if (item.kind == SG_EXTERN_GLOBAL)
        print_value(sg_core_global_get(item.of.global));
    else if (item.kind == SG_EXTERN_TABLE)
        printf(" %" PRIu64, sg_core_table_size(item.of.table));
    printf("\n");
}

/* In a fresh instance: the function at `called`, then all that is no function. */
static bool visit(sg_engine *engine, const sg_module *module, size_t called) {
    sg_limits limits = {.size = sizeof limits, .memory_bytes = SG_UNLIMITED, .stack_bytes = 64 << 20};
    sg_extern imports[MOST];
    sg_string name;
    sg_extern_kind kind;
    sg_store *store = sg_store_new(engine, &limits, NULL);
    sg_core_instance *instance =
        sg_core_instance_new(store, module, imports, supply(store, module, imports), NULL);
    if (instance)
        print_export(module, instance, called);
    for (size_t i = 0; instance && sg_module_export(module, i, &name, &kind); i++)
        if (kind != SG_EXTERN_FUNC)
            print_export(module, instance, i);
    sg_store_delete(store);
    return instance != NULL;
}

static void run(sg_engine *engine, const void *bytes, size_t size) {
    char type[256];
    sg_string name;
    sg_extern_kind kind;
    sg_module *module = sg_module_load(engine, bytes, size, NULL);
    if (module == NULL)
        printf("  invalid\n");
    for (size_t i = 0; module && sg_module_import_type(module, i, type, sizeof type); i++)
        printf("  import %s\n", type);
    for (size_t i = 0, calls = 0; module && sg_module_export(module, i, &name, &kind) && calls < CALLS; i++) {
        if (kind != SG_EXTERN_FUNC)
            continue;
        calls++;
        if (!visit(engine, module, i)) {
            printf("  not instantiated\n");
            break;
        }
    }
    sg_module_delete(module);
}

int main(int argc, char **argv) {
    sg_engine *engine = sg_engine_new(NULL, NULL);
    sg_engine_set_feature(engine, "legacy-exceptions", true, NULL);
    for (int i = 1; i < argc; i++) {
        static uint8_t bytes[1 << 22];
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL)
            return 2;
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        printf("%s\n", argv[i]);
        run(engine, bytes, size);
        fflush(stdout);
    }
    sg_engine_delete(engine);
    return 0;
}
