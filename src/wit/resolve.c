/* Names in WIT → what they mean (WIT.md, "Name resolution"): interfaces and worlds by paths, types by names
 * in their interface; and what is wrong with them: cycles, duplicates, borrowed results. */
#include "wit/tree.h"

#include <string.h>

enum { UNSEEN, OPEN, DONE };

static int shown(Bytes name) {
    return name.size > 100 ? 100 : (int)name.size;
}

static sg_status fail(const Wit *wit, WitAt at, const char *message, Bytes name) {
    return sgi_wit_fail(wit, at, message, "\"%.*s\"", shown(name), (const char *)name.data);
}

static sg_status poll(const Wit *wit) {
    return sgi_load_poll(&wit->cx);
}

/* ---- lookups ---- */

/* Names that differ only by case are the same. */
static Bytes lower(Wit *wit, Bytes name) {
    uint8_t *copy = sgi_arena_alloc(&wit->arena, name.size);
    for (size_t i = 0; copy && i < name.size; i++)
        copy[i] =
            (uint8_t)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] + ('a' - 'A') : name.data[i]);
    return (Bytes){copy, name.size};
}

/* Adds a name; `object` is what it stands for, NULL if nobody looks for it. */
static sg_status define(Wit *wit, Map *names, Bytes name, void *object, WitAt at) {
    Bytes key = lower(wit, name);
    if (key.data == NULL || !sgi_vec_push(wit->cx.alloc, &wit->objects, object))
        return sgi_wit_no_memory(wit);
    switch (sgi_map_put(names, key, (uint32_t)wit->objects.count - 1)) {
    case MAP_ADDED: return SG_OK;
    case MAP_EXISTS: return fail(wit, at, "name defined twice", name);
    default: return sgi_wit_no_memory(wit);
    }
}

static sg_status find(Wit *wit, const Map *names, Bytes name, void **object) {
    Bytes key = lower(wit, name);
    *object = key.data ? sgi_wit_find_object(wit, names, key) : NULL;
    return key.data ? SG_OK : sgi_wit_no_memory(wit);
}

static sg_status find_package(Wit *wit, const WitPackageName *name, WitPackage **package) {
    SGI_TRY(sgi_wit_find_package(wit, name, package));
    return *package ? SG_OK : fail(wit, name->at, "package not found", name->text);
}

/* An interface or world of `package`, or of the one that the path names. */
static sg_status find_path(Wit *wit, WitPackage *package, const WitPath *path, bool is_world,
                           WitScope **scope) {
    void *object;
    if (path->package.text.size)
        SGI_TRY(find_package(wit, &path->package, &package));
    SGI_TRY(find(wit, &package->names, path->name, &object));
    *scope = object;
    if (object == NULL)
        return fail(wit, path->at, is_world ? "world not found" : "interface not found", path->name);
    if ((*scope)->is_world != is_world)
        return fail(wit, path->at, is_world ? "not a world" : "not an interface", path->name);
    return SG_OK;
}

/* The same; the file's top-level uses go before its package. */
static sg_status find_scope(Wit *wit, WitPackage *package, const WitPath *path, bool is_world,
                            WitScope **scope) {
    void *use = NULL;
    if (path->package.text.size == 0)
        SGI_TRY(find(wit, &path->at.file->use_names, path->name, &use));
    return use ? find_path(wit, path->at.file->package, &((const WitUse *)use)->path, is_world, scope)
               : find_path(wit, package, path, is_world, scope);
}

const WitDef *sgi_wit_origin(const WitDef *def) {
    for (;;)
        if (def->kind == WIT_USED)
            def = def->target;
        else if (def->kind == WIT_ALIAS && def->type->def && def->type->kind != SG_OWN &&
                 def->type->kind != SG_BORROW)
            def = def->type->def;
        else
            return def;
}

/* ---- types ---- */

static sg_status resolve_type(Wit *wit, WitScope *scope, WitType *type);

static bool is_key(const WitType *type) {
    if (type->def)
        return false;
    switch (type->kind) {
    case SG_F32:
    case SG_F64:
    case SG_ERROR_CONTEXT: return false;
    default: return type->kind <= SG_STRING;
    }
}

