/* The operand stack at translation time, and the words that come of it: see translator.h. */
#include "compile/interp/translator.h"

/* ---- types ---- */

OperandClass sgi_tr_class(const Translator *t, ValType type) {
    uint32_t heap = sgi_heap(type);
    if (!sgi_is_ref(type))
        return type == VAL_V128 ? CLASS_V128 : CLASS_NUM;
    bool is_func = sgi_is_abstract(heap) ? heap == HEAP_FUNC || heap == HEAP_NOFUNC
                                         : t->module->types[heap].kind == COMP_FUNC;
    return is_func ? CLASS_NUM : CLASS_REF;
}

ValType sgi_tr_read_heap_type(Translator *t) {
    int64_t heap = sgi_leb_s64(&t->at); /* abstract ones are one byte, negative as an s33 */
    return sgi_ref(true, heap >= 0 ? (uint32_t)heap : HEAP_ABSTRACT | ((uint32_t)heap & 0x7f));
}

ValType sgi_tr_read_val_type(Translator *t) {
    uint8_t kind = *t->at;
    if (kind < KIND_V128 && kind != KIND_REF && kind != KIND_REF_NULL)
        return sgi_tr_read_heap_type(t); /* a shorthand */
    t->at++;
    if (kind >= KIND_V128)
        return kind;
    ValType type = sgi_tr_read_heap_type(t);
    return sgi_ref(kind == KIND_REF_NULL, sgi_heap(type));
}

/* ---- writing ---- */

uint32_t *sgi_tr_append(Translator *t, uint32_t count) {
    if (!sgi_vec_reserve(t->alloc, &t->words, count)) {
        t->failed = true;
        t->words.count = 0;
        t->newest = NONE;
    }
    uint32_t *word = t->words.items + t->words.count;
    t->words.count += count;
    return word;
}

static void add_start(Translator *t, uint32_t start) {
    if (!sgi_vec_push(t->alloc, &t->starts, start))
        t->failed = true;
}

uint32_t *sgi_tr_emit(Translator *t, unsigned instr, uint32_t operand_count) {
    uint32_t *word = sgi_tr_append(t, operand_count + 1);
    t->previous = t->newest;
    t->newest = (uint32_t)(word - t->words.items);
    t->last = NONE;
    add_start(t, t->newest);
    *word = instr;
    return word + 1;
}

void sgi_tr_mark(Translator *t, uint32_t offset) {
    Position position = {(uint32_t)t->words.count, offset};
    if (!sgi_vec_push(t->alloc, &t->positions, position))
        t->failed = true;
}

void sgi_tr_retract(Translator *t) {
    t->words.count = t->newest;
    t->starts.count--;
    t->newest = t->previous;
    t->last = t->previous = NONE;
}

uint32_t sgi_tr_place(Translator *t) {
    t->last = t->newest = t->previous = NONE;
    add_start(t, NONE);
    return (uint32_t)t->words.count;
}

void sgi_tr_emit_copy(Translator *t, uint32_t to, uint32_t from) {
    uint32_t *word;
    if (t->newest != NONE && t->words.items[t->newest] == I_COPY) {
        uint32_t first = t->newest;
        uint32_t earlier[] = {t->words.items[first + 1], t->words.items[first + 2]};
        sgi_tr_retract(t);
        word = sgi_tr_emit(t, I_COPY2, 4);
        memcpy(word, earlier, sizeof earlier);
        word += 2;
    } else {
        word = sgi_tr_emit(t, I_COPY, 2);
    }
    word[0] = to;
    word[1] = from;
}

static void emit_copy_v128(Translator *t, uint32_t to, uint32_t from) {
    uint32_t *word = sgi_tr_emit(t, I_COPY_V128, 2);
    word[0] = to;
    word[1] = from;
}

