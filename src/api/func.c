/* Functions of component instances, as the embedder sees them. */
#include "api/private.h"
#include "component/component.h"
#include "text/text.h"

#include <sandglass/func.h>

#include <stdlib.h>

static sg_func *find(sg_instance *instance, Bytes name, sg_error *error) {
    CompFunc *func = sgi_instance_find_func(instance, name);
    if (func == NULL)
        sgi_fail(error, SG_NOT_FOUND, SG_NO_OFFSET, "no such function", "\"%.*s\"",
                 (int)(name.size > 200 ? 200 : name.size), (const char *)name.data);
    return func;
}

sg_func *sg_instance_find_func(sg_instance *instance, const char *name, sg_error *error) {
    return find(instance, sgi_bytes_of(name), error);
}

const sg_func_type *sg_func_type_of(const sg_func *func) {
    return sgi_comp_func_type(func);
}

size_t sg_func_param_count(const sg_func *func) {
    return sgi_comp_func_type(func)->param_count;
}

const sg_type *sg_func_param_type(const sg_func *func, size_t index) {
    const CompFuncType *type = sgi_comp_func_type(func);
    return index < type->param_count ? type->params[index].type : NULL;
}

sg_string sg_func_param_name(const sg_func *func, size_t index) {
    const CompFuncType *type = sgi_comp_func_type(func);
    return to_string(index < type->param_count ? type->params[index].name : (Bytes){NULL, 0});
}

const sg_type *sg_func_result_type(const sg_func *func) {
    return sgi_comp_func_type(func)->result;
}

sg_status sg_func_call(sg_func *func, const sg_value *arguments, size_t argument_count, sg_value *result,
                       sg_error *error) {
    return sgi_comp_func_call(func, arguments, argument_count, result, error);
}

/* ---- WAVE calls ---- */

void sg_arguments_delete(sg_value *arguments, size_t count) {
    for (size_t i = 0; arguments && i < count; i++)
        sg_value_delete(&arguments[i]);
    free(arguments);
}

static sg_status parse_arguments(Arena *arena, const CompFuncType *type, Bytes text, sg_value **arguments,
                                 sg_error *error) {
    size_t count = type->param_count;
    sg_value *parsed = sgi_arena_array(arena, count, sizeof *parsed);
    sg_value *copies = calloc(count ? count : 1, sizeof *copies);
    sg_status status = parsed && copies ? SG_OK : sgi_fail_memory(error);
    if (status == SG_OK)
        status = sgi_wave_parse_arguments(arena, type->params, type->param_count, text, parsed, error);
    size_t made = 0;
    for (; status == SG_OK && made < count; made++)
        status = sg_value_copy(&parsed[made], &copies[made], error);
    if (status == SG_OK)
        *arguments = copies;
    else /* the one that failed is still zero */
        sg_arguments_delete(copies, made ? made - 1 : 0);
    return status;
}

sg_status sg_call_parse(sg_instance *instance, const char *text, size_t size, sg_func **func,
                        sg_value **arguments, sg_error *error) {
    Bytes bytes = {(const uint8_t *)text, size}, name;
    SGI_TRY(sgi_wave_call_name(bytes, &name, error));
    CompFunc *found = find(instance, name, error);
    if (found == NULL)
        return SG_NOT_FOUND;
    Alloc alloc;
    Arena arena;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_arena_init(&arena, &alloc);
    sg_status status = parse_arguments(&arena, sgi_comp_func_type(found), bytes, arguments, error);
    sgi_arena_free(&arena);
    if (status == SG_OK)
        *func = found;
    return status;
}
