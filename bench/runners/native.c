/* Runs a program compiled to a shared object: the protocol of harness/engines.py, natively. */
#include "runner.h"

#include <dlfcn.h>

static uint64_t (*program)(uint32_t scale);

static bool load(const char *path) {
    void *object = dlopen(path, RTLD_NOW);
    void *symbol = object ? dlsym(object, "bench_run") : NULL;
    if (symbol == NULL)
        return refuse(dlerror());
    memcpy(&program, &symbol, sizeof program);
    return true;
}

static bool run(uint32_t scale, uint64_t *checksum) {
    *checksum = program(scale);
    return true;
}

static bool first(const char *name) {
    (void)name;
    return refuse("nothing to start");
}

int main(void) {
    return serve(load, run, first);
}