void sgi_tr_emit_const(Translator *t, uint32_t to, uint64_t value) {
    bool is_wide = value > UINT32_MAX;
    uint32_t *word = sgi_tr_emit(t, is_wide ? I_CONST64 : I_CONST32, is_wide ? 3 : 2);
    word[0] = to;
    word[1] = (uint32_t)value;
    if (is_wide)
        word[2] = (uint32_t)(value >> 32);
}

/* (slot << shift) + addend, into `to`. */
static void emit_lea(Translator *t, uint32_t to, uint32_t slot, uint32_t shift, uint32_t addend) {
    bool is_both = shift != 0 && addend != 0;
    uint32_t *word = sgi_tr_emit(t, is_both ? I_LEA : shift ? I_I32_SHL_K : I_I32_ADD_K, is_both ? 4 : 3);
    word[0] = to;
    word[1] = slot;
    word[2] = shift ? shift : addend;
    if (is_both)
        word[3] = addend;
}

/* ---- pushing ---- */

void sgi_tr_push(Translator *t, Operand operand) {
    /* Validation has counted: this cannot happen, and would be a write out of bounds if it did. */
    uint32_t size = operand.class == CLASS_V128 ? 2 : 1;
    if (t->operand_capacity - t->height < size) {
        t->failed = true;
        return;
    }
    if (operand.kind == OPERAND_LOCAL) {
        operand.as.use.next = t->locals[operand.as.use.local].use;
        t->locals[operand.as.use.local].use = t->height;
    }
    t->operands[t->height] = operand;
    if (size == 2)
        t->operands[t->height + 1] = (Operand){.kind = OPERAND_HIGH, .class = CLASS_V128};
    t->height += size;
    t->has_refs |= operand.class == CLASS_REF;
    if (t->height > t->peak)
        t->peak = t->height;
}

void sgi_tr_push_slot(Translator *t, OperandClass class) {
    sgi_tr_push(t, (Operand){.kind = OPERAND_SLOT, .class = (uint8_t)class});
}

void sgi_tr_push_types(Translator *t, const ValType *types, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        sgi_tr_push_slot(t, sgi_tr_class(t, types[i]));
    t->work += count / 16;
}

void sgi_tr_push_const(Translator *t, uint64_t value, OperandClass class) {
    sgi_tr_push(t, (Operand){.as.value = value, .kind = OPERAND_CONST, .class = (uint8_t)class});
}

void sgi_tr_set_local(Translator *t, uint32_t local) {
    if (!t->locals[local].is_set)
        t->set_locals[t->set_count++] = local;
    t->locals[local].is_set = true;
}

void sgi_tr_unset_locals(Translator *t, uint32_t count) {
    while (t->set_count > count)
        t->locals[t->set_locals[--t->set_count]].is_set = false;
}

void sgi_tr_push_local(Translator *t, uint32_t local) {
    t->locals[local].is_zero |= !t->locals[local].is_set;
    sgi_tr_push(
        t, (Operand){.as.use.local = local, .kind = OPERAND_LOCAL, .class = (uint8_t)t->locals[local].class});
}

void sgi_tr_push_result(Translator *t, OperandClass class) {
    t->last = t->newest;
    t->words.items[t->last + 1] = sgi_tr_operand_slot(t, t->height);
    t->last_height = t->height;
    t->last_op = OP_COUNT;
    sgi_tr_push_slot(t, class);
}

/* The same of a numeric instruction of two operands, one of them perhaps a constant. */
static void push_binary(Translator *t, Op op, bool is_k) {
    sgi_tr_push_result(t, CLASS_NUM);
    t->last_op = op;
    t->last_is_k = is_k;
}

void sgi_tr_emit_effect(Translator *t, unsigned instr, uint32_t count, const uint32_t *operands) {
    memcpy(sgi_tr_emit(t, instr, count), operands, count * sizeof *operands);
}

void sgi_tr_emit_result(Translator *t, OperandClass class, unsigned instr, uint32_t count,
                        const uint32_t *operands) {
    uint32_t *word = sgi_tr_emit(t, instr, count + 1);
    memcpy(word + 1, operands, count * sizeof *operands);
    sgi_tr_push_result(t, class);
}

