/* The cases of WASI 0.2:   wasi_p2 GUEST.wasm CASES [record]
 *
 * A step of CASES (cases.h) goes as text to the guest's export `step`, which calls what it names and answers
 * in WIT's terms (steps.h). TRAP, DEADLINE: so ended the call. `record` prints the cases with what they give
 * now. Beside the tree, the network of this machine alone is granted. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sg_prepared *prepared;

typedef struct Guest {
    sg_store *store;
    sg_func *step;
} Guest;

static void allow_network(sg_wasi *wasi) {
    static const char *const rules[] = {"127.0.0.0/8", "[::1]", "localhost", "listen:127.0.0.0/8",
                                        "listen:[::1]"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (sg_wasi_allow_tcp(wasi, rules[i], &error) != SG_OK ||
            sg_wasi_allow_udp(wasi, rules[i], &error) != SG_OK)
            die(rules[i]);
    if (sg_wasi_allow_dns(wasi, "localhost", &error) != SG_OK)
        die("localhost");
}

static void *start(const char *top) {
    static Guest guest;
    const sg_limits limits = {.size = sizeof limits, .timeout_ns = UINT64_C(10000000000)};
    guest.store = sg_store_new(engine, &limits, &error);
    sg_wasi *wasi = grant_tree(top);
    allow_network(wasi);
    if (guest.store == NULL || sg_wasi_attach(wasi, guest.store, &error) != SG_OK)
        die("store");
    sg_wasi_delete(wasi);
    sg_instance *instance = sg_prepared_instantiate(prepared, guest.store, &error);
    guest.step = instance ? sg_instance_find_func(instance, "step", &error) : NULL;
    if (guest.step == NULL)
        die("instance");
    return &guest;
}

static void run(void *context, const char *step, char *result, size_t size) {
    const Guest *guest = context;
    sg_value text = sg_value_string(step), answer;
    if (sg_func_call(guest->step, &text, 1, &answer, &error) == SG_OK)
        snprintf(result, size, "%.*s", (int)answer.of.string.size, answer.of.string.data);
    else
        snprintf(result, size, error.trap == SG_TRAP_DEADLINE ? "DEADLINE" : "TRAP");
}

static void end(void *context) {
    sg_store_delete(((Guest *)context)->store);
}

int main(int argc, char **argv) {
    if (argc < 3)
        die("usage: wasi_p2 GUEST.wasm CASES [record]");
    engine = sg_engine_new(NULL, &error);
    sg_component *component = engine ? sg_component_load_file(engine, argv[1], &error) : NULL;
    sg_linker *linker = component ? sg_linker_new(engine, &error) : NULL;
    if (linker == NULL || sg_wasi_define(linker, &error) != SG_OK ||
        (prepared = sg_linker_prepare(linker, component, &error)) == NULL)
        die(argv[1]);
    bool is_good = run_cases(argv[2], &(Host){start, run, end}, argc > 3);
    sg_prepared_delete(prepared);
    sg_linker_delete(linker);
    sg_component_delete(component);
    sg_engine_delete(engine);
    return !is_good;
}
