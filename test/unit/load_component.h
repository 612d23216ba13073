/* What tests of components share: text or bytes → a component, with an account that must be empty at the end.
 */
#ifndef LOAD_COMPONENT_H
#define LOAD_COMPONENT_H

#include "load_core.h"

static inline Component *load_component_bytes(Loader *l, Bytes bytes) {
    Component *component;
    l->err = (sg_error){.status = SG_OK};
    sg_status status = sgi_decode_component(&l->cx, bytes, &component);
    if (status == SG_OK && (status = sgi_validate_component(&l->cx, component)) != SG_OK) {
        sgi_component_release(component);
        component = NULL;
    }
    assert_int_equal(status, l->err.status);
    assert_true((status == SG_OK) == (component != NULL));
    assert_true(status == SG_OK || l->err.message[0]);
    return component;
}

static inline Component *load_component_text(Loader *l, const char *text) {
    Buf binary;
    sgi_buf_init(&binary, &l->alloc);
    if (sgi_text_parse(&l->cx, sgi_bytes_of(text), &binary) != SG_OK)
        fail_msg("%s: %u:%u: %s %s", text, l->err.line, l->err.column, l->err.message, l->err.detail);
    Component *component = load_component_bytes(l, (Bytes){binary.data, binary.size});
    sgi_buf_free(&binary);
    return component;
}

static inline Component *must_load_component(Loader *l, const char *text) {
    Component *component = load_component_text(l, text);
    if (component == NULL)
        fail_msg("%s: %s (%s)", text, l->err.message, l->err.detail);
    return component;
}

static inline void component_loads(Loader *l, const char *text) {
    sgi_component_release(must_load_component(l, text));
}

static inline void component_fails(Loader *l, const char *text, sg_status status, const char *message) {
    Component *component = load_component_text(l, text);
    if (component)
        fail_msg("valid: %s", text);
    if (l->err.status != status || strncmp(l->err.message, message, strlen(message)) != 0)
        fail_msg("%s: %s: %s (%s)", text, sg_status_name(l->err.status), l->err.message, l->err.detail);
}

#endif
