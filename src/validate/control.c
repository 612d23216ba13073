/* Structured instructions, branches and calls. */
#include "validate/body.h"
#include "validate/types.h"

/* Lists point into the frame where its type is written inline. */
static TypeList frame_params(const Validator *v, const Frame *frame) {
    if (frame->type_index == NO_TYPE)
        return (TypeList){0};
    return sgi_params_of(&v->module->types[frame->type_index].as.func);
}

static TypeList frame_results(const Validator *v, const Frame *frame) {
    if (frame->type_index == NO_TYPE)
        return (TypeList){&frame->result, frame->result != VAL_BOTTOM, frame->result == VAL_V128};
    return sgi_results_of(&v->module->types[frame->type_index].as.func);
}

TypeList sgi_body_label_types(const Validator *v, const Frame *frame) {
    return frame->op == OP_LOOP ? frame_params(v, frame) : frame_results(v, frame);
}

sg_status sgi_body_push_frame(Validator *v, Op op, uint32_t type_index, ValType result) {
    SGI_TRY(sgi_limit_check(LIMIT_ID_CONTROL_DEPTH, v->frames.count + 1, v->instr.offset, v->cx.err));
    Frame frame = {
        .op = (uint8_t)op,
        .entry_live = v->live,
        .height = (uint32_t)v->stack.count,
        .vectors = v->vectors,
        .init_height = (uint32_t)v->init_log.count,
        .type_index = type_index,
        .result = result,
    };
    if (!sgi_vec_push(v->cx.alloc, &v->frames, frame))
        return sgi_load_no_memory(&v->cx);
    if (v->body && v->frames.count > v->body->max_labels)
        v->body->max_labels = (uint32_t)v->frames.count;
    return SG_OK;
}

void sgi_body_set_unreachable(Validator *v) {
    sgi_body_top(v)->unreachable = true;
    v->stack.count = sgi_body_top(v)->height;
    v->vectors = sgi_body_top(v)->vectors;
    v->live = false;
}

static void forget_initialised(Validator *v, uint32_t height) {
    while (v->init_log.count > height)
        v->stamps.items[v->init_log.items[--v->init_log.count]] = 0;
}

sg_status sgi_body_find_frame(Validator *v, uint32_t label, Frame **frame) {
    if (label >= v->frames.count)
        return sgi_body_unknown(v, "label", label);
    *frame = &v->frames.items[v->frames.count - 1 - label];
    (*frame)->targeted |= v->live;
    return SG_OK;
}

static sg_status check_block(Validator *v) {
    const Instr *instr = &v->instr;
    const Module *module = v->module;
    ValType result = VAL_BOTTOM;
    if (instr->op == OP_IF)
        SGI_TRY(sgi_body_pop(v, VAL_I32));
    if (instr->index != NO_TYPE) {
        if (instr->index >= module->type_count || module->types[instr->index].kind != COMP_FUNC)
            return sgi_body_unknown(v, "type", instr->index);
    } else {
        result = instr->type;
        SGI_TRY(sgi_validate_val_type(&v->cx, result, module->type_count, instr->offset));
    }
    TypeList params = frame_params(v, &(Frame){.type_index = instr->index});
    SGI_TRY(sgi_body_pop_list(v, params));
    if (instr->op == OP_TRY_TABLE)
        SGI_TRY(sgi_body_check_catches(v));
    SGI_TRY(sgi_body_push_frame(v, instr->op, instr->index, result));
    SGI_TRY(sgi_body_push_list(v, params));
    if (instr->op != OP_LOOP && instr->op != OP_IF)
        return SG_OK;
    return sgi_body_begin_segment(v, instr->op == OP_LOOP ? SEGMENT_LOOP : SEGMENT_PLAIN);
}

sg_status sgi_body_check_results(Validator *v) {
    const Frame *frame = sgi_body_top(v);
    TypeList results = frame_results(v, frame);
    SGI_TRY(sgi_body_pop_list(v, results));
    return v->stack.count == frame->height
               ? SG_OK
               : sgi_body_mismatch(v, "no more operands", "values remaining on the stack");
}

sg_status sgi_body_next_sequence(Validator *v, Op op) {
    SGI_TRY(sgi_body_check_results(v));
    Frame *frame = sgi_body_top(v);
    frame->targeted |= v->live;
    forget_initialised(v, frame->init_height);
    frame->op = (uint8_t)op;
    frame->unreachable = false;
    v->live = frame->entry_live;
    return SG_OK;
}

