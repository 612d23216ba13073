/* Virtual directories: a tree in memory that a guest of preview 1 opens, reads, writes, lists, makes, renames
 * and removes in; what is read-only; paths that would lead out; an embedder whose answers cannot be; limits;
 * memory that is refused. */
#include "tree.h"

#include <stdlib.h>

/* ---- the guest: hands on what it is told, and answers the errno ---- */

/* clang-format off */
#define IMPORT(name, params)                                                                                 \
    "(import \"wasi_snapshot_preview1\" \"" name "\" (func $" name " (param " params ") (result i32)))"
#define EXPORT(name, params, body)                                                                           \
    "(func (export \"" name "\") (param " params ") (result i32) " body ")"
#define PATH_CALL(name) EXPORT(name, "i32 i32 i32", "(call $" name GET("0") GET("1") GET("2") ")")
#define GET(index) " (local.get " index ")"

static const char guest_text[] =
    "(module"
    IMPORT("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32")
    IMPORT("fd_close", "i32")
    IMPORT("fd_read", "i32 i32 i32 i32")
    IMPORT("fd_write", "i32 i32 i32 i32")
    IMPORT("fd_readdir", "i32 i32 i32 i64 i32")
    IMPORT("fd_filestat_set_size", "i32 i64")
    IMPORT("path_filestat_get", "i32 i32 i32 i32 i32")
    IMPORT("path_filestat_set_times", "i32 i32 i32 i32 i64 i64 i32")
    IMPORT("path_readlink", "i32 i32 i32 i32 i32 i32")
    IMPORT("path_symlink", "i32 i32 i32 i32 i32")
    IMPORT("path_rename", "i32 i32 i32 i32 i32 i32")
    IMPORT("path_create_directory", "i32 i32 i32")
    IMPORT("path_remove_directory", "i32 i32 i32")
    IMPORT("path_unlink_file", "i32 i32 i32")
    "(memory (export \"memory\") 1)"
    /* directory, path, its size, oflags, fdflags, rights: the descriptor at 0 */
    EXPORT("path_open", "i32 i32 i32 i32 i32 i32", "(call $path_open" GET("0") "(i32.const 1)" GET("1") GET("2")
           GET("3") "(i64.extend_i32_u (local.get 5)) (i64.const -1)" GET("4") "(i32.const 0))")
    EXPORT("fd_close", "i32", "(call $fd_close (local.get 0))")
    /* descriptor, buffer, size: the count at 4 */
    "(func $vector (param i32 i32)"
    "  (i32.store (i32.const 8) (local.get 0)) (i32.store (i32.const 12) (local.get 1)))"
    EXPORT("fd_read", "i32 i32 i32", "(call $vector" GET("1") GET("2") ")"
           "(call $fd_read" GET("0") "(i32.const 8) (i32.const 1) (i32.const 4))")
    EXPORT("fd_write", "i32 i32 i32", "(call $vector" GET("1") GET("2") ")"
           "(call $fd_write" GET("0") "(i32.const 8) (i32.const 1) (i32.const 4))")
    EXPORT("fd_readdir", "i32 i32 i32",
           "(call $fd_readdir" GET("0") GET("1") GET("2") "(i64.const 0) (i32.const 4))")
    EXPORT("fd_filestat_set_size", "i32 i32",
           "(call $fd_filestat_set_size" GET("0") "(i64.extend_i32_u (local.get 1)))")
    /* the filestat at 32 */
    EXPORT("path_filestat_get", "i32 i32 i32",
           "(call $path_filestat_get" GET("0") "(i32.const 1)" GET("1") GET("2") "(i32.const 32))")
    EXPORT("path_filestat_set_times", "i32 i32 i32", "(call $path_filestat_set_times" GET("0") "(i32.const 0)"
           GET("1") GET("2") "(i64.const 0) (i64.const 5000000007) (i32.const 4))")
    EXPORT("path_readlink", "i32 i32 i32", "(call $path_readlink" GET("0") GET("1") GET("2")
           "(i32.const 16384) (i32.const 64) (i32.const 4))")
    EXPORT("path_symlink", "i32 i32 i32",
           "(call $path_symlink" GET("1") GET("2") GET("0") GET("1") GET("2") ")")
    EXPORT("path_rename", "i32 i32 i32 i32 i32 i32",
           "(call $path_rename" GET("0") GET("1") GET("2") GET("3") GET("4") GET("5") ")")
    PATH_CALL("path_create_directory")
    PATH_CALL("path_remove_directory")
    PATH_CALL("path_unlink_file")
    ")";
