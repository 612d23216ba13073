/* The door of wasi: grants, and the functions that guests reach them by (include/sandglass/wasi.h). */
#ifndef SGI_WASI_H
#define SGI_WASI_H

#include "component/component.h"
#include "os/os.h"
#include "run/run.h"

#include <sandglass/wasi.h>

typedef struct sg_wasi Wasi;

Wasi *sgi_wasi_new(Engine *engine, sg_error *err);
void sgi_wasi_delete(Wasi *wasi);
sg_status sgi_wasi_add_argument(Wasi *wasi, const char *argument, sg_error *err);
sg_status sgi_wasi_add_env(Wasi *wasi, const char *name, const char *value, sg_error *err);
sg_status sgi_wasi_inherit_env(Wasi *wasi, sg_error *err);
void sgi_wasi_inherit_stdio(Wasi *wasi);
void sgi_wasi_set_stream(Wasi *wasi, sg_wasi_stdio which, const sg_wasi_stream *stream);
void sgi_wasi_exit_on_closed_pipe(Wasi *wasi, bool on);
sg_status sgi_wasi_add_dir(Wasi *wasi, const char *host, const char *guest, bool read_only, sg_error *err);
sg_status sgi_wasi_add_virtual_dir(Wasi *wasi, const sg_wasi_files *files, uint64_t root, const char *guest,
                                   bool read_only, sg_error *err);
sg_status sgi_wasi_allow_tcp(Wasi *wasi, const char *rule, sg_error *err);
sg_status sgi_wasi_allow_udp(Wasi *wasi, const char *rule, sg_error *err);
sg_status sgi_wasi_allow_dns(Wasi *wasi, const char *name, sg_error *err);
void sgi_wasi_set_network(Wasi *wasi, const sg_wasi_network *network);
void sgi_wasi_set_clock(Wasi *wasi, const sg_wasi_clock *clock);
void sgi_wasi_virtual_clock(Wasi *wasi, uint64_t wall_ns);
void sgi_wasi_set_random(Wasi *wasi, const sg_wasi_random *random);
void sgi_wasi_seed_random(Wasi *wasi, uint64_t seed);
void sgi_wasi_set_limits(Wasi *wasi, const sg_wasi_limits *limits);

sg_status sgi_wasi_attach(const Wasi *wasi, Store *store, sg_error *err);
sg_status sgi_wasi_define(Linker *linker, sg_error *err);
/* SG_NOT_FOUND if preview 1 has no such function. */
sg_status sgi_wasi_import(Store *store, Bytes module, Bytes name, FuncInst **func, sg_error *err);
bool sgi_wasi_exit_code(const Store *store, int *code);

#endif
