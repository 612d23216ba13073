/* What a deadline must survive:   hostile_matrix [ROUNDS]
 *
 * Every way of staying that a guest has, ended by a deadline that has expired already, comes after 1 ms, or
 * after 100 ms, on one thread and on eight at once; each followed by a healthy call in the same store. Beside
 * each call a bare thread sleeps until the same moment: the table tells how much later than that thread the
 * call came back, in microseconds, at the median and at most. That a call ends is what is tested, not how
 * fast. */
#include "check.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sandglass.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 8, LATE_MAX_S = 20 };

/* ---- cases ---- */

typedef enum Form { CORE, COMPONENT } Form;

typedef struct Case {
    const char *name;
    Form form;
    const char *text;
    const char *call; /* NULL: "f" */
    unsigned repeat;  /* text has "%s" for that many times `repeated` */
    const char *repeated;
} Case;

#define P1(name, params)                                                                                     \
    "(import \"wasi_snapshot_preview1\" \"" name "\" (func $" name " (param " params ") (result i32)))"
#define MEMORY "(memory (export \"memory\") 1)"
/* One subscription at 0, events at 64, their count at 96: tag at 8; the rest of it at 16. */
#define POLL          "(drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96)))"
#define FOREVER(code) "(func (export \"f\") (loop $l " code " (br $l)))"
/* iovec at 32: 4,096 bytes at 8,192 */
#define VECTOR "(data (i32.const 32) \"\\00\\20\\00\\00\\00\\10\\00\\00\")"

#define INTO_GUEST(module) "(component (core module $M " module ") (core instance $m (instantiate $M))"
#define REALLOC            "(func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 8))"

