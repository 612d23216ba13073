/* Lifting: guest memory or core values → sg_value (canonical ABI, "Loading" and "Flat Lifting").
 *
 * load and lift_flat walk the same types and differ only in where scalars are read, so they are one function
 * over a Source: bytes of memory, or slots. The coercions of lift_flat_variant cost nothing: an i32, f32 or
 * f64 joined into an i64 stands in the low bits of its slot anyway. Nothing here calls the guest, so pointers
 * into its memory hold. */
#include "component/canon.h"

#include <string.h>

typedef struct Source {
    const uint8_t *memory; /* NULL: flat */
    const Slot *slots;
} Source;

static sg_status lift(LiftLowerContext *cx, Source source, const sg_type *type, sg_value *out);

static uint64_t load_int(const uint8_t *memory, uint32_t size) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < size; i++)
        value |= (uint64_t)memory[i] << (8 * i);
    return value;
}

/* The bits of a scalar; those above its width are ignored by whoever uses them. */
static uint64_t bits_of(Source source, uint32_t size) {
    return source.memory ? load_int(source.memory, size) : source.slots->u64;
}

/* A member at `offset` in memory, or `flat_index` slots on. */
static Source member_of(Source source, uint64_t offset, uint32_t flat_index) {
    if (source.memory)
        return (Source){source.memory + offset, NULL};
    return (Source){NULL, source.slots + flat_index};
}

