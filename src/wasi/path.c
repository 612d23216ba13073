/* path.h: a path → a descriptor below the base, or its parent there and its last name.
 *
 * The kernel resolves (openat2 with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS). Where it cannot, or was
 * disturbed by renames again and again, the walk does: it opens one component after the other with
 * O_NOFOLLOW, expands links in the text that is left, and goes back by a stack of the descriptors that it
 * came through, never by "..". So each descriptor it holds is of something that was below the base when it
 * was opened, whatever is renamed meanwhile. Both agree on results; only the kernel tells /proc's magic
 * links, which ELOOP refuses; the walk reads them as text.
 *
 * What openat2 cannot do is done in two steps: the parent is opened, then the *at() call gets one name,
 * without slashes, that is not "." or "..", and follows no link. A trailing slash is never passed on: the
 * kernel would take it for a reason to follow. */
#include "wasi/path.h"

#include <errno.h>
#include <string.h>

enum {
    TEXT_MAX = 4096,  /* of a path with its NUL, as Linux has it */
    NAME_SIZE = 256,  /* of one name with its NUL */
    LINKS_MAX = 40,   /* in one resolution, as Linux has it */
    KEPT_MAX = 32,    /* descriptors that the walk holds: ".." goes back so far */
    RETRIES = 16,     /* of openat2, when something was renamed */
    DEPTH_MAX = 1024, /* below the base where links may be made */
};

int sgi_path_check(Bytes path) {
    if (path.size == 0)
        return ENOENT;
    if (memchr(path.data, '\0', path.size))
        return EINVAL;
    if (path.size >= TEXT_MAX)
        return ENAMETOOLONG;
    if (!sgi_utf8_valid(path.data, path.size))
        return EILSEQ;
    return path.data[0] == '/' ? EPERM : 0;
}

static int to_text(Bytes path, char text[TEXT_MAX]) {
    int code = sgi_path_check(path);
    if (code != 0)
        return code;
    memcpy(text, path.data, path.size);
    text[path.size] = '\0';
    return 0;
}

/* --- the walk --- */

typedef struct Walk {
    int base;
    int kept[KEPT_MAX]; /* the directories gone through, the current one last */
    size_t kept_count;
    size_t dropped; /* above them, closed already */
    unsigned links;
    char text[2 * TEXT_MAX];
    char *rest; /* in text */
} Walk;

static int current(const Walk *walk) {
    return walk->kept_count ? walk->kept[walk->kept_count - 1] : walk->base;
}

/* Owns `fd` from here on. */
static void push(Walk *walk, int fd) {
    if (walk->kept_count == KEPT_MAX) {
        sgi_os_close(walk->kept[0]);
        memmove(walk->kept, walk->kept + 1, (KEPT_MAX - 1) * sizeof walk->kept[0]);
        walk->kept_count--;
        walk->dropped++;
    }
    walk->kept[walk->kept_count++] = fd;
}

static int pop(Walk *walk) {
    if (walk->kept_count == 0)
        return EPERM;
    if (walk->kept_count == 1 && walk->dropped)
        return ENAMETOOLONG;
    sgi_os_close(walk->kept[--walk->kept_count]);
    return 0;
}

/* Puts the text of a link, `name` of `dir`, in front of `tail`, which begins with a slash or is empty. */
static int expand(Walk *walk, int dir, const char *name, const char *tail) {
    char target[TEXT_MAX];
    size_t size, tail_size = strlen(tail) + 1;
    int code = sgi_os_read_link(dir, name, target, sizeof target, &size);
    if (code != 0)
        return code;
    if (++walk->links > LINKS_MAX)
        return ELOOP;
    if (size == 0)
        return ENOENT;
    if (size == sizeof target || size + tail_size > sizeof walk->text)
        return ENAMETOOLONG;
    if (target[0] == '/')
        return EPERM;
    memmove(walk->text + size, tail, tail_size);
    memcpy(walk->text, target, size);
    walk->rest = walk->text;
    return 0;
}

