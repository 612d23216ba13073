/* suite_roundtrip FILE...: every valid module and component of the scripts is printed, exactly, and the text
 * parsed again: the bytes are the same. Names each one that only (module binary ...) or (component binary
 * ...) can say as FILE:LINE, and ends with the counts. All that is built is turned on. */
#include <sandglass.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* False, after telling why: its bytes are others then. */
static bool is_same(sg_engine *engine, const sg_command *command, const char *place, bool *is_plain) {
    const char *in_binary = command->is_component ? "(component binary" : "(module binary";
    sg_error error;
    sg_bytes text = {0}, again = {0};
    bool same = false;
    char message[640];
    if (sg_wat_print_exact(engine, command->binary, command->binary_size, &text, &error) != SG_OK ||
        sg_wat_parse(engine, (const char *)text.data, text.size, &again, &error) != SG_OK) {
        sg_error_format(&error, message, sizeof message);
        printf("%s (%s)\n", place, message);
    } else {
        same = again.size == command->binary_size &&
               (again.size == 0 || memcmp(again.data, command->binary, again.size) == 0);
        *is_plain = text.size < strlen(in_binary) || memcmp(text.data, in_binary, strlen(in_binary)) != 0;
        if (!same)
            printf("%s (other bytes)\n", place);
        else if (!*is_plain)
            printf("%s: in binary\n", place);
    }
    sg_bytes_delete(&text);
    sg_bytes_delete(&again);
    return same;
}

static bool is_valid(sg_engine *engine, const sg_command *command) {
    if (command->binary == NULL)
        return false;
    if (command->is_component) {
        sg_component *component = sg_component_load(engine, command->binary, command->binary_size, NULL);
        sg_component_delete(component);
        return component != NULL;
    }
    sg_module *module = sg_module_load(engine, command->binary, command->binary_size, NULL);
    sg_module_delete(module);
    return module != NULL;
}

/* Those that are off by default. */
static void turn_on(sg_engine *engine) {
    static const char *const features[] = {"legacy-exceptions",
                                           "threads",
                                           "wide-arithmetic",
                                           "custom-page-sizes",
                                           "component-model-more-async-builtins",
                                           "component-model-async-stackful",
                                           "component-model-threading",
                                           "component-model-fixed-length-lists",
                                           "component-model-error-context",
                                           "component-model-memory64"};
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        sg_engine_set_feature(engine, features[i], true, NULL);
}

static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *data = malloc(*size + 1);
    if (data)
        *size = fread(data, 1, *size, file);
    fclose(file);
    return data;
}

int main(int argc, char **argv) {
    size_t modules = 0, in_binary = 0, different = 0, unread = 0;
    for (int i = 1; i < argc; i++) {
        size_t size = 0;
        char *text = read_file(argv[i], &size);
        sg_engine *engine = sg_engine_new(NULL, NULL);
        if (engine)
            turn_on(engine);
        sg_script *script = text && engine ? sg_script_parse(engine, text, size, NULL) : NULL;
        unread += script == NULL;
        for (size_t c = 0; script && c < sg_script_count(script); c++) {
            const sg_command *command = sg_script_command(script, c);
            if (!is_valid(engine, command))
                continue;
            char place[1024];
            snprintf(place, sizeof place, "%s:%" PRIu32, argv[i], command->line);
            bool is_plain = true;
            modules++;
            different += !is_same(engine, command, place, &is_plain);
            in_binary += !is_plain;
        }
        sg_script_delete(script);
        sg_engine_delete(engine);
        free(text);
    }
    printf("%zu modules, %zu only in binary, %zu different, %zu scripts unread\n", modules, in_binary,
           different, unread);
    return different || unread ? 1 : 0;
}
