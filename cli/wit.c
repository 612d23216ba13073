/* sandglass wit: a WIT package, checked or turned into the component that declares it. */
#include "cli.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FILES = 10000, MAX_PATH = 4096 };

/* The files of a package; paths as sg_wit_source has them. */
typedef struct Sources {
    File *files;
    sg_wit_source *list;
    size_t count;
} Sources;

static bool add_file(Sources *sources, const char *path, const char *relative) {
    if (sources->count == MAX_FILES) {
        fprintf(stderr, "error: %s: more than %d files\n", path, MAX_FILES);
        return false;
    }
    File *file = &sources->files[sources->count];
    char *name = strdup(relative);
    if (name == NULL || !file_read(path, file)) {
        free(name);
        return false;
    }
    sources->list[sources->count++] = (sg_wit_source){name, file->data, file->size};
    return true;
}

static bool is_wit(const char *name) {
    size_t size = strlen(name);
    return size > 4 && strcmp(name + size - 4, ".wit") == 0;
}

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The .wit files of a folder, in the order of their names; of deps/, folders too (`levels` below it). */
static bool add_folder(Sources *sources, const char *path, const char *relative, int levels) {
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        perror(path);
        return false;
    }
    bool ok = true;
    for (int i = 0; i < count; i++) {
        char inner[MAX_PATH], below[MAX_PATH];
        const char *name = entries[i]->d_name;
        bool fits =
            snprintf(inner, sizeof inner, "%s/%s", path, name) < MAX_PATH &&
            snprintf(below, sizeof below, "%s%s%s", relative, relative[0] ? "/" : "", name) < MAX_PATH;
        if (ok && fits && name[0] != '.') {
            bool is_deps = levels > 0 && is_folder(inner) && (relative[0] || strcmp(name, "deps") == 0);
            if (is_deps)
                ok = add_folder(sources, inner, below, levels - 1);
            else if (is_wit(name) && !is_folder(inner))
                ok = add_file(sources, inner, below);
        }
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static bool read_sources(const char *path, Sources *sources) {
    sources->files = calloc(MAX_FILES, sizeof *sources->files);
    sources->list = calloc(MAX_FILES, sizeof *sources->list);
    if (sources->files == NULL || sources->list == NULL)
        return false;
    if (is_folder(path))
        return add_folder(sources, path, "", 2);
    const char *slash = strrchr(path, '/');
    return add_file(sources, path, slash ? slash + 1 : path);
}

static void free_sources(Sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        file_free(&sources->files[i]);
        free((char *)sources->list[i].path);
    }
    free(sources->files);
    free(sources->list);
}

/* Splits "a,b" in place; how many. */
static size_t split(char *names, const char **list, size_t max) {
    size_t count = 0;
    for (char *name = strtok(names, ","); name && count < max; name = strtok(NULL, ","))
        list[count++] = name;
    return count;
}

static int encode(const char *path, const char *out, const char *const *features, size_t feature_count) {
    Sources sources = {0};
    sg_error error;
    sg_bytes binary = {0};
    sg_engine *engine = NULL;
    int status = EXIT_ERROR;
    if (!read_sources(path, &sources))
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
    free_sources(&sources);
    return status;
}

int command_wit(int argc, char **argv) {
    static const struct option options[] = {{"features", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    enum { MAX_FEATURES = 100 };
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
