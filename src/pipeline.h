/* bytes or text → a loaded module or component. */
#ifndef SGI_PIPELINE_H
#define SGI_PIPELINE_H

#include "run/run.h"

/* Decode → validate → tier, under the engine's load budget. What is loaded holds a reference to the engine.
 */
sg_status sgi_load_module(Engine *engine, Bytes bytes, Module **module, sg_error *err);
sg_status sgi_load_component(Engine *engine, Bytes bytes, Component **component, sg_error *err);

/* A LoadContext under the engine's budget, on `alloc`, for parsing and printing. */
typedef struct LoadScope {
    LoadContext cx;
    Alloc alloc;
    Alarm alarm;
    atomic_uint interrupt;
    Engine *engine;
} LoadScope;
sg_status sgi_load_begin(Engine *engine, size_t input_size, LoadScope *scope, sg_error *err);
void sgi_load_end(LoadScope *scope);

#endif
