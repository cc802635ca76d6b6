/* Presence on this server: departures, transitions, and who is told. */
#include "server/presence.h"

#include "base/log.h"
#include "base/stats.h"
#include "conv/read.h"
#include "server/fanout.h"
#include "store/key.h"

#include <pthread.h>
#include <stdlib.h>

struct par_departure {
    struct par_list node;
    struct par_timer timer;
    struct par_reactor *reactor;
    uint64_t user;
};

static void gone(struct par_reactor *reactor, uint64_t user)
{
    struct par_server *server = reactor->server;
    (void)par_presence_offline(server->presence, user);
    /* Somebody may have come back between the look and the call; then the last word is that they
     * did. */
    if (par_directory_is_present(server->directory, user))
        (void)par_presence_online(server->presence, user);
}

static void departure_due(struct par_timer *timer)
{
    struct par_departure *d = PAR_CONTAINER(timer, struct par_departure, timer);
    struct par_reactor *reactor = d->reactor;
    uint64_t delay = (uint64_t)PAR_CONFIG_GET(reactor->server->config->presence.offline_delay_ms);
    if (par_directory_departed(reactor->server->directory, d->user, par_loop_now_ms(reactor->loop),
                               delay))
        gone(reactor, d->user);
    par_list_remove(&d->node);
    free(d);
}

void par_presence_arrived(struct par_reactor *reactor, uint64_t user)
{
    if (par_presence_online(reactor->server->presence, user))
        par_stats_inc_at(PAR_C_DRIVER_ERRORS, PAR_FAMILY_PRESENCE);
}

void par_presence_left(struct par_reactor *reactor, uint64_t user)
{
    struct par_departure *d = malloc(sizeof *d);
    if (!d) {
        gone(reactor, user);
        return;
    }
    d->reactor = reactor;
    d->user = user;
    par_timer_init(&d->timer, departure_due);
    par_list_append(&reactor->departed, &d->node);
    par_timer_set(reactor->loop, &d->timer,
                  (uint64_t)PAR_CONFIG_GET(reactor->server->config->presence.offline_delay_ms));
}

void par_presence_finish(struct par_reactor *reactor)
{
    struct par_list *node;
    while ((node = par_list_pop(&reactor->departed))) {
        struct par_departure *d = PAR_CONTAINER(node, struct par_departure, node);
        par_timer_cancel(&d->timer);
        free(d);
    }
}

/* A transition on its way to those who watch, or a look whether there was one. */
struct change {
    struct par_job job;
    struct par_server *server;
    uint64_t user;
    int64_t at_ms;
    bool online;
    bool look; /* nobody said so: only if it differs from what was told */
};

static void store_last_seen(struct change *c)
{
    struct par_key key = par_key_user(c->user);
    struct par_buf value = {0};
    par_buf_add_u64(&value, (uint64_t)c->at_ms);
    struct par_batch batch = {0};
    par_batch_put(&batch, PAR_T_LAST_SEEN, par_key_str(&key), par_buf_str(&value),
                  (uint64_t)c->at_ms);
    /* Not synced: a time of day that a loss of power takes back a little harms nobody. */
    if (par_store_commit(c->server->store, &batch, false) != PAR_OUTCOME_OK)
        par_log_debug("presence.last_seen_not_stored", PAR_KV("user", c->user));
    par_batch_fini(&batch);
    par_buf_fini(&value);
}

/* False: it cannot be found out who may see it. */
static bool tell(struct change *c, const struct par_dir_watcher *watchers, size_t n)
{
    struct par_arena arena = {0};
    struct par_reader reader = {.store = c->server->store, .arena = &arena};
    uint64_t *viewers = par_arena_alloc(&arena, n * sizeof *viewers);
    bool *visible = par_arena_alloc(&arena, n * sizeof *visible);
    struct par_buf json = {0};
    bool known = false;
    if (viewers && visible) {
        for (size_t i = 0; i < n; i++)
            viewers[i] = watchers[i].user;
        known = par_read_visible_to(&reader, c->user, viewers, n, visible) == PAR_OK;
        if (known) {
            struct par_fanout f;
            par_fanout_init(&f, c->server);
            par_event_presence(&json, c->user, c->online, c->at_ms);
            par_fanout_begin(&f, par_buf_str(&json));
            for (size_t i = 0; i < n; i++) {
                if (visible[i])
                    par_fanout_to(&f, watchers[i].endpoint);
            }
            par_stats_add(PAR_C_PRESENCE_EVENTS, f._receivers);
            par_fanout_end(&f);
            par_fanout_flush(&f);
        }
    }
    par_buf_fini(&json);
    par_arena_fini(&arena);
    return known;
}

/* What is true now; of a family that cannot tell, what it said. */
static bool ask(struct change *c)
{
    bool online;
    if (!par_presence_get(c->server->presence, &c->user, 1, &online))
        c->online = online;
    else if (c->look)
        return false;
    return true;
}

static void change_now(struct change *c)
{
    if (!ask(c))
        return;
    enum par_dir_told before = par_directory_tell(c->server->directory, c->user, c->online);
    /* A look that is the first does not know when it was. */
    if (!c->online && !(c->look && before != PAR_DIR_TOLD_ONLINE))
        store_last_seen(c);
    if (before == (c->online ? PAR_DIR_TOLD_ONLINE : PAR_DIR_TOLD_OFFLINE))
        return;
    size_t n;
    struct par_dir_watcher *watchers = par_directory_watchers(c->server->directory, c->user, &n);
    if (watchers && !tell(c, watchers, n)) {
        par_directory_not_told(c->server->directory, c->user);
        atomic_store(&c->server->presence_owed, true);
    }
    free(watchers);
}

