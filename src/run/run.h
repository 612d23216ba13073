/* The door of run: engines, stores and instances; calls under limits. */
#ifndef SGI_RUN_H
#define SGI_RUN_H

#include "compile/tier.h"
#include "module/module.h"
#include "os/os.h"

#include <sandglass/engine.h>
#include <sandglass/limits.h>
#include <sandglass/module.h>
#include <sandglass/store.h>

/* ---- engine ---- */

typedef struct Clock Clock;
typedef struct Helpers Helpers;

/* sg_engine is this struct. Shared by threads: what changes is behind `lock`, or atomic. Kept alive by
 * references: its handle, its modules, components, stores and linkers hold one each. */
typedef struct sg_engine Engine;
struct sg_engine {
    Alloc alloc; /* behind `lock` */
    OsMutex *lock;
    Alloc types_alloc; /* behind the registry's own lock */
    atomic_uint references;
    sg_engine_options options;
    Features features;
    atomic_uint_fast64_t stores;   /* made so far */
    atomic_uint_fast64_t reserved; /* addresses of all memories */
    TypeRegistry *types;
    Clock *clock;
    Helpers *helpers; /* threads for work that cannot be interrupted */
    const Tier *tier;
};

Engine *sgi_engine_new(const sg_engine_options *options, sg_error *err);
void sgi_engine_retain(Engine *engine);
void sgi_engine_release(Engine *engine);

/* Memory on the engine's account, locked. */
void *sgi_engine_alloc(Engine *engine, size_t size);
void sgi_engine_free(Engine *engine, void *block, size_t size);

/* ---- the clock: absolute deadlines that set a flag ---- */

/* Armed, an Alarm is in the clock's heap; when its time comes the clock thread stores `trap` to `*flag`, if
 * that is 0 still, unless it was disarmed before: after disarm returns, the flag is not touched any more. The
 * owner keeps it in place while armed. The heap's links are inside, so that arming allocates nothing. */
typedef struct Alarm {
    uint64_t deadline_ns;
    atomic_uint *flag;
    unsigned trap;
    bool is_armed;
    uint64_t epoch; /* of the clock when it was armed: a fork empties the heap */
    struct Alarm *child, *next, *previous;
} Alarm;

/* `alloc` gives the function only: the clock keeps an account of its own. */
Clock *sgi_clock_new(const Alloc *alloc);
void sgi_clock_delete(Clock *clock);
/* Starts the clock thread when first needed, and again after a fork. SG_NO_MEMORY when the thread cannot be
 * had. */
sg_status sgi_clock_arm(Clock *clock, Alarm *alarm, sg_error *err);
void sgi_clock_disarm(Clock *clock, Alarm *alarm);
/* After host code that may have forked: an alarm armed in the parent is armed again in the child. Costs no
 * system call. Where no thread can be had the flag is set at once. */
void sgi_clock_renew(Clock *clock, Alarm *alarm);

/* ---- store ---- */

/* The running call, as a host function sees it: on the stack of what called the host function. */
struct sg_call {
    Store *store;
};

typedef struct sg_canceller Canceller;

typedef struct Heap Heap;

typedef struct Counter {
    uint64_t used, peak, limit;
} Counter;

enum { TRACE_MAX = 32 };

typedef struct TraceFrame {
    const Module *module;
    uint32_t func_index;
    uint32_t offset; /* in the module's binary */
} TraceFrame;

/* What needs more than its arena's end: memories, tables, host functions, modules and components kept alive.
 * Embedded first in its owner; run in reverse order of making when the store is deleted. */
typedef struct Owned {
    struct Owned *next;
    void (*finalize)(struct Owned *self, Store *store);
} Owned;

/* What the pipeline hangs on Module.code, in the module's arena. */
typedef struct LoadedCode {
    Alloc alloc; /* behind the tier's lock */
    ModuleCode *code;
} LoadedCode;

/* Everything one outermost call or instantiation runs under. On the C stack of the outermost; nested ones
 * only count. */
typedef struct CallScope {
    bool is_outermost;
    bool samples_cpu;
    Alarm alarm;
    uint64_t started_ns, started_cpu_ns;
    uint64_t deadline_ns;  /* UINT64_MAX: none */
    int64_t fuel_withheld; /* what a tighter call may not touch; given back at its end */
} CallScope;

