/* Bytes → core module (core specification, 5.5). Sections are read in their order into growing arrays, which
 * move to the module's arena at the end; names, code and data stay slices of the module's own copy of the
 * bytes.
 *
 * Every vector's length is held against the bytes left before anything of that size is allocated.
 * Instructions are only walked where nothing else says where they end (constant expressions). */
#include "decode/decode.h"
#include "decode/names.h"
#include "decode/reading.h"

#include <stdio.h>
#include <string.h>

enum {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
    SECTION_TAG,
    SECTION_COUNT
};

typedef struct Decoder {
    LoadContext cx; /* on the module's own account */
    Module *module;
    SubTypeVec types;
    Vec(uint32_t) empty_groups;
    Vec(Import) imports;
    Vec(uint32_t) funcs;
    Vec(Table) tables;
    Vec(Limits) memories;
    Vec(Global) globals;
    Vec(uint32_t) tags;
    Vec(Custom) customs;
    Vec(LocalRun) runs; /* of one body at a time */
    uint32_t data_count;
} Decoder;

static const uint8_t magic[4] = {0, 'a', 's', 'm'};

BinaryKind sgi_decode_kind(Bytes bytes) {
    if (bytes.size < 8 || memcmp(bytes.data, magic, sizeof magic) != 0)
        return BINARY_NONE;
    /* The 16 bits after the version are the layer: 1 for components. */
    return bytes.data[6] == 1 && bytes.data[7] == 0 ? BINARY_COMPONENT : BINARY_MODULE;
}

static sg_status decode_header(Reader *r) {
    const Reader before = *r;
    Bytes bytes;
    uint32_t version;
    SGI_TRY(sgi_read_bytes(r, sizeof magic, &bytes));
    if (memcmp(bytes.data, magic, sizeof magic) != 0)
        return sgi_reader_fail(&before, "magic header not detected");
    SGI_TRY(sgi_read_le32(r, &version));
    return version == 1 ? SG_OK : sgi_reader_fail(&before, "unknown binary version");
}

/* ---- parts of sections ---- */

/* A section's vector length, within its limit; `have` are the items of the index space so far. For what is
 * allocated by that length, `item_size` is the least that an item takes; 0 where arrays grow as items come.
 */
static sg_status begin_vector(Decoder *d, Reader *r, size_t item_size, LimitId limit, size_t have,
                              uint32_t *count) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(item_size ? sgi_decode_count(r, item_size, count) : sgi_read_u32(r, count));
    return sgi_limit_check(limit, (uint64_t)have + *count, offset, d->cx.err);
}

static sg_status poll_now_and_then(Decoder *d, uint32_t i) {
    return i % 1024 == 1023 ? sgi_load_poll(&d->cx) : SG_OK;
}

/* An array in the module's arena; NULL for none. */
static sg_status new_array(Decoder *d, uint32_t count, size_t item_size, void **array) {
    *array = NULL;
    if (count == 0)
        return SG_OK;
    *array = sgi_arena_array(&d->module->arena, count, item_size);
    return *array ? SG_OK : sgi_load_no_memory(&d->cx);
}

static sg_status decode_expr(Decoder *d, Reader *r, ConstExpr *expr) {
    expr->code = r->at;
    uint32_t i = 0;
    for (uint64_t depth = 1; depth > 0; i++) {
        Instr instr;
        SGI_TRY(sgi_read_instr(&d->cx, r, &instr));
        if (instr.op == OP_END || instr.op == OP_DELEGATE)
            depth--;
        else if (sgi_ops[instr.op].imm == IMM_BLOCK || sgi_ops[instr.op].imm == IMM_TRY_TABLE)
            depth++;
        SGI_TRY(poll_now_and_then(d, i));
    }
    expr->end = r->at;
    return SG_OK;
}

static sg_status decode_tag_type(Decoder *d, Reader *r, uint32_t *type) {
    const Reader before = *r;
    uint8_t attribute;
    SGI_TRY(sgi_load_need(&d->cx, FEATURE_EXCEPTIONS, sgi_reader_offset(r)));
    SGI_TRY(sgi_read_byte(r, &attribute));
    if (attribute != 0)
        return sgi_reader_fail(&before, "malformed tag attribute");
    return sgi_read_u32(r, type);
}

/* ---- sections ---- */

