/* Errors, inside: filling an sg_error and passing it up. Every function answers the status it recorded. */
#ifndef SGI_ERR_H
#define SGI_ERR_H

#include "base/compiler.h"

#include <sandglass/error.h>

/* Passes a failure up unchanged. */
#define SGI_TRY(expression)                                                                                  \
    do {                                                                                                     \
        sg_status status_of_try_ = (expression);                                                             \
        if (SGI_UNLIKELY(status_of_try_ != SG_OK))                                                           \
            return status_of_try_;                                                                           \
    } while (0)

/* `err` may be NULL. `detail` is a printf format; "%s", "" for none. Use %.*s for names: they may be long and
 * hostile; control characters and what is not UTF-8 are replaced. */
sg_status sgi_fail(sg_error *err, sg_status status, uint64_t offset, const char *message, const char *detail,
                   ...) SGI_PRINTF(5, 6);
sg_status sgi_fail_text(sg_error *err, sg_status status, uint32_t line, uint32_t column, const char *message,
                        const char *detail, ...) SGI_PRINTF(6, 7);
sg_status sgi_fail_trap(sg_error *err, sg_trap trap);
sg_status sgi_fail_memory(sg_error *err);

/* The row of traps.def. */
bool sgi_trap_is_limit(sg_trap trap);

#endif
