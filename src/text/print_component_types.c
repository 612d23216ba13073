/* Type definitions of components → text: TypeExpr trees as they stand, with their declarators. Value types
 * refer by index; declarators nest as deep as the decoder lets them, which bounds the recursion. */
#include "text/print_component.h"

static void put_ref(CompPrinter *p, const TypeExpr *expr);

static const char *primitive_name(sg_kind kind) {
    static const char *const names[] = {"bool", "s8",  "u8",  "s16", "u16",  "s32",   "u32",
                                        "s64",  "u64", "f32", "f64", "char", "string"};
    return kind == SG_ERROR_CONTEXT ? "error-context" : kind < SGI_COUNT(names) ? names[kind] : NULL;
}

/* " (field "a" u32)" and its like; what is absent is left out. */
static void put_fields(CompPrinter *p, const TypeExpr *expr, const char *keyword) {
    for (uint32_t i = 0; i < expr->field_count; i++) {
        sgi_buf_printf(p->out, " (%s ", keyword);
        sgi_print_string(p->out, expr->fields[i].name, true);
        if (expr->fields[i].type) {
            sgi_buf_byte(p->out, ' ');
            put_ref(p, expr->fields[i].type);
        }
        sgi_buf_byte(p->out, ')');
    }
}

static void put_labels(CompPrinter *p, const TypeExpr *expr) {
    for (uint32_t i = 0; i < expr->field_count; i++) {
        sgi_buf_byte(p->out, ' ');
        sgi_print_string(p->out, expr->fields[i].name, true);
    }
}

static void put_result_parts(CompPrinter *p, const TypeExpr *expr) {
    if (expr->fields[0].type) {
        sgi_buf_byte(p->out, ' ');
        put_ref(p, expr->fields[0].type);
    }
    if (expr->fields[1].type) {
        sgi_buf_text(p->out, " (error ");
        put_ref(p, expr->fields[1].type);
        sgi_buf_byte(p->out, ')');
    }
}

static void put_parts(CompPrinter *p, const TypeExpr *expr) {
    switch (expr->value_kind) {
    case SG_RECORD: put_fields(p, expr, "field"); return;
    case SG_VARIANT: put_fields(p, expr, "case"); return;
    case SG_FLAGS:
    case SG_ENUM: put_labels(p, expr); return;
    case SG_RESULT: put_result_parts(p, expr); return;
    case SG_TUPLE:
        for (uint32_t i = 0; i < expr->field_count; i++) {
            sgi_buf_byte(p->out, ' ');
            put_ref(p, expr->fields[i].type);
        }
        return;
    default: break;
    }
    if (expr->key) {
        sgi_buf_byte(p->out, ' ');
        put_ref(p, expr->key);
    }
    if (expr->element) {
        sgi_buf_byte(p->out, ' ');
        put_ref(p, expr->element);
    }
    if (expr->value_kind == SG_FIXED_LIST)
        sgi_buf_printf(p->out, " %u", expr->length);
}

static void put_ref(CompPrinter *p, const TypeExpr *expr) {
    if (expr->kind == TX_INDEX)
        sgi_buf_printf(p->out, "%u", expr->index);
    else
        sgi_buf_text(p->out, primitive_name(expr->value_kind));
}

void sgi_print_value_expr(CompPrinter *p, const TypeExpr *expr) {
    put_ref(p, expr);
}

static void put_value(CompPrinter *p, const TypeExpr *expr) {
    static const char *const keywords[] = {
        [SG_LIST] = "list",     [SG_RECORD] = "record", [SG_TUPLE] = "tuple",   [SG_VARIANT] = "variant",
        [SG_ENUM] = "enum",     [SG_OPTION] = "option", [SG_RESULT] = "result", [SG_FLAGS] = "flags",
        [SG_OWN] = "own",       [SG_BORROW] = "borrow", [SG_MAP] = "map",       [SG_FIXED_LIST] = "list",
        [SG_STREAM] = "stream", [SG_FUTURE] = "future",
    };
    const char *primitive = primitive_name(expr->value_kind);
    if (primitive) {
        sgi_buf_text(p->out, primitive);
        return;
    }
    sgi_buf_printf(p->out, "(%s", keywords[expr->value_kind]);
    put_parts(p, expr);
    sgi_buf_byte(p->out, ')');
}

