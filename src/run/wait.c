/* memory.atomic.wait and notify: the calls that wait on addresses of a shared memory.
 *
 * The memory has one queue of all of them, first come, first served, and the lock that guards it; how many
 * there can be is the host's affair, whose threads they are. A Waiter lies on the C stack of its call, with a
 * condition of its own. No wake-up is lost: whoever notifies has changed the value before it takes the lock,
 * and whoever waits compares the value and enters the queue inside one lock.
 *
 * A deadline ends a wait because the wait ends then at the latest; a cancel signals the condition. */
#include "run/private.h"

typedef struct Waiter {
    struct Waiter *next, *previous;
    uint64_t at;
    OsCondition *wake;
    bool is_woken; /* and out of the queue */
} Waiter;

enum { OUTCOME_WOKEN, OUTCOME_NOT_EQUAL, OUTCOME_TIMED_OUT };

static void enqueue(SharedMemory *shared, Waiter *waiter) {
    waiter->previous = shared->last;
    if (shared->last)
        shared->last->next = waiter;
    else
        shared->first = waiter;
    shared->last = waiter;
}

static void dequeue(SharedMemory *shared, Waiter *waiter) {
    if (waiter->previous)
        waiter->previous->next = waiter->next;
    else
        shared->first = waiter->next;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    else
        shared->last = waiter->previous;
}

static bool is_equal(const SharedMemory *shared, uint64_t at, unsigned size, uint64_t expected) {
    const void *cell = shared->base + at;
    return size == sizeof(uint32_t)
               ? __atomic_load_n((const uint32_t *)cell, __ATOMIC_SEQ_CST) == (uint32_t)expected
               : __atomic_load_n((const uint64_t *)cell, __ATOMIC_SEQ_CST) == expected;
}

/* Sleeps until the waiter, which is in the queue, is woken, the call is to end, or `end` has come. */
static sg_trap sleep_until(ExecContext *cx, SharedMemory *shared, const Waiter *waiter, uint64_t end) {
    uint64_t deadline = cx->store->scope->deadline_ns;
    while (!waiter->is_woken) {
        sg_trap trap = sgi_poll(cx);
        if (trap != SG_TRAP_NONE)
            return trap;
        uint64_t now = sgi_os_now();
        if (now >= deadline)
            return SG_TRAP_DEADLINE;
        if (now >= end)
            return SG_TRAP_NONE;
        sgi_os_condition_wait(waiter->wake, shared->lock, end < deadline ? end : deadline);
    }
    return SG_TRAP_NONE;
}

static sg_trap wait_in_queue(ExecContext *cx, SharedMemory *shared, Waiter *waiter, uint64_t end,
                             uint32_t *outcome) {
    enqueue(shared, waiter);
    sg_trap trap = sleep_until(cx, shared, waiter, end);
    if (!waiter->is_woken)
        dequeue(shared, waiter);
    *outcome = waiter->is_woken ? OUTCOME_WOKEN : OUTCOME_TIMED_OUT;
    return trap;
}

sg_trap sgi_lib_memory_wait(ExecContext *cx, MemoryInst *memory, uint64_t at, unsigned size,
                            uint64_t expected, int64_t timeout_ns, uint32_t *outcome) {
    Store *store = cx->store;
    SharedMemory *shared = memory->shared;
    if (shared == NULL)
        return SG_TRAP_EXPECTED_SHARED_MEMORY;
    sg_trap trap = sgi_fuel_charge(cx, FUEL_WAIT);
    if (trap != SG_TRAP_NONE)
        return trap;
    uint64_t end;
    if (timeout_ns < 0 || !sgi_add(sgi_os_now(), (uint64_t)timeout_ns, &end))
        end = UINT64_MAX;
    Waiter waiter = {.at = at, .wake = sgi_os_condition_new(&store->alloc)};
    if (waiter.wake == NULL)
        return SG_TRAP_HOST_BYTES_LIMIT;
    if (store->canceller)
        sgi_canceller_wait(store->canceller, shared->lock, waiter.wake);
    sgi_os_mutex_lock(shared->lock);
    if (is_equal(shared, at, size, expected))
        trap = wait_in_queue(cx, shared, &waiter, end, outcome);
    else
        *outcome = OUTCOME_NOT_EQUAL;
    sgi_os_mutex_unlock(shared->lock);
    if (store->canceller)
        sgi_canceller_wait(store->canceller, NULL, NULL);
    sgi_os_condition_delete(waiter.wake, &store->alloc);
    return trap;
}

sg_trap sgi_lib_memory_notify(ExecContext *cx, MemoryInst *memory, uint64_t at, uint32_t count,
                              uint32_t *woken) {
    SharedMemory *shared = memory->shared;
    *woken = 0;
    sg_trap trap = sgi_fuel_charge(cx, FUEL_NOTIFY);
    if (trap != SG_TRAP_NONE || shared == NULL)
        return trap;
    sgi_os_mutex_lock(shared->lock);
    for (Waiter *waiter = shared->first, *next; waiter && *woken < count; waiter = next) {
        next = waiter->next;
        if (waiter->at != at)
            continue;
        dequeue(shared, waiter);
        waiter->is_woken = true;
        sgi_os_condition_signal(waiter->wake);
        ++*woken;
    }
    sgi_os_mutex_unlock(shared->lock);
    return SG_TRAP_NONE;
}
