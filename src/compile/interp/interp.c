/* The interpreter tier: its code table, made lazily, and the way in.
 *
 * A function is translated on its first call, without the lock: only memory is asked for under it. Two
 * threads that meet may both translate; the first to publish wins. So no call ever waits for another's long
 * translation, and deadlines hold. */
#include "compile/interp/bytecode.h"

size_t sgi_code_size(const Code *code) {
    return sizeof *code + code->word_count * sizeof code->words[0] + code->position_count * sizeof(Position) +
           code->region_count * sizeof(Region) + code->handler_count * sizeof(ExnHandler) +
           code->clause_count * sizeof(Clause) + code->range_count * sizeof(SlotRange) +
           code->node_count * sizeof(MapNode) + code->site_count * sizeof(MapSite);
}

static ModuleCode *code_new(const Module *module, Alloc *alloc) {
    size_t size = sizeof(ModuleCode) + module->body_count * sizeof(_Atomic(Code *));
    ModuleCode *code = sgi_alloc_zero(alloc, size);
    if (code == NULL)
        return NULL;
    code->module = module;
    code->alloc = alloc;
    code->count = module->body_count;
    code->lock = sgi_os_mutex_new(alloc);
    if (code->lock == NULL) {
        sgi_free(alloc, code, size);
        return NULL;
    }
    return code;
}

static void code_delete(ModuleCode *code) {
    if (code == NULL)
        return;
    Alloc *alloc = code->alloc;
    for (uint32_t i = 0; i < code->count; i++) {
        Code *func = atomic_load_explicit(&code->funcs[i], memory_order_relaxed);
        if (func)
            sgi_free(alloc, func, sgi_code_size(func));
    }
    sgi_os_mutex_delete(code->lock, alloc);
    sgi_free(alloc, code, sizeof *code + code->count * sizeof(_Atomic(Code *)));
}

/* The module's account, one request at a time. */
static void *locked_realloc(void *context, void *block, size_t old_size, size_t new_size) {
    ModuleCode *code = context;
    sgi_os_mutex_lock(code->lock);
    void *result = NULL;
    if (new_size == 0)
        sgi_free(code->alloc, block, old_size);
    else
        result = sgi_realloc(code->alloc, block, old_size, new_size);
    sgi_os_mutex_unlock(code->lock);
    return result;
}

sg_trap sgi_code_make(ExecContext *cx, ModuleCode *module_code, uint32_t index, const Code **code) {
    Code *made, *existing = NULL;
    Alloc alloc;
    sgi_alloc_init(&alloc, locked_realloc, module_code, SIZE_MAX);
    sg_trap trap = sgi_translate(cx, module_code->module, index, &alloc, &made);
    if (trap != SG_TRAP_NONE)
        return trap;
    *code = made;
    if (!atomic_compare_exchange_strong_explicit(&module_code->funcs[index], &existing, made,
                                                 memory_order_acq_rel, memory_order_acquire)) {
        sgi_free(&alloc, made, sgi_code_size(made));
        *code = existing;
    }
    return SG_TRAP_NONE;
}

static sg_trap call(ExecContext *cx, FuncInst *func, Slot *slots) {
    Instance *instance = func->instance;
    uint32_t index = func->index - instance->module->imported[EXTERN_FUNC];
    sg_trap trap = SG_TRAP_NONE;
    const Code *code = sgi_code_get(instance->code, index);
    if (code == NULL)
        trap = sgi_code_make(cx, instance->code, index, &code);
    if (trap != SG_TRAP_NONE)
        return trap;
    Slot *fp = cx->stack_top;
    if (!sgi_frame_enter(cx, fp, code->frame_size))
        return SG_TRAP_STACK_EXHAUSTED;
    for (uint32_t i = 0; i < code->param_slots; i++)
        fp[i] = slots[i];
    trap = sgi_execute(cx, instance, code, fp);
    cx->stack_top = fp;
    if (trap == SG_TRAP_NONE)
        for (uint32_t i = 0; i < code->result_slots; i++)
            slots[i] = fp[i];
    return trap;
}

const Tier sgi_tier_interp = {"interp", code_new, code_delete, call, sgi_visit_frames};
