/* sandglass wast: performs the commands of test scripts and counts what holds. One store for each file. */
#include "wast.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

typedef struct WastOptions {
    bool is_verbose, only_validates;
    const char *features;
} WastOptions;

Verdict wast_fail(const Wast *wast, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("%s:%" PRIu32 ": ", wast->path, wast->command->line);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    return FAILED;
}

Verdict wast_fail_with(const Wast *wast, const char *what, const sg_error *error) {
    char text[640];
    sg_error_format(error, text, sizeof text);
    return wast_fail(wast, "%s: %s: %s", what, sg_status_name(error->status), text);
}

/* ---- verdicts ---- */

static void report_skip(const Wast *wast) {
    const sg_command *command = wast->command;
    printf("%s:%" PRIu32 ": skipped: ", wast->path, command->line);
    if (command->kind == SG_COMMAND_UNKNOWN)
        printf("unknown command or literal %.*s\n", (int)command->message.size, command->message.data);
    else
        printf("%s\n", wast->error.status == SG_UNSUPPORTED ? wast->error.detail : "uses what was skipped");
}

static void count(Wast *wast, Verdict verdict) {
    wast->counts[verdict]++;
    if (verdict == SKIPPED && wast->is_verbose)
        report_skip(wast);
}

/* ---- threads ---- */

typedef struct Thread {
    struct Thread *next;
    sg_string name;
    pthread_t handle;
    Wast wast;
    size_t first, end; /* its commands */
} Thread;

static void run_commands(Wast *wast, size_t first, size_t end);

static void *thread_main(void *argument) {
    Thread *thread = argument;
    run_commands(&thread->wast, thread->first, thread->end);
    return NULL;
}

/* The memory under a name of its own in the store of `to`, if it is a shared one. */
static void add_share(Wast *to, Shares *shares, const char *name, size_t size, const sg_extern *item) {
    sg_shared_memory *shared = item->kind == SG_EXTERN_MEMORY ? sg_core_memory_shared(item->of.memory) : NULL;
    if (shared == NULL)
        return;
    sg_extern own = {SG_EXTERN_MEMORY, {.memory = sg_core_memory_of_shared(to->store, shared, NULL)}};
    sg_shared_memory_delete(shared);
    char *copy = own.of.memory ? strndup(name, size) : NULL;
    if (copy)
        shares->items[shares->count++] = (Share){copy, own};
}

/* Gives the shared memories of an instance to a thread. */
static void share(Wast *from, Wast *to, sg_string instance) {
    const Entity *entity = wast_find_entity(&from->instances, instance);
    const sg_command *definition = entity && entity->core ? entity->definition : NULL;
    sg_module *module =
        definition ? sg_module_load(from->engine, definition->binary, definition->binary_size, NULL) : NULL;
    size_t count = entity && entity->shares ? entity->shares->count : 0;
    sg_string name;
    sg_extern item;
    sg_extern_kind kind;
    while (module && sg_module_export(module, count, &name, &kind))
        count++;
    Shares *shares = calloc(1, sizeof *shares + count * sizeof *shares->items);
    for (size_t i = 0; shares && i < count; i++)
        if (module == NULL)
            add_share(to, shares, entity->shares->items[i].name, strlen(entity->shares->items[i].name),
                      &entity->shares->items[i].item);
        else if (sg_module_export(module, i, &name, &kind) &&
                 sg_core_instance_find(entity->core, name.data, name.size, &item, NULL) == SG_OK)
            add_share(to, shares, name.data, name.size, &item);
    sg_module_delete(module);
    if (shares == NULL)
        return;
    shares->next = to->shares;
    to->shares = shares;
    wast_add_entity(&to->instances, instance, (Entity){.shares = shares});
}

static Verdict start_thread(Wast *wast, size_t first) {
    const sg_command *command = wast->command;
    Thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return wast_fail(wast, "out of memory");
    *thread = (Thread){.name = command->name, .first = first, .end = first + command->thread_size};
    thread->wast = (Wast){
        .path = wast->path, .script = wast->script, .engine = wast->engine, .is_verbose = wast->is_verbose};
    bool ok = wast_open_store(&thread->wast);
    for (size_t i = 0; ok && i < command->shared_count; i++)
        share(wast, &thread->wast, command->shared[i]);
    if (ok && pthread_create(&thread->handle, NULL, thread_main, thread) == 0) {
        thread->next = wast->threads;
        wast->threads = thread;
        return PASSED;
    }
    wast_close_store(&thread->wast);
    free(thread);
    return wast_fail(wast, "thread does not start");
}

