/* Exception handling in the translator: which handler is in force where, and where its clauses go.
 *
 * A catch of a try_table leads to a stub before the block's body: there the exception's values stand above
 * the operands around the block, in the place of the block's own, and are moved to the label. The body jumps
 * over the stubs. In the older form the clause leads to the catch's own sequence. There the exception stays
 * below the sequence's operands, for rethrow. */
#include "compile/interp/translator.h"

/* From here on. Nothing may move across the border. */
static void set_handler(Translator *t, uint32_t handler) {
    uint32_t word = sgi_tr_place(t);
    uint32_t count = (uint32_t)t->regions.count;
    if ((count ? t->regions.items[count - 1].handler : NO_HANDLER) == handler)
        return;
    if (count && t->regions.items[count - 1].word == word)
        t->regions.items[count - 1].handler = handler;
    else
        t->failed |= !sgi_vec_push(t->alloc, &t->regions, ((Region){word, handler}));
}

static uint32_t add_handler(Translator *t, uint32_t outer) {
    t->failed |= !sgi_vec_push(t->alloc, &t->handlers, ((ExnHandler){outer, NO_CLAUSE}));
    return (uint32_t)t->handlers.count - 1;
}

static Label *label_at(Translator *t, uint32_t depth) {
    return &t->labels[t->label_count - 1 - depth];
}

/* Appends a clause to the label's handler. */
static Clause *add_clause(Translator *t, Label *label, uint32_t tag) {
    Clause clause = {.tag = tag, .word = sgi_tr_place(t), .reference = NO_SLOT, .next = NO_CLAUSE};
    uint32_t index = (uint32_t)t->clauses.count;
    t->failed |= !sgi_vec_push(t->alloc, &t->clauses, clause);
    if (t->failed)
        return NULL;
    if (label->clause == NO_CLAUSE)
        t->handlers.items[label->own_handler].first = index;
    else
        t->clauses.items[label->clause].next = index;
    label->clause = index;
    return &t->clauses.items[index];
}

static const FuncType *tag_type(const Translator *t, uint32_t tag) {
    return &t->module->types[t->module->tags[tag]].as.func;
}

/* ---- try_table ---- */

void sgi_tr_catches(Translator *t, Label *label) {
    uint32_t count = sgi_leb_u32(&t->at);
    label->handler = label->own_handler = add_handler(t, label_at(t, 0)->handler);
    label->clause = NO_CLAUSE;
    uint32_t jump = count ? sgi_tr_jump_over(t) : NONE;
    for (uint32_t i = 0; i < count && !t->failed; i++, t->work++) {
        Catch catch = sgi_read_catch(&t->at);
        bool has_reference = catch.kind == CATCH_REF || catch.kind == CATCH_ALL_REF;
        uint32_t tag = catch.kind <= CATCH_REF ? catch.tag : ANY_TAG;
        uint32_t slots = tag == ANY_TAG ? 0 : tag_type(t, tag)->param_slots;
        Clause *clause = add_clause(t, label, tag);
        if (clause == NULL)
            return;
        clause->values = sgi_tr_operand_slot(t, label->base);
        clause->reference = has_reference ? clause->values + slots : NO_SLOT;
        clause->is_used = has_reference;
        sgi_tr_br_from(t, catch.label, label->base, slots + has_reference);
    }
    if (count)
        sgi_tr_land(t, jump);
    set_handler(t, label->handler);
}

void sgi_tr_leave_handler(Translator *t, const Label *left) {
    if (left->handler != label_at(t, 0)->handler)
        set_handler(t, label_at(t, 0)->handler);
}

void sgi_tr_throw(Translator *t, Op op) {
    if (op == OP_THROW) {
        uint32_t tag = sgi_leb_u32(&t->at), slots = tag_type(t, tag)->param_slots;
        sgi_tr_flush(t, slots);
        uint32_t node = sgi_tr_map(t, t->height - slots, t->height);
        sgi_tr_set_height(t, t->height - slots);
        sgi_tr_site(t, node);
        uint32_t *word = sgi_tr_emit(t, I_THROW, 2);
        word[0] = sgi_tr_operand_slot(t, t->height);
        word[1] = tag;
    } else {
        uint32_t slot;
        if (op == OP_RETHROW) {
            const Label *label = label_at(t, sgi_leb_u32(&t->at));
            slot = sgi_tr_operand_slot(t, label->base);
            if (!t->failed)
                t->clauses.items[label->clause].is_used = true;
        } else {
            slot = sgi_tr_pop_slot(t);
        }
        sgi_tr_mark(t, t->instr_offset);
        *sgi_tr_emit(t, I_THROW_REF, 1) = slot;
    }
    t->unreachable = true;
}

/* ---- the older form ---- */

void sgi_tr_try(Translator *t, Label *label) {
    label->handler = label->own_handler = add_handler(t, label_at(t, 0)->handler);
    label->clause = NO_CLAUSE;
    set_handler(t, label->handler);
}

void sgi_tr_catch(Translator *t, Op op) {
    uint32_t tag = op == OP_CATCH ? sgi_leb_u32(&t->at) : ANY_TAG;
    Label *label = label_at(t, 0);
    if (!t->unreachable)
        sgi_tr_br(t, 0);
    label->op = OP_CATCH;
    sgi_tr_unset_locals(t, label->set_count);
    label->handler = label_at(t, 1)->handler;
    set_handler(t, label->handler);
    Clause *clause = add_clause(t, label, tag);
    if (clause == NULL)
        return;
    sgi_tr_set_height(t, label->base);
    clause->reference = sgi_tr_operand_slot(t, t->height);
    sgi_tr_push_slot(t, CLASS_REF);
    clause->values = sgi_tr_operand_slot(t, t->height);
    if (tag != ANY_TAG)
        sgi_tr_push_types(t, tag_type(t, tag)->params, tag_type(t, tag)->param_count);
    t->unreachable = false;
}

/* What this block does not catch, for it catches nothing, goes to the handler inside of the label, which is
 * seen from outside the block. */
void sgi_tr_delegate(Translator *t) {
    uint32_t depth = sgi_leb_u32(&t->at);
    if (!t->failed)
        t->handlers.items[label_at(t, 0)->own_handler].outer = label_at(t, depth + 1)->handler;
    sgi_tr_end(t);
}
