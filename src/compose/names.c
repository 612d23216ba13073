/* The canonical names of core modules, in the two manners that toolchains write (canonical ABI; the first is
 * that of today's toolchains, the second the standard to come):
 *
 *   imports  "$root" "f"                        "cm32p2" "f"
 *            "ns:pkg/i@1.2.0" "f"               "cm32p2|ns:pkg/i@1" "f"
 *            "ns:pkg/i@1.2.0" "[resource-drop]r"   "cm32p2|ns:pkg/i@1" "r_drop"
 *            "[export]ns:pkg/i@1.2.0" "[resource-new]r", "[resource-rep]r", "[resource-drop]r"
 *                                               "cm32p2|_ex_ns:pkg/i@1" "r_new", "r_rep", "r_drop"
 *   exports  "f", "ns:pkg/i@1.2.0#f"            "cm32p2||f", "cm32p2|ns:pkg/i@1|f"
 *            "cabi_post_f"                      "cm32p2||f_post"
 *            "ns:pkg/i@1.2.0#[dtor]r"           "cm32p2|ns:pkg/i@1|r_dtor"
 *            "memory", "cabi_realloc", "_initialize"
 *                                               "cm32p2_memory", "cm32p2_realloc", "cm32p2_initialize"
 *
 * The second manner leaves out of a version what does not count for compatibility. */
#include "compose/private.h"

#include <string.h>

static bool take_prefix(Bytes *name, const char *prefix) {
    size_t size = strlen(prefix);
    if (name->size < size || memcmp(name->data, prefix, size) != 0)
        return false;
    *name = (Bytes){name->data + size, name->size - size};
    return true;
}

static bool take_suffix(Bytes *name, const char *suffix) {
    size_t size = strlen(suffix);
    if (name->size <= size || memcmp(name->data + name->size - size, suffix, size) != 0)
        return false;
    name->size -= size;
    return true;
}

/* ---- imports ---- */

/* The name up to what counts of its version. */
static Bytes track_of(Bytes name) {
    Version version;
    return sgi_version_of(name, &version) ? version.track : name;
}

/* By its name, or else by a compatible one. */
static const NamedExtern *find_instance(const NamedExtern *items, uint32_t count, Bytes name) {
    const NamedExtern *compatible = NULL;
    Bytes track = track_of(name);
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].type.sort != SORT_INSTANCE)
            continue;
        if (sgi_bytes_equal(items[i].name, name))
            return &items[i];
        if (sgi_bytes_equal(track_of(items[i].name), track))
            compatible = &items[i];
    }
    return compatible;
}

static const NamedExtern *find_item(const NamedExtern *items, uint32_t count, Bytes name, CoreRole role) {
    for (uint32_t i = 0; i < count; i++) {
        const ExternType *type = &items[i].type;
        bool fits = role == ROLE_FUNC ? type->sort == SORT_FUNC
                                      : type->sort == SORT_TYPE && type->as.type.type.kind == CT_RESOURCE;
        if (fits && sgi_bytes_equal(items[i].name, name))
            return &items[i];
    }
    return NULL;
}

static const NamedExtern *find_in(const ComponentType *world, const CoreMeaning *meaning, Bytes name) {
    const InstanceType *instance = meaning->instance ? meaning->instance->type.as.instance : NULL;
    if (instance)
        return find_item(instance->exports, instance->export_count, name, meaning->role);
    return meaning->is_export ? NULL : find_item(world->imports, world->import_count, name, meaning->role);
}

typedef struct RoleName {
    const char *prefix, *suffix;
    CoreRole role;
} RoleName;

static const RoleName roles[] = {{"[resource-drop]", "_drop", ROLE_DROP},
                                 {"[resource-new]", "_new", ROLE_NEW},
                                 {"[resource-rep]", "_rep", ROLE_REP}};

bool sgi_name_meaning(const ComponentType *world, Bytes module, Bytes name, CoreMeaning *meaning) {
    *meaning = (CoreMeaning){ROLE_FUNC, false, NULL, NULL};
    bool is_standard = take_prefix(&module, "cm32p2");
    bool is_root = is_standard && (module.size == 0 || sgi_bytes_is(module, "|_ex"));
    if (is_standard && module.size > 0 && !take_prefix(&module, "|"))
        return false;
    meaning->is_export = take_prefix(&module, is_standard ? "_ex" : "[export]");
    if (is_standard && meaning->is_export)
        take_prefix(&module, "_");
    if (!is_standard)
        is_root = sgi_bytes_is(module, "$root");
    if (!is_root) {
        meaning->instance = meaning->is_export ? find_instance(world->exports, world->export_count, module)
                                               : find_instance(world->imports, world->import_count, module);
        if (meaning->instance == NULL)
            return false;
    }
    if (!meaning->is_export)
        meaning->item = find_in(world, meaning, name);
    for (size_t i = 0; i < sizeof roles / sizeof *roles && meaning->item == NULL; i++) {
        Bytes resource = name;
        if (!(is_standard ? take_suffix(&resource, roles[i].suffix)
                          : take_prefix(&resource, roles[i].prefix)))
            continue;
        meaning->role = roles[i].role;
        meaning->item = find_in(world, meaning, resource);
    }
    return meaning->item != NULL;
}

/* ---- exports ---- */

typedef struct ExportManner {
    const char *before, *between, *after; /* around the instance's name and the item's */
} ExportManner;

static void put_export_name(Buf *out, CoreExport what, bool is_standard, Bytes instance, Bytes item) {
    static const ExportManner today[] = {[CORE_FUNC] = {"", "#", ""},
                                         [CORE_POST_RETURN] = {"cabi_post_", "#", ""},
                                         [CORE_DESTRUCTOR] = {"", "#[dtor]", ""},
                                         [CORE_MEMORY] = {"memory", "", ""},
                                         [CORE_REALLOC] = {"cabi_realloc", "", ""},
                                         [CORE_INITIALIZE] = {"_initialize", "", ""}};
    static const ExportManner standard[] = {[CORE_FUNC] = {"cm32p2|", "|", ""},
                                            [CORE_POST_RETURN] = {"cm32p2|", "|", "_post"},
                                            [CORE_DESTRUCTOR] = {"cm32p2|", "|", "_dtor"},
                                            [CORE_MEMORY] = {"cm32p2_memory", "", ""},
                                            [CORE_REALLOC] = {"cm32p2_realloc", "", ""},
                                            [CORE_INITIALIZE] = {"cm32p2_initialize", "", ""}};
    const ExportManner *manner = is_standard ? &standard[what] : &today[what];
    Bytes shown = is_standard ? track_of(instance) : instance;
    sgi_buf_text(out, manner->before);
    sgi_buf_put(out, shown.data, shown.size);
    if (is_standard || instance.size > 0)
        sgi_buf_text(out, manner->between);
    sgi_buf_put(out, item.data, item.size);
    sgi_buf_text(out, manner->after);
}

sg_status sgi_name_export(const LoadContext *cx, const Module *core, CoreExport what, Bytes instance,
                          Bytes item, const Export **found, Buf *wanted) {
    *found = NULL;
    for (int is_standard = 1; is_standard >= 0 && *found == NULL; is_standard--) {
        wanted->size = 0;
        put_export_name(wanted, what, is_standard, instance, item);
        if (wanted->failed)
            return sgi_load_no_memory(cx);
        const uint32_t *index = sgi_map_get(&core->export_map, (Bytes){wanted->data, wanted->size});
        *found = index ? &core->exports[*index] : NULL;
    }
    return SG_OK;
}
