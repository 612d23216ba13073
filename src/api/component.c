/* Components: loading, and what they import and export. */
#include "api/private.h"
#include "decode/decode.h"
#include "os/os.h"
#include "pipeline.h"
#include "text/text.h"

#include <sandglass/component.h>

sg_component *sg_component_load(sg_engine *engine, const void *bytes, size_t size, sg_error *error) {
    Component *component = NULL;
    sgi_load_component(engine, (Bytes){bytes, size}, &component, error);
    return component;
}

sg_component *sg_component_load_file(sg_engine *engine, const char *path, sg_error *error) {
    Alloc alloc;
    sgi_alloc_init(&alloc, engine->options.allocate, engine->options.allocate_context, SIZE_MAX);
    uint8_t *data;
    size_t size;
    if (sgi_os_read_file(path, (size_t)LIMIT_OF(MODULE_BYTES), &alloc, &data, &size, error) != SG_OK)
        return NULL;
    Component *component = sg_component_load(engine, data, size, error);
    sgi_free(&alloc, data, size);
    return component;
}

void sg_component_delete(sg_component *component) {
    if (component)
        sgi_component_release(component);
}

const char *sg_bytes_kind(const void *bytes, size_t size) {
    static const char *const names[] = {
        [BINARY_NONE] = "text", [BINARY_MODULE] = "module", [BINARY_COMPONENT] = "component"};
    return names[sgi_decode_kind((Bytes){bytes, size})];
}

/* ---- imports and exports ---- */

static const NamedExtern *at(const NamedExtern *items, size_t count, size_t index) {
    return index < count ? &items[index] : NULL;
}

static const NamedExtern *import_at(const Component *component, size_t index) {
    return at(component->type.imports, component->type.import_count, index);
}

static const NamedExtern *export_at(const Component *component, size_t index) {
    return at(component->type.exports, component->type.export_count, index);
}

/* Inside an instance; `item` SIZE_MAX: the thing itself. */
static const NamedExtern *item_of(const NamedExtern *named, size_t item) {
    if (named == NULL || item == SIZE_MAX)
        return named;
    const InstanceType *instance = named->type.sort == SORT_INSTANCE ? named->type.as.instance : NULL;
    return instance ? at(instance->exports, instance->export_count, item) : NULL;
}

static sg_item_kind item_kind(Sort sort) {
    switch (sort) {
    case SORT_FUNC: return SG_ITEM_FUNC;
    case SORT_INSTANCE: return SG_ITEM_INSTANCE;
    case SORT_COMPONENT: return SG_ITEM_COMPONENT;
    case SORT_CORE_MODULE: return SG_ITEM_CORE_MODULE;
    case SORT_VALUE: return SG_ITEM_VALUE;
    default: return SG_ITEM_TYPE;
    }
}

static bool describe(const NamedExtern *named, sg_string *name, sg_item_kind *kind) {
    if (named == NULL)
        return false;
    *name = to_string(named->name);
    *kind = item_kind(named->type.sort);
    return true;
}

bool sg_component_import(const sg_component *component, size_t index, sg_string *name, sg_item_kind *kind) {
    return describe(import_at(component, index), name, kind);
}

bool sg_component_export(const sg_component *component, size_t index, sg_string *name, sg_item_kind *kind) {
    return describe(export_at(component, index), name, kind);
}

bool sg_component_import_item(const sg_component *component, size_t index, size_t item, sg_string *name,
                              sg_item_kind *kind) {
    return item != SIZE_MAX && describe(item_of(import_at(component, index), item), name, kind);
}

bool sg_component_export_item(const sg_component *component, size_t index, size_t item, sg_string *name,
                              sg_item_kind *kind) {
    return item != SIZE_MAX && describe(item_of(export_at(component, index), item), name, kind);
}

static size_t print_type(const Component *component, const NamedExtern *named, char *buffer, size_t size) {
    Alloc alloc;
    Buf text;
    const sg_engine_options *options = &component->engine->options;
    sgi_alloc_init(&alloc, options->allocate, options->allocate_context, SIZE_MAX);
    sgi_buf_init(&text, &alloc);
    if (named)
        sgi_text_extern_type(&text, &named->type);
    return copy_out(&text, buffer, size);
}

size_t sg_component_import_type(const sg_component *component, size_t index, size_t item, char *buffer,
                                size_t size) {
    return print_type(component, item_of(import_at(component, index), item), buffer, size);
}

size_t sg_component_export_type(const sg_component *component, size_t index, size_t item, char *buffer,
                                size_t size) {
    return print_type(component, item_of(export_at(component, index), item), buffer, size);
}

/* ---- their types ---- */

static const sg_func_type *func_type(const NamedExtern *named) {
    return named && named->type.sort == SORT_FUNC ? named->type.as.func : NULL;
}

static const CompType *defined_type(const NamedExtern *named) {
    return named && named->type.sort == SORT_TYPE ? &named->type.as.type.type : NULL;
}

static const sg_type *value_type(const NamedExtern *named) {
    const CompType *type = defined_type(named);
    return type && type->kind == CT_VALUE ? type->as.value : NULL;
}

static bool is_resource(const NamedExtern *named) {
    const CompType *type = defined_type(named);
    return type && type->kind == CT_RESOURCE;
}

const sg_func_type *sg_component_import_func(const sg_component *component, size_t index, size_t item) {
    return func_type(item_of(import_at(component, index), item));
}

const sg_func_type *sg_component_export_func(const sg_component *component, size_t index, size_t item) {
    return func_type(item_of(export_at(component, index), item));
}

const sg_type *sg_component_import_value_type(const sg_component *component, size_t index, size_t item) {
    return value_type(item_of(import_at(component, index), item));
}

const sg_type *sg_component_export_value_type(const sg_component *component, size_t index, size_t item) {
    return value_type(item_of(export_at(component, index), item));
}

bool sg_component_import_is_resource(const sg_component *component, size_t index, size_t item) {
    return is_resource(item_of(import_at(component, index), item));
}

bool sg_component_export_is_resource(const sg_component *component, size_t index, size_t item) {
    return is_resource(item_of(export_at(component, index), item));
}
