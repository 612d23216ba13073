/* Instructions that often follow each other, made one (fused.def).
 *
 * Only the first one's own word changes: the others' words stay, for the handler goes on through them, and
 * who stands at one of them, by a trap or a branch, finds it as it was. */
#include "compile/interp/translator.h"

/* May operands a and b be swapped? */
static bool is_commutative(uint32_t instr) {
    switch (instr) {
#define UNARY(id, from, to, expression)
#define UNARY_TRAP(id, from, to, function)
#define BINARY(id, type, expression)
#define COMMUTATIVE(id, type, expression)                                                                    \
    case I_##id: return true;
#define BINARY_TRAP(id, type, function)
#define COMPARE(id, type, expression, inverse, mirror)
#define FLOAT_COMPARE(id, type, expression, mirror)
#include "module/numeric.def"
    default: return false;
    }
}

/* I_COUNT if there is none. */
static uint32_t fused(uint32_t first, uint32_t flow, uint32_t second) {
    _Static_assert(I_COUNT <= 1 << 12, "an instruction has 12 bits here");
    switch (first << 16 | flow << 12 | second) {
#define FUSE(a, flow, b)                                                                                     \
    case I_##a << 16 | FLOW##flow << 12 | I_##b: return I_##a##flow##b;
#define FUSE_BR(a, flow, condition)   FUSE(a, flow, BR_##condition)
#define FUSE_LOOP(a, flow, condition) FUSE(a, flow, LOOP_##condition)
#define FUSE_GO                       FUSE
#include "compile/interp/fused.def"
    default: return I_COUNT;
    }
}

/* How the result that the word `to` names passes to the instruction `word`, of `count` words. What is in an
 * operand's slot is not needed any more, for who is fused so pops it. */
static uint32_t flow_into(const Translator *t, uint32_t *word, uint32_t count, uint32_t to) {
    static const uint8_t likely[] = {2, 3, 1, 4};
    if (is_commutative(word[0]) && word[3] == to) {
        word[3] = word[2];
        word[2] = to;
    }
    for (size_t i = 0; i < SGI_COUNT(likely); i++)
        if (likely[i] < count && word[likely[i]] == to)
            return likely[i] | (to >= t->operand_base ? FLOW_TEMPORARY : 0u);
    return FLOW__;
}

/* Greedy: as many as go into one, from the left. */
sg_trap sgi_tr_fuse(Translator *t) {
    uint32_t *words = t->words.items;
    uint32_t first = NONE, to = NONE;
    sg_trap trap = SG_TRAP_NONE;
    for (size_t i = 0; i < t->starts.count && trap == SG_TRAP_NONE; i++, trap = sgi_tr_poll(t)) {
        uint32_t start = t->starts.items[i], instr = I_COUNT;
        if (start == NONE) {
            first = NONE;
            continue;
        }
        uint32_t *word = words + start, count = (uint32_t)t->words.count - start;
        if (first != NONE) {
            uint32_t flow = flow_into(t, word, count, to);
            instr = fused(words[first], flow, word[0]);
            if (instr == I_COUNT && flow != FLOW__)
                instr = fused(words[first], FLOW__, word[0]);
        }
        if (instr == I_COUNT)
            first = start;
        else
            words[first] = instr;
        to = count > 1 ? word[1] : NONE;
    }
    return trap;
}
