/* Lowering: sg_value → guest memory or core values (canonical ABI, "Storing" and "Flat Lowering").
 *
 * store and lower_flat walk the same types and differ only in where scalars are written, so they are one
 * function over a Target: an address in the guest, or slots. Slots are written as zero-extended 64-bit values
 * into zeroed ones, so the coercions of lower_flat_variant cost nothing. reallocate runs guest code:
 * addresses stay guest addresses, and the memory's base is fetched again at each store.
 *
 * Values were checked against their type before (check.c), or were lifted by an equal type. That equality is
 * validation's word across components, so shapes are looked at once more here: a wrong one is an error, never
 * a wild read. */
#include "component/canon.h"

#include <string.h>

typedef struct Target {
    Slot *slots; /* NULL: memory, at `ptr`, which was checked */
    uint32_t ptr;
} Target;

static sg_status lower(LiftLowerContext *cx, const sg_value *value, const sg_type *type, Target target);

static sg_status mismatch(LiftLowerContext *cx) {
    return sgi_fail(cx->err, SG_BAD_VALUE, SG_NO_OFFSET, "value does not fit its type", "%s", "");
}

static void store_int(LiftLowerContext *cx, Target target, uint64_t value, uint32_t size) {
    if (target.slots) {
        target.slots->u64 = value;
        return;
    }
    uint8_t *memory = cx->opts->memory->base + target.ptr;
    for (uint32_t i = 0; i < size; i++)
        memory[i] = (uint8_t)(value >> (8 * i));
}

static Target member_of(Target target, uint64_t offset, uint32_t flat_index) {
    return target.slots ? (Target){.slots = target.slots + flat_index}
                        : (Target){.ptr = (uint32_t)(target.ptr + offset)};
}

/* Not numbers are canonical here too, as in the deterministic profile. */
static uint32_t encode_float_as_i32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return value != value ? 0x7fc00000 : bits;
}

static uint64_t encode_float_as_i64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return value != value ? UINT64_C(0x7ff8000000000000) : bits;
}

static sg_status store_bytes(LiftLowerContext *cx, uint32_t ptr, const sg_value *value) {
    if (value->kind == SG_BYTES)
        return sgi_canon_copy(cx, sgi_canon_memory(cx, ptr, value->of.bytes.size), value->of.bytes.data,
                              value->of.bytes.size);
    for (size_t i = 0; i < value->of.list.count; i++) {
        if (value->of.list.items[i].kind != SG_U8)
            return mismatch(cx);
        cx->opts->memory->base[ptr + i] = value->of.list.items[i].of.u8;
        if (i % VALUES_PER_LOOK == 0)
            SGI_TRY(sgi_canon_poll(cx));
    }
    return SG_OK;
}

static sg_status store_list_into_valid_range(LiftLowerContext *cx, const sg_value *value, const sg_type *type,
                                             Target target) {
    ElementLayout layout = sgi_element_layout(type);
    for (uint32_t i = 0; i < value->of.list.count; i++) {
        const sg_value *item = &value->of.list.items[i];
        Target at = member_of(target, (uint64_t)i * layout.size, i * type->element->flat_count);
        if (type->kind == SG_MAP) {
            if (item->kind != SG_TUPLE || item->of.list.count != 2)
                return mismatch(cx);
            SGI_TRY(lower(cx, &item->of.list.items[0], type->key, at));
            at = member_of(at, layout.value_offset, 0);
            item = &item->of.list.items[1];
        }
        SGI_TRY(lower(cx, item, type->element, at));
    }
    return SG_OK;
}

static sg_status store_list_into_range(LiftLowerContext *cx, const sg_value *value, const sg_type *type,
                                       uint32_t *ptr, uint32_t *length) {
    ElementLayout layout = sgi_element_layout(type);
    size_t count = value->kind == SG_BYTES ? value->of.bytes.size : value->of.list.count;
    uint64_t byte_length = (uint64_t)count * layout.size;
    if (byte_length > UINT32_MAX)
        return mismatch(cx);
    SGI_TRY(sgi_canon_charge(cx, byte_length));
    SGI_TRY(sgi_canon_reallocate(cx, 0, 0, layout.alignment, (uint32_t)byte_length, ptr));
    *length = (uint32_t)count;
    if (type->kind == SG_LIST && type->element->kind == SG_U8)
        return store_bytes(cx, *ptr, value);
    return store_list_into_valid_range(cx, value, type, (Target){.ptr = *ptr});
}

/* Field `i` of `type`: given in any order, but nearly always in the type's. NULL if it is not there. */
static const sg_value *member_value(const LiftLowerContext *cx, const sg_value *value, const sg_type *type,
                                    uint32_t i) {
    if (type->kind == SG_TUPLE)
        return i < value->of.list.count ? &value->of.list.items[i] : NULL;
    const sg_field *fields = value->of.record.fields;
    size_t count = value->of.record.count;
    if (cx->is_between)
        return i < count ? &fields[i].value : NULL;
    for (size_t j = 0; j < count; j++) {
        const sg_field *field = &fields[(i + j) % count];
        if (sgi_bytes_equal((Bytes){(const uint8_t *)field->name.data, field->name.size},
                            type->fields[i].name))
            return &field->value;
    }
    return NULL;
}