static const Case cases[] = {
    {"an infinite loop", CORE, "(module " FOREVER("") ")", NULL, 0, NULL},
    {"a br_table loop", CORE,
     "(module (func (export \"f\") (loop $a (loop $b (br_table $a $b (i32.const 1))))))", NULL, 0, NULL},
    {"a cycle of tail calls", CORE,
     "(module (func $f (export \"f\") (return_call $g)) (func $g (return_call $f)))", NULL, 0, NULL},
    {"a cycle of indirect tail calls", CORE,
     "(module (type $t (func)) (table 1 funcref) (elem (i32.const 0) func $f)"
     " (func $f (export \"f\") (return_call_indirect (type $t) (i32.const 0))))",
     NULL, 0, NULL},
    {"mutual recursion", CORE,
     "(module (func $a (param i32) (if (local.get 0) (then (call $b (i32.sub (local.get 0) (i32.const 1))))))"
     " (func $b (param i32) (call $a (local.get 0)))" FOREVER("(call $a (i32.const 1000))") ")",
     NULL, 0, NULL},
    {"memory.fill", CORE,
     "(module (memory 4096)" FOREVER("(memory.fill (i32.const 0) (i32.const 7) (i32.const 0x10000000))") ")",
     NULL, 0, NULL},
    {"memory.copy", CORE,
     "(module (memory 2048)" FOREVER("(memory.copy (i32.const 1) (i32.const 0) (i32.const 0x7ffffff))") ")",
     NULL, 0, NULL},
    {"memory.init", CORE,
     "(module (memory 1) (data $d \"%s\")" FOREVER(
         "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 60000))") ")",
     NULL, 60000, "x"},
    {"memory.grow", CORE, "(module (memory 1)" FOREVER("(drop (memory.grow (i32.const 1)))") ")", NULL, 0,
     NULL},
    {"table.fill", CORE,
     "(module (table 5000000 funcref)" FOREVER(
         "(table.fill (i32.const 0) (ref.null func) (i32.const 5000000))") ")",
     NULL, 0, NULL},
    {"table.copy", CORE,
     "(module (table 5000000 funcref)" FOREVER(
         "(table.copy (i32.const 1) (i32.const 0) (i32.const 4999999))") ")",
     NULL, 0, NULL},
    {"table.init", CORE,
     "(module (table 60000 funcref) (func $n) (elem $e func%s)" FOREVER(
         "(table.init $e (i32.const 0) (i32.const 0) (i32.const 50000))") ")",
     NULL, 50000, " $n"},
    {"table.grow", CORE,
     "(module (table 1 funcref)" FOREVER("(drop (table.grow (ref.null func) (i32.const 1000)))") ")", NULL, 0,
     NULL},
    {"long code without branches", CORE,
     "(module (global $g (mut i32) (i32.const 0)) (func $s%s)" FOREVER("(call $s)") ")", NULL, 200000,
     "(global.set $g (i32.const 1))"},
    {"garbage", CORE,
     "(module (type $a (array (mut i64)))" FOREVER(
         "(drop (array.new $a (i64.const 1) (i32.const 1000)))") ")",
     NULL, 0, NULL},
    {"array.fill and array.copy", CORE,
     "(module (type $a (array (mut i64))) (func (export \"f\") (local $x (ref null $a))"
     " (local.set $x (array.new $a (i64.const 1) (i32.const 1000000)))"
     " (loop $l (array.fill $a (local.get $x) (i32.const 0) (i64.const 2) (i32.const 1000000))"
     " (array.copy $a $a (local.get $x) (i32.const 1) (local.get $x) (i32.const 0) (i32.const 999999)) (br "
     "$l))))",
     NULL, 0, NULL},
    {"exceptions", CORE,
     "(module (tag $t) (func $throw (throw $t))" FOREVER(
         "(block $h (try_table (catch_all $h) (call $throw)))") ")",
     NULL, 0, NULL},
    {"memory.atomic.wait", CORE,
     "(module (memory 1 1 shared) (func (export \"f\")"
     " (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))",
     NULL, 0, NULL},
    {"a host function that looks", CORE,
     "(module (import \"host\" \"wait\" (func $w)) (func (export \"f\") (call $w)))", NULL, 0, NULL},
    {"a start function", CORE, "(module (func $s (loop $l (br $l))) (start $s))", NULL, 0, NULL},
    {"a component's start function", COMPONENT,
     "(component (core module $M (func $s (loop $l (br $l))) (start $s)) (core instance (instantiate $M)))",
     NULL, 0, NULL},
    {"realloc", COMPONENT,
     INTO_GUEST(
         "(memory (export \"m\") 1) (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
         " (loop $l (br $l)) (unreachable)) (func (export \"f\") (param i32 i32))") "(func (export \"text\") "
                                                                                    "(param \"s\" string) "
                                                                                    "(canon lift (core func "
                                                                                    "$m \"f\") (memory (core "
                                                                                    "memory $m \"m\"))"
                                                                                    " (realloc (core func $m "
                                                                                    "\"realloc\")))))",
     "text", 0, NULL},
    {"post-return", COMPONENT,
     INTO_GUEST(
         "(func (export \"f\")) (func (export \"post\") (loop $l (br $l)))") "(func (export \"f\") (canon "
                                                                             "lift (core func $m \"f\") "
                                                                             "(post-return (core func $m "
                                                                             "\"post\")))))",
     NULL, 0, NULL},
    {"a destructor", COMPONENT,
     "(component (core module $D (func (export \"d\") (param i32) (loop $l (br $l)))) (core instance $d "
     "(instantiate $D))"
     "(type $r (resource (rep i32) (dtor (func $d \"d\"))))"
     "(core func $new (canon resource.new $r)) (core func $drop (canon resource.drop $r))"
     "(core module $M (import \"\" \"new\" (func $new (param i32) (result i32)))"
     " (import \"\" \"drop\" (func $drop (param i32)))"
     " (func (export \"f\") (call $drop (call $new (i32.const 1)))))"
     "(core instance $m (instantiate $M (with \"\" (instance (export \"new\" (func $new)) (export \"drop\" "
     "(func $drop))))))"
     "(func (export \"f\") (canon lift (core func $m \"f\"))))",
     NULL, 0, NULL},
    {"calls between components", COMPONENT,
     "(component (component $A (core module $M (func (export \"g\")))"
     " (core instance $m (instantiate $M)) (func (export \"g\") (canon lift (core func $m \"g\"))))"
     "(instance $a (instantiate $A)) (core func $g (canon lower (func $a \"g\")))"
     "(core module $N (import \"\" \"g\" (func $g)) (func (export \"f\") (loop $l (call $g) (br $l))))"
     "(core instance $n (instantiate $N (with \"\" (instance (export \"g\" (func $g))))))"
     "(func (export \"f\") (canon lift (core func $n \"f\"))))",
     NULL, 0, NULL},
    {"lists between components", COMPONENT,
     "(component (component $A (core module $M (memory (export \"m\") 600) (global $g (mut i32) (i32.const "
     "8))" REALLOC " (func (export \"g\") (param i32 i32)))"
     " (core instance $m (instantiate $M)) (func (export \"g\") (param \"x\" (list u8)) (canon lift (core "
     "func $m \"g\")"
     " (memory (core memory $m \"m\")) (realloc (core func $m \"realloc\")))))"
     "(core module $Mem (memory (export \"m\") 600)) (core instance $mem (instantiate $Mem))"
     "(instance $a (instantiate $A)) (core func $g (canon lower (func $a \"g\") (memory (core memory $mem "
     "\"m\"))))"
     "(core module $N (import \"\" \"g\" (func $g (param i32 i32)))"
     " (func (export \"f\") (loop $l (call $g (i32.const 0) (i32.const 39000000)) (br $l))))"
     "(core instance $n (instantiate $N (with \"\" (instance (export \"g\" (func $g))))))"
     "(func (export \"f\") (canon lift (core func $n \"f\"))))",
     NULL, 0, NULL},
    {"sleeping", CORE,
     "(module " P1("poll_oneoff", "i32 i32 i32 i32") MEMORY
     "(data (i32.const 16) \"\\01\\00\\00\\00\\00\\00\\00\\00\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\7f\")"
     " (func (export \"f\") " POLL "))",
     NULL, 0, NULL},
    {"many short sleeps", CORE,
     "(module " P1("poll_oneoff", "i32 i32 i32 i32") MEMORY
     "(data (i32.const 16) \"\\01\\00\\00\\00\\00\\00\\00\\00\\10\\27\\00\\00\\00\\00\\00\\00\")" FOREVER(
         POLL) ")",
     NULL, 0, NULL},
    {"polling a pipe", CORE,
     "(module " P1("poll_oneoff", "i32 i32 i32 i32") MEMORY
     "(data (i32.const 8) \"\\01\") (func (export \"f\") " POLL "))",
     NULL, 0, NULL},
    {"reading a pipe", CORE,
     "(module " P1("fd_read", "i32 i32 i32 i32") MEMORY VECTOR
     "(func (export \"f\") (drop (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const "
     "96)))))",
     NULL, 0, NULL},
    {"writing to a full pipe", CORE,
     "(module " P1("fd_write", "i32 i32 i32 i32") MEMORY VECTOR FOREVER(
         "(drop (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 96)))") ")",
     NULL, 0, NULL},
    {"opening a FIFO", CORE,
     "(module " P1("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32") P1("fd_read", "i32 i32 i32 i32")
         MEMORY VECTOR "(data (i32.const 128) \"fifo\")"
                       "(func (export \"f\") (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const "
                       "128) (i32.const 4) (i32.const 0)"
                       " (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 96)))"
                       " (drop (call $fd_read (i32.load (i32.const 96)) (i32.const 32) (i32.const 1) "
                       "(i32.const 100))) (loop $l (br $l))))",
     NULL, 0, NULL},
    {"fd_sync", CORE,
     "(module " P1("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32") P1("fd_sync", "i32") MEMORY
     "(data (i32.const 128) \"file\")"
     "(func (export \"f\") (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 4) "
     "(i32.const 1)"
     " (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 96)))"
     " (loop $l (drop (call $fd_sync (i32.load (i32.const 96)))) (br $l))))",
     NULL, 0, NULL},
    {"random numbers", CORE,
     "(module " P1("random_get", "i32 i32") "(memory (export \"memory\") 1024)" FOREVER(
         "(drop (call $random_get (i32.const 0) (i32.const 0x3ffffff)))") ")",
     NULL, 0, NULL},
    {"reading a directory", CORE,
     "(module " P1("fd_readdir", "i32 i32 i32 i64 i32")
         MEMORY FOREVER("(drop (call $fd_readdir (i32.const 3) (i32.const 1024) (i32.const 4096) (i64.const "
                        "0) (i32.const 96)))") ")",
     NULL, 0, NULL},
    {"a huge directory", CORE,
     "(module " P1("fd_readdir", "i32 i32 i32 i64 i32") "(memory (export \"memory\") 64)" FOREVER(
         "(drop (call $fd_readdir (i32.const 3) (i32.const 1024) (i32.const 0x300000) (i64.const 0) "
         "(i32.const "
         "96)))") ")",
     NULL, 0, NULL},
    {"empty vectors", CORE,
     "(module " P1("fd_write", "i32 i32 i32 i32") "(memory (export \"memory\") 4096)" FOREVER(
         "(drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 0x1fffff0) (i32.const 0)))") ")",
     NULL, 0, NULL},
    {"many subscriptions", CORE,
     "(module " P1("poll_oneoff", "i32 i32 i32 i32") "(memory (export \"memory\") 1024)" FOREVER(
         "(drop (call $poll_oneoff (i32.const 0) (i32.const 0x2000000) (i32.const 500000) (i32.const "
         "0x3fffff0)))") ")",
     NULL, 0, NULL},
    {"links in a path", CORE,
     "(module " P1("path_filestat_get", "i32 i32 i32 i32 i32") MEMORY
     "(data (i32.const 128) \"link0\")" FOREVER("(drop (call $path_filestat_get (i32.const 3) (i32.const 1) "
                                                "(i32.const 128) (i32.const 5) (i32.const "
                                                "0)))") ")",
     NULL, 0, NULL},
    {"a pollable of the clock", COMPONENT,
     "(component (import \"wasi:io/poll@0.2.0\" (instance $p (export \"pollable\" (type $x (sub resource)))"
     " (export \"[method]pollable.block\" (func (param \"self\" (borrow $x))))))"
     "(alias export $p \"pollable\" (type $x))"
     "(import \"wasi:clocks/monotonic-clock@0.2.0\" (instance $c (alias outer 1 $x (type $x)) (export "
     "\"pollable\" (type $y (eq $x)))"
     " (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $y))))))"
     "(core func $sub (canon lower (func $c \"subscribe-duration\")))"
     "(core func $block (canon lower (func $p \"[method]pollable.block\")))"
     "(core module $M (import \"\" \"s\" (func $s (param i64) (result i32))) (import \"\" \"b\" (func $b "
     "(param i32)))"
     " (func (export \"f\") (call $b (call $s (i64.const -1)))))"
     "(core instance $m (instantiate $M (with \"\" (instance (export \"s\" (func $sub)) (export \"b\" (func "
     "$block))))))"
     "(func (export \"f\") (canon lift (core func $m \"f\"))))",
     NULL, 0, NULL},
    {"a stream of standard input", COMPONENT,
     "(component (import \"wasi:io/error@0.2.0\" (instance $e (export \"error\" (type $x (sub resource)))))"
     "(alias export $e \"error\" (type $error))"
     "(import \"wasi:io/streams@0.2.0\" (instance $s (alias outer 1 $error (type $o)) (export \"error\" "
     "(type $er (eq $o)))"
     " (type $v (variant (case \"last-operation-failed\" (own $er)) (case \"closed\")))"
     " (export \"stream-error\" (type $se (eq $v))) (export \"input-stream\" (type $i (sub resource)))"
     " (export \"[method]input-stream.blocking-skip\" (func (param \"self\" (borrow $i)) (param \"len\" u64)"
     "  (result (result u64 (error $se)))))))"
     "(alias export $s \"input-stream\" (type $in))"
     "(import \"wasi:cli/stdin@0.2.0\" (instance $c (alias outer 1 $in (type $i)) (export \"input-stream\" "
     "(type $j (eq $i)))"
     " (export \"get-stdin\" (func (result (own $j))))))"
     "(core module $Mem (memory (export \"m\") 1)) (core instance $mem (instantiate $Mem))"
     "(core func $get (canon lower (func $c \"get-stdin\")))"
     "(core func $skip (canon lower (func $s \"[method]input-stream.blocking-skip\") (memory (core memory "
     "$mem \"m\"))))"
     "(core module $M (import \"\" \"g\" (func $g (result i32))) (import \"\" \"k\" (func $k (param i32 i64 "
     "i32)))"
     " (func (export \"f\") (call $k (call $g) (i64.const 5) (i32.const 0))))"
     "(core instance $m (instantiate $M (with \"\" (instance (export \"g\" (func $get)) (export \"k\" (func "
     "$skip))))))"
     "(func (export \"f\") (canon lift (core func $m \"f\"))))",
     NULL, 0, NULL},
};

