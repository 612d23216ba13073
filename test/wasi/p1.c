/* The cases of preview 1:   wasi_p1 GUEST CASES [record | repeat]
 *
 * A step of CASES (cases.h) is `function arguments`:
 *
 *   17, -1, 0x40         numbers
 *   "text"*2             pointer and length of bytes           &40   pointer and length of a buffer
 *   {"a","b"} or {4,2}   pointer and count of vectors          @     a pointer to a result
 *   ?                    at the end: only the errno counts
 *   .ino .ino~ .fs_rights_base&4    at the end: these fields count; ~: < = > than of the last filestat; &
 * masks
 *
 * `list FD SIZE` is fd_readdir through buffers of SIZE bytes as far as the end: names:types, sorted, where
 * inodes and types are those of path_filestat_get, and each cookie leads to the same entry once more.
 *
 * Descriptors: 3 and 4 are directories, the latter read-only; 5, 6, 7 a file to read, to write, for both; 8 a
 * directory below 3; 9 the file to append. `record` prints the cases with what they give now; `repeat` calls
 * those that end with ?, which have arguments at their extremes, a thousand times each in one store, whose
 * memory must not grow. */
#include "cases.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The guest as a module, or as the component that componentize makes of it (p1.wit). */
static sg_module *module;
static sg_prepared *prepared;

/* ---- the guest ---- */

enum { COPY_SIZE = 131064 }; /* what `poke` and `peek` of a component are about */

typedef struct Guest {
    sg_store *store;
    sg_core_instance *instance;
    sg_instance *component; /* instead of it; memory is a copy of its memory then */
    uint8_t *memory;
    uint8_t filestat[64]; /* the last */
} Guest;

static const char *const program_arguments[] = {"program", "first", "the\"second\"arg", "3"};
static const char *const variables[][2] = {{"a", "text"}, {"b", "escap\"ing"}, {"c", "new\nline"}};

static void start_module(Guest *guest) {
    sg_extern imports[64], memory;
    sg_string from, name;
    sg_extern_kind kind;
    size_t count = 0, memory_size;
    for (; sg_module_import(module, count, &from, &name, &kind); count++)
        if (sg_wasi_import(guest->store, from, name, &imports[count], &error) != SG_OK)
            die("import");
    guest->instance = sg_core_instance_new(guest->store, module, imports, count, &error);
    if (guest->instance == NULL ||
        sg_core_instance_find(guest->instance, "memory", 6, &memory, &error) != SG_OK)
        die("instance");
    guest->memory = sg_core_memory_data(memory.of.memory, &memory_size);
}

static void start_component(Guest *guest) {
    static uint8_t copy[COPY_SIZE];
    memset(copy, 0, sizeof copy);
    guest->memory = copy;
    guest->component = sg_prepared_instantiate(prepared, guest->store, &error);
    if (guest->component == NULL)
        die("instance");
}

static void *start(const char *top) {
    static Guest guest;
    const sg_limits limits = {.size = sizeof limits, .timeout_ns = UINT64_C(5000000000)};
    guest = (Guest){.store = sg_store_new(engine, &limits, &error)};
    sg_wasi *wasi = grant_tree(top);
    for (size_t i = 0; i < COUNT(program_arguments); i++)
        if (sg_wasi_add_argument(wasi, program_arguments[i], &error) != SG_OK)
            die("argument");
    for (size_t i = 0; i < COUNT(variables); i++)
        if (sg_wasi_add_env(wasi, variables[i][0], variables[i][1], &error) != SG_OK)
            die("variable");
    if (guest.store == NULL || sg_wasi_attach(wasi, guest.store, &error) != SG_OK)
        die("store");
    sg_wasi_delete(wasi);
    if (prepared)
        start_component(&guest);
    else
        start_module(&guest);
    return &guest;
}

static void end(void *context) {
    sg_store_delete(((Guest *)context)->store);
}

/* ---- one step ---- */

enum { ARGUMENTS_MAX = 16, BUFFERS_MAX = 8, FIELDS_MAX = 8, CELL_SIZE = 64 };

