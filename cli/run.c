/* sandglass run: load → instantiate → call, under limits, and report. */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum ReportForm { REPORT_NONE, REPORT_TEXT, REPORT_JSON } ReportForm;

typedef struct RunOptions {
    sg_limits limits;
    const char *invoke, *features;
    ReportForm report;
    bool unknown_imports_trap;
} RunOptions;

typedef struct Run {
    const RunOptions *options;
    sg_engine *engine;
    sg_store *store;
    sg_module *module;
    sg_component *component;
    uint64_t compile_ns, instantiate_ns;
    sg_error error;
} Run;

static void print_help(void) {
    puts("usage: sandglass [run] [OPTIONS] FILE\n\n"
         "Runs a component or core module, binary or text. Without --invoke the export 'run' or '_start' is "
         "called.\n\n"
         "  --invoke 'CALL'           call an export, arguments in WAVE: --invoke 'greet(\"world\")';\n"
         "                            'interface#name(...)' reaches into an exported interface\n"
         "  --define-unknown-imports-as-traps\n"
         "                            functions that are imported but not supplied trap when called\n"
         "  --features NAMES          turn proposals on, or with a '-' before the name off: threads,-gc\n"
         "  --report[=json]           afterwards, tell on standard error what was used\n\n"
         "limits (K, M, G are powers of 1,000; KiB, MiB, GiB of 1,024):\n"
         "  --fuel N[K|M|G]           units of fuel\n"
         "  --timeout T               wall-clock time for everything: 50ms, 2s, 100us\n"
         "  --memory SIZE             memory of the whole store: 64MiB\n"
         "  --max-stack SIZE          guest stack\n"
         "  --max-table-elements N    over all tables\n"
         "  --max-instances N         core instances\n"
         "  --max-resources N         live resource handles\n"
         "  --hostcall-bytes SIZE     what the host may hold for the guest\n"
         "  --trap-on-grow-failure    growth beyond a limit ends the call instead of answering -1");
}

/* A number with one of `units`, pairs of suffix and factor; the first has the empty suffix if none is needed.
 * 0 is told apart from "the default" by SG_ZERO. */
typedef struct Unit {
    const char *suffix;
    uint64_t factor;
} Unit;

static bool parse_quantity(const char *text, const Unit *units, size_t unit_count, uint64_t *value) {
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    for (size_t i = 0; i < unit_count; i++)
        if (strcasecmp(end, units[i].suffix) == 0) {
            if (__builtin_mul_overflow(number, units[i].factor, &number) || number >= SG_ZERO)
                return false;
            *value = number ? number : SG_ZERO;
            return true;
        }
    return false;
}

