/* A validated body → bytecode, in one pass: see translator.h for the operands, control.c for branches.
 *
 * Fuel is charged where the segments say, in the same order with what can trap: the cost of an entry or a
 * loop stands in its HEAD, that of a segment behind a branch or call in the branch or call, any other in a
 * CHARGE. Code that cannot be reached is skipped, and has no segments. */
#include "compile/interp/translator.h"

/* Work between two looks at the interrupt. */
enum { POLL_STEP = 1024 };

static void skip_leb(Translator *t) {
    while (*t->at++ >= 0x80)
        continue;
}

static Op read_op(Translator *t) {
    t->instr_offset = (uint32_t)(t->at - t->body->code);
    uint8_t code = *t->at++;
    return code < 0xfb ? sgi_op_find(0, code) : sgi_op_find(code, sgi_tr_immediate(t));
}

static void skip_immediates(Translator *t, Op op) {
    switch ((Imm)sgi_ops[op].imm) {
    case IMM_NONE: break;
    case IMM_F32: t->at += 4; break;
    case IMM_F64: t->at += 8; break;
    case IMM_V128:
    case IMM_SHUFFLE: t->at += 16; break;
    case IMM_LANE: t->at++; break;
    case IMM_BLOCK:
        if (*t->at == KIND_REF || *t->at == KIND_REF_NULL)
            t->at++;
        skip_leb(t);
        break;
    case IMM_TRY_TABLE:
        if (*t->at == KIND_REF || *t->at == KIND_REF_NULL)
            t->at++;
        skip_leb(t);
        for (uint32_t i = sgi_tr_immediate(t); i > 0; i--, t->work++)
            sgi_read_catch(&t->at);
        break;
    case IMM_LABEL_TABLE:
        for (uint64_t i = (uint64_t)sgi_tr_immediate(t) + 1; i > 0; i--, t->work++)
            skip_leb(t);
        break;
    case IMM_SELECT_TYPES:
        for (uint32_t i = sgi_tr_immediate(t); i > 0; i--)
            sgi_tr_read_val_type(t);
        break;
    case IMM_MEMARG:
    case IMM_MEMARG_LANE:
        if (sgi_tr_immediate(t) & 0x40)
            skip_leb(t);
        skip_leb(t);
        t->at += sgi_ops[op].imm == IMM_MEMARG_LANE;
        break;
    case IMM_CALL_INDIRECT:
    case IMM_DATA_MEMORY:
    case IMM_MEMORY_MEMORY:
    case IMM_ELEM_TABLE:
    case IMM_TABLE_TABLE:
    case IMM_TYPE_FIELD:
    case IMM_TYPE_COUNT:
    case IMM_TYPE_DATA:
    case IMM_TYPE_ELEM:
    case IMM_TYPE_TYPE:
        skip_leb(t);
        skip_leb(t);
        break;
    case IMM_CAST:
        t->at++;
        skip_leb(t);
        skip_leb(t);
        skip_leb(t);
        break;
    default: skip_leb(t); break;
    }
}

/* ---- variables ---- */

static void local_write(Translator *t, bool is_tee) {
    uint32_t local = sgi_tr_immediate(t);
    uint32_t slot = t->locals[local].slot;
    sgi_tr_set_local(t, local);
    bool is_last = sgi_tr_top_is_last(t);
    uint32_t last = t->last;
    Operand value = sgi_tr_pop(t);
    bool is_plain = sgi_tr_is_plain(&value);
    bool is_same = value.kind == OPERAND_LOCAL && is_plain && value.as.use.local == local;
    if (is_last && t->locals[local].use == NONE) {
        t->words.items[last + 1] = slot;
        t->last = NONE;
    } else if (!is_same) {
        sgi_tr_flush_local(t, local);
        sgi_tr_move_operand(t, value, t->height, slot);
    }
    if (!is_tee)
        return;
    if (is_last || !is_plain)
        sgi_tr_push_local(t, local);
    else
        sgi_tr_push(t, value);
}

static void global_set(Translator *t) {
    Operand value = sgi_tr_pop(t);
    uint32_t slot = sgi_tr_slot_of(t, value);
    uint32_t *word = sgi_tr_emit(t, value.class == CLASS_V128 ? I_GLOBAL_SET_V128 : I_GLOBAL_SET, 2);
    word[0] = slot;
    word[1] = sgi_tr_immediate(t);
}

static void emit_result(Translator *t, unsigned instr, uint32_t count, const uint32_t *operands) {
    sgi_tr_emit_result(t, CLASS_NUM, instr, count, operands);
}

