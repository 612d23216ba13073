/* calls [--rounds N] [LIBWASMTIME]
 *
 * What a call costs: from the host into a component, from a component into the host, and from one component
 * into another, by what it carries. Limits are on: fuel, memory and a deadline (there: fuel, memory and
 * epochs).
 *
 * With a shared library of Wasmtime's (pip's package brings one) the same binary runs there too, through its
 * C API for components, whose few declarations stand below. Rounds alternate between the engines; what is
 * counted is CPU time. The table has medians, half the distance between the quartiles, and ratios of medians.
 */
#include <dlfcn.h>
#include <sandglass.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- what is called ---- */

/* clang-format off */

/* `next` starts over: nobody keeps what was put there. */
#define LIBC                                                                                                 \
    "(memory (export \"memory\") 32) (global $next (mut i32) (i32.const 65536))"                             \
    "(func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (local $at i32)"                        \
    "  (if (i32.gt_u (i32.add (global.get $next) (local.get 3)) (i32.const 2000000))"                        \
    "    (then (global.set $next (i32.const 65536))))"                                                       \
    "  (local.tee $at (global.get $next))"                                                                   \
    "  (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 7))"        \
    "    (i32.const -8))))"
#define RECORD "(record (field \"id\" u32) (field \"x\" f64) (field \"y\" f64) (field \"on\" bool))"
/* The functions, under their names: they answer the number that they are given, or the length. */
#define TYPES(kind)                                                                                          \
    "(" kind " \"u32\" (func $f1 (param \"x\" u32) (result u32)))"                                           \
    "(" kind " \"str\" (func $f2 (param \"x\" string) (result u32)))"                                        \
    "(" kind " \"bytes\" (func $f3 (param \"x\" (list u8)) (result u32)))"                                   \
    "(" kind " \"records\" (func $f4 (param \"x\" (list $r)) (result u32)))"
#define LOOP(name, call)                                                                                     \
    "(func (export \"" name "\") (param $n i32) (result i32) (local $s i32)"                                 \
    "  (loop $l (local.set $s (i32.add (local.get $s) " call "))"                                            \
    "    (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $s))"
#define LIFT_LOOP(name)                                                                                      \
    "(func (export \"" name "\") (param \"n\" u32) (result u32) (canon lift (core func $b \"" name "\")))"
#define LIFT_A(name, type, core)                                                                             \
    "(func (export \"" name "\") (param \"x\" " type ") (result u32) (canon lift (core func $a \"" core      \
    "\") (memory (core memory $a \"memory\")) (realloc (core func $a \"realloc\"))))"

/* A component that calls its imports in loops. What it passes lies in its memory from 4096 on: zeroes. */
#define CALLER                                                                                               \
    "(core module $L " LIBC ") (core instance $bl (instantiate $L))"                                         \
    "(alias core export $bl \"memory\" (core memory $bm))"                                                   \
    "(core func $l1 (canon lower (func $f1)))"                                                               \
    "(core func $l2 (canon lower (func $f2) (memory $bm)))"                                                  \
    "(core func $l3 (canon lower (func $f3) (memory $bm)))"                                                  \
    "(core func $l4 (canon lower (func $f4) (memory $bm)))"                                                  \
    "(core module $B (import \"\" \"1\" (func $f1 (param i32) (result i32)))"                                \
    "  (import \"\" \"2\" (func $f2 (param i32 i32) (result i32)))"                                          \
    "  (import \"\" \"3\" (func $f3 (param i32 i32) (result i32)))"                                          \
    "  (import \"\" \"4\" (func $f4 (param i32 i32) (result i32)))" LOOP("u32", "(call $f1 (local.get $n))") \
        LOOP("str32", "(call $f2 (i32.const 4096) (i32.const 32))") LOOP(                                    \
            "str64k", "(call $f2 (i32.const 4096) (i32.const 65536))")                                       \
            LOOP("bytes64k", "(call $f3 (i32.const 4096) (i32.const 65536))") LOOP(                          \
                "records",                                                                                   \
                "(call $f4 (i32.const 4096) (i32.const 1000))") ")"                                          \
                                                                "(core instance $b (instantiate $B (with "   \
                                                                "\"\" (instance (export \"1\" (func $l1))"   \
                                                                "  (export \"2\" (func $l2)) (export \"3\" " \
                                                                "(func $l3)) (export \"4\" (func "           \
                                                                "$l4))))))" LIFT_LOOP("u32")                 \
                                                                    LIFT_LOOP("str32") LIFT_LOOP("str64k")   \
                                                                        LIFT_LOOP("bytes64k")                \
                                                                            LIFT_LOOP("records")