static sg_status decode_types(Decoder *d, Reader *r) {
    uint32_t count;
    bool is_rec;
    SGI_TRY(begin_vector(d, r, 2, LIMIT_ID_TYPES, 0, &count));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = (uint32_t)d->types.count;
        SGI_TRY(sgi_decode_rec_group(&d->cx, &d->module->arena, r, first, &d->types, &is_rec));
        if (d->types.count == first && !sgi_vec_push(d->cx.alloc, &d->empty_groups, first))
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_import_type(Decoder *d, Reader *r, Import *import) {
    static const LimitId limits[EXTERN_KINDS] = {
        [EXTERN_FUNC] = LIMIT_ID_FUNCTIONS,  [EXTERN_TABLE] = LIMIT_ID_TABLES,
        [EXTERN_MEMORY] = LIMIT_ID_MEMORIES, [EXTERN_GLOBAL] = LIMIT_ID_GLOBALS,
        [EXTERN_TAG] = LIMIT_ID_TAGS,
    };
    const Reader before = *r;
    uint8_t kind;
    uint32_t type = 0;
    Table table = {0};
    Limits memory;
    Global global = {0};
    bool pushed = true;
    SGI_TRY(sgi_read_byte(r, &kind));
    switch (kind) {
    case EXTERN_FUNC:
        SGI_TRY(sgi_read_u32(r, &type));
        pushed = sgi_vec_push(d->cx.alloc, &d->funcs, type);
        break;
    case EXTERN_TABLE:
        SGI_TRY(sgi_decode_table_type(&d->cx, r, &table.type));
        pushed = sgi_vec_push(d->cx.alloc, &d->tables, table);
        break;
    case EXTERN_MEMORY:
        SGI_TRY(sgi_decode_memory_type(&d->cx, r, &memory));
        pushed = sgi_vec_push(d->cx.alloc, &d->memories, memory);
        break;
    case EXTERN_GLOBAL:
        SGI_TRY(sgi_decode_global_type(&d->cx, r, &global.type));
        pushed = sgi_vec_push(d->cx.alloc, &d->globals, global);
        break;
    case EXTERN_TAG:
        SGI_TRY(decode_tag_type(d, r, &type));
        pushed = sgi_vec_push(d->cx.alloc, &d->tags, type);
        break;
    default: return sgi_reader_fail(&before, "malformed import kind");
    }
    import->kind = (ExternKind)kind;
    import->index = d->module->imported[kind]++;
    if (!pushed)
        return sgi_load_no_memory(&d->cx);
    return sgi_limit_check(limits[kind], d->module->imported[kind], sgi_reader_offset(&before), d->cx.err);
}

static sg_status decode_imports(Decoder *d, Reader *r) {
    uint32_t count;
    SGI_TRY(begin_vector(d, r, 0, LIMIT_ID_IMPORTS, 0, &count));
    for (uint32_t i = 0; i < count; i++) {
        Import import = {.offset = (uint32_t)sgi_reader_offset(r)};
        SGI_TRY(sgi_read_name(r, &import.module));
        SGI_TRY(sgi_read_name(r, &import.name));
        SGI_TRY(decode_import_type(d, r, &import));
        if (!sgi_vec_push(d->cx.alloc, &d->imports, import))
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_functions(Decoder *d, Reader *r) {
    uint32_t count, type;
    SGI_TRY(begin_vector(d, r, 0, LIMIT_ID_FUNCTIONS, d->funcs.count, &count));
    for (uint32_t i = 0; i < count; i++) {
        SGI_TRY(sgi_read_u32(r, &type));
        if (!sgi_vec_push(d->cx.alloc, &d->funcs, type))
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_table(Decoder *d, Reader *r, Table *table) {
    enum { WITH_INIT = 0x40 };
    const Reader before = *r;
    bool has_init = r->at != r->end && *r->at == WITH_INIT;
    if (has_init) {
        uint8_t zero;
        SGI_TRY(sgi_load_need(&d->cx, FEATURE_FUNCTION_REFERENCES, sgi_reader_offset(r)));
        r->at++;
        SGI_TRY(sgi_read_byte(r, &zero));
        if (zero != 0)
            return sgi_reader_fail(&before, "malformed table");
    }
    SGI_TRY(sgi_decode_table_type(&d->cx, r, &table->type));
    return has_init ? decode_expr(d, r, &table->init) : SG_OK;
}

static sg_status decode_tables(Decoder *d, Reader *r) {
    uint32_t count;
    SGI_TRY(begin_vector(d, r, 0, LIMIT_ID_TABLES, d->tables.count, &count));
    for (uint32_t i = 0; i < count; i++) {
        Table table = {0};
        SGI_TRY(decode_table(d, r, &table));
        if (!sgi_vec_push(d->cx.alloc, &d->tables, table))
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_memories(Decoder *d, Reader *r) {
    uint32_t count;
    SGI_TRY(begin_vector(d, r, 0, LIMIT_ID_MEMORIES, d->memories.count, &count));
    for (uint32_t i = 0; i < count; i++) {
        Limits limits;
        SGI_TRY(sgi_decode_memory_type(&d->cx, r, &limits));
        if (!sgi_vec_push(d->cx.alloc, &d->memories, limits))
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_globals(Decoder *d, Reader *r) {
    uint32_t count;
    SGI_TRY(begin_vector(d, r, 0, LIMIT_ID_GLOBALS, d->globals.count, &count));
    for (uint32_t i = 0; i < count; i++) {
        Global global = {0};
        SGI_TRY(sgi_decode_global_type(&d->cx, r, &global.type));
        SGI_TRY(decode_expr(d, r, &global.init));
        if (!sgi_vec_push(d->cx.alloc, &d->globals, global))
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_tags(Decoder *d, Reader *r) {
    uint32_t count, type = 0;
    SGI_TRY(sgi_load_need(&d->cx, FEATURE_EXCEPTIONS, sgi_reader_offset(r)));
    SGI_TRY(begin_vector(d, r, 0, LIMIT_ID_TAGS, d->tags.count, &count));
    for (uint32_t i = 0; i < count; i++) {
        SGI_TRY(decode_tag_type(d, r, &type));
        if (!sgi_vec_push(d->cx.alloc, &d->tags, type))
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_exports(Decoder *d, Reader *r) {
    Module *module = d->module;
    void *items;
    SGI_TRY(begin_vector(d, r, 3, LIMIT_ID_EXPORTS, 0, &module->export_count));
    SGI_TRY(new_array(d, module->export_count, sizeof *module->exports, &items));
    module->exports = items;
    for (uint32_t i = 0; i < module->export_count; i++) {
        Export *export_ = &module->exports[i];
        uint8_t kind;
        export_->offset = (uint32_t)sgi_reader_offset(r);
        SGI_TRY(sgi_read_name(r, &export_->name));
        const Reader before = *r;
        SGI_TRY(sgi_read_byte(r, &kind));
        if (kind >= EXTERN_KINDS)
            return sgi_reader_fail(&before, "malformed export kind");
        if (kind == EXTERN_TAG)
            SGI_TRY(sgi_load_need(&d->cx, FEATURE_EXCEPTIONS, sgi_reader_offset(&before)));
        export_->kind = (ExternKind)kind;
        SGI_TRY(sgi_read_u32(r, &export_->index));
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_start(Decoder *d, Reader *r) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_u32(r, &d->module->start));
    if (d->module->start != UINT32_MAX) /* which says that there is none */
        return SG_OK;
    return sgi_fail(d->cx.err, SG_INVALID, offset, "unknown function", "%s", "");
}

static sg_status decode_data_count(Decoder *d, Reader *r) {
    d->module->has_data_count = true;
    return sgi_read_u32(r, &d->data_count);
}

/* ---- segments ---- */

static sg_status decode_elem_items(Decoder *d, Reader *r, bool are_exprs, Elem *elem) {
    void *items;
    SGI_TRY(begin_vector(d, r, 1, LIMIT_ID_SEGMENT_ELEMENTS, 0, &elem->count));
    if (elem->count == 0)
        return SG_OK;
    SGI_TRY(new_array(d, elem->count, are_exprs ? sizeof *elem->exprs : sizeof *elem->funcs, &items));
    ConstExpr *exprs = are_exprs ? items : NULL;
    uint32_t *funcs = are_exprs ? NULL : items;
    elem->exprs = exprs;
    elem->funcs = funcs;
    for (uint32_t i = 0; i < elem->count; i++) {
        if (are_exprs)
            SGI_TRY(decode_expr(d, r, &exprs[i]));
        else
            SGI_TRY(sgi_read_u32(r, &funcs[i]));
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

/* Core specification, 5.5.12. With bit 0 the segment is not active, and bit 1 makes it declarative; without,
 * bit 1 says that the table's index is there. Bit 2: expressions. An active segment without bit 1 names no
 * type. */
static sg_status decode_elem(Decoder *d, Reader *r, Elem *elem) {
    enum { NOT_ACTIVE = 1, EXPLICIT = 2, EXPRS = 4 };
    const Reader before = *r;
    uint32_t flags;
    elem->offset = (uint32_t)sgi_reader_offset(r);
    SGI_TRY(sgi_read_u32(r, &flags));
    if (flags > (NOT_ACTIVE | EXPLICIT | EXPRS))
        return sgi_reader_fail(&before, "malformed elements segment kind");
    elem->flags = (uint8_t)flags;
    elem->mode = !(flags & NOT_ACTIVE) ? SEGMENT_ACTIVE
                 : flags & EXPLICIT    ? SEGMENT_DECLARATIVE
                                       : SEGMENT_PASSIVE;
    if (elem->mode == SEGMENT_ACTIVE) {
        if (flags & EXPLICIT)
            SGI_TRY(sgi_read_u32(r, &elem->table));
        SGI_TRY(decode_expr(d, r, &elem->offset_expr));
    }
    elem->type = sgi_ref((flags & EXPRS) != 0, HEAP_FUNC);
    if (flags & (NOT_ACTIVE | EXPLICIT)) {
        const Reader kind = *r;
        uint8_t byte;
        if (flags & EXPRS) {
            SGI_TRY(sgi_decode_ref_type(&d->cx, r, &elem->type));
        } else {
            SGI_TRY(sgi_read_byte(r, &byte));
            if (byte != 0)
                return sgi_reader_fail(&kind, "malformed element kind");
        }
    }
    return decode_elem_items(d, r, flags & EXPRS, elem);
}

static sg_status decode_elems(Decoder *d, Reader *r) {
    void *items;
    SGI_TRY(begin_vector(d, r, 2, LIMIT_ID_ELEMENT_SEGMENTS, 0, &d->module->elem_count));
    SGI_TRY(new_array(d, d->module->elem_count, sizeof *d->module->elems, &items));
    d->module->elems = items;
    for (uint32_t i = 0; i < d->module->elem_count; i++) {
        SGI_TRY(decode_elem(d, r, &d->module->elems[i]));
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

static sg_status decode_data(Decoder *d, Reader *r, Data *data) {
    const Reader before = *r;
    uint32_t flags, size;
    data->offset = (uint32_t)sgi_reader_offset(r);
    SGI_TRY(sgi_read_u32(r, &flags));
    if (flags > 2)
        return sgi_reader_fail(&before, "malformed data segment kind");
    data->mode = flags == 1 ? SEGMENT_PASSIVE : SEGMENT_ACTIVE;
    if (flags == 2)
        SGI_TRY(sgi_read_u32(r, &data->memory));
    if (data->mode == SEGMENT_ACTIVE)
        SGI_TRY(decode_expr(d, r, &data->offset_expr));
    SGI_TRY(sgi_read_u32(r, &size));
    return sgi_read_bytes(r, size, &data->bytes);
}

static sg_status decode_datas(Decoder *d, Reader *r) {
    void *items;
    SGI_TRY(begin_vector(d, r, 2, LIMIT_ID_DATA_SEGMENTS, 0, &d->module->data_count));
    SGI_TRY(new_array(d, d->module->data_count, sizeof *d->module->datas, &items));
    d->module->datas = items;
    for (uint32_t i = 0; i < d->module->data_count; i++) {
        SGI_TRY(decode_data(d, r, &d->module->datas[i]));
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

/* ---- code ---- */

static sg_status decode_locals(Decoder *d, Reader *r, FuncBody *body) {
    size_t offset = sgi_reader_offset(r);
    uint64_t total = 0;
    d->runs.count = 0;
    SGI_TRY(sgi_decode_count(r, 2, &body->run_count));
    for (uint32_t i = 0; i < body->run_count; i++) {
        LocalRun run;
        SGI_TRY(sgi_read_u32(r, &run.count));
        SGI_TRY(sgi_decode_val_type(&d->cx, r, &run.type));
        total += run.count;
        if (total > UINT32_MAX)
            return sgi_fail(d->cx.err, SG_MALFORMED, offset, "too many locals", "%s", "");
        if (!sgi_vec_push(d->cx.alloc, &d->runs, run))
            return sgi_load_no_memory(&d->cx);
        SGI_TRY(poll_now_and_then(d, i));
    }
    SGI_TRY(sgi_limit_check(LIMIT_ID_LOCALS, total, offset, d->cx.err));
    body->local_count = (uint32_t)total;
    if (body->run_count) {
        body->runs = sgi_arena_copy(&d->module->arena, d->runs.items, body->run_count * sizeof *body->runs);
        if (body->runs == NULL)
            return sgi_load_no_memory(&d->cx);
    }
    return SG_OK;
}

static sg_status decode_body(Decoder *d, Reader *r, FuncBody *body) {
    const Reader before = *r;
    uint32_t size;
    SGI_TRY(sgi_read_u32(r, &size));
    if (size > sgi_reader_left(r))
        return sgi_reader_fail(&before, "length out of bounds");
    SGI_TRY(sgi_limit_check(LIMIT_ID_BODY_BYTES, size, sgi_reader_offset(&before), d->cx.err));
    Reader inner = *r;
    inner.end = r->at += size;
    body->size_offset = (uint32_t)sgi_reader_offset(&inner);
    SGI_TRY(decode_locals(d, &inner, body));
    body->offset = (uint32_t)sgi_reader_offset(&inner);
    body->code = inner.at;
    body->end = inner.end;
    return SG_OK;
}

static sg_status decode_code(Decoder *d, Reader *r) {
    void *items;
    SGI_TRY(begin_vector(d, r, 2, LIMIT_ID_FUNCTIONS, 0, &d->module->body_count));
    SGI_TRY(new_array(d, d->module->body_count, sizeof *d->module->bodies, &items));
    d->module->bodies = items;
    for (uint32_t i = 0; i < d->module->body_count; i++) {
        SGI_TRY(decode_body(d, r, &d->module->bodies[i]));
        SGI_TRY(poll_now_and_then(d, i));
    }
    return SG_OK;
}

/* ---- the whole ---- */

typedef sg_status SectionFn(Decoder *d, Reader *r);

/* By section id: what reads it, and its place in the order. */
static const struct {
    SectionFn *fn;
    uint8_t rank;
} sections[SECTION_COUNT] = {
    [SECTION_TYPE] = {decode_types, 1},
    [SECTION_IMPORT] = {decode_imports, 2},
    [SECTION_FUNCTION] = {decode_functions, 3},
    [SECTION_TABLE] = {decode_tables, 4},
    [SECTION_MEMORY] = {decode_memories, 5},
    [SECTION_TAG] = {decode_tags, 6},
    [SECTION_GLOBAL] = {decode_globals, 7},
    [SECTION_EXPORT] = {decode_exports, 8},
    [SECTION_START] = {decode_start, 9},
    [SECTION_ELEMENT] = {decode_elems, 10},
    [SECTION_DATA_COUNT] = {decode_data_count, 11},
    [SECTION_CODE] = {decode_code, 12},
    [SECTION_DATA] = {decode_datas, 13},
};

static sg_status decode_custom(Decoder *d, Reader *r, uint8_t after, uint32_t offset) {
    Custom custom = {.after = after, .offset = offset};
    SGI_TRY(sgi_read_name(r, &custom.name));
    SGI_TRY(sgi_read_bytes(r, sgi_reader_left(r), &custom.bytes));
    return sgi_vec_push(d->cx.alloc, &d->customs, custom) ? SG_OK : sgi_load_no_memory(&d->cx);
}

/* The end that was met unexpectedly inside a section is the section's, not the file's. */
static sg_status name_the_end(const Decoder *d, sg_status status) {
    sg_error *err = d->cx.err;
    if (status == SG_MALFORMED && err && strcmp(err->message, "unexpected end") == 0)
        snprintf(err->message, sizeof err->message, "unexpected end of section or function");
    return status;
}

static sg_status decode_section(Decoder *d, Reader *r, uint8_t *last) {
    const Reader before = *r;
    uint8_t id;
    uint32_t size;
    SGI_TRY(sgi_read_byte(r, &id));
    if (id >= SECTION_COUNT)
        return sgi_reader_fail(&before, "malformed section id");
    SGI_TRY(sgi_read_u32(r, &size));
    if (size > sgi_reader_left(r))
        return sgi_reader_fail(&before, "length out of bounds");
    Reader inner = *r;
    inner.end = r->at += size;
    if (id == SECTION_CUSTOM)
        return name_the_end(d, decode_custom(d, &inner, *last, (uint32_t)sgi_reader_offset(&before)));
    if (*last && sections[id].rank <= sections[*last].rank)
        return sgi_reader_fail(&before, "unexpected content after last section");
    *last = id;
    SGI_TRY(name_the_end(d, sections[id].fn(d, &inner)));
    return inner.at == inner.end ? SG_OK : sgi_reader_fail(&inner, "section size mismatch");
}

/* Moves a growing array's items to the module. */
#define SETTLE(d, vec, items_field, count_field)                                                             \
    ((vec)->count == 0 || ((items_field = sgi_arena_copy(&(d)->module->arena, (vec)->items,                  \
                                                         (vec)->count * sizeof *(vec)->items)) &&            \
                           (count_field = (uint32_t)(vec)->count, true)))

static sg_status settle(Decoder *d) {
    Module *m = d->module;
    bool fits =
        SETTLE(d, &d->types, m->types, m->type_count) &&
        SETTLE(d, &d->empty_groups, m->empty_groups, m->empty_group_count) &&
        SETTLE(d, &d->imports, m->imports, m->import_count) &&
        SETTLE(d, &d->funcs, m->funcs, m->func_count) && SETTLE(d, &d->tables, m->tables, m->table_count) &&
        SETTLE(d, &d->memories, m->memories, m->memory_count) &&
        SETTLE(d, &d->globals, m->globals, m->global_count) && SETTLE(d, &d->tags, m->tags, m->tag_count) &&
        SETTLE(d, &d->customs, m->customs, m->custom_count);
    return fits ? SG_OK : sgi_load_no_memory(&d->cx);
}

static void free_vectors(Decoder *d) {
    sgi_vec_free(d->cx.alloc, &d->types);
    sgi_vec_free(d->cx.alloc, &d->empty_groups);
    sgi_vec_free(d->cx.alloc, &d->imports);
    sgi_vec_free(d->cx.alloc, &d->funcs);
    sgi_vec_free(d->cx.alloc, &d->tables);
    sgi_vec_free(d->cx.alloc, &d->memories);
    sgi_vec_free(d->cx.alloc, &d->globals);
    sgi_vec_free(d->cx.alloc, &d->tags);
    sgi_vec_free(d->cx.alloc, &d->customs);
    sgi_vec_free(d->cx.alloc, &d->runs);
}

static sg_status decode_sections(Decoder *d) {
    Module *module = d->module;
    Reader r = {module->bytes.data, module->bytes.data + module->bytes.size, module->bytes.data, d->cx.err};
    uint8_t last = 0;
    SGI_TRY(decode_header(&r));
    for (uint32_t i = 0; r.at < r.end; i++) {
        SGI_TRY(decode_section(d, &r, &last));
        SGI_TRY(poll_now_and_then(d, i));
    }
    if (module->body_count != d->funcs.count - module->imported[EXTERN_FUNC])
        return sgi_reader_fail(&r, "function and code section have inconsistent lengths");
    if (module->has_data_count && d->data_count != module->data_count)
        return sgi_reader_fail(&r, "data count and data section have inconsistent lengths");
    return settle(d);
}

sg_status sgi_decode_module(const LoadContext *cx, Bytes bytes, Module **result) {
    *result = NULL;
    SGI_TRY(sgi_limit_check(LIMIT_ID_MODULE_BYTES, bytes.size, 0, cx->err));
    Module *module = sgi_module_new(cx);
    if (module == NULL)
        return sgi_load_no_memory(cx);
    Decoder d = {.cx = *cx, .module = module};
    d.cx.alloc = &module->alloc;
    module->bytes = (Bytes){sgi_arena_copy(&module->arena, bytes.data, bytes.size), bytes.size};
    sg_status status = module->bytes.data ? decode_sections(&d) : sgi_load_no_memory(&d.cx);
    free_vectors(&d);
    if (status == SG_OK)
        status = sgi_decode_names(&d.cx, module);
    if (status == SG_OK)
        *result = module;
    else
        sgi_module_release(module);
    return status;
}
