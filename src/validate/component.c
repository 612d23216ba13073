/* Is a decoded component valid? Definitions are walked once, in order, building the index spaces (component
 * model, Binary.md); what each index is, with its resolved type, stays with the component.
 *
 * Nested components are walked with an explicit stack, at most LIMIT(COMPONENT_DEPTH) deep. Comparing,
 * substituting and searching types is charged against LIMIT(TYPE_STEPS); what types and instances would come
 * to when written out is computed, not built, and held against LIMIT(TYPE_SIZE) and LIMIT(INSTANTIATIONS). */
#include "validate/component.h"

#include <stdarg.h>
#include <stdio.h>

sg_status sgi_comp_invalid(CompValidator *v, const char *message, const char *detail, ...) {
    char text[sizeof v->cx.err->detail];
    va_list args;
    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    return sgi_fail(v->cx.err, SG_INVALID, v->offset, message, "%s", text);
}

sg_status sgi_comp_refuse(CompValidator *v, const char *message) {
    return sgi_comp_invalid(v, message, "%s", "");
}

sg_status sgi_comp_no_memory(CompValidator *v) {
    return sgi_load_no_memory(&v->cx);
}

sg_status sgi_comp_keep_type(CompValidator *v, uint32_t id) {
    v->root->registry = v->cx.types;
    if (sgi_vec_push(&v->root->alloc, &v->root->held_types, id))
        return SG_OK;
    sgi_types_release(v->cx.types, id);
    return sgi_comp_no_memory(v);
}

sg_status sgi_comp_bad_index(CompValidator *v, const char *what, uint32_t index) {
    return sgi_comp_invalid(v, "index out of bounds", "%s index %u", what, index);
}

sg_status sgi_comp_steps(CompValidator *v, uint64_t steps) {
    uint64_t before = v->steps;
    v->steps += steps;
    if (SGI_LIKELY(before / 1024 == v->steps / 1024))
        return SG_OK;
    SGI_TRY(sgi_load_poll(&v->cx));
    return sgi_limit_check(LIMIT_ID_TYPE_STEPS, v->steps, v->offset, v->cx.err);
}

void *sgi_comp_array(CompValidator *v, const void *items, size_t count, size_t size) {
    return count ? sgi_arena_copy(v->arena, items, count * size) : sgi_arena_alloc(v->arena, 1);
}

/* ---- searching by name ---- */

/* Lists longer than this are hashed when first searched. */
enum { LINEAR_SEARCH = 8 };

static Bytes name_at(const uint8_t *names, size_t stride, uint32_t i) {
    Bytes name;
    const Bytes *place = (const void *)(names + i * stride);
    name = *place;
    return name;
}

static sg_status make_index(CompValidator *v, const uint8_t *names, uint32_t count, size_t stride,
                            Map **index) {
    Map *made = *index = sgi_arena_alloc(v->arena, sizeof *made);
    if (made == NULL)
        return sgi_comp_no_memory(v);
    sgi_map_init(made, v->cx.alloc);
    if (!sgi_ptrs_put(&v->indices, names, made))
        return sgi_comp_no_memory(v);
    for (uint32_t i = 0; i < count; i++) {
        Bytes name = name_at(names, stride, i);
        SGI_TRY(sgi_comp_steps(v, 1 + sgi_name_steps(name)));
        if (sgi_map_put(made, name, i) == MAP_NO_MEMORY)
            return sgi_comp_no_memory(v);
    }
    return SG_OK;
}

/* `names`: the name of the first of `count` items, `stride` bytes apart. */
static sg_status find_name(CompValidator *v, const uint8_t *names, uint32_t count, size_t stride, Bytes name,
                           uint32_t *index) {
    *index = NO_INDEX;
    SGI_TRY(sgi_comp_steps(v, 1 + sgi_name_steps(name)));
    if (count <= LINEAR_SEARCH) {
        for (uint32_t i = 0; i < count && *index == NO_INDEX; i++)
            if (sgi_bytes_equal(name_at(names, stride, i), name))
                *index = i;
        return SG_OK;
    }
    union {
        const void *found;
        Map *index;
    } place = {.found = sgi_ptrs_get(&v->indices, names)};
    if (place.found == NULL)
        SGI_TRY(make_index(v, names, count, stride, &place.index));
    const uint32_t *found = sgi_map_get(place.index, name);
    if (found)
        *index = *found;
    return SG_OK;
}

