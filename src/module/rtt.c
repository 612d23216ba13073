/* A defined type → the layout of its objects. */
#include "module/types.h"

static bool is_func_heap(const SubType *types, uint32_t heap) {
    return sgi_is_abstract(heap) ? heap == HEAP_FUNC || heap == HEAP_NOFUNC : types[heap].kind == COMP_FUNC;
}

static Storage storage_of(const SubType *types, ValType type) {
    switch (sgi_kind(type)) {
    case KIND_I8: return STORAGE_8;
    case KIND_I16: return STORAGE_16;
    case KIND_I32:
    case KIND_F32: return STORAGE_32;
    case KIND_V128: return STORAGE_128;
    case KIND_REF:
    case KIND_REF_NULL:
        /* Functions are the store's for good: no collector looks at references to them. */
        return is_func_heap(types, sgi_heap(type)) ? STORAGE_64 : STORAGE_REF;
    default: return STORAGE_64;
    }
}

static ValType field_type(const SubType *type, uint32_t index) {
    return type->kind == COMP_FUNC ? type->as.func.params[index] : type->as.aggregate.fields[index].type;
}

RttCounts sgi_rtt_counts(const SubType *types, const SubType *type) {
    RttCounts counts = {.fields = type->kind == COMP_FUNC ? type->as.func.param_count
                                                          : type->as.aggregate.field_count};
    for (uint32_t i = 0; i < counts.fields; i++)
        counts.refs += storage_of(types, field_type(type, i)) == STORAGE_REF;
    return counts;
}

/* The field's offset in an object of which `size` bytes are taken. */
static uint32_t place(const SubType *type, Storage storage, uint32_t size) {
    if (type->kind == COMP_ARRAY)
        return 0;
    uint32_t align = type->kind == COMP_FUNC ? 8 : sgi_storage_size(storage);
    return (size + align - 1) / align * align;
}

void sgi_rtt_lay_out(Rtt *rtt, const SubType *types, const SubType *type, RttField *fields, uint32_t *refs) {
    static const uint32_t starts[] = {[COMP_FUNC - COMP_ARRAY] = EXCEPTION_SLOTS,
                                      [COMP_STRUCT - COMP_ARRAY] = OBJECT_FIELDS,
                                      [0] = ARRAY_ELEMENTS};
    RttCounts counts = sgi_rtt_counts(types, type);
    rtt->kind = (uint8_t)type->kind;
    rtt->fields = fields;
    rtt->refs = refs;
    rtt->field_count = (uint32_t)counts.fields;
    rtt->ref_count = (uint32_t)counts.refs;
    uint32_t end = starts[type->kind - COMP_ARRAY];
    for (uint32_t i = 0; i < counts.fields; i++) {
        Storage storage = storage_of(types, field_type(type, i));
        uint32_t size = sgi_storage_size(storage), offset = place(type, storage, end);
        fields[i] = (RttField){offset, (uint8_t)storage};
        if (storage == STORAGE_REF)
            *refs++ = offset;
        rtt->content += size;
        if (type->kind == COMP_ARRAY)
            rtt->element = (uint8_t)storage;
        else
            end = offset + (type->kind == COMP_FUNC && size < 8 ? 8 : size);
    }
    rtt->size = (end + OBJECT_ALIGN - 1) / OBJECT_ALIGN * OBJECT_ALIGN;
}

void sgi_rtt_link(Rtt *rtt, const Rtt *super) {
    if (super == NULL)
        return;
    const Rtt *far = super->jump;
    rtt->depth = super->depth + 1;
    rtt->super = super;
    bool is_even = far && far->jump && super->depth - far->depth == far->depth - far->jump->depth;
    rtt->jump = is_even ? far->jump : super;
}
