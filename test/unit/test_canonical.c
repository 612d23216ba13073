/* Lifting and lowering over types made by hand and a realloc of the host's: every kind of value, every
 * encoding, hostile pointers, lengths and allocators, and what each costs. */
#include "component/canon.h"

#include <sandglass.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES = 1 << 17 };

typedef enum ReallocMode {
    REALLOC_BUMP,      /* fresh blocks, contents copied */
    REALLOC_ZERO,      /* always 0 */
    REALLOC_ODD,       /* misaligned wherever that is possible */
    REALLOC_END,       /* the last byte */
    REALLOC_MINUS_ONE, /* beyond everything */
    REALLOC_TRAP,
    REALLOC_MOVE, /* as bump, and the memory's base changes */
} ReallocMode;

typedef struct Fixture {
    Engine *engine;
    Store *store;
    CallScope scope;
    uint8_t *bytes;
    MemoryInst memory;
    ComponentInstance inst;
    CanonicalOptions opts;
    FuncInst *realloc;
    ReallocMode mode;
    uint32_t next;      /* free byte of the guest's heap */
    unsigned calls;     /* of realloc */
    uint32_t asked[64]; /* new sizes */
    sg_error err;
    LiftLowerContext cx;
} Fixture;

static Fixture f;

static sg_trap guest_realloc(void *context, ExecContext *cx, FuncInst *func, Slot *slots) {
    (void)context;
    (void)cx;
    (void)func;
    uint32_t old = slots[0].u32, old_size = slots[1].u32, alignment = slots[2].u32, size = slots[3].u32;
    assert_false(f.inst.may_leave);
    if (f.calls < SGI_COUNT(f.asked))
        f.asked[f.calls] = size;
    f.calls++;
    switch (f.mode) {
    case REALLOC_ZERO: slots[0].u32 = 0; return SG_TRAP_NONE;
    case REALLOC_ODD: slots[0].u32 = 1025; return SG_TRAP_NONE;
    case REALLOC_END: slots[0].u32 = (uint32_t)(f.memory.size - 1) & ~(alignment - 1); return SG_TRAP_NONE;
    case REALLOC_MINUS_ONE: slots[0].u32 = UINT32_MAX & ~(alignment - 1); return SG_TRAP_NONE;
    case REALLOC_TRAP: return SG_TRAP_UNREACHABLE;
    default: break;
    }
    uint32_t at = (uint32_t)sgi_align_to(f.next, alignment);
    if (old && size <= old_size) {
        at = old;
    } else if (at + (uint64_t)size <= f.memory.size) {
        f.next = at + size;
        if (old_size)
            memmove(f.memory.base + at, f.memory.base + old, old_size);
    }
    if (f.mode == REALLOC_MOVE) {
        uint8_t *moved = malloc(MEMORY_BYTES);
        memcpy(moved, f.bytes, MEMORY_BYTES);
        memset(f.bytes, 0xee, MEMORY_BYTES);
        free(f.bytes); /* a stale pointer is a use after free */
        f.bytes = f.memory.base = moved;
    }
    slots[0].u32 = at;
    return SG_TRAP_NONE;
}

static void begin(uint64_t fuel, StringEncoding encoding) {
    static const ValType i32s[4] = {VAL_I32, VAL_I32, VAL_I32, VAL_I32};
    static const FuncType realloc_type = {i32s, i32s, 4, 1, 4, 1};
    memset(&f, 0, sizeof f);
    f.engine = sg_engine_new(NULL, NULL);
    assert_non_null(f.engine);
    f.store = sgi_store_new(f.engine, &(sg_limits){.size = sizeof(sg_limits), .fuel = fuel}, NULL);
    assert_non_null(f.store);
    f.bytes = calloc(MEMORY_BYTES, 1);
    f.memory = (MemoryInst){.base = f.bytes, .size = MEMORY_BYTES};
    f.realloc = sgi_host_func_new(f.store, &realloc_type, guest_realloc, NULL, NULL, NULL);
    assert_non_null(f.realloc);
    f.inst = (ComponentInstance){.store = f.store, .root = &f.inst, .may_leave = true};
    f.opts = (CanonicalOptions){.encoding = encoding, .memory = &f.memory, .realloc = f.realloc};
    f.next = 1024;
    assert_int_equal(sgi_call_begin(f.store, &f.scope, &f.err), SG_OK);
    f.cx = (LiftLowerContext){.store = f.store, .opts = &f.opts, .inst = &f.inst, .err = &f.err};
}

static void end(void) {
    sgi_call_end(f.store, &f.scope, SG_OK, NULL);
    sgi_store_delete(f.store);
    sg_engine_delete(f.engine);
    free(f.bytes);
}

/* ---- types, laid out by the letter of the specification ---- */

enum { TYPES_MAX = 4096 };
static sg_type types[TYPES_MAX];
static CompField fields[TYPES_MAX * 4];
static size_t type_count, field_count;

static sg_type *new_type(sg_kind kind, uint32_t members) {
    assert_true(type_count < TYPES_MAX && field_count + members < SGI_COUNT(fields));
    sg_type *type = &types[type_count++];
    *type = (sg_type){.kind = kind, .fields = &fields[field_count], .field_count = members};
    field_count += members;
    return type;
}

static CompField *members_of(const sg_type *type) {
    return &fields[type->fields - fields];
}

static uint32_t max_u32(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static void add_flat(sg_type *type, const uint8_t *flat, uint32_t count) {
    if (type->flat_count + count > MAX_FLAT_PARAMS) {
        type->flat_count = MAX_FLAT_PARAMS + 1;
        return;
    }
    memcpy(type->flat + type->flat_count, flat, count);
    type->flat_count += count;
}

static void lay_out_record(sg_type *type) {
    type->alignment = 1;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const sg_type *field = type->fields[i].type;
        type->alignment = max_u32(type->alignment, field->alignment);
        type->size = (uint32_t)sgi_align_to(type->size, field->alignment) + field->size;
        add_flat(type, field->flat, field->flat_count);
    }
    type->size = (uint32_t)sgi_align_to(type->size, type->alignment);
}

