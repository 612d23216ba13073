/* Adapters between components: values go straight from one memory, or from slots, to the other; lifting and
 * lowering fused, with the same checks, traps and fuel.
 *
 *   check: all that lifting would find wrong in the source, in its order; then, in the callee,
 *   move: allocates and stores as lowering would, reading the source once more.
 *
 * What was checked cannot have changed when it is moved: canonical memories are not shared, and the only code
 * that runs in between, the receiver's realloc, cannot leave its instance, which is not the giver's
 * (sgi_adapt_fits). Ranges are checked again nevertheless: whatever this relies on, it reads and writes in
 * bounds.
 *
 * A handle that is a parameter or the result itself is lifted when it is checked: what stands for the
 * resource takes its place in the slot, until it is lowered.
 *
 * Types whose values all look alike in memory (sg_type.is_columns) move column by column: one loop for each
 * scalar inside the element, or one copy where the bytes are the value. */
#include "component/canon.h"

#include <string.h>

typedef struct Adapter {
    LiftLowerContext *from, *to;
} Adapter;

/* Slots, or, if there are none, an address in the memory of its side. */
typedef struct Place {
    Slot *slots;
    uint32_t ptr;
} Place;

static bool is_handle(sg_kind kind) {
    return kind == SG_OWN || kind == SG_BORROW;
}

bool sgi_adapt_fits(const sg_type *type, bool is_spilled, const CanonicalOptions *from,
                    const CanonicalOptions *to) {
    if (type->contains_async || (type->contains_resource && (is_spilled || !is_handle(type->kind))))
        return false;
    return !type->contains_string || (from->encoding == ENCODING_UTF8 && to->encoding == ENCODING_UTF8);
}

static Place member_of(Place place, uint64_t offset, uint32_t flat_index) {
    return place.slots ? (Place){.slots = place.slots + flat_index}
                       : (Place){.ptr = (uint32_t)(place.ptr + offset)};
}

/* Bytes that were checked, or will be written after a check. */
static uint8_t *base_of(const LiftLowerContext *cx, Place place) {
    return cx->opts->memory->base + place.ptr;
}

static uint64_t load(const uint8_t *memory, uint32_t size) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < size; i++)
        value |= (uint64_t)memory[i] << (8 * i);
    return value;
}

static uint64_t bits_of(const LiftLowerContext *cx, Place place, uint32_t size) {
    return place.slots ? place.slots->u64 : load(base_of(cx, place), size);
}

static void store_bits(const LiftLowerContext *cx, Place place, uint64_t bits, uint32_t size) {
    if (place.slots) {
        place.slots->u64 = bits;
        return;
    }
    uint8_t *memory = base_of(cx, place);
    for (uint32_t i = 0; i < size; i++)
        memory[i] = (uint8_t)(bits >> (8 * i));
}

static bool is_char(uint32_t i) {
    return i < 0xd800 || (i > 0xdfff && i < 0x110000);
}

/* What lifting and lowering make of the bits of a scalar. */
static uint64_t convert(const sg_type *type, uint64_t bits) {
    switch (type->kind) {
    case SG_BOOL: return (uint32_t)bits != 0;
    case SG_S8: return (uint64_t)(uint32_t)(int8_t)bits;
    case SG_U8: return (uint8_t)bits;
    case SG_S16: return (uint64_t)(uint32_t)(int16_t)bits;
    case SG_U16: return (uint16_t)bits;
    case SG_F32: return sgi_canonicalize_nan32((uint32_t)bits);
    case SG_F64: return sgi_canonicalize_nan64(bits);
    case SG_FLAGS: return bits & ((UINT64_C(1) << type->field_count) - 1);
    case SG_S64:
    case SG_U64: return bits;
    default: return (uint32_t)bits;
    }
}

/* ---- columns ---- */

