/* The driver `fail`: another driver, with failures as configured. What it answers after a failure
 * is what a database would: nothing may be written until it was reopened. */
#include "store/store_private.h"

#include <pthread.h>
#include <stdlib.h>

struct fail {
    const struct par_store__driver *inner;
    void *impl;
    pthread_mutex_t lock; /* of what follows */
    bool armed;           /* the store is open: what opening needs does not fail */
    struct par_store_fail set;
    uint64_t reads, commits, uncertain;
};

/* One word of the configuration: "name" or "name=number". */
static bool parse_word(struct par_str word, struct par_store_fail *fail, char *inner)
{
    const char *eq = memchr(word.ptr, '=', word.len);
    struct par_str name = word, value = {0};
    uint64_t number = 0;
    if (eq != NULL) {
        name.len = (size_t)(eq - word.ptr);
        value = par_str_of(eq + 1, word.len - name.len - 1);
    }
    if (par_str_is(name, "inner")) {
        if (value.len == 0 || value.len >= PAR_STORE_FAIL_INNER_MAX)
            return false;
        memcpy(inner, value.ptr, value.len);
        inner[value.len] = '\0';
        return true;
    }
    if (eq == NULL) {
        fail->unavailable |= par_str_is(name, "unavailable");
        fail->read_only |= par_str_is(name, "read_only");
        return par_str_is(name, "unavailable") || par_str_is(name, "read_only");
    }
    struct {
        const char *name;
        uint32_t *to;
    } const numbers[] = {{"fail_every", &fail->fail_every},
                         {"uncertain_every", &fail->uncertain_every},
                         {"read_every", &fail->read_every},
                         {"reopen_fails", &fail->reopen_fails}};
    if (!par_str_to_u64(value, &number) || number > UINT32_MAX)
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (par_str_is(name, numbers[i].name)) {
            *numbers[i].to = (uint32_t)number;
            return true;
        }
    }
    return false;
}

bool par_store_fail_parse(struct par_str text, struct par_store_fail *fail_r,
                          char inner_r[PAR_STORE_FAIL_INNER_MAX])
{
    *fail_r = (struct par_store_fail){0};
    strcpy(inner_r, "memory");
    for (size_t i = 0; i < text.len;) {
        size_t n = 0;
        while (i + n < text.len && text.ptr[i + n] != ' ' && text.ptr[i + n] != ',')
            n++;
        if (n > 0 && !parse_word(par_str_of(text.ptr + i, n), fail_r, inner_r))
            return false;
        i += n + 1;
    }
    return true;
}

static enum par_err fail_open(struct par_store_options *options, void **impl_r, bool *is_new_r,
                              struct par_buf *why_r)
{
    char inner[PAR_STORE_FAIL_INNER_MAX];
    struct par_store_fail set;
    *impl_r = NULL;
    if (!par_store_fail_parse(par_str(options->fail), &set, inner) ||
        par_store__driver(inner) == NULL || strcmp(inner, "fail") == 0) {
        if (why_r != NULL)
            par_buf_printf(why_r, "store.fail=%s: see store.fail in the documentation",
                           options->fail);
        return PAR_E_BAD_REQUEST;
    }
    struct fail *f = calloc(1, sizeof *f);
    if (f == NULL)
        return PAR_E_UNAVAILABLE;
    f->inner = par_store__driver(inner);
    if (f->inner->has_folder && options->path == NULL) {
        free(f);
        return PAR_E_BAD_REQUEST;
    }
    enum par_err err = f->inner->open(options, &f->impl, is_new_r, why_r);
    if (err != PAR_OK) {
        free(f);
        return err;
    }
    pthread_mutex_init(&f->lock, NULL);
    f->set = set;
    *impl_r = f;
    return PAR_OK;
}

static enum par_err fail_opened(void *impl, struct par_buf *why_r)
{
    struct fail *f = impl;
    f->armed = true;
    return f->inner->opened != NULL ? f->inner->opened(f->impl, why_r) : PAR_OK;
}

