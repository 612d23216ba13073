/* wasi:io 0.2: error, poll, streams. */
#include "wasi/internal.h"

#include <stdio.h>
#include <string.h>

/* ---- error ---- */

static sg_status error_to_debug_string(P2Call *call) {
    const WasiIoError *error = sgi_p2_object(&call->arguments[0]);
    const char *name = sgi_wasi_error_name(error->error);
    call->result->kind = SG_STRING;
    call->result->of.string = sg_string_of(name, strlen(name));
    return SG_OK;
}

static const P2Func error_funcs[] = {
    {"[method]error.to-debug-string", "(borrow<error>)->string", error_to_debug_string},
};

/* ---- poll ---- */

static void ask(const WasiPollable *pollable, WasiWait *wait) {
    *wait = (WasiWait){.fd = -1};
    pollable->ask(pollable, wait);
}

static sg_status pollable_ready(P2Call *call) {
    WasiWait waits[2] = {{.fd = -1}, {.fd = -1, .is_ready = true}};
    ask(sgi_p2_object(&call->arguments[0]), &waits[0]);
    sg_trap trap = sgi_wasi_wait(call->state, waits, 2);
    *call->result = (sg_value){.kind = SG_BOOL, .of.boolean = waits[0].is_ready};
    return sgi_p2_trap(call, trap);
}

static sg_status pollable_block(P2Call *call) {
    WasiWait wait;
    ask(sgi_p2_object(&call->arguments[0]), &wait);
    return sgi_p2_trap(call, sgi_wasi_wait(call->state, &wait, 1));
}

static sg_status poll(P2Call *call) {
    const sg_value *in = call->arguments[0].of.list.items;
    size_t count = call->arguments[0].of.list.count, ready = 0;
    if (count == 0)
        return sgi_fail(call->err, SG_BAD_VALUE, SG_NO_OFFSET, "the list of pollables is empty", "%s", "");
    WasiWait *waits = sgi_p2_alloc(call, count, sizeof *waits);
    sg_value *indices = waits ? sgi_p2_alloc(call, count, sizeof *indices) : NULL;
    if (indices == NULL)
        return sgi_p2_no_memory(call);
    for (size_t i = 0; i < count; i++)
        ask(sgi_p2_object(&in[i]), &waits[i]);
    SGI_TRY(sgi_p2_trap(call, sgi_wasi_wait(call->state, waits, count)));
    for (size_t i = 0; i < count; i++)
        if (waits[i].is_ready)
            indices[ready++] = sgi_p2_u32((uint32_t)i);
    *call->result = (sg_value){.kind = SG_LIST, .of.list = {indices, ready}};
    return SG_OK;
}

static const P2Func poll_funcs[] = {
    {"[method]pollable.ready", "(borrow<pollable>)->bool", pollable_ready},
    {"[method]pollable.block", "(borrow<pollable>)", pollable_block},
    {"poll", "(list<borrow<pollable>>)->list<u32>", poll},
};

/* ---- input streams ---- */

/* The guest may ask for any size; it gets what there is, up to this. */
enum { READ_MAX = 65536 };

/* result<_, stream-error> of what a stream answered; a stream that failed or ended stays closed. */
static sg_status fail_stream(P2Call *call, WasiStream *stream, sg_wasi_errno error) {
    stream->is_closed = true;
    return sgi_p2_stream_error(call, error);
}

/* Reads into `buffer`; *is_told: the error is the result already. */
static sg_status read_some(P2Call *call, uint8_t *buffer, size_t size, bool waits, size_t *count,
                           bool *is_told) {
    WasiStream *stream = sgi_p2_object(&call->arguments[0]);
    sg_wasi_errno error = SG_WASI_SUCCESS;
    *count = 0;
    *is_told = false;
    if (size == 0 && !stream->is_closed)
        return SG_OK;
    if (!stream->is_closed)
        SGI_TRY(sgi_p2_trap(call, sgi_wasi_stream_read(stream, buffer, size, waits, count, &error)));
    if (*count || error == SG_WASI_AGAIN)
        return SG_OK;
    *is_told = true;
    return fail_stream(call, stream, error);
}

static size_t piece_of(const sg_value *length) {
    return length->of.u64 < READ_MAX ? (size_t)length->of.u64 : READ_MAX;
}

static sg_status give_read(P2Call *call, bool waits) {
    size_t size = piece_of(&call->arguments[1]), count;
    uint8_t *buffer = sgi_p2_alloc(call, size, 1);
    bool is_told;
    if (buffer == NULL)
        return sgi_p2_no_memory(call);
    SGI_TRY(read_some(call, buffer, size, waits, &count, &is_told));
    return is_told ? SG_OK : sgi_p2_ok(call, &(sg_value){.kind = SG_BYTES, .of.bytes = {buffer, count}});
}

