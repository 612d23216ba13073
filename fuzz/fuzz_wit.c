/* WIT → a component that decodes, and C, or an error with a position. The input is two files, cut at the
 * first NUL: a package and its dependency. */
#include "fuzz.h"

/* The WIT of what was made from WIT is right. */
static void print_back(const sg_component *component) {
    sg_error error = {.status = SG_OK};
    sg_bytes text, binary;
    if (sg_wit_print(component, &text, &error) != SG_OK) {
        REQUIRE(error.status == SG_NO_MEMORY);
        return;
    }
    sg_wit_source source = {"a.wit", (const char *)text.data, text.size};
    REQUIRE(sg_wit_encode(fuzz_engine(), &source, 1, NULL, 0, &binary, &error) == SG_OK ||
            error.status == SG_NO_MEMORY);
    sg_bytes_delete(&binary);
    sg_bytes_delete(&text);
}

/* Bindings of its only world, if there is one. */
static void bind(const sg_wit_source *sources, size_t count) {
    const char *const features[] = {"active"};
    sg_bindgen_options options = {.size = sizeof options,
                                  .sources = sources,
                                  .source_count = count,
                                  .features = features,
                                  .feature_count = 1};
    for (options.side = SG_BINDGEN_GUEST; options.side <= SG_BINDGEN_HOST; options.side++) {
        sg_error error = {.status = SG_OK};
        sg_bindings bindings;
        if (sg_bindgen(fuzz_engine(), &options, &bindings, &error) != SG_OK)
            require_error(&error);
        sg_bindings_delete(&bindings);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sg_error error = {.status = SG_OK};
    const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
    size_t first = cut ? (size_t)(cut - data) : size;
    sg_wit_source sources[] = {{"a.wit", (const char *)data, first},
                               {"deps/b.wit", cut ? (const char *)cut + 1 : "", cut ? size - first - 1 : 0}};
    const char *const features[] = {"active"};
    sg_bytes binary, text;
    if (sg_wit_encode(fuzz_engine(), sources, cut ? 2 : 1, features, 1, &binary, &error) != SG_OK) {
        require_error(&error);
        return 0;
    }
    bind(sources, cut ? 2 : 1);
    sg_component *component = sg_component_load(fuzz_engine(), binary.data, binary.size, NULL);
    if (component) {
        print_back(component);
        sg_component_delete(component);
    }
    if (sg_wat_print(fuzz_engine(), binary.data, binary.size, &text, &error) == SG_OK)
        sg_bytes_delete(&text);
    else
        require_error(&error);
    sg_bytes_delete(&binary);
    return 0;
}