static sg_status resolve_named(Wit *wit, WitScope *scope, WitType *type) {
    void *object;
    SGI_TRY(find(wit, &scope->names, type->name, &object));
    type->def = object;
    return object ? SG_OK : fail(wit, type->at, "type not defined", type->name);
}

/* Recursion: type expressions nest at most LIMIT(TYPE_DEPTH) deep. */
static sg_status resolve_type(Wit *wit, WitScope *scope, WitType *type) {
    if (type->name.size)
        return resolve_named(wit, scope, type);
    if (type->first)
        SGI_TRY(resolve_type(wit, scope, type->first));
    if (type->second)
        SGI_TRY(resolve_type(wit, scope, type->second));
    for (WitMember *item = type->items; item; item = item->next)
        SGI_TRY(resolve_type(wit, scope, item->type));
    if (type->kind == SG_MAP && !is_key(type->first))
        return sgi_wit_fail(wit, type->at, "type cannot be the key of a map", "%s", "");
    return SG_OK;
}

static sg_status resolve_members(Wit *wit, WitScope *scope, WitMember *member) {
    for (; member; member = member->next)
        if (member->type)
            SGI_TRY(resolve_type(wit, scope, member->type));
    return SG_OK;
}

/* Members have different names, and parameters. */
static sg_status check_names(Wit *wit, const WitMember *members) {
    Map names;
    sgi_map_init(&names, wit->cx.alloc);
    sg_status status = SG_OK;
    for (const WitMember *member = members; member && status == SG_OK; member = member->next)
        status = define(wit, &names, member->name, NULL, member->at);
    sgi_map_free(&names);
    return status;
}

/* The depth of a type whose definitions are known: cycles are found here. Handles stop it. */
static sg_status check_def(Wit *wit, WitDef *def, uint32_t *depth, bool *borrows);

static sg_status check_type(Wit *wit, const WitType *type, uint32_t *depth, bool *borrows) {
    uint32_t inner = 0;
    *depth = 0;
    if (type->def) {
        const WitDef *origin = NULL;
        SGI_TRY(check_def(wit, type->def, depth, borrows));
        origin = sgi_wit_origin(type->def);
        bool is_handle = type->kind == SG_OWN || type->kind == SG_BORROW;
        if (is_handle && origin->kind != WIT_RESOURCE)
            return fail(wit, type->at, "not a resource", type->name);
        *borrows |= type->kind == SG_BORROW;
        ++*depth;
        return SG_OK;
    }
    if (type->first)
        SGI_TRY(check_type(wit, type->first, depth, borrows));
    if (type->second) {
        SGI_TRY(check_type(wit, type->second, &inner, borrows));
        *depth = inner > *depth ? inner : *depth;
    }
    for (const WitMember *item = type->items; item; item = item->next) {
        SGI_TRY(check_type(wit, item->type, &inner, borrows));
        *depth = inner > *depth ? inner : *depth;
    }
    return sgi_limit_check(LIMIT_ID_TYPE_DEPTH, ++*depth, SG_NO_OFFSET, wit->cx.err);
}

/* Recursion: a chain longer than LIMIT(TYPE_DEPTH) is refused on the way down. */
static sg_status check_def(Wit *wit, WitDef *def, uint32_t *depth, bool *borrows) {
    SGI_TRY(poll(wit));
    if (def->mark == OPEN)
        return fail(wit, def->at, "type depends on itself", def->name);
    if (def->mark == DONE) {
        *depth = def->depth;
        *borrows |= def->borrows;
        return SG_OK;
    }
    uint32_t deepest = 0, inner = 0;
    def->mark = OPEN;
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_DEPTH, ++wit->nested, SG_NO_OFFSET, wit->cx.err));
    if (def->kind == WIT_USED)
        SGI_TRY(check_def(wit, def->target, &deepest, &def->borrows));
    else if (def->kind == WIT_ALIAS)
        SGI_TRY(check_type(wit, def->type, &deepest, &def->borrows));
    for (const WitMember *member = def->members; member; member = member->next)
        if (member->type) {
            SGI_TRY(check_type(wit, member->type, &inner, &def->borrows));
            deepest = inner > deepest ? inner : deepest;
        }
    wit->nested--;
    def->mark = DONE;
    *def->scope->last_sorted = def;
    def->scope->last_sorted = &def->next_sorted;
    *depth = def->depth = deepest + (def->kind == WIT_COMPOUND);
    *borrows |= def->borrows;
    return SG_OK;
}

