/* The driver "sim" of the presence family, on the simulated Redis.
 *
 * Keys: p user server -> boot (the server says that the user is on line, with a lease); w user
 * server (the server is to be told of the user, with a lease). A transition is published to the
 * channels of the servers that watch, and comes on a thread of the driver, which also looks at
 * what it watches each quarter of a lease: so a message that was lost, and a lease that ended, are
 * told then. */
#include "sim/engine/redis_private.h"

#include "loop/env.h"

#include <stdlib.h>

enum { LEASE_DEFAULT_MS = 45000 };

struct message {
    struct message *next;
    uint64_t server, user;
    bool online;
};

struct sim_presence {
    struct sim_presence *next;
    struct sim_redis *redis;
    struct sim_node *node;
    unsigned life;
    uint64_t server, boot, lease_ns;
    size_t max_users;
    struct sim_rows said;    /* keys p of this server */
    struct sim_rows watched; /* keys w; the value is what was told last: 0, 1; 2: nothing */
    struct message *first, **last;
    uint64_t look_ns; /* at all that is watched, then */
    struct sim_waiters waiters;
    struct par_thread *thread;
    bool closing;
    par_presence_change_fn fn;
    void *fn_arg;
};

static bool live(const struct sim_rows *db, uint64_t user)
{
    struct sim_key prefix = sim_redis__prefix('p', user);
    size_t at = SIZE_MAX;
    return sim_redis__next(db, sim_key_str(&prefix), &at) != NULL;
}

/* ---- publishing ---- */

static struct sim_presence *listener(struct sim_redis *redis, uint64_t server)
{
    for (struct sim_presence *p = redis->listeners; p != NULL; p = p->next)
        if (p->server == server)
            return p;
    return NULL;
}

/* A message comes to a server that is still subscribed; a cut loses it. */
static void arrive(void *arg)
{
    struct message *m = arg;
    struct sim_redis *redis = sim_redis__current;
    struct sim_presence *p = redis != NULL ? listener(redis, m->server) : NULL;
    if (p == NULL || !sim_reaches(p->node, SIM_REDIS)) {
        free(m);
        return;
    }
    m->next = NULL;
    *p->last = m;
    p->last = &m->next;
    sim_wake_all(&p->waiters);
}

static void publish(struct sim_redis *redis, const struct sim_rows *db, uint64_t user, bool online)
{
    struct sim_key prefix = sim_redis__prefix('w', user);
    struct sim_row *row;
    for (size_t at = SIZE_MAX; (row = sim_redis__next(db, sim_key_str(&prefix), &at)) != NULL;) {
        uint64_t server = sim_redis__number(sim_bytes_str(row->key), 9);
        struct sim_presence *p = listener(redis, server);
        if (p == NULL)
            continue;
        if (sim_redis__due(redis, redis->plan.message_lost_ppm)) {
            sim_fault(SIM_FAULT_REDIS_MESSAGE_LOST, "");
            continue;
        }
        struct message *m = calloc(1, sizeof *m);
        PAR_ASSERT(m != NULL);
        *m = (struct message){.server = server, .user = user, .online = online};
        uint64_t when = sim_now_ns() + sim_delay_ns(p->node, SIM_REDIS);
        if (sim_redis__due(redis, redis->plan.message_late_ppm))
            when += sim_random_in(&redis->random, 1, redis->plan.message_late_ns);
        if (when > sim_now_ns())
            sim_at_ns(when, arrive, m);
        else
            arrive(m);
    }
}

/* The script of `online`: sets the lease, and publishes when nobody said so before. */
static void say_online(struct sim_presence *p, struct sim_rows *db, uint64_t user)
{
    struct sim_key key = sim_redis__key('p', user, p->server);
    struct sim_key value = sim_redis__value(p->boot);
    bool was = live(db, user);
    sim_redis__set(p->redis, db, sim_key_str(&key), sim_key_str(&value), p->lease_ns);
    if (!was)
        publish(p->redis, db, user, true);
}

/* And of `offline`: only of the same life. */
static void say_offline(struct sim_presence *p, struct sim_rows *db, uint64_t user)
{
    struct sim_key key = sim_redis__key('p', user, p->server);
    struct sim_row *row = sim_redis__get(db, sim_key_str(&key));
    if (row == NULL || sim_redis__number(sim_bytes_str(row->value), 0) > p->boot)
        return;
    sim_redis__del(p->redis, db, sim_key_str(&key));
    if (!live(db, user))
        publish(p->redis, db, user, false);
}

