/* What running code needs to know of a defined type. The registry makes one for each member of a group, with
 * its copy of the group: equal pointers are equal types, and it lasts as long as somebody holds the group.
 *
 *   object of a struct type  │ Object: 12 bytes │ field 0 │ field 1 ...       natural alignment, in order:
 *   object of an array type  │ Object: 12 bytes │ length  │ element 0 ...     a supertype's layout is a
 * prefix exception of a func type │ Object: 12 bytes │         │ its tag │ slots of the parameters ...
 */
#ifndef SGI_RTT_H
#define SGI_RTT_H

#include "base/base.h"

typedef struct Rtt Rtt;

/* How a value lies in memory, by size; a reference that may be to an object is apart from others. */
typedef enum Storage { STORAGE_8, STORAGE_16, STORAGE_32, STORAGE_64, STORAGE_128, STORAGE_REF } Storage;

static inline uint32_t sgi_storage_size(Storage storage) {
    return storage == STORAGE_REF ? 8 : 1u << storage;
}

typedef struct RttField {
    uint32_t offset; /* in the object */
    uint8_t storage; /* Storage */
} RttField;

enum { OBJECT_LINK = 8, OBJECT_FIELDS = 12, ARRAY_ELEMENTS = 16, EXCEPTION_SLOTS = 24, OBJECT_ALIGN = 16 };

struct Rtt {
    uint32_t id;    /* in the registry */
    uint32_t depth; /* of the chain of supertypes */
    /* Both NULL at depth 0. `jump` is an ancestor so far up that any other is found in a logarithm of steps
     * (Myers, "An applicative random-access stack"): a display without its memory. */
    const Rtt *super, *jump;
    uint8_t kind;     /* CompKind */
    uint8_t element;  /* Storage, of an array */
    uint32_t size;    /* of an object, a multiple of OBJECT_ALIGN; of an array: without its elements */
    uint32_t content; /* bytes of all fields, without padding: what fuel counts */
    uint32_t field_count, ref_count;
    const RttField *fields; /* of an exception: its parameters */
    const uint32_t *refs;   /* offsets of the fields that are STORAGE_REF; an array has at most one, 0 */
};

/* ---- making (types.c) ---- */

struct SubType;

typedef struct RttCounts {
    size_t fields, refs;
} RttCounts;

RttCounts sgi_rtt_counts(const struct SubType *types, const struct SubType *type);
/* Fills in the layout; `fields` and `refs` have room for the counts. */
void sgi_rtt_lay_out(Rtt *rtt, const struct SubType *types, const struct SubType *type, RttField *fields,
                     uint32_t *refs);
/* Sets depth, super and jump; `super` may be NULL. */
void sgi_rtt_link(Rtt *rtt, const Rtt *super);

/* ---- subtyping ---- */

/* Is `sub` the type `super`, or declared below it? */
static inline bool sgi_rtt_matches(const Rtt *sub, const Rtt *super) {
    while (sub->depth > super->depth)
        sub = sub->jump->depth >= super->depth ? sub->jump : sub->super;
    return sub == super;
}

/* The same for a type of which only the id is at hand. */
static inline bool sgi_rtt_matches_id(const Rtt *sub, uint32_t id) {
    while (sub && sub->id != id)
        sub = sub->super;
    return sub != NULL;
}

#endif
