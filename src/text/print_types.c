/* Resolved component types → text in WIT's manner, for people: "func(a: u32) -> string".
 *
 * Types are graphs that can be huge when written out, so what is too long is cut. They nest at most
 * LIMIT(TYPE_DEPTH) deep, so the recursion is bounded. */
#include "text/print.h"
#include "text/text.h"

enum { MAX_TYPE_TEXT = 1 << 16 };

typedef struct TypePrinter {
    Buf *out;
    size_t end; /* nothing is begun past this size */
} TypePrinter;

static void put_name(TypePrinter *p, Bytes name) {
    sgi_buf_put(p->out, name.data, name.size);
}

static bool is_full(TypePrinter *p) {
    if (p->out->size < p->end)
        return false;
    sgi_buf_text(p->out, "...");
    return true;
}

static void put_value(TypePrinter *p, const sg_type *type);
static void put_definition(TypePrinter *p, const sg_type *type);

static void put_optional(TypePrinter *p, const sg_type *type) {
    if (type)
        put_value(p, type);
    else
        sgi_buf_byte(p->out, '_');
}

static const char *kind_text(sg_kind kind) {
    static const char *const texts[] = {
        [SG_BOOL] = "bool",       [SG_S8] = "s8",
        [SG_U8] = "u8",           [SG_S16] = "s16",
        [SG_U16] = "u16",         [SG_S32] = "s32",
        [SG_U32] = "u32",         [SG_S64] = "s64",
        [SG_U64] = "u64",         [SG_F32] = "f32",
        [SG_F64] = "f64",         [SG_CHAR] = "char",
        [SG_STRING] = "string",   [SG_LIST] = "list",
        [SG_RECORD] = "record",   [SG_TUPLE] = "tuple",
        [SG_VARIANT] = "variant", [SG_ENUM] = "enum",
        [SG_OPTION] = "option",   [SG_RESULT] = "result",
        [SG_FLAGS] = "flags",     [SG_OWN] = "own",
        [SG_BORROW] = "borrow",   [SG_FIXED_LIST] = "list",
        [SG_MAP] = "map",         [SG_STREAM] = "stream",
        [SG_FUTURE] = "future",   [SG_ERROR_CONTEXT] = "error-context",
    };
    return kind < SGI_COUNT(texts) && texts[kind] ? texts[kind] : "?";
}

/* "record { a: u32, b: string }", "variant { a(u32), b }" and their like. */
static void put_members(TypePrinter *p, const sg_type *type) {
    sgi_buf_text(p->out, " { ");
    for (uint32_t i = 0; i < type->field_count && (i == 0 || !is_full(p)); i++) {
        const CompField *field = &type->fields[i];
        sgi_buf_text(p->out, i ? ", " : "");
        put_name(p, field->name);
        if (field->type == NULL)
            continue;
        sgi_buf_text(p->out, type->kind == SG_RECORD ? ": " : "(");
        put_value(p, field->type);
        sgi_buf_text(p->out, type->kind == SG_RECORD ? "" : ")");
    }
    sgi_buf_text(p->out, " }");
}

static void put_items(TypePrinter *p, const sg_type *type) {
    for (uint32_t i = 0; i < type->field_count && (i == 0 || !is_full(p)); i++) {
        sgi_buf_text(p->out, i ? ", " : "");
        put_optional(p, type->fields[i].type);
    }
}

/* result, result<T>, result<_, E>, result<T, E> */
static void put_result(TypePrinter *p, const sg_type *type) {
    const sg_type *ok = type->fields[0].type, *error = type->fields[1].type;
    if (ok == NULL && error == NULL)
        return;
    sgi_buf_byte(p->out, '<');
    put_optional(p, ok);
    if (error) {
        sgi_buf_text(p->out, ", ");
        put_value(p, error);
    }
    sgi_buf_byte(p->out, '>');
}

/* What has a name goes by it, but where it is defined. */
static void put_value(TypePrinter *p, const sg_type *type) {
    if (type->name.size)
        put_name(p, type->name);
    else
        put_definition(p, type);
}

static void put_handle(TypePrinter *p, const sg_type *type) {
    if (type->resource_name->label.size)
        put_name(p, type->resource_name->label);
    else
        sgi_buf_printf(p->out, "resource %u", type->resource->id);
}

