/* wasi_snapshot_preview1 over WASI 0.2: the core module that stands beside a program of preview 1 when it
 * becomes a component. It has a memory of its own; what lies in the program's is copied with `get` and `put`,
 * which a third module with both memories exports.
 *
 * Memory that functions of 0.2 fill is a heap that begins anew with each call. Offsets of structures are
 * preview 1's (witx) and the canonical ABI's. Sockets are not served. */
#include "wasi.h"

#define PREVIEW1(name) EXPORT(name) uint32_t

/* ---- errors ---- */

enum {
    SUCCESS = 0,
    BADF = 8,
    INVAL = 28,
    IO = 29,
    ISDIR = 31,
    MFILE = 33,
    NAMETOOLONG = 37,
    NOSYS = 52,
    NOTDIR = 54,
    NOTSOCK = 57,
    NOTSUP = 58,
    PIPE = 64,
    SPIPE = 70,
};

/* error-code → errno */
static u32 errno_of(uint8_t error) {
    static const uint8_t numbers[] = {2,  6,  7,  8,  10, 16, 19, 20, 22, 25, 26, 27, 28,
                                      29, 31, 32, 34, 35, 37, 43, 44, 46, 48, 51, 54, 55,
                                      56, 58, 59, 60, 61, 63, 64, 69, 70, 74, 75};
    return error < sizeof numbers ? numbers[error] : IO;
}

static u32 done(const Done *result) {
    return result->is_error ? errno_of(result->error) : SUCCESS;
}

static u32 stream_errno(const Streamed *result) {
    if (result->as.failure.is_closed)
        return PIPE;
    error_drop(result->as.failure.error);
    return IO;
}

/* ---- memory ---- */

enum { PAGE = 65536, PIECE = 65536 };
extern char __heap_base;
static char *heap;

static void *allocate(u32 size) {
    char *block = heap;
    u32 end = ((u32)block + size + 7) & ~7u;
    u32 pages = __builtin_wasm_memory_size(0);
    if (end < (u32)block ||
        (end > pages * PAGE &&
         __builtin_wasm_memory_grow(0, (end - pages * PAGE + PAGE - 1) / PAGE) == (size_t)-1))
        __builtin_trap();
    heap = (char *)end;
    return block;
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, u32 old_size, u32 align, u32 size) {
    (void)align;
    return old_size ? __builtin_memcpy(allocate(size), old, old_size < size ? old_size : size)
                    : allocate(size);
}

static char *get_text(Ptr from, u32 size) {
    char *text = allocate(size);
    get(text, from, size);
    return text;
}

/* ---- descriptors ---- */

typedef enum Kind { FREE, INPUT, OUTPUT, FILE, DIRECTORY } Kind;

typedef struct Fd {
    Kind kind;
    u32 handle; /* a stream or a descriptor */
    u64 position;
    uint8_t flags, type;
    char *name; /* of what was there from the start */
    u32 name_size;
} Fd;

enum { MAX_FDS = 1024, NAMES = 16384, APPEND = 1, TYPE_DIRECTORY = 3 };
static Fd fds[MAX_FDS];
static char names[NAMES];
static int is_ready;

static Fd *fd_of(u32 number, Kind kind) {
    Fd *fd = number < MAX_FDS ? &fds[number] : NULL;
    return fd && (kind == FREE ? fd->kind != FREE : fd->kind == kind) ? fd : NULL;
}

static u32 add_fd(Kind kind, u32 handle) {
    u32 number = 3;
    while (number < MAX_FDS && fds[number].kind != FREE)
        number++;
    if (number < MAX_FDS)
        fds[number] = (Fd){.kind = kind, .handle = handle, .type = kind == DIRECTORY ? TYPE_DIRECTORY : 4};
    return number;
}

static void prepare(void) {
    List list;
    is_ready = 1;
    heap = &__heap_base;
    fds[0] = (Fd){.kind = INPUT, .handle = get_stdin()};
    fds[1] = (Fd){.kind = OUTPUT, .handle = get_stdout()};
    fds[2] = (Fd){.kind = OUTPUT, .handle = get_stderr()};
    get_directories(&list);
    struct {
        u32 handle;
        List name;
    } const *dirs = (const void *)list.data;
    for (u32 i = 0, used = 0; i < list.count; i++) {
        u32 number = add_fd(DIRECTORY, dirs[i].handle);
        if (number == MAX_FDS || dirs[i].name.count > NAMES - used)
            __builtin_trap();
        fds[number].name = names + used;
        fds[number].name_size = dirs[i].name.count;
        __builtin_memcpy(names + used, dirs[i].name.data, dirs[i].name.count);
        used += dirs[i].name.count;
    }
}

