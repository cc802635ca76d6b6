/* Engines of a cluster in the memory of one test process: what they share, presence, the store. */
#include "engines_private.h"

#include "conv/delivery_codec.h"
#include "store/store_private.h"

struct test_world test_world;

size_t test_place(uint64_t server)
{
    size_t i = 0;
    while (i < TEST_SERVERS && world.inbox_of[i] && world.inbox_of[i] != server)
        i++;
    PAR_ASSERT(i < TEST_SERVERS);
    world.inbox_of[i] = server;
    return i;
}

bool test_is_cut(uint64_t server)
{
    return world.cut[test_place(server)];
}

bool test_is_cut_from_log(uint64_t server)
{
    return test_is_cut(server) || world.cut_log[test_place(server)];
}

bool test_is_cut_from_routes(uint64_t server)
{
    return test_is_cut(server) || world.cut_route[test_place(server)];
}

void test_append(struct log *log, struct par_str bytes)
{
    if (!log->records) {
        log->records = calloc(LOG_MAX, sizeof *log->records);
        log->times = calloc(LOG_MAX, sizeof *log->times);
    }
    PAR_ASSERT(log->count < LOG_MAX);
    par_buf_add_str(&log->records[log->count], bytes);
    log->times[log->count++] = par_wall_ms();
}

static void free_log(struct log *log)
{
    for (size_t i = 0; i < log->count; i++)
        par_buf_fini(&log->records[i]);
    free(log->records);
    free(log->times);
}

/* ---- presence ---- */

static void *presence_open(const struct par_presence_config *config)
{
    struct presence *p = calloc(1, sizeof *p);
    p->server = config->server;
    pthread_mutex_lock(&world.lock);
    world.presences[test_place(p->server)] = p;
    pthread_mutex_unlock(&world.lock);
    return p;
}

static void presence_close(void *driver)
{
    struct presence *p = driver;
    pthread_mutex_lock(&world.lock);
    world.presences[test_place(p->server)] = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < world.says_count; i++)
        if (world.says[i].server != p->server)
            world.says[kept++] = world.says[i];
    world.says_count = kept;
    pthread_mutex_unlock(&world.lock);
    free(p);
}

static bool on_line(uint64_t user)
{
    for (size_t i = 0; i < world.says_count; i++)
        if (world.says[i].user == user)
            return true;
    return false;
}

static int presence_set(void *driver, uint64_t user, bool online, enum par_err *err_r)
{
    struct presence *p = driver;
    (void)err_r;
    pthread_mutex_lock(&world.lock);
    bool before = on_line(user);
    size_t kept = 0;
    for (size_t i = 0; i < world.says_count; i++)
        if (world.says[i].user != user || world.says[i].server != p->server)
            world.says[kept++] = world.says[i];
    world.says_count = kept;
    if (online && world.says_count < SAYS_MAX)
        world.says[world.says_count++] = (struct says){user, p->server};
    bool changed = before != on_line(user);
    for (size_t i = 0; i < TEST_SERVERS && changed && !world.lose_presence; i++) {
        struct presence *other = world.presences[i];
        if (other && other != p && other->fn)
            other->fn(other->arg, user, online);
    }
    pthread_mutex_unlock(&world.lock);
    return changed;
}

static enum par_err presence_get(void *driver, const uint64_t *users, size_t count, bool *online_r)
{
    (void)driver;
    pthread_mutex_lock(&world.lock);
    for (size_t i = 0; i < count; i++)
        online_r[i] = on_line(users[i]);
    pthread_mutex_unlock(&world.lock);
    return PAR_OK;
}

static uint64_t presence_users(const void *driver)
{
    (void)driver;
    return 0;
}

static void presence_fail(void *driver, enum par_err err, uint32_t count)
{
    (void)driver;
    (void)err;
    (void)count;
}

static void presence_listen(void *driver, par_presence_change_fn fn, void *arg)
{
    struct presence *p = driver;
    pthread_mutex_lock(&world.lock);
    p->fn = fn;
    p->arg = arg;
    pthread_mutex_unlock(&world.lock);
}

