/* A component's bytes → decoded and validated, its imports and exports described and its WIT printed, or an
 * error. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sg_error error = {.status = SG_OK};
    if (strcmp(sg_bytes_kind(data, size), "text") == 0)
        return 0;
    sg_component *component = sg_component_load(fuzz_engine(), data, size, &error);
    if (component == NULL) {
        require_error(&error);
        return 0;
    }
    sg_string name;
    sg_item_kind kind;
    char type[256];
    for (size_t i = 0; sg_component_import(component, i, &name, &kind); i++)
        sg_component_import_type(component, i, SIZE_MAX, type, sizeof type);
    for (size_t i = 0; sg_component_export(component, i, &name, &kind); i++)
        sg_component_export_type(component, i, SIZE_MAX, type, sizeof type);
    sg_bytes wit;
    if (sg_wit_print(component, &wit, &error) == SG_OK)
        sg_bytes_delete(&wit);
    else
        require_error(&error);
    sg_component_delete(component);
    return 0;
}
