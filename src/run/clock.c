/* The clock: alarms in a pairing heap, and one thread that sleeps until the first of them.
 *
 * The heap's links live in the alarms, so arming and disarming allocate nothing and, while the first deadline
 * stays the first, cost one uncontended lock. The thread is started by the first alarm and lingers, waking at
 * most once for an alarm that was disarmed meanwhile.
 *
 * After a fork the child has no clock thread, and the lock and the heap may have been caught half-way: both
 * are made anew, and the epoch counts up, which tells that alarms of before are in no heap. */
#include "run/run.h"

struct Clock {
    Alloc alloc;
    OsMutex *lock; /* guards all below but the mark */
    OsCondition *wake;
    OsForkMark *mark;
    Alarm *first;
    OsThread *thread;
    uint64_t sleeps_until;
    atomic_uint_fast64_t epoch;
    bool stop;
};

/* --- the heap --- */

static Alarm *meld(Alarm *a, Alarm *b) {
    if (a == NULL || b == NULL)
        return a ? a : b;
    if (b->deadline_ns < a->deadline_ns) {
        Alarm *other = a;
        a = b;
        b = other;
    }
    b->previous = a;
    b->next = a->child;
    if (a->child)
        a->child->previous = b;
    a->child = b;
    return a;
}

static Alarm *take_sibling(Alarm **list) {
    Alarm *alarm = *list;
    if (alarm) {
        *list = alarm->next;
        alarm->next = alarm->previous = NULL;
    }
    return alarm;
}

/* The usual two passes: melds pairs from left to right, then all of them from right to left. */
static Alarm *meld_children(Alarm *alarm) {
    Alarm *list = alarm->child, *pairs = NULL, *heap = NULL;
    alarm->child = NULL;
    while (list) {
        Alarm *a = take_sibling(&list);
        Alarm *pair = meld(a, take_sibling(&list));
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs)
        heap = meld(heap, take_sibling(&pairs));
    return heap;
}

static void heap_remove(Clock *clock, Alarm *alarm) {
    if (alarm == clock->first) {
        clock->first = meld_children(alarm);
    } else {
        if (alarm->previous->child == alarm)
            alarm->previous->child = alarm->next;
        else
            alarm->previous->next = alarm->next;
        if (alarm->next)
            alarm->next->previous = alarm->previous;
        clock->first = meld(clock->first, meld_children(alarm));
    }
    alarm->is_armed = false;
}

/* --- the thread --- */

static void fire(Alarm *alarm) {
    unsigned none = 0;
    atomic_compare_exchange_strong(alarm->flag, &none, alarm->trap);
}

static void clock_run(void *argument) {
    Clock *clock = argument;
    sgi_os_mutex_lock(clock->lock);
    while (!clock->stop) {
        uint64_t now = sgi_os_now();
        while (clock->first && clock->first->deadline_ns <= now) {
            Alarm *alarm = clock->first;
            heap_remove(clock, alarm);
            fire(alarm);
        }
        clock->sleeps_until = clock->first ? clock->first->deadline_ns : UINT64_MAX;
        sgi_os_condition_wait(clock->wake, clock->lock, clock->sleeps_until);
    }
    sgi_os_mutex_unlock(clock->lock);
}

static void settle_fork(Clock *clock) {
    if (sgi_os_fork_mark_intact(clock->mark) || !sgi_os_fork_mark_claim(clock->mark))
        return;
    sgi_os_mutex_reset(clock->lock);
    sgi_os_condition_reset(clock->wake);
    if (clock->thread)
        sgi_os_thread_forget(clock->thread, &clock->alloc);
    clock->thread = NULL;
    clock->first = NULL;
    atomic_fetch_add(&clock->epoch, 1);
    sgi_os_fork_mark_settle(clock->mark);
}

/* --- the door --- */

Clock *sgi_clock_new(const Alloc *alloc) {
    Alloc own;
    sgi_alloc_init(&own, alloc->fn, alloc->context, SIZE_MAX);
    Clock *clock = sgi_alloc_zero(&own, sizeof *clock);
    if (clock == NULL)
        return NULL;
    clock->alloc = own;
    clock->lock = sgi_os_mutex_new(&clock->alloc);
    clock->wake = sgi_os_condition_new(&clock->alloc);
    clock->mark = sgi_os_fork_mark_new();
    if (clock->lock && clock->wake && clock->mark)
        return clock;
    sgi_clock_delete(clock);
    return NULL;
}

void sgi_clock_delete(Clock *clock) {
    if (clock == NULL)
        return;
    if (clock->mark)
        settle_fork(clock);
    if (clock->thread) {
        sgi_os_mutex_lock(clock->lock);
        clock->stop = true;
        sgi_os_mutex_unlock(clock->lock);
        sgi_os_condition_signal(clock->wake);
        sgi_os_thread_join(clock->thread, &clock->alloc);
    }
    sgi_os_condition_delete(clock->wake, &clock->alloc);
    sgi_os_mutex_delete(clock->lock, &clock->alloc);
    sgi_os_fork_mark_delete(clock->mark);
    Alloc own = clock->alloc;
    sgi_free(&own, clock, sizeof *clock);
}

sg_status sgi_clock_arm(Clock *clock, Alarm *alarm, sg_error *err) {
    settle_fork(clock);
    sgi_os_mutex_lock(clock->lock);
    if (clock->thread == NULL) {
        /* Until it first sleeps it looks at the heap itself. */
        clock->sleeps_until = 0;
        clock->thread = sgi_os_thread_start(clock_run, clock, &clock->alloc);
    }
    bool has_thread = clock->thread != NULL, is_first = false;
    if (has_thread) {
        alarm->child = alarm->next = alarm->previous = NULL;
        alarm->epoch = atomic_load_explicit(&clock->epoch, memory_order_relaxed);
        alarm->is_armed = true;
        clock->first = meld(clock->first, alarm);
        is_first = alarm->deadline_ns < clock->sleeps_until;
    }
    sgi_os_mutex_unlock(clock->lock);
    if (is_first)
        sgi_os_condition_signal(clock->wake);
    return has_thread ? SG_OK
                      : sgi_fail(err, SG_NO_MEMORY, SG_NO_OFFSET, "out of memory", "no thread for the clock");
}

void sgi_clock_disarm(Clock *clock, Alarm *alarm) {
    settle_fork(clock);
    sgi_os_mutex_lock(clock->lock);
    if (alarm->is_armed && alarm->epoch == atomic_load_explicit(&clock->epoch, memory_order_relaxed))
        heap_remove(clock, alarm);
    alarm->is_armed = false;
    sgi_os_mutex_unlock(clock->lock);
}

void sgi_clock_renew(Clock *clock, Alarm *alarm) {
    settle_fork(clock);
    if (SGI_LIKELY(alarm->epoch == atomic_load_explicit(&clock->epoch, memory_order_relaxed)))
        return;
    /* Its heap is gone, so nobody else looks at the alarm. */
    if (alarm->is_armed && sgi_clock_arm(clock, alarm, NULL) != SG_OK)
        fire(alarm);
}