/* A component that something comes after, be it a slash: a directory, or a link that is expanded. */
static int enter(Walk *walk, const char *name, const char *tail) {
    int fd;
    OsStat stat;
    int code = sgi_os_open_at(current(walk), name, OS_OPEN_PATH | OS_OPEN_NOFOLLOW, &fd);
    if (code != 0)
        return code;
    code = sgi_os_stat(fd, &stat);
    if (code == 0 && stat.type == OS_FILE_DIRECTORY) {
        push(walk, fd);
        walk->rest = (char *)tail;
        return 0;
    }
    if (code == 0)
        code = stat.type == OS_FILE_LINK ? expand(walk, fd, "", tail) : ENOTDIR;
    sgi_os_close(fd);
    return code;
}

/* The last component, without a trailing slash. *fd stays -1 where it is a link to go on with. */
static int open_last(Walk *walk, const char *name, unsigned flags, int *fd) {
    bool follow = !(flags & OS_OPEN_NOFOLLOW);
    if (!(flags & OS_OPEN_PATH)) {
        int code = sgi_os_open_at(current(walk), name, flags | OS_OPEN_NOFOLLOW, fd);
        if (!follow || !(code == ELOOP || (code == ENOTDIR && (flags & OS_OPEN_DIRECTORY))))
            return code;
        int failed = expand(walk, current(walk), name, "");
        return failed == EINVAL ? code : failed;
    }
    OsStat stat;
    int code = sgi_os_open_at(current(walk), name, OS_OPEN_PATH | OS_OPEN_NOFOLLOW, fd);
    if (code != 0)
        return code;
    code = sgi_os_stat(*fd, &stat);
    bool is_link = code == 0 && stat.type == OS_FILE_LINK && follow;
    if (is_link)
        code = expand(walk, *fd, "", "");
    else if (code == 0 && (flags & OS_OPEN_DIRECTORY) && stat.type != OS_FILE_DIRECTORY)
        code = ENOTDIR;
    if (code != 0 || is_link) {
        sgi_os_close(*fd);
        *fd = -1;
    }
    return code;
}

/* One component. *fd is set at the end. */
static int step(Walk *walk, unsigned flags, int *fd) {
    char name[NAME_SIZE];
    walk->rest += strspn(walk->rest, "/");
    size_t size = strcspn(walk->rest, "/");
    char *tail = walk->rest + size;
    if (size == 0) /* the path ended in a directory, which we are in */
        return sgi_os_open_at(current(walk), ".", flags, fd);
    if (size >= sizeof name)
        return ENAMETOOLONG;
    memcpy(name, walk->rest, size);
    name[size] = '\0';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        walk->rest = tail;
        return size == 2 ? pop(walk) : 0;
    }
    if (*tail == '\0')
        return open_last(walk, name, flags, fd);
    if ((flags & OS_OPEN_CREATE) && tail[strspn(tail, "/")] == '\0')
        return EISDIR;
    return enter(walk, name, tail);
}

static int walk_open(PathBase base, const char *text, unsigned flags, int *fd) {
    Walk walk = {.base = base.fd};
    walk.rest = memcpy(walk.text, text, strlen(text) + 1);
    int code = 0;
    *fd = -1;
    while (code == 0 && *fd < 0) /* 40 links may make 80,000 steps */
        code = base.cx && sgi_poll(base.cx) != SG_TRAP_NONE ? EINTR : step(&walk, flags, fd);
    while (walk.kept_count)
        sgi_os_close(walk.kept[--walk.kept_count]);
    return code;
}

static int open_text(PathBase base, const char *text, unsigned flags, int *fd) {
    if (base.walks)
        return walk_open(base, text, flags, fd);
    int code = EAGAIN;
    for (unsigned i = 0; i < RETRIES && code == EAGAIN; i++)
        code = sgi_os_open_beneath(base.fd, text, flags, fd);
    switch (code) {
    case EXDEV: return EPERM;
    case EAGAIN:
    case ENOSYS:
    case EPERM: /* what some filters of system calls say for ENOSYS */
        return walk_open(base, text, flags, fd);
    default: return code;
    }
}

