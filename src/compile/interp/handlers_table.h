/* References and tables. */

HANDLE(REF_FUNC) {
    SET_ref(1, instance->funcs[WORD(2)]);
    NEXT(3);
}
HANDLE(REF_IS_NULL) {
    SET_u32(1, GET_ref(2) == NULL);
    NEXT(3);
}
HANDLE(REF_AS_NON_NULL) {
    if (SGI_UNLIKELY(GET_ref(1) == NULL))
        TRAP(NULL_REFERENCE);
    NEXT(2);
}
HANDLE(TABLE_GET) {
    const TableInst *table = TABLE(WORD(3));
    uint64_t index = ADDRESS(2, WORD(3));
    if (SGI_UNLIKELY(index >= table->size))
        TRAP(TABLE_OUT_OF_BOUNDS);
    SET_ref(1, table->elements[index]);
    NEXT(4);
}
HANDLE(TABLE_SET) {
    const TableInst *table = TABLE(WORD(3));
    uint64_t index = ADDRESS(1, WORD(3));
    if (SGI_UNLIKELY(index >= table->size))
        TRAP(TABLE_OUT_OF_BOUNDS);
    table->elements[index] = GET_ref(2);
    NEXT(5);
}
HANDLE(TABLE_SIZE) {
    SET_u64(1, instance->tables[WORD(2)]->size);
    NEXT(3);
}
HANDLE(TABLE_GROW) {
    uint64_t old;
    CALL_OUT(cx->lib->table_grow(cx, TABLE(WORD(4)), ADDRESS(3, WORD(4)), GET_ref(2), &old));
    SET_u64(1, old);
    NEXT(5);
}
HANDLE(TABLE_FILL) {
    CALL_OUT(cx->lib->table_fill(cx, TABLE(WORD(4)), ADDRESS(1, WORD(4)), GET_ref(2), ADDRESS(3, WORD(4))));
    NEXT(6);
}
HANDLE(TABLE_COPY) {
    CALL_OUT(cx->lib->table_copy(cx, TABLE(WORD(4)), TABLE(WORD(5)), ADDRESS(1, WORD(4)), ADDRESS(2, WORD(5)),
                                 ADDRESS(3, WORD(4) & WORD(5))));
    NEXT(6);
}
HANDLE(TABLE_INIT) {
    CALL_OUT(cx->lib->table_init(cx, instance, WORD(4) >> 1, WORD(5), ADDRESS(1, WORD(4)), GET_u32(2),
                                 GET_u32(3)));
    NEXT(6);
}
HANDLE(ELEM_DROP) {
    CALL_OUT(cx->lib->elem_drop(cx, instance, WORD(1)));
    NEXT(3);
}
