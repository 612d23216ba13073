/* Inputs that are small or plain but made to cost their loader dear: writing them, and the loop that loads
 * each and prints a table. */
#ifndef BOMB_H
#define BOMB_H

#include "hostile.h"

#include <stdarg.h>

enum { MB = 1000000, MIB = 1 << 20, SIZE_BYTES = 5 };

/* --- bytes --- */

typedef struct Buffer {
    uint8_t *data;
    size_t size, capacity;
} Buffer;

static inline void put(Buffer *out, const void *data, size_t size) {
    if (out->size + size > out->capacity) {
        out->capacity = 2 * (out->size + size);
        out->data = realloc(out->data, out->capacity);
        if (out->data == NULL)
            abort();
    }
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

static inline void byte(Buffer *out, uint8_t value) {
    put(out, &value, 1);
}

static inline void u32(Buffer *out, uint32_t value) {
    for (; value >= 0x80; value >>= 7)
        byte(out, (uint8_t)(value | 0x80));
    byte(out, (uint8_t)value);
}

/* A type's index where a heap type stands: signed. */
static inline void heap_type(Buffer *out, uint32_t index) {
    for (; index >= 0x40; index >>= 7)
        byte(out, (uint8_t)(index | 0x80));
    byte(out, (uint8_t)index);
}

/* `count` times the bytes of `pattern`. */
static inline void repeat(Buffer *out, size_t count, const char *pattern, size_t size) {
    for (size_t i = 0; i < count; i++)
        put(out, pattern, size);
}
#define REPEAT(out, count, pattern) repeat(out, count, pattern, sizeof(pattern) - 1)
#define PUT(out, pattern)           put(out, pattern, sizeof(pattern) - 1)

static inline void text(Buffer *out, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put(out, line, (size_t)size);
}

/* A size that is filled in when its contents are there, in five bytes. */
static inline size_t open_size(Buffer *out) {
    PUT(out, "\x80\x80\x80\x80\x00");
    return out->size;
}

static inline void close_size(Buffer *out, size_t start) {
    size_t size = out->size - start;
    for (size_t i = 0; i < SIZE_BYTES; i++, size >>= 7)
        out->data[start - SIZE_BYTES + i] = (uint8_t)((size & 0x7f) | (i + 1 < SIZE_BYTES ? 0x80 : 0));
}

static inline size_t open_section(Buffer *out, uint8_t id) {
    byte(out, id);
    return open_size(out);
}

static inline void begin_module(Buffer *out) {
    PUT(out, "\0asm\1\0\0\0");
}

/* A module with `count` functions of type 0, which is `type`, the first one exported; returns the start of
 * the code section. */
static inline size_t begin_functions(Buffer *out, uint32_t count, const void *type, size_t type_size) {
    begin_module(out);
    size_t section = open_section(out, 1);
    u32(out, 1);
    put(out, type, type_size);
    close_size(out, section);
    section = open_section(out, 3);
    u32(out, count);
    repeat(out, count, "\0", 1);
    close_size(out, section);
    PUT(out, "\x07\x05\x01\x01"
             "f\0\0");
    section = open_section(out, 10);
    u32(out, count);
    return section;
}
#define NULLARY                     "\x60\0\0"
#define BEGIN_FUNCTIONS(out, count) begin_functions(out, count, NULLARY, 3)

typedef struct Bomb {
    const char *name;
    void (*make)(Buffer *out);
    enum { AS_MODULE, AS_COMPONENT, AS_WIT } kind;
} Bomb;

/* The text of a WIT package → the component that declares it. */
static inline bool encode(sg_engine *engine, const Buffer *input, sg_error *error) {
    const sg_wit_source source = {"a.wit", (const char *)input->data, input->size};
    sg_bytes binary;
    bool accepted = sg_wit_encode(engine, &source, 1, NULL, 0, &binary, error) == SG_OK;
    sg_bytes_delete(&binary);
    return accepted;
}

/* The whole of a program whose argument is the seconds allowed for each started MB. */
static inline int throw_bombs(int argc, char **argv, const Bomb *bombs, size_t count) {
    double allowed = argc == 2 ? atof(argv[1]) : 0;
    if (allowed <= 0) {
        fprintf(stderr, "usage: %s SECONDS\n", argv[0]);
        return 2;
    }
    int failures = 0;
    printf("%-42s %9s %9s %9s  %s\n", "", "bytes", "ms", "peak KiB", "answer");
    for (size_t i = 0; i < count; i++) {
        Buffer input = {NULL, 0, 0};
        bombs[i].make(&input);
        Ration account = {.left = SIZE_MAX};
        sg_engine *engine = counting_engine(&account);
        size_t of_engine = account.bytes;
        size_t megabytes = input.size / MB + 1;
        sg_error error = {.status = SG_OK};
        double start = seconds();
        bool accepted = bombs[i].kind == AS_WIT
                            ? encode(engine, &input, &error)
                            : load(engine, input.data, input.size, bombs[i].kind == AS_COMPONENT, &error);
        double took = seconds() - start;
        sg_engine_delete(engine);

        bool good = took <= allowed * (double)megabytes && account.peak - of_engine <= 64 * megabytes * MIB &&
                    account.bytes == 0 && (accepted || error.message[0] != '\0');
        printf("%-42s %9zu %9.1f %9zu  %s%s%s\n", bombs[i].name, input.size, took * 1e3, account.peak >> 10,
               accepted ? "accepted" : error.message, good ? "" : "  FAILED",
               account.bytes == 0 ? "" : ", memory left");
        fflush(stdout);
        failures += !good;
        free(input.data);
    }
    printf("%zu bombs, %d failures\n", count, failures);
    return failures > 0;
}

#endif