int sgi_path_open(PathBase base, Bytes path, unsigned flags, int *fd) {
    char text[TEXT_MAX];
    *fd = -1;
    int code = to_text(path, text);
    return code != 0 ? code : open_text(base, text, flags, fd);
}

int sgi_path_stat(PathBase base, Bytes path, bool follow, OsStat *stat) {
    int fd, code = sgi_path_open(base, path, OS_OPEN_PATH | (follow ? 0 : OS_OPEN_NOFOLLOW), &fd);
    if (code != 0)
        return code;
    code = sgi_os_stat(fd, stat);
    sgi_os_close(fd);
    return code;
}

int sgi_path_set_times(PathBase base, Bytes path, bool follow, const OsTime *accessed,
                       const OsTime *modified) {
    int fd, code = sgi_path_open(base, path, OS_OPEN_PATH | (follow ? 0 : OS_OPEN_NOFOLLOW), &fd);
    if (code != 0)
        return code;
    code = sgi_os_set_times(fd, accessed, modified);
    sgi_os_close(fd);
    return code;
}

/* --- parents --- */

/* A path's last name, and the open directory that it is in. A path that ends in "." or ".." names a directory
 * for which there is no such pair: `dots` of them, and `fd` is that directory. */
typedef struct Parent {
    int fd;
    char name[NAME_SIZE];
    bool has_slash; /* at the end: it must be a directory */
    unsigned dots;
} Parent;

static int open_parent(PathBase base, Bytes path, Parent *parent) {
    char text[TEXT_MAX];
    parent->fd = -1;
    parent->dots = 0;
    int code = to_text(path, text);
    if (code != 0)
        return code;
    size_t end = path.size;
    while (text[end - 1] == '/') /* stops: it does not begin with one */
        end--;
    parent->has_slash = end < path.size;
    size_t start = end;
    while (start > 0 && text[start - 1] != '/')
        start--;
    size_t size = end - start;
    if (size <= 2 && memcmp(text + start, "..", size) == 0) {
        parent->dots = (unsigned)size;
        return open_text(base, text, OS_OPEN_PATH | OS_OPEN_DIRECTORY, &parent->fd);
    }
    if (size < NAME_SIZE)
        memcpy(parent->name, text + start, size);
    parent->name[size < NAME_SIZE ? size : 0] = '\0';
    text[start] = '\0';
    code = open_text(base, start ? text : ".", OS_OPEN_PATH | OS_OPEN_DIRECTORY, &parent->fd);
    if (code == 0 && size >= NAME_SIZE) {
        sgi_os_close(parent->fd);
        return ENAMETOOLONG;
    }
    return code;
}

static int finish(const Parent *parent, int code) {
    sgi_os_close(parent->fd);
    return code;
}

/* What a name that is about to be something else than a directory, with a slash after it, gets. */
static int refuse_slash(const Parent *parent) {
    OsStat stat;
    return sgi_os_stat_at(parent->fd, parent->name, &stat) == 0 ? EEXIST : ENOENT;
}

/* ENOTDIR for what is none. */
static int check_directory(const Parent *parent) {
    OsStat stat;
    int code = sgi_os_stat_at(parent->fd, parent->name, &stat);
    return code != 0 ? code : stat.type == OS_FILE_DIRECTORY ? 0 : ENOTDIR;
}

int sgi_path_make_directory(PathBase base, Bytes path) {
    Parent parent;
    int code = open_parent(base, path, &parent);
    if (code != 0)
        return code;
    return finish(&parent, parent.dots ? EEXIST : sgi_os_make_directory(parent.fd, parent.name));
}

int sgi_path_remove_directory(PathBase base, Bytes path) {
    Parent parent;
    int code = open_parent(base, path, &parent);
    if (code != 0)
        return code;
    return finish(&parent, parent.dots ? (parent.dots == 1 ? EINVAL : ENOTEMPTY)
                                       : sgi_os_unlink(parent.fd, parent.name, true));
}

int sgi_path_unlink(PathBase base, Bytes path) {
    Parent parent;
    int code = open_parent(base, path, &parent);
    if (code != 0)
        return code;
    if (parent.dots)
        code = EISDIR;
    else if (parent.has_slash)
        code = check_directory(&parent);
    return finish(&parent, code != 0 ? code : sgi_os_unlink(parent.fd, parent.name, false));
}

