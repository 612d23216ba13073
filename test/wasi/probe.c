/* A guest that speaks WASI 0.2 without anything in between, and tells what it was answered:
 *   probe CASE [NUMBER]
 * Its answer is one line on standard output, but for cases whose matter is standard output itself. */
#include "probe_guest.h"

#include <string.h>

typedef probe_own_streams_output_stream OutputStream;
typedef probe_own_streams_input_stream InputStream;
typedef probe_own_poll_pollable Pollable;

static OutputStream out;
static InputStream in;
static uint64_t number;

/* ---- telling ---- */

static char line[400];
static size_t line_size;

static void tell(const char *text) {
    while (*text && line_size < sizeof line - 1)
        line[line_size++] = *text++;
}

static void tell_bytes(const char *data, size_t size) {
    for (size_t i = 0; i < size && line_size < sizeof line - 1; i++)
        line[line_size++] = data[i];
}

static void tell_number(uint64_t value) {
    char digits[24];
    int at = 24;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    tell_bytes(digits + at, (size_t)(24 - at));
}

static probe_list_u8 bytes_of(const void *data, size_t size) {
    probe_list_u8 list;
    memcpy(&list.items, &data, sizeof data);
    list.count = size;
    return list;
}

static void flush_line(void) {
    line[line_size++] = '\n';
    probe_streams_output_stream_blocking_write_and_flush(probe_own_streams_output_stream_borrow(out),
                                                         bytes_of(line, line_size));
}

static void tell_error(probe_streams_stream_error error) {
    if (error.tag == PROBE_STREAMS_STREAM_ERROR_CLOSED) {
        tell("closed");
        return;
    }
    probe_string text =
        probe_error_error_to_debug_string(probe_own_error_error_borrow(error.of.last_operation_failed));
    tell(text.size ? "failed" : "failed without a word");
    probe_string_free(&text);
    probe_own_error_error_drop(error.of.last_operation_failed);
}

static void tell_unit(probe_result_void_streams_stream_error result) {
    if (result.is_error)
        tell_error(result.of.error);
    else
        tell("ok");
}

static void tell_u64(probe_result_u64_streams_stream_error result) {
    if (result.is_error)
        tell_error(result.of.error);
    else
        tell_number(result.of.ok);
}

/* ---- input ---- */

static probe_borrow_streams_input_stream input(void) {
    return probe_own_streams_input_stream_borrow(in);
}

static probe_borrow_streams_output_stream output(void) {
    return probe_own_streams_output_stream_borrow(out);
}

static void tell_read(probe_result_list_u8_streams_stream_error result) {
    if (result.is_error) {
        tell_error(result.of.error);
        return;
    }
    tell_number(result.of.ok.count);
    tell(" bytes: ");
    tell_bytes((const char *)result.of.ok.items, result.of.ok.count < 40 ? result.of.ok.count : 40);
    probe_result_list_u8_streams_stream_error_free(&result);
}

static void read_blocking(void) {
    tell_read(probe_streams_input_stream_blocking_read(input(), number));
}

/* The whole, and what comes after its end. */
static void read_all(void) {
    uint64_t total = 0, pieces = 0;
    for (;;) {
        probe_result_list_u8_streams_stream_error result =
            probe_streams_input_stream_blocking_read(input(), number);
        if (result.is_error) {
            tell_number(total);
            tell(pieces ? " bytes, then " : " bytes at once, then ");
            tell_error(result.of.error);
            break;
        }
        pieces++;
        total += result.of.ok.count;
        if (result.of.ok.count > number)
            tell("too many! ");
        probe_result_list_u8_streams_stream_error_free(&result);
    }
    tell(", then ");
    tell_read(probe_streams_input_stream_read(input(), 1));
}

static void read_when_ready(void) {
    Pollable pollable = probe_streams_input_stream_subscribe(input());
    probe_poll_pollable_block(probe_own_poll_pollable_borrow(pollable));
    tell(probe_poll_pollable_ready(probe_own_poll_pollable_borrow(pollable)) ? "ready, " : "not ready, ");
    tell_read(probe_streams_input_stream_read(input(), number));
    probe_own_poll_pollable_drop(pollable);
}

