/* Function bodies and constant expressions: one pass over the instructions with an explicit control stack and
 * a stack of operand types (core specification, 3.4, and the algorithm of its appendix). On the way the
 * body's segments are written down: code.h, docs/FUEL.md.
 *
 * Two notions of unreachable code meet here. Frame.unreachable is the algorithm's: operands below the frame's
 * height may be of any type until the frame ends. `live` is what segments go by: false where no path leads.
 * After the end of a loop that is never left the two differ.
 *
 * Invariants: every frame's height is at most the stack's count; frames[0] is the body's own. */
#include "validate/body.h"
#include "validate/types.h"

#include <string.h>

sg_status sgi_body_invalid(const Validator *v, const char *message, const char *detail) {
    return sgi_fail(v->cx.err, SG_INVALID, v->instr.offset, message, "%s", detail);
}

sg_status sgi_body_mismatch(const Validator *v, const char *expected, const char *found) {
    return sgi_fail(v->cx.err, SG_INVALID, v->instr.offset, "type mismatch", "%s: expected %s, found %s",
                    sgi_ops[v->instr.op].text, expected, found);
}

sg_status sgi_body_unknown(const Validator *v, const char *what, uint64_t index) {
    return sgi_validate_unknown(&v->cx, what, index, v->instr.offset);
}

bool sgi_body_matches(const Validator *v, ValType sub, ValType super) {
    if (SGI_LIKELY(sub == super))
        return true;
    uint64_t pair = (uint64_t)sub << 32 | super;
    uint64_t *known = &v->matches[pair * UINT64_C(0x9e3779b97f4a7c15) >> (64 - KNOWN_MATCHES_LOG2)];
    if (*known == pair)
        return true;
    if (!sgi_types_matches_in(v->module->types, sub, super))
        return false;
    *known = pair;
    return true;
}

/* ---- segments ---- */

sg_status sgi_body_begin_segment(Validator *v, SegmentKind kind) {
    if (!v->live || v->body == NULL)
        return SG_OK;
    if (kind != SEGMENT_ENTRY) {
        Segment *last = &v->segments.items[v->segments.count - 1];
        if (last->kind == SEGMENT_PLAIN && last->cost == 0)
            v->segments.count--;
    }
    Segment segment = {.offset = (uint32_t)(v->r.at - v->body->code), .kind = kind};
    return sgi_vec_push(v->cx.alloc, &v->segments, segment) ? SG_OK : sgi_load_no_memory(&v->cx);
}

static void charge(Validator *v) {
    if (v->live && v->body)
        v->segments.items[v->segments.count - 1].cost += sgi_ops[v->instr.op].fuel & 0xff;
}

/* ---- operands ---- */

static sg_status reserve(Validator *v, uint32_t count) {
    return sgi_vec_reserve(v->cx.alloc, &v->stack, count) ? SG_OK : sgi_load_no_memory(&v->cx);
}

sg_status sgi_body_note_room(Validator *v, uint32_t slots) {
    size_t all = v->stack.count + v->vectors + slots;
    if (SGI_LIKELY(all <= v->max_stack))
        return SG_OK;
    v->max_stack = (uint32_t)all;
    return sgi_limit_check(LIMIT_ID_OPERAND_STACK, v->max_stack, v->instr.offset, v->cx.err);
}

static sg_status note_height(Validator *v) {
    return sgi_body_note_room(v, 0);
}

sg_status sgi_body_push(Validator *v, ValType type) {
    if (SGI_UNLIKELY(v->stack.count == v->stack.capacity))
        SGI_TRY(reserve(v, 1));
    v->stack.items[v->stack.count++] = type;
    v->vectors += type == VAL_V128;
    return note_height(v);
}

sg_status sgi_body_push_list(Validator *v, TypeList list) {
    SGI_TRY(reserve(v, list.count));
    if (list.count)
        memcpy(v->stack.items + v->stack.count, list.types, list.count * sizeof *list.types);
    v->stack.count += list.count;
    v->vectors += list.vectors;
    SGI_TRY(note_height(v));
    return sgi_body_count_work(v, list.count / 16);
}

