/* The one place that waits for the world outside: descriptors, times, and work that the kernel does not let
 * go of. The call's deadline bounds every wait, and a cancel wakes it.
 *
 * Descriptors: a cancel writes to the store's wake descriptor, which is polled with the others; it is made by
 * the first wait of a store that has a canceller. Whoever cancels sets the flag before it wakes, and whoever
 * waits registers before it looks at the flag, so that no cancel is lost.
 *
 * Work: each piece runs on a thread of its own. The call that needs it waits on a condition, with both inside
 * an Offloaded that belongs to the two of them: the last one out frees it, and, if the call was the first to
 * leave, the worker releases the work. It is all in memory from malloc, because a thread that hangs may
 * outlive the engine. */
#include "run/private.h"

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* The trap that the call is to end by at `now`, or none. */
static sg_trap look(Store *store, uint64_t now) {
    sg_trap trap = sgi_poll(&store->cx);
    return trap == SG_TRAP_NONE && now >= store->scope->deadline_ns ? SG_TRAP_DEADLINE : trap;
}

static sg_trap wait_ready(Store *store, OsPoll *items, size_t count, size_t all, uint64_t end_ns) {
    for (;;) {
        uint64_t now = sgi_os_now();
        sg_trap trap = look(store, now);
        if (trap != SG_TRAP_NONE)
            return trap;
        int code = sgi_os_poll(items, all, earlier(end_ns, store->scope->deadline_ns));
        for (size_t i = 0; i < count; i++)
            if (items[i].found)
                return SG_TRAP_NONE;
        if (code != 0)
            return SG_TRAP_HOST_BYTES_LIMIT; /* more descriptors than the system lets a process have */
        if (sgi_os_now() >= end_ns)
            return look(store, sgi_os_now());
    }
}

sg_trap sgi_wait_ready(Store *store, OsPoll *items, size_t count, uint64_t end_ns) {
    items[count] = (OsPoll){.fd = -1};
    if (store->canceller == NULL)
        return wait_ready(store, items, count, count, end_ns);
    int wake = sgi_canceller_wait_descriptor(store->canceller, true);
    if (wake < 0)
        return SG_TRAP_HOST_BYTES_LIMIT;
    items[count] = (OsPoll){.fd = wake, .asked = OS_POLL_READ};
    sg_trap trap = wait_ready(store, items, count, count + 1, end_ns);
    sgi_canceller_wait_descriptor(store->canceller, false);
    return trap;
}

sg_trap sgi_sleep_until(Store *store, uint64_t end_ns) {
    OsPoll wake[1];
    return sgi_wait_ready(store, wake, 0, end_ns);
}

/* --- work --- */

/* At once; what hangs counts too. Work that nobody waits for leaves room for work that somebody does. */
enum { HELPERS_MAX = 64, HELPERS_UNAWAITED_MAX = 32 };

struct Helpers {
    atomic_uint references; /* the engine's, and one of each worker */
    atomic_uint running;
    OsForkMark *fork;
};

static void helpers_free(Helpers *helpers) {
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_os_fork_mark_delete(helpers->fork);
    sgi_free(&alloc, helpers, sizeof *helpers);
}

Helpers *sgi_helpers_new(void) {
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    Helpers *helpers = sgi_alloc_zero(&alloc, sizeof *helpers);
    if (helpers == NULL)
        return NULL;
    atomic_init(&helpers->references, 1);
    helpers->fork = sgi_os_fork_mark_new();
    if (helpers->fork)
        return helpers;
    helpers_free(helpers);
    return NULL;
}

/* A child has none of its parent's threads. */
static void settle_fork(Helpers *helpers) {
    if (sgi_os_fork_mark_intact(helpers->fork) || !sgi_os_fork_mark_claim(helpers->fork))
        return;
    atomic_store(&helpers->references, 1);
    atomic_store(&helpers->running, 0);
    sgi_os_fork_mark_settle(helpers->fork);
}

void sgi_helpers_release(Helpers *helpers) {
    if (helpers == NULL)
        return;
    settle_fork(helpers);
    if (atomic_fetch_sub_explicit(&helpers->references, 1, memory_order_acq_rel) == 1)
        helpers_free(helpers);
}

typedef enum Beginning { HELPER_RUNS, HELPERS_FULL, HELPER_REFUSED } Beginning;

/* Starts a thread for `task`, which is to end with helper_ends. FULL: `most` are running. */
static Beginning helper_begins(Helpers *helpers, OsTask *task, unsigned most) {
    Beginning result = HELPERS_FULL;
    settle_fork(helpers);
    if (atomic_fetch_add(&helpers->running, 1) < most) {
        atomic_fetch_add(&helpers->references, 1);
        if (sgi_os_thread_spawn(task))
            return HELPER_RUNS;
        atomic_fetch_sub(&helpers->references, 1);
        result = HELPER_REFUSED;
    }
    atomic_fetch_sub(&helpers->running, 1);
    return result;
}

static void helper_ends(Helpers *helpers) {
    atomic_fetch_sub(&helpers->running, 1);
    sgi_helpers_release(helpers);
}