static sg_status lower_record(LiftLowerContext *cx, const sg_value *value, const sg_type *type,
                              Target target) {
    uint32_t flat_index = 0;
    uint64_t offset = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const sg_type *field = type->fields[i].type;
        const sg_value *member = member_value(cx, value, type, i);
        if (member == NULL)
            return mismatch(cx);
        offset = sgi_align_to(offset, field->alignment);
        SGI_TRY(lower(cx, member, field, member_of(target, offset, flat_index)));
        offset += field->size;
        flat_index += field->flat_count;
    }
    return SG_OK;
}

static uint32_t find_case(const LiftLowerContext *cx, const sg_type *type, sg_string name) {
    return cx->is_between ? (uint32_t)name.size : sgi_find_member(type, name, 0);
}

/* match_case, over every kind that despecializes to a variant. */
static uint32_t match_case(const LiftLowerContext *cx, const sg_value *value, const sg_type *type,
                           const sg_value **payload) {
    *payload = NULL;
    switch (type->kind) {
    case SG_OPTION: *payload = value->of.option; return value->of.option != NULL;
    case SG_RESULT: *payload = value->of.result.payload; return value->of.result.is_error;
    case SG_ENUM: return find_case(cx, type, value->of.enumeration);
    default: *payload = value->of.variant.payload; return find_case(cx, type, value->of.variant.name);
    }
}

static sg_status lower_variant(LiftLowerContext *cx, const sg_value *value, const sg_type *type,
                               Target target) {
    const sg_value *payload;
    uint32_t case_index = match_case(cx, value, type, &payload);
    if (case_index >= type->field_count || (type->fields[case_index].type != NULL) != (payload != NULL))
        return mismatch(cx);
    store_int(cx, target, case_index, sgi_discriminant_size(type->field_count));
    const sg_type *case_type = type->fields[case_index].type;
    return case_type ? lower(cx, payload, case_type, member_of(target, type->payload_offset, 1)) : SG_OK;
}

static uint64_t pack_flags_into_int(const LiftLowerContext *cx, const sg_value *value, const sg_type *type) {
    if (cx->is_between)
        return value->of.flags.count & ((UINT64_C(1) << type->field_count) - 1);
    uint64_t bits = 0;
    uint32_t next = 0;
    for (size_t i = 0; i < value->of.flags.count; i++) {
        uint32_t flag = sgi_find_member(type, value->of.flags.names[i], next);
        if (flag < type->field_count)
            bits |= UINT64_C(1) << flag;
        next = flag + 1 < type->field_count ? flag + 1 : 0;
    }
    return bits;
}

static sg_status lower_scalar(LiftLowerContext *cx, const sg_value *value, const sg_type *type,
                              Target target) {
    uint64_t bits;
    uint32_t index;
    switch (type->kind) {
    case SG_OWN:
        SGI_TRY(sgi_lower_own(cx, value->of.handle, type, &index));
        bits = index;
        break;
    case SG_BORROW:
        SGI_TRY(sgi_lower_borrow(cx, value->of.handle, type, &index));
        bits = index;
        break;
    case SG_BOOL: bits = value->of.boolean; break;
    case SG_S8: bits = (uint64_t)(uint32_t)value->of.s8; break;
    case SG_U8: bits = value->of.u8; break;
    case SG_S16: bits = (uint64_t)(uint32_t)value->of.s16; break;
    case SG_U16: bits = value->of.u16; break;
    case SG_S32: bits = (uint64_t)(uint32_t)value->of.s32; break;
    case SG_U32: bits = value->of.u32; break;
    case SG_S64: bits = (uint64_t)value->of.s64; break;
    case SG_U64: bits = value->of.u64; break;
    case SG_F32: bits = encode_float_as_i32(value->of.f32); break;
    case SG_F64: bits = encode_float_as_i64(value->of.f64); break;
    case SG_CHAR: bits = value->of.character; break;
    case SG_FLAGS: bits = pack_flags_into_int(cx, value, type); break;
    default:
        return sgi_fail(cx->err, SG_UNSUPPORTED, SG_NO_OFFSET, "not supported yet", "asynchronous values");
    }
    store_int(cx, target, bits, type->size);
    return SG_OK;
}

