/* The writer's thread: how it starts, what it does in turn, how it ends. */
#include "conv/writer_private.h"

#include "base/log.h"
#include "loop/env.h"
#include "search/follow.h"

#include <stdlib.h>

enum {
    BATCH_DEFAULT = 1024,
    CACHE_CONVS_DEFAULT = 65536,
    CACHE_BYTES_DEFAULT = 64 << 20,
    PLAIN_MAX_DEFAULT = 50,
    PLAIN_MAX_MOST = 63, /* mark_events.c keeps the others on its stack */
    MERGE_MS_DEFAULT = 200,
    OTHERS_MS_DEFAULT = 1000,
    LAST_TRIES = 20, /* of what does not succeed when the writer is to stop */
    LAST_MS = 1000,
    POLL_LOST_MS = 50 /* how often a writer without a store looks whether it is back */
};

/* ---- state ---- */

static const char *const state_names[] = {
    [PAR_WRITER_STARTING] = "starting", [PAR_WRITER_RUNNING] = "running",
    [PAR_WRITER_REPLACED] = "replaced", [PAR_WRITER_HALTED] = "halted",
    [PAR_WRITER_ENDED] = "ended",
};

const char *par_writer_state_name(enum par_writer_state state)
{
    return state_names[state];
}

enum par_writer_state par_writer_state(const struct par_writer *writer, const char **why_r)
{
    struct par_writer *w = (struct par_writer *)writer;
    enum par_writer_state state = (enum par_writer_state)atomic_load(&w->state);
    if (why_r)
        *why_r = atomic_load(&w->why);
    return state;
}

bool par_writer_ready(const struct par_writer *writer)
{
    struct par_writer *w = (struct par_writer *)writer;
    return atomic_load(&w->ready) && atomic_load(&w->state) == PAR_WRITER_RUNNING;
}

void par_writer__end(struct par_writer *w, enum par_writer_state state, const char *why)
{
    if (par_writer__ended(w))
        return;
    atomic_store(&w->why, why);
    atomic_store(&w->state, state);
    const char *event = state == PAR_WRITER_HALTED     ? "writer.halted"
                        : state == PAR_WRITER_REPLACED ? "writer.replaced"
                                                       : "writer.ended";
    if (state == PAR_WRITER_HALTED) {
        par_stats_inc(PAR_C_WRITER_HALTS);
        par_log_error(event, PAR_KV("partition", w->config.partition), PAR_KV("why", why),
                      PAR_KV("position", w->position), PAR_KV("checkpoint", w->checkpoint));
    } else {
        par_log_warn(event, PAR_KV("partition", w->config.partition), PAR_KV("why", why),
                     PAR_KV("position", w->position));
    }
}

bool par_writer__pause(struct par_writer *w, const char *what)
{
    if (par_writer__ended(w))
        return false;
    if (w->pause_ms == 0) {
        atomic_store(&w->ready, false);
        atomic_store(&w->why, what);
        par_log_warn("writer.waits", PAR_KV("partition", w->config.partition), PAR_KV("why", what));
        w->pause_ms = PAR_WRITER_PAUSE_MS;
    }
    par_pause(&w->stopping, w->pause_ms);
    w->pause_ms =
        w->pause_ms * 2 < PAR_WRITER_PAUSE_MAX_MS ? w->pause_ms * 2 : PAR_WRITER_PAUSE_MAX_MS;
    w->now_ms = par_mono_ms();
    if (!atomic_load(&w->stopping))
        return true;
    /* What is begun is finished if that succeeds at once. */
    if (w->last_tries++ == 0)
        w->stop_ms = w->now_ms;
    return w->last_tries < LAST_TRIES && w->now_ms - w->stop_ms < LAST_MS;
}

void par_writer__fine(struct par_writer *w)
{
    if (w->pause_ms == 0)
        return;
    w->pause_ms = 0;
    atomic_store(&w->why, "");
    atomic_store(&w->ready, true);
}

/* ---- the thread ---- */

static void publish(struct par_writer *w)
{
    w->live.cache_convs = par_map_count(&w->convs);
    w->live.cache_bytes = w->cache_bytes + par_map_bytes(&w->convs);
    w->live.cache_convs_max = w->config.cache_convs;
    w->live.cache_bytes_max = w->config.cache_bytes;
    w->live.pending_marks = w->due_count;
    w->live.pending_marks_max = w->config.cache_convs;
    w->live.position = w->position;
    w->live.checkpoint = w->checkpoint;
    pthread_mutex_lock(&w->published_lock);
    w->published = w->live;
    pthread_mutex_unlock(&w->published_lock);
}

