/* Files in every place that a guest may have them: what each descriptor may change × operations, from and to;
 * directories that the host moves or removes; special files; the edges of numbers; directories that change
 * while they are listed; long walks. */
#include "files_world.h"
#include "wasi/path.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- rights ---- */

/* Every kind of descriptor that a guest can come by. */
enum { RW, RO, RW_SUB, RO_SUB, RW_MOVED, FILE_RW, FILE_RO, PLACES };

static bool may_change(int place) {
    return place == RW || place == RW_SUB || place == RW_MOVED;
}

static void open_places(World *w, WasiFile *places[PLACES]) {
    WasiFile *file;
    assert_int_equal(sgi_file_make_directory(w->dir, BYTES_OF("d")), SG_WASI_SUCCESS);
    assert_int_equal(sgi_file_make_directory(w->dir, BYTES_OF("m")), SG_WASI_SUCCESS);
    static const char *const names[] = {"f", "d/f", "m/f"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open_in(w->dir, names[i], NEW, &file), SG_WASI_SUCCESS);
        sgi_wasi_release(&file->object);
    }
    places[RW] = w->dir;
    places[RO] = w->read_only;
    const unsigned directory = OS_OPEN_READ | OS_OPEN_DIRECTORY;
    assert_int_equal(open_in(w->dir, "d", directory, &places[RW_SUB]), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w->read_only, "d", directory, &places[RO_SUB]), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w->dir, "m", directory, &places[RW_MOVED]), SG_WASI_SUCCESS);
    assert_int_equal(sgi_file_rename(w->dir, BYTES_OF("m"), w->dir, BYTES_OF("moved")), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w->dir, "f", OS_OPEN_READ | OS_OPEN_WRITE, &places[FILE_RW]), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w->read_only, "f", OS_OPEN_READ, &places[FILE_RO]), SG_WASI_SUCCESS);
}

static void close_places(WasiFile *places[PLACES]) {
    for (int i = RW_SUB; i < PLACES; i++)
        sgi_wasi_release(&places[i]->object);
}

/* Rename and hard link, from each to each. */
static void test_from_and_to(void **unused) {
    (void)unused;
    World w;
    WasiFile *places[PLACES];
    world_make(&w, 0, NULL);
    open_places(&w, places);
    for (int from = 0; from < PLACES; from++)
        for (int to = 0; to < PLACES; to++) {
            bool are_directories = from < FILE_RW && to < FILE_RW;
            sg_wasi_errno wanted = may_change(from) && may_change(to) ? SG_WASI_SUCCESS
                                   : from >= FILE_RW                  ? SG_WASI_NOTDIR
                                   : !may_change(from)                ? SG_WASI_PERM
                                   : to >= FILE_RW                    ? SG_WASI_NOTDIR
                                                                      : SG_WASI_PERM;
            assert_int_equal(sgi_file_link(places[from], BYTES_OF("f"), places[to], BYTES_OF("n")), wanted);
            if (wanted == SG_WASI_SUCCESS)
                assert_int_equal(sgi_file_unlink(places[to], BYTES_OF("n")), SG_WASI_SUCCESS);
            assert_int_equal(sgi_file_rename(places[from], BYTES_OF("f"), places[to], BYTES_OF("n")), wanted);
            if (wanted == SG_WASI_SUCCESS)
                assert_int_equal(sgi_file_rename(places[to], BYTES_OF("n"), places[from], BYTES_OF("f")),
                                 SG_WASI_SUCCESS);
            OsStat stat;
            for (int i = 0; are_directories && i < FILE_RW; i++)
                assert_int_equal(sgi_file_stat_at(places[i], BYTES_OF("n"), false, &stat), SG_WASI_NOENT);
        }
    close_places(places);
    world_end(&w);
}

/* Every way to open a file that is there and one that is not, in each place; what is not to be changed keeps
 * what is in it. */
