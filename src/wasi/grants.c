/* Grants: what the embedder describes in an sg_wasi, and the copy of it that a store is given. */
#include "wasi/network.h"

#include <string.h>

Wasi *sgi_wasi_new(Engine *engine, sg_error *err) {
    Wasi *wasi = sgi_engine_alloc(engine, sizeof *wasi);
    if (wasi == NULL) {
        sgi_fail_memory(err);
        return NULL;
    }
    wasi->engine = engine;
    sgi_engine_retain(engine);
    sgi_alloc_init(&wasi->alloc, engine->alloc.fn, engine->alloc.context, SIZE_MAX);
    sgi_arena_init(&wasi->arena, &wasi->alloc);
    return wasi;
}

static void free_lists(WasiGrants *grants, Alloc *alloc) {
    sgi_vec_free(alloc, &grants->arguments);
    sgi_vec_free(alloc, &grants->environment);
    sgi_vec_free(alloc, &grants->dirs);
    sgi_vec_free(alloc, &grants->tcp);
    sgi_vec_free(alloc, &grants->udp);
    sgi_vec_free(alloc, &grants->dns);
}

void sgi_wasi_delete(Wasi *wasi) {
    if (wasi == NULL)
        return;
    Engine *engine = wasi->engine;
    sgi_wasi_dirs_close(&wasi->grants);
    free_lists(&wasi->grants, &wasi->alloc);
    sgi_arena_free(&wasi->arena);
    sgi_engine_free(engine, wasi, sizeof *wasi);
    sgi_engine_release(engine);
}

/* ---- arguments and environment ---- */

/* Data NULL: no memory. */
static Bytes copy_text(Arena *arena, Bytes text) {
    uint8_t *copy = sgi_arena_alloc(arena, text.size + 1);
    if (copy && text.size)
        memcpy(copy, text.data, text.size);
    return (Bytes){copy, text.size};
}

static sg_status keep_text(Wasi *wasi, const char *text, Bytes *kept, sg_error *err) {
    Bytes bytes = sgi_bytes_of(text);
    if (!sgi_utf8_valid(bytes.data, bytes.size))
        return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "not UTF-8", "\"%s\"", text);
    *kept = copy_text(&wasi->arena, bytes);
    return kept->data ? SG_OK : sgi_fail_memory(err);
}

sg_status sgi_wasi_add_argument(Wasi *wasi, const char *argument, sg_error *err) {
    Bytes kept;
    SGI_TRY(keep_text(wasi, argument, &kept, err));
    return sgi_vec_push(&wasi->alloc, &wasi->grants.arguments, kept) ? SG_OK : sgi_fail_memory(err);
}

sg_status sgi_wasi_add_env(Wasi *wasi, const char *name, const char *value, sg_error *err) {
    if (*name == '\0' || strchr(name, '='))
        return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "not the name of a variable", "\"%s\"", name);
    WasiVariable kept;
    SGI_TRY(keep_text(wasi, name, &kept.name, err));
    SGI_TRY(keep_text(wasi, value, &kept.value, err));
    for (size_t i = 0; i < wasi->grants.environment.count; i++)
        if (sgi_bytes_equal(wasi->grants.environment.items[i].name, kept.name)) {
            wasi->grants.environment.items[i].value = kept.value;
            return SG_OK;
        }
    return sgi_vec_push(&wasi->alloc, &wasi->grants.environment, kept) ? SG_OK : sgi_fail_memory(err);
}

sg_status sgi_wasi_inherit_env(Wasi *wasi, sg_error *err) {
    const char *entry;
    for (size_t i = 0; (entry = sgi_os_environment(i)) != NULL; i++) {
        const char *equals = strchr(entry, '=');
        Bytes whole = sgi_bytes_of(entry);
        if (equals == NULL || equals == entry || !sgi_utf8_valid(whole.data, whole.size))
            continue;
        Bytes name = copy_text(&wasi->arena, (Bytes){whole.data, (size_t)(equals - entry)});
        if (name.data == NULL)
            return sgi_fail_memory(err);
        SGI_TRY(sgi_wasi_add_env(wasi, (const char *)name.data, equals + 1, err));
    }
    return SG_OK;
}

/* ---- network ---- */

static bool is_ascii(Bytes text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

static sg_status allow(Wasi *wasi, WasiRules *rules, bool (*parse)(Bytes text, WasiRule *rule),
                       const char *text, sg_error *err) {
    Bytes kept;
    WasiRule rule;
    SGI_TRY(keep_text(wasi, text, &kept, err));
    if (!parse(kept, &rule))
        return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "not a rule for the network", "\"%s\"%s", text,
                        is_ascii(kept) ? "" : " (names are ASCII: xn--...)");
    return sgi_vec_push(&wasi->alloc, rules, rule) ? SG_OK : sgi_fail_memory(err);
}

