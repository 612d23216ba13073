/* The door of bindgen: a world of a WIT package → C sources for one side of it. */
#ifndef SGI_BINDGEN_H
#define SGI_BINDGEN_H

#include "module/module.h"

#include <sandglass/bindgen.h>

typedef struct BindFiles {
    Buf name;           /* "app_host": what the files are called, but for .h and .c */
    Buf header, source; /* UTF-8 */
} BindFiles;

/* `files` is initialised by the caller, and freed. SG_UNSUPPORTED for what is asynchronous. */
sg_status sgi_bindgen(const LoadContext *cx, const sg_bindgen_options *options, BindFiles *files);

#endif
