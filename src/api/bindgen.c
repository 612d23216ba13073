/* include/sandglass/bindgen.h: C sources from WIT. */
#include "bindgen/bindgen.h"
#include "api/private.h"
#include "pipeline.h"

#include <stdlib.h>

static sg_status hand_out(const LoadContext *cx, BindFiles *files, sg_bindings *bindings) {
    sg_bytes name;
    sgi_buf_byte(&files->name, 0);
    SGI_TRY(sgi_hand_out(cx, &files->name, &name));
    bindings->name = (char *)name.data;
    SGI_TRY(sgi_hand_out(cx, &files->header, &bindings->header));
    return sgi_hand_out(cx, &files->source, &bindings->source);
}

sg_status sg_bindgen(sg_engine *engine, const sg_bindgen_options *options, sg_bindings *bindings,
                     sg_error *error) {
    LoadScope scope;
    BindFiles files;
    size_t size = 0;
    *bindings = (sg_bindings){0};
    sg_bindgen_options all = {.size = sizeof all};
    if (options->size == 0 || options->size > sizeof all)
        return sgi_fail(error, SG_MISUSE, SG_NO_OFFSET,
                        "sg_bindgen_options.size is not a size of this version", "%s", "");
    memcpy(&all, options, options->size);
    for (size_t i = 0; i < all.source_count; i++)
        size = sgi_add(size, all.sources[i].size, &size) ? size : SIZE_MAX;
    SGI_TRY(sgi_load_begin(engine, size, &scope, error));
    sgi_buf_init(&files.name, &scope.alloc);
    sgi_buf_init(&files.header, &scope.alloc);
    sgi_buf_init(&files.source, &scope.alloc);
    sg_status status = sgi_bindgen(&scope.cx, &all, &files);
    if (status == SG_OK)
        status = hand_out(&scope.cx, &files, bindings);
    if (status != SG_OK)
        sg_bindings_delete(bindings);
    sgi_buf_free(&files.name);
    sgi_buf_free(&files.header);
    sgi_buf_free(&files.source);
    sgi_load_end(&scope);
    return status;
}

void sg_bindings_delete(sg_bindings *bindings) {
    free(bindings->name);
    sg_bytes_delete(&bindings->header);
    sg_bytes_delete(&bindings->source);
    *bindings = (sg_bindings){0};
}
