/* What a driver of the queue family is: a table of functions behind parley/queue.h. */
#ifndef PAR_QUEUE_DRIVER_H
#define PAR_QUEUE_DRIVER_H

#include "parley/queue.h"

/* Where deliveries and push jobs of this process end; set by the wrapper before the writer starts.
 */
struct par_queue_ends {
    par_queue_deliver_fn deliver;
    par_queue_flush_fn flush;
    void *arg;
    par_push_job_fn push;
    void *push_arg;
};

/* Functions as their namesakes in parley/queue.h, on the state that open made. All are required but
 * `fail` and, of a driver that is not remote, the last group. Drivers know base and loop, and call
 * nobody but the ends and the owner. */
struct par_queue_ops {
    const char *name;
    /* ends belongs to the wrapper and outlives the state. */
    enum par_err (*open)(const struct par_queue_config *config, const struct par_queue_ends *ends,
                         void **state_r);
    void (*close)(void *state);
    uint32_t (*partitions)(void *state);
    uint32_t (*partition_of)(void *state, const struct par_conv *conv);
    uint16_t (*generation)(void *state);
    enum par_err (*produce)(void *state, uint32_t partition, struct par_str bytes);
    enum par_err (*seek)(void *state, uint32_t partition, uint64_t offset);
    size_t (*take)(void *state, uint32_t partition, size_t max, uint32_t timeout_ms,
                   struct par_queue_record *records);
    void (*wake)(void *state, uint32_t partition);
    void (*seal)(void *state);
    enum par_err (*deliver)(void *state, uint64_t server, const struct par_delivery *d);
    enum par_err (*flush)(void *state);
    enum par_err (*push)(void *state, const struct par_push_job *job);
    /* waiting_* and max_* only. */
    void (*gauges)(void *state, struct par_queue_stats *stats);
    /* Optional. */
    void (*fail)(void *state, enum par_queue_fault fault, enum par_err err, uint32_t count);

    bool remote;
    enum par_err (*join)(void *state, par_queue_owner_fn fn, void *arg);
    void (*leave)(void *state);
    void (*set_aside)(void *state, bool aside);
    enum par_err (*probe)(void *state, uint32_t timeout_ms);
    enum par_err (*bounds)(void *state, uint32_t partition, uint64_t *start_r, uint64_t *end_r);
    enum par_err (*send)(void *state, uint64_t server, struct par_str bytes);
    size_t (*take_inbox)(void *state, uint64_t server, size_t max, uint32_t timeout_ms,
                         struct par_queue_record *records);
    enum par_err (*confirm_inbox)(void *state, uint64_t server, uint64_t offset);
    enum par_err (*inbox_end)(void *state, uint64_t server, uint64_t *end_r);
    void (*wake_inbox)(void *state, uint64_t server);
    size_t (*take_pushes)(void *state, size_t max, uint32_t timeout_ms,
                          struct par_queue_push_record *records);
    void (*confirm_push)(void *state, const struct par_queue_push_place *place);
    void (*wake_pushes)(void *state);
    /* Optional; why gets a line. */
    enum par_err (*grow)(void *state, uint32_t partitions, struct par_str seal, char *why,
                         size_t why_size);
};

extern const struct par_queue_ops par_queue__local;
extern const struct par_queue_ops par_queue__fail;
extern const struct par_queue_ops par_queue__kafka; /* with PARLEY_CLUSTER only */

/* One more driver, of a simulated world; NULL in the product. Set before any queue is opened. */
extern const struct par_queue_ops *par_queue__extra;

#endif
