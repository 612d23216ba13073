#include "steps.h"

/* ---- telling ---- */

static char line[2048];
static size_t line_size;

static void put(char c) {
    if (line_size < sizeof line)
        line[line_size++] = c;
}

/* A word, a space before it unless it is the first. */
void tell(const char *text) {
    if (line_size > 0)
        put(' ');
    while (*text)
        put(*text++);
}

void tell_number(uint64_t value) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    tell(digits + at);
}

static void quote(const char *data, size_t size) {
    tell("\"");
    for (size_t i = 0; i < size; i++)
        put(data[i] >= ' ' && data[i] <= '~' ? data[i] : '.');
    put('"');
}

void tell_text(steps_string text) {
    quote(text.data, text.size);
}

void tell_bytes(const void *data, size_t size) {
    enum { SHOWN = 32 };
    tell_number(size);
    quote(data, size < SHOWN ? size : SHOWN);
}

void tell_flags(uint32_t flags, const char *const *names, size_t count) {
    tell("{");
    for (size_t i = 0, told = 0; i < count; i++)
        if (flags >> i & 1) {
            if (told++ > 0)
                put(' ');
            for (const char *name = names[i]; *name; name++)
                put(*name);
        }
    put('}');
}

/* ---- handles ---- */

enum { FIRST = 3, HANDLES = 256 };

static struct {
    int32_t handle;
    void (*drop)(int32_t);
} handles[HANDLES];
static size_t handle_count = FIRST;

size_t tell_handle(int32_t handle, void (*drop)(int32_t)) {
    if (handle_count == HANDLES)
        __builtin_trap();
    tell_number(handle_count);
    handles[handle_count].handle = handle;
    handles[handle_count].drop = drop;
    return handle_count++;
}

int32_t read_handle(void) {
    uint64_t place = read_number();
    return place >= FIRST && place < handle_count ? handles[place].handle : (int32_t)place;
}

static void drop(void) {
    uint64_t place = read_number();
    if (place < FIRST || place >= handle_count)
        __builtin_trap();
    handles[place].drop(handles[place].handle);
    tell("ok");
}

/* ---- reading ---- */

static const char *at, *end;

static char next(void) {
    return at < end ? *at : ' ';
}

static void skip_spaces(void) {
    while (at < end && *at == ' ')
        at++;
}

/* The next word, if it is `name`. */
static bool read_word(const char *name) {
    size_t size = strlen(name);
    skip_spaces();
    if ((size_t)(end - at) < size || memcmp(at, name, size) != 0)
        return false;
    const char *after = at + size;
    if (after < end && *after != ' ' && *after != '}')
        return false;
    at = after;
    return true;
}

