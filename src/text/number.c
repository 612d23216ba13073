/* Numbers: text → bits (core specification, 6.3.1 and 6.3.2). */
#include "text/parse.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* digit ("_"? digit)*, from `at`: past the last one, or NULL when there is no proper run. */
static const uint8_t *scan_digits(const uint8_t *at, const uint8_t *end, unsigned base) {
    bool digit = false;
    for (; at < end; at++) {
        if (*at == '_' && digit && at + 1 < end && sgi_hex_digit(at[1]) < base)
            continue;
        if (sgi_hex_digit(*at) >= base)
            break;
        digit = true;
    }
    return digit ? at : NULL;
}

static bool take_hex_prefix(const uint8_t **at, const uint8_t *end) {
    if (end - *at < 2 || (*at)[0] != '0' || (*at)[1] != 'x')
        return false;
    *at += 2;
    return true;
}

NumberResult sgi_number_unsigned(Bytes text, unsigned bits, uint64_t *value) {
    const uint8_t *at = text.data, *end = text.data + text.size;
    unsigned base = take_hex_prefix(&at, end) ? 16 : 10;
    if (scan_digits(at, end, base) != end || at == end)
        return NUMBER_MALFORMED;
    uint64_t sum = 0;
    for (; at < end; at++) {
        if (*at == '_')
            continue;
        if (!sgi_mul(sum, (uint64_t)base, &sum) || !sgi_add(sum, (uint64_t)sgi_hex_digit(*at), &sum))
            return NUMBER_RANGE;
    }
    *value = sum;
    return bits < 64 && sum >> bits ? NUMBER_RANGE : NUMBER_OK;
}

NumberResult sgi_number_integer(Bytes text, unsigned bits, uint64_t *value) {
    bool negative = text.size && text.data[0] == '-';
    if (text.size && (negative || text.data[0] == '+'))
        text = (Bytes){text.data + 1, text.size - 1};
    NumberResult result = sgi_number_unsigned(text, bits, value);
    if (result != NUMBER_OK || !negative)
        return result;
    if (*value > UINT64_C(1) << (bits - 1))
        return NUMBER_RANGE;
    *value = (0 - *value) & (UINT64_MAX >> (64 - bits));
    return NUMBER_OK;
}

/* Whether [at, end) is "digits [. [digits]] [exponent]" in either base. */
static bool is_float(const uint8_t *at, const uint8_t *end) {
    bool is_hex = take_hex_prefix(&at, end);
    unsigned base = is_hex ? 16 : 10;
    at = scan_digits(at, end, base);
    if (at == NULL)
        return false;
    if (at < end && *at == '.') {
        at++;
        if (at < end && sgi_hex_digit(*at) < base && (at = scan_digits(at, end, base)) == NULL)
            return false;
    }
    if (at < end && (*at | 0x20) == (is_hex ? 'p' : 'e')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = scan_digits(at, end, 10);
    }
    return at == end;
}

/* strtod and strtof round correctly, hexadecimal too; only their decimal point must not be the locale's. */
static NumberResult convert(Bytes text, bool negative, unsigned bits, Arena *scratch, uint64_t *value) {
    locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    ArenaMark mark = sgi_arena_mark(scratch);
    char *digits = sgi_arena_alloc(scratch, text.size + 1);
    if (locale == (locale_t)0 || digits == NULL) {
        if (locale != (locale_t)0)
            freelocale(locale);
        return NUMBER_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '_')
            digits[count++] = (char)text.data[i];
    bool overflow;
    if (bits == 32) {
        float number = strtof_l(digits, NULL, locale);
        uint32_t pattern;
        memcpy(&pattern, &number, sizeof pattern);
        overflow = pattern == 0x7f800000;
        *value = pattern | (uint32_t)negative << 31;
    } else {
        double number = strtod_l(digits, NULL, locale);
        memcpy(value, &number, sizeof *value);
        overflow = *value == UINT64_C(0x7ff0000000000000);
        *value |= (uint64_t)negative << 63;
    }
    sgi_arena_release(scratch, mark);
    freelocale(locale);
    return overflow ? NUMBER_RANGE : NUMBER_OK;
}

