/* Preview 1: its functions by name. */
#include "wasi/internal.h"

sg_status sgi_wasi_import(Store *store, Bytes module, Bytes name, FuncInst **func, sg_error *err) {
    (void)store, (void)func;
    return sgi_fail(err, SG_NOT_FOUND, SG_NO_OFFSET, "no such function of WASI", "\"%.*s\" \"%.*s\"",
                    (int)module.size, (const char *)module.data, (int)name.size, (const char *)name.data);
}

void sgi_p1_free(WasiState *state) {
    (void)state;
}
