/* The simulated store as a whole: made, opened, and what a world does to it. */
#include "sim/engine/store_private.h"

#include <stdlib.h>

struct sim_store *sim_store__current;

struct sim_store *sim_store_new(const struct sim_store_plan *plan)
{
    struct sim_store *store = calloc(1, sizeof *store);
    PAR_ASSERT(store != NULL && sim_store__current == NULL);
    store->plan = *plan;
    store->landings.before = store->landings.after = &store->landings;
    store->wal_end = &store->wal;
    sim_random_init(&store->random, "store", 0);
    store->wal_end = &store->wal;
    par_store__extra = plan->by_rows ? &sim_store__by_rows : &sim_store__whole;
    sim_store__current = store;
    return store;
}

void sim_store_set_plan(struct sim_store *store, const struct sim_store_plan *plan)
{
    sim_engine_enter();
    PAR_ASSERT(plan->by_rows == store->plan.by_rows);
    store->plan = *plan;
    sim_engine_leave();
}

void sim_store_outage(struct sim_store *store, uint64_t ns)
{
    sim_engine_enter();
    store->down_ns = sim_now_ns() + ns;
    sim_fault(SIM_FAULT_STORE_STALL, "all of it");
    sim_engine_leave();
}

size_t sim_store_landing(const struct sim_store *store)
{
    return store->landing_rows;
}

size_t sim_store_rows(const struct sim_store *store, enum par_table table)
{
    size_t n = 0;
    sim_engine_enter();
    for (size_t i = 0; i < store->tables[table].count; i++)
        n += sim_store__visible(store->tables[table].row[i]);
    sim_engine_leave();
    return n;
}

bool sim_store__due(struct sim_store *store, uint32_t ppm)
{
    return ppm > 0 && !sim_healed() && sim_random_ppm(&store->random, ppm);
}

void sim_store_next(struct sim_store *store, enum par_outcome outcome, uint64_t lands,
                    enum sim_store_rest rest)
{
    sim_engine_enter();
    PAR_ASSERT(store->order_count < SIM_STORE_ORDERS_MAX);
    store->orders[store->order_count++] = (struct sim_store_order){outcome, lands, rest};
    sim_engine_leave();
}

bool sim_store__order(struct sim_store *store, struct sim_store_order *order_r)
{
    if (store->order_count == 0)
        return false;
    *order_r = store->orders[0];
    store->order_count--;
    memmove(store->orders, store->orders + 1, store->order_count * sizeof store->orders[0]);
    return true;
}
