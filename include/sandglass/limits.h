/* Limits: what a store may use, and what it has used. */
#ifndef SANDGLASS_LIMITS_H
#define SANDGLASS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In every field of sg_limits: 0 takes the default, SG_UNLIMITED removes the limit, SG_ZERO allows nothing.
 */
#define SG_UNLIMITED UINT64_MAX
#define SG_ZERO      (UINT64_MAX - 1)

typedef enum sg_grow_policy {
    SG_GROW_REFUSE = 0, /* memory.grow and table.grow beyond a limit answer -1 */
    SG_GROW_TRAP,       /* they end the call */
} sg_grow_policy;

/* One object covers all that is done on the guest's behalf in a store: instantiation, start functions, calls,
 * realloc, post-return, and host functions. Set `size` to sizeof(sg_limits); later versions append fields.
 * Defaults stand in brackets. */
typedef struct sg_limits {
    size_t size;
    uint64_t fuel;           /* units of docs/FUEL.md, over the store's life [unlimited] */
    uint64_t timeout_ns;     /* wall-clock time of each outermost call or instantiation [unlimited] */
    uint64_t deadline_ns;    /* absolute CLOCK_MONOTONIC time; the earlier of the two counts [none] */
    uint64_t memory_bytes;   /* linear memories, tables, objects, stacks and host bytes together [1 GiB] */
    uint64_t table_elements; /* over all tables [10 million] */
    uint64_t instances;      /* core instances made [10,000] */
    uint64_t handles;        /* live resource handles [1 million] */
    uint64_t host_bytes; /* what the host holds for the guest: lifted values, instances' own data [128 MiB] */
    uint64_t stack_bytes; /* guest stack of one call, at most a quarter of memory_bytes [1 MiB] */
    sg_grow_policy on_grow_failure;
} sg_limits;

/* A snapshot of a store's account. Times in nanoseconds; what a call shorter than 20 microseconds, or the
 * first long one after such a call, took of the CPU is counted by the wall clock. */
typedef struct sg_usage {
    uint64_t fuel;            /* units charged since the store was made */
    uint64_t wall_ns, cpu_ns; /* inside outermost calls and instantiations; CPU time of the calling threads */
    uint64_t last_wall_ns;    /* of the last outermost call or instantiation */
    uint64_t memory_bytes, peak_memory_bytes; /* against sg_limits.memory_bytes */
    uint64_t table_elements, peak_table_elements;
    uint64_t host_bytes, peak_host_bytes;
    uint64_t instances, handles, peak_handles;
    uint64_t peak_stack_bytes;
} sg_usage;

#ifdef __cplusplus
}
#endif
#endif
