/* include/sandglass/wat.h: text to binary and back, and scripts. */
#include "api/private.h"
#include "pipeline.h"

#include "decode/decode.h"
#include "text/text.h"

sg_status sg_wat_parse(sg_engine *engine, const char *text, size_t size, sg_bytes *binary, sg_error *error) {
    LoadScope scope;
    Buf buf;
    *binary = (sg_bytes){0};
    SGI_TRY(sgi_load_begin(engine, size, &scope, error));
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = sgi_text_parse(&scope.cx, (Bytes){(const uint8_t *)text, size}, &buf);
    if (status == SG_OK)
        status = sgi_hand_out(&scope.cx, &buf, binary);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}

static sg_status print_component(const LoadContext *cx, Bytes binary, PrintStyle style, Buf *text) {
    Component *component;
    SGI_TRY(sgi_decode_component(cx, binary, &component));
    sg_status status = sgi_text_print_component(cx, component, style, text);
    sgi_component_release(component);
    return status;
}

static sg_status print(const LoadContext *cx, Bytes binary, Buf *text) {
    if (sgi_decode_kind(binary) == BINARY_COMPONENT)
        return print_component(cx, binary, PRINT_FOR_PEOPLE, text);
    Module *module;
    SGI_TRY(sgi_decode_module(cx, binary, &module));
    sg_status status = sgi_text_print_module(cx, module, text);
    sgi_module_release(module);
    return status;
}

typedef sg_status Print(const LoadContext *cx, Bytes binary, Buf *text);

static sg_status print_with(sg_engine *engine, Print *print_it, Bytes binary, sg_bytes *text,
                            sg_error *error) {
    LoadScope scope;
    Buf buf;
    *text = (sg_bytes){0};
    SGI_TRY(sgi_load_begin(engine, binary.size, &scope, error));
    scope.cx.features |= sgi_features_built();
    sgi_buf_init(&buf, &scope.alloc);
    sg_status status = print_it(&scope.cx, binary, &buf);
    if (status == SG_OK)
        status = sgi_hand_out(&scope.cx, &buf, text);
    sgi_buf_free(&buf);
    sgi_load_end(&scope);
    return status;
}

sg_status sg_wat_print(sg_engine *engine, const void *binary, size_t size, sg_bytes *text, sg_error *error) {
    return print_with(engine, print, (Bytes){binary, size}, text, error);
}

/* What cannot be parsed is not the same either. */
static bool parses_to(const LoadContext *cx, const Buf *text, Bytes binary) {
    LoadContext quiet = *cx;
    quiet.err = NULL;
    Buf again;
    sgi_buf_init(&again, cx->alloc);
    bool is_same = !text->failed &&
                   sgi_text_parse(&quiet, (Bytes){text->data, text->size}, &again) == SG_OK &&
                   sgi_bytes_equal((Bytes){again.data, again.size}, binary);
    sgi_buf_free(&again);
    return is_same;
}

/* The first style whose text is the same bytes; or binary. */
static sg_status print_exact(const LoadContext *cx, Bytes binary, Buf *text) {
    bool is_component = sgi_decode_kind(binary) == BINARY_COMPONENT;
    for (PrintStyle style = PRINT_FOR_PEOPLE; style <= (is_component ? PRINT_EXACT_NAMES : PRINT_FOR_PEOPLE);
         style++) {
        SGI_TRY(is_component ? print_component(cx, binary, style, text) : print(cx, binary, text));
        if (parses_to(cx, text, binary))
            return SG_OK;
        text->size = 0;
    }
    sgi_text_print_bytes(is_component ? "component" : "module", binary, text);
    return SG_OK;
}

sg_status sg_wat_print_exact(sg_engine *engine, const void *binary, size_t size, sg_bytes *text,
                             sg_error *error) {
    return print_with(engine, print_exact, (Bytes){binary, size}, text, error);
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
