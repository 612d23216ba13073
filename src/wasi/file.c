/* Files and directories: what a face asks → rights, budget, path.h and os/files.h → an errno.
 *
 * A descriptor of a read-only grant, and all that is opened through it, changes nothing: that is decided
 * here, once, by can_write. What has no offset (pipes, terminals, devices) is opened without blocking, and
 * waited for in the one place that waits. */
#include "wasi/file.h"

#include "wasi/path.h"

#include <errno.h>
#include <string.h>

enum { PIECE = 256 * 1024, ENTRIES_SIZE = 8192, PATH_SIZE = 4096 };

/* ---- opening ---- */

static void destroy_file(WasiObject *self) {
    WasiFile *file = (WasiFile *)(void *)self;
    sgi_free(&self->state->store->alloc, file->entries.buffer, file->entries.buffer ? ENTRIES_SIZE : 0);
    sgi_os_close(file->fd);
    sgi_counter_sub(&self->state->descriptors, 1);
}

/* Owns `fd`, which it closes on failure. */
static WasiFile *file_new(WasiState *state, int fd, sg_wasi_errno *error) {
    OsStat stat;
    int code = sgi_os_stat(fd, &stat);
    *error = sgi_wasi_errno(code);
    if (code == 0 && !sgi_counter_add(&state->descriptors, 1)) {
        code = EMFILE;
        *error = SG_WASI_MFILE;
    }
    if (code != 0) {
        sgi_os_close(fd);
        return NULL;
    }
    WasiFile *file = sgi_wasi_object_new(state, WASI_DESCRIPTOR, sizeof *file, destroy_file);
    if (file == NULL) {
        sgi_os_close(fd);
        sgi_counter_sub(&state->descriptors, 1);
        *error = SG_WASI_NOMEM;
        return NULL;
    }
    file->fd = fd;
    file->type = stat.type;
    return file;
}

WasiFile *sgi_file_of_dir(WasiState *state, const WasiDir *dir, sg_wasi_errno *error) {
    int fd, code = sgi_os_open_at(dir->fd, ".", OS_OPEN_READ | OS_OPEN_DIRECTORY, &fd);
    if (code != 0) {
        *error = sgi_wasi_errno(code);
        return NULL;
    }
    WasiFile *file = file_new(state, fd, error);
    if (file) {
        file->can_read = true;
        file->can_write = !dir->read_only;
    }
    return file;
}

static PathBase base_of(const WasiFile *dir) {
    return (PathBase){dir->fd, false};
}

/* A FIFO is opened to write as soon as somebody reads it. Nothing tells when: we look again and again. */
static sg_trap wait_for_reader(WasiFile *dir, Bytes path, unsigned flags, int *fd, int *code) {
    uint64_t pause_ns = 50000;
    sg_trap trap = SG_TRAP_NONE;
    OsStat stat;
    while (*code == ENXIO && trap == SG_TRAP_NONE &&
           sgi_path_stat(base_of(dir), path, !(flags & OS_OPEN_NOFOLLOW), &stat) == 0 &&
           stat.type == OS_FILE_FIFO) {
        trap = sgi_sleep_until(dir->object.state->store, sgi_os_now() + pause_ns);
        if (pause_ns < 10000000)
            pause_ns *= 2;
        *code = sgi_path_open(base_of(dir), path, flags, fd);
    }
    return trap;
}

sg_trap sgi_file_open(WasiFile *dir, Bytes path, unsigned flags, bool is_nonblocking, WasiFile **file,
                      sg_wasi_errno *error) {
    const unsigned changes = OS_OPEN_WRITE | OS_OPEN_CREATE | OS_OPEN_TRUNCATE;
    int fd, code = dir->type != OS_FILE_DIRECTORY         ? ENOTDIR
                   : (flags & changes) && !dir->can_write ? EPERM
                   : (flags & OS_OPEN_DIRECTORY) &&
                           (flags & (OS_OPEN_CREATE | OS_OPEN_EXCLUSIVE | OS_OPEN_TRUNCATE))
                       ? EINVAL
                       : 0;
    *file = NULL;
    if (code == 0)
        code = sgi_path_open(base_of(dir), path, flags, &fd);
    if (code == ENXIO && (flags & OS_OPEN_WRITE) && !is_nonblocking) {
        sg_trap trap = wait_for_reader(dir, path, flags, &fd, &code);
        if (trap != SG_TRAP_NONE) {
            if (code == 0)
                sgi_os_close(fd);
            return trap;
        }
    }
    if (code != 0) {
        *error = sgi_wasi_errno(code);
        return SG_TRAP_NONE;
    }
    WasiFile *made = file_new(dir->object.state, fd, error);
    if (made) {
        made->can_read = (flags & OS_OPEN_READ) != 0;
        made->can_write = made->type == OS_FILE_DIRECTORY ? dir->can_write : (flags & OS_OPEN_WRITE) != 0;
        made->is_nonblocking = is_nonblocking;
    }
    *file = made;
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
        int code = has_offset ? sgi_os_read_at(file->fd, to, piece, offset + *got, &count)
                              : sgi_os_stream_read(file->fd, to, piece, &count);
        *error = *got ? SG_WASI_SUCCESS : sgi_wasi_errno(code);
        *got += count;
        if (code == EAGAIN && waits)
            trap = wait_for(file, false);
        else if (code != 0 || count < piece || !has_offset)
            break;
        else
            trap = sgi_poll(cx);
    }
    return trap;
}

