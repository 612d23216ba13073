/* The command: one function a subcommand, and what they share. Public headers only. */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <sandglass.h>
#include <stdbool.h>
#include <stdio.h>

enum { EXIT_OK = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_TRAP = 134 };

/* argv[0] is the subcommand's name. They answer the exit status. */
int command_run(int argc, char **argv);
int command_validate(int argc, char **argv);
int command_wast(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_parse(int argc, char **argv);
int command_print(int argc, char **argv);
int command_wit(int argc, char **argv);
int command_bindgen(int argc, char **argv);
int command_componentize(int argc, char **argv);
int command_compose(int argc, char **argv);

/* A whole file in memory; `path` "-" is standard input. */
typedef struct File {
    const char *path;
    char *data;
    size_t size;
} File;

/* False after telling why on stderr. Free with file_free. */
bool file_read(const char *path, File *file);
void file_free(File *file);
/* Writes `size` bytes to `path`, "-" being standard output; false after telling why. */
bool file_write(const char *path, const void *data, size_t size);

/* The files of a WIT package; paths as sg_wit_source has them. */
typedef struct Sources {
    File *files;
    sg_wit_source *list;
    size_t count;
} Sources;

/* A .wit file, or a folder's with what is in its deps/. False after telling why; free with sources_free,
 * then too. */
bool sources_read(const char *path, Sources *sources);
void sources_free(Sources *sources);

/* Features that one option may name. */
enum { MAX_FEATURES = 100 };
/* Splits "a,b" in place; how many. */
size_t split(char *names, const char **list, size_t max);

/* Writes text that a guest may have chosen: '?' stands for what could drive a terminal. */
void print_text(FILE *out, const char *data, size_t size);

/* "error: path: message: detail (at ...)" on stderr; answers EXIT_ERROR, or EXIT_TRAP for a trap. */
int fail_error(const char *path, const sg_error *error);
/* "error: ..." and a hint at --help; answers EXIT_USAGE. */
int fail_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As getopt_long, but unknown or incomplete options are told as errors; -1 at the end, '?' after telling.
 * Options come before the first argument. */
int next_option(int argc, char **argv, const struct option *options);

/* An engine with proposals turned on, or off where a '-' stands before the name: "threads,-gc". NULL and
 * `error` on failure. `options` may be NULL. */
sg_engine *make_engine(const sg_engine_options *options, const char *features, sg_error *error);

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t now_ns(void);

/* How a call ended, in reports: "ok", "fuel", "timeout", "trap: unreachable", "error: ..." */
void reason_text(sg_status status, const sg_error *error, char *buffer, size_t size);

/* What it needs of the outside world, and how `run` grants that: a list of inspect's; one of the two is
 * there. */
void print_needs(bool json, const sg_component *component, const sg_module *module);

/* Writes a JSON string literal, quotes included. `size` bytes of any kind: what is not UTF-8 text is escaped.
 */
void json_string(FILE *out, const char *data, size_t size);

#endif