/* Of $filestat and $fdstat. */
static const struct {
    const char *name;
    unsigned at, size;
} fields[] = {{"dev", 0, 8},
              {"ino", 8, 8},
              {"filetype", 16, 1},
              {"nlink", 24, 8},
              {"size", 32, 8},
              {"atim", 40, 8},
              {"mtim", 48, 8},
              {"ctim", 56, 8},
              {"fs_rights_base", 8, 8},
              {"fs_rights_inheriting", 16, 8}};

typedef struct Step {
    Guest *guest;
    const char *at; /* in the text of the arguments */
    uint32_t free;  /* memory */
    uint64_t arguments[ARGUMENTS_MAX];
    size_t count;
    uint32_t cells[ARGUMENTS_MAX], cell; /* results'; the last one's */
    size_t cell_count;
    struct {
        uint32_t at, size;
    } buffers[BUFFERS_MAX];
    size_t buffer_count;
    struct {
        size_t of; /* fields */
        bool compares;
        uint64_t mask; /* 0: none */
    } wanted[FIELDS_MAX];
    size_t wanted_count;
    bool only_errno;
} Step;

static void push(Step *step, uint64_t value) {
    if (step->count < ARGUMENTS_MAX)
        step->arguments[step->count++] = value;
}

static uint32_t place(Step *step, size_t size) {
    uint32_t at = step->free;
    memset(step->guest->memory + at, 0, size);
    step->free = (uint32_t)(at + size + 15) & ~15u;
    return at;
}

static void push_buffer(Step *step, uint32_t at, size_t size) {
    step->buffers[step->buffer_count].at = at;
    step->buffers[step->buffer_count++].size = (uint32_t)size;
}

/* "text"*times, into memory; answers where. */
static uint32_t place_text(Step *step, size_t *size) {
    uint32_t at = step->free;
    uint8_t *to = step->guest->memory + at;
    *size = 0;
    for (step->at++; *step->at != '"'; step->at++) {
        char c = *step->at;
        if (c == '\\' && step->at[1] == '0') {
            c = '\0';
            step->at++;
        } else if (c == '\\' && step->at[1] == 'x') {
            c = (char)strtoul((char[]){step->at[2], step->at[3], 0}, NULL, 16);
            step->at += 3;
        }
        to[(*size)++] = (uint8_t)c;
    }
    step->at++;
    if (*step->at == '*') {
        unsigned long times = strtoul(step->at + 1, (char **)(uintptr_t)&step->at, 10);
        for (unsigned long i = 1; i < times; i++)
            memcpy(to + i * *size, to, *size);
        *size *= times;
    }
    step->free = (uint32_t)(at + *size + 15) & ~15u;
    return at;
}

static void read_vectors(Step *step) {
    size_t first = step->buffer_count;
    while (*step->at != '}') {
        size_t size;
        step->at++;
        if (*step->at == '"') {
            uint32_t at = place_text(step, &size);
            push_buffer(step, at, size);
        } else {
            size = strtoul(step->at, (char **)(uintptr_t)&step->at, 10);
            push_buffer(step, place(step, size), size);
        }
    }
    step->at++;
    uint32_t vectors = place(step, 8 * (step->buffer_count - first));
    for (size_t i = first; i < step->buffer_count; i++)
        memcpy(step->guest->memory + vectors + 8 * (i - first), &step->buffers[i], 8);
    push(step, vectors);
    push(step, step->buffer_count - first);
}

static void read_field(Step *step) {
    size_t length = strcspn(++step->at, " ~&=");
    for (size_t i = 0; i < COUNT(fields); i++)
        if (strlen(fields[i].name) == length && memcmp(fields[i].name, step->at, length) == 0)
            step->wanted[step->wanted_count].of = i;
    step->at += length;
    step->wanted[step->wanted_count].compares = *step->at == '~';
    if (*step->at == '&')
        step->wanted[step->wanted_count].mask = strtoull(step->at + 1, (char **)(uintptr_t)&step->at, 0);
    else if (*step->at == '~')
        step->at++;
    step->wanted_count++;
}

