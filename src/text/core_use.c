/* Index spaces and type uses of a core module (core specification, 6.6.3 to 6.6.5). */
#include "text/core.h"

#include <string.h>

sg_status sgi_core_no_memory(const ModuleParser *m) {
    return sgi_load_no_memory(&m->p->cx);
}

static const struct {
    const char *unknown, *duplicate;
} messages[SPACE_COUNT] = {
    [SPACE_FUNC] = {"unknown function", "duplicate func"},
    [SPACE_TABLE] = {"unknown table", "duplicate table"},
    [SPACE_MEMORY] = {"unknown memory", "duplicate memory"},
    [SPACE_GLOBAL] = {"unknown global", "duplicate global"},
    [SPACE_TAG] = {"unknown tag", "duplicate tag"},
    [SPACE_TYPE] = {"unknown type", "duplicate type"},
    [SPACE_ELEM] = {"unknown elem segment", "duplicate elem"},
    [SPACE_DATA] = {"unknown data segment", "duplicate data"},
};

bool sgi_core_peek_index(const ModuleParser *m) {
    return sgi_peek_is(m->p, TOKEN_NUMBER) || sgi_peek_is(m->p, TOKEN_ID);
}

sg_status sgi_core_index(ModuleParser *m, Space space, uint32_t *index) {
    if (!sgi_peek_is(m->p, TOKEN_ID))
        return sgi_expect_u32(m->p, index);
    size_t at = m->p->at;
    Bytes id;
    SGI_TRY(sgi_take_id(m->p, &id));
    const uint32_t *found = sgi_map_get(&m->spaces[space].ids, id);
    if (found == NULL) {
        m->p->at = at;
        return sgi_parse_fail(m->p, messages[space].unknown);
    }
    *index = *found;
    return SG_OK;
}

sg_status sgi_core_bind(ModuleParser *m, Space space, Bytes id, Bytes name, size_t token) {
    IndexSpace *s = &m->spaces[space];
    uint32_t index = s->count++;
    if (name.data)
        sgi_name_list_add(&s->names, index, name);
    if (id.size == 0)
        return SG_OK;
    switch (sgi_map_put(&s->ids, id, index)) {
    case MAP_NO_MEMORY: return sgi_core_no_memory(m);
    case MAP_EXISTS:
        return sgi_parse_fail_at(m->p, token, messages[space].duplicate, "'$%.*s'",
                                 (int)(id.size < 100 ? id.size : 100), (const char *)id.data);
    case MAP_ADDED: break;
    }
    return SG_OK;
}

/* Notes where the function type just written stands. Only one that could have been written as "(type (func
 * ...))" is found again by type uses. */
static sg_status note_type(ModuleParser *m, size_t start, uint32_t param_count, bool may_reuse) {
    const Buf *section = &m->sections[SECTION_TYPE];
    TypeRecord record = {start, section->size - start, param_count};
    uint32_t index = (uint32_t)m->types.count;
    if (section->failed || !sgi_vec_push(m->p->cx.alloc, &m->types, record))
        return sgi_core_no_memory(m);
    if (!may_reuse)
        return SG_OK;
    const uint8_t *key = sgi_arena_copy(m->p->arena, section->data + start, record.size);
    if (key == NULL || sgi_map_put(&m->signatures, (Bytes){key, record.size}, index) == MAP_NO_MEMORY)
        return sgi_core_no_memory(m);
    return SG_OK;
}

/* What `fields` has for a field's name, written to `key`. */
static void put_field_key(Buf *key, uint32_t type, Bytes name) {
    key->size = 0;
    sgi_buf_le(key, type, 4);
    sgi_buf_put(key, name.data, name.size);
}

/* The names in m->params are those of the next type's fields. */
static sg_status name_fields(ModuleParser *m) {
    NameList *names = &m->own_local_names; /* free between functions */
    uint32_t type = (uint32_t)m->types.count;
    for (uint32_t i = 0; i < m->params.count; i++) {
        MemberName name = m->params.items[i];
        if (name.name.size)
            sgi_name_list_add(names, i, name.name);
        if (name.id.size == 0)
            continue;
        put_field_key(&m->scratch, type, name.id);
        const uint8_t *key =
            m->scratch.failed ? NULL : sgi_arena_copy(m->p->arena, m->scratch.data, m->scratch.size);
        if (key == NULL)
            return sgi_core_no_memory(m);
        MapPut put = sgi_map_put(&m->fields, (Bytes){key, m->scratch.size}, i);
        if (put != MAP_ADDED)
            return put == MAP_EXISTS ? sgi_parse_fail(m->p, "duplicate field") : sgi_core_no_memory(m);
    }
    sgi_name_list_add_map(&m->field_names, type, names);
    return SG_OK;
}

sg_status sgi_core_field_index(ModuleParser *m, uint32_t type, uint32_t *index) {
    if (!sgi_peek_is(m->p, TOKEN_ID))
        return sgi_expect_u32(m->p, index);
    size_t at = m->p->at;
    Bytes id;
    SGI_TRY(sgi_take_id(m->p, &id));
    put_field_key(&m->scratch, type, id);
    if (m->scratch.failed)
        return sgi_core_no_memory(m);
    const uint32_t *found = sgi_map_get(&m->fields, (Bytes){m->scratch.data, m->scratch.size});
    if (found == NULL) {
        m->p->at = at;
        return sgi_parse_fail(m->p, "unknown field");
    }
    *index = *found;
    return SG_OK;
}

