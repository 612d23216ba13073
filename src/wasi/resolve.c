/* Looking up names of hosts: on a helper thread, for the system may take its time. A Job belongs to that
 * thread and to the guest's lookup, in memory from malloc: the last of them out frees it, and neither waits
 * for the other. The thread ends by setting the job's event, which is what pollables poll. */
#include "wasi/network.h"

#include <string.h>

enum { ADDRESSES_MAX = 32, NAME_SIZE = 256 };

typedef struct Job {
    atomic_uint references;
    atomic_bool is_done; /* then what is below does not change any more */
    int event;
    enum OsResolved outcome;
    size_t count;
    sg_address addresses[ADDRESSES_MAX];
    char name[NAME_SIZE];
} Job;

struct WasiLookup {
    WasiObject object;
    Job *job;
    size_t next;
};

static void job_release(Job *job) {
    if (atomic_fetch_sub_explicit(&job->references, 1, memory_order_acq_rel) != 1)
        return;
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_os_event_delete(job->event);
    sgi_free(&alloc, job, sizeof *job);
}

static Job *job_new(Bytes name, const sg_address *literal) {
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    Job *job = sgi_alloc_zero(&alloc, sizeof *job);
    if (job == NULL)
        return NULL;
    if (sgi_os_event_new(&job->event) != 0) {
        sgi_free(&alloc, job, sizeof *job);
        return NULL;
    }
    atomic_init(&job->references, 1);
    atomic_init(&job->is_done, false);
    memcpy(job->name, name.data, name.size);
    if (literal) {
        job->addresses[0] = *literal;
        job->count = 1;
    }
    return job;
}

static void job_done(Job *job) {
    atomic_store_explicit(&job->is_done, true, memory_order_release);
    sgi_os_event_set(job->event);
}

static void job_run(void *argument) {
    Job *job = argument;
    job->outcome = sgi_os_resolve(job->name, job->addresses, ADDRESSES_MAX, &job->count);
    job_done(job);
    job_release(job);
}

static void lookup_destroy(WasiObject *self) {
    job_release(((WasiLookup *)(void *)self)->job);
    sgi_counter_sub(&self->state->descriptors, 1);
}

/* At once: what is an address itself, and what the embedder knows. */
static bool is_answered(const WasiState *state, Job *job) {
    const sg_wasi_network *network = &state->grants.network;
    if (job->count > 0)
        return true;
    if (network->resolve == NULL)
        return false;
    sg_wasi_errno error =
        network->resolve(network->context, job->name, job->addresses, ADDRESSES_MAX, &job->count);
    job->outcome = error == SG_WASI_SUCCESS ? OS_RESOLVED
                   : error == SG_WASI_NOENT ? OS_RESOLVE_UNKNOWN
                   : error == SG_WASI_AGAIN ? OS_RESOLVE_AGAIN
                                            : OS_RESOLVE_FAILED;
    if (job->count > ADDRESSES_MAX)
        job->count = ADDRESSES_MAX;
    return true;
}

static sg_wasi_errno start(WasiState *state, Job *job) {
    if (is_answered(state, job)) {
        job_done(job);
        return SG_WASI_SUCCESS;
    }
    atomic_fetch_add_explicit(&job->references, 1, memory_order_relaxed);
    if (sgi_helper_start(state->store->engine, job_run, job))
        return SG_WASI_SUCCESS;
    job_release(job);
    return SG_WASI_AGAIN;
}

/* An IPv4 address inside IPv6 is that address. */
static bool is_address(Bytes name, sg_address *address) {
    char text[64];
    *address = (sg_address){0};
    if (name.size >= sizeof text || memchr(name.data, '\0', name.size))
        return false;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    if (!sgi_os_address_parse(text, address))
        return false;
    if (sgi_wasi_is_v4_in_v6(address)) {
        sg_address inside = {0};
        memcpy(inside.bytes, address->bytes + 12, 4);
        *address = inside;
    }
    return true;
}

sg_wasi_errno sgi_wasi_lookup_new(WasiState *state, Bytes name, WasiLookup **lookup) {
    sg_address literal;
    bool is_literal = is_address(name, &literal);
    if (!is_literal && !sgi_wasi_is_host_name(name))
        return SG_WASI_INVAL;
    /* An address as text gives the guest nothing that it has not. */
    if (!is_literal && !sgi_wasi_may_resolve(state, name))
        return SG_WASI_NOTCAPABLE;
    if (!sgi_counter_add(&state->descriptors, 1))
        return SG_WASI_MFILE;
    WasiLookup *made = sgi_wasi_object_new(state, WASI_RESOLVE_ADDRESS_STREAM, sizeof *made, NULL);
    Job *job = made ? job_new(name, is_literal ? &literal : NULL) : NULL;
    sg_wasi_errno error = job ? start(state, job) : SG_WASI_NOMEM;
    if (error != SG_WASI_SUCCESS) {
        if (job)
            job_release(job);
        if (made)
            sgi_wasi_release(&made->object);
        sgi_counter_sub(&state->descriptors, 1);
        return error;
    }
    made->job = job;
    made->object.destroy = lookup_destroy;
    *lookup = made;
    return SG_WASI_SUCCESS;
}

bool sgi_wasi_lookup_next(WasiLookup *lookup, enum OsResolved *outcome, const sg_address **address) {
    Job *job = lookup->job;
    if (!atomic_load_explicit(&job->is_done, memory_order_acquire))
        return false;
    *outcome = job->outcome;
    *address = NULL;
    if (job->outcome != OS_RESOLVED || lookup->next == job->count)
        return true;
    *address = &job->addresses[lookup->next++];
    Bytes name = {(const uint8_t *)job->name, strlen(job->name)};
    if (!sgi_wasi_note_resolved(lookup->object.state, name, *address))
        *outcome = OS_RESOLVE_FAILED;
    return true;
}

void sgi_wasi_ask_lookup(const WasiPollable *self, WasiWait *wait) {
    const Job *job = ((const WasiLookup *)(const void *)self->subject)->job;
    wait->is_ready = atomic_load_explicit(&job->is_done, memory_order_acquire);
    wait->fd = job->event;
}
