/* Constants, copies, addresses and globals. */

HANDLE(CONST32) {
    SET_u64(1, WORD(2));
    NEXT(3);
}
HANDLE(CONST64) {
    SET_u64(1, WIDE(2));
    NEXT(4);
}
HANDLE(COPY) {
    SET_u64(1, GET_u64(2));
    NEXT(3);
}
HANDLE(COPY2) {
    SET_u64(1, GET_u64(2));
    SET_u64(3, GET_u64(4));
    NEXT(5);
}
HANDLE(MOVE) {
    memmove(fp + WORD(1), fp + WORD(2), WORD(3) * sizeof(Slot));
    NEXT(4);
}
HANDLE(SELECT) {
    SET_u64(1, GET_u32(4) ? GET_u64(2) : GET_u64(3));
    NEXT(5);
}
HANDLE(COPY_V128) {
    memmove(fp + WORD(1), fp + WORD(2), 2 * sizeof(Slot));
    NEXT(3);
}
HANDLE(SELECT_V128) {
    memmove(fp + WORD(1), fp + (GET_u32(4) ? WORD(2) : WORD(3)), 2 * sizeof(Slot));
    NEXT(5);
}
HANDLE(LEA) {
    SET_u32(1, (GET_u32(2) << WORD(3)) + WORD(4));
    NEXT(5);
}
HANDLE(SHL_ADD) {
    SET_u32(1, (GET_u32(2) << WORD(3)) + GET_u32(4));
    NEXT(5);
}
/* Two statements: a compiler may make one rounding of one expression. */
#define MULTIPLY_ADD(id, type, sum)                                                                          \
    HANDLE(id) {                                                                                             \
        C_##type product = GET_##type(2) * GET_##type(3);                                                    \
        C_##type addend = GET_##type(4);                                                                     \
        SET_##type(1, sum);                                                                                  \
        NEXT(5);                                                                                             \
    }
MULTIPLY_ADD(F32_MUL_ADD, f32, product + addend)
MULTIPLY_ADD(F32_ADD_MUL, f32, addend + product)
MULTIPLY_ADD(F64_MUL_ADD, f64, product + addend)
MULTIPLY_ADD(F64_ADD_MUL, f64, addend + product)

HANDLE(GLOBAL_GET) {
    SLOT(1) = instance->globals[WORD(2)]->value;
    NEXT(3);
}
HANDLE(GLOBAL_SET) {
    instance->globals[WORD(2)]->value = SLOT(1);
    NEXT(3);
}
HANDLE(GLOBAL_GET_V128) {
    const GlobalInst *global = instance->globals[WORD(2)];
    SLOT(1) = global->value;
    fp[WORD(1) + 1] = global->high;
    NEXT(3);
}
HANDLE(GLOBAL_SET_V128) {
    GlobalInst *global = instance->globals[WORD(2)];
    global->value = SLOT(1);
    global->high = fp[WORD(1) + 1];
    NEXT(3);
}
