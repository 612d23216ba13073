/* A component: what its bytes mean. Data only.
 *
 * decode fills the definitions as they stand, in order, with raw indices (Def, TypeExpr). validate walks them
 * once, keeps the index spaces, and resolves every type to a graph of pointers without indices (sg_type,
 * CompFuncType, ExternType): that is all that lifting, lowering and linking look at. */
#ifndef SGI_COMPONENT_H
#define SGI_COMPONENT_H

#include "module/core.h"

#include <sandglass/value.h>

typedef struct sg_component Component; /* the public handle is this structure */
typedef struct TypeExpr TypeExpr;
typedef struct ResourceType ResourceType;
typedef struct ResourceName ResourceName;
typedef struct InstanceType InstanceType;
typedef struct ComponentType ComponentType;

/* ---- resolved types ---- */

enum { MAX_FLAT_PARAMS = 16, MAX_FLAT_ASYNC_PARAMS = 4, MAX_FLAT_RESULTS = 1 };

typedef struct CompField {
    Bytes name;          /* empty for tuple members */
    const sg_type *type; /* NULL: a case without payload, an enum case, a flag */
} CompField;

/* A value type. Equal structure does not mean equal pointers: compare with sgi_type_equal. */
struct sg_type {
    sg_kind kind; /* never SG_BYTES */
    Bytes name;   /* what it was imported or exported as, for messages; empty when that is not known */
    /* Of the canonical ABI, for 32-bit memories: elem_size, alignment, and flatten_type as core kinds
     * (KIND_I32 ...). flat_count is MAX_FLAT_PARAMS + 1 when there are more; `flat` then holds nothing of
     * use. */
    uint32_t size, alignment;
    uint32_t size64, alignment64; /* the same for 64-bit memories, which bound what is valid */
    uint32_t flat_count;
    uint8_t flat[MAX_FLAT_PARAMS];
    uint16_t flat_pointers; /* bit i: flat[i] is an i64 with a 64-bit memory */
    /* SG_RECORD, SG_TUPLE, SG_VARIANT, SG_ENUM, SG_FLAGS: the members; SG_OPTION: {none, some}; SG_RESULT:
     * {ok, error}. Variants' discriminants are indices into them. */
    const CompField *fields;
    uint32_t field_count;
    uint32_t payload_offset; /* variant-like: of the payload in memory */
    const sg_type
        *element;       /* SG_LIST, SG_FIXED_LIST, SG_STREAM and SG_FUTURE (may be NULL), SG_MAP: the value */
    const sg_type *key; /* SG_MAP */
    uint32_t length;    /* SG_FIXED_LIST */
    ResourceType *resource;            /* SG_OWN, SG_BORROW */
    const ResourceName *resource_name; /* the same: what it was called by, for validation only */
    const sg_type *renamed; /* what an import or export introduced it as another name of; else NULL */
    uint32_t depth;         /* nesting, at most LIMIT(TYPE_DEPTH) */
    uint32_t weight;        /* nodes when written out as a tree, at most LIMIT(TYPE_SIZE) */
    bool contains_borrow;   /* anywhere inside */
    bool contains_pointer;  /* string or list anywhere inside: lowering needs realloc, lifting needs memory */
    bool contains_async;    /* stream, future or error-context anywhere inside */
    bool contains_resource; /* own or borrow anywhere inside */
    bool contains_string;
    bool is_columns; /* its values look alike in memory: no pointer, choice or handle; no check but of ranges
                      */
    bool is_bits;    /* columns that are what their bytes are: integers without gaps */
    uint64_t values; /* is_columns: it and the values inside */
};

/* A resource type. Identity is the pointer, after substitution of imports at validation. */
struct ResourceType {
    uint32_t id;      /* unique in its root component, for messages */
    uint32_t scope;   /* validation's number of the component or type that introduced it */
    bool is_local;    /* defined by this component, not imported or abstract */
    bool is_imported; /* introduced by an import of its scope, not by an export or an instantiation */
    ValType rep;
    uint32_t destructor; /* core function index, or UINT32_MAX */
};

/* Each import or export of a resource type gives it one more name. Types compare by resource; whether a type
 * may be seen from outside depends on the name it was reached by (Explainer, "External Visibility of Types").
 */