sg_status sgi_body_pop_any(Validator *v, ValType *type) {
    const Frame *frame = sgi_body_top(v);
    if (SGI_LIKELY(v->stack.count > frame->height)) {
        *type = v->stack.items[--v->stack.count];
        v->vectors -= *type == VAL_V128;
        return SG_OK;
    }
    *type = VAL_BOTTOM;
    return frame->unreachable ? SG_OK : sgi_body_mismatch(v, "an operand", "none");
}

void sgi_body_drop(Validator *v, uint32_t count) {
    v->stack.count -= count;
    if (count > 0) /* else there may be no items */
        v->vectors -= sgi_slots(v->stack.items + v->stack.count, count) - count;
}

sg_status sgi_body_pop(Validator *v, ValType expected) {
    ValType found;
    size_t count = v->stack.count;
    if (SGI_LIKELY(count > sgi_body_top(v)->height && v->stack.items[count - 1] == expected)) {
        v->stack.count--;
        v->vectors -= expected == VAL_V128;
        return SG_OK;
    }
    if (SGI_UNLIKELY(v->stack.count == sgi_body_top(v)->height) && !sgi_body_top(v)->unreachable)
        return sgi_body_mismatch(v, sgi_type_name(expected).text, "nothing");
    SGI_TRY(sgi_body_pop_any(v, &found));
    if (SGI_LIKELY(sgi_body_matches(v, found, expected)))
        return SG_OK;
    return sgi_body_mismatch(v, sgi_type_name(expected).text, sgi_type_name(found).text);
}

sg_status sgi_body_pop_ref(Validator *v, ValType *type) {
    SGI_TRY(sgi_body_pop_any(v, type));
    if (*type == VAL_BOTTOM)
        *type = sgi_ref(false, HEAP_BOTTOM);
    return sgi_is_ref(*type) ? SG_OK : sgi_body_mismatch(v, "a reference", sgi_type_name(*type).text);
}

/* Are the topmost operands of exactly these types? */
bool sgi_body_are_on_top(Validator *v, const ValType *types, uint32_t count) {
    size_t have = v->stack.count - sgi_body_top(v)->height;
    return count == 0 || (have >= count &&
                          memcmp(v->stack.items + v->stack.count - count, types, count * sizeof *types) == 0);
}

/* A call of 1,000 references is two bytes long: where it is one of many, its list is not walked each time. */
static CheckedList *find_checked(Validator *v, const ValType *types) {
    return &v->checked[(uintptr_t)types / 64 % CHECKED_LISTS];
}

static bool was_checked(Validator *v, const ValType *types, uint32_t count) {
    const CheckedList *list = find_checked(v, types);
    return list->expected == types && list->found.count == count &&
           sgi_body_are_on_top(v, list->found.items, count);
}

static void note_checked(Validator *v, const ValType *types, uint32_t count) {
    enum { LONG_LIST = 32 };
    CheckedList *list = find_checked(v, types);
    list->found.count = 0;
    if (count < LONG_LIST || v->stack.count - sgi_body_top(v)->height < count ||
        !sgi_vec_reserve(v->cx.alloc, &list->found, count))
        return;
    memcpy(list->found.items, v->stack.items + v->stack.count - count, count * sizeof *types);
    list->found.count = count;
    list->expected = types;
}

/* The topmost operands have these types; they stay. */
sg_status sgi_body_check_list(Validator *v, TypeList list) {
    const Frame *frame = sgi_body_top(v);
    const ValType *types = list.types;
    uint32_t count = list.count;
    size_t have = v->stack.count - frame->height;
    const ValType *stack = v->stack.items;
    size_t end = v->stack.count;
    if (sgi_body_are_on_top(v, types, count) || was_checked(v, types, count))
        return sgi_body_count_work(v, count / 16);
    ValType good = VAL_BOTTOM, for_expected = VAL_BOTTOM; /* runs of one type are compared once */
    for (uint32_t i = 1; i <= count; i++) {
        ValType expected = types[count - i];
        if (i > have) {
            if (frame->unreachable)
                break;
            return sgi_body_mismatch(v, sgi_type_name(expected).text, "nothing");
        }
        if (stack[end - i] == good && expected == for_expected)
            continue;
        if (!sgi_body_matches(v, stack[end - i], expected))
            return sgi_body_mismatch(v, sgi_type_name(expected).text, sgi_type_name(stack[end - i]).text);
        good = stack[end - i];
        for_expected = expected;
    }
    note_checked(v, types, count);
    return sgi_body_count_work(v, count);
}

