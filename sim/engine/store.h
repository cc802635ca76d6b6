/* The simulated store: a driver of the store family ("sim") whose rows lie in the world and outlive
 * the servers.
 *
 * Two kinds. By rows, as HBase: several servers open it; the rows of a batch land one by one, in
 * any order, some before the call has ended, some long after it, whatever becomes of who called;
 * of two values of a row the one with the higher version holds, at the same version the one that
 * came last; a delete hides every value up to its version, those too that come after it; a compare
 * and swap is atomic, but its answer may be lost and it may land late; a scan is no snapshot.
 * Whole, as RocksDB on one disk (store_disk.c): batches land whole or not, and what was not synced
 * is in the page cache, which survives the process and not the loss of power.
 *
 * In one world there is one store; several may exist one after the other (tests). */
#ifndef SIM_ENGINE_STORE_H
#define SIM_ENGINE_STORE_H

#include "parley/store.h"
#include "sim/sim.h"

/* How often and how badly. _ppm: of a million calls. Zero is a store without a fault that answers
 * at once. */
struct sim_store_plan {
    bool by_rows;
    uint64_t timeout_ns; /* a call without an answer ends after so long; 0: 5 s */
    uint32_t read_failed_ppm;

    /* By rows only. */
    uint32_t regions;    /* of each table, by the first byte of the key; 0: 1 */
    uint64_t landing_ns; /* the rows of a batch land within this time */
    uint32_t partial_ppm;
    uint32_t answer_lost_ppm;
    uint32_t late_ppm;
    uint64_t late_ns; /* a late row comes so long after its call, at most */
    uint32_t refused_ppm;
    uint32_t scan_moves_ppm; /* rows land while a scan is under way: of its pages */
    uint32_t move_ppm;       /* a region moves */
    uint64_t move_ns;        /* and cannot be reached for so long, at most */
    uint64_t buried_ns;      /* a major compaction forgets a delete after so long; 0: never */

    /* Whole only. */
    uint64_t sync_ns;         /* a synced commit takes so long, at most */
    uint32_t sync_failed_ppm; /* the sync fails; the batch may be found after reopening */
    uint32_t write_failed_ppm;
    uint32_t full_ppm;      /* the disk fills up */
    uint64_t full_ns;       /* and has space again after so long, at most */
    bool recovery_unsynced; /* a mutant: what recovery found is shown without a sync (E3) */
};

struct sim_store;

/* A new, empty store, and the driver "sim" becomes one onto it (par_store__extra). One at a time.
 */
struct sim_store *sim_store_new(const struct sim_store_plan *plan);
/* Everything that was to land late is dropped. No server uses it any more. Nulls it. */
void sim_store_free(struct sim_store **store);
/* Faults from now on. Not by_rows. */
void sim_store_set_plan(struct sim_store *store, const struct sim_store_plan *plan);

/* ---- what the plan of a world does to it ---- */

/* No call gets through for so long. */
void sim_store_outage(struct sim_store *store, uint64_t ns);
/* The process that had the whole store open is gone: another may open it. */
void sim_store_killed(struct sim_store *store);
/* So is the power: a random part of what was not synced is lost, from the end. */
void sim_store_power_loss(struct sim_store *store);
/* Remembers what is on the disk, and puts it back as a restored backup, while no process has it
 * open: the next has a new incarnation (E5). */
void sim_store_keep_copy(struct sim_store *store);
void sim_store_restore_copy(struct sim_store *store);
/* Rows that are still to land. */
size_t sim_store_landing(const struct sim_store *store);
/* Rows there are in a table, those that a delete hides not counted. */
size_t sim_store_rows(const struct sim_store *store, enum par_table table);

/* ---- tests ---- */

enum sim_store_rest { SIM_STORE_NEVER = 0, SIM_STORE_HELD };
/* The next commit or swap, of whoever, ends as given instead of as drawn. Of its rows, counted as
 * they stand in the batch, number i lands before it ends if bit i of `lands` is set (i < 64; a swap
 * has one row); the others never do, or are held until sim_store_land_held(). May be called again
 * for the one after that. An atomic store: lands != 0 is the whole batch. */
void sim_store_next(struct sim_store *store, enum par_outcome outcome, uint64_t lands,
                    enum sim_store_rest rest);
/* What is held lands now, the oldest first; returns how many rows. */
size_t sim_store_land_held(struct sim_store *store);
/* All rows that are on their way land now, the oldest first. */
void sim_store_settle(struct sim_store *store);

#endif
