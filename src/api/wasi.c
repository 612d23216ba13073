/* include/sandglass/wasi.h: grants, and what guests reach by them. */
#include "wasi/wasi.h"

sg_wasi *sg_wasi_new(sg_engine *engine, sg_error *error) {
    return sgi_wasi_new(engine, error);
}

void sg_wasi_delete(sg_wasi *wasi) {
    sgi_wasi_delete(wasi);
}

sg_status sg_wasi_add_argument(sg_wasi *wasi, const char *argument, sg_error *error) {
    return sgi_wasi_add_argument(wasi, argument, error);
}

sg_status sg_wasi_add_env(sg_wasi *wasi, const char *name, const char *value, sg_error *error) {
    return sgi_wasi_add_env(wasi, name, value, error);
}

sg_status sg_wasi_inherit_env(sg_wasi *wasi, sg_error *error) {
    return sgi_wasi_inherit_env(wasi, error);
}

void sg_wasi_inherit_stdio(sg_wasi *wasi) {
    sgi_wasi_inherit_stdio(wasi);
}

void sg_wasi_set_stream(sg_wasi *wasi, sg_wasi_stdio which, const sg_wasi_stream *stream) {
    sgi_wasi_set_stream(wasi, which, stream);
}

void sg_wasi_exit_on_closed_pipe(sg_wasi *wasi, bool on) {
    sgi_wasi_exit_on_closed_pipe(wasi, on);
}

sg_status sg_wasi_add_dir(sg_wasi *wasi, const char *host, const char *guest, bool read_only,
                          sg_error *error) {
    return sgi_wasi_add_dir(wasi, host, guest, read_only, error);
}

sg_status sg_wasi_add_virtual_dir(sg_wasi *wasi, const sg_wasi_files *files, uint64_t root, const char *guest,
                                  bool read_only, sg_error *error) {
    return sgi_wasi_add_virtual_dir(wasi, files, root, guest, read_only, error);
}

sg_status sg_wasi_allow_tcp(sg_wasi *wasi, const char *rule, sg_error *error) {
    return sgi_wasi_allow_tcp(wasi, rule, error);
}

sg_status sg_wasi_allow_udp(sg_wasi *wasi, const char *rule, sg_error *error) {
    return sgi_wasi_allow_udp(wasi, rule, error);
}

sg_status sg_wasi_allow_dns(sg_wasi *wasi, const char *name, sg_error *error) {
    return sgi_wasi_allow_dns(wasi, name, error);
}

void sg_wasi_set_network(sg_wasi *wasi, const sg_wasi_network *network) {
    sgi_wasi_set_network(wasi, network);
}

void sg_wasi_set_clock(sg_wasi *wasi, const sg_wasi_clock *clock) {
    sgi_wasi_set_clock(wasi, clock);
}

void sg_wasi_virtual_clock(sg_wasi *wasi, uint64_t wall_ns) {
    sgi_wasi_virtual_clock(wasi, wall_ns);
}

void sg_wasi_set_random(sg_wasi *wasi, const sg_wasi_random *random) {
    sgi_wasi_set_random(wasi, random);
}

void sg_wasi_seed_random(sg_wasi *wasi, uint64_t seed) {
    sgi_wasi_seed_random(wasi, seed);
}

void sg_wasi_set_limits(sg_wasi *wasi, const sg_wasi_limits *limits) {
    sgi_wasi_set_limits(wasi, limits);
}

sg_status sg_wasi_attach(const sg_wasi *wasi, sg_store *store, sg_error *error) {
    return sgi_wasi_attach(wasi, store, error);
}

sg_status sg_wasi_define(sg_linker *linker, sg_error *error) {
    return sgi_wasi_define(linker, error);
}

sg_status sg_wasi_import(sg_store *store, sg_string module, sg_string name, sg_extern *item,
                         sg_error *error) {
    item->kind = SG_EXTERN_FUNC;
    return sgi_wasi_import(store, (Bytes){(const uint8_t *)module.data, module.size},
                           (Bytes){(const uint8_t *)name.data, name.size}, &item->of.func, error);
}

bool sg_wasi_exit_code(const sg_store *store, int *code) {
    return sgi_wasi_exit_code(store, code);
}
