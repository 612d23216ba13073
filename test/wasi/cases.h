/* Tables of cases: what wasi_p1 and wasi_p2 have in common.
 *
 * A line of a table is one case: steps between " ; ", each `step = result`, in a store and a tree of its own.
 * What follows " | " is what Wasmtime says where it says otherwise (p1.py, p2.py). The steps of a line that
 * begins with ": " go before each case below it. A line that begins with "! " says what the cases below it
 * are granted, in place of the tree. */
#ifndef CASES_H
#define CASES_H
#include <sandglass.h>

#include <stdnoreturn.h>

extern sg_engine *engine;
extern sg_error error;

/* Of `error`, too. */
noreturn void die(const char *what);

/* `top` becomes a new directory with the tree in it. */
enum { TOP_SIZE = 64 };
void make_tree(char top[static TOP_SIZE]);
void remove_tree(const char *top);
/* The tree's `rw` as "/", its `ro` as "/ro", to read only. Free with sg_wasi_delete. */
sg_wasi *grant_tree(const char *top);

/* How the steps of a case are run; `top` is NULL where the tree is not granted. */
typedef struct Host {
    /* What is granted instead; false: this machine has not what the cases are about. */
    bool (*grant)(const char *what);
    void *(*start)(const char *top);
    void (*run)(void *guest, const char *step, char *result, size_t size);
    void (*end)(void *guest);
} Host;

/* Compares all cases with what they say, or prints them with what they give now. False: some differed. */
bool run_cases(const char *path, const Host *host, bool records);

#endif
