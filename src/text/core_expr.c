/* Instructions: text → binary format (core specification, 6.5).
 *
 * Plain and folded forms mix freely and nest without recursion: each open block or folded instruction is a
 * Frame. A folded instruction is encoded when it is met, its bytes wait in `delayed` until its operands have
 * been written. */
#include "text/core.h"

#include <string.h>

/* ---- opcodes, labels and locals ---- */

void sgi_core_put_op(Buf *out, Op op) {
    if (sgi_ops[op].prefix) {
        sgi_buf_byte(out, sgi_ops[op].prefix);
        sgi_buf_leb_u(out, sgi_ops[op].code);
    } else {
        sgi_buf_byte(out, (uint8_t)sgi_ops[op].code);
    }
}

sg_status sgi_core_push_label(ModuleParser *m, Bytes name) {
    Label label = {name, 0};
    uint32_t depth = (uint32_t)m->labels.count + 1;
    if (name.size) {
        uint32_t *entry = sgi_map_get(&m->labels_by_name, name);
        if (entry) {
            label.shadowed = *entry;
            *entry = depth;
        } else if (sgi_map_put(&m->labels_by_name, name, depth) == MAP_NO_MEMORY) {
            return sgi_core_no_memory(m);
        }
        sgi_name_list_add(&m->own_label_names, m->label_index, name);
    }
    m->label_index++;
    return sgi_vec_push(m->p->cx.alloc, &m->labels, label) ? SG_OK : sgi_core_no_memory(m);
}

void sgi_core_pop_label(ModuleParser *m) {
    Label label = m->labels.items[--m->labels.count];
    if (label.name.size)
        *sgi_map_get(&m->labels_by_name, label.name) = label.shadowed;
}

/* An identifier looked up in `map`. */
static sg_status find_id(ModuleParser *m, const Map *map, const char *unknown, uint32_t *value) {
    size_t at = m->p->at;
    Bytes id;
    SGI_TRY(sgi_take_id(m->p, &id));
    const uint32_t *found = sgi_map_get(map, id);
    if (found && *found != UINT32_MAX) {
        *value = *found;
        return SG_OK;
    }
    m->p->at = at;
    return sgi_parse_fail(m->p, unknown);
}

sg_status sgi_core_label_index(ModuleParser *m, Buf *out) {
    uint32_t index;
    if (sgi_peek_is(m->p, TOKEN_ID)) {
        uint32_t depth = 0;
        size_t at = m->p->at;
        SGI_TRY(find_id(m, &m->labels_by_name, "unknown label", &depth));
        if (depth == 0) {
            m->p->at = at;
            return sgi_parse_fail(m->p, "unknown label");
        }
        index = (uint32_t)m->labels.count - depth;
    } else {
        SGI_TRY(sgi_expect_u32(m->p, &index));
    }
    sgi_buf_leb_u(out, index);
    return SG_OK;
}

/* ---- immediates ---- */

static sg_status put_index(ModuleParser *m, Space space, Buf *out) {
    uint32_t index;
    SGI_TRY(sgi_core_index(m, space, &index));
    sgi_buf_leb_u(out, index);
    return SG_OK;
}

/* An index that may be left out, then 0. */
static sg_status optional_index(ModuleParser *m, Space space, uint32_t *index) {
    *index = 0;
    return sgi_core_peek_index(m) ? sgi_core_index(m, space, index) : SG_OK;
}

static sg_status put_optional_index(ModuleParser *m, Space space, Buf *out) {
    uint32_t index;
    SGI_TRY(optional_index(m, space, &index));
    sgi_buf_leb_u(out, index);
    return SG_OK;
}

/* Two indices, or none for 0 0. */
static sg_status put_index_pair(ModuleParser *m, Space space, Buf *out) {
    bool given = sgi_core_peek_index(m);
    for (int i = 0; i < 2; i++)
        if (given)
            SGI_TRY(put_index(m, space, out));
        else
            sgi_buf_byte(out, 0);
    return SG_OK;
}

/* "$memory? $data" and "$table? $elem": the segment is written first. */
static sg_status put_segment_pair(ModuleParser *m, Space outer, Space segment, Buf *out) {
    size_t start = m->p->at;
    uint32_t outer_index = 0;
    if (sgi_core_peek_index(m))
        sgi_advance(m->p);
    bool both = sgi_core_peek_index(m);
    m->p->at = start;
    if (both)
        SGI_TRY(sgi_core_index(m, outer, &outer_index));
    SGI_TRY(put_index(m, segment, out));
    sgi_buf_leb_u(out, outer_index);
    return SG_OK;
}

