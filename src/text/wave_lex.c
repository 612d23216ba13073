/* WAVE text → words, numbers, characters and strings (wasm-wave's grammar, wave_ebnf.md). */
#include "text/wave.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

sg_status sgi_wave_fail_name(const Wave *w, sg_status status, const char *message, Bytes name) {
    uint32_t line = 1, column = 1;
    for (const uint8_t *p = w->start; p < w->at; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    return sgi_fail_text(w->err, status, line, column, message, "%.*s", (int)name.size,
                         (const char *)name.data);
}

sg_status sgi_wave_fail(const Wave *w, sg_status status, const char *message) {
    return sgi_wave_fail_name(w, status, message, BYTES_OF(""));
}

void sgi_wave_skip(Wave *w) {
    while (w->at < w->end) {
        if (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r')
            w->at++;
        else if (w->end - w->at >= 2 && w->at[0] == '/' && w->at[1] == '/')
            while (w->at < w->end && *w->at != '\n')
                w->at++;
        else
            return;
    }
}

uint8_t sgi_wave_peek(Wave *w) {
    sgi_wave_skip(w);
    return w->at < w->end ? *w->at : 0;
}

bool sgi_wave_take(Wave *w, char byte) {
    if (sgi_wave_peek(w) != (uint8_t)byte)
        return false;
    w->at++;
    return true;
}

sg_status sgi_wave_expect(Wave *w, char byte, const char *message) {
    return sgi_wave_take(w, byte) ? SG_OK : sgi_wave_fail(w, SG_MALFORMED, message);
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Only the alphabet is looked at: words count only when they equal a name of the type or a keyword. */
Bytes sgi_wave_word(Wave *w, bool *is_escaped) {
    sgi_wave_skip(w);
    const uint8_t *start = w->at;
    *is_escaped = start < w->end && *start == '%';
    start += *is_escaped;
    const uint8_t *p = start;
    if (p < w->end && is_letter(*p))
        while (p < w->end && (is_letter(*p) || is_digit(*p) || *p == '-'))
            p++;
    if (p != start)
        w->at = p;
    return (Bytes){start, (size_t)(p - start)};
}

bool sgi_wave_is_keyword(Bytes word) {
    static const char *const keywords[] = {"true", "false", "inf", "nan", "some", "none", "ok", "err"};
    for (size_t i = 0; i < SGI_COUNT(keywords); i++)
        if (sgi_bytes_is(word, keywords[i]))
            return true;
    return false;
}

/* ---- numbers ---- */

/* The end of a finite number: integer fraction? exponent?. NULL when none stands there. */
static const uint8_t *number_end(const Wave *w, const uint8_t *p, bool *is_integer) {
    *is_integer = true;
    p += p < w->end && *p == '-';
    if (p == w->end || !is_digit(*p))
        return NULL;
    if (*p == '0')
        p++;
    else
        while (p < w->end && is_digit(*p))
            p++;
    if (w->end - p >= 2 && p[0] == '.' && is_digit(p[1])) {
        *is_integer = false;
        for (p++; p < w->end && is_digit(*p);)
            p++;
    }
    if (p < w->end && (*p == 'e' || *p == 'E')) {
        const uint8_t *q = p + 1;
        q += q < w->end && (*q == '+' || *q == '-');
        if (q < w->end && is_digit(*q)) {
            *is_integer = false;
            for (p = q; p < w->end && is_digit(*p);)
                p++;
        }
    }
    /* "01", "1x" and "1.": whatever follows must not look like more of the same token. */
    bool runs_on = p < w->end && (is_digit(*p) || is_letter(*p) || *p == '.' || *p == '_');
    return runs_on ? NULL : p;
}

sg_status sgi_wave_integer(Wave *w, bool is_signed, unsigned bits, uint64_t *value) {
    sgi_wave_skip(w);
    bool is_integer;
    const uint8_t *end = number_end(w, w->at, &is_integer);
    if (!end)
        return sgi_wave_fail(w, SG_MALFORMED, "expected an integer");
    if (!is_integer)
        return sgi_wave_fail(w, SG_BAD_VALUE, "expected an integer");
    bool negative = *w->at == '-';
    uint64_t limit = is_signed  ? (UINT64_C(1) << (bits - 1)) - !negative
                     : negative ? 0
                                : UINT64_MAX >> (64 - bits);
    uint64_t magnitude = 0;
    for (const uint8_t *p = w->at + negative; p < end; p++) {
        unsigned digit = *p - '0';
        if (magnitude > (UINT64_MAX - digit) / 10 || magnitude * 10 + digit > limit)
            return sgi_wave_fail(w, SG_BAD_VALUE, "integer out of range");
        magnitude = magnitude * 10 + digit;
    }
    *value = negative ? ~magnitude + 1 : magnitude;
    w->at = end;
    return SG_OK;
}

/* Rewrites a decimal number without a point ("-3.25e2" as "-325e0"), because strtod reads the point of the
 * locale. */
static sg_status float_without_point(Wave *w, const uint8_t *end) {
    int64_t exponent = 0, written = 0;
    const uint8_t *p = w->at;
    w->scratch.size = 0;
    for (bool fraction = false; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        sgi_buf_byte(&w->scratch, *p);
        exponent -= fraction;
    }
    if (p < end) {
        p++;
        bool negative = *p == '-';
        p += *p == '-' || *p == '+';
        for (; p < end; p++)
            if (written < INT32_MAX) /* beyond, all is 0 or infinite */
                written = written * 10 + (*p - '0');
        exponent += negative ? -written : written;
    }
    sgi_buf_printf(&w->scratch, "e%lld", (long long)exponent);
    sgi_buf_byte(&w->scratch, 0);
    return w->scratch.failed ? sgi_fail_memory(w->err) : SG_OK;
}

sg_status sgi_wave_float(Wave *w, bool is_f32, double *value) {
    sgi_wave_skip(w);
    size_t left = (size_t)(w->end - w->at);
    bool negative = left >= 4 && memcmp(w->at, "-inf", 4) == 0, is_escaped, is_integer;
    if (negative || (left && is_letter(*w->at))) {
        const uint8_t *start = w->at;
        w->at += negative;
        Bytes word = sgi_wave_word(w, &is_escaped);
        bool is_inf = sgi_bytes_is(word, "inf");
        if (is_inf || (!negative && sgi_bytes_is(word, "nan"))) {
            *value = !is_inf ? (double)NAN : negative ? -(double)INFINITY : (double)INFINITY;
            return SG_OK;
        }
        w->at = start;
        return sgi_wave_fail(w, SG_BAD_VALUE, "expected a number");
    }
    const uint8_t *end = number_end(w, w->at, &is_integer);
    if (!end)
        return sgi_wave_fail(w, SG_MALFORMED, "expected a number");
    SGI_TRY(float_without_point(w, end));
    const char *text = (const char *)w->scratch.data;
    double result = is_f32 ? (double)strtof(text, NULL) : strtod(text, NULL); /* f32: rounded once */
    if (!isfinite(result))
        return sgi_wave_fail(w, SG_BAD_VALUE, "number out of range");
    *value = result;
    w->at = end;
    return SG_OK;
}

/* ---- characters and strings ---- */

static bool hex_digit(uint8_t c, uint32_t *digit) {
    uint8_t lower = c | 0x20;
    if (is_digit(c))
        *digit = (uint32_t)(c - '0');
    else if (lower >= 'a' && lower <= 'f')
        *digit = (uint32_t)(lower - 'a' + 10);
    else
        return false;
    return true;
}

/* After "\u": {hex digits} that name a scalar value. */
static sg_status read_unicode_escape(Wave *w, uint32_t *scalar) {
    if (w->at == w->end || *w->at != '{')
        return sgi_wave_fail(w, SG_MALFORMED, "malformed escape");
    const uint8_t *digits = ++w->at;
    uint32_t value = 0, digit;
    for (; w->at < w->end && hex_digit(*w->at, &digit); w->at++)
        if ((value = value << 4 | digit) > 0x10ffff)
            return sgi_wave_fail(w, SG_MALFORMED, "escape is not a Unicode scalar value");
    if (w->at == digits || w->at == w->end || *w->at != '}')
        return sgi_wave_fail(w, SG_MALFORMED, "malformed escape");
    if (value >= 0xd800 && value <= 0xdfff)
        return sgi_wave_fail(w, SG_MALFORMED, "escape is not a Unicode scalar value");
    w->at++;
    *scalar = value;
    return SG_OK;
}

/* One character, escaped or not; the caller has dealt with quotes and line ends. */
static sg_status read_scalar(Wave *w, uint32_t *scalar) {
    if (w->at == w->end)
        return sgi_wave_fail(w, SG_MALFORMED, "unexpected end");
    if (*w->at != '\\') {
        int32_t read = sgi_utf8_read(&w->at, w->end);
        if (read < 0)
            return sgi_wave_fail(w, SG_MALFORMED, "malformed UTF-8 encoding");
        *scalar = (uint32_t)read;
        return SG_OK;
    }
    if (++w->at == w->end)
        return sgi_wave_fail(w, SG_MALFORMED, "unexpected end");
    static const char escapes[] = "'\"tnr\\", meanings[] = "'\"\t\n\r\\";
    if (*w->at == 'u') {
        w->at++;
        return read_unicode_escape(w, scalar);
    }
    const char *found = *w->at ? strchr(escapes, *w->at) : NULL;
    if (!found)
        return sgi_wave_fail(w, SG_MALFORMED, "malformed escape");
    *scalar = (uint8_t)meanings[found - escapes];
    w->at++;
    return SG_OK;
}

sg_status sgi_wave_char(Wave *w, uint32_t *scalar) {
    if (!sgi_wave_take(w, '\''))
        return sgi_wave_fail(w, SG_BAD_VALUE, "expected a character");
    if (w->at < w->end && (*w->at == '\'' || *w->at == '\n'))
        return sgi_wave_fail(w, SG_MALFORMED, "malformed character");
    SGI_TRY(read_scalar(w, scalar));
    if (w->at == w->end || *w->at != '\'')
        return sgi_wave_fail(w, SG_MALFORMED, "malformed character");
    w->at++;
    return SG_OK;
}

static bool at_triple_quote(const Wave *w, const uint8_t *p) {
    return w->end - p >= 3 && memcmp(p, "\"\"\"", 3) == 0;
}

/* Bytes of the line break at the cursor: 0 when there is none. */
static size_t line_break(const Wave *w) {
    if (w->at < w->end && *w->at == '\n')
        return 1;
    return w->end - w->at >= 2 && w->at[0] == '\r' && w->at[1] == '\n' ? 2 : 0;
}

/* The indentation is that of the closing quotes, so they are looked for first. */
static sg_status find_indent(const Wave *w, size_t *indent) {
    const uint8_t *p = w->at;
    size_t spaces = 0;
    bool only_spaces = true;
    for (; p < w->end && !at_triple_quote(w, p); p++) {
        if (*p == '\\' && w->end - p >= 2 && p[1] != '\n' && p[1] != '"')
            p++;
        if (*p == '\n') {
            spaces = 0;
            only_spaces = true;
        } else if (*p == ' ') {
            spaces++;
        } else {
            only_spaces = false;
        }
    }
    if (p >= w->end)
        return sgi_wave_fail(w, SG_MALFORMED, "unexpected end");
    if (!only_spaces)
        return sgi_wave_fail(w, SG_MALFORMED,
                             "the quotes that end a multiline string need a line of their own");
    *indent = spaces;
    return SG_OK;
}

/* After the opening quotes. Every line loses the indentation; the first and the last line break are not part.
 */
static sg_status read_multiline(Wave *w) {
    size_t skip = line_break(w), indent = 0;
    if (!skip)
        return sgi_wave_fail(w, SG_MALFORMED, "a multiline string begins on a line of its own");
    w->at += skip;
    SGI_TRY(find_indent(w, &indent));
    for (bool first = true;; first = false) {
        for (size_t i = 0; i < indent; i++, w->at++)
            if (w->at == w->end || *w->at != ' ')
                return sgi_wave_fail(w, SG_MALFORMED, "a line of a multiline string is indented too little");
        if (at_triple_quote(w, w->at)) {
            w->at += 3;
            return SG_OK;
        }
        if (!first)
            sgi_buf_byte(&w->scratch, '\n');
        while (!(skip = line_break(w))) {
            uint32_t scalar;
            uint8_t utf8[4];
            SGI_TRY(read_scalar(w, &scalar));
            sgi_buf_put(&w->scratch, utf8, sgi_utf8_write(scalar, utf8));
        }
        w->at += skip;
    }
}

static sg_status read_single_line(Wave *w) {
    for (;;) {
        const uint8_t *plain = w->at;
        while (w->at < w->end && *w->at >= 0x20 && *w->at < 0x7f && *w->at != '"' && *w->at != '\\')
            w->at++;
        sgi_buf_put(&w->scratch, plain, (size_t)(w->at - plain));
        if (w->at < w->end && *w->at == '"') {
            w->at++;
            return SG_OK;
        }
        if (w->at < w->end && *w->at == '\n')
            return sgi_wave_fail(w, SG_MALFORMED, "line break in a string");
        uint32_t scalar;
        uint8_t utf8[4];
        SGI_TRY(read_scalar(w, &scalar));
        sgi_buf_put(&w->scratch, utf8, sgi_utf8_write(scalar, utf8));
    }
}

sg_status sgi_wave_string(Wave *w, sg_string *string) {
    w->scratch.size = 0;
    sgi_wave_skip(w);
    if (at_triple_quote(w, w->at)) {
        w->at += 3;
        SGI_TRY(read_multiline(w));
    } else if (sgi_wave_take(w, '"')) {
        SGI_TRY(read_single_line(w));
    } else {
        return sgi_wave_fail(w, SG_BAD_VALUE, "expected a string");
    }
    if (w->scratch.failed)
        return sgi_fail_memory(w->err);
    string->size = w->scratch.size;
    string->data = NULL;
    if (w->scratch.size == 0)
        return SG_OK;
    string->data = sgi_arena_copy(w->arena, w->scratch.data, w->scratch.size);
    return string->data ? SG_OK : sgi_fail_memory(w->err);
}
