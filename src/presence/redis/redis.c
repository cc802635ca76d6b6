/* The presence driver `redis`: who is on line, over many servers.
 *
 * Calls from reactors only note what is so and leave it to the driver's thread, which tells Redis;
 * another thread hears what other servers say (listener.c) and hands it to the first, so that one
 * thread alone tells of transitions. Every quarter of a lease that thread looks at all that is
 * watched: so a word that was lost, and a lease that ended, are told then. */
#include "presence/redis/redis_private.h"

#include <stdlib.h>

enum { LEASE_DEFAULT_MS = 45000, WORK_MAX = 65536, TICK_MS = 1000, LOOK_SOON_MS = 20 };

static bool user_is(const struct par_map_node *node, const void *key, size_t len)
{
    (void)len;
    return PAR_CONTAINER(node, struct par_presence__user, node)->user == *(const uint64_t *)key;
}

static struct par_presence__user *find(struct par_presence__redis *p, uint64_t user)
{
    struct par_map_node *node = par_map_find_u64(&p->users, user);
    return node ? PAR_CONTAINER(node, struct par_presence__user, node) : NULL;
}

static struct par_presence__user *find_or_add(struct par_presence__redis *p, uint64_t user)
{
    struct par_presence__user *u = find(p, user);
    if (u)
        return u;
    u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->user = user;
    u->told = -1;
    if (!par_map_insert_u64(&p->users, &u->node, user)) {
        free(u);
        return NULL;
    }
    return u;
}

static void drop_if_unused(struct par_presence__redis *p, struct par_presence__user *u)
{
    if (u->said || u->watched)
        return;
    par_map_remove(&p->users, &u->node);
    free(u);
}

/* ---- calls of the server ---- */

static int redis_set(void *driver, uint64_t user, bool online, enum par_err *err_r)
{
    struct par_presence__redis *p = driver;
    int result = 0;
    pthread_mutex_lock(&p->lock);
    struct par_presence__user *u = online ? find_or_add(p, user) : find(p, user);
    if (online && (!u || (!u->said && p->said_count >= p->max_users))) {
        *err_r = PAR_E_OVERLOADED;
        result = -1;
    } else if (u && u->said != online) {
        u->said = online;
        p->said_count += online ? 1 : (size_t)-1;
    }
    if (u)
        drop_if_unused(p, u);
    pthread_mutex_unlock(&p->lock);
    if (result == 0)
        par_presence__post(p, user, -1);
    return result;
}

static void redis_watch(void *driver, uint64_t user, bool watched)
{
    struct par_presence__redis *p = driver;
    pthread_mutex_lock(&p->lock);
    struct par_presence__user *u = watched ? find_or_add(p, user) : find(p, user);
    if (u) {
        if (u->watched != watched)
            u->told = -1;
        u->watched = watched;
        drop_if_unused(p, u);
    }
    pthread_mutex_unlock(&p->lock);
    par_presence__post(p, user, -1);
}

static enum par_err redis_get(void *driver, const uint64_t *users, size_t count, bool *online_r)
{
    return par_presence__look(driver, users, count, online_r);
}

static uint64_t redis_users(const void *driver)
{
    struct par_presence__redis *p = (struct par_presence__redis *)driver;
    pthread_mutex_lock(&p->lock);
    uint64_t n = p->said_count;
    pthread_mutex_unlock(&p->lock);
    return n;
}

static void redis_gauges(const void *driver, struct par_presence_stats *stats)
{
    const struct par_presence__redis *p = driver;
    stats->waiting = par_mailbox_depth(&p->mailbox);
    stats->max_waiting = par_mailbox_limit(&p->mailbox);
    stats->refused = atomic_load(&p->refused);
}

static void redis_fail(void *driver, enum par_err err, uint32_t count)
{
    (void)driver;
    (void)err;
    (void)count;
}

static void redis_listen(void *driver, par_presence_change_fn fn, void *arg)
{
    struct par_presence__redis *p = driver;
    pthread_mutex_lock(&p->lock);
    p->fn = fn;
    p->fn_arg = arg;
    pthread_mutex_unlock(&p->lock);
}

/* Those of whom something is said, or who are watched; malloc'ed, NULL: no memory. */
static uint64_t *collect(struct par_presence__redis *p, bool watched, size_t *n_r)
{
    struct par_map_iter it;
    size_t n = 0;
    pthread_mutex_lock(&p->lock);
    uint64_t *users = malloc((par_map_count(&p->users) + 1) * sizeof *users);
    struct par_map_node *node = users ? par_map_first(&p->users, &it) : NULL;
    for (; node; node = par_map_next(&p->users, &it)) {
        const struct par_presence__user *u = PAR_CONTAINER(node, struct par_presence__user, node);
        if (watched ? u->watched : u->said)
            users[n++] = u->user;
    }
    pthread_mutex_unlock(&p->lock);
    *n_r = n;
    return users;
}

static enum par_err redis_beat(void *driver)
{
    struct par_presence__redis *p = driver;
    size_t n;
    uint64_t *said = collect(p, false, &n);
    enum par_err err = said ? par_presence__say(p, true, said, n) : PAR_E_UNAVAILABLE;
    free(said);
    uint64_t *watched = err ? NULL : collect(p, true, &n);
    if (!err)
        err = watched ? par_presence__watch(p, true, watched, n) : PAR_E_UNAVAILABLE;
    free(watched);
    return err;
}

