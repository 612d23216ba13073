/* What running code sees: the run-time structures that tiers read and the table of calls they make. `run`
 * makes and owns all of it (lifetime: the store's, unless said otherwise).
 *
 *   ExecContext ── fuel, interrupt, stack limits ── lib: LibCalls
 *   Instance ──┬─ funcs[]    → FuncInst ── kind, type id, its own Instance
 *              ├─ memories[] → MemoryInst ── base, size
 *              ├─ tables[]   → TableInst ── elements, size
 *              ├─ globals[]  → GlobalInst ── value
 *              └─ tags[]     → TagInst ── layout of its exceptions
 */
#ifndef SGI_VMCTX_H
#define SGI_VMCTX_H

#include "module/core.h"

#include <string.h>

typedef struct ExecContext ExecContext;
/* The public handles are these structures: no wrapper stands between. */
typedef struct sg_core_instance Instance;
typedef struct sg_core_func FuncInst;
typedef struct sg_core_memory MemoryInst;
typedef struct sg_shared_memory SharedMemory;
typedef struct sg_core_table TableInst;
typedef struct sg_core_global GlobalInst;
typedef struct sg_core_tag TagInst;
typedef struct sg_store Store;
typedef struct ModuleCode ModuleCode; /* a tier's own */
typedef struct Activation Activation; /* a tier's own: one entry into it from the host */

/* An untyped 64-bit cell. i32 and f32 live in the low half; the high half is then unspecified. A v128 takes
 * two, the low half first. References:
 *   NULL               null
 *   FuncInst *         a function
 *   I31_BIT | 31 bits  an i31
 *   Object *           a struct, an array or an exception: inside the store's heap
 *   any other pointer  the host's own: an externref, or one converted to anyref
 * Converting between extern and any changes nothing. */
typedef union Slot {
    uint64_t u64;
    int64_t s64;
    uint32_t u32;
    int32_t s32;
    float f32;
    double f64;
    void *ref;
} Slot;

#define I31_BIT (UINT64_C(1) << 63)

static inline uint64_t sgi_i31(uint32_t value) {
    return I31_BIT | (value & UINT32_MAX >> 1);
}

/* What every object of the heap begins with; rtt.h has the rest. */
typedef struct Object {
    const Rtt *rtt;
    uint32_t link;   /* the collector's own, and between collections of no meaning */
    uint32_t length; /* of an array; of a struct its first bytes of fields */
} Object;

_Static_assert(offsetof(Object, length) == OBJECT_FIELDS && sizeof(Object) == ARRAY_ELEMENTS,
               "the layouts of rtt.h");

/* Where the element `index` of an array is. */
static inline uint8_t *sgi_element_at(Object *array, uint64_t index) {
    return (uint8_t *)array + ARRAY_ELEMENTS + index * sgi_storage_size((Storage)array->rtt->element);
}

/* Writes a field or element. */
static inline void sgi_store_field(void *at, Storage storage, const Slot *value) {
    switch (storage) {
    case STORAGE_8: memcpy(at, value, 1); break;
    case STORAGE_16: memcpy(at, value, 2); break;
    case STORAGE_32: memcpy(at, value, 4); break;
    case STORAGE_128: memcpy(at, value, 16); break;
    default: memcpy(at, value, 8); break;
    }
}

/* A free cell of the heap, in the list of its size. */
typedef struct Cell {
    struct Cell *next;
} Cell;

/* Lists of free cells: one for each multiple of OBJECT_ALIGN up to SMALL_OBJECT, then a few larger ones. */
enum {
    SMALL_OBJECT = 512,
    SMALL_CLASSES = SMALL_OBJECT / OBJECT_ALIGN + 1,
    CELL_CLASSES = SMALL_CLASSES + 16
};

struct sg_core_memory {
    uint8_t *base; /* may change when it grows: fetch again after every call */
    uint64_t size; /* bytes that may be accessed; 0 in a shared memory: sgi_memory_size */
    uint64_t max_size;
    unsigned page_log2; /* memory.size and memory.grow count in these pages */
    Limits type;
    uint64_t reserved; /* bytes of addresses mapped at `base` */
    uint64_t booked;   /* bytes that its store has been charged */
    Store *store;
    /* What is shared with other stores and threads, or NULL. Then the base never changes, and plain accesses
     * are relaxed ones (relaxed.h). */
    SharedMemory *shared;
    const atomic_uint_fast64_t *shared_size;
};

static inline uint64_t sgi_memory_size(const MemoryInst *memory) {
    return SGI_LIKELY(memory->shared == NULL)
               ? memory->size
               : atomic_load_explicit(memory->shared_size, memory_order_acquire);
}

/* From and to a memory, shared or not; of the sizes of relaxed.h. */
static inline void sgi_memory_load(bool is_shared, void *to, const uint8_t *from, size_t size) {
    if (SGI_LIKELY(!is_shared))
        memcpy(to, from, size);
    else
        sgi_relaxed_load(to, from, size);
}
static inline void sgi_memory_store(bool is_shared, uint8_t *to, const void *from, size_t size) {
    if (SGI_LIKELY(!is_shared))
        memcpy(to, from, size);
    else
        sgi_relaxed_store(to, from, size);
}