/* Begins each function. */
static void begin(void) {
    if (!is_ready)
        prepare();
    heap = &__heap_base;
}

/* Finds a descriptor, or ends the function. */
#define NEED(fd, number, kind)                                                                               \
    begin();                                                                                                 \
    Fd *fd = fd_of(number, kind);                                                                            \
    if (fd == NULL)                                                                                          \
    return BADF
#define NEED_ONE(number)                                                                                     \
    begin();                                                                                                 \
    if (fd_of(number, FREE) == NULL)                                                                         \
    return BADF
#define NEED_DIRECTORY(fd, number)                                                                           \
    NEED(fd, number, FREE);                                                                                  \
    if (fd->kind != DIRECTORY)                                                                               \
    return NOTDIR

/* ---- arguments and variables ---- */

static u32 text_count(const List *list, u32 parts) {
    u32 size = 0;
    for (u32 i = 0; i < list->count * parts; i++)
        size += ((const List *)list->data)[i].count + 1;
    return size;
}

/* Texts of `parts` parts each, with '=' between them and NUL behind. */
static void put_texts(const List *list, u32 parts, Ptr pointers, Ptr buffer) {
    const List *texts = (const List *)list->data;
    for (u32 i = 0; i < list->count * parts; i++) {
        int is_last = i % parts == parts - 1;
        if (i % parts == 0)
            put_u32(pointers + i / parts * 4, buffer);
        put(buffer, texts[i].data, texts[i].count);
        put(buffer + texts[i].count, is_last ? "" : "=", 1);
        buffer += texts[i].count + 1;
    }
}

PREVIEW1("args_sizes_get") args_sizes_get(Ptr count, Ptr size) {
    List list;
    begin();
    get_arguments(&list);
    put_u32(count, list.count);
    put_u32(size, text_count(&list, 1));
    return SUCCESS;
}

PREVIEW1("args_get") args_get(Ptr pointers, Ptr buffer) {
    List list;
    begin();
    get_arguments(&list);
    put_texts(&list, 1, pointers, buffer);
    return SUCCESS;
}

PREVIEW1("environ_sizes_get") environ_sizes_get(Ptr count, Ptr size) {
    List list;
    begin();
    get_environment(&list);
    put_u32(count, list.count);
    put_u32(size, text_count(&list, 2));
    return SUCCESS;
}

PREVIEW1("environ_get") environ_get(Ptr pointers, Ptr buffer) {
    List list;
    begin();
    get_environment(&list);
    put_texts(&list, 2, pointers, buffer);
    return SUCCESS;
}

/* ---- clocks, randomness, the end ---- */

enum { REALTIME, MONOTONIC };

static u64 nanoseconds(const Datetime *time) {
    return time->seconds * 1000000000u + time->nanoseconds;
}

static u64 wall_nanoseconds(void) {
    Datetime now;
    wall_now(&now);
    return nanoseconds(&now);
}

PREVIEW1("clock_res_get") clock_res_get(u32 clock, Ptr result) {
    Datetime resolution;
    if (clock > MONOTONIC)
        return INVAL;
    wall_resolution(&resolution);
    put_u64(result, clock == REALTIME ? nanoseconds(&resolution) : monotonic_resolution());
    return SUCCESS;
}

PREVIEW1("clock_time_get") clock_time_get(u32 clock, u64 precision, Ptr result) {
    (void)precision;
    if (clock > MONOTONIC)
        return INVAL;
    put_u64(result, clock == REALTIME ? wall_nanoseconds() : monotonic_now());
    return SUCCESS;
}

PREVIEW1("random_get") random_get(Ptr to, u32 size) {
    while (size > 0) {
        List list;
        u32 piece = size < PIECE ? size : PIECE;
        begin();
        get_random_bytes(piece, &list);
        put(to, list.data, piece);
        to += piece;
        size -= piece;
    }
    return SUCCESS;
}

EXPORT("proc_exit") _Noreturn void proc_exit(u32 code) {
    exit_with(code != 0);
    __builtin_trap();
}

