/* The guest of the cases of wasi:filesystem: each of its functions, by its name (steps.h). */
#include "steps.h"

typedef steps_borrow_types_descriptor Descriptor;

static const char *const error_codes[] = {"access",
                                          "would-block",
                                          "already",
                                          "bad-descriptor",
                                          "busy",
                                          "deadlock",
                                          "quota",
                                          "exist",
                                          "file-too-large",
                                          "illegal-byte-sequence",
                                          "in-progress",
                                          "interrupted",
                                          "invalid",
                                          "io",
                                          "is-directory",
                                          "loop",
                                          "too-many-links",
                                          "message-size",
                                          "name-too-long",
                                          "no-device",
                                          "no-entry",
                                          "no-lock",
                                          "insufficient-memory",
                                          "insufficient-space",
                                          "not-directory",
                                          "not-empty",
                                          "not-recoverable",
                                          "unsupported",
                                          "no-tty",
                                          "no-such-device",
                                          "overflow",
                                          "not-permitted",
                                          "pipe",
                                          "read-only",
                                          "invalid-seek",
                                          "text-file-busy",
                                          "cross-device"};
static const char *const types[] = {"unknown", "block-device",  "character-device", "directory",
                                    "fifo",    "symbolic-link", "regular-file",     "socket"};
static const char *const path_flags[] = {"symlink-follow"};
static const char *const open_flags[] = {"create", "directory", "exclusive", "truncate"};
static const char *const descriptor_flags[] = {"read",
                                               "write",
                                               "file-integrity-sync",
                                               "data-integrity-sync",
                                               "requested-write-sync",
                                               "mutate-directory"};
static const char *const advices[] = {"normal", "sequential", "random", "will-need", "dont-need", "no-reuse"};

static void tell_code(steps_types_error_code code) {
    tell(error_codes[code]);
}

void tell_failure(steps_borrow_error_error error) {
    steps_option_types_error_code code = steps_types_filesystem_error_code(error);
    tell(code.is_some ? error_codes[code.value] : "none");
}

#define TELL_FILE(call, told) TELL(call, told, tell_code)
#define TELL_VOID(call)       TELL(call, (void)0, tell_code)

/* ---- arguments, results ---- */

static Descriptor descriptor(void) {
    return steps_own_types_descriptor_borrow((steps_own_types_descriptor){read_handle()});
}
static steps_types_path_flags follow(void) {
    return (steps_types_path_flags)read_flags(path_flags, COUNT(path_flags));
}

/* no-change, now, or SECONDS NANOSECONDS */
static steps_types_new_timestamp new_timestamp(void) {
    static const char *const cases[] = {"no-change", "now"};
    steps_types_new_timestamp time = {.tag = read_case(cases, COUNT(cases))};
    if (time.tag == STEPS_TYPES_NEW_TIMESTAMP_TIMESTAMP) {
        time.of.timestamp.seconds = read_number();
        time.of.timestamp.nanoseconds = (uint32_t)read_number();
    }
    return time;
}

static void drop_descriptor(int32_t handle) {
    steps_own_types_descriptor_drop((steps_own_types_descriptor){handle});
}
static void drop_entries(int32_t handle) {
    steps_own_types_directory_entry_stream_drop((steps_own_types_directory_entry_stream){handle});
}

/* What it is unless it is of these days. */
static void tell_time(const char *name, steps_option_wall_clock_datetime time) {
    const uint64_t past = 1000000000, future = 10000000000;
    if (time.is_some && time.value.seconds > past && time.value.seconds < future)
        return;
    tell(name);
    if (time.is_some) {
        tell_number(time.value.seconds);
        tell_number(time.value.nanoseconds);
    } else {
        tell("none");
    }
}

/* Links and sizes of directories are the file system's to say. */
static void tell_stat(const steps_types_descriptor_stat *stat) {
    tell(types[stat->type]);
    if (stat->type != STEPS_TYPES_DESCRIPTOR_TYPE_DIRECTORY) {
        tell("links");
        tell_number(stat->link_count);
        tell("size");
        tell_number(stat->size);
    }
    tell_time("accessed", stat->data_access_timestamp);
    tell_time("modified", stat->data_modification_timestamp);
    tell_time("changed", stat->status_change_timestamp);
}

/* Which of those seen before it is. */
static void tell_hash(steps_types_metadata_hash_value hash) {
    static steps_types_metadata_hash_value seen[16];
    static size_t count;
    size_t i = 0;
    while (i < count && (seen[i].lower != hash.lower || seen[i].upper != hash.upper))
        i++;
    if (i == count && count < COUNT(seen))
        seen[count++] = hash;
    tell_number(i);
}

