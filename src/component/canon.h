/* Lifting and lowering (canonical ABI, "Lifting and Lowering Values"). Functions have the specification's
 * names.
 *
 *   guest memory, core values ── lift ──→ sg_value in call memory ── lower ──→ guest memory, core values
 *
 * Everything that comes from a guest is hostile. Invariants: a range of memory is checked when its pointer is
 * first seen, as bytes, and stays valid because memories never shrink; nothing keeps a host address of it
 * over a call into the guest. The depth of recursion is that of types: at most LIMIT(TYPE_DEPTH). */
#ifndef SGI_CANON_H
#define SGI_CANON_H

#include "component/internal.h"

/* A handle lent for the time of a call. On the store's account: call memory is given back in between. */
typedef struct Loan {
    struct Loan *next;
    HandleTable *table;
    uint32_t index;
    bool is_temporary; /* a borrowed handle made for the host: it goes at the end */
} Loan;

/* A resource of the host's that was taken from one table, or given by the host, and has not come to another
 * table yet. In call memory. */
typedef struct Lifted {
    struct Lifted *next;
    Resource *resource;
    uint64_t rep;
} Lifted;

/* What is on its way in one call, from side to side; zeroes: nothing. */
typedef struct Transfer {
    Loan *loans;
    Lifted *first, *last; /* in the order of lifting, which is that of lowering too */
    Task host_task;       /* scope of the handles that a host function borrows */
} Transfer;

/* The call is over: gives back what was lent. */
void sgi_transfer_end_loans(Transfer *transfer, Store *store);
/* Nobody takes what was lifted: it ends. */
void sgi_transfer_abandon(Transfer *transfer);

typedef struct LiftLowerContext LiftLowerContext;
struct LiftLowerContext {
    Store *store;
    const CanonicalOptions *opts;
    ComponentInstance *inst;
    sg_error *err;
    Task *task; /* borrow_scope of what is lowered into a callee */
    Transfer *transfer;
    /* The other side is a component, not the host. Values have a form of their own then: strings carry a
     * StringSource; in place of names stand indices, as sizes of names without data; flags are bits, as a
     * count without names. */
    bool is_between;
    bool is_library; /* the other side is the library's own host function */
    uint32_t values; /* loaded or stored, not paid for yet */
};

/* Do the flat values go through memory? */
bool sgi_canon_is_spilled(const CompField *types, uint32_t count, uint32_t max_flat);

/* Stands before the bytes of a string lifted for another component: what store_string chooses its way by. */
typedef struct StringSource {
    StringEncoding encoding;
    uint32_t tagged_code_units;
} StringSource;

#define UTF16_TAG (UINT32_C(1) << 31)

/* lift_flat_values of `count` types: `slots` hold them flat, or, if `is_spilled`, a pointer to them as a
 * tuple. */
sg_status sgi_lift_flat_values(LiftLowerContext *cx, const Slot *slots, bool is_spilled,
                               const CompField *types, uint32_t count, sg_value *values);
/* lower_flat_values: into `slots`, which are zero, or, if `is_spilled`, into memory: at *out_param, or else
 * at what realloc gives, which goes to slots[0]. */
sg_status sgi_lower_flat_values(LiftLowerContext *cx, const sg_value *values, const CompField *types,
                                uint32_t count, bool is_spilled, const uint32_t *out_param, Slot *slots);

/* Is the tuple of `types` at `ptr` aligned and in bounds? */
sg_status sgi_check_spilled(LiftLowerContext *cx, const CompField *types, uint32_t count, uint32_t ptr);
/* Where it is to lie: at *out_param, which is checked, or at what realloc gives. */
sg_status sgi_lower_spilled(LiftLowerContext *cx, const CompField *types, uint32_t count,
                            const uint32_t *out_param, uint32_t *ptr);
/* The range of a list or map: checked and paid for. */
sg_status sgi_check_list_range(LiftLowerContext *cx, uint32_t ptr, uint32_t length, const sg_type *type);

/* ---- adapt.c ---- */

/* Can values of `type`, parameters or a result, go straight from one component to another? Not to the same
 * instance. */
bool sgi_adapt_fits(const sg_type *type, bool is_spilled, const CanonicalOptions *from,
                    const CanonicalOptions *to);
/* The traps and payment of lifting; handles are lifted, in place. */
sg_status sgi_adapt_check(LiftLowerContext *from, const CompField *types, uint32_t count, bool is_spilled,
                          Slot *slots);
/* The effects of lowering what was checked, from `source` to `target`, which is zero; *out_param as in
 * sgi_lower_flat_values. */
sg_status sgi_adapt_move(LiftLowerContext *from, LiftLowerContext *to, const CompField *types, uint32_t count,
                         bool is_spilled, Slot *source, const uint32_t *out_param, Slot *target);

/* Resources of the host's inside checked values of the host are on their way from now on: those that have not
 * been lowered when the transfer is abandoned end. */
sg_status sgi_give_values(LiftLowerContext *cx, const sg_value *values, const CompField *types,
                          uint32_t count);

/* ---- resource.c ---- */

/* Notes one. After a failure it has ended. */
sg_status sgi_give_own(LiftLowerContext *cx, uint64_t rep, const sg_type *type);

