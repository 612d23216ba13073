/* Instructions on structures, arrays and casts (core specification, 3.4: Structure, Array, Scalar and
 * External Reference Instructions; casts and their branches).
 *
 * Work is bounded by what stands on the operand stack: a structure's fields are looked at one by one only as
 * far as there are operands for them; whether all have defaults is known from the type's own validation. */
#include "validate/body.h"
#include "validate/types.h"

static bool is_packed(ValType type) {
    return type == KIND_I8 || type == KIND_I16;
}

static ValType unpacked(ValType type) {
    return is_packed(type) ? VAL_I32 : type;
}

static sg_status find_aggregate(const Validator *v, uint32_t index, CompKind kind, const SubType **type) {
    if (index >= v->module->type_count)
        return sgi_body_unknown(v, "type", index);
    *type = &v->module->types[index];
    if ((*type)->kind == kind)
        return SG_OK;
    return sgi_body_mismatch(v, kind == COMP_STRUCT ? "a structure type" : "an array type", "another");
}

static sg_status find_array(const Validator *v, uint32_t index, const FieldType **element) {
    const SubType *type = NULL;
    SGI_TRY(find_aggregate(v, index, COMP_ARRAY, &type));
    *element = &type->as.aggregate.fields[0];
    return SG_OK;
}

static sg_status find_mutable_array(const Validator *v, uint32_t index, const FieldType **element) {
    SGI_TRY(find_array(v, index, element));
    return (*element)->mutable_ ? SG_OK : sgi_body_invalid(v, "immutable array", "");
}

/* Fields are read with a sign exactly when they are packed. */
static sg_status check_sign(const Validator *v, ValType field, bool has_sign) {
    if (is_packed(field) == has_sign)
        return SG_OK;
    return has_sign ? sgi_body_mismatch(v, "a packed type", sgi_type_name(field).text)
                    : sgi_body_mismatch(v, "a type that is not packed", field == KIND_I8 ? "i8" : "i16");
}

/* Pops i32 operands. */
static sg_status pop_i32s(Validator *v, unsigned count) {
    while (count-- > 0)
        SGI_TRY(sgi_body_pop(v, VAL_I32));
    return SG_OK;
}

/* Are the topmost operands exactly the values of `count` fields, or of as many elements? There can be many:
 * nothing in the loop leaves it early, so that it compiles to vector instructions. */
static bool are_on_top(const Validator *v, const FieldType *fields, uint32_t count, bool are_elements) {
    const ValType *stack = v->stack.items + v->stack.count - count;
    ValType difference = 0;
    if (are_elements)
        for (uint32_t i = 0; i < count; i++)
            difference |= stack[i] ^ unpacked(fields->type);
    else
        for (uint32_t i = 0; i < count; i++)
            difference |= stack[i] ^ unpacked(fields[i].type);
    return difference == 0;
}

/* Pops the values of fields, or of elements of one type; in unreachable code as many as there are. */
static sg_status pop_fields(Validator *v, const FieldType *fields, uint32_t count, bool are_elements) {
    const Frame *frame = &v->frames.items[v->frames.count - 1];
    SGI_TRY(sgi_body_count_work(v, count / 16));
    if (count && v->stack.count - frame->height >= count && are_on_top(v, fields, count, are_elements)) {
        sgi_body_drop(v, count);
        return SG_OK;
    }
    while (count-- > 0 && !(frame->unreachable && v->stack.count == frame->height))
        SGI_TRY(sgi_body_pop(v, unpacked(fields[are_elements ? 0 : count].type)));
    return SG_OK;
}

/* ---- structures ---- */

static sg_status check_struct_new(Validator *v) {
    const SubType *type = NULL;
    SGI_TRY(find_aggregate(v, v->instr.index, COMP_STRUCT, &type));
    if (v->instr.op == OP_STRUCT_NEW)
        SGI_TRY(pop_fields(v, type->as.aggregate.fields, type->as.aggregate.field_count, false));
    else if (!type->defaultable)
        return sgi_body_mismatch(v, "fields with defaults", "one without");
    return sgi_body_push(v, sgi_ref(false, v->instr.index));
}

static sg_status find_field(const Validator *v, const FieldType **field) {
    const SubType *type = NULL;
    SGI_TRY(find_aggregate(v, v->instr.index, COMP_STRUCT, &type));
    if (v->instr.index2 >= type->as.aggregate.field_count)
        return sgi_body_unknown(v, "field", v->instr.index2);
    *field = &type->as.aggregate.fields[v->instr.index2];
    return SG_OK;
}

static sg_status check_struct_get(Validator *v) {
    const FieldType *field = NULL;
    SGI_TRY(find_field(v, &field));
    SGI_TRY(check_sign(v, field->type, v->instr.op != OP_STRUCT_GET));
    SGI_TRY(sgi_body_pop(v, sgi_ref(true, v->instr.index)));
    return sgi_body_push(v, unpacked(field->type));
}

static sg_status check_struct_set(Validator *v) {
    const FieldType *field = NULL;
    SGI_TRY(find_field(v, &field));
    if (!field->mutable_)
        return sgi_body_invalid(v, "immutable field", "");
    SGI_TRY(sgi_body_pop(v, unpacked(field->type)));
    return sgi_body_pop(v, sgi_ref(true, v->instr.index));
}

