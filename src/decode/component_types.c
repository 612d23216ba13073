/* Types of components: the binary format's deftype, core:deftype, externtype and their declarators → TypeExpr
 * trees, as they stand. Value types nest by index only; declarators nest in place, at most LIMIT(TYPE_DEPTH)
 * deep, so the recursion over them is bounded. */
#include "decode/component.h"

enum {
    TYPE_BOOL = 0x7f,
    TYPE_ERROR_CONTEXT = 0x64,
    TYPE_STRING = 0x73,
    TYPE_RECORD = 0x72,
    TYPE_VARIANT = 0x71,
    TYPE_LIST = 0x70,
    TYPE_TUPLE = 0x6f,
    TYPE_FLAGS = 0x6e,
    TYPE_ENUM = 0x6d,
    TYPE_OPTION = 0x6b,
    TYPE_RESULT = 0x6a,
    TYPE_OWN = 0x69,
    TYPE_BORROW = 0x68,
    TYPE_FIXED_LIST = 0x67,
    TYPE_STREAM = 0x66,
    TYPE_FUTURE = 0x65,
    TYPE_MAP = 0x63,
    TYPE_FUNC = 0x40,
    TYPE_COMPONENT = 0x41,
    TYPE_INSTANCE = 0x42,
    TYPE_ASYNC_FUNC = 0x43,
    TYPE_RESOURCE = 0x3f,
    CORE_TYPE_MODULE = 0x50,
};

/* Primitive types as children are shared. */
static const TypeExpr primitives[] = {
    {.kind = TX_VALUE, .value_kind = SG_BOOL},   {.kind = TX_VALUE, .value_kind = SG_S8},
    {.kind = TX_VALUE, .value_kind = SG_U8},     {.kind = TX_VALUE, .value_kind = SG_S16},
    {.kind = TX_VALUE, .value_kind = SG_U16},    {.kind = TX_VALUE, .value_kind = SG_S32},
    {.kind = TX_VALUE, .value_kind = SG_U32},    {.kind = TX_VALUE, .value_kind = SG_S64},
    {.kind = TX_VALUE, .value_kind = SG_U64},    {.kind = TX_VALUE, .value_kind = SG_F32},
    {.kind = TX_VALUE, .value_kind = SG_F64},    {.kind = TX_VALUE, .value_kind = SG_CHAR},
    {.kind = TX_VALUE, .value_kind = SG_STRING},
};
static const TypeExpr error_context = {.kind = TX_VALUE, .value_kind = SG_ERROR_CONTEXT};

static const TypeExpr *primitive_of(uint8_t byte) {
    if (byte == TYPE_ERROR_CONTEXT)
        return &error_context;
    return byte <= TYPE_BOOL && byte >= TYPE_STRING ? &primitives[TYPE_BOOL - byte] : NULL;
}

static sg_status new_type(CompDecoder *d, size_t offset, TypeExpr **type) {
    *type = sgi_arena_alloc(d->arena, sizeof **type);
    if (*type == NULL)
        return sgi_load_no_memory(&d->cx);
    (*type)->offset = (uint32_t)offset;
    return SG_OK;
}

static sg_status decode_index_type(CompDecoder *d, Reader *r, const TypeExpr **type) {
    TypeExpr *expr;
    SGI_TRY(new_type(d, sgi_reader_offset(r), &expr));
    expr->kind = TX_INDEX;
    *type = expr;
    return sgi_read_u32(r, &expr->index);
}

/* Type codes are the negative numbers of one byte, indices the others. */
sg_status sgi_decode_comp_val_type(CompDecoder *d, Reader *r, const TypeExpr **type) {
    const Reader before = *r;
    TypeExpr *expr;
    int64_t index;
    if (r->at != r->end && (*type = primitive_of(*r->at)) != NULL) {
        r->at++;
        return SG_OK;
    }
    SGI_TRY(sgi_read_s(r, 33, &index));
    if (index < 0)
        return sgi_decode_bad_byte(d, sgi_reader_offset(&before), *before.at, "a value type");
    SGI_TRY(new_type(d, sgi_reader_offset(&before), &expr));
    expr->kind = TX_INDEX;
    expr->index = (uint32_t)index;
    *type = expr;
    return SG_OK;
}