PREVIEW1("proc_raise") proc_raise(u32 signal) {
    (void)signal;
    return NOSYS;
}

PREVIEW1("sched_yield") sched_yield(void) {
    return SUCCESS;
}

EXPORT("wasi:cli/run@0.2.0#run") u32 run(void) {
    program_start();
    return 0;
}

/* ---- reading and writing ---- */

typedef struct Iovec {
    Ptr data;
    u32 size;
} Iovec;

static u32 read_piece(Fd *fd, Ptr to, u32 size, u64 offset, u32 *count) {
    List list;
    size = size < PIECE ? size : PIECE;
    if (fd->kind == INPUT) {
        Streamed result;
        stream_read(fd->handle, size, &result);
        *count = 0;
        if (result.is_error)
            return result.as.failure.is_closed ? SUCCESS : stream_errno(&result);
        list = result.as.list;
    } else {
        Content result;
        file_read(fd->handle, size, offset, &result);
        if (result.is_error)
            return errno_of(result.as.error);
        list = result.as.list;
    }
    *count = list.count;
    put(to, list.data, list.count);
    return SUCCESS;
}

static u32 write_piece(Fd *fd, Ptr from, u32 size, u64 offset, u32 *count) {
    enum { STREAM_PIECE = 4096 }; /* what a stream takes at once */
    u32 most = fd->kind == OUTPUT ? STREAM_PIECE : PIECE;
    size = size < most ? size : most;
    const char *data = get_text(from, size);
    *count = size;
    if (fd->kind == OUTPUT) {
        Streamed result;
        stream_write(fd->handle, data, size, &result);
        return result.is_error ? stream_errno(&result) : SUCCESS;
    }
    Written result;
    file_write(fd->handle, data, size, offset, &result);
    *count = result.is_error ? 0 : (u32)result.as.size;
    return result.is_error ? errno_of(result.as.error) : SUCCESS;
}

/* Until all is done or a piece is short; an error after the first piece is the next call's. */
static u32 transfer(Fd *fd, Ptr iovs, u32 count, u64 offset, int is_write, Ptr total_at, u32 *total) {
    *total = 0;
    for (u32 i = 0; i < count; i++) {
        Iovec iov;
        get(&iov, iovs + i * 8, 8);
        while (iov.size > 0) {
            u32 piece = 0, wanted = iov.size < PIECE ? iov.size : PIECE;
            heap = &__heap_base;
            u32 error = is_write ? write_piece(fd, iov.data, iov.size, offset + *total, &piece)
                                 : read_piece(fd, iov.data, iov.size, offset + *total, &piece);
            if (error && *total == 0)
                return error;
            *total += piece;
            iov.data += piece;
            iov.size -= piece;
            int is_short = fd->kind == INPUT || piece == 0 || (fd->kind == FILE && piece < wanted);
            if (error || is_short) {
                put_u32(total_at, *total);
                return SUCCESS;
            }
        }
    }
    put_u32(total_at, *total);
    return SUCCESS;
}

static u32 end_of_file(const Fd *fd, u64 *end) {
    Statted result;
    file_stat(fd->handle, &result);
    if (result.is_error)
        return errno_of(result.as.error);
    *end = result.as.stat.size;
    return SUCCESS;
}

static u32 transfer_here(u32 number, Ptr iovs, u32 count, int is_write, Ptr total_at) {
    u32 total;
    NEED(fd, number, FREE);
    if (fd->kind == DIRECTORY)
        return ISDIR;
    if (fd->kind == (is_write ? INPUT : OUTPUT))
        return BADF;
    if (fd->kind == FILE && is_write && (fd->flags & APPEND)) {
        u32 error = end_of_file(fd, &fd->position);
        if (error)
            return error;
    }
    u32 error = transfer(fd, iovs, count, fd->position, is_write, total_at, &total);
    if (error == SUCCESS)
        fd->position += total;
    return error;
}

static u32 transfer_at(u32 number, Ptr iovs, u32 count, u64 offset, int is_write, Ptr total_at) {
    u32 total;
    NEED(fd, number, FREE);
    if (fd->kind != FILE)
        return fd->kind == DIRECTORY ? ISDIR : SPIPE;
    return transfer(fd, iovs, count, offset, is_write, total_at, &total);
}

PREVIEW1("fd_read") fd_read(u32 fd, Ptr iovs, u32 count, Ptr total) {
    return transfer_here(fd, iovs, count, 0, total);
}

