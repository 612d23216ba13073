/* WASI 0.2 as embedders meet it: their own streams, clocks and random numbers; grants; what hostile
 * components declare; what a guest can hoard; memory that is refused. The guest is test/wasi/probe.c. */
#include "world.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- a run of the probe ---- */

typedef struct Memory {
    const char *input;
    size_t input_at;
    char output[8192];
    size_t output_size;
} Memory;

typedef struct Probe {
    sg_engine *engine;
    sg_component *component;
    Memory memory;
    sg_usage usage;
    bool has_exited;
    int exit_code;
} Probe;

static void probe_make(Probe *probe) {
    sg_error error;
    *probe = (Probe){.engine = make_engine(), .memory = {.input = "hello"}};
    probe->component = sg_component_load_file(probe->engine, PROBE, &error);
    assert_made(probe->component, error);
}

static void probe_end(Probe *probe) {
    sg_component_delete(probe->component);
    sg_engine_delete(probe->engine);
}

static sg_wasi_errno read_memory(void *context, void *buffer, size_t size, size_t *count) {
    Memory *memory = context;
    size_t left = strlen(memory->input) - memory->input_at;
    *count = left < size ? left : size;
    memcpy(buffer, memory->input + memory->input_at, *count);
    memory->input_at += *count;
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno write_memory(void *context, const void *data, size_t size, size_t *count) {
    Memory *memory = context;
    size_t room = sizeof memory->output - 1 - memory->output_size;
    *count = size < room ? size : room;
    memcpy(memory->output + memory->output_size, data, *count);
    memory->output_size += *count;
    return *count ? SG_WASI_SUCCESS : SG_WASI_NOSPC;
}

static sg_wasi_stream stream_of(Probe *probe) {
    return (sg_wasi_stream){.size = sizeof(sg_wasi_stream),
                            .context = &probe->memory,
                            .read = read_memory,
                            .write = write_memory};
}

/* Grants that have the probe's memory as standard streams, and its case. */
static sg_wasi *wasi_for(Probe *probe, const char *name, const char *number) {
    sg_error error;
    sg_wasi *wasi = sg_wasi_new(probe->engine, &error);
    assert_made(wasi, error);
    probe->memory = (Memory){.input = probe->memory.input};
    const sg_wasi_stream stream = stream_of(probe);
    sg_wasi_set_stream(wasi, SG_WASI_STDIN, &stream);
    sg_wasi_set_stream(wasi, SG_WASI_STDOUT, &stream);
    const char *arguments[] = {"probe", name, number};
    for (int i = 0; i < 3 && arguments[i]; i++)
        assert_ok(sg_wasi_add_argument(wasi, arguments[i], &error), error);
    return wasi;
}

/* Links, attaches `wasi` (which is deleted; may be NULL) and runs. */
static sg_status probe_run(Probe *probe, sg_wasi *wasi, sg_limits limits, sg_error *error) {
    sg_linker *linker = sg_linker_new(probe->engine, error);
    assert_made(linker, *error);
    assert_ok(sg_wasi_define(linker, error), *error);
    sg_store *store = make_store(probe->engine, limits);
    if (wasi)
        assert_ok(sg_wasi_attach(wasi, store, error), *error);
    sg_wasi_delete(wasi);
    sg_instance *instance = sg_linker_instantiate(linker, store, probe->component, error);
    sg_linker_delete(linker);
    sg_status status = instance ? SG_OK : error->status;
    if (instance) {
        sg_func *func = sg_instance_find_func(instance, "wasi:cli/run@0.2.12#run", error);
        assert_made(func, *error);
        status = sg_func_call(func, NULL, 0, NULL, error);
        /* What has failed once is not entered again. */
        sg_error again;
        if (status != SG_OK)
            assert_int_equal(sg_func_call(func, NULL, 0, NULL, &again), SG_TRAP);
    }
    probe->usage = sg_store_usage(store);
    probe->has_exited = sg_wasi_exit_code(store, &probe->exit_code);
    sg_store_delete(store);
    return status;
}

/* One case with the usual grants: its first line. */
static const char *answer(Probe *probe, const char *name, const char *number) {
    sg_error error = {.status = SG_OK};
    assert_ok(probe_run(probe, wasi_for(probe, name, number), (sg_limits){0}, &error), error);
    probe->memory.output[strcspn(probe->memory.output, "\n")] = '\0';
    return probe->memory.output;
}

/* ---- facilities that are replaced ---- */

static void streams_in_memory(void **state) {
    (void)state;
    Probe probe;
    probe_make(&probe);
    assert_string_equal(answer(&probe, "read-blocking", "3"), "3 bytes: hel");
    assert_string_equal(answer(&probe, "read-all", "2"), "5 bytes, then closed, then closed");
    assert_string_equal(answer(&probe, "read-when-ready", "100"), "ready, 5 bytes: hello");
    assert_string_equal(answer(&probe, "splice-blocking", "100"), "hello5");
    assert_string_equal(answer(&probe, "check-write", NULL), "at least 4096");
    assert_string_equal(answer(&probe, "terminals", NULL), "- - -");
    /* A stream that is full. */
    assert_string_equal(answer(&probe, "write-now", "9000") + 8000, probe.memory.output + 8000);
    assert_int_equal(probe.memory.output_size, sizeof probe.memory.output - 1);
    probe_end(&probe);
}

static sg_wasi_errno too_many(void *context, void *buffer, size_t size, size_t *count) {
    (void)context, (void)buffer;
    *count = size + 1;
    return SG_WASI_SUCCESS;
}
static sg_wasi_errno never_ready(void *context, void *buffer, size_t size, size_t *count) {
    (void)context, (void)buffer, (void)size;
    *count = 0;
    return SG_WASI_AGAIN;
}
static sg_wasi_errno broken(void *context, void *buffer, size_t size, size_t *count) {
    (void)context, (void)buffer;
    *count = size;
    return SG_WASI_IO;
}

/* What an embedder's stream does wrong is an error of the guest's stream. */
static void streams_that_err(void **state) {
    (void)state;
    static const struct {
        sg_wasi_errno (*read)(void *context, void *buffer, size_t size, size_t *count);
        const char *answer;
    } cases[] = {{too_many, "failed"}, {never_ready, "failed"}, {broken, "failed"}, {NULL, "closed"}};
    Probe probe;
    probe_make(&probe);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sg_error error = {.status = SG_OK};
        sg_wasi *wasi = wasi_for(&probe, "read-blocking", "10");
        sg_wasi_stream stream = stream_of(&probe);
        stream.read = cases[i].read;
        sg_wasi_set_stream(wasi, SG_WASI_STDIN, &stream);
        assert_ok(probe_run(&probe, wasi, (sg_limits){0}, &error), error);
        assert_memory_equal(probe.memory.output, cases[i].answer, strlen(cases[i].answer));
    }
    probe_end(&probe);
}

