/* Values → WAVE text, without their types: options and results are written out (some(1), ok("x")), fields
 * that hold none are left out as the format allows. What is printed reads back as the same value. */
#include "text/wave.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits and exponent of the shortest decimal that reads back as `value` (finite, not negative): d.ddd ×
 * 10^exponent. printf's point depends on the locale; only digits are taken from it. */
static unsigned shortest_digits(double value, bool is_f32, char digits[24], int *exponent) {
    char text[64];
    for (int precision = 0;; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, value);
        bool same = is_f32 ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
        if (same || precision == 17)
            break;
    }
    unsigned count = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            digits[count++] = *p;
    *exponent = *p ? atoi(p + 1) : 0;
    return count;
}

static void zeros(Buf *text, int count) {
    for (; count > 0; count--)
        sgi_buf_byte(text, '0');
}

static void print_float(Buf *text, double value, bool is_f32) {
    if (isnan(value)) {
        sgi_buf_text(text, "nan");
        return;
    }
    if (signbit(value))
        sgi_buf_byte(text, '-');
    if (isinf(value)) {
        sgi_buf_text(text, "inf");
        return;
    }
    char digits[24];
    int exponent;
    int count = (int)shortest_digits(fabs(value), is_f32, digits, &exponent);
    if (exponent < -7 || exponent > 20) { /* 6.022e+23 */
        sgi_buf_byte(text, (uint8_t)digits[0]);
        if (count > 1)
            sgi_buf_byte(text, '.');
        sgi_buf_put(text, digits + 1, (size_t)count - 1);
        sgi_buf_printf(text, "e%+d", exponent);
    } else if (exponent < 0) { /* 0.0625 */
        sgi_buf_text(text, "0.");
        zeros(text, -exponent - 1);
        sgi_buf_put(text, digits, (size_t)count);
    } else { /* 1500 or 1.5 */
        int whole = exponent + 1 < count ? exponent + 1 : count;
        sgi_buf_put(text, digits, (size_t)whole);
        zeros(text, exponent + 1 - count);
        if (whole < count)
            sgi_buf_byte(text, '.');
        sgi_buf_put(text, digits + whole, (size_t)(count - whole));
    }
}

/* Controls are escaped: what a guest says must not drive a terminal. */
static void print_scalar(Buf *text, uint32_t scalar, char quote) {
    static const char plain[] = "\t\n\r\\", escaped[] = "tnr\\";
    const char *found = scalar && scalar < 0x80 ? strchr(plain, (int)scalar) : NULL;
    if (found || scalar == (uint8_t)quote) {
        sgi_buf_byte(text, '\\');
        sgi_buf_byte(text, (uint8_t)(found ? escaped[found - plain] : quote));
    } else if (scalar < 0x20 || (scalar >= 0x7f && scalar < 0xa0)) {
        sgi_buf_printf(text, "\\u{%" PRIx32 "}", scalar);
    } else {
        uint8_t utf8[4];
        sgi_buf_put(text, utf8, sgi_utf8_write(scalar, utf8));
    }
}

/* Lifted strings are valid UTF-8; in others, bad bytes become U+FFFD. */
static void print_string(Buf *text, sg_string string) {
    sgi_buf_byte(text, '"');
    const uint8_t *p = (const uint8_t *)string.data;
    for (const uint8_t *end = p ? p + string.size : p; p < end;) {
        int32_t scalar = sgi_utf8_read(&p, end);
        p += scalar < 0;
        print_scalar(text, scalar < 0 ? 0xfffd : (uint32_t)scalar, '"');
    }
    sgi_buf_byte(text, '"');
}

static void print_name(Buf *text, sg_string name) {
    sgi_buf_put(text, name.data, name.size);
}

static void print_case(Buf *text, sg_string name) {
    if (sgi_wave_is_keyword((Bytes){(const uint8_t *)name.data, name.size}))
        sgi_buf_byte(text, '%');
    print_name(text, name);
}

static void print_value(Buf *text, const sg_value *value, unsigned depth);

static void print_payload(Buf *text, const sg_value *payload, unsigned depth) {
    if (!payload)
        return;
    sgi_buf_byte(text, '(');
    print_value(text, payload, depth + 1);
    sgi_buf_byte(text, ')');
}

