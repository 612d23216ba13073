/* Modules as objects: made empty, shared by reference, freed whole; and what loading has in common. */
#include "module/core.h"

sg_status sgi_load_no_memory(const LoadContext *cx) {
    if (!cx->alloc->limit_hit)
        return sgi_fail_memory(cx->err);
    return sgi_fail(cx->err, SG_TOO_LARGE, SG_NO_OFFSET, "implementation limit exceeded",
                    "the load budget of %zu bytes is used up", cx->alloc->limit);
}

sg_status sgi_load_unsupported(const LoadContext *cx, Feature feature, uint64_t offset) {
    return sgi_fail(cx->err, SG_UNSUPPORTED, offset, "unsupported feature", "needs \"%s\", which is %s",
                    sgi_feature_names[feature], sgi_has(sgi_features_built(), feature) ? "off" : "not built");
}

Bytes sgi_name_find(const NameMap *map, uint32_t index) {
    uint32_t low = 0, high = map->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (map->items[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->count && map->items[low].index == index ? map->items[low].name : (Bytes){0};
}

Module *sgi_module_new(const LoadContext *cx) {
    Alloc alloc;
    sgi_alloc_init(&alloc, cx->alloc->fn, cx->alloc->context, cx->alloc->limit);
    Module *module = sgi_alloc_zero(&alloc, sizeof *module);
    if (module == NULL) {
        cx->alloc->limit_hit = alloc.limit_hit;
        return NULL;
    }
    module->alloc = alloc;
    sgi_arena_init(&module->arena, &module->alloc);
    sgi_map_init(&module->export_map, &module->alloc);
    atomic_init(&module->references, 1);
    module->features = cx->features;
    module->start = UINT32_MAX;
    return module;
}

void sgi_module_retain(Module *module) {
    atomic_fetch_add_explicit(&module->references, 1, memory_order_relaxed);
}

/* Later groups refer to earlier ones. */
static void release_types(Module *module) {
    while (module->held_types > 0) {
        module->held_types = module->types[module->held_types - 1].group_start;
        sgi_types_release(module->registry, module->types[module->held_types].id);
    }
}

void sgi_module_release(Module *module) {
    if (module == NULL || atomic_fetch_sub_explicit(&module->references, 1, memory_order_acq_rel) != 1)
        return;
    release_types(module);
    if (module->release_hook)
        module->release_hook(module);
    sgi_map_free(&module->export_map);
    sgi_arena_free(&module->arena);
    /* The account that frees the module is inside it. */
    Alloc alloc = module->alloc;
    sgi_free(&alloc, module, sizeof *module);
}
