/* The wrapper of the store's drivers: opening, state, and what happens after a failed write. */
#include "store/store_state.h"

#include "base/log.h"
#include "base/stats.h"
#include "loop/env.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

enum {
    TICK_MS = 1000,
    TICK_SOON_MS = 5,
    BACKOFF_FIRST_MS = 50,
    BACKOFF_LAST_MS = 2000,
    RESERVE_SHARE = 8, /* the reserve is at most this part of the disk */
};

const struct par_store__driver *par_store__extra;

const struct par_store__driver *par_store__driver(const char *name)
{
    static const struct par_store__driver *const drivers[] = {&par_store__rocksdb,
                                                              &par_store__memory, &par_store__fail,
#ifdef PARLEY_CLUSTER
                                                              &par_store__hbase
#endif
    };
    if (name == NULL)
        return drivers[0];
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    if (par_store__extra != NULL && strcmp(par_store__extra->name, name) == 0)
        return par_store__extra;
    return NULL;
}

void par_store__why(struct par_buf *why, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    if (why == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    for (char *p = line; *p != '\0'; p++)
        if (*p == '\n')
            *p = ' ';
    par_buf_clear(why);
    par_buf_addz(why, line);
}

/* ---- Opening ---- */

static void new_incarnation(char text_r[PAR_STORE_INCARNATION_MAX])
{
    uint8_t id[16];
    par_random(id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(text_r + 2 * i, 3, "%02x", id[i]);
}

/* Several servers may begin a store at once: one of their incarnations holds. Only a copy is given
 * another than it has. */
static enum par_err meta_write(struct par_store *store, const char *copy_id, bool is_new)
{
    struct par_str incarnation = par_str(store->incarnation);
    struct par_batch batch = {0};
    struct par_buf theirs = {0};
    uint8_t format[4] = {0, 0, 0, PAR_STORE_FORMAT};
    bool swaps = is_new && store->driver->swap != NULL;
    enum par_outcome outcome = PAR_OUTCOME_OK;
    if (copy_id)
        par_moving__begin_copy(&batch, copy_id);
    /* Row by row, the mark of a copy comes before anything by which it could be taken for more. */
    if (copy_id && store->driver->by_rows) {
        outcome = store->driver->commit(store->impl, &batch, true);
        par_batch_clear(&batch);
    }
    if (is_new)
        par_batch_put(&batch, PAR_T_META, PAR_META_FORMAT, par_str_of(format, sizeof format), 0);
    if (!swaps)
        par_batch_put(&batch, PAR_T_META, PAR_META_INCARNATION, incarnation, 0);
    if (outcome == PAR_OUTCOME_OK)
        outcome = batch._bytes.failed ? PAR_OUTCOME_FAILED
                                      : store->driver->commit(store->impl, &batch, true);
    par_batch_fini(&batch);
    int won = 1;
    if (swaps && outcome == PAR_OUTCOME_OK)
        won = store->driver->swap(store->impl, PAR_T_META, PAR_META_INCARNATION,
                                  (struct par_str){0}, incarnation, 0, &theirs);
    if (won == 0 && theirs.len == PAR_STORE_INCARNATION_MAX - 1)
        memcpy(store->incarnation, theirs.data, theirs.len);
    else if (won != 1)
        outcome = PAR_OUTCOME_FAILED;
    par_buf_fini(&theirs);
    return outcome == PAR_OUTCOME_OK ? PAR_OK : PAR_E_UNAVAILABLE;
}

/* The bytes of a row of meta that is `len` long. */
static bool meta_read(struct par_store *store, struct par_str key, size_t len, char *to)
{
    struct par_buf value = {0};
    bool ok = par_store_get(store, PAR_T_META, key, &value) == 1 && value.len == len;
    if (ok)
        memcpy(to, value.data, len);
    par_buf_fini(&value);
    return ok;
}

static enum par_err read_meta(struct par_store *store, const struct par_store_options *options,
                              bool is_new, struct par_buf *why)
{
    uint8_t format[4] = {0};
    if (!is_new) {
        if (!meta_read(store, PAR_META_FORMAT, sizeof format, (char *)format)) {
            par_store__why(
                why, "the store in %s is damaged: its format cannot be read; restore a backup",
                store->path);
            return PAR_E_CONFLICT;
        }
        uint32_t n = (uint32_t)format[0] << 24 | (uint32_t)format[1] << 16 |
                     (uint32_t)format[2] << 8 | format[3];
        if (n > PAR_STORE_FORMAT) {
            par_store__why(
                why,
                "the store in %s has format %u, this program knows up to %u: use the newer "
                "parley that wrote it",
                store->path, n, PAR_STORE_FORMAT);
            return PAR_E_CONFLICT;
        }
        bool there = meta_read(store, PAR_META_INCARNATION, PAR_STORE_INCARNATION_MAX - 1,
                               store->incarnation);
        /* Another server is about to begin it, or did not come to the end of that. */
        is_new = !there && store->driver->by_rows;
        if (!there && !is_new) {
            par_store__why(why,
                           "the store in %s is damaged: its incarnation cannot be read; restore a "
                           "backup",
                           store->path);
            return PAR_E_CONFLICT;
        }
        if (there && !options->new_incarnation)
            return PAR_OK;
    }
    if (options->copy_id && is_new)
        snprintf(store->incarnation, sizeof store->incarnation, "%s", options->copy_incarnation);
    else
        new_incarnation(store->incarnation);
    enum par_err err = meta_write(store, is_new ? options->copy_id : NULL, is_new);
    if (err != PAR_OK)
        par_store__why(why, "the store in %s takes no writes: is the disk full?",
                       store->path ? store->path : "memory");
    return err;
}

enum par_err par_store_open(const struct par_store_options *options, struct par_store **store_r,
                            struct par_buf *why_r)
{
    const struct par_store__driver *driver = par_store__driver(options->driver);
    bool is_new = false;
    *store_r = NULL;
    if (driver == NULL) {
        par_store__why(why_r, "store.driver=%s: this program has no such driver%s", options->driver,
                       strcmp(options->driver, "hbase") == 0
                           ? "; it was built without those of clusters (tools/setup cluster)"
                           : "");
        return PAR_E_BAD_REQUEST;
    }
    if (driver->has_folder && (options->path == NULL || *options->path == '\0')) {
        par_store__why(why_r, "store.path is empty: it names the folder of the store");
        return PAR_E_BAD_REQUEST;
    }
    struct par_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return PAR_E_UNAVAILABLE;
    store->driver = driver;
    store->no_sync = options->no_sync;
    store->reserve_mb = options->reserve_mb;
    atomic_flag_clear(&store->ticking);
    for (size_t i = 0; i < PAR_STORE__STRIPES; i++)
        pthread_mutex_init(&store->stripe[i], NULL);
    pthread_mutex_init(&store->moving.gate, NULL);
    pthread_mutex_init(&store->moving.lock, NULL);
    if (options->path != NULL)
        store->path = strdup(options->path);

    /* The driver may find by itself that what is here is a copy. */
    struct par_store_options asked = *options;
    enum par_err err = driver->open(&asked, &store->impl, &is_new, why_r);
    if (err == PAR_OK) {
        err = read_meta(store, &asked, is_new, why_r);
        if (err == PAR_OK)
            err = par_moving__open(store, &asked, why_r);
        if (err == PAR_OK && driver->opened != NULL)
            err = driver->opened(store->impl, why_r);
    }
    if (err != PAR_OK) {
        par_store_close(&store);
        return err;
    }
    par_store__check_space(store);
    par_log_info("store.opened", PAR_KV("driver", driver->name), PAR_KV("path", store->path),
                 PAR_KV("new", is_new), PAR_KV("incarnation", store->incarnation));
    *store_r = store;
    return PAR_OK;
}

void par_store_close(struct par_store **store)
{
    struct par_store *s = *store;
    *store = NULL;
    if (s == NULL)
        return;
    PAR_ASSERT(atomic_load(&s->inside) == 0);
    if (s->impl != NULL)
        s->driver->close(s->impl);
    for (size_t i = 0; i < PAR_STORE__STRIPES; i++)
        pthread_mutex_destroy(&s->stripe[i]);
    pthread_mutex_destroy(&s->moving.gate);
    pthread_mutex_destroy(&s->moving.lock);
    free(s->path);
    free(s);
}

/* ---- Coming in ---- */

/* The order matters: who came in before the phase changed is seen by the thread that waits for
 * nobody to be inside, and who came later sees the phase. */
bool par_store__enter(struct par_store *store)
{
    atomic_fetch_add(&store->inside, 1);
    if (atomic_load(&store->phase) == PAR_STORE__OPEN)
        return true;
    par_store__leave(store);
    return false;
}

void par_store__leave(struct par_store *store)
{
    atomic_fetch_sub(&store->inside, 1);
}

/* ---- State ---- */

bool par_store_atomic(const struct par_store *store)
{
    return !store->driver->by_rows;
}

bool par_store_writable(const struct par_store *store)
{
    return par_store_trouble(store)[0] == '\0';
}

const char *par_store_trouble(const struct par_store *store)
{
    if (atomic_load(&store->phase) != PAR_STORE__OPEN)
        return "a write failed: the store is being reopened";
    if (atomic_load(&store->low_space))
        return "the disk is nearly full";
    if (atomic_load(&store->unproven))
        return "a write failed: the store was reopened and takes no write yet";
    if (atomic_load(&store->moving.frozen))
        return "the store moves to another place";
    if (store->driver->writable != NULL && !store->driver->writable(store->impl))
        return "the driver refuses writes";
    return "";
}

uint64_t par_store_generation(const struct par_store *store)
{
    return atomic_load(&store->generation);
}

const char *par_store_incarnation(const struct par_store *store)
{
    return store->incarnation;
}

const char *par_store_driver(const struct par_store *store)
{
    return store->driver->name;
}

void par_store_set_reserve(struct par_store *store, uint32_t reserve_mb)
{
    atomic_store(&store->reserve_mb, reserve_mb);
}

bool par_store_fail_set(struct par_store *store, const struct par_store_fail *fail)
{
    if (store->driver != &par_store__fail)
        return false;
    par_store__fail_set(store->impl, fail);
    return true;
}

void par_store_stats(struct par_store *store, struct par_store_stats *stats_r)
{
    *stats_r = (struct par_store_stats){
        .gets = atomic_load(&store->gets),
        .get_errors = atomic_load(&store->get_errors),
        .scans = atomic_load(&store->scans),
        .rows_scanned = atomic_load(&store->rows_scanned),
        .commits = atomic_load(&store->commits),
        .commits_failed = atomic_load(&store->commits_failed),
        .commits_uncertain = atomic_load(&store->commits_uncertain),
        .rows_written = atomic_load(&store->rows_written),
        .bytes_written = atomic_load(&store->bytes_written),
        .reopened = atomic_load(&store->reopened),
        .commit_ns = atomic_load(&store->commit_ns),
        .read_ns = atomic_load(&store->read_ns),
        .free_bytes = atomic_load(&store->free_bytes),
    };
    if (store->driver->stats != NULL && par_store__enter(store)) {
        store->driver->stats(store->impl, stats_r);
        par_store__leave(store);
    }
}

/* ---- Housekeeping ---- */

void par_store__check_space(struct par_store *store)
{
    struct statvfs fs;
    atomic_store(&store->unchecked_bytes, 0);
    if (!store->driver->has_folder || statvfs(store->path, &fs) != 0)
        return;
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    uint64_t reserve = store->reserve_mb << 20,
             most = (uint64_t)fs.f_blocks * fs.f_frsize / RESERVE_SHARE;
    if (reserve > most)
        reserve = most;
    atomic_store(&store->free_bytes, free_bytes);
    /* What let it below the reserve must have gone by a margin before writes go on, so that the two
     * states do not alternate with each file that is made and removed. */
    bool was_low = atomic_load(&store->low_space);
    bool low = free_bytes < (was_low ? reserve + reserve / 8 : reserve);
    if (low == was_low)
        return;
    atomic_store(&store->low_space, low);
    if (low)
        par_log_error("store.low_space", PAR_KV("path", store->path), PAR_KV("free", free_bytes),
                      PAR_KV("reserve", reserve));
    else
        par_log_info("store.space_again", PAR_KV("path", store->path), PAR_KV("free", free_bytes));
}

static void back_off(struct par_store *store, uint64_t now)
{
    store->backoff_ms = store->backoff_ms == 0 ? BACKOFF_FIRST_MS : store->backoff_ms * 2;
    if (store->backoff_ms > BACKOFF_LAST_MS)
        store->backoff_ms = BACKOFF_LAST_MS;
    store->retry_at_ms = now + store->backoff_ms;
}

/* Nobody comes in any more; once the last one has left, the driver is closed and opened. */
static void reopen(struct par_store *store, uint64_t now)
{
    struct par_buf why = {0};
    atomic_store(&store->phase, PAR_STORE__REOPENING);
    enum par_err err = PAR_OK;
    if (store->driver->reopen != NULL)
        err = store->driver->reopen(store->impl, &why);
    if (err != PAR_OK) {
        par_buf_add_u8(&why, 0);
        par_log_error("store.reopen_failed", PAR_KV("path", store->path),
                      PAR_KV("why", why.failed ? "" : (const char *)why.data));
        back_off(store, now);
        atomic_store(&store->phase, PAR_STORE__BROKEN);
    } else {
        atomic_store(&store->unproven, true);
        uint64_t generation = atomic_fetch_add(&store->generation, 1) + 1;
        atomic_fetch_add(&store->reopened, 1);
        par_stats_inc(PAR_C_STORE_REOPENS);
        par_log_warn("store.reopened", PAR_KV("path", store->path),
                     PAR_KV("generation", generation));
        atomic_store(&store->phase, PAR_STORE__OPEN);
    }
    par_buf_fini(&why);
}

/* A write that matters to nobody shows that writes work again. */
static void probe(struct par_store *store, uint64_t now)
{
    struct par_batch batch = {0};
    uint64_t generation = par_store_generation(store);
    par_batch_put(&batch, PAR_T_META, PAR_META_PROBE, par_str_of(&generation, sizeof generation),
                  0);
    enum par_outcome outcome = PAR_OUTCOME_FAILED;
    if (par_store__enter(store)) {
        outcome = par_store__commit_driver(store, &batch, true);
        par_store__leave(store);
    }
    par_batch_fini(&batch);
    if (outcome == PAR_OUTCOME_OK) {
        store->backoff_ms = 0;
        atomic_store(&store->unproven, false);
        par_log_info("store.writable", PAR_KV("path", store->path),
                     PAR_KV("generation", generation));
    } else {
        back_off(store, now);
    }
}

static uint32_t tick(struct par_store *store)
{
    uint64_t now = par_mono_ms();
    if (now >= store->space_at_ms) {
        par_store__check_space(store);
        store->space_at_ms = now + TICK_MS;
        if (store->driver->tick != NULL && par_store__enter(store)) {
            store->driver->tick(store->impl);
            par_store__leave(store);
        }
    }
    bool broken = atomic_load(&store->phase) == PAR_STORE__BROKEN;
    bool unproven = atomic_load(&store->unproven);
    if (!broken && !unproven)
        return TICK_MS;
    if (now < store->retry_at_ms)
        return (uint32_t)(store->retry_at_ms - now);
    if (broken) {
        if (atomic_load(&store->inside) > 0)
            return TICK_SOON_MS;
        reopen(store, now);
    }
    if (atomic_load(&store->phase) == PAR_STORE__OPEN && !atomic_load(&store->low_space))
        probe(store, now);
    now = par_mono_ms();
    if (par_store_writable(store))
        return TICK_MS;
    return store->retry_at_ms > now ? (uint32_t)(store->retry_at_ms - now) : TICK_SOON_MS;
}

uint32_t par_store_tick(struct par_store *store)
{
    if (atomic_flag_test_and_set(&store->ticking))
        return TICK_SOON_MS;
    uint32_t again = tick(store);
    atomic_flag_clear(&store->ticking);
    return again;
}
