/* The fields of a core module: text → binary (core specification, 6.6).
 *
 * Two passes. The first gives every definition its index and binds its identifier, so that the second, which
 * writes the sections, can look names up that are defined later. Types come first in the second pass; types
 * that type uses imply are added behind them in the order of the text. */
#include "text/core.h"

/* ---- first pass: indices and identifiers ---- */

static const struct {
    const char *keyword;
    Space space;
} definitions[] = {
    {"func", SPACE_FUNC},     {"table", SPACE_TABLE}, {"memory", SPACE_MEMORY},
    {"global", SPACE_GLOBAL}, {"tag", SPACE_TAG},
};

/* The space of "(func", "(table", ... at the cursor, or SPACE_COUNT. */
static Space peek_definition(const Parser *p) {
    Bytes head = sgi_peek_head(p);
    for (size_t i = 0; i < SGI_COUNT(definitions); i++)
        if (sgi_bytes_is(head, definitions[i].keyword))
            return definitions[i].space;
    return SPACE_COUNT;
}

/* Past "(keyword $id?", its identifier bound. */
static sg_status bind_head(ModuleParser *m, Space space) {
    Bytes id;
    sgi_advance(m->p);
    sgi_advance(m->p);
    size_t at = m->p->at;
    SGI_TRY(sgi_take_id(m->p, &id));
    Bytes name = id;
    SGI_TRY(sgi_take_name_annotation(m->p, &name));
    return sgi_core_bind(m, space, id, name, at);
}

static sg_status bind_definition(ModuleParser *m, Space space, bool *defined) {
    Parser *p = m->p;
    SGI_TRY(bind_head(m, space));
    while (sgi_peek_open(p, "export"))
        sgi_skip_group(p);
    if (sgi_peek_open(p, "import"))
        return *defined ? sgi_parse_fail(p, "import after definition") : SG_OK;
    *defined = true;
    if (space != SPACE_TABLE && space != SPACE_MEMORY)
        return SG_OK;
    /* "(elem ...)" and "(data ...)" inside are segments of their own. */
    Bytes none = {NULL, 0};
    while (!sgi_peek_is(p, TOKEN_CLOSE) && !sgi_peek_is(p, TOKEN_END)) {
        if (sgi_peek_open(p, space == SPACE_TABLE ? "elem" : "data"))
            return sgi_core_bind(m, space == SPACE_TABLE ? SPACE_ELEM : SPACE_DATA, none, none, p->at);
        if (sgi_peek_is(p, TOKEN_OPEN))
            sgi_skip_group(p);
        else
            sgi_advance(p);
    }
    return SG_OK;
}

static sg_status bind_import(ModuleParser *m, bool defined) {
    Parser *p = m->p;
    if (defined)
        return sgi_parse_fail(p, "import after definition");
    sgi_advance(p);
    sgi_advance(p);
    while (sgi_peek_is(p, TOKEN_STRING))
        sgi_advance(p);
    Space space = peek_definition(p);
    return space == SPACE_COUNT ? sgi_parse_unexpected(p) : bind_head(m, space);
}

static sg_status bind_field(ModuleParser *m, bool *defined) {
    Parser *p = m->p;
    Space space = peek_definition(p);
    if (space != SPACE_COUNT)
        return bind_definition(m, space, defined);
    if (sgi_peek_open(p, "import"))
        return bind_import(m, *defined);
    if (sgi_peek_open(p, "type"))
        return bind_head(m, SPACE_TYPE);
    if (sgi_peek_open(p, "elem"))
        return bind_head(m, SPACE_ELEM);
    if (sgi_peek_open(p, "data"))
        return bind_head(m, SPACE_DATA);
    if (!sgi_take_open(p, "rec"))
        return SG_OK;
    while (sgi_peek_open(p, "type")) {
        size_t at = p->at;
        SGI_TRY(bind_head(m, SPACE_TYPE));
        p->at = at;
        sgi_skip_group(p);
    }
    return SG_OK;
}