/* Recursion: at most LIMIT(TYPE_DEPTH) deep, as types are. */
static sg_status lower(LiftLowerContext *cx, const sg_value *value, const sg_type *type, Target target) {
    if (target.slots == NULL)
        SGI_TRY(sgi_canon_count(cx));
    if (!sgi_kind_fits(type, value->kind))
        return mismatch(cx);
    switch (type->kind) {
    case SG_STRING:
    case SG_LIST:
    case SG_MAP: {
        uint32_t ptr = 0, length = 0;
        if (type->kind == SG_STRING)
            SGI_TRY(sgi_store_string_into_range(cx, value->of.string, &ptr, &length));
        else
            SGI_TRY(store_list_into_range(cx, value, type, &ptr, &length));
        store_int(cx, target, ptr, 4);
        store_int(cx, member_of(target, 4, 1), length, 4);
        return SG_OK;
    }
    case SG_FIXED_LIST:
        return value->of.list.count == type->length ? store_list_into_valid_range(cx, value, type, target)
                                                    : mismatch(cx);
    case SG_RECORD:
    case SG_TUPLE: return lower_record(cx, value, type, target);
    case SG_VARIANT:
    case SG_ENUM:
    case SG_OPTION:
    case SG_RESULT: return lower_variant(cx, value, type, target);
    default: return lower_scalar(cx, value, type, target);
    }
}

/* ---- what the host gives ---- */

/* Goes on after a failure, so that all are noted or have ended. Recursion: as lower. */
static sg_status give(LiftLowerContext *cx, const sg_value *value, const sg_type *type) {
    sg_status first = SG_OK;
    if (!type->contains_resource)
        return SG_OK;
    switch (type->kind) {
    case SG_OWN: return sgi_give_own(cx, value->of.handle, type);
    case SG_LIST:
    case SG_FIXED_LIST:
    case SG_MAP:
        for (size_t i = 0; i < value->of.list.count; i++) {
            const sg_value *item = &value->of.list.items[i];
            sg_status status = give(cx, type->kind == SG_MAP ? &item->of.list.items[1] : item, type->element);
            first = first ? first : status;
        }
        return first;
    case SG_RECORD:
    case SG_TUPLE:
        for (uint32_t i = 0; i < type->field_count; i++) {
            sg_status status = give(cx, member_value(cx, value, type, i), type->fields[i].type);
            first = first ? first : status;
        }
        return first;
    case SG_VARIANT:
    case SG_OPTION:
    case SG_RESULT: {
        const sg_value *payload;
        uint32_t index = match_case(cx, value, type, &payload);
        return payload ? give(cx, payload, type->fields[index].type) : SG_OK;
    }
    default: return SG_OK;
    }
}

sg_status sgi_give_values(LiftLowerContext *cx, const sg_value *values, const CompField *types,
                          uint32_t count) {
    sg_status first = SG_OK;
    for (uint32_t i = 0; i < count; i++) {
        sg_status status = give(cx, &values[i], types[i].type);
        first = first ? first : status;
    }
    return first;
}

/* ---- all ---- */

sg_status sgi_lower_spilled(LiftLowerContext *cx, const CompField *types, uint32_t count,
                            const uint32_t *out_param, uint32_t *ptr) {
    TupleLayout layout = sgi_tuple_layout(types, count);
    if (layout.size > UINT32_MAX)
        return sgi_canon_trap(cx, SG_TRAP_MEMORY_OUT_OF_BOUNDS, NULL);
    if (out_param == NULL)
        return sgi_canon_reallocate(cx, 0, 0, layout.alignment, (uint32_t)layout.size, ptr);
    *ptr = *out_param;
    if (*ptr % layout.alignment != 0)
        return sgi_canon_trap(cx, SG_TRAP_POINTER_UNALIGNED, NULL);
    return sgi_canon_memory(cx, *ptr, layout.size) ? SG_OK
                                                   : sgi_canon_trap(cx, SG_TRAP_MEMORY_OUT_OF_BOUNDS, NULL);
}

sg_status sgi_lower_flat_values(LiftLowerContext *cx, const sg_value *values, const CompField *types,
                                uint32_t count, bool is_spilled, const uint32_t *out_param, Slot *slots) {
    Target target = {.slots = slots};
    if (is_spilled) {
        target = (Target){.slots = NULL};
        SGI_TRY(sgi_lower_spilled(cx, types, count, out_param, &target.ptr));
        if (out_param == NULL)
            slots[0].u64 = target.ptr;
    }
    uint64_t offset = 0;
    uint32_t flat_index = 0;
    for (uint32_t i = 0; i < count; i++) {
        const sg_type *type = types[i].type;
        if (!is_spilled && type->kind == values[i].kind && sgi_is_number(type->kind)) {
            SGI_TRY(lower_scalar(cx, &values[i], type, (Target){.slots = &slots[flat_index++]}));
            continue;
        }
        offset = sgi_align_to(offset, type->alignment);
        SGI_TRY(lower(cx, &values[i], type, member_of(target, offset, flat_index)));
        offset += type->size;
        flat_index += type->flat_count;
    }
    return sgi_canon_settle_rest(cx);
}
