/* Directories, and what is done by paths. */
#include "preview1.h"

PREVIEW1("path_open")
path_open(u32 number, u32 lookup, Ptr path, u32 size, u32 oflags, u64 rights, u64 inherited, u32 flags,
          Ptr result) {
    enum { RIGHT_READ = 1 << 1, RIGHT_WRITE = 1 << 6 };
    enum { READ = 1, WRITE = 2, SYNC = 4, DSYNC = 8, RSYNC = 16, MUTATE = 32 };
    enum { OPEN_DIRECTORY = 2, OPEN_TRUNCATE = 8 };
    Opened opened;
    Done type;
    (void)inherited;
    NEED_DIRECTORY(fd, number);
    if (lookup > ALL_LOOKUPFLAGS || oflags > ALL_OFLAGS || flags > ALL_FDFLAGS)
        return INVAL;
    /* Not for the rights to allocate or to set the size: Go asks for those of what it only reads. */
    u32 wanted = (rights & RIGHT_READ || (oflags & OPEN_DIRECTORY) ? READ : 0u) |
                 (rights & RIGHT_WRITE || (oflags & OPEN_TRUNCATE) ? WRITE : 0u) |
                 (flags & FDFLAG_SYNC ? SYNC : 0u) | (flags & FDFLAG_DSYNC ? DSYNC : 0u) |
                 (flags & FDFLAG_RSYNC ? RSYNC : 0u);
    NEED_PATH(name, path, size);
    dir_open(fd->handle, lookup, name, size, oflags, wanted | (oflags & OPEN_DIRECTORY ? MUTATE : 0u),
             &opened);
    if (opened.is_error && (oflags & OPEN_DIRECTORY))
        dir_open(fd->handle, lookup, name, size, oflags, wanted, &opened);
    if (opened.is_error)
        return errno_of(opened.as.error);
    file_get_type(opened.as.handle, &type);
    uint8_t filetype = type.is_error ? 0 : filetype_of(type.error);
    u32 made;
    Fd *file = add_fd(filetype == TYPE_DIRECTORY ? DIRECTORY : FILE, opened.as.handle, filetype, &made);
    if (file == NULL) {
        file_drop(opened.as.handle);
        return MFILE;
    }
    file->flags = (uint8_t)flags;
    put_u32(result, made);
    return SUCCESS;
}

PREVIEW1("path_create_directory") path_create_directory(u32 number, Ptr path, u32 size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    NEED_PATH(name, path, size);
    dir_create(fd->handle, name, size, &result);
    return done(&result);
}

PREVIEW1("path_remove_directory") path_remove_directory(u32 number, Ptr path, u32 size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    NEED_PATH(name, path, size);
    dir_remove(fd->handle, name, size, &result);
    return done(&result);
}

PREVIEW1("path_unlink_file") path_unlink_file(u32 number, Ptr path, u32 size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    NEED_PATH(name, path, size);
    dir_unlink(fd->handle, name, size, &result);
    return done(&result);
}

PREVIEW1("path_symlink") path_symlink(Ptr old_path, u32 old_size, u32 number, Ptr path, u32 size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    NEED_PATH(target, old_path, old_size);
    NEED_PATH(name, path, size);
    dir_symlink(fd->handle, target, old_size, name, size, &result);
    return done(&result);
}

PREVIEW1("path_rename") path_rename(u32 number, Ptr path, u32 size, u32 to, Ptr new_path, u32 new_size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    NEED_DIRECTORY(other, to);
    NEED_PATH(from, path, size);
    NEED_PATH(new_name, new_path, new_size);
    dir_rename(fd->handle, from, size, other->handle, new_name, new_size, &result);
    return done(&result);
}

PREVIEW1("path_link")
path_link(u32 number, u32 flags, Ptr path, u32 size, u32 to, Ptr new_path, u32 new_size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    NEED_DIRECTORY(other, to);
    NEED_PATH(from, path, size);
    NEED_PATH(new_name, new_path, new_size);
    dir_link(fd->handle, flags & 1, from, size, other->handle, new_name, new_size, &result);
    return done(&result);
}

PREVIEW1("path_readlink") path_readlink(u32 number, Ptr path, u32 size, Ptr to, u32 room, Ptr used) {
    Content result;
    NEED_DIRECTORY(fd, number);
    NEED_PATH(name, path, size);
    dir_readlink(fd->handle, name, size, &result);
    if (result.is_error)
        return errno_of(result.as.error);
    u32 count = result.as.list.count < room ? result.as.list.count : room;
    put(to, result.as.list.data, count);
    put_u32(used, count);
    return SUCCESS;
}

/* A buffer of the program's that is filled from the front. */
typedef struct Out {
    Ptr to;
    u32 room, used;
} Out;

static void put_some(Out *out, const void *data, u32 size) {
    u32 left = out->room - out->used;
    size = size < left ? size : left;
    put(out->to + out->used, data, size);
    out->used += size;
}

static void put_entry(Out *out, u64 next, const Fd *dir, uint8_t type, const char *name, u32 size) {
    Hashed hash;
    struct {
        u64 next, inode;
        u32 size;
        uint8_t type;
    } entry = {next, 0, size, type};
    dir_hash(dir->handle, 0, name, size, &hash);
    if (!hash.is_error)
        entry.inode = hash.as.hash[0];
    put_some(out, &entry, sizeof entry);
    put_some(out, name, size);
}

/* A cookie is how many entries came before; the first two are not among those of 0.2. */
PREVIEW1("fd_readdir") fd_readdir(u32 number, Ptr to, u32 room, u64 cookie, Ptr used) {
    Opened entries;
    NextEntry next;
    Out out = {to, room, 0};
    u64 at = 0;
    NEED_DIRECTORY(fd, number);
    dir_read(fd->handle, &entries);
    if (entries.is_error)
        return errno_of(entries.as.error);
    for (; at < 2 && out.used < room; at++)
        if (at >= cookie)
            put_entry(&out, at + 1, fd, TYPE_DIRECTORY, at ? ".." : ".", at ? 2 : 1);
    for (; out.used < room; at++) {
        heap_begin();
        entries_next(entries.as.handle, &next);
        if (next.is_error || !next.as.option.is_some)
            break;
        if (at >= cookie)
            put_entry(&out, at + 1, fd, filetype_of(next.as.option.entry.type),
                      next.as.option.entry.name.data, next.as.option.entry.name.count);
    }
    entries_drop(entries.as.handle);
    if (out.used < room && next.is_error)
        return errno_of(next.as.error);
    put_u32(used, out.used);
    return SUCCESS;
}