static sg_status decode_presence(CompDecoder *d, Reader *r, bool *present) {
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    SGI_TRY(sgi_read_byte(r, &byte));
    *present = byte == 1;
    return byte <= 1 ? SG_OK : sgi_decode_bad_byte(d, offset, byte, "an optional part");
}

static sg_status decode_optional_val_type(CompDecoder *d, Reader *r, const TypeExpr **type) {
    bool present;
    SGI_TRY(decode_presence(d, r, &present));
    return present ? sgi_decode_comp_val_type(d, r, type) : SG_OK;
}

sg_status sgi_decode_result_list(CompDecoder *d, Reader *r, const TypeExpr **result) {
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    *result = NULL;
    SGI_TRY(sgi_read_byte(r, &byte));
    if (byte == 0x00)
        return sgi_decode_comp_val_type(d, r, result);
    if (byte != 0x01)
        return sgi_decode_bad_byte(d, offset, byte, "a result list");
    offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_byte(r, &byte));
    return byte == 0 ? SG_OK : sgi_decode_bad_byte(d, offset, byte, "a result list");
}

typedef enum FieldForm { FIELD_LABELLED, FIELD_CASE, FIELD_TYPE, FIELD_LABEL } FieldForm;

static sg_status decode_case(CompDecoder *d, Reader *r, TypeField *field) {
    SGI_TRY(sgi_decode_comp_name(d, r, &field->name));
    SGI_TRY(decode_optional_val_type(d, r, &field->type));
    size_t offset = sgi_reader_offset(r);
    uint8_t zero;
    SGI_TRY(sgi_read_byte(r, &zero));
    return zero == 0 ? SG_OK : sgi_decode_bad_byte(d, offset, zero, "the end of a case");
}

static sg_status decode_field(CompDecoder *d, Reader *r, FieldForm form, TypeField *field) {
    switch (form) {
    case FIELD_LABELLED:
        SGI_TRY(sgi_decode_comp_name(d, r, &field->name));
        return sgi_decode_comp_val_type(d, r, &field->type);
    case FIELD_CASE: return decode_case(d, r, field);
    case FIELD_TYPE: return sgi_decode_comp_val_type(d, r, &field->type);
    case FIELD_LABEL: return sgi_decode_comp_name(d, r, &field->name);
    }
    return SG_OK;
}

static sg_status decode_fields(CompDecoder *d, Reader *r, FieldForm form, TypeExpr *type) {
    static const uint8_t sizes[] = {
        [FIELD_LABELLED] = 2, [FIELD_CASE] = 3, [FIELD_TYPE] = 1, [FIELD_LABEL] = 1};
    SGI_TRY(sgi_decode_comp_count(d, r, sizes[form], &type->field_count));
    type->fields = sgi_arena_array(d->arena, type->field_count, sizeof *type->fields);
    if (type->fields == NULL)
        return sgi_load_no_memory(&d->cx);
    for (uint32_t i = 0; i < type->field_count; i++)
        SGI_TRY(decode_field(d, r, form, &type->fields[i]));
    return SG_OK;
}

static sg_status decode_result(CompDecoder *d, Reader *r, TypeExpr *type) {
    type->field_count = 2;
    type->fields = sgi_arena_array(d->arena, 2, sizeof *type->fields);
    if (type->fields == NULL)
        return sgi_load_no_memory(&d->cx);
    type->fields[0].name = BYTES_OF("ok");
    type->fields[1].name = BYTES_OF("error");
    SGI_TRY(decode_optional_val_type(d, r, &type->fields[0].type));
    return decode_optional_val_type(d, r, &type->fields[1].type);
}

static sg_status decode_fixed_list(CompDecoder *d, Reader *r, TypeExpr *type) {
    SGI_TRY(sgi_decode_comp_val_type(d, r, &type->element));
    return sgi_read_u32(r, &type->length);
}

static sg_status decode_map(CompDecoder *d, Reader *r, TypeExpr *type) {
    SGI_TRY(sgi_decode_comp_val_type(d, r, &type->key));
    return sgi_decode_comp_val_type(d, r, &type->element);
}

