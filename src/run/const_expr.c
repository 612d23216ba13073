/* Constant expressions of a module whose imports and earlier globals are there (core specification, 3.4.13).
 * They are validated, so only their values are computed here; short ones cost no fuel. */
#include "run/private.h"

#include <string.h>

/* Long expressions are paid for by so many instructions. */
enum { STEPS_PER_LOOK = 1024, PREFIX_GC = 0xfb, PREFIX_VECTOR = 0xfd };

static sg_status push(Store *store, ConstStack *stack, Slot slot, bool is_ref, sg_error *err) {
    ConstValue value = {slot, is_ref};
    return sgi_vec_push(&store->alloc, stack, value) ? SG_OK : sgi_store_no_memory(store, err);
}

static Slot fixed(const uint8_t **at, size_t size) {
    Slot slot = {0};
    memcpy(&slot, *at, size);
    *at += size;
    return slot;
}

/* The operators of extended constant expressions, on the two topmost operands. */
static void binary(ConstStack *stack, Op op) {
    Slot b = stack->items[--stack->count].slot, *a = &stack->items[stack->count - 1].slot;
    switch (op) {
    case OP_I32_ADD: a->u64 = a->u32 + b.u32; break;
    case OP_I32_SUB: a->u64 = a->u32 - b.u32; break;
    case OP_I32_MUL: a->u64 = a->u32 * b.u32; break;
    case OP_I64_ADD: a->u64 += b.u64; break;
    case OP_I64_SUB: a->u64 -= b.u64; break;
    default: a->u64 *= b.u64; break; /* OP_I64_MUL */
    }
}

/* ---- objects ---- */

static void store_value(uint8_t *at, Storage storage, const ConstValue *value) {
    Slot pair[2] = {value->slot, storage == STORAGE_128 ? value[1].slot : (Slot){0}};
    sgi_store_field(at, storage, pair);
}

static uint32_t slots_of(Storage storage) {
    return storage == STORAGE_128 ? 2 : 1;
}

/* With its fields, or without: these have their defaults then. */
static sg_trap struct_new(ExecContext *cx, const Rtt *rtt, const ConstValue *values, Object **object) {
    sg_trap trap = sgi_fuel_charge(cx, sgi_fuel_steps(rtt->content, FUEL_STEP_BYTES));
    if (trap == SG_TRAP_NONE)
        trap = sgi_lib_object_new(cx, rtt, object);
    if (trap != SG_TRAP_NONE)
        return trap;
    uint8_t *at = (uint8_t *)*object;
    if (values == NULL)
        memset(at + OBJECT_FIELDS, 0, rtt->size - OBJECT_FIELDS);
    for (uint32_t i = 0; values && i < rtt->field_count; i++) {
        Storage storage = (Storage)rtt->fields[i].storage;
        store_value(at + rtt->fields[i].offset, storage, values);
        values += slots_of(storage);
    }
    return SG_TRAP_NONE;
}

static sg_trap array_new_fixed(ExecContext *cx, const Rtt *rtt, const ConstValue *values, uint32_t length,
                               Object **object) {
    sg_trap trap = sgi_lib_array_new(cx, rtt, NULL, length, object);
    Storage storage = (Storage)rtt->element;
    for (uint32_t i = 0; trap == SG_TRAP_NONE && i < length; i++)
        store_value(sgi_element_at(*object, i), storage, values + (size_t)i * slots_of(storage));
    return trap;
}

/* What instructions of the type `rtt` take from the stack. */
static size_t operands_of(Op op, const Rtt *rtt, uint32_t count) {
    size_t slots = 0;
    switch (op) {
    case OP_STRUCT_NEW:
        for (uint32_t i = 0; i < rtt->field_count; i++)
            slots += slots_of((Storage)rtt->fields[i].storage);
        return slots;
    case OP_ARRAY_NEW: return 1 + slots_of((Storage)rtt->element);
    case OP_ARRAY_NEW_DEFAULT: return 1;
    case OP_ARRAY_NEW_FIXED: return (size_t)count * slots_of((Storage)rtt->element);
    default: return 0; /* OP_STRUCT_NEW_DEFAULT */
    }
}