static const char text[] = "(component (type $r' " RECORD ") (import \"r\" (type $r (eq $r')))" TYPES(
    "import") "(component $A (type $r' " RECORD ") (export $r \"r\" (type $r'))"
              "  (core module $A " LIBC "    (func (export \"same\") (param i32) (result i32) (local.get 0))"
              "    (func (export \"length\") (param i32 i32) (result i32) (local.get 1)))"
              "  (core instance $a (instantiate $A))" LIFT_A("u32", "u32", "same")
                  LIFT_A("str", "string", "length") LIFT_A("bytes", "(list u8)", "length")
                      LIFT_A("records", "(list $r)",
                             "length") ")"
                                       "(component $B (type $r' " RECORD
                                       ") (import \"r\" (type $r (eq $r')))" TYPES("import") CALLER
    ")"
    "(instance $a (instantiate $A))"
    "(instance $host (instantiate $B (with \"r\" (type $r)) (with \"u32\" (func $f1)) (with \"str\" (func "
    "$f2))"
    "  (with \"bytes\" (func $f3)) (with \"records\" (func $f4))))"
    "(instance $between (instantiate $B (with \"r\" (type $a \"r\")) (with \"u32\" (func $a \"u32\"))"
    "  (with \"str\" (func $a \"str\")) (with \"bytes\" (func $a \"bytes\"))"
    "  (with \"records\" (func $a \"records\"))))"
    "(export \"a\" (instance $a)) (export \"host\" (instance $host)) (export \"between\" (instance "
    "$between)))";

typedef enum Way { INTO, OUT, BETWEEN, WAYS } Way;
static const char *const way_names[WAYS] = {"host → component", "component → host", "component → component"};

typedef struct Case {
    const char *name;
    const char *func, *loop; /* of "a"; of "host" and "between" */
    unsigned calls;          /* a round */
} Case;

static const Case cases[] = {
    {"(u32) → u32", "u32", "u32", 100000},        {"string, 32 bytes", "str", "str32", 50000},
    {"string, 64 KiB", "str", "str64k", 500},     {"list<u8>, 64 KiB", "bytes", "bytes64k", 1000},
    {"1,000 records", "records", "records", 200},
};
enum { CASES = sizeof cases / sizeof cases[0], RECORDS = 1000, LARGE = 65536, ROUNDS_MAX = 99 };

static char zeroes[LARGE];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void require(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "calls: %s\n", what);
    exit(1);
}

/* ---- Sandglass ---- */

typedef struct Ours {
    sg_engine *engine;
    sg_store *store;
    sg_func *into[CASES], *loops[WAYS][CASES];
    sg_value arguments[CASES];
    sg_value records[RECORDS];
    sg_field fields[RECORDS][4];
} Ours;

static Ours ours;

static void check(sg_status status, const sg_error *error) {
    if (status == SG_OK)
        return;
    char line[600];
    sg_error_format(error, line, sizeof line);
    require(false, line);
}

static sg_status answer(void *context, sg_call *call, const sg_value *arguments, size_t count,
                        sg_value *result, sg_error *error) {
    (void)context, (void)call, (void)count, (void)error;
    const sg_value *x = &arguments[0];
    size_t number = x->kind == SG_U32      ? x->of.u32
                    : x->kind == SG_STRING ? x->of.string.size
                    : x->kind == SG_BYTES  ? x->of.bytes.size
                                           : x->of.list.count;
    *result = (sg_value){.kind = SG_U32, .of.u32 = (uint32_t)number};
    return SG_OK;
}

static sg_func *ours_find(sg_instance *instance, const char *in, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "%s#%s", in, name);
    sg_error error = {.status = SG_OK};
    sg_func *func = sg_instance_find_func(instance, path, &error);
    check(error.status, &error);
    return func;
}

