/* Reading instructions and value types (core specification, 5.3 and 5.4). One row of ops.def tells what
 * follows an opcode; nothing is read past the reader's end, nothing is allocated, nothing recurses. */
#include "module/instr.h"

/* ---- value types ---- */

static bool is_abstract_byte(uint8_t byte) {
    return byte >= (HEAP_EXN & 0xff) && byte <= (HEAP_NOEXN & 0xff);
}

/* The feature that an abstract heap type came with. */
static Feature heap_feature(uint32_t heap) {
    switch (heap) {
    case HEAP_FUNC:
    case HEAP_EXTERN: return FEATURE_REFERENCE_TYPES;
    case HEAP_EXN:
    case HEAP_NOEXN: return FEATURE_EXCEPTIONS;
    default: return FEATURE_GC;
    }
}

sg_status sgi_decode_heap_type(const LoadContext *cx, Reader *r, uint32_t *heap) {
    size_t offset = sgi_reader_offset(r);
    Reader ahead = *r;
    int64_t value;
    SGI_TRY(sgi_read_s(&ahead, 33, &value));
    if (value >= 0) {
        SGI_TRY(sgi_load_need(cx, FEATURE_FUNCTION_REFERENCES, offset));
        if (value >= HEAP_ABSTRACT)
            return sgi_fail(cx->err, SG_INVALID, offset, "unknown type", "type %lld", (long long)value);
        *heap = (uint32_t)value;
    } else {
        if (value < -64 || !is_abstract_byte((uint8_t)(value & 0x7f)))
            return sgi_reader_fail(r, "malformed heap type");
        *heap = HEAP_ABSTRACT | (uint32_t)(value & 0x7f);
        SGI_TRY(sgi_load_need(cx, heap_feature(*heap), offset));
    }
    r->at = ahead.at;
    return SG_OK;
}

/* What `byte` stands for on its own; false when it is no value type, or one that has more bytes. */
static bool short_val_type(uint8_t byte, ValType *type) {
    if (byte >= KIND_V128 && byte <= KIND_I32)
        *type = byte;
    else if (is_abstract_byte(byte))
        *type = sgi_ref(true, HEAP_ABSTRACT | byte);
    else
        return false;
    return true;
}

sg_status sgi_decode_val_type(const LoadContext *cx, Reader *r, ValType *type) {
    size_t offset = sgi_reader_offset(r);
    if (r->at == r->end)
        return sgi_reader_fail(r, "unexpected end");
    uint8_t byte = *r->at;
    if (byte == KIND_REF || byte == KIND_REF_NULL) {
        Reader ahead = *r;
        uint32_t heap;
        SGI_TRY(sgi_load_need(cx, FEATURE_FUNCTION_REFERENCES, offset));
        ahead.at++;
        SGI_TRY(sgi_decode_heap_type(cx, &ahead, &heap));
        *type = sgi_ref(byte == KIND_REF_NULL, heap);
        r->at = ahead.at;
        return SG_OK;
    }
    if (!short_val_type(byte, type))
        return sgi_reader_fail(r, "malformed value type");
    if (sgi_is_ref(*type))
        SGI_TRY(sgi_load_need(cx, heap_feature(sgi_heap(*type)), offset));
    else if (*type == VAL_V128)
        SGI_TRY(sgi_load_need(cx, FEATURE_SIMD, offset));
    r->at++;
    return SG_OK;
}

sg_status sgi_decode_ref_type(const LoadContext *cx, Reader *r, ValType *type) {
    if (r->at != r->end && *r->at >= KIND_V128 && *r->at <= KIND_I32)
        return sgi_reader_fail(r, "malformed reference type");
    return sgi_decode_val_type(cx, r, type);
}

/* ---- immediates ---- */

static sg_status read_block_type(const LoadContext *cx, Reader *r, Instr *instr) {
    enum { EMPTY = 0x40, ONE_BYTE_NEGATIVE = 0x40 };
    instr->index = NO_TYPE;
    instr->type = VAL_BOTTOM;
    if (r->at == r->end)
        return sgi_reader_fail(r, "unexpected end");
    if (*r->at == EMPTY) {
        r->at++;
        return SG_OK;
    }
    if ((*r->at & 0xc0) == ONE_BYTE_NEGATIVE)
        return sgi_decode_val_type(cx, r, &instr->type);
    Reader ahead = *r;
    int64_t index;
    SGI_TRY(sgi_read_s(&ahead, 33, &index));
    if (index < 0)
        return sgi_reader_fail(r, "malformed block type");
    SGI_TRY(sgi_load_need(cx, FEATURE_MULTI_VALUE, sgi_reader_offset(r)));
    if (index >= NO_TYPE) /* which would pass for a block without a type */
        return sgi_fail(cx->err, SG_INVALID, sgi_reader_offset(r), "unknown type", "type %lld",
                        (long long)index);
    instr->index = (uint32_t)index;
    r->at = ahead.at;
    return SG_OK;
}

