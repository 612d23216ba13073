/* sandglass inspect: imports, exports, types and sizes of a module or component. */
#include "cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Inspect {
    bool json, wit;
    const char *features;
    bool first; /* no item of the running JSON list was printed */
    sg_module *module;
    sg_component *component;
} Inspect;

static const char *extern_kind_name(sg_extern_kind kind) {
    static const char *const names[] = {"func", "table", "memory", "global", "tag"};
    return names[kind];
}

static const char *item_kind_name(sg_item_kind kind) {
    static const char *const names[] = {"func", "instance", "component", "core module", "type", "value"};
    return names[kind];
}

/* One import or export: in text a line, in JSON an object left open for items when `open`. */
static void print_item(Inspect *inspect, int depth, const char *kind, sg_string module, sg_string name,
                       const char *type, bool open) {
    if (!inspect->json) {
        printf("%*s", 2 * depth, "");
        if (module.data) {
            print_text(stdout, module.data, module.size);
            putchar(' ');
        }
        print_text(stdout, name.data, name.size);
        printf(": %s\n", *type ? type : kind);
        return;
    }
    printf("%s\n%*s{\"name\": ", inspect->first ? "" : ",", 2 * depth + 2, "");
    json_string(stdout, name.data, name.size);
    if (module.data) {
        fputs(", \"module\": ", stdout);
        json_string(stdout, module.data, module.size);
    }
    printf(", \"kind\": \"%s\", \"type\": ", kind);
    json_string(stdout, type, strlen(type));
    fputs(open ? ", \"items\": [" : "}", stdout);
    inspect->first = false;
}

typedef size_t TypeText(const sg_component *component, size_t index, size_t item, char *buffer, size_t size);

/* The type as text, of any length; NULL without memory. */
static char *component_type(const Inspect *inspect, TypeText *text, size_t index, size_t item) {
    size_t size = text(inspect->component, index, item, NULL, 0);
    char *type = calloc(size + 1, 1);
    if (type)
        text(inspect->component, index, item, type, size + 1);
    return type;
}

typedef bool ItemAt(const sg_component *component, size_t index, sg_string *name, sg_item_kind *kind);
typedef bool InnerAt(const sg_component *component, size_t index, size_t item, sg_string *name,
                     sg_item_kind *kind);

static void print_component_items(Inspect *inspect, ItemAt *item_at, InnerAt *inner_at, TypeText *text) {
    sg_string name, none = {0};
    sg_item_kind kind;
    for (size_t i = 0; item_at(inspect->component, i, &name, &kind); i++) {
        char *type = kind == SG_ITEM_INSTANCE ? NULL : component_type(inspect, text, i, SIZE_MAX);
        print_item(inspect, 1, item_kind_name(kind), none, name, type ? type : "", kind == SG_ITEM_INSTANCE);
        free(type);
        if (kind != SG_ITEM_INSTANCE)
            continue;
        bool outer_first = inspect->first;
        inspect->first = true;
        for (size_t j = 0; inner_at(inspect->component, i, j, &name, &kind); j++) {
            type = component_type(inspect, text, i, j);
            print_item(inspect, 2, item_kind_name(kind), none, name, type ? type : "", false);
            free(type);
        }
        inspect->first = outer_first;
        if (inspect->json)
            fputs("]}", stdout);
    }
}

static void print_module_items(Inspect *inspect, bool imports) {
    sg_string module = {0}, name;
    sg_extern_kind kind;
    for (size_t i = 0; imports ? sg_module_import(inspect->module, i, &module, &name, &kind)
                               : sg_module_export(inspect->module, i, &name, &kind);
         i++) {
        char type[512] = "";
        if (imports)
            sg_module_import_type(inspect->module, i, type, sizeof type);
        else
            sg_module_export_type(inspect->module, i, type, sizeof type);
        print_item(inspect, 1, extern_kind_name(kind), module, name, type, false);
    }
}

static uint32_t read_leb(const uint8_t **at, const uint8_t *end) {
    uint32_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint32_t)(byte & 0x7f) << (shift & 31);
        if (byte < 0x80)
            break;
    }
    return value;
}

enum { SECTION_KINDS = 14 };

/* The sections of a binary that has been validated, by kind: a component may have many of each. */
static void print_sections(Inspect *inspect, const uint8_t *data, size_t size) {
    static const char *const core[SECTION_KINDS] = {"custom", "type",   "import",     "function", "table",
                                                    "memory", "global", "export",     "start",    "element",
                                                    "code",   "data",   "data count", "tag"};
    static const char *const comp[SECTION_KINDS] = {"custom",    "core module", "core instance", "core type",
                                                    "component", "instance",    "alias",         "type",
                                                    "canon",     "start",       "import",        "export"};
    const char *const *names = inspect->component ? comp : core;
    size_t counts[SECTION_KINDS] = {0}, bytes[SECTION_KINDS] = {0};
    for (const uint8_t *at = data + 8, *end = data + size; at < end;) {
        uint8_t id = *at++;
        size_t length = read_leb(&at, end), left = (size_t)(end - at);
        at += length <= left ? length : left;
        if (id < SECTION_KINDS) {
            counts[id]++;
            bytes[id] += length;
        }
    }
    for (size_t at = 1; at <= SECTION_KINDS; at++) {
        size_t i = at % SECTION_KINDS; /* custom sections last */
        if (counts[i] == 0 || names[i] == NULL)
            continue;
        if (inspect->json)
            printf("%s\n    {\"section\": \"%s\", \"count\": %zu, \"bytes\": %zu}", inspect->first ? "" : ",",
                   names[i], counts[i], bytes[i]);
        else if (counts[i] == 1)
            printf("  %s: %zu bytes\n", names[i], bytes[i]);
        else
            printf("  %s: %zu bytes in %zu sections\n", names[i], bytes[i], counts[i]);
        inspect->first = false;
    }
}