/* clang-format on */

enum { AT_PATH = 1024, AT_OTHER = 5200, AT_DATA = 16384 };

typedef struct World {
    Tree tree;
    sg_engine *engine;
    sg_store *store;
    sg_module *module;
    sg_core_instance *instance;
    uint8_t *memory;
} World;

static sg_status instantiate_guest(World *world, sg_error *error) {
    sg_extern imports[16], memory;
    sg_string from, name;
    size_t count = 0;
    for (; sg_module_import(world->module, count, &from, &name, &(sg_extern_kind){0}); count++) {
        sg_status status = sg_wasi_import(world->store, from, name, &imports[count], error);
        if (status != SG_OK)
            return status;
    }
    world->instance = sg_core_instance_new(world->store, world->module, imports, count, error);
    if (world->instance == NULL)
        return error->status;
    sg_status status = sg_core_instance_find(world->instance, "memory", 6, &memory, error);
    if (status == SG_OK)
        world->memory = sg_core_memory_data(memory.of.memory, &(size_t){0});
    return status;
}

/* Directories 3 "/a", which can be changed, and 4 "/b", which is the same but read-only. */
static World *make_world(const sg_wasi_limits *limits) {
    World *world = calloc(1, sizeof *world);
    sg_error error = {.status = SG_OK};
    tree_start(&world->tree);
    world->engine = make_engine();
    world->store = make_store(world->engine, (sg_limits){0});
    world->module = load_module(world->engine, guest_text);
    sg_wasi *wasi = sg_wasi_new(world->engine, &error);
    assert_made(wasi, error);
    const sg_wasi_files files = files_of(&world->tree);
    assert_ok(sg_wasi_add_virtual_dir(wasi, &files, ROOT, "/a", false, &error), error);
    assert_ok(sg_wasi_add_virtual_dir(wasi, &files, ROOT, "/b", true, &error), error);
    if (limits)
        sg_wasi_set_limits(wasi, limits);
    assert_ok(sg_wasi_attach(wasi, world->store, &error), error);
    sg_wasi_delete(wasi);
    assert_ok(instantiate_guest(world, &error), error);
    return world;
}

static void end_world(World *world) {
    sg_store_delete(world->store);
    sg_module_delete(world->module);
    sg_engine_delete(world->engine);
    tree_end(&world->tree);
    free(world);
}

static sg_wasi_errno ask(World *world, const char *name, const int32_t *arguments, size_t count) {
    sg_error error;
    sg_core_value values[6], result = {0};
    for (size_t i = 0; i < count; i++)
        values[i] = (sg_core_value){.kind = SG_CORE_I32, .of.i32 = arguments[i]};
    assert_ok(sg_core_func_call(find_func(world->instance, name), values, count, &result, 1, &error), error);
    return (sg_wasi_errno)result.of.i32;
}

