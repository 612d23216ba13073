/* What the hostile-input tests share: an engine whose allocator counts. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "../ration.h"

#include <sandglass.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline sg_engine *counting_engine(Ration *account) {
    sg_engine *engine = ration_engine(account, NULL);
    if (engine == NULL) {
        fputs("no engine\n", stderr);
        exit(1);
    }
    return engine;
}

/* Of this thread, whatever else the machine is doing. */
static inline double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Loads a module or component; true if it was accepted. */
static inline bool load(sg_engine *engine, const void *data, size_t size, bool component, sg_error *error) {
    if (component) {
        sg_component *loaded = sg_component_load(engine, data, size, error);
        sg_component_delete(loaded);
        return loaded != NULL;
    }
    sg_module *loaded = sg_module_load(engine, data, size, error);
    sg_module_delete(loaded);
    return loaded != NULL;
}

#endif
