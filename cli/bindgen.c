/* sandglass bindgen: the C sources for one side of a WIT world. */
#include "cli.h"

#include <string.h>
#include <sys/stat.h>

enum { MAX_PATH = 4096 };

/* Folder `out` is made if it is not there. */
static bool write_text(const char *out, const char *name, const char *ending, const sg_bytes *text) {
    char path[MAX_PATH];
    if (snprintf(path, sizeof path, "%s/%s%s", out, name, ending) >= MAX_PATH) {
        fprintf(stderr, "error: %s: path too long\n", out);
        return false;
    }
    return file_write(path, text->data, text->size);
}

static int write_bindings(const char *path, sg_bindgen_options *options, const char *out) {
    Sources sources = {0};
    sg_error error;
    sg_bindings bindings = {0};
    sg_engine *engine = NULL;
    int status = EXIT_ERROR;
    if (!sources_read(path, &sources))
        goto done;
    options->sources = sources.list;
    options->source_count = sources.count;
    engine = sg_engine_new(NULL, &error);
    mkdir(out, 0777); /* what went wrong shows when files are written */
    if (engine == NULL || sg_bindgen(engine, options, &bindings, &error) != SG_OK)
        fail_error(path, &error);
    else if (write_text(out, bindings.name, ".h", &bindings.header) &&
             write_text(out, bindings.name, ".c", &bindings.source))
        status = EXIT_OK;
done:
    sg_bindings_delete(&bindings);
    sg_engine_delete(engine);
    sources_free(&sources);
    return status;
}

static const char help[] =
    "usage: sandglass bindgen [OPTIONS] --guest|--host PATH\n\n"
    "Writes a header and a source of C, WORLD_guest or WORLD_host, for a component that has the world, or\n"
    "for a program that runs one. PATH is a WIT package: a .wit file, or a folder of them with its\n"
    "dependencies in deps/.\n\n"
    "  --world WORLD      a world of the package, or ns:pkg/world@1.0.0 [its only one]\n"
    "  --guest            for the component: imports to be called, exports to be written\n"
    "  --host             for who runs it: exports to be called, imports to be written\n"
    "  --out DIR          where the files go [.]\n"
    "  --features A,B     take in what these features unlock";

int command_bindgen(int argc, char **argv) {
    static const struct option options[] = {{"world", required_argument, NULL, 'w'},
                                            {"guest", no_argument, NULL, 'g'},
                                            {"host", no_argument, NULL, 'H'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"features", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *features[MAX_FEATURES], *out = ".";
    sg_bindgen_options bind = {.size = sizeof bind, .features = features};
    int sides = 0;
    for (int option; (option = next_option(argc, argv, options)) != -1;) {
        switch (option) {
        case 'w': bind.world = optarg; break;
        case 'g':
        case 'H':
            bind.side = option == 'g' ? SG_BINDGEN_GUEST : SG_BINDGEN_HOST;
            sides++;
            break;
        case 'o': out = optarg; break;
        case 'f': bind.feature_count = split(optarg, features, MAX_FEATURES); break;
        case 'h': puts(help); return EXIT_OK;
        default: return EXIT_USAGE;
        }
    }
    if (optind + 1 != argc)
        return fail_usage("bindgen", optind == argc ? "no path given" : "one path at a time");
    if (sides != 1)
        return fail_usage("bindgen", "one of --guest and --host is needed");
    return write_bindings(argv[optind], &bind, out);
}