static sg_wasi_errno nobody_reads(void *context, const void *data, size_t size, size_t *count) {
    (void)data, (void)size;
    ++*(unsigned *)context;
    *count = 0;
    return SG_WASI_PIPE;
}

/* Either that ends the guest at once, or it is told each time. */
static void closed_pipes(void **state) {
    (void)state;
    Probe probe;
    probe_make(&probe);
    for (int ends = 0; ends < 2; ends++) {
        sg_error error = {.status = SG_OK};
        unsigned writes = 0;
        sg_wasi *wasi = wasi_for(&probe, "many-lines", "10");
        const sg_wasi_stream closed = {.size = sizeof closed, .context = &writes, .write = nobody_reads};
        sg_wasi_set_stream(wasi, SG_WASI_STDOUT, &closed);
        sg_wasi_exit_on_closed_pipe(wasi, ends);
        sg_status status = probe_run(&probe, wasi, (sg_limits){0}, &error);
        assert_int_equal(probe.has_exited, ends);
        if (ends) {
            assert_trap(SG_TRAP_EXIT, status, error);
            assert_int_equal(probe.exit_code, 141);
        }
        assert_true(ends ? writes == 1 : writes >= 1);
    }
    probe_end(&probe);
}

typedef struct Time {
    uint64_t now, slept;
} Time;

static uint64_t time_now(void *context) {
    return ((Time *)context)->now++;
}
static uint64_t time_wall(void *context) {
    (void)context;
    return UINT64_C(86400000000000);
}
static void time_sleep(void *context, uint64_t until) {
    Time *time = context;
    time->slept += until - time->now;
    time->now = until;
}
static void fill_sevens(void *context, void *buffer, size_t size) {
    *(size_t *)context += size;
    memset(buffer, 7, size);
}

