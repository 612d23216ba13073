/* Vector instructions of the translator: all but those of memory take their operands, then their immediates,
 * as words, and have one result. */
#include "compile/interp/translator.h"

static const uint16_t instrs[OP_COUNT] = {
    [OP_V128_CONST] = I_V128_CONST,
    [OP_I8X16_SHUFFLE] = I_I8X16_SHUFFLE,
#define VECTOR1(id, type, expression) [OP_##id] = I_##id,
#define SAME(id, other)               [OP_##id] = I_##other,
#define VECTOR2                       VECTOR1
#define VECTOR3                       VECTOR1
#define SHIFT                         VECTOR1
#define TEST                          VECTOR1
#define SPLAT                         VECTOR1
#define EXTRACT                       VECTOR1
#define REPLACE                       VECTOR1
#define LOAD_VECTOR                   VECTOR1
#define STORE_VECTOR                  VECTOR1
#define LOAD_LANE                     VECTOR1
#define STORE_LANE                    VECTOR1
#include "module/simd.def"
};

/* Loads and stores, of whole vectors or single lanes. */
static void access(Translator *t, Op op) {
    const char *signature = sgi_ops[op].signature; /* a:V, aV:V, aV: */
    bool has_vector = signature[1] == 'V', has_lane = sgi_ops[op].imm == IMM_MEMARG_LANE;
    bool is_store = has_vector && signature[3] == '\0';
    MemArg arg = sgi_tr_memarg(t);
    uint32_t words[7], count = 0;
    uint32_t vector = has_vector ? sgi_tr_pop_slot(t) : 0;
    Variant variant = sgi_tr_address_words(t, sgi_tr_pop(t), arg, is_store ? &vector : NULL, words, &count);
    if (has_vector && !is_store)
        words[count++] = vector;
    if (has_lane)
        words[count++] = *t->at++;
    sgi_tr_mark(t, t->instr_offset);
    if (is_store)
        sgi_tr_emit_effect(t, instrs[op] + (unsigned)variant, count, words);
    else
        sgi_tr_emit_result(t, CLASS_V128, instrs[op] + (unsigned)variant, count, words);
}

/* If it moves lanes of 32 bits only: they are taken from where they are. */
static bool shuffle_words(Translator *t, uint32_t *words) {
    uint32_t places[4];
    for (int i = 0; i < 4; i++) {
        const uint8_t *lanes = t->at + 4 * i;
        if (lanes[0] % 4 != 0 || lanes[1] != lanes[0] + 1 || lanes[2] != lanes[0] + 2 ||
            lanes[3] != lanes[0] + 3)
            return false;
        places[i] = 2 * words[lanes[0] / 16] + lanes[0] % 16 / 4;
    }
    memcpy(words, places, sizeof places);
    t->at += 16;
    return true;
}

void sgi_tr_vector(Translator *t, Op op) {
    const OpInfo *info = &sgi_ops[op];
    if (info->imm == IMM_MEMARG || info->imm == IMM_MEMARG_LANE) {
        access(t, op);
        return;
    }
    uint32_t words[6];
    unsigned instr = instrs[op];
    const char *result = strchr(info->signature, ':') + 1;
    uint32_t count = (uint32_t)(result - info->signature) - 1;
    bool is_shift = strcmp(info->signature, "Vi:V") == 0 && info->imm == IMM_NONE;
    for (uint32_t i = count; i > 0; i--) {
        Operand operand = sgi_tr_pop(t);
        if (is_shift && operand.kind == OPERAND_CONST) {
            words[i - 1] = (uint32_t)operand.as.value;
            instr += VARIANT_K;
        } else {
            words[i - 1] = sgi_tr_slot_of(t, operand);
        }
    }
    if (info->imm == IMM_LANE) {
        words[count++] = *t->at++;
    } else if (op == OP_I8X16_SHUFFLE && shuffle_words(t, words)) {
        instr = I_I32X4_SHUFFLE;
        count = 4;
    } else if (info->imm != IMM_NONE) { /* 16 bytes */
        memcpy(words + count, t->at, 16);
        t->at += 16;
        count += 4;
    }
    sgi_tr_emit_result(t, *result == 'V' ? CLASS_V128 : CLASS_NUM, instr, count, words);
}
