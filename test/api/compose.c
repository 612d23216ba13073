/* Components made of core modules, and of components: guests/shop, built by clang for wasm32. */
#include "world.h"

#include <stdlib.h>

static void read_file(const char *name, char **data, size_t *size) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", SHOP, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    *data = malloc(1 << 20);
    *size = fread(*data, 1, 1 << 20, in);
    fclose(in);
}

static sg_status try_make(sg_engine *engine, const char *core, const char *world, sg_bytes *made,
                          sg_error *error) {
    char *wit, *bytes;
    size_t wit_size, size;
    read_file("wit/shop.wit", &wit, &wit_size);
    read_file(core, &bytes, &size);
    sg_wit_source source = {"shop.wit", wit, wit_size};
    sg_componentize_options options = {
        .size = sizeof options, .sources = &source, .source_count = 1, .world = world};
    sg_status status = sg_componentize(engine, bytes, size, &options, made, error);
    free(bytes);
    free(wit);
    return status;
}

static sg_component *make(sg_engine *engine, const char *core, const char *world) {
    sg_error error;
    sg_bytes made;
    assert_ok(try_make(engine, core, world, &made, &error), error);
    sg_component *component = sg_component_load(engine, made.data, made.size, &error);
    assert_made(component, error);
    sg_bytes_delete(&made);
    return component;
}

static void start_made(World *w) {
    sg_error error;
    w->instance = sg_linker_instantiate(w->linker, w->store, w->component, &error);
    assert_made(w->instance, error);
}

static sg_status take_note(void *context, sg_call *call, const sg_value *arguments, size_t count,
                           sg_value *result, sg_error *error) {
    (void)call, (void)result, (void)error;
    assert_int_equal(count, 1);
    assert_int_equal(arguments[0].kind, SG_STRING);
    ++*(unsigned *)context;
    return SG_OK;
}

static void assert_text(const sg_value *value, const char *text) {
    assert_int_equal(value->kind, SG_STRING);
    char *given = malloc(value->of.string.size + 1);
    memcpy(given, value->of.string.data, value->of.string.size);
    given[value->of.string.size] = '\0';
    assert_string_equal(given, text);
    free(given);
}

#define INVENTORY "sandglass:shop/inventory@1.1.0"

static void exports_become_functions(void **state) {
    (void)state;
    sg_error error;
    World w = begin((sg_limits){0});
    sg_value label = sg_value_string("top"), shelf, items, event, text;
    w.component = make(w.engine, "stock.wasm", "stock");
    start_made(&w);
    assert_ok(invoke(&w, INVENTORY "#[constructor]shelf", &label, 1, &shelf, &error), error);
    assert_int_equal(shelf.kind, SG_OWN);
    const char *pears = "[{name: \"pear\", count: 3, tags: [\"green\", \"big\"]}]";
    const sg_type *list = sg_func_param_type(func(&w, INVENTORY "#[method]shelf.put"), 1);
    assert_ok(sg_value_parse(list, pears, strlen(pears), &items, &error), error);
    sg_value arguments[] = {{.kind = SG_BORROW, .of.handle = shelf.of.handle}, items};
    assert_ok(invoke(&w, INVENTORY "#[method]shelf.put", arguments, 2, &event, &error), error);
    assert_ok(invoke(&w, INVENTORY "#describe", &event, 1, &text, &error), error);
    assert_text(&text, "added pear x3 green,big");
    sg_value_delete(&items);
    assert_ok(sg_resource_drop(w.store, shelf.of.handle, &error), error);
    end(&w);
}

