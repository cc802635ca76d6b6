/* What a device keeps over a crash: the records of the client core, changed by batches. */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H

#include "base/str.h"

#include <stdint.h>

struct sim_record {
    struct sim_record *next;
    unsigned kind;
    uint32_t key_len, value_len;
    bool deletes;
    uint8_t *value;
    uint8_t key[];
};

/* Zero is empty. In `kept` a key stands once, or as deleted. */
struct sim_records {
    struct sim_record *kept;
    struct sim_record *open, **_open_end; /* of the batch that is not committed */
    struct sim_record **_table;           /* of kept ones, by key; open addressing */
    uint32_t _size, _used;
    bool clears;        /* the open batch begins with clear */
    unsigned clear_but; /* keeps this kind */
};

void sim_records_put(struct sim_records *r, unsigned kind, struct par_str key,
                     struct par_str value);
void sim_records_del(struct sim_records *r, unsigned kind, struct par_str key);
void sim_records_clear(struct sim_records *r, unsigned but_kind);
void sim_records_commit(struct sim_records *r);
/* Forgets the open batch. */
void sim_records_rollback(struct sim_records *r);
/* All kept ones, in the order of kinds and keys. */
typedef void (*sim_record_fn)(void *arg, unsigned kind, struct par_str key, struct par_str value);
void sim_records_each(const struct sim_records *r, sim_record_fn fn, void *arg);
void sim_records_fini(struct sim_records *r);

#endif
