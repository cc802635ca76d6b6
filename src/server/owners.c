/* The writers of this server, one a partition. */
#include "server/owners.h"

#include "base/log.h"
#include "base/stats.h"
#include "loop/env.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    PARTITIONS_MAX = 4096, /* more than a topic has (ENGINES.md 7) */
    /* A writer that was replaced may be the rightful one again at once; two that believe so must
     * not replace each other all the time. */
    AGAIN_MS = 500,
    AGAIN_MAX_MS = 5000,
    STEADY_MS = 10000, /* who ran for so long begins anew */
    /* How long the queue is kept waiting for writers of partitions that it takes away. One that a
     * silent store holds up ends later, by itself. */
    END_MS = 2000,
    END_LOOK_MS = 5
};

enum slot_state {
    SLOT_WORKS = 0,
    SLOT_FAILED,   /* it could not be started: tried again */
    SLOT_REPLACED, /* tried again, if it is still ours then */
    SLOT_HALTED,   /* an operator has to look */
    SLOT_ENDED     /* with its generation */
};

struct slot {
    uint32_t partition;
    bool owned;
    enum slot_state state;
    struct par_writer *writer; /* NULL: none */
    bool ending;               /* it was told to */
    const char *why;
    uint64_t started_ms;
    uint64_t again_ms; /* when it is tried again */
    uint64_t wait_ms;  /* how long it was to wait before the last try */
};

struct par_owners {
    struct par_server *server;
    pthread_mutex_t work; /* held over starting and stopping */
    pthread_mutex_t lock; /* of what follows; a moment */
    struct slot *slots;
    size_t count;
    enum par_err err;              /* of the last start that failed */
    struct par_writer_stats ended; /* the counters of writers that are no more */
};

static struct slot *find(struct par_owners *o, uint32_t partition)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->slots[i].partition == partition)
            return &o->slots[i];
    return NULL;
}

static struct slot *add(struct par_owners *o, uint32_t partition)
{
    struct slot *slot = find(o, partition);
    if (slot)
        return slot;
    if (o->count == PARTITIONS_MAX)
        return NULL;
    if ((o->count & (o->count - 1)) == 0) {
        size_t room = o->count ? o->count * 2 : 1;
        struct slot *slots = realloc(o->slots, room * sizeof *slots);
        if (!slots)
            return NULL;
        o->slots = slots;
    }
    slot = &o->slots[o->count++];
    *slot = (struct slot){.partition = partition};
    return slot;
}

static void wait_again(struct slot *slot)
{
    uint64_t now = par_mono_ms();
    if (now - slot->started_ms >= STEADY_MS)
        slot->wait_ms = 0;
    slot->wait_ms = slot->wait_ms ? slot->wait_ms * 2 : AGAIN_MS;
    if (slot->wait_ms > AGAIN_MAX_MS)
        slot->wait_ms = AGAIN_MAX_MS;
    slot->again_ms = now + slot->wait_ms;
}

/* ---- one writer; under o->work, so that only one thread changes slots ---- */

static void start(struct par_owners *o, uint32_t partition)
{
    const struct par_config *config = o->server->config;
    struct par_writer_config writer = {.partition = partition,
                                       .batch_max = (size_t)config->queue.batch,
                                       .cache_bytes = (size_t)config->cache.state_bytes,
                                       .follow = o->server->follow};
    struct par_writer *w = NULL;
    enum par_err err =
        par_writer_start(&writer, o->server->store, o->server->queue, o->server->route, &w);
    if (err)
        par_log_error("owners.no_writer", PAR_KV("partition", partition),
                      PAR_KV("error", par_err_code(err)));
    pthread_mutex_lock(&o->lock);
    struct slot *slot = find(o, partition);
    slot->writer = w;
    slot->state = err ? SLOT_FAILED : SLOT_WORKS;
    slot->why = err ? "a partition has no writer" : "";
    if (err) {
        o->err = err;
        wait_again(slot);
    } else {
        slot->started_ms = par_mono_ms();
    }
    pthread_mutex_unlock(&o->lock);
}

