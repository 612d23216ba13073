/* A resolved world → its instances, types and functions with their names in C (model.h).
 *
 * Instances are found as the encoder of WIT finds them: what an interface uses is imported before it; an
 * export that uses an interface that the world exports too means the exported one. So a definition is looked
 * up together with the instance that it is seen from. */
#include "bindgen/model.h"

#include <string.h>

static sg_status out_of_memory(const Bindgen *b) {
    return sgi_wit_no_memory(b->wit);
}

enum { MAX_STRUCTURAL_NAME = 120 };

static void *make(Bindgen *b, size_t size) {
    void *block = sgi_arena_alloc(b->arena, size);
    b->failed |= block == NULL;
    return block;
}

static sg_status unsupported(const Bindgen *b, WitAt at, const char *what, Bytes name) {
    (void)sgi_wit_fail(b->wit, at, what, "\"%.*s\"", name.size > 100 ? 100 : (int)name.size,
                       (const char *)name.data);
    if (b->wit->cx.err)
        b->wit->cx.err->status = SG_UNSUPPORTED;
    return SG_UNSUPPORTED;
}

/* ---- interfaces ---- */

/* The instance of an interface itself, not under a name that the world gives it. */
typedef struct IfaceKey {
    const WitScope *scope;
    uintptr_t is_export;
} IfaceKey;

static BindIface *find_iface(const Bindgen *b, const WitScope *scope, bool is_export) {
    IfaceKey key = {scope, is_export};
    const uint32_t *at = sgi_map_get(&b->iface_map, (Bytes){(const uint8_t *)&key, sizeof key});
    return at ? b->iface_list.items[*at] : NULL;
}

static Bytes full_name(Bindgen *b, const WitScope *scope) {
    const WitPackageName *package = &scope->package->name;
    const char *text = sgi_bind_format(b, "%.*s/%.*s%s%.*s", (int)package->text.size,
                                       (const char *)package->text.data, (int)scope->name.size,
                                       (const char *)scope->name.data, package->version.size ? "@" : "",
                                       (int)package->version.size, (const char *)package->version.data);
    return sgi_bytes_of(text);
}

/* "app_name"; where that is taken, with the package before the name, its namespace, its version. Those of
 * exports begin with "exports" where an import has the name. */
static const char *choose_prefix(Bindgen *b, const BindIface *iface, Bytes name) {
    const WitPackageName *package = &iface->scope->package->name;
    const uint8_t *colon = package->text.size ? memchr(package->text.data, ':', package->text.size) : NULL;
    size_t skipped = colon ? (size_t)(colon + 1 - package->text.data) : 0;
    const char *own = sgi_bind_snake(b, name), *versioned = sgi_bind_snake(b, iface->wit_name);
    const char *qualified = sgi_bind_snake(b, package->text);
    const char *unqualified =
        sgi_bind_snake(b, (Bytes){package->text.data + skipped, package->text.size - skipped});
    const char *wanted[] = {
        sgi_bind_format(b, "%s_%s", b->prefix, own),
        sgi_bind_format(b, "%s_exports_%s", b->prefix, own),
        sgi_bind_format(b, "%s_%s_%s", b->prefix, unqualified, own),
        sgi_bind_format(b, "%s_%s_%s", b->prefix, qualified, own),
        sgi_bind_format(b, "%s_%s", b->prefix, versioned),
        sgi_bind_format(b, "%s_exports_%s", b->prefix, versioned),
    };
    for (size_t i = 0; i < SGI_COUNT(wanted); i++) {
        bool says_export = i == 1 || i == 5;
        if (says_export && !iface->is_export)
            continue;
        MapPut put = sgi_map_put(&b->prefixes, sgi_bytes_of(wanted[i]), 2);
        b->failed |= put == MAP_NO_MEMORY;
        if (put != MAP_EXISTS)
            return wanted[i];
    }
    return wanted[SGI_COUNT(wanted) - 1]; /* names in file scope get numbers */
}

