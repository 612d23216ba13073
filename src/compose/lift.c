/* The exports of a component around a core module (componentize.c).
 *
 * An interface is exported through a component of its own, made from the types and lifted functions as
 * arguments: only a component's exports give resource types the names that functions like "[method]r.f" ask
 * for. */
#include "compose/componentize.h"

#include <stdio.h>

/* ---- what must be there ---- */

static sg_status find_export(const Maker *m, CoreExport what, Bytes instance, Bytes item, ExternKind kind,
                             const Export **found, Buf *wanted) {
    SGI_TRY(sgi_name_export(m->cx, m->core->module, what, instance, item, found, wanted));
    if (*found && (*found)->kind != kind)
        return sgi_maker_fail(m, "wrong kind of core export", "`%.*s`", (int)wanted->size,
                              (const char *)wanted->data);
    return SG_OK;
}

/* One that may be missing; functions are of the type `type`. */
static sg_status find_optional(const Maker *m, CoreExport what, Bytes instance, Bytes item, ExternKind kind,
                               FuncType type, const Export **found) {
    Buf wanted;
    sgi_buf_init(&wanted, m->cx->alloc);
    sg_status status = find_export(m, what, instance, item, kind, found, &wanted);
    if (status == SG_OK && *found && kind == EXTERN_FUNC)
        status = sgi_maker_check(m, (*found)->index, type, "core export", (*found)->name);
    sgi_buf_free(&wanted);
    return status;
}

static sg_status survey_instance(Maker *m, const NamedExtern *export_) {
    static const ValType handle = VAL_I32;
    const InstanceType *instance = export_->type.as.instance;
    for (uint32_t i = 0; i < instance->export_count; i++) {
        const NamedExtern *item = &instance->exports[i];
        const CompType *type = &item->type.as.type.type;
        if (item->type.sort == SORT_FUNC) {
            SGI_TRY(sgi_live_func(m->cx, &m->live, item->type.as.func));
        } else if (item->type.sort != SORT_TYPE) {
            return sgi_maker_fail(m, "export not supported here", "%s `%.*s`", sgi_sort_name(item->type.sort),
                                  (int)item->name.size, (const char *)item->name.data);
        } else if (type->kind == CT_VALUE) {
            SGI_TRY(sgi_live_value(m->cx, &m->live, type->as.value));
        } else if (type->kind == CT_RESOURCE && item->type.as.type.is_sub_resource) {
            Destructor destructor = {type, NULL, NO_INDEX};
            SGI_TRY(find_optional(m, CORE_DESTRUCTOR, export_->name, item->name, EXTERN_FUNC,
                                  sgi_func_type(&handle, 1, NULL, 0), &destructor.export_));
            if (!sgi_vec_push(m->cx->alloc, &m->destructors, destructor))
                return sgi_load_no_memory(m->cx);
        } else if (type->kind == CT_RESOURCE && !sgi_ptrs_put(&m->live, type->as.resource, type)) {
            return sgi_load_no_memory(m->cx);
        }
    }
    return SG_OK;
}

sg_status sgi_maker_survey_exports(Maker *m) {
    static const ValType i32s[] = {VAL_I32, VAL_I32, VAL_I32, VAL_I32};
    const Bytes none = {NULL, 0};
    SGI_TRY(find_optional(m, CORE_MEMORY, none, none, EXTERN_MEMORY, (FuncType){0}, &m->core->memory_export));
    SGI_TRY(find_optional(m, CORE_REALLOC, none, none, EXTERN_FUNC, sgi_func_type(i32s, 4, i32s, 1),
                          &m->core->realloc_export));
    SGI_TRY(find_optional(m, CORE_INITIALIZE, none, none, EXTERN_FUNC, (FuncType){0},
                          &m->core->initialize_export));
    for (uint32_t i = 0; i < m->core->world->export_count; i++) {
        const NamedExtern *item = &m->core->world->exports[i];
        if (item->type.sort == SORT_FUNC)
            SGI_TRY(sgi_live_func(m->cx, &m->live, item->type.as.func));
        else if (item->type.sort == SORT_INSTANCE)
            SGI_TRY(survey_instance(m, item));
        else
            return sgi_maker_fail(m, "export not supported here", "%s `%.*s`", sgi_sort_name(item->type.sort),
                                  (int)item->name.size, (const char *)item->name.data);
    }
    return SG_OK;
}

/* ---- functions ---- */

static sg_status find_func(const Maker *m, Bytes instance, const NamedExtern *item, const Export **func) {
    ShimFunc slot;
    Buf wanted;
    sgi_buf_init(&wanted, m->cx->alloc);
    sg_status status = find_export(m, CORE_FUNC, instance, item->name, EXTERN_FUNC, func, &wanted);
    if (status == SG_OK && *func == NULL)
        status = sgi_maker_fail(m, "the core module does not export what the world does", "expected `%.*s`",
                                (int)wanted.size, (const char *)wanted.data);
    sgi_buf_free(&wanted);
    SGI_TRY(status);
    sgi_abi_signature(item->type.as.func, false, &slot);
    return sgi_maker_check(m, (*func)->index,
                           sgi_func_type(slot.params, slot.param_count, slot.results, slot.result_count),
                           "core export", (*func)->name);
}

