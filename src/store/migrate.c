/* Moving a store: the steps, and what each of them leaves behind. */
#include "store/migrate.h"

#include "store/key.h"
#include "store/moving.h"
#include "store/record.h"
#include "store/verify.h"

#include "base/log.h"
#include "loop/env.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PAGE_ROWS = 1000,
    PAGE_BYTES = 512 << 10,
    /* A copied row has the first version, a noted one at least the second. */
    COPIED = 1,
    NOTED_LEAST = 2,
    LOOKS = 3, /* at a row that changes while it is compared, before writers have to wait */
    WRONG_MAX = 20
};

struct par_migrate {
    struct par_store *from, *to;
    struct par_moving_state state;
    bool has_notes;
    bool damaged;
    bool ending; /* nothing is written any more, and it may say already that it has moved */
    struct par_buf why;
    struct par_verify_counts counts[2];
    unsigned wrong;
};

enum par_err par_migrate_place(const struct par_store_options *base, char *place,
                               struct par_store_options *options_r, struct par_buf *why_r)
{
    char *colon = strchr(place, ':');
    *options_r = *base;
    if (colon == NULL || colon == place || colon[1] == '\0') {
        par_buf_addz(why_r, "a place is DRIVER:WHERE, as rocksdb:DIR or hbase:HOST:PORT,…");
        return PAR_E_BAD_REQUEST;
    }
    *colon = '\0';
    options_r->driver = place;
    options_r->path = NULL;
    if (strcmp(place, "hbase") == 0)
        options_r->gateways = colon + 1;
    else
        options_r->path = colon + 1;
    return PAR_OK;
}

/* ---- begin and end ---- */

static enum par_err open_target(struct par_migrate *m, const struct par_store_options *to,
                                struct par_buf *why)
{
    struct par_store_options options = *to;
    options.must_exist = options.must_be_new = options.new_incarnation = false;
    options.copying = PAR_STORE_COPYING_NOT;
    options.copy_id = m->state.id;
    options.copy_incarnation = par_store_incarnation(m->from);
    options.copy_ended = m->state.phase == PAR_MOVING_MOVED;
    return par_store_open(&options, &m->to, why);
}