/* Both parents, or none. */
static int open_both(PathBase from, Bytes from_path, Parent *old, PathBase to, Bytes to_path, Parent *new) {
    int code = open_parent(from, from_path, old);
    if (code != 0)
        return code;
    code = open_parent(to, to_path, new);
    return code == 0 ? 0 : finish(old, code);
}

int sgi_path_rename(PathBase from, Bytes from_path, PathBase to, Bytes to_path) {
    Parent old, new;
    int code = open_both(from, from_path, &old, to, to_path, &new);
    if (code != 0)
        return code;
    if (old.dots || new.dots)
        code = EBUSY;
    else if (old.has_slash || new.has_slash)
        code = check_directory(&old);
    if (code == 0)
        code = sgi_os_rename(old.fd, old.name, new.fd, new.name);
    return finish(&old, finish(&new, code));
}

int sgi_path_link(PathBase from, Bytes from_path, PathBase to, Bytes to_path) {
    Parent old, new;
    int code = open_both(from, from_path, &old, to, to_path, &new);
    if (code != 0)
        return code;
    if (old.dots)
        code = EPERM;
    else if (new.dots)
        code = EEXIST;
    else if (old.has_slash)
        code = check_directory(&old);
    else if (new.has_slash)
        code = refuse_slash(&new);
    if (code == 0)
        code = sgi_os_link(old.fd, old.name, new.fd, new.name);
    return finish(&old, finish(&new, code));
}

/* How many names `fd` is below the base; EPERM if it is not, any more. */
static int depth_below(PathBase base, int fd, size_t *depth) {
    OsStat top, here;
    int code = sgi_os_stat(base.fd, &top), at = fd;
    for (*depth = 0; code == 0; ++*depth) {
        code = sgi_os_stat(at, &here);
        if (code != 0 || (here.device == top.device && here.inode == top.inode))
            break;
        int above = -1;
        code =
            *depth < DEPTH_MAX ? sgi_os_open_at(at, "..", OS_OPEN_PATH | OS_OPEN_DIRECTORY, &above) : EPERM;
        if (at != fd)
            sgi_os_close(at);
        at = above;
    }
    if (at != fd && at >= 0)
        sgi_os_close(at);
    return code;
}

/* Does the text of a link that is `depth` names below the base lead out? What links it may go through itself
 * is known only to who follows it. */
static bool leads_out(const char *target, size_t depth) {
    if (*target == '/')
        return true;
    while (*target) {
        size_t size = strcspn(target, "/");
        if (size == 2 && memcmp(target, "..", 2) == 0) {
            if (depth-- == 0)
                return true;
        } else if (size > 0 && !(size == 1 && *target == '.')) {
            depth++;
        }
        target += size;
        target += strspn(target, "/");
    }
    return false;
}

int sgi_path_symlink(PathBase base, Bytes target, Bytes path) {
    char text[TEXT_MAX];
    size_t depth;
    Parent parent;
    int code = to_text(target, text);
    if (code == 0)
        code = open_parent(base, path, &parent);
    if (code != 0)
        return code;
    if (parent.dots)
        code = EEXIST;
    else if (parent.has_slash)
        code = refuse_slash(&parent);
    else
        code = depth_below(base, parent.fd, &depth);
    if (code == 0)
        code = leads_out(text, depth) ? EPERM : sgi_os_symlink(text, parent.fd, parent.name);
    return finish(&parent, code);
}

int sgi_path_read_link(PathBase base, Bytes path, char *target, size_t size, size_t *got) {
    Parent parent;
    OsStat stat;
    *got = 0;
    int code = open_parent(base, path, &parent);
    if (code != 0)
        return code;
    if (parent.dots || parent.has_slash) { /* a directory then, or none: no link */
        code = sgi_path_stat(base, path, true, &stat);
        code = code != 0 ? code : EINVAL;
    } else {
        code = sgi_os_read_link(parent.fd, parent.name, target, size, got);
    }
    return finish(&parent, code);
}
