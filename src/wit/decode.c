/* A validated component → the tree of the WIT that it is typed by: its own world "root:component/root", or,
 * of a component that declares a WIT package (WIT.md, "Package Format"), that package; with the interfaces it
 * speaks of in the packages that their names say.
 *
 * A type that an import or export names becomes a definition there: an alias or a `use` of what had a name
 * before (sg_type.renamed, or the same resource), else what it is made of. Everything that refers to it knows
 * it by its address. One interface may occur many times, imported, exported and behind others: its parts are
 * put together by name. */
#include "wit/tree.h"

#include <string.h>

typedef struct Decoder {
    Wit *wit;
    PtrMap defs; /* sg_type, ResourceName or ResourceType → WitDef */
} Decoder;

static sg_status no_memory(const Decoder *d) {
    return sgi_wit_no_memory(d->wit);
}

static sg_status fail(const Decoder *d, const char *what, Bytes name) {
    return sgi_fail(d->wit->cx.err, SG_UNSUPPORTED, SG_NO_OFFSET, "component has no WIT", "%s: `%.*s`", what,
                    (int)(name.size > 150 ? 150 : name.size), (const char *)name.data);
}

static void *make(const Decoder *d, size_t size) {
    return sgi_arena_alloc(&d->wit->arena, size);
}

/* ---- names ---- */

/* "ns:pkg/name@1.2.3"; false for what is no interface's name. */
static bool split_name(Bytes full, WitPath *path) {
    const uint8_t *slash = full.size ? memchr(full.data, '/', full.size) : NULL;
    if (slash == NULL || memchr(full.data, '=', full.size)) /* hashes and addresses have one */
        return false;
    const uint8_t *end = full.data + full.size;
    const uint8_t *version = memchr(slash, '@', (size_t)(end - slash));
    *path = (WitPath){.package.text = {full.data, (size_t)(slash - full.data)},
                      .name = {slash + 1, (size_t)((version ? version : end) - slash - 1)}};
    if (version)
        path->package.version = (Bytes){version + 1, (size_t)(end - version - 1)};
    return sgi_wit_is_label(path->name);
}

static sg_status get_package(Decoder *d, const WitPackageName *name, WitPackage **package) {
    SGI_TRY(sgi_wit_find_package(d->wit, name, package));
    return *package ? SG_OK : sgi_wit_new_package(d->wit, name, package);
}

static sg_status get_scope(Decoder *d, const WitPath *path, bool is_world, WitScope **scope) {
    WitPackage *package;
    SGI_TRY(get_package(d, &path->package, &package));
    *scope = sgi_wit_find_object(d->wit, &package->names, path->name);
    if (*scope)
        return (*scope)->is_world == is_world ? SG_OK : fail(d, "a world and an interface", path->name);
    *scope = sgi_wit_new_scope(d->wit, package, is_world, path->name);
    if (*scope == NULL)
        return no_memory(d);
    *package->last_scope = *scope;
    package->last_scope = &(*scope)->next;
    return sgi_wit_name_object(d->wit, &package->names, path->name, *scope);
}

/* ---- types ---- */

/* Names of names that may stand between what is looked for and what is known: guests could make them many. */
enum { MAX_RENAMES = 100 };

static const WitDef *find_def(const Decoder *d, const sg_type *type) {
    const WitDef *def = NULL;
    for (int i = 0; type && def == NULL && i < MAX_RENAMES; i++, type = type->renamed)
        def = sgi_ptrs_get(&d->defs, type);
    return def;
}

static const WitDef *find_resource(const Decoder *d, const ResourceName *name) {
    const WitDef *def = NULL;
    const ResourceType *resource = name->resource;
    for (int i = 0; name && def == NULL && i < MAX_RENAMES; i++, name = name->renamed)
        def = sgi_ptrs_get(&d->defs, name);
    return def ? def : sgi_ptrs_get(&d->defs, resource);
}

static sg_status decode_type(Decoder *d, const WitScope *scope, const sg_type *from, WitType **type);

static sg_status decode_optional(Decoder *d, const WitScope *scope, const sg_type *from, WitType **type) {
    *type = NULL;
    return from ? decode_type(d, scope, from, type) : SG_OK;
}

static sg_status decode_members(Decoder *d, const WitScope *scope, const CompField *fields, uint32_t count,
                                WitMember **link) {
    for (uint32_t i = 0; i < count; i++) {
        WitMember *member = *link = make(d, sizeof *member);
        if (member == NULL)
            return no_memory(d);
        member->name = fields[i].name;
        SGI_TRY(decode_optional(d, scope, fields[i].type, &member->type));
        link = &member->next;
    }
    return SG_OK;
}

