/* Attempts to escape from a directory:   hostile_paths PATHS RACES
 *
 * Makes a tree with directories, files and links of every kind, and beside it one that must not be reached.
 * Paths from a grammar × operations × flags go through src/wasi/path.h, resolved by the kernel and by the
 * walk: both must agree where nothing changes, what is opened must be in the tree, and the one beside it must
 * stay as it is. Then the same while a thread exchanges directories for links that lead out. As root, all of
 * it again as an ordinary user. */
#include "check.h"

#include "wasi/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[64], root_path[80];
static int top_fd, root_fd;
static uint64_t seed = 1;

static uint32_t random_below(uint32_t bound) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % bound;
}

/* ---- the trees ---- */

static void make_file(const char *name) {
    int fd = openat(top_fd, name, O_CREAT | O_WRONLY, 0666);
    CHECK(fd >= 0 && write(fd, "secret", 6) == 6, "%s: %s", name, strerror(errno));
    close(fd);
}

static void remove_tree(int dir, const char *name) {
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (stream == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) != 0)
            remove_tree(fd, entry->d_name);
    }
    closedir(stream);
    unlinkat(dir, name, AT_REMOVEDIR);
}

static const char *const directories[] = {"root", "root/a", "root/a/b", "root/a/b/c", "root/d", "root/x"};
static const char *const files[] = {"root/f", "root/a/f", "root/a/b/f", "root/x/secret"};
static const char *const links[][2] = {
    {"a", "root/la"},
    {"a/f", "root/lf"},
    {"a/", "root/ls"},
    {"f/", "root/lfs"},
    {".", "root/dot"},
    {"..", "root/up"},
    {"../..", "root/upup"},
    {"/etc", "root/abs"},
    {"../outside", "root/out"},
    {"loop", "root/loop"},
    {"l2", "root/l1"},
    {"l1", "root/l2"},
    {"nowhere", "root/gone"},
    {"..", "root/a/back"},
    {"../..", "root/a/b/up"},
    {"../../..", "root/a/b/upup"},
    {"../outside/secret", "root/outf"},
    {"../outside/new", "root/outgone"},
    {"la/b/up/la", "root/long"},
    {"/proc/self/root", "root/proc"},
    {"../root/f", "root/round"},
    {"a/../../outside/d", "root/zigzag"},
    {"c0", "root/chain"},
};

enum { CHAIN = 45 };

