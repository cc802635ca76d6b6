/* The follower's thread: notes in their order, and sweeps of what was not noted. */
#include "search/follow.h"

#include "base/log.h"
#include "base/stats.h"
#include "loop/env.h"
#include "loop/mailbox.h"
#include "parley/queue.h"
#include "search/index.h"
#include "store/pages.h"
#include "store/record.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    NOTES_MAX = 16384,
    PARTITIONS_MAX = 4096,
    REST_MS = 1000,    /* between two marks, and before what failed is tried again */
    SWEEP_ROWS = 256,  /* of a step of a sweep */
    EXTEND_BLOCKS = 64 /* written between two looks whether to stop */
};

struct note {
    uint32_t partition; /* its place in the list of partitions */
    struct par_conv conv;
    uint64_t block;
};

struct partition {
    uint32_t id, count;
    uint32_t life;  /* how many writers it has had */
    bool here;      /* the newest works */
    bool begun;     /* and the mark was read */
    bool lost;      /* a note found no room: a sweep from the mark is owed */
    uint32_t notes; /* in the list */
    uint64_t start; /* where the writer began */
    uint64_t upto;  /* what is below was noted */
    uint64_t mark;  /* what is below is indexed */
    /* The sweep under way: conversations changed at or above the mark. */
    bool sweeps;
    struct par_key cursor, end;
};

struct par_follow {
    struct par_store *store;
    struct par_thread *thread;
    struct par_mailbox bell; /* only poked */
    _Atomic bool stopping;
    pthread_mutex_t lock; /* of what follows; held for moments */
    struct partition *partitions;
    uint32_t partition_count;
    struct note *notes; /* a ring */
    uint32_t first, count;
    uint64_t refused, passed;
};

/* ---- for writers ---- */

/* Under the lock. */
static struct partition *find(struct par_follow *f, uint32_t id)
{
    for (uint32_t i = 0; i < f->partition_count; i++)
        if (f->partitions[i].id == id)
            return &f->partitions[i];
    return NULL;
}

static struct partition *find_or_add(struct par_follow *f, uint32_t id)
{
    struct partition *p = find(f, id);
    if (p || f->partition_count == PARTITIONS_MAX)
        return p;
    if ((f->partition_count & (f->partition_count - 1)) == 0) {
        size_t room = f->partition_count ? f->partition_count * 2 : 1;
        struct partition *more = realloc(f->partitions, room * sizeof *more);
        if (!more)
            return NULL;
        f->partitions = more;
    }
    p = &f->partitions[f->partition_count++];
    *p = (struct partition){.id = id};
    return p;
}

void par_follow_begin(struct par_follow *f, uint32_t partition, uint32_t partitions, uint64_t stamp)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    struct partition *p = find_or_add(f, partition);
    if (p) {
        p->count = partitions ? partitions : 1;
        p->life++;
        p->here = true;
        p->begun = p->sweeps = p->lost = false;
        p->start = p->upto = stamp;
    }
    pthread_mutex_unlock(&f->lock);
    par_mailbox_poke(&f->bell);
}

void par_follow_note(struct par_follow *f, uint32_t partition, const struct par_conv *conv,
                     uint64_t block)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    struct partition *p = find(f, partition);
    bool wake = f->count == 0;
    if (p && (p->lost || f->count == NOTES_MAX)) {
        /* A later note that finds room would make the block look indexed for good. */
        p->lost = true;
        f->refused++;
    } else if (p) {
        f->notes[(f->first + f->count++) % NOTES_MAX] =
            (struct note){(uint32_t)(p - f->partitions), *conv, block};
        p->notes++;
    }
    pthread_mutex_unlock(&f->lock);
    if (wake)
        par_mailbox_poke(&f->bell);
}

void par_follow_upto(struct par_follow *f, uint32_t partition, uint64_t stamp)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    struct partition *p = find(f, partition);
    bool wake = p && p->upto == p->mark && stamp != p->mark;
    if (p)
        p->upto = stamp;
    pthread_mutex_unlock(&f->lock);
    if (wake)
        par_mailbox_poke(&f->bell);
}