/* `count` values of `type`, `stride` bytes apart. Recursion: as deep as types. */
static sg_status check_columns(LiftLowerContext *cx, const sg_type *type, const uint8_t *at, uint32_t stride,
                               uint32_t count) {
    SGI_TRY(sgi_canon_poll(cx));
    switch (type->kind) {
    case SG_CHAR:
        for (uint32_t i = 0; i < count; i++)
            if (!is_char((uint32_t)load(at + (size_t)i * stride, 4)))
                return sgi_canon_trap(cx, SG_TRAP_INVALID_CHAR, NULL);
        return SG_OK;
    case SG_ENUM:
        for (uint32_t i = 0; i < count; i++)
            if (load(at + (size_t)i * stride, type->size) >= type->field_count)
                return sgi_canon_trap(cx, SG_TRAP_INVALID_DISCRIMINANT, NULL);
        return SG_OK;
    case SG_FIXED_LIST:
        for (uint32_t i = 0; i < type->length; i++)
            SGI_TRY(check_columns(cx, type->element, at + (size_t)i * type->element->size, stride, count));
        return SG_OK;
    case SG_RECORD:
    case SG_TUPLE: {
        uint64_t offset = 0;
        for (uint32_t i = 0; i < type->field_count; i++) {
            const sg_type *field = type->fields[i].type;
            offset = sgi_align_to(offset, field->alignment);
            SGI_TRY(check_columns(cx, field, at + offset, stride, count));
            offset += field->size;
        }
        return SG_OK;
    }
    default: return SG_OK;
    }
}

#define COPY_COLUMN(bytes)                                                                                   \
    for (uint32_t i = 0; i < count; i++)                                                                     \
    memcpy(to + (size_t)i * stride, from + (size_t)i * stride, bytes)

static void move_column(const sg_type *type, const uint8_t *from, uint8_t *to, uint32_t stride,
                        uint32_t count) {
    switch (type->kind) {
    case SG_S8:
    case SG_U8: COPY_COLUMN(1); return;
    case SG_S16:
    case SG_U16: COPY_COLUMN(2); return;
    case SG_CHAR:
    case SG_S32:
    case SG_U32: COPY_COLUMN(4); return;
    case SG_S64:
    case SG_U64: COPY_COLUMN(8); return;
    case SG_BOOL:
        for (uint32_t i = 0; i < count; i++)
            to[(size_t)i * stride] = from[(size_t)i * stride] != 0;
        return;
    case SG_F64:
        for (uint32_t i = 0; i < count; i++) {
            uint64_t bits;
            memcpy(&bits, from + (size_t)i * stride, sizeof bits);
            bits = sgi_canonicalize_nan64(bits);
            memcpy(to + (size_t)i * stride, &bits, sizeof bits);
        }
        return;
    default:
        for (uint32_t i = 0; i < count; i++) {
            uint64_t bits = convert(type, load(from + (size_t)i * stride, type->size));
            for (uint32_t j = 0; j < type->size; j++)
                to[(size_t)i * stride + j] = (uint8_t)(bits >> (8 * j));
        }
    }
}

static sg_status move_columns(LiftLowerContext *cx, const sg_type *type, const uint8_t *from, uint8_t *to,
                              uint32_t stride, uint32_t count) {
    SGI_TRY(sgi_canon_poll(cx));
    switch (type->kind) {
    case SG_FIXED_LIST:
        for (uint32_t i = 0; i < type->length; i++) {
            size_t offset = (size_t)i * type->element->size;
            SGI_TRY(move_columns(cx, type->element, from + offset, to + offset, stride, count));
        }
        return SG_OK;
    case SG_RECORD:
    case SG_TUPLE: {
        uint64_t offset = 0;
        for (uint32_t i = 0; i < type->field_count; i++) {
            const sg_type *field = type->fields[i].type;
            offset = sgi_align_to(offset, field->alignment);
            SGI_TRY(move_columns(cx, field, from + offset, to + offset, stride, count));
            offset += field->size;
        }
        return SG_OK;
    }
    default: move_column(type, from, to, stride, count); return SG_OK;
    }
}