static void fail_close(void *impl)
{
    struct fail *f = impl;
    f->inner->close(f->impl);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static enum par_err fail_reopen(void *impl, struct par_buf *why_r)
{
    struct fail *f = impl;
    pthread_mutex_lock(&f->lock);
    bool refused = f->set.unavailable || f->set.reopen_fails > 0;
    if (f->set.reopen_fails > 0)
        f->set.reopen_fails--;
    pthread_mutex_unlock(&f->lock);
    if (refused) {
        par_buf_addz(why_r, "as configured");
        return PAR_E_UNAVAILABLE;
    }
    return f->inner->reopen != NULL ? f->inner->reopen(f->impl, why_r) : PAR_OK;
}

static bool read_fails(struct fail *f)
{
    pthread_mutex_lock(&f->lock);
    f->reads += f->armed;
    bool fails = f->armed && (f->set.unavailable ||
                              (f->set.read_every > 0 && f->reads % f->set.read_every == 0));
    pthread_mutex_unlock(&f->lock);
    return fails;
}

static enum par_err fail_read(void *impl, size_t n, const struct par_store_key *keys,
                              par_store__value_fn found, void *arg)
{
    struct fail *f = impl;
    return read_fails(f) ? PAR_E_UNAVAILABLE : f->inner->read(f->impl, n, keys, found, arg);
}

static enum par_err fail_scan(void *impl, enum par_table table, struct par_str start,
                              struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    struct fail *f = impl;
    return read_fails(f) ? PAR_E_UNAVAILABLE
                         : f->inner->scan(f->impl, table, start, end, limit, fn, arg);
}

static enum par_outcome fail_commit(void *impl, const struct par_batch *batch, bool sync)
{
    struct fail *f = impl;
    bool is_done = true;
    enum par_outcome outcome = PAR_OUTCOME_OK;
    pthread_mutex_lock(&f->lock);
    f->commits += f->armed;
    if (!f->armed) {
        is_done = true;
    } else if (f->set.unavailable || f->set.read_only ||
               (f->set.fail_every > 0 && f->commits % f->set.fail_every == 0)) {
        outcome = PAR_OUTCOME_FAILED;
        is_done = false;
    } else if (f->set.uncertain_every > 0 && f->commits % f->set.uncertain_every == 0) {
        outcome = PAR_OUTCOME_UNCERTAIN;
        is_done = f->uncertain++ % 2 == 1;
    }
    pthread_mutex_unlock(&f->lock);
    if (is_done) {
        enum par_outcome inner = f->inner->commit(f->impl, batch, sync);
        outcome = outcome == PAR_OUTCOME_OK ? inner : outcome;
    }
    return outcome;
}

static bool fail_writable(void *impl)
{
    struct fail *f = impl;
    pthread_mutex_lock(&f->lock);
    bool refused = f->set.unavailable || f->set.read_only;
    pthread_mutex_unlock(&f->lock);
    return !refused && (f->inner->writable == NULL || f->inner->writable(f->impl));
}

static void fail_stats(void *impl, struct par_store_stats *stats_r)
{
    struct fail *f = impl;
    if (f->inner->stats != NULL)
        f->inner->stats(f->impl, stats_r);
}

void par_store__fail_set(void *impl, const struct par_store_fail *fail)
{
    struct fail *f = impl;
    pthread_mutex_lock(&f->lock);
    f->set = *fail;
    f->reads = 0;
    f->commits = 0;
    pthread_mutex_unlock(&f->lock);
}

const struct par_store__driver par_store__fail = {
    .name = "fail",
    .open = fail_open,
    .opened = fail_opened,
    .close = fail_close,
    .reopen = fail_reopen,
    .read = fail_read,
    .scan = fail_scan,
    .commit = fail_commit,
    .writable = fail_writable,
    .stats = fail_stats,
};
