/* wasi:clocks 0.2: the monotonic clock, the wall clock, and the time zone. */
#include "wasi/internal.h"

enum { NS_PER_S = 1000000000 };

static sg_status monotonic_now(P2Call *call) {
    *call->result = sgi_p2_u64(sgi_wasi_monotonic(call->state));
    return SG_OK;
}

static sg_status monotonic_resolution(P2Call *call) {
    *call->result = sgi_p2_u64(sgi_wasi_clock_resolution(call->state));
    return SG_OK;
}

static sg_status subscribe(P2Call *call, uint64_t time) {
    WasiPollable *pollable = sgi_wasi_pollable_new(call->state, NULL, sgi_wasi_ask_time);
    if (pollable == NULL)
        return sgi_p2_no_memory(call);
    pollable->time = time;
    *call->result = sgi_p2_own(pollable);
    return SG_OK;
}

static sg_status subscribe_instant(P2Call *call) {
    return subscribe(call, call->arguments[0].of.u64);
}

static sg_status subscribe_duration(P2Call *call) {
    uint64_t end;
    return subscribe(
        call, sgi_add(sgi_wasi_monotonic(call->state), call->arguments[0].of.u64, &end) ? end : UINT64_MAX);
}

static const P2Func monotonic_funcs[] = {
    {"now", "()->u64", monotonic_now},
    {"resolution", "()->u64", monotonic_resolution},
    {"subscribe-instant", "(u64)->own<pollable>", subscribe_instant},
    {"subscribe-duration", "(u64)->own<pollable>", subscribe_duration},
};

static sg_status give_datetime(P2Call *call, uint64_t ns) {
    sg_field *fields = sgi_p2_alloc(call, 2, sizeof *fields);
    if (fields == NULL)
        return sgi_p2_no_memory(call);
    fields[0] = (sg_field){{"seconds", 7}, sgi_p2_u64(ns / NS_PER_S)};
    fields[1] = (sg_field){{"nanoseconds", 11}, sgi_p2_u32((uint32_t)(ns % NS_PER_S))};
    *call->result = (sg_value){.kind = SG_RECORD, .of.record = {fields, 2}};
    return SG_OK;
}

static sg_status wall_now(P2Call *call) {
    return give_datetime(call, sgi_wasi_wall(call->state));
}

static sg_status wall_resolution(P2Call *call) {
    return give_datetime(call, sgi_wasi_clock_resolution(call->state));
}

static const P2Func wall_funcs[] = {
    {"now", "()->" P2_DATETIME, wall_now},
    {"resolution", "()->" P2_DATETIME, wall_resolution},
};

/* Guests are told nothing of where the host is: UTC. */
static sg_status timezone_utc_offset(P2Call *call) {
    *call->result = (sg_value){.kind = SG_S32, .of.s32 = 0};
    return SG_OK;
}

static sg_status timezone_display(P2Call *call) {
    sg_field *fields = sgi_p2_alloc(call, 3, sizeof *fields);
    if (fields == NULL)
        return sgi_p2_no_memory(call);
    fields[0] = (sg_field){{"utc-offset", 10}, {.kind = SG_S32, .of.s32 = 0}};
    fields[1] = (sg_field){{"name", 4}, sg_value_string("UTC")};
    fields[2] = (sg_field){{"in-daylight-saving-time", 23}, {.kind = SG_BOOL, .of.boolean = false}};
    *call->result = (sg_value){.kind = SG_RECORD, .of.record = {fields, 3}};
    return SG_OK;
}

static const P2Func timezone_funcs[] = {
    {"display", "(" P2_DATETIME ")->record{utc-offset:s32,name:string,in-daylight-saving-time:bool}",
     timezone_display},
    {"utc-offset", "(" P2_DATETIME ")->s32", timezone_utc_offset},
};

const P2Interface sgi_p2_clocks[] = {
    P2_INTERFACE("wasi:clocks/monotonic-clock@0.2.12", monotonic_funcs, NULL),
    P2_INTERFACE("wasi:clocks/wall-clock@0.2.12", wall_funcs, NULL),
    P2_GATED("wasi:clocks/timezone@0.2.12", timezone_funcs, FEATURE_WASI_CLOCKS_TIMEZONE),
};
const size_t sgi_p2_clocks_count = SGI_COUNT(sgi_p2_clocks);
