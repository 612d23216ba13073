/* A component's bytes → the same component inside another, and plugged into itself: what loads can be
 * composed, or is told why not. */
#include "fuzz.h"

static void compose(const sg_component *socket, const sg_component *const *plugs, size_t count) {
    sg_error error = {.status = SG_OK};
    sg_bytes composed;
    if (sg_compose(fuzz_engine(), socket, plugs, count, &composed, &error) == SG_OK)
        sg_bytes_delete(&composed);
    else
        require_error(&error);
#ifdef SHOW
    char text[600];
    sg_error_format(&error, text, sizeof text);
    if (error.status)
        fprintf(stderr, "%zu %s: %s\n", count, sg_status_name(error.status), text);
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sg_error error = {.status = SG_OK};
    if (strcmp(sg_bytes_kind(data, size), "component") != 0)
        return 0;
    sg_component *component = sg_component_load(fuzz_engine(), data, size, &error);
    if (component == NULL)
        return 0;
    const sg_component *plugs[] = {component};
    compose(component, NULL, 0);
    compose(component, plugs, 1);
    sg_component_delete(component);
    return 0;
}