static enum par_err presence_beat(void *driver)
{
    (void)driver;
    return PAR_OK;
}

static void presence_watch(void *driver, uint64_t user, bool watched)
{
    (void)driver;
    (void)user;
    (void)watched;
}

static const struct par_presence_ops presence_ops = {
    .name = TEST_DRIVER,
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

/* ---- store: one of memory for all; what a server holds is its mark that it is open ---- */

static enum par_err store_open(struct par_store_options *options, void **impl_r, bool *is_new_r,
                               struct par_buf *why_r)
{
    size_t i = strtoul(options->gateways, NULL, 10);
    *is_new_r = false;
    PAR_ASSERT(i < TEST_SERVERS);
    if (!world.store && par_store__memory.open(options, &world.store, is_new_r, why_r) != PAR_OK)
        return PAR_E_UNAVAILABLE;
    world.store_open[i] = true;
    *impl_r = &world.store_open[i];
    return PAR_OK;
}

static void store_close(void *impl)
{
    *(bool *)impl = false;
    for (size_t i = 0; i < TEST_SERVERS; i++)
        if (world.store_open[i])
            return;
    par_store__memory.close(world.store);
    world.store = NULL;
}

static bool store_silent(void *impl)
{
    pthread_mutex_lock(&world.lock);
    bool cut = world.cut_store[(bool *)impl - world.store_open];
    pthread_mutex_unlock(&world.lock);
    return cut;
}

static enum par_err store_read(void *impl, size_t n, const struct par_store_key *keys,
                               par_store__value_fn found, void *arg)
{
    return store_silent(impl) ? PAR_E_UNAVAILABLE
                              : par_store__memory.read(world.store, n, keys, found, arg);
}

static enum par_err store_scan(void *impl, enum par_table table, struct par_str start,
                               struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    return store_silent(impl)
               ? PAR_E_UNAVAILABLE
               : par_store__memory.scan(world.store, table, start, end, limit, fn, arg);
}

static enum par_outcome store_commit(void *impl, const struct par_batch *batch, bool sync)
{
    return store_silent(impl) ? PAR_OUTCOME_UNCERTAIN
                              : par_store__memory.commit(world.store, batch, sync);
}

static bool keep_value(void *arg, size_t i, struct par_str value)
{
    struct par_buf *kept = arg;
    (void)i;
    par_buf_add_u8(kept, 1);
    par_buf_add_str(kept, value);
    return true;
}

static int store_swap(void *impl, enum par_table table, struct par_str key, struct par_str expected,
                      struct par_str value, uint64_t version, struct par_buf *value_r)
{
    struct par_store_key asked = {table, key};
    struct par_buf now = {0};
    struct par_batch batch = {0};
    if (store_silent(impl))
        return -1;
    pthread_mutex_lock(&world.store_lock);
    int done = par_store__memory.read(world.store, 1, &asked, keep_value, &now) ? -1 : 1;
    struct par_str there = now.len ? par_str_of(now.data + 1, now.len - 1) : (struct par_str){0};
    bool same = expected.ptr ? now.len && par_str_eq(there, expected) : now.len == 0;
    if (done == 1 && !same) {
        done = 0;
        if (value_r)
            par_buf_add_str(value_r, there);
    }
    if (done == 1) {
        par_batch_put(&batch, table, key, value, version);
        if (par_store__memory.commit(world.store, &batch, true) != PAR_OUTCOME_OK)
            done = -1;
    }
    pthread_mutex_unlock(&world.store_lock);
    par_batch_fini(&batch);
    par_buf_fini(&now);
    return done;
}

static void store_stats(void *impl, struct par_store_stats *stats_r)
{
    (void)impl;
    par_store__memory.stats(world.store, stats_r);
}

static struct par_store__driver store_driver;

/* ---- the world ---- */

void test_remote_start(void)
{
    memset(&world, 0, sizeof world);
    pthread_mutex_init(&world.lock, NULL);
    pthread_mutex_init(&world.store_lock, NULL);
    store_driver = (struct par_store__driver){.name = TEST_DRIVER,
                                              .by_rows = true,
                                              .open = store_open,
                                              .close = store_close,
                                              .read = store_read,
                                              .scan = store_scan,
                                              .commit = store_commit,
                                              .swap = store_swap,
                                              .stats = store_stats};
    par_store__extra = &store_driver;
    par_queue__extra = &test_queue_ops;
    par_route__extra = &test_route_ops;
    par_presence__extra = &presence_ops;
}

void test_remote_end(void)
{
    for (size_t i = 0; i < TEST_PARTITIONS; i++)
        free_log(&world.commands[i]);
    for (size_t i = 0; i < TEST_SERVERS; i++)
        free_log(&world.inbox[i]);
    pthread_mutex_destroy(&world.lock);
    pthread_mutex_destroy(&world.store_lock);
}

void test_remote_cut(uint64_t server, bool cut)
{
    pthread_mutex_lock(&world.lock);
    world.cut[test_place(server)] = cut;
    pthread_mutex_unlock(&world.lock);
}

void test_remote_cut_store(int place, bool cut)
{
    pthread_mutex_lock(&world.lock);
    world.cut_store[place] = cut;
    pthread_mutex_unlock(&world.lock);
}

void test_remote_cut_log(uint64_t server, bool cut)
{
    pthread_mutex_lock(&world.lock);
    world.cut_log[test_place(server)] = cut;
    pthread_mutex_unlock(&world.lock);
}

void test_remote_cut_routes(uint64_t server, bool cut)
{
    pthread_mutex_lock(&world.lock);
    world.cut_route[test_place(server)] = cut;
    pthread_mutex_unlock(&world.lock);
}

size_t test_remote_asides(void)
{
    size_t n = 0;
    pthread_mutex_lock(&world.lock);
    for (size_t i = 0; i < TEST_SERVERS; i++)
        n += world.queues[i] ? world.queues[i]->asides : 0;
    pthread_mutex_unlock(&world.lock);
    return n;
}

void test_remote_hold_commands(bool hold)
{
    pthread_mutex_lock(&world.lock);
    world.hold = hold;
    pthread_mutex_unlock(&world.lock);
}

void test_remote_routes_down(bool down)
{
    pthread_mutex_lock(&world.lock);
    world.routes_down = down;
    pthread_mutex_unlock(&world.lock);
}

void test_remote_lose_presence(bool lose)
{
    pthread_mutex_lock(&world.lock);
    world.lose_presence = lose;
    pthread_mutex_unlock(&world.lock);
}

void test_remote_lose_routes(uint64_t user)
{
    pthread_mutex_lock(&world.lock);
    for (size_t i = 0; i < world.route_count; i++)
        if (world.routes[i].user == user)
            world.routes[i].on = false;
    pthread_mutex_unlock(&world.lock);
}

void test_remote_send(uint64_t server, const struct par_delivery *d)
{
    struct par_buf bytes = {0};
    par_delivery_encode(d, &bytes);
    pthread_mutex_lock(&world.lock);
    test_append(&world.inbox[test_place(server)], par_buf_str(&bytes));
    pthread_mutex_unlock(&world.lock);
    par_buf_fini(&bytes);
}

size_t test_remote_pushes(uint64_t user, uint64_t seq)
{
    size_t n = 0;
    pthread_mutex_lock(&world.lock);
    for (size_t i = 0; i < world.push_count; i++)
        n += world.pushes[i].user == user && world.pushes[i].seq >= seq;
    pthread_mutex_unlock(&world.lock);
    return n;
}

size_t test_remote_routes(uint64_t user)
{
    size_t n = 0;
    pthread_mutex_lock(&world.lock);
    for (size_t i = 0; i < world.route_count; i++)
        n += world.routes[i].user == user && world.routes[i].on;
    pthread_mutex_unlock(&world.lock);
    return n;
}
