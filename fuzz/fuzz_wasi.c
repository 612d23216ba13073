/* Calls of preview 1, one after the other, on a small tree of the system's files and on virtual ones whose
 * functions answer what the input says: each ends with an errno or with a trap that it may have; outside of
 * the directory that is granted to write in nothing has changed; and nothing stays open.
 *
 * Input: a byte of options (1: the time is virtual), then operations as long as there is some. An operation
 * is a byte, which fills one of 16 slots of 1 KiB of the guest's memory (by its low bits) or calls:
 *
 *   0..       the function of that place in p1.def, with its arguments
 *   64..127   a path: how many names, and which (names)     128..191   bytes: how many, and they
 *   192..255  vectors: how many, and for each a slot and a length
 *
 * An argument is a byte: itself; from 128 an address, in steps of 1 KiB; from 160 a slot, for two arguments:
 * where, and how long; from 176 all ones shifted left, from 208 shifted right; from 240 the next 8 bytes. */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { CALLS_MAX = 64, ARGUMENTS_MAX = 9, SLOTS = 16, SLOT_SIZE = 1024, TEXT_MAX = 32 << 10 };

static const struct {
    const char *name, *parameters;
} funcs[] = {
#define P1_FUNC(name, parameters, in_unstable) {#name, parameters},
#include "../src/wasi/p1.def"
#undef P1_FUNC
};

static const char *const names[] = {"a",    "b",    "d",       "e",      "f",  "link", "dirs",
                                    "loop", "gone", "out",     "",       "..", "abs",  "new",
                                    "fifo", ".",    "outside", "secret", "rw", "\xff"};

/* ---- the input ---- */

typedef struct Input {
    const uint8_t *data;
    size_t size;
    int opened; /* virtual files that are */
    struct {
        uint32_t at, size;
    } slots[SLOTS];
} Input;

static uint8_t take(Input *in) {
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static uint64_t take_number(Input *in) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | take(in);
    return value;
}

/* ---- the tree, which is made anew for each input, and what is beside it ---- */

static char top[] = "/tmp/sandglass-fuzz-XXXXXX";
static const char *const kept[] = {"outside", "outside/secret", "ro", "ro/b"};
static struct stat kept_as[COUNT(kept)];

static const char *path_of(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *place) {
    (void)stat, (void)type, (void)place;
    return remove(path);
}

