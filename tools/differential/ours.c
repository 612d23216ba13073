/* Generated modules (generate.c) on standard input → a line for each: what each of its exports gives, or how
 * it traps.   ours [FEATURE]
 *
 * peer_v8.js and peer_wasmtime.py print the same for others; traps that some engine does not tell apart have
 * one word. */
#include <sandglass.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *word(sg_trap trap) {
    switch (trap) {
    case SG_TRAP_UNREACHABLE: return "unreachable";
    case SG_TRAP_MEMORY_OUT_OF_BOUNDS: return "memory";
    case SG_TRAP_TABLE_OUT_OF_BOUNDS:
    case SG_TRAP_UNDEFINED_ELEMENT: return "table";
    case SG_TRAP_UNINITIALIZED_ELEMENT:
    case SG_TRAP_INDIRECT_CALL_TYPE_MISMATCH: return "indirect";
    case SG_TRAP_NULL_FUNCTION_REFERENCE:
    case SG_TRAP_NULL_STRUCTURE_REFERENCE:
    case SG_TRAP_NULL_ARRAY_REFERENCE:
    case SG_TRAP_NULL_I31_REFERENCE:
    case SG_TRAP_NULL_REFERENCE: return "null";
    case SG_TRAP_INTEGER_DIVIDE_BY_ZERO: return "divide";
    case SG_TRAP_INTEGER_OVERFLOW:
    case SG_TRAP_INVALID_CONVERSION_TO_INTEGER: return "overflow";
    case SG_TRAP_UNCAUGHT_EXCEPTION: return "exception";
    case SG_TRAP_ARRAY_OUT_OF_BOUNDS: return "array";
    case SG_TRAP_CAST_FAILURE: return "cast";
    case SG_TRAP_UNALIGNED_ATOMIC: return "unaligned";
    default: return sg_trap_message(trap);
    }
}

static sg_status collect(void *context, sg_call *call, const sg_core_value *arguments, size_t argument_count,
                         sg_core_value *results, size_t result_count, sg_error *error) {
    (void)context, (void)arguments, (void)argument_count, (void)results, (void)result_count;
    return sg_store_collect(sg_call_store(call), error);
}

static void run(sg_engine *engine, const void *bytes, size_t size) {
    sg_error error;
    sg_string name;
    sg_extern_kind kind;
    sg_module *module = sg_module_load(engine, bytes, size, &error);
    if (module == NULL) {
        printf(" invalid: %s %s at %" PRIu64, error.message, error.detail, error.offset);
        return;
    }
    sg_store *store = sg_store_new(engine, NULL, NULL);
    sg_extern import = {.kind = SG_EXTERN_FUNC};
    import.of.func = sg_core_func_new(store, NULL, 0, NULL, 0, collect, NULL, NULL, NULL);
    sg_core_instance *instance = sg_core_instance_new(store, module, &import, 1, &error);
    if (instance == NULL)
        printf(" not instantiated: %s", error.message);
    for (size_t i = 0; instance && sg_module_export(module, i, &name, &kind); i++) {
        sg_extern item;
        sg_core_value result;
        sg_core_instance_find(instance, name.data, name.size, &item, NULL);
        if (sg_core_func_call(item.of.func, NULL, 0, &result, 1, &error) == SG_OK)
            printf(" %016" PRIx64, (uint64_t)result.of.i64);
        else
            printf(" %s", word(error.trap));
    }
    sg_store_delete(store);
    sg_module_delete(module);
}

int main(int argc, char **argv) {
    static uint8_t bytes[1 << 22];
    uint8_t head[4];
    sg_engine *engine = sg_engine_new(NULL, NULL);
    if (engine == NULL || (argc > 1 && sg_engine_set_feature(engine, argv[1], true, NULL) != SG_OK))
        return 2;
    for (int i = 0; fread(head, 1, 4, stdin) == 4; i++) {
        size_t size = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
        if (fread(bytes, 1, size, stdin) != size)
            return 2;
        printf("%d", i);
        run(engine, bytes, size);
        printf("\n");
        fflush(stdout);
    }
    sg_engine_delete(engine);
    return 0;
}