/* ---- popping ---- */

uint32_t sgi_tr_top_index(const Translator *t) {
    uint32_t index = t->height - 1;
    return t->operands[index].kind == OPERAND_HIGH ? index - 1 : index;
}

Operand *sgi_tr_top(Translator *t) {
    return &t->operands[sgi_tr_top_index(t)];
}

static bool is_last(const Translator *t, uint32_t index) {
    const Operand *operand = &t->operands[index];
    return t->last != NONE && t->last_height == index && operand->kind == OPERAND_SLOT &&
           sgi_tr_is_plain(operand);
}

bool sgi_tr_top_is_last(const Translator *t) {
    return t->height > 0 && is_last(t, sgi_tr_top_index(t));
}

Operand sgi_tr_pop(Translator *t) {
    t->height = sgi_tr_top_index(t);
    Operand operand = t->operands[t->height];
    if (operand.kind == OPERAND_LOCAL)
        t->locals[operand.as.use.local].use = operand.as.use.next;
    if (t->flushed > t->height)
        t->flushed = t->height;
    if (t->mapped > t->height)
        t->mapped = t->height;
    return operand;
}

uint32_t sgi_tr_base_slot(const Translator *t, const Operand *operand, uint32_t index) {
    return operand->kind == OPERAND_LOCAL ? t->locals[operand->as.use.local].slot
                                          : sgi_tr_operand_slot(t, index);
}

uint32_t sgi_tr_slot_of(Translator *t, Operand operand) {
    if (operand.kind == OPERAND_LOCAL && sgi_tr_is_plain(&operand))
        return t->locals[operand.as.use.local].slot;
    uint32_t slot = sgi_tr_operand_slot(t, t->height);
    sgi_tr_move_operand(t, operand, t->height, slot);
    return slot;
}

uint32_t sgi_tr_pop_slot(Translator *t) {
    return sgi_tr_slot_of(t, sgi_tr_pop(t));
}

void sgi_tr_set_height(Translator *t, uint32_t height) {
    while (t->height > height)
        sgi_tr_pop(t);
}

/* ---- into slots ---- */

void sgi_tr_move_operand(Translator *t, Operand operand, uint32_t index, uint32_t to) {
    uint32_t base = sgi_tr_base_slot(t, &operand, index);
    if (operand.kind == OPERAND_CONST)
        sgi_tr_emit_const(t, to, operand.as.value);
    else if (!sgi_tr_is_plain(&operand))
        emit_lea(t, to, base, operand.shift, operand.addend);
    else if (base != to && operand.class == CLASS_V128)
        emit_copy_v128(t, to, base);
    else if (base != to)
        sgi_tr_emit_copy(t, to, base);
}

static void flush_operand(Translator *t, uint32_t index) {
    Operand operand = t->operands[index];
    if (operand.kind == OPERAND_HIGH)
        return;
    if (operand.kind == OPERAND_LOCAL)
        t->locals[operand.as.use.local].use = operand.as.use.next;
    sgi_tr_move_operand(t, operand, index, sgi_tr_operand_slot(t, index));
    t->operands[index] = (Operand){.kind = OPERAND_SLOT, .class = operand.class};
}

/* From the newest down, so that each pending local is the first of its list. */
void sgi_tr_flush(Translator *t, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        flush_operand(t, t->height - 1 - i);
    t->work += count / 16;
}

void sgi_tr_flush_locals(Translator *t) {
    for (uint32_t index = t->height; index > t->flushed; index--)
        if (t->operands[index - 1].kind == OPERAND_LOCAL)
            flush_operand(t, index - 1);
    t->flushed = t->height;
}

void sgi_tr_flush_local(Translator *t, uint32_t local) {
    while (t->locals[local].use != NONE)
        flush_operand(t, t->locals[local].use);
}

