/* sandglass run: instances of components and core modules, and calls of what they export. */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

sg_status run_failed(Run *run, sg_status status, const char *message, const char *detail) {
    run->error = (sg_error){.status = status, .offset = SG_NO_OFFSET};
    snprintf(run->error.message, sizeof run->error.message, "%s", message);
    snprintf(run->error.detail, sizeof run->error.detail, "%.200s", detail);
    return status;
}

/* ---- components ---- */

static void print_value(const sg_value *value) {
    size_t size = sg_value_print(value, NULL, 0);
    char *text = malloc(size + 1);
    if (text) {
        sg_value_print(value, text, size + 1);
        puts(text);
    }
    free(text);
}

static bool starts_with(sg_string name, const char *start) {
    size_t size = strlen(start);
    return name.size >= size && memcmp(name.data, start, size) == 0;
}

/* The program's own way to begin: wasi:cli/run of any version 0.2, or else a function `run`. */
static void main_call(const Run *run, char *call, size_t size) {
    sg_string name;
    sg_item_kind kind;
    snprintf(call, size, "run()");
    for (size_t i = 0; sg_component_export(run->component, i, &name, &kind); i++)
        if (kind == SG_ITEM_INSTANCE && starts_with(name, "wasi:cli/run@0.2."))
            snprintf(call, size, "%.*s#run()", (int)name.size, name.data);
}

static sg_status call_component(Run *run, sg_instance *instance, int *exit_code) {
    char own_call[128];
    const char *text = run->options->invoke;
    if (text == NULL) {
        main_call(run, own_call, sizeof own_call);
        text = own_call;
    }
    sg_func *func;
    sg_value *arguments, result;
    sg_status status = sg_call_parse(instance, text, strlen(text), &func, &arguments, &run->error);
    if (status != SG_OK)
        return status;
    size_t count = sg_func_param_count(func);
    status = sg_func_call(func, arguments, count, &result, &run->error);
    sg_arguments_delete(arguments, count);
    if (status != SG_OK || sg_func_result_type(func) == NULL)
        return status;
    if (strchr(text, '#') && run->options->invoke == NULL)
        *exit_code = result.of.result.is_error;
    else
        print_value(&result);
    return status;
}

sg_status run_component(Run *run, int *exit_code) {
    sg_linker *linker = sg_linker_new(run->engine, &run->error);
    if (linker == NULL)
        return run->error.status;
    if (sg_wasi_define(linker, &run->error) != SG_OK) {
        sg_linker_delete(linker);
        return run->error.status;
    }
    sg_linker_unknown_imports_trap(linker, run->options->unknown_imports_trap);
    uint64_t started = now_ns();
    sg_instance *instance = sg_linker_instantiate(linker, run->store, run->component, &run->error);
    run->instantiate_ns = now_ns() - started;
    sg_linker_delete(linker);
    return instance ? call_component(run, instance, exit_code) : run->error.status;
}

/* ---- core modules ---- */

/* One number of `kind` at *text, moved past it. */
static bool parse_core_value(const char **text, sg_core_kind kind, sg_core_value *value) {
    const char *start = *text + strspn(*text, " \t");
    char *end = NULL;
    errno = 0;
    value->kind = kind;
    switch (kind) {
    case SG_CORE_I32:
    case SG_CORE_I64: {
        bool negative = *start == '-';
        uint64_t number = strtoull(start + negative, &end, 0);
        uint64_t most = kind == SG_CORE_I32 ? UINT32_MAX : UINT64_MAX;
        if (end == start + negative || number > (negative ? most / 2 + 1 : most))
            return false;
        number = negative ? 0 - number : number;
        if (kind == SG_CORE_I32)
            value->of.i32 = (int32_t)number;
        else
            value->of.i64 = (int64_t)number;
        break;
    }
    case SG_CORE_F32: value->of.f32 = strtof(start, &end); break;
    case SG_CORE_F64: value->of.f64 = strtod(start, &end); break;
    default: return false;
    }
    *text = end + strspn(end, " \t");
    return end != start && errno == 0;
}

static void print_core_values(const sg_core_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ", " : count > 1 ? "(" : "", stdout);
        switch (values[i].kind) {
        case SG_CORE_I32: printf("%" PRId32, values[i].of.i32); break;
        case SG_CORE_I64: printf("%" PRId64, values[i].of.i64); break;
        case SG_CORE_F32: printf("%.9g", (double)values[i].of.f32); break;
        case SG_CORE_F64: printf("%.17g", values[i].of.f64); break;
        default: fputs(values[i].of.ref ? "ref" : "null", stdout);
        }
    }
    if (count)
        puts(count > 1 ? ")" : "");
}

