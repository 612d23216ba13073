/* Core types, in the shape that WebAssembly 3.0 gives them, and the engine's registry that makes equal types
 * equal numbers. */
#ifndef SGI_TYPES_H
#define SGI_TYPES_H

#include "base/base.h"
#include "module/rtt.h"

/* A value type in 32 bits, within one module: bits 0-7 hold the kind, bits 8-31 the heap type of a reference,
 * which is a type index of the module or, from HEAP_ABSTRACT up, an abstract heap type. Canonical value types
 * (in the registry) have registry ids in place of type indices. */
typedef uint32_t ValType;

/* The kinds are the binary format's bytes. Packed types are storage types only. */
enum {
    KIND_I32 = 0x7f,
    KIND_I64 = 0x7e,
    KIND_F32 = 0x7d,
    KIND_F64 = 0x7c,
    KIND_V128 = 0x7b,
    KIND_I8 = 0x78,
    KIND_I16 = 0x77,
    KIND_REF = 0x64,      /* (ref ht) */
    KIND_REF_NULL = 0x63, /* (ref null ht) */
    KIND_BOTTOM = 0,      /* any type: the operands of unreachable code */
};

#define HEAP_ABSTRACT 0xffff00u
/* Abstract heap types: HEAP_ABSTRACT plus the binary format's byte. */
enum {
    HEAP_NOEXN = HEAP_ABSTRACT | 0x74,
    HEAP_NOFUNC = HEAP_ABSTRACT | 0x73,
    HEAP_NOEXTERN = HEAP_ABSTRACT | 0x72,
    HEAP_NONE = HEAP_ABSTRACT | 0x71,
    HEAP_FUNC = HEAP_ABSTRACT | 0x70,
    HEAP_EXTERN = HEAP_ABSTRACT | 0x6f,
    HEAP_ANY = HEAP_ABSTRACT | 0x6e,
    HEAP_EQ = HEAP_ABSTRACT | 0x6d,
    HEAP_I31 = HEAP_ABSTRACT | 0x6c,
    HEAP_STRUCT = HEAP_ABSTRACT | 0x6b,
    HEAP_ARRAY = HEAP_ABSTRACT | 0x6a,
    HEAP_EXN = HEAP_ABSTRACT | 0x69,
    HEAP_BOTTOM = HEAP_ABSTRACT, /* below every heap type: a reference in unreachable code */
};

#define VAL_I32       ((ValType)KIND_I32)
#define VAL_I64       ((ValType)KIND_I64)
#define VAL_F32       ((ValType)KIND_F32)
#define VAL_F64       ((ValType)KIND_F64)
#define VAL_V128      ((ValType)KIND_V128)
#define VAL_BOTTOM    ((ValType)KIND_BOTTOM)
#define VAL_FUNCREF   sgi_ref(true, HEAP_FUNC)
#define VAL_EXTERNREF sgi_ref(true, HEAP_EXTERN)

static inline ValType sgi_ref(bool nullable, uint32_t heap) {
    return (nullable ? KIND_REF_NULL : KIND_REF) | heap << 8;
}
static inline uint8_t sgi_kind(ValType type) {
    return (uint8_t)type;
}
static inline uint32_t sgi_heap(ValType type) {
    return type >> 8;
}
static inline bool sgi_is_ref(ValType type) {
    return sgi_kind(type) == KIND_REF || sgi_kind(type) == KIND_REF_NULL;
}
static inline bool sgi_is_nullable(ValType type) {
    return sgi_kind(type) == KIND_REF_NULL;
}
static inline bool sgi_is_abstract(uint32_t heap) {
    return heap >= HEAP_ABSTRACT;
}
static inline bool sgi_is_num(ValType type) {
    return type >= KIND_F64 && type <= KIND_I32;
}
/* Has a default value: everything but non-nullable references. */
static inline bool sgi_is_defaultable(ValType type) {
    return sgi_kind(type) != KIND_REF;
}

typedef struct FuncType {
    const ValType *params, *results;
    uint32_t param_count, result_count;
    uint32_t param_slots, result_slots; /* a v128 takes two */
} FuncType;