static void read_argument(Step *step) {
    size_t size;
    switch (*step->at) {
    case '?':
        step->only_errno = true;
        step->at++;
        break;
    case '@':
        step->cell = step->cells[step->cell_count++] = place(step, CELL_SIZE);
        push(step, step->cell);
        step->at++;
        break;
    case '&':
        size = strtoul(step->at + 1, (char **)(uintptr_t)&step->at, 10);
        push_buffer(step, place(step, size), size);
        push(step, step->buffers[step->buffer_count - 1].at);
        push(step, size);
        break;
    case '"': {
        uint32_t at = place_text(step, &size);
        push(step, at);
        push(step, size);
        break;
    }
    case '{': read_vectors(step); break;
    case '.': read_field(step); break;
    case '-': push(step, (uint64_t)strtoll(step->at, (char **)(uintptr_t)&step->at, 0)); break;
    default: push(step, strtoull(step->at, (char **)(uintptr_t)&step->at, 0));
    }
}

static uint64_t number(const Step *step, uint32_t at, unsigned size) {
    uint64_t value = 0;
    memcpy(&value, step->guest->memory + at, size);
    return value;
}

/* ---- what a function that succeeded gave ---- */

/* What comes after the errno. */
typedef struct Output {
    char *to;
    size_t size;
} Output;

static void print(Output *out, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int count = vsnprintf(out->to, out->size, format, list);
    va_end(list);
    size_t used = count < 0 ? 0 : (size_t)count < out->size ? (size_t)count : out->size - 1;
    out->to += used;
    out->size -= used;
}

static void print_bytes(Output *out, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        print(out, bytes[i] == '\n' ? "\\n" : "%c", bytes[i] ? bytes[i] : '.');
}

static void print_fields(const Step *step, Output *out) {
    for (size_t i = 0; i < step->wanted_count; i++) {
        size_t of = step->wanted[i].of;
        uint64_t value = number(step, step->cell + fields[of].at, fields[of].size), before = 0;
        memcpy(&before, step->guest->filestat + fields[of].at, fields[of].size);
        if (step->wanted[i].compares)
            print(out, " %s%s", fields[of].name, value < before ? "<" : value > before ? ">" : "=");
        else if (step->wanted[i].mask)
            print(out, " %s&0x%" PRIx64, fields[of].name, value & step->wanted[i].mask);
        else
            print(out, " %s=%" PRIu64, fields[of].name, value);
    }
}

static void print_filestat(const Step *step, Output *out) {
    enum { REGULAR = 4 };
    uint64_t type = number(step, step->cell + 16, 1);
    print(out, " type=%" PRIu64 " links=%" PRIu64 " size=%" PRIu64, type,
          type == REGULAR ? number(step, step->cell + 24, 8) : 0,
          type == REGULAR ? number(step, step->cell + 32, 8) : 0);
}

static void print_read(const Step *step, Output *out) {
    uint64_t left = number(step, step->cell, 4);
    print(out, " %" PRIu64 " ", left);
    for (size_t i = 0; i < step->buffer_count; i++) {
        size_t part = left < step->buffers[i].size ? (size_t)left : step->buffers[i].size;
        print_bytes(out, step->guest->memory + step->buffers[i].at, part);
        left -= part;
    }
}

/* Arguments or variables, whose pointers are in the first of two cells. */
static void print_texts(const Step *step, Output *out) {
    uint64_t at;
    for (uint32_t i = step->cells[0]; i < step->cells[1] && (at = number(step, i, 4)) != 0; i += 4) {
        const uint8_t *text = step->guest->memory + at;
        print(out, " ");
        print_bytes(out, text, strlen((const char *)text));
    }
}

