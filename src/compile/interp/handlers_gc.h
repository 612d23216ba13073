/* Structures, arrays, i31 and casts. */

#define RTT(i) (instance->types[WORD(i)].rtt)

/* As sgi_fuel_charge: what is refused takes all that was left. */
#define CHARGE_CONTENT(rtt)                                                                                  \
    do {                                                                                                     \
        int64_t units_ = ((int64_t)(rtt)->content + FUEL_STEP_BYTES - 1) / FUEL_STEP_BYTES;                  \
        if (SGI_UNLIKELY(fuel < units_)) {                                                                   \
            fuel = fuel > 0 ? 0 : fuel;                                                                      \
            TRAP(FUEL);                                                                                      \
        }                                                                                                    \
        fuel -= units_;                                                                                      \
    } while (0)

/* Declares `rtt`, and `object` of it, whose fields are to be set at once. */
#define NEW_STRUCT(type_word)                                                                                \
    const Rtt *rtt = RTT(type_word);                                                                         \
    CHARGE_CONTENT(rtt);                                                                                     \
    Object *object;                                                                                          \
    Cell *cell = SGI_LIKELY(rtt->size <= SMALL_OBJECT) ? cx->cells[rtt->size / OBJECT_ALIGN] : NULL;         \
    if (SGI_LIKELY(cell != NULL)) {                                                                          \
        cx->cells[rtt->size / OBJECT_ALIGN] = cell->next;                                                    \
        object = (Object *)(void *)cell;                                                                     \
        object->rtt = rtt;                                                                                   \
    } else {                                                                                                 \
        CALL_OUT(cx->lib->object_new(cx, rtt, &object));                                                     \
    }                                                                                                        \
    uint8_t *bytes = (uint8_t *)object

HANDLE(STRUCT_NEW) {
    NEW_STRUCT(2);
    const uint32_t *words = ip + 3;
    for (uint32_t i = 0; i < rtt->field_count; i++)
        sgi_store_field(bytes + rtt->fields[i].offset, (Storage)rtt->fields[i].storage, fp + words[i]);
    SET_ref(1, object);
    NEXT(3 + rtt->field_count);
}
HANDLE(STRUCT_NEW_DEFAULT) {
    NEW_STRUCT(2);
    memset(bytes + OBJECT_FIELDS, 0, rtt->size - OBJECT_FIELDS);
    SET_ref(1, object);
    NEXT(3);
}

/* Declares `object`, not null. */
#define OBJECT_IN(i, TRAP_NAME)                                                                              \
    Object *object = GET_ref(i);                                                                             \
    if (SGI_UNLIKELY(object == NULL))                                                                        \
    TRAP(TRAP_NAME)
/* Declares `at`, where an element of `size` bytes is. */
#define ELEMENT(array_word, index_word, element_size)                                                        \
    OBJECT_IN(array_word, NULL_ARRAY_REFERENCE);                                                             \
    uint32_t index = GET_u32(index_word);                                                                    \
    if (SGI_UNLIKELY(index >= object->length))                                                               \
        TRAP(ARRAY_OUT_OF_BOUNDS);                                                                           \
    uint8_t *at = (uint8_t *)object + ARRAY_ELEMENTS + (uint64_t)index * (element_size)

#define GETTERS(id, type, slot)                                                                              \
    HANDLE(STRUCT_GET_##id) {                                                                                \
        OBJECT_IN(2, NULL_STRUCTURE_REFERENCE);                                                              \
        type value;                                                                                          \
        memcpy(&value, (uint8_t *)object + WORD(3), sizeof value);                                           \
        SET_##slot(1, value);                                                                                \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(ARRAY_GET_##id) {                                                                                 \
        type value;                                                                                          \
        ELEMENT(2, 3, sizeof value);                                                                         \
        memcpy(&value, at, sizeof value);                                                                    \
        SET_##slot(1, value);                                                                                \
        NEXT(4);                                                                                             \
    }
GETTERS(8_S, int8_t, s32)
GETTERS(8_U, uint8_t, u32)
GETTERS(16_S, int16_t, s32)
GETTERS(16_U, uint16_t, u32)
GETTERS(32, uint32_t, u32)
GETTERS(64, uint64_t, u64)

