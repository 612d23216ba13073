#include "bindgen/model.h"
sg_status sgi_bind_host(Bindgen *b) {
    return sgi_fail(b->wit->cx.err, SG_UNSUPPORTED, SG_NO_OFFSET, "bindings for hosts are not built yet",
                    "%s", "");
}
