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

static sg_status make_component(LoadScope *scope, const Module *core, const Component *package,
                                const char *world, sg_bytes *binary) {
    const ComponentType *type;
    Buf buf;
    SGI_TRY(sgi_compose_find_world(&scope->cx, &package->type, world, &type));
    sgi_buf_init(&buf, &scope->alloc);
    sg_status status = sgi_componentize(&scope->cx, core, type, &buf);
    status = hand_out(scope, status, &buf, binary);
    sgi_buf_free(&buf);
    return status;
}

static sg_status componentize(sg_engine *engine, const Module *core, const sg_bytes *package_binary,
                              const char *world, sg_bytes *binary, sg_error *error) {
    Component *package;
    LoadScope scope;
    SGI_TRY(sgi_load_component(engine, (Bytes){package_binary->data, package_binary->size}, &package, error));
    sg_status status = sgi_load_begin(engine, core->bytes.size + package_binary->size, &scope, error);
    if (status == SG_OK) {
        status = make_component(&scope, core, package, world, binary);
        sgi_load_end(&scope);
    }
    sgi_component_release(package);
    return status;
}

sg_status sg_componentize(sg_engine *engine, const void *core, size_t size,
                          const sg_componentize_options *options, sg_bytes *component, sg_error *error) {
    sg_bytes package = {0};
    Module *module;
    *component = (sg_bytes){0};
    if (options->size != sizeof *options)
        return sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "sg_componentize_options.size is not set", "%s", "");
    SGI_TRY(sg_wit_encode(engine, options->sources, options->source_count, options->features,
                          options->feature_count, &package, error));
    sg_status status = sgi_load_module(engine, (Bytes){core, size}, &module, error);
    if (status == SG_OK) {
        status = componentize(engine, module, &package, options->world, component, error);
        sgi_module_release(module);
    }
    sg_bytes_delete(&package);
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
