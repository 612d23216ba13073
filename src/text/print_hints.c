/* Branch hints: the custom section "metadata.code.branch_hint" → annotations before the instructions they are
 * of (the proposal of branch hints).
 *
 *   section  vec(function), ascending;  function  funcidx vec(hint);  hint  offset 1 (0 | 1), ascending
 *
 * Annotations are made only where they parse to the same section: it is as short as can be, stands right
 * before the code, and every hint is of an if or br_if. Any other prints as the custom section that it is. */
#include "text/print.h"

/* Annotations make their section last before the code. */
static bool find_section(const Module *module, uint32_t *index) {
    enum { CODE = 10, DATA = 11 };
    uint32_t before_code = 0;
    while (before_code < module->custom_count && module->customs[before_code].after != CODE &&
           module->customs[before_code].after != DATA)
        before_code++;
    for (uint32_t i = 0; i < before_code; i++)
        if (sgi_bytes_is(module->customs[i].name, "name"))
            return false;
    *index = before_code - 1;
    return module->body_count && before_code &&
           sgi_bytes_is(module->customs[*index].name, "metadata.code.branch_hint");
}

/* The readers below answer SG_MALFORMED, with no error recorded, for what is not understood; `again` gets
 * what they read, encoded anew. */

static sg_status read_number(Reader *r, Buf *again, uint32_t *value) {
    SGI_TRY(sgi_read_u32(r, value));
    sgi_buf_leb_u(again, *value);
    return SG_OK;
}

static sg_status read_func(CorePrinter *p, Reader *r, Buf *again, uint32_t func) {
    uint32_t count, size, value;
    SGI_TRY(read_number(r, again, &count));
    for (uint32_t i = 0; i < count; i++) {
        BranchHint hint = {.func = func};
        SGI_TRY(read_number(r, again, &hint.offset));
        SGI_TRY(read_number(r, again, &size));
        SGI_TRY(read_number(r, again, &value));
        hint.is_likely = value == 1;
        const BranchHint *last = p->hints.count ? &p->hints.items[p->hints.count - 1] : NULL;
        if (size != 1 || value > 1 || (last && last->func == func && last->offset >= hint.offset))
            return SG_MALFORMED;
        if (!sgi_vec_push(p->cx.alloc, &p->hints, hint))
            return sgi_load_no_memory(&p->cx);
        if (i % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&p->cx));
    }
    return count ? SG_OK : SG_MALFORMED;
}

static sg_status read_section(CorePrinter *p, Bytes bytes, Buf *again) {
    const Module *module = p->module;
    Reader r = {bytes.data, bytes.data + bytes.size, bytes.data, NULL};
    uint32_t count, func, least = module->imported[EXTERN_FUNC];
    SGI_TRY(read_number(&r, again, &count));
    for (uint32_t i = 0; i < count; i++) {
        SGI_TRY(read_number(&r, again, &func));
        if (func < least || func >= module->func_count)
            return SG_MALFORMED;
        SGI_TRY(read_func(p, &r, again, func));
        least = func + 1;
        SGI_TRY(sgi_load_poll(&p->cx));
    }
    if (again->failed)
        return sgi_load_no_memory(&p->cx);
    return r.at == r.end && count && again->size == bytes.size ? SG_OK : SG_MALFORMED;
}

/* Is each hint of this function, from `*next` on, of an instruction that can have one? */
static sg_status check_func(CorePrinter *p, uint32_t func, size_t *next) {
    const Module *module = p->module;
    const FuncBody *body = &module->bodies[func - module->imported[EXTERN_FUNC]];
    LoadContext quiet = p->cx;
    quiet.err = NULL;
    Reader r = {body->code, body->end, module->bytes.data, NULL};
    for (uint32_t steps = 1; r.at < r.end && *next < p->hints.count; steps++) {
        BranchHint hint = p->hints.items[*next];
        if (hint.func != func)
            return SG_OK;
        Instr instr;
        SGI_TRY(sgi_read_instr(&quiet, &r, &instr));
        if (instr.offset - body->size_offset == hint.offset && (instr.op == OP_IF || instr.op == OP_BR_IF))
            ++*next;
        if (steps % 1024 == 0)
            SGI_TRY(sgi_load_poll(&p->cx));
    }
    return *next == p->hints.count || p->hints.items[*next].func != func ? SG_OK : SG_MALFORMED;
}

static sg_status read_hints(CorePrinter *p, Bytes bytes) {
    Buf again;
    sgi_buf_init(&again, p->cx.alloc);
    sg_status status = read_section(p, bytes, &again);
    sgi_buf_free(&again);
    for (size_t next = 0; status == SG_OK && next < p->hints.count;)
        status = check_func(p, p->hints.items[next].func, &next);
    return status;
}

sg_status sgi_print_use_hints(CorePrinter *p) {
    if (!find_section(p->module, &p->hint_custom))
        return SG_OK;
    sg_status status = read_hints(p, p->module->customs[p->hint_custom].bytes);
    if (status != SG_MALFORMED && status != SG_UNSUPPORTED)
        return status;
    p->hints.count = 0;
    return SG_OK;
}

void sgi_print_hint(CorePrinter *p, uint32_t func, const FuncBody *body, size_t offset) {
    if (p->next_hint == p->hints.count)
        return;
    const BranchHint *hint = &p->hints.items[p->next_hint];
    if (hint->func != func || hint->offset != offset - body->size_offset)
        return;
    sgi_buf_printf(p->out, "(@metadata.code.branch_hint \"\\0%d\") ", hint->is_likely);
    p->next_hint++;
}
