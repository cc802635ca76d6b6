/* The writer's thread: takes, numbers, commits, releases; and what it does when a commit does not
 * end OK. */
#include "conv/writer_private.h"

#include "base/log.h"
#include "loop/env.h"

#include <stdlib.h>

enum {
    BATCH_DEFAULT = 1024,
    CACHE_CONVS_DEFAULT = 65536,
    CACHE_BYTES_DEFAULT = 64 << 20,
    PLAIN_MAX_DEFAULT = 50,
    PLAIN_MAX_MOST = 63, /* mark_events.c keeps the others on its stack */
    MERGE_MS_DEFAULT = 200,
    OTHERS_MS_DEFAULT = 1000,
    POLL_LOST_MS = 50, /* how often a writer without a store looks whether it is back */
    TAKE_MARKS_MAX =
        16384 /* conversations that one take may name in acks: all stay in memory during it */
};

/* ---- one batch ---- */

static void hist(struct par_writer_hist *h, uint64_t value)
{
    unsigned bucket = 0;
    while (bucket < PAR_WRITER_BUCKETS - 1 && value >> bucket)
        bucket++;
    h->bucket[bucket]++;
    h->count++;
    h->sum += value;
}

/* E2: nothing in memory is trusted any more. It is read again when the store was opened anew. */
static void give_up(struct par_writer *w, uint32_t first, uint32_t count, const char *why)
{
    par_log_error("writer.lost", PAR_KV("why", why), PAR_KV("commands", count - first));
    par_stats_inc(PAR_C_WRITER_HALTS);
    atomic_store(&w->ready, false);
    w->lost = true;
    par_batch__clear(w);
    par_conv__drop_all(w);
    for (uint32_t i = first; i < count; i++)
        par_release__refuse(w, i, PAR_E_UNAVAILABLE);
    par_release__flush(w);
}

/* Makes durable what the commands [first, end) changed and tells of it. False: the batch was given
 * up. */
static bool commit(struct par_writer *w, uint32_t first, uint32_t end, uint32_t count)
{
    uint64_t start = par_mono_ns();
    par_batch__finish(w);
    uint64_t built = par_mono_ns();
    w->live.cpu_ns_build += built - start;
    enum par_outcome outcome = PAR_OUTCOME_OK;
    if (w->no_memory)
        outcome = PAR_OUTCOME_FAILED;
    else if (w->rows.count > 0)
        outcome = par_store_commit(w->store, &w->rows, true); /* E1: one atomic batch, synced */
    uint64_t stored = par_mono_ns();
    if (outcome != PAR_OUTCOME_OK) {
        if (outcome == PAR_OUTCOME_FAILED)
            w->live.batches_failed++;
        else
            w->live.batches_uncertain++;
        give_up(w, first, count,
                outcome == PAR_OUTCOME_FAILED ? "commit failed" : "commit uncertain");
        return false;
    }
    if (w->rows.count > 0) {
        w->batches++;
        w->live.batches++;
        par_stats_record(PAR_H_HOP, PAR_HOP_STORE, stored - built);
        hist(&w->live.store_us, (stored - built) / 1000);
    }
    par_stats_record(PAR_H_WRITER_BATCH, 0, end - first);
    hist(&w->live.batch_commands, end - first);
    par_release__batch(w);
    uint64_t released = par_mono_ns();
    par_stats_record(PAR_H_HOP, PAR_HOP_FANOUT, released - stored);
    hist(&w->live.release_us, (released - stored) / 1000);
    w->live.cpu_ns_release += released - stored;
    par_batch__clear(w);
    return true;
}

/* ---- one take ---- */

/* Decodes records from `first` on; returns how many make the next take. */
static uint32_t decode(struct par_writer *w, uint32_t first, uint32_t count)
{
    size_t marks = 0;
    uint32_t n = 0;
    for (; first + n < count; n++) {
        struct par_command *c = &w->commands[first + n];
        if (!par_command_decode(w->records[first + n].bytes, &w->arena, c)) {
            /* Nobody can be answered. It has its offset and changes nothing. */
            w->live.malformed++;
            par_log_error("writer.malformed", PAR_KV("offset", w->records[first + n].offset),
                          PAR_KV("bytes", w->records[first + n].bytes.len));
            continue;
        }
        marks += c->mark_count;
        if (marks > TAKE_MARKS_MAX && n > 0)
            break;
    }
    return n;
}