static void make_tree(void) {
    remove_tree(top_fd, "root");
    for (size_t i = 0; i < SGI_COUNT(directories); i++)
        CHECK(mkdirat(top_fd, directories[i], 0777) == 0, "%s: %s", directories[i], strerror(errno));
    for (size_t i = 0; i < SGI_COUNT(files); i++)
        make_file(files[i]);
    for (size_t i = 0; i < SGI_COUNT(links); i++)
        CHECK(symlinkat(links[i][0], top_fd, links[i][1]) == 0, "%s: %s", links[i][1], strerror(errno));
    for (int i = 0; i < CHAIN; i++) {
        char name[32], target[32];
        snprintf(name, sizeof name, "root/c%d", i);
        snprintf(target, sizeof target, i + 1 < CHAIN ? "c%d" : "a", i + 1);
        CHECK(symlinkat(target, top_fd, name) == 0, "%s", name);
    }
    if (root_fd >= 0)
        close(root_fd);
    root_fd = openat(top_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(root_fd >= 0, "root: %s", strerror(errno));
}

/* What must not change: each entry outside, with its times. */
typedef struct Canary {
    struct stat stats[4];
    size_t entries;
} Canary;

static const char *const outside[] = {"outside", "outside/secret", "outside/d", "outside/d/f"};

static Canary look(void) {
    Canary canary;
    memset(&canary, 0, sizeof canary);
    for (size_t i = 0; i < SGI_COUNT(outside); i++) {
        struct stat stat;
        CHECK(fstatat(top_fd, outside[i], &stat, AT_SYMLINK_NOFOLLOW) == 0, "%s is gone", outside[i]);
        memset(&stat.st_atim, 0, sizeof stat.st_atim); /* we look at the entries ourselves */
        canary.stats[i] = stat;
    }
    for (size_t i = 0; i < SGI_COUNT(outside); i += 2) {
        DIR *stream = fdopendir(openat(top_fd, outside[i], O_RDONLY | O_DIRECTORY));
        while (readdir(stream))
            canary.entries++;
        closedir(stream);
    }
    return canary;
}

static Canary canary;

static void check_canary(void) {
    Canary now = look();
    CHECK(memcmp(&now, &canary, sizeof now) == 0, "what is outside has changed");
}

static bool is_outside(const OsStat *stat) {
    for (size_t i = 0; i < SGI_COUNT(outside); i++)
        if (stat->inode == canary.stats[i].st_ino && stat->device == canary.stats[i].st_dev)
            return true;
    return false;
}

/* ---- paths from a grammar ---- */

static const char *const pieces[] = {
    "a",       "b",       "c",    "f",     "d",      "x",     "la",  "lf",   "ls",   "lfs",
    "dot",     "up",      "upup", "abs",   "out",    "loop",  "l1",  "gone", "back", "outf",
    "outgone", "long",    "proc", "round", "zigzag", "chain", "c30", "c4",   "new",  "secret",
    "root",    "outside", ".",    "..",    "..",     "..",    "",    "n1",   "n2",
};

/* A random path; sometimes with a NUL, sometimes absolute, sometimes of PATH_MAX. */
static size_t make_path(char text[8192]) {
    size_t size = 0;
    uint32_t kind = random_below(64);
    if (kind == 0)
        size = (size_t)sprintf(text, random_below(2) ? "/" : "%s/", root_path);
    if (kind == 1) {
        size_t want = 4090 + random_below(10);
        for (; size < want; size++)
            text[size] = "./"[size % 2];
    }
    if (kind == 2) {
        size_t want = 254 + random_below(3);
        memset(text, 'n', want);
        size = want;
    }
    if (kind == 3)
        size = (size_t)sprintf(text, "../../../../proc/self/fd/%d", root_fd);
    for (uint32_t count = random_below(6) + 1; count; count--) {
        size += (size_t)sprintf(text + size, "%s", pieces[random_below(SGI_COUNT(pieces))]);
        if (count > 1 || random_below(4) == 0)
            text[size++] = '/';
    }
    if (kind == 4)
        text[random_below((uint32_t)size + 1)] = random_below(2) ? '\0' : (char)0xff;
    return size;
}

static Bytes a_path(char text[8192]) {
    size_t size = make_path(text);
    return (Bytes){(const uint8_t *)text, size};
}

static PathBase a_base(void) {
    return (PathBase){.fd = root_fd, .walks = random_below(2) != 0};
}

/* ---- operations ---- */

/* What was opened is in the tree: the kernel knows its path. */
static void check_inside(int fd, const char *path) {
    char link[64], target[4200];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, target, sizeof target - 1);
    CHECK(size > 0, "%s: %s", link, strerror(errno));
    target[size] = '\0';
    size_t prefix = strlen(root_path);
    CHECK(strncmp(target, root_path, prefix) == 0 && (target[prefix] == '/' || target[prefix] == '\0'),
          "'%s' led to %s", path, target);
}

/* Do the kernel and the walk agree? But for this: where the kernel begins anew, it counts the links of both
 * attempts.
 */
static bool agree(int kernel, int walk) {
    return kernel == walk || kernel == ELOOP;
}

/* `quiet`: nobody renames meanwhile. */
static void open_both(bool quiet) {
    char text[8192];
    Bytes path = a_path(text);
    unsigned flags = OS_OPEN_READ;
    if (random_below(2))
        flags = OS_OPEN_PATH;
    if (random_below(2))
        flags |= OS_OPEN_NOFOLLOW;
    if (random_below(4) == 0)
        flags |= OS_OPEN_DIRECTORY;
    int by_kernel, by_walk;
    int code = sgi_path_open((PathBase){.fd = root_fd}, path, flags, &by_kernel);
    int walk_code = sgi_path_open((PathBase){.fd = root_fd, .walks = true}, path, flags, &by_walk);
    OsStat stat = {0}, walk_stat = {0};
    if (code == 0) {
        CHECK(sgi_os_stat(by_kernel, &stat) == 0 && !is_outside(&stat), "'%s' led out", text);
        if (quiet)
            check_inside(by_kernel, text);
        close(by_kernel);
    }
    if (walk_code == 0) {
        CHECK(sgi_os_stat(by_walk, &walk_stat) == 0 && !is_outside(&walk_stat), "'%s' led out", text);
        if (quiet)
            check_inside(by_walk, text);
        close(by_walk);
    }
    if (quiet)
        CHECK(agree(code, walk_code) && (code != 0 || stat.inode == walk_stat.inode),
              "'%s' flags %x: %s, but the walk: %s", text, flags, strerror(code), strerror(walk_code));
}

