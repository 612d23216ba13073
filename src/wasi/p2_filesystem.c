/* wasi:filesystem 0.2: preopens, types. */
#include "wasi/file.h"

#include <string.h>

#define ERROR_CODE                                                                                           \
    "enum{access,would-block,already,bad-descriptor,busy,deadlock,quota,exist,file-too-large,"               \
    "illegal-byte-sequence,in-progress,interrupted,invalid,io,is-directory,loop,too-many-links,"             \
    "message-size,name-too-long,no-device,no-entry,no-lock,insufficient-memory,insufficient-space,"          \
    "not-directory,not-empty,not-recoverable,unsupported,no-tty,no-such-device,overflow,not-permitted,"      \
    "pipe,read-only,invalid-seek,text-file-busy,cross-device}"
#define DESCRIPTOR_TYPE                                                                                      \
    "enum{unknown,block-device,character-device,directory,fifo,symbolic-link,regular-file,socket}"
#define DESCRIPTOR_FLAGS                                                                                     \
    "flags{read,write,file-integrity-sync,data-integrity-sync,requested-write-sync,mutate-directory}"
#define DESCRIPTOR_STAT                                                                                      \
    "record{type:" DESCRIPTOR_TYPE ",link-count:u64,size:u64,data-access-timestamp:option<" P2_DATETIME      \
    ">,data-modification-timestamp:option<" P2_DATETIME ">,status-change-timestamp:option<" P2_DATETIME ">}"
#define PATH_FLAGS      "flags{symlink-follow}"
#define OPEN_FLAGS      "flags{create,directory,exclusive,truncate}"
#define NEW_TIMESTAMP   "variant{no-change,now,timestamp:" P2_DATETIME "}"
#define DIRECTORY_ENTRY "record{type:" DESCRIPTOR_TYPE ",name:string}"
#define ADVICE          "enum{normal,sequential,random,will-need,dont-need,no-reuse}"
#define METADATA_HASH   "record{lower:u64,upper:u64}"
#define RESULT(type)    "->result<" type "," ERROR_CODE ">"

/* ---- arguments and results ---- */

static sg_string text(const char *name) {
    return sg_string_of(name, strlen(name));
}

static bool is_text(sg_string string, const char *name) {
    return sgi_bytes_is((Bytes){(const uint8_t *)string.data, string.size}, name);
}

static WasiFile *self_of(const P2Call *call) {
    return sgi_p2_object(&call->arguments[0]);
}

static Bytes path_of(const sg_value *value) {
    return (Bytes){(const uint8_t *)value->of.string.data, value->of.string.size};
}

static bool has_flag(const sg_value *value, const char *name) {
    for (size_t i = 0; i < value->of.flags.count; i++)
        if (is_text(value->of.flags.names[i], name))
            return true;
    return false;
}

static sg_status fail(const P2Call *call, sg_wasi_errno error) {
    sg_value code = sgi_p2_enum(sgi_wasi_filesystem_error(error));
    return sgi_p2_err(call, &code);
}

/* result<_, error-code> */
static sg_status finish(const P2Call *call, sg_wasi_errno error) {
    return error == SG_WASI_SUCCESS ? sgi_p2_ok(call, NULL) : fail(call, error);
}

/* The same, of what changes something at `self` or `other`. What a descriptor without mutate-directory
 * refuses is read-only here; it is PERM in preview 1. */
static sg_status finish_change(const P2Call *call, const WasiFile *other, sg_wasi_errno error) {
    bool is_read_only = self_of(call)->grant->read_only || other->grant->read_only;
    return finish(call, error == SG_WASI_PERM && is_read_only ? SG_WASI_ROFS : error);
}

/* result<own<...>, error-code>, with the caller's reference; `object` NULL: `error`, or no memory. */
static sg_status give_object(const P2Call *call, WasiObject *object, sg_wasi_errno error) {
    if (error != SG_WASI_SUCCESS)
        return fail(call, error);
    if (object == NULL)
        return sgi_p2_no_memory(call);
    sg_value own = sgi_p2_own(object);
    sg_status status = sgi_p2_ok(call, &own);
    if (status != SG_OK)
        sgi_wasi_release(object);
    return status;
}

