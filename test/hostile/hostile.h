/* What the hostile-input tests share: an engine whose allocator counts. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <sandglass.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Account {
    size_t now, peak;
} Account;

static inline void *count_allocation(void *context, void *block, size_t old_size, size_t new_size) {
    Account *account = context;
    if (new_size == 0) {
        free(block);
        account->now -= old_size;
        return NULL;
    }
    void *resized = realloc(block, new_size);
    if (resized != NULL) {
        account->now += new_size - old_size;
        account->peak = account->now > account->peak ? account->now : account->peak;
    }
    return resized;
}

static inline sg_engine *counting_engine(Account *account) {
    const sg_engine_options options = {
        .size = sizeof options,
        .allocate = count_allocation,
        .allocate_context = account,
    };
    sg_engine *engine = sg_engine_new(&options, NULL);
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
