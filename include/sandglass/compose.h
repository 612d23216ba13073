/* Making components: of core modules and of other components. */
#ifndef SANDGLASS_COMPOSE_H
#define SANDGLASS_COMPOSE_H

#include <sandglass/component.h>
#include <sandglass/engine.h>
#include <sandglass/wat.h>
#include <sandglass/wit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What sg_componentize takes beside the core module. Zero-initialise, set `size` to
 * sizeof(sg_componentize_options). */
typedef struct sg_componentize_options {
    size_t size;
    const sg_wit_source *sources; /* a WIT package, as for sg_wit_encode */
    size_t source_count;
    const char *const *features; /* as for sg_wit_encode */
    size_t feature_count;
    const char *world; /* a world of the package, as "name" or "ns:pkg/name@1.0.0"; NULL: its only one */
} sg_componentize_options;

/* Makes a component of a core module (binary or text) that was built for the world: its imports and exports
 * go by the canonical ABI's names, as bindings and linkers for wasm32 write them ("ns:pkg/interface@1.0.0"
 * "[method]r.f", "ns:pkg/interface@1.0.0#f", "cabi_realloc" ..., or those that begin with "cm32p2"). Strings
 * are UTF-8. Of the world's imports, the component has those that the module uses. A program of preview 1
 * ("wasi_snapshot_preview1") gets an adapter that serves it from WASI 0.2, all but sockets, and exports
 * wasi:cli/run; it needs no sources then. SG_UNLINKABLE, with names and types, where module and world do not
 * fit. Free `component` with sg_bytes_delete. Threads: any. */
SG_API sg_status sg_componentize(sg_engine *engine, const void *core, size_t size,
                                 const sg_componentize_options *options, sg_bytes *component,
                                 sg_error *error);

/* Makes one component of several: imports of `socket` are taken from the exports of `plugs`, by name or,
 * where there is none of the same, by the newest compatible version (the first plug that has it is taken).
 * The other imports, of all of them, become the result's, those of one name and compatible versions one
 * import; the socket's exports are the result's. SG_UNLINKABLE where types do not fit, and for a plug without
 * use. The components go on belonging to the caller. Free `composed` with sg_bytes_delete. Threads: any. */
SG_API sg_status sg_compose(sg_engine *engine, const sg_component *socket, const sg_component *const *plugs,
                            size_t plug_count, sg_bytes *composed, sg_error *error);

#ifdef __cplusplus
}
#endif
#endif
