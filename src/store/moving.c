/* A store that moves: its notes, its state, and the mark of a store that is being made as a copy.
 */
#include "store/moving.h"

#include "store/key.h"
#include "store/store_state.h"

#include "base/log.h"
#include "loop/env.h"

#include <stdlib.h>

#define STATE   PAR_STR("moving")
#define NOTES   PAR_STR("moving/")
#define COPYING PAR_STR("copying")

enum {
    STATE_FORMAT = 1,
    NOTE_BYTES = 256 << 10, /* a batch of more has several notes */
    PAGE_NOTES = 1000,
    PAGE_BYTES = 1 << 20,
    MOST_MB_DEFAULT = 1024,
    WAIT_MS = 1
};

static struct par_key note_key(uint64_t number)
{
    struct par_key key = par_key_text(NOTES);
    for (int i = 7; i >= 0; i--)
        key.bytes[key.len++] = (uint8_t)(number >> (8 * i));
    return key;
}

uint64_t par_moving_number(struct par_str key)
{
    struct par_cursor c = par_cursor(key);
    struct par_str prefix;
    uint64_t number;
    (void)par_cursor_bytes(&c, NOTES.len, &prefix);
    (void)par_cursor_u64(&c, &number);
    return number;
}

bool par_moving_is_own(struct par_str key)
{
    return par_str_eq(key, PAR_META_FORMAT) || par_str_eq(key, PAR_META_INCARNATION) ||
           par_str_eq(key, PAR_META_PROBE) || par_str_eq(key, COPYING) || par_str_eq(key, STATE) ||
           par_str_starts(key, "moving/") || par_str_eq(key, PAR_STORE_CLEAN);
}

/* ---- the state as bytes ---- */

static void encode(const struct par_moving_state *s, struct par_buf *out)
{
    par_buf_add_u8(out, STATE_FORMAT);
    par_buf_add_u8(out, (uint8_t)s->phase);
    par_buf_add_u8(out, s->table);
    par_buf_add_u64(out, s->applied);
    par_buf_add_u64(out, s->rows);
    par_buf_add_lstr(out, par_str(s->id));
    par_buf_add_lstr(out, par_str(s->target));
    par_buf_add_lstr(out, par_str_of(s->cursor, s->cursor_len));
}

static bool text(struct par_cursor *c, char *to, size_t size)
{
    struct par_str s;
    if (!par_cursor_lstr(c, &s) || s.len >= size)
        return false;
    memcpy(to, s.ptr, s.len);
    to[s.len] = '\0';
    return true;
}

static bool decode(struct par_str bytes, struct par_moving_state *s)
{
    struct par_cursor c = par_cursor(bytes);
    struct par_str cursor = {0};
    uint8_t format = 0, phase = 0;
    *s = (struct par_moving_state){0};
    if (!par_cursor_u8(&c, &format) || format != STATE_FORMAT || !par_cursor_u8(&c, &phase) ||
        phase > PAR_MOVING_GIVEN_UP || !par_cursor_u8(&c, &s->table) ||
        !par_cursor_u64(&c, &s->applied) || !par_cursor_u64(&c, &s->rows) ||
        !text(&c, s->id, sizeof s->id) || !text(&c, s->target, sizeof s->target) ||
        !par_cursor_lstr(&c, &cursor) || cursor.len > sizeof s->cursor || par_cursor_left(&c) > 0)
        return false;
    s->phase = (enum par_moving_phase)phase;
    s->cursor_len = (uint16_t)cursor.len;
    if (cursor.len > 0)
        memcpy(s->cursor, cursor.ptr, cursor.len);
    return true;
}

/* ---- notes ---- */

static void note_row(const struct par_batch *batch, const struct par_store__put *p,
                     struct par_buf *to)
{
    par_buf_add_u8(to, p->table);
    par_buf_add_u8(to, p->deletes);
    par_buf_add_u64(to, p->version);
    par_buf_add_lstr(to, par_store__put_key(batch, p));
    if (!p->deletes)
        par_buf_add_lstr(to, par_store__put_value(batch, p));
}

