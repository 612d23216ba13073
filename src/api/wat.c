/* include/sandglass/wat.h and wit.h: text to binary and back, and scripts. */
#include "pipeline.h"

#include "decode/decode.h"
#include "text/text.h"

#include <stdlib.h>
#include <string.h>

void sg_bytes_delete(sg_bytes *bytes) {
    if (bytes == NULL)
        return;
    free(bytes->data);
    *bytes = (sg_bytes){0};
}

/* What is handed out has no engine to be freed with: it comes from malloc. */
static sg_status hand_out(const LoadContext *cx, const Buf *buf, sg_bytes *bytes) {
    if (buf->failed)
        return sgi_load_no_memory(cx);
    uint8_t *data = malloc(buf->size ? buf->size : 1);
    if (data == NULL)
        return sgi_fail_memory(cx->err);
    if (buf->size > 0)
        memcpy(data, buf->data, buf->size);
    *bytes = (sg_bytes){data, buf->size};
    return SG_OK;
}

sg_status sg_wat_parse(sg_engine *engine, const char *text, size_t size, sg_bytes *binary, sg_error *error) {
    LoadScope scope;
    Buf buf;
    *binary = (sg_bytes){0};
    SGI_TRY(sgi_load_begin(engine, size, &scope, error));
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = sgi_text_parse(&scope.cx, (Bytes){(const uint8_t *)text, size}, &buf);
    if (status == SG_OK)
        status = hand_out(&scope.cx, &buf, binary);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}

sg_status sg_wit_encode(sg_engine *engine, const sg_wit_source *sources, size_t count,
                        const char *const *features, size_t feature_count, sg_bytes *binary,
                        sg_error *error) {
    LoadScope scope;
    Buf buf;
    size_t size = 0;
    *binary = (sg_bytes){0};
    for (size_t i = 0; i < count; i++)
        size = sgi_add(size, sources[i].size, &size) ? size : SIZE_MAX;
    SGI_TRY(sgi_load_begin(engine, size, &scope, error));
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = sgi_wit_encode(&scope.cx, sources, count, features, feature_count, &buf);
    if (status == SG_OK)
        status = hand_out(&scope.cx, &buf, binary);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}

static sg_status print(const LoadContext *cx, Bytes binary, Buf *text) {
    if (sgi_decode_kind(binary) == BINARY_COMPONENT) {
        Component *component;
        SGI_TRY(sgi_decode_component(cx, binary, &component));
        sg_status status = sgi_text_print_component(cx, component, text);
        sgi_component_release(component);
        return status;
    }
    Module *module;
    SGI_TRY(sgi_decode_module(cx, binary, &module));
    sg_status status = sgi_text_print_module(cx, module, text);
    sgi_module_release(module);
    return status;
}

sg_status sg_wat_print(sg_engine *engine, const void *binary, size_t size, sg_bytes *text, sg_error *error) {
    LoadScope scope;
    Buf buf;
    *text = (sg_bytes){0};
    SGI_TRY(sgi_load_begin(engine, size, &scope, error));
    scope.cx.features |= sgi_features_built();
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = print(&scope.cx, (Bytes){binary, size}, &buf);
    if (status == SG_OK)
        status = hand_out(&scope.cx, &buf, text);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}

/* --- scripts --- */

/* The arena's account is the load's, kept: it must stay where it is. Holds the engine, whose memory it is in.
 */
struct sg_script {
    LoadScope scope;
    Arena arena;
    Script script;
};

sg_script *sg_script_parse(sg_engine *engine, const char *text, size_t size, sg_error *error) {
    sg_script *script = sgi_engine_alloc(engine, sizeof *script);
    if (script == NULL) {
        sgi_fail_memory(error);
        return NULL;
    }
    sgi_engine_retain(engine);
    script->scope.engine = engine;
    sgi_arena_init(&script->arena, &script->scope.alloc);
    sg_status status = sgi_load_begin(engine, size, &script->scope, error);
    if (status == SG_OK) {
        Bytes bytes = {(const uint8_t *)text, size};
        status = sgi_text_parse_script(&script->scope.cx, &script->arena, bytes, &script->script);
        sgi_load_end(&script->scope);
    }
    if (status == SG_OK)
        return script;
    sg_script_delete(script);
    return NULL;
}

size_t sg_script_count(const sg_script *script) {
    return script->script.count;
}

const sg_command *sg_script_command(const sg_script *script, size_t index) {
    return index < script->script.count ? &script->script.commands[index] : NULL;
}

void sg_script_delete(sg_script *script) {
    if (script == NULL)
        return;
    Engine *engine = script->scope.engine;
    sgi_arena_free(&script->arena);
    sgi_engine_free(engine, script, sizeof *script);
    sgi_engine_release(engine);
}