static void open_to_change(bool quiet) {
    static const unsigned choices[] = {OS_OPEN_CREATE, OS_OPEN_EXCLUSIVE, OS_OPEN_TRUNCATE, OS_OPEN_NOFOLLOW};
    char text[8192];
    Bytes path = a_path(text);
    unsigned flags = OS_OPEN_WRITE;
    for (size_t i = 0; i < SGI_COUNT(choices); i++)
        if (random_below(2))
            flags |= choices[i];
    int fd;
    if (sgi_path_open(a_base(), path, flags, &fd) != 0)
        return;
    if (quiet)
        check_inside(fd, text);
    CHECK(write(fd, "w", 1) == 1, "cannot write");
    close(fd);
}

static void look_both(bool quiet) {
    char text[8192], kernel_link[64], walk_link[64];
    Bytes path = a_path(text);
    PathBase kernel = {.fd = root_fd}, walk = {.fd = root_fd, .walks = true};
    bool follow = random_below(2);
    OsStat stat = {0}, walk_stat = {0};
    int code = sgi_path_stat(kernel, path, follow, &stat);
    int walk_code = sgi_path_stat(walk, path, follow, &walk_stat);
    CHECK(!is_outside(&stat) && !is_outside(&walk_stat), "'%s' led out", text);
    if (quiet)
        CHECK(agree(code, walk_code) && (code != 0 || stat.inode == walk_stat.inode),
              "stat '%s': %s, but the walk: %s", text, strerror(code), strerror(walk_code));
    size_t size, walk_size;
    code = sgi_path_read_link(kernel, path, kernel_link, sizeof kernel_link, &size);
    walk_code = sgi_path_read_link(walk, path, walk_link, sizeof walk_link, &walk_size);
    if (quiet)
        CHECK(agree(code, walk_code) &&
                  (code != 0 || (size == walk_size && memcmp(kernel_link, walk_link, size) == 0)),
              "link '%s': %s, but the walk: %s", text, strerror(code), strerror(walk_code));
}

static void change(void) {
    char one[8192], two[8192];
    Bytes path = a_path(one), other = a_path(two);
    OsTime time = {1000, 0};
    switch (random_below(8)) {
    case 0: sgi_path_make_directory(a_base(), path); break;
    case 1: sgi_path_remove_directory(a_base(), path); break;
    case 2: sgi_path_unlink(a_base(), path); break;
    case 3:
    case 4: sgi_path_rename(a_base(), path, a_base(), other); break;
    case 5: sgi_path_link(a_base(), path, a_base(), other); break;
    case 6: sgi_path_symlink(a_base(), path, other); break;
    default: sgi_path_set_times(a_base(), path, random_below(2), &time, &time);
    }
}

static void attempt(bool quiet) {
    switch (random_below(4)) {
    case 0: open_both(quiet); break;
    case 1: look_both(quiet); break;
    case 2: open_to_change(quiet); break;
    default: change();
    }
}

enum { REBUILD_EVERY = 1000 };

static void run_quiet(unsigned long count) {
    for (unsigned long i = 0; i < count; i++) {
        if (i % REBUILD_EVERY == 0) {
            check_canary();
            make_tree();
        }
        attempt(true);
    }
    check_canary();
}

/* ---- races ---- */

static atomic_bool stop;
static atomic_ulong exchanges;

static void exchange(const char *a, const char *b) {
    if (syscall(SYS_renameat2, top_fd, a, top_fd, b, RENAME_EXCHANGE) == 0)
        atomic_fetch_add(&exchanges, 1);
}

/* A directory and a link out take each other's place; a directory moves up and down. */
static void *rename_forever(void *unused) {
    (void)unused;
    while (!atomic_load(&stop)) {
        exchange("root/x", "root/out");
        exchange("root/a/b", "root/d");
        exchange("root/f", "root/outf");
        exchange("root/a", "root/up");
        exchange("root/gone", "root/outgone");
    }
    return NULL;
}