static uint8_t join(uint8_t a, uint8_t b) {
    if (a == b)
        return a;
    return (a == KIND_I32 && b == KIND_F32) || (a == KIND_F32 && b == KIND_I32) ? KIND_I32 : KIND_I64;
}

static void lay_out_variant(sg_type *type) {
    uint32_t discriminant = sgi_discriminant_size(type->field_count), case_alignment = 1, case_size = 0,
             joined = 0;
    uint8_t flat[MAX_FLAT_PARAMS + 1];
    for (uint32_t i = 0; i < type->field_count; i++) {
        const sg_type *payload = type->fields[i].type;
        if (payload == NULL)
            continue;
        case_alignment = max_u32(case_alignment, payload->alignment);
        case_size = max_u32(case_size, payload->size);
        for (uint32_t j = 0; j < payload->flat_count && j < MAX_FLAT_PARAMS; j++)
            flat[j] = j < joined ? join(flat[j], payload->flat[j]) : payload->flat[j];
        joined = max_u32(joined, payload->flat_count);
    }
    type->alignment = max_u32(discriminant, case_alignment);
    type->payload_offset = (uint32_t)sgi_align_to(discriminant, case_alignment);
    type->size = (uint32_t)sgi_align_to(type->payload_offset + case_size, type->alignment);
    add_flat(type, (const uint8_t[]){KIND_I32}, 1);
    add_flat(type, flat, joined);
}

static const sg_type *scalar(sg_kind kind) {
    static const uint32_t sizes[] = {
        [SG_BOOL] = 1, [SG_S8] = 1,  [SG_U8] = 1,  [SG_S16] = 2, [SG_U16] = 2, [SG_S32] = 4,
        [SG_U32] = 4,  [SG_S64] = 8, [SG_U64] = 8, [SG_F32] = 4, [SG_F64] = 8, [SG_CHAR] = 4};
    sg_type *type = new_type(kind, 0);
    if (kind == SG_STRING) {
        type->size = 8;
        type->alignment = 4;
        add_flat(type, (const uint8_t[]){KIND_I32, KIND_I32}, 2);
        return type;
    }
    type->size = type->alignment = sizes[kind];
    uint8_t flat = kind == SG_S64 || kind == SG_U64 ? KIND_I64
                   : kind == SG_F32                 ? KIND_F32
                   : kind == SG_F64                 ? KIND_F64
                                                    : KIND_I32;
    add_flat(type, &flat, 1);
    return type;
}

static const sg_type *list_of(const sg_type *element) {
    sg_type *type = new_type(SG_LIST, 0);
    type->element = element;
    type->size = 8;
    type->alignment = 4;
    add_flat(type, (const uint8_t[]){KIND_I32, KIND_I32}, 2);
    return type;
}

/* Members are named "m0", "m1", ...; NULL: without payload. */
static const sg_type *compound(sg_kind kind, const sg_type *const *members, uint32_t count) {
    static char names[256][5];
    sg_type *type = new_type(kind, count);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "m%u", i % 256);
        members_of(type)[i] =
            (CompField){kind == SG_TUPLE ? (Bytes){0} : sgi_bytes_of(names[i]), members ? members[i] : NULL};
    }
    switch (kind) {
    case SG_RECORD:
    case SG_TUPLE: lay_out_record(type); break;
    case SG_FLAGS:
        type->size = type->alignment = count <= 8 ? 1 : count <= 16 ? 2 : 4;
        add_flat(type, (const uint8_t[]){KIND_I32}, 1);
        break;
    default: lay_out_variant(type);
    }
    return type;
}

/* ---- random types and values ---- */

static uint64_t seed = 1;

static uint32_t rnd(uint32_t bound) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % bound;
}

static const sg_type *random_type(unsigned depth) {
    uint32_t pick = rnd(depth ? 20 : 13);
    if (pick < 12)
        return scalar((sg_kind)pick);
    if (pick == 12)
        return scalar(SG_STRING);
    const sg_type *members[6];
    uint32_t count = 1 + rnd(5);
    for (uint32_t i = 0; i < count; i++)
        members[i] = random_type(depth - 1);
    switch (pick) {
    case 13: return list_of(members[0]);
    case 14: return compound(SG_RECORD, members, count);
    case 15: return compound(SG_TUPLE, members, count);
    case 16: members[rnd(count)] = NULL; return compound(SG_VARIANT, members, count);
    case 17: return compound(SG_ENUM, NULL, 1 + rnd(60));
    case 18: return compound(SG_OPTION, (const sg_type *[]){NULL, members[0]}, 2);
    default:
        if (rnd(2))
            return compound(SG_FLAGS, NULL, 1 + rnd(32));
        return compound(SG_RESULT,
                        (const sg_type *[]){rnd(2) ? members[0] : NULL, rnd(2) ? members[count - 1] : NULL},
                        2);
    }
}

static void *room(size_t count, size_t size) {
    return sgi_store_alloc(f.store, count * size);
}

static sg_string random_string(void) {
    static const uint32_t pool[] = {'a',   'z',   0,      0x7f,   0x80,   0xe9,    0xff,    0x100,
                                    0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x1f370, 0x10ffff};
    uint32_t count = rnd(20), kinds = 1 + rnd(SGI_COUNT(pool));
    uint8_t *data = room(4 * count + 1, 1), *at = data;
    for (uint32_t i = 0; i < count; i++)
        at += sgi_utf8_write(pool[rnd(kinds)], at);
    return sg_string_of((const char *)data, (size_t)(at - data));
}

