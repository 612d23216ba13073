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
#undef UNARY
#undef UNARY_TRAP
#undef BINARY
#undef COMMUTATIVE
#undef BINARY_TRAP
#undef COMPARE
#undef FLOAT_COMPARE
    default: return false;
    }
}

/* I_COUNT if there is none. `operand`: the word of the second that must name the first's result, or 0. */
static uint32_t fused(uint32_t first, uint32_t second, uint32_t *operand) {
    switch (first << 16 | second) {
#define FUSE(a, b, word)                                                                                     \
    case I_##a << 16 | I_##b: *operand = word; return I_##a##__##b;
#define FUSE_GO(a, b) FUSE(a, b, 0)
#include "compile/interp/fused.def"
#undef FUSE
#undef FUSE_GO
    default: return I_COUNT;
    }
}

/* Greedy: as many as go into one, from the left. */
sg_trap sgi_tr_fuse(Translator *t) {
    uint32_t *words = t->words.items;
    uint32_t first = NONE, to = 0; /* `to`: the word that names the result of the instruction before */
    sg_trap trap = SG_TRAP_NONE;
    for (size_t i = 0; i < t->starts.count && trap == SG_TRAP_NONE; i++, trap = sgi_tr_poll(t)) {
        uint32_t start = t->starts.items[i], operand;
        if (start == NONE) {
            first = NONE;
            continue;
        }
        uint32_t *word = words + start;
        if (first != NONE && is_commutative(word[0]) && word[3] == to) {
            word[3] = word[2];
            word[2] = to;
        }
        uint32_t instr = first == NONE ? I_COUNT : fused(words[first], word[0], &operand);
        if (instr != I_COUNT && (operand == 0 || word[operand] == to))
            words[first] = instr;
        else
            first = start;
        to = start + 1 < t->words.count ? word[1] : 0; /* the last instruction may have no operands */
    }
    return trap;
}
