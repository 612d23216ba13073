/* Canonical definitions: the binary format's canon and canonopt → CanonDef, as they stand. */
#include "decode/component.h"

#include "module/instr.h"

/* What follows the opcode, in order. */
typedef enum Immediate {
    NOTHING,
    TYPE = 1 << 0, /* a type index */
    CORE_VAL_TYPE = 1 << 1,
    RESULT_LIST = 1 << 2,
    FLAG = 1 << 3,      /* async?, cancel? or shared? */
    CORE_TYPE = 1 << 4, /* to extra[0] */
    NUMBER = 1 << 5,    /* a slot or table, to extra[1] */
    MEMORY = 1 << 6,
    OPTIONS = 1 << 7,
    KNOWN = 1 << 8,
} Immediate;

static const uint16_t immediates[] = {
    [0x02] = TYPE,                      /* resource.new */
    [0x03] = TYPE,                      /* resource.drop */
    [0x04] = TYPE,                      /* resource.rep */
    [0x05] = KNOWN,                     /* task.cancel */
    [0x06] = FLAG,                      /* subtask.cancel */
    [0x09] = RESULT_LIST | OPTIONS,     /* task.return */
    [0x0a] = CORE_VAL_TYPE | NUMBER,    /* context.get */
    [0x0b] = CORE_VAL_TYPE | NUMBER,    /* context.set */
    [0x0c] = FLAG,                      /* thread.yield */
    [0x0d] = KNOWN,                     /* subtask.drop */
    [0x0e] = TYPE,                      /* stream.new */
    [0x0f] = TYPE | OPTIONS,            /* stream.read */
    [0x10] = TYPE | OPTIONS,            /* stream.write */
    [0x11] = TYPE | FLAG,               /* stream.cancel-read */
    [0x12] = TYPE | FLAG,               /* stream.cancel-write */
    [0x13] = TYPE,                      /* stream.drop-readable */
    [0x14] = TYPE,                      /* stream.drop-writable */
    [0x15] = TYPE,                      /* future.new */
    [0x16] = TYPE | OPTIONS,            /* future.read */
    [0x17] = TYPE | OPTIONS,            /* future.write */
    [0x18] = TYPE | FLAG,               /* future.cancel-read */
    [0x19] = TYPE | FLAG,               /* future.cancel-write */
    [0x1a] = TYPE,                      /* future.drop-readable */
    [0x1b] = TYPE,                      /* future.drop-writable */
    [0x1c] = OPTIONS,                   /* error-context.new */
    [0x1d] = OPTIONS,                   /* error-context.debug-message */
    [0x1e] = KNOWN,                     /* error-context.drop */
    [0x1f] = KNOWN,                     /* waitable-set.new */
    [0x20] = FLAG | MEMORY,             /* waitable-set.wait */
    [0x21] = FLAG | MEMORY,             /* waitable-set.poll */
    [0x22] = KNOWN,                     /* waitable-set.drop */
    [0x23] = KNOWN,                     /* waitable.join */
    [0x24] = KNOWN,                     /* backpressure.inc */
    [0x25] = KNOWN,                     /* backpressure.dec */
    [0x26] = KNOWN,                     /* thread.index */
    [0x27] = CORE_TYPE | NUMBER,        /* thread.new-indirect */
    [0x28] = KNOWN,                     /* thread.resume-later */
    [0x29] = FLAG,                      /* thread.suspend */
    [0x2a] = FLAG,                      /* thread.suspend-then-resume */
    [0x2b] = FLAG,                      /* thread.yield-then-resume */
    [0x2c] = FLAG,                      /* thread.suspend-then-promote */
    [0x2d] = FLAG,                      /* thread.yield-then-promote */
    [0x40] = FLAG | CORE_TYPE,          /* thread.spawn-ref */
    [0x41] = FLAG | CORE_TYPE | NUMBER, /* thread.spawn-indirect */
    [0x42] = FLAG,                      /* thread.available-parallelism */
};

