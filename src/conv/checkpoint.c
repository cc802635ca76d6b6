/* The partition's row in the store: where its next owner goes on, and who owns it (S6, T1, T4). */
#include "conv/writer_private.h"

#include "base/log.h"
#include "loop/env.h"

#include <stdio.h>
#include <stdlib.h>

static struct par_key key_of(uint32_t partition)
{
    return par_key_number(partition);
}

/* Reads the row of a partition: 1, 0 (there is none), or -1 (not to be read). bytes_r may be NULL.
 * A row that cannot be decoded halts the writer. */
static int read_row(struct par_writer *w, uint32_t partition, struct par_checkpoint *row_r,
                    struct par_buf *bytes_r)
{
    struct par_key key = key_of(partition);
    struct par_buf value = {0};
    *row_r = (struct par_checkpoint){0};
    int got = par_store_get(w->store, PAR_T_CHECKPOINTS, par_key_str(&key), &value);
    if (got == 1 && !par_checkpoint_decode(par_buf_str(&value), row_r)) {
        par_writer__end(w, PAR_WRITER_HALTED, "the row of the checkpoint cannot be understood");
        got = -1;
    }
    if (got == 1 && bytes_r) {
        par_buf_clear(bytes_r);
        par_buf_add_str(bytes_r, par_buf_str(&value));
        if (bytes_r->failed)
            got = -1;
    }
    par_buf_fini(&value);
    return got;
}

/* ---- embedded (E6): the row is written by each batch ---- */

enum par_err par_checkpoint__read(struct par_writer *w)
{
    struct par_key key = key_of(w->config.partition);
    struct par_buf value = {0};
    struct par_checkpoint row = {0};
    w->store_generation = par_store_generation(w->store);
    int got = par_store_get(w->store, PAR_T_CHECKPOINTS, par_key_str(&key), &value);
    bool ok = got == 0 || (got > 0 && par_checkpoint_decode(par_buf_str(&value), &row));
    par_buf_fini(&value);
    if (!ok)
        return PAR_E_UNAVAILABLE;
    /* T1, T6: another log, or rules that this program does not know: never jump, never guess. */
    if (got > 0 && (row.generation != w->generation || row.rules > par_rules.version))
        return PAR_E_CONFLICT;
    if (w->epoch == 0)
        w->epoch = row.epoch + 1;
    w->cell = row;
    w->cell.epoch = w->epoch;
    w->cell.generation = w->generation;
    w->cell.rules = par_rules.version;
    w->position = got > 0 ? row.position : 1; /* a stamp of 0 means "never" */
    return PAR_OK;
}

/* ---- the row of one owner among many ---- */

static bool is_own(const struct par_writer *w, const struct par_checkpoint *row)
{
    return row->owner == w->cell.owner && row->epoch == w->epoch;
}

static void take_over_cell(struct par_writer *w, const struct par_checkpoint *row,
                           struct par_str bytes)
{
    par_buf_clear(&w->cell_bytes);
    par_buf_add_str(&w->cell_bytes, bytes);
    w->cell = *row;
    w->cell_there = true;
    w->checkpoint = row->position;
}

/* T4: compare-and-set of the whole cell, so that a late one cannot put C back. 1: it is `next` now.
 * 0: it is of another owner. -1: it is not `next`, or not known. */
static int swap(struct par_writer *w, const struct par_checkpoint *next)
{
    struct par_key key = key_of(w->config.partition);
    struct par_str expected = w->cell_there ? par_buf_str(&w->cell_bytes) : (struct par_str){0};
    struct par_buf value = {0}, found = {0};
    struct par_checkpoint row;
    par_checkpoint_encode(next, &value);
    int got = -1;
    if (!value.failed && PAR_MUTANT(T4_BLIND_PUT))
        got = par_store_put(w->store, PAR_T_CHECKPOINTS, par_key_str(&key), par_buf_str(&value),
                            next->batches) == PAR_OUTCOME_OK
                  ? 1
                  : -1;
    else if (!value.failed)
        got = par_store_swap(w->store, PAR_T_CHECKPOINTS, par_key_str(&key), expected,
                             par_buf_str(&value), next->batches, &found);
    if (got < 0) {
        /* T4: unknown: the cell tells. If it is the old one still, the swap may land later: then
         * the next one of this writer has the same effect or fails. */
        par_buf_clear(&found);
        got = par_store_get(w->store, PAR_T_CHECKPOINTS, par_key_str(&key), &found) >= 0 ? 0 : -1;
        if (got == 0 && par_str_eq(par_buf_str(&found), expected))
            got = -1;
    }
    if (got == 1) {
        take_over_cell(w, next, par_buf_str(&value));
    } else if (got == 0) {
        /* A swap of this owner whose end was unknown may have taken place. */
        bool own =
            par_checkpoint_decode(par_buf_str(&found), &row) && is_own(w, &row) && !found.failed;
        if (own) {
            take_over_cell(w, &row, par_buf_str(&found));
            got = par_str_eq(par_buf_str(&found), par_buf_str(&value)) ? 1 : -1;
        }
    }
    par_buf_fini(&found);
    par_buf_fini(&value);
    return got;
}