static sg_status begin_else(Validator *v) {
    SGI_TRY(sgi_body_next_sequence(v, OP_ELSE));
    TypeList params = frame_params(v, sgi_body_top(v));
    return sgi_body_push_list(v, params);
}

static sg_status check_else(Validator *v) {
    if (sgi_body_top(v)->op != OP_IF)
        return sgi_fail(v->cx.err, SG_MALFORMED, v->instr.offset, "END opcode expected", "else without if");
    SGI_TRY(begin_else(v));
    return sgi_body_begin_segment(v, SEGMENT_PLAIN);
}

static sg_status check_end(Validator *v) {
    /* Without an else, the parameters go through as the results. */
    if (sgi_body_top(v)->op == OP_IF)
        SGI_TRY(begin_else(v));
    SGI_TRY(sgi_body_check_results(v));
    return sgi_body_pop_frame(v);
}

sg_status sgi_body_pop_frame(Validator *v) {
    const Frame frame = *sgi_body_top(v);
    forget_initialised(v, frame.init_height);
    v->frames.count--;
    if (frame.op == OP_CATCH || frame.op == OP_CATCH_ALL)
        v->stack.count--;
    TypeList results = frame_results(v, &frame);
    SGI_TRY(sgi_body_push_list(v, results));
    if (frame.op == OP_LOOP || v->frames.count == 0)
        return SG_OK;
    v->live |= frame.targeted;
    return sgi_body_begin_segment(v, SEGMENT_PLAIN);
}

static sg_status check_br(Validator *v) {
    Frame *frame = NULL;
    SGI_TRY(sgi_body_find_frame(v, v->instr.index, &frame));
    TypeList label = sgi_body_label_types(v, frame);
    SGI_TRY(sgi_body_pop_list(v, label));
    sgi_body_set_unreachable(v);
    return SG_OK;
}

sg_status sgi_body_pass_label(Validator *v, TypeList label) {
    if (sgi_body_are_on_top(v, label.types, label.count))
        return sgi_body_count_work(v, label.count / 16);
    SGI_TRY(sgi_body_pop_list(v, label));
    return sgi_body_push_list(v, label);
}

static sg_status check_br_if(Validator *v) {
    Frame *frame = NULL;
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    SGI_TRY(sgi_body_find_frame(v, v->instr.index, &frame));
    SGI_TRY(sgi_body_pass_label(v, sgi_body_label_types(v, frame)));
    return sgi_body_begin_segment(v, SEGMENT_PLAIN);
}

static sg_status check_br_table(Validator *v) {
    Frame *frame = NULL;
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    SGI_TRY(sgi_body_find_frame(v, v->instr.index, &frame));
    TypeList first = sgi_body_label_types(v, frame);
    SGI_TRY(sgi_body_check_list(v, first));
    const uint8_t *at = v->instr.labels;
    for (uint32_t i = 0; i < v->instr.label_count; i++) {
        SGI_TRY(sgi_body_find_frame(v, sgi_leb_u32(&at), &frame));
        TypeList label = sgi_body_label_types(v, frame);
        if (label.count != first.count)
            return sgi_body_mismatch(v, "labels of one arity", "another");
        if (frame->checked != (uint32_t)v->instr.offset)
            SGI_TRY(sgi_body_check_list(v, label));
        frame->checked = (uint32_t)v->instr.offset;
        SGI_TRY(sgi_body_count_work(v, 1));
    }
    sgi_body_set_unreachable(v);
    return SG_OK;
}

static sg_status check_br_on_null(Validator *v) {
    Frame *frame = NULL;
    ValType type;
    SGI_TRY(sgi_body_pop_ref(v, &type));
    SGI_TRY(sgi_body_find_frame(v, v->instr.index, &frame));
    SGI_TRY(sgi_body_pass_label(v, sgi_body_label_types(v, frame)));
    SGI_TRY(sgi_body_push(v, sgi_ref(false, sgi_heap(type))));
    return sgi_body_begin_segment(v, SEGMENT_PLAIN);
}

