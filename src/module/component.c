/* Components as objects, and what the canonical ABI says of types alone: discriminants, flattened signatures
 * and structural equality; the bytes of types; the types of core modules. Types nest at most
 * LIMIT(TYPE_DEPTH) deep, so recursion over them is bounded. */
#include "module/component.h"

Component *sgi_component_new(const LoadContext *cx, Component *parent) {
    if (parent) {
        Component *component = sgi_arena_alloc(&parent->root->arena, sizeof *component);
        if (component) {
            component->root = parent->root;
            component->parent = parent;
            component->depth = parent->depth + 1;
        }
        return component;
    }
    Alloc alloc;
    sgi_alloc_init(&alloc, cx->alloc->fn, cx->alloc->context, cx->alloc->limit);
    Component *component = sgi_alloc_zero(&alloc, sizeof *component);
    if (component == NULL)
        return NULL;
    component->alloc = alloc;
    sgi_arena_init(&component->arena, &component->alloc);
    atomic_init(&component->references, 1);
    component->root = component;
    return component;
}

void sgi_component_retain(Component *component) {
    atomic_fetch_add_explicit(&component->root->references, 1, memory_order_relaxed);
}

/* The definitions of a component tree and the core modules in them, walked without recursion: down through
 * DEF_COMPONENT, up by `parent`.
 */
static void release_defs(Component *root) {
    Component *component = root;
    for (;;) {
        Component *child = NULL;
        while (child == NULL && component->def_count > 0) {
            Def *def = &component->defs[--component->def_count];
            if (def->kind == DEF_CORE_MODULE)
                sgi_module_release(def->as.core_module);
            else if (def->kind == DEF_COMPONENT)
                child = def->as.component;
        }
        if (child) {
            component = child;
            continue;
        }
        sgi_free(&root->alloc, component->defs, component->def_capacity * sizeof *component->defs);
        if (component == root)
            return;
        component = component->parent;
    }
}

static void release_types(Component *root) {
    while (root->held_types.count > 0)
        sgi_types_release(root->registry, root->held_types.items[--root->held_types.count]);
    sgi_vec_free(&root->alloc, &root->held_types);
}

void sgi_component_release(Component *component) {
    if (component == NULL)
        return;
    component = component->root;
    if (atomic_fetch_sub_explicit(&component->references, 1, memory_order_acq_rel) != 1)
        return;
    release_types(component);
    if (component->release_hook)
        component->release_hook(component);
    release_defs(component);
    sgi_arena_free(&component->arena);
    /* The account that frees the component is inside it. */
    Alloc alloc = component->alloc;
    sgi_free(&alloc, component, sizeof *component);
}

static bool optional_equal(const sg_type *a, const sg_type *b, SameResource *same, void *context) {
    return a && b ? sgi_type_equal_by(a, b, same, context) : a == b;
}

bool sgi_type_equal_by(const sg_type *a, const sg_type *b, SameResource *same, void *context) {
    if (a == b)
        return true;
    if (a->kind != b->kind || a->weight != b->weight || a->field_count != b->field_count ||
        a->length != b->length || (a->resource == NULL) != (b->resource == NULL) ||
        (a->resource && !same(context, a->resource, b->resource)))
        return false;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (!sgi_bytes_equal(a->fields[i].name, b->fields[i].name) ||
            !optional_equal(a->fields[i].type, b->fields[i].type, same, context))
            return false;
    return optional_equal(a->element, b->element, same, context) &&
           optional_equal(a->key, b->key, same, context);
}

static bool is_one_resource(void *context, const ResourceType *a, const ResourceType *b) {
    (void)context;
    return a == b;
}

bool sgi_type_equal(const sg_type *a, const sg_type *b) {
    return sgi_type_equal_by(a, b, is_one_resource, NULL);
}

/* discriminant_type of the canonical ABI; counts past 2^32 do not exist. */
uint32_t sgi_discriminant_size(uint32_t case_count) {
    return case_count <= 1u << 8 ? 1 : case_count <= 1u << 16 ? 2 : 4;
}

uint8_t sgi_type_opcode(sg_kind kind) {
    static const uint8_t opcodes[] = {
        [SG_BOOL] = 0x7f,   [SG_S8] = 0x7e,     [SG_U8] = 0x7d,
        [SG_S16] = 0x7c,    [SG_U16] = 0x7b,    [SG_S32] = 0x7a,
        [SG_U32] = 0x79,    [SG_S64] = 0x78,    [SG_U64] = 0x77,
        [SG_F32] = 0x76,    [SG_F64] = 0x75,    [SG_CHAR] = 0x74,
        [SG_STRING] = 0x73, [SG_RECORD] = 0x72, [SG_VARIANT] = 0x71,
        [SG_LIST] = 0x70,   [SG_TUPLE] = 0x6f,  [SG_FLAGS] = 0x6e,
        [SG_ENUM] = 0x6d,   [SG_OPTION] = 0x6b, [SG_RESULT] = 0x6a,
        [SG_OWN] = 0x69,    [SG_BORROW] = 0x68, [SG_FIXED_LIST] = 0x67,
        [SG_STREAM] = 0x66, [SG_FUTURE] = 0x65, [SG_ERROR_CONTEXT] = 0x64,
        [SG_MAP] = 0x63,
    };
    return opcodes[kind];
}

