/* What the guests of the case tables share (files.c, sockets.c; p2.c runs them): reading a step, telling what
 * it was answered, the table of handles, streams and polls. A step is the name of a function and its
 * arguments, read one after the other:
 *
 *   17, -1     numbers      "text"*2    text, or bytes: \0, \xff      {create truncate}, regular-file
 *   flags and cases         5           a handle: its place in the table, which "ok 5" told; what is in no
 *                                       place is handed on as it is */
#ifndef STEPS_H
#define STEPS_H
#include "steps_guest.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- of each guest: what it calls, ended by a NULL, and the code of an error of its streams ---- */

typedef struct Function {
    const char *name;
    void (*run)(void);
} Function;
extern const Function functions[];
void tell_failure(steps_borrow_error_error error);

/* ---- reading the arguments ---- */

uint64_t read_number(void);
steps_string read_text(void);
steps_list_u8 read_bytes(void);
uint32_t read_flags(const char *const *names, size_t count);
/* Its number; `count` where the next argument is no such case, and is still to be read. */
uint8_t read_case(const char *const *names, size_t count);
int32_t read_handle(void);
/* As far as a space, in the step itself: what is no number, no text and no flags. */
steps_string read_item(void);
/* Is there more to read? */
bool has_more(void);

/* ---- telling ---- */

void tell(const char *text);
void tell_number(uint64_t value);
/* Their count, and the first in quotes. */
void tell_bytes(const void *data, size_t size);
void tell_text(steps_string text);
void tell_flags(uint32_t flags, const char *const *names, size_t count);
/* Gives it the next place in the table, which it answers. */
size_t tell_handle(int32_t handle, void (*drop)(int32_t));
void tell_input(steps_own_streams_input_stream stream);
void tell_output(steps_own_streams_output_stream stream);
void tell_pollable(steps_own_poll_pollable pollable);

/* Tells of a result: of `ok`, or of the error by `tell_error`. */
#define TELL(call, told, tell_error)                                                                         \
    do {                                                                                                     \
        __auto_type result = (call);                                                                         \
        if (result.is_error) {                                                                               \
            tell_error(result.of.error);                                                                     \
        } else {                                                                                             \
            tell("ok");                                                                                      \
            told;                                                                                            \
        }                                                                                                    \
    } while (0)

#endif
