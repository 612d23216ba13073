/* wasi [--rounds N] [--gib N] PYTHON_WASM [LIBWASMTIME]
 *
 * What programs with WASI cost: from the bytes in memory to the end of CPython's print(1) and of a component
 * that says hello, in wall-clock time and memory; and reading and writing through a granted directory and
 * through pipes.
 *
 * With a shared library of Wasmtime's the same runs there too, through its C API, whose few declarations
 * stand below; "cached" has the code compiled before and mapped from a file. Each measurement is a process of
 * its own; rounds alternate between the engines. The table has medians, and half the distance between the
 * quartiles. */
#include <dlfcn.h>
#include <fcntl.h>
#include <sandglass.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 99, BLOCK = 65536 };

static void require(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "error: %s\n", what);
    exit(1);
}

static double now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* ---- what is run ---- */

/* clang-format off */
static const char hello_text[] =
    "(component"
    "(import \"wasi:io/error@0.2.0\" (instance $e (export \"error\" (type (sub resource)))))"
    "(alias export $e \"error\" (type $error))"
    "(import \"wasi:io/streams@0.2.0\" (instance $s (alias outer 1 $error (type $o)) (export \"error\" (type $er (eq $o)))"
    "  (type $v (variant (case \"last-operation-failed\" (own $er)) (case \"closed\")))"
    "  (export \"stream-error\" (type $se (eq $v))) (export \"output-stream\" (type $i (sub resource)))"
    "  (export \"[method]output-stream.blocking-write-and-flush\" (func (param \"self\" (borrow $i))"
    "    (param \"contents\" (list u8)) (result (result (error $se)))))))"
    "(alias export $s \"output-stream\" (type $out))"
    "(import \"wasi:cli/stdout@0.2.0\" (instance $c (alias outer 1 $out (type $i))"
    "  (export \"output-stream\" (type $j (eq $i))) (export \"get-stdout\" (func (result (own $j))))))"
    "(core module $Mem (memory (export \"m\") 1) (data (i32.const 64) \"hello\\0a\"))"
    "(core instance $mem (instantiate $Mem))"
    "(core func $get (canon lower (func $c \"get-stdout\")))"
    "(core func $put (canon lower (func $s \"[method]output-stream.blocking-write-and-flush\")"
    "  (memory (core memory $mem \"m\"))))"
    "(core module $M (import \"\" \"get\" (func $get (result i32)))"
    "  (import \"\" \"put\" (func $put (param i32 i32 i32 i32)))"
    "  (func (export \"run\") (result i32) (call $put (call $get) (i32.const 64) (i32.const 6) (i32.const 0))"
    "    (i32.const 0)))"
    "(core instance $m (instantiate $M (with \"\" (instance (export \"get\" (func $get)) (export \"put\" (func $put))))))"
    "(func $run (result (result)) (canon lift (core func $m \"run\")))"
    "(instance $run (export \"run\" (func $run)))"
    "(export \"wasi:cli/run@0.2.0\" (instance $run)))";

/* Moves blocks of 64 KiB until there were $n: the file "data" of the directory, or standard streams. */
static const char mover_text[] =
    "(module"
    "(import \"wasi_snapshot_preview1\" \"fd_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"path_open\""
    "  (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"
    "(memory (export \"memory\") 3) (data (i32.const 0) \"\\00\\00\\01\\00\\00\\00\\01\\00\") (data (i32.const 32) \"data\")"
    "(func $fd (param $flags i32) (result i32)"
    "  (if (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 4) (local.get $flags)"
    "    (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 16)) (then (unreachable)))"
    "  (i32.load (i32.const 16)))"
    "(func $reads (param $fd i32) (param $n i64)"
    "  (loop $l (if (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)) (then (unreachable)))"
    "    (if (i32.eqz (i32.load (i32.const 8))) (then (unreachable)))"
    "    (local.set $n (i64.sub (local.get $n) (i64.extend_i32_u (i32.load (i32.const 8)))))"
    "    (br_if $l (i64.gt_s (local.get $n) (i64.const 0)))))"
    "(func $writes (param $fd i32) (param $n i64)"
    "  (loop $l (if (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)) (then (unreachable)))"
    "    (local.set $n (i64.sub (local.get $n) (i64.extend_i32_u (i32.load (i32.const 8)))))"
    "    (br_if $l (i64.gt_s (local.get $n) (i64.const 0)))))"
    "(func (export \"read file\") (param i64) (call $reads (call $fd (i32.const 0)) (local.get 0)))"
    "(func (export \"write file\") (param i64) (call $writes (call $fd (i32.const 9)) (local.get 0)))"
    "(func (export \"read pipe\") (param i64) (call $reads (i32.const 0) (local.get 0)))"
    "(func (export \"write pipe\") (param i64) (call $writes (i32.const 1) (local.get 0))))";