bool par_moving_next(struct par_str *note, struct par_moving_row *row_r, bool *damaged_r)
{
    struct par_cursor c = par_cursor(*note);
    uint8_t table = 0, deletes = 0;
    *row_r = (struct par_moving_row){0};
    *damaged_r = false;
    if (note->len == 0)
        return false;
    (void)par_cursor_u8(&c, &table);
    (void)par_cursor_u8(&c, &deletes);
    (void)par_cursor_u64(&c, &row_r->version);
    (void)par_cursor_lstr(&c, &row_r->key);
    if (!deletes)
        (void)par_cursor_lstr(&c, &row_r->value);
    *damaged_r = c.bad || table >= PAR_T_COUNT || row_r->key.len == 0;
    row_r->table = (enum par_table)table;
    row_r->deletes = deletes;
    *note = par_str_of(c.pos, par_cursor_left(&c));
    return !*damaged_r;
}

static bool is_noted(const struct par_batch *batch, const struct par_store__put *p)
{
    return p->table != PAR_T_META || !par_moving_is_own(par_store__put_key(batch, p));
}

/* The rows of the batch, then their notes; returns the bytes of those. */
static size_t with_notes(struct par_moving *m, const struct par_batch *batch, struct par_batch *to)
{
    size_t bytes = 0, i = 0;
    par_buf_add_str(&to->_bytes, par_buf_str(&batch->_bytes));
    par_buf_add_str(&to->_ops, par_buf_str(&batch->_ops));
    to->count = batch->count;
    while (i < batch->count && !to->_bytes.failed && !to->_ops.failed) {
        struct par_buf *note = NULL;
        size_t begin = 0;
        for (; i < batch->count && (!note || note->len - begin < NOTE_BYTES); i++) {
            const struct par_store__put *p = par_store__put(batch, i);
            if (!is_noted(batch, p))
                continue;
            if (!note) {
                struct par_key key = note_key(m->next++);
                note = par_batch_begin(to, PAR_T_META, par_key_str(&key), 0);
                begin = note->len;
            }
            note_row(batch, p, note);
        }
        if (note) {
            bytes += note->len - begin;
            par_batch_end(to);
        }
    }
    return bytes;
}

static void put_state(const struct par_moving_state *state, struct par_batch *batch)
{
    encode(state, par_batch_begin(batch, PAR_T_META, STATE, 0));
    par_batch_end(batch);
}

/* More notes than are kept: the move has ended, and with it the notes. */
static enum par_outcome give_up(struct par_store *store, const struct par_batch *batch, bool sync)
{
    struct par_moving *m = &store->moving;
    struct par_moving_state state = m->state;
    struct par_batch all = {0};
    state.phase = PAR_MOVING_GIVEN_UP;
    par_buf_add_str(&all._bytes, par_buf_str(&batch->_bytes));
    par_buf_add_str(&all._ops, par_buf_str(&batch->_ops));
    all.count = batch->count;
    put_state(&state, &all);
    enum par_outcome outcome = all._bytes.failed || all._ops.failed
                                   ? PAR_OUTCOME_FAILED
                                   : par_store__commit_driver(store, &all, sync);
    par_batch_fini(&all);
    if (outcome != PAR_OUTCOME_OK)
        return outcome;
    m->state = state;
    atomic_store(&m->notes, false);
    par_log_error("store.move_given_up", PAR_KV("target", (const char *)state.target),
                  PAR_KV("notes", atomic_load(&m->waiting_bytes)),
                  PAR_KV("do", "begin it again with more store.move_notes_mb"));
    return outcome;
}