static sg_status read_label_table(const LoadContext *cx, Reader *r, Instr *instr) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_u32(r, &instr->label_count));
    if (instr->label_count > sgi_reader_left(r))
        return sgi_reader_fail(r, "unexpected end");
    SGI_TRY(sgi_limit_check(LIMIT_ID_BR_TABLE_TARGETS, instr->label_count, offset, cx->err));
    instr->labels = r->at;
    for (uint32_t i = 0; i < instr->label_count; i++)
        SGI_TRY(sgi_read_u32(r, &instr->index));
    return sgi_read_u32(r, &instr->index);
}

static sg_status read_select_types(const LoadContext *cx, Reader *r, Instr *instr) {
    SGI_TRY(sgi_read_u32(r, &instr->type_count));
    for (uint32_t i = 0; i < instr->type_count; i++) {
        ValType type;
        SGI_TRY(sgi_decode_val_type(cx, r, &type));
        if (i == 0)
            instr->type = type;
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(cx));
    }
    return SG_OK;
}

/* memarg: bit 6 of the alignment says that a memory index follows. */
static sg_status read_memarg(const LoadContext *cx, Reader *r, Instr *instr) {
    enum { HAS_MEMORY = 0x40 };
    const Reader before = *r;
    SGI_TRY(sgi_read_u32(r, &instr->align));
    if (instr->align >= 2 * HAS_MEMORY)
        return sgi_reader_fail(&before, "malformed memop flags");
    instr->index = 0;
    if (instr->align & HAS_MEMORY) {
        SGI_TRY(sgi_load_need(cx, FEATURE_MULTI_MEMORY, sgi_reader_offset(&before)));
        SGI_TRY(sgi_read_u32(r, &instr->index));
        instr->align -= HAS_MEMORY;
    }
    return sgi_read_u64(r, &instr->bits);
}

static sg_status read_signed(Reader *r, Instr *instr) {
    int64_t wide;
    SGI_TRY(sgi_read_s(r, sgi_ops[instr->op].imm == IMM_I64 ? 64 : 32, &wide));
    instr->bits = (uint64_t)wide;
    return SG_OK;
}

static sg_status read_float(Reader *r, Instr *instr) {
    uint32_t bits;
    if (sgi_ops[instr->op].imm == IMM_F64)
        return sgi_read_le64(r, &instr->bits);
    SGI_TRY(sgi_read_le32(r, &bits));
    instr->bits = bits;
    return SG_OK;
}

static sg_status read_heap_type(const LoadContext *cx, Reader *r, Instr *instr) {
    uint32_t heap;
    SGI_TRY(sgi_decode_heap_type(cx, r, &heap));
    instr->type = sgi_ref(instr->op != OP_REF_TEST && instr->op != OP_REF_CAST, heap);
    return SG_OK;
}

/* castflags: bit 0 says that the source may be null, bit 1 the target. */
static sg_status read_cast(const LoadContext *cx, Reader *r, Instr *instr) {
    const Reader before = *r;
    uint8_t flags;
    uint32_t source, target;
    SGI_TRY(sgi_read_byte(r, &flags));
    if (flags > 3)
        return sgi_reader_fail(&before, "malformed br_on_cast flags");
    SGI_TRY(sgi_read_u32(r, &instr->index));
    SGI_TRY(sgi_decode_heap_type(cx, r, &source));
    SGI_TRY(sgi_decode_heap_type(cx, r, &target));
    instr->type = sgi_ref(flags & 1, source);
    instr->type2 = sgi_ref(flags & 2, target);
    return SG_OK;
}

/* blocktype vec(catch): kind [tagidx] labelidx. */
static sg_status read_try_table(const LoadContext *cx, Reader *r, Instr *instr) {
    SGI_TRY(read_block_type(cx, r, instr));
    SGI_TRY(sgi_read_u32(r, &instr->label_count));
    if (instr->label_count > sgi_reader_left(r))
        return sgi_reader_fail(r, "unexpected end");
    SGI_TRY(sgi_limit_check(LIMIT_ID_CATCHES, instr->label_count, sgi_reader_offset(r), cx->err));
    instr->labels = r->at;
    for (uint32_t i = 0; i < instr->label_count; i++) {
        const Reader before = *r;
        uint8_t kind;
        uint32_t index;
        SGI_TRY(sgi_read_byte(r, &kind));
        if (kind > CATCH_ALL_REF)
            return sgi_reader_fail(&before, "malformed catch clause");
        if (kind <= CATCH_REF)
            SGI_TRY(sgi_read_u32(r, &index));
        SGI_TRY(sgi_read_u32(r, &index));
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(cx));
    }
    return SG_OK;
}