enum { CASE_COUNT = sizeof cases / sizeof *cases };

static sg_engine *engine;
static char top[] = "/tmp/sandglass-matrix-XXXXXX";

/* The text with its repetitions: to be freed. */
static char *text_of(const Case *c, size_t *size) {
    const char *hole = c->repeat ? strstr(c->text, "%s") : NULL;
    size_t piece = hole ? strlen(c->repeated) : 0, whole = strlen(c->text);
    char *text = malloc(whole + piece * c->repeat + 1);
    CHECK(text, "out of memory");
    if (hole == NULL) {
        memcpy(text, c->text, whole + 1);
        *size = whole;
        return text;
    }
    size_t head = (size_t)(hole - c->text);
    memcpy(text, c->text, head);
    for (unsigned i = 0; i < c->repeat; i++)
        memcpy(text + head + i * piece, c->repeated, piece);
    strcpy(text + head + c->repeat * piece, hole + 2);
    *size = head + c->repeat * piece + strlen(hole + 2);
    return text;
}

/* ---- one guest ---- */

typedef struct Pipe {
    int in, out; /* nobody writes to `in`'s other end; `out` is full */
    int other_in, other_out;
} Pipe;

typedef struct Guest {
    sg_store *store;
    int64_t deadline;
    Pipe pipe;
} Guest;

