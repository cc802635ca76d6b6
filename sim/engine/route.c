/* The driver "sim" of the route family, on the simulated Redis.
 *
 * Keys: r user server -> boot (the route, with a lease); u server user -> boot (who was on a
 * server, until forgotten or bye); b server -> boot, time of the last beat; s server -> time at
 * which it last said that it serves. */
#include "sim/engine/redis_private.h"

#include <stdlib.h>

enum { LEASE_DEFAULT_MS = 45000, DEAD_DEFAULT_MS = 5000 };
#define MAX_ROUTES_DEFAULT ((size_t)16 << 20)

struct route {
    struct sim_redis *redis;
    struct sim_node *node;
    uint64_t lease_ns, dead_ns;
    size_t max;
    struct sim_rows own;    /* keys r that this server registered and has not removed */
    struct sim_rows left;   /* keys u of those who left and are kept in mind */
    struct sim_rows beaten; /* keys b that it has set, with the boot epoch */
};

static enum par_err route_open(const struct par_route_config *config, void **state_r)
{
    struct route *r = calloc(1, sizeof *r);
    PAR_ASSERT(r != NULL && sim_redis__current != NULL);
    r->redis = sim_redis__current;
    r->node = sim_node_current();
    r->lease_ns = (config->lease_ms > 0 ? config->lease_ms : LEASE_DEFAULT_MS) * SIM_MS;
    r->dead_ns = (config->dead_ms > 0 ? config->dead_ms : DEAD_DEFAULT_MS) * SIM_MS;
    r->max = config->max_routes > 0 ? config->max_routes : MAX_ROUTES_DEFAULT;
    *state_r = r;
    return PAR_OK;
}

static void route_close(void *state)
{
    struct route *r = state;
    sim_rows_clear(&r->own);
    sim_rows_clear(&r->left);
    sim_rows_clear(&r->beaten);
    free(r);
}

static uint64_t value_of(const struct sim_row *row)
{
    return row != NULL ? sim_redis__number(sim_bytes_str(row->value), 0) : 0;
}

static void keep_in_mind(struct route *r, struct sim_rows *db, uint64_t user, uint64_t server,
                         uint64_t boot)
{
    struct sim_key key = sim_redis__key('u', server, user), value = sim_redis__value(boot);
    if (value_of(sim_redis__get(db, sim_key_str(&key))) <= boot)
        sim_redis__set(r->redis, db, sim_key_str(&key), sim_key_str(&value), 0);
}

/* The script that registers: a newer boot epoch stays. */
static void add_route(struct route *r, struct sim_rows *db, uint64_t user, uint64_t server,
                      uint64_t boot)
{
    struct sim_key key = sim_redis__key('r', user, server);
    struct sim_key value = sim_redis__value(boot);
    if (value_of(sim_redis__get(db, sim_key_str(&key))) <= boot)
        sim_redis__set(r->redis, db, sim_key_str(&key), sim_key_str(&value), r->lease_ns);
    keep_in_mind(r, db, user, server, boot);
}

static void remove_route(struct route *r, struct sim_rows *db, uint64_t user, uint64_t server,
                         uint64_t boot)
{
    struct sim_key key = sim_redis__key('r', user, server);
    if (value_of(sim_redis__get(db, sim_key_str(&key))) == boot)
        sim_redis__del(r->redis, db, sim_key_str(&key));
}

static void forget_user(struct route *r, struct sim_rows *db, uint64_t user, uint64_t server,
                        uint64_t boot)
{
    struct sim_key key = sim_redis__key('u', server, user);
    struct sim_key route = sim_redis__key('r', user, server);
    if (value_of(sim_redis__get(db, sim_key_str(&key))) <= boot &&
        sim_redis__get(db, sim_key_str(&route)) == NULL)
        sim_redis__del(r->redis, db, sim_key_str(&key));
}

/* Takes a row out; false: there is none, or one of another boot epoch. */
static bool take_row(struct sim_rows *rows, const struct sim_key *key, uint64_t boot)
{
    size_t at = sim_rows_seek(rows, sim_key_str(key));
    bool found = at < rows->count &&
                 par_str_eq(sim_bytes_str(rows->row[at]->key), sim_key_str(key)) &&
                 value_of(rows->row[at]) == boot;
    if (found)
        sim_rows_remove(rows, at);
    return found;
}

static enum par_err route_add(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct route *r = state;
    enum par_err err = PAR_E_OVERLOADED;
    bool answered;
    sim_engine_enter();
    struct sim_key key = sim_redis__key('r', user, server), value = sim_redis__value(boot);
    struct sim_row *own = sim_rows_find(&r->own, sim_key_str(&key));
    if (own == NULL && r->own.count >= r->max)
        goto out;
    if (own == NULL)
        own = sim_rows_make(&r->own, sim_key_str(&key));
    if (own->value == NULL || value_of(own) < boot)
        sim_row_set(own, sim_key_str(&value));
    struct sim_key left = sim_redis__key('u', server, user);
    (void)take_row(&r->left, &left, boot);
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    if (db != NULL)
        add_route(r, db, user, server, boot);
    err = sim_redis__end(r->redis, r->node, db, answered);
out:
    sim_engine_leave();
    return err;
}

