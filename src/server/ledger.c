/* The ledger's thread, and how its rows are read and let go. */
#include "server/ledger.h"

#include "base/stats.h"
#include "server/service.h"

#include <pthread.h>
#include <stdlib.h>

enum { WAITING_MAX = 1024, BATCH = 128, SWEEP_MS = 60000, QUIET = 256, QUIET_MS = 60000 };
enum { RANDOM_BITS = 20, END_MS = 3000 };

struct waiting {
    struct waiting *next;
    int64_t at;
    struct par_ledger_note note;
};

struct par_ledger {
    struct par_store *store;
    struct par_service service;
    /* Of the thread. */
    struct par_key swept;
    uint64_t end_ms;      /* what is not written by then, at the end, is lost; 0: not yet */
    pthread_mutex_t lock; /* of all below */
    struct waiting *first, **last;
    uint64_t depth, refused, passed;
    /* Users without a device: when that was noted last. */
    struct {
        uint64_t user, noted_ms;
    } quiet[QUIET];
};

uint64_t par_ledger_id(void)
{
    uint64_t random = par_random_u64() & ((1u << RANDOM_BITS) - 1);
    return (uint64_t)par_wall_ms() << RANDOM_BITS | random;
}

static bool is_old(uint64_t id, int64_t now_ms)
{
    return par_ledger_time(id) + (int64_t)PAR_LEDGER_DAYS * 24 * 3600 * 1000 < now_ms;
}

/* ---- adding ---- */

/* Under the lock. */
static bool is_quiet(struct par_ledger *l, const struct par_ledger_note *note)
{
    uint64_t now = par_mono_ms();
    size_t i = note->user % QUIET;
    if (note->end != PAR_PUSH_END_NO_DEVICE && note->end != PAR_PUSH_END_OFF)
        return false;
    if (l->quiet[i].user == note->user && now - l->quiet[i].noted_ms < QUIET_MS)
        return true;
    l->quiet[i].user = note->user;
    l->quiet[i].noted_ms = now;
    return false;
}

void par_ledger_add(struct par_ledger *l, const struct par_ledger_note *note)
{
    if (!l)
        return;
    struct waiting *w = malloc(sizeof *w);
    if (w)
        *w = (struct waiting){.at = par_wall_ms(), .note = *note};
    pthread_mutex_lock(&l->lock);
    bool quiet = is_quiet(l, note), added = w && !quiet && l->depth < WAITING_MAX;
    if (added) {
        *l->last = w;
        l->last = &w->next;
        l->depth++;
    } else if (!quiet) {
        l->refused++;
    }
    pthread_mutex_unlock(&l->lock);
    if (added)
        par_service_wake(&l->service);
    else
        free(w);
}

/* ---- writing ---- */

/* Which notification has which slot of a user; 0: it is free. */
struct slots {
    uint64_t id[PAR_LEDGER_KEPT];
};

static bool read_slots(struct par_store *store, uint64_t user, struct slots *slots_r)
{
    struct par_key from = par_key_user(user), to = par_key_after(par_key_str(&from));
    struct par_arena arena = {0};
    struct par_store_row *rows;
    int64_t now = par_wall_ms();
    *slots_r = (struct slots){0};
    enum par_err err = par_store_scan_in(store, PAR_T_PUSH_LEDGER, par_key_str(&from),
                                         par_key_str(&to), 0, 0, &arena, &rows, NULL);
    for (; !err && rows; rows = rows->next) {
        struct par_push_ledger row;
        uint64_t slot;
        if (par_key_parse_user_id(rows->key, &user, &slot) && slot < PAR_LEDGER_KEPT &&
            par_push_ledger_decode(rows->value, &row) && !is_old(row.id, now))
            slots_r->id[slot] = row.id;
    }
    par_arena_fini(&arena);
    return !err;
}

/* The slot that the notification has already, else a free one, else that of the oldest. Servers
 * that do so at the same moment mostly begin at different places. */