static void say_watch(struct sim_presence *p, struct sim_rows *db, struct par_str key, bool watched)
{
    if (watched)
        sim_redis__set(p->redis, db, key, PAR_STR(""), p->lease_ns);
    else
        sim_redis__del(p->redis, db, key);
}

/* ---- the driver ---- */

static int presence_set(void *driver, uint64_t user, bool online, enum par_err *err_r)
{
    struct sim_presence *p = driver;
    int result = 0;
    bool answered;
    sim_engine_enter();
    struct sim_key key = sim_redis__key('p', user, p->server);
    size_t at = sim_rows_seek(&p->said, sim_key_str(&key));
    bool said =
        at < p->said.count && par_str_eq(sim_bytes_str(p->said.row[at]->key), sim_key_str(&key));
    if (online && !said && p->said.count >= p->max_users) {
        *err_r = PAR_E_OVERLOADED;
        result = -1;
        goto out;
    }
    if (online && !said)
        sim_rows_make(&p->said, sim_key_str(&key));
    else if (!online && said)
        sim_rows_remove(&p->said, at);
    struct sim_rows *db = sim_redis__begin(p->redis, p->node, &answered);
    if (db != NULL && online)
        say_online(p, db, user);
    else if (db != NULL)
        say_offline(p, db, user);
out:
    sim_engine_leave();
    return result;
}

static enum par_err presence_get(void *driver, const uint64_t *users, size_t count, bool *online_r)
{
    struct sim_presence *p = driver;
    bool answered;
    sim_engine_enter();
    sim_sleep_ns(sim_delay_ns(p->node, SIM_REDIS));
    struct sim_rows *db = sim_redis__begin(p->redis, p->node, &answered);
    for (size_t i = 0; i < count && db != NULL; i++)
        online_r[i] = live(db, users[i]);
    enum par_err err = sim_redis__end(p->redis, p->node, db, answered);
    sim_engine_leave();
    return err;
}

static uint64_t presence_users(const void *driver)
{
    return ((const struct sim_presence *)driver)->said.count;
}

static void presence_fail(void *driver, enum par_err err, uint32_t count)
{
    (void)driver;
    (void)err;
    (void)count;
}

static void presence_listen(void *driver, par_presence_change_fn fn, void *arg)
{
    struct sim_presence *p = driver;
    p->fn = fn;
    p->fn_arg = arg;
}

static enum par_err presence_beat(void *driver)
{
    struct sim_presence *p = driver;
    bool answered;
    sim_engine_enter();
    struct sim_rows *db = sim_redis__begin(p->redis, p->node, &answered);
    for (size_t i = 0; i < p->said.count && db != NULL; i++)
        say_online(p, db, sim_redis__number(sim_bytes_str(p->said.row[i]->key), 1));
    for (size_t i = 0; i < p->watched.count && db != NULL; i++)
        say_watch(p, db, sim_bytes_str(p->watched.row[i]->key), true);
    enum par_err err = sim_redis__end(p->redis, p->node, db, answered);
    sim_engine_leave();
    return err;
}

static void presence_watch(void *driver, uint64_t user, bool watched)
{
    struct sim_presence *p = driver;
    bool answered;
    sim_engine_enter();
    struct sim_key key = sim_redis__key('w', user, p->server);
    size_t at = sim_rows_seek(&p->watched, sim_key_str(&key));
    bool there = at < p->watched.count &&
                 par_str_eq(sim_bytes_str(p->watched.row[at]->key), sim_key_str(&key));
    if (watched && !there) {
        struct sim_row *row = sim_rows_make(&p->watched, sim_key_str(&key));
        row->version = 2;
        p->look_ns = 0;
        sim_wake_all(&p->waiters);
    } else if (!watched && there) {
        sim_rows_remove(&p->watched, at);
    }
    struct sim_rows *db = sim_redis__begin(p->redis, p->node, &answered);
    if (db != NULL)
        say_watch(p, db, sim_key_str(&key), watched);
    sim_engine_leave();
}

/* ---- its thread ---- */

