#include "cases.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

sg_engine *engine;
sg_error error;

noreturn void die(const char *what) {
    fprintf(stderr, "%s: %s %s\n", what, error.message, error.detail);
    exit(2);
}

/* ---- the tree ---- */

static const char *const directories[] = {"rw", "rw/d", "rw/d/e", "ro", "ro/d", "outside"};
static const char *const files[][2] = {{"rw/a.txt", "0123456789"},
                                       {"rw/empty", ""},
                                       {"rw/d/f", "x"},
                                       {"ro/b.txt", "read-only"},
                                       {"outside/secret", "s"}};
static const char *const links[][2] = {
    {"rw/l", "a.txt"},        {"rw/ld", "d"},     {"rw/gone", "nowhere"}, {"rw/loop", "loop"},
    {"rw/out", "../outside"}, {"rw/abs", "/etc"}, {"ro/d/latin", "\xff"}};

static const struct {
    const char *name;
    mode_t mode;
} nodes[] = {{"ro/d/pipe", S_IFIFO | 0666}, {"ro/d/socket", S_IFSOCK | 0666}};

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *place) {
    (void)stat, (void)type, (void)place;
    return remove(path);
}

void remove_tree(const char *top) {
    nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void make_tree(char top[static TOP_SIZE]) {
    char path[256];
    /* In memory, if we can: a tree is made in a fraction of the time, and all cases are good on disks, too.
     */
    const char *in = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(top, TOP_SIZE, "%s/sandglass-wasi-XXXXXX", in);
    if (mkdtemp(top) == NULL)
        die(top);
    for (size_t i = 0; i < COUNT(directories); i++) {
        snprintf(path, sizeof path, "%s/%s", top, directories[i]);
        mkdir(path, 0777);
    }
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof path, "%s/%s", top, files[i][0]);
        FILE *file = fopen(path, "w");
        if (file == NULL || fputs(files[i][1], file) < 0 || fclose(file) != 0)
            die(path);
    }
    for (size_t i = 0; i < COUNT(links); i++) {
        snprintf(path, sizeof path, "%s/%s", top, links[i][0]);
        if (symlink(links[i][1], path) != 0)
            die(path);
    }
    for (size_t i = 0; i < COUNT(nodes); i++) {
        snprintf(path, sizeof path, "%s/%s", top, nodes[i].name);
        if (mknod(path, nodes[i].mode, 0) != 0)
            die(path);
    }
}

sg_wasi *grant_tree(const char *top) {
    char path[256];
    sg_wasi *wasi = sg_wasi_new(engine, &error);
    if (wasi == NULL)
        die("wasi");
    snprintf(path, sizeof path, "%s/rw", top);
    if (sg_wasi_add_dir(wasi, path, "/", false, &error) != SG_OK)
        die(path);
    snprintf(path, sizeof path, "%s/ro", top);
    if (sg_wasi_add_dir(wasi, path, "/ro", true, &error) != SG_OK)
        die(path);
    return wasi;
}

/* ---- cases ---- */

enum { LINE_SIZE = 8192, RESULT_SIZE = 4096 };

/* Cuts `text` where `mark` stands, and answers what is behind it, or NULL. */
static char *cut(char *text, const char *mark) {
    char *at = strstr(text, mark);
    if (at == NULL)
        return NULL;
    *at = '\0';
    return at + strlen(mark);
}

static bool run_case(char *line, const char *prelude, const Host *host, bool has_tree, bool records) {
    char top[TOP_SIZE], result[RESULT_SIZE], before[LINE_SIZE];
    bool is_good = true;
    cut(line, " | ");
    if (has_tree)
        make_tree(top);
    void *guest = host->start(has_tree ? top : NULL);
    snprintf(before, sizeof before, "%s", prelude);
    for (char *step = before, *next; step && *step; step = next) {
        next = cut(step, " ; ");
        host->run(guest, step, result, sizeof result);
    }
    for (char *step = line, *next; step; step = next) {
        next = cut(step, " ; ");
        const char *expected = cut(step, " = ");
        host->run(guest, step, result, sizeof result);
        if (records) {
            printf("%s = %s%s", step, result, next ? " ; " : "\n");
        } else if (expected == NULL || strcmp(expected, result) != 0) {
            printf("%s = %s\n    but got %s\n", step, expected ? expected : "", result);
            is_good = false;
        }
    }
    host->end(guest);
    if (has_tree)
        remove_tree(top);
    return is_good;
}

bool run_cases(const char *path, const Host *host, bool records) {
    static char line[LINE_SIZE], prelude[LINE_SIZE];
    unsigned cases = 0, failures = 0, skipped = 0;
    bool has_tree = true, skips = false;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die(path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, ": ", 2) == 0)
            snprintf(prelude, sizeof prelude, "%s", line + 2);
        if (strncmp(line, "! ", 2) == 0) {
            skips = !host->grant(line + 2);
            has_tree = false;
        }
        if (strchr(":!#", *line)) {
            if (records)
                puts(line);
            continue;
        }
        if (skips) {
            skipped++;
            continue;
        }
        cases++;
        failures += !run_case(line, prelude, host, has_tree, records);
    }
    fclose(file);
    if (!records)
        printf("%u cases, %u failures, %u skipped\n", cases, failures, skipped);
    return failures == 0;
}
