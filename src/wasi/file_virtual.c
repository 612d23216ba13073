/* An embedder's files and directories: file_ops.h → sg_wasi_files.
 *
 * Paths are resolved by their text alone, as there are no links: what the embedder gets leads downwards, by
 * plain names. That what ".." goes back from is a directory is asked, as POSIX wants it. What the embedder
 * answers is looked at once, here: an answer that cannot be is SG_WASI_IO. */
#include "wasi/file_ops.h"

#include "wasi/path.h"

#include <string.h>

enum { TEXT_SIZE = 4096, NAME_MAX_SIZE = 255, SECOND = 1000000000 };

_Static_assert((int)SG_WASI_OPEN_READ == OS_OPEN_READ && (int)SG_WASI_OPEN_WRITE == OS_OPEN_WRITE &&
                   (int)SG_WASI_OPEN_CREATE == OS_OPEN_CREATE &&
                   (int)SG_WASI_OPEN_EXCLUSIVE == OS_OPEN_EXCLUSIVE &&
                   (int)SG_WASI_OPEN_TRUNCATE == OS_OPEN_TRUNCATE &&
                   (int)SG_WASI_OPEN_DIRECTORY == OS_OPEN_DIRECTORY,
               "handed through");

static const sg_wasi_files *files_of(const WasiFile *file) {
    return &file->grant->files;
}

/* Nothing of ours could be waited for. */
static sg_wasi_errno checked(sg_wasi_errno error) {
    return (unsigned)error < SG_WASI_ERRNO_COUNT && error != SG_WASI_AGAIN ? error : SG_WASI_IO;
}

static OsFileType type_of(sg_wasi_file_type type) {
    return type == SG_WASI_REGULAR_FILE ? OS_FILE_REGULAR
           : type == SG_WASI_DIRECTORY  ? OS_FILE_DIRECTORY
                                        : OS_FILE_UNKNOWN;
}

static OsTime time_of(uint64_t ns) {
    return (OsTime){.seconds = (int64_t)(ns / SECOND), .nanoseconds = (uint32_t)(ns % SECOND)};
}

/* ---- paths ---- */

typedef struct VirtualPath {
    char text[TEXT_SIZE];
    bool is_itself;       /* the directory that it begins at */
    bool needs_directory; /* it ends in a slash, "." or ".." */
} VirtualPath;

static void close_file(const WasiFile *file) {
    if (files_of(file)->close)
        files_of(file)->close(files_of(file)->context, file->handle);
}

static sg_wasi_errno stat_file(const WasiFile *file, OsStat *stat) {
    sg_wasi_file_stat got = {.type = SG_WASI_REGULAR_FILE};
    sg_wasi_errno error = checked(files_of(file)->stat(files_of(file)->context, file->handle, &got));
    *stat = (OsStat){.device = file->grant->device,
                     .inode = got.inode,
                     .links = 1,
                     .size = got.size,
                     .type = type_of(got.type),
                     .accessed = time_of(got.accessed),
                     .modified = time_of(got.modified),
                     .changed = time_of(got.changed)};
    bool is_odd = stat->type == OS_FILE_UNKNOWN || got.size > INT64_MAX;
    return error == SG_WASI_SUCCESS && is_odd ? SG_WASI_IO : error;
}

/* Opens what the embedder is to call `text` below `dir`; `stat` tells about it. */
static sg_wasi_errno open_text(uint64_t dir, const char *text, unsigned flags, WasiFile *opened,
                               OsStat *stat) {
    const sg_wasi_files *files = files_of(opened);
    if ((flags & (OS_OPEN_WRITE | OS_OPEN_CREATE | OS_OPEN_TRUNCATE)) && files->write == NULL)
        return SG_WASI_ROFS;
    sg_wasi_errno error = checked(files->open(
        files->context, dir, text, flags & (2 * (unsigned)OS_OPEN_DIRECTORY - 1), &opened->handle));
    if (error != SG_WASI_SUCCESS)
        return error;
    error = stat_file(opened, stat);
    if (error == SG_WASI_SUCCESS && stat->type == OS_FILE_DIRECTORY && (flags & OS_OPEN_WRITE))
        error = SG_WASI_ISDIR;
    else if (error == SG_WASI_SUCCESS && stat->type != OS_FILE_DIRECTORY && (flags & OS_OPEN_DIRECTORY))
        error = SG_WASI_NOTDIR;
    opened->type = stat->type;
    if (error != SG_WASI_SUCCESS)
        close_file(opened);
    return error;
}

