/* A take: its commands are numbered in order, in as many batches as the rules want, and each batch
 * is made durable and released before the next begins. */
#include "conv/writer_private.h"

#include "base/log.h"
#include "loop/env.h"
#include "search/follow.h"
#include "search/index.h"

enum {
    /* Conversations that one take may name in acks: all stay in memory during it. */
    TAKE_MARKS_MAX = 16384
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
    w->lost = !PAR_MUTANT(E2_GO_ON);
    par_batch__clear(w);
    if (!PAR_MUTANT(E2_GO_ON))
        par_conv__drop_all(w);
    for (uint32_t i = first; i < count; i++)
        par_release__refuse(w, i, PAR_E_UNAVAILABLE);
    (void)par_release__flush(w);
}

static void count_failure(struct par_writer *w, enum par_outcome outcome)
{
    if (outcome == PAR_OUTCOME_FAILED)
        w->live.batches_failed++;
    else
        w->live.batches_uncertain++;
}

/* E1: one atomic batch, synced. False: the batch was given up. */
static bool store_once(struct par_writer *w, uint32_t first, uint32_t count)
{
    enum par_outcome outcome = PAR_OUTCOME_OK;
    if (w->no_memory)
        outcome = PAR_OUTCOME_FAILED;
    else if (w->rows.count > 0)
        outcome = par_store_commit(w->store, &w->rows, true);
    if (outcome == PAR_OUTCOME_OK)
        return true;
    count_failure(w, outcome);
    if (outcome == PAR_OUTCOME_UNCERTAIN)
        par_uncertain__note(w);
    give_up(w, first, count, outcome == PAR_OUTCOME_FAILED ? "commit failed" : "commit uncertain");
    return false;
}

/* W1: what is not known to be there is written again, the same bytes, until it is; never is the
 * batch left out, and nothing is read or numbered meanwhile (N3). False: the writer has to stop. */
static bool store_until(struct par_writer *w, const struct par_batch *rows)
{
    if (rows->count == 0)
        return true;
    /* N6: that the store refuses a row is no input to numbering: an operator decides, for all
     * writers. */
    if (!par_batch_fits(rows)) {
        par_writer__end(w, PAR_WRITER_HALTED, "a row is too large for the store");
        return false;
    }
    for (;;) {
        enum par_outcome outcome = par_store_commit(w->store, rows, true);
        if (outcome == PAR_OUTCOME_OK || PAR_MUTANT(W1_SKIP_FAILED))
            break;
        count_failure(w, outcome);
        w->live.commit_retries++;
        if (!par_writer__pause(w, "the store takes no writes"))
            return false;
    }
    par_writer__fine(w);
    return true;
}

/* Tells the index of search what the batch at hand, which is durable, has for it. */
static void tell_index(struct par_writer *w)
{
    struct par_follow *follow = w->config.follow;
    uint32_t partition = w->config.partition;
    for (size_t i = 0; follow && i < w->dirty_count; i++) {
        const struct par_conv_state *st = w->dirty[i];
        uint64_t before = st->last_seq - st->entry_count;
        if (st->last_seq / PAR_INDEX_BLOCK > before / PAR_INDEX_BLOCK)
            par_follow_note(follow, partition, &st->conv, st->last_seq / PAR_INDEX_BLOCK - 1);
        for (const struct par_entry_row *row = st->entries; row; row = row->next)
            if (row->entry.kind == PAR_ENTRY_DELETED)
                par_follow_note(follow, partition, &st->conv, par_index_block(row->entry.target));
    }
    /* Embedded, a position is there after a crash only if a batch wrote it (E6). */
    if (follow && (w->rows.count > 0 || !w->embedded))
        par_follow_upto(follow, partition, par_stamp(w->generation, w->position));
}

/* How far a run of commands came. */
enum progress {
    ALL_DONE = 0,
    AGAIN, /* from the first that was not released, with nothing in memory */
    STOPPED
};

