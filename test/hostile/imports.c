/* Every import of WASI with hostile arguments:   hostile_imports ROUNDS REPEATS [COMPONENT]
 *
 * Preview 1's functions or, with the COMPONENT that test/hostile/imports makes, those of 0.2 are called with
 * integer extremes, at random, ROUNDS times in all; then each of them REPEATS times with the hugest ones.
 * Grants are of every kind, and calls have a deadline: they may answer what they like, or trap. The process's
 * memory must not grow beyond the stores' budget, nor the directory that was granted beyond what may be
 * written. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <sandglass.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ARGUMENTS = 16,
    MEMORY = 64 << 20,  /* of a store */
    WRITTEN = 16 << 20, /* by a store */
    SLACK = 48 << 20,   /* the process's own: code, the loader, the allocator's holes */
};

typedef struct Function {
    const char *name, *params; /* i: i32, I: i64 */
} Function;

static const Function preview1[] = {
#define P1_FUNC(name, params, in_unstable) {#name, params},
#include "wasi/p1.def"
#undef P1_FUNC
};

enum { PREVIEW1_COUNT = sizeof preview1 / sizeof *preview1 };

static sg_engine *engine;
static sg_linker *linker;
static sg_module *module;
static sg_component *component; /* NULL: preview 1 */
static char top[] = "/tmp/sandglass-imports-XXXXXX";
static uint64_t seed = 1;

static uint32_t random_below(uint32_t bound) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % bound;
}

/* ---- the guest of preview 1 ---- */

/* One export a function: (times, 16 x i64). */
static char *preview1_text(void) {
    size_t size = 0, capacity = 1 << 20;
    char *text = malloc(capacity);
    CHECK(text, "out of memory");
#define PUT(...) size += (size_t)snprintf(text + size, capacity - size, __VA_ARGS__)
    PUT("(module");
    for (size_t i = 0; i < PREVIEW1_COUNT; i++) {
        PUT("(import \"wasi_snapshot_preview1\" \"%s\" (func $%s (param", preview1[i].name, preview1[i].name);
        for (const char *p = preview1[i].params; *p; p++)
            PUT(*p == 'i' ? " i32" : " i64");
        PUT(")%s))", strcmp(preview1[i].name, "proc_exit") == 0 ? "" : " (result i32)");
    }
    PUT("(memory (export \"memory\") 2)");
    for (size_t i = 0; i < PREVIEW1_COUNT; i++) {
        PUT("(func (export \"%s\") (param $n i32) (param", preview1[i].name);
        for (int j = 0; j < ARGUMENTS; j++)
            PUT(" i64");
        PUT(") (loop $l (call $%s", preview1[i].name);
        for (int j = 0; preview1[i].params[j]; j++)
            PUT(preview1[i].params[j] == 'i' ? " (i32.wrap_i64 (local.get %d))" : " (local.get %d)", j + 1);
        PUT(")%s (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))",
            strcmp(preview1[i].name, "proc_exit") == 0 ? "" : " (drop)");
    }
    PUT(")");
    return text;
}

/* ---- a world ---- */

typedef struct World {
    sg_store *store;
    sg_core_instance *core;
    sg_func *call;
    uint32_t count; /* functions */
} World;

static sg_wasi *grants(void) {
    static const char *const rules[] = {"127.0.0.1", "listen:127.0.0.1", "[::1]", "localhost"};
    sg_error error;
    sg_wasi *wasi = sg_wasi_new(engine, &error);
    CHECK(wasi, "%s", error.message);
    const sg_wasi_limits limits = {
        .size = sizeof limits, .descriptors = 64, .sockets = 16, .written = WRITTEN};
    sg_wasi_set_limits(wasi, &limits);
    CHECK(sg_wasi_add_argument(wasi, "program", &error) == SG_OK, "%s", error.message);
    CHECK(sg_wasi_add_env(wasi, "NAME", "value", &error) == SG_OK, "%s", error.message);
    CHECK(sg_wasi_add_dir(wasi, top, "/", false, &error) == SG_OK, "%s", error.message);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        CHECK(sg_wasi_allow_tcp(wasi, rules[i], &error) == SG_OK &&
                  sg_wasi_allow_udp(wasi, rules[i], &error) == SG_OK,
              "%s", error.message);
    return wasi;
}