static void change_work(struct par_job *job)
{
    struct change *c = PAR_CONTAINER(job, struct change, job);
    pthread_mutex_t *stripe =
        &c->server->presence_locks[(c->user * 0x9E3779B97F4A7C15u) >> 60 & 15];
    _Static_assert(PAR_SERVER_PRESENCE_LOCKS == 16, "as many as the hash picks from");
    pthread_mutex_lock(stripe);
    change_now(c);
    pthread_mutex_unlock(stripe);
    free(c);
}

static void submit(struct par_server *server, uint64_t user, bool online, bool look)
{
    struct change *c = calloc(1, sizeof *c);
    if (!c)
        return;
    *c = (struct change){
        .server = server, .user = user, .online = online, .look = look, .at_ms = par_wall_ms()};
    if (!par_pool_submit(server->workers, &c->job, change_work)) {
        par_stats_inc_at(PAR_C_DRIVER_ERRORS, PAR_FAMILY_PRESENCE);
        atomic_store(&server->presence_owed, true);
        free(c);
    }
}

void par_presence_changed(void *arg, uint64_t user, bool online)
{
    par_stats_inc_at(PAR_C_PRESENCE_CHANGES, online);
    submit(arg, user, online, false);
}

/* ---- looking again ---- */

enum { LOOK_TOGETHER = 500 };

struct look {
    struct par_server *server;
    size_t count;
    uint64_t users[LOOK_TOGETHER];
    enum par_dir_told told[LOOK_TOGETHER];
    bool online[LOOK_TOGETHER];
};

static void look_now(struct look *l)
{
    if (l->count && !par_presence_get(l->server->presence, l->users, l->count, l->online)) {
        for (size_t i = 0; i < l->count; i++) {
            if (l->told[i] != (l->online[i] ? PAR_DIR_TOLD_ONLINE : PAR_DIR_TOLD_OFFLINE))
                submit(l->server, l->users[i], l->online[i], true);
        }
    }
    l->count = 0;
}

static void look_at(void *arg, uint64_t user, enum par_dir_told told)
{
    struct look *l = arg;
    l->users[l->count] = user;
    l->told[l->count++] = told;
    if (l->count == LOOK_TOGETHER)
        look_now(l);
}

void par_presence_check(struct par_server *server)
{
    struct look *l = calloc(1, sizeof *l);
    if (!l)
        return;
    l->server = server;
    par_directory_each_watched(server->directory, look_at, l);
    look_now(l);
    free(l);
}

static void watched(void *arg, uint64_t user, bool is_watched)
{
    struct par_server *server = arg;
    par_presence_watch(server->presence, user, is_watched);
}

void par_presence_open_server(struct par_server *server)
{
    for (size_t i = 0; i < PAR_SERVER_PRESENCE_LOCKS; i++)
        pthread_mutex_init(&server->presence_locks[i], NULL);
    par_directory_on_watched(server->directory, watched, server);
}

void par_presence_close_server(struct par_server *server)
{
    for (size_t i = 0; i < PAR_SERVER_PRESENCE_LOCKS; i++)
        pthread_mutex_destroy(&server->presence_locks[i]);
}

/* Somebody reads something else than those who watch were told: one of the two is not true now, and
 * who reads may be one of those. */
void par_presence_answered(struct par_server *server, const struct par_presence_read *read)
{
    for (size_t i = 0; i < read->count; i++) {
        uint64_t user = read->ids[i];
        if (user && !read->online)
            par_directory_not_told(server->directory, user);
        else if (user && !par_directory_read(server->directory, user, read->online[i]))
            submit(server, user, read->online[i], true);
    }
}

enum par_err par_presence_write(struct par_server *server, struct par_reader *reader,
                                uint64_t viewer, const struct par_user_ref *users, size_t n,
                                bool rest, struct par_json_out *w, struct par_presence_read *read_r)
{
    *read_r = (struct par_presence_read){0};
    uint64_t *ids = par_arena_zalloc(reader->arena, n * sizeof *ids + 1);
    bool *visible = par_arena_zalloc(reader->arena, n * sizeof *visible + 1);
    bool *online = par_arena_zalloc(reader->arena, n * sizeof *online + 1);
    if (!ids || !visible || !online)
        return PAR_E_OVERLOADED;
    for (size_t i = 0; i < n; i++)
        ids[i] = users[i].id;
    if (viewer) {
        enum par_err err = par_read_visible(reader, viewer, ids, n, visible);
        if (err)
            return err;
    } else {
        memset(visible, true, n * sizeof *visible);
    }
    /* A driver that cannot tell shows everybody off line: presence degrades (principle 6). */
    bool knows = !par_presence_get(server->presence, ids, n, online);
    if (!knows)
        par_stats_inc_at(PAR_C_DRIVER_ERRORS, PAR_FAMILY_PRESENCE);
    *read_r = (struct par_presence_read){.ids = ids, .online = knows ? online : NULL, .count = n};
    for (size_t i = 0; i < n; i++) {
        int64_t last_seen = 0;
        bool on = ids[i] && visible[i] && online[i];
        if (on) {
            last_seen = par_wall_ms();
        } else if (visible[i] && ids[i]) {
            enum par_err err = par_read_last_seen(reader, ids[i], &last_seen);
            if (err)
                return err;
        }
        par_json_open(w);
        par_json_key_str(w, rest ? "user_id" : "id", users[i].text);
        if (rest)
            par_json_key_z(w, "status", on ? "ONLINE" : "OFFLINE");
        else
            par_json_key_z(w, "status", on ? "online" : "offline");
        par_json_key_int(w, "last_seen", last_seen);
        par_json_close(w);
    }
    return PAR_OK;
}