static void remove_tree(const char *path) {
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void remove_all(void) {
    remove_tree(top);
}

static void make_file(const char *name) {
    FILE *file = fopen(path_of(name), "w");
    REQUIRE(file != NULL && fputs("0123456789", file) >= 0 && fclose(file) == 0);
}

static void make_directory(const char *name) {
    REQUIRE(mkdir(path_of(name), 0777) == 0);
}

static void make_surroundings(void) {
    if (kept_as[0].st_ino != 0)
        return;
    REQUIRE(mkdtemp(top) != NULL);
    atexit(remove_all);
    make_directory("outside");
    make_directory("ro");
    make_file("outside/secret");
    make_file("ro/b");
    for (size_t i = 0; i < COUNT(kept); i++)
        REQUIRE(lstat(path_of(kept[i]), &kept_as[i]) == 0);
}

static void make_tree(void) {
    static const char *const links[][2] = {
        {"a", "link"}, {"d", "dirs"}, {"loop", "loop"}, {"nowhere", "gone"}, {"../outside", "out"}};
    char path[32], outside[256];
    make_surroundings();
    make_directory("rw");
    make_directory("rw/d");
    make_directory("rw/d/e");
    make_file("rw/a");
    make_file("rw/d/f");
    for (size_t i = 0; i < COUNT(links); i++) {
        snprintf(path, sizeof path, "rw/%s", links[i][1]);
        REQUIRE(symlink(links[i][0], path_of(path)) == 0);
    }
    snprintf(outside, sizeof outside, "%s", path_of("outside"));
    REQUIRE(symlink(outside, path_of("rw/abs")) == 0);
    REQUIRE(mkfifo(path_of("rw/fifo"), 0666) == 0);
}

/* Whatever is made, linked or written there moves the time of change. */
static void check_surroundings(void) {
    size_t count = 0;
    DIR *folder = opendir(top);
    REQUIRE(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    REQUIRE(count == 2 + 3);
    for (size_t i = 0; i < COUNT(kept); i++) {
        struct stat now;
        REQUIRE(lstat(path_of(kept[i]), &now) == 0 && now.st_ino == kept_as[i].st_ino &&
                now.st_mode == kept_as[i].st_mode && now.st_nlink == kept_as[i].st_nlink &&
                now.st_size == kept_as[i].st_size && now.st_ctim.tv_sec == kept_as[i].st_ctim.tv_sec &&
                now.st_ctim.tv_nsec == kept_as[i].st_ctim.tv_nsec);
    }
}

/* ---- virtual files ---- */

static sg_wasi_errno take_errno(Input *in) {
    uint8_t code = take(in);
    return code < 192 ? SG_WASI_SUCCESS : (sg_wasi_errno)(code - 192);
}

static sg_wasi_errno virtual_open(void *context, uint64_t dir, const char *path, unsigned flags,
                                  uint64_t *handle) {
    Input *in = context;
    (void)dir, (void)flags;
    REQUIRE(*path != '\0' && *path != '/' && strstr(path, "//") == NULL && strstr(path, "..") == NULL);
    sg_wasi_errno error = take_errno(in);
    *handle = (uint64_t)in->opened;
    in->opened += error == SG_WASI_SUCCESS;
    return error;
}

static void virtual_close(void *context, uint64_t handle) {
    (void)handle;
    ((Input *)context)->opened--;
}

static sg_wasi_errno virtual_stat(void *context, uint64_t handle, sg_wasi_file_stat *stat) {
    Input *in = context;
    (void)handle;
    uint8_t what = take(in);
    stat->type = (sg_wasi_file_type)(what < 224 ? 1 + what % 2 : what);
    stat->size = what & 2 ? 10 : take_number(in);
    stat->modified = what & 4 ? 10 : take_number(in);
    return take_errno(in);
}

static sg_wasi_errno virtual_read(void *context, uint64_t handle, void *buffer, size_t size, uint64_t offset,
                                  size_t *count) {
    Input *in = context;
    (void)handle, (void)offset;
    uint8_t got = take(in);
    memset(buffer, got, size);
    *count = got < 250 && got > size ? size : got;
    return take_errno(in);
}

static sg_wasi_errno virtual_write(void *context, uint64_t handle, const void *data, size_t size,
                                   uint64_t offset, size_t *count) {
    uint8_t sink[64];
    memcpy(sink, data, size < sizeof sink ? size : sizeof sink);
    (void)sink;
    return virtual_read(context, handle, (void *)(uintptr_t)data, 0, offset, count);
}

static sg_wasi_errno virtual_set_size(void *context, uint64_t handle, uint64_t size) {
    (void)handle, (void)size;
    return take_errno(context);
}

static sg_wasi_errno virtual_set_times(void *context, uint64_t handle, const uint64_t *accessed,
                                       const uint64_t *modified) {
    (void)handle, (void)accessed, (void)modified;
    return take_errno(context);
}

static sg_wasi_errno virtual_read_directory(void *context, uint64_t handle, uint64_t position,
                                            sg_wasi_file_entry *entry) {
    Input *in = context;
    (void)handle;
    uint8_t what = take(in);
    const char *name = names[what % COUNT(names)];
    entry->name = (sg_string){name, strlen(name)};
    entry->type = (sg_wasi_file_type)(what < 250 ? 1 + what % 2 : what);
    entry->next = what & 1 ? position + 1 : take(in);
    return in->size ? take_errno(in) : SG_WASI_NOENT;
}

static sg_wasi_errno virtual_change(void *context, uint64_t dir, const char *path) {
    (void)dir, (void)path;
    return take_errno(context);
}

static sg_wasi_errno virtual_rename(void *context, uint64_t from, const char *from_path, uint64_t to,
                                    const char *to_path) {
    (void)from, (void)from_path, (void)to, (void)to_path;
    return take_errno(context);
}

/* ---- the guest ---- */

/* Hands each function on, for what the functions write is in its memory. */
static const sg_module *guest_module(void) {
    static sg_module *module;
    static char text[TEXT_MAX];
    size_t used = 0;
    if (module != NULL)
        return module;
#define ADD(...) (used += (size_t)snprintf(text + used, sizeof text - used, __VA_ARGS__))
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < COUNT(funcs); i++) {
            const char *result = strcmp(funcs[i].name, "proc_exit") == 0 ? "" : "(result i32)";
            if (pass == 0)
                ADD("(import \"wasi_snapshot_preview1\" \"%s\" (func $%s", funcs[i].name, funcs[i].name);
            else
                ADD("(func (export \"%s\")", funcs[i].name);
            for (const char *p = funcs[i].parameters; *p; p++)
                ADD("(param %s)", *p == 'i' ? "i32" : "i64");
            ADD("%s", result);
            for (size_t p = 0; pass == 1 && p < strlen(funcs[i].parameters); p++)
                ADD("(local.get %zu)", p);
            if (pass == 1)
                ADD("(call $%s))", funcs[i].name);
            else
                ADD("))");
        }
        if (pass == 0)
            ADD("(memory (export \"memory\") 1 1)");
    }
#undef ADD
    REQUIRE(used < sizeof text);
    module = sg_module_load(fuzz_engine(), text, used, NULL);
    REQUIRE(module != NULL);
    return module;
}

