/* Files and directories: what a face asks → rights, budget, the operations of what is behind it → an errno.
 *
 * A descriptor of a read-only grant, and all that is opened through it, changes nothing: that is decided
 * here, once, by can_write and its grant. What has no offset (pipes, terminals, devices) is opened without
 * blocking, and waited for in the one place that waits. */
#include "wasi/file_ops.h"

#include <string.h>

enum { ALLOCATE_PIECE = 16 << 20, PIECE = 256 * 1024, PATH_SIZE = 4096 };

/* ---- opening ---- */

static void destroy_file(WasiObject *self) {
    WasiFile *file = (WasiFile *)(void *)self;
    sgi_free(&self->state->store->alloc, file->entries.buffer, file->entries.buffer ? ENTRIES_SIZE : 0);
    file->ops->close(file);
    sgi_counter_sub(&self->state->descriptors, 1);
}

/* An object of what was `opened`, which is closed on failure. */
static WasiFile *file_new(WasiState *state, const WasiFile *opened, sg_wasi_errno *error) {
    WasiFile *file = NULL;
    *error = SG_WASI_MFILE;
    if (sgi_counter_add(&state->descriptors, 1)) {
        *error = SG_WASI_SUCCESS;
        file = sgi_wasi_object_new(state, WASI_DESCRIPTOR, sizeof *file, destroy_file);
        if (file == NULL) {
            sgi_counter_sub(&state->descriptors, 1);
            *error = SG_WASI_NOMEM;
        }
    }
    if (file == NULL) {
        opened->ops->close(opened);
        return NULL;
    }
    WasiObject object = file->object;
    *file = *opened;
    file->object = object;
    return file;
}

WasiFile *sgi_file_of_dir(WasiState *state, const WasiDir *dir, sg_wasi_errno *error) {
    WasiFile opened = {.ops = dir->files.size ? &sgi_file_virtual : &sgi_file_system,
                       .grant = dir,
                       .fd = -1,
                       .can_read = true,
                       .can_write = !dir->read_only};
    *error = opened.ops->open_grant(&opened);
    return *error == SG_WASI_SUCCESS ? file_new(state, &opened, error) : NULL;
}

sg_trap sgi_file_open(WasiFile *dir, Bytes path, unsigned flags, bool is_nonblocking, WasiFile **file,
                      sg_wasi_errno *error) {
    const unsigned changes = OS_OPEN_WRITE | OS_OPEN_CREATE | OS_OPEN_TRUNCATE;
    const unsigned of_files = OS_OPEN_CREATE | OS_OPEN_EXCLUSIVE | OS_OPEN_TRUNCATE;
    WasiFile opened = {.ops = dir->ops, .grant = dir->grant, .fd = -1, .is_nonblocking = is_nonblocking};
    *file = NULL;
    *error = dir->type != OS_FILE_DIRECTORY                      ? SG_WASI_NOTDIR
             : (flags & changes) && !dir->can_write              ? SG_WASI_PERM
             : (flags & OS_OPEN_DIRECTORY) && (flags & of_files) ? SG_WASI_INVAL
                                                                 : SG_WASI_SUCCESS;
    if (*error != SG_WASI_SUCCESS)
        return SG_TRAP_NONE;
    sg_trap trap = dir->ops->open(dir, path, flags, is_nonblocking, &opened, error);
    if (trap != SG_TRAP_NONE || *error != SG_WASI_SUCCESS)
        return trap;
    opened.can_read = (flags & OS_OPEN_READ) != 0;
    opened.can_write = opened.type == OS_FILE_DIRECTORY ? dir->can_write : (flags & OS_OPEN_WRITE) != 0;
    *file = file_new(dir->object.state, &opened, error);
    return SG_TRAP_NONE;
}

/* ---- contents ---- */

bool sgi_file_has_offset(const WasiFile *file) {
    return file->type == OS_FILE_REGULAR || file->type == OS_FILE_BLOCK_DEVICE;
}

static sg_trap wait_for(const WasiFile *file, bool is_write) {
    WasiWait wait = {.fd = file->fd, .is_write = is_write};
    return sgi_wasi_wait(file->object.state, &wait, 1);
}

static sg_trap pay(const WasiFile *file, size_t size) {
    return sgi_fuel_charge(&file->object.state->store->cx, sgi_fuel_steps(size, FUEL_STEP_BYTES));
}

sg_wasi_errno sgi_file_read_now(WasiFile *file, void *buffer, size_t size, uint64_t offset, size_t *got) {
    return file->ops->read(file, buffer, size, offset, got);
}

