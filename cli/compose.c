/* sandglass compose: components plugged into the imports of another → a component. */
#include "cli.h"

enum { MAX_PLUGS = 100 };

static sg_component *load_component(sg_engine *engine, const char *path) {
    File file;
    sg_error error;
    if (!file_read(path, &file))
        return NULL;
    sg_component *component = sg_component_load(engine, file.data, file.size, &error);
    if (component == NULL)
        fail_error(path, &error);
    file_free(&file);
    return component;
}

static int compose(const char *path, const char **plugs, size_t count, const char *features,
                   const char *out) {
    sg_component *socket = NULL, *loaded[MAX_PLUGS] = {NULL};
    sg_error error;
    sg_bytes composed = {0};
    int status = EXIT_ERROR;
    sg_engine *engine = make_engine(NULL, features, &error);
    if (engine == NULL)
        return fail_error("engine", &error);
    if ((socket = load_component(engine, path)) == NULL)
        goto done;
    for (size_t i = 0; i < count; i++)
        if ((loaded[i] = load_component(engine, plugs[i])) == NULL)
            goto done;
    if (sg_compose(engine, socket, (const sg_component *const *)loaded, count, &composed, &error) != SG_OK)
        fail_error(path, &error);
    else if (file_write(out, composed.data, composed.size))
        status = EXIT_OK;
done:
    sg_bytes_delete(&composed);
    for (size_t i = 0; i < count; i++)
        sg_component_delete(loaded[i]);
    sg_component_delete(socket);
    sg_engine_delete(engine);
    return status;
}

int command_compose(int argc, char **argv) {
    static const struct option options[] = {{"plug", required_argument, NULL, 'p'},
                                            {"features", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *plugs[MAX_PLUGS], *features = "", *path = NULL, *out = NULL;
    size_t count = 0;
    while (optind < argc || path == NULL) {
        switch (next_option(argc, argv, options)) {
        case 'p':
            if (count == MAX_PLUGS)
                return fail_usage("compose", "more than %d plugs", MAX_PLUGS);
            plugs[count++] = optarg;
            break;
        case 'f': features = optarg; break;
        case 'o': out = optarg; break;
        case 'h':
            puts("usage: sandglass compose SOCKET --plug PLUG... -o OUT\n\n"
                 "Makes one component of several: imports of SOCKET are taken from the exports of the plugs, "
                 "by\n"
                 "names and compatible versions. The other imports stay imports; SOCKET's exports are the "
                 "result's.\n\n"
                 "  --plug PLUG        a component whose exports are imported; the first that has it is "
                 "taken\n"
                 "  --features NAMES   turn proposals on, or with a '-' before the name off: threads,-gc\n"
                 "  --output OUT       where the component goes, '-' is standard output");
            return EXIT_OK;
        case -1:
            if (optind == argc || path)
                return fail_usage("compose", path ? "one socket at a time" : "no component given");
            path = argv[optind++];
            break;
        default: return EXIT_USAGE;
        }
    }
    if (count == 0 || out == NULL)
        return fail_usage("compose", "no %s given", count ? "output" : "--plug");
    return compose(path, plugs, count, features, out);
}
