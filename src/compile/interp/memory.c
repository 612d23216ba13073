/* Instructions of memories and tables in the translator: loads and stores, atomic ones, bulk operations. */
#include "compile/interp/translator.h"

static uint32_t memory_word(const Translator *t, uint32_t memory) {
    return memory << 1 | t->module->memories[memory].is_64;
}

MemArg sgi_tr_memarg(Translator *t) {
    MemArg arg = {.memory = sgi_tr_immediate(t) & 0x40 ? sgi_tr_immediate(t) : 0};
    sgi_leb_read_u(&t->at, t->body->end, 64, &arg.offset);
    return arg;
}

/* Has an access other forms than _ANY, by its memory and offset? */
static bool is_near(const Translator *t, MemArg arg) {
    return arg.memory == 0 && !t->module->memories[0].is_shared && arg.offset <= UINT32_MAX;
}

/* And other forms than _WIDE? */
static bool is_fast(const Translator *t, MemArg arg) {
    return is_near(t, arg) && !t->module->memories[0].is_64;
}

/* Has a store the form of _CONSTANT? */
static bool is_constant_store(const Translator *t, InstrCode instr, MemArg arg) {
    const Operand *value = &t->operands[t->height - 1], *address = value - 1;
    bool is_wide = instr == I_I64_STORE || instr == I_F64_STORE;
    return value->kind == OPERAND_CONST && address->kind != OPERAND_CONST && is_fast(t, arg) &&
           (!is_wide || (int64_t)value->as.value == (int32_t)value->as.value);
}

Variant sgi_tr_address_words(Translator *t, Operand address, MemArg arg, const uint32_t *value,
                             uint32_t *words, uint32_t *count) {
    bool is_fast_one = is_fast(t, arg);
    if (is_fast_one && address.kind == OPERAND_CONST &&
        arg.offset + (uint32_t)address.as.value <= UINT32_MAX) {
        words[(*count)++] = (uint32_t)(arg.offset + (uint32_t)address.as.value);
        if (value)
            words[(*count)++] = *value;
        return VARIANT_ABSOLUTE;
    }
    uint32_t addend = address.kind == OPERAND_CONST ? 0 : address.addend;
    if (is_fast_one && addend != 0)
        address.addend = 0;
    words[(*count)++] = sgi_tr_slot_of(t, address);
    if (value)
        words[(*count)++] = *value;
    words[(*count)++] = (uint32_t)arg.offset;
    if (is_fast_one && addend != 0) {
        words[(*count)++] = addend;
        return VARIANT_PLUS;
    }
    if (is_near(t, arg))
        return is_fast_one ? VARIANT_PLAIN : VARIANT_WIDE;
    words[(*count)++] = (uint32_t)(arg.offset >> 32);
    words[(*count)++] = memory_word(t, arg.memory);
    return VARIANT_ANY;
}

static InstrCode access_instr(Op op) {
    switch (op) {
#define INSTR(id)
#define LOAD(id, type, slot)                                                                                 \
    case OP_##id: return I_##id;
#define STORE LOAD
#include "compile/interp/bytecode.def"
    default: return I_COUNT;
    }
}

static void memory_access(Translator *t, InstrCode instr, bool is_store) {
    MemArg arg = sgi_tr_memarg(t);
    uint32_t words[5];
    uint32_t count = 0;
    unsigned variant;
    if (is_store && is_constant_store(t, instr, arg)) {
        words[1] = (uint32_t)sgi_tr_pop(t).as.value;
        words[0] = sgi_tr_pop_slot(t);
        words[2] = (uint32_t)arg.offset;
        count = 3;
        variant = VARIANT_CONSTANT;
    } else if (is_store) {
        uint32_t value = sgi_tr_pop_slot(t);
        variant = sgi_tr_address_words(t, sgi_tr_pop(t), arg, &value, words, &count);
    } else {
        variant = sgi_tr_address_words(t, sgi_tr_pop(t), arg, NULL, words, &count);
    }
    sgi_tr_mark(t, t->instr_offset);
    if (is_store)
        sgi_tr_emit_effect(t, instr + variant, count, words);
    else
        sgi_tr_emit_result(t, CLASS_NUM, instr + variant, count, words);
}

static InstrCode atomic_instr(Op op) {
    switch (op) {
    case OP_MEMORY_ATOMIC_NOTIFY: return I_MEMORY_ATOMIC_NOTIFY;
    case OP_MEMORY_ATOMIC_WAIT32: return I_MEMORY_ATOMIC_WAIT32;
    case OP_MEMORY_ATOMIC_WAIT64: return I_MEMORY_ATOMIC_WAIT64;
#define ATOMIC_LOAD(id, type, slot)                                                                          \
    case OP_##id: return I_##id;
#define ATOMIC_STORE                         ATOMIC_LOAD
#define ATOMIC_RMW(id, type, slot, exchange) ATOMIC_LOAD(id, type, slot)
#define ATOMIC_CMPXCHG                       ATOMIC_LOAD
#include "compile/interp/atomic.def"
    default: return I_COUNT;
    }
}