static void put_func(CompPrinter *p, const TypeExpr *expr) {
    sgi_buf_text(p->out, expr->is_async ? "(func async" : "(func");
    put_fields(p, expr, "param");
    if (expr->element) {
        sgi_buf_text(p->out, " (result ");
        put_ref(p, expr->element);
        sgi_buf_byte(p->out, ')');
    }
    sgi_buf_byte(p->out, ')');
}

static void put_resource(CompPrinter *p, const TypeExpr *expr) {
    sgi_buf_text(p->out, "(resource (rep ");
    sgi_print_val_type(&p->core, expr->rep);
    sgi_buf_byte(p->out, ')');
    if (expr->destructor != NO_INDEX)
        sgi_buf_printf(p->out, " (dtor (core func %u))", expr->destructor);
    sgi_buf_byte(p->out, ')');
}

void sgi_print_extern_desc(CompPrinter *p, SortCounts *counts, const ExternDesc *desc) {
    sgi_buf_byte(p->out, '(');
    sgi_print_sort(p, desc->sort);
    if (counts)
        sgi_print_number(p, counts, desc->sort);
    if (desc->is_bound_sub)
        sgi_buf_text(p->out, " (sub resource)");
    else if (desc->is_bound_eq)
        sgi_buf_printf(p->out, " (eq %u)", desc->type);
    else if (desc->value) {
        sgi_buf_byte(p->out, ' ');
        put_ref(p, desc->value);
    } else {
        sgi_buf_printf(p->out, " (type %u)", desc->type);
    }
    sgi_buf_byte(p->out, ')');
}

/* ---- declarators ---- */

static void put_core_extern(CompPrinter *p, const TypeDecl *decl) {
    static const char *const keywords[EXTERN_KINDS] = {"func", "table", "memory", "global", "tag"};
    sgi_buf_printf(p->out, "(%s", keywords[decl->as.core.kind]);
    switch (decl->as.core.kind) {
    case EXTERN_TABLE: sgi_print_table_type(&p->core, &decl->as.core.table); break;
    case EXTERN_MEMORY: sgi_print_limits(&p->core, &decl->as.core.memory); break;
    case EXTERN_GLOBAL: sgi_print_global_type(&p->core, &decl->as.core.global); break;
    default: sgi_buf_printf(p->out, " (type %u)", decl->as.core.type); break;
    }
    sgi_buf_byte(p->out, ')');
}

static void put_core_decl(CompPrinter *p, const TypeDecl *decl) {
    sgi_buf_text(p->out, decl->kind == DECL_CORE_IMPORT ? "(import " : "(export ");
    if (decl->kind == DECL_CORE_IMPORT) {
        sgi_print_string(p->out, decl->as.core.module, true);
        sgi_buf_byte(p->out, ' ');
    }
    sgi_print_string(p->out, decl->as.core.name, true);
    sgi_buf_byte(p->out, ' ');
    put_core_extern(p, decl);
    sgi_buf_byte(p->out, ')');
}

/* In core module types, what is core goes without saying. */
static sg_status put_module_type_decl(CompPrinter *p, SortCounts *counts, const TypeDecl *decl) {
    sgi_print_line(&p->core);
    switch (decl->kind) {
    case DECL_CORE_TYPE: {
        const TypeExpr *expr = decl->as.type;
        for (uint32_t i = 0; i < expr->sub_type_count; i++) {
            sgi_buf_text(p->out, expr->is_rec && i == 0 ? "(rec (type" : i ? " (type" : "(type");
            sgi_print_number(p, counts, SORT_CORE_TYPE);
            sgi_buf_byte(p->out, ' ');
            sgi_print_sub_type(&p->core, &expr->sub_types[i], NO_INDEX);
            sgi_buf_byte(p->out, ')');
        }
        if (expr->is_rec)
            sgi_buf_text(p->out, expr->sub_type_count ? ")" : "(rec)");
        return SG_OK;
    }
    case DECL_ALIAS:
        sgi_buf_printf(p->out, "(alias outer %u %u (type", decl->as.alias.outer_count,
                       decl->as.alias.outer_index);
        sgi_print_number(p, counts, SORT_CORE_TYPE);
        sgi_buf_text(p->out, "))");
        return SG_OK;
    default: put_core_decl(p, decl); return SG_OK;
    }
}

