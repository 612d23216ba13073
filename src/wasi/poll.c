/* Pollables: what is waited for → descriptors and times → the one place that waits.
 *
 * A guest may name the same descriptor any number of times; the system is asked once for each. */
#include "wasi/internal.h"

#include <string.h>

typedef struct Asked {
    OsPoll *items;   /* `count`, and one for sgi_wait_ready */
    uint32_t *place; /* by hash of the descriptor: position in `items`, from 1 */
    size_t count, capacity, place_count;
} Asked;

/* Where the descriptor's place is, or is to be. */
static uint32_t *place_of(const Asked *asked, int fd) {
    size_t mask = asked->place_count - 1;
    for (size_t at = (uint32_t)fd * UINT32_C(2654435769) & mask;; at = (at + 1) & mask) {
        uint32_t *place = &asked->place[at];
        if (*place == 0 || asked->items[*place - 1].fd == fd)
            return place;
    }
}

static void ask_fd(Asked *asked, const WasiWait *wait) {
    uint32_t *place = place_of(asked, wait->fd);
    if (*place == 0) {
        asked->items[asked->count] = (OsPoll){.fd = wait->fd};
        *place = (uint32_t)++asked->count;
    }
    OsPoll *item = &asked->items[*place - 1];
    item->asked = (short)(item->asked | (wait->is_write ? OS_POLL_WRITE : OS_POLL_READ));
}

static bool ask_all(Asked *asked, Alloc *alloc, const WasiWait *waits, size_t count) {
    size_t fds = 0;
    for (size_t i = 0; i < count; i++)
        fds += waits[i].fd >= 0;
    asked->capacity = fds + 1;
    for (asked->place_count = 1; asked->place_count <= fds;)
        asked->place_count *= 2;
    asked->place = sgi_alloc_zero(alloc, asked->place_count * sizeof *asked->place);
    asked->items = sgi_alloc(alloc, asked->capacity * sizeof *asked->items);
    if (asked->place == NULL || asked->items == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (waits[i].fd >= 0)
            ask_fd(asked, &waits[i]);
    return true;
}

/* Marks what is ready now, by descriptors' `found` and the clock; is anything? *first: the earliest time. */
static bool mark(WasiState *state, const Asked *asked, WasiWait *waits, size_t count, uint64_t *first) {
    bool any = false, has_time = false;
    *first = UINT64_MAX;
    uint64_t now = 0;
    for (size_t i = 0; i < count; i++) {
        WasiWait *wait = &waits[i];
        if (wait->fd >= 0) {
            int other = wait->is_write ? OS_POLL_READ : OS_POLL_WRITE;
            int found = asked->items[*place_of(asked, wait->fd) - 1].found;
            wait->is_ready = wait->is_ready || (found & ~other) != 0;
        }
        if (wait->has_time) {
            now = has_time ? now : sgi_wasi_monotonic(state);
            has_time = true;
            wait->is_ready = wait->is_ready || wait->time <= now;
            *first = wait->time < *first ? wait->time : *first;
        }
        any = any || wait->is_ready;
    }
    return any;
}

/* When the host's clock will say that the guest's has come to `time`. */
static uint64_t host_time(WasiState *state, uint64_t time) {
    uint64_t now = sgi_wasi_monotonic(state), end;
    if (time == UINT64_MAX)
        return UINT64_MAX;
    return sgi_add(sgi_os_now(), time > now ? time - now : 0, &end) ? end : UINT64_MAX;
}

static sg_trap wait_asked(WasiState *state, const Asked *asked, WasiWait *waits, size_t count) {
    Store *store = state->store;
    uint64_t first;
    /* What is ready without waiting; virtual time does not pass while something is. */
    sg_trap trap = sgi_wait_ready(store, asked->items, asked->count, 0);
    while (trap == SG_TRAP_NONE && !mark(state, asked, waits, count, &first)) {
        if (first == UINT64_MAX || !sgi_wasi_clock_skip(state, first))
            trap = sgi_wait_ready(store, asked->items, asked->count, host_time(state, first));
    }
    return trap;
}

sg_trap sgi_wasi_wait(WasiState *state, WasiWait *waits, size_t count) {
    Alloc *alloc = &state->store->alloc;
    Asked asked = {.count = 0};
    sg_trap trap = SG_TRAP_HOST_BYTES_LIMIT;
    if (ask_all(&asked, alloc, waits, count))
        trap = wait_asked(state, &asked, waits, count);
    sgi_free(alloc, asked.items, asked.capacity * sizeof *asked.items);
    sgi_free(alloc, asked.place, asked.place_count * sizeof *asked.place);
    return trap;
}

/* ---- pollables ---- */

static void destroy_pollable(WasiObject *self) {
    sgi_wasi_release(((WasiPollable *)(void *)self)->subject);
}

WasiPollable *sgi_wasi_pollable_new(WasiState *state, WasiObject *subject,
                                    void (*ask)(const WasiPollable *self, WasiWait *wait)) {
    WasiPollable *pollable = sgi_wasi_object_new(state, WASI_POLLABLE, sizeof *pollable, destroy_pollable);
    if (pollable == NULL)
        return NULL;
    pollable->ask = ask;
    pollable->subject = subject;
    if (subject)
        sgi_wasi_retain(subject);
    return pollable;
}

void sgi_wasi_ask_stream(const WasiPollable *self, WasiWait *wait) {
    const WasiStream *stream = (const WasiStream *)(const void *)self->subject;
    wait->fd = stream->is_closed ? -1 : sgi_wasi_stream_descriptor(stream);
    wait->is_write = stream->object.kind == WASI_OUTPUT_STREAM;
    wait->is_ready = wait->fd < 0;
}

void sgi_wasi_ask_time(const WasiPollable *self, WasiWait *wait) {
    wait->has_time = true;
    wait->time = self->time;
}