Catch sgi_read_catch(const uint8_t **at) {
    Catch clause = {.kind = (CatchKind) * (*at)++};
    if (clause.kind <= CATCH_REF)
        clause.tag = sgi_leb_u32(at);
    clause.label = sgi_leb_u32(at);
    return clause;
}

static sg_status read_16_bytes(Reader *r, Instr *instr) {
    enum { SIZE = 16 };
    if (sgi_reader_left(r) < SIZE)
        return sgi_reader_fail(r, "unexpected end");
    instr->labels = r->at;
    r->at += SIZE;
    return SG_OK;
}

static sg_status read_zero(Reader *r) {
    const Reader before = *r;
    uint8_t byte;
    SGI_TRY(sgi_read_byte(r, &byte));
    return byte == 0 ? SG_OK : sgi_reader_fail(&before, "zero byte expected");
}

/* The two commonest by branches: those are predicted better than the switch's jump. */
static sg_status read_immediates(const LoadContext *cx, Reader *r, Instr *instr) {
    Imm imm = (Imm)sgi_ops[instr->op].imm;
    if (imm == IMM_NONE)
        return SG_OK;
    if (imm == IMM_LOCAL)
        return sgi_read_u32(r, &instr->index);
    switch (imm) {
    case IMM_BLOCK: return read_block_type(cx, r, instr);
    case IMM_LABEL_TABLE: return read_label_table(cx, r, instr);
    case IMM_SELECT_TYPES: return read_select_types(cx, r, instr);
    case IMM_MEMARG: return read_memarg(cx, r, instr);
    case IMM_I32:
    case IMM_I64: return read_signed(r, instr);
    case IMM_F32:
    case IMM_F64: return read_float(r, instr);
    case IMM_HEAP_TYPE: return read_heap_type(cx, r, instr);
    case IMM_CALL_INDIRECT:
    case IMM_DATA_MEMORY:
    case IMM_MEMORY_MEMORY:
    case IMM_ELEM_TABLE:
    case IMM_TABLE_TABLE:
    case IMM_TYPE_FIELD:
    case IMM_TYPE_COUNT:
    case IMM_TYPE_DATA:
    case IMM_TYPE_ELEM:
    case IMM_TYPE_TYPE: SGI_TRY(sgi_read_u32(r, &instr->index)); return sgi_read_u32(r, &instr->index2);
    case IMM_TRY_TABLE: return read_try_table(cx, r, instr);
    case IMM_CAST: return read_cast(cx, r, instr);
    case IMM_V128:
    case IMM_SHUFFLE: return read_16_bytes(r, instr);
    case IMM_LANE: return sgi_read_byte(r, &instr->lane);
    case IMM_MEMARG_LANE: SGI_TRY(read_memarg(cx, r, instr)); return sgi_read_byte(r, &instr->lane);
    case IMM_ZERO: return read_zero(r);
    case IMM_NONE:
    case IMM_LOCAL:
    case IMM_LABEL:
    case IMM_FUNC:
    case IMM_TYPE:
    case IMM_GLOBAL:
    case IMM_TABLE:
    case IMM_MEMORY:
    case IMM_DATA:
    case IMM_ELEM:
    case IMM_TAG: break;
    }
    return sgi_read_u32(r, &instr->index);
}

/* ---- opcodes ---- */

static sg_status unknown_opcode(const LoadContext *cx, uint8_t prefix, uint32_t code, size_t offset) {
    if (prefix)
        return sgi_fail(cx->err, SG_MALFORMED, offset, "illegal opcode", "%02x %02x", prefix, code);
    return sgi_fail(cx->err, SG_MALFORMED, offset, "illegal opcode", "%02x", code);
}

sg_status sgi_read_instr(const LoadContext *cx, Reader *r, Instr *instr) {
    size_t offset = sgi_reader_offset(r);
    uint8_t byte, prefix = 0;
    SGI_TRY(sgi_read_byte(r, &byte));
    uint32_t code = byte;
    if (SGI_UNLIKELY(byte >= OP_PREFIX_FIRST && byte <= OP_PREFIX_LAST)) {
        prefix = byte;
        SGI_TRY(sgi_read_u32(r, &code));
    }
    instr->op = sgi_op_find(prefix, code);
    instr->offset = offset;
    if (SGI_UNLIKELY(instr->op == OP_COUNT))
        return unknown_opcode(cx, prefix, code, offset);
    SGI_TRY(sgi_load_need(cx, (Feature)sgi_ops[instr->op].feature, offset));
    return read_immediates(cx, r, instr);
}
