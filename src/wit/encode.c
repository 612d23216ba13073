/* Resolved WIT → a component that exports each interface and world of the package as a type (WIT.md, "Package
 * Format"; Binary.md).
 *
 * An Encoder is one scope of declarations: a component type, or an instance type inside it. Instances that an
 * interface uses are imported before it; of a world's exports, an interface that the world exports too stands
 * in for itself. */
#include "wit/tree.h"

typedef struct Encoder {
    Wit *wit;
    Buf out;
    uint32_t count; /* declarations */
    uint32_t types, instances;
    uint32_t id;           /* of this scope; never 0 */
    struct Encoder *outer; /* of an instance type */
    bool is_export;        /* the same: the interface is an export of a world */
} Encoder;

enum {
    DECL_OF_TYPE = 0x01,
    DECL_OF_ALIAS = 0x02,
    DECL_OF_IMPORT = 0x03,
    DECL_OF_EXPORT = 0x04,
    DESC_FUNC = 0x01,
    DESC_TYPE = 0x03,
    DESC_COMPONENT = 0x04,
    DESC_INSTANCE = 0x05,
};

static void begin(Encoder *e, Wit *wit, Encoder *outer) {
    *e = (Encoder){.wit = wit, .id = ++wit->scopes_made, .outer = outer};
    sgi_buf_init(&e->out, wit->cx.alloc);
}

static void put_name(Buf *out, Bytes name) {
    sgi_buf_sized(out, name.data, name.size);
}

/* A type declaration; its index. */
static uint32_t add_type(Encoder *e, const Buf *type) {
    sgi_buf_byte(&e->out, DECL_OF_TYPE);
    sgi_buf_put(&e->out, type->data, type->size);
    e->out.failed |= type->failed;
    e->count++;
    return e->types++;
}

static uint32_t add_alias(Encoder *e, uint32_t instance, Bytes name) {
    sgi_buf_byte(&e->out, DECL_OF_ALIAS);
    sgi_buf_byte(&e->out, DESC_TYPE);
    sgi_buf_byte(&e->out, 0x00);
    sgi_buf_leb_u(&e->out, instance);
    put_name(&e->out, name);
    e->count++;
    return e->types++;
}

static uint32_t add_outer_alias(Encoder *e, uint32_t index) {
    sgi_buf_byte(&e->out, DECL_OF_ALIAS);
    sgi_buf_byte(&e->out, DESC_TYPE);
    sgi_buf_byte(&e->out, 0x02);
    sgi_buf_leb_u(&e->out, 1);
    sgi_buf_leb_u(&e->out, index);
    e->count++;
    return e->types++;
}

/* An import or export, but for its description. */
static void put_extern(Encoder *e, bool is_import, Bytes name, Bytes implements, Bytes external_id) {
    uint32_t attributes = (implements.size > 0 ? 1u : 0u) + (external_id.data ? 1u : 0u);
    sgi_buf_byte(&e->out, is_import ? DECL_OF_IMPORT : DECL_OF_EXPORT);
    sgi_buf_byte(&e->out, attributes ? 0x02 : 0x00);
    put_name(&e->out, name);
    if (attributes)
        sgi_buf_leb_u(&e->out, attributes);
    if (implements.size) {
        sgi_buf_byte(&e->out, 0x00);
        put_name(&e->out, implements);
    }
    if (external_id.data) {
        sgi_buf_byte(&e->out, 0x02);
        put_name(&e->out, external_id);
    }
    e->count++;
}

/* ---- types ---- */

static sg_status def_index(Encoder *e, WitDef *def, uint32_t *index);
static sg_status type_ref(Encoder *e, const WitType *type, ValTypeRef *ref);

static uint32_t count_members(const WitMember *member) {
    uint32_t count = 0;
    for (; member; member = member->next)
        count++;
    return count;
}