/* ---- preopens ---- */

static void get_directories(void) {
    steps_list_tuple2_own_types_descriptor_string list = steps_preopens_get_directories();
    tell("ok");
    for (size_t i = 0; i < list.count; i++) {
        tell_handle(list.items[i].f0.handle, drop_descriptor);
        tell_text(list.items[i].f1);
    }
}

/* ---- contents ---- */

static void read_via_stream(void) {
    Descriptor self = descriptor();
    TELL_FILE(steps_types_descriptor_read_via_stream(self, read_number()), tell_input(result.of.ok));
}
static void write_via_stream(void) {
    Descriptor self = descriptor();
    TELL_FILE(steps_types_descriptor_write_via_stream(self, read_number()), tell_output(result.of.ok));
}
static void append_via_stream(void) {
    TELL_FILE(steps_types_descriptor_append_via_stream(descriptor()), tell_output(result.of.ok));
}
static void advise(void) {
    Descriptor self = descriptor();
    uint64_t offset = read_number(), length = read_number();
    TELL_VOID(steps_types_descriptor_advise(self, offset, length, read_case(advices, COUNT(advices))));
}
static void sync_data(void) {
    TELL_VOID(steps_types_descriptor_sync_data(descriptor()));
}
static void sync_all(void) {
    TELL_VOID(steps_types_descriptor_sync(descriptor()));
}
static void set_size(void) {
    Descriptor self = descriptor();
    TELL_VOID(steps_types_descriptor_set_size(self, read_number()));
}
static void read_file(void) {
    Descriptor self = descriptor();
    uint64_t length = read_number();
    TELL_FILE(steps_types_descriptor_read(self, length, read_number()), {
        tell_bytes(result.of.ok.f0.items, result.of.ok.f0.count);
        tell(result.of.ok.f1 ? "true" : "false");
    });
}
static void write_file(void) {
    Descriptor self = descriptor();
    steps_list_u8 buffer = read_bytes();
    TELL_FILE(steps_types_descriptor_write(self, buffer, read_number()), tell_number(result.of.ok));
}

/* ---- attributes ---- */

static void get_flags(void) {
    TELL_FILE(steps_types_descriptor_get_flags(descriptor()),
              tell_flags(result.of.ok, descriptor_flags, COUNT(descriptor_flags)));
}
static void get_type(void) {
    TELL_FILE(steps_types_descriptor_get_type(descriptor()), tell(types[result.of.ok]));
}
static void set_times(void) {
    Descriptor self = descriptor();
    steps_types_new_timestamp access = new_timestamp();
    TELL_VOID(steps_types_descriptor_set_times(self, access, new_timestamp()));
}
static void set_times_at(void) {
    Descriptor self = descriptor();
    steps_types_path_flags flags = follow();
    steps_string path = read_text();
    steps_types_new_timestamp access = new_timestamp();
    TELL_VOID(steps_types_descriptor_set_times_at(self, flags, path, access, new_timestamp()));
}
static void stat_file(void) {
    TELL_FILE(steps_types_descriptor_stat_2(descriptor()), tell_stat(&result.of.ok));
}
static void stat_at(void) {
    Descriptor self = descriptor();
    steps_types_path_flags flags = follow();
    TELL_FILE(steps_types_descriptor_stat_at(self, flags, read_text()), tell_stat(&result.of.ok));
}
static void is_same_object(void) {
    Descriptor self = descriptor();
    tell(steps_types_descriptor_is_same_object(self, descriptor()) ? "true" : "false");
}
static void metadata_hash(void) {
    TELL_FILE(steps_types_descriptor_metadata_hash(descriptor()), tell_hash(result.of.ok));
}
static void metadata_hash_at(void) {
    Descriptor self = descriptor();
    steps_types_path_flags flags = follow();
    TELL_FILE(steps_types_descriptor_metadata_hash_at(self, flags, read_text()), tell_hash(result.of.ok));
}

/* ---- directories ---- */