static sg_status check_br_on_non_null(Validator *v) {
    Frame *frame = NULL;
    ValType type;
    SGI_TRY(sgi_body_pop_ref(v, &type));
    SGI_TRY(sgi_body_find_frame(v, v->instr.index, &frame));
    TypeList label = sgi_body_label_types(v, frame);
    if (label.count == 0 || !sgi_is_ref(label.types[label.count - 1]))
        return sgi_body_mismatch(v, "a label that takes a reference", "another");
    SGI_TRY(sgi_body_push(v, sgi_ref(false, sgi_heap(type))));
    SGI_TRY(sgi_body_pass_label(v, label));
    v->stack.count--;
    return sgi_body_begin_segment(v, SEGMENT_PLAIN);
}

static sg_status check_return(Validator *v) {
    TypeList results = frame_results(v, &v->frames.items[0]);
    SGI_TRY(sgi_body_pop_list(v, results));
    sgi_body_set_unreachable(v);
    return SG_OK;
}

/* ---- calls ---- */

static sg_status call_type(Validator *v, const FuncType *type) {
    SGI_TRY(sgi_body_pop_list(v, sgi_params_of(type)));
    SGI_TRY(sgi_body_push_list(v, sgi_results_of(type)));
    return sgi_body_begin_segment(v, SEGMENT_PLAIN);
}

static sg_status return_call_type(Validator *v, const FuncType *type) {
    TypeList own = frame_results(v, &v->frames.items[0]);
    SGI_TRY(sgi_body_pop_list(v, sgi_params_of(type)));
    if (type->result_count != own.count)
        return sgi_body_mismatch(v, "the caller's results", "another number");
    for (uint32_t i = 0; i < own.count; i++)
        if (!sgi_body_matches(v, type->results[i], own.types[i]))
            return sgi_body_mismatch(v, sgi_type_name(own.types[i]).text,
                                     sgi_type_name(type->results[i]).text);
    sgi_body_set_unreachable(v);
    return sgi_body_count_work(v, own.count);
}

static sg_status find_func_type(const Validator *v, uint32_t index, const FuncType **type) {
    const Module *module = v->module;
    if (index >= module->type_count || module->types[index].kind != COMP_FUNC)
        return sgi_body_unknown(v, "type", index);
    *type = &module->types[index].as.func;
    return SG_OK;
}

static sg_status check_call(Validator *v) {
    if (v->instr.index >= v->module->func_count)
        return sgi_body_unknown(v, "function", v->instr.index);
    const FuncType *type = sgi_module_func_type(v->module, v->instr.index);
    return v->instr.op == OP_CALL ? call_type(v, type) : return_call_type(v, type);
}

static sg_status check_call_indirect(Validator *v) {
    const TableType *table = NULL;
    const FuncType *type = NULL;
    SGI_TRY(sgi_body_find_table(v, v->instr.index2, &table));
    if (!sgi_body_matches(v, table->element, VAL_FUNCREF))
        return sgi_body_mismatch(v, "a table of functions", sgi_type_name(table->element).text);
    SGI_TRY(find_func_type(v, v->instr.index, &type));
    SGI_TRY(sgi_body_pop(v, sgi_body_address_type(&table->limits)));
    return v->instr.op == OP_CALL_INDIRECT ? call_type(v, type) : return_call_type(v, type);
}

static sg_status check_call_ref(Validator *v) {
    const FuncType *type = NULL;
    SGI_TRY(find_func_type(v, v->instr.index, &type));
    SGI_TRY(sgi_body_pop(v, sgi_ref(true, v->instr.index)));
    return v->instr.op == OP_CALL_REF ? call_type(v, type) : return_call_type(v, type);
}

sg_status sgi_body_check_control(Validator *v) {
    switch (v->instr.op) {
    case OP_UNREACHABLE: sgi_body_set_unreachable(v); return SG_OK;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF:
    case OP_TRY_TABLE:
    case OP_TRY: return check_block(v);
    case OP_ELSE: return check_else(v);
    case OP_END: return check_end(v);
    case OP_BR: return check_br(v);
    case OP_BR_IF: return check_br_if(v);
    case OP_BR_TABLE: return check_br_table(v);
    case OP_BR_ON_NULL: return check_br_on_null(v);
    case OP_BR_ON_NON_NULL: return check_br_on_non_null(v);
    case OP_RETURN: return check_return(v);
    case OP_CALL:
    case OP_RETURN_CALL: return check_call(v);
    case OP_CALL_INDIRECT:
    case OP_RETURN_CALL_INDIRECT: return check_call_indirect(v);
    default: return check_call_ref(v);
    }
}