/* The signature tells how many operands there are, and whether there is a result. */
static void atomic_access(Translator *t, Op op) {
    const char *signature = sgi_ops[op].signature;
    MemArg arg = sgi_tr_memarg(t);
    uint32_t count = (uint32_t)strcspn(signature, ":");
    uint32_t words[6];
    for (uint32_t i = count; i > 0; i--)
        words[i - 1] = sgi_tr_pop_slot(t);
    words[count] = (uint32_t)arg.offset;
    words[count + 1] = (uint32_t)(arg.offset >> 32);
    words[count + 2] = memory_word(t, arg.memory);
    sgi_tr_mark(t, t->instr_offset);
    if (signature[count + 1])
        sgi_tr_emit_result(t, CLASS_NUM, atomic_instr(op), count + 3, words);
    else
        sgi_tr_emit_effect(t, atomic_instr(op), count + 3, words);
}

/* Pops `count` operands and emits them, before the words that follow. */
static void emit_bulk(Translator *t, InstrCode instr, uint32_t count, uint32_t word, uint32_t second) {
    uint32_t words[5] = {0};
    for (uint32_t i = count; i > 0; i--)
        words[i - 1] = sgi_tr_pop_slot(t);
    words[count] = word;
    words[count + 1] = second;
    sgi_tr_mark(t, t->instr_offset);
    sgi_tr_emit_effect(t, instr, count + 2, words);
}

static void table_or_memory(Translator *t, Op op) {
    uint32_t index = sgi_tr_immediate(t), second;
    uint32_t words[3];
    switch (op) {
    case OP_MEMORY_SIZE: sgi_tr_emit_result(t, CLASS_NUM, I_MEMORY_SIZE, 1, &index); break;
    case OP_TABLE_SIZE: sgi_tr_emit_result(t, CLASS_NUM, I_TABLE_SIZE, 1, &index); break;
    case OP_MEMORY_GROW:
        words[0] = sgi_tr_pop_slot(t);
        words[1] = memory_word(t, index);
        sgi_tr_mark(t, t->instr_offset);
        sgi_tr_emit_result(t, CLASS_NUM, I_MEMORY_GROW, 2, words);
        break;
    case OP_TABLE_GET:
        words[0] = sgi_tr_pop_slot(t);
        words[1] = sgi_tr_table_word(t, index);
        sgi_tr_mark(t, t->instr_offset);
        sgi_tr_emit_result(t, sgi_tr_class(t, t->module->tables[index].type.element), I_TABLE_GET, 2, words);
        break;
    case OP_TABLE_GROW:
        words[1] = sgi_tr_pop_slot(t);
        words[0] = sgi_tr_pop_slot(t);
        words[2] = sgi_tr_table_word(t, index);
        sgi_tr_mark(t, t->instr_offset);
        sgi_tr_emit_result(t, CLASS_NUM, I_TABLE_GROW, 3, words);
        break;
    case OP_TABLE_SET: emit_bulk(t, I_TABLE_SET, 2, sgi_tr_table_word(t, index), 0); break;
    case OP_MEMORY_FILL: emit_bulk(t, I_MEMORY_FILL, 3, memory_word(t, index), 0); break;
    case OP_TABLE_FILL: emit_bulk(t, I_TABLE_FILL, 3, sgi_tr_table_word(t, index), 0); break;
    case OP_MEMORY_COPY:
        second = sgi_tr_immediate(t);
        emit_bulk(t, I_MEMORY_COPY, 3, memory_word(t, index), memory_word(t, second));
        break;
    case OP_TABLE_COPY:
        second = sgi_tr_immediate(t);
        emit_bulk(t, I_TABLE_COPY, 3, sgi_tr_table_word(t, index), sgi_tr_table_word(t, second));
        break;
    case OP_MEMORY_INIT: emit_bulk(t, I_MEMORY_INIT, 3, memory_word(t, sgi_tr_immediate(t)), index); break;
    case OP_TABLE_INIT:
        emit_bulk(t, I_TABLE_INIT, 3, sgi_tr_table_word(t, sgi_tr_immediate(t)), index);
        break;
    case OP_DATA_DROP: emit_bulk(t, I_DATA_DROP, 0, index, 0); break;
    default: emit_bulk(t, I_ELEM_DROP, 0, index, 0); break;
    }
}

void sgi_tr_memory(Translator *t, Op op) {
    InstrCode instr = access_instr(op);
    if (sgi_ops[op].prefix == 0xfe)
        atomic_access(t, op);
    else if (instr != I_COUNT)
        memory_access(t, instr, op >= OP_I32_STORE);
    else
        table_or_memory(t, op);
}