static sg_wasi_errno stat_text(const WasiFile *dir, const char *text, unsigned flags, OsStat *stat) {
    WasiFile opened = {.grant = dir->grant};
    sg_wasi_errno error = open_text(dir->handle, text, flags | OS_OPEN_READ, &opened, stat);
    if (error == SG_WASI_SUCCESS)
        close_file(&opened);
    return error;
}

/* Takes back the last name of the `size` bytes of `text`, which is a directory's. */
static sg_wasi_errno go_up(const WasiFile *dir, char *text, size_t *size) {
    OsStat stat;
    if (*size == 0)
        return SG_WASI_PERM;
    text[*size] = '\0';
    sg_wasi_errno error = stat_text(dir, text, OS_OPEN_DIRECTORY, &stat);
    while (*size > 0 && text[--*size] != '/') {
    }
    return error;
}

static sg_wasi_errno resolve(const WasiFile *dir, Bytes path, VirtualPath *to) {
    sg_wasi_errno error = sgi_wasi_errno(sgi_path_check(path));
    size_t size = 0;
    for (size_t at = 0; error == SG_WASI_SUCCESS && at < path.size;) {
        const uint8_t *name = path.data + at, *slash = memchr(name, '/', path.size - at);
        size_t length = slash ? (size_t)(slash - name) : path.size - at;
        bool is_dots = length <= 2 && memcmp(name, "..", length) == 0;
        at += length + (slash != NULL);
        to->needs_directory = slash || is_dots;
        if (is_dots) {
            if (length == 2)
                error = go_up(dir, to->text, &size);
            continue;
        }
        if (length > NAME_MAX_SIZE)
            return SG_WASI_NAMETOOLONG;
        if (size)
            to->text[size++] = '/';
        memcpy(to->text + size, name, length);
        size += length;
    }
    to->is_itself = size == 0;
    if (size == 0)
        to->text[size++] = '.';
    to->text[size] = '\0';
    return error;
}

static sg_wasi_errno open_path(WasiFile *dir, Bytes path, unsigned flags, WasiFile *opened, OsStat *stat) {
    VirtualPath to;
    sg_wasi_errno error = resolve(dir, path, &to);
    if (error != SG_WASI_SUCCESS)
        return error;
    if (to.needs_directory && (flags & OS_OPEN_CREATE))
        return SG_WASI_ISDIR;
    flags |= to.needs_directory ? (unsigned)OS_OPEN_DIRECTORY : 0;
    opened->grant = dir->grant;
    return open_text(dir->handle, to.text, flags, opened, stat);
}

static sg_wasi_errno open_grant(WasiFile *opened) {
    OsStat stat;
    return open_text(opened->grant->root, ".", OS_OPEN_READ | OS_OPEN_DIRECTORY, opened, &stat);
}

static sg_trap open_file(WasiFile *dir, Bytes path, unsigned flags, bool is_nonblocking, WasiFile *opened,
                         sg_wasi_errno *error) {
    OsStat stat;
    (void)is_nonblocking;
    *error = open_path(dir, path, flags, opened, &stat);
    return SG_TRAP_NONE;
}

/* ---- contents and attributes ---- */

static sg_wasi_errno read_file(WasiFile *file, void *buffer, size_t size, uint64_t offset, size_t *got) {
    const sg_wasi_files *files = files_of(file);
    *got = 0;
    if (offset > INT64_MAX)
        return SG_WASI_INVAL;
    sg_wasi_errno error = checked(files->read(files->context, file->handle, buffer, size, offset, got));
    if (error == SG_WASI_SUCCESS && *got > size)
        error = SG_WASI_IO;
    if (error != SG_WASI_SUCCESS)
        *got = 0;
    return error;
}