static const char *const type_names[] = {
    [OS_FILE_UNKNOWN] = "unknown",
    [OS_FILE_BLOCK_DEVICE] = "block-device",
    [OS_FILE_CHARACTER_DEVICE] = "character-device",
    [OS_FILE_DIRECTORY] = "directory",
    [OS_FILE_FIFO] = "fifo",
    [OS_FILE_LINK] = "symbolic-link",
    [OS_FILE_REGULAR] = "regular-file",
    [OS_FILE_SOCKET] = "socket",
};

static sg_value type_value(OsFileType type) {
    return sgi_p2_enum(text(type_names[type]));
}

/* ---- preopens ---- */

/* The lists' owns were not given to anybody. */
static sg_status release_items(sg_value *items, size_t count, sg_status status) {
    for (size_t i = 0; i < count; i++)
        sgi_wasi_release(sgi_p2_object(&items[i].of.list.items[0]));
    return status;
}

static sg_status get_directories(P2Call *call) {
    size_t count = call->state->grants.dirs.count;
    sg_value *items = sgi_p2_alloc(call, count, sizeof *items);
    sg_value *pairs = items ? sgi_p2_alloc(call, count, 2 * sizeof *pairs) : NULL;
    if (pairs == NULL)
        return sgi_p2_no_memory(call);
    for (size_t i = 0; i < count; i++) {
        const WasiDir *dir = &call->state->grants.dirs.items[i];
        sg_wasi_errno error;
        WasiFile *file = sgi_file_of_dir(call->state, dir, &error);
        if (file == NULL)
            return release_items(items, i,
                                 sgi_fail(call->err, SG_IO, SG_NO_OFFSET, "a directory cannot be opened",
                                          "%s", sgi_wasi_error_name(error)));
        pairs[2 * i] = sgi_p2_own(file);
        pairs[2 * i + 1] =
            (sg_value){.kind = SG_STRING, .of.string = {(const char *)dir->name.data, dir->name.size}};
        items[i] = (sg_value){.kind = SG_TUPLE, .of.list = {&pairs[2 * i], 2}};
    }
    *call->result = (sg_value){.kind = SG_LIST, .of.list = {items, count}};
    return SG_OK;
}

static const P2Func preopens_funcs[] = {
    {"get-directories", "()->list<tuple<own<descriptor>,string>>", get_directories},
};

/* ---- descriptors: contents ---- */

/* One call moves no more; the guest asks again. */
enum { READ_MAX = 65536 };

static sg_status open_stream(P2Call *call, WasiKind kind, uint64_t offset, bool appends) {
    WasiFile *file = self_of(call);
    bool reads = kind == WASI_INPUT_STREAM, is_dir = file->type == OS_FILE_DIRECTORY;
    if (is_dir || !(reads ? file->can_read : file->can_write))
        return fail(call, is_dir && reads ? SG_WASI_ISDIR : SG_WASI_BADF);
    WasiStream *stream = sgi_file_stream_new(file, kind, offset, appends);
    return give_object(call, stream ? &stream->object : NULL, SG_WASI_SUCCESS);
}

static sg_status read_via_stream(P2Call *call) {
    return open_stream(call, WASI_INPUT_STREAM, call->arguments[1].of.u64, false);
}
static sg_status write_via_stream(P2Call *call) {
    return open_stream(call, WASI_OUTPUT_STREAM, call->arguments[1].of.u64, false);
}
static sg_status append_via_stream(P2Call *call) {
    return open_stream(call, WASI_OUTPUT_STREAM, 0, true);
}

static sg_status read_file(P2Call *call) {
    uint64_t length = call->arguments[1].of.u64;
    size_t size = length < READ_MAX ? (size_t)length : READ_MAX, got;
    sg_wasi_errno error;
    uint8_t *buffer = sgi_p2_alloc(call, size, 1);
    sg_value *pair = buffer ? sgi_p2_alloc(call, 2, sizeof *pair) : NULL;
    if (pair == NULL)
        return sgi_p2_no_memory(call);
    SGI_TRY(sgi_p2_trap(call,
                        sgi_file_read(self_of(call), buffer, size, call->arguments[2].of.u64, &got, &error)));
    if (error != SG_WASI_SUCCESS)
        return fail(call, error);
    pair[0] = (sg_value){.kind = SG_BYTES, .of.bytes = {buffer, got}};
    pair[1] = (sg_value){.kind = SG_BOOL, .of.boolean = got == 0 && size > 0};
    return sgi_p2_ok(call, &(sg_value){.kind = SG_TUPLE, .of.list = {pair, 2}});
}

