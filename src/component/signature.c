/* Is the function that a component imports of the type that the host's is? The host writes the type as text,
 *
 *   signature ::= '(' types? ')' ('->' type)?          types ::= type (',' type)*
 *   type      ::= bool | s8 ... | char | string | 'list<' type '>' | 'option<' type '>' | 'tuple<' types '>'
 *               | 'result' | 'result<' (type | '_') (',' type)? '>'
 *               | 'record{' fields '}' | 'variant{' fields '}' | 'enum{' fields '}' | 'flags{' fields '}'
 *               | 'own<' name '>' | 'borrow<' name '>'
 *   fields    ::= name (':' type)? (',' fields)?
 *
 * which is read along with the component's type: nothing is built. Names of parameters do not count. A
 * resource is the host's type of that name. The text is the host's own, so that what is wrong in it is no
 * match. Recursion is as deep as the text. */
#include "component/internal.h"

#include <string.h>

typedef struct Matching {
    const ComponentInstance *inst;
    const char *at;
} Matching;

static bool take(Matching *m, const char *text) {
    size_t size = strlen(text);
    if (strncmp(m->at, text, size) != 0)
        return false;
    m->at += size;
    return true;
}

/* A name or keyword, up to what cannot be in one. */
static Bytes take_name(Matching *m) {
    size_t size = strcspn(m->at, "(),<>{}:");
    Bytes name = {(const uint8_t *)m->at, size};
    m->at += size;
    return name;
}

static bool match_type(Matching *m, const sg_type *type);

static bool is_own_resource(const Matching *m, const sg_type *type, Bytes name) {
    const Resource *resource = sgi_resource_find(m->inst, type->resource);
    return resource && resource->host_name && sgi_bytes_is(name, resource->host_name);
}

static bool match_fields(Matching *m, const sg_type *type) {
    if (!take(m, "{"))
        return false;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if ((i && !take(m, ",")) || !sgi_bytes_equal(take_name(m), type->fields[i].name))
            return false;
        if (take(m, ":") ? type->fields[i].type == NULL || !match_type(m, type->fields[i].type)
                         : type->fields[i].type != NULL)
            return false;
    }
    return take(m, "}");
}

static bool match_items(Matching *m, const CompField *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if ((i && !take(m, ",")) || !match_type(m, items[i].type))
            return false;
    return true;
}

static bool match_result(Matching *m, const sg_type *type) {
    const sg_type *ok = type->fields[0].type, *error = type->fields[1].type;
    if (!take(m, "<"))
        return ok == NULL && error == NULL;
    if (take(m, "_") ? ok != NULL : ok == NULL || !match_type(m, ok))
        return false;
    if (take(m, ",") ? error == NULL || !match_type(m, error) : error != NULL)
        return false;
    return take(m, ">");
}

static bool match_type(Matching *m, const sg_type *type) {
    static const struct {
        const char *name;
        sg_kind kind;
    } kinds[] = {{"bool", SG_BOOL},       {"s8", SG_S8},         {"u8", SG_U8},         {"s16", SG_S16},
                 {"u16", SG_U16},         {"s32", SG_S32},       {"u32", SG_U32},       {"s64", SG_S64},
                 {"u64", SG_U64},         {"f32", SG_F32},       {"f64", SG_F64},       {"char", SG_CHAR},
                 {"string", SG_STRING},   {"list", SG_LIST},     {"option", SG_OPTION}, {"tuple", SG_TUPLE},
                 {"result", SG_RESULT},   {"record", SG_RECORD}, {"enum", SG_ENUM},     {"flags", SG_FLAGS},
                 {"variant", SG_VARIANT}, {"own", SG_OWN},       {"borrow", SG_BORROW}};
    Bytes name = take_name(m);
    size_t i = 0;
    while (i < SGI_COUNT(kinds) && !sgi_bytes_is(name, kinds[i].name))
        i++;
    if (i == SGI_COUNT(kinds) || kinds[i].kind != type->kind)
        return false;
    switch (type->kind) {
    case SG_LIST: return take(m, "<") && match_type(m, type->element) && take(m, ">");
    case SG_OPTION: return take(m, "<") && match_type(m, type->fields[1].type) && take(m, ">");
    case SG_TUPLE: return take(m, "<") && match_items(m, type->fields, type->field_count) && take(m, ">");
    case SG_RESULT: return match_result(m, type);
    case SG_RECORD:
    case SG_VARIANT:
    case SG_ENUM:
    case SG_FLAGS: return match_fields(m, type);
    case SG_OWN:
    case SG_BORROW: return take(m, "<") && is_own_resource(m, type, take_name(m)) && take(m, ">");
    default: return true;
    }
}

bool sgi_signature_matches(const ComponentInstance *inst, const char *signature, const CompFuncType *type) {
    Matching m = {inst, signature};
    if (type->is_async || !take(&m, "(") || !match_items(&m, type->params, type->param_count) ||
        !take(&m, ")"))
        return false;
    if (take(&m, "->") ? type->result == NULL || !match_type(&m, type->result) : type->result != NULL)
        return false;
    return *m.at == '\0';
}

/* What other components export again was checked when they were linked: it has their types. */
static sg_status check_func(const ComponentInstance *inst, const CompFuncType *wanted, const CompFunc *func,
                            sg_error *err) {
    if (func->signature == NULL || func->type != wanted ||
        sgi_signature_matches(inst, func->signature, wanted))
        return SG_OK;
    return sgi_fail(err, SG_UNLINKABLE, SG_NO_OFFSET, "incompatible import type",
                    "\"%.*s\" \"%.*s\": the host's function is of the type %.200s",
                    (int)(func->instance_name.size > 60 ? 60 : func->instance_name.size),
                    (const char *)func->instance_name.data,
                    (int)(func->name.size > 60 ? 60 : func->name.size), (const char *)func->name.data,
                    func->signature);
}

sg_status sgi_signature_check(const ComponentInstance *inst, const ExternType *type, const Item *item,
                              sg_error *err) {
    if (item->sort == SORT_FUNC)
        return check_func(inst, type->as.func, item->as.func, err);
    if (item->sort != SORT_INSTANCE)
        return SG_OK;
    const InstanceType *wanted = type->as.instance;
    const CompInstance *given = item->as.instance;
    for (uint32_t i = 0; i < wanted->export_count && i < given->export_count; i++)
        if (wanted->exports[i].type.sort == SORT_FUNC && given->exports[i].sort == SORT_FUNC)
            SGI_TRY(check_func(inst, wanted->exports[i].type.as.func, given->exports[i].as.func, err));
    return SG_OK;
}
