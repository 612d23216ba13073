/* Clocks, and waiting for them and for streams. */
#include "preview1.h"

u64 nanoseconds(const Datetime *time) {
    return time->seconds * 1000000000u + time->nanoseconds;
}

u64 wall_nanoseconds(void) {
    Datetime now;
    wall_now(&now);
    return nanoseconds(&now);
}

PREVIEW1("clock_res_get") clock_res_get(u32 clock, Ptr result) {
    Datetime resolution;
    if (clock > MONOTONIC)
        return INVAL;
    wall_resolution(&resolution);
    put_u64(result, clock == REALTIME ? nanoseconds(&resolution) : monotonic_resolution());
    return SUCCESS;
}

PREVIEW1("clock_time_get") clock_time_get(u32 clock, u64 precision, Ptr result) {
    (void)precision;
    if (clock > MONOTONIC)
        return INVAL;
    put_u64(result, clock == REALTIME ? wall_nanoseconds() : monotonic_now());
    return SUCCESS;
}

/* ---- waiting ---- */

typedef struct Subscription {
    u64 user_data;
    uint8_t type;
    union {
        struct {
            u32 id;
            u64 timeout, precision;
            uint16_t flags;
        } clock;
        u32 fd;
    } as;
} Subscription;

typedef struct Event {
    u64 user_data;
    uint16_t error;
    uint8_t type;
    u64 size;
    uint16_t flags;
} Event;

enum { EVENT_CLOCK, EVENT_READ, EVENT_WRITE, NEVER_WAITS = 0xffffffff };

/* What to wait for, or NEVER_WAITS; `*error` for what cannot be waited for. */
static u32 pollable_of(const Subscription *wanted, uint16_t *error) {
    if (wanted->type == EVENT_CLOCK) {
        u64 time = wanted->as.clock.timeout;
        if (wanted->as.clock.id > MONOTONIC) {
            *error = INVAL;
            return NEVER_WAITS;
        }
        if ((wanted->as.clock.flags & 1) && wanted->as.clock.id == MONOTONIC)
            return subscribe_instant(time);
        if (wanted->as.clock.flags & 1) {
            u64 now = wall_nanoseconds();
            time = time > now ? time - now : 0;
        }
        return subscribe_duration(time);
    }
    Fd *fd = fd_of(wanted->as.fd, FREE);
    if (fd == NULL)
        *error = BADF;
    if (fd && fd->kind == INPUT && wanted->type == EVENT_READ)
        return stream_subscribe_read(fd->handle);
    if (fd && fd->kind == OUTPUT && wanted->type == EVENT_WRITE)
        return stream_subscribe_write(fd->handle);
    return NEVER_WAITS;
}

static void put_event(Ptr to, const Subscription *wanted, uint16_t error) {
    Event event = {wanted->user_data, error, wanted->type, wanted->type == EVENT_CLOCK ? 0 : 1, 0};
    put(to, &event, sizeof event);
}

PREVIEW1("poll_oneoff") poll_oneoff(Ptr from, Ptr to, u32 count, Ptr result) {
    u32 made = 0;
    begin();
    if (count == 0 || count > PIECE)
        return INVAL;
    Subscription *wanted = allocate(count * sizeof *wanted);
    u32 *pollables = allocate(count * 4), *which = allocate(count * 4), waiting = 0;
    get(wanted, from, count * sizeof *wanted);
    for (u32 i = 0; i < count; i++) {
        uint16_t error = SUCCESS;
        u32 pollable = pollable_of(&wanted[i], &error);
        if (pollable == NEVER_WAITS) {
            put_event(to + made++ * sizeof(Event), &wanted[i], error);
        } else {
            which[waiting] = i;
            pollables[waiting++] = pollable;
        }
    }
    if (made == 0) {
        List ready;
        poll(pollables, waiting, &ready);
        for (u32 i = 0; i < ready.count; i++)
            put_event(to + made++ * sizeof(Event), &wanted[which[((const u32 *)ready.data)[i]]], SUCCESS);
    }
    for (u32 i = 0; i < waiting; i++)
        pollable_drop(pollables[i]);
    put_u32(result, made);
    return SUCCESS;
}
