/* A core module's bytes → decoded and validated, or an error. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sg_error error = {.status = SG_OK};
    if (strcmp(sg_bytes_kind(data, size), "text") == 0)
        return 0;
    sg_module *module = sg_module_load(fuzz_engine(), data, size, &error);
    if (module == NULL)
        require_error(&error);
    sg_module_delete(module);
    return 0;
}