sg_status sgi_wasi_allow_tcp(Wasi *wasi, const char *rule, sg_error *err) {
    return allow(wasi, &wasi->grants.tcp, sgi_wasi_parse_rule, rule, err);
}

sg_status sgi_wasi_allow_udp(Wasi *wasi, const char *rule, sg_error *err) {
    return allow(wasi, &wasi->grants.udp, sgi_wasi_parse_rule, rule, err);
}

sg_status sgi_wasi_allow_dns(Wasi *wasi, const char *name, sg_error *err) {
    return allow(wasi, &wasi->grants.dns, sgi_wasi_parse_name_rule, name, err);
}

/* ---- tables of functions ---- */

bool sgi_wasi_copy_table(void *to, size_t room, const void *from, size_t size) {
    memset(to, 0, room);
    if (size == 0 || size > room)
        return false;
    memcpy(to, from, size);
    return true;
}

/* What cannot answer an error leaves it to sgi_wasi_attach. */
#define SET_TABLE(wasi, to, from)                                                                            \
    do {                                                                                                     \
        if (!COPY_TABLE((wasi)->grants.to, from))                                                            \
            (wasi)->misused = #to;                                                                           \
    } while (0)

void sgi_wasi_set_stream(Wasi *wasi, sg_wasi_stdio which, const sg_wasi_stream *stream) {
    SET_TABLE(wasi, stdio[which], stream);
    wasi->grants.inherits_stdio[which] = false;
}

void sgi_wasi_inherit_stdio(Wasi *wasi) {
    for (int i = 0; i < 3; i++)
        wasi->grants.inherits_stdio[i] = true;
}

void sgi_wasi_exit_on_closed_pipe(Wasi *wasi, bool on) {
    wasi->grants.exits_on_closed_pipe = on;
}

void sgi_wasi_set_network(Wasi *wasi, const sg_wasi_network *network) {
    SET_TABLE(wasi, network, network);
}

void sgi_wasi_set_clock(Wasi *wasi, const sg_wasi_clock *clock) {
    SET_TABLE(wasi, clock, clock);
    wasi->grants.has_virtual_clock = false;
}

void sgi_wasi_virtual_clock(Wasi *wasi, uint64_t wall_ns) {
    wasi->grants.has_virtual_clock = true;
    wasi->grants.virtual_wall_ns = wall_ns;
}

void sgi_wasi_set_random(Wasi *wasi, const sg_wasi_random *random) {
    SET_TABLE(wasi, random, random);
    wasi->grants.has_seed = false;
}

void sgi_wasi_seed_random(Wasi *wasi, uint64_t seed) {
    wasi->grants.has_seed = true;
    wasi->grants.seed = seed;
}

void sgi_wasi_set_limits(Wasi *wasi, const sg_wasi_limits *limits) {
    SET_TABLE(wasi, limits, limits);
}

/* ---- attaching ---- */

static uint64_t resolve(uint64_t limit, uint64_t preset) {
    return limit == 0 ? preset : limit == SG_ZERO ? 0 : limit;
}

static sg_status copy_texts(Store *store, const Bytes *from, size_t count, Bytes *to, sg_error *err) {
    for (size_t i = 0; i < count; i++) {
        to[i] = copy_text(&store->arena, from[i]);
        if (to[i].data == NULL)
            return sgi_store_no_memory(store, err);
    }
    return SG_OK;
}

/* Parsed anew, for a rule points into its text. */
static sg_status copy_rules(Store *store, const WasiRules *from, WasiRules *to,
                            bool (*parse)(Bytes text, WasiRule *rule), sg_error *err) {
    if (!sgi_vec_reserve(&store->alloc, to, from->count))
        return sgi_store_no_memory(store, err);
    for (size_t i = 0; i < from->count; i++) {
        Bytes text;
        SGI_TRY(copy_texts(store, &from->items[i].text, 1, &text, err));
        parse(text, &to->items[to->count++]);
    }
    return SG_OK;
}