/* ---- adopting (T1) ---- */

static bool again(struct par_writer *w, const char *why)
{
    return par_writer__pause(w, why);
}

/* T7: the generation before has ended where the conversations of this partition were: generations
 * grow by doubling, and partitions by the high bits of a hash. 1: it has, 0: it has not, -1: not to
 * be read. */
static int former_ended(struct par_writer *w)
{
    struct par_checkpoint row;
    if (w->generation <= 1 || PAR_MUTANT(T7_START_EARLY))
        return 1;
    uint32_t former = par_partition((uint16_t)(w->generation - 1),
                                    (uint16_t)(par_partition_number(w->config.partition) / 2));
    int got = read_row(w, former, &row, NULL);
    return got < 0 ? -1 : got == 1 && row.sealed;
}

/* Makes the row this owner's. False: the writer has to stop. */
static bool own_row(struct par_writer *w)
{
    struct par_checkpoint row;
    uint64_t owner = par_random_u64() | 1;
    for (;; w->cell_there = false) {
        int got = read_row(w, w->config.partition, &row, &w->cell_bytes);
        if (got < 0) {
            if (!again(w, "the store cannot be read"))
                return false;
            continue;
        }
        w->cell_there = got == 1;
        if (got == 1 && w->epoch && row.epoch == w->epoch && row.owner == owner) {
            take_over_cell(w, &row, par_buf_str(&w->cell_bytes));
            return true;
        }
        if (got == 1 && row.sealed) {
            par_writer__end(w, PAR_WRITER_ENDED, "the partition was sealed");
            return false;
        }
        /* T1, T6: another log, or rules that this program does not know: never jump, never guess.
         */
        if (got == 1 && row.generation != w->generation) {
            par_writer__end(w, PAR_WRITER_HALTED, "the checkpoint is of another generation");
            return false;
        }
        if (got == 1 && row.rules > par_rules.version) {
            par_writer__end(w, PAR_WRITER_HALTED, "the checkpoint has rules that are not known");
            return false;
        }
        int ended = got == 1 ? 1 : former_ended(w);
        if (ended <= 0) {
            if (!again(w, ended < 0 ? "the store cannot be read"
                                    : "the generation before has not ended here"))
                return false;
            continue;
        }
        struct par_checkpoint next = row;
        if (got == 0) {
            next.generation = w->generation;
            /* A stamp of 0 means "never". */
            next.position = w->generation == 0 ? 1 : 0;
            next.rules = par_rules.version;
        }
        next.epoch = w->epoch = row.epoch + 1;
        next.owner = w->cell.owner = owner;
        next.batches = row.batches + 1;
        next.partitions = par_queue_generation(w->queue) == w->generation
                              ? par_queue_partitions(w->queue)
                              : row.partitions;
        /* Who was told to stop meanwhile takes nothing from the owner that follows. */
        if (atomic_load(&w->stopping))
            return false;
        got = swap(w, &next);
        if (got == 1)
            return true;
        /* 0: somebody else adopts it at the same time. The one who comes last has it. */
        if (got < 0 && !again(w, "the store takes no writes"))
            return false;
    }
}

/* T1: the log is the one that the checkpoint speaks of. */
static bool check_log(struct par_writer *w)
{
    uint64_t start, end;
    while (par_queue_bounds(w->queue, w->config.partition, &start, &end) != PAR_OK)
        if (!again(w, "the log cannot be read"))
            return false;
    if (start > w->checkpoint && PAR_MUTANT(T1_JUMP)) {
        w->checkpoint = start;
    } else if (start > w->checkpoint) {
        par_writer__end(w, PAR_WRITER_HALTED, "the log begins above the checkpoint");
        return false;
    }
    if (end < w->checkpoint && !PAR_MUTANT(T1_JUMP)) {
        par_writer__end(w, PAR_WRITER_HALTED, "the log ends below the checkpoint");
        return false;
    }
    w->position = w->checkpoint;
    w->log_end = end == UINT64_MAX ? 0 : end;
    while (par_queue_seek(w->queue, w->config.partition, w->position) != PAR_OK)
        if (!again(w, "the log cannot be read"))
            return false;
    return true;
}

/* ---- what an operator had passed over (N6) ---- */

enum { SKIP_KEY_MAX = 64 };

/* The rows of a partition are in the order of their offsets. */
static size_t skip_prefix(uint32_t partition, char out[SKIP_KEY_MAX])
{
    return (size_t)snprintf(out, SKIP_KEY_MAX, "skip/%08x/", partition);
}