void sgi_tr_settle(Translator *t, uint32_t index) {
    const Operand *operand = &t->operands[index];
    if (operand->kind == OPERAND_LOCAL && !sgi_tr_is_plain(operand))
        sgi_tr_flush_local(t, operand->as.use.local);
    else if (operand->kind == OPERAND_CONST || !sgi_tr_is_plain(operand))
        flush_operand(t, index);
}

/* ---- stack maps ---- */

static uint32_t add_node(Translator *t, uint32_t index, uint32_t below) {
    MapNode node = {sgi_tr_operand_slot(t, index), below};
    if (!sgi_vec_push(t->alloc, &t->nodes, node)) {
        t->failed = true;
        return NO_NODE;
    }
    return (uint32_t)t->nodes.count - 1;
}

/* Constants that are references are null: nothing to follow, then or later. */
static bool is_ref_slot(const Translator *t, uint32_t index) {
    return t->operands[index].class == CLASS_REF && t->operands[index].kind == OPERAND_SLOT;
}

uint32_t sgi_tr_map(Translator *t, uint32_t kept, uint32_t height) {
    if (!t->has_refs)
        return NO_NODE;
    if (t->maps == NULL) {
        t->maps = sgi_alloc(t->alloc, t->operand_capacity * sizeof *t->maps);
        if (t->maps == NULL) {
            t->failed = true;
            return NO_NODE;
        }
    }
    for (; t->mapped < kept; t->mapped++, t->work++) {
        const Operand *operand = &t->operands[t->mapped];
        uint32_t node = t->mapped > 0 ? t->maps[t->mapped - 1] : NO_NODE;
        if (operand->class == CLASS_REF && operand->kind == OPERAND_LOCAL)
            sgi_tr_flush_local(t, operand->as.use.local);
        t->maps[t->mapped] = is_ref_slot(t, t->mapped) ? add_node(t, t->mapped, node) : node;
    }
    uint32_t node = kept > 0 ? t->maps[kept - 1] : NO_NODE;
    for (uint32_t i = kept; i < height; i++)
        if (is_ref_slot(t, i))
            node = add_node(t, i, node);
    return node;
}

void sgi_tr_site(Translator *t, uint32_t node) {
    sgi_tr_mark(t, t->instr_offset);
    MapSite site = {(uint32_t)t->words.count, node};
    uint32_t before = t->sites.count > 0 ? t->sites.items[t->sites.count - 1].node : NO_NODE;
    if (node != before && !sgi_vec_push(t->alloc, &t->sites, site))
        t->failed = true;
}

/* ---- numeric instructions ---- */

