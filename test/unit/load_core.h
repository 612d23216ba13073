/* What tests of core modules share: text or bytes → a module, with an account that must be empty at the end.
 */
#ifndef LOAD_CORE_H
#define LOAD_CORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/decode.h"
#include "ration.h"
#include "text/text.h"
#include "validate/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Loader {
    Ration ration;
    Alloc engine, alloc;
    TypeRegistry *types;
    sg_error err;
    LoadContext cx;
} Loader;

static inline void loader_init(Loader *l) {
    *l = (Loader){.ration = {.left = SIZE_MAX, .for_good = true}};
    sgi_alloc_init(&l->engine, ration_realloc, &l->ration, SIZE_MAX);
    sgi_alloc_init(&l->alloc, ration_realloc, &l->ration, SIZE_MAX);
    l->types = sgi_types_new(&l->engine);
    assert_non_null(l->types);
    l->cx = (LoadContext){&l->alloc, sgi_features_default(), l->types, NULL, &l->err};
}

static inline void loader_end(Loader *l) {
    sgi_types_delete(l->types);
    assert_int_equal(l->ration.bytes, 0);
}

/* Decodes and validates; NULL with l->err filled on failure. */
static inline Module *load_bytes(Loader *l, Bytes bytes) {
    Module *module;
    l->err = (sg_error){.status = SG_OK};
    sg_status status = sgi_decode_module(&l->cx, bytes, &module);
    if (status == SG_OK && (status = sgi_validate_module(&l->cx, module)) != SG_OK) {
        sgi_module_release(module);
        module = NULL;
    }
    assert_int_equal(status, l->err.status);
    assert_true((status == SG_OK) == (module != NULL));
    return module;
}

static inline Module *load_text(Loader *l, const char *text) {
    Buf binary;
    sgi_buf_init(&binary, &l->alloc);
    if (sgi_text_parse(&l->cx, sgi_bytes_of(text), &binary) != SG_OK)
        fail_msg("%u:%u: %s %s", l->err.line, l->err.column, l->err.message, l->err.detail);
    Module *module = load_bytes(l, (Bytes){binary.data, binary.size});
    sgi_buf_free(&binary);
    return module;
}

static inline Module *must_load(Loader *l, const char *text) {
    Module *module = load_text(l, text);
    if (module == NULL)
        fail_msg("%s: %s (%s)", text, l->err.message, l->err.detail);
    return module;
}

static inline void must_fail(Loader *l, const char *text, sg_status status, const char *message) {
    Module *module = load_text(l, text);
    if (module)
        fail_msg("valid: %s", text);
    if (l->err.status != status || strncmp(l->err.message, message, strlen(message)) != 0)
        fail_msg("%s: %s: %s (%s)", text, sg_status_name(l->err.status), l->err.message, l->err.detail);
}

#endif
