/* Implementation limits: the rows of limits.def. */
#ifndef SGI_LIMITS_H
#define SGI_LIMITS_H

#include "base/base.h"

typedef enum LimitId {
#define LIMIT(id, value, ceiling, what) LIMIT_ID_##id,
#include "module/limits.def"
#undef LIMIT
    LIMIT_ID_COUNT
} LimitId;

typedef struct LimitRow {
    uint64_t value, ceiling;
    const char *what;
} LimitRow;

extern const LimitRow sgi_limits[LIMIT_ID_COUNT];

/* The default of a limit. */
#define LIMIT_OF(id) (sgi_limits[LIMIT_ID_##id].value)

/* SG_TOO_LARGE with the limit's name when `count` exceeds it. */
sg_status sgi_limit_check(LimitId id, uint64_t count, uint64_t offset, sg_error *err);

#endif