static void global_get(Translator *t) {
    uint32_t index = sgi_tr_immediate(t);
    OperandClass class = sgi_tr_class(t, t->module->globals[index].type.type);
    sgi_tr_emit_result(t, class, class == CLASS_V128 ? I_GLOBAL_GET_V128 : I_GLOBAL_GET, 1, &index);
}

static void select_operand(Translator *t) {
    uint32_t words[3];
    words[2] = sgi_tr_pop_slot(t);
    OperandClass class = sgi_tr_top(t)->class;
    words[1] = sgi_tr_pop_slot(t);
    words[0] = sgi_tr_pop_slot(t);
    sgi_tr_emit_result(t, class, class == CLASS_V128 ? I_SELECT_V128 : I_SELECT, 3, words);
}

/* Wide arithmetic: two results, in slots that lie side by side. */
static void wide(Translator *t, InstrCode instr, uint32_t count) {
    uint32_t words[4] = {0};
    for (uint32_t i = count; i > 0; i--)
        words[i - 1] = sgi_tr_pop_slot(t);
    uint32_t *word = sgi_tr_emit(t, instr, count + 1);
    word[0] = sgi_tr_operand_slot(t, t->height);
    memcpy(word + 1, words, count * sizeof *words);
    sgi_tr_push_slot(t, CLASS_NUM);
    sgi_tr_push_slot(t, CLASS_NUM);
}

/* ---- calls ---- */

/* Pops the callee's operands, and notes the references below; the slot of the first, where its results will
 * be. Those of a tail call are no operands, and validation has not counted them, but a host function leaves
 * them there all the same. */
static uint32_t arguments(Translator *t, const FuncType *type, uint32_t *node) {
    sgi_tr_flush(t, type->param_slots);
    *node = sgi_tr_map(t, t->height - type->param_slots, t->height - type->param_slots);
    sgi_tr_set_height(t, t->height - type->param_slots);
    if (t->height + type->result_slots > t->peak)
        t->peak = t->height + type->result_slots;
    return sgi_tr_operand_slot(t, t->height);
}

/* call and return_call, of whatever is called. */
static void call(Translator *t, Op op) {
    uint32_t index = sgi_tr_immediate(t);
    uint32_t words[5];
    uint32_t count = 1;
    InstrCode instr;
    const FuncType *type;
    bool is_tail = op == OP_RETURN_CALL || op == OP_RETURN_CALL_INDIRECT || op == OP_RETURN_CALL_REF;
    if (op == OP_CALL || op == OP_RETURN_CALL) {
        uint32_t imported = t->module->imported[EXTERN_FUNC];
        bool is_own = index >= imported;
        type = sgi_module_func_type(t->module, index);
        instr = is_own ? I_CALL : I_CALL_IMPORT;
        words[count++] = is_own ? index - imported : index;
    } else if (op == OP_CALL_REF || op == OP_RETURN_CALL_REF) {
        type = &t->module->types[index].as.func;
        instr = I_CALL_REF;
        words[count++] = sgi_tr_pop_slot(t);
    } else {
        type = &t->module->types[index].as.func;
        instr = I_CALL_INDIRECT;
        words[count++] = sgi_tr_pop_slot(t);
        words[count++] = sgi_tr_table_word(t, sgi_tr_immediate(t));
        words[count++] = t->module->types[index].id;
    }
    uint32_t node;
    words[0] = arguments(t, type, &node);
    if (is_tail)
        instr = (InstrCode)(instr + (I_RETURN_CALL - I_CALL));
    else
        words[count++] = sgi_tr_take_cost(t);
    if (!is_tail)
        sgi_tr_push_types(t, type->results, type->result_count);
    sgi_tr_site(t, node);
    sgi_tr_emit_effect(t, instr, count, words);
    t->unreachable = is_tail;
}

/* ---- one instruction ---- */

static uint64_t read_le(Translator *t, unsigned size) {
    uint64_t value = 0;
    memcpy(&value, t->at, size);
    t->at += size;
    return value;
}

static void reference(Translator *t, Op op) {
    uint32_t word;
    if (op == OP_REF_FUNC) {
        word = sgi_tr_immediate(t);
        emit_result(t, I_REF_FUNC, 1, &word);
    } else if (op == OP_REF_IS_NULL) {
        word = sgi_tr_pop_slot(t);
        emit_result(t, I_REF_IS_NULL, 1, &word);
    } else {
        Operand operand = sgi_tr_pop(t);
        word = sgi_tr_slot_of(t, operand);
        sgi_tr_mark(t, t->instr_offset);
        sgi_tr_emit_effect(t, I_REF_AS_NON_NULL, 1, &word);
        if (operand.kind == OPERAND_LOCAL)
            sgi_tr_push_local(t, operand.as.use.local);
        else
            sgi_tr_push_slot(t, operand.class);
    }
}