static sg_status write_file(P2Call *call) {
    const sg_value *buffer = &call->arguments[1];
    size_t put;
    sg_wasi_errno error;
    SGI_TRY(sgi_p2_trap(call, sgi_file_write(self_of(call), buffer->of.bytes.data, buffer->of.bytes.size,
                                             call->arguments[2].of.u64, &put, &error)));
    sg_value count = sgi_p2_u64(put);
    return error == SG_WASI_SUCCESS ? sgi_p2_ok(call, &count) : fail(call, error);
}

static sg_status sync_file(P2Call *call, bool data_only) {
    sg_wasi_errno error;
    SGI_TRY(sgi_p2_trap(call, sgi_file_sync(self_of(call), data_only, &error)));
    return finish(call, error);
}
static sg_status sync_data(P2Call *call) {
    return sync_file(call, true);
}
static sg_status sync_all(P2Call *call) {
    return sync_file(call, false);
}

static sg_status advise(P2Call *call) {
    static const char *const names[] = {"normal",    "sequential", "random",
                                        "will-need", "dont-need",  "no-reuse"};
    unsigned advice = 0;
    while (advice + 1 < SGI_COUNT(names) && !is_text(call->arguments[3].of.enumeration, names[advice]))
        advice++;
    return finish(
        call, sgi_file_advise(self_of(call), call->arguments[1].of.u64, call->arguments[2].of.u64, advice));
}

static sg_status set_size(P2Call *call) {
    return finish(call, sgi_file_set_size(self_of(call), call->arguments[1].of.u64));
}

/* ---- descriptors: attributes ---- */

static sg_status get_flags(P2Call *call) {
    const WasiFile *file = self_of(call);
    bool is_dir = file->type == OS_FILE_DIRECTORY;
    const struct {
        const char *name;
        bool is_set;
    } flags[] = {
        {"read", file->can_read},
        {"write", file->can_write && !is_dir},
        {"file-integrity-sync", (file->write_flags & OS_WRITE_SYNC) != 0},
        {"data-integrity-sync", (file->write_flags & OS_WRITE_DSYNC) != 0},
        {"mutate-directory", file->can_write && is_dir},
    };
    sg_string *names = sgi_p2_alloc(call, SGI_COUNT(flags), sizeof *names);
    if (names == NULL)
        return sgi_p2_no_memory(call);
    size_t count = 0;
    for (size_t i = 0; i < SGI_COUNT(flags); i++)
        if (flags[i].is_set)
            names[count++] = text(flags[i].name);
    return sgi_p2_ok(call, &(sg_value){.kind = SG_FLAGS, .of.flags = {names, count}});
}

static sg_status get_type(P2Call *call) {
    sg_value type = type_value(self_of(call)->type);
    return sgi_p2_ok(call, &type);
}

/* record{...} of `count` fields, in call memory. */
static sg_value record(sg_field *fields, size_t count) {
    return (sg_value){.kind = SG_RECORD, .of.record = {fields, count}};
}

/* option<datetime>: none before 1970. */
static sg_status put_time(const P2Call *call, sg_value *option, OsTime time) {
    if (time.seconds < 0)
        return sgi_p2_some(call, option, NULL);
    sg_field *fields = sgi_p2_alloc(call, 2, sizeof *fields);
    if (fields == NULL)
        return sgi_p2_no_memory(call);
    fields[0] = (sg_field){text("seconds"), sgi_p2_u64((uint64_t)time.seconds)};
    fields[1] = (sg_field){text("nanoseconds"), sgi_p2_u32(time.nanoseconds)};
    sg_value datetime = record(fields, 2);
    return sgi_p2_some(call, option, &datetime);
}