/* `name`: what the world calls it; empty: nothing of its own. */
static sg_status add_iface(Bindgen *b, const WitScope *scope, bool is_export, Bytes name, Bytes docs) {
    BindIface *iface = make(b, sizeof *iface);
    if (iface == NULL)
        return out_of_memory(b);
    *iface = (BindIface){.scope = scope, .is_export = is_export, .docs = docs.size ? docs : scope->docs};
    iface->last_resource = &iface->resources;
    iface->last_func = &iface->funcs;
    iface->is_world = scope == b->world;
    if (!iface->is_world)
        iface->wit_name = name.size ? name : full_name(b, scope);
    iface->prefix = iface->is_world ? b->prefix : choose_prefix(b, iface, name.size ? name : scope->name);
    iface->table = sgi_bind_global(b, sgi_bind_format(b, "%s_imports", iface->prefix));
    iface->link = sgi_bind_global(b, sgi_bind_format(b, "%s_link", iface->prefix));
    *b->last_iface = iface;
    b->last_iface = &iface->next;
    if (name.size)
        return b->failed ? out_of_memory(b) : SG_OK;
    IfaceKey *key = make(b, sizeof *key);
    if (key == NULL || !sgi_vec_push(b->wit->cx.alloc, &b->iface_list, iface))
        return out_of_memory(b);
    *key = (IfaceKey){scope, is_export};
    MapPut put = sgi_map_put(&b->iface_map, (Bytes){(const uint8_t *)key, sizeof *key},
                             (uint32_t)b->iface_list.count - 1);
    return put == MAP_NO_MEMORY || b->failed ? out_of_memory(b) : SG_OK;
}

/* Whether the world exports the interface itself. */
static bool is_exported(const Bindgen *b, const WitScope *scope) {
    return sgi_map_get(&b->exported, (Bytes){(const uint8_t *)&scope->self, sizeof scope->self}) != NULL;
}

static sg_status note_exported(Bindgen *b) {
    for (const WitItem *item = b->world->items; item; item = item->next) {
        if (!item->is_export || item->interface == NULL || item->name.size)
            continue;
        Bytes key = {(const uint8_t *)&item->interface->self, sizeof item->interface->self};
        if (sgi_map_put(&b->exported, key, 0) == MAP_NO_MEMORY)
            return out_of_memory(b);
    }
    return SG_OK;
}

static sg_status add_import(Bindgen *b, const WitScope *scope, Bytes docs);

/* Recursion, here and below: interfaces use each other at most WIT_USE_DEPTH deep. */
static sg_status add_used(Bindgen *b, const WitScope *scope) {
    for (const WitDef *def = scope->defs; def; def = def->next)
        if (def->kind == WIT_USED)
            SGI_TRY(add_import(b, def->use->scope, (Bytes){NULL, 0}));
    return SG_OK;
}

static sg_status add_import(Bindgen *b, const WitScope *scope, Bytes docs) {
    if (find_iface(b, scope, false))
        return SG_OK;
    SGI_TRY(sgi_load_poll(&b->wit->cx));
    SGI_TRY(add_used(b, scope));
    return add_iface(b, scope, false, (Bytes){NULL, 0}, docs);
}

static sg_status add_export(Bindgen *b, const WitScope *scope, Bytes name, Bytes docs) {
    if (name.size == 0 && find_iface(b, scope, true))
        return SG_OK;
    SGI_TRY(sgi_load_poll(&b->wit->cx));
    for (const WitDef *def = scope->defs; def; def = def->next)
        if (def->kind == WIT_USED && is_exported(b, def->use->scope))
            SGI_TRY(add_export(b, def->use->scope, (Bytes){NULL, 0}, (Bytes){NULL, 0}));
    return add_iface(b, scope, true, name, docs);
}