/* "name=number" at the cursor, as offsets and alignments are written. */
static sg_status take_attribute(Parser *p, const char *name, bool *given, uint64_t *value) {
    const Token *token = sgi_peek(p);
    Bytes text = token->kind == TOKEN_KEYWORD ? sgi_token_text(p, token) : (Bytes){NULL, 0};
    size_t size = strlen(name);
    *given = text.size > size && memcmp(text.data, name, size) == 0;
    if (!*given)
        return SG_OK;
    switch (sgi_number_unsigned((Bytes){text.data + size, text.size - size}, 64, value)) {
    case NUMBER_OK: sgi_advance(p); return SG_OK;
    case NUMBER_RANGE: return sgi_parse_fail(p, "i64 constant out of range");
    default: return sgi_parse_fail(p, "unknown operator");
    }
}

/* A number before a lane is a memory's index when the lane, or an attribute, comes behind it. */
static bool is_before_lane(ModuleParser *m) {
    if (!sgi_peek_is(m->p, TOKEN_NUMBER))
        return true;
    size_t start = m->p->at;
    sgi_advance(m->p);
    const Token *token = sgi_peek(m->p);
    Bytes text = token->kind == TOKEN_KEYWORD ? sgi_token_text(m->p, token) : (Bytes){NULL, 0};
    bool is_attribute = (text.size > 7 && memcmp(text.data, "offset=", 7) == 0) ||
                        (text.size > 6 && memcmp(text.data, "align=", 6) == 0);
    bool is_memory = is_attribute || token->kind == TOKEN_NUMBER;
    m->p->at = start;
    return is_memory;
}

static sg_status put_memarg(ModuleParser *m, Op op, Buf *out) {
    uint32_t memory = 0;
    uint64_t offset = 0, align = 0;
    bool given;
    if (sgi_ops[op].imm != IMM_MEMARG_LANE || is_before_lane(m))
        SGI_TRY(optional_index(m, SPACE_MEMORY, &memory));
    SGI_TRY(take_attribute(m->p, "offset=", &given, &offset));
    size_t at = m->p->at;
    SGI_TRY(take_attribute(m->p, "align=", &given, &align));
    unsigned log2 = sgi_op_access(op);
    if (given) {
        if (align == 0 || (align & (align - 1)))
            return sgi_parse_fail_at(m->p, at, "alignment must be a power of two", "%s", "");
        for (log2 = 0; align >> log2 != 1;)
            log2++;
    }
    sgi_buf_leb_u(out, memory ? log2 | 0x40 : log2);
    if (memory)
        sgi_buf_leb_u(out, memory);
    sgi_buf_leb_u(out, offset);
    return SG_OK;
}

static sg_status put_label_table(ModuleParser *m, Buf *out) {
    /* The vector's count goes first: the targets are gathered behind the stack of delayed bytes. */
    m->scratch.size = 0;
    uint32_t count = 0;
    size_t last;
    do {
        last = m->scratch.size;
        SGI_TRY(sgi_core_label_index(m, &m->scratch));
        count++;
    } while (sgi_core_peek_index(m));
    sgi_buf_leb_u(out, count - 1);
    sgi_buf_put(out, m->scratch.data, last);
    sgi_buf_put(out, m->scratch.data + last, m->scratch.size - last);
    return SG_OK;
}

static sg_status put_select_types(ModuleParser *m, Buf *out) {
    uint32_t count = 0;
    m->scratch.size = 0;
    while (sgi_take_open(m->p, "result")) {
        for (; !sgi_peek_is(m->p, TOKEN_CLOSE); count++)
            SGI_TRY(sgi_parse_core_val_type(m->p, &m->scope, &m->scratch));
        sgi_advance(m->p);
    }
    sgi_buf_leb_u(out, count);
    sgi_buf_put(out, m->scratch.data, m->scratch.size);
    return SG_OK;
}

static sg_status put_call_indirect(ModuleParser *m, Buf *out) {
    uint32_t table;
    TypeUse use;
    SGI_TRY(optional_index(m, SPACE_TABLE, &table));
    SGI_TRY(sgi_core_type_use(m, false, &use));
    sgi_buf_leb_u(out, use.index);
    sgi_buf_leb_u(out, table);
    return SG_OK;
}

