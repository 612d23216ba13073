/* mutate STRIDE FILE...: loads each file cut short at every STRIDE-th byte, and with every STRIDE-th byte
 * changed (all bits flipped, one bit flipped, made zero). The answer must be a component or an error with a
 * message. All is done twice: an engine keeps the types that it has seen, so only the second time must
 * nothing stay allocated. A text file is also made into its binary, and that is mutated too. */
#include "hostile.h"

static unsigned long loads, accepted;
static bool second_time;

static void check(sg_engine *engine, const Ration *account, const uint8_t *data, size_t size,
                  bool component) {
    /* A copy of exactly this size lets a sanitizer see what is read past its end. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    size_t before = account->bytes;
    sg_error error = {.status = SG_OK};
    loads++;
    if (load(engine, copy, size, component, &error)) {
        accepted++;
    } else if (error.status == SG_OK || error.message[0] == '\0') {
        fprintf(stderr, "failed without an error\n");
        exit(1);
    }
    if (account->bytes != before && second_time) {
        fprintf(stderr, "load %lu, of %zu bytes, leaked %zu: %s\n", loads, size, account->bytes - before,
                error.message);
        exit(1);
    }
    free(copy);
}

static void mutate_once(sg_engine *engine, const Ration *account, uint8_t *data, size_t size, size_t stride,
                        bool component) {
    static const uint8_t flips[] = {0xff, 0x01, 0x80};
    for (size_t i = 0; i < size; i += stride) {
        uint8_t kept = data[i];
        check(engine, account, data, i, component);
        for (size_t k = 0; k < sizeof flips; k++) {
            data[i] = kept ^ flips[k];
            check(engine, account, data, size, component);
        }
        data[i] = 0;
        check(engine, account, data, size, component);
        data[i] = kept;
    }
}

static void mutate(sg_engine *engine, const Ration *account, uint8_t *data, size_t size, size_t stride,
                   bool component) {
    second_time = false;
    mutate_once(engine, account, data, size, stride, component);
    second_time = true;
    mutate_once(engine, account, data, size, stride, component);
}

static void mutate_file(const char *path, size_t stride) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    size_t size = (size_t)ftell(file);
    uint8_t *data = malloc(size + 1);
    rewind(file);
    if (data == NULL || fread(data, 1, size, file) != size)
        exit(1);
    fclose(file);

    Ration account = {.left = SIZE_MAX};
    sg_engine *engine = counting_engine(&account);
    const char *kind = sg_bytes_kind(data, size);
    bool text = strcmp(kind, "text") == 0;
    bool component = strcmp(kind, "module") != 0;
    sg_bytes binary = {NULL, 0};
    sg_error error;
    if (text && sg_wat_parse(engine, (const char *)data, size, &binary, &error) != SG_OK) {
        fprintf(stderr, "%s: %s: %s\n", path, error.message, error.detail);
        exit(1);
    }
    if (text) {
        component = strcmp(sg_bytes_kind(binary.data, binary.size), "component") == 0;
        mutate(engine, &account, binary.data, binary.size, stride, component);
        sg_bytes_delete(&binary);
    }
    mutate(engine, &account, data, size, stride, component);
    sg_engine_delete(engine);
    free(data);
    if (account.bytes != 0) {
        fprintf(stderr, "%s: %zu bytes left\n", path, account.bytes);
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc < 3 || atoi(argv[1]) < 1) {
        fprintf(stderr, "usage: mutate STRIDE FILE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        mutate_file(argv[i], (size_t)atoi(argv[1]));
    printf("%lu loads, %lu accepted\n", loads, accepted);
    return 0;
}