int sgi_file_write_now(WasiFile *file, const void *data, size_t size, uint64_t offset, unsigned flags,
                       size_t *put) {
    Counter *written = &file->object.state->written;
    uint64_t left = written->limit - written->used;
    size_t piece = left < size ? (size_t)left : size;
    *put = 0;
    if (piece == 0)
        return EDQUOT;
    int code = sgi_file_has_offset(file) ? sgi_os_write_at(file->fd, data, piece, offset, flags, put)
                                         : sgi_os_stream_write(file->fd, data, piece, put);
    sgi_counter_add(written, *put);
    return code;
}

sg_trap sgi_file_write(WasiFile *file, const void *data, size_t size, uint64_t offset, size_t *put,
                       sg_wasi_errno *error) {
    *put = 0;
    *error = !file->can_write                  ? SG_WASI_BADF
             : file->type == OS_FILE_DIRECTORY ? SG_WASI_ISDIR
                                               : SG_WASI_SUCCESS;
    if (*error != SG_WASI_SUCCESS || size == 0)
        return SG_TRAP_NONE;
    sg_trap trap = pay(file, size);
    while (trap == SG_TRAP_NONE && *put < size) {
        size_t piece = size - *put < PIECE ? size - *put : PIECE, count;
        int code = sgi_file_write_now(file, (const uint8_t *)data + *put, piece, offset + *put,
                                      file->write_flags, &count);
        *put += count;
        if (code == EAGAIN && !file->is_nonblocking) {
            trap = wait_for(file, true);
            continue;
        }
        *error = *put ? SG_WASI_SUCCESS : sgi_wasi_errno(code);
        if (code != 0 || (count < piece && file->is_nonblocking))
            break;
        trap = sgi_poll(&file->object.state->store->cx);
    }
    return trap;
}

/* ---- sync ---- */

typedef struct SyncJob {
    int fd; /* its own */
    bool data_only;
    int code;
} SyncJob;

static void run_sync(void *job) {
    SyncJob *sync = job;
    sync->code = sgi_os_sync(sync->fd, sync->data_only);
}

static void release_sync(void *job) {
    sgi_os_close(((SyncJob *)job)->fd);
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_free(&alloc, job, sizeof(SyncJob));
}

sg_trap sgi_file_sync(WasiFile *file, bool data_only, sg_wasi_errno *error) {
    Alloc alloc; /* the job may outlive the store */
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    SyncJob *job = sgi_alloc_zero(&alloc, sizeof *job);
    *error = SG_WASI_NOMEM;
    if (job == NULL)
        return SG_TRAP_NONE;
    job->data_only = data_only;
    int code = sgi_os_dup(file->fd, &job->fd);
    if (code != 0) {
        sgi_free(&alloc, job, sizeof *job);
        *error = sgi_wasi_errno(code);
        return SG_TRAP_NONE;
    }
    sg_trap trap = sgi_offload(file->object.state->store, run_sync, job, release_sync);
    if (trap != SG_TRAP_NONE)
        return trap;
    *error = sgi_wasi_errno(job->code);
    release_sync(job);
    return SG_TRAP_NONE;
}

/* ---- attributes ---- */

sg_wasi_errno sgi_file_stat(const WasiFile *file, OsStat *stat) {
    return sgi_wasi_errno(sgi_os_stat(file->fd, stat));
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
    return error != SG_WASI_SUCCESS ? error : sgi_wasi_errno(sgi_os_set_size(file->fd, size));
}

