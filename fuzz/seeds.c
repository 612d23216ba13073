/* seeds OUT FILE.wast...: writes every module and component of the scripts as a seed for each target that
 * reads it: OUT/core, OUT/component, OUT/print, OUT/run (binaries) and OUT/text (the scripts themselves). */
#include "fuzz.h"
#include <stdio.h>
#include <sys/stat.h>

enum { LARGEST_TEXT = 32 << 10, LARGEST_BINARY = 32 << 10 };

static void write_seed(const char *out, const char *target, unsigned long number, const void *data,
                       size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", out, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%06lu", out, target, number);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size) {
        perror(path);
        exit(1);
    }
    fclose(file);
}

static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    *size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*size + 1);
    REQUIRE(text != NULL && fread(text, 1, *size, file) == *size);
    fclose(file);
    return text;
}

int main(int argc, char **argv) {
    unsigned long number = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: seeds OUT FILE.wast...\n");
        return 2;
    }
    mkdir(argv[1], 0777);
    for (int i = 2; i < argc; i++) {
        size_t size;
        char *text = read_file(argv[i], &size);
        sg_script *script = sg_script_parse(fuzz_engine(), text, size, NULL);
        for (size_t k = 0; script != NULL && k < sg_script_count(script); k++) {
            const sg_command *command = sg_script_command(script, k);
            if (command->binary == NULL || command->binary_size > LARGEST_BINARY)
                continue;
            number++;
            write_seed(argv[1], command->is_component ? "component" : "core", number, command->binary,
                       command->binary_size);
            write_seed(argv[1], "print", number, command->binary, command->binary_size);
            write_seed(argv[1], "run", number, command->binary, command->binary_size);
        }
        sg_script_delete(script);
        if (size <= LARGEST_TEXT)
            write_seed(argv[1], "text", ++number, text, size);
        free(text);
    }
    printf("%lu seeds\n", number);
    return 0;
}
