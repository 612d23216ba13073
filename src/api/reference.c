/* References of the host: what they refer to, and whether they fit a type. */
#include "api/private.h"

static bool is_ref(sg_core_kind kind) {
    return kind >= SG_CORE_FUNCREF;
}

static uint64_t bits_of(const sg_core_value *value) {
    return (uint64_t)(uintptr_t)value->of.ref;
}

sg_ref_kind sg_core_ref_kind(const sg_store *store, const sg_core_value *value) {
    if (!is_ref(value->kind) || value->of.ref == NULL)
        return SG_REF_NULL;
    if (value->kind == SG_CORE_FUNCREF)
        return SG_REF_FUNC;
    if (bits_of(value) & I31_BIT)
        return SG_REF_I31;
    if (!sgi_is_object(&store->cx, value->of.ref))
        return SG_REF_HOST;
    const Object *object = value->of.ref;
    switch (object->rtt->kind) {
    case COMP_STRUCT: return SG_REF_STRUCT;
    case COMP_ARRAY: return SG_REF_ARRAY;
    default: return SG_REF_EXN;
    }
}

sg_core_value sg_core_i31_new(int32_t value) {
    uint64_t bits = I31_BIT | ((uint32_t)value & 0x7fffffffu);
    return (sg_core_value){.kind = SG_CORE_ANYREF, .of.ref = (void *)(uintptr_t)bits};
}

int32_t sg_core_i31_get(const sg_core_value *value) {
    if (!is_ref(value->kind) || !(bits_of(value) & I31_BIT))
        return 0;
    uint32_t bits = (uint32_t)bits_of(value);
    return (int32_t)((bits ^ 0x40000000u) - 0x40000000u); /* sign bit of 31 */
}

/* A host's pointer or an i31 as it must be made. */
static bool is_well_formed(const sg_core_value *value) {
    return !(bits_of(value) & I31_BIT) || (bits_of(value) & ~I31_BIT) <= 0x7fffffffu;
}

/* Of what is neither a function nor null. */
static bool is_below(const Store *store, uint32_t heap, const sg_core_value *value) {
    sg_ref_kind kind = sg_core_ref_kind(store, value);
    bool is_internal = kind == SG_REF_I31 || kind == SG_REF_STRUCT || kind == SG_REF_ARRAY;
    switch (heap) {
    case HEAP_ANY:
    case HEAP_EXTERN: return kind != SG_REF_EXN; /* either may be the other, converted */
    case HEAP_EQ: return is_internal;
    case HEAP_I31: return kind == SG_REF_I31;
    case HEAP_STRUCT: return kind == SG_REF_STRUCT;
    case HEAP_ARRAY: return kind == SG_REF_ARRAY;
    case HEAP_EXN: return kind == SG_REF_EXN;
    default: return false;
    }
}

bool sgi_reference_fits(const Store *store, ValType type, const Rtt *rtt, const sg_core_value *value) {
    if (value->of.ref == NULL)
        return sgi_is_nullable(type);
    if (value->kind == SG_CORE_FUNCREF) {
        const FuncInst *func = value->of.ref;
        return func->store == store && (rtt ? sgi_rtt_matches(func->rtt, rtt) : sgi_heap(type) == HEAP_FUNC);
    }
    if (!is_well_formed(value))
        return false;
    if (rtt == NULL)
        return is_below(store, sgi_heap(type), value);
    const Object *object = value->of.ref;
    return sgi_is_object(&store->cx, object) && sgi_rtt_matches(object->rtt, rtt);
}
