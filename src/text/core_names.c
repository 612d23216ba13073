/* The name section: identifiers of the text → the custom section "name" (core specification, appendix 7.4.1,
 * with the subsections of the extended names). */
#include "text/core.h"

void sgi_name_list_add(NameList *list, uint32_t index, Bytes name) {
    sgi_buf_leb_u(&list->bytes, index);
    sgi_buf_sized(&list->bytes, name.data, name.size);
    list->count++;
}

void sgi_name_list_add_map(NameList *outer, uint32_t index, NameList *inner) {
    if (inner->count) {
        sgi_buf_leb_u(&outer->bytes, index);
        sgi_buf_leb_u(&outer->bytes, inner->count);
        sgi_buf_put(&outer->bytes, inner->bytes.data, inner->bytes.size);
        outer->bytes.failed |= inner->bytes.failed;
        outer->count++;
    }
    inner->bytes.size = 0;
    inner->count = 0;
}

void sgi_core_section(Buf *binary, uint8_t id, Buf *content) {
    sgi_buf_byte(binary, id);
    sgi_buf_sized(binary, content->data, content->size);
    binary->failed |= content->failed;
    content->size = 0;
}

static void subsection(Buf *section, Buf *content, uint8_t id, const NameList *list) {
    if (list->count == 0)
        return;
    content->size = 0;
    sgi_buf_leb_u(content, list->count);
    sgi_buf_put(content, list->bytes.data, list->bytes.size);
    content->failed |= list->bytes.failed;
    sgi_core_section(section, id, content);
}

void sgi_core_name_section(ModuleParser *m, Buf *binary) {
    Buf *section = &m->body, *content = &m->scratch;
    section->size = content->size = 0;
    sgi_buf_sized(section, "name", 4);
    size_t empty = section->size;
    if (m->id.size) {
        sgi_buf_sized(content, m->id.data, m->id.size);
        sgi_core_section(section, 0, content);
    }
    const NameList *lists[] = {
        &m->spaces[SPACE_FUNC].names,
        &m->local_names,
        &m->label_names,
        &m->spaces[SPACE_TYPE].names,
        &m->spaces[SPACE_TABLE].names,
        &m->spaces[SPACE_MEMORY].names,
        &m->spaces[SPACE_GLOBAL].names,
        &m->spaces[SPACE_ELEM].names,
        &m->spaces[SPACE_DATA].names,
        &m->field_names,
        &m->spaces[SPACE_TAG].names,
    };
    for (size_t i = 0; i < SGI_COUNT(lists); i++)
        subsection(section, content, (uint8_t)(i + 1), lists[i]);
    if (section->size > empty)
        sgi_core_section(binary, 0, section);
}