/* clang-format on */

typedef struct Binary {
    uint8_t *data;
    size_t size;
} Binary;

typedef enum Engine { OURS, THEIRS, THEIRS_CACHED, ENGINES } Engine;
typedef enum Program { PYTHON, HELLO, READ_FILE, WRITE_FILE, READ_PIPE, WRITE_PIPE, PROGRAMS } Program;

static const char *const engine_names[] = {"sandglass", "Wasmtime", "Wasmtime, cached"};
static const char *const program_names[] = {"CPython, print(1)", "hello component", "read file",
                                            "write file",        "read pipe",       "write pipe"};

static Binary binaries[PROGRAMS];
static const char *python_arguments[] = {"python", "-c", "print(1)"};
static int64_t total;
static char top[] = "/tmp/sandglass-bench-XXXXXX";

/* ---- ours ---- */

static void check(bool condition, const sg_error *error) {
    char text[512];
    if (condition)
        return;
    sg_error_format(error, text, sizeof text);
    require(false, text);
}

static void run_module(sg_engine *engine, sg_store *store, Program program) {
    sg_error error;
    sg_string from, name;
    sg_extern_kind kind;
    sg_extern imports[64], item;
    size_t count = 0;
    sg_module *module = sg_module_load(engine, binaries[program].data, binaries[program].size, &error);
    check(module, &error);
    for (; sg_module_import(module, count, &from, &name, &kind); count++)
        check(sg_wasi_import(store, from, name, &imports[count], &error) == SG_OK, &error);
    sg_core_instance *instance = sg_core_instance_new(store, module, imports, count, &error);
    check(instance, &error);
    const char *export = program == PYTHON ? "_start" : program_names[program];
    check(sg_core_instance_find(instance, export, strlen(export), &item, &error) == SG_OK, &error);
    const sg_core_value size = {.kind = SG_CORE_I64, .of.i64 = total};
    sg_status status = sg_core_func_call(item.of.func, &size, program == PYTHON ? 0 : 1, NULL, 0, &error);
    check(status == SG_OK || error.trap == SG_TRAP_EXIT, &error);
    sg_module_delete(module);
}

static void run_ours(Program program) {
    sg_error error;
    sg_engine *engine = sg_engine_new(NULL, &error);
    check(engine, &error);
    sg_limits limits = {
        .size = sizeof limits, .fuel = UINT64_C(1) << 60, .timeout_ns = UINT64_C(600000000000)};
    sg_store *store = sg_store_new(engine, &limits, &error);
    sg_wasi *wasi = sg_wasi_new(engine, &error);
    check(store && wasi, &error);
    sg_wasi_inherit_stdio(wasi);
    for (size_t i = 0; program == PYTHON && i < 3; i++)
        check(sg_wasi_add_argument(wasi, python_arguments[i], &error) == SG_OK, &error);
    check(sg_wasi_add_dir(wasi, top, "/", false, &error) == SG_OK &&
              sg_wasi_attach(wasi, store, &error) == SG_OK,
          &error);
    sg_wasi_delete(wasi);
    if (program != HELLO) {
        run_module(engine, store, program);
    } else {
        sg_linker *linker = sg_linker_new(engine, &error);
        sg_component *component =
            sg_component_load(engine, binaries[HELLO].data, binaries[HELLO].size, &error);
        check(linker && component && sg_wasi_define(linker, &error) == SG_OK, &error);
        sg_instance *instance = sg_linker_instantiate(linker, store, component, &error);
        sg_func *run = instance ? sg_instance_find_func(instance, "wasi:cli/run@0.2.0#run", &error) : NULL;
        check(run && sg_func_call(run, NULL, 0, NULL, &error) == SG_OK, &error);
        sg_component_delete(component);
        sg_linker_delete(linker);
    }
    sg_store_delete(store);
    sg_engine_delete(engine);
}

/* ---- Wasmtime, as wasmtime.h declares it ---- */

typedef struct Bytes {
    size_t size;
    char *data;
} Bytes;

/* Handles that are passed by address; with room to spare. */
typedef struct Handle {
    uint64_t room[8];
} Handle;

/* wasmtime_extern_t and wasmtime_val_t: a kind, then a union at offset 8. */
typedef struct Tagged {
    uint8_t kind;
    union {
        int64_t i64;
        uint64_t room[4];
    } of;
} Tagged;

