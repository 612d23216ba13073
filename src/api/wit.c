/* include/sandglass/wit.h: WIT packages to the binaries of components, and back. */
#include "wit/wit.h"
#include "api/private.h"
#include "pipeline.h"

sg_status sg_wit_encode(sg_engine *engine, const sg_wit_source *sources, size_t count,
                        const char *const *features, size_t feature_count, sg_bytes *binary,
                        sg_error *error) {
    LoadScope scope;
    Buf buf;
    size_t size = 0;
    *binary = (sg_bytes){0};
    for (size_t i = 0; i < count; i++)
        size = sgi_add(size, sources[i].size, &size) ? size : SIZE_MAX;
    SGI_TRY(sgi_load_begin(engine, size, &scope, error));
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = sgi_wit_encode(&scope.cx, sources, count, features, feature_count, &buf);
    if (status == SG_OK)
        status = sgi_hand_out(&scope.cx, &buf, binary);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}

sg_status sg_wit_print(const sg_component *component, sg_bytes *text, sg_error *error) {
    LoadScope scope;
    Buf buf;
    *text = (sg_bytes){0};
    SGI_TRY(sgi_load_begin(component->root->engine, component->bytes.size, &scope, error));
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = sgi_wit_print(&scope.cx, component, &buf);
    if (status == SG_OK)
        status = sgi_hand_out(&scope.cx, &buf, text);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}