static void ours_arguments(void) {
    static const char *const names[4] = {"id", "x", "y", "on"};
    for (unsigned i = 0; i < RECORDS; i++) {
        for (unsigned j = 0; j < 4; j++)
            ours.fields[i][j].name = sg_string_of(names[j], strlen(names[j]));
        ours.fields[i][0].value.kind = SG_U32;
        ours.fields[i][1].value.kind = ours.fields[i][2].value.kind = SG_F64;
        ours.records[i] = (sg_value){.kind = SG_RECORD, .of.record = {ours.fields[i], 4}};
    }
    ours.arguments[0] = (sg_value){.kind = SG_U32};
    ours.arguments[1] = (sg_value){.kind = SG_STRING, .of.string = {zeroes, 32}};
    ours.arguments[2] = (sg_value){.kind = SG_STRING, .of.string = {zeroes, LARGE}};
    ours.arguments[3] = (sg_value){.kind = SG_BYTES, .of.bytes = {(const uint8_t *)zeroes, LARGE}};
    ours.arguments[4] = (sg_value){.kind = SG_LIST, .of.list = {ours.records, RECORDS}};
}

static void ours_start(sg_bytes binary) {
    sg_error error = {.status = SG_OK};
    sg_limits limits = {.size = sizeof limits,
                        .fuel = UINT64_C(1) << 60,
                        .timeout_ns = UINT64_C(60000000000),
                        .memory_bytes = UINT64_C(64) << 20};
    ours.store = sg_store_new(ours.engine, &limits, &error);
    sg_linker *linker = sg_linker_new(ours.engine, &error);
    sg_component *component = sg_component_load(ours.engine, binary.data, binary.size, &error);
    check(error.status, &error);
    static const char *const imports[] = {"u32", "str", "bytes", "records"};
    for (unsigned i = 0; i < 4; i++)
        check(sg_linker_define_func(linker, NULL, imports[i], answer, NULL, &error), &error);
    sg_instance *instance = sg_linker_instantiate(linker, ours.store, component, &error);
    check(instance ? SG_OK : error.status, &error);
    for (unsigned c = 0; c < CASES; c++) {
        ours.into[c] = ours_find(instance, "a", cases[c].func);
        ours.loops[OUT][c] = ours_find(instance, "host", cases[c].loop);
        ours.loops[BETWEEN][c] = ours_find(instance, "between", cases[c].loop);
    }
    sg_component_delete(component);
    sg_linker_delete(linker);
    ours_arguments();
}

static void ours_call(sg_func *func, const sg_value *argument) {
    sg_error error;
    sg_value result;
    check(sg_func_call(func, argument, 1, &result, &error), &error);
}

static void ours_run(Way way, unsigned c, unsigned calls) {
    if (way != INTO) {
        const sg_value count = {.kind = SG_U32, .of.u32 = calls};
        ours_call(ours.loops[way][c], &count);
        return;
    }
    for (unsigned i = 0; i < calls; i++)
        ours_call(ours.into[c], &ours.arguments[c]);
}

/* ---- Wasmtime, as wasmtime/component.h declares it ---- */

typedef struct Vec {
    size_t size;
    void *data;
} Vec;

enum { VAL_BOOL = 0, VAL_U8 = 2, VAL_U32 = 6, VAL_F64 = 10, VAL_STRING = 12, VAL_LIST = 13, VAL_RECORD = 14 };

typedef struct Val {
    uint8_t kind;
    union {
        bool boolean;
        uint8_t u8;
        uint32_t u32;
        double f64;
        Vec vec; /* string, list, record */
        uint64_t room[3];
    } of;
} Val;

typedef struct Entry {
    Vec name;
    Val value;
} Entry;

typedef struct TheirFunc {
    struct {
        uint64_t store;
        uint32_t one;
    } of;
    uint32_t two;
    void *three;
} TheirFunc;

typedef struct TheirInstance {
    uint64_t store;
    uint32_t one;
} TheirInstance;

typedef void *HostFn(void *, void *, const void *, const Val *, size_t, Val *, size_t);