PREVIEW1("fd_write") fd_write(u32 fd, Ptr iovs, u32 count, Ptr total) {
    return transfer_here(fd, iovs, count, 1, total);
}

PREVIEW1("fd_pread") fd_pread(u32 fd, Ptr iovs, u32 count, u64 offset, Ptr total) {
    return transfer_at(fd, iovs, count, offset, 0, total);
}

PREVIEW1("fd_pwrite") fd_pwrite(u32 fd, Ptr iovs, u32 count, u64 offset, Ptr total) {
    return transfer_at(fd, iovs, count, offset, 1, total);
}

PREVIEW1("fd_seek") fd_seek(u32 number, int64_t offset, u32 whence, Ptr result) {
    enum { SET, CURRENT, END };
    u64 base = 0;
    NEED(fd, number, FREE);
    if (fd->kind != FILE)
        return fd->kind == DIRECTORY ? BADF : SPIPE;
    if (whence > END)
        return INVAL;
    if (whence == END) {
        u32 error = end_of_file(fd, &base);
        if (error)
            return error;
    } else if (whence == CURRENT) {
        base = fd->position;
    }
    if (offset < 0 && base < (u64)-offset)
        return INVAL;
    fd->position = base + (u64)offset;
    put_u64(result, fd->position);
    return SUCCESS;
}

PREVIEW1("fd_tell") fd_tell(u32 number, Ptr result) {
    NEED(fd, number, FREE);
    if (fd->kind != FILE)
        return fd->kind == DIRECTORY ? BADF : SPIPE;
    put_u64(result, fd->position);
    return SUCCESS;
}

/* ---- descriptors as such ---- */

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

/* descriptor-type → filetype; sockets are streams */
static const uint8_t filetypes[] = {0, 1, 2, 3, 0, 7, 4, 6};
enum { TYPE_CHARACTER = 2 };

PREVIEW1("fd_fdstat_get") fd_fdstat_get(u32 number, Ptr result) {
    enum { SEEK = 1 << 2, TELL = 1 << 5, WRITE = 1 << 6, ALL = (1 << 30) - 1, DESCRIPTOR_WRITE = 2 };
    struct {
        uint8_t type;
        uint16_t flags;
        u64 rights, inherited;
    } stat = {TYPE_CHARACTER, 0, ALL & ~(SEEK | TELL), 0};
    NEED(fd, number, FREE);
    if (fd->kind == FILE || fd->kind == DIRECTORY) {
        Done flags;
        file_get_flags(fd->handle, &flags);
        if (flags.is_error)
            return errno_of(flags.error);
        stat.type = fd->type;
        stat.flags = fd->flags;
        stat.rights = fd->kind == DIRECTORY || (flags.error & DESCRIPTOR_WRITE) ? ALL : ALL & ~WRITE;
        stat.inherited = fd->kind == DIRECTORY ? ALL : 0;
    }
    put(result, &stat, sizeof stat);
    return SUCCESS;
}

PREVIEW1("fd_fdstat_set_flags") fd_fdstat_set_flags(u32 number, u32 flags) {
    NEED(fd, number, FREE);
    fd->flags = (uint8_t)flags;
    return SUCCESS;
}

PREVIEW1("fd_fdstat_set_rights") fd_fdstat_set_rights(u32 number, u64 rights, u64 inherited) {
    (void)rights, (void)inherited;
    NEED_ONE(number);
    return SUCCESS;
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
    NEED(fd, number, DIRECTORY);
    if (fd->name == NULL)
        return BADF;
    if (size < fd->name_size)
        return NAMETOOLONG;
    put(to, fd->name, fd->name_size);
    return SUCCESS;
}

/* ---- files ---- */

PREVIEW1("fd_advise") fd_advise(u32 number, u64 offset, u64 size, u32 advice) {
    Done result;
    NEED(fd, number, FILE);
    if (advice > 5)
        return INVAL;
    file_advise(fd->handle, offset, size, advice, &result);
    return done(&result);
}

PREVIEW1("fd_allocate") fd_allocate(u32 number, u64 offset, u64 size) {
    (void)offset, (void)size;
    NEED_ONE(number);
    return NOTSUP;
}