static sg_status add_ifaces(Bindgen *b) {
    SGI_TRY(note_exported(b));
    for (const WitItem *item = b->world->items; item; item = item->next) {
        if (item->is_export || item->interface == NULL)
            continue;
        SGI_TRY(add_used(b, item->interface));
        SGI_TRY(item->name.size ? add_iface(b, item->interface, false, item->name, item->docs)
                                : add_import(b, item->interface, item->docs));
    }
    SGI_TRY(add_used(b, b->world));
    SGI_TRY(add_iface(b, b->world, false, (Bytes){NULL, 0}, (Bytes){NULL, 0}));
    for (const WitItem *item = b->world->items; item; item = item->next) {
        if (!item->is_export || item->interface == NULL)
            continue;
        for (const WitDef *def = item->interface->defs; def; def = def->next)
            if (def->kind == WIT_USED && !is_exported(b, def->use->scope))
                SGI_TRY(add_import(b, def->use->scope, (Bytes){NULL, 0}));
    }
    for (const WitItem *item = b->world->items; item; item = item->next)
        if (item->is_export && item->interface)
            SGI_TRY(add_export(b, item->interface, item->name, item->docs));
    return SG_OK;
}

/* The instance that the definition is of which `def`, seen in `iface`, stands for. */
static BindIface *iface_of_used(const Bindgen *b, const BindIface *iface, const WitDef *def) {
    BindIface *exported = iface->is_export ? find_iface(b, def->use->scope, true) : NULL;
    return exported ? exported : find_iface(b, def->use->scope, false);
}

/* ---- types ---- */

static BindType *new_type(Bindgen *b, sg_kind kind, size_t count) {
    BindType *type = make(b, sizeof *type);
    if (type == NULL)
        return NULL;
    *type = (BindType){.kind = kind, .count = count};
    type->members = sgi_arena_array(b->arena, count, sizeof *type->members);
    b->failed |= type->members == NULL;
    return type->members ? type : NULL;
}

static void add_type(Bindgen *b, BindType *type) {
    *b->last_type = type;
    b->last_type = &type->next;
}

/* Lays `type` out, whose members are known, names its functions and declares it. */
static sg_status finish_type(Bindgen *b, BindType *type) {
    type->owns = type->kind == SG_STRING || type->kind == SG_LIST;
    for (size_t i = 0; i < type->count; i++)
        type->owns |= type->members[i].type && type->members[i].type->owns;
    if (type->owns)
        type->free_name = sgi_bind_global(b, sgi_bind_format(b, "%s_free", type->name));
    type->out_name = sgi_bind_global(b, sgi_bind_format(b, "%s_out", type->name));
    type->in_name = sgi_bind_global(b, sgi_bind_format(b, "%s_in", type->name));
    add_type(b, type);
    return b->failed ? out_of_memory(b) : sgi_bind_lay_out(b, type);
}

/* `short_name` is without the world's prefix. */
static void name_type(Bindgen *b, BindType *type, const char *short_name) {
    type->name = sgi_bind_global(b, sgi_bind_format(b, "%s_%s", b->prefix, short_name));
    type->short_name = short_name;
}

static const char *const primitive_names[][2] = {
    [SG_BOOL] = {"bool", "bool"},       [SG_S8] = {"int8_t", "s8"},     [SG_U8] = {"uint8_t", "u8"},
    [SG_S16] = {"int16_t", "s16"},      [SG_U16] = {"uint16_t", "u16"}, [SG_S32] = {"int32_t", "s32"},
    [SG_U32] = {"uint32_t", "u32"},     [SG_S64] = {"int64_t", "s64"},  [SG_U64] = {"uint64_t", "u64"},
    [SG_F32] = {"float", "f32"},        [SG_F64] = {"double", "f64"},   [SG_CHAR] = {"uint32_t", "char"},
    [SG_STRING] = {"string", "string"},
};

static sg_status add_primitives(Bindgen *b) {
    for (sg_kind kind = SG_BOOL; kind <= SG_STRING; kind++) {
        BindType *type = b->primitives[kind] = new_type(b, kind, 0);
        if (type == NULL)
            return out_of_memory(b);
        type->name = primitive_names[kind][0];
        type->short_name = primitive_names[kind][1];
        if (kind == SG_STRING) {
            name_type(b, type, "string");
            SGI_TRY(finish_type(b, type));
        } else {
            SGI_TRY(sgi_bind_lay_out(b, type));
        }
    }
    return SG_OK;
}