static enum par_outcome commit_noted(struct par_store *store, const struct par_batch *batch,
                                     bool sync)
{
    struct par_moving *m = &store->moving;
    struct par_batch all = {0};
    if (atomic_load(&m->frozen))
        return PAR_OUTCOME_FAILED;
    if (!atomic_load(&m->notes))
        return par_store__commit_driver(store, batch, sync);
    if (atomic_load(&m->waiting_bytes) > m->most_bytes)
        return give_up(store, batch, sync);
    size_t bytes = with_notes(m, batch, &all);
    enum par_outcome outcome = all._bytes.failed || all._ops.failed
                                   ? PAR_OUTCOME_FAILED
                                   : par_store__commit_driver(store, &all, sync);
    if (outcome != PAR_OUTCOME_FAILED)
        atomic_fetch_add(&m->waiting_bytes, bytes);
    par_batch_fini(&all);
    return outcome;
}

enum par_outcome par_moving__commit(struct par_store *store, const struct par_batch *batch,
                                    bool sync)
{
    struct par_moving *m = &store->moving;
    /* Who comes here before notes begin is counted, and waited for (par_moving_start). */
    atomic_fetch_add(&m->unnoted, 1);
    if (!atomic_load(&m->notes) && !atomic_load(&m->frozen)) {
        enum par_outcome outcome = par_store__commit_driver(store, batch, sync);
        atomic_fetch_sub(&m->unnoted, 1);
        return outcome;
    }
    atomic_fetch_sub(&m->unnoted, 1);
    /* One at a time, so that notes have the order in which their rows came to be. */
    pthread_mutex_lock(&m->gate);
    pthread_mutex_lock(&m->lock);
    enum par_outcome outcome = commit_noted(store, batch, sync);
    pthread_mutex_unlock(&m->lock);
    pthread_mutex_unlock(&m->gate);
    return outcome;
}

/* ---- the state ---- */

/* A write of the move itself, which is no part of what is moved. Under the lock. */
static enum par_outcome write_own(struct par_store *store, const struct par_batch *batch, bool sync)
{
    enum par_outcome outcome = PAR_OUTCOME_FAILED;
    if (!batch->_bytes.failed && !batch->_ops.failed && par_store__enter(store)) {
        outcome = par_store__commit_driver(store, batch, sync);
        par_store__leave(store);
    }
    return outcome;
}

static enum par_outcome save(struct par_store *store, const struct par_moving_state *state,
                             const struct par_store_row *applied, bool sync)
{
    uint64_t bytes_applied = 0;
    struct par_batch batch = {0};
    struct par_buf bytes = {0};
    enum par_outcome outcome;
    if (store->driver->by_rows) {
        /* One process moves it, and every state has another version to be seen by. */
        encode(state, &bytes);
        outcome = bytes.failed ? PAR_OUTCOME_FAILED
                               : par_store_set(store, PAR_T_META, STATE, par_buf_str(&bytes), 0);
        par_buf_fini(&bytes);
    } else {
        put_state(state, &batch);
        for (; applied; applied = applied->next) {
            par_batch_delete(&batch, PAR_T_META, applied->key, 0);
            bytes_applied += applied->value.len;
        }
        outcome = write_own(store, &batch, sync);
        par_batch_fini(&batch);
    }
    if (outcome != PAR_OUTCOME_OK)
        return outcome;
    atomic_fetch_sub(&store->moving.waiting_bytes, bytes_applied);
    store->moving.state = *state;
    return outcome;
}

enum par_outcome par_moving_save(struct par_store *store, const struct par_moving_state *state,
                                 const struct par_store_row *applied, bool sync)
{
    struct par_moving *m = &store->moving;
    enum par_outcome outcome = PAR_OUTCOME_FAILED;
    pthread_mutex_lock(&m->lock);
    /* What was given up meanwhile stays so. */
    if (m->state.phase != PAR_MOVING_GIVEN_UP)
        outcome = save(store, state, applied, sync);
    pthread_mutex_unlock(&m->lock);
    return outcome;
}

