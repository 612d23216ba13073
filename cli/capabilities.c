/* What a component or module needs of the outside world, told by its imports. */
#include "cli.h"

#include <string.h>

/* `patterns`: beginnings of 0.2's interfaces, and of preview 1's functions, which have no ':'. */
typedef struct Capability {
    const char *name, *granted_by;
    const char *patterns[10];
} Capability;

static const Capability capabilities[] = {
    {"arguments", "those of the command line", {"wasi:cli/environment", "args_"}},
    {"environment", "--env, --inherit-env", {"wasi:cli/environment", "environ_"}},
    {"standard streams", "always there", {"wasi:cli/std", "wasi:cli/terminal-", "fd_read", "fd_write"}},
    {"files", "--dir", {"wasi:filesystem/", "path_", "fd_prestat_", "fd_readdir", "fd_p"}},
    {"clocks",
     "always there; --clock",
     {"wasi:clocks/monotonic-", "wasi:clocks/wall-", "clock_", "poll_oneoff"}},
    {"time zone", "--features clocks-timezone; always UTC", {"wasi:clocks/timezone"}},
    {"randomness", "always there; --random", {"wasi:random/", "random_get"}},
    {"TCP", "--tcp", {"wasi:sockets/tcp"}},
    {"UDP", "--udp", {"wasi:sockets/udp"}},
    {"sockets of preview 1", "there are none", {"sock_"}},
    {"DNS", "--dns", {"wasi:sockets/ip-name-lookup"}},
};
enum { CAPABILITY_COUNT = sizeof capabilities / sizeof *capabilities };

static bool starts_with(sg_string name, const char *start) {
    size_t size = strlen(start);
    return name.size >= size && memcmp(name.data, start, size) == 0;
}

/* Of names that are no interface of WASI's, and no function of preview 1's, nothing is known. */
static bool needs(const Capability *capability, sg_string name) {
    for (size_t i = 0; i < sizeof capability->patterns / sizeof *capability->patterns; i++)
        if (capability->patterns[i] && starts_with(name, capability->patterns[i]))
            return true;
    return false;
}

/* The name that decides: an interface, or a function of preview 1; of other things what supplies them. */
static bool import_name(const sg_component *component, const sg_module *module, size_t index, sg_string *name,
                        bool *is_wasi) {
    sg_item_kind item_kind;
    sg_extern_kind extern_kind;
    sg_string from;
    if (component) {
        bool found = sg_component_import(component, index, name, &item_kind);
        *is_wasi = found && starts_with(*name, "wasi:");
        return found;
    }
    if (!sg_module_import(module, index, &from, name, &extern_kind))
        return false;
    *is_wasi = starts_with(from, "wasi_snapshot_preview1") || starts_with(from, "wasi_unstable");
    if (!*is_wasi)
        *name = from;
    return true;
}

static void print_need(bool json, bool *is_first, sg_string name, const char *granted_by) {
    if (json) {
        fputs(*is_first ? "" : ", ", stdout);
        json_string(stdout, name.data, name.size);
    } else {
        fputs(*is_first ? "needs:\n  " : "  ", stdout);
        print_text(stdout, name.data, name.size);
        printf(": %s\n", granted_by);
    }
    *is_first = false;
}

/* Was the same name before it? Modules import many things of one. */
static bool was_before(const sg_component *component, const sg_module *module, size_t index, sg_string name) {
    sg_string before;
    bool is_wasi;
    return index > 0 && import_name(component, module, index - 1, &before, &is_wasi) &&
           before.size == name.size && memcmp(before.data, name.data, name.size) == 0;
}

void print_needs(bool json, const sg_component *component, const sg_module *module) {
    bool needed[CAPABILITY_COUNT] = {false}, is_first = true, is_wasi;
    sg_string name;
    if (json)
        fputs(",\n  \"needs\": [", stdout);
    for (size_t i = 0; import_name(component, module, i, &name, &is_wasi); i++)
        for (size_t c = 0; is_wasi && c < CAPABILITY_COUNT; c++)
            needed[c] = needed[c] || needs(&capabilities[c], name);
    for (size_t c = 0; c < CAPABILITY_COUNT; c++)
        if (needed[c])
            print_need(json, &is_first, sg_string_of(capabilities[c].name, strlen(capabilities[c].name)),
                       capabilities[c].granted_by);
    for (size_t i = 0; import_name(component, module, i, &name, &is_wasi); i++) {
        bool is_unknown = !is_wasi || starts_with(name, "wasi:http/");
        if (is_unknown && !was_before(component, module, i, name))
            print_need(json, &is_first, name, "an embedder");
    }
    if (json)
        fputs("]", stdout);
}