sg_status sgi_body_pop_list(Validator *v, TypeList list) {
    SGI_TRY(sgi_body_check_list(v, list));
    size_t have = v->stack.count - sgi_body_top(v)->height;
    uint32_t count = list.count < have ? list.count : (uint32_t)have;
    if (list.vectors > 0)
        sgi_body_drop(v, count);
    else /* v128 matches no other type: none of them is one */
        v->stack.count -= count;
    return SG_OK;
}

/* ---- variables ---- */

static sg_status find_local(const Validator *v, uint32_t index, ValType *type) {
    if (v->type && index < v->type->param_count) {
        *type = v->type->params[index];
        return SG_OK;
    }
    /* Runs end where locals of the next type begin; the first one that ends past `index` holds it. */
    size_t low = 0, high = v->run_ends.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v->run_ends.items[middle] <= index)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == v->run_ends.count)
        return sgi_body_unknown(v, "local", index);
    *type = v->body->runs[low].type;
    return SG_OK;
}

static sg_status mark_initialised(Validator *v, uint32_t index, ValType type) {
    if (sgi_is_defaultable(type) || index < v->type->param_count || v->stamps.items[index] == v->body_stamp)
        return SG_OK;
    v->stamps.items[index] = v->body_stamp;
    return sgi_vec_push(v->cx.alloc, &v->init_log, index) ? SG_OK : sgi_load_no_memory(&v->cx);
}

static sg_status check_local(Validator *v) {
    uint32_t index = v->instr.index;
    ValType type = {0};
    SGI_TRY(find_local(v, index, &type));
    if (v->instr.op == OP_LOCAL_GET) {
        if (!sgi_is_defaultable(type) && index >= v->type->param_count &&
            v->stamps.items[index] != v->body_stamp)
            return sgi_body_invalid(v, "uninitialized local", "local.get before local.set or local.tee");
        return sgi_body_push(v, type);
    }
    SGI_TRY(sgi_body_pop(v, type));
    SGI_TRY(mark_initialised(v, index, type));
    return v->instr.op == OP_LOCAL_TEE ? sgi_body_push(v, type) : SG_OK;
}

static sg_status check_global(Validator *v) {
    uint32_t limit = v->body ? v->module->global_count : v->global_limit;
    if (v->instr.index >= limit)
        return sgi_body_unknown(v, "global", v->instr.index);
    const GlobalType *type = &v->module->globals[v->instr.index].type;
    if (v->instr.op == OP_GLOBAL_GET) {
        if (v->body == NULL && type->mutable_)
            return sgi_body_invalid(v, "constant expression required", "the global is mutable");
        return sgi_body_push(v, type->type);
    }
    if (!type->mutable_)
        return sgi_body_invalid(v, "immutable global", "");
    return sgi_body_pop(v, type->type);
}

static sg_status check_drop(Validator *v) {
    ValType type;
    return sgi_body_pop_any(v, &type);
}

static sg_status check_select(Validator *v) {
    ValType a, b;
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    SGI_TRY(sgi_body_pop_any(v, &a));
    SGI_TRY(sgi_body_pop_any(v, &b));
    if (sgi_is_ref(a) || sgi_is_ref(b))
        return sgi_body_mismatch(v, "a number", "a reference");
    if (a != b && a != VAL_BOTTOM && b != VAL_BOTTOM)
        return sgi_body_mismatch(v, sgi_type_name(b).text, sgi_type_name(a).text);
    return sgi_body_push(v, a == VAL_BOTTOM ? b : a);
}