static void add_stats(struct par_writer_stats *sum, const struct par_writer_stats *s)
{
    sum->commands += s->commands;
    sum->entries += s->entries;
    sum->duplicates += s->duplicates;
    sum->conflicts += s->conflicts;
    sum->refusals += s->refusals;
    sum->malformed += s->malformed;
    sum->batches += s->batches;
    sum->batches_failed += s->batches_failed;
    sum->batches_uncertain += s->batches_uncertain;
    sum->resyncs += s->resyncs;
    sum->marks += s->marks;
    sum->push_jobs += s->push_jobs;
    sum->deliveries += s->deliveries;
    sum->loads += s->loads;
    sum->evictions += s->evictions;
}

static void add_gauges(struct par_writer_stats *sum, const struct par_writer_stats *s)
{
    sum->cache_convs += s->cache_convs;
    sum->cache_bytes += s->cache_bytes;
    sum->cache_convs_max += s->cache_convs_max;
    sum->cache_bytes_max += s->cache_bytes_max;
    sum->pending_marks += s->pending_marks;
    sum->pending_marks_max += s->pending_marks_max;
}

static void stop(struct par_owners *o, uint32_t partition, enum slot_state state, const char *why)
{
    pthread_mutex_lock(&o->lock);
    struct slot *slot = find(o, partition);
    struct par_writer *w = slot->writer;
    slot->writer = NULL;
    slot->ending = false;
    slot->state = state;
    slot->why = why;
    if (state == SLOT_REPLACED)
        wait_again(slot);
    if (w) {
        struct par_writer_stats stats;
        par_writer_stats(w, &stats);
        add_stats(&o->ended, &stats);
    }
    pthread_mutex_unlock(&o->lock);
    par_writer_stop(&w);
}

static void given(struct par_owners *o, uint32_t partition)
{
    pthread_mutex_lock(&o->lock);
    struct slot *slot = add(o, partition);
    bool runs = slot && slot->writer;
    if (slot)
        slot->owned = true;
    if (runs && slot->ending) {
        slot->state = SLOT_FAILED;
        slot->why = "the writer before has not ended";
        slot->again_ms = 0;
    }
    pthread_mutex_unlock(&o->lock);
    if (!slot)
        par_log_error("owners.too_many", PAR_KV("partition", partition),
                      PAR_KV("do", "start more servers"));
    else if (!runs)
        start(o, partition);
}

static void taken(struct par_owners *o, uint32_t partition)
{
    pthread_mutex_lock(&o->lock);
    struct slot *slot = find(o, partition);
    if (slot) {
        slot->owned = false;
        slot->state = SLOT_WORKS;
        slot->why = "";
        slot->ending = slot->writer != NULL;
        if (slot->writer)
            par_writer_ask_stop(slot->writer);
    }
    pthread_mutex_unlock(&o->lock);
}

/* Frees the writer that was told to end, if it has. False: not yet. */
static bool has_ended(struct par_owners *o, uint32_t partition)
{
    pthread_mutex_lock(&o->lock);
    const struct slot *slot = find(o, partition);
    bool ending = slot && slot->ending, done = ending && par_writer_done(slot->writer);
    enum slot_state state = slot ? slot->state : SLOT_WORKS;
    const char *why = slot ? slot->why : "";
    pthread_mutex_unlock(&o->lock);
    if (done)
        stop(o, partition, state, why);
    return !ending || done;
}

/* All are told at once: what holds one up holds up the others at the same time. */
static void wait_for_ends(struct par_owners *o, const uint32_t *partitions, size_t count)
{
    uint64_t end = par_mono_ms() + END_MS;
    _Atomic uint32_t never = 0;
    for (size_t i = 0; i < count;) {
        if (has_ended(o, partitions[i]))
            i++;
        else if (par_mono_ms() < end)
            par_pause(&never, END_LOOK_MS);
        else
            break;
    }
}

/* What the queue says. */
static void owner(void *arg, const uint32_t *partitions, size_t count, bool owned)
{
    struct par_owners *o = arg;
    pthread_mutex_lock(&o->work);
    for (size_t i = 0; i < count; i++) {
        if (owned)
            given(o, partitions[i]);
        else
            taken(o, partitions[i]);
        if (par_queue_remote(o->server->queue))
            par_log_info(owned ? "owners.given" : "owners.taken",
                         PAR_KV("partition", partitions[i]));
    }
    if (!owned)
        wait_for_ends(o, partitions, count);
    pthread_mutex_unlock(&o->work);
}

