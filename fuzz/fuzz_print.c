/* Bytes → text, or an error. What validated must print, and its text must parse again; the exact text to the
 * same bytes. */
#include "fuzz.h"

static void require_exact(const uint8_t *data, size_t size) {
    sg_bytes text, again;
    REQUIRE(sg_wat_print_exact(fuzz_engine(), data, size, &text, NULL) == SG_OK);
    REQUIRE(sg_wat_parse(fuzz_engine(), (const char *)text.data, text.size, &again, NULL) == SG_OK);
    REQUIRE(again.size == size && memcmp(again.data, data, size) == 0);
    sg_bytes_delete(&again);
    sg_bytes_delete(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (strcmp(sg_bytes_kind(data, size), "text") == 0)
        return 0;
    sg_error error = {.status = SG_OK};
    sg_component *component = NULL;
    sg_module *module = NULL;
    if (strcmp(sg_bytes_kind(data, size), "component") == 0)
        component = sg_component_load(fuzz_engine(), data, size, NULL);
    else
        module = sg_module_load(fuzz_engine(), data, size, NULL);
    bool valid = component != NULL || module != NULL;
    sg_component_delete(component);
    sg_module_delete(module);

    sg_bytes text, again;
    sg_status status = sg_wat_print(fuzz_engine(), data, size, &text, &error);
    REQUIRE(status == SG_OK || !valid);
    if (status != SG_OK) {
        require_error(&error);
        return 0;
    }
    status = sg_wat_parse(fuzz_engine(), (const char *)text.data, text.size, &again, &error);
    REQUIRE(status == SG_OK || !valid);
    if (status == SG_OK)
        sg_bytes_delete(&again);
    sg_bytes_delete(&text);
    if (valid)
        require_exact(data, size);
    return 0;
}
