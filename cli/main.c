/* sandglass: runs untrusted WebAssembly components under limits. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct Command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} Command;

static const Command commands[] = {
    {"run", command_run, "run a component or core module under limits (the default)"},
    {"validate", command_validate, "check that files are valid"},
    {"inspect", command_inspect, "show imports, exports, types and sizes, or the WIT"},
    {"parse", command_parse, "turn text into binary"},
    {"print", command_print, "turn binary into text"},
    {"wit", command_wit, "check a WIT package, or turn it into a component"},
    {"bindgen", command_bindgen, "write the C sources for one side of a WIT world"},
    {"componentize", command_componentize, "make a component of a core module and a WIT world"},
    {"compose", command_compose, "plug components into the imports of another"},
    {"wast", command_wast, "run scripts of the official suites"},
};

static void print_help(FILE *out) {
    fputs("usage: sandglass [COMMAND] [OPTIONS] FILE...\n\n"
          "Runs untrusted WebAssembly components under limits that hold.\n\n"
          "commands:\n",
          out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'sandglass COMMAND --help' tells more. FILE is binary or text, '-' is standard input.\n"
          "exit status: 0 success, 134 a trap or limit ended the guest, 2 bad usage, 1 any other error\n",
          out);
}

/* Standard streams that are closed stay unusable: what is opened later must not become one of them. */
static bool occupy_streams(void) {
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
            return false;
    return true;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("sandglass %s\n", sg_version());
        return EXIT_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    /* Usage errors name the command that was meant. */
    static char run_name[] = "run";
    argv[0] = run_name;
    return command_run(argc, argv);
}

int main(int argc, char **argv) {
    if (!occupy_streams())
        return EXIT_ERROR;
    int status = dispatch(argc, argv);
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "error: standard output: %s\n", errno ? strerror(errno) : "not all could be written");
    return status ? status : EXIT_ERROR;
}