static void look_after(struct par_owners *o, uint32_t partition)
{
    pthread_mutex_lock(&o->lock);
    struct slot slot = *find(o, partition);
    pthread_mutex_unlock(&o->lock);
    if (slot.ending) {
        (void)has_ended(o, partition);
        return;
    }
    const char *why = "";
    enum par_writer_state state =
        slot.writer ? par_writer_state(slot.writer, &why) : PAR_WRITER_RUNNING;
    enum slot_state ended = state == PAR_WRITER_REPLACED ? SLOT_REPLACED
                            : state == PAR_WRITER_HALTED ? SLOT_HALTED
                            : state == PAR_WRITER_ENDED  ? SLOT_ENDED
                                                         : SLOT_WORKS;
    if (slot.writer && ended != SLOT_WORKS) {
        par_stats_inc(PAR_C_WRITERS_STOPPED);
        if (ended == SLOT_HALTED)
            par_log_error(
                "owners.halted", PAR_KV("partition", partition), PAR_KV("why", why),
                PAR_KV("do", "nothing of this partition is written until somebody looks"));
        else
            par_log_warn("owners.writer_stopped", PAR_KV("partition", partition),
                         PAR_KV("state", par_writer_state_name(state)), PAR_KV("why", why));
        stop(o, partition, ended, why);
    } else if (!slot.writer && slot.owned && par_mono_ms() >= slot.again_ms &&
               (slot.state == SLOT_FAILED || slot.state == SLOT_REPLACED)) {
        start(o, partition);
    }
}

void par_owners_tick(struct par_owners *o)
{
    pthread_mutex_lock(&o->work);
    /* Slots are only added, and only under o->work. */
    for (size_t i = 0; i < o->count; i++)
        look_after(o, o->slots[i].partition);
    pthread_mutex_unlock(&o->work);
}

/* ---- what it looks like from outside ---- */

bool par_owners_ready(struct par_owners *o, const char **why_r)
{
    *why_r = "";
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < o->count && !**why_r; i++) {
        const struct slot *slot = &o->slots[i];
        if (!slot->owned || slot->state == SLOT_ENDED)
            continue;
        if (!slot->writer || slot->ending)
            *why_r = slot->why && *slot->why ? slot->why : "a partition has no writer";
        else if (!par_writer_ready(slot->writer))
            *why_r = "the writer reads its state again";
    }
    pthread_mutex_unlock(&o->lock);
    return !**why_r;
}

void par_owners_stats(struct par_owners *o, struct par_writer_stats *stats_r)
{
    pthread_mutex_lock(&o->lock);
    *stats_r = o->ended;
    for (size_t i = 0; i < o->count; i++) {
        struct par_writer_stats stats;
        if (!o->slots[i].writer)
            continue;
        par_writer_stats(o->slots[i].writer, &stats);
        add_stats(stats_r, &stats);
        add_gauges(stats_r, &stats);
    }
    pthread_mutex_unlock(&o->lock);
}

void par_owners_count(struct par_owners *o, struct par_owners_count *count_r)
{
    *count_r = (struct par_owners_count){0};
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < o->count; i++) {
        const struct slot *slot = &o->slots[i];
        count_r->partitions += slot->owned;
        count_r->writers += slot->writer != NULL && !slot->ending;
        count_r->replaced += slot->owned && slot->state == SLOT_REPLACED;
        count_r->halted += slot->owned && slot->state == SLOT_HALTED;
    }
    pthread_mutex_unlock(&o->lock);
}

/* ---- life ---- */

enum par_err par_owners_open(struct par_server *server, struct par_owners **owners_r)
{
    *owners_r = NULL;
    struct par_owners *o = calloc(1, sizeof *o);
    if (!o)
        return PAR_E_UNAVAILABLE;
    o->server = server;
    pthread_mutex_init(&o->work, NULL);
    pthread_mutex_init(&o->lock, NULL);
    *owners_r = o;
    enum par_err err = par_queue_join(server->queue, owner, o);
    /* A local queue has given its partition by now; of a remote one each start is tried again. */
    if (!err && !par_queue_remote(server->queue))
        err = o->err;
    if (err)
        par_owners_close(owners_r);
    return err;
}

void par_owners_close(struct par_owners **owners)
{
    struct par_owners *o = *owners;
    if (!o)
        return;
    par_queue_leave(o->server->queue);
    for (size_t i = 0; i < o->count; i++)
        stop(o, o->slots[i].partition, SLOT_ENDED, "");
    pthread_mutex_destroy(&o->work);
    pthread_mutex_destroy(&o->lock);
    free(o->slots);
    free(o);
    *owners = NULL;
}