static void count_commands(struct par_writer *w, uint32_t first, uint32_t end)
{
    uint64_t now = par_mono_ns();
    for (uint32_t i = first; i < end; i++) {
        uint64_t at = w->records[i].enqueue_ns;
        if (at == 0 || at > now)
            continue;
        par_stats_record(PAR_H_HOP, PAR_HOP_QUEUE, now - at);
        hist(&w->live.queue_us, (now - at) / 1000);
    }
    w->live.commands += end - first;
    par_stats_add(PAR_C_WRITER_COMMANDS, end - first);
}

/* Numbers and commits the commands [first, end), in as many batches as the rules want. False: given
 * up. */
static bool number(struct par_writer *w, uint32_t first, uint32_t end)
{
    uint64_t start = par_mono_ns();
    if (!par_cmids__read_ahead(w, first, end)) {
        give_up(w, first, end, "read failed");
        return false;
    }
    uint32_t begin = first;
    for (uint32_t i = first; i < end;) {
        enum par_step step = w->commands[i].kind == 0 ? PAR_STEP_DONE : par_number__command(w, i);
        if (step == PAR_STEP_LOST) {
            give_up(w, begin, end, "read failed, or no memory");
            return false;
        }
        if (step == PAR_STEP_DONE) {
            w->position = w->records[i].offset + 1;
            i++;
            continue;
        }
        PAR_ASSERT(i > begin);
        w->live.cuts++;
        w->live.cpu_ns_number += par_mono_ns() - start;
        if (!commit(w, begin, i, end))
            return false;
        begin = i;
        start = par_mono_ns();
    }
    w->live.cpu_ns_number += par_mono_ns() - start;
    return commit(w, begin, end, end);
}

static void work(struct par_writer *w, uint32_t count)
{
    uint64_t entries = w->live.entries, marks = w->live.marks;
    for (uint32_t first = 0; first < count;) {
        par_conv__evict(w);
        w->take++;
        w->touched = 0;
        par_cmids__reset(w);
        uint32_t n = decode(w, first, count);
        count_commands(w, first, first + n);
        /* E2: rows read before the store was opened again are read again. */
        uint64_t generation = par_store_generation(w->store);
        if (generation != w->store_generation && !w->lost) {
            par_marks__tell_due(w, true);
            par_conv__drop_all(w);
            w->store_generation = generation;
        }
        if (w->lost || !par_store_writable(w->store)) {
            for (uint32_t i = first; i < first + n; i++)
                par_release__refuse(w, i, PAR_E_UNAVAILABLE);
            par_release__flush(w);
            w->position = w->records[first + n - 1].offset + 1;
        } else if (!number(w, first, first + n)) {
            w->position = w->records[first + n - 1].offset + 1;
        }
        par_arena_fini(&w->arena);
        first += n;
    }
    par_stats_add(PAR_C_ENTRIES, w->live.entries - entries);
    par_stats_add(PAR_C_MARKS, w->live.marks - marks);
}

/* ---- the thread ---- */

static bool read_checkpoint(struct par_writer *w, struct par_checkpoint *row_r, bool *there_r)
{
    struct par_key key = par_key_number(w->config.partition);
    struct par_buf value = {0};
    int got = par_store_get(w->store, PAR_T_CHECKPOINTS, par_key_str(&key), &value);
    *row_r = (struct par_checkpoint){0};
    *there_r = got > 0;
    bool ok = got == 0 || (got > 0 && par_checkpoint_decode(par_buf_str(&value), row_r));
    par_buf_fini(&value);
    return ok;
}

/* After a lost batch: goes on once the store was opened again. */
static void recover(struct par_writer *w)
{
    struct par_checkpoint row;
    bool there;
    if (!par_store_writable(w->store))
        return;
    uint64_t generation = par_store_generation(w->store);
    if (!read_checkpoint(w, &row, &there))
        return;
    /* What was uncertain may be there now, with stamps below the offsets given since. */
    if (there && row.position > w->position)
        w->position = row.position;
    if (there)
        w->batches = row.batches;
    w->store_generation = generation;
    w->lost = false;
    atomic_store(&w->ready, true);
    par_log_info("writer.recovered", PAR_KV("position", w->position));
    par_release__sync(w);
}