static sg_status decode_handle(Decoder *d, const WitScope *scope, const sg_type *from, WitType *type) {
    const WitDef *def = find_resource(d, from->resource_name);
    if (def == NULL || def->scope != scope)
        return fail(d, "a resource that is not defined or used", from->resource_name->label);
    type->name = def->name;
    return SG_OK;
}

/* What `from` is made of, whatever its name. */
static sg_status decode_parts(Decoder *d, const WitScope *scope, const sg_type *from, WitType *type) {
    type->kind = from->kind;
    switch (from->kind) {
    case SG_OWN:
    case SG_BORROW: return decode_handle(d, scope, from, type);
    case SG_OPTION: return decode_type(d, scope, from->fields[1].type, &type->first);
    case SG_RESULT:
        SGI_TRY(decode_optional(d, scope, from->fields[0].type, &type->first));
        return decode_optional(d, scope, from->fields[1].type, &type->second);
    case SG_TUPLE: return decode_members(d, scope, from->fields, from->field_count, &type->items);
    case SG_MAP:
        SGI_TRY(decode_type(d, scope, from->key, &type->first));
        return decode_type(d, scope, from->element, &type->second);
    case SG_RECORD:
    case SG_VARIANT:
    case SG_ENUM:
    case SG_FLAGS: return fail(d, "a type that is not defined or used", from->name);
    default: type->length = from->length; return decode_optional(d, scope, from->element, &type->first);
    }
}

/* Recursion: types nest at most LIMIT(TYPE_DEPTH) deep. */
static sg_status decode_type(Decoder *d, const WitScope *scope, const sg_type *from, WitType **result) {
    SGI_TRY(sgi_load_poll(&d->wit->cx));
    WitType *type = *result = make(d, sizeof *type);
    if (type == NULL)
        return no_memory(d);
    const WitDef *def = find_def(d, from);
    if (def == NULL || def->scope != scope)
        return decode_parts(d, scope, from, type);
    type->name = def->name;
    return SG_OK;
}

/* ---- definitions ---- */

static void add_def(WitScope *scope, WitDef *def) {
    *scope->last_def = def;
    scope->last_def = &def->next;
}

/* Another name of what has one: in the same scope, or used from another. */
static sg_status decode_alias(Decoder *d, WitDef *def, const WitDef *target) {
    if (target->scope == def->scope) {
        def->kind = WIT_ALIAS;
        def->type = make(d, sizeof *def->type);
        if (def->type == NULL)
            return no_memory(d);
        def->type->name = target->name;
        return SG_OK;
    }
    if (target->scope->is_world || target->scope->is_inline)
        return fail(d, "a type of what has no interface's name", target->name);
    def->kind = WIT_USED;
    def->from_name = target->name;
    def->use = make(d, sizeof *def->use);
    if (def->use == NULL)
        return no_memory(d);
    def->use->scope = target->scope;
    return SG_OK;
}

static sg_status decode_value_def(Decoder *d, WitDef *def, const sg_type *from) {
    const WitDef *target = find_def(d, from->renamed);
    if (target)
        return decode_alias(d, def, target);
    if (from->kind == SG_RECORD || from->kind == SG_VARIANT || from->kind == SG_ENUM ||
        from->kind == SG_FLAGS) {
        def->kind = WIT_COMPOUND;
        def->compound = from->kind;
        return decode_members(d, def->scope, from->fields, from->field_count, &def->members);
    }
    def->kind = WIT_ALIAS;
    def->type = make(d, sizeof *def->type);
    return def->type ? decode_parts(d, def->scope, from, def->type) : no_memory(d);
}

static sg_status decode_resource_def(Decoder *d, WitDef *def, const CompType *from) {
    const WitDef *target = find_resource(d, from->name);
    if (target)
        return decode_alias(d, def, target);
    def->kind = WIT_RESOURCE;
    return SG_OK;
}

static Bytes external_id(const NamedExtern *from) {
    return from->extern_name ? from->extern_name->external_id : (Bytes){NULL, 0};
}

static sg_status decode_def(Decoder *d, WitScope *scope, const NamedExtern *from) {
    const CompType *type = &from->type.as.type.type;
    if (type->kind != CT_VALUE && type->kind != CT_RESOURCE)
        return fail(d, "the type of a function, instance or component", from->name);
    WitDef *def = sgi_wit_find_object(d->wit, &scope->names, from->name);
    if (def == NULL) {
        def = make(d, sizeof *def);
        if (def == NULL)
            return no_memory(d);
        *def = (WitDef){.name = from->name, .scope = scope, .external_id = external_id(from)};
        SGI_TRY(type->kind == CT_VALUE ? decode_value_def(d, def, type->as.value)
                                       : decode_resource_def(d, def, type));
        add_def(scope, def);
        SGI_TRY(sgi_wit_name_object(d->wit, &scope->names, from->name, def));
    }
    bool known = type->kind == CT_VALUE ? sgi_ptrs_put(&d->defs, type->as.value, def)
                                        : sgi_ptrs_put(&d->defs, type->name, def) &&
                                              (sgi_ptrs_get(&d->defs, type->as.resource) ||
                                               sgi_ptrs_put(&d->defs, type->as.resource, def));
    return known ? SG_OK : no_memory(d);
}

