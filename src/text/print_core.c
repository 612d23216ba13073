/* Core module → text, in the order of the binary's sections; types for people (core specification, 6.6).
 *
 * A module that validates prints as text that parses to the same module. One that only decodes prints as far
 * as its instructions can be read. Indices are looked up in names only, so that none needs to be sound. Names
 * are identifiers where one index alone has them, else annotations. */
#include "text/print.h"
#include "text/text.h"

#include <string.h>

enum { MANY_TYPES = 32 }; /* longer signatures are not repeated beside a type's index */

/* ---- names ---- */

sg_status sgi_print_use_names(CorePrinter *p, NameSpace space, const NameMap *names) {
    p->names[space] = names;
    sgi_map_free(&p->ids[space]);
    for (uint32_t i = 0; i < names->count; i++) {
        const NameAssoc *item = &names->items[i];
        if (item->name.size == 0 || item->name.size > MAX_ID_BYTES)
            continue;
        switch (sgi_map_put(&p->ids[space], item->name, item->index)) {
        case MAP_ADDED: break;
        case MAP_EXISTS: *sgi_map_get(&p->ids[space], item->name) = NO_INDEX; break;
        case MAP_NO_MEMORY: return sgi_load_no_memory(&p->cx);
        }
    }
    return SG_OK;
}

/* The name that stands for an index, or empty. */
static Bytes find_id(const CorePrinter *p, NameSpace space, uint32_t index) {
    const NameMap *names = p->names[space];
    Bytes name = names ? sgi_name_find(names, index) : (Bytes){0};
    const uint32_t *owner = name.size ? sgi_map_get(&p->ids[space], name) : NULL;
    return owner && *owner == index ? name : (Bytes){0};
}

void sgi_print_index(CorePrinter *p, NameSpace space, uint32_t index) {
    Bytes name = find_id(p, space, index);
    if (name.size)
        sgi_print_id(p->out, name);
    else
        sgi_buf_printf(p->out, "%u", index);
}

