/* Instructions: the enumeration and rows of ops.def. */
#ifndef SGI_OPS_H
#define SGI_OPS_H

#include "base/base.h"
#include "module/features.h"

typedef enum Op {
#define OP(id, prefix, code, text, imm, sig, feature, fuel) OP_##id,
#include "module/ops.def"
#undef OP
    OP_COUNT
} Op;

/* What follows the opcode (core specification, 5.4). */
typedef enum Imm {
    IMM_NONE,
    IMM_BLOCK,         /* block type */
    IMM_LABEL,         /* labelidx */
    IMM_LABEL_TABLE,   /* vec(labelidx) labelidx */
    IMM_FUNC,          /* funcidx */
    IMM_CALL_INDIRECT, /* typeidx tableidx */
    IMM_TYPE,          /* typeidx */
    IMM_SELECT_TYPES,  /* vec(valtype) */
    IMM_LOCAL,
    IMM_GLOBAL,
    IMM_TABLE,
    IMM_MEMARG, /* align [memidx] offset */
    IMM_MEMORY,
    IMM_I32,
    IMM_I64,
    IMM_F32,
    IMM_F64,
    IMM_HEAP_TYPE,
    IMM_DATA_MEMORY, /* dataidx memidx */
    IMM_DATA,
    IMM_MEMORY_MEMORY, /* to, from */
    IMM_ELEM_TABLE,    /* elemidx tableidx */
    IMM_ELEM,
    IMM_TABLE_TABLE, /* to, from */
    IMM_TAG,
    IMM_TRY_TABLE, /* block type, vec(catch) */
    IMM_TYPE_FIELD,
    IMM_TYPE_COUNT,
    IMM_TYPE_DATA,
    IMM_TYPE_ELEM,
    IMM_TYPE_TYPE, /* to, from */
    IMM_CAST,      /* flags labelidx heaptype heaptype */
    IMM_V128,      /* 16 bytes */
    IMM_SHUFFLE,   /* 16 lanes */
    IMM_LANE,
    IMM_MEMARG_LANE,
    IMM_ZERO, /* one reserved byte */
} Imm;

typedef struct OpInfo {
    const char *text;
    const char *signature;
    uint8_t prefix;
    uint16_t code;
    uint8_t imm; /* Imm */
    uint8_t feature;
    uint8_t fuel;
} OpInfo;

extern const OpInfo sgi_ops[OP_COUNT];

/* By encoding, one more than the instruction, or 0. */
enum { OP_PREFIX_FIRST = 0xfb, OP_PREFIX_LAST = 0xfe, OP_PLAIN_CODES = 256, OP_PREFIXED_CODES = 512 };
#define OP_PLACE(prefix, code)                                                                               \
    ((prefix) ? OP_PLAIN_CODES + ((unsigned)(prefix) - OP_PREFIX_FIRST) * OP_PREFIXED_CODES + (code) : (code))
extern const uint16_t sgi_op_places[OP_PLACE(OP_PREFIX_LAST + 1, 0)];

/* The instruction of an encoding, or OP_COUNT. The prefix is 0 or a known one. */
static inline Op sgi_op_find(uint8_t prefix, uint32_t code) {
    if (code >= (prefix ? OP_PREFIXED_CODES : OP_PLAIN_CODES))
        return OP_COUNT;
    uint16_t found = sgi_op_places[OP_PLACE(prefix, code)];
    return found ? (Op)(found - 1) : OP_COUNT;
}

/* log2 of the bytes that a load or store touches, its natural alignment; IMM_MEMARG and IMM_MEMARG_LANE
 * instructions only. */
unsigned sgi_op_access(Op op);

/* How many lanes the instruction chooses from; IMM_LANE and IMM_MEMARG_LANE instructions only. */
unsigned sgi_op_lanes(Op op);

/* Fuel beyond the row's, version 1: one unit for each step begun. */
enum { FUEL_STEP_BYTES = 64, FUEL_STEP_ELEMENTS = 8 };
/* Of memory.atomic.wait and notify, beyond the row's. */
enum { FUEL_WAIT = 256, FUEL_NOTIFY = 64 };

#endif
