/* Every system call and every allocation fails in its turn, and stores have budgets of every size, while a
 * program of preview 1 and one of 0.2 use all that they are granted: what they get is an error that has a
 * name, or a trap; nothing stays open, nothing is lost, and all that was ever open is closed on exec. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wasi/p2_sockets.h"

#include "faults.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <sandglass.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/* ---- memory ---- */

static struct {
    size_t in_use, calls, at; /* `at` SIZE_MAX: none fails */
} memory;

static void *allocate(void *context, void *block, size_t old_size, size_t new_size) {
    (void)context;
    if (new_size == 0) {
        memory.in_use -= block ? old_size : 0;
        free(block);
        return NULL;
    }
    if (atomic_load(&faults.is_armed) && memory.calls++ == memory.at)
        return NULL;
    void *moved = realloc(block, new_size);
    if (moved)
        memory.in_use += new_size - (block ? old_size : 0);
    return moved;
}

/* ---- what a program is granted ---- */

static char top[] = "/tmp/sandglass-faults-XXXXXX";

typedef struct World {
    sg_engine *engine;
    sg_store *store;
    int input[2], output[2];
} World;

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *place) {
    (void)stat, (void)type;
    return place->level ? remove(path) : 0;
}

static uint64_t budget; /* of the store's host bytes; 0: the usual */

/* False where the budget is too small to begin. */
static bool world_make(World *w) {
    sg_error error;
    const sg_engine_options options = {.size = sizeof options, .allocate = allocate};
    const sg_limits limits = {
        .size = sizeof limits, .timeout_ns = UINT64_C(2000000000), .host_bytes = budget};
    nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(pipe2(w->input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(w->output, O_CLOEXEC), 0);
    assert_int_equal(write(w->input[1], "input", 5), 5);
    w->engine = sg_engine_new(&options, &error);
    assert_non_null(w->engine);
    w->store = sg_store_new(w->engine, &limits, &error);
    assert_true(w->store || budget);
    if (w->store == NULL)
        return false;
    sg_wasi *wasi = sg_wasi_new(w->engine, &error);
    assert_non_null(wasi);
    assert_int_equal(sg_wasi_add_argument(wasi, "program", &error), SG_OK);
    assert_int_equal(sg_wasi_add_env(wasi, "NAME", "value", &error), SG_OK);
    assert_int_equal(sg_wasi_add_dir(wasi, top, "/", false, &error), SG_OK);
    assert_int_equal(sg_wasi_allow_tcp(wasi, "127.0.0.1", &error), SG_OK);
    assert_int_equal(sg_wasi_allow_tcp(wasi, "listen:127.0.0.1", &error), SG_OK);
    assert_int_equal(sg_wasi_allow_udp(wasi, "127.0.0.1", &error), SG_OK);
    assert_int_equal(sg_wasi_allow_udp(wasi, "listen:127.0.0.1", &error), SG_OK);
    assert_int_equal(sg_wasi_allow_dns(wasi, "*", &error), SG_OK);
    sg_status status = sg_wasi_attach(wasi, w->store, &error);
    sg_wasi_delete(wasi);
    assert_true(status == SG_OK || budget);
    WasiState *state = status == SG_OK ? sgi_wasi_state(w->store) : NULL;
    WasiStream *in = state ? sgi_wasi_stdio(state, SG_WASI_STDIN) : NULL;
    WasiStream *out = in ? sgi_wasi_stdio(state, SG_WASI_STDOUT) : NULL;
    if (out == NULL)
        return false;
    sgi_wasi_stream_use(in, w->input[0]);
    sgi_wasi_stream_use(out, w->output[1]);
    return true;
}

static void world_end(World *w) {
    sg_store_delete(w->store);
    sg_engine_delete(w->engine);
    for (int i = 0; i < 2; i++) {
        close(w->input[i]);
        close(w->output[i]);
    }
    assert_int_equal(memory.in_use, 0);
}

/* How many descriptors the process has; each but the standard streams is closed on exec. `marks` makes it so.
 */
static unsigned count_descriptors(bool marks) {
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL; count++) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd <= 2)
            continue;
        if (marks)
            assert_int_equal(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    closedir(dir);
    return count;
}

/* ---- preview 1 ---- */

typedef struct Step {
    const char *name;
    int64_t arguments[9];
} Step;

