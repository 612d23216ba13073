/* include/sandglass/compose.h: making components. What is made is loaded once before it is handed out, so
 * that nobody gets what would not load. */
#include "compose/compose.h"
#include "api/private.h"
#include "pipeline.h"

#include <sandglass/compose.h>

static sg_status make_component(LoadScope *scope, const Module *core, const Component *package,
                                const char *world, sg_bytes *binary) {
    const ComponentType *type;
    Component *made = NULL;
    Buf buf;
    SGI_TRY(sgi_compose_find_world(&scope->cx, &package->type, world, &type));
    sgi_buf_init(&buf, &scope->alloc);
    sg_status status = sgi_componentize(&scope->cx, core, type, &buf);
    if (status == SG_OK)
        status = sgi_load_component(scope->engine, (Bytes){buf.data, buf.size}, &made, scope->cx.err);
    if (status == SG_OK)
        status = sgi_hand_out(&scope->cx, &buf, binary);
    sgi_component_release(made);
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
