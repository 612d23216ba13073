/* The world `stock`: shelves, by the canonical ABI's names, without bindings or a C library. */
#include "guest.h"

#define INVENTORY "sandglass:shop/inventory@1.1.0"

enum { MAX_SHELVES = 16, MAX_ITEMS = 32, MAX_TAGS = 8, MAX_TEXT = 32 };

/* What outlives a call is copied. */
typedef struct Kept {
    char data[MAX_TEXT];
    size_t size;
} Kept;

typedef struct Shelf {
    int is_used;
    size_t count;
    struct {
        Kept name, tags[MAX_TAGS];
        size_t tag_count;
        uint32_t left;
    } items[MAX_ITEMS];
} Shelf;

static Shelf shelves[MAX_SHELVES];

IMPORT("[export]" INVENTORY, "[resource-new]shelf") int32_t shelf_new(Shelf *shelf);
IMPORT("[export]" INVENTORY, "[resource-rep]shelf") Shelf *shelf_rep(int32_t handle);

static Kept keep(Text text) {
    Kept kept = {.size = text.size < MAX_TEXT ? text.size : MAX_TEXT};
    for (size_t i = 0; i < kept.size; i++)
        kept.data[i] = text.data[i];
    return kept;
}

static Text kept_text(const Kept *kept) {
    return (Text){kept->data, kept->size};
}

static void add_item(Shelf *shelf, const Item *item) {
    if (shelf->count == MAX_ITEMS || item->tag_count > MAX_TAGS)
        __builtin_trap();
    size_t at = shelf->count++;
    shelf->items[at].name = keep(item->name);
    shelf->items[at].left = item->count;
    shelf->items[at].tag_count = item->tag_count;
    for (size_t i = 0; i < item->tag_count; i++)
        shelf->items[at].tags[i] = keep(item->tags[i]);
}

static Item get_item(const Shelf *shelf, size_t at) {
    Text *tags = allocate(sizeof *tags * MAX_TAGS);
    size_t count = shelf->items[at].tag_count;
    for (size_t i = 0; i < count; i++)
        tags[i] = kept_text(&shelf->items[at].tags[i]);
    return (Item){kept_text(&shelf->items[at].name), shelf->items[at].left, tags, count};
}

EXPORT(INVENTORY "#[constructor]shelf") int32_t shelf_constructor(const char *label, size_t size) {
    (void)label, (void)size;
    for (size_t i = 0; i < MAX_SHELVES; i++)
        if (!shelves[i].is_used) {
            shelves[i].is_used = 1;
            shelves[i].count = 0;
            return shelf_new(&shelves[i]);
        }
    __builtin_trap();
}

EXPORT(INVENTORY "#[dtor]shelf") void shelf_destructor(Shelf *shelf) {
    shelf->is_used = 0;
}

EXPORT(INVENTORY "#[method]shelf.put") Event *shelf_put(Shelf *shelf, const Item *items, size_t count) {
    Event *event = allocate(sizeof *event);
    event->tag = count == 0 ? NOTHING : count == 1 ? ADDED : count == 2 ? RENAMED : REMOVED;
    if (event->tag == ADDED) {
        add_item(shelf, items);
        event->as.added = get_item(shelf, shelf->count - 1);
    } else if (event->tag == RENAMED) {
        event->as.renamed.from = items[0].name;
        event->as.renamed.to = items[1].name;
    } else {
        event->as.removed = (uint32_t)count;
    }
    return event;
}

EXPORT(INVENTORY "#[method]shelf.take")
Taken *shelf_take(Shelf *shelf, const char *name, size_t size, uint32_t count) {
    Taken *taken = allocate(sizeof *taken);
    for (size_t i = 0; i < shelf->count; i++)
        if (text_equal(kept_text(&shelf->items[i].name), (Text){name, size}) &&
            shelf->items[i].left >= count) {
            shelf->items[i].left -= count;
            taken->is_error = 0;
            taken->as.item = get_item(shelf, i);
            taken->as.item.count = count;
            return taken;
        }
    Builder error = builder();
    add_text(&error, TEXT("no "));
    add_text(&error, (Text){name, size});
    taken->is_error = 1;
    taken->as.error = built(&error);
    return taken;
}

EXPORT(INVENTORY "#[method]shelf.items") Items *shelf_items(const Shelf *shelf) {
    Items *list = allocate(sizeof *list);
    Item *items = allocate(sizeof *items * MAX_ITEMS);
    for (size_t i = 0; i < shelf->count; i++)
        items[i] = get_item(shelf, i);
    *list = (Items){items, shelf->count};
    return list;
}

EXPORT(INVENTORY "#[static]shelf.merge") int32_t shelf_merge(int32_t a, Shelf *b) {
    for (size_t i = 0; i < b->count; i++) {
        Item item = get_item(b, i);
        add_item(shelf_rep(a), &item);
    }
    b->count = 0;
    return a;
}

/* An event has more than 16 core values' worth of fields in no case, so it comes in one by one. */
EXPORT(INVENTORY "#describe")
Text *describe(int32_t tag, int32_t a, size_t b, uint32_t c, size_t d, size_t e) {
    Builder text = builder();
    if (tag == ADDED) {
        const Text *tags = (const Text *)d;
        add_text(&text, TEXT("added "));
        add_text(&text, (Text){(const char *)a, b});
        add_text(&text, TEXT(" x"));
        add_number(&text, c);
        for (size_t i = 0; i < e; i++) {
            add_text(&text, i ? TEXT(",") : TEXT(" "));
            add_text(&text, tags[i]);
        }
    } else if (tag == RENAMED) {
        add_text(&text, TEXT("renamed "));
        add_text(&text, (Text){(const char *)a, b});
        add_text(&text, TEXT(" to "));
        add_text(&text, (Text){(const char *)c, d});
    } else if (tag == REMOVED) {
        add_text(&text, TEXT("removed "));
        add_number(&text, (uint32_t)a);
    } else {
        add_text(&text, TEXT("nothing"));
    }
    Text *result = allocate(sizeof *result);
    *result = built(&text);
    return result;
}

/* Results have been read: all memory is free again. */
#define POST_RETURN(name, number)                                                                            \
    EXPORT("cabi_post_" INVENTORY name) void post_##number(void *result) {                                   \
        (void)result;                                                                                        \
        heap_used = 0;                                                                                       \
    }
POST_RETURN("#[method]shelf.put", 1)
POST_RETURN("#[method]shelf.take", 2)
POST_RETURN("#[method]shelf.items", 3)
POST_RETURN("#describe", 4)
