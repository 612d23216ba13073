/* Virtual directories through WASI 0.2. The component exports what it imports of wasi:filesystem, so that the
 * test calls the functions itself: arguments and results are WAVE text, handles come apart from it. */
#include "tree.h"

#include <stdlib.h>

/* clang-format off */
#define RESULT(ok) " (result (result " ok " (error $error-code)))"
#define METHOD(name, rest)                                                                                   \
    "(export \"[method]descriptor." name "\" (func (param \"self\" (borrow $descriptor))" rest "))"

static const char component_text[] =
    "(component"
    "  (import \"wasi:io/error@0.2.12\" (instance $io-error (export \"error\" (type (sub resource)))))"
    "  (alias export $io-error \"error\" (type $error))"
    "  (import \"wasi:io/streams@0.2.12\" (instance $streams"
    "    (alias outer 1 $error (type $error0)) (export \"error\" (type $error (eq $error0)))"
    "    (type $stream-error0 (variant (case \"last-operation-failed\" (own $error)) (case \"closed\")))"
    "    (export \"stream-error\" (type $stream-error (eq $stream-error0)))"
    "    (export \"input-stream\" (type $input-stream (sub resource)))"
    "    (export \"output-stream\" (type $output-stream (sub resource)))"
    "    (export \"[method]input-stream.blocking-read\" (func (param \"self\" (borrow $input-stream))"
    "      (param \"len\" u64) (result (result (list u8) (error $stream-error)))))"
    "    (export \"[method]output-stream.blocking-write-and-flush\" (func"
    "      (param \"self\" (borrow $output-stream)) (param \"contents\" (list u8))"
    "      (result (result (error $stream-error)))))))"
    "  (alias export $streams \"input-stream\" (type $input-stream))"
    "  (alias export $streams \"output-stream\" (type $output-stream))"
    "  (import \"wasi:filesystem/types@0.2.12\" (instance $types"
    "    (alias outer 1 $input-stream (type $input0)) (export \"input-stream\" (type $input (eq $input0)))"
    "    (alias outer 1 $output-stream (type $output0)) (export \"output-stream\" (type $output (eq $output0)))"
    "    (type $error-code0 (enum \"access\" \"would-block\" \"already\" \"bad-descriptor\" \"busy\" \"deadlock\""
    "      \"quota\" \"exist\" \"file-too-large\" \"illegal-byte-sequence\" \"in-progress\" \"interrupted\""
    "      \"invalid\" \"io\" \"is-directory\" \"loop\" \"too-many-links\" \"message-size\" \"name-too-long\""
    "      \"no-device\" \"no-entry\" \"no-lock\" \"insufficient-memory\" \"insufficient-space\""
    "      \"not-directory\" \"not-empty\" \"not-recoverable\" \"unsupported\" \"no-tty\" \"no-such-device\""
    "      \"overflow\" \"not-permitted\" \"pipe\" \"read-only\" \"invalid-seek\" \"text-file-busy\""
    "      \"cross-device\"))"
    "    (export \"error-code\" (type $error-code (eq $error-code0)))"
    "    (type $type0 (enum \"unknown\" \"block-device\" \"character-device\" \"directory\" \"fifo\""
    "      \"symbolic-link\" \"regular-file\" \"socket\"))"
    "    (export \"descriptor-type\" (type $type (eq $type0)))"
    "    (type $flags0 (flags \"read\" \"write\" \"file-integrity-sync\" \"data-integrity-sync\""
    "      \"requested-write-sync\" \"mutate-directory\"))"
    "    (export \"descriptor-flags\" (type $flags (eq $flags0)))"
    "    (type $path-flags0 (flags \"symlink-follow\"))"
    "    (export \"path-flags\" (type $path-flags (eq $path-flags0)))"
    "    (type $open-flags0 (flags \"create\" \"directory\" \"exclusive\" \"truncate\"))"
    "    (export \"open-flags\" (type $open-flags (eq $open-flags0)))"
    "    (type $datetime0 (record (field \"seconds\" u64) (field \"nanoseconds\" u32)))"
    "    (export \"datetime\" (type $datetime (eq $datetime0)))"
    "    (type $stat0 (record (field \"type\" $type) (field \"link-count\" u64) (field \"size\" u64)"
    "      (field \"data-access-timestamp\" (option $datetime))"
    "      (field \"data-modification-timestamp\" (option $datetime))"
    "      (field \"status-change-timestamp\" (option $datetime))))"
    "    (export \"descriptor-stat\" (type $stat (eq $stat0)))"
    "    (type $new-timestamp0 (variant (case \"no-change\") (case \"now\") (case \"timestamp\" $datetime)))"
    "    (export \"new-timestamp\" (type $new-timestamp (eq $new-timestamp0)))"
    "    (type $entry0 (record (field \"type\" $type) (field \"name\" string)))"
    "    (export \"directory-entry\" (type $entry (eq $entry0)))"
    "    (export \"descriptor\" (type $descriptor (sub resource)))"
    "    (export \"directory-entry-stream\" (type $entry-stream (sub resource)))"
    METHOD("read-via-stream", "(param \"offset\" u64)" RESULT("(own $input)"))
    METHOD("write-via-stream", "(param \"offset\" u64)" RESULT("(own $output)"))
    METHOD("append-via-stream", RESULT("(own $output)"))
    METHOD("get-flags", RESULT("$flags"))
    METHOD("get-type", RESULT("$type"))
    METHOD("sync", RESULT(""))
    METHOD("set-size", "(param \"size\" u64)" RESULT(""))
    METHOD("read", "(param \"length\" u64) (param \"offset\" u64)" RESULT("(tuple (list u8) bool)"))
    METHOD("write", "(param \"buffer\" (list u8)) (param \"offset\" u64)" RESULT("u64"))
    METHOD("read-directory", RESULT("(own $entry-stream)"))
    METHOD("create-directory-at", "(param \"path\" string)" RESULT(""))
    METHOD("stat", RESULT("$stat"))
    METHOD("stat-at", "(param \"path-flags\" $path-flags) (param \"path\" string)" RESULT("$stat"))
    METHOD("set-times-at", "(param \"path-flags\" $path-flags) (param \"path\" string)"
           "(param \"accessed\" $new-timestamp) (param \"modified\" $new-timestamp)" RESULT(""))
    METHOD("link-at", "(param \"old-path-flags\" $path-flags) (param \"old-path\" string)"
           "(param \"new-descriptor\" (borrow $descriptor)) (param \"new-path\" string)" RESULT(""))
    METHOD("open-at", "(param \"path-flags\" $path-flags) (param \"path\" string)"
           "(param \"open-flags\" $open-flags) (param \"flags\" $flags)" RESULT("(own $descriptor)"))
    METHOD("readlink-at", "(param \"path\" string)" RESULT("string"))
    METHOD("remove-directory-at", "(param \"path\" string)" RESULT(""))
    METHOD("rename-at", "(param \"old-path\" string) (param \"new-descriptor\" (borrow $descriptor))"
           "(param \"new-path\" string)" RESULT(""))
    METHOD("symlink-at", "(param \"old-path\" string) (param \"new-path\" string)" RESULT(""))
    METHOD("unlink-file-at", "(param \"path\" string)" RESULT(""))
    METHOD("is-same-object", "(param \"other\" (borrow $descriptor)) (result bool)")
    "    (export \"[method]directory-entry-stream.read-directory-entry\" (func"
    "      (param \"self\" (borrow $entry-stream))" RESULT("(option $entry)") "))))"
    "  (alias export $types \"descriptor\" (type $descriptor))"
    "  (import \"wasi:filesystem/preopens@0.2.12\" (instance $preopens"
    "    (alias outer 1 $descriptor (type $descriptor0))"
    "    (export \"descriptor\" (type $descriptor (eq $descriptor0)))"
    "    (export \"get-directories\" (func (result (list (tuple (own $descriptor) string)))))))"
    "  (export \"streams\" (instance $streams))"
    "  (export \"types\" (instance $types))"
    "  (export \"preopens\" (instance $preopens)))";