enum par_err par_moving_start(struct par_store *store, const struct par_moving_state *state)
{
    struct par_moving *m = &store->moving;
    pthread_mutex_lock(&m->lock);
    m->next = state->applied + 1;
    enum par_outcome outcome = save(store, state, NULL, true);
    if (outcome == PAR_OUTCOME_OK && !store->driver->by_rows)
        atomic_store(&m->notes, true);
    pthread_mutex_unlock(&m->lock);
    if (outcome != PAR_OUTCOME_OK)
        return PAR_E_UNAVAILABLE;
    _Atomic uint32_t never = 0;
    while (atomic_load(&m->unnoted) > 0)
        par_pause(&never, WAIT_MS);
    return PAR_OK;
}

void par_moving_get(struct par_store *store, struct par_moving_state *state_r)
{
    pthread_mutex_lock(&store->moving.lock);
    *state_r = store->moving.state;
    pthread_mutex_unlock(&store->moving.lock);
}

uint64_t par_moving_last(struct par_store *store)
{
    pthread_mutex_lock(&store->moving.lock);
    uint64_t last = store->moving.next > 0 ? store->moving.next - 1 : 0;
    pthread_mutex_unlock(&store->moving.lock);
    return last;
}

enum par_err par_moving_notes(struct par_store *store, uint64_t after, struct par_arena *arena,
                              struct par_store_row **rows_r)
{
    struct par_key from = note_key(after + 1), to = par_key_after(NOTES);
    return par_store_scan_in(store, PAR_T_META, par_key_str(&from), par_key_str(&to), PAGE_NOTES,
                             PAGE_BYTES, arena, rows_r, NULL);
}

uint64_t par_moving_waiting(struct par_store *store)
{
    return atomic_load(&store->moving.waiting_bytes);
}

void par_moving_freeze(struct par_store *store, bool frozen)
{
    struct par_moving *m = &store->moving;
    pthread_mutex_lock(&m->lock);
    atomic_store(&m->frozen, frozen);
    pthread_mutex_unlock(&m->lock);
}

void par_moving_hold(struct par_store *store)
{
    pthread_mutex_lock(&store->moving.gate);
}

void par_moving_let_go(struct par_store *store)
{
    pthread_mutex_unlock(&store->moving.gate);
}

/* ---- the end ---- */

static bool delete_notes(struct par_store *store)
{
    struct par_arena arena = {0};
    struct par_store_row *rows;
    bool ok = true;
    for (bool more = true; ok && more;) {
        struct par_batch batch = {0};
        ok = par_moving_notes(store, 0, &arena, &rows) == PAR_OK;
        for (const struct par_store_row *row = ok ? rows : NULL; row; row = row->next)
            par_batch_delete(&batch, PAR_T_META, row->key, 0);
        more = batch.count > 0;
        ok = ok && (!more || write_own(store, &batch, false) == PAR_OUTCOME_OK);
        par_batch_fini(&batch);
        par_arena_fini(&arena);
    }
    return ok;
}

enum par_err par_moving_forget(struct par_store *store)
{
    struct par_moving *m = &store->moving;
    struct par_batch batch = {0};
    pthread_mutex_lock(&m->lock);
    atomic_store(&m->notes, false);
    /* The notes first: with the state gone nobody would look for them. */
    bool ok = delete_notes(store);
    if (ok && store->driver->by_rows) {
        ok = par_store_set(store, PAR_T_META, STATE, (struct par_str){0}, 0) == PAR_OUTCOME_OK;
    } else if (ok) {
        par_batch_delete(&batch, PAR_T_META, STATE, 0);
        ok = write_own(store, &batch, true) == PAR_OUTCOME_OK;
        par_batch_fini(&batch);
    }
    if (ok) {
        m->state = (struct par_moving_state){0};
        atomic_store(&m->frozen, false);
        atomic_store(&m->waiting_bytes, 0);
    }
    pthread_mutex_unlock(&m->lock);
    return ok ? PAR_OK : PAR_E_UNAVAILABLE;
}