static sg_string member_name(const sg_type *type, uint32_t i) {
    return sg_string_of((const char *)type->fields[i].name.data, type->fields[i].name.size);
}

static sg_value random_value(const sg_type *type);

static const sg_value *random_payload(const sg_type *type) {
    if (type == NULL)
        return NULL;
    sg_value *payload = room(1, sizeof *payload);
    *payload = random_value(type);
    return payload;
}

static sg_value random_value(const sg_type *type) {
    sg_value value = {.kind = type->kind};
    uint64_t bits = (uint64_t)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX);
    uint32_t pick;
    switch (type->kind) {
    case SG_BOOL: value.of.boolean = bits & 1; break;
    case SG_CHAR: value.of.character = rnd(0xd800); break;
    case SG_F32: value.of.f32 = (float)rnd(1000) / 8; break;
    case SG_F64: value.of.f64 = (double)rnd(100000) / 64; break;
    case SG_STRING: value.of.string = random_string(); break;
    case SG_LIST: {
        uint32_t count = rnd(5);
        sg_value *items = room(count, sizeof *items);
        for (uint32_t i = 0; i < count; i++)
            items[i] = random_value(type->element);
        value.of.list.items = items;
        value.of.list.count = count;
        break;
    }
    case SG_TUPLE: {
        sg_value *items = room(type->field_count, sizeof *items);
        for (uint32_t i = 0; i < type->field_count; i++)
            items[i] = random_value(type->fields[i].type);
        value.of.list.items = items;
        value.of.list.count = type->field_count;
        break;
    }
    case SG_RECORD: {
        sg_field *members = room(type->field_count, sizeof *members);
        uint32_t first = rnd(type->field_count); /* in any order */
        for (uint32_t i = 0; i < type->field_count; i++) {
            uint32_t at = (first + i) % type->field_count;
            members[i] = (sg_field){member_name(type, at), random_value(type->fields[at].type)};
        }
        value.of.record.fields = members;
        value.of.record.count = type->field_count;
        break;
    }
    case SG_VARIANT:
        pick = rnd(type->field_count);
        value.of.variant.name = member_name(type, pick);
        value.of.variant.payload = random_payload(type->fields[pick].type);
        break;
    case SG_ENUM: value.of.enumeration = member_name(type, rnd(type->field_count)); break;
    case SG_OPTION: value.of.option = rnd(2) ? random_payload(type->fields[1].type) : NULL; break;
    case SG_RESULT:
        value.of.result.is_error = rnd(2);
        value.of.result.payload = random_payload(type->fields[value.of.result.is_error].type);
        break;
    case SG_FLAGS: {
        sg_string *names = room(type->field_count, sizeof *names);
        for (uint32_t i = 0; i < type->field_count; i++)
            if (rnd(2))
                names[value.of.flags.count++] = member_name(type, i);
        value.of.flags.names = names;
        break;
    }
    default: value.of.u64 = bits;
    }
    return value;
}

/* ---- passing one value ---- */

static sg_status lower_one(const sg_type *type, const sg_value *value, bool is_spilled, Slot *slots) {
    CompField field = {.type = type};
    memset(slots, 0, (MAX_FLAT_PARAMS + 1) * sizeof *slots);
    return sgi_lower_flat_values(&f.cx, value, &field, 1, is_spilled, NULL, slots);
}

static sg_status lift_one(const sg_type *type, const Slot *slots, bool is_spilled, sg_value *value) {
    CompField field = {.type = type};
    return sgi_lift_flat_values(&f.cx, slots, is_spilled, &field, 1, value);
}

static void check_round_trip(const sg_type *type) {
    sg_value value = random_value(type), back;
    Slot slots[MAX_FLAT_PARAMS + 1];
    assert_int_equal(sgi_check_value(NULL, type, &value, "value", 0, &f.err), SG_OK);
    for (int is_spilled = type->flat_count > MAX_FLAT_PARAMS; is_spilled <= 1; is_spilled++) {
        f.next = 1024;
        assert_int_equal(lower_one(type, &value, is_spilled, slots), SG_OK);
        /* The high half of an i32 is nobody's promise. */
        for (uint32_t i = 0; !is_spilled && i < type->flat_count; i++)
            if (type->flat[i] == KIND_I32)
                slots[i].u64 |= UINT64_C(0xa5a5a5a5) << 32;
        assert_int_equal(lift_one(type, slots, is_spilled, &back), SG_OK);
        assert_true(sg_value_equal(&value, &back));

        f.cx.is_between =
            true; /* on to another component, with the form of values that only components see */
        assert_int_equal(lift_one(type, slots, is_spilled, &back), SG_OK);
        assert_int_equal(lower_one(type, &back, is_spilled, slots), SG_OK);
        f.cx.is_between = false;
        assert_int_equal(lift_one(type, slots, is_spilled, &back), SG_OK);
        assert_true(sg_value_equal(&value, &back));
    }
}

static void test_round_trips(void **state) {
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        begin(SG_UNLIMITED, (StringEncoding)(round % 3));
        f.mode = round % 2 ? REALLOC_MOVE : REALLOC_BUMP;
        for (unsigned i = 0; i < 20; i++) {
            type_count = field_count = 0;
            check_round_trip(random_type(4));
        }
        end();
    }
}

/* ---- scalars ---- */