/* clang-format on */

enum { ANSWER_SIZE = 400, PARAMS_MAX = 8 };

typedef struct World {
    Tree tree;
    sg_engine *engine;
    sg_store *store;
    sg_component *component;
    sg_instance *instance;
    uint64_t a, b;            /* the directory, and the same read-only */
    uint64_t handle;          /* that the last call gave */
    char answer[ANSWER_SIZE]; /* and its result */
} World;

/* `types#[method]descriptor.NAME` and others by their whole name. */
static sg_func *func_of(World *world, const char *name) {
    sg_error error;
    char whole[100];
    snprintf(whole, sizeof whole, strchr(name, '#') ? "%s" : "types#[method]descriptor.%s", name);
    sg_func *func = sg_instance_find_func(world->instance, whole, &error);
    assert_made(func, error);
    return func;
}

/* Calls with `handles` where the function takes any, and `texts` for its other parameters; the answer is kept
 * in the world. */
static const char *ask(World *world, const char *name, const uint64_t *handles, const char *const *texts) {
    sg_error error;
    sg_func *func = func_of(world, name);
    sg_value arguments[PARAMS_MAX], result;
    size_t count = sg_func_param_count(func), text = 0, handle = 0;
    assert_true(count <= PARAMS_MAX);
    for (size_t i = 0; i < count; i++) {
        const sg_type *type = sg_func_param_type(func, i);
        if (sg_type_kind(type) == SG_BORROW) {
            arguments[i] = (sg_value){.kind = SG_BORROW, .of.handle = handles[handle++]};
            continue;
        }
        assert_ok(sg_value_parse(type, texts[text], strlen(texts[text]), &arguments[i], &error), error);
        text++;
    }
    assert_ok(sg_func_call(func, arguments, count, &result, &error), error);
    sg_value_print(&result, world->answer, sizeof world->answer);
    world->handle = 0;
    if (result.kind == SG_RESULT && !result.of.result.is_error && result.of.result.payload &&
        result.of.result.payload->kind == SG_OWN)
        world->handle = result.of.result.payload->of.handle;
    for (size_t i = 0; i < count; i++)
        if (arguments[i].kind != SG_BORROW)
            sg_value_delete(&arguments[i]);
    return world->answer;
}