static const Unit count_units[] = {{"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}};
static const Unit size_units[] = {{"", 1},
                                  {"B", 1},
                                  {"k", 1000},
                                  {"KB", 1000},
                                  {"M", 1000000},
                                  {"MB", 1000000},
                                  {"G", 1000000000},
                                  {"GB", 1000000000},
                                  {"KiB", UINT64_C(1) << 10},
                                  {"MiB", UINT64_C(1) << 20},
                                  {"GiB", UINT64_C(1) << 30}};
static const Unit time_units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};

typedef enum LimitOption {
    OPTION_FUEL = 256,
    OPTION_TIMEOUT,
    OPTION_MEMORY,
    OPTION_STACK,
    OPTION_TABLE,
    OPTION_INSTANCES,
    OPTION_RESOURCES,
    OPTION_HOSTCALL,
    OPTION_GROW,
    OPTION_REPORT,
    OPTION_INVOKE,
    OPTION_UNKNOWN_IMPORTS,
    OPTION_FEATURES,
} LimitOption;

#define SIZED(units) units, sizeof(units) / sizeof *(units)

/* One limit from its text; false if it cannot be read. */
static bool parse_limit(LimitOption option, const char *text, sg_limits *limits) {
    switch (option) {
    case OPTION_FUEL: return parse_quantity(text, SIZED(count_units), &limits->fuel);
    case OPTION_TIMEOUT: return parse_quantity(text, SIZED(time_units), &limits->timeout_ns);
    case OPTION_MEMORY: return parse_quantity(text, SIZED(size_units), &limits->memory_bytes);
    case OPTION_STACK: return parse_quantity(text, SIZED(size_units), &limits->stack_bytes);
    case OPTION_TABLE: return parse_quantity(text, SIZED(count_units), &limits->table_elements);
    case OPTION_INSTANCES: return parse_quantity(text, SIZED(count_units), &limits->instances);
    case OPTION_RESOURCES: return parse_quantity(text, SIZED(count_units), &limits->handles);
    default: return parse_quantity(text, SIZED(size_units), &limits->host_bytes);
    }
}

/* Reads the options; EXIT_OK to go on, else *done is set and the status answered. */
static int parse_options(int argc, char **argv, RunOptions *options, bool *done) {
    static const struct option table[] = {
        {"fuel", required_argument, NULL, OPTION_FUEL},
        {"timeout", required_argument, NULL, OPTION_TIMEOUT},
        {"memory", required_argument, NULL, OPTION_MEMORY},
        {"max-stack", required_argument, NULL, OPTION_STACK},
        {"max-table-elements", required_argument, NULL, OPTION_TABLE},
        {"max-instances", required_argument, NULL, OPTION_INSTANCES},
        {"max-resources", required_argument, NULL, OPTION_RESOURCES},
        {"hostcall-bytes", required_argument, NULL, OPTION_HOSTCALL},
        {"trap-on-grow-failure", no_argument, NULL, OPTION_GROW},
        {"report", optional_argument, NULL, OPTION_REPORT},
        {"invoke", required_argument, NULL, OPTION_INVOKE},
        {"define-unknown-imports-as-traps", no_argument, NULL, OPTION_UNKNOWN_IMPORTS},
        {"features", required_argument, NULL, OPTION_FEATURES},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    *done = true;
    for (int option; (option = next_option(argc, argv, table)) != -1;) {
        switch (option) {
        case 'h': print_help(); return EXIT_OK;
        case '?': return EXIT_USAGE;
        case OPTION_GROW: options->limits.on_grow_failure = SG_GROW_TRAP; break;
        case OPTION_INVOKE: options->invoke = optarg; break;
        case OPTION_FEATURES: options->features = optarg; break;
        case OPTION_UNKNOWN_IMPORTS: options->unknown_imports_trap = true; break;
        case OPTION_REPORT:
            if (optarg && strcmp(optarg, "json") != 0)
                return fail_usage("run", "--report is plain or =json, not '=%s'", optarg);
            options->report = optarg ? REPORT_JSON : REPORT_TEXT;
            break;
        default:
            if (!parse_limit((LimitOption)option, optarg, &options->limits))
                return fail_usage("run", "'%s' is not a value that this limit can take", optarg);
        }
    }
    if (optind == argc)
        return fail_usage("run", "no file given");
    if (optind + 1 < argc)
        return fail_usage(
            "run",
            "'%s': arguments for the program need WASI, which is not built; options go before the file",
            argv[optind + 1]);
    *done = false;
    return EXIT_OK;
}

static void report(const Run *run, sg_status status) {
    sg_usage usage = run->store ? sg_store_usage(run->store) : (sg_usage){0};
    char reason[160];
    reason_text(status, &run->error, reason, sizeof reason);
    if (run->options->report == REPORT_JSON) {
        fputs("{\"reason\": ", stderr);
        json_string(stderr, reason, strlen(reason));
        fprintf(stderr,
                ", \"fuel\": %" PRIu64 ", \"peak_memory_bytes\": %" PRIu64 ", \"peak_host_bytes\": %" PRIu64
                ", \"peak_stack_bytes\": %" PRIu64 ", \"wall_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64
                ", \"compile_ns\": %" PRIu64 ", \"instantiate_ns\": %" PRIu64 "}\n",
                usage.fuel, usage.peak_memory_bytes, usage.peak_host_bytes, usage.peak_stack_bytes,
                usage.wall_ns, usage.cpu_ns, run->compile_ns, run->instantiate_ns);
        return;
    }
    fprintf(stderr,
            "reason:           %s\n"
            "fuel:             %" PRIu64 "\n"
            "peak memory:      %" PRIu64 " bytes\n"
            "wall time:        %.3f ms\n"
            "cpu time:         %.3f ms\n"
            "compile time:     %.3f ms\n"
            "instantiate time: %.3f ms\n",
            reason, usage.fuel, usage.peak_memory_bytes, (double)usage.wall_ns / 1e6,
            (double)usage.cpu_ns / 1e6, (double)run->compile_ns / 1e6, (double)run->instantiate_ns / 1e6);
}

static void print_backtrace(const Run *run) {
    sg_frame frame;
    for (size_t i = 0; run->store && sg_store_frame(run->store, i, &frame); i++) {
        fprintf(stderr, "  %zu: ", i);
        if (frame.module.size)
            fprintf(stderr, "%.*s!", (int)frame.module.size, frame.module.data);
        if (frame.function.size)
            fprintf(stderr, "%.*s", (int)frame.function.size, frame.function.data);
        else
            fprintf(stderr, "function %" PRIu32, frame.function_index);
        fprintf(stderr, " (offset 0x%" PRIx64 ")\n", frame.offset);
    }
}

/* ---- components ---- */

static void print_value(const sg_value *value) {
    size_t size = sg_value_print(value, NULL, 0);
    char *text = malloc(size + 1);
    if (text) {
        sg_value_print(value, text, size + 1);
        puts(text);
    }
    free(text);
}

static sg_status call_component(Run *run, sg_instance *instance) {
    const char *text = run->options->invoke ? run->options->invoke : "run()";
    sg_func *func;
    sg_value *arguments, result;
    sg_status status = sg_call_parse(instance, text, strlen(text), &func, &arguments, &run->error);
    if (status != SG_OK)
        return status;
    size_t count = sg_func_param_count(func);
    status = sg_func_call(func, arguments, count, &result, &run->error);
    sg_arguments_delete(arguments, count);
    if (status == SG_OK && sg_func_result_type(func))
        print_value(&result);
    return status;
}

static sg_status run_component(Run *run) {
    sg_linker *linker = sg_linker_new(run->engine, &run->error);
    if (linker == NULL)
        return run->error.status;
    sg_linker_unknown_imports_trap(linker, run->options->unknown_imports_trap);
    uint64_t started = now_ns();
    sg_instance *instance = sg_linker_instantiate(linker, run->store, run->component, &run->error);
    run->instantiate_ns = now_ns() - started;
    sg_linker_delete(linker);
    return instance ? call_component(run, instance) : run->error.status;
}

/* ---- core modules ---- */

static sg_status bad_call(Run *run, const char *message, const char *detail) {
    run->error = (sg_error){.status = SG_BAD_VALUE, .offset = SG_NO_OFFSET};
    snprintf(run->error.message, sizeof run->error.message, "%s", message);
    snprintf(run->error.detail, sizeof run->error.detail, "%.200s", detail);
    return SG_BAD_VALUE;
}

/* One number of `kind` at *text, moved past it. */
static bool parse_core_value(const char **text, sg_core_kind kind, sg_core_value *value) {
    const char *start = *text + strspn(*text, " \t");
    char *end = NULL;
    errno = 0;
    value->kind = kind;
    switch (kind) {
    case SG_CORE_I32:
    case SG_CORE_I64: {
        bool negative = *start == '-';
        uint64_t number = strtoull(start + negative, &end, 0);
        uint64_t most = kind == SG_CORE_I32 ? UINT32_MAX : UINT64_MAX;
        if (end == start + negative || number > (negative ? most / 2 + 1 : most))
            return false;
        number = negative ? 0 - number : number;
        if (kind == SG_CORE_I32)
            value->of.i32 = (int32_t)number;
        else
            value->of.i64 = (int64_t)number;
        break;
    }
    case SG_CORE_F32: value->of.f32 = strtof(start, &end); break;
    case SG_CORE_F64: value->of.f64 = strtod(start, &end); break;
    default: return false;
    }
    *text = end + strspn(end, " \t");
    return end != start && errno == 0;
}

static void print_core_values(const sg_core_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ", " : count > 1 ? "(" : "", stdout);
        switch (values[i].kind) {
        case SG_CORE_I32: printf("%" PRId32, values[i].of.i32); break;
        case SG_CORE_I64: printf("%" PRId64, values[i].of.i64); break;
        case SG_CORE_F32: printf("%.9g", (double)values[i].of.f32); break;
        case SG_CORE_F64: printf("%.17g", values[i].of.f64); break;
        default: fputs(values[i].of.ref ? "ref" : "null", stdout);
        }
    }
    if (count)
        puts(count > 1 ? ")" : "");
}

