/* JSON: text → a tree of values in an arena → text, over and over. */
#include "bench.h"

typedef enum Kind { NUL, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT } Kind;

typedef struct Value {
    Kind kind;
    double number;
    const char *text; /* of a string, within the input */
    uint32_t size;
    struct Value *key, *first, *next; /* a member's name, the first child, the next sibling */
} Value;

enum { TEXT = 1 << 16, VALUES = 1 << 14 };
static char source[TEXT], printed[TEXT];
static Value values[VALUES];
static uint32_t used;
static const char *at;
static char *out;

static void skip_space(void) {
    while (*at == ' ' || *at == '\n' || *at == '\t')
        at++;
}

static double read_number(void) {
    double number = 0, unit = 1;
    bool negative = *at == '-';
    at += negative;
    for (; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++)
            number += (*at - '0') * (unit /= 10);
    return negative ? -number : number;
}

static Value *read_value(void) {
    Value *value = &values[used++];
    *value = (Value){.kind = NUL};
    skip_space();
    if (*at == '{' || *at == '[') {
        char close = *at == '{' ? '}' : ']';
        Value **link = &value->first;
        value->kind = *at++ == '{' ? OBJECT : ARRAY;
        for (skip_space(); *at != close; skip_space()) {
            Value *key = NULL;
            if (value->kind == OBJECT) {
                key = read_value();
                skip_space();
                at++; /* the colon */
            }
            *link = read_value();
            (*link)->key = key;
            link = &(*link)->next;
            skip_space();
            at += *at == ',';
        }
        at++;
    } else if (*at == '"') {
        value->kind = STRING;
        for (value->text = ++at; *at != '"'; at++)
            at += *at == '\\';
        value->size = (uint32_t)(at++ - value->text);
    } else if (*at == '-' || (*at >= '0' && *at <= '9')) {
        value->kind = NUMBER;
        value->number = read_number();
    } else {
        value->kind = *at == 't' ? TRUE : *at == 'f' ? FALSE : NUL;
        at += *at == 'f' ? 5 : 4;
    }
    return value;
}

static void print_text(const char *text, size_t size) {
    __builtin_memcpy(out, text, size);
    out += size;
}

static void print_integer(uint64_t number, int least_digits) {
    char digits[24], *first = digits + sizeof digits;
    for (int i = 0; i < least_digits || number; i++, number /= 10)
        *--first = (char)('0' + number % 10);
    print_text(first, (size_t)(digits + sizeof digits - first));
}

static void print_number(double number) {
    if (number < 0)
        *out++ = '-';
    uint64_t thousandths = (uint64_t)((number < 0 ? -number : number) * 1000 + 0.5);
    print_integer(thousandths / 1000, 1);
    if (thousandths % 1000) {
        *out++ = '.';
        print_integer(thousandths % 1000, 3);
    }
}

static void print_value(const Value *value) {
    static const char *const words[] = {"null", "false", "true"};
    if (value->key) {
        print_value(value->key);
        *out++ = ':';
    }
    if (value->kind <= TRUE)
        print_text(words[value->kind], text_size(words[value->kind]));
    else if (value->kind == NUMBER)
        print_number(value->number);
    else if (value->kind == STRING) {
        *out++ = '"';
        print_text(value->text, value->size);
        *out++ = '"';
    } else {
        *out++ = value->kind == OBJECT ? '{' : '[';
        for (const Value *child = value->first; child; child = child->next) {
            print_value(child);
            if (child->next)
                *out++ = ',';
        }
        *out++ = value->kind == OBJECT ? '}' : ']';
    }
}

static void make_source(void) {
    static const char record[] =
        "  {\"id\": -17, \"name\": \"sand \\\"glass\\\"\", \"tags\": [\"a\", \"bcd\", \"\"], "
        "\"on\": true, \"off\": false, \"none\": null,\n   \"at\": [1.5, -22.125, "
        "365000, 0.001], \"nested\": {\"a\": {\"b\": [[], {}, [[1]]]}}},\n";
    char *to = source;
    *to++ = '[';
    while (to + sizeof record + 2 < source + TEXT) {
        __builtin_memcpy(to, record, sizeof record - 1);
        to += sizeof record - 1;
    }
    to[-2] = ']'; /* over the last comma */
    to[-1] = 0;
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    make_source();
    for (uint32_t round = 0; round < scale; round++) {
        used = 0;
        at = source;
        out = printed;
        print_value(read_value());
        sum = mix(mix_bytes(sum, printed, (size_t)(out - printed)), used);
        __builtin_memcpy(source, printed, (size_t)(out - printed));
        source[out - printed] = 0;
        if (round % 8 == 7)
            make_source();
    }
    return sum;
}