static void test_open_flags(void **unused) {
    (void)unused;
    enum { FLAGS = 1 << 7 };
    const unsigned changes = OS_OPEN_WRITE | OS_OPEN_CREATE | OS_OPEN_TRUNCATE;
    World w;
    WasiFile *places[PLACES], *file;
    world_make(&w, 0, NULL);
    open_places(&w, places);
    for (int place = 0; place < PLACES; place++)
        for (unsigned flags = 0; flags < FLAGS; flags++) {
            if (!(flags & (OS_OPEN_READ | OS_OPEN_WRITE)))
                continue; /* the faces ask for one */
            OsStat stat;
            size_t put;
            sg_wasi_errno error;
            bool may = place < FILE_RW && (may_change(place) || !(flags & changes));
            error = open_in(places[place], "f", flags, &file);
            assert_true(may || error == (place < FILE_RW ? SG_WASI_PERM : SG_WASI_NOTDIR));
            if (error == SG_WASI_SUCCESS) {
                bool writes = may_change(place) && (flags & OS_OPEN_WRITE);
                sg_wasi_errno written;
                assert_int_equal(sgi_file_write(file, "xyz", 3, 0, &put, &written), SG_TRAP_NONE);
                assert_int_equal(written, writes ? SG_WASI_SUCCESS : SG_WASI_BADF);
                assert_int_equal(sgi_file_set_size(file, 3), writes ? SG_WASI_SUCCESS : SG_WASI_INVAL);
                assert_int_equal(sgi_file_allocate(file, 0, 3, &written), SG_TRAP_NONE);
                assert_int_equal(written, writes ? SG_WASI_SUCCESS : SG_WASI_BADF);
                OsTime time = {1, 1};
                assert_int_equal(sgi_file_set_times(file, &time, &time),
                                 may_change(place) ? SG_WASI_SUCCESS : SG_WASI_PERM);
                sgi_wasi_release(&file->object);
            }
            error = open_in(places[place], "n", flags, &file);
            if (error == SG_WASI_SUCCESS) {
                assert_true(may_change(place) && (flags & OS_OPEN_CREATE));
                sgi_wasi_release(&file->object);
                assert_int_equal(sgi_file_unlink(places[place], BYTES_OF("n")), SG_WASI_SUCCESS);
            }
            if (place == RO || place == RO_SUB) {
                assert_int_equal(sgi_file_stat_at(places[place], BYTES_OF("f"), true, &stat),
                                 SG_WASI_SUCCESS);
                assert_int_equal(stat.size, 3); /* as those who may have left it */
                assert_int_equal(stat.modified.seconds, 1);
            }
            if (place == RW)
                assert_int_equal(open_in(w.dir, "d/f", NEW | OS_OPEN_TRUNCATE, &file), SG_WASI_SUCCESS);
            if (place == RW) {
                OsTime time = {1, 1};
                assert_int_equal(sgi_file_write(file, "xyz", 3, 0, &put, &error), SG_TRAP_NONE);
                assert_int_equal(sgi_file_set_times(file, &time, &time), SG_WASI_SUCCESS);
                sgi_wasi_release(&file->object);
                assert_int_equal(open_in(w.dir, "f", NEW | OS_OPEN_TRUNCATE, &file), SG_WASI_SUCCESS);
                assert_int_equal(sgi_file_write(file, "xyz", 3, 0, &put, &error), SG_TRAP_NONE);
                assert_int_equal(sgi_file_set_times(file, &time, &time), SG_WASI_SUCCESS);
                sgi_wasi_release(&file->object);
            }
        }
    close_places(places);
    world_end(&w);
}

/* ---- directories that the host moves out, or removes ---- */