/* Slots of a frame that values of these types take. */
static inline uint32_t sgi_slots(const ValType *types, uint32_t count) {
    uint32_t slots = count;
    for (uint32_t i = 0; i < count; i++)
        slots += types[i] == VAL_V128;
    return slots;
}

static inline FuncType sgi_func_type(const ValType *params, uint32_t param_count, const ValType *results,
                                     uint32_t result_count) {
    return (FuncType){params,
                      results,
                      param_count,
                      result_count,
                      sgi_slots(params, param_count),
                      sgi_slots(results, result_count)};
}

typedef struct FieldType {
    ValType type; /* or KIND_I8, KIND_I16 */
    bool mutable_;
} FieldType;

typedef enum CompKind { COMP_FUNC = 0x60, COMP_STRUCT = 0x5f, COMP_ARRAY = 0x5e } CompKind;

#define NO_TYPE UINT32_MAX

/* One defined type: a member of a recursion group. */
typedef struct SubType {
    CompKind kind;
    bool final;
    bool in_rec;                     /* written inside an explicit group, for printing */
    bool is_long;                    /* written as "sub final" without need, for printing */
    bool defaultable;                /* an aggregate whose fields all have defaults; once validated */
    uint32_t supertype;              /* type index, or NO_TYPE */
    uint32_t group_start, group_end; /* the recursion group, as type indices */
    uint32_t depth;                  /* of the chain of supertypes; 0 without one */
    uint32_t id;                     /* in the registry, once validated: equal ids, equal types */
    const Rtt *rtt;                  /* of the registry, once validated */
    union {
        FuncType func;
        struct {
            const FieldType *fields;
            uint32_t field_count; /* 1 for an array */
        } aggregate;
    } as;
} SubType;

/* The engine-wide registry: gives every defined type of every module an id such that types are equal (core
 * specification, "rolling" and "unrolling" of recursive types) exactly when ids are. Thread-safe. It holds
 * one copy of each distinct group for as long as someone holds the group; ids may then be given to other
 * types. */
typedef struct TypeRegistry TypeRegistry;

/* `alloc` is used under the registry's own lock. NULL when refused. */
TypeRegistry *sgi_types_new(Alloc *alloc);
void sgi_types_delete(TypeRegistry *types);

/* Registers types[group_start .. group_end), not empty, and fills their `id`s and `rtt`s. The caller then
 * holds the group, until it calls sgi_types_release with one of the ids. It must hold the groups of all types
 * outside that the group refers to, and longer. The ids of all earlier types of the module are filled
 * already; every type index inside the group is below group_end. SG_NO_MEMORY. Linear in the group's size. */
sg_status sgi_types_add_group(TypeRegistry *registry, SubType *types, uint32_t group_start,
                              uint32_t group_end, sg_error *err);

/* The id of a function type of the host's making, held as above; its reference types may only be abstract
 * ones. */
sg_status sgi_types_add_func(TypeRegistry *types, const FuncType *type, uint32_t *id, sg_error *err);

/* Holds the group that has `id`, which someone holds already, once more. What is said above of the groups it
 * refers to goes for this holder too. */
void sgi_types_hold(TypeRegistry *types, uint32_t id);

/* Gives up one hold of the group that has `id`. */
void sgi_types_release(TypeRegistry *types, uint32_t id);

/* Is `id` the type `super_id` or declared below it? */
bool sgi_types_is_subtype(TypeRegistry *types, uint32_t id, uint32_t super_id);

/* A registered type, and its kind. */
const Rtt *sgi_types_rtt(TypeRegistry *types, uint32_t id);
CompKind sgi_types_kind(TypeRegistry *types, uint32_t id);

/* `type` of a module with its type indices turned into registry ids, for comparing across modules. */
ValType sgi_types_canonical(const SubType *module_types, ValType type);

/* Subtyping of canonical value types (core specification, 3.3). */
bool sgi_types_matches(TypeRegistry *types, ValType sub, ValType super);

/* The same for value types of one module, whose types have their ids. Takes no lock. */
bool sgi_types_matches_in(const SubType *module_types, ValType sub, ValType super);

/* A type in the text format; type indices as numbers: "i32", "funcref", "(ref null 3)". */
typedef struct TypeName {
    char text[32];
} TypeName;
TypeName sgi_type_name(ValType type);

#endif
