/* A core module: what its bytes mean. Data only. */
#ifndef SGI_CORE_H
#define SGI_CORE_H

#include "module/code.h"
#include "module/features.h"
#include "module/limits.h"
#include "module/types.h"

#include <stdatomic.h>

/* What loading works with, through decode and validation. */
typedef struct LoadContext {
    Alloc *alloc; /* the account of what is loaded; bounded by the load budget */
    Features features;
    TypeRegistry *types;
    const atomic_uint *interrupt; /* set to an sg_trap when the load must stop; may be NULL */
    sg_error *err;                /* may be NULL */
} LoadContext;

/* Loops over guest-sized input look here about every thousand items: SG_OK, or the trap that ends the load.
 */
static inline sg_status sgi_load_poll(const LoadContext *cx) {
    unsigned trap = cx->interrupt ? atomic_load_explicit(cx->interrupt, memory_order_relaxed) : 0;
    return SGI_LIKELY(trap == 0) ? SG_OK : sgi_fail_trap(cx->err, (sg_trap)trap);
}

/* SG_NO_MEMORY, or SG_TOO_LARGE when it was the load budget that refused. */
sg_status sgi_load_no_memory(const LoadContext *cx);

/* SG_UNSUPPORTED with the feature's name. */
sg_status sgi_load_unsupported(const LoadContext *cx, Feature feature, uint64_t offset);

static inline sg_status sgi_load_need(const LoadContext *cx, Feature feature, uint64_t offset) {
    return SGI_LIKELY(sgi_has(cx->features, feature)) ? SG_OK : sgi_load_unsupported(cx, feature, offset);
}

typedef enum ExternKind {
    EXTERN_FUNC,
    EXTERN_TABLE,
    EXTERN_MEMORY,
    EXTERN_GLOBAL,
    EXTERN_TAG,
    EXTERN_KINDS
} ExternKind;

/* A limit pair of a table or memory; `max` is UINT64_MAX when absent. */
typedef struct Limits {
    uint64_t min, max;
    bool is_64, is_shared;
    bool has_max;
    bool has_page_size; /* of memories: a page size is written */
    uint8_t page_log2;  /* if so; see sgi_page_log2 */
} Limits;

/* The binary logarithm of a memory's page size. */
static inline unsigned sgi_page_log2(const Limits *limits) {
    return limits->has_page_size ? limits->page_log2 : 16;
}

/* Is what is given, of the size `min` now, good where `wanted` is imported? (Core specification, 3.3.)
 */
static inline bool sgi_limits_match(const Limits *given, uint64_t min, const Limits *wanted) {
    return given->is_64 == wanted->is_64 && given->is_shared == wanted->is_shared &&
           sgi_page_log2(given) == sgi_page_log2(wanted) && min >= wanted->min &&
           (!wanted->has_max || (given->has_max && given->max <= wanted->max));
}

typedef struct TableType {
    ValType element;
    Limits limits;
} TableType;

typedef struct GlobalType {
    ValType type;
    bool mutable_;
} GlobalType;

/* An instruction sequence with its end, validated to be constant. */
typedef struct ConstExpr {
    const uint8_t *code, *end; /* `end` is past the final OP_END */
} ConstExpr;

typedef struct Import {
    Bytes module, name;
    ExternKind kind;
    uint32_t index;  /* in its index space */
    uint32_t offset; /* of the import in the binary */
} Import;

typedef struct Export {
    Bytes name;
    ExternKind kind;
    uint32_t index;
    uint32_t offset;
} Export;

typedef struct Table {
    TableType type;
    ConstExpr init; /* code NULL when absent: null */
} Table;

typedef struct Global {
    GlobalType type;
    ConstExpr init; /* code NULL for imports */
} Global;

typedef enum SegmentMode { SEGMENT_ACTIVE, SEGMENT_PASSIVE, SEGMENT_DECLARATIVE } SegmentMode;

