/* The world `desk`: a customer of shelves, by the canonical ABI's names, without bindings or a C library. */
#include "guest.h"

#define INVENTORY "sandglass:shop/inventory@1.1.0"

IMPORT(INVENTORY, "[constructor]shelf") int32_t shelf_new(const char *label, size_t size);
IMPORT(INVENTORY, "[method]shelf.put")
void shelf_put(int32_t shelf, const Item *items, size_t count, Event *event);
IMPORT(INVENTORY, "[method]shelf.take")
void shelf_take(int32_t shelf, const char *name, size_t size, uint32_t count, Taken *taken);
IMPORT(INVENTORY, "[method]shelf.items") void shelf_items(int32_t shelf, Items *items);
IMPORT(INVENTORY, "[static]shelf.merge") int32_t shelf_merge(int32_t a, int32_t b);
IMPORT(INVENTORY, "[resource-drop]shelf") void shelf_drop(int32_t shelf);
IMPORT(INVENTORY, "describe")
void inventory_describe(int32_t tag, int32_t a, size_t b, uint32_t c, size_t d, size_t e, Text *text);
IMPORT("$root", "note") void note(const char *text, size_t size);

static Text describe(const Event *event) {
    Text text;
    const Item *item = &event->as.added;
    switch (event->tag) {
    case ADDED:
        inventory_describe(ADDED, (int32_t)item->name.data, item->name.size, item->count, (size_t)item->tags,
                           item->tag_count, &text);
        break;
    case RENAMED:
        inventory_describe(RENAMED, (int32_t)event->as.renamed.from.data, event->as.renamed.from.size,
                           (uint32_t)event->as.renamed.to.data, event->as.renamed.to.size, 0, &text);
        break;
    default: inventory_describe((int32_t)event->tag, (int32_t)event->as.removed, 0, 0, 0, 0, &text);
    }
    note(text.data, text.size);
    return text;
}

static void put_items(Builder *summary, int32_t shelf, const Item *items, size_t count) {
    Event event;
    shelf_put(shelf, items, count, &event);
    add_text(summary, describe(&event));
    add_text(summary, TEXT("; "));
}

static void take(Builder *summary, int32_t shelf, Text name) {
    Taken taken;
    shelf_take(shelf, name.data, name.size, 1, &taken);
    if (taken.is_error) {
        add_text(summary, TEXT("error "));
        add_text(summary, taken.as.error);
    } else {
        add_text(summary, taken.as.item.name);
        add_text(summary, TEXT(" with "));
        add_number(summary, (uint32_t)taken.as.item.tag_count);
    }
    add_text(summary, TEXT("; "));
}

EXPORT("order") Text *order(const Text *lines, size_t count) {
    Builder summary = builder();
    int32_t a = shelf_new("a", 1), b = shelf_new("b", 1);
    Item pair[2] = {{TEXT("old"), 1, NULL, 0}, {TEXT("new"), 1, NULL, 0}};
    put_items(&summary, a, pair, 0);
    put_items(&summary, a, pair, 2);
    for (size_t i = 0; i < count; i++) {
        Text tags[2] = {lines[i], TEXT("fresh")};
        Item item = {lines[i], (uint32_t)i + 1, tags, 2};
        put_items(&summary, i % 2 ? b : a, &item, 1);
    }
    int32_t all = shelf_merge(a, b);
    if (count > 0)
        take(&summary, all, lines[0]);
    take(&summary, all, TEXT("moon"));
    Items items;
    shelf_items(all, &items);
    for (size_t i = 0; i < items.count; i++) {
        add_text(&summary, items.items[i].name);
        add_text(&summary, TEXT(":"));
        add_number(&summary, items.items[i].count);
        add_text(&summary, TEXT(" "));
    }
    shelf_drop(b);
    shelf_drop(all);
    Text *result = allocate(sizeof *result);
    *result = built(&summary);
    return result;
}

EXPORT("cabi_post_order") void post_order(void *result) {
    (void)result;
    heap_used = 0;
}
