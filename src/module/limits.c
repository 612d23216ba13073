#include "module/limits.h"

#include <inttypes.h>

const LimitRow sgi_limits[LIMIT_ID_COUNT] = {
#define LIMIT(id, value, ceiling, what) {value, ceiling, what},
#include "module/limits.def"
#undef LIMIT
};

sg_status sgi_limit_check(LimitId id, uint64_t count, uint64_t offset, sg_error *err) {
    const LimitRow *row = &sgi_limits[id];
    if (count <= row->value)
        return SG_OK;
    return sgi_fail(err, SG_TOO_LARGE, offset, "implementation limit exceeded",
                    "%" PRIu64 " %s, at most %" PRIu64 " are allowed", count, row->what, row->value);
}