const NameMap *sgi_print_find_names(const IndirectNameMap *map, uint32_t index) {
    static const NameMap none;
    uint32_t low = 0, high = map->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (map->indices[middle] < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->count && map->indices[low] == index ? &map->maps[low] : &none;
}

/* What `fields` has for a field's name. */
typedef struct FieldKey {
    uint8_t bytes[4 + MAX_ID_BYTES];
    size_t size;
} FieldKey;

static FieldKey field_key(uint32_t type, Bytes name) {
    FieldKey key = {.size = 4 + name.size};
    memcpy(key.bytes, &type, 4);
    memcpy(key.bytes + 4, name.data, name.size);
    return key;
}

static sg_status use_field_names(CorePrinter *p, uint32_t type, const NameMap *names) {
    for (uint32_t i = 0; i < names->count; i++) {
        const NameAssoc *item = &names->items[i];
        if (item->name.size == 0 || item->name.size > MAX_ID_BYTES)
            continue;
        FieldKey key = field_key(type, item->name);
        Bytes kept = {sgi_arena_copy(&p->field_keys, key.bytes, key.size), key.size};
        MapPut put = kept.data ? sgi_map_put(&p->fields, kept, item->index) : MAP_NO_MEMORY;
        if (put == MAP_NO_MEMORY)
            return sgi_load_no_memory(&p->cx);
        if (put == MAP_EXISTS)
            *sgi_map_get(&p->fields, kept) = NO_INDEX;
    }
    return SG_OK;
}

static Bytes find_field_name(const CorePrinter *p, uint32_t type, uint32_t field) {
    return sgi_name_find(sgi_print_find_names(&p->module->names.fields, type), field);
}

/* The name that stands for a field, or empty. */
static Bytes find_field_id(const CorePrinter *p, uint32_t type, uint32_t field) {
    Bytes name = find_field_name(p, type, field);
    if (name.size == 0 || name.size > MAX_ID_BYTES)
        return (Bytes){0};
    FieldKey key = field_key(type, name);
    const uint32_t *owner = sgi_map_get(&p->fields, (Bytes){key.bytes, key.size});
    return owner && *owner == field ? name : (Bytes){0};
}

void sgi_print_field_index(CorePrinter *p, uint32_t type, uint32_t field) {
    Bytes name = find_field_id(p, type, field);
    if (name.size)
        sgi_print_id(p->out, name);
    else
        sgi_buf_printf(p->out, "%u", field);
}

/* A name that cannot be an identifier. */
static void put_name(Buf *out, Bytes name) {
    sgi_buf_text(out, " (@name ");
    sgi_print_string(out, name, true);
    sgi_buf_byte(out, ')');
}

/* " $id", or the annotation where the name is no identifier. */
static void put_binding(Buf *out, Bytes id, Bytes name) {
    if (id.size) {
        sgi_buf_byte(out, ' ');
        sgi_print_id(out, id);
    } else if (name.size) {
        put_name(out, name);
    }
}

void sgi_print_definition(CorePrinter *p, NameSpace space, uint32_t index) {
    put_binding(p->out, find_id(p, space, index), sgi_name_find(p->names[space], index));
    sgi_buf_printf(p->out, " (;%u;)", index);
}

/* ---- types ---- */

void sgi_print_val_type(CorePrinter *p, ValType type) {
    if (!sgi_is_ref(type) || sgi_is_abstract(sgi_heap(type))) {
        sgi_buf_text(p->out, sgi_type_name(type).text);
        return;
    }
    sgi_buf_text(p->out, sgi_is_nullable(type) ? "(ref null " : "(ref ");
    sgi_print_index(p, NAMES_OF_TYPE, sgi_heap(type));
    sgi_buf_byte(p->out, ')');
}

static Bytes find_local_name(const CorePrinter *p, uint32_t index) {
    const NameMap *names = p->names[NAMES_OF_LOCAL];
    return names ? sgi_name_find(names, index) : (Bytes){0};
}

/* " (keyword type type ...)", or nothing when there are none. Members with a name stand alone: `first` is the
 * index in the local names that the first type has, or NO_INDEX. */
static void put_types(CorePrinter *p, const char *keyword, const ValType *types, uint32_t count,
                      uint32_t first) {
    bool open = false;
    for (uint32_t i = 0; i < count; i++) {
        Bytes name = first == NO_INDEX ? (Bytes){0} : find_local_name(p, first + i);
        if (open && name.size)
            sgi_buf_byte(p->out, ')');
        if (!open || name.size)
            sgi_buf_printf(p->out, " (%s", keyword);
        if (name.size)
            put_binding(p->out, find_id(p, NAMES_OF_LOCAL, first + i), name);
        sgi_buf_byte(p->out, ' ');
        sgi_print_val_type(p, types[i]);
        open = name.size == 0;
        if (!open)
            sgi_buf_byte(p->out, ')');
    }
    if (open)
        sgi_buf_byte(p->out, ')');
}

/* " (param ...) (result ...)" */
static void put_signature(CorePrinter *p, const FuncType *type, uint32_t first) {
    put_types(p, "param", type->params, type->param_count, first);
    put_types(p, "result", type->results, type->result_count, NO_INDEX);
}

/* " (type 3)" and, where it is not too long, what that is. */
static void put_type_use(CorePrinter *p, uint32_t index, uint32_t first) {
    sgi_buf_text(p->out, " (type ");
    sgi_print_index(p, NAMES_OF_TYPE, index);
    sgi_buf_byte(p->out, ')');
    if (index >= p->module->type_count || p->module->types[index].kind != COMP_FUNC)
        return;
    const FuncType *type = &p->module->types[index].as.func;
    const NameMap *locals = p->names[NAMES_OF_LOCAL];
    if (type->param_count + type->result_count <= MANY_TYPES ||
        (first != NO_INDEX && locals && locals->count))
        put_signature(p, type, first);
}

static void put_field(CorePrinter *p, const FieldType *field) {
    sgi_buf_text(p->out, field->mutable_ ? "(mut " : "");
    if (field->type == KIND_I8 || field->type == KIND_I16)
        sgi_buf_text(p->out, field->type == KIND_I8 ? "i8" : "i16");
    else
        sgi_print_val_type(p, field->type);
    sgi_buf_text(p->out, field->mutable_ ? ")" : "");
}

/* `index`: of the type, whose fields may have names; or NO_INDEX. */
static void put_comp_type(CorePrinter *p, const SubType *type, uint32_t index) {
    if (type->kind == COMP_FUNC) {
        sgi_buf_text(p->out, "(func");
        put_signature(p, &type->as.func, NO_INDEX);
    } else if (type->kind == COMP_ARRAY) {
        sgi_buf_text(p->out, "(array ");
        put_field(p, &type->as.aggregate.fields[0]);
    } else {
        sgi_buf_text(p->out, "(struct");
        for (uint32_t i = 0; i < type->as.aggregate.field_count; i++) {
            sgi_buf_text(p->out, " (field");
            if (index != NO_INDEX)
                put_binding(p->out, find_field_id(p, index, i), find_field_name(p, index, i));
            sgi_buf_byte(p->out, ' ');
            put_field(p, &type->as.aggregate.fields[i]);
            sgi_buf_byte(p->out, ')');
        }
    }
    sgi_buf_byte(p->out, ')');
}

void sgi_print_sub_type(CorePrinter *p, const SubType *type, uint32_t index) {
    bool is_sub = !type->final || type->supertype != NO_TYPE || type->is_long;
    if (is_sub) {
        sgi_buf_text(p->out, type->final ? "(sub final " : "(sub ");
        if (type->supertype != NO_TYPE) {
            sgi_print_index(p, NAMES_OF_TYPE, type->supertype);
            sgi_buf_byte(p->out, ' ');
        }
    }
    put_comp_type(p, type, index);
    sgi_buf_text(p->out, is_sub ? ")" : "");
}

static void put_type(CorePrinter *p, uint32_t index) {
    sgi_print_line(p);
    sgi_buf_text(p->out, "(type");
    sgi_print_definition(p, NAMES_OF_TYPE, index);
    sgi_buf_byte(p->out, ' ');
    sgi_print_sub_type(p, &p->module->types[index], index);
    sgi_buf_byte(p->out, ')');
}

/* Those that stand before type `index`; `next` is the first one not printed yet. */
static void put_empty_groups(CorePrinter *p, uint32_t index, uint32_t *next) {
    for (; *next < p->module->empty_group_count && p->module->empty_groups[*next] == index; ++*next) {
        sgi_print_line(p);
        sgi_buf_text(p->out, "(rec)");
    }
}

static sg_status put_all_types(CorePrinter *p) {
    uint32_t empty = 0;
    for (uint32_t i = 0; i < p->module->type_count; i++) {
        const SubType *type = &p->module->types[i];
        put_empty_groups(p, i, &empty);
        if (type->in_rec && i == type->group_start) {
            sgi_print_line(p);
            sgi_buf_text(p->out, "(rec");
            p->indent++;
        }
        put_type(p, i);
        if (type->in_rec && i + 1 == type->group_end) {
            p->indent--;
            sgi_print_line(p);
            sgi_buf_byte(p->out, ')');
        }
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&p->cx));
    }
    put_empty_groups(p, p->module->type_count, &empty);
    return SG_OK;
}

