/* include/sandglass/compose.h: making components. What is made is loaded once before it is handed out, so
 * that nobody gets what would not load. */
#include "compose/compose.h"
#include "api/private.h"
#include "pipeline.h"

#include <sandglass/compose.h>

/* Hands out what `status` says has been made. */
static sg_status hand_out(LoadScope *scope, sg_status status, const Buf *buf, sg_bytes *binary) {
    Component *made = NULL;
    SGI_TRY(status);
    SGI_TRY(sgi_load_component(scope->engine, (Bytes){buf->data, buf->size}, &made, scope->cx.err));
    sgi_component_release(made);
    return sgi_hand_out(&scope->cx, buf, binary);
}

/* What a component is made of; all is released together. */
typedef struct Sources {
    Module *core, *adapter;
    Component *package, *adapter_package;
} Sources;

static void release(Sources *sources) {
    if (sources->core)
        sgi_module_release(sources->core);
    if (sources->adapter)
        sgi_module_release(sources->adapter);
    sgi_component_release(sources->package);
    sgi_component_release(sources->adapter_package);
}

static sg_status load_package(sg_engine *engine, const sg_componentize_options *options, Component **package,
                              sg_error *error) {
    sg_bytes binary;
    SGI_TRY(sg_wit_encode(engine, options->sources, options->source_count, options->features,
                          options->feature_count, &binary, error));
    sg_status status = sgi_load_component(engine, (Bytes){binary.data, binary.size}, package, error);
    sg_bytes_delete(&binary);
    return status;
}

static sg_status load_adapter(sg_engine *engine, Sources *sources, sg_error *error) {
    Bytes module = {sgi_preview1_module, sgi_preview1_module_size};
    Bytes world = {sgi_preview1_world, sgi_preview1_world_size};
    SGI_TRY(sgi_load_module(engine, module, &sources->adapter, error));
    return sgi_load_component(engine, world, &sources->adapter_package, error);
}

/* A program of preview 1 needs no WIT. */
static sg_status load_sources(sg_engine *engine, Bytes core, const sg_componentize_options *options,
                              Sources *sources, sg_error *error) {
    SGI_TRY(sgi_load_module(engine, core, &sources->core, error));
    bool is_adapted = sgi_compose_needs_adapter(sources->core);
    if (is_adapted)
        SGI_TRY(load_adapter(engine, sources, error));
    return is_adapted && options->source_count == 0 ? SG_OK
                                                    : load_package(engine, options, &sources->package, error);
}

static sg_status make_component(LoadScope *scope, const Sources *sources, const char *world, Buf *buf) {
    const ComponentType *type = NULL;
    Adapter adapter = {sources->adapter, NULL};
    if (sources->package)
        SGI_TRY(sgi_compose_find_world(&scope->cx, &sources->package->type, world, &type));
    if (sources->adapter)
        SGI_TRY(sgi_compose_find_world(&scope->cx, &sources->adapter_package->type, NULL, &adapter.world));
    return sgi_componentize(&scope->cx, sources->core, type, sources->adapter ? &adapter : NULL, buf);
}

static sg_status componentize(sg_engine *engine, const Sources *sources, const char *world, sg_bytes *binary,
                              sg_error *error) {
    LoadScope scope;
    Buf buf;
    SGI_TRY(sgi_load_begin(engine, sources->core->bytes.size, &scope, error));
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = make_component(&scope, sources, world, &buf);
    status = hand_out(&scope, status, &buf, binary);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}

sg_status sg_componentize(sg_engine *engine, const void *core, size_t size,
                          const sg_componentize_options *options, sg_bytes *component, sg_error *error) {
    Sources sources = {0};
    *component = (sg_bytes){0};
    if (options->size != sizeof *options)
        return sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "sg_componentize_options.size is not set", "%s", "");
    sg_status status = load_sources(engine, (Bytes){core, size}, options, &sources, error);
    if (status == SG_OK)
        status = componentize(engine, &sources, options->world, component, error);
    release(&sources);
    return status;
}

sg_status sg_compose(sg_engine *engine, const sg_component *socket, const sg_component *const *plugs,
                     size_t plug_count, sg_bytes *composed, sg_error *error) {
    LoadScope scope;
    Buf buf;
    size_t size = socket->bytes.size;
    *composed = (sg_bytes){0};
    for (size_t i = 0; i < plug_count; i++)
        size = sgi_add(size, plugs[i]->bytes.size, &size) ? size : SIZE_MAX;
    SGI_TRY(sgi_load_begin(engine, size, &scope, error));
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = sgi_compose(&scope.cx, socket, plugs, plug_count, &buf);
    status = hand_out(&scope, status, &buf, composed);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}
