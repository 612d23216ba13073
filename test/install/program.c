/* What an embedder's first program does: asks for the version, makes an engine, loads text. */
#include <sandglass.h>
#include <stdio.h>

int main(void) {
    static const char text[] = "(component)";
    sg_error error;
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_component *component = engine ? sg_component_load(engine, text, sizeof text - 1, &error) : NULL;
    if (component == NULL)
        return 1;
    sg_component_delete(component);
    sg_engine_delete(engine);
    puts(sg_version());
    return 0;
}
