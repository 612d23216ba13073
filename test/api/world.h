/* One engine, linker and store with a component in it, for tests of components. */
#ifndef TEST_API_WORLD_H
#define TEST_API_WORLD_H

#include "api.h"

typedef struct World {
    sg_engine *engine;
    sg_linker *linker;
    sg_store *store;
    sg_component *component;
    sg_instance *instance;
} World;

static inline World begin(sg_limits limits) {
    sg_error error;
    World w = {.engine = make_engine()};
    w.linker = sg_linker_new(w.engine, &error);
    assert_made(w.linker, error);
    w.store = make_store(w.engine, limits);
    return w;
}

static inline sg_status try_start(World *w, const char *text, sg_error *error) {
    w->component = load_component(w->engine, text);
    w->instance = sg_linker_instantiate(w->linker, w->store, w->component, error);
    return w->instance ? SG_OK : error->status;
}

static inline void start(World *w, const char *text) {
    sg_error error;
    assert_ok(try_start(w, text, &error), error);
}

static inline void end(World *w) {
    sg_store_delete(w->store);
    sg_component_delete(w->component);
    sg_linker_delete(w->linker);
    sg_engine_delete(w->engine);
}

static inline sg_func *func(World *w, const char *name) {
    sg_error error;
    sg_func *found = sg_instance_find_func(w->instance, name, &error);
    assert_made(found, error);
    return found;
}

static inline sg_status invoke(World *w, const char *name, const sg_value *arguments, size_t count,
                               sg_value *result, sg_error *error) {
    return sg_func_call(func(w, name), arguments, count, result, error);
}

static inline sg_value u32_of(uint32_t value) {
    return (sg_value){.kind = SG_U32, .of.u32 = value};
}

#endif
