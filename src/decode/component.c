/* Bytes → component (component model, Binary.md): sections in any order become one list of definitions, as
 * they stand, with raw indices; validation gives them meaning.
 *
 * Components inside components are decoded with an explicit stack, at most LIMIT(COMPONENT_DEPTH) deep. Names
 * and nested binaries are slices of the root's copy of the bytes. Every vector's length is held against the
 * bytes left before anything of that size is allocated. */
#include "decode/component.h"

#include <string.h>

enum {
    SECTION_CUSTOM,
    SECTION_CORE_MODULE,
    SECTION_CORE_INSTANCE,
    SECTION_CORE_TYPE,
    SECTION_COMPONENT,
    SECTION_INSTANCE,
    SECTION_ALIAS,
    SECTION_TYPE,
    SECTION_CANON,
    SECTION_START,
    SECTION_IMPORT,
    SECTION_EXPORT,
    SECTION_VALUE,
    SECTION_COUNT
};

enum { PREAMBLE_SIZE = 8, VERSION = 0x0d, LAYER = 1 };

/* A component that is being decoded. */
typedef struct Frame {
    Component *component;
    Reader reader;
    TypeScope types;
    uint32_t nested; /* core modules and components inside */
    uint8_t last_section;
    Vec(Custom) customs;
} Frame;

typedef struct TreeDecoder {
    CompDecoder base;
    Component *root;
    Vec(Frame) frames;
} TreeDecoder;

sg_status sgi_decode_comp_name(CompDecoder *d, Reader *r, Bytes *name) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_name(r, name));
    return sgi_limit_check(LIMIT_ID_NAME_BYTES, name->size, offset, d->cx.err);
}

sg_status sgi_decode_comp_count(CompDecoder *d, Reader *r, size_t item_size, uint32_t *count) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_decode_count(r, item_size, count));
    return sgi_limit_check(LIMIT_ID_COMPONENT_ITEMS, *count, offset, d->cx.err);
}

sg_status sgi_decode_bad_byte(CompDecoder *d, size_t offset, uint8_t byte, const char *what) {
    return sgi_fail(d->cx.err, SG_MALFORMED, offset, "invalid leading byte", "0x%02x for %s", byte, what);
}

sg_status sgi_decode_core_sort(CompDecoder *d, Reader *r, Sort *sort) {
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    SGI_TRY(sgi_read_byte(r, &byte));
    if (byte > 0x04 && (byte < 0x10 || byte > 0x12))
        return sgi_decode_bad_byte(d, offset, byte, "a core sort");
    *sort = (Sort)(SORT_CORE | byte);
    return SG_OK;
}

sg_status sgi_decode_sort(CompDecoder *d, Reader *r, Sort *sort) {
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    SGI_TRY(sgi_read_byte(r, &byte));
    if (byte == 0)
        return sgi_decode_core_sort(d, r, sort);
    if (byte > SORT_INSTANCE)
        return sgi_decode_bad_byte(d, offset, byte, "a sort");
    *sort = (Sort)byte;
    return SG_OK;
}

sg_status sgi_decode_alias(CompDecoder *d, Reader *r, AliasDef *alias) {
    SGI_TRY(sgi_decode_sort(d, r, &alias->sort));
    size_t offset = sgi_reader_offset(r);
    uint8_t kind;
    SGI_TRY(sgi_read_byte(r, &kind));
    switch (kind) {
    case 0x00:
    case 0x01:
        alias->kind = kind == 0x00 ? ALIAS_EXPORT : ALIAS_CORE_EXPORT;
        SGI_TRY(sgi_read_u32(r, &alias->instance));
        return sgi_decode_comp_name(d, r, &alias->name);
    case 0x02:
        alias->kind = ALIAS_OUTER;
        SGI_TRY(sgi_read_u32(r, &alias->outer_count));
        return sgi_read_u32(r, &alias->outer_index);
    default: return sgi_decode_bad_byte(d, offset, kind, "an alias");
    }
}

