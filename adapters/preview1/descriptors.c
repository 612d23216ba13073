/* Descriptors: the table of them, and what is the same for all kinds. */
#include "preview1.h"

enum { MAX_FDS = 1024, NAMES = 16384 };
static Fd fds[MAX_FDS];
static char names[NAMES];
static int is_ready;

Fd *fd_of(u32 number, Kind kind) {
    Fd *fd = number < MAX_FDS ? &fds[number] : NULL;
    return fd && (kind == FREE ? fd->kind != FREE : fd->kind == kind) ? fd : NULL;
}

Fd *add_fd(Kind kind, u32 handle, uint8_t type, u32 *number) {
    u32 at = 3;
    while (at < MAX_FDS && fds[at].kind != FREE)
        at++;
    if (at == MAX_FDS)
        return NULL;
    *number = at;
    fds[at] = (Fd){.kind = kind, .handle = handle, .type = type};
    return &fds[at];
}

/* The filetype of a standard stream; the terminal is not needed any more. */
static uint8_t stream_type(void (*get_terminal)(Terminal *), void (*drop)(u32)) {
    Terminal terminal;
    get_terminal(&terminal);
    if (terminal.is_some)
        drop(terminal.handle);
    return terminal.is_some ? TYPE_CHARACTER : 0;
}

static void prepare(void) {
    List list;
    is_ready = 1;
    heap_begin();
    fds[0] = (Fd){INPUT, get_stdin(), .type = stream_type(get_terminal_stdin, terminal_input_drop)};
    fds[1] = (Fd){OUTPUT, get_stdout(), .type = stream_type(get_terminal_stdout, terminal_output_drop)};
    fds[2] = (Fd){OUTPUT, get_stderr(), .type = stream_type(get_terminal_stderr, terminal_output_drop)};
    get_directories(&list);
    struct {
        u32 handle;
        List name;
    } const *dirs = (const void *)list.data;
    for (u32 i = 0, used = 0; i < list.count; i++) {
        const List *name = &dirs[i].name;
        u32 number;
        Fd *fd = add_fd(DIRECTORY, dirs[i].handle, TYPE_DIRECTORY, &number);
        if (fd == NULL || name->count > NAMES - used)
            __builtin_trap();
        fd->name = names + used;
        fd->name_size = name->count;
        __builtin_memcpy(names + used, name->data, name->count);
        used += name->count;
    }
}

void begin(void) {
    if (!is_ready)
        prepare();
    heap_begin();
}

PREVIEW1("fd_close") fd_close(u32 number) {
    NEED(fd, number, FREE);
    if (fd->kind == FILE || fd->kind == DIRECTORY)
        file_drop(fd->handle);
    fd->kind = FREE;
    return SUCCESS;
}

PREVIEW1("fd_renumber") fd_renumber(u32 number, u32 to) {
    NEED(fd, number, FREE);
    Fd *other = fd_of(to, FREE);
    if (other == NULL)
        return BADF;
    if (other == fd)
        return SUCCESS;
    if (other->kind == FILE || other->kind == DIRECTORY)
        file_drop(other->handle);
    *other = *fd;
    fd->kind = FREE;
    return SUCCESS;
}

/* Sockets are streams. */
uint8_t filetype_of(uint8_t type) {
    static const uint8_t filetypes[] = {0, 1, 2, 3, 0, 7, 4, 6};
    return filetypes[type & 7];
}

PREVIEW1("fd_fdstat_get") fd_fdstat_get(u32 number, Ptr result) {
    enum {
        READ = 1 << 1,
        SEEK = 1 << 2,
        TELL = 1 << 5,
        WRITE = 1 << 6,
        SET_SIZE = 1 << 22,
        ALLOCATE = 1 << 8
    };
    enum { ALL = (1 << 30) - 1, OF_FILES = READ | SEEK | TELL | WRITE | SET_SIZE | ALLOCATE };
    enum { DESCRIPTOR_READ = 1, DESCRIPTOR_WRITE = 2 };
    struct {
        uint8_t type;
        uint16_t flags;
        u64 rights, inherited;
    } stat = {0, 0, ALL & ~(SEEK | TELL), 0};
    NEED(fd, number, FREE);
    stat.type = fd->type;
    if (fd->kind == FILE || fd->kind == DIRECTORY) {
        Done flags;
        file_get_flags(fd->handle, &flags);
        if (flags.is_error)
            return errno_of(flags.error);
        stat.flags = fd->flags;
        stat.rights = fd->kind == DIRECTORY ? ALL & ~OF_FILES
                                            : ALL & ~(flags.error & DESCRIPTOR_READ ? 0 : READ) &
                                                  ~(flags.error & DESCRIPTOR_WRITE ? 0 : WRITE);
        stat.inherited = fd->kind == DIRECTORY ? ALL : 0;
    }
    put(result, &stat, sizeof stat);
    return SUCCESS;
}

PREVIEW1("fd_fdstat_set_flags") fd_fdstat_set_flags(u32 number, u32 flags) {
    if (flags > ALL_FDFLAGS)
        return INVAL;
    NEED(fd, number, FILE);
    /* How a file is synchronized is settled when it is opened. */
    if (flags & (FDFLAG_DSYNC | FDFLAG_RSYNC | FDFLAG_SYNC) & ~(u32)fd->flags)
        return INVAL;
    fd->flags = (uint8_t)flags;
    return SUCCESS;
}

PREVIEW1("fd_fdstat_set_rights") fd_fdstat_set_rights(u32 number, u64 rights, u64 inherited) {
    (void)rights, (void)inherited;
    NEED_ONE(number);
    return NOTSUP;
}

PREVIEW1("fd_prestat_get") fd_prestat_get(u32 number, Ptr result) {
    NEED(fd, number, DIRECTORY);
    if (fd->name == NULL)
        return BADF;
    put_u32(result, 0);
    put_u32(result + 4, fd->name_size);
    return SUCCESS;
}

PREVIEW1("fd_prestat_dir_name") fd_prestat_dir_name(u32 number, Ptr to, u32 size) {
    NEED(fd, number, FREE);
    if (fd->kind != DIRECTORY || fd->name == NULL)
        return NOTDIR;
    if (size < fd->name_size)
        return NAMETOOLONG;
    put(to, fd->name, fd->name_size);
    return SUCCESS;
}