PREVIEW1("fd_datasync") fd_datasync(u32 number) {
    Done result;
    NEED(fd, number, FREE);
    if (fd->kind != FILE && fd->kind != DIRECTORY)
        return INVAL;
    file_sync_data(fd->handle, &result);
    return done(&result);
}

PREVIEW1("fd_sync") fd_sync(u32 number) {
    Done result;
    NEED(fd, number, FREE);
    if (fd->kind != FILE && fd->kind != DIRECTORY)
        return INVAL;
    file_sync(fd->handle, &result);
    return done(&result);
}

PREVIEW1("fd_filestat_set_size") fd_filestat_set_size(u32 number, u64 size) {
    Done result;
    NEED(fd, number, FILE);
    file_set_size(fd->handle, size, &result);
    return done(&result);
}

static void put_filestat(Ptr to, const Stat *stat, const Hashed *hash) {
    struct {
        u64 device, inode, type, links, size, times[3];
    } filestat = {
        1,  hash->is_error ? 0 : hash->as.hash[0], filetypes[stat->type & 7], stat->link_count, stat->size,
        {0}};
    for (int i = 0; i < 3; i++)
        filestat.times[i] = stat->times[i].is_some ? nanoseconds(&stat->times[i].time) : 0;
    put(to, &filestat, sizeof filestat);
}

PREVIEW1("fd_filestat_get") fd_filestat_get(u32 number, Ptr to) {
    Statted result = {0};
    Hashed hash = {.is_error = 1};
    NEED(fd, number, FREE);
    result.as.stat.type = TYPE_CHARACTER;
    if (fd->kind == FILE || fd->kind == DIRECTORY) {
        file_stat(fd->handle, &result);
        if (result.is_error)
            return errno_of(result.as.error);
        file_hash(fd->handle, &hash);
    }
    put_filestat(to, &result.as.stat, &hash);
    return SUCCESS;
}

PREVIEW1("path_filestat_get") path_filestat_get(u32 number, u32 flags, Ptr path, u32 size, Ptr to) {
    Statted result;
    Hashed hash;
    NEED_DIRECTORY(fd, number);
    const char *name = get_text(path, size);
    dir_stat(fd->handle, flags & 1, name, size, &result);
    if (result.is_error)
        return errno_of(result.as.error);
    dir_hash(fd->handle, flags & 1, name, size, &hash);
    put_filestat(to, &result.as.stat, &hash);
    return SUCCESS;
}

/* new-timestamp */
typedef struct NewTime {
    u32 tag;
    u64 seconds;
    u32 nanoseconds;
} NewTime;

/* fstflags: 1 and 2 for the time of access, 4 and 8 for that of modification. False when both are set. */
static int new_time(u32 flags, u64 time, NewTime *result) {
    enum { NO_CHANGE, NOW, TIMESTAMP };
    u32 tag = flags & 1 ? TIMESTAMP : flags & 2 ? NOW : NO_CHANGE;
    *result = (NewTime){tag, time / 1000000000u, (u32)(time % 1000000000u)};
    return (flags & 3) != 3;
}

PREVIEW1("fd_filestat_set_times") fd_filestat_set_times(u32 number, u64 atime, u64 mtime, u32 flags) {
    Done result;
    NewTime a, m;
    NEED(fd, number, FREE);
    if (!new_time(flags, atime, &a) || !new_time(flags >> 2, mtime, &m))
        return INVAL;
    if (fd->kind != FILE && fd->kind != DIRECTORY)
        return BADF;
    file_set_times(fd->handle, a.tag, a.seconds, a.nanoseconds, m.tag, m.seconds, m.nanoseconds, &result);
    return done(&result);
}

PREVIEW1("path_filestat_set_times")
path_filestat_set_times(u32 number, u32 lookup, Ptr path, u32 size, u64 atime, u64 mtime, u32 flags) {
    Done result;
    NewTime a, m;
    NEED_DIRECTORY(fd, number);
    if (!new_time(flags, atime, &a) || !new_time(flags >> 2, mtime, &m))
        return INVAL;
    dir_set_times(fd->handle, lookup & 1, get_text(path, size), size, a.tag, a.seconds, a.nanoseconds, m.tag,
                  m.seconds, m.nanoseconds, &result);
    return done(&result);
}

/* ---- directories ---- */