static float decode_i32_as_float(uint32_t bits) {
    bits = sgi_canonicalize_nan32(bits);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double decode_i64_as_float(uint64_t bits) {
    bits = sgi_canonicalize_nan64(bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Between components its index does, which nobody has to look for. */
static sg_string member_name(const LiftLowerContext *cx, const sg_type *type, uint32_t i) {
    Bytes name = type->fields[i].name;
    return cx->is_between ? sg_string_of(NULL, i) : sg_string_of((const char *)name.data, name.size);
}

static sg_status no_memory(LiftLowerContext *cx) {
    return sgi_store_no_memory(cx->store, cx->err);
}

/* `count` values in a row, each element of a list or map. */
static sg_status load_list_from_valid_range(LiftLowerContext *cx, Source source, uint32_t count,
                                            const sg_type *type, sg_value *out) {
    ElementLayout layout = sgi_element_layout(type);
    sg_value *items = sgi_canon_alloc(cx, count, sizeof *items);
    if (items == NULL)
        return no_memory(cx);
    *out = (sg_value){.kind = SG_LIST, .of.list = {items, count}};
    for (uint32_t i = 0; i < count; i++) {
        Source at = member_of(source, (uint64_t)i * layout.size, i * type->element->flat_count);
        if (type->kind == SG_MAP) {
            sg_value *pair = sgi_canon_alloc(cx, 2, sizeof *pair);
            if (pair == NULL)
                return no_memory(cx);
            items[i] = (sg_value){.kind = SG_TUPLE, .of.list = {pair, 2}};
            SGI_TRY(lift(cx, at, type->key, &pair[0]));
            SGI_TRY(lift(cx, member_of(at, layout.value_offset, 0), type->element, &pair[1]));
        } else {
            SGI_TRY(lift(cx, at, type->element, &items[i]));
        }
    }
    return SG_OK;
}

sg_status sgi_check_list_range(LiftLowerContext *cx, uint32_t ptr, uint32_t length, const sg_type *type) {
    ElementLayout layout = sgi_element_layout(type);
    uint64_t byte_length = (uint64_t)length * layout.size;
    if (byte_length > LIMIT_OF(VALUE_BYTES))
        return sgi_canon_trap(cx, SG_TRAP_LIST_OUT_OF_BOUNDS, NULL);
    if (ptr % layout.alignment != 0)
        return sgi_canon_trap(cx, SG_TRAP_POINTER_UNALIGNED, NULL);
    if (sgi_canon_memory(cx, ptr, byte_length) == NULL)
        return sgi_canon_trap(cx, SG_TRAP_LIST_OUT_OF_BOUNDS,
                              cx->is_between ? "list content out-of-bounds" : NULL);
    return sgi_canon_charge(cx, byte_length);
}

static sg_status load_list_from_range(LiftLowerContext *cx, uint32_t ptr, uint32_t length,
                                      const sg_type *type, sg_value *out) {
    SGI_TRY(sgi_check_list_range(cx, ptr, length, type));
    const uint8_t *memory = cx->opts->memory->base + ptr;
    if (type->kind != SG_LIST || type->element->kind != SG_U8)
        return load_list_from_valid_range(cx, (Source){memory, NULL}, length, type, out);

    uint8_t *bytes = sgi_canon_alloc(cx, length, 1);
    if (bytes == NULL)
        return no_memory(cx);
    *out = (sg_value){.kind = SG_BYTES, .of.bytes = {bytes, length}};
    return sgi_canon_copy(cx, bytes, memory, length);
}

static sg_status lift_record(LiftLowerContext *cx, Source source, const sg_type *type, sg_value *out) {
    bool is_tuple = type->kind == SG_TUPLE;
    uint32_t count = type->field_count, flat_index = 0;
    uint64_t offset = 0;
    sg_field *fields = NULL;
    sg_value *items = NULL;
    if (is_tuple) {
        items = sgi_canon_alloc(cx, count, sizeof *items);
        *out = (sg_value){.kind = SG_TUPLE, .of.list = {items, count}};
    } else {
        fields = sgi_canon_alloc(cx, count, sizeof *fields);
        *out = (sg_value){.kind = SG_RECORD, .of.record = {fields, count}};
    }
    if (fields == NULL && items == NULL)
        return no_memory(cx);
    for (uint32_t i = 0; i < count; i++) {
        const sg_type *field = type->fields[i].type;
        offset = sgi_align_to(offset, field->alignment);
        if (!is_tuple)
            fields[i].name = member_name(cx, type, i);
        SGI_TRY(
            lift(cx, member_of(source, offset, flat_index), field, is_tuple ? &items[i] : &fields[i].value));
        offset += field->size;
        flat_index += field->flat_count;
    }
    return SG_OK;
}

static sg_status lift_variant(LiftLowerContext *cx, Source source, const sg_type *type, sg_value *out) {
    uint32_t case_index = (uint32_t)bits_of(source, sgi_discriminant_size(type->field_count));
    if (case_index >= type->field_count)
        return sgi_canon_trap(cx, SG_TRAP_INVALID_DISCRIMINANT, NULL);
    const CompField *case_ = &type->fields[case_index];
    sg_value *payload = NULL;
    if (case_->type) {
        payload = sgi_canon_alloc(cx, 1, sizeof *payload);
        if (payload == NULL)
            return no_memory(cx);
        SGI_TRY(lift(cx, member_of(source, type->payload_offset, 1), case_->type, payload));
    }
    *out = (sg_value){.kind = type->kind};
    switch (type->kind) {
    case SG_OPTION: out->of.option = payload; break;
    case SG_RESULT:
        out->of.result.payload = payload;
        out->of.result.is_error = case_index == 1;
        break;
    case SG_ENUM: out->of.enumeration = member_name(cx, type, case_index); break;
    default: out->of.variant.name = member_name(cx, type, case_index); out->of.variant.payload = payload;
    }
    return SG_OK;
}

/* unpack_flags_from_int: bits past the last flag mean nothing. */
static sg_status lift_flags(LiftLowerContext *cx, uint64_t bits, const sg_type *type, sg_value *out) {
    if (cx->is_between) {
        *out = (sg_value){.kind = SG_FLAGS, .of.flags = {NULL, (uint32_t)bits}};
        return SG_OK;
    }
    size_t count = 0;
    for (uint32_t i = 0; i < type->field_count; i++)
        count += bits >> i & 1;
    sg_string *names = sgi_canon_alloc(cx, count, sizeof *names);
    if (names == NULL)
        return no_memory(cx);
    *out = (sg_value){.kind = SG_FLAGS, .of.flags = {names, count}};
    for (uint32_t i = 0; i < type->field_count; i++)
        if (bits >> i & 1)
            *names++ = member_name(cx, type, i);
    return SG_OK;
}

static sg_status convert_i32_to_char(LiftLowerContext *cx, uint32_t i, sg_value *out) {
    if (i >= 0x110000 || (i >= 0xd800 && i <= 0xdfff))
        return sgi_canon_trap(cx, SG_TRAP_INVALID_CHAR, NULL);
    *out = (sg_value){.kind = SG_CHAR, .of.character = i};
    return SG_OK;
}

static sg_status lift_scalar(LiftLowerContext *cx, uint64_t bits, const sg_type *type, sg_value *out) {
    *out = (sg_value){.kind = type->kind};
    switch (type->kind) {
    case SG_OWN: return sgi_lift_own(cx, (uint32_t)bits, type, &out->of.handle);
    case SG_BORROW: return sgi_lift_borrow(cx, (uint32_t)bits, type, &out->of.handle);
    case SG_BOOL: out->of.boolean = (uint32_t)bits != 0; break;
    case SG_S8: out->of.s8 = (int8_t)bits; break;
    case SG_U8: out->of.u8 = (uint8_t)bits; break;
    case SG_S16: out->of.s16 = (int16_t)bits; break;
    case SG_U16: out->of.u16 = (uint16_t)bits; break;
    case SG_S32: out->of.s32 = (int32_t)bits; break;
    case SG_U32: out->of.u32 = (uint32_t)bits; break;
    case SG_S64: out->of.s64 = (int64_t)bits; break;
    case SG_U64: out->of.u64 = bits; break;
    case SG_F32: out->of.f32 = decode_i32_as_float((uint32_t)bits); break;
    case SG_F64: out->of.f64 = decode_i64_as_float(bits); break;
    case SG_CHAR: return convert_i32_to_char(cx, (uint32_t)bits, out);
    case SG_FLAGS: return lift_flags(cx, bits, type, out);
    default:
        return sgi_fail(cx->err, SG_UNSUPPORTED, SG_NO_OFFSET, "not supported yet", "asynchronous values");
    }
    return SG_OK;
}

/* Recursion: at most LIMIT(TYPE_DEPTH) deep, as types are. */
static sg_status lift(LiftLowerContext *cx, Source source, const sg_type *type, sg_value *out) {
    if (source.memory)
        SGI_TRY(sgi_canon_count(cx));
    switch (type->kind) {
    case SG_STRING:
    case SG_LIST:
    case SG_MAP: {
        uint32_t ptr = (uint32_t)bits_of(source, 4), length = (uint32_t)bits_of(member_of(source, 4, 1), 4);
        if (type->kind != SG_STRING)
            return load_list_from_range(cx, ptr, length, type, out);
        out->kind = SG_STRING;
        return sgi_load_string_from_range(cx, ptr, length, &out->of.string);
    }
    case SG_FIXED_LIST: return load_list_from_valid_range(cx, source, type->length, type, out);
    case SG_RECORD:
    case SG_TUPLE: return lift_record(cx, source, type, out);
    case SG_VARIANT:
    case SG_ENUM:
    case SG_OPTION:
    case SG_RESULT: return lift_variant(cx, source, type, out);
    default: return lift_scalar(cx, bits_of(source, type->size), type, out);
    }
}

sg_status sgi_check_spilled(LiftLowerContext *cx, const CompField *types, uint32_t count, uint32_t ptr) {
    TupleLayout layout = sgi_tuple_layout(types, count);
    if (ptr % layout.alignment != 0)
        return sgi_canon_trap(cx, SG_TRAP_POINTER_UNALIGNED, NULL);
    return sgi_canon_memory(cx, ptr, layout.size) ? SG_OK
                                                  : sgi_canon_trap(cx, SG_TRAP_MEMORY_OUT_OF_BOUNDS, NULL);
}

sg_status sgi_lift_flat_values(LiftLowerContext *cx, const Slot *slots, bool is_spilled,
                               const CompField *types, uint32_t count, sg_value *values) {
    Source source = {NULL, slots};
    if (is_spilled) {
        SGI_TRY(sgi_check_spilled(cx, types, count, slots[0].u32));
        source.memory = cx->opts->memory->base + slots[0].u32;
    }
    uint64_t offset = 0;
    uint32_t flat_index = 0;
    for (uint32_t i = 0; i < count; i++) {
        const sg_type *type = types[i].type;
        if (!is_spilled && sgi_is_number(type->kind)) { /* what most calls pass */
            SGI_TRY(lift_scalar(cx, slots[flat_index++].u64, type, &values[i]));
            continue;
        }
        offset = sgi_align_to(offset, type->alignment);
        SGI_TRY(lift(cx, member_of(source, offset, flat_index), type, &values[i]));
        offset += type->size;
        flat_index += type->flat_count;
    }
    return sgi_canon_settle_rest(cx);
}