#define ASK(world, name, handle, ...)                                                                        \
    ask(world, name, (const uint64_t[]){handle}, (const char *const[]){__VA_ARGS__})
#define ASK2(world, name, handle, other, ...)                                                                \
    ask(world, name, (const uint64_t[]){handle, other}, (const char *const[]){__VA_ARGS__})

static uint64_t open_it(World *world, uint64_t dir, const char *path, const char *open_flags,
                        const char *flags) {
    const char *answer = ASK(world, "open-at", dir, "{}", path, open_flags, flags);
    if (world->handle == 0)
        fail_msg("%s: %s", path, answer);
    return world->handle;
}

static World *make_world(const sg_wasi_limits *limits) {
    World *world = calloc(1, sizeof *world);
    sg_error error = {.status = SG_OK};
    tree_start(&world->tree);
    world->engine = make_engine();
    world->store = make_store(world->engine, (sg_limits){0});
    world->component = load_component(world->engine, component_text);
    sg_wasi *wasi = sg_wasi_new(world->engine, &error);
    sg_linker *linker = sg_linker_new(world->engine, &error);
    const sg_wasi_files files = files_of(&world->tree);
    assert_ok(sg_wasi_add_virtual_dir(wasi, &files, ROOT, "/a", false, &error), error);
    assert_ok(sg_wasi_add_virtual_dir(wasi, &files, ROOT, "/b", true, &error), error);
    if (limits)
        sg_wasi_set_limits(wasi, limits);
    assert_ok(sg_wasi_attach(wasi, world->store, &error), error);
    sg_wasi_delete(wasi);
    assert_ok(sg_wasi_define(linker, &error), error);
    world->instance = sg_linker_instantiate(linker, world->store, world->component, &error);
    assert_made(world->instance, error);
    sg_linker_delete(linker);
    sg_value dirs;
    assert_ok(sg_func_call(func_of(world, "preopens#get-directories"), NULL, 0, &dirs, &error), error);
    assert_int_equal(dirs.of.list.count, 2);
    world->a = dirs.of.list.items[0].of.list.items[0].of.handle;
    world->b = dirs.of.list.items[1].of.list.items[0].of.handle;
    return world;
}