static sg_status give_stat(P2Call *call, const OsStat *stat, sg_wasi_errno error) {
    enum { STAT_FIELDS = 6 };
    if (error != SG_WASI_SUCCESS)
        return fail(call, error);
    sg_field *fields = sgi_p2_alloc(call, STAT_FIELDS, sizeof *fields);
    if (fields == NULL)
        return sgi_p2_no_memory(call);
    fields[0] = (sg_field){text("type"), type_value(stat->type)};
    fields[1] = (sg_field){text("link-count"), sgi_p2_u64(stat->links)};
    fields[2] = (sg_field){text("size"), sgi_p2_u64(stat->size)};
    fields[3].name = text("data-access-timestamp");
    fields[4].name = text("data-modification-timestamp");
    fields[5].name = text("status-change-timestamp");
    SGI_TRY(put_time(call, &fields[3].value, stat->accessed));
    SGI_TRY(put_time(call, &fields[4].value, stat->modified));
    SGI_TRY(put_time(call, &fields[5].value, stat->changed));
    sg_value whole = record(fields, STAT_FIELDS);
    return sgi_p2_ok(call, &whole);
}

static sg_status stat_file(P2Call *call) {
    OsStat stat;
    return give_stat(call, &stat, sgi_file_stat(self_of(call), &stat));
}

static sg_wasi_errno stat_named(const P2Call *call, OsStat *stat) {
    return sgi_file_stat_at(self_of(call), path_of(&call->arguments[2]),
                            has_flag(&call->arguments[1], "symlink-follow"), stat);
}

static sg_status stat_at(P2Call *call) {
    OsStat stat;
    return give_stat(call, &stat, stat_named(call, &stat));
}

/* Of what makes a file this file and no other; not of what is in it, as wasi-libc takes it for the inode. */
static sg_status give_hash(P2Call *call, const OsStat *stat, sg_wasi_errno error) {
    if (error != SG_WASI_SUCCESS)
        return fail(call, error);
    sg_field *fields = sgi_p2_alloc(call, 2, sizeof *fields);
    if (fields == NULL)
        return sgi_p2_no_memory(call);
    uint64_t low, high = sgi_mul_wide(stat->inode ^ UINT64_C(0x9e3779b97f4a7c15),
                                      stat->device ^ UINT64_C(0xbf58476d1ce4e5b9), &low);
    fields[0] = (sg_field){text("lower"), sgi_p2_u64(low ^ stat->inode)};
    fields[1] = (sg_field){text("upper"), sgi_p2_u64(high ^ stat->device)};
    sg_value hash = record(fields, 2);
    return sgi_p2_ok(call, &hash);
}

static sg_status metadata_hash(P2Call *call) {
    OsStat stat = {0};
    sg_wasi_errno error = sgi_file_stat(self_of(call), &stat);
    return give_hash(call, &stat, error);
}
static sg_status metadata_hash_at(P2Call *call) {
    OsStat stat = {0};
    sg_wasi_errno error = stat_named(call, &stat);
    return give_hash(call, &stat, error);
}

static sg_status is_same_object(P2Call *call) {
    OsStat one, other;
    bool is_same = sgi_file_stat(self_of(call), &one) == SG_WASI_SUCCESS &&
                   sgi_file_stat(sgi_p2_object(&call->arguments[1]), &other) == SG_WASI_SUCCESS &&
                   one.device == other.device && one.inode == other.inode;
    *call->result = (sg_value){.kind = SG_BOOL, .of.boolean = is_same};
    return SG_OK;
}

/* A new-timestamp; *given stays NULL for no-change. */
static sg_wasi_errno read_time(const P2Call *call, const sg_value *value, OsTime *time,
                               const OsTime **given) {
    const uint64_t second = 1000000000;
    *given = NULL;
    if (is_text(value->of.variant.name, "no-change"))
        return SG_WASI_SUCCESS;
    *given = time;
    if (is_text(value->of.variant.name, "now")) {
        uint64_t now = sgi_wasi_wall(call->state);
        *time = (OsTime){(int64_t)(now / second), (uint32_t)(now % second)};
        return SG_WASI_SUCCESS;
    }
    const sg_field *fields = value->of.variant.payload->of.record.fields;
    *time = (OsTime){(int64_t)fields[0].value.of.u64, fields[1].value.of.u32};
    return time->seconds < 0 || time->nanoseconds >= second ? SG_WASI_INVAL : SG_WASI_SUCCESS;
}

