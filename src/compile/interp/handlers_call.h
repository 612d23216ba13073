/* Calls and returns. */

/* Enters `callee` with the frame at `frame`, whose header is made. */
#define START(callee, callee_instance, frame)                                                                \
    do {                                                                                                     \
        fp = (frame);                                                                                        \
        code = (callee);                                                                                     \
        ip = code->words;                                                                                    \
        clear_locals(code, fp);                                                                              \
        if ((callee_instance) != instance) {                                                                 \
            instance = (callee_instance);                                                                    \
            FETCH_MEMORY();                                                                                  \
        }                                                                                                    \
        ENTER_HEAD();                                                                                        \
    } while (0)

/* Calls; it returns to the word `resume`. */
#define ENTER(callee, callee_instance, frame, resume)                                                        \
    do {                                                                                                     \
        if (SGI_UNLIKELY(!sgi_frame_enter(cx, (frame), (callee)->frame_size)))                               \
            TRAP(STACK_EXHAUSTED);                                                                           \
        save_caller((frame) + (callee)->header, (resume), fp, code, instance);                               \
        START(callee, callee_instance, frame);                                                               \
    } while (0)

#define RETURN_FROM(header)                                                                                  \
    do {                                                                                                     \
        const Slot *saved_ = (header);                                                                       \
        ip = saved_[HEADER_IP].ref;                                                                          \
        fp = saved_[HEADER_FP].ref;                                                                          \
        code = saved_[HEADER_CODE].ref;                                                                      \
        if (saved_[HEADER_INSTANCE].ref != instance) {                                                       \
            instance = saved_[HEADER_INSTANCE].ref;                                                          \
            if (SGI_UNLIKELY(instance->ended != SG_TRAP_NONE && ip != sgi_exit_words)) {                     \
                ip--; /* into the call */                                                                    \
                TRAP(INSTANCE_ENDED);                                                                        \
            }                                                                                                \
            FETCH_MEMORY();                                                                                  \
        }                                                                                                    \
        RESUME();                                                                                            \
    } while (0)
/* At the cost behind a call. */
#define RESUME()                                                                                             \
    do {                                                                                                     \
        fuel -= *ip++;                                                                                       \
        DISPATCH();                                                                                          \
    } while (0)

/* The rest of a call, in another handler. */
#define HAND_ON(id, function, arguments, resume_at)                                                          \
    do {                                                                                                     \
        cx->activation->func = (function);                                                                   \
        cx->activation->slots = (arguments);                                                                 \
        cx->activation->resume = (resume_at);                                                                \
        GOTO(id);                                                                                            \
    } while (0)

/* The code of `func` and its instance; a host function is HOST's. */
#define FIND_CALLEE(func, arguments, resume, HOST)                                                           \
    if ((func)->kind == FUNC_HOST)                                                                           \
        HAND_ON(HOST, func, arguments, resume);                                                              \
    Instance *callee_instance = (func)->instance;                                                            \
    if (SGI_UNLIKELY(callee_instance->ended != SG_TRAP_NONE))                                                \
        TRAP(INSTANCE_ENDED);                                                                                \
    const Code *callee =                                                                                     \
        sgi_code_get(callee_instance->code, (func)->index - callee_instance->module->imported[EXTERN_FUNC]); \
    if (SGI_UNLIKELY(callee == NULL))                                                                        \
    HAND_ON(TRANSLATE, func, NULL, NULL)

#define CALL_FUNC(func, words)                                                                               \
    do {                                                                                                     \
        Slot *frame = fp + WORD(1);                                                                          \
        FIND_CALLEE(func, frame, ip + (words), CALL_HOST);                                                   \
        ENTER(callee, callee_instance, frame, ip + (words));                                                 \
    } while (0)

/* The frame takes the place of the running one, and its header. */
#define RETURN_CALL_FUNC(func)                                                                               \
    do {                                                                                                     \
        Slot *arguments = fp + WORD(1);                                                                      \
        FIND_CALLEE(func, arguments, NULL, RETURN_CALL_HOST);                                                \
        if (SGI_UNLIKELY(!sgi_frame_enter(cx, fp, callee->frame_size)))                                      \
            TRAP(STACK_EXHAUSTED);                                                                           \
        const Slot *header = fp + code->header;                                                              \
        const uint32_t *resume = header[HEADER_IP].ref;                                                      \
        Slot *caller_fp = header[HEADER_FP].ref;                                                             \
        const Code *caller_code = header[HEADER_CODE].ref;                                                   \
        Instance *caller_instance = header[HEADER_INSTANCE].ref;                                             \
        memmove(fp, arguments, callee->param_slots * sizeof(Slot));                                          \
        save_caller(fp + callee->header, resume, caller_fp, caller_code, caller_instance);                   \
        START(callee, callee_instance, fp);                                                                  \
    } while (0)