static sg_status decode_attributes(CompDecoder *d, Reader *r, ExternName *name) {
    uint32_t count, seen = 0;
    SGI_TRY(sgi_decode_comp_count(d, r, 2, &count));
    for (uint32_t i = 0; i < count; i++) {
        size_t offset = sgi_reader_offset(r);
        uint8_t kind;
        SGI_TRY(sgi_read_byte(r, &kind));
        if (kind > 2)
            return sgi_decode_bad_byte(d, offset, kind, "a name's attribute");
        if (seen & 1u << kind)
            return sgi_fail(d->cx.err, SG_MALFORMED, offset, "duplicate attribute", "%s", "");
        seen |= 1u << kind;
        Bytes *place[] = {&name->implements, &name->version_suffix, &name->external_id};
        SGI_TRY(sgi_decode_comp_name(d, r, place[kind]));
    }
    name->attributes = (uint8_t)seen;
    return SG_OK;
}

sg_status sgi_decode_extern_name(CompDecoder *d, Reader *r, ExternName *name) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_byte(r, &name->form));
    if (name->form > 0x02)
        return sgi_decode_bad_byte(d, offset, name->form, "an import's or export's name");
    SGI_TRY(sgi_decode_comp_name(d, r, &name->name));
    return name->form == 0x02 ? decode_attributes(d, r, name) : SG_OK;
}

static sg_status decode_sort_index(CompDecoder *d, Reader *r, SortIndex *item) {
    SGI_TRY(sgi_decode_sort(d, r, &item->sort));
    return sgi_read_u32(r, &item->index);
}

static sg_status decode_named_item(CompDecoder *d, Reader *r, bool is_core, bool is_inline, NamedItem *item) {
    if (is_core || !is_inline) {
        SGI_TRY(sgi_decode_comp_name(d, r, &item->name));
    } else {
        ExternName *name = sgi_arena_alloc(d->arena, sizeof *name);
        if (name == NULL)
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(sgi_decode_extern_name(d, r, name));
        item->name = name->name;
        item->extern_name = name;
    }
    size_t offset = sgi_reader_offset(r);
    if (!is_core)
        return decode_sort_index(d, r, &item->item);
    SGI_TRY(sgi_decode_core_sort(d, r, &item->item.sort));
    if (!is_inline && item->item.sort != SORT_CORE_INSTANCE)
        return sgi_decode_bad_byte(d, offset, (uint8_t)item->item.sort, "an argument's sort");
    return sgi_read_u32(r, &item->item.index);
}

static sg_status decode_instance(CompDecoder *d, Reader *r, bool is_core, InstanceDef *instance) {
    size_t offset = sgi_reader_offset(r);
    uint8_t kind;
    SGI_TRY(sgi_read_byte(r, &kind));
    if (kind > 1)
        return sgi_decode_bad_byte(d, offset, kind, "an instance");
    instance->is_inline = kind == 1;
    if (!instance->is_inline)
        SGI_TRY(sgi_read_u32(r, &instance->target));
    SGI_TRY(sgi_decode_comp_count(d, r, 3, &instance->arg_count));
    instance->args = sgi_arena_array(d->arena, instance->arg_count, sizeof *instance->args);
    if (instance->args == NULL)
        return sgi_load_no_memory(&d->cx);
    for (uint32_t i = 0; i < instance->arg_count; i++)
        SGI_TRY(decode_named_item(d, r, is_core, instance->is_inline, &instance->args[i]));
    return SG_OK;
}

static sg_status decode_start(CompDecoder *d, Reader *r, StartDef *start) {
    SGI_TRY(sgi_read_u32(r, &start->func));
    SGI_TRY(sgi_decode_comp_count(d, r, 1, &start->arg_count));
    start->args = sgi_arena_array(d->arena, start->arg_count, sizeof *start->args);
    if (start->args == NULL)
        return sgi_load_no_memory(&d->cx);
    for (uint32_t i = 0; i < start->arg_count; i++)
        SGI_TRY(sgi_read_u32(r, &start->args[i]));
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_u32(r, &start->result_count));
    return sgi_limit_check(LIMIT_ID_RESULTS, start->result_count, offset, d->cx.err);
}