static void end_world(World *world) {
    sg_store_delete(world->store);
    sg_component_delete(world->component);
    sg_engine_delete(world->engine);
    tree_end(&world->tree);
    free(world);
}

/* ---- tests ---- */

#define EXPECT(call, answer) assert_string_equal(call, answer)
#define NO_TIME              "{seconds: 0, nanoseconds: 0}"

static void files(void **state) {
    (void)state;
    World *world = make_world(NULL);
    uint64_t file = open_it(world, world->a, "\"hello\"", "{}", "{read, write}");
    EXPECT(ASK(world, "read", file, "5", "7"), "ok(([119, 111, 114, 108, 100], false))");
    EXPECT(ASK(world, "read", file, "3", "0"), "ok(([104, 101, 108], false))");
    EXPECT(ASK(world, "read", file, "3", "100"), "ok(([], true))");
    EXPECT(ASK(world, "write", file, "[72]", "0"), "ok(1)");
    EXPECT(ASK(world, "write", file, "[33]", "12"), "ok(1)");
    EXPECT(ASK(world, "write", file, "[33]", "1000"), "err(file-too-large)");
    EXPECT(ASK(world, "set-size", file, "2"), "ok");
    EXPECT(ASK(world, "sync", file, NULL), "ok");
    EXPECT(ASK(world, "get-type", file, NULL), "ok(regular-file)");
    EXPECT(ASK(world, "get-flags", file, NULL), "ok({read, write})");
    EXPECT(ASK(world, "read", file, "9", "0"), "ok(([72, 101], false))");
    EXPECT(ASK(world, "set-times-at", world->a, "{}", "\"hello\"", "no-change",
               "timestamp({seconds: 5, nanoseconds: 7})"),
           "ok");
    EXPECT(ASK(world, "stat-at", world->a, "{}", "\"hello\""),
           "ok({type: regular-file, link-count: 1, size: 2, data-access-timestamp: some(" NO_TIME
           "), data-modification-timestamp: some({seconds: 5, nanoseconds: 7}), status-change-timestamp: "
           "some(" NO_TIME ")})");
    EXPECT(ASK(world, "open-at", world->a, "{}", "\"hello/\"", "{}", "{read}"), "err(not-directory)");
    EXPECT(ASK(world, "open-at", world->a, "{}", "\"hello\"", "{directory}", "{read}"), "err(not-directory)");
    EXPECT(ASK(world, "open-at", world->a, "{}", "\"nothing\"", "{}", "{read}"), "err(no-entry)");
    EXPECT(ASK(world, "open-at", world->a, "{}", "\"sub/../..\"", "{}", "{read}"), "err(not-permitted)");
    EXPECT(ASK(world, "open-at", world->a, "{}", "\"/hello\"", "{}", "{read}"), "err(not-permitted)");
    end_world(world);
}