/* Declares `func`, which the table holds at the index. */
#define FUNC_IN_TABLE(index_word)                                                                            \
    const TableInst *table = TABLE(WORD((index_word) + 1));                                                  \
    uint64_t index = ADDRESS(index_word, WORD((index_word) + 1));                                            \
    if (SGI_UNLIKELY(index >= table->size))                                                                  \
        TRAP(UNDEFINED_ELEMENT);                                                                             \
    FuncInst *func = table->elements[index];                                                                 \
    if (SGI_UNLIKELY(func == NULL))                                                                          \
        TRAP(UNINITIALIZED_ELEMENT);                                                                         \
    if (SGI_UNLIKELY(func->type_id != WORD((index_word) + 2) &&                                              \
                     !sgi_rtt_matches_id(func->rtt, WORD((index_word) + 2))))                                \
    TRAP(INDIRECT_CALL_TYPE_MISMATCH)

HANDLE(CALL) {
    const Code *callee = sgi_code_get(instance->code, WORD(2));
    if (SGI_UNLIKELY(callee == NULL))
        HAND_ON(TRANSLATE, &instance->own_funcs[WORD(2)], NULL, NULL);
    Slot *frame = fp + WORD(1);
    ENTER(callee, instance, frame, ip + 3);
}
HANDLE(CALL_IMPORT) {
    FuncInst *func = instance->funcs[WORD(2)];
    CALL_FUNC(func, 3);
}
HANDLE(CALL_INDIRECT) {
    FUNC_IN_TABLE(2);
    CALL_FUNC(func, 5);
}
HANDLE(CALL_REF) {
    FuncInst *func = GET_ref(2);
    if (SGI_UNLIKELY(func == NULL))
        TRAP(NULL_FUNCTION_REFERENCE);
    CALL_FUNC(func, 3);
}
HANDLE(RETURN_CALL) {
    FuncInst *func = &instance->own_funcs[WORD(2)];
    RETURN_CALL_FUNC(func);
}
HANDLE(RETURN_CALL_IMPORT) {
    FuncInst *func = instance->funcs[WORD(2)];
    RETURN_CALL_FUNC(func);
}
HANDLE(RETURN_CALL_INDIRECT) {
    FUNC_IN_TABLE(2);
    RETURN_CALL_FUNC(func);
}
HANDLE(RETURN_CALL_REF) {
    FuncInst *func = GET_ref(2);
    if (SGI_UNLIKELY(func == NULL))
        TRAP(NULL_FUNCTION_REFERENCE);
    RETURN_CALL_FUNC(func);
}

HANDLE(RETURN) {
    RETURN_FROM(fp + WORD(1));
}
HANDLE(RETURN1) {
    fp[0] = SLOT(2);
    RETURN_FROM(fp + WORD(1));
}

/* A callee without code: makes it, then the call begins again. */
HANDLE(TRANSLATE) {
    const FuncInst *func = cx->activation->func;
    Instance *owner = func->instance;
    const Code *made;
    CALL_OUT(sgi_code_make(cx, owner->code, func->index - owner->module->imported[EXTERN_FUNC], &made));
    DISPATCH();
}

/* The host may get over a limit that ended this very instance in a call nested in its own. */
#define RUN_HOST()                                                                                           \
    do {                                                                                                     \
        Activation *call_ = cx->activation;                                                                  \
        cx->stack_top = fp + code->frame_size;                                                               \
        cx->caller = instance;                                                                               \
        CALL_OUT(cx->lib->call_host(cx, call_->func, call_->slots));                                         \
        if (SGI_UNLIKELY(instance->ended != SG_TRAP_NONE))                                                   \
            TRAP(INSTANCE_ENDED);                                                                            \
        FETCH_MEMORY();                                                                                      \
    } while (0)
HANDLE(CALL_HOST) {
    RUN_HOST();
    ip = cx->activation->resume;
    RESUME();
}
HANDLE(RETURN_CALL_HOST) {
    RUN_HOST();
    memmove(fp, cx->activation->slots, cx->activation->func->type->result_slots * sizeof(Slot));
    RETURN_FROM(fp + code->header);
}