/* Makes durable what the commands [first, end) changed and tells of it. */
static enum progress commit(struct par_writer *w, uint32_t first, uint32_t end, uint32_t count)
{
    uint64_t start = par_mono_ns();
    par_batch__finish(w);
    uint64_t built = par_mono_ns();
    w->live.cpu_ns_build += built - start;
    par_stats_record_many(PAR_H_HOP, PAR_HOP_READ, built - w->taken_ns, end - first);
    if (!w->embedded && (w->no_memory || w->rows._bytes.failed || w->last_rows._bytes.failed))
        return AGAIN;
    if (PAR_MUTANT(W4_CHECKPOINT_EARLY) && !w->embedded)
        (void)par_checkpoint__move(w, false);
    bool early = PAR_MUTANT(R1_ROUTES_EARLY) || PAR_MUTANT(RELEASE_BEFORE_PUT);
    if (early)
        par_release__batch(w);
    if (PAR_MUTANT(RELEASE_BEFORE_PUT))
        (void)par_release__flush(w);
    if (w->embedded ? !store_once(w, first, count)
                    : !store_until(w, &w->rows) || !store_until(w, &w->last_rows))
        return STOPPED;
    uint64_t stored = par_mono_ns();
    par_stats_record_many(PAR_H_HOP, PAR_HOP_STORE, stored - built, end - first);
    if (w->rows.count > 0) {
        w->cell.batches += w->embedded;
        w->live.batches++;
        hist(&w->live.store_us, (stored - built) / 1000);
    }
    par_stats_record(PAR_H_WRITER_BATCH, 0, end - first);
    hist(&w->live.batch_commands, end - first);
    if (PAR_MUTANT(W4_CHECKPOINT_UNRELEASED) && !w->embedded)
        (void)par_checkpoint__move(w, false);
    if (!early)
        par_release__batch(w);
    if (!par_release__hand(w))
        return STOPPED;
    uint64_t released = par_mono_ns();
    tell_index(w);
    par_stats_record_many(PAR_H_HOP, PAR_HOP_ROUTE, released - stored, end - first);
    hist(&w->live.release_us, (released - stored) / 1000);
    w->live.cpu_ns_release += released - stored;
    par_batch__clear(w);
    return ALL_DONE;
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
        /* N6: an operator had it passed over, for every writer. */
        if (par_checkpoint__skips(w, w->records[first + n].offset)) {
            c->kind = 0;
            continue;
        }
        marks += c->mark_count;
        if (marks > TAKE_MARKS_MAX && n > 0)
            break;
        if (par_control__is(c))
            return n > 0 ? n : 1;
    }
    return n;
}

static void count_commands(struct par_writer *w, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        uint64_t way_ns = w->records[i].way_ns;
        if (way_ns == 0)
            continue;
        par_stats_record(PAR_H_HOP, PAR_HOP_QUEUE, way_ns);
        hist(&w->live.queue_us, way_ns / 1000);
    }
    w->live.commands += end - first;
    par_stats_add(PAR_C_WRITER_COMMANDS, end - first);
}

/* Numbers and commits the commands [first, end), in as many batches as the rules want; *done_r: the
 * first that was not released. */
static enum progress number(struct par_writer *w, uint32_t first, uint32_t end, uint32_t *done_r)
{
    uint64_t start = par_mono_ns();
    enum progress progress;
    *done_r = first;
    w->batch_offset = w->records[first].offset;
    if (!par_cmids__read_ahead(w, first, end))
        return par_writer__ended(w) ? STOPPED : AGAIN;
    for (uint32_t i = first; i < end;) {
        enum par_step step = w->commands[i].kind == 0 ? PAR_STEP_DONE : par_number__command(w, i);
        if (par_writer__ended(w) || step == PAR_STEP_STOP)
            return STOPPED;
        if (step == PAR_STEP_LOST)
            return AGAIN;
        if (step == PAR_STEP_DONE) {
            w->position = w->records[i].offset + 1;
            i++;
            continue;
        }
        PAR_ASSERT(i > *done_r || step == PAR_STEP_CHECKPOINT);
        w->live.cuts++;
        w->live.cpu_ns_number += par_mono_ns() - start;
        progress = i > *done_r ? commit(w, *done_r, i, end) : ALL_DONE;
        if (progress != ALL_DONE)
            return progress;
        *done_r = i;
        w->batch_offset = w->records[i].offset;
        if (step == PAR_STEP_CHECKPOINT && !par_checkpoint__force(w, false))
            return STOPPED;
        start = par_mono_ns();
    }
    w->live.cpu_ns_number += par_mono_ns() - start;
    progress = commit(w, *done_r, end, end);
    if (progress == ALL_DONE)
        *done_r = end;
    return progress;
}