static void grant(Input *in, sg_store *store) {
    const sg_wasi_files files = {.size = sizeof files,
                                 .context = in,
                                 .open = virtual_open,
                                 .close = virtual_close,
                                 .stat = virtual_stat,
                                 .read = virtual_read,
                                 .write = virtual_write,
                                 .set_size = virtual_set_size,
                                 .set_times = virtual_set_times,
                                 .read_directory = virtual_read_directory,
                                 .make_directory = virtual_change,
                                 .remove_directory = virtual_change,
                                 .unlink = virtual_change,
                                 .rename = virtual_rename};
    const sg_wasi_limits limits = {.size = sizeof limits, .descriptors = 16, .written = 1 << 20};
    sg_wasi *wasi = sg_wasi_new(fuzz_engine(), NULL);
    REQUIRE(wasi != NULL && sg_wasi_add_argument(wasi, "program", NULL) == SG_OK &&
            sg_wasi_add_env(wasi, "name", "value", NULL) == SG_OK &&
            sg_wasi_add_dir(wasi, path_of("rw"), "/", false, NULL) == SG_OK &&
            sg_wasi_add_dir(wasi, path_of("ro"), "/ro", true, NULL) == SG_OK &&
            sg_wasi_add_virtual_dir(wasi, &files, 0, "/virtual", false, NULL) == SG_OK);
    if (take(in) & 1)
        sg_wasi_virtual_clock(wasi, 0);
    sg_wasi_seed_random(wasi, 0);
    sg_wasi_set_limits(wasi, &limits);
    REQUIRE(sg_wasi_attach(wasi, store, NULL) == SG_OK);
    sg_wasi_delete(wasi);
}

/* NULL: the time ran out already. */
static sg_core_instance *new_guest(Input *in, sg_store *store) {
    sg_error error = {0};
    sg_extern imports[COUNT(funcs)];
    sg_string from, name;
    sg_extern_kind kind;
    grant(in, store);
    for (size_t i = 0; i < COUNT(funcs); i++)
        REQUIRE(sg_module_import(guest_module(), i, &from, &name, &kind) &&
                sg_wasi_import(store, from, name, &imports[i], NULL) == SG_OK);
    sg_core_instance *guest = sg_core_instance_new(store, guest_module(), imports, COUNT(funcs), &error);
    REQUIRE(guest != NULL || error.trap == SG_TRAP_DEADLINE);
    return guest;
}

/* ---- operations ---- */

static void fill(Input *in, uint8_t op, uint8_t *memory) {
    unsigned slot = op % SLOTS;
    uint32_t at = slot * SLOT_SIZE, size = 0;
    unsigned count = take(in) % 64;
    for (unsigned i = 0; i < count; i++)
        if (op >= 192) {
            const uint32_t vector[2] = {take(in) % SLOTS * SLOT_SIZE, take(in)};
            memcpy(memory + at + i * sizeof vector, vector, sizeof vector);
            size = i + 1;
        } else if (op >= 128) {
            memory[at + size++] = take(in);
        } else {
            const char *name = names[take(in) % COUNT(names)];
            size_t length = strlen(name);
            memcpy(memory + at + size, name, length);
            memory[at + size + length] = '/';
            size += (uint32_t)length + (i + 1 < count);
        }
    in->slots[slot].at = at;
    in->slots[slot].size = size;
}