sg_trap sgi_file_read(WasiFile *file, void *buffer, size_t size, uint64_t offset, size_t *got,
                      sg_wasi_errno *error) {
    ExecContext *cx = &file->object.state->store->cx;
    *got = 0;
    *error = !file->can_read                   ? SG_WASI_BADF
             : file->type == OS_FILE_DIRECTORY ? SG_WASI_ISDIR
                                               : SG_WASI_SUCCESS;
    if (*error != SG_WASI_SUCCESS || size == 0)
        return SG_TRAP_NONE;
    sg_trap trap = pay(file, size);
    bool has_offset = sgi_file_has_offset(file), waits = !has_offset && !file->is_nonblocking;
    /* A FIFO that nobody has written to yet reads as if it were at its end: it is waited for first. */
    if (trap == SG_TRAP_NONE && waits && file->type == OS_FILE_FIFO)
        trap = wait_for(file, false);
    while (trap == SG_TRAP_NONE && *got < size) {
        size_t piece = size - *got < PIECE ? size - *got : PIECE, count;
        uint8_t *to = (uint8_t *)buffer + *got;
        sg_wasi_errno code = sgi_file_read_now(file, to, piece, offset + *got, &count);
        *error = *got ? SG_WASI_SUCCESS : code;
        *got += count;
        if (code == SG_WASI_AGAIN && waits)
            trap = wait_for(file, false);
        else if (code != SG_WASI_SUCCESS || count < piece || !has_offset)
            break;
        else
            trap = sgi_poll(cx);
    }
    return trap;
}

sg_wasi_errno sgi_file_write_now(WasiFile *file, const void *data, size_t size, uint64_t offset,
                                 unsigned flags, size_t *put) {
    Counter *written = &file->object.state->written;
    uint64_t left = written->limit - written->used;
    size_t piece = left < size ? (size_t)left : size;
    *put = 0;
    if (piece == 0)
        return SG_WASI_DQUOT;
    sg_wasi_errno error = file->ops->write(file, data, piece, offset, flags, put);
    sgi_counter_add(written, *put);
    return error;
}

sg_trap sgi_file_write(WasiFile *file, const void *data, size_t size, uint64_t offset, size_t *put,
                       sg_wasi_errno *error) {
    *put = 0;
    *error = file->can_write && file->type != OS_FILE_DIRECTORY ? SG_WASI_SUCCESS : SG_WASI_BADF;
    if (*error != SG_WASI_SUCCESS || size == 0)
        return SG_TRAP_NONE;
    sg_trap trap = pay(file, size);
    while (trap == SG_TRAP_NONE && *put < size) {
        size_t piece = size - *put < PIECE ? size - *put : PIECE, count;
        sg_wasi_errno code = sgi_file_write_now(file, (const uint8_t *)data + *put, piece, offset + *put,
                                                file->write_flags, &count);
        *put += count;
        if (code == SG_WASI_AGAIN && !file->is_nonblocking) {
            trap = wait_for(file, true);
            continue;
        }
        *error = *put ? SG_WASI_SUCCESS : code;
        if (code != SG_WASI_SUCCESS || (count < piece && file->is_nonblocking))
            break;
        trap = sgi_poll(&file->object.state->store->cx);
    }
    return trap;
}

sg_trap sgi_file_sync(WasiFile *file, bool data_only, sg_wasi_errno *error) {
    return file->ops->sync(file, data_only, error);
}

/* ---- attributes ---- */

sg_wasi_errno sgi_file_stat(const WasiFile *file, OsStat *stat) {
    return file->ops->stat(file, stat);
}

/* Pays for a file that will be `size` long as for what is written. */
static sg_wasi_errno grow(WasiFile *file, uint64_t size) {
    OsStat stat;
    sg_wasi_errno error = sgi_file_stat(file, &stat);
    if (error == SG_WASI_SUCCESS && size > stat.size &&
        !sgi_counter_add(&file->object.state->written, size - stat.size))
        return SG_WASI_DQUOT;
    return error;
}

sg_wasi_errno sgi_file_set_size(WasiFile *file, uint64_t size) {
    if (file->type == OS_FILE_DIRECTORY)
        return SG_WASI_BADF;
    sg_wasi_errno error = !file->can_write || size > INT64_MAX ? SG_WASI_INVAL : grow(file, size);
    return error != SG_WASI_SUCCESS ? error : file->ops->set_size(file, size);
}

