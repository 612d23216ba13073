/* What the files of sandglass wast share. */
#ifndef CLI_WAST_H
#define CLI_WAST_H

#include "cli.h"

#include <string.h>

static inline bool wast_same(sg_string a, sg_string b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* A shared memory that a thread was given, under the name that it has in the instance. */
typedef struct Share {
    char *name;
    sg_extern item;
} Share;

typedef struct Shares {
    struct Shares *next; /* of the same thread */
    size_t count;
    Share items[];
} Shares;

/* What a name stands for. An entity without anything was skipped, and so is what uses it. */
typedef struct Entity {
    sg_string name;
    bool is_component, failed;
    const sg_command *definition; /* where its binary is */
    sg_core_instance *core;
    sg_instance *component;
    const Shares *shares; /* all that is there of an instance of another thread */
} Entity;

typedef struct EntityList {
    Entity *items;
    size_t count, capacity;
} EntityList;

/* What the host has for the suites to import. */
typedef struct HostItem {
    const char *module, *name;
    sg_extern item;
} HostItem;

enum { HOST_ITEMS_MAX = 24 };

typedef enum Verdict { PASSED, FAILED, SKIPPED } Verdict;

/* What one thread of a script works with. */
typedef struct Wast {
    const char *path;
    const sg_script *script;
    struct Thread *threads; /* started and not waited for */
    Shares *shares;
    const sg_command *command;
    sg_engine *engine;
    sg_store *store;
    sg_linker *linker;
    bool is_verbose;
    EntityList definitions, instances, registered;
    Entity current;
    HostItem host_items[HOST_ITEMS_MAX];
    size_t host_item_count;
    size_t counts[3];
    sg_error error;
} Wast;

Verdict wast_fail(const Wast *wast, const char *format, ...) __attribute__((format(printf, 2, 3)));
Verdict wast_fail_with(const Wast *wast, const char *what, const sg_error *error);

/* ---- wast_instances.c ---- */

/* The newest of the name, or NULL. */
Entity *wast_find_entity(const EntityList *list, sg_string name);
void wast_add_entity(EntityList *list, sg_string name, Entity entity);

/* The store, and what goes with it, of a thread whose engine is there. */
bool wast_open_store(Wast *wast);
void wast_close_store(Wast *wast);

/* SG_UNSUPPORTED: to be skipped; else wast->error tells. */
sg_status wast_load_only(Wast *wast, const sg_command *command);
sg_status wast_instantiate(Wast *wast, const sg_command *definition, Entity *entity);
Verdict wast_verdict_of_load(const Wast *wast, sg_status status);

/* The commands that make modules, definitions and instances known. */
Verdict wast_define_module(Wast *wast);
Verdict wast_define_only(Wast *wast);
Verdict wast_register(Wast *wast);

/* ---- wast_perform.c ---- */

/* Any command, but for those of threads. */
Verdict wast_perform(Wast *wast);
/* Is there something to load, which is all to be done? What is to be linked or trapped is valid. */
bool wast_is_load(const sg_command *command);
Verdict wast_load(Wast *wast);

/* ---- wast_match.c ---- */

/* Compares results with patterns, of which an EITHER takes the next `count` as its choices. */
bool wast_results_match(sg_store *store, const sg_pattern *patterns, const sg_core_value *values,
                        size_t count);

#endif
