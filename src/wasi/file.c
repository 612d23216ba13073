/* Directories that are granted. */
#include "wasi/internal.h"

sg_status sgi_wasi_add_dir(Wasi *wasi, const char *host, const char *guest, bool read_only, sg_error *err) {
    (void)wasi, (void)guest, (void)read_only;
    return sgi_fail(err, SG_UNSUPPORTED, SG_NO_OFFSET, "not supported yet", "directory %s", host);
}

sg_status sgi_wasi_dirs_copy(const Wasi *wasi, WasiState *state, sg_error *err) {
    (void)wasi, (void)state, (void)err;
    return SG_OK;
}

void sgi_wasi_dirs_close(WasiGrants *grants) {
    (void)grants;
}
