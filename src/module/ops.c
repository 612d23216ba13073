#include "module/ops.h"

#include <string.h>

const OpInfo sgi_ops[OP_COUNT] = {
#define OP(id, prefix, code, text, imm, sig, feature, fuel)                                                  \
    [OP_##id] = {text, sig, prefix, code, IMM_##imm, FEATURE_##feature, fuel},
#include "module/ops.def"
#undef OP
};

Op sgi_op_find(uint8_t prefix, uint32_t code) {
    if (code > 0xffff)
        return OP_COUNT;
    switch ((uint32_t)prefix << 16 | code) {
#define OP(id, prefix, code, text, imm, sig, feature, fuel)                                                  \
    case (prefix) << 16 | (code): return OP_##id;
#include "module/ops.def"
#undef OP
    default: return OP_COUNT;
    }
}

unsigned sgi_op_access(Op op) {
    const char *width = strpbrk(sgi_ops[op].text + 3, "1368");
    if (width == NULL)
        return sgi_ops[op].text[1] == '3' ? 2 : 3;
    return *width == '8' ? 0 : *width == '1' ? 1 : 2;
}