/* The bytes of a type with parts; the parts' own declarations come first. */
static sg_status put_compound(Encoder *e, const WitType *type, Buf *out) {
    ValTypeRef first, second;
    if (type->first)
        SGI_TRY(type_ref(e, type->first, &first));
    if (type->second)
        SGI_TRY(type_ref(e, type->second, &second));
    sgi_buf_byte(out, sgi_type_opcode(type->kind));
    switch (type->kind) {
    case SG_RESULT:
        sgi_put_optional_valtype(out, type->first ? &first : NULL);
        sgi_put_optional_valtype(out, type->second ? &second : NULL);
        break;
    case SG_STREAM:
    case SG_FUTURE: sgi_put_optional_valtype(out, type->first ? &first : NULL); break;
    case SG_TUPLE:
        sgi_buf_leb_u(out, count_members(type->items));
        for (const WitMember *item = type->items; item; item = item->next) {
            SGI_TRY(type_ref(e, item->type, &first));
            sgi_put_valtype(out, first);
        }
        break;
    default:
        sgi_put_valtype(out, first);
        if (type->second)
            sgi_put_valtype(out, second);
        if (type->kind == SG_FIXED_LIST)
            sgi_buf_leb_u(out, type->length);
    }
    return SG_OK;
}

/* Recursion: types nest at most LIMIT(TYPE_DEPTH) deep. */
static sg_status type_ref(Encoder *e, const WitType *type, ValTypeRef *ref) {
    SGI_TRY(sgi_load_poll(&e->wit->cx));
    *ref = (ValTypeRef){false, sgi_type_opcode(type->kind)};
    if (type->def == NULL && sgi_type_is_primitive(type->kind))
        return SG_OK;
    ref->is_index = true;
    Buf own;
    sgi_buf_init(&own, e->wit->cx.alloc);
    sg_status status = SG_OK;
    if (type->def) {
        bool is_handle = sgi_wit_origin(type->def)->kind == WIT_RESOURCE;
        status = def_index(e, type->def, &ref->value);
        sgi_buf_byte(&own, sgi_type_opcode(type->kind == SG_BORROW ? SG_BORROW : SG_OWN));
        sgi_buf_leb_u(&own, ref->value);
        if (status == SG_OK && is_handle)
            ref->value = add_type(e, &own);
    } else {
        status = put_compound(e, type, &own);
        if (status == SG_OK)
            ref->value = add_type(e, &own);
    }
    sgi_buf_free(&own);
    return status;
}

static sg_status put_members(Encoder *e, const WitDef *def, Buf *out) {
    sgi_buf_byte(out, sgi_type_opcode(def->compound));
    sgi_buf_leb_u(out, count_members(def->members));
    for (const WitMember *member = def->members; member; member = member->next) {
        ValTypeRef ref = {false, 0};
        if (member->type)
            SGI_TRY(type_ref(e, member->type, &ref));
        put_name(out, member->name);
        if (def->compound == SG_RECORD)
            sgi_put_valtype(out, ref);
        if (def->compound == SG_VARIANT) {
            sgi_put_optional_valtype(out, member->type ? &ref : NULL);
            sgi_buf_byte(out, 0x00);
        }
    }
    return SG_OK;
}

/* The type that a definition names, not a resource. An alias of a name is what the name is. */
static sg_status defined_type(Encoder *e, const WitDef *def, uint32_t *index) {
    const WitType *type = def->type;
    if (def->kind == WIT_ALIAS && type->def && type->kind != SG_OWN && type->kind != SG_BORROW)
        return def_index(e, type->def, index);
    Buf own;
    sgi_buf_init(&own, e->wit->cx.alloc);
    sg_status status = SG_OK;
    ValTypeRef ref = {false, 0};
    if (def->kind == WIT_COMPOUND) {
        status = put_members(e, def, &own);
    } else {
        status = type_ref(e, type, &ref);
        sgi_buf_byte(&own, (uint8_t)ref.value);
    }
    *index = ref.value;
    if (status == SG_OK && !ref.is_index)
        *index = add_type(e, &own);
    sgi_buf_free(&own);
    return status;
}

/* Where the interface that `def` is used from is an instance in the scope `e`, of a world or package. */
static uint32_t used_instance(const Encoder *e, const WitScope *from, bool for_export) {
    return for_export && from->exported_in == e->id ? from->export_index : from->import_index;
}

/* The index in the component type of what `def` uses. */
static uint32_t used_index(Encoder *e, const WitDef *def, bool for_export) {
    return add_alias(e, used_instance(e, def->use->scope, for_export), def->from_name);
}

