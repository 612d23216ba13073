/* bytes or text → a loaded module or component: decode → validate → tier, under the engine's load budget. */
#include "pipeline.h"

#include "decode/decode.h"
#include "text/text.h"
#include "validate/validate.h"

/* --- the budget --- */

sg_status sgi_load_begin(Engine *engine, size_t input_size, LoadScope *scope, sg_error *err) {
    size_t budget = (size_t)engine->options.load_bytes;
    if (budget == 0) {
        if (!sgi_mul(input_size, (size_t)LIMIT_OF(LOAD_BYTES_FACTOR), &budget))
            budget = SIZE_MAX;
        if (budget < LIMIT_OF(LOAD_BYTES_LEAST))
            budget = (size_t)LIMIT_OF(LOAD_BYTES_LEAST);
    }
    *scope = (LoadScope){.engine = engine};
    sgi_alloc_init(&scope->alloc, engine->alloc.fn, engine->alloc.context, budget);
    scope->cx = (LoadContext){.alloc = &scope->alloc,
                              .features = engine->features,
                              .types = engine->types,
                              .interrupt = &scope->interrupt,
                              .err = err};
    uint64_t timeout = engine->options.load_timeout_ns, deadline;
    if (timeout == SG_ZERO)
        atomic_store(&scope->interrupt, SG_TRAP_DEADLINE);
    if (timeout == 0 || timeout >= SG_ZERO || !sgi_add(sgi_os_now(), timeout, &deadline))
        return SG_OK;
    scope->alarm = (Alarm){.deadline_ns = deadline, .flag = &scope->interrupt, .trap = SG_TRAP_DEADLINE};
    return sgi_clock_arm(engine->clock, &scope->alarm, err);
}

void sgi_load_end(LoadScope *scope) {
    if (scope->alarm.flag)
        sgi_clock_disarm(scope->engine->clock, &scope->alarm);
}

/* --- the tier's part --- */

static void release_module(Module *module) {
    Engine *engine = module->engine;
    LoadedCode *loaded = module->code;
    if (loaded)
        engine->tier->code_delete(loaded->code);
    sgi_engine_release(engine);
}

static sg_status finish_module(Engine *engine, Module *module, sg_error *err) {
    LoadedCode *loaded = sgi_arena_alloc(&module->arena, sizeof *loaded);
    if (loaded == NULL)
        return sgi_fail_memory(err);
    sgi_alloc_init(&loaded->alloc, engine->alloc.fn, engine->alloc.context, module->alloc.limit);
    loaded->code = engine->tier->code_new(module, &loaded->alloc);
    if (loaded->code == NULL)
        return sgi_fail_memory(err);
    module->code = loaded;
    module->engine = engine;
    module->release_hook = release_module;
    sgi_engine_retain(engine);
    return SG_OK;
}

static void release_component(Component *component) {
    sgi_engine_release(component->engine);
}

typedef struct Place {
    Component *component;
    uint32_t next; /* of its definitions */
} Place;

/* Every core module in the tree of components: a walk with its own stack, as deep as components nest. */
static sg_status finish_component(const LoadContext *cx, Engine *engine, Component *root) {
    Vec(Place) stack = {0};
    sg_status status = SG_OK;
    if (!sgi_vec_push(cx->alloc, &stack, ((Place){root, 0})))
        return sgi_load_no_memory(cx);
    while (status == SG_OK && stack.count > 0) {
        Place *place = &stack.items[stack.count - 1];
        if (place->next == place->component->def_count) {
            stack.count--;
            continue;
        }
        const Def *def = &place->component->defs[place->next++];
        if (def->kind == DEF_CORE_MODULE)
            status = finish_module(engine, def->as.core_module, cx->err);
        else if (def->kind == DEF_COMPONENT &&
                 !sgi_vec_push(cx->alloc, &stack, ((Place){def->as.component, 0})))
            status = sgi_load_no_memory(cx);
    }
    sgi_vec_free(cx->alloc, &stack);
    if (status != SG_OK)
        return status;
    root->engine = engine;
    root->release_hook = release_component;
    sgi_engine_retain(engine);
    return SG_OK;
}

/* --- loading --- */

/* Text begins with a parenthesis or a comment; what else is no binary shall be told so. */
static bool is_text(Bytes bytes) {
    size_t i = 0;
    while (i < bytes.size && (bytes.data[i] == ' ' || (bytes.data[i] >= '\t' && bytes.data[i] <= '\r')))
        i++;
    return i < bytes.size && (bytes.data[i] == '(' || bytes.data[i] == ';');
}

/* `bytes` as a binary: itself, or made from text in `binary`. */
static sg_status to_binary(const LoadContext *cx, Bytes *bytes, Buf *binary) {
    if (sgi_decode_kind(*bytes) != BINARY_NONE || !is_text(*bytes))
        return SG_OK;
    SGI_TRY(sgi_text_parse(cx, *bytes, binary));
    if (binary->failed)
        return sgi_load_no_memory(cx);
    *bytes = (Bytes){binary->data, binary->size};
    return SG_OK;
}

static sg_status load_module(LoadScope *scope, Bytes bytes, Buf *binary, Module **module) {
    const LoadContext *cx = &scope->cx;
    SGI_TRY(to_binary(cx, &bytes, binary));
    SGI_TRY(sgi_decode_module(cx, bytes, module));
    SGI_TRY(sgi_validate_module(cx, *module));
    SGI_TRY(sgi_load_poll(cx));
    return finish_module(scope->engine, *module, cx->err);
}

static sg_status load_component(LoadScope *scope, Bytes bytes, Buf *binary, Component **component) {
    const LoadContext *cx = &scope->cx;
    SGI_TRY(to_binary(cx, &bytes, binary));
    SGI_TRY(sgi_decode_component(cx, bytes, component));
    SGI_TRY(sgi_validate_component(cx, *component));
    SGI_TRY(sgi_load_poll(cx));
    return finish_component(cx, scope->engine, *component);
}

sg_status sgi_load_module(Engine *engine, Bytes bytes, Module **module, sg_error *err) {
    LoadScope scope;
    Buf binary;
    *module = NULL;
    SGI_TRY(sgi_load_begin(engine, bytes.size, &scope, err));
    sgi_buf_init(&binary, &scope.alloc);
    sg_status status = load_module(&scope, bytes, &binary, module);
    sgi_buf_free(&binary);
    sgi_load_end(&scope);
    if (status != SG_OK && *module) {
        sgi_module_release(*module);
        *module = NULL;
    }
    return status;
}

sg_status sgi_load_component(Engine *engine, Bytes bytes, Component **component, sg_error *err) {
    LoadScope scope;
    Buf binary;
    *component = NULL;
    SGI_TRY(sgi_load_begin(engine, bytes.size, &scope, err));
    sgi_buf_init(&binary, &scope.alloc);
    sg_status status = load_component(&scope, bytes, &binary, component);
    sgi_buf_free(&binary);
    sgi_load_end(&scope);
    if (status != SG_OK && *component) {
        sgi_component_release(*component);
        *component = NULL;
    }
    return status;
}
