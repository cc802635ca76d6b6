/* The route driver for tests: the local one, whose calls fail when told to. */
#include "route/driver.h"

#include <stdatomic.h>
#include <stdlib.h>

struct fail {
    void *inner;
    struct {
        atomic_uint left;
        _Atomic(enum par_err) err;
    } fault[PAR_ROUTE_FAULTS];
};

/* What the next call of this operation answers; PAR_OK: it is done. */
static enum par_err due(struct fail *f, enum par_route_fault fault)
{
    unsigned left = atomic_load(&f->fault[fault].left);
    while (left && left != UINT32_MAX)
        if (atomic_compare_exchange_weak(&f->fault[fault].left, &left, left - 1))
            break;
    return left ? atomic_load(&f->fault[fault].err) : PAR_OK;
}

static enum par_err fail_open(const struct par_route_config *config, void **state_r)
{
    struct fail *f = calloc(1, sizeof *f);
    if (!f)
        return PAR_E_UNAVAILABLE;
    enum par_err err = par_route__local.open(config, &f->inner);
    if (err != PAR_OK) {
        free(f);
        return err;
    }
    *state_r = f;
    return PAR_OK;
}

static void fail_close(void *state)
{
    struct fail *f = state;
    par_route__local.close(f->inner);
    free(f);
}

static enum par_err fail_add(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct fail *f = state;
    enum par_err err = due(f, PAR_ROUTE_FAULT_REGISTER);
    return err != PAR_OK ? err : par_route__local.add(f->inner, user, server, boot);
}

static enum par_err fail_remove(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct fail *f = state;
    enum par_err err = due(f, PAR_ROUTE_FAULT_UNREGISTER);
    return err != PAR_OK ? err : par_route__local.remove(f->inner, user, server, boot);
}

static enum par_err fail_lookup(void *state, const uint64_t *users, size_t count,
                                struct par_route_hits *hits)
{
    struct fail *f = state;
    enum par_err err = due(f, PAR_ROUTE_FAULT_LOOKUP);
    return err != PAR_OK ? err : par_route__local.lookup(f->inner, users, count, hits);
}

static void fail_gauges(void *state, struct par_route_stats *stats)
{
    par_route__local.gauges(((struct fail *)state)->inner, stats);
}

static void fail_set(void *state, enum par_route_fault fault, enum par_err err, uint32_t count)
{
    struct fail *f = state;
    atomic_store(&f->fault[fault].err, err);
    atomic_store(&f->fault[fault].left, count);
}

const struct par_route_ops par_route__fail = {
    .name = "fail",
    .open = fail_open,
    .close = fail_close,
    .add = fail_add,
    .remove = fail_remove,
    .lookup = fail_lookup,
    .gauges = fail_gauges,
    .fail = fail_set,
};