#define SETTERS(id, size_)                                                                                   \
    HANDLE(STRUCT_SET_##id) {                                                                                \
        OBJECT_IN(1, NULL_STRUCTURE_REFERENCE);                                                              \
        memcpy((uint8_t *)object + WORD(3), &SLOT(2), size_);                                                \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(ARRAY_SET_##id) {                                                                                 \
        ELEMENT(1, 2, size_);                                                                                \
        memcpy(at, &SLOT(3), size_);                                                                         \
        NEXT(4);                                                                                             \
    }
SETTERS(8, 1)
SETTERS(16, 2)
SETTERS(32, 4)
SETTERS(64, 8)
SETTERS(V128, 16)
HANDLE(STRUCT_GET_V128) {
    OBJECT_IN(2, NULL_STRUCTURE_REFERENCE);
    memcpy(&SLOT(1), (uint8_t *)object + WORD(3), 16);
    NEXT(4);
}
HANDLE(ARRAY_GET_V128) {
    ELEMENT(2, 3, 16);
    memcpy(&SLOT(1), at, 16);
    NEXT(4);
}
HANDLE(ARRAY_LEN) {
    OBJECT_IN(2, NULL_ARRAY_REFERENCE);
    SET_u32(1, object->length);
    NEXT(3);
}

HANDLE(ARRAY_NEW) {
    Object *array;
    CALL_OUT(cx->lib->array_new(cx, RTT(4), &SLOT(2), GET_u32(3), &array));
    SET_ref(1, array);
    NEXT(5);
}
HANDLE(ARRAY_NEW_DEFAULT) {
    Object *array;
    CALL_OUT(cx->lib->array_new(cx, RTT(3), NULL, GET_u32(2), &array));
    SET_ref(1, array);
    NEXT(4);
}
HANDLE(ARRAY_NEW_FIXED) {
    Object *array;
    CALL_OUT(cx->lib->array_new_fixed(cx, RTT(4), &SLOT(2), WORD(3), &array));
    SET_ref(1, array);
    NEXT(5);
}
HANDLE(ARRAY_NEW_DATA) {
    Object *array;
    CALL_OUT(cx->lib->array_new_data(cx, instance, RTT(4), WORD(5), GET_u32(2), GET_u32(3), &array));
    SET_ref(1, array);
    NEXT(6);
}
HANDLE(ARRAY_NEW_ELEM) {
    Object *array;
    CALL_OUT(cx->lib->array_new_elem(cx, instance, RTT(4), WORD(5), GET_u32(2), GET_u32(3), &array));
    SET_ref(1, array);
    NEXT(6);
}
HANDLE(ARRAY_FILL) {
    CALL_OUT(cx->lib->array_fill(cx, GET_ref(1), GET_u32(2), &SLOT(3), GET_u32(4)));
    NEXT(5);
}
HANDLE(ARRAY_COPY) {
    CALL_OUT(cx->lib->array_copy(cx, GET_ref(1), GET_ref(3), GET_u32(2), GET_u32(4), GET_u32(5)));
    NEXT(6);
}
HANDLE(ARRAY_INIT_DATA) {
    CALL_OUT(cx->lib->array_init_data(cx, instance, GET_ref(1), WORD(5), GET_u32(2), GET_u32(3), GET_u32(4)));
    NEXT(6);
}
HANDLE(ARRAY_INIT_ELEM) {
    CALL_OUT(cx->lib->array_init_elem(cx, instance, GET_ref(1), WORD(5), GET_u32(2), GET_u32(3), GET_u32(4)));
    NEXT(6);
}

/* ---- references ---- */

#define IS_OF(ref, test) ((ref) == NULL ? (test) & 1 : sgi_ref_is_of(cx, instance->types, ref, (test) >> 1))

HANDLE(REF_EQ) {
    SET_u32(1, GET_u64(2) == GET_u64(3));
    NEXT(4);
}
HANDLE(REF_TEST) {
    const void *ref = GET_ref(2);
    SET_u32(1, IS_OF(ref, WORD(3)));
    NEXT(4);
}
HANDLE(REF_CAST) {
    const void *ref = GET_ref(1);
    if (SGI_UNLIKELY(!IS_OF(ref, WORD(2))))
        TRAP(CAST_FAILURE);
    NEXT(3);
}
HANDLE(BR_OF) {
    const void *ref = GET_ref(1);
    BRANCH_BR(IS_OF(ref, WORD(2)), 3);
}
HANDLE(BR_NOT_OF) {
    const void *ref = GET_ref(1);
    BRANCH_BR(!IS_OF(ref, WORD(2)), 3);
}
HANDLE(REF_I31) {
    SET_u64(1, sgi_i31(GET_u32(2)));
    NEXT(3);
}
HANDLE(I31_GET_S) {
    if (SGI_UNLIKELY(GET_ref(2) == NULL))
        TRAP(NULL_I31_REFERENCE);
    SET_s32(1, (int32_t)(GET_u32(2) << 1) >> 1);
    NEXT(3);
}
HANDLE(I31_GET_U) {
    if (SGI_UNLIKELY(GET_ref(2) == NULL))
        TRAP(NULL_I31_REFERENCE);
    SET_u32(1, GET_u32(2));
    NEXT(3);
}