static uint32_t timeout_of(const struct par_writer *w, bool stopping)
{
    uint32_t ms = par_marks__next(w);
    uint32_t checkpoint = par_checkpoint__next(w);
    if (stopping)
        return 0;
    if (checkpoint < ms)
        ms = checkpoint;
    if ((w->lost || w->owes_sync || w->uncertain_count > 0) && ms > POLL_LOST_MS)
        ms = POLL_LOST_MS;
    return ms;
}

/* W2d: how many commands may be taken; 0: none before the checkpoint has moved. W4: and it is to
 * follow after so many. */
static size_t room(const struct par_writer *w)
{
    size_t most = w->config.batch_max;
    if (w->embedded || PAR_MUTANT(W2D_NO_BOUND))
        return most;
    uint64_t since = w->position - w->checkpoint;
    if (since >= par_rules.ahead)
        return 0;
    if (most > par_rules.ahead - since)
        most = par_rules.ahead - since;
    if (since < par_rules.checkpoint_commands && most > par_rules.checkpoint_commands - since)
        most = par_rules.checkpoint_commands - since;
    return most;
}

/* Is there more to do, once the writer is to stop? What is left in a log is the next owner's. */
static bool worked_off(struct par_writer *w, size_t taken)
{
    struct par_queue_stats stats;
    if (w->remote)
        return true;
    par_queue_stats(w->queue, &stats);
    return taken == 0 && stats.waiting_records == 0;
}

/* One turn: takes, works off, tells what is due, moves the checkpoint. False: it is over. */
static bool turn(struct par_writer *w)
{
    bool stopping = atomic_load(&w->stopping);
    w->now_ms = par_mono_ms();
    size_t most = room(w);
    if (most == 0)
        return par_checkpoint__force(w, false);
    size_t n =
        par_queue_take(w->queue, w->config.partition, most, timeout_of(w, stopping), w->records);
    w->taken_ns = par_mono_ns();
    w->now_ms = w->taken_ns / 1000000;
    if (w->lost)
        par_take__recover(w);
    if (!w->lost && w->uncertain_count > 0)
        par_uncertain__tell(w);
    if (n > 0 && !par_take__work(w, (uint32_t)n))
        return false;
    par_marks__tell_due(w, stopping && n == 0);
    par_release__settle(w, stopping);
    par_arena_fini(&w->arena);
    bool due = par_checkpoint__due(w);
    /* While commands come the next release waits for what is on its way, and the checkpoint. */
    bool wait = n == 0 || stopping || (due && !PAR_MUTANT(W4_CHECKPOINT_UNCONFIRMED));
    if (wait ? !par_release__flush(w) : !par_release__hand(w))
        return false;
    if (due && par_checkpoint__move(w, false) == 0)
        return false;
    publish(w);
    return !stopping || !worked_off(w, n);
}

static void work(struct par_writer *w)
{
    if (!w->embedded && !par_checkpoint__adopt(w))
        return;
    par_follow_begin(w->config.follow, w->config.partition, w->cell.partitions,
                     par_stamp(w->generation, w->position));
    while (turn(w))
        ;
    /* Once more, so that the next owner has little to do again. */
    if (!w->embedded && !par_writer__ended(w) && w->outbox.count == 0) {
        /* What a batch that is not durable has moved is not told. */
        if (w->dirty_count == 0)
            (void)par_checkpoint__force(w, false);
        else
            (void)par_checkpoint__move(w, false);
    }
    publish(w);
}

static void run(void *arg)
{
    struct par_writer *w = arg;
    work(w);
    atomic_store(&w->done, true);
}

/* ---- life ---- */

static void defaults(struct par_writer_config *c)
{
    if (c->batch_max == 0)
        c->batch_max = BATCH_DEFAULT;
    if (c->cache_convs == 0)
        c->cache_convs = CACHE_CONVS_DEFAULT;
    if (c->cache_bytes == 0)
        c->cache_bytes = CACHE_BYTES_DEFAULT;
    if (c->marks_plain_max == 0)
        c->marks_plain_max = PLAIN_MAX_DEFAULT;
    if (c->marks_plain_max > PLAIN_MAX_MOST)
        c->marks_plain_max = PLAIN_MAX_MOST;
    if (c->marks_merge_ms == 0)
        c->marks_merge_ms = MERGE_MS_DEFAULT;
    if (c->others_ms == 0)
        c->others_ms = OTHERS_MS_DEFAULT;
}

