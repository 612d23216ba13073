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

/* Names → positions in an array; freed with the store. */
typedef struct NameTable {
    Owned owned;
    Map map;
} NameTable;

/* A component as a value: with the instance whose index spaces its outer aliases mean. */
typedef struct Closure {
    Component *component;
    ComponentInstance *env;
} Closure;

/* A resource type at run time (the specification's ResourceType): made by the instance that defines it, in
 * its store's arena, or by the host. */
typedef struct sg_resource_type Resource;
struct sg_resource_type {
    bool is_host;
    /* The library's own: by which signatures of its functions call it, and the host has handles of it. */
    const char *host_name;
    /* A guest's. */
    ComponentInstance *impl;
    CompFunc *dtor; /* NULL: none */
    /* The host's: kept alive by its handle, linkers, and stores that linked it. */
    sg_resource_destructor *destructor; /* may be NULL */
    void *context;
    Engine *engine;
    atomic_uint references;
};

/* A running call of a lifted function: what borrowed handles belong to, and what its built-ins work on. */
typedef struct Task {
    uint32_t num_borrows;
    struct LiftLowerContext *cx; /* the other side's; NULL where a host function is called */
    const CompFuncType *type;
    sg_value *result; /* where task.return puts it */
    bool is_returned; /* it did */
} Task;

typedef struct Handle {
    Resource *resource; /* NULL: a hole */
    uint64_t rep;
    Task *borrow_scope;  /* of a borrowed handle; NULL: it owns */
    uint32_t lends;      /* calls it is lent to; of a hole: the next older one, or 0 */
    uint32_t generation; /* how often its index was used before */
} Handle;

typedef struct HandleTable HandleTable;
struct HandleTable {
    Owned owned;
    Vec(Handle) handles; /* [0] is a hole that is never used */
    uint32_t free;       /* the newest hole, or 0 */
};

/* What the resource types in a component's types stand for in one of its instances. */
typedef struct ResourceBindings {
    Map by_id; /* ResourceType.id → position */
    Vec(Resource *) items;
} ResourceBindings;

typedef struct OwnedBindings {
    Owned owned;
    ResourceBindings bindings;
} OwnedBindings;

typedef struct Item {
    Sort sort;
    union {
        CompFunc *func;
        CompInstance *instance;
        Closure component;
        Module *core_module;
        Resource *resource; /* SORT_TYPE; NULL: another type */
    } as;
} Item;

struct sg_instance {
    Store *store;
    const Map *names; /* positions in `exports` */
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
    TagInst **core_tags;
    uint32_t func_count, instance_count, component_count;
    uint32_t core_module_count, core_instance_count, core_func_count, core_table_count, core_memory_count,
        core_global_count, core_tag_count;

    Task *task; /* of the innermost call that runs in it; NULL: none */

    Resource **types; /* by type index; NULL: no resource */
    uint32_t type_count;

    OwnedBindings *bindings; /* made with the first */
    HandleTable *handles;    /* the same */
    CompInstance *exports;
};

typedef struct CanonicalOptions {
    StringEncoding encoding;
    MemoryInst *memory;    /* NULL: none */
    FuncInst *realloc;     /* the same */
    FuncInst *post_return; /* the same */
    bool is_async, has_callback, is_memory64;
} CanonicalOptions;

/* How the parameters and the result of a function go, both when it is lifted and when it is lowered. */
typedef struct CallShape {
    bool params_spilled, result_spilled; /* through memory */
    uint32_t param_slots; /* of the parameters alone: where a pointer for the result would stand */
} CallShape;

typedef enum CompFuncKind { COMP_FUNC_LIFTED, COMP_FUNC_HOST, COMP_FUNC_UNKNOWN } CompFuncKind;

struct sg_func {
    CompFuncKind kind;
    Store *store;
    const CompFuncType *type;
    CallShape shape;
    ComponentInstance *inst; /* that lifts it; or, of a function of the library's own, that imports it */
    /* COMP_FUNC_LIFTED */
    FuncInst *core;
    CanonicalOptions opts;
    /* COMP_FUNC_HOST; COMP_FUNC_UNKNOWN: an import that nobody supplied */
    sg_host_fn *host;
    void *context;
    const char *signature;     /* of the host's function; NULL: any */
    Bytes instance_name, name; /* of the import, for messages */
};

/* A canon lower: what the core function made by it needs. */
typedef struct LoweredFunc {
    CompFunc *callee;
    const CompFuncType *type;
    CanonicalOptions opts;
    ComponentInstance *inst;
    CallShape shape;
    ComponentInstance
        *limit; /* of a callee that is lifted: its nearest ancestor that `inst` is in too, or NULL */
    bool adapts_params, adapts_result; /* go straight from component to component */
} LoweredFunc;