/* What is written is where it is to stay as soon as it is written. */
static sg_wasi_errno write_file(WasiFile *file, const void *data, size_t size, uint64_t offset,
                                unsigned flags, size_t *put) {
    const sg_wasi_files *files = files_of(file);
    OsStat stat;
    *put = 0;
    if (flags & OS_WRITE_APPEND) {
        sg_wasi_errno error = stat_file(file, &stat);
        if (error != SG_WASI_SUCCESS)
            return error;
        offset = stat.size;
    }
    if (offset > INT64_MAX || size > (uint64_t)INT64_MAX - offset)
        return SG_WASI_FBIG;
    sg_wasi_errno error = checked(files->write(files->context, file->handle, data, size, offset, put));
    if (error == SG_WASI_SUCCESS && (*put == 0 || *put > size))
        error = SG_WASI_IO;
    if (error != SG_WASI_SUCCESS)
        *put = 0;
    return error;
}

static sg_wasi_errno set_size(WasiFile *file, uint64_t size) {
    const sg_wasi_files *files = files_of(file);
    return files->set_size ? checked(files->set_size(files->context, file->handle, size)) : SG_WASI_ROFS;
}

static sg_wasi_errno allocate(WasiFile *file, uint64_t offset, uint64_t size) {
    OsStat stat;
    sg_wasi_errno error = stat_file(file, &stat);
    return error == SG_WASI_SUCCESS && offset + size > stat.size ? set_size(file, offset + size) : error;
}