/* In an instance type, definitions are exports; in a world, imports. */
static sg_status encode_def(Encoder *e, WitDef *def) {
    bool is_resource = def->kind == WIT_RESOURCE;
    uint32_t index = 0;
    if (def->kind == WIT_USED)
        index = e->outer ? add_outer_alias(e, used_index(e->outer, def, e->is_export))
                         : used_index(e, def, false);
    else if (!is_resource)
        SGI_TRY(defined_type(e, def, &index));
    put_extern(e, e->outer == NULL, def->name, (Bytes){NULL, 0}, def->external_id);
    sgi_buf_byte(&e->out, DESC_TYPE);
    sgi_buf_byte(&e->out, is_resource);
    if (!is_resource)
        sgi_buf_leb_u(&e->out, index);
    def->encoded_in = e->id;
    def->encoded_index = e->types++;
    return SG_OK;
}

static sg_status def_index(Encoder *e, WitDef *def, uint32_t *index) {
    if (def->encoded_in != e->id)
        SGI_TRY(encode_def(e, def));
    *index = def->encoded_index;
    return SG_OK;
}

/* ---- functions and interfaces ---- */

static sg_status put_func_type(Encoder *e, const WitFunc *func, Buf *out) {
    ValTypeRef ref;
    sgi_buf_byte(out, func->is_async ? 0x43 : 0x40);
    sgi_buf_leb_u(out, count_members(func->params));
    for (const WitMember *param = func->params; param; param = param->next) {
        SGI_TRY(type_ref(e, param->type, &ref));
        put_name(out, param->name);
        sgi_put_valtype(out, ref);
    }
    if (func->result)
        SGI_TRY(type_ref(e, func->result, &ref));
    sgi_put_result(out, func->result ? &ref : NULL);
    return SG_OK;
}

static sg_status encode_func(Encoder *e, const WitFunc *func, bool is_import, Bytes name, Bytes external_id) {
    Buf type;
    sgi_buf_init(&type, e->wit->cx.alloc);
    sg_status status = put_func_type(e, func, &type);
    if (status == SG_OK) {
        uint32_t index = add_type(e, &type);
        put_extern(e, is_import, name, (Bytes){NULL, 0}, external_id);
        sgi_buf_byte(&e->out, DESC_FUNC);
        sgi_buf_leb_u(&e->out, index);
    }
    sgi_buf_free(&type);
    return status;
}

static sg_status encode_contents(Encoder *e, const WitScope *scope) {
    uint32_t index;
    for (WitDef *def = scope->defs; def; def = def->next)
        SGI_TRY(def_index(e, def, &index));
    for (const WitFunc *func = scope->funcs; func; func = func->next)
        SGI_TRY(encode_func(e, func, e->outer == NULL, func->name, func->external_id));
    return SG_OK;
}

/* A declaration of the whole scope `inner` as a type: 0x41 a component's, 0x42 an instance's. */
static uint32_t add_scope(Encoder *e, const Encoder *inner) {
    Buf type;
    sgi_buf_init(&type, e->wit->cx.alloc);
    sgi_buf_byte(&type, inner->outer ? 0x42 : 0x41);
    sgi_buf_leb_u(&type, inner->count);
    sgi_buf_put(&type, inner->out.data, inner->out.size);
    e->out.failed |= inner->out.failed;
    uint32_t index = add_type(e, &type);
    sgi_buf_free(&type);
    return index;
}

/* "ns:pkg/name@1.0.0" */
static sg_status full_name(Encoder *e, const WitScope *scope, Bytes *name) {
    const WitPackageName *package = &scope->package->name;
    Buf text;
    sgi_buf_init(&text, e->wit->cx.alloc);
    sgi_buf_put(&text, package->text.data, package->text.size);
    if (package->text.size)
        sgi_buf_byte(&text, '/');
    sgi_buf_put(&text, scope->name.data, scope->name.size);
    if (package->version.size) {
        sgi_buf_byte(&text, '@');
        sgi_buf_put(&text, package->version.data, package->version.size);
    }
    sg_status status = sgi_wit_keep(e->wit, &text, name);
    sgi_buf_free(&text);
    return status;
}