static void tell(struct sim_presence *p, uint64_t user, bool online)
{
    struct sim_key key = sim_redis__key('w', user, p->server);
    struct sim_row *row = sim_rows_find(&p->watched, sim_key_str(&key));
    if (row == NULL || row->version == online || p->fn == NULL)
        return;
    row->version = online;
    sim_engine_leave();
    p->fn(p->fn_arg, user, online);
    sim_engine_enter();
}

/* What is watched, as it is now. */
static void look(struct sim_presence *p)
{
    bool answered;
    sim_sleep_ns(sim_delay_ns(p->node, SIM_REDIS));
    struct sim_rows *db = sim_redis__begin(p->redis, p->node, &answered);
    if (db == NULL || !answered || p->closing)
        return;
    for (size_t i = 0; i < p->watched.count; i++) {
        uint64_t user = sim_redis__number(sim_bytes_str(p->watched.row[i]->key), 1);
        tell(p, user, live(db, user));
    }
}

static void turn(struct sim_presence *p)
{
    while (p->first != NULL && !p->closing) {
        struct message *m = p->first;
        p->first = m->next;
        if (p->first == NULL)
            p->last = &p->first;
        tell(p, m->user, m->online);
        free(m);
    }
    if (sim_now_ns() >= p->look_ns && !p->closing) {
        p->look_ns = sim_now_ns() + p->lease_ns / 4;
        look(p);
    }
}

static void presence_thread(void *arg)
{
    struct sim_presence *p = arg;
    sim_engine_enter();
    while (!p->closing) {
        turn(p);
        uint64_t now = sim_now_ns();
        if (!p->closing && p->first == NULL && p->look_ns > now)
            (void)sim_wait(&p->waiters, p->look_ns - now);
    }
    sim_engine_leave();
}

void sim_presence_turn(struct sim_redis *redis, uint64_t server)
{
    sim_engine_enter();
    struct sim_presence *p = listener(redis, server);
    if (p != NULL)
        turn(p);
    sim_engine_leave();
}

static void *presence_open(const struct par_presence_config *config)
{
    struct sim_presence *p = calloc(1, sizeof *p);
    PAR_ASSERT(p != NULL && sim_redis__current != NULL);
    sim_engine_enter();
    p->redis = sim_redis__current;
    p->node = sim_node_current();
    p->life = sim_node_life(p->node);
    p->server = config->server;
    p->boot = config->boot;
    p->lease_ns = (config->lease_ms > 0 ? config->lease_ms : LEASE_DEFAULT_MS) * SIM_MS;
    p->max_users = config->max_users;
    p->last = &p->first;
    p->next = p->redis->listeners;
    p->redis->listeners = p;
    bool threads = !p->redis->plan.no_thread;
    sim_engine_leave();
    if (threads && par_thread_start("presence", presence_thread, p, &p->thread) != PAR_OK)
        return NULL;
    return p;
}

static void take_off(struct sim_presence *p)
{
    struct sim_presence **at = &p->redis->listeners;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
}

static void presence_close(void *driver)
{
    struct sim_presence *p = driver;
    sim_engine_enter();
    p->closing = true;
    sim_wake_all(&p->waiters);
    sim_engine_leave();
    if (p->thread != NULL)
        par_thread_join(&p->thread);
    sim_engine_enter();
    take_off(p);
    while (p->first != NULL) {
        struct message *m = p->first;
        p->first = m->next;
        free(m);
    }
    sim_rows_clear(&p->said);
    sim_rows_clear(&p->watched);
    sim_engine_leave();
    free(p);
}

/* Its memory stays: its fibers hang on it. */
void sim_redis__presence_gone(struct sim_redis *redis, const struct sim_node *node, unsigned life)
{
    for (struct sim_presence *p = redis->listeners, *next; p != NULL; p = next) {
        next = p->next;
        if (p->node == node && p->life == life)
            take_off(p);
    }
}

const struct par_presence_ops sim_redis__presence = {
    .name = "sim",
    .open = presence_open,
    .close = presence_close,
    .set = presence_set,
    .get = presence_get,
    .users = presence_users,
    .fail = presence_fail,
    .remote = true,
    .listen = presence_listen,
    .beat = presence_beat,
    .watch = presence_watch,
};