static sg_status put_number(ModuleParser *m, Imm imm, Buf *out) {
    uint64_t bits;
    switch (imm) {
    case IMM_I32:
        SGI_TRY(sgi_expect_integer(m->p, 32, &bits));
        sgi_buf_leb_s(out, (int32_t)(uint32_t)bits);
        break;
    case IMM_I64:
        SGI_TRY(sgi_expect_integer(m->p, 64, &bits));
        sgi_buf_leb_s(out, (int64_t)bits);
        break;
    default:
        SGI_TRY(sgi_expect_float(m->p, imm == IMM_F32 ? 32 : 64, &bits));
        sgi_buf_le(out, bits, imm == IMM_F32 ? 4 : 8);
    }
    return SG_OK;
}

static sg_status put_lanes(ModuleParser *m, unsigned count, Buf *out) {
    for (unsigned i = 0; i < count; i++) {
        uint8_t lane;
        SGI_TRY(sgi_expect_lane(m->p, &lane));
        sgi_buf_byte(out, lane);
    }
    return SG_OK;
}

static sg_status put_v128(ModuleParser *m, Buf *out) {
    V128Literal literal;
    SGI_TRY(sgi_expect_v128(m->p, false, &literal));
    sgi_buf_put(out, literal.bytes, sizeof literal.bytes);
    return SG_OK;
}

static sg_status put_local(ModuleParser *m, Buf *out) {
    uint32_t index;
    if (sgi_peek_is(m->p, TOKEN_ID))
        SGI_TRY(find_id(m, &m->locals, "unknown local", &index));
    else
        SGI_TRY(sgi_expect_u32(m->p, &index));
    sgi_buf_leb_u(out, index);
    return SG_OK;
}

static sg_status put_type_field(ModuleParser *m, Buf *out) {
    uint32_t type, field;
    SGI_TRY(sgi_core_index(m, SPACE_TYPE, &type));
    SGI_TRY(sgi_core_field_index(m, type, &field));
    sgi_buf_leb_u(out, type);
    sgi_buf_leb_u(out, field);
    return SG_OK;
}

static sg_status put_type_and(ModuleParser *m, Space space, Buf *out) {
    SGI_TRY(put_index(m, SPACE_TYPE, out));
    return put_index(m, space, out);
}

static sg_status put_type_count(ModuleParser *m, Buf *out) {
    uint32_t count;
    SGI_TRY(put_index(m, SPACE_TYPE, out));
    SGI_TRY(sgi_expect_u32(m->p, &count));
    sgi_buf_leb_u(out, count);
    return SG_OK;
}

/* Null by itself, but tests and casts write a whole type, of which the instruction's encoding has a part. */
static sg_status put_heap_type(ModuleParser *m, Op op, Buf *out) {
    bool nullable;
    if (op == OP_REF_NULL)
        return sgi_parse_core_heap_type(m->p, &m->scope, out);
    return sgi_parse_core_cast_type(m->p, &m->scope, &nullable, out);
}

/* The label, the source and the target; the flags say which of the two may be null. */
static sg_status put_cast(ModuleParser *m, Buf *out) {
    bool from_null, to_null;
    m->scratch.size = 0;
    SGI_TRY(sgi_core_label_index(m, &m->scratch));
    SGI_TRY(sgi_parse_core_cast_type(m->p, &m->scope, &from_null, &m->scratch));
    SGI_TRY(sgi_parse_core_cast_type(m->p, &m->scope, &to_null, &m->scratch));
    sgi_buf_byte(out, (uint8_t)(from_null | to_null << 1));
    sgi_buf_put(out, m->scratch.data, m->scratch.size);
    return SG_OK;
}