struct ResourceName {
    ResourceType *resource;
    Bytes label;                 /* for messages; empty at its definition */
    const ResourceName *renamed; /* what this is another name of; NULL: of none */
};

/* The public handle is this structure. */
typedef struct sg_func_type CompFuncType;
struct sg_func_type {
    const CompField *params;
    uint32_t param_count;
    const sg_type *result; /* NULL: none */
    bool is_async;
    uint32_t depth, weight;
};

typedef struct CoreModuleType {
    /* Types are canonical: registry ids, not indices. */
    struct CoreExternType *imports, *exports;
    uint32_t import_count, export_count;
} CoreModuleType;

typedef struct CoreExternType {
    Bytes module, name; /* `module` for imports only */
    ExternKind kind;
    union {
        uint32_t func_id; /* registry id, also of tags */
        TableType table;
        Limits memory;
        GlobalType global;
    } as;
} CoreExternType;

/* The sorts of things that have index spaces; the values are the binary format's, core ones ORed with
 * SORT_CORE. */
typedef enum Sort {
    SORT_FUNC = 0x01,
    SORT_VALUE = 0x02,
    SORT_TYPE = 0x03,
    SORT_COMPONENT = 0x04,
    SORT_INSTANCE = 0x05,
    SORT_CORE = 0x100,
    SORT_CORE_FUNC = 0x100,
    SORT_CORE_TABLE = 0x101,
    SORT_CORE_MEMORY = 0x102,
    SORT_CORE_GLOBAL = 0x103,
    SORT_CORE_TAG = 0x104,
    SORT_CORE_TYPE = 0x110,
    SORT_CORE_MODULE = 0x111,
    SORT_CORE_INSTANCE = 0x112,
} Sort;

/* "core func", "instance": the keywords of the text format. */
const char *sgi_sort_name(Sort sort);

/* Anything that the component-level type index space can hold. */
typedef enum CompTypeKind { CT_VALUE, CT_FUNC, CT_COMPONENT, CT_INSTANCE, CT_RESOURCE } CompTypeKind;

typedef struct CompType {
    CompTypeKind kind;
    union {
        const sg_type *value;
        const CompFuncType *func;
        const ComponentType *component;
        const InstanceType *instance;
        ResourceType *resource;
    } as;
    const ResourceName *name; /* CT_RESOURCE */
} CompType;

/* The type of an import or export. */
typedef struct ExternType {
    Sort sort; /* SORT_FUNC, SORT_VALUE, SORT_TYPE, SORT_COMPONENT, SORT_INSTANCE, SORT_CORE_MODULE */
    union {
        const CompFuncType *func;
        const sg_type *value;
        struct {
            CompType type;
            bool is_sub_resource; /* (sub resource): abstract */
        } type;
        const ComponentType *component;
        const InstanceType *instance;
        const CoreModuleType *core_module;
    } as;
} ExternType;

typedef struct NamedExtern {
    Bytes name; /* as written: "run", "wasi:cli/run@0.2.0" */
    ExternType type;
    const struct ExternName *extern_name; /* NULL: nothing but the name */
} NamedExtern;

/* An instance type as defined binds the resources that its exports introduce: each import or export of it
 * stands for fresh ones. The type of an instance that is there binds none. */
struct InstanceType {
    const NamedExtern *exports;
    uint32_t export_count;
    ResourceType *const *resources; /* bound */
    uint32_t resource_count;
    uint32_t depth, weight;
};

struct ComponentType {
    const NamedExtern *imports, *exports;
    uint32_t import_count, export_count;
    ResourceType *const *imported; /* bound by imports: each instantiation supplies them */
    ResourceType *const *defined;  /* bound by exports: each instantiation makes fresh ones */
    uint32_t imported_count, defined_count;
    uint32_t depth, weight;
    /* How many instances, core ones included, one instantiation makes, as far as it is known; saturating. */
    uint64_t transitive_instances;
};

/* ---- definitions as they stand in the binary ---- */

typedef struct SortIndex {
    Sort sort;
    uint32_t index;
} SortIndex;

typedef struct ExternName {
    Bytes name;
    Bytes version_suffix; /* empty when absent */
    Bytes implements;     /* empty when absent */
    Bytes external_id;    /* empty when absent */
    uint8_t form;         /* the leading byte: 0x00, 0x01 or 0x02 */
    uint8_t attributes;   /* those that are there: bit 0 implements, 1 version_suffix, 2 external_id */
} ExternName;

