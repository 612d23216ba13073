/* Canonical definitions: the binary format's canon and canonopt → CanonDef, as they stand. */
#include "decode/component.h"

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

/* A zero byte, the sort, stands before the function. */
static sg_status decode_func(CompDecoder *d, Reader *r, CanonDef *canon) {
    size_t offset = sgi_reader_offset(r);
    uint8_t sort;
    SGI_TRY(sgi_read_byte(r, &sort));
    return sort == 0 ? sgi_read_u32(r, &canon->func)
                     : sgi_decode_bad_byte(d, offset, sort, "a canonical function");
}

static sg_status decode_flag(CompDecoder *d, Reader *r, CanonDef *canon) {
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_byte(r, &canon->flag));
    return canon->flag <= 1 ? SG_OK
                            : sgi_decode_bad_byte(d, offset, canon->flag, "a canonical function's flag");
}

static sg_status decode_immediates(CompDecoder *d, Reader *r, unsigned has, CanonDef *canon) {
    if (has & CANON_HAS_FUNC)
        SGI_TRY(decode_func(d, r, canon));
    if (has & CANON_HAS_RESULT)
        SGI_TRY(sgi_decode_result_list(d, r, &canon->result));
    if (has & CANON_HAS_VALUE_TYPE)
        SGI_TRY(sgi_decode_val_type(&d->cx, r, &canon->extra[0]));
    if ((has & CANON_HAS_TYPE) && canon->kind != CANON_LIFT)
        SGI_TRY(sgi_read_u32(r, &canon->type));
    if (has & (CANON_HAS_ASYNC | CANON_HAS_CANCELLABLE | CANON_HAS_SHARED))
        SGI_TRY(decode_flag(d, r, canon));
    if (has & CANON_HAS_CORE_TYPE)
        SGI_TRY(sgi_read_u32(r, &canon->extra[0]));
    if (has & CANON_HAS_NUMBER)
        SGI_TRY(sgi_read_u32(r, &canon->extra[1]));
    if (has & CANON_HAS_MEMORY)
        SGI_TRY(sgi_read_u32(r, &canon->memory));
    if (has & CANON_HAS_OPTIONS)
        SGI_TRY(decode_options(d, r, canon));
    return canon->kind == CANON_LIFT ? sgi_read_u32(r, &canon->type) : SG_OK;
}

sg_status sgi_decode_canon(CompDecoder *d, Reader *r, CanonDef *canon) {
    static const CanonKind kinds[] = {CANON_LIFT, CANON_LOWER, CANON_RESOURCE_NEW, CANON_RESOURCE_DROP,
                                      CANON_RESOURCE_REP};
    size_t offset = sgi_reader_offset(r);
    SGI_TRY(sgi_read_byte(r, &canon->opcode));
    enum { TASK_RETURN = 0x09 };
    canon->kind = canon->opcode < SGI_COUNT(kinds) ? kinds[canon->opcode]
                  : canon->opcode == TASK_RETURN   ? CANON_TASK_RETURN
                                                   : CANON_OTHER;
    canon->type = canon->memory = canon->realloc = canon->post_return = canon->callback = NO_INDEX;
    const CanonRow *row = sgi_canon_row(canon->opcode);
    return row ? decode_immediates(d, r, row->immediates, canon)
               : sgi_decode_bad_byte(d, offset, canon->opcode, "a canonical function");
}
