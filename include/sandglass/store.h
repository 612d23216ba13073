/* The store: one guest's world. It owns every instance made in it and holds the one account of its limits.
 *
 * A store is used by one thread at a time; it may move between threads. Only sg_canceller_cancel may be
 * called while another thread runs in the store. */
#ifndef SANDGLASS_STORE_H
#define SANDGLASS_STORE_H

#include <sandglass/engine.h>
#include <sandglass/limits.h>
#include <sandglass/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sg_store sg_store;
typedef struct sg_canceller sg_canceller;
/* The running call, as a host function sees it. Valid during that host function only. */
typedef struct sg_call sg_call;

/* `limits` may be NULL for the defaults. Free with sg_store_delete. */
SG_API sg_store *sg_store_new(sg_engine *engine, const sg_limits *limits, sg_error *error);

/* Releases the store and all that was made in it. Not inside one of its host functions. NULL allowed. */
SG_API void sg_store_delete(sg_store *store);

/* Tightens the limits that the next outermost call or instantiation runs under (fuel, timeout_ns,
 * deadline_ns, stack_bytes; the others are the store's own and must be 0). Limits never widen: the tighter of
 * both holds. NULL takes it back. SG_MISUSE inside a call. */
SG_API sg_status sg_store_tighten(sg_store *store, const sg_limits *limits, sg_error *error);

/* Adds fuel to what is left. SG_MISUSE inside a call. */
SG_API sg_status sg_store_add_fuel(sg_store *store, uint64_t fuel, sg_error *error);

SG_API sg_usage sg_store_usage(const sg_store *store);

/* Collects garbage in the heap of structs, arrays and exceptions now; the store does it by itself when guests
 * allocate. Inside a host function too, whose call's limits hold: SG_TRAP. */
SG_API sg_status sg_store_collect(sg_store *store, sg_error *error);

/* One frame of the guest's stack at the last trap. Strings belong to the module and are not NUL-terminated.
 */
typedef struct sg_frame {
    sg_string module;   /* from the name section; may be empty */
    sg_string function; /* the same */
    uint32_t function_index;
    uint64_t offset; /* of the instruction in the module's binary */
} sg_frame;

/* Frame `index` of the backtrace of the last failed call or instantiation, innermost first; false past the
 * end. At most 32 are kept: the innermost ones. */
SG_API bool sg_store_frame(const sg_store *store, size_t index, sg_frame *frame);

/* A thread-safe handle that stops the store's running call; it may outlive the store. Free with
 * sg_canceller_delete. */
SG_API sg_canceller *sg_store_canceller(sg_store *store, sg_error *error);

/* Ends the outermost call that runs in the store now with SG_TRAP_CANCELLED, from any thread. True if there
 * was one; false, without effect on later calls, if none was running. */
SG_API bool sg_canceller_cancel(sg_canceller *canceller);
SG_API void sg_canceller_delete(sg_canceller *canceller);

/* --- for host functions --- */

SG_API sg_store *sg_call_store(sg_call *call);

/* Memory for results, charged to the store's host bytes and freed by the library. NULL when refused. */
SG_API void *sg_call_alloc(sg_call *call, size_t size);

/* Charges fuel for work done on the guest's behalf; SG_TRAP when it is exhausted: pass that on. */
SG_API sg_status sg_call_charge(sg_call *call, uint64_t fuel, sg_error *error);

/* SG_OK, or SG_TRAP when the deadline passed or the call was cancelled. Long host functions look now and
 * then. */
SG_API sg_status sg_call_poll(sg_call *call, sg_error *error);

/* The absolute CLOCK_MONOTONIC deadline, or SG_UNLIMITED. */
SG_API uint64_t sg_call_deadline(const sg_call *call);

#ifdef __cplusplus
}
#endif
#endif