static void test_moved_out(void **unused) {
    (void)unused;
    static const char *const up[] = {"..", "../f", "../d/f", "./../f", "x/../../f", "../../etc/passwd"};
    World w;
    WasiFile *sub, *file;
    OsStat stat;
    char outside[80];
    world_make(&w, 0, NULL);
    snprintf(outside, sizeof outside, "%s-outside", w.top);
    assert_int_equal(sgi_file_make_directory(w.dir, BYTES_OF("d")), SG_WASI_SUCCESS);
    assert_int_equal(sgi_file_make_directory(w.dir, BYTES_OF("d/x")), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w.dir, "f", NEW, &file), SG_WASI_SUCCESS);
    sgi_wasi_release(&file->object);
    assert_int_equal(open_in(w.dir, "d", OS_OPEN_READ | OS_OPEN_DIRECTORY, &sub), SG_WASI_SUCCESS);
    for (int moved = 0; moved < 2; moved++) {
        for (size_t i = 0; i < SGI_COUNT(up); i++) {
            assert_int_equal(open_in(sub, up[i], OS_OPEN_READ, &file), SG_WASI_PERM);
            assert_int_equal(sgi_file_stat_at(sub, sgi_bytes_of(up[i]), true, &stat), SG_WASI_PERM);
            assert_int_equal(sgi_file_unlink(sub, sgi_bytes_of(up[i])), SG_WASI_PERM);
            assert_int_equal(sgi_file_symlink(sub, sgi_bytes_of(up[i]), BYTES_OF("l")), SG_WASI_PERM);
        }
        /* What is in it is still the guest's. */
        assert_int_equal(open_in(sub, "own", NEW, &file), SG_WASI_SUCCESS);
        sgi_wasi_release(&file->object);
        assert_int_equal(sgi_file_symlink(sub, BYTES_OF("../own"), BYTES_OF("x/l")), SG_WASI_SUCCESS);
        assert_int_equal(sgi_file_stat_at(sub, BYTES_OF("x/l"), true, &stat), SG_WASI_SUCCESS);
        assert_int_equal(sgi_file_unlink(sub, BYTES_OF("x/l")), SG_WASI_SUCCESS);
        if (!moved)
            assert_int_equal(rename(path_in(&w, "d"), outside), 0);
    }
    assert_int_equal(open_in(w.dir, "d/own", OS_OPEN_READ, &file), SG_WASI_NOENT);
    assert_int_equal(nftw(outside, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    OsEntry entry;
    uint64_t position = 0;
    while (sgi_file_next_entry(sub, position, &entry) == SG_WASI_SUCCESS)
        position = entry.next;
    assert_int_equal(open_in(sub, "new", NEW, &file), SG_WASI_NOENT);
    assert_int_equal(sgi_file_make_directory(sub, BYTES_OF("new")), SG_WASI_NOENT);
    assert_int_equal(sgi_file_stat(sub, &stat), SG_WASI_SUCCESS);
    sgi_wasi_release(&sub->object);
    world_end(&w);
}

/* ---- special files ---- */

static sg_wasi_errno read_in(WasiFile *file, void *data, size_t size, uint64_t offset, size_t *got) {
    sg_wasi_errno error;
    assert_int_equal(sgi_file_read(file, data, size, offset, got, &error), SG_TRAP_NONE);
    return error;
}

static sg_wasi_errno write_in(WasiFile *file, const void *data, size_t size, uint64_t offset, size_t *put) {
    sg_wasi_errno error;
    assert_int_equal(sgi_file_write(file, data, size, offset, put, &error), SG_TRAP_NONE);
    return error;
}

/* Nothing of it waits. */
static void test_sockets_and_fifos(void **unused) {
    (void)unused;
    World w;
    WasiFile *file;
    OsStat stat;
    sg_wasi_errno error;
    world_make(&w, UINT64_C(5000000000), NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path_in(&w, "socket"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    for (unsigned flags = OS_OPEN_READ; flags <= (OS_OPEN_READ | OS_OPEN_WRITE); flags++)
        assert_int_equal(open_in(w.dir, "socket", flags, &file), SG_WASI_NXIO);
    assert_int_equal(sgi_file_stat_at(w.dir, BYTES_OF("socket"), true, &stat), SG_WASI_SUCCESS);
    assert_int_equal(stat.type, OS_FILE_SOCKET);
    assert_int_equal(sgi_file_unlink(w.dir, BYTES_OF("socket")), SG_WASI_SUCCESS);
    close(fd);
    assert_int_equal(mkfifo(path_in(&w, "fifo"), 0600), 0);
    assert_int_equal(open_in(w.dir, "fifo", OS_OPEN_READ | OS_OPEN_WRITE, &file), SG_WASI_SUCCESS);
    assert_int_equal(sgi_file_set_size(file, 5), SG_WASI_INVAL);
    assert_int_equal(sgi_file_allocate(file, 0, 5, &error), SG_TRAP_NONE);
    assert_true(error != SG_WASI_SUCCESS);
    assert_int_equal(sgi_file_advise(file, 0, 5, 0), SG_WASI_SPIPE);
    assert_int_equal(sgi_file_sync(file, false, &error), SG_TRAP_NONE);
    assert_int_equal(error, SG_WASI_INVAL);
    sgi_wasi_release(&file->object);
    world_end(&w);
}

static void test_devices(void **unused) {
    (void)unused;
    static uint8_t data[1 << 20];
    World w;
    WasiFile *dev, *file;
    sg_wasi_errno error;
    size_t count;
    world_make(&w, UINT64_C(5000000000), NULL);
    WasiDir grant = {.fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    dev = sgi_file_of_dir(w.state, &grant, &error);
    assert_non_null(dev);
    assert_int_equal(open_in(dev, "null", OS_OPEN_READ | OS_OPEN_WRITE, &file), SG_WASI_SUCCESS);
    assert_int_equal(read_in(file, data, 10, UINT64_MAX, &count), SG_WASI_SUCCESS);
    assert_int_equal(count, 0);
    assert_int_equal(write_in(file, data, sizeof data, UINT64_MAX, &count), SG_WASI_SUCCESS);
    assert_int_equal(count, sizeof data);
    assert_int_equal(sgi_file_set_size(file, 5), SG_WASI_INVAL);
    sgi_wasi_release(&file->object);
    assert_int_equal(open_in(dev, "zero", OS_OPEN_READ, &file), SG_WASI_SUCCESS);
    memset(data, 1, sizeof data);
    assert_int_equal(read_in(file, data, sizeof data, 0, &count), SG_WASI_SUCCESS);
    assert_true(count > 0 && count <= sizeof data && data[0] == 0 && data[count - 1] == 0);
    sgi_wasi_release(&file->object);
    assert_int_equal(open_in(dev, "full", OS_OPEN_WRITE, &file), SG_WASI_SUCCESS);
    assert_int_equal(write_in(file, data, 10, 0, &count), SG_WASI_NOSPC);
    sgi_wasi_release(&file->object);
    sgi_wasi_release(&dev->object);
    close(grant.fd);
    world_end(&w);
}

/* Its links that are none lead nowhere. */
static void test_proc(void **unused) {
    (void)unused;
    static const char *const magic[] = {"self/root/etc/passwd", "self/cwd/.",        "self/fd/0/..",
                                        "self/root/..",         "thread-self/root/", "self/exe"};
    World w;
    WasiFile *proc, *file;
    sg_wasi_errno error;
    OsStat stat;
    char data[4096];
    size_t count;
    world_make(&w, UINT64_C(5000000000), NULL);
    WasiDir grant = {.fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), .read_only = true};
    proc = sgi_file_of_dir(w.state, &grant, &error);
    assert_non_null(proc);
    for (size_t i = 0; i < SGI_COUNT(magic); i++) {
        error = open_in(proc, magic[i], OS_OPEN_READ, &file);
        assert_true(error == SG_WASI_LOOP || error == SG_WASI_PERM || error == SG_WASI_NOTDIR);
        error = sgi_file_stat_at(proc, sgi_bytes_of(magic[i]), true, &stat);
        assert_true(error == SG_WASI_LOOP || error == SG_WASI_PERM || error == SG_WASI_NOTDIR);
        error = sgi_file_read_link(proc, sgi_bytes_of(magic[i]), data, sizeof data, &count);
        assert_true(error != SG_WASI_SUCCESS);
    }
    assert_int_equal(open_in(proc, "self/oom_score_adj", OS_OPEN_WRITE, &file), SG_WASI_PERM);
    assert_int_equal(open_in(proc, "self/status", OS_OPEN_READ, &file), SG_WASI_SUCCESS);
    assert_int_equal(read_in(file, data, sizeof data, 0, &count), SG_WASI_SUCCESS);
    assert_true(count > 0);
    sgi_wasi_release(&file->object);
    sgi_wasi_release(&proc->object);
    close(grant.fd);
    world_end(&w);
}

/* ---- the edges of numbers ---- */

static void test_edges(void **unused) {
    (void)unused;
    const uint64_t huge = UINT64_C(1) << 62, last = INT64_MAX;
    static const uint64_t beyond[] = {INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX};
    World w;
    WasiFile *file;
    OsStat stat;
    sg_wasi_errno error;
    size_t count;
    char data[16] = "";
    world_make(&w, 0, NULL);
    assert_int_equal(open_in(w.dir, "f", NEW, &file), SG_WASI_SUCCESS);
    for (size_t i = 0; i < SGI_COUNT(beyond); i++) {
        assert_int_equal(write_in(file, "abc", 3, beyond[i], &count), SG_WASI_FBIG);
        assert_int_equal(count, 0);
        error = read_in(file, data, sizeof data, beyond[i], &count);
        assert_int_equal(count, 0);
        assert_int_equal(sgi_file_allocate(file, beyond[i], beyond[i], &error), SG_TRAP_NONE);
        assert_int_equal(error, SG_WASI_FBIG);
        assert_int_equal(sgi_file_advise(file, beyond[i], 1, 9), SG_WASI_INVAL);
        if (beyond[i] > last)
            assert_int_equal(sgi_file_set_size(file, beyond[i]), SG_WASI_INVAL);
        OsTime time = {(int64_t)beyond[i], 999999999};
        sgi_file_set_times(file, &time, &time); /* as the system likes */
        time.nanoseconds = 1000000000;
        assert_int_equal(sgi_file_set_times(file, &time, &time), SG_WASI_INVAL);
    }
    assert_int_equal(sgi_file_stat(file, &stat), SG_WASI_SUCCESS);
    assert_int_equal(stat.size, 0);
    /* Where the file system has files so large. */
    error = sgi_file_set_size(file, huge);
    assert_true(error == SG_WASI_SUCCESS || error == SG_WASI_FBIG);
    if (error == SG_WASI_SUCCESS) {
        memset(data, 1, sizeof data);
        assert_int_equal(read_in(file, data, sizeof data, huge - 3, &count), SG_WASI_SUCCESS);
        assert_true(count == 3 && data[0] == 0 && data[2] == 0);
        assert_int_equal(sgi_file_set_size(file, 0), SG_WASI_SUCCESS);
    }
    file->write_flags = OS_WRITE_APPEND;
    assert_int_equal(write_in(file, "abc", 3, UINT64_MAX, &count), SG_WASI_SUCCESS);
    assert_int_equal(write_in(file, "def", 3, 0, &count), SG_WASI_SUCCESS);
    assert_int_equal(read_in(file, data, sizeof data, 0, &count), SG_WASI_SUCCESS);
    assert_int_equal(count, 6);
    assert_memory_equal(data, "abcdef", 6);
    /* It becomes shorter while it is read. */
    assert_int_equal(truncate(path_in(&w, "f"), 2), 0);
    assert_int_equal(read_in(file, data, sizeof data, 4, &count), SG_WASI_SUCCESS);
    assert_int_equal(count, 0);
    sgi_wasi_release(&file->object);
    world_end(&w);
}

/* ---- directories that change ---- */

/* Entries go while they are listed: each of the others is told once. */
static void test_changing_directory(void **unused) {
    (void)unused;
    enum { ENTRIES = 10000 };
    static unsigned char told[ENTRIES], removed[ENTRIES];
    static const uint64_t cookies[] = {1, 12345, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX};
    World w;
    OsEntry entry;
    char name[32], first[128];
    unsigned number;
    world_make(&w, 0, NULL);
    snprintf(first, sizeof first, "%s", path_in(&w, "e0"));
    close(open(first, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    for (int i = 1; i < ENTRIES; i++) {
        snprintf(name, sizeof name, "e%d", i);
        assert_int_equal(link(first, path_in(&w, name)), 0);
    }
    uint64_t position = 0;
    unsigned seed = 1;
    while (sgi_file_next_entry(w.dir, position, &entry) == SG_WASI_SUCCESS) {
        position = entry.next;
        if (sscanf((const char *)entry.name.data, "e%u", &number) == 1) {
            assert_true(number < ENTRIES);
            assert_int_equal(told[number]++, 0);
        }
        seed = seed * 1664525u + 1013904223u;
        unsigned other = (seed >> 8) % ENTRIES;
        snprintf(name, sizeof name, "e%u", other);
        if (unlink(path_in(&w, name)) == 0)
            removed[other] = 1;
    }
    for (unsigned i = 0; i < ENTRIES; i++)
        assert_true(told[i] || removed[i]);
    for (size_t i = 0; i < SGI_COUNT(cookies); i++) {
        unsigned count = 0;
        for (position = cookies[i]; sgi_file_next_entry(w.dir, position, &entry) == SG_WASI_SUCCESS;
             position = entry.next)
            assert_true(count++ <= ENTRIES + 2);
    }
    world_end(&w);
}

/* The walk through a path of 20 links, each 4,000 bytes long, when the call's time is up, and when nobody
 * asks. */
static void test_long_walk(void **unused) {
    (void)unused;
    enum { LINKS = 20, DOTS = 1990 };
    static char target[2 * DOTS + 16];
    World w;
    world_make(&w, 1, NULL);
    for (int i = 0; i < DOTS; i++)
        memcpy(target + 2 * i, "./", 2);
    for (int i = 0; i < LINKS; i++) {
        char name[16];
        snprintf(name, sizeof name, "l%d", i);
        snprintf(target + 2 * DOTS, sizeof target - 2 * DOTS, i + 1 < LINKS ? "l%d" : ".", i + 1);
        assert_int_equal(symlink(target, path_in(&w, name)), 0);
    }
    PathBase base = {.fd = w.dir->fd, .walks = true};
    OsStat stat;
    assert_int_equal(sgi_path_stat(base, BYTES_OF("l0"), true, &stat), 0);
    base.cx = &w.store->cx;
    while (sgi_poll(base.cx) == SG_TRAP_NONE)
        continue;
    assert_int_equal(sgi_path_stat(base, BYTES_OF("l0"), true, &stat), EINTR);
    world_end(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_and_to), cmocka_unit_test(test_open_flags),
        cmocka_unit_test(test_moved_out),   cmocka_unit_test(test_sockets_and_fifos),
        cmocka_unit_test(test_devices),     cmocka_unit_test(test_proc),
        cmocka_unit_test(test_edges),       cmocka_unit_test(test_changing_directory),
        cmocka_unit_test(test_long_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