uint64_t read_number(void) {
    uint64_t value = 0;
    skip_spaces();
    bool is_negative = next() == '-';
    if (is_negative)
        at++;
    if (next() < '0' || next() > '9')
        __builtin_trap();
    for (; next() >= '0' && next() <= '9'; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    return is_negative ? -value : value;
}

static unsigned digit(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

steps_string read_text(void) {
    steps_string text = {malloc((size_t)(end - at)), 0};
    skip_spaces();
    if (next() != '"')
        __builtin_trap();
    for (at++; at < end && *at != '"'; at++) {
        char c = *at;
        if (c == '\\' && *++at == '0') {
            c = '\0';
        } else if (c == '\\') {
            c = (char)(digit(at[1]) << 4 | digit(at[2]));
            at += 2;
        }
        text.data[text.size++] = c;
    }
    at++;
    if (next() == '*') {
        at++;
        size_t times = (size_t)read_number(), size = text.size;
        text.data = realloc(text.data, size * times);
        for (size_t i = 1; i < times; i++)
            memcpy(text.data + i * size, text.data, size);
        text.size = size * times;
    }
    return text;
}

steps_list_u8 read_bytes(void) {
    steps_string text = read_text();
    return (steps_list_u8){(uint8_t *)text.data, text.size};
}

steps_string read_item(void) {
    skip_spaces();
    steps_string item = {(char *)(uintptr_t)at, 0};
    for (; next() != ' '; at++)
        item.size++;
    return item;
}

bool has_more(void) {
    skip_spaces();
    return at < end;
}

uint8_t read_case(const char *const *names, size_t count) {
    uint8_t i = 0;
    while (i < count && !read_word(names[i]))
        i++;
    return i;
}

uint32_t read_flags(const char *const *names, size_t count) {
    uint32_t flags = 0;
    skip_spaces();
    if (next() != '{')
        __builtin_trap();
    for (at++; next() != '}'; skip_spaces())
        flags |= (uint32_t)1 << read_case(names, count);
    at++;
    return flags;
}

/* ---- streams ---- */

static steps_borrow_streams_input_stream input(void) {
    return steps_own_streams_input_stream_borrow((steps_own_streams_input_stream){read_handle()});
}

static steps_borrow_streams_output_stream output(void) {
    return steps_own_streams_output_stream_borrow((steps_own_streams_output_stream){read_handle()});
}

static void drop_input(int32_t handle) {
    steps_own_streams_input_stream_drop((steps_own_streams_input_stream){handle});
}
static void drop_output(int32_t handle) {
    steps_own_streams_output_stream_drop((steps_own_streams_output_stream){handle});
}
static void drop_pollable(int32_t handle) {
    steps_own_poll_pollable_drop((steps_own_poll_pollable){handle});
}

void tell_input(steps_own_streams_input_stream stream) {
    tell_handle(stream.handle, drop_input);
}
void tell_output(steps_own_streams_output_stream stream) {
    tell_handle(stream.handle, drop_output);
}
void tell_pollable(steps_own_poll_pollable pollable) {
    tell_handle(pollable.handle, drop_pollable);
}

static void tell_stream_error(steps_streams_stream_error error) {
    if (error.tag == STEPS_STREAMS_STREAM_ERROR_CLOSED) {
        tell("closed");
    } else {
        tell("last-operation-failed");
        tell_failure(steps_own_error_error_borrow(error.of.last_operation_failed));
    }
}

#define TELL_STREAM(call, told) TELL(call, told, tell_stream_error)
#define TELL_READ(call)         TELL_STREAM(call, tell_bytes(result.of.ok.items, result.of.ok.count))
#define TELL_U64(call)          TELL_STREAM(call, tell_number(result.of.ok))
#define TELL_VOID(call)         TELL_STREAM(call, (void)0)

static void input_read(void) {
    steps_borrow_streams_input_stream self = input();
    TELL_READ(steps_streams_input_stream_read(self, read_number()));
}
static void input_blocking_read(void) {
    steps_borrow_streams_input_stream self = input();
    TELL_READ(steps_streams_input_stream_blocking_read(self, read_number()));
}
static void input_skip(void) {
    steps_borrow_streams_input_stream self = input();
    TELL_U64(steps_streams_input_stream_skip(self, read_number()));
}
static void input_blocking_skip(void) {
    steps_borrow_streams_input_stream self = input();
    TELL_U64(steps_streams_input_stream_blocking_skip(self, read_number()));
}
static void input_subscribe(void) {
    tell("ok");
    tell_pollable(steps_streams_input_stream_subscribe(input()));
}

/* How much is the implementation's to say. */
static void output_check_write(void) {
    TELL_STREAM(steps_streams_output_stream_check_write(output()), tell(result.of.ok >= 4096 ? "4096 or more"
                                                                        : result.of.ok       ? "some"
                                                                                             : "0"));
}
static void output_write(void) {
    steps_borrow_streams_output_stream self = output();
    TELL_VOID(steps_streams_output_stream_write(self, read_bytes()));
}
static void output_blocking_write_and_flush(void) {
    steps_borrow_streams_output_stream self = output();
    TELL_VOID(steps_streams_output_stream_blocking_write_and_flush(self, read_bytes()));
}
static void output_flush(void) {
    TELL_VOID(steps_streams_output_stream_flush(output()));
}
static void output_blocking_flush(void) {
    TELL_VOID(steps_streams_output_stream_blocking_flush(output()));
}
static void output_subscribe(void) {
    tell("ok");
    tell_pollable(steps_streams_output_stream_subscribe(output()));
}
static void output_write_zeroes(void) {
    steps_borrow_streams_output_stream self = output();
    TELL_VOID(steps_streams_output_stream_write_zeroes(self, read_number()));
}
static void output_blocking_write_zeroes_and_flush(void) {
    steps_borrow_streams_output_stream self = output();
    TELL_VOID(steps_streams_output_stream_blocking_write_zeroes_and_flush(self, read_number()));
}
static void output_splice(void) {
    steps_borrow_streams_output_stream self = output();
    steps_borrow_streams_input_stream source = input();
    TELL_U64(steps_streams_output_stream_splice(self, source, read_number()));
}
static void output_blocking_splice(void) {
    steps_borrow_streams_output_stream self = output();
    steps_borrow_streams_input_stream source = input();
    TELL_U64(steps_streams_output_stream_blocking_splice(self, source, read_number()));
}

static void pollable_ready(void) {
    steps_own_poll_pollable self = {read_handle()};
    tell(steps_poll_pollable_ready(steps_own_poll_pollable_borrow(self)) ? "true" : "false");
}
static void pollable_block(void) {
    steps_own_poll_pollable self = {read_handle()};
    steps_poll_pollable_block(steps_own_poll_pollable_borrow(self));
    tell("ok");
}

static const Function shared[] = {
    {"drop", drop},
    {"input-stream.read", input_read},
    {"input-stream.blocking-read", input_blocking_read},
    {"input-stream.skip", input_skip},
    {"input-stream.blocking-skip", input_blocking_skip},
    {"input-stream.subscribe", input_subscribe},
    {"output-stream.check-write", output_check_write},
    {"output-stream.write", output_write},
    {"output-stream.blocking-write-and-flush", output_blocking_write_and_flush},
    {"output-stream.flush", output_flush},
    {"output-stream.blocking-flush", output_blocking_flush},
    {"output-stream.subscribe", output_subscribe},
    {"output-stream.write-zeroes", output_write_zeroes},
    {"output-stream.blocking-write-zeroes-and-flush", output_blocking_write_zeroes_and_flush},
    {"output-stream.splice", output_splice},
    {"output-stream.blocking-splice", output_blocking_splice},
    {"pollable.ready", pollable_ready},
    {"pollable.block", pollable_block},
    {NULL, NULL},
};

/* ---- a step ---- */

static bool run(const Function *function) {
    while (function->name && !read_word(function->name))
        function++;
    if (function->name)
        function->run();
    return function->name != NULL;
}

/* The step is over when all of it was read: else it is not what it says. */
steps_string steps_step(steps_string text) {
    at = text.data;
    end = at + text.size;
    line_size = 0;
    if (!run(functions) && !run(shared))
        tell("no such function");
    skip_spaces();
    if (at < end)
        tell("too many arguments");
    steps_string result = {malloc(line_size), line_size};
    memcpy(result.data, line, line_size);
    return result;
}
