/* Component instances and their functions. */
#ifndef SANDGLASS_FUNC_H
#define SANDGLASS_FUNC_H

#include <sandglass/component.h>
#include <sandglass/store.h>
#include <sandglass/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Both belong to their store and live as long as it does. */
typedef struct sg_instance sg_instance;
typedef struct sg_func sg_func;

/* The exported function `name`; "interface#function" or "instance/function" paths reach into exported
 * instances: the separator is '#'. NULL and SG_NOT_FOUND if there is none. */
SG_API sg_func *sg_instance_find_func(sg_instance *instance, const char *name, sg_error *error);

/* Its type; what follows is part of it. */
SG_API const sg_func_type *sg_func_type_of(const sg_func *func);
SG_API size_t sg_func_param_count(const sg_func *func);
SG_API const sg_type *sg_func_param_type(const sg_func *func, size_t index);
SG_API sg_string sg_func_param_name(const sg_func *func, size_t index);
/* The result's type, NULL when there is none. */
SG_API const sg_type *sg_func_result_type(const sg_func *func);

/* Calls `func` under the store's limits, post-return included. `result` receives the result, if the type has
 * one, and may be NULL to drop it; its memory is the store's (see value.h). Arguments that do not fit give
 * SG_BAD_VALUE with the path inside the value, asynchronous ones SG_UNSUPPORTED, and nothing ran. Once
 * a call has failed inside the guest, every further one into the instance, or what it was made with, fails
 * with SG_TRAP_CANNOT_ENTER, or SG_TRAP_INSTANCE_ENDED if a limit ended it. */
SG_API sg_status sg_func_call(sg_func *func, const sg_value *arguments, size_t argument_count,
                              sg_value *result, sg_error *error);

/* Reads "name(arg, ...)" in WAVE text: finds the function and parses its arguments. `*arguments` holds
 * sg_func_param_count values; free with sg_arguments_delete. */
SG_API sg_status sg_call_parse(sg_instance *instance, const char *text, size_t size, sg_func **func,
                               sg_value **arguments, sg_error *error);
SG_API void sg_arguments_delete(sg_value *arguments, size_t count);

#ifdef __cplusplus
}
#endif
#endif