void sgi_print_limits(CorePrinter *p, const Limits *limits) {
    sgi_buf_printf(p->out, "%s %llu", limits->is_64 ? " i64" : "", (unsigned long long)limits->min);
    if (limits->has_max)
        sgi_buf_printf(p->out, " %llu", (unsigned long long)limits->max);
    sgi_buf_text(p->out, limits->is_shared ? " shared" : "");
    if (limits->has_page_size)
        sgi_buf_printf(p->out, " (pagesize %llu)", 1ull << (limits->page_log2 & 63));
}

void sgi_print_table_type(CorePrinter *p, const TableType *type) {
    sgi_print_limits(p, &type->limits);
    sgi_buf_byte(p->out, ' ');
    sgi_print_val_type(p, type->element);
}

void sgi_print_global_type(CorePrinter *p, const GlobalType *type) {
    sgi_buf_text(p->out, type->mutable_ ? " (mut " : " ");
    sgi_print_val_type(p, type->type);
    sgi_buf_text(p->out, type->mutable_ ? ")" : "");
}

/* ---- fields ---- */

static const char *const extern_keywords[EXTERN_KINDS] = {"func", "table", "memory", "global", "tag"};

/* Of what has no signature. */
static void put_state_type(CorePrinter *p, ExternKind kind, uint32_t index) {
    const Module *module = p->module;
    switch (kind) {
    case EXTERN_TABLE: sgi_print_table_type(p, &module->tables[index].type); break;
    case EXTERN_MEMORY: sgi_print_limits(p, &module->memories[index]); break;
    default: sgi_print_global_type(p, &module->globals[index].type); break;
    }
}

