/* Random values through generated bindings of both sides:   host COMPONENT ROUNDS
 *
 *   here → guest 1 → (bindings of the host: glue.c) → guest 2 → here → and all the way back
 *
 * A value is made by the types that the library tells; what comes back must equal it. The guests' functions b
 * call what they import as a. */
#include "w_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* glue.c: fills `imports` with functions that call those of the instance `second`. */
void serve_by(w_imports *imports, w_instance *second);

static sg_error error;

static void fail(const char *what) {
    char text[512];
    sg_error_format(&error, text, sizeof text);
    fprintf(stderr, "host: %s: %s\n", what, text);
    exit(1);
}

/* ---- random values, in memory that is given back all at once ---- */

enum { ARENA_SIZE = 1 << 24 };
static _Alignas(16) char arena[ARENA_SIZE];
static size_t arena_used;
static uint64_t state = 1;

static uint64_t random_bits(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t below(size_t limit) {
    return (size_t)(random_bits() >> 20) % limit;
}

static void *take(size_t size) {
    void *block = arena + arena_used;
    arena_used += (size + 15) & ~(size_t)15;
    if (arena_used > ARENA_SIZE)
        fail("values too large");
    return block;
}

static sg_value make_value(const sg_type *type);

static sg_value *make_boxed(const sg_type *type) {
    sg_value *box = take(sizeof *box);
    *box = make_value(type);
    return box;
}

static sg_string make_string(void) {
    static const char *const parts[] = {"",   "a",   "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\x89",
                                        "\n", "word"};
    char *data = take(64);
    size_t size = 0;
    for (size_t i = below(6); i > 0; i--) {
        const char *part = parts[below(sizeof parts / sizeof *parts)];
        memcpy(data + size, part, strlen(part));
        size += strlen(part);
    }
    return sg_string_of(data, size);
}

static void make_items(const sg_type *type, sg_value *value) {
    bool is_list = value->kind == SG_LIST;
    size_t count = is_list ? below(4) : sg_type_count(type);
    sg_value *items = take(count * sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = make_value(sg_type_item(type, is_list ? 0 : i));
    value->of.list.items = items;
    value->of.list.count = count;
}

static void make_record(const sg_type *type, sg_value *value) {
    size_t count = sg_type_count(type);
    sg_field *fields = take(count * sizeof *fields);
    for (size_t i = 0; i < count; i++)
        fields[i] = (sg_field){sg_type_name(type, i), make_value(sg_type_item(type, i))};
    value->of.record.fields = fields;
    value->of.record.count = count;
}

static void make_flags(const sg_type *type, sg_value *value) {
    sg_string *names = take(32 * sizeof *names);
    value->of.flags.names = names;
    value->of.flags.count = 0;
    for (size_t i = 0; i < sg_type_count(type); i++)
        if (below(2))
            names[value->of.flags.count++] = sg_type_name(type, i);
}

static sg_value make_value(const sg_type *type) {
    sg_value value;
    memset(&value, 0, sizeof value);
    value.kind = sg_type_kind(type);
    uint64_t bits = below(4) == 0 ? (uint64_t)0 - below(3) : random_bits();
    size_t choice = sg_type_count(type) ? below(sg_type_count(type)) : 0;
    const sg_type *item = NULL;
    switch (value.kind) {
    case SG_BOOL: value.of.boolean = bits & 1; break;
    case SG_S8:
    case SG_U8: value.of.u8 = (uint8_t)bits; break;
    case SG_S16:
    case SG_U16: value.of.u16 = (uint16_t)bits; break;
    case SG_S32:
    case SG_U32: value.of.u32 = (uint32_t)bits; break;
    case SG_S64:
    case SG_U64: value.of.u64 = bits; break;
    case SG_F32: value.of.f32 = (float)(int32_t)bits / 8; break;
    case SG_F64: value.of.f64 = (double)(int64_t)bits / 8; break;
    case SG_CHAR: value.of.character = (uint32_t)(bits % 0xd800); break;
    case SG_STRING: value.of.string = make_string(); break;
    case SG_LIST:
    case SG_TUPLE: make_items(type, &value); break;
    case SG_RECORD: make_record(type, &value); break;
    case SG_FLAGS: make_flags(type, &value); break;
    case SG_ENUM: value.of.enumeration = sg_type_name(type, choice); break;
    case SG_VARIANT:
        item = sg_type_item(type, choice);
        value.of.variant.name = sg_type_name(type, choice);
        value.of.variant.payload = item ? make_boxed(item) : NULL;
        break;
    case SG_OPTION: value.of.option = below(2) ? make_boxed(sg_type_item(type, 0)) : NULL; break;
    case SG_RESULT:
        value.of.result.is_error = below(2);
        item = sg_type_item(type, value.of.result.is_error);
        value.of.result.payload = item ? make_boxed(item) : NULL;
        break;
    default: fail("a type that is not made");
    }
    return value;
}

/* ---- the end of the way ---- */

static sg_value kept; /* what the last call gave back; the library is done with the one before */

static sg_status give_back(void *context, sg_call *call, const sg_value *arguments, size_t count,
                           sg_value *result, sg_error *err) {
    (void)context, (void)call, (void)count;
    sg_value_delete(&kept);
    kept = (sg_value){.kind = SG_BOOL};
    sg_status status = sg_value_copy(&arguments[0], &kept, err);
    *result = kept;
    return status;
}

static void bind(sg_linker *linker, sg_store *store, const sg_component *component, sg_instance **made,
                 w_instance *bound) {
    *made = sg_linker_instantiate(linker, store, component, &error);
    if (*made == NULL || w_bind(bound, store, *made, &error) != SG_OK)
        fail("instantiate");
}

static void call_all(sg_instance *made) {
    for (size_t i = 0;; i++) {
        char name[16];
        sg_value arguments[8], result;
        snprintf(name, sizeof name, "b%zu", i);
        sg_func *func = sg_instance_find_func(made, name, NULL);
        if (func == NULL)
            return;
        arena_used = 0;
        size_t count = sg_func_param_count(func);
        for (size_t j = 0; j < count; j++)
            arguments[j] = make_value(sg_func_param_type(func, j));
        if (sg_func_call(func, arguments, count, &result, &error) != SG_OK)
            fail(name);
        if (!sg_value_equal(&arguments[0], &result)) {
            static char sent[4000], got[4000];
            sg_value_print(&arguments[0], sent, sizeof sent);
            sg_value_print(&result, got, sizeof got);
            fprintf(stderr, "host: %s: sent %s\ngot %s\n", name, sent, got);
            exit(1);
        }
    }
}

int main(int argc, char **argv) {
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_linker *linkers[] = {sg_linker_new(engine, &error), sg_linker_new(engine, &error)};
    sg_store *store = sg_store_new(engine, NULL, &error);
    sg_component *component = argc == 3 ? sg_component_load_file(engine, argv[1], &error) : NULL;
    if (component == NULL)
        fail("load");
    sg_string name;
    sg_item_kind kind;
    for (size_t i = 0; sg_component_import(component, i, &name, &kind); i++) {
        char text[64];
        snprintf(text, sizeof text, "%.*s", (int)name.size, name.data);
        if (kind == SG_ITEM_FUNC &&
            sg_linker_define_func(linkers[1], NULL, text, give_back, NULL, &error) != SG_OK)
            fail("define");
    }
    sg_instance *made[2];
    w_instance bound[2];
    w_imports imports = {0};
    bind(linkers[1], store, component, &made[1], &bound[1]);
    serve_by(&imports, &bound[1]);
    if (w_link(linkers[0], engine, &imports, &error) != SG_OK)
        fail("link");
    bind(linkers[0], store, component, &made[0], &bound[0]);
    for (long round = strtol(argv[2], NULL, 10); round > 0; round--)
        call_all(made[0]);
    sg_value_delete(&kept);
    sg_store_delete(store);
    sg_component_delete(component);
    sg_linker_delete(linkers[0]);
    sg_linker_delete(linkers[1]);
    sg_engine_delete(engine);
    return 0;
}