static void own_clock_and_random(void **state) {
    (void)state;
    Probe probe;
    probe_make(&probe);
    sg_error error = {.status = SG_OK};
    Time time = {.now = 1000};
    const sg_wasi_clock clock = {.size = sizeof clock,
                                 .context = &time,
                                 .monotonic = time_now,
                                 .wall = time_wall,
                                 .resolution_ns = 1,
                                 .sleep = time_sleep};
    uint64_t began = now_ns();
    sg_wasi *wasi = wasi_for(&probe, "sleep", "3600000000000");
    sg_wasi_set_clock(wasi, &clock);
    assert_ok(probe_run(&probe, wasi, (sg_limits){0}, &error), error);
    assert_memory_equal(probe.memory.output, "slept\n", 6);
    assert_true(time.slept >= UINT64_C(3599) * 1000 * MS);
    assert_true(now_ns() - began < 60000 * MS);
    wasi = wasi_for(&probe, "wall", NULL);
    sg_wasi_set_clock(wasi, &clock);
    assert_ok(probe_run(&probe, wasi, (sg_limits){0}, &error), error);
    assert_memory_equal(probe.memory.output, "86400\n", 6);

    size_t filled = 0;
    const sg_wasi_random sevens = {.size = sizeof sevens, .context = &filled, .fill = fill_sevens};
    wasi = wasi_for(&probe, "random-number", NULL);
    sg_wasi_set_random(wasi, &sevens);
    assert_ok(probe_run(&probe, wasi, (sg_limits){0}, &error), error);
    assert_memory_equal(probe.memory.output, "506381209866536711\n", 19); /* 0x0707070707070707 */
    assert_int_equal(filled, 8);
    probe_end(&probe);
}

/* ---- grants ---- */

static void nothing_granted(void **state) {
    (void)state;
    Probe probe;
    probe_make(&probe);
    sg_error error = {.status = SG_OK};
    /* Without arguments there is no such case; where that is told, nobody hears it. */
    assert_ok(probe_run(&probe, NULL, (sg_limits){0}, &error), error);
    assert_false(probe.has_exited);
    assert_string_equal(answer(&probe, "environment", NULL), " nowhere");
    probe_end(&probe);
}

static void grants(void **state) {
    (void)state;
    Probe probe;
    probe_make(&probe);
    sg_error error;
    sg_wasi *wasi = wasi_for(&probe, "environment", NULL);
    assert_int_equal(sg_wasi_add_argument(wasi, "\xff", &error), SG_BAD_VALUE);
    assert_int_equal(sg_wasi_add_env(wasi, "", "x", &error), SG_BAD_VALUE);
    assert_int_equal(sg_wasi_add_env(wasi, "a=b", "x", &error), SG_BAD_VALUE);
    assert_int_equal(sg_wasi_add_env(wasi, "A", "\xc0\x80", &error), SG_BAD_VALUE);
    assert_ok(sg_wasi_add_env(wasi, "A", "1", &error), error);
    assert_ok(sg_wasi_add_env(wasi, "B", "", &error), error);
    assert_ok(sg_wasi_add_env(wasi, "A", "2", &error), error);
    sg_store *store = make_store(probe.engine, (sg_limits){0});
    assert_ok(sg_wasi_attach(wasi, store, &error), error);
    assert_int_equal(sg_wasi_attach(wasi, store, &error), SG_MISUSE);
    sg_store_delete(store);
    /* What the store cannot hold leaves it as it was. */
    store = make_store(probe.engine, (sg_limits){.host_bytes = 1});
    assert_int_equal(sg_wasi_attach(wasi, store, &error), SG_TRAP);
    sg_store_delete(store);
    sg_error none = {.status = SG_OK};
    assert_ok(probe_run(&probe, wasi, (sg_limits){0}, &none), none);
    assert_memory_equal(probe.memory.output, "[A=2][B=] nowhere\n", 18);
    sg_wasi_delete(NULL);
    probe_end(&probe);
}

/* A table without its size would be no limits, no rules of one's own, no clock. */
static void sizes_of_tables(void **state) {
    (void)state;
    sg_error error;
    sg_engine *engine = make_engine();
    for (int i = 0; i < 12; i++) {
        size_t bad = i % 2 ? 4096 : 0;
        sg_wasi *wasi = sg_wasi_new(engine, &error);
        assert_made(wasi, error);
        switch (i / 2) {
        case 0: sg_wasi_set_limits(wasi, &(sg_wasi_limits){.size = bad, .written = 1}); break;
        case 1: sg_wasi_set_clock(wasi, &(sg_wasi_clock){.size = bad}); break;
        case 2: sg_wasi_set_random(wasi, &(sg_wasi_random){.size = bad}); break;
        case 3: sg_wasi_set_network(wasi, &(sg_wasi_network){.size = bad}); break;
        case 4: sg_wasi_set_stream(wasi, SG_WASI_STDERR, &(sg_wasi_stream){.size = bad}); break;
        default:
            assert_int_equal(
                sg_wasi_add_virtual_dir(wasi, &(sg_wasi_files){.size = bad}, 0, "/", false, &error),
                SG_MISUSE);
        }
        sg_store *store = make_store(engine, (sg_limits){0});
        assert_int_equal(sg_wasi_attach(wasi, store, &error), i / 2 < 5 ? SG_MISUSE : SG_OK);
        sg_store_delete(store);
        sg_wasi_delete(wasi);
    }
    sg_engine_delete(engine);
}