/* "(func $name (;0;) ...", the beginning of an import's description or of a definition, with its type. */
static void put_extern(CorePrinter *p, ExternKind kind, uint32_t index) {
    const Module *module = p->module;
    sgi_buf_printf(p->out, "(%s", extern_keywords[kind]);
    sgi_print_definition(p, (NameSpace)kind, index);
    switch (kind) {
    case EXTERN_FUNC: put_type_use(p, module->funcs[index], 0); break;
    case EXTERN_TAG: put_type_use(p, module->tags[index], NO_INDEX); break;
    default: put_state_type(p, kind, index); break;
    }
}

static sg_status put_imports(CorePrinter *p) {
    for (uint32_t i = 0; i < p->module->import_count; i++) {
        const Import *import = &p->module->imports[i];
        if (import->kind == EXTERN_FUNC)
            SGI_TRY(sgi_print_use_names(p, NAMES_OF_LOCAL, sgi_print_local_names(p, import->index)));
        sgi_print_line(p);
        sgi_buf_text(p->out, "(import ");
        sgi_print_string(p->out, import->module, true);
        sgi_buf_byte(p->out, ' ');
        sgi_print_string(p->out, import->name, true);
        sgi_buf_byte(p->out, ' ');
        put_extern(p, import->kind, import->index);
        sgi_buf_text(p->out, "))");
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&p->cx));
    }
    return SG_OK;
}

/* Tables, memories, globals and tags of the module's own. */
static sg_status put_definitions(CorePrinter *p, ExternKind kind, uint32_t count) {
    for (uint32_t i = p->module->imported[kind]; i < count; i++) {
        sgi_print_line(p);
        put_extern(p, kind, i);
        if (kind == EXTERN_GLOBAL)
            SGI_TRY(sgi_print_const(p, "", &p->module->globals[i].init));
        if (kind == EXTERN_TABLE && p->module->tables[i].init.code)
            SGI_TRY(sgi_print_const(p, "", &p->module->tables[i].init));
        sgi_buf_byte(p->out, ')');
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&p->cx));
    }
    return SG_OK;
}

static void put_exports(CorePrinter *p) {
    for (uint32_t i = 0; i < p->module->export_count; i++) {
        const Export *export_ = &p->module->exports[i];
        sgi_print_line(p);
        sgi_buf_text(p->out, "(export ");
        sgi_print_string(p->out, export_->name, true);
        sgi_buf_printf(p->out, " (%s ", extern_keywords[export_->kind]);
        sgi_print_index(p, (NameSpace)export_->kind, export_->index);
        sgi_buf_text(p->out, "))");
    }
    if (p->module->start == UINT32_MAX)
        return;
    sgi_print_line(p);
    sgi_buf_text(p->out, "(start ");
    sgi_print_index(p, NAMES_OF_FUNC, p->module->start);
    sgi_buf_byte(p->out, ')');
}

/* " (table 1)" of an active segment. */
static void put_target(CorePrinter *p, const char *keyword, NameSpace space, uint32_t index) {
    sgi_buf_printf(p->out, " (%s ", keyword);
    sgi_print_index(p, space, index);
    sgi_buf_byte(p->out, ')');
}

static sg_status put_elem(CorePrinter *p, uint32_t index) {
    const Elem *elem = &p->module->elems[index];
    enum { EXPLICIT = 2, EXPRS = 4 };
    sgi_print_line(p);
    sgi_buf_text(p->out, "(elem");
    sgi_print_definition(p, NAMES_OF_ELEM, index);
    if (elem->mode == SEGMENT_DECLARATIVE)
        sgi_buf_text(p->out, " declare");
    if (elem->mode == SEGMENT_ACTIVE) {
        if (elem->flags & EXPLICIT)
            put_target(p, "table", NAMES_OF_TABLE, elem->table);
        SGI_TRY(sgi_print_const(p, "offset", &elem->offset_expr));
    }
    if (elem->flags & EXPRS) {
        sgi_buf_byte(p->out, ' ');
        sgi_print_val_type(p, elem->type);
    } else {
        sgi_buf_text(p->out, " func");
    }
    for (uint32_t i = 0; i < elem->count; i++) {
        if (elem->exprs) {
            SGI_TRY(sgi_print_const(p, "item", &elem->exprs[i]));
        } else {
            sgi_buf_byte(p->out, ' ');
            sgi_print_index(p, NAMES_OF_FUNC, elem->funcs[i]);
        }
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&p->cx));
    }
    sgi_buf_byte(p->out, ')');
    return SG_OK;
}

static sg_status put_elems(CorePrinter *p) {
    for (uint32_t i = 0; i < p->module->elem_count; i++)
        SGI_TRY(put_elem(p, i));
    return SG_OK;
}

