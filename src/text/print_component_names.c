/* The custom section "component-name" → names for definitions (component model, Binary.md, "Name Section"):
 *
 *   section  subsection 0: the component's name; subsection 1: sort vec(index name), indices ascending
 *
 * A name becomes the identifier of its definition where no other of the same sort has it. What does not read
 * so is a custom section like others. */
#include "text/print_component.h"

#include <string.h>

/* A number for each sort, below COMP_NAME_SORTS. */
static uint32_t number_of(Sort sort) {
    return sort & SORT_CORE ? 8 + (sort & 0x07) + (sort & 0x10 ? 8 : 0) : sort & 0x07;
}

/* Is `name` new in `sort`? The map has a bit for each sort that has the name. */
static sg_status claim(CompPrinter *p, CompNames *names, Sort sort, Bytes name, bool *is_new) {
    uint32_t bit = UINT32_C(1) << number_of(sort);
    uint32_t *sorts = sgi_map_get(&names->taken, name);
    *is_new = name.size && (sorts == NULL || (*sorts & bit) == 0);
    if (sorts)
        *sorts |= bit;
    else if (sgi_map_put(&names->taken, name, bit) == MAP_NO_MEMORY)
        return sgi_load_no_memory(&p->core.cx);
    return SG_OK;
}

static sg_status read_sort(Reader *r, Sort *sort) {
    uint8_t byte;
    SGI_TRY(sgi_read_byte(r, &byte));
    *sort = (Sort)byte;
    if (byte != 0)
        return byte <= SORT_INSTANCE ? SG_OK : SG_MALFORMED;
    SGI_TRY(sgi_read_byte(r, &byte));
    *sort = (Sort)(SORT_CORE | byte);
    return byte <= 0x04 || (byte >= 0x10 && byte <= 0x12) ? SG_OK : SG_MALFORMED;
}

static sg_status read_sort_names(CompPrinter *p, CompNames *names, Reader *r) {
    Sort sort = SORT_FUNC;
    uint32_t count;
    bool is_new;
    SGI_TRY(read_sort(r, &sort));
    SGI_TRY(sgi_read_u32(r, &count));
    CompNameRange *range = &names->ranges[number_of(sort)];
    if (range->count) { /* some tools say one sort's twice */
        r->at = r->end;
        return SG_OK;
    }
    range->start = names->items.count;
    for (; range->count < count; range->count++) {
        NameAssoc item;
        SGI_TRY(sgi_read_u32(r, &item.index));
        SGI_TRY(sgi_read_name(r, &item.name));
        if (range->count && names->items.items[names->items.count - 1].index >= item.index)
            return SG_MALFORMED;
        SGI_TRY(claim(p, names, sort, item.name, &is_new));
        if (!is_new)
            item.name = (Bytes){NULL, 0};
        if (!sgi_vec_push(p->core.cx.alloc, &names->items, item))
            return sgi_load_no_memory(&p->core.cx);
        if (range->count % 1024 == 1023)
            SGI_TRY(sgi_load_poll(&p->core.cx));
    }
    return SG_OK;
}

/* SG_MALFORMED, with no error recorded, for what is not understood. */
static sg_status read_section(CompPrinter *p, CompNames *names, Bytes bytes) {
    Reader r = {bytes.data, bytes.data + bytes.size, bytes.data, NULL};
    while (r.at != r.end) {
        uint8_t id;
        uint32_t size;
        Bytes part;
        SGI_TRY(sgi_read_byte(&r, &id));
        SGI_TRY(sgi_read_u32(&r, &size));
        SGI_TRY(sgi_read_bytes(&r, size, &part));
        Reader inside = {part.data, part.data + part.size, part.data, NULL};
        if (id > 1)
            return SG_MALFORMED;
        SGI_TRY(id == 0 ? sgi_read_name(&inside, &names->component) : read_sort_names(p, names, &inside));
        if (inside.at != inside.end)
            return SG_MALFORMED;
    }
    return SG_OK;
}

sg_status sgi_comp_names_read(CompPrinter *p, CompNames *names, const Component *component) {
    sg_status status = SG_OK;
    *names = (CompNames){.custom = NO_INDEX};
    sgi_map_init(&names->taken, p->core.cx.alloc);
    if (p->style == PRINT_EXACT_NAMES)
        return SG_OK;
    for (uint32_t i = 0; i < component->custom_count && names->custom == NO_INDEX; i++)
        if (sgi_bytes_is(component->customs[i].name, "component-name"))
            names->custom = i;
    if (names->custom != NO_INDEX)
        status = read_section(p, names, component->customs[names->custom].bytes);
    if (status == SG_OK || status != SG_MALFORMED)
        return status;
    memset(names->ranges, 0, sizeof names->ranges);
    names->component = (Bytes){NULL, 0};
    names->custom = NO_INDEX;
    return SG_OK;
}

void sgi_comp_names_free(CompPrinter *p, CompNames *names) {
    sgi_map_free(&names->taken);
    sgi_vec_free(p->core.cx.alloc, &names->items);
}

Bytes sgi_comp_name(const CompNames *names, Sort sort, uint32_t index) {
    if (names == NULL)
        return (Bytes){NULL, 0};
    const CompNameRange *range = &names->ranges[number_of(sort)];
    size_t low = range->start, high = low + range->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const NameAssoc *item = &names->items.items[middle];
        if (item->index == index)
            return item->name;
        if (item->index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return (Bytes){NULL, 0};
}