static void join_thread(Wast *wast, Thread **link) {
    Thread *thread = *link;
    pthread_join(thread->handle, NULL);
    for (size_t i = 0; i < 3; i++)
        wast->counts[i] += thread->wast.counts[i];
    *link = thread->next;
    wast_close_store(&thread->wast);
    free(thread);
}

static Verdict wait_for_thread(Wast *wast) {
    for (Thread **link = &wast->threads; *link; link = &(*link)->next)
        if (wast_same((*link)->name, wast->command->of)) {
            join_thread(wast, link);
            return PASSED;
        }
    return wast_fail(wast, "unknown thread %.*s", (int)wast->command->of.size, wast->command->of.data);
}

static void run_commands(Wast *wast, size_t first, size_t end) {
    for (size_t i = first; i < end; i++) {
        const sg_command *command = wast->command = sg_script_command(wast->script, i);
        wast->error.status = SG_OK;
        if (command->kind == SG_COMMAND_THREAD) {
            count(wast, start_thread(wast, i + 1));
            i += command->thread_size;
        } else {
            count(wast, command->kind == SG_COMMAND_WAIT ? wait_for_thread(wast) : wast_perform(wast));
        }
    }
    while (wast->threads)
        join_thread(wast, &wast->threads);
}

/* ---- files ---- */

static void load_commands(Wast *wast) {
    for (size_t i = 0; i < sg_script_count(wast->script); i++) {
        wast->command = sg_script_command(wast->script, i);
        wast->error.status = SG_OK;
        if (wast_is_load(wast->command))
            count(wast, wast_load(wast));
    }
}

static bool run_script(const char *path, const WastOptions *wanted, size_t counts[3]) {
    File file;
    if (!file_read(path, &file))
        return false;
    Wast wast = {.path = path, .is_verbose = wanted->is_verbose};
    sg_script *script = NULL;
    wast.engine = make_engine(NULL, wanted->features, &wast.error);
    bool ok = wast.engine && wast_open_store(&wast) &&
              (script = sg_script_parse(wast.engine, file.data, file.size, &wast.error)) != NULL;
    wast.script = script;
    if (!ok) {
        fail_error(path, &wast.error);
        wast.counts[FAILED]++;
    }
    if (ok && wanted->only_validates)
        load_commands(&wast);
    else if (ok)
        run_commands(&wast, 0, sg_script_count(script));
    if (wanted->is_verbose)
        printf("%s: %zu passed, %zu failed, %zu skipped\n", path, wast.counts[PASSED], wast.counts[FAILED],
               wast.counts[SKIPPED]);
    for (size_t i = 0; i < 3; i++)
        counts[i] += wast.counts[i];
    wast_close_store(&wast);
    sg_script_delete(script);
    sg_engine_delete(wast.engine);
    file_free(&file);
    return ok;
}

int command_wast(int argc, char **argv) {
    static const struct option options[] = {
        {"validate", no_argument, NULL, 'l'},
        {"verbose", no_argument, NULL, 'v'},
        {"features", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    WastOptions wanted = {.features = ""};
    for (int option; (option = next_option(argc, argv, options)) != -1;) {
        if (option == 'h') {
            puts("usage: sandglass wast [OPTIONS] FILE...\n\nPerforms the commands of WebAssembly test "
                 "scripts, "
                 "lists what fails, and ends with the counts.\n"
                 "--validate only loads modules and components, and performs nothing else.\n"
                 "--verbose counts each file too, and says what is skipped and why.\n"
                 "--features NAMES turns proposals on, or with a '-' before the name off (threads,-gc).");
            return EXIT_OK;
        }
        if (option == 'v')
            wanted.is_verbose = true;
        else if (option == 'f')
            wanted.features = optarg;
        else if (option == 'l')
            wanted.only_validates = true;
        else
            return EXIT_USAGE;
    }
    if (optind == argc)
        return fail_usage("wast", "no file given");
    size_t counts[3] = {0};
    bool ok = true;
    for (int i = optind; i < argc; i++)
        ok = run_script(argv[i], &wanted, counts) && ok;
    printf("%zu passed, %zu failed, %zu skipped\n", counts[PASSED], counts[FAILED], counts[SKIPPED]);
    return ok && counts[FAILED] == 0 ? EXIT_OK : EXIT_ERROR;
}
