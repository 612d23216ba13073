/* Preview 1: its functions by name; the guest's memory; descriptors; arguments, clocks, random numbers, exit.
 */
#include "wasi/p1.h"

#include <string.h>

/* ---- functions ---- */

typedef sg_wasi_errno P1Run(P1 *p, const Slot *arguments);

enum { PARAMS_MAX = 9 };

/* Of p1.def; the types are those of FuncInsts in any store. */
typedef struct P1Func {
    const char *name;
    P1Run *run;
    bool in_unstable;
    const char *parameters;
} P1Func;

static const P1Func funcs[] = {
#define P1_FUNC(name, parameters, in_unstable) {#name, sgi_p1_##name, in_unstable, parameters},
#include "wasi/p1.def"
#undef P1_FUNC
};

/* The memory that the caller exports as "memory". */
static MemoryInst *memory_of(P1Table *table, const Instance *caller) {
    if (table->caller == caller)
        return table->memory;
    Extern item;
    table->caller = caller;
    table->memory =
        caller && sgi_instance_export(caller, BYTES_OF("memory"), &item) && item.kind == EXTERN_MEMORY
            ? item.as.memory
            : NULL;
    return table->memory;
}

static sg_wasi_errno make_table(WasiState *state);

static sg_trap run(void *context, ExecContext *cx, FuncInst *func, Slot *slots) {
    const P1Func *row = context;
    P1 p = {.state = sgi_wasi_state(cx->store), .store = cx->store};
    if (p.state == NULL)
        return SG_TRAP_HOST_BYTES_LIMIT;
    sg_wasi_errno error = make_table(p.state);
    if (error == SG_WASI_SUCCESS) {
        p.memory = memory_of(p.state->p1, cx->caller);
        error = row->run(&p, slots);
    }
    if (p.trap == SG_TRAP_NONE && func->type->result_count)
        slots[0].u32 = (uint32_t)error;
    return p.trap;
}