typedef struct NamedItem {
    Bytes name;
    SortIndex item;
    const ExternName *extern_name; /* of inline exports of component instances, else NULL */
} NamedItem;

/* core:instanceexpr and instanceexpr: instantiation of `target` with `args`, or the exports inline in `args`.
 */
typedef struct InstanceDef {
    bool is_inline;
    uint32_t target; /* core module or component index */
    NamedItem *args;
    uint32_t arg_count;
} InstanceDef;

typedef enum AliasKind { ALIAS_EXPORT, ALIAS_CORE_EXPORT, ALIAS_OUTER } AliasKind;

typedef struct AliasDef {
    AliasKind kind;
    Sort sort;
    uint32_t instance; /* ALIAS_EXPORT, ALIAS_CORE_EXPORT */
    Bytes name;        /* the same */
    uint32_t outer_count, outer_index;
} AliasDef;

typedef enum StringEncoding { ENCODING_UTF8, ENCODING_UTF16, ENCODING_LATIN1_UTF16 } StringEncoding;

typedef enum CanonKind {
    CANON_LIFT,
    CANON_LOWER,
    CANON_RESOURCE_NEW,
    CANON_RESOURCE_DROP,
    CANON_RESOURCE_REP,
    CANON_TASK_RETURN,
    CANON_OTHER, /* the other asynchronous and threading ones: `opcode` tells; not executed yet */
} CanonKind;

#define NO_INDEX UINT32_MAX

/* The binary format's canonopt bytes, as CanonDef.options keeps them. */
typedef enum CanonOption {
    CANONOPT_UTF8,
    CANONOPT_UTF16,
    CANONOPT_LATIN1_UTF16,
    CANONOPT_MEMORY,
    CANONOPT_REALLOC,
    CANONOPT_POST_RETURN,
    CANONOPT_ASYNC,
    CANONOPT_CALLBACK,
} CanonOption;

/* A row of canon.def. */
typedef struct CanonRow {
    const char *name;
    uint16_t immediates; /* CANON_HAS_* */
    const char *params, *results;
    Feature feature;
} CanonRow;

/* What follows the opcode, in the order of the bits but for the type of canon lift, which comes last. */
enum {
    CANON_HAS_FUNC = 1 << 0,       /* CanonDef.func */
    CANON_HAS_RESULT = 1 << 1,     /* .result */
    CANON_HAS_VALUE_TYPE = 1 << 2, /* .extra[0], a core value type */
    CANON_HAS_TYPE = 1 << 3,       /* .type */
    CANON_HAS_ASYNC = 1 << 4,      /* .flag, these three */
    CANON_HAS_CANCELLABLE = 1 << 5,
    CANON_HAS_SHARED = 1 << 6,
    CANON_HAS_CORE_TYPE = 1 << 7, /* .extra[0], an index */
    CANON_HAS_NUMBER = 1 << 8,    /* .extra[1] */
    CANON_HAS_MEMORY = 1 << 9,    /* .memory */
    CANON_HAS_OPTIONS = 1 << 10,
};

/* NULL when `opcode` is none. */
const CanonRow *sgi_canon_row(uint8_t opcode);

typedef struct CanonDef {
    CanonKind kind;
    uint8_t opcode; /* the leading byte in the binary */
    uint32_t func;  /* core function lifted, or component function lowered */
    uint32_t type;  /* type index, or NO_INDEX */
    StringEncoding encoding;
    uint32_t memory, realloc, post_return, callback; /* core indices, or NO_INDEX */
    bool is_async;
    uint8_t *options; /* the option bytes' kinds in order, for printing; option_count of them */
    uint32_t option_count;
    uint32_t
        extra[2]; /* further immediates of CANON_OTHER: context.*: value type, slot; thread.*: type, table */
    uint8_t flag; /* the same: the byte of async?, cancel? or shared? */
    const TypeExpr *result; /* task.return; NULL: none */
    /* Resolved by validation. */
    const sg_type *result_type;    /* of `result` */
    const CompFuncType *func_type; /* CANON_LIFT, CANON_LOWER */
    uint32_t core_type_id; /* registry id of the core function's type: of the one lifted, or the one made */
    const FuncType *core_type; /* of the one made; NULL for CANON_LIFT */
    bool is_memory64;          /* its memory has 64-bit addresses */
    ResourceType *resource;
} CanonDef;