#define THEIR_FUNCTIONS(F)                                                                                   \
    F(void *, wasm_config_new, (void))                                                                       \
    F(void, wasmtime_config_wasm_component_model_set, (void *, bool))                                        \
    F(void, wasmtime_config_consume_fuel_set, (void *, bool))                                                \
    F(void, wasmtime_config_epoch_interruption_set, (void *, bool))                                          \
    F(void *, wasm_engine_new_with_config, (void *))                                                         \
    F(void *, wasmtime_store_new, (void *, void *, void (*)(void *)))                                        \
    F(void *, wasmtime_store_context, (void *))                                                              \
    F(void *, wasmtime_context_set_fuel, (void *, uint64_t))                                                 \
    F(void, wasmtime_context_set_epoch_deadline, (void *, uint64_t))                                         \
    F(void *, wasi_config_new, (void))                                                                       \
    F(bool, wasi_config_set_argv, (void *, size_t, const char **))                                           \
    F(void, wasi_config_inherit_stdin, (void *))                                                             \
    F(void, wasi_config_inherit_stdout, (void *))                                                            \
    F(bool, wasi_config_preopen_dir, (void *, const char *, const char *, size_t, size_t))                   \
    F(void *, wasmtime_context_set_wasi, (void *, void *))                                                   \
    F(void *, wasmtime_module_new, (void *, const uint8_t *, size_t, void **))                               \
    F(void *, wasmtime_module_serialize, (void *, Bytes *))                                                  \
    F(void *, wasmtime_module_deserialize_file, (void *, const char *, void **))                             \
    F(void *, wasmtime_linker_new, (void *))                                                                 \
    F(void *, wasmtime_linker_define_wasi, (void *))                                                         \
    F(void *, wasmtime_linker_instantiate, (void *, void *, void *, Handle *, void **))                      \
    F(bool, wasmtime_instance_export_get, (void *, Handle *, const char *, size_t, Tagged *))                \
    F(void *, wasmtime_func_call, (void *, const void *, const Tagged *, size_t, Tagged *, size_t, void **)) \
    F(void *, wasmtime_component_new, (void *, const uint8_t *, size_t, void **))                            \
    F(void *, wasmtime_component_serialize, (void *, Bytes *))                                               \
    F(void *, wasmtime_component_deserialize_file, (void *, const char *, void **))                          \
    F(void *, wasmtime_component_linker_new, (void *))                                                       \
    F(void *, wasmtime_component_linker_add_wasip2, (void *))                                                \
    F(void *, wasmtime_component_linker_instantiate, (void *, void *, void *, Handle *))                     \
    F(void *, wasmtime_component_instance_get_export_index,                                                  \
      (Handle *, void *, void *, const char *, size_t))                                                      \
    F(bool, wasmtime_component_instance_get_func, (Handle *, void *, void *, Handle *))                      \
    F(void *, wasmtime_component_func_call, (Handle *, void *, const void *, size_t, void *, size_t))        \
    F(bool, wasmtime_error_exit_status, (void *, int *))                                                     \
    F(void, wasmtime_error_message, (void *, Bytes *))

#define DECLARE(result, name, params) static result(*name) params;
THEIR_FUNCTIONS(DECLARE)