#define THEIR_FUNCTIONS(F)                                                                                   \
    F(void *, wasm_config_new, (void))                                                                       \
    F(void, wasmtime_config_consume_fuel_set, (void *, bool))                                                \
    F(void, wasmtime_config_epoch_interruption_set, (void *, bool))                                          \
    F(void, wasmtime_config_wasm_component_model_set, (void *, bool))                                        \
    F(void *, wasm_engine_new_with_config, (void *))                                                         \
    F(void *, wasmtime_store_new, (void *, void *, void (*)(void *)))                                        \
    F(void *, wasmtime_store_context, (void *))                                                              \
    F(void, wasmtime_store_limiter, (void *, int64_t, int64_t, int64_t, int64_t, int64_t))                   \
    F(void *, wasmtime_context_set_fuel, (void *, uint64_t))                                                 \
    F(void, wasmtime_context_set_epoch_deadline, (void *, uint64_t))                                         \
    F(void *, wasmtime_component_new, (void *, const uint8_t *, size_t, void **))                            \
    F(void *, wasmtime_component_linker_new, (void *))                                                       \
    F(void *, wasmtime_component_linker_root, (void *))                                                      \
    F(void *, wasmtime_component_linker_instance_add_func,                                                   \
      (void *, const char *, size_t, HostFn *, void *, void (*)(void *)))                                    \
    F(void, wasmtime_component_linker_instance_delete, (void *))                                             \
    F(void *, wasmtime_component_linker_instantiate, (void *, void *, void *, TheirInstance *))              \
    F(void *, wasmtime_component_instance_get_export_index,                                                  \
      (TheirInstance *, void *, void *, const char *, size_t))                                               \
    F(bool, wasmtime_component_instance_get_func, (TheirInstance *, void *, void *, TheirFunc *))            \
    F(void *, wasmtime_component_func_call, (TheirFunc *, void *, const Val *, size_t, Val *, size_t))       \
    F(void, wasmtime_error_message, (void *, Vec *))

#define DECLARE(result, name, params) static result(*name) params;
THEIR_FUNCTIONS(DECLARE)

typedef struct Theirs {
    void *store, *context;
    TheirFunc into[CASES], loops[WAYS][CASES];
    Val arguments[CASES];
    Val bytes[LARGE], records[RECORDS];
    Entry entries[RECORDS][4];
} Theirs;

static Theirs theirs;

static void check_theirs(void *error) {
    if (error == NULL)
        return;
    Vec message;
    wasmtime_error_message(error, &message);
    fprintf(stderr, "Wasmtime: %.*s\n", (int)message.size, (char *)message.data);
    exit(1);
}

static void *answer_theirs(void *data, void *context, const void *type, const Val *arguments, size_t count,
                           Val *results, size_t result_count) {
    (void)data, (void)context, (void)type, (void)count, (void)result_count;
    const Val *x = &arguments[0];
    results[0].kind = VAL_U32;
    results[0].of.u32 = x->kind == VAL_U32 ? x->of.u32 : (uint32_t)x->of.vec.size;
    return NULL;
}

static TheirFunc theirs_find(TheirInstance *instance, const char *in, const char *name) {
    void *outer =
        wasmtime_component_instance_get_export_index(instance, theirs.context, NULL, in, strlen(in));
    void *inner =
        wasmtime_component_instance_get_export_index(instance, theirs.context, outer, name, strlen(name));
    TheirFunc func = {.two = 0};
    require(outer && inner && wasmtime_component_instance_get_func(instance, theirs.context, inner, &func),
            name);
    return func;
}

static void theirs_arguments(void) {
    static char *const names[4] = {"id", "x", "y", "on"};
    static const uint8_t kinds[4] = {VAL_U32, VAL_F64, VAL_F64, VAL_BOOL};
    for (unsigned i = 0; i < RECORDS; i++) {
        for (unsigned j = 0; j < 4; j++)
            theirs.entries[i][j] = (Entry){{strlen(names[j]), names[j]}, {.kind = kinds[j]}};
        theirs.records[i] = (Val){.kind = VAL_RECORD, .of.vec = {4, theirs.entries[i]}};
    }
    for (unsigned i = 0; i < LARGE; i++)
        theirs.bytes[i].kind = VAL_U8;
    theirs.arguments[0] = (Val){.kind = VAL_U32};
    theirs.arguments[1] = (Val){.kind = VAL_STRING, .of.vec = {32, zeroes}};
    theirs.arguments[2] = (Val){.kind = VAL_STRING, .of.vec = {LARGE, zeroes}};
    theirs.arguments[3] = (Val){.kind = VAL_LIST, .of.vec = {LARGE, theirs.bytes}};
    theirs.arguments[4] = (Val){.kind = VAL_LIST, .of.vec = {RECORDS, theirs.records}};
}