/* Two new-timestamps, from argument `first` on. */
static sg_wasi_errno read_times(const P2Call *call, size_t first, OsTime times[2], const OsTime *given[2]) {
    sg_wasi_errno error = read_time(call, &call->arguments[first], &times[0], &given[0]);
    return error == SG_WASI_SUCCESS ? read_time(call, &call->arguments[first + 1], &times[1], &given[1])
                                    : error;
}

static sg_status set_times(P2Call *call) {
    OsTime times[2];
    const OsTime *given[2];
    sg_wasi_errno error = read_times(call, 1, times, given);
    if (error == SG_WASI_SUCCESS)
        error = sgi_file_set_times(self_of(call), given[0], given[1]);
    return finish_change(call, self_of(call), error);
}

static sg_status set_times_at(P2Call *call) {
    OsTime times[2];
    const OsTime *given[2];
    sg_wasi_errno error = read_times(call, 3, times, given);
    if (error == SG_WASI_SUCCESS)
        error = sgi_file_set_times_at(self_of(call), path_of(&call->arguments[2]),
                                      has_flag(&call->arguments[1], "symlink-follow"), given[0], given[1]);
    return finish_change(call, self_of(call), error);
}

/* ---- descriptors: directories ---- */

static sg_status open_at(P2Call *call) {
    static const struct {
        size_t argument;
        const char *name;
        unsigned flag;
    } rows[] = {
        {3, "create", OS_OPEN_CREATE},       {3, "directory", OS_OPEN_DIRECTORY},
        {3, "exclusive", OS_OPEN_EXCLUSIVE}, {3, "truncate", OS_OPEN_TRUNCATE},
        {4, "read", OS_OPEN_READ},           {4, "write", OS_OPEN_WRITE},
    };
    const unsigned changes = OS_OPEN_WRITE | OS_OPEN_CREATE | OS_OPEN_TRUNCATE;
    const sg_value *a = call->arguments;
    const WasiFile *self = self_of(call);
    unsigned flags = has_flag(&a[1], "symlink-follow") ? 0 : (unsigned)OS_OPEN_NOFOLLOW;
    for (size_t i = 0; i < SGI_COUNT(rows); i++)
        if (has_flag(&a[rows[i].argument], rows[i].name))
            flags |= rows[i].flag;
    if (self->type == OS_FILE_DIRECTORY && !self->can_write &&
        ((flags & changes) || has_flag(&a[4], "mutate-directory")))
        return fail(call, SG_WASI_ROFS);
    bool reads = (flags & OS_OPEN_READ) != 0;
    if (!(flags & OS_OPEN_WRITE)) /* the system wants to know one */
        flags |= OS_OPEN_READ;
    WasiFile *file;
    sg_wasi_errno error;
    SGI_TRY(sgi_p2_trap(call, sgi_file_open(self_of(call), path_of(&a[2]), flags, false, &file, &error)));
    if (file) {
        file->can_read = reads || file->type == OS_FILE_DIRECTORY;
        file->write_flags = (has_flag(&a[4], "file-integrity-sync") ? (unsigned)OS_WRITE_SYNC : 0) |
                            (has_flag(&a[4], "data-integrity-sync") ? (unsigned)OS_WRITE_DSYNC : 0);
    }
    return give_object(call, file ? &file->object : NULL, error);
}

static sg_status create_directory_at(P2Call *call) {
    return finish_change(call, self_of(call),
                         sgi_file_make_directory(self_of(call), path_of(&call->arguments[1])));
}
static sg_status remove_directory_at(P2Call *call) {
    return finish_change(call, self_of(call),
                         sgi_file_remove_directory(self_of(call), path_of(&call->arguments[1])));
}
static sg_status unlink_file_at(P2Call *call) {
    return finish_change(call, self_of(call), sgi_file_unlink(self_of(call), path_of(&call->arguments[1])));
}
static sg_status symlink_at(P2Call *call) {
    return finish_change(
        call, self_of(call),
        sgi_file_symlink(self_of(call), path_of(&call->arguments[1]), path_of(&call->arguments[2])));
}
static sg_status rename_at(P2Call *call) {
    const sg_value *a = call->arguments;
    WasiFile *to = sgi_p2_object(&a[2]);
    return finish_change(call, to, sgi_file_rename(self_of(call), path_of(&a[1]), to, path_of(&a[3])));
}