/* ---- when a store is opened ---- */

/* Numbers go on above the notes that are there. */
static enum par_err count_notes(struct par_store *store)
{
    struct par_moving *m = &store->moving;
    struct par_arena arena = {0};
    struct par_store_row *rows;
    uint64_t last = m->state.applied, bytes = 0;
    enum par_err err;
    do {
        par_arena_fini(&arena);
        err = par_moving_notes(store, last, &arena, &rows);
        for (const struct par_store_row *row = err ? NULL : rows; row; row = row->next) {
            last = par_moving_number(row->key);
            bytes += row->value.len;
        }
    } while (err == PAR_OK && rows);
    par_arena_fini(&arena);
    m->next = last + 1;
    atomic_store(&m->waiting_bytes, bytes);
    return err;
}

static enum par_err check_copy(struct par_store *store, const struct par_store_options *options,
                               struct par_buf *why)
{
    struct par_buf value = {0};
    int got = par_store_get(store, PAR_T_META, COPYING, &value);
    bool same = got == 1 && options->copy_id && par_str_is(par_buf_str(&value), options->copy_id);
    bool ended =
        got == 0 &&
        (!options->copy_id ||
         (options->copy_ended && strcmp(store->incarnation, options->copy_incarnation) == 0));
    par_buf_fini(&value);
    if (same || ended)
        return PAR_OK;
    par_store__why(why, got < 0   ? "the store cannot be read"
                        : got > 0 ? "another store is being moved here, and that has not ended"
                                  : "there is a store already");
    return got < 0 ? PAR_E_UNAVAILABLE : PAR_E_CONFLICT;
}

enum par_err par_moving__open(struct par_store *store, const struct par_store_options *options,
                              struct par_buf *why)
{
    struct par_moving *m = &store->moving;
    struct par_buf value = {0};
    uint64_t mb = options->move_notes_mb ? options->move_notes_mb : MOST_MB_DEFAULT;
    m->most_bytes = mb << 20;
    enum par_err err = check_copy(store, options, why);
    if (err != PAR_OK)
        return err;
    int got = par_store_get(store, PAR_T_META, STATE, &value);
    bool good = got == 0 || (got == 1 && decode(par_buf_str(&value), &m->state));
    par_buf_fini(&value);
    if (!good) {
        par_store__why(why, got < 0 ? "the store cannot be read"
                                    : "the state of the store's move cannot be understood");
        return got < 0 ? PAR_E_UNAVAILABLE : PAR_E_CONFLICT;
    }
    if (got == 0)
        return PAR_OK;
    /* A copy of a store that was moving does not move. */
    if (options->new_incarnation)
        return par_moving_forget(store);
    if (m->state.phase == PAR_MOVING_MOVED) {
        atomic_store(&m->frozen, true);
        if (options->moved)
            return PAR_OK;
        par_store__why(why,
                       "this store was moved to %s, which is the one to be served; `parley store "
                       "migrate --abandon` takes this one back, without what was written there",
                       m->state.target);
        return PAR_E_CONFLICT;
    }
    err = count_notes(store);
    if (err != PAR_OK) {
        par_store__why(why, "the notes of the store's move cannot be read");
        return err;
    }
    if (m->state.phase != PAR_MOVING_GIVEN_UP && !store->driver->by_rows)
        atomic_store(&m->notes, true);
    par_log_warn("store.moves", PAR_KV("target", (const char *)m->state.target),
                 PAR_KV("notes", atomic_load(&m->waiting_bytes)),
                 PAR_KV("do", "`parley store migrate` goes on with it"));
    return PAR_OK;
}

void par_moving__begin_copy(struct par_batch *batch, const char *copy_id)
{
    par_batch_put(batch, PAR_T_META, COPYING, par_str(copy_id), 0);
}

enum par_outcome par_moving_end_copy(struct par_store *store)
{
    return par_store_set(store, PAR_T_META, COPYING, (struct par_str){0}, 1);
}