static bool reserve(struct par_writer *w)
{
    size_t n = w->config.batch_max;
    w->cmid_cap = 16;
    while (w->cmid_cap < n * 2)
        w->cmid_cap *= 2;
    w->records = calloc(n, sizeof *w->records);
    w->commands = calloc(n, sizeof *w->commands);
    w->known_rows = calloc(n, sizeof *w->known_rows);
    w->known_values = calloc(n, sizeof *w->known_values);
    w->known_keys = calloc(n, sizeof *w->known_keys);
    w->known_bytes = calloc(n, sizeof *w->known_bytes);
    w->known_index = calloc(n, sizeof *w->known_index);
    w->cmids = calloc(n, sizeof *w->cmids);
    w->cmid_table = calloc(w->cmid_cap, sizeof *w->cmid_table);
    return w->records && w->commands && w->known_rows && w->known_values && w->known_keys &&
           w->known_bytes && w->known_index && w->cmids && w->cmid_table;
}

static void free_writer(struct par_writer *w)
{
    par_batch__clear(w);
    par_conv__drop_all(w);
    par_map_fini(&w->convs);
    par_batch_fini(&w->rows);
    par_batch_fini(&w->last_rows);
    par_arena_fini(&w->arena);
    par_route_hits_fini(&w->hits);
    par_outbox__fini(&w->outbox);
    par_buf_fini(&w->cell_bytes);
    free(w->skips);
    free(w->uncertain);
    free(w->records);
    free(w->commands);
    free(w->known_rows);
    free(w->known_values);
    free(w->known_keys);
    free(w->known_bytes);
    free(w->known_index);
    free(w->cmids);
    free(w->cmid_table);
    free(w->dirty);
    free(w->releases);
    free(w->moved);
    free(w->garbage);
    free(w->lookup);
    free(w->scratch);
    pthread_mutex_destroy(&w->published_lock);
    free(w);
}

enum par_err par_writer_start(const struct par_writer_config *config, struct par_store *store,
                              struct par_queue *queue, struct par_route *route,
                              struct par_writer **writer_r)
{
    *writer_r = NULL;
    struct par_writer *w = calloc(1, sizeof *w);
    if (!w)
        return PAR_E_UNAVAILABLE;
    w->config = *config;
    defaults(&w->config);
    w->store = store;
    w->queue = queue;
    w->route = route;
    w->generation = par_partition_generation(config->partition);
    w->remote = par_queue_remote(queue);
    w->by_rows = !par_store_atomic(store);
    w->embedded = !w->remote && !w->by_rows;
    w->batch = 1;
    pthread_mutex_init(&w->published_lock, NULL);
    par_conv__cache_init(w);
    par_list_init(&w->due_merged);
    par_list_init(&w->due_others);
    atomic_init(&w->ready, true);
    atomic_init(&w->state, w->embedded ? PAR_WRITER_RUNNING : PAR_WRITER_STARTING);
    atomic_init(&w->why, "");
    enum par_err err = reserve(w) ? PAR_OK : PAR_E_UNAVAILABLE;
    if (err == PAR_OK && w->embedded)
        err = par_checkpoint__read(w);
    if (err == PAR_OK && w->embedded)
        err = par_queue_seek(w->queue, config->partition, w->position);
    if (err == PAR_OK) {
        publish(w);
        err = par_thread_start("writer", run, w, &w->thread);
    }
    if (err != PAR_OK) {
        free_writer(w);
        return err;
    }
    *writer_r = w;
    return PAR_OK;
}

void par_writer_ask_stop(struct par_writer *w)
{
    if (!w->remote)
        par_queue_seal(w->queue);
    par_pause_end(&w->stopping);
    par_queue_wake(w->queue, w->config.partition);
}

bool par_writer_done(const struct par_writer *writer)
{
    return atomic_load(&((struct par_writer *)writer)->done);
}

void par_writer_stop(struct par_writer **writer)
{
    struct par_writer *w = *writer;
    if (!w)
        return;
    par_writer_ask_stop(w);
    par_thread_join(&w->thread);
    par_follow_end(w->config.follow, w->config.partition);
    free_writer(w);
    *writer = NULL;
}

void par_writer_stats(const struct par_writer *writer, struct par_writer_stats *stats_r)
{
    struct par_writer *w = (struct par_writer *)writer;
    pthread_mutex_lock(&w->published_lock);
    *stats_r = w->published;
    pthread_mutex_unlock(&w->published_lock);
}