static sg_status decode_func_type(CompDecoder *d, Reader *r, TypeExpr *type) {
    SGI_TRY(decode_fields(d, r, FIELD_LABELLED, type));
    return sgi_decode_result_list(d, r, &type->element);
}

static sg_status decode_resource(CompDecoder *d, Reader *r, TypeExpr *type) {
    size_t offset = sgi_reader_offset(r);
    bool present;
    type->destructor = NO_INDEX;
    SGI_TRY(sgi_read_byte(r, &type->rep));
    if (type->rep != KIND_I32 && type->rep != KIND_I64)
        return sgi_decode_bad_byte(d, offset, type->rep, "a resource's representation");
    SGI_TRY(decode_presence(d, r, &present));
    return present ? sgi_read_u32(r, &type->destructor) : SG_OK;
}

sg_status sgi_decode_extern_desc(CompDecoder *d, Reader *r, ExternDesc *desc) {
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    SGI_TRY(sgi_decode_sort(d, r, &desc->sort));
    switch (desc->sort) {
    case SORT_CORE_MODULE:
    case SORT_FUNC:
    case SORT_COMPONENT:
    case SORT_INSTANCE: return sgi_read_u32(r, &desc->type);
    case SORT_VALUE:
    case SORT_TYPE: break;
    default: return sgi_fail(d->cx.err, SG_MALFORMED, offset, "invalid leading byte", "for an external type");
    }
    offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_byte(r, &byte));
    if (byte > 1)
        return sgi_decode_bad_byte(d, offset, byte, "a bound");
    desc->is_bound_eq = byte == 0;
    desc->is_bound_sub = byte == 1 && desc->sort == SORT_TYPE;
    if (desc->is_bound_eq)
        return sgi_read_u32(r, &desc->type);
    return desc->is_bound_sub ? SG_OK : sgi_decode_comp_val_type(d, r, &desc->value);
}

/* ---- declarators ---- */

static sg_status decode_core_extern(CompDecoder *d, Reader *r, TypeDecl *decl) {
    size_t offset = sgi_reader_offset(r);
    uint8_t kind, zero;
    SGI_TRY(sgi_read_byte(r, &kind));
    if (kind >= EXTERN_KINDS)
        return sgi_decode_bad_byte(d, offset, kind, "a core external type");
    decl->as.core.kind = (ExternKind)kind;
    switch (decl->as.core.kind) {
    case EXTERN_FUNC: return sgi_read_u32(r, &decl->as.core.type);
    case EXTERN_TABLE: return sgi_decode_table_type(&d->cx, r, &decl->as.core.table);
    case EXTERN_MEMORY: return sgi_decode_memory_type(&d->cx, r, &decl->as.core.memory);
    case EXTERN_GLOBAL: return sgi_decode_global_type(&d->cx, r, &decl->as.core.global);
    case EXTERN_TAG:
        SGI_TRY(sgi_load_need(&d->cx, FEATURE_EXCEPTIONS, offset));
        offset = sgi_reader_offset(r);
        SGI_TRY(sgi_read_byte(r, &zero));
        if (zero != 0)
            return sgi_decode_bad_byte(d, offset, zero, "a tag's type");
        return sgi_read_u32(r, &decl->as.core.type);
    case EXTERN_KINDS: break;
    }
    return SG_OK;
}

static sg_status decode_core_outer_alias(CompDecoder *d, Reader *r, AliasDef *alias) {
    size_t offset = sgi_reader_offset(r);
    uint8_t sort, kind;
    SGI_TRY(sgi_read_byte(r, &sort));
    SGI_TRY(sgi_read_byte(r, &kind));
    if (sort != (uint8_t)SORT_CORE_TYPE || kind != 0x01)
        return sgi_decode_bad_byte(d, offset, sort, "an alias in a core module type");
    alias->kind = ALIAS_OUTER;
    alias->sort = SORT_CORE_TYPE;
    SGI_TRY(sgi_read_u32(r, &alias->outer_count));
    return sgi_read_u32(r, &alias->outer_index);
}