/* ---- functions ---- */

static sg_status check_constructor(Wit *wit, const WitFunc *func) {
    const WitType *result = func->result;
    if (result->def == NULL && result->kind == SG_RESULT && result->first)
        result = result->first;
    return result->def && result->def == func->resource && result->kind != SG_BORROW
               ? SG_OK
               : fail(wit, func->at, "constructor does not return its resource", func->resource->name);
}

static sg_status resolve_func(Wit *wit, WitScope *scope, WitFunc *func) {
    SGI_TRY(poll(wit));
    SGI_TRY(check_names(wit, func->params));
    SGI_TRY(resolve_members(wit, scope, func->params));
    if (func->result)
        SGI_TRY(resolve_type(wit, scope, func->result));
    return func->kind == WIT_CONSTRUCTOR ? check_constructor(wit, func) : SG_OK;
}

static sg_status check_func(Wit *wit, const WitFunc *func) {
    uint32_t depth;
    bool borrows = false;
    for (const WitMember *param = func->params; param; param = param->next)
        SGI_TRY(check_type(wit, param->type, &depth, &borrows));
    borrows = false;
    if (func->result)
        SGI_TRY(check_type(wit, func->result, &depth, &borrows));
    return borrows ? fail(wit, func->at, "function returns a borrowed handle", func->name) : SG_OK;
}

/* ---- interfaces ---- */

static sg_status collect_names(Wit *wit, WitScope *scope) {
    for (WitDef *def = scope->defs; def; def = def->next)
        SGI_TRY(define(wit, &scope->names, def->name, def, def->at));
    if (scope->is_world)
        return SG_OK;
    for (WitFunc *func = scope->funcs; func; func = func->next)
        SGI_TRY(define(wit, &scope->names, func->name, NULL, func->at));
    return SG_OK;
}

static sg_status resolve_scope(Wit *wit, WitScope *scope, unsigned depth);

/* Interfaces that are used are resolved first. Recursion: at most WIT_USE_DEPTH deep. */
static sg_status resolve_uses(Wit *wit, WitScope *scope, unsigned depth) {
    for (WitUse *use = scope->uses; use; use = use->next) {
        SGI_TRY(find_scope(wit, scope->package, &use->path, false, &use->scope));
        SGI_TRY(resolve_scope(wit, use->scope, depth + 1));
    }
    for (WitDef *def = scope->defs; def; def = def->next) {
        void *object;
        if (def->kind != WIT_USED)
            continue;
        SGI_TRY(find(wit, &def->use->scope->names, def->from_name, &object));
        if (object == NULL)
            return fail(wit, def->at, "type not found", def->from_name);
        def->target = object;
    }
    return SG_OK;
}

/* Checks all definitions, and puts them behind those that they are made of. */
static sg_status check_scope(Wit *wit, WitScope *scope) {
    scope->last_sorted = &scope->sorted;
    for (WitDef *def = scope->defs; def; def = def->next) {
        uint32_t depth;
        bool borrows = false;
        wit->nested = 0;
        SGI_TRY(check_def(wit, def, &depth, &borrows));
    }
    scope->last_def = &scope->defs;
    for (WitDef *def = scope->sorted; def; def = def->next_sorted) {
        *scope->last_def = def;
        scope->last_def = &def->next;
    }
    *scope->last_def = NULL;
    sgi_wit_order_funcs(scope);
    for (const WitFunc *func = scope->funcs; func; func = func->next)
        SGI_TRY(check_func(wit, func));
    return SG_OK;
}