static sg_wasi_errno pipe_read(void *context, void *buffer, size_t size, size_t *count) {
    ssize_t got = read(((const Pipe *)context)->in, buffer, size);
    *count = got > 0 ? (size_t)got : 0;
    return got < 0 ? SG_WASI_AGAIN : SG_WASI_SUCCESS;
}

static int pipe_in(void *context) {
    return ((const Pipe *)context)->in;
}

static sg_wasi_errno pipe_write(void *context, const void *data, size_t size, size_t *count) {
    ssize_t put = write(((const Pipe *)context)->out, data, size);
    *count = put > 0 ? (size_t)put : 0;
    return put < 0 ? SG_WASI_AGAIN : SG_WASI_SUCCESS;
}

static int pipe_out(void *context) {
    return ((const Pipe *)context)->out;
}

static void open_pipes(Pipe *pipes) {
    int in[2], out[2];
    CHECK(pipe2(in, O_NONBLOCK | O_CLOEXEC) == 0 && pipe2(out, O_NONBLOCK | O_CLOEXEC) == 0, "no pipe");
    char block[4096] = {0};
    while (write(out[1], block, sizeof block) > 0)
        ;
    *pipes = (Pipe){.in = in[0], .other_in = in[1], .out = out[1], .other_out = out[0]};
}