static sg_wasi_errno advise(WasiFile *file, uint64_t offset, uint64_t size, unsigned advice) {
    (void)file, (void)offset, (void)size, (void)advice;
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno set_times(WasiFile *file, const OsTime *accessed, const OsTime *modified) {
    const sg_wasi_files *files = files_of(file);
    uint64_t times[] = {accessed ? sgi_file_ns(*accessed) : 0, modified ? sgi_file_ns(*modified) : 0};
    return files->set_times
               ? checked(files->set_times(files->context, file->handle, accessed ? &times[0] : NULL,
                                          modified ? &times[1] : NULL))
               : SG_WASI_ROFS;
}

static sg_trap sync_file(WasiFile *file, bool data_only, sg_wasi_errno *error) {
    (void)file, (void)data_only;
    *error = SG_WASI_SUCCESS;
    return SG_TRAP_NONE;
}

/* ---- directories ---- */

static bool is_name(sg_string name) {
    return name.size > 0 && name.size <= NAME_MAX_SIZE && memchr(name.data, '/', name.size) == NULL &&
           memchr(name.data, '\0', name.size) == NULL &&
           !(name.size <= 2 && memcmp(name.data, "..", name.size) == 0) &&
           sgi_utf8_valid((const uint8_t *)name.data, name.size);
}

static sg_wasi_errno next_entry(WasiFile *dir, uint64_t position, OsEntry *entry) {
    const sg_wasi_files *files = files_of(dir);
    sg_wasi_file_entry got = {0};
    sg_wasi_errno error = checked(files->read_directory(files->context, dir->handle, position, &got));
    if (error != SG_WASI_SUCCESS)
        return error;
    *entry = (OsEntry){.inode = got.inode,
                       .next = got.next,
                       .type = type_of(got.type),
                       .name = {(const uint8_t *)got.name.data, got.name.size}};
    return entry->type == OS_FILE_UNKNOWN || got.next == 0 || got.next == position || !is_name(got.name)
               ? SG_WASI_IO
               : SG_WASI_SUCCESS;
}

static sg_wasi_errno stat_at(WasiFile *dir, Bytes path, bool follow, OsStat *stat) {
    WasiFile opened = {0};
    (void)follow;
    sg_wasi_errno error = open_path(dir, path, OS_OPEN_READ, &opened, stat);
    if (error == SG_WASI_SUCCESS)
        close_file(&opened);
    return error;
}

static sg_wasi_errno set_times_at(WasiFile *dir, Bytes path, bool follow, const OsTime *accessed,
                                  const OsTime *modified) {
    WasiFile opened = {0};
    OsStat stat;
    (void)follow;
    sg_wasi_errno error = open_path(dir, path, OS_OPEN_READ, &opened, &stat);
    if (error != SG_WASI_SUCCESS)
        return error;
    error = set_times(&opened, accessed, modified);
    close_file(&opened);
    return error;
}

/* Asks `function`, which gets a path; `itself`: what the directory that it begins at is told. */
static sg_wasi_errno change(const WasiFile *dir, const VirtualPath *path,
                            sg_wasi_errno (*function)(void *context, uint64_t dir, const char *path),
                            sg_wasi_errno itself) {
    return path->is_itself    ? itself
           : function == NULL ? SG_WASI_ROFS
                              : checked(function(files_of(dir)->context, dir->handle, path->text));
}

static sg_wasi_errno make_directory(WasiFile *dir, Bytes path) {
    VirtualPath to;
    sg_wasi_errno error = resolve(dir, path, &to);
    return error == SG_WASI_SUCCESS ? change(dir, &to, files_of(dir)->make_directory, SG_WASI_EXIST) : error;
}

static sg_wasi_errno remove_directory(WasiFile *dir, Bytes path) {
    VirtualPath to;
    sg_wasi_errno error = resolve(dir, path, &to);
    return error == SG_WASI_SUCCESS ? change(dir, &to, files_of(dir)->remove_directory, SG_WASI_INVAL)
                                    : error;
}

static sg_wasi_errno unlink_file(WasiFile *dir, Bytes path) {
    VirtualPath to;
    OsStat stat;
    sg_wasi_errno error = resolve(dir, path, &to);
    if (error == SG_WASI_SUCCESS && to.needs_directory) {
        error = stat_text(dir, to.text, OS_OPEN_DIRECTORY, &stat);
        return error == SG_WASI_SUCCESS ? SG_WASI_ISDIR : error;
    }
    return error == SG_WASI_SUCCESS ? change(dir, &to, files_of(dir)->unlink, SG_WASI_ISDIR) : error;
}

static sg_wasi_errno rename_file(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path) {
    const sg_wasi_files *files = files_of(from);
    VirtualPath old, new;
    OsStat stat;
    sg_wasi_errno error = resolve(from, from_path, &old);
    if (error == SG_WASI_SUCCESS)
        error = resolve(to, to_path, &new);
    if (error != SG_WASI_SUCCESS)
        return error;
    if (files->rename == NULL)
        return SG_WASI_ROFS;
    if (files->context != files_of(to)->context || files->rename != files_of(to)->rename)
        return SG_WASI_XDEV;
    if (old.is_itself || new.is_itself)
        return SG_WASI_BUSY;
    if (old.needs_directory || new.needs_directory)
        error = stat_text(from, old.text, OS_OPEN_DIRECTORY, &stat);
    return error == SG_WASI_SUCCESS
               ? checked(files->rename(files->context, from->handle, old.text, to->handle, new.text))
               : error;
}

static sg_wasi_errno link_file(WasiFile *from, Bytes from_path, WasiFile *to, Bytes to_path) {
    (void)from, (void)from_path, (void)to, (void)to_path;
    return SG_WASI_NOTSUP;
}

static sg_wasi_errno make_symlink(WasiFile *dir, Bytes target, Bytes path) {
    (void)dir, (void)target, (void)path;
    return SG_WASI_NOTSUP;
}

static sg_wasi_errno read_link(WasiFile *dir, Bytes path, char *target, size_t size, size_t *got) {
    OsStat stat;
    (void)target, (void)size;
    *got = 0;
    sg_wasi_errno error = stat_at(dir, path, false, &stat);
    return error == SG_WASI_SUCCESS ? SG_WASI_INVAL : error;
}

const FileOps sgi_file_virtual = FILE_OPS;
