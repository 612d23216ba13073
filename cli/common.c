/* What the subcommands share: files, errors, options, time. */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool file_read(const char *path, File *file) {
    *file = (File){.path = path};
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (in == NULL) {
        fprintf(stderr, "error: %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t capacity = 0;
    bool ok = true;
    errno = 0;
    do {
        if (file->size == capacity) {
            capacity = capacity ? capacity * 2 : 65536;
            char *data = realloc(file->data, capacity);
            if (data == NULL) {
                ok = false;
                break;
            }
            file->data = data;
        }
        file->size += fread(file->data + file->size, 1, capacity - file->size, in);
    } while (!feof(in) && !ferror(in));
    if (!ok || ferror(in)) {
        fprintf(stderr, "error: %s: %s\n", path, strerror(errno ? errno : EIO));
        ok = false;
    }
    if (in != stdin)
        fclose(in);
    if (!ok)
        file_free(file);
    return ok;
}

void file_free(File *file) {
    free(file->data);
    *file = (File){0};
}

bool file_write(const char *path, const void *data, size_t size) {
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    bool ok = out != NULL && fwrite(data, 1, size, out) == size;
    if (out == stdout)
        ok = fflush(out) == 0 && ok;
    else if (out != NULL)
        ok = fclose(out) == 0 && ok;
    if (!ok)
        fprintf(stderr, "error: %s: %s\n", path, strerror(errno));
    return ok;
}

void print_text(FILE *out, const char *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)data[i], next = i + 1 < size ? (unsigned char)data[i + 1] : 0;
        bool is_c1 = byte == 0xc2 && next >= 0x80 && next < 0xa0;
        putc(byte < 0x20 || byte == 0x7f || is_c1 ? '?' : byte, out);
        i += is_c1;
    }
}

int fail_error(const char *path, const sg_error *error) {
    char text[640];
    sg_error_format(error, text, sizeof text);
    fprintf(stderr, "error: %s: ", error->status == SG_TRAP ? sg_trap_cause(error->trap) : path);
    print_text(stderr, text, strlen(text));
    putc('\n', stderr);
    return error->status == SG_TRAP ? EXIT_TRAP : EXIT_ERROR;
}

int fail_usage(const char *command, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("error: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\ntry 'sandglass %s --help'\n", command);
    return EXIT_USAGE;
}

int next_option(int argc, char **argv, const struct option *options) {
    bool has_output = false;
    for (const struct option *known = options; known->name; known++)
        has_output |= known->val == 'o';
    opterr = 0;
    int option = getopt_long(argc, argv, has_output ? "+:ho:" : "+:h", options, NULL);
    if (option == ':')
        fail_usage(argv[0], "option '%s' needs a value", argv[optind - 1]);
    else if (option == '?') {
        const char *given = argv[optind - 1];
        bool is_known = optopt != 0 && strncmp(given, "--", 2) == 0;
        fail_usage(argv[0], is_known ? "option '%s' takes no value" : "unknown option '%s'", given);
    }
    return option == ':' ? '?' : option;
}

static bool set_features(sg_engine *engine, const char *names, sg_error *error) {
    while (*names) {
        bool on = *names != '-';
        names += !on;
        size_t size = strcspn(names, ",");
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)size, names);
        if (sg_engine_set_feature(engine, name, on, error) != SG_OK)
            return false;
        names += size + (names[size] == ',');
    }
    return true;
}

sg_engine *make_engine(const sg_engine_options *options, const char *features, sg_error *error) {
    sg_engine *engine = sg_engine_new(options, error);
    if (engine && !set_features(engine, features, error)) {
        sg_engine_delete(engine);
        engine = NULL;
    }
    return engine;
}

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void reason_text(sg_status status, const sg_error *error, char *buffer, size_t size) {
    if (status == SG_OK)
        snprintf(buffer, size, "ok");
    else if (status != SG_TRAP)
        snprintf(buffer, size, "error: %s", error->message);
    else if (strcmp(sg_trap_cause(error->trap), "trap") == 0)
        snprintf(buffer, size, "trap: %s", sg_trap_message(error->trap));
    else
        snprintf(buffer, size, "%s", sg_trap_cause(error->trap));
}

void json_string(FILE *out, const char *data, size_t size) {
    fputc('"', out);
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)data[i];
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\u%04x", byte);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}