enum { CORE_VALUES_MAX = 64 };

static sg_status call_core(Run *run, sg_core_instance *instance) {
    const char *call = run->options->invoke ? run->options->invoke : "_start()";
    size_t name_size = strcspn(call, "(");
    const char *at = call + name_size;
    sg_extern item;
    sg_status status = sg_core_instance_find(instance, call, name_size, &item, &run->error);
    if (status != SG_OK)
        return status;
    if (item.kind != SG_EXTERN_FUNC)
        return bad_call(run, "this export is not a function", call);
    if (*at++ != '(')
        return bad_call(run, "a call is written name(arguments)", call);
    sg_core_value arguments[CORE_VALUES_MAX], results[CORE_VALUES_MAX];
    size_t params = sg_core_func_param_count(item.of.func),
           result_count = sg_core_func_result_count(item.of.func);
    if (params > CORE_VALUES_MAX || result_count > CORE_VALUES_MAX)
        return bad_call(run, "too many parameters or results for the command line", call);
    for (size_t i = 0; i < params; i++)
        if ((i && *at++ != ',') || !parse_core_value(&at, sg_core_func_param(item.of.func, i), &arguments[i]))
            return bad_call(run, "arguments do not fit the function's parameters", call);
    at += strspn(at, " \t");
    if (*at++ != ')' || at[strspn(at, " \t")] != '\0')
        return bad_call(run, "arguments do not fit the function's parameters", call);
    status = sg_core_func_call(item.of.func, arguments, params, results, result_count, &run->error);
    if (status == SG_OK)
        print_core_values(results, result_count);
    return status;
}

