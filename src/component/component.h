/* The door of component: linking, instantiation and calls of components, by the canonical ABI. */
#ifndef SGI_COMPONENT_ROOM_H
#define SGI_COMPONENT_ROOM_H

#include "module/module.h"
#include "run/run.h"

#include <sandglass/linker.h>
#include <sandglass/resource.h>

typedef struct sg_linker Linker;
typedef struct sg_instance CompInstance;
typedef struct sg_func CompFunc;
typedef struct sg_prepared Prepared;

Linker *sgi_linker_new(Engine *engine, sg_error *err);
void sgi_linker_delete(Linker *linker);
/* `instance` NULL: the top level. */
sg_status sgi_linker_define_func(Linker *linker, const char *instance, const char *name, sg_host_fn *function,
                                 void *context, sg_error *err);
/* The same for a function of one type only, which is written as signature.c tells; the text is kept, not
 * copied. A component that imports it as another type is SG_UNLINKABLE. */
sg_status sgi_linker_define_func_typed(Linker *linker, const char *instance, const char *name,
                                       const char *signature, sg_host_fn *function, void *context,
                                       sg_error *err);
sg_status sgi_linker_define_instance(Linker *linker, const char *name, CompInstance *instance, sg_error *err);
/* Holds the type. */
sg_status sgi_linker_define_resource(Linker *linker, const char *instance, const char *name,
                                     struct sg_resource_type *type, sg_error *err);
Engine *sgi_linker_engine(const Linker *linker);
sg_status sgi_linker_define_module(Linker *linker, const char *instance, const char *name, Module *module,
                                   sg_error *err);
sg_status sgi_linker_define_component(Linker *linker, const char *name, Component *component, sg_error *err);
void sgi_linker_unknown_imports_trap(Linker *linker, bool on);

/* What the component's imports get, with one reference for the caller, who alone pays for it. */
sg_status sgi_linker_prepare(const Linker *linker, Component *component, Prepared **prepared, sg_error *err);
void sgi_prepared_release(Prepared *prepared);
/* Instantiates under one call scope. The instance belongs to the store. */
sg_status sgi_prepared_instantiate(Prepared *prepared, Store *store, CompInstance **instance, sg_error *err);
/* Both in one; the store pays. */
sg_status sgi_component_instantiate(Linker *linker, Store *store, Component *component,
                                    CompInstance **instance, sg_error *err);

/* `name` may be "instance#function". NULL if there is none. */
CompFunc *sgi_instance_find_func(CompInstance *instance, Bytes name);
const CompFuncType *sgi_comp_func_type(const CompFunc *func);

/* Under one call scope: checks and lowers the arguments, calls, lifts the result into the store's call
 * memory, and runs post-return. */
sg_status sgi_comp_func_call(CompFunc *func, const sg_value *arguments, size_t argument_count,
                             sg_value *result, sg_error *err);

/* A resource type of the host's, with one reference for the caller. `name`: it is the library's own, by this
 * name in its functions' signatures (kept), and the host gets handles of it; or NULL. */
struct sg_resource_type *sgi_resource_type_new(Engine *engine, const char *name,
                                               sg_resource_destructor *destructor, void *context,
                                               sg_error *err);
void sgi_resource_type_retain(struct sg_resource_type *type);
void sgi_resource_type_release(struct sg_resource_type *type);
/* Drops a handle of the host's; a guest's destructor runs in a call of its own. */
sg_status sgi_resource_drop(Store *store, uint64_t number, sg_error *err);

#endif