/* A canon resource.new, rep or drop. */
typedef struct CanonResource {
    Resource *resource;
    ComponentInstance *inst;
} CanonResource;

/* ---- link.c ---- */

/* One of them. */
typedef struct LinkerEntry {
    sg_host_fn *function;
    const char *signature;
    void *context;
    CompInstance *instance; /* gone when its store is */
    uint64_t store_id;      /* the store's */
    Resource *resource;     /* these are held */
    Module *core_module;
    Component *component;
} LinkerEntry;

void sgi_linker_entry_retain(const LinkerEntry *entry);
void sgi_linker_entry_release(const LinkerEntry *entry);

bool sgi_linker_traps_unknown(const Linker *linker);
size_t sgi_linker_count(const Linker *linker);
const LinkerEntry *sgi_linker_entry(const Linker *linker, size_t index);
/* The name of the instance that an import of `name` gets: its own, or else the newest compatible one. */
Bytes sgi_linker_supplied_name(const Linker *linker, Bytes name);
/* Does any definition name the instance? */
bool sgi_linker_has_instance(const Linker *linker, Bytes name);
/* *index is NO_INDEX when there is none; false: `scratch`, which holds nothing afterwards, was refused
 * memory. */
bool sgi_linker_find(const Linker *linker, Arena *scratch, Bytes instance, Bytes name, uint32_t *index);

/* Both names as one key, in memory from `arena`; data NULL when refused. */
Bytes sgi_link_key(Arena *arena, Bytes first, Bytes second);

/* ---- signature.c ---- */

bool sgi_signature_matches(const ComponentInstance *inst, const char *signature, const CompFuncType *type);
/* SG_UNLINKABLE unless the host's functions in `item`, given for an import of `inst` of the type `type`,
 * which is bound, are of the types that it takes them for. */
sg_status sgi_signature_check(const ComponentInstance *inst, const ExternType *type, const Item *item,
                              sg_error *err);

/* ---- prepare.c: what imports get, looked up once ---- */

typedef enum PreparedKind {
    PREPARED_FUNC,        /* .func */
    PREPARED_TYPE,        /* .resource; NULL: a type that has a name already */
    PREPARED_ITEMS,       /* .items: an instance of what was defined for it singly */
    PREPARED_INSTANCE,    /* .instance: one of a store's */
    PREPARED_PART,        /* .part: an instance of a component that is instantiated first */
    PREPARED_COMPONENT,   /* .component */
    PREPARED_CORE_MODULE, /* .core_module */
} PreparedKind;

typedef struct PreparedInstance PreparedInstance;

typedef struct PreparedItem {
    PreparedKind kind;
    union {
        struct {
            sg_host_fn *function; /* NULL: nobody supplied it */
            const char *signature;
            void *context;
            const CompFuncType *type;
            Bytes instance_name, name; /* as imported */
        } func;
        Resource *resource;
        PreparedInstance *items;
        struct {
            CompInstance *instance;
            uint64_t store_id;
        } instance;
        uint32_t part;
        Component *component;
        Module *core_module;
    } as;
} PreparedItem;

struct PreparedInstance {
    PreparedInstance *next;
    PreparedItem *items;
    uint32_t count;
    Map names;
};

/* A component to instantiate, with what its imports get, in its type's order. */
typedef struct PreparedPart {
    Component *component; /* held */
    PreparedItem *imports;
} PreparedPart;

/* Immutable, shared by threads; held by its handle and by every store that it was instantiated in. One that
 * is made for a single instantiation is on the store's account, and only that store holds it. */
struct sg_prepared {
    Engine *engine; /* retained */
    atomic_uint references;
    Alloc own;
    Alloc *alloc; /* `own`, or a store's */
    Arena arena;
    PreparedInstance *instances; /* all, for their maps */
    Vec(LinkerEntry) held;
    Vec(PreparedPart) parts; /* those that others need stand before them; the last is the component itself */
};

/* `store`, if not NULL, pays, and its interrupt is looked at. */
sg_status sgi_prepare(const Linker *linker, Component *component, Store *store, Prepared **prepared,
                      sg_error *err);
void sgi_prepared_retain(Prepared *prepared);
/* What an import of `inst`, which is a part's, gets in its store; `parts` are the instances made so far.
 * SG_UNLINKABLE for an instance that does not have the type asked for. */