static sg_status link_at(P2Call *call) {
    const sg_value *a = call->arguments;
    if (has_flag(&a[1], "symlink-follow"))
        return fail(call, SG_WASI_INVAL);
    WasiFile *to = sgi_p2_object(&a[3]);
    return finish_change(call, to, sgi_file_link(self_of(call), path_of(&a[2]), to, path_of(&a[4])));
}

static sg_status readlink_at(P2Call *call) {
    enum { TARGET_MAX = 4096 };
    size_t size;
    char *target = sgi_p2_alloc(call, TARGET_MAX, 1);
    if (target == NULL)
        return sgi_p2_no_memory(call);
    sg_wasi_errno error =
        sgi_file_read_link(self_of(call), path_of(&call->arguments[1]), target, TARGET_MAX, &size);
    if (error == SG_WASI_SUCCESS && !sgi_utf8_valid((const uint8_t *)target, size))
        error = SG_WASI_ILSEQ;
    if (error != SG_WASI_SUCCESS)
        return fail(call, error);
    return sgi_p2_ok(call, &(sg_value){.kind = SG_STRING, .of.string = {target, size}});
}

/* ---- directory-entry-stream ---- */

typedef struct EntryStream {
    WasiObject object;
    WasiFile *dir; /* one reference */
    uint64_t position;
    bool is_at_end;
} EntryStream;

static void destroy_entries(WasiObject *self) {
    sgi_wasi_release(&((EntryStream *)(void *)self)->dir->object);
}

static sg_status read_directory(P2Call *call) {
    WasiFile *dir = self_of(call);
    if (dir->type != OS_FILE_DIRECTORY)
        return fail(call, SG_WASI_NOTDIR);
    EntryStream *stream =
        sgi_wasi_object_new(call->state, WASI_DIRECTORY_STREAM, sizeof *stream, destroy_entries);
    if (stream) {
        stream->dir = dir;
        sgi_wasi_retain(&dir->object);
    }
    return give_object(call, stream ? &stream->object : NULL, SG_WASI_SUCCESS);
}

static sg_wasi_errno next_entry(EntryStream *stream, OsEntry *entry) {
    if (stream->is_at_end)
        return SG_WASI_NOENT;
    do {
        sg_wasi_errno error = sgi_file_next_entry(stream->dir, stream->position, entry);
        stream->is_at_end = error == SG_WASI_NOENT;
        if (error != SG_WASI_SUCCESS)
            return error;
        stream->position = entry->next;
    } while (sgi_bytes_is(entry->name, ".") || sgi_bytes_is(entry->name, ".."));
    return sgi_utf8_valid(entry->name.data, entry->name.size) ? SG_WASI_SUCCESS : SG_WASI_ILSEQ;
}

static sg_status read_directory_entry(P2Call *call) {
    EntryStream *stream = sgi_p2_object(&call->arguments[0]);
    OsEntry entry;
    sg_value option;
    sg_wasi_errno error = next_entry(stream, &entry);
    if (error == SG_WASI_NOENT) {
        SGI_TRY(sgi_p2_some(call, &option, NULL));
        return sgi_p2_ok(call, &option);
    }
    if (error != SG_WASI_SUCCESS)
        return fail(call, error);
    sg_field *fields = sgi_p2_alloc(call, 2, sizeof *fields);
    char *name = fields ? sgi_p2_alloc(call, entry.name.size, 1) : NULL;
    if (name == NULL)
        return sgi_p2_no_memory(call);
    memcpy(name, entry.name.data, entry.name.size);
    fields[0] = (sg_field){text("type"), type_value(entry.type)};
    fields[1] = (sg_field){text("name"), {.kind = SG_STRING, .of.string = {name, entry.name.size}}};
    sg_value whole = record(fields, 2);
    SGI_TRY(sgi_p2_some(call, &option, &whole));
    return sgi_p2_ok(call, &option);
}

static sg_status filesystem_error_code(P2Call *call) {
    const WasiIoError *error = sgi_p2_object(&call->arguments[0]);
    sg_value code = sgi_p2_enum(sgi_wasi_filesystem_error(error->error));
    return sgi_p2_some(call, call->result, &code);
}

#define METHOD(name) "[method]descriptor." name