static sg_status decode_export(CompDecoder *d, Reader *r, ExportDef *export_) {
    SGI_TRY(sgi_decode_extern_name(d, r, &export_->name));
    SGI_TRY(decode_sort_index(d, r, &export_->item));
    size_t offset = sgi_reader_offset(r);
    uint8_t has_desc;
    SGI_TRY(sgi_read_byte(r, &has_desc));
    if (has_desc > 1)
        return sgi_decode_bad_byte(d, offset, has_desc, "an optional type");
    export_->has_desc = has_desc;
    return has_desc ? sgi_decode_extern_desc(d, r, &export_->desc) : SG_OK;
}

static sg_status decode_import(CompDecoder *d, Reader *r, ImportDef *import) {
    SGI_TRY(sgi_decode_extern_name(d, r, &import->name));
    return sgi_decode_extern_desc(d, r, &import->desc);
}

static sg_status decode_value(CompDecoder *d, Reader *r, ValueDef *value) {
    uint32_t size;
    SGI_TRY(sgi_decode_comp_val_type(d, r, &value->type));
    SGI_TRY(sgi_read_u32(r, &size));
    return sgi_read_bytes(r, size, &value->bytes);
}

/* ---- sections ---- */

static const DefKind def_kinds[SECTION_COUNT] = {
    [SECTION_CORE_MODULE] = DEF_CORE_MODULE,
    [SECTION_CORE_INSTANCE] = DEF_CORE_INSTANCE,
    [SECTION_CORE_TYPE] = DEF_CORE_TYPE,
    [SECTION_COMPONENT] = DEF_COMPONENT,
    [SECTION_INSTANCE] = DEF_INSTANCE,
    [SECTION_ALIAS] = DEF_ALIAS,
    [SECTION_TYPE] = DEF_TYPE,
    [SECTION_CANON] = DEF_CANON,
    [SECTION_START] = DEF_START,
    [SECTION_IMPORT] = DEF_IMPORT,
    [SECTION_EXPORT] = DEF_EXPORT,
    [SECTION_VALUE] = DEF_VALUE,
};

static sg_status decode_def(CompDecoder *d, Frame *frame, Reader *r, Def *def) {
    switch (def->kind) {
    case DEF_CORE_INSTANCE: return decode_instance(d, r, true, &def->as.instance);
    case DEF_CORE_TYPE: return sgi_decode_core_type(d, &frame->types, r, &def->as.type);
    case DEF_INSTANCE: return decode_instance(d, r, false, &def->as.instance);
    case DEF_ALIAS:
        SGI_TRY(sgi_decode_alias(d, r, &def->as.alias));
        frame->types.core_types += def->as.alias.sort == SORT_CORE_TYPE;
        return SG_OK;
    case DEF_TYPE: return sgi_decode_type(d, &frame->types, r, &def->as.type);
    case DEF_CANON: return sgi_decode_canon(d, r, &def->as.canon);
    case DEF_START: return decode_start(d, r, &def->as.start);
    case DEF_IMPORT: return decode_import(d, r, &def->as.import);
    case DEF_EXPORT: return decode_export(d, r, &def->as.export_);
    case DEF_VALUE: return decode_value(d, r, &def->as.value);
    case DEF_CORE_MODULE:
    case DEF_COMPONENT: break; /* not in vectors */
    }
    return SG_OK;
}

/* A zeroed definition at the end of the component's list. */
static sg_status add_def(TreeDecoder *d, Component *component, DefKind kind, size_t offset, Def **def) {
    if (component->def_count == component->def_capacity &&
        !sgi_vec_grow(d->base.cx.alloc, (void **)&component->defs, &component->def_capacity,
                      component->def_count, 1, sizeof **def))
        return sgi_load_no_memory(&d->base.cx);
    *def = &component->defs[component->def_count++];
    **def = (Def){.kind = kind, .offset = (uint32_t)offset};
    return SG_OK;
}