/* What is kept under a key, made of kinds and addresses; NULL if nothing. */
static BindType *find_type(const Bindgen *b, const Buf *key) {
    const uint32_t *at = sgi_map_get(&b->type_map, (Bytes){key->data, key->size});
    return at ? b->type_list.items[*at] : NULL;
}

static sg_status keep_type(Bindgen *b, const Buf *key, BindType *type) {
    const uint8_t *copy = sgi_arena_copy(b->arena, key->data, key->size);
    if (copy == NULL || key->failed || !sgi_vec_push(b->wit->cx.alloc, &b->type_list, type))
        return out_of_memory(b);
    uint32_t index = (uint32_t)b->type_list.count - 1;
    return sgi_map_put(&b->type_map, (Bytes){copy, key->size}, index) == MAP_NO_MEMORY ? out_of_memory(b)
                                                                                       : SG_OK;
}

static sg_status resolve_type(Bindgen *b, BindIface *iface, const WitType *type, BindType **result);
static sg_status resolve_def(Bindgen *b, BindIface *iface, const WitDef *def, BindType **result);

static size_t count_members(const WitMember *member) {
    size_t count = 0;
    for (; member; member = member->next)
        count++;
    return count;
}

/* Fields, cases, flags or parameters. */
static sg_status resolve_members(Bindgen *b, BindIface *iface, const WitMember *member, BindMember *result) {
    for (; member; member = member->next, result++) {
        *result = (BindMember){.wit_name = member->name, .docs = member->docs};
        result->name = sgi_bind_field(b, member->name);
        if (member->type)
            SGI_TRY(resolve_type(b, iface, member->type, &result->type));
    }
    return SG_OK;
}

static sg_status compound_def(Bindgen *b, BindIface *iface, const WitDef *def, BindType **result) {
    BindType *type = *result = new_type(b, def->compound, count_members(def->members));
    if (type == NULL)
        return out_of_memory(b);
    if (def->compound == SG_FLAGS && type->count > LIMIT_OF(FLAGS))
        return unsupported(b, def->at, "more than 32 flags", def->name);
    type->def = def;
    type->short_name =
        sgi_bind_format(b, "%s%s%s", iface->prefix + strlen(b->prefix), "_", sgi_bind_snake(b, def->name));
    type->short_name += type->short_name[0] == '_';
    type->name = sgi_bind_global(b, sgi_bind_format(b, "%s_%s", b->prefix, type->short_name));
    SGI_TRY(resolve_members(b, iface, def->members, type->members));
    for (size_t i = 0; i < type->count && def->compound != SG_RECORD; i++) {
        const char *name = sgi_bind_snake(b, type->members[i].wit_name);
        type->members[i].constant = sgi_bind_global(
            b, sgi_bind_format(b, "%s_%s", sgi_bind_upper(b, type->name), sgi_bind_upper(b, name)));
    }
    return finish_type(b, type);
}

/* An alias of what has a name in C already. */
static sg_status alias_def(Bindgen *b, BindIface *iface, const WitDef *def, BindType **result) {
    if (sgi_wit_origin(def)->kind == WIT_RESOURCE) /* which is in handles only */
        return resolve_def(b, iface, def->type->def, result);
    SGI_TRY(resolve_type(b, iface, def->type, result));
    BindType *alias = new_type(b, (*result)->kind, 0);
    if (alias == NULL)
        return out_of_memory(b);
    alias->def = def;
    alias->alias_of = *result;
    alias->name =
        sgi_bind_global(b, sgi_bind_format(b, "%s_%s", iface->prefix, sgi_bind_snake(b, def->name)));
    add_type(b, alias);
    return SG_OK;
}

