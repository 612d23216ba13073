/* WIT packages as files: a .wit file, or a folder of them with its dependencies in deps/. */
#include "cli.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FILES = 10000, MAX_PATH = 4096 };

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

bool sources_read(const char *path, Sources *sources) {
    sources->files = calloc(MAX_FILES, sizeof *sources->files);
    sources->list = calloc(MAX_FILES, sizeof *sources->list);
    if (sources->files == NULL || sources->list == NULL)
        return false;
    if (is_folder(path))
        return add_folder(sources, path, "", 2);
    const char *slash = strrchr(path, '/');
    return add_file(sources, path, slash ? slash + 1 : path);
}

void sources_free(Sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        file_free(&sources->files[i]);
        free((char *)sources->list[i].path);
    }
    free(sources->files);
    free(sources->list);
}

size_t split(char *names, const char **list, size_t max) {
    size_t count = 0;
    for (char *name = strtok(names, ","); name && count < max; name = strtok(NULL, ","))
        list[count++] = name;
    return count;
}