/* ---- functions ---- */

/* "[method]resource.name": the function's kind, and its resource in `scope`. */
static sg_status annotate(Decoder *d, const WitScope *scope, WitFunc *func) {
    static const struct {
        const char *prefix;
        WitFuncKind kind;
    } rows[] = {{"[method]", WIT_METHOD}, {"[static]", WIT_STATIC}, {"[constructor]", WIT_CONSTRUCTOR}};
    if (func->name.data[0] != '[')
        return SG_OK;
    for (size_t i = 0; i < SGI_COUNT(rows); i++) {
        size_t size = strlen(rows[i].prefix);
        if (func->name.size <= size || memcmp(func->name.data, rows[i].prefix, size) != 0)
            continue;
        Bytes label = {func->name.data + size, func->name.size - size};
        const uint8_t *dot = memchr(label.data, '.', label.size);
        if (dot)
            label.size = (size_t)(dot - label.data);
        func->kind = rows[i].kind;
        func->resource = sgi_wit_find_object(d->wit, &scope->names, label);
    }
    return func->resource && func->resource->kind == WIT_RESOURCE
               ? SG_OK
               : fail(d, "a function of a resource that is not defined with it", func->name);
}

static sg_status decode_func(Decoder *d, WitScope *scope, const NamedExtern *from, WitFunc **result) {
    const CompFuncType *type = from->type.as.func;
    WitFunc *func = *result = make(d, sizeof *func);
    if (func == NULL)
        return no_memory(d);
    *func = (WitFunc){.name = from->name, .external_id = external_id(from), .is_async = type->is_async};
    SGI_TRY(annotate(d, scope, func));
    SGI_TRY(decode_members(d, scope, type->params, type->param_count, &func->params));
    SGI_TRY(decode_optional(d, scope, type->result, &func->result));
    if (scope->is_world && func->resource == NULL)
        return SG_OK; /* an item */
    *scope->last_func = func;
    scope->last_func = &func->next;
    return SG_OK;
}

/* ---- interfaces and worlds ---- */

static sg_status decode_interface(Decoder *d, WitScope *scope, const InstanceType *type) {
    for (uint32_t i = 0; i < type->export_count; i++) {
        const NamedExtern *from = &type->exports[i];
        WitFunc *func;
        if (from->type.sort == SORT_TYPE) {
            SGI_TRY(decode_def(d, scope, from));
        } else if (from->type.sort != SORT_FUNC) {
            return fail(d, "neither a function nor a type in an interface", from->name);
        } else if (sgi_map_get(&scope->names, from->name) == NULL) {
            SGI_TRY(decode_func(d, scope, from, &func));
            SGI_TRY(sgi_wit_name_object(d->wit, &scope->names, from->name, func));
        }
    }
    return SG_OK;
}

/* The name with the whole version. */
static sg_status full_name(const Decoder *d, const NamedExtern *from, Bytes *name) {
    *name = from->name;
    if (from->extern_name == NULL || from->extern_name->version_suffix.size == 0)
        return SG_OK;
    Bytes suffix = from->extern_name->version_suffix;
    uint8_t *joined = make(d, name->size + suffix.size);
    if (joined == NULL)
        return no_memory(d);
    memcpy(joined, name->data, name->size);
    memcpy(joined + name->size, suffix.data, suffix.size);
    *name = (Bytes){joined, name->size + suffix.size};
    return SG_OK;
}

/* An instance of a world, by the name of its interface, or with a name of its own. */
static sg_status decode_instance(Decoder *d, WitScope *world, const NamedExtern *from, WitItem *item) {
    Bytes implements = from->extern_name ? from->extern_name->implements : (Bytes){NULL, 0};
    Bytes name;
    SGI_TRY(full_name(d, from, &name));
    bool is_named = split_name(name, &item->path);
    if (is_named || split_name(implements, &item->path)) {
        SGI_TRY(get_scope(d, &item->path, false, &item->interface));
    } else {
        item->interface = sgi_wit_new_scope(d->wit, world->package, false, from->name);
        if (item->interface == NULL)
            return no_memory(d);
        item->interface->is_inline = true;
    }
    item->name = is_named ? (Bytes){NULL, 0} : from->name;
    SGI_TRY(decode_interface(d, item->interface, from->type.as.instance));
    if (item->interface->is_inline)
        sgi_wit_order_funcs(item->interface);
    return SG_OK;
}

