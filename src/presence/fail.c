/* The presence driver that fails when told to; otherwise it is the local one. */
#include "presence/presence_private.h"

#include <stdatomic.h>
#include <stdlib.h>

struct fail {
    void *local;
    _Atomic int err;
    _Atomic uint32_t count;
};

static void *fail_open(const struct par_presence_config *config)
{
    struct fail *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->local = par_presence__local.open(config);
    if (!f->local) {
        free(f);
        return NULL;
    }
    return f;
}

static void fail_close(void *driver)
{
    struct fail *f = driver;
    par_presence__local.close(f->local);
    free(f);
}

/* The error that this call is to answer with. */
static enum par_err planned(struct fail *f)
{
    uint32_t left = atomic_load(&f->count);
    while (left && left != UINT32_MAX && !atomic_compare_exchange_weak(&f->count, &left, left - 1))
        ;
    return left ? (enum par_err)atomic_load(&f->err) : PAR_OK;
}

static int fail_set(void *driver, uint64_t user, bool online, enum par_err *err_r)
{
    struct fail *f = driver;
    *err_r = planned(f);
    return *err_r ? -1 : par_presence__local.set(f->local, user, online, err_r);
}

static enum par_err fail_get(void *driver, const uint64_t *users, size_t count, bool *online_r)
{
    struct fail *f = driver;
    enum par_err err = planned(f);
    return err ? err : par_presence__local.get(f->local, users, count, online_r);
}

static uint64_t fail_users(const void *driver)
{
    const struct fail *f = driver;
    return par_presence__local.users(f->local);
}

static void fail_fail(void *driver, enum par_err err, uint32_t count)
{
    struct fail *f = driver;
    atomic_store(&f->err, (int)err);
    atomic_store(&f->count, count);
}

const struct par_presence_ops par_presence__fail = {
    .name = "fail",
    .open = fail_open,
    .close = fail_close,
    .set = fail_set,
    .get = fail_get,
    .users = fail_users,
    .fail = fail_fail,
};