static void open_preview1(World *world) {
    sg_extern imports[PREVIEW1_COUNT];
    sg_error error;
    for (size_t i = 0; i < PREVIEW1_COUNT; i++) {
        sg_string from = {"wasi_snapshot_preview1", 22}, name = {preview1[i].name, strlen(preview1[i].name)};
        CHECK(sg_wasi_import(world->store, from, name, &imports[i], &error) == SG_OK, "%s", error.message);
    }
    world->core = sg_core_instance_new(world->store, module, imports, PREVIEW1_COUNT, &error);
    CHECK(world->core, "%s: %s", error.message, error.detail);
    world->count = PREVIEW1_COUNT;
}

static void open_component(World *world) {
    sg_error error;
    sg_value count;
    sg_instance *instance = sg_linker_instantiate(linker, world->store, component, &error);
    CHECK(instance, "%s: %s", error.message, error.detail);
    sg_func *counter = sg_instance_find_func(instance, "count", &error);
    world->call = sg_instance_find_func(instance, "call", &error);
    CHECK(counter && world->call && sg_func_call(counter, NULL, 0, &count, &error) == SG_OK, "%s",
          error.message);
    world->count = count.of.u32;
}

static World open_world(void) {
    World world = {0};
    sg_error error;
    const sg_limits limits = {.size = sizeof limits, .memory_bytes = MEMORY, .host_bytes = MEMORY};
    world.store = sg_store_new(engine, &limits, &error);
    CHECK(world.store, "%s", error.message);
    sg_wasi *wasi = grants();
    CHECK(sg_wasi_attach(wasi, world.store, &error) == SG_OK, "%s", error.message);
    sg_wasi_delete(wasi);
    if (component)
        open_component(&world);
    else
        open_preview1(&world);
    return world;
}

static sg_status call(const World *world, uint32_t which, uint32_t times, const uint64_t *arguments,
                      uint64_t timeout_ns, sg_error *error) {
    const sg_limits limits = {.size = sizeof limits, .timeout_ns = timeout_ns};
    CHECK(sg_store_tighten(world->store, &limits, error) == SG_OK, "%s", error->message);
    if (component == NULL) {
        sg_core_value values[ARGUMENTS + 1] = {{.kind = SG_CORE_I32, .of.i32 = (int32_t)times}};
        sg_extern item;
        for (int i = 0; i < ARGUMENTS; i++)
            values[i + 1] = (sg_core_value){.kind = SG_CORE_I64, .of.i64 = (int64_t)arguments[i]};
        CHECK(sg_core_instance_find(world->core, preview1[which].name, strlen(preview1[which].name), &item,
                                    error) == SG_OK,
              "%s", error->message);
        return sg_core_func_call(item.of.func, values, ARGUMENTS + 1, NULL, 0, error);
    }
    sg_value items[ARGUMENTS];
    for (int i = 0; i < ARGUMENTS; i++)
        items[i] = (sg_value){.kind = SG_U64, .of.u64 = arguments[i]};
    const sg_value values[] = {{.kind = SG_U32, .of.u32 = which},
                               {.kind = SG_U32, .of.u32 = times},
                               {.kind = SG_LIST, .of.list = {items, ARGUMENTS}}};
    return sg_func_call(world->call, values, 3, NULL, error);
}

/* ---- what must hold ---- */

static size_t resident(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss << 10;
}

static size_t size_of_directory(void) {
    size_t size = 0;
    int fd = open(top, O_RDONLY | O_DIRECTORY);
    DIR *dir = fdopendir(fd);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat stat;
        if (fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(stat.st_mode))
            size += (size_t)stat.st_blocks * 512;
    }
    closedir(dir);
    return size;
}

static void check_world(const World *world, uint32_t which, size_t before) {
    sg_usage usage = sg_store_usage(world->store);
    CHECK(usage.peak_memory_bytes <= MEMORY, "import %" PRIu32 ": a store of %" PRIu64 " bytes", which,
          usage.peak_memory_bytes);
    CHECK(resident() <= before + MEMORY + SLACK,
          "import %" PRIu32 ": %zu MiB of memory, %zu before, %" PRIu64 " the store's", which,
          resident() >> 20, before >> 20, usage.peak_memory_bytes >> 20);
}

static void close_world(World *world, sg_error *error, sg_status status) {
    /* What is not the guest's own fault, or a limit's, is ours. */
    CHECK(status == SG_OK || status == SG_TRAP, "%s: %s", error->message, error->detail);
    size_t written = size_of_directory();
    CHECK(written <= WRITTEN + (1 << 20), "%zu bytes in the directory", written);
    sg_store_delete(world->store);
    malloc_trim(0); /* what the allocator keeps is not the next world's */
}

