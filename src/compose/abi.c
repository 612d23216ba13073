/* What the canonical ABI asks of the core functions behind synchronous ones, with 32-bit memories. */
#include "compose/componentize.h"

/* flatten_types: false when they do not fit. */
static bool flatten_params(const CompFuncType *type, ShimFunc *func) {
    for (uint32_t i = 0; i < type->param_count; i++) {
        const sg_type *param = type->params[i].type;
        if (param->flat_count > MAX_FLAT_PARAMS - func->param_count)
            return false;
        for (uint32_t j = 0; j < param->flat_count; j++)
            func->params[func->param_count++] = param->flat[j];
    }
    return true;
}

void sgi_abi_signature(const CompFuncType *type, bool is_lower, ShimFunc *func) {
    *func = (ShimFunc){.param_count = 0};
    if (!flatten_params(type, func)) {
        func->params[0] = VAL_I32;
        func->param_count = 1;
    }
    uint32_t results = type->result ? type->result->flat_count : 0;
    if (results > MAX_FLAT_RESULTS && is_lower)
        func->params[func->param_count++] = VAL_I32;
    else if (results > 0)
        func->results[func->result_count++] = results > MAX_FLAT_RESULTS ? VAL_I32 : type->result->flat[0];
}

AbiNeeds sgi_abi_needs(const CompFuncType *type, bool is_lower) {
    AbiNeeds needs = {false, false};
    uint32_t flat = 0;
    for (uint32_t i = 0; i < type->param_count; i++) {
        const sg_type *param = type->params[i].type;
        flat += flat > MAX_FLAT_PARAMS ? 0 : param->flat_count;
        needs.memory |= param->contains_pointer;
    }
    needs.memory |= flat > MAX_FLAT_PARAMS;
    needs.realloc = needs.memory && !is_lower;
    if (type->result) {
        needs.memory |= type->result->contains_pointer || type->result->flat_count > MAX_FLAT_RESULTS;
        needs.realloc |= type->result->contains_pointer && is_lower;
    }
    return needs;
}

void sgi_writer_options(Buf *out, uint32_t memory, uint32_t realloc, uint32_t post_return) {
    uint32_t count = (memory != NO_INDEX ? 2u : 0u) + (realloc != NO_INDEX) + (post_return != NO_INDEX);
    sgi_buf_leb_u(out, count);
    if (memory != NO_INDEX) {
        sgi_buf_byte(out, CANONOPT_UTF8);
        sgi_buf_byte(out, CANONOPT_MEMORY);
        sgi_buf_leb_u(out, memory);
    }
    if (realloc != NO_INDEX) {
        sgi_buf_byte(out, CANONOPT_REALLOC);
        sgi_buf_leb_u(out, realloc);
    }
    if (post_return != NO_INDEX) {
        sgi_buf_byte(out, CANONOPT_POST_RETURN);
        sgi_buf_leb_u(out, post_return);
    }
}