/* Two directories of one name: which one a guest finds would be for its library to say. */
static void names_of_directories(void **state) {
    (void)state;
    sg_error error;
    sg_engine *engine = make_engine();
    sg_wasi *wasi = sg_wasi_new(engine, &error);
    assert_made(wasi, error);
    assert_ok(sg_wasi_add_dir(wasi, "/", "/a", true, &error), error);
    assert_ok(sg_wasi_add_dir(wasi, "/", "/", true, &error), error);
    assert_ok(sg_wasi_add_dir(wasi, "/", "a", true, &error), error);
    assert_int_equal(sg_wasi_add_dir(wasi, "/", "/a", true, &error), SG_BAD_VALUE);
    assert_int_equal(sg_wasi_add_dir(wasi, "/", "/a//", true, &error), SG_BAD_VALUE);
    assert_int_equal(sg_wasi_add_dir(wasi, "/", "//", true, &error), SG_BAD_VALUE);
    assert_int_equal(sg_wasi_add_dir(wasi, "/", "", true, &error), SG_BAD_VALUE);
    assert_int_equal(sg_wasi_add_dir(wasi, "/nonexistent", "/b", true, &error), SG_NOT_FOUND);
    assert_int_equal(sg_wasi_add_dir(wasi, "/dev/null", "/b", true, &error), SG_IO);
    sg_wasi_delete(wasi);
    sg_engine_delete(engine);
}

static void exits(void **state) {
    (void)state;
    Probe probe;
    probe_make(&probe);
    static const struct {
        const char *name, *number;
        int code;
    } cases[] = {{"exit-ok", NULL, 0}, {"exit-error", NULL, 1}, {"exit-code", "42", 42}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sg_error error;
        sg_status status =
            probe_run(&probe, wasi_for(&probe, cases[i].name, cases[i].number), (sg_limits){0}, &error);
        assert_trap(SG_TRAP_EXIT, status, error);
        assert_true(probe.has_exited);
        assert_int_equal(probe.exit_code, cases[i].code);
    }
    probe_end(&probe);
}

/* ---- hostile guests ---- */

#define POLLABLE                                                                                             \
    "(import \"wasi:io/poll@0.2.0\" (instance $poll (export \"pollable\" (type (sub resource)))))"
#define ERROR "(import \"wasi:io/error@0.2.0\" (instance $error (export \"error\" (type (sub resource)))))"
#define RANDOM(type)                                                                                         \
    "(component (import \"wasi:random/random@0.2.0\" (instance (export \"get-random-bytes\" (func " type     \
    ")))))"