/* Between components, what stands for a resource is its representation; on the host's side, that of a
 * resource of its own, or the number of a handle in the host's table. */
sg_status sgi_lift_own(LiftLowerContext *cx, uint32_t i, const sg_type *type, uint64_t *out);
sg_status sgi_lift_borrow(LiftLowerContext *cx, uint32_t i, const sg_type *type, uint64_t *out);
sg_status sgi_lower_own(LiftLowerContext *cx, uint64_t value, const sg_type *type, uint32_t *index);
sg_status sgi_lower_borrow(LiftLowerContext *cx, uint64_t value, const sg_type *type, uint32_t *index);
/* What the host's handle stands for, lent to the end of the call; and a handle of the host's for `rep`, which
 * ends if there is no room. */
sg_status sgi_lend_of_host(LiftLowerContext *cx, uint64_t number, const sg_type *type, uint64_t *rep);
sg_status sgi_give_to_host(LiftLowerContext *cx, uint64_t rep, const sg_type *type, uint64_t *number);

/* ---- direct.c: the host calls a function of the library's own ---- */

/* Its handles → what they stand for, in call memory; and back. */
sg_status sgi_direct_arguments(LiftLowerContext *cx, const CompFuncType *type, const sg_value *arguments,
                               const sg_value **mapped);
sg_status sgi_direct_result(LiftLowerContext *cx, const CompFuncType *type, sg_value *result);

/* ---- strings.c ---- */

sg_status sgi_load_string_from_range(LiftLowerContext *cx, uint32_t ptr, uint32_t tagged_code_units,
                                     sg_string *out);
/* Is it a string in UTF-8? */
sg_status sgi_check_utf8_range(LiftLowerContext *cx, uint32_t ptr, uint32_t size);
sg_status sgi_store_string_into_range(LiftLowerContext *cx, sg_string string, uint32_t *ptr,
                                      uint32_t *tagged_code_units);

/* ---- canon.c: what both need ---- */

/* The trap `trap`; `message`, if not NULL, instead of its usual one. */
sg_status sgi_canon_trap(LiftLowerContext *cx, sg_trap trap, const char *message);
/* Call memory, not zeroed; NULL when refused: sgi_store_no_memory. */
void *sgi_canon_alloc(LiftLowerContext *cx, size_t count, size_t size);
/* Pays for the values counted and looks at the interrupt. */
sg_status sgi_canon_settle(LiftLowerContext *cx);
/* Pays for a string or list of `size` bytes in memory. */
sg_status sgi_canon_charge(LiftLowerContext *cx, uint64_t size);
sg_status sgi_canon_poll(LiftLowerContext *cx);
/* memcpy in pieces, between which the interrupt is looked at. */
sg_status sgi_canon_copy(LiftLowerContext *cx, uint8_t *to, const uint8_t *from, size_t size);
/* memory[ptr .. ptr + size), or NULL if out of bounds. */
uint8_t *sgi_canon_memory(const LiftLowerContext *cx, uint32_t ptr, uint64_t size);
/* reallocate, with its result checked: aligned, and `new_size` bytes in bounds. */
sg_status sgi_canon_reallocate(LiftLowerContext *cx, uint32_t old, uint32_t old_size, uint32_t alignment,
                               uint32_t new_size, uint32_t *ptr);

/* One value loaded from or stored to memory. */
enum { VALUES_PER_LOOK = 1024 };
static inline sg_status sgi_canon_count(LiftLowerContext *cx) {
    return SGI_LIKELY(++cx->values < VALUES_PER_LOOK) ? SG_OK : sgi_canon_settle(cx);
}

/* Of a walk that may not have been in memory at all: then there is nothing to pay, and it was short. */
static inline sg_status sgi_canon_settle_rest(LiftLowerContext *cx) {
    return cx->values ? sgi_canon_settle(cx) : SG_OK;
}

/* Numbers and bool: of one slot, and every value fits. */
static inline bool sgi_is_number(sg_kind kind) {
    return kind <= SG_F64;
}

/* As many at once: what lies in columns. */
sg_status sgi_canon_count_many(LiftLowerContext *cx, uint64_t values);

/* Of the deterministic profile. */
static inline uint32_t sgi_canonicalize_nan32(uint32_t bits) {
    return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits;
}
static inline uint64_t sgi_canonicalize_nan64(uint64_t bits) {
    return (bits & INT64_MAX) > UINT64_C(0x7ff0000000000000) ? UINT64_C(0x7ff8000000000000) : bits;
}

static inline uint64_t sgi_align_to(uint64_t ptr, uint64_t alignment) {
    return (ptr + alignment - 1) & ~(alignment - 1);
}

/* The elements of a list or map: a map's are tuples of key and value. */
typedef struct ElementLayout {
    uint32_t size, alignment, value_offset;
} ElementLayout;
ElementLayout sgi_element_layout(const sg_type *type);

/* Parameters or a result as a tuple. No rule keeps the sum of many below 2^32. */
typedef struct TupleLayout {
    uint64_t size;
    uint32_t alignment;
} TupleLayout;
TupleLayout sgi_tuple_layout(const CompField *types, uint32_t count);

#endif