static BindType *handle_type(Bindgen *b, BindResource *resource, sg_kind kind, const char *word) {
    BindType *type = new_type(b, kind, 0);
    if (type == NULL)
        return NULL;
    type->resource = resource;
    name_type(b, type, sgi_bind_format(b, "%s_%s", word, resource->short_name));
    return sgi_bind_lay_out(b, type) == SG_OK ? type : NULL;
}

static sg_status resource_def(Bindgen *b, BindIface *iface, const WitDef *def, BindType **result) {
    BindResource *resource = make(b, sizeof *resource);
    if (resource == NULL)
        return out_of_memory(b);
    *resource = (BindResource){.iface = iface, .def = def, .is_local = iface->is_export != b->is_host};
    const char *name = sgi_bind_format(b, "%s_%s", iface->prefix, sgi_bind_snake(b, def->name));
    if (b->failed)
        return out_of_memory(b);
    resource->short_name = name + strlen(b->prefix) + 1;
    resource->name = sgi_bind_global(b, name);
    resource->own = handle_type(b, resource, SG_OWN, "own");
    resource->borrow = handle_type(b, resource, SG_BORROW, "borrow");
    if (resource->own == NULL || resource->borrow == NULL)
        return out_of_memory(b);
    const char *own = resource->own->name;
    resource->drop_own = sgi_bind_global(b, sgi_bind_format(b, "%s_drop", own));
    resource->drop_borrow = sgi_bind_global(b, sgi_bind_format(b, "%s_drop", resource->borrow->name));
    resource->borrow_own = sgi_bind_global(b, sgi_bind_format(b, "%s_borrow", own));
    resource->make = sgi_bind_global(b, sgi_bind_format(b, "%s_make", own));
    resource->rep = sgi_bind_global(b, sgi_bind_format(b, "%s_rep", own));
    resource->destroy = sgi_bind_global(b, sgi_bind_format(b, "%s_destroy", resource->name));
    *iface->last_resource = resource;
    iface->last_resource = &resource->next;
    BindType *declared = *result = new_type(b, SG_OWN, 0);
    if (declared == NULL)
        return out_of_memory(b);
    declared->def = def;
    declared->resource = resource;
    add_type(b, declared);
    return SG_OK;
}

/* For a resource, what stands for its declaration. Recursion: definitions nest at most LIMIT(TYPE_DEPTH)
 * deep. */
static sg_status resolve_def(Bindgen *b, BindIface *iface, const WitDef *def, BindType **result) {
    SGI_TRY(sgi_load_poll(&b->wit->cx));
    for (; def->kind == WIT_USED; def = def->target)
        iface = iface_of_used(b, iface, def);
    Buf key;
    sgi_buf_init(&key, b->wit->cx.alloc);
    sgi_buf_put(&key, &def, sizeof def);
    sgi_buf_put(&key, &iface, sizeof iface);
    *result = key.failed ? NULL : find_type(b, &key);
    sg_status status = SG_OK;
    if (*result == NULL) {
        status = def->kind == WIT_COMPOUND   ? compound_def(b, iface, def, result)
                 : def->kind == WIT_RESOURCE ? resource_def(b, iface, def, result)
                                             : alias_def(b, iface, def, result);
        if (status == SG_OK)
            status = keep_type(b, &key, *result);
    }
    sgi_buf_free(&key);
    return status;
}

/* "list_u8", "tuple2_u32_string", "result_u32_void"; a number makes a long one short. */
static const char *structural_name(Bindgen *b, const BindType *type) {
    static const char *const words[] = {
        [SG_LIST] = "list",     [SG_TUPLE] = "tuple", [SG_OPTION] = "option",
        [SG_RESULT] = "result", [SG_MAP] = "map",     [SG_FIXED_LIST] = "list"};
    const char *kind = type->kind == SG_TUPLE        ? sgi_bind_format(b, "tuple%zu", type->count)
                       : type->kind == SG_FIXED_LIST ? sgi_bind_format(b, "list%u", (unsigned)type->length)
                                                     : words[type->kind];
    const char *name = kind;
    for (size_t i = 0; i < type->count; i++) {
        name = sgi_bind_format(b, "%s_%s", name,
                               type->members[i].type ? type->members[i].type->short_name : "void");
        if (strlen(name) > MAX_STRUCTURAL_NAME)
            return sgi_bind_format(b, "%s_type%zu", kind, ++b->long_names);
    }
    return name;
}

