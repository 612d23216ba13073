/* deadline [--rounds N] [--timeout NS] [--busy] [--json]
 *
 * How late is a kill? Each round measures two things with the same delay, in turn:
 *   timer  a bare thread sleeps (clock_nanosleep, absolute) and sets a flag; this thread spins on the flag
 * and reads the clock when it sees it: what the operating system itself adds; kill   an infinite loop in a
 * guest is ended by the store's deadline; the clock is read when the call is back. Both are reported as
 * lateness beyond the deadline. The excess is kill − timer, quantile by quantile and in pairs.
 * --busy keeps the other cores occupied with spinning threads. */
#include <pthread.h>
#include <sandglass.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char spin[] = "(component"
                           "    (core module $Spin (func (export \"spin\") (loop $again (br $again))))"
                           "    (core instance $spin (instantiate $Spin))"
                           "    (func (export \"spin\") (canon lift (core func $spin \"spin\"))))";

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- the bare timer: one thread, handed a deadline at a time --- */

typedef struct Timer {
    pthread_mutex_t mutex;
    pthread_cond_t armed;
    int64_t deadline; /* 0: none, -1: end the thread; guarded by the mutex */
    atomic_bool fired;
} Timer;

static void *run_timer(void *context) {
    Timer *timer = context;
    pthread_mutex_lock(&timer->mutex);
    for (;;) {
        while (timer->deadline == 0)
            pthread_cond_wait(&timer->armed, &timer->mutex);
        int64_t deadline = timer->deadline;
        if (deadline < 0)
            break;
        timer->deadline = 0;
        pthread_mutex_unlock(&timer->mutex);
        struct timespec time = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        atomic_store(&timer->fired, true);
        pthread_mutex_lock(&timer->mutex);
    }
    pthread_mutex_unlock(&timer->mutex);
    return NULL;
}

static void arm_timer(Timer *timer, int64_t deadline) {
    pthread_mutex_lock(&timer->mutex);
    timer->deadline = deadline;
    pthread_cond_signal(&timer->armed);
    pthread_mutex_unlock(&timer->mutex);
}

static int64_t measure_timer(Timer *timer, int64_t timeout) {
    atomic_store(&timer->fired, false);
    int64_t deadline = now() + timeout;
    arm_timer(timer, deadline);
    while (!atomic_load_explicit(&timer->fired, memory_order_relaxed))
        ;
    return now() - deadline;
}

/* --- the kill --- */

typedef struct Guest {
    sg_engine *engine;
    sg_linker *linker;
    sg_component *component;
} Guest;

static void fail(const sg_error *error) {
    char text[512];
    sg_error_format(error, text, sizeof text);
    fprintf(stderr, "error: %s\n", text);
    exit(1);
}

static int64_t measure_kill(const Guest *guest, int64_t timeout) {
    sg_error error;
    sg_store *store = sg_store_new(guest->engine, NULL, &error);
    sg_instance *instance =
        store ? sg_linker_instantiate(guest->linker, store, guest->component, &error) : NULL;
    sg_func *func = instance ? sg_instance_find_func(instance, "spin", &error) : NULL;
    if (func == NULL)
        fail(&error);
    int64_t deadline = now() + timeout;
    sg_limits limits = {.size = sizeof limits, .deadline_ns = (uint64_t)deadline};
    if (sg_store_tighten(store, &limits, &error) != SG_OK)
        fail(&error);
    sg_status status = sg_func_call(func, NULL, 0, NULL, &error);
    int64_t end = now();
    if (status != SG_TRAP || error.trap != SG_TRAP_DEADLINE)
        fail(&error);
    sg_store_delete(store);
    return end - deadline;
}

/* --- the report --- */