/* An externdesc, raw. */
typedef struct ExternDesc {
    Sort sort;
    uint32_t type;                  /* type index; for SORT_TYPE with bound eq too */
    bool is_bound_eq, is_bound_sub; /* SORT_TYPE: (eq i) or (sub resource); SORT_VALUE: (eq i) or a type */
    const TypeExpr *value;          /* SORT_VALUE by type */
} ExternDesc;

typedef struct ImportDef {
    ExternName name;
    ExternDesc desc;
} ImportDef;

typedef struct ExportDef {
    ExternName name;
    SortIndex item;
    bool has_desc;
    ExternDesc desc;
} ExportDef;

typedef struct StartDef {
    uint32_t func;
    uint32_t *args;
    uint32_t arg_count, result_count;
} StartDef;

typedef struct ValueDef {
    const TypeExpr *type;
    Bytes bytes;
} ValueDef;

typedef enum DefKind {
    DEF_CORE_MODULE,
    DEF_CORE_INSTANCE,
    DEF_CORE_TYPE,
    DEF_COMPONENT,
    DEF_INSTANCE,
    DEF_ALIAS,
    DEF_TYPE,
    DEF_CANON,
    DEF_START,
    DEF_IMPORT,
    DEF_EXPORT,
    DEF_VALUE,
} DefKind;

typedef struct Def {
    DefKind kind;
    uint32_t offset; /* in the binary */
    union {
        Module *core_module;  /* owned */
        Component *component; /* owned */
        InstanceDef instance; /* DEF_CORE_INSTANCE, DEF_INSTANCE */
        TypeExpr *type;       /* DEF_TYPE, DEF_CORE_TYPE */
        AliasDef alias;
        CanonDef canon;
        StartDef start;
        ImportDef import;
        ExportDef export_;
        ValueDef value;
    } as;
} Def;

/* Type definitions as they stand; children are by index or inline. */
typedef enum TypeExprKind {
    TX_INDEX,       /* a reference to type `index` */
    TX_VALUE,       /* a value type: `value_kind` */
    TX_FUNC,        /* fields: the parameters; element: the result or NULL */
    TX_COMPONENT,   /* decls */
    TX_INSTANCE,    /* decls */
    TX_RESOURCE,    /* rep, destructor */
    TX_CORE_REC,    /* core rectype: sub_types, `core_bytes` */
    TX_CORE_MODULE, /* decls of a core module type */
} TypeExprKind;

typedef struct TypeField {
    Bytes name;
    const TypeExpr *type; /* NULL when absent */
} TypeField;

/* A declaration inside a component, instance or core module type. */
typedef struct TypeDecl {
    uint32_t offset;
    enum {
        DECL_TYPE,
        DECL_CORE_TYPE,
        DECL_ALIAS,
        DECL_IMPORT,
        DECL_EXPORT,
        DECL_CORE_IMPORT,
        DECL_CORE_EXPORT
    } kind;
    union {
        TypeExpr *type;
        AliasDef alias;
        ImportDef extern_; /* DECL_IMPORT, DECL_EXPORT: name and description */
        struct {
            Bytes module, name;
            ExternKind kind;
            uint32_t type; /* core type index: functions, tags */
            TableType table;
            Limits memory;
            GlobalType global;
        } core; /* DECL_CORE_IMPORT, DECL_CORE_EXPORT */
    } as;
} TypeDecl;

struct TypeExpr {
    TypeExprKind kind;
    uint32_t offset;
    uint32_t index;     /* TX_INDEX */
    sg_kind value_kind; /* TX_VALUE */
    TypeField
        *fields; /* members of records, tuples, variants, flags, enums, result {ok, error}; parameters */
    uint32_t field_count;
    const TypeExpr
        *element; /* list, option, stream, future, own, borrow (TX_INDEX), map's value, a func's result */
    const TypeExpr *key; /* map */
    uint32_t length;     /* fixed-length list */
    bool is_async;       /* TX_FUNC */
    uint8_t rep;         /* TX_RESOURCE: the core type's byte */
    uint32_t destructor; /* TX_RESOURCE: core function, or NO_INDEX */
    TypeDecl *decls;
    uint32_t decl_count;
    SubType *sub_types; /* TX_CORE_REC: with indices into the core type space */
    uint32_t sub_type_count;
    bool is_rec; /* TX_CORE_REC: written as an explicit group */
};

