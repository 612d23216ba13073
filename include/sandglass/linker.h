/* The linker: what a component's imports are given. */
#ifndef SANDGLASS_LINKER_H
#define SANDGLASS_LINKER_H

#include <sandglass/func.h>
#include <sandglass/module.h>
#include <sandglass/resource.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sg_linker sg_linker;

/* A host function for a component. `result` is to be set if the type has one; its memory: see value.h.
 * Anything but SG_OK traps the guest with SG_TRAP_HOST_FUNCTION (SG_TRAP keeps error->trap). */
typedef sg_status sg_host_fn(void *context, sg_call *call, const sg_value *arguments, size_t argument_count,
                             sg_value *result, sg_error *error);

/* Free with sg_linker_delete, after which instances made with it go on working, also those that are being
 * made; `context` pointers given to it must live as long as those. */
SG_API sg_linker *sg_linker_new(sg_engine *engine, sg_error *error);
SG_API void sg_linker_delete(sg_linker *linker);

/* Names of imported instances may have versions: an import gets what was defined for its own version or,
 * where nothing was, for the newest compatible one ("a:b/c@0.2.12" for "a:b/c@0.2.0", and the other way
 * round).
 *
 * Supplies function `name` of the imported instance `instance` (NULL: the top level). Defining it again
 * replaces it. */
SG_API sg_status sg_linker_define_func(sg_linker *linker, const char *instance, const char *name,
                                       sg_host_fn *function, void *context, sg_error *error);

/* Supplies a resource type under `name` of the imported instance `instance` (NULL: the top level). Defining
 * it again replaces it. */
SG_API sg_status sg_linker_define_resource(sg_linker *linker, const char *instance, const char *name,
                                           sg_resource_type *type, sg_error *error);

/* Supplies an instance made earlier under the import name `name`, in the store of that instance only. Once
 * that store is deleted the name is as if nothing had been supplied to any other. */
SG_API sg_status sg_linker_define_instance(sg_linker *linker, const char *name, sg_instance *instance,
                                           sg_error *error);

/* Supplies a core module under `name` of the imported instance `instance` (NULL: the top level), of the same
 * engine. The linker keeps it. Defining it again replaces it. */
SG_API sg_status sg_linker_define_module(sg_linker *linker, const char *instance, const char *name,
                                         const sg_module *module, sg_error *error);

/* Supplies a component under the import name `name`, of the same engine. The linker keeps it. What imports a
 * component of that name gets it. What imports an instance of that name gets one of it, made beforehand in
 * the same store: one for all who ask for it in one instantiation, whose own imports the linker gives too,
 * and which a trap elsewhere does not end. Imports in a circle are SG_UNLINKABLE. Defining it again replaces
 * it.
 */
SG_API sg_status sg_linker_define_component(sg_linker *linker, const char *name,
                                            const sg_component *component, sg_error *error);

/* Functions that nobody supplied become traps when called (SG_TRAP_UNKNOWN_IMPORT), instead of a link error.
 */
SG_API void sg_linker_unknown_imports_trap(sg_linker *linker, bool on);

/* Instantiates `component` in `store` under its limits: all imports are linked, then it runs. NULL and
 * `error` on failure. */
SG_API sg_instance *sg_linker_instantiate(sg_linker *linker, sg_store *store, const sg_component *component,
                                          sg_error *error);

/* A component with all its imports looked up and checked once, for many instantiations. Immutable: threads
 * may share it, each with a store of its own. What is done to the linker afterwards does not change it. */
typedef struct sg_prepared sg_prepared;

/* SG_UNLINKABLE names the import that is missing or has another type. Whether an imported instance that an
 * instance stands for has the type asked for is found when that is there. Free with sg_prepared_delete, after
 * which instances made with it go on working; `context` pointers given to the linker must live as long as
 * those. NULL and `error` on failure. */
SG_API sg_prepared *sg_linker_prepare(const sg_linker *linker, const sg_component *component,
                                      sg_error *error);
SG_API void sg_prepared_delete(sg_prepared *prepared);

/* As sg_linker_instantiate, with the imports looked up before. */
SG_API sg_instance *sg_prepared_instantiate(const sg_prepared *prepared, sg_store *store, sg_error *error);

#ifdef __cplusplus
}
#endif
#endif