/* The type of that kind and those members, made once. Maps are lists of pairs. */
static sg_status intern(Bindgen *b, sg_kind kind, uint32_t length, const BindMember *members, size_t count,
                        BindType **result) {
    Buf key;
    sgi_buf_init(&key, b->wit->cx.alloc);
    sgi_buf_put(&key, &kind, sizeof kind);
    sgi_buf_put(&key, &length, sizeof length);
    for (size_t i = 0; i < count; i++)
        sgi_buf_put(&key, &members[i].type, sizeof members[i].type);
    *result = key.failed ? NULL : find_type(b, &key);
    sg_status status = SG_OK;
    if (*result == NULL) {
        BindType *type = *result = new_type(b, kind, count);
        if (type) {
            if (count)
                memcpy(type->members, members, count * sizeof *members);
            type->length = length;
            name_type(b, type, structural_name(b, type));
        }
        status = type ? finish_type(b, type) : out_of_memory(b);
        if (status == SG_OK)
            status = keep_type(b, &key, type);
    }
    sgi_buf_free(&key);
    return status;
}

static sg_status tuple_type(Bindgen *b, BindIface *iface, const WitType *type, BindType **result) {
    size_t count = count_members(type->items), i = 0;
    BindMember *members = sgi_arena_array(b->arena, count, sizeof *members);
    if (members == NULL)
        return out_of_memory(b);
    for (const WitMember *item = type->items; item; item = item->next, i++) {
        members[i] = (BindMember){.name = sgi_bind_format(b, "f%zu", i)};
        SGI_TRY(resolve_type(b, iface, item->type, &members[i].type));
    }
    return intern(b, SG_TUPLE, 0, members, count, result);
}

/* Recursion: types nest at most LIMIT(TYPE_DEPTH) deep. */
static sg_status resolve_type(Bindgen *b, BindIface *iface, const WitType *type, BindType **result) {
    SGI_TRY(sgi_load_poll(&b->wit->cx));
    if (type->def) {
        SGI_TRY(resolve_def(b, iface, type->def, result));
        if ((*result)->resource && (*result)->def)
            *result = type->kind == SG_BORROW ? (*result)->resource->borrow : (*result)->resource->own;
        return SG_OK;
    }
    if (type->kind <= SG_STRING) {
        *result = b->primitives[type->kind];
        return SG_OK;
    }
    if (type->kind == SG_TUPLE)
        return tuple_type(b, iface, type, result);
    if (type->kind == SG_STREAM || type->kind == SG_FUTURE || type->kind == SG_ERROR_CONTEXT)
        return unsupported(b, type->at, "streams, futures and error contexts are not supported yet",
                           BYTES_OF("type"));
    BindMember members[2] = {{.name = "ok"}, {.name = "error"}};
    if (type->first)
        SGI_TRY(resolve_type(b, iface, type->first, &members[0].type));
    if (type->second)
        SGI_TRY(resolve_type(b, iface, type->second, &members[1].type));
    if (type->kind == SG_MAP) {
        BindMember pair = {0};
        members[0].name = "f0";
        members[1].name = "f1";
        SGI_TRY(intern(b, SG_TUPLE, 0, members, 2, &pair.type));
        return intern(b, SG_LIST, 0, &pair, 1, result);
    }
    return intern(b, type->kind, type->length, members, type->kind == SG_RESULT ? 2 : 1, result);
}

/* ---- functions ---- */