static sg_status bind_fields(ModuleParser *m) {
    bool defined = false;
    while (sgi_peek_is(m->p, TOKEN_OPEN)) {
        size_t at = m->p->at;
        SGI_TRY(bind_field(m, &defined));
        m->p->at = at;
        sgi_skip_group(m->p);
    }
    return SG_OK;
}

/* ---- second pass: the sections ---- */

Buf *sgi_core_entry(ModuleParser *m, unsigned section) {
    m->counts[section]++;
    return &m->sections[section];
}

static void put_name(Buf *out, Bytes name) {
    sgi_buf_sized(out, name.data, name.size);
}

/* What an import or a definition says of its type, as both encode it. */
static sg_status describe(ModuleParser *m, Space space, Buf *out) {
    TypeUse use;
    switch (space) {
    case SPACE_TABLE: return sgi_parse_core_table_type(m->p, &m->scope, out);
    case SPACE_MEMORY: return sgi_parse_core_memory_type(m->p, out);
    case SPACE_GLOBAL: return sgi_parse_core_global_type(m->p, &m->scope, out);
    case SPACE_TAG: sgi_buf_byte(out, 0); break;
    default: break;
    }
    SGI_TRY(sgi_core_type_use(m, true, &use));
    sgi_buf_leb_u(out, use.index);
    return SG_OK;
}

static sg_status parse_import_names(ModuleParser *m) {
    Buf *imports = sgi_core_entry(m, SECTION_IMPORT);
    Bytes name;
    for (int i = 0; i < 2; i++) {
        SGI_TRY(sgi_expect_name(m->p, &name));
        put_name(imports, name);
    }
    return SG_OK;
}

static sg_status parse_import(ModuleParser *m) {
    SGI_TRY(parse_import_names(m));
    Space space = peek_definition(m->p);
    Bytes id;
    sgi_advance(m->p);
    sgi_advance(m->p);
    SGI_TRY(sgi_take_id(m->p, &id));
    m->next[space]++;
    sgi_buf_byte(&m->sections[SECTION_IMPORT], (uint8_t)space);
    SGI_TRY(describe(m, space, &m->sections[SECTION_IMPORT]));
    return sgi_expect_close(m->p);
}

/* "$id? (export ...)* (import ...)?" of a definition; when there is an import, its description too. */
sg_status sgi_core_inline(ModuleParser *m, Space space, uint32_t *index, bool *is_import) {
    Parser *p = m->p;
    Bytes name;
    *index = m->next[space]++;
    SGI_TRY(sgi_take_id(p, &name));
    while (sgi_take_open(p, "export")) {
        Buf *exports = sgi_core_entry(m, SECTION_EXPORT);
        SGI_TRY(sgi_expect_name(p, &name));
        put_name(exports, name);
        sgi_buf_byte(exports, (uint8_t)space);
        sgi_buf_leb_u(exports, *index);
        SGI_TRY(sgi_expect_close(p));
    }
    *is_import = sgi_take_open(p, "import");
    if (!*is_import)
        return SG_OK;
    SGI_TRY(parse_import_names(m));
    SGI_TRY(sgi_expect_close(p));
    sgi_buf_byte(&m->sections[SECTION_IMPORT], (uint8_t)space);
    return describe(m, space, &m->sections[SECTION_IMPORT]);
}

static sg_status parse_export(ModuleParser *m) {
    Parser *p = m->p;
    Buf *exports = sgi_core_entry(m, SECTION_EXPORT);
    Bytes name;
    uint32_t index;
    SGI_TRY(sgi_expect_name(p, &name));
    put_name(exports, name);
    Space space = peek_definition(p);
    if (space == SPACE_COUNT)
        return sgi_parse_unexpected(p);
    sgi_advance(p);
    sgi_advance(p);
    SGI_TRY(sgi_core_index(m, space, &index));
    sgi_buf_byte(exports, (uint8_t)space);
    sgi_buf_leb_u(exports, index);
    return sgi_expect_close(p);
}

static sg_status parse_start(ModuleParser *m) {
    uint32_t index;
    if (m->counts[SECTION_START]++)
        return sgi_parse_fail(m->p, "multiple start sections");
    SGI_TRY(sgi_core_index(m, SPACE_FUNC, &index));
    sgi_buf_leb_u(&m->sections[SECTION_START], index);
    return SG_OK;
}

