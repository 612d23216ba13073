/* Canonical definitions: lift, lower and the built-ins, each a row of a table (Binary.md, "Canonical
 * Definitions"). */
#include "text/component_parse.h"

/* What follows a built-in's name; in the binary the same in the same order. */
typedef enum BuiltinForm {
    FORM_NONE,
    FORM_TYPE,        /* typeidx */
    FORM_TYPE_ASYNC,  /* typeidx async? */
    FORM_TYPE_OPTS,   /* typeidx opts */
    FORM_ASYNC,       /* async? */
    FORM_CANCEL,      /* cancellable? */
    FORM_CANCEL_MEM,  /* cancellable? (memory m) */
    FORM_OPTS,        /* opts */
    FORM_RESULT_OPTS, /* (result t)? opts */
    FORM_CONTEXT,     /* core:valtype u32 */
    FORM_CORE_TYPE_TABLE,
    FORM_SHARED,
    FORM_SHARED_CORE_TYPE,
    FORM_SHARED_CORE_TYPE_TABLE,
} BuiltinForm;

static const struct {
    const char *name;
    uint8_t opcode, form;
} builtins[] = {
    {"resource.new", 0x02, FORM_TYPE},
    {"resource.drop", 0x03, FORM_TYPE},
    {"resource.rep", 0x04, FORM_TYPE},
    {"task.cancel", 0x05, FORM_NONE},
    {"subtask.cancel", 0x06, FORM_ASYNC},
    {"task.return", 0x09, FORM_RESULT_OPTS},
    {"context.get", 0x0a, FORM_CONTEXT},
    {"context.set", 0x0b, FORM_CONTEXT},
    {"thread.yield", 0x0c, FORM_CANCEL},
    {"subtask.drop", 0x0d, FORM_NONE},
    {"stream.new", 0x0e, FORM_TYPE},
    {"stream.read", 0x0f, FORM_TYPE_OPTS},
    {"stream.write", 0x10, FORM_TYPE_OPTS},
    {"stream.cancel-read", 0x11, FORM_TYPE_ASYNC},
    {"stream.cancel-write", 0x12, FORM_TYPE_ASYNC},
    {"stream.drop-readable", 0x13, FORM_TYPE},
    {"stream.drop-writable", 0x14, FORM_TYPE},
    {"future.new", 0x15, FORM_TYPE},
    {"future.read", 0x16, FORM_TYPE_OPTS},
    {"future.write", 0x17, FORM_TYPE_OPTS},
    {"future.cancel-read", 0x18, FORM_TYPE_ASYNC},
    {"future.cancel-write", 0x19, FORM_TYPE_ASYNC},
    {"future.drop-readable", 0x1a, FORM_TYPE},
    {"future.drop-writable", 0x1b, FORM_TYPE},
    {"error-context.new", 0x1c, FORM_OPTS},
    {"error-context.debug-message", 0x1d, FORM_OPTS},
    {"error-context.drop", 0x1e, FORM_NONE},
    {"waitable-set.new", 0x1f, FORM_NONE},
    {"waitable-set.wait", 0x20, FORM_CANCEL_MEM},
    {"waitable-set.poll", 0x21, FORM_CANCEL_MEM},
    {"waitable-set.drop", 0x22, FORM_NONE},
    {"waitable.join", 0x23, FORM_NONE},
    {"backpressure.inc", 0x24, FORM_NONE},
    {"backpressure.dec", 0x25, FORM_NONE},
    {"thread.index", 0x26, FORM_NONE},
    {"thread.new-indirect", 0x27, FORM_CORE_TYPE_TABLE},
    {"thread.resume-later", 0x28, FORM_NONE},
    {"thread.suspend", 0x29, FORM_CANCEL},
    {"thread.suspend-then-resume", 0x2a, FORM_CANCEL},
    {"thread.yield-then-resume", 0x2b, FORM_CANCEL},
    {"thread.suspend-then-promote", 0x2c, FORM_CANCEL},
    {"thread.yield-then-promote", 0x2d, FORM_CANCEL},
    {"thread.spawn-ref", 0x40, FORM_SHARED_CORE_TYPE},
    {"thread.spawn-indirect", 0x41, FORM_SHARED_CORE_TYPE_TABLE},
    {"thread.available-parallelism", 0x42, FORM_SHARED},
};

static sg_status put_ref(ComponentParser *c, SpaceId space) {
    uint32_t index;
    SGI_TRY(sgi_parse_ref(c, space, &index));
    sgi_buf_leb_u(&c->w, index);
    return SG_OK;
}

static void put_flag(ComponentParser *c, const char *keyword) {
    sgi_buf_byte(&c->w, sgi_take_keyword(c->p, keyword));
}

/* ---- options ---- */

/* Flags by their bytes, and references. */
static const char *const flag_options[] = {[0x00] = "string-encoding=utf8",
                                           [0x01] = "string-encoding=utf16",
                                           [0x02] = "string-encoding=latin1+utf16",
                                           [0x06] = "async"};