/* The operands stay on the stack, where the collector sees them, until the object is made. */
static sg_status object_new(Instance *instance, ConstStack *stack, Op op, const uint8_t **code,
                            sg_error *err) {
    ExecContext *cx = &instance->store->cx;
    const Rtt *rtt = instance->types[sgi_leb_u32(code)].rtt;
    uint32_t length = op == OP_ARRAY_NEW_FIXED ? sgi_leb_u32(code) : 0;
    size_t operands = operands_of(op, rtt, length);
    const ConstValue *values = operands ? stack->items + stack->count - operands : NULL;
    Slot result, pair[2] = {{0}, {0}};
    Object *object;
    sg_trap trap;
    switch (op) {
    case OP_STRUCT_NEW: trap = struct_new(cx, rtt, values, &object); break;
    case OP_STRUCT_NEW_DEFAULT: trap = struct_new(cx, rtt, NULL, &object); break;
    case OP_ARRAY_NEW_FIXED: trap = array_new_fixed(cx, rtt, values, length, &object); break;
    default:
        length = values[operands - 1].slot.u32;
        for (size_t i = 0; i + 1 < operands; i++)
            pair[i] = values[i].slot;
        trap = sgi_lib_array_new(cx, rtt, operands > 1 ? pair : NULL, length, &object);
    }
    if (trap != SG_TRAP_NONE)
        return sgi_fail_trap(err, trap);
    stack->count -= operands;
    result.ref = object;
    return push(instance->store, stack, result, true, err);
}

/* ---- expressions ---- */

static sg_status eval(Instance *instance, ConstStack *stack, ConstExpr expr, Slot *value, sg_error *err) {
    Store *store = instance->store;
    const uint8_t *at = expr.code;
    stack->count = 0;
    for (unsigned steps = 1;; steps++) {
        if (steps % STEPS_PER_LOOK == 0) {
            sg_trap trap = sgi_poll(&store->cx);
            if (trap == SG_TRAP_NONE)
                trap = sgi_fuel_charge(&store->cx, STEPS_PER_LOOK);
            if (trap != SG_TRAP_NONE)
                return sgi_fail_trap(err, trap);
        }
        Slot slot = {0};
        bool is_ref = false;
        uint8_t prefix = *at == PREFIX_VECTOR || *at == PREFIX_GC ? *at++ : 0;
        Op op = sgi_op_find(prefix, prefix ? sgi_leb_u32(&at) : *at++);
        switch (op) {
        case OP_END:
            for (size_t i = 0; i < stack->count; i++)
                value[i] = stack->items[i].slot;
            return SG_OK;
        case OP_I32_CONST: slot.u64 = (uint32_t)sgi_leb_s64(&at); break;
        case OP_I64_CONST: slot.s64 = sgi_leb_s64(&at); break;
        case OP_F32_CONST: slot = fixed(&at, sizeof(float)); break;
        case OP_F64_CONST: slot = fixed(&at, sizeof(double)); break;
        case OP_V128_CONST:
            SGI_TRY(push(store, stack, fixed(&at, sizeof(Slot)), false, err));
            slot = fixed(&at, sizeof(Slot));
            break;
        case OP_GLOBAL_GET: {
            const GlobalInst *global = instance->globals[sgi_leb_u32(&at)];
            slot = global->value;
            is_ref = sgi_is_ref(global->type.type);
            if (global->type.type == VAL_V128) {
                SGI_TRY(push(store, stack, slot, false, err));
                slot = global->high;
            }
            break;
        }
        case OP_REF_FUNC: slot.ref = instance->funcs[sgi_leb_u32(&at)]; break;
        case OP_REF_NULL: sgi_leb_s64(&at); break;
        case OP_REF_I31: {
            Slot *top = &stack->items[stack->count - 1].slot;
            top->u64 = sgi_i31(top->u32);
            continue;
        }
        case OP_ANY_CONVERT_EXTERN:
        case OP_EXTERN_CONVERT_ANY: continue;
        case OP_STRUCT_NEW:
        case OP_STRUCT_NEW_DEFAULT:
        case OP_ARRAY_NEW:
        case OP_ARRAY_NEW_DEFAULT:
        case OP_ARRAY_NEW_FIXED: SGI_TRY(object_new(instance, stack, op, &at, err)); continue;
        case OP_I32_ADD:
        case OP_I32_SUB:
        case OP_I32_MUL:
        case OP_I64_ADD:
        case OP_I64_SUB:
        case OP_I64_MUL: binary(stack, op); continue;
        default:
            return sgi_fail(err, SG_UNSUPPORTED, SG_NO_OFFSET, "unsupported constant expression", "%s", "");
        }
        SGI_TRY(push(store, stack, slot, is_ref, err));
    }
}

sg_status sgi_const_eval(Instance *instance, ConstStack *stack, ConstExpr expr, Slot *value, sg_error *err) {
    instance->store->const_stack = stack;
    sg_status status = eval(instance, stack, expr, value, err);
    instance->store->const_stack = NULL;
    return status;
}