static void open_guest(Guest *guest) {
    sg_error error;
    sg_limits limits = {.size = sizeof limits, .memory_bytes = UINT64_C(1) << 30};
    guest->store = sg_store_new(engine, &limits, &error);
    sg_wasi *wasi = sg_wasi_new(engine, &error);
    CHECK(guest->store && wasi, "no store");
    open_pipes(&guest->pipe);
    const sg_wasi_stream in = {
        .size = sizeof in, .context = &guest->pipe, .read = pipe_read, .descriptor = pipe_in};
    const sg_wasi_stream out = {
        .size = sizeof out, .context = &guest->pipe, .write = pipe_write, .descriptor = pipe_out};
    sg_wasi_set_stream(wasi, SG_WASI_STDIN, &in);
    sg_wasi_set_stream(wasi, SG_WASI_STDOUT, &out);
    CHECK(sg_wasi_add_dir(wasi, top, "/", false, &error) == SG_OK, "%s", error.message);
    CHECK(sg_wasi_attach(wasi, guest->store, &error) == SG_OK, "%s", error.message);
    sg_wasi_delete(wasi);
}

static void close_guest(Guest *guest) {
    sg_store_delete(guest->store);
    close(guest->pipe.in), close(guest->pipe.other_in), close(guest->pipe.out), close(guest->pipe.other_out);
}