#define ASK(world, name, ...)                                                                                \
    ask(world, name, (const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / 4)

static int32_t put_text(World *world, int32_t at, const char *text, size_t size) {
    memcpy(world->memory + at, text, size);
    return (int32_t)size;
}

/* A function that takes a directory and a path. */
static sg_wasi_errno ask_path(World *world, const char *name, int32_t dir, const char *path) {
    return ASK(world, name, dir, AT_PATH, put_text(world, AT_PATH, path, strlen(path)));
}

static sg_wasi_errno ask_rename(World *world, int32_t from, const char *old, int32_t to, const char *new) {
    return ASK(world, "path_rename", from, AT_PATH, put_text(world, AT_PATH, old, strlen(old)), to, AT_OTHER,
               put_text(world, AT_OTHER, new, strlen(new)));
}

enum { CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8, APPEND = 1, READ = 2, WRITE = 64, LIST = 0x4000 };
enum { ALL = 0x1fffffff };

static sg_wasi_errno ask_open(World *world, int32_t dir, const char *path, int32_t oflags, int32_t fdflags,
                              int32_t rights, int32_t *fd) {
    int32_t size = put_text(world, AT_PATH, path, strlen(path));
    sg_wasi_errno error = ASK(world, "path_open", dir, AT_PATH, size, oflags, fdflags, rights);
    memcpy(fd, world->memory, sizeof *fd);
    return error;
}

static int32_t open_it(World *world, int32_t dir, const char *path, int32_t oflags, int32_t rights) {
    int32_t fd;
    assert_int_equal(ask_open(world, dir, path, oflags, 0, rights, &fd), SG_WASI_SUCCESS);
    return fd;
}

static uint32_t count_of(const World *world) {
    uint32_t count;
    memcpy(&count, world->memory + 4, sizeof count);
    return count;
}

static void assert_read(World *world, int32_t fd, const char *wanted) {
    assert_int_equal(ASK(world, "fd_read", fd, AT_DATA, 1000), SG_WASI_SUCCESS);
    assert_int_equal(count_of(world), strlen(wanted));
    assert_memory_equal(world->memory + AT_DATA, wanted, strlen(wanted));
}

static sg_wasi_errno ask_write(World *world, int32_t fd, const char *text) {
    return ASK(world, "fd_write", fd, AT_DATA, put_text(world, AT_DATA, text, strlen(text)));
}

/* The names of a directory, each with a space after it. */
static sg_wasi_errno list(World *world, int32_t fd, char *names) {
    sg_wasi_errno error = ASK(world, "fd_readdir", fd, AT_DATA, 4096);
    *names = '\0';
    for (uint32_t at = 0; error == SG_WASI_SUCCESS && at < count_of(world);) {
        uint32_t size;
        memcpy(&size, world->memory + AT_DATA + at + 16, sizeof size);
        strncat(names, (const char *)world->memory + AT_DATA + at + 24, size);
        strcat(names, " ");
        at += 24 + size;
    }
    return error;
}

/* ---- tests ---- */

static void served(void **state) {
    (void)state;
    World *world = make_world(NULL);
    char names[256];
    assert_read(world, open_it(world, 3, "hello", 0, READ), "hello, world");
    assert_read(world, open_it(world, 3, "sub/inner", 0, READ), "inside");
    assert_int_equal(list(world, 3, names), SG_WASI_SUCCESS);
    assert_string_equal(names, "hello sub empty ");

    int32_t sub = open_it(world, 3, "sub", DIRECTORY, LIST);
    assert_int_equal(list(world, sub, names), SG_WASI_SUCCESS);
    assert_string_equal(names, "inner ");
    int32_t made = open_it(world, sub, "new", CREAT | EXCL, READ | WRITE), fd;
    assert_int_equal(ask_open(world, sub, "new", CREAT | EXCL, 0, WRITE, &fd), SG_WASI_EXIST);
    assert_int_equal(ask_write(world, made, "one"), SG_WASI_SUCCESS);
    assert_int_equal(count_of(world), 3);
    assert_int_equal(ask_open(world, sub, "new", 0, APPEND, WRITE, &fd), SG_WASI_SUCCESS);
    assert_int_equal(ask_write(world, fd, "two"), SG_WASI_SUCCESS);
    assert_read(world, made, "two");
    assert_int_equal(ASK(world, "fd_filestat_set_size", made, 2), SG_WASI_SUCCESS);
    assert_read(world, open_it(world, 3, "sub/new", 0, READ), "on");
    assert_int_equal(ASK(world, "fd_close", fd), SG_WASI_SUCCESS);
    assert_int_equal(ask_path(world, "path_filestat_set_times", 3, "sub/new"), SG_WASI_SUCCESS);
    assert_int_equal(ask_path(world, "path_filestat_get", 3, "sub/new"), SG_WASI_SUCCESS);
    uint64_t size, modified;
    memcpy(&size, world->memory + 32 + 32, 8);
    memcpy(&modified, world->memory + 32 + 48, 8);
    assert_int_equal(size, 2);
    assert_int_equal(modified, 5000000007);

    assert_int_equal(ask_path(world, "path_create_directory", 3, "sub/deep/"), SG_WASI_SUCCESS);
    assert_int_equal(ask_path(world, "path_create_directory", 3, "sub/deep"), SG_WASI_EXIST);
    assert_int_equal(ask_rename(world, sub, "new", 3, "sub/deep/moved"), SG_WASI_SUCCESS);
    assert_int_equal(ask_rename(world, 3, "sub/", 3, "bus/"), SG_WASI_SUCCESS);
    assert_read(world, open_it(world, 3, "bus/deep/moved", 0, READ), "on");
    assert_int_equal(ask_path(world, "path_remove_directory", 3, "bus/deep"), SG_WASI_NOTEMPTY);
    assert_int_equal(ask_path(world, "path_unlink_file", 3, "bus/deep"), SG_WASI_ISDIR);
    assert_int_equal(ask_path(world, "path_unlink_file", 3, "bus/deep/moved"), SG_WASI_SUCCESS);
    assert_int_equal(ask_path(world, "path_remove_directory", 3, "bus/deep"), SG_WASI_SUCCESS);
    assert_int_equal(ask_path(world, "path_remove_directory", 3, "hello"), SG_WASI_NOTDIR);
    assert_int_equal(list(world, sub, names), SG_WASI_SUCCESS);
    assert_string_equal(names, "inner ");
    assert_int_equal(ask_path(world, "path_readlink", 3, "hello"), SG_WASI_INVAL);
    assert_int_equal(ask_path(world, "path_symlink", 3, "link"), SG_WASI_NOTSUP);
    end_world(world);
}

/* All that would change something, through the grant that is read-only, and where functions are missing. */
static void read_only(void **state) {
    (void)state;
    World *world = make_world(NULL);
    int32_t fd, file = open_it(world, 4, "hello", 0, ALL & ~WRITE);
    assert_read(world, file, "hello, world");
    assert_int_equal(ask_open(world, 4, "hello", 0, 0, WRITE, &fd), SG_WASI_PERM);
    assert_int_equal(ask_open(world, 4, "new", CREAT, 0, READ, &fd), SG_WASI_PERM);
    assert_int_equal(ask_open(world, 4, "hello", TRUNC, 0, READ, &fd), SG_WASI_PERM);
    assert_int_equal(ASK(world, "fd_filestat_set_size", file, 1), SG_WASI_INVAL);
    int32_t sub = open_it(world, 4, "sub", DIRECTORY, LIST);
    assert_int_equal(ask_open(world, sub, "inner", 0, 0, WRITE, &fd), SG_WASI_PERM);
    assert_int_equal(ask_path(world, "path_unlink_file", sub, "inner"), SG_WASI_PERM);
    assert_int_equal(ask_path(world, "path_create_directory", 4, "new"), SG_WASI_PERM);
    assert_int_equal(ask_path(world, "path_remove_directory", 4, "empty"), SG_WASI_PERM);
    assert_int_equal(ask_path(world, "path_filestat_set_times", 4, "hello"), SG_WASI_PERM);
    assert_int_equal(ask_rename(world, 4, "hello", 3, "taken"), SG_WASI_PERM);
    assert_int_equal(ask_rename(world, 3, "hello", 4, "given"), SG_WASI_PERM);
    end_world(world);
}

static void missing_functions(void **state) {
    (void)state;
    World *world = make_world(NULL);
    sg_error error;
    sg_store_delete(world->store);
    world->store = make_store(world->engine, (sg_limits){0});
    sg_wasi *wasi = sg_wasi_new(world->engine, &error);
    assert_made(wasi, error);
    sg_wasi_files files = files_of(&world->tree);
    files.open = NULL;
    assert_int_equal(sg_wasi_add_virtual_dir(wasi, &files, ROOT, "/a", false, &error), SG_BAD_VALUE);
    files = files_of(&world->tree);
    assert_int_equal(sg_wasi_add_virtual_dir(wasi, &files, ROOT, "", false, &error), SG_BAD_VALUE);
    files.write = NULL;
    files.set_times = NULL;
    files.make_directory = files.remove_directory = files.unlink = NULL;
    files.rename = NULL;
    assert_ok(sg_wasi_add_virtual_dir(wasi, &files, ROOT, "/a", false, &error), error);
    assert_ok(sg_wasi_add_dir(wasi, ".", "/host", false, &error), error);
    assert_ok(sg_wasi_attach(wasi, world->store, &error), error);
    sg_wasi_delete(wasi);
    assert_ok(instantiate_guest(world, &error), error);
    int32_t fd;
    assert_int_equal(ask_open(world, 3, "hello", 0, 0, WRITE, &fd), SG_WASI_ROFS);
    assert_int_equal(ask_open(world, 3, "new", CREAT, 0, READ, &fd), SG_WASI_ROFS);
    assert_int_equal(ask_path(world, "path_create_directory", 3, "new"), SG_WASI_ROFS);
    assert_int_equal(ask_path(world, "path_remove_directory", 3, "empty"), SG_WASI_ROFS);
    assert_int_equal(ask_path(world, "path_unlink_file", 3, "hello"), SG_WASI_ROFS);
    assert_int_equal(ask_path(world, "path_filestat_set_times", 3, "hello"), SG_WASI_ROFS);
    assert_int_equal(ask_rename(world, 3, "hello", 3, "new"), SG_WASI_ROFS);
    assert_int_equal(ask_rename(world, 3, "hello", 4, "new"), SG_WASI_XDEV);
    assert_int_equal(ask_rename(world, 4, "nothing", 3, "new"), SG_WASI_XDEV);
    end_world(world);
}

/* tree_open and find assert what paths they get. */
static void paths(void **state) {
    (void)state;
    static const struct {
        const char *path;
        sg_wasi_errno error;
    } cases[] = {
        {"hello", SG_WASI_SUCCESS},
        {"./hello", SG_WASI_SUCCESS},
        {"sub//inner", SG_WASI_SUCCESS},
        {"sub/./inner", SG_WASI_SUCCESS},
        {"sub/../hello", SG_WASI_SUCCESS},
        {"sub/../sub/../empty/..//hello", SG_WASI_SUCCESS},
        {".", SG_WASI_SUCCESS},
        {"sub/..", SG_WASI_SUCCESS},
        {"sub/", SG_WASI_SUCCESS},
        {"", SG_WASI_NOENT},
        {"..", SG_WASI_PERM},
        {"../hello", SG_WASI_PERM},
        {"sub/../..", SG_WASI_PERM},
        {"sub/../../sub", SG_WASI_PERM},
        {"./..", SG_WASI_PERM},
        {"/", SG_WASI_PERM},
        {"/hello", SG_WASI_PERM},
        {"hello/", SG_WASI_NOTDIR},
        {"hello/.", SG_WASI_NOTDIR},
        {"hello/..", SG_WASI_NOTDIR},
        {"hello/../hello", SG_WASI_NOTDIR},
        {"hello/x", SG_WASI_NOTDIR},
        {"nothing/../hello", SG_WASI_NOENT},
        {"nothing", SG_WASI_NOENT},
        {"\xff", SG_WASI_ILSEQ},
        {"sub/\xc0\x80", SG_WASI_ILSEQ},
    };
    World *world = make_world(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t fd;
        sg_wasi_errno error = ask_open(world, 3, cases[i].path, 0, 0, READ, &fd);
        if (error != cases[i].error)
            fail_msg("\"%s\": %d, not %d", cases[i].path, (int)error, (int)cases[i].error);
        assert_int_equal(ask_path(world, "path_filestat_get", 3, cases[i].path), error);
    }
    /* From a directory inside, too. */
    int32_t fd, sub = open_it(world, 3, "sub", DIRECTORY, LIST);
    unsigned asked = world->tree.asked;
    assert_int_equal(ask_open(world, sub, "../hello", 0, 0, READ, &fd), SG_WASI_PERM);
    assert_int_equal(ask_path(world, "path_unlink_file", sub, "../hello"), SG_WASI_PERM);
    assert_int_equal(ask_path(world, "path_create_directory", sub, "../new"), SG_WASI_PERM);
    assert_int_equal(ask_path(world, "path_remove_directory", sub, "../empty"), SG_WASI_PERM);
    assert_int_equal(ask_rename(world, sub, "../hello", sub, "x"), SG_WASI_PERM);
    assert_int_equal(ask_rename(world, sub, "inner", sub, "../x"), SG_WASI_PERM);
    assert_int_equal(ASK(world, "path_unlink_file", 3, AT_PATH, put_text(world, AT_PATH, "hello\0x", 7)),
                     SG_WASI_INVAL);
    memset(world->memory + AT_PATH, 'x', 5000);
    assert_int_equal(ASK(world, "path_unlink_file", 3, AT_PATH, 5000), SG_WASI_NAMETOOLONG);
    assert_int_equal(ASK(world, "path_unlink_file", 3, AT_PATH, 300), SG_WASI_NAMETOOLONG);
    /* The directory itself. */
    assert_int_equal(ask_path(world, "path_create_directory", 3, "."), SG_WASI_EXIST);
    assert_int_equal(ask_path(world, "path_remove_directory", 3, "."), SG_WASI_INVAL);
    assert_int_equal(ask_path(world, "path_unlink_file", 3, "."), SG_WASI_ISDIR);
    assert_int_equal(ask_rename(world, 3, ".", 3, "x"), SG_WASI_BUSY);
    assert_int_equal(world->tree.asked, asked);
    end_world(world);
}

static void lies(void **state) {
    (void)state;
    World *world = make_world(NULL);
    int32_t fd, file = open_it(world, 3, "hello", 0, READ | WRITE), sub = open_it(world, 3, "sub", 0, LIST);
    char names[256];
    static const Lie reading[] = {READS_TOO_MUCH, WAITS, UNKNOWN_ERROR};
    static const Lie writing[] = {WRITES_TOO_MUCH, WRITES_NOTHING, WAITS, UNKNOWN_ERROR};
    static const Lie listing[] = {SLASH_NAME, NUL_NAME, LATIN_NAME, UP_NAME,     EMPTY_NAME,
                                  LONG_NAME,  NO_NEXT,  SAME_NEXT,  UNKNOWN_TYPE};
    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++) {
        world->tree.lie = reading[i];
        assert_int_equal(ASK(world, "fd_read", file, AT_DATA, 100), SG_WASI_IO);
    }
    for (size_t i = 0; i < sizeof writing / sizeof *writing; i++) {
        world->tree.lie = writing[i];
        assert_int_equal(ask_write(world, file, "x"), SG_WASI_IO);
    }
    for (size_t i = 0; i < sizeof listing / sizeof *listing; i++) {
        world->tree.lie = listing[i];
        assert_int_equal(list(world, sub, names), SG_WASI_IO);
    }
    world->tree.lie = HUGE;
    assert_int_equal(ask_path(world, "path_filestat_get", 3, "hello"), SG_WASI_IO);
    world->tree.lie = UNKNOWN_TYPE;
    assert_int_equal(ask_path(world, "path_filestat_get", 3, "hello"), SG_WASI_IO);
    assert_int_equal(ask_open(world, 3, "hello", 0, 0, READ, &fd), SG_WASI_IO);
    world->tree.lie = HONEST;
    assert_int_equal(list(world, sub, names), SG_WASI_SUCCESS);
    end_world(world);
}

