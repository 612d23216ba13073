/* The engine: options, the type registry, the clock, helper threads and the tier, under one reference count.
 */
#include "run/private.h"

static void engine_free(Engine *engine) {
    sgi_clock_delete(engine->clock);
    if (engine->types)
        sgi_types_delete(engine->types);
    sgi_os_mutex_delete(engine->lock, &engine->alloc);
    sgi_helpers_release(engine->helpers);
    Alloc own = engine->alloc;
    sgi_free(&own, engine, sizeof *engine);
}

Engine *sgi_engine_new(const sg_engine_options *options, sg_error *err) {
    Alloc own;
    sgi_alloc_init(&own, options->allocate, options->allocate_context, SIZE_MAX);
    Engine *engine = sgi_alloc_zero(&own, sizeof *engine);
    if (engine == NULL) {
        sgi_fail_memory(err);
        return NULL;
    }
    engine->alloc = own;
    engine->options = *options;
    engine->features = sgi_features_default();
    engine->tier = &sgi_tier_interp;
    atomic_init(&engine->references, 1);
    sgi_alloc_init(&engine->types_alloc, own.fn, own.context, SIZE_MAX);
    engine->lock = sgi_os_mutex_new(&engine->alloc);
    engine->types = sgi_types_new(&engine->types_alloc);
    engine->clock = sgi_clock_new(&engine->alloc);
    engine->helpers = sgi_helpers_new();
    if (engine->lock && engine->types && engine->clock && engine->helpers)
        return engine;
    engine_free(engine);
    sgi_fail_memory(err);
    return NULL;
}

void sgi_engine_retain(Engine *engine) {
    atomic_fetch_add_explicit(&engine->references, 1, memory_order_relaxed);
}

void sgi_engine_release(Engine *engine) {
    if (atomic_fetch_sub_explicit(&engine->references, 1, memory_order_acq_rel) == 1)
        engine_free(engine);
}

void *sgi_engine_alloc(Engine *engine, size_t size) {
    sgi_os_mutex_lock(engine->lock);
    void *block = sgi_alloc_zero(&engine->alloc, size);
    sgi_os_mutex_unlock(engine->lock);
    return block;
}

void sgi_engine_free(Engine *engine, void *block, size_t size) {
    sgi_os_mutex_lock(engine->lock);
    sgi_free(&engine->alloc, block, size);
    sgi_os_mutex_unlock(engine->lock);
}
