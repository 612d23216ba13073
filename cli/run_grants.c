/* sandglass run: what the program is granted, and the signals that end it. */
#include "run.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VIRTUAL_START_NS UINT64_C(1577836800000000000) /* 2020-01-01 */

static sg_status no_memory(sg_error *error) {
    *error = (sg_error){.status = SG_NO_MEMORY, .offset = SG_NO_OFFSET, .message = "out of memory"};
    return SG_NO_MEMORY;
}

/* HOST[::GUEST][:ro] */
static sg_status grant_dir(sg_wasi *wasi, const char *text, sg_error *error) {
    size_t size = strlen(text);
    bool read_only = size > 3 && strcmp(text + size - 3, ":ro") == 0;
    char *host = strdup(text);
    if (host == NULL)
        return no_memory(error);
    if (read_only)
        host[size - 3] = '\0';
    char *separator = strstr(host, "::");
    const char *guest = separator ? separator + 2 : host;
    if (separator)
        *separator = '\0';
    sg_status status = sg_wasi_add_dir(wasi, host, guest, read_only, error);
    free(host);
    return status;
}

/* NAME[=VALUE] */
static sg_status grant_env(sg_wasi *wasi, const char *text, sg_error *error) {
    size_t size = strcspn(text, "=");
    char *name = strndup(text, size);
    if (name == NULL)
        return no_memory(error);
    const char *value = text[size] ? text + size + 1 : getenv(name);
    sg_status status = value ? sg_wasi_add_env(wasi, name, value, error) : SG_OK;
    free(name);
    return status;
}

static sg_status grant(sg_wasi *wasi, const Grant *grant, sg_error *error) {
    uint64_t seed;
    switch (grant->option) {
    case OPTION_DIR: return grant_dir(wasi, grant->text, error);
    case OPTION_ENV: return grant_env(wasi, grant->text, error);
    case OPTION_INHERIT_ENV: return sg_wasi_inherit_env(wasi, error);
    case OPTION_TCP: return sg_wasi_allow_tcp(wasi, grant->text, error);
    case OPTION_UDP: return sg_wasi_allow_udp(wasi, grant->text, error);
    case OPTION_DNS: return sg_wasi_allow_dns(wasi, grant->text, error);
    case OPTION_RANDOM:
        if (parse_seed(grant->text, &seed))
            sg_wasi_seed_random(wasi, seed);
        break;
    case OPTION_CLOCK:
        if (strcmp(grant->text, "virtual") == 0)
            sg_wasi_virtual_clock(wasi, VIRTUAL_START_NS);
        break;
    default: /* OPTION_DETERMINISTIC */
        sg_wasi_virtual_clock(wasi, VIRTUAL_START_NS);
        sg_wasi_seed_random(wasi, 0);
    }
    return SG_OK;
}

static sg_status grant_arguments(sg_wasi *wasi, const RunOptions *options, sg_error *error) {
    const char *slash = strrchr(options->arguments[0], '/');
    sg_status status = sg_wasi_add_argument(wasi, slash ? slash + 1 : options->arguments[0], error);
    for (int i = 1; i < options->argument_count && status == SG_OK; i++)
        status = sg_wasi_add_argument(wasi, options->arguments[i], error);
    return status;
}

sg_status grant_all(Run *run) {
    const RunOptions *options = run->options;
    sg_wasi *wasi = sg_wasi_new(run->engine, &run->error);
    if (wasi == NULL)
        return run->error.status;
    sg_wasi_inherit_stdio(wasi);
    sg_wasi_exit_on_closed_pipe(wasi, true);
    sg_wasi_set_limits(wasi, &options->wasi_limits);
    sg_status status = grant_arguments(wasi, options, &run->error);
    for (size_t i = 0; i < options->grant_count && status == SG_OK; i++) {
        status = grant(wasi, &options->grants[i], &run->error);
        run->refused = status == SG_OK ? NULL : &options->grants[i];
    }
    if (status == SG_OK)
        status = sg_wasi_attach(wasi, run->store, &run->error);
    sg_wasi_delete(wasi);
    return status;
}

/* ---- signals ---- */

struct Watch {
    pthread_t thread;
    sg_canceller *canceller;
    sigset_t watched, before;
    atomic_int signal;
    atomic_bool is_over;
};

/* Those that are not ignored, as they are in what a shell runs in the background. */
static bool ended_signals(sigset_t *set) {
    static const int signals[] = {SIGINT, SIGTERM};
    bool any = false;
    sigemptyset(set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN) {
            sigaddset(set, signals[i]);
            any = true;
        }
    }
    return any;
}

/* The first signal cancels; where that ends nothing, or it was not enough, the process ends. */
static void *watch_run(void *argument) {
    Watch *watch = argument;
    for (int got;;) {
        if (sigwait(&watch->watched, &got) != 0)
            continue;
        if (watch->is_over)
            return NULL;
        if (watch->signal || !sg_canceller_cancel(watch->canceller))
            _exit(128 + got);
        watch->signal = got;
    }
}

Watch *watch_signals(sg_store *store) {
    Watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->canceller = ended_signals(&watch->watched) ? sg_store_canceller(store, NULL) : NULL;
    if (watch->canceller) {
        pthread_sigmask(SIG_BLOCK, &watch->watched, &watch->before);
        if (pthread_create(&watch->thread, NULL, watch_run, watch) == 0)
            return watch;
        pthread_sigmask(SIG_SETMASK, &watch->before, NULL);
    }
    sg_canceller_delete(watch->canceller);
    free(watch);
    return NULL;
}

int unwatch_signals(Watch *watch) {
    if (watch == NULL)
        return 0;
    watch->is_over = true;
    pthread_kill(watch->thread, sigismember(&watch->watched, SIGINT) ? SIGINT : SIGTERM); /* it waits for */
    pthread_join(watch->thread, NULL);
    int got = watch->signal;
    pthread_sigmask(SIG_SETMASK, &watch->before, NULL);
    sg_canceller_delete(watch->canceller);
    free(watch);
    return got;
}
