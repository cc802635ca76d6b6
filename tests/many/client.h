/* A blocking client for tests: HTTP calls, and one WebSocket. */
#ifndef PAR_TESTS_MANY_CLIENT_H
#define PAR_TESTS_MANY_CLIENT_H

#include "base/buf.h"

struct test_account {
    char id[24];
    char device[24];
    char token[80];
};

/* "http://…" or ADDR:PORT. Returns the status; the body is appended to body_r. token "" or NULL:
 * none. */
int test_http(const char *address, const char *method, const char *path, const char *token,
              const char *body, struct par_buf *body_r);
void test_register(const char *address, const char *name, struct test_account *account_r);

struct test_client {
    int fd;
    int next_id;
    int close_code; /* 0: open; 1006: ended without */
    struct par_buf in;
    char **text; /* all messages that came */
    size_t count;
};

/* Connects and says hello with a sync; fails the test when it is refused. */
struct test_client *test_connect(const char *address, const char *token);
/* The same without failing: the answer to hello is the first message. */
struct test_client *test_try_connect(const char *address, const char *token);
void test_close(struct test_client **client);

/* Asks {"op":…} (members after the id) and returns the answer; NULL when none came in time. */
const char *test_ask(struct test_client *c, const char *members);
/* Waits for a message that contains both, of all that came; NULL after ms. */
const char *test_wait(struct test_client *c, const char *a, const char *b, int ms);
/* Messages so far that contain both. */
size_t test_seen(struct test_client *c, const char *a, const char *b);
/* Reads for so long. */
void test_read(struct test_client *c, int ms);
/* Waits for the close code; 0 after ms. */
int test_closed(struct test_client *c, int ms);
/* The number or string behind "name": in a JSON text, copied. */
void test_member(const char *json, const char *name, char *value_r, size_t size);
uint64_t test_number(const char *json, const char *name);

#endif
