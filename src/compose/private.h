/* Inside compose.
 *
 *   componentize.c ─┬─→ writer.c: sections and declarations, index spaces
 *                   ├─→ types.c: resolved types (module/component.h) → type definitions in a scope
 *   compose.c ──────┤
 *                   ├─→ merge.c: imports of several → imports of one
 *                   ├─→ names.c: what the canonical names of a core module stand for
 *                   └─→ shim.c: the core modules in between
 *
 * Everything lives for the time of one job, on its account. */
#ifndef SGI_COMPOSE_PRIVATE_H
#define SGI_COMPOSE_PRIVATE_H

#include "compose/compose.h"

/* ---- writer.c ---- */

typedef enum SectionId {
    SECTION_CUSTOM = 0,
    SECTION_CORE_MODULE = 1,
    SECTION_CORE_INSTANCE = 2,
    SECTION_COMPONENT = 4,
    SECTION_INSTANCE = 5,
    SECTION_ALIAS = 6,
    SECTION_TYPE = 7,
    SECTION_CANON = 8,
    SECTION_IMPORT = 10,
    SECTION_EXPORT = 11,
} SectionId;

typedef enum WriterKind { WRITER_COMPONENT, WRITER_COMPONENT_TYPE, WRITER_INSTANCE_TYPE } WriterKind;

/* An argument of an instantiation. */
typedef struct Arg {
    Bytes name;
    Sort sort;
    uint32_t index;
} Arg;
typedef Vec(Arg) Args;

/* A component or type that is being written: bytes so far and how many of each sort there are. */
typedef struct Writer Writer;
struct Writer {
    const LoadContext *cx;
    Arena *arena;
    WriterKind kind;
    Writer *outer;  /* of types and components inside */
    Buf out;        /* whole sections, or declarations */
    Buf section;    /* of a component: the one that is being written */
    SectionId id;   /* the same */
    uint32_t items; /* the same, or declarations */
    uint32_t types, funcs, instances, components;
    uint32_t core_modules, core_instances, core_funcs, core_memories, core_tables;
    /* Types by name (sg_type, ResourceName) and resources → their index plus 1; types without names the same;
     * types and resources → Origin: instances that export them. */
    PtrMap names, parts, origins;
    const PtrMap *same; /* types → those that stand for them everywhere; NULL: none */
    Args args;          /* of a component inside: what it has imported of the outer one's, on demand */
};

void sgi_writer_init(Writer *w, const LoadContext *cx, Arena *arena, WriterKind kind, Writer *outer);
void sgi_writer_free(Writer *w);
sg_status sgi_writer_no_memory(const Writer *w);
/* Begins a definition in the section, or the declaration of that kind; the rest of it is to be written. */
Buf *sgi_writer_item(Writer *w, SectionId id);
/* All that was written, with its preamble or count. */
sg_status sgi_writer_finish(Writer *w, Buf *binary);
void sgi_writer_name(Buf *out, Bytes name);
/* The name of an import or export with its attributes. */
void sgi_writer_extern_name(Buf *out, const NamedExtern *item);
/* A component's or instance type's; their index. */
uint32_t sgi_writer_add_type(Writer *w, const Buf *type);
uint32_t sgi_writer_alias_export(Writer *w, Sort sort, uint32_t instance, Bytes name);
uint32_t sgi_writer_alias_core(Writer *w, Sort sort, uint32_t instance, Bytes name);
uint32_t sgi_writer_instantiate(Writer *w, uint32_t component, const Arg *args, size_t count);
uint32_t sgi_writer_core_instantiate(Writer *w, uint32_t module, const Arg *args, size_t count);
/* An instance of what is there already. */
uint32_t sgi_writer_core_bundle(Writer *w, const Arg *exports, size_t count);
uint32_t sgi_writer_core_module(Writer *w, Bytes binary);
uint32_t sgi_writer_component(Writer *w, Bytes binary);
/* The index that the item has as the export. */
uint32_t sgi_writer_export(Writer *w, const NamedExtern *item, uint32_t index, const uint32_t *func_type);

/* ---- types.c ---- */

/* What is kept of types, by address: NamedExtern of functions, sg_type, ResourceName, ResourceType. */
sg_status sgi_live_value(const LoadContext *cx, PtrMap *live, const sg_type *type);
sg_status sgi_live_func(const LoadContext *cx, PtrMap *live, const CompFuncType *type);
/* Is it kept, or anything of it? `live` NULL: everything is. */
bool sgi_live_extern(const PtrMap *live, const NamedExtern *item);