/* What of the function's name is its own: "[method]file.read" → "read". */
static const char *func_name(Bindgen *b, const BindIface *iface, const WitFunc *func) {
    if (func->kind == WIT_FREE)
        return sgi_bind_format(b, "%s_%s", iface->prefix, sgi_bind_snake(b, func->name));
    const char *resource = sgi_bind_snake(b, func->resource->name);
    if (func->kind == WIT_CONSTRUCTOR)
        return sgi_bind_format(b, "%s_%s_new", iface->prefix, resource);
    const uint8_t *dot = memchr(func->name.data, '.', func->name.size);
    size_t skipped = dot ? (size_t)(dot + 1 - func->name.data) : 0;
    return sgi_bind_format(b, "%s_%s_%s", iface->prefix, resource,
                           sgi_bind_snake(b, (Bytes){func->name.data + skipped, func->name.size - skipped}));
}

static sg_status add_func(Bindgen *b, BindIface *iface, const WitFunc *func, bool is_export) {
    SGI_TRY(sgi_load_poll(&b->wit->cx));
    if (func->is_async)
        return unsupported(b, func->at, "asynchronous functions are not supported yet", func->name);
    BindFunc *made = make(b, sizeof *made);
    if (made == NULL)
        return out_of_memory(b);
    *made = (BindFunc){.func = func, .iface = iface, .is_export = is_export};
    made->count = count_members(func->params);
    made->params = sgi_arena_array(b->arena, made->count, sizeof *made->params);
    if (made->params == NULL)
        return out_of_memory(b);
    SGI_TRY(resolve_members(b, iface, func->params, made->params));
    if (func->result)
        SGI_TRY(resolve_type(b, iface, func->result, &made->result));
    for (size_t i = 0; i < made->count; i++)
        sgi_bind_flatten(made->params[i].type, made->flat, &made->flat_count);
    made->name = sgi_bind_global(b, func_name(b, iface, func));
    made->raw_name = sgi_bind_global(b, sgi_bind_format(b, "%s_raw", made->name));
    made->post_name = sgi_bind_global(b, sgi_bind_format(b, "%s_post", made->name));
    *iface->last_func = made;
    iface->last_func = &made->next;
    return b->failed ? out_of_memory(b) : SG_OK;
}

static sg_status fill_iface(Bindgen *b, BindIface *iface) {
    BindType *unused;
    for (const WitDef *def = iface->scope->defs; def; def = def->next)
        SGI_TRY(resolve_def(b, iface, def, &unused));
    for (const WitFunc *func = iface->scope->funcs; func; func = func->next)
        SGI_TRY(add_func(b, iface, func, iface->is_export));
    if (!iface->is_world)
        return SG_OK;
    for (const WitItem *item = b->world->items; item; item = item->next)
        if (item->func)
            SGI_TRY(add_func(b, iface, item->func, item->is_export));
    return SG_OK;
}

sg_status sgi_bind_model(Bindgen *b) {
    b->prefix = sgi_bind_snake(b, b->world->name);
    if (strcmp(b->prefix, "sg") == 0) /* the library's own */
        b->prefix = "sg_world";
    b->last_iface = &b->ifaces;
    b->last_type = &b->types;
    SGI_TRY(add_primitives(b));
    const char *string = b->primitives[SG_STRING]->name;
    if (b->is_host) {
        b->instance = sgi_bind_global(b, sgi_bind_format(b, "%s_instance", b->prefix));
        b->bind = sgi_bind_global(b, sgi_bind_format(b, "%s_bind", b->prefix));
    } else {
        b->string_of = sgi_bind_global(b, sgi_bind_format(b, "%s_of", string));
        b->string_copy = sgi_bind_global(b, sgi_bind_format(b, "%s_copy", string));
    }
    SGI_TRY(add_ifaces(b));
    for (BindIface *iface = b->ifaces; iface; iface = iface->next)
        SGI_TRY(fill_iface(b, iface));
    for (BindIface *iface = b->ifaces; iface; iface = iface->next)
        for (BindFunc *func = iface->funcs; func; func = func->next)
            sgi_bind_name_params(b, func);
    return b->failed ? out_of_memory(b) : SG_OK;
}
