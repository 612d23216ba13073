/* Blocks and branches of the translator.
 *
 * Where paths meet (a block's end, a loop's head) all operands of the block stand in their own slots, and
 * below it no operand is a pending local; so a branch has only its own values to move. A forward branch holds
 * the rel word of the one before it to the same label until the label is placed, and charges the segment that
 * begins there itself. */
#include "compile/interp/translator.h"

/* Branches with more values first put them into their slots, for good, and then move them at once: or else
 * the same values could be moved one by one by each of many branches. */
enum { SINGLE_MOVES = 4 };

/* Does a segment begin at t->at? Those that were passed over began in code that cannot be reached after all.
 */
static bool is_segment(Translator *t) {
    while (t->segment != t->segment_end && t->body->code + t->segment->offset < t->at)
        t->segment++;
    return t->segment != t->segment_end && t->body->code + t->segment->offset == t->at;
}

uint32_t sgi_tr_take_cost(Translator *t) {
    return is_segment(t) && t->segment->kind == SEGMENT_PLAIN ? (t->segment++)->cost : 0;
}

static uint32_t here(const Translator *t) {
    return (uint32_t)t->words.count;
}

static void patch(Translator *t, uint32_t rel, uint32_t target, uint32_t cost) {
    if (t->failed)
        return;
    t->words.items[rel] = target - rel;
    t->words.items[rel + 1] = cost;
}

static void patch_chain(Translator *t, uint32_t rel, uint32_t target, uint32_t cost) {
    while (rel != NONE && !t->failed) {
        uint32_t next = t->words.items[rel];
        patch(t, rel, target, cost);
        rel = next;
    }
}

/* Fills in the rel word at `rel` (and the cost after it) of a forward branch or br_table entry to `label`. */
static void link_branch(Translator *t, Label *label, uint32_t rel) {
    if (label->op == OP_LOOP) {
        patch(t, rel, label->target, 0);
    } else {
        t->words.items[rel] = label->chain;
        label->chain = rel;
    }
}

/* In slots. */
static uint32_t arity(const Label *label) {
    return label->op == OP_LOOP ? label->param_slots : label->result_slots;
}

static bool is_function(const Translator *t, const Label *label) {
    return label == t->labels;
}

/* Do the label's values stand where it wants them, once they are in slots? */
static bool is_in_place(const Translator *t, const Label *label) {
    return !is_function(t, label) && (arity(label) == 0 || label->base + arity(label) == t->height);
}

/* Can a branch to `label` just jump? */
static bool is_direct(const Translator *t, const Label *label) {
    if (!is_in_place(t, label))
        return false;
    uint32_t count = arity(label);
    for (uint32_t i = label->base; i < label->base + count; i++)
        if ((t->operands[i].kind != OPERAND_SLOT && t->operands[i].kind != OPERAND_HIGH) ||
            !sgi_tr_is_plain(&t->operands[i]))
            return false;
    return true;
}

/* Are the newest operands, `count` entries, a single one? */
static bool is_single(const Translator *t, uint32_t count) {
    return count > 0 && t->height - count == sgi_tr_top_index(t);
}

/* To be called before anything of a branch is emitted that not every path runs. */
static void prepare_values(Translator *t, const Label *label) {
    uint32_t count = arity(label);
    if (count > SINGLE_MOVES || (is_function(t, label) && count > 0 && !is_single(t, count)))
        sgi_tr_flush(t, count);
}

static void emit_move(Translator *t, uint32_t to, uint32_t from, uint32_t count) {
    if (to == from || count == 0)
        return;
    uint32_t *word = sgi_tr_emit(t, I_MOVE, 3);
    word[0] = to;
    word[1] = from;
    word[2] = count;
}