/* Indices of types in a scope; they are defined when they are first asked for. */
sg_status sgi_writer_type(Writer *w, const sg_type *type, uint32_t *index);
sg_status sgi_writer_func_type(Writer *w, const CompFuncType *type, uint32_t *index);
sg_status sgi_writer_resource(Writer *w, const ResourceName *name, const ResourceType *resource,
                              uint32_t *index);
sg_status sgi_writer_type_of(Writer *w, const CompType *type, uint32_t *index);
/* The same, but what this name of it was bound to is passed over. */
sg_status sgi_writer_type_anew(Writer *w, const CompType *type, uint32_t *index);
/* From here on `type` is the one of that index. */
sg_status sgi_writer_bind(Writer *w, const CompType *type, uint32_t index);
/* From here on the types that `instance` exports are aliases of those. */
sg_status sgi_writer_bind_instance(Writer *w, uint32_t instance, const InstanceType *type,
                                   const PtrMap *live);
/* An import, or an export of a type's; what it introduces is bound. */
sg_status sgi_writer_declare(Writer *w, bool is_import, const NamedExtern *item, const PtrMap *live,
                             uint32_t *index);

/* ---- merge.c ---- */

/* An import that was given. */
typedef struct MergeMember {
    const NamedExtern *import;
    uint32_t next; /* in its group, or NO_INDEX */
} MergeMember;

/* One that all of them become. */
typedef struct MergeGroup {
    uint32_t first, last; /* members */
    NamedExtern item;
    uint32_t dep_start, dep_count;
    bool is_declared;
    uint32_t index; /* once it is declared */
} MergeGroup;

/* Two of one name. */
typedef struct MergePair {
    const NamedExtern *import, *item; /* `item` in or of `import` */
    ExternType first;
} MergePair;

typedef struct Merge {
    const LoadContext *cx;
    Writer *root;
    const PtrMap *live; /* what is kept; NULL: everything */
    PtrMap same;        /* types → those that stand for them */
    PtrMap owners;      /* types that imports introduce → their group plus 1 */
    Map names;
    Vec(MergeMember) members;
    Vec(MergeGroup) groups;
    Vec(MergePair) pairs;
    Vec(uint32_t) deps; /* groups, for each group those that it follows */
} Merge;

/* From here on `root` takes types for the same that are. */
void sgi_merge_init(Merge *m, Writer *root, const PtrMap *live);
void sgi_merge_free(Merge *m);
/* *group: the one that it is part of. */
sg_status sgi_merge_add(Merge *m, const NamedExtern *import, uint32_t *group);
/* Declares all groups. SG_UNLINKABLE where types of one name differ. */
sg_status sgi_merge_declare(Merge *m);
/* Is `name` compatible with `wanted`, and newer than `best`, if there is one yet? */
bool sgi_merge_is_better(Bytes name, const Version *wanted, const NamedExtern *best);

/* ---- names.c ---- */

typedef enum CoreRole { ROLE_FUNC, ROLE_DROP, ROLE_NEW, ROLE_REP } CoreRole;

/* What a core import stands for. */
typedef struct CoreMeaning {
    CoreRole role;
    bool is_export;              /* of a resource that the world exports */
    const NamedExtern *instance; /* of the world; NULL: the world itself */
    const NamedExtern *item;     /* the function, or the resource type */
} CoreMeaning;

/* False where the world has nothing of that name. */
bool sgi_name_meaning(const ComponentType *world, Bytes module, Bytes name, CoreMeaning *meaning);

/* What a core module exports for the world: a name for each of two manners, the first that is there. */
typedef enum CoreExport {
    CORE_FUNC,
    CORE_POST_RETURN,
    CORE_DESTRUCTOR,
    CORE_MEMORY,
    CORE_REALLOC,
    CORE_INITIALIZE,
} CoreExport;

/* `instance` empty: the world itself. NULL if it is not there; `wanted` then is the name that is looked for.
 */
sg_status sgi_name_export(const LoadContext *cx, const Module *core, CoreExport what, Bytes instance,
                          Bytes item, const Export **found, Buf *wanted);

/* ---- shim.c ---- */

/* A function whose core type is known before it can be made. */
typedef struct ShimFunc {
    ValType params[MAX_FLAT_PARAMS + 1], results[1];
    uint32_t param_count, result_count;
} ShimFunc;

/* A module that exports a table "$imports" and functions "0", "1" ... that call what stands in it. */
void sgi_shim_module(const ShimFunc *slots, uint32_t count, Buf *binary);
/* A module that puts its imports "0", "1" ... into its import "$imports"; then it calls its import
 * "initialize", if there is to be one. All are of the module "". */
void sgi_fill_module(const ShimFunc *slots, uint32_t count, bool initializes, Buf *binary);
/* What copies between the memories of a program and its adapter; its "_start" does nothing. */
void sgi_bridge_module(Buf *binary);

#endif
