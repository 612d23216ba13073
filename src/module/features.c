#include "module/features.h"

const char *const sgi_feature_names[FEATURE_COUNT] = {
#define FEATURE(id, name, built, on) name,
#include "module/features.def"
#undef FEATURE
};

Features sgi_features_default(void) {
    return 0
#define FEATURE(id, name, built, on) | (Features)(on) << FEATURE_##id
#include "module/features.def"
#undef FEATURE
        ;
}

Features sgi_features_built(void) {
    return 0
#define FEATURE(id, name, built, on) | (Features)(built) << FEATURE_##id
#include "module/features.def"
#undef FEATURE
        ;
}