sg_status sgi_link_import(ComponentInstance *inst, const PreparedItem *from, CompInstance *const *parts,
                          const NamedExtern *import, Item *item, sg_error *err);

/* ---- match.c ---- */

/* SG_UNLINKABLE unless `given`, supplied for import `name` of `inst`, is of the type `wanted`, whose resource
 * types are bound. */
sg_status sgi_match_instance(ComponentInstance *inst, const CompInstance *given, Bytes name,
                             const InstanceType *wanted, sg_error *err);

/* ---- call.c ---- */

/* The core function of a canon lower. */
HostFn sgi_canon_lower;
CallShape sgi_call_shape(const CompFuncType *type, uint32_t max_params, uint32_t max_results);
LoweredFunc sgi_lowered_func(CompFunc *callee, const CompFuncType *type, CanonicalOptions opts,
                             ComponentInstance *inst);
/* (func (param u32)): destructors as component functions. */
extern const CompFuncType sgi_destructor_type;

/* Ends the life of what `resource` represents by `rep`: the destructor runs as a call from `caller`, NULL:
 * from the host, in a scope. */
sg_status sgi_resource_destroy(Resource *resource, uint64_t rep, ComponentInstance *caller, sg_error *err);

/* ---- task.c ---- */

/* The body of an asynchronous function: calls it, with its arguments in `slots`, until it exits; its task has
 * returned then. What would wait is SG_UNSUPPORTED. */
sg_status sgi_task_run(Task *task, FuncInst *core, Slot *slots);
/* SG_UNSUPPORTED if the options ask for what is not performed yet. */
sg_status sgi_canon_check_options(const CanonicalOptions *opts, sg_error *err);

/* A canon task.return. */
typedef struct CanonTaskReturn {
    const sg_type *type; /* NULL: none */
    CanonicalOptions opts;
    ComponentInstance *inst;
} CanonTaskReturn;

/* The core functions of canon task.return, and of a built-in that is not performed yet: the context is its
 * name. */
HostFn sgi_canon_task_return, sgi_canon_unsupported;

/* ---- resource.c ---- */

/* The core functions of canon resource.new, rep and drop; the context is a CanonResource. */
HostFn sgi_canon_resource_new, sgi_canon_resource_rep, sgi_canon_resource_drop;

/* Whatever its handles still own ends with the store. NULL when refused. */
HandleTable *sgi_handles_new(Store *store);
sg_status sgi_handles_add(HandleTable *table, Store *store, Handle handle, uint32_t *index, sg_error *err);
/* NULL if there is none; valid until the next add. */
Handle *sgi_handles_get(HandleTable *table, uint32_t index);
void sgi_handles_remove(HandleTable *table, Store *store, Handle *handle);

/* The host's own handle with that number, or NULL. */
Handle *sgi_resource_host_handle(const Store *store, uint64_t number);

void sgi_bindings_init(ResourceBindings *bindings, Store *store);
void sgi_bindings_free(ResourceBindings *bindings, Store *store);
sg_status sgi_bindings_put(ResourceBindings *bindings, Store *store, const ResourceType *type,
                           Resource *resource, sg_error *err);
Resource *sgi_bindings_find(const ResourceBindings *bindings, const ResourceType *type);

/* From now on, `type` in the types of the instance's component stands for `resource`, unless it is bound
 * already. */
sg_status sgi_resource_bind(ComponentInstance *inst, const ResourceType *type, Resource *resource,
                            sg_error *err);
/* What `type` stands for: of every type that functions of the instance mention, validation promises, the
 * definition that introduces it was executed. */
Resource *sgi_resource_find(const ComponentInstance *inst, const ResourceType *type);
/* The host's destructor, if there is one. */
void sgi_resource_end(const Resource *resource, uint64_t rep);

/* ---- check.c ---- */

/* Does `value` of the host fit `type`, as `inst` understands it (NULL: it stays with the host)? SG_BAD_VALUE
 * with the path inside it, or SG_UNSUPPORTED for async values; `what` names the whole ("argument", numbered
 * from 1 if `index` is not 0). After that, lowering fails for no value but a handle given twice. */
sg_status sgi_check_value(const ComponentInstance *inst, const sg_type *type, const sg_value *value,
                          const char *what, uint32_t index, sg_error *err);
/* Can a value of kind `kind` be of `type`? */
bool sgi_kind_fits(const sg_type *type, sg_kind kind);
/* The member of that name, or NO_INDEX; looks at `hint` first. */
uint32_t sgi_find_member(const sg_type *type, sg_string name, uint32_t hint);

#endif
