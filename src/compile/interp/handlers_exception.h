/* Exceptions. */

/* Goes on where the activation stands. */
#define GO_ON_AT_CATCH()                                                                                     \
    do {                                                                                                     \
        const Activation *at_ = cx->activation;                                                              \
        ip = at_->ip;                                                                                        \
        fp = at_->fp;                                                                                        \
        code = at_->code;                                                                                    \
        instance = at_->instance;                                                                            \
        FETCH_MEMORY();                                                                                      \
        DISPATCH();                                                                                          \
    } while (0)

HANDLE(THROW) {
    CALL_OUT(sgi_throw(cx, instance->tags[WORD(2)], fp + WORD(1)));
    GO_ON_AT_CATCH();
}
HANDLE(THROW_REF) {
    if (SGI_UNLIKELY(GET_ref(1) == NULL))
        TRAP(NULL_REFERENCE);
    CALL_OUT(sgi_throw_ref(cx, GET_ref(1)));
    GO_ON_AT_CATCH();
}