static void race(void) {
    static const char *const paths[] = {
        "x/secret", "x/d/f", "x/new",    "a/b/../../x/secret", "a/b/../../../outside/secret",
        "f",        "gone",  "x/../x/d", "a/outside/secret",   "d/../x/secret",
        "x"};
    const char *text = paths[random_below(SGI_COUNT(paths))];
    Bytes path = sgi_bytes_of(text);
    OsStat stat;
    int fd;
    unsigned flags = random_below(2) ? OS_OPEN_READ : OS_OPEN_WRITE | OS_OPEN_CREATE | OS_OPEN_TRUNCATE;
    if (sgi_path_open(a_base(), path, flags, &fd) == 0) {
        CHECK(sgi_os_stat(fd, &stat) == 0 && !is_outside(&stat), "'%s' led out in a race", text);
        close(fd);
    }
    if (sgi_path_stat(a_base(), path, true, &stat) == 0)
        CHECK(!is_outside(&stat), "stat of '%s' led out in a race", text);
    switch (random_below(6)) {
    case 0: sgi_path_make_directory(a_base(), BYTES_OF("x/made")); break;
    case 1: sgi_path_remove_directory(a_base(), BYTES_OF("x/made")); break;
    case 2: sgi_path_link(a_base(), path, a_base(), BYTES_OF("n1")); break;
    case 3: sgi_path_unlink(a_base(), BYTES_OF("n1")); break;
    case 4: sgi_path_set_times(a_base(), path, true, &(OsTime){5, 5}, NULL); break;
    default: attempt(false);
    }
}

static void run_races(unsigned long count) {
    make_tree();
    pthread_t thread;
    for (unsigned long i = 0; i < count; i++) {
        if (i % REBUILD_EVERY == 0) {
            atomic_store(&stop, true);
            if (i)
                pthread_join(thread, NULL);
            check_canary();
            make_tree();
            atomic_store(&stop, false);
            CHECK(pthread_create(&thread, NULL, rename_forever, NULL) == 0, "no thread");
        }
        race();
    }
    atomic_store(&stop, true);
    if (count)
        pthread_join(thread, NULL);
    check_canary();
}

/* Links of /proc that are not text lead nowhere, by either way. */
static void try_proc(void) {
    int proc = open("/proc/self", O_RDONLY | O_DIRECTORY);
    if (proc < 0)
        return;
    char file[32];
    snprintf(file, sizeof file, "fd/%d", top_fd);
    const char *const paths[] = {file,  "root", "root/etc",         "cwd",   "cwd/..",
                                 "exe", "fd/0", "task/../root/etc", "ns/net"};
    for (size_t i = 0; i < SGI_COUNT(paths); i++)
        for (int walks = 0; walks < 2; walks++) {
            int fd, code = sgi_path_open((PathBase){.fd = proc, .walks = walks}, sgi_bytes_of(paths[i]),
                                         OS_OPEN_READ, &fd);
            CHECK(code != 0, "%s opened below /proc/self", paths[i]);
        }
    close(proc);
}

static void run_all(unsigned long paths, unsigned long races) {
    snprintf(top, sizeof top, "%s/sandglass-paths-XXXXXX", "/tmp");
    CHECK(mkdtemp(top), "%s: %s", top, strerror(errno));
    snprintf(root_path, sizeof root_path, "%s/root", top);
    top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    root_fd = -1;
    mkdirat(top_fd, "outside", 0777);
    make_file("outside/secret");
    mkdirat(top_fd, "outside/d", 0777);
    make_file("outside/d/f");
    canary = look();
    try_proc();
    run_quiet(paths);
    run_races(races);
    printf("%s: %lu paths, %lu rounds against %lu exchanges: nothing outside was touched\n",
           geteuid() == 0 ? "root" : "an ordinary user", paths, races, atomic_load(&exchanges));
    close(root_fd);
    remove_tree(top_fd, "root");
    remove_tree(top_fd, "outside");
    close(top_fd);
    rmdir(top);
}

int main(int argc, char **argv) {
    unsigned long paths = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
    unsigned long races = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    if (geteuid() == 0) {
        pid_t child = fork();
        if (child == 0) {
            CHECK(setgid(65534) == 0 && setuid(65534) == 0, "cannot become an ordinary user");
            run_all(paths, races);
            return 0;
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            return 1;
    }
    run_all(paths, races);
    return 0;
}
