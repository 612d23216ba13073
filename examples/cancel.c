/* cancel: a call that would never end is stopped by another thread. */
#include <pthread.h>
#include <sandglass.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char spin[] = "(component"
                           "    (core module $Spin (func (export \"spin\") (loop $again (br $again))))"
                           "    (core instance $spin (instantiate $Spin))"
                           "    (func (export \"spin\") (canon lift (core func $spin \"spin\"))))";

/* Waits a little, then cancels until a call was there to be cancelled. */
static void *stop(void *canceller) {
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    do
        nanosleep(&pause, NULL);
    while (!sg_canceller_cancel(canceller));
    return NULL;
}

static sg_status run(sg_linker *linker, sg_store *store, const sg_component *component, sg_error *error) {
    sg_instance *instance = sg_linker_instantiate(linker, store, component, error);
    sg_func *func = instance ? sg_instance_find_func(instance, "spin", error) : NULL;
    sg_canceller *canceller = func ? sg_store_canceller(store, error) : NULL;
    if (canceller == NULL)
        return error->status;
    pthread_t thread;
    sg_status status = SG_NO_MEMORY;
    if (pthread_create(&thread, NULL, stop, canceller) == 0) {
        status = sg_func_call(func, NULL, 0, NULL, error);
        pthread_join(thread, NULL);
    }
    sg_canceller_delete(canceller);
    return status;
}

int main(void) {
    sg_error error = {.status = SG_OK};
    sg_status status = SG_NO_MEMORY;
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_linker *linker = engine ? sg_linker_new(engine, &error) : NULL;
    sg_component *component = linker ? sg_component_load(engine, spin, strlen(spin), &error) : NULL;
    sg_store *store = component ? sg_store_new(engine, NULL, &error) : NULL;
    if (store != NULL)
        status = run(linker, store, component, &error);

    char text[512];
    sg_error_format(&error, text, sizeof text);
    printf("%s\n", text);
    sg_store_delete(store);
    sg_component_delete(component);
    sg_linker_delete(linker);
    sg_engine_delete(engine);
    return status == SG_TRAP && error.trap == SG_TRAP_CANCELLED ? 0 : 1;
}