static uint64_t take_slot(struct slots *slots, uint64_t id)
{
    uint64_t best = id % PAR_LEDGER_KEPT;
    for (uint64_t n = 0; n < PAR_LEDGER_KEPT; n++) {
        uint64_t i = (id + n) % PAR_LEDGER_KEPT;
        if (slots->id[i] == id)
            return i;
        if (slots->id[i] < slots->id[best])
            best = i;
    }
    slots->id[best] = id;
    return best;
}

static void put(struct par_batch *batch, const struct waiting *w, uint64_t slot)
{
    const struct par_ledger_note *n = &w->note;
    struct par_key key = par_key_user_id(n->user, slot);
    struct par_push_ledger row = {.id = n->id,
                                  .end = (uint8_t)n->end,
                                  .reason = (uint8_t)n->reason,
                                  .conv = par_str_of(&n->conv, sizeof n->conv),
                                  .seq = n->seq,
                                  .at = w->at,
                                  .status = n->status,
                                  .tries = n->tries,
                                  .device = n->device,
                                  .service = par_str(n->service)};
    par_push_ledger_encode(
        &row, par_batch_begin(batch, PAR_T_PUSH_LEDGER, par_key_str(&key), (uint64_t)w->at));
    par_batch_end(batch);
}

/* Not synced: what a loss of power takes is an operator's answer. */
static bool commit(struct par_ledger *l, struct par_batch *batch)
{
    enum par_outcome outcome = par_store_commit(l->store, batch, false);
    par_stats_add_at(PAR_C_PUSH_LEDGER, outcome, batch->count);
    par_batch_clear(batch);
    return outcome == PAR_OUTCOME_OK;
}

/* Takes all of the first one's user out of the list and into the batch. False, and nothing was
 * taken: the store does not answer. */
static bool take_user(struct par_ledger *l, struct waiting **list, struct par_batch *batch)
{
    uint64_t user = (*list)->note.user;
    struct slots slots;
    if (!read_slots(l->store, user, &slots))
        return false;
    for (struct waiting **at = list, *w; (w = *at) != NULL;) {
        if (w->note.user != user) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        put(batch, w, take_slot(&slots, w->note.id));
        free(w);
    }
    return true;
}

static uint64_t lose(struct waiting *list)
{
    uint64_t count = 0;
    for (struct waiting *next; list; list = next, count++) {
        next = list->next;
        free(list);
    }
    return count;
}

/* At the end only for a while. */
static bool may_go_on(struct par_ledger *l)
{
    if (par_service_stopping(&l->service) && !l->end_ms)
        l->end_ms = par_mono_ms() + END_MS;
    return !l->end_ms || par_mono_ms() < l->end_ms;
}

/* When the store does not answer, what waits with it is lost: it might not for long. False: nothing
 * waited. */
static bool write_all(struct par_ledger *l)
{
    pthread_mutex_lock(&l->lock);
    struct waiting *list = l->first;
    uint64_t count = l->depth;
    l->first = NULL;
    l->last = &l->first;
    pthread_mutex_unlock(&l->lock);
    struct par_batch batch = {0};
    bool ok = true;
    while (list && ok && may_go_on(l)) {
        ok = take_user(l, &list, &batch);
        if (batch.count >= BATCH || !list || !ok)
            ok = commit(l, &batch) && ok;
    }
    if (batch.count > 0)
        (void)commit(l, &batch);
    par_stats_add_at(PAR_C_PUSH_LEDGER, PAR_OUTCOME_FAILED, lose(list));
    pthread_mutex_lock(&l->lock);
    l->depth -= count;
    l->passed += count;
    pthread_mutex_unlock(&l->lock);
    par_batch_fini(&batch);
    return count > 0;
}