struct sg_store {
    ExecContext cx; /* first: cx.store == the store */
    Engine *engine;
    uint64_t id;      /* no other store of the engine ever has it: addresses come again */
    Alloc alloc;      /* host bytes: all the store holds but memories, tables and stack; limit: host_bytes */
    Arena arena;      /* instances and what belongs to them: the store's lifetime */
    Arena call_arena; /* lifted values: until the next outermost call */
    ArenaMark call_start; /* of call_arena: its first chunk, made by the first call, is kept */
    Alloc guest_alloc;    /* tables' elements and the guest's stack, which `memory` counts */
    bool budget_refused;  /* the last refusal of `alloc` came from `memory` */
    Slot *stack;          /* made by the first call: limits.stack_bytes */
    Slot *deepest;        /* in it: what earlier calls reached */
    sg_limits limits;     /* resolved: no zeros, no SG_ZERO */
    sg_limits tighter;    /* of the next outermost call */
    bool is_tightened;
    Counter memory; /* memories, tables, stack and host bytes together */
    Counter table_elements, instances, handles;
    uint32_t memory_count;
    uint64_t fuel_given; /* ever; what is used is this less cx.fuel */
    uint64_t wall_ns, cpu_ns, last_wall_ns;
    CallScope *scope;     /* the running outermost call, or NULL */
    Canceller *canceller; /* made when first asked for */
    Owned *owned;
    Owned *wasi; /* WASI's state, made when first needed: finalized after all others, whose handles it is
                    behind */
    struct HandleTable *host_handles; /* component's: guests' resources that the host holds; NULL: none yet */
    Instance *instances_list;
    Heap *heap;           /* made when first needed */
    bool collects_always; /* for tests: at each allocation */
    /* Where its objects are found from, but for frames. */
    TableInst *ref_tables;
    GlobalInst *ref_globals;
    ElemInst *ref_elems;
    Vec(Slot) pins;                       /* given to the host */
    const struct ConstStack *const_stack; /* of the constant expression that is being evaluated, or NULL */
    TraceFrame trace[TRACE_MAX];
    uint32_t trace_count;
    /* What a failed HostFn says beyond the trap that it answers; status SG_OK: nothing. sgi_func_call takes
     * it. */
    sg_error host_error;
};

/* The limits that a call may tighten, resolved: no zeros, no SG_ZERO; 0 and SG_UNLIMITED tighten nothing. */
sg_limits sgi_limits_of_call(sg_limits limits);
/* `limits` may be NULL. Retains the engine. */
Store *sgi_store_new(Engine *engine, const sg_limits *limits, sg_error *err);
void sgi_store_delete(Store *store);
void sgi_store_own(Store *store, Owned *owned, void (*finalize)(Owned *self, Store *store));
sg_usage sgi_store_usage(const Store *store);

/* Memory that lives as long as the store; NULL: sgi_store_no_memory tells why. Zeroed. */
void *sgi_store_alloc(Store *store, size_t size);
/* Keeps what the host was given a reference to, if it is an object, until the next outermost call begins.
 * Inside a host function: until sgi_store_unpin with the count from before. False: no memory. */
bool sgi_store_pin(Store *store, void *ref);
static inline void sgi_store_unpin(Store *store, size_t count) {
    store->pins.count = count;
}
/* Memory until the next outermost call begins. Zeroed. */
void *sgi_store_call_alloc(Store *store, size_t size);
/* Collects garbage now. A trap: the interrupt. */
sg_trap sgi_store_collect(Store *store);
/* SG_TRAP with HOST_BYTES_LIMIT or MEMORY_LIMIT if a limit of the store refused, else SG_NO_MEMORY. */
sg_status sgi_store_no_memory(Store *store, sg_error *err);

/* A call waits on `wake` with `lock`, or no longer (both NULL): a cancel signals it. */
void sgi_canceller_wait(Canceller *canceller, OsMutex *lock, OsCondition *wake);
/* A call waits for descriptors, or (false) no longer: the one that a cancel makes readable, or -1 if it
 * cannot be had. */
int sgi_canceller_wait_descriptor(Canceller *canceller, bool waits);
/* A canceller of the store, with one reference for the caller. NULL: no memory. */
Canceller *sgi_store_canceller(Store *store);
bool sgi_canceller_cancel(Canceller *canceller);
void sgi_canceller_release(Canceller *canceller);

/* Books `amount` on a counter; false past its limit. */
bool sgi_counter_add(Counter *counter, uint64_t amount);
void sgi_counter_sub(Counter *counter, uint64_t amount);

/* ---- calls ---- */

/* Every entry from the host stands between these two: call, instantiation, and whatever a component call is
 * made of. The outermost one resets the call memory, starts the times, arms the deadline and opens
 * cancellation; nested ones inherit. begin fails without effect (an expired deadline is a SG_TRAP). end
 * answers `status`, or the SG_TRAP of fuel that has run out by the end (docs/FUEL.md), and fills err then. */
sg_status sgi_call_begin(Store *store, CallScope *scope, sg_error *err);
sg_status sgi_call_end(Store *store, CallScope *scope, sg_status status, sg_error *err);
/* begin, for a call whose arguments may be the results of the one before: these stay in call memory until
 * drop_results, which comes before anything else is put there. */
sg_status sgi_call_begin_with_values(Store *store, CallScope *scope, sg_error *err);
void sgi_call_drop_results(Store *store, const CallScope *scope);

/* Calls `func` inside a scope. `slots` as in Tier.call. The trap, if any, goes to err as SG_TRAP; where a
 * HostFn left store->host_error, that goes to err instead (with its status: SG_NO_MEMORY, say) and is
 * cleared. */
sg_status sgi_func_call(Store *store, FuncInst *func, Slot *slots, sg_error *err);

