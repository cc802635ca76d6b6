/* The simulated log: a driver of the queue family ("sim") whose topics lie in the world, as Kafka
 * keeps them.
 *
 * Commands: P partitions of a generation. A server produces into its own queue in memory; from
 * there records go to the log in their order, once, at a time that nobody tells, or never; what is
 * still in memory when the server is killed is lost but for what was on its way. Records have the
 * time of the append by the clock of the partition's leader, which another leader does not share.
 * Owners are a group: who does not show life for a session loses its partitions, and may learn it
 * late; who is asked to give a partition back has a bounded time for it; static members come back
 * to what they had. Taking is not fenced: whoever reads, reads, and what was fetched before a cut
 * is handed out during it. Inboxes: a log for each server, appended by a flush that may fail
 * although everything is there, or the other way round never; confirmed offsets may be lost or go
 * back. Push jobs are one part, taken by one
 * server at a time. */
#ifndef SIM_ENGINE_LOG_H
#define SIM_ENGINE_LOG_H

#include "parley/queue.h"
#include "sim/sim.h"

/* How often and how badly; _ppm: of a million records, calls, or turns (one a heartbeat). Zero is a
 * log without a fault that needs no time. */
struct sim_log_plan {
    uint32_t partitions; /* a power of two; 0: 1 */
    uint64_t append_ns;  /* until a record is replicated, at most, besides the way there */
    uint64_t timeout_ns; /* a call, or a record in a producer's memory, gives up; 0: 10 s */

    /* Producers. */
    uint32_t lost_ppm;        /* a record is never appended */
    uint32_t late_ppm;        /* it, and all behind it, is appended late */
    uint64_t late_ns;         /* so late, at most */
    uint32_t twice_ppm;       /* the producer starts again, and sends once more */
    uint32_t report_lost_ppm; /* of a record of a flush: appended, and nobody hears of it */

    /* Leaders. */
    uint32_t leader_ppm; /* of turns: a partition or inbox changes its leader */
    uint64_t leader_ns;  /* and neither takes nor gives for so long, at most */
    uint32_t outage_ppm; /* of turns: a broker is lost, and everything stands still */
    uint64_t outage_ns;
    int64_t skew_ms; /* clocks of leaders differ by up to twice that */

    /* Readers. */
    uint32_t lag_ppm; /* of takes: what is new is seen late */
    uint64_t lag_ns;
    uint32_t bounds_failed_ppm;
    uint32_t confirm_refused_ppm;
    uint32_t confirm_lost_ppm;
    uint32_t offset_back_ppm; /* of those that begin to read an inbox */

    /* Owners. */
    uint64_t heartbeat_ns;  /* 0: 500 ms */
    uint64_t session_ns;    /* 0: 6 s */
    uint64_t revoke_ns;     /* 0: 10 s: who does not give back in time has lost it */
    uint64_t blind_ns;      /* who lost without being asked learns it after so long, at most */
    uint32_t rebalance_ppm; /* of turns: some partitions go to others */
    bool static_members;    /* who leaves keeps its partitions until its session ends */

    uint64_t metadata_ns; /* a new generation is seen by a server after so long, at most */
    bool no_thread;       /* tests: no thread for the group, see sim_log_turn() */
};

struct sim_log;

/* A new log with generation 1, and the driver "sim" becomes one onto it. One at a time. */
struct sim_log *sim_log_new(const struct sim_log_plan *plan);
/* No queue is open. Nulls it. */
void sim_log_free(struct sim_log **log);
/* Faults from now on; partitions stay. */
void sim_log_set_plan(struct sim_log *log, const struct sim_log_plan *plan);

/* ---- what the plan of a world does to it ---- */

/* Ends the newest generation: a record with these bytes (a seal) goes into each of its partitions;
 * the next has twice as many, and servers see it one after the other. */
void sim_log_grow(struct sim_log *log, struct par_str seal);
/* A partition stands still for so long, and has another leader then. */
void sim_log_leader(struct sim_log *log, uint32_t partition, uint64_t ns);
/* Everything stands still. */
void sim_log_outage(struct sim_log *log, uint64_t ns);
/* Of a partition, or of the inbox of a server, the oldest records are dropped but for `keep`. */
void sim_log_retention(struct sim_log *log, uint32_t partition, uint64_t keep);
void sim_log_inbox_retention(struct sim_log *log, uint64_t server, uint64_t keep);
/* All brokers lost power: the newest `lose` records of a partition are gone, and their offsets are
 * given again. */
void sim_log_cut(struct sim_log *log, uint32_t partition, uint64_t lose);
/* The same for every partition and inbox: each loses up to `most` records, some none. */
void sim_log_power_loss(struct sim_log *log, uint64_t most);
/* Partitions go to other owners. */
void sim_log_rebalance(struct sim_log *log);

/* Called for each push job that has come to the log. May not wait, and not call a queue. */
typedef void (*sim_log_push_fn)(void *arg, const struct par_push_job *job);
void sim_log_on_push(struct sim_log *log, sim_log_push_fn fn, void *arg);

/* Partitions of all generations, and the id of each (index < count). */
size_t sim_log_partitions(const struct sim_log *log);
uint32_t sim_log_partition(const struct sim_log *log, size_t index);
/* Offsets of a partition; a record of it, borrowed: false when it is not there. */
uint64_t sim_log_start(const struct sim_log *log, uint32_t partition);
uint64_t sim_log_end(const struct sim_log *log, uint32_t partition);
bool sim_log_record(const struct sim_log *log, uint32_t partition, uint64_t offset,
                    struct par_queue_record *record_r);
/* The server that owns a partition now; 0: nobody. */
uint64_t sim_log_owner(const struct sim_log *log, uint32_t partition);
/* Records in the memory of producers. */
size_t sim_log_waiting(const struct sim_log *log);

/* ---- tests ---- */

/* With no_thread: what the group's thread of this server would do now. */
void sim_log_turn(struct sim_log *log, uint64_t server);

#endif