static sg_status wait_politely(void *context, sg_call *call, const sg_core_value *arguments,
                               size_t argument_count, sg_core_value *results, size_t result_count,
                               sg_error *error) {
    (void)context, (void)arguments, (void)argument_count, (void)results, (void)result_count;
    sg_status status;
    while ((status = sg_call_poll(call, error)) == SG_OK)
        ;
    return status;
}

static sg_extern import_of(Guest *guest, sg_string module, sg_string name) {
    sg_extern item = {.kind = SG_EXTERN_FUNC};
    sg_error error;
    if (module.size == 4 && memcmp(module.data, "host", 4) == 0)
        item.of.func = sg_core_func_new(guest->store, NULL, 0, NULL, 0, wait_politely, NULL, NULL, &error);
    else
        CHECK(sg_wasi_import(guest->store, module, name, &item, &error) == SG_OK, "%s", error.message);
    return item;
}

/* For the next call, instantiation included. */
static void hurry(const Guest *guest) {
    sg_error error;
    sg_limits limits = {.size = sizeof limits, .deadline_ns = (uint64_t)guest->deadline};
    CHECK(sg_store_tighten(guest->store, &limits, &error) == SG_OK, "%s", error.message);
}

/* Loaded once for all threads; one of the two. */
typedef struct Loaded {
    sg_module *module;
    sg_component *component;
    sg_linker *linker;
} Loaded;

static sg_status run_module(Guest *guest, const Loaded *loaded, const Case *c, sg_error *error) {
    sg_extern imports[4];
    sg_string module, name;
    sg_extern_kind kind;
    size_t count = 0;
    for (; sg_module_import(loaded->module, count, &module, &name, &kind); count++)
        imports[count] = import_of(guest, module, name);
    hurry(guest);
    sg_core_instance *instance = sg_core_instance_new(guest->store, loaded->module, imports, count, error);
    if (instance == NULL)
        return error->status;
    sg_extern item;
    const char *call = c->call ? c->call : "f";
    CHECK(sg_core_instance_find(instance, call, strlen(call), &item, error) == SG_OK, "%s: no export",
          c->name);
    hurry(guest);
    return sg_core_func_call(item.of.func, NULL, 0, NULL, 0, error);
}

static sg_status run_component(Guest *guest, const Loaded *loaded, const Case *c, sg_error *error) {
    hurry(guest);
    sg_instance *instance = sg_linker_instantiate(loaded->linker, guest->store, loaded->component, error);
    if (instance == NULL)
        return error->status;
    sg_func *func = sg_instance_find_func(instance, c->call ? c->call : "f", error);
    CHECK(func, "%s: no export", c->name);
    sg_value text = sg_value_string("abc"), result;
    hurry(guest);
    return sg_func_call(func, &text, sg_func_param_count(func), sg_func_result_type(func) ? &result : NULL,
                        error);
}

static void healthy_call(Guest *guest) {
    static const char text[] = "(module (func (export \"f\") (result i32) (i32.const 42)))";
    sg_error error;
    sg_extern item;
    sg_core_value result = {0};
    CHECK(sg_store_tighten(guest->store, NULL, &error) == SG_OK, "%s", error.message);
    sg_module *module = sg_module_load(engine, text, sizeof text - 1, &error);
    sg_core_instance *instance = module ? sg_core_instance_new(guest->store, module, NULL, 0, &error) : NULL;
    CHECK(instance && sg_core_instance_find(instance, "f", 1, &item, &error) == SG_OK &&
              sg_core_func_call(item.of.func, NULL, 0, &result, 1, &error) == SG_OK && result.of.i32 == 42,
          "the call after it fails: %s", error.message);
    sg_module_delete(module);
}

