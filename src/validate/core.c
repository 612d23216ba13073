/* Core modules: are they valid (core specification, 3.5)? Fills canonical type ids, declared functions, the
 * export map and, through the bodies, segments.
 *
 * The order is the specification's: whatever may declare a function for ref.func comes before the bodies; a
 * constant expression sees the globals before it. */
#include "validate/body.h"
#include "validate/types.h"
#include "validate/validate.h"

#include <stdio.h>
#include <string.h>

static uint64_t expr_offset(const Module *module, const ConstExpr *expr) {
    return (uint64_t)(expr->code - module->bytes.data);
}

static sg_status poll_now_and_then(const Validator *v, uint32_t i) {
    return i % 1024 == 1023 ? sgi_load_poll(&v->cx) : SG_OK;
}

static sg_status validate_types(Validator *v) {
    Module *module = v->module;
    module->registry = v->cx.types;
    for (uint32_t start = 0, end; start < module->type_count; start = end) {
        end = module->types[start].group_end;
        SGI_TRY(sgi_validate_rec_group(&v->cx, module->types, start, end, &module->held_types, SG_NO_OFFSET));
        SGI_TRY(poll_now_and_then(v, start));
    }
    return SG_OK;
}

static sg_status validate_func_type(const Validator *v, uint32_t type, uint64_t offset) {
    if (type < v->module->type_count && v->module->types[type].kind == COMP_FUNC)
        return SG_OK;
    return sgi_validate_unknown(&v->cx, "type", type, offset);
}

static sg_status validate_tag(const Validator *v, uint32_t type, uint64_t offset) {
    SGI_TRY(validate_func_type(v, type, offset));
    if (v->module->types[type].as.func.result_count == 0)
        return SG_OK;
    return sgi_fail(v->cx.err, SG_INVALID, offset, "non-empty tag result type", "%s", "");
}

static sg_status validate_import(const Validator *v, const Import *import) {
    const Module *module = v->module;
    switch (import->kind) {
    case EXTERN_FUNC: return validate_func_type(v, module->funcs[import->index], import->offset);
    case EXTERN_TABLE:
        return sgi_validate_table_type(&v->cx, &module->tables[import->index].type, module->type_count,
                                       import->offset);
    case EXTERN_MEMORY:
        return sgi_validate_memory_type(&v->cx, &module->memories[import->index], import->offset);
    case EXTERN_GLOBAL: {
        const GlobalType *type = &module->globals[import->index].type;
        if (type->mutable_)
            SGI_TRY(sgi_load_need(&v->cx, FEATURE_MUTABLE_GLOBAL, import->offset));
        return sgi_validate_val_type(&v->cx, type->type, module->type_count, import->offset);
    }
    default: return validate_tag(v, module->tags[import->index], import->offset);
    }
}

static sg_status validate_imports(const Validator *v) {
    for (uint32_t i = 0; i < v->module->import_count; i++) {
        SGI_TRY(validate_import(v, &v->module->imports[i]));
        SGI_TRY(poll_now_and_then(v, i));
    }
    return SG_OK;
}

static sg_status validate_functions(const Validator *v) {
    const Module *module = v->module;
    for (uint32_t i = module->imported[EXTERN_FUNC]; i < module->func_count; i++) {
        const FuncBody *body = &module->bodies[i - module->imported[EXTERN_FUNC]];
        SGI_TRY(validate_func_type(v, module->funcs[i], body->size_offset));
    }
    for (uint32_t i = module->imported[EXTERN_TAG]; i < module->tag_count; i++)
        SGI_TRY(validate_tag(v, module->tags[i], SG_NO_OFFSET));
    return SG_OK;
}

static sg_status validate_globals(Validator *v) {
    const Module *module = v->module;
    for (uint32_t i = module->imported[EXTERN_GLOBAL]; i < module->global_count; i++) {
        const Global *global = &module->globals[i];
        uint64_t offset = expr_offset(module, &global->init);
        SGI_TRY(sgi_validate_val_type(&v->cx, global->type.type, module->type_count, offset));
        SGI_TRY(sgi_validate_const(v, &global->init, global->type.type, i));
    }
    return SG_OK;
}

