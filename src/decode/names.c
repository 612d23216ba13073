/* The name section (core specification, 7.4.1) → Names. A subsection is taken whole or not at all; what
 * follows a malformed one is ignored, since nothing tells where it would begin. Names never make a module
 * invalid. */
#include "decode/names.h"
#include "decode/reading.h"

enum {
    NAMES_MODULE,
    NAMES_FUNCS,
    NAMES_LOCALS,
    NAMES_LABELS,
    NAMES_TYPES,
    NAMES_TABLES,
    NAMES_MEMORIES,
    NAMES_GLOBALS,
    NAMES_ELEMS,
    NAMES_DATAS,
    NAMES_FIELDS,
    NAMES_TAGS,
};

/* The readers below answer SG_MALFORMED for what is to be ignored; no error is recorded for it, r->err being
 * NULL. */

static sg_status decode_name_map(const LoadContext *cx, Arena *arena, Reader *r, NameMap *map) {
    uint32_t count;
    SGI_TRY(sgi_decode_count(r, 2, &count));
    if (count == 0)
        return SG_OK;
    NameAssoc *items = sgi_arena_array(arena, count, sizeof *items);
    if (items == NULL)
        return sgi_load_no_memory(cx);
    for (uint32_t i = 0; i < count; i++) {
        SGI_TRY(sgi_read_u32(r, &items[i].index));
        SGI_TRY(sgi_read_name(r, &items[i].name));
        if (i > 0 && items[i].index <= items[i - 1].index)
            return SG_MALFORMED;
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(cx));
    }
    *map = (NameMap){items, count};
    return SG_OK;
}

static sg_status decode_indirect_map(const LoadContext *cx, Arena *arena, Reader *r, IndirectNameMap *map) {
    uint32_t count;
    SGI_TRY(sgi_decode_count(r, 2, &count));
    if (count == 0)
        return SG_OK;
    uint32_t *indices = sgi_arena_array(arena, count, sizeof *indices);
    NameMap *maps = sgi_arena_array(arena, count, sizeof *maps);
    if (indices == NULL || maps == NULL)
        return sgi_load_no_memory(cx);
    for (uint32_t i = 0; i < count; i++) {
        SGI_TRY(sgi_read_u32(r, &indices[i]));
        SGI_TRY(decode_name_map(cx, arena, r, &maps[i]));
        if (i > 0 && indices[i] <= indices[i - 1])
            return SG_MALFORMED;
    }
    *map = (IndirectNameMap){indices, maps, count};
    return SG_OK;
}

static sg_status decode_subsection(const LoadContext *cx, Arena *arena, Reader *r, uint8_t id, Names *names) {
    switch (id) {
    case NAMES_MODULE: return sgi_read_name(r, &names->module);
    case NAMES_FUNCS: return decode_name_map(cx, arena, r, &names->funcs);
    case NAMES_LOCALS: return decode_indirect_map(cx, arena, r, &names->locals);
    case NAMES_LABELS: return decode_indirect_map(cx, arena, r, &names->labels);
    case NAMES_TYPES: return decode_name_map(cx, arena, r, &names->types);
    case NAMES_TABLES: return decode_name_map(cx, arena, r, &names->tables);
    case NAMES_MEMORIES: return decode_name_map(cx, arena, r, &names->memories);
    case NAMES_GLOBALS: return decode_name_map(cx, arena, r, &names->globals);
    case NAMES_ELEMS: return decode_name_map(cx, arena, r, &names->elems);
    case NAMES_DATAS: return decode_name_map(cx, arena, r, &names->datas);
    case NAMES_FIELDS: return decode_indirect_map(cx, arena, r, &names->fields);
    case NAMES_TAGS: return decode_name_map(cx, arena, r, &names->tags);
    default: return SG_OK;
    }
}

static sg_status decode_name_section(const LoadContext *cx, Module *module, Bytes bytes) {
    Reader r = {bytes.data, bytes.data + bytes.size, bytes.data, NULL};
    while (r.at < r.end) {
        uint8_t id;
        uint32_t size;
        SGI_TRY(sgi_read_byte(&r, &id));
        SGI_TRY(sgi_decode_count(&r, 1, &size));
        Reader inner = r;
        inner.end = r.at += size;
        Names names = module->names;
        SGI_TRY(decode_subsection(cx, &module->arena, &inner, id, &names));
        module->names = names;
    }
    return SG_OK;
}

sg_status sgi_decode_names(const LoadContext *cx, Module *module) {
    for (uint32_t i = 0; i < module->custom_count; i++) {
        if (!sgi_bytes_is(module->customs[i].name, "name"))
            continue;
        sg_status status = decode_name_section(cx, module, module->customs[i].bytes);
        return status == SG_MALFORMED ? SG_OK : status;
    }
    return SG_OK;
}