static void instruction(Translator *t, Op op) {
    uint32_t word;
    switch (op) {
    case OP_NOP: break;
    case OP_UNREACHABLE:
        sgi_tr_mark(t, t->instr_offset);
        sgi_tr_emit(t, I_UNREACHABLE, 0);
        t->unreachable = true;
        break;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF:
    case OP_TRY_TABLE:
    case OP_TRY: sgi_tr_block(t, op); break;
    case OP_ELSE: sgi_tr_else(t); break;
    case OP_END: sgi_tr_end(t); break;
    case OP_CATCH:
    case OP_CATCH_ALL: sgi_tr_catch(t, op); break;
    case OP_DELEGATE: sgi_tr_delegate(t); break;
    case OP_THROW:
    case OP_THROW_REF:
    case OP_RETHROW: sgi_tr_throw(t, op); break;
    case OP_BR: sgi_tr_br(t, sgi_tr_immediate(t)); break;
    case OP_BR_IF:
        word = sgi_tr_immediate(t);
        sgi_tr_br_if(t, word);
        break;
    case OP_BR_TABLE: sgi_tr_br_table(t); break;
    case OP_BR_ON_NULL:
        word = sgi_tr_immediate(t);
        sgi_tr_br_on_null(t, word);
        break;
    case OP_BR_ON_NON_NULL:
        word = sgi_tr_immediate(t);
        sgi_tr_br_on_non_null(t, word);
        break;
    case OP_RETURN:
        sgi_tr_return(t);
        t->unreachable = true;
        break;
    case OP_CALL:
    case OP_CALL_INDIRECT:
    case OP_CALL_REF:
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT:
    case OP_RETURN_CALL_REF: call(t, op); break;
    case OP_DROP: sgi_tr_pop(t); break;
    case OP_SELECT_T: skip_immediates(t, op); /* fall through */
    case OP_SELECT: select_operand(t); break;
    case OP_LOCAL_GET: sgi_tr_push_local(t, sgi_tr_immediate(t)); break;
    case OP_LOCAL_SET: local_write(t, false); break;
    case OP_LOCAL_TEE: local_write(t, true); break;
    case OP_GLOBAL_GET: global_get(t); break;
    case OP_GLOBAL_SET: global_set(t); break;
    case OP_I32_CONST: sgi_tr_push_const(t, (uint32_t)sgi_leb_s64(&t->at), CLASS_NUM); break;
    case OP_I64_CONST: sgi_tr_push_const(t, (uint64_t)sgi_leb_s64(&t->at), CLASS_NUM); break;
    case OP_F32_CONST: sgi_tr_push_const(t, read_le(t, 4), CLASS_NUM); break;
    case OP_F64_CONST: sgi_tr_push_const(t, read_le(t, 8), CLASS_NUM); break;
    case OP_REF_NULL: sgi_tr_push_const(t, 0, sgi_tr_class(t, sgi_tr_read_heap_type(t))); break;
    case OP_REF_FUNC:
    case OP_REF_IS_NULL:
    case OP_REF_AS_NON_NULL: reference(t, op); break;
    case OP_I32_EQZ:
    case OP_I64_EQZ: sgi_tr_eqz(t, op); break;
    case OP_I32_WRAP_I64:
    case OP_I32_REINTERPRET_F32:
    case OP_I64_REINTERPRET_F64:
    case OP_F32_REINTERPRET_I32:
    case OP_F64_REINTERPRET_I64: break; /* the same slot, or its low half */
    case OP_I64_ADD128: wide(t, I_I64_ADD128, 4); break;
    case OP_I64_SUB128: wide(t, I_I64_SUB128, 4); break;
    case OP_I64_MUL_WIDE_S: wide(t, I_I64_MUL_WIDE_S, 2); break;
    case OP_I64_MUL_WIDE_U: wide(t, I_I64_MUL_WIDE_U, 2); break;
    case OP_ATOMIC_FENCE:
        t->at++;
        sgi_tr_emit(t, I_ATOMIC_FENCE, 0);
        break;
    default:
        if (sgi_ops[op].prefix == 0xfd)
            sgi_tr_vector(t, op);
        else if (sgi_numeric[op].class != NUMERIC_NONE)
            sgi_tr_numeric(t, op);
        else if (sgi_ops[op].feature == FEATURE_GC)
            sgi_tr_gc(t, op);
        else
            sgi_tr_memory(t, op);
    }
}

static bool ends_sequence(Op op) {
    return op == OP_END || op == OP_ELSE || op == OP_CATCH || op == OP_CATCH_ALL || op == OP_DELEGATE;
}