static sg_status copy_grants(const WasiGrants *from, WasiGrants *to, Store *store, sg_error *err) {
    size_t count = from->arguments.count;
    if (!sgi_vec_reserve(&store->alloc, &to->arguments, count))
        return sgi_store_no_memory(store, err);
    SGI_TRY(copy_texts(store, from->arguments.items, count, to->arguments.items, err));
    to->arguments.count = count;
    SGI_TRY(copy_rules(store, &from->tcp, &to->tcp, sgi_wasi_parse_rule, err));
    SGI_TRY(copy_rules(store, &from->udp, &to->udp, sgi_wasi_parse_rule, err));
    SGI_TRY(copy_rules(store, &from->dns, &to->dns, sgi_wasi_parse_name_rule, err));
    count = from->environment.count;
    if (!sgi_vec_reserve(&store->alloc, &to->environment, count))
        return sgi_store_no_memory(store, err);
    for (size_t i = 0; i < count; i++) {
        WasiVariable variable;
        SGI_TRY(copy_texts(store, &from->environment.items[i].name, 1, &variable.name, err));
        SGI_TRY(copy_texts(store, &from->environment.items[i].value, 1, &variable.value, err));
        to->environment.items[to->environment.count++] = variable;
    }
    memcpy(to->stdio, from->stdio, sizeof to->stdio);
    memcpy(to->inherits_stdio, from->inherits_stdio, sizeof to->inherits_stdio);
    to->exits_on_closed_pipe = from->exits_on_closed_pipe;
    to->network = from->network;
    to->clock = from->clock;
    to->random = from->random;
    to->has_virtual_clock = from->has_virtual_clock;
    to->virtual_wall_ns = from->virtual_wall_ns;
    to->has_seed = from->has_seed;
    to->seed = from->seed;
    to->limits = from->limits;
    return SG_OK;
}

static void finalize(Owned *owned, Store *store) {
    WasiState *state = (WasiState *)(void *)owned;
    sgi_p1_free(state);
    for (int i = 0; i < 3; i++)
        sgi_wasi_release(state->stdio[i] ? &state->stdio[i]->object : NULL);
    /* What a failed call had nowhere to put. */
    while (state->objects) {
        state->objects->references = 1;
        sgi_wasi_release(state->objects);
    }
    sgi_wasi_dirs_close(&state->grants);
    sgi_vec_free(&store->alloc, &state->resolved);
    free_lists(&state->grants, &store->alloc);
}

static void resolve_limits(WasiState *state) {
    sg_wasi_limits *limits = &state->grants.limits;
    state->descriptors.limit = limits->descriptors = resolve(limits->descriptors, 1024);
    state->sockets.limit = limits->sockets = resolve(limits->sockets, 256);
    state->written.limit = limits->written = resolve(limits->written, SG_UNLIMITED);
}

sg_status sgi_wasi_attach(const Wasi *wasi, Store *store, sg_error *err) {
    if (store->wasi || store->scope)
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET,
                        store->wasi ? "the store has its grants already" : "not inside a call", "%s", "");
    if (wasi->misused)
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, "the size of a table is not one of this version", "%s",
                        wasi->misused);
    WasiState *state = sgi_wasi_state(store);
    if (state == NULL)
        return sgi_store_no_memory(store, err);
    sg_status status = copy_grants(&wasi->grants, &state->grants, store, err);
    if (status == SG_OK)
        status = sgi_wasi_dirs_copy(wasi, state, err);
    resolve_limits(state);
    sgi_wasi_random_start(state);
    if (status != SG_OK) { /* as if it had not been */
        finalize(&state->owned, store);
        store->wasi = NULL;
    }
    return status;
}

WasiState *sgi_wasi_state(Store *store) {
    if (store->wasi)
        return (WasiState *)(void *)store->wasi;
    WasiState *state = sgi_store_alloc(store, sizeof *state);
    if (state == NULL)
        return NULL;
    state->store = store;
    state->clock_base = sgi_os_now();
    resolve_limits(state);
    state->owned.finalize = finalize;
    store->wasi = &state->owned;
    return state;
}

sg_trap sgi_wasi_exit(WasiState *state, int code) {
    state->has_exited = true;
    state->exit_code = code;
    return SG_TRAP_EXIT;
}

bool sgi_wasi_exit_code(const Store *store, int *code) {
    const WasiState *state = (const WasiState *)(const void *)store->wasi;
    if (state == NULL || !state->has_exited)
        return false;
    *code = state->exit_code;
    return true;
}

/* ---- objects ---- */

void *sgi_wasi_object_new(WasiState *state, WasiKind kind, size_t size, void (*destroy)(WasiObject *self)) {
    WasiObject *object = sgi_alloc_zero(&state->store->alloc, size);
    if (object == NULL)
        return NULL;
    *object = (WasiObject){.kind = kind,
                           .references = 1,
                           .size = size,
                           .state = state,
                           .next = state->objects,
                           .destroy = destroy};
    if (state->objects)
        state->objects->previous = object;
    state->objects = object;
    return object;
}

void sgi_wasi_retain(WasiObject *object) {
    object->references++;
}

void sgi_wasi_release(WasiObject *object) {
    if (object == NULL || --object->references)
        return;
    WasiState *state = object->state;
    if (object->destroy)
        object->destroy(object);
    if (object->previous)
        object->previous->next = object->next;
    else
        state->objects = object->next;
    if (object->next)
        object->next->previous = object->previous;
    sgi_free(&state->store->alloc, object, object->size);
}
