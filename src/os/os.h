/* The door of os: all that the operating system must give, with preconditions. Linux implements it in
 * linux.c. */
#ifndef SGI_OS_H
#define SGI_OS_H

#include "base/base.h"

#include "os/files.h"

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