static void empty_directory(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/* %s/.[!.]*", top, top);
    CHECK(system(command) == 0, "cannot empty %s", top);
}

static uint64_t extreme(void) {
    static const uint64_t values[] = {0,
                                      1,
                                      2,
                                      3,
                                      4,
                                      5,
                                      8,
                                      16,
                                      64,
                                      255,
                                      1000,
                                      4096,
                                      65535,
                                      65536,
                                      131071,
                                      131064,
                                      131072,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0xfffffffe,
                                      0xffffff00,
                                      0x10000000,
                                      UINT64_C(1) << 32,
                                      UINT64_MAX,
                                      INT64_MAX,
                                      UINT64_C(1) << 63,
                                      1000000000,
                                      UINT64_C(999999999999),
                                      0xc0000000};
    return values[random_below(sizeof values / sizeof *values)];
}

static void at_random(unsigned rounds) {
    const uint64_t timeout_ns = 5000000;
    World world = open_world();
    size_t before = resident();
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t arguments[ARGUMENTS];
        sg_error error;
        for (int i = 0; i < ARGUMENTS; i++)
            arguments[i] = extreme();
        uint32_t which = random_below(world.count);
        sg_status status = call(&world, which, 1, arguments, timeout_ns, &error);
        if (status == SG_OK && round % 1000)
            continue;
        check_world(&world, which, before);
        close_world(&world, &error, status);
        empty_directory();
        world = open_world();
    }
    sg_error none;
    close_world(&world, &none, SG_OK);
}

static void each_again_and_again(unsigned repeats) {
    static const uint64_t huge[] = {0, 1, 3, 65536, 0x10000000, 0xffffffff, INT64_MAX, UINT64_MAX};
    const uint64_t timeout_ns = 100000000 + UINT64_C(2000) * repeats;
    World world = open_world();
    size_t before = resident();
    uint32_t count = world.count;
    for (uint32_t which = 0; which < count; which++)
        for (size_t h = 0; h < sizeof huge / sizeof *huge; h++) {
            uint64_t arguments[ARGUMENTS];
            sg_error error;
            /* Pointers stay where memory is, half the time; the first is a handle or descriptor. */
            for (int i = 0; i < ARGUMENTS; i++)
                arguments[i] = i == 0 ? h % 5 : i % 2 ? 65536 : huge[h];
            sg_status status = call(&world, which, repeats, arguments, timeout_ns, &error);
            check_world(&world, which, before);
            if (status == SG_OK)
                continue;
            close_world(&world, &error, status);
            empty_directory();
            world = open_world();
        }
    sg_error none;
    close_world(&world, &none, SG_OK);
    printf("%" PRIu32 " imports, each %u times with %zu huge arguments\n", count, repeats,
           sizeof huge / sizeof *huge);
}

static void load(const char *path) {
    sg_error error;
    linker = sg_linker_new(engine, &error);
    CHECK(linker && sg_wasi_define(linker, &error) == SG_OK, "%s", error.message);
    if (path) {
        component = sg_component_load_file(engine, path, &error);
        CHECK(component, "%s: %s: %s", path, error.message, error.detail);
        return;
    }
    char *text = preview1_text();
    module = sg_module_load(engine, text, strlen(text), &error);
    CHECK(module, "%s: %s", error.message, error.detail);
    free(text);
}

int main(int argc, char **argv) {
    sg_error error;
    CHECK(argc == 3 || argc == 4, "usage: hostile_imports ROUNDS REPEATS [COMPONENT]");
    engine = sg_engine_new(NULL, &error);
    CHECK(engine && mkdtemp(top), "no engine or directory");
    /* What WASI has as unstable, too. */
    CHECK(sg_engine_set_feature(engine, "clocks-timezone", true, &error) == SG_OK &&
              sg_engine_set_feature(engine, "network-error-code", true, &error) == SG_OK,
          "no such feature");
    load(argc == 4 ? argv[3] : NULL);
    at_random((unsigned)strtoul(argv[1], NULL, 10));
    each_again_and_again((unsigned)strtoul(argv[2], NULL, 10));
    printf("%s calls at random; %zu MiB of memory at most\n", argv[1], resident() >> 20);
    sg_linker_delete(linker);
    sg_module_delete(module);
    sg_component_delete(component);
    sg_engine_delete(engine);
    empty_directory();
    rmdir(top);
    return 0;
}
