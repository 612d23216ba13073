/* Exception handling in function bodies (core specification, 3.4.5), and its older form (the exception
 * handling proposal's legacy overview).
 *
 * Segments: a catch leads to its label from any call or throw inside, so the label is a target as soon as its
 * try_table can be reached, and the sequence of an older catch can be reached whenever its try can. */
#include "validate/body.h"

static sg_status find_tag(const Validator *v, uint32_t index, TypeList *values) {
    if (index >= v->module->tag_count)
        return sgi_body_unknown(v, "tag", index);
    const FuncType *type = &v->module->types[v->module->tags[index]].as.func;
    *values = (TypeList){type->params, type->param_count};
    return SG_OK;
}

static const ValType exn = KIND_REF | (ValType)HEAP_EXN << 8;

/* What a catch has to offer goes to its label. It stands on the operand stack on its way. */
static sg_status check_catch(Validator *v, const Catch *clause) {
    TypeList values = {NULL, 0};
    TypeList reference = {&exn, clause->kind == CATCH_REF || clause->kind == CATCH_ALL_REF};
    Frame *frame = NULL;
    if (clause->kind <= CATCH_REF)
        SGI_TRY(find_tag(v, clause->tag, &values));
    SGI_TRY(sgi_body_find_frame(v, clause->label, &frame));
    TypeList label = sgi_body_label_types(v, frame);
    if (label.count != values.count + reference.count)
        return sgi_body_mismatch(v, "a label of the catch's arity", "another");
    if (label.types != values.types)
        for (uint32_t i = 0; i < label.count; i++)
            if (!sgi_body_matches(v, i < values.count ? values.types[i] : exn, label.types[i]))
                return sgi_body_mismatch(v, "a label of the catch's types", "another");
    SGI_TRY(sgi_body_count_work(v, 1 + label.count));
    SGI_TRY(sgi_body_push_list(v, values.types, values.count));
    SGI_TRY(sgi_body_push_list(v, reference.types, reference.count));
    SGI_TRY(sgi_body_pop_list(v, reference.types, reference.count));
    return sgi_body_pop_list(v, values.types, values.count);
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
    TypeList values;
    if (v->instr.op == OP_THROW) {
        SGI_TRY(find_tag(v, v->instr.index, &values));
        SGI_TRY(sgi_body_pop_list(v, values.types, values.count));
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
    TypeList values = {NULL, 0};
    bool is_first = frame->op == OP_TRY;
    if (!is_first && frame->op != OP_CATCH)
        return misplaced(v);
    if (v->instr.op == OP_CATCH)
        SGI_TRY(find_tag(v, v->instr.index, &values));
    SGI_TRY(sgi_body_next_sequence(v, v->instr.op));
    if (is_first) {
        SGI_TRY(sgi_body_push(v, exn));
        frame->height++;
    }
    SGI_TRY(sgi_body_push_list(v, values.types, values.count));
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