static void limits(void **state) {
    (void)state;
    const sg_wasi_limits few = {.size = sizeof few, .descriptors = 4, .written = 10};
    World *world = make_world(&few);
    int32_t fd, file = open_it(world, 3, "hello", TRUNC, READ | WRITE);
    open_it(world, 3, "hello", 0, READ);
    assert_int_equal(ask_open(world, 3, "hello", 0, 0, READ, &fd), SG_WASI_MFILE);
    assert_int_equal(ask_write(world, file, "12345678"), SG_WASI_SUCCESS);
    assert_int_equal(ASK(world, "fd_filestat_set_size", file, 11), SG_WASI_DQUOT);
    assert_int_equal(ask_write(world, file, "9abc"), SG_WASI_SUCCESS);
    assert_int_equal(count_of(world), 2);
    assert_int_equal(ask_write(world, file, "b"), SG_WASI_DQUOT);
    assert_int_equal(world->tree.nodes[1].size, 10);
    end_world(world);
}

/* ---- memory that is refused ---- */

/* All from engine to a file that is open; true if nothing was refused. */
static bool run_refused(Ration *r) {
    World *world = calloc(1, sizeof *world);
    sg_error error = {.status = SG_OK};
    sg_wasi *wasi = NULL;
    const sg_wasi_files files = files_of(&world->tree);
    tree_start(&world->tree);
    world->engine = ration_engine(r, &error);
    bool ok = world->engine && (wasi = sg_wasi_new(world->engine, &error)) &&
              sg_wasi_add_virtual_dir(wasi, &files, ROOT, "/a", false, &error) == SG_OK &&
              (world->store = sg_store_new(world->engine, NULL, &error)) &&
              sg_wasi_attach(wasi, world->store, &error) == SG_OK &&
              (world->module = sg_module_load(world->engine, guest_text, strlen(guest_text), &error)) &&
              instantiate_guest(world, &error) == SG_OK;
    if (ok) {
        sg_extern func;
        sg_core_value arguments[6], result = {0};
        const int32_t numbers[] = {3, AT_PATH, put_text(world, AT_PATH, "hello", 5), 0, 0, READ};
        for (int i = 0; i < 6; i++)
            arguments[i] = (sg_core_value){.kind = SG_CORE_I32, .of.i32 = numbers[i]};
        ok = sg_core_instance_find(world->instance, "path_open", 9, &func, &error) == SG_OK &&
             sg_core_func_call(func.of.func, arguments, 6, &result, 1, &error) == SG_OK;
        if (ok && result.of.i32 != SG_WASI_SUCCESS) {
            assert_int_equal(result.of.i32, SG_WASI_NOMEM);
            ok = false;
        }
    } else {
        assert_true(error.status == SG_NO_MEMORY || error.status == SG_TRAP);
    }
    sg_wasi_delete(wasi);
    sg_store_delete(world->store);
    sg_module_delete(world->module);
    sg_engine_delete(world->engine);
    tree_end(&world->tree);
    free(world);
    return ok;
}

static void refused(void **state) {
    (void)state;
    Ration r = {.left = SIZE_MAX};
    assert_true(run_refused(&r));
    assert_int_equal(r.bytes, 0);
    size_t all = SIZE_MAX - r.left;
    for (size_t at = 0; at < all; at++) {
        r = (Ration){.left = at};
        run_refused(&r);
        if (r.bytes)
            fail_msg("%zu bytes stay when allocation %zu of %zu fails", r.bytes, at, all);
    }
}

static const struct CMUnitTest tests[] = {
    {"wasi files: a tree in memory", served, NULL, NULL, NULL},
    {"wasi files: read-only", read_only, NULL, NULL, NULL},
    {"wasi files: functions that are missing", missing_functions, NULL, NULL, NULL},
    {"wasi files: paths", paths, NULL, NULL, NULL},
    {"wasi files: an embedder that lies", lies, NULL, NULL, NULL},
    {"wasi files: limits", limits, NULL, NULL, NULL},
    {"wasi files: memory refused", refused, NULL, NULL, NULL},
};

int main(int argc, char **argv) {
    return run_named(tests, sizeof tests / sizeof tests[0], argc, argv);
}
