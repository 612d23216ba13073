/* A value type's parts → its size, alignment and flattening (CanonicalABI.md, "Alignment", "Element Size",
 * "Flattening"), and how deep and large it is. Parts are laid out already. */
#include "validate/component.h"

enum { POINTER_32, POINTER_64, POINTER_KINDS };

typedef struct Area {
    uint64_t size, alignment;
} Area;

static Area area_of(const sg_type *type, int pointer) {
    return pointer == POINTER_32 ? (Area){type->size, type->alignment}
                                 : (Area){type->size64, type->alignment64};
}

static uint64_t align_to(uint64_t at, uint64_t alignment) {
    return (at + alignment - 1) / alignment * alignment;
}

/* Sums cannot overflow: parts are below 2^28, counts below 2^32. */
static Area layout_record(const sg_type *type, int pointer) {
    Area area = {0, 1};
    for (uint32_t i = 0; i < type->field_count; i++) {
        Area field = area_of(type->fields[i].type, pointer);
        area.size = align_to(area.size, field.alignment) + field.size;
        area.alignment = field.alignment > area.alignment ? field.alignment : area.alignment;
    }
    area.size = align_to(area.size, area.alignment);
    return area;
}

static Area layout_variant(const sg_type *type, int pointer, uint32_t *payload_offset) {
    uint64_t discriminant = sgi_discriminant_size(type->field_count), size = 0, alignment = 1;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].type == NULL)
            continue;
        Area payload = area_of(type->fields[i].type, pointer);
        size = payload.size > size ? payload.size : size;
        alignment = payload.alignment > alignment ? payload.alignment : alignment;
    }
    uint64_t payload_at = align_to(discriminant, alignment);
    if (pointer == POINTER_32)
        *payload_offset = (uint32_t)payload_at;
    alignment = discriminant > alignment ? discriminant : alignment;
    return (Area){align_to(payload_at + size, alignment), alignment};
}

static Area layout(sg_type *type, int pointer) {
    uint64_t pointer_size = pointer == POINTER_32 ? 4 : 8;
    switch (type->kind) {
    case SG_RECORD:
    case SG_TUPLE: return layout_record(type, pointer);
    case SG_VARIANT:
    case SG_ENUM:
    case SG_OPTION:
    case SG_RESULT: return layout_variant(type, pointer, &type->payload_offset);
    case SG_LIST:
    case SG_MAP: return (Area){2 * pointer_size, pointer_size};
    case SG_FIXED_LIST: {
        Area element = area_of(type->element, pointer);
        return (Area){element.size * type->length, element.alignment};
    }
    case SG_FLAGS: {
        uint64_t size = type->field_count <= 8 ? 1 : type->field_count <= 16 ? 2 : 4;
        return (Area){size, size};
    }
    default: return (Area){4, 4}; /* handles */
    }
}

/* ---- flattening ---- */

static void append_flat(sg_type *type, const sg_type *part) {
    for (uint32_t i = 0; i < part->flat_count && type->flat_count <= MAX_FLAT_PARAMS; i++) {
        if (type->flat_count < MAX_FLAT_PARAMS && i < MAX_FLAT_PARAMS) {
            type->flat[type->flat_count] = part->flat[i];
            type->flat_pointers |= (uint16_t)((part->flat_pointers >> i & 1) << type->flat_count);
        }
        type->flat_count++;
    }
}

/* `join` of the canonical ABI. Whatever an i64 is joined with is one, so a slot that is a pointer in one case
 * is an i64 with 64-bit memories. */
static uint8_t join(uint8_t a, uint8_t b) {
    if (a == b)
        return a;
    return (a == KIND_I32 && b == KIND_F32) || (a == KIND_F32 && b == KIND_I32) ? KIND_I32 : KIND_I64;
}

static void flatten_variant(sg_type *type) {
    type->flat[0] = KIND_I32;
    type->flat_count = 1;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const sg_type *payload = type->fields[i].type;
        for (uint32_t j = 0; payload && j < payload->flat_count; j++) {
            uint32_t at = j + 1;
            if (at >= MAX_FLAT_PARAMS) {
                type->flat_count = MAX_FLAT_PARAMS + 1;
                break;
            }
            type->flat[at] =
                at < type->flat_count ? join(type->flat[at], payload->flat[j]) : payload->flat[j];
            type->flat_pointers |= (uint16_t)((payload->flat_pointers >> j & 1) << at);
            type->flat_count = at < type->flat_count ? type->flat_count : at + 1;
        }
    }
}

