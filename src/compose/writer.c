/* Definitions of a component, or declarations of a type → bytes (component model, Binary.md). Neighbours of
 * one kind share a section. */
#include "compose/private.h"

void sgi_writer_init(Writer *w, const LoadContext *cx, Arena *arena, WriterKind kind, Writer *outer) {
    *w = (Writer){.cx = cx, .arena = arena, .kind = kind, .outer = outer};
    w->same = outer ? outer->same : NULL;
    sgi_buf_init(&w->out, cx->alloc);
    sgi_buf_init(&w->section, cx->alloc);
    sgi_ptrs_init(&w->names, cx->alloc);
    sgi_ptrs_init(&w->parts, cx->alloc);
    sgi_ptrs_init(&w->origins, cx->alloc);
}

void sgi_writer_free(Writer *w) {
    sgi_buf_free(&w->out);
    sgi_buf_free(&w->section);
    sgi_ptrs_free(&w->names);
    sgi_ptrs_free(&w->parts);
    sgi_ptrs_free(&w->origins);
    sgi_vec_free(w->cx->alloc, &w->args);
}

sg_status sgi_writer_no_memory(const Writer *w) {
    return sgi_load_no_memory(w->cx);
}

static void end_section(Writer *w) {
    if (w->items == 0)
        return;
    Buf count;
    sgi_buf_init(&count, w->cx->alloc);
    sgi_buf_leb_u(&count, w->items);
    sgi_buf_byte(&w->out, (uint8_t)w->id);
    sgi_buf_leb_u(&w->out, count.size + w->section.size);
    sgi_buf_put(&w->out, count.data, count.size);
    sgi_buf_put(&w->out, w->section.data, w->section.size);
    w->out.failed |= count.failed || w->section.failed;
    sgi_buf_free(&count);
    w->section.size = 0;
    w->items = 0;
}

Buf *sgi_writer_item(Writer *w, SectionId id) {
    if (w->kind != WRITER_COMPONENT) {
        static const uint8_t declarations[] = {
            [SECTION_TYPE] = 0x01, [SECTION_ALIAS] = 0x02, [SECTION_IMPORT] = 0x03, [SECTION_EXPORT] = 0x04};
        w->items++;
        sgi_buf_byte(&w->out, declarations[id]);
        return &w->out;
    }
    if (id != w->id)
        end_section(w);
    w->id = id;
    w->items++;
    return &w->section;
}

sg_status sgi_writer_finish(Writer *w, Buf *binary) {
    if (w->kind == WRITER_COMPONENT) {
        end_section(w);
        sgi_buf_put(binary, "\0asm\x0d\0\1\0", 8);
    } else {
        sgi_buf_byte(binary, w->kind == WRITER_INSTANCE_TYPE ? 0x42 : 0x41);
        sgi_buf_leb_u(binary, w->items);
    }
    sgi_buf_put(binary, w->out.data, w->out.size);
    binary->failed |= w->out.failed;
    return binary->failed ? sgi_writer_no_memory(w) : SG_OK;
}

void sgi_writer_name(Buf *out, Bytes name) {
    sgi_buf_sized(out, name.data, name.size);
}

void sgi_writer_extern_name(Buf *out, const NamedExtern *item) {
    const ExternName *name = item->extern_name;
    sgi_buf_byte(out, name ? 0x02 : 0x00);
    sgi_writer_name(out, item->name);
    if (name == NULL)
        return;
    const Bytes *values[] = {&name->implements, &name->version_suffix, &name->external_id};
    sgi_buf_leb_u(out, (name->attributes & 1u) + (name->attributes >> 1 & 1u) + (name->attributes >> 2 & 1u));
    for (uint8_t i = 0; i < 3; i++)
        if (name->attributes >> i & 1) {
            sgi_buf_byte(out, i);
            sgi_writer_name(out, *values[i]);
        }
}

static void put_sort(Buf *out, Sort sort) {
    if (sort & SORT_CORE)
        sgi_buf_byte(out, 0x00);
    sgi_buf_byte(out, (uint8_t)sort);
}