/* Texts and vectors where the guest's memory has them. Descriptors are as they come when nothing fails. */
enum { FILE_ = 256, DIR_ = 272, INNER = 288, LINK = 304, OTHER = 320, VECTORS = 64, TO = 96, POLLED = 2048 };
#define MEMORY                                                                                               \
    "(memory (export \"memory\") 1) (data (i32.const 256) \"file\") (data (i32.const 272) \"dir\")"          \
    " (data (i32.const 288) \"dir/x\") (data (i32.const 304) \"link\") (data (i32.const 320) \"file2\")"     \
    " (data (i32.const 64) \"\\00\\02\\00\\00\\10\\00\\00\\00\\10\\02\\00\\00\\10\\00\\00\\00\")"            \
    " (data (i32.const 2048) \"\\07\") (data (i32.const 2056) \"\\01\")" /* reading 0 */                     \
    " (data (i32.const 2112) \"\\00\\00\\00\\00\\00\\00\\00\\00\\ff\\ff\\00\\00\") (data (i32.const 2104) "  \
    "\"\\00\")"

static const Step steps[] = {
    {"args_sizes_get", {TO, TO}},
    {"args_get", {TO, 1024}},
    {"environ_sizes_get", {TO, TO}},
    {"environ_get", {TO, 1024}},
    {"clock_time_get", {0, 0, TO}},
    {"clock_res_get", {1, TO}},
    {"random_get", {1024, 100}},
    {"sched_yield", {0}},
    {"fd_prestat_get", {3, TO}},
    {"fd_prestat_dir_name", {3, 1024, 1}},
    {"poll_oneoff", {POLLED, 3072, 2, TO}},
    {"fd_read", {0, VECTORS, 2, TO}},
    {"fd_write", {1, VECTORS, 2, TO}},
    {"path_create_directory", {3, DIR_, 3}},
    {"path_open", {3, 1, FILE_, 4, 1, 0x1fffffff, 0x1fffffff, 0, TO}}, /* 4 */
    {"fd_write", {4, VECTORS, 2, TO}},
    {"fd_pwrite", {4, VECTORS, 1, 5, TO}},
    {"fd_seek", {4, -3, 2, TO}},
    {"fd_read", {4, VECTORS, 2, TO}},
    {"fd_pread", {4, VECTORS, 1, 2, TO}},
    {"fd_tell", {4, TO}},
    {"fd_sync", {4}},
    {"fd_datasync", {4}},
    {"fd_advise", {4, 0, 10, 3}},
    {"fd_allocate", {4, 0, 100}},
    {"fd_filestat_get", {4, 1024}},
    {"fd_filestat_set_size", {4, 50}},
    {"fd_filestat_set_times", {4, 0, 0, 10}},
    {"fd_fdstat_get", {4, 1024}},
    {"fd_fdstat_set_flags", {4, 1}},
    {"fd_write", {4, VECTORS, 1, TO}},
    {"path_filestat_get", {3, 1, FILE_, 4, 1024}},
    {"path_filestat_set_times", {3, 0, FILE_, 4, 5, 5, 5}},
    {"path_symlink", {FILE_, 4, 3, LINK, 4}},
    {"path_readlink", {3, LINK, 4, 1024, 10, TO}},
    {"path_open", {3, 1, LINK, 4, 0, 2, 0, 0, TO}},                   /* 5 */
    {"path_open", {3, 0, DIR_, 3, 2, 0x1fffffbd, 0x1fffffff, 0, TO}}, /* 6 */
    {"fd_readdir", {6, 1024, 200, 0, TO}},
    {"fd_renumber", {5, 4}},
    {"fd_close", {4}},
    {"path_link", {3, 0, FILE_, 4, 3, OTHER, 5}},
    {"path_rename", {3, OTHER, 5, 3, INNER, 5}},
    {"path_unlink_file", {3, INNER, 5}},
    {"path_unlink_file", {3, LINK, 4}},
    {"path_remove_directory", {3, DIR_, 3}},
    {"fd_close", {6}},
    {"sock_shutdown", {3, 1}},
};

enum { STEPS = sizeof steps / sizeof *steps, FUNCS_TEXT = 32768 };

static const struct {
    const char *name, *parameters;
} preview1[] = {
#define P1_FUNC(name, parameters, in_unstable) {#name, parameters},
#include "wasi/p1.def"
#undef P1_FUNC
};

