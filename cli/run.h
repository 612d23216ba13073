/* sandglass run, inside: options → a store with grants → calls. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli.h"

typedef enum ReportForm { REPORT_NONE, REPORT_TEXT, REPORT_JSON } ReportForm;

/* One option that grants something, in the order given. */
typedef struct Grant {
    int option; /* OPTION_DIR ... */
    const char *text;
} Grant;

typedef struct RunOptions {
    sg_limits limits;
    sg_wasi_limits wasi_limits;
    const char *invoke, *features;
    ReportForm report;
    bool unknown_imports_trap;
    Grant *grants;
    size_t grant_count;
    char **arguments; /* the file's name, then the program's */
    int argument_count;
} RunOptions;

typedef struct Run {
    const RunOptions *options;
    sg_engine *engine;
    sg_store *store;
    sg_module *module;
    sg_component *component;
    uint64_t compile_ns, instantiate_ns;
    const Grant *refused; /* the one that `error` is about; NULL: it is about something else */
    sg_error error;
} Run;

enum {
    OPTION_FUEL = 256,
    OPTION_TIMEOUT,
    OPTION_MEMORY,
    OPTION_STACK,
    OPTION_TABLE,
    OPTION_INSTANCES,
    OPTION_RESOURCES,
    OPTION_HOSTCALL,
    OPTION_DESCRIPTORS,
    OPTION_SOCKETS,
    OPTION_WRITTEN,
    OPTION_GROW,
    OPTION_REPORT,
    OPTION_INVOKE,
    OPTION_UNKNOWN_IMPORTS,
    OPTION_FEATURES,
    OPTION_DIR,
    OPTION_ENV,
    OPTION_INHERIT_ENV,
    OPTION_TCP,
    OPTION_UDP,
    OPTION_DNS,
    OPTION_CLOCK,
    OPTION_RANDOM,
    OPTION_DETERMINISTIC,
};

/* Reads the options; EXIT_OK to go on, else *done is set and the status answered. Free with
 * free_run_options. */
int parse_run_options(int argc, char **argv, RunOptions *options, bool *done);
void free_run_options(RunOptions *options);
/* "seed=N" */
bool parse_seed(const char *text, uint64_t *seed);
/* "dir" */
const char *run_option_name(int option);

/* Gives the store what the options grant, and the program's arguments. */
sg_status grant_all(Run *run);

/* Instantiate and call what the options say, or else what programs begin with. *exit_code: of a program that
 * returned. */
sg_status run_component(Run *run, int *exit_code);
sg_status run_module(Run *run);

/* Fills run->error. */
sg_status run_failed(Run *run, sg_status status, const char *message, const char *detail);

/* Until unwatch, SIGINT and SIGTERM end the store's call, or, where none runs, the process. */
typedef struct Watch Watch;
Watch *watch_signals(sg_store *store);
/* The signal that came, or 0. NULL allowed. */
int unwatch_signals(Watch *watch);

#endif
