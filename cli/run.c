/* sandglass run: load → instantiate → call, under limits, and report. */
#include "run.h"

#include <inttypes.h>
#include <string.h>

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
        if (frame.module.size) {
            print_text(stderr, frame.module.data, frame.module.size);
            putc('!', stderr);
        }
        if (frame.function.size)
            print_text(stderr, frame.function.data, frame.function.size);
        else
            fprintf(stderr, "function %" PRIu32, frame.function_index);
        fprintf(stderr, " (offset 0x%" PRIx64 ")\n", frame.offset);
    }
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

static sg_status run_file(Run *run, const File *file, int *exit_code, int *ended_by) {
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
    status = grant_all(run);
    if (status != SG_OK)
        return status;
    Watch *watch = watch_signals(run->store);
    status = run->component ? run_component(run, exit_code) : run_module(run);
    fflush(stdout);
    *ended_by = unwatch_signals(watch);
    return status;
}

/* What is no rule, or no name, is bad usage; that what is named is not there is another error. */
static int fail_grant(const Run *run) {
    char name[32];
    snprintf(name, sizeof name, "--%s", run_option_name(run->refused->option));
    fail_error(name, &run->error);
    if (run->error.status != SG_BAD_VALUE)
        return EXIT_ERROR;
    fputs("try 'sandglass run --help'\n", stderr);
    return EXIT_USAGE;
}

/* The exit status, after telling what went wrong. */
static int conclude(const Run *run, const char *path, sg_status result, int exit_code, int ended_by) {
    if (result == SG_OK)
        return exit_code;
    if (result == SG_TRAP && run->error.trap == SG_TRAP_EXIT && sg_wasi_exit_code(run->store, &exit_code))
        return exit_code & 0xff;
    if (result == SG_TRAP && run->error.trap == SG_TRAP_CANCELLED && ended_by)
        return 128 + ended_by;
    if (run->refused)
        return fail_grant(run);
    int status = fail_error(path, &run->error);
    if (result == SG_NOT_FOUND && run->options->invoke == NULL)
        fputs("name an export to call: --invoke 'name(...)'\n", stderr);
    if (result == SG_TRAP)
        print_backtrace(run);
    return status;
}

int command_run(int argc, char **argv) {
    RunOptions options = {.limits = {.size = sizeof options.limits},
                          .wasi_limits = {.size = sizeof options.wasi_limits},
                          .features = ""};
    bool done;
    File file = {0};
    int status = parse_run_options(argc, argv, &options, &done);
    if (!done && !file_read(options.arguments[0], &file))
        status = EXIT_ERROR;
    else if (!done) {
        Run run = {.options = &options};
        int exit_code = EXIT_OK, ended_by = 0;
        sg_status result = run_file(&run, &file, &exit_code, &ended_by);
        status = conclude(&run, file.path, result, exit_code, ended_by);
        if (options.report != REPORT_NONE)
            report(&run, result);
        sg_store_delete(run.store);
        sg_module_delete(run.module);
        sg_component_delete(run.component);
        sg_engine_delete(run.engine);
    }
    file_free(&file);
    free_run_options(&options);
    return status;
}