static void theirs_start(const char *library, sg_bytes binary) {
    void *handle = dlopen(library, RTLD_NOW);
    require(handle != NULL, "no such library");
    void *symbol;
#define RESOLVE(result, name, params)                                                                        \
    symbol = dlsym(handle, #name);                                                                           \
    require(symbol != NULL, #name);                                                                          \
    memcpy(&name, &symbol, sizeof symbol);
    THEIR_FUNCTIONS(RESOLVE)
    void *config = wasm_config_new(), *component;
    wasmtime_config_consume_fuel_set(config, true);
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_wasm_component_model_set(config, true);
    void *engine = wasm_engine_new_with_config(config), *linker = wasmtime_component_linker_new(engine);
    theirs.store = wasmtime_store_new(engine, NULL, NULL);
    theirs.context = wasmtime_store_context(theirs.store);
    wasmtime_store_limiter(theirs.store, 64 << 20, -1, -1, -1, -1);
    check_theirs(wasmtime_context_set_fuel(theirs.context, UINT64_C(1) << 60));
    wasmtime_context_set_epoch_deadline(theirs.context, 1000);
    check_theirs(wasmtime_component_new(engine, binary.data, binary.size, &component));
    void *root = wasmtime_component_linker_root(linker);
    static const char *const imports[] = {"u32", "str", "bytes", "records"};
    for (unsigned i = 0; i < 4; i++)
        check_theirs(wasmtime_component_linker_instance_add_func(root, imports[i], strlen(imports[i]),
                                                                 answer_theirs, NULL, NULL));
    wasmtime_component_linker_instance_delete(root);
    TheirInstance instance;
    check_theirs(wasmtime_component_linker_instantiate(linker, theirs.context, component, &instance));
    for (unsigned c = 0; c < CASES; c++) {
        theirs.into[c] = theirs_find(&instance, "a", cases[c].func);
        theirs.loops[OUT][c] = theirs_find(&instance, "host", cases[c].loop);
        theirs.loops[BETWEEN][c] = theirs_find(&instance, "between", cases[c].loop);
    }
    theirs_arguments();
}

static void theirs_call(TheirFunc *func, const Val *argument) {
    Val result = {0};
    check_theirs(wasmtime_component_func_call(func, theirs.context, argument, 1, &result, 1));
}

static void theirs_run(Way way, unsigned c, unsigned calls) {
    if (way != INTO) {
        const Val count = {.kind = VAL_U32, .of.u32 = calls};
        theirs_call(&theirs.loops[way][c], &count);
        return;
    }
    for (unsigned i = 0; i < calls; i++)
        theirs_call(&theirs.into[c], &theirs.arguments[c]);
}

/* ---- measuring ---- */

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct Times {
    double times[ROUNDS_MAX];
    double median, spread; /* spread: in per cent */
} Times;

static void settle(Times *times, unsigned rounds) {
    qsort(times->times, rounds, sizeof *times->times, compare);
    times->median = times->times[rounds / 2];
    times->spread = 50 * (times->times[rounds * 3 / 4] - times->times[rounds / 4]) / times->times[rounds / 2];
}

static double measure(void (*run)(Way, unsigned, unsigned), Way way, unsigned c) {
    double start = now();
    run(way, c, cases[c].calls);
    return (now() - start) / cases[c].calls;
}

static void measure_all(unsigned rounds, bool has_theirs) {
    printf("%-22s %-17s %12s", "", "", "Sandglass ns");
    printf(has_theirs ? " %16s %7s\n" : "\n", "Wasmtime ns", "ratio");
    for (unsigned way = 0; way < WAYS; way++)
        for (unsigned c = 0; c < CASES; c++) {
            Times mine, other;
            for (unsigned round = 0; round < rounds; round++) {
                mine.times[round] = measure(ours_run, (Way)way, c);
                if (has_theirs)
                    other.times[round] = measure(theirs_run, (Way)way, c);
            }
            settle(&mine, rounds);
            printf("%-24s %-19s %8.1f ±%2.0f%%", c ? "" : way_names[way], cases[c].name, mine.median,
                   mine.spread);
            if (has_theirs) {
                settle(&other, rounds);
                printf(" %10.1f ±%2.0f%% %7.2f", other.median, other.spread, mine.median / other.median);
            }
            printf("\n");
        }
}

int main(int argc, char **argv) {
    unsigned rounds = 15;
    const char *library = NULL;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = (unsigned)strtoul(argv[++i], NULL, 10);
        else
            library = argv[i];
    require(rounds > 0 && rounds <= ROUNDS_MAX, "1 to 99 rounds");
    sg_error error;
    sg_bytes binary;
    ours.engine = sg_engine_new(NULL, &error);
    check(sg_wat_parse(ours.engine, text, strlen(text), &binary, &error), &error);
    ours_start(binary);
    if (library)
        theirs_start(library, binary);
    sg_bytes_delete(&binary);
    measure_all(rounds, library != NULL);
    sg_store_delete(ours.store);
    sg_engine_delete(ours.engine);
    return 0;
}