static sg_status check_select_t(Validator *v) {
    if (v->instr.type_count != 1)
        return sgi_body_invalid(v, "invalid result arity", "");
    ValType type = v->instr.type;
    SGI_TRY(sgi_validate_val_type(&v->cx, type, v->module->type_count, v->instr.offset));
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    SGI_TRY(sgi_body_pop(v, type));
    SGI_TRY(sgi_body_pop(v, type));
    return sgi_body_push(v, type);
}

/* ---- references ---- */

static sg_status check_ref(Validator *v) {
    ValType type;
    switch (v->instr.op) {
    case OP_REF_NULL:
        SGI_TRY(sgi_validate_val_type(&v->cx, v->instr.type, v->module->type_count, v->instr.offset));
        return sgi_body_push(v, v->instr.type);
    case OP_REF_IS_NULL: SGI_TRY(sgi_body_pop_ref(v, &type)); return sgi_body_push(v, VAL_I32);
    case OP_REF_AS_NON_NULL:
        SGI_TRY(sgi_body_pop_ref(v, &type));
        return sgi_body_push(v, sgi_ref(false, sgi_heap(type)));
    default: break;
    }
    uint32_t func = v->instr.index;
    if (func >= v->module->func_count)
        return sgi_body_unknown(v, "function", func);
    if (v->body == NULL)
        sgi_declare_func(v->module, func);
    else if (!(v->module->declared_funcs[func / 8] >> func % 8 & 1))
        return sgi_body_invalid(v, "undeclared function reference", "");
    return sgi_body_push(v, sgi_ref(false, v->module->funcs[func]));
}

/* ---- tables ---- */

sg_status sgi_body_find_table(const Validator *v, uint32_t index, const TableType **type) {
    if (index >= v->module->table_count)
        return sgi_body_unknown(v, "table", index);
    *type = &v->module->tables[index].type;
    return SG_OK;
}

static sg_status check_table(Validator *v) {
    const TableType *type = NULL;
    SGI_TRY(sgi_body_find_table(v, v->instr.index, &type));
    ValType address = sgi_body_address_type(&type->limits);
    switch (v->instr.op) {
    case OP_TABLE_GET: SGI_TRY(sgi_body_pop(v, address)); return sgi_body_push(v, type->element);
    case OP_TABLE_SET: SGI_TRY(sgi_body_pop(v, type->element)); return sgi_body_pop(v, address);
    case OP_TABLE_SIZE: return sgi_body_push(v, address);
    case OP_TABLE_GROW:
        SGI_TRY(sgi_body_pop(v, address));
        SGI_TRY(sgi_body_pop(v, type->element));
        return sgi_body_push(v, address);
    default: /* OP_TABLE_FILL */
        SGI_TRY(sgi_body_pop(v, address));
        SGI_TRY(sgi_body_pop(v, type->element));
        return sgi_body_pop(v, address);
    }
}

sg_status sgi_body_find_elem(const Validator *v, uint32_t index) {
    return index < v->module->elem_count ? SG_OK : sgi_body_unknown(v, "elem segment", index);
}

static sg_status check_table_init(Validator *v) {
    const TableType *type = NULL;
    SGI_TRY(sgi_body_find_table(v, v->instr.index2, &type));
    SGI_TRY(sgi_body_find_elem(v, v->instr.index));
    ValType element = v->module->elems[v->instr.index].type;
    if (!sgi_body_matches(v, element, type->element))
        return sgi_body_mismatch(v, sgi_type_name(type->element).text, sgi_type_name(element).text);
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    return sgi_body_pop(v, sgi_body_address_type(&type->limits));
}

/* The operands of a copy: to, from, and a length of the narrower address type. */
static sg_status pop_copy(Validator *v, const Limits *to, const Limits *from) {
    SGI_TRY(sgi_body_pop(v, to->is_64 && from->is_64 ? VAL_I64 : VAL_I32));
    SGI_TRY(sgi_body_pop(v, sgi_body_address_type(from)));
    return sgi_body_pop(v, sgi_body_address_type(to));
}

static sg_status check_table_copy(Validator *v) {
    const TableType *to = NULL, *from = NULL;
    SGI_TRY(sgi_body_find_table(v, v->instr.index, &to));
    SGI_TRY(sgi_body_find_table(v, v->instr.index2, &from));
    if (!sgi_body_matches(v, from->element, to->element))
        return sgi_body_mismatch(v, sgi_type_name(to->element).text, sgi_type_name(from->element).text);
    return pop_copy(v, &to->limits, &from->limits);
}