sg_status sgi_comp_find_extern(CompValidator *v, const NamedExtern *items, uint32_t count, Bytes name,
                               uint32_t *index) {
    return find_name(v, (const uint8_t *)items + offsetof(NamedExtern, name), count, sizeof *items, name,
                     index);
}

sg_status sgi_comp_find_core(CompValidator *v, const CoreExternType *items, uint32_t count, Bytes name,
                             uint32_t *index) {
    return find_name(v, (const uint8_t *)items + offsetof(CoreExternType, name), count, sizeof *items, name,
                     index);
}

static void free_indices(CompValidator *v) {
    for (size_t i = 0; i < v->indices.capacity; i++) {
        union {
            const void *value;
            Map *index;
        } place = {.value = v->indices.entries[i].value};
        if (place.value)
            sgi_map_free(place.index);
    }
    sgi_ptrs_free(&v->indices);
}

/* ---- scopes ---- */

void sgi_scope_init(CompValidator *v, Scope *scope, ScopeKind kind, Scope *parent) {
    *scope = (Scope){.parent = parent, .kind = kind, .id = v->scopes++};
    sgi_names_init(v, &scope->import_names);
    sgi_names_init(v, &scope->export_names);
}

void sgi_scope_free(CompValidator *v, Scope *scope) {
    Alloc *alloc = v->cx.alloc;
    sgi_vec_free(alloc, &scope->types);
    sgi_vec_free(alloc, &scope->funcs);
    sgi_vec_free(alloc, &scope->instances);
    sgi_vec_free(alloc, &scope->components);
    for (int i = 0; i < EXTERN_KINDS; i++)
        sgi_vec_free(alloc, &scope->core_items[i]);
    sgi_vec_free(alloc, &scope->core_modules);
    sgi_vec_free(alloc, &scope->core_instances);
    sgi_vec_free(alloc, &scope->core_types);
    sgi_vec_free(alloc, &scope->core_module_types);
    sgi_vec_free(alloc, &scope->imports);
    sgi_vec_free(alloc, &scope->exports);
    sgi_vec_free(alloc, &scope->core_imports);
    sgi_vec_free(alloc, &scope->core_exports);
    sgi_names_free(&scope->import_names);
    sgi_names_free(&scope->export_names);
}

/* ---- component instances ---- */

static sg_status inline_exports(CompValidator *v, Scope *scope, const InstanceDef *def, NameScope *names,
                                NamedExtern *exports) {
    for (uint32_t i = 0; i < def->arg_count; i++) {
        const NamedItem *arg = &def->args[i];
        exports[i].name = arg->name;
        exports[i].extern_name = arg->extern_name->attributes ? arg->extern_name : NULL;
        SGI_TRY(sgi_comp_get_item(v, scope, arg->item, &exports[i].type));
        SGI_TRY(sgi_comp_check_name(v, names, arg->extern_name, &exports[i].type, false));
    }
    return SG_OK;
}

static sg_status inline_instance(CompValidator *v, Scope *scope, const InstanceDef *def) {
    NamedExtern *exports = sgi_arena_array(v->arena, def->arg_count, sizeof *exports);
    InstanceType *type;
    if (exports == NULL)
        return sgi_comp_no_memory(v);
    NameScope names;
    sgi_names_init(v, &names);
    sg_status status = inline_exports(v, scope, def, &names, exports);
    sgi_names_free(&names);
    SGI_TRY(status);
    SGI_TRY(sgi_comp_instance_type(v, exports, def->arg_count, &type));
    ExternType item = {.sort = SORT_INSTANCE, .as.instance = type};
    return sgi_comp_push_item(v, scope, &item);
}