static void read_now(void) {
    tell_read(probe_streams_input_stream_read(input(), number));
}

static void skip_blocking(void) {
    tell_u64(probe_streams_input_stream_blocking_skip(input(), number));
    tell(", ");
    tell_read(probe_streams_input_stream_blocking_read(input(), 100));
}

static void skip_now(void) {
    tell_u64(probe_streams_input_stream_skip(input(), number));
}

static void splice_blocking(void) {
    tell_u64(probe_streams_output_stream_blocking_splice(output(), input(), number));
}

static void splice_now(void) {
    tell_u64(probe_streams_output_stream_splice(output(), input(), number));
}

/* A pollable may outlive what it is of, here. */
static void drop_stream_first(void) {
    Pollable pollable = probe_streams_input_stream_subscribe(input());
    probe_own_poll_pollable_drop(pollable);
    probe_own_streams_input_stream_drop(in);
    in = probe_stdin_get_stdin();
    tell_read(probe_streams_input_stream_blocking_read(input(), 100));
}

/* ---- output ---- */

static void check_write(void) {
    probe_result_u64_streams_stream_error result = probe_streams_output_stream_check_write(output());
    tell(result.is_error ? "error" : result.of.ok >= 4096 ? "at least 4096" : result.of.ok ? "some" : "none");
}

static char filler[70000];

static void write_now(void) {
    memset(filler, 'x', sizeof filler);
    tell_unit(probe_streams_output_stream_write(output(), bytes_of(filler, (size_t)number)));
}

static void write_flush(void) {
    memset(filler, 'x', sizeof filler);
    tell_unit(
        probe_streams_output_stream_blocking_write_and_flush(output(), bytes_of(filler, (size_t)number)));
}

static void write_zeroes(void) {
    tell_unit(probe_streams_output_stream_write_zeroes(output(), number));
}

static void write_zeroes_flush(void) {
    tell_unit(probe_streams_output_stream_blocking_write_zeroes_and_flush(output(), number));
}

static void flush(void) {
    tell_unit(probe_streams_output_stream_flush(output()));
    tell(", ");
    tell_unit(probe_streams_output_stream_blocking_flush(output()));
}

static void write_to_stderr(void) {
    OutputStream err = probe_stderr_get_stderr();
    tell_unit(probe_streams_output_stream_blocking_write_and_flush(
        probe_own_streams_output_stream_borrow(err), bytes_of("to stderr\n", 10)));
    probe_own_streams_output_stream_drop(err);
}

static void output_ready(void) {
    Pollable pollable = probe_streams_output_stream_subscribe(output());
    probe_poll_pollable_block(probe_own_poll_pollable_borrow(pollable));
    tell(probe_poll_pollable_ready(probe_own_poll_pollable_borrow(pollable)) ? "ready" : "not ready");
    probe_own_poll_pollable_drop(pollable);
}

/* `number` lines, each as check-write permits: for pipes that are slow, or end. */
static void many_lines(void) {
    for (uint64_t i = 0; i < number; i++) {
        for (;;) {
            probe_result_u64_streams_stream_error permit = probe_streams_output_stream_check_write(output());
            if (permit.is_error)
                return;
            if (permit.of.ok >= 10)
                break;
            Pollable pollable = probe_streams_output_stream_subscribe(output());
            probe_poll_pollable_block(probe_own_poll_pollable_borrow(pollable));
            probe_own_poll_pollable_drop(pollable);
        }
        if (probe_streams_output_stream_write(output(), bytes_of("123456789\n", 10)).is_error)
            return;
    }
    tell("done");
}

/* ---- polls ---- */

