#include "base/err.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct TrapRow {
    const char *cause, *message;
    bool limit;
} TrapRow;

static const TrapRow trap_rows[SG_TRAP_COUNT] = {
    [SG_TRAP_NONE] = {"trap", "unknown trap", false},
#define TRAP(name, cause, limit, message) {cause, message, limit},
#include <sandglass/traps.def>
#undef TRAP
};

static const TrapRow *trap_row(sg_trap trap) {
    return &trap_rows[(unsigned)trap < SG_TRAP_COUNT ? trap : SG_TRAP_NONE];
}

const char *sg_trap_message(sg_trap trap) {
    return trap_row(trap)->message;
}

const char *sg_trap_cause(sg_trap trap) {
    return trap_row(trap)->cause;
}

bool sgi_trap_is_limit(sg_trap trap) {
    return trap_row(trap)->limit;
}

const char *sg_status_name(sg_status status) {
    static const char *const names[] = {
        [SG_OK] = "ok",
        [SG_TRAP] = "trap",
        [SG_MALFORMED] = "malformed",
        [SG_INVALID] = "invalid",
        [SG_UNSUPPORTED] = "unsupported",
        [SG_UNLINKABLE] = "unlinkable",
        [SG_TOO_LARGE] = "too large",
        [SG_NO_MEMORY] = "no memory",
        [SG_BAD_VALUE] = "bad value",
        [SG_NOT_FOUND] = "not found",
        [SG_MISUSE] = "misuse",
        [SG_IO] = "i/o",
    };
    return (unsigned)status < SGI_COUNT(names) ? names[status] : "unknown";
}

/* Names come from the guest: nothing that could drive a terminal may pass, nor what is not UTF-8, such as the
 * half of a character where a long name was cut. */
static void replace_control(char *text) {
    const uint8_t *start = (const uint8_t *)text, *at = start, *end = start + strlen(text);
    while (at != end) {
        const uint8_t *from = at;
        int32_t scalar = sgi_utf8_read(&at, end);
        if (scalar < 0)
            at++;
        if (scalar < 0x20 || (scalar >= 0x7f && scalar < 0xa0))
            memset(text + (from - start), '?', (size_t)(at - from));
    }
}

static void fill(sg_error *err, sg_status status, const char *message, const char *detail, va_list args) {
    *err = (sg_error){.status = status, .offset = SG_NO_OFFSET};
    snprintf(err->message, sizeof err->message, "%s", message);
    vsnprintf(err->detail, sizeof err->detail, detail, args);
    replace_control(err->message);
    replace_control(err->detail);
}

sg_status sgi_fail(sg_error *err, sg_status status, uint64_t offset, const char *message, const char *detail,
                   ...) {
    if (err) {
        va_list args;
        va_start(args, detail);
        fill(err, status, message, detail, args);
        va_end(args);
        err->offset = offset;
    }
    return status;
}

sg_status sgi_fail_text(sg_error *err, sg_status status, uint32_t line, uint32_t column, const char *message,
                        const char *detail, ...) {
    if (err) {
        va_list args;
        va_start(args, detail);
        fill(err, status, message, detail, args);
        va_end(args);
        err->line = line;
        err->column = column;
    }
    return status;
}

sg_status sgi_fail_trap(sg_error *err, sg_trap trap) {
    sgi_fail(err, SG_TRAP, SG_NO_OFFSET, sg_trap_message(trap), "%s", "");
    if (err)
        err->trap = trap;
    return SG_TRAP;
}

sg_status sgi_fail_memory(sg_error *err) {
    return sgi_fail(err, SG_NO_MEMORY, SG_NO_OFFSET, "out of memory", "%s", "");
}

int sg_error_format(const sg_error *error, char *buffer, unsigned long size) {
    char where[64] = "";
    if (error->line)
        snprintf(where, sizeof where, " (at %" PRIu32 ":%" PRIu32 ")", error->line, error->column);
    else if (error->offset != SG_NO_OFFSET)
        snprintf(where, sizeof where, " (at offset 0x%" PRIx64 ")", error->offset);
    return snprintf(buffer, size, "%s%s%s%s", error->message, error->detail[0] ? ": " : "", error->detail,
                    where);
}
