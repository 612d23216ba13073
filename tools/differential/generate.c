/* generate FIRST COUNT [FEATURE] → modules on standard output, each after its size in four bytes.
 *
 * A module is made of its number alone. Its one import is asked now and then to collect what no reference
 * leads to, in the middle of expressions. Its exports "0", "1", ... take nothing and give an i64 that stands
 * for the results of a function called with some arguments, and "state", the last, one that stands for
 * memories, globals and the table. What an engine does with it is thus a list of numbers and traps. Features
 * are those that are on by default, and one named. Instructions come from ops.def. */
#include "generator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- bytes and chance --- */

void put_raw(Out *to, const void *data, size_t size) {
    if (to->size + size > to->capacity) {
        to->capacity = to->capacity * 2 + size;
        to->data = realloc(to->data, to->capacity);
        if (to->data == NULL)
            exit(2);
    }
    if (size)
        memcpy(to->data + to->size, data, size);
    to->size += size;
}

void put(Out *to, uint8_t byte) {
    put_raw(to, &byte, 1);
}

void put_unsigned(Out *to, uint64_t value) {
    for (; value > 127; value >>= 7)
        put(to, (uint8_t)(value | 128));
    put(to, (uint8_t)value);
}

void put_signed(Out *to, int64_t value) {
    for (; value < -64 || value > 63; value >>= 7)
        put(to, (uint8_t)(value | 128));
    put(to, value & 127);
}

void put_sized(Out *to, Out *from) {
    put_unsigned(to, from->size);
    put_raw(to, from->data, from->size);
    free(from->data);
    *from = (Out){0};
}

uint64_t chance_state;