static sg_status bind_local(ModuleParser *m, MemberName name) {
    uint32_t index = m->local_count++;
    if (name.name.size)
        sgi_name_list_add(&m->own_local_names, index, name.name);
    if (name.id.size == 0)
        return SG_OK;
    switch (sgi_map_put(&m->locals, name.id, index)) {
    case MAP_NO_MEMORY: return sgi_core_no_memory(m);
    case MAP_EXISTS: return sgi_parse_fail(m->p, "duplicate local");
    case MAP_ADDED: break;
    }
    return SG_OK;
}

/* One local's type, merged with the run of equal ones before it. m->delayed holds the run's type and then
 * this one; finished runs go to m->scratch. */
typedef struct LocalRuns {
    uint32_t runs, count; /* count: of the open run */
    size_t type_size;     /* of the open run's type */
} LocalRuns;

static void close_run(ModuleParser *m, LocalRuns *locals) {
    if (locals->count == 0)
        return;
    locals->runs++;
    sgi_buf_leb_u(&m->scratch, locals->count);
    sgi_buf_put(&m->scratch, m->delayed.data, locals->type_size);
}

static sg_status parse_local(ModuleParser *m, LocalRuns *locals, MemberName name) {
    Buf *types = &m->delayed;
    SGI_TRY(sgi_parse_core_val_type(m->p, &m->scope, types));
    if (types->failed)
        return sgi_core_no_memory(m);
    Bytes type = {types->data + locals->type_size, types->size - locals->type_size};
    if (locals->count && sgi_bytes_equal(type, (Bytes){types->data, locals->type_size})) {
        locals->count++;
    } else {
        close_run(m, locals);
        for (size_t i = 0; i < type.size; i++)
            types->data[i] = type.data[i];
        locals->type_size = type.size;
        locals->count = 1;
    }
    types->size = locals->type_size;
    return bind_local(m, name);
}

static sg_status parse_locals(ModuleParser *m) {
    LocalRuns locals = {0, 0, 0};
    m->delayed.size = m->scratch.size = 0;
    while (sgi_take_open(m->p, "local")) {
        MemberName name;
        SGI_TRY(sgi_take_member_name(m->p, &name));
        if (name.name.size)
            SGI_TRY(parse_local(m, &locals, name));
        else
            while (!sgi_peek_is(m->p, TOKEN_CLOSE))
                SGI_TRY(parse_local(m, &locals, name));
        SGI_TRY(sgi_expect_close(m->p));
    }
    close_run(m, &locals);
    sgi_buf_leb_u(&m->body, locals.runs);
    sgi_buf_put(&m->body, m->scratch.data, m->scratch.size);
    return SG_OK;
}

static void end_function(ModuleParser *m) {
    sgi_map_free(&m->locals);
    sgi_map_free(&m->labels_by_name);
}

static sg_status parse_func(ModuleParser *m) {
    uint32_t index;
    bool is_import;
    TypeUse use;
    SGI_TRY(sgi_core_inline(m, SPACE_FUNC, &index, &is_import));
    if (is_import)
        return SG_OK;
    SGI_TRY(sgi_core_type_use(m, true, &use));
    sgi_buf_leb_u(sgi_core_entry(m, SECTION_FUNC), use.index);

    m->local_count = m->label_index = 0;
    m->body.size = 0;
    for (size_t i = 0; i < m->params.count; i++)
        SGI_TRY(bind_local(m, m->params.items[i]));
    m->local_count = use.param_count;
    SGI_TRY(parse_locals(m));
    m->takes_hints = true;
    SGI_TRY(sgi_core_instructions(m, &m->body));
    m->takes_hints = false;
    sgi_buf_byte(&m->body, 0x0b);
    if (m->body.failed)
        return sgi_core_no_memory(m);
    sgi_buf_sized(sgi_core_entry(m, SECTION_CODE), m->body.data, m->body.size);
    sgi_name_list_add_map(&m->local_names, index, &m->own_local_names);
    sgi_name_list_add_map(&m->label_names, index, &m->own_label_names);
    sgi_core_end_hints(m, index);
    end_function(m);
    return SG_OK;
}