/* Moves the newest operands to the label's places. Ascending: no place lies above the value's own slot. */
static void move_values(Translator *t, const Label *label) {
    uint32_t count = arity(label), from = t->height - count;
    if (count > SINGLE_MOVES) {
        emit_move(t, sgi_tr_operand_slot(t, label->base), sgi_tr_operand_slot(t, from), count);
        return;
    }
    if (is_single(t, count) && sgi_tr_top_is_last(t)) {
        t->words.items[t->last + 1] = sgi_tr_operand_slot(t, label->base);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        if (t->operands[from + i].kind != OPERAND_HIGH)
            sgi_tr_move_operand(t, t->operands[from + i], from + i, sgi_tr_operand_slot(t, label->base + i));
}

void sgi_tr_return(Translator *t) {
    uint32_t count = t->type->result_slots;
    uint32_t from = t->height - count;
    bool single = is_single(t, count);
    Operand top = single ? *sgi_tr_top(t) : (Operand){.kind = OPERAND_CONST};
    if (single && sgi_tr_top_is_last(t)) {
        t->words.items[t->last + 1] = 0;
    } else if (top.kind != OPERAND_CONST && top.class != CLASS_V128 && sgi_tr_is_plain(&top)) {
        uint32_t *word = sgi_tr_emit(t, I_RETURN1, 2);
        word[0] = t->header;
        word[1] = sgi_tr_base_slot(t, &top, from);
        return;
    } else if (single) {
        sgi_tr_move_operand(t, top, from, 0);
    } else {
        sgi_tr_flush(t, count);
        emit_move(t, 0, sgi_tr_operand_slot(t, from), count);
    }
    *sgi_tr_emit(t, I_RETURN, 1) = t->header;
}

static void jump(Translator *t, Label *label) {
    if (label->op == OP_LOOP) {
        uint32_t *rel = sgi_tr_emit(t, I_BR_LOOP, 1);
        *rel = label->target - (here(t) - 1);
    } else {
        sgi_tr_emit(t, I_BR, 2);
        link_branch(t, label, here(t) - 2);
    }
}

/* Moves the values and jumps, without conditions. */
static void leave(Translator *t, Label *label) {
    if (is_function(t, label)) {
        sgi_tr_return(t);
    } else {
        move_values(t, label);
        jump(t, label);
    }
}

uint32_t sgi_tr_jump_over(Translator *t) {
    sgi_tr_emit(t, I_BR, 2);
    return here(t) - 2;
}

void sgi_tr_land(Translator *t, uint32_t jump) {
    patch(t, jump, sgi_tr_place(t), 0);
}

/* If the newest instruction adds a constant to one side of the integer comparison, which it was made for:
 * takes it back, and makes that the left side. */
static bool take_step(Translator *t, Condition *condition, uint32_t *step) {
    const NumericRow *row = &sgi_numeric[condition->op];
    if (t->newest == NONE || row->class != NUMERIC_COMPARE)
        return false;
    bool is_i32 = row->type == TYPE_u32 || row->type == TYPE_s32;
    const uint32_t *word = t->words.items + t->newest;
    uint32_t slot = word[1];
    if (word[0] != (is_i32 ? I_I32_ADD_K : I_I64_ADD_K) || word[2] != slot)
        return false;
    if (!condition->is_k && condition->words[1] == slot && condition->words[0] != slot) {
        condition->op = (Op)row->mirror;
        condition->words[1] = condition->words[0];
        condition->words[0] = slot;
    }
    if (condition->words[0] != slot)
        return false;
    *step = word[3];
    sgi_tr_retract(t);
    return true;
}

/* Jumps if `condition` holds, or does not: to the loop `target`, or forward; the rel word. */
static uint32_t branch(Translator *t, Condition condition, bool negate, uint32_t target,
                       uint32_t cost_behind) {
    if (negate && sgi_numeric[condition.op].class == NUMERIC_COMPARE) {
        condition.op = (Op)sgi_numeric[condition.op].inverse;
        negate = false;
    }
    bool is_loop = target != NONE;
    unsigned variant = is_loop ? VARIANT_LOOP : VARIANT_BR;
    uint32_t step;
    bool has_step = is_loop && take_step(t, &condition, &step);
    if (has_step)
        variant = VARIANT_LOOP_ADD;
    if (negate)
        variant += VARIANT_NOT;
    uint32_t *word =
        sgi_tr_emit(t, sgi_numeric[condition.op].instr + variant + (condition.is_k ? VARIANT_K : 0u),
                    condition.word_count + has_step + (is_loop ? 2 : 3));
    if (has_step)
        *word++ = step;
    for (uint32_t i = 0; i < condition.word_count; i++)
        *word++ = condition.words[i];
    uint32_t rel = here(t) - (is_loop ? 2 : 3);
    if (is_loop)
        *word = target - rel;
    word[is_loop ? 1 : 2] = cost_behind;
    return rel;
}

/* ---- blocks ---- */

/* blocktype: empty, a value type, or a type index. */
static void read_block_type(Translator *t, Label *label) {
    if (*t->at == 0x40) {
        t->at++;
    } else if ((*t->at & 0xc0) == 0x40) {
        label->result = sgi_tr_read_val_type(t);
        label->result_slots = label->result == VAL_V128 ? 2 : 1;
    } else {
        label->type = &t->module->types[sgi_leb_s64(&t->at)].as.func;
        label->param_slots = (uint16_t)label->type->param_slots;
        label->result_slots = (uint16_t)label->type->result_slots;
    }
}

uint32_t sgi_tr_head(Translator *t) {
    uint32_t target = sgi_tr_place(t);
    uint32_t cost = is_segment(t) ? (t->segment++)->cost : 0;
    sgi_tr_mark(t, (uint32_t)(t->at - t->body->code));
    *sgi_tr_emit(t, I_HEAD, 1) = cost;
    return target;
}

void sgi_tr_charge(Translator *t) {
    uint32_t cost = sgi_tr_take_cost(t);
    if (cost > 0)
        *sgi_tr_emit(t, I_CHARGE, 1) = cost;
}

void sgi_tr_block(Translator *t, Op op) {
    Label new = {.op = op, .chain = NONE, .target = NONE, .result = VAL_BOTTOM};
    read_block_type(t, &new);
    Condition condition = {.op = OP_COUNT};
    if (op == OP_IF)
        condition = sgi_tr_pop_condition(t);
    if (t->label_count == t->label_capacity) { /* as in push */
        t->failed = true;
        return;
    }
    new.base = t->height - new.param_slots;
    new.set_count = t->set_count;
    sgi_tr_flush(t, new.param_slots);
    sgi_tr_flush_locals(t);
    new.handler = t->labels[t->label_count - 1].handler;
    if (op == OP_TRY_TABLE)
        sgi_tr_catches(t, &new);
    else if (op == OP_TRY)
        sgi_tr_try(t, &new);
    Label *label = &t->labels[t->label_count++];
    *label = new;
    if (op == OP_IF)
        label->target = branch(t, condition, true, NONE, sgi_tr_take_cost(t));
    else if (op == OP_LOOP)
        label->target = sgi_tr_head(t);
}

static void reset_to_params(Translator *t, const Label *label) {
    sgi_tr_set_height(t, label->base);
    if (label->type)
        sgi_tr_push_types(t, label->type->params, label->type->param_count);
}

static void reset_to_results(Translator *t, const Label *label) {
    sgi_tr_set_height(t, label->base);
    if (label->type)
        sgi_tr_push_types(t, label->type->results, label->type->result_count);
    else if (label->result != VAL_BOTTOM)
        sgi_tr_push_types(t, &label->result, 1);
}

void sgi_tr_else(Translator *t) {
    Label *label = &t->labels[t->label_count - 1];
    if (!t->unreachable) {
        sgi_tr_flush(t, label->result_slots);
        jump(t, label);
    }
    patch(t, label->target, sgi_tr_place(t), sgi_tr_take_cost(t));
    label->target = NONE;
    label->op = OP_ELSE;
    sgi_tr_unset_locals(t, label->set_count);
    reset_to_params(t, label);
    t->unreachable = false;
}

void sgi_tr_end(Translator *t) {
    Label *label = &t->labels[--t->label_count];
    if (t->label_count == 0) {
        if (!t->unreachable)
            sgi_tr_return(t);
        return;
    }
    if (label->op == OP_LOOP) {
        if (t->unreachable)
            reset_to_results(t, label);
        t->unreachable = false;
        return;
    }
    sgi_tr_leave_handler(t, label);
    bool is_joined = label->chain != NONE || label->op == OP_IF || label->op == OP_CATCH;
    if (label->op == OP_CATCH && !t->unreachable) {
        prepare_values(t, label);
        move_values(t, label);
    } else if (is_joined && !t->unreachable)
        sgi_tr_flush(t, label->result_slots);
    uint32_t cost = sgi_tr_take_cost(t);
    if (cost > 0 && !t->unreachable)
        *sgi_tr_emit(t, I_CHARGE, 1) = cost;
    if (is_joined || t->unreachable) {
        uint32_t target = sgi_tr_place(t);
        patch_chain(t, label->chain, target, cost);
        if (label->op == OP_IF)
            patch(t, label->target, target, cost);
        sgi_tr_unset_locals(t, label->set_count);
        reset_to_results(t, label);
    }
    t->unreachable = false;
}

/* ---- branches ---- */

static Label *label_at(Translator *t, uint32_t depth) {
    return &t->labels[t->label_count - 1 - depth];
}

void sgi_tr_br(Translator *t, uint32_t depth) {
    Label *label = label_at(t, depth);
    prepare_values(t, label);
    leave(t, label);
    t->unreachable = true;
}

void sgi_tr_br_from(Translator *t, uint32_t depth, uint32_t height, uint32_t count) {
    Label *label = label_at(t, depth);
    uint32_t from = sgi_tr_operand_slot(t, height);
    if (height + count > t->peak)
        t->peak = height + count;
    if (is_function(t, label)) {
        emit_move(t, 0, from, count);
        *sgi_tr_emit(t, I_RETURN, 1) = t->header;
    } else {
        emit_move(t, sgi_tr_operand_slot(t, label->base), from, count);
        jump(t, label);
    }
}

void sgi_tr_br_if(Translator *t, uint32_t depth) {
    Label *label = label_at(t, depth);
    Condition condition = sgi_tr_pop_condition(t);
    prepare_values(t, label);
    uint32_t cost = sgi_tr_take_cost(t);
    if (!is_direct(t, label)) {
        uint32_t skip = branch(t, condition, true, NONE, 0);
        leave(t, label);
        patch(t, skip, sgi_tr_place(t), cost);
    } else if (label->op == OP_LOOP) {
        branch(t, condition, false, label->target, cost);
    } else {
        uint32_t rel = branch(t, condition, false, NONE, cost);
        link_branch(t, label, rel);
    }
}

/* Jumps to `label` by `instr`, which tests `count` words (`inverse`: the other way round); its values are the
 * newest operands. */
static void branch_on(Translator *t, Label *label, InstrCode instr, InstrCode inverse, const uint32_t *words,
                      uint32_t count) {
    uint32_t cost = sgi_tr_take_cost(t);
    bool direct = is_direct(t, label);
    uint32_t *word = sgi_tr_emit(t, direct ? instr : inverse, count + 3);
    uint32_t rel = here(t) - 3;
    memcpy(word, words, count * sizeof *words);
    word[count + 2] = direct ? cost : 0;
    if (direct) {
        link_branch(t, label, rel);
    } else {
        leave(t, label);
        patch(t, rel, sgi_tr_place(t), cost);
    }
}

void sgi_tr_br_on_null(Translator *t, uint32_t depth) {
    Label *label = label_at(t, depth);
    Operand operand = sgi_tr_pop(t);
    uint32_t slot = sgi_tr_slot_of(t, operand);
    prepare_values(t, label);
    branch_on(t, label, I_BR_NULL, I_BR_NON_NULL, &slot, 1);
    if (operand.kind == OPERAND_LOCAL)
        sgi_tr_push_local(t, operand.as.use.local);
    else
        sgi_tr_push_slot(t, operand.class);
}

/* The slot of the newest operand, which stays. */
static uint32_t top_slot(Translator *t) {
    if (sgi_tr_top(t)->kind == OPERAND_CONST)
        sgi_tr_flush(t, 1);
    return sgi_tr_base_slot(t, sgi_tr_top(t), t->height - 1);
}

void sgi_tr_br_on_non_null(Translator *t, uint32_t depth) {
    Label *label = label_at(t, depth);
    prepare_values(t, label);
    uint32_t slot = top_slot(t);
    branch_on(t, label, I_BR_NON_NULL, I_BR_NULL, &slot, 1);
    sgi_tr_pop(t);
}

void sgi_tr_br_on_cast(Translator *t, uint32_t depth, uint32_t test, bool if_fails) {
    Label *label = label_at(t, depth);
    prepare_values(t, label);
    uint32_t words[] = {top_slot(t), test};
    branch_on(t, label, if_fails ? I_BR_NOT_OF : I_BR_OF, if_fails ? I_BR_OF : I_BR_NOT_OF, words, 2);
}

/* Entries that can just jump do; the others go through a stub that moves the values, one for each label. */
void sgi_tr_br_table(Translator *t) {
    uint32_t index = sgi_tr_pop_slot(t);
    uint32_t count = sgi_leb_u32(&t->at) + 1;
    const uint8_t *targets = t->at;
    uint32_t first = sgi_leb_u32(&t->at);
    sgi_tr_flush(t, arity(label_at(t, first))); /* the same for all targets */
    uint32_t *word = sgi_tr_emit(t, I_BR_TABLE, 2);
    word[0] = index;
    word[1] = count;
    uint32_t table = here(t);
    for (uint32_t i = 0; i < count; i++) {
        sgi_tr_append(t, 2);
        if (t->failed)
            return;
    }
    t->at = targets;
    for (uint32_t i = 0; i < count && !t->failed; i++) {
        Label *label = label_at(t, sgi_leb_u32(&t->at));
        uint32_t rel = table + 2 * i;
        if (is_in_place(t, label)) {
            link_branch(t, label, rel);
            continue;
        }
        if (label->stub <= table) {
            label->stub = here(t);
            leave(t, label);
        }
        patch(t, rel, label->stub, 0);
    }
    t->work += count;
    t->unreachable = true;
}