bool sgi_type_is_primitive(sg_kind kind) {
    return kind <= SG_STRING || kind == SG_ERROR_CONTEXT;
}

void sgi_put_valtype(Buf *out, ValTypeRef ref) {
    if (ref.is_index)
        sgi_buf_leb_s(out, ref.value);
    else
        sgi_buf_byte(out, (uint8_t)ref.value);
}

void sgi_put_optional_valtype(Buf *out, const ValTypeRef *ref) {
    sgi_buf_byte(out, ref != NULL);
    if (ref)
        sgi_put_valtype(out, *ref);
}

void sgi_put_result(Buf *out, const ValTypeRef *ref) {
    if (ref) {
        sgi_buf_byte(out, 0x00);
        sgi_put_valtype(out, *ref);
    } else {
        sgi_buf_put(out, "\x01\x00", 2);
    }
}

const CanonRow *sgi_canon_row(uint8_t opcode) {
    enum {
        FUNC = CANON_HAS_FUNC,
        RESULT = CANON_HAS_RESULT,
        VALUE_TYPE = CANON_HAS_VALUE_TYPE,
        TYPE = CANON_HAS_TYPE,
        ASYNC = CANON_HAS_ASYNC,
        CANCELLABLE = CANON_HAS_CANCELLABLE,
        SHARED = CANON_HAS_SHARED,
        CORE_TYPE = CANON_HAS_CORE_TYPE,
        NUMBER = CANON_HAS_NUMBER,
        MEMORY = CANON_HAS_MEMORY,
        OPTIONS = CANON_HAS_OPTIONS,
    };
    static const CanonRow rows[] = {
#define CANON(opcode, name, immediates, params, results, feature)                                            \
    [opcode] = {name, immediates, params, results, FEATURE_##feature},
#include "module/canon.def"
#undef CANON
    };
    return opcode < SGI_COUNT(rows) && rows[opcode].name ? &rows[opcode] : NULL;
}

const char *sgi_sort_name(Sort sort) {
    switch (sort) {
    case SORT_FUNC: return "func";
    case SORT_VALUE: return "value";
    case SORT_TYPE: return "type";
    case SORT_COMPONENT: return "component";
    case SORT_INSTANCE: return "instance";
    case SORT_CORE_FUNC: return "core func";
    case SORT_CORE_TABLE: return "core table";
    case SORT_CORE_MEMORY: return "core memory";
    case SORT_CORE_GLOBAL: return "core global";
    case SORT_CORE_TAG: return "core tag";
    case SORT_CORE_TYPE: return "core type";
    case SORT_CORE_MODULE: return "core module";
    case SORT_CORE_INSTANCE: return "core instance";
    }
    return "item";
}

/* ---- core modules ---- */

static void module_item_type(const Module *module, uint32_t index, CoreExternType *type) {
    switch (type->kind) {
    case EXTERN_FUNC: type->as.func_id = module->types[module->funcs[index]].id; break;
    case EXTERN_TAG: type->as.func_id = module->types[module->tags[index]].id; break;
    case EXTERN_MEMORY: type->as.memory = module->memories[index]; break;
    case EXTERN_TABLE:
        type->as.table = module->tables[index].type;
        type->as.table.element = sgi_types_canonical(module->types, type->as.table.element);
        break;
    case EXTERN_GLOBAL:
        type->as.global = module->globals[index].type;
        type->as.global.type = sgi_types_canonical(module->types, type->as.global.type);
        break;
    case EXTERN_KINDS: break;
    }
}

bool sgi_core_module_type(Arena *arena, const Module *module, CoreModuleType *type) {
    CoreExternType *imports = sgi_arena_array(arena, module->import_count, sizeof *imports);
    CoreExternType *exports = sgi_arena_array(arena, module->export_count, sizeof *exports);
    if (imports == NULL || exports == NULL)
        return false;
    for (uint32_t i = 0; i < module->import_count; i++) {
        const Import *item = &module->imports[i];
        imports[i] = (CoreExternType){.module = item->module, .name = item->name, .kind = item->kind};
        module_item_type(module, item->index, &imports[i]);
    }
    for (uint32_t i = 0; i < module->export_count; i++) {
        const Export *item = &module->exports[i];
        exports[i] = (CoreExternType){.name = item->name, .kind = item->kind};
        module_item_type(module, item->index, &exports[i]);
    }
    *type = (CoreModuleType){imports, exports, module->import_count, module->export_count};
    return true;
}
