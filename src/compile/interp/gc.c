/* Structs, arrays, i31 and casts in the translator. */
#include "compile/interp/translator.h"

/* Pops `count` operands into `words`; the node of all references, these included. */
static uint32_t pop_operands(Translator *t, uint32_t *words, uint32_t count, uint32_t entries) {
    uint32_t node = sgi_tr_map(t, t->height - entries, t->height);
    for (uint32_t i = count; i > 0; i--)
        words[i - 1] = sgi_tr_pop_slot(t);
    return node;
}

static OperandClass class_of(Storage storage) {
    return storage == STORAGE_REF ? CLASS_REF : storage == STORAGE_128 ? CLASS_V128 : CLASS_NUM;
}

static uint32_t entries_of(Storage storage) {
    return storage == STORAGE_128 ? 2 : 1;
}

/* The distance from _8_S, or from _8 of what is stored. */
static unsigned getter(Storage storage, bool is_signed) {
    static const uint8_t distances[] = {[STORAGE_8] = 1,  [STORAGE_16] = 3,  [STORAGE_32] = 4,
                                        [STORAGE_64] = 5, [STORAGE_REF] = 5, [STORAGE_128] = 6};
    return distances[storage] - (unsigned)is_signed;
}
static unsigned setter(Storage storage) {
    return storage == STORAGE_REF ? (unsigned)STORAGE_64 : (unsigned)storage;
}

/* [instr][to][words...] that may collect. */
static void emit_new(Translator *t, InstrCode instr, const uint32_t *words, uint32_t count, uint32_t node) {
    sgi_tr_site(t, node);
    memcpy(sgi_tr_emit(t, instr, count + 1) + 1, words, count * sizeof *words);
    sgi_tr_push_result(t, CLASS_REF);
}

static void emit(Translator *t, InstrCode instr, const uint32_t *words, uint32_t count) {
    sgi_tr_mark(t, t->instr_offset);
    memcpy(sgi_tr_emit(t, instr, count), words, count * sizeof *words);
}

static void emit_get(Translator *t, unsigned instr, const uint32_t *words, uint32_t count,
                     OperandClass class) {
    sgi_tr_mark(t, t->instr_offset);
    memcpy(sgi_tr_emit(t, instr, count + 1) + 1, words, count * sizeof *words);
    sgi_tr_push_result(t, class);
}

/* ---- structs ---- */

/* Operands stay where they are, one word each: there may be thousands. */
static void struct_new(Translator *t, uint32_t type) {
    const Rtt *rtt = t->module->types[type].rtt;
    uint32_t entries = 0, count = rtt->field_count;
    for (uint32_t i = 0; i < count; i++)
        entries += entries_of((Storage)rtt->fields[i].storage);
    uint32_t base = t->height - entries;
    uint32_t node = sgi_tr_map(t, base, t->height);
    for (uint32_t i = t->height; i > base; i--)
        sgi_tr_settle(t, i - 1);
    t->work += count / 16;
    if (sgi_vec_reserve(t->alloc, &t->words, (size_t)count + 3)) {
        sgi_tr_site(t, node);
        uint32_t *word = sgi_tr_emit(t, I_STRUCT_NEW, count + 2);
        word[1] = type;
        for (uint32_t i = 0, index = base; i < count; i++) {
            word[2 + i] = sgi_tr_base_slot(t, &t->operands[index], index);
            index += entries_of((Storage)rtt->fields[i].storage);
        }
    } else {
        t->failed = true;
    }
    sgi_tr_set_height(t, base);
    sgi_tr_push_result(t, CLASS_REF);
}

