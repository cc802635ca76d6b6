/* A server in memory for the property test of the client core: enough of the protocol to be wrong
 * in interesting ways on purpose. */
#ifndef PAR_SDK_TEST_SERVER_H
#define PAR_SDK_TEST_SERVER_H

#include "test_owner.h"

/* One connection that said hello, or will. */
struct link {
    struct owner *o;
    const char *user;
    json_t *queue; /* frames on their way to the client */
    bool signed_in;
};

struct server {
    json_t *convs; /* id -> {log, members, cmids, marks, changed} */
    struct link *links;
    size_t link_count;
    uint64_t seed;
    json_int_t changes;
    json_int_t ts;
    bool cruel; /* loses, refuses, repeats */
};

void test_server_init(struct server *s, uint64_t seed, struct link *links, size_t link_count);
void test_server_fini(struct server *s);
/* A conversation of those users. */
void test_server_add(struct server *s, const char *conv, const char *const *users, size_t n);
/* A number below n. */
uint64_t test_server_random(struct server *s, uint64_t n);
/* Handles everything that the client has sent. */
void test_server_handle(struct server *s, struct link *l);
/* The connection is gone: so is what was on its way. */
void test_server_drop(struct link *l);
/* Queues an event for one connection. */
void test_server_tell(struct link *l, json_t *event);
/* The entry as history shows it now; a new reference. */
json_t *test_server_shown(const struct server *s, const char *conv, size_t seq);
json_t *test_server_log(const struct server *s, const char *conv);
/* The mark of a user; name: "delivered" or "read". */
json_int_t test_server_mark(const struct server *s, const char *conv, const char *user,
                            const char *name);
/* Unread texts of a user, as PROTOCOL.md 4 counts them. */
json_int_t test_server_unread(const struct server *s, const char *conv, const char *user);

#endif