static sg_status decode_option(CompDecoder *d, Reader *r, CanonDef *canon, uint8_t *kind) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_byte(r, kind));
    switch (*kind) {
    case CANONOPT_UTF8: canon->encoding = ENCODING_UTF8; return SG_OK;
    case CANONOPT_UTF16: canon->encoding = ENCODING_UTF16; return SG_OK;
    case CANONOPT_LATIN1_UTF16: canon->encoding = ENCODING_LATIN1_UTF16; return SG_OK;
    case CANONOPT_MEMORY: return sgi_read_u32(r, &canon->memory);
    case CANONOPT_REALLOC: return sgi_read_u32(r, &canon->realloc);
    case CANONOPT_POST_RETURN: return sgi_read_u32(r, &canon->post_return);
    case CANONOPT_ASYNC: canon->is_async = true; return SG_OK;
    case CANONOPT_CALLBACK: return sgi_read_u32(r, &canon->callback);
    default: return sgi_decode_bad_byte(d, offset, *kind, "a canonical option");
    }
}

static sg_status decode_options(CompDecoder *d, Reader *r, CanonDef *canon) {
    SGI_TRY(sgi_decode_comp_count(d, r, 1, &canon->option_count));
    canon->options = sgi_arena_alloc(d->arena, canon->option_count);
    if (canon->options == NULL)
        return sgi_load_no_memory(&d->cx);
    for (uint32_t i = 0; i < canon->option_count; i++)
        SGI_TRY(decode_option(d, r, canon, &canon->options[i]));
    return SG_OK;
}

/* canon lift and lower: a zero byte, the function, options, and the type of what is lifted. */
static sg_status decode_lift_or_lower(CompDecoder *d, Reader *r, CanonDef *canon) {
    size_t offset = sgi_reader_offset(r);
    uint8_t sort;
    SGI_TRY(sgi_read_byte(r, &sort));
    if (sort != 0)
        return sgi_decode_bad_byte(d, offset, sort, "a canonical function");
    SGI_TRY(sgi_read_u32(r, &canon->func));
    SGI_TRY(decode_options(d, r, canon));
    return canon->kind == CANON_LIFT ? sgi_read_u32(r, &canon->type) : SG_OK;
}

static sg_status decode_flag(CompDecoder *d, Reader *r, CanonDef *canon) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_byte(r, &canon->flag));
    return canon->flag <= 1 ? SG_OK
                            : sgi_decode_bad_byte(d, offset, canon->flag, "a canonical function's flag");
}

static sg_status decode_immediates(CompDecoder *d, Reader *r, unsigned what, CanonDef *canon) {
    if (what & RESULT_LIST) {
        SGI_TRY(sgi_decode_result_list(d, r, &canon->result));
        canon->has_result = canon->result != NULL;
    }
    if (what & CORE_VAL_TYPE)
        SGI_TRY(sgi_decode_val_type(&d->cx, r, &canon->extra[0]));
    if (what & TYPE)
        SGI_TRY(sgi_read_u32(r, &canon->type));
    if (what & FLAG)
        SGI_TRY(decode_flag(d, r, canon));
    if (what & CORE_TYPE)
        SGI_TRY(sgi_read_u32(r, &canon->extra[0]));
    if (what & NUMBER)
        SGI_TRY(sgi_read_u32(r, &canon->extra[1]));
    if (what & MEMORY)
        SGI_TRY(sgi_read_u32(r, &canon->memory));
    return what & OPTIONS ? decode_options(d, r, canon) : SG_OK;
}

sg_status sgi_decode_canon(CompDecoder *d, Reader *r, CanonDef *canon) {
    static const CanonKind kinds[] = {CANON_LIFT, CANON_LOWER, CANON_RESOURCE_NEW, CANON_RESOURCE_DROP,
                                      CANON_RESOURCE_REP};
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_byte(r, &canon->opcode));
    canon->kind = canon->opcode < SGI_COUNT(kinds) ? kinds[canon->opcode] : CANON_OTHER;
    canon->type = canon->memory = canon->realloc = canon->post_return = canon->callback = NO_INDEX;
    if (canon->kind <= CANON_LOWER)
        return decode_lift_or_lower(d, r, canon);
    unsigned what = canon->opcode < SGI_COUNT(immediates) ? immediates[canon->opcode] : NOTHING;
    if (what == NOTHING)
        return sgi_decode_bad_byte(d, offset, canon->opcode, "a canonical function");
    return decode_immediates(d, r, what, canon);
}
