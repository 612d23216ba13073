/* Directories that are granted: the system's, opened when they are named, and kept by the grants and by each
 * store's copy; and virtual ones. */
#include "wasi/internal.h"

#include <errno.h>
#include <string.h>

/* A copy of the text in the arena; data NULL: no memory. */
static Bytes copy_name(Arena *arena, Bytes name) {
    uint8_t *copy = sgi_arena_alloc(arena, name.size + 1);
    if (copy)
        memcpy(copy, name.data, name.size);
    return (Bytes){copy, name.size};
}

/* Without the slashes that it ends in. */
static Bytes plain(Bytes name) {
    while (name.size > 1 && name.data[name.size - 1] == '/')
        name.size--;
    return name;
}

/* Which of two directories of one name a guest finds, each library of guests decides for itself. */
static bool is_taken(const WasiGrants *grants, Bytes name) {
    for (size_t i = 0; i < grants->dirs.count; i++)
        if (sgi_bytes_equal(plain(grants->dirs.items[i].name), plain(name)))
            return true;
    return false;
}

/* Names `dir` by a copy of `guest`, and makes room for it in the list. */
static sg_status prepare_dir(Wasi *wasi, const char *guest, WasiDir *dir, sg_error *err) {
    Bytes name = sgi_bytes_of(guest);
    if (name.size == 0 || !sgi_utf8_valid(name.data, name.size))
        return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "not the name of a directory", "\"%s\"", guest);
    if (is_taken(&wasi->grants, name))
        return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "a directory of this name is granted already",
                        "\"%s\"", guest);
    if (!sgi_vec_reserve(&wasi->alloc, &wasi->grants.dirs, 1))
        return sgi_fail_memory(err);
    dir->name = copy_name(&wasi->arena, name);
    return dir->name.data ? SG_OK : sgi_fail_memory(err);
}

sg_status sgi_wasi_add_dir(Wasi *wasi, const char *host, const char *guest, bool read_only, sg_error *err) {
    WasiDir dir = {.read_only = read_only};
    SGI_TRY(prepare_dir(wasi, guest, &dir, err));
    int code = sgi_os_open(host, OS_OPEN_READ | OS_OPEN_DIRECTORY, &dir.fd);
    if (code != 0) {
        char text[128];
        const char *why = strerror_r(code, text, sizeof text);
        return sgi_fail(err, code == ENOENT ? SG_NOT_FOUND : SG_IO, SG_NO_OFFSET, why, "%s", host);
    }
    wasi->grants.dirs.items[wasi->grants.dirs.count++] = dir;
    return SG_OK;
}

sg_status sgi_wasi_add_virtual_dir(Wasi *wasi, const sg_wasi_files *files, uint64_t root, const char *guest,
                                   bool read_only, sg_error *err) {
    WasiDir dir = {.fd = -1, .read_only = read_only, .root = root};
    if (!COPY_TABLE(dir.files, files))
        return sgi_fail(err, SG_MISUSE, SG_NO_OFFSET, "the size of a table is not one of this version",
                        "files");
    if (!dir.files.open || !dir.files.stat || !dir.files.read || !dir.files.read_directory)
        return sgi_fail(err, SG_BAD_VALUE, SG_NO_OFFSET, "a needed function is NULL", "\"%s\"", guest);
    SGI_TRY(prepare_dir(wasi, guest, &dir, err));
    dir.device = UINT64_MAX - wasi->grants.dirs.count; /* the system's are small numbers */
    wasi->grants.dirs.items[wasi->grants.dirs.count++] = dir;
    return SG_OK;
}

sg_status sgi_wasi_dirs_copy(const Wasi *wasi, WasiState *state, sg_error *err) {
    Store *store = state->store;
    size_t count = wasi->grants.dirs.count;
    if (!sgi_vec_reserve(&store->alloc, &state->grants.dirs, count))
        return sgi_store_no_memory(store, err);
    for (size_t i = 0; i < count; i++) {
        WasiDir dir = wasi->grants.dirs.items[i];
        dir.name = copy_name(&store->arena, dir.name);
        if (dir.name.data == NULL)
            return sgi_store_no_memory(store, err);
        int code = dir.fd < 0 ? 0 : sgi_os_dup(dir.fd, &dir.fd);
        if (code != 0)
            return sgi_fail(err, SG_IO, SG_NO_OFFSET, "too many open files", "directory \"%s\"",
                            (const char *)dir.name.data);
        state->grants.dirs.items[state->grants.dirs.count++] = dir;
    }
    return SG_OK;
}

void sgi_wasi_dirs_close(WasiGrants *grants) {
    for (size_t i = 0; i < grants->dirs.count; i++)
        if (grants->dirs.items[i].fd >= 0)
            sgi_os_close(grants->dirs.items[i].fd);
    grants->dirs.count = 0;
}