enum { PREVIEW1_COUNT = sizeof preview1 / sizeof *preview1 };

/* Each function, exported. */
static size_t write_guest(char text[FUNCS_TEXT]) {
    size_t size = 0;
#define PUT(...) size += (size_t)snprintf(text + size, FUNCS_TEXT - size, __VA_ARGS__)
    PUT("(module");
    for (int body = 0; body < 2; body++)
        for (size_t i = 0; i < PREVIEW1_COUNT; i++) {
            bool answers = strcmp(preview1[i].name, "proc_exit") != 0;
            PUT(body ? "(func (export \"%s\")" : "(import \"wasi_snapshot_preview1\" \"%s\" (func $f%zu",
                preview1[i].name, i);
            for (const char *p = preview1[i].parameters; *p; p++)
                PUT(" (param i%s)", *p == 'i' ? "32" : "64");
            PUT("%s", answers ? " (result i32)" : "");
            for (size_t j = 0; body && preview1[i].parameters[j]; j++)
                PUT(" (local.get %zu)", j);
            if (body)
                PUT(" (call $f%zu))", i);
            else
                PUT("))");
        }
    PUT(MEMORY ")");
    return size;
}

static sg_core_instance *start_preview1(const World *w, sg_error *error) {
    static char text[FUNCS_TEXT];
    sg_extern imports[PREVIEW1_COUNT];
    size_t size = write_guest(text);
    for (size_t i = 0; i < PREVIEW1_COUNT; i++)
        if (sg_wasi_import(w->store, sg_string_of("wasi_snapshot_preview1", 22),
                           sg_string_of(preview1[i].name, strlen(preview1[i].name)), &imports[i],
                           error) != SG_OK)
            return NULL;
    sg_module *module = sg_module_load(w->engine, text, size, error);
    sg_core_instance *instance =
        module ? sg_core_instance_new(w->store, module, imports, PREVIEW1_COUNT, error) : NULL;
    sg_module_delete(module);
    return instance;
}

/* True if it succeeded. */
static bool run_step(sg_core_instance *instance, const Step *step) {
    sg_error error;
    sg_extern item;
    sg_core_value arguments[9], answer = {.of.i32 = 0};
    assert_int_equal(sg_core_instance_find(instance, step->name, strlen(step->name), &item, &error), SG_OK);
    size_t count = sg_core_func_param_count(item.of.func);
    for (size_t i = 0; i < count; i++) {
        arguments[i].kind = sg_core_func_param(item.of.func, i);
        if (arguments[i].kind == SG_CORE_I32)
            arguments[i].of.i32 = (int32_t)step->arguments[i];
        else
            arguments[i].of.i64 = step->arguments[i];
    }
    sg_status status = sg_core_func_call(item.of.func, arguments, count, &answer, 1, &error);
    if (status != SG_OK) {
        assert_int_equal(status, SG_TRAP);
        assert_true(error.message[0] != '\0' && error.trap != SG_TRAP_NONE);
        return false;
    }
    assert_in_range(answer.of.i32, 0, SG_WASI_ERRNO_COUNT - 1);
    return answer.of.i32 == SG_WASI_SUCCESS;
}

static unsigned run_preview1(World *w) {
    sg_error error;
    unsigned failed = 0;
    sg_core_instance *instance = start_preview1(w, &error);
    atomic_store(&faults.is_armed, true);
    for (size_t i = 0; instance && i < STEPS; i++)
        failed += !run_step(instance, &steps[i]);
    atomic_store(&faults.is_armed, false);
    return failed;
}

/* ---- 0.2: its functions, called as a component's calls would ---- */

typedef struct P2 {
    Store *store;
    WasiState *state;
    unsigned failed;
    sg_value result; /* of the last one that succeeded, without its result<> */
} P2;

static sg_string text(const char *name) {
    return sg_string_of(name, strlen(name));
}
static sg_value handle(void *object) {
    return (sg_value){.kind = SG_BORROW, .of.handle = (uintptr_t)object};
}
static sg_value u64(uint64_t value) {
    return (sg_value){.kind = SG_U64, .of.u64 = value};
}
static sg_value bytes(const char *data) {
    return (sg_value){.kind = SG_BYTES, .of.bytes = {(const uint8_t *)data, strlen(data)}};
}
static sg_value named(const char *name) {
    return (sg_value){.kind = SG_ENUM, .of.enumeration = text(name)};
}
static sg_value flags(const sg_string *names, size_t count) {
    return (sg_value){.kind = SG_FLAGS, .of.flags = {names, count}};
}
static sg_value variant(const char *name, const sg_value *payload) {
    return (sg_value){.kind = SG_VARIANT, .of.variant = {text(name), payload}};
}

