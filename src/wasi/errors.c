/* Errors: numbers of <errno.h> → wasi_errors.def → the cases of 0.2. */
#include "wasi/internal.h"

#include <errno.h>
#include <string.h>

enum { ESUCCESS = 0, ENOTCAPABLE = -1 }; /* POSIX has none of these */

sg_wasi_errno sgi_wasi_errno(int code) {
    switch (code) {
#define WASI_ERRNO(name, filesystem, sockets)                                                                \
    case E##name: return SG_WASI_##name;
#include <sandglass/wasi_errors.def>
#undef WASI_ERRNO
    default: return SG_WASI_IO;
    }
}

typedef struct Row {
    const char *name, *filesystem, *sockets;
} Row;

static const Row *row_of(sg_wasi_errno error) {
    static const Row rows[] = {
#define WASI_ERRNO(name, filesystem, sockets) {#name, filesystem, sockets},
#include <sandglass/wasi_errors.def>
#undef WASI_ERRNO
    };
    return &rows[(unsigned)error < SG_WASI_ERRNO_COUNT ? error : SG_WASI_IO];
}

static sg_string text(const char *name) {
    return sg_string_of(name, strlen(name));
}

sg_string sgi_wasi_filesystem_error(sg_wasi_errno error) {
    return text(row_of(error)->filesystem);
}

sg_string sgi_wasi_sockets_error(sg_wasi_errno error) {
    return text(row_of(error)->sockets);
}

const char *sgi_wasi_error_name(sg_wasi_errno error) {
    return row_of(error)->name;
}