enum par_err par_writer_skip(struct par_store *store, uint32_t partition, uint64_t offset)
{
    char text[SKIP_KEY_MAX];
    size_t n = skip_prefix(partition, text);
    n += (size_t)snprintf(text + n, sizeof text - n, "%016llx", (unsigned long long)offset);
    struct par_key key = par_key_text(par_str_of(text, n));
    int got =
        par_store_put_if_absent(store, PAR_T_META, par_key_str(&key), PAR_STR("skip"), 1, NULL);
    return got < 0 ? PAR_E_UNAVAILABLE : PAR_OK;
}

static bool skip_row(void *arg, struct par_str key, struct par_str value)
{
    struct par_writer *w = arg;
    char text[SKIP_KEY_MAX] = {0};
    size_t prefix = skip_prefix(w->config.partition, text);
    (void)value;
    if (key.len <= prefix || key.len >= sizeof text)
        return true;
    memcpy(text, key.ptr, key.len);
    text[key.len] = 0;
    uint64_t *more = realloc(w->skips, (w->skip_count + 1) * sizeof *more);
    if (!more) {
        w->no_memory = true;
        return false;
    }
    w->skips = more;
    w->skips[w->skip_count++] = strtoull(text + prefix, NULL, 16);
    return true;
}

/* No writer has come past an offset before it was to be skipped: so who reads the rows at the start
 * knows all that matter. */
static bool read_skips(struct par_writer *w)
{
    char text[SKIP_KEY_MAX];
    struct par_key from = par_key_text(par_str_of(text, skip_prefix(w->config.partition, text)));
    struct par_key to = par_key_after(par_key_str(&from));
    for (;;) {
        w->skip_count = 0;
        w->no_memory = false;
        enum par_err err = par_store_scan(w->store, PAR_T_META, par_key_str(&from),
                                          par_key_str(&to), 0, skip_row, w);
        if (err == PAR_OK && !w->no_memory)
            return true;
        if (!again(w, "the store cannot be read"))
            return false;
    }
}

bool par_checkpoint__skips(const struct par_writer *w, uint64_t offset)
{
    for (size_t i = 0; i < w->skip_count; i++)
        if (w->skips[i] == offset)
            return true;
    return false;
}

bool par_checkpoint__adopt(struct par_writer *w)
{
    w->store_generation = par_store_generation(w->store);
    if (!own_row(w) || !check_log(w) || !read_skips(w))
        return false;
    par_writer__fine(w);
    w->checkpoint_at_ms = par_mono_ms() + par_rules.checkpoint_ms;
    atomic_store(&w->why, "");
    atomic_store(&w->state, PAR_WRITER_RUNNING);
    par_log_info("writer.adopted", PAR_KV("partition", w->config.partition),
                 PAR_KV("epoch", w->epoch), PAR_KV("position", w->position),
                 PAR_KV("log_end", w->log_end));
    return true;
}

/* ---- moving it (W4) ---- */

/* W4: only what is released. Mark events that wait to be merged are not, nor is what a sync that is
 * owed stands for. */
static uint64_t released(const struct par_writer *w)
{
    uint64_t due = par_marks__first_due(w);
    if (w->owes_sync)
        return w->checkpoint;
    return due < w->position ? due : w->position;
}

bool par_checkpoint__due(const struct par_writer *w)
{
    if (w->embedded || par_writer__ended(w))
        return false;
    uint64_t to = released(w);
    return to > w->checkpoint && (to - w->checkpoint >= par_rules.checkpoint_commands ||
                                  w->now_ms >= w->checkpoint_at_ms);
}

uint32_t par_checkpoint__next(const struct par_writer *w)
{
    if (w->embedded || released(w) <= w->checkpoint)
        return UINT32_MAX;
    return w->checkpoint_at_ms <= w->now_ms ? 0 : (uint32_t)(w->checkpoint_at_ms - w->now_ms);
}

int par_checkpoint__move(struct par_writer *w, bool seal)
{
    struct par_checkpoint next = w->cell;
    next.position = released(w);
    next.batches++;
    next.sealed = seal;
    if (PAR_MUTANT(W4_CHECKPOINT_EARLY))
        next.position = w->position;
    if (next.position == w->checkpoint && !seal)
        return 1;
    int got = swap(w, &next);
    w->checkpoint_at_ms =
        par_mono_ms() + (got == 1 ? par_rules.checkpoint_ms : PAR_WRITER_PAUSE_MS);
    if (got == 1)
        w->live.checkpoints++;
    /* T4: failed: replaced; nothing more is released. */
    if (got == 0)
        par_writer__end(w, PAR_WRITER_REPLACED, "another owner has adopted the partition");
    return got;
}

bool par_checkpoint__force(struct par_writer *w, bool seal)
{
    par_marks__tell_due(w, true);
    par_release__settle(w, true);
    if (!par_release__flush(w))
        return false;
    for (;;) {
        int got = par_checkpoint__move(w, seal);
        if (got == 0)
            return false;
        if (got == 1 && w->checkpoint == w->position)
            break;
        if (!again(w, "the checkpoint cannot be written"))
            return false;
    }
    par_writer__fine(w);
    return true;
}