static void open_at(void) {
    Descriptor self = descriptor();
    steps_types_path_flags flags = follow();
    steps_string path = read_text();
    steps_types_open_flags how = (steps_types_open_flags)read_flags(open_flags, COUNT(open_flags));
    TELL_FILE(steps_types_descriptor_open_at(
                  self, flags, path, how,
                  (steps_types_descriptor_flags)read_flags(descriptor_flags, COUNT(descriptor_flags))),
              tell_handle(result.of.ok.handle, drop_descriptor));
}
static void create_directory_at(void) {
    Descriptor self = descriptor();
    TELL_VOID(steps_types_descriptor_create_directory_at(self, read_text()));
}
static void remove_directory_at(void) {
    Descriptor self = descriptor();
    TELL_VOID(steps_types_descriptor_remove_directory_at(self, read_text()));
}
static void unlink_file_at(void) {
    Descriptor self = descriptor();
    TELL_VOID(steps_types_descriptor_unlink_file_at(self, read_text()));
}
static void readlink_at(void) {
    Descriptor self = descriptor();
    TELL_FILE(steps_types_descriptor_readlink_at(self, read_text()), tell_text(result.of.ok));
}
static void symlink_at(void) {
    Descriptor self = descriptor();
    steps_string old = read_text();
    TELL_VOID(steps_types_descriptor_symlink_at(self, old, read_text()));
}
static void link_at(void) {
    Descriptor self = descriptor();
    steps_types_path_flags flags = follow();
    steps_string old = read_text();
    Descriptor to = descriptor();
    TELL_VOID(steps_types_descriptor_link_at(self, flags, old, to, read_text()));
}
static void rename_at(void) {
    Descriptor self = descriptor();
    steps_string old = read_text();
    Descriptor to = descriptor();
    TELL_VOID(steps_types_descriptor_rename_at(self, old, to, read_text()));
}

/* ---- entries ---- */

static void read_directory(void) {
    TELL_FILE(steps_types_descriptor_read_directory(descriptor()),
              tell_handle(result.of.ok.handle, drop_entries));
}

static steps_borrow_types_directory_entry_stream entries(void) {
    return steps_own_types_directory_entry_stream_borrow(
        (steps_own_types_directory_entry_stream){read_handle()});
}

static void read_directory_entry(void) {
    TELL_FILE(steps_types_directory_entry_stream_read_directory_entry(entries()), {
        tell(result.of.ok.is_some ? types[result.of.ok.value.type] : "none");
        if (result.of.ok.is_some)
            tell_text(result.of.ok.value.name);
    });
}

static int compare(const void *a, const void *b) {
    const steps_types_directory_entry *one = a, *other = b;
    size_t size = one->name.size < other->name.size ? one->name.size : other->name.size;
    int order = memcmp(one->name.data, other->name.data, size);
    return order ? order : (one->name.size > size) - (other->name.size > size);
}

/* All that are left, in order of their names, for their own order is the file system's to say. */
static void read_directory_entries(void) {
    static steps_types_directory_entry found[64];
    size_t count = 0;
    steps_borrow_types_directory_entry_stream self = entries();
    for (;;) {
        steps_result_option_types_directory_entry_types_error_code next =
            steps_types_directory_entry_stream_read_directory_entry(self);
        if (next.is_error) {
            tell_code(next.of.error);
            return;
        }
        if (!next.of.ok.is_some || count == COUNT(found))
            break;
        found[count++] = next.of.ok.value;
    }
    qsort(found, count, sizeof *found, compare);
    tell("ok");
    for (size_t i = 0; i < count; i++) {
        tell(types[found[i].type]);
        tell_text(found[i].name);
    }
}

const Function functions[] = {
    {"get-directories", get_directories},
    {"read-via-stream", read_via_stream},
    {"write-via-stream", write_via_stream},
    {"append-via-stream", append_via_stream},
    {"advise", advise},
    {"sync-data", sync_data},
    {"sync", sync_all},
    {"get-flags", get_flags},
    {"get-type", get_type},
    {"set-size", set_size},
    {"set-times", set_times},
    {"set-times-at", set_times_at},
    {"read", read_file},
    {"write", write_file},
    {"read-directory", read_directory},
    {"read-directory-entry", read_directory_entry},
    {"read-directory-entries", read_directory_entries},
    {"create-directory-at", create_directory_at},
    {"stat", stat_file},
    {"stat-at", stat_at},
    {"link-at", link_at},
    {"open-at", open_at},
    {"readlink-at", readlink_at},
    {"remove-directory-at", remove_directory_at},
    {"rename-at", rename_at},
    {"symlink-at", symlink_at},
    {"unlink-file-at", unlink_file_at},
    {"is-same-object", is_same_object},
    {"metadata-hash", metadata_hash},
    {"metadata-hash-at", metadata_hash_at},
    {NULL, NULL},
};