/* Components that take what the host gives for something else: pointers would be made of numbers. */
static void types_that_lie(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {RANDOM("(param \"len\" u64) (result (list u8))"), true},
        {RANDOM("(param \"any-name\" u64) (result (list u8))"), true},
        {RANDOM("(param \"len\" u32) (result (list u8))"), false},
        {RANDOM("(param \"len\" s64) (result (list u8))"), false},
        {RANDOM("(param \"len\" u64) (result (list s8))"), false},
        {RANDOM("(param \"len\" u64) (result string)"), false},
        {RANDOM("(param \"len\" u64)"), false},
        {RANDOM("(result (list u8))"), false},
        {RANDOM("(param \"len\" u64) (param \"more\" u64) (result (list u8))"), false},
        {RANDOM("(param \"len\" (tuple u64)) (result (list u8))"), false},
        {"(component (import \"wasi:clocks/wall-clock@0.2.3\" (instance"
         "  (type $d (record (field \"seconds\" u64) (field \"nanoseconds\" u32)))"
         "  (export \"datetime\" (type $e (eq $d))) (export \"now\" (func (result $e))))))",
         true},
        {"(component (import \"wasi:clocks/wall-clock@0.2.3\" (instance"
         "  (type $d (record (field \"nanoseconds\" u32) (field \"seconds\" u64)))"
         "  (export \"datetime\" (type $e (eq $d))) (export \"now\" (func (result $e))))))",
         false},
        {"(component (import \"wasi:clocks/wall-clock@0.2.3\" (instance"
         "  (type $d (record (field \"seconds\" u64) (field \"nanoseconds\" u32) (field \"more\" u8)))"
         "  (export \"datetime\" (type $e (eq $d))) (export \"now\" (func (result $e))))))",
         false},
        /* Resources: the right one, another one of ours; validation refuses one of a component's own. */
        {"(component " POLLABLE "(alias export $poll \"pollable\" (type $p))"
         "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance"
         "    (alias outer 1 $p (type $q)) (export \"pollable\" (type $r (eq $q)))"
         "    (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $r)))))))",
         true},
        {"(component " POLLABLE "(alias export $poll \"pollable\" (type $p))"
         "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance"
         "    (alias outer 1 $p (type $q)) (export \"pollable\" (type $r (eq $q)))"
         "    (export \"subscribe-duration\" (func (param \"when\" (borrow $r)) (result (own $r)))))))",
         false},
        {"(component " ERROR "(alias export $error \"error\" (type $p))"
         "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance"
         "    (alias outer 1 $p (type $q)) (export \"pollable\" (type $r (eq $q)))"
         "    (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $r)))))))",
         false},
        {"(component (import \"wasi:io/poll@0.2.0\" (instance"
         "    (export \"pollable\" (type $p (sub resource)))"
         "    (export \"poll\" (func (param \"in\" (list (own $p))) (result (list u32)))))))",
         false},
        {"(component (import \"wasi:io/poll@0.2.0\" (instance"
         "    (export \"pollable\" (type $p (sub resource)))"
         "    (export \"[method]pollable.ready\" (func (param \"self\" (borrow $p)) (result bool))))))",
         true},
        {"(component (import \"wasi:io/streams@0.2.0\" (instance"
         "    (export \"input-stream\" (type $i (sub resource)))"
         "    (export \"output-stream\" (type $o (sub resource)))"
         "    (export \"[method]output-stream.subscribe\" (func (param \"self\" (borrow $o)) (result (own "
         "$i)))))))",
         false},
        {"(component (import \"wasi:cli/stdin@0.2.0\" (instance"
         "    (export \"input-stream\" (type $i (sub resource))) (export \"get-stdin\" (func (result (own "
         "$i)))))))",
         false}, /* one of its own making, by the same name */
        {"(component (import \"wasi:cli/exit@0.2.0\" (instance"
         "    (export \"exit\" (func (param \"status\" (result)))))))",
         true},
        {"(component (import \"wasi:cli/exit@0.2.0\" (instance"
         "    (export \"exit\" (func (param \"status\" (result u8)))))))",
         false},
        {"(component (import \"wasi:cli/exit@0.2.0\" (instance"
         "    (export \"exit\" (func (param \"status\" (result (error u8))))))))",
         false},
    };
    sg_engine *engine = make_engine();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sg_error error = {.status = SG_OK};
        sg_linker *linker = sg_linker_new(engine, &error);
        sg_store *store = make_store(engine, (sg_limits){0});
        sg_component *component = sg_component_load(engine, cases[i].text, strlen(cases[i].text), &error);
        if (component == NULL)
            print_message("case %zu\n", i);
        assert_made(component, error);
        assert_ok(sg_wasi_define(linker, &error), error);
        sg_instance *instance = sg_linker_instantiate(linker, store, component, &error);
        if (cases[i].is_good != (instance != NULL)) {
            show(&error);
            fail_msg("case %zu", i);
        }
        if (!cases[i].is_good)
            assert_int_equal(error.status, SG_UNLINKABLE);
        sg_store_delete(store);
        sg_component_delete(component);
        sg_linker_delete(linker);
    }
    sg_engine_delete(engine);
}

/* A resource of the embedder's that is called as one of ours is another. */
static void embedders_pollable(void **state) {
    (void)state;
    static const char text[] =
        "(component (import \"my:own/types\" (instance $o (export \"pollable\" (type (sub resource)))))"
        "  (alias export $o \"pollable\" (type $p))"
        "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance"
        "    (alias outer 1 $p (type $q)) (export \"pollable\" (type $r (eq $q)))"
        "    (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $r)))))))";
    sg_error error;
    World w = begin((sg_limits){0});
    assert_ok(sg_wasi_define(w.linker, &error), error);
    sg_resource_type *type = sg_resource_type_new(w.engine, NULL, NULL, &error);
    assert_made(type, error);
    assert_ok(sg_linker_define_resource(w.linker, "my:own/types", "pollable", type, &error), error);
    sg_resource_type_delete(type);
    assert_int_equal(try_start(&w, text, &error), SG_UNLINKABLE);
    end(&w);
}

