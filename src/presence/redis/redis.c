/* The presence driver `redis`: who is on line, over many servers.
 *
 * Calls from reactors only note what is so and leave it to the driver's thread, which tells Redis,
 * of all that has changed meanwhile in one call, and again until Redis takes it; another thread
 * hears what other servers say (listener.c) and hands it to the first, so that one thread alone
 * tells of transitions. Every quarter of a lease that thread looks at all that is watched: so a
 * word that was lost, and a lease that ended, are told then. */
#include "presence/redis/redis_private.h"

#include <stdlib.h>

enum {
    LEASE_DEFAULT_MS = 45000,
    WORK_MAX = 65536,
    TICK_MS = 1000,
    LOOK_SOON_MS = 20,
    AGAIN_MS = 200 /* when Redis did not take what there was to say */
};

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

/* Those who are watched, or all of whom there is something to say; malloc'ed, NULL: no memory. */
static uint64_t *collect(struct par_presence__redis *p, bool watched, size_t *n_r)
{
    struct par_map_iter it;
    size_t n = 0;
    pthread_mutex_lock(&p->lock);
    uint64_t *users = malloc((par_map_count(&p->users) + 1) * sizeof *users);
    struct par_map_node *node = users ? par_map_first(&p->users, &it) : NULL;
    for (; node; node = par_map_next(&p->users, &it)) {
        const struct par_presence__user *u = PAR_CONTAINER(node, struct par_presence__user, node);
        if (u->watched || !watched)
            users[n++] = u->user;
    }
    pthread_mutex_unlock(&p->lock);
    *n_r = n;
    return users;
}

/* Says of these users what is so now; *begins_r (may be NULL) is set when a watch of one began. */
static enum par_err say(struct par_presence__redis *p, const uint64_t *users, size_t n,
                        bool *begins_r)
{
    struct par_presence__word words[PAR_PRESENCE__BATCH];
    pthread_mutex_lock(&p->saying);
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < n; i++) {
        const struct par_presence__user *u = find(p, users[i]);
        words[i] = (struct par_presence__word){users[i], u && u->said, u && u->watched};
        if (begins_r && u && u->watched && u->told < 0)
            *begins_r = true;
    }
    pthread_mutex_unlock(&p->lock);
    enum par_err err = par_presence__say(p, words, n);
    pthread_mutex_unlock(&p->saying);
    return err;
}

static enum par_err redis_beat(void *driver)
{
    struct par_presence__redis *p = driver;
    size_t count;
    uint64_t *users = collect(p, false, &count);
    enum par_err err = users ? PAR_OK : PAR_E_UNAVAILABLE;
    for (size_t first = 0; !err && first < count; first += PAR_PRESENCE__BATCH) {
        size_t n = count - first < PAR_PRESENCE__BATCH ? count - first : PAR_PRESENCE__BATCH;
        err = say(p, users + first, n, NULL);
    }
    free(users);
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

/* What was taken from the mailbox and is not done yet. */
struct backlog {
    struct par_msg *msgs;
    uint64_t users[PAR_PRESENCE__BATCH]; /* of whom something is to be said */
    size_t count;
};

static void sort(struct par_presence__redis *p, struct backlog *b)
{
    while (b->msgs && b->count < PAR_PRESENCE__BATCH) {
        struct par_presence__work *work = PAR_CONTAINER(b->msgs, struct par_presence__work, msg);
        b->msgs = par_msg_next(b->msgs);
        if (work->heard >= 0)
            tell(p, work->user, work->heard);
        else
            b->users[b->count++] = work->user;
        free(work);
    }
}

/* Until Redis does not take it: the rest is kept, since what is not said ends only with a lease. */
static void work_off(struct par_presence__redis *p, struct backlog *b, bool *begins_r)
{
    do {
        sort(p, b);
        if (b->count && say(p, b->users, b->count, begins_r))
            return;
        b->count = 0;
    } while (b->msgs);
}

static void free_all(struct par_msg *msg)
{
    for (struct par_msg *next; msg; msg = next) {
        next = par_msg_next(msg);
        free(PAR_CONTAINER(msg, struct par_presence__work, msg));
    }
}

static void work_on(void *arg)
{
    struct par_presence__redis *p = arg;
    struct backlog backlog = {0};
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
        if (backlog.count)
            par_pause(&p->closing, AGAIN_MS);
        else
            backlog.msgs = par_mailbox_wait(&p->mailbox, next > now ? (int64_t)(next - now) : 0);
        bool begins = false;
        work_off(p, &backlog, &begins);
        if (begins && look_ms > par_mono_ms() + LOOK_SOON_MS)
            look_ms = par_mono_ms() + LOOK_SOON_MS;
    }
    free_all(backlog.msgs);
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
    free_all(par_mailbox_fini(&p->mailbox));
    for (struct par_map_node *n = par_map_first(&p->users, &it); n;
         n = par_map_next(&p->users, &it))
        free(PAR_CONTAINER(n, struct par_presence__user, node));
    par_map_fini(&p->users);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->saying);
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
    pthread_mutex_init(&p->saying, NULL);
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