/* Elements are either all function indices or all expressions. */
typedef struct Elem {
    SegmentMode mode;
    ValType type;
    uint32_t table;
    ConstExpr offset_expr;
    uint32_t count;
    const uint32_t *funcs;  /* NULL when expressions are used */
    const ConstExpr *exprs; /* NULL when functions are used */
    uint32_t offset;        /* of the segment in the binary */
    uint8_t flags;          /* as encoded, for printing the same form */
} Elem;

typedef struct Data {
    SegmentMode mode;
    uint32_t memory;
    ConstExpr offset_expr;
    Bytes bytes;
    uint32_t offset;
} Data;

/* A custom section; `after` is the id of the last known section before it (0: none). */
typedef struct Custom {
    Bytes name, bytes;
    uint8_t after;
    uint32_t offset;
} Custom;

typedef struct NameAssoc {
    uint32_t index;
    Bytes name;
} NameAssoc;

typedef struct NameMap {
    const NameAssoc *items; /* by ascending index */
    uint32_t count;
} NameMap;

typedef struct IndirectNameMap {
    const uint32_t *indices; /* ascending */
    const NameMap *maps;
    uint32_t count;
} IndirectNameMap;

/* The name section, as far as it is well formed; the rest is ignored (core specification, 7.4.1). */
typedef struct Names {
    Bytes module;
    NameMap funcs, types, tables, memories, globals, elems, datas, tags;
    IndirectNameMap locals, labels, fields;
} Names;

/* Owner of all it points at: one arena, on its own account. Immutable once loaded, then shared between
 * threads; what the tiers add is behind `code`. Freed with the last reference. */
typedef struct sg_module Module; /* the public handle is this structure */
struct sg_module {
    Alloc alloc;
    Arena arena;
    atomic_uint references;
    Bytes bytes; /* the binary, owned by the arena */
    Features features;

    SubType *types;
    uint32_t type_count;
    uint32_t held_types;    /* so many of them have ids, whose groups the module holds */
    TypeRegistry *registry; /* of those ids */
    uint32_t *empty_groups; /* the type index before which an empty group stands, each; for printing */
    uint32_t empty_group_count;

    Import *imports;
    uint32_t import_count;
    uint32_t imported[EXTERN_KINDS]; /* how many of each kind: they come first in each index space */

    /* Index spaces, imports first. */
    uint32_t *funcs; /* type index of each */
    uint32_t func_count;
    Table *tables;
    uint32_t table_count;
    Limits *memories;
    uint32_t memory_count;
    Global *globals;
    uint32_t global_count;
    uint32_t *tags; /* type index of each */
    uint32_t tag_count;

    Export *exports;
    uint32_t export_count;
    uint32_t start; /* function index, or UINT32_MAX */
    Elem *elems;
    uint32_t elem_count;
    Data *datas;
    uint32_t data_count;
    bool has_data_count; /* the data count section is there */
    FuncBody *bodies;    /* of functions imported[EXTERN_FUNC] .. func_count */
    uint32_t body_count;

    /* Filled by validation. */
    Segment *segments; /* of all bodies, in order */
    size_t segment_count;
    uint8_t *declared_funcs; /* bit set: functions that ref.func may name */
    Map export_map;          /* name → index in `exports` */

    Custom *customs;
    uint32_t custom_count;
    Names names;

    struct sg_engine *engine;                       /* set and kept alive by the pipeline; NULL before */
    void *code;                                     /* the tier's ModuleCode, made by the pipeline */
    void (*release_hook)(struct sg_module *module); /* of the pipeline: frees `code`, lets go of the engine */
};

static inline const FuncType *sgi_module_func_type(const Module *module, uint32_t func) {
    return &module->types[module->funcs[func]].as.func;
}

/* The name of an index, or empty. */
Bytes sgi_name_find(const NameMap *map, uint32_t index);

/* An empty module on a new account bounded as `cx->alloc`, or NULL. References: 1. */
Module *sgi_module_new(const LoadContext *cx);
void sgi_module_retain(Module *module);
/* Frees the module with its last reference. */
void sgi_module_release(Module *module);

#endif