static void print_sequence(Buf *text, const char *brackets, const sg_value *value, unsigned depth) {
    sgi_buf_byte(text, (uint8_t)brackets[0]);
    for (size_t i = 0; i < value->of.list.count; i++) {
        if (i)
            sgi_buf_text(text, ", ");
        print_value(text, &value->of.list.items[i], depth + 1);
    }
    sgi_buf_byte(text, (uint8_t)brackets[1]);
}

static void print_bytes(Buf *text, const sg_value *value) {
    sgi_buf_byte(text, '[');
    for (size_t i = 0; i < value->of.bytes.size; i++)
        sgi_buf_printf(text, i ? ", %u" : "%u", (unsigned)value->of.bytes.data[i]);
    sgi_buf_byte(text, ']');
}

static void print_record(Buf *text, const sg_value *value, unsigned depth) {
    bool empty = true;
    sgi_buf_byte(text, '{');
    for (size_t i = 0; i < value->of.record.count; i++) {
        const sg_field *field = &value->of.record.fields[i];
        if (field->value.kind == SG_OPTION && !field->value.of.option)
            continue;
        if (!empty)
            sgi_buf_text(text, ", ");
        empty = false;
        print_name(text, field->name);
        sgi_buf_text(text, ": ");
        print_value(text, &field->value, depth + 1);
    }
    sgi_buf_text(text, empty ? ":}" : "}"); /* {} is flags */
}

static void print_flags(Buf *text, const sg_value *value) {
    sgi_buf_byte(text, '{');
    for (size_t i = 0; i < value->of.flags.count; i++) {
        if (i)
            sgi_buf_text(text, ", ");
        print_name(text, value->of.flags.names[i]);
    }
    sgi_buf_byte(text, '}');
}

static void print_value(Buf *text, const sg_value *value, unsigned depth) {
    if (depth > LIMIT_OF(TYPE_DEPTH)) { /* not a value that any type has */
        sgi_buf_text(text, "...");
        return;
    }
    switch (value->kind) {
    case SG_BOOL: sgi_buf_text(text, value->of.boolean ? "true" : "false"); break;
    case SG_S8: sgi_buf_printf(text, "%d", value->of.s8); break;
    case SG_U8: sgi_buf_printf(text, "%u", value->of.u8); break;
    case SG_S16: sgi_buf_printf(text, "%d", value->of.s16); break;
    case SG_U16: sgi_buf_printf(text, "%u", value->of.u16); break;
    case SG_S32: sgi_buf_printf(text, "%" PRId32, value->of.s32); break;
    case SG_U32: sgi_buf_printf(text, "%" PRIu32, value->of.u32); break;
    case SG_S64: sgi_buf_printf(text, "%" PRId64, value->of.s64); break;
    case SG_U64: sgi_buf_printf(text, "%" PRIu64, value->of.u64); break;
    case SG_F32: print_float(text, (double)value->of.f32, true); break;
    case SG_F64: print_float(text, value->of.f64, false); break;
    case SG_CHAR:
        sgi_buf_byte(text, '\'');
        print_scalar(text, value->of.character, '\'');
        sgi_buf_byte(text, '\'');
        break;
    case SG_STRING: print_string(text, value->of.string); break;
    case SG_LIST: print_sequence(text, "[]", value, depth); break;
    case SG_BYTES: print_bytes(text, value); break;
    case SG_TUPLE: print_sequence(text, "()", value, depth); break;
    case SG_RECORD: print_record(text, value, depth); break;
    case SG_VARIANT:
        print_case(text, value->of.variant.name);
        print_payload(text, value->of.variant.payload, depth);
        break;
    case SG_ENUM: print_case(text, value->of.enumeration); break;
    case SG_OPTION:
        sgi_buf_text(text, value->of.option ? "some" : "none");
        print_payload(text, value->of.option, depth);
        break;
    case SG_RESULT:
        sgi_buf_text(text, value->of.result.is_error ? "err" : "ok");
        print_payload(text, value->of.result.payload, depth);
        break;
    case SG_FLAGS: print_flags(text, value); break;
    case SG_OWN:
    case SG_BORROW: /* no WAVE form yet: for people */
        sgi_buf_printf(text, "%s(%" PRIu64 ")", value->kind == SG_OWN ? "own" : "borrow", value->of.handle);
        break;
    default: sgi_buf_text(text, "...");
    }
}

void sgi_wave_print(Buf *text, const sg_value *value) {
    print_value(text, value, 0);
}