/* For a HostFn that fails: keeps the whole error, and answers the trap to return. */
static inline sg_trap sgi_host_failed(Store *store, const sg_error *error) {
    store->host_error = *error;
    return error->status == SG_TRAP && error->trap != SG_TRAP_NONE ? error->trap : SG_TRAP_HOST_FUNCTION;
}

/* Charges fuel for work on the guest's behalf; the trap FUEL when there is not enough. */
sg_trap sgi_fuel_charge(ExecContext *cx, uint64_t units);
/* More fuel for the store, between calls; it saturates. */
void sgi_fuel_add(Store *store, uint64_t fuel);
/* For moving `count` bytes or elements: one unit for each step begun. */
static inline uint64_t sgi_fuel_steps(uint64_t count, uint64_t step) {
    return count / step + (count % step != 0);
}
/* The trap that the interrupt flag stands for now, or none. */
static inline sg_trap sgi_poll(ExecContext *cx) {
    return SGI_LIKELY(atomic_load_explicit(&cx->interrupt, memory_order_relaxed) == 0)
               ? SG_TRAP_NONE
               : cx->lib->interrupted(cx);
}

/* ---- waiting for the world outside (block.c): nothing else may ---- */

/* Waits until a descriptor is ready, or the absolute CLOCK_MONOTONIC time has come (UINT64_MAX: no end), and
 * fills `found`; the trap DEADLINE or CANCELLED if the call is to end first. items[count] is there for its
 * own use. */
sg_trap sgi_wait_ready(Store *store, OsPoll *items, size_t count, uint64_t end_ns);
sg_trap sgi_sleep_until(Store *store, uint64_t end_ns);
/* Runs `work(job)` on a helper thread, for what the kernel may keep without end, and waits for it. A trap:
 * the call ends, `work` goes on alone and owns what it touches, and `release(job)` is called at its end, on
 * its thread. All that `job` refers to must be its own, not the store's nor the engine's. */
sg_trap sgi_offload(Store *store, void (*work)(void *job), void *job, void (*release)(void *job));
/* Runs `work(job)` on a helper thread that nobody waits for. False: too many are running. */
bool sgi_helper_start(Engine *engine, void (*work)(void *job), void *job);

/* ---- core instances ---- */

typedef struct Extern {
    ExternKind kind;
    union {
        FuncInst *func;
        TableInst *table;
        MemoryInst *memory;
        GlobalInst *global;
        TagInst *tag;
        void *any;
    } as;
} Extern;

/* Instantiates inside a scope: checks `imports` (in the module's order) against the import types, allocates,
 * runs segments and the start function. The instance stays in the store whatever happens. */
sg_status sgi_instantiate(Store *store, Module *module, const Extern *imports, uint32_t import_count,
                          Instance **instance, sg_error *err);
bool sgi_instance_export(const Instance *instance, Bytes name, Extern *item);
Extern sgi_instance_export_at(const Instance *instance, uint32_t export_index);

/* Items of the host's making, owned by the store. `type` must live as long as the store. Types are canonical.
 * On failure `finalize` is not called. */
FuncInst *sgi_host_func_new(Store *store, const FuncType *type, HostFn *host, void *context,
                            void (*finalize)(void *context), sg_error *err);
/* Gives it the type with `id`, of the same signature. What its group refers to must be held until `finalize`
 * runs. */
void sgi_host_func_set_type(FuncInst *func, uint32_t id);
MemoryInst *sgi_memory_new(Store *store, const Limits *type, sg_error *err);

/* The bytes of a shared memory, and the calls that wait on them. Used by threads at once, and counted: each
 * MemoryInst of it and each handle of the host's holds one reference. */
struct sg_shared_memory {
    atomic_uint references;
    Engine *engine; /* retained */
    Alloc alloc;
    Limits type;
    uint64_t max_size, reserved;
    uint8_t *base;
    OsMutex *lock;             /* guards growth and the queue */
    atomic_uint_fast64_t size; /* only grows */
    struct Waiter *first, *last;
};

/* One reference for the caller. Its bytes are charged to nobody. */
SharedMemory *sgi_shared_new(Engine *engine, const Limits *type, sg_error *err);
void sgi_shared_retain(SharedMemory *shared);
void sgi_shared_release(SharedMemory *shared);
/* The memory in a store of the same engine. */
MemoryInst *sgi_memory_of_shared(Store *store, SharedMemory *shared, sg_error *err);

TableInst *sgi_table_new(Store *store, const TableType *type, void *init, sg_error *err);
/* `value`: as many slots as the type has. */
GlobalInst *sgi_global_new(Store *store, GlobalType type, const Slot *value, sg_error *err);
TagInst *sgi_tag_new(Store *store, const FuncType *type, sg_error *err);

/* memory[at .. at + size) if it is in bounds, else NULL. Valid until guest code runs or the memory grows. */
static inline uint8_t *sgi_memory_at(const MemoryInst *memory, uint64_t at, uint64_t size) {
    uint64_t end = sgi_memory_size(memory);
    return size <= end && at <= end - size ? memory->base + at : NULL;
}

#endif
