/* Proposals as run-time features: the enumeration and rows of features.def. */
#ifndef SGI_FEATURES_H
#define SGI_FEATURES_H

#include "base/base.h"

typedef enum Feature {
#define FEATURE(id, name, built, on) FEATURE_##id,
#include "module/features.def"
#undef FEATURE
    FEATURE_COUNT
} Feature;

/* A set: bit FEATURE_<id>. */
typedef uint64_t Features;

extern const char *const sgi_feature_names[FEATURE_COUNT];

Features sgi_features_default(void);
Features sgi_features_built(void);

static inline bool sgi_has(Features features, Feature feature) {
    return features >> feature & 1;
}

#endif