static sg_status put_datas(CorePrinter *p) {
    for (uint32_t i = 0; i < p->module->data_count; i++) {
        const Data *data = &p->module->datas[i];
        sgi_print_line(p);
        sgi_buf_text(p->out, "(data");
        sgi_print_definition(p, NAMES_OF_DATA, i);
        if (data->mode == SEGMENT_ACTIVE) {
            if (data->memory)
                put_target(p, "memory", NAMES_OF_MEMORY, data->memory);
            SGI_TRY(sgi_print_const(p, "offset", &data->offset_expr));
        }
        sgi_buf_byte(p->out, ' ');
        sgi_print_string(p->out, data->bytes, false);
        sgi_buf_byte(p->out, ')');
        SGI_TRY(sgi_load_poll(&p->cx));
    }
    return SG_OK;
}

static void put_locals(CorePrinter *p, const FuncBody *body, uint32_t first) {
    if (body->local_count == 0)
        return;
    sgi_print_line(p);
    sgi_buf_text(p->out, "(local");
    bool open = true, empty = true;
    for (uint32_t run = 0; run < body->run_count; run++) {
        for (uint32_t i = 0; i < body->runs[run].count; i++, first++) {
            Bytes name = find_local_name(p, first);
            if (!open || (name.size && !empty))
                sgi_buf_text(p->out, open ? ") (local" : " (local");
            put_binding(p->out, find_id(p, NAMES_OF_LOCAL, first), name);
            sgi_buf_byte(p->out, ' ');
            sgi_print_val_type(p, body->runs[run].type);
            open = name.size == 0;
            empty = false;
            if (!open)
                sgi_buf_byte(p->out, ')');
        }
    }
    if (open)
        sgi_buf_byte(p->out, ')');
}

static sg_status put_func(CorePrinter *p, uint32_t index) {
    const Module *module = p->module;
    const FuncBody *body = &module->bodies[index - module->imported[EXTERN_FUNC]];
    uint32_t type = module->funcs[index], param_count = 0;
    if (type < module->type_count && module->types[type].kind == COMP_FUNC)
        param_count = module->types[type].as.func.param_count;
    SGI_TRY(sgi_print_use_names(p, NAMES_OF_LOCAL, sgi_print_local_names(p, index)));
    sgi_print_line(p);
    put_extern(p, EXTERN_FUNC, index);
    p->indent++;
    put_locals(p, body, param_count);
    SGI_TRY(sgi_print_body(p, index, body));
    p->indent--;
    sgi_print_line(p);
    sgi_buf_byte(p->out, ')');
    return p->out->failed ? sgi_load_no_memory(&p->cx) : SG_OK;
}

static sg_status put_funcs(CorePrinter *p) {
    for (uint32_t i = p->module->imported[EXTERN_FUNC]; i < p->module->func_count; i++) {
        SGI_TRY(put_func(p, i));
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&p->cx));
    }
    return SG_OK;
}

/* Custom sections but for the names, where they stood (core specification, appendix 7.5). */
static sg_status put_customs(CorePrinter *p) {
    static const char *const sections[] = {"",       "type",   "import",    "func",  "table",
                                           "memory", "global", "export",    "start", "elem",
                                           "code",   "data",   "datacount", "tag"};
    bool is_after_names = false;
    for (uint32_t i = 0; i < p->module->custom_count; i++) {
        const Custom *custom = &p->module->customs[i];
        bool is_name = sgi_bytes_is(custom->name, "name");
        is_after_names |= is_name;
        if (is_name || (p->hints.count && i == p->hint_custom))
            continue;
        sgi_print_line(p);
        sgi_buf_text(p->out, "(@custom ");
        sgi_print_string(p->out, custom->name, true);
        if (is_after_names)
            sgi_buf_text(p->out, " (after last) ");
        else if (custom->after)
            sgi_buf_printf(p->out, " (after %s) ", sections[custom->after]);
        else
            sgi_buf_text(p->out, " (before first) ");
        sgi_print_string(p->out, custom->bytes, false);
        sgi_buf_byte(p->out, ')');
        SGI_TRY(sgi_load_poll(&p->cx));
    }
    return SG_OK;
}