/* ---- arrays ---- */

static sg_status check_array_new(Validator *v) {
    const FieldType *element = NULL;
    SGI_TRY(find_array(v, v->instr.index, &element));
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    if (v->instr.op == OP_ARRAY_NEW)
        SGI_TRY(sgi_body_pop(v, unpacked(element->type)));
    else if (!sgi_is_defaultable(element->type))
        return sgi_body_mismatch(v, "elements with a default", sgi_type_name(element->type).text);
    return sgi_body_push(v, sgi_ref(false, v->instr.index));
}

static sg_status check_array_new_fixed(Validator *v) {
    const FieldType *element = NULL;
    SGI_TRY(find_array(v, v->instr.index, &element));
    SGI_TRY(pop_fields(v, element, v->instr.index2, true));
    return sgi_body_push(v, sgi_ref(false, v->instr.index));
}

static sg_status check_data(const Validator *v, ValType element) {
    if (sgi_is_ref(element))
        return sgi_body_invalid(v, "array type is not numeric or vector", "");
    return sgi_body_find_data(v, v->instr.index2);
}

static sg_status check_elem(const Validator *v, ValType element) {
    SGI_TRY(sgi_body_find_elem(v, v->instr.index2));
    ValType source = v->module->elems[v->instr.index2].type;
    if (sgi_body_matches(v, source, element))
        return SG_OK;
    return sgi_body_mismatch(v, sgi_type_name(element).text, sgi_type_name(source).text);
}

static sg_status check_array_new_segment(Validator *v) {
    const FieldType *element = NULL;
    SGI_TRY(find_array(v, v->instr.index, &element));
    SGI_TRY(v->instr.op == OP_ARRAY_NEW_DATA ? check_data(v, element->type) : check_elem(v, element->type));
    SGI_TRY(pop_i32s(v, 2));
    return sgi_body_push(v, sgi_ref(false, v->instr.index));
}

static sg_status check_array_init_segment(Validator *v) {
    const FieldType *element = NULL;
    SGI_TRY(find_mutable_array(v, v->instr.index, &element));
    SGI_TRY(v->instr.op == OP_ARRAY_INIT_DATA ? check_data(v, element->type) : check_elem(v, element->type));
    SGI_TRY(pop_i32s(v, 3));
    return sgi_body_pop(v, sgi_ref(true, v->instr.index));
}

static sg_status check_array_get(Validator *v) {
    const FieldType *element = NULL;
    SGI_TRY(find_array(v, v->instr.index, &element));
    SGI_TRY(check_sign(v, element->type, v->instr.op != OP_ARRAY_GET));
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    SGI_TRY(sgi_body_pop(v, sgi_ref(true, v->instr.index)));
    return sgi_body_push(v, unpacked(element->type));
}

static sg_status check_array_set(Validator *v) {
    const FieldType *element = NULL;
    SGI_TRY(find_mutable_array(v, v->instr.index, &element));
    if (v->instr.op == OP_ARRAY_FILL)
        SGI_TRY(sgi_body_pop(v, VAL_I32));
    SGI_TRY(sgi_body_pop(v, unpacked(element->type)));
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    return sgi_body_pop(v, sgi_ref(true, v->instr.index));
}

static sg_status check_array_len(Validator *v) {
    SGI_TRY(sgi_body_pop(v, sgi_ref(true, HEAP_ARRAY)));
    return sgi_body_push(v, VAL_I32);
}

static sg_status check_array_copy(Validator *v) {
    const FieldType *to = NULL, *from = NULL;
    SGI_TRY(find_mutable_array(v, v->instr.index, &to));
    SGI_TRY(find_array(v, v->instr.index2, &from));
    if (!sgi_body_matches(v, from->type, to->type))
        return sgi_body_mismatch(v, "elements of the target's type", "others");
    SGI_TRY(pop_i32s(v, 2));
    SGI_TRY(sgi_body_pop(v, sgi_ref(true, v->instr.index2)));
    SGI_TRY(sgi_body_pop(v, VAL_I32));
    return sgi_body_pop(v, sgi_ref(true, v->instr.index));
}

/* ---- scalars, comparisons, conversions ---- */

static sg_status check_ref_eq(Validator *v) {
    SGI_TRY(sgi_body_pop(v, sgi_ref(true, HEAP_EQ)));
    SGI_TRY(sgi_body_pop(v, sgi_ref(true, HEAP_EQ)));
    return sgi_body_push(v, VAL_I32);
}

static sg_status check_i31(Validator *v) {
    SGI_TRY(sgi_body_pop(v, v->instr.op == OP_REF_I31 ? VAL_I32 : sgi_ref(true, HEAP_I31)));
    return sgi_body_push(v, v->instr.op == OP_REF_I31 ? sgi_ref(false, HEAP_I31) : VAL_I32);
}

