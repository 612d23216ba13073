/* Components: loading and looking at them. */
#ifndef SANDGLASS_COMPONENT_H
#define SANDGLASS_COMPONENT_H

#include <sandglass/engine.h>
#include <sandglass/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A decoded and validated component: immutable, shared freely between threads. */
typedef struct sg_component sg_component;

/* Decodes and validates `bytes` (binary or WAT text, told apart by the first bytes), which are copied. Free
 * with sg_component_delete. NULL and `error` on failure. */
SG_API sg_component *sg_component_load(sg_engine *engine, const void *bytes, size_t size, sg_error *error);
SG_API sg_component *sg_component_load_file(sg_engine *engine, const char *path, sg_error *error);
SG_API void sg_component_delete(sg_component *component);

typedef enum sg_item_kind {
    SG_ITEM_FUNC,
    SG_ITEM_INSTANCE,
    SG_ITEM_COMPONENT,
    SG_ITEM_CORE_MODULE,
    SG_ITEM_TYPE,
    SG_ITEM_VALUE,
} sg_item_kind;

/* Imports and exports in the component's order. Names belong to the component. False out of range. */
SG_API bool sg_component_import(const sg_component *component, size_t index, sg_string *name,
                                sg_item_kind *kind);
SG_API bool sg_component_export(const sg_component *component, size_t index, sg_string *name,
                                sg_item_kind *kind);

/* The items of an instance import or export. False out of range or for other kinds. */
SG_API bool sg_component_import_item(const sg_component *component, size_t index, size_t item,
                                     sg_string *name, sg_item_kind *kind);
SG_API bool sg_component_export_item(const sg_component *component, size_t index, size_t item,
                                     sg_string *name, sg_item_kind *kind);

/* The type of import or export `index` as text in WIT's manner ("func(a: u32) -> string"), as snprintf does;
 * 0 out of range. `item` picks inside an instance, or SIZE_MAX for the import or export itself. */
SG_API size_t sg_component_import_type(const sg_component *component, size_t index, size_t item, char *buffer,
                                       size_t size);
SG_API size_t sg_component_export_type(const sg_component *component, size_t index, size_t item, char *buffer,
                                       size_t size);

/* The type of a function that is imported or exported, and of a value type. `item` as above. NULL out of
 * range and for other kinds. */
SG_API const sg_func_type *sg_component_import_func(const sg_component *component, size_t index, size_t item);
SG_API const sg_func_type *sg_component_export_func(const sg_component *component, size_t index, size_t item);
SG_API const sg_type *sg_component_import_value_type(const sg_component *component, size_t index,
                                                     size_t item);
SG_API const sg_type *sg_component_export_value_type(const sg_component *component, size_t index,
                                                     size_t item);
/* Is it a resource type? */
SG_API bool sg_component_import_is_resource(const sg_component *component, size_t index, size_t item);
SG_API bool sg_component_export_is_resource(const sg_component *component, size_t index, size_t item);

/* What `bytes` are, by their first bytes: "component" or "module" for binaries; "text" for what else. */
SG_API const char *sg_bytes_kind(const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif
#endif
