/* What the fuzzing targets share. A target is a file fuzz_X.c with the one function of libFuzzer's interface;
 * linked with replay.c instead of libFuzzer it is an ordinary test over the corpus fuzz/corpus/X. */
#ifndef FUZZ_H
#define FUZZ_H

#include <sandglass.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An oracle: what must hold whatever the input is. */
#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            abort();                                                                                         \
    } while (0)

/* One engine for all inputs: making it is not what is tested. All that is built is on. */
static inline sg_engine *fuzz_engine(void) {
    static sg_engine *engine;
    static const char *const more[] = {"legacy-exceptions",
                                       "threads",
                                       "wide-arithmetic",
                                       "custom-page-sizes",
                                       "component-model-more-async-builtins",
                                       "component-model-async-stackful",
                                       "component-model-threading",
                                       "component-model-fixed-length-lists",
                                       "component-model-error-context",
                                       "component-model-memory64",
                                       "component-model-canonical-names",
                                       "component-model-nested-names"};
    if (engine == NULL) {
        engine = sg_engine_new(NULL, NULL);
        REQUIRE(engine != NULL);
        for (size_t i = 0; i < sizeof more / sizeof *more; i++)
            REQUIRE(sg_engine_set_feature(engine, more[i], true, NULL) == SG_OK);
    }
    return engine;
}

/* Every failure says what and, inside the library's word, why. */
static inline void require_error(const sg_error *error) {
    REQUIRE(error->status != SG_OK && error->message[0] != '\0');
    REQUIRE(memchr(error->message, '\0', sizeof error->message) != NULL);
    REQUIRE(memchr(error->detail, '\0', sizeof error->detail) != NULL);
}

#endif