/* One that is ready at once, one in `number` ns, one never. */
static void poll_three(void) {
    Pollable pollables[3] = {probe_monotonic_clock_subscribe_instant(0),
                             probe_monotonic_clock_subscribe_duration(number),
                             probe_monotonic_clock_subscribe_instant(UINT64_MAX)};
    probe_borrow_poll_pollable borrowed[3];
    for (int i = 0; i < 3; i++)
        borrowed[i] = probe_own_poll_pollable_borrow(pollables[i]);
    probe_list_u32 ready = probe_poll_poll((probe_list_borrow_poll_pollable){borrowed, 3});
    for (size_t i = 0; i < ready.count; i++) {
        tell(i ? " " : "");
        tell_number(ready.items[i]);
    }
    probe_list_u32_free(&ready);
    ready = probe_poll_poll((probe_list_borrow_poll_pollable){borrowed + 1, 2});
    tell(", later ");
    for (size_t i = 0; i < ready.count; i++) {
        tell(i ? " " : "");
        tell_number(ready.items[i]);
    }
    for (int i = 0; i < 3; i++)
        probe_own_poll_pollable_drop(pollables[i]);
}

static void poll_none(void) {
    probe_poll_poll((probe_list_borrow_poll_pollable){NULL, 0});
    tell("survived");
}

/* The same one, `number` times. */
static void poll_same(void) {
    Pollable pollable = probe_monotonic_clock_subscribe_duration(1000);
    probe_borrow_poll_pollable *borrowed = malloc((size_t)number * sizeof *borrowed);
    for (uint64_t i = 0; i < number; i++)
        borrowed[i] = probe_own_poll_pollable_borrow(pollable);
    probe_list_u32 ready = probe_poll_poll((probe_list_borrow_poll_pollable){borrowed, (size_t)number});
    tell_number(ready.count);
    probe_own_poll_pollable_drop(pollable);
}

static void input_or_time(void) {
    Pollable pollables[2] = {probe_streams_input_stream_subscribe(input()),
                             probe_monotonic_clock_subscribe_duration(number)};
    probe_borrow_poll_pollable borrowed[2] = {probe_own_poll_pollable_borrow(pollables[0]),
                                              probe_own_poll_pollable_borrow(pollables[1])};
    probe_list_u32 ready = probe_poll_poll((probe_list_borrow_poll_pollable){borrowed, 2});
    tell(ready.count == 2 ? "both" : ready.count == 1 && ready.items[0] == 0 ? "input" : "time");
    probe_own_poll_pollable_drop(pollables[0]);
    probe_own_poll_pollable_drop(pollables[1]);
}

/* Handles made and dropped: nothing may pile up. */
static void many_pollables(void) {
    for (uint64_t i = 0; i < number; i++)
        probe_own_poll_pollable_drop(probe_monotonic_clock_subscribe_instant(i));
    tell("done");
}

static void hoard_pollables(void) {
    for (uint64_t i = 0; i < number; i++)
        probe_monotonic_clock_subscribe_instant(i);
    tell("done");
}

/* ---- clocks ---- */

static void sleep_some(void) {
    uint64_t before = probe_monotonic_clock_now();
    Pollable pollable = probe_monotonic_clock_subscribe_duration(number);
    probe_poll_pollable_block(probe_own_poll_pollable_borrow(pollable));
    tell(probe_monotonic_clock_now() - before >= number ? "slept" : "woke too early");
    probe_own_poll_pollable_drop(pollable);
}

static void clocks(void) {
    uint64_t first = probe_monotonic_clock_now(), second = probe_monotonic_clock_now();
    probe_wall_clock_datetime now = probe_wall_clock_now(), resolution = probe_wall_clock_resolution();
    tell(second >= first ? "on, " : "back, ");
    tell(now.seconds > 1500000000 && now.nanoseconds < 1000000000 ? "today, " : "long ago, ");
    tell(probe_monotonic_clock_resolution() && (resolution.seconds || resolution.nanoseconds) ? "fine"
                                                                                              : "too fine");
}

static void wall(void) {
    tell_number(probe_wall_clock_now().seconds);
}

/* ---- random ---- */

