/* The engine: what is shared by everything loaded with it. */
#ifndef SANDGLASS_ENGINE_H
#define SANDGLASS_ENGINE_H

#include <sandglass/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sg_engine sg_engine;

/* realloc-shaped: `block` NULL allocates, `new_size` 0 frees (and answers NULL), otherwise resizes. Blocks
 * are aligned for max_align_t. Called from any thread that uses the engine. NULL refuses; the library then
 * reports SG_NO_MEMORY. */
typedef void *sg_realloc_fn(void *context, void *block, size_t old_size, size_t new_size);

typedef enum sg_interrupt_mode {
    SG_INTERRUPT_DEFAULT = 0, /* what suits the platform and the tier */
    SG_INTERRUPT_POLL,        /* no signal is ever sent */
} sg_interrupt_mode;

/* Zero-initialise, set `size` to sizeof(sg_engine_options), then what differs from the default. */
typedef struct sg_engine_options {
    size_t size;
    sg_realloc_fn *allocate; /* NULL: malloc and free */
    void *allocate_context;
    sg_interrupt_mode interrupt;
    uint64_t load_bytes; /* memory that loading one module or component may use [64 per input byte, at least
                            64 MiB] */
    uint64_t load_timeout_ns; /* wall-clock time that loading one may take [unlimited] */
    bool small_reservations;  /* reserve only what a memory needs, not up to 4 GiB of addresses each */
} sg_engine_options;

/* A new engine; `options` may be NULL. Free with sg_engine_delete. Returns NULL and fills `error` on failure.
 * Engines may be used from several threads at once. In the child of a fork they go on working, deadlines
 * included, unless another thread was inside the library when the process forked. */
SG_API sg_engine *sg_engine_new(const sg_engine_options *options, sg_error *error);

/* Turns a proposal on or off by its name in features.def ("tail-call", "multi-memory", ...) for what is
 * loaded later. SG_NOT_FOUND for an unknown name, SG_UNSUPPORTED to turn on what is not built. Call before
 * sharing the engine. */
SG_API sg_status sg_engine_set_feature(sg_engine *engine, const char *name, bool on, sg_error *error);

/* Deletes the engine when everything made with it has been deleted too: what is still alive keeps it. NULL
 * allowed. */
SG_API void sg_engine_delete(sg_engine *engine);

/* The library's version, such as "0.1.0". */
SG_API const char *sg_version(void);

#ifdef __cplusplus
}
#endif
#endif
