/* A function of the library's own that the host calls itself, because a component exports it as it was
 * imported: the host's handles → what they stand for, as such functions know resources; and back in results.
 *
 * Only the types of WASI's signatures are gone through: handles stand in lists, tuples, options, results and
 * variants there, never in records, and no function takes what it is given for its own. Recursion is as deep
 * as the signature. */
#include "component/canon.h"

typedef sg_status MapHandle(LiftLowerContext *cx, uint64_t value, const sg_type *type, uint64_t *out);

static sg_status map(LiftLowerContext *cx, MapHandle *map_handle, const sg_type *type, const sg_value *in,
                     sg_value *out);

static sg_status map_items(LiftLowerContext *cx, MapHandle *map_handle, const sg_type *type,
                           const sg_value *in, sg_value *out) {
    size_t count = in->of.list.count;
    sg_value *items = sgi_canon_alloc(cx, count, sizeof *items);
    if (items == NULL)
        return sgi_store_no_memory(cx->store, cx->err);
    for (size_t i = 0; i < count; i++) {
        const sg_type *item = type->kind == SG_TUPLE ? type->fields[i].type : type->element;
        SGI_TRY(sgi_canon_poll(cx));
        SGI_TRY(map(cx, map_handle, item, &in->of.list.items[i], &items[i]));
    }
    out->of.list.items = items;
    return SG_OK;
}

/* *payload may be NULL. */
static sg_status map_payload(LiftLowerContext *cx, MapHandle *map_handle, const sg_type *type,
                             const sg_value **payload) {
    if (*payload == NULL || type == NULL)
        return SG_OK;
    sg_value *mapped = sgi_canon_alloc(cx, 1, sizeof *mapped);
    if (mapped == NULL)
        return sgi_store_no_memory(cx->store, cx->err);
    SGI_TRY(map(cx, map_handle, type, *payload, mapped));
    *payload = mapped;
    return SG_OK;
}

static sg_status map(LiftLowerContext *cx, MapHandle *map_handle, const sg_type *type, const sg_value *in,
                     sg_value *out) {
    *out = *in;
    switch (in->kind) {
    case SG_OWN:
    case SG_BORROW: return map_handle(cx, in->of.handle, type, &out->of.handle);
    case SG_LIST:
    case SG_TUPLE: return map_items(cx, map_handle, type, in, out);
    case SG_OPTION: return map_payload(cx, map_handle, type->fields[1].type, &out->of.option);
    case SG_RESULT:
        return map_payload(cx, map_handle, type->fields[in->of.result.is_error].type,
                           &out->of.result.payload);
    case SG_VARIANT:
        return map_payload(cx, map_handle, type->fields[sgi_find_member(type, in->of.variant.name, 0)].type,
                           &out->of.variant.payload);
    default: return SG_OK;
    }
}

sg_status sgi_direct_arguments(LiftLowerContext *cx, const CompFuncType *type, const sg_value *arguments,
                               const sg_value **mapped) {
    sg_value *values = sgi_canon_alloc(cx, type->param_count, sizeof *values);
    if (values == NULL)
        return sgi_store_no_memory(cx->store, cx->err);
    for (uint32_t i = 0; i < type->param_count; i++)
        SGI_TRY(map(cx, sgi_lend_of_host, type->params[i].type, &arguments[i], &values[i]));
    *mapped = values;
    return SG_OK;
}

sg_status sgi_direct_result(LiftLowerContext *cx, const CompFuncType *type, sg_value *result) {
    const sg_value given = *result;
    return type->result ? map(cx, sgi_give_to_host, type->result, &given, result) : SG_OK;
}
