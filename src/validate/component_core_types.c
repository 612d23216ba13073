/* Core types inside components: recursion groups, and core module types, each a scope of its own. */
#include "validate/component.h"
#include "validate/types.h"

sg_status sgi_comp_push_core_type(CompValidator *v, Scope *scope, SubType type,
                                  const CoreModuleType *module) {
    SGI_TRY(sgi_limit_check(LIMIT_ID_COMPONENT_ITEMS, scope->core_types.count + 1, v->offset, v->cx.err));
    return sgi_vec_push(v->cx.alloc, &scope->core_types, type) &&
                   sgi_vec_push(v->cx.alloc, &scope->core_module_types, module)
               ? SG_OK
               : sgi_comp_no_memory(v);
}

static sg_status check_core_type_index(CompValidator *v, const Scope *scope, uint32_t index, size_t end) {
    if (index >= end)
        return sgi_comp_bad_index(v, "core type", index);
    return scope->core_module_types.items[index]
               ? sgi_comp_invalid(v, "unexpected type", "core type index %u is a module type", index)
               : SG_OK;
}

static sg_status check_core_val_types(CompValidator *v, const Scope *scope, const ValType *types,
                                      uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (sgi_is_ref(types[i]) && !sgi_is_abstract(sgi_heap(types[i])))
            SGI_TRY(check_core_type_index(v, scope, sgi_heap(types[i]), scope->core_types.count));
    return SG_OK;
}

static sg_status check_sub_type(CompValidator *v, const Scope *scope, const SubType *type) {
    if (type->supertype != NO_TYPE)
        return sgi_load_unsupported(&v->cx, FEATURE_GC, v->offset);
    if (type->kind != COMP_FUNC) {
        for (uint32_t i = 0; i < type->as.aggregate.field_count; i++)
            SGI_TRY(check_core_val_types(v, scope, &type->as.aggregate.fields[i].type, 1));
        return SG_OK;
    }
    const FuncType *func = &type->as.func;
    SGI_TRY(check_core_val_types(v, scope, func->params, func->param_count));
    return check_core_val_types(v, scope, func->results, func->result_count);
}

static sg_status define_rec_group(CompValidator *v, Scope *scope, const TypeExpr *expr) {
    uint32_t start = (uint32_t)scope->core_types.count, end = start + expr->sub_type_count;
    for (uint32_t i = 0; i < expr->sub_type_count; i++)
        SGI_TRY(sgi_comp_push_core_type(v, scope, expr->sub_types[i], NULL));
    for (uint32_t i = 0; i < expr->sub_type_count; i++)
        SGI_TRY(check_sub_type(v, scope, &expr->sub_types[i]));
    if (start == end)
        return SG_OK;
    SGI_TRY(sgi_types_add_group(v->cx.types, scope->core_types.items, start, end, v->cx.err));
    return sgi_comp_keep_type(v, scope->core_types.items[start].id);
}

static sg_status end_module_type(CompValidator *v, Scope *scope, const CoreModuleType **result) {
    CoreModuleType *type = sgi_arena_alloc(v->arena, sizeof *type);
    if (type == NULL)
        return sgi_comp_no_memory(v);
    type->import_count = (uint32_t)scope->core_imports.count;
    type->export_count = (uint32_t)scope->core_exports.count;
    type->imports =
        sgi_comp_array(v, scope->core_imports.items, scope->core_imports.count, sizeof *type->imports);
    type->exports =
        sgi_comp_array(v, scope->core_exports.items, scope->core_exports.count, sizeof *type->exports);
    *result = type;
    return type->imports && type->exports ? SG_OK : sgi_comp_no_memory(v);
}

static sg_status define_module_type(CompValidator *v, Scope *parent, const TypeExpr *expr) {
    if (parent->kind == SCOPE_MODULE_TYPE)
        return sgi_comp_refuse(v, "core module types cannot nest");
    const CoreModuleType *type = NULL;
    Scope scope;
    sgi_scope_init(v, &scope, SCOPE_MODULE_TYPE, parent);
    sg_status status = SG_OK;
    for (uint32_t i = 0; i < expr->decl_count && status == SG_OK; i++)
        status = sgi_comp_walk_decl(v, &scope, &expr->decls[i]);
    if (status == SG_OK)
        status = end_module_type(v, &scope, &type);
    sgi_scope_free(v, &scope);
    SGI_TRY(status);
    return sgi_comp_push_core_type(v, parent, (SubType){.supertype = NO_TYPE}, type);
}

sg_status sgi_comp_define_core_type(CompValidator *v, Scope *scope, const TypeExpr *expr) {
    return expr->kind == TX_CORE_MODULE ? define_module_type(v, scope, expr)
                                        : define_rec_group(v, scope, expr);
}

static sg_status core_decl_type(CompValidator *v, Scope *scope, const TypeDecl *decl, CoreExternType *type) {
    *type = (CoreExternType){
        .module = decl->as.core.module, .name = decl->as.core.name, .kind = decl->as.core.kind};
    const SubType *types = scope->core_types.items;
    uint32_t index = decl->as.core.type;
    switch (type->kind) {
    case EXTERN_FUNC:
    case EXTERN_TAG:
        SGI_TRY(check_core_type_index(v, scope, index, scope->core_types.count));
        type->as.func_id = types[index].id;
        return sgi_types_kind(v->cx.types, type->as.func_id) == COMP_FUNC
                   ? SG_OK
                   : sgi_comp_invalid(v, "unexpected type", "core type index %u is not a function type",
                                      index);
    case EXTERN_TABLE:
        type->as.table = decl->as.core.table;
        SGI_TRY(check_core_val_types(v, scope, &type->as.table.element, 1));
        type->as.table.element = sgi_types_canonical(types, type->as.table.element);
        return SG_OK;
    case EXTERN_MEMORY: type->as.memory = decl->as.core.memory; return SG_OK;
    case EXTERN_GLOBAL:
        type->as.global = decl->as.core.global;
        SGI_TRY(check_core_val_types(v, scope, &type->as.global.type, 1));
        type->as.global.type = sgi_types_canonical(types, type->as.global.type);
        return SG_OK;
    case EXTERN_KINDS: break;
    }
    return SG_OK;
}

static sg_status check_limits(const CompValidator *v, const CoreExternType *type) {
    switch (type->kind) {
    case EXTERN_TABLE: return sgi_validate_table_limits(&v->cx, &type->as.table.limits, v->offset);
    case EXTERN_MEMORY: return sgi_validate_memory_type(&v->cx, &type->as.memory, v->offset);
    default: return SG_OK;
    }
}

sg_status sgi_comp_core_decl(CompValidator *v, Scope *scope, const TypeDecl *decl) {
    CoreExternType type;
    bool is_import = decl->kind == DECL_CORE_IMPORT;
    SGI_TRY(core_decl_type(v, scope, decl, &type));
    SGI_TRY(check_limits(v, &type));
    SGI_TRY(sgi_comp_unique_core(v, is_import ? &scope->import_names.unique : &scope->export_names.unique,
                                 is_import, &type));
    bool pushed = is_import ? sgi_vec_push(v->cx.alloc, &scope->core_imports, type)
                            : sgi_vec_push(v->cx.alloc, &scope->core_exports, type);
    return pushed ? SG_OK : sgi_comp_no_memory(v);
}
