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

void sgi_tr_vector(Translator *t, Op op) {
    const OpInfo *info = &sgi_ops[op];
    if (info->imm == IMM_MEMARG || info->imm == IMM_MEMARG_LANE) {
        access(t, op);
        return;
    }
    uint32_t words[6];
    const char *result = strchr(info->signature, ':') + 1;
    uint32_t count = (uint32_t)(result - info->signature) - 1;
    for (uint32_t i = count; i > 0; i--)
        words[i - 1] = sgi_tr_pop_slot(t);
    if (info->imm == IMM_LANE) {
        words[count++] = *t->at++;
    } else if (info->imm != IMM_NONE) { /* 16 bytes */
        memcpy(words + count, t->at, 16);
        t->at += 16;
        count += 4;
    }
    sgi_tr_emit_result(t, *result == 'V' ? CLASS_V128 : CLASS_NUM, instrs[op], count, words);
}