/* ---- the driver's thread ---- */

static void tell(struct par_presence__redis *p, uint64_t user, bool online)
{
    pthread_mutex_lock(&p->lock);
    struct par_presence__user *u = find(p, user);
    bool news = u && u->watched && u->told != online && p->fn;
    if (news)
        u->told = online;
    par_presence_change_fn fn = p->fn;
    void *arg = p->fn_arg;
    pthread_mutex_unlock(&p->lock);
    if (news)
        fn(arg, user, online);
}

/* False: Redis cannot be read now. */
static bool look_at_all(struct par_presence__redis *p)
{
    size_t n;
    uint64_t *users = collect(p, true, &n);
    bool *online = calloc(n + 1, sizeof *online);
    bool ok = users && online && par_presence__look(p, users, n, online) == PAR_OK;
    for (size_t i = 0; ok && i < n; i++)
        tell(p, users[i], online[i]);
    free(users);
    free(online);
    return ok;
}

/* Tells Redis what is so now; true when a watch began. */
static bool do_work(struct par_presence__redis *p, const struct par_presence__work *work)
{
    if (work->heard >= 0) {
        tell(p, work->user, work->heard);
        return false;
    }
    pthread_mutex_lock(&p->lock);
    const struct par_presence__user *u = find(p, work->user);
    bool said = u && u->said, watched = u && u->watched, begins = watched && u->told < 0;
    pthread_mutex_unlock(&p->lock);
    /* What does not arrive is renewed by the next beat, or ends with its lease. */
    (void)!par_presence__say(p, said, &work->user, 1);
    (void)!par_presence__watch(p, watched, &work->user, 1);
    return begins;
}

static void work_on(void *arg)
{
    struct par_presence__redis *p = arg;
    uint64_t look_ms = par_mono_ms() + p->lease_ms / 4, tick_ms = 0;
    while (!atomic_load(&p->closing)) {
        uint64_t now = par_mono_ms();
        if (now >= tick_ms) {
            par_presence__tick(p);
            tick_ms = now + TICK_MS;
        }
        if (now >= look_ms)
            look_ms = par_mono_ms() + (look_at_all(p) ? p->lease_ms / 4 : TICK_MS);
        now = par_mono_ms();
        uint64_t next = look_ms < tick_ms ? look_ms : tick_ms;
        struct par_msg *msg = par_mailbox_wait(&p->mailbox, next > now ? (int64_t)(next - now) : 0);
        while (msg) {
            struct par_presence__work *work = PAR_CONTAINER(msg, struct par_presence__work, msg);
            msg = par_msg_next(msg);
            if (do_work(p, work) && look_ms > par_mono_ms() + LOOK_SOON_MS)
                look_ms = par_mono_ms() + LOOK_SOON_MS;
            free(work);
        }
    }
}

/* ---- life ---- */

static void redis_close(void *driver)
{
    struct par_presence__redis *p = driver;
    struct par_map_iter it;
    par_presence__wake_listener(p);
    par_mailbox_poke(&p->mailbox);
    par_thread_join(&p->worker);
    par_thread_join(&p->listener);
    for (struct par_msg *msg = par_mailbox_fini(&p->mailbox), *next; msg; msg = next) {
        next = par_msg_next(msg);
        free(PAR_CONTAINER(msg, struct par_presence__work, msg));
    }
    for (struct par_map_node *n = par_map_first(&p->users, &it); n;
         n = par_map_next(&p->users, &it))
        free(PAR_CONTAINER(n, struct par_presence__user, node));
    par_map_fini(&p->users);
    pthread_mutex_destroy(&p->lock);
    par_redis_free(&p->redis);
    free(p);
}

static void *redis_open(const struct par_presence_config *config)
{
    uint64_t seed[2];
    struct par_presence__redis *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    if (par_redis_new(config->redis, PAR_FAMILY_PRESENCE, &p->redis)) {
        free(p);
        return NULL;
    }
    p->server = par_redis_number(config->server);
    p->boot = par_redis_number(config->boot);
    p->lease_ms = config->lease_ms ? config->lease_ms : LEASE_DEFAULT_MS;
    p->max_users = config->max_users;
    p->channel_fd = -1;
    pthread_mutex_init(&p->lock, NULL);
    par_mailbox_init(&p->mailbox, WORK_MAX);
    par_random(seed, sizeof seed);
    par_map_init(&p->users, seed, user_is);
    if (par_thread_start("presence", work_on, p, &p->worker) ||
        par_thread_start("presence-hear", par_presence__listen, p, &p->listener)) {
        redis_close(p);
        return NULL;
    }
    return p;
}

const struct par_presence_ops par_presence__redis = {
    .name = "redis",
    .open = redis_open,
    .close = redis_close,
    .set = redis_set,
    .get = redis_get,
    .users = redis_users,
    .fail = redis_fail,
    .remote = true,
    .listen = redis_listen,
    .beat = redis_beat,
    .watch = redis_watch,
    .gauges = redis_gauges,
};