static void load_theirs(const char *library) {
    void *handle = dlopen(library, RTLD_NOW), *symbol;
    require(handle, dlerror());
#define LOAD(result, name, params)                                                                           \
    symbol = dlsym(handle, #name);                                                                           \
    require(symbol, #name);                                                                                  \
    memcpy(&name, &symbol, sizeof name);
    THEIR_FUNCTIONS(LOAD)
}

static void check_theirs(void *error) {
    Bytes message;
    int code;
    if (error == NULL || (wasmtime_error_exit_status(error, &code) && code == 0))
        return;
    wasmtime_error_message(error, &message);
    fprintf(stderr, "Wasmtime: %.*s\n", (int)message.size, message.data);
    exit(1);
}

static void cache_path(Program program, char path[64]) {
    snprintf(path, 64, "%s/cached-%d", top, program == PYTHON || program == HELLO ? (int)program : READ_FILE);
}

/* The module or component, compiled, or mapped. */
static void *code_of(void *engine, Program program, bool is_cached) {
    const Binary *binary = &binaries[program];
    char path[64];
    void *code = NULL;
    cache_path(program, path);
    if (program == HELLO)
        check_theirs(is_cached ? wasmtime_component_deserialize_file(engine, path, &code)
                               : wasmtime_component_new(engine, binary->data, binary->size, &code));
    else
        check_theirs(is_cached ? wasmtime_module_deserialize_file(engine, path, &code)
                               : wasmtime_module_new(engine, binary->data, binary->size, &code));
    return code;
}

static void *their_engine(void) {
    void *config = wasm_config_new();
    wasmtime_config_wasm_component_model_set(config, true);
    wasmtime_config_consume_fuel_set(config, true);
    wasmtime_config_epoch_interruption_set(config, true);
    return wasm_engine_new_with_config(config);
}

static void run_their_component(void *engine, void *context, void *component) {
    static const char interface[] = "wasi:cli/run@0.2.0";
    void *linker = wasmtime_component_linker_new(engine);
    Handle instance, func;
    Tagged result = {.kind = 0};
    check_theirs(wasmtime_component_linker_add_wasip2(linker));
    check_theirs(wasmtime_component_linker_instantiate(linker, context, component, &instance));
    void *outer =
        wasmtime_component_instance_get_export_index(&instance, context, NULL, interface, strlen(interface));
    void *inner = wasmtime_component_instance_get_export_index(&instance, context, outer, "run", 3);
    require(outer && inner && wasmtime_component_instance_get_func(&instance, context, inner, &func),
            "no run");
    check_theirs(wasmtime_component_func_call(&func, context, NULL, 0, &result, 1));
}

static void run_theirs(Program program, bool is_cached) {
    void *engine = their_engine(), *store = wasmtime_store_new(engine, NULL, NULL);
    void *context = wasmtime_store_context(store), *wasi = wasi_config_new(), *trap = NULL;
    Handle instance;
    Tagged item = {.kind = 0};
    check_theirs(wasmtime_context_set_fuel(context, UINT64_C(1) << 60));
    wasmtime_context_set_epoch_deadline(context, UINT64_C(1) << 40);
    if (program == PYTHON)
        wasi_config_set_argv(wasi, 3, python_arguments);
    wasi_config_inherit_stdin(wasi);
    wasi_config_inherit_stdout(wasi);
    require(wasi_config_preopen_dir(wasi, top, "/", 3, 3), "cannot grant the directory");
    check_theirs(wasmtime_context_set_wasi(context, wasi));
    void *code = code_of(engine, program, is_cached);
    if (program == HELLO) {
        run_their_component(engine, context, code);
        return;
    }
    void *linker = wasmtime_linker_new(engine);
    check_theirs(wasmtime_linker_define_wasi(linker));
    check_theirs(wasmtime_linker_instantiate(linker, context, code, &instance, &trap));
    const char *export = program == PYTHON ? "_start" : program_names[program];
    require(!trap && wasmtime_instance_export_get(context, &instance, export, strlen(export), &item),
            "no export");
    const Tagged size = {.kind = 1, .of.i64 = total};
    check_theirs(wasmtime_func_call(context, &item.of, &size, program == PYTHON ? 0 : 1, NULL, 0, &trap));
    require(trap == NULL, "Wasmtime: a trap");
}

static void make_cache(Program program) {
    char path[64];
    Bytes bytes;
    void *engine = their_engine(), *code = code_of(engine, program, false);
    check_theirs(program == HELLO ? wasmtime_component_serialize(code, &bytes)
                                  : wasmtime_module_serialize(code, &bytes));
    cache_path(program, path);
    FILE *file = fopen(path, "wb");
    require(file && fwrite(bytes.data, 1, bytes.size, file) == bytes.size && fclose(file) == 0,
            "cannot write the cache");
}

/* ---- one measurement, in a process of its own ---- */

typedef struct Measured {
    double ms, mib;
} Measured;

static void swallow(int from) {
    static char block[BLOCK];
    while (read(from, block, sizeof block) > 0)
        ;
    _exit(0);
}

static void pour(int to) {
    static char block[BLOCK];
    for (int64_t left = total; left > 0;) {
        ssize_t put = write(to, block, sizeof block);
        if (put <= 0)
            break;
        left -= put;
    }
    _exit(0);
}

/* The other end of the pipe that the program reads or writes is a process. */
static pid_t connect_pipe(Program program) {
    int ends[2];
    require(pipe(ends) == 0, "no pipe");
    pid_t other = fork();
    bool reads = program == READ_PIPE;
    if (other == 0) {
        close(ends[reads ? 0 : 1]);
        if (reads)
            pour(ends[1]);
        swallow(ends[0]);
    }
    dup2(ends[reads ? 0 : 1], reads ? 0 : 1);
    close(ends[0]);
    close(ends[1]);
    return other;
}

static size_t peak(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss;
}

static void measure_here(Engine engine, Program program, int report) {
    pid_t other = 0;
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    if (program == READ_PIPE || program == WRITE_PIPE)
        other = connect_pipe(program);
    size_t before = peak();
    double started = now_ms();
    if (engine == OURS)
        run_ours(program);
    else
        run_theirs(program, engine == THEIRS_CACHED);
    close(1);
    if (other)
        waitpid(other, NULL, 0);
    Measured measured = {now_ms() - started, (double)(peak() - before) / 1024};
    ssize_t put = write(report, &measured, sizeof measured);
    _exit(put == sizeof measured ? 0 : 1);
}

static Measured measure(Engine engine, Program program) {
    int report[2], status = 1;
    Measured measured = {0};
    require(pipe(report) == 0, "no pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        measure_here(engine, program, report[1]);
    close(report[1]);
    bool is_told = read(report[0], &measured, sizeof measured) == sizeof measured;
    close(report[0]);
    waitpid(child, &status, 0);
    require(is_told && status == 0, "a measurement failed");
    return measured;
}

/* ---- the table ---- */

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print_row(Program program, Engine engine, const Measured *samples, unsigned rounds) {
    double ms[ROUNDS_MAX], mib[ROUNDS_MAX];
    for (unsigned i = 0; i < rounds; i++) {
        ms[i] = samples[i].ms;
        mib[i] = samples[i].mib;
    }
    qsort(ms, rounds, sizeof *ms, compare);
    qsort(mib, rounds, sizeof *mib, compare);
    double spread = (ms[rounds * 3 / 4] - ms[rounds / 4]) / 2;
    printf("%-18s %-17s %9.1f ms +-%4.1f  %8.1f MiB", program_names[program], engine_names[engine],
           ms[rounds / 2], spread, mib[rounds / 2]);
    if (program >= READ_FILE)
        printf("  %7.0f MB/s", (double)total / 1e6 / (ms[rounds / 2] / 1e3));
    putchar('\n');
}

static Binary read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    require(file, path);
    fseek(file, 0, SEEK_END);
    Binary binary = {.size = (size_t)ftell(file)};
    rewind(file);
    binary.data = malloc(binary.size);
    require(binary.data && fread(binary.data, 1, binary.size, file) == binary.size, path);
    fclose(file);
    return binary;
}

static Binary parse(const char *text) {
    sg_error error;
    sg_bytes bytes;
    sg_engine *engine = sg_engine_new(NULL, &error);
    check(engine && sg_wat_parse(engine, text, strlen(text), &bytes, &error) == SG_OK, &error);
    sg_engine_delete(engine);
    return (Binary){bytes.data, bytes.size};
}

int main(int argc, char **argv) {
    unsigned rounds = 5;
    int at = 1;
    total = INT64_C(1) << 30;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        if (strcmp(argv[at], "--rounds") == 0)
            rounds = (unsigned)atoi(argv[at + 1]);
        else if (strcmp(argv[at], "--gib") == 0)
            total = atoi(argv[at + 1]) * (INT64_C(1) << 30);
    }
    require(at < argc && rounds > 0 && rounds <= ROUNDS_MAX && total > 0,
            "usage: wasi [--rounds N] [--gib N] PYTHON_WASM [LIBWASMTIME]");
    require(mkdtemp(top), "no directory");
    binaries[PYTHON] = read_file(argv[at]);
    binaries[HELLO] = parse(hello_text);
    for (int i = READ_FILE; i < PROGRAMS; i++)
        binaries[i] = parse(mover_text);
    Engine engines = at + 1 < argc ? ENGINES : THEIRS;
    if (engines == ENGINES) {
        pid_t child = fork();
        if (child == 0) {
            load_theirs(argv[at + 1]);
            make_cache(PYTHON), make_cache(HELLO), make_cache(READ_FILE);
            exit(0);
        }
        int status = 1;
        waitpid(child, &status, 0);
        require(status == 0, "Wasmtime did not compile");
        load_theirs(argv[at + 1]);
    }
    measure(OURS, WRITE_FILE); /* what is read */
    for (int program = 0; program < PROGRAMS; program++) {
        static Measured samples[ENGINES][ROUNDS_MAX];
        for (unsigned round = 0; round < rounds; round++)
            for (int engine = 0; engine < (int)engines; engine++)
                samples[engine][round] = measure((Engine)engine, (Program)program);
        for (int engine = 0; engine < (int)engines; engine++)
            print_row((Program)program, (Engine)engine, samples[engine], rounds);
    }
    char command[80];
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command) == 0 ? 0 : 1;
}