/* ---- checking ---- */

static sg_status check(LiftLowerContext *cx, const sg_type *type, Place from);

static uint32_t min_u32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* A piece of them. Of several faults the one that comes first is told. */
static sg_status check_piece(LiftLowerContext *cx, const sg_type *type, const uint8_t *at, uint32_t count) {
    SGI_TRY(sgi_canon_count_many(cx, count * type->values));
    sg_status status = check_columns(cx, type, at, type->size, count);
    for (uint32_t i = 0; status != SG_OK && i < count; i++)
        SGI_TRY(check_columns(cx, type, at + (size_t)i * type->size, type->size, 1));
    return status;
}

static sg_status check_elements(LiftLowerContext *cx, const sg_type *type, Place from, uint32_t count) {
    ElementLayout layout = sgi_element_layout(type);
    if (type->kind != SG_MAP && type->element->is_columns && from.slots == NULL) {
        for (uint32_t at = 0; at < count; at += VALUES_PER_LOOK)
            SGI_TRY(check_piece(cx, type->element, base_of(cx, from) + (size_t)at * layout.size,
                                min_u32(count - at, VALUES_PER_LOOK)));
        return SG_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        Place at = member_of(from, (uint64_t)i * layout.size, i * type->element->flat_count);
        if (type->kind == SG_MAP) {
            SGI_TRY(check(cx, type->key, at));
            at = member_of(at, layout.value_offset, 0);
        }
        SGI_TRY(check(cx, type->element, at));
    }
    return SG_OK;
}

static sg_status check_pointer(LiftLowerContext *cx, const sg_type *type, Place from) {
    uint32_t ptr = (uint32_t)bits_of(cx, from, 4), length = (uint32_t)bits_of(cx, member_of(from, 4, 1), 4);
    if (type->kind == SG_STRING)
        return sgi_check_utf8_range(cx, ptr, length);
    SGI_TRY(sgi_check_list_range(cx, ptr, length, type));
    if (type->kind == SG_LIST && type->element->kind == SG_U8)
        return SG_OK;
    return check_elements(cx, type, (Place){.ptr = ptr}, length);
}

static sg_status check_record(LiftLowerContext *cx, const sg_type *type, Place from) {
    uint64_t offset = 0;
    uint32_t flat_index = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const sg_type *field = type->fields[i].type;
        offset = sgi_align_to(offset, field->alignment);
        SGI_TRY(check(cx, field, member_of(from, offset, flat_index)));
        offset += field->size;
        flat_index += field->flat_count;
    }
    return SG_OK;
}

static sg_status check_case(LiftLowerContext *cx, const sg_type *type, Place from, uint32_t *index) {
    *index = (uint32_t)bits_of(cx, from, sgi_discriminant_size(type->field_count));
    return *index < type->field_count ? SG_OK : sgi_canon_trap(cx, SG_TRAP_INVALID_DISCRIMINANT, NULL);
}

/* Recursion: at most LIMIT(TYPE_DEPTH) deep, as types are. */
static sg_status check(LiftLowerContext *cx, const sg_type *type, Place from) {
    if (from.slots == NULL)
        SGI_TRY(sgi_canon_count(cx));
    switch (type->kind) {
    case SG_STRING:
    case SG_LIST:
    case SG_MAP: return check_pointer(cx, type, from);
    case SG_FIXED_LIST: return check_elements(cx, type, from, type->length);
    case SG_RECORD:
    case SG_TUPLE: return check_record(cx, type, from);
    case SG_VARIANT:
    case SG_ENUM:
    case SG_OPTION:
    case SG_RESULT: {
        uint32_t index = 0;
        SGI_TRY(check_case(cx, type, from, &index));
        const sg_type *payload = type->fields[index].type;
        return payload ? check(cx, payload, member_of(from, type->payload_offset, 1)) : SG_OK;
    }
    case SG_CHAR:
        return is_char((uint32_t)bits_of(cx, from, 4)) ? SG_OK
                                                       : sgi_canon_trap(cx, SG_TRAP_INVALID_CHAR, NULL);
    case SG_OWN: return sgi_lift_own(cx, from.slots->u32, type, &from.slots->u64);
    case SG_BORROW: return sgi_lift_borrow(cx, from.slots->u32, type, &from.slots->u64);
    default: return SG_OK;
    }
}

