#include "module/ops.h"

#include <string.h>

const OpInfo sgi_ops[OP_COUNT] = {
#define OP(id, prefix, code, text, imm, sig, feature, fuel)                                                  \
    [OP_##id] = {text, sig, prefix, code, IMM_##imm, FEATURE_##feature, fuel},
#include "module/ops.def"
#undef OP
};

const uint16_t sgi_op_places[OP_PLACE(OP_PREFIX_LAST + 1, 0)] = {
#define OP(id, prefix, code, text, imm, sig, feature, fuel) [OP_PLACE(prefix, code)] = OP_##id + 1,
#include "module/ops.def"
#undef OP
};

/* By the name: the width after the dot, if there is one, else the type's. "8x8" is eight of 8 bits. */
unsigned sgi_op_access(Op op) {
    const char *text = sgi_ops[op].text;
    const char *width = strpbrk(strchr(text, '.'), "1368");
    if (width == NULL)
        return text[0] == 'v' ? 4 : text[1] == '6' ? 3 : 2;
    if (strchr(width, 'x') && text[0] == 'v')
        return 3;
    return *width == '8' ? 0 : *width == '1' ? 1 : *width == '3' ? 2 : 3;
}

/* "i16x8.extract_lane" has the number behind the "x"; what loads or stores a lane, as many as fit. */
unsigned sgi_op_lanes(Op op) {
    if (sgi_ops[op].imm == IMM_MEMARG_LANE)
        return 16u >> sgi_op_access(op);
    unsigned lanes = (unsigned)(strchr(sgi_ops[op].text, 'x')[1] - '0');
    return lanes == 1 ? 16 : lanes;
}