static void test_scalars(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    type_count = field_count = 0;
    sg_value value;
    Slot slot = {.u64 = UINT64_C(0xffffffff00000f01)};
    assert_int_equal(lift_one(scalar(SG_U8), &slot, false, &value), SG_OK);
    assert_int_equal(value.of.u8, 1);
    slot.u64 = UINT64_C(0xffff8000);
    assert_int_equal(lift_one(scalar(SG_S16), &slot, false, &value), SG_OK);
    assert_int_equal(value.of.s16, -32768);
    slot.u64 = UINT64_C(0xdeadbeef00000000); /* an i32 of 0 */
    assert_int_equal(lift_one(scalar(SG_BOOL), &slot, false, &value), SG_OK);
    assert_false(value.of.boolean);
    slot.u64 = 2;
    assert_int_equal(lift_one(scalar(SG_BOOL), &slot, false, &value), SG_OK);
    assert_true(value.of.boolean);

    static const uint32_t chars[] = {0xd800, 0xdfff, 0x110000, UINT32_MAX};
    for (size_t i = 0; i < SGI_COUNT(chars); i++) {
        slot.u64 = chars[i];
        assert_int_equal(lift_one(scalar(SG_CHAR), &slot, false, &value), SG_TRAP);
        assert_int_equal(f.err.trap, SG_TRAP_INVALID_CHAR);
    }
    slot.u64 = 0xffc12345; /* a negative NaN with a payload */
    assert_int_equal(lift_one(scalar(SG_F32), &slot, false, &value), SG_OK);
    uint32_t bits;
    memcpy(&bits, &value.of.f32, 4);
    assert_int_equal(bits, 0x7fc00000);
    slot.u64 = UINT64_C(0xfff0000000000001);
    assert_int_equal(lift_one(scalar(SG_F64), &slot, false, &value), SG_OK);
    memcpy(&slot.u64, &value.of.f64, 8);
    assert_true(slot.u64 == UINT64_C(0x7ff8000000000000));

    const sg_type *flags = compound(SG_FLAGS, NULL, 3);
    slot.u64 = UINT64_C(0xfffffffffffffffd);
    assert_int_equal(lift_one(flags, &slot, false, &value), SG_OK);
    assert_int_equal(value.of.flags.count, 2); /* bits past the last flag mean nothing */
    const sg_type *colour = compound(SG_ENUM, NULL, 3);
    for (uint64_t bad = 3; bad < 1000; bad += 253) {
        slot.u64 = bad;
        assert_int_equal(lift_one(colour, &slot, false, &value), SG_TRAP);
        assert_int_equal(f.err.trap, SG_TRAP_INVALID_DISCRIMINANT);
    }
    end();
}

/* An f32 joined with a u64 travels in the low half of an i64. */
static void test_joins(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    type_count = field_count = 0;
    const sg_type *mix = compound(SG_VARIANT, (const sg_type *[]){scalar(SG_F32), scalar(SG_U64)}, 2);
    assert_int_equal(mix->flat_count, 2);
    assert_int_equal(mix->flat[1], KIND_I64);
    Slot slots[MAX_FLAT_PARAMS + 1] = {{.u64 = 0}, {.u64 = UINT64_C(0xffffffff40490fdb)}};
    sg_value value;
    assert_int_equal(lift_one(mix, slots, false, &value), SG_OK);
    assert_true(value.of.variant.payload->of.f32 == 3.14159274f);
    assert_int_equal(lower_one(mix, &value, false, slots), SG_OK);
    assert_true(slots[1].u64 == 0x40490fdb);
    end();
}

/* ---- strings ---- */

/* Written by the letter of each encoding, apart from the code under test. */
static uint32_t encode(const char *text, StringEncoding encoding, bool tagged, uint8_t *out) {
    const uint8_t *at = (const uint8_t *)text, *stop = at + strlen(text);
    uint32_t size = 0;
    if (encoding == ENCODING_UTF8) {
        memcpy(out, text, strlen(text));
        return (uint32_t)strlen(text);
    }
    bool wide = encoding == ENCODING_UTF16 || tagged;
    while (at != stop) {
        uint32_t c = (uint32_t)sgi_utf8_read(&at, stop);
        uint32_t units[2] = {c, 0}, count = 1;
        if (c >= 0x10000) {
            units[0] = 0xd7c0 + (c >> 10);
            units[1] = 0xdc00 + (c & 0x3ff);
            count = 2;
        }
        for (uint32_t i = 0; i < count; i++) {
            out[size++] = (uint8_t)units[i];
            if (wide)
                out[size++] = (uint8_t)(units[i] >> 8);
        }
    }
    return (wide ? size / 2 : size) | (tagged ? UTF16_TAG : 0);
}

static bool is_latin1(const char *text) {
    const uint8_t *at = (const uint8_t *)text, *stop = at + strlen(text);
    while (at != stop)
        if (sgi_utf8_read(&at, stop) > 0xff)
            return false;
    return true;
}

static const char *const samples[] = {"",
                                      "a",
                                      "plain ASCII of some length",
                                      "h\xc3\xb6la",
                                      "\xc3\xbf\xc2\x80",
                                      "gr\xc3\xbcn \xe2\x98\x83",
                                      "\xe2\x98\x83\xf0\x9f\x8d\xb0",
                                      "\xf4\x8f\xbf\xbf",
                                      "ascii then \xf0\x9f\x8d\xb0 and \xc3\xa9"};

/* From one component's encoding, through call memory, to another's. */
static void pass_string(const char *text, StringEncoding from, bool tagged, StringEncoding to) {
    uint32_t units = encode(text, from, tagged, f.memory.base + 64);
    sg_string lifted;
    f.cx.is_between = true;
    f.opts.encoding = from;
    assert_int_equal(sgi_load_string_from_range(&f.cx, 64, units, &lifted), SG_OK);
    assert_int_equal(lifted.size, strlen(text));
    assert_memory_equal(lifted.data, text, strlen(text));

    uint32_t ptr, got;
    uint8_t expected[256];
    f.opts.encoding = to;
    f.next = 1024;
    f.calls = 0;
    assert_int_equal(sgi_store_string_into_range(&f.cx, lifted, &ptr, &got), SG_OK);
    bool wide = to == ENCODING_LATIN1_UTF16 && !is_latin1(text);
    assert_int_equal(got, encode(text, to, wide, expected));
    uint32_t size = to == ENCODING_UTF16 || wide ? 2 * (got & ~UTF16_TAG) : got;
    assert_memory_equal(f.memory.base + ptr, expected, size);
    assert_true(f.calls >= 1 && f.calls <= 3);
    assert_int_equal(f.asked[f.calls - 1], size);
}

