/* Reading instructions: bytes → one instruction with its immediates, and the value types inside them. Whoever
 * reads code that is not validated yet does it here: decode (to find the end of constant expressions),
 * validate; and the printer. */
#ifndef SGI_INSTR_H
#define SGI_INSTR_H

#include "module/core.h"
#include "module/ops.h"

typedef enum CatchKind { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF } CatchKind;

typedef struct Instr {
    Op op;
    uint32_t type_count; /* IMM_SELECT_TYPES: how many; `type` is the first */
    size_t offset;       /* of the opcode in the binary */
    /* IMM_BLOCK: type index, or NO_TYPE; IMM_LABEL_TABLE: the default label; IMM_MEMARG: the memory; else the
     * first index written (IMM_CALL_INDIRECT: the type). What is said of IMM_BLOCK goes for IMM_TRY_TABLE, of
     * IMM_MEMARG for IMM_MEMARG_LANE. */
    uint32_t index;
    uint32_t index2; /* the second index written, or the count of IMM_TYPE_COUNT */
    uint32_t align;  /* IMM_MEMARG: log2 */
    uint8_t lane;    /* IMM_LANE, IMM_MEMARG_LANE */
    /* IMM_BLOCK without type index: the result, or VAL_BOTTOM for none; IMM_HEAP_TYPE: the reference, null
     * but for OP_REF_TEST and OP_REF_CAST; IMM_CAST: the source. */
    ValType type;
    ValType type2; /* IMM_CAST: the target */
    uint64_t bits; /* IMM_I32 (sign-extended), IMM_I64, IMM_F32, IMM_F64; IMM_MEMARG: the offset */
    /* Known to be sound: IMM_LABEL_TABLE: `label_count` LEB128 labels before the default one; IMM_TRY_TABLE:
     * `label_count` catches, to be read with sgi_read_catch; IMM_V128, IMM_SHUFFLE: the 16 bytes. */
    const uint8_t *labels;
    uint32_t label_count;
} Instr;

/* A catch of a try_table. */
typedef struct Catch {
    CatchKind kind;
    uint32_t tag; /* of CATCH and CATCH_REF */
    uint32_t label;
} Catch;

/* Reads one instruction. SG_MALFORMED; SG_UNSUPPORTED for those of a feature that is off. */
sg_status sgi_read_instr(const LoadContext *cx, Reader *r, Instr *instr);

/* The next of the catches that Instr.labels has. */
Catch sgi_read_catch(const uint8_t **at);

/* Value types as the binary format writes them. Type indices are not looked up yet. */
sg_status sgi_decode_val_type(const LoadContext *cx, Reader *r, ValType *type);
sg_status sgi_decode_ref_type(const LoadContext *cx, Reader *r, ValType *type);
sg_status sgi_decode_heap_type(const LoadContext *cx, Reader *r, uint32_t *heap);

#endif
