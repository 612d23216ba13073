/* The door of wit: WIT packages → the binaries of the components that declare them. */
#ifndef SGI_WIT_H
#define SGI_WIT_H

#include "module/module.h"

#include <sandglass/wit.h>

/* The files of a package and its dependencies → the binary of a component that exports its interfaces and
 * worlds as types. SG_MALFORMED with line and column. */
sg_status sgi_wit_encode(const LoadContext *cx, const sg_wit_source *sources, size_t count,
                         const char *const *features, size_t feature_count, Buf *binary);

/* A component → the WIT that it is typed by, or the package that it declares. SG_UNSUPPORTED for what WIT
 * cannot say. */
sg_status sgi_wit_print(const LoadContext *cx, const Component *component, Buf *text);

#endif