/* An instance of `scope`'s type, imported or exported under `name`; its index. */
static sg_status encode_instance(Encoder *e, const WitScope *scope, bool is_import, Bytes name,
                                 Bytes implements, Bytes external_id, uint32_t *index) {
    Encoder inner;
    begin(&inner, e->wit, e);
    inner.is_export = !is_import;
    sg_status status = encode_contents(&inner, scope);
    if (status == SG_OK) {
        uint32_t type = add_scope(e, &inner);
        put_extern(e, is_import, name, implements, external_id);
        sgi_buf_byte(&e->out, DESC_INSTANCE);
        sgi_buf_leb_u(&e->out, type);
        *index = e->instances++;
    }
    sgi_buf_free(&inner.out);
    return status;
}

static sg_status import_interface(Encoder *e, WitScope *scope);

/* Recursion: interfaces use each other at most WIT_USE_DEPTH deep. */
static sg_status import_used(Encoder *e, const WitScope *scope) {
    for (const WitDef *def = scope->defs; def; def = def->next)
        if (def->kind == WIT_USED)
            SGI_TRY(import_interface(e, def->use->scope));
    return SG_OK;
}

static sg_status import_interface(Encoder *e, WitScope *scope) {
    Bytes name;
    if (scope->imported_in == e->id)
        return SG_OK;
    SGI_TRY(import_used(e, scope));
    SGI_TRY(full_name(e, scope, &name));
    scope->imported_in = e->id;
    return encode_instance(e, scope, true, name, (Bytes){NULL, 0}, (Bytes){NULL, 0}, &scope->import_index);
}

/* ---- worlds ---- */

static sg_status import_item(Encoder *e, const WitItem *item) {
    Bytes implements = {NULL, 0};
    uint32_t index;
    if (item->func)
        return encode_func(e, item->func, true, item->name, item->external_id);
    if (item->name.size == 0)
        return import_interface(e, item->interface);
    SGI_TRY(import_used(e, item->interface));
    if (!item->interface->is_inline)
        SGI_TRY(full_name(e, item->interface, &implements));
    return encode_instance(e, item->interface, true, item->name, implements, item->external_id, &index);
}

/* Is there, behind what is imported for an export, an interface that the world exports? The two would differ.
 */
static sg_status check_import(Encoder *e, const WitScope *scope, const WitItem *item) {
    for (const WitDef *def = scope->defs; def; def = def->next) {
        WitScope *from = def->kind == WIT_USED ? def->use->scope : NULL;
        if (from == NULL || from->checked_in == e->id)
            continue;
        if (from->will_export == e->id)
            return sgi_wit_fail(
                e->wit, item->at, "interface depends on an exported one through an imported one", "%.*s",
                (int)(scope->name.size > 100 ? 100 : scope->name.size), (const char *)scope->name.data);
        from->checked_in = e->id;
        SGI_TRY(check_import(e, from, item));
    }
    return SG_OK;
}

/* What an export uses and the world does not export is imported. */
static sg_status import_for_export(Encoder *e, const WitItem *item) {
    if (item->interface == NULL)
        return SG_OK;
    for (const WitDef *def = item->interface->defs; def; def = def->next)
        if (def->kind == WIT_USED && def->use->scope->will_export != e->id) {
            SGI_TRY(check_import(e, def->use->scope, item));
            SGI_TRY(import_interface(e, def->use->scope));
        }
    return SG_OK;
}

static sg_status export_interface(Encoder *e, WitScope *scope) {
    Bytes name;
    if (scope->exported_in == e->id)
        return SG_OK;
    for (const WitDef *def = scope->defs; def; def = def->next)
        if (def->kind == WIT_USED && def->use->scope->will_export == e->id)
            SGI_TRY(export_interface(e, def->use->scope));
    SGI_TRY(full_name(e, scope, &name));
    SGI_TRY(encode_instance(e, scope, false, name, (Bytes){NULL, 0}, (Bytes){NULL, 0}, &scope->export_index));
    scope->exported_in = e->id;
    return SG_OK;
}

