/* Resource types of the host and the handles it holds, as the embedder sees them. */
#include "component/component.h"

sg_resource_type *sg_resource_type_new(sg_engine *engine, sg_resource_destructor *destructor, void *context,
                                       sg_error *error) {
    return sgi_resource_type_new(engine, NULL, destructor, context, error);
}

void sg_resource_type_delete(sg_resource_type *type) {
    sgi_resource_type_release(type);
}

sg_status sg_resource_drop(sg_store *store, uint64_t handle, sg_error *error) {
    return sgi_resource_drop(store, handle, error);
}
