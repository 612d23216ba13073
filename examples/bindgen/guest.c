/* The filter: labels mail from strangers, and rejects what is too large. */
#include "filter_guest.h"

enum { MAX_SIZE = 10 << 20 };

/* The verdict's memory is from malloc: it is freed when the server has read it. */
static filter_mail_verdict reject(const char *why) {
    return (filter_mail_verdict){.tag = FILTER_MAIL_VERDICT_REJECT, .of.reject = filter_string_copy(why)};
}

static filter_mail_verdict label(const char *label) {
    filter_mail_verdict verdict = {.tag = FILTER_MAIL_VERDICT_LABEL};
    verdict.of.label.items = malloc(sizeof *verdict.of.label.items);
    verdict.of.label.items[0] = filter_string_copy(label);
    verdict.of.label.count = 1;
    return verdict;
}

filter_mail_verdict filter_judge(filter_string user, filter_mail_message m) {
    if (m.size > MAX_SIZE)
        return reject("more than 10 MiB");
    filter_result_own_directory_contacts_string opened = filter_directory_open(user);
    if (opened.is_error) { /* the message is the filter's, to be freed by it */
        filter_log(opened.of.error);
        filter_result_own_directory_contacts_string_free(&opened);
        return reject("no such user");
    }
    filter_own_directory_contacts contacts = opened.of.ok;
    uint32_t seen = filter_directory_contacts_seen(filter_own_directory_contacts_borrow(contacts), m.sender);
    filter_own_directory_contacts_drop(contacts);
    return seen > 0 ? (filter_mail_verdict){.tag = FILTER_MAIL_VERDICT_ACCEPT} : label("stranger");
}