/* The core module's own account is bounded by what is left of the component's, and then booked there. */
static sg_status decode_core_module(TreeDecoder *d, Component *component, Reader *section) {
    size_t offset = sgi_reader_offset(section);
    Alloc *alloc = d->base.cx.alloc, left;
    sgi_alloc_init(&left, alloc->fn, alloc->context, alloc->limit - alloc->used);
    LoadContext cx = d->base.cx;
    cx.alloc = &left;
    Def *def = NULL;
    SGI_TRY(add_def(d, component, DEF_CORE_MODULE, offset, &def));
    sg_status status =
        sgi_decode_module(&cx, (Bytes){section->at, sgi_reader_left(section)}, &def->as.core_module);
    if (status != SG_OK) {
        component->def_count--;
        if (cx.err && cx.err->offset != SG_NO_OFFSET)
            cx.err->offset += offset;
        return status;
    }
    section->at = section->end;
    return sgi_alloc_charge(alloc, def->as.core_module->alloc.used) ? SG_OK : sgi_load_no_memory(&d->base.cx);
}

static sg_status decode_custom(TreeDecoder *d, Frame *frame, Reader *section, size_t offset) {
    Custom custom = {.after = frame->last_section, .offset = (uint32_t)offset};
    SGI_TRY(sgi_decode_comp_name(&d->base, section, &custom.name));
    SGI_TRY(sgi_read_bytes(section, sgi_reader_left(section), &custom.bytes));
    return sgi_vec_push(d->base.cx.alloc, &frame->customs, custom) ? SG_OK : sgi_load_no_memory(&d->base.cx);
}

static sg_status decode_vector(TreeDecoder *d, Frame *frame, uint8_t id, Reader *section) {
    uint32_t count = 1;
    if (id != SECTION_START)
        SGI_TRY(sgi_decode_comp_count(&d->base, section, 1, &count));
    for (uint32_t i = 0; i < count; i++) {
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&d->base.cx));
        Def *def = NULL;
        SGI_TRY(add_def(d, frame->component, def_kinds[id], sgi_reader_offset(section), &def));
        SGI_TRY(decode_def(&d->base, frame, section, def));
    }
    return SG_OK;
}

/* ---- the tree ---- */

static sg_status decode_preamble(CompDecoder *d, Reader *r) {
    const Reader before = *r;
    Bytes bytes;
    SGI_TRY(sgi_read_bytes(r, PREAMBLE_SIZE, &bytes));
    if (memcmp(bytes.data, "\0asm", 4) != 0)
        return sgi_reader_fail(&before, "magic header not detected");
    unsigned version = bytes.data[4] | (unsigned)bytes.data[5] << 8;
    unsigned layer = bytes.data[6] | (unsigned)bytes.data[7] << 8;
    if (version != VERSION || layer != LAYER)
        return sgi_fail(d->cx.err, SG_MALFORMED, sgi_reader_offset(&before) + 4,
                        "unknown binary version and encoding combination",
                        "0x%x and 0x%x, expected 0x%x and 0x%x", version, layer, VERSION, LAYER);
    return SG_OK;
}

static sg_status begin_component(TreeDecoder *d, Component *component, Reader reader) {
    component->bytes = (Bytes){reader.at, sgi_reader_left(&reader)};
    SGI_TRY(sgi_limit_check(LIMIT_ID_COMPONENT_DEPTH, component->depth, sgi_reader_offset(&reader),
                            d->base.cx.err));
    SGI_TRY(decode_preamble(&d->base, &reader));
    Frame frame = {.component = component, .reader = reader};
    return sgi_vec_push(d->base.cx.alloc, &d->frames, frame) ? SG_OK : sgi_load_no_memory(&d->base.cx);
}

