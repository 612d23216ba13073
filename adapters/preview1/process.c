/* Arguments, variables, randomness, the end. */
#include "preview1.h"

/* Texts of `parts` parts each, with '=' between them and NUL behind: their sizes, and themselves. */
static u32 put_sizes(const List *list, u32 parts, Ptr count, Ptr size) {
    u32 total = 0;
    for (u32 i = 0; i < list->count * parts; i++)
        total += ((const List *)list->data)[i].count + 1;
    put_u32(count, list->count);
    put_u32(size, total);
    return SUCCESS;
}

static u32 put_texts(const List *list, u32 parts, Ptr pointers, Ptr buffer) {
    const List *texts = (const List *)list->data;
    for (u32 i = 0; i < list->count * parts; i++) {
        int is_last = i % parts == parts - 1;
        if (i % parts == 0)
            put_u32(pointers + i / parts * 4, buffer);
        put(buffer, texts[i].data, texts[i].count);
        put(buffer + texts[i].count, is_last ? "" : "=", 1);
        buffer += texts[i].count + 1;
    }
    return SUCCESS;
}

PREVIEW1("args_sizes_get") args_sizes_get(Ptr count, Ptr size) {
    List list;
    begin();
    get_arguments(&list);
    return put_sizes(&list, 1, count, size);
}

PREVIEW1("args_get") args_get(Ptr pointers, Ptr buffer) {
    List list;
    begin();
    get_arguments(&list);
    return put_texts(&list, 1, pointers, buffer);
}

PREVIEW1("environ_sizes_get") environ_sizes_get(Ptr count, Ptr size) {
    List list;
    begin();
    get_environment(&list);
    return put_sizes(&list, 2, count, size);
}

PREVIEW1("environ_get") environ_get(Ptr pointers, Ptr buffer) {
    List list;
    begin();
    get_environment(&list);
    return put_texts(&list, 2, pointers, buffer);
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