static sg_status put_immediates(ModuleParser *m, Op op, Buf *out) {
    switch ((Imm)sgi_ops[op].imm) {
    case IMM_NONE: return SG_OK;
    case IMM_BLOCK: return sgi_core_block_type(m, out);
    case IMM_LABEL: return sgi_core_label_index(m, out);
    case IMM_LABEL_TABLE: return put_label_table(m, out);
    case IMM_FUNC: return put_index(m, SPACE_FUNC, out);
    case IMM_CALL_INDIRECT: return put_call_indirect(m, out);
    case IMM_TYPE: return put_index(m, SPACE_TYPE, out);
    case IMM_SELECT_TYPES: return put_select_types(m, out);
    case IMM_LOCAL: return put_local(m, out);
    case IMM_GLOBAL: return put_index(m, SPACE_GLOBAL, out);
    case IMM_TABLE: return put_optional_index(m, SPACE_TABLE, out);
    case IMM_MEMARG: return put_memarg(m, op, out);
    case IMM_MEMARG_LANE: SGI_TRY(put_memarg(m, op, out)); return put_lanes(m, 1, out);
    case IMM_LANE: return put_lanes(m, 1, out);
    case IMM_SHUFFLE: return put_lanes(m, 16, out);
    case IMM_V128: return put_v128(m, out);
    case IMM_MEMORY: return put_optional_index(m, SPACE_MEMORY, out);
    case IMM_I32:
    case IMM_I64:
    case IMM_F32:
    case IMM_F64: return put_number(m, (Imm)sgi_ops[op].imm, out);
    case IMM_HEAP_TYPE: return put_heap_type(m, op, out);
    case IMM_DATA_MEMORY:
        m->needs_data_count = true;
        return put_segment_pair(m, SPACE_MEMORY, SPACE_DATA, out);
    case IMM_DATA: m->needs_data_count = true; return put_index(m, SPACE_DATA, out);
    case IMM_MEMORY_MEMORY: return put_index_pair(m, SPACE_MEMORY, out);
    case IMM_ELEM_TABLE: return put_segment_pair(m, SPACE_TABLE, SPACE_ELEM, out);
    case IMM_ELEM: return put_index(m, SPACE_ELEM, out);
    case IMM_TABLE_TABLE: return put_index_pair(m, SPACE_TABLE, out);
    case IMM_TYPE_FIELD: return put_type_field(m, out);
    case IMM_TYPE_COUNT: return put_type_count(m, out);
    case IMM_TYPE_DATA: m->needs_data_count = true; return put_type_and(m, SPACE_DATA, out);
    case IMM_TYPE_ELEM: return put_type_and(m, SPACE_ELEM, out);
    case IMM_TYPE_TYPE: return put_type_and(m, SPACE_TYPE, out);
    case IMM_CAST: return put_cast(m, out);
    case IMM_TAG: return put_index(m, SPACE_TAG, out);
    case IMM_TRY_TABLE: SGI_TRY(sgi_core_block_type(m, out)); return sgi_core_catches(m, out);
    case IMM_ZERO: sgi_buf_byte(out, 0); return SG_OK;
    }
    return sgi_parse_unexpected(m->p);
}

/* ---- structure ---- */

static sg_status push_frame(ModuleParser *m, Frame frame) {
    return sgi_vec_push(m->p->cx.alloc, &m->frames, frame) ? SG_OK : sgi_core_no_memory(m);
}

/* Writes the instruction that waited for its operands. */
static void release_delayed(ModuleParser *m, const Frame *frame, Buf *out) {
    size_t start = frame->delayed;
    sgi_core_add_hint(m, frame->hint, out);
    if (m->delayed.size > start)
        sgi_buf_put(out, m->delayed.data + start, m->delayed.size - start);
    m->delayed.size = start;
}

/* A keyword that is right elsewhere in a function: here only its place is wrong. */
static bool is_clause(const Parser *p) {
    static const char *const clauses[] = {"type", "param", "result",    "local",
                                          "then", "do",    "catch_ref", "catch_all_ref"};
    for (size_t i = 0; i < SGI_COUNT(clauses); i++)
        if (sgi_peek_keyword(p, clauses[i]))
            return true;
    return false;
}

/* Names that stand for two instructions are the first one's; what follows decides. */
static Op second_meaning(const Parser *p, Op op) {
    switch (op) {
    case OP_SELECT: return sgi_peek_open(p, "result") ? OP_SELECT_T : op;
    case OP_REF_TEST: return sgi_peek_nullable(p) ? OP_REF_TEST_NULL : op;
    case OP_REF_CAST: return sgi_peek_nullable(p) ? OP_REF_CAST_NULL : op;
    default: return op;
    }
}

static sg_status find_op(ModuleParser *m, Op *op) {
    Parser *p = m->p;
    if (!sgi_peek_is(p, TOKEN_KEYWORD))
        return sgi_parse_fail(p, sgi_peek_is(p, TOKEN_RESERVED) ? "unknown operator" : "unexpected token");
    const uint32_t *found = sgi_map_get(&p->shared->ops, sgi_token_text(p, sgi_peek(p)));
    if (found == NULL)
        return sgi_parse_fail(p, is_clause(p) ? "unexpected token" : "unknown operator");
    sgi_advance(p);
    *op = second_meaning(p, (Op)*found);
    return SG_OK;
}