/* Whatever it asks for and however often, what the host holds stays within the limit. */
static void hoarding(void **state) {
    (void)state;
    static const struct {
        const char *name, *number;
        sg_trap trap; /* NONE: it ends well */
    } cases[] = {
        {"many-pollables", "300000", SG_TRAP_NONE},
        {"hoard-pollables", "1000000", SG_TRAP_HANDLE_LIMIT},
        {"poll-same", "300000", SG_TRAP_HOST_BYTES_LIMIT},
        {"random-bytes", "18446744073709551615", SG_TRAP_HOST_BYTES_LIMIT},
        {"random-bytes", "9223372036854775808", SG_TRAP_HOST_BYTES_LIMIT},
        {"random-bytes", "4294967296", SG_TRAP_HOST_BYTES_LIMIT},
        {"random-bytes", "1073741824", SG_TRAP_HOST_BYTES_LIMIT},
        {"read-blocking", "18446744073709551615", SG_TRAP_NONE},
        {"skip-blocking", "18446744073709551615", SG_TRAP_NONE},
        {"splice-blocking", "18446744073709551615", SG_TRAP_NONE},
        {"write-zeroes", "18446744073709551615", SG_TRAP_HOST_FUNCTION},
        {"write-zeroes-flush", "4097", SG_TRAP_HOST_FUNCTION},
        {"write-flush", "4097", SG_TRAP_HOST_FUNCTION},
        {"poll-none", NULL, SG_TRAP_HOST_FUNCTION},
    };
    const sg_limits limits = {.host_bytes = 4 << 20, .handles = 10000, .memory_bytes = 64 << 20};
    Probe probe;
    probe_make(&probe);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sg_error error = {.status = SG_OK};
        sg_status status =
            probe_run(&probe, wasi_for(&probe, cases[i].name, cases[i].number), limits, &error);
        if (error.trap != cases[i].trap) {
            show(&error);
            fail_msg("%s %s", cases[i].name, cases[i].number);
        }
        assert_int_equal(status, cases[i].trap ? SG_TRAP : SG_OK);
        assert_true(probe.usage.peak_host_bytes <= 4 << 20);
    }
    probe_end(&probe);
}

/* ---- what a guest gives its host ---- */

#define STREAMS_AND_STDIN                                                                                    \
    "(import \"wasi:io/streams@0.2.0\" (instance $s (export \"input-stream\" (type (sub resource)))))"       \
    "(alias export $s \"input-stream\" (type $in))"                                                          \
    "(import \"wasi:cli/stdin@0.2.0\" (instance $c (alias outer 1 $in (type $i))"                            \
    "  (export \"input-stream\" (type $j (eq $i))) (export \"get-stdin\" (func (result (own $j))))))"

static const char giving[] =
    "(component " STREAMS_AND_STDIN "(core func $get (canon lower (func $c \"get-stdin\")))"
    "(core func $drop (canon resource.drop $in))"
    "(core module $M (import \"\" \"get\" (func $get (result i32))) (import \"\" \"drop\" (func $drop (param "
    "i32)))"
    "  (func (export \"give\") (result i32) (call $get))"
    "  (func (export \"end\") (param i32) (call $drop (local.get 0))))"
    "(core instance $m (instantiate $M (with \"\" (instance (export \"get\" (func $get)) (export \"drop\" "
    "(func "
    "$drop))))))"
    "(func (export \"give\") (result (own $in)) (canon lift (core func $m \"give\")))"
    "(func (export \"take\") (param \"x\" (own $in)) (canon lift (core func $m \"end\")))"
    "(func (export \"look\") (param \"x\" (borrow $in)) (canon lift (core func $m \"end\")))"
    "(export \"stdin\" (func $c \"get-stdin\")))";

typedef struct Giver {
    sg_store *store;
    sg_instance *instance;
} Giver;

static Giver giver_make(sg_linker *linker, sg_engine *engine, const sg_component *component) {
    sg_error error;
    Giver giver = {.store = make_store(engine, (sg_limits){0})};
    giver.instance = sg_linker_instantiate(linker, giver.store, component, &error);
    assert_made(giver.instance, error);
    return giver;
}

static sg_status ask(const Giver *giver, const char *name, sg_value *value, sg_error *error) {
    sg_func *func = sg_instance_find_func(giver->instance, name, error);
    assert_made(func, *error);
    bool takes = sg_func_param_count(func) == 1;
    return sg_func_call(func, takes ? value : NULL, takes, takes ? NULL : value, error);
}