static void directories(void **state) {
    (void)state;
    World *world = make_world(NULL);
    uint64_t sub = open_it(world, world->a, "\"sub\"", "{directory}", "{read, mutate-directory}");
    EXPECT(ASK(world, "get-type", sub, NULL), "ok(directory)");
    EXPECT(ASK(world, "read", sub, "3", "0"), "err(is-directory)");
    uint64_t made = open_it(world, sub, "\"new\"", "{create, exclusive}", "{write}");
    EXPECT(ASK(world, "open-at", sub, "{}", "\"new\"", "{create, exclusive}", "{write}"), "err(exist)");
    uint64_t again = open_it(world, world->a, "\"sub/./new\"", "{}", "{read}");
    EXPECT(ASK2(world, "is-same-object", made, again, NULL), "true");
    EXPECT(ASK2(world, "is-same-object", made, sub, NULL), "false");
    EXPECT(ASK(world, "read", made, "3", "0"), "err(bad-descriptor)");
    EXPECT(ASK(world, "write", again, "[1]", "0"), "err(bad-descriptor)");

    ASK(world, "read-directory", sub, NULL);
    uint64_t entries = world->handle;
    static const char next[] = "types#[method]directory-entry-stream.read-directory-entry";
    EXPECT(ASK(world, next, entries, NULL), "ok(some({type: regular-file, name: \"inner\"}))");
    EXPECT(ASK(world, next, entries, NULL), "ok(some({type: regular-file, name: \"new\"}))");
    EXPECT(ASK(world, next, entries, NULL), "ok(none)");
    EXPECT(ASK(world, "read-directory", made, NULL), "err(not-directory)");

    EXPECT(ASK(world, "create-directory-at", world->a, "\"sub/deep\""), "ok");
    EXPECT(ASK(world, "create-directory-at", sub, "\"deep\""), "err(exist)");
    EXPECT(ASK2(world, "rename-at", sub, world->a, "\"new\"", "\"sub/deep/moved\""), "ok");
    EXPECT(ASK(world, "remove-directory-at", sub, "\"deep\""), "err(not-empty)");
    EXPECT(ASK(world, "unlink-file-at", sub, "\"deep\""), "err(is-directory)");
    EXPECT(ASK(world, "unlink-file-at", sub, "\"deep/moved\""), "ok");
    EXPECT(ASK(world, "remove-directory-at", sub, "\"deep\""), "ok");
    EXPECT(ASK(world, "remove-directory-at", sub, "\"inner\""), "err(not-directory)");
    end_world(world);
}

static void through_streams(void **state) {
    (void)state;
    World *world = make_world(NULL);
    static const char read[] = "streams#[method]input-stream.blocking-read",
                      write[] = "streams#[method]output-stream.blocking-write-and-flush";
    uint64_t file = open_it(world, world->a, "\"hello\"", "{}", "{read, write}");
    ASK(world, "read-via-stream", file, "10");
    uint64_t input = world->handle;
    EXPECT(ASK(world, read, input, "5"), "ok([108, 100])");
    EXPECT(ASK(world, read, input, "5"), "err(closed)");
    ASK(world, "append-via-stream", file, NULL);
    EXPECT(ASK(world, write, world->handle, "[33]"), "ok");
    EXPECT(ASK(world, read, input, "5"), "err(closed)"); /* which it stays */
    ASK(world, "write-via-stream", file, "1");
    uint64_t output = world->handle;
    EXPECT(ASK(world, write, output, "[65, 66]"), "ok");
    EXPECT(ASK(world, write, output, "[67]"), "ok");
    assert_memory_equal(world->tree.nodes[1].data, "hABCo, world!", 13);
    end_world(world);
}

/* There are none, whoever asks. */
static void links(void **state) {
    (void)state;
    World *world = make_world(NULL);
    EXPECT(ASK(world, "symlink-at", world->a, "\"hello\"", "\"link\""), "err(unsupported)");
    EXPECT(ASK2(world, "link-at", world->a, world->a, "{}", "\"hello\"", "\"link\""), "err(unsupported)");
    EXPECT(ASK(world, "readlink-at", world->a, "\"hello\""), "err(invalid)");
    EXPECT(ASK(world, "readlink-at", world->a, "\"nothing\""), "err(no-entry)");
    EXPECT(ASK(world, "symlink-at", world->b, "\"hello\"", "\"link\""), "err(read-only)");
    EXPECT(ASK2(world, "link-at", world->b, world->b, "{}", "\"hello\"", "\"link\""), "err(read-only)");
    /* Nothing to follow. */
    EXPECT(ASK(world, "open-at", world->a, "{symlink-follow}", "\"nothing\"", "{}", "{read}"),
           "err(no-entry)");
    end_world(world);
}