static const struct {
    const char *keyword;
    uint8_t byte;
    SpaceId space;
} ref_options[] = {
    {"memory", 0x03, SPACE_CORE_MEMORY},
    {"realloc", 0x04, SPACE_CORE_FUNC},
    {"post-return", 0x05, SPACE_CORE_FUNC},
    {"callback", 0x07, SPACE_CORE_FUNC},
};

static bool take_flag_option(ComponentParser *c) {
    for (size_t i = 0; i < SGI_COUNT(flag_options); i++)
        if (flag_options[i] && sgi_take_keyword(c->p, flag_options[i])) {
            sgi_buf_byte(&c->w, (uint8_t)i);
            return true;
        }
    return false;
}

static sg_status parse_ref_option(ComponentParser *c, bool *found) {
    for (size_t i = 0; i < SGI_COUNT(ref_options); i++) {
        *found = sgi_take_open(c->p, ref_options[i].keyword);
        if (!*found)
            continue;
        sgi_buf_byte(&c->w, ref_options[i].byte);
        SGI_TRY(put_ref(c, ref_options[i].space));
        return sgi_expect_close(c->p);
    }
    return SG_OK;
}

static sg_status parse_options(ComponentParser *c) {
    size_t mark = c->w.size;
    uint32_t count = 0;
    for (bool found = true; found;) {
        found = take_flag_option(c);
        if (!found)
            SGI_TRY(parse_ref_option(c, &found));
        count += found;
    }
    sgi_insert_count(c, mark, count);
    return SG_OK;
}

/* ---- built-ins ---- */

static sg_status parse_memory(ComponentParser *c) {
    SGI_TRY(sgi_expect_open(c->p, "memory"));
    SGI_TRY(put_ref(c, SPACE_CORE_MEMORY));
    return sgi_expect_close(c->p);
}

static sg_status find_no_type(void *context, Parser *p, uint32_t *index) {
    (void)context, (void)index;
    return sgi_parse_unexpected(p);
}

static sg_status parse_context(ComponentParser *c) {
    static const CoreTypeScope no_types = {find_no_type, NULL};
    uint32_t slot;
    SGI_TRY(sgi_parse_core_val_type(c->p, &no_types, &c->w));
    SGI_TRY(sgi_expect_u32(c->p, &slot));
    sgi_buf_leb_u(&c->w, slot);
    return SG_OK;
}

static sg_status parse_form(ComponentParser *c, BuiltinForm form) {
    switch (form) {
    case FORM_NONE: return SG_OK;
    case FORM_TYPE: return put_ref(c, SPACE_TYPE);
    case FORM_TYPE_ASYNC:
        SGI_TRY(put_ref(c, SPACE_TYPE));
        put_flag(c, "async");
        return SG_OK;
    case FORM_TYPE_OPTS: SGI_TRY(put_ref(c, SPACE_TYPE)); return parse_options(c);
    case FORM_ASYNC: put_flag(c, "async"); return SG_OK;
    case FORM_CANCEL: put_flag(c, "cancellable"); return SG_OK;
    case FORM_CANCEL_MEM: put_flag(c, "cancellable"); return parse_memory(c);
    case FORM_OPTS: return parse_options(c);
    case FORM_RESULT_OPTS: SGI_TRY(sgi_parse_result_list(c)); return parse_options(c);
    case FORM_CONTEXT: return parse_context(c);
    case FORM_SHARED: put_flag(c, "shared"); return SG_OK;
    case FORM_SHARED_CORE_TYPE: put_flag(c, "shared"); return put_ref(c, SPACE_CORE_TYPE);
    case FORM_SHARED_CORE_TYPE_TABLE: put_flag(c, "shared"); break;
    case FORM_CORE_TYPE_TABLE: break;
    }
    SGI_TRY(put_ref(c, SPACE_CORE_TYPE));
    return put_ref(c, SPACE_CORE_TABLE);
}

sg_status sgi_parse_canon(ComponentParser *c, bool *is_lift) {
    *is_lift = sgi_take_keyword(c->p, "lift");
    if (*is_lift || sgi_take_keyword(c->p, "lower")) {
        sgi_buf_byte(&c->w, *is_lift ? 0x00 : 0x01);
        sgi_buf_byte(&c->w, 0x00);
        SGI_TRY(put_ref(c, *is_lift ? SPACE_CORE_FUNC : SPACE_FUNC));
        return parse_options(c);
    }
    for (size_t i = 0; i < SGI_COUNT(builtins); i++)
        if (sgi_take_keyword(c->p, builtins[i].name)) {
            sgi_buf_byte(&c->w, builtins[i].opcode);
            return parse_form(c, (BuiltinForm)builtins[i].form);
        }
    return sgi_parse_unexpected(c->p);
}