/* Its numbers are handles: none that is forged, old, or another store's is taken for one. */
static void given_to_the_host(void **state) {
    (void)state;
    static const uint64_t forged[] = {0, 1, 2, 4096, UINT32_MAX, UINT64_MAX};
    sg_error error;
    sg_engine *engine = make_engine();
    sg_component *component = load_component(engine, giving);
    sg_linker *linker = sg_linker_new(engine, &error);
    assert_ok(sg_wasi_define(linker, &error), error);
    Giver one = giver_make(linker, engine, component), other = giver_make(linker, engine, component);
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        sg_value own = {.kind = SG_OWN, .of.handle = forged[i]}, borrow = own;
        borrow.kind = SG_BORROW;
        assert_int_equal(ask(&one, "take", &own, &error), SG_BAD_VALUE);
        assert_int_equal(ask(&one, "look", &borrow, &error), SG_BAD_VALUE);
        assert_int_equal(sg_resource_drop(one.store, forged[i], &error), SG_BAD_VALUE);
    }
    sg_value stream, borrow, second;
    assert_ok(ask(&one, "give", &stream, &error), error);
    assert_int_equal(stream.kind, SG_OWN);
    assert_int_equal(ask(&other, "take", &stream, &error), SG_BAD_VALUE);
    assert_int_equal(sg_resource_drop(other.store, stream.of.handle, &error), SG_BAD_VALUE);
    borrow = stream;
    borrow.kind = SG_BORROW;
    assert_ok(ask(&one, "look", &borrow, &error), error);
    assert_ok(ask(&one, "look", &borrow, &error), error);
    assert_ok(ask(&one, "take", &stream, &error), error);
    assert_int_equal(ask(&one, "take", &stream, &error), SG_BAD_VALUE);
    assert_int_equal(ask(&one, "look", &borrow, &error), SG_BAD_VALUE);
    assert_ok(ask(&one, "give", &second, &error), error);
    assert_true(second.of.handle != stream.of.handle);
    assert_ok(sg_resource_drop(one.store, second.of.handle, &error), error);
    assert_int_equal(sg_resource_drop(one.store, second.of.handle, &error), SG_BAD_VALUE);
    /* So it is where what a component imports is exported again. */
    assert_ok(ask(&one, "stdin", &second, &error), error);
    assert_int_equal(ask(&other, "take", &second, &error), SG_BAD_VALUE);
    assert_ok(ask(&one, "take", &second, &error), error);
    assert_int_equal(ask(&one, "take", &second, &error), SG_BAD_VALUE);
    assert_ok(ask(&one, "give", &second, &error), error); /* ends with its store */
    sg_store_delete(one.store);
    assert_int_equal(ask(&other, "take", &second, &error), SG_BAD_VALUE);
    sg_store_delete(other.store);
    sg_linker_delete(linker);
    sg_component_delete(component);
    sg_engine_delete(engine);
}

/* ---- waits ---- */

/* An input that nothing comes from, an output that is full. */
typedef struct Blocked {
    int input[2], output[2];
} Blocked;

static sg_wasi_errno read_blocked(void *context, void *buffer, size_t size, size_t *count) {
    ssize_t got = read(((const Blocked *)context)->input[0], buffer, size);
    *count = got > 0 ? (size_t)got : 0;
    return got < 0 ? SG_WASI_AGAIN : SG_WASI_SUCCESS;
}

static sg_wasi_errno write_blocked(void *context, const void *data, size_t size, size_t *count) {
    ssize_t put = write(((const Blocked *)context)->output[1], data, size);
    *count = put > 0 ? (size_t)put : 0;
    return put < 0 ? SG_WASI_AGAIN : SG_WASI_SUCCESS;
}

static int blocked_input(void *context) {
    return ((const Blocked *)context)->input[0];
}

static int blocked_output(void *context) {
    return ((const Blocked *)context)->output[1];
}