/* Work that nobody waits for. */
typedef struct Started {
    OsTask task; /* first */
    Helpers *helpers;
    void (*work)(void *job);
    void *job;
} Started;

static void started_run(OsTask *task) {
    Started started = *(Started *)(void *)task;
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_free(&alloc, task, sizeof started);
    started.work(started.job);
    helper_ends(started.helpers);
}

bool sgi_helper_start(Engine *engine, void (*work)(void *job), void *job) {
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    Started *started = sgi_alloc(&alloc, sizeof *started);
    if (started == NULL)
        return false;
    *started = (Started){{started_run}, engine->helpers, work, job};
    if (helper_begins(engine->helpers, &started->task, HELPERS_UNAWAITED_MAX) == HELPER_RUNS)
        return true;
    sgi_free(&alloc, started, sizeof *started);
    return false;
}

typedef struct Offloaded {
    OsTask task; /* first */
    Alloc alloc;
    Helpers *helpers;
    OsMutex *lock; /* guards the two below */
    OsCondition *wake;
    bool is_done, is_abandoned;
    void (*work)(void *job);
    void (*release)(void *job);
    void *job;
} Offloaded;

static void offloaded_free(Offloaded *offloaded) {
    sgi_os_condition_delete(offloaded->wake, &offloaded->alloc);
    sgi_os_mutex_delete(offloaded->lock, &offloaded->alloc);
    Alloc own = offloaded->alloc;
    sgi_free(&own, offloaded, sizeof *offloaded);
}

static Offloaded *offloaded_new(Helpers *helpers) {
    Alloc own;
    sgi_alloc_init(&own, NULL, NULL, SIZE_MAX);
    Offloaded *offloaded = sgi_alloc_zero(&own, sizeof *offloaded);
    if (offloaded == NULL)
        return NULL;
    offloaded->alloc = own;
    offloaded->helpers = helpers;
    offloaded->lock = sgi_os_mutex_new(&offloaded->alloc);
    offloaded->wake = sgi_os_condition_new(&offloaded->alloc);
    if (offloaded->lock && offloaded->wake)
        return offloaded;
    offloaded_free(offloaded);
    return NULL;
}

static void worker_run(OsTask *task) {
    Offloaded *offloaded = (Offloaded *)(void *)task;
    Helpers *helpers = offloaded->helpers;
    offloaded->work(offloaded->job);
    sgi_os_mutex_lock(offloaded->lock);
    bool is_abandoned = offloaded->is_abandoned;
    offloaded->is_done = true;
    sgi_os_condition_signal(offloaded->wake);
    sgi_os_mutex_unlock(offloaded->lock);
    if (is_abandoned) {
        offloaded->release(offloaded->job);
        offloaded_free(offloaded);
    }
    helper_ends(helpers);
}

/* Until it is done, with the lock held. */
static sg_trap wait_done(Store *store, Offloaded *offloaded) {
    while (!offloaded->is_done) {
        sg_trap trap = look(store, sgi_os_now());
        if (trap != SG_TRAP_NONE)
            return trap;
        sgi_os_condition_wait(offloaded->wake, offloaded->lock, store->scope->deadline_ns);
    }
    return SG_TRAP_NONE;
}

sg_trap sgi_offload(Store *store, void (*work)(void *job), void *job, void (*release)(void *job)) {
    const uint64_t pause_ns = 1000000;
    Offloaded *offloaded = offloaded_new(store->engine->helpers);
    if (offloaded == NULL) {
        release(job);
        return SG_TRAP_HOST_BYTES_LIMIT;
    }
    offloaded->task.run = worker_run;
    offloaded->work = work;
    offloaded->release = release;
    offloaded->job = job;
    Beginning beginning = HELPERS_FULL;
    sg_trap trap = look(store, sgi_os_now());
    while (trap == SG_TRAP_NONE &&
           (beginning = helper_begins(offloaded->helpers, &offloaded->task, HELPERS_MAX)) == HELPERS_FULL)
        trap = sgi_sleep_until(store, sgi_os_now() + pause_ns);
    if (trap == SG_TRAP_NONE && beginning == HELPER_REFUSED)
        trap = SG_TRAP_HOST_BYTES_LIMIT; /* more threads than the system lets a process have */
    if (trap != SG_TRAP_NONE) {
        release(job);
        offloaded_free(offloaded);
        return trap;
    }
    if (store->canceller)
        sgi_canceller_wait(store->canceller, offloaded->lock, offloaded->wake);
    sgi_os_mutex_lock(offloaded->lock);
    trap = wait_done(store, offloaded);
    sgi_os_mutex_unlock(offloaded->lock);
    /* Before it is abandoned: whoever cancels must not find the lock that the worker then frees. */
    if (store->canceller)
        sgi_canceller_wait(store->canceller, NULL, NULL);
    sgi_os_mutex_lock(offloaded->lock);
    bool is_done = offloaded->is_done;
    offloaded->is_abandoned = !is_done;
    sgi_os_mutex_unlock(offloaded->lock);
    if (!is_done)
        return trap;
    offloaded_free(offloaded);
    return SG_TRAP_NONE;
}