/* The function `item` of the world, or of its export `instance`. */
static sg_status lift(Maker *m, Bytes instance, const NamedExtern *item, uint32_t *index) {
    const CompFuncType *func = item->type.as.func;
    AbiNeeds needs = sgi_abi_needs(func, false);
    const Export *core, *post;
    uint32_t type, post_return = NO_INDEX;
    SGI_TRY(find_func(m, instance, item, &core));
    const FuncType *core_type = sgi_module_func_type(m->core->module, core->index);
    FuncType post_type = sgi_func_type(core_type->results, core_type->result_count, NULL, 0);
    SGI_TRY(find_optional(m, CORE_POST_RETURN, instance, item->name, EXTERN_FUNC, post_type, &post));
    if ((needs.memory && m->core->memory == NO_INDEX) || (needs.realloc && m->core->realloc == NO_INDEX))
        return sgi_maker_fail(m,
                              m->core->memory == NO_INDEX ? "no memory exported" : "no cabi_realloc exported",
                              "export `%.*s` needs one", (int)item->name.size, (const char *)item->name.data);
    SGI_TRY(sgi_writer_func_type(&m->root, func, &type));
    uint32_t core_func = sgi_writer_alias_core(&m->root, SORT_CORE_FUNC, m->core->instance, core->name);
    if (post)
        post_return = sgi_writer_alias_core(&m->root, SORT_CORE_FUNC, m->core->instance, post->name);
    Buf *out = sgi_writer_item(&m->root, SECTION_CANON);
    sgi_buf_put(out, "\0\0", 2);
    sgi_buf_leb_u(out, core_func);
    sgi_writer_options(out, needs.memory ? m->core->memory : NO_INDEX,
                       needs.realloc ? m->core->realloc : NO_INDEX, post_return);
    sgi_buf_leb_u(out, type);
    *index = m->root.funcs++;
    return SG_OK;
}

/* ---- interfaces ---- */

/* Types and functions of the component around as imports; the functions' indices here are 0, 1 ... */
static sg_status import_parts(Maker *m, Writer *inner, const NamedExtern *export_) {
    const InstanceType *instance = export_->type.as.instance;
    uint32_t index;
    for (uint32_t i = 0; i < instance->export_count; i++) {
        const NamedExtern *item = &instance->exports[i];
        if (item->type.sort == SORT_TYPE) {
            SGI_TRY(sgi_writer_type_of(&m->root, &item->type.as.type.type, &index));
            SGI_TRY(sgi_writer_bind(&m->root, &item->type.as.type.type, index));
            SGI_TRY(sgi_writer_type_of(inner, &item->type.as.type.type, &index));
            continue;
        }
        Arg func = {.sort = SORT_FUNC};
        char name[16];
        func.name.size = (size_t)snprintf(name, sizeof name, "func%u", (unsigned)inner->funcs);
        func.name.data = sgi_arena_copy(&m->arena, name, func.name.size);
        if (func.name.data == NULL)
            return sgi_load_no_memory(m->cx);
        SGI_TRY(lift(m, export_->name, item, &func.index));
        SGI_TRY(sgi_writer_func_type(inner, item->type.as.func, &index));
        Buf *out = sgi_writer_item(inner, SECTION_IMPORT);
        sgi_buf_byte(out, 0x00);
        sgi_writer_name(out, func.name);
        sgi_buf_byte(out, SORT_FUNC);
        sgi_buf_leb_u(out, index);
        inner->funcs++;
        if (!sgi_vec_push(m->cx->alloc, &inner->args, func))
            return sgi_load_no_memory(m->cx);
    }
    return SG_OK;
}

/* The same as exports: all types are made anew, of those that are exported before them. */
static sg_status export_parts(Writer *inner, const InstanceType *instance) {
    uint32_t index, func = 0;
    sgi_ptrs_free(&inner->parts);
    for (uint32_t i = 0; i < instance->export_count; i++) {
        const NamedExtern *item = &instance->exports[i];
        if (item->type.sort == SORT_TYPE) {
            SGI_TRY(sgi_writer_type_anew(inner, &item->type.as.type.type, &index));
            index = sgi_writer_export(inner, item, index, NULL);
            SGI_TRY(sgi_writer_bind(inner, &item->type.as.type.type, index));
        } else {
            SGI_TRY(sgi_writer_func_type(inner, item->type.as.func, &index));
            sgi_writer_export(inner, item, func++, &index);
        }
    }
    return SG_OK;
}

static sg_status export_instance(Maker *m, const NamedExtern *export_) {
    const InstanceType *instance = export_->type.as.instance;
    Writer inner;
    Buf binary;
    sgi_buf_init(&binary, m->cx->alloc);
    sgi_writer_init(&inner, m->cx, &m->arena, WRITER_COMPONENT, &m->root);
    sg_status status = import_parts(m, &inner, export_);
    if (status == SG_OK)
        status = export_parts(&inner, instance);
    if (status == SG_OK)
        status = sgi_writer_finish(&inner, &binary);
    if (status == SG_OK) {
        uint32_t component = sgi_writer_component(&m->root, (Bytes){binary.data, binary.size});
        uint32_t made = sgi_writer_instantiate(&m->root, component, inner.args.items, inner.args.count);
        made = sgi_writer_export(&m->root, export_, made, NULL);
        status = sgi_writer_bind_instance(&m->root, made, instance, NULL);
    }
    sgi_writer_free(&inner);
    sgi_buf_free(&binary);
    return status;
}

sg_status sgi_maker_export_all(Maker *m) {
    for (uint32_t i = 0; i < m->core->world->export_count; i++) {
        const NamedExtern *item = &m->core->world->exports[i];
        uint32_t func;
        if (item->type.sort == SORT_INSTANCE) {
            SGI_TRY(export_instance(m, item));
        } else {
            SGI_TRY(lift(m, (Bytes){NULL, 0}, item, &func));
            sgi_writer_export(&m->root, item, func, NULL);
        }
    }
    return SG_OK;
}