/* What it needs was finished before. */
static void finish(WitScope *scope) {
    scope->mark = DONE;
    if (scope->is_inline)
        return;
    WitScope ***last = &scope->package->last_sorted[scope->is_world];
    **last = scope;
    *last = &scope->next_sorted;
}

static sg_status resolve_scope(Wit *wit, WitScope *scope, unsigned depth) {
    SGI_TRY(poll(wit));
    if (scope->mark == DONE)
        return SG_OK;
    if (scope->mark == OPEN)
        return fail(wit, scope->at, "interface depends on itself", scope->name);
    if (depth > WIT_USE_DEPTH)
        return sgi_wit_fail(wit, scope->at, "interfaces use each other too deeply", "%s", "");
    scope->mark = OPEN;
    SGI_TRY(collect_names(wit, scope));
    SGI_TRY(resolve_uses(wit, scope, depth));
    for (WitDef *def = scope->defs; def; def = def->next) {
        SGI_TRY(check_names(wit, def->members));
        SGI_TRY(resolve_members(wit, scope, def->members));
        if (def->type)
            SGI_TRY(resolve_type(wit, scope, def->type));
    }
    for (WitFunc *func = scope->funcs; func; func = func->next)
        SGI_TRY(resolve_func(wit, scope, func));
    SGI_TRY(check_scope(wit, scope));
    if (!scope->is_world)
        finish(scope);
    return SG_OK;
}

/* ---- worlds ---- */

static sg_status resolve_world(Wit *wit, WitScope *world, unsigned depth);

/* A world that is being included. */
typedef struct Including {
    Wit *wit;
    WitScope *world, *other;
    Map renames; /* their numbers */
    WitRename **list;
} Including;

static Bytes renamed(const Including *in, Bytes name) {
    const uint32_t *at = sgi_map_get(&in->renames, name);
    if (at == NULL)
        return name;
    in->list[*at]->is_used = true;
    return in->list[*at]->to;
}

static sg_status read_renames(Including *in, WitRename *renames) {
    uint32_t count = 0;
    for (const WitRename *rename = renames; rename; rename = rename->next)
        count++;
    in->list = sgi_arena_array(&in->wit->arena, count, sizeof *in->list);
    if (in->list == NULL)
        return sgi_wit_no_memory(in->wit);
    count = 0;
    for (WitRename *rename = renames; rename; rename = rename->next) {
        in->list[count] = rename;
        switch (sgi_map_put(&in->renames, rename->from, count++)) {
        case MAP_ADDED: break;
        case MAP_EXISTS: return fail(in->wit, rename->at, "name renamed twice", rename->from);
        default: return sgi_wit_no_memory(in->wit);
        }
    }
    return SG_OK;
}

static sg_status include_defs(Including *in) {
    WitScope *world = in->world;
    WitDef **first = world->last_def;
    for (WitDef *from = in->other->defs; from; from = from->next) {
        SGI_TRY(sgi_wit_clone_def(in->wit, from, renamed(in, from->name)));
        WitDef *def = *world->last_def = from->clone;
        world->last_def = &def->next;
        SGI_TRY(define(in->wit, &world->names, def->name, def, def->at));
    }
    for (WitDef *def = *first; def; def = def->next)
        SGI_TRY(sgi_wit_clone_parts(in->wit, def));
    return SG_OK;
}

/* Those of resources. */
static sg_status include_funcs(Including *in) {
    WitScope *world = in->world;
    for (const WitFunc *from = in->other->funcs; from; from = from->next) {
        SGI_TRY(sgi_wit_clone_func(in->wit, from, world->last_func));
        world->last_func = &(*world->last_func)->next;
    }
    return SG_OK;
}

static sg_status include_items(Including *in) {
    WitScope *world = in->world;
    for (const WitItem *from = in->other->items; from; from = from->next) {
        SGI_TRY(poll(in->wit));
        WitItem *item = sgi_arena_copy(&in->wit->arena, from, sizeof *from);
        if (item == NULL)
            return sgi_wit_no_memory(in->wit);
        if (item->func)
            SGI_TRY(sgi_wit_clone_func(in->wit, from->func, &item->func));
        if (item->name.size)
            item->name = renamed(in, from->name);
        item->next = NULL;
        item->is_included = true;
        *world->last_item = item;
        world->last_item = &item->next;
    }
    return SG_OK;
}