static sg_status give_skip(P2Call *call, bool waits) {
    uint8_t buffer[4096];
    size_t size = piece_of(&call->arguments[1]), count;
    bool is_told;
    SGI_TRY(read_some(call, buffer, size < sizeof buffer ? size : sizeof buffer, waits, &count, &is_told));
    sg_value skipped = sgi_p2_u64(count);
    return is_told ? SG_OK : sgi_p2_ok(call, &skipped);
}

static sg_status input_stream_read(P2Call *call) {
    return give_read(call, false);
}
static sg_status input_stream_blocking_read(P2Call *call) {
    return give_read(call, true);
}
static sg_status input_stream_skip(P2Call *call) {
    return give_skip(call, false);
}
static sg_status input_stream_blocking_skip(P2Call *call) {
    return give_skip(call, true);
}

static sg_status stream_subscribe(P2Call *call) {
    WasiPollable *pollable =
        sgi_wasi_pollable_new(call->state, sgi_p2_object(&call->arguments[0]), sgi_wasi_ask_stream);
    if (pollable == NULL)
        return sgi_p2_no_memory(call);
    *call->result = sgi_p2_own(pollable);
    return SG_OK;
}

/* ---- output streams ---- */

/* How much may be written without waiting; *is_told as above. */
static sg_status permit_of(P2Call *call, WasiStream *stream, uint64_t *permit, bool *is_told) {
    WasiWait waits[2] = {{.fd = sgi_wasi_stream_descriptor(stream), .is_write = true},
                         {.fd = -1, .is_ready = true}};
    *permit = STREAM_PIECE_FREE;
    *is_told = stream->is_closed;
    if (stream->is_closed)
        return sgi_p2_stream_error(call, SG_WASI_PIPE);
    if (waits[0].fd < 0)
        return SG_OK;
    SGI_TRY(sgi_p2_trap(call, sgi_wasi_wait(call->state, waits, 2)));
    *permit = waits[0].is_ready ? STREAM_PIECE_READY : 0;
    return SG_OK;
}

static sg_status output_stream_check_write(P2Call *call) {
    uint64_t permit;
    bool is_told;
    SGI_TRY(permit_of(call, sgi_p2_object(&call->arguments[0]), &permit, &is_told));
    sg_value value = sgi_p2_u64(permit);
    return is_told ? SG_OK : sgi_p2_ok(call, &value);
}

/* All of it. What check-write permitted goes at once; where a guest, or another process, broke the promise
 * that is behind it, this waits. */
static sg_status write_all(P2Call *call, WasiStream *stream, const void *data, size_t size, bool *is_told) {
    size_t count;
    sg_wasi_errno error;
    *is_told = true;
    if (stream->is_closed)
        return sgi_p2_stream_error(call, SG_WASI_PIPE);
    SGI_TRY(sgi_p2_trap(call, sgi_wasi_stream_write(stream, data, size, true, &count, &error)));
    if (error != SG_WASI_SUCCESS)
        return fail_stream(call, stream, error);
    *is_told = false;
    return SG_OK;
}

static sg_status give_write(P2Call *call, const void *data, size_t size) {
    bool is_told;
    SGI_TRY(write_all(call, sgi_p2_object(&call->arguments[0]), data, size, &is_told));
    return is_told ? SG_OK : sgi_p2_ok(call, NULL);
}

static sg_status too_much(const P2Call *call, uint64_t most) {
    return sgi_fail(call->err, SG_BAD_VALUE, SG_NO_OFFSET, "more than may be written at once", "at most %u",
                    (unsigned)most);
}

static sg_status write_up_to(P2Call *call, size_t most) {
    const sg_value *contents = &call->arguments[1];
    if (contents->of.bytes.size > most)
        return too_much(call, most);
    return give_write(call, contents->of.bytes.data, contents->of.bytes.size);
}

static sg_status zeroes_up_to(P2Call *call, size_t most) {
    static const uint8_t zeroes[STREAM_PIECE_FREE];
    if (call->arguments[1].of.u64 > most)
        return too_much(call, most);
    return give_write(call, zeroes, (size_t)call->arguments[1].of.u64);
}

static sg_status output_stream_write(P2Call *call) {
    return write_up_to(call, STREAM_PIECE_FREE);
}
static sg_status output_stream_write_zeroes(P2Call *call) {
    return zeroes_up_to(call, STREAM_PIECE_FREE);
}
/* The specification's own bound. */
static sg_status output_stream_blocking_write_and_flush(P2Call *call) {
    return write_up_to(call, 4096);
}
static sg_status output_stream_blocking_write_zeroes_and_flush(P2Call *call) {
    return zeroes_up_to(call, 4096);
}