/* Each import of `type` has an argument that satisfies it. */
static sg_status check_args(CompValidator *v, Scope *scope, const InstanceDef *def, const ComponentType *type,
                            Map *args, Matcher *m) {
    SGI_TRY(sgi_match_expect(m, type->imported, type->imported_count));
    for (uint32_t i = 0; i < def->arg_count; i++)
        switch (sgi_map_put(args, def->args[i].name, i)) {
        case MAP_ADDED: continue;
        case MAP_EXISTS:
            return sgi_comp_invalid(v, "duplicate instantiation argument", "named `%.*s`",
                                    (int)def->args[i].name.size, (const char *)def->args[i].name.data);
        case MAP_NO_MEMORY: return sgi_comp_no_memory(v);
        }
    for (uint32_t i = 0; i < def->arg_count; i++) {
        ExternType given;
        SGI_TRY(sgi_comp_get_item(v, scope, def->args[i].item, &given));
    }
    for (uint32_t i = 0; i < type->import_count; i++) {
        const NamedExtern *import = &type->imports[i];
        const uint32_t *arg = sgi_map_get(args, import->name);
        ExternType given;
        if (arg == NULL)
            return sgi_comp_invalid(v, "missing import", "missing import named `%.*s`",
                                    (int)import->name.size, (const char *)import->name.data);
        SGI_TRY(sgi_comp_get_item(v, scope, def->args[*arg].item, &given));
        SGI_TRY(sgi_match_extern(m, &given, &import->type));
    }
    return SG_OK;
}

/* What stands in the place of the resources the component binds: arguments, and new ones. */
static sg_status bind_resources(CompValidator *v, const Scope *scope, const ComponentType *type,
                                const Matcher *m, PtrMap *map) {
    for (uint32_t i = 0; i < type->imported_count; i++)
        if (!sgi_ptrs_put(map, type->imported[i], sgi_ptrs_get(&m->right, type->imported[i])))
            return sgi_comp_no_memory(v);
    for (uint32_t i = 0; i < type->defined_count; i++) {
        ResourceType *fresh;
        SGI_TRY(sgi_comp_new_resource(v, scope, &fresh));
        if (!sgi_ptrs_put(map, type->defined[i], fresh))
            return sgi_comp_no_memory(v);
    }
    return SG_OK;
}

static sg_status instantiate(CompValidator *v, Scope *scope, const InstanceDef *def) {
    ExternType component;
    SGI_TRY(sgi_comp_get_item(v, scope, (SortIndex){SORT_COMPONENT, def->target}, &component));
    const ComponentType *type = component.as.component;
    const NamedExtern *exports = type->exports;
    Map args;
    PtrMap map;
    Matcher m;
    sgi_map_init(&args, v->cx.alloc);
    sgi_ptrs_init(&map, v->cx.alloc);
    sgi_matcher_init(&m, v);
    m.renames = &map;
    sg_status status = check_args(v, scope, def, type, &args, &m);
    if (status == SG_OK)
        status = bind_resources(v, scope, type, &m, &map);
    if (status == SG_OK)
        status = sgi_comp_subst_exports(v, &map, &exports, type->export_count);
    sgi_matcher_free(&m);
    sgi_ptrs_free(&map);
    sgi_map_free(&args);
    SGI_TRY(status);

    uint64_t made;
    if (!sgi_add(type->transitive_instances, scope->transitive_instances, &made) || !sgi_add(made, 1u, &made))
        made = UINT64_MAX;
    scope->transitive_instances = made;
    InstanceType *instance;
    SGI_TRY(sgi_comp_instance_type(v, exports, type->export_count, &instance));
    ExternType item = {.sort = SORT_INSTANCE, .as.instance = instance};
    return sgi_comp_push_item(v, scope, &item);
}

/* ---- definitions ---- */

/* A component stays as large as it is under a type that does not tell. */
static sg_status keep_instances(CompValidator *v, const ComponentType *inferred,
                                const ComponentType **ascribed) {
    if (inferred->transitive_instances <= (*ascribed)->transitive_instances)
        return SG_OK;
    ComponentType *copy = sgi_arena_copy(v->arena, *ascribed, sizeof *copy);
    if (copy == NULL)
        return sgi_comp_no_memory(v);
    copy->transitive_instances = inferred->transitive_instances;
    *ascribed = copy;
    return SG_OK;
}

