/* Leaves of the text format: strings, identifiers, floating-point numbers (core specification, 6.2.3
 * and 6.3). */
#include "text/lexer.h"
#include "text/print.h"
#include "text/text.h"

void sgi_print_string(Buf *out, Bytes bytes, bool is_name) {
    sgi_buf_byte(out, '"');
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t c = bytes.data[i];
        if (c == '"' || c == '\\')
            sgi_buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !is_name))
            sgi_buf_printf(out, "\\%02x", c);
        else
            sgi_buf_byte(out, c);
    }
    sgi_buf_byte(out, '"');
}

void sgi_print_binary(Buf *out, Bytes binary, unsigned indent) {
    enum { BYTES_OF_LINE = 32 };
    sgi_buf_text(out, " binary");
    for (size_t at = 0; at < binary.size && !out->failed; at += BYTES_OF_LINE) {
        size_t left = binary.size - at;
        sgi_buf_printf(out, "\n%*s", 2 * (int)indent + 2, "");
        sgi_print_string(out, (Bytes){binary.data + at, left < BYTES_OF_LINE ? left : BYTES_OF_LINE}, false);
    }
    sgi_buf_byte(out, ')');
}

void sgi_text_print_bytes(const char *field, Bytes binary, Buf *text) {
    sgi_buf_printf(text, "(%s", field);
    sgi_print_binary(text, binary, 0);
    sgi_buf_byte(text, '\n');
}

void sgi_print_id(Buf *out, Bytes name) {
    bool plain = true;
    for (size_t i = 0; i < name.size; i++)
        plain &= sgi_is_idchar(name.data[i]);
    sgi_buf_byte(out, '$');
    if (plain)
        sgi_buf_put(out, name.data, name.size);
    else
        sgi_print_string(out, name, true);
}

/* Hexadecimal is exact: 0x1.8p+3. Subnormals keep the least exponent and lead with 0. */
void sgi_print_float(Buf *out, uint64_t bits, bool is_64) {
    unsigned fraction_bits = is_64 ? 52 : 23;
    unsigned exponent_mask = is_64 ? 0x7ff : 0xff;
    int bias = is_64 ? 1023 : 127;
    uint64_t fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
    unsigned exponent = (unsigned)(bits >> fraction_bits) & exponent_mask;
    if (bits >> (is_64 ? 63 : 31) & 1)
        sgi_buf_byte(out, '-');
    if (exponent == exponent_mask) {
        if (fraction == 0)
            sgi_buf_text(out, "inf");
        else if (fraction == UINT64_C(1) << (fraction_bits - 1))
            sgi_buf_text(out, "nan");
        else
            sgi_buf_printf(out, "nan:0x%llx", (unsigned long long)fraction);
        return;
    }
    if (exponent == 0 && fraction == 0) {
        sgi_buf_text(out, "0x0p+0");
        return;
    }
    int power = exponent ? (int)exponent - bias : 1 - bias;
    unsigned digits = (fraction_bits + 3) / 4;
    fraction <<= digits * 4 - fraction_bits;
    for (; digits > 0 && (fraction & 0xf) == 0; digits--)
        fraction >>= 4;
    sgi_buf_printf(out, "0x%d", exponent != 0);
    if (digits)
        sgi_buf_printf(out, ".%0*llx", (int)digits, (unsigned long long)fraction);
    sgi_buf_printf(out, "p%+d", power);
}
