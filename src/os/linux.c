/* os.h for Linux: thin calls of mmap, clocks and POSIX threads. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- virtual memory --- */

size_t sgi_os_page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *sgi_os_reserve(size_t size) {
    void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

bool sgi_os_commit(void *at, size_t size) {
    return mprotect(at, size, PROT_READ | PROT_WRITE) == 0;
}

bool sgi_os_decommit(void *at, size_t size) {
    return mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) !=
           MAP_FAILED;
}

void sgi_os_release(void *at, size_t size) {
    munmap(at, size);
}

/* --- clocks --- */

enum { NS_PER_S = 1000000000 };

static uint64_t clock_read(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

uint64_t sgi_os_now(void) {
    return clock_read(CLOCK_MONOTONIC);
}

uint64_t sgi_os_thread_cpu(void) {
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t sgi_os_wall(void) {
    return clock_read(CLOCK_REALTIME);
}

uint64_t sgi_os_clock_resolution(void) {
    struct timespec time;
    clock_getres(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* --- files --- */

static sg_status io_fail(sg_error *err, const char *path) {
    int code = errno;
    char text[128];
    const char *why = strerror_r(code, text, sizeof text);
    return sgi_fail(err, code == ENOENT ? SG_NOT_FOUND : SG_IO, SG_NO_OFFSET, why, "%s", path);
}

/* Reads to the end, as the size of a pipe or a growing file is not known before. */
static sg_status read_all(int fd, const char *path, size_t limit, Buf *buf, sg_error *err) {
    for (;;) {
        uint8_t chunk[16384];
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_fail(err, path);
        if (got == 0)
            return SG_OK;
        if ((size_t)got > limit - buf->size)
            return sgi_fail(err, SG_TOO_LARGE, SG_NO_OFFSET, "file too large", "%s", path);
        sgi_buf_put(buf, chunk, (size_t)got);
        if (buf->failed)
            return sgi_fail_memory(err);
    }
}

sg_status sgi_os_read_file(const char *path, size_t limit, Alloc *alloc, uint8_t **data, size_t *size,
                           sg_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return io_fail(err, path);
    Buf buf;
    sgi_buf_init(&buf, alloc);
    sg_status status = read_all(fd, path, limit, &buf, err);
    close(fd);
    if (status == SG_OK && buf.size != buf.capacity) {
        /* The caller frees by size alone. */
        uint8_t *exact = sgi_realloc(alloc, buf.data, buf.capacity, buf.size);
        if (exact == NULL)
            status = sgi_fail_memory(err);
        else
            buf.data = exact;
    }
    if (status != SG_OK) {
        sgi_buf_free(&buf);
        return status;
    }
    *data = buf.data;
    *size = buf.size;
    return SG_OK;
}

/* --- threads --- */

struct OsMutex {
    pthread_mutex_t mutex;
};

struct OsCondition {
    pthread_cond_t condition;
};

OsMutex *sgi_os_mutex_new(Alloc *alloc) {
    OsMutex *mutex = sgi_alloc(alloc, sizeof *mutex);
    if (mutex)
        sgi_os_mutex_reset(mutex);
    return mutex;
}

void sgi_os_mutex_delete(OsMutex *mutex, Alloc *alloc) {
    if (mutex)
        pthread_mutex_destroy(&mutex->mutex);
    sgi_free(alloc, mutex, sizeof *mutex);
}

/* With default attributes these cannot fail on Linux. */
void sgi_os_mutex_reset(OsMutex *mutex) {
    pthread_mutex_init(&mutex->mutex, NULL);
}

void sgi_os_mutex_lock(OsMutex *mutex) {
    pthread_mutex_lock(&mutex->mutex);
}

void sgi_os_mutex_unlock(OsMutex *mutex) {
    pthread_mutex_unlock(&mutex->mutex);
}

OsCondition *sgi_os_condition_new(Alloc *alloc) {
    OsCondition *condition = sgi_alloc(alloc, sizeof *condition);
    if (condition)
        sgi_os_condition_reset(condition);
    return condition;
}

void sgi_os_condition_delete(OsCondition *condition, Alloc *alloc) {
    if (condition)
        pthread_cond_destroy(&condition->condition);
    sgi_free(alloc, condition, sizeof *condition);
}

void sgi_os_condition_reset(OsCondition *condition) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition->condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void sgi_os_condition_signal(OsCondition *condition) {
    pthread_cond_signal(&condition->condition);
}

void sgi_os_condition_wait(OsCondition *condition, OsMutex *mutex, uint64_t deadline_ns) {
    if (deadline_ns == UINT64_MAX) {
        pthread_cond_wait(&condition->condition, &mutex->mutex);
        return;
    }
    struct timespec until = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
                             .tv_nsec = (long)(deadline_ns % NS_PER_S)};
    pthread_cond_timedwait(&condition->condition, &mutex->mutex, &until);
}

struct OsThread {
    pthread_t thread;
    void (*run)(void *argument);
    void *argument;
};

static void *thread_main(void *argument) {
    OsThread *thread = argument;
    /* Timers of this thread fire within a nanosecond of slack, not the usual 50 microseconds. */
    prctl(PR_SET_TIMERSLACK, 1UL);
    prctl(PR_SET_NAME, "sandglass");
    thread->run(thread->argument);
    return NULL;
}

static void *task_main(void *argument) {
    OsTask *task = argument;
    prctl(PR_SET_NAME, "sandglass");
    task->run(task);
    return NULL;
}

/* A new thread inherits the mask of its maker. */
static int create_masked(pthread_t *thread, void *(*run)(void *argument), void *argument) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

OsThread *sgi_os_thread_start(void (*run)(void *argument), void *argument, Alloc *alloc) {
    OsThread *thread = sgi_alloc(alloc, sizeof *thread);
    if (thread == NULL)
        return NULL;
    thread->run = run;
    thread->argument = argument;
    if (create_masked(&thread->thread, thread_main, thread) != 0) {
        sgi_free(alloc, thread, sizeof *thread);
        return NULL;
    }
    return thread;
}

void sgi_os_thread_join(OsThread *thread, Alloc *alloc) {
    pthread_join(thread->thread, NULL);
    sgi_free(alloc, thread, sizeof *thread);
}

bool sgi_os_thread_spawn(OsTask *task) {
    pthread_t thread;
    if (create_masked(&thread, task_main, task) != 0)
        return false;
    pthread_detach(thread);
    return true;
}

void sgi_os_thread_forget(OsThread *thread, Alloc *alloc) {
    sgi_free(alloc, thread, sizeof *thread);
}

/* --- forks --- */

OsForkMark *sgi_os_fork_mark_new(void) {
    size_t size = sgi_os_page_size();
    OsForkMark *mark = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mark == MAP_FAILED)
        return NULL;
    if (madvise(mark, size, MADV_WIPEONFORK) != 0) {
        munmap(mark, size);
        return NULL;
    }
    atomic_init(&mark->state, FORK_MARK_SETTLED);
    return mark;
}

void sgi_os_fork_mark_delete(OsForkMark *mark) {
    if (mark)
        munmap(mark, sgi_os_page_size());
}

bool sgi_os_fork_mark_claim(OsForkMark *mark) {
    while (!sgi_os_fork_mark_intact(mark)) {
        unsigned wiped = FORK_MARK_WIPED;
        if (atomic_compare_exchange_strong(&mark->state, &wiped, FORK_MARK_SETTLING))
            return true;
        sched_yield();
    }
    return false;
}

void sgi_os_fork_mark_settle(OsForkMark *mark) {
    atomic_store_explicit(&mark->state, FORK_MARK_SETTLED, memory_order_release);
}