/* ---- moving ---- */

static sg_status move(const Adapter *a, const sg_type *type, Place from, Place to);

static sg_status move_elements(const Adapter *a, const sg_type *type, Place from, Place to, uint32_t count) {
    ElementLayout layout = sgi_element_layout(type);
    if (type->kind != SG_MAP && type->element->is_columns && from.slots == NULL) {
        for (uint32_t at = 0; at < count; at += VALUES_PER_LOOK) {
            uint32_t piece = min_u32(count - at, VALUES_PER_LOOK);
            size_t offset = (size_t)at * layout.size;
            const uint8_t *source = base_of(a->from, from) + offset;
            uint8_t *target = base_of(a->to, to) + offset;
            SGI_TRY(sgi_canon_count_many(a->to, piece * type->element->values));
            if (type->element->is_bits)
                SGI_TRY(sgi_canon_copy(a->to, target, source, (size_t)piece * layout.size));
            else
                SGI_TRY(move_columns(a->to, type->element, source, target, layout.size, piece));
        }
        return SG_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = (uint64_t)i * layout.size;
        Place source = member_of(from, offset, i * type->element->flat_count);
        Place target = member_of(to, offset, i * type->element->flat_count);
        if (type->kind == SG_MAP) {
            SGI_TRY(move(a, type->key, source, target));
            source = member_of(source, layout.value_offset, 0);
            target = member_of(target, layout.value_offset, 0);
        }
        SGI_TRY(move(a, type->element, source, target));
    }
    return SG_OK;
}

static sg_status move_pointer(const Adapter *a, const sg_type *type, Place from, Place to) {
    uint32_t ptr = (uint32_t)bits_of(a->from, from, 4);
    uint32_t length = (uint32_t)bits_of(a->from, member_of(from, 4, 1), 4);
    const bool is_bytes = type->kind == SG_STRING || (type->kind == SG_LIST && type->element->kind == SG_U8);
    ElementLayout layout = is_bytes ? (ElementLayout){1, 1, 0} : sgi_element_layout(type);
    uint64_t size = (uint64_t)length * layout.size;
    uint32_t target = 0;
    if (sgi_canon_memory(a->from, ptr, size) == NULL)
        return sgi_canon_trap(a->to, SG_TRAP_LIST_OUT_OF_BOUNDS, NULL);
    SGI_TRY(sgi_canon_charge(a->to, size));
    SGI_TRY(sgi_canon_reallocate(a->to, 0, 0, layout.alignment, (uint32_t)size, &target));
    if (is_bytes)
        SGI_TRY(sgi_canon_copy(a->to, a->to->opts->memory->base + target, a->from->opts->memory->base + ptr,
                               (size_t)size));
    else
        SGI_TRY(move_elements(a, type, (Place){.ptr = ptr}, (Place){.ptr = target}, length));
    store_bits(a->to, to, target, 4);
    store_bits(a->to, member_of(to, 4, 1), length, 4);
    return SG_OK;
}

static sg_status move_record(const Adapter *a, const sg_type *type, Place from, Place to) {
    uint64_t offset = 0;
    uint32_t flat_index = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const sg_type *field = type->fields[i].type;
        offset = sgi_align_to(offset, field->alignment);
        SGI_TRY(move(a, field, member_of(from, offset, flat_index), member_of(to, offset, flat_index)));
        offset += field->size;
        flat_index += field->flat_count;
    }
    return SG_OK;
}