/* "(then", "(else" of a folded if; whether it was one. */
static sg_status take_if_part(ModuleParser *m, Frame *frame, Buf *out, bool *taken) {
    *taken = false;
    if (frame->kind == FRAME_CONDITION && sgi_take_open(m->p, "then")) {
        release_delayed(m, frame, out);
        frame->kind = FRAME_THEN;
        *taken = true;
        return sgi_core_push_label(m, frame->label);
    }
    if (frame->kind == FRAME_AFTER_THEN && sgi_take_open(m->p, "else")) {
        sgi_core_put_op(out, OP_ELSE);
        frame->kind = FRAME_FOLDED_ELSE;
        *taken = true;
    }
    return SG_OK;
}

static sg_status check_hint(const ModuleParser *m, uint8_t hint, Op op, size_t at) {
    if (hint == HINT_NONE || op == OP_IF || op == OP_BR_IF)
        return SG_OK;
    return sgi_parse_fail_at(m->p, at, "misplaced annotation", "a branch hint before '%s'", sgi_ops[op].text);
}

static bool has_label(Op op) {
    return sgi_ops[op].imm == IMM_BLOCK || sgi_ops[op].imm == IMM_TRY_TABLE;
}

/* What follows "(if" and its parts is folded, and so with "(try". So are operands by the grammar, but the
 * field's scripts write plain ones among them, and there is one thing only that they can mean. */
static bool wants_part(const Frame *frame) {
    switch (frame->kind) {
    case FRAME_AFTER_THEN:
    case FRAME_AFTER_ELSE:
    case FRAME_FOLDED_TRY:
    case FRAME_AFTER_DO:
    case FRAME_AFTER_PART:
    case FRAME_AFTER_PARTS:
    case FRAME_DELEGATED: return true;
    default: return false;
    }
}

static bool takes_end(FrameKind kind) {
    return kind == FRAME_BLOCK || kind == FRAME_ELSE || kind == FRAME_TRY || kind == FRAME_CATCH;
}

/* At an opening parenthesis. */
static sg_status open_folded(ModuleParser *m, Buf *out) {
    Parser *p = m->p;
    Frame *frame = m->frames.count ? &m->frames.items[m->frames.count - 1] : NULL;
    if (frame) {
        bool taken;
        SGI_TRY(take_if_part(m, frame, out, &taken));
        if (!taken)
            SGI_TRY(sgi_core_try_part(m, frame, out, &taken));
        if (taken)
            return SG_OK;
        if (wants_part(frame))
            return sgi_parse_unexpected(p);
    }
    uint8_t hint;
    SGI_TRY(sgi_core_take_hint(m, &hint));
    sgi_advance(p);
    size_t at = p->at, start = m->delayed.size;
    Op op;
    SGI_TRY(find_op(m, &op));
    SGI_TRY(check_hint(m, hint, op, at));
    if (op == OP_ELSE || op == OP_END || op == OP_CATCH || op == OP_CATCH_ALL || op == OP_DELEGATE)
        return sgi_parse_fail_at(p, at, "unexpected token", "%s", "");
    Bytes label = {NULL, 0};
    if (has_label(op))
        SGI_TRY(sgi_take_id(p, &label));
    Buf *target = has_label(op) && op != OP_IF ? out : &m->delayed;
    sgi_core_put_op(target, op);
    SGI_TRY(put_immediates(m, op, target));
    if (op == OP_IF)
        return push_frame(m, (Frame){FRAME_CONDITION, hint, start, label});
    if (target == &m->delayed)
        return push_frame(m, (Frame){FRAME_FOLDED, hint, start, label});
    SGI_TRY(sgi_core_push_label(m, label));
    return push_frame(m,
                      (Frame){op == OP_TRY ? FRAME_FOLDED_TRY : FRAME_FOLDED_BLOCK, HINT_NONE, start, label});
}

/* At a closing parenthesis, with a frame open. */
static sg_status close_folded(ModuleParser *m, Buf *out) {
    Frame *frame = &m->frames.items[m->frames.count - 1];
    switch (frame->kind) {
    case FRAME_FOLDED:
        release_delayed(m, frame, out);
        m->frames.count--;
        break;
    case FRAME_FOLDED_BLOCK:
    case FRAME_AFTER_THEN:
    case FRAME_AFTER_ELSE:
        sgi_core_put_op(out, OP_END);
        sgi_core_pop_label(m);
        m->frames.count--;
        break;
    case FRAME_THEN: frame->kind = FRAME_AFTER_THEN; break;
    case FRAME_FOLDED_ELSE: frame->kind = FRAME_AFTER_ELSE; break;
    default:
        if (!sgi_core_close_try(m, frame, out))
            return sgi_parse_unexpected(m->p);
    }
    sgi_advance(m->p);
    return SG_OK;
}

