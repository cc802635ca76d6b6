/* What the files of the simulated store share. */
#ifndef SIM_ENGINE_STORE_PRIVATE_H
#define SIM_ENGINE_STORE_PRIVATE_H

#include "sim/engine/host.h"
#include "sim/engine/rows.h"
#include "sim/engine/store.h"
#include "store/store_private.h"

enum { SIM_STORE_REGIONS_MAX = 16 };

struct sim_store_order {
    enum par_outcome outcome;
    uint64_t lands;
    enum sim_store_rest rest;
};
enum { SIM_STORE_ORDERS_MAX = 16 };

/* Some rows of one batch that land at one moment, or a compare and swap; on a list while they have
 * not. */
struct sim_landing {
    struct sim_store *store;
    struct sim_landing *before, *after;
    uint64_t event;
    bool held;
    bool swaps; /* one row: compared with `expected` (NULL: no row) when it lands */
    struct sim_bytes *expected;
    size_t count;
    struct sim_landing_row {
        struct sim_bytes *key, *value; /* NULL: a delete */
        uint64_t version;
        uint8_t table;
    } row[];
};

struct sim_store {
    struct sim_store_plan plan;
    struct sim_random random;
    struct sim_rows tables[PAR_T_COUNT]; /* what readers see */
    struct sim_landing landings;         /* the head of the list, in the order made */
    size_t landing_rows;
    uint64_t down_ns; /* nothing gets through until then */
    uint64_t region_ns[PAR_T_COUNT][SIM_STORE_REGIONS_MAX];
    struct sim_store_order orders[SIM_STORE_ORDERS_MAX];
    size_t order_count;

    /* Whole: what the disk has, what only the page cache has, and the state of the process. */
    struct sim_rows disk[PAR_T_COUNT];
    struct sim_wal *wal, **wal_end;
    struct sim_wal *old_wal; /* recovered and never synced */
    uint64_t seq;
    bool open, broken;
    struct sim_rows copy[PAR_T_COUNT]; /* a backup */
    bool copied;                       /* what is on the disk is one that was restored */
    uint64_t full_until_ns;
};

/* store_disk.c. */
void sim_store__drop_wal(struct sim_store *store);

extern struct sim_store *sim_store__current;
extern const struct par_store__driver sim_store__by_rows;
extern const struct par_store__driver sim_store__whole;

/* A fault of so many in a million is due: never once the world has healed. */
bool sim_store__due(struct sim_store *store, uint32_t ppm);
/* Takes the next order of a test. */
bool sim_store__order(struct sim_store *store, struct sim_store_order *order_r);
/* Visible: has a value that no delete hides. */
bool sim_store__visible(const struct sim_row *row);
/* One row comes to the tables. */
void sim_store__land(struct sim_store *store, struct sim_rows *tables,
                     const struct sim_landing_row *row);
/* Compares and swaps, as the region does it: 1, or 0 and what is there. expected NULL: nothing. */
int sim_store__swap(struct sim_store *store, enum par_table table, struct par_str key,
                    const struct par_str *expected, struct par_str value, uint64_t version,
                    struct par_buf *value_r);
/* Rows on their way: a place for `count` of them, then each, then when they land (UINT64_MAX:
 * held).
 */
struct sim_landing *sim_store__landing(struct sim_store *store, size_t count);
void sim_store__landing_add(struct sim_landing *landing, const struct par_batch *batch, size_t i);
void sim_store__landing_at(struct sim_landing *landing, uint64_t when_ns);

#endif