void par_follow_end(struct par_follow *f, uint32_t partition)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    struct partition *p = find(f, partition);
    if (p)
        p->here = false;
    pthread_mutex_unlock(&f->lock);
}

/* ---- notes ---- */

static bool next_note(struct par_follow *f, struct note *note_r)
{
    pthread_mutex_lock(&f->lock);
    bool any = f->count > 0;
    if (any)
        *note_r = f->notes[f->first];
    pthread_mutex_unlock(&f->lock);
    return any;
}

static void drop_note(struct par_follow *f)
{
    pthread_mutex_lock(&f->lock);
    f->partitions[f->notes[f->first].partition].notes--;
    f->first = (f->first + 1) % NOTES_MAX;
    f->count--;
    f->passed++;
    pthread_mutex_unlock(&f->lock);
}

/* Brings the rows of a conversation up to what is complete; *more_r: there is more to write. */
static enum par_err extend(struct par_follow *f, const struct par_index_conv *c, bool *more_r)
{
    size_t done;
    enum par_err err = par_index_extend(f->store, c, EXTEND_BLOCKS, &done);
    par_stats_add(PAR_C_SEARCH_ROWS, done);
    *more_r = done == EXTEND_BLOCKS;
    return err;
}

/* A damaged row is damaged the next time, too, and nobody else waits for it: `store verify` finds
 * it, and who searches there is told. */
static bool passes(enum par_err err, const struct par_conv *conv)
{
    char text[PAR_CONV_TEXT_MAX + 1];
    if (err != PAR_E_INTERNAL)
        return err == PAR_OK;
    text[par_conv_format(conv, text)] = '\0';
    par_log_error("search.damaged", PAR_KV("conv", text), PAR_KV("do", "run parley store verify"));
    return true;
}

static bool work_off(struct par_follow *f, const struct note *note)
{
    struct par_index_conv c;
    enum par_err err = par_index_load(f->store, &note->conv, &c);
    bool more = c.last_seq > 0;
    if (!err && more)
        err = par_index_renew(f->store, &c, note->block);
    while (!err && more && !atomic_load(&f->stopping))
        err = extend(f, &c, &more);
    return passes(err, &note->conv) && !(more && !err);
}

/* ---- sweeps ---- */

/* The conversations of a partition: those whose hash lies in its part of all hashes. */
static void bounds(struct partition *p)
{
    enum { HASHES = 65536 };
    uint32_t number = par_partition_number(p->id);
    uint32_t from = (number * HASHES + p->count - 1) / p->count;
    uint32_t to = ((number + 1) * HASHES + p->count - 1) / p->count;
    p->cursor = (struct par_key){.len = 2, .bytes = {(uint8_t)(from >> 8), (uint8_t)from}};
    p->end =
        (struct par_key){.len = to < HASHES ? 2 : 0, .bytes = {(uint8_t)(to >> 8), (uint8_t)to}};
}

static enum par_err sweep_one(struct par_follow *f, const struct partition *p,
                              const struct par_index_conv *c)
{
    bool more = true;
    enum par_err err = PAR_OK;
    while (!err && more && !atomic_load(&f->stopping))
        err = extend(f, c, &more);
    /* Of a store without a mark all rows are new. */
    if (!err && p->mark > 0)
        err = par_index_renew_since(f->store, c, p->mark);
    return err;
}

/* A page of the partition's conversations; the partition is a copy. 1: there are more, 0: that was
 * the last, -1: the store does not answer. */