static void struct_access(Translator *t, Op op) {
    const Rtt *rtt = t->module->types[sgi_tr_immediate(t)].rtt;
    const RttField *field = &rtt->fields[sgi_tr_immediate(t)];
    Storage storage = (Storage)field->storage;
    uint32_t words[3];
    if (op == OP_STRUCT_SET) {
        words[1] = sgi_tr_pop_slot(t);
        words[0] = sgi_tr_pop_slot(t);
        words[2] = field->offset;
        emit(t, (InstrCode)(I_STRUCT_SET_8 + setter(storage)), words, 3);
        return;
    }
    words[0] = sgi_tr_pop_slot(t);
    words[1] = field->offset;
    emit_get(t, I_STRUCT_GET_8_S + getter(storage, op == OP_STRUCT_GET_S), words, 2, class_of(storage));
}

/* ---- arrays ---- */

static void array_new_fixed(Translator *t, uint32_t type) {
    uint32_t length = sgi_tr_immediate(t);
    uint32_t entries = length * entries_of((Storage)t->module->types[type].rtt->element);
    sgi_tr_flush(t, entries);
    uint32_t node = sgi_tr_map(t, t->height - entries, t->height);
    sgi_tr_set_height(t, t->height - entries);
    uint32_t words[] = {sgi_tr_operand_slot(t, t->height), length, type};
    emit_new(t, I_ARRAY_NEW_FIXED, words, 3, node);
}

static void array_new(Translator *t, Op op) {
    uint32_t type = sgi_tr_immediate(t);
    uint32_t words[4];
    uint32_t count, node;
    switch (op) {
    case OP_ARRAY_NEW_FIXED: array_new_fixed(t, type); return;
    case OP_ARRAY_NEW:
        node = pop_operands(t, words, 2, 1 + entries_of((Storage)t->module->types[type].rtt->element));
        words[2] = type;
        emit_new(t, I_ARRAY_NEW, words, 3, node);
        return;
    case OP_ARRAY_NEW_DEFAULT:
        node = pop_operands(t, words, 1, 1);
        words[1] = type;
        emit_new(t, I_ARRAY_NEW_DEFAULT, words, 2, node);
        return;
    default:
        count = 2;
        node = pop_operands(t, words, count, 2);
        words[count++] = type;
        words[count++] = sgi_tr_immediate(t);
        emit_new(t, op == OP_ARRAY_NEW_DATA ? I_ARRAY_NEW_DATA : I_ARRAY_NEW_ELEM, words, count, node);
    }
}

static void array_access(Translator *t, Op op) {
    Storage storage = (Storage)t->module->types[sgi_tr_immediate(t)].rtt->element;
    uint32_t words[3];
    if (op == OP_ARRAY_SET) {
        for (int i = 2; i >= 0; i--)
            words[i] = sgi_tr_pop_slot(t);
        emit(t, (InstrCode)(I_ARRAY_SET_8 + setter(storage)), words, 3);
        return;
    }
    words[1] = sgi_tr_pop_slot(t);
    words[0] = sgi_tr_pop_slot(t);
    emit_get(t, I_ARRAY_GET_8_S + getter(storage, op == OP_ARRAY_GET_S), words, 2, class_of(storage));
}

/* Pops `count` operands, which come before the second immediate if `has_segment`. */
static void array_bulk(Translator *t, InstrCode instr, uint32_t count, bool has_segment) {
    uint32_t words[6];
    sgi_tr_immediate(t);
    uint32_t second = instr == I_ARRAY_FILL ? 0 : sgi_tr_immediate(t);
    for (uint32_t i = count; i > 0; i--)
        words[i - 1] = sgi_tr_pop_slot(t);
    if (has_segment)
        words[count++] = second;
    emit(t, instr, words, count);
}

/* ---- references ---- */

static uint32_t read_test(Translator *t, bool is_nullable) {
    return sgi_heap(sgi_tr_read_heap_type(t)) << 1 | is_nullable;
}

static void ref_test(Translator *t, bool is_nullable) {
    uint32_t words[] = {sgi_tr_pop_slot(t), read_test(t, is_nullable)};
    emit_get(t, I_REF_TEST, words, 2, CLASS_NUM);
}

