/* Files as both faces have them: limits on descriptors and on what is written, read-only grants, entries of
 * directories, streams over files, FIFOs under a deadline. */
#include "files_world.h"

static sg_wasi_errno write_in(WasiFile *file, size_t size, size_t *put) {
    static const uint8_t data[300000];
    sg_wasi_errno error;
    assert_int_equal(sgi_file_write(file, data, size, 0, put, &error), SG_TRAP_NONE);
    return error;
}

static void test_limits(void **unused) {
    (void)unused;
    World w;
    const sg_wasi_limits limits = {.size = sizeof limits, .descriptors = 4, .written = 299000};
    world_make(&w, 0, &limits);
    WasiFile *one, *two, *three;
    size_t put;
    assert_int_equal(open_in(w.dir, "one", NEW, &one), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w.dir, "two", NEW, &two), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w.dir, "three", NEW, &three), SG_WASI_MFILE);
    assert_null(three);
    sgi_wasi_release(&two->object);
    assert_int_equal(open_in(w.dir, "two", NEW, &two), SG_WASI_SUCCESS);
    assert_int_equal(write_in(one, 300000, &put), SG_WASI_SUCCESS);
    assert_int_equal(put, 299000);
    assert_int_equal(write_in(two, 1, &put), SG_WASI_DQUOT);
    assert_int_equal(sgi_file_set_size(one, 299001), SG_WASI_DQUOT);
    sg_wasi_errno error;
    assert_int_equal(sgi_file_allocate(two, 0, 1, &error), SG_TRAP_NONE);
    assert_int_equal(error, SG_WASI_DQUOT);
    assert_int_equal(sgi_file_set_size(one, 5), SG_WASI_SUCCESS);
    sgi_wasi_release(&one->object);
    sgi_wasi_release(&two->object);
    world_end(&w);
}

static void test_read_only(void **unused) {
    (void)unused;
    World w;
    WasiFile *file, *below;
    OsTime time = {1, 1};
    OsStat stat;
    size_t put;
    world_make(&w, 0, NULL);
    assert_int_equal(sgi_file_make_directory(w.dir, BYTES_OF("d")), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w.dir, "d/f", NEW, &file), SG_WASI_SUCCESS);
    sgi_wasi_release(&file->object);
    assert_int_equal(open_in(w.read_only, "d", OS_OPEN_READ | OS_OPEN_DIRECTORY, &below), SG_WASI_SUCCESS);
    WasiFile *const places[] = {w.read_only, below};
    for (size_t i = 0; i < SGI_COUNT(places); i++) {
        WasiFile *at = places[i];
        Bytes path = i ? BYTES_OF("f") : BYTES_OF("d/f"), other = BYTES_OF("n");
        const char *name = i ? "f" : "d/f";
        assert_int_equal(open_in(at, name, OS_OPEN_WRITE, &file), SG_WASI_PERM);
        assert_int_equal(open_in(at, name, OS_OPEN_READ | OS_OPEN_TRUNCATE, &file), SG_WASI_PERM);
        assert_int_equal(open_in(at, "n", OS_OPEN_READ | OS_OPEN_CREATE, &file), SG_WASI_PERM);
        assert_int_equal(sgi_file_make_directory(at, other), SG_WASI_PERM);
        assert_int_equal(sgi_file_remove_directory(at, path), SG_WASI_PERM);
        assert_int_equal(sgi_file_unlink(at, path), SG_WASI_PERM);
        assert_int_equal(sgi_file_symlink(at, path, other), SG_WASI_PERM);
        assert_int_equal(sgi_file_set_times_at(at, path, true, &time, &time), SG_WASI_PERM);
        assert_int_equal(sgi_file_set_times(at, &time, &time), SG_WASI_PERM);
        assert_int_equal(sgi_file_rename(at, path, w.dir, other), SG_WASI_PERM);
        assert_int_equal(sgi_file_rename(w.dir, BYTES_OF("d/f"), at, other), SG_WASI_PERM);
        assert_int_equal(sgi_file_link(at, path, w.dir, other), SG_WASI_PERM);
        assert_int_equal(sgi_file_link(w.dir, BYTES_OF("d/f"), at, other), SG_WASI_PERM);
        assert_int_equal(sgi_file_stat_at(at, path, true, &stat), SG_WASI_SUCCESS);
        assert_int_equal(open_in(at, name, OS_OPEN_READ, &file), SG_WASI_SUCCESS);
        assert_int_equal(write_in(file, 1, &put), SG_WASI_BADF);
        assert_int_equal(sgi_file_set_size(file, 0), SG_WASI_INVAL);
        assert_int_equal(sgi_file_set_times(file, &time, &time), SG_WASI_PERM);
        sgi_wasi_release(&file->object);
    }
    sgi_wasi_release(&below->object);
    world_end(&w);
}

