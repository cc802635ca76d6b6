/* Unit tests only: the remote queue driver "testlog": one log for the whole process, of one
 * partition at a time, which a test appends to and every opened queue reads on its own. The time of
 * a record is its offset plus 1,000. */
#ifndef PAR_QUEUE_TEST_LOG_H
#define PAR_QUEUE_TEST_LOG_H

#include "parley/queue.h"

/* The state of an opened queue, the first member of what the test keeps for it. */
struct test_log_reader {
    uint64_t position;
    bool wake;
};

struct test_log_hooks {
    struct test_log_reader *(*opened)(void); /* by whom the queue is opened now */
    void (*gate)(void);
    void (*wait_ms)(int64_t timeout_ms); /* for a record that is not there */
    bool (*dead)(void);
    uint64_t (*below)(uint64_t n);
    bool (*chance)(uint32_t per_mille);
    enum par_err (*send)(struct test_log_reader *r, uint64_t server, struct par_str bytes);
    enum par_err (*push)(struct test_log_reader *r, const struct par_push_job *job);
    enum par_err (*flush)(struct test_log_reader *r);
};

struct test_log {
    uint16_t generation;
    uint32_t partitions;
    uint32_t partition;   /* its id */
    uint64_t start;       /* the oldest record that is kept */
    uint32_t bounds_fail; /* chance in 1,000 */
};
extern struct test_log test_log;

/* From now on there is such a driver, the log empty, partition 0 of generation 1; and no more. */
void test_log_install(const struct test_log_hooks *hooks);
void test_log_remove(void);
/* Returns the offset. */
uint64_t test_log_append(struct par_str bytes);
uint64_t test_log_end(void);
/* What is at or above `end` is lost. */
void test_log_cut(uint64_t end);

#endif
