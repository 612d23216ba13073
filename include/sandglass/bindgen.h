/* Bindings: C sources made from WIT, so that both ends of a world are written with C types. docs/GUEST.md
 * shows how they are used. */
#ifndef SANDGLASS_BINDGEN_H
#define SANDGLASS_BINDGEN_H

#include <sandglass/wit.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sg_bindgen_side {
    SG_BINDGEN_GUEST, /* for a component: its imports as functions, its exports to be implemented */
    SG_BINDGEN_HOST,  /* for who runs it: its exports as functions, its imports to be implemented */
} sg_bindgen_side;

/* Zero-initialise, set `size` to sizeof(sg_bindgen_options), then the rest. */
typedef struct sg_bindgen_options {
    size_t size;
    sg_bindgen_side side;
    const char *world;            /* a world of the package, or "ns:pkg/world@1.0.0"; NULL: its only one */
    const sg_wit_source *sources; /* as for sg_wit_encode */
    size_t source_count;
    const char *const *features;
    size_t feature_count;
} sg_bindgen_options;

/* A header and a source file, UTF-8; data and size as of sg_bytes. Free with sg_bindings_delete. */
typedef struct sg_bindings {
    char *name; /* of both files but for ".h" and ".c", which the source includes: "app_host" */
    sg_bytes header, source;
} sg_bindings;

/* Writes the C sources for one side of a world. The same WIT gives the same text. SG_MALFORMED with line and
 * column for WIT that is wrong, SG_NOT_FOUND without such a world, SG_UNSUPPORTED for what is asynchronous.
 * Threads: any. */
SG_API sg_status sg_bindgen(sg_engine *engine, const sg_bindgen_options *options, sg_bindings *bindings,
                            sg_error *error);
SG_API void sg_bindings_delete(sg_bindings *bindings);

#ifdef __cplusplus
}
#endif
#endif
