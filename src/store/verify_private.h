/* What the files of verify share. */
#ifndef PAR_STORE_VERIFY_PRIVATE_H
#define PAR_STORE_VERIFY_PRIVATE_H

#include "store/pages.h"
#include "store/record.h"
#include "store/verify.h"

enum { PAR_VERIFY_PAGE = 500 };

struct par_verify {
    struct par_store *store;
    par_verify_report_fn report;
    void *arg;
    struct par_verify_counts counts;
    enum par_err err; /* the store could not be read */
    uint64_t max_stamp;
    /* A store that lands rows one by one: what commands at or above the checkpoint of their
     * partition made may be there in part. */
    bool by_rows;
    struct par_verify_partition *partitions; /* by_rows */
    size_t partition_count;
};
struct par_verify_partition {
    uint32_t id;    /* the generation and the number in it */
    uint32_t count; /* of its generation */
    uint64_t position;
};

/* May what the command at this stamp made to the conversation be there in part? */
bool par_verify__unfinished(const struct par_verify *v, const struct par_conv *conv,
                            uint64_t stamp);

/* Counts and reports one violation: "WHERE: WHAT". */
void par_verify__violation(struct par_verify *v, const struct par_conv *conv, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a row that belongs to no conversation, or whose key is no key. */
void par_verify__row(struct par_verify *v, enum par_table table, struct par_str key,
                     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* One conversation with everything below its key: entries, their cmids, marks, roster, members. */
void par_verify__conversation(struct par_verify *v, const struct par_conversation *row);
/* Each cmid has its entry. */
void par_verify__cmids(struct par_verify *v);
/* Each row of a user's list has its conversation, and agrees with the roster. */
void par_verify__user_convs(struct par_verify *v);
/* Users and names, devices and tokens agree; the rest can be read. */
void par_verify__accounts(struct par_verify *v);

#endif