struct sg_core_table {
    void **elements; /* may change when it grows */
    uint64_t size, capacity;
    TableType type; /* element: canonical */
    Store *store;
    TableInst *next; /* of the store's tables that may hold objects */
};

struct sg_core_global {
    Slot value, high; /* `high`: of a v128 */
    GlobalType type;  /* type: canonical */
    Store *store;
    GlobalInst *next; /* as of tables */
};

/* Exceptions are told apart by the address of their tag. */
struct sg_core_tag {
    const FuncType *type;
    const Rtt *rtt; /* of an exception: rtt.h */
    Store *store;
    const Module *module; /* that defines it; NULL: the host's */
    uint32_t index;       /* there */
};

/* An exception: a heap object. Its slots are those of the tag's parameters. */
typedef struct Exception {
    Object object;
    const TagInst *tag;
    Slot slots[];
} Exception;

_Static_assert(offsetof(Exception, slots) == EXCEPTION_SLOTS, "the layout of rtt.h");

typedef enum FuncKind { FUNC_WASM, FUNC_HOST } FuncKind;

/* A host function at its lowest: slots hold the arguments, then the results. The trap that ends the call, or
 * none. */
typedef sg_trap HostFn(void *context, ExecContext *cx, FuncInst *func, Slot *slots);

struct sg_core_func {
    FuncKind kind;
    uint32_t type_id; /* in the registry: what call_indirect compares first */
    const FuncType *type;
    const Rtt *rtt;
    Store *store;
    Instance *instance; /* FUNC_WASM */
    uint32_t index;     /* FUNC_WASM: in its module */
    HostFn *host;       /* FUNC_HOST */
    void *host_context; /* FUNC_HOST */
    void (*host_finalize)(void *context);
};

/* One elem segment of an instance, its references made; dropped: count 0. */
typedef struct ElemInst {
    void **items;
    uint32_t count;
    struct ElemInst *next; /* as of tables */
} ElemInst;

struct sg_core_instance {
    Module *module;
    const SubType *types; /* the module's */
    ModuleCode *code;
    Store *store;
    FuncInst **funcs;
    TableInst **tables;
    MemoryInst **memories;
    GlobalInst **globals;
    TagInst **tags;
    FuncInst *own_funcs; /* the module's own, not the imported ones */
    ElemInst *elems;
    uint8_t *data_dropped; /* one byte each */
    sg_trap ended;         /* the limit that ended it; calls are then refused */
    Instance *next;        /* in the store */
};

typedef struct LibCalls {
#define LIBCALL(name, parameters) sg_trap(*name) parameters;
#include "module/libcalls.def"
#undef LIBCALL
} LibCalls;

/* The state of a running call; one a store, in place for its life. */
struct ExecContext {
    /* Units left. Counted down without a limit too, from INT64_MAX, so that usage is known. Charged at
     * segment heads, may fall below 0 between checks. */
    int64_t fuel;
    atomic_uint interrupt; /* nonzero: look, by lib->interrupted */
    uint32_t host_depth;   /* nested host calls, at most LIMIT(HOST_CALL_DEPTH) */
    Slot *stack_top;       /* the next free slot: where the next call's frames begin */
    Slot *stack_end;       /* frames must not pass it: SG_TRAP_STACK_EXHAUSTED */
    Slot *
        stack_peak; /* the highest `stack_top` at a function entry of this outermost call; kept by the tier */
    Activation *activation;  /* the innermost, or NULL */
    Instance *caller;        /* of the host function that begins; NULL: the host itself */
    const TagInst *uncaught; /* of the newest exception that became a trap */
    const LibCalls *lib;
    Store *store;
    /* The heap's addresses, 0 and 0 before it is made; free cells, by their size. */
    uintptr_t heap_base, heap_size;
    Cell *cells[CELL_CLASSES];
};

/* Is the reference one to an object of the heap? */
static inline bool sgi_is_object(const ExecContext *cx, const void *ref) {
    return (uintptr_t)ref - cx->heap_base < cx->heap_size;
}

/* Is a reference, which is not null, to something of the heap type? One of a hierarchy of which it is known
 * to be, as a module with `types` writes it. */
static inline bool sgi_ref_is_of(const ExecContext *cx, const SubType *types, const void *ref,
                                 uint32_t heap) {
    if (!sgi_is_abstract(heap)) {
        const Rtt *rtt = types[heap].rtt;
        if (rtt->kind == COMP_FUNC)
            return sgi_rtt_matches(((const FuncInst *)ref)->rtt, rtt);
        return sgi_is_object(cx, ref) && sgi_rtt_matches(((const Object *)ref)->rtt, rtt);
    }
    bool is_i31 = ((uintptr_t)ref & I31_BIT) != 0, is_object = sgi_is_object(cx, ref);
    switch (heap) {
    case HEAP_I31: return is_i31;
    case HEAP_EQ: return is_i31 || is_object;
    case HEAP_STRUCT: return is_object && ((const Object *)ref)->rtt->kind == COMP_STRUCT;
    case HEAP_ARRAY: return is_object && ((const Object *)ref)->rtt->kind == COMP_ARRAY;
    case HEAP_ANY:
    case HEAP_EXTERN:
    case HEAP_FUNC:
    case HEAP_EXN: return true;
    default: return false;
    }
}

#endif