/* The label after "else" or "end" must be the block's. */
static sg_status match_label(ModuleParser *m, const Frame *frame) {
    size_t at = m->p->at;
    Bytes label;
    SGI_TRY(sgi_take_id(m->p, &label));
    if (label.size == 0 || sgi_bytes_equal(label, frame->label))
        return SG_OK;
    m->p->at = at;
    return sgi_parse_fail(m->p, "mismatching label");
}

static sg_status plain_instruction(ModuleParser *m, Buf *out) {
    Frame *frame = m->frames.count ? &m->frames.items[m->frames.count - 1] : NULL;
    if (frame && (frame->kind == FRAME_CONDITION || wants_part(frame)))
        return sgi_parse_unexpected(m->p);
    size_t at = m->p->at;
    Op op;
    uint8_t hint;
    SGI_TRY(sgi_core_take_hint(m, &hint));
    SGI_TRY(find_op(m, &op));
    SGI_TRY(check_hint(m, hint, op, at));
    if (op == OP_ELSE || op == OP_END) {
        if (frame == NULL || !(frame->kind == FRAME_IF || (op == OP_END && takes_end(frame->kind))))
            return sgi_parse_fail_at(m->p, at, "unexpected token", "%s", "");
        SGI_TRY(match_label(m, frame));
        sgi_core_put_op(out, op);
        frame->kind = FRAME_ELSE;
        if (op == OP_END) {
            sgi_core_pop_label(m);
            m->frames.count--;
        }
        return SG_OK;
    }
    if (op == OP_CATCH || op == OP_CATCH_ALL || op == OP_DELEGATE) {
        if (!sgi_core_is_catch(op, frame))
            return sgi_parse_fail_at(m->p, at, "unexpected token", "%s", "");
        return sgi_core_catch(m, op, out);
    }
    sgi_core_add_hint(m, hint, out);
    sgi_core_put_op(out, op);
    if (!has_label(op))
        return put_immediates(m, op, out);
    Bytes label;
    SGI_TRY(sgi_take_id(m->p, &label));
    SGI_TRY(put_immediates(m, op, out));
    SGI_TRY(sgi_core_push_label(m, label));
    FrameKind kind = op == OP_IF ? FRAME_IF : op == OP_TRY ? FRAME_TRY : FRAME_BLOCK;
    return push_frame(m, (Frame){kind, HINT_NONE, 0, label});
}

static sg_status parse_sequence(ModuleParser *m, bool is_single, Buf *out) {
    m->frames.count = m->labels.count = 0;
    m->delayed.size = 0;
    if (is_single && !sgi_peek_is(m->p, TOKEN_OPEN))
        return sgi_parse_unexpected(m->p);
    for (uint32_t steps = 1;; steps++) {
        if (steps % 1024 == 0)
            SGI_TRY(sgi_load_poll(&m->p->cx));
        if (sgi_peek_is(m->p, TOKEN_OPEN)) {
            SGI_TRY(open_folded(m, out));
        } else if (sgi_peek_is(m->p, TOKEN_CLOSE)) {
            if (m->frames.count == 0)
                break;
            SGI_TRY(close_folded(m, out));
            if (is_single && m->frames.count == 0)
                break;
        } else {
            if (sgi_peek_is(m->p, TOKEN_END) && m->frames.count == 0)
                break;
            /* Scripts take no such liberty in "(elem (offset ...))" without its keyword. */
            if (is_single && m->frames.items[m->frames.count - 1].kind == FRAME_FOLDED)
                return sgi_parse_unexpected(m->p);
            SGI_TRY(plain_instruction(m, out));
        }
    }
    return out->failed || m->delayed.failed || m->scratch.failed ? sgi_core_no_memory(m) : SG_OK;
}

sg_status sgi_core_instructions(ModuleParser *m, Buf *out) {
    return parse_sequence(m, false, out);
}

sg_status sgi_core_folded_instruction(ModuleParser *m, Buf *out) {
    return parse_sequence(m, true, out);
}