static sg_status use_module_names(CorePrinter *p) {
    const Names *names = &p->module->names;
    SGI_TRY(sgi_print_use_names(p, NAMES_OF_FUNC, &names->funcs));
    SGI_TRY(sgi_print_use_names(p, NAMES_OF_TABLE, &names->tables));
    SGI_TRY(sgi_print_use_names(p, NAMES_OF_MEMORY, &names->memories));
    SGI_TRY(sgi_print_use_names(p, NAMES_OF_GLOBAL, &names->globals));
    SGI_TRY(sgi_print_use_names(p, NAMES_OF_TAG, &names->tags));
    SGI_TRY(sgi_print_use_names(p, NAMES_OF_TYPE, &names->types));
    SGI_TRY(sgi_print_use_names(p, NAMES_OF_ELEM, &names->elems));
    for (uint32_t i = 0; i < names->fields.count; i++)
        SGI_TRY(use_field_names(p, names->fields.indices[i], &names->fields.maps[i]));
    return sgi_print_use_names(p, NAMES_OF_DATA, &names->datas);
}

static sg_status put_fields(CorePrinter *p) {
    const Module *module = p->module;
    SGI_TRY(put_all_types(p));
    SGI_TRY(put_imports(p));
    SGI_TRY(put_definitions(p, EXTERN_TABLE, module->table_count));
    SGI_TRY(put_definitions(p, EXTERN_MEMORY, module->memory_count));
    SGI_TRY(put_definitions(p, EXTERN_TAG, module->tag_count));
    SGI_TRY(put_definitions(p, EXTERN_GLOBAL, module->global_count));
    put_exports(p);
    SGI_TRY(put_elems(p));
    SGI_TRY(put_funcs(p));
    if (module->has_data_count && !p->needs_data_count) {
        sgi_print_line(p);
        sgi_buf_text(p->out, "(@datacount)");
    }
    SGI_TRY(put_datas(p));
    return put_customs(p);
}

static bool is_empty(const Module *module) {
    return module->has_data_count + module->type_count + module->empty_group_count + module->import_count +
               module->func_count + module->table_count + module->memory_count + module->global_count +
               module->tag_count + module->elem_count + module->data_count + module->custom_count ==
           0;
}

sg_status sgi_print_core_module(const LoadContext *cx, const Module *module, ModuleNameStyle style,
                                unsigned indent, Buf *out) {
    CorePrinter p = {.cx = *cx, .module = module, .out = out, .indent = indent + 1};
    for (size_t i = 0; i < NAME_SPACES; i++)
        sgi_map_init(&p.ids[i], cx->alloc);
    sgi_map_init(&p.fields, cx->alloc);
    sgi_arena_init(&p.field_keys, cx->alloc);
    Bytes name = module->names.module;
    if (style == NAME_AS_ID && name.size && name.size <= MAX_ID_BYTES) {
        sgi_buf_byte(out, ' ');
        sgi_print_id(out, name);
    } else if (style != NAME_SAID && name.size) {
        put_name(out, name);
    }
    sg_status status = use_module_names(&p);
    if (status == SG_OK)
        status = sgi_print_use_hints(&p);
    if (status == SG_OK)
        status = put_fields(&p);
    p.indent = indent;
    if (!is_empty(module))
        sgi_print_line(&p);
    sgi_buf_byte(out, ')');
    for (size_t i = 0; i < NAME_SPACES; i++)
        sgi_map_free(&p.ids[i]);
    sgi_map_free(&p.fields);
    sgi_arena_free(&p.field_keys);
    sgi_vec_free(cx->alloc, &p.hints);
    return status == SG_OK && out->failed ? sgi_load_no_memory(cx) : status;
}

sg_status sgi_text_print_module(const LoadContext *cx, const Module *module, Buf *text) {
    sgi_buf_text(text, "(module");
    SGI_TRY(sgi_print_core_module(cx, module, NAME_AS_ID, 0, text));
    sgi_buf_byte(text, '\n');
    return text->failed ? sgi_load_no_memory(cx) : SG_OK;
}

/* ---- types for people ---- */

void sgi_text_core_type(Buf *text, const Module *module, ExternKind kind, uint32_t index) {
    CorePrinter p = {.module = module, .out = text};
    sgi_buf_printf(text, "(%s", extern_keywords[kind]);
    switch (kind) {
    case EXTERN_FUNC: put_signature(&p, sgi_module_func_type(module, index), NO_INDEX); break;
    case EXTERN_TAG: put_signature(&p, &module->types[module->tags[index]].as.func, NO_INDEX); break;
    default: put_state_type(&p, kind, index); break;
    }
    sgi_buf_byte(text, ')');
}
