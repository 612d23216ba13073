/* What the tests of files share: a store inside a call, with a directory that is granted twice. */
#ifndef TEST_FILES_WORLD_H
#define TEST_FILES_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wasi/file.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct World {
    Engine *engine;
    Store *store;
    WasiState *state;
    WasiFile *dir, *read_only; /* the same directory */
    CallScope scope;
    char top[64];
} World;

static inline const char *path_in(const World *w, const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", w->top, name);
    return path;
}

/* A store inside a call that ends in `timeout_ns`. */
static inline void world_make(World *w, uint64_t timeout_ns, const sg_wasi_limits *limits) {
    sg_error err;
    sg_wasi_errno error;
    const sg_limits call_limits = {.size = sizeof call_limits, .timeout_ns = timeout_ns};
    strcpy(w->top, "/tmp/sandglass-files-XXXXXX");
    assert_non_null(mkdtemp(w->top));
    w->engine = sgi_engine_new(&(sg_engine_options){.size = sizeof(sg_engine_options)}, &err);
    w->store = sgi_store_new(w->engine, &call_limits, &err);
    assert_non_null(w->store);
    Wasi *wasi = sgi_wasi_new(w->engine, &err);
    assert_int_equal(sgi_wasi_add_dir(wasi, w->top, "/", false, &err), SG_OK);
    assert_int_equal(sgi_wasi_add_dir(wasi, w->top, "/ro", true, &err), SG_OK);
    if (limits)
        sgi_wasi_set_limits(wasi, limits);
    assert_int_equal(sgi_wasi_attach(wasi, w->store, &err), SG_OK);
    sgi_wasi_delete(wasi);
    w->state = sgi_wasi_state(w->store);
    assert_int_equal(sgi_call_begin(w->store, &w->scope, &err), SG_OK);
    w->dir = sgi_file_of_dir(w->state, &w->state->grants.dirs.items[0], &error);
    w->read_only = sgi_file_of_dir(w->state, &w->state->grants.dirs.items[1], &error);
    assert_true(w->dir && w->read_only);
}

static inline int remove_one(const char *path, const struct stat *stat, int type, struct FTW *place) {
    (void)stat, (void)type, (void)place;
    return remove(path);
}

static inline void world_end(World *w) {
    sgi_wasi_release(&w->dir->object);
    sgi_wasi_release(&w->read_only->object);
    sgi_call_end(w->store, &w->scope, SG_OK, NULL);
    sgi_store_delete(w->store);
    sgi_engine_release(w->engine);
    nftw(w->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline sg_wasi_errno open_in(WasiFile *dir, const char *path, unsigned flags, WasiFile **file) {
    sg_wasi_errno error = SG_WASI_SUCCESS;
    assert_int_equal(sgi_file_open(dir, sgi_bytes_of(path), flags, false, file, &error), SG_TRAP_NONE);
    return error;
}

enum { NEW = OS_OPEN_CREATE | OS_OPEN_WRITE | OS_OPEN_READ };

#endif
