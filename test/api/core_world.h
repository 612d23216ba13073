/* A module without imports and an instance of it in a store with limits, for tests of core modules. */
#ifndef TEST_API_CORE_WORLD_H
#define TEST_API_CORE_WORLD_H

#include "api.h"

typedef struct World {
    sg_engine *engine;
    sg_module *module;
    sg_store *store;
    sg_core_instance *instance;
} World;

static inline World make_world(const char *text, sg_limits limits) {
    World w = {.engine = make_engine()};
    w.module = load_module(w.engine, text);
    w.store = make_store(w.engine, limits);
    w.instance = instantiate(w.store, w.module);
    return w;
}

static inline void end_world(World *w) {
    sg_store_delete(w->store);
    sg_module_delete(w->module);
    sg_engine_delete(w->engine);
}

#endif
