/* Calls a guest of the tests through generated bindings:   host GUEST.wasm
 * The calls of calls.txt, with C types. Prints nothing when all is well. */
#include "app_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sg_error error;

static void must(bool is_right, int line, const char *what) {
    if (!is_right) {
        fprintf(stderr, "host.c:%d: %s (%s: %s)\n", line, what, error.message, error.detail);
        exit(1);
    }
}
#define MUST(condition) must((condition), __LINE__, #condition)

static app_string text(const char *data) {
    return (app_string){(char *)(uintptr_t)data, strlen(data)};
}

static bool is(app_string a, const char *b) {
    return a.size == strlen(b) && (a.size == 0 || memcmp(a.data, b, a.size) == 0);
}

static void test_numbers(app_instance *app) {
    uint32_t sum;
    double mean, values[] = {1, 2.5, 5.5};
    MUST(app_add(app, 1, 2, &sum, &error) == SG_OK && sum == 3);
    MUST(app_add(app, 4000000000u, 500000000u, &sum, &error) == SG_OK && sum == 205032704u);
    MUST(app_mean(app, (app_list_f64){NULL, 0}, &mean, &error) == SG_OK && mean == 0);
    MUST(app_mean(app, (app_list_f64){values, 3}, &mean, &error) == SG_OK && mean == 3);
    MUST(app_hoard(app, 2, &sum, &error) == SG_OK && sum == 2);
}

static void test_strings(app_instance *app) {
    app_string greeting;
    MUST(app_greet(app, text(""), &greeting, &error) == SG_OK && is(greeting, "Hello, !"));
    app_string_free(&greeting);
    MUST(app_greet(app, text("w\xc3\xb6rld \xf0\x9f\xa6\x80"), &greeting, &error) == SG_OK);
    MUST(is(greeting, "Hello, w\xc3\xb6rld \xf0\x9f\xa6\x80!"));
    app_string_free(&greeting);

    app_result_s64_string quotient;
    MUST(app_divide(app, 7, -2, &quotient, &error) == SG_OK && !quotient.is_error && quotient.of.ok == -3);
    MUST(app_divide(app, INT64_MIN, 1, &quotient, &error) == SG_OK && quotient.of.ok == INT64_MIN);
    MUST(app_divide(app, 7, 0, &quotient, &error) == SG_OK && quotient.is_error);
    MUST(is(quotient.of.error, "division by zero"));
    app_result_s64_string_free(&quotient);
}

static void test_lists(app_instance *app) {
    app_string items[] = {text("pear"), text("apple"), text(""), text("fig")};
    app_list_string words = {items, 4}, sorted;
    MUST(app_sort(app, (app_list_string){NULL, 0}, &sorted, &error) == SG_OK && sorted.count == 0);
    MUST(app_sort(app, words, &sorted, &error) == SG_OK && sorted.count == 4);
    MUST(is(sorted.items[0], "") && is(sorted.items[1], "apple") && is(sorted.items[2], "fig") &&
         is(sorted.items[3], "pear"));
    app_list_string_free(&sorted);
    app_option_u32 found;
    MUST(app_find(app, words, items[1], &found, &error) == SG_OK && found.is_some && found.value == 1);
    MUST(app_find(app, words, text("d"), &found, &error) == SG_OK && !found.is_some);
}

static void test_shapes(app_instance *app) {
    app_shapes_point moved, corners[] = {{0, 0, text("")}, {4, 0, text("b")}, {0, 3, text("c")}};
    MUST(app_shapes_move(app, (app_shapes_point){1, -2, text("p")}, 10, -20, &moved, &error) == SG_OK);
    MUST(moved.x == 11 && moved.y == -22 && is(moved.label, "p"));
    app_shapes_point_free(&moved);

    double area;
    app_shapes_shape shape = {.tag = APP_SHAPES_SHAPE_NOTHING};
    MUST(app_shapes_area(app, shape, &area, &error) == SG_OK && area == 0);
    shape = (app_shapes_shape){.tag = APP_SHAPES_SHAPE_CIRCLE, .of.circle = 2};
    MUST(app_shapes_area(app, shape, &area, &error) == SG_OK && area == 12);
    shape = (app_shapes_shape){.tag = APP_SHAPES_SHAPE_RECTANGLE, .of.rectangle = {2.5, 4}};
    MUST(app_shapes_area(app, shape, &area, &error) == SG_OK && area == 10);
    shape = (app_shapes_shape){.tag = APP_SHAPES_SHAPE_POLYGON, .of.polygon = {corners, 3}};
    MUST(app_shapes_area(app, shape, &area, &error) == SG_OK && area == 6);

    app_list_shapes_point points = {(app_shapes_point[]){{-1, 2, text("a")}, {5, 9, text("b")}}, 2};
    MUST(app_shapes_bounds(app, points, &shape, &error) == SG_OK);
    MUST(shape.tag == APP_SHAPES_SHAPE_RECTANGLE && shape.of.rectangle.width == 6 &&
         shape.of.rectangle.height == 7);
    app_shapes_shape_free(&shape);
    shape.tag = 4;
    MUST(app_shapes_area(app, shape, &area, &error) == SG_BAD_VALUE);
    MUST(strcmp(error.detail, "argument 1: no such case") == 0);
}

int main(int argc, char **argv) {
    const sg_limits limits = {.size = sizeof limits,
                              .fuel = 4000000000u,
                              .timeout_ns = 60 * 1000000000ull,
                              .memory_bytes = 256 << 20};
    MUST(argc == 2);
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_linker *linker = sg_linker_new(engine, &error);
    sg_store *store = sg_store_new(engine, &limits, &error);
    sg_component *component = sg_component_load_file(engine, argv[1], &error);
    MUST(component != NULL);
    sg_instance *made = sg_linker_instantiate(linker, store, component, &error);
    MUST(made != NULL);
    app_instance app;
    MUST(app_bind(&app, store, made, &error) == SG_OK);
    test_numbers(&app);
    test_strings(&app);
    test_lists(&app);
    test_shapes(&app);
    sg_store_delete(store);
    sg_component_delete(component);
    sg_linker_delete(linker);
    sg_engine_delete(engine);
    return 0;
}
