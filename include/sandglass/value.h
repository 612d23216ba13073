/* Values of the Component Model, and their types.
 *
 * An sg_value is a small tagged union. Scalars hold no memory. Compound values point at memory whose owner
 * depends on where the value came from:
 *   - arguments of sg_func_call belong to the caller and are only read;
 *   - results of sg_func_call belong to the store's call memory: they stay valid until the next outermost
 * call on that store, which may take them as arguments, or the store is deleted; inside a host function,
 * until that returns;
 *   - arguments given to a host function are valid until it returns;
 *   - results made by a host function must outlive its return: take memory from sg_call_alloc.
 * To keep a value longer, copy it with sg_value_copy and free that copy with sg_value_delete. */
#ifndef SANDGLASS_VALUE_H
#define SANDGLASS_VALUE_H

#include <sandglass/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sg_kind {
    SG_BOOL,
    SG_S8,
    SG_U8,
    SG_S16,
    SG_U16,
    SG_S32,
    SG_U32,
    SG_S64,
    SG_U64,
    SG_F32,
    SG_F64,
    SG_CHAR,   /* a Unicode scalar value */
    SG_STRING, /* UTF-8 */
    SG_LIST,
    SG_BYTES, /* list<u8> in one piece: what lists of u8 are lifted to; an SG_LIST of SG_U8 is accepted too */
    SG_RECORD,
    SG_TUPLE,
    SG_VARIANT,
    SG_ENUM,
    SG_OPTION,
    SG_RESULT,
    SG_FLAGS,
    SG_OWN,
    SG_BORROW,
    /* Kinds of types only: values of the first two are SG_LIST, of the others there are none yet. */
    SG_FIXED_LIST,
    SG_MAP,
    SG_STREAM,
    SG_FUTURE,
    SG_ERROR_CONTEXT,
} sg_kind;

typedef struct sg_value sg_value;
typedef struct sg_field sg_field;

typedef struct sg_string {
    const char *data; /* not NUL-terminated */
    size_t size;      /* bytes */
} sg_string;

struct sg_value {
    sg_kind kind;
    union {
        bool boolean;
        int8_t s8;
        uint8_t u8;
        int16_t s16;
        uint16_t u16;
        int32_t s32;
        uint32_t u32;
        int64_t s64;
        uint64_t u64;
        float f32;
        double f64;
        uint32_t character;
        sg_string string;
        struct {
            const uint8_t *data;
            size_t size;
        } bytes;
        struct {
            const sg_value *items;
            size_t count;
        } list; /* SG_LIST, SG_TUPLE */
        struct {
            const sg_field *fields;
            size_t count;
        } record; /* in any order when given; in the type's order when lifted */
        struct {
            sg_string name;
            const sg_value *payload; /* NULL when the case has none */
        } variant;
        sg_string enumeration;  /* the case's name */
        const sg_value *option; /* NULL is none */
        struct {
            const sg_value *payload; /* NULL when that side has none */
            bool is_error;
        } result;
        struct {
            const sg_string *names; /* of the flags that are set */
            size_t count;
        } flags;
        uint64_t handle; /* SG_OWN, SG_BORROW: see resource.h */
    } of;
};

struct sg_field {
    sg_string name;
    sg_value value;
};

static inline sg_string sg_string_of(const char *data, size_t size) {
    sg_string string = {data, size};
    return string;
}

/* A value of kind SG_STRING over a NUL-terminated UTF-8 string, which it borrows. NULL is the empty string.
 */
SG_API sg_value sg_value_string(const char *text);

/* Deep copy with memory from malloc; free it with sg_value_delete. SG_NO_MEMORY leaves nothing behind. */
SG_API sg_status sg_value_copy(const sg_value *value, sg_value *copy, sg_error *error);

/* Frees a value made by sg_value_copy, and only such a value. NULL is allowed. */
SG_API void sg_value_delete(sg_value *copy);

/* Structural equality; record fields and flags in any order, NaN equal to NaN, SG_BYTES equal to the same
 * SG_LIST. */
SG_API bool sg_value_equal(const sg_value *a, const sg_value *b);

/* A component-level value type; owned by its component, valid as long as that. */
typedef struct sg_type sg_type;

SG_API sg_kind sg_type_kind(const sg_type *type);

/* SG_LIST, SG_FIXED_LIST, SG_STREAM, SG_FUTURE: the element; SG_OPTION: the payload; SG_MAP: index 0 the key,
 * 1 the value; SG_RESULT: index 0 the ok side, 1 the error side (NULL where absent); SG_RECORD, SG_TUPLE,
 * SG_VARIANT: by position (NULL for a case without payload). NULL out of range.
 */
SG_API const sg_type *sg_type_item(const sg_type *type, size_t index);

/* Fields, members, cases or flags of the type, or elements of an SG_FIXED_LIST; 0 for others. */
SG_API size_t sg_type_count(const sg_type *type);

/* Name of a field, case or flag; empty out of range. */
SG_API sg_string sg_type_name(const sg_type *type, size_t index);

/* What the type was imported or exported as, of handles the resource; empty where that is not known. */
SG_API sg_string sg_type_label(const sg_type *type);

/* Same structure, same names inside, same resources. */
SG_API bool sg_type_equal(const sg_type *a, const sg_type *b);

/* The type of a function; owned by its component, valid as long as that. */
typedef struct sg_func_type sg_func_type;

SG_API size_t sg_func_type_param_count(const sg_func_type *type);
/* NULL, or empty, out of range. */
SG_API const sg_type *sg_func_type_param(const sg_func_type *type, size_t index);
SG_API sg_string sg_func_type_param_name(const sg_func_type *type, size_t index);
/* NULL when there is none. */
SG_API const sg_type *sg_func_type_result(const sg_func_type *type);
SG_API bool sg_func_type_is_async(const sg_func_type *type);

/* Reads a value of `type` in WAVE text. The value is allocated as by sg_value_copy. Errors carry line and
 * column. */
SG_API sg_status sg_value_parse(const sg_type *type, const char *text, size_t size, sg_value *value,
                                sg_error *error);

/* Writes `value` as WAVE text, cut to `size` bytes with a final NUL; returns the length of the whole, as
 * snprintf. */
SG_API size_t sg_value_print(const sg_value *value, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