static enum par_err route_remove(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct route *r = state;
    bool answered;
    sim_engine_enter();
    struct sim_key key = sim_redis__key('r', user, server);
    struct sim_key left = sim_redis__key('u', server, user), value = sim_redis__value(boot);
    if (take_row(&r->own, &key, boot))
        sim_row_set(sim_rows_make(&r->left, sim_key_str(&left)), sim_key_str(&value));
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    if (db != NULL)
        remove_route(r, db, user, server, boot);
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    return err;
}

static enum par_err route_forget(void *state, const uint64_t *users, size_t count, uint64_t server,
                                 uint64_t boot)
{
    struct route *r = state;
    bool answered;
    sim_engine_enter();
    for (size_t i = 0; i < count; i++) {
        struct sim_key left = sim_redis__key('u', server, users[i]);
        (void)take_row(&r->left, &left, boot);
    }
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    for (size_t i = 0; i < count && db != NULL; i++)
        forget_user(r, db, users[i], server, boot);
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    return err;
}

static enum par_err route_lookup(void *state, const uint64_t *users, size_t count,
                                 struct par_route_hits *hits)
{
    struct route *r = state;
    struct sim_row *row;
    bool answered, ok = true;
    sim_engine_enter();
    sim_sleep_ns(sim_delay_ns(r->node, SIM_REDIS));
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    for (size_t i = 0; i < count && db != NULL && ok; i++) {
        struct sim_key prefix = sim_redis__prefix('r', users[i]);
        for (size_t at = SIZE_MAX;
             ok && (row = sim_redis__next(db, sim_key_str(&prefix), &at)) != NULL;)
            ok = par_route__hit(hits, (uint32_t)i, sim_redis__number(sim_bytes_str(row->key), 9),
                                value_of(row));
    }
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    return ok ? err : PAR_E_UNAVAILABLE;
}

static void route_gauges(void *state, struct par_route_stats *stats)
{
    struct route *r = state;
    sim_engine_enter();
    stats->routes = r->own.count;
    stats->max_routes = r->max;
    stats->bytes = sizeof *r + r->own.count * sizeof(struct sim_row);
    sim_engine_leave();
}

/* ---- the ring ---- */

static void set_beat(struct route *r, struct sim_rows *db, uint64_t server, uint64_t boot)
{
    struct sim_key key = sim_redis__prefix('b', server);
    struct sim_key value = sim_redis__value(boot), now = sim_redis__value(sim_now_ns());
    memcpy(value.bytes + value.len, now.bytes, now.len);
    value.len += now.len;
    sim_redis__set(r->redis, db, sim_key_str(&key), sim_key_str(&value), 0);
}

static bool renew(struct route *r, struct sim_rows *db)
{
    bool lost = false;
    for (size_t i = 0; i < r->own.count; i++) {
        struct par_str key = sim_bytes_str(r->own.row[i]->key);
        uint64_t boot = value_of(r->own.row[i]);
        lost |= value_of(sim_redis__get(db, key)) < boot;
        add_route(r, db, sim_redis__number(key, 1), sim_redis__number(key, 9), boot);
    }
    for (size_t i = 0; i < r->left.count; i++) {
        struct par_str key = sim_bytes_str(r->left.row[i]->key);
        keep_in_mind(r, db, sim_redis__number(key, 9), sim_redis__number(key, 1),
                     value_of(r->left.row[i]));
    }
    return lost;
}

static enum par_err route_beat(void *state, uint64_t server, uint64_t boot, bool *lost_r)
{
    struct route *r = state;
    bool answered, lost = false;
    sim_engine_enter();
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    if (db != NULL) {
        struct sim_key key = sim_redis__prefix('b', server);
        uint64_t was = value_of(sim_redis__get(db, sim_key_str(&key)));
        struct sim_row *beaten = sim_rows_make(&r->beaten, sim_key_str(&key));
        struct sim_key value = sim_redis__value(boot);
        lost = beaten->value != NULL && value_of(beaten) == boot && was != boot;
        /* A newer life of the same server is not put back. */
        if (was <= boot)
            set_beat(r, db, server, boot);
        lost |= renew(r, db);
        if (answered)
            sim_row_set(beaten, sim_key_str(&value));
    }
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    *lost_r = err == PAR_OK && lost;
    return err;
}

