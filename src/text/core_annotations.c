/* Annotations that mean something in a core module: (@name "...") gives a definition, a parameter, local or
 * field, or the module a name that need not be an identifier, (@custom "name" place? "bytes"...) makes a
 * custom section (core specification, appendix 7.5), (@metadata.code.branch_hint "\00" or "\01") says which
 * way an if or br_if is likely to go (the proposal of branch hints). An invention of our own, which others
 * skip as they may any annotation: (@datacount) makes the data count section, though nothing needs it.
 *
 * Who takes an annotation marks its token; those left over when a module ends stand in a wrong place. */
#include "text/core.h"

/* Where custom sections may stand: before and after each section, in the order of the binary. */
static const char *const section_words[] = {"type",      "import", "func",   "table", "memory",
                                            "tag",       "global", "export", "start", "elem",
                                            "datacount", "code",   "data"};

static const char hint_name[] = "metadata.code.branch_hint";

void sgi_enter_annotation(Parser *p, size_t annotation) {
    p->tokens.items[annotation].is_taken = true;
    p->at = annotation + 1;
}

sg_status sgi_leave_annotation(Parser *p, size_t annotation, size_t at, size_t gap) {
    if (p->at != p->tokens.items[annotation].match)
        return sgi_parse_unexpected(p);
    p->at = at;
    p->gap = gap;
    return SG_OK;
}

sg_status sgi_take_name_annotation(Parser *p, Bytes *name) {
    size_t at = p->at, gap = p->gap;
    size_t annotation = sgi_find_annotation(p, gap, "name");
    if (annotation == at)
        return SG_OK;
    sgi_enter_annotation(p, annotation);
    SGI_TRY(sgi_expect_name(p, name));
    return sgi_leave_annotation(p, annotation, at, gap);
}

sg_status sgi_take_member_name(Parser *p, MemberName *name) {
    SGI_TRY(sgi_take_id(p, &name->id));
    name->name = name->id;
    return sgi_take_name_annotation(p, &name->name);
}

sg_status sgi_core_check_annotations(const ModuleParser *m, size_t from) {
    static const char *const names[] = {"name", "custom", hint_name};
    const Parser *p = m->p;
    for (size_t i = from; i < p->at; i++) {
        const Token *token = &p->tokens.items[i];
        if (token->kind != TOKEN_ANNOTATION)
            continue;
        for (size_t j = 0; !token->is_taken && j < SGI_COUNT(names); j++)
            if (sgi_is_annotation(p, i, names[j]))
                return sgi_parse_fail_at(p, i, "misplaced annotation", "@%s", names[j]);
        i = token->match;
    }
    return SG_OK;
}

/* ---- custom sections ---- */

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

sg_status sgi_core_field_annotations(ModuleParser *m) {
    Parser *p = m->p;
    size_t at = p->at, gap = p->gap;
    m->needs_data_count |= sgi_find_annotation(p, gap, "datacount") != at;
    for (size_t i = gap; (i = sgi_find_annotation(p, i, "custom")) != at;
         i = (size_t)p->tokens.items[i].match + 1) {
        sgi_enter_annotation(p, i);
        SGI_TRY(parse_custom(m));
        SGI_TRY(sgi_leave_annotation(p, i, at, gap));
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

/* ---- branch hints ---- */

sg_status sgi_core_take_hint(ModuleParser *m, uint8_t *hint) {
    Parser *p = m->p;
    size_t at = p->at, gap = p->gap;
    *hint = HINT_NONE;
    if (!m->takes_hints || gap >= at)
        return SG_OK;
    size_t annotation = sgi_find_annotation(p, gap, hint_name);
    if (annotation == at)
        return SG_OK;
    Bytes value = {NULL, 0};
    sgi_enter_annotation(p, annotation);
    SGI_TRY(sgi_expect_string(p, &value));
    if (value.size != 1 || value.data[0] > 1)
        return sgi_parse_fail_at(p, annotation, "invalid value for branch hint", "%s", "");
    *hint = value.data[0] ? HINT_LIKELY : HINT_UNLIKELY;
    return sgi_leave_annotation(p, annotation, at, gap);
}

void sgi_core_add_hint(ModuleParser *m, uint8_t hint, const Buf *out) {
    if (hint == HINT_NONE)
        return;
    uint8_t value = hint == HINT_LIKELY;
    sgi_name_list_add(&m->own_hints, (uint32_t)out->size, (Bytes){&value, 1});
}

void sgi_core_end_hints(ModuleParser *m, uint32_t func) {
    sgi_name_list_add_map(&m->hints, func, &m->own_hints);
}

void sgi_core_put_hints(ModuleParser *m, Buf *binary) {
    Buf *section = &m->scratch;
    section->size = 0;
    if (m->hints.count == 0)
        return;
    sgi_buf_sized(section, (const uint8_t *)hint_name, sizeof hint_name - 1);
    sgi_buf_leb_u(section, m->hints.count);
    sgi_buf_put(section, m->hints.bytes.data, m->hints.bytes.size);
    section->failed |= m->hints.bytes.failed;
    sgi_core_section(binary, 0, section);
}