static const P2Func *find_func(const char *name) {
    static const struct {
        const P2Interface *interfaces;
        const size_t *count;
    } tables[] = {{sgi_p2_io, &sgi_p2_io_count},           {sgi_p2_clocks, &sgi_p2_clocks_count},
                  {sgi_p2_random, &sgi_p2_random_count},   {sgi_p2_cli, &sgi_p2_cli_count},
                  {sgi_p2_network, &sgi_p2_network_count}, {sgi_p2_tcp, &sgi_p2_tcp_count},
                  {sgi_p2_udp, &sgi_p2_udp_count},         {sgi_p2_filesystem, &sgi_p2_filesystem_count}};
    for (size_t i = 0; i < SGI_COUNT(tables); i++)
        for (size_t j = 0; j < *tables[i].count; j++)
            for (size_t k = 0; k < tables[i].interfaces[j].func_count; k++) {
                const char *full = tables[i].interfaces[j].funcs[k].name, *dot = strrchr(full, '.');
                if (strcmp(full, name) == 0 || (dot && strcmp(dot + 1, name) == 0))
                    return &tables[i].interfaces[j].funcs[k];
            }
    fail_msg("no function %s", name);
    return NULL;
}

static bool is_own(const sg_value *value) {
    return value && value->kind == SG_OWN;
}

/* `name`: all of it, or what is after the dot, where that is one's alone. True if it succeeded. */
static bool call(P2 *p, const char *name, const sg_value *arguments, size_t count) {
    const P2Func *func = find_func(name);
    sg_error err = {.status = SG_OK};
    CallScope scope;
    sg_value result = {.kind = SG_BOOL};
    p->failed++;
    for (size_t i = 0; i < count; i++)
        if (arguments[i].kind == SG_BORROW && arguments[i].of.handle == 0)
            return false; /* an earlier one failed */
    sg_status status = sgi_call_begin(p->store, &scope, &err);
    if (status == SG_OK) {
        status = func->run(&(P2Call){p->state, p->store, arguments, &result, &err});
        status = sgi_call_end(p->store, &scope, status, &err);
    }
    if (status != SG_OK) {
        assert_true(err.status == SG_TRAP || err.status == SG_NO_MEMORY || err.status == SG_IO);
        assert_true(err.message[0] != '\0');
        return false;
    }
    if (result.kind == SG_RESULT && result.of.result.is_error) {
        const sg_value *error = result.of.result.payload;
        assert_non_null(error);
        if (error->kind == SG_VARIANT && is_own(error->of.variant.payload))
            sgi_wasi_release(sgi_p2_object(error->of.variant.payload));
        return false;
    }
    p->result = result;
    if (result.kind == SG_RESULT)
        p->result = result.of.result.payload ? *result.of.result.payload : (sg_value){.kind = SG_BOOL};
    p->failed--;
    return true;
}

#define CALL(name, ...) call(p, name, (sg_value[]){__VA_ARGS__}, SGI_COUNT(((sg_value[]){__VA_ARGS__})))
/* What it gives: NULL where it fails. */
#define TAKE(name, ...)                                                                                      \
    (CALL(name, __VA_ARGS__) && is_own(&p->result) ? sgi_p2_object(&p->result) : (void *)0)

static void release(void *object) {
    sgi_wasi_release(object);
}

/* Item `index` of the tuple that was the last result; `good`: it succeeded. */
static void *item(const P2 *p, bool good, size_t index) {
    return good ? sgi_p2_object(&p->result.of.list.items[index]) : NULL;
}