static sg_status check_ascription(CompValidator *v, Scope *scope, const ExportDef *def, ExternType *type) {
    ExternType inferred = *type;
    uint32_t first = v->resources;
    SGI_TRY(sgi_comp_extern_type(v, scope, &def->desc, def->name.name, false, type));
    Matcher m;
    sgi_matcher_init(&m, v);
    m.open_from = first; /* what the ascribed type binds takes what is there */
    sg_status status = sgi_match_extern(&m, &inferred, type);
    sgi_matcher_free(&m);
    if (status == SG_OK && type->sort == SORT_COMPONENT)
        status = keep_instances(v, inferred.as.component, &type->as.component);
    return status;
}

static sg_status define_export(CompValidator *v, Scope *scope, const ExportDef *def) {
    ExternType type;
    SGI_TRY(sgi_comp_get_item(v, scope, def->item, &type));
    if (def->has_desc)
        SGI_TRY(check_ascription(v, scope, def, &type));
    else if (type.sort == SORT_TYPE)
        SGI_TRY(sgi_comp_rename(v, def->name.name, &type.as.type.type));
    return sgi_comp_add_extern(v, scope, &def->name, type, false);
}

static sg_status define_import(CompValidator *v, Scope *scope, const ImportDef *def) {
    ExternType type;
    SGI_TRY(sgi_comp_extern_type(v, scope, &def->desc, def->name.name, true, &type));
    return sgi_comp_add_extern(v, scope, &def->name, type, true);
}

static sg_status define_alias(CompValidator *v, Scope *scope, const AliasDef *def) {
    switch (def->kind) {
    case ALIAS_EXPORT: return sgi_comp_export_alias(v, scope, def);
    case ALIAS_CORE_EXPORT: return sgi_comp_core_alias(v, scope, def);
    case ALIAS_OUTER: break;
    }
    return sgi_comp_outer_alias(v, scope, def);
}

static sg_status walk_def(CompValidator *v, Scope *scope, Def *def) {
    switch (def->kind) {
    case DEF_CORE_MODULE: return sgi_comp_core_module(v, scope, def->as.core_module);
    case DEF_CORE_INSTANCE: return sgi_comp_core_instance(v, scope, &def->as.instance);
    case DEF_CORE_TYPE: return sgi_comp_define_core_type(v, scope, def->as.type);
    case DEF_INSTANCE:
        return def->as.instance.is_inline ? inline_instance(v, scope, &def->as.instance)
                                          : instantiate(v, scope, &def->as.instance);
    case DEF_ALIAS: return define_alias(v, scope, &def->as.alias);
    case DEF_TYPE: return sgi_comp_define_type(v, scope, def->as.type);
    case DEF_CANON: return sgi_comp_canon(v, scope, &def->as.canon);
    case DEF_IMPORT: return define_import(v, scope, &def->as.import);
    case DEF_EXPORT: return define_export(v, scope, &def->as.export_);
    case DEF_START:
    case DEF_VALUE: return sgi_load_unsupported(&v->cx, FEATURE_COMPONENT_VALUES, v->offset);
    case DEF_COMPONENT: break; /* walked by validate_tree */
    }
    return SG_OK;
}

/* ---- the tree ---- */

typedef struct Walk {
    Scope scope;
    uint32_t next; /* definition */
    struct Walk *outer;
} Walk;

static sg_status begin(CompValidator *v, Component *component, Walk **top) {
    Walk *walk = sgi_alloc_zero(v->cx.alloc, sizeof *walk);
    if (walk == NULL)
        return sgi_comp_no_memory(v);
    sgi_scope_init(v, &walk->scope, SCOPE_COMPONENT, *top ? &(*top)->scope : NULL);
    walk->scope.component = component;
    walk->outer = *top;
    *top = walk;
    return SG_OK;
}

