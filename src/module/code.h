/* Validated code: function bodies and what validation notes about them.
 *
 *   body     local declarations │ instructions ... end
 *                               ^ code               ^ end
 *   segments │0: entry, cost 5│ 12: loop, cost 3│ 31: join, cost 0│ ...      offsets count from `code`
 *
 * A segment is a stretch that runs from its head to its last instruction once it is entered, unless it traps.
 * Fuel is charged for the whole of it at its head. Heads stand
 *   - at the function's entry (kind SEGMENT_ENTRY; always the first, at offset 0),
 *   - at the first instruction inside a loop (SEGMENT_LOOP, even when its cost is 0),
 *   - after if, else, catch, catch_all, br_if, br_on_..., and every call, and after the end of any structured
 *     instruction but a loop, delegate included (SEGMENT_PLAIN; left out when its cost is 0).
 * After the charge at an entry or a loop the balance is checked, and nowhere else inside a body: there, and
 * only there, do fuel and deadlines end a call. Unreachable code has no segments and costs nothing: what
 * follows a br, br_table, return, unreachable, throw or tail call up to where a live branch, a live
 * fall-through, a catch of a live try or an if's other arm leads again (the code behind a loop that is never
 * left by its end stays unreachable). The catches of a live try_table are live branches, taken or not.
 * Find segments by offset. */
#ifndef SGI_CODE_H
#define SGI_CODE_H

#include "module/ops.h"
#include "module/types.h"

typedef enum SegmentKind { SEGMENT_PLAIN, SEGMENT_ENTRY, SEGMENT_LOOP } SegmentKind;

typedef struct Segment {
    uint32_t offset; /* of its first instruction, from FuncBody.code */
    uint32_t cost : 30;
    uint32_t kind : 2; /* SegmentKind */
} Segment;

/* `count` locals of one type, as declared. */
typedef struct LocalRun {
    uint32_t count;
    ValType type;
} LocalRun;

typedef struct FuncBody {
    const uint8_t *code, *end; /* `end` is past the final OP_END */
    uint32_t offset;           /* of `code` in the binary */
    uint32_t size_offset;      /* of the body's entry (its size field's content) in the binary */
    const LocalRun *runs;      /* declared locals, without the parameters */
    uint32_t run_count;
    uint32_t local_count; /* declared locals, without the parameters; at most LIMIT(LOCALS) */

    /* Filled by validation. */
    uint32_t max_stack;  /* operands; a v128 counts as two */
    uint32_t max_labels; /* nested control frames, the body's own included */
    size_t segment_start;
    uint32_t segment_count;
} FuncBody;

#endif