sg_wasi_errno sgi_file_allocate(WasiFile *file, uint64_t offset, uint64_t size) {
    uint64_t end;
    if (file->type == OS_FILE_DIRECTORY || !file->can_write)
        return SG_WASI_BADF;
    sg_wasi_errno error = !sgi_add(offset, size, &end) || end > INT64_MAX ? SG_WASI_FBIG : grow(file, end);
    return error != SG_WASI_SUCCESS ? error : sgi_wasi_errno(sgi_os_allocate(file->fd, offset, size));
}

sg_wasi_errno sgi_file_advise(WasiFile *file, uint64_t offset, uint64_t size, unsigned advice) {
    return file->type == OS_FILE_DIRECTORY ? SG_WASI_BADF
                                           : sgi_wasi_errno(sgi_os_advise(file->fd, offset, size, advice));
}

sg_wasi_errno sgi_file_set_times(WasiFile *file, const OsTime *accessed, const OsTime *modified) {
    return file->can_write ? sgi_wasi_errno(sgi_os_set_times(file->fd, accessed, modified)) : SG_WASI_PERM;
}

/* ---- directories ---- */

sg_wasi_errno sgi_file_next_entry(WasiFile *dir, uint64_t position, OsEntry *entry) {
    FileEntries *entries = &dir->entries;
    if (dir->type != OS_FILE_DIRECTORY)
        return SG_WASI_NOTDIR;
    if (entries->buffer == NULL) {
        entries->buffer = sgi_alloc(&dir->object.state->store->alloc, ENTRIES_SIZE);
        if (entries->buffer == NULL)
            return SG_WASI_NOMEM;
    }
    if (entries->position != position || position == 0 || entries->at >= entries->got) {
        int code = sgi_os_read_directory(dir->fd, position, entries->buffer, ENTRIES_SIZE, &entries->got);
        entries->at = 0;
        if (code != 0) {
            entries->got = 0;
            return sgi_wasi_errno(code);
        }
    }
    if (!sgi_os_next_entry(entries->buffer, entries->got, &entries->at, entry))
        return SG_WASI_NOENT;
    entries->position = entry->next;
    return SG_WASI_SUCCESS;
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
    return sgi_wasi_errno(sgi_path_stat(base_of(dir), path, follow, stat));
}

sg_wasi_errno sgi_file_set_times_at(WasiFile *dir, Bytes path, bool follow, const OsTime *accessed,
                                    const OsTime *modified) {
    CHECK_DIRECTORY(dir, true);
    return sgi_wasi_errno(sgi_path_set_times(base_of(dir), path, follow, accessed, modified));
}

sg_wasi_errno sgi_file_make_directory(WasiFile *dir, Bytes path) {
    CHECK_DIRECTORY(dir, true);
    return sgi_wasi_errno(sgi_path_make_directory(base_of(dir), path));
}

sg_wasi_errno sgi_file_remove_directory(WasiFile *dir, Bytes path) {
    CHECK_DIRECTORY(dir, true);
    return sgi_wasi_errno(sgi_path_remove_directory(base_of(dir), path));
}

sg_wasi_errno sgi_file_unlink(WasiFile *dir, Bytes path) {
    CHECK_DIRECTORY(dir, true);
    return sgi_wasi_errno(sgi_path_unlink(base_of(dir), path));
}

/* Both ends must be changeable: a link to a file of a read-only grant would make it writable. */
sg_wasi_errno sgi_file_rename(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path) {
    CHECK_DIRECTORY(from, true);
    CHECK_DIRECTORY(to, true);
    return sgi_wasi_errno(sgi_path_rename(base_of(from), from_path, base_of(to), to_path));
}

sg_wasi_errno sgi_file_link(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path) {
    CHECK_DIRECTORY(from, true);
    CHECK_DIRECTORY(to, true);
    return sgi_wasi_errno(sgi_path_link(base_of(from), from_path, base_of(to), to_path));
}

sg_wasi_errno sgi_file_symlink(WasiFile *dir, Bytes target, Bytes path) {
    CHECK_DIRECTORY(dir, true);
    return sgi_wasi_errno(sgi_path_symlink(base_of(dir), target, path));
}

/* Where an absolute link leads is no business of the guest's, which cannot go there. */
sg_wasi_errno sgi_file_read_link(WasiFile *dir, Bytes path, char *target, size_t size, size_t *got) {
    char whole[PATH_SIZE];
    CHECK_DIRECTORY(dir, false);
    int code = sgi_path_read_link(base_of(dir), path, whole, sizeof whole, got);
    if (code == 0 && *got && whole[0] == '/')
        code = EPERM;
    if (code != 0)
        return sgi_wasi_errno(code);
    *got = *got < size ? *got : size;
    if (*got)
        memcpy(target, whole, *got);
    return SG_WASI_SUCCESS;
}
