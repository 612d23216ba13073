/* Segments, branches and ways out. */

HANDLE(CHARGE) {
    fuel -= WORD(1);
    NEXT(2);
}
HANDLE(HEAD) {
    ENTER_HEAD();
}
HANDLE(BR) {
    fuel -= WORD(2);
    TAKE(1);
    DISPATCH();
}
HANDLE(BR_LOOP) {
    TAKE(1);
    ENTER_HEAD();
}
HANDLE(BR_TABLE) {
    uint32_t index = GET_u32(1);
    uint32_t last = WORD(2) - 1;
    size_t rel = 3 + 2 * (size_t)(index < last ? index : last);
    fuel -= WORD(rel + 1);
    TAKE((ptrdiff_t)rel);
    DISPATCH();
}
HANDLE(BR_NULL) {
    BRANCH_BR(GET_ref(1) == NULL, 2);
}
HANDLE(BR_NON_NULL) {
    BRANCH_BR(GET_ref(1) != NULL, 2);
}
HANDLE(UNREACHABLE) {
    TRAP(UNREACHABLE);
}
HANDLE(EXIT) {
    cx->fuel = fuel;
    return SG_TRAP_NONE;
}

/* At a HEAD, charged. */
HANDLE(EVENT) {
    if (fuel < 0)
        TRAP(FUEL);
    CALL_OUT(cx->lib->interrupted(cx));
    NEXT(2);
}
HANDLE(TRAPPED) {
    RECORD();
    return sgi_unwind(cx);
}
