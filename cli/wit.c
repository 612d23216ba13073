/* sandglass wit: a WIT package, checked or turned into the component that declares it. */
#include "cli.h"

static int encode(const char *path, const char *out, const char *const *features, size_t feature_count) {
    Sources sources = {0};
    sg_error error;
    sg_bytes binary = {0};
    sg_engine *engine = NULL;
    int status = EXIT_ERROR;
    if (!sources_read(path, &sources))
        goto done;
    engine = sg_engine_new(NULL, &error);
    if (engine == NULL ||
        sg_wit_encode(engine, sources.list, sources.count, features, feature_count, &binary, &error) != SG_OK)
        fail_error(path, &error);
    else if (out == NULL || file_write(out, binary.data, binary.size))
        status = EXIT_OK;
done:
    sg_bytes_delete(&binary);
    sg_engine_delete(engine);
    sources_free(&sources);
    return status;
}

int command_wit(int argc, char **argv) {
    static const struct option options[] = {{"features", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *features[MAX_FEATURES], *out = NULL;
    size_t feature_count = 0;
    for (int option; (option = next_option(argc, argv, options)) != -1;) {
        switch (option) {
        case 'f': feature_count = split(optarg, features, MAX_FEATURES); break;
        case 'o': out = optarg; break;
        case 'h':
            puts("usage: sandglass wit [OPTIONS] PATH\n\n"
                 "Checks a WIT package: a .wit file, or a folder of them with its dependencies in deps/.\n\n"
                 "  --output OUT       write the component that declares the package\n"
                 "  --features A,B     take in what these features unlock");
            return EXIT_OK;
        default: return EXIT_USAGE;
        }
    }
    if (optind + 1 != argc)
        return fail_usage("wit", optind == argc ? "no path given" : "one path at a time");
    return encode(argv[optind], out, features, feature_count);
}