static void use_streams(P2 *p, void *file) {
    void *out = TAKE("write-via-stream", handle(file), u64(0));
    void *end = TAKE("append-via-stream", handle(file));
    void *in = TAKE("read-via-stream", handle(file), u64(0));
    CALL("check-write", handle(out));
    CALL("[method]output-stream.write", handle(out), bytes("abcdef"));
    CALL("blocking-write-and-flush", handle(end), bytes("ghi"));
    CALL("write-zeroes", handle(end), u64(10));
    CALL("blocking-write-zeroes-and-flush", handle(end), u64(10));
    CALL("blocking-flush", handle(out));
    CALL("[method]input-stream.read", handle(in), u64(2));
    CALL("blocking-read", handle(in), u64(2));
    CALL("[method]input-stream.skip", handle(in), u64(1));
    CALL("blocking-skip", handle(in), u64(1));
    CALL("splice", handle(out), handle(in), u64(3));
    CALL("blocking-splice", handle(out), handle(in), u64(3));
    void *pollable = TAKE("[method]input-stream.subscribe", handle(in));
    CALL("ready", handle(pollable));
    CALL("block", handle(pollable));
    release(pollable);
    release(in);
    release(end);
    release(out);
}

static void use_directory(P2 *p, void *dir, void *file) {
    const sg_string create[] = {text("create")}, rights[] = {text("read"), text("write")},
                    list[] = {text("directory")};
    const sg_value follow = flags(NULL, 0), now = variant("now", NULL), stay = variant("no-change", NULL);
    sg_value name = sg_value_string("file"), other = sg_value_string("file2"),
             inner = sg_value_string("dir/x"), directory = sg_value_string("dir"),
             link = sg_value_string("link");
    CALL("stat-at", handle(dir), follow, name);
    CALL("metadata-hash-at", handle(dir), follow, name);
    CALL("set-times-at", handle(dir), follow, name, now, stay);
    CALL("is-same-object", handle(dir), handle(file));
    CALL("create-directory-at", handle(dir), directory);
    CALL("symlink-at", handle(dir), name, link);
    CALL("readlink-at", handle(dir), link);
    CALL("link-at", handle(dir), follow, name, handle(dir), other);
    CALL("rename-at", handle(dir), other, handle(dir), inner);
    void *sub = TAKE("open-at", handle(dir), follow, directory, flags(list, 1), flags(rights, 1));
    void *entries = TAKE("read-directory", handle(sub));
    CALL("read-directory-entry", handle(entries));
    CALL("read-directory-entry", handle(entries));
    void *made =
        TAKE("open-at", handle(sub), follow, sg_value_string("y"), flags(create, 1), flags(rights, 2));
    release(made);
    CALL("unlink-file-at", handle(sub), sg_value_string("y"));
    CALL("unlink-file-at", handle(dir), inner);
    CALL("unlink-file-at", handle(dir), link);
    CALL("remove-directory-at", handle(dir), directory);
    release(entries);
    release(sub);
}

static void use_files(P2 *p) {
    const sg_string create[] = {text("create")}, rights[] = {text("read"), text("write")};
    const sg_value now = variant("now", NULL);
    void *dir = call(p, "get-directories", NULL, 0)
                    ? sgi_p2_object(&p->result.of.list.items[0].of.list.items[0])
                    : NULL;
    void *file = TAKE("open-at", handle(dir), flags(NULL, 0), sg_value_string("file"), flags(create, 1),
                      flags(rights, 2));
    CALL("[method]descriptor.write", handle(file), bytes("0123456789"), u64(0));
    CALL("[method]descriptor.read", handle(file), u64(5), u64(3));
    use_streams(p, file);
    CALL("advise", handle(file), u64(0), u64(5), named("random"));
    CALL("sync", handle(file));
    CALL("sync-data", handle(file));
    CALL("get-flags", handle(file));
    CALL("get-type", handle(file));
    CALL("set-size", handle(file), u64(7));
    CALL("set-times", handle(file), now, now);
    CALL("stat", handle(file));
    CALL("metadata-hash", handle(file));
    use_directory(p, dir, file);
    release(file);
    release(dir);
}

static void use_stdio(P2 *p) {
    void *in = call(p, "get-stdin", NULL, 0) ? sgi_p2_object(&p->result) : NULL;
    void *out = call(p, "get-stdout", NULL, 0) ? sgi_p2_object(&p->result) : NULL;
    void *ready = TAKE("[method]input-stream.subscribe", handle(in));
    void *time = TAKE("subscribe-duration", u64(1000));
    const sg_value both[] = {handle(ready), handle(time)};
    if (ready && time)
        CALL("poll", {.kind = SG_LIST, .of.list = {both, 2}});
    CALL("blocking-read", handle(in), u64(3));
    CALL("blocking-splice", handle(out), handle(in), u64(3));
    CALL("check-write", handle(out));
    CALL("[method]output-stream.write", handle(out), bytes("out"));
    call(p, "get-terminal-stdout", NULL, 0);
    call(p, "get-environment", NULL, 0);
    call(p, "get-arguments", NULL, 0);
    CALL("get-random-bytes", u64(100));
    call(p, "insecure-seed", NULL, 0);
    release(time);
    release(ready);
    release(out);
    release(in);
}

