/* Text → a binary, or an error with a position. A binary that was made validates or not, and prints; and what
 * was printed parses again if it validated. Scripts are parsed too. */
#include "fuzz.h"

static bool validates(const sg_bytes *binary) {
    sg_module *module = NULL;
    sg_component *component = NULL;
    if (strcmp(sg_bytes_kind(binary->data, binary->size), "component") == 0)
        component = sg_component_load(fuzz_engine(), binary->data, binary->size, NULL);
    else
        module = sg_module_load(fuzz_engine(), binary->data, binary->size, NULL);
    bool valid = module != NULL || component != NULL;
    sg_module_delete(module);
    sg_component_delete(component);
    return valid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sg_error error = {.status = SG_OK};
    sg_script_delete(sg_script_parse(fuzz_engine(), (const char *)data, size, NULL));

    sg_bytes binary, text, again;
    if (sg_wat_parse(fuzz_engine(), (const char *)data, size, &binary, &error) != SG_OK) {
        require_error(&error);
        return 0;
    }
    bool valid = validates(&binary);
    if (sg_wat_print(fuzz_engine(), binary.data, binary.size, &text, &error) == SG_OK) {
        sg_status status = sg_wat_parse(fuzz_engine(), (const char *)text.data, text.size, &again, &error);
        REQUIRE(status == SG_OK || !valid);
        if (status == SG_OK)
            sg_bytes_delete(&again);
        sg_bytes_delete(&text);
    }
    sg_bytes_delete(&binary);
    return 0;
}
