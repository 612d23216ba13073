/* Inside the component room: what a component becomes when it is instantiated. Lifetime: the store's, in its
 * arena.
 *
 *   sg_instance (exports by name) ── Item ──┬─ sg_func ── core function + CanonicalOptions ──
 * ComponentInstance ├─ sg_instance           │ └─ Closure ── Component + the ComponentInstance it was defined
 * in
 *
 * A ComponentInstance is the specification's: the index spaces of one instantiated component, and the flags
 * that guard entering and leaving it. An sg_instance is an instance as a value: a component's exports, or
 * inline ones, or what the linker gives. */
#ifndef SGI_COMPONENT_INTERNAL_H
#define SGI_COMPONENT_INTERNAL_H

#include "component/component.h"

typedef struct ComponentInstance ComponentInstance;

/* NameTable → positions in an array; freed with the store. */
typedef struct NameTable {
    Owned owned;
    Map map;
} NameTable;

/* A component as a value: with the instance whose index spaces its outer aliases mean. */
typedef struct Closure {
    Component *component;
    ComponentInstance *env;
} Closure;

typedef struct Item {
    Sort sort;
    union {
        CompFunc *func;
        CompInstance *instance;
        Closure component;
        Module *core_module;
    } as;
} Item;

struct sg_instance {
    Store *store;
    NameTable *names;
    Item *exports;
    uint32_t export_count;
    const ComponentType *type; /* whose exports these are; NULL for other instances */
};

/* A core instance, or inline exports (`instance` NULL). */
typedef struct CoreInstance {
    Instance *instance;
    NameTable *names;
    Extern *exports;
} CoreInstance;

struct ComponentInstance {
    Store *store;
    Component *component;
    ComponentInstance *parent; /* that instantiated it; NULL at a root */
    ComponentInstance *env;    /* that defines it: where its outer aliases lead */
    ComponentInstance *root;
    uint32_t depth; /* of parents */
    bool may_enter, may_leave;
    sg_trap ended; /* roots: why nothing in this tree can be called any more */

    /* Index spaces, filled as the definitions are executed. */
    CompFunc **funcs;
    CompInstance **instances;
    Closure *components;
    Module **core_modules;
    CoreInstance *core_instances;
    FuncInst **core_funcs;
    TableInst **core_tables;
    MemoryInst **core_memories;
    GlobalInst **core_globals;
    uint32_t func_count, instance_count, component_count;
    uint32_t core_module_count, core_instance_count, core_func_count, core_table_count, core_memory_count,
        core_global_count;

    CompInstance *exports;
};

typedef struct CanonicalOptions {
    StringEncoding encoding;
    MemoryInst *memory;    /* NULL: none */
    FuncInst *realloc;     /* the same */
    FuncInst *post_return; /* the same */
    bool is_async;
} CanonicalOptions;

typedef enum CompFuncKind { COMP_FUNC_LIFTED, COMP_FUNC_HOST, COMP_FUNC_UNKNOWN } CompFuncKind;

struct sg_func {
    CompFuncKind kind;
    Store *store;
    const CompFuncType *type;
    /* COMP_FUNC_LIFTED */
    FuncInst *core;
    CanonicalOptions opts;
    ComponentInstance *inst;
    /* COMP_FUNC_HOST; COMP_FUNC_UNKNOWN: an import that nobody supplied */
    sg_host_fn *host;
    void *context;
    Bytes instance_name, name; /* of the import, for messages */
};

/* A canon lower: what the core function made by it needs. */
typedef struct LoweredFunc {
    CompFunc *callee;
    const CompFuncType *type;
    CanonicalOptions opts;
    ComponentInstance *inst;
} LoweredFunc;

/* ---- link.c ---- */

typedef struct LinkerEntry {
    sg_host_fn *function;
    void *context;
    CompInstance *instance; /* given instead of a function; gone when its store is */
    uint64_t store_id;      /* the store's */
} LinkerEntry;

const Engine *sgi_linker_engine(const Linker *linker);

/* What the linker has for a top-level import: SG_UNLINKABLE when it is missing and may not be. */
sg_status sgi_link_import(const Linker *linker, Store *store, const NamedExtern *import, Item *item,
                          sg_error *err);

NameTable *sgi_names_new(Store *store);
/* Both names as one key, in memory from `arena`; data NULL when refused. */
Bytes sgi_link_key(Arena *arena, Bytes first, Bytes second);

/* ---- match.c ---- */

/* SG_UNLINKABLE unless `given`, supplied for import `name`, is of the type `wanted`. */
sg_status sgi_match_instance(const CompInstance *given, Bytes name, const InstanceType *wanted,
                             sg_error *err);

/* ---- call.c ---- */

/* The core function of a canon lower. */
HostFn sgi_canon_lower;
/* The same of a canonical built-in that is not supported yet; the context is its CanonDef. */
HostFn sgi_canon_unsupported;

/* ---- check.c ---- */

/* Does `value` fit `type`? SG_BAD_VALUE with the path inside it, or SG_UNSUPPORTED for handles and async
 * values; `what` names the whole ("argument", numbered from 1 if `index` is not 0). After that, lowering
 * needs no more checks of it. */
sg_status sgi_check_value(const sg_type *type, const sg_value *value, const char *what, uint32_t index,
                          sg_error *err);
/* Can a value of kind `kind` be of `type`? */
bool sgi_kind_fits(const sg_type *type, sg_kind kind);
/* The member of that name, or NO_INDEX; looks at `hint` first. */
uint32_t sgi_find_member(const sg_type *type, sg_string name, uint32_t hint);

#endif