static void test_transcoding(void **state) {
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        begin(SG_UNLIMITED, ENCODING_UTF8);
        f.mode = mode ? REALLOC_MOVE : REALLOC_BUMP;
        for (size_t i = 0; i < SGI_COUNT(samples); i++)
            for (int to = 0; to < 3; to++) {
                pass_string(samples[i], ENCODING_UTF8, false, (StringEncoding)to);
                pass_string(samples[i], ENCODING_UTF16, false, (StringEncoding)to);
                pass_string(samples[i], ENCODING_LATIN1_UTF16, true, (StringEncoding)to);
                if (is_latin1(samples[i]))
                    pass_string(samples[i], ENCODING_LATIN1_UTF16, false, (StringEncoding)to);
            }
        end();
    }
}

/* The allocations that the specification makes, in order. */
static void test_string_allocations(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    pass_string("abc", ENCODING_UTF16, false, ENCODING_UTF8);
    assert_int_equal(f.calls, 1);
    pass_string("ab\xe2\x98\x83", ENCODING_UTF16, false, ENCODING_UTF8); /* 3 units: 3, then 9, then 5 */
    assert_int_equal(f.calls, 3);
    assert_int_equal(f.asked[0], 3);
    assert_int_equal(f.asked[1], 9);
    pass_string("h\xc3\xb6", ENCODING_LATIN1_UTF16, false, ENCODING_UTF8); /* 2, then 4, then 3 */
    assert_int_equal(f.asked[1], 4);
    pass_string("\xe2\x98\x83", ENCODING_UTF8, false, ENCODING_UTF16); /* 6, then 2 */
    assert_int_equal(f.asked[0], 6);
    pass_string("a\xe2\x98\x83", ENCODING_UTF8, false, ENCODING_LATIN1_UTF16); /* 4, then 8, then 4 */
    assert_int_equal(f.asked[1], 8);
    pass_string("ab", ENCODING_LATIN1_UTF16, true, ENCODING_LATIN1_UTF16); /* 4, deflated to 2 */
    assert_int_equal(f.calls, 2);
    end();
}

static void check_load_trap(StringEncoding encoding, uint32_t ptr, uint32_t units, sg_trap trap) {
    sg_string string;
    f.opts.encoding = encoding;
    assert_int_equal(sgi_load_string_from_range(&f.cx, ptr, units, &string), SG_TRAP);
    assert_int_equal(f.err.trap, trap);
}