static int sweep_page(struct par_follow *f, struct partition *p)
{
    struct par_arena arena = {0};
    struct par_store_row *rows;
    bool more = false;
    enum par_err err = par_store_scan_in(f->store, PAR_T_CONVERSATIONS, par_key_str(&p->cursor),
                                         par_key_str(&p->end), SWEEP_ROWS, 0, &arena, &rows, &more);
    for (const struct par_store_row *row = rows; !err && row; row = row->next) {
        struct par_index_conv c = {0};
        struct par_conversation conversation;
        /* What cannot be read is for `store verify` to tell. */
        if (row->key.len == PAR_KEY_CONV && par_key_parse_conv(row->key, &c.conv) &&
            par_conversation_decode(row->value, &conversation)) {
            c.last_seq = conversation.last_seq;
            c.changed = conversation.changed;
            if (c.changed >= p->mark && !passes(sweep_one(f, p, &c), &c.conv))
                err = PAR_E_UNAVAILABLE;
        }
        if (err || row->key.len >= PAR_KEY_MAX || atomic_load(&f->stopping))
            break;
        memcpy(p->cursor.bytes, row->key.ptr, row->key.len);
        p->cursor.bytes[row->key.len] = 0;
        p->cursor.len = (uint8_t)(row->key.len + 1);
    }
    par_arena_fini(&arena);
    return err || atomic_load(&f->stopping) ? -1 : more;
}

/* What one step did for a partition. */
enum progress {
    FAILED = 0, /* the store does not answer */
    IDLE,
    OWES_MARK, /* when it is time */
    WORKED
};

/* Under the lock: a sweep of everything that changed since the mark begins. */
static void begin_sweep(struct partition *p)
{
    p->lost = false;
    p->sweeps = true;
    bounds(p);
}

/* What the partition is to get, decided under the lock; *copy_r: as it is then. */
enum task { NOTHING = 0, READ_MARK, SWEEP, SET_MARK };

static enum task task_of(struct par_follow *f, uint32_t at, struct partition *copy_r)
{
    enum task task = NOTHING;
    pthread_mutex_lock(&f->lock);
    struct partition *p = &f->partitions[at];
    if (p->here && p->begun && p->lost && !p->sweeps && p->notes == 0)
        begin_sweep(p);
    if (p->here && !p->begun)
        task = READ_MARK;
    else if (p->here && p->sweeps)
        task = SWEEP;
    else if (p->begun && !p->sweeps && !p->lost && p->notes == 0 && p->upto != p->mark)
        task = SET_MARK;
    *copy_r = *p;
    pthread_mutex_unlock(&f->lock);
    return task;
}

/* The partition, if no other writer has begun since the copy was made; under the lock. */
static struct partition *still(struct par_follow *f, uint32_t at, const struct partition *copy)
{
    struct partition *p = &f->partitions[at];
    return p->life == copy->life ? p : NULL;
}

static bool read_mark(struct par_follow *f, uint32_t at, const struct partition *copy)
{
    uint64_t mark;
    if (par_index_mark(f->store, copy->id, &mark))
        return false;
    pthread_mutex_lock(&f->lock);
    struct partition *p = still(f, at, copy);
    if (p) {
        /* A former owner was further than its checkpoint. */
        p->mark = mark <= p->start ? mark : p->start;
        p->begun = true;
        if (p->mark < p->start)
            begin_sweep(p);
    }
    pthread_mutex_unlock(&f->lock);
    return true;
}

static bool sweep(struct par_follow *f, uint32_t at, struct partition *copy)
{
    int more = sweep_page(f, copy);
    pthread_mutex_lock(&f->lock);
    struct partition *p = still(f, at, copy);
    if (p && more >= 0) {
        p->sweeps = more > 0;
        p->cursor = copy->cursor;
    }
    pthread_mutex_unlock(&f->lock);
    return more >= 0;
}

static bool set_mark(struct par_follow *f, uint32_t at, const struct partition *copy)
{
    if (par_index_set_mark(f->store, copy->id, copy->upto))
        return false;
    pthread_mutex_lock(&f->lock);
    struct partition *p = still(f, at, copy);
    if (p)
        p->mark = copy->upto;
    pthread_mutex_unlock(&f->lock);
    return true;
}