static void open_list(Inspect *inspect, const char *name) {
    if (inspect->json)
        printf(",\n  \"%s\": [", name);
    else
        printf("%s:\n", name);
    inspect->first = true;
}

static void close_list(const Inspect *inspect) {
    if (inspect->json)
        fputs(inspect->first ? "]" : "\n  ]", stdout);
}

static void print_all(Inspect *inspect, const uint8_t *binary, size_t size) {
    const char *kind = inspect->component ? "component" : "module";
    if (inspect->json)
        printf("{\n  \"kind\": \"%s\",\n  \"bytes\": %zu", kind, size);
    else
        printf("%s, %zu bytes\n", kind, size);
    open_list(inspect, "imports");
    if (inspect->component)
        print_component_items(inspect, sg_component_import, sg_component_import_item,
                              sg_component_import_type);
    else
        print_module_items(inspect, true);
    close_list(inspect);
    open_list(inspect, "exports");
    if (inspect->component)
        print_component_items(inspect, sg_component_export, sg_component_export_item,
                              sg_component_export_type);
    else
        print_module_items(inspect, false);
    close_list(inspect);
    print_needs(inspect->json, inspect->component, inspect->module);
    open_list(inspect, "sections");
    print_sections(inspect, binary, size);
    close_list(inspect);
    if (inspect->json)
        puts("\n}");
}

static bool print_wit(const Inspect *inspect, sg_error *error) {
    sg_bytes text;
    if (sg_wit_print(inspect->component, &text, error) != SG_OK)
        return false;
    fwrite(text.data, 1, text.size, stdout);
    sg_bytes_delete(&text);
    return true;
}

static int inspect_file(Inspect *inspect, const char *path) {
    File file;
    if (!file_read(path, &file))
        return EXIT_ERROR;
    sg_error error;
    sg_bytes parsed = {0};
    sg_engine *engine = make_engine(NULL, inspect->features, &error);
    const uint8_t *binary = (const uint8_t *)file.data;
    size_t size = file.size;
    bool ok = engine != NULL;
    if (ok && strcmp(sg_bytes_kind(binary, size), "text") == 0) {
        ok = sg_wat_parse(engine, file.data, file.size, &parsed, &error) == SG_OK;
        binary = parsed.data;
        size = parsed.size;
    }
    if (ok && strcmp(sg_bytes_kind(binary, size), "component") == 0)
        ok = (inspect->component = sg_component_load(engine, binary, size, &error)) != NULL;
    else if (ok)
        ok = (inspect->module = sg_module_load(engine, binary, size, &error)) != NULL;
    int status = EXIT_OK;
    if (ok && inspect->wit && inspect->component == NULL) {
        fprintf(stderr, "error: %s: only components have WIT\n", path);
        status = EXIT_ERROR;
    } else if (ok && inspect->wit) {
        ok = print_wit(inspect, &error);
    } else if (ok) {
        print_all(inspect, binary, size);
    }
    if (!ok)
        status = fail_error(path, &error);
    sg_component_delete(inspect->component);
    sg_module_delete(inspect->module);
    sg_engine_delete(engine);
    sg_bytes_delete(&parsed);
    file_free(&file);
    return status;
}

int command_inspect(int argc, char **argv) {
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"wit", no_argument, NULL, 'w'},
                                            {"features", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    Inspect inspect = {.features = ""};
    for (int option; (option = next_option(argc, argv, options)) != -1;) {
        if (option == 'h') {
            puts("usage: sandglass inspect [--json | --wit] [--features NAMES] FILE\n\n"
                 "Shows the imports, exports, their types, what of the outside world is needed and which "
                 "options of run\n"
                 "grant it, and the sizes of the sections; or, with --wit,\n"
                 "the WIT of a component, or of the package that it declares.\n"
                 "--features NAMES turns proposals on, or with a '-' before the name off (threads,-gc).");
            return EXIT_OK;
        }
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'f')
            inspect.features = optarg;
        else if (option == 'w')
            inspect.wit = true;
        else
            inspect.json = true;
    }
    if (optind + 1 != argc)
        return fail_usage("inspect", optind == argc ? "no file given" : "one file at a time");
    return inspect_file(&inspect, argv[optind]);
}