static void two_become_one(void **state) {
    (void)state;
    sg_error error;
    World w = begin((sg_limits){0});
    unsigned notes = 0;
    sg_component *desk = make(w.engine, "desk.wasm", "desk"), *stock = make(w.engine, "stock.wasm", "stock");
    sg_bytes composed;
    sg_string name;
    sg_item_kind kind;
    const sg_component *plugs[] = {stock};
    assert_ok(sg_compose(w.engine, desk, plugs, 1, &composed, &error), error);
    sg_component_delete(desk);
    sg_component_delete(stock);
    w.component = sg_component_load(w.engine, composed.data, composed.size, &error);
    assert_made(w.component, error);
    sg_bytes_delete(&composed);
    assert_true(sg_component_import(w.component, 0, &name, &kind));
    assert_memory_equal(name.data, "note", 4);
    assert_false(sg_component_import(w.component, 1, &name, &kind));
    assert_ok(sg_linker_define_func(w.linker, NULL, "note", take_note, &notes, &error), error);
    start_made(&w);
    sg_value words[] = {sg_value_string("pear"), sg_value_string("plum"), sg_value_string("fig")}, order;
    sg_value list = {.kind = SG_LIST, .of.list = {words, 3}};
    for (unsigned i = 0; i < 3; i++) {
        assert_ok(invoke(&w, "order", &list, 1, &order, &error), error);
        assert_text(&order,
                    "nothing; renamed old to new; added pear x1 pear,fresh; added plum x2 plum,fresh; "
                    "added fig x3 fig,fresh; pear with 2; error no moon; pear:0 fig:3 plum:2 ");
        assert_int_equal(notes, 5 * (i + 1));
    }
    end(&w);
}

static void what_does_not_fit_is_told(void **state) {
    (void)state;
    sg_error error;
    sg_bytes made;
    sg_engine *engine = make_engine();
    assert_int_equal(try_make(engine, "stock.wasm", "desk", &made, &error), SG_UNLINKABLE);
    assert_non_null(strstr(error.detail, "[resource-new]shelf"));
    assert_int_equal(try_make(engine, "stock.wasm", "shop", &made, &error), SG_NOT_FOUND);
    sg_component *desk = make(engine, "desk.wasm", "desk"), *stock = make(engine, "stock.wasm", "stock");
    const sg_component *plugs[] = {stock, stock};
    assert_int_equal(sg_compose(engine, stock, plugs, 1, &made, &error), SG_UNLINKABLE);
    assert_int_equal(sg_compose(engine, desk, plugs, 2, &made, &error), SG_UNLINKABLE);
    assert_null(made.data);
    sg_component_delete(desk);
    sg_component_delete(stock);
    sg_engine_delete(engine);
}

static void refused_memory_is_an_error(void **state) {
    (void)state;
    sg_error error;
    bool done = false;
    for (size_t n = 0; !done; n += 1 + n / 8) {
        Ration r = {.left = SIZE_MAX};
        sg_bytes made = {0};
        sg_engine *engine = ration_engine(&r, &error);
        assert_made(engine, error);
        r.left = n;
        sg_status status = try_make(engine, "desk.wasm", "desk", &made, &error);
        done = !r.refused;
        assert_true(status == SG_NO_MEMORY || status == SG_OK); /* what was refused may be of no use */
        sg_bytes_delete(&made);
        r.left = SIZE_MAX;
        sg_engine_delete(engine);
        assert_int_equal(r.bytes, 0);
    }
}

static void refused_memory_while_composing(void **state) {
    (void)state;
    sg_error error;
    bool done = false;
    for (size_t n = 0; !done; n += 1 + n / 8) {
        Ration r = {.left = SIZE_MAX};
        sg_bytes made = {0};
        sg_engine *engine = ration_engine(&r, &error);
        assert_made(engine, error);
        sg_component *desk = make(engine, "desk.wasm", "desk"), *stock = make(engine, "stock.wasm", "stock");
        const sg_component *plugs[] = {stock};
        r.left = n;
        sg_status status = sg_compose(engine, desk, plugs, 1, &made, &error);
        done = !r.refused;
        assert_true(status == SG_NO_MEMORY || status == SG_OK); /* what was refused may be of no use */
        sg_bytes_delete(&made);
        r.left = SIZE_MAX;
        sg_component_delete(desk);
        sg_component_delete(stock);
        sg_engine_delete(engine);
        assert_int_equal(r.bytes, 0);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"a core module becomes a component", exports_become_functions, NULL, NULL, NULL},
        {"two components become one", two_become_one, NULL, NULL, NULL},
        {"what cannot become a component is told", what_does_not_fit_is_told, NULL, NULL, NULL},
        {"making a component without memory", refused_memory_is_an_error, NULL, NULL, NULL},
        {"composing without memory", refused_memory_while_composing, NULL, NULL, NULL},
    };
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