/* `names` end with NULL. */
static bool is_one_of(const char *name, const char *const *names) {
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

#define IS(...) is_one_of(name, (const char *const[]){__VA_ARGS__, NULL})

static void print_outputs(const Step *step, const char *name, Output *out) {
    if (step->wanted_count)
        print_fields(step, out);
    else if (IS("fd_read", "fd_pread", "path_readlink"))
        print_read(step, out);
    else if (IS("fd_write", "fd_pwrite", "path_open", "fd_readdir"))
        print(out, " %" PRIu64, number(step, step->cell, 4));
    else if (IS("fd_seek", "fd_tell"))
        print(out, " %" PRIu64, number(step, step->cell, 8));
    else if (IS("fd_prestat_get"))
        print(out, " %" PRIu64, number(step, step->cell + 4, 4));
    else if (IS("fd_prestat_dir_name")) {
        print(out, " ");
        print_bytes(out, step->guest->memory + step->buffers[0].at, step->buffers[0].size);
    } else if (IS("fd_fdstat_get"))
        print(out, " type=%" PRIu64 " flags=%" PRIu64, number(step, step->cell, 1),
              number(step, step->cell + 2, 2));
    else if (IS("fd_filestat_get", "path_filestat_get"))
        print_filestat(step, out);
    else if (IS("args_get", "environ_get"))
        print_texts(step, out);
    else if (IS("args_sizes_get", "environ_sizes_get"))
        print(out, " %" PRIu64 " %" PRIu64, number(step, step->cells[0], 4), number(step, step->cell, 4));
    if (IS("fd_filestat_get", "path_filestat_get"))
        memcpy(step->guest->filestat, step->guest->memory + step->cell, sizeof step->guest->filestat);
}

/* ---- calls ---- */

static sg_status call_module(Guest *guest, const char *name, const uint64_t *values, size_t count,
                             int32_t *code) {
    sg_extern item;
    sg_core_value arguments[ARGUMENTS_MAX], answer = {0};
    if (sg_core_instance_find(guest->instance, name, strlen(name), &item, &error) != SG_OK ||
        sg_core_func_param_count(item.of.func) != count)
        die(name);
    for (size_t i = 0; i < count; i++) {
        arguments[i].kind = sg_core_func_param(item.of.func, i);
        if (arguments[i].kind == SG_CORE_I32)
            arguments[i].of.i32 = (int32_t)values[i];
        else
            arguments[i].of.i64 = (int64_t)values[i];
    }
    sg_status status = sg_core_func_call(item.of.func, arguments, count, &answer,
                                         sg_core_func_result_count(item.of.func), &error);
    *code = answer.of.i32;
    return status;
}

static sg_func *find(Guest *guest, const char *name) {
    char kebab[64];
    size_t size = strlen(name) + 1;
    for (size_t i = 0; i < size; i++)
        kebab[i] = name[i] == '_' ? '-' : name[i];
    sg_func *func = sg_instance_find_func(guest->component, kebab, &error);
    if (func == NULL)
        die(name);
    return func;
}

static sg_status call_component(Guest *guest, const char *name, const uint64_t *values, size_t count,
                                int32_t *code) {
    sg_value arguments[ARGUMENTS_MAX], answer = {.kind = SG_U32};
    sg_value memory = {.kind = SG_BYTES, .of.bytes = {guest->memory, COPY_SIZE}};
    sg_func *func = find(guest, name);
    if (sg_func_param_count(func) != count)
        die(name);
    for (size_t i = 0; i < count; i++) {
        arguments[i].kind = sg_type_kind(sg_func_param_type(func, i));
        if (arguments[i].kind == SG_U32)
            arguments[i].of.u32 = (uint32_t)values[i];
        else
            arguments[i].of.u64 = values[i];
    }
    sg_status status = sg_func_call(find(guest, "poke"), &memory, 1, NULL, &error);
    if (status == SG_OK)
        status = sg_func_call(func, arguments, count, &answer, &error);
    *code = answer.kind == SG_U32 ? (int32_t)answer.of.u32 : 0;
    if (status == SG_OK)
        status = sg_func_call(find(guest, "peek"), NULL, 0, &memory, &error);
    if (status == SG_OK)
        memcpy(guest->memory, memory.of.bytes.data, COPY_SIZE);
    return status;
}

/* As many as the function has. Traps and exits are errors. */
static sg_status call(Guest *guest, const char *name, const uint64_t *values, size_t count, int32_t *code) {
    return (prepared ? call_component : call_module)(guest, name, values, count, code);
}

static const char *errno_name(int32_t code) {
    static const char *const names[] = {
#define WASI_ERRNO(name, filesystem, sockets) #name,
#include <sandglass/wasi_errors.def>
#undef WASI_ERRNO
    };
    return (size_t)code < COUNT(names) ? names[code] : "no errno";
}

/* ---- list ---- */

enum { ENTRIES_MAX = 64, ENTRIES_AT = 1024, ENTRIES_SIZE = 16384 };

typedef struct Entry {
    uint64_t next, inode;
    uint32_t name_size;
    uint8_t type;
    char name[64];
} Entry;

typedef struct List {
    Guest *guest;
    uint64_t fd;
    Entry entries[ENTRIES_MAX];
    size_t count;
} List;

/* Whole entries are added; true: the directory goes on. */
static bool read_entries(List *list, uint64_t cookie, uint32_t size, int32_t *code) {
    enum { USED_AT = 512, DIRENT_SIZE = 24 };
    const uint64_t arguments[] = {list->fd, ENTRIES_AT, size, cookie, USED_AT};
    const uint8_t *memory = list->guest->memory;
    uint32_t used = 0, at = 0;
    if (call(list->guest, "fd_readdir", arguments, COUNT(arguments), code) != SG_OK || *code != 0)
        return false;
    memcpy(&used, memory + USED_AT, sizeof used);
    while (list->count < ENTRIES_MAX && used - at >= DIRENT_SIZE) {
        Entry *entry = &list->entries[list->count];
        memcpy(entry, memory + ENTRIES_AT + at, DIRENT_SIZE);
        at += DIRENT_SIZE;
        if (entry->name_size > used - at || entry->name_size >= sizeof entry->name)
            break;
        snprintf(entry->name, sizeof entry->name, "%.*s", (int)entry->name_size,
                 (const char *)memory + ENTRIES_AT + at);
        at += entry->name_size;
        list->count++;
    }
    return used == size;
}

/* It is in the directory what the entry says. */
static bool is_true(const List *list, const Entry *entry) {
    enum { STAT_AT = 512 };
    const uint64_t arguments[] = {list->fd, 0, ENTRIES_AT, entry->name_size, STAT_AT};
    int32_t code;
    uint8_t *memory = list->guest->memory;
    if (strcmp(entry->name, "..") == 0)
        return true;
    memcpy(memory + ENTRIES_AT, entry->name, entry->name_size);
    return call(list->guest, "path_filestat_get", arguments, COUNT(arguments), &code) == SG_OK && code == 0 &&
           memcmp(memory + STAT_AT + 8, &entry->inode, 8) == 0 && memory[STAT_AT + 16] == entry->type;
}

static int compare_entries(const void *a, const void *b) {
    return strcmp(((const Entry *)a)->name, ((const Entry *)b)->name);
}

static void run_list(Guest *guest, uint64_t fd, uint32_t size, Output *out) {
    List list = {.guest = guest, .fd = fd}, again = list;
    int32_t code;
    size_t before;
    bool goes_on;
    do {
        before = list.count;
        goes_on = read_entries(&list, before ? list.entries[before - 1].next : 0, size, &code);
    } while (goes_on && list.count > before);
    print(out, "%s", goes_on ? "no room" : errno_name(code));
    for (size_t i = list.count; i-- > 0; again.count = 0) {
        int32_t ignored;
        read_entries(&again, list.entries[i].next, ENTRIES_SIZE, &ignored);
        if (again.count != list.count - i - 1 ||
            (again.count && strcmp(again.entries[0].name, list.entries[i + 1].name) != 0))
            print(out, " lost after %s", list.entries[i].name);
    }
    qsort(list.entries, list.count, sizeof *list.entries, compare_entries);
    for (size_t i = 0; i < list.count; i++)
        print(out, " %s%s:%u", is_true(&list, &list.entries[i]) ? "" : "not ", list.entries[i].name,
              (unsigned)list.entries[i].type);
}

/* ---- steps ---- */

static void run(void *context, const char *text, char *result, size_t size) {
    char name[64];
    Guest *guest = context;
    Step step = {.guest = guest, .at = text, .free = 1024};
    Output out = {result, size};
    size_t length = strcspn(text, " ");
    int32_t code;
    int exit_code;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    step.at += length;
    while (*(step.at += strspn(step.at, " ")) != '\0')
        read_argument(&step);
    if (strcmp(name, "list") == 0) {
        run_list(guest, step.arguments[0], (uint32_t)step.arguments[1], &out);
        return;
    }
    sg_status status = call(guest, name, step.arguments, step.count, &code);
    if (status != SG_OK && error.trap == SG_TRAP_EXIT && sg_wasi_exit_code(guest->store, &exit_code))
        print(&out, "EXIT %d", exit_code);
    else if (status != SG_OK)
        print(&out, error.trap == SG_TRAP_DEADLINE ? "DEADLINE" : "TRAP");
    else
        print(&out, "%s", errno_name(code));
    if (status == SG_OK && code == 0 && !step.only_errno)
        print_outputs(&step, name, &out);
}

/* ---- again and again ---- */

static void repeat_case(Guest *guest, char *line) {
    enum { TIMES = 1000 };
    char result[512], *end_of_step = strstr(line, " ? = ");
    /* What closes a descriptor, or takes rights away, leaves nothing to do for the others. */
    if (end_of_step == NULL || strstr(line, "fd_close") || strstr(line, "fd_renumber") ||
        strstr(line, "set_rights"))
        return;
    end_of_step[2] = '\0';
    for (int i = 0; i < TIMES; i++)
        run(guest, line, result, sizeof result);
}

/* The process's memory has not grown by more than what the budget of one store allows, nor the store's. */
static bool is_bounded(sg_store *store, long before_kib) {
    enum { GROWTH_KIB = 32 * 1024 };
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    sg_usage used = sg_store_usage(store);
    printf("%ld KiB more, %" PRIu64 " bytes for the store at most\n", usage.ru_maxrss - before_kib,
           used.peak_host_bytes);
    return usage.ru_maxrss - before_kib <= GROWTH_KIB;
}

static bool repeat_all(const char *path) {
    static char line[8192];
    char top[TOP_SIZE];
    struct rusage before;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die(path);
    make_tree(top);
    getrusage(RUSAGE_SELF, &before);
    Guest *guest = start(top);
    while (fgets(line, sizeof line, file))
        repeat_case(guest, line);
    bool is_good = is_bounded(guest->store, before.ru_maxrss);
    end(guest);
    remove_tree(top);
    fclose(file);
    return is_good;
}

static bool ends_in(const char *path, const char *end) {
    return strlen(path) > strlen(end) && strcmp(path + strlen(path) - strlen(end), end) == 0;
}

static void load(const char *path) {
    static char text[65536];
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(text, 1, sizeof text, file) : 0;
    if (file)
        fclose(file);
    if (ends_in(path, ".wat")) {
        module = sg_module_load(engine, text, size, &error);
        return;
    }
    sg_component *component = sg_component_load(engine, text, size, &error);
    sg_linker *linker = component ? sg_linker_new(engine, &error) : NULL;
    if (linker && sg_wasi_define(linker, &error) == SG_OK)
        prepared = sg_linker_prepare(linker, component, &error);
    sg_linker_delete(linker);
    sg_component_delete(component);
}

int main(int argc, char **argv) {
    engine = sg_engine_new(NULL, &error);
    if (argc > 2 && engine)
        load(argv[1]);
    if (module == NULL && prepared == NULL)
        die("usage: wasi_p1 GUEST CASES [record | repeat]");
    bool is_good = argc > 3 && strcmp(argv[3], "repeat") == 0
                       ? repeat_all(argv[2])
                       : run_cases(argv[2], &(Host){NULL, start, run, end}, argc > 3);
    sg_prepared_delete(prepared);
    sg_module_delete(module);
    sg_engine_delete(engine);
    return !is_good;
}