static sg_status put_decl(CompPrinter *p, SortCounts *counts, const TypeDecl *decl) {
    sgi_print_line(&p->core);
    switch (decl->kind) {
    case DECL_TYPE: return sgi_print_type_def(p, counts, decl->as.type);
    case DECL_CORE_TYPE: return sgi_print_core_type_def(p, counts, decl->as.type);
    case DECL_ALIAS: sgi_print_alias(p, counts, &decl->as.alias); return SG_OK;
    case DECL_IMPORT:
    case DECL_EXPORT:
        sgi_buf_text(p->out, decl->kind == DECL_IMPORT ? "(import" : "(export");
        sgi_print_extern_name(p, &decl->as.extern_.name);
        sgi_buf_byte(p->out, ' ');
        sgi_print_extern_desc(p, counts, &decl->as.extern_.desc);
        sgi_buf_byte(p->out, ')');
        return SG_OK;
    default: put_core_decl(p, decl); return SG_OK;
    }
}

static sg_status put_scope(CompPrinter *p, const char *head, const TypeExpr *expr) {
    SortCounts counts = {0};
    sgi_buf_text(p->out, head);
    p->core.indent++;
    for (uint32_t i = 0; i < expr->decl_count; i++) {
        SGI_TRY(expr->kind == TX_CORE_MODULE ? put_module_type_decl(p, &counts, &expr->decls[i])
                                             : put_decl(p, &counts, &expr->decls[i]));
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&p->core.cx));
    }
    p->core.indent--;
    if (expr->decl_count)
        sgi_print_line(&p->core);
    sgi_buf_byte(p->out, ')');
    return SG_OK;
}

sg_status sgi_print_type_def(CompPrinter *p, SortCounts *counts, const TypeExpr *expr) {
    sgi_print_numbered(p, counts, SORT_TYPE);
    sgi_buf_byte(p->out, ' ');
    switch (expr->kind) {
    case TX_VALUE: put_value(p, expr); break;
    case TX_FUNC: put_func(p, expr); break;
    case TX_RESOURCE: put_resource(p, expr); break;
    case TX_COMPONENT: SGI_TRY(put_scope(p, "(component", expr)); break;
    default: SGI_TRY(put_scope(p, "(instance", expr)); break;
    }
    sgi_buf_byte(p->out, ')');
    return p->out->failed ? sgi_load_no_memory(&p->core.cx) : SG_OK;
}

sg_status sgi_print_core_type_def(CompPrinter *p, SortCounts *counts, const TypeExpr *expr) {
    if (expr->kind == TX_CORE_MODULE) {
        sgi_print_numbered(p, counts, SORT_CORE_TYPE);
        sgi_buf_byte(p->out, ' ');
        SGI_TRY(put_scope(p, "(module", expr));
        sgi_buf_byte(p->out, ')');
        return SG_OK;
    }
    sgi_buf_text(p->out, expr->is_rec ? "(core rec" : "");
    for (uint32_t i = 0; i < expr->sub_type_count; i++) {
        sgi_buf_text(p->out, expr->is_rec ? " (type" : "(core type");
        sgi_print_number(p, counts, SORT_CORE_TYPE);
        sgi_buf_byte(p->out, ' ');
        sgi_print_sub_type(&p->core, &expr->sub_types[i], NO_INDEX);
        sgi_buf_byte(p->out, ')');
    }
    sgi_buf_text(p->out, expr->is_rec ? ")" : "");
    return SG_OK;
}