static sg_status export_item(Encoder *e, const WitItem *item) {
    Bytes implements = {NULL, 0};
    uint32_t index;
    if (item->func)
        return encode_func(e, item->func, false, item->name, item->external_id);
    if (item->name.size == 0)
        return export_interface(e, item->interface);
    for (const WitDef *def = item->interface->defs; def; def = def->next)
        if (def->kind == WIT_USED && def->use->scope->will_export == e->id)
            SGI_TRY(export_interface(e, def->use->scope));
    if (!item->interface->is_inline)
        SGI_TRY(full_name(e, item->interface, &implements));
    return encode_instance(e, item->interface, false, item->name, implements, item->external_id, &index);
}

static sg_status encode_world(Encoder *e, const WitScope *world) {
    for (const WitItem *item = world->items; item; item = item->next)
        if (item->is_export && item->interface && item->name.size == 0)
            item->interface->will_export = e->id;
    for (const WitItem *item = world->items; item; item = item->next)
        if (!item->is_export && item->interface)
            SGI_TRY(import_item(e, item));
    SGI_TRY(import_used(e, world));
    for (const WitItem *item = world->items; item; item = item->next)
        if (item->is_export)
            SGI_TRY(import_for_export(e, item));
    SGI_TRY(encode_contents(e, world));
    for (const WitItem *item = world->items; item; item = item->next)
        if (!item->is_export && item->func)
            SGI_TRY(import_item(e, item));
    for (const WitItem *item = world->items; item; item = item->next)
        if (item->is_export)
            SGI_TRY(export_item(e, item));
    return SG_OK;
}

/* ---- the package ---- */

/* The component type around an interface or world: it exports that one under its full name. */
static sg_status encode_wrapper(Encoder *e, const WitScope *scope) {
    Bytes name, none = {NULL, 0};
    uint32_t index;
    SGI_TRY(full_name(e, scope, &name));
    if (!scope->is_world) {
        SGI_TRY(import_used(e, scope));
        return encode_instance(e, scope, false, name, none, none, &index);
    }
    Encoder inner;
    begin(&inner, e->wit, NULL);
    sg_status status = encode_world(&inner, scope);
    if (status == SG_OK) {
        index = add_scope(e, &inner);
        put_extern(e, false, name, none, none);
        sgi_buf_byte(&e->out, DESC_COMPONENT);
        sgi_buf_leb_u(&e->out, index);
    }
    sgi_buf_free(&inner.out);
    return status;
}

static sg_status encode_top(Wit *wit, const WitScope *scope, uint32_t *types, Buf *binary) {
    enum { SECTION_TYPE = 7, SECTION_EXPORT = 11 };
    Encoder e;
    Buf section;
    begin(&e, wit, NULL);
    sgi_buf_init(&section, wit->cx.alloc);
    sg_status status = encode_wrapper(&e, scope);
    sgi_buf_put(&section, "\x01\x41", 2);
    sgi_buf_leb_u(&section, e.count);
    sgi_buf_put(&section, e.out.data, e.out.size);
    sgi_buf_byte(binary, SECTION_TYPE);
    sgi_buf_sized(binary, section.data, section.size);
    section.size = 0;
    sgi_buf_put(&section, "\x01\x00", 2);
    put_name(&section, scope->name);
    sgi_buf_byte(&section, DESC_TYPE);
    sgi_buf_leb_u(&section, *types);
    sgi_buf_byte(&section, 0x00);
    sgi_buf_byte(binary, SECTION_EXPORT);
    sgi_buf_sized(binary, section.data, section.size);
    *types += 2; /* the export is one more */
    binary->failed |= section.failed || e.out.failed;
    sgi_buf_free(&section);
    sgi_buf_free(&e.out);
    return status;
}

sg_status sgi_wit_encode_package(Wit *wit, const WitPackage *package, Buf *binary) {
    uint32_t types = 0;
    sgi_buf_put(binary, "\0asm\x0d\0\1\0", 8);
    for (const WitScope *scope = package->scopes; scope; scope = scope->next)
        SGI_TRY(encode_top(wit, scope, &types, binary));
    return binary->failed ? sgi_wit_no_memory(wit) : SG_OK;
}