static int compare(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

typedef struct Quantiles {
    double p50, p99, p999, max; /* microseconds */
} Quantiles;

static double quantile(const int64_t *sorted, size_t count, double share) {
    size_t rank = (size_t)(share * (double)count);
    return (double)sorted[rank < count ? rank : count - 1] / 1e3;
}

static Quantiles quantiles(int64_t *samples, size_t count) {
    qsort(samples, count, sizeof *samples, compare);
    return (Quantiles){quantile(samples, count, 0.5), quantile(samples, count, 0.99),
                       quantile(samples, count, 0.999), quantile(samples, count, 1)};
}

static void print(const char *what, Quantiles q, bool json) {
    printf(json ? ", \"%s_us\": {\"p50\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, \"max\": %.1f}"
                : "%-8s %10.1f %10.1f %10.1f %10.1f\n",
           what, q.p50, q.p99, q.p999, q.max);
}

static atomic_bool stop_spinning;

static void *occupy(void *unused) {
    (void)unused;
    while (!atomic_load_explicit(&stop_spinning, memory_order_relaxed))
        ;
    return NULL;
}

static void *allocate(size_t count, size_t size) {
    void *block = calloc(count, size);
    if (block == NULL) {
        fputs("error: out of memory\n", stderr);
        exit(1);
    }
    return block;
}

static void measure(const Guest *guest, size_t rounds, int64_t timeout, bool busy, bool json) {
    Timer timer = {.mutex = PTHREAD_MUTEX_INITIALIZER, .armed = PTHREAD_COND_INITIALIZER};
    pthread_t timer_thread;
    pthread_create(&timer_thread, NULL, run_timer, &timer);
    size_t spinners = busy ? (size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1 : 0;
    pthread_t *threads = allocate(spinners + 1, sizeof *threads);
    for (size_t i = 0; i < spinners; i++)
        pthread_create(&threads[i], NULL, occupy, NULL);

    int64_t *timers = allocate(rounds, sizeof *timers), *kills = allocate(rounds, sizeof *kills);
    int64_t *pairs = allocate(rounds, sizeof *pairs);
    for (size_t i = 0; i < rounds; i++) {
        timers[i] = measure_timer(&timer, timeout);
        kills[i] = measure_kill(guest, timeout);
        pairs[i] = kills[i] - timers[i];
    }
    Quantiles bare = quantiles(timers, rounds), kill = quantiles(kills, rounds);
    Quantiles excess = {kill.p50 - bare.p50, kill.p99 - bare.p99, kill.p999 - bare.p999, kill.max - bare.max};
    if (json)
        printf("{\"rounds\": %zu, \"timeout_us\": %.1f, \"busy_cores\": %zu", rounds, (double)timeout / 1e3,
               spinners);
    else
        printf("%zu kills, timeout %.1f us, %zu other cores busy; microseconds beyond the deadline\n%-8s "
               "%10s %10s "
               "%10s %10s\n",
               rounds, (double)timeout / 1e3, spinners, "", "p50", "p99", "p99.9", "max");
    print("timer", bare, json);
    print("kill", kill, json);
    print("excess", excess, json);
    print("paired", quantiles(pairs, rounds), json);
    if (json)
        printf("}\n");

    atomic_store(&stop_spinning, true);
    for (size_t i = 0; i < spinners; i++)
        pthread_join(threads[i], NULL);
    arm_timer(&timer, -1);
    pthread_join(timer_thread, NULL);
    free(threads), free(timers), free(kills), free(pairs);
}

int main(int argc, char **argv) {
    size_t rounds = 10000;
    int64_t timeout = 1000000;
    bool busy = false, json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc && atoll(argv[i + 1]) > 0) {
            rounds = (size_t)atoll(argv[++i]);
        } else if (strcmp(argv[i], "--timeout") == 0 && i + 1 < argc && atoll(argv[i + 1]) > 0) {
            timeout = atoll(argv[++i]);
        } else if (strcmp(argv[i], "--busy") == 0) {
            busy = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else {
            fprintf(stderr, "usage: deadline [--rounds N] [--timeout NS] [--busy] [--json]\n");
            return 2;
        }
    }
    sg_error error;
    Guest guest = {.engine = sg_engine_new(NULL, &error)};
    guest.linker = guest.engine ? sg_linker_new(guest.engine, &error) : NULL;
    guest.component = guest.linker ? sg_component_load(guest.engine, spin, sizeof spin - 1, &error) : NULL;
    if (guest.component == NULL)
        fail(&error);
    measure(&guest, rounds, timeout, busy, json);
    sg_component_delete(guest.component);
    sg_linker_delete(guest.linker);
    sg_engine_delete(guest.engine);
    return 0;
}