enum par_err par_ledger_sweep(struct par_store *store, int64_t now_ms, struct par_key *at)
{
    struct par_arena arena = {0};
    struct par_batch batch = {0};
    struct par_store_row *rows;
    struct par_key next = {0};
    bool more;
    enum par_err err =
        par_store_scan_in(store, PAR_T_PUSH_LEDGER, par_key_str(at), (struct par_str){0},
                          PAR_LEDGER_SWEPT, 0, &arena, &rows, &more);
    for (; !err && rows; rows = rows->next) {
        struct par_push_ledger row;
        bool readable = par_push_ledger_decode(rows->value, &row);
        if (!readable || is_old(row.id, now_ms))
            par_batch_delete(&batch, PAR_T_PUSH_LEDGER, rows->key,
                             (uint64_t)(readable ? row.at : now_ms));
        if (!rows->next && more)
            next = par_key_text(rows->key);
    }
    if (!err && par_store_commit(store, &batch, false) != PAR_OUTCOME_OK)
        err = PAR_E_UNAVAILABLE;
    if (!err)
        *at = next;
    par_batch_fini(&batch);
    par_arena_fini(&arena);
    return err;
}

/* ---- reading ---- */

static int by_newest(const void *a, const void *b)
{
    const struct par_push_ledger *x = a, *y = b;
    return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

enum par_err par_ledger_read(struct par_store *store, uint64_t user, int64_t now_ms,
                             struct par_arena *arena, struct par_push_ledger **rows_r,
                             size_t *count_r)
{
    struct par_key from = par_key_user(user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows = NULL;
    *count_r = 0;
    *rows_r = par_arena_alloc(arena, PAR_LEDGER_KEPT * sizeof **rows_r);
    if (!*rows_r || par_store_scan_in(store, PAR_T_PUSH_LEDGER, par_key_str(&from),
                                      par_key_str(&to), PAR_LEDGER_KEPT, 0, arena, &rows, NULL))
        return PAR_E_UNAVAILABLE;
    for (; rows; rows = rows->next) {
        struct par_push_ledger *row = &(*rows_r)[*count_r];
        if (par_push_ledger_decode(rows->value, row) && !is_old(row->id, now_ms))
            ++*count_r;
    }
    qsort(*rows_r, *count_r, sizeof **rows_r, by_newest);
    return PAR_OK;
}

/* ---- the thread ---- */

static void run(void *arg)
{
    struct par_ledger *l = arg;
    uint64_t sweep_ms = par_mono_ms() + SWEEP_MS;
    while (!par_service_stopping(&l->service)) {
        uint64_t now = par_mono_ms();
        if (write_all(l))
            continue;
        if (now >= sweep_ms) {
            (void)par_ledger_sweep(l->store, par_wall_ms(), &l->swept);
            sweep_ms = now + SWEEP_MS;
        }
        (void)par_service_rest(&l->service, (int64_t)(sweep_ms - now));
    }
    (void)write_all(l);
}

enum par_err par_ledger_open(struct par_store *store, struct par_ledger **ledger_r)
{
    *ledger_r = NULL;
    struct par_ledger *l = calloc(1, sizeof *l);
    if (!l)
        return PAR_E_UNAVAILABLE;
    l->store = store;
    l->last = &l->first;
    pthread_mutex_init(&l->lock, NULL);
    /* So that not all servers of a cluster go through the same pages. */
    l->swept.len = 2;
    par_random(l->swept.bytes, l->swept.len);
    *ledger_r = l;
    enum par_err err = par_service_start(&l->service, "ledger", run, l);
    if (err)
        par_ledger_close(ledger_r);
    return err;
}

void par_ledger_close(struct par_ledger **ledger)
{
    struct par_ledger *l = *ledger;
    if (!l)
        return;
    par_service_stop(&l->service);
    (void)lose(l->first);
    pthread_mutex_destroy(&l->lock);
    free(l);
    *ledger = NULL;
}

void par_ledger_stats(struct par_ledger *l, struct par_ledger_stats *stats_r)
{
    *stats_r = (struct par_ledger_stats){.limit = WAITING_MAX};
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    stats_r->depth = l->depth;
    stats_r->refused = l->refused;
    stats_r->passed = l->passed;
    pthread_mutex_unlock(&l->lock);
}