static sg_status validate_memories(const Validator *v) {
    const Module *module = v->module;
    if (module->memory_count > 1)
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_MULTI_MEMORY, SG_NO_OFFSET));
    for (uint32_t i = module->imported[EXTERN_MEMORY]; i < module->memory_count; i++)
        SGI_TRY(sgi_validate_memory_type(&v->cx, &module->memories[i], SG_NO_OFFSET));
    return SG_OK;
}

static sg_status validate_tables(Validator *v) {
    const Module *module = v->module;
    if (module->table_count > 1)
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_REFERENCE_TYPES, SG_NO_OFFSET));
    for (uint32_t i = module->imported[EXTERN_TABLE]; i < module->table_count; i++) {
        const Table *table = &module->tables[i];
        SGI_TRY(sgi_validate_table_type(&v->cx, &table->type, module->type_count, SG_NO_OFFSET));
        if (table->init.code)
            SGI_TRY(
                sgi_validate_const(v, &table->init, table->type.element, module->imported[EXTERN_GLOBAL]));
        else if (!sgi_is_defaultable(table->type.element))
            return sgi_fail(v->cx.err, SG_INVALID, SG_NO_OFFSET, "type mismatch",
                            "table %u has no initialiser and its elements no default", i);
    }
    return SG_OK;
}

static sg_status validate_elem_items(Validator *v, const Elem *elem) {
    Module *module = v->module;
    for (uint32_t i = 0; i < elem->count; i++) {
        if (elem->exprs) {
            SGI_TRY(sgi_validate_const(v, &elem->exprs[i], elem->type, module->global_count));
        } else {
            if (elem->funcs[i] >= module->func_count)
                return sgi_validate_unknown(&v->cx, "function", elem->funcs[i], elem->offset);
            sgi_declare_func(module, elem->funcs[i]);
        }
        SGI_TRY(poll_now_and_then(v, i));
    }
    return SG_OK;
}

static sg_status validate_elem(Validator *v, const Elem *elem) {
    const Module *module = v->module;
    SGI_TRY(sgi_validate_val_type(&v->cx, elem->type, module->type_count, elem->offset));
    if (elem->mode == SEGMENT_ACTIVE) {
        if (elem->table >= module->table_count)
            return sgi_validate_unknown(&v->cx, "table", elem->table, elem->offset);
        const TableType *table = &module->tables[elem->table].type;
        if (!sgi_types_matches_in(module->types, elem->type, table->element))
            return sgi_fail(v->cx.err, SG_INVALID, elem->offset, "type mismatch",
                            "elements are %s, the table's %s", sgi_type_name(elem->type).text,
                            sgi_type_name(table->element).text);
        SGI_TRY(sgi_validate_const(v, &elem->offset_expr, table->limits.is_64 ? VAL_I64 : VAL_I32,
                                   module->global_count));
    }
    return validate_elem_items(v, elem);
}

static sg_status validate_elems(Validator *v) {
    for (uint32_t i = 0; i < v->module->elem_count; i++) {
        SGI_TRY(validate_elem(v, &v->module->elems[i]));
        SGI_TRY(poll_now_and_then(v, i));
    }
    return SG_OK;
}

static sg_status validate_datas(Validator *v) {
    const Module *module = v->module;
    for (uint32_t i = 0; i < module->data_count; i++) {
        const Data *data = &module->datas[i];
        if (data->mode != SEGMENT_ACTIVE)
            continue;
        if (data->memory >= module->memory_count)
            return sgi_validate_unknown(&v->cx, "memory", data->memory, data->offset);
        ValType address = module->memories[data->memory].is_64 ? VAL_I64 : VAL_I32;
        SGI_TRY(sgi_validate_const(v, &data->offset_expr, address, module->global_count));
    }
    return SG_OK;
}

static sg_status validate_start(const Validator *v) {
    const Module *module = v->module;
    if (module->start == UINT32_MAX)
        return SG_OK;
    if (module->start >= module->func_count)
        return sgi_validate_unknown(&v->cx, "function", module->start, SG_NO_OFFSET);
    const FuncType *type = sgi_module_func_type(module, module->start);
    if (type->param_count == 0 && type->result_count == 0)
        return SG_OK;
    return sgi_fail(v->cx.err, SG_INVALID, SG_NO_OFFSET, "start function",
                    "function %u has parameters or results", module->start);
}