static void put_definition(TypePrinter *p, const sg_type *type) {
    if (is_full(p))
        return;
    sgi_buf_text(p->out, kind_text(type->kind));
    switch (type->kind) {
    case SG_RECORD:
    case SG_VARIANT:
    case SG_ENUM:
    case SG_FLAGS: put_members(p, type); return;
    case SG_RESULT: put_result(p, type); return;
    case SG_LIST:
    case SG_FIXED_LIST:
    case SG_OPTION:
    case SG_TUPLE:
    case SG_MAP:
    case SG_OWN:
    case SG_BORROW: break;
    case SG_STREAM:
    case SG_FUTURE:
        if (type->element == NULL)
            return;
        break;
    default: return;
    }
    sgi_buf_byte(p->out, '<');
    if (type->kind == SG_OPTION)
        put_value(p, type->fields[1].type);
    if (type->kind == SG_TUPLE)
        put_items(p, type);
    if (type->resource)
        put_handle(p, type);
    if (type->key) {
        put_value(p, type->key);
        sgi_buf_text(p->out, ", ");
    }
    if (type->element)
        put_value(p, type->element);
    if (type->kind == SG_FIXED_LIST)
        sgi_buf_printf(p->out, ", %u", type->length);
    sgi_buf_byte(p->out, '>');
}

static void put_func(TypePrinter *p, const CompFuncType *type) {
    sgi_buf_text(p->out, type->is_async ? "async func(" : "func(");
    for (uint32_t i = 0; i < type->param_count && (i == 0 || !is_full(p)); i++) {
        sgi_buf_text(p->out, i ? ", " : "");
        put_name(p, type->params[i].name);
        sgi_buf_text(p->out, ": ");
        put_value(p, type->params[i].type);
    }
    sgi_buf_byte(p->out, ')');
    if (type->result) {
        sgi_buf_text(p->out, " -> ");
        put_value(p, type->result);
    }
}

static void put_extern(TypePrinter *p, const ExternType *type);

static void put_externs(TypePrinter *p, const char *keyword, const NamedExtern *externs, uint32_t count) {
    for (uint32_t i = 0; i < count && !is_full(p); i++) {
        sgi_buf_text(p->out, keyword);
        put_name(p, externs[i].name);
        sgi_buf_text(p->out, ": ");
        put_extern(p, &externs[i].type);
        sgi_buf_text(p->out, "; ");
    }
}

static void put_instance(TypePrinter *p, const InstanceType *type) {
    sgi_buf_text(p->out, "instance { ");
    put_externs(p, "", type->exports, type->export_count);
    sgi_buf_byte(p->out, '}');
}

static void put_component(TypePrinter *p, const ComponentType *type) {
    sgi_buf_text(p->out, "component { ");
    put_externs(p, "import ", type->imports, type->import_count);
    put_externs(p, "export ", type->exports, type->export_count);
    sgi_buf_byte(p->out, '}');
}

static void put_type(TypePrinter *p, const CompType *type) {
    switch (type->kind) {
    case CT_RESOURCE: sgi_buf_text(p->out, "resource"); return;
    case CT_VALUE:
        sgi_buf_text(p->out, "type ");
        put_definition(p, type->as.value);
        return;
    case CT_FUNC:
        sgi_buf_text(p->out, "type ");
        put_func(p, type->as.func);
        return;
    case CT_COMPONENT:
        sgi_buf_text(p->out, "type ");
        put_component(p, type->as.component);
        return;
    case CT_INSTANCE:
        sgi_buf_text(p->out, "type ");
        put_instance(p, type->as.instance);
        return;
    }
}

static void put_extern(TypePrinter *p, const ExternType *type) {
    if (is_full(p))
        return;
    switch (type->sort) {
    case SORT_FUNC: put_func(p, type->as.func); return;
    case SORT_VALUE:
        sgi_buf_text(p->out, "value ");
        put_value(p, type->as.value);
        return;
    case SORT_TYPE: put_type(p, &type->as.type.type); return;
    case SORT_COMPONENT: put_component(p, type->as.component); return;
    case SORT_INSTANCE: put_instance(p, type->as.instance); return;
    default: sgi_buf_text(p->out, "core module"); return;
    }
}

void sgi_text_extern_type(Buf *text, const ExternType *type) {
    TypePrinter p = {text, text->size + MAX_TYPE_TEXT};
    put_extern(&p, type);
}

void sgi_text_value_type(Buf *text, const sg_type *type) {
    TypePrinter p = {text, text->size + MAX_TYPE_TEXT};
    put_definition(&p, type);
}