/* The operand stays what it is. */
static void ref_cast(Translator *t, bool is_nullable) {
    Operand operand = sgi_tr_pop(t);
    uint32_t words[] = {sgi_tr_slot_of(t, operand), read_test(t, is_nullable)};
    emit(t, I_REF_CAST, words, 2);
    if (operand.kind == OPERAND_LOCAL)
        sgi_tr_push_local(t, operand.as.use.local);
    else
        sgi_tr_push_slot(t, (OperandClass)operand.class);
}

static void br_on_cast(Translator *t, bool if_fails) {
    enum { TARGET_NULLABLE = 2 };
    uint8_t flags = *t->at++;
    uint32_t depth = sgi_tr_immediate(t);
    sgi_tr_read_heap_type(t);
    uint32_t test = read_test(t, flags & TARGET_NULLABLE);
    sgi_tr_br_on_cast(t, depth, test, if_fails);
}

static void unary(Translator *t, InstrCode instr, OperandClass class) {
    uint32_t slot = sgi_tr_pop_slot(t);
    emit_get(t, instr, &slot, 1, class);
}

void sgi_tr_gc(Translator *t, Op op) {
    uint32_t words[2];
    switch (op) {
    case OP_STRUCT_NEW: struct_new(t, sgi_tr_immediate(t)); break;
    case OP_STRUCT_NEW_DEFAULT:
        words[0] = sgi_tr_immediate(t);
        emit_new(t, I_STRUCT_NEW_DEFAULT, words, 1, sgi_tr_map(t, t->height, t->height));
        break;
    case OP_STRUCT_GET:
    case OP_STRUCT_GET_S:
    case OP_STRUCT_GET_U:
    case OP_STRUCT_SET: struct_access(t, op); break;
    case OP_ARRAY_NEW:
    case OP_ARRAY_NEW_DEFAULT:
    case OP_ARRAY_NEW_FIXED:
    case OP_ARRAY_NEW_DATA:
    case OP_ARRAY_NEW_ELEM: array_new(t, op); break;
    case OP_ARRAY_GET:
    case OP_ARRAY_GET_S:
    case OP_ARRAY_GET_U:
    case OP_ARRAY_SET: array_access(t, op); break;
    case OP_ARRAY_LEN: unary(t, I_ARRAY_LEN, CLASS_NUM); break;
    case OP_ARRAY_FILL: array_bulk(t, I_ARRAY_FILL, 4, false); break;
    case OP_ARRAY_COPY: array_bulk(t, I_ARRAY_COPY, 5, false); break;
    case OP_ARRAY_INIT_DATA: array_bulk(t, I_ARRAY_INIT_DATA, 4, true); break;
    case OP_ARRAY_INIT_ELEM: array_bulk(t, I_ARRAY_INIT_ELEM, 4, true); break;
    case OP_REF_EQ:
        words[1] = sgi_tr_pop_slot(t);
        words[0] = sgi_tr_pop_slot(t);
        emit_get(t, I_REF_EQ, words, 2, CLASS_NUM);
        break;
    case OP_REF_TEST:
    case OP_REF_TEST_NULL: ref_test(t, op == OP_REF_TEST_NULL); break;
    case OP_REF_CAST:
    case OP_REF_CAST_NULL: ref_cast(t, op == OP_REF_CAST_NULL); break;
    case OP_BR_ON_CAST:
    case OP_BR_ON_CAST_FAIL: br_on_cast(t, op == OP_BR_ON_CAST_FAIL); break;
    case OP_REF_I31: unary(t, I_REF_I31, CLASS_REF); break;
    case OP_I31_GET_S: unary(t, I_I31_GET_S, CLASS_NUM); break;
    case OP_I31_GET_U: unary(t, I_I31_GET_U, CLASS_NUM); break;
    default: break; /* any.convert_extern, extern.convert_any: the same reference */
    }
}