static enum progress step(struct par_follow *f, uint32_t at, bool may_mark)
{
    struct partition copy;
    switch (task_of(f, at, &copy)) {
    case READ_MARK:
        return read_mark(f, at, &copy) ? WORKED : FAILED;
    case SWEEP:
        return sweep(f, at, &copy) ? WORKED : FAILED;
    case SET_MARK:
        return !may_mark ? OWES_MARK : set_mark(f, at, &copy) ? WORKED : FAILED;
    case NOTHING:
        break;
    }
    return IDLE;
}

/* ---- the thread ---- */

static uint32_t partitions(struct par_follow *f)
{
    pthread_mutex_lock(&f->lock);
    uint32_t n = f->partition_count;
    pthread_mutex_unlock(&f->lock);
    return n;
}

/* False: the store does not answer. */
static bool work_off_all(struct par_follow *f)
{
    struct note note;
    while (!atomic_load(&f->stopping) && next_note(f, &note)) {
        if (!work_off(f, &note))
            return false;
        drop_note(f);
    }
    return true;
}

static void run(void *arg)
{
    struct par_follow *f = arg;
    uint64_t marked_ms = 0;
    while (!atomic_load(&f->stopping)) {
        uint64_t now = par_mono_ms();
        bool may_mark = now - marked_ms >= REST_MS;
        bool failed = !work_off_all(f), again = false, owes = false;
        for (uint32_t i = 0; i < partitions(f) && !failed; i++) {
            enum progress progress = step(f, i, may_mark);
            failed = progress == FAILED;
            again = again || progress == WORKED;
            owes = owes || progress == OWES_MARK;
        }
        if (may_mark)
            marked_ms = now;
        if (failed || !again)
            (void)par_mailbox_wait(&f->bell, failed || owes ? REST_MS : -1);
    }
    /* So that the next life has nothing to look at. */
    for (uint32_t i = 0; i < partitions(f); i++) {
        struct partition copy;
        if (task_of(f, i, &copy) == SET_MARK)
            (void)set_mark(f, i, &copy);
    }
}

enum par_err par_follow_start(struct par_store *store, struct par_follow **follow_r)
{
    *follow_r = NULL;
    struct par_follow *f = calloc(1, sizeof *f);
    if (!f)
        return PAR_E_UNAVAILABLE;
    f->store = store;
    f->notes = calloc(NOTES_MAX, sizeof *f->notes);
    pthread_mutex_init(&f->lock, NULL);
    par_mailbox_init(&f->bell, 1);
    enum par_err err =
        f->notes ? par_thread_start("search", run, f, &f->thread) : PAR_E_UNAVAILABLE;
    *follow_r = f;
    if (err)
        par_follow_stop(follow_r);
    return err;
}

void par_follow_stop(struct par_follow **follow)
{
    struct par_follow *f = *follow;
    if (!f)
        return;
    atomic_store(&f->stopping, true);
    par_mailbox_poke(&f->bell);
    if (f->thread)
        par_thread_join(&f->thread);
    (void)par_mailbox_fini(&f->bell);
    pthread_mutex_destroy(&f->lock);
    free(f->partitions);
    free(f->notes);
    free(f);
    *follow = NULL;
}

void par_follow_stats(struct par_follow *f, struct par_follow_stats *stats_r)
{
    *stats_r = (struct par_follow_stats){.limit = NOTES_MAX};
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    stats_r->waiting = f->count;
    stats_r->refused = f->refused;
    stats_r->passed = f->passed;
    for (uint32_t i = 0; i < f->partition_count; i++) {
        const struct partition *p = &f->partitions[i];
        if (!p->here)
            continue;
        stats_r->sweeps += p->sweeps || !p->begun;
        stats_r->lag += p->upto > p->mark ? par_stamp_offset(p->upto - p->mark) : 0;
    }
    pthread_mutex_unlock(&f->lock);
}