static sg_status include_renamed(Including *in, const WitInclude *what) {
    SGI_TRY(read_renames(in, what->renames));
    SGI_TRY(include_defs(in));
    SGI_TRY(include_funcs(in));
    SGI_TRY(include_items(in));
    for (const WitRename *rename = what->renames; rename; rename = rename->next)
        if (!rename->is_used)
            return fail(in->wit, rename->at, "no such import or export to rename", rename->from);
    return SG_OK;
}

/* Names that two included worlds share are an error, but for those of interfaces: the same in each. */
static sg_status include(Wit *wit, WitScope *world, const WitInclude *what, unsigned depth) {
    Including in = {.wit = wit, .world = world};
    SGI_TRY(find_scope(wit, world->package, &what->path, true, &in.other));
    SGI_TRY(resolve_world(wit, in.other, depth + 1));
    sgi_map_init(&in.renames, wit->cx.alloc);
    sg_status status = include_renamed(&in, what);
    sgi_map_free(&in.renames);
    return status;
}

/* An import and an export of one name each; an interface that comes by several includes is one. */
static sg_status check_items(Wit *wit, WitScope *world) {
    Map sides[2];
    sg_status status = SG_OK;
    sgi_map_init(&sides[0], wit->cx.alloc);
    sgi_map_init(&sides[1], wit->cx.alloc);
    for (WitItem **link = &world->items, *item; status == SG_OK && (item = *link) != NULL;) {
        Map *names = &sides[item->is_export];
        void *known = NULL;
        Bytes key = item->name;
        if (key.size == 0) /* an interface: by its identity */
            key = (Bytes){(const uint8_t *)&item->interface->self, sizeof item->interface->self};
        if (item->name.size && !item->is_export)
            status = find(wit, &world->names, key, &known);
        if (known)
            status = fail(wit, item->at, "name defined twice", item->name);
        if (status == SG_OK && item->name.size == 0 && sgi_map_get(names, key)) {
            bool is_repeated = !item->is_included;
            if (is_repeated) {
                status = fail(wit, item->at, "interface imported or exported twice", item->interface->name);
            } else {
                *link = item->next;
                if (item->next == NULL)
                    world->last_item = link;
                continue;
            }
        }
        if (status == SG_OK && item->name.size)
            status = define(wit, names, key, NULL, item->at);
        else if (status == SG_OK && sgi_map_put(names, key, 0) == MAP_NO_MEMORY)
            status = sgi_wit_no_memory(wit);
        link = &item->next;
    }
    sgi_map_free(&sides[0]);
    sgi_map_free(&sides[1]);
    return status;
}

static sg_status resolve_item(Wit *wit, WitScope *world, WitItem *item) {
    if (item->func) {
        SGI_TRY(resolve_func(wit, world, item->func));
        return check_func(wit, item->func);
    }
    if (item->interface)
        return resolve_scope(wit, item->interface, 0);
    SGI_TRY(find_scope(wit, world->package, &item->path, false, &item->interface));
    return resolve_scope(wit, item->interface, 0);
}

/* Recursion: at most WIT_USE_DEPTH deep. */
static sg_status resolve_world(Wit *wit, WitScope *world, unsigned depth) {
    if (world->mark == DONE)
        return SG_OK;
    if (world->mark == OPEN)
        return fail(wit, world->at, "world includes itself", world->name);
    if (depth > WIT_USE_DEPTH)
        return sgi_wit_fail(wit, world->at, "worlds include each other too deeply", "%s", "");
    WitItem *own = world->items;
    SGI_TRY(resolve_scope(wit, world, 0));
    world->mark = OPEN;
    for (WitItem *item = own; item; item = item->next)
        SGI_TRY(resolve_item(wit, world, item));
    for (const WitInclude *i = world->includes; i; i = i->next)
        SGI_TRY(include(wit, world, i, depth));
    SGI_TRY(check_items(wit, world));
    finish(world);
    return SG_OK;
}

