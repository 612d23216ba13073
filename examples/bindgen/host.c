/* The mail server, which runs a filter under limits:   host filter.wasm */
#include "filter_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static filter_string text(const char *data) {
    return (filter_string){(char *)data, strlen(data)}; /* arguments are only read */
}

static filter_string text_copy(const char *data) {
    filter_string copy = {strdup(data), strlen(data)};
    if (copy.data == NULL)
        copy.size = 0;
    return copy;
}

static bool is(filter_string a, const char *b) {
    return a.size == strlen(b) && memcmp(a.data, b, a.size) == 0;
}

/* ---- what the filter imports ---- */

/* A resource of ours: the guest has handles, we get pointers. */
struct filter_directory_contacts {
    const char *friend_of_theirs;
};

static void contacts_destroy(void *context, filter_directory_contacts *contacts) {
    (void)context;
    free(contacts);
}

static sg_status contacts_seen(void *context, sg_call *call, filter_borrow_directory_contacts self,
                               filter_string sender, uint32_t *result, sg_error *error) {
    (void)context, (void)call, (void)error;
    *result = is(sender, self->friend_of_theirs) ? 12 : 0;
    return SG_OK;
}

static sg_status directory_open(void *context, sg_call *call, filter_string user,
                                filter_result_own_directory_contacts_string *result, sg_error *error) {
    (void)context, (void)call, (void)error;
    if (!is(user, "ada")) { /* for the guest to deal with; anything but SG_OK would end it */
        result->is_error = true;
        result->of.error = text_copy("we have no such user");
        return SG_OK;
    }
    filter_directory_contacts *contacts = malloc(sizeof *contacts);
    if (contacts == NULL)
        return SG_NO_MEMORY;
    contacts->friend_of_theirs = "charles@example.org";
    result->of.ok.rep = contacts;
    return SG_OK;
}

static sg_status write_log(void *context, sg_call *call, filter_string line, sg_error *error) {
    (void)context, (void)call, (void)error;
    printf("filter: %.*s\n", (int)line.size, line.data);
    return SG_OK;
}

/* ---- what it exports ---- */

static sg_status judge(filter_instance *filter, const char *user, const char *sender, uint32_t size,
                       sg_error *error) {
    filter_mail_message message = {.sender = text(sender), .subject = text("Hello"), .size = size};
    filter_mail_verdict verdict;
    sg_status status = filter_judge(filter, text(user), message, &verdict, error);
    if (status != SG_OK)
        return status;
    printf("%s to %s: ", sender, user);
    switch (verdict.tag) {
    case FILTER_MAIL_VERDICT_REJECT:
        printf("rejected, %.*s\n", (int)verdict.of.reject.size, verdict.of.reject.data);
        break;
    case FILTER_MAIL_VERDICT_LABEL:
        for (size_t i = 0; i < verdict.of.label.count; i++)
            printf("[%.*s] ", (int)verdict.of.label.items[i].size, verdict.of.label.items[i].data);
        printf("accepted\n");
        break;
    default: printf("accepted\n");
    }
    filter_mail_verdict_free(&verdict); /* results are ours */
    return SG_OK;
}

static sg_status judge_some(sg_linker *linker, sg_store *store, const sg_component *component,
                            sg_error *error) {
    filter_instance filter;
    sg_instance *made = sg_linker_instantiate(linker, store, component, error);
    sg_status status = made ? filter_bind(&filter, store, made, error) : error->status;
    if (status == SG_OK)
        status = judge(&filter, "ada", "charles@example.org", 1000, error);
    if (status == SG_OK)
        status = judge(&filter, "ada", "prince@example.com", 1000, error);
    if (status == SG_OK)
        status = judge(&filter, "ada", "charles@example.org", 20 << 20, error);
    if (status == SG_OK)
        status = judge(&filter, "bob", "charles@example.org", 1000, error);
    return status;
}

int main(int argc, char **argv) {
    static filter_directory_imports directory = {
        .contacts_destroy = contacts_destroy, .contacts_seen = contacts_seen, .open = directory_open};
    static filter_imports imports = {.log = write_log};
    const sg_limits limits = {.size = sizeof limits, .fuel = 1000 * 1000, .memory_bytes = 4 << 20};
    if (argc != 2) {
        fprintf(stderr, "usage: host FILTER\n");
        return 2;
    }
    sg_error error = {.status = SG_OK};
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_linker *linker = engine ? sg_linker_new(engine, &error) : NULL;
    sg_component *component = linker ? sg_component_load_file(engine, argv[1], &error) : NULL;
    sg_store *store = component ? sg_store_new(engine, &limits, &error) : NULL;
    if (store != NULL && filter_directory_link(linker, engine, &directory, &error) == SG_OK &&
        filter_link(linker, engine, &imports, &error) == SG_OK)
        judge_some(linker, store, component, &error);
    if (error.status != SG_OK) {
        char message[512];
        sg_error_format(&error, message, sizeof message);
        fprintf(stderr, "error: %s\n", message);
    }
    sg_store_delete(store);
    sg_component_delete(component);
    sg_linker_delete(linker);
    sg_engine_delete(engine);
    return error.status == SG_OK ? 0 : 1;
}