/* Nothing is supplied to a core module here: its function imports are traps, if that was asked for. */
static sg_status resolve_import(Run *run, size_t index, sg_extern *item) {
    if (run->options->unknown_imports_trap)
        return sg_module_import_trap(run->store, run->module, index, item, &run->error);
    sg_string from, name;
    sg_extern_kind kind;
    sg_module_import(run->module, index, &from, &name, &kind);
    run->error = (sg_error){.status = SG_UNLINKABLE, .offset = SG_NO_OFFSET, .message = "unknown import"};
    snprintf(run->error.detail, sizeof run->error.detail, "\"%.*s\" \"%.*s\"", (int)from.size, from.data,
             (int)name.size, name.data);
    return SG_UNLINKABLE;
}

static sg_status run_module(Run *run) {
    size_t count = 0;
    sg_string from, name;
    sg_extern_kind kind;
    while (sg_module_import(run->module, count, &from, &name, &kind))
        count++;
    sg_extern *imports = calloc(count + 1, sizeof *imports);
    if (imports == NULL)
        return bad_call(run, "out of memory", "");
    sg_status status = SG_OK;
    for (size_t i = 0; i < count && status == SG_OK; i++)
        status = resolve_import(run, i, &imports[i]);
    if (status == SG_OK) {
        uint64_t started = now_ns();
        sg_core_instance *instance =
            sg_core_instance_new(run->store, run->module, imports, count, &run->error);
        run->instantiate_ns = now_ns() - started;
        status = instance ? call_core(run, instance) : run->error.status;
    }
    free(imports);
    return status;
}

/* ---- the whole ---- */

/* Text says by itself what it is: it is turned into its binary first. */
static sg_status load(Run *run, const File *file) {
    const char *kind = sg_bytes_kind(file->data, file->size);
    sg_bytes binary = {0};
    if (strcmp(kind, "text") == 0) {
        sg_status status = sg_wat_parse(run->engine, file->data, file->size, &binary, &run->error);
        if (status != SG_OK)
            return status;
        kind = sg_bytes_kind(binary.data, binary.size);
    }
    const void *data = binary.data ? binary.data : (const void *)file->data;
    size_t size = binary.data ? binary.size : file->size;
    if (strcmp(kind, "component") == 0)
        run->component = sg_component_load(run->engine, data, size, &run->error);
    else
        run->module = sg_module_load(run->engine, data, size, &run->error);
    sg_bytes_delete(&binary);
    return run->component || run->module ? SG_OK : run->error.status;
}

static sg_status run_file(Run *run, const File *file) {
    uint64_t started = now_ns();
    sg_engine_options engine_options = {.size = sizeof engine_options};
    sg_limits limits = run->options->limits;
    if (limits.timeout_ns) {
        /* One timeout for everything: loading, instantiation and the call. */
        uint64_t timeout = limits.timeout_ns == SG_ZERO ? 0 : limits.timeout_ns;
        engine_options.load_timeout_ns = limits.timeout_ns;
        limits.deadline_ns = timeout < SG_ZERO - started ? started + timeout : SG_UNLIMITED;
        limits.timeout_ns = 0;
    }
    run->engine = make_engine(&engine_options, run->options->features, &run->error);
    if (run->engine == NULL)
        return run->error.status;
    sg_status status = load(run, file);
    run->compile_ns = now_ns() - started;
    if (status != SG_OK)
        return status;
    run->store = sg_store_new(run->engine, &limits, &run->error);
    if (run->store == NULL)
        return run->error.status;
    return run->component ? run_component(run) : run_module(run);
}

int command_run(int argc, char **argv) {
    RunOptions options = {.limits = {.size = sizeof options.limits}, .features = ""};
    bool done;
    int status = parse_options(argc, argv, &options, &done);
    if (done)
        return status;
    File file;
    if (!file_read(argv[optind], &file))
        return EXIT_ERROR;
    Run run = {.options = &options};
    sg_status result = run_file(&run, &file);
    fflush(stdout);
    if (result != SG_OK) {
        status = fail_error(file.path, &run.error);
        if (result == SG_NOT_FOUND && options.invoke == NULL)
            fputs("name an export to call: --invoke 'name(...)'\n", stderr);
        if (result == SG_TRAP)
            print_backtrace(&run);
    }
    if (options.report != REPORT_NONE)
        report(&run, result);
    sg_store_delete(run.store);
    sg_module_delete(run.module);
    sg_component_delete(run.component);
    sg_engine_delete(run.engine);
    file_free(&file);
    return status;
}