const NumericRow sgi_numeric[OP_COUNT] = {
#define UNARY(id, from, to, expression)    [OP_##id] = {NUMERIC_UNARY, TYPE_##from, I_##id, 0, 0},
#define UNARY_TRAP(id, from, to, function) [OP_##id] = {NUMERIC_UNARY_TRAP, TYPE_##from, I_##id, 0, 0},
#define BINARY(id, type, expression)       [OP_##id] = {NUMERIC_BINARY, TYPE_##type, I_##id, 0, 0},
#define COMMUTATIVE(id, type, expression)  [OP_##id] = {NUMERIC_COMMUTATIVE, TYPE_##type, I_##id, 0, 0},
#define BINARY_TRAP(id, type, function)    [OP_##id] = {NUMERIC_BINARY_TRAP, TYPE_##type, I_##id, 0, 0},
#define COMPARE(id, type, expression, inverse, mirror)                                                       \
    [OP_##id] = {NUMERIC_COMPARE, TYPE_##type, I_##id, OP_##inverse, OP_##mirror},
#define FLOAT_COMPARE(id, type, expression, mirror)                                                          \
    [OP_##id] = {NUMERIC_FLOAT_COMPARE, TYPE_##type, I_##id, 0, OP_##mirror},
#include "module/numeric.def"
};

/* The words of a constant operand; 0 if it does not fit: 64-bit integers are sign-extended from one word. */
static uint32_t constant_words(NumericType type, uint64_t value) {
    switch (type) {
    case TYPE_u64:
    case TYPE_s64: return (int64_t)value == (int32_t)value;
    case TYPE_f64: return 2;
    default: return 1;
    }
}

/* [instr][to][slot][constant] */
static void emit_with_constant(Translator *t, const NumericRow *row, Op op, Variant variant, uint32_t slot,
                               uint64_t value) {
    uint32_t constant = constant_words(row->type, value);
    uint32_t *word = sgi_tr_emit(t, row->instr + (unsigned)variant, 2 + constant);
    word[1] = slot;
    word[2] = (uint32_t)value;
    if (constant == 2)
        word[3] = (uint32_t)(value >> 32);
    push_binary(t, op, true);
}

/* An addition or shift that waits: of an i32 operand, below `b`, and a constant. False if it cannot wait. */
static bool postpone(Translator *t, Op op, uint32_t b) {
    Operand a = *sgi_tr_top(t);
    if (a.kind == OPERAND_CONST)
        return false;
    if (op == OP_I32_ADD) {
        a.addend += b;
    } else if (op == OP_I32_SUB) {
        a.addend -= b;
    } else if (op == OP_I32_SHL && sgi_tr_is_plain(&a)) {
        a.shift = b & 31;
    } else {
        return false;
    }
    sgi_tr_pop(t);
    sgi_tr_push(t, a);
    return true;
}

/* i32.add of operands that have shifts or addends: the addends go on waiting, as the result's. */
static void add_postponed(Translator *t, Operand a, Operand b) {
    uint32_t addend = a.addend + b.addend;
    uint32_t b_index = t->height + 1;
    if (a.shift != 0 && b.shift != 0) {
        sgi_tr_move_operand(t, b, b_index, sgi_tr_operand_slot(t, b_index));
        b = (Operand){.kind = OPERAND_SLOT};
        addend = a.addend;
    }
    uint32_t a_slot = sgi_tr_base_slot(t, &a, t->height), b_slot = sgi_tr_base_slot(t, &b, b_index);
    uint32_t shift = a.shift + b.shift;
    uint32_t *word = sgi_tr_emit(t, shift ? I_SHL_ADD : I_I32_ADD, shift ? 4 : 3);
    word[1] = b.shift ? b_slot : a_slot;
    word[2] = shift ? shift : b_slot;
    if (shift)
        word[3] = b.shift ? a_slot : b_slot;
    sgi_tr_push_result(t, CLASS_NUM);
    sgi_tr_top(t)->addend = addend;
}

/* f32.add or f64.add of a product that was just made; false if it was not. */
static bool multiply_add(Translator *t, Op op) {
    InstrCode multiply = op == OP_F32_ADD ? I_F32_MUL : I_F64_MUL;
    bool is_left = is_last(t, t->height - 2);
    if ((!is_left && !is_last(t, t->height - 1)) || t->words.items[t->last] != (uint32_t)multiply)
        return false;
    uint32_t factors[] = {t->words.items[t->last + 2], t->words.items[t->last + 3]};
    sgi_tr_retract(t);
    Operand b = sgi_tr_pop(t);
    uint32_t addend = is_left ? sgi_tr_slot_of(t, b) : 0;
    Operand a = sgi_tr_pop(t);
    if (!is_left)
        addend = sgi_tr_slot_of(t, a);
    InstrCode instr = op == OP_F32_ADD ? I_F32_MUL_ADD : I_F64_MUL_ADD;
    uint32_t *word = sgi_tr_emit(t, (unsigned)instr + !is_left, 4);
    memcpy(word + 1, factors, sizeof factors);
    word[3] = addend;
    sgi_tr_push_result(t, CLASS_NUM);
    return true;
}

static void binary(Translator *t, Op op) {
    const NumericRow *row = &sgi_numeric[op];
    if ((op == OP_F32_ADD || op == OP_F64_ADD) && multiply_add(t, op))
        return;
    Operand b = sgi_tr_pop(t);
    if (b.kind == OPERAND_CONST && constant_words(row->type, b.as.value)) {
        if (postpone(t, op, (uint32_t)b.as.value))
            return;
        uint32_t a_slot = sgi_tr_pop_slot(t);
        if (row->class == NUMERIC_BINARY_TRAP)
            sgi_tr_mark(t, t->instr_offset);
        emit_with_constant(t, row, op, VARIANT_K, a_slot, b.as.value);
        return;
    }
    if (op == OP_I32_ADD) {
        Operand a = sgi_tr_pop(t);
        if (a.kind == OPERAND_CONST) {
            b.addend += (uint32_t)a.as.value;
            uint32_t slot = sgi_tr_base_slot(t, &b, t->height + 1);
            emit_lea(t, 0, slot, b.shift, b.addend);
            sgi_tr_push_result(t, CLASS_NUM);
        } else {
            add_postponed(t, a, b);
        }
        return;
    }
    uint32_t b_slot = sgi_tr_slot_of(t, b);
    Operand a = sgi_tr_pop(t);
    if (a.kind == OPERAND_CONST && row->class != NUMERIC_BINARY_TRAP &&
        constant_words(row->type, a.as.value)) {
        bool is_comparison = row->class == NUMERIC_COMPARE || row->class == NUMERIC_FLOAT_COMPARE;
        op = is_comparison ? (Op)row->mirror : op;
        emit_with_constant(t, &sgi_numeric[op], op, row->class == NUMERIC_BINARY ? VARIANT_KR : VARIANT_K,
                           b_slot, a.as.value);
        return;
    }
    uint32_t a_slot = sgi_tr_slot_of(t, a);
    if (row->class == NUMERIC_BINARY_TRAP)
        sgi_tr_mark(t, t->instr_offset);
    uint32_t *word = sgi_tr_emit(t, row->instr, 3);
    word[1] = a_slot;
    word[2] = b_slot;
    push_binary(t, op, false);
}

void sgi_tr_numeric(Translator *t, Op op) {
    const NumericRow *row = &sgi_numeric[op];
    if (row->class != NUMERIC_UNARY && row->class != NUMERIC_UNARY_TRAP) {
        binary(t, op);
        return;
    }
    uint32_t slot = sgi_tr_pop_slot(t);
    if (row->class == NUMERIC_UNARY_TRAP)
        sgi_tr_mark(t, t->instr_offset);
    uint32_t *word = sgi_tr_emit(t, row->instr, 2);
    word[1] = slot;
    sgi_tr_push_result(t, CLASS_NUM);
}

/* ---- conditions ---- */

static bool last_is_comparison(const Translator *t) {
    return sgi_tr_top_is_last(t) && t->last_op != OP_COUNT &&
           sgi_numeric[t->last_op].class >= NUMERIC_COMPARE;
}

void sgi_tr_eqz(Translator *t, Op op) {
    if (op == OP_I32_EQZ && last_is_comparison(t) && sgi_numeric[t->last_op].class == NUMERIC_COMPARE) {
        t->last_op = sgi_numeric[t->last_op].inverse;
        t->words.items[t->last] = sgi_numeric[t->last_op].instr + (t->last_is_k ? VARIANT_K : 0u);
        return;
    }
    Op equal = op == OP_I32_EQZ ? OP_I32_EQ : OP_I64_EQ;
    uint32_t slot = sgi_tr_pop_slot(t);
    emit_with_constant(t, &sgi_numeric[equal], equal, VARIANT_K, slot, 0);
}

Condition sgi_tr_pop_condition(Translator *t) {
    if (last_is_comparison(t)) {
        Condition condition = {.op = t->last_op, .is_k = t->last_is_k};
        for (size_t i = t->last + 2; i < t->words.count; i++)
            condition.words[condition.word_count++] = t->words.items[i];
        sgi_tr_retract(t);
        sgi_tr_pop(t);
        return condition;
    }
    uint32_t slot = sgi_tr_pop_slot(t);
    return (Condition){.op = OP_I32_NE, .is_k = true, .words = {slot, 0}, .word_count = 2};
}