static sg_status decode_item(Decoder *d, WitScope *world, const NamedExtern *from, bool is_export) {
    if (from->type.sort == SORT_TYPE && !is_export)
        return decode_def(d, world, from);
    WitItem *item = make(d, sizeof *item);
    WitPath path;
    if (item == NULL)
        return no_memory(d);
    if (from->name.data[0] != '[' && !sgi_wit_is_label(from->name) && !split_name(from->name, &path))
        return fail(d, "a name that WIT does not have", from->name);
    *item = (WitItem){.is_export = is_export, .name = from->name, .external_id = external_id(from)};
    if (from->type.sort == SORT_FUNC) {
        SGI_TRY(decode_func(d, world, from, &item->func));
        if (item->func->resource)
            return SG_OK;
    } else if (from->type.sort == SORT_INSTANCE) {
        SGI_TRY(decode_instance(d, world, from, item));
    } else {
        return fail(d, "no function, interface or imported type", from->name);
    }
    *world->last_item = item;
    world->last_item = &item->next;
    return SG_OK;
}

static sg_status decode_world(Decoder *d, const WitPath *path, const ComponentType *type) {
    WitScope *world;
    SGI_TRY(get_scope(d, path, true, &world));
    for (uint32_t i = 0; i < type->import_count; i++)
        SGI_TRY(decode_item(d, world, &type->imports[i], false));
    for (uint32_t i = 0; i < type->export_count; i++)
        SGI_TRY(decode_item(d, world, &type->exports[i], true));
    return SG_OK;
}

/* ---- packages ---- */

/* The component type around an interface or world of a package: the one export, under its full name. */
static const NamedExtern *declared(const NamedExtern *export, WitPath *path) {
    const CompType *type = &export->type.as.type.type;
    if (export->type.sort != SORT_TYPE || type->kind != CT_COMPONENT)
        return NULL;
    const ComponentType *component = type->as.component;
    const NamedExtern *inner = component->exports;
    bool is_declared = component->export_count == 1 && split_name(inner->name, path) &&
                       (inner->type.sort == SORT_INSTANCE || inner->type.sort == SORT_COMPONENT);
    return is_declared ? inner : NULL;
}

static bool is_package(const ComponentType *type) {
    WitPath path;
    for (uint32_t i = 0; i < type->export_count; i++)
        if (declared(&type->exports[i], &path) == NULL)
            return false;
    return type->import_count == 0 && type->export_count > 0;
}

static sg_status decode_declared(Decoder *d, const NamedExtern *export) {
    WitPath path, imported;
    const NamedExtern *inner = declared(export, &path);
    const ComponentType *around = export->type.as.type.type.as.component;
    WitScope *scope;
    for (uint32_t i = 0; i < around->import_count; i++) {
        const NamedExtern *import = &around->imports[i];
        if (import->type.sort != SORT_INSTANCE || !split_name(import->name, &imported))
            return fail(d, "no interface", import->name);
        SGI_TRY(get_scope(d, &imported, false, &scope));
        SGI_TRY(decode_interface(d, scope, import->type.as.instance));
    }
    if (inner->type.sort == SORT_COMPONENT)
        return decode_world(d, &path, inner->type.as.component);
    SGI_TRY(get_scope(d, &path, false, &scope));
    return decode_interface(d, scope, inner->type.as.instance);
}

static sg_status decode(Decoder *d, const ComponentType *type) {
    static const WitPath root = {.package.text = {(const uint8_t *)"root:component", 14},
                                 .name = {(const uint8_t *)"root", 4}};
    WitPath path = root;
    WitPackage *own;
    bool declares = is_package(type);
    if (declares)
        declared(&type->exports[0], &path);
    SGI_TRY(get_package(d, &path.package, &own));
    d->wit->own = own;
    for (uint32_t i = 0; i < type->export_count && declares; i++) { /* all there, in order */
        WitScope *scope;
        const NamedExtern *inner = declared(&type->exports[i], &path);
        SGI_TRY(get_scope(d, &path, inner->type.sort == SORT_COMPONENT, &scope));
    }
    for (uint32_t i = 0; i < type->export_count && declares; i++)
        SGI_TRY(decode_declared(d, &type->exports[i]));
    if (!declares)
        SGI_TRY(decode_world(d, &root, type));
    for (WitPackage *package = d->wit->packages; package; package = package->next)
        for (WitScope *scope = package->scopes; scope; scope = scope->next)
            sgi_wit_order_funcs(scope);
    return SG_OK;
}

sg_status sgi_wit_decode(Wit *wit, const LoadContext *cx, const Component *component) {
    *wit = (Wit){.cx = *cx};
    sgi_wit_init(wit);
    Decoder d = {.wit = wit};
    sgi_ptrs_init(&d.defs, cx->alloc);
    sg_status status = decode(&d, &component->type);
    sgi_ptrs_free(&d.defs);
    return status;
}
