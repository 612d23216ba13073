/* include/sandglass/engine.h: engines. */
#include "pipeline.h"

#include <string.h>

const char *sg_version(void) {
    return SANDGLASS_VERSION;
}

sg_engine *sg_engine_new(const sg_engine_options *options, sg_error *error) {
    sg_engine_options all = {.size = sizeof all};
    if (options) {
        if (options->size == 0 || options->size > sizeof all) {
            sgi_fail(error, SG_MISUSE, SG_NO_OFFSET, "sg_engine_options.size is not a size of this version",
                     "%s", "");
            return NULL;
        }
        memcpy(&all, options, options->size);
    }
    return sgi_engine_new(&all, error);
}

sg_status sg_engine_set_feature(sg_engine *engine, const char *name, bool on, sg_error *error) {
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        if (strcmp(name, sgi_feature_names[i]) != 0)
            continue;
        if (on && !sgi_has(sgi_features_built(), i))
            return sgi_fail(error, SG_UNSUPPORTED, SG_NO_OFFSET, "feature not built", "%s", name);
        Features bit = (Features)1 << i;
        engine->features = on ? engine->features | bit : engine->features & ~bit;
        return SG_OK;
    }
    return sgi_fail(error, SG_NOT_FOUND, SG_NO_OFFSET, "unknown feature", "%s", name);
}

void sg_engine_delete(sg_engine *engine) {
    if (engine)
        sgi_engine_release(engine);
}