PREVIEW1("path_open")
path_open(u32 number, u32 lookup, Ptr path, u32 size, u32 oflags, u64 rights, u64 inherited, u32 flags,
          Ptr result) {
    enum { RIGHT_READ = 1 << 1, RIGHT_WRITE = 1 << 6, RIGHT_ALLOCATE = 1 << 8, RIGHT_READDIR = 1 << 14 };
    enum {
        RIGHT_SET_SIZE = 1 << 22,
        READ = 1,
        WRITE = 2,
        MUTATE = 32,
        OPEN_DIRECTORY = 2,
        OPEN_TRUNCATE = 8
    };
    Opened opened;
    Done type;
    (void)inherited;
    NEED_DIRECTORY(fd, number);
    int reads = (rights & (RIGHT_READ | RIGHT_READDIR)) != 0;
    int writes =
        (rights & (RIGHT_WRITE | RIGHT_ALLOCATE | RIGHT_SET_SIZE)) != 0 && !(oflags & OPEN_DIRECTORY);
    u32 wanted = (reads ? READ : 0u) | (writes || (oflags & OPEN_TRUNCATE) ? WRITE : 0u);
    if (oflags & OPEN_DIRECTORY)
        wanted = READ;
    const char *name = get_text(path, size);
    dir_open(fd->handle, lookup & 1, name, size, oflags & 15,
             wanted | (oflags & OPEN_DIRECTORY ? MUTATE : 0u), &opened);
    if (opened.is_error && (oflags & OPEN_DIRECTORY))
        dir_open(fd->handle, lookup & 1, name, size, oflags & 15, READ, &opened);
    if (opened.is_error)
        return errno_of(opened.as.error);
    file_get_type(opened.as.handle, &type);
    uint8_t filetype = type.is_error ? 0 : filetypes[type.error & 7];
    u32 made = add_fd(filetype == TYPE_DIRECTORY ? DIRECTORY : FILE, opened.as.handle);
    if (made == MAX_FDS) {
        file_drop(opened.as.handle);
        return MFILE;
    }
    fds[made].flags = (uint8_t)flags;
    fds[made].type = filetype;
    put_u32(result, made);
    return SUCCESS;
}

PREVIEW1("path_create_directory") path_create_directory(u32 number, Ptr path, u32 size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    dir_create(fd->handle, get_text(path, size), size, &result);
    return done(&result);
}

PREVIEW1("path_remove_directory") path_remove_directory(u32 number, Ptr path, u32 size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    dir_remove(fd->handle, get_text(path, size), size, &result);
    return done(&result);
}

PREVIEW1("path_unlink_file") path_unlink_file(u32 number, Ptr path, u32 size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    dir_unlink(fd->handle, get_text(path, size), size, &result);
    return done(&result);
}

PREVIEW1("path_symlink") path_symlink(Ptr old_path, u32 old_size, u32 number, Ptr path, u32 size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    const char *target = get_text(old_path, old_size);
    dir_symlink(fd->handle, target, old_size, get_text(path, size), size, &result);
    return done(&result);
}

PREVIEW1("path_rename") path_rename(u32 number, Ptr path, u32 size, u32 to, Ptr new_path, u32 new_size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    Fd *other = fd_of(to, DIRECTORY);
    if (other == NULL)
        return BADF;
    const char *from = get_text(path, size);
    dir_rename(fd->handle, from, size, other->handle, get_text(new_path, new_size), new_size, &result);
    return done(&result);
}

PREVIEW1("path_link")
path_link(u32 number, u32 flags, Ptr path, u32 size, u32 to, Ptr new_path, u32 new_size) {
    Done result;
    NEED_DIRECTORY(fd, number);
    Fd *other = fd_of(to, DIRECTORY);
    if (other == NULL)
        return BADF;
    const char *from = get_text(path, size);
    dir_link(fd->handle, flags & 1, from, size, other->handle, get_text(new_path, new_size), new_size,
             &result);
    return done(&result);
}

PREVIEW1("path_readlink") path_readlink(u32 number, Ptr path, u32 size, Ptr to, u32 room, Ptr used) {
    Content result;
    NEED_DIRECTORY(fd, number);
    dir_readlink(fd->handle, get_text(path, size), size, &result);
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
        heap = &__heap_base;
        entries_next(entries.as.handle, &next);
        if (next.is_error || !next.as.option.is_some)
            break;
        if (at >= cookie)
            put_entry(&out, at + 1, fd, filetypes[next.as.option.entry.type & 7],
                      next.as.option.entry.name.data, next.as.option.entry.name.count);
    }
    entries_drop(entries.as.handle);
    if (out.used < room && next.is_error)
        return errno_of(next.as.error);
    put_u32(used, out.used);
    return SUCCESS;
}