static void block(Blocked *blocked) {
    static const char data[4096];
    assert_int_equal(pipe2(blocked->input, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(pipe2(blocked->output, O_NONBLOCK | O_CLOEXEC), 0);
    while (write(blocked->output[1], data, sizeof data) > 0) {
    }
}

/* Whatever of 0.2 waits ends at the deadline. */
static void deadlines(void **state) {
    (void)state;
    static const struct {
        const char *name, *number;
    } cases[] = {
        {"read-blocking", "10"},          {"read-all", "10"},         {"read-when-ready", "10"},
        {"skip-blocking", "10"},          {"splice-blocking", "100"}, {"write-now", "65536"},
        {"write-flush", "4096"},          {"write-zeroes", "65536"},  {"write-zeroes-flush", "4096"},
        {"many-lines", "1000"},           {"poll-three", "1"},        {"poll-same", "1000"},
        {"input-or-time", "10000000000"}, {"sleep", "10000000000"},   {"many-pollables", "1000000000"},
        {"random-bytes", "2000000000"},
    };
    static const uint64_t timeouts[] = {SG_ZERO, MS, 100 * MS};
    Probe probe;
    Blocked blocked;
    probe_make(&probe);
    block(&blocked);
    const sg_wasi_stream in = {
        .size = sizeof in, .context = &blocked, .read = read_blocked, .descriptor = blocked_input};
    const sg_wasi_stream out = {
        .size = sizeof out, .context = &blocked, .write = write_blocked, .descriptor = blocked_output};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t j = 0; j < sizeof timeouts / sizeof *timeouts; j++) {
            sg_error error = {.status = SG_OK};
            sg_wasi *wasi = wasi_for(&probe, cases[i].name, cases[i].number);
            sg_wasi_set_stream(wasi, SG_WASI_STDIN, &in);
            sg_wasi_set_stream(wasi, SG_WASI_STDOUT, &out);
            const sg_limits limits = {
                .host_bytes = SG_UNLIMITED, .memory_bytes = SG_UNLIMITED, .timeout_ns = timeouts[j]};
            uint64_t began = now_ns();
            sg_status status = probe_run(&probe, wasi, limits, &error);
            if (status != SG_TRAP || error.trap != SG_TRAP_DEADLINE) {
                show(&error);
                fail_msg("%s", cases[i].name);
            }
            assert_true(now_ns() - began < 5000 * MS); /* on however busy a machine */
        }
    for (int i = 0; i < 2; i++) {
        close(blocked.input[i]);
        close(blocked.output[i]);
    }
    probe_end(&probe);
}

/* ---- memory that is refused ---- */

/* All from engine to exit; true if nothing was refused. */
static bool run_refused(Ration *r, sg_error *error) {
    Memory memory = {.input = "hello"};
    const sg_wasi_stream stream = {
        .size = sizeof stream, .context = &memory, .read = read_memory, .write = write_memory};
    sg_component *component = NULL;
    sg_linker *linker = NULL;
    sg_store *store = NULL;
    sg_wasi *wasi = NULL;
    sg_instance *instance = NULL;
    sg_func *func = NULL;
    sg_engine *engine = ration_engine(r, error);
    bool ok = engine && (component = sg_component_load_file(engine, PROBE, error)) &&
              (linker = sg_linker_new(engine, error)) && sg_wasi_define(linker, error) == SG_OK &&
              (store = sg_store_new(engine, NULL, error)) && (wasi = sg_wasi_new(engine, error)) &&
              sg_wasi_add_argument(wasi, "probe", error) == SG_OK &&
              sg_wasi_add_argument(wasi, "read-when-ready", error) == SG_OK &&
              sg_wasi_add_argument(wasi, "5", error) == SG_OK &&
              sg_wasi_add_env(wasi, "A", "1", error) == SG_OK;
    if (ok) {
        sg_wasi_set_stream(wasi, SG_WASI_STDIN, &stream);
        sg_wasi_set_stream(wasi, SG_WASI_STDOUT, &stream);
        ok = sg_wasi_attach(wasi, store, error) == SG_OK &&
             (instance = sg_linker_instantiate(linker, store, component, error)) &&
             (func = sg_instance_find_func(instance, "wasi:cli/run@0.2.12#run", error)) &&
             sg_func_call(func, NULL, 0, NULL, error) == SG_OK;
    }
    sg_wasi_delete(wasi);
    sg_store_delete(store);
    sg_linker_delete(linker);
    sg_component_delete(component);
    sg_engine_delete(engine);
    if (ok)
        assert_string_equal(memory.output, "ready, 5 bytes: hello\n");
    return ok;
}

static void refused(void **state) {
    (void)state;
    Ration r = {.left = SIZE_MAX};
    sg_error error = {.status = SG_OK};
    assert_true(run_refused(&r, &error));
    assert_int_equal(r.bytes, 0);
    /* Each of them, but of the many of loading one in 13. */
    size_t all = SIZE_MAX - r.left;
    for (size_t at = 0; at < all; at += at + 600 < all ? 13 : 1) {
        r = (Ration){.left = at};
        bool ok = run_refused(&r, &error);
        if (r.bytes)
            fail_msg("%zu bytes stay when allocation %zu of %zu fails", r.bytes, at, all);
        if (!ok)
            assert_true(error.status == SG_NO_MEMORY || error.status == SG_TRAP);
    }
}

static const struct CMUnitTest tests[] = {
    {"wasi: streams in memory", streams_in_memory, NULL, NULL, NULL},
    {"wasi: streams that err", streams_that_err, NULL, NULL, NULL},
    {"wasi: closed pipes", closed_pipes, NULL, NULL, NULL},
    {"wasi: own clock and random numbers", own_clock_and_random, NULL, NULL, NULL},
    {"wasi: nothing granted", nothing_granted, NULL, NULL, NULL},
    {"wasi: grants", grants, NULL, NULL, NULL},
    {"wasi: sizes of tables", sizes_of_tables, NULL, NULL, NULL},
    {"wasi: names of directories", names_of_directories, NULL, NULL, NULL},
    {"wasi: exits", exits, NULL, NULL, NULL},
    {"wasi: types that lie", types_that_lie, NULL, NULL, NULL},
    {"wasi: a pollable of the embedder's", embedders_pollable, NULL, NULL, NULL},
    {"wasi: hoarding", hoarding, NULL, NULL, NULL},
    {"wasi: what is given to the host", given_to_the_host, NULL, NULL, NULL},
    {"wasi: deadlines of 0.2", deadlines, NULL, NULL, NULL},
    {"wasi: memory refused", refused, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