/* What stands next in the index space. */
static uint32_t take_index(Writer *w, Sort sort) {
    switch (sort) {
    case SORT_FUNC: return w->funcs++;
    case SORT_TYPE: return w->types++;
    case SORT_COMPONENT: return w->components++;
    case SORT_INSTANCE: return w->instances++;
    case SORT_CORE_FUNC: return w->core_funcs++;
    case SORT_CORE_TABLE: return w->core_tables++;
    case SORT_CORE_MEMORY: return w->core_memories++;
    case SORT_CORE_MODULE: return w->core_modules++;
    default: return w->core_instances++;
    }
}

uint32_t sgi_writer_add_type(Writer *w, const Buf *type) {
    Buf *out = sgi_writer_item(w, SECTION_TYPE);
    sgi_buf_put(out, type->data, type->size);
    out->failed |= type->failed;
    return take_index(w, SORT_TYPE);
}

static uint32_t put_alias(Writer *w, Sort sort, uint8_t target, uint32_t instance, Bytes name) {
    Buf *out = sgi_writer_item(w, SECTION_ALIAS);
    put_sort(out, sort);
    sgi_buf_byte(out, target);
    sgi_buf_leb_u(out, instance);
    sgi_writer_name(out, name);
    return take_index(w, sort);
}

uint32_t sgi_writer_alias_export(Writer *w, Sort sort, uint32_t instance, Bytes name) {
    return put_alias(w, sort, 0x00, instance, name);
}

uint32_t sgi_writer_alias_core(Writer *w, Sort sort, uint32_t instance, Bytes name) {
    return put_alias(w, sort, 0x01, instance, name);
}

/* Core instances need no sort in arguments but their own, and names of imports and exports have a form. */
static void put_args(Buf *out, const Arg *args, size_t count, bool are_core) {
    sgi_buf_leb_u(out, count);
    for (size_t i = 0; i < count; i++) {
        sgi_writer_name(out, args[i].name);
        if (are_core)
            sgi_buf_byte(out, (uint8_t)args[i].sort);
        else
            put_sort(out, args[i].sort);
        sgi_buf_leb_u(out, args[i].index);
    }
}

uint32_t sgi_writer_instantiate(Writer *w, uint32_t component, const Arg *args, size_t count) {
    Buf *out = sgi_writer_item(w, SECTION_INSTANCE);
    sgi_buf_byte(out, 0x00);
    sgi_buf_leb_u(out, component);
    put_args(out, args, count, false);
    return take_index(w, SORT_INSTANCE);
}

uint32_t sgi_writer_core_instantiate(Writer *w, uint32_t module, const Arg *args, size_t count) {
    Buf *out = sgi_writer_item(w, SECTION_CORE_INSTANCE);
    sgi_buf_byte(out, 0x00);
    sgi_buf_leb_u(out, module);
    put_args(out, args, count, true);
    return take_index(w, SORT_CORE_INSTANCE);
}

uint32_t sgi_writer_core_bundle(Writer *w, const Arg *exports, size_t count) {
    Buf *out = sgi_writer_item(w, SECTION_CORE_INSTANCE);
    sgi_buf_byte(out, 0x01);
    put_args(out, exports, count, true);
    return take_index(w, SORT_CORE_INSTANCE);
}

/* Modules and components are a section each. */
static uint32_t put_whole(Writer *w, SectionId id, Sort sort, Bytes binary) {
    end_section(w);
    sgi_buf_byte(&w->out, (uint8_t)id);
    sgi_buf_sized(&w->out, binary.data, binary.size);
    return take_index(w, sort);
}

uint32_t sgi_writer_core_module(Writer *w, Bytes binary) {
    return put_whole(w, SECTION_CORE_MODULE, SORT_CORE_MODULE, binary);
}

uint32_t sgi_writer_component(Writer *w, Bytes binary) {
    return put_whole(w, SECTION_COMPONENT, SORT_COMPONENT, binary);
}

uint32_t sgi_writer_export(Writer *w, const NamedExtern *item, uint32_t index, const uint32_t *func_type) {
    Sort sort = item->type.sort;
    Buf *out = sgi_writer_item(w, SECTION_EXPORT);
    sgi_writer_extern_name(out, item);
    put_sort(out, sort);
    sgi_buf_leb_u(out, index);
    sgi_buf_byte(out, func_type != NULL);
    if (func_type) {
        sgi_buf_byte(out, SORT_FUNC);
        sgi_buf_leb_u(out, *func_type);
    }
    return take_index(w, sort);
}