static sg_status validate_export(const Validator *v, uint32_t i) {
    static const char *const names[EXTERN_KINDS] = {"function", "table", "memory", "global", "tag"};
    Module *module = v->module;
    const Export *export_ = &module->exports[i];
    const uint32_t counts[EXTERN_KINDS] = {module->func_count, module->table_count, module->memory_count,
                                           module->global_count, module->tag_count};
    if (export_->index >= counts[export_->kind])
        return sgi_validate_unknown(&v->cx, names[export_->kind], export_->index, export_->offset);
    if (export_->kind == EXTERN_FUNC)
        sgi_declare_func(module, export_->index);
    if (export_->kind == EXTERN_GLOBAL && module->globals[export_->index].type.mutable_)
        SGI_TRY(sgi_load_need(&v->cx, FEATURE_MUTABLE_GLOBAL, export_->offset));
    switch (sgi_map_put(&module->export_map, export_->name, i)) {
    case MAP_ADDED: return SG_OK;
    case MAP_NO_MEMORY: return sgi_load_no_memory(&v->cx);
    default:
        return sgi_fail(v->cx.err, SG_INVALID, export_->offset, "duplicate export name", "\"%.*s\"",
                        (int)(export_->name.size < 128 ? export_->name.size : 128),
                        (const char *)export_->name.data);
    }
}

static sg_status validate_exports(const Validator *v) {
    for (uint32_t i = 0; i < v->module->export_count; i++) {
        SGI_TRY(validate_export(v, i));
        SGI_TRY(poll_now_and_then(v, i));
    }
    return SG_OK;
}

/* Adds to an error's detail in which function it was found. */
static void name_function(const Validator *v, uint32_t func) {
    sg_error *err = v->cx.err;
    if (err == NULL)
        return;
    Bytes name = sgi_name_find(&v->module->names.funcs, func);
    size_t used = strlen(err->detail);
    snprintf(err->detail + used, sizeof err->detail - used, "%sin function %u%s%.*s", used ? ", " : "", func,
             name.size ? " " : "", (int)(name.size < 128 ? name.size : 128), (const char *)name.data);
    for (char *at = err->detail + used; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}

static sg_status validate_bodies(Validator *v) {
    Module *module = v->module;
    for (uint32_t i = 0; i < module->body_count; i++) {
        uint32_t func = module->imported[EXTERN_FUNC] + i;
        sg_status status = sgi_validate_body(v, func, &module->bodies[i]);
        if (status == SG_INVALID || status == SG_MALFORMED || status == SG_UNSUPPORTED)
            name_function(v, func);
        SGI_TRY(status);
    }
    if (v->segments.count == 0)
        return SG_OK;
    module->segments =
        sgi_arena_copy(&module->arena, v->segments.items, v->segments.count * sizeof *module->segments);
    module->segment_count = v->segments.count;
    return module->segments ? SG_OK : sgi_load_no_memory(&v->cx);
}

static sg_status validate_module(Validator *v) {
    Module *module = v->module;
    module->declared_funcs = sgi_arena_alloc(&module->arena, module->func_count / 8 + 1);
    if (module->declared_funcs == NULL)
        return sgi_load_no_memory(&v->cx);
    SGI_TRY(validate_types(v));
    SGI_TRY(validate_imports(v));
    SGI_TRY(validate_functions(v));
    SGI_TRY(validate_tables(v));
    SGI_TRY(validate_memories(v));
    SGI_TRY(validate_globals(v));
    SGI_TRY(validate_exports(v));
    SGI_TRY(validate_start(v));
    SGI_TRY(validate_elems(v));
    SGI_TRY(validate_datas(v));
    return validate_bodies(v);
}

sg_status sgi_validate_module(const LoadContext *cx, Module *module) {
    uint64_t matches[KNOWN_MATCHES] = {0};
    Validator v = {.cx = *cx, .module = module, .matches = matches};
    v.cx.alloc = &module->alloc;
    sg_status status = validate_module(&v);
    sgi_validator_free(&v);
    return status;
}