/* In pieces: where files are in memory, the system fills it with zeros, and does not let go before. */
sg_trap sgi_file_allocate(WasiFile *file, uint64_t offset, uint64_t size, sg_wasi_errno *error) {
    uint64_t end, piece;
    *error = SG_WASI_BADF;
    if (file->type == OS_FILE_DIRECTORY || !file->can_write)
        return SG_TRAP_NONE;
    *error = !sgi_add(offset, size, &end) || end > INT64_MAX ? SG_WASI_FBIG : grow(file, end);
    sg_trap trap = SG_TRAP_NONE;
    do {
        piece = size < ALLOCATE_PIECE ? size : ALLOCATE_PIECE;
        if (*error == SG_WASI_SUCCESS)
            *error = file->ops->allocate(file, offset, piece);
        offset += piece;
        size -= piece;
        trap = sgi_poll(&file->object.state->store->cx);
    } while (size && *error == SG_WASI_SUCCESS && trap == SG_TRAP_NONE);
    return trap;
}

sg_wasi_errno sgi_file_advise(WasiFile *file, uint64_t offset, uint64_t size, unsigned advice) {
    return file->type == OS_FILE_DIRECTORY ? SG_WASI_BADF : file->ops->advise(file, offset, size, advice);
}

/* As for futimens, it does not count whether it was opened to write. */
sg_wasi_errno sgi_file_set_times(WasiFile *file, const OsTime *accessed, const OsTime *modified) {
    return file->grant->read_only ? SG_WASI_PERM : file->ops->set_times(file, accessed, modified);
}

/* ---- directories ---- */

sg_wasi_errno sgi_file_next_entry(WasiFile *dir, uint64_t position, OsEntry *entry) {
    return dir->type == OS_FILE_DIRECTORY ? dir->ops->next_entry(dir, position, entry) : SG_WASI_NOTDIR;
}

static sg_wasi_errno check_directory(const WasiFile *dir, bool changes) {
    return dir->type != OS_FILE_DIRECTORY ? SG_WASI_NOTDIR
           : changes && !dir->can_write   ? SG_WASI_PERM
                                          : SG_WASI_SUCCESS;
}

#define CHECK_DIRECTORY(dir, changes)                                                                        \
    do {                                                                                                     \
        sg_wasi_errno error_ = check_directory(dir, changes);                                                \
        if (error_ != SG_WASI_SUCCESS)                                                                       \
            return error_;                                                                                   \
    } while (0)

sg_wasi_errno sgi_file_stat_at(WasiFile *dir, Bytes path, bool follow, OsStat *stat) {
    CHECK_DIRECTORY(dir, false);
    return dir->ops->stat_at(dir, path, follow, stat);
}

sg_wasi_errno sgi_file_set_times_at(WasiFile *dir, Bytes path, bool follow, const OsTime *accessed,
                                    const OsTime *modified) {
    CHECK_DIRECTORY(dir, true);
    return dir->ops->set_times_at(dir, path, follow, accessed, modified);
}

sg_wasi_errno sgi_file_make_directory(WasiFile *dir, Bytes path) {
    CHECK_DIRECTORY(dir, true);
    return dir->ops->make_directory(dir, path);
}

sg_wasi_errno sgi_file_remove_directory(WasiFile *dir, Bytes path) {
    CHECK_DIRECTORY(dir, true);
    return dir->ops->remove_directory(dir, path);
}

sg_wasi_errno sgi_file_unlink(WasiFile *dir, Bytes path) {
    CHECK_DIRECTORY(dir, true);
    return dir->ops->unlink(dir, path);
}

/* Both ends must be changeable: a link to a file of a read-only grant would make it writable. */
sg_wasi_errno sgi_file_rename(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path) {
    CHECK_DIRECTORY(from, true);
    CHECK_DIRECTORY(to, true);
    return from->ops == to->ops ? from->ops->rename(from, from_path, to, to_path) : SG_WASI_XDEV;
}

sg_wasi_errno sgi_file_link(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path) {
    CHECK_DIRECTORY(from, true);
    CHECK_DIRECTORY(to, true);
    return from->ops == to->ops ? from->ops->link(from, from_path, to, to_path) : SG_WASI_XDEV;
}

sg_wasi_errno sgi_file_symlink(WasiFile *dir, Bytes target, Bytes path) {
    CHECK_DIRECTORY(dir, true);
    return dir->ops->symlink(dir, target, path);
}

/* Where an absolute link leads is no business of the guest's, which cannot go there. */
sg_wasi_errno sgi_file_read_link(WasiFile *dir, Bytes path, char *target, size_t size, size_t *got) {
    char whole[PATH_SIZE];
    CHECK_DIRECTORY(dir, false);
    sg_wasi_errno error = dir->ops->read_link(dir, path, whole, sizeof whole, got);
    if (error == SG_WASI_SUCCESS && *got && whole[0] == '/')
        error = SG_WASI_PERM;
    if (error != SG_WASI_SUCCESS)
        return error;
    *got = *got < size ? *got : size;
    if (*got)
        memcpy(target, whole, *got);
    return SG_WASI_SUCCESS;
}
