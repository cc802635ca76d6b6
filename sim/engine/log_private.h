/* What the files of the simulated log share: log.c (parts, leaders, the world's side), log_lane.c
 * (producers), log_read.c (readers), log_push.c (push jobs), log_group.c (owners), log_driver.c
 * (the queue's driver). */
#ifndef SIM_ENGINE_LOG_PRIVATE_H
#define SIM_ENGINE_LOG_PRIVATE_H

#include "queue/driver.h"
#include "sim/engine/host.h"
#include "sim/engine/log.h"
#include "sim/engine/rows.h"

struct sim_log_record {
    struct sim_bytes *bytes;
    int64_t time_ms;
};

/* One log: a partition of commands, the inbox of a server, or the push jobs (an inbox of all).
 * Offsets start .. base + count - 1 are there; record[0] has the offset base. */
struct sim_part {
    struct sim_part *next;
    bool commands, inbox;
    uint64_t id; /* the partition, or the server */
    struct sim_log_record *record;
    size_t count, cap;
    uint64_t base, start;
    uint64_t stall_ns; /* stands still until then */
    int64_t skew_ms;   /* of the clock of its leader */
    uint64_t confirmed;
    struct sim_reader *readers;
    /* Commands only. */
    struct sim_member *owner, *want;
    uint64_t give_back_ns; /* the owner, when it is not wanted, has lost it then */
};
static inline uint64_t sim_part_end(const struct sim_part *p)
{
    return p->base + p->count;
}

/* What a thread handed over since its last flush. */
struct sim_tracker {
    struct sim_tracker *next;
    struct sim_fiber *fiber;
    unsigned pending;
    bool failed;
    struct sim_waiters waiters;
};

/* Something in the memory of a producer, or on its way. */
struct sim_item {
    struct sim_item *next;
    struct sim_bytes *bytes;
    uint64_t began_ns, arrives_ns;
    struct sim_tracker *tracker; /* NULL: nobody asks */
    bool lost, twice, unreported;
};

/* From one server to one part, in order. Outlives the server while something is on its way. */
struct sim_lane {
    struct sim_lane *next;
    struct sim_log *log;
    struct sim_part *part;
    struct sim_handle *handle; /* NULL: its server is gone, and nothing can be held up any more */
    struct sim_item *first, **last;
    uint64_t last_ns; /* when its last item arrives */
    uint64_t event;
};

/* Who reads a part, from where. */
struct sim_reader {
    struct sim_reader *next_of_part, *next_of_handle;
    struct sim_handle *handle;
    struct sim_part *part;
    struct sim_waiters waiters;
    bool woken;
    uint64_t next;   /* the offset that is handed out next */
    uint64_t lag_ns; /* sees nothing new until then */
    /* Fetched and not handed out: the offsets from `next` on. And what is lent. */
    struct sim_log_record *fetched;
    size_t fetched_count, fetched_cap;
    struct sim_log_record *lent;
    size_t lent_count, lent_cap;
};

/* A queue that a server has opened. */
struct sim_handle {
    struct sim_handle *next;
    struct sim_log *log;
    struct sim_node *node;
    unsigned life;
    uint64_t server;
    bool sealed;
    size_t max_records, max_bytes, records, bytes;
    uint16_t generation; /* the newest that it has seen */
    uint64_t sees_ns;    /* when it sees the next */
    struct sim_reader *readers;
    struct sim_tracker *trackers;
    /* Of the group. */
    par_queue_owner_fn fn;
    void *fn_arg;
    struct par_thread *thread;
    bool leaving, aside;
    struct sim_waiters waiters;
    uint64_t busy_ns; /* in fn since then; 0: not */
    uint64_t blind_ns;
    struct sim_part **owned; /* as this server believes */
    size_t owned_count, owned_cap;
};

/* A server in the group, beyond its lives. */
struct sim_member {
    struct sim_member *next;
    uint64_t server;
    struct sim_handle *handle; /* NULL: gone, or not back yet */
    uint64_t seen_ns;
    bool in;          /* the group counts on it */
    bool asked_aside; /* or to be aside no more, since the last turn */
};

struct sim_log {
    struct sim_log_plan plan;
    struct sim_random random;
    struct sim_part *parts; /* the newest first */
    struct sim_part push;
    struct sim_handle *taker; /* of push jobs; NULL: nobody */
    uint64_t taker_ns;        /* when it took last */
    bool *push_done;          /* of push.confirmed and what follows */
    size_t push_done_count;
    struct sim_lane *lanes;
    struct sim_handle *handles;
    struct sim_member *members; /* by server */
    uint16_t generation;
    uint32_t partitions; /* of the newest generation */
    uint64_t turn;       /* the event */
    sim_log_push_fn push_fn;
    void *push_arg;
};

extern struct sim_log *sim_log__current;
extern const struct par_queue_ops sim_log__driver;

bool sim_log__due(struct sim_log *log, uint32_t ppm);
uint64_t sim_log__timeout(const struct sim_log *log);

/* log.c. inbox makes it when it is not there. */
struct sim_part *sim_log__partition(const struct sim_log *log, uint32_t partition);
struct sim_part *sim_log__inbox(struct sim_log *log, uint64_t server);
/* Frees what a server had open: it closed it, or is gone. */
void sim_log__handle_end(struct sim_handle *h);
/* At the end of a part, now; wakes its readers. */
void sim_log__append(struct sim_log *log, struct sim_part *part, struct sim_bytes *bytes);

/* log_lane.c. The item's bytes are taken over. */
void sim_log__send(struct sim_handle *h, struct sim_part *part, struct sim_bytes *bytes,
                   struct sim_tracker *tracker);
/* What the calling thread hands over. */
struct sim_tracker *sim_log__tracker(struct sim_handle *h);
enum par_err sim_log__flush(struct sim_handle *h);
/* The server is gone: what is on its way arrives, what is in memory is lost. */
void sim_log__lanes_end(struct sim_handle *h);
void sim_log__lanes_drop(struct sim_log *log);

/* log_read.c. NULL: no such part. */
struct sim_reader *sim_log__reader(struct sim_handle *h, struct sim_part *part);
void sim_log__seek(struct sim_reader *r, uint64_t offset);
size_t sim_log__take(struct sim_reader *r, size_t max, uint32_t timeout_ms,
                     struct par_queue_record *records);
void sim_log__wake(struct sim_reader *r);
/* Takes it off its part; then frees it. */
void sim_log__reader_off(struct sim_reader *r);
void sim_log__reader_free(struct sim_reader *r);

/* log_push.c. */
size_t sim_log__take_pushes(void *state, size_t max, uint32_t timeout_ms,
                            struct par_queue_push_record *records);
void sim_log__confirm_push(void *state, const struct par_queue_push_place *place);
void sim_log__wake_pushes(void *state);
void sim_log__push_gone(struct sim_handle *h);

/* log_group.c. */
enum par_err sim_log__join(struct sim_handle *h, par_queue_owner_fn fn, void *arg);
void sim_log__set_aside(struct sim_handle *h, bool aside);
void sim_log__leave(struct sim_handle *h);
/* What happens at each heartbeat. */
void sim_log__group_turn(struct sim_log *log);
void sim_log__group_gone(struct sim_handle *h);
void sim_log__shuffle(struct sim_log *log);

#endif