/* ---- memory, and what the signature tells ---- */

static sg_status find_memory(const Validator *v, uint32_t index, const Limits **limits) {
    if (index >= v->module->memory_count)
        return sgi_body_unknown(v, "memory", index);
    *limits = &v->module->memories[index];
    return SG_OK;
}

sg_status sgi_body_find_data(const Validator *v, uint32_t index) {
    if (!v->module->has_data_count)
        return sgi_fail(v->cx.err, SG_MALFORMED, v->instr.offset, "data count section required", "%s", "");
    return index < v->module->data_count ? SG_OK : sgi_body_unknown(v, "data segment", index);
}

static sg_status check_memory_init(Validator *v) {
    const Limits *limits = NULL;
    SGI_TRY(find_memory(v, v->instr.index2, &limits));
    SGI_TRY(sgi_body_find_data(v, v->instr.index));
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    return sgi_body_pop(v, sgi_body_address_type(limits));
}

static sg_status check_memory_copy(Validator *v) {
    const Limits *to = NULL, *from = NULL;
    SGI_TRY(find_memory(v, v->instr.index, &to));
    SGI_TRY(find_memory(v, v->instr.index2, &from));
    return pop_copy(v, to, from);
}

static sg_status check_memarg(Validator *v, const Limits *limits) {
    uint8_t *natural = &v->natural[v->instr.op];
    if (SGI_UNLIKELY(*natural == 0))
        *natural = (uint8_t)(1 + sgi_op_access(v->instr.op));
    if (v->instr.align >= *natural)
        return sgi_body_invalid(v, "alignment must not be larger than natural", "");
    if (sgi_ops[v->instr.op].prefix == 0xfe && v->instr.align != sgi_op_access(v->instr.op))
        return sgi_body_invalid(v, "atomic alignment must be natural", "");
    if (!limits->is_64 && v->instr.bits > UINT32_MAX)
        return sgi_body_invalid(v, "offset out of range", "");
    return SG_OK;
}

/* `address` is that of the instruction's memory, for 'a'. */
static ValType letter_type(char letter, ValType address) {
    static const uint8_t types[] = {
        ['i'] = VAL_I32, ['I'] = VAL_I64, ['f'] = VAL_F32, ['F'] = VAL_F64, ['V'] = VAL_V128};
    return letter == 'a' ? address : types[(unsigned char)letter];
}

static sg_status check_lanes(const Validator *v, const uint8_t *lanes, unsigned count, unsigned limit) {
    for (unsigned i = 0; i < count; i++)
        if (lanes[i] >= limit)
            return sgi_body_invalid(v, "invalid lane index", "");
    return SG_OK;
}

/* `address` becomes that of the memory that the immediate names, where it does. */
static sg_status check_immediate(Validator *v, Imm imm, ValType *address) {
    const Instr *instr = &v->instr;
    const Limits *limits = NULL;
    switch (imm) {
    case IMM_MEMARG:
    case IMM_MEMARG_LANE:
    case IMM_MEMORY:
        SGI_TRY(find_memory(v, instr->index, &limits));
        *address = sgi_body_address_type(limits);
        if (imm == IMM_MEMORY)
            return SG_OK;
        SGI_TRY(check_memarg(v, limits));
        return imm == IMM_MEMARG ? SG_OK : check_lanes(v, &instr->lane, 1, sgi_op_lanes(instr->op));
    case IMM_LANE: return check_lanes(v, &instr->lane, 1, sgi_op_lanes(instr->op));
    case IMM_SHUFFLE: return check_lanes(v, instr->labels, 16, 32);
    case IMM_DATA: return sgi_body_find_data(v, instr->index);
    case IMM_ELEM: return sgi_body_find_elem(v, instr->index);
    default: return SG_OK;
    }
}