/* The other hierarchy's reference is null when this one is. */
static sg_status check_convert(Validator *v, uint32_t from, uint32_t to) {
    ValType type;
    SGI_TRY(sgi_body_pop_ref(v, &type));
    if (!sgi_body_matches(v, type, sgi_ref(true, from)))
        return sgi_body_mismatch(v, sgi_type_name(sgi_ref(true, from)).text, sgi_type_name(type).text);
    return sgi_body_push(v, sgi_ref(sgi_is_nullable(type), to));
}

/* ---- casts ---- */

/* The greatest type of a reference's hierarchy. */
static ValType top_type(const Validator *v, ValType type) {
    uint32_t heap = sgi_heap(type);
    if (!sgi_is_abstract(heap))
        return sgi_ref(true, v->module->types[heap].kind == COMP_FUNC ? HEAP_FUNC : HEAP_ANY);
    switch (heap) {
    case HEAP_FUNC:
    case HEAP_NOFUNC: return sgi_ref(true, HEAP_FUNC);
    case HEAP_EXTERN:
    case HEAP_NOEXTERN: return sgi_ref(true, HEAP_EXTERN);
    case HEAP_EXN:
    case HEAP_NOEXN: return sgi_ref(true, HEAP_EXN);
    default: return sgi_ref(true, HEAP_ANY);
    }
}

static sg_status check_cast(Validator *v) {
    ValType type = v->instr.type;
    SGI_TRY(sgi_validate_val_type(&v->cx, type, v->module->type_count, v->instr.offset));
    SGI_TRY(sgi_body_pop(v, top_type(v, type)));
    bool is_test = v->instr.op == OP_REF_TEST || v->instr.op == OP_REF_TEST_NULL;
    return sgi_body_push(v, is_test ? VAL_I32 : type);
}

/* The label takes what is on the stack below the reference, and the reference as `branch`; else it stays as
 * `rest`. */
static sg_status check_br_on_cast(Validator *v) {
    ValType from = v->instr.type, to = v->instr.type2;
    SGI_TRY(sgi_validate_val_type(&v->cx, from, v->module->type_count, v->instr.offset));
    SGI_TRY(sgi_validate_val_type(&v->cx, to, v->module->type_count, v->instr.offset));
    if (!sgi_body_matches(v, to, from))
        return sgi_body_mismatch(v, sgi_type_name(from).text, sgi_type_name(to).text);
    /* What fails to be `to` is not null if `to` may be. */
    ValType other = sgi_ref(sgi_is_nullable(from) && !sgi_is_nullable(to), sgi_heap(from));
    bool on_fail = v->instr.op == OP_BR_ON_CAST_FAIL;
    ValType branch = on_fail ? other : to, rest = on_fail ? to : other;

    Frame *frame = NULL;
    SGI_TRY(sgi_body_pop(v, from));
    SGI_TRY(sgi_body_find_frame(v, v->instr.index, &frame));
    TypeList label = sgi_body_label_types(v, frame);
    if (label.count == 0 || !sgi_body_matches(v, branch, label.types[label.count - 1]))
        return sgi_body_mismatch(v, "a label that takes the reference", "another");
    label.count--;
    SGI_TRY(sgi_body_pass_label(v, label));
    SGI_TRY(sgi_body_push(v, rest));
    return sgi_body_begin_segment(v, SEGMENT_PLAIN);
}

sg_status sgi_body_check_gc(Validator *v) {
    switch (v->instr.op) {
    case OP_REF_EQ: return check_ref_eq(v);
    case OP_STRUCT_NEW:
    case OP_STRUCT_NEW_DEFAULT: return check_struct_new(v);
    case OP_STRUCT_GET:
    case OP_STRUCT_GET_S:
    case OP_STRUCT_GET_U: return check_struct_get(v);
    case OP_STRUCT_SET: return check_struct_set(v);
    case OP_ARRAY_NEW:
    case OP_ARRAY_NEW_DEFAULT: return check_array_new(v);
    case OP_ARRAY_NEW_FIXED: return check_array_new_fixed(v);
    case OP_ARRAY_NEW_DATA:
    case OP_ARRAY_NEW_ELEM: return check_array_new_segment(v);
    case OP_ARRAY_GET:
    case OP_ARRAY_GET_S:
    case OP_ARRAY_GET_U: return check_array_get(v);
    case OP_ARRAY_SET:
    case OP_ARRAY_FILL: return check_array_set(v);
    case OP_ARRAY_LEN: return check_array_len(v);
    case OP_ARRAY_COPY: return check_array_copy(v);
    case OP_ARRAY_INIT_DATA:
    case OP_ARRAY_INIT_ELEM: return check_array_init_segment(v);
    case OP_REF_TEST:
    case OP_REF_TEST_NULL:
    case OP_REF_CAST:
    case OP_REF_CAST_NULL: return check_cast(v);
    case OP_BR_ON_CAST:
    case OP_BR_ON_CAST_FAIL: return check_br_on_cast(v);
    case OP_ANY_CONVERT_EXTERN: return check_convert(v, HEAP_EXTERN, HEAP_ANY);
    case OP_EXTERN_CONVERT_ANY: return check_convert(v, HEAP_ANY, HEAP_EXTERN);
    default: return check_i31(v);
    }
}
