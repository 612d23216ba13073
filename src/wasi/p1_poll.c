/* Preview 1: poll_oneoff. Subscriptions in the guest's memory → what each waits for → events there. */
#include "wasi/p1.h"

enum { SUBSCRIPTION_SIZE = 48, EVENT_SIZE = 32 };
enum { EVENTTYPE_CLOCK, EVENTTYPE_FD_READ, EVENTTYPE_FD_WRITE };
enum { CLOCK_REALTIME_ID, CLOCK_MONOTONIC_ID };
enum { SUBSCRIPTION_CLOCK_ABSTIME = 1 };

typedef struct Subscription {
    uint64_t userdata;
    uint64_t bytes; /* that can be read, where that is known */
    uint8_t type;
    sg_wasi_errno error;
} Subscription;

static void ask_clock(P1 *p, uint32_t clock, uint64_t timeout, uint32_t flags, Subscription *subscription,
                      WasiWait *wait) {
    if (clock > CLOCK_MONOTONIC_ID || (flags & ~(uint32_t)SUBSCRIPTION_CLOCK_ABSTIME)) {
        subscription->error = SG_WASI_INVAL;
        wait->is_ready = true;
        return;
    }
    wait->has_time = true;
    uint64_t now = sgi_wasi_monotonic(p->state);
    if (!(flags & SUBSCRIPTION_CLOCK_ABSTIME)) {
        if (!sgi_add(now, timeout, &wait->time))
            wait->time = UINT64_MAX;
    } else if (clock == CLOCK_MONOTONIC_ID) {
        wait->time = timeout;
    } else {
        uint64_t wall = sgi_wasi_wall(p->state);
        if (!sgi_add(now, timeout > wall ? timeout - wall : 0, &wait->time))
            wait->time = UINT64_MAX;
    }
}

static void ask_fd(P1 *p, uint32_t number, bool is_write, Subscription *subscription, WasiWait *wait) {
    P1Fd *fd = NULL;
    OsStat stat;
    wait->is_write = is_write;
    subscription->error = sgi_p1_fd(p, number, RIGHT(POLL_FD_READWRITE), &fd);
    wait->is_ready = subscription->error != SG_WASI_SUCCESS;
    if (wait->is_ready)
        return;
    if (!(fd->rights & (is_write ? RIGHT(FD_WRITE) : RIGHT(FD_READ))) ||
        (fd->file && fd->file->type == OS_FILE_DIRECTORY)) {
        subscription->error = SG_WASI_BADF;
        wait->is_ready = true;
    } else if (fd->file == NULL) {
        wait->fd = sgi_wasi_stream_descriptor(fd->stream);
        wait->is_ready = wait->fd < 0;
        subscription->bytes = 1;
    } else if (!sgi_file_has_offset(fd->file)) {
        wait->fd = fd->file->fd;
        subscription->bytes = 1;
    } else {
        wait->is_ready = true;
        if (!is_write && sgi_file_stat(fd->file, &stat) == SG_WASI_SUCCESS && stat.size > fd->position)
            subscription->bytes = stat.size - fd->position;
    }
}

static sg_wasi_errno read_subscriptions(P1 *p, const Slot *a, Subscription *subscriptions, WasiWait *waits) {
    for (uint32_t i = 0; i < a[2].u32; i++) {
        const uint8_t *from;
        P1_AT(from, a[0].u32 + i * SUBSCRIPTION_SIZE, SUBSCRIPTION_SIZE, 8);
        P1_TRAP(sgi_p1_pay(p, SUBSCRIPTION_SIZE));
        Subscription *subscription = &subscriptions[i];
        *subscription =
            (Subscription){.userdata = sgi_p1_get(p, from, 8), .type = (uint8_t)sgi_p1_get(p, from + 8, 1)};
        waits[i] = (WasiWait){.fd = -1};
        if (subscription->type > EVENTTYPE_FD_WRITE)
            return SG_WASI_INVAL;
        uint32_t id = (uint32_t)sgi_p1_get(p, from + 16, 4);
        if (subscription->type == EVENTTYPE_CLOCK)
            ask_clock(p, id, sgi_p1_get(p, from + 24, 8), (uint32_t)sgi_p1_get(p, from + 40, 2), subscription,
                      &waits[i]);
        else
            ask_fd(p, id, subscription->type == EVENTTYPE_FD_WRITE, subscription, &waits[i]);
    }
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno write_events(P1 *p, const Slot *a, const Subscription *subscriptions,
                                  const WasiWait *waits) {
    uint32_t count = 0;
    uint8_t *to;
    for (uint32_t i = 0; i < a[2].u32; i++) {
        if (!waits[i].is_ready)
            continue;
        P1_AT(to, a[1].u32 + count * EVENT_SIZE, EVENT_SIZE, 8);
        sgi_p1_put(p, to, subscriptions[i].userdata, 8);
        sgi_p1_put(p, to + 8, (uint64_t)subscriptions[i].error | (uint64_t)subscriptions[i].type << 16, 8);
        sgi_p1_put(p, to + 16, subscriptions[i].bytes, 8);
        sgi_p1_put(p, to + 24, 0, 8);
        count++;
    }
    P1_AT(to, a[3].u32, 4, 4);
    sgi_p1_put(p, to, count, 4);
    return SG_WASI_SUCCESS;
}

static sg_wasi_errno poll_all(P1 *p, const Slot *a, Subscription *subscriptions, WasiWait *waits) {
    P1_TRY(read_subscriptions(p, a, subscriptions, waits));
    P1_TRAP(sgi_wasi_wait(p->state, waits, a[2].u32));
    return write_events(p, a, subscriptions, waits);
}

sg_wasi_errno sgi_p1_poll_oneoff(P1 *p, const Slot *a) {
    uint64_t count = a[2].u32;
    uint8_t *checked;
    if (count == 0)
        return SG_WASI_INVAL;
    P1_AT(checked, a[0].u32, count * SUBSCRIPTION_SIZE, 8);
    P1_AT(checked, a[1].u32, count * EVENT_SIZE, 8);
    P1_AT(checked, a[3].u32, 4, 4);
    Alloc *alloc = &p->store->alloc;
    size_t subscriptions_size = count * sizeof(Subscription), waits_size = count * sizeof(WasiWait);
    Subscription *subscriptions = sgi_alloc(alloc, subscriptions_size);
    WasiWait *waits = sgi_alloc(alloc, waits_size);
    sg_wasi_errno error = SG_WASI_NOMEM;
    if (subscriptions && waits)
        error = poll_all(p, a, subscriptions, waits);
    sgi_free(alloc, waits, waits_size);
    sgi_free(alloc, subscriptions, subscriptions_size);
    return error;
}