static void publish(struct par_writer *w)
{
    w->live.cache_convs = par_map_count(&w->convs);
    w->live.cache_bytes = w->cache_bytes + par_map_bytes(&w->convs);
    w->live.cache_convs_max = w->config.cache_convs;
    w->live.cache_bytes_max = w->config.cache_bytes;
    w->live.pending_marks = w->due_count;
    w->live.pending_marks_max = w->config.cache_convs;
    w->live.position = w->position;
    pthread_mutex_lock(&w->published_lock);
    w->published = w->live;
    pthread_mutex_unlock(&w->published_lock);
}

static uint32_t timeout_of(const struct par_writer *w, bool stopping)
{
    uint32_t next = par_marks__next(w);
    if (stopping)
        return 0;
    return (w->lost || w->owes_sync) && next > POLL_LOST_MS ? POLL_LOST_MS : next;
}

static void run(void *arg)
{
    struct par_writer *w = arg;
    for (;;) {
        bool stopping = atomic_load(&w->stopping);
        w->now_ms = par_mono_ms();
        size_t n = par_queue_take(w->queue, w->config.partition, w->config.batch_max,
                                  timeout_of(w, stopping), w->records);
        w->now_ms = par_mono_ms();
        if (w->lost)
            recover(w);
        if (n > 0)
            work(w, (uint32_t)n);
        par_marks__tell_due(w, stopping && n == 0);
        if (w->owes_sync && par_route_lookup(w->route, NULL, 0, &w->hits) == PAR_OK) {
            w->owes_sync = false;
            par_release__sync(w);
        }
        par_release__flush(w);
        par_arena_fini(&w->arena);
        publish(w);
        if (stopping && n == 0) {
            struct par_queue_stats stats;
            par_queue_stats(w->queue, &stats);
            if (stats.waiting_records == 0)
                return;
        }
    }
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
    par_arena_fini(&w->arena);
    par_route_hits_fini(&w->hits);
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

/* S6: where numbering goes on is in the store. */
static enum par_err adopt_checkpoint(struct par_writer *w)
{
    struct par_checkpoint row;
    bool there;
    w->store_generation = par_store_generation(w->store);
    if (!read_checkpoint(w, &row, &there))
        return PAR_E_UNAVAILABLE;
    w->position = 1; /* a stamp of 0 means "never" */
    if (there) {
        /* T1, T6: another log, or rules that this program does not know: never jump, never guess.
         */
        if (row.generation != w->generation || row.rules != PAR_WRITER_RULES)
            return PAR_E_CONFLICT;
        w->position = row.position;
        w->checkpoint_epoch = row.epoch;
        w->batches = row.batches;
    }
    w->checkpoint_epoch++;
    return par_queue_seek(w->queue, w->config.partition, w->position);
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
    w->generation = par_queue_generation(queue);
    w->batch = 1;
    pthread_mutex_init(&w->published_lock, NULL);
    par_conv__cache_init(w);
    par_list_init(&w->due_merged);
    par_list_init(&w->due_others);
    atomic_init(&w->ready, true);
    enum par_err err = reserve(w) ? adopt_checkpoint(w) : PAR_E_UNAVAILABLE;
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

void par_writer_stop(struct par_writer **writer)
{
    struct par_writer *w = *writer;
    if (!w)
        return;
    par_queue_seal(w->queue);
    atomic_store(&w->stopping, true);
    par_queue_wake(w->queue, w->config.partition);
    par_thread_join(&w->thread);
    free_writer(w);
    *writer = NULL;
}

bool par_writer_ready(const struct par_writer *w)
{
    return atomic_load(&((struct par_writer *)w)->ready);
}

void par_writer_stats(const struct par_writer *writer, struct par_writer_stats *stats_r)
{
    struct par_writer *w = (struct par_writer *)writer;
    pthread_mutex_lock(&w->published_lock);
    *stats_r = w->published;
    pthread_mutex_unlock(&w->published_lock);
}