static enum par_err route_serve(void *state, uint64_t server, bool serves, unsigned *others_r)
{
    struct route *r = state;
    struct sim_row *row;
    bool answered;
    unsigned others = 0;
    sim_engine_enter();
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    if (db != NULL) {
        struct sim_key key = sim_redis__prefix('s', server), kind = sim_redis__kind('s');
        struct sim_key now = sim_redis__value(sim_now_ns());
        if (serves)
            sim_redis__set(r->redis, db, sim_key_str(&key), sim_key_str(&now), r->dead_ns / 2);
        else if (sim_redis__get(db, sim_key_str(&key)) != NULL)
            sim_redis__del(r->redis, db, sim_key_str(&key));
        for (size_t at = SIZE_MAX; (row = sim_redis__next(db, sim_key_str(&kind), &at)) != NULL;)
            others += sim_redis__number(sim_bytes_str(row->key), 1) != server;
    }
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    if (err == PAR_OK)
        *others_r = others;
    return err;
}

static enum par_err route_bye(void *state, uint64_t server, uint64_t boot)
{
    struct route *r = state;
    bool answered;
    sim_engine_enter();
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    if (db != NULL) {
        struct sim_key key = sim_redis__prefix('b', server);
        struct sim_key prefix = sim_redis__prefix('u', server);
        struct sim_row *row = sim_redis__get(db, sim_key_str(&key));
        if (row != NULL && value_of(row) <= boot)
            sim_redis__del(r->redis, db, sim_key_str(&key));
        for (size_t at = SIZE_MAX;
             (row = sim_redis__next(db, sim_key_str(&prefix), &at)) != NULL;) {
            if (value_of(row) > boot)
                continue;
            struct sim_bytes *gone = sim_bytes_ref(row->key);
            sim_redis__del(r->redis, db, sim_bytes_str(gone));
            sim_bytes_unref(&gone);
            at--;
        }
    }
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    return err;
}

static enum par_err route_dead(void *state, uint64_t server, uint64_t *server_r, uint64_t *boot_r)
{
    struct route *r = state;
    struct sim_row *row, *next = NULL, *first = NULL;
    bool answered;
    sim_engine_enter();
    sim_sleep_ns(sim_delay_ns(r->node, SIM_REDIS));
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    uint64_t dead = 0, boot = 0;
    if (db != NULL) {
        struct sim_key kind = sim_redis__kind('b');
        for (size_t at = SIZE_MAX; (row = sim_redis__next(db, sim_key_str(&kind), &at)) != NULL;) {
            uint64_t id = sim_redis__number(sim_bytes_str(row->key), 1);
            if (id != server && first == NULL)
                first = row;
            if (id > server && next == NULL)
                next = row;
        }
        next = next != NULL ? next : first;
        if (next != NULL &&
            sim_redis__number(sim_bytes_str(next->value), 8) + r->dead_ns < sim_now_ns()) {
            dead = sim_redis__number(sim_bytes_str(next->key), 1);
            boot = value_of(next);
        }
    }
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    if (err == PAR_OK) {
        *server_r = dead;
        *boot_r = boot;
    }
    return err;
}

static enum par_err route_clear(void *state, uint64_t server, uint64_t boot, uint64_t **users_r,
                                size_t *count_r)
{
    struct route *r = state;
    struct sim_row *row;
    bool answered;
    size_t count = 0;
    uint64_t *users = NULL;
    sim_engine_enter();
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    if (db != NULL) {
        struct sim_key prefix = sim_redis__prefix('u', server);
        users = calloc(db->count + 1, sizeof *users);
        PAR_ASSERT(users != NULL);
        for (size_t at = SIZE_MAX; (row = sim_redis__next(db, sim_key_str(&prefix), &at)) != NULL;)
            if (value_of(row) <= boot)
                users[count++] = sim_redis__number(sim_bytes_str(row->key), 9);
        for (size_t i = 0; i < count; i++) {
            struct sim_key key = sim_redis__key('r', users[i], server);
            struct sim_row *route = sim_redis__get(db, sim_key_str(&key));
            if (route != NULL && value_of(route) <= boot)
                sim_redis__del(r->redis, db, sim_key_str(&key));
        }
    }
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    if (err != PAR_OK) {
        free(users);
        return err;
    }
    *users_r = users;
    *count_r = count;
    return PAR_OK;
}

static enum par_err route_boot(void *state, uint64_t server, uint64_t *boot_r)
{
    struct route *r = state;
    bool answered;
    sim_engine_enter();
    sim_sleep_ns(sim_delay_ns(r->node, SIM_REDIS));
    struct sim_rows *db = sim_redis__begin(r->redis, r->node, &answered);
    struct sim_key key = sim_redis__prefix('b', server);
    uint64_t boot = db != NULL ? value_of(sim_redis__get(db, sim_key_str(&key))) : 0;
    enum par_err err = sim_redis__end(r->redis, r->node, db, answered);
    sim_engine_leave();
    if (err == PAR_OK)
        *boot_r = boot;
    return err;
}

const struct par_route_ops sim_redis__route = {
    .name = "sim",
    .open = route_open,
    .close = route_close,
    .add = route_add,
    .remove = route_remove,
    .lookup = route_lookup,
    .gauges = route_gauges,
    .remote = true,
    .beat = route_beat,
    .serve = route_serve,
    .forget = route_forget,
    .bye = route_bye,
    .dead = route_dead,
    .clear = route_clear,
    .boot = route_boot,
};