static sg_status decode_module_decl(CompDecoder *d, TypeScope *scope, Reader *r, TypeDecl *decl) {
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    SGI_TRY(sgi_read_byte(r, &byte));
    switch (byte) {
    case 0x00:
        decl->kind = DECL_CORE_IMPORT;
        SGI_TRY(sgi_decode_comp_name(d, r, &decl->as.core.module));
        SGI_TRY(sgi_decode_comp_name(d, r, &decl->as.core.name));
        return decode_core_extern(d, r, decl);
    case 0x01: decl->kind = DECL_CORE_TYPE; return sgi_decode_core_type(d, scope, r, &decl->as.type);
    case 0x02:
        decl->kind = DECL_ALIAS;
        scope->core_types++;
        return decode_core_outer_alias(d, r, &decl->as.alias);
    case 0x03:
        decl->kind = DECL_CORE_EXPORT;
        SGI_TRY(sgi_decode_comp_name(d, r, &decl->as.core.name));
        return decode_core_extern(d, r, decl);
    default: return sgi_decode_bad_byte(d, offset, byte, "a declarator of a core module type");
    }
}

static sg_status decode_decl(CompDecoder *d, TypeScope *scope, Reader *r, bool may_import, TypeDecl *decl) {
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    SGI_TRY(sgi_read_byte(r, &byte));
    switch (byte) {
    case 0x00: decl->kind = DECL_CORE_TYPE; return sgi_decode_core_type(d, scope, r, &decl->as.type);
    case 0x01: decl->kind = DECL_TYPE; return sgi_decode_type(d, scope, r, &decl->as.type);
    case 0x02:
        decl->kind = DECL_ALIAS;
        SGI_TRY(sgi_decode_alias(d, r, &decl->as.alias));
        scope->core_types += decl->as.alias.sort == SORT_CORE_TYPE;
        return SG_OK;
    case 0x03:
        if (!may_import)
            break;
        decl->kind = DECL_IMPORT;
        SGI_TRY(sgi_decode_extern_name(d, r, &decl->as.extern_.name));
        return sgi_decode_extern_desc(d, r, &decl->as.extern_.desc);
    case 0x04:
        decl->kind = DECL_EXPORT;
        SGI_TRY(sgi_decode_extern_name(d, r, &decl->as.extern_.name));
        return sgi_decode_extern_desc(d, r, &decl->as.extern_.desc);
    default: break;
    }
    return sgi_decode_bad_byte(d, offset, byte, "a declarator");
}

/* The declarators of a component, instance or core module type: a scope of their own. */
static sg_status decode_decls(CompDecoder *d, const TypeScope *outer, Reader *r, TypeExpr *type) {
    TypeScope scope = {.depth = outer->depth + 1};
    SGI_TRY(sgi_limit_check(LIMIT_ID_TYPE_DEPTH, scope.depth, type->offset, d->cx.err));
    SGI_TRY(sgi_decode_comp_count(d, r, 2, &type->decl_count));
    type->decls = sgi_arena_array(d->arena, type->decl_count, sizeof *type->decls);
    if (type->decls == NULL)
        return sgi_load_no_memory(&d->cx);
    for (uint32_t i = 0; i < type->decl_count; i++) {
        TypeDecl *decl = &type->decls[i];
        decl->offset = (uint32_t)sgi_reader_offset(r);
        if (type->kind == TX_CORE_MODULE) {
            SGI_TRY(decode_module_decl(d, &scope, r, decl));
        } else {
            SGI_TRY(decode_decl(d, &scope, r, type->kind == TX_COMPONENT, decl));
        }
    }
    return SG_OK;
}