static void random_bytes(void) {
    probe_list_u8 a = probe_random_get_random_bytes(number),
                  b = probe_insecure_get_insecure_random_bytes(number);
    tell_number(a.count);
    tell(" ");
    tell_number(b.count);
    tell(a.count >= 16 && memcmp(a.items, b.items, a.count) == 0 ? " equal" : "");
}

static void random_numbers(void) {
    probe_tuple2_u64_u64 seed = probe_insecure_seed_insecure_seed();
    uint64_t a = probe_random_get_random_u64(), b = probe_insecure_get_insecure_random_u64();
    tell(a != b && seed.f0 != seed.f1 && a != seed.f0 ? "different" : "equal");
}

static void random_number(void) {
    tell_number(probe_random_get_random_u64());
}

/* ---- cli ---- */

static void arguments(void) {
    probe_list_string list = probe_environment_get_arguments();
    for (size_t i = 1; i < list.count; i++) {
        tell("[");
        tell_bytes(list.items[i].data, list.items[i].size);
        tell("]");
    }
}

static void environment(void) {
    probe_list_tuple2_string_string list = probe_environment_get_environment();
    for (size_t i = 0; i < list.count; i++) {
        tell("[");
        tell_bytes(list.items[i].f0.data, list.items[i].f0.size);
        tell("=");
        tell_bytes(list.items[i].f1.data, list.items[i].f1.size);
        tell("]");
    }
    tell(probe_environment_initial_cwd().is_some ? " in a directory" : " nowhere");
}

static void exit_ok(void) {
    probe_exit_exit((probe_result_void_void){false});
}

static void exit_error(void) {
    probe_exit_exit((probe_result_void_void){true});
}

static void exit_code(void) {
    probe_exit_exit_with_code((uint8_t)number);
}

static void terminals(void) {
    tell(probe_terminal_stdin_get_terminal_stdin().is_some ? "in " : "- ");
    tell(probe_terminal_stdout_get_terminal_stdout().is_some ? "out " : "- ");
    tell(probe_terminal_stderr_get_terminal_stderr().is_some ? "err" : "-");
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"read-blocking", read_blocking},
    {"read-all", read_all},
    {"read-when-ready", read_when_ready},
    {"read-now", read_now},
    {"skip-blocking", skip_blocking},
    {"skip-now", skip_now},
    {"splice-blocking", splice_blocking},
    {"splice-now", splice_now},
    {"drop-stream-first", drop_stream_first},
    {"check-write", check_write},
    {"write-now", write_now},
    {"write-flush", write_flush},
    {"write-zeroes", write_zeroes},
    {"write-zeroes-flush", write_zeroes_flush},
    {"flush", flush},
    {"stderr", write_to_stderr},
    {"output-ready", output_ready},
    {"many-lines", many_lines},
    {"poll-three", poll_three},
    {"poll-none", poll_none},
    {"poll-same", poll_same},
    {"input-or-time", input_or_time},
    {"many-pollables", many_pollables},
    {"hoard-pollables", hoard_pollables},
    {"sleep", sleep_some},
    {"clocks", clocks},
    {"wall", wall},
    {"random-bytes", random_bytes},
    {"random-numbers", random_numbers},
    {"random-number", random_number},
    {"arguments", arguments},
    {"environment", environment},
    {"exit-ok", exit_ok},
    {"exit-error", exit_error},
    {"exit-code", exit_code},
    {"terminals", terminals},
};

static bool is(probe_string text, const char *name) {
    return strlen(name) == text.size && memcmp(text.data, name, text.size) == 0;
}

probe_result_void_void probe_run_run(void) {
    probe_list_string list = probe_environment_get_arguments();
    probe_string name = list.count > 1 ? list.items[1] : probe_string_of("");
    in = probe_stdin_get_stdin();
    out = probe_stdout_get_stdout();
    for (size_t i = 0; list.count > 2 && i < list.items[2].size; i++)
        number = number * 10 + (uint64_t)(list.items[2].data[i] - '0');
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (is(name, cases[i].name)) {
            cases[i].run();
            flush_line();
            return (probe_result_void_void){false};
        }
    tell("no such case");
    flush_line();
    return (probe_result_void_void){true};
}
