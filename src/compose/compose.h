/* The door of compose: making components, out of core modules and out of components. */
#ifndef SGI_COMPOSE_H
#define SGI_COMPOSE_H

#include "module/module.h"

/* The type of a world in a package that sgi_wit_encode has encoded; `name` is "w" or "ns:pkg/w@1.0.0", or
 * NULL for the only one there is. SG_NOT_FOUND. */
sg_status sgi_compose_find_world(const LoadContext *cx, const ComponentType *package, const char *name,
                                 const ComponentType **world);

/* A core module that serves preview 1, and the world that it was built for. */
typedef struct Adapter {
    const Module *module;
    const ComponentType *world;
} Adapter;

/* A component of the type `world` around the validated core module `core`, whose imports and exports go by
 * canonical names (names.c). `adapter` for a program of preview 1, else NULL; then too `world` may be NULL. A
 * program with "_start" exports what the adapter does. SG_UNLINKABLE where things do not fit. What the result
 * says about its functions holds once it has been loaded. */
sg_status sgi_componentize(const LoadContext *cx, const Module *core, const ComponentType *world,
                           const Adapter *adapter, Buf *binary);

/* Does it import functions of preview 1? */
bool sgi_compose_needs_adapter(const Module *core);

/* The adapter of our own (adapters/preview1), and its world as a package in binary form. */
extern const uint8_t sgi_preview1_module[], sgi_preview1_world[];
extern const size_t sgi_preview1_module_size, sgi_preview1_world_size;

/* `socket` with imports taken from the exports of `plugs`, by names and compatible versions; the imports that
 * are left are the result's, and the socket's exports. SG_UNLINKABLE for types that do not fit, and for a
 * plug without use. */
sg_status sgi_compose(const LoadContext *cx, const Component *socket, const Component *const *plugs,
                      size_t plug_count, Buf *binary);

#endif