sg_status sgi_decode_core_type(CompDecoder *d, TypeScope *scope, Reader *r, TypeExpr **type) {
    const Reader before = *r;
    SGI_TRY(new_type(d, sgi_reader_offset(r), type));
    TypeExpr *expr = *type;
    if (r->at != r->end && *r->at == CORE_TYPE_MODULE) {
        r->at++;
        expr->kind = TX_CORE_MODULE;
        SGI_TRY(decode_decls(d, scope, r, expr));
        scope->core_types++;
        return SG_OK;
    }
    expr->kind = TX_CORE_REC;
    if (r->at != r->end && *r->at == 0x00) {
        r->at++; /* tells a non-final sub type from a module type */
        if (r->at != r->end && *r->at != CORE_TYPE_MODULE)
            return sgi_decode_bad_byte(d, sgi_reader_offset(&before), 0x00, "a core type");
    }
    SubTypeVec types = {0};
    sg_status status = sgi_decode_rec_group(&d->cx, d->arena, r, scope->core_types, &types, &expr->is_rec);
    if (status == SG_OK) {
        expr->sub_types = sgi_arena_copy(d->arena, types.items, types.count * sizeof *types.items);
        expr->sub_type_count = (uint32_t)types.count;
        scope->core_types += expr->sub_type_count;
        if (expr->sub_types == NULL)
            status = sgi_load_no_memory(&d->cx);
    }
    sgi_vec_free(d->cx.alloc, &types);
    return status;
}

static sg_status decode_value_type(CompDecoder *d, Reader *r, sg_kind kind, TypeExpr *type) {
    type->kind = TX_VALUE;
    type->value_kind = kind;
    switch (kind) {
    case SG_RECORD: return decode_fields(d, r, FIELD_LABELLED, type);
    case SG_VARIANT: return decode_fields(d, r, FIELD_CASE, type);
    case SG_TUPLE: return decode_fields(d, r, FIELD_TYPE, type);
    case SG_FLAGS:
    case SG_ENUM: return decode_fields(d, r, FIELD_LABEL, type);
    case SG_LIST:
    case SG_OPTION: return sgi_decode_comp_val_type(d, r, &type->element);
    case SG_RESULT: return decode_result(d, r, type);
    case SG_OWN:
    case SG_BORROW: return decode_index_type(d, r, &type->element);
    case SG_FIXED_LIST: return decode_fixed_list(d, r, type);
    case SG_STREAM:
    case SG_FUTURE: return decode_optional_val_type(d, r, &type->element);
    case SG_MAP: return decode_map(d, r, type);
    default: return SG_OK; /* primitive */
    }
}

sg_status sgi_decode_type(CompDecoder *d, TypeScope *scope, Reader *r, TypeExpr **type) {
    static const struct {
        uint8_t byte;
        sg_kind kind;
    } values[] = {
        {TYPE_RECORD, SG_RECORD}, {TYPE_VARIANT, SG_VARIANT}, {TYPE_LIST, SG_LIST},
        {TYPE_TUPLE, SG_TUPLE},   {TYPE_FLAGS, SG_FLAGS},     {TYPE_ENUM, SG_ENUM},
        {TYPE_OPTION, SG_OPTION}, {TYPE_RESULT, SG_RESULT},   {TYPE_OWN, SG_OWN},
        {TYPE_BORROW, SG_BORROW}, {TYPE_STREAM, SG_STREAM},   {TYPE_FIXED_LIST, SG_FIXED_LIST},
        {TYPE_FUTURE, SG_FUTURE}, {TYPE_MAP, SG_MAP},
    };
    size_t offset = sgi_reader_offset(r);
    uint8_t byte;
    SGI_TRY(new_type(d, offset, type));
    SGI_TRY(sgi_read_byte(r, &byte));
    TypeExpr *expr = *type;
    const TypeExpr *primitive = primitive_of(byte);
    if (primitive)
        return decode_value_type(d, r, primitive->value_kind, expr);
    for (size_t i = 0; i < SGI_COUNT(values); i++)
        if (values[i].byte == byte)
            return decode_value_type(d, r, values[i].kind, expr);
    switch (byte) {
    case TYPE_FUNC:
    case TYPE_ASYNC_FUNC:
        expr->kind = TX_FUNC;
        expr->is_async = byte == TYPE_ASYNC_FUNC;
        return decode_func_type(d, r, expr);
    case TYPE_COMPONENT: expr->kind = TX_COMPONENT; return decode_decls(d, scope, r, expr);
    case TYPE_INSTANCE: expr->kind = TX_INSTANCE; return decode_decls(d, scope, r, expr);
    case TYPE_RESOURCE: expr->kind = TX_RESOURCE; return decode_resource(d, r, expr);
    default: return sgi_decode_bad_byte(d, offset, byte, "a type");
    }
}
