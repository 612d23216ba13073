/* SIMD: what simd.def says of each instruction. A vector is in two slots, always read and written as one. */

#define GET_VECTOR(type, name, i)                                                                            \
    type name;                                                                                               \
    memcpy(&name, &SLOT(i), sizeof name)
#define SET_VECTOR(i, value)                                                                                 \
    do {                                                                                                     \
        u64x2 result_ = (u64x2)(value);                                                                      \
        memcpy(&SLOT(i), &result_, sizeof result_);                                                          \
    } while (0)

HANDLE(V128_CONST) {
    memcpy(&SLOT(1), ip + 2, 16);
    NEXT(6);
}
HANDLE(I8X16_SHUFFLE) {
    GET_VECTOR(u8x16, a, 2);
    GET_VECTOR(u8x16, b, 3);
    u8x16 lanes;
    memcpy(&lanes, ip + 4, sizeof lanes);
    SET_VECTOR(1, sgi_shuffle(a, b, lanes));
    NEXT(8);
}

HANDLE(I32X4_SHUFFLE) {
    uint32_t lanes[4];
    for (int i = 0; i < 4; i++)
        memcpy(&lanes[i], (const uint8_t *)fp + sizeof lanes[i] * (size_t)WORD(2 + i), sizeof lanes[i]);
    SET_VECTOR(1, ((u32x4){lanes[0], lanes[1], lanes[2], lanes[3]}));
    NEXT(6);
}

#define VECTOR1(id, type, expression)                                                                        \
    HANDLE(id) {                                                                                             \
        GET_VECTOR(type, a, 2);                                                                              \
        SET_VECTOR(1, expression);                                                                           \
        NEXT(3);                                                                                             \
    }
#define VECTOR2(id, type, expression)                                                                        \
    HANDLE(id) {                                                                                             \
        GET_VECTOR(type, a, 2);                                                                              \
        GET_VECTOR(type, b, 3);                                                                              \
        SET_VECTOR(1, expression);                                                                           \
        NEXT(4);                                                                                             \
    }
#define VECTOR3(id, type, expression)                                                                        \
    HANDLE(id) {                                                                                             \
        GET_VECTOR(type, a, 2);                                                                              \
        GET_VECTOR(type, b, 3);                                                                              \
        GET_VECTOR(type, c, 4);                                                                              \
        SET_VECTOR(1, expression);                                                                           \
        NEXT(5);                                                                                             \
    }
#define SHIFT(id, type, expression)                                                                          \
    HANDLE(id) {                                                                                             \
        GET_VECTOR(type, a, 2);                                                                              \
        uint32_t b = GET_u32(3);                                                                             \
        SET_VECTOR(1, expression);                                                                           \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_K) {                                                                                         \
        GET_VECTOR(type, a, 2);                                                                              \
        uint32_t b = WORD(3);                                                                                \
        SET_VECTOR(1, expression);                                                                           \
        NEXT(4);                                                                                             \
    }
#define TEST(id, type, expression)                                                                           \
    HANDLE(id) {                                                                                             \
        GET_VECTOR(type, a, 2);                                                                              \
        SET_u32(1, expression);                                                                              \
        NEXT(3);                                                                                             \
    }
#define SPLAT(id, type, slot)                                                                                \
    HANDLE(id) {                                                                                             \
        SET_VECTOR(1, sgi_##type##_splat(GET_##slot(2)));                                                    \
        NEXT(3);                                                                                             \
    }
#define EXTRACT(id, type, slot)                                                                              \
    HANDLE(id) {                                                                                             \
        GET_VECTOR(type, a, 2);                                                                              \
        SET_##slot(1, a[WORD(3)]);                                                                           \
        NEXT(4);                                                                                             \
    }
#define REPLACE(id, type, slot)                                                                              \
    HANDLE(id) {                                                                                             \
        GET_VECTOR(type, a, 2);                                                                              \
        SET_VECTOR(1, sgi_##type##_replace(a, WORD(4), GET_##slot(3)));                                      \
        NEXT(5);                                                                                             \
    }
#define SAME(id, other)

#define LOAD_VECTOR(id, type, expression) ACCESS(id, type, 2, 0, READ_VALUE(type); SET_VECTOR(1, expression))
#define STORE_VECTOR(id, type, expression)                                                                   \
    ACCESS(id, type, 1, 0, GET_VECTOR(type, a, 2); WRITE_VALUE(type, expression))
#define LOAD_LANE(id, lane, type)                                                                            \
    ACCESS(id, lane, 2, 2, READ_VALUE(lane); GET_VECTOR(type, a, END);                                       \
           SET_VECTOR(1, sgi_##type##_replace(a, WORD(END + 1), m)))
#define STORE_LANE(id, lane, type)                                                                           \
    ACCESS(id, lane, 1, 1, GET_VECTOR(type, a, 2); WRITE_VALUE(lane, a[WORD(END)]))
#include "module/simd.def"
