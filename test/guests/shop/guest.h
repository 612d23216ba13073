/* What guests without a C library share: memory that is never given back until the next call, and texts. */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name)         __attribute__((export_name(name)))

typedef struct Text {
    const char *data;
    size_t size;
} Text;

#define TEXT(literal) ((Text){literal, sizeof(literal) - 1})

static char heap[1 << 20];
static size_t heap_used;

static void *allocate(size_t size) {
    void *block = heap + heap_used;
    heap_used += (size + 7) & ~(size_t)7;
    if (heap_used > sizeof heap)
        __builtin_trap();
    return block;
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    char *block = allocate(size);
    (void)align;
    for (size_t i = 0; i < old_size && i < size; i++)
        block[i] = ((char *)old)[i];
    return block;
}

static int text_equal(Text a, Text b) {
    size_t i = 0;
    while (i < a.size && i < b.size && a.data[i] == b.data[i])
        i++;
    return i == a.size && i == b.size;
}

/* A text under construction, in one piece of fixed size. */
typedef struct Builder {
    char *data;
    size_t size;
} Builder;

static Builder builder(void) {
    return (Builder){allocate(4096), 0};
}

static void add_text(Builder *b, Text text) {
    for (size_t i = 0; i < text.size && b->size < 4096; i++)
        b->data[b->size++] = text.data[i];
}

static void add_number(Builder *b, uint32_t number) {
    char digits[10];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        add_text(b, (Text){&digits[--count], 1});
}

static Text built(const Builder *b) {
    return (Text){b->data, b->size};
}

/* ---- sandglass:shop/inventory, as the canonical ABI lays it out ---- */

typedef struct Item {
    Text name;
    uint32_t count;
    const Text *tags;
    size_t tag_count;
} Item;

typedef struct Items {
    const Item *items;
    size_t count;
} Items;

typedef struct Event {
    enum { NOTHING, ADDED, REMOVED, RENAMED } tag;
    union {
        Item added;
        uint32_t removed;
        struct {
            Text from, to;
        } renamed;
    } as;
} Event;

typedef struct Taken {
    uint32_t is_error;
    union {
        Item item;
        Text error;
    } as;
} Taken;

#endif