static void test_hostile_strings(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    const sg_trap out = SG_TRAP_STRING_OUT_OF_BOUNDS, unaligned = SG_TRAP_POINTER_UNALIGNED;
    static const uint32_t lengths[] = {MEMORY_BYTES, (1u << 28) - 1, 1u << 28, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < SGI_COUNT(lengths); i++)
        for (int encoding = 0; encoding < 3; encoding++)
            check_load_trap((StringEncoding)encoding, 2,
                            encoding == 2 ? lengths[i] | UTF16_TAG | 65536 : lengths[i], out);
    check_load_trap(ENCODING_UTF8, MEMORY_BYTES, 1, out);
    check_load_trap(ENCODING_UTF8, MEMORY_BYTES + 1, 0, out);
    check_load_trap(ENCODING_UTF8, UINT32_MAX, 2, out);
    check_load_trap(ENCODING_UTF16, MEMORY_BYTES - 16, 10, out); /* code units are not bytes */
    check_load_trap(ENCODING_UTF16, 1, 0, unaligned);
    check_load_trap(ENCODING_LATIN1_UTF16, 1, 0, unaligned);
    check_load_trap(ENCODING_LATIN1_UTF16, 1, UTF16_TAG, unaligned);

    static const char *const bad[] = {"\xff",  "\xc3",    "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "a\x80", "\xe2\x98"};
    for (size_t i = 0; i < SGI_COUNT(bad); i++) {
        memcpy(f.memory.base, bad[i], strlen(bad[i]));
        check_load_trap(ENCODING_UTF8, 0, (uint32_t)strlen(bad[i]), SG_TRAP_INVALID_STRING);
        assert_string_equal(f.err.message,
                            i == 1 || i == 6 ? "incomplete utf-8 byte sequence" : "invalid utf-8");
    }
    memcpy(f.memory.base, "\x00\xdc\x3c\xd8\x3c\xd8", 6);
    check_load_trap(ENCODING_UTF16, 0, 1, SG_TRAP_INVALID_STRING); /* a low surrogate alone */
    check_load_trap(ENCODING_UTF16, 2, 1, SG_TRAP_INVALID_STRING); /* a high one at the end */
    check_load_trap(ENCODING_UTF16, 2, 2, SG_TRAP_INVALID_STRING); /* two high ones */
    end();
}

/* ---- hostile allocators ---- */

static void check_refused(const sg_type *type, const sg_value *value, const char *detail) {
    assert_int_equal(sgi_check_value(NULL, type, value, "argument", 2, &f.err), SG_BAD_VALUE);
    assert_string_equal(f.err.detail, detail);
}

/* ---- maps and lists of fixed length ---- */

static sg_type *special(sg_kind kind, const sg_type *key, const sg_type *element, uint32_t length) {
    sg_type *type = new_type(kind, 0);
    type->key = key;
    type->element = element;
    type->length = length;
    type->alignment = kind == SG_MAP ? 4 : element->alignment;
    type->size = kind == SG_MAP ? 8 : element->size * length;
    for (uint32_t i = 0; kind == SG_FIXED_LIST && i < length; i++)
        add_flat(type, element->flat, element->flat_count);
    if (kind == SG_MAP)
        add_flat(type, (const uint8_t[]){KIND_I32, KIND_I32}, 2);
    return type;
}

static void test_maps_and_fixed_lists(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    type_count = field_count = 0;
    sg_value entries[2][2] = {{{.kind = SG_U8, .of.u8 = 1}, sg_value_string("one")},
                              {{.kind = SG_U8, .of.u8 = 2}, sg_value_string("two")}};
    sg_value pairs[2] = {{.kind = SG_TUPLE, .of.list = {entries[0], 2}},
                         {.kind = SG_TUPLE, .of.list = {entries[1], 2}}};
    sg_value value = {.kind = SG_LIST, .of.list = {pairs, 2}}, back;
    sg_value numbers[3] = {
        {.kind = SG_S16, .of.s16 = -1}, {.kind = SG_S16, .of.s16 = 2}, {.kind = SG_S16, .of.s16 = -3}};
    sg_value three = {.kind = SG_LIST, .of.list = {numbers, 3}};
    const sg_type *map = special(SG_MAP, scalar(SG_U8), scalar(SG_STRING), 0);
    const sg_type *fixed = special(SG_FIXED_LIST, NULL, scalar(SG_S16), 3);
    Slot slots[MAX_FLAT_PARAMS + 1];
    for (int is_spilled = 0; is_spilled < 2; is_spilled++) {
        assert_int_equal(sgi_check_value(NULL, map, &value, "value", 0, &f.err), SG_OK);
        assert_int_equal(lower_one(map, &value, is_spilled, slots), SG_OK);
        assert_int_equal(lift_one(map, slots, is_spilled, &back), SG_OK);
        assert_true(sg_value_equal(&value, &back));
        assert_int_equal(sgi_check_value(NULL, fixed, &three, "value", 0, &f.err), SG_OK);
        assert_int_equal(lower_one(fixed, &three, is_spilled, slots), SG_OK);
        assert_int_equal(lift_one(fixed, slots, is_spilled, &back), SG_OK);
        assert_true(sg_value_equal(&three, &back));
    }
    entries[1][0].kind = SG_S8;
    check_refused(map, &value, "argument 2, element 2, key: expected u8, got s8");
    pairs[0].of.list.count = 1;
    check_refused(map, &value, "argument 2, element 1: expected a tuple of key and value");
    three.of.list.count = 2;
    check_refused(fixed, &three, "argument 2: wrong number of elements");
    end();
}

/* Lowering believes nobody: a value of another shape is an error, never a wild read. */
static void test_values_of_other_shapes(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    type_count = field_count = 0;
    const sg_type *u8 = scalar(SG_U8), *bytes = list_of(u8);
    const sg_type *record = compound(SG_RECORD, (const sg_type *[]){u8, u8}, 2);
    const sg_type *tuple = compound(SG_TUPLE, (const sg_type *[]){u8, u8}, 2);
    const sg_type *variant = compound(SG_VARIANT, (const sg_type *[]){NULL, u8}, 2);
    const sg_type *map = special(SG_MAP, u8, u8, 0), *fixed = special(SG_FIXED_LIST, NULL, u8, 2);
    sg_value byte = {.kind = SG_U8}, word = {.kind = SG_U32};
    sg_field field = {sg_string_of("m0", 2), byte};
    const struct {
        const sg_type *type;
        sg_value value;
    } cases[] = {
        {u8, word},
        {bytes, {.kind = SG_LIST, .of.list = {&word, 1}}},
        {record, {.kind = SG_RECORD, .of.record = {&field, 1}}},
        {record, {.kind = SG_RECORD}},
        {tuple, {.kind = SG_TUPLE, .of.list = {&byte, 1}}},
        {variant, {.kind = SG_VARIANT, .of.variant = {sg_string_of("m0", 2), &byte}}},
        {variant, {.kind = SG_VARIANT, .of.variant = {sg_string_of("m1", 2), NULL}}},
        {variant, {.kind = SG_VARIANT, .of.variant = {sg_string_of("m2", 2), NULL}}},
        {map, {.kind = SG_LIST, .of.list = {&byte, 1}}},
        {fixed, {.kind = SG_LIST, .of.list = {&byte, 1}}},
        {bytes, {.kind = SG_BYTES, .of.bytes = {NULL, SIZE_MAX / 2}}},
    };
    Slot slots[MAX_FLAT_PARAMS + 1];
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        assert_int_equal(lower_one(cases[i].type, &cases[i].value, true, slots), SG_BAD_VALUE);
    f.cx.is_between = true; /* where names are indices */
    sg_value far = {.kind = SG_VARIANT, .of.variant = {sg_string_of(NULL, 77), NULL}};
    assert_int_equal(lower_one(variant, &far, true, slots), SG_BAD_VALUE);
    sg_type stream = {.kind = SG_STREAM, .size = 4, .alignment = 4, .flat_count = 1};
    sg_value end_of_it = {.kind = SG_STREAM};
    assert_int_equal(lower_one(&stream, &end_of_it, false, slots), SG_UNSUPPORTED);
    assert_int_equal(lift_one(&stream, slots, false, &end_of_it), SG_UNSUPPORTED);
    end();
}

/* The longest string and list there are, for an allocator that gives a range it has not got. */
static void test_longest_values(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    type_count = field_count = 0;
    size_t size = ((size_t)1 << 28) - 1;
    char *data = calloc(size, 1);
    uint32_t ptr, units;
    f.mode = REALLOC_ZERO;
    for (int encoding = 0; encoding < 3; encoding++) {
        size_t length = encoding == 0 ? size : size >> 6; /* transcoding looks at every character first */
        f.opts.encoding = (StringEncoding)encoding;
        f.calls = 0;
        assert_int_equal(sgi_store_string_into_range(&f.cx, sg_string_of(data, length), &ptr, &units),
                         SG_TRAP);
        assert_int_equal(f.err.trap, SG_TRAP_REALLOC_OUT_OF_BOUNDS);
        assert_int_equal(f.asked[0], encoding == 1 ? 2 * length : length);
    }
    sg_value bytes = {.kind = SG_BYTES, .of.bytes = {(uint8_t *)data, size}};
    Slot slots[MAX_FLAT_PARAMS + 1];
    assert_int_equal(lower_one(list_of(scalar(SG_U8)), &bytes, false, slots), SG_TRAP);
    assert_int_equal(f.err.trap, SG_TRAP_REALLOC_OUT_OF_BOUNDS);
    free(data);
    end();
}

static void test_hostile_realloc(void **state) {
    (void)state;
    static const struct {
        ReallocMode mode;
        sg_trap trap;
    } cases[] = {{REALLOC_ODD, SG_TRAP_REALLOC_UNALIGNED},
                 {REALLOC_END, SG_TRAP_REALLOC_OUT_OF_BOUNDS},
                 {REALLOC_MINUS_ONE, SG_TRAP_REALLOC_OUT_OF_BOUNDS},
                 {REALLOC_TRAP, SG_TRAP_UNREACHABLE}};
    const char *text = "four \xe2\x98\x83";
    for (size_t i = 0; i < SGI_COUNT(cases); i++)
        for (int encoding = 0; encoding < 3; encoding++) {
            begin(SG_UNLIMITED, (StringEncoding)encoding);
            f.mode = cases[i].mode;
            uint32_t ptr, units;
            sg_status status =
                sgi_store_string_into_range(&f.cx, sg_string_of(text, strlen(text)), &ptr, &units);
            if (encoding == 0 && cases[i].mode == REALLOC_ODD) {
                assert_int_equal(status, SG_OK); /* bytes are never misaligned */
            } else {
                assert_int_equal(status, SG_TRAP);
                assert_int_equal(f.err.trap, cases[i].trap);
            }
            end();
        }
    /* 0 is an address like any other. */
    begin(SG_UNLIMITED, ENCODING_UTF16);
    f.mode = REALLOC_ZERO;
    uint32_t ptr, units;
    assert_int_equal(sgi_store_string_into_range(&f.cx, sg_string_of("ab", 2), &ptr, &units), SG_OK);
    assert_memory_equal(f.memory.base, "a\0b", 4);
    end();
}

/* ---- lists ---- */

static void check_list_trap(const sg_type *type, uint32_t ptr, uint32_t length, sg_trap trap) {
    Slot slots[2] = {{.u64 = ptr}, {.u64 = length}};
    sg_value value;
    assert_int_equal(lift_one(type, slots, false, &value), SG_TRAP);
    assert_int_equal(f.err.trap, trap);
}

static void test_hostile_lists(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    type_count = field_count = 0;
    const sg_type *bytes = list_of(scalar(SG_U8)), *words = list_of(scalar(SG_U32)),
                  *longs = list_of(scalar(SG_U64));
    const sg_trap out = SG_TRAP_LIST_OUT_OF_BOUNDS;
    static const uint32_t lengths[] = {MEMORY_BYTES + 1, (1u << 28) - 1, 1u << 28,
                                       1u << 30,         1u << 31,       UINT32_MAX};
    for (size_t i = 0; i < SGI_COUNT(lengths); i++) {
        check_list_trap(bytes, 0, lengths[i], out);
        check_list_trap(words, 0, lengths[i], out);
        check_list_trap(longs, 0, lengths[i], out); /* 2^29 of them: the product overflows 32 bits to 0 */
    }
    check_list_trap(longs, 0, 1u << 29, out);
    check_list_trap(words, 2, 0, SG_TRAP_POINTER_UNALIGNED);
    check_list_trap(words, MEMORY_BYTES - 4, 2, out);
    check_list_trap(words, UINT32_MAX - 3, 1, out);
    /* A list of flags amplifies: refused by the account, not by the system. */
    f.store->alloc.limit = 1 << 20;
    check_list_trap(list_of(compound(SG_ENUM, NULL, 200)), 0, MEMORY_BYTES, SG_TRAP_HOST_BYTES_LIMIT);

    Slot slots[2] = {{.u64 = 16}, {.u64 = 4}};
    sg_value value;
    memcpy(f.memory.base + 16, "\1\2\3\4", 4);
    assert_int_equal(lift_one(bytes, slots, false, &value), SG_OK);
    assert_int_equal(value.kind, SG_BYTES);
    assert_memory_equal(value.of.bytes.data, "\1\2\3\4", 4);
    end();
}

/* ---- fuel ---- */

static uint64_t fuel_used(void) {
    return f.store->fuel_given - (uint64_t)f.store->cx.fuel;
}

static void test_fuel(void **state) {
    (void)state;
    begin(100000, ENCODING_UTF8);
    type_count = field_count = 0;
    sg_value value;
    Slot slots[MAX_FLAT_PARAMS + 1] = {{.u64 = 0}, {.u64 = 65}};
    uint64_t before = fuel_used();
    assert_int_equal(lift_one(scalar(SG_STRING), slots, false, &value), SG_OK);
    assert_int_equal(fuel_used() - before, 2); /* two steps of 64 bytes */
    before = fuel_used();
    assert_int_equal(lower_one(scalar(SG_STRING), &value, false, slots), SG_OK);
    assert_int_equal(fuel_used() - before, 2);
    slots[0].u64 = 0;
    slots[1].u64 = 100;
    before = fuel_used();
    assert_int_equal(lift_one(list_of(scalar(SG_U32)), slots, false, &value), SG_OK);
    assert_int_equal(fuel_used() - before, 7 + 100); /* 400 bytes, 100 values */
    before = fuel_used();
    assert_int_equal(lift_one(list_of(scalar(SG_U8)), slots, false, &value), SG_OK);
    assert_int_equal(fuel_used() - before, 2);
    before = fuel_used();
    assert_int_equal(lift_one(scalar(SG_U32), slots, false, &value), SG_OK);
    assert_int_equal(fuel_used() - before, 0);
    /* Not enough: nothing is moved. */
    f.store->cx.fuel = 6;
    assert_int_equal(lift_one(list_of(scalar(SG_U32)), slots, false, &value), SG_TRAP);
    assert_int_equal(f.err.trap, SG_TRAP_FUEL);
    end();
}

/* ---- the host's values ---- */

static void test_bad_values(void **state) {
    (void)state;
    begin(SG_UNLIMITED, ENCODING_UTF8);
    type_count = field_count = 0;
    const sg_type *point =
        compound(SG_RECORD, (const sg_type *[]){scalar(SG_U32), list_of(scalar(SG_CHAR))}, 2);
    sg_value chars[2] = {{.kind = SG_CHAR}, {.kind = SG_CHAR, .of.character = 0xd800}};
    sg_field given[2] = {{sg_string_of("m1", 2), {.kind = SG_LIST, .of.list = {chars, 2}}},
                         {sg_string_of("m0", 2), {.kind = SG_STRING}}};
    sg_value value = {.kind = SG_RECORD, .of.record = {given, 2}};
    check_refused(point, &value, "argument 2, field \"m1\", element 2: not a Unicode scalar value");
    chars[1].of.character = 'x';
    check_refused(point, &value, "argument 2, field \"m0\": expected u32, got string");
    given[1].value.kind = SG_U32;
    assert_int_equal(sgi_check_value(NULL, point, &value, "argument", 2, &f.err), SG_OK);
    given[1].name = given[0].name;
    check_refused(point, &value, "argument 2, field \"m1\": given twice");
    value.of.record.count = 1;
    check_refused(point, &value, "argument 2: wrong number of fields");

    sg_value text = {.kind = SG_STRING, .of.string = sg_string_of("\xff", 1)};
    check_refused(scalar(SG_STRING), &text, "argument 2: string is not valid UTF-8");
    const sg_type *colour = compound(SG_ENUM, NULL, 3);
    sg_value name = {.kind = SG_ENUM, .of.enumeration = sg_string_of("red", 3)};
    check_refused(colour, &name, "argument 2, case \"red\": the type has no such case");
    const sg_type *outcome = compound(SG_RESULT, (const sg_type *[]){scalar(SG_U8), NULL}, 2);
    sg_value result = {.kind = SG_RESULT};
    check_refused(outcome, &result, "argument 2, ok: its value is missing");
    result.of.result.is_error = true;
    result.of.result.payload = &text;
    check_refused(outcome, &result, "argument 2, error: it takes no value");
    sg_string flag = sg_string_of("nope", 4);
    sg_value flags = {.kind = SG_FLAGS, .of.flags = {&flag, 1}};
    check_refused(compound(SG_FLAGS, NULL, 2), &flags,
                  "argument 2, flag \"nope\": the type has no such flag");
    sg_value nothing = {.kind = SG_LIST, .of.list = {NULL, 3}};
    check_refused(list_of(scalar(SG_U8)), &nothing, "argument 2: items are missing");

    const sg_type *pair = compound(SG_TUPLE, (const sg_type *[]){scalar(SG_U8), scalar(SG_U8)}, 2);
    sg_value short_tuple = {.kind = SG_TUPLE, .of.list = {chars, 1}};
    check_refused(pair, &short_tuple, "argument 2: wrong number of members");
    given[0].name = sg_string_of("m7", 2);
    value.of.record.count = 2;
    check_refused(point, &value, "argument 2, field \"m7\": the type has no such field");
    flags.of.flags.names = NULL;
    check_refused(compound(SG_FLAGS, NULL, 2), &flags, "argument 2: names are missing");

    /* Lengths, before anything is read. */
    text.of.string = sg_string_of("", (size_t)1 << 28);
    check_refused(scalar(SG_STRING), &text, "argument 2: string too long");
    text.of.string.size = SIZE_MAX;
    check_refused(scalar(SG_STRING), &text, "argument 2: string too long");
    static const size_t sizes[] = {(size_t)1 << 28, (size_t)1 << 31, SIZE_MAX};
    for (size_t i = 0; i < SGI_COUNT(sizes); i++) {
        sg_value bytes = {.kind = SG_BYTES, .of.bytes = {(const uint8_t *)"", sizes[i]}};
        check_refused(list_of(scalar(SG_U8)), &bytes, "argument 2: list too long");
    }
    sg_value longs = {.kind = SG_LIST, .of.list = {chars, (size_t)1 << 25}}; /* of 8 bytes each: 2^28 */
    check_refused(list_of(scalar(SG_U64)), &longs, "argument 2: list too long");
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_joins),
        cmocka_unit_test(test_transcoding),
        cmocka_unit_test(test_string_allocations),
        cmocka_unit_test(test_hostile_strings),
        cmocka_unit_test(test_hostile_realloc),
        cmocka_unit_test(test_hostile_lists),
        cmocka_unit_test(test_fuel),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_longest_values),
        cmocka_unit_test(test_maps_and_fixed_lists),
        cmocka_unit_test(test_values_of_other_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