static sg_status check_signature(Validator *v, const OpInfo *info) {
    ValType address = VAL_I32;
    if (info->imm != IMM_NONE)
        SGI_TRY(check_immediate(v, (Imm)info->imm, &address));
    const char *colon = info->signature;
    while (*colon != ':')
        colon++;
    for (const char *at = colon; at > info->signature; at--)
        SGI_TRY(sgi_body_pop(v, letter_type(at[-1], address)));
    for (const char *at = colon + 1; *at; at++)
        SGI_TRY(sgi_body_push(v, letter_type(*at, address)));
    return SG_OK;
}

/* ---- the walk ---- */

static sg_status check_instr(Validator *v) {
    const OpInfo *info = &sgi_ops[v->instr.op];
    charge(v);
    /* The commonest by branches: those are predicted better than the switch's jump. */
    if (info->imm == IMM_LOCAL)
        return check_local(v);
    if (info->signature[0] != '*')
        return check_signature(v, info);
    switch (v->instr.op) {
    case OP_UNREACHABLE:
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF:
    case OP_TRY_TABLE:
    case OP_TRY:
    case OP_ELSE:
    case OP_END:
    case OP_BR:
    case OP_BR_IF:
    case OP_BR_TABLE:
    case OP_BR_ON_NULL:
    case OP_BR_ON_NON_NULL:
    case OP_RETURN:
    case OP_CALL:
    case OP_RETURN_CALL:
    case OP_CALL_INDIRECT:
    case OP_RETURN_CALL_INDIRECT:
    case OP_CALL_REF:
    case OP_RETURN_CALL_REF: return sgi_body_check_control(v);
    case OP_THROW:
    case OP_THROW_REF:
    case OP_RETHROW:
    case OP_CATCH:
    case OP_CATCH_ALL:
    case OP_DELEGATE: return sgi_body_check_exception(v);
    case OP_DROP: return check_drop(v);
    case OP_SELECT: return check_select(v);
    case OP_SELECT_T: return check_select_t(v);
    case OP_GLOBAL_GET:
    case OP_GLOBAL_SET: return check_global(v);
    case OP_REF_NULL:
    case OP_REF_IS_NULL:
    case OP_REF_AS_NON_NULL:
    case OP_REF_FUNC: return check_ref(v);
    case OP_TABLE_GET:
    case OP_TABLE_SET:
    case OP_TABLE_SIZE:
    case OP_TABLE_GROW:
    case OP_TABLE_FILL: return check_table(v);
    case OP_TABLE_INIT: return check_table_init(v);
    case OP_TABLE_COPY: return check_table_copy(v);
    case OP_MEMORY_INIT: return check_memory_init(v);
    case OP_MEMORY_COPY: return check_memory_copy(v);
    default: return sgi_body_check_gc(v);
    }
}

static void reset(Validator *v) {
    v->stack.count = v->frames.count = 0;
    v->max_stack = v->vectors = 0;
    v->init_log.count = v->run_ends.count = 0;
    v->live = true;
}

static sg_status begin_locals(Validator *v) {
    const FuncBody *body = v->body;
    uint32_t end = v->type->param_count;
    bool all_defaultable = true;
    for (uint32_t i = 0; i < body->run_count; i++) {
        SGI_TRY(sgi_validate_val_type(&v->cx, body->runs[i].type, v->module->type_count, body->size_offset));
        all_defaultable &= sgi_is_defaultable(body->runs[i].type);
        end += body->runs[i].count;
        if (!sgi_vec_push(v->cx.alloc, &v->run_ends, end))
            return sgi_load_no_memory(&v->cx);
        SGI_TRY(sgi_body_count_work(v, 1));
    }
    v->body_stamp++;
    if (all_defaultable || end <= v->stamps.count)
        return SG_OK;
    size_t missing = end - v->stamps.count;
    if (!sgi_vec_reserve(v->cx.alloc, &v->stamps, missing))
        return sgi_load_no_memory(&v->cx);
    memset(v->stamps.items + v->stamps.count, 0, missing * sizeof *v->stamps.items);
    v->stamps.count = end;
    return SG_OK;
}

