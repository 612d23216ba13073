/* Runs a fuzzing target over files, and over the files of folders, without libFuzzer. */
#include "fuzz.h"
#include <dirent.h>
#include <stdio.h>

static unsigned long replayed;

static int replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        return 1;
    }
    long size = ftell(file);
    /* Exactly as large as the input, so that a sanitizer sees what is read past its end. */
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    rewind(file);
    bool whole = size >= 0 && data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (whole) {
        LLVMFuzzerTestOneInput(data, (size_t)size);
        replayed++;
    }
    free(data);
    return whole ? 0 : 1;
}

static int replay(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return replay_file(path);
    int failures = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        failures += replay_file(file);
    }
    closedir(folder);
    return failures;
}

int main(int argc, char **argv) {
    int failures = 0;
    for (int i = 1; i < argc; i++)
        failures += replay(argv[i]);
    sg_engine_delete(fuzz_engine());
    printf("%lu inputs replayed\n", replayed);
    return failures > 0;
}