/* Index spaces as validation leaves them: what each index is, with its resolved type. */
typedef struct CompItem {
    uint32_t def; /* the definition that made it */
    ExternType type;
} CompItem;

typedef struct CoreItem {
    uint32_t def;
    CoreExternType type;
} CoreItem;

/* Owner of all it points at, nested modules and components included; immutable once loaded. A nested
 * component shares its root's account and arena. Freed with the root's last reference. */
struct sg_component {
    Alloc alloc; /* the root's own only */
    Arena arena; /* the same */
    atomic_uint references;
    Component *root, *parent; /* root->root == root; parent NULL at the root */
    Bytes bytes;              /* the whole binary at the root, the nested one inside it */
    uint32_t depth;

    Def *defs; /* on the root's account, not in the arena */
    uint32_t def_count;
    size_t def_capacity;
    Custom *customs;
    uint32_t custom_count;

    /* Filled by validation. */
    Vec(uint32_t)
        held_types;         /* the root's: ids of core types whose groups it holds, those referred to first */
    TypeRegistry *registry; /* the root's: of those ids */
    CompItem *funcs, *instances, *components;
    uint32_t func_count, instance_count, component_count;
    CoreItem *core_funcs, *core_tables, *core_memories, *core_globals, *core_tags;
    uint32_t core_func_count, core_table_count, core_memory_count, core_global_count, core_tag_count;
    const CoreModuleType **core_modules; /* by core module index */
    uint32_t core_module_count;
    const CoreModuleType **core_instances; /* by core instance index: its exports */
    uint32_t core_instance_count;
    CompType *types;
    uint32_t type_count;
    ComponentType type; /* imports and exports, in order */
    /* How many core instances and component instances one instantiation makes, nested ones included. */
    uint64_t transitive_instances;

    struct sg_engine *engine; /* the root's: set and kept alive by the pipeline; NULL before */
    void (*release_hook)(struct sg_component *component); /* the root's: lets go of the engine */
};

/* An empty component on a new account bounded as `cx->alloc` (or nested: on the parent's), or NULL. */
Component *sgi_component_new(const LoadContext *cx, Component *parent);
void sgi_component_retain(Component *component);
void sgi_component_release(Component *component);

/* Structural equality of resolved types; resources by identity, or as `same` says. */
bool sgi_type_equal(const sg_type *a, const sg_type *b);
typedef bool SameResource(void *context, const ResourceType *a, const ResourceType *b);
bool sgi_type_equal_by(const sg_type *a, const sg_type *b, SameResource *same, void *context);

/* The version in a name. Names with the same track are compatible with each other. */
typedef struct Version {
    Bytes track; /* the name up to the first number of the version that is not 0 */
    uint64_t minor, patch;
} Version;

/* False for names without a released version. */
bool sgi_version_of(Bytes name, Version *version);

/* The binary format's byte of a type of values, of itself or before its parts. */
uint8_t sgi_type_opcode(sg_kind kind);
/* A byte is all there is of it. */
bool sgi_type_is_primitive(sg_kind kind);

/* A type of values where another type uses it: a primitive one's byte, or an index. */
typedef struct ValTypeRef {
    bool is_index;
    uint32_t value;
} ValTypeRef;

void sgi_put_valtype(Buf *out, ValTypeRef ref);
/* NULL: there is none. */
void sgi_put_optional_valtype(Buf *out, const ValTypeRef *ref);
/* The result of a function. NULL: none. */
void sgi_put_result(Buf *out, const ValTypeRef *ref);

/* What a validated module is to a component, in memory from `arena`; false when that is refused. */
bool sgi_core_module_type(Arena *arena, const Module *module, CoreModuleType *type);

/* variant-like types: bytes of the discriminant in memory (1, 2 or 4). */
uint32_t sgi_discriminant_size(uint32_t case_count);

#endif
