/* The cases of WASI 0.2:   wasi_p2 GUEST.wasm CASES [record]
 *
 * A step of CASES (cases.h) goes as text to the guest's export `step`, which calls what it names and answers
 * in WIT's terms (steps.h). TRAP, DEADLINE: so ended the call. `record` prints the cases with what they give
 * now. What a line "! GRANT ; ..." grants is
 *
 *   nothing     loopback (this machine's network)     tcp RULE, udp RULE, dns NAME     sockets COUNT at most
 *   fails FUNCTION ERRNO: of the network's functions, one has only that to say
 *
 * `ipv6` among them: the cases are skipped where this machine has none. */
#include "cases.h"

#include <inttypes.h>
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

/* ---- a network's function that fails ---- */

static sg_wasi_errno fault;

static sg_wasi_errno fail_open(void *context, bool is_udp, bool is_v6, int *descriptor) {
    (void)context, (void)is_udp, (void)is_v6, (void)descriptor;
    return fault;
}
static sg_wasi_errno fail_address(void *context, int descriptor, const sg_address *address) {
    (void)context, (void)descriptor, (void)address;
    return fault;
}
static sg_wasi_errno fail_listen(void *context, int descriptor, uint32_t backlog) {
    (void)context, (void)descriptor, (void)backlog;
    return fault;
}
static sg_wasi_errno fail_accept(void *context, int descriptor, int *accepted) {
    (void)context, (void)descriptor, (void)accepted;
    return fault;
}
static sg_wasi_errno fail_resolve(void *context, const char *name, sg_address *addresses, size_t max,
                                  size_t *count) {
    (void)context, (void)name, (void)addresses, (void)max, (void)count;
    return fault;
}

static sg_status fail(sg_wasi *wasi, const char *function, const char *name) {
    static const char *const errnos[] = {
#define WASI_ERRNO(name, filesystem, sockets) #name,
#include <sandglass/wasi_errors.def>
#undef WASI_ERRNO
    };
    sg_wasi_network network = {.size = sizeof network};
    for (fault = 0; strcmp(errnos[fault], name) != 0;)
        if (++fault == sizeof errnos / sizeof *errnos)
            return SG_BAD_VALUE;
    if (strcmp(function, "open") == 0)
        network.open = fail_open;
    else if (strcmp(function, "bind") == 0)
        network.bind = fail_address;
    else if (strcmp(function, "connect") == 0)
        network.connect = fail_address;
    else if (strcmp(function, "listen") == 0)
        network.listen = fail_listen;
    else if (strcmp(function, "accept") == 0)
        network.accept = fail_accept;
    else if (strcmp(function, "resolve") == 0)
        network.resolve = fail_resolve;
    sg_wasi_set_network(wasi, &network);
    return SG_OK;
}

/* ---- grants ---- */

static sg_status allow_one(sg_wasi *wasi, const char *rule) {
    char function[16], name[16];
    sg_wasi_limits limits = {.size = sizeof limits};
    if (strcmp(rule, "loopback") == 0)
        return allow_loopback(wasi);
    if (strncmp(rule, "tcp ", 4) == 0)
        return sg_wasi_allow_tcp(wasi, rule + 4, &error);
    if (strncmp(rule, "udp ", 4) == 0)
        return sg_wasi_allow_udp(wasi, rule + 4, &error);
    if (strncmp(rule, "dns ", 4) == 0)
        return sg_wasi_allow_dns(wasi, rule + 4, &error);
    if (sscanf(rule, "fails %15s %15s", function, name) == 2)
        return fail(wasi, function, name);
    if (sscanf(rule, "sockets %" SCNu64, &limits.sockets) == 1)
        sg_wasi_set_limits(wasi, &limits);
    return SG_OK;
}

static void allow(sg_wasi *wasi) {
    char rule[GRANTS_SIZE];
    for (const char *at = grants, *end; (end = strstr(at, " ; ")) != NULL; at = end + 3) {
        snprintf(rule, sizeof rule, "%.*s", (int)(end - at), at);
        if (allow_one(wasi, rule) != SG_OK)
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