static uint64_t random_bits(void) {
    uint64_t z = chance_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint32_t chance(uint32_t below) {
    return (uint32_t)((random_bits() >> 32) * below >> 32);
}

/* --- types and values --- */

void put_op(Out *to, Op op) {
    if (sgi_ops[op].prefix == 0) {
        put(to, (uint8_t)sgi_ops[op].code);
        return;
    }
    put(to, sgi_ops[op].prefix);
    put_unsigned(to, sgi_ops[op].code);
}

void put_type(Out *to, Type type) {
    static const uint8_t codes[] = {0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6d};
    if (type < STRUCT) {
        put(to, codes[type]);
        return;
    }
    put(to, 0x63);
    put_signed(to, type - STRUCT + TYPE_STRUCT);
}

Type random_type(const Module *module) {
    return module->types[chance((uint32_t)module->type_count)];
}

/* Small, at an edge, or anything. */
static uint64_t random_integer(unsigned bits) {
    switch (chance(4)) {
    case 0: return chance(9) - 4u;
    case 1: return (UINT64_C(1) << chance(bits)) - chance(2);
    case 2: return UINT64_C(1) << (bits - 1);
    default: return random_bits();
    }
}

static double random_float(void) {
    static const double some[] = {
        0,    -0.0,     1,         -1,          0.5,          1.5,          2.5,
        -0.5, INFINITY, -INFINITY, 2147483648., -2147483648., 2147483647.5, 4294967295.5,
        3.25, 8388609,  5e-324,    1e-40,       1e308,        9.3e18,       -9.223372036854775808e18};
    return percent(70) ? some[chance(sizeof some / sizeof *some)] : (double)(int64_t)random_bits() / 65536;
}

void put_constant(Out *to, Type type) {
    double d = random_float();
    float f = (float)d;
    uint64_t halves[2] = {random_integer(64), random_bits()};
    switch (type) {
    case I32:
        put_op(to, OP_I32_CONST);
        put_signed(to, (int32_t)random_integer(32));
        return;
    case I64:
        put_op(to, OP_I64_CONST);
        put_signed(to, (int64_t)random_integer(64));
        return;
    case F32:
        put_op(to, OP_F32_CONST);
        put_raw(to, &f, sizeof f);
        return;
    case F64:
        put_op(to, OP_F64_CONST);
        put_raw(to, &d, sizeof d);
        return;
    case V128:
        put_op(to, OP_V128_CONST);
        for (size_t i = 0; i < 2; i++) {
            float lanes[2] = {(float)random_float(), (float)random_float()};
            d = random_float();
            put_raw(to, percent(40) ? (void *)&halves[i] : percent(50) ? (void *)lanes : (void *)&d, 8);
        }
        return;
    default: break;
    }
    if (type == FUNC || percent(10)) {
        put_op(to, OP_REF_NULL);
        if (type >= STRUCT)
            put_signed(to, type - STRUCT + TYPE_STRUCT);
        else
            put_type(to, type);
        return;
    }
    if (type < STRUCT || type >= BYTES) { /* of an i31, or the length of an array */
        put_op(to, OP_I32_CONST);
        put_signed(to, type < STRUCT ? (int32_t)random_integer(32) : (int32_t)chance(12));
    }
    put_op(to, type < STRUCT ? OP_REF_I31 : type < BYTES ? OP_STRUCT_NEW_DEFAULT : OP_ARRAY_NEW_DEFAULT);
    if (type >= STRUCT)
        put_unsigned(to, type - STRUCT + TYPE_STRUCT);
}

/* --- what tells of results: code that mixes the value on the stack into local 0 --- */

static void put_index(Out *to, Op op, uint64_t index) {
    put_op(to, op);
    put_unsigned(to, index);
}

static void put_i32(Out *to, int32_t value) {
    put_op(to, OP_I32_CONST);
    put_signed(to, value);
}

static uint32_t mixer; /* the function that put_mixer makes, behind the others */

static void put_mix(Out *to) {
    put_index(to, OP_LOCAL_GET, 0);
    put_index(to, OP_CALL, mixer);
    put_index(to, OP_LOCAL_SET, 0);
}

static void put_mix_i32(Out *to) {
    put_op(to, OP_I64_EXTEND_I32_U);
    put_mix(to);
}

enum { MIX_COUNTER = 1, MIX_V128 = 2, MIX_EQ = 3 }; /* locals */

/* Which types the object behind local MIX_EQ is of, and the number that an i31 is. */
static void put_mix_object(Out *to) {
    put_index(to, OP_LOCAL_GET, MIX_EQ);
    put_op(to, OP_REF_IS_NULL);
    put_mix_i32(to);
    for (int32_t type = 0; type < GC_TYPES; type++) {
        put_index(to, OP_LOCAL_GET, MIX_EQ);
        put_op(to, OP_REF_TEST);
        put_signed(to, type);
        put_mix_i32(to);
    }
    put_index(to, OP_LOCAL_GET, MIX_EQ);
    put_op(to, OP_REF_TEST);
    put(to, 0x6c);
    put_op(to, OP_IF);
    put(to, 0x40);
    put_index(to, OP_LOCAL_GET, MIX_EQ);
    put_op(to, OP_REF_CAST);
    put(to, 0x6c);
    put_op(to, OP_I31_GET_U);
    put_mix_i32(to);
    put_op(to, OP_END);
}

static void put_mix_value(Out *to, Type type) {
    switch (type) {
    case I32: put_mix_i32(to); return;
    case I64: put_mix(to); return;
    case F32:
        put_op(to, OP_I32_REINTERPRET_F32);
        put_mix_i32(to);
        return;
    case F64:
        put_op(to, OP_I64_REINTERPRET_F64);
        put_mix(to);
        return;
    case V128:
        put_index(to, OP_LOCAL_SET, MIX_V128);
        for (uint8_t lane = 0; lane < 2; lane++) {
            put_index(to, OP_LOCAL_GET, MIX_V128);
            put_index(to, OP_I64X2_EXTRACT_LANE, lane);
            put_mix(to);
        }
        return;
    case FUNC:
        put_op(to, OP_REF_IS_NULL);
        put_mix_i32(to);
        return;
    default: put_index(to, OP_LOCAL_SET, MIX_EQ); put_mix_object(to);
    }
}

static void put_mix_locals(Out *to, const Module *module) {
    put_unsigned(to, 4);
    for (int i = 0; i < 4; i++) {
        bool has = i < MIX_V128 || module->has[i == MIX_V128 ? FEATURE_SIMD : FEATURE_GC];
        put_unsigned(to, 1);
        put_type(to, i == 0 ? I64 : !has ? I32 : (Type[]){I64, I32, V128, EQ}[i]);
    }
}

/* (value, before) → after */
static void put_mixer(Out *to) {
    Out body = {0};
    put_unsigned(&body, 0);
    put_index(&body, OP_LOCAL_GET, 0);
    put_index(&body, OP_LOCAL_GET, 1);
    put_op(&body, OP_I64_XOR);
    put_op(&body, OP_I64_CONST);
    put_signed(&body, 0x1e3779b97f4a7c15);
    put_op(&body, OP_I64_MUL);
    put_op(&body, OP_I64_CONST);
    put_signed(&body, 29);
    put_op(&body, OP_I64_ROTL);
    put_op(&body, OP_END);
    put_sized(to, &body);
}

static void put_end(Out *to, Out *body) {
    put_index(body, OP_LOCAL_GET, 0);
    put_op(body, OP_END);
    put_sized(to, body);
}

/* Calls function `func` with some arguments. */
static void put_caller(Out *to, const Module *module, size_t func) {
    const Signature *signature = &module->funcs[func];
    Out body = {0};
    put_mix_locals(&body, module);
    put_i32(&body, BUDGET);
    put_index(&body, OP_GLOBAL_SET, 0);
    for (size_t i = 0; i < signature->param_count; i++)
        put_constant(&body, signature->params[i]);
    put_index(&body, OP_CALL, FUNC_FIRST + func);
    for (size_t i = signature->result_count; i-- > 0;)
        put_mix_value(&body, signature->results[i]);
    put_end(to, &body);
}

/* loop: reads at the counter, mixes, counter += step, until it is `end` (or the table's size, for 0) */
static void put_sweep(Out *to, size_t memory, bool is_64, int32_t step, int32_t end) {
    put_i32(to, 0);
    put_index(to, OP_LOCAL_SET, MIX_COUNTER);
    put_op(to, OP_LOOP);
    put(to, 0x40);
    put_index(to, OP_LOCAL_GET, MIX_COUNTER);
    if (end) {
        if (is_64)
            put_op(to, OP_I64_EXTEND_I32_U);
        put_index(to, OP_I64_LOAD, memory ? 64 : 0);
        if (memory)
            put_unsigned(to, memory);
        put_unsigned(to, 0);
        put_mix(to);
    } else {
        put_index(to, OP_TABLE_GET, 0);
        put_mix_value(to, FUNC);
    }
    put_index(to, OP_LOCAL_GET, MIX_COUNTER);
    put_i32(to, step);
    put_op(to, OP_I32_ADD);
    put_index(to, OP_LOCAL_TEE, MIX_COUNTER);
    if (end)
        put_i32(to, end);
    else
        put_index(to, OP_TABLE_SIZE, 0);
    put_op(to, OP_I32_LT_U);
    put_index(to, OP_BR_IF, 0);
    put_op(to, OP_END);
}

static void put_state(Out *to, const Module *module) {
    Out body = {0};
    put_mix_locals(&body, module);
    for (size_t i = 0; i < module->memory_count; i++) {
        put_index(&body, OP_MEMORY_SIZE, i);
        put_mix_value(&body, module->is_64[i] ? I64 : I32);
        put_sweep(&body, i, module->is_64[i], 8, 1 << 16);
    }
    for (size_t i = 0; i < module->type_count; i++) {
        put_index(&body, OP_GLOBAL_GET, 1 + module->types[i]);
        put_mix_value(&body, module->types[i]);
    }
    put_index(&body, OP_TABLE_SIZE, 0);
    put_mix_i32(&body);
    put_sweep(&body, 0, false, 1, 0);
    put_end(to, &body);
}

/* --- sections --- */

static void put_section(Out *to, uint8_t id, Out *content) {
    put(to, id);
    put_sized(to, content);
}

static void put_field(Out *to, int type) { /* negative: packed */
    if (type < 0)
        put(to, (uint8_t)-type);
    else
        put_type(to, (Type)type);
    put(to, 1);
}

static void put_signature(Out *to, const Type *params, size_t param_count, const Type *results,
                          size_t result_count) {
    put(to, 0x60);
    put_unsigned(to, param_count);
    for (size_t i = 0; i < param_count; i++)
        put_type(to, params[i]);
    put_unsigned(to, result_count);
    for (size_t i = 0; i < result_count; i++)
        put_type(to, results[i]);
}

/* The types of structures and arrays that GC_TYPES names. */
static void put_gc_types(Out *to) {
    static const int fields[] = {I32, I64, -0x78, EQ, F64, -0x77};
    for (size_t count = 4; count <= 6; count += 2) {
        put(to, 0x50);
        put_unsigned(to, count == 6);
        if (count == 6)
            put_unsigned(to, TYPE_STRUCT);
        put(to, 0x5f);
        put_unsigned(to, count);
        for (size_t i = 0; i < count; i++)
            put_field(to, fields[i]);
    }
    static const int items[] = {-0x78, I64, EQ, FUNC};
    for (size_t i = 0; i < 4; i++) {
        put(to, 0x5e);
        put_field(to, items[i]);
    }
}

static size_t choose_types(const Module *module, Type *types, size_t most) {
    size_t count = chance((uint32_t)most + 1);
    for (size_t i = 0; i < count; i++)
        types[i] = random_type(module);
    return count;
}

static void choose(Module *module) {
    for (Type type = 0; type < TYPES; type++)
        if (type < V128 ||
            (type == V128 ? module->has[FEATURE_SIMD] : type == FUNC || module->has[FEATURE_GC]))
            module->types[module->type_count++] = type;
    module->memory_count = module->has[FEATURE_MULTI_MEMORY] && percent(25) ? 2 : 1;
    for (size_t i = 0; i < module->memory_count; i++)
        module->is_64[i] = module->has[FEATURE_MEMORY64] && percent(25);
    module->func_count = 3 + chance(MOST_FUNCS - 2);
    for (size_t i = 0; i < module->func_count; i++) {
        Signature *signature = &module->funcs[i];
        signature->param_count = choose_types(module, signature->params, MOST_VALUES);
        signature->result_count = choose_types(module, signature->results, percent(70) ? 1 : MOST_VALUES);
    }
    for (size_t i = 0; i < 2; i++)
        module->tags[i].param_count = choose_types(module, module->tags[i].params, 3);
}

static void put_types(Out *to, Module *module) {
    Out section = {0};
    uint32_t next = module->has[FEATURE_GC] ? GC_TYPES : 0, wrapper = next++;
    put_unsigned(&section, next + module->func_count + 6);
    if (module->has[FEATURE_GC])
        put_gc_types(&section);
    static const Type i64 = I64;
    put_signature(&section, NULL, 0, &i64, 1);
    for (size_t i = 0; i < module->func_count; i++) {
        Signature *s = &module->funcs[i];
        put_signature(&section, s->params, s->param_count, s->results, s->result_count);
        s->index = next++;
    }
    for (size_t i = 0; i < 2; i++, next += 2) {
        Signature *s = &module->tags[i];
        put_signature(&section, s->params, s->param_count, NULL, 0);
        put_signature(&section, NULL, 0, s->params, s->param_count);
        s->index = next;
    }
    put_signature(&section, (Type[]){I64, I64}, 2, &i64, 1);
    put_signature(&section, NULL, 0, NULL, 0);
    put_section(to, 1, &section);

    put_raw(&section, "\1\0\7collect\0", 11); /* one import, from "" */
    put_unsigned(&section, next + 1);
    put_section(to, 2, &section);

    size_t callers = module->func_count * 3 + 1;
    mixer = FUNC_FIRST + (uint32_t)module->func_count;
    put_unsigned(&section, module->func_count + 1 + callers);
    for (size_t i = 0; i < module->func_count; i++)
        put_unsigned(&section, module->funcs[i].index);
    put_unsigned(&section, next);
    for (size_t i = 0; i < callers; i++)
        put_unsigned(&section, wrapper);
    put_section(to, 3, &section);
}

static void put_limits(Out *to, uint8_t flags, uint64_t least, uint64_t most) {
    put(to, flags | 1);
    put_unsigned(to, least);
    put_unsigned(to, most);
}

static void put_stores(Out *to, const Module *module) {
    Out section = {0};
    put_unsigned(&section, 1);
    put_type(&section, FUNC);
    put_limits(&section, 0, TABLE_SIZE, TABLE_MOST);
    put_section(to, 4, &section);

    put_unsigned(&section, module->memory_count);
    for (size_t i = 0; i < module->memory_count; i++)
        put_limits(&section, module->is_64[i] ? 4 : 0, 1, PAGES_MOST);
    put_section(to, 5, &section);

    if (module->has[FEATURE_EXCEPTIONS]) {
        put_unsigned(&section, 2);
        for (size_t i = 0; i < 2; i++) {
            put(&section, 0);
            put_unsigned(&section, module->tags[i].index);
        }
        put_section(to, 13, &section);
    }

    put_unsigned(&section, 1 + GLOBALS);
    for (size_t i = 0; i <= GLOBALS; i++) { /* the budget, then one of each type there is */
        Type type = I32;
        for (size_t k = 0; k < module->type_count; k++)
            type = i > 0 && module->types[k] == i - 1 ? module->types[k] : type;
        put_type(&section, type);
        put(&section, 1);
        put_constant(&section, type);
        put_op(&section, OP_END);
    }
    put_section(to, 6, &section);
}

static void put_exports(Out *to, const Module *module) {
    Out section = {0};
    size_t callers = module->func_count * 3 + 1;
    put_unsigned(&section, callers);
    for (size_t i = 0; i < callers; i++) {
        char name[16];
        size_t size = (size_t)snprintf(name, sizeof name, i + 1 < callers ? "%zu" : "state", i);
        put_unsigned(&section, size);
        put_raw(&section, name, size);
        put(&section, 0);
        put_unsigned(&section, mixer + 1 + i);
    }
    put_section(to, 7, &section);
}

static void put_offset(Out *to, bool is_64, int32_t offset) {
    put_op(to, is_64 ? OP_I64_CONST : OP_I32_CONST);
    put_signed(to, offset);
    put_op(to, OP_END);
}

/* Active at 0, all functions; passive, half of them. */
static void put_elements(Out *to, const Module *module) {
    Out section = {0};
    put_unsigned(&section, 2);
    put_unsigned(&section, 0);
    put_offset(&section, false, 0);
    for (size_t count = module->func_count;; count /= 2) {
        put_unsigned(&section, count);
        for (size_t i = 0; i < count; i++)
            put_unsigned(&section, FUNC_FIRST + i);
        if (count < module->func_count)
            break;
        put_unsigned(&section, 1);
        put(&section, 0);
    }
    put_section(to, 9, &section);
    put_unsigned(&section, 2);
    put_section(to, 12, &section);
}

static void put_data(Out *to, const Module *module) {
    Out section = {0};
    put_unsigned(&section, 2);
    for (int i = 0; i < 2; i++) { /* passive, then active */
        put_unsigned(&section, i == 0);
        if (i == 1)
            put_offset(&section, module->is_64[0], (int32_t)chance(256));
        put_unsigned(&section, SEGMENT);
        for (int k = 0; k < SEGMENT; k++)
            put(&section, (uint8_t)random_bits());
    }
    put_section(to, 11, &section);
}

static void put_module(Out *to, Module *module) {
    put_raw(to, "\0asm\1\0\0", 8);
    choose(module);
    put_types(to, module);
    put_stores(to, module);
    put_exports(to, module);
    put_elements(to, module);
    Out section = {0};
    put_unsigned(&section, module->func_count * 4 + 2);
    for (size_t i = 0; i < module->func_count; i++)
        put_body(&section, module, &module->funcs[i]);
    put_mixer(&section);
    for (size_t i = 0; i < module->func_count * 3; i++)
        put_caller(&section, module, i / 3);
    put_state(&section, module);
    put_section(to, 10, &section);
    put_data(to, module);
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    Module features = {0};
    for (size_t i = 0; i < FEATURE_COUNT; i++)
        features.has[i] =
            (sgi_features_default() >> i & 1) || (argc > 3 && strcmp(sgi_feature_names[i], argv[3]) == 0);
    features.has[FEATURE_RELAXED_SIMD] = false; /* engines may differ there */
    uint64_t first = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10);
    for (uint64_t number = first; number < first + count; number++) {
        Module module = features;
        Out bytes = {0};
        chance_state = number * 0xd1342543de82ef95u;
        put_module(&bytes, &module);
        uint8_t size[4] = {(uint8_t)bytes.size, (uint8_t)(bytes.size >> 8), (uint8_t)(bytes.size >> 16),
                           (uint8_t)(bytes.size >> 24)};
        fwrite(size, 1, sizeof size, stdout);
        fwrite(bytes.data, 1, bytes.size, stdout);
        free(bytes.data);
    }
    return fflush(stdout) != 0;
}
