/* Constant expressions of a module whose imports and earlier globals are there (core specification, 3.4.13).
 * They are validated, so only their values are computed here; short ones cost no fuel. */
#include "run/private.h"

#include <string.h>

/* Long expressions are paid for by so many instructions. */
enum { STEPS_PER_LOOK = 1024, PREFIX_VECTOR = 0xfd };

static sg_status push(Store *store, ConstStack *stack, Slot slot, sg_error *err) {
    return sgi_vec_push(&store->alloc, stack, slot) ? SG_OK : sgi_store_no_memory(store, err);
}

static Slot fixed(const uint8_t **at, size_t size) {
    Slot slot = {0};
    memcpy(&slot, *at, size);
    *at += size;
    return slot;
}

/* The operators of extended constant expressions, on the two topmost operands. */
static void binary(ConstStack *stack, Op op) {
    Slot b = stack->items[--stack->count], *a = &stack->items[stack->count - 1];
    switch (op) {
    case OP_I32_ADD: a->u64 = a->u32 + b.u32; break;
    case OP_I32_SUB: a->u64 = a->u32 - b.u32; break;
    case OP_I32_MUL: a->u64 = a->u32 * b.u32; break;
    case OP_I64_ADD: a->u64 += b.u64; break;
    case OP_I64_SUB: a->u64 -= b.u64; break;
    default: a->u64 *= b.u64; break; /* OP_I64_MUL */
    }
}

sg_status sgi_const_eval(Instance *instance, ConstStack *stack, ConstExpr expr, Slot *value, sg_error *err) {
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
        uint8_t prefix = *at == PREFIX_VECTOR ? *at++ : 0;
        Op op = sgi_op_find(prefix, prefix ? sgi_leb_u32(&at) : *at++);
        switch (op) {
        case OP_END: memcpy(value, stack->items, stack->count * sizeof *value); return SG_OK;
        case OP_I32_CONST: slot.u64 = (uint32_t)sgi_leb_s64(&at); break;
        case OP_I64_CONST: slot.s64 = sgi_leb_s64(&at); break;
        case OP_F32_CONST: slot = fixed(&at, sizeof(float)); break;
        case OP_F64_CONST: slot = fixed(&at, sizeof(double)); break;
        case OP_V128_CONST:
            SGI_TRY(push(store, stack, fixed(&at, sizeof(Slot)), err));
            slot = fixed(&at, sizeof(Slot));
            break;
        case OP_GLOBAL_GET: {
            const GlobalInst *global = instance->globals[sgi_leb_u32(&at)];
            slot = global->value;
            if (global->type.type == VAL_V128) {
                SGI_TRY(push(store, stack, slot, err));
                slot = global->high;
            }
            break;
        }
        case OP_REF_FUNC: slot.ref = instance->funcs[sgi_leb_u32(&at)]; break;
        case OP_REF_NULL: sgi_leb_s64(&at); break;
        case OP_I32_ADD:
        case OP_I32_SUB:
        case OP_I32_MUL:
        case OP_I64_ADD:
        case OP_I64_SUB:
        case OP_I64_MUL: binary(stack, op); continue;
        default:
            return sgi_fail(err, SG_UNSUPPORTED, SG_NO_OFFSET, "unsupported constant expression", "%s", "");
        }
        SGI_TRY(push(store, stack, slot, err));
    }
}
