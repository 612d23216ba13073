/* Errors: what went wrong, and where.
 *
 * Every function that can fail returns sg_status and takes a nullable, caller-owned sg_error last. On failure
 * the first error met is written there; on success it is left alone. Writing it allocates nothing. */
#ifndef SANDGLASS_ERROR_H
#define SANDGLASS_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) || !defined(__GNUC__)
#define SG_API
#else
#define SG_API __attribute__((visibility("default")))
#endif

typedef enum sg_status {
    SG_OK = 0,
    SG_TRAP,        /* the guest trapped or a limit ended it; sg_error.trap says which */
    SG_MALFORMED,   /* the bytes or text do not follow the format */
    SG_INVALID,     /* well formed, but does not validate */
    SG_UNSUPPORTED, /* needs a feature that is off or not built */
    SG_UNLINKABLE,  /* an import is missing or of another type */
    SG_TOO_LARGE,   /* exceeds an implementation limit at load */
    SG_NO_MEMORY,   /* the allocator or the operating system refused */
    SG_BAD_VALUE,   /* a value does not fit the type asked for */
    SG_NOT_FOUND,   /* no export, file or item of that name */
    SG_MISUSE,      /* the caller broke this interface's rules */
    SG_IO,          /* the operating system reported an error */
} sg_status;

typedef enum sg_trap {
    SG_TRAP_NONE = 0,
#define TRAP(name, cause, limit, message) SG_TRAP_##name,
#include <sandglass/traps.def>
#undef TRAP
    SG_TRAP_COUNT
} sg_trap;

#define SG_NO_OFFSET UINT64_MAX

/* Fixed size, no pointers: copy it freely. */
typedef struct sg_error {
    sg_status status;
    sg_trap trap;     /* SG_TRAP_NONE unless status is SG_TRAP */
    uint64_t offset;  /* byte offset in the binary, or SG_NO_OFFSET */
    uint32_t line;    /* 1-based position in text; 0 when there is none */
    uint32_t column;  /* 1-based, in bytes */
    char message[96]; /* the specification's message, or our own; never empty after a failure */
    char detail[416]; /* names, types and indices involved; may be empty */
} sg_error;

/* The specification's message for `trap`, a static string; "unknown trap" out of range. */
SG_API const char *sg_trap_message(sg_trap trap);

/* The cause as reports print it ("fuel", "timeout", "memory", "stack", "cancelled", ..., else "trap"). */
SG_API const char *sg_trap_cause(sg_trap trap);

/* Name of a status, such as "invalid", a static string. */
SG_API const char *sg_status_name(sg_status status);

/* Writes "message: detail (at offset 0x1f)" into `buffer`, cut to `size` bytes with a final NUL; returns the
 * length that the whole text has, as snprintf does. */
SG_API int sg_error_format(const sg_error *error, char *buffer, unsigned long size);

#ifdef __cplusplus
}
#endif
#endif