/* ---- waiting ---- */

typedef struct Subscription {
    u64 user_data;
    uint8_t type;
    union {
        struct {
            u32 id;
            u64 timeout, precision;
            uint16_t flags;
        } clock;
        u32 fd;
    } as;
} Subscription;

typedef struct Event {
    u64 user_data;
    uint16_t error;
    uint8_t type;
    u64 size;
    uint16_t flags;
} Event;

enum { EVENT_CLOCK, EVENT_READ, EVENT_WRITE, NEVER_WAITS = 0xffffffff };

/* What to wait for, or NEVER_WAITS; `*error` for what cannot be waited for. */
static u32 pollable_of(const Subscription *wanted, uint16_t *error) {
    if (wanted->type == EVENT_CLOCK) {
        u64 time = wanted->as.clock.timeout;
        if (wanted->as.clock.id > MONOTONIC) {
            *error = INVAL;
            return NEVER_WAITS;
        }
        if ((wanted->as.clock.flags & 1) && wanted->as.clock.id == MONOTONIC)
            return subscribe_instant(time);
        if (wanted->as.clock.flags & 1) {
            u64 now = wall_nanoseconds();
            time = time > now ? time - now : 0;
        }
        return subscribe_duration(time);
    }
    Fd *fd = fd_of(wanted->as.fd, FREE);
    if (fd == NULL)
        *error = BADF;
    if (fd && fd->kind == INPUT && wanted->type == EVENT_READ)
        return stream_subscribe_read(fd->handle);
    if (fd && fd->kind == OUTPUT && wanted->type == EVENT_WRITE)
        return stream_subscribe_write(fd->handle);
    return NEVER_WAITS;
}

static void put_event(Ptr to, const Subscription *wanted, uint16_t error) {
    Event event = {wanted->user_data, error, wanted->type, wanted->type == EVENT_CLOCK ? 0 : 1, 0};
    put(to, &event, sizeof event);
}

PREVIEW1("poll_oneoff") poll_oneoff(Ptr from, Ptr to, u32 count, Ptr result) {
    u32 made = 0;
    begin();
    if (count == 0 || count > PIECE)
        return INVAL;
    Subscription *wanted = allocate(count * sizeof *wanted);
    u32 *pollables = allocate(count * 4), *which = allocate(count * 4), waiting = 0;
    get(wanted, from, count * sizeof *wanted);
    for (u32 i = 0; i < count; i++) {
        uint16_t error = SUCCESS;
        u32 pollable = pollable_of(&wanted[i], &error);
        if (pollable == NEVER_WAITS) {
            put_event(to + made++ * sizeof(Event), &wanted[i], error);
        } else {
            which[waiting] = i;
            pollables[waiting++] = pollable;
        }
    }
    if (made == 0) {
        List ready;
        poll(pollables, waiting, &ready);
        for (u32 i = 0; i < ready.count; i++)
            put_event(to + made++ * sizeof(Event), &wanted[which[((const u32 *)ready.data)[i]]], SUCCESS);
    }
    for (u32 i = 0; i < waiting; i++)
        pollable_drop(pollables[i]);
    put_u32(result, made);
    return SUCCESS;
}

/* ---- sockets: there are none ---- */

PREVIEW1("sock_accept") sock_accept(u32 number, u32 flags, Ptr result) {
    (void)flags, (void)result;
    NEED_ONE(number);
    return NOTSOCK;
}

PREVIEW1("sock_recv") sock_recv(u32 number, Ptr iovs, u32 count, u32 flags, Ptr size, Ptr flags_out) {
    (void)iovs, (void)count, (void)flags, (void)size, (void)flags_out;
    NEED_ONE(number);
    return NOTSOCK;
}

PREVIEW1("sock_send") sock_send(u32 number, Ptr iovs, u32 count, u32 flags, Ptr size) {
    (void)iovs, (void)count, (void)flags, (void)size;
    NEED_ONE(number);
    return NOTSOCK;
}

PREVIEW1("sock_shutdown") sock_shutdown(u32 number, u32 how) {
    (void)how;
    NEED_ONE(number);
    return NOTSOCK;
}
