/* The guests' world in C, with the canonical ABI's glue written out: flat parameters come in, a result of
 * more than one flat value goes out as a pointer to `returned`. Lists and strings handed in were made by
 * cabi_realloc and are ours; what goes out is freed by cabi_post_*. Nothing here is to be fast: it is to be
 * plain. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

typedef struct Text {
    char *data;
    size_t size;
} Text;

typedef struct Texts {
    Text *items;
    size_t count;
} Texts;

typedef struct Point {
    int32_t x, y;
    Text label;
} Point;

typedef struct Shape {
    uint8_t tag; /* nothing, circle, rectangle, polygon */
    union {
        double radius;
        struct {
            double width, height;
        } size;
    } of;
} Shape;

static union {
    Text text;
    Texts texts;
    Point point;
    Shape shape;
    struct {
        uint8_t is_error;
        union {
            int64_t quotient;
            Text error;
        } of;
    } divided;
    struct {
        uint8_t is_some;
        uint32_t index;
    } found;
} returned;

EXPORT("cabi_realloc") void *cabi_realloc(void *block, size_t old_size, size_t alignment, size_t size) {
    (void)old_size;
    if (size == 0)
        return (void *)alignment;
    void *grown = realloc(block, size);
    if (grown == NULL)
        __builtin_trap();
    return grown;
}

static void *allocate(size_t size) {
    return cabi_realloc(NULL, 0, 1, size);
}

static Text copy_text(const char *data, size_t size) {
    Text copy = {allocate(size), size};
    memcpy(copy.data, data, size);
    return copy;
}

static void free_text(Text text) {
    if (text.size > 0)
        free(text.data);
}

static void free_texts(Texts texts) {
    for (size_t i = 0; i < texts.count; i++)
        free_text(texts.items[i]);
    if (texts.count > 0)
        free(texts.items);
}

static int compare_texts(const void *a, const void *b) {
    const Text *left = a, *right = b;
    size_t shorter = left->size < right->size ? left->size : right->size;
    int order = memcmp(left->data, right->data, shorter);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

EXPORT("add") uint32_t add(uint32_t a, uint32_t b) {
    return a + b;
}

EXPORT("mean") double mean(double *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    if (count > 0)
        free(values);
    return count > 0 ? sum / (double)count : 0;
}

EXPORT("greet") Text *greet(char *data, size_t size) {
    Text name = {data, size};
    Text *greeting = &returned.text;
    greeting->size = strlen("Hello, ") + size + strlen("!");
    greeting->data = allocate(greeting->size);
    memcpy(greeting->data, "Hello, ", 7);
    memcpy(greeting->data + 7, data, size);
    greeting->data[7 + size] = '!';
    free_text(name);
    return greeting;
}

EXPORT("cabi_post_greet") void post_greet(Text *greeting) {
    free_text(*greeting);
}

EXPORT("divide") void *divide(int64_t a, int64_t b) {
    returned.divided.is_error = b == 0 || (a == INT64_MIN && b == -1);
    if (b == 0)
        returned.divided.of.error = copy_text("division by zero", 16);
    else if (returned.divided.is_error)
        returned.divided.of.error = copy_text("overflow", 8);
    else
        returned.divided.of.quotient = a / b;
    return &returned;
}

EXPORT("cabi_post_divide") void post_divide(void *result) {
    (void)result;
    if (returned.divided.is_error)
        free_text(returned.divided.of.error);
}

EXPORT("sort") Texts *sort(Text *items, size_t count) {
    returned.texts = (Texts){items, count};
    if (count > 0)
        qsort(items, count, sizeof *items, compare_texts);
    return &returned.texts;
}

EXPORT("cabi_post_sort") void post_sort(Texts *sorted) {
    free_texts(*sorted);
}

EXPORT("find") void *find(Text *items, size_t count, char *data, size_t size) {
    Texts texts = {items, count};
    Text wanted = {data, size};
    returned.found.is_some = 0;
    for (size_t i = 0; i < count && !returned.found.is_some; i++) {
        if (compare_texts(&items[i], &wanted) == 0) {
            returned.found.is_some = 1;
            returned.found.index = (uint32_t)i;
        }
    }
    free_texts(texts);
    free_text(wanted);
    return &returned;
}

EXPORT("hoard") uint32_t hoard(uint32_t mebibytes) {
    for (uint32_t i = 0; i < mebibytes; i++) {
        void *volatile kept = allocate(1 << 20); /* volatile, or the compiler sees that nobody reads it */
        memset(kept, (int)i + 1, 1 << 20);
    }
    return mebibytes;
}

EXPORT("spin") void spin(void) {
    for (volatile uint32_t turns = 0;; turns++)
        ;
}

EXPORT("sandglass:guest/shapes#move")
Point *move(int32_t x, int32_t y, char *data, size_t size, int32_t dx, int32_t dy) {
    returned.point = (Point){x + dx, y + dy, {data, size}};
    return &returned.point;
}

EXPORT("cabi_post_sandglass:guest/shapes#move") void post_move(Point *point) {
    free_text(point->label);
}

/* The payloads' flat types are joined: two slots of i64 hold f64 bits or i32. */
static double from_bits(int64_t bits) {
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* The shoelace formula. */
static double polygon_area(Point *points, size_t count) {
    double twice = 0;
    for (size_t i = 0; i < count; i++) {
        const Point *a = &points[i], *b = &points[(i + 1) % count];
        twice += (double)a->x * b->y - (double)b->x * a->y;
    }
    for (size_t i = 0; i < count; i++)
        free_text(points[i].label);
    if (count > 0)
        free(points);
    return (twice < 0 ? -twice : twice) / 2;
}

EXPORT("sandglass:guest/shapes#area") double area(int32_t tag, int64_t first, int64_t second) {
    switch (tag) {
    case 1:
        return 3 * from_bits(first) * from_bits(first); /* three will do for pi, and gives round figures */
    case 2: return from_bits(first) * from_bits(second);
    case 3: return polygon_area((Point *)(uintptr_t)first, (size_t)second);
    default: return 0;
    }
}

EXPORT("sandglass:guest/shapes#bounds") Shape *bounds(Point *points, size_t count) {
    returned.shape.tag = count > 0 ? 2 : 0;
    if (count > 0) {
        Point low = points[0], high = points[0];
        for (size_t i = 0; i < count; i++) {
            low.x = points[i].x < low.x ? points[i].x : low.x;
            low.y = points[i].y < low.y ? points[i].y : low.y;
            high.x = points[i].x > high.x ? points[i].x : high.x;
            high.y = points[i].y > high.y ? points[i].y : high.y;
            free_text(points[i].label);
        }
        free(points);
        returned.shape.of.size.width = (double)high.x - low.x;
        returned.shape.of.size.height = (double)high.y - low.y;
    }
    return &returned.shape;
}