enum { CORE_VALUES_MAX = 64 };

static sg_status call_core(Run *run, sg_core_instance *instance) {
    const char *call = run->options->invoke ? run->options->invoke : "_start()";
    size_t name_size = strcspn(call, "(");
    const char *at = call + name_size;
    sg_extern item;
    sg_status status = sg_core_instance_find(instance, call, name_size, &item, &run->error);
    if (status != SG_OK)
        return status;
    if (item.kind != SG_EXTERN_FUNC)
        return run_failed(run, SG_BAD_VALUE, "this export is not a function", call);
    if (*at++ != '(')
        return run_failed(run, SG_BAD_VALUE, "a call is written name(arguments)", call);
    sg_core_value arguments[CORE_VALUES_MAX], results[CORE_VALUES_MAX];
    size_t params = sg_core_func_param_count(item.of.func),
           result_count = sg_core_func_result_count(item.of.func);
    if (params > CORE_VALUES_MAX || result_count > CORE_VALUES_MAX)
        return run_failed(run, SG_BAD_VALUE, "too many parameters or results for the command line", call);
    for (size_t i = 0; i < params; i++)
        if ((i && *at++ != ',') || !parse_core_value(&at, sg_core_func_param(item.of.func, i), &arguments[i]))
            return run_failed(run, SG_BAD_VALUE, "arguments do not fit the function's parameters", call);
    at += strspn(at, " \t");
    if (*at++ != ')' || at[strspn(at, " \t")] != '\0')
        return run_failed(run, SG_BAD_VALUE, "arguments do not fit the function's parameters", call);
    status = sg_core_func_call(item.of.func, arguments, params, results, result_count, &run->error);
    if (status == SG_OK)
        print_core_values(results, result_count);
    return status;
}

/* WASI's, or a trap if that was asked for. */
static sg_status resolve_import(Run *run, size_t index, sg_extern *item) {
    sg_string from, name;
    sg_extern_kind kind;
    sg_module_import(run->module, index, &from, &name, &kind);
    if (kind == SG_EXTERN_FUNC) {
        sg_status status = sg_wasi_import(run->store, from, name, item, &run->error);
        if (status != SG_NOT_FOUND)
            return status;
    }
    if (run->options->unknown_imports_trap)
        return sg_module_import_trap(run->store, run->module, index, item, &run->error);
    run->error = (sg_error){.status = SG_UNLINKABLE, .offset = SG_NO_OFFSET, .message = "unknown import"};
    snprintf(run->error.detail, sizeof run->error.detail, "\"%.*s\" \"%.*s\"", (int)from.size, from.data,
             (int)name.size, name.data);
    return SG_UNLINKABLE;
}

/* What a library of functions wants to be called first. */
static sg_status initialize(Run *run, sg_core_instance *instance) {
    sg_extern item;
    if (run->options->invoke == NULL ||
        sg_core_instance_find(instance, "_initialize", strlen("_initialize"), &item, NULL) != SG_OK ||
        item.kind != SG_EXTERN_FUNC)
        return SG_OK;
    return sg_core_func_call(item.of.func, NULL, 0, NULL, 0, &run->error);
}

sg_status run_module(Run *run) {
    size_t count = 0;
    sg_string from, name;
    sg_extern_kind kind;
    while (sg_module_import(run->module, count, &from, &name, &kind))
        count++;
    sg_extern *imports = calloc(count + 1, sizeof *imports);
    if (imports == NULL)
        return run_failed(run, SG_NO_MEMORY, "out of memory", "");
    sg_status status = SG_OK;
    for (size_t i = 0; i < count && status == SG_OK; i++)
        status = resolve_import(run, i, &imports[i]);
    if (status == SG_OK) {
        uint64_t started = now_ns();
        sg_core_instance *instance =
            sg_core_instance_new(run->store, run->module, imports, count, &run->error);
        run->instantiate_ns = now_ns() - started;
        status = instance ? initialize(run, instance) : run->error.status;
        if (status == SG_OK)
            status = call_core(run, instance);
    }
    free(imports);
    return status;
}