static void read_only(void **state) {
    (void)state;
    World *world = make_world(NULL);
    EXPECT(ASK(world, "get-flags", world->b, NULL), "ok({read})");
    uint64_t file = open_it(world, world->b, "\"hello\"", "{}", "{read}");
    EXPECT(ASK(world, "read", file, "2", "0"), "ok(([104, 101], false))");
    EXPECT(ASK(world, "write", file, "[1]", "0"), "err(bad-descriptor)");
    EXPECT(ASK(world, "open-at", world->b, "{}", "\"hello\"", "{}", "{write}"), "err(read-only)");
    EXPECT(ASK(world, "open-at", world->b, "{}", "\"new\"", "{create}", "{read}"), "err(read-only)");
    EXPECT(ASK(world, "open-at", world->b, "{}", "\"hello\"", "{truncate}", "{read}"), "err(read-only)");
    EXPECT(ASK(world, "unlink-file-at", world->b, "\"hello\""), "err(read-only)");
    EXPECT(ASK(world, "create-directory-at", world->b, "\"new\""), "err(read-only)");
    EXPECT(ASK(world, "remove-directory-at", world->b, "\"empty\""), "err(read-only)");
    EXPECT(ASK(world, "set-times-at", world->b, "{}", "\"hello\"", "now", "now"), "err(read-only)");
    EXPECT(ASK2(world, "rename-at", world->a, world->b, "\"hello\"", "\"x\""), "err(read-only)");
    EXPECT(ASK2(world, "rename-at", world->b, world->a, "\"hello\"", "\"x\""), "err(read-only)");
    end_world(world);
}

static void limits(void **state) {
    (void)state;
    const sg_wasi_limits few = {.size = sizeof few, .descriptors = 4, .written = 3};
    World *world = make_world(&few);
    uint64_t file = open_it(world, world->a, "\"hello\"", "{}", "{read, write}");
    open_it(world, world->a, "\"hello\"", "{}", "{read}");
    EXPECT(ASK(world, "open-at", world->a, "{}", "\"hello\"", "{}", "{read}"), "err(insufficient-memory)");
    EXPECT(ASK(world, "write", file, "[1, 2]", "0"), "ok(2)");
    EXPECT(ASK(world, "write", file, "[1, 2]", "0"), "ok(1)");
    EXPECT(ASK(world, "write", file, "[1, 2]", "0"), "err(quota)");
    end_world(world);
}

static void lies(void **state) {
    (void)state;
    World *world = make_world(NULL);
    uint64_t file = open_it(world, world->a, "\"hello\"", "{}", "{read, write}");
    static const Lie reading[] = {READS_TOO_MUCH, WAITS, UNKNOWN_ERROR};
    static const Lie writing[] = {WRITES_TOO_MUCH, WRITES_NOTHING, WAITS, UNKNOWN_ERROR};
    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++) {
        world->tree.lie = reading[i];
        EXPECT(ASK(world, "read", file, "10", "0"), "err(io)");
    }
    for (size_t i = 0; i < sizeof writing / sizeof *writing; i++) {
        world->tree.lie = writing[i];
        EXPECT(ASK(world, "write", file, "[1]", "0"), "err(io)");
    }
    world->tree.lie = HUGE;
    EXPECT(ASK(world, "stat", file, NULL), "err(io)");
    world->tree.lie = UNKNOWN_TYPE;
    EXPECT(ASK(world, "open-at", world->a, "{}", "\"hello\"", "{}", "{read}"), "err(io)");
    world->tree.lie = UP_NAME;
    ASK(world, "read-directory", world->a, NULL);
    EXPECT(ASK(world, "types#[method]directory-entry-stream.read-directory-entry", world->handle, NULL),
           "err(io)");
    end_world(world);
}

static const struct CMUnitTest tests[] = {
    {"wasi 0.2: virtual files", files, NULL, NULL, NULL},
    {"wasi 0.2: virtual directories", directories, NULL, NULL, NULL},
    {"wasi 0.2: virtual files through streams", through_streams, NULL, NULL, NULL},
    {"wasi 0.2: virtual directories have no links", links, NULL, NULL, NULL},
    {"wasi 0.2: virtual directories that are read-only", read_only, NULL, NULL, NULL},
    {"wasi 0.2: limits of virtual files", limits, NULL, NULL, NULL},
    {"wasi 0.2: virtual files of an embedder that lies", lies, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
