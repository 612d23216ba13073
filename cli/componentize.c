/* sandglass componentize: a core module and a WIT world → a component. */
#include "cli.h"

static int componentize(const char *path, const char *wit, const char *features,
                        sg_componentize_options *options, const char *out) {
    File core = {0};
    Sources sources = {0};
    sg_error error;
    sg_bytes component = {0};
    sg_engine *engine = NULL;
    int status = EXIT_ERROR;
    if (!file_read(path, &core) || (wit && !sources_read(wit, &sources)))
        goto done;
    options->sources = sources.list;
    options->source_count = sources.count;
    engine = make_engine(NULL, features, &error);
    if (engine == NULL || sg_componentize(engine, core.data, core.size, options, &component, &error) != SG_OK)
        fail_error(path, &error);
    else if (file_write(out, component.data, component.size))
        status = EXIT_OK;
done:
    sg_bytes_delete(&component);
    sg_engine_delete(engine);
    sources_free(&sources);
    file_free(&core);
    return status;
}

int command_componentize(int argc, char **argv) {
    static const struct option options[] = {{"wit", required_argument, NULL, 'W'},
                                            {"world", required_argument, NULL, 'w'},
                                            {"wit-features", required_argument, NULL, 'F'},
                                            {"features", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *wit_features[MAX_FEATURES], *features = "", *path = NULL, *out = NULL, *wit = NULL;
    sg_componentize_options given = {.size = sizeof given, .features = wit_features};
    while (optind < argc || path == NULL) {
        int option = next_option(argc, argv, options);
        switch (option) {
        case 'W': wit = optarg; break;
        case 'w': given.world = optarg; break;
        case 'f': features = optarg; break;
        case 'F': given.feature_count = split(optarg, wit_features, MAX_FEATURES); break;
        case 'o': out = optarg; break;
        case 'h':
            puts(
                "usage: sandglass componentize CORE [--wit PATH] [--world WORLD] -o OUT\n\n"
                "Makes a component of a core module that imports and exports what the world does, by the\n"
                "canonical ABI's names. Programs of WASI preview 1 are adapted to 0.2, and need no --wit.\n\n"
                "  --wit PATH          a .wit file, or a folder of them with its dependencies in deps/\n"
                "  --world WORLD       which of the package's worlds, if there are several\n"
                "  --wit-features A,B  of the WIT, take in what these features unlock\n"
                "  --features NAMES    turn proposals on, or with a '-' before the name off: threads,-gc\n"
                "  --output OUT        where the component goes, '-' is standard output");
            return EXIT_OK;
        case -1:
            if (optind == argc || path)
                return fail_usage("componentize", path ? "one module at a time" : "no module given");
            path = argv[optind++];
            break;
        default: return EXIT_USAGE;
        }
    }
    if (out == NULL)
        return fail_usage("componentize", "no output given");
    return componentize(path, wit, features, &given, out);
}
