/* Resources of the Component Model, as the host sees them.
 *
 * A value of kind SG_OWN or SG_BORROW has a number in of.handle. For a resource type of the host's (below) it
 * is the host's own representation of the resource: an index, a pointer. For a type that a component or WASI
 * defines it is a handle in the store: the host owns what it got as SG_OWN, until it gives it back as an
 * SG_OWN argument or result, drops it, or the store is deleted. It lends what it owns as SG_BORROW arguments.
 * What a host function is given as SG_BORROW is valid until it returns.
 *
 * What the host gives as SG_OWN, its own resources included, it has given once its values are found to fit:
 * if the call fails after that, or cannot even begin, whatever of the host's no component has received ends,
 * its destructor called before sg_func_call returns. SG_BAD_VALUE leaves everything the host's; but that one
 * handle was given twice is found too late for that. */
#ifndef SANDGLASS_RESOURCE_H
#define SANDGLASS_RESOURCE_H

#include <sandglass/engine.h>
#include <sandglass/store.h>
#include <sandglass/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sg_resource_type sg_resource_type;

/* The last owner of `rep` has dropped it, or the store that had it is being deleted. Called on the store's
 * thread, inside the guest's call or sg_store_delete; it must not use the store. */
typedef void sg_resource_destructor(void *context, uint64_t rep);

/* A resource type of the host's; `destructor` may be NULL. `context` must live as long as stores that linked
 * it. Different types are different to components, whatever their names. Free with sg_resource_type_delete,
 * after which linkers and stores that have it keep it. NULL and `error` when memory is refused. Threads:
 * shared freely. */
SG_API sg_resource_type *sg_resource_type_new(sg_engine *engine, sg_resource_destructor *destructor,
                                              void *context, sg_error *error);
SG_API void sg_resource_type_delete(sg_resource_type *type);

/* Drops a handle that the host owns of a component's resource: its destructor runs under the store's limits,
 * in a call of its own. SG_BAD_VALUE if the host owns none such or has lent it; SG_TRAP as for any call: the
 * handle is gone then, too. */
SG_API sg_status sg_resource_drop(sg_store *store, uint64_t handle, sg_error *error);

#ifdef __cplusplus
}
#endif
#endif