sg_status sgi_core_constant(ModuleParser *m, Buf *out) {
    m->label_index = 0;
    SGI_TRY(sgi_core_instructions(m, out));
    m->own_label_names.bytes.size = m->own_label_names.count = 0;
    sgi_buf_byte(out, 0x0b);
    return SG_OK;
}

static sg_status parse_global(ModuleParser *m) {
    uint32_t index;
    bool is_import;
    SGI_TRY(sgi_core_inline(m, SPACE_GLOBAL, &index, &is_import));
    if (is_import)
        return SG_OK;
    Buf *globals = sgi_core_entry(m, SECTION_GLOBAL);
    SGI_TRY(sgi_parse_core_global_type(m->p, &m->scope, globals));
    return sgi_core_constant(m, globals);
}

static sg_status parse_tag(ModuleParser *m) {
    uint32_t index;
    bool is_import;
    SGI_TRY(sgi_core_inline(m, SPACE_TAG, &index, &is_import));
    return is_import ? SG_OK : describe(m, SPACE_TAG, sgi_core_entry(m, SECTION_TAG));
}

/* The types have been read already. */
static sg_status skip_types(ModuleParser *m) {
    while (!sgi_peek_is(m->p, TOKEN_CLOSE) && !sgi_peek_is(m->p, TOKEN_END))
        if (sgi_peek_is(m->p, TOKEN_OPEN))
            sgi_skip_group(m->p);
        else
            sgi_advance(m->p);
    return SG_OK;
}

static sg_status parse_field(ModuleParser *m) {
    static const struct {
        const char *keyword;
        sg_status (*parse)(ModuleParser *m);
    } fields[] = {
        {"func", parse_func},      {"type", skip_types},     {"import", parse_import},
        {"export", parse_export},  {"global", parse_global}, {"memory", sgi_core_memory},
        {"table", sgi_core_table}, {"data", sgi_core_data},  {"elem", sgi_core_elem},
        {"start", parse_start},    {"rec", skip_types},      {"tag", parse_tag},
    };
    for (size_t i = 0; i < SGI_COUNT(fields); i++)
        if (sgi_take_open(m->p, fields[i].keyword)) {
            SGI_TRY(fields[i].parse(m));
            return sgi_expect_close(m->p);
        }
    return sgi_parse_unexpected(m->p);
}

/* ---- the whole ---- */

static void put_sections(ModuleParser *m, Buf *binary) {
    static const uint8_t order[] = {
        SECTION_TYPE,       SECTION_IMPORT, SECTION_FUNC,   SECTION_TABLE, SECTION_MEMORY,
        SECTION_TAG,        SECTION_GLOBAL, SECTION_EXPORT, SECTION_START, SECTION_ELEM,
        SECTION_DATA_COUNT, SECTION_CODE,   SECTION_DATA,
    };
    sgi_buf_put(binary, "\0asm\1\0\0", 8);
    if (m->needs_data_count) {
        m->counts[SECTION_DATA_COUNT] = m->counts[SECTION_DATA];
        binary->failed |= m->sections[SECTION_DATA_COUNT].failed;
    }
    for (uint32_t i = 0; i < sizeof order; i++) {
        uint8_t id = order[i];
        if (i > 0)
            sgi_core_put_customs(m, 2 * i - 1, binary);
        sgi_core_put_customs(m, 2 * i, binary);
        if (m->counts[id] == 0 && !(id == SECTION_DATA_COUNT && m->needs_data_count))
            continue;
        if (id == SECTION_CODE)
            sgi_core_put_hints(m, binary);
        Buf *content = &m->scratch;
        content->size = 0;
        if (id != SECTION_START)
            sgi_buf_leb_u(content, m->counts[id]);
        sgi_buf_put(content, m->sections[id].data, m->sections[id].size);
        content->failed |= m->sections[id].failed;
        sgi_core_section(binary, id, content);
    }
    sgi_core_put_customs(m, CUSTOM_LAST - 1, binary);
    sgi_core_name_section(m, binary);
    sgi_core_put_customs(m, CUSTOM_LAST, binary);
}

