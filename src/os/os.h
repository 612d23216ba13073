/* The door of os: all that the operating system must give, with preconditions. Linux implements it in
 * linux.c and streams.c. */
#ifndef SGI_OS_H
#define SGI_OS_H

#include "base/base.h"
#include "os/net.h"

#include "os/files.h"
#include "os/net.h"

#include <stdatomic.h>

size_t sgi_os_page_size(void);

/* Reserves `size` bytes of addresses (a multiple of the page size) without access and without backing. NULL
 * when refused. */
void *sgi_os_reserve(size_t size);
/* Makes [at, at + size) readable and writable, zeroed where it was not before; page-aligned, inside a
 * reservation. */
bool sgi_os_commit(void *at, size_t size);
/* Gives the pages back to the system: without access again, and zero once committed again. */
bool sgi_os_decommit(void *at, size_t size);
void sgi_os_release(void *at, size_t size);

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t sgi_os_now(void);
/* CPU time of the calling thread, nanoseconds. */
uint64_t sgi_os_thread_cpu(void);

/* The whole of a file, in memory from `alloc`. SG_IO, SG_NOT_FOUND, SG_TOO_LARGE past `limit`, SG_NO_MEMORY.
 */
sg_status sgi_os_read_file(const char *path, size_t limit, Alloc *alloc, uint8_t **data, size_t *size,
                           sg_error *err);

/* --- waiting for descriptors, and streams of bytes (streams.c) --- */

enum { OS_POLL_READ = 1, OS_POLL_WRITE = 4 };

typedef struct OsPoll {
    int fd;             /* negative: none */
    short asked, found; /* of OS_POLL_*; found something else: it failed or was closed, which is ready too */
} OsPoll;

/* Waits until one is ready, a signal was handled, or the absolute CLOCK_MONOTONIC time has come (UINT64_MAX:
 * no end); fills `found`. An error number of <errno.h>, or 0. */
int sgi_os_poll(OsPoll *items, size_t count, uint64_t end_ns);

/* A descriptor that is readable from set to clear; set may be called from any thread. An error number or 0.
 */
int sgi_os_event_new(int *fd);
void sgi_os_event_delete(int fd);
void sgi_os_event_set(int fd);
void sgi_os_event_clear(int fd);

/* Reads or writes what can be without waiting, even where the descriptor, which others may share, is not
 * set so; but for regular files, which never make one wait long. An error number or 0; EAGAIN. Writing where
 * nobody reads raises no signal: EPIPE. */
int sgi_os_stream_read(int fd, void *buffer, size_t size, size_t *count);
int sgi_os_stream_write(int fd, const void *data, size_t size, size_t *count);
bool sgi_os_is_terminal(int fd);
/* May reading or writing it have to wait? */
bool sgi_os_may_wait(int fd);

/* CLOCK_REALTIME, nanoseconds since 1970. */
uint64_t sgi_os_wall(void);
/* The resolution of CLOCK_MONOTONIC, nanoseconds. */
uint64_t sgi_os_clock_resolution(void);
/* Numbers that nobody can guess. */
bool sgi_os_random(void *buffer, size_t size);
/* Entry `index` of the process's environment, "NAME=VALUE"; NULL past the end. */
const char *sgi_os_environment(size_t index);

/* --- threads --- */

typedef struct OsMutex OsMutex;
typedef struct OsCondition OsCondition;
typedef struct OsThread OsThread;

/* NULL when refused. `alloc` must be the same for new and delete. */
OsMutex *sgi_os_mutex_new(Alloc *alloc);
void sgi_os_mutex_delete(OsMutex *mutex, Alloc *alloc);
void sgi_os_mutex_lock(OsMutex *mutex);
void sgi_os_mutex_unlock(OsMutex *mutex);

OsCondition *sgi_os_condition_new(Alloc *alloc);
void sgi_os_condition_delete(OsCondition *condition, Alloc *alloc);
void sgi_os_condition_signal(OsCondition *condition);
/* Waits, with `mutex` held, until signalled or until the absolute CLOCK_MONOTONIC time (UINT64_MAX: no end);
 * may wake for no reason. */
void sgi_os_condition_wait(OsCondition *condition, OsMutex *mutex, uint64_t deadline_ns);

/* In the child of a fork: makes an unlocked mutex and an idle condition of those that some thread may have
 * been using. */
void sgi_os_mutex_reset(OsMutex *mutex);
void sgi_os_condition_reset(OsCondition *condition);

/* Starts a thread that masks every signal and wakes as exactly as the system can; NULL when refused. Join
 * frees it. */
OsThread *sgi_os_thread_start(void (*run)(void *argument), void *argument, Alloc *alloc);
void sgi_os_thread_join(OsThread *thread, Alloc *alloc);
/* The same for a thread that nobody joins: it calls `task->run(task)`. False when refused. */
typedef struct OsTask {
    void (*run)(struct OsTask *self);
} OsTask;
bool sgi_os_thread_spawn(OsTask *task);
/* Frees the record of a thread that a fork left behind: it does not exist in this process. */
void sgi_os_thread_forget(OsThread *thread, Alloc *alloc);

/* Notices forks without a system call: a page that the kernel wipes in the child. */
typedef struct OsForkMark {
    atomic_uint state;
} OsForkMark;
enum { FORK_MARK_WIPED = 0, FORK_MARK_SETTLED, FORK_MARK_SETTLING };

/* NULL when refused. */
OsForkMark *sgi_os_fork_mark_new(void);
void sgi_os_fork_mark_delete(OsForkMark *mark);
/* Was this process forked off since the mark was made or last settled? */
static inline bool sgi_os_fork_mark_intact(OsForkMark *mark) {
    return SGI_LIKELY(atomic_load_explicit(&mark->state, memory_order_acquire) == FORK_MARK_SETTLED);
}
/* For a mark that is not intact: true to the one thread that must settle it, false to others, once it is
 * settled. */
bool sgi_os_fork_mark_claim(OsForkMark *mark);
void sgi_os_fork_mark_settle(OsForkMark *mark);

#endif
