/* Annotations that mean something in a core module: (@name "...") gives a definition or the module a name
 * that need not be an identifier, (@custom "name" place? "bytes"...) makes a custom section (core
 * specification, appendix 7.5). */
#include "text/core.h"

/* Where custom sections may stand: before and after each section, in the order of the binary. */
static const char *const section_words[] = {"type",      "import", "func",   "table", "memory",
                                            "tag",       "global", "export", "start", "elem",
                                            "datacount", "code",   "data"};

/* Stands the cursor inside the annotation. */
static void enter(Parser *p, size_t annotation) {
    p->at = annotation + 1;
}

static sg_status leave(Parser *p, size_t annotation, size_t at, size_t gap) {
    if (p->at != p->tokens.items[annotation].match)
        return sgi_parse_unexpected(p);
    p->at = at;
    p->gap = gap;
    return SG_OK;
}

sg_status sgi_core_name_annotation(ModuleParser *m, Bytes *name) {
    Parser *p = m->p;
    size_t at = p->at, gap = p->gap;
    size_t annotation = sgi_find_annotation(p, gap, "name");
    if (annotation == at)
        return SG_OK;
    enter(p, annotation);
    SGI_TRY(sgi_expect_name(p, name));
    return leave(p, annotation, at, gap);
}

/* "(before section)" or "(after section)"; without, after all. */
static sg_status parse_place(Parser *p, uint32_t *place) {
    bool is_after = sgi_take_open(p, "after");
    *place = CUSTOM_LAST;
    if (!is_after && !sgi_take_open(p, "before"))
        return SG_OK;
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < SGI_COUNT(section_words); i++)
        if (sgi_take_keyword(p, section_words[i]))
            found = 2 * i + is_after;
    if (found == UINT32_MAX && sgi_take_keyword(p, is_after ? "last" : "first"))
        found = is_after ? CUSTOM_LAST : 0;
    if (found == UINT32_MAX)
        return sgi_parse_unexpected(p);
    *place = found;
    return sgi_expect_close(p);
}

static sg_status parse_custom(ModuleParser *m) {
    Parser *p = m->p;
    Bytes name;
    CustomText custom = {.start = m->custom_bytes.size};
    SGI_TRY(sgi_expect_name(p, &name));
    SGI_TRY(parse_place(p, &custom.place));
    sgi_buf_sized(&m->custom_bytes, name.data, name.size);
    SGI_TRY(sgi_take_strings(p, &m->custom_bytes));
    custom.size = m->custom_bytes.size - custom.start;
    return sgi_vec_push(p->cx.alloc, &m->customs, custom) ? SG_OK : sgi_core_no_memory(m);
}

sg_status sgi_core_custom_annotations(ModuleParser *m) {
    Parser *p = m->p;
    size_t at = p->at, gap = p->gap;
    for (size_t i = gap; (i = sgi_find_annotation(p, i, "custom")) != at;
         i = (size_t)p->tokens.items[i].match + 1) {
        enter(p, i);
        SGI_TRY(parse_custom(m));
        SGI_TRY(leave(p, i, at, gap));
    }
    return SG_OK;
}

void sgi_core_put_customs(ModuleParser *m, uint32_t place, Buf *binary) {
    binary->failed |= m->custom_bytes.failed;
    for (size_t i = 0; !m->custom_bytes.failed && i < m->customs.count; i++) {
        CustomText custom = m->customs.items[i];
        if (custom.place != place)
            continue;
        sgi_buf_byte(binary, 0);
        sgi_buf_sized(binary, m->custom_bytes.data + custom.start, custom.size);
    }
}