static void end(CompValidator *v, Walk **top) {
    Walk *walk = *top;
    *top = walk->outer;
    sgi_scope_free(v, &walk->scope);
    sgi_free(v->cx.alloc, walk, sizeof *walk);
}

/* Moves the index spaces to the component. */
static sg_status keep_spaces(CompValidator *v, Scope *scope) {
    Component *c = scope->component;
    CoreItem **core[] = {&c->core_funcs, &c->core_tables, &c->core_memories, &c->core_globals, &c->core_tags};
    uint32_t *core_counts[] = {&c->core_func_count, &c->core_table_count, &c->core_memory_count,
                               &c->core_global_count, &c->core_tag_count};
    for (int i = 0; i < EXTERN_KINDS; i++) {
        *core[i] =
            sgi_comp_array(v, scope->core_items[i].items, scope->core_items[i].count, sizeof(CoreItem));
        *core_counts[i] = (uint32_t)scope->core_items[i].count;
        if (*core[i] == NULL)
            return sgi_comp_no_memory(v);
    }
    c->funcs = sgi_comp_array(v, scope->funcs.items, scope->funcs.count, sizeof *c->funcs);
    c->func_count = (uint32_t)scope->funcs.count;
    c->instances = sgi_comp_array(v, scope->instances.items, scope->instances.count, sizeof *c->instances);
    c->instance_count = (uint32_t)scope->instances.count;
    c->components =
        sgi_comp_array(v, scope->components.items, scope->components.count, sizeof *c->components);
    c->component_count = (uint32_t)scope->components.count;
    c->core_modules =
        sgi_comp_array(v, scope->core_modules.items, scope->core_modules.count, sizeof *c->core_modules);
    c->core_module_count = (uint32_t)scope->core_modules.count;
    c->core_instances = sgi_comp_array(v, scope->core_instances.items, scope->core_instances.count,
                                       sizeof *c->core_instances);
    c->core_instance_count = (uint32_t)scope->core_instances.count;
    c->types = sgi_comp_array(v, scope->types.items, scope->types.count, sizeof *c->types);
    c->type_count = (uint32_t)scope->types.count;
    return c->funcs && c->instances && c->components && c->core_modules && c->core_instances && c->types
               ? SG_OK
               : sgi_comp_no_memory(v);
}

/* The component is whole: its type, and its place in the one around it. */
static sg_status finish(CompValidator *v, Walk **top) {
    Scope *scope = &(*top)->scope;
    Component *component = scope->component;
    SGI_TRY(keep_spaces(v, scope));
    SGI_TRY(sgi_comp_component_type(v, scope, &component->type));
    component->transitive_instances = scope->transitive_instances;
    end(v, top);
    if (*top == NULL)
        return sgi_limit_check(LIMIT_ID_INSTANTIATIONS, component->transitive_instances, 0, v->cx.err);
    ExternType item = {.sort = SORT_COMPONENT, .as.component = &component->type};
    return sgi_comp_push_item(v, &(*top)->scope, &item);
}

static sg_status walk_tree(CompValidator *v, Component *root, Walk **top) {
    SGI_TRY(begin(v, root, top));
    while (*top) {
        Walk *walk = *top;
        Component *component = walk->scope.component;
        SGI_TRY(sgi_load_poll(&v->cx));
        if (walk->next == component->def_count) {
            SGI_TRY(finish(v, top));
            continue;
        }
        walk->scope.def = walk->next++;
        Def *def = &component->defs[walk->scope.def];
        v->offset = def->offset;
        if (def->kind == DEF_COMPONENT) {
            SGI_TRY(begin(v, def->as.component, top));
        } else {
            SGI_TRY(walk_def(v, &walk->scope, def));
        }
    }
    return SG_OK;
}

sg_status sgi_validate_component(const LoadContext *cx, Component *component) {
    CompValidator v = {.cx = *cx, .root = component, .arena = &component->arena};
    v.cx.alloc = &component->alloc;
    sgi_ptrs_init(&v.indices, v.cx.alloc);
    Walk *top = NULL;
    sg_status status = walk_tree(&v, component, &top);
    while (top)
        end(&v, &top);
    free_indices(&v);
    return status;
}
