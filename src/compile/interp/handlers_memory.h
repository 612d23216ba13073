/* Linear memory. */

HANDLE(MEMORY_SIZE) {
    const MemoryInst *memory = instance->memories[WORD(2)];
    SET_u64(1, sgi_memory_size(memory) >> memory->page_log2);
    NEXT(3);
}
HANDLE(MEMORY_GROW) {
    uint64_t old;
    CALL_OUT(cx->lib->memory_grow(cx, MEMORY(WORD(3)), ADDRESS(2, WORD(3)), &old));
    FETCH_MEMORY();
    SET_u64(1, old);
    NEXT(4);
}
HANDLE(MEMORY_FILL) {
    CALL_OUT(cx->lib->memory_fill(cx, MEMORY(WORD(4)), ADDRESS(1, WORD(4)), (uint8_t)GET_u32(2),
                                  ADDRESS(3, WORD(4))));
    NEXT(6);
}
HANDLE(MEMORY_COPY) {
    CALL_OUT(cx->lib->memory_copy(cx, MEMORY(WORD(4)), MEMORY(WORD(5)), ADDRESS(1, WORD(4)),
                                  ADDRESS(2, WORD(5)), ADDRESS(3, WORD(4) & WORD(5))));
    NEXT(6);
}
HANDLE(MEMORY_INIT) {
    CALL_OUT(cx->lib->memory_init(cx, instance, WORD(4) >> 1, WORD(5), ADDRESS(1, WORD(4)), GET_u32(2),
                                  GET_u32(3)));
    NEXT(6);
}
HANDLE(DATA_DROP) {
    CALL_OUT(cx->lib->data_drop(cx, instance, WORD(1)));
    NEXT(3);
}