static void take_arguments(Input *in, uint64_t arguments[static ARGUMENTS_MAX], size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t what = take(in);
        if (what < 128) {
            arguments[i] = what;
        } else if (what < 160) {
            arguments[i] = (uint64_t)(what - 128) * SLOT_SIZE;
        } else if (what < 176) {
            arguments[i] = in->slots[what - 160].at;
            if (i + 1 < count)
                arguments[++i] = in->slots[what - 160].size;
        } else if (what < 208) {
            arguments[i] = UINT64_MAX << 2 * (what - 176);
        } else if (what < 240) {
            arguments[i] = UINT64_MAX >> 2 * (what - 208);
        } else {
            arguments[i] = take_number(in);
        }
    }
}

/* Ends a call of WASI's. */
static bool may_be(sg_trap trap) {
    return trap == SG_TRAP_EXIT || trap == SG_TRAP_DEADLINE || trap == SG_TRAP_MEMORY_OUT_OF_BOUNDS ||
           trap == SG_TRAP_POINTER_UNALIGNED || trap == SG_TRAP_HOST_BYTES_LIMIT || trap == SG_TRAP_FUEL;
}

static sg_trap call(Input *in, sg_core_instance *guest, uint8_t op) {
    enum { ERRNO_COUNT = 77 };
    uint64_t taken[ARGUMENTS_MAX] = {0};
    sg_core_value arguments[ARGUMENTS_MAX], result = {0};
    sg_extern item;
    sg_error error = {0};
    const char *name = funcs[op % COUNT(funcs)].name, *parameters = funcs[op % COUNT(funcs)].parameters;
    size_t count = strlen(parameters);
    take_arguments(in, taken, count);
    for (size_t i = 0; i < count; i++) {
        arguments[i].kind = parameters[i] == 'i' ? SG_CORE_I32 : SG_CORE_I64;
        if (parameters[i] == 'i')
            arguments[i].of.i32 = (int32_t)taken[i];
        else
            arguments[i].of.i64 = (int64_t)taken[i];
    }
    REQUIRE(sg_core_instance_find(guest, name, strlen(name), &item, NULL) == SG_OK);
    sg_status status = sg_core_func_call(item.of.func, arguments, count, &result,
                                         sg_core_func_result_count(item.of.func), &error);
    if (status == SG_OK) {
        REQUIRE(result.of.i32 >= 0 && result.of.i32 < ERRNO_COUNT);
        return SG_TRAP_NONE;
    }
    require_error(&error);
    REQUIRE(status == SG_TRAP && may_be(error.trap));
    return error.trap;
}

static int lowest_free_descriptor(void) {
    int fd = dup(0);
    if (fd >= 0)
        close(fd);
    return fd;
}

static void run(Input *in, sg_core_instance *guest) {
    sg_extern memory;
    size_t memory_size;
    sg_trap trap = SG_TRAP_NONE;
    REQUIRE(sg_core_instance_find(guest, "memory", 6, &memory, NULL) == SG_OK);
    uint8_t *bytes = sg_core_memory_data(memory.of.memory, &memory_size);
    for (int calls = 0; in->size && calls < CALLS_MAX && trap != SG_TRAP_DEADLINE && trap != SG_TRAP_EXIT;) {
        uint8_t op = take(in);
        if (op >= 64) {
            fill(in, op, bytes);
        } else {
            trap = call(in, guest, op);
            calls++;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Input in = {.data = data, .size = size};
    const sg_limits limits = {.size = sizeof limits,
                              .fuel = 10000000,
                              .timeout_ns = 20000000,
                              .memory_bytes = 16 << 20,
                              .host_bytes = 1 << 20};
    make_tree();
    int free_descriptor = lowest_free_descriptor();
    sg_store *store = sg_store_new(fuzz_engine(), &limits, NULL);
    REQUIRE(store != NULL);
    sg_core_instance *guest = new_guest(&in, store);
    if (guest != NULL)
        run(&in, guest);
    sg_store_delete(store);
    REQUIRE(in.opened == 0);
    /* What was given up when the time ran out closes its own when it is done: not at once. */
    for (int waits = 0; lowest_free_descriptor() > free_descriptor; waits++) {
        REQUIRE(waits < 2000);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    check_surroundings();
    remove_tree(path_of("rw"));
    return 0;
}