static sg_status move_variant(const Adapter *a, const sg_type *type, Place from, Place to) {
    uint32_t index = 0;
    SGI_TRY(check_case(a->from, type, from, &index));
    store_bits(a->to, to, index, sgi_discriminant_size(type->field_count));
    const sg_type *payload = type->fields[index].type;
    if (payload == NULL)
        return SG_OK;
    return move(a, payload, member_of(from, type->payload_offset, 1), member_of(to, type->payload_offset, 1));
}

static sg_status move_handle(const Adapter *a, const sg_type *type, Place from, Place to,
                             sg_status (*lower)(LiftLowerContext *, uint64_t, const sg_type *, uint32_t *)) {
    uint32_t index = 0;
    SGI_TRY(lower(a->to, from.slots->u64, type, &index));
    to.slots->u64 = index;
    return SG_OK;
}

/* Recursion: as that of check. */
static sg_status move(const Adapter *a, const sg_type *type, Place from, Place to) {
    if (to.slots == NULL)
        SGI_TRY(sgi_canon_count(a->to));
    switch (type->kind) {
    case SG_STRING:
    case SG_LIST:
    case SG_MAP: return move_pointer(a, type, from, to);
    case SG_FIXED_LIST: return move_elements(a, type, from, to, type->length);
    case SG_RECORD:
    case SG_TUPLE: return move_record(a, type, from, to);
    case SG_VARIANT:
    case SG_ENUM:
    case SG_OPTION:
    case SG_RESULT: return move_variant(a, type, from, to);
    case SG_OWN: return move_handle(a, type, from, to, sgi_lower_own);
    case SG_BORROW: return move_handle(a, type, from, to, sgi_lower_borrow);
    default:
        store_bits(a->to, to, convert(type, bits_of(a->from, from, type->size)), type->size);
        return SG_OK;
    }
}

/* ---- parameters and results ---- */

sg_status sgi_adapt_check(LiftLowerContext *from, const CompField *types, uint32_t count, bool is_spilled,
                          Slot *slots) {
    Place place = {.slots = slots};
    if (is_spilled) {
        place = (Place){.ptr = slots[0].u32};
        SGI_TRY(sgi_check_spilled(from, types, count, place.ptr));
    }
    uint64_t offset = 0;
    uint32_t flat_index = 0;
    for (uint32_t i = 0; i < count; i++) {
        const sg_type *type = types[i].type;
        if (!is_spilled && sgi_is_number(type->kind)) {
            flat_index++;
            continue;
        }
        offset = sgi_align_to(offset, type->alignment);
        SGI_TRY(check(from, type, member_of(place, offset, flat_index)));
        offset += type->size;
        flat_index += type->flat_count;
    }
    return sgi_canon_settle_rest(from);
}

sg_status sgi_adapt_move(LiftLowerContext *from, LiftLowerContext *to, const CompField *types, uint32_t count,
                         bool is_spilled, Slot *source, const uint32_t *out_param, Slot *target) {
    const Adapter a = {from, to};
    Place given = {.slots = source}, taken = {.slots = target};
    if (is_spilled) {
        given = (Place){.ptr = source[0].u32};
        taken = (Place){.slots = NULL};
        SGI_TRY(sgi_lower_spilled(to, types, count, out_param, &taken.ptr));
        if (out_param == NULL)
            target[0].u64 = taken.ptr;
    }
    uint64_t offset = 0;
    uint32_t flat_index = 0;
    for (uint32_t i = 0; i < count; i++) {
        const sg_type *type = types[i].type;
        if (!is_spilled && sgi_is_number(type->kind)) {
            target[flat_index].u64 = convert(type, source[flat_index].u64);
            flat_index++;
            continue;
        }
        offset = sgi_align_to(offset, type->alignment);
        SGI_TRY(move(&a, type, member_of(given, offset, flat_index), member_of(taken, offset, flat_index)));
        offset += type->size;
        flat_index += type->flat_count;
    }
    return sgi_canon_settle_rest(to);
}
