/* sandglass validate, parse, print: one file in, a verdict or another form out. */
#include "cli.h"

#include <string.h>

static bool load_any(sg_engine *engine, const File *file, sg_error *error) {
    const char *kind = sg_bytes_kind(file->data, file->size);
    sg_bytes binary = {0};
    if (strcmp(kind, "text") == 0) {
        if (sg_wat_parse(engine, file->data, file->size, &binary, error) != SG_OK)
            return false;
        kind = sg_bytes_kind(binary.data, binary.size);
    }
    const void *data = binary.data ? binary.data : (const void *)file->data;
    size_t size = binary.data ? binary.size : file->size;
    bool valid;
    if (strcmp(kind, "component") == 0) {
        sg_component *component = sg_component_load(engine, data, size, error);
        valid = component != NULL;
        sg_component_delete(component);
    } else {
        sg_module *module = sg_module_load(engine, data, size, error);
        valid = module != NULL;
        sg_module_delete(module);
    }
    sg_bytes_delete(&binary);
    return valid;
}

int command_validate(int argc, char **argv) {
    static const struct option options[] = {
        {"features", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {0}};
    const char *features = "";
    for (int option; (option = next_option(argc, argv, options)) != -1;) {
        if (option == 'h') {
            puts("usage: sandglass validate [--features NAMES] FILE...\n\nChecks that each file, binary or "
                 "text, "
                 "is a valid module or component. Prints nothing if all are.\n"
                 "--features NAMES turns proposals on, or with a '-' before the name off (threads,-gc).");
            return EXIT_OK;
        }
        if (option != 'f')
            return EXIT_USAGE;
        features = optarg;
    }
    if (optind == argc)
        return fail_usage("validate", "no file given");
    sg_error error;
    sg_engine *engine = make_engine(NULL, features, &error);
    if (engine == NULL)
        return fail_error("engine", &error);
    int status = EXIT_OK;
    for (int i = optind; i < argc; i++) {
        File file;
        if (!file_read(argv[i], &file)) {
            status = EXIT_ERROR;
            continue;
        }
        if (!load_any(engine, &file, &error)) {
            fail_error(argv[i], &error);
            status = EXIT_ERROR;
        }
        file_free(&file);
    }
    sg_engine_delete(engine);
    return status;
}

typedef sg_status Convert(sg_engine *engine, const File *file, sg_bytes *out, sg_error *error);

static sg_status parse_text(sg_engine *engine, const File *file, sg_bytes *out, sg_error *error) {
    return sg_wat_parse(engine, file->data, file->size, out, error);
}

static sg_status print_binary(sg_engine *engine, const File *file, sg_bytes *out, sg_error *error) {
    return sg_wat_print(engine, file->data, file->size, out, error);
}

static sg_status print_binary_exact(sg_engine *engine, const File *file, sg_bytes *out, sg_error *error) {
    return sg_wat_print_exact(engine, file->data, file->size, out, error);
}

static int convert_file(const char *in, const char *out, Convert *convert) {
    File file;
    if (!file_read(in, &file))
        return EXIT_ERROR;
    sg_error error;
    sg_bytes bytes = {0};
    sg_engine *engine = sg_engine_new(NULL, &error);
    int status = EXIT_OK;
    if (engine == NULL || convert(engine, &file, &bytes, &error) != SG_OK)
        status = fail_error(in, &error);
    else if (!file_write(out, bytes.data, bytes.size))
        status = EXIT_ERROR;
    sg_bytes_delete(&bytes);
    sg_engine_delete(engine);
    file_free(&file);
    return status;
}

/* FILE, -o OUT and, where there is such a way, --exact, in any order; `out` keeps its default when there is
 * no -o. */
static int convert_command(int argc, char **argv, const char *help, const char *out, Convert *convert,
                           Convert *exact) {
    const char *in = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            puts(help);
            return EXIT_OK;
        }
        if (strcmp(argv[i], "-o") == 0) {
            if (++i == argc)
                return fail_usage(argv[0], "option '-o' needs a value");
            out = argv[i];
        } else if (exact && strcmp(argv[i], "--exact") == 0) {
            convert = exact;
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            return fail_usage(argv[0], "unknown option '%s'", argv[i]);
        } else if (in) {
            return fail_usage(argv[0], "one file at a time: '%s' is too many", argv[i]);
        } else {
            in = argv[i];
        }
    }
    if (in == NULL)
        return fail_usage(argv[0], "no file given");
    if (out == NULL)
        return fail_usage(argv[0], "no output given: -o OUT");
    return convert_file(in, out, convert);
}

int command_parse(int argc, char **argv) {
    return convert_command(
        argc, argv,
        "usage: sandglass parse FILE -o OUT\n\nTurns the text of a module or component into its "
        "binary. The result is not validated.",
        NULL, parse_text, NULL);
}

int command_print(int argc, char **argv) {
    return convert_command(
        argc, argv,
        "usage: sandglass print [--exact] FILE [-o OUT]\n\nTurns the binary of a module or component into "
        "text, on standard output without -o.\n\n"
        "  --exact    text that parses to the same bytes: where that for people would not (it has no form\n"
        "             for numbers longer than needed or empty sections), (module binary \"...\")",
        "-", print_binary, print_binary_exact);
}
