/* Presence on this server: departures, transitions, and who is told. */
#include "server/presence.h"

#include "base/log.h"
#include "base/stats.h"
#include "conv/read.h"
#include "server/fanout.h"
#include "store/key.h"

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

/* A transition on its way to those who watch. */
struct change {
    struct par_job job;
    struct par_server *server;
    uint64_t user;
    int64_t at_ms;
    bool online;
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

static void tell(struct change *c, const struct par_dir_watcher *watchers, size_t n)
{
    struct par_arena arena = {0};
    struct par_reader reader = {.store = c->server->store, .arena = &arena};
    uint64_t *viewers = par_arena_alloc(&arena, n * sizeof *viewers);
    bool *visible = par_arena_alloc(&arena, n * sizeof *visible);
    struct par_buf json = {0};
    if (viewers && visible) {
        for (size_t i = 0; i < n; i++)
            viewers[i] = watchers[i].user;
        if (par_read_visible_to(&reader, c->user, viewers, n, visible) == PAR_OK) {
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
}

static void change_work(struct par_job *job)
{
    struct change *c = PAR_CONTAINER(job, struct change, job);
    if (!c->online)
        store_last_seen(c);
    size_t n;
    struct par_dir_watcher *watchers = par_directory_watchers(c->server->directory, c->user, &n);
    if (watchers)
        tell(c, watchers, n);
    free(watchers);
    free(c);
}

void par_presence_changed(void *arg, uint64_t user, bool online)
{
    struct par_server *server = arg;
    par_stats_inc_at(PAR_C_PRESENCE_CHANGES, online);
    struct change *c = calloc(1, sizeof *c);
    if (!c)
        return;
    *c = (struct change){.server = server, .user = user, .online = online, .at_ms = par_wall_ms()};
    if (!par_pool_submit(server->workers, &c->job, change_work)) {
        par_stats_inc_at(PAR_C_DRIVER_ERRORS, PAR_FAMILY_PRESENCE);
        free(c);
    }
}

enum par_err par_presence_write(struct par_server *server, struct par_reader *reader,
                                uint64_t viewer, const struct par_user_ref *users, size_t n,
                                bool rest, struct par_json_out *w)
{
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
    if (par_presence_get(server->presence, ids, n, online))
        par_stats_inc_at(PAR_C_DRIVER_ERRORS, PAR_FAMILY_PRESENCE);
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
