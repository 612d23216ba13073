/* Types → their size, alignment and flat types (canonical ABI: alignment, elem_size, flatten_type). */
#include "bindgen/model.h"

static uint64_t align_to(uint64_t size, uint32_t align) {
    return (size + align - 1) / align * align;
}

static void add_flat(char *flat, uint32_t *count, char type) {
    if (*count < MAX_FLAT_PARAMS)
        flat[*count] = type;
    if (*count <= MAX_FLAT_PARAMS)
        ++*count;
}

void sgi_bind_flatten(const BindType *type, char *flat, uint32_t *count) {
    for (uint32_t i = 0; i < type->flat_count; i++)
        add_flat(flat, count, i < MAX_FLAT_PARAMS ? type->flat[i] : 'i');
}

static char join(char a, char b) {
    if (a == b)
        return a;
    return (a == 'i' && b == 'f') || (a == 'f' && b == 'i') ? 'i' : 'l';
}

static uint32_t discriminant_size(size_t cases) {
    return cases <= 256 ? 1 : cases <= 65536 ? 2 : 4;
}

static void scalar(BindType *type, uint32_t size, char flat) {
    type->size = type->align = size;
    type->flat[0] = flat;
    type->flat_count = 1;
}

static void pointer_and_length(BindType *type) {
    scalar(type, 4, 'i');
    type->size = 8;
    type->flat[1] = 'i';
    type->flat_count = 2;
}

/* Records and tuples. Without fields they are of no valid component; C wants one byte. */
static uint64_t lay_out_record(BindType *type) {
    uint64_t size = 0;
    type->align = 1;
    for (size_t i = 0; i < type->count; i++) {
        const BindType *field = type->members[i].type;
        size = align_to(size, field->align) + field->size;
        type->align = field->align > type->align ? field->align : type->align;
        sgi_bind_flatten(field, type->flat, &type->flat_count);
    }
    return size ? align_to(size, type->align) : 1;
}

/* Variants, options and results. */
static uint64_t lay_out_variant(BindType *type) {
    uint32_t tag = discriminant_size(type->kind == SG_OPTION ? 2 : type->count), align = 1, largest = 0;
    add_flat(type->flat, &type->flat_count, 'i');
    for (size_t i = 0; i < type->count; i++) {
        const BindType *payload = type->members[i].type;
        if (payload == NULL)
            continue;
        align = payload->align > align ? payload->align : align;
        largest = payload->size > largest ? payload->size : largest;
        for (uint32_t j = 0; j < payload->flat_count && j < MAX_FLAT_PARAMS; j++) {
            uint32_t at = j + 1;
            if (at < type->flat_count && at < MAX_FLAT_PARAMS)
                type->flat[at] = join(type->flat[at], payload->flat[j]);
            else if (at >= type->flat_count)
                add_flat(type->flat, &type->flat_count, payload->flat[j]);
        }
    }
    type->payload = (uint32_t)align_to(tag, align);
    type->align = align > tag ? align : tag;
    return align_to((uint64_t)type->payload + largest, type->align);
}

static uint64_t lay_out_fixed_list(BindType *type) {
    const BindType *element = type->members[0].type;
    type->align = element->align;
    for (uint32_t i = 0; i < type->length && element->flat_count && type->flat_count <= MAX_FLAT_PARAMS; i++)
        sgi_bind_flatten(element, type->flat, &type->flat_count);
    return (uint64_t)element->size * type->length;
}

sg_status sgi_bind_lay_out(Bindgen *b, BindType *type) {
    uint64_t size = 0;
    switch (type->kind) {
    case SG_BOOL:
    case SG_S8:
    case SG_U8: scalar(type, 1, 'i'); return SG_OK;
    case SG_S16:
    case SG_U16: scalar(type, 2, 'i'); return SG_OK;
    case SG_S64:
    case SG_U64: scalar(type, 8, 'l'); return SG_OK;
    case SG_F32: scalar(type, 4, 'f'); return SG_OK;
    case SG_F64: scalar(type, 8, 'd'); return SG_OK;
    case SG_STRING:
    case SG_LIST: pointer_and_length(type); return SG_OK;
    case SG_ENUM: scalar(type, discriminant_size(type->count), 'i'); return SG_OK;
    case SG_FLAGS: scalar(type, type->count <= 8 ? 1 : type->count <= 16 ? 2 : 4, 'i'); return SG_OK;
    case SG_RECORD:
    case SG_TUPLE: size = lay_out_record(type); break;
    case SG_VARIANT:
    case SG_OPTION:
    case SG_RESULT: size = lay_out_variant(type); break;
    case SG_FIXED_LIST: size = lay_out_fixed_list(type); break;
    default: scalar(type, 4, 'i'); return SG_OK; /* char, s32, u32, handles */
    }
    SGI_TRY(sgi_limit_check(LIMIT_ID_VALUE_BYTES, size, SG_NO_OFFSET, b->wit->cx.err));
    type->size = (uint32_t)size;
    return SG_OK;
}
