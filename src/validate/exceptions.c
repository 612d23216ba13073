/* Exception handling in function bodies (core specification, 3.4.5), and its older form (the exception
 * handling proposal's legacy overview).
 *
 * Segments: a catch leads to its label from any call or throw inside, so the label is a target as soon as its
 * try_table can be reached, and the sequence of an older catch can be reached whenever its try can. */
#include "validate/body.h"

#include <string.h>

static sg_status find_tag(const Validator *v, uint32_t index, const FuncType **type) {
    if (index >= v->module->tag_count)
        return sgi_body_unknown(v, "tag", index);
    *type = &v->module->types[v->module->tags[index]].as.func;
    return SG_OK;
}

static const ValType exn = KIND_REF | (ValType)HEAP_EXN << 8;

static bool all_match(const Validator *v, const ValType *sub, const ValType *super, uint32_t count) {
    if (count == 0 || sub == super || memcmp(sub, super, count * sizeof *sub) == 0)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (!sgi_body_matches(v, sub[i], super[i]))
            return false;
    return true;
}

/* What a catch has to offer goes to its label. On its way it has a place above the operands. */
static sg_status check_catch(Validator *v, const Catch *clause) {
    static const FuncType none = {0};
    const FuncType *type = &none;
    bool has_reference = clause->kind == CATCH_REF || clause->kind == CATCH_ALL_REF;
    Frame *frame = NULL;
    if (clause->kind <= CATCH_REF)
        SGI_TRY(find_tag(v, clause->tag, &type));
    SGI_TRY(sgi_body_find_frame(v, clause->label, &frame));
    TypeList label = sgi_body_label_types(v, frame);
    if (label.count != type->param_count + has_reference)
        return sgi_body_mismatch(v, "a label of the catch's arity", "another");
    if (!all_match(v, type->params, label.types, type->param_count) ||
        (has_reference && !sgi_body_matches(v, exn, label.types[type->param_count])))
        return sgi_body_mismatch(v, "a label of the catch's types", "another");
    SGI_TRY(sgi_body_count_work(v, 1 + type->param_count / 16));
    return sgi_body_note_room(v, type->param_slots + has_reference);
}

sg_status sgi_body_check_catches(Validator *v) {
    const uint8_t *at = v->instr.labels;
    for (uint32_t i = 0; i < v->instr.label_count; i++) {
        Catch clause = sgi_read_catch(&at);
        SGI_TRY(check_catch(v, &clause));
    }
    return SG_OK;
}

static sg_status check_throw(Validator *v) {
    if (v->instr.op == OP_THROW) {
        const FuncType *type = NULL;
        SGI_TRY(find_tag(v, v->instr.index, &type));
        SGI_TRY(sgi_body_pop_list(v, sgi_params_of(type)));
    } else {
        SGI_TRY(sgi_body_pop(v, sgi_ref(true, HEAP_EXN)));
    }
    sgi_body_set_unreachable(v);
    return SG_OK;
}

/* ---- the older form ---- */

static Frame *frame_at(Validator *v, uint32_t label) {
    return label < v->frames.count ? &v->frames.items[v->frames.count - 1 - label] : NULL;
}

static sg_status check_rethrow(Validator *v) {
    const Frame *frame = frame_at(v, v->instr.index);
    if (frame == NULL)
        return sgi_body_unknown(v, "label", v->instr.index);
    if (frame->op != OP_CATCH && frame->op != OP_CATCH_ALL)
        return sgi_body_invalid(v, "invalid rethrow label", "");
    sgi_body_set_unreachable(v);
    return SG_OK;
}

static sg_status misplaced(const Validator *v) {
    return sgi_fail(v->cx.err, SG_MALFORMED, v->instr.offset, "END opcode expected", "%s outside of a try",
                    sgi_ops[v->instr.op].text);
}

/* The exception itself stays on the operand stack below the sequence's operands, for rethrow. */
static sg_status check_catch_sequence(Validator *v) {
    Frame *frame = frame_at(v, 0);
    const FuncType *type = NULL; /* catch_all: none */
    bool is_first = frame->op == OP_TRY;
    if (!is_first && frame->op != OP_CATCH)
        return misplaced(v);
    if (v->instr.op == OP_CATCH)
        SGI_TRY(find_tag(v, v->instr.index, &type));
    SGI_TRY(sgi_body_next_sequence(v, v->instr.op));
    if (is_first) {
        SGI_TRY(sgi_body_push(v, exn));
        frame->height++;
    }
    if (type)
        SGI_TRY(sgi_body_push_list(v, sgi_params_of(type)));
    return sgi_body_begin_segment(v, SEGMENT_PLAIN);
}

/* Its label is seen from outside the block that it ends. */
static sg_status check_delegate(Validator *v) {
    if (frame_at(v, 0)->op != OP_TRY)
        return misplaced(v);
    if (v->instr.index >= v->frames.count - 1)
        return sgi_body_unknown(v, "label", v->instr.index);
    SGI_TRY(sgi_body_check_results(v));
    return sgi_body_pop_frame(v);
}

sg_status sgi_body_check_exception(Validator *v) {
    switch (v->instr.op) {
    case OP_THROW:
    case OP_THROW_REF: return check_throw(v);
    case OP_RETHROW: return check_rethrow(v);
    case OP_DELEGATE: return check_delegate(v);
    default: return check_catch_sequence(v);
    }
}
