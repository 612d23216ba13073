/* The clauses of exception handling: text → binary format (core specification, 6.5.2): the catches of a
 * try_table, and the parts of a try of the older form, flat or folded:
 *
 *   try $l ... catch $tag ... catch_all ... end    (try $l (do ...) (catch $tag ...) (catch_all ...))
 *   try $l ... delegate $outer                     (try $l (do ...) (delegate $outer)) */
#include "text/core.h"

#include "module/module.h"

static sg_status put_tag(ModuleParser *m, Buf *out) {
    uint32_t index;
    SGI_TRY(sgi_core_index(m, SPACE_TAG, &index));
    sgi_buf_leb_u(out, index);
    return SG_OK;
}

static bool take_catch(Parser *p, CatchKind *kind) {
    static const char *const keywords[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
    for (size_t i = 0; i < SGI_COUNT(keywords); i++)
        if (sgi_take_open(p, keywords[i])) {
            *kind = (CatchKind)i;
            return true;
        }
    return false;
}

sg_status sgi_core_catches(ModuleParser *m, Buf *out) {
    CatchKind kind;
    uint32_t count = 0;
    m->scratch.size = 0; /* the count goes first */
    for (; take_catch(m->p, &kind); count++) {
        sgi_buf_byte(&m->scratch, (uint8_t)kind);
        if (kind <= CATCH_REF)
            SGI_TRY(put_tag(m, &m->scratch));
        SGI_TRY(sgi_core_label_index(m, &m->scratch));
        SGI_TRY(sgi_expect_close(m->p));
    }
    sgi_buf_leb_u(out, count);
    sgi_buf_put(out, m->scratch.data, m->scratch.size);
    return SG_OK;
}

/* ---- the older form ---- */

bool sgi_core_is_catch(Op op, const Frame *frame) {
    return frame && (frame->kind == FRAME_TRY || (frame->kind == FRAME_CATCH && op != OP_DELEGATE));
}

sg_status sgi_core_catch(ModuleParser *m, Op op, Buf *out) {
    Frame *frame = &m->frames.items[m->frames.count - 1];
    sgi_core_put_op(out, op);
    if (op == OP_DELEGATE) { /* its label is seen from outside the block, which it ends */
        sgi_core_pop_label(m);
        m->frames.count--;
        return sgi_core_label_index(m, out);
    }
    frame->kind = op == OP_CATCH_ALL ? FRAME_ELSE : FRAME_CATCH;
    return op == OP_CATCH_ALL ? SG_OK : put_tag(m, out);
}

sg_status sgi_core_try_part(ModuleParser *m, Frame *frame, Buf *out, bool *taken) {
    Parser *p = m->p;
    *taken = true;
    if (frame->kind == FRAME_FOLDED_TRY && sgi_take_open(p, "do")) {
        frame->kind = FRAME_DO;
        return SG_OK;
    }
    bool takes_catch = frame->kind == FRAME_AFTER_DO || frame->kind == FRAME_AFTER_PART;
    if (takes_catch && sgi_take_open(p, "catch")) {
        sgi_core_put_op(out, OP_CATCH);
        frame->kind = FRAME_PART;
        return put_tag(m, out);
    }
    if (takes_catch && sgi_take_open(p, "catch_all")) {
        sgi_core_put_op(out, OP_CATCH_ALL);
        frame->kind = FRAME_LAST_PART;
        return SG_OK;
    }
    if (frame->kind == FRAME_AFTER_DO && sgi_take_open(p, "delegate")) {
        sgi_core_put_op(out, OP_DELEGATE);
        sgi_core_pop_label(m);
        frame->kind = FRAME_DELEGATED;
        SGI_TRY(sgi_core_label_index(m, out));
        return sgi_expect_close(p);
    }
    *taken = false;
    return SG_OK;
}

bool sgi_core_close_try(ModuleParser *m, Frame *frame, Buf *out) {
    switch (frame->kind) {
    case FRAME_DO: frame->kind = FRAME_AFTER_DO; return true;
    case FRAME_PART: frame->kind = FRAME_AFTER_PART; return true;
    case FRAME_LAST_PART: frame->kind = FRAME_AFTER_PARTS; return true;
    case FRAME_AFTER_DO:
    case FRAME_AFTER_PART:
    case FRAME_AFTER_PARTS:
        sgi_core_put_op(out, OP_END);
        sgi_core_pop_label(m);
        m->frames.count--;
        return true;
    case FRAME_DELEGATED: m->frames.count--; return true;
    default: return false;
    }
}
