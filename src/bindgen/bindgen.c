/* WIT and the name of a world → C sources for one side of it (model.h). */
#include "bindgen/bindgen.h"
#include "bindgen/model.h"

static sg_status generate(Bindgen *b, const sg_bindgen_options *options) {
    SGI_TRY(sgi_wit_find_world(b->wit, options->world, &b->world));
    if (!sgi_bind_names_init(b))
        return sgi_wit_no_memory(b->wit);
    SGI_TRY(sgi_bind_model(b));
    (b->is_host ? sgi_bind_host : sgi_bind_guest)(b);
    sgi_bind_wrap(&b->header);
    sgi_bind_wrap(&b->source);
    return b->failed ? sgi_wit_no_memory(b->wit) : SG_OK;
}

sg_status sgi_bindgen(const LoadContext *cx, const sg_bindgen_options *options, BindFiles *files) {
    Wit wit;
    Bindgen b = {.wit = &wit, .arena = &wit.arena, .is_host = options->side == SG_BINDGEN_HOST};
    Map *const maps[] = {&b.names, &b.prefixes, &b.iface_map, &b.type_map, &b.exported};
    for (size_t i = 0; i < SGI_COUNT(maps); i++)
        sgi_map_init(maps[i], cx->alloc);
    sgi_buf_init(&b.header, cx->alloc);
    sgi_buf_init(&b.source, cx->alloc);
    sg_status status = sgi_wit_open(&wit, cx, options->sources, options->source_count, options->features,
                                    options->feature_count);
    if (status == SG_OK)
        status = generate(&b, options);
    if (status == SG_OK)
        sgi_buf_printf(&files->name, "%s_%s", b.prefix, b.is_host ? "host" : "guest");
    files->header = b.header;
    files->source = b.source;
    if (status == SG_OK && (b.header.failed || b.source.failed || files->name.failed))
        status = sgi_load_no_memory(cx);
    for (size_t i = 0; i < SGI_COUNT(maps); i++)
        sgi_map_free(maps[i]);
    sgi_vec_free(cx->alloc, &b.iface_list);
    sgi_vec_free(cx->alloc, &b.type_list);
    sgi_wit_close(&wit);
    return status;
}