/* E2: a batch that was not OK is answered, and the commands behind it with it. */
static void work_embedded(struct par_writer *w, uint32_t first, uint32_t end)
{
    uint32_t done = first;
    /* Rows read before the store was opened again are read again. */
    uint64_t generation = par_store_generation(w->store);
    if (generation != w->store_generation && !w->lost) {
        par_marks__tell_due(w, true);
        par_conv__drop_all(w);
        w->store_generation = generation;
    }
    if (w->lost || !par_store_writable(w->store)) {
        for (uint32_t i = first; i < end; i++)
            par_release__refuse(w, i, PAR_E_UNAVAILABLE);
        (void)par_release__flush(w);
    } else {
        enum progress progress = number(w, first, end, &done);
        if (progress == AGAIN)
            give_up(w, done, end, "read failed, or no memory");
        if (progress == ALL_DONE)
            return;
    }
    w->position = w->records[end - 1].offset + 1;
}

/* What is in memory is dropped and read again, while nothing is in flight (N3). Marks that are
 * durable and not told yet are told; with one that the lost batch moved, nobody knows. */
static void forget(struct par_writer *w)
{
    par_marks__tell_untouched(w);
    if (w->due_count > 0)
        w->owes_sync = true;
    par_batch__clear(w);
    par_conv__drop_all(w);
    w->live.reloads++;
}

/* The commands [first, end) of a log; they are numbered again until they are. False: the writer has
 * to stop. *next_r: where to go on. */
static bool work_log(struct par_writer *w, uint32_t first, uint32_t end, uint32_t *next_r)
{
    uint64_t offset = w->records[first].offset;
    *next_r = first;
    /* T1: never jump. */
    if (w->remote && offset != w->position) {
        par_writer__end(w, PAR_WRITER_HALTED, "the log gives another offset than the next");
        return false;
    }
    if (par_control__is(&w->commands[first])) {
        *next_r = first + 1;
        return par_control__do(w, &w->commands[first], offset);
    }
    switch (number(w, first, end, next_r)) {
    case ALL_DONE:
        return true;
    case AGAIN:
        w->position = w->records[*next_r].offset;
        forget(w);
        return par_writer__pause(w, "the store cannot be read");
    case STOPPED:
        break;
    }
    w->position = w->records[*next_r].offset;
    return false;
}

bool par_take__work(struct par_writer *w, uint32_t count)
{
    uint64_t entries = w->live.entries, marks = w->live.marks;
    bool going = true;
    for (uint32_t first = 0, counted = 0; first < count && going;) {
        par_conv__evict(w);
        w->take++;
        w->touched = 0;
        par_cmids__reset(w);
        uint32_t end = first + decode(w, first, count), next = end;
        if (end > counted) {
            count_commands(w, counted > first ? counted : first, end);
            counted = end;
        }
        if (w->embedded)
            work_embedded(w, first, end);
        else
            going = work_log(w, first, end, &next);
        if (next == end && going)
            par_writer__fine(w);
        par_arena_fini(&w->arena);
        first = next;
    }
    par_stats_add(PAR_C_ENTRIES, w->live.entries - entries);
    par_stats_add(PAR_C_MARKS, w->live.marks - marks);
    return going;
}

void par_take__recover(struct par_writer *w)
{
    uint64_t before = w->position;
    if (!par_store_writable(w->store))
        return;
    uint64_t generation = par_store_generation(w->store);
    if (par_checkpoint__read(w) != PAR_OK)
        return;
    /* What was uncertain may be there now, with stamps below the offsets given since. */
    if (w->position < before)
        w->position = before;
    w->store_generation = generation;
    w->lost = false;
    atomic_store(&w->ready, true);
    par_log_info("writer.recovered", PAR_KV("position", w->position));
    par_release__sync(w);
}