static enum par_err begin(struct par_migrate *m, const char *name, struct par_buf *why)
{
    uint8_t id[(PAR_MOVING_ID_MAX - 1) / 2];
    m->state = (struct par_moving_state){.phase = PAR_MOVING_COPIES};
    par_random(id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(m->state.id + 2 * i, 3, "%02x", id[i]);
    if (snprintf(m->state.target, sizeof m->state.target, "%s", name) >=
        (int)sizeof m->state.target) {
        par_buf_addz(why, "the name of the other store is too long");
        return PAR_E_BAD_REQUEST;
    }
    return PAR_OK;
}

/* The state is written once the target is there, so that a target that cannot be is refused before
 * anything begins. */
static enum par_err open_both(struct par_migrate *m, const char *name,
                              const struct par_store_options *to, struct par_buf *why)
{
    par_moving_get(m->from, &m->state);
    bool given_up = m->state.phase == PAR_MOVING_GIVEN_UP;
    if (given_up && par_moving_forget(m->from) != PAR_OK) {
        par_buf_addz(why, "the store takes no writes");
        return PAR_E_UNAVAILABLE;
    }
    bool begins = given_up || m->state.phase == PAR_MOVING_NOT;
    if (!begins && strcmp(m->state.target, name) != 0) {
        par_buf_printf(why, "the store is being moved to %s; `--abandon` ends that",
                       m->state.target);
        return PAR_E_CONFLICT;
    }
    enum par_err err = begins ? begin(m, name, why) : PAR_OK;
    if (err == PAR_OK)
        err = open_target(m, to, why);
    if (err == PAR_OK && begins && par_moving_start(m->from, &m->state) != PAR_OK) {
        par_buf_addz(why, "the store takes no writes");
        err = PAR_E_UNAVAILABLE;
    }
    return err;
}

enum par_err par_migrate_open(struct par_store *from, const char *name,
                              const struct par_store_options *to, struct par_migrate **migrate_r,
                              struct par_buf *why_r)
{
    struct par_buf why = {0};
    *migrate_r = NULL;
    struct par_migrate *m = calloc(1, sizeof *m);
    if (m == NULL)
        return PAR_E_UNAVAILABLE;
    m->from = from;
    m->has_notes = par_store_atomic(from);
    enum par_err err = open_both(m, name, to, &why);
    if (err == PAR_OK)
        *migrate_r = m;
    else
        par_migrate_close(&m);
    if (why_r != NULL)
        par_buf_add_str(why_r, par_buf_str(&why));
    par_buf_fini(&why);
    return err;
}

void par_migrate_close(struct par_migrate **migrate)
{
    struct par_migrate *m = *migrate;
    *migrate = NULL;
    if (m == NULL)
        return;
    par_store_close(&m->to);
    par_buf_fini(&m->why);
    free(m);
}

enum par_err par_migrate_abandon(struct par_store *from)
{
    return par_moving_forget(from);
}

/* ---- the noted rows ---- */

/* The writer orders the states of these rows by stamps. Of all others the clocks of servers made
 * the versions, so that an older state may have a higher one. */
static bool by_stamp(enum par_table table)
{
    switch (table) {
    case PAR_T_ENTRIES:
    case PAR_T_CMIDS:
    case PAR_T_CONVERSATIONS:
    case PAR_T_MARKS:
    case PAR_T_ROSTERS:
    case PAR_T_USER_CONVS:
    case PAR_T_BLOCKS:
    case PAR_T_CHECKPOINTS:
        return true;
    default:
        return false;
    }
}

static bool commit(struct par_migrate *m, struct par_batch *batch)
{
    bool ok = batch->count == 0 || par_store_commit(m->to, batch, true) == PAR_OUTCOME_OK;
    par_batch_clear(batch);
    return ok;
}

/* Puts the rows of a note, in order; those that can go together into the batch. */
static bool apply_note(struct par_migrate *m, struct par_str note, struct par_batch *batch)
{
    struct par_moving_row row;
    while (par_moving_next(&note, &row, &m->damaged)) {
        uint64_t version = row.version > NOTED_LEAST ? row.version : NOTED_LEAST;
        if (!par_store_atomic(m->to) && !by_stamp(row.table)) {
            struct par_str value = row.deletes ? (struct par_str){0} : row.value;
            if (par_store_set(m->to, row.table, row.key, value, version) != PAR_OUTCOME_OK)
                return false;
        } else if (row.deletes) {
            par_batch_delete(batch, row.table, row.key, version);
        } else {
            par_batch_put(batch, row.table, row.key, row.value, version);
        }
    }
    return !m->damaged && (par_batch_bytes(batch) < PAGE_BYTES || commit(m, batch));
}

/* Some notes: 1, 0 when there is none above state.applied, -1 when a store does not answer. */
static int apply_some(struct par_migrate *m)
{
    struct par_arena arena = {0};
    struct par_batch batch = {0};
    struct par_store_row *rows = NULL;
    struct par_moving_state next = m->state;
    bool ok = par_moving_notes(m->from, m->state.applied, &arena, &rows) == PAR_OK;
    int done = ok ? 0 : -1;
    for (const struct par_store_row *row = rows; ok && row; row = row->next) {
        ok = apply_note(m, row->value, &batch);
        next.applied = par_moving_number(row->key);
    }
    if (rows != NULL) {
        ok = ok && commit(m, &batch);
        /* Not synced: after a loss of power the same notes are put again. */
        ok = ok && par_moving_save(m->from, &next, rows, false) == PAR_OUTCOME_OK;
        done = ok ? 1 : -1;
        if (ok)
            m->state = next;
    }
    par_batch_fini(&batch);
    par_arena_fini(&arena);
    return done;
}

/* All notes given until now. */
static bool apply_all(struct par_migrate *m)
{
    uint64_t last = par_moving_last(m->from);
    int done = 1;
    while (m->has_notes && done > 0 && m->state.applied < last)
        done = apply_some(m);
    return done >= 0;
}

/* ---- pages ---- */

struct page {
    struct par_arena arena;
    struct par_store_row *rows;
    bool more;
    struct par_moving_state next; /* once it is dealt with */
};

static bool is_moved(enum par_table table, struct par_str key)
{
    return table != PAR_T_META || !par_moving_is_own(key);
}

static void next_table(struct par_moving_state *s, enum par_moving_phase then)
{
    s->cursor_len = 0;
    if (++s->table < PAR_T_COUNT)
        return;
    s->table = 0;
    s->rows = 0;
    s->phase = then;
}

/* The page at the cursor, and the state after it. */
static bool read_page(struct par_migrate *m, enum par_moving_phase then, struct page *page)
{
    const struct par_moving_state *s = &m->state;
    *page = (struct page){.next = *s};
    if (par_store_scan_in(m->from, (enum par_table)s->table, par_str_of(s->cursor, s->cursor_len),
                          (struct par_str){0}, PAGE_ROWS, PAGE_BYTES, &page->arena, &page->rows,
                          &page->more) != PAR_OK)
        return false;
    const struct par_store_row *last = NULL;
    for (const struct par_store_row *row = page->rows; row; row = row->next) {
        page->next.rows += is_moved((enum par_table)s->table, row->key);
        last = row;
    }
    if (page->more && last != NULL) {
        memcpy(page->next.cursor, last->key.ptr, last->key.len);
        page->next.cursor[last->key.len] = 0;
        page->next.cursor_len = (uint16_t)(last->key.len + 1);
    } else {
        next_table(&page->next, then);
    }
    return true;
}

static bool save(struct par_migrate *m, const struct par_moving_state *next)
{
    bool sync = next->phase != m->state.phase;
    if (par_moving_save(m->from, next, NULL, sync) != PAR_OUTCOME_OK)
        return false;
    m->state = *next;
    return true;
}

static bool copy_page(struct par_migrate *m)
{
    struct par_batch batch = {0};
    struct page page;
    bool ok = read_page(m, PAR_MOVING_COMPARES, &page);
    for (const struct par_store_row *row = ok ? page.rows : NULL; row; row = row->next)
        if (is_moved((enum par_table)m->state.table, row->key))
            par_batch_put(&batch, (enum par_table)m->state.table, row->key, row->value, COPIED);
    ok = ok && commit(m, &batch) && save(m, &page.next);
    par_batch_fini(&batch);
    par_arena_fini(&page.arena);
    return ok;
}

/* ---- comparing ---- */

static void wrong(struct par_migrate *m, enum par_table table, struct par_str key, const char *what)
{
    if (m->wrong++ >= WRONG_MAX)
        return;
    par_buf_printf(&m->why, "%s ", par_table_name(table));
    for (size_t i = 0; i < key.len; i++)
        par_buf_printf(&m->why, "%02x", (uint8_t)key.ptr[i]);
    par_buf_printf(&m->why, ": %s\n", what);
}

struct look {
    struct par_buf from, to;
    int in_from, in_to; /* 1, or 0: there is none */
    bool same;
};

/* False: a store does not answer. */
static bool look_once(struct par_migrate *m, enum par_table table, struct par_str key,
                      struct look *look)
{
    par_buf_clear(&look->from);
    par_buf_clear(&look->to);
    look->in_from = par_store_get(m->from, table, key, &look->from);
    if (look->in_from < 0 || !apply_all(m))
        return false;
    look->in_to = par_store_get(m->to, table, key, &look->to);
    look->same = look->in_from == look->in_to &&
                 par_str_eq(par_buf_str(&look->from), par_buf_str(&look->to));
    return look->in_to >= 0;
}

/* A row that was not the same at first sight, because it changed or because something is wrong.
 * False: a store does not answer. */
static bool look_again(struct par_migrate *m, enum par_table table, struct par_str key)
{
    struct look look = {0};
    bool ok = true;
    for (int i = 0; i < LOOKS && ok && !look.same; i++)
        ok = look_once(m, table, key, &look);
    if (ok && !look.same) {
        par_moving_hold(m->from);
        ok = look_once(m, table, key, &look);
        par_moving_let_go(m->from);
    }
    if (ok && !look.same)
        wrong(m, table, key,
              look.in_from == 0 ? "only in the new store"
              : look.in_to == 0 ? "not in the new store"
                                : "another in the new store");
    par_buf_fini(&look.from);
    par_buf_fini(&look.to);
    return ok;
}

/* Both lists are in the order of the keys. */
static bool compare_rows(struct par_migrate *m, enum par_table table, const struct par_store_row *a,
                         const struct par_store_row *b)
{
    bool ok = true;
    while (ok && (a != NULL || b != NULL)) {
        int order = a == NULL ? 1 : b == NULL ? -1 : par_str_cmp(a->key, b->key);
        struct par_str key = order <= 0 ? a->key : b->key;
        if ((order != 0 || !par_str_eq(a->value, b->value)) && is_moved(table, key))
            ok = look_again(m, table, key);
        a = order <= 0 ? a->next : a;
        b = order >= 0 ? b->next : b;
    }
    return ok;
}

static bool compare_page(struct par_migrate *m)
{
    struct par_arena arena = {0};
    struct par_store_row *there = NULL;
    struct page page;
    enum par_table table = (enum par_table)m->state.table;
    struct par_str start = par_str_of(m->state.cursor, m->state.cursor_len);
    bool more = false;
    bool ok = read_page(m, PAR_MOVING_FOLLOWS, &page) && apply_all(m);
    struct par_str end = ok && page.next.table == table && page.more
                             ? par_str_of(page.next.cursor, page.next.cursor_len)
                             : (struct par_str){0};
    /* Twice as many as there should be are enough to see that something is wrong. */
    ok = ok && par_store_scan_in(m->to, table, start, end, 2 * PAGE_ROWS, 0, &arena, &there,
                                 &more) == PAR_OK;
    if (ok && more)
        wrong(m, table, start, "many more rows from here on in the new store");
    ok = ok && compare_rows(m, table, page.rows, there);
    if (ok && m->wrong == 0) {
        page.next.applied = m->state.applied;
        ok = save(m, &page.next);
    }
    par_arena_fini(&arena);
    par_arena_fini(&page.arena);
    return ok;
}

/* ---- the end ---- */

static void report(void *arg, struct par_str line)
{
    struct par_migrate *m = arg;
    if (m->wrong++ < WRONG_MAX)
        par_buf_printf(&m->why, "%.*s\n", PAR_STR_ARGS(line));
}

/* The checkpoint of the queue inside the process is never gone on from in a cluster: its generation
 * has ended (TAKEOVER.md T7). */
static bool seal(struct par_migrate *m)
{
    struct par_key key = par_key_number(0);
    struct par_buf value = {0}, sealed = {0};
    struct par_checkpoint row;
    int got = par_store_get(m->to, PAR_T_CHECKPOINTS, par_key_str(&key), &value);
    bool ok = got >= 0;
    if (got > 0 && par_checkpoint_decode(par_buf_str(&value), &row) && !row.sealed) {
        row.sealed = true;
        row.batches++;
        par_checkpoint_encode(&row, &sealed);
        ok = !sealed.failed && par_store_set(m->to, PAR_T_CHECKPOINTS, par_key_str(&key),
                                             par_buf_str(&sealed), row.batches) == PAR_OUTCOME_OK;
    }
    par_buf_fini(&value);
    par_buf_fini(&sealed);
    return ok;
}

static enum par_migrate_end end_it(struct par_migrate *m)
{
    bool to_cluster = par_store_atomic(m->from) && !par_store_atomic(m->to);
    if ((to_cluster && !seal(m)) || par_moving_end_copy(m->to) != PAR_OUTCOME_OK)
        return PAR_MIGRATE_WAITS;
    par_log_info("store.moved", PAR_KV("target", (const char *)m->state.target));
    return PAR_MIGRATE_DONE;
}

static bool verify_both(struct par_migrate *m)
{
    return par_store_verify(m->from, report, m, &m->counts[0]) == PAR_OK &&
           par_store_verify(m->to, report, m, &m->counts[1]) == PAR_OK;
}

/* Marks the first store as moved. Whether an attempt that was not OK did so is not known: nothing
 * is written there any more. */
static enum par_migrate_end mark_moved(struct par_migrate *m)
{
    struct par_moving_state next = m->state;
    next.phase = PAR_MOVING_MOVED;
    m->ending = true;
    return save(m, &next) ? end_it(m) : PAR_MIGRATE_WAITS;
}

static enum par_migrate_end finish_it(struct par_migrate *m, bool verify)
{
    par_moving_freeze(m->from, true);
    bool ok = apply_all(m) && (!verify || verify_both(m));
    if (ok && m->wrong == 0)
        return mark_moved(m);
    par_moving_freeze(m->from, false);
    return ok ? PAR_MIGRATE_FAILED : PAR_MIGRATE_WAITS;
}

enum par_migrate_end par_migrate_step(struct par_migrate *m, bool finish, bool verify)
{
    struct par_moving_state now;
    bool ok = true;
    par_moving_get(m->from, &now);
    if (now.phase == PAR_MOVING_GIVEN_UP) {
        par_buf_clear(&m->why);
        par_buf_addz(&m->why, "there were more changes than store.move_notes_mb keeps\n");
        return PAR_MIGRATE_FAILED;
    }
    if (!par_store_writable(m->to))
        (void)par_store_tick(m->to);
    if (m->state.phase == PAR_MOVING_MOVED)
        return end_it(m);
    if (m->ending)
        return mark_moved(m);
    int noted = m->has_notes ? apply_some(m) : 0;
    if (noted >= 0 && m->state.phase == PAR_MOVING_COPIES)
        ok = copy_page(m);
    else if (noted >= 0 && m->state.phase == PAR_MOVING_COMPARES)
        ok = compare_page(m);
    if (m->damaged)
        wrong(m, PAR_T_META, PAR_STR("moving"), "a note makes no sense");
    if (m->wrong > 0)
        return PAR_MIGRATE_FAILED;
    if (noted < 0 || !ok)
        return PAR_MIGRATE_WAITS;
    /* There is always something while the service is busy. */
    if (m->state.phase != PAR_MOVING_FOLLOWS || par_moving_waiting(m->from) > PAGE_BYTES)
        return PAR_MIGRATE_WORKS;
    return finish ? finish_it(m, verify) : PAR_MIGRATE_READY;
}

void par_migrate_status(const struct par_migrate *m, struct par_buf *out)
{
    static const char *const phases[] = {
        [PAR_MOVING_NOT] = "begins",        [PAR_MOVING_COPIES] = "copies",
        [PAR_MOVING_COMPARES] = "compares", [PAR_MOVING_FOLLOWS] = "follows",
        [PAR_MOVING_MOVED] = "moved",       [PAR_MOVING_GIVEN_UP] = "given up"};
    const struct par_moving_state *s = &m->state;
    bool pages = s->phase == PAR_MOVING_COPIES || s->phase == PAR_MOVING_COMPARES;
    par_buf_addz(out, phases[s->phase]);
    if (pages)
        par_buf_printf(out, " %s, %llu rows", par_table_name((enum par_table)s->table),
                       (unsigned long long)s->rows);
    par_buf_printf(out, ", %llu bytes of changes wait",
                   (unsigned long long)par_moving_waiting(m->from));
    for (int i = 0; i < 2 && s->phase == PAR_MOVING_MOVED && m->counts[1].rows > 0; i++) {
        par_buf_addz(out, i == 0 ? "\nthe old store: " : "\nthe new store: ");
        par_verify_summary(&m->counts[i], out);
    }
    par_buf_addz(out, "\n");
}

struct par_str par_migrate_why(const struct par_migrate *m)
{
    return par_buf_str(&m->why);
}