static const FuncType *make_type(Store *store, const char *parameters, bool has_result) {
    size_t count = strlen(parameters);
    struct {
        FuncType type;
        ValType params[PARAMS_MAX], result;
    } *made = sgi_store_alloc(store, sizeof *made);
    if (made == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        made->params[i] = parameters[i] == 'i' ? VAL_I32 : VAL_I64;
    made->result = VAL_I32;
    made->type = sgi_func_type(made->params, (uint32_t)count, &made->result, has_result);
    return &made->type;
}

static const P1Func *find(Bytes module, Bytes name) {
    bool is_unstable = sgi_bytes_is(module, "wasi_unstable");
    if (!is_unstable && !sgi_bytes_is(module, "wasi_snapshot_preview1"))
        return NULL;
    for (size_t i = 0; i < SGI_COUNT(funcs); i++)
        if (sgi_bytes_is(name, funcs[i].name))
            return is_unstable && !funcs[i].in_unstable ? NULL : &funcs[i];
    return NULL;
}

sg_status sgi_wasi_import(Store *store, Bytes module, Bytes name, FuncInst **func, sg_error *err) {
    const P1Func *row = find(module, name);
    *func = NULL;
    if (row == NULL)
        return sgi_fail(err, SG_NOT_FOUND, SG_NO_OFFSET, "no such function of WASI", "\"%.*s\" \"%.*s\"",
                        (int)module.size, (const char *)module.data, (int)name.size, (const char *)name.data);
    const FuncType *type = make_type(store, row->parameters, row->run != sgi_p1_proc_exit);
    if (type == NULL)
        return sgi_store_no_memory(store, err);
    /* The rows are constants; hosts' contexts are not, by type. */
    *func = sgi_host_func_new(store, type, run, (void *)(uintptr_t)row, NULL, err);
    return *func ? SG_OK : err ? err->status : SG_NO_MEMORY;
}

/* ---- memory ---- */

uint8_t *sgi_p1_at(P1 *p, uint32_t at, uint64_t size, unsigned alignment) {
    uint8_t *pointer = p->memory ? sgi_memory_at(p->memory, at, size) : NULL;
    if (at % alignment)
        p->trap = SG_TRAP_POINTER_UNALIGNED;
    else if (pointer == NULL)
        p->trap = SG_TRAP_MEMORY_OUT_OF_BOUNDS;
    return p->trap == SG_TRAP_NONE ? pointer : NULL;
}

sg_trap sgi_p1_pay(P1 *p, uint64_t size) {
    sg_trap trap = sgi_fuel_charge(&p->store->cx, sgi_fuel_steps(size, FUEL_STEP_BYTES));
    return trap == SG_TRAP_NONE ? sgi_poll(&p->store->cx) : trap;
}

sg_wasi_errno sgi_p1_path(P1 *p, uint32_t at, uint32_t size, uint8_t buffer[P1_PATH_MAX], Bytes *path) {
    const uint8_t *from;
    P1_AT(from, at, size, 1);
    uint32_t kept = size < P1_PATH_MAX ? size : P1_PATH_MAX;
    P1_TRAP(sgi_p1_pay(p, kept));
    for (uint32_t i = 0; i < kept; i++)
        sgi_memory_load(p->memory->shared != NULL, buffer + i, from + i, 1);
    *path = (Bytes){buffer, kept};
    return SG_WASI_SUCCESS;
}

/* ---- descriptors ---- */

static const uint64_t all_rights = (UINT64_C(1) << RIGHT_COUNT) - 1;

static bool is_free(const P1Fd *fd) {
    return fd->stream == NULL && fd->file == NULL;
}

static sg_wasi_errno add_stdio(WasiState *state, P1Table *table) {
    for (int i = 0; i < 3; i++) {
        WasiStream *stream = sgi_wasi_stdio(state, (sg_wasi_stdio)i);
        P1Fd fd = {.stream = stream,
                   .rights = (i == 0 ? RIGHT(FD_READ) : RIGHT(FD_WRITE)) | RIGHT(FD_FDSTAT_SET_FLAGS) |
                             RIGHT(FD_FILESTAT_GET) | RIGHT(POLL_FD_READWRITE)};
        if (stream == NULL || !sgi_vec_push(&state->store->alloc, &table->fds, fd))
            return SG_WASI_NOMEM;
    }
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno add_dirs(WasiState *state, P1Table *table) {
    for (size_t i = 0; i < state->grants.dirs.count; i++) {
        const WasiDir *dir = &state->grants.dirs.items[i];
        sg_wasi_errno error;
        P1Fd fd = {.preopen = dir,
                   .inheriting = all_rights,
                   .rights = all_rights & ~(RIGHT(FD_READ) | RIGHT(FD_WRITE) | RIGHT(FD_SEEK) |
                                            RIGHT(FD_TELL) | RIGHT(FD_FILESTAT_SET_SIZE) |
                                            RIGHT(FD_ALLOCATE) | RIGHT(SOCK_SHUTDOWN) | RIGHT(SOCK_ACCEPT))};
        if (!sgi_vec_reserve(&state->store->alloc, &table->fds, 1))
            return SG_WASI_NOMEM;
        fd.file = sgi_file_of_dir(state, dir, &error);
        if (fd.file == NULL)
            return error;
        table->fds.items[table->fds.count++] = fd;
    }
    return SG_WASI_SUCCESS;
}

/* The first call of a store makes it, and the descriptors that a program starts with. */
static sg_wasi_errno make_table(WasiState *state) {
    if (SGI_LIKELY(state->p1 != NULL))
        return SG_WASI_SUCCESS;
    P1Table *table = sgi_alloc_zero(&state->store->alloc, sizeof *table);
    if (table == NULL)
        return SG_WASI_NOMEM;
    state->p1 = table;
    sg_wasi_errno error = add_stdio(state, table);
    if (error == SG_WASI_SUCCESS)
        error = add_dirs(state, table);
    table->first_free = table->fds.count;
    if (error != SG_WASI_SUCCESS)
        sgi_p1_free(state);
    return error;
}

void sgi_p1_free(WasiState *state) {
    P1Table *table = state->p1;
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->fds.count; i++)
        sgi_wasi_release(table->fds.items[i].file ? &table->fds.items[i].file->object : NULL);
    sgi_vec_free(&state->store->alloc, &table->fds);
    sgi_free(&state->store->alloc, table, sizeof *table);
    state->p1 = NULL;
}

sg_wasi_errno sgi_p1_fd(P1 *p, uint32_t number, uint64_t rights, P1Fd **fd) {
    P1Table *table = p->state->p1;
    if (number >= table->fds.count || is_free(&table->fds.items[number]))
        return SG_WASI_BADF;
    *fd = &table->fds.items[number];
    return rights & ~(*fd)->rights ? SG_WASI_NOTCAPABLE : SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_file(P1 *p, uint32_t number, uint64_t rights, P1Fd **fd) {
    P1_TRY(sgi_p1_fd(p, number, 0, fd));
    return (*fd)->file == NULL       ? SG_WASI_BADF
           : rights & ~(*fd)->rights ? SG_WASI_NOTCAPABLE
                                     : SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_dir(P1 *p, uint32_t number, uint64_t rights, P1Fd **fd) {
    P1_TRY(sgi_p1_fd(p, number, 0, fd));
    return (*fd)->file == NULL || (*fd)->file->type != OS_FILE_DIRECTORY ? SG_WASI_NOTDIR
           : rights & ~(*fd)->rights                                     ? SG_WASI_NOTCAPABLE
                                                                         : SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_add_fd(P1 *p, WasiFile *file, uint64_t rights, uint64_t inheriting, unsigned flags,
                            uint32_t *number) {
    P1Table *table = p->state->p1;
    size_t at = table->first_free;
    while (at < table->fds.count && !is_free(&table->fds.items[at]))
        at++;
    if (at == table->fds.count && !sgi_vec_push(&p->store->alloc, &table->fds, (P1Fd){0})) {
        sgi_wasi_release(&file->object);
        return SG_WASI_NOMEM;
    }
    table->first_free = at + 1;
    table->fds.items[at] = (P1Fd){.file = file, .rights = rights, .inheriting = inheriting};
    sgi_p1_set_flags(&table->fds.items[at], flags);
    *number = (uint32_t)at;
    return SG_WASI_SUCCESS;
}

void sgi_p1_free_fd(P1 *p, P1Fd *fd) {
    P1Table *table = p->state->p1;
    size_t at = (size_t)(fd - table->fds.items);
    sgi_wasi_release(fd->file ? &fd->file->object : NULL);
    *fd = (P1Fd){0};
    if (at < table->first_free)
        table->first_free = at;
}

/* ---- arguments and environment ---- */

/* Writes pointers to texts at `list`, and the texts, each with its NUL, at `buffer`. */
static sg_wasi_errno put_text(P1 *p, uint32_t *list, uint32_t *buffer, Bytes text, Bytes rest) {
    uint64_t size = text.size + (rest.data ? rest.size + 1 : 0) + 1;
    uint8_t *to;
    P1_TRAP(sgi_p1_pay(p, size));
    P1_AT(to, *list, 4, 4);
    sgi_p1_put(p, to, *buffer, 4);
    P1_AT(to, *buffer, size, 1);
    memcpy(to, text.data, text.size);
    if (rest.data) {
        to[text.size] = '=';
        memcpy(to + text.size + 1, rest.data, rest.size);
    }
    to[size - 1] = '\0';
    *list += 4;
    *buffer += (uint32_t)size;
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno put_sizes(P1 *p, const Slot *a, uint64_t count, uint64_t size) {
    uint8_t *count_at, *size_at;
    P1_AT(count_at, a[0].u32, 4, 4);
    P1_AT(size_at, a[1].u32, 4, 4);
    if (count > UINT32_MAX || size > UINT32_MAX)
        return SG_WASI_OVERFLOW;
    sgi_p1_put(p, count_at, count, 4);
    sgi_p1_put(p, size_at, size, 4);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_args_get(P1 *p, const Slot *a) {
    const WasiGrants *grants = &p->state->grants;
    uint32_t list = a[0].u32, buffer = a[1].u32;
    for (size_t i = 0; i < grants->arguments.count; i++)
        P1_TRY(put_text(p, &list, &buffer, grants->arguments.items[i], (Bytes){0}));
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_args_sizes_get(P1 *p, const Slot *a) {
    const WasiGrants *grants = &p->state->grants;
    uint64_t size = 0;
    for (size_t i = 0; i < grants->arguments.count; i++)
        size += grants->arguments.items[i].size + 1;
    return put_sizes(p, a, grants->arguments.count, size);
}

sg_wasi_errno sgi_p1_environ_get(P1 *p, const Slot *a) {
    const WasiGrants *grants = &p->state->grants;
    uint32_t list = a[0].u32, buffer = a[1].u32;
    for (size_t i = 0; i < grants->environment.count; i++) {
        const WasiVariable *variable = &grants->environment.items[i];
        P1_TRY(put_text(p, &list, &buffer, variable->name, variable->value));
    }
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_environ_sizes_get(P1 *p, const Slot *a) {
    const WasiGrants *grants = &p->state->grants;
    uint64_t size = 0;
    for (size_t i = 0; i < grants->environment.count; i++)
        size += grants->environment.items[i].name.size + grants->environment.items[i].value.size + 2;
    return put_sizes(p, a, grants->environment.count, size);
}

/* ---- clocks ---- */

/* $clockid. What a guest's processor time is to its host is none of its business: it is the time since it
 * started. */
enum { CLOCK_REALTIME_ID, CLOCK_COUNT = 4 };

sg_wasi_errno sgi_p1_clock_res_get(P1 *p, const Slot *a) {
    uint8_t *to;
    if (a[0].u32 >= CLOCK_COUNT)
        return SG_WASI_INVAL;
    P1_AT(to, a[1].u32, 8, 8);
    sgi_p1_put(p, to, sgi_wasi_clock_resolution(p->state), 8);
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_clock_time_get(P1 *p, const Slot *a) {
    uint8_t *to;
    if (a[0].u32 >= CLOCK_COUNT)
        return SG_WASI_INVAL;
    P1_AT(to, a[2].u32, 8, 8);
    sgi_p1_put(p, to, a[0].u32 == CLOCK_REALTIME_ID ? sgi_wasi_wall(p->state) : sgi_wasi_monotonic(p->state),
               8);
    return SG_WASI_SUCCESS;
}

/* ---- the rest ---- */

sg_wasi_errno sgi_p1_random_get(P1 *p, const Slot *a) {
    uint8_t *to;
    P1_AT(to, a[0].u32, a[1].u32, 1);
    P1_TRAP(sgi_p1_pay(p, a[1].u32));
    P1_TRAP(sgi_wasi_random(p->state, to, a[1].u32));
    return SG_WASI_SUCCESS;
}

sg_wasi_errno sgi_p1_proc_exit(P1 *p, const Slot *a) {
    p->trap = sgi_wasi_exit(p->state, a[0].s32);
    return SG_WASI_SUCCESS;
}

/* There is nobody whom a signal could reach. */
sg_wasi_errno sgi_p1_proc_raise(P1 *p, const Slot *a) {
    (void)p, (void)a;
    return SG_WASI_NOTSUP;
}

sg_wasi_errno sgi_p1_sched_yield(P1 *p, const Slot *a) {
    (void)a;
    P1_TRAP(sgi_poll(&p->store->cx));
    return SG_WASI_SUCCESS;
}

/* Sockets come only from a listening one that the embedder passes on, and there is none: what is open is no
 * socket. */
static sg_wasi_errno no_socket(P1 *p, const Slot *a) {
    P1Fd *fd;
    P1_TRY(sgi_p1_fd(p, a[0].u32, 0, &fd));
    return SG_WASI_NOTSOCK;
}

sg_wasi_errno sgi_p1_sock_accept(P1 *p, const Slot *a) {
    return no_socket(p, a);
}

sg_wasi_errno sgi_p1_sock_recv(P1 *p, const Slot *a) {
    return no_socket(p, a);
}

sg_wasi_errno sgi_p1_sock_send(P1 *p, const Slot *a) {
    return no_socket(p, a);
}

sg_wasi_errno sgi_p1_sock_shutdown(P1 *p, const Slot *a) {
    return no_socket(p, a);
}