/* Passes an instruction that cannot be reached: all are, up to the end or else of their block. */
static bool pass_unreachable(Translator *t, Op op) {
    if (!t->unreachable || (t->passed_depth == 0 && ends_sequence(op)))
        return false;
    if (sgi_ops[op].imm == IMM_BLOCK || op == OP_TRY_TABLE)
        t->passed_depth++;
    else if (op == OP_END || op == OP_DELEGATE)
        t->passed_depth--;
    skip_immediates(t, op);
    return true;
}

sg_trap sgi_tr_poll(Translator *t) {
    if (++t->work < POLL_STEP)
        return SG_TRAP_NONE;
    t->work = 0;
    bool is_interrupted = atomic_load_explicit(&t->cx->interrupt, memory_order_relaxed);
    return is_interrupted ? t->cx->lib->interrupted(t->cx) : SG_TRAP_NONE;
}

static sg_trap translate_body(Translator *t) {
    sg_trap trap = SG_TRAP_NONE;
    while (t->label_count > 0 && trap == SG_TRAP_NONE) {
        Op op = read_op(t);
        if (!pass_unreachable(t, op)) {
            instruction(t, op);
            if (t->label_count > 0 && !t->unreachable)
                sgi_tr_charge(t);
        }
        trap = t->failed ? SG_TRAP_MEMORY_LIMIT : sgi_tr_poll(t);
    }
    return trap;
}

/* ---- from body to Code ---- */

/* Writes the slots of locals that are references, as ranges, unless `ranges` is NULL; how many ranges. */
static uint32_t local_ranges(const Translator *t, SlotRange *ranges) {
    uint32_t count = 0, next = NONE; /* `next`: the slot behind the newest range */
    for (uint32_t i = 0; i < t->local_count; i++) {
        const Local *local = &t->locals[i];
        if (local->class != CLASS_REF)
            continue;
        count += local->slot != next;
        if (ranges && local->slot != next)
            ranges[count - 1] = (SlotRange){local->slot, 1};
        else if (ranges)
            ranges[count - 1].count++;
        next = local->slot + 1;
    }
    return count;
}

static void zero_range(const Translator *t, Code *code) {
    for (uint32_t i = 0; i < t->local_count; i++) {
        const Local *local = &t->locals[i];
        if (!local->is_zero)
            continue;
        if (code->zero_count == 0)
            code->zero_first = local->slot;
        code->zero_count = local->slot + (local->class == CLASS_V128 ? 2u : 1u) - code->zero_first;
    }
}

/* Puts items at `*at`, and moves it behind them. */
static const void *place_items(uint8_t **at, const void *items, size_t size) {
    void *place = *at;
    if (size)
        memcpy(place, items, size);
    *at += size;
    return place;
}

static Code *finish(Translator *t, uint32_t func_index) {
    Code made = {
        .func_index = func_index,
        .param_slots = t->type->param_slots,
        .result_slots = t->type->result_slots,
        .header = t->header,
        .frame_size = t->operand_base + t->peak,
        .word_count = (uint32_t)t->words.count,
        .position_count = (uint32_t)t->positions.count,
        .region_count = (uint32_t)t->regions.count,
        .handler_count = (uint32_t)t->handlers.count,
        .clause_count = (uint32_t)t->clauses.count,
        .range_count = t->has_refs ? local_ranges(t, NULL) : 0,
        .node_count = (uint32_t)t->nodes.count,
        .site_count = (uint32_t)t->sites.count,
    };
    zero_range(t, &made);
    Code *code = sgi_alloc(t->alloc, sgi_code_size(&made));
    if (code == NULL)
        return NULL;
    *code = made;
    uint8_t *at = (uint8_t *)code->words;
    place_items(&at, t->words.items, t->words.count * sizeof(uint32_t));
    code->positions = place_items(&at, t->positions.items, t->positions.count * sizeof(Position));
    code->regions = place_items(&at, t->regions.items, t->regions.count * sizeof(Region));
    code->handlers = place_items(&at, t->handlers.items, t->handlers.count * sizeof(ExnHandler));
    code->clauses = place_items(&at, t->clauses.items, t->clauses.count * sizeof(Clause));
    code->nodes = place_items(&at, t->nodes.items, t->nodes.count * sizeof(MapNode));
    code->sites = place_items(&at, t->sites.items, t->sites.count * sizeof(MapSite));
    SlotRange *ranges = (SlotRange *)(void *)at;
    if (made.range_count > 0)
        local_ranges(t, ranges);
    code->ranges = ranges;
    return code;
}

