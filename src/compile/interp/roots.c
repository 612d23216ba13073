/* The frames of running calls, for the collector: each activation from its innermost frame, by the stack maps
 * of the code. */
#include "compile/interp/bytecode.h"

/* The chain of references in operands, at a word of an instruction that calls. */
static uint32_t node_at(const Code *code, uint32_t word) {
    uint32_t count = sgi_rows_up_to(code->sites, sizeof(MapSite), code->site_count, word);
    return count > 0 ? code->sites[count - 1].node : NO_NODE;
}

static sg_trap visit_frame(const Code *code, const Slot *fp, uint32_t word, RootVisitor *visitor) {
    sg_trap trap = visitor->visit(visitor, NULL, 0); /* frames without references are work too */
    for (uint32_t i = 0; i < code->range_count && trap == SG_TRAP_NONE; i++)
        trap = visitor->visit(visitor, fp + code->ranges[i].first, code->ranges[i].count);
    uint32_t node = node_at(code, word);
    while (node != NO_NODE && trap == SG_TRAP_NONE) {
        trap = visitor->visit(visitor, fp + code->nodes[node].slot, 1);
        node = code->nodes[node].below;
    }
    return trap;
}

sg_trap sgi_visit_frames(ExecContext *cx, RootVisitor *visitor) {
    sg_trap trap = SG_TRAP_NONE;
    for (const Activation *a = cx->activation; a && trap == SG_TRAP_NONE; a = a->outer) {
        const uint32_t *ip = a->ip;
        const Slot *fp = a->fp;
        const Code *code = a->code;
        for (;;) {
            trap = visit_frame(code, fp, (uint32_t)(ip - code->words), visitor);
            const Slot *header = fp + code->header;
            ip = header[HEADER_IP].ref;
            if (ip == sgi_exit_words || trap != SG_TRAP_NONE)
                break;
            ip--; /* into the call */
            fp = header[HEADER_FP].ref;
            code = header[HEADER_CODE].ref;
        }
    }
    return trap;
}
