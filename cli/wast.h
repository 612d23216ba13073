/* What the files of sandglass wast share. */
#ifndef CLI_WAST_H
#define CLI_WAST_H

#include "cli.h"

#include <string.h>

static inline bool wast_same(sg_string a, sg_string b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Compares results with patterns, of which an EITHER takes the next `count` as its choices. */
bool wast_results_match(sg_store *store, const sg_pattern *patterns, const sg_core_value *values,
                        size_t count);

#endif
