/* WIT: the text in which the interfaces and worlds of components are written. */
#ifndef SANDGLASS_WIT_H
#define SANDGLASS_WIT_H

#include <sandglass/component.h>
#include <sandglass/engine.h>
#include <sandglass/wat.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file of WIT text. `path` is relative to the package's folder, with '/': "types.wit" is of the package
 * itself, "deps/io.wit" and "deps/io/streams.wit" are of a dependency. Other folders are the caller's to
 * leave out. */
typedef struct sg_wit_source {
    const char *path;
    const char *text; /* UTF-8 */
    size_t size;
} sg_wit_source;

/* Parses and resolves a package with its dependencies and writes the component that declares it: each of its
 * interfaces and worlds is an exported type (Component Model, WIT.md, "Package Format"). Items behind
 * @unstable gates are left out but for the `features` named. SG_MALFORMED with line and column, the path in
 * `detail`. Free with sg_bytes_delete. Threads: any. */
SG_API sg_status sg_wit_encode(sg_engine *engine, const sg_wit_source *sources, size_t count,
                               const char *const *features, size_t feature_count, sg_bytes *binary,
                               sg_error *error);

/* The WIT of a component, as text: the world "root" of its imports and exports, or the package that it
 * declares; then the interfaces of other packages that this one needs. SG_UNSUPPORTED for what WIT cannot
 * say: imported modules and components, exported types. Free with sg_bytes_delete. Threads: any. */
SG_API sg_status sg_wit_print(const sg_component *component, sg_bytes *text, sg_error *error);

#ifdef __cplusplus
}
#endif
#endif