/* More entries than the buffer holds: each once, from any place on. */
static void test_entries(void **unused) {
    (void)unused;
    enum { FILES = 600 };
    World w;
    world_make(&w, 0, NULL);
    bool seen[FILES] = {false};
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-with-a-name-%d", i);
        close(open(path_in(&w, name), O_CREAT | O_WRONLY, 0600));
    }
    uint64_t position = 0, middle = 0;
    unsigned count = 0, index;
    OsEntry entry;
    char after_middle[64] = "";
    for (; sgi_file_next_entry(w.dir, position, &entry) == SG_WASI_SUCCESS; position = entry.next) {
        if (sscanf((const char *)entry.name.data, "file-with-a-name-%u", &index) == 1) {
            assert_true(index < FILES && !seen[index]);
            seen[index] = true;
        }
        if (count == FILES / 2)
            middle = entry.next;
        if (count == FILES / 2 + 1)
            snprintf(after_middle, sizeof after_middle, "%s", (const char *)entry.name.data);
        count++;
    }
    assert_int_equal(count, FILES + 2);
    assert_int_equal(sgi_file_next_entry(w.dir, middle, &entry), SG_WASI_SUCCESS);
    assert_string_equal((const char *)entry.name.data, after_middle);
    world_end(&w);
}

static void test_streams(void **unused) {
    (void)unused;
    World w;
    WasiFile *file;
    size_t count;
    sg_wasi_errno error;
    char text[16] = "";
    world_make(&w, 0, NULL);
    assert_int_equal(open_in(w.dir, "f", NEW, &file), SG_WASI_SUCCESS);
    WasiStream *out = sgi_file_stream_new(file, WASI_OUTPUT_STREAM, 0, false);
    WasiStream *end = sgi_file_stream_new(file, WASI_OUTPUT_STREAM, 0, true);
    WasiStream *in = sgi_file_stream_new(file, WASI_INPUT_STREAM, 2, false);
    assert_true(out && end && in);
    sgi_wasi_release(&file->object); /* the streams keep it */
    assert_int_equal(sgi_wasi_stream_write(out, "0123", 4, true, &count, &error), SG_TRAP_NONE);
    assert_int_equal(sgi_wasi_stream_write(end, "ab", 2, true, &count, &error), SG_TRAP_NONE);
    assert_int_equal(sgi_wasi_stream_write(out, "4", 1, true, &count, &error), SG_TRAP_NONE);
    assert_int_equal(sgi_wasi_stream_read(in, text, sizeof text, true, &count, &error), SG_TRAP_NONE);
    assert_int_equal(count, 4);
    assert_memory_equal(text, "234b", 4);
    assert_int_equal(sgi_wasi_stream_read(in, text, sizeof text, true, &count, &error), SG_TRAP_NONE);
    assert_int_equal(count, 0);
    sgi_wasi_release(&out->object);
    sgi_wasi_release(&end->object);
    sgi_wasi_release(&in->object);
    assert_int_equal(w.state->descriptors.used, 2);
    world_end(&w);
}

/* A FIFO: nobody writes, nobody reads, and both. */
static void test_fifos(void **unused) {
    (void)unused;
    World w;
    WasiFile *in, *out;
    size_t count;
    sg_wasi_errno error;
    char text[16];
    world_make(&w, UINT64_C(100000000), NULL);
    assert_int_equal(mkfifo(path_in(&w, "fifo"), 0600), 0);
    assert_int_equal(sgi_file_open(w.dir, BYTES_OF("fifo"), OS_OPEN_WRITE, true, &out, &error), SG_TRAP_NONE);
    assert_int_equal(error, SG_WASI_NXIO);
    assert_int_equal(open_in(w.dir, "fifo", OS_OPEN_READ, &in), SG_WASI_SUCCESS);
    assert_int_equal(open_in(w.dir, "fifo", OS_OPEN_WRITE, &out), SG_WASI_SUCCESS);
    assert_int_equal(write_in(out, 5, &count), SG_WASI_SUCCESS);
    assert_int_equal(sgi_file_read(in, text, sizeof text, 0, &count, &error), SG_TRAP_NONE);
    assert_int_equal(count, 5);
    sgi_wasi_release(&out->object);
    assert_int_equal(sgi_file_read(in, text, sizeof text, 0, &count, &error), SG_TRAP_NONE);
    assert_int_equal(count, 0);
    sgi_wasi_release(&in->object);
    assert_int_equal(open_in(w.dir, "fifo", OS_OPEN_READ, &in), SG_WASI_SUCCESS);
    assert_int_equal(sgi_file_read(in, text, sizeof text, 0, &count, &error), SG_TRAP_DEADLINE);
    sgi_wasi_release(&in->object);
    assert_int_equal(sgi_file_open(w.dir, BYTES_OF("fifo"), OS_OPEN_WRITE, false, &out, &error),
                     SG_TRAP_DEADLINE);
    world_end(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),  cmocka_unit_test(test_read_only), cmocka_unit_test(test_entries),
        cmocka_unit_test(test_streams), cmocka_unit_test(test_fifos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
