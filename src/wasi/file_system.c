/* The system's files and directories: file_ops.h → path.h and os/files.h. */
#include "wasi/file_ops.h"

#include "wasi/path.h"

#include <errno.h>

static void close_file(const WasiFile *file) {
    sgi_os_close(file->fd);
}

/* Owns `fd`, which it closes on failure. */
static sg_wasi_errno take(int fd, WasiFile *opened) {
    OsStat stat = {0};
    int code = sgi_os_stat(fd, &stat);
    opened->fd = fd;
    opened->type = stat.type;
    if (code != 0)
        sgi_os_close(fd);
    return sgi_wasi_errno(code);
}

static sg_wasi_errno open_grant(WasiFile *opened) {
    int fd, code = sgi_os_open_at(opened->grant->fd, ".", OS_OPEN_READ | OS_OPEN_DIRECTORY, &fd);
    return code == 0 ? take(fd, opened) : sgi_wasi_errno(code);
}

static PathBase base_of(const WasiFile *dir) {
    return (PathBase){.fd = dir->fd, .cx = &dir->object.state->store->cx};
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

static sg_trap open_file(WasiFile *dir, Bytes path, unsigned flags, bool is_nonblocking, WasiFile *opened,
                         sg_wasi_errno *error) {
    int fd, code = sgi_path_open(base_of(dir), path, flags, &fd);
    sg_trap trap = SG_TRAP_NONE;
    if (code == ENXIO && (flags & OS_OPEN_WRITE) && !is_nonblocking)
        trap = wait_for_reader(dir, path, flags, &fd, &code);
    if (trap != SG_TRAP_NONE && code == 0)
        sgi_os_close(fd);
    else
        *error = code == 0 ? take(fd, opened) : sgi_wasi_errno(code);
    return trap;
}

/* ---- contents and attributes ---- */

static sg_wasi_errno stat_file(const WasiFile *file, OsStat *stat) {
    return sgi_wasi_errno(sgi_os_stat(file->fd, stat));
}

static sg_wasi_errno read_file(WasiFile *file, void *buffer, size_t size, uint64_t offset, size_t *got) {
    return sgi_wasi_errno(sgi_file_has_offset(file) ? sgi_os_read_at(file->fd, buffer, size, offset, got)
                                                    : sgi_os_stream_read(file->fd, buffer, size, got));
}

static sg_wasi_errno write_file(WasiFile *file, const void *data, size_t size, uint64_t offset,
                                unsigned flags, size_t *put) {
    return sgi_wasi_errno(sgi_file_has_offset(file)
                              ? sgi_os_write_at(file->fd, data, size, offset, flags, put)
                              : sgi_os_stream_write(file->fd, data, size, put));
}

static sg_wasi_errno set_size(WasiFile *file, uint64_t size) {
    return sgi_wasi_errno(sgi_os_set_size(file->fd, size));
}

static sg_wasi_errno allocate(WasiFile *file, uint64_t offset, uint64_t size) {
    return sgi_wasi_errno(sgi_os_allocate(file->fd, offset, size));
}

static sg_wasi_errno advise(WasiFile *file, uint64_t offset, uint64_t size, unsigned advice) {
    return sgi_wasi_errno(sgi_os_advise(file->fd, offset, size, advice));
}

static sg_wasi_errno set_times(WasiFile *file, const OsTime *accessed, const OsTime *modified) {
    return sgi_wasi_errno(sgi_os_set_times(file->fd, accessed, modified));
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

static sg_trap sync_file(WasiFile *file, bool data_only, sg_wasi_errno *error) {
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

/* ---- directories ---- */

static sg_wasi_errno next_entry(WasiFile *dir, uint64_t position, OsEntry *entry) {
    FileEntries *entries = &dir->entries;
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

static sg_wasi_errno stat_at(WasiFile *dir, Bytes path, bool follow, OsStat *stat) {
    return sgi_wasi_errno(sgi_path_stat(base_of(dir), path, follow, stat));
}

static sg_wasi_errno set_times_at(WasiFile *dir, Bytes path, bool follow, const OsTime *accessed,
                                  const OsTime *modified) {
    return sgi_wasi_errno(sgi_path_set_times(base_of(dir), path, follow, accessed, modified));
}

static sg_wasi_errno make_directory(WasiFile *dir, Bytes path) {
    return sgi_wasi_errno(sgi_path_make_directory(base_of(dir), path));
}

static sg_wasi_errno remove_directory(WasiFile *dir, Bytes path) {
    return sgi_wasi_errno(sgi_path_remove_directory(base_of(dir), path));
}

static sg_wasi_errno unlink_file(WasiFile *dir, Bytes path) {
    return sgi_wasi_errno(sgi_path_unlink(base_of(dir), path));
}

static sg_wasi_errno rename_file(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path) {
    return sgi_wasi_errno(sgi_path_rename(base_of(from), from_path, base_of(to), to_path));
}

static sg_wasi_errno link_file(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path) {
    return sgi_wasi_errno(sgi_path_link(base_of(from), from_path, base_of(to), to_path));
}

static sg_wasi_errno make_symlink(WasiFile *dir, Bytes target, Bytes path) {
    return sgi_wasi_errno(sgi_path_symlink(base_of(dir), target, path));
}

static sg_wasi_errno read_link(WasiFile *dir, Bytes path, char *target, size_t size, size_t *got) {
    return sgi_wasi_errno(sgi_path_read_link(base_of(dir), path, target, size, got));
}

const FileOps sgi_file_system = FILE_OPS;
