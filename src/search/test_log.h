/* For tests: conversations written into a store as a writer leaves them, and what they hold. */
#ifndef PAR_SEARCH_TEST_LOG_H
#define PAR_SEARCH_TEST_LOG_H

#include "parley/store.h"
#include "store/record.h"

enum { TEST_LOG_ENTRIES = 2048, TEST_LOGS_MAX = 8 };
/* Whose conversations they are, and with whom the first is. */
enum { ANN = 11, BOB = 22 };

/* One conversation; entries[seq] is the row as it is now. Texts are static or the caller's. */
struct test_log {
    struct par_store *store;
    struct par_conv conv;
    uint64_t last;
    int64_t ts;
    uint64_t *stamp; /* of the next command; shared by the logs of a partition */
    struct par_entry entry[TEST_LOG_ENTRIES + 1];
};

void test_log_send(struct test_log *log, uint64_t sender, const char *text);
/* The sender of the target edits it. */
void test_log_edit(struct test_log *log, uint64_t target, const char *text);
void test_log_delete(struct test_log *log, uint64_t target);

/* A store in memory, and ANN's conversations there with BOB, BOB + 1, ...; in one partition. */
struct test_logs {
    struct par_store *store;
    uint64_t stamp; /* of the newest command */
    size_t count;
    struct test_log *log[TEST_LOGS_MAX];
};

void test_logs_begin(struct test_logs *logs, size_t count);
void test_logs_end(struct test_logs *logs);

#endif