/* ---- packages ---- */

static sg_status resolve_top_use(Wit *wit, WitFile *file, WitUse *use) {
    void *own = NULL;
    WitScope *scope;
    SGI_TRY(define(wit, &file->use_names, use->name, use, use->path.at));
    SGI_TRY(find_path(wit, file->package, &use->path, false, &scope));
    if (use->path.package.text.size || !sgi_bytes_equal(use->name, use->path.name))
        SGI_TRY(find(wit, &file->package->names, use->name, &own));
    return own && ((WitScope *)own)->at.file == file
               ? fail(wit, use->path.at, "name defined twice", use->name)
               : SG_OK;
}

static sg_status resolve_top_uses(Wit *wit) {
    for (size_t i = 0; i < wit->file_count; i++)
        for (WitUse *use = wit->files[i].uses; use; use = use->next)
            SGI_TRY(resolve_top_use(wit, &wit->files[i], use));
    return SG_OK;
}

/* Packages that use each other's interfaces. Recursion: one level a package, at most WIT_USE_DEPTH. */
static sg_status check_packages(Wit *wit, WitPackage *package, unsigned depth) {
    if (package->mark == DONE)
        return SG_OK;
    if (package->mark == OPEN)
        return fail(wit, package->name.at, "package depends on itself", package->name.text);
    if (depth > WIT_USE_DEPTH)
        return sgi_wit_fail(wit, package->name.at, "packages use each other too deeply", "%s", "");
    package->mark = OPEN;
    for (const WitScope *scope = package->scopes; scope; scope = scope->next) {
        for (const WitUse *use = scope->uses; use; use = use->next)
            if (use->scope->package != package)
                SGI_TRY(check_packages(wit, use->scope->package, depth + 1));
        for (const WitItem *item = scope->items; item; item = item->next)
            if (item->interface && item->interface->package != package)
                SGI_TRY(check_packages(wit, item->interface->package, depth + 1));
    }
    package->mark = DONE;
    return SG_OK;
}

/* Only nested packages may stand in files without a name of their own. */
static sg_status check_named(Wit *wit) {
    for (const WitPackage *package = wit->packages; package; package = package->next)
        if (!package->is_named && package->scopes)
            return sgi_wit_fail(wit, package->scopes->at, "the package has no name", "%s", "");
        else if (!package->is_named && package->next == NULL && package == wit->packages)
            return sgi_wit_fail(wit, (WitAt){&wit->files[0], 0}, "the package has no name", "%s", "");
    return SG_OK;
}

/* Interfaces, then worlds. */
static void sort_scopes(WitPackage *package) {
    package->last_scope = &package->scopes;
    for (int i = 0; i < 2; i++)
        for (WitScope *scope = package->sorted[i]; scope; scope = scope->next_sorted) {
            *package->last_scope = scope;
            package->last_scope = &scope->next;
        }
    *package->last_scope = NULL;
}

sg_status sgi_wit_resolve(Wit *wit) {
    SGI_TRY(check_named(wit));
    for (WitPackage *package = wit->packages; package; package = package->next) {
        for (int i = 0; i < 2; i++)
            package->last_sorted[i] = &package->sorted[i];
        for (WitScope *scope = package->scopes; scope; scope = scope->next)
            SGI_TRY(define(wit, &package->names, scope->name, scope, scope->at));
    }
    SGI_TRY(resolve_top_uses(wit));
    for (WitPackage *package = wit->packages; package; package = package->next)
        for (WitScope *scope = package->scopes; scope; scope = scope->next)
            SGI_TRY(scope->is_world ? resolve_world(wit, scope, 0) : resolve_scope(wit, scope, 0));
    for (WitPackage *package = wit->packages; package; package = package->next) {
        SGI_TRY(check_packages(wit, package, 0));
        sort_scopes(package);
    }
    return SG_OK;
}
