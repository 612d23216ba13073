/* The linker, as the embedder sees it. */
#include "component/component.h"

#include <sandglass/linker.h>

sg_linker *sg_linker_new(sg_engine *engine, sg_error *error) {
    return sgi_linker_new(engine, error);
}

void sg_linker_delete(sg_linker *linker) {
    sgi_linker_delete(linker);
}

sg_status sg_linker_define_func(sg_linker *linker, const char *instance, const char *name,
                                sg_host_fn *function, void *context, sg_error *error) {
    return sgi_linker_define_func(linker, instance, name, function, context, error);
}

sg_status sg_linker_define_resource(sg_linker *linker, const char *instance, const char *name,
                                    sg_resource_type *type, sg_error *error) {
    return sgi_linker_define_resource(linker, instance, name, type, error);
}

sg_status sg_linker_define_instance(sg_linker *linker, const char *name, sg_instance *instance,
                                    sg_error *error) {
    return sgi_linker_define_instance(linker, name, instance, error);
}

void sg_linker_unknown_imports_trap(sg_linker *linker, bool on) {
    sgi_linker_unknown_imports_trap(linker, on);
}

sg_instance *sg_linker_instantiate(sg_linker *linker, sg_store *store, const sg_component *component,
                                   sg_error *error) {
    sg_instance *instance = NULL;
    Component *shared = (Component *)component; /* but for its count of references it does not change */
    return sgi_component_instantiate(linker, store, shared, &instance, error) == SG_OK ? instance : NULL;
}

sg_status sg_linker_define_module(sg_linker *linker, const char *instance, const char *name,
                                  const sg_module *module, sg_error *error) {
    return sgi_linker_define_module(linker, instance, name, (Module *)module, error);
}

sg_status sg_linker_define_component(sg_linker *linker, const char *name, const sg_component *component,
                                     sg_error *error) {
    return sgi_linker_define_component(linker, name, (Component *)component, error);
}

sg_prepared *sg_linker_prepare(const sg_linker *linker, const sg_component *component, sg_error *error) {
    Prepared *prepared = NULL;
    sgi_linker_prepare(linker, (Component *)component, &prepared, error);
    return prepared;
}

void sg_prepared_delete(sg_prepared *prepared) {
    sgi_prepared_release(prepared);
}

sg_instance *sg_prepared_instantiate(const sg_prepared *prepared, sg_store *store, sg_error *error) {
    sg_instance *instance = NULL;
    return sgi_prepared_instantiate((Prepared *)prepared, store, &instance, error) == SG_OK ? instance : NULL;
}