/* 127.0.0.1 with the port. */
typedef struct Local {
    sg_value parts[4], record, address;
    sg_field fields[2];
} Local;

static const sg_value *local(Local *to, uint16_t port) {
    for (int i = 0; i < 4; i++)
        to->parts[i] = (sg_value){.kind = SG_U8, .of.u8 = i == 0 ? 127 : i == 3};
    to->fields[0] = (sg_field){text("port"), {.kind = SG_U16, .of.u16 = port}};
    to->fields[1] = (sg_field){text("address"), {.kind = SG_TUPLE, .of.list = {to->parts, 4}}};
    to->record = (sg_value){.kind = SG_RECORD, .of.record = {to->fields, 2}};
    to->address = variant("ipv4", &to->record);
    return &to->address;
}

static uint16_t port_of(P2 *p, const char *function, void *socket) {
    return CALL(function, handle(socket)) ? sgi_p2_read_address(&p->result).port : 0;
}

static void use_tcp(P2 *p, void *network) {
    Local any, there;
    void *server = TAKE("create-tcp-socket", named("ipv4")),
         *client = TAKE("create-tcp-socket", named("ipv4"));
    CALL("[method]tcp-socket.start-bind", handle(server), handle(network), *local(&any, 0));
    CALL("[method]tcp-socket.finish-bind", handle(server));
    CALL("set-listen-backlog-size", handle(server), u64(5));
    CALL("start-listen", handle(server));
    CALL("finish-listen", handle(server));
    uint16_t port = port_of(p, "[method]tcp-socket.local-address", server);
    CALL("set-keep-alive-idle-time", handle(client), u64(5000000000));
    CALL("keep-alive-idle-time", handle(client));
    CALL("start-connect", handle(client), handle(network), *local(&there, port));
    void *pollable = TAKE("[method]tcp-socket.subscribe", handle(client));
    if (port)
        CALL("block", handle(pollable));
    bool good = CALL("finish-connect", handle(client));
    void *in = item(p, good, 0), *out = item(p, good, 1);
    good = CALL("accept", handle(server));
    void *peer = item(p, good, 0), *peer_in = item(p, good, 1), *peer_out = item(p, good, 2);
    CALL("blocking-write-and-flush", handle(out), bytes("hello"));
    if (out && peer)
        CALL("blocking-read", handle(peer_in), u64(10));
    CALL("[method]input-stream.read", handle(in), u64(10));
    CALL("[method]tcp-socket.remote-address", handle(client));
    CALL("shutdown", handle(peer), named("both"));
    void *const objects[] = {pollable, in, out, peer_in, peer_out, peer, client, server};
    for (size_t i = 0; i < SGI_COUNT(objects); i++)
        release(objects[i]);
}

static void use_udp(P2 *p, void *network) {
    Local any, there;
    void *socket = TAKE("create-udp-socket", named("ipv4"));
    CALL("[method]udp-socket.start-bind", handle(socket), handle(network), *local(&any, 0));
    CALL("[method]udp-socket.finish-bind", handle(socket));
    uint16_t port = port_of(p, "[method]udp-socket.local-address", socket);
    bool good = CALL("stream", handle(socket), {.kind = SG_OPTION});
    void *in = item(p, good, 0), *out = item(p, good, 1);
    const sg_value to = {.kind = SG_OPTION, .of.option = local(&there, port)};
    const sg_field fields[] = {{text("data"), bytes("hello")}, {text("remote-address"), to}};
    const sg_value datagram = {.kind = SG_RECORD, .of.record = {fields, 2}};
    good = CALL("check-send", handle(out)) &&
           CALL("send", handle(out), {.kind = SG_LIST, .of.list = {&datagram, 1}});
    void *pollable = TAKE("[method]incoming-datagram-stream.subscribe", handle(in));
    if (good)
        CALL("block", handle(pollable));
    CALL("receive", handle(in), u64(5));
    void *const objects[] = {pollable, in, out, socket};
    for (size_t i = 0; i < SGI_COUNT(objects); i++)
        release(objects[i]);
}