/* Gives `count` locals of one type their slots, from `slot` on; the slot after them. */
static uint32_t lay_out_locals(Translator *t, uint32_t first, uint32_t count, ValType type, uint32_t slot) {
    OperandClass class = sgi_tr_class(t, type);
    uint32_t size = class == CLASS_V128 ? 2 : 1;
    for (uint32_t i = first; i < first + count; i++, slot += size) {
        t->locals[i].use = NONE;
        t->locals[i].slot = slot & (UINT32_MAX >> 2);
        t->locals[i].class = class;
        t->locals[i].is_zero = class == CLASS_REF; /* the collector follows them from the beginning on */
    }
    t->has_refs |= count > 0 && class == CLASS_REF;
    return slot;
}

static void lay_out_frame(Translator *t) {
    const FuncType *type = t->type;
    uint32_t slot = 0, local = type->param_count;
    for (uint32_t i = 0; i < type->param_count; i++)
        slot = lay_out_locals(t, i, 1, type->params[i], slot);
    for (uint32_t i = 0; i < type->param_count; i++) {
        t->locals[i].is_set = true;
        t->locals[i].is_zero = false;
    }
    t->header = type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
    slot = t->header + HEADER_SLOTS;
    for (uint32_t i = 0; i < t->body->run_count; i++) {
        const LocalRun *run = &t->body->runs[i];
        slot = lay_out_locals(t, local, run->count, run->type, slot);
        local += run->count;
    }
    t->operand_base = slot;
}

static bool begin(Translator *t) {
    const FuncBody *body = t->body;
    t->local_count = t->type->param_count + body->local_count;
    t->at = body->code;
    t->segment = t->module->segments + body->segment_start;
    t->segment_end = t->segment + body->segment_count;
    t->last = t->newest = t->previous = NONE;
    t->operand_capacity = body->max_stack;
    t->label_capacity = body->max_labels;
    t->operands = sgi_alloc(t->alloc, t->operand_capacity * sizeof *t->operands);
    t->labels = sgi_alloc(t->alloc, t->label_capacity * sizeof *t->labels);
    t->locals = sgi_alloc_zero(t->alloc, t->local_count * sizeof *t->locals);
    t->set_locals = sgi_alloc(t->alloc, t->local_count * sizeof *t->set_locals);
    if (t->operands == NULL || t->labels == NULL || t->locals == NULL || t->set_locals == NULL ||
        !sgi_vec_reserve(t->alloc, &t->words, 64 + (size_t)(body->end - body->code)))
        return false;
    lay_out_frame(t);
    t->labels[t->label_count++] = (Label){.op = OP_BLOCK,
                                          .chain = NONE,
                                          .target = NONE,
                                          .handler = NO_HANDLER,
                                          .type = t->type,
                                          .result_slots = (uint16_t)t->type->result_slots};
    sgi_tr_head(t);
    return !t->failed;
}

sg_trap sgi_translate(ExecContext *cx, const Module *module, uint32_t index, Alloc *alloc, Code **code) {
    uint32_t func_index = module->imported[EXTERN_FUNC] + index;
    Translator t = {
        .cx = cx,
        .module = module,
        .alloc = alloc,
        .body = &module->bodies[index],
        .type = sgi_module_func_type(module, func_index),
    };
    /* What a host gives for code is memory too, and no store's host bytes: the engine's account refused. */
    sg_trap trap = begin(&t) ? translate_body(&t) : SG_TRAP_MEMORY_LIMIT;
    *code = NULL;
    if (trap == SG_TRAP_NONE)
        trap = sgi_tr_fuse(&t);
    if (trap == SG_TRAP_NONE && (*code = finish(&t, func_index)) == NULL)
        trap = SG_TRAP_MEMORY_LIMIT;
    sgi_free(alloc, t.operands, t.operand_capacity * sizeof *t.operands);
    sgi_free(alloc, t.labels, t.label_capacity * sizeof *t.labels);
    sgi_free(alloc, t.locals, t.local_count * sizeof *t.locals);
    sgi_free(alloc, t.set_locals, t.local_count * sizeof *t.set_locals);
    sgi_free(alloc, t.maps, t.operand_capacity * sizeof *t.maps);
    sgi_vec_free(alloc, &t.words);
    sgi_vec_free(alloc, &t.starts);
    sgi_vec_free(alloc, &t.positions);
    sgi_vec_free(alloc, &t.regions);
    sgi_vec_free(alloc, &t.handlers);
    sgi_vec_free(alloc, &t.clauses);
    sgi_vec_free(alloc, &t.nodes);
    sgi_vec_free(alloc, &t.sites);
    return trap;
}