/* "(type $id? subtype)". */
static sg_status type_definition(ModuleParser *m, bool is_alone) {
    Buf *section = &m->sections[SECTION_TYPE];
    SGI_TRY(sgi_expect_open(m->p, "type"));
    Bytes id;
    SGI_TRY(sgi_take_id(m->p, &id));
    bool is_func = sgi_peek_open(m->p, "func"), is_sub = sgi_peek_open(m->p, "sub");
    size_t start = section->size;
    m->params.count = 0;
    SGI_TRY(sgi_parse_core_sub_type(m->p, &m->scope, &m->params, section));
    if (section->failed)
        return sgi_core_no_memory(m);
    /* Function types have their first byte at once, or after the header of a sub type. */
    if (is_sub) {
        const uint8_t *at = section->data + start + 1;
        if (sgi_leb_u32(&at) == 1)
            sgi_leb_u32(&at);
        start = (size_t)(at - section->data);
        is_func = *at == COMP_FUNC;
    }
    if (is_func) {
        SGI_TRY(note_type(m, start, (uint32_t)m->params.count, is_alone && !is_sub));
    } else {
        SGI_TRY(name_fields(m));
        SGI_TRY(note_type(m, section->size, 0, false));
    }
    return sgi_expect_close(m->p);
}

static uint32_t count_types(const Parser *p) {
    Parser ahead = *p;
    uint32_t count = 0;
    for (; sgi_peek_is(&ahead, TOKEN_OPEN); sgi_skip_group(&ahead))
        count++;
    return count;
}

sg_status sgi_core_types(ModuleParser *m) {
    Parser *p = m->p;
    while (sgi_peek_is(p, TOKEN_OPEN)) {
        m->counts[SECTION_TYPE]++;
        if (sgi_peek_open(p, "type")) {
            SGI_TRY(type_definition(m, true));
        } else if (sgi_take_open(p, "rec")) {
            uint32_t count = count_types(p);
            sgi_buf_byte(&m->sections[SECTION_TYPE], 0x4e);
            sgi_buf_leb_u(&m->sections[SECTION_TYPE], count);
            while (!sgi_peek_is(p, TOKEN_CLOSE))
                SGI_TRY(type_definition(m, count == 1));
            SGI_TRY(sgi_expect_close(p));
        } else {
            m->counts[SECTION_TYPE]--;
            sgi_skip_group(p);
        }
    }
    return SG_OK;
}

/* The index of the function type whose bytes are in m->scratch. */
static sg_status find_signature(ModuleParser *m, uint32_t *index) {
    Buf *section = &m->sections[SECTION_TYPE];
    Bytes key = {m->scratch.data, m->scratch.size};
    const uint32_t *found = sgi_map_get(&m->signatures, key);
    if (found) {
        *index = *found;
        return SG_OK;
    }
    *index = (uint32_t)m->types.count;
    size_t start = section->size;
    sgi_buf_put(section, key.data, key.size);
    m->counts[SECTION_TYPE]++;
    const uint8_t *at = key.data + 1;
    return note_type(m, start, sgi_leb_u32(&at), true);
}

/* Reads a type use; its signature is left in m->scratch when `is_inline`. */
static sg_status read_type_use(ModuleParser *m, bool with_names, bool *has_index, bool *is_inline,
                               uint32_t *index) {
    Parser *p = m->p;
    *has_index = sgi_take_open(p, "type");
    if (*has_index) {
        SGI_TRY(sgi_core_index(m, SPACE_TYPE, index));
        SGI_TRY(sgi_expect_close(p));
    }
    size_t start = p->at;
    m->scratch.size = 0;
    m->params.count = 0;
    SGI_TRY(sgi_parse_core_signature(p, &m->scope, with_names ? &m->params : NULL, &m->scratch));
    if (m->scratch.failed)
        return sgi_core_no_memory(m);
    *is_inline = p->at != start;
    if (!*has_index || !*is_inline)
        return SG_OK;
    Bytes known = {NULL, 0};
    if (*index < m->types.count && m->sections[SECTION_TYPE].size)
        known = (Bytes){m->sections[SECTION_TYPE].data + m->types.items[*index].start,
                        m->types.items[*index].size};
    return sgi_bytes_equal(known, (Bytes){m->scratch.data, m->scratch.size})
               ? SG_OK
               : sgi_parse_fail_at(
                     p, start, *index < m->types.count ? "inline function type" : "unknown type", "%s", "");
}

sg_status sgi_core_type_use(ModuleParser *m, bool with_names, TypeUse *use) {
    bool has_index, is_inline;
    SGI_TRY(read_type_use(m, with_names, &has_index, &is_inline, &use->index));
    if (!has_index)
        SGI_TRY(find_signature(m, &use->index));
    /* An index out of range is found by validation. */
    use->param_count = use->index < m->types.count ? m->types.items[use->index].param_count : 0;
    return SG_OK;
}

sg_status sgi_core_block_type(ModuleParser *m, Buf *out) {
    bool has_index, is_inline = false;
    uint32_t index;
    SGI_TRY(read_type_use(m, false, &has_index, &is_inline, &index));
    const Buf *signature = &m->scratch;
    /* 0x60, no parameters, one result, its type. */
    if (!has_index && !is_inline) {
        sgi_buf_byte(out, 0x40);
        return SG_OK;
    }
    if (!has_index && signature->data[1] == 0 && signature->data[2] == 1) {
        sgi_buf_put(out, signature->data + 3, signature->size - 3);
        return SG_OK;
    }
    if (!has_index && signature->data[1] == 0 && signature->data[2] == 0) {
        sgi_buf_byte(out, 0x40); /* "(result)" */
        return SG_OK;
    }
    if (!has_index)
        SGI_TRY(find_signature(m, &index));
    sgi_buf_leb_s(out, index);
    return SG_OK;
}