/* ---- timing ---- */

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

typedef struct Worker {
    const Case *c;
    const Loaded *loaded;
    int64_t timeout, deadline;
    pthread_barrier_t *barrier;
    int64_t late, timer_late; /* nanoseconds */
} Worker;

static void *sleep_until(void *context) {
    Worker *worker = context;
    pthread_barrier_wait(worker->barrier);
    struct timespec time = {.tv_sec = worker->deadline / 1000000000,
                            .tv_nsec = worker->deadline % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
    worker->timer_late = now() - worker->deadline;
    return NULL;
}

static void *stay(void *context) {
    Worker *worker = context;
    Guest guest;
    sg_error error;
    open_guest(&guest);
    worker->deadline = guest.deadline = now() + worker->timeout;
    pthread_barrier_wait(worker->barrier);
    sg_status status = worker->c->form == CORE ? run_module(&guest, worker->loaded, worker->c, &error)
                                               : run_component(&guest, worker->loaded, worker->c, &error);
    worker->late = now() - worker->deadline;
    CHECK(status == SG_TRAP && error.trap == SG_TRAP_DEADLINE, "%s: %s: %s", worker->c->name,
          status == SG_OK ? "came back" : error.message, error.detail);
    CHECK(worker->late < INT64_C(1000000000) * LATE_MAX_S, "%s: ended %" PRId64 " ms late", worker->c->name,
          worker->late / 1000000);
    healthy_call(&guest);
    close_guest(&guest);
    return NULL;
}

static int compare(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* The calls' lateness beyond their timers' over all rounds. */
static void measure(const Case *c, const Loaded *loaded, int64_t timeout, unsigned threads, unsigned rounds) {
    Worker workers[THREADS_MAX];
    pthread_t stays[THREADS_MAX], timers[THREADS_MAX];
    int64_t *excess = malloc(sizeof *excess * rounds * threads);
    size_t count = 0;
    CHECK(excess, "out of memory");
    for (unsigned round = 0; round < rounds; round++) {
        pthread_barrier_t barriers[THREADS_MAX];
        for (unsigned i = 0; i < threads; i++) {
            pthread_barrier_init(&barriers[i], NULL, 2);
            workers[i] = (Worker){.c = c, .loaded = loaded, .timeout = timeout, .barrier = &barriers[i]};
            pthread_create(&timers[i], NULL, sleep_until, &workers[i]);
            pthread_create(&stays[i], NULL, stay, &workers[i]);
        }
        for (unsigned i = 0; i < threads; i++) {
            pthread_join(stays[i], NULL);
            pthread_join(timers[i], NULL);
            pthread_barrier_destroy(&barriers[i]);
            excess[count++] = workers[i].late - workers[i].timer_late;
        }
    }
    qsort(excess, count, sizeof *excess, compare);
    printf(" %8.0f %8.0f", (double)excess[count / 2] / 1e3, (double)excess[count - 1] / 1e3);
    free(excess);
}

static void try_case(const Case *c, unsigned rounds) {
    static const int64_t timeouts[] = {-1000000, 1000000, 100000000};
    static const unsigned threads[] = {1, THREADS_MAX};
    sg_error error;
    size_t size;
    char *text = text_of(c, &size);
    Loaded loaded = {0};
    if (c->form == CORE)
        loaded.module = sg_module_load(engine, text, size, &error);
    else
        loaded.component = sg_component_load(engine, text, size, &error);
    CHECK(loaded.module || loaded.component, "%s: %s: %s at %u:%u", c->name, error.message, error.detail,
          error.line, error.column);
    loaded.linker = sg_linker_new(engine, &error);
    CHECK(loaded.linker && sg_wasi_define(loaded.linker, &error) == SG_OK, "%s", error.message);
    printf("%-32s", c->name);
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++)
        for (size_t j = 0; j < sizeof threads / sizeof *threads; j++)
            measure(c, &loaded, timeouts[i], threads[j], rounds);
    putchar('\n');
    fflush(stdout);
    sg_linker_delete(loaded.linker);
    sg_module_delete(loaded.module);
    sg_component_delete(loaded.component);
    free(text);
}

/* ---- loading, which has a deadline of its own ---- */

static void load_ends(int64_t timeout) {
    const sg_engine_options options = {.size = sizeof options,
                                       .load_timeout_ns = timeout > 0 ? (uint64_t)timeout : SG_ZERO,
                                       .load_bytes = SG_UNLIMITED};
    static const Case bomb = {.text = "(module (func%s))", .repeat = 4000000, .repeated = "(nop)"};
    sg_error error;
    size_t size;
    char *text = text_of(&bomb, &size);
    sg_engine *hurried = sg_engine_new(&options, &error);
    CHECK(hurried, "no engine");
    int64_t deadline = now() + timeout;
    sg_module *module = sg_module_load(hurried, text, size, &error);
    CHECK(module == NULL && error.status == SG_TRAP && error.trap == SG_TRAP_DEADLINE,
          "loading came to its end");
    printf(" %8.0f %8s %8s %8s", (double)(now() - deadline) / 1e3, "", "", "");
    sg_engine_delete(hurried);
    free(text);
}

/* ---- what guests find in their directory ---- */

enum { LINKS = 40, ENTRIES = 20000 };

static void in_top(char path[80], const char *format, int number) {
    int size = snprintf(path, 80, "%s/", top);
    snprintf(path + size, 80 - (size_t)size, format, number);
}

/* The longest way that a short path can lead: each link goes down and up again as often as it can, and on to
 * the next one. */
static void make_links(void) {
    char path[80], target[4096];
    in_top(path, "down", 0);
    CHECK(mkdir(path, 0700) == 0, "no directory");
    for (int i = 0; i < LINKS; i++) {
        size_t size = 0;
        while (size + 24 < sizeof target)
            size += (size_t)snprintf(target + size, sizeof target - size, "down/../");
        snprintf(target + size, sizeof target - size, i + 1 < LINKS ? "link%d" : "file", i + 1);
        in_top(path, "link%d", i);
        CHECK(symlink(target, path) == 0, "no link");
    }
}

static void make_entries(void) {
    char path[80], first[80];
    in_top(first, "entry%d", 0);
    int fd = open(first, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && close(fd) == 0, "no file");
    for (int i = 1; i < ENTRIES; i++) {
        in_top(path, "entry%d", i);
        CHECK(link(first, path) == 0, "no entry");
    }
}

static void remove_all(void) {
    char path[80];
    for (int i = 0; i < LINKS; i++) {
        in_top(path, "link%d", i);
        unlink(path);
    }
    for (int i = 0; i < ENTRIES; i++) {
        in_top(path, "entry%d", i);
        unlink(path);
    }
    in_top(path, "fifo", 0);
    unlink(path);
    in_top(path, "file", 0);
    unlink(path);
    in_top(path, "down", 0);
    rmdir(path);
    rmdir(top);
}

int main(int argc, char **argv) {
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    sg_error error;
    CHECK(rounds > 0, "usage: hostile_matrix [ROUNDS]");
    CHECK(mkdtemp(top), "no directory");
    char path[80];
    in_top(path, "fifo", 0);
    CHECK(mkfifo(path, 0600) == 0, "no FIFO");
    make_links();
    make_entries();
    engine = sg_engine_new(NULL, &error);
    CHECK(engine && sg_engine_set_feature(engine, "threads", true, &error) == SG_OK, "no engine");
    printf("beyond a bare timer, us: median and worst\n%-32s %17s %17s %17s %17s %17s %17s\n", "",
           "expired x1", "expired x8", "1 ms x1", "1 ms x8", "100 ms x1", "100 ms x8");
    for (size_t i = 0; i < CASE_COUNT; i++)
        try_case(&cases[i], rounds);
    printf("%-32s", "loading");
    load_ends(-1);
    load_ends(1000000);
    putchar('\n');
    sg_engine_delete(engine);
    remove_all();
    printf("%d cases\n", CASE_COUNT + 1);
    return 0;
}
