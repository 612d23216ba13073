/* Runs a program compiled to a shared object: the protocol of harness/engines.py, natively. */
#include "runner.h"

#include <dlfcn.h>

static char path[4096];
static uint64_t (*program)(uint32_t scale);

static bool read_path(const char *given) {
    return snprintf(path, sizeof path, "%s", given) < (int)sizeof path || refuse("path too long");
}

static bool load(void) {
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
    return serve(read_path, load, run, first);
}