static void flatten(sg_type *type) {
    switch (type->kind) {
    case SG_RECORD:
    case SG_TUPLE:
        for (uint32_t i = 0; i < type->field_count; i++)
            append_flat(type, type->fields[i].type);
        break;
    case SG_VARIANT:
    case SG_ENUM:
    case SG_OPTION:
    case SG_RESULT: flatten_variant(type); break;
    case SG_FIXED_LIST:
        for (uint32_t i = 0; i < type->length && type->flat_count <= MAX_FLAT_PARAMS; i++)
            append_flat(type, type->element);
        break;
    case SG_LIST:
    case SG_MAP:
        type->flat[0] = type->flat[1] = KIND_I32;
        type->flat_count = 2;
        type->flat_pointers = 3;
        break;
    default:
        type->flat[0] = KIND_I32;
        type->flat_count = 1;
        break;
    }
}

/* ---- what is inside ---- */

static void take_in(sg_type *type, const sg_type *part, uint64_t *weight) {
    if (part == NULL) {
        ++*weight;
        return;
    }
    *weight += part->weight;
    type->depth = part->depth + 1 > type->depth ? part->depth + 1 : type->depth;
    type->contains_borrow |= part->contains_borrow;
    type->contains_pointer |= part->contains_pointer && type->kind != SG_STREAM && type->kind != SG_FUTURE;
    type->contains_async |= part->contains_async;
    type->contains_resource |= part->contains_resource;
    type->contains_string |= part->contains_string;
}

static void take_in_parts(sg_type *type, uint64_t *weight) {
    type->depth = 1;
    type->contains_borrow = type->kind == SG_BORROW;
    type->contains_resource = type->kind == SG_OWN || type->kind == SG_BORROW;
    type->contains_pointer = type->kind == SG_LIST || type->kind == SG_MAP;
    type->contains_async = type->kind == SG_STREAM || type->kind == SG_FUTURE;
    *weight = 1;
    for (uint32_t i = 0; i < type->field_count; i++)
        take_in(type, type->fields[i].type, weight);
    if (type->key)
        take_in(type, type->key, weight);
    if (type->element || type->field_count == 0)
        take_in(type, type->element, weight);
}

/* At most 2^28 values on each of at most LIMIT(TYPE_DEPTH) levels. */
static void find_columns(sg_type *type) {
    uint64_t size = 0;
    type->values = 1;
    switch (type->kind) {
    case SG_ENUM: type->is_columns = true; return;
    case SG_FLAGS:
        type->is_columns = true;
        type->is_bits = type->field_count == 8 * type->size;
        return;
    case SG_FIXED_LIST:
        type->is_columns = type->element->is_columns;
        type->is_bits = type->element->is_bits;
        type->values += type->length * type->element->values;
        return;
    case SG_RECORD:
    case SG_TUPLE: break;
    default: return;
    }
    type->is_columns = type->is_bits = true;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const sg_type *field = type->fields[i].type;
        type->is_columns &= field->is_columns;
        type->is_bits &= field->is_bits;
        type->values += field->values;
        size += field->size;
    }
    type->is_bits &= size == type->size;
}

sg_status sgi_comp_layout(CompValidator *v, sg_type *type) {
    uint64_t weight;
    take_in_parts(type, &weight);
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_DEPTH, type->depth, v->offset, v->cx.err));
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_SIZE, weight, v->offset, v->cx.err));
    type->weight = (uint32_t)weight;
    /* Sizes with 64-bit pointers are the larger ones. */
    Area area = layout(type, POINTER_32), area64 = layout(type, POINTER_64);
    if (area64.size > LIMIT_OF(VALUE_BYTES))
        return sgi_comp_invalid(v, "value type exceeds maximum byte size", "%llu bytes",
                                (unsigned long long)area64.size);
    type->size = (uint32_t)area.size;
    type->alignment = (uint32_t)area.alignment;
    type->size64 = (uint32_t)area64.size;
    type->alignment64 = (uint32_t)area64.alignment;
    flatten(type);
    find_columns(type);
    return SG_OK;
}
