/* Inside compose: what the two halves of making a component of a core module share. */
#ifndef SGI_COMPONENTIZE_H
#define SGI_COMPONENTIZE_H

#include "compose/private.h"

/* Where a core module's import comes from. */
typedef enum CoreSource {
    FROM_WORLD,
    FROM_ADAPTER, /* the program's: a function of preview 1 */
    FROM_PROGRAM, /* the adapter's: reaches into the program */
} CoreSource;

typedef struct CoreImport {
    const Import *import;
    Bytes
        name; /* what the component's core module calls it: a component refuses a name that is there twice */
    CoreSource source;
    CoreMeaning meaning; /* FROM_WORLD */
    uint32_t slot;       /* of the shim; NO_INDEX: none */
    uint32_t core_func;
} CoreImport;

/* The program, or its adapter. */
typedef struct Core {
    const Module *module;
    const ComponentType *world;
    Vec(CoreImport) imports; /* in the module's order */
    bool has_repeats;
    const Export *memory_export, *realloc_export, *initialize_export;
    uint32_t instance;
    uint32_t memory, realloc; /* core indices */
} Core;

/* A resource type that the world exports. */
typedef struct Destructor {
    const CompType *resource;
    const Export *export_; /* the destructor; NULL: none */
    uint32_t slot;
} Destructor;

typedef struct Maker {
    const LoadContext *cx;
    Core program, adapter; /* adapter.module NULL: there is none */
    Core *core;            /* the one that is being worked on */
    const Export *start;   /* the program's "_start", where there is an adapter */
    Arena arena;
    Writer root;
    PtrMap live;   /* of the worlds' imports */
    PtrMap placed; /* those that became imports (NamedExtern) → their group plus 1 */
    Merge merge;
    Vec(Destructor) destructors;
    Vec(ShimFunc) slots;
    uint32_t shim, bridge; /* core instances */
} Maker;

/* SG_UNLINKABLE */
sg_status sgi_maker_fail(const Maker *m, const char *message, const char *detail, ...) SGI_PRINTF(3, 4);
/* Is core function `index` of that type? `what` and `name` are for the message. */
sg_status sgi_maker_check(const Maker *m, uint32_t index, FuncType wanted, const char *what, Bytes name);
/* The options of a lifted or lowered function, NO_INDEX for those that are not there. */
void sgi_writer_options(Buf *out, uint32_t memory, uint32_t realloc, uint32_t post_return);

/* ---- abi.c ---- */

typedef struct AbiNeeds {
    bool memory, realloc;
} AbiNeeds;
AbiNeeds sgi_abi_needs(const CompFuncType *type, bool is_lower);
/* flatten_functype */
void sgi_abi_signature(const CompFuncType *type, bool is_lower, ShimFunc *func);

/* ---- shim.c ---- */

/* The module, its imports (functions, all of them) under the names that they have here. */
void sgi_renamed_module(const Core *core, Buf *binary);

/* ---- lift.c ---- */

/* Looks at what the core module has to export for the world: resources' destructors, memory and the like; and
 * keeps the types that exports use. */
sg_status sgi_maker_survey_exports(Maker *m);
/* The world's exports, made of the core instance. */
sg_status sgi_maker_export_all(Maker *m);

#endif