static const P2Func types_funcs[] = {
    {METHOD("read-via-stream"), "(borrow<descriptor>,u64)" RESULT("own<input-stream>"), read_via_stream},
    {METHOD("write-via-stream"), "(borrow<descriptor>,u64)" RESULT("own<output-stream>"), write_via_stream},
    {METHOD("append-via-stream"), "(borrow<descriptor>)" RESULT("own<output-stream>"), append_via_stream},
    {METHOD("advise"), "(borrow<descriptor>,u64,u64," ADVICE ")" RESULT("_"), advise},
    {METHOD("sync-data"), "(borrow<descriptor>)" RESULT("_"), sync_data},
    {METHOD("get-flags"), "(borrow<descriptor>)" RESULT(DESCRIPTOR_FLAGS), get_flags},
    {METHOD("get-type"), "(borrow<descriptor>)" RESULT(DESCRIPTOR_TYPE), get_type},
    {METHOD("set-size"), "(borrow<descriptor>,u64)" RESULT("_"), set_size},
    {METHOD("set-times"), "(borrow<descriptor>," NEW_TIMESTAMP "," NEW_TIMESTAMP ")" RESULT("_"), set_times},
    {METHOD("read"), "(borrow<descriptor>,u64,u64)" RESULT("tuple<list<u8>,bool>"), read_file},
    {METHOD("write"), "(borrow<descriptor>,list<u8>,u64)" RESULT("u64"), write_file},
    {METHOD("read-directory"), "(borrow<descriptor>)" RESULT("own<directory-entry-stream>"), read_directory},
    {METHOD("sync"), "(borrow<descriptor>)" RESULT("_"), sync_all},
    {METHOD("create-directory-at"), "(borrow<descriptor>,string)" RESULT("_"), create_directory_at},
    {METHOD("stat"), "(borrow<descriptor>)" RESULT(DESCRIPTOR_STAT), stat_file},
    {METHOD("stat-at"), "(borrow<descriptor>," PATH_FLAGS ",string)" RESULT(DESCRIPTOR_STAT), stat_at},
    {METHOD("set-times-at"),
     "(borrow<descriptor>," PATH_FLAGS ",string," NEW_TIMESTAMP "," NEW_TIMESTAMP ")" RESULT("_"),
     set_times_at},
    {METHOD("link-at"), "(borrow<descriptor>," PATH_FLAGS ",string,borrow<descriptor>,string)" RESULT("_"),
     link_at},
    {METHOD("open-at"),
     "(borrow<descriptor>," PATH_FLAGS ",string," OPEN_FLAGS "," DESCRIPTOR_FLAGS
     ")" RESULT("own<descriptor>"),
     open_at},
    {METHOD("readlink-at"), "(borrow<descriptor>,string)" RESULT("string"), readlink_at},
    {METHOD("remove-directory-at"), "(borrow<descriptor>,string)" RESULT("_"), remove_directory_at},
    {METHOD("rename-at"), "(borrow<descriptor>,string,borrow<descriptor>,string)" RESULT("_"), rename_at},
    {METHOD("symlink-at"), "(borrow<descriptor>,string,string)" RESULT("_"), symlink_at},
    {METHOD("unlink-file-at"), "(borrow<descriptor>,string)" RESULT("_"), unlink_file_at},
    {METHOD("is-same-object"), "(borrow<descriptor>,borrow<descriptor>)->bool", is_same_object},
    {METHOD("metadata-hash"), "(borrow<descriptor>)" RESULT(METADATA_HASH), metadata_hash},
    {METHOD("metadata-hash-at"), "(borrow<descriptor>," PATH_FLAGS ",string)" RESULT(METADATA_HASH),
     metadata_hash_at},
    {"[method]directory-entry-stream.read-directory-entry",
     "(borrow<directory-entry-stream>)" RESULT("option<" DIRECTORY_ENTRY ">"), read_directory_entry},
    {"filesystem-error-code", "(borrow<error>)->option<" ERROR_CODE ">", filesystem_error_code},
};

const P2Interface sgi_p2_filesystem[] = {
    P2_INTERFACE("wasi:filesystem/types@0.2.12", types_funcs, "descriptor", "directory-entry-stream"),
    P2_INTERFACE("wasi:filesystem/preopens@0.2.12", preopens_funcs, NULL),
};
const size_t sgi_p2_filesystem_count = SGI_COUNT(sgi_p2_filesystem);