static void use_names(P2 *p, void *network) {
    void *lookup = TAKE("resolve-addresses", handle(network), sg_value_string("127.0.0.1"));
    void *pollable = TAKE("[method]resolve-address-stream.subscribe", handle(lookup));
    CALL("block", handle(pollable));
    CALL("resolve-next-address", handle(lookup));
    CALL("resolve-next-address", handle(lookup));
    release(pollable);
    release(lookup);
}

static unsigned run_component(World *w) {
    P2 program = {.store = w->store, .state = sgi_wasi_state(w->store)}, *p = &program;
    atomic_store(&faults.is_armed, true);
    use_stdio(p);
    use_files(p);
    void *network = call(p, "instance-network", NULL, 0) ? sgi_p2_object(&p->result) : NULL;
    use_tcp(p, network);
    use_udp(p, network);
    use_names(p, network);
    release(network);
    atomic_store(&faults.is_armed, false);
    /* Memory apart, all that was not given to the program is gone by now. */
    if (memory.at == SIZE_MAX && budget == 0) {
        assert_int_equal(p->state->descriptors.used, 0);
        assert_int_equal(p->state->sockets.used, 0);
        size_t left = 0;
        for (const WasiObject *object = p->state->objects; object; object = object->next)
            left++;
        assert_true(left <= 2); /* the standard streams */
    }
    return p->failed;
}

/* ---- what fails ---- */

/* Answers how many of its calls failed. */
typedef unsigned Program(World *w);

static unsigned inherited;

static unsigned run(Program *program) {
    World w;
    atomic_store(&faults.calls, 0);
    memory.calls = 0;
    unsigned failed = world_make(&w) ? program(&w) : UINT_MAX;
    count_descriptors(false);
    if (budget && w.store)
        assert_true(sg_store_usage(w.store).peak_host_bytes <= budget);
    world_end(&w);
    assert_int_equal(count_descriptors(false), inherited);
    return failed;
}

static void ignore(int signal) {
    (void)signal;
}

/* A host whose signals interrupt system calls, again and again. */
static unsigned run_under_signals(Program *program) {
    const struct sigaction interrupt = {.sa_handler = ignore};
    const struct itimerval often = {{.tv_usec = 50}, {.tv_usec = 50}}, never = {{0}, {0}};
    assert_int_equal(sigaction(SIGALRM, &interrupt, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    unsigned failed = run(program);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    return failed;
}

static void fail_each(Program *program, unsigned expected) {
    static const int codes[] = {EIO, ENOSPC, EMFILE, EINTR, ENOSYS};
    faults.at = UINT_MAX;
    memory.at = SIZE_MAX;
    inherited = count_descriptors(true);
    assert_int_equal(run(program), expected);
    unsigned calls = atomic_load(&faults.calls);
    assert_int_equal(run_under_signals(program), expected);
    size_t allocations = memory.calls;
    assert_true(calls > 40 && allocations > 4);
    for (unsigned i = 0; i < 2 * calls; i++) {
        faults.at = i / 2;
        faults.persists = i % 2 != 0;
        faults.code = codes[i % SGI_COUNT(codes)];
        if (faults.persists && (faults.code == EINTR || faults.code == ENOSYS))
            faults.code = EMFILE; /* nothing is interrupted for ever */
        run(program);
    }
    faults.at = UINT_MAX;
    for (memory.at = 0; memory.at < allocations; memory.at++)
        run(program);
    memory.at = SIZE_MAX;
    /* The store's budget ends in the middle of each of them, too. */
    unsigned failed = UINT_MAX;
    for (budget = 256; failed > expected; budget += 1 + budget / 16) {
        assert_true(budget < 4 << 20);
        failed = run(program);
    }
    budget = 0;
    print_message("%u system calls, %zu allocations\n", calls, allocations);
}

static void test_preview1(void **state) {
    (void)state;
    fail_each(run_preview1, 1); /* what is no socket is not shut down */
}

static void test_component(void **state) {
    (void)state;
    fail_each(run_component, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preview1),
        cmocka_unit_test(test_component),
    };
    if (mkdtemp(top) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    rmdir(top);
    return failed;
}