NumberResult sgi_number_float(Bytes text, unsigned bits, Arena *scratch, uint64_t *value) {
    bool negative = text.size && text.data[0] == '-';
    if (text.size && (negative || text.data[0] == '+'))
        text = (Bytes){text.data + 1, text.size - 1};
    unsigned mantissa = bits == 32 ? 23 : 52;
    uint64_t sign = (uint64_t)negative << (bits - 1);
    uint64_t infinity = (UINT64_C(1) << (bits - 1)) - (UINT64_C(1) << mantissa);
    if (sgi_bytes_is(text, "inf")) {
        *value = sign | infinity;
    } else if (sgi_bytes_is(text, "nan")) {
        *value = sign | infinity | UINT64_C(1) << (mantissa - 1);
    } else if (text.size > 6 && memcmp(text.data, "nan:0x", 6) == 0) {
        uint64_t payload;
        NumberResult result = sgi_number_unsigned((Bytes){text.data + 4, text.size - 4}, mantissa, &payload);
        if (result != NUMBER_OK)
            return result;
        if (payload == 0)
            return NUMBER_RANGE;
        *value = sign | infinity | payload;
    } else {
        return is_float(text.data, text.data + text.size) ? convert(text, negative, bits, scratch, value)
                                                          : NUMBER_MALFORMED;
    }
    return NUMBER_OK;
}

static sg_status finish(Parser *p, NumberResult result, const char *range) {
    switch (result) {
    case NUMBER_OK: sgi_advance(p); return SG_OK;
    case NUMBER_RANGE: return sgi_parse_fail(p, range);
    case NUMBER_NO_MEMORY: return sgi_load_no_memory(&p->cx);
    case NUMBER_MALFORMED: break;
    }
    return sgi_parse_fail(p, sgi_peek_is(p, TOKEN_RESERVED) || sgi_peek_is(p, TOKEN_NUMBER)
                                 ? "unknown operator"
                                 : "unexpected token");
}

/* The current token's text if it can be a number, else empty. */
static Bytes number_text(const Parser *p) {
    const Token *token = sgi_peek(p);
    bool can = token->kind == TOKEN_NUMBER || token->kind == TOKEN_KEYWORD;
    return can ? sgi_token_text(p, token) : (Bytes){(const uint8_t *)"", 0};
}

sg_status sgi_expect_u32(Parser *p, uint32_t *value) {
    uint64_t wide;
    NumberResult result = sgi_number_unsigned(number_text(p), 32, &wide);
    SGI_TRY(finish(p, result, "i32 constant out of range"));
    *value = (uint32_t)wide;
    return SG_OK;
}

sg_status sgi_expect_u64(Parser *p, uint64_t *value) {
    return finish(p, sgi_number_unsigned(number_text(p), 64, value), "i64 constant out of range");
}

sg_status sgi_expect_integer(Parser *p, unsigned bits, uint64_t *value) {
    return finish(p, sgi_number_integer(number_text(p), bits, value), "constant out of range");
}

sg_status sgi_expect_float(Parser *p, unsigned bits, uint64_t *value) {
    return finish(p, sgi_number_float(number_text(p), bits, p->arena, value), "constant out of range");
}

sg_status sgi_expect_lane(Parser *p, uint8_t *lane) {
    uint64_t value;
    SGI_TRY(finish(p, sgi_number_unsigned(number_text(p), 8, &value), "i8 constant out of range"));
    *lane = (uint8_t)value;
    return SG_OK;
}

static sg_status expect_number_lane(Parser *p, bool is_float, unsigned bits, uint64_t *value) {
    if (sgi_peek_is(p, TOKEN_CLOSE))
        return sgi_parse_fail(p, "wrong number of lane literals");
    return is_float ? sgi_expect_float(p, bits, value) : sgi_expect_integer(p, bits, value);
}

sg_status sgi_expect_v128(Parser *p, bool is_pattern, V128Literal *literal) {
    static const struct {
        const char *name;
        uint8_t lanes;
        bool is_float;
    } shapes[] = {{"i8x16", 16, false}, {"i16x8", 8, false}, {"i32x4", 4, false},
                  {"i64x2", 2, false},  {"f32x4", 4, true},  {"f64x2", 2, true}};
    size_t shape = 0;
    while (shape < SGI_COUNT(shapes) && !sgi_take_keyword(p, shapes[shape].name))
        shape++;
    if (shape == SGI_COUNT(shapes))
        return sgi_parse_unexpected(p);
    bool is_float = shapes[shape].is_float;
    unsigned lanes = shapes[shape].lanes, bits = 128 / lanes;
    literal->lane_bits = (uint8_t)bits;
    for (unsigned i = 0; i < lanes; i++) {
        uint64_t value = 0;
        char kind = 'v';
        if (is_float && is_pattern && sgi_take_keyword(p, "nan:canonical"))
            kind = 'c';
        else if (is_float && is_pattern && sgi_take_keyword(p, "nan:arithmetic"))
            kind = 'a';
        else
            SGI_TRY(expect_number_lane(p, is_float, bits, &value));
        literal->lane_kinds[i] = kind;
        for (unsigned byte = 0; byte < bits / 8; byte++)
            literal->bytes[i * (bits / 8) + byte] = (uint8_t)(value >> (8 * byte));
    }
    return SG_OK;
}