/* Nothing is buffered. */
static sg_status output_stream_flush(P2Call *call) {
    const WasiStream *stream = sgi_p2_object(&call->arguments[0]);
    return stream->is_closed ? sgi_p2_stream_error(call, SG_WASI_PIPE) : sgi_p2_ok(call, NULL);
}

static sg_status splice(P2Call *call, bool waits) {
    WasiStream *to = sgi_p2_object(&call->arguments[0]), *from = sgi_p2_object(&call->arguments[1]);
    uint8_t buffer[STREAM_PIECE_READY];
    uint64_t permit, left = call->arguments[2].of.u64;
    sg_wasi_errno error = SG_WASI_SUCCESS;
    size_t count = 0;
    bool is_told;
    SGI_TRY(permit_of(call, to, &permit, &is_told));
    if (is_told)
        return SG_OK;
    size_t size = left < sizeof buffer ? (size_t)left : sizeof buffer;
    if (permit == 0 && !waits)
        size = 0;
    if (from->is_closed)
        return sgi_p2_stream_error(call, SG_WASI_SUCCESS);
    if (size)
        SGI_TRY(sgi_p2_trap(call, sgi_wasi_stream_read(from, buffer, size, waits, &count, &error)));
    if (size && count == 0 && error != SG_WASI_AGAIN)
        return fail_stream(call, from, error);
    SGI_TRY(write_all(call, to, buffer, count, &is_told));
    sg_value moved = sgi_p2_u64(count);
    return is_told ? SG_OK : sgi_p2_ok(call, &moved);
}

static sg_status output_stream_splice(P2Call *call) {
    return splice(call, false);
}
static sg_status output_stream_blocking_splice(P2Call *call) {
    return splice(call, true);
}

#define UNIT_RESULT "result<_," P2_STREAM_ERROR ">"
#define U64_RESULT  "result<u64," P2_STREAM_ERROR ">"
#define LIST_RESULT "result<list<u8>," P2_STREAM_ERROR ">"
static const P2Func stream_funcs[] = {
    {"[method]input-stream.read", "(borrow<input-stream>,u64)->" LIST_RESULT, input_stream_read},
    {"[method]input-stream.blocking-read", "(borrow<input-stream>,u64)->" LIST_RESULT,
     input_stream_blocking_read},
    {"[method]input-stream.skip", "(borrow<input-stream>,u64)->" U64_RESULT, input_stream_skip},
    {"[method]input-stream.blocking-skip", "(borrow<input-stream>,u64)->" U64_RESULT,
     input_stream_blocking_skip},
    {"[method]input-stream.subscribe", "(borrow<input-stream>)->own<pollable>", stream_subscribe},
    {"[method]output-stream.check-write", "(borrow<output-stream>)->" U64_RESULT, output_stream_check_write},
    {"[method]output-stream.write", "(borrow<output-stream>,list<u8>)->" UNIT_RESULT, output_stream_write},
    {"[method]output-stream.blocking-write-and-flush", "(borrow<output-stream>,list<u8>)->" UNIT_RESULT,
     output_stream_blocking_write_and_flush},
    {"[method]output-stream.flush", "(borrow<output-stream>)->" UNIT_RESULT, output_stream_flush},
    {"[method]output-stream.blocking-flush", "(borrow<output-stream>)->" UNIT_RESULT, output_stream_flush},
    {"[method]output-stream.subscribe", "(borrow<output-stream>)->own<pollable>", stream_subscribe},
    {"[method]output-stream.write-zeroes", "(borrow<output-stream>,u64)->" UNIT_RESULT,
     output_stream_write_zeroes},
    {"[method]output-stream.blocking-write-zeroes-and-flush", "(borrow<output-stream>,u64)->" UNIT_RESULT,
     output_stream_blocking_write_zeroes_and_flush},
    {"[method]output-stream.splice", "(borrow<output-stream>,borrow<input-stream>,u64)->" U64_RESULT,
     output_stream_splice},
    {"[method]output-stream.blocking-splice", "(borrow<output-stream>,borrow<input-stream>,u64)->" U64_RESULT,
     output_stream_blocking_splice},
};

const P2Interface sgi_p2_io[] = {
    P2_INTERFACE("wasi:io/error@0.2.12", error_funcs, "error"),
    P2_INTERFACE("wasi:io/poll@0.2.12", poll_funcs, "pollable"),
    P2_INTERFACE("wasi:io/streams@0.2.12", stream_funcs, "input-stream", "output-stream"),
};
const size_t sgi_p2_io_count = SGI_COUNT(sgi_p2_io);