static sg_status begin_nested(TreeDecoder *d, Component *parent, Reader section) {
    Def *def = NULL;
    SGI_TRY(add_def(d, parent, DEF_COMPONENT, sgi_reader_offset(&section), &def));
    def->as.component = sgi_component_new(&d->base.cx, parent);
    if (def->as.component == NULL) {
        parent->def_count--;
        return sgi_load_no_memory(&d->base.cx);
    }
    return begin_component(d, def->as.component, section);
}

static sg_status end_component(TreeDecoder *d, Frame *frame) {
    Component *component = frame->component;
    component->custom_count = (uint32_t)frame->customs.count;
    if (component->custom_count) {
        component->customs = sgi_arena_copy(d->base.arena, frame->customs.items,
                                            frame->customs.count * sizeof *frame->customs.items);
        if (component->customs == NULL)
            return sgi_load_no_memory(&d->base.cx);
    }
    sgi_vec_free(d->base.cx.alloc, &frame->customs);
    d->frames.count--;
    return SG_OK;
}

static sg_status decode_section(TreeDecoder *d, Frame *frame) {
    Reader *r = &frame->reader;
    size_t offset = sgi_reader_offset(r);
    uint8_t id;
    uint32_t size;
    Bytes bytes;
    SGI_TRY(sgi_load_poll(&d->base.cx));
    SGI_TRY(sgi_read_byte(r, &id));
    if (id >= SECTION_COUNT)
        return sgi_fail(d->base.cx.err, SG_MALFORMED, offset, "malformed section id", "%u", id);
    SGI_TRY(sgi_read_u32(r, &size));
    SGI_TRY(sgi_read_bytes(r, size, &bytes));
    Reader section = {bytes.data, bytes.data + bytes.size, r->start, r->err};
    if (id == SECTION_CUSTOM)
        return decode_custom(d, frame, &section, offset);
    frame->last_section = id;
    if (id == SECTION_COMPONENT || id == SECTION_CORE_MODULE)
        SGI_TRY(sgi_limit_check(LIMIT_ID_COMPONENT_MODULES, ++frame->nested, offset, d->base.cx.err));
    if (id == SECTION_COMPONENT)
        return begin_nested(d, frame->component, section); /* `frame` may have moved */
    if (id == SECTION_CORE_MODULE)
        return decode_core_module(d, frame->component, &section);
    SGI_TRY(decode_vector(d, frame, id, &section));
    return section.at == section.end ? SG_OK : sgi_reader_fail(&section, "section size mismatch");
}

static sg_status decode_tree(TreeDecoder *d, Bytes bytes) {
    const uint8_t *copy = sgi_arena_copy(d->base.arena, bytes.data, bytes.size);
    if (copy == NULL)
        return sgi_load_no_memory(&d->base.cx);
    Reader reader = {copy, copy + bytes.size, copy, d->base.cx.err};
    SGI_TRY(begin_component(d, d->root, reader));
    while (d->frames.count > 0) {
        Frame *frame = &d->frames.items[d->frames.count - 1];
        if (frame->reader.at == frame->reader.end) {
            SGI_TRY(end_component(d, frame));
        } else {
            SGI_TRY(decode_section(d, frame));
        }
    }
    return SG_OK;
}

sg_status sgi_decode_component(const LoadContext *cx, Bytes bytes, Component **component) {
    *component = NULL;
    SGI_TRY(sgi_limit_check(LIMIT_ID_MODULE_BYTES, bytes.size, 0, cx->err));
    Component *root = sgi_component_new(cx, NULL);
    if (root == NULL)
        return sgi_load_no_memory(cx);
    TreeDecoder d = {.base = {*cx, &root->arena}, .root = root};
    d.base.cx.alloc = &root->alloc;
    sg_status status = decode_tree(&d, bytes);
    for (size_t i = 0; i < d.frames.count; i++)
        sgi_vec_free(&root->alloc, &d.frames.items[i].customs);
    sgi_vec_free(&root->alloc, &d.frames);
    if (status == SG_OK)
        *component = root;
    else
        sgi_component_release(root);
    return status;
}