static sg_status check_body(Validator *v) {
    while (v->frames.count > 0) {
        if (v->r.at == v->r.end)
            return sgi_reader_fail(&v->r, "END opcode expected");
        SGI_TRY(sgi_read_instr(&v->cx, &v->r, &v->instr));
        SGI_TRY(check_instr(v));
        SGI_TRY(sgi_body_count_work(v, 1));
    }
    return v->r.at == v->r.end ? SG_OK : sgi_reader_fail(&v->r, "END opcode expected");
}

sg_status sgi_validate_body(Validator *v, uint32_t func, FuncBody *body) {
    reset(v);
    v->body = body;
    v->type = sgi_module_func_type(v->module, func);
    v->r = (Reader){body->code, body->end, v->module->bytes.data, v->cx.err};
    v->instr = (Instr){.op = OP_BLOCK, .offset = body->offset};
    body->segment_start = v->segments.count;
    SGI_TRY(begin_locals(v));
    SGI_TRY(sgi_body_push_frame(v, OP_BLOCK, v->module->funcs[func], VAL_BOTTOM));
    SGI_TRY(sgi_body_begin_segment(v, SEGMENT_ENTRY));
    SGI_TRY(check_body(v));
    const Segment *last = &v->segments.items[v->segments.count - 1];
    if (last->kind == SEGMENT_PLAIN && last->cost == 0)
        v->segments.count--;
    body->segment_count = (uint32_t)(v->segments.count - body->segment_start);
    body->max_stack = v->max_stack;
    return SG_OK;
}

/* ---- constant expressions ---- */

/* Core specification, 3.4.12. */
static sg_status check_constant(const Validator *v) {
    switch (v->instr.op) {
    case OP_I32_CONST:
    case OP_I64_CONST:
    case OP_F32_CONST:
    case OP_F64_CONST:
    case OP_V128_CONST:
    case OP_REF_NULL:
    case OP_REF_FUNC:
    case OP_GLOBAL_GET:
    case OP_REF_I31:
    case OP_STRUCT_NEW:
    case OP_STRUCT_NEW_DEFAULT:
    case OP_ARRAY_NEW:
    case OP_ARRAY_NEW_DEFAULT:
    case OP_ARRAY_NEW_FIXED:
    case OP_ANY_CONVERT_EXTERN:
    case OP_EXTERN_CONVERT_ANY:
    case OP_END: return SG_OK;
    case OP_I32_ADD:
    case OP_I32_SUB:
    case OP_I32_MUL:
    case OP_I64_ADD:
    case OP_I64_SUB:
    case OP_I64_MUL: return sgi_load_need(&v->cx, FEATURE_EXTENDED_CONST, v->instr.offset);
    default: return sgi_body_invalid(v, "constant expression required", sgi_ops[v->instr.op].text);
    }
}

sg_status sgi_validate_const(Validator *v, const ConstExpr *expr, ValType expected, uint32_t global_limit) {
    reset(v);
    v->body = NULL;
    v->type = NULL;
    v->global_limit = global_limit;
    v->r = (Reader){expr->code, expr->end, v->module->bytes.data, v->cx.err};
    v->instr = (Instr){.op = OP_BLOCK, .offset = sgi_reader_offset(&v->r)};
    SGI_TRY(sgi_body_push_frame(v, OP_BLOCK, NO_TYPE, expected));
    while (v->frames.count > 0) {
        SGI_TRY(sgi_read_instr(&v->cx, &v->r, &v->instr));
        SGI_TRY(check_constant(v));
        SGI_TRY(check_instr(v));
        SGI_TRY(sgi_body_count_work(v, 1));
    }
    return SG_OK;
}

void sgi_validator_free(Validator *v) {
    for (size_t i = 0; i < CHECKED_LISTS; i++)
        sgi_vec_free(v->cx.alloc, &v->checked[i].found);
    sgi_vec_free(v->cx.alloc, &v->stack);
    sgi_vec_free(v->cx.alloc, &v->frames);
    sgi_vec_free(v->cx.alloc, &v->segments);
    sgi_vec_free(v->cx.alloc, &v->run_ends);
    sgi_vec_free(v->cx.alloc, &v->init_log);
    sgi_vec_free(v->cx.alloc, &v->stamps);
}
