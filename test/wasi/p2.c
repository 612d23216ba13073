/* The cases of WASI 0.2:   wasi_p2 GUEST.wasm CASES [record]
 *
 * A step of CASES (cases.h) goes as text to the guest's export `step`, which calls what it names and answers
 * in WIT's terms (steps.h). TRAP, DEADLINE: so ended the call. `record` prints the cases with what they give
 * now. What a line "! GRANT ; ..." grants is
 *
 *   nothing     loopback (this machine's network)     tcp RULE, udp RULE, dns NAME
 *
 * `ipv6` among them: the cases are skipped where this machine has none. */
#include "cases.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static sg_prepared *prepared;

typedef struct Guest {
    sg_store *store;
    sg_func *step;
} Guest;

enum { GRANTS_SIZE = 256 };
static char grants[GRANTS_SIZE]; /* each ended by " ; " */

static bool has_ipv6(void) {
    const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    bool is_bound = fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0;
    close(fd);
    return is_bound;
}

static bool grant(const char *what) {
    snprintf(grants, sizeof grants, "%s ; ", what);
    return strstr(grants, "ipv6 ; ") == NULL || has_ipv6();
}

static sg_status allow_loopback(sg_wasi *wasi) {
    static const char *const rules[] = {"127.0.0.0/8", "[::1]", "listen:127.0.0.0/8", "listen:[::1]"};
    sg_status status = sg_wasi_allow_dns(wasi, "localhost", &error);
    for (size_t i = 0; status == SG_OK && i < sizeof rules / sizeof *rules; i++)
        if ((status = sg_wasi_allow_tcp(wasi, rules[i], &error)) == SG_OK)
            status = sg_wasi_allow_udp(wasi, rules[i], &error);
    return status;
}

static void allow(sg_wasi *wasi) {
    char rule[GRANTS_SIZE];
    for (const char *at = grants, *end; (end = strstr(at, " ; ")) != NULL; at = end + 3) {
        sg_status status = SG_OK;
        snprintf(rule, sizeof rule, "%.*s", (int)(end - at), at);
        if (strcmp(rule, "loopback") == 0)
            status = allow_loopback(wasi);
        else if (strncmp(rule, "tcp ", 4) == 0)
            status = sg_wasi_allow_tcp(wasi, rule + 4, &error);
        else if (strncmp(rule, "udp ", 4) == 0)
            status = sg_wasi_allow_udp(wasi, rule + 4, &error);
        else if (strncmp(rule, "dns ", 4) == 0)
            status = sg_wasi_allow_dns(wasi, rule + 4, &error);
        if (status != SG_OK)
            die(rule);
    }
}

static void *start(const char *top) {
    static Guest guest;
    const sg_limits limits = {.size = sizeof limits, .timeout_ns = UINT64_C(10000000000)};
    guest.store = sg_store_new(engine, &limits, &error);
    sg_wasi *wasi = top ? grant_tree(top) : sg_wasi_new(engine, &error);
    if (wasi == NULL)
        die("wasi");
    allow(wasi);
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
    bool is_good = run_cases(argv[2], &(Host){grant, start, run, end}, argc > 3);
    sg_prepared_delete(prepared);
    sg_linker_delete(linker);
    sg_component_delete(component);
    sg_engine_delete(engine);
    return !is_good;
}