static sg_status find_type(void *context, Parser *p, uint32_t *index) {
    ModuleParser *m = context;
    (void)p;
    return sgi_core_index(m, SPACE_TYPE, index);
}

/* The buffers of a ModuleParser, but for those of spaces and sections. */
static const size_t own_bufs[] = {
    offsetof(ModuleParser, local_names.bytes),
    offsetof(ModuleParser, label_names.bytes),
    offsetof(ModuleParser, field_names.bytes),
    offsetof(ModuleParser, own_local_names.bytes),
    offsetof(ModuleParser, own_label_names.bytes),
    offsetof(ModuleParser, hints.bytes),
    offsetof(ModuleParser, own_hints.bytes),
    offsetof(ModuleParser, delayed),
    offsetof(ModuleParser, body),
    offsetof(ModuleParser, scratch),
    offsetof(ModuleParser, custom_bytes),
};

static Buf *own_buf(ModuleParser *m, size_t i) {
    return (Buf *)(void *)((char *)m + own_bufs[i]);
}

static void module_parser_init(ModuleParser *m, Parser *p, Bytes id) {
    Alloc *alloc = p->cx.alloc;
    *m = (ModuleParser){.p = p, .id = id};
    m->scope = (CoreTypeScope){find_type, m};
    for (size_t i = 0; i < SPACE_COUNT; i++) {
        sgi_map_init(&m->spaces[i].ids, alloc);
        sgi_buf_init(&m->spaces[i].names.bytes, alloc);
    }
    for (size_t i = 0; i < SECTION_COUNT; i++)
        sgi_buf_init(&m->sections[i], alloc);
    sgi_map_init(&m->signatures, alloc);
    sgi_map_init(&m->fields, alloc);
    sgi_map_init(&m->locals, alloc);
    sgi_map_init(&m->labels_by_name, alloc);
    for (size_t i = 0; i < SGI_COUNT(own_bufs); i++)
        sgi_buf_init(own_buf(m, i), alloc);
}

static void module_parser_free(ModuleParser *m) {
    Alloc *alloc = m->p->cx.alloc;
    for (size_t i = 0; i < SPACE_COUNT; i++) {
        sgi_map_free(&m->spaces[i].ids);
        sgi_buf_free(&m->spaces[i].names.bytes);
    }
    for (size_t i = 0; i < SECTION_COUNT; i++)
        sgi_buf_free(&m->sections[i]);
    sgi_map_free(&m->signatures);
    sgi_map_free(&m->fields);
    end_function(m);
    for (size_t i = 0; i < SGI_COUNT(own_bufs); i++)
        sgi_buf_free(own_buf(m, i));
    sgi_vec_free(alloc, &m->types);
    sgi_vec_free(alloc, &m->customs);
    sgi_vec_free(alloc, &m->labels);
    sgi_vec_free(alloc, &m->frames);
    sgi_vec_free(alloc, &m->params);
}

static sg_status parse_fields(ModuleParser *m, Buf *binary) {
    Parser *p = m->p;
    size_t start = p->at, gap = p->gap;
    SGI_TRY(sgi_take_name_annotation(p, &m->id));
    SGI_TRY(bind_fields(m));
    p->at = start;
    SGI_TRY(sgi_core_types(m));
    p->at = start;
    p->gap = gap;
    for (;;) {
        SGI_TRY(sgi_core_field_annotations(m));
        if (sgi_peek_is(p, TOKEN_CLOSE) || sgi_peek_is(p, TOKEN_END))
            break;
        SGI_TRY(parse_field(m));
    }
    SGI_TRY(sgi_core_check_annotations(m, gap));
    put_sections(m, binary);
    return binary->failed ? sgi_core_no_memory(m) : SG_OK;
}

sg_status sgi_text_parse_module(Parser *p, Bytes id, Buf *binary) {
    ModuleParser m;
    ArenaMark mark = sgi_arena_mark(p->arena);
    module_parser_init(&m, p, id);
    sg_status status = parse_fields(&m, binary);
    module_parser_free(&m);
    sgi_arena_release(p->arena, mark);
    return status;
}
